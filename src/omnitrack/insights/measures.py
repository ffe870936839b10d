"""Measures of contacts and follow-ups: containment, resolution, channel changes, time between contacts.

Each is a counter that is fed with ``add`` or made at once by its function; its memory is that of its result. Several can
be fed in one pass: ``collect(follow(...), first, second)``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

import attrs

from omnitrack.harmless import joined
from omnitrack.insights.follow import Followed
from omnitrack.values import Value

#: Upper ends of the classes that times between contacts are counted in; longer ones are in a class of their own.
GAP_CLASSES = (
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=30),
)


class Measure(Protocol):
    """Something that counts contacts."""

    def add(self, followed: Followed) -> None:
        """Count one contact and what followed it."""


@attrs.define(slots=True)
class Share(Value):
    """How many of how many."""

    count: int = 0
    of: int = 0

    @property
    def rate(self) -> float | None:
        """The share, from 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    def add(self, counted: bool) -> None:
        """Count one, as one of those or not."""
        self.of += 1
        self.count += counted

    def __str__(self) -> str:
        return f"{self.count} of {self.of}" + (f" ({self.count / self.of:.1%})" if self.of else "")


@attrs.define(slots=True, kw_only=True)
class Containment(Value):
    """Which uses of self-service were enough, and which made the customer turn to somebody after all.

    Feed it with ``follow(pairs, window=..., first=on("web"), then=not_on("web"))``.

    Attributes:
        contained: uses that no other contact followed within the window.
        by_group: the same for each group; without ``by``, for each outcome that the session ended with.
        then: of the others, on which channel the customer came.
        undecided: uses of the last days, of which it is too early to tell.
    """

    contained: Share = attrs.field(factory=Share)
    by_group: dict[str, Share] = attrs.field(factory=dict)
    then: dict[str, int] = attrs.field(factory=dict)
    undecided: int = 0

    def add(self, followed: Followed) -> None:
        """Count one use of self-service."""
        if not followed.decided:
            self.undecided += 1
            return
        enough = followed.follow_up is None
        self.contained.add(enough)
        group = followed.contact.group or followed.contact.outcome
        if group is not None:
            self.by_group.setdefault(group, Share()).add(enough)
        if followed.follow_up is not None:
            self.then[followed.follow_up.channel] = self.then.get(followed.follow_up.channel, 0) + 1

    def __str__(self) -> str:
        went = ", ".join(f"{channel} {count}" for channel, count in sorted(self.then.items(), key=lambda i: -i[1]))
        lines = [f"contained: {self.contained}" + (f"; then {went}" if went else "")]
        lines += [f"  {group}: {share}" for group, share in sorted(self.by_group.items())]
        return joined(lines)


@attrs.define(slots=True, kw_only=True)
class Resolution(Value):
    """How many matters the first contact settled, and how many contacts were about something that was not.

    Feed it with ``follow(pairs, window=...)``. A first contact is one that no contact of the same customer preceded within
    the window; it settled the matter when none followed within the window.

    Attributes:
        first_contact: first contacts that settled the matter.
        repeats: contacts that came within the window of another.
        by_channel: first contacts that settled the matter, by their channel.
        by_group: the same by group, where ``by`` was given.
        undecided: contacts of the last days, of which it is too early to tell.
    """

    first_contact: Share = attrs.field(factory=Share)
    repeats: Share = attrs.field(factory=Share)
    by_channel: dict[str, Share] = attrs.field(factory=dict)
    by_group: dict[str, Share] = attrs.field(factory=dict)
    undecided: int = 0

    def add(self, followed: Followed) -> None:
        """Count one contact."""
        self.repeats.add(followed.repeat)  # what came before is known at once
        if not followed.decided:
            self.undecided += 1
            return
        if followed.repeat:
            return
        settled = followed.follow_up is None
        self.first_contact.add(settled)
        self.by_channel.setdefault(followed.contact.channel, Share()).add(settled)
        if followed.contact.group is not None:
            self.by_group.setdefault(followed.contact.group, Share()).add(settled)

    def __str__(self) -> str:
        lines = [f"settled at first contact: {self.first_contact}; repeat contacts: {self.repeats}"]
        lines += [f"  {channel}: {share}" for channel, share in sorted(self.by_channel.items())]
        return joined(lines)


@attrs.define(slots=True, kw_only=True)
class Switches(Value):
    """From which channel to which customers go on.

    Attributes:
        switched: of the contacts that were followed, those whose follow-up came on another channel.
        pairs: how often which channel followed which, the same one included.
    """

    switched: Share = attrs.field(factory=Share)
    pairs: dict[tuple[str, str], int] = attrs.field(factory=dict)

    def add(self, followed: Followed) -> None:
        """Count one contact."""
        if followed.follow_up is None:
            return
        pair = (followed.contact.channel, followed.follow_up.channel)
        self.switched.add(pair[0] != pair[1])
        self.pairs[pair] = self.pairs.get(pair, 0) + 1

    def __str__(self) -> str:
        lines = [f"followed on another channel: {self.switched}"]
        ranked = sorted(self.pairs.items(), key=lambda item: (-item[1], item[0]))
        return joined(lines + [f"  {before} → {after}: {count}" for (before, after), count in ranked])


@attrs.define(slots=True, kw_only=True)
class Gaps(Value):
    """How long it is to the next contact, of those that were followed by one within the window.

    Attributes:
        count: contacts that were followed.
        total: the sum of the times.
        shortest: None of nothing.
        longest: None of nothing.
        classes: how many of each of ``GAP_CLASSES`` (up to and with its end), and last of those above.
    """

    count: int = 0
    total: timedelta = timedelta(0)
    shortest: timedelta | None = None
    longest: timedelta | None = None
    classes: list[int] = attrs.field(factory=lambda: [0] * (len(GAP_CLASSES) + 1))

    @property
    def mean(self) -> timedelta | None:
        """The mean time to the next contact; None of nothing."""
        return self.total / self.count if self.count else None

    def add(self, followed: Followed) -> None:
        """Count one contact."""
        if followed.follow_up is None:
            return
        gap = followed.follow_up.gap
        self.count += 1
        self.total += gap
        self.shortest = gap if self.shortest is None else min(self.shortest, gap)
        self.longest = gap if self.longest is None else max(self.longest, gap)
        self.classes[sum(gap > end for end in GAP_CLASSES)] += 1

    def __str__(self) -> str:
        if not self.count:
            return "time to the next contact: none was followed"
        lines = [f"time to the next contact: {self.count}, mean {self.mean}, from {self.shortest} to {self.longest}"]
        ends = [f"up to {end}" for end in GAP_CLASSES] + ["longer"]
        return joined(lines + [f"  {end}: {count}" for end, count in zip(ends, self.classes, strict=True) if count])


def collect(followed: Iterable[Followed], *measures: Measure) -> None:
    """Feed several measures in one pass over a stream."""
    for one in followed:
        for measure in measures:
            measure.add(one)


def containment(followed: Iterable[Followed]) -> Containment:
    """Return which uses of self-service were enough; see ``Containment`` for what to feed it."""
    measure = Containment()
    collect(followed, measure)
    return measure


def resolution(followed: Iterable[Followed]) -> Resolution:
    """Return how many matters were settled at the first contact."""
    measure = Resolution()
    collect(followed, measure)
    return measure


def switches(followed: Iterable[Followed]) -> Switches:
    """Return from which channel to which customers went on."""
    measure = Switches()
    collect(followed, measure)
    return measure


def gaps(followed: Iterable[Followed]) -> Gaps:
    """Return how long it was to the next contact."""
    measure = Gaps()
    collect(followed, measure)
    return measure
