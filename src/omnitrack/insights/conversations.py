"""Conversations: the contacts of a history whoever had them, for volumes, times of response and resolution, and cost.

One that nobody could be found for counts like any other here, and it is counted how many those are.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta

import attrs

from omnitrack.insights.readings import Readings
from omnitrack.insights.tallies import OPEN, Tallies
from omnitrack.insights.terms import Terms
from omnitrack.model import Interaction

_Key = tuple[str | None, str | None, str | None]
_RESPONSES = ("first_response_time", "first_response_in_time")


@attrs.define(slots=True, eq=False, kw_only=True)
class _Conversation:
    key: _Key
    channel: str
    started_at: datetime
    deadline: datetime
    attributed: bool
    handled: timedelta
    answered_at: datetime | None = None
    solved_at: datetime | None = None


class Conversations:
    """Counts contacts by thread. Its memory is that of the contacts within one window."""

    def __init__(self, terms: Terms, readings: Readings, tallies: Tallies) -> None:
        self._terms, self._readings, self._tallies = terms, readings, tallies
        self._open: dict[_Key, _Conversation] = {}
        self._queue: list[tuple[datetime, int, _Conversation]] = []
        self._number = 0

    def add(self, interaction: Interaction, attributed: bool, handled: timedelta) -> None:
        """Take the next interaction, whether or not somebody was found for it, and how long an agent was busy with it."""
        at = interaction.occurred_at
        while self._queue and self._queue[0][0] < at:
            self._close(at)
        end = min(max(at, interaction.ended_at or at), at + self._terms.window)
        self._number += 1
        found = self._find(interaction)
        if found is None:
            if not self._readings.contact(interaction):
                return
            found = self._begin(interaction, end, handled)
        else:
            found.handled += handled
        found.attributed = found.attributed or attributed
        found.deadline = max(found.deadline, end + self._terms.window)
        if found.answered_at is None and self._readings.answer(interaction):
            found.answered_at = at
        if self._readings.solved(interaction) and end - found.started_at <= self._terms.window:
            found.solved_at = end
        heapq.heappush(self._queue, (found.deadline, self._number, found))

    def finish(self, end: datetime) -> None:
        """Count the contacts that are still open."""
        while self._queue:
            self._close(end)

    def _find(self, interaction: Interaction) -> _Conversation | None:
        """Return the conversation that an interaction belongs to: of its thread, else the one that it answers."""
        found = self._open.get(self._key_of(interaction))
        if found is None and interaction.reply_to is not None:
            found = self._open.get((interaction.source, None, interaction.reply_to))
        return found

    def _key_of(self, interaction: Interaction) -> _Key:
        """Return what groups interactions: the thread at the source, else the interaction itself; one without any name is like no other."""
        if interaction.thread is not None:
            return (interaction.source, interaction.thread, None)
        return (interaction.source, None, interaction.source_id or interaction.id or f"#{self._number}")

    def _begin(self, interaction: Interaction, end: datetime, handled: timedelta) -> _Conversation:
        begun = _Conversation(
            key=self._key_of(interaction),
            channel=interaction.channel,
            started_at=interaction.occurred_at,
            deadline=end + self._terms.window,
            attributed=False,
            handled=handled,
        )
        self._open[begun.key] = begun
        self._tallies.add("contacts", begun.channel, begun.started_at)
        return begun

    def _close(self, now: datetime) -> None:
        deadline, _, one = heapq.heappop(self._queue)
        if deadline != one.deadline or self._open.get(one.key) is not one:
            return
        del self._open[one.key]
        self._tallies.contact(one.channel, one.started_at, one.attributed)
        self._count_cost(one)
        if one.channel not in self._terms.self_service:
            self._count_times(one, over=one.started_at + self._terms.window < now)

    def _count_cost(self, one: _Conversation) -> None:
        price = self._terms.prices.get(one.channel)
        if price is not None:
            self._tallies.add("cost_per_contact", one.channel, one.started_at, price.of(one.handled))
        elif self._terms.prices:
            self._tallies.leave_out("cost_per_contact", one.channel, one.started_at, "on a channel without a price")

    def _count_times(self, one: _Conversation, over: bool) -> None:
        terms, tallies, at = self._terms, self._tallies, one.started_at
        written = one.channel not in terms.voice
        if not over:
            for name in (*_RESPONSES[: 2 * written], "resolution_time"):
                tallies.leave_out(name, one.channel, at, OPEN)
            return
        if written:
            answered = one.answered_at
            if answered is None or answered - at > terms.window:
                tallies.leave_out("first_response_time", one.channel, at, "not answered within the window")
                tallies.add("first_response_in_time", one.channel, at, 0)
            else:
                took = terms.hours.between(at, answered)
                tallies.add("first_response_time", one.channel, at, took.total_seconds())
                tallies.add("first_response_in_time", one.channel, at, took <= terms.response_target)
        if one.solved_at is None:
            tallies.leave_out("resolution_time", one.channel, at, "not settled within the window")
        else:
            tallies.add("resolution_time", one.channel, at, terms.hours.between(at, one.solved_at).total_seconds())
