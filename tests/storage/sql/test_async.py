"""The async drivers: the same transactions in an event loop, cancelled at any moment, with no connection left behind."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import servers
from omnitrack.errors import BackendError, ConflictError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql import SqlBackend
from storage.sql import rows

DRIVERS = ("sqlite+aiosqlite", "postgresql+psycopg", "postgresql+asyncpg", "mariadb+asyncmy")


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def async_store(driver: str, tmp_path: Path) -> Iterator[servers.Store]:
    """A place whose URL names an async driver, as a user of AsyncTracker may write it."""
    engine = driver.partition("+")[0]
    with servers.store(engine, tmp_path) as store:
        yield servers.Store(driver + store.url[store.url.index("://") :], store.namespace)


@pytest.fixture
async def backend(async_store: servers.Store) -> AsyncIterator[SqlBackend]:
    backend = async_store.open(pool_size=4)
    await asyncio.to_thread(backend.setup)
    yield backend
    await backend.aclose()


def checked_out(backend: SqlBackend) -> int:
    runtime: Any = backend._async[asyncio.get_running_loop()]
    return int(runtime.engine.pool.checkedout())


def wait(tx: Transaction, driver: str) -> None:
    """Wait in the server for longer than it takes to cancel."""
    sleeping = {"postgresql": "SELECT pg_sleep(2)", "mariadb": "SELECT SLEEP(2)"}.get(driver.partition("+")[0])
    cursor = tx._cursor  # type: ignore[attr-defined]
    # SQLite cannot sleep; counting as far as this takes about as long.
    cursor.execute(
        sleeping
        or "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 300000) SELECT count(*) FROM n"
    )
    cursor.fetchall()


async def test_the_driver_that_the_url_names_is_the_one_in_use(backend: SqlBackend, driver: str) -> None:
    await backend.arun(lambda tx: tx.guard())
    runtime = backend._async[asyncio.get_running_loop()]
    assert f"{runtime.engine.dialect.name}+{runtime.engine.dialect.driver}" == driver


async def test_sync_and_async_callers_see_the_same_store(backend: SqlBackend) -> None:
    await backend.arun(lambda tx: rows.add(tx, range(1, 30)))
    assert await asyncio.to_thread(backend.run, rows.stored) == list(range(1, 30))
    assert await asyncio.to_thread(backend.run, lambda tx: rows.add(tx, range(20, 40))) == {
        rows.id_(n) for n in range(20, 30)
    }
    assert await backend.arun(rows.stored, write=False) == list(range(1, 40))


async def test_a_cancelled_call_is_not_done_and_leaves_no_connection_behind(backend: SqlBackend, driver: str) -> None:
    reached = asyncio.Event()

    def work(tx: Transaction) -> None:
        rows.add(tx, range(1, 30))
        reached.set()
        wait(tx, driver)

    task = asyncio.create_task(backend.arun(work))
    await reached.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert checked_out(backend) == 0
    assert await backend.arun(rows.stored) == []
    assert await backend.arun(lambda tx: rows.add(tx, range(1, 30))) == set()


async def test_calls_cancelled_at_any_moment_are_done_whole_or_not_at_all(backend: SqlBackend) -> None:
    async def cancelled(number: int) -> None:
        start = number * 10 + 1
        task = asyncio.create_task(backend.arun(lambda tx: rows.add(tx, range(start, start + 10))))
        for _ in range(number * 2):
            await asyncio.sleep(0)
        await asyncio.sleep(number / 4000)
        task.cancel()
        await asyncio.wait([task])

    await asyncio.gather(*(cancelled(number) for number in range(24)))
    assert checked_out(backend) == 0
    there = await backend.arun(rows.stored)
    assert {n for n in there if n % 10 == 1} == {n - (n - 1) % 10 for n in there}
    assert len(there) % 10 == 0
    left_out = await backend.arun(lambda tx: rows.add(tx, range(1, 241)))
    assert len(left_out) == len(there)


async def test_a_caller_that_waits_for_a_connection_can_be_cancelled(backend: SqlBackend) -> None:
    def five(number: int) -> range:
        return range(number * 5 + 1, number * 5 + 6)

    tasks = [asyncio.create_task(backend.arun(partial(rows.add, numbers=five(number)))) for number in range(40)]
    await asyncio.sleep(0)
    for task in tasks[20:]:
        task.cancel()
    await asyncio.wait(tasks)
    assert not any(task.cancelled() for task in tasks[:20])
    assert checked_out(backend) == 0
    assert len(await backend.arun(rows.stored)) % 5 == 0


async def test_many_tasks_on_few_connections_are_all_served(backend: SqlBackend) -> None:
    await backend.arun(lambda tx: rows.add(tx, range(1, 60)))
    found = await asyncio.gather(
        *(backend.arun(lambda tx: tx.list_entries(identifiers=[rows.id_(1)], limit=5), write=False) for _ in range(200))
    )
    assert {len(entries) for entries in found} == {5}


async def test_conflicts_of_tasks_are_repeated_until_all_are_through(backend: SqlBackend) -> None:
    assert sorted(await asyncio.gather(*(backend.arun(rows.count) for _ in range(6)))) == list(range(1, 7))


async def test_a_conflict_that_does_not_end_is_told(backend: SqlBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.storage.contract.pause_before", lambda attempt: 0.0)

    def conflict(tx: Transaction) -> None:
        raise ConflictError("in the way")

    with pytest.raises(ConflictError):
        await backend.arun(conflict)
    assert checked_out(backend) == 0


def test_a_backend_serves_one_event_loop_after_another(async_store: servers.Store) -> None:
    backend = async_store.open()
    backend.setup()
    for number in (1, 2, 3):
        assert asyncio.run(backend.arun(rows.count)) == number
    backend.close()


def test_without_an_async_driver_the_work_goes_to_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    with servers.store("sqlite", tmp_path) as store:
        backend = store.open()
        backend.setup()
        assert asyncio.run(backend.arun(rows.count)) == 1
        assert not backend._async
        backend.close()


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "mariadb+asyncmy"])
def test_the_async_driver_alone_is_enough_for_async_callers(
    async_store: servers.Store, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psycopg", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    backend = async_store.open()
    backend.setup()
    assert asyncio.run(backend.arun(rows.count)) == 1
    backend.reclaim()
    with pytest.raises(BackendError, match="sync"):
        backend.run(rows.count)
    backend.close()


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+asyncpg"])
def test_behind_a_pooler_no_statement_is_kept_prepared(async_store: servers.Store, driver: str) -> None:
    def kept(tx: Transaction) -> int:
        for _ in range(8):  # a driver prepares what it sees again and again
            tx.find_identifiers(ids=[rows.id_(1)])
        cursor = tx._cursor  # type: ignore[attr-defined]
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
        return int(cursor.fetchall()[0][0])

    async def both() -> list[int]:
        backends = [async_store.open(prepare=prepare) for prepare in ("true", "false")]
        await asyncio.to_thread(backends[0].setup)
        found = [await backend.arun(kept) for backend in backends]
        for backend in backends:
            await backend.aclose()
        return found

    some, none = asyncio.run(both())
    assert some > 0
    assert none == 0
    if driver == "postgresql+psycopg":  # of which sync callers have a cursor of their own
        for prepare in ("true", "false"):
            backend = async_store.open(prepare=prepare)
            assert (backend.run(kept) > 0) is (prepare == "true")
            backend.close()
