"""The evidence of many pairs at once: the level of each pair and comparison, and the frequency of what agrees."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.comparators import Lookup
from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE, Comparator
from omnitrack.matching.profile import Profile
from omnitrack.matching.values import FEW, Pairs, Values

Indices = npt.NDArray[np.int64]
_MISSING = 99  # above every level, so that the best level of several values is the smallest


@attrs.frozen(slots=True, eq=False)
class Column:
    """The values of one comparison in all profiles, each distinct value once.

    Attributes:
        comparator: the comparator.
        values: the distinct values; for few profiles, all values.
        codes: the values of all profiles in turn, as indices into ``values``.
        starts: the position in ``codes`` at which each profile begins, and the end.
        comparable: ``Comparator.comparable`` of each profile.
    """

    comparator: Comparator
    values: Values
    codes: Indices
    starts: Indices
    comparable: npt.NDArray[np.bool_] | None
    _known: dict[str, Any] = attrs.field(factory=dict, repr=False)
    _joint: dict[tuple[int, int], Hashable] = attrs.field(factory=dict, repr=False)

    def terms(self) -> list[str]:
        """Return the term of each value, which is counted for its frequency."""
        if "terms" not in self._known:
            self._known["terms"] = list(map(self.comparator.term, self.values.values))
        terms: list[str] = self._known["terms"]
        return terms

    def frequencies(self, codes: npt.NDArray[Any], table: Mapping[str, float], other: float) -> npt.NDArray[np.float64]:
        """Return the frequencies of the terms of values, ``other`` for terms that the table does not have."""
        # An estimation uses the same table in every iteration.
        if self._known.get("table") is not table or self._known.get("other") != other:
            shares = np.array([table.get(term, other) for term in self.terms()])
            self._known.update(table=table, other=other, shares=shares)
        asked: npt.NDArray[np.float64] = self._known["shares"][codes]
        return asked

    def joint_shares(self, level: int, left: Indices, right: Indices, lookup: Lookup) -> npt.NDArray[np.float64]:
        """Return the share of people who would agree at a joint level by chance, for each pair of values."""
        comparator, name, values = self.comparator, self.comparator.levels[level].name, self.values.values
        assert comparator.joint is not None
        assert comparator.share is not None
        size = len(values)
        different, places = np.unique(left.astype(np.int64) * size + right, return_inverse=True)
        found = np.empty(len(different))
        shares: dict[Hashable, float] = {}
        for row, pair in enumerate(different.tolist()):
            asked = (level, pair)
            if asked not in self._joint:
                self._joint[asked] = comparator.joint(name, values[pair // size], values[pair % size])
            term = self._joint[asked]
            if term not in shares:
                shares[term] = comparator.share(term, lookup)
            found[row] = shares[term]
        return found[places]


def columns_of(profiles: Sequence[Profile]) -> list[Column | None]:
    """Return a column for every comparator, None if no profile has a value for it."""
    out: list[Column | None] = []
    # Comparators of one field share its values, and what is computed for them.
    read: dict[object, tuple[Values, Indices, Indices]] = {}
    for comparator in COMPARATORS:
        comparable = None
        if comparator.comparable is not None:
            comparable = np.fromiter(map(comparator.comparable, profiles), dtype=np.bool_, count=len(profiles))
            if not comparable.any():
                out.append(None)
                continue
        if comparator.values not in read:
            read[comparator.values] = _read(list(map(comparator.values, profiles)))
        values, codes, starts = read[comparator.values]
        out.append(Column(comparator, values, codes, starts, comparable) if len(values) else None)
    return out


def _read(lists: list[Sequence[Hashable]]) -> tuple[Values, Indices, Indices]:
    flat = list(chain.from_iterable(lists))
    starts = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, lists), dtype=np.int64, count=len(lists)), out=starts[1:])
    if len(flat) <= FEW:
        return Values(flat), np.arange(len(flat), dtype=np.int64), starts
    numbers: dict[Hashable, int] = {}
    codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in flat), dtype=np.int64, count=len(flat))
    return Values(list(numbers)), codes, starts


@attrs.frozen(slots=True, eq=False)
class Evidence:
    """Levels of pairs, with a row for each pair and a column for each comparator.

    Attributes:
        left: the index of one profile of each pair.
        right: the index of the other.
        levels: the index into the comparator's levels; ``NOT_COMPARABLE`` if one side has no value.
        left_codes: for each comparator the values compared, as indices into the column's values; None if no profile has one.
        right_codes: the values of the other side.
    """

    left: Indices
    right: Indices
    levels: npt.NDArray[np.int8]
    left_codes: list[npt.NDArray[np.int32] | None]
    right_codes: list[npt.NDArray[np.int32] | None]

    def take(self, rows: npt.NDArray[Any]) -> Evidence:
        """Return the evidence of some of the pairs."""
        codes = [[None if one is None else one[rows] for one in sides] for sides in (self.left_codes, self.right_codes)]
        return Evidence(self.left[rows], self.right[rows], np.asfortranarray(self.levels[rows]), *codes)


def evidence_of(columns: Sequence[Column | None], left: Indices, right: Indices) -> Evidence:
    """Compare pairs of profiles, ``left[i]`` with ``right[i]``; each two distinct values are compared once."""
    count = len(left)
    levels = np.full((count, len(COMPARATORS)), NOT_COMPARABLE, dtype=np.int8, order="F")
    sides: list[list[npt.NDArray[np.int32] | None]] = [[None] * len(COMPARATORS) for _ in range(2)]
    last: tuple[int, int] | None = None
    pairs: _Paired | None = None
    for index, column in enumerate(columns):
        if column is None:
            continue
        # Comparators of one field are next to each other.
        key = (id(column.values), 0 if column.comparable is None else index)
        if key != last:
            last, pairs = key, _pair(column, left, right) if count else None
        codes: tuple[Any, Any] = (0, 0)
        if pairs is not None:
            found, *both = _best(column, pairs)
            levels[pairs.rows, index], codes = found, (both[0], both[1])
        for side, one in zip(sides, codes, strict=True):
            all_codes = np.zeros(count, dtype=np.int32)
            if pairs is not None:
                all_codes[pairs.rows] = one
            side[index] = all_codes
    return Evidence(left, right, levels, sides[0], sides[1])


@attrs.frozen(slots=True, eq=False)
class _Paired:
    """The values of pairs of profiles, each value of the left with each of the right.

    Attributes:
        rows: the pairs of profiles in which both have a value.
        left: the left values of all pairs of profiles in turn, as codes.
        right: the right values.
        starts: the position at which each pair of profiles begins; None if each has one pair of values.
        pairs: the pairs of values to compare; a pair and its mirror image are one.
    """

    rows: npt.NDArray[np.int64]
    left: Indices
    right: Indices
    starts: npt.NDArray[np.int64] | None
    pairs: Pairs


def _pair(column: Column, left: Indices, right: Indices) -> _Paired | None:
    begin = column.starts
    sizes = np.diff(begin)
    sizes_left, sizes_right = sizes[left], sizes[right]
    combinations = sizes_left * sizes_right
    if column.comparable is not None:
        combinations *= column.comparable[left] | column.comparable[right]
    rows = np.flatnonzero(combinations)
    if not len(rows):
        return None
    counts = combinations[rows]
    first_left, first_right = begin[left[rows]], begin[right[rows]]
    starts = None
    if int(counts.max()) > 1:
        starts = np.cumsum(counts) - counts
        row = np.repeat(np.arange(len(rows)), counts)
        nth, width = np.arange(len(row)) - starts[row], sizes_right[rows][row]
        first_left, first_right = first_left[row] + nth // width, first_right[row] + nth % width
    codes_left, codes_right = column.codes[first_left], column.codes[first_right]
    order = column.values.ranks() if column.comparator.ordered else None
    turned = codes_left > codes_right if order is None else order[codes_left] > order[codes_right]
    a, b = np.where(turned, codes_right, codes_left), np.where(turned, codes_left, codes_right)
    return _Paired(rows, codes_left, codes_right, starts, Pairs(column.values, a, b))


def _best(column: Column, pairs: _Paired) -> tuple[npt.NDArray[np.int8], Indices, Indices]:
    """Return the level of each pair of profiles, which is the best of all pairs of their values, and the codes of that pair."""
    found = column.comparator.compare(pairs.pairs)
    if pairs.starts is None:
        return found, pairs.left, pairs.right
    # Among equal ones the first in the order of values, so that the result is the same from either side.
    counts = np.diff(pairs.starts, append=len(found))
    chosen = pairs.starts.copy()
    several = np.flatnonzero(counts > 1)
    row = np.repeat(several, counts[several])
    places = np.flatnonzero(np.repeat(counts > 1, counts))
    size, ranks = len(column.values), column.values.ranks()
    a, b = ranks[pairs.left[places]], ranks[pairs.right[places]]
    ranked = np.where(found == NOT_COMPARABLE, _MISSING, found).astype(np.int64)[places]
    order = np.lexsort(((ranked * size + np.minimum(a, b)) * size + np.maximum(a, b), row))
    first = np.cumsum(counts[several]) - counts[several]
    chosen[several] = places[order[first]]
    return found[chosen], pairs.left[chosen], pairs.right[chosen]
