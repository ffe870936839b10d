"""Acting: who makes the calls of a block, for the receipts that reads leave."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType

_by: ContextVar[str | None] = ContextVar("omnitrack_by", default=None)


def acting_now() -> str | None:
    """Return who makes the calls of the block that is under way, None where nothing said so."""
    return _by.get()


class Acting:
    """Says who makes the calls of a block, with ``with`` or with ``async with``; the innermost block counts. It follows tasks and ``asyncio.to_thread``."""

    def __init__(self, by: str) -> None:
        self._who = by
        self._before: list[str | None] = []

    def __enter__(self) -> None:
        self._before.append(_by.get())
        _by.set(self._who)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _by.set(self._before.pop())

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
