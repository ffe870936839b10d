"""The runtime of a backend's sync callers, or of its async callers in one event loop: an engine, its locks, and what its errors mean."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Engine, exc
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from omnitrack import forks
from omnitrack.errors import ConflictError, TimedOutError
from omnitrack.storage.sql.dialect import Dialect, Fault
from omnitrack.storage.sql.execution import PreparedQueries

T = TypeVar("T")


class Unanswered(Exception):
    """The connection broke while the commit was under way."""


class Unreachable(Exception):
    """No connection could be made."""


class EngineRuntime:
    """What sync callers share, or the async callers of one event loop: an engine, and the statements prepared for it."""

    def __init__(self, engine: Engine, dialect: Dialect, lock: Any, sleep: Callable[[float], object]) -> None:
        self.engine = engine
        self.dialect = dialect
        self.lock = lock  # of the one writer, where the engine has but one
        self.sleep = sleep
        self.pid = os.getpid()
        #: What a transaction passes that no fork may cut in two.
        self.gate: AbstractContextManager[None] = nullcontext()
        #: Does some work; to its end where a task that is cancelled would leave a thread of the driver at it.
        self.whole: Callable[[Callable[[], object]], object] = lambda work: work()
        self.errors: tuple[type[Exception], ...] = (engine.dialect.loaded_dbapi.Error, exc.SQLAlchemyError)
        self.unconnected: tuple[type[Exception], ...] = (
            TimeoutError,
            OSError,
            *dialect.connecting(engine.dialect.loaded_dbapi),
        )
        self.raised = (ConflictError, TimedOutError, Unanswered, Unreachable, *self.errors)
        self.prepared: PreparedQueries | None = None

    def lost(self, error: BaseException) -> bool:
        """Tell whether the connection is gone."""
        if isinstance(error, self.errors[0]):
            return self.dialect.fault(error) is Fault.LOST
        return isinstance(error, Unreachable)

    def again(self, error: BaseException) -> bool:
        """Tell whether the transaction may go through when it is repeated."""
        if isinstance(error, self.errors[0]):
            return self.dialect.fault(error) is not Fault.FAILED
        return isinstance(error, (Unanswered, Unreachable))


class AsyncGate:
    """The gate of forks for the greenlets of one event loop, which must not wait in their thread."""

    def __enter__(self) -> None:
        while not forks.gate.enter_now():
            await_(asyncio.sleep(0.001))

    def __exit__(self, *exception: object) -> None:
        forks.gate.leave()


class AsyncLock:
    """A lock for the greenlets of one event loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    def __enter__(self) -> None:
        await_(self._lock.acquire())

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def to_the_end(work: Callable[[], T]) -> T:
    """Do some short work of a greenlet whole, however often its task is cancelled meanwhile; its next wait raises the cancellation."""
    task = asyncio.ensure_future(greenlet_spawn(work))
    cancelled = 0
    while not task.done():
        try:
            await_(asyncio.wait([task]))
        except asyncio.CancelledError:
            cancelled += 1
    me = asyncio.current_task()
    if me is not None:
        for again in (me.uncancel, me.cancel):
            for _ in range(cancelled):
                again()
    return task.result()


def chain_of(error: BaseException) -> list[BaseException]:
    """Return the error, and those of ours in a row that wrap another, with that one last."""
    chain = [error]
    while (
        isinstance(chain[-1], (ConflictError, TimedOutError, Unanswered, Unreachable))
        and chain[-1].__cause__ is not None
    ):
        chain.append(chain[-1].__cause__)
    return chain
