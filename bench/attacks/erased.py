"""Erased: every byte of the store that can be read, searched for somebody before and after the erasure."""

from __future__ import annotations

import base64
import importlib.util
import io
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
from report import Row
from sqlalchemy import Connection, text

import servers
from omnitrack import Attachment, Interaction, Tracker
from omnitrack.identifiers.scheme import content_id
from omnitrack.storage.contract import Backend
from storage.sql.test_erased import analyse

ADAPTER = Path(__file__).parents[2] / "examples" / "redis_adapter" / "src"
REDIS = os.environ.get("OMNITRACK_TEST_REDIS", "redis://127.0.0.1:6379/0")
T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
UNREADABLE = -1

Read = Callable[[], bytes]


def _nothing() -> None:
    """What an engine does not need."""


@attrs.frozen
class Place:
    """Where bytes of a store are. ``clean``: from when on nothing may be there: ``erased``, ``rewritten`` by an administrator, or never."""

    name: str
    read: Read
    clean: str | None = "erased"


class Somebody:
    """A person with a name that is nowhere else, and every form of it that is looked for."""

    def __init__(self) -> None:
        # By no seed: a log of the server may hold whom another run erased.
        self.token = f"zq{secrets.token_hex(6)}"
        self.mail = f"vera.{self.token}@example.com"
        self.account = f"account:{self.token}@bt"
        forms = [self.token.encode(), self.token.encode("utf-16-le"), self.token.encode().hex().encode()]
        # Base64 of it at each of the three places where it may begin, without what depends on what is around.
        forms += [base64.b64encode(b"x" * lead + self.token.encode())[lead + 1 : -4] for lead in range(3)]
        for key in (f"email:{self.mail}", self.account):
            forms += [content_id(key, None), content_id(key, None).hex().encode()]
        self._forms = forms

    def traces(self, data: bytes) -> int:
        return sum(data.count(form) for form in self._forms)


def fill(tracker: Tracker, who: Somebody) -> None:
    """Store a history of hers, alone and with others, in every field that holds what people wrote."""
    contacts = []
    for number in range(60):
        hers = number % 3 == 0
        customers = [[f"p{number}@example.org"]] if number % 2 or not hers else []
        said = {
            "subject": f"about {who.mail}",
            "body": f"{who.token} calls back: {base64.b64encode(who.mail.encode()).decode()}",
            "thread": f"thread-{who.mail}-{number}",
            "reply_to": f"<{who.token}.{number}@example.com>",
            "attributes": {"path": f"/{who.token}"},
            "attachments": [Attachment(name=f"{who.token}.pdf", url=f"https://x.example/{who.token}")],
        }
        if not customers:
            said["traits"] = {"name": f"Vera {who.token}", "postcode": "RG14 1AA"}
        contacts.append(
            Interaction(
                channel="email",
                customers=[*customers, [who.mail, who.account]] if hers else customers,
                occurred_at=T0 + timedelta(minutes=number),
                source="mail",
                source_id=f"{who.mail}/{number}" if hers else str(number),
                **(said if hers else {"body": "hello"}),
            )
        )
    tracker.record_many(contacts)
    note = tracker.note(who.mail, f"{who.token} is to be called back")
    tracker.attribute(note, who.mail, by="sam", reason=f"{who.token} said so")
    tracker.link("p1@example.org", "p5@example.org", by="sam", reason="they live together")
    tracker.deny("p7@example.org", who.mail, by="sam", reason=f"not {who.token}")


