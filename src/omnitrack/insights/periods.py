"""Periods: half hours, days, weeks and months as the clock and the calendar of a named zone have them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from omnitrack.errors import InvalidValueError, plain_repr

By = Literal["half-hour", "day", "week", "month"]

_HALF_HOUR = timedelta(minutes=30)


class Periods:
    """Finds the period in which an instant lies.

    A day begins when the zone's date changes, so that the two days of a year on which clocks change have 23 and 25 hours. Weeks begin on Monday
    (ISO 8601). Where the clocks skip midnight, the day begins with its first instant.

    Args:
        by: half-hour, day, week or month.
        zone: IANA name of the zone, such as Europe/London.

    Raises:
        InvalidValueError: another period, or a zone that is unknown.
    """

    def __init__(self, by: By, zone: str) -> None:
        if by not in get_args(By):
            raise InvalidValueError(f"by: got {plain_repr(by)}, accepted are {', '.join(get_args(By))}")
        self.by = by
        self.zone = zone_named(zone)
        self._last: tuple[datetime, datetime] | None = None

    def of(self, at: datetime) -> tuple[datetime, datetime]:
        """Return when the period of an instant begins and when it ends (the next begins), in UTC."""
        last = self._last
        if last is None or not last[0] <= at < last[1]:
            last = self._last = self._find(at)
        return last

    def label(self, since: datetime) -> str:
        """Return how people call the period that begins then: 2026-03-02T09:30+00:00, 2026-03-02, 2026-W10, 2026-03."""
        shown = since.astimezone(self.zone)
        if self.by == "half-hour":
            return shown.isoformat(timespec="minutes")
        if self.by == "day":
            return shown.date().isoformat()
        if self.by == "week":
            year, week, _ = shown.isocalendar()
            return f"{year}-W{week:02}"
        return f"{shown.year}-{shown.month:02}"

    def _find(self, at: datetime) -> tuple[datetime, datetime]:
        shown = at.astimezone(self.zone)
        if (
            self.by == "half-hour"
        ):  # clocks change by half hours at the finest, so that the wall clock says where one begins
            beyond = timedelta(minutes=shown.minute % 30, seconds=shown.second, microseconds=shown.microsecond)
            since = at.astimezone(timezone.utc) - beyond
            return since, since + _HALF_HOUR
        first = shown.date()
        if self.by == "week":
            first -= timedelta(days=first.weekday())
        elif self.by == "month":
            first = first.replace(day=1)
        return self._start(first), self._start(self._next(first))

    def _next(self, first: date) -> date:
        if self.by == "month":
            return (first + timedelta(days=31)).replace(day=1)
        return first + timedelta(days=7 if self.by == "week" else 1)

    def _start(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(timezone.utc)


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant as the wall clock of a zone shows it, with the offset of that instant.

    The zone itself is left out: times of one zone compare and subtract by the wall clock, which is wrong on the two nights on which clocks change.
    """
    shown = at.astimezone(zone)
    return shown.replace(tzinfo=timezone(shown.utcoffset() or timedelta(0)))


def zone_named(zone: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        InvalidValueError: there is none of this name.
    """
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError, TypeError):  # not found, malformed, a folder, no text
        raise InvalidValueError(
            f"zone: got {plain_repr(zone)}, accepted is an IANA name, such as Europe/London"
        ) from None
