"""Triage: the order is total, explained, the same whoever is added, and nobody waits for ever."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from omnitrack import Interaction, InvalidInteractionError
from omnitrack.service.triage import TriageItem, TriageRules, triage
from omnitrack.service.triage_words import WordList

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
WORDS = WordList({"danger": {"en": ["gas leak", "fire"]}, "vulnerable": {"en": ["oxygen"]}})

items = st.builds(
    TriageItem,
    id=st.text("abcd", min_size=1, max_size=3),
    since=st.integers(-20_000, 0).map(lambda minutes: NOON + minutes * MINUTE),
    kind=st.sampled_from([None, "complaint", "order"]),
    seriousness=st.sampled_from([None, "critical", "major", "minor"]),
    broken=st.integers(0, 3),
    contacts=st.integers(1, 6),
    reach=st.sampled_from([None, 10, 20_000, 500_000]),
    texts=st.sampled_from([(), (("int_1", "a gas leak!"),), (("int_2", "Oxygen"),), (("int_3", "gas"),)]),
)
some = st.lists(items, max_size=8, unique_by=lambda item: item.id)
rules = st.builds(
    TriageRules,
    targets=st.lists(st.integers(0, 9_000).map(lambda minutes: minutes * MINUTE), min_size=5, max_size=5).map(
        lambda times: tuple(sorted(times))
    ),
    lead=st.integers(0, 20_000).map(lambda minutes: minutes * MINUTE),
)


def order(given_: Any, **options: Any) -> list[str]:
    return [place.id for place in triage(given_, now=NOON, words=WORDS, **options)]


@given(some, st.randoms(), rules)
@budget(60)
def test_the_order_does_not_depend_on_the_order_in_which_items_are_given(
    given_: list[TriageItem], random: Any, by: TriageRules
) -> None:
    mixed = list(given_)
    random.shuffle(mixed)
    assert triage(given_, now=NOON, words=WORDS, rules=by) == triage(mixed, now=NOON, words=WORDS, rules=by)
    assert sorted(order(given_)) == sorted(item.id for item in given_)


@given(some, items, rules)
@budget(60)
def test_another_item_never_turns_two_around(given_: list[TriageItem], more: TriageItem, by: TriageRules) -> None:
    others = [item for item in given_ if item.id != more.id]
    with_more = order([*others, more], rules=by)
    assert [id for id in with_more if id != more.id] == order(others, rules=by)


@given(items, items, rules, st.integers(1, 30_000))
@budget(100)
def test_from_a_stated_time_on_an_item_comes_before_whatever_comes_in_later(
    item: TriageItem, newcomer: TriageItem, by: TriageRules, minutes: int
) -> None:
    (place,) = triage([item], now=NOON, words=WORDS, rules=by)
    later = attrs.evolve(newcomer, id="newcomer", since=place.ahead_from + minutes * MINUTE)
    assert order([item, later], rules=by)[0] == item.id
    longest = max(by.targets) + by.lead
    assert place.ahead_from <= item.since + longest  # it is stated beforehand, and bounded


@given(some, st.lists(items, min_size=30, max_size=30))
@budget(20)
def test_where_no_more_come_in_than_are_taken_everybody_is_taken_in_a_bounded_time(
    waiting: list[TriageItem], coming: list[TriageItem]
) -> None:
    by = TriageRules(targets=tuple(n * MINUTE for n in range(5)), lead=5 * MINUTE)
    at, queue, bound = NOON, {item.id: attrs.evolve(item, since=NOON) for item in waiting}, len(waiting) + 9 + 2
    for number, item in enumerate(coming):
        at += MINUTE
        queue[f"new {number}"] = attrs.evolve(item, id=f"new {number}", since=at)
        first = triage(queue.values(), now=at, words=WORDS, rules=by)[0]
        assert (at - first.since) / MINUTE <= bound
        del queue[first.id]
    assert all((at - item.since) / MINUTE <= bound for item in queue.values())


def test_the_most_urgent_that_anything_calls_for_is_the_level_and_every_reason_is_told() -> None:
    item = TriageItem(
        id="cas_1",
        since=NOON - 10 * MINUTE,
        kind="fault",
        seriousness="minor",
        broken=2,
        contacts=3,
        channels=("email", "phone"),
        reach=20_000,
        texts=(("int_1", "There is a GAS-LEAK in the street"), ("int_2", "my mother is on oxygen")),
    )
    (place,) = triage([item], now=NOON, words=WORDS)
    assert (place.level, place.overdue, place.waits) == ("immediate", True, 10 * MINUTE)
    assert [(reason.because, reason.level, reason.evidence) for reason in place.reasons] == [
        ("words", "immediate", ("int_1",)),
        ("words", "very urgent", ("int_2",)),
        ("promise", "very urgent", ("cas_1",)),
        ("repeats", "urgent", ()),
        ("reach", "urgent", ("cas_1",)),
        ("seriousness", "standard", ("cas_1",)),
        ("kind", "standard", ("cas_1",)),
    ]
    assert str(place) == (
        '1. immediate, overdue since 2026-03-02 11:50, cas_1: word of danger "gas leak" (en); word of vulnerable "oxygen" (en); '
        "2 promises were broken; contact 3 about it by email and phone; 20,000 people may see it; it is minor; it is a fault"
    )


def test_what_is_immediate_comes_before_all_that_is_not_overdue_for_longer_than_its_head_start() -> None:
    fire = TriageItem(id="fire", since=NOON, texts=(("x", "fire"),))
    old = TriageItem(id="old", since=NOON - timedelta(days=9))
    forgotten = TriageItem(id="forgotten", since=NOON - timedelta(days=11))
    assert order([old, fire, forgotten]) == ["forgotten", "fire", "old"]


def test_interactions_are_taken_as_they_are() -> None:
    def contact(id: str, minute: int, body: str, **attributes: Any) -> Interaction:
        return Interaction(id=id, channel="x", occurred_at=NOON - minute * MINUTE, body=body, attributes=attributes)

    found = triage([contact("int_a", 9, "hello"), contact("int_b", 1, "x", reach=200_000)], now=NOON)
    assert [(one.id, one.level) for one in found] == [("int_b", "very urgent"), ("int_a", "non-urgent")]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("now", lambda: triage([], now=datetime(2026, 3, 2))),
        ("since", lambda: triage([TriageItem(id="1", since=datetime(2026, 3, 2))])),
        ("items", lambda: triage(["cas_1"])),  # type: ignore[list-item]
        ("targets", lambda: TriageRules(targets=(MINUTE,) * 4)),
        ("targets", lambda: TriageRules(targets=tuple(n * MINUTE for n in (1, 0, 2, 3, 4)))),
        ("lead", lambda: TriageRules(lead=-MINUTE)),
        ("level", lambda: TriageRules(default="soon")),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused_and_named(name: str, call: Any) -> None:
    with pytest.raises(InvalidInteractionError, match=name):
        call()
