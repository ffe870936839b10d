"""Leases: the owner of a long operation, so that operations that exclude each other never run at the same time.

A lease is kept in the store, in one record for all operations. Each has a generation: whoever takes over the lease of a process that was killed gets
another, and the operation that held it fails at its next transaction and writes nothing more.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs

from omnitrack import observing
from omnitrack.errors import LeaseLostError, OperationRunningError
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us, new_id
from omnitrack.foundation.once import Once
from omnitrack.records import LEASE, LEASE_KEY
from omnitrack.storage.contract import RecordRow, Transaction

T = TypeVar("T")

#: How long a lease holds without being renewed, in microseconds. Its holder renews it as it goes on, when a quarter of it is over.
TERM = 300 * 1_000_000

REBUILD, INDEX, MATCHES, RETENTION, UNLOAD = "rebuild", "index", "matches", "retention", "unload"

#: Which operations cannot run beside which. docs/explanation/operations.md says why.
EXCLUDES = {
    REBUILD: frozenset({REBUILD, INDEX, RETENTION, UNLOAD}),
    INDEX: frozenset({REBUILD, INDEX, MATCHES}),
    MATCHES: frozenset({INDEX, MATCHES}),
    RETENTION: frozenset({REBUILD, RETENTION, UNLOAD}),
    UNLOAD: frozenset({REBUILD, RETENTION, UNLOAD}),
}

_NAMES = {
    REBUILD: "a rebuild",
    INDEX: "the building of the index for matching",
    MATCHES: "find_matches()",
    RETENTION: "apply_retention()",
    UNLOAD: "unload()",
}


@attrs.frozen(slots=True, kw_only=True)
class Lease:
    """What one running operation holds. Times are microseconds."""

    what: str
    holder: str
    generation: int
    since: int
    until: int
    done: str = ""  # the step that it did last, where that was noted

    def __str__(self) -> str:
        return f"{_NAMES[self.what]} by {self.holder}, begun on {from_us(self.since):%Y-%m-%d at %H:%M:%S} UTC"


@attrs.frozen(slots=True)
class _Held:
    """The record of all leases: the generation given out last, those that are held, and the version of the record."""

    last: int
    leases: dict[str, Lease]
    version: int

    def put(self, tx: Transaction, leases: dict[str, Lease], last: int | None = None) -> None:
        value = {
            "last": self.last if last is None else last,
            "held": {what: [x.holder, x.generation, x.since, x.until, x.done] for what, x in leases.items()},
        }
        tx.put_records([RecordRow(LEASE, LEASE_KEY, json.dumps(value), self.version)])


def _read(tx: Transaction) -> _Held:
    found = tx.find_records(LEASE, keys=[LEASE_KEY])
    if not found:
        return _Held(0, {}, 0)
    value: dict[str, Any] = json.loads(found[0].value)
    leases = {
        what: Lease(what=what, holder=holder, generation=generation, since=since, until=until, done=done)
        for what, (holder, generation, since, until, done) in value["held"].items()
    }
    return _Held(value["last"], leases, found[0].version)


def this_process() -> str:
    """Return the name under which this process holds leases, for an operator to find it by."""
    return f"{socket.gethostname()}:{os.getpid()}"


def take(tx: Transaction, what: str, now: int) -> Lease:
    """Take the lease for an operation, or take it over where its holder was not heard of for a whole term.

    Raises:
        OperationRunningError: an operation runs that this one cannot run beside.
    """
    held = _read(tx)
    in_the_way = [lease for name, lease in held.leases.items() if name in EXCLUDES[what]]
    for lease in in_the_way:
        if lease.until > now:
            raise OperationRunningError(
                f"{what}: {lease} is under way on this store; wait for its end, or, where it was killed, until "
                f"{from_us(lease.until):%H:%M:%S} UTC"
            )
    if in_the_way:
        # Whoever held it may not be dead but slow: what it has begun ends first, and what it begins later finds that it holds nothing.
        tx.guard(exclusive=True)
        for old in in_the_way:
            observing.tell(
                "care", logging.WARNING, "a lease was taken over", {"operation": old.what, "holder": old.holder}
            )
    leases = {name: lease for name, lease in held.leases.items() if lease not in in_the_way}
    mine = Lease(what=what, holder=this_process(), generation=held.last + 1, since=now, until=now + TERM)
    held.put(tx, leases | {what: mine}, mine.generation)
    return mine


def check(tx: Transaction, lease: Lease, now: int) -> None:
    """See that a lease is still held, and renew it when a quarter of its term is over. Called by a transaction that holds the guard already: it cannot
    commit then if the lease is taken over meanwhile.

    Raises:
        LeaseLostError: another process has taken it over.
    """
    held = _read(tx)
    mine = held.leases.get(lease.what)
    if mine is None or mine.generation != lease.generation:
        by = f"; {mine} has taken its place" if mine is not None else ""
        raise LeaseLostError(
            f"{lease.what}: {lease} was not heard of for {TERM // 1_000_000} seconds, and its lease is over{by}; what it wrote stays, "
            "it writes nothing more, and it can be run again"
        )
    if mine.until - now < TERM * 3 // 4:
        held.put(tx, held.leases | {lease.what: attrs.evolve(mine, until=now + TERM)})


def once(lease: Lease, fn: Callable[[Transaction], T]) -> Once[T]:
    """Return a step of an operation that says what it did, where it is asked again after its answer was lost. It checks the lease by itself."""
    name = new_id().hex()

    def write(tx: Transaction) -> T:
        answer = fn(tx)
        held = _read(tx)
        mine = held.leases.get(lease.what)
        if mine is not None and mine.generation == lease.generation:
            held.put(tx, held.leases | {lease.what: attrs.evolve(mine, done=name)})
        return answer

    def is_there(tx: Transaction, answer: T) -> bool:
        mine = _read(tx).leases.get(lease.what)
        return mine is not None and mine.done == name

    return Once(write, is_there)


def is_mine(tx: Transaction, lease: Lease) -> bool:
    """Whether a lease is the one that is held."""
    mine = _read(tx).leases.get(lease.what)
    return mine is not None and (mine.generation, mine.holder, mine.since) == (
        lease.generation,
        lease.holder,
        lease.since,
    )


def release(tx: Transaction, lease: Lease) -> None:
    """Give a lease back; one that was taken over stays whose it is."""
    held = _read(tx)
    mine = held.leases.get(lease.what)
    if mine is not None and mine.generation == lease.generation:
        held.put(tx, {name: other for name, other in held.leases.items() if name != lease.what})


def is_held(tx: Transaction, what: str, generation: int, now: int) -> bool:
    """Whether the operation of this generation still runs, as far as its lease says. Another process's clock may be a while behind, so it counts as
    running for one more term."""
    lease = _read(tx).leases.get(what)
    return lease is not None and lease.generation == generation and now < lease.until + TERM


def acquire(run: Run, ctx: Context, what: str) -> Lease:
    """Take the lease for an operation in a transaction of its own.

    Raises:
        OperationRunningError: an operation runs that this one cannot run beside.
    """

    def first(tx: Transaction) -> Lease:
        tx.guard()
        return take(tx, what, ctx.clock())

    found: Lease = run(Once(first, is_mine))
    observing.tell("care", logging.INFO, "a lease was taken", {"operation": what, "generation": found.generation})
    return found


@contextmanager
def giving_back(run: Run, lease: Lease) -> Iterator[None]:
    """Give a lease back at the end of the operation that holds it, however it ends."""
    try:
        yield
    except GeneratorExit:
        raise  # the task of the call was closed, and nothing can wait for another transaction; the lease ends with its term
    except BaseException:
        try:
            run(lambda tx: release(tx, lease))
        except Exception:
            pass  # the store does not answer; the lease ends with its term
        raise
    run(lambda tx: release(tx, lease))


@contextmanager
def holding(run: Run, ctx: Context, what: str) -> Iterator[Lease]:
    """Hold the lease for an operation of several transactions.

    Raises:
        OperationRunningError: an operation runs that this one cannot run beside.
    """
    held = acquire(run, ctx, what)
    with giving_back(run, held):
        yield held
