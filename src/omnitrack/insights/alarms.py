"""Alarms: the early sign that a channel leaves its forecast, by cumulative sums, and how often it is false.

Cumulative sums (CUSUM, Page 1954) add up by how much values miss their forecasts of one step, in standard deviations, less an allowance; they find
a small change that lasts, which no single value shows. Montgomery, Introduction to Statistical Quality Control, section 9.1, has the tabular form and
its run lengths.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from statistics import NormalDist
from typing import Literal

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.forecasting import Model
from omnitrack.insights.periods import local
from omnitrack.insights.series import Grid, Series
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class Alarm(Value):
    """A channel left its forecast.

    Attributes:
        since: the period in which the sum passed the threshold.
        began: the period after the last in which the sum was zero: when it probably began.
        direction: above or below what was expected.
        sum: the cumulative sum, in standard deviations.
    """

    since: datetime
    began: datetime
    direction: Literal["above", "below"]
    sum: float


@attrs.frozen(slots=True, kw_only=True)
class Watch(Value):
    """What watching a series came to.

    Attributes:
        alarms: oldest first; after each the sums begin again.
        watched: how many periods were looked at.
        allowance: in standard deviations, as ``threshold``.
        threshold: above which a sum is an alarm.
        false_alarm_every: after how many periods, on average, an alarm comes though nothing changed.
    """

    alarms: tuple[Alarm, ...]
    watched: int
    allowance: float
    threshold: float
    false_alarm_every: float


def watch(
    series: Series,
    since: datetime,
    *,
    allowance: float = 0.5,
    threshold: float = 5.0,
    holidays: Iterable[date] = (),
    root: bool = True,
) -> Watch:
    """Return where a series left its forecast from a time on. What is normal is learned before that time.

    A change of twice the allowance, in standard deviations, is found soonest. Holidays and gaps are passed over.

    Args:
        series: with some seasons before ``since``.
        since: from when on it is watched.
        allowance: what a value may miss its forecast by without adding up.
        threshold: above which a sum is an alarm; 5 has a false one every 465 periods, 4 every 168.
        holidays: dates in the past.
        root: look at the roots of the values, as ``forecast`` does.

    Raises:
        InvalidValueError: an argument out of range, or nothing before ``since``.
    """
    known = sum(1 for start in series.starts if start < since)
    if not known:
        raise InvalidValueError("since: got a time before the series, accepted is one with periods before it")
    every = run_length(allowance, threshold)
    model = Model(series.upto(known), "holt-winters", 0.8, frozenset(holidays), root)
    grid = Grid(series.by, series.zone)
    first, values = grid.values(series)
    sums = {"above": 0.0, "below": 0.0}
    began: dict[str, int] = {}
    alarms: list[Alarm] = []
    watched = 0
    for place in range(model.steps[-1] + 1, first + len(values)):
        error = model.go_on(place, values[place - first])
        if error is None or not model.deviation:
            continue
        watched += 1
        for direction, sign in (("above", 1.0), ("below", -1.0)):
            if not sums[direction]:
                began[direction] = place
            sums[direction] = max(sums[direction] + sign * error / model.deviation - allowance, 0.0)
            if sums[direction] > threshold:
                alarms.append(_alarm(grid, place, began[direction], direction, sums[direction]))
                sums = {"above": 0.0, "below": 0.0}
    return Watch(
        alarms=tuple(alarms), watched=watched, allowance=allowance, threshold=threshold, false_alarm_every=every
    )


def _alarm(grid: Grid, place: int, began: int, direction: str, total: float) -> Alarm:
    def start(step: int) -> datetime:
        while not grid.starts(step):  # clocks skipped it
            step += 1
        return local(grid.starts(step)[0], grid.zone)

    return Alarm(
        since=start(place), began=start(began), direction="above" if direction == "above" else "below", sum=total
    )


def run_length(allowance: float = 0.5, threshold: float = 5.0, shift: float = 0.0) -> float:
    """Return after how many values, on average, two-sided cumulative sums pass a threshold.

    Computed by the Markov chain of Brook and Evans, Biometrika 59, 1972, for errors that are normal and independent.

    Args:
        allowance: in standard deviations, from 0 on.
        threshold: in standard deviations, above 0 and up to 50.
        shift: by how many standard deviations the values are off; 0 for how often an alarm is false.

    Raises:
        InvalidValueError: an argument out of range.
    """
    for name, value, low, high in (
        ("allowance", allowance, 0, 10),
        ("threshold", threshold, 0, 50),
        ("shift", shift, -10, 10),
    ):
        if not low <= value <= high or (name == "threshold" and not value):
            raise InvalidValueError(f"{name}: got {plain_repr(value)}, accepted is a number from {low} to {high}")
    above, below = (_one_sided(allowance - sign * shift, threshold) for sign in (1, -1))
    return 1 / (1 / above + 1 / below)


def _one_sided(drift: float, threshold: float, states: int = 200) -> float:
    """Return the run length of one sum whose values are normal with a mean of ``-drift``."""
    import numpy as np  # nobody else here needs it

    width = 2 * threshold / (2 * states - 1)
    normal = NormalDist(-drift).cdf
    moves = np.array([normal((step + 0.5) * width) for step in range(-states, states)])
    chain = np.empty((states, states))
    for state in range(states):
        reach = moves[states - state : 2 * states - state]  # the chance to come to at most each state
        chain[state, 0] = reach[0]
        chain[state, 1:] = np.diff(reach)
    return float(np.linalg.solve(np.eye(states) - chain, np.ones(states))[0])
