"""Plots: what they show is what the figures say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from insights.streams import at, contact
from omnitrack import InvalidValueError
from omnitrack.insights import MeasureReport, Price, Series, Terms, forecast, measure
from omnitrack.insights import plots as drawn


@pytest.fixture(scope="module")
def report() -> MeasureReport:
    hours = [(0, "web"), (1, "phone"), (200, "web"), (400, "email"), (401, "phone"), (900, "phone"), (1700, "web")]
    prices = {name: Price(per_contact=2.0) for name in ("web", "phone", "email")}
    terms = Terms(by="month", window=timedelta(days=1), prices=prices)
    rows = [(["ann"], contact(-48, "forum")), *((["ann"], contact(hour, channel)) for hour, channel in hours)]
    return measure(rows, terms)


def texts(figure: Any) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))


def test_a_page_for_the_board_says_each_rate_with_its_numbers(report: MeasureReport) -> None:
    shown = texts(drawn.plot_board(report, at(1)))
    for one in report:
        if one.since <= at(1) < one.until and one.channel is None and one.measure in ("containment", "switch_rate"):
            assert f"{one.shown()}   {one.numerator:.0f} of {one.denominator:.0f}" in shown
    assert "could not be attributed" in shown
    with pytest.raises(InvalidValueError, match="at"):
        drawn.plot_board(report, at(99_999))


def test_a_measure_is_drawn_over_the_periods_that_are_whole(report: MeasureReport) -> None:
    figure = drawn.plot_measure(report, "contacts")
    (line, *_) = figure.axes[0].lines
    whole = [one for one in report.find("contacts") if one.complete]
    assert list(line.get_ydata()) == [one.value for one in whole]
    assert "all channels" in texts(figure)
    with pytest.raises(InvalidValueError, match="no whole period"):
        drawn.plot_measure(report, "nps")


def test_a_forecast_is_drawn_behind_what_was_counted() -> None:
    starts = [datetime(2026, 3, 1, tzinfo=timezone.utc) + timedelta(days=n) for n in range(21)]
    series = Series(by="day", zone="UTC", starts=tuple(starts), values=tuple([5.0] * 20 + [None]))
    counted, expected = drawn.plot_forecast(series, forecast(series, 7), title="Calls").axes[0].lines
    assert (len(counted.get_ydata()), len(expected.get_ydata())) == (21, 7)
