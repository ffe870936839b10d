"""Tenures: who held an identifier when, by statements and by the ids that prove it. Pure functions.

A platform's own id is proof of who holds a handle or a number. Two of one series (two X ids; two WhatsApp ids of one portfolio) are two
accounts, so a handle that was seen with both has had two holders, unless somebody said that the two accounts are one person's.
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

Classes = Mapping[bytes, bytes]  # of ids that statements call one person's, the one that stands for them all

_BEFORE_ALL = -(2**63)

#: The assurance of a link that says that an identifier had another holder because nobody saw it for long.
ASSUMPTION = int(Assurance.CLAIMED)


class Proof(NamedTuple):
    """An id that was seen with a handle or a number, and when first."""

    series: str  # the ids that it can be compared with
    id: bytes  # NO_ID where it was erased or aged away: of somebody who is nobody else in the store
    seen: int
    evidence: bytes  # the interaction that shows it; NO_ID where that is gone


def _order(proof: Proof) -> tuple[int, bool, bytes, bytes]:
    """Earliest first; of one time first who is gone, so that nobody comes into their place."""
    return (proof.seen, proof.id != NO_ID, proof.id, proof.evidence)


@attrs.frozen(slots=True)
class Held:
    """Who held an identifier when.

    Attributes:
        tenures: the later holders, by statements, by evidence and by silence.
        said: those of statements. silent: those by silence.
        proven: which holder an id was with, by (number of the statements' tenure, id).
        began: of the holders by evidence, the proof with which their tenure began.
    """

    tenures: Tenures = ()
    said: Tenures = ()
    proven: Mapping[tuple[int, bytes], bytes] = attrs.field(factory=dict)
    began: Mapping[bytes, Proof] = attrs.field(factory=dict)
    silent: Tenures = ()

    def holder(self, base: bytes, at: int, ids: Iterable[bytes] = ()) -> bytes:
        """Return whose the identifier was at a time.

        Args:
            base: the first holder.
            ids: those that it was seen with, surely enough. What they prove counts more than the time; of several the later holder does.
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
        """Return the last of those by silence between a holder and the next, who are told by time alone, who began by then."""
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
        """Return the links that say which holders the identifier has by evidence."""
        return [
            LinkRow(base, holder, REASSIGNED, int(Assurance.OBSERVED), NO_ID, proof.seen, proof.evidence, 0)
            for holder, proof in sorted(self.began.items())
        ] + [LinkRow(base, holder, REASSIGNED, ASSUMPTION, NO_ID, since, NO_ID, 0) for since, holder in self.silent]


#: Of nearly every identifier: it never had another holder.
ONE_HOLDER = Held()


def _number(said: Tenures, at: int) -> int:
    """Return in which of the tenures that statements make a time is: 0 for the first holder's."""
    return bisect_right(said, at, key=lambda tenure: tenure[0])


def classes_of(same: Iterable[tuple[bytes, bytes]], denied: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the classes of ids that statements call one, but for pairs of which one says that they are not."""
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

    In the time of each holder whom statements know, the ids are taken in the order in which they were first seen. One is with whoever held the
    identifier then, unless another id of its series is: then it begins a tenure of its own.

    Args:
        base: the first holder. said: (since, holder) of the others that statements know.
        proofs: every id that it was seen with, of each one at least the earliest time in each of these tenures.
        classes: which ids are one person's.
        address: returns the id of a holder: of since when and, where another begins at the same time, of the id with which it begins.
        silent: the times since which it has holders by silence. They part the time of each of the others, and nothing of what ids prove.
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
    """The ids of one person that an identifier was seen with in one of the tenures that statements make."""

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
    """Return what has to be kept of an identifier's proofs where some were deleted, so that nobody comes into another's place by it.

    A person of whom nothing is left keeps a place of their own. One who was seen with it later too keeps the time of before, where that tells
    them from others.

    Args:
        said: the tenures of statements. before: the proofs of before, what was kept earlier among them. after: those that are left.
        classes: which ids were one person's. gone: ids that are not in the store any more.
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
