"""Leases: which operations run beside which, who is refused and told what, and what becomes of a holder that was killed or slow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs
import pytest

import omnitrack
from calling import Stepped, rebuilding
from omnitrack import LeaseLostError, OperationRunningError, Policy, RebuildReport, RetentionRule, Tracker
from omnitrack.errors import CustomerNotFoundError
from omnitrack.foundation import lease
from omnitrack.foundation.calls import Run, Runtime
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import now_us
from omnitrack.foundation.lease import EXCLUDES, INDEX, MATCHES, REBUILD, RETENTION, TERM, UNLOAD
from omnitrack.foundation.settings import read_settings
from omnitrack.identifiers.scheme import content_id
from omnitrack.recording import loading
from omnitrack.records import LEASE, TOUCHED
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend
from omnitrack.upkeep.index_building import build_index
from omnitrack.upkeep.opening import make_context, open_store

NEW = Policy(limits={"*": 1})
ANN, PHONE, BEN = "email:ann@example.com", "phone:+442079460958", "email:ben@example.com"


class Clock:
    """The time, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = now_us()

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend()
    tracker = Tracker(backend)
    for number, people in enumerate(([ANN, PHONE], [BEN, PHONE])):
        tracker.record(channel="phone", occurred_at=at(number), customer=people, source="t", source_id=str(number))
    return backend


def at(minute: int) -> datetime:
    return datetime(2026, 3, 1, 12, minute, tzinfo=timezone.utc)


def context(backend: MemoryBackend, clock: Clock, policy: Policy | None = None) -> Context:
    """Return what the use cases of a process share whose clock this is."""
    ctx = make_context((), policy, None, None)
    return attrs.evolve(ctx, clock=clock, mark_key=Tracker(backend)._ctx.mark_key)


def rebuild(backend: MemoryBackend, clock: Clock, policy: Policy) -> Stepped[RebuildReport]:
    """Return the rebuild of such a process."""
    return Stepped(backend, rebuilding(context(backend, clock, policy)))


def computing(backend: MemoryBackend, stepped: Stepped[Any]) -> None:
    """Run a rebuild until writers keep a journal for it, and one transaction more."""
    while not backend.run(read_settings, write=False).rebuilding:  # type: ignore[union-attr]
        stepped.some(1)
    stepped.some(1)


def taken(backend: MemoryBackend, what: str, now: int) -> lease.Lease:
    def take(tx: Transaction) -> lease.Lease:
        tx.guard()
        return lease.take(tx, what, now)

    return backend.run(take)


def rows(backend: MemoryBackend) -> list[Any]:
    return backend.run(lambda tx: [*tx.find_identifiers(), *tx.find_links(), *tx.list_changes()], write=False)


@pytest.mark.parametrize("one", EXCLUDES)
@pytest.mark.parametrize("other", EXCLUDES)
def test_an_operation_is_refused_beside_those_that_the_table_names_and_no_other(
    backend: MemoryBackend, one: str, other: str
) -> None:
    now = now_us()
    taken(backend, one, now)
    if other not in EXCLUDES[one]:
        taken(backend, other, now)
        return
    with pytest.raises(OperationRunningError) as caught:
        taken(backend, other, now)
    assert lease.this_process() in str(caught.value)
    assert "begun on 20" in str(caught.value)


def test_what_excludes_is_excluded() -> None:
    assert all((one in EXCLUDES[other]) == (other in EXCLUDES[one]) for one in EXCLUDES for other in EXCLUDES)


def test_every_operation_of_several_transactions_takes_its_lease(backend: MemoryBackend) -> None:
    tracker = Tracker(backend, matching=True)
    calls: dict[str, Callable[[], object]] = {
        REBUILD: tracker.rebuild,
        MATCHES: tracker.find_matches,
        RETENTION: lambda: tracker.apply_retention([RetentionRule(keep=timedelta(days=1))]),
        UNLOAD: lambda: tracker.unload("crm"),
    }
    for what, call in calls.items():
        held = taken(backend, what, now_us())
        with pytest.raises(OperationRunningError):
            call()
        backend.run(partial(lease.release, lease=held))
    for call in calls.values():
        call()


