"""The numpy solver of ``bulk``: limits by sorting, connected components by hooking and pointer jumping."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.identity.integer_graph import BATCH, HazardBatch, IntegerGraph, Solution
from omnitrack.identity.partition import AUTO_MATCHED
from omnitrack.model import Assurance

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@attrs.frozen(slots=True)
class _Links:
    """Links of evidence as parallel columns."""

    a: Small
    b: Small
    strength: npt.NDArray[np.int8]
    seen: Numbers

    def kept(self, keep: Flags) -> _Links:
        """Return the links whose place is True."""
        if keep.all():
            return self
        return _Links(self.a[keep], self.b[keep], self.strength[keep], self.seen[keep])


def _halves(ids: bytes | bytearray) -> tuple[Words, Words]:
    """Return the first and the last eight bytes of each id, as numbers that sort like the bytes."""
    words = np.frombuffer(ids, ">u8").reshape(-1, 2)
    return words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)


class _Column:
    """Ends of links, converted into numbers all at once."""

    def __init__(self, index: _Index) -> None:
        self._index = index
        self._ends = bytearray()

    def extend(self, ids: Iterable[bytes]) -> None:
        self._ends += b"".join(ids)

    def numbers(self) -> array[int]:
        return array("i", self._index.places(self._ends).astype(np.int32).tobytes())


class _Index:
    """The numbers of identifiers, found by bisection over the first halves of the ids."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._halves: tuple[Words, Words] | None = None
        # Ids with equal first halves, which content addresses never have, are looked up separately.
        self._alike: dict[bytes, int] = {}

    def add(self, ids: Sequence[bytes]) -> None:
        self._ids += b"".join(ids)
        self._halves = None

    def places(self, ids: bytes | bytearray) -> Numbers:
        """Return the numbers of concatenated ids, -1 for unknown ones."""
        if self._halves is None:
            self._halves = first, _ = _halves(self._ids)
            again = np.flatnonzero(first[1:] == first[:-1])
            self._alike = {bytes(self._ids[n * 16 : n * 16 + 16]): n for n in np.union1d(again, again + 1).tolist()}
        first, last = self._halves
        wanted, rest = _halves(ids)
        places = np.full(len(wanted), -1, dtype=np.int64)
        if len(first) and len(wanted):
            # In sorted order each is found near the one before: five times as fast, which pays for the sorting.
            order: Numbers | slice = slice(None)
            if not (wanted[1:] >= wanted[:-1]).all():
                order = np.argsort(wanted)
                wanted, rest = wanted[order], rest[order]
            near = np.minimum(np.searchsorted(first, wanted), len(first) - 1)
            near[(first[near] != wanted) | (last[near] != rest)] = -1
            places[order] = near
        if self._alike:
            for n in np.flatnonzero(places < 0).tolist():
                places[n] = self._alike.get(bytes(ids[n * 16 : n * 16 + 16]), -1)
        return places

    def find(self, ids: Sequence[bytes]) -> list[int]:
        found: list[int] = self.places(b"".join(ids)).tolist()
        return found

    def ids(self, start: int, stop: int) -> list[bytes]:
        return [bytes(self._ids[at : at + 16]) for at in range(start * 16, min(stop * 16, len(self._ids)), 16)]

    def column(self) -> _Column:
        return _Column(self)

    def __len__(self) -> int:
        return len(self._ids) // 16


def make_index() -> _Index:
    """Return an empty index."""
    return _Index()


