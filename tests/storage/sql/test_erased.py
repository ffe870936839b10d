"""What an engine keeps beside the rows of its tables, statistics above all, holds nothing of somebody who was erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

import servers
from omnitrack import Interaction, Tracker
from omnitrack.storage.sql.statistics import texts_of
from omnitrack.storage.sql.tables import make_tables

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
GONE = "vera.gone@example.com"
TRACES = ("vera.gone", "79460958", "secret of vera")


@pytest.fixture(params=["postgresql", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(request.param, tmp_path, bare=True) as found:
        yield found


def fill(place: servers.Store) -> Tracker:
    """A store of some people, small enough that statistics hold every value."""
    tracker = Tracker(place.open(), region="GB")
    mails = []
    for i in range(40):
        with_her: dict[str, Any] = {
            "thread": f"thread {GONE}",
            "subject": f"about {GONE}",
            "body": f"to {GONE}, 020 7946 0958: {i}",
        }
        shared = i % 5 == 0
        mails.append(
            Interaction(
                channel="email",
                customers=[[f"p{i}@example.org"], [GONE, "020 7946 0958"]] if shared else [[f"p{i}@example.org"]],
                occurred_at=T0 + timedelta(minutes=i),
                source="mail",
                source_id=f"{GONE}/{i}" if shared else str(i),
                **(with_her if shared else {"body": f"hello {i}"}),
            )
        )
    tracker.record_many(mails)
    tracker.record(channel="phone", customer=[GONE, "020 7946 0958"], occurred_at=T0, body="secret of vera")
    tracker.link("p1@example.org", "p2@example.org", by="sam", reason="they live together")
    return tracker


def analyse(place: servers.Store, connection: Connection) -> None:
    """Have the engine collect the statistics that it would in time, or that an administrator asks for."""
    for (name,) in connection.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = :s"), {"s": place.namespace}
    ).all():
        if place.url.startswith("postgresql"):
            connection.exec_driver_sql(f'ANALYZE "{place.namespace}"."{name}"')
        else:
            connection.exec_driver_sql(f"ANALYZE TABLE `{place.namespace}`.`{name}` PERSISTENT FOR ALL").close()


def statistics(place: servers.Store, connection: Connection) -> str:
    """Return all that the engine's statistics hold of the store's tables, bytes as hex digits."""
    if place.url.startswith("postgresql"):
        query = "SELECT * FROM pg_stats WHERE schemaname = :s"
    else:
        query = "SELECT column_name, min_value, max_value, hex(histogram) FROM mysql.column_stats WHERE db_name = :s"
    return " ".join(shown(value) for row in connection.execute(text(query), {"s": place.namespace}) for value in row)


def rows(place: servers.Store, connection: Connection) -> str:
    """Return every row of every table as text."""
    tables = connection.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = :s"), {"s": place.namespace}
    ).scalars()
    preparer = connection.dialect.identifier_preparer
    names = [f"{preparer.quote(place.namespace or '')}.{preparer.quote(name)}" for name in tables.all()]
    return " ".join(
        shown(value) for name in names for row in connection.exec_driver_sql(f"SELECT * FROM {name}") for value in row
    )


def shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value).casefold()


def test_neither_rows_nor_statistics_hold_the_erased(place: servers.Store) -> None:
    with fill(place) as tracker, servers.admin(place.url).connect() as connection:
        ids = [tracker._ctx.base_id(i.key).hex() for i in tracker.customer(GONE).identifiers]
        analyse(place, connection)
        before = rows(place, connection)
        assert all(trace in before for trace in (*TRACES, *ids))
        tracker.erase(GONE, by="dpo")
        for held in (rows(place, connection), statistics(place, connection)):
            assert [trace for trace in (*TRACES, *ids) if trace in held] == []


def test_a_store_of_before_forgets_the_statistics_it_has(tmp_path: Path) -> None:
    with servers.store("postgresql", tmp_path, bare=True) as place, servers.admin(place.url).connect() as connection:
        with fill(place):
            pass
        tables = make_tables(schema=place.namespace)
        for table in tables.metadata.sorted_tables:
            for name in texts_of(table):
                connection.exec_driver_sql(
                    f'ALTER TABLE "{place.namespace}"."{table.name}" ALTER COLUMN "{name}" SET STATISTICS -1'
                )
        connection.execute(tables.version.update().values(version_num="0001"))
        analyse(place, connection)
        assert all(trace in statistics(place, connection) for trace in TRACES)
        place.open().setup()
        assert [trace for trace in TRACES if trace in statistics(place, connection)] == []
        analyse(place, connection)
        assert [trace for trace in TRACES if trace in statistics(place, connection)] == []
