"""Conversations: what a customer's interactions belong together by, whatever the channel. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import attrs

from omnitrack.harmless import one_line
from omnitrack.model import TimelineItem, wall_clock
from omnitrack.storage.contract import InteractionRow
from omnitrack.values import Value

#: What may join interactions, in this order.
THREAD, REPLY, HANDOVER, CASE = "thread", "reply", "handover", "case"
WAYS = (THREAD, REPLY, HANDOVER, CASE)


class Tie(NamedTuple):
    """Something that several interactions may have in common: those that do are one conversation."""

    way: str
    what: Hashable


@attrs.frozen(slots=True, kw_only=True)
class Conversation(Value):
    """Interactions of a customer that belong together: threads of their sources, joined by replies, handovers and cases.

    Attributes:
        id: the id of its first interaction.
        started_at: when the first one happened. last_at: when the last one did.
        channels: in the order in which they came in.
        joined_by: what joins them: ``"thread"``, ``"reply"``, ``"handover"``, ``"case"``; empty for a single interaction.
        total: how many interactions it has.
        items: the latest 50 of them, oldest first.
    """

    id: str
    started_at: datetime
    last_at: datetime
    channels: tuple[str, ...]
    joined_by: tuple[str, ...] = ()
    total: int
    items: tuple[TimelineItem, ...]

    @one_line
    def __str__(self) -> str:
        count = "1 interaction" if self.total == 1 else f"{self.total} interactions"
        by = f", joined by {' and '.join(self.joined_by)}" if self.joined_by else ""
        return f"{wall_clock(self.started_at)} to {wall_clock(self.last_at)} by {', '.join(self.channels)}: {count}{by}"


def ties_of(row: InteractionRow) -> list[Tie]:
    """Return what an interaction has in common with others by its source: its thread, its own id, and the id of what it answers.

    The thread of an interaction without a source holds on its channel.
    """
    ties = []
    if row.thread is not None:
        place = ("channel", row.channel) if row.source is None else ("source", row.source)
        ties.append(Tie(THREAD, (*place, row.thread)))
    if row.source is not None:
        ties += [Tie(REPLY, (row.source, id)) for id in (row.source_id, row.reply_to) if id is not None]
    return ties


def joined(ties: Mapping[bytes, Iterable[Tie]]) -> list[tuple[list[bytes], set[str]]]:
    """Return interactions by conversation, each with what joins it. Which are together depends on no order; each is in one.

    Args:
        ties: of each interaction.
    """
    parent: dict[Hashable, Hashable] = {}

    def find(x: Hashable) -> Hashable:
        top = x
        while (above := parent.setdefault(top, top)) != top:
            top = above
        while x != top:
            parent[x], x = top, parent[x]
        return top

    counts: dict[Tie, int] = {}
    for id, some in ties.items():
        find(id)
        for tie in set(some):
            counts[tie] = counts.get(tie, 0) + 1
            parent[find(tie)] = find(id)
    groups: dict[Hashable, tuple[list[bytes], set[str]]] = {}
    for id, some in ties.items():
        members, ways = groups.setdefault(find(id), ([], set()))
        members.append(id)
        ways.update(tie.way for tie in some if counts[tie] > 1)
    return list(groups.values())
