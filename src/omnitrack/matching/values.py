"""Pairs of values, many at once: features are computed once for each value, and compared as numbers if possible."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio
from rapidfuzz.process import cpdist

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
#: A feature of a value, such as its sound. It is a module's function, so that it is computed once for each value.
Feature = Callable[[Any], Any]
#: From this many pairs on, all processors are used.
MANY = 20_000
#: Characters in the prefix of the Jaro-Winkler similarity, and the bits of the first one to four in ``Texts.heads``.
_PREFIX = 4
_HEADS = tuple(np.uint64((1 << 16 * (place + 1)) - 1) for place in range(_PREFIX))
_ROUNDED = 1e-4  # well above the error of single precision
#: Up to this many pairs are compared as they are: finding repeated ones would cost more than it saves.
FEW = 2_000


def itself(value: Any) -> Any:
    """Return the value itself, as the feature of values that are compared as they are."""
    return value


@attrs.frozen(slots=True, eq=False)
class Texts:
    """Distinct texts, with numbers that bound the similarity of two, which is far cheaper than computing it.

    Attributes:
        texts: the texts, each once.
        lengths: their lengths, in characters.
        letters: the characters of each as bits; two characters may share a bit.
        heads: the first four characters of each.
    """

    texts: npt.NDArray[np.object_]
    lengths: npt.NDArray[np.int32]
    letters: npt.NDArray[np.uint64]
    heads: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """Return texts with their numbers."""
        held = np.empty(len(texts), dtype=np.object_)
        held[:] = texts
        lengths = np.fromiter(map(len, texts), dtype=np.int32, count=len(texts))
        characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
            np.uint64
        )
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        letters, heads = np.zeros(len(texts), dtype=np.uint64), np.zeros(len(texts), dtype=np.uint64)
        some = np.flatnonzero(lengths)
        if len(some):
            letters[some] = np.bitwise_or.reduceat(np.uint64(1) << (characters & np.uint64(63)), starts[some])
        for place in range(_PREFIX):
            rows = np.flatnonzero(lengths > place)
            heads[rows] |= (characters[starts[rows] + place] & np.uint64(0xFFFF)) << np.uint64(16 * place)
        return cls(held, lengths, letters, heads)

    def may_be_within(self, left: Codes, right: Codes, most: int) -> Bools:
        """Return where two texts may be at most ``most`` edits apart: each letter missing from the other takes one."""
        only_left, only_right = self._apart(left, right)
        found: Bools = np.abs(self.lengths[left] - self.lengths[right]) <= most
        found &= (only_left <= most) & (only_right <= most)
        return found

    def may_be_alike(self, left: Codes, right: Codes, least: float) -> Bools:
        """Return where the Jaro-Winkler similarity of two texts may be ``least``: letters missing from the other match none."""
        only_left, only_right = self._apart(left, right)
        of_left, of_right = self.lengths[left], self.lengths[right]
        matched = np.minimum(of_left - only_left, of_right - only_right).astype(np.float32)
        some = np.maximum(np.minimum(of_left, of_right), 1), np.maximum(np.maximum(of_left, of_right), 1)
        alike = (matched / some[0] + matched / some[1] + np.float32(1)) / np.float32(3)
        differ = self.heads[left] ^ self.heads[right]
        prefix = sum(((differ & _HEADS[place]) == 0).astype(np.float32) for place in range(_PREFIX))
        alike += np.float32(0.1) * prefix * (1 - alike)
        found: Bools = (alike >= least - _ROUNDED) | (of_left + of_right == 0)  # two empty texts are the same
        return found

    def _apart(self, left: Codes, right: Codes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Return how many letters each of two texts has, at least, that the other has not."""
        of_left, of_right = self.letters[left], self.letters[right]
        return np.bitwise_count(of_left & ~of_right), np.bitwise_count(of_right & ~of_left)


