"""Measuring: all measures of a history in one pass, each with what is needed to defend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from omnitrack.errors import InvalidValueError
from omnitrack.insights.conversations import Conversations
from omnitrack.insights.figures import MeasureReport
from omnitrack.insights.following import Following
from omnitrack.insights.promises import Promise
from omnitrack.insights.readings import Readings
from omnitrack.insights.steps import Steps
from omnitrack.insights.tallies import Tallies
from omnitrack.insights.terms import Terms
from omnitrack.model import Interaction


def measure(
    history: Iterable[tuple[Sequence[str], Interaction]],
    terms: Terms | None = None,
    *,
    readings: Readings | None = None,
    promises: Iterable[Promise] = (),
    until: datetime | None = None,
) -> MeasureReport:
    """Return every measure of a history, by channel and by period, in one pass.

    Memory holds the contacts within one window, the customers of one period, and the counts of the report; nothing grows with the history.

    Args:
        history: each interaction once, oldest first, with the ids of the customers it is of (none where nobody is known): ``tracker.attributions()``.
            Let it begin a window before the first period that you want, and end a window after the last: what is not known at its ends is left out
            of the figures, and said.
        terms: zone, periods, window, business hours, prices, targets.
        readings: what is taken from an interaction, where your log says it otherwise.
        promises: what was promised to customers, in any order.
        until: when the history ends; the time of its last interaction, where it is None or earlier.

    Raises:
        InvalidValueError: a time without an offset.
        ValueError: an interaction older than the one before it.
    """
    measuring = Measuring(terms, readings=readings)
    for customers, interaction in history:
        measuring.add(customers, interaction)
    return measuring.report(promises=promises, until=until)


class Measuring:
    """``measure`` for a history that is pushed: give it one interaction after the other, and take the report at the end."""

    def __init__(self, terms: Terms | None = None, *, readings: Readings | None = None) -> None:
        self._terms = terms = terms or Terms()
        self._readings = readings = readings or Readings()
        self._tallies = Tallies(terms)
        self._conversations = Conversations(terms, readings, self._tallies)
        self._steps = Steps(terms, readings, self._tallies)
        self._following = Following(terms, readings, self._tallies)
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, customers: Sequence[str], interaction: Interaction) -> None:
        """Take the next interaction with the ids of the customers it is of.

        Raises:
            InvalidValueError: its time has no offset.
            ValueError: it is older than the one before it.
        """
        at = interaction.occurred_at
        if at.tzinfo is None:
            raise InvalidValueError("occurred_at: got a time without an offset, accepted is one with")
        if self._last is not None and at < self._last:
            raise ValueError(
                f"history: got {at.isoformat()} after {self._last.isoformat()}, accepted are interactions oldest first"
            )
        self._first, self._last = self._first or at, at
        self._following.begin(self._first)
        seconds = self._readings.handled(interaction)
        handled = self._readings.span(seconds)
        self._conversations.add(interaction, bool(customers), handled)
        self._steps.add(customers, interaction, seconds)
        self._following.add(customers, interaction, handled)

    def report(self, *, promises: Iterable[Promise] = (), until: datetime | None = None) -> MeasureReport:
        """Return the figures. Nothing can be added afterwards."""
        ends = [one for one in (self._last, until) if one is not None]
        if not ends:
            return MeasureReport(terms=self._terms, history_since=None, history_until=None)
        end = max(ends)
        first = self._first or end
        self._conversations.finish(end)
        self._steps.finish()
        self._following.finish(end)
        self._count_promises(promises, end)
        figures = self._tallies.figures(first, end)
        return MeasureReport(terms=self._terms, history_since=first, history_until=end, figures=figures)

    def _count_promises(self, promises: Iterable[Promise], end: datetime) -> None:
        for one in promises:
            if one.waived:
                self._tallies.leave_out("promises_kept", one.channel, one.due_at, "taken back by agreement")
            elif one.due_at > end:
                self._tallies.leave_out("promises_kept", one.channel, one.due_at, "not due when the history ends")
            else:
                kept = one.kept_at is not None and one.kept_at <= one.due_at
                self._tallies.add("promises_kept", one.channel, one.due_at, kept)
