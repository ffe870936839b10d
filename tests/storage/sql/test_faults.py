"""What the world does to a store: killed processes, cut connections, servers that go away, a full disk."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

import servers
from omnitrack.errors import BackendError, OutcomeUnknownError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql import SqlBackend
from storage.sql import processes, rows
from storage.sql.proxy import Proxy

LOAD = """
import sys
sys.path[:0] = sys.argv[4].split(":")
from omnitrack.storage.registry import open_backend
from storage.sql import rows
url, namespace, size = sys.argv[1], sys.argv[2] or None, int(sys.argv[3])
backend = open_backend(url, namespace=namespace)
print("open", flush=True)
sys.stdin.readline()
for start in range(1, 10**9, size):
    backend.run(lambda tx: rows.add(tx, range(start, start + size), "word " * 50))
    print(start, flush=True)
"""


@pytest.mark.parametrize("after", [1, random.randrange(2, 12)], ids=["at the first batch", "at random"])
def test_a_process_killed_during_a_load_loses_nothing_that_it_was_told_is_stored(
    store: servers.Store, backend: SqlBackend, after: int
) -> None:
    size = 40
    process = processes.start(LOAD, store.url, store.namespace, str(size), servers.FOLDER)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    process.stdin.write("go\n")
    process.stdin.flush()
    told = [int(process.stdout.readline()) for _ in range(after)]
    process.kill()
    told += [int(line) for line in process.stdout.read().splitlines() if line.strip()]
    process.wait()
    process.stdin.close()
    process.stdout.close()

    there = backend.run(rows.stored)
    assert set(there) >= {n for start in told for n in range(start, start + size)}
    assert len(there) % size == 0
    everything = range(1, told[-1] + 3 * size)
    assert len(backend.run(lambda tx: rows.add(tx, everything))) == len(there)
    assert backend.run(rows.stored) == list(everything)


@pytest.fixture
def proxy(store: servers.Store, engine: str) -> Iterator[Proxy]:
    proxy = Proxy(store.url)
    yield proxy
    proxy.close()


@pytest.fixture
def through(store: servers.Store, proxy: Proxy, backend: SqlBackend) -> Iterator[SqlBackend]:
    """A backend that talks to the server through the proxy."""
    through = servers.Store(proxy.url, store.namespace).open()
    through.run(lambda tx: tx.guard())
    yield through
    through.close()


over_a_network = pytest.mark.parametrize("engine", ["postgresql", "mariadb"])


@over_a_network
def test_a_connection_cut_during_the_commit_is_answered_by_a_repeat_that_adds_nothing(
    through: SqlBackend, proxy: Proxy, backend: SqlBackend
) -> None:
    proxy.cut_after, proxy.times = r"COMMIT(?!TED)", 1
    left_out = through.run(lambda tx: rows.add(tx, range(1, 30)))
    assert len(left_out) == 29  # the first try was stored, though its answer was lost
    assert backend.run(rows.stored) == list(range(1, 30))


@over_a_network
def test_a_commit_whose_answer_is_lost_again_and_again_has_an_unknown_outcome(
    through: SqlBackend, proxy: Proxy, backend: SqlBackend
) -> None:
    proxy.cut_after, proxy.times = r"COMMIT(?!TED)", 99
    with pytest.raises(OutcomeUnknownError) as raised:
        through.run(lambda tx: rows.add(tx, range(1, 30)))
    assert raised.value.__cause__ is not None
    proxy.times = 0
    through.run(lambda tx: rows.add(tx, range(1, 30)))
    assert backend.run(rows.stored) == list(range(1, 30))


@over_a_network
def test_a_connection_cut_before_the_commit_is_repeated_on_another(
    through: SqlBackend, proxy: Proxy, backend: SqlBackend
) -> None:
    proxy.cut_after, proxy.times = "omnitrack_entries", 2
    assert through.run(lambda tx: rows.add(tx, range(1, 30))) == set()
    assert backend.run(rows.stored) == list(range(1, 30))


@over_a_network
def test_a_server_that_was_away_for_a_moment_is_found_again(
    through: SqlBackend, proxy: Proxy, backend: SqlBackend
) -> None:
    for start in range(1, 101, 10):
        if start == 51:
            proxy.go_away()
            threading.Timer(0.2, proxy.come_back).start()
        through.run(lambda tx, start=start: rows.add(tx, range(start, start + 10)))  # type: ignore[misc]
    assert backend.run(rows.stored) == list(range(1, 101))


@over_a_network
def test_a_server_that_stays_away_is_a_backend_error(
    through: SqlBackend, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omnitrack.storage.contract.pause_before", lambda attempt: 0.0)
    proxy.go_away()
    with pytest.raises(BackendError) as raised:
        through.run(lambda tx: rows.add(tx, range(1, 30)))
    assert not isinstance(raised.value, OutcomeUnknownError)
    assert raised.value.__cause__ is not None


@over_a_network
def test_a_session_that_the_server_ended_is_repeated_on_another(
    store: servers.Store, backend: SqlBackend, engine: str
) -> None:
    own, end = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        "mariadb": ("SELECT CONNECTION_ID()", "KILL {}"),
    }[engine]
    tries = []

    def work(tx: Transaction) -> None:
        rows.add(tx, range(1, 30))
        tries.append(1)
        if len(tries) == 1:
            tx._cursor.execute(own)  # type: ignore[attr-defined]
            session = tx._cursor.fetchall()[0][0]  # type: ignore[attr-defined]
            with servers.admin(store.url).connect() as connection:
                connection.execute(text(end.format(session)))
            rows.add(tx, range(30, 60))

    backend.run(work)
    assert len(tries) == 2
    assert backend.run(rows.stored) == list(range(1, 30))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_full_disk_is_a_backend_error_and_leaves_the_store_as_it_was(backend: SqlBackend) -> None:
    backend.run(lambda tx: rows.add(tx, range(1, 10)))

    def limit(pages: str) -> None:
        backend.run(lambda tx: tx._cursor.execute(f"PRAGMA max_page_count = {pages}").fetchall())  # type: ignore[attr-defined]

    limit("60")
    with pytest.raises(BackendError, match="full") as raised:
        backend.run(lambda tx: rows.add(tx, range(10, 60), "word " * 5000))
    assert type(raised.value.__cause__).__name__ == "OperationalError"
    assert backend.run(rows.stored) == list(range(1, 10))
    limit("1000000")
    assert backend.run(lambda tx: rows.add(tx, range(10, 60), "word " * 5000)) == set()
    assert backend.run(rows.stored) == list(range(1, 60))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_another_process_holds_is_waited_for(store: servers.Store, backend: SqlBackend) -> None:
    holder = create_engine(store.url).raw_connection()
    holder.cursor().execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, holder.rollback)
    impatient = store.open(busy_timeout=0.01)
    timer.start()
    assert impatient.run(rows.count) == 1
    holder.close()
    impatient.close()
