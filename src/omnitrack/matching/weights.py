"""Weights of evidence: the Fellegi-Sunter model, its prior, term frequencies, and its JSON form."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.errors import OmnitrackError
from omnitrack.matching.comparisons import COMPARATORS
from omnitrack.matching.evidence import Column, Evidence, columns_of, evidence_of
from omnitrack.matching.names import frequent_names
from omnitrack.matching.profile import Profile

if TYPE_CHECKING:
    from omnitrack.matching.explain import Score

Floats = npt.NDArray[np.float64]
#: The weights of pairs for each comparison.
Parts = list[Floats | None]
FORMAT = 1
#: The most values of one comparison whose frequency is saved.
MOST_SAVED = 1_500
#: The share of people in a household who have the given name of another member.
NAMESAKES = 0.02
#: The share of people in a household who were born on the same day as another member: three in a hundred people are twins, and a
#: third of these live with the other.
TWINS = 0.01
#: The fewest further records assumed for a person, if a sample shows fewer.
LEAST_DUPLICATES = 0.01
#: The highest probability that two strangers belong to one household: among so few people it is as good as unknown.
MOST_HOUSEHOLD = 0.5
_INDEX = {comparator.name: index for index, comparator in enumerate(COMPARATORS)}
_BESIDES = ((_INDEX["given name"], NAMESAKES), (_INDEX["birth date"], TWINS))
_SHARED = tuple(comparator.shared for comparator in COMPARATORS)


class ModelFormatError(OmnitrackError, ValueError):
    """A document is not a saved model, or is of a version that cannot be read."""


@attrs.frozen(slots=True, eq=False)
class Weights:
    """The weights of one comparison.

    Attributes:
        match: for each level, how often it occurs in pairs that are one person.
        chance: for each level, how often it occurs in other pairs.
        frequencies: the share of people who have a value, for frequent values.
        other: the share for values that are not in ``frequencies``.
    """

    match: tuple[float, ...]
    chance: tuple[float, ...]
    frequencies: Mapping[str, float] = attrs.field(factory=dict, repr=False)
    other: float = 1e-5


@attrs.frozen(slots=True, kw_only=True, eq=False)
class Model:
    """The weight of each level of each comparison, and the probability of a match before anything is compared.

    The weight of a pair is the sum, in bits, of the prior and its comparisons: ``log2(match / chance)`` of the level, where the ``chance`` of
    agreeing on a frequent value is the share of that value. What people of one household or company share is weighed against the
    possibility that they are no more than that (``household``), as a row of its own.

    Attributes:
        prior: the probability that two people taken at random are one.
        household: the probability that two people taken at random share a household or company.
        weights: the weights of each comparison, by name.
    """

    prior: float
    household: float
    weights: Mapping[str, Weights]

    @classmethod
    def default(cls, population: int = 100_000) -> Model:
        """Return the shipped weights.

        Args:
            population: the number of people; the more there are, the more evidence a match needs.
        """
        from omnitrack.matching.defaults import OTHERS, WEIGHTS

        shares = frequent_names()
        tables = {"family name": shares["family"], "given name": shares["given"]}
        people = max(population, 2)
        weights = {}
        for name, (match, chance, other) in WEIGHTS.items():
            if name in OTHERS:
                # Values meant to be unique: the number of others who have one does not grow with the population.
                other = min(other, OTHERS[name] / people)
                chance = (other, *chance[1:])
            weights[name] = Weights(_normal(match), _normal(chance), tables.get(name, {}), other)
        return cls(prior=1 / people, household=min(2 / people, MOST_HOUSEHOLD), weights=weights)

    def evolve(self, **changes: Any) -> Model:
        """Return a copy with some attributes changed."""
        return attrs.evolve(self, **changes)

    def for_population(self, population: int) -> Model:
        """Return the same weights with the prior for a population of this size."""
        people = max(population, 2)
        household = min(self.household / self.prior / people, MOST_HOUSEHOLD)
        return attrs.evolve(self, prior=1 / people, household=household)

    # -- scoring people

    def score(self, left: Profile, right: Profile) -> Score:
        """Return the explained probability that two people are one."""
        return self.explain(left, [right])[0]

    def score_many(self, one: Profile, others: Sequence[Profile]) -> Floats:
        """Return the probability that each of ``others`` is ``one``, as an array of the same length."""
        if not others:
            return np.zeros(0)
        columns, evidence = _against(one, others)
        return probability_of(self.weigh(columns, evidence))

    def explain(self, one: Profile, others: Sequence[Profile]) -> list[Score]:
        """Return the explained scores of ``others`` against ``one``, in the order of ``others``."""
        from omnitrack.matching.explain import explain_pairs

        columns, evidence = _against(one, others)
        return explain_pairs(self, columns, evidence)

    def suggest(
        self, one: Profile, others: Sequence[Profile], *, limit: int = 10, least: float = 0.01
    ) -> list[tuple[int, Score]]:
        """Return the best of ``others``, best first: their indices and explained scores.

        Args:
            one: the person to look for.
            others: the candidates, such as those found by blocking keys.
            limit: the most results to return.
            least: the lowest probability to return.
        """
        from omnitrack.matching.explain import explain_pairs

        if not others:
            return []
        columns, evidence = _against(one, others)
        probabilities = probability_of(self.weigh(columns, evidence))
        order = np.argsort(-probabilities, kind="stable")[:limit]
        best = order[probabilities[order] >= least]
        return list(zip(best.tolist(), explain_pairs(self, columns, evidence.take(best)), strict=True))

    def fit(
        self, profiles: Sequence[Profile], *, groups: Sequence[int] | None = None, population: int | None = None
    ) -> Model:
        """Return a model whose weights, frequencies and prior are estimated from these people, without labels.

        Args:
            profiles: the profiles, ideally of some thousands of people. The weights are learnt from duplicates among them; with few
                people they stay near those of this model.
            groups: the list that each profile comes from, if only pairs between two lists can be one person.
            population: the number of all people, if ``profiles`` are a sample of them. The sample should contain people together with
                those who share a blocking key with them: scattered people are not duplicates of each other, and show only frequencies.
        """
        from omnitrack.matching.blocking import candidate_pairs
        from omnitrack.matching.fit import fit_model

        left, right = candidate_pairs(profiles, groups=groups)
        columns = columns_of(profiles)
        of = None if groups is None else np.asarray(groups, dtype=np.int64)
        fitted = fit_model(self, columns, evidence_of(columns, left, right), len(profiles), of)
        if population is None or population <= len(profiles):
            return fitted
        # Each person has as many duplicates in the sample as in total, but more people to be mistaken for.
        part = len(profiles) / population
        return attrs.evolve(
            fitted,
            prior=max(fitted.prior * part, LEAST_DUPLICATES / population),
            household=max(fitted.household * part, LEAST_DUPLICATES / population),
        )

    # -- weighing many pairs

    def weigh(self, columns: Sequence[Column | None], evidence: Evidence) -> Floats:
        """Return the weight of each pair in bits, including the prior and the household."""
        return self.total(self.part_weights(columns, evidence), len(evidence.left))

    def part_weights(self, columns: Sequence[Column | None], evidence: Evidence) -> Parts:
        """Return the weight of each pair for each comparison in bits, 0 if a value is unknown; None if no profile has a value."""
        out: Parts = []
        for index, column in enumerate(columns):
            left, right = evidence.left_codes[index], evidence.right_codes[index]
            if column is None or left is None or right is None:
                out.append(None)
                continue
            weights = self.weights[column.comparator.name]
            match, chance = np.array(weights.match), np.array(weights.chance)
            table = np.append(np.log2(match / chance), 0.0)  # the last is for NOT_COMPARABLE
            levels = evidence.levels[:, index]
            found = table[levels]
            for level in (i for i, level in enumerate(column.comparator.levels) if level.by_frequency):
                rows = np.flatnonzero(levels == level)
                if len(rows):
                    share = self._shares(column, level, left[rows], right[rows])
                    found[rows] = np.log2(match[level] / np.minimum(share, 1.0))
            out.append(found)
        return out

    def _shares(self, column: Column, level: int, left: npt.NDArray[Any], right: npt.NDArray[Any]) -> Floats:
        comparator = column.comparator
        if comparator.levels[level].joint:
            return column.joint_shares(level, left, right, self.share_of)
        # Both sides have the same term, so the left one is enough.
        weights = self.weights[comparator.name]
        return column.frequencies(left, weights.frequencies, weights.other)

    def share_of(self, comparison: str, term: str) -> float:
        """Return the share of people who have a value; ``other`` of the comparison if it is not in its table."""
        weights = self.weights[comparison]
        return weights.frequencies.get(term, weights.other)

    def total(self, parts: Parts, count: int) -> Floats:
        """Return the sum of the comparisons, the prior and the household row for ``count`` pairs."""
        return _sum(parts, count) + self.household_weight(parts, count) + logit(self.prior)

    def household_weight(self, parts: Parts, count: int) -> Floats:
        """Return the deduction, in bits, for pairs who may belong to one household or company.

        Two different people are either strangers or of one household. Within a household, shared values agree as they would for one person, so
        the odds against a match grow by that possibility.
        """
        shared = _sum([part for part, is_shared in zip(parts, _SHARED) if is_shared], count)
        # Father and son with one name, or twins: within a household either is more frequent than by chance, but hardly both.
        besides = np.zeros(count)
        for index, share in _BESIDES:
            match, part = self.weights[COMPARATORS[index].name].match[0], parts[index]
            if part is not None and match > share:
                besides = np.maximum(besides, part - math.log2(match / share))
        shared += besides
        shared = np.minimum(shared, 1000.0)
        return np.asarray(-np.log2(1.0 - self.household + self.household * np.exp2(shared)), dtype=np.float64)

    # -- JSON

    def to_json(self) -> str:
        """Return the model as a small JSON document, with only the frequencies that matter, to four digits.

        A value hardly more frequent than ``other`` is read back with that share.
        """
        return json.dumps(
            {
                "format": FORMAT,
                "prior": self.prior,
                "household": self.household,
                "comparisons": {
                    comparator.name: {
                        "levels": {
                            level.name: [weights.match[i], weights.chance[i]]
                            for i, level in enumerate(comparator.levels)
                        },
                        "other": weights.other,
                        "frequencies": _frequent(weights),
                    }
                    for comparator in COMPARATORS
                    if (weights := self.weights[comparator.name])
                },
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Return the model of a ``to_json`` result; comparisons and levels that it lacks keep their defaults.

        Raises:
            ModelFormatError: the text is not JSON, not a model, or of a later format.
        """
        base = cls.default()
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ModelFormatError(f"format: got {data['format']!r}, accepted is {FORMAT}")
            weights = dict(base.weights)
            for name, saved in data["comparisons"].items():
                if name in weights:
                    comparator, known = COMPARATORS[_INDEX[name]], weights[name]
                    pairs = [
                        saved["levels"].get(level.name, (known.match[i], known.chance[i]))
                        for i, level in enumerate(comparator.levels)
                    ]
                    weights[name] = Weights(
                        _normal(pair[0] for pair in pairs),
                        _normal(pair[1] for pair in pairs),
                        {str(k): _share(v) for k, v in saved["frequencies"].items()},
                        _share(saved["other"]),
                    )
            return cls(prior=_share(data["prior"]), household=_share(data["household"]), weights=weights)
        except ModelFormatError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(f"model: accepted is what Model.to_json() wrote; {error!r}") from error


