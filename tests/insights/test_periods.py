"""Periods and business hours: by the wall clock of a zone, on the days on which it changes too."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack import InvalidValueError
from omnitrack.insights import ALWAYS, BusinessHours, Periods
from omnitrack.insights.periods import By

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "Africa/Cairo"]
instants = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(timezone.utc))


@given(st.sampled_from(["half-hour", "day", "week", "month"]), st.sampled_from(ZONES), instants)
def test_periods_hold_their_instants_and_leave_no_gap(by: By, zone: str, at: datetime) -> None:
    periods = Periods(by, zone)
    since, until = periods.of(at)
    assert since <= at < until
    assert Periods(by, zone).of(since) == (since, until)
    assert Periods(by, zone).of(until)[0] == until
    if by == "day":
        last = until - timedelta(microseconds=1)
        assert {one.astimezone(ZoneInfo(zone)).date() for one in (since, at, last)} == {
            at.astimezone(ZoneInfo(zone)).date()
        }
    if by == "half-hour":
        assert since.astimezone(ZoneInfo(zone)).minute in (0, 30)


def test_the_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    periods = Periods("day", "Europe/London")
    hours = [
        (until - since) / timedelta(hours=1)
        for since, until in (
            periods.of(datetime(2026, *day, 12, tzinfo=timezone.utc)) for day in ((3, 29), (10, 25), (6, 1))
        )
    ]
    assert hours == [23, 25, 24]


def test_periods_are_called_as_people_call_them() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    names = {by: Periods(by, "Europe/London").label(at) for by in ("half-hour", "day", "week", "month")}
    assert names == {"half-hour": "2026-01-01T00:00+00:00", "day": "2026-01-01", "week": "2026-W01", "month": "2026-01"}


HOURS = BusinessHours(
    hours={"mon-fri": "08:00-12:00, 13:00-17:00", "sat": "00:00-24:00"},
    holidays=(date(2026, 4, 3),),
    zone="Europe/London",
)


def minutes(hours: BusinessHours, since: datetime, until: datetime) -> int:
    steps = range(int((until - since) / timedelta(minutes=1)))
    return sum(hours.is_open(since + step * timedelta(minutes=1)) for step in steps)


@given(
    st.integers(0, 60 * 24 * 6).map(lambda n: datetime(2026, 3, 27, tzinfo=timezone.utc) + timedelta(minutes=n)),
    st.integers(0, 60 * 60),
)
def test_open_time_is_every_open_minute_between(since: datetime, lasts: int) -> None:
    until = since + timedelta(minutes=lasts)
    assert HOURS.between(since, until) == timedelta(minutes=minutes(HOURS, since, until))
    assert HOURS.between(until, since) in (
        timedelta(0),
        HOURS.between(since, until) if since == until else timedelta(0),
    )
    assert ALWAYS.between(since, until) == until - since


def test_a_night_on_which_clocks_go_forward_is_an_hour_shorter() -> None:
    night = BusinessHours(hours={"sun": "00:00-06:00"}, zone="Europe/London")
    utc = timezone.utc
    assert night.between(datetime(2026, 3, 28, tzinfo=utc), datetime(2026, 3, 30, tzinfo=utc)) == timedelta(hours=5)
    assert night.between(datetime(2026, 10, 24, tzinfo=utc), datetime(2026, 10, 26, tzinfo=utc)) == timedelta(hours=7)


@pytest.mark.parametrize(
    "hours",
    [
        {"someday": "08:00-17:00"},
        {"fri-mon": "08:00-17:00"},
        {"mon": "17:00-08:00"},
        {"mon": "08:00"},
        {"mon": "9-12, 11-13"},
        [],
    ],
)
def test_hours_that_are_none_are_refused(hours: object) -> None:
    with pytest.raises(InvalidValueError, match="hours: got"):
        BusinessHours(hours=hours)


def test_a_zone_that_is_none_is_refused() -> None:
    for zone in ("Mars/Base", "../etc", "", "/etc/passwd"):
        with pytest.raises(InvalidValueError, match="zone: got"):
            BusinessHours(zone=zone)
