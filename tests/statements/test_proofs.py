"""A platform's id proves who holds a handle or a number: the whole tracker, told in any order, undone, erased, rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clock
import omnitrack
from calling import record
from effort import budget
from identity.facts import State, check, differences, state_of, when
from omnitrack import CustomerNotFoundError, Policy, RetentionRule, Sighting, Tracker
from omnitrack.identifiers import account, email, identifier
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.statement import Statement
from omnitrack.model import Assurance, Interaction

pytestmark = pytest.mark.usefixtures("clock")

HANDLE, NUMBER = identifier("x:ann"), identifier("phone:+442079460001")
X1, X2, X3 = (identifier(f"x-id:{n}") for n in (1, 2, 3))
A1, A2, B1 = (identifier(f"whatsapp-id:GB.{n}") for n in ("A1@a", "A2@a", "B1@b"))
WORLD: tuple[Identifier, ...] = (
    HANDLE,
    NUMBER,
    X1,
    X2,
    X3,
    A1,
    A2,
    B1,
    account("V1", scope="bt"),
    account("V2", scope="bt"),
    email("ann@example.com"),
)
TIGHT = Policy(limits={"*": 3, "email": 2}, max_identifiers=6)


@attrs.frozen
class Seen:
    """One interaction with one person, by number in the world, with what assurance."""

    name: str
    minute: int
    person: tuple[tuple[int, int], ...]

    def interaction(self) -> Interaction:
        return Interaction(
            channel="chat",
            occurred_at=when(self.minute),
            direction="inbound",
            customers=[[Sighting(WORLD[x], Assurance(a)) for x, a in self.person]],
            source="test",
            source_id=self.name,
        )


@attrs.frozen
class Said:
    """One statement: a kind, one or two numbers in the world, the time that it is about."""

    kind: str
    a: int
    b: int | None
    minute: int

    def statement(self) -> Statement:
        b = None if self.b is None else WORLD[self.b]
        return Statement(kind=self.kind, a=WORLD[self.a], b=b, at=when(self.minute))


Fact = Seen | Said
minutes = st.integers(0, 4)
assurances = st.sampled_from((2, 2, 2, 3, 1))
handles = st.sampled_from((0, 0, 0, 1, 1))
of_handle = {0: (2, 3, 4), 1: (5, 6, 7)}


@st.composite
def sightings(draw: st.DrawFn) -> Seen:
    """A handle or a number, most of the time with an id of its platform, now and then with somebody's account or address."""
    handle = draw(handles)
    proving = draw(st.lists(st.sampled_from(of_handle[handle]), max_size=1))
    others = draw(st.sampled_from(((), (), (), (8,), (9,), (10,), (1 - handle,))))
    whole = [handle, *proving, *others] if draw(st.integers(0, 5)) else [*proving, *others] or [handle]
    return Seen("", draw(minutes), tuple((x, draw(assurances)) for x in whole))


@st.composite
def statements(draw: st.DrawFn) -> Said:
    """Most of the time about two ids of a platform, or that a handle went to somebody."""
    kind = draw(st.sampled_from(("same", "same", "different", "reassigned", "shared", "personal")))
    ids = st.sampled_from(((2, 3), (3, 4), (2, 4), (5, 6), (2, 8), (0, 10), (0, 1)))
    if kind in ("same", "different", "personal"):
        a, b = draw(ids)
        return Said(kind, a, b, draw(minutes))
    return Said(kind, draw(st.sampled_from((0, 0, 1, 1, 2, 5))), None, draw(minutes))


def named(found: list[Any]) -> list[Any]:
    return [attrs.evolve(f, name=f"i{n}") if isinstance(f, Seen) else f for n, f in enumerate(found)]


facts = st.lists(st.one_of(sightings(), sightings(), sightings(), statements()), min_size=2, max_size=9).map(named)


def opened(policy: Policy = TIGHT, url: str = "memory://") -> Tracker:
    return omnitrack.open(url, policy=policy)


def tell(tracker: Tracker, fact: Fact) -> Any:
    if isinstance(fact, Said):
        return tracker._say(fact.statement())
    return record(tracker, fact.interaction())


def told(found: Iterable[Fact], each: Callable[[Tracker], object] = lambda tracker: None) -> Tracker:
    tracker = opened()
    for fact in found:
        tell(tracker, fact)
        each(tracker)
    return tracker