class Values:
    """Distinct values with their features, each computed on first use."""

    def __init__(self, values: Sequence[Hashable]) -> None:
        self.values: list[Any] = list(values)
        self._features: dict[Feature, list[Any]] = {itself: self.values}
        self._codes: dict[Feature, Codes] = {}
        self._lengths: dict[Feature, Codes] = {}
        self._numbers: dict[tuple[Feature, Feature], tuple[list[Any], Codes, Codes]] = {}
        self._texts: dict[tuple[Feature, Feature], tuple[Texts, Codes, Codes]] = {}
        self._flags: dict[Feature, Bools] = {}
        self._ranks: Codes | None = None

    def __len__(self) -> int:
        return len(self.values)

    def feature(self, of: Feature) -> list[Any]:
        """Return the feature of each value."""
        if of not in self._features:
            self._features[of] = list(map(of, self.values))
        return self._features[of]

    def codes(self, of: Feature) -> Codes:
        """Return a number for each value, the same for equal features: Python's 64-bit hash of the feature."""
        if of not in self._codes:
            self._codes[of] = np.fromiter(map(hash, self.feature(of)), dtype=np.int64, count=len(self.values))
        return self._codes[of]

    def numbers(self, of: Feature, and_of: Feature) -> tuple[list[Any], Codes, Codes]:
        """Return the distinct results of two features, and the place of both features of each value among them."""
        found = self._numbers.get((of, and_of))
        if found is None:
            place: dict[Any, int] = {}
            codes = [
                np.fromiter(
                    (place.setdefault(one, len(place)) for one in self.feature(each)), dtype=np.int64, count=len(self)
                )
                for each in dict.fromkeys((of, and_of))
            ]
            found = self._numbers[of, and_of] = (list(place), codes[0], codes[-1])
        return found

    def texts(self, of: Feature, and_of: Feature) -> tuple[Texts, Codes, Codes]:
        """Return ``numbers`` for features that are texts, with the bounds of their similarity."""
        found = self._texts.get((of, and_of))
        if found is None:
            texts, left, right = self.numbers(of, and_of)
            found = self._texts[of, and_of] = (Texts.of(texts), left, right)
        return found

    def ranks(self) -> Codes:
        """Return the rank of each value in sorted order, the same for equal values."""
        if self._ranks is None:
            place = {value: number for number, value in enumerate(sorted(set(self.values)))}
            self._ranks = np.fromiter(map(place.__getitem__, self.values), dtype=np.int64, count=len(self.values))
        return self._ranks

    def flags(self, of: Feature) -> Bools:
        """Return whether the feature of each value is true or not empty."""
        if of not in self._flags:
            self._flags[of] = np.fromiter(map(bool, self.feature(of)), dtype=np.bool_, count=len(self.values))
        return self._flags[of]

    def lengths(self, of: Feature) -> Codes:
        """Return the length of the feature of each value."""
        if of not in self._lengths:
            self._lengths[of] = np.fromiter(map(len, self.feature(of)), dtype=np.int64, count=len(self.values))
        return self._lengths[of]


