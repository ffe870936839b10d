"""A number that nobody saw for long has another holder: the whole tracker, told in any order, undone, erased, rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clock
import omnitrack
from calling import record
from effort import budget
from identity.facts import START, State, check, differences, state_of
from omnitrack import CustomerNotFoundError, Policy, RetentionRule, Sighting, Tracker
from omnitrack.identifiers import account, email, identifier
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.statement import Statement
from omnitrack.model import Assurance, Interaction

pytestmark = pytest.mark.usefixtures("clock")

N1, N2 = identifier("phone:+442079460001"), identifier("phone:+442079460002")
WORLD: tuple[Identifier, ...] = (
    N1,
    N2,
    identifier("whatsapp-id:GB.A1@a"),
    identifier("whatsapp-id:GB.A2@a"),
    account("V1", scope="bt"),
    account("V2", scope="bt"),
    email("ann@example.com"),
)
TIGHT = Policy(limits={"*": 3, "email": 2}, max_identifiers=6, silence={"phone": 12})
OFF = attrs.evolve(TIGHT, silence={})


def when(day: int) -> Any:
    return START + timedelta(days=day)


@attrs.frozen
class Seen:
    """One interaction with one person, by number in the world, with what assurance."""

    name: str
    day: int
    person: tuple[tuple[int, int], ...]
    kind: str = "message"

    def interaction(self, named: Callable[[int], Identifier] = WORLD.__getitem__) -> Interaction:
        return Interaction(
            channel="chat",
            occurred_at=when(self.day),
            direction="inbound",
            kind=self.kind,
            customers=[[Sighting(named(x), Assurance(a)) for x, a in self.person]],
            source="test",
            source_id=self.name,
        )


@attrs.frozen
class Said:
    """One statement: a kind, one or two numbers in the world, the time that it is about."""

    kind: str
    a: int
    b: int | None
    day: int

    def statement(self) -> Statement:
        b = None if self.b is None else WORLD[self.b]
        return Statement(kind=self.kind, a=WORLD[self.a], b=b, at=when(self.day))


Fact = Seen | Said
#: Around one silence of twelve days and a step of one, two of them, and half of one.
days = st.sampled_from((0, 1, 6, 12, 13, 14, 19, 26, 27, 32, 39, 40, 53))
assurances = st.sampled_from((2, 2, 2, 3, 1))


@st.composite
def sightings(draw: st.DrawFn) -> Seen:
    """A number, now and then with an id of its platform, somebody's account or address."""
    number = draw(st.sampled_from((0, 0, 0, 1)))
    others = draw(st.sampled_from(((), (), (), (2,), (3,), (4,), (4,), (5,), (6,), (1 - number,))))
    whole = [number, *others] if draw(st.integers(0, 7)) else list(others) or [number]
    kind = draw(st.sampled_from(("message", "message", "message", "message", "note")))
    return Seen("", draw(days), tuple((x, draw(assurances)) for x in whole), kind)


@st.composite
def statements(draw: st.DrawFn) -> Said:
    """Most of the time that a number went to somebody, or about a number and an account."""
    kind = draw(st.sampled_from(("same", "different", "reassigned", "reassigned", "shared", "personal")))
    if kind in ("same", "different", "personal"):
        a, b = draw(st.sampled_from(((0, 4), (0, 6), (2, 3), (4, 5), (0, 1))))
        return Said(kind, a, b, draw(days))
    return Said(kind, draw(st.sampled_from((0, 0, 1, 2))), None, draw(days))


def named(found: list[Any]) -> list[Any]:
    return [attrs.evolve(f, name=f"i{n}") if isinstance(f, Seen) else f for n, f in enumerate(found)]


shown_facts = st.lists(sightings(), min_size=2, max_size=9).map(named)
facts = st.lists(st.one_of(sightings(), sightings(), sightings(), statements()), min_size=2, max_size=9).map(named)


def opened(policy: Policy = TIGHT) -> Tracker:
    return omnitrack.open("memory://", policy=policy)


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


