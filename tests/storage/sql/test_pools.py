"""Pools survive what servers and callers do to their connections: killed sessions, cancelled tasks, many callers, a close in the middle."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import servers
from omnitrack import AsyncTracker
from omnitrack.errors import BackendError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql import SqlBackend
from omnitrack.testing.rows import id_of, identifier

POOL = 4
DRIVERS = {"asyncpg": "postgresql", "psycopg": "postgresql", "asyncmy": "mariadb"}


class Sessions:
    """The sessions that a test has seen on its server, which may be killed there."""

    def __init__(self, place: servers.Store) -> None:
        self._postgresql = place.url.startswith("postgresql")
        self._server = servers.admin(servers.POSTGRESQL if self._postgresql else servers.MARIADB)
        self.seen: set[int] = set()

    def mine(self, tx: Transaction) -> int:
        """Return the session of a transaction."""
        cursor: Any = tx._cursor  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_backend_pid()" if self._postgresql else "SELECT CONNECTION_ID()")
        session = int(cursor.fetchall()[0][0])
        self.seen.add(session)
        return session

    def kill(self, sessions: Iterable[int]) -> None:
        with self._server.connect() as connection:
            for session in sessions:
                connection.execute(
                    text(f"SELECT pg_terminate_backend({session}, 10000)" if self._postgresql else f"KILL {session}")
                )

    def alive(self) -> set[int]:
        ask = (
            "SELECT pid FROM pg_stat_activity" if self._postgresql else "SELECT id FROM information_schema.processlist"
        )
        with self._server.connect() as connection:
            return self.seen & set(connection.execute(text(ask)).scalars())

    def are_at_most(self, most: int) -> bool:
        """Tell whether no more than so many of them stay, where a server takes a moment to end others."""
        return any(len(self.alive()) <= most or threading.Event().wait(0.05) for _ in range(100))


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(DRIVERS[request.param], tmp_path) as place:
        family, rest = place.url.split("://", 1)
        yield servers.Store(f"{family.split('+')[0]}+{request.param}://{rest}", place.namespace)


@pytest.fixture
def backend(place: servers.Store) -> SqlBackend:
    backend = place.open(pool_size=POOL)
    backend.setup()
    return backend


@pytest.fixture
def sessions(place: servers.Store) -> Sessions:
    return Sessions(place)


async def several(backend: SqlBackend, fn: Callable[[Transaction], Any], times: int = 2 * POOL) -> list[Any]:
    return await asyncio.gather(*(backend.arun(fn) for _ in range(times)))


async def test_sessions_killed_while_they_idle_are_replaced_in_their_places(
    backend: SqlBackend, sessions: Sessions
) -> None:
    await several(backend, sessions.mine)
    for _ in range(4):
        before = sessions.alive()
        sessions.kill(before)
        assert not before & set(await several(backend, sessions.mine))
        assert sessions.are_at_most(POOL)
    await backend.aclose()
    assert sessions.are_at_most(0)


async def test_a_session_killed_at_work_leaves_the_others_to_the_pool(backend: SqlBackend, sessions: Sessions) -> None:
    def victim(tx: Transaction) -> int:
        session = sessions.mine(tx)
        if len(tries) < 1:
            tries.append(session)
            sessions.kill([session])
        return sessions.mine(tx)

    def slow(tx: Transaction) -> int:
        return {sessions.mine(tx) for _ in range(20)}.pop()

    await several(backend, sessions.mine)
    for _ in range(5):
        tries: list[int] = []
        answers = await asyncio.gather(
            backend.arun(victim, write=False), *(backend.arun(slow, write=False) for _ in range(POOL - 1))
        )
        assert tries[0] not in answers
        await several(backend, sessions.mine)
        assert sessions.are_at_most(POOL)
    await backend.aclose()
    assert sessions.are_at_most(0)


async def test_a_close_beside_tasks_at_work_leaves_no_session(backend: SqlBackend, sessions: Sessions) -> None:
    begun = asyncio.Event()

    def slow(tx: Transaction) -> None:
        for _ in range(20):
            sessions.mine(tx)
            begun.set()

    tasks = [asyncio.create_task(backend.arun(slow, write=False)) for _ in range(POOL)]
    await begun.wait()
    await backend.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sessions.are_at_most(0)
    with pytest.raises(BackendError):
        await backend.arun(slow)


# -- cancelled --------------------------------------------------------------------------------------------------------------
async def test_cancelled_tasks_leave_no_connection_of_sqlite_to_the_garbage_collector(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seed = random.randrange(1_000_000)
    print("seed", seed)
    rnd = random.Random(seed)
    backend = servers.Store(f"sqlite:///{tmp_path / 'history.db'}").open(pool_size=POOL)
    backend.setup()
    added = iter(range(1, 10_000))

    def write(tx: Transaction) -> None:
        tx.find_identifiers()
        tx.add_identifiers([identifier(next(added))])

    with caplog.at_level(logging.ERROR, logger="sqlalchemy.pool"):
        for _ in range(60):
            tasks: list[asyncio.Task[Any]] = [asyncio.create_task(backend.arun(write)) for _ in range(POOL)]
            tasks += [
                asyncio.create_task(backend.arun(lambda tx: tx.find_identifiers(), write=False)) for _ in range(POOL)
            ]
            for _ in range(2):
                for _ in range(rnd.randrange(30)):
                    await asyncio.sleep(0)
                for task in tasks:
                    if rnd.random() < 0.6:
                        task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            failed = [error for error in ended if isinstance(error, Exception)]
            assert not failed
        gc.collect()
        # Whatever was cancelled, each connection is as good as new.
        for number in range(2 * POOL):
            await backend.arun(methodcaller("add_identifiers", [identifier(20_000 + number)]))
        found = await backend.arun(lambda tx: tx.find_identifiers(ids=[id_of(20_000)]), write=False)
        await backend.aclose()
        gc.collect()
    assert len(found) == 1
    assert not [record.getMessage() for record in caplog.records if record.name.startswith("sqlalchemy")]
    for thread in threading.enumerate():  # each connection has one, which ends with it
        if "_connection_worker" in thread.name:
            thread.join(30)
            assert not thread.is_alive()


# -- many -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", servers.ENGINES)
async def test_five_hundred_tasks_for_fifty_people_get_through(engine: str, tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, tzinfo=timezone.utc)
    with servers.store(engine, tmp_path) as place:
        # However slow the machine is: what is asked is that nobody is left behind, not how long the queue is.
        async with AsyncTracker(place.open(pool_timeout=600), region="GB") as tracker:

            async def record(number: int) -> None:
                person = number % 50
                who = [f"person{person}@example.com", f"+4420794600{person:02d}"]
                await tracker.record(channel="chat", customer=who, occurred_at=at, source="test", source_id=str(number))

            await asyncio.gather(*map(record, range(500)))
            report = await tracker.verify()
            assert report.ok, str(report)
            assert report.interactions == 500