def told_at_once(found: Sequence[Fact]) -> Tracker:
    tracker = opened()
    tracker.record_many([fact.interaction() for fact in found if isinstance(fact, Seen)])
    for fact in found:
        if isinstance(fact, Said):
            tell(tracker, fact)
    return tracker


def same(found: State, wanted: State) -> None:
    problems = differences(found, wanted)
    assert not problems, problems


def shown(tracker: Tracker, who: Identifier | str, **options: Any) -> set[str | None]:
    try:
        return {item.source_id for item in tracker.timeline(who, **options)}
    except CustomerNotFoundError:
        return set()


@budget(150)
@given(facts, st.randoms())
def test_any_order_of_interactions_and_statements_gives_one_state(found: list[Fact], chance: Any) -> None:
    first = told(found, check)
    mixed = list(found)
    chance.shuffle(mixed)
    second = told(mixed)
    check(second)
    same(state_of(second), state_of(first))
    for who in WORLD:
        assert shown(second, who) == shown(first, who)


@budget(60)
@given(facts)
def test_a_batch_is_as_good_as_one_by_one(found: list[Fact]) -> None:
    at_once = told_at_once(found)
    check(at_once)
    same(state_of(at_once), state_of(told(found)))


@budget(60)
@given(facts)
def test_telling_it_all_again_changes_nothing(found: list[Fact]) -> None:
    tracker = told(found)
    before = state_of(tracker)
    for fact in found:
        if isinstance(fact, Seen):
            assert tell(tracker, fact).duplicate
    check(tracker)
    same(state_of(tracker), before)


@budget(40)
@given(facts)
def test_a_rebuild_changes_nothing(found: list[Fact]) -> None:
    tracker = told(found)
    before = state_of(tracker)
    assert tracker.rebuild().updated == 0
    check(tracker)
    same(state_of(tracker), before)


@budget(100)
@given(facts, statements(), st.integers(0, 9))
def test_a_statement_that_is_taken_back_leaves_what_would_be_without_it(
    found: list[Fact], statement: Said, place: int
) -> None:
    tracker = opened()
    said = None
    for fact in [*found[:place], statement, *found[place:]]:
        answer = tell(tracker, fact)
        said = answer if fact is statement else said
    assert said is not None
    tracker.retract(said)
    check(tracker)
    same(state_of(tracker), state_of(told(found)))


@budget(100)
@given(facts, st.integers(0, 9), st.sampled_from(WORLD))
def test_an_interaction_that_is_attributed_to_another_proves_nothing_until_that_is_taken_back(
    found: list[Fact], pick: int, who: Identifier
) -> None:
    tracker = opened()
    interactions = [tell(tracker, fact).interaction for fact in found if isinstance(fact, Seen)]
    for fact in found:
        if isinstance(fact, Said):
            tell(tracker, fact)
    if not interactions:
        return
    before = state_of(tracker)
    said = tracker.attribute(interactions[pick % len(interactions)], who)
    check(tracker)
    tracker.retract(said)
    check(tracker)
    same(state_of(tracker), before)


@budget(100)
@given(facts, st.sampled_from(WORLD), st.lists(sightings(), max_size=2))
def test_an_erasure_shows_nobody_more_than_before(found: list[Fact], who: Identifier, later: list[Seen]) -> None:
    tracker = told(found)
    before = [shown(tracker, one) for one in WORLD]
    try:
        receipt = tracker.erase(who)
    except CustomerNotFoundError:
        return
    assert receipt.identifiers
    check(tracker)
    for one, was in zip(WORLD, before):
        now = shown(tracker, one)
        assert now <= was or any(now <= other for other in before), (one, now, was)
    for number, fact in enumerate(later):
        tell(tracker, attrs.evolve(fact, name=f"later {number}"))
        check(tracker)


@budget(100)
@given(facts, minutes, st.lists(sightings(), max_size=2))
def test_a_retention_shows_nobody_more_than_before(found: list[Fact], minute: int, later: list[Seen]) -> None:
    tracker = told(found)
    before = [shown(tracker, one) for one in WORLD]
    keep = clock.now() - when(minute) + timedelta(seconds=30)
    tracker.apply_retention([RetentionRule(keep=keep)])
    check(tracker)
    for one in WORLD:
        now = shown(tracker, one)
        assert any(now <= other for other in before), (one, now)
    for number, fact in enumerate(later):
        tell(tracker, attrs.evolve(fact, name=f"later {number}"))
        check(tracker)
