"""A call whose commit happened and whose answer was lost is repeated, adds nothing, and says what it would have said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

import omnitrack
from clock import now
from omnitrack import Interaction, Policy, RetentionRule, Revision, Tracker
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend

pytestmark = pytest.mark.usefixtures("clock")

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Repeating(MemoryBackend):
    """Repeats what writes: as after an answer that was lost (``after="commit"``) or a commit that was refused (``after="rollback"``)."""

    after: str | None = None

    def run(self, fn: Callable[[Transaction], Any], *, write: bool = True) -> Any:
        if write and self.after == "commit":
            super().run(fn)
        elif write and self.after == "rollback":
            with pytest.raises(RefusedError):
                super().run(lambda tx: refused(fn, tx))
        return super().run(fn, write=write)


def refused(fn: Callable[[Transaction], Any], tx: Transaction) -> None:
    fn(tx)
    raise RefusedError


class RefusedError(Exception):
    """What a commit raises here, so that nothing was written."""


def contact(number: int, *who: str, **fields: Any) -> Interaction:
    return Interaction(
        channel="chat",
        customers=[list(who)],
        occurred_at=T0 + timedelta(hours=number),
        source="s",
        source_id=str(number),
        **fields,
    )


NEW = Policy(max_identifiers=2)

A, B, C = "a@example.com", "b@example.com", "c@example.com"


def recorded(tracker: Tracker) -> Any:
    found = tracker.record(channel="chat", customer=[A, B], occurred_at=T0, source="s", source_id="new")
    return found.duplicate, found.suppressed, len(found.changes), len(found.customer_ids)


def recorded_without_an_id(tracker: Tracker) -> Any:
    found = tracker.record(channel="chat", customer=[A, "new@example.com"], occurred_at=T0 + timedelta(hours=9))
    return found.duplicate, len(found.changes)


def recorded_again(tracker: Tracker) -> Any:
    return tracker.record(channel="chat", customer=A, occurred_at=T0, source="s", source_id="0").duplicate


def loaded(tracker: Tracker) -> Any:
    edit = Revision(source="s", source_id="0", body="edited", at=T0 + timedelta(days=1))
    report = tracker.record_many([contact(0, A), contact(7, A), contact(8, B, C), edit])
    return report.added, report.duplicates, report.revised, len(report.rejected)


def said(say: Callable[[Tracker], Any]) -> Callable[[Tracker], Any]:
    return lambda tracker: (lambda s: (s.kind, s.retracted_at is None, len(tracker.statements(A))))(say(tracker))


def alike(tracker: Tracker) -> None:
    for number, who in enumerate((B, "b2@example.com")):
        traits = {"name": "Bob Zaleski", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
        tracker.record_many([contact(20 + number, who, traits=traits)])


def matched(tracker: Tracker) -> Any:
    alike(tracker)
    return Tracker(tracker._backend, region="GB", matching=True).find_matches()


def both_edits_of_one_time(tracker: Tracker) -> Any:
    first = tracker.revise("s", "0", body="one", at=T0)
    return first, tracker.revise("s", "0", body="two", at=T0), tracker.revise("s", "0", body="one", at=T0)


def dealt_with(tracker: Tracker) -> Any:
    first, second = list(tracker.timeline(A, order="oldest"))[:2]
    case = tracker.open_case(first, kind="fault", owner="sam")
    case = tracker.promise(case, "call", due=now() + timedelta(days=1))
    case = tracker.add_to_case(case, note="calls back")
    case = tracker.update_case(case, state="resolved", answer_within=timedelta(days=2))
    case = tracker.confirm_case(case, second)
    again = tracker.reopen_case(case, reason="no")
    other = tracker.update_case(tracker.open_case(C, kind="order"), state="resolved", answer_within=timedelta(days=2))
    closed = tracker.close_unanswered(now=now() + timedelta(days=3))
    told = [(line.what, line.value, line.text) for line in again.history]
    return told, len(tracker.cases(state=None)), [one.id == other.id for one in closed]


CALLS: dict[str, Callable[[Tracker], Any]] = {
    "record": recorded,
    "record without a source's id": recorded_without_an_id,
    "record what is there": recorded_again,
    "record_many": loaded,
    "revise": both_edits_of_one_time,
    "note": lambda tracker: bool(tracker.note(A, "calls back")),
    "note beside": lambda tracker: bool(tracker.note(next(iter(tracker.timeline(A))).id, "calls back")),
    "link": said(lambda tracker: tracker.link(A, B, by="sam")),
    "deny": said(lambda tracker: tracker.deny(A, B)),
    "mark_shared": said(lambda tracker: tracker.mark_shared(A)),
    "reassign": said(lambda tracker: tracker.reassign(A, at=T0 + timedelta(hours=1))),
    "attribute": said(lambda tracker: tracker.attribute(next(iter(tracker.timeline(A))).id, B)),
    "retract": said(lambda tracker: tracker.retract(tracker.link(A, C))),
    "retract a reassignment": said(lambda tracker: tracker.retract(tracker.reassign(A, at=T0))),
    "erase": lambda tracker: str(tracker.erase(A)),
    "rebuild": lambda tracker: str(tracker.rebuild()),
    "rebuild by another policy": lambda tracker: str(Tracker(tracker._backend, policy=NEW, rebuild=True).policy),
    "apply_retention": lambda tracker: attrs.evolve(
        tracker.apply_retention([RetentionRule(keep=now() - T0 - timedelta(minutes=90))]),
        id="",
        at=T0,
    ),
    "find_matches": matched,
    "cases": dealt_with,
}


def play(call: Callable[[Tracker], Any], after: str | None) -> tuple[Any, Any, Any]:
    backend = Repeating()
    tracker = Tracker(backend, region="GB")
    tracker.record_many([contact(0, A, body="hello"), contact(1, B), contact(2, C), contact(3, A, C)])
    backend.after = after
    answer = call(tracker)
    backend.after = None
    left = backend.run(
        lambda tx: len(tx.find_links()) + len(tx.find_records("filing")) + len(tx.list_changes()), write=False
    )
    timelines: list[Any] = []
    for who in (A, B, C):
        try:
            timelines.append([(item.body, item.kind) for item in tracker.timeline(who)])
        except omnitrack.CustomerNotFoundError:
            timelines.append(None)
    assert Tracker(backend, region="GB", policy=NEW if call is CALLS["rebuild by another policy"] else None).verify()
    return answer, left, timelines


@pytest.mark.parametrize("after", ["commit", "rollback"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_repeated_says_and_leaves_what_one_call_does(name: str, after: str) -> None:
    assert play(CALLS[name], after) == play(CALLS[name], None)


def test_what_another_had_recorded_is_a_duplicate_however_often_it_is_tried() -> None:
    backend = Repeating()
    ours, theirs = Tracker(backend, region="GB"), Tracker(backend, region="GB")
    theirs.record_many([contact(0, A)])
    backend.after = "rollback"
    assert ours.record_many([contact(0, A), contact(1, A)]).duplicates == 1
