"""The evidence of many pairs at once: for each pair and comparison its level, and the frequency of what agrees."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE, Comparator
from omnitrack.matching.profile import Profile
from omnitrack.matching.values import Pairs, Values

Indices = npt.NDArray[np.int64]
#: So few values or pairs are compared as they are: to find the repeated ones would cost more than it saves.
FEW = 2_000
_MISSING = 99  # above every level, so that the best level of several values is the least


@attrs.frozen(slots=True, eq=False)
class Column:
    """The values of one comparison in all profiles, each different value once.

    Attributes:
        comparator: whose values they are.
        values: the different values; of few profiles, all as they come.
        codes: the values of all profiles one after another, as indices into ``values``.
        starts: where in ``codes`` the values of a profile begin; one more than there are profiles.
        comparable: of each profile, ``Comparator.comparable``.
    """

    comparator: Comparator
    values: Values
    codes: Indices
    starts: Indices
    comparable: npt.NDArray[np.bool_] | None
    _known: list[tuple[Mapping[str, float], float, npt.NDArray[np.float64]]] = attrs.field(factory=list, repr=False)

    def frequencies(self, codes: npt.NDArray[Any], table: Mapping[str, float], other: float) -> npt.NDArray[np.float64]:
        """Return the frequency of the term of each of some values, ``other`` where the table does not know it."""
        # An estimation asks for the same table in every iteration.
        if not self._known or self._known[0][0] is not table or self._known[0][1] != other:
            self._known[:] = [(table, other, np.full(len(self.values), np.nan))]
        found = self._known[0][2]
        term, values = self.comparator.term, self.values.values
        for code in set(codes[np.isnan(found[codes])].tolist()):
            found[code] = table.get(term(values[code]), other)
        asked: npt.NDArray[np.float64] = found[codes]
        return asked


def columns_of(profiles: Sequence[Profile]) -> list[Column | None]:
    """Return a column for every comparator, None where no profile has a value for it."""
    out: list[Column | None] = []
    # Comparators of one field share its values, and what is worked out for them.
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
    numbers = {value: number for number, value in enumerate(dict.fromkeys(flat))}
    codes = np.fromiter(map(numbers.__getitem__, flat), dtype=np.int64, count=len(flat))
    return Values(list(numbers)), codes, starts


@attrs.frozen(slots=True, eq=False)
class Evidence:
    """Levels of pairs, one row a pair and one column a comparator.

    Attributes:
        left, right: indices of the two profiles of each pair.
        levels: index into the comparator's levels; ``NOT_COMPARABLE`` where a side does not know the value.
        left_codes, right_codes: which values were compared, as indices into the column's values.
    """

    left: Indices
    right: Indices
    levels: npt.NDArray[np.int8]
    left_codes: npt.NDArray[np.int32]
    right_codes: npt.NDArray[np.int32]

    def take(self, rows: npt.NDArray[Any]) -> Evidence:
        """Return the evidence of some of the pairs."""
        return Evidence(
            self.left[rows], self.right[rows], self.levels[rows], self.left_codes[rows], self.right_codes[rows]
        )


def evidence_of(columns: Sequence[Column | None], left: Indices, right: Indices) -> Evidence:
    """Compare pairs of profiles, ``left[i]`` with ``right[i]``; each two different values are compared only once."""
    shape = (len(left), len(COMPARATORS))
    levels = np.full(shape, NOT_COMPARABLE, dtype=np.int8, order="F")
    left_codes = np.zeros(shape, dtype=np.int32, order="F")
    right_codes = np.zeros(shape, dtype=np.int32, order="F")
    paired: dict[int, _Paired | None] = {}
    for index, column in enumerate(columns):
        if column is None or not len(left):
            continue
        key = id(column.values)
        if key not in paired:
            paired[key] = _pair(column, left, right)
        if (pairs := paired[key]) is not None:
            found, codes_left, codes_right = _best(column, pairs)
            levels[pairs.rows, index] = found
            left_codes[pairs.rows, index] = codes_left
            right_codes[pairs.rows, index] = codes_right
    return Evidence(left, right, levels, left_codes, right_codes)


@attrs.frozen(slots=True, eq=False)
class _Paired:
    """The values of pairs of profiles, every one of the left with every one of the right.

    Attributes:
        rows: the pairs of profiles that both have a value.
        left, right: the values, pair of profiles after pair of profiles, as codes.
        starts: where in them the values of a pair of profiles begin; None where each has one.
        different: the different pairs of values among them, to be compared.
        places: of each pair of values its place in ``different``; None where they are all of them.
    """

    rows: npt.NDArray[np.int64]
    left: Indices
    right: Indices
    starts: npt.NDArray[np.int64] | None
    different: Pairs
    places: npt.NDArray[np.int64] | None


def _pair(column: Column, left: Indices, right: Indices) -> _Paired | None:
    begin = column.starts
    sizes_left, sizes_right = begin[left + 1] - begin[left], begin[right + 1] - begin[right]
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
    # Whichever of the two stands left: a pair of values and its mirror image are compared as one.
    order = column.values.ranks() if column.comparator.ordered else np.arange(len(column.values))
    turned = order[codes_left] > order[codes_right]
    a, b = np.where(turned, codes_right, codes_left), np.where(turned, codes_left, codes_right)
    if len(a) <= FEW:
        return _Paired(rows, codes_left, codes_right, starts, Pairs(column.values, a, b), None)
    size = len(column.values)
    unique, places = np.unique(a * size + b, return_inverse=True)
    return _Paired(rows, codes_left, codes_right, starts, Pairs(column.values, unique // size, unique % size), places)


def _best(column: Column, pairs: _Paired) -> tuple[npt.NDArray[np.int8], Indices, Indices]:
    """Return the level of each pair of profiles, the least of all pairs of their values, and the codes of that pair."""
    found = column.comparator.compare(pairs.different)
    if pairs.places is not None:
        found = found[pairs.places]
    if pairs.starts is None:
        return found, pairs.left, pairs.right
    # Among equals whichever comes first in the order of the values, so that it is the same from either side.
    size, ranks = len(column.values), column.values.ranks()
    a, b = ranks[pairs.left], ranks[pairs.right]
    ranked = np.where(found == NOT_COMPARABLE, _MISSING, found).astype(np.int64)
    row = np.repeat(np.arange(len(pairs.rows)), np.diff(pairs.starts, append=len(found)))
    order = np.lexsort(((ranked * size + np.minimum(a, b)) * size + np.maximum(a, b), row))
    chosen = order[pairs.starts]
    return found[chosen], pairs.left[chosen], pairs.right[chosen]
