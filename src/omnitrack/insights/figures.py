"""Figures: the value of a measure with all that is needed to defend it, and the report that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from omnitrack.harmless import harmless, joined
from omnitrack.insights.definitions import Definition, definition
from omnitrack.insights.periods import Periods
from omnitrack.insights.terms import Terms
from omnitrack.values import NOTHING, Value
from omnitrack.values.arrow import arrow_stream
from omnitrack.values.frozen import FrozenDict


def _frozen(value: Mapping[str, int]) -> Mapping[str, int]:
    return FrozenDict(value)


def _in_order(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


@attrs.frozen(slots=True, kw_only=True)
class Figure(Value):
    """The value of a measure for one channel in one period.

    Attributes:
        measure: its name; ``definition(measure)`` says what it counts.
        channel: None for all channels together.
        to: of the measure ``followed_by``, the channel that came next; else None.
        since: when the period begins.
        until: when it ends (the next begins).
        numerator: what was counted or added up.
        denominator: over what; None of a plain count.
        excluded: how many were left out, by reason.
        unattributed: contacts of the channel that began in the period and could not be attributed to a customer.
        contacts: all contacts of the channel that began in it.
        complete: the history covers the whole period, and the window behind it where the measure waits for one.
    """

    measure: str
    channel: str | None
    since: datetime
    until: datetime
    numerator: float
    denominator: float | None = None
    to: str | None = None
    excluded: Mapping[str, int] = attrs.field(default=NOTHING, converter=_frozen)
    unattributed: int = 0
    contacts: int = 0
    complete: bool = True

    _DERIVED = ("value", "unattributed_share")

    @property
    def value(self) -> float | None:
        """The numerator over the denominator, or the count; None over nothing, or where a float cannot hold it."""
        if self.denominator is None:
            return self.numerator
        found = self.numerator / self.denominator if self.denominator else math.nan
        return found if math.isfinite(found) else None

    @property
    def unattributed_share(self) -> float | None:
        """The share of contacts that could not be attributed; None where there were no contacts."""
        return self.unattributed / self.contacts if self.contacts else None

    def shown(self, currency: str = "") -> str:
        """Return the value as people write it, with its unit."""
        return shown(self.value, definition(self.measure).unit, currency)

    def __str__(self) -> str:
        what = definition(self.measure)
        over = "" if self.denominator is None else f" = {_plain(self.numerator)} / {_plain(self.denominator)}"
        left = "; ".join(f"{count} {reason}" for reason, count in sorted(self.excluded.items()))
        share = "" if self.unattributed_share is None else f"; not attributed {self.unattributed_share:.1%}"
        channel = (self.channel or "all channels") + (f" → {self.to}" if self.to else "")
        return harmless(
            f"{what.title}, {channel}, {self.since:%Y-%m-%d}: {self.shown()}{over}"
            + (f"; left out: {left}" if left else "")
            + share
            + ("" if self.complete else "; the period is not covered whole")
        )


@attrs.frozen(slots=True, kw_only=True)
class MeasureReport(Value):
    """Figures of a history, by measure, channel and period.

    Attributes:
        terms: by which rules they were made.
        history_since: when the history begins.
        history_until: when it ends.
        figures: in the order of the definitions, then of the channels (all together first), then of time.
    """

    terms: Terms
    history_since: datetime | None
    history_until: datetime | None
    figures: tuple[Figure, ...] = attrs.field(default=(), converter=_in_order)

    def __len__(self) -> int:
        return len(self.figures)

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.figures)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return arrow_stream(Figure, self.figures, requested_schema)

    def find(self, measure: str, channel: str | None = None, at: datetime | None = None) -> list[Figure]:
        """Return the figures of a measure, oldest first.

        Args:
            measure: its name.
            channel: of this channel; None for all together.
            at: of the period in which this instant lies; None for every period.

        Raises:
            InvalidValueError: there is no such measure.
        """
        definition(measure)
        return [
            one
            for one in self.figures
            if one.measure == measure and one.channel == channel and (at is None or one.since <= at < one.until)
        ]

    @property
    def measures(self) -> tuple[Definition, ...]:
        """What the measures of the report are."""
        return tuple(definition(name) for name in dict.fromkeys(one.measure for one in self.figures))

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each figure, of plain values: what a data frame or a CSV is made of."""
        periods = Periods(self.terms.by, self.terms.zone)
        return [_row(one, periods.label(one.since)) for one in self.figures]

    def columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns: ``pandas.DataFrame(report.columns())``, ``polars.DataFrame(report.columns())``."""
        rows = self.rows()
        return {name: [row[name] for row in rows] for name in _COLUMNS}

    def __str__(self) -> str:
        periods = Periods(self.terms.by, self.terms.zone)
        lines = []
        for measure in self.measures:
            lines.append(f"{measure.title} ({measure.name})")
            for one in self.figures:
                if one.measure == measure.name and one.to is None:
                    lines.append(
                        f"  {periods.label(one.since)}  {one.channel or 'all':<8} {one.shown(self.terms.currency)}"
                    )
        return joined(lines)


_COLUMNS = (
    "measure", "channel", "to", "period", "since", "until", "value", "unit", "numerator", "denominator", "excluded",
    "unattributed", "contacts", "unattributed_share", "complete",
)  # fmt: skip


def _row(one: Figure, label: str) -> dict[str, Any]:
    found: Sequence[Any] = (
        one.measure, one.channel, one.to, label, one.since, one.until, one.value, definition(one.measure).unit, one.numerator, one.denominator,
        sum(one.excluded.values()), one.unattributed, one.contacts, one.unattributed_share, one.complete,
    )  # fmt: skip
    return dict(zip(_COLUMNS, found, strict=True))


def shown(value: float | None, unit: str, currency: str = "") -> str:
    """Return a value as people write it: 61.3%, 4 min 5 s, 3.20 GBP."""
    if value is None:
        return "none"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "seconds":
        return _span(value)
    if unit == "money":
        return f"{value:,.2f} {currency}".rstrip()
    if unit == "ratio":
        return f"{value:.2f}"
    if unit == "points":
        return f"{value:+.0f}"
    return f"{value:,.0f}"


def _span(seconds: float) -> str:
    span = timedelta(seconds=round(seconds))
    days, rest = span.days, span.seconds
    parts = ((days, "d"), (rest // 3600, "h"), (rest % 3600 // 60, "min"), (rest % 60, "s"))
    first = next((n for n, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count} {name}" for count, name in parts[first : first + 2] if count or first == 3) or "0 s"


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