def _sum(parts: Parts, count: int) -> Floats:
    """Return the sum of the available weights for ``count`` pairs."""
    total = np.zeros(count)
    for part in parts:
        if part is not None:
            total += part
    return total


def _against(one: Profile, others: Sequence[Profile]) -> tuple[list[Column | None], Evidence]:
    columns = columns_of([one, *others])
    right = np.arange(1, len(others) + 1, dtype=np.int64)
    return columns, evidence_of(columns, np.zeros_like(right), right)


def _frequent(weights: Weights) -> dict[str, float]:
    kept = ((term, share) for term, share in weights.frequencies.items() if share >= 2 * weights.other)
    most = sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:MOST_SAVED]
    return {term: float(f"{share:.4g}") for term, share in most}


def _share(value: Any) -> float:
    number = float(value)
    if not 0.0 < number < 1.0:
        raise ValueError(f"got {number!r}, accepted is a share between 0 and 1")
    return number


def _normal(shares: Iterable[float]) -> tuple[float, ...]:
    numbers = [float(share) for share in shares]
    total = sum(numbers)
    if not all(number > 0.0 and math.isfinite(number) for number in numbers):
        raise ValueError("accepted are shares above 0")
    return tuple(number / total for number in numbers)


def logit(probability: float) -> float:
    """Return the odds of a probability in bits."""
    return math.log2(probability / (1.0 - probability))


def probability_of(weight: Floats) -> Floats:
    """Return the probability of a match for weights in bits."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weight, -1000.0, 1000.0))), dtype=np.float64)
