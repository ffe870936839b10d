"""Acting: who makes the calls of a block, for the receipts that reads leave."""

from __future__ import annotations

from contextvars import ContextVar

from omnitrack.blocks import Block

_by: ContextVar[str | None] = ContextVar("omnitrack_by", default=None)


def acting_now() -> str | None:
    """Return who makes the calls of the block that is under way, None where nothing said so."""
    return _by.get()


class Acting(Block["str | None"]):
    """Says who makes the calls of a block, with ``with`` or with ``async with``; the innermost block counts. It follows tasks and ``asyncio.to_thread``."""

    def __init__(self, by: str) -> None:
        super().__init__(_by)
        self._who = by

    def inside(self, before: str | None) -> str | None:
        """Return who makes the calls."""
        return self._who
