"""Deadlines: the time limit of a call, and how everything in this process that waits observes it.

Two things are kept apart. A tracker's ``Bounds`` are what its user asked for: a default for each call, and what ``within`` says for the calls of a
block. From these each call gets one deadline, which is what everything below reads: the retries, the locks, the pools, the network. Both are context
variables, so they follow the tasks of an event loop and ``asyncio.to_thread``.

Times are those of ``time.monotonic``.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from omnitrack.blocks import Block
from omnitrack.errors import BackendError, TimedOutError, masked_repr

T = TypeVar("T")

#: Seconds that the cleanup of an operation may take after the time limit of its call, such as to release a lease.
GRACE = 1.0

_deadline: ContextVar[float | None] = ContextVar("omnitrack_deadline", default=None)
# The limits of the calls in a block, by tracker; None for no limit.
Asked: TypeAlias = "tuple[tuple[Bounds, float | None], ...]"
_asked: ContextVar[Asked] = ContextVar("omnitrack_asked", default=())


def until() -> float | None:
    """Return the deadline of the current call, or None if it has none."""
    return _deadline.get()


def left() -> float | None:
    """Return the seconds left for the current call, at least 0; None if it has no deadline.

    >>> with bounded(5):
    ...     4 < left() <= 5
    True
    >>> left() is None
    True
    """
    end = _deadline.get()
    return None if end is None else max(0.0, end - time.monotonic())


def is_over() -> bool:
    """Return whether the deadline of the current call has passed."""
    end = _deadline.get()
    return end is not None and time.monotonic() >= end


def check() -> None:
    """Raise if the deadline of the current call has passed. Call this before starting work, so that nothing of it is written.

    Raises:
        TimedOutError: it is.
    """
    if is_over():
        raise TimedOutError("nothing written")


def seconds_of(field: str, value: object) -> float | None:
    """Return a number of seconds, or None for no limit.

    Raises:
        BackendError: the value is not a finite number.
    """
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise BackendError(
            f"{field}: got {masked_repr(value)}, accepted is a finite number of seconds, or None for no bound"
        )
    return float(value)


@contextmanager
def bounded(seconds: float | None) -> Iterator[None]:
    """Limit the calls inside to a number of seconds; of two deadlines the nearer counts. None changes nothing.

    For whoever runs transactions on a backend of their own; callers of a tracker use its ``within``.
    """
    before = _deadline.get()
    _deadline.set(_nearer(before, None if seconds is None else time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.set(before)


@contextmanager
def ending_by(end: float) -> Iterator[None]:
    """Extend the deadline for the cleanup of an operation whose call is out of time."""
    before = _deadline.get()
    _deadline.set(end)
    try:
        yield
    finally:
        _deadline.set(before)


def _nearer(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Bounds:
    """The time limits of the calls of one tracker: a default for each call, in seconds, and those of ``within`` blocks.

    >>> bounds = Bounds(10)
    >>> with bounds.within(2), bounds.call():
    ...     left() <= 2
    True
    """

    def __init__(self, timeout: float | None = None) -> None:
        self._timeout = seconds_of("timeout", timeout)
        if self._timeout is not None and self._timeout <= 0:
            raise BackendError(
                f"timeout: got {masked_repr(timeout)}, accepted is a number of seconds above 0, or None for no bound"
            )

    def within(self, seconds: float | None) -> Within:
        """Return a context manager that limits the calls of a block."""
        return Within(self, seconds_of("seconds", seconds))

    def call(self) -> Call:
        """Return a context manager that limits one call."""
        return Call(self)

    def until(self) -> float | None:
        """Return the deadline of a call that begins now."""
        asked = [end for whose, end in _asked.get() if whose is self]
        if asked:
            ends = [end for end in asked if end is not None]
            return min(ends) if ends else None
        return None if self._timeout is None else time.monotonic() + self._timeout


class Within(Block[Asked]):
    """Limits the calls of one tracker in a block of ``with`` or ``async with``. The time starts anew at each entry."""

    def __init__(self, bounds: Bounds, seconds: float | None) -> None:
        super().__init__(_asked)
        self._bounds = bounds
        self._seconds = seconds

    def inside(self, before: Asked) -> Asked:
        """Return the limits around the block and in it."""
        end = None if self._seconds is None else time.monotonic() + self._seconds
        return (*before, (self._bounds, end))


class Call:
    """One call, whose limit becomes the deadline of all that it does. A nested call ends with the outer one at the latest."""

    __slots__ = ("_before", "_bounds")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._before: float | None = None

    def __enter__(self) -> None:
        self._before = _deadline.get()
        end = self._bounds.until()
        if end is not None:
            _deadline.set(_nearer(self._before, end))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _deadline.set(self._before)


class BoundedLock:
    """A thread lock whose waiters give up at the deadline of their call."""

    def __init__(self, lock: Any = None) -> None:
        self._lock = threading.Lock() if lock is None else lock

    def __enter__(self) -> None:
        seconds = left()
        if seconds is None:
            self._lock.acquire()
        elif not self._lock.acquire(timeout=seconds):
            raise TimedOutError("nothing written")

    def __exit__(self, *exception: object) -> None:
        self._lock.release()
