"""Conversations: threads joined by replies, handovers and cases; which are together depends on no order, and each interaction is in one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import at, seen
from effort import budget
from omnitrack import InvalidCursorError, InvalidInteractionError, Tracker, Value
from omnitrack.service.conversation import WAYS, Tie, joined

pytestmark = pytest.mark.usefixtures("clock")

HANDLE, MAIL, PHONE = "x:mikesamuels68", "email:mike@example.com", "phone:+442079460958"

TIES = st.builds(Tie, st.sampled_from(WAYS), st.integers(0, 3))
HISTORIES = st.dictionaries(st.integers(0, 11).map(lambda n: bytes([n])), st.lists(TIES, max_size=3), max_size=12)


@pytest.fixture
def options() -> dict[str, Any]:
    """With a secret, by which digests of codes are fast to make."""
    return {"region": "GB", "secret": "a secret of the store"}


@given(HISTORIES, st.randoms(use_true_random=False))
@budget(60)
def test_the_parts_depend_on_no_order_and_each_interaction_is_in_one(ties: dict[bytes, list[Tie]], chance: Any) -> None:
    found = {(frozenset(ids), frozenset(ways)) for ids, ways in joined(ties)}
    shuffled = [(id, chance.sample(some, len(some))) for id, some in ties.items()]
    chance.shuffle(shuffled)
    assert {(frozenset(ids), frozenset(ways)) for ids, ways in joined(dict(shuffled))} == found
    members = [id for ids, _ in found for id in ids]
    assert sorted(members) == sorted(ties)
    for ids, _ in found:
        for tie in {tie for id in ids for tie in ties[id]}:
            assert {id for id in ties if tie in ties[id]} <= ids


def told(tracker: Tracker, order: list[int]) -> None:
    """Tell a history in an order; the numbers are its steps."""
    steps: list[tuple[str, dict[str, Any]]] = [
        (HANDLE, {"channel": "x", "source": "x", "thread": "t"}),
        (HANDLE, {"channel": "x", "source": "x", "thread": "t", "direction": "outbound"}),
        (MAIL, {"channel": "email", "source": "m"}),
        (MAIL, {"channel": "email", "source": "m", "reply_to": "2"}),
        (MAIL, {"channel": "email", "source": "m", "reply_to": "9"}),
        (MAIL, {"channel": "email", "source": "m", "reply_to": "9"}),
        (PHONE, {}),
        (HANDLE, {"channel": "forum", "source": None, "source_id": None, "thread": "t"}),
    ]
    for number in order:
        who, fields = steps[number]
        seen(tracker, number, who, **fields)


@given(st.permutations(range(8)))
@budget(8)
def test_a_history_has_the_same_conversations_in_any_order(order: list[int]) -> None:
    import omnitrack

    with omnitrack.open("memory://", region="GB") as tracker:
        told(tracker, order)
        tracker.link(HANDLE, MAIL)
        tracker.link(MAIL, PHONE)
        found = [[item.occurred_at for item in one.items] for one in tracker.conversations(MAIL)]
        assert found == [[at(7)], [at(6)], [at(4), at(5)], [at(2), at(3)], [at(0), at(1)]]


def handed_over(tracker: Tracker) -> None:
    post = seen(tracker, 0, HANDLE, channel="x", kind="direct_message", source="x", thread="t", body="No broadband")
    code = tracker.hand_over(post, to="email", reason="asks for the account", by="sam").code
    mail = {"channel": "email", "direction": "inbound", "source": "m"}
    seen(tracker, 10, MAIL, **mail, body=f"code {code}")
    seen(tracker, 20, MAIL, **mail, reply_to="10", body="and one more thing")
    seen(tracker, 30, MAIL, **mail, body="something else")


def test_a_handover_joins_what_was_said_on_both_channels(tracker: Tracker) -> None:
    handed_over(tracker)
    other, one = tracker.conversations(MAIL)
    assert [item.body for item in other.items] == ["something else"]
    assert other.joined_by == ()
    assert one.channels == ("x", "email")
    assert (one.total, one.joined_by) == (3, ("reply", "handover"))
    assert (one.started_at, one.last_at) == (at(0), at(20))
    assert one.id == one.items[0].id
    assert Value.from_dict(one.to_dict()) == one
    assert str(one) == "2026-03-01 00:00 to 2026-03-01 00:20 by x, email: 3 interactions, joined by reply and handover"


def test_a_denial_parts_a_conversation_and_a_revision_does_not(tracker: Tracker) -> None:
    handed_over(tracker)
    tracker.revise("m", "10", body="edited", at=at(40))
    tracker.revise("x", "0", deleted=True, at=at(41))
    assert [one.total for one in tracker.conversations(MAIL)] == [1, 3]
    said = tracker.deny(HANDLE, MAIL)
    assert [one.total for one in tracker.conversations(MAIL)] == [1, 2]
    assert [one.total for one in tracker.conversations(HANDLE)] == [1]
    tracker.retract(said)
    assert [one.total for one in tracker.conversations(HANDLE)] == [1, 3]


def test_a_case_joins_what_it_holds(tracker: Tracker) -> None:
    call, mail = seen(tracker, 0, MAIL, PHONE), seen(tracker, 1, MAIL, channel="email")
    assert [one.total for one in tracker.conversations(MAIL)] == [1, 1]
    case = tracker.open_case(call, kind="fault")
    tracker.add_to_case(case, mail)
    (one,) = tracker.conversations(MAIL)
    assert (one.total, one.joined_by, one.channels) == (2, ("case",), ("phone", "email"))


def test_pages_show_every_conversation_once(tracker: Tracker) -> None:
    for number in range(7):
        seen(tracker, number, MAIL, thread=str(number % 4), channel="email")
    shown, cursor = [], None
    while True:
        page = tracker.conversations(MAIL, limit=3, cursor=cursor)
        shown += [one.id for one in page]
        cursor = page.next
        if cursor is None:
            break
    assert shown == [one.id for one in tracker.conversations(MAIL)]
    assert len(set(shown)) == 4
    first = tracker.conversations(MAIL, limit=3).next
    with pytest.raises(InvalidCursorError):
        tracker.conversations(MAIL, trust="verified", cursor=first)
    with pytest.raises(InvalidInteractionError, match=r"^trust:"):
        tracker.conversations(MAIL, trust="all")  # type: ignore[arg-type]


def test_a_long_conversation_shows_its_latest(tracker: Tracker) -> None:
    for number in range(60):
        seen(tracker, number, MAIL, thread="one", channel="email")
    (one,) = tracker.conversations(MAIL)
    assert (one.total, len(one.items), one.items[-1].occurred_at, one.started_at) == (60, 50, at(59), at(0))


def test_a_brief_says_where_the_customer_left_off(tracker: Tracker) -> None:
    handed_over(tracker)
    brief = tracker.brief(MAIL)
    (one,) = brief.handovers
    assert (one.channel, one.to, one.text, one.reason, one.by) == (
        "x",
        "email",
        "No broadband",
        "asks for the account",
        "sam",
    )
    assert one.came_back_with == (brief.contacts[2].interaction,)
    assert 'Came back with the code given by x on 2026-06-01 12:00: "No broadband"' in str(brief)


def test_a_brief_shows_handovers_in_flight(tracker: Tracker) -> None:
    post = seen(tracker, 0, HANDLE, channel="x", body="Still waiting")
    code = tracker.hand_over(post, to="phone", reason="to test the line")
    brief = tracker.brief(HANDLE)
    (one,) = brief.handovers
    assert (one.id, one.uses_left, one.came_back_with, one.is_open(brief.at)) == (code.id, 1, (), True)
    assert 'Was asked by x to go on by phone, open until 2026-06-03 12:00, because "to test the line"' in str(brief)
    assert code.code not in str(brief)
    assert Value.from_dict(brief.to_dict()) == brief


def test_a_suggested_end_is_not_shown_to_the_other(tracker: Tracker) -> None:
    post = seen(tracker, 0, HANDLE, channel="x", body="mike's words")
    code = tracker.hand_over(post, to="email")
    seen(tracker, 10, MAIL, channel="email", direction="inbound", body=f"code {code.code}")
    assert "mike's words" not in str(tracker.brief(MAIL))
    assert tracker.brief(MAIL).handovers == ()
    assert tracker.brief(HANDLE).handovers == ()
    assert [item.total for item in tracker.conversations(HANDLE)] == [1]


def test_an_explanation_says_that_a_code_came_back(tracker: Tracker) -> None:
    handed_over(tracker)
    explanation = tracker.explain(HANDLE, MAIL)
    assert explanation.path[0].handover == "came back with the code given by x on 2026-06-01 12:00"
    assert "came back with the code given by x on 2026-06-01 12:00" in str(explanation)
