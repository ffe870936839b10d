"""Mentions: what a statement or note named, and which holder of the identifier that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

Tenures = tuple[tuple[int, bytes], ...]  # (since, holder), oldest first, without the first holder

LAST = 2**62  # a time after every other, in microseconds


def holder_at(base: bytes, tenures: Iterable[tuple[int, bytes]], at: int) -> bytes:
    """Return whose an identifier was at a time: the holder of the latest tenure that began by then, else the first."""
    found = base
    for since, holder in tenures:
        if since <= at:
            found = holder
    return found


@attrs.frozen(slots=True)
class Mention:
    """What a statement, an attribution or a note names. It never changes; whom it is about follows from the tenures that hold.

    Attributes:
        base: the identifier, by its first holder.
        holder: one of its holders, who was named by customer id; None where the identifier was named.
        at: the time that it is about: who held the identifier then is meant. Of a holder it is a time in their tenure, as that was known when they were named.
    """

    base: bytes
    holder: bytes | None
    at: int

    def about(self, tenures: Tenures) -> bytes:
        """Return whom it is about by the later holders that the identifier has: the holder who was named, while they are one of them; else, as
        where the identifier was named, whoever held it at the time."""
        if self.holder is not None and (self.holder == self.base or any(self.holder == x for _, x in tenures)):
            return self.holder
        return holder_at(self.base, tenures, self.at)

    def dump(self) -> list[Any]:
        """Return it as JSON has it."""
        return [self.base.hex(), None if self.holder is None else self.holder.hex(), self.at]

    @classmethod
    def load(cls, value: list[Any]) -> Mention:
        """Read what ``dump`` returned."""
        base, holder, at = value
        return cls(bytes.fromhex(base), None if holder is None else bytes.fromhex(holder), at)


def mention_holder(base: bytes, holder: bytes, since: int | None, tenures: Tenures, at: int) -> Mention:
    """Return the mention of a holder by customer id.

    Args:
        since: since when they have the identifier; None for the first holder. tenures: the later holders that it has.
        at: when they were named. Outside their tenure it tells nothing of whom else it may be about, so the end of that stands for it.
    """
    until = next((began for began, _ in tenures if since is None or began > since), LAST + 1)
    within = (since is None or since <= at) and at < until
    return Mention(base, holder, at if within else until - 1)
