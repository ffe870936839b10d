"""What a comparison is: a field of two people, and the levels from "the same" to "differs" in which it can come out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.profile import Profile
from omnitrack.matching.values import Bools, Feature, Pairs, itself

Levels = npt.NDArray[np.int8]
#: Gives the share of the people who have a value: the name of a comparison and a term of it.
Lookup = Callable[[str, str], float]
#: The level of a pair of values that cannot be compared, as if one of them were not known.
NOT_COMPARABLE = -1


@attrs.frozen(slots=True)
class Level:
    """One outcome of a comparison.

    Attributes:
        name: short and stable; weights are saved under it.
        sentence: for people to read; may hold ``{left}`` and ``{right}``.
        by_frequency: the weight depends on how frequent the value is (Smith says less than Zaleski).
        joint: how frequent it is depends on both values; ``Comparator.share`` says it, else ``Comparator.term`` of either.
    """

    name: str
    sentence: str
    by_frequency: bool = False
    joint: bool = False


@attrs.frozen(slots=True, kw_only=True, eq=False)
class Comparator:
    """Compares one field of two profiles.

    Attributes:
        name: of the comparison, also in saved weights.
        levels: the outcomes, best first; where a person has several values the best pair of them counts.
        values: the values of a profile that are compared; comparators that name the same function share what is worked
            out for its values.
        compare: the level of each pair of values, as an index into ``levels``, or ``NOT_COMPARABLE``.
        term: what is counted for the frequency of a value; "" for one that does not count.
        joint: of joint levels, what the two values agree in, given the name of the level and both values.
        share: of joint levels, the share of the people who would agree by chance, given what ``joint`` returned, and a lookup.
        show: a value as people write it.
        shared: people of one household or company have it in common, so that it cannot by itself make them one.
        ordered: ``compare`` may say something else of the mirror image of a pair; it is given each pair in the order of its
            values, so that a score is the same from either side.
        comparable: whether a profile can be compared with one of which this is False; None where it always can.
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
    """Return for each pair the index of the first condition that holds."""
    out = np.full(len(conditions[0]), otherwise, dtype=np.int8)
    for index in range(len(conditions) - 1, -1, -1):
        out[conditions[index]] = index
    return out


def staged(pairs: Pairs, *tests: Callable[[Pairs], Bools], otherwise: int) -> Levels:
    """Return for each pair the index of the first test that it passes; a later test sees only those that are left."""
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
    """Return the levels of the pairs of which both values are known, ``NOT_COMPARABLE`` for the others."""
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
    """Return where two names are alike in spelling or in sound."""
    size = pairs.shorter(word)
    spelled = (pairs.likeness(word, least=0.82) >= 0.82) | ((pairs.edits(word, 2) <= 2) & (size >= 5))
    return spelled | (pairs.same(heard) & (size >= 3))
