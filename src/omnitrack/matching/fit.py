"""Estimation of weights from unlabelled people: chance from random pairs, the rest by expectation maximisation."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE
from omnitrack.matching.evidence import Column, Evidence, Indices, evidence_of
from omnitrack.matching.weights import Floats, Model, Weights, probability_of

MAX_RANDOM_PAIRS = 200_000
MAX_ITERATIONS = 60
#: Change of any share between two iterations at which they end.
TOLERANCE = 1e-4
#: How many pairs the model fitted from is worth, per level: keeps levels apart that the data hardly show.
PRIOR_PAIRS = 10.0
#: Values seen in more people than this are kept in the table of frequencies by their own share.
MAX_TERMS = 5_000
_SEED = 20_240_229


@attrs.frozen(slots=True, eq=False)
class _Sample:
    """Pairs with the level of every comparison, as one flat index of (comparator, level) for counting."""

    columns: Sequence[Column | None]
    evidence: Evidence

    def shares(self, weights: Floats) -> list[Floats | None]:
        """Return for every comparison how the weights of the pairs spread over its levels."""
        out: list[Floats | None] = []
        for index, column in enumerate(self.columns):
            if column is None:
                out.append(None)
                continue
            levels = self.evidence.levels[:, index]
            known = levels != NOT_COMPARABLE
            out.append(np.bincount(levels[known], weights=weights[known], minlength=len(column.comparator.levels)))
        return out


def fit(
    model: Model,
    columns: Sequence[Column | None],
    candidates: Evidence,
    size: int,
    *,
    groups: npt.NDArray[np.int64] | None = None,
    persons: npt.NDArray[np.int64] | None = None,
) -> Model:
    """Return the model with everything estimated from these people.

    All pairs of people are a mixture of matches, of people of one household, and of strangers. Pairs that share no
    blocking key are taken for strangers, so matches and households are sought among the candidates, against the chance
    agreement of random pairs: one mixture over all pairs, of which only the interesting ones are looked at.

    Args:
        model: where to start from; what the data do not show stays as it is there.
        columns: of the profiles.
        candidates: the pairs that share a blocking key.
        size: number of profiles.
        groups: the list that each profile comes from, where only pairs between lists are possible.
        persons: the person that each profile is of, as far as known; frequencies count persons.
    """
    rng = np.random.default_rng(_SEED)
    left, right, total = _random_pairs(rng, size, groups)
    if not len(left) or not len(candidates.left):
        return model
    random = _Sample(columns, evidence_of(columns, left, right))
    found = _Sample(columns, candidates)
    model = model.evolve(weights=_with_frequencies(model, columns, size, persons))
    model = model.evolve(weights=_reweighed(model, columns, None, random.shares(np.ones(len(left))), None, total))
    for _ in range(MAX_ITERATIONS):
        before = model
        parts = model.part_weights(columns, candidates)
        is_match = probability_of(model.total(parts))
        is_household = (1.0 - is_match) * _household_share(model, parts)
        stranger = 1.0 - probability_of(model.total(model.part_weights(columns, random.evidence)))
        least = found.shares(1.0 - is_match)
        matches, households = float(is_match.sum()), float(is_household.sum())
        model = model.evolve(
            prior=_between((matches + 1.0) / total, 1e-12, 0.5),
            household=_between((households + 0.1 * matches + 0.1) / total, 1e-12, 0.5),
            weights=_reweighed(model, columns, found.shares(is_match), random.shares(stranger), least, total),
        )
        if _change(before, model) < TOLERANCE:
            break
    return model


def _household_share(model: Model, parts: Floats) -> Floats:
    """Return how likely two who are not one are of one household."""
    off = np.exp2(model.household_weight(parts))  # 1 / (1 - h + h * 2**shared)
    return np.clip(1.0 - (1.0 - model.household) * off, 0.0, 1.0)


def _random_pairs(
    rng: np.random.Generator, size: int, groups: npt.NDArray[np.int64] | None
) -> tuple[Indices, Indices, float]:
    """Return pairs drawn at random, and how many there are in all."""
    if groups is None:
        total = size * (size - 1) / 2
        if total <= MAX_RANDOM_PAIRS:
            a, b = np.triu_indices(size, 1)
            return a.astype(np.int64), b.astype(np.int64), total
    else:
        counts = np.unique(groups, return_counts=True)[1].astype(np.float64)
        total = float((counts.sum() ** 2 - (counts**2).sum()) / 2)
    draw = rng.integers(0, max(size, 1), size=(2, MAX_RANDOM_PAIRS)) if total else np.empty((2, 0), dtype=np.int64)
    apart = draw[0] != draw[1] if groups is None else groups[draw[0]] != groups[draw[1]]
    return draw[0][apart], draw[1][apart], total


def _with_frequencies(
    model: Model, columns: Sequence[Column | None], size: int, persons: npt.NDArray[np.int64] | None
) -> dict[str, Weights]:
    """Return the weights with the shares of values among the people who have one; a person counts once for a value."""
    out = dict(model.weights)
    of = np.arange(size) if persons is None else persons
    for column in columns:
        if column is None:
            continue
        owner = np.repeat(of, np.diff(column.starts))
        comparator = column.comparator
        terms: dict[str, int] = {}
        term_of = np.array([terms.setdefault(comparator.term(value), len(terms)) for value in column.values])
        pairs = np.unique(owner * len(terms) + term_of[column.codes])
        counts = np.bincount(pairs % len(terms), minlength=len(terms))
        people = len(np.unique(owner))
        frequent = np.argsort(-counts, kind="stable")[:MAX_TERMS]
        frequent = frequent[counts[frequent] > 1]
        names = list(terms)
        table = {names[code]: int(counts[code]) / people for code in frequent.tolist() if counts[code] < people}
        # A value seen once, or never: one in as many people as there are.
        out[comparator.name] = attrs.evolve(out[comparator.name], frequencies=table, other=1 / (people + 1))
    return out


def _reweighed(
    model: Model,
    columns: Sequence[Column | None],
    matches: Sequence[Floats | None] | None,
    strangers: Sequence[Floats | None],
    seen_apart: Sequence[Floats | None] | None,
    total: float,
) -> dict[str, Weights]:
    out = dict(model.weights)
    for index, column in enumerate(columns):
        if column is None:
            continue
        weights = out[column.comparator.name]
        if (seen := strangers[index]) is not None and seen.sum() > 0:
            chance = (seen + 0.5) / (seen.sum() + 0.5 * len(seen))
            if seen_apart is not None and (apart := seen_apart[index]) is not None:
                # A level too rare for the random pairs is seen at least as often as among the candidates.
                chance = np.maximum(chance, apart / total)
            weights = attrs.evolve(weights, chance=tuple((chance / chance.sum()).tolist()))
        if matches is not None and (seen := matches[index]) is not None:
            start = np.array(_start(column.comparator.name))
            match = (seen + PRIOR_PAIRS * start) / (seen.sum() + PRIOR_PAIRS)
            weights = attrs.evolve(weights, match=tuple((match / match.sum()).tolist()))
        out[column.comparator.name] = weights
    return out


def _start(name: str) -> tuple[float, ...]:
    return Model.default().weights[name].match


def _between(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def _change(before: Model, after: Model) -> float:
    return max(
        abs(a - b)
        for comparator in COMPARATORS
        for a, b in zip(before.weights[comparator.name].match, after.weights[comparator.name].match, strict=True)
    )
