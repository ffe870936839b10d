"""Follow-ups: groups a stream of interactions into contacts, each with what followed it.

Every measure of this package is a count over this one stream. Memory holds the contacts of one window of time and nothing
else, however long the stream: a contact is given out, and forgotten, as soon as its window is over.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import attrs

from omnitrack.model import Direction, Interaction
from omnitrack.values import Value

Predicate = Callable[[Interaction], bool]

#: Channels on which people help themselves.
SELF_SERVICE = frozenset({"web", "app", "ivr", "kiosk"})


@attrs.frozen(slots=True, kw_only=True)
class Contact(Value):
    """One time that a customer turned to the company: the interactions of one thread, or a single one.

    Attributes:
        customer: as the stream named the customer.
        channel: of the first interaction.
        started_at: when that happened.
        ended_at: when the last of them was over.
        interactions: how many they are.
        thread: of the source, where there is one.
        outcome: the last that was told.
        group: what the caller's ``by`` made of the first interaction.
        first: the first interaction's id, else its source id.
        handled: how long agents were busy with it, by the caller's ``handled``.
    """

    customer: str
    channel: str
    started_at: datetime
    ended_at: datetime
    interactions: int = 1
    thread: str | None = None
    outcome: str | None = None
    group: str | None = None
    first: str | None = None
    handled: timedelta = timedelta(0)


@attrs.frozen(slots=True, kw_only=True)
class FollowUp(Value):
    """The customer's next contact.

    Attributes:
        channel: that it came on.
        at: when.
        gap: from the end of the contact before to this; zero where the two overlap.
        interaction: its id, else its source id.
    """

    channel: str
    at: datetime
    gap: timedelta
    interaction: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class Followed(Value):
    """A contact and what became of it.

    Attributes:
        contact: the contact.
        follow_up: the customer's next contact within the window; None where there was none.
        repeat: it came within the window of an earlier contact of the same customer.
        decided: there was a follow-up, or the whole window lies before the end of the stream. A contact of the last days
            that is not decided says nothing yet, and no measure counts it.
        last: no window of another contact of this customer is open: a journey ends with it.
    """

    contact: Contact
    follow_up: FollowUp | None
    repeat: bool
    decided: bool
    last: bool = False


def on(*channels: str) -> Predicate:
    """Return the test for interactions that customers began on one of these channels."""
    wanted = frozenset(channels)
    return lambda interaction: interaction.channel in wanted and by_customer(interaction)


def not_on(*channels: str) -> Predicate:
    """Return the test for interactions that customers began on any other channel."""
    unwanted = frozenset(channels)
    return lambda interaction: interaction.channel not in unwanted and by_customer(interaction)


def by_customer(interaction: Interaction) -> bool:
    """Whether the customer turned to the company, as far as is known; notes and outbound contacts are not."""
    return interaction.direction in (None, Direction.INBOUND) and interaction.kind != "note"


@attrs.define(slots=True, eq=False, kw_only=True)
class _Open:
    """A contact whose window is not over."""

    customer: str
    key: tuple[str | None, str] | None
    number: int
    channel: str
    started_at: datetime
    first: str | None
    group: str | None
    repeat: bool
    ended_at: datetime
    deadline: datetime
    outcome: str | None
    handled: timedelta
    interactions: int = 1
    follow_up: FollowUp | None = None


@attrs.define(slots=True)
class _Customer:
    threads: dict[tuple[str | None, str], _Open] = attrs.field(factory=dict)
    waiting: dict[int, _Open] = attrs.field(factory=dict)  # those without a follow-up, by number
    open: int = 0


def follow(
    pairs: Iterable[tuple[str, Interaction]],
    *,
    window: timedelta,
    first: Predicate = by_customer,
    then: Predicate = by_customer,
    by: Callable[[Interaction], str | None] | None = None,
    until: datetime | None = None,
) -> Iterator[Followed]:
    """Yield each contact with what followed it, as soon as its window is over.

    Interactions of one customer with the same source and thread are one contact, as long as no more than ``window`` lies
    between them; the company's answers in the thread belong to it and move its end. One without a thread is a contact
    of its own. A contact is followed by the customer's next interaction outside of it.

    Args:
        pairs: a customer's id with each interaction, oldest first; one with several customers once for each.
        window: how long after its end a contact waits for a follow-up; its last instant counts.
        first: which interactions begin a contact.
        then: which interactions are a follow-up.
        by: puts a contact into a group, asked with its first interaction.
        until: when the stream ends; the time of its last interaction, where it is None.

    Raises:
        ValueError: while iterating: an interaction older than the one before it, or a window that is not above zero.
    """
    follower = Follower(window=window, first=first, then=then, by=by)
    for customer, interaction in pairs:
        yield from follower.add(customer, interaction)
    yield from follower.finish(until)


class Follower:
    """``follow`` for a stream that is pushed: give it one interaction after the other.

    Args:
        window: how long after its end a contact waits for a follow-up; its last instant counts.
        first: which interactions begin a contact.
        then: which interactions are a follow-up.
        by: puts a contact into a group, asked with its first interaction.
        handled: how long an agent was busy with an interaction.

    Raises:
        ValueError: the window is not above zero.
    """

    def __init__(
        self,
        *,
        window: timedelta,
        first: Predicate = by_customer,
        then: Predicate = by_customer,
        by: Callable[[Interaction], str | None] | None = None,
        handled: Callable[[Interaction], timedelta] | None = None,
    ) -> None:
        if window <= timedelta(0):
            raise ValueError(f"window: got {window}, accepted is a time above zero")
        self._window, self._first, self._then, self._by, self._handled = window, first, then, by, handled
        self._customers: dict[str, _Customer] = {}
        self._queue: list[tuple[datetime, int, _Open]] = []
        self._number = 0
        self._now: datetime | None = None

    def add(self, customer: str, interaction: Interaction) -> list[Followed]:
        """Take one interaction, and return the contacts whose window is over by then.

        Raises:
            ValueError: it is older than the one before it.
        """
        at = interaction.occurred_at
        if self._now is not None and at < self._now:
            raise ValueError(
                f"pairs: got {at.isoformat()} after {self._now.isoformat()}, accepted are interactions oldest first"
            )
        self._now = at
        done = []
        while self._queue and self._queue[0][0] < at:
            one = self._pop()
            if one is not None:
                done.append(_followed(one, decided=True, last=one.customer not in self._customers))
        self._take(customer, interaction)
        return done

    def finish(self, until: datetime | None = None) -> list[Followed]:
        """Return the contacts whose window is open at the end of the stream: at its last interaction, or at ``until`` where that is later."""
        end = max((timestamp for timestamp in (self._now, until) if timestamp is not None), default=None)
        done = []
        while self._queue:
            one = self._pop()
            if one is not None:
                over = end is not None and one.deadline < end
                last = one.customer not in self._customers
                done.append(_followed(one, decided=over or one.follow_up is not None, last=last))
        return done

    def _take(self, customer: str, interaction: Interaction) -> None:
        at = interaction.occurred_at
        state = self._customers.get(customer)
        key = None if interaction.thread is None else (interaction.source, interaction.thread)
        mine = state.threads.get(key) if state is not None and key is not None else None
        if state is not None and state.waiting and self._then(interaction):
            name = interaction.id or interaction.source_id
            for one in state.waiting.values():
                if one is not mine:
                    gap = max(at - one.ended_at, timedelta(0))
                    one.follow_up = FollowUp(channel=interaction.channel, at=at, gap=gap, interaction=name)
            state.waiting = {mine.number: mine} if mine is not None and mine.follow_up is None else {}
        # An end in the far future is a broken clock; it must not keep a contact waiting for ever.
        end = min(max(at, interaction.ended_at or at), at + self._window)
        if mine is not None:
            mine.interactions += 1
            mine.ended_at = max(mine.ended_at, end)
            mine.deadline = mine.ended_at + self._window
            mine.outcome = interaction.outcome or mine.outcome
            if self._handled is not None:
                mine.handled += self._handled(interaction)
        elif self._first(interaction):
            mine = self._begin(customer, interaction, key, end)
        else:
            return
        self._number += 1
        heapq.heappush(self._queue, (mine.deadline, self._number, mine))

    def _begin(
        self, customer: str, interaction: Interaction, key: tuple[str | None, str] | None, end: datetime
    ) -> _Open:
        state = self._customers.get(customer)
        if state is None:
            state = self._customers[customer] = _Customer()
        begun = _Open(
            customer=customer,
            key=key,
            number=self._number,
            channel=interaction.channel,
            started_at=interaction.occurred_at,
            first=interaction.id or interaction.source_id,
            group=self._by(interaction) if self._by is not None else None,
            repeat=state.open > 0,
            ended_at=end,
            deadline=end + self._window,
            outcome=interaction.outcome,
            handled=timedelta(0) if self._handled is None else self._handled(interaction),
        )
        state.open += 1
        state.waiting[begun.number] = begun
        if key is not None:
            state.threads[key] = begun
        return begun

    def _pop(self) -> _Open | None:
        """Take the next contact off the queue and forget it; None where its window has moved on meanwhile."""
        deadline, _, one = heapq.heappop(self._queue)
        state = self._customers.get(one.customer)
        if deadline != one.deadline or state is None:
            return None
        if one.key is not None:
            if state.threads.get(one.key) is not one:
                return None  # given out before: two of its interactions had the same deadline
            del state.threads[one.key]
        state.open -= 1
        state.waiting.pop(one.number, None)
        if not state.open:
            del self._customers[one.customer]
        return one


def _followed(one: _Open, *, decided: bool, last: bool) -> Followed:
    contact = Contact(
        customer=one.customer,
        channel=one.channel,
        started_at=one.started_at,
        ended_at=one.ended_at,
        interactions=one.interactions,
        thread=one.key[1] if one.key is not None else None,
        outcome=one.outcome,
        group=one.group,
        first=one.first,
        handled=one.handled,
    )
    return Followed(contact=contact, follow_up=one.follow_up, repeat=one.repeat, decided=decided, last=last)
