"""An async backend that was used before a fork: the child opens connections of its own, and its end harms nothing of the parent's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import servers
from children import Child
from omnitrack import AsyncTracker
from omnitrack.errors import BackendError
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.testing.rows import id_of, identifier
from storage.sql import processes
from storage.test_forks import PEOPLE, ROUNDS, T0, address

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql", "psycopg": "postgresql", "mariadb": "mariadb"}


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(DRIVERS[request.param], tmp_path) as place:
        yield servers.Store(driven(place.url, request.param), place.namespace)


def driven(url: str, name: str) -> str:
    """Return a URL with the async driver of its family named, or psycopg, which serves both kinds of callers."""
    family, rest = url.split("://", 1)
    driver = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "psycopg": "psycopg", "mariadb": "asyncmy"}[name]
    return f"{family.split('+')[0]}+{driver}://{rest}"


async def say(tracker: AsyncTracker, person: int, what: str) -> None:
    body, source_id = f"person {person}", f"{person}-{what}"
    await tracker.record(
        channel="email", customer=address(person), occurred_at=T0, body=body, source="test", source_id=source_id
    )


async def read_and_write(tracker: AsyncTracker, name: str) -> int:
    async def one(round_: int) -> int:
        person = round_ % PEOPLE
        await say(tracker, person, f"{name}-{round_}")
        return {item.body async for item in tracker.timeline(address(person))} != {f"person {person}"}

    return sum(await asyncio.gather(*(one(round_) for round_ in range(ROUNDS))))


def in_a_loop(tracker: AsyncTracker, name: str) -> int:
    return asyncio.run(read_and_write(tracker, name))


async def count(tracker: AsyncTracker) -> int:
    report = await tracker.verify()
    assert report.ok, str(report)
    return report.interactions


def test_parent_and_children_at_once_see_the_right_person_and_lose_nothing(place: servers.Store) -> None:
    tracker = AsyncTracker(place.open(), region="GB")
    with asyncio.Runner() as runner:
        assert runner.run(read_and_write(tracker, "before")) == 0
        children = [Child(partial(in_a_loop, tracker, f"child{n}")) for n in range(3)]
        assert runner.run(read_and_write(tracker, "parent")) == 0
        assert [child.result() for child in children] == [0] * 3
        assert runner.run(count(tracker)) == 5 * ROUNDS
        runner.run(tracker.close())


def test_a_fork_inside_a_loop_whose_tasks_are_at_work_leaves_them_their_answers(place: servers.Store) -> None:
    """The child of a task has its loop in memory, and must take nothing out of it."""
    refused = place.url.startswith("sqlite")  # its file is in use by those tasks

    async def work() -> int:
        tracker = AsyncTracker(place.open(), region="GB")
        await read_and_write(tracker, "before")
        backend = tracker._tracker._backend
        begun = asyncio.Event()

        async def busy(number: int) -> int:
            def slow(tx: Transaction) -> int:
                begun.set()
                return sum(len(tx.find_identifiers()) for _ in range(20))

            return await backend.arun(slow, write=False)

        tasks = [asyncio.create_task(busy(number)) for number in range(3)]
        await begun.wait()

        def child() -> int:
            async def inner() -> int:
                wrong = await read_and_write(tracker, "child")
                await tracker.close()
                return wrong

            if not refused:
                return asyncio.run(inner())
            with pytest.raises(BackendError, match="open when this process was forked"):
                asyncio.run(inner())
            return 0

        forked = Child(child)
        assert await asyncio.gather(*tasks) == [20 * PEOPLE] * 3
        assert forked.result() == 0
        wrong = await read_and_write(tracker, "after")
        assert await count(tracker) == (2 if refused else 3) * ROUNDS
        await tracker.close()
        return wrong

    assert asyncio.run(work()) == 0


# The child ends as a script does: the interpreter runs what is to be run at exit, and frees what is left.
END = """
import asyncio, gc, os, sys, threading
sys.path[:0] = sys.argv[3].split(":")
from omnitrack.storage.registry import open_backend
from omnitrack.testing.rows import identifier

backend = open_backend(sys.argv[1], namespace=sys.argv[2] or None)
QUESTION = "SELECT pg_backend_pid()" if "postgresql" in sys.argv[1] else "SELECT CONNECTION_ID()"


def session(tx):
    cursor = tx._cursor
    cursor.execute(QUESTION)
    return cursor.fetchall()[0][0]


def fork(before):
    pid = os.fork()
    if pid == 0:
        backend.run(session)
        before()
        gc.collect()
        sys.exit(0)
    os.waitpid(pid, 0)


halfway, done, held = threading.Event(), threading.Event(), []


def hold(tx):
    held.append(session(tx))
    halfway.set()
    done.wait(60)
    held.append(session(tx))


def let_go():
    global backend, idle
    del backend, idle


# One loop is at work in a thread of its own, the other waits for its next call.
working, idle = asyncio.new_event_loop(), asyncio.Runner()
threading.Thread(target=working.run_forever, daemon=True).start()


def in_loop():
    return asyncio.run_coroutine_threadsafe(backend.arun(session), working).result(60)


sessions = {"sync": {backend.run(session)}, "working": {in_loop()}, "idle": {idle.run(backend.arun(session))}}
thread = threading.Thread(target=backend.run, args=(hold,))
thread.start()
halfway.wait()
sessions["sync"].add(backend.run(session))
before = {name: len(found) for name, found in sessions.items()}
for act in (lambda: None, backend.close, let_go):
    fork(act)
    sessions["working"].add(in_loop())
    sessions["idle"].add(idle.run(backend.arun(session)))
    sessions["sync"].add(backend.run(session))
done.set()
thread.join()
sessions["sync"].update(held)
after = {name: len(found) for name, found in sessions.items()}
print("same" if after["working"] == after["idle"] == 1 and after["sync"] <= 2 else (before, after), flush=True)
"""


def test_the_end_of_a_child_ends_no_session_and_no_loop_of_its_parent(place: servers.Store) -> None:
    if place.url.startswith("sqlite"):
        pytest.skip("a file has no sessions")
    backend = place.open()
    backend.setup()
    backend.close()
    process = processes.start(END, place.url, place.namespace, servers.FOLDER)
    said, _ = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "same\n")


def test_a_backend_opened_anew_in_the_child_of_a_task_works(place: servers.Store) -> None:
    async def work() -> list[bytes]:
        backend = place.open()
        await asyncio.to_thread(backend.setup)
        await backend.arun(lambda tx: tx.add_identifiers([identifier(1)]))

        async def anew() -> None:
            other: Backend = place.open()
            await other.arun(lambda tx: tx.add_identifiers([identifier(2)]))
            await other.aclose()

        Child(lambda: asyncio.run(anew())).result()
        found: Any = await backend.arun(lambda tx: tx.find_identifiers(), write=False)
        await backend.aclose()
        return [row.id for row in found]

    assert asyncio.run(work()) == [id_of(1), id_of(2)]


def test_a_tracker_that_was_being_opened_at_the_fork_is_opened_in_the_child(tmp_path: Path) -> None:
    async def work() -> int:
        tracker = AsyncTracker(servers.Store(f"sqlite:///{tmp_path / 'history.db'}").open(), region="GB")
        async with tracker._calls._opening.value:
            child = Child(lambda: asyncio.run(read_and_write(tracker, "child")))
        wrong = int(child.result())
        await tracker.close()
        return wrong

    assert asyncio.run(work()) == 0
