"""A tracker that was used before a fork serves the parent and every child, each on connections of its own."""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import servers
from children import Child
from omnitrack import AsyncTracker, Tracker, forks
from omnitrack.errors import BackendError
from omnitrack.foundation import ids
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend
from omnitrack.testing.rows import id_of, identifier
from storage.sql import processes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
PEOPLE = 8
ROUNDS = 25
MOMENT = 0.2  # seconds for which a transaction stays open while a fork is tried


@pytest.fixture(params=servers.ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(request.param, tmp_path) as place:
        yield place


@pytest.fixture
def tracker(place: servers.Store) -> Iterator[Tracker]:
    with Tracker(place.open(), region="GB") as tracker:
        begin(tracker)
        yield tracker


def begin(tracker: Tracker) -> None:
    for number in range(PEOPLE):
        say(tracker, number, "first")


def say(tracker: Tracker, person: int, what: str) -> None:
    tracker.record(
        channel="email",
        customer=address(person),
        occurred_at=T0,
        body=f"person {person}",
        source="test",
        source_id=f"{person}-{what}",
    )


def address(person: int) -> str:
    return f"person{person}@example.com"


def read_and_write(tracker: Tracker, name: str, seed: int) -> int:
    """Read people and write for them; return how often somebody was shown what is not theirs."""
    rnd = random.Random(seed)
    wrong = 0
    for round_ in range(ROUNDS):
        person = rnd.randrange(PEOPLE)
        say(tracker, person, f"{name}-{round_}")
        found = {item.body for item in tracker.timeline(address(person))}
        wrong += found != {f"person {person}"}
    return wrong


def count(tracker: Tracker) -> int:
    report = tracker.verify()
    assert report.ok, str(report)
    return report.interactions


def test_parent_and_children_at_once_see_the_right_person_and_lose_nothing(tracker: Tracker) -> None:
    seed = random.randrange(1_000_000)
    print("seed", seed)
    children = [Child(partial(read_and_write, tracker, f"child{n}", seed + n)) for n in range(4)]
    assert read_and_write(tracker, "parent", seed - 1) == 0
    assert [child.result() for child in children] == [0] * 4
    assert count(tracker) == PEOPLE + 5 * ROUNDS


def test_a_child_of_a_child_is_a_child(tracker: Tracker) -> None:
    def generation() -> int:
        wrong = read_and_write(tracker, "child", 1)
        grandchild = Child(lambda: read_and_write(tracker, "grandchild", 2))
        return wrong + read_and_write(tracker, "child again", 3) + int(grandchild.result())

    child = Child(generation)
    assert read_and_write(tracker, "parent", 4) == 0
    assert child.result() == 0
    assert count(tracker) == PEOPLE + 4 * ROUNDS


def test_forks_beside_threads_that_write_hang_nowhere(tracker: Tracker) -> None:
    done = threading.Event()
    written: list[str] = []

    def write(name: str) -> None:
        while not done.is_set():
            say(tracker, len(written) % PEOPLE, f"{name}-{len(written)}")
            written.append(name)

    threads = [threading.Thread(target=write, args=(f"thread{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(12):
            Child(partial(say, tracker, 1, f"child{number}")).result()
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert count(tracker) >= PEOPLE + 12
    assert {item.source_id for item in tracker.timeline(address(1))} >= {f"1-child{n}" for n in range(12)}


def test_a_child_that_closes_its_tracker_leaves_the_parents_open(tracker: Tracker) -> None:
    def use_and_close() -> int:
        wrong = read_and_write(tracker, "child", 1)
        tracker.close()
        return wrong

    assert Child(tracker.close).result() is None
    assert Child(use_and_close).result() == 0
    assert read_and_write(tracker, "parent", 2) == 0


# -- in the middle of a transaction -----------------------------------------------------------------------------------------
@pytest.fixture(params=["memory", *servers.ENGINES])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryBackend.from_url("memory://")
        return
    with servers.store(request.param, tmp_path) as place:
        backend = place.open()
        backend.setup()
        yield backend
        backend.close()


def stored(backend: Any) -> list[bytes]:
    rows = backend.run(lambda tx: tx.find_identifiers(), write=False)
    return [row.id for row in rows]


def test_a_child_forked_inside_another_threads_transaction_sees_none_of_it_or_all(backend: Any) -> None:
    halfway, seen = threading.Event(), threading.Event()

    def both(tx: Transaction) -> None:
        tx.add_identifiers([identifier(1)])
        halfway.set()
        seen.wait(MOMENT)
        tx.add_identifiers([identifier(2)])

    def look() -> list[bytes]:
        found = stored(backend)
        backend.run(lambda tx: tx.find_records("kit"))
        return found

    thread = threading.Thread(target=backend.run, args=(both,))
    thread.start()
    halfway.wait()
    child = Child(look)
    assert child.result() in ([], [id_of(1), id_of(2)])
    seen.set()
    thread.join()
    assert stored(backend) == [id_of(1), id_of(2)]


def test_a_child_writes_while_the_parents_transaction_goes_on(backend: Any) -> None:
    if not {"concurrent"} & type(backend).capabilities:
        pytest.skip("one transaction at a time")
    halfway, written = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        tx.add_identifiers([identifier(310)])
        halfway.set()
        written.wait(20)

    thread = threading.Thread(target=backend.run, args=(slowly,))
    thread.start()
    halfway.wait()
    Child(lambda: backend.run(lambda tx: tx.add_identifiers([identifier(970)]))).result()
    written.set()
    thread.join()
    assert stored(backend) == [id_of(310), id_of(970)]


def test_a_transaction_that_is_forked_by_its_own_thread_is_the_parents_to_end(backend: Any) -> None:
    if isinstance(backend, MemoryBackend):
        pytest.skip("a copy of memory is each process's own")
    reading, writing = os.pipe()

    def forking(tx: Transaction) -> int:
        tx.add_identifiers([identifier(1)])
        pid = os.fork()
        return pid

    try:
        pid = backend.run(forking)
    except BackendError:
        os.write(writing, b"refused")
        os._exit(0)
    if pid == 0:
        os._exit(1)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as answer:
        assert answer.read() == b"refused"
    assert stored(backend) == [id_of(1)]


# -- locks ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("of", ["known", "ids", "registry", "backend"])
def test_a_lock_that_another_thread_holds_at_the_fork_is_free_in_the_child(tmp_path: Path, of: str) -> None:
    from omnitrack.storage import registry

    url = f"sqlite:///{tmp_path / 'history.db'}"
    with Tracker(open_backend(url), region="GB") as tracker:
        begin(tracker)
        backend = tracker._backend
        assert isinstance(backend, SqlBackend)
        lock = {
            "known": tracker._ctx.known._lock,
            "ids": ids._lock,
            "registry": registry._lock,
            "backend": backend._making,
        }[of]
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with lock:
                held.set()
                done.wait(60)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()

        def work() -> int:
            registry.register_backend("forked", MemoryBackend)
            return read_and_write(tracker, "child", 1)

        try:
            assert Child(work).result() == 0
        finally:
            done.set()
            thread.join()


def test_what_was_half_learnt_at_the_fork_is_forgotten_in_the_child() -> None:
    with Tracker(open_backend("memory://"), region="GB") as tracker:
        begin(tracker)
        known = tracker._ctx.known
        assert Child(lambda: len(known.tenures)).result() == PEOPLE
        with known._lock:
            assert Child(lambda: len(known.tenures)).result() == 0


# -- memory -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["memory://", "memory://named", "sqlite://"])
def test_a_store_in_memory_is_copied(url: str) -> None:
    with Tracker(open_backend(url), region="GB") as tracker:
        begin(tracker)

        def work() -> tuple[int, int]:
            return read_and_write(tracker, "child", 1), count(tracker)

        assert Child(work).result() == (0, PEOPLE + ROUNDS)
        assert count(tracker) == PEOPLE


def test_a_copy_of_memory_that_was_half_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "PATIENCE", 0.05)
    backend = MemoryBackend.from_url("memory://")
    halfway, done = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        halfway.set()
        done.wait(60)

    thread = threading.Thread(target=backend.run, args=(slowly,))
    thread.start()
    halfway.wait()

    def work() -> str:
        with pytest.raises(BackendError) as raised:
            stored(backend)
        return str(raised.value)

    assert "half written" in Child(work).result()
    done.set()
    thread.join()
    assert stored(backend) == []


# -- SQLite -----------------------------------------------------------------------------------------------------------------
def test_what_a_child_wrote_to_sqlite_outlives_the_parents_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    parent = Tracker(open_backend(url), region="GB")
    begin(parent)
    reading, writing = os.pipe()
    ready, readied = os.pipe()

    def work() -> None:
        say(parent, 1, "before")
        os.write(readied, b".")
        os.read(reading, 1)
        say(parent, 1, "after")

    child = Child(work)
    os.read(ready, 1)
    parent.close()  # the last of this process: SQLite asks the file's locks whether it is the last of all
    with Tracker(open_backend(url), region="GB") as again:
        say(again, 1, "between")
    os.write(writing, b".")
    child.result()
    with Tracker(open_backend(url), region="GB") as again:
        assert {item.source_id for item in again.timeline(address(1))} == {
            "1-first",
            "1-before",
            "1-between",
            "1-after",
        }
        assert count(again) == PEOPLE + 3


def files_open(folder: Path) -> set[str]:
    links = Path("/proc/self/fd")
    if not links.is_dir():
        pytest.skip("this system does not tell which files a process has open")
    found = set()
    for link in links.iterdir():
        try:
            found.add(os.readlink(link))
        except OSError:
            pass
    return {name for name in found if name.startswith(str(folder))}


def test_no_file_of_sqlite_is_open_in_a_child_of_its_own_accord(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with Tracker(open_backend(url), region="GB") as tracker, asyncio.Runner() as runner:
        begin(tracker)
        same = AsyncTracker(open_backend(url), region="GB")
        assert len(runner.run(same.timeline(address(1)).page())) == 1
        assert files_open(tmp_path)
        assert Child(lambda: files_open(tmp_path)).result() == set()
        assert len(runner.run(same.timeline(address(1)).page())) == 1
        assert read_and_write(tracker, "parent", 1) == 0
        runner.run(same.close())


def test_a_file_that_was_in_use_at_the_fork_is_refused_in_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks, "PATIENCE", 0.05)
    url = f"sqlite:///{tmp_path / 'history.db'}"
    backend = open_backend(url)
    backend.setup()
    halfway, done = threading.Event(), threading.Event()

    def slowly(tx: Transaction) -> None:
        tx.add_identifiers([identifier(1)])
        halfway.set()
        done.wait(60)

    thread = threading.Thread(target=backend.run, args=(slowly,))
    thread.start()
    halfway.wait()

    def work() -> str:
        for one in (backend, open_backend(url)):
            with pytest.raises(BackendError) as raised:
                stored(one)
        return str(raised.value)

    said = Child(work).result()
    assert "open when this process was forked" in said
    done.set()
    thread.join()
    assert stored(backend) == [id_of(1)]
    assert Child(lambda: stored(backend)).result() == [id_of(1)]
    backend.close()


# -- forks that Python is not told of -----------------------------------------------------------------------------------------
def test_a_fork_that_went_past_python_is_seen_where_a_connection_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in ("postgresql", "mariadb"):
        with servers.store(engine, tmp_path) as place, Tracker(place.open(), region="GB") as tracker:
            begin(tracker)
            with monkeypatch.context() as patch:
                patch.setattr(os, "fork", ctypes.PyDLL(None).fork)
                children = [Child(partial(read_and_write, tracker, f"child{n}", n)) for n in range(2)]
            assert read_and_write(tracker, "parent", 3) == 0
            assert [child.result() for child in children] == [0, 0]
            assert count(tracker) == PEOPLE + 3 * ROUNDS


def test_a_file_of_sqlite_is_refused_after_a_fork_that_went_past_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tracker(open_backend(f"sqlite:///{tmp_path / 'history.db'}"), region="GB") as tracker:
        begin(tracker)

        def work() -> str:
            with pytest.raises(BackendError) as raised:
                count(tracker)
            return str(raised.value)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fork", ctypes.PyDLL(None).fork)
            child = Child(work)
        assert "the fork went past Python" in child.result()
        assert count(tracker) == PEOPLE


# -- what is kept -----------------------------------------------------------------------------------------------------------
KEPT = """
import os, sys
import omnitrack
from omnitrack import forks


class Driver:
    def __del__(self):
        os.write(1, b"closed")


driver, tracker = Driver(), omnitrack.open("memory://")
pid = os.fork()
if pid == 0:
    forks.keep(driver)
    del driver
    sys.exit(0)
os.waitpid(pid, 0)
os._exit(0)
"""


def test_what_a_child_keeps_is_freed_not_even_at_its_exit() -> None:
    process = processes.start(KEPT)
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == 0
