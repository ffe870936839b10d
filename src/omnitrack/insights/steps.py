"""Steps: what each interaction says by itself: customers, handle time, waits, surveys, mentions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from omnitrack.insights.readings import SURVEY, Readings
from omnitrack.insights.tallies import Tallies
from omnitrack.insights.terms import Terms
from omnitrack.model import Interaction


class Steps:
    """Counts interactions one by one. Its memory is that of the customers of one period."""

    def __init__(self, terms: Terms, readings: Readings, tallies: Tallies) -> None:
        self._terms, self._readings, self._tallies = terms, readings, tallies
        self._since: datetime | None = None
        self._customers: dict[str | None, set[str]] = {}

    def add(self, customers: Sequence[str], interaction: Interaction, handled: float | None) -> None:
        """Count one interaction, with which an agent was busy for so many seconds (None where that is not known)."""
        at, channel = interaction.occurred_at, interaction.channel
        if interaction.deleted:
            return
        if interaction.kind == SURVEY:
            self._count_survey(interaction)
            return
        if handled is not None:
            self._tallies.add("handle_time", channel, at, handled)
        elif self._readings.reached(interaction):
            self._tallies.leave_out("handle_time", channel, at, "of which the time of the agent is not known")
        if not self._readings.contact(interaction):
            return
        self._count_customers(customers, channel, at)
        if channel in self._terms.voice:
            self._count_wait(interaction)
        if self._readings.mention(interaction):
            self._count_mention(interaction)

    def finish(self) -> None:
        """Count the customers of the last period."""
        if self._since is not None:
            for channel, found in self._customers.items():
                self._tallies.set_count("customers", channel, self._since, len(found))
        self._customers = {}

    def _count_customers(self, customers: Sequence[str], channel: str, at: datetime) -> None:
        since = self._tallies.period(at)
        if since != self._since:
            self.finish()
            self._since = since
        if customers:
            self._customers.setdefault(channel, set()).update(customers)
            self._customers.setdefault(None, set()).update(customers)

    def _count_wait(self, interaction: Interaction) -> None:
        at, channel, terms = interaction.occurred_at, interaction.channel, self._terms
        reached = self._readings.reached(interaction)
        waited = self._readings.waited(interaction)
        if waited is None:
            if reached or interaction.outcome in ("abandoned", "missed"):
                for name in ("service_level", "abandonment"):
                    self._tallies.leave_out(name, channel, at, "of which the wait is not known")
            return
        if not reached and waited <= terms.short_abandon:
            for name in ("service_level", "abandonment"):
                self._tallies.leave_out(name, channel, at, f"given up within {terms.short_abandon:g} s")
            return
        self._tallies.add("service_level", channel, at, reached and waited <= terms.answer_target)
        self._tallies.add("abandonment", channel, at, not reached)

    def _count_survey(self, interaction: Interaction) -> None:
        at, channel = interaction.occurred_at, interaction.channel
        asked = interaction.direction == "outbound"
        csat, nps = (self._readings.rating(interaction, scale) for scale in ("csat", "nps"))
        about = interaction.attributes.get("survey")
        if asked:
            for scale in ("csat", "nps"):
                if about in (scale, None):
                    self._tallies.add(f"{scale}_response_rate", channel, at, 0)
            return
        if csat is not None:
            self._tallies.add("csat", channel, at, csat >= self._terms.satisfied_from)
            self._tallies.add("csat_response_rate", channel, at, 1, 0)
        if nps is not None and nps <= 10:
            self._tallies.add("nps", channel, at, 100 * ((nps >= 9) - (nps < 7)))
            self._tallies.add("nps_response_rate", channel, at, 1, 0)

    def _count_mention(self, interaction: Interaction) -> None:
        at, channel = interaction.occurred_at, interaction.channel
        judged = self._readings.sentiment(interaction)
        for name, word in (("positive_mentions", "positive"), ("negative_mentions", "negative")):
            if judged is None:
                self._tallies.leave_out(name, channel, at, "that nobody judged")
            else:
                self._tallies.add(name, channel, at, judged == word)