def silences(found: Iterable[Fact], number: int) -> list[int]:
    """Return the days since which a number is to have other holders, by days that are steps."""
    seen = sorted(
        {f.day for f in found if isinstance(f, Seen) and f.kind != "note" for x, a in f.person if x == number and a > 1}
    )
    return [after for before, after in pairwise(seen) if after - before > 12]


def _as_numbers_of_their_own(found: Sequence[Fact]) -> list[Interaction]:
    """Return interactions as they would be if a number that nobody saw for long were another number afterwards."""

    def spelt(fact: Seen) -> Callable[[int], Identifier]:
        def name(x: int) -> Identifier:
            if x > 1:
                return WORLD[x]
            began = sum(day <= fact.day for day in silences(found, x))
            return identifier(f"phone:+4420794601{x}{began}")

        return name

    return [fact.interaction(spelt(fact)) for fact in found if isinstance(fact, Seen)]


@budget(150)
@given(shown_facts)
def test_a_number_that_was_silent_is_another_number_afterwards(found: list[Fact]) -> None:
    # Which ids prove two holders of one number, numbers of their own do not tell.
    found = [f for f in found if isinstance(f, Seen) and not {2, 3} & {x for x, _ in f.person}]
    tracker, apart = told(found), opened(OFF)
    apart.record_many(_as_numbers_of_their_own(found))

    assert _groups(tracker) == _groups(apart)


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


@budget(60)
@given(facts)
def test_a_rebuild_changes_nothing(found: list[Fact]) -> None:
    tracker = told(found)
    before = state_of(tracker)
    assert tracker.rebuild().updated == 0
    check(tracker)
    same(state_of(tracker), before)


@budget(100)
@given(facts)
def test_another_policy_is_carried_out_by_a_rebuild(found: list[Fact]) -> None:
    tracker = told(found)
    before = state_of(tracker)
    for policy in (OFF, attrs.evolve(TIGHT, silence={"phone": 24}), TIGHT):
        tracker = Tracker(tracker._backend, policy=policy, rebuild=True)
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
def test_an_interaction_that_is_attributed_to_another_was_not_seen_until_that_is_taken_back(
    found: list[Fact], pick: int, who: Identifier
) -> None:
    tracker = opened()
    interactions = [tell(tracker, fact).interaction for fact in found if isinstance(fact, Seen) and fact.kind != "note"]
    for fact in found:
        if isinstance(fact, Said) or fact.kind == "note":
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
    before = _groups(tracker)
    try:
        receipt = tracker.erase(who)
    except CustomerNotFoundError:
        return
    assert receipt.identifiers
    check(tracker)
    for now in _groups(tracker):
        assert any(now <= other for other in before), (now, before)
    for number, fact in enumerate(later):
        tell(tracker, attrs.evolve(fact, name=f"later {number}"))
        check(tracker)


@budget(100)
@given(facts, days, st.lists(sightings(), max_size=2))
def test_a_retention_shows_nobody_more_than_before(found: list[Fact], day: int, later: list[Seen]) -> None:
    tracker = told(found)
    before = _groups(tracker)
    tracker.apply_retention([RetentionRule(keep=clock.now() - when(day) + timedelta(seconds=30))])
    check(tracker)
    for now in _groups(tracker):
        assert any(now <= other for other in before), (now, before)
    for number, fact in enumerate(later):
        tell(tracker, attrs.evolve(fact, name=f"later {number}"))
        check(tracker)


def _groups(tracker: Tracker) -> set[frozenset[str]]:
    """Return the interactions of each customer."""

    def read(tx: Any) -> set[frozenset[str]]:
        found = {row.id: row.source_id for row in tx.find_interactions()}
        customer = {row.id: row.customer for row in tx.find_identifiers()}
        groups: dict[bytes, set[str]] = {}
        for entry in tx.list_entries(interactions=list(found)):
            if entry.identifier in customer:
                groups.setdefault(customer[entry.identifier], set()).add(found[entry.interaction])
        return set(map(frozenset, groups.values()))

    return tracker._backend.run(read, write=False)
