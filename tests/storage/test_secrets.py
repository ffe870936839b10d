"""Nothing that is secret stands in a repr, a cursor or an error: neither a password, nor the secret of a store, nor a value of a row."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
import servers
from omnitrack import account, claimed, email, phone
from omnitrack.errors import BackendError, ConflictError, InvalidCursorError, OmnitrackError
from omnitrack.reading.sealed import seal, unseal
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.failures import said, scrubbed
from omnitrack.testing.rows import entry, identifier, interaction

SECRET = "opensesame-4711"
PASSWORD = "wachtwoord99"
T0 = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


# -- repr ---------------------------------------------------------------------------------------------------------------
def parts(root: object) -> Iterator[object]:
    """Yield what an object holds, and what that holds, as far as it is a thing of omnitrack's or an engine or its URL."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
        elif type(one).__module__.startswith(("omnitrack", "sqlalchemy.engine")):
            yield one
            if type(one).__module__.startswith("omnitrack"):
                names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
                waiting += [getattr(one, name) for name in names if hasattr(one, name)]
                waiting += list(getattr(one, "__dict__", {}).values())


def test_no_part_of_a_tracker_shows_the_secret_or_what_is_made_of_it(tmp_path: Path) -> None:
    with omnitrack.open(f"sqlite:///{tmp_path / 'history.db'}", secret=SECRET) as tracker:
        tracker.record(channel="phone", customer=["phone:+442079460958"], occurred_at=T0)
        mark_key = tracker._ctx.mark_key
        found = list(parts(tracker))
        assert {"Context", "EngineRuntime", "SqliteBackend", "Options"} <= {type(one).__name__ for one in found}
        for one in [tracker, tracker.timeline("phone:+442079460958"), *found]:
            for shown in (repr(one), str(one)):
                assert SECRET not in shown
                assert repr(mark_key)[2:-1] not in shown
                assert mark_key.hex() not in shown


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://jane:{PASSWORD}@db.example/x",
        f"postgresql://jane@db.example/x?password={PASSWORD}",
        f"mariadb+pymysql://jane:{PASSWORD}@db.example/x",
        f"mariadb+pymysql://jane@db.example/x?passwd={PASSWORD}",
        f"mariadb+pymysql://jane@db.example/x?password={PASSWORD}",
    ],
)
def test_no_part_of_a_backend_shows_its_password_and_the_driver_gets_it(url: str) -> None:
    backend = open_backend(url)
    assert isinstance(backend, SqlBackend)
    runtime = backend._runtime()
    found = [*parts(backend), runtime.engine, runtime.engine.url]
    for one in found:
        assert PASSWORD not in repr(one) + str(one)
    _, given = runtime.engine.dialect.create_connect_args(runtime.engine.url)
    assert given["password"] == PASSWORD
    backend.close()


# -- URLs ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "scheme", ["postgresql", "mariadb+pymysql", "mysql", "redis", "postgres", "nosuch", "PostgreSQL", "sqlite"]
)
@pytest.mark.parametrize(
    "rest",
    [
        "jane:12qq@host:port/db",
        "jane:12/qq@127.0.0.1:1/db",
        "jane:12?qq@127.0.0.1:1/db",
        "jane:12#qq@127.0.0.1:1/db",
        "jane:12@qq@127.0.0.1:1/db",
        "jane:12@qq@127.0.0.1:1/d@b",
        "jane:12qq@[::1:1/db",
        "12qq@127.0.0.1:1:2/db",
    ],
)
def test_a_malformed_url_shows_no_character_of_a_password(scheme: str, rest: str) -> None:
    with pytest.raises(OmnitrackError) as raised:
        open_backend(f"{scheme}://{rest}").setup()
    told = "".join(traceback.format_exception(raised.value)).split("rest = ")[0]
    said_of_it = str(raised.value) + str(raised.value.__cause__)
    assert "12" not in said_of_it.replace("127.0.0.1", "")
    assert "qq" not in said_of_it
    assert "12qq" not in told


@pytest.mark.parametrize(
    "url", ["12qq@host/db", "//jane:12qq@host/db", "jane@12qq@host", "?password=12qq", "host/db?password=12qq"]
)
def test_a_url_without_a_scheme_shows_no_character_of_a_password_either(url: str) -> None:
    with pytest.raises(OmnitrackError) as raised:
        open_backend(url)
    assert "12" not in str(raised.value)
    assert "qq" not in str(raised.value)


def test_an_at_sign_in_the_path_of_a_file_is_one(tmp_path: Path) -> None:
    open_backend(f"sqlite:///{tmp_path}/a@b.db").setup()
    assert (tmp_path / "a@b.db").is_file()