def test_what_only_counts_needs_no_lease(backend: MemoryBackend) -> None:
    taken(backend, RETENTION, now_us())
    rules = [RetentionRule(keep=timedelta(days=1))]
    assert Tracker(backend).apply_retention(rules, dry_run=True).dry_run


@pytest.mark.parametrize("transactions", range(9))
def test_the_lease_of_a_rebuild_that_was_killed_is_taken_over_after_its_term_and_not_before(
    backend: MemoryBackend, clock: Clock, transactions: int
) -> None:
    before = rows(backend)
    killed = rebuild(backend, clock, NEW)
    killed.some(transactions + 1)
    killed.kill()
    assert rows(backend) == before
    clock.now += TERM - 1_000_000
    with pytest.raises(OperationRunningError):
        rebuild(backend, clock, NEW).rest()
    clock.now += 2_000_000
    rebuild(backend, clock, NEW).rest()
    tracker = Tracker(backend, policy=NEW)
    assert tracker.verify()
    assert tracker.customer(PHONE).shared


@pytest.mark.parametrize("transactions", range(1, 10))
def test_whoever_lost_its_lease_writes_nothing_more_and_says_so(
    backend: MemoryBackend, clock: Clock, transactions: int
) -> None:
    slow = rebuild(backend, clock, NEW)
    slow.some(transactions)
    clock.now += TERM + 1
    rebuild(backend, clock, NEW).rest()
    tracker = Tracker(backend, policy=NEW)
    tracker.record(channel="phone", occurred_at=at(5), customer=[ANN, BEN], source="t", source_id="later")
    before = rows(backend)
    with pytest.raises(LeaseLostError, match="can be run again"):
        slow.rest()
    assert rows(backend) == before
    assert tracker.verify()


def test_a_lease_that_is_renewed_outlasts_its_term(backend: MemoryBackend, clock: Clock) -> None:
    stepped = rebuild(backend, clock, NEW)
    while not stepped.ended:
        stepped.some(1)
        clock.now += TERM * 2 // 5  # a renewal and a long read
        if '"rebuild"' in backend.run(lambda tx: tx.find_records(LEASE), write=False)[0].value:
            with pytest.raises(OperationRunningError):
                taken(backend, REBUILD, clock.now)
    assert Tracker(backend, policy=NEW).verify()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_operation_that_ends_with_an_error_gives_its_lease_back(
    backend: MemoryBackend, error: type[BaseException]
) -> None:
    tracker = Tracker(backend)

    def stop(done: int, total: int | None) -> None:
        raise error

    with pytest.raises(error):
        tracker.rebuild(progress=stop)
    assert tracker.rebuild().moved == 0


