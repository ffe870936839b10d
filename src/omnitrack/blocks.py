"""Blocks of calls: settings that apply inside ``with`` or ``async with``, and to tasks and threads started there."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Block(Generic[T]):
    """Sets a context variable for a block. A block may be entered again inside itself."""

    def __init__(self, variable: ContextVar[T]) -> None:
        self._variable = variable
        self._before: list[T] = []

    def inside(self, before: T) -> T:
        """Return the value inside the block, given the value around it."""
        raise NotImplementedError

    def __enter__(self) -> None:
        before = self._variable.get()
        value = self.inside(before)
        self._before.append(before)
        self._variable.set(value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._variable.set(self._before.pop())

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
