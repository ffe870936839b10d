"""Who held an identifier when: the pure function against the rule read naively, and what must hold of it whatever comes in."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from omnitrack.identity.tenures import ONE_HOLDER, Held, Proof, classes_of, hold, places_left
from omnitrack.storage.contract import NO_ID

BASE = b"base"
SERIES = ("x", "portfolio a", "portfolio b")
IDS = {"x": (b"x1", b"x2", b"x3"), "portfolio a": (b"a1", b"a2"), "portfolio b": (b"b1", b"b2")}

Pairs = list[tuple[bytes, bytes]]


def address(since: int, other: bytes) -> bytes:
    return b"%d/%s" % (since, other)


ids = st.sampled_from([(series, id) for series, of in IDS.items() for id in of])
proofs = st.lists(
    st.builds(lambda one, seen: Proof(one[0], one[1], seen, b"i%d" % seen), ids, st.integers(0, 5)), max_size=8
)
said = st.lists(st.integers(0, 6).map(lambda at: (at, b"said %d" % at)), max_size=2, unique=True)
pairs = st.lists(
    st.sampled_from([pair for of in IDS.values() for pair in combinations(of, 2)]), max_size=2, unique=True
)


def holders_naively(stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs) -> dict[tuple[bytes, int], int]:
    """Say of each id and time at which it was seen with which tenure it is: 0 for the first, else a number of its own in its statement's time."""
    starts = sorted(at for at, _ in stated)
    groups: dict[tuple[int, str, bytes], list[Proof]] = {}
    one = {id: id for of in IDS.values() for id in of}
    for a, b in same:
        one = {id: one[a] if other == one[b] else other for id, other in one.items()}
    for proof in shown:
        number = sum(start <= proof.seen for start in starts)
        groups.setdefault((number, proof.series, one[proof.id]), []).append(proof)
    found: dict[tuple[bytes, int], int] = {}
    for number in range(len(starts) + 1):
        tenures: list[set[str]] = [set()]
        ordered = sorted(
            (group for key, group in groups.items() if key[0] == number),
            key=lambda group: min((p.seen, p.id) for p in group),
        )
        for group in ordered:
            if group[0].series in tenures[-1]:
                tenures.append(set())
            tenures[-1].add(group[0].series)
            found.update(((p.id, p.seen), number * 100 + len(tenures) - 1) for p in group)
    return found


def held_by(stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs) -> Held:
    return hold(BASE, stated, shown, classes_of(same, ()), address)


@given(said, proofs, pairs)
def test_each_id_is_with_the_holder_whom_the_rule_says(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs
) -> None:
    held = held_by(stated, shown, same)
    wanted = holders_naively(stated, shown, same)
    sure = len({p.seen for p in held.began.values()} | {at for at, _ in stated}) == len(held.tenures)
    found = {key: held.holder(BASE, key[1], [key[0]]) for key in wanted}
    if not sure:
        return  # two tenures of one time: which of them what comes later belongs to is told by their addresses
    for one, other in combinations(wanted, 2):
        assert (found[one] == found[other]) == (wanted[one] == wanted[other])
    for key, number in wanted.items():
        if number % 100 == 0:
            before = [holder for at, holder in sorted(stated) if at <= key[1]]
            assert found[key] == (before[-1] if before else BASE)


@given(said, proofs, pairs, st.randoms())
def test_the_order_in_which_proofs_come_makes_no_difference(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs, chance: object
) -> None:
    held = held_by(stated, shown, same)
    mixed = [list(stated), [*shown, *shown[:2]], list(same)]
    for one in mixed:
        chance.shuffle(one)  # type: ignore[attr-defined]
    assert held_by(*mixed) == held  # type: ignore[arg-type]


@given(said, proofs, pairs)
def test_two_ids_of_one_series_never_have_one_holder_unless_a_statement_calls_them_one(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs
) -> None:
    held, classes = held_by(stated, shown, same), classes_of(same, ())
    for one, other in combinations(shown, 2):
        if one.series == other.series and classes.get(one.id, one.id) != classes.get(other.id, other.id):
            assert held.holder(BASE, one.seen, [one.id]) != held.holder(BASE, other.seen, [other.id])


@given(proofs)
def test_where_one_id_of_each_series_was_seen_there_was_one_holder(shown: list[Proof]) -> None:
    first = {series: of[0] for series, of in IDS.items()}
    assert held_by([], [p._replace(id=first[p.series]) for p in shown], []) == ONE_HOLDER


@given(said, proofs, pairs)
def test_a_tenure_by_evidence_begins_when_its_id_was_first_seen(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs
) -> None:
    held = held_by(stated, shown, same)
    for holder, proof in held.began.items():
        assert (proof.seen, holder) in held.tenures
        assert proof in shown
        assert held.holder(BASE, proof.seen, [proof.id]) == holder


@given(said, proofs, pairs, st.integers(0, 7))
def test_later_evidence_leaves_the_holders_of_before_as_they_are(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs, until: int
) -> None:
    """What is first seen later begins later tenures and changes no earlier one."""
    before = held_by(stated, [p for p in shown if p.seen < until], same)
    after = held_by(stated, shown, same)
    assert {t for t in before.tenures if t[0] < until} == {t for t in after.tenures if t[0] < until}
    assert before.proven.items() <= after.proven.items()


@given(said, proofs, pairs, st.data())
def test_a_denial_undoes_what_calls_two_ids_one(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs, data: st.DataObject
) -> None:
    denied = set(same[:1])
    assert hold(BASE, stated, shown, classes_of(same, denied), address) == held_by(stated, shown, same[1:])


@given(said, proofs, pairs, st.data())
def test_who_goes_leaves_everybody_else_where_they_were(
    stated: list[tuple[int, bytes]], shown: list[Proof], same: Pairs, data: st.DataObject
) -> None:
    """An erasure, or a retention, takes some of the proofs; nobody comes into another's place by it."""
    known = sorted({p.id for p in shown})
    gone = set(data.draw(st.lists(st.sampled_from(known), unique=True)) if known else [])
    late = data.draw(st.integers(0, 6))
    left = [p for p in shown if p.id not in gone and p.seen >= late]
    classes = classes_of(same, ())
    stay = [p for p in shown if p.id not in gone]
    places = places_left(tuple(sorted(stated)), shown, left, classes, gone)
    assert not {p.id for p in places} & gone
    held = held_by(stated, shown, same)
    after = hold(BASE, stated, [*left, *places], classes, address)
    times = [p.seen for p in shown]
    if len(set(times)) == len(times):
        for proof in left:
            assert after.holder(BASE, proof.seen, [proof.id]) == held.holder(BASE, proof.seen, [proof.id])
    for one, other in combinations(left, 2):
        apart = held.holder(BASE, one.seen, [one.id]) != held.holder(BASE, other.seen, [other.id])
        together = after.holder(BASE, one.seen, [one.id]) == after.holder(BASE, other.seen, [other.id])
        assert not (apart and together) or len(set(times)) < len(times)
    assert stay or not left


def test_a_place_of_somebody_who_went_is_nobody_elses() -> None:
    """The first holder was erased: who comes next does not take over what is left under the identifier."""
    place = Proof("x", NO_ID, 1, NO_ID)
    held = hold(BASE, [], [place, Proof("x", b"x2", 5, b"i5")], {}, address)
    assert held.holder(BASE, 5, [b"x2"]) != BASE
    assert held.holder(BASE, 2) == BASE