def test_of_many_that_open_with_a_rebuild_at_once_one_rebuilds_and_all_go_on(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omnitrack.upkeep import takeover

    begun: list[int] = []
    stage = takeover._stage

    def counted(*args: Any) -> Any:
        begun.append(1)
        return stage(*args)

    monkeypatch.setattr(takeover, "_stage", counted)
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(Tracker(backend, policy=NEW, rebuild=True, matching=True).customer(PHONE).shared)
        except BaseException as raised:
            found.append(raised)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20
    assert len(begun) == 1


def test_one_that_waits_for_another_rebuild_goes_on_when_it_is_done(backend: MemoryBackend, clock: Clock) -> None:
    first = rebuild(backend, clock, NEW)
    computing(backend, first)
    ctx = attrs.evolve(make_context((), NEW, None, None, True), clock=clock)
    second = Stepped(backend, lambda run: open_store(run, ctx, rebuild=True))
    pauses = 0
    while not second.ended:
        pauses += second.pausing
        if pauses == 3 and second.pausing:
            first.rest()
        second.once()
    assert second.rest().terms.fingerprint == ctx.terms.fingerprint
    assert pauses == 3


def test_writers_keep_no_journal_for_a_rebuild_that_was_killed_and_what_there_is_goes(
    backend: MemoryBackend, clock: Clock
) -> None:
    ctx = attrs.evolve(make_context((), None, None, None), clock=clock)
    run = Run(Runtime(backend))
    writer = open_store(run, ctx)
    killed = rebuild(backend, clock, NEW)
    computing(backend, killed)
    killed.kill()

    def record(number: int) -> int:
        one = omnitrack.Interaction(
            channel="phone",
            occurred_at=at(number),
            customers=[[f"email:{number}@example.com", PHONE]],
            source="t",
            source_id=str(number),
        )
        loading.record(run, writer, one)
        return len(backend.run(lambda tx: tx.find_records(TOUCHED), write=False))

    assert [record(10), record(11)] == [1, 2]
    clock.now += 2 * TERM + 1
    assert record(12) <= 1  # whoever finds that it was killed notes its own work once more
    assert record(13) <= 1
    tracker = Tracker(backend)
    assert tracker.verify()
    tracker.erase(ANN)
    assert not backend.run(lambda tx: tx.find_records(TOUCHED), write=False)


def test_what_is_erased_while_a_rebuild_computes_is_in_no_journal(backend: MemoryBackend, clock: Clock) -> None:
    stepped = rebuild(backend, clock, NEW)
    computing(backend, stepped)
    tracker = Tracker(backend)
    tracker.record(channel="phone", occurred_at=at(20), customer=["email:eve@example.com", "x:eve"])
    hers = content_id("x:eve").hex()
    assert any(hers in r.value for r in backend.run(lambda tx: tx.find_records(TOUCHED), write=False))
    tracker.erase("x:eve")
    assert not backend.run(lambda tx: tx.find_records(TOUCHED), write=False)
    stepped.rest()
    rebuilt = Tracker(backend, policy=NEW)
    assert rebuilt.verify()
    with pytest.raises(CustomerNotFoundError):
        rebuilt.customer("x:eve")


def test_a_rebuild_comes_to_its_end_however_often_it_has_to_begin_again(backend: MemoryBackend, clock: Clock) -> None:
    old = Tracker(backend)
    stepped = rebuild(backend, clock, NEW)
    said = 0
    while not stepped.ended:
        old.retract(old.mark_shared(ANN))  # each one changes what was computed from
        said += 1
        assert said < 100
        stepped.some(1)
    stepped.rest()
    assert Tracker(backend, policy=NEW).verify()


@pytest.mark.parametrize("transactions", range(2, 6))
def test_an_index_whose_building_was_killed_is_built_by_the_next_who_asks_for_it(
    backend: MemoryBackend, clock: Clock, transactions: int
) -> None:
    def opening() -> Stepped[Context]:
        ctx = attrs.evolve(make_context((), None, None, None, False, True), clock=clock)
        return Stepped(backend, lambda run: open_store(run, ctx, matching=True))

    killed = opening()
    while not backend.run(lambda tx: tx.find_records(LEASE), write=False):
        killed.some(1)
    killed.some(transactions - 1)
    killed.kill()
    if transactions < 5:
        with pytest.raises(OperationRunningError if transactions > 2 else omnitrack.InvalidPolicyError):
            Tracker(backend).find_matches()
    clock.now += TERM + 1
    opening().rest()
    tracker = Tracker(backend, matching=True)
    tracker.find_matches()
    assert tracker.verify()


def test_the_index_that_is_half_built_and_whose_building_is_over_is_not_compared_by(
    backend: MemoryBackend, clock: Clock
) -> None:
    held = taken(backend, INDEX, clock())
    ctx = context(backend, clock)
    killed = Stepped(backend, lambda run: build_index(run, ctx, held))
    killed.some(1)
    killed.kill()
    backend.run(lambda tx: lease.release(tx, held))
    with pytest.raises(omnitrack.InvalidPolicyError, match="broken off; open it once more with matching=True"):
        Tracker(backend).find_matches()
