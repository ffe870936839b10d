"""What becomes of cases where a person is erased, a time is over, a source is unloaded, or normal forms change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from contacts import at, seen
from omnitrack import CaseNotFoundError, Interaction, RetentionRule, Tracker
from omnitrack.foundation.cases import case_ids_at, find_cases, move_cases
from omnitrack.records import CASE, CASE_DUE, CASE_LISTED, CASE_OF, CASE_WITH, NAMED
from omnitrack.storage.contract import Transaction
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

JANE, NUMBER, JOE, KIM = "jane.doe@example.com", "phone:+442079460958", "joe@example.com", "kim@example.com"
TRACES = ("jane.doe", "79460958", "7946 0958", "Doedoe", "jane's words")


def kept(tracker: Tracker) -> list[tuple[str, str]]:
    """Return every record that is kept of cases."""
    kinds = (CASE, CASE_OF, CASE_WITH, CASE_LISTED, CASE_DUE, NAMED)
    return tracker._read(lambda tx: [(kind, row.key) for kind in kinds for row in tx.find_records(kind)])


def test_nothing_of_a_person_is_left_in_a_case(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    call = seen(tracker, 0, JANE, NUMBER, body="jane's words", traits={"name": "Jane Doedoe"})
    case = tracker.open_case(call, kind="complaint", title="Jane Doedoe was charged twice", owner="sam", at=at(1))
    case = tracker.promise(case, "call Jane Doedoe on 020 7946 0958", due=at(90), at=at(2))
    tracker.add_to_case(case, note="jane's words", references=[("crm", "jane.doe@example.com")])
    tracker.open_case(JANE, kind="order", title="jane's words")
    # Others' cases: one of a mail to two, and one that only names her.
    mail = Interaction(
        channel="email", occurred_at=at(3), customers=[[JANE], [JOE]], body="both", source="mail", source_id="1"
    )
    tracker.record_many([mail])
    both = next(item.id for item in tracker.timeline(JOE))
    shared = tracker.open_case(both, kind="fault", title="Line of Jane Doedoe", owner="jane.doe@example.com")
    tracker.add_to_case(shared, call, note="Mrs Jane Doedoe, 020 7946 0958, called")
    other = tracker.open_case(seen(tracker, 4, KIM), kind="question", title="Knows jane.doe@example.com")
    traces = [*TRACES, *ids_of(tracker, JANE)]
    assert all(left_of(store, trace) for trace in traces)
    dry = tracker.erase(JANE, dry_run=True)
    assert str(dry).replace("would be erased", "erased") == str(tracker.erase(JANE))
    assert left_of(store, *traces) == []
    assert [one.id for one in tracker.cases()] == [shared.id, other.id]
    left = tracker.case(shared)
    assert (left.interactions, left.version) == ((both,), shared.version + 2)
    assert left.notes[0].text == "Mrs [erased], [erased], called"
    assert [one.id for one in tracker.cases(JOE)] == [shared.id]
    assert [one.id for one in tracker.cases(owner="[erased]")] == [shared.id]
    assert tracker.case(other).title == "Knows [erased]"
    with pytest.raises(CaseNotFoundError):
        tracker.case(case)


@pytest.mark.parametrize("how", ["retention", "unload", "erase"])
def test_a_case_goes_with_the_last_of_its_interactions(tracker: Tracker, how: str) -> None:
    old = seen(tracker, 0, JANE, source="old")
    young = seen(tracker, 1, JOE, source="new", channel="chat")
    case = tracker.open_case(old, kind="fault", title="of joe@example.com", owner="sam")
    both = tracker.open_case([old, young], kind="complaint")
    assert both.id != case.id
    if how == "retention":
        tracker.apply_retention([RetentionRule(keep=timedelta(days=1), channels=("phone",))])
    elif how == "unload":
        tracker.unload("old")
    else:
        tracker.erase(JANE)
    assert [one.id for one in tracker.cases()] == [both.id]
    assert tracker.case(both).interactions == (young,)
    assert tracker.case(both).version == both.version
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1))])
    assert kept(tracker) == []


def test_a_case_for_a_customer_goes_with_their_identifier(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    case = tracker.open_case(JANE, kind="order")
    tracker.promise(case, "deliver", due=at(90), at=at(0))
    assert kept(tracker)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1))])
    assert kept(tracker) == []


def test_retention_leaves_other_cases_as_they_are(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    case = tracker.open_case(seen(tracker, 1, JANE, channel="chat"), kind="order")
    before = tracker._read(lambda tx: tx.find_records(CASE))
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1), channels=("phone",))])
    assert tracker._read(lambda tx: tx.find_records(CASE)) == before
    assert tracker.case(case).interactions


def test_cases_go_along_where_an_identifier_gets_another_id(tracker: Tracker) -> None:
    call = seen(tracker, 0, JANE)
    by_call, for_her = tracker.open_case(call, kind="fault"), tracker.open_case(JANE, kind="order")
    old, new = tracker._ctx.base_id(f"email:{JANE}"), bytes(range(16))

    def move(tx: Transaction) -> None:
        put, gone = move_cases(tx, [old], {old: new})
        tx.delete(records=gone)
        tx.put_records(put)

    tracker._backend.run(move)
    ids = [bytes.fromhex(case.id.removeprefix("cas_")) for case in (by_call, for_her)]
    found = tracker._read(lambda tx: (case_ids_at(tx, [old]), case_ids_at(tx, [new]), find_cases(tx, ids)))
    assert found[:2] == ([], ids)
    about = found[2][ids[1]].about
    assert about is not None
    assert (about.base, found[2][ids[0]].places, found[2][ids[0]].about) == (new, (new,), None)
    assert [one.version for one in found[2].values()] == [2, 2]
