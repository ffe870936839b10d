"""Complaints that were closed before the customer confirmed it, and what the customer did next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from omnitrack.insights.follow import Predicate, by_customer
from omnitrack.model import Interaction
from omnitrack.values import Value

_CLOSED = frozenset({"closed", "resolved", "solved"})
_CONFIRMED = frozenset({"confirmed", "accepted", "satisfied"})


def is_complaint(interaction: Interaction) -> bool:
    """Whether it is a complaint: the kind says so."""
    return interaction.kind == "complaint"


def is_closure(interaction: Interaction) -> bool:
    """Whether the company closed the matter: its outcome is closed, resolved or solved."""
    return interaction.outcome in _CLOSED


def is_confirmation(interaction: Interaction) -> bool:
    """Whether the customer said that it is settled: an inbound interaction of outcome confirmed, accepted or satisfied."""
    return interaction.outcome in _CONFIRMED and by_customer(interaction)


@attrs.frozen(slots=True, kw_only=True)
class Closures(Value):
    """What became of complaints.

    Attributes:
        complaints: how many there were.
        confirmed: closed after the customer had confirmed, and nothing of the customer's came between.
        confirmed_later: closed before, and confirmed afterwards.
        came_back: closed before, and the customer wrote or called again about it.
        silent: closed before, and nothing more was heard.
        undecided: closed before, in the last days, of which it is too early to tell.
        open: not closed when the stream ended, or for longer than ``keep``.
    """

    complaints: int = 0
    confirmed: int = 0
    confirmed_later: int = 0
    came_back: int = 0
    silent: int = 0
    undecided: int = 0
    open: int = 0

    @property
    def closed(self) -> int:
        """Complaints that were closed."""
        return self.complaints - self.open

    @property
    def unconfirmed(self) -> int:
        """Complaints that were closed before the customer had confirmed."""
        return self.closed - self.confirmed

    def __str__(self) -> str:
        return (
            f"{self.closed} of {self.complaints} complaints closed, {self.unconfirmed} before the customer had confirmed: "
            f"{self.came_back} came back, {self.confirmed_later} confirmed later, {self.silent} said no more, "
            f"{self.undecided} too early to tell"
        )


@attrs.define(slots=True, eq=False)
class _Complaint:
    opened_at: datetime
    confirmed: bool = False
    closed_at: datetime | None = None
    settled: str | None = None  # the name of the count that it is for


def closures(
    pairs: Iterable[tuple[str, Interaction]],
    *,
    window: timedelta,
    complaint: Predicate = is_complaint,
    closed: Predicate = is_closure,
    confirmed: Predicate = is_confirmation,
    keep: timedelta = timedelta(days=366),
) -> Closures:
    """Return what became of complaints. Long: one pass over the stream, whose branches share its state.

    A complaint is the interactions of one customer in one thread that begins with a complaint.

    The first closure counts. Memory holds the complaints that are open or were closed within the window, those older than
    ``keep`` given up; nothing grows with the stream.

    Args:
        pairs: a customer's id with each interaction, oldest first.
        window: how long after the closure the customer's answer is waited for; its last instant counts.
        complaint: which interactions open one; those without a thread are left out, since nothing can close them.
        closed: which interactions close one.
        confirmed: which interactions confirm one.
        keep: how long after it was opened a complaint is given up as never closed.

    Raises:
        ValueError: an interaction older than the one before it, or a window that is not above zero.
    """
    if window <= timedelta(0):
        raise ValueError(f"window: got {window}, accepted is a time above zero")
    threads: dict[tuple[str, str | None, str], _Complaint] = {}
    opened: deque[tuple[datetime, tuple[str, str | None, str], _Complaint]] = deque()
    waiting: deque[tuple[datetime, tuple[str, str | None, str], _Complaint]] = deque()
    counts = dict.fromkeys(("confirmed", "confirmed_later", "came_back", "silent", "undecided", "open"), 0)
    total = 0
    now: datetime | None = None

    def finish(key: tuple[str, str | None, str], one: _Complaint, count: str) -> None:
        if threads.get(key) is one:
            counts[count] += 1
            del threads[key]

    for customer, interaction in pairs:
        at = interaction.occurred_at
        if now is not None and at < now:
            raise ValueError(
                f"pairs: got {at.isoformat()} after {now.isoformat()}, accepted are interactions oldest first"
            )
        now = at
        while waiting and waiting[0][0] + window < at:
            _, key, one = waiting.popleft()
            finish(key, one, one.settled or "silent")
        while opened and opened[0][0] + keep < at:
            _, key, one = opened.popleft()
            if one.closed_at is None:
                finish(key, one, "open")
        if interaction.thread is None:
            continue
        key = (customer, interaction.source, interaction.thread)
        found = threads.get(key)
        if found is None:
            if not complaint(interaction):
                continue
            found = threads[key] = _Complaint(at)
            total += 1
            if len(opened) > 2 * len(threads) + 1_000:  # most of them were closed and are only waiting to be old
                opened = deque(entry for entry in opened if threads.get(entry[1]) is entry[2])
            opened.append((at, key, found))
        elif confirmed(interaction):
            found.confirmed = True
            if found.closed_at is not None and found.settled is None:
                found.settled = "confirmed_later"
        elif by_customer(interaction) and not closed(interaction):
            found.confirmed = False
            if found.closed_at is not None and found.settled is None:
                found.settled = "came_back"
        if closed(interaction) and found.closed_at is None:
            found.closed_at = at
            if found.confirmed:
                finish(key, found, "confirmed")
            else:
                waiting.append((at, key, found))
    for at, key, one in waiting:
        over = now is not None and at + window < now
        finish(key, one, one.settled or ("silent" if over else "undecided"))
    for _, key, one in opened:
        finish(key, one, "open")
    return Closures(complaints=total, **counts)
