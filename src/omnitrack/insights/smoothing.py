"""Smoothing: Holt-Winters with additive season and damped trend, and the seasonal naive method, on plain numbers with gaps.

Holt-Winters is the state space model ETS(A,Ad,A). Equations, variances and the seasonal naive method are those of Hyndman and Athanasopoulos,
Forecasting: Principles and Practice, 3rd edition, sections 5.2, 5.5, 8.3, 8.5 and 8.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs

Values = Sequence[float | None]


@attrs.define(slots=True)
class State:
    """What the method knows after some values: level, trend, and the season with the one of the next value first."""

    level: float
    trend: float
    season: list[float]

    def expected(self, phi: float) -> float:
        """Return the forecast of the next value."""
        return self.level + phi * self.trend + self.season[0]


@attrs.frozen(slots=True, kw_only=True)
class Parameters:
    """How fast level, trend and season follow, and how the trend is damped. ``alpha``, ``beta`` (β*), ``gamma`` and ``phi`` of the book."""

    alpha: float
    beta: float
    gamma: float
    phi: float = 1.0


def step(state: State, value: float | None, parameters: Parameters) -> float | None:
    """Go on by one value, and return by how much it missed its forecast; over a gap the level follows the trend, and None is returned."""
    level = state.level + parameters.phi * state.trend
    trend = parameters.phi * state.trend
    season = state.season.pop(0)
    if value is None:
        state.level, state.trend = level, trend
        state.season.append(season)
        return None
    error = value - level - season
    state.level = level + parameters.alpha * error
    state.trend = trend + parameters.alpha * parameters.beta * error
    state.season.append(season + parameters.gamma * error)
    return error


def smooth(values: Values, state: State, parameters: Parameters) -> list[float | None]:
    """Go on by all values, and return by how much each missed the forecast of one step."""
    return [step(state, value, parameters) for value in values]


def squared_errors(values: Values, state: State, parameters: Parameters) -> float:
    """Return the sum of the squared errors of ``smooth``: the same steps written out, since the search takes most of its time in them."""
    level, trend, seasonal, season = state.level, state.trend, list(state.season), len(state.season)
    alpha, slope, gamma, phi = parameters.alpha, parameters.alpha * parameters.beta, parameters.gamma, parameters.phi
    total, place = 0.0, 0
    for value in values:
        trend *= phi
        level += trend
        if value is not None:
            error = value - level - seasonal[place]
            level += alpha * error
            trend += slope * error
            seasonal[place] += gamma * error
            total += error * error
        place = place + 1 if place + 1 < season else 0
    return total


def begin(values: Values, season: int) -> State:
    """Return a state before the first value: of the first two seasons the mean as level and the deviations from it as season.

    The trend is the change from the first season to the second, by step. Where only one season is there, or the values have none, it is zero.
    """
    first = [value for value in values[: 2 * season] if value is not None]
    level = sum(first) / len(first) if first else 0.0
    if season == 1:
        return State(first[0] if first else 0.0, 0.0, [0.0])
    halves = [[value for value in half if value is not None] for half in (values[:season], values[season : 2 * season])]
    trend = 0.0
    if all(len(half) >= 0.8 * season for half in halves):
        trend = (sum(halves[1]) / len(halves[1]) - sum(halves[0]) / len(halves[0])) / season
    seasonal: list[float] = []
    for place in range(season):
        steps = [n for n in (place, place + season) if n < len(values) and values[n] is not None]
        # Without the trend, which runs through the middle of the two seasons.
        parts = [float(values[n] or 0.0) - level - trend * (n - season + 0.5) for n in steps]
        seasonal.append(sum(parts) / len(parts) if parts else 0.0)
    return State(level - trend * season, trend, seasonal)


def fit(values: Values, season: int) -> Parameters:
    """Return the parameters that make the sum of the squared one-step errors least, by Nelder and Mead's search from several starts."""

    def squares(point: Sequence[float]) -> float:
        return squared_errors(values, begin(values, season), _parameters(point))

    starts = ((0.3, 0.05, 0.1, 0.95), (0.05, 0.05, 0.05, 0.9))
    found = [nelder_mead(squares, [_logit(part, *ends) for part, ends in zip(start, _ENDS)]) for start in starts]
    return _parameters(min(found, key=squares))


