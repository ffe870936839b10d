"""Staffing: Erlang's formulas against published values, against their sums written out, and against the chain of states behind them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from fractions import Fraction
from math import factorial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from omnitrack import InvalidValueError
from omnitrack.insights import Forecast, ForecastPoint, agents_needed, erlang_b, erlang_c, queue, staff

HALF_HOUR = timedelta(minutes=30)


def test_the_example_that_two_other_libraries_publish() -> None:
    # pyworkforce (PyPI) and ErlangC (CRAN) print it: 100 calls of 180 s in half an hour, 80% in 20 s.
    found = agents_needed(calls=100, handle_time=180, service_level=0.8, seconds=20, max_occupancy=0.85, shrinkage=0.3)
    assert (found.agents, found.scheduled) == (14, 20)
    assert found.waiting == pytest.approx(0.1741319335950498)
    assert found.service_level == pytest.approx(0.8883500191794669)
    assert found.mean_wait == pytest.approx(7.83593701177724)
    assert found.occupancy == pytest.approx(0.7142857142857143)
    assert erlang_c(10, 11) == pytest.approx(0.6821182, abs=1e-7)


@pytest.mark.parametrize(
    ("agents", "lost", "load"), [(1, 0.01, 0.0101), (5, 0.01, 1.361), (10, 0.01, 4.461), (20, 0.01, 12.03), (50, 0.01, 37.90), (100, 0.01, 84.06), (10, 0.05, 6.216), (100, 0.05, 95.24)]
)  # fmt: skip
def test_the_tables_of_erlang_b_give_these_loads(agents: int, lost: float, load: float) -> None:
    assert erlang_b(load, agents) == pytest.approx(lost, rel=5e-3)


@budget(60)
@given(st.integers(1, 30), st.integers(0, 40), st.integers(1, 4))
def test_the_recursion_gives_the_sums_of_the_textbook(agents: int, numerator: int, denominator: int) -> None:
    load = Fraction(numerator, denominator)
    terms = [load**n / factorial(n) for n in range(agents + 1)]
    assert erlang_b(float(load), agents) == pytest.approx(float(terms[-1] / sum(terms)))
    if load < agents:
        queued = terms[-1] * agents / (agents - load)
        assert erlang_c(float(load), agents) == pytest.approx(float(queued / (sum(terms[:-1]) + queued)))


@budget(25)
@given(
    st.floats(0.1, 400),
    st.floats(30, 900),
    st.floats(0.5, 0.99),
    st.floats(0, 120),
    st.sampled_from([None, 60.0, 600.0]),
)
def test_the_agents_that_are_needed_are_the_fewest(
    calls: float, handle_time: float, level: float, seconds: float, patience: float | None
) -> None:
    load: dict[str, Any] = {"calls": calls, "handle_time": handle_time, "seconds": seconds, "patience": patience}
    found = agents_needed(**load, service_level=level, max_occupancy=0.95)
    assert found.service_level >= level
    assert found.occupancy <= 0.95
    fewer = queue(**load, agents=found.agents - 1)
    assert fewer.service_level < level or fewer.occupancy > 0.95
    more = queue(**load, agents=found.agents + 1)
    assert more.service_level >= found.service_level - 1e-9


def states(calls: float, handle_time: float, patience: float, agents: int) -> tuple[float, float, float]:
    """The chance to wait, the share who go and the mean wait of the birth and death of calls, state by state."""
    arrival, chances = calls / 1800, [1.0]
    for number in range(1, 600):
        leave = min(number, agents) / handle_time + max(number - agents, 0) / patience
        chances.append(chances[-1] * arrival / leave)
    total = sum(chances)
    waiting = sum(max(number - agents, 0) * chance for number, chance in enumerate(chances)) / total
    return sum(chances[agents:]) / total, waiting / patience / arrival, waiting / arrival


@budget(25)
@given(st.floats(1, 200), st.floats(60, 600), st.floats(20, 900), st.integers(1, 40))
def test_impatient_callers_are_those_of_the_chain_of_states(
    calls: float, handle_time: float, patience: float, agents: int
) -> None:
    found = queue(calls=calls, handle_time=handle_time, agents=agents, patience=patience)
    expected = states(calls, handle_time, patience, agents)
    assert [found.waiting, found.abandoned, found.mean_wait] == pytest.approx(expected, rel=1e-3, abs=1e-5)
    at_once = queue(calls=calls, handle_time=handle_time, agents=agents, patience=patience, seconds=0)
    assert at_once.service_level == pytest.approx(1 - found.waiting, abs=1e-5)


def test_callers_who_never_go_are_those_of_erlang_c() -> None:
    load: dict[str, Any] = {"calls": 100.0, "handle_time": 180.0}
    assert queue(**load, agents=14, patience=1e7).service_level == pytest.approx(
        queue(**load, agents=14).service_level, abs=1e-5
    )


def test_large_loads_neither_overflow_nor_cancel() -> None:
    found = agents_needed(calls=600_000, handle_time=300)  # a hundred thousand erlangs
    assert 100_000 < found.agents < 100_200
    assert 0.8 <= found.service_level < 0.82
    assert queue(calls=40_000, handle_time=300, agents=6_000, patience=120).abandoned == pytest.approx(0.1, abs=1e-6)


def test_too_few_agents_leave_everybody_waiting_and_no_calls_need_none() -> None:
    swamped = queue(calls=100, handle_time=180, agents=10)
    assert (swamped.waiting, swamped.service_level, swamped.occupancy) == (1, 0, 1)
    assert agents_needed(calls=0, handle_time=180).agents == 0


def test_each_half_hour_of_a_forecast_is_staffed() -> None:
    since = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
    points = [ForecastPoint(since=since, until=since + HALF_HOUR, mean=100, low=80, high=130)]
    made = Forecast(
        by="half-hour",
        zone="UTC",
        method="seasonal-naive",
        level=0.8,
        season=336,
        points=tuple(points),
        deviation=1,
        root=True,
    )
    (mean,), (upper,) = staff(made, handle_time=180), staff(made, share=1, handle_time=180)
    assert (mean.calls, upper.calls) == (100, 130)
    assert (mean.staffing.agents, upper.staffing.agents) == (
        agents_needed(calls=100, handle_time=180).agents,
        agents_needed(calls=130, handle_time=180).agents,
    )
    with pytest.raises(InvalidValueError, match="half-hour"):
        staff(
            Forecast(
                by="day", zone="UTC", method="seasonal-naive", level=0.8, season=7, points=(), deviation=1, root=True
            ),
            handle_time=1,
        )


@pytest.mark.parametrize(
    "wrong",
    [{"calls": -1}, {"calls": float("nan")}, {"calls": 1e12}, {"handle_time": 0}, {"service_level": 1}, {"shrinkage": 1}, {"patience": 0}, {"max_occupancy": 0}, {"max_occupancy": 1e-9}, {"seconds": -1}, {"interval": timedelta(0)}],
)  # fmt: skip
def test_what_is_out_of_range_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValueError):
        agents_needed(**({"calls": 10, "handle_time": 60} | wrong))  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="agents"):
        queue(calls=1, handle_time=1, agents=-1)
