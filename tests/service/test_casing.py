"""Cases: opened from interactions, changed by agents, ended by customers alone; they follow whose their interactions are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clock import now
from contacts import at, seen
from omnitrack import (
    Case,
    CaseChangedError,
    CaseNotFoundError,
    CaseStateError,
    ConflictError,
    CustomerNotFoundError,
    InteractionNotFoundError,
    InvalidInteractionError,
    Tracker,
    claimed,
)
from omnitrack.service.case import STATES
from omnitrack.service.case_steps import STEPS

pytestmark = pytest.mark.usefixtures("clock")

JANE, NUMBER, JOE = "jane.doe@example.com", "phone:+442079460958", "joe@example.com"
DAY = timedelta(days=1)


def mail(tracker: Tracker, minute: int, *customer: Any, **fields: Any) -> str:
    return seen(tracker, minute, *customer, **{"channel": "email", "direction": "inbound", "source": "mail", **fields})


def acts(case: Case) -> list[tuple[str, str | None]]:
    return [(line.what, line.value or line.text) for line in case.history]


def test_a_case_is_opened_from_interactions_with_who_has_it_and_how_serious_it_is(tracker: Tracker) -> None:
    first, second = mail(tracker, 0, JANE), seen(tracker, 1, JANE)
    case = tracker.open_case(
        [second, first],
        kind="complaint",
        title="Charged twice",
        seriousness="major",
        owner="sam",
        references=[("zendesk", "4711")],
        by="priya",
        at=at(2),
    )
    assert (case.kind, case.state, case.title, case.seriousness, case.owner) == (
        "complaint", "acknowledged", "Charged twice", "major", "sam",
    )  # fmt: skip
    assert case.interactions == (first, second)
    assert case.customers == (tracker.customer(JANE).id,)
    assert case.opened_at == at(2)
    assert [(one.system, one.value) for one in case.references] == [("zendesk", "4711")]
    assert tracker.open_case(first, kind="complaint", owner="somebody else") == case  # it is held by one already
    assert tracker.open_case(first, kind="order").id != case.id
    assert tracker.case(case.id).history == case.history


def test_a_case_may_be_opened_for_a_customer(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    case = tracker.open_case(JANE, kind="fault")
    assert case.customers == (tracker.customer(JANE).id,)
    with pytest.raises(CustomerNotFoundError):
        tracker.open_case(JOE, kind="fault")
    with pytest.raises(InteractionNotFoundError):
        tracker.open_case("int_" + "0" * 32, kind="fault")
    with pytest.raises(CaseNotFoundError, match="cas_"):
        tracker.case("cas_" + "0" * 32)


def brought_to(tracker: Tracker, state: str, minute: int) -> Case:
    """Return a case in a state."""
    case = tracker.open_case(mail(tracker, minute, JANE), kind="order")
    if state in ("closed", "cancelled"):
        last = mail(tracker, minute + 1, JANE)
        return tracker.confirm_case(case, last) if state == "closed" else tracker.withdraw_case(case, last)
    return tracker.update_case(case, state=state, reason="because")  # type: ignore[arg-type]


@pytest.mark.parametrize("state", STATES)
def test_a_case_goes_through_the_states_that_are_allowed_and_no_other(tracker: Tracker, state: str) -> None:
    for number, wanted in enumerate(set(STATES) - {state}):
        case = brought_to(tracker, state, 10 * number)
        if wanted in STEPS[state]:
            assert tracker.update_case(case, state=wanted, reason="because").state == wanted  # type: ignore[arg-type]
        else:
            with pytest.raises(CaseStateError, match="accepted"):
                tracker.update_case(case, state=wanted, reason="because")  # type: ignore[arg-type]
            assert tracker.case(case).state == state


def test_an_agent_cannot_close_a_case(tracker: Tracker) -> None:
    first = mail(tracker, 0, JANE)
    case = tracker.update_case(tracker.open_case(first, kind="complaint"), state="resolved")
    with pytest.raises(CaseStateError, match="confirm_case"):
        tracker.update_case(case, state="closed", by="sam", reason="it is done")
    with pytest.raises(CaseStateError, match="withdraw_case"):
        tracker.update_case(case, state="cancelled", by="sam", reason="it is done")
    with pytest.raises(CaseStateError, match="opened the case"):
        tracker.confirm_case(case, first)
    with pytest.raises(CaseStateError, match="inbound"):
        tracker.confirm_case(case, mail(tracker, 1, JANE, direction="outbound"))
    with pytest.raises(CaseStateError, match="customer"):
        tracker.confirm_case(case, mail(tracker, 2, JOE))
    with pytest.raises(CaseStateError, match="customer"):
        tracker.confirm_case(case, mail(tracker, 3, claimed(JANE)))
    assert tracker.case(case).state == "resolved"
    call = seen(tracker, 4, JANE, direction="inbound", kind="call", ended_at=at(9))
    closed = tracker.confirm_case(case, call, by="sam", reason="she said that it is right now")
    assert (closed.state, closed.history[-1].because, closed.history[-1].at) == ("closed", "confirmed", at(9))
    assert call in closed.interactions


def test_what_the_customer_said_before_their_last_word_confirms_nothing(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE), kind="fault")
    thanks, worse = mail(tracker, 1, JANE), mail(tracker, 2, JANE)
    tracker.add_to_case(case.id, worse)
    with pytest.raises(CaseStateError, match="last word"):
        tracker.confirm_case(case.id, thanks)


def test_silence_closes_a_resolved_case_after_the_time_that_was_stated(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE, thread="t"), kind="fault")
    other = tracker.open_case(mail(tracker, 1, JANE, thread="u"), kind="order")
    waiting = tracker.update_case(case, state="resolved", answer_within=2 * DAY, at=at(10))
    assert waiting.answer_by == at(10) + 2 * DAY
    tracker.update_case(other, state="resolved", answer_within=9 * DAY, at=at(10))
    assert tracker.close_unanswered(now=at(10) + 2 * DAY) == []
    (closed,) = tracker.close_unanswered(now=at(11) + 2 * DAY, by="nightly")
    assert (closed.id, closed.state, closed.history[-1].because) == (case.id, "closed", "unanswered")
    assert tracker.close_unanswered(now=at(11) + 2 * DAY) == []


def test_an_answer_that_nobody_filed_keeps_a_case_from_being_closed(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE, thread="t"), kind="fault")
    tracker.update_case(case, state="resolved", answer_within=DAY, at=at(10))
    mail(tracker, 15, JANE, thread="something else")
    mail(tracker, 16, JANE, thread="t", attributes={"automatic": True})
    answer = mail(tracker, 20, JANE, thread="t", body="It is still broken")
    assert tracker.close_unanswered(now=at(0) + 3 * DAY) == []
    answered = tracker.case(case)
    assert answered.answered
    assert (answered.state, answered.interactions[1:], answered.answer_by) == ("resolved", (answer,), None)
    assert tracker.confirm_case(answered, answer).state == "closed"


def test_a_customer_who_comes_back_in_the_thread_opens_the_case_again(tracker: Tracker) -> None:
    first = mail(tracker, 0, JANE, thread="t")
    case = tracker.open_case(first, kind="complaint", references=[("crm", "NL-4711")])
    case = tracker.confirm_case(case, mail(tracker, 1, JANE))
    ways: list[tuple[int, dict[str, Any], str | None, bool | None]] = [
        (2, {"thread": "t"}, "thread", True),
        (3, {"reply_to": "0"}, "reply", True),
        (4, {"body": f"About {case.id}: no"}, "named", False),
        (5, {"subject": "Re: NL-4711."}, "named", False),
        (6, {"body": "NL-47110"}, None, None),
        (7, {"thread": "t", "attributes": {"automatic": True}}, None, None),
        (8, {"thread": "t", "direction": "outbound"}, None, None),
    ]
    for minute, fields, because, automatic in ways:
        back = mail(tracker, minute, JANE, **fields)
        found = [(one.because, one.automatic, one.case) for one in tracker.case_returns(back)]
        assert found == ([] if because is None else [(because, automatic, case.id)])
    (again,) = tracker.follow_up(back := mail(tracker, 9, JANE, thread="t"), by="robot")
    assert (again.state, again.history[-1].because, again.history[-1].interaction) == ("inProgress", "came back", back)
    assert tracker.follow_up(back) == []
    with pytest.raises(CaseStateError, match="opened the case"):
        tracker.confirm_case(again, back)


def test_somebody_else_in_the_thread_reopens_nothing(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE, thread="t"), kind="complaint")
    tracker.confirm_case(case, mail(tracker, 1, JANE))
    stranger = mail(tracker, 2, JOE, thread="t", reply_to="0")
    assert [(one.because, one.automatic) for one in tracker.case_returns(stranger)] == [("thread", False)]
    assert tracker.follow_up(stranger) == []
    assert tracker.case_returns(mail(tracker, 3, claimed(JANE), thread="t")) == []
    with pytest.raises(CaseStateError, match="customer"):
        tracker.reopen_case(case.id, stranger)
    with pytest.raises(CaseStateError, match="reason"):
        tracker.reopen_case(case.id)
    assert tracker.reopen_case(case.id, by="sam", reason="her husband wrote").state == "inProgress"


def test_an_answer_ends_the_wait_for_the_customer(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE, thread="t"), kind="order")
    tracker.update_case(case, state="pending", reason="which colour?")
    answer = mail(tracker, 1, JANE, thread="t", body="Blue")
    (going_on,) = tracker.follow_up(answer)
    assert (going_on.state, going_on.interactions[-1]) == ("inProgress", answer)


def test_promises_are_kept_late_or_broken(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE), kind="fault")
    for number in range(3):
        case = tracker.promise(case, f"call back {number}", due=at(60), by="sam", at=at(1))
    case = tracker.keep_promise(case, 1, at=at(60))
    case = tracker.keep_promise(case, 2, at=at(61))
    assert [one.state for one in case.promises] == ["kept", "late", "broken"]
    assert [one.number for one in case.broken] == [3]
    assert tracker.keep_promise(case, 1, at=at(99)).version == case.version
    with pytest.raises(InvalidInteractionError, match="number"):
        tracker.keep_promise(case, 4)
    with pytest.raises(InvalidInteractionError, match="due"):
        tracker.promise(case, "yesterday", due=at(0), at=at(1))


def test_a_change_on_what_was_read_before_another_is_refused_and_says_what_changed(tracker: Tracker) -> None:
    read = tracker.open_case(mail(tracker, 0, JANE), kind="fault")
    tracker.update_case(read, owner="sam", by="sam")
    with pytest.raises(CaseChangedError, match="owner sam by sam") as caught:
        tracker.update_case(read, owner="priya", by="priya")
    assert isinstance(caught.value, ConflictError)
    assert caught.value.case.owner == "sam"
    assert [(line.what, line.value) for line in caught.value.changes] == [("owner", "sam")]
    assert tracker.update_case(caught.value.case, owner="priya").owner == "priya"
    assert tracker.update_case(read.id, owner="").owner is None  # by its id, whatever it is by now


def test_a_case_is_read_as_it_was_known(tracker: Tracker) -> None:
    before = now()
    case = tracker.open_case(mail(tracker, 0, JANE), kind="fault", owner="sam")
    then = now()
    tracker.update_case(case, state="inProgress", owner="priya", seriousness="critical")
    past = tracker.case(case, as_of=then)
    assert (past.state, past.owner, past.seriousness, past.version) == ("acknowledged", "sam", None, case.version)
    with pytest.raises(CaseNotFoundError):
        tracker.case(case, as_of=before)


def test_what_is_malformed_is_refused_and_named(tracker: Tracker) -> None:
    case = tracker.open_case(mail(tracker, 0, JANE), kind="fault")
    wrong: list[tuple[str, Any]] = [
        ("kind", lambda: tracker.open_case(JANE, kind="row")),  # type: ignore[arg-type]
        ("seriousness", lambda: tracker.update_case(case, seriousness="huge")),  # type: ignore[arg-type]
        ("state", lambda: tracker.update_case(case, state="done")),  # type: ignore[arg-type]
        ("owner", lambda: tracker.update_case(case, owner="x" * 256)),
        ("answer_within", lambda: tracker.update_case(case, state="held", answer_within=DAY)),
        ("nothing to change", lambda: tracker.update_case(case)),
        ("nothing to add", lambda: tracker.add_to_case(case)),
        ("note", lambda: tracker.add_to_case(case, note="")),
        ("references", lambda: tracker.add_to_case(case, references=["4711"])),  # type: ignore[list-item]
        ("state", lambda: tracker.cases(state="done")),  # type: ignore[arg-type]
    ]
    for name, call in wrong:
        with pytest.raises(InvalidInteractionError, match=name):
            call()
    assert tracker.case(case).version == case.version
