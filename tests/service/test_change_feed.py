"""The feed: nothing is skipped, whatever the order of commits; ids stay; an erased person's entries go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from concurrency.row_locks import Run as Interleaving
from omnitrack import (
    FeedEntry,
    HostTransactionError,
    Interaction,
    InvalidCursorError,
    InvalidInteractionError,
    InvalidPolicyError,
    RetentionRule,
    Tracker,
)
from omnitrack.foundation.calls import Run, Runtime
from omnitrack.foundation.ids import to_us
from omnitrack.records import FEED, FEED_NEW, FEED_ORDER
from omnitrack.service.change_feed import PLACED, place_of, read_feed
from omnitrack.storage.contract import Backend, InteractionRow, Transaction
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.tables import MemoryState

AT = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "feed": True}


def contact(tracker: Tracker, number: int, *people: str, day: int = 3) -> str:
    recorded = tracker.record(
        channel="web",
        customer=list(people) or [f"crm:{number}"],
        occurred_at=AT.replace(day=day),
        source="shop",
        source_id=str(number),
    )
    assert recorded.interaction is not None
    return recorded.interaction


def kinds(entries: Iterable[FeedEntry]) -> list[str]:
    return [entry.kind for entry in entries]


def notes(tracker: Tracker) -> str:
    """Return all that the store keeps for the feed."""
    return tracker._read(
        lambda tx: "\n".join(row.value for kind in (FEED_NEW, FEED, FEED_ORDER) for row in tx.find_records(kind))
    )


# -- what it tells ------------------------------------------------------------------------------------------------------
def test_what_happens_is_told_in_its_order(tracker: Tracker) -> None:
    one, two = contact(tracker, 1), contact(tracker, 2)
    said = tracker.link("crm:1", "crm:2")
    tracker.revise("shop", "1", body="changed", at=AT)
    tracker.retract(said)
    entries = list(tracker.changes())
    assert kinds(entries) == [
        "interaction",
        "interaction",
        "statement",
        "identity",
        "revision",
        "retraction",
        "identity",
    ]
    assert [entry.interaction for entry in entries if entry.interaction] == [one, two, one]
    assert {entry.statement for entry in entries if entry.statement} == {said.id}
    assert [(e.change.old, e.change.new) for e in entries if e.change is not None] == [
        (change.old, change.new) for change in tracker.identity_log()
    ]
    assert entries[0].customers == (tracker.customer("crm:1").id,)


def test_what_brings_nothing_is_not_told(tracker: Tracker) -> None:
    contact(tracker, 1)
    contact(tracker, 1)
    tracker.revise("shop", "1", body="changed", at=AT)
    tracker.revise("shop", "1", body="changed", at=AT)
    assert kinds(tracker.changes()) == ["interaction", "revision"]


def test_a_backdated_interaction_is_told_when_it_comes(tracker: Tracker) -> None:
    contact(tracker, 1)
    (first,) = tracker.changes()
    late = contact(tracker, 2, day=1)
    assert [entry.interaction for entry in tracker.changes(after=first.cursor)] == [late]


def test_a_batch_is_told_one_by_one(tracker: Tracker) -> None:
    many = [
        Interaction(channel="web", occurred_at=AT + timedelta(minutes=n), customers=[["crm:1"]]) for n in range(1_203)
    ]
    tracker.record_many(many, batch_size=700)
    entries = list(tracker.changes())
    assert len({entry.interaction for entry in entries}) == len(entries) == 1_203
    assert len(list(tracker.changes(after=entries[699].cursor))) == 503
    assert len({entry.id for entry in entries}) == 1_203
    assert sorted(entry.id for entry in entries) == [entry.id for entry in entries]


def test_it_can_be_resumed_after_every_entry(tracker: Tracker) -> None:
    contact(tracker, 1, "crm:1", "email:a@example.org")
    contact(tracker, 2, "email:a@example.org", "crm:3")
    contact(tracker, 3, "crm:2")
    tracker.link("crm:1", "crm:2")
    entries = list(tracker.changes())
    for number, entry in enumerate(entries, start=1):
        assert list(tracker.changes(after=entry.cursor)) == entries[number:]
    assert [entry for number in range(len(entries)) for entry in tracker.changes(limit=number + 1)][
        -len(entries) :
    ] == entries


def test_pages_go_on_from_each_other_also_where_nothing_came(tracker: Tracker) -> None:
    changes = tracker.changes()
    empty = changes.page()
    assert empty.items == ()
    contact(tracker, 1)
    page = changes.page(cursor=empty.next)
    assert kinds(list(page.items)) == ["interaction"]
    assert changes.page(cursor=page.next).items == ()


def test_an_entry_travels(tracker: Tracker) -> None:
    contact(tracker, 1)
    contact(tracker, 2)
    tracker.link("crm:1", "crm:2")
    for entry in tracker.changes():
        assert FeedEntry.from_dict(json.loads(json.dumps(entry.to_dict()))) == entry


def test_a_merge_by_evidence_is_told_with_its_contact(tracker: Tracker) -> None:
    contact(tracker, 1, "crm:1")
    contact(tracker, 2, "email:a@example.org")
    joined = contact(tracker, 3, "crm:1", "email:a@example.org")
    last = list(tracker.changes())[-1]
    assert last.kind == "identity"
    assert last.change is not None
    assert last.change.interaction == joined


# -- from when on -------------------------------------------------------------------------------------------------------
def test_a_store_keeps_none_until_it_is_asked_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url) as before:
        contact(before, 1)
        with pytest.raises(InvalidPolicyError, match="feed=True"):
            list(before.changes())
        assert notes(before) == ""
        with omnitrack.open(url, feed=True) as after:
            late = contact(before, 2)  # by a tracker that was opened before
            assert [entry.interaction for entry in after.changes()] == [late]
        with omnitrack.open(url) as again:
            later = contact(again, 3)
            assert [entry.interaction for entry in before.changes()] == [late, later]


def test_whoever_takes_the_end_first_and_reads_the_store_then_misses_nothing(tracker: Tracker) -> None:
    contact(tracker, 1)
    end = tracker.feed_end()
    assert list(tracker.changes(after=end)) == []
    contact(tracker, 2)
    assert len(list(tracker.interactions())) == 2
    assert len(list(tracker.changes(after=end))) == 1


# -- consumers ----------------------------------------------------------------------------------------------------------
def test_a_consumer_goes_on_from_what_it_acknowledged(tracker: Tracker) -> None:
    for number in range(3):
        contact(tracker, number)
    crm = tracker.changes(consumer="crm")
    entries = list(crm)
    crm.acknowledge(entries[1])
    assert list(tracker.changes(consumer="crm")) == entries[2:]
    crm.acknowledge(entries[0])  # of a process that lags behind
    assert list(tracker.changes(consumer="crm")) == entries[2:]
    assert list(tracker.changes(consumer="search")) == entries


def test_what_no_consumer_has_cannot_be_acknowledged(tracker: Tracker) -> None:
    contact(tracker, 1)
    (entry,) = tracker.changes()
    with pytest.raises(InvalidInteractionError, match="consumer: got None"):
        tracker.changes().acknowledge(entry)
    with pytest.raises(InvalidCursorError):
        tracker.changes(consumer="crm").acknowledge("abc")


@pytest.mark.parametrize(
    "given", [{"consumer": ""}, {"consumer": "é"}, {"limit": 0}, {"limit": True}, {"wait": -1}, {"wait": "1"}]
)
def test_what_cannot_be_is_refused(tracker: Tracker, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteractionError, match=f"^{next(iter(given))}: got"):
        tracker.changes(**given)


@pytest.mark.parametrize("feed", [timedelta(0), timedelta(-1), 30, "yes", None])
def test_a_time_to_keep_it_is_a_time(feed: Any) -> None:
    with pytest.raises(InvalidPolicyError, match=r"^feed: got"):
        omnitrack.open("memory://", feed=feed)


def test_a_cursor_of_another_store_is_refused(tracker: Tracker) -> None:
    contact(tracker, 1)
    (entry,) = tracker.changes()
    with omnitrack.open("memory://", feed=True) as other, pytest.raises(InvalidCursorError):
        list(other.changes(after=entry.cursor))


def test_it_is_not_read_in_a_transaction_of_the_host(tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = create_engine(url)
    tracker = omnitrack.open(url, feed=True)
    with engine.connect() as connection, pytest.raises(HostTransactionError, match="changes"):
        list(tracker.using(connection).changes())
    tracker.close()
    engine.dispose()


# -- waiting ------------------------------------------------------------------------------------------------------------
def test_a_reader_that_waits_sees_what_comes_while_it_waits(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[str] = []

    def sleep(seconds: float) -> None:
        came.append(contact(tracker, len(came)))

    monkeypatch.setattr(tracker._runtime, "sleep", sleep)
    followed = []
    for entry in tracker.changes(wait=None, limit=3):
        followed.append(entry.interaction)
    assert followed == came
    assert len(came) == 3


def test_a_reader_that_waits_for_a_time_ends(tracker: Tracker) -> None:
    assert list(tracker.changes(wait=0.01)) == []


async def test_async_callers_follow_it_too(tmp_path: Path) -> None:
    async with omnitrack.open_async(f"sqlite:///{tmp_path / 'history.db'}", feed=True) as tracker:
        for number in range(3):
            await tracker.record(channel="web", customer=f"crm:{number}", occurred_at=AT)
        changes = tracker.changes(consumer="crm")
        entries = [entry async for entry in changes]
        await changes.acknowledge(entries[1])
        assert [entry async for entry in tracker.changes(consumer="crm")] == entries[2:]
        assert [entry async for entry in tracker.changes(limit=2, wait=None)] == entries[:2]
        assert (await changes.page()).items == (entries[2],)


# -- what goes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("placed", [False, True], ids=["without places", "with places"])
def test_an_erased_person_is_in_no_note_and_consumers_are_told(tracker: Tracker, placed: bool) -> None:
    mine = contact(tracker, 1, "crm:1", "email:a@example.org")
    tracker.record_many(
        Interaction(channel="web", occurred_at=AT + timedelta(hours=n), customers=[[who]])
        for n, who in enumerate(["crm:1", "crm:2", "crm:1"])
    )
    tracker.link("crm:1", "crm:3")
    tracker.revise("shop", "1", body="changed", at=AT)
    left = contact(tracker, 9, "crm:9")
    customer = tracker.customer("crm:1").id
    gone = {item.id for item in tracker.timeline("crm:1")}
    assert mine in gone
    if placed:
        list(tracker.changes())
    tracker.erase("crm:1")
    entries = list(tracker.changes())
    (erasure,) = [entry for entry in entries if entry.kind == "erasure"]
    assert customer in erasure.customers
    assert set(erasure.interactions) == gone
    told = {entry.interaction for entry in entries if entry.interaction}
    assert left in told
    assert len(told) == 2
    text = "\n".join(line for line in notes(tracker).splitlines() if '"e"' not in line)
    assert not [id for id in gone if id.removeprefix("int_") in text]
    assert not [entry for entry in entries if entry.kind == "identity"]


def test_what_was_read_of_an_erased_person_is_told_to_go(tracker: Tracker) -> None:
    mine = contact(tracker, 1)
    (seen,) = tracker.changes()
    tracker.erase("crm:1")
    (erasure,) = tracker.changes(after=seen.cursor)
    assert (erasure.kind, erasure.interactions) == ("erasure", (mine,))


def test_retention_tells_what_went(tracker: Tracker) -> None:
    mine = contact(tracker, 1)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1))])
    (erasure,) = tracker.changes()
    assert erasure.interactions == (mine,)


def test_what_is_past_its_time_goes_and_a_cursor_from_before_is_told(tracker: Tracker) -> None:
    for number in range(3):
        contact(tracker, number)
    entries = list(tracker.changes())
    assert tracker.trim_feed(keep=timedelta(hours=1)) == 0
    assert tracker.trim_feed(keep=timedelta(0)) == 3
    assert notes(tracker) == ""
    late = contact(tracker, 4)
    with pytest.raises(InvalidCursorError, match="no longer kept"):
        list(tracker.changes(after=entries[0].cursor))
    assert [entry.interaction for entry in tracker.changes(after=entries[2].cursor)] == [late]
    assert [entry.interaction for entry in tracker.changes()] == [late]


def test_reading_takes_away_what_is_past_its_time(tmp_path: Path) -> None:
    with omnitrack.open(f"sqlite:///{tmp_path / 'history.db'}", feed=timedelta(microseconds=1)) as tracker:
        contact(tracker, 1)
        list(tracker.changes())
        list(tracker.changes())
        assert notes(tracker) == ""


def test_what_nobody_reads_is_taken_away_too(tracker: Tracker) -> None:
    contact(tracker, 1)
    assert tracker.trim_feed(keep=timedelta(0)) == 1
    assert list(tracker.changes()) == []


# -- interleavings ------------------------------------------------------------------------------------------------------
def row(number: int) -> InteractionRow:
    at = to_us(AT) + number
    return InteractionRow(
        number.to_bytes(16, "big"), 0, "shop", str(number), "web", "inbound", "message", at, 0, None, at,
        None, None, None, None, None, None, None, None, 0,
    )  # fmt: skip


class _AbortedError(Exception):
    """A writer that changes its mind."""


class Actors:
    """Writers and readers that take turns on a store, READ COMMITTED, the weakest that an engine may have."""

    def open(self, backend: Backend) -> None:
        self._ctx = Tracker(backend, feed=True)._ctx

    def writer(self, number: int, aborts: bool = False) -> Callable[[Backend], None]:
        def write(tx: Transaction) -> None:
            tx.guard()
            tx.add_interactions([row(number)], [])
            if aborts:
                raise _AbortedError

        def act(backend: Backend) -> None:
            with suppress(_AbortedError):
                Run(Runtime(backend), known=self._ctx.known)(write)

        return act

    def reader(self, pages: int, size: int) -> Callable[[Backend], list[str]]:
        def act(backend: Backend) -> list[str]:
            seen: list[str] = []
            place = None
            for _ in range(pages):
                found = read_feed(Run(Runtime(backend), known=self._ctx.known), self._ctx, place, size)
                seen += [str(entry.interaction) for entry in found.entries]
                place = place_of(self._ctx, found.next)
            return seen

        return act


def judge(backend: MemoryBackend, seen: list[list[str]], count: int) -> None:
    """See that all is told once, and that readers saw the beginning of that."""
    tracker = Tracker(backend)
    everything = [str(entry.interaction) for entry in tracker.changes()]
    assert sorted(everything) == sorted(str(one.id) for one in tracker.interactions())
    assert len(everything) == count
    for one in seen:
        assert one == everything[: len(one)]


def test_of_two_that_give_places_at_once_one_begins_again() -> None:
    actors, state = Actors(), MemoryState()
    actors.open(MemoryBackend(state))
    run = Interleaving(state, [*map(actors.writer, (1, 2, 3)), actors.reader(2, 9), actors.reader(1, 9)])
    slow = run.sessions[3]
    try:
        _to_the_end(run, 0)
        while slow.step is not None and slow.step.kwargs != {"limit": PLACED}:  # it has read how far the order goes
            run.take(3)
        for number in (4, 1, 2, 3):
            _to_the_end(run, number)
        assert run.retries == 1
        seen = [slow.result, run.sessions[4].result]
    finally:
        run.abandon()
    judge(MemoryBackend(state), seen, 3)


def _to_the_end(run: Interleaving, number: int) -> None:
    while run.sessions[number].step is not None:
        assert number in run.choices()
        run.take(number)


@given(data=st.data())
def test_no_order_of_steps_makes_a_reader_skip_anything(data: st.DataObject) -> None:
    actors, state = Actors(), MemoryState()
    actors.open(MemoryBackend(state))
    aborts = data.draw(st.lists(st.booleans(), min_size=2, max_size=4), "writers that roll back")
    # The later begun has the earlier time.
    writers = [actors.writer(len(aborts) - number, aborted) for number, aborted in enumerate(aborts)]
    run = Interleaving(state, [*writers, actors.reader(3, 2), actors.reader(2, 1)])
    try:
        while choices := run.choices():
            run.take(data.draw(st.sampled_from(sorted(choices)), "next"))
        assert [session.error for session in run.sessions] == [None] * len(run.sessions)
        seen = [session.result for session in run.sessions[len(writers) :]]
    finally:
        run.abandon()
    judge(MemoryBackend(state), seen, aborts.count(False))
