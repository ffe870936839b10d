"""Series: counts of a history by half hour, day or week, and the regular grid on which a forecast sees them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.figures import MeasureReport
from omnitrack.insights.periods import By, Periods, zone_named
from omnitrack.insights.readings import is_contact
from omnitrack.model import Interaction
from omnitrack.values import Value

#: Of a season: half hours and days repeat by the week, weeks by the year.
SEASONS = {"half-hour": 336, "day": 7, "week": 52}

_DAY = timedelta(days=1)
_SLOTS = 48


def _in_order(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


@attrs.frozen(slots=True, kw_only=True)
class Series(Value):
    """A count for each period, one after the other.

    Attributes:
        by: half-hour, day or week.
        zone: IANA name of the zone whose calendar the periods follow.
        starts: when each period begins, oldest first, without a gap.
        values: the count of each; None where it is not known, such as while the log was broken. Zero is a count.
    """

    by: By
    zone: str
    starts: tuple[datetime, ...] = attrs.field(converter=_in_order)
    values: tuple[float | None, ...] = attrs.field(converter=_in_order)

    def __attrs_post_init__(self) -> None:
        if self.by not in SEASONS:
            raise InvalidValueError(f"by: got {plain_repr(self.by)}, accepted are {', '.join(SEASONS)}")
        if len(self.starts) != len(self.values):
            raise InvalidValueError(
                f"values: got {len(self.values)}, accepted is one for each of {len(self.starts)} starts"
            )
        periods = Periods(self.by, self.zone)
        for since, after in zip(self.starts, (*self.starts[1:], None)):
            if since.tzinfo is None or periods.of(since)[0] != since:
                raise InvalidValueError("starts: got what begins no period, accepted are the beginnings of periods")
            if after is not None and periods.of(since)[1] != after:
                raise InvalidValueError(
                    "starts: got a gap, accepted are periods one after the other, with None as the value of a gap"
                )
        for value in self.values:
            if value is not None and not math.isfinite(value):
                raise InvalidValueError("values: got what is not finite, accepted are numbers and None")

    def __len__(self) -> int:
        return len(self.values)

    def upto(self, count: int) -> Series:
        """Return the first so many periods."""
        return attrs.evolve(self, starts=self.starts[:count], values=self.values[:count])


def counts(
    history: Iterable[tuple[Any, Interaction]],
    *,
    by: By,
    zone: str,
    channel: str | None = None,
    counted: Callable[[Interaction], bool] = is_contact,
    gaps: Sequence[tuple[datetime, datetime]] = (),
) -> Series:
    """Return how many interactions of customers came in each period that the history covers whole.

    Args:
        history: oldest first: ``tracker.attributions()``, ``tracker.journeys()``, or any pairs whose second is an interaction.
        by: half-hour, day or week.
        zone: IANA name of the zone whose calendar the periods follow.
        channel: of this channel; None for all.
        counted: which interactions count; those with which customers turned to the company, unless you say otherwise.
        gaps: spans of which the log is not whole, from and to; the periods that they touch are not known.

    Raises:
        InvalidValueError: another period or zone.
    """
    periods = Periods(by, zone)
    found: dict[datetime, int] = {}
    first = last = None
    for _, interaction in history:
        last = interaction.occurred_at
        first = first or last
        if (channel is None or interaction.channel == channel) and counted(interaction):
            since = periods.of(last)[0]
            found[since] = found.get(since, 0) + 1
    starts: list[datetime] = []
    if first is not None and last is not None:
        since, until = periods.of(first)
        if since < first:
            since, until = periods.of(until)
        while until <= last:
            starts.append(since)
            since, until = periods.of(until)
    values = [
        None if any(a < periods.of(since)[1] and since < b for a, b in gaps) else float(found.get(since, 0))
        for since in starts
    ]
    return Series(by=by, zone=zone, starts=tuple(starts), values=tuple(values))


def series_of(report: MeasureReport, measure: str, channel: str | None = None) -> Series:
    """Return a measure of a report as a series; periods that the history does not cover are left out at the ends, and a gap between them.

    Raises:
        InvalidValueError: there is no such measure, or the report is by month.
    """
    figures = {one.since.astimezone(timezone.utc): one for one in report.find(measure, channel) if one.complete}
    by, zone = report.terms.by, report.terms.zone
    periods = Periods(by, zone)
    starts: list[datetime] = []
    if figures:
        since, last = min(figures), max(figures)
        while since <= last:
            starts.append(since)
            since = periods.of(since)[1]
    values = [figures[since].value if since in figures else None for since in starts]
    return Series(by=by, zone=zone, starts=tuple(starts), values=tuple(values))


class Grid:
    """The wall clock as a line of equal steps: a day has 48 half hours on it, whatever the clocks do.

    ``zone`` is that of the wall clock. A half hour that clocks skip is a step without a period, one that they repeat a step with two.
    """

    def __init__(self, by: By, zone: str) -> None:
        self._by = by
        self.zone = zone_named(zone)

    def step(self, since: datetime) -> int:
        """Return the step of the period that begins then."""
        local = since.astimezone(self.zone)
        if self._by == "half-hour":
            return local.date().toordinal() * _SLOTS + local.hour * 2 + local.minute // 30
        return local.date().toordinal() // (7 if self._by == "week" else 1)

    def day(self, step: int) -> date:
        """Return the date on which a step begins."""
        if self._by == "half-hour":
            return date.fromordinal(step // _SLOTS)
        return date.fromordinal(step * 7 + 1 if self._by == "week" else step)

    def starts(self, step: int) -> list[datetime]:
        """Return when the periods of a step begin, in UTC: one, none where clocks skip it, two where they repeat it."""
        day = self.day(step)
        if self._by != "half-hour":
            return [datetime.combine(day, time(), self.zone).astimezone(timezone.utc)]
        slot = step % _SLOTS
        wall = datetime.combine(day, time(slot // 2, slot % 2 * 30), self.zone)
        both = [wall.replace(fold=fold).astimezone(timezone.utc) for fold in (0, 1)]
        there = [one for one in both if one.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None)]
        return sorted(set(there))

    def values(self, series: Series) -> tuple[int, list[float | None]]:
        """Return the first step of a series, and a value for each step from there on: the mean where two periods share one."""
        if not series.values:
            return 0, []
        found: dict[int, list[float]] = {}
        steps = [self.step(since) for since in series.starts]
        for step, value in zip(steps, series.values):
            if value is not None:
                found.setdefault(step, []).append(value)
        first, last = steps[0], steps[-1]
        return first, [sum(found[n]) / len(found[n]) if n in found else None for n in range(first, last + 1)]