def solve(p: IntegerGraph) -> Solution:
    """Settle every component without a hazard, and return the others as batches."""
    links = _Links(
        np.frombuffer(p.a, np.int32),
        np.frombuffer(p.b, np.int32),
        np.frombuffer(p.strength, np.int8),
        np.frombuffer(p.seen, np.int64),
    )
    usable = np.frombuffer(p.usable, np.bool_)
    if not usable.all():  # rule a
        links = links.kept(usable[links.a] & usable[links.b])
    group = np.frombuffer(p.group, np.int32)
    links = _counting(p, links, group)
    leader = np.arange(p.count, dtype=np.int32)
    leader[_numbers(p.leader)] = _numbers(p.leader.values())
    shared = _shared(p, links, group, leader)
    alone = ~shared
    stated = np.array(p.stated, dtype=np.int64).reshape(-1, 3)
    stated = stated[alone[stated[:, 0]] & alone[stated[:, 1]]]
    alone[_numbers(p.personal)] = False
    links = _undenied(p, links.kept(alone[links.a] & alone[links.b]))
    label = _components(p.count, links, stated)
    sizes = np.bincount(label, minlength=p.count)
    oversized = np.zeros(p.count, dtype=np.bool_)
    if p.max_component is not None and (sizes > p.max_component).any():
        oversized = (sizes > p.max_component)[label]
        links = links.kept(~oversized[links.a] | (links.strength >= int(Assurance.VERIFIED)))
        label = _components(p.count, links, stated)
        sizes = np.bincount(label, minlength=p.count)
    hazards = _hazards(p, group, leader, label, sizes)
    return Solution(
        array("i", _oldest(p.homes, label).tobytes()),
        bytearray(shared.tobytes()),
        bytearray(oversized.tobytes()),
        _hazard_batches(links, stated, label, hazards),
    )


def _counting(p: IntegerGraph, links: _Links, group: Small) -> _Links:
    """Rule a: drop unverified sightings of two schemes that only verified links join."""
    verified_only = np.array(p.verified_only, dtype=np.bool_)
    if not verified_only.any():
        return links
    kind = np.array(p.kind, dtype=np.int32)[group]
    weak = (links.strength > AUTO_MATCHED) & (links.strength < int(Assurance.VERIFIED))
    return links.kept(~(weak & verified_only[kind[links.a], kind[links.b]]))


def _numbers(values: Any) -> Numbers:
    return np.fromiter(values, dtype=np.int64, count=len(values))