def erased(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each place where a store's bytes are, the traces of somebody before and after her erasure."""
    for engine in (*servers.ENGINES, "redis"):
        if engine.startswith(only):
            with tempfile.TemporaryDirectory() as folder, _MAKERS[engine](Path(folder)) as made:
                yield from _searched(engine, made)


#: The places, what has the engine collect statistics, what has it write its files, and what an administrator does to rewrite them.
Made = tuple[Backend, list[Place], Callable[[], None], Callable[[], None], Callable[[], None] | None]


def _searched(engine: str, made: Made) -> Iterator[Row]:
    backend, places, collect, settle, rewrite = made
    who = Somebody()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    level, root.level = root.level, logging.DEBUG
    root.addHandler(handler)
    places = [*places, Place("what Python logs at DEBUG", lambda: written.getvalue().encode())]
    try:
        with Tracker(backend, region="GB", matching=True) as tracker:
            fill(tracker, who)
            collect()
            settle()
            before = [_count(place, who) for place in places]
            tracker.erase(who.mail, by="dpo")
            settle()
            after = [_count(place, who) for place in places]
            rewritten = after
            if rewrite is not None:
                rewrite()
                settle()
                rewritten = [_count(place, who) for place in places]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    for place, (size, first), (_, second), (_, third) in zip(places, before, after, rewritten):
        found = []
        if (place.clean == "erased" and second > 0) or (place.clean is not None and third > 0):
            found.append(f"{second} traces after erase(), {third} after an administrator's rewriting")
        if size == UNREADABLE:
            continue
        counts = {"bytes read": size, "traces before": first, "after erase()": second, "after a rewriting": third}
        yield Row(f"{engine}: {place.name}", counts, found)


def _count(place: Place, who: Somebody) -> tuple[int, int]:
    try:
        data = place.read()
    except PermissionError:
        print(f"({place.name}: this account may not read it)", file=sys.stderr)
        return UNREADABLE, 0
    return len(data), who.traces(data)


def _files(*paths: Path, since: float = 0.0, without: Sequence[Path] = ()) -> bytes:
    """Return all bytes of files, and of those in folders, that were written since a time."""
    out = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            try:
                if file.is_file() and file not in without and file.stat().st_mtime >= since:
                    out.append(file.read_bytes())
            except FileNotFoundError:  # a server takes files away as it likes
                pass
    return b"\n".join(out)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Made]:
    with servers.store("sqlite", folder) as place:
        yield (
            place.open(),
            [Place("the file and what lies beside it", lambda: _files(folder))],
            _nothing,
            _nothing,
            None,
        )


def _rows(place: servers.Store, connection: Connection) -> bytes:
    names = connection.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = :s"), {"s": place.namespace}
    ).scalars()
    quote = connection.dialect.identifier_preparer.quote
    every = [f"{quote(place.namespace or '')}.{quote(name)}" for name in names.all()]
    rows = (row for name in every for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))
    return b"\n".join(_bytes(value) for row in rows for value in row)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _asked(connection: Connection, query: str, **parameters: Any) -> bytes:
    return b"\n".join(_bytes(value) for row in connection.execute(text(query), parameters) for value in row)


@contextmanager
def _postgresql(folder: Path) -> Iterator[Made]:
    with servers.store("postgresql", folder, bare=True) as place, servers.admin(place.url).connect() as connection:
        began = connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one()
        began = float(began) - 1
        data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        database = connection.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar_one()

        def collect() -> None:
            analyse(place, connection)

        def settle() -> None:
            connection.exec_driver_sql("CHECKPOINT")

        def tables() -> list[Path]:
            paths = connection.execute(
                text(
                    "SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                    "LEFT JOIN pg_class t ON t.reltoastrelid = c.oid LEFT JOIN pg_namespace m ON m.oid = t.relnamespace "
                    "WHERE (n.nspname = :s OR m.nspname = :s) AND c.relkind IN ('r', 'i', 't')"
                ),
                {"s": place.namespace},
            ).scalars()
            return [data / path for path in paths]

        def others() -> bytes:
            return _files(data / "base" / str(database), data / "global", since=began, without=tables())

        def rewrite() -> None:
            for name in (
                connection.execute(
                    text("SELECT tablename FROM pg_tables WHERE schemaname = :s"), {"s": place.namespace}
                )
                .scalars()
                .all()
            ):
                connection.exec_driver_sql(f'VACUUM FULL "{place.namespace}"."{name}"')
            # Old rows of the statistics, among those of the catalogue.
            connection.exec_driver_sql("VACUUM FULL pg_statistic")

        places = [
            Place("every row of every table", lambda: _rows(place, connection)),
            Place("statistics (pg_stats)", lambda: _asked(connection, "SELECT * FROM pg_stats")),
            Place("what the server says of sessions", lambda: _asked(connection, "SELECT * FROM pg_stat_activity")),
            Place("files of its tables and indexes", lambda: _files(*tables()), "rewritten"),
            Place("files of the catalogue, and of other tables", others, "rewritten"),
            Place("logs of the server", lambda: _files(Path("/var/log/postgresql"), data / "log", since=began)),
            Place("the write-ahead log", lambda: _files(data / "pg_wal", since=began), None),
        ]
        yield place.open(), places, collect, settle, rewrite