class Pairs:
    """Pairs of values, each given by the indices of its left and right value."""

    def __init__(self, values: Values, left: Codes, right: Codes) -> None:
        self.values = values
        self.left = left
        self.right = right
        self._scores: dict[tuple[Any, Feature, Feature, float | None], npt.NDArray[Any]] = {}

    @classmethod
    def of(cls, left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
        """Return the pairs ``left[i]``, ``right[i]``."""
        numbers: dict[Hashable, int] = {}
        a = np.array([numbers.setdefault(value, len(numbers)) for value in left], dtype=np.int64)
        b = np.array([numbers.setdefault(value, len(numbers)) for value in right], dtype=np.int64)
        return cls(Values(list(numbers)), a, b)

    def __len__(self) -> int:
        return len(self.left)

    def none(self) -> Bools:
        """Return False for each pair."""
        return np.zeros(len(self), dtype=np.bool_)

    def same(self, of: Feature, and_of: Feature | None = None) -> Bools:
        """Return where the feature of the left value equals that of the right, or another feature of the right."""
        equal: Bools = self.values.codes(of)[self.left] == self.values.codes(and_of or of)[self.right]
        return equal

    def either(self, of: Feature) -> Bools:
        """Return where a feature is true or not empty for at least one of the two."""
        flags = self.values.flags(of)
        return flags[self.left] | flags[self.right]

    def both(self, of: Feature) -> Bools:
        """Return where a feature is true or not empty for both."""
        flags = self.values.flags(of)
        return flags[self.left] & flags[self.right]

    def shorter(self, of: Feature, and_of: Feature | None = None) -> Codes:
        """Return the length of the shorter feature."""
        return np.minimum(self.values.lengths(of)[self.left], self.values.lengths(and_of or of)[self.right])

    def longer(self, of: Feature) -> Codes:
        """Return the length of the longer feature."""
        lengths = self.values.lengths(of)
        return np.maximum(lengths[self.left], lengths[self.right])

    def edits(self, of: Feature, most: int | None = None) -> Codes:
        """Return the number of letters added, dropped, changed or swapped with a neighbour; ``most`` + 1 if there are more."""
        return self._scored(OSA.distance, of, of, most, np.int32)

    def likeness(self, of: Feature, and_of: Feature | None = None, least: float = 0.0) -> npt.NDArray[np.float32]:
        """Return the Jaro-Winkler similarity, 0 if it is below ``least``."""
        return self._scored(JaroWinkler.similarity, of, and_of or of, least, np.float32)

    def reordered(self, of: Feature, least: float) -> npt.NDArray[np.float32]:
        """Return the similarity of the sorted words, 0 if it is below ``least``."""
        return self._percent(token_sort_ratio, of, least)

    def in_common(self, of: Feature, least: float) -> npt.NDArray[np.float32]:
        """Return the similarity of the words, 1 if one text has all words of the other, 0 if it is below ``least``."""
        return self._percent(token_set_ratio, of, least)

    def where(self, rows: Bools, test: Callable[[Any, Any], bool], of: Feature = itself) -> Bools:
        """Return where ``test`` is true for a feature. It is called only for the given rows, once for each two distinct values."""
        out = self.none()
        chosen = np.flatnonzero(rows)
        if not len(chosen):
            return out
        texts, numbers, _ = self.values.numbers(of, of)
        left, right, places = _different(numbers[self.left[chosen]], numbers[self.right[chosen]], len(texts))
        found = [test(texts[a], texts[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
        answers = np.array(found, dtype=np.bool_)
        out[chosen] = answers if places is None else answers[places]
        return out

    def take(self, rows: npt.NDArray[Any]) -> Pairs:
        """Return some of the pairs."""
        taken = Pairs(self.values, self.left[rows], self.right[rows])
        taken._scores = {asked: found[rows] for asked, found in self._scores.items()}
        return taken

    def _percent(self, scorer: Any, of: Feature, least: float) -> npt.NDArray[np.float32]:
        return np.asarray(self._scored(scorer, of, of, least * 100, np.float32) / 100, dtype=np.float32)

    def _scored(self, scorer: Any, of: Feature, and_of: Feature, cutoff: float | None, dtype: Any) -> npt.NDArray[Any]:
        if not len(self):
            return np.zeros(0, dtype=dtype)
        asked = (scorer, of, and_of, cutoff)
        if asked in self._scores:
            return self._scores[asked]
        texts, of_left, of_right = self.values.numbers(of, and_of)
        left, right = of_left[self.left], of_right[self.right]
        rows, else_ = self._possible(scorer, of, and_of, left, right, cutoff)
        if rows is not None:
            left, right = left[rows], right[rows]
        # Many values share a feature, so each two distinct texts are compared once.
        left, right, places = _different(left, right, len(texts))
        scores: npt.NDArray[Any] = cpdist(
            list(map(texts.__getitem__, left.tolist())),
            list(map(texts.__getitem__, right.tolist())),
            scorer=scorer,
            score_cutoff=cutoff,
            dtype=dtype,
            workers=-1 if len(left) > MANY else 1,
        )
        if places is not None:
            scores = scores[places]
        if rows is not None:
            found = np.full(len(self), else_, dtype=dtype)
            found[rows] = scores
            scores = found
        self._scores[asked] = scores
        return scores

    def _possible(
        self, scorer: Any, of: Feature, and_of: Feature, left: Codes, right: Codes, cutoff: float | None
    ) -> tuple[npt.NDArray[np.int64] | None, float]:
        """Return the rows whose result may pass the cutoff, None for all, and the result of the others."""
        # Computing the bounds takes longer than comparing a few pairs.
        if len(left) <= FEW or not cutoff or scorer not in (OSA.distance, JaroWinkler.similarity):
            return None, 0
        texts, _, _ = self.values.texts(of, and_of)
        if scorer is OSA.distance:
            return np.flatnonzero(texts.may_be_within(left, right, int(cutoff))), cutoff + 1
        return np.flatnonzero(texts.may_be_alike(left, right, cutoff)), 0


def _different(left: Codes, right: Codes, size: int) -> tuple[Codes, Codes, npt.NDArray[np.int64] | None]:
    """Return the distinct pairs, and the place of each pair among them; None if they are returned unchanged."""
    if len(left) <= FEW:
        return left, right, None
    unique, places = np.unique(left * size + right, return_inverse=True)
    return unique // size, unique % size, places
