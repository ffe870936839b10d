"""Estimation of weights from unlabelled people: chance agreement from random pairs, the rest by expectation maximisation."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE
from omnitrack.matching.defaults import OTHERS
from omnitrack.matching.evidence import Column, Evidence, Indices, evidence_of
from omnitrack.matching.weights import Floats, Model, Parts, Weights, logit, probability_of

MAX_RANDOM_PAIRS = 100_000
MAX_ITERATIONS = 60
#: The iterations end if no share changes by more than this.
TOLERANCE = 1e-4
#: The weight of the starting model relative to the data, in matching pairs, in pairs by chance, in pairs of any kind, and in people
#: with a value: five people are compared with almost the shipped weights, a thousand with their own.
START_MATCHES = 10.0
START_CHANCES = 1_000.0
START_PAIRS = 10_000.0
START_PEOPLE = 1_000.0
#: The fewest pairs of one household assumed for each match, since people without any so far may still have some.
LEAST_HOUSEHOLDS = 0.01
#: The most values of a comparison whose own share is stored.
MAX_TERMS = 5_000
#: A pair below this weight, in bits, in the first two iterations is not a match in any later one.
HOPELESS = -30.0
_SEED = 20_240_229

_Counts = list[Floats | None]


def fit_model(
    model: Model,
    columns: Sequence[Column | None],
    candidates: Evidence,
    size: int,
    groups: npt.NDArray[np.int64] | None = None,
    part: float = 1.0,
) -> Model:
    """Return a model with all parameters estimated from these people.

    All pairs of people are a mixture of matches, people of one household, and strangers. Pairs without a common blocking key are assumed to
    be strangers, so matches and households are sought among the candidates, against the chance agreement of random pairs: one
    mixture over all pairs, of which only the relevant ones are compared.

    Args:
        model: the model to start from; parameters that the data do not show are not changed.
        columns: the columns of the profiles.
        candidates: the pairs that share a blocking key.
        size: the number of profiles.
        groups: the list that each profile comes from, if only pairs between lists are possible.
        part: the fraction of all such pairs that ``candidates`` are a random sample of.
    """
    left, right, total = _random_pairs(size, groups)
    if not len(left) or not len(candidates.left):
        return model
    start = model
    model = model.evolve(weights=_with_frequencies(model, columns))
    random = evidence_of(columns, left, right)
    seen, apart = _counts(columns, random, None), _counts(columns, candidates, None)
    if len(left) >= START_CHANCES:
        # Among few people any pair may be one person, so chance agreement is first assumed to be as rare as shipped.
        model = model.evolve(weights=_reweighed(start, model, columns, None, seen, None, total))
    for iteration in range(MAX_ITERATIONS):
        before = model
        parts = model.part_weights(columns, candidates)
        weight = model.total(parts, len(candidates.left))
        is_match = probability_of(weight)
        is_household = (1.0 - is_match) * _household_share(model, parts, len(weight))
        random_weight = model.weigh(columns, random)
        matches, households = float(is_match.sum()) / part, float(is_household.sum()) / part
        found = _counts(columns, candidates, is_match)
        strangers = _minus(seen, _counts(columns, random, probability_of(random_weight)))
        model = model.evolve(
            prior=_between((matches + START_PAIRS * start.prior) / (total + START_PAIRS)),
            household=_between(
                (households + LEAST_HOUSEHOLDS * matches + START_PAIRS * start.household) / (total + START_PAIRS)
            ),
            weights=_reweighed(start, model, columns, found, strangers, _minus(apart, found), total * part),
        )
        if _change(before, model) < TOLERANCE:
            break
        if iteration == 1:
            candidates = candidates.take(np.flatnonzero(weight > HOPELESS))
            random = random.take(np.flatnonzero(random_weight > HOPELESS))
    return model


def _household_share(model: Model, parts: Parts, count: int) -> Floats:
    """Return the probability that two different people belong to one household."""
    strangers = (1.0 - model.household) * np.exp2(model.household_weight(parts, count))
    return np.clip(1.0 - strangers, 0.0, 1.0)


def _random_pairs(size: int, groups: npt.NDArray[np.int64] | None) -> tuple[Indices, Indices, float]:
    """Return pairs drawn at random, and the total number of pairs."""
    if groups is None:
        total = size * (size - 1) / 2
        if total <= MAX_RANDOM_PAIRS:
            a, b = np.triu_indices(size, 1)
            return a.astype(np.int64), b.astype(np.int64), total
    else:
        counts = np.unique(groups, return_counts=True)[1].astype(np.float64)
        total = float((counts.sum() ** 2 - (counts**2).sum()) / 2)
    # The seed is fixed, so that the same people give the same weights.
    rng = np.random.default_rng(_SEED)
    draw = rng.integers(0, size, size=(2, MAX_RANDOM_PAIRS)) if total else np.empty((2, 0), dtype=np.int64)
    apart = draw[0] != draw[1] if groups is None else groups[draw[0]] != groups[draw[1]]
    return draw[0][apart], draw[1][apart], total


def _counts(columns: Sequence[Column | None], evidence: Evidence, shares: Floats | None) -> _Counts:
    """Return the number of pairs at each level of every comparison; a pair counts by its share, or 1 without shares."""
    out: _Counts = []
    for index, column in enumerate(columns):
        if column is None:
            out.append(None)
            continue
        levels = evidence.levels[:, index]
        known = np.flatnonzero(levels != NOT_COMPARABLE)
        weights = None if shares is None else shares[known]
        out.append(np.bincount(levels[known], weights, minlength=len(column.comparator.levels)).astype(np.float64))
    return out


def _minus(all_pairs: _Counts, some: _Counts) -> _Counts:
    return [a if a is None or b is None else np.maximum(a - b, 0.0) for a, b in zip(all_pairs, some, strict=True)]


def _with_frequencies(model: Model, columns: Sequence[Column | None]) -> dict[str, Weights]:
    """Return the weights with the shares of values among the people who have one; each person counts once for a value."""
    out = dict(model.weights)
    for column in columns:
        if column is None:
            continue
        comparator = column.comparator
        terms: dict[str, int] = {}
        term_of = np.array([terms.setdefault(term, len(terms)) for term in column.terms()])
        owner = np.repeat(np.arange(len(column.starts) - 1), np.diff(column.starts))
        term = term_of[column.codes]
        if "" in terms:
            counted = term != terms[""]
            owner, term = owner[counted], term[counted]
            if not len(term):
                continue
        pairs = np.unique(owner * len(terms) + term)
        counts = np.bincount(pairs % len(terms), minlength=len(terms))
        people = len(np.unique(owner))
        frequent = np.argsort(-counts, kind="stable")[:MAX_TERMS]
        frequent = frequent[counts[frequent] > 1]
        names = list(terms)
        known = out[comparator.name]
        # The share of the other people who have the value too.
        everybody = people - 1 + START_PEOPLE
        table = {
            names[code]: (int(counts[code]) - 1 + START_PEOPLE * known.frequencies.get(names[code], known.other))
            / everybody
            for code in frequent.tolist()
        }
        # The expected number of others with a value seen once is the ratio of values seen twice to values seen once
        # (Good and Turing); at most a half, because duplicates among the records form pairs that say nothing about others.
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        others = min(0.5, twice / once) if once else 0.5
        other = (others * (people - 1) / people + START_PEOPLE * known.other) / everybody
        if comparator.name in OTHERS:
            other = max(other, known.other)
        out[comparator.name] = attrs.evolve(known, frequencies=table, other=other)
    return out


def _reweighed(
    start: Model,
    model: Model,
    columns: Sequence[Column | None],
    matches: _Counts | None,
    strangers: _Counts,
    apart: _Counts | None,
    total: float,
) -> dict[str, Weights]:
    """Return the weights with the counted shares of levels."""
    out = dict(model.weights)
    for index, column in enumerate(columns):
        seen = strangers[index]
        if column is None or seen is None or not seen.any():
            continue
        name = column.comparator.name
        pairs = seen.sum()
        chance = seen + START_CHANCES * np.array(start.weights[name].chance) + 0.5 * pairs / (pairs + START_CHANCES)
        chance /= chance.sum()
        if apart is not None and (least := apart[index]) is not None:
            # A level too rare for the random pairs occurs at least as often as among the candidates.
            chance = np.maximum(chance, least / total)
        match = np.array(out[name].match)
        if matches is not None and (matching := matches[index]) is not None:
            match = matching + START_MATCHES * np.array(start.weights[name].match)
        out[name] = attrs.evolve(out[name], match=_normal(match), chance=_normal(chance))
    return out


def _normal(shares: Floats) -> tuple[float, ...]:
    return tuple((shares / shares.sum()).tolist())


def _between(share: float) -> float:
    return min(max(share, 1e-12), 0.5)


def _change(before: Model, after: Model) -> float:
    shares = max(
        abs(a - b)
        for comparator in COMPARATORS
        for a, b in zip(before.weights[comparator.name].match, after.weights[comparator.name].match, strict=True)
    )
    return max(shares, abs(logit(before.prior) - logit(after.prior)) / 10)
