"""A store on an engine of the host's: it keeps the contract, shares the pool, and leaves nothing on its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import omnitrack
import servers
from omnitrack import BackendError, ConflictError, HostTransactionError
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.storage.registry import open_backend
from omnitrack.testing import TransactionRules
from storage.sql.hosts import contact

Made = tuple[servers.Store, Engine]


@pytest.fixture(params=servers.ENGINES)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    with servers.store(request.param, tmp_path) as store:
        engine = create_engine(store.url)
        yield store, engine
        engine.dispose()


class TestContract(TransactionRules):
    """The rules that the way a transaction begins and ends can break."""

    @pytest.fixture
    def backend(self, made: Made) -> Backend:
        store, engine = made
        backend = open_backend(engine, namespace=store.namespace)
        backend.setup()
        return backend


def test_a_tracker_closes_and_the_engine_goes_on(made: Made) -> None:
    store, engine = made
    with omnitrack.open(engine, namespace=store.namespace, region="GB") as tracker:
        tracker.record(**contact(1))
        assert len(list(tracker.timeline("crm:1"))) == 1
        tracker.erase("crm:1")
    with pytest.raises(BackendError, match="closed"):
        tracker.record(**contact(1))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    with omnitrack.open(store.url, namespace=store.namespace, region="GB") as again:
        assert again.verify()


def test_a_connection_goes_back_as_it_came(made: Made) -> None:
    store, engine = made
    asked = {
        "sqlite": ["PRAGMA foreign_keys", "PRAGMA busy_timeout"],
        "postgresql": ["SHOW enable_seqscan", "SHOW jit", "SHOW statement_timeout", "SHOW transaction_isolation"],
        "mariadb": ["SELECT @@session.tx_isolation", "SELECT @@sql_mode", "SELECT @@autocommit"],
    }[engine.dialect.name]

    def state() -> list[Any]:
        with engine.connect() as connection:
            return [connection.exec_driver_sql(text).scalar() for text in asked]

    before = state()
    with omnitrack.open(engine, namespace=store.namespace, timeout=30) as tracker:
        tracker.record(**contact(1))
        assert len(list(tracker.timeline("crm:1"))) == 1
        assert state() == before
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_the_host_s_own_transactions_are_joined(made: Made) -> None:
    store, engine = made
    with omnitrack.open(engine, namespace=store.namespace) as tracker:
        with (
            engine.connect().execution_options(isolation_level="READ COMMITTED")
            if (engine.dialect.name != "sqlite")
            else engine.connect() as connection
        ):
            tracker.using(connection).record(**contact(1))
            connection.rollback()
            tracker.using(connection).record(**contact(2))
            connection.commit()
        assert [one.source_id for one in tracker.interactions()] == ["2"]


def test_a_connection_that_is_lost_is_made_again(made: Made) -> None:
    store, engine = made
    tracker = omnitrack.open(engine, namespace=store.namespace)
    tracker.record(**contact(1))
    broken: list[Any] = []

    @event.listens_for(engine, "checkout")
    def checked_out(connection: Any, record: Any, proxy: Any) -> None:
        if not broken:
            broken.append(connection)
            connection.close()

    tracker.record(**contact(2))
    assert broken
    assert len(list(tracker.interactions())) == 2
    tracker.close()


def test_a_function_is_repeated_after_a_conflict_from_the_start(made: Made) -> None:
    store, engine = made
    backend = open_backend(engine, namespace=store.namespace)
    backend.setup()
    tries: list[int] = []

    def twice(tx: Transaction) -> int:
        tries.append(tx.guard(exclusive=True))
        if len(tries) == 1:
            raise ConflictError("once")
        return tries[-1]

    assert backend.run(twice) == tries[0]  # what the first try counted up was rolled back
    backend.close()


@pytest.mark.parametrize(
    ("engine", "driver"),
    [
        ("sqlite", "sqlite+aiosqlite"),
        ("postgresql", "postgresql+psycopg"),
        ("postgresql", "postgresql+asyncpg"),
        ("mariadb", "mariadb+asyncmy"),
    ],
)
async def test_an_async_engine_serves_async_callers(engine: str, driver: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        made = create_async_engine(store.over(driver).url)
        async with omnitrack.open_async(made, namespace=store.namespace, timeout=60) as tracker:
            await asyncio.gather(*(tracker.record(**contact(number)) for number in range(5)))
            assert len([one async for one in tracker.interactions()]) == 5
            await tracker.erase("crm:1")
            assert await tracker.verify()
        async with made.connect() as connection:
            assert (await connection.exec_driver_sql("SELECT 1")).scalar() == 1
        await made.dispose()


async def test_a_sync_engine_serves_async_callers_in_threads(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'history.db'}", poolclass=NullPool)
    async with omnitrack.open_async(engine) as tracker:
        await tracker.record(**contact(1))
        assert len([one async for one in tracker.interactions()]) == 1


def test_an_async_engine_serves_no_sync_callers(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="got an AsyncEngine"):
        omnitrack.open(create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"))  # type: ignore[arg-type]


def test_a_transaction_that_an_engine_begins_by_an_event_is_no_second_one(tmp_path: Path) -> None:
    """SQLAlchemy's own advice for savepoints on SQLite."""
    engine = create_engine(f"sqlite:///{tmp_path / 'history.db'}", connect_args={"isolation_level": None})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    with omnitrack.open(engine) as tracker:
        tracker.record(**contact(1))
        assert len(list(tracker.interactions())) == 1
    engine.dispose()


def test_an_engine_in_memory_is_refused() -> None:
    with pytest.raises(BackendError, match="in memory"):
        omnitrack.open(create_engine("sqlite://"))


def test_what_the_engine_was_made_with_is_no_option(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'history.db'}")
    with pytest.raises(BackendError, match="pool_size"):
        omnitrack.open(engine, pool_size=3)


def test_a_session_of_mariadb_that_would_cut_data_is_refused(tmp_path: Path) -> None:
    with servers.store("mariadb", tmp_path) as store:
        engine = create_engine(store.url, connect_args={"sql_mode": ""})
        with pytest.raises(HostTransactionError, match=r"^sql_mode: got none"):
            omnitrack.open(engine, namespace=store.namespace)
        engine.dispose()