def test_an_error_of_connecting_says_where_and_not_with_what() -> None:
    backend = open_backend(f"postgresql+psycopg://jane:{PASSWORD}@127.0.0.1:1/x?connect_timeout=2")
    with pytest.raises(BackendError, match=r"127\.0\.0\.1") as raised:
        backend.setup()
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("query", ["nonsense=12qq", "connect_timeout=12qq", "port=12qq"])
def test_an_option_that_a_driver_cannot_take_is_an_error_of_ours(query: str) -> None:
    with pytest.raises(BackendError):
        open_backend(f"mariadb+pymysql://jane@127.0.0.1:1/x?{query}").setup()


@pytest.mark.parametrize("query", ["nonsense=1", "namspace=brand", "mode=ro"])
def test_an_option_that_sqlite_would_pass_over_is_refused(query: str) -> None:
    with pytest.raises(BackendError, match="unknown options"):
        open_backend(f"sqlite:///history.db?{query}")


# -- errors of drivers --------------------------------------------------------------------------------------------------
BODY = "She said 'my PIN is 4711' and \"left\"."


#: Statements whose error quotes a value, as the engine writes it.
QUOTING = {
    "sqlite": ["SELECT json_extract('{{}}', '{body}')", "SELECT '{body}' FROM"],
    "postgresql": [
        "SELECT CAST('{body}' AS INTEGER)",
        "SELECT '{body}' FROM nowhere WHERE",
        "SELECT 1 FROM {t} WHERE '{body}'",
    ],
    "mariadb": [
        "SELECT EXTRACTVALUE('<a/>', '{body}')",
        "SELECT FROM '{body}'",
        "INSERT INTO {t} VALUES ('kit', '{body}', '', 1)",
    ],
}