def _shared(p: IntegerGraph, links: _Links, group: Small, leader: Small) -> Flags:
    """Rule b: return the identifiers that have too many neighbours of a group or are marked, without personal ones."""
    shared = np.zeros(p.count, dtype=np.bool_)
    never = len(links.a) + 1
    few = [[never if limit is None else limit for limit in limits] for limits in p.limits]
    if len(links.a) and any(min(limits) < never for limits in few):
        groups = len(p.kind)
        limits = _Limits(np.array(few, dtype=np.int64), np.array(p.kind, dtype=np.int32), group)
        # Repeated pairs and values that count as one make these counts too high, never too low, so an identifier within the limits here is within
        # them. The others are counted again, each pair once.
        keys = np.concatenate((_key(links.a, groups, group[links.b]), _key(links.b, groups, group[links.a])))
        likely = np.zeros(p.count, dtype=np.bool_)
        likely[limits.over(keys)] = True
        if likely.any():
            del keys
            one, two = likely[links.a], likely[links.b]
            pairs = np.unique(
                np.concatenate(
                    (
                        _key(links.a[one], p.count, leader[links.b[one]]),
                        _key(links.b[two], p.count, leader[links.a[two]]),
                    )
                )
            )
            shared[limits.over(_key(pairs // p.count, groups, group[pairs % p.count]))] = True
    shared[_numbers(p.marked)] = True
    shared[_numbers(p.personal)] = False
    return shared


def _key(one: Any, width: int, two: Any) -> Numbers:
    key: Numbers = one.astype(np.int64)
    key *= width
    key += two
    return key


@attrs.frozen(slots=True)
class _Limits:
    """The number of neighbours that an identifier may have, by its scheme and theirs."""

    most: Numbers
    kind: Small
    group: Small

    def over(self, keys: Numbers) -> Numbers:
        """Return the identifiers with more neighbours of a group than its limit; a key is identifier times groups, plus group."""
        keys.sort()
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        counts = np.diff(starts, append=len(keys))
        one, group = np.divmod(keys[starts], len(self.kind))
        limits = self.most[self.kind[self.group[one]], self.kind[group]]
        over: Numbers = one[counts > limits]
        return over


def _undenied(p: IntegerGraph, links: _Links) -> _Links:
    """Rule c: drop denied pairs, including two holders of one identifier."""
    if p.denied:
        denied = np.array(list(p.denied), dtype=np.int64)
        low, high = np.minimum(links.a, links.b), np.maximum(links.a, links.b)
        links = links.kept(~np.isin(_key(low, p.count, high), denied[:, 0] * p.count + denied[:, 1]))
    if p.bases:
        base = np.arange(p.count, 2 * p.count)  # a number of its own for every other identifier
        base[_numbers(p.bases)] = _numbers(p.bases.values())
        links = links.kept(base[links.a] != base[links.b])
    return links


def _components(count: int, links: _Links, stated: Numbers) -> Numbers:
    """Return, for each identifier, the representative of its component.

    In each round all identifiers hook onto a neighbour with a smaller number, or all onto one with a larger number, whichever moves more: at least half of
    those that still have an outside neighbour, so that the number of rounds is logarithmic in the largest component.
    """
    a = np.concatenate((links.a, stated[:, 0])).astype(np.int64)
    b = np.concatenate((links.b, stated[:, 1])).astype(np.int64)
    label = np.arange(count)
    while len(a):
        low, high = np.minimum(a, b), np.maximum(a, b)
        down, up = np.arange(count), np.arange(count)
        down[high] = low
        up[low] = high
        everybody = np.arange(count)
        parent = down if np.count_nonzero(down != everybody) >= np.count_nonzero(up != everybody) else up
        while True:
            further = parent[parent]
            if np.array_equal(further, parent):
                break
            parent = further
        label = parent[label]
        a, b = parent[low], parent[high]
        outside = a != b
        a, b = a[outside], b[outside]
    return label


def _hazards(p: IntegerGraph, group: Small, leader: Small, label: Numbers, sizes: Numbers) -> Flags:
    """Return the components, by representative, in which something can keep two identifiers apart."""
    hazards = np.zeros(p.count, dtype=np.bool_)
    if p.max_identifiers is not None:
        hazards |= sizes > p.max_identifiers
    exclusive = np.flatnonzero(np.array(p.exclusive, dtype=np.bool_)[group] & (sizes[label] > 1))
    key = _key(label[exclusive], len(p.exclusive), group[exclusive])
    order = np.argsort(key)
    key, value = key[order], leader[exclusive][order]
    differ = (key[1:] == key[:-1]) & (value[1:] != value[:-1])
    hazards[key[1:][differ] // max(len(p.exclusive), 1)] = True
    for a, b in p.denied:
        if label[a] == label[b]:
            hazards[label[a]] = True
    holders: set[tuple[int, int]] = set()
    for n, base in p.bases.items():
        place = (int(label[n]), base)
        if place in holders:
            hazards[label[n]] = True
        holders.add(place)
    return hazards


def _oldest(homes: bytes, label: Numbers) -> Small:
    """Return, for each identifier, the one with the smallest home in its component."""
    first, second = _halves(homes)
    largest = np.iinfo(np.uint64).max
    least = np.full(len(label), largest, dtype=np.uint64)
    np.minimum.at(least, label, first)
    among = np.flatnonzero(least[label] == first)
    least.fill(largest)
    np.minimum.at(least, label[among], second[among])
    among = among[least[label[among]] == second[among]]
    oldest = np.empty(len(label), dtype=np.int32)
    oldest[label[among]] = among
    return oldest[label]


def _hazard_batches(links: _Links, stated: Numbers, label: Numbers, hazards: Flags) -> Iterator[HazardBatch]:
    if not hazards.any():
        return
    nodes = np.flatnonzero(hazards[label])
    nodes = nodes[np.argsort(label[nodes])]
    inside = links.kept(hazards[label[links.a]])
    said = stated[hazards[label[stated[:, 0]]]]
    a, b = np.concatenate((inside.a, said[:, 0])), np.concatenate((inside.b, said[:, 1]))
    strength = np.concatenate((inside.strength, np.full(len(said), int(Assurance.STATED))))
    order = np.lexsort((b, a, np.concatenate((inside.seen, said[:, 2])), -strength, label[a]))
    a, b = a[order], b[order]
    node_of, link_of = label[nodes], label[a]
    start, from_link = 0, 0
    while start < len(nodes):
        # Extend the batch to the end of the component in which it becomes full.
        last = node_of[min(start + BATCH, len(nodes)) - 1]
        end = int(np.searchsorted(node_of, last, side="right"))
        to_link = int(np.searchsorted(link_of, last, side="right"))
        joining = zip(a[from_link:to_link].tolist(), b[from_link:to_link].tolist())
        yield HazardBatch(nodes[start:end].tolist(), list(joining))
        start, from_link = end, to_link
