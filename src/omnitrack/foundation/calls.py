"""Calls: how a public call runs its transactions, waits, and reports what was done when its time is up.

A use case is a function of a transaction, ``f(tx, ...)``. What takes several transactions is straight code over a ``Run``, which
runs such functions. Where that code waits is the business of a ``Runtime``, so sync and async callers share the code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import copy
from types import TracebackType
from typing import Protocol, TypeVar

from omnitrack import deadlines
from omnitrack.deadlines import Bounds
from omnitrack.errors import HostTransactionError, InvalidInteractionError, TimedOutError, masked_repr
from omnitrack.foundation.context import Known
from omnitrack.foundation.feed import noted
from omnitrack.foundation.unreadable import of_ours
from omnitrack.observing import Facts, Watched
from omnitrack.storage.contract import Backend, Transaction

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R", bound="Runtime")

#: Called during a long call with the amount done and the total, None if that is unknown.
Progress = Callable[[int, int | None], object]


def check_progress(progress: object) -> None:
    """Raise unless a progress argument is callable or None."""
    if progress is not None and not callable(progress):
        raise InvalidInteractionError(
            f"progress: got {masked_repr(progress)}, accepted is a function of two numbers, or None"
        )


class Later(Protocol):
    """Runs a read-only function in a transaction and a call of its own, after the call that returned it has ended."""

    def __call__(self, fn: Callable[[Transaction], T]) -> T: ...  # noqa: D102


class Waiting(Protocol):
    """The interface that a ``Run`` needs of a runtime."""

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function in a transaction, as ``Backend.run`` does."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def describe(self) -> Facts:
        """Return what spans say of the store."""

    def offload(self, work: Callable[[], T]) -> T:
        """Do slow work that does not touch the store, without blocking others."""


class Runtime:
    """The place where a tracker waits for its backend. This one waits in the caller's thread; ``omnitrack.greenlets`` has those for async callers.

    Attributes:
        blocking: code that runs outside of a call may wait too, so what a call returns may read more when it is asked for.
        joined: the transactions are part of the host's, so that a call is one of them or none.
    """

    blocking = True

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.joined = False

    def joining(self: R, backend: Backend) -> R:
        """Return a runtime for a backend that takes part in a host's transaction."""
        runtime = copy(self)
        runtime.backend, runtime.joined = backend, True
        return runtime

    def check_alone(self, what: str) -> None:
        """Raise if a call that needs transactions of its own cannot be made.

        Raises:
            HostTransactionError: the calls are part of a transaction of the host's.
        """
        if self.joined:
            raise HostTransactionError(
                f"{what}() takes transactions of its own and cannot be part of one of the host's; call it on the tracker that was opened"
            )

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function in a transaction."""
        return self.backend.run(fn, write=write)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def offload(self, work: Callable[[], T]) -> T:
        """Do work that takes its time and touches no store."""
        return work()

    def describe(self) -> Facts:
        """Return what spans say of the store."""
        return self.backend.describe()

    def setup(self) -> None:
        """Create missing tables of the store."""
        self.backend.setup()

    def reclaim(self) -> None:
        """Remove deleted data from the store's files."""
        self.backend.reclaim()

    def close(self) -> None:
        """Release connections and files."""
        self.backend.close()


class Run:
    """Runs the functions of one call, each in its own transaction, within the time limit of the call.

    What a function raises leaves as an error of ours. When the time is over, the error tells what of the call is done, and what gives back what the
    call holds has a little more time.

    Args:
        waiting: where the call waits.
        bounds: how long the calls of the tracker may take; None for the deadline of the call that is under way.
        later: reads more after the call has ended; None where nothing can wait then.
        known: whether the store keeps a feed, in which what a function writes is noted; None for a function in a transaction that is noted as a whole.
        name: the name of the call, for logs and spans; "" for a part of another call.
    """

    __slots__ = ("_call", "_end", "_known", "_name", "_waiting", "_watched", "_wrote", "later")

    def __init__(
        self,
        waiting: Waiting,
        bounds: Bounds | None = None,
        later: Later | None = None,
        known: Known | None = None,
        name: str = "",
    ) -> None:
        self._waiting = waiting
        self._name = name
        self._watched: Watched | None = None
        self._known = known
        self._call = None if bounds is None else bounds.call()
        self.later = later
        self._wrote = False
        self._end: float | None = None  # for what gives back what the call holds, where its time is over

    def __enter__(self) -> Run:
        if self._call is not None:
            self._call.__enter__()
        if self._name:
            self._watched = Watched(self._name, self._waiting.describe)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watched is not None:
            self._watched.end(error)
        if self._call is not None:
            self._call.__exit__(kind, error, trace)

    def __call__(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function in a transaction, read-only with ``write=False``."""
        if write and self._known is not None:
            fn = noted(self._known, fn)
        elif self._known is not None and self._known.look is not None and self._known.settings_are_doubtful():
            fn = _looking(self._known.look, fn)
        try:
            if self._end is None:
                answer = self._waiting.run(fn, write=write)
            else:
                with deadlines.ending_by(self._end):
                    answer = self._waiting.run(fn, write=write)
        except BaseException as error:
            raise self._told(error)  # noqa: B904 (it is the same, or has its context already)
        self._wrote = self._wrote or write
        return answer

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the deadline of the call.

        Raises:
            TimedOutError: the time is over.
        """
        try:
            deadlines.check()
            left = deadlines.left()
            self._waiting.sleep(seconds if left is None else min(seconds, left))
        except BaseException as error:
            raise self._told(error)  # noqa: B904

    def offload(self, work: Callable[[], T]) -> T:
        """Do work that takes its time and touches no store."""
        try:
            return self._waiting.offload(work)
        except BaseException as error:
            raise self._told(error)  # noqa: B904

    def _told(self, error: BaseException) -> BaseException:
        """Return the error to raise for an error that left a transaction."""
        if isinstance(error, TimedOutError):
            self._end = self._end or time.monotonic() + deadlines.GRACE
            return _after_others(error) if self._wrote else error
        return of_ours(error) if isinstance(error, Exception) else error


def _looking(look: Callable[[Transaction], None], fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
    """Return a function that sees, before it reads, whether the store goes by other settings."""

    def look_and_read(tx: Transaction) -> T:
        look(tx)
        return fn(tx)

    return look_and_read


def walk(step: Callable[[P | None], tuple[T, P | None]]) -> Iterator[T]:
    """Take steps until the end, each from the position that the last one returned, and yield their results."""
    position: P | None = None
    while True:
        found, position = step(position)
        yield found
        if position is None:
            return


def at_once(work: Callable[[Run], T], tx: Transaction) -> T:
    """Run the steps of an operation in one transaction that is already open, so that it is done wholly or not at all."""
    try:
        return work(Run(_Inside(tx)))
    except TimedOutError as error:
        raise TimedOutError("nothing written") from error


class _Inside:
    """Runs functions in a transaction that is already open."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        return fn(self._tx)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def describe(self) -> Facts:
        return {}

    def offload(self, work: Callable[[], T]) -> T:
        return work()


def _after_others(error: TimedOutError) -> TimedOutError:
    """Return the outcome to report for a call that ran out of time after earlier transactions wrote."""
    if error.outcome != "nothing written":
        return error
    late = TimedOutError("done up to here")
    late.__cause__ = error.__cause__
    return late.with_traceback(error.__traceback__)
