"""Business hours: when a centre is open, and how much open time lies between two instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import Any

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.periods import zone_named
from omnitrack.values import NOTHING, Value
from omnitrack.values.frozen import FrozenDict

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def _hours(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidValueError(f"hours: got {type(value).__name__}, accepted is a mapping of days to hours")
    for days, hours in value.items():
        _days_of(days)
        _spans_of(hours)
    return FrozenDict(value)


def _dates(value: Iterable[date]) -> tuple[date, ...]:
    return tuple(value)


@attrs.frozen(slots=True, kw_only=True)
class BusinessHours(Value):
    """When a centre is open.

    Attributes:
        hours: of each weekday, or of several in a row: ``{"mon-fri": "08:00-20:00", "sat": "09:00-12:00, 13:00-17:00"}``. A day that is not
            there is closed; ``"24:00"`` is its end. Of a day that is there twice the last counts.
        holidays: dates on which it is closed.
        zone: IANA name of the zone in which the hours are.
    """

    hours: Mapping[str, str] = attrs.field(default=NOTHING, converter=_hours)
    holidays: tuple[date, ...] = attrs.field(default=(), converter=_dates)
    zone: str = attrs.field(default="UTC")

    @zone.validator
    def _check_zone(self, _: object, value: str) -> None:
        zone_named(value)

    def is_open(self, at: datetime) -> bool:
        """Whether the centre is open at an instant."""
        return any(since <= at < until for since, until in _open(self, at.astimezone(zone_named(self.zone)).date()))

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return how much open time lies between two instants; zero where the second is not later.

        The hours are those of the wall clock, so that a day on which clocks change may be an hour longer or shorter.
        """
        zone = zone_named(self.zone)
        day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        total = timedelta(0)
        while day <= last:
            for opened, closed in _open(self, day):
                total += max(min(closed, until) - max(opened, since), timedelta(0))
            day += _DAY
        return total


@lru_cache(maxsize=4_096)
def _open(hours: BusinessHours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """Return the spans in which a centre is open on a date, in UTC."""
    if day in hours.holidays:
        return ()
    spans: list[tuple[int, int]] = []
    for days, said in hours.hours.items():
        if day.weekday() in _days_of(days):
            spans = _spans_of(said)
    zone = zone_named(hours.zone)

    def instant(minute: int) -> datetime:
        on = day + _DAY if minute == 24 * 60 else day
        return datetime.combine(on, time(*divmod(minute % (24 * 60), 60)), zone).astimezone(timezone.utc)

    return tuple((instant(since), instant(until)) for since, until in spans)


def _days_of(days: str) -> range:
    first, _, last = days.partition("-") if isinstance(days, str) else ("", "", "")
    last = last or first
    if first not in _DAYS or last not in _DAYS or _DAYS.index(last) < _DAYS.index(first):
        raise InvalidValueError(
            f"hours: got {plain_repr(days)}, accepted are mon to sun, and mon-fri for several in a row"
        )
    return range(_DAYS.index(first), _DAYS.index(last) + 1)


def _spans_of(hours: str) -> list[tuple[int, int]]:
    spans = [_span_of(part.strip()) for part in hours.split(",")] if isinstance(hours, str) and hours.strip() else []
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise InvalidValueError(f"hours: got {plain_repr(hours)}, accepted are spans one after the other")
    return spans


def _span_of(text: str) -> tuple[int, int]:
    since, dash, until = text.partition("-")
    try:
        span = _minute(since), _minute(until)
    except ValueError:
        span = (0, 0)
    if not dash or span[0] >= span[1]:
        raise InvalidValueError(f"hours: got {plain_repr(text)}, accepted is a span such as 08:00-20:00")
    return span


def _minute(text: str) -> int:
    if text.strip() == "24:00":
        return 24 * 60
    found = time.fromisoformat(text.strip())
    return found.hour * 60 + found.minute


#: Open at any time: the time between two instants is that of the clock.
ALWAYS = BusinessHours(hours={"mon-sun": "00:00-24:00"})