@pytest.mark.parametrize(
    ("engine", "statement"), [(engine, text) for engine, texts in QUOTING.items() for text in texts]
)
def test_an_error_of_a_statement_shows_no_value(engine: str, statement: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        backend = store.open()
        backend.setup()
        table = f"{store.namespace}.omnitrack_records" if store.namespace else "omnitrack_records"
        given = statement.format(t=table, body=BODY.replace("'", "''").replace('"', '""'))
        twice = [given] * (1 + given.startswith("INSERT"))  # a second one finds its key taken
        with pytest.raises((BackendError, ConflictError)) as raised:
            backend.run(lambda tx: (tx.guard(), [tx._cursor.execute(text) for text in twice]))  # type: ignore[attr-defined]
        assert raised.value.__cause__ is not None
        assert_silent(raised.value)
        backend.close()


@pytest.mark.parametrize("engine", servers.ENGINES)
@pytest.mark.parametrize("several", [1, 3, 30])
def test_an_error_of_writing_a_row_shows_no_value(engine: str, several: int, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        backend = store.open()
        backend.setup()
        bad: Any = [
            interaction(n, body=BODY, channel=None, subject="4711", utc_offset=10**30) for n in range(1, several + 1)
        ]
        with pytest.raises(Exception) as raised:
            backend.run(lambda tx: tx.add_interactions(bad, [entry(1, raw=BODY)]))
        assert_silent(raised.value)
        taken = [identifier(n, home=identifier(1).home, value=BODY) for n in range(1, several + 2)]
        with pytest.raises(BackendError) as raised:
            backend.run(lambda tx: tx.add_identifiers(taken))
        assert_silent(raised.value)
        backend.close()


def assert_silent(error: BaseException) -> None:
    """Look at an error and at everything that is printed with it."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    for one in chain:
        for text in (
            str(one),
            repr(one),
            repr(one.args),
            str(getattr(one, "diag", "")),
            str(getattr(one, "detail", "")),
        ):
            assert "4711" not in text
            assert "PIN" not in text
            assert "left" not in text


def test_what_a_driver_says_of_columns_and_codes_is_kept() -> None:
    import sqlite3

    error = sqlite3.OperationalError("Could not decode to UTF-8 column 'body' with text 'my PIN is 4711'")
    assert said(error) == "OperationalError: Could not decode to UTF-8 column 'body' with text …"
    assert str(scrubbed(error)) == "Could not decode to UTF-8 column 'body' with text …"
    pymysql = pytest.importorskip("pymysql")
    error = pymysql.err.IntegrityError(1062, "Duplicate entry '4711-\x00' for key 'PRIMARY'")
    assert said(error) == "IntegrityError: Duplicate entry … (1062)"
    assert scrubbed(error).args == (1062, "Duplicate entry …")
    psycopg = pytest.importorskip("psycopg")
    error = psycopg.errors.UniqueViolation(
        'duplicate key value violates unique constraint "omnitrack_links_pkey"\nDETAIL:  Key (a)=(4711) already exists.'
    )
    assert (
        said(error) == 'UniqueViolation: duplicate key value violates unique constraint "omnitrack_links_pkey" (23505)'
    )
    assert scrubbed(error).sqlstate == "23505"
    assert "DETAIL" not in str(scrubbed(error))


def test_a_driver_that_repeats_the_password_is_not_passed_on() -> None:
    error = OSError(f"cannot log in as jane with {PASSWORD}")
    assert PASSWORD not in said(error, PASSWORD)
    assert PASSWORD not in repr(scrubbed(error, PASSWORD))


def test_a_damaged_text_of_a_file_is_an_error_that_shows_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with omnitrack.open(f"sqlite:///{path}") as tracker:
        tracker.record(channel="email", customer=["email:jane@example.org"], body="MYPIN4711 " * 30, occurred_at=T0)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"MYPIN4711 MYPIN4711", b"MYPIN4711\xff\xfeYPIN4711"))
    with omnitrack.open(f"sqlite:///{path}") as tracker, pytest.raises(BackendError) as raised:
        list(tracker.timeline("jane@example.org"))
    told = "".join(traceback.format_exception(raised.value))
    assert "PIN4711" not in told
    assert "column 'body'" in told


# -- cursors ------------------------------------------------------------------------------------------------------------
def test_a_sealed_position_opens_with_its_key_and_for_its_query_alone() -> None:
    for position in (b"", b"x", bytes(range(200))):
        text = seal(b"key", "conflicts", position)
        assert unseal(b"key", "conflicts", text) == position
        assert unseal(b"other", "conflicts", text) is None
        assert unseal(b"key", "suggestions", text) is None
        for at in range(0, len(text), 7):
            changed = text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]
            assert unseal(b"key", "conflicts", changed) is None
    strange: tuple[Any, ...] = ("", "é", "====", "A", "AA", None, 5, b"AAAA")
    for text in strange:
        assert unseal(b"key", "conflicts", text) is None


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[omnitrack.Tracker]:
    """Yield a store with claims that suggest and links that are denied."""
    with omnitrack.open(f"sqlite:///{tmp_path / 'history.db'}", region="GB") as tracker:
        for n in range(6):
            mail, number = email(f"person{n}@example.org"), phone(f"020 7946 09{n:02}", region="GB")
            when = T0 + timedelta(minutes=n)
            tracker.record(channel="web", customer=[account(str(n + 1), scope="bt"), claimed(mail)], occurred_at=when)
            tracker.record(channel="email", customer=[mail], occurred_at=when)
            tracker.record(channel="phone", customer=[number, mail], occurred_at=when)
            tracker.deny(number, mail)
        yield tracker


@pytest.mark.parametrize("listing", ["conflicts", "suggestions"])
def test_a_cursor_of_links_carries_no_content_id(crowd: omnitrack.Tracker, listing: str) -> None:
    ask = getattr(crowd, listing)
    ids = crowd._backend.run(lambda tx: [row.id for row in tx.find_identifiers()], write=False)
    pages, cursor = [], None
    while True:
        page = ask(limit=2, cursor=cursor)
        pages.append([(item.a, item.b) for item in page.items])
        cursor = page.next
        if cursor is None:
            break
        assert_opaque(cursor, ids)
    whole = [(item.a, item.b) for item in ask(limit=100).items]
    assert len(whole) >= 5
    assert sorted(str(pair) for page in pages for pair in page) == sorted(map(str, whole))


@pytest.mark.parametrize(("listing", "other"), [("conflicts", "suggestions"), ("suggestions", "conflicts")])
def test_a_cursor_of_another_listing_or_store_is_refused(crowd: omnitrack.Tracker, listing: str, other: str) -> None:
    cursor = getattr(crowd, listing)(limit=1).next
    assert cursor is not None
    with pytest.raises(InvalidCursorError):
        getattr(crowd, other)(limit=1, cursor=cursor)
    with omnitrack.open("memory://") as empty, pytest.raises(InvalidCursorError):
        getattr(empty, listing)(limit=1, cursor=cursor)


def test_a_cursor_of_a_timeline_carries_no_content_id_of_an_identifier(crowd: omnitrack.Tracker) -> None:
    ids = crowd._backend.run(lambda tx: [row.id for row in tx.find_identifiers()], write=False)
    who = email("person1@example.org")
    cursor = crowd.timeline(who).page(limit=1).next
    assert cursor is not None
    assert_opaque(cursor, ids)


def assert_opaque(cursor: str, ids: list[bytes]) -> None:
    """Look for ids in a cursor as it is and as what it may encode."""
    forms = [cursor.encode(), base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))]
    for id in ids:
        for form in forms:
            assert id not in form
            assert id.hex().encode() not in form
            assert base64.urlsafe_b64encode(id).rstrip(b"=")[:-1] not in form
