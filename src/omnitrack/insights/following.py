"""Following: what became of contacts, over all channels: resolved, repeated, continued elsewhere, contained; and what journeys cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from omnitrack.insights.follow import Contact, Followed, Follower
from omnitrack.insights.readings import Readings
from omnitrack.insights.tallies import BEFORE, OPEN, Tallies
from omnitrack.insights.terms import Terms
from omnitrack.model import Interaction


class Following:
    """Counts contacts with what followed each. Its memory is that of the contacts within one window."""

    def __init__(self, terms: Terms, readings: Readings, tallies: Tallies) -> None:
        self._terms, self._readings, self._tallies = terms, readings, tallies
        served = frozenset(terms.self_service)
        self._main = Follower(
            window=terms.window, first=readings.contact, then=readings.contact, handled=lambda _: self._handled
        )
        self._service = Follower(
            window=terms.window,
            first=lambda one: one.channel in served and readings.contact(one),
            then=lambda one: one.channel not in served and readings.contact(one),
        )
        self._handled = timedelta(0)  # of the interaction that is being added
        self._journeys: dict[str, list[Contact]] = {}
        self._known_from: datetime | None = None  # what came within a window before a contact from then on is known

    def begin(self, first: datetime) -> None:
        """Say when the history begins."""
        self._known_from = first + self._terms.window

    def add(self, customers: Sequence[str], interaction: Interaction, handled: timedelta) -> None:
        """Take one interaction of each of its customers, and how long an agent was busy with it."""
        self._handled = handled
        for customer in customers:
            for one in self._main.add(customer, interaction):
                self._count(one, over=True)
            for one in self._service.add(customer, interaction):
                self._count_service(one, over=True)

    def finish(self, end: datetime) -> None:
        """Count the contacts that are still open."""
        for one in self._main.finish(end):
            self._count(one, over=self._is_over(one.contact, end))
        for one in self._service.finish(end):
            self._count_service(one, over=self._is_over(one.contact, end))

    def _is_over(self, contact: Contact, end: datetime) -> bool:
        """Whether the whole window behind a contact is known. One that was followed in an open window is left out too: to count it, and
        not those that nothing followed yet, would show the last days worse than they were.
        """
        return contact.ended_at + self._terms.window < end

    def _is_early(self, at: datetime) -> bool:
        return self._known_from is not None and at < self._known_from

    def _count(self, followed: Followed, over: bool) -> None:
        contact, tallies = followed.contact, self._tallies
        channel, at = contact.channel, contact.started_at
        if self._is_early(at):
            tallies.leave_out("repeat_rate", channel, at, BEFORE)
            tallies.leave_out("first_contact_resolution", channel, at, BEFORE)
        else:
            tallies.add("repeat_rate", channel, at, followed.repeat)
            if followed.repeat:
                tallies.leave_out("first_contact_resolution", channel, at, "repeat contacts")
            elif not over:
                tallies.leave_out("first_contact_resolution", channel, at, OPEN)
            else:
                tallies.add("first_contact_resolution", channel, at, followed.follow_up is None)
        if not over:
            tallies.leave_out("switch_rate", channel, at, OPEN)
        else:
            to = followed.follow_up.channel if followed.follow_up is not None else None
            tallies.add("switch_rate", channel, at, to not in (None, channel))
            if to is not None:
                tallies.add("followed_by", channel, at, to=to)
        if self._terms.prices:
            self._count_journey(followed, over)

    def _count_service(self, followed: Followed, over: bool) -> None:
        contact = followed.contact
        channel, at = contact.channel, contact.started_at
        if not over:
            for name in ("containment", "calls_saved"):
                self._tallies.leave_out(name, channel, at, OPEN)
            return
        contained = followed.follow_up is None
        failed = self._readings.failed(contact.outcome)
        self._tallies.add("containment", channel, at, contained)
        self._tallies.add("calls_saved", channel, at, self._terms.substitution * (contained and not failed))
        if contained and failed:
            self._tallies.leave_out("calls_saved", channel, at, "contained, but ended in failure")

    def _count_journey(self, followed: Followed, over: bool) -> None:
        customer = followed.contact.customer
        contacts = self._journeys.setdefault(customer, [])
        contacts.append(followed.contact)
        if not followed.last:
            return
        del self._journeys[customer]
        contacts.sort(key=lambda one: one.started_at)
        channel, at = contacts[0].channel, contacts[0].started_at
        if self._is_early(at):
            self._tallies.leave_out("cost_per_journey", channel, at, BEFORE)
        elif not over:
            self._tallies.leave_out("cost_per_journey", channel, at, OPEN)
        elif any(one.channel not in self._terms.prices for one in contacts):
            self._tallies.leave_out("cost_per_journey", channel, at, "with a channel without a price")
        else:
            cost = sum(self._terms.prices[one.channel].of(one.handled) for one in contacts)
            resolved = not self._readings.failed(contacts[-1].outcome)
            self._tallies.add("cost_per_journey", channel, at, cost, resolved)
