"""Forecasts of a series with prediction intervals, for half hours, days and weeks, with holidays, gaps and changes of the clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from statistics import NormalDist
from typing import Any, Literal, get_args

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.periods import By, Periods, local
from omnitrack.insights.series import SEASONS, Grid, Series
from omnitrack.insights.smoothing import (
    Parameters,
    ahead,
    begin,
    deviation,
    fit,
    naive,
    spread,
    step,
)
from omnitrack.values import Value

Method = Literal["holt-winters", "seasonal-naive"]

#: Seasons that a forecast looks back on; what lies before has no weight that counts.
MOST_SEASONS = {"half-hour": 12, "day": 104, "week": 10}

#: Of a day without a season of its own: what repeats by the day, where there are too few weeks.
_DAILY = 48
MOST_PERIODS = 20_000  # of a forecast


@attrs.frozen(slots=True, kw_only=True)
class ForecastPoint(Value):
    """What is expected of one period.

    Attributes:
        since: when it begins.
        until: when it ends.
        mean: the value expected.
        low: below it the value is as rarely as above ``high``.
        high: between the two the value is as often as the level of the forecast says.
    """

    since: datetime
    until: datetime
    mean: float
    low: float
    high: float


@attrs.frozen(slots=True, kw_only=True)
class Forecast(Value):
    """What is expected of the periods behind a series.

    Attributes:
        by: half-hour, day or week.
        zone: IANA name of the zone whose calendar the periods follow.
        method: holt-winters or seasonal-naive.
        level: how often a value is to lie in its interval, from 0 to 1.
        season: of how many periods a season is; 1 where the series was too short for any.
        points: the periods, oldest first.
        deviation: standard deviation of the errors of one step (of one season, with seasonal-naive), of the values or of their roots.
        root: whether the roots of the values were smoothed.
        alpha: how fast the level follows; of Holt-Winters alone, as ``beta`` (trend), ``gamma`` (season) and ``phi`` (damping of the trend).
        holiday_share: what came on past holidays as a share of what would have been expected of ordinary days; None without any.
    """

    by: By
    zone: str
    method: Method
    level: float
    season: int
    points: tuple[ForecastPoint, ...]
    deviation: float
    root: bool
    alpha: float | None = None
    beta: float | None = None
    gamma: float | None = None
    phi: float | None = None
    holiday_share: float | None = None

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[ForecastPoint]:
        return iter(self.points)

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each period, of plain values."""
        periods = Periods(self.by, self.zone)
        return [
            {
                "period": periods.label(one.since),
                "since": one.since,
                "until": one.until,
                "mean": one.mean,
                "low": one.low,
                "high": one.high,
            }
            for one in self.points
        ]

    def columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns: ``pandas.DataFrame(forecast.columns())``."""
        rows = self.rows()
        names = ("period", "since", "until", "mean", "low", "high")
        return {name: [row[name] for row in rows] for name in names}


def forecast(
    series: Series,
    horizon: int,
    *,
    method: Method = "holt-winters",
    level: float = 0.8,
    holidays: Iterable[date] = (),
    root: bool = True,
) -> Forecast:
    """Return what is expected of the periods behind a series.

    A gap moves nothing but time. On a half hour that clocks skip there is none, and one that they repeat is expected twice. Holidays are left out
    of what is learned of ordinary days; future ones are expected to have the share of an ordinary day that past ones had (the whole of it, where
    there were none).

    Args:
        series: at least one season long, better three; weeks without two years have no season.
        horizon: of how many periods.
        method: ``holt-winters`` (additive season, damped trend) or ``seasonal-naive`` (as in the same period of the season before).
        level: how often a value is to lie in its interval.
        holidays: dates in the past and in the future; of half hours and days.
        root: smooth the roots of the values. Counts vary the more the larger they are, their roots evenly (Brown and others, Statistical Analysis of
            a Telephone Call Center, JASA 100, 2005).

    Raises:
        InvalidValueError: an argument out of range, or a series without a value.
    """
    model = Model(series, method, level, frozenset(holidays), root)
    return model.forecast(horizon)


class Model:
    """A method, fitted to a series. ``steps`` are those of its grid that it learned from, ``errors`` by how much each missed its forecast."""

    def __init__(self, series: Series, method: Method, level: float, holidays: frozenset[date], root: bool) -> None:
        if method not in get_args(Method):
            raise InvalidValueError(f"method: got {plain_repr(method)}, accepted are {', '.join(get_args(Method))}")
        if not 0 < level < 1:
            raise InvalidValueError(f"level: got {plain_repr(level)}, accepted is a number between 0 and 1")
        if all(value is None for value in series.values):
            raise InvalidValueError("series: got no value, accepted is one with values")
        self._series, self._method, self._level, self._root = series, method, level, root
        self._holidays = holidays if series.by != "week" else frozenset()
        self._grid = Grid(series.by, series.zone)
        first, values = self._grid.values(series)
        self.season = season_of(series.by, len(values))
        kept = min(len(values), MOST_SEASONS[series.by] * SEASONS[series.by])
        self._first, self._values = first + len(values) - kept, values[len(values) - kept :]
        self._positive = all(value is None or value >= 0 for value in values)
        if root and not self._positive:
            raise InvalidValueError("root: got values below zero, accepted with them is root=False")
        self.parameters: Parameters | None = None
        self.share: float | None = None
        self._learn()

    def _learn(self) -> None:
        self.steps = steps = [self._first + number for number in range(len(self._values))]
        self.errors: list[float | None] = []
        ordinary = [
            None if value is None or self._is_holiday(number) else self._into(value)
            for number, value in zip(steps, self._values)
        ]
        if self._method == "seasonal-naive":
            self._ordinary = ordinary
            self.deviation = naive(ordinary, self.season, 1)[2]
            self.share = None
            return
        self.parameters = parameters = fit(ordinary, self.season)
        self.state = begin(ordinary, self.season)
        was = would = 0.0
        for number, value, learned in zip(steps, self._values, ordinary):
            expected = self.state.expected(parameters.phi)
            self.errors.append(step(self.state, learned, parameters))
            if value is not None and self._is_holiday(number):
                was += value
                would += self._out_of(expected)
        fitted = 4 if len([error for error in self.errors if error is not None]) > 8 else 0
        self.deviation = deviation(self.errors, fitted)
        self.share = was / would if would > 0 else None

    def forecast(self, horizon: int) -> Forecast:
        """Return the periods behind the series."""
        if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= MOST_PERIODS:
            raise InvalidValueError(
                f"horizon: got {plain_repr(horizon)}, accepted is a whole number from 1 to {MOST_PERIODS}"
            )
        beyond = horizon + 4  # clocks may skip steps
        if self.parameters is None:
            centres, spreads, _ = naive(self._ordinary, self.season, beyond)
        else:
            centres = ahead(self.state, self.parameters, beyond)
            spreads = spread(self.parameters, self.season, beyond)
        points: list[ForecastPoint] = []
        periods = Periods(self._series.by, self._series.zone)
        last = self._series.starts[-1]
        for number, (centre, width) in enumerate(zip(centres, spreads)):
            place = self._first + len(self._values) + number
            for since in self._grid.starts(place):
                if since > last and len(points) < horizon:
                    points.append(self._point(periods.of(since), place, centre, width * self.deviation))
        parameters = self.parameters
        return Forecast(
            by=self._series.by,
            zone=self._series.zone,
            method=self._method,
            level=self._level,
            season=self.season,
            points=tuple(points),
            deviation=self.deviation,
            root=self._root,
            alpha=parameters.alpha if parameters else None,
            beta=parameters.beta if parameters else None,
            gamma=parameters.gamma if parameters else None,
            phi=parameters.phi if parameters else None,
            holiday_share=self.share,
        )

    def _point(self, period: tuple[datetime, datetime], place: int, centre: float, width: float) -> ForecastPoint:
        share = (1.0 if self.share is None else self.share) if self._is_holiday(place) else 1.0
        reach = NormalDist().inv_cdf((1 + self._level) / 2) * width
        mean, low, high = self._out_of(centre, width), self._out_of(centre - reach), self._out_of(centre + reach)
        zone = Periods(self._series.by, self._series.zone).zone
        since, until = (local(one, zone) for one in period)
        return ForecastPoint(since=since, until=until, mean=mean * share, low=low * share, high=high * share)

    def go_on(self, number: int, value: float | None) -> float | None:
        """Go on by one step of Holt-Winters without learning how fast to follow, and return by how much it missed its forecast."""
        assert self.parameters is not None
        ordinary = None if value is None or self._is_holiday(number) else self._into(value)
        return step(self.state, ordinary, self.parameters)

    def _is_holiday(self, place: int) -> bool:
        return bool(self._holidays) and self._grid.day(place) in self._holidays

    def _into(self, value: float) -> float:
        return math.sqrt(value + 0.25) if self._root else value

    def _out_of(self, value: float, width: float = 0.0) -> float:
        """Return a value that was smoothed as one of the series; the mean of a square is that of the root and its variance."""
        if self._root:
            value = max(value, 0.0) ** 2 + width * width - 0.25
        return max(value, 0.0) if self._positive else value


def season_of(by: By, count: int) -> int:
    """Return of how many periods a season is: two whole ones must be there to learn it."""
    season = SEASONS[by]
    if count >= 2 * season:
        return season
    return _DAILY if by == "half-hour" and count >= 2 * _DAILY else 1
