"""The evidence of many pairs at once: for each pair and comparison its level, and the frequency of what agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    for comparator in COMPARATORS:
        comparable = None
        if comparator.comparable is not None:
            comparable = np.array(list(map(comparator.comparable, profiles)), dtype=np.bool_)
            if not comparable.any():
                out.append(None)
                continue
        lists = list(map(comparator.values, profiles))
        flat = list(chain.from_iterable(lists))
        if not flat:
            out.append(None)
            continue
        if len(flat) > FEW:
            numbers = {value: number for number, value in enumerate(dict.fromkeys(flat))}
            values = Values(list(numbers))
            codes = np.fromiter(map(numbers.__getitem__, flat), dtype=np.int64, count=len(flat))
        else:
            values, codes = Values(flat), np.arange(len(flat), dtype=np.int64)
        starts = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, lists), dtype=np.int64, count=len(lists)), out=starts[1:])
        out.append(Column(comparator, values, codes, starts, comparable))
    return out


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
    for index, column in enumerate(columns):
        if column is not None and len(left):
            _compare(column, left, right, levels[:, index], left_codes[:, index], right_codes[:, index])
    return Evidence(left, right, levels, left_codes, right_codes)


def _compare(
    column: Column,
    left: Indices,
    right: Indices,
    levels: npt.NDArray[np.int8],
    left_codes: npt.NDArray[np.int32],
    right_codes: npt.NDArray[np.int32],
) -> None:
    starts = column.starts
    sizes_left, sizes_right = starts[left + 1] - starts[left], starts[right + 1] - starts[right]
    combinations = sizes_left * sizes_right
    if column.comparable is not None:
        combinations *= column.comparable[left] | column.comparable[right]
    rows = np.flatnonzero(combinations)
    if not len(rows):
        return
    counts = combinations[rows]
    first_left, first_right = starts[left[rows]], starts[right[rows]]
    single = int(counts.max()) == 1
    if single:
        codes_left, codes_right = column.codes[first_left], column.codes[first_right]
    else:
        # Every value of the one with every value of the other, pair after pair.
        row = np.repeat(np.arange(len(rows)), counts)
        offsets = np.cumsum(counts) - counts
        nth = np.arange(len(row)) - offsets[row]
        width = sizes_right[rows][row]
        codes_left = column.codes[first_left[row] + nth // width]
        codes_right = column.codes[first_right[row] + nth % width]
    found = _levels_of_codes(column, codes_left, codes_right)
    if not single:
        # The least level of each pair; among equals whichever comes first in the order of the values, so that it is the
        # same whichever of the two stands left.
        size, ranks = len(column.values), column.values.ranks()
        a, b = ranks[codes_left], ranks[codes_right]
        ranked = np.where(found == NOT_COMPARABLE, _MISSING, found).astype(np.int64)
        order = np.lexsort(((ranked * size + np.minimum(a, b)) * size + np.maximum(a, b), row))
        chosen = order[offsets]
        found, codes_left, codes_right = found[chosen], codes_left[chosen], codes_right[chosen]
    levels[rows] = found
    left_codes[rows] = codes_left
    right_codes[rows] = codes_right


def _levels_of_codes(column: Column, left: Indices, right: Indices) -> npt.NDArray[np.int8]:
    if column.comparator.symmetric:
        left, right = np.minimum(left, right), np.maximum(left, right)
    else:
        turned = column.values.ranks()[left] > column.values.ranks()[right]
        left, right = np.where(turned, right, left), np.where(turned, left, right)
    if len(left) <= FEW:
        return column.comparator.compare(Pairs(column.values, left, right))
    size = len(column.values)
    unique, inverse = np.unique(left * size + right, return_inverse=True)
    return column.comparator.compare(Pairs(column.values, unique // size, unique % size))[inverse]
