"""The time limit of one run: watches its connection and decides what is raised when the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, exc
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from omnitrack import deadlines
from omnitrack.errors import ConflictError, TimedOutError
from omnitrack.storage.sql.dialect import Dialect, Options
from omnitrack.storage.sql.runtime import EngineRuntime, Unanswered, Unreachable
from omnitrack.storage.watchdog import SocketWatch, Watch

T = TypeVar("T")

#: Seconds that a server has to say by itself that the time is over, before its connection is cut.
GRACE = 0.25


class Bound:
    """The bound of one run.

    Attributes:
        until: when its time is over.
        committing: the commit was sent, and not answered yet.
        unanswered: that was so of an earlier try.
    """

    def __init__(self, until: float) -> None:
        self.until = until
        self.committing = False
        self.unanswered = False
        self._watch: Watch | None = None

    @classmethod
    def of_this_call(cls) -> Bound | None:
        """Return a bound where the call under way has one."""
        until = deadlines.until()
        return None if until is None else cls(until)

    def watch(self, dialect: Dialect, connection: Any) -> None:
        """Have the connection ended when the time is over."""
        self._watch = watch(dialect, connection.driver_connection, self.until)

    def commit(self, write: bool, dialect: Dialect) -> None:
        """Note that the commit is about to be sent.

        Raises:
            TimedOutError: no time is left.
        """
        deadlines.check()
        if dialect.one_writer:
            self.release()  # there is no network to wait for, and a commit that is interrupted may be half way
        self.committing = write

    def release(self) -> bool:
        """Watch no longer, and tell whether the connection was ended."""
        ended, self._watch = self._watch is not None and self._watch.end(), None
        return ended

    def answered(self) -> bool:
        """Note that the commit was answered, and tell whether the connection was ended."""
        self.committing = False
        return self.release()

    def failed(self, runtime: EngineRuntime, connection: Any, error: BaseException) -> None:
        """Note that a try failed. A connection that was ended, or is left waiting, is let go of: what nobody answers is not closed politely."""
        ended = self.release()
        if runtime.lost(error) or runtime.dialect.timed_out(error):
            self.unanswered = self.unanswered or self.committing
        elif isinstance(error, Exception):
            self.committing = False
        if ended or (not isinstance(error, Exception) and deadlines.is_over()):
            runtime.dialect.sever(connection)

    def is_cause(self, runtime: EngineRuntime, error: BaseException) -> bool:
        """Tell whether an error, or the driver's that it wraps, is what becomes of a call whose time is over."""
        if isinstance(error, TimedOutError):
            return True
        if not deadlines.is_over():
            return False
        return (
            isinstance(error, (ConflictError, Unanswered, Unreachable, exc.TimeoutError))
            or runtime.again(error)
            or runtime.dialect.timed_out(error)
        )

    def error(self) -> TimedOutError:
        """Return what is said of it."""
        return TimedOutError("unknown" if self.unanswered or self.committing else "nothing written")

    async def around(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run what waits in an event loop, and cancel it where nothing else has ended it: it waits for a lock, for a place in the pool, or to connect."""
        limit = asyncio.timeout(max(0.0, self.until - time.monotonic()) + 2 * GRACE)
        try:
            async with limit:
                return await work()
        except TimeoutError as error:
            if isinstance(error, TimedOutError) or not limit.expired():
                raise
            raise self.error() from None


def watch(dialect: Dialect, driver: Any, until: float) -> Watch | None:
    """Have a connection of the driver ended when the time is over; None where that cannot be."""
    interrupt = dialect.interrupt(driver)
    if interrupt is not None:
        return Watch(until, interrupt)
    descriptor = dialect.descriptor(driver)
    try:
        return None if descriptor is None else SocketWatch(until + GRACE, descriptor)
    except OSError:  # it is closed, as the driver will say
        return None


@contextmanager
def watched(dialect: Dialect, connection: Connection, options: Options | None) -> Iterator[None]:
    """Have a connection ended when the time is over, while work is done on it that is no run. Without options it is the host's, of which nothing is changed."""
    until, pooled = deadlines.until(), connection.connection
    watching = None if until is None else watch(dialect, pooled.driver_connection, until)
    try:
        if options is not None:
            dialect.limit(pooled, _Speaking(connection), options)
        if connection.in_transaction():
            connection.rollback()  # which was begun for that
        yield
    finally:
        if watching is not None and watching.end() and not dialect.one_writer:
            connection.invalidate()


class _Speaking:
    """What executes on a connection of SQLAlchemy as on a cursor, so that its errors are SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, text: str) -> None:
        self._connection.exec_driver_sql(text).close()


class Connecting:
    """What a new connection of an engine is bound by, until it is set up: that takes questions to the server too."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def connect(self, sqlalchemy: Any, record: Any, connect: Callable[..., Any], given: dict[str, Any]) -> Any:
        """Connect, and have the new connection ended when the time is over."""
        until = deadlines.until()
        if until is None:
            return connect(**given)
        connection = self._dialect.connect_within(sqlalchemy, connect, given, max(0.001, until - time.monotonic()))
        record.info["setting up"] = watch(self._dialect, getattr(connection, "_connection", connection), until)
        return connection

    def end(self, record: Any) -> None:
        """Watch no longer."""
        watching: Watch | None = record.info.pop("setting up", None)
        if watching is not None:
            watching.end()


class _Waiting:
    """What both pools have besides: nobody waits for a place beyond the deadline of the call."""

    _patience: float

    @property
    def _timeout(self) -> float:
        seconds = deadlines.left()
        return self._patience if seconds is None else min(seconds, self._patience)

    @_timeout.setter
    def _timeout(self, seconds: float) -> None:
        self._patience = seconds


class BoundedPool(_Waiting, QueuePool):
    """The pool of sync callers."""


class AsyncBoundedPool(_Waiting, AsyncAdaptedQueuePool):
    """The pool of the callers of an event loop."""