@contextmanager
def _mariadb(folder: Path) -> Iterator[Made]:
    with servers.store("mariadb", folder, bare=True) as place, servers.admin(place.url).connect() as connection:
        began = float(connection.execute(text("SELECT unix_timestamp(now(6))")).scalar_one()) - 1
        names = ("datadir", "log_error", "general_log_file", "slow_query_log_file")
        data, *logs = connection.execute(text("SELECT " + ", ".join(f"@@{name}" for name in names))).one()
        data = Path(data)

        def tables() -> list[str]:
            return list(
                connection.execute(
                    text("SELECT table_name FROM information_schema.tables WHERE table_schema = :s"),
                    {"s": place.namespace},
                ).scalars()
            )

        def collect() -> None:
            analyse(place, connection)

        def settle() -> None:
            # Waits until what was deleted is purged, and writes every page of these tables.
            named = ", ".join(f"`{place.namespace}`.`{name}`" for name in tables())
            connection.exec_driver_sql(f"FLUSH TABLES {named} FOR EXPORT")
            connection.exec_driver_sql("UNLOCK TABLES")

        def rewrite() -> None:
            for name in tables():
                connection.exec_driver_sql(f"OPTIMIZE TABLE `{place.namespace}`.`{name}`").close()

        places = [
            Place("every row of every table", lambda: _rows(place, connection)),
            Place("statistics (mysql.column_stats)", lambda: _asked(connection, "SELECT * FROM mysql.column_stats")),
            Place(
                "what the server says of sessions",
                lambda: _asked(connection, "SELECT * FROM information_schema.processlist"),
            ),
            Place("files of its tables and indexes", lambda: _files(data / (place.namespace or "")), "rewritten"),
            Place("files of the catalogue", lambda: _files(data / "mysql", since=began), None),
            Place(
                "logs of the server",
                lambda: _files(*(data / log for log in logs if log), Path("/var/log/mysql"), since=began),
            ),
            Place(
                "redo and undo logs",
                lambda: _files(*data.glob("ib_logfile*"), *data.glob("ibdata*"), *data.glob("undo*"), since=began),
                None,
            ),
        ]
        yield place.open(), places, collect, settle, rewrite


@contextmanager
def _redis(folder: Path) -> Iterator[Made]:
    if importlib.util.find_spec("redis") is None:
        raise SystemExit("redis-py is not installed")
    sys.path.append(str(ADAPTER))
    import redis
    from omnitrack_redis import RedisBackend

    namespace = f"erased_{secrets.token_hex(4)}"
    client = redis.Redis.from_url(REDIS)

    def keys() -> list[bytes]:
        return list(client.scan_iter(match=f"*{namespace}*", count=1000))

    def every() -> bytes:
        # Names too: the keys of Redis hold content ids.
        return b"\n".join(part for key in keys() for part in (key, client.dump(key) or b"", _plain(client, key)))

    try:
        yield (
            RedisBackend.from_url(REDIS, namespace=namespace),
            [Place("every key and its value", every)],
            _nothing,
            _nothing,
            None,
        )
    finally:
        for key in keys():
            client.delete(key)


def _plain(client: Any, key: bytes) -> bytes:
    """Return a value uncompressed: DUMP packs long strings."""
    kind = client.type(key)
    read: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: client.get(key),
        b"hash": lambda: client.hgetall(key),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"list": lambda: client.lrange(key, 0, -1),
    }
    value = read[kind]() if kind in read else b""
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    return value if isinstance(value, bytes) else b"\n".join(value)


_MAKERS = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb, "redis": _redis}
