"""Tenures: who held an identifier when, by statements and by the ids that prove it. Pure functions.

A platform's own id proves who holds a handle or a number. Two ids of one series (two X ids; two WhatsApp ids of one portfolio) are two
accounts, so a handle that was seen with both has had two holders, unless a statement says that the two accounts are one person's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from omnitrack.identity.mention import Tenures, holder_at
from omnitrack.identity.partition import REASSIGNED
from omnitrack.model import Assurance
from omnitrack.storage.contract import NO_ID, LinkRow

Classes = Mapping[bytes, bytes]  # for ids that statements make one person's, the one that represents them all

_BEFORE_ALL = -(2**63)

#: The assurance of a link for a holder that is assumed because of a silence.
ASSUMPTION = int(Assurance.CLAIMED)


class Proof(NamedTuple):
    """An id that was seen with a handle or a number, and when first."""

    series: str  # the ids that it can be compared with
    id: bytes  # NO_ID if it was erased or expired: it belongs to nobody else in the store
    seen: int
    evidence: bytes  # the interaction that shows it; NO_ID if that was deleted


def _order(proof: Proof) -> tuple[int, bool, bytes, bytes]:
    """Sort key: earliest first, and at one time deleted ids first, so that nobody takes their place."""
    return (proof.seen, proof.id != NO_ID, proof.id, proof.evidence)


@attrs.frozen(slots=True)
class Held:
    """Who held an identifier when.

    Attributes:
        tenures: the later holders, by statements, by evidence and by silence.
        said: the later holders by statements.
        proven: the holder that an id was with, by (number of the statements' tenure, id).
        began: for each holder by evidence, the proof that began the tenure.
        silent: the later holders by silence.
    """

    tenures: Tenures = ()
    said: Tenures = ()
    proven: Mapping[tuple[int, bytes], bytes] = attrs.field(factory=dict)
    began: Mapping[bytes, Proof] = attrs.field(factory=dict)
    silent: Tenures = ()

    def holder(self, base: bytes, at: int, ids: Iterable[bytes] = ()) -> bytes:
        """Return who held the identifier at a time.

        Args:
            base: the first holder.
            at: the time, in microseconds.
            ids: the ids that it was seen with, with enough assurance. Proof outweighs the time; of several proven holders the later counts.
        """
        if self.proven:
            number = _number(self.said, at)
            proven = {self.proven.get((number, id)) for id in ids} - {None}
            if proven:
                return self._within(
                    next((holder for _, holder in reversed(self.tenures) if holder in proven), base), at
                )
        return holder_at(base, self.tenures, at)

    def _within(self, proven: bytes, at: int) -> bytes:
        """Return the last holder by silence after a proven holder and before the next, whose tenure had begun by then."""
        found, inside = proven, all(holder != proven for _, holder in self.tenures)
        for tenure in self.tenures:
            if tenure not in self.silent:
                if inside and tenure[1] != proven:
                    break
                inside = tenure[1] == proven
            elif inside and tenure[0] <= at:
                found = tenure[1]
        return found

    def links(self, base: bytes) -> list[LinkRow]:
        """Return the links for the holders by evidence and by silence."""
        return [
            LinkRow(base, holder, REASSIGNED, int(Assurance.OBSERVED), NO_ID, proof.seen, proof.evidence, 0)
            for holder, proof in sorted(self.began.items())
        ] + [LinkRow(base, holder, REASSIGNED, ASSUMPTION, NO_ID, since, NO_ID, 0) for since, holder in self.silent]


#: The tenures of nearly every identifier: it never had another holder.
ONE_HOLDER = Held()


def _number(said: Tenures, at: int) -> int:
    """Return the number of the statements' tenure that a time falls in, 0 for the first holder's."""
    return bisect_right(said, at, key=lambda tenure: tenure[0])


def classes_of(same: Iterable[tuple[bytes, bytes]], denied: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the classes of ids that statements join, without denied pairs."""
    leader: dict[bytes, bytes] = {}

    def find(x: bytes) -> bytes:
        while leader.get(x, x) != x:
            x = leader[x]
        return x

    for a, b in same:
        if (a, b) not in denied and (b, a) not in denied:
            first, second = sorted((find(a), find(b)))
            leader[second] = first
            leader.setdefault(first, first)
    return {x: find(x) for x in leader}


def hold(
    base: bytes,
    said: Iterable[tuple[int, bytes]],
    proofs: Iterable[Proof],
    classes: Classes,
    address: Callable[[int, bytes], bytes],
    silent: Iterable[int] = (),
) -> Held:
    """Return who held an identifier when.

    Within the tenure of each holder named by statements, the ids are taken in the order in which they were first seen. An id belongs to whoever held the
    identifier then, unless that holder has another id of its series: then it begins a tenure of its own.

    Args:
        base: the first holder.
        said: (since, holder) of the later holders that statements name.
        proofs: every id that it was seen with, each with at least the earliest time in each of these tenures.
        classes: the ids that are one person's.
        address: returns the id of a holder, given the start of the tenure and, if another begins at the same time, the id that begins it.
        silent: the times at which holders by silence begin. They divide the tenures of the others, but not what ids prove.
    """
    known = tuple(sorted(set(said)))
    people = _first_seen(known, proofs, classes)
    proven: dict[tuple[int, bytes], bytes] = {}
    began: dict[bytes, Proof] = {}
    taken = {since for since, _ in known}
    for number in range(len(known) + 1):
        current = known[number - 1] if number else (_BEFORE_ALL, base)
        series: dict[bytes, set[str]] = {}
        group = sorted((p for p in people if p.number == number), key=lambda person: _order(person.first))
        for place, person in enumerate(group):
            first = person.first
            if first.series in series.get(current[1], ()):
                other = b"" if first.seen not in taken else (first.id if first.id != NO_ID else b"%d" % place)
                taken.add(first.seen)
                holder = address(first.seen, other)
                began[holder] = first
                current = max(current, (first.seen, holder))
                series[holder] = {first.series}
            else:
                holder = current[1]
                series.setdefault(holder, set()).add(first.series)
            proven.update(((number, id), holder) for id in person.ids)
    by_evidence = {*known, *((proof.seen, holder) for holder, proof in began.items())}
    taken = {since for since, _ in by_evidence}
    quiet = tuple((since, address(since, b"")) for since in sorted(set(silent) - taken))
    tenures = tuple(sorted({*by_evidence, *quiet}))
    return Held(tenures, known, proven, began, quiet) if tenures else ONE_HOLDER


@attrs.frozen(slots=True)
class _Person:
    """The ids of one person that an identifier was seen with during one of the statements' tenures."""

    number: int
    ids: set[bytes]
    first: Proof


def _first_seen(said: Tenures, proofs: Iterable[Proof], classes: Classes) -> list[_Person]:
    found: dict[tuple[int, str, object], _Person] = {}
    for place, proof in enumerate(proofs):
        number = _number(said, proof.seen)
        nobody = proof.id == NO_ID
        key = (number, proof.series, place if nobody else classes.get(proof.id, proof.id))
        known = found.get(key)
        ids = (set() if known is None else known.ids) | (set() if nobody else {proof.id})
        first = proof if known is None or _order(proof) < _order(known.first) else known.first
        found[key] = _Person(number, ids, first)
    return list(found.values())


def places_left(
    said: Tenures, before: Sequence[Proof], after: Sequence[Proof], classes: Classes, gone: Collection[bytes]
) -> list[Proof]:
    """Return the proofs of an identifier to keep after some were deleted, so that nobody takes another person's place.

    A person without any remaining proof keeps a place of their own. One with later proofs keeps the earlier time, if it distinguishes them from
    others.

    Args:
        said: the tenures of statements.
        before: the proofs before the deletion, including those kept earlier.
        after: the proofs that remain.
        classes: the ids that were one person's.
        gone: ids that are no longer in the store.
    """
    people = _first_seen(said, before, classes)
    left = {
        (person.number, person.first.series, id): person
        for person in _first_seen(said, after, classes)
        for id in person.ids
    }
    places = []
    for person in people:
        first = person.first
        now = next((left[key] for id in sorted(person.ids) if (key := (person.number, first.series, id)) in left), None)
        if now is not None and (now.first.seen <= first.seen or len(people) == 1):
            continue
        name = min(person.ids - set(gone), default=NO_ID)
        places.append(Proof(first.series, name, first.seen, NO_ID))
    return sorted(places, key=lambda place: (place.series, _order(place)))
