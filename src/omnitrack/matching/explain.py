"""Explained scores: the comparisons of a pair with their weights, and a sentence about them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
import numpy as np

from omnitrack.harmless import one_line
from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE
from omnitrack.matching.evidence import Column, Evidence
from omnitrack.matching.weights import Model, logit, probability_of
from omnitrack.values import Value

#: The share of people below which a name is called rare, and the share above which it is called frequent.
RARE, FREQUENT = 1e-5, 1e-4
#: Comparisons with fewer bits than this are left out of the sentence.
_WORTH_SAYING = 0.5


@attrs.frozen(slots=True)
class Comparison(Value):
    """One row of an explanation.

    Attributes:
        name: the name of the comparison; "prior" for the odds before anything is compared, "household" for the deduction for
            what people of one household or company share.
        level: the outcome, as the comparator names it.
        weight: the weight for (above 0) or against a match, in bits: each bit doubles or halves the odds.
        left: one value as people write it. It may be a whole identifier, and is not part of the repr.
        right: the other value, likewise.
        sentence: the outcome in words.
    """

    name: str
    level: str
    weight: float
    left: str = attrs.field(default="", repr=False)
    right: str = attrs.field(default="", repr=False)
    sentence: str = attrs.field(default="", repr=False)


@attrs.frozen(slots=True)
class Score(Value):
    """The probability that two people are one, with the reasons.

    Attributes:
        probability: the probability of a match, 0 to 1.
        weight: the same in bits: the sum of the weights of ``comparisons``.
        comparisons: every row that contributes, including the prior and the household.
        sentence: the reasons in words.
    """

    probability: float
    weight: float
    comparisons: tuple[Comparison, ...]
    sentence: str = attrs.field(repr=False)

    @one_line
    def __str__(self) -> str:
        return f"{self.percent}: {self.sentence}"

    @property
    def percent(self) -> str:
        """The probability as a percentage, never 0% or 100%."""
        if self.probability < 0.005:
            return "under 1%"
        return "over 99%" if self.probability > 0.995 else f"{self.probability:.0%}"

    @property
    def table(self) -> str:
        """The rows as lines of text for a terminal, weights first."""
        rows = [f"{row.weight:+7.1f}  {row.name:<14} {row.level:<16} {row.sentence}" for row in self.comparisons]
        return "\n".join([*rows, f"{self.weight:+7.1f}  {'sum':<14} {self.percent}"])


def explain_pairs(model: Model, columns: Sequence[Column | None], evidence: Evidence) -> list[Score]:
    """Return the explained score of each pair."""
    parts = model.part_weights(columns, evidence)
    household = model.household_weight(parts, len(evidence.left)).tolist()
    prior = Comparison(
        "prior",
        "before",
        logit(model.prior),
        sentence=f"of two people taken at random, one pair in {round(1 / model.prior):,} is one person",
    )
    out = []
    for row in range(len(evidence.left)):
        rows = [prior]
        for index, column in enumerate(columns):
            level = int(evidence.levels[row, index])
            codes, weights = (evidence.left_codes[index], evidence.right_codes[index]), parts[index]
            if column is None or level == NOT_COMPARABLE or weights is None:
                continue
            comparator = COMPARATORS[index]
            left, right = (comparator.show(column.values.values[side[row]]) for side in codes if side is not None)
            found = comparator.levels[level]
            sentence = found.sentence.format(left=left, right=right)
            rows.append(Comparison(comparator.name, found.name, float(weights[row]), left, right, sentence))
        if abs(household[row]) > 1e-9:
            rows.append(
                Comparison(
                    "household", "shared", household[row], sentence="people of one household have this in common"
                )
            )
        weight = math.fsum(comparison.weight for comparison in rows)
        probability = float(probability_of(np.array(weight)))
        out.append(Score(probability, weight, tuple(rows), _sentence(rows, _rarity(model, columns, evidence, row))))
    return out


def _rarity(model: Model, columns: Sequence[Column | None], evidence: Evidence, row: int) -> str:
    """Return how rare given and family name are together, "" unless both are the same."""
    share = 1.0
    for index in (_GIVEN, _FAMILY):
        column, codes = columns[index], evidence.left_codes[index]
        if column is None or codes is None or evidence.levels[row, index] != 0:
            return ""
        weights = model.weights[COMPARATORS[index].name]
        value = column.values.values[codes[row]]
        share *= weights.frequencies.get(COMPARATORS[index].term(value), weights.other)
    return " (rare)" if share < RARE else " (frequent)" if share > FREQUENT else ""


_GIVEN, _FAMILY = (
    next(index for index, comparator in enumerate(COMPARATORS) if comparator.name == name)
    for name in ("given name", "family name")
)


def _sentence(rows: Sequence[Comparison], rarity: str) -> str:
    by_name = {row.name: row for row in rows}
    told = [row for row in rows if row.name not in ("prior", "household")]
    reasons: list[tuple[float, str]] = []
    given, family = by_name.get("given name"), by_name.get("family name")
    if given and family and given.level == family.level == "same":
        # However frequent, the name is what an agent reads first.
        reasons.append((1000.0, f"same name {given.left} {family.left}{rarity}"))
        told = [row for row in told if row is not given and row is not family]
    elif given and family and given.level == family.level == "swapped":
        reasons.append((1000.0, f"given and family name are swapped ({given.left} {family.left})"))
        told = [row for row in told if row is not given and row is not family]
    reasons += [(row.weight, row.sentence) for row in told if row.weight >= _WORTH_SAYING]
    against = [(row.weight, row.sentence) for row in told if row.weight <= -_WORTH_SAYING]
    text = ", ".join(sentence for _, sentence in sorted(reasons, key=lambda reason: -reason[0]))
    if against:
        joined = ", ".join(sentence for _, sentence in sorted(against, key=lambda reason: reason[0]))
        text = f"{text}; but {joined}" if text else joined
    if not text:
        return "Nothing of weight to compare."
    return f"{text[0].upper()}{text[1:]}."
