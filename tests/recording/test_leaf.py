"""A newborn identifier that joins one customer: what is said without parting anybody anew is what the whole computation says, and reads little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from identity.facts import WORLD, Fact, check, facts, told, when
from mutants import Mutant, alive
from omnitrack.identifiers import account, social
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.policy import Policy
from omnitrack.model import Assurance, Sighting
from omnitrack.recording import leaf, record
from omnitrack.tracker import Tracker


@contextmanager
def counted() -> Iterator[list[bool]]:
    """Note of each change of identity by recording whether it was known without parting anybody anew."""
    answers: list[bool] = []
    real = leaf.plan_leaf

    def plan_leaf(*arguments: Any) -> Any:
        plan = real(*arguments)
        answers.append(plan is not None)
        return plan

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "plan_leaf", plan_leaf)
        yield answers


#: Low, and of every kind: room or none, many customers in a component, a component near its most.
POLICIES = (
    Policy(limits={"*": 9}, max_identifiers=3, max_component=8),
    Policy(limits={"*": 9}, max_identifiers=2, max_component=None),
    Policy(limits={"*": 3}, max_identifiers=None, max_component=6),
    Policy(limits={"*": 9, "x": 2}, max_identifiers=4, max_component=5),
)

#: Newborn: (whose neighbour each is, by number in a small world, the minute, whether it is an account, the assurance).
newborn = st.lists(
    st.tuples(
        st.lists(st.integers(0, 9), min_size=1, max_size=2, unique=True),
        st.integers(0, 8),
        st.sampled_from((False, False, False, True)),
        st.sampled_from((2, 2, 3)),
    ),
    min_size=1,
    max_size=6,
)


def see(tracker: Tracker, name: str, minute: int, *customer: Identifier | Sighting) -> None:
    """Record one interaction."""
    tracker.record(
        channel="chat", occurred_at=when(minute), customer=customer, source="leaf", source_id=name, direction="inbound"
    )


def holds(told_: list[Fact], born: list[Any], policy: Policy) -> None:
    """Tell a store facts, then one newborn after the other; after each it is what the whole computation says."""
    tracker = told(told_, policy)
    for n, (beside, minute, exclusive, assurance) in enumerate(born):
        z = account(f"new{n}", scope="bt") if exclusive else social("x", f"new{n}")
        seen = [Sighting(x, Assurance(assurance)) for x in (z, *(WORLD[number] for number in beside))]
        see(tracker, f"n{n}", minute, *seen)
        check(tracker)


@budget(60)
@given(facts, newborn, st.sampled_from(POLICIES))
def test_after_every_newborn_the_store_is_what_the_whole_computation_says(
    told_: list[Fact], born: list[Any], policy: Policy
) -> None:
    holds(told_, born, policy)


def _chain(count: int, policy: Policy) -> Tracker:
    tracker = omnitrack.open("memory://", policy=policy)
    for n in range(count - 1):
        see(tracker, str(n), n, social("x", f"chain{n}"), social("x", f"chain{n + 1}"))
    return tracker


WIDE = Policy(limits={"*": None}, max_identifiers=10, max_component=130)


def reads(tracker: Tracker, act: Callable[[], object]) -> tuple[int, int]:
    """Return how many questions about identifiers and links an act asks the store, and how many rows come of them."""
    questions = rows = 0
    backend = tracker._backend
    real = backend.run

    def watching(method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **named: Any) -> Any:
            nonlocal questions, rows
            found = method(*arguments, **named)
            questions, rows = questions + 1, rows + len(found)
            return found

        return asked

    def run(function: Any, **options: Any) -> Any:
        def watched(tx: Any) -> Any:
            for name in ("find_identifiers", "find_links", "lock_identifiers"):
                setattr(tx, name, watching(getattr(tx, name)))
            return function(tx)

        return real(watched, **options)

    backend.run = run  # type: ignore[method-assign, assignment]
    try:
        act()
    finally:
        backend.run = real  # type: ignore[method-assign]
    return questions, rows


def test_in_a_long_chain_customers_are_counted_and_nobody_is_parted_anew() -> None:
    tracker = _chain(120, WIDE)
    with counted() as answers:
        questions, rows = reads(
            tracker, lambda: see(tracker, "new", 500, social("x", "chain60"), social("x", "newcomer"))
        )
    assert answers == [True]
    assert questions <= 3 * 12 + 6  # three for each customer on the way, and the customer itself
    assert rows <= 4 * 120
    check(tracker)


def test_in_a_customer_of_its_own_a_newborn_reads_that_customer() -> None:
    tracker = omnitrack.open("memory://")
    for n in range(300):
        see(tracker, str(n), n, social("x", f"one{n}"), social("x", f"two{n}"))
    with counted() as answers:
        questions, rows = reads(tracker, lambda: see(tracker, "new", 500, social("x", "one7"), social("x", "newcomer")))
    assert answers == [True]
    assert questions <= 6
    assert rows <= 10
    assert len(tracker.customer(social("x", "newcomer")).identifiers) == 3


def test_the_newborn_that_makes_a_component_too_large_is_found_out() -> None:
    tracker = _chain(129, WIDE)
    with counted() as answers:
        see(tracker, "130", 500, social("x", "chain60"), social("x", "last"))
        check(tracker)
        see(tracker, "131", 501, social("x", "chain60"), social("x", "more"))
        check(tracker)
    assert answers == [True, False]
    assert len(tracker.customer(social("x", "chain60")).identifiers) == 1


def test_a_newborn_seen_before_the_others_takes_its_place_among_them() -> None:
    tracker = omnitrack.open("memory://", policy=Policy(limits={"*": None}, max_identifiers=3))
    a, b, c, z = (social("x", name) for name in "abcz")
    see(tracker, "1", 5, a, b)
    see(tracker, "2", 6, b, c)
    see(tracker, "3", 1, b, z)
    assert {i.value for i in tracker.customer(b).identifiers} == {"a", "b", "z"}
    check(tracker)


# -- that each condition is needed: scenes in which an engine that forgets one goes wrong ----------------------------------
def _x(name: str) -> Identifier:
    return social("x", name)


def _one(n: int) -> Sighting:
    return Sighting(account(str(n), scope="bt"), Assurance.OBSERVED)


def _open(**policy: Any) -> Tracker:
    return omnitrack.open("memory://", policy=Policy(**{"limits": {"*": None}, **policy}))


def a_second_account(tracker: Tracker) -> None:
    see(tracker, "1", 1, _one(1), _x("a"))
    see(tracker, "2", 2, _x("a"), _x("b"))
    see(tracker, "3", 3, _x("b"), _one(2))


def a_customer_that_is_full(tracker: Tracker) -> None:
    see(tracker, "1", 1, _x("a"), _x("b"))
    see(tracker, "2", 2, _x("b"), _x("c"))
    see(tracker, "3", 3, _x("c"), _x("d"))


def an_earlier_place_among_three(tracker: Tracker) -> None:
    see(tracker, "1", 5, _x("a"), _x("b"))
    see(tracker, "2", 6, _x("b"), _x("c"))
    see(tracker, "3", 1, _x("b"), _x("d"))


def a_component_of_one_customer(tracker: Tracker) -> None:
    for n in range(6):
        see(tracker, str(n), n, _x(f"c{n}"), _x(f"c{n + 1}"))


def a_component_of_several_customers(tracker: Tracker) -> None:
    for n in range(8):
        see(tracker, str(n), n, _x(f"c{n}"), _x(f"c{n + 1}"))


def a_neighbour_too_many(tracker: Tracker) -> None:
    for n in range(4):
        see(tracker, str(n), n, _x("hub"), _x(f"n{n}"))


def one_that_is_personal(tracker: Tracker) -> None:
    see(tracker, "1", 1, _x("a"), _x("b"))
    tracker.mark_personal(_x("a"), of=_x("b"))
    see(tracker, "2", 2, _x("a"), _x("c"))


SCENES: dict[str, tuple[Callable[[Tracker], None], dict[str, Any]]] = {
    "a second account": (a_second_account, {"limits": None}),
    "a customer that is full": (a_customer_that_is_full, {"max_identifiers": 3}),
    "an earlier place": (an_earlier_place_among_three, {"max_identifiers": 3}),
    "a component of one customer": (a_component_of_one_customer, {"max_component": 5}),
    "a component of several customers": (a_component_of_several_customers, {"max_identifiers": 2, "max_component": 6}),
    "a neighbour too many": (a_neighbour_too_many, {"limits": {"*": 2}}),
    "one that is personal": (one_that_is_personal, {}),
}


@pytest.mark.parametrize("scene", SCENES)
def test_what_has_to_be_found_out_is(scene: str) -> None:
    play, policy = SCENES[scene]
    tracker = _open(**policy)
    play(tracker)
    check(tracker)


MUTANTS = (
    Mutant("a second account", leaf.plan_leaf, "policy.exclusive(z.scheme) and any(__a for __b in __c)", "False"),
    Mutant("a customer that is full", leaf.plan_leaf, "len(members) >= policy.max_identifiers", "False"),
    Mutant("an earlier place", leaf.plan_leaf, "if full and not _comes_last(__a, __b, __c, __d): ...", "if False: ..."),
    Mutant(
        "a component of one customer",
        leaf.plan_leaf,
        "if most is not None and len(members) > most: ...",
        "if False: ...",
    ),
    Mutant("a component of several customers", leaf._has_room, "if len(counted) > most: ...", "if False: ..."),
    Mutant(
        "a neighbour too many",
        leaf._within_limits,
        "return all(reader.shared(x) is None for x in touched)",
        "return True",
    ),
    Mutant("one that is personal", leaf.plan_leaf, "any(link.basis == PERSONAL for link in around)", "False"),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_leaf_that_forgets_is_caught(mutant: Mutant) -> None:
    play, policy = SCENES[mutant.rule]
    tracker = _open(**policy)
    with alive(mutant):
        play(tracker)
    with pytest.raises(AssertionError):
        check(tracker)


def test_the_first_account_of_a_customer_is_known_at_once() -> None:
    tracker = _open()
    see(tracker, "1", 1, _x("a"), _x("b"))
    with counted() as answers:
        see(tracker, "2", 2, _x("a"), _one(1))
    assert answers == [True]
    assert len(tracker.customer(_x("b")).identifiers) == 3
    check(tracker)
