"""Mentions: the identifier that a statement or note names, and which of its holders it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

Tenures = tuple[tuple[int, bytes], ...]  # (since, holder), oldest first, without the first holder

LAST = 2**62  # a time after every other, in microseconds


def holder_at(base: bytes, tenures: Iterable[tuple[int, bytes]], at: int) -> bytes:
    """Return who held an identifier at a time: the holder of the latest tenure that began by then, else the first holder."""
    found = base
    for since, holder in tenures:
        if since <= at:
            found = holder
    return found


@attrs.frozen(slots=True)
class Mention:
    """The identifier or holder that a statement, an attribution or a note names. It never changes; the holder that it is about follows from the
    tenures in force.

    Attributes:
        base: the identifier, by its first holder.
        holder: one of its holders, named by customer id; None if the identifier was named.
        at: the time that it is about: the holder at that time is meant. If a holder is named, a time in their tenure as known then.
    """

    base: bytes
    holder: bytes | None
    at: int

    def about(self, tenures: Tenures) -> bytes:
        """Return the holder that the mention is about, given the later holders of the identifier: the named holder while that is one of them,
        otherwise the holder at the time."""
        if self.holder is not None and (self.holder == self.base or any(self.holder == x for _, x in tenures)):
            return self.holder
        return holder_at(self.base, tenures, self.at)

    def dump(self) -> list[Any]:
        """Return the mention as a JSON value."""
        return [self.base.hex(), None if self.holder is None else self.holder.hex(), self.at]

    @classmethod
    def load(cls, value: list[Any]) -> Mention:
        """Read a value that ``dump`` returned."""
        base, holder, at = value
        return cls(bytes.fromhex(base), None if holder is None else bytes.fromhex(holder), at)


def mention_holder(base: bytes, holder: bytes, since: int | None, tenures: Tenures, at: int) -> Mention:
    """Return the mention of a holder named by customer id.

    Args:
        base: the first holder.
        holder: the holder that is named.
        since: the start of the holder's tenure; None for the first holder.
        tenures: the later holders of the identifier.
        at: when the holder was named. Outside the tenure this says nothing about other holders, so the end of the tenure is used instead.
    """
    until = next((began for began, _ in tenures if since is None or began > since), LAST + 1)
    within = (since is None or since <= at) and at < until
    return Mention(base, holder, at if within else until - 1)
