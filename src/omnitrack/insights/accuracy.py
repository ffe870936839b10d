"""Accuracy: how well a method would have forecast the end of a series, from rolling origins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import attrs

from omnitrack.errors import InvalidValueError
from omnitrack.insights.forecasting import Method, forecast, season_of
from omnitrack.insights.series import Grid, Series
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class Accuracy(Value):
    """How well a method would have done.

    Attributes:
        method: holt-winters or seasonal-naive.
        horizon: how many periods each forecast was for.
        origins: how many forecasts were made, each from what was known at its time.
        values: how many periods were compared.
        mase: mean absolute error over that of the seasonal naive method one season ahead, inside what was known; below 1 is better than it.
            Hyndman and Koehler, Another look at measures of forecast accuracy, 2006. None where there is nothing to compare with.
        wmape: the sum of the absolute errors over the sum of the values; None where that is zero.
        bias: the sum of forecast less value over the sum of the values: above 0, too much was expected.
        covered: share of the values that lay in their interval; to be held against ``level``.
        level: how often a value was to lie in its interval.
    """

    method: Method
    horizon: int
    origins: int
    values: int
    mase: float | None
    wmape: float | None
    bias: float | None
    covered: float | None
    level: float


def evaluate(
    series: Series,
    horizon: int,
    *,
    method: Method = "holt-winters",
    origins: int = 6,
    level: float = 0.8,
    holidays: Iterable[date] = (),
    root: bool = True,
) -> Accuracy:
    """Return how well a method would have forecast the end of a series, from rolling origins.

    The last forecast ends with the series, each one before it ``horizon`` periods earlier; each knows what came before its origin and nothing else
    (Hyndman and Athanasopoulos, section 5.10).

    Args:
        series: with at least two seasons before the first origin, to be of use.
        horizon: of how many periods each forecast is.
        method: as of ``forecast``, as are the other arguments.
        origins: how many forecasts; fewer where the series is too short.
        level: how often a value is to lie in its interval.
        holidays: dates in the past.
        root: smooth the roots of the values.

    Raises:
        InvalidValueError: an argument out of range, or a series too short for one forecast.
    """
    held, sizes = tuple(holidays), []
    errors: list[float] = []
    scaled: list[float] = []
    total = bias = 0.0
    inside = 0
    starts = [len(series) - horizon * number for number in range(origins, 0, -1)]
    for origin in (one for one in starts if one >= 2 and any(v is not None for v in series.values[:one])):
        known = series.upto(origin)
        made = forecast(known, horizon, method=method, level=level, holidays=held, root=root)
        scale = _naive_error(known)
        sizes.append(origin)
        points = {point.since: point for point in made}
        for since, value in zip(series.starts[origin:], series.values[origin:]):
            point = points.get(since)
            if value is None or point is None:
                continue
            errors.append(abs(point.mean - value))
            if scale:
                scaled.append(errors[-1] / scale)
            total += abs(value)
            bias += point.mean - value
            inside += point.low <= value <= point.high
    if not sizes:
        raise InvalidValueError(f"series: got {len(series)} periods, accepted are more than the horizon, {horizon}")
    return Accuracy(
        method=method,
        horizon=horizon,
        origins=len(sizes),
        values=len(errors),
        mase=sum(scaled) / len(scaled) if scaled else None,
        wmape=sum(errors) / total if total else None,
        bias=bias / total if total else None,
        covered=inside / len(errors) if errors else None,
        level=level,
    )


def _naive_error(series: Series) -> float | None:
    """Return the mean absolute error of the seasonal naive method inside a series, one season ahead."""
    _, values = Grid(series.by, series.zone).values(series)
    season = season_of(series.by, len(values))
    pairs = zip(values[season:], values)
    found = [abs(after - before) for after, before in pairs if after is not None and before is not None]
    return sum(found) / len(found) if found else None
