"""Comparisons: a field of two people, and the levels from "the same" to "differs" as its outcomes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.profile import Profile
from omnitrack.matching.values import Bools, Feature, Pairs, itself

Levels = npt.NDArray[np.int8]
#: Returns the share of people who have a value, given the name of a comparison and a term of it.
Lookup = Callable[[str, str], float]
#: The level of a pair of values that cannot be compared, as if one of them were unknown.
NOT_COMPARABLE = -1


@attrs.frozen(slots=True)
class Level:
    """One outcome of a comparison.

    Attributes:
        name: a short, stable name, under which weights are saved.
        sentence: the outcome in words, with ``{left}`` and ``{right}`` for the values.
        by_frequency: whether the weight depends on the frequency of the value (Smith says less than Zaleski).
        joint: whether the frequency depends on both values, as given by ``Comparator.share`` instead of ``Comparator.term``.
    """

    name: str
    sentence: str
    by_frequency: bool = False
    joint: bool = False


@attrs.frozen(slots=True, kw_only=True, eq=False)
class Comparator:
    """Compares one field of two profiles.

    Attributes:
        name: the name of the comparison, also in saved weights.
        levels: the outcomes, best first; of several values of a person the best pair counts.
        values: returns the values of a profile that are compared; comparators with the same function share what is computed for
            its values.
        compare: returns the level of each pair of values, as an index into ``levels``, or ``NOT_COMPARABLE``.
        term: returns the term that is counted for the frequency of a value; "" if it is not counted.
        joint: for joint levels, returns what the two values agree in, given the name of the level and both values.
        share: for joint levels, returns the share of people who would agree by chance, given the result of ``joint`` and a lookup.
        show: returns a value as people write it.
        shared: whether people of one household or company share it, so that it cannot make them one on its own.
        ordered: whether ``compare`` may differ for the mirror image of a pair; it is then given each pair sorted by value, so that a
            score is the same from either side.
        comparable: returns whether a profile can be compared with one for which this is False; None if it always can.
    """

    name: str
    levels: tuple[Level, ...]
    values: Callable[[Profile], Sequence[Hashable]]
    compare: Callable[[Pairs], Levels]
    term: Callable[[Any], str] = str
    joint: Callable[[str, Any, Any], Hashable] | None = None
    share: Callable[[Any, Lookup], float] | None = None
    show: Callable[[Any], str] = str
    shared: bool = False
    ordered: bool = False
    comparable: Callable[[Profile], bool] | None = None


def first_of(*conditions: Bools, otherwise: int) -> Levels:
    """Return the index of the first true condition for each pair."""
    out = np.full(len(conditions[0]), otherwise, dtype=np.int8)
    for index in range(len(conditions) - 1, -1, -1):
        out[conditions[index]] = index
    return out


def staged(pairs: Pairs, *tests: Callable[[Pairs], Bools], otherwise: int) -> Levels:
    """Return the index of the first test that each pair passes; a later test gets only the remaining pairs."""
    levels = np.full(len(pairs), otherwise, dtype=np.int8)
    rest = np.arange(len(pairs))
    for index, test in enumerate(tests):
        if not len(rest):
            break
        passed = test(pairs)
        levels[rest[passed]] = index
        left = np.flatnonzero(~passed)
        if len(left) < len(rest):
            rest, pairs = rest[left], pairs.take(left)
    return levels


def compare_known(pairs: Pairs, known: Bools, compare: Callable[[Pairs], Levels]) -> Levels:
    """Return the levels of pairs whose two values are both known, ``NOT_COMPARABLE`` for the others."""
    levels = np.full(len(pairs), NOT_COMPARABLE, dtype=np.int8)
    rows = np.flatnonzero(known)
    levels[rows] = compare(pairs if len(rows) == len(pairs) else pairs.take(rows))
    return levels


def compare_equal(pairs: Pairs) -> Levels:
    """Return 0 for equal values and 1 for others."""
    return first_of(pairs.same(itself), otherwise=1)


def near_words(pairs: Pairs, word: Feature) -> Bools:
    """Return where two names differ by a typo."""
    size = pairs.shorter(word)
    return ((pairs.edits(word, 2) <= 1) & (size >= 3)) | ((pairs.likeness(word, least=0.82) >= 0.92) & (size >= 4))


def alike_words(pairs: Pairs, word: Feature, heard: Feature) -> Bools:
    """Return where two names are similar in spelling or in sound."""
    size = pairs.shorter(word)
    spelled = (pairs.likeness(word, least=0.82) >= 0.82) | ((pairs.edits(word, 2) <= 2) & (size >= 5))
    return spelled | (pairs.same(heard) & (size >= 3))
