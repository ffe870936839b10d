"""Exactness: one partition for every order of arrival, the incremental path against the whole, and against the rules read naively."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from identity.facts import (
    TIGHT,
    WORLD,
    ById,
    Fact,
    Said,
    Seen,
    Step,
    check,
    facts,
    picks,
    policies,
    scripts,
    state_of,
    statements,
    tell,
    timelines_of,
    told,
    told_at_once,
    when,
)
from identity.naive import Naive, play, say_by_id
from omnitrack.identity.policy import Policy
from omnitrack.tracker import Tracker

shuffles = st.randoms(use_true_random=False)


@budget(80)
@given(facts, policies, shuffles)
def test_any_order_of_arrival_gives_the_partition_that_the_rules_say(
    told_: list[Fact], policy: Policy, random: object
) -> None:
    wanted = Naive(policy, told_).state()
    assert state_of(told(told_, policy)) == wanted
    again = list(told_)
    random.shuffle(again)  # type: ignore[attr-defined]
    assert state_of(told(again, policy)) == wanted
    assert state_of(told_at_once(again, policy)) == wanted


@budget(40)
@given(scripts, policies)
def test_after_every_step_the_store_is_what_a_recomputation_says(steps: list[Step], policy: Policy) -> None:
    play(omnitrack.open("memory://", policy=policy), steps, every=True)


@budget(60)
@given(scripts, policies, st.sampled_from(({}, {"trust": "verified"}, {"include_shared": True})))
def test_every_timeline_shows_what_the_rules_say(steps: list[Step], policy: Policy, options: dict[str, Any]) -> None:
    tracker = omnitrack.open("memory://", policy=policy)
    assert play(tracker, steps).timelines(**options) == timelines_of(tracker, **options)


#: Statements in which one end, at most, is named by customer id: of two the engine chooses which of their identifiers stand for them.
by_id = st.builds(ById, statements(), st.one_of(st.tuples(picks, st.none()), st.tuples(st.none(), picks))).filter(
    lambda step: step.said.kind != "reassigned"
)


def _said(policy: Policy, steps: Iterable[tuple[int, Step]], back: Iterable[int]) -> tuple[Tracker, Naive]:
    """Tell steps, each with its number, and then take back those of some numbers."""
    tracker = omnitrack.open("memory://", policy=policy)
    naive = Naive(policy)
    said: dict[int, tuple[str, Said]] = {}
    for number, step in steps:
        if isinstance(step, Seen):
            tell(tracker, step)
            naive.tell(step)
        else:
            answer = say_by_id(tracker, naive, step if isinstance(step, ById) else ById(step, (None, None)))  # type: ignore[arg-type]
            if answer is not None:
                said[number] = answer
    for number in back:
        if number in said:
            id, fact = said[number]
            tracker.retract(id)
            naive.forget(fact)
    return tracker, naive


@budget(60)
@given(facts, st.lists(by_id, min_size=1, max_size=4), policies, st.sets(st.integers(0, 15)), shuffles)
def test_what_is_said_by_customer_id_is_the_same_in_any_order_and_taken_back_in_any_order(
    told_: list[Fact], said: list[ById], policy: Policy, back: set[int], random: Any
) -> None:
    born = [Seen(f"born {x}", 0, (((x, 2),),)) for x in range(len(WORLD))]
    steps = list(enumerate([*told_, *said]))
    holders = [(n, step) for n, step in steps if isinstance(step, Said) and step.kind == "reassigned"]
    others = [(n, step) for n, step in steps if (n, step) not in holders]
    found = []
    for _ in range(2):
        random.shuffle(holders)
        random.shuffle(others)
        order = list(back)
        random.shuffle(order)
        # Whoever is named by customer id is there by then.
        tracker, naive = _said(policy, [*((-1, one) for one in born), *holders, *others], order)
        check(tracker)
        found.append(state_of(tracker))
        assert found[-1] == naive.state()
    assert found[0] == found[1]


@budget(40)
@given(facts, policies, shuffles)
def test_statements_that_are_taken_back_leave_the_state_as_if_they_had_never_been_said(
    told_: list[Fact], policy: Policy, random: object
) -> None:
    tracker = told([], policy)
    said = []
    for fact in told_:
        answer = tell(tracker, fact)
        if isinstance(fact, Said):
            said.append(answer)
    random.shuffle(said)  # type: ignore[attr-defined]
    for one in said:
        tracker.retract(one)
    never = told([fact for fact in told_ if isinstance(fact, Seen)], policy)
    assert state_of(tracker) == state_of(never)
    assert timelines_of(tracker) == timelines_of(never)
    check(tracker)


@budget(40)
@given(facts, policies)
def test_repeating_every_interaction_changes_nothing(told_: list[Fact], policy: Policy) -> None:
    tracker = told(told_, policy)
    before, log = state_of(tracker), tracker.identity_log(limit=1000)
    for fact in told_:
        if isinstance(fact, Seen):
            assert tell(tracker, fact).duplicate
    assert state_of(tracker) == before
    assert tracker.identity_log(limit=1000) == log
    report = tracker.record_many([fact.interaction() for fact in told_ if isinstance(fact, Seen)])
    assert report.added == 0
    check(tracker)


@budget(40)
@given(scripts, policies)
def test_every_customer_id_ever_returned_resolves(steps: list[Step], policy: Policy) -> None:
    tracker = omnitrack.open("memory://", policy=policy)
    handed_out: set[str] = set()

    def collect() -> None:
        for x in WORLD:
            try:
                handed_out.add(tracker.customer(x).id)
            except LookupError:
                continue

    play(tracker, steps, after=collect)
    for id in handed_out:
        tracker.customer(id)
        list(tracker.timeline(id))


@budget(25)
@given(facts, policies, policies)
def test_a_rebuild_with_another_policy_equals_a_store_that_had_it_from_the_start(
    told_: list[Fact], old: Policy, new: Policy
) -> None:
    tracker = told(told_, old)
    tracker = omnitrack.Tracker(tracker._backend, policy=new, rebuild=True)
    assert state_of(tracker) == Naive(new, told_).state()
    check(tracker)


@budget(25)
@given(facts, policies)
def test_two_trackers_on_one_store_write_what_one_would(told_: list[Fact], policy: Policy) -> None:
    first = told([], policy)
    second = omnitrack.Tracker(first._backend, policy=policy)
    for n, fact in enumerate(told_):
        tell((first, second)[n % 2], fact)
    assert state_of(first) == Naive(policy, told_).state()
    check(second)


def test_a_merge_and_traffic_after_it_and_its_undo_leave_each_interaction_with_the_right_person() -> None:
    ann, ben = WORLD[2], WORLD[3]
    tracker = omnitrack.open("memory://")
    for n in range(4):
        tracker.record(channel="email", occurred_at=when(n), customer=(ann, ben)[n % 2], source="m", source_id=str(n))
    merge = tracker.link(ann, ben)
    for n in range(4, 8):
        tracker.record(channel="email", occurred_at=when(n), customer=(ann, ben)[n % 2], source="m", source_id=str(n))
    assert len(list(tracker.timeline(ann))) == 8
    tracker.retract(merge)
    assert [i.source_id for i in tracker.timeline(ann, order="oldest")] == ["0", "2", "4", "6"]
    assert [i.source_id for i in tracker.timeline(ben, order="oldest")] == ["1", "3", "5", "7"]


def test_the_tight_policy_meets_every_limit() -> None:
    """The strategies above prove little if their limits are never reached."""
    assert TIGHT.limit("email") == TIGHT.limit("account") == 1
    assert TIGHT.max_identifiers == 4
    assert TIGHT.max_component == 6
