"""The queue: open cases that wait for us, in the order of triage, with what their customers said since on any channel."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import at, seen
from omnitrack import InvalidInteractionError, Tracker, WordList

pytestmark = pytest.mark.usefixtures("clock")

JANE, JOE, KIM = "jane.doe@example.com", "joe@example.com", "kim@example.com"
WORDS = WordList({"danger": {"en": ["gas leak"]}, "vulnerable": {"en": ["oxygen"]}})


def told(tracker: Tracker, **asked: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    places = tracker.queue(now=at(600), words=WORDS, **asked)
    return [(place.id, place.level, tuple(reason.because for reason in place.reasons)) for place in places]


def test_the_most_serious_is_taken_first_with_its_reasons(tracker: Tracker) -> None:
    plain = tracker.open_case(seen(tracker, 0, JOE, body="Where is my order?"), kind="order", at=at(0))
    broken = tracker.open_case(seen(tracker, 1, KIM), kind="fault", seriousness="minor", owner="sam", at=at(1))
    tracker.promise(broken, "call back", due=at(60), at=at(2))
    danger = tracker.open_case(seen(tracker, 500, JANE, body="I think there is a GAS LEAK"), kind="fault", at=at(500))
    assert told(tracker) == [
        (danger.id, "immediate", ("words", "kind")),
        (broken.id, "urgent", ("promise", "seriousness", "kind")),
        (plain.id, "non-urgent", ()),
    ]
    (place,) = tracker.queue(now=at(600), words=WORDS, owner="sam")
    assert (place.id, place.overdue, place.since) == (broken.id, True, at(1))
    assert told(tracker, kind="order") == [(plain.id, "non-urgent", ())]
    assert len(tracker.queue(limit=1)) == 1


def test_who_comes_back_on_other_channels_counts_whether_it_was_filed_or_not(tracker: Tracker) -> None:
    case = tracker.open_case(seen(tracker, 5, JANE, direction="inbound"), kind="question", at=at(5))
    seen(tracker, 1, JANE, direction="inbound")  # before it was opened
    seen(tracker, 6, JANE, channel="web", kind="visit", direction="inbound")  # asks nobody for anything
    seen(tracker, 7, JANE, channel="chat", direction="inbound")
    seen(tracker, 8, JANE, channel="email", direction="outbound")
    seen(tracker, 9, JOE, channel="email", direction="inbound")
    assert told(tracker) == [(case.id, "non-urgent", ())]
    seen(tracker, 10, JANE, channel="x", direction="inbound", attributes={"reach": 5})
    (place,) = tracker.queue(now=at(600))
    assert place.level == "urgent"
    assert place.reasons[0].sentence == "contact 3 about it by phone and x and chat"


def test_what_waits_for_the_customer_is_in_no_queue_unless_a_promise_was_broken(tracker: Tracker) -> None:
    cases = [tracker.open_case(seen(tracker, n, JANE, thread=f"t{n}"), kind="fault", at=at(n)) for n in range(3)]
    pending = tracker.update_case(cases[0], state="pending", at=at(20))
    tracker.update_case(cases[1], state="resolved", at=at(20))
    tracker.update_case(cases[2], state="held", at=at(20))
    assert [id for id, *_ in told(tracker)] == [cases[2].id]
    tracker.promise(pending, "call back", due=at(60), at=at(21))
    assert {id for id, *_ in told(tracker)} == {cases[0].id, cases[2].id}
    (answered,) = tracker.follow_up(seen(tracker, 30, JANE, thread="t1", direction="inbound"))
    assert answered.answered
    assert answered.id in {id for id, *_ in told(tracker)}


def test_somebody_waits_since_they_wrote_after_our_last_answer(tracker: Tracker) -> None:
    first = seen(tracker, 0, JANE, direction="inbound")
    case = tracker.open_case(first, kind="fault", at=at(3))
    assert tracker.queue()[0].since == at(0)
    tracker.add_to_case(case.id, seen(tracker, 10, JANE, direction="outbound"))
    assert tracker.queue()[0].since == at(10)
    more = [seen(tracker, minute, JANE, direction="inbound") for minute in (30, 20)]
    tracker.add_to_case(case.id, more)
    assert tracker.queue()[0].since == at(20)


def test_what_was_edited_is_read_as_it_is_now_and_what_was_deleted_is_not(tracker: Tracker) -> None:
    case = tracker.open_case(seen(tracker, 0, JANE, body="hello"), kind="order", at=at(0))
    tracker.revise("s", "0", body="my mother is on oxygen", at=at(5))
    assert told(tracker) == [(case.id, "very urgent", ("words",))]
    tracker.revise("s", "0", deleted=True, at=at(6))
    assert told(tracker) == [(case.id, "non-urgent", ())]
    with pytest.raises(InvalidInteractionError, match="words"):
        tracker.queue(words=["oxygen"])  # type: ignore[arg-type]
