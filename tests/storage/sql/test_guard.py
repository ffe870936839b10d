"""The guard: who relied on a cache cannot commit beside an operation that made caches stale."""

from __future__ import annotations

import threading
import time

import pytest

import servers
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.tables import STRIPES


def others_wait(one: SqlBackend, exclusive_first: bool) -> list[str]:
    """Let a plain and an exclusive holder of the guard meet, and return what happened in order."""
    happened: list[str] = []
    taken, go = threading.Event(), threading.Event()

    def holder(tx: Transaction) -> None:
        tx.guard(exclusive=exclusive_first)
        taken.set()
        go.wait(10)
        happened.append("first done")

    def other(tx: Transaction) -> int:
        epoch = tx.guard(exclusive=not exclusive_first)
        happened.append("second took it")
        return epoch

    first = threading.Thread(target=one.run, args=(holder,))
    second = threading.Thread(target=one.run, args=(other,))
    first.start()
    taken.wait(10)
    second.start()
    time.sleep(0.1)  # what should not happen is given time to happen
    go.set()
    first.join(30)
    second.join(30)
    return happened


@pytest.fixture(params=["lock", "write"])
def guarded(request: pytest.FixtureRequest, store: servers.Store) -> SqlBackend:
    backend = store.open(guard=request.param)
    backend.setup()
    return backend


@pytest.mark.parametrize("exclusive_first", [True, False])
def test_plain_and_exclusive_holders_do_not_overlap(guarded: SqlBackend, exclusive_first: bool) -> None:
    assert others_wait(guarded, exclusive_first) == ["first done", "second took it"]
    assert guarded.run(lambda tx: tx.guard()) == 1
    guarded.close()


def test_the_epoch_is_the_same_in_every_stripe(guarded: SqlBackend) -> None:
    for _ in range(3):
        guarded.run(lambda tx: tx.guard(exclusive=True))
    if guarded._stripe is not None:
        for stripe in range(1, STRIPES + 1):
            guarded._stripe = stripe
            assert guarded._sync is not None
            guarded._sync.prepared = None
            assert guarded.run(lambda tx: tx.guard()) == 3
    assert guarded.run(lambda tx: tx.guard(), write=False) == 3
    guarded.close()


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_an_exclusive_holder_is_not_starved_by_plain_ones_that_keep_coming(backend: SqlBackend) -> None:
    stop = threading.Event()

    def recorder() -> None:
        def hold(tx: Transaction) -> None:
            tx.guard()
            stop.wait(0.01)

        while not stop.is_set():
            backend.run(hold)

    threads = [threading.Thread(target=recorder) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for epoch in range(1, 6):
            assert backend.run(lambda tx: tx.guard(exclusive=True)) == epoch
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