#: Between which values each parameter lies. A trend damped by less than 0.8 is none after a few steps; by more than 0.98 it is hardly damped (section 8.2).
_ENDS = ((0.0001, 0.9999), (0.0001, 0.9999), (0.0001, 0.9999), (0.8, 0.98))


def _parameters(point: Sequence[float]) -> Parameters:
    alpha, beta, gamma, phi = (
        low + (high - low) / (1 + math.exp(-min(max(part, -30.0), 30.0))) for part, (low, high) in zip(point, _ENDS)
    )
    # gamma above 1 - alpha would move the season by more than the value itself.
    return Parameters(alpha=alpha, beta=beta, gamma=gamma * (1 - alpha), phi=phi)


def _logit(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low)
    return math.log(share / (1 - share))


def nelder_mead(function: Callable[[Sequence[float]], float], start: Sequence[float], most: int = 160) -> list[float]:
    """Return a point at which a function is small: the simplex search of Nelder and Mead, The Computer Journal 7, 1965."""
    points = [list(start)] + [[x + (1.0 if n == m else 0.0) for m, x in enumerate(start)] for n in range(len(start))]
    ranked = sorted((function(point), point) for point in points)
    for _ in range(most):
        if ranked[-1][0] - ranked[0][0] <= 1e-9 * (abs(ranked[0][0]) + 1e-12):
            break
        centre = [sum(parts) / len(start) for parts in zip(*(point for _, point in ranked[:-1]))]

        def beyond(factor: float, centre: list[float] = centre, worst: list[float] = ranked[-1][1]) -> Any:
            point = [c + factor * (c - w) for c, w in zip(centre, worst)]
            return function(point), point

        tried = beyond(1.0)
        if tried[0] < ranked[0][0]:
            ranked[-1] = min(tried, beyond(2.0))
        elif tried[0] < ranked[-2][0]:
            ranked[-1] = tried
        else:
            nearer = beyond(0.5 if tried[0] < ranked[-1][0] else -0.5)
            if nearer[0] < min(tried[0], ranked[-1][0]):
                ranked[-1] = nearer
            else:  # towards the best
                best = ranked[0][1]
                shrunk = [[(b + x) / 2 for b, x in zip(best, point)] for _, point in ranked[1:]]
                ranked = [ranked[0], *((function(point), point) for point in shrunk)]
        ranked.sort()
    return ranked[0][1]


def ahead(state: State, parameters: Parameters, horizon: int) -> list[float]:
    """Return the forecasts of the next values."""
    season = len(state.season)
    found, trend, damped = [], 0.0, 1.0
    for number in range(horizon):
        damped *= parameters.phi
        trend += damped * state.trend
        found.append(state.level + trend + state.season[number % season])
    return found


def spread(parameters: Parameters, season: int, horizon: int) -> list[float]:
    """Return by how much the standard deviation of a forecast is that of one step ahead, for each step (section 8.7, class 1)."""
    variance, found, trend, damped = 1.0, [], 0.0, 1.0
    for number in range(1, horizon + 1):
        found.append(math.sqrt(variance))
        damped *= parameters.phi
        trend += damped
        weight = parameters.alpha * (1 + parameters.beta * trend)
        if number % season == 0:
            weight += parameters.gamma
        variance += weight * weight
    return found


def naive(values: Values, season: int, horizon: int) -> tuple[list[float], list[float], float]:
    """Return the seasonal naive forecasts, their standard deviations as multiples of that of one season ahead, and that (sections 5.2, 5.5).

    A value that is not known is taken from the season before it.
    """
    last: list[float] = [0.0] * season
    errors: list[float] = []
    known = [False] * season
    for number, value in enumerate(values):
        place = number % season
        if value is not None:
            if known[place]:
                errors.append(value - last[place])
            last[place], known[place] = value, True
    points = [last[(len(values) + n) % season] for n in range(horizon)]
    spreads = [math.sqrt(n // season + 1) for n in range(horizon)]
    return points, spreads, deviation(errors)


def deviation(errors: Sequence[float | None], fitted: int = 0) -> float:
    """Return the standard deviation of errors around zero; ``fitted`` parameters cost as many degrees of freedom."""
    found = [error for error in errors if error is not None]
    return math.sqrt(sum(error * error for error in found) / max(len(found) - fitted, 1)) if found else 0.0
