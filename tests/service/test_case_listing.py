"""Cases listed: whose they are follows from their interactions, and pages by the index hold what looking at every case finds."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from contacts import at, seen
from effort import budget
from omnitrack import Case, InvalidCursorError, Tracker, claimed
from omnitrack.foundation.cases import find_cases
from omnitrack.service import case_listing
from omnitrack.service.case import KINDS, OPEN_STATES, STATES

pytestmark = pytest.mark.usefixtures("clock")

JANE, NUMBER, JOE = "jane.doe@example.com", "phone:+442079460958", "joe@example.com"
NAMES = ["phone:+442079460951", "phone:+442079460952", "email:1@example.com", "account:1@bt"]


def ids(cases: Any) -> list[str]:
    return [case.id for case in cases]


def test_a_merge_shows_the_cases_of_both_and_its_undo_gives_them_back(tracker: Tracker) -> None:
    hers, his = (tracker.open_case(seen(tracker, n, who), kind="fault") for n, who in enumerate((JANE, JOE)))
    said = tracker.link(JANE, JOE)
    assert ids(tracker.cases(JANE)) == ids(tracker.cases(JOE)) == [hers.id, his.id]
    assert tracker.case(hers).customers == (tracker.customer(JANE).id,)
    tracker.retract(said)
    assert (ids(tracker.cases(JANE)), ids(tracker.cases(JOE))) == ([hers.id], [his.id])


def test_a_case_goes_where_its_interaction_is_attributed_and_comes_back(tracker: Tracker) -> None:
    seen(tracker, 0, JOE)
    call = seen(tracker, 1, JANE)
    case = tracker.open_case(call, kind="complaint")
    said = tracker.attribute(call, JOE)
    assert (ids(tracker.cases(JANE)), ids(tracker.cases(JOE))) == ([], [case.id])
    tracker.retract(said)
    assert (ids(tracker.cases(JANE)), ids(tracker.cases(JOE))) == ([case.id], [])
    said = tracker.attribute(call, JOE)
    late = tracker.open_case(call, kind="order")
    tracker.retract(said)
    assert (ids(tracker.cases(JANE)), ids(tracker.cases(JOE))) == ([case.id, late.id], [])


def test_a_case_stays_with_whoever_had_the_number_then(tracker: Tracker) -> None:
    case = tracker.open_case(seen(tracker, 0, NUMBER, JOE), kind="fault")
    for_him = tracker.open_case(tracker.customer(JOE).id, kind="order")
    said = tracker.reassign(NUMBER, at=at(5))
    seen(tracker, 6, NUMBER, JANE)
    assert (ids(tracker.cases(NUMBER)), ids(tracker.cases(JOE))) == ([], [case.id, for_him.id])
    tracker.retract(said)
    assert case.id in ids(tracker.cases(NUMBER))


def test_a_claim_shows_nobody_a_case(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    case = tracker.open_case(seen(tracker, 1, claimed(JANE)), kind="complaint")
    assert list(tracker.cases(JANE)) == []
    assert ids(tracker.cases()) == [case.id]
    assert case.customers == ()


@attrs.frozen
class Act:
    """One thing that is done: to which case or names, and what."""

    what: str
    pick: int
    names: tuple[str, ...]
    value: Any = None


ACTS = st.builds(
    Act,
    what=st.sampled_from(
        ["open", "open", "open", "state", "owner", "promise", "keep", "link", "deny", "retract", "attribute"]
    ),
    pick=st.integers(0, 9),
    names=st.sampled_from([(one,) for one in NAMES] + list(combinations(NAMES, 2))),
    value=st.integers(0, 7),
)


def play(tracker: Tracker, acts: list[Act]) -> None:
    said: list[Any] = []
    calls: list[str] = []
    for minute, act in enumerate(acts):
        cases = list(tracker.cases(state=None, limit=1_000))
        case = cases[act.pick % len(cases)] if cases else None
        if act.what == "open" or case is None:
            calls.append(seen(tracker, minute, *act.names))
            owner = [None, "sam", "priya"][act.value % 3]
            tracker.open_case(calls[-1], kind=KINDS[act.value % 4], owner=owner)
        elif act.what == "state":
            try:
                tracker.update_case(case, state=STATES[act.value], reason="so")
            except omnitrack.CaseStateError:
                pass
        elif act.what == "owner":
            tracker.update_case(case, owner=["sam", "priya", ""][act.value % 3])
        elif act.what == "promise" and case.is_open:
            tracker.promise(case, "call", due=at(100 + act.value), at=at(minute))
        elif act.what == "keep" and case.promises:
            tracker.keep_promise(case, 1)
        elif act.what in ("link", "deny") and len(act.names) == 2:
            said.append(getattr(tracker, act.what)(*act.names))
        elif act.what == "retract" and said:
            tracker.retract(said.pop(act.pick % len(said)))
        elif act.what == "attribute" and calls:
            said.append(tracker.attribute(calls[act.pick % len(calls)], act.names[0]))


def pages(tracker: Tracker, size: int, **asked: Any) -> list[Case]:
    found: list[Case] = []
    cursor = None
    while True:
        page = tracker.cases(**asked, limit=size, cursor=cursor)
        assert len(page) <= size
        found += page
        cursor = page.next
        if cursor is None:
            return found


@given(st.lists(ACTS, max_size=12), st.integers(1, 3), st.sampled_from([None, "sam"]), st.sampled_from([None, "fault"]))
@budget(40)
def test_pages_hold_what_looking_at_every_case_finds(acts: list[Act], size: int, owner: str | None, kind: Any) -> None:
    with omnitrack.open("memory://", region="GB") as tracker:
        play(tracker, acts)
        everything = pages(tracker, 7, state=None)
        assert ids(everything) == sorted(ids(everything))
        for state in (None, "open", "held", ("closed", "acknowledged")):
            states = (
                OPEN_STATES if state == "open" else STATES if state is None else (state,) if state == "held" else state
            )
            wanted = [
                case
                for case in everything
                if case.state in states
                and (owner is None or case.owner == owner)
                and (kind is None or case.kind == kind)
            ]
            assert pages(tracker, size, state=state, owner=owner, kind=kind) == wanted
        late = {case.id: min(one.due for one in case.broken) for case in everything if case.is_open and case.broken}
        due = sorted(late, key=lambda id: (late[id], id))
        assert ids(pages(tracker, size, overdue=True)) == due
        for name in NAMES:
            try:
                customer = tracker.customer(name)
            except omnitrack.CustomerNotFoundError:
                continue
            theirs = {item.id for item in tracker.timeline(name)}
            mine = [case.id for case in everything if theirs & set(case.interactions)]
            assert ids(pages(tracker, size, who=name, state=None)) == mine
            assert all(customer.id in case.customers for case in tracker.cases(name))
        assert tracker.verify()


def test_overdue_is_by_the_time_that_is_asked_for(tracker: Tracker) -> None:
    case = tracker.open_case(seen(tracker, 0, JANE), kind="fault", owner="sam")
    tracker.promise(case, "call back", due=at(60), at=at(1))
    assert list(tracker.cases(overdue=True, now=at(60))) == []
    assert ids(tracker.cases(overdue=True, now=at(61), owner="sam")) == [case.id]
    assert list(tracker.cases(overdue=True, now=at(61), owner="priya")) == []
    assert ids(tracker.cases(JANE, overdue=True)) == [case.id]


def test_a_page_reads_no_more_cases_than_it_shows(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(30):
        tracker.open_case(seen(tracker, n, f"{n}@example.com"), kind="fault", owner=f"agent {n % 10}")
    read: list[int] = []

    def find(tx: Any, some: list[bytes]) -> Any:
        read.append(len(some))
        return find_cases(tx, some)

    monkeypatch.setattr(case_listing, "find_cases", find)
    assert len(tracker.cases(owner="agent 3")) == 3
    assert sum(read) == 3


def test_a_cursor_is_of_one_query(tracker: Tracker) -> None:
    for n in range(3):
        tracker.open_case(seen(tracker, n, JANE), kind="fault")
    page = tracker.cases(limit=2)
    with pytest.raises(InvalidCursorError):
        tracker.cases(kind="fault", limit=2, cursor=page.next)
