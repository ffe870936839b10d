"""The partition of a whole store is what ``partition`` says; mutants prove that these tests would see a difference."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from identity.facts import POLICIES
from mutants import Mutant, alive
from omnitrack.identity import bulk, bulk_numpy, hazards
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.integer_graph import BATCH
from omnitrack.identity.partition import (
    DIFFERENT,
    MATCH,
    PERSONAL,
    REASSIGNED,
    SAME,
    SHARED_MARK,
    TOGETHER,
    partition,
)
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import LINKABLE, NO_ID, RETIRED, IdentifierRow, LinkRow

# Few, so that they meet; two accounts of one scope oftener than anything.
KINDS = (("account", "bt"),) * 5 + (("account", "ee"), ("phone", ""), ("email", ""), ("x", ""), ("x", "here"))

DRAWN_POLICIES = (
    *POLICIES,
    Policy(),
    Policy(limits={"*": None, "account": None}, max_identifiers=None, max_component=None),
    Policy(limits={"*": None, "account": None}, max_identifiers=None, max_component=3),
    Policy(limits={"*": None, "account": 2}, max_identifiers=4, max_component=3, auto_match=0.9),
    Policy(limits={"*": 2, "account": None}, max_identifiers=3, max_component=4, auto_match=0.9),
    Policy(limits={"*": 1, ("account", "*"): None, ("phone", "account"): 2, ("email", "x"): 3}, max_component=4),
    Policy(limits=None, max_identifiers=3),
    Policy(limits={"*": 2, ("x", "*"): "verified", ("account", "phone"): "verified"}, max_component=4, auto_match=0.9),
    Policy(limits={"*": "verified", ("account", "*"): "verified"}, max_component=4, auto_match=0.9),
)
policies = st.sampled_from(DRAWN_POLICIES)


def _id(n: int) -> bytes:
    # Alike in the first half, so that nothing may rest on that alone.
    return bytes(8) + (n * 37 % 101).to_bytes(8, "big")


def _home(n: int) -> bytes:
    return (n % 3).to_bytes(8, "big") + (n * 41 % 97 + 1).to_bytes(8, "big")


Answer = tuple[dict[bytes, bytes], set[bytes], set[bytes]]  # customers, who is shared, who is oversized
World = tuple[list[IdentifierRow], list[LinkRow]]

BASES_OF_LINKS = (TOGETHER,) * 9 + (
    MATCH,
    SAME,
    SAME,
    SAME,
    SAME,
    DIFFERENT,
    DIFFERENT,
    SHARED_MARK,
    PERSONAL,
    REASSIGNED,
)


def _row(n: int, kind: tuple[str, str], base: int, state: int) -> IdentifierRow:
    return IdentifierRow(_id(n), _home(n), b"", kind[0], str(n), kind[1], _id(base), None, state, None, 0)


def _row_of(n: int, count: int, drawn: int) -> IdentifierRow:
    drawn, kind = divmod(drawn, len(KINDS))
    drawn, base = divmod(drawn, count * 3)
    state = (LINKABLE, RETIRED | LINKABLE, 0)[max(0, drawn % 16 - 13)]
    return _row(n, KINDS[kind], base if base < count else n, state)


def _link_of(count: int, drawn: int) -> LinkRow | None:
    drawn, a = divmod(drawn, count)
    drawn, b = divmod(drawn, count + 1)  # now and then somebody who is not there
    drawn, basis = divmod(drawn, len(BASES_OF_LINKS))
    drawn, assurance = divmod(drawn, 6)
    drawn, seen = divmod(drawn, 4)
    return _link(a, b, BASES_OF_LINKS[basis], (1, 2, 2, 2, 2, 3)[assurance], seen, (850_000, 950_000)[drawn % 2])


def _link(a: int, b: int, basis: str, assurance: int, seen: int, score: int) -> LinkRow | None:
    if basis in (TOGETHER, MATCH, SAME, DIFFERENT):
        if a == b:
            return None
        a, b = sorted((a, b), key=_id)
    elif basis == SHARED_MARK:
        b = a
    if basis in (TOGETHER, MATCH):
        return LinkRow(_id(a), _id(b), basis, assurance, NO_ID, seen, _id(seen), score if basis == MATCH else 0)
    return LinkRow(_id(a), _id(b), basis, 4, _id(seen * 100 + a * 10 + b), seen, NO_ID, 0)


def _world(drawn: tuple[list[int], list[int]]) -> World:
    rows, links = drawn
    found = [_link_of(len(rows), n) for n in links]
    return (
        [_row_of(n, len(rows), each) for n, each in enumerate(rows)],
        list({link[:5]: link for link in found if link is not None}.values()),
    )


# One number for each row and link, taken apart above: an example takes a millisecond instead of twenty.
_draws = st.integers(0, 2**20 - 1)
worlds = st.tuples(st.lists(_draws, min_size=3, max_size=7), st.lists(_draws, min_size=2, max_size=18)).map(_world)


def said_by_bulk(found: Sequence[IdentifierRow], said: Iterable[LinkRow], policy: Policy, piece: int = 3) -> Answer:
    bulk = Bulk(policy)
    for start in range(0, len(found), piece):
        bulk.add_identifiers(found[start : start + piece])
    said = list(said)
    for start in range(0, len(said), piece):
        bulk.add_links(said[start : start + piece])
    census = bulk.solve()
    places = dict(zip((row.id for row in found), census.index.find([row.id for row in found])))
    assert census.customers() == len({census.customer_at(n) for n in places.values()})
    return (
        {x: census.customer_at(n) for x, n in places.items()},
        {x for x, n in places.items() if census.shared[n]},
        {x for x, n in places.items() if census.oversized[n]},
    )


def _swapped(x: bytes) -> bytes:
    return x[8:] + x[:8]


def as_addressed(found: list[IdentifierRow], said: list[LinkRow]) -> tuple[list[IdentifierRow], list[LinkRow]]:
    """Return the same with ids that differ in the first half, as content addresses do."""
    found = [row._replace(id=_swapped(row.id), base=_swapped(row.base)) for row in found]
    return found, [link._replace(a=_swapped(link.a), b=_swapped(link.b)) for link in said]


def said_by_partition(found: Sequence[IdentifierRow], said: Iterable[LinkRow], policy: Policy) -> Answer:
    there = {row.id: row for row in found}
    wanted = partition(there, [link for link in said if link.a in there and link.b in there], policy)
    return wanted.customer, set(wanted.shared), wanted.oversized


def is_the_partition(found: list[IdentifierRow], said: list[LinkRow], policy: Policy, addressed: bool) -> None:
    if addressed:
        found, said = as_addressed(found, said)
    found = sorted(found)
    assert said_by_bulk(found, said, policy) == said_by_partition(found, said, policy)


@budget(300)
@given(worlds, policies, st.booleans())
def test_it_is_the_partition(world: World, policy: Policy, addressed: bool) -> None:
    is_the_partition(*world, policy, addressed)


# -- shapes that small examples do not reach ----------------------------------------------------------------------------
def _seen_together(pairs: Iterable[tuple[int, int]], assurance: int = 2) -> list[LinkRow]:
    return [
        LinkRow(min(a, b).to_bytes(16, "big"), max(a, b).to_bytes(16, "big"), TOGETHER, assurance, NO_ID, n, NO_ID, 0)
        for n, (a, b) in enumerate(pairs)
    ]


def _devices(count: int) -> list[IdentifierRow]:
    ids = [n.to_bytes(16, "big") for n in range(count)]
    return [IdentifierRow(x, x, b"", "device", "", "", x, None, LINKABLE, None, 0) for x in ids]


def _shuffled(count: int) -> list[int]:
    return [n * 617 % count for n in range(count)]  # 617 is prime


SHAPES = {
    "a path": [(n, n + 1) for n in range(999)],
    "a path in no order": [*pairwise(_shuffled(1000))],
    "a path from the ends inwards": [*pairwise([n // 2 if n % 2 else 999 - n // 2 for n in range(1000)])],
    "a star of the last": [(n, 999) for n in range(999)],
    "stars of the first and the last": [(0 if n % 2 else 999, n) for n in range(1, 999)],
    "pairs": [(n, n + 500) for n in range(500)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_components_of_any_shape_are_whole(shape: str) -> None:
    policy = Policy(limits={"*": None, "device": None}, max_identifiers=None)
    is_the_partition(_devices(1000), _seen_together(SHAPES[shape]), policy, False)


def test_many_components_with_a_hazard_are_handed_over_in_pieces_that_cut_none() -> None:
    policy = Policy(limits={"*": None, "device": None}, max_identifiers=3)
    pairs = [(n, n + 1) for n in range(2 * BATCH + 500) if n % 7]
    is_the_partition(_devices(2 * BATCH + 501), _seen_together(pairs), policy, False)


def test_many_groups_are_counted_each_by_its_own_limit() -> None:
    scopes = [f"brand{n}" for n in range(19)]
    kinds = [("phone", ""), *(("account", scope) for scope in scopes), ("account", scopes[-1])]
    found = [
        _row(n, kind, n, LINKABLE)._replace(id=n.to_bytes(16, "big"), base=n.to_bytes(16, "big"))
        for n, kind in enumerate(kinds)
    ]
    for others in (range(1, len(kinds) - 1), range(1, len(kinds))):
        said = _seen_together((0, n) for n in others)
        is_the_partition(found, said, Policy(), False)


def test_nothing_taken_in_is_nobody() -> None:
    census = Bulk(Policy()).solve()
    assert census.customers() == 0
    assert census.index.find([NO_ID]) == [-1]


@pytest.mark.parametrize("again", [0, 4], ids=["twice", "out of order"])
def test_identifiers_that_do_not_ascend_are_refused(again: int) -> None:
    bulk = Bulk(Policy())
    found = _devices(6)
    bulk.add_identifiers(found[:5])
    with pytest.raises(ValueError, match="ascending"):
        bulk.add_identifiers([found[5], found[again]])


# -- that the properties above would see a difference -------------------------------------------------------------------
EXAMPLES = 2000

MUTANTS = (
    Mutant("claimed links do not join", bulk.Bulk.add_links, "if 0 in strength: ...", "if False: ..."),
    Mutant("links without an end alone are left out", bulk.Bulk._graph, "one >= 0 and two >= 0", "False"),
    Mutant("statements join", bulk.Bulk._graph, "stated.append(__a)", "None"),
    Mutant("statements do not join what is denied", bulk.Bulk._graph, "not apart", "True"),
    Mutant("the first holder is a holder", bulk.Bulk._several_holders, "base not in self._bases", "False"),
    Mutant("numpy: usable", bulk_numpy.solve, "not usable.all()", "False"),
    Mutant("numpy: pairs that only verified links join", bulk_numpy._counting, "not verified_only.any()", "True"),
    Mutant("numpy: of these pairs verified links join", bulk_numpy._counting, "links.strength < int(Assurance.VERIFIED)", "True"),
    Mutant("numpy: of these pairs matches join", bulk_numpy._counting, "(links.strength > AUTO_MATCHED) & __a", "__a"),
    Mutant("numpy: over a limit", bulk_numpy._Limits.over, "counts > limits", "counts >= limits"),
    Mutant("numpy: a limit of the pair", bulk_numpy._Limits.over, "self.most[__a, __b]", "self.most[0, __b]"),
    Mutant("numpy: values that count as one", bulk_numpy._shared, "leader[links.b[one]]", "links.b[one]"),
    Mutant("numpy: shared stand alone in statements", bulk_numpy.solve, "stated = stated[alone[stated[:, 0]] & alone[stated[:, 1]]]", "pass"),
    Mutant("numpy: personal by statements alone", bulk_numpy.solve, "alone[_numbers(p.personal)] = False", "pass"),
    Mutant("numpy: personal is not shared", bulk_numpy._shared, "shared[_numbers(p.personal)] = False", "pass"),
    Mutant("numpy: denied pairs", bulk_numpy._undenied, "if p.denied: ...", "if False: ..."),
    Mutant("numpy: holders are denied", bulk_numpy._undenied, "if p.bases: ...", "if False: ..."),
    Mutant("numpy: oversized", bulk_numpy.solve, "... and (sizes > p.max_component).any()", "False"),
    Mutant("numpy: verified links of an oversized one", bulk_numpy.solve, "links.strength >= __a", "links.strength > __a"),
    Mutant("numpy: the second half of a home", bulk_numpy._oldest, "among = among[least[label[among]] == second[among]]", "pass"),
    Mutant("numpy: too many is a hazard", bulk_numpy._hazards, "hazards |= sizes > p.max_identifiers", "pass"),
    Mutant("numpy: exclusive values are a hazard", bulk_numpy._hazards, "value[1:] != value[:-1]", "False"),
    Mutant("numpy: denials are a hazard", bulk_numpy._hazards, "for a, b in p.denied: ...", "for a, b in (): ..."),
    Mutant("numpy: holders are a hazard", bulk_numpy._hazards, "p.bases.items()", "()"),
    Mutant("numpy: turns", bulk_numpy._hazard_batches, "-strength", "strength"),
    Mutant("numpy: ids alike in the first half", bulk_numpy._Index.places, "if self._alike: ...", "if False: ..."),
    Mutant("d: denied", hazards.join_hazards, "any(... for x in fewer)", "False"),
    Mutant("d: a customer keeps its denials", hazards.join_hazards, "more |= fewer\napart[a] = more", "pass"),
    Mutant("d: holders", hazards.join_hazards, "kept_apart.setdefault(n, set()).update(several)", "None"),
    Mutant("d: exclusive values", hazards.join_hazards, "others.get(group, value) != value", "False"),
    Mutant("d: values that count as one", hazards.join_hazards, "graph.leader.get(n, n)", "n"),
    Mutant("d: a customer keeps its values", hazards.join_hazards, "__a.update(values[b])", "__a.copy()"),
    Mutant("d: too many", hazards.join_hazards, "size[a] + size[b] > most", "False"),
    Mutant("d: a customer has its size", hazards.join_hazards, "size[a] += size[b]", "pass"),
    Mutant("d: the oldest home", hazards.join_hazards, "homes[__a : __b] > __c", "homes[__a : __b] < __c"),
)  # fmt: skip


Example = tuple[list[IdentifierRow], list[LinkRow], Policy, Answer]


def drawn() -> list[Example]:
    """Return worlds as the properties above draw them, with the right answers: the same in every run."""
    rnd = random.Random(1)
    found_: list[Example] = []
    for _ in range(EXAMPLES):
        draws = [[rnd.randrange(2**20) for _ in range(rnd.randint(*ends))] for ends in ((3, 7), (2, 18))]
        found, said = _world((draws[0], draws[1]))
        if rnd.random() < 0.5:
            found, said = as_addressed(found, said)
        policy = rnd.choice(DRAWN_POLICIES)
        found_.append((sorted(found), said, policy, said_by_partition(found, said, policy)))
    return found_


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return drawn()


def survives(examples: Iterable[Example]) -> bool:
    try:
        return all(said_by_bulk(found, said, policy) == answer for found, said, policy, answer in examples)
    except Exception:  # a broken solver may break in any way
        return False


def test_the_examples_are_as_the_properties_want_them(examples: list[Example]) -> None:
    assert survives(examples)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_properties_catch_a_solver_that_breaks_this(mutant: Mutant, examples: list[Example]) -> None:
    with alive(mutant):
        assert not survives(examples)
