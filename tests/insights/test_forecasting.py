"""Forecasts: a published example, intervals that hold what they promise, clocks, holidays and gaps, and alarms that are seldom false."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from insights.streams import at, contact
from omnitrack import InvalidValueError
from omnitrack.insights import (
    Periods,
    Series,
    Terms,
    counts,
    evaluate,
    forecast,
    measure,
    run_length,
    series_of,
    watch,
)
from omnitrack.insights.periods import By
from omnitrack.insights.series import Grid
from omnitrack.insights.smoothing import Parameters, State, ahead, begin, fit, naive, smooth, spread, squared_errors

LONDON = "Europe/London"

#: International visitor nights in Australia, millions, by quarter from 2005 on: the data set austourists of the R package fpp2.
NIGHTS = [
    42.20566, 24.64917, 32.66734, 37.25735, 45.24246, 29.35048, 36.34421, 41.78208, 49.27660, 31.27540, 37.85063, 38.83704, 51.23690, 31.83855, 41.32342,
    42.79900, 55.70836, 33.40714, 42.31664, 45.15712, 59.57608, 34.83733, 44.84168, 46.97125, 60.01903, 38.37118, 46.97586, 50.73380, 61.64687, 39.29957,
    52.67121, 54.33232, 66.83436, 40.87119, 51.82854, 57.49191, 65.25147, 43.06121, 54.76076, 59.83447, 73.25703, 47.69662, 61.09777, 66.05576,
]  # fmt: skip


def test_holt_winters_gives_the_example_of_the_textbook() -> None:
    # Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2nd edition, section 7.3: parameters, first states, forecasts and error as printed.
    state = State(32.26, 0.70, [9.70, -9.31, -1.69, 1.31])
    parameters = Parameters(alpha=0.306, beta=0.0003, gamma=0.426)
    errors = smooth(NIGHTS, state, parameters)
    assert math.sqrt(sum(error**2 for error in errors if error is not None) / len(errors)) == pytest.approx(
        1.763, abs=5e-4
    )
    assert ahead(state, parameters, 8) == pytest.approx(
        [76.10, 51.60, 63.97, 68.37, 78.90, 54.41, 66.77, 71.18], abs=0.02
    )


def test_the_search_finds_what_fits_no_worse_than_the_textbook() -> None:
    found = fit(NIGHTS, 4)
    book = squared_errors(NIGHTS, begin(NIGHTS, 4), Parameters(alpha=0.306, beta=0.0003, gamma=0.426, phi=0.98))
    assert squared_errors(NIGHTS, begin(NIGHTS, 4), found) <= book


@budget(40)
@given(st.lists(st.none() | st.floats(0, 100), min_size=8, max_size=30), st.tuples(*[st.floats(0.01, 0.99)] * 4))
def test_the_short_loop_of_the_search_is_the_method(values: list[float | None], point: tuple[float, ...]) -> None:
    parameters = Parameters(**dict(zip(("alpha", "beta", "gamma", "phi"), point)))
    errors = smooth(values, begin(values, 4), parameters)
    total = sum(error * error for error in errors if error is not None)
    assert squared_errors(values, begin(values, 4), parameters) == pytest.approx(total)


def test_the_spread_of_a_forecast_is_that_of_what_the_model_does() -> None:
    parameters, season, horizon = Parameters(alpha=0.4, beta=0.3, gamma=0.2, phi=0.9), 4, 9
    rnd, ends = random.Random(5), []
    for _ in range(4_000):
        state = State(0.0, 0.0, [0.0] * season)
        for _ in range(horizon):
            value = state.expected(parameters.phi) + rnd.gauss(0, 1)
            smooth([value], state, parameters)
        ends.append(value)
    simulated = math.sqrt(sum(value * value for value in ends) / len(ends))
    assert spread(parameters, season, horizon)[-1] == pytest.approx(simulated, rel=0.05)


def test_the_naive_method_takes_the_season_before_and_looks_through_gaps() -> None:
    points, spreads, error = naive([1.0, 2.0, 3.0, None, 5.0, None], 3, 4)
    assert points == [1.0, 5.0, 3.0, 1.0]
    assert spreads == [1.0, 1.0, 1.0, math.sqrt(2)]
    assert error == 3.0


def series(by: By, first: date, count: int, value: Callable[[datetime], float | None], zone: str = LONDON) -> Series:
    """A value for each period by the wall clock of its beginning."""
    periods, starts = Periods(by, zone), []
    since = periods.of(datetime(first.year, first.month, first.day, tzinfo=periods.zone))[0]
    for _ in range(count):
        starts.append(since)
        since = periods.of(since)[1]
    return Series(
        by=by, zone=zone, starts=tuple(starts), values=tuple(value(one.astimezone(periods.zone)) for one in starts)
    )


def poisson(rnd: random.Random, mean: float) -> float:
    if mean > 60:
        return float(max(round(rnd.gauss(mean, math.sqrt(mean))), 0))
    chance, total, number = rnd.random(), 0.0, 0
    while (total := total + math.exp(-mean) * mean**number / math.factorial(number)) < chance and number < 200:
        number += 1
    return float(number)


def usual(local: datetime) -> float:
    """Calls of a half hour: two peaks, fewer on weekends."""
    hour = local.hour + local.minute / 60
    day = 2 + 60 * math.exp(-(((hour - 11) / 3) ** 2)) + 30 * math.exp(-(((hour - 16) / 2) ** 2))
    return day * (0.4 if local.weekday() >= 5 else 1.0)


def test_half_hours_are_forecast_by_the_wall_clock_over_a_change_of_clocks() -> None:
    known = series("half-hour", date(2026, 3, 2), 7 * 3 * 48, usual)  # three weeks, to Sunday the 22nd
    made = forecast(known, 7 * 48 + 46, root=False)
    assert made.points[0].since == Periods("half-hour", LONDON).of(known.starts[-1])[1]
    assert all(before.until == after.since for before, after in zip(made, made.points[1:]))
    spring = [one for one in made if one.since.date() == date(2026, 3, 29)]
    assert len(spring) == 46
    for one in made:
        assert one.mean == pytest.approx(usual(one.since), abs=0.3)


def test_a_half_hour_that_clocks_repeat_is_expected_twice() -> None:
    known = series("half-hour", date(2026, 10, 5), 7 * 2 * 48, usual)
    made = forecast(known, 8 * 48, method="seasonal-naive")
    autumn = [one for one in made if one.since.date() == date(2026, 10, 25)]
    assert len(autumn) == 50
    assert len({one.since for one in made}) == len(made)


@given(
    st.sampled_from(["half-hour", "day", "week"]),
    st.sampled_from([LONDON, "Australia/Lord_Howe", "America/Havana"]),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
)
def test_steps_of_the_grid_are_periods_in_order(by: By, zone: str, day: date) -> None:
    made = series(by, day, 60, lambda local: 1.0, zone)
    grid = Grid(by, zone)
    steps = [grid.step(one) for one in made.starts]
    assert all(one in grid.starts(place) for one, place in zip(made.starts, steps))
    first, values = grid.values(made)
    assert first == steps[0]
    assert sum(value is not None for value in values) == len(set(steps))


@pytest.mark.parametrize("method", ["holt-winters", "seasonal-naive"])
def test_intervals_hold_as_many_values_as_they_say(method: str) -> None:
    rnd = random.Random(11)
    known = series(
        "day", date(2025, 1, 6), 7 * 40, lambda local: poisson(rnd, 300 * (0.5 if local.weekday() >= 5 else 1.0))
    )
    found = evaluate(known, 14, method=method, origins=10, level=0.8)  # type: ignore[arg-type]
    assert found.values == 140
    assert found.covered is not None
    assert found.covered == pytest.approx(0.8, abs=0.15)
    assert found.wmape is not None
    assert found.wmape < 0.1
    assert found.mase is not None
    assert found.mase < (0.9 if method == "holt-winters" else 1.15)


def test_holidays_are_left_out_of_what_is_learned_and_expected_as_they_were() -> None:
    days = {date(2025, 4, 18), date(2025, 4, 21), date(2025, 5, 5)}
    known = series("day", date(2025, 1, 6), 7 * 20, lambda local: 25.0 if local.date() in days else 100.0)
    made = forecast(known, 14, holidays=[*days, date(2025, 6, 2)])
    assert made.holiday_share == pytest.approx(0.25, abs=0.02)
    values = {one.since.date(): one.mean for one in made}
    assert values.pop(date(2025, 6, 2)) == pytest.approx(25, abs=2)
    assert list(values.values()) == pytest.approx([100] * 13, abs=0.5)


def test_a_gap_is_not_a_day_without_calls() -> None:
    gone = {date(2025, 3, day) for day in range(3, 10)}
    known = series("day", date(2025, 1, 6), 7 * 10, lambda local: None if local.date() in gone else 100.0)
    assert [one.mean for one in forecast(known, 7)] == pytest.approx([100] * 7, abs=0.5)


def test_weeks_without_two_years_have_no_season() -> None:
    short = series("week", date(2025, 1, 6), 30, lambda local: 10.0)
    long = series("week", date(2023, 1, 2), 110, lambda local: 10.0 + 5 * (local.month == 12))
    assert (forecast(short, 4).season, forecast(long, 4).season) == (1, 52)
    december = [one.mean for one in forecast(long, 48) if one.since.month == 12]
    assert december
    assert min(december) > 12


def test_counts_of_a_history_have_a_zero_where_nobody_came_and_none_where_the_log_was_broken() -> None:
    rows = [((), contact(hours)) for hours in (0, 24, 25, 72, 96, 97)]  # from Sunday nine o'clock on
    found = counts(rows, by="day", zone="UTC", channel="phone", gaps=[(at(47), at(48))])
    assert found.values == (2, None, 1)
    assert found.starts[0] == datetime(2026, 3, 2, tzinfo=timezone.utc)
    assert len(counts([], by="day", zone="UTC")) == 0
    of_report = series_of(measure(rows, Terms(by="day")), "contacts", "phone")
    assert of_report.values == (2, None, 1)


def test_a_change_that_lasts_is_found_soon() -> None:
    rnd = random.Random(3)
    start = datetime(2025, 10, 1, tzinfo=timezone.utc)
    known = series("day", date(2025, 1, 6), 330, lambda local: poisson(rnd, 900 * (1.1 if local >= start else 1.0)))
    quiet = watch(known.upto(250), known.starts[200])
    assert quiet.alarms == ()
    alarm = watch(known, known.starts[200]).alarms[0]
    assert alarm.direction == "above"
    assert alarm.began >= start - timedelta(days=7)
    assert alarm.since <= start + timedelta(days=10)
    with pytest.raises(InvalidValueError, match="since"):
        watch(known, known.starts[0])


@pytest.mark.parametrize(
    ("threshold", "shift", "length"),
    [(4, 0, 168), (4, 1, 8.38), (4, 0.5, 26.6), (5, 0, 465), (5, 1, 10.4), (5, 0.5, 38.0)],
)
def test_run_lengths_are_those_of_the_textbook(threshold: float, shift: float, length: float) -> None:
    # Montgomery, Introduction to Statistical Quality Control, table of the average run length of the CUSUM with k = 1/2.
    assert run_length(0.5, threshold, shift) == pytest.approx(length, rel=3e-3)


def test_a_simulation_has_as_many_false_alarms_as_the_run_length_says() -> None:
    rnd, above, below, alarms, steps = random.Random(17), 0.0, 0.0, 0, 120_000
    for _ in range(steps):
        error = rnd.gauss(0, 1)
        above, below = max(above + error - 0.5, 0.0), max(below - error - 0.5, 0.0)
        if max(above, below) > 4:
            above = below = 0.0
            alarms += 1
    assert steps / alarms == pytest.approx(run_length(0.5, 4), rel=0.12)  # three standard errors of some 700 alarms


def test_what_cannot_be_forecast_is_refused_by_name() -> None:
    one = series("day", date(2025, 1, 6), 3, lambda local: 1.0)
    empty = series("day", date(2025, 1, 6), 3, lambda local: None)
    for wrong in ({"horizon": 0}, {"horizon": 10**9}, {"method": "luck"}, {"level": 1.0}):
        with pytest.raises(InvalidValueError, match=next(iter(wrong))):
            forecast(one, **({"horizon": 3} | wrong))
    with pytest.raises(InvalidValueError, match="series"):
        forecast(empty, 3)
    with pytest.raises(InvalidValueError, match="series"):
        evaluate(one, 3)
    with pytest.raises(InvalidValueError, match="root"):
        forecast(series("day", date(2025, 1, 6), 3, lambda local: -1.0), 3)
    starts = [datetime(2026, 3, 1, tzinfo=timezone.utc), datetime(2026, 3, 3, tzinfo=timezone.utc)]
    for given_starts, values in (
        (starts, [1.0, 2.0]),
        (starts[:1], []),
        ([starts[0] + timedelta(hours=1)], [1.0]),
        (starts[:1], [math.inf]),
    ):
        with pytest.raises(InvalidValueError):
            Series(by="day", zone="UTC", starts=given_starts, values=values)
    with pytest.raises(InvalidValueError, match="by"):
        Series(by="month", zone="UTC", starts=(), values=())
    with pytest.raises(InvalidValueError, match="threshold"):
        run_length(0.5, 0)
