"""Plots of figures and forecasts, fit for a board paper; drawn by matplotlib, the extra ``plots``.

Each function returns a ``matplotlib.figure.Figure``: ``plot_board(report, at).savefig("board.png", dpi=150)``. Colours are those of Okabe and Ito, which
people with colour blindness tell apart, and every series is labelled where it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from omnitrack.errors import InvalidValueError
from omnitrack.harmless import harmless
from omnitrack.insights.definitions import definition
from omnitrack.insights.figures import Figure, MeasureReport, shown
from omnitrack.insights.forecasting import Forecast
from omnitrack.insights.periods import Periods
from omnitrack.insights.series import Series

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_GREY = "#666666"


def plot_measure(report: MeasureReport, measure: str, channels: Sequence[str | None] | None = None) -> Any:
    """Return a measure over time, a line for each channel; periods that the history does not cover whole are left out.

    Args:
        report: of any periods.
        measure: its name.
        channels: which; None for every one with figures, all together among them.

    Raises:
        InvalidValueError: there is no such measure, or nothing to draw.
    """
    what = definition(measure)
    names = (
        list(dict.fromkeys(one.channel for one in report if one.measure == measure))
        if channels is None
        else list(channels)
    )
    lines = {
        name: [one for one in report.find(measure, name) if one.complete and one.value is not None] for name in names
    }
    if not any(lines.values()):
        raise InvalidValueError(f"measure: got no whole period of {measure}, accepted is a report with some")
    figure, axes = _axes(what.title, f"{what.unit}, by {report.terms.by}")
    labels = []
    for number, (name, found) in enumerate((name, found) for name, found in lines.items() if found):
        colour = _COLOURS[number % len(_COLOURS)]
        values = [one.value or 0.0 for one in found]
        axes.plot([one.since for one in found], values, color=colour, marker="o", markersize=4, linewidth=1.8)
        labels.append((values[-1], found[-1].since, harmless(name or "all channels"), colour))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.14)
    _label_ends(axes, labels)
    _label_periods(axes, report, sorted({one.since for found in lines.values() for one in found}))
    axes.yaxis.set_major_formatter(lambda value, _: shown(value, what.unit, report.terms.currency))
    return figure


def _label_ends(axes: Any, labels: list[tuple[float, datetime, str, str]]) -> None:
    """Write the name of each line where it ends, none over another."""
    apart = 0.055 * axes.get_ylim()[1]
    place = float("-inf")
    for value, since, name, colour in sorted(labels):
        place = max(value, place + apart)
        axes.annotate(name, (since, place), xytext=(8, 0), textcoords="offset points", color=colour, va="center")


def _label_periods(axes: Any, report: MeasureReport, starts: list[datetime]) -> None:
    """Write under the axis how the periods are called, at most a dozen of them."""
    periods = Periods(report.terms.by, report.terms.zone)
    some = starts[:: max(-(-len(starts) // 12), 1)]
    axes.set_xticks(some, [periods.label(one) for one in some], rotation=30, ha="right", fontsize=9)


def plot_board(report: MeasureReport, at: datetime) -> Any:
    """Return one page for a board: rates, the matrix of channels, and the cost per resolved journey, of the period in which an instant lies.

    Raises:
        InvalidValueError: the report has nothing of that period.
    """
    mine = [one for one in report if one.since <= at < one.until]
    if not mine:
        raise InvalidValueError("at: got a time of which the report has nothing, accepted is one inside a period of it")
    figure = _new((11.7, 8.3))  # A4, lying
    label = Periods(report.terms.by, report.terms.zone).label(at)
    figure.suptitle(f"How customers were served, {label}", x=0.06, y=0.97, ha="left", fontsize=17, fontweight="bold")
    grid = figure.add_gridspec(2, 2, left=0.17, right=0.96, top=0.86, bottom=0.16, hspace=0.55, wspace=0.55)
    _draw_rates(figure.add_subplot(grid[0, :]), mine)
    _draw_matrix(figure.add_subplot(grid[1, 0]), [one for one in mine if one.measure == "followed_by"])
    _draw_costs(
        figure.add_subplot(grid[1, 1]),
        [one for one in mine if one.measure == "cost_per_journey"],
        report.terms.currency,
    )
    window = report.terms.window
    figure.text(
        0.06, 0.035, f"Window {window.days} days. {_notes(mine)}", color=_GREY, fontsize=8.5, wrap=True, va="bottom"
    )
    return figure


def plot_forecast(series: Series, expected: Forecast, *, title: str = "What is expected", history: int = 28) -> Any:
    """Return the end of a series with what is expected behind it, and the interval.

    Args:
        series: what was.
        expected: what is expected.
        title: over the plot, such as "Calls".
        history: how many periods of the series are drawn.
    """
    figure, axes = _axes(
        harmless(title), f"by {expected.by}; {expected.level:.0%} of the values are to lie in the band"
    )
    starts, values = series.starts[-history:], series.values[-history:]
    axes.plot(
        starts,
        [float("nan") if value is None else value for value in values],
        color=_GREY,
        linewidth=1.5,
        label="counted",
    )
    times = [one.since for one in expected]
    axes.fill_between(
        times, [one.low for one in expected], [one.high for one in expected], color=_COLOURS[0], alpha=0.2, linewidth=0
    )
    axes.plot(times, [one.mean for one in expected], color=_COLOURS[0], linewidth=1.8, label="expected")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    axes.set_ylim(bottom=min(0.0, min((one.low for one in expected), default=0.0)))
    figure.autofmt_xdate()
    return figure


_RATES = ("containment", "first_contact_resolution", "switch_rate", "first_response_in_time", "service_level")


def _draw_rates(axes: Any, figures: list[Figure]) -> None:
    """Draw the rates of all channels together as bars, each with what it was counted over."""
    found = [
        one
        for name in _RATES
        for one in figures
        if one.measure == name and one.channel is None and one.value is not None
    ]
    names = [definition(one.measure).title for one in found]
    places = range(len(found))
    axes.barh(places, [1.0] * len(found), color="#EEEEEE", height=0.55)
    axes.barh(places, [one.value for one in found], color=_COLOURS[0], height=0.55)
    for place, one in zip(places, found):
        axes.text(
            1.02, place, f"{one.shown()}   {one.numerator:,.0f} of {one.denominator:,.0f}", va="center", fontsize=10
        )
    axes.set_yticks(places, names, fontsize=10)
    axes.set_xlim(0, 1.35)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_title("Rates", loc="left", fontsize=12, fontweight="bold")
    _bare(axes, "left", "bottom")
    axes.tick_params(length=0)


def _draw_matrix(axes: Any, cells: list[Figure]) -> None:
    """Draw which share of the contacts of a channel went on, within the window, on which."""
    rows = sorted({one.channel or "" for one in cells})
    columns = sorted({one.to or "" for one in cells})
    values = {(one.channel, one.to): one.value or 0.0 for one in cells}
    table = [[values.get((row, column), 0.0) for column in columns] for row in rows]
    if table:
        axes.imshow(table, cmap="Blues", vmin=0, vmax=max(0.4, *(max(row) for row in table)), aspect="auto")
    for y, row in enumerate(table):
        for x, value in enumerate(row):
            axes.text(
                x, y, f"{value:.0%}", ha="center", va="center", color="white" if value > 0.28 else "black", fontsize=10
            )
    axes.set_yticks(range(len(rows)), [f"after {harmless(row)}" for row in rows], fontsize=10)
    axes.set_xticks(range(len(columns)), [f"then {harmless(column)}" for column in columns], fontsize=10)
    axes.set_title("Where people go on", loc="left", fontsize=12, fontweight="bold")
    _bare(axes, "left", "bottom")
    axes.tick_params(length=0)


def _draw_costs(axes: Any, figures: list[Figure], currency: str) -> None:
    """Draw what a resolved journey costs, by the channel on which it began."""
    found = sorted(
        (one for one in figures if one.channel is not None and one.value is not None), key=lambda one: one.value or 0.0
    )
    places = range(len(found))
    axes.barh(places, [one.value for one in found], color=_COLOURS[2], height=0.55)
    top = max((one.value or 0.0 for one in found), default=1.0)
    for place, one in zip(places, found):
        axes.text(
            (one.value or 0.0) + top * 0.02,
            place,
            f"{one.shown(currency)}   {one.denominator:,.0f} resolved",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(places, [f"begun by {harmless(one.channel or '')}" for one in found], fontsize=10)
    axes.set_xlim(0, top * 1.6)
    axes.set_xticks([])
    axes.set_title("Cost per resolved journey", loc="left", fontsize=12, fontweight="bold")
    _bare(axes, "bottom")
    axes.tick_params(length=0)


def _notes(figures: list[Figure]) -> str:
    """Return what a reader has to know of how much is missing."""
    contacts = next((one for one in figures if one.measure == "contacts" and one.channel is None), None)
    notes = []
    if contacts is not None and contacts.unattributed_share is not None:
        notes.append(
            f"{contacts.numerator:,.0f} contacts, of which {contacts.unattributed_share:.1%} could not be attributed to a customer."
        )
    if not all(one.complete for one in figures):
        notes.append(
            "The history does not cover the whole period and the window behind it: what is not known is left out of the rates."
        )
    return " ".join(notes)


def _new(size: tuple[float, float]) -> Any:
    """Return an empty figure.

    Raises:
        InvalidValueError: matplotlib is not installed.
    """
    try:
        figures = import_module("matplotlib.figure")
    except ImportError:
        raise InvalidValueError(
            "plots: matplotlib is not installed, accepted is an installation with the extra 'plots'"
        ) from None
    return figures.Figure(figsize=size, facecolor="white")


def _axes(title: str, subtitle: str) -> tuple[Any, Any]:
    figure = _new((9.0, 4.8))
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.1, right=0.95, top=0.82, bottom=0.17)
    figure.suptitle(title, x=0.1, y=0.96, ha="left", fontsize=15, fontweight="bold")
    axes.set_title(subtitle, loc="left", fontsize=10, color=_GREY)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    _bare(axes, "left")
    axes.tick_params(length=0)
    return figure, axes


def _bare(axes: Any, *more: str) -> None:
    for side in ("top", "right", *more):
        axes.spines[side].set_visible(False)
