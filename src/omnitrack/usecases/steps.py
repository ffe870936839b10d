"""Steps: what an operation of several transactions yields, and how sync and async callers run it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import attrs

from omnitrack import deadlines
from omnitrack.errors import TimedOutError
from omnitrack.storage.contract import Transaction
from omnitrack.usecases.unreadable import of_ours

T = TypeVar("T")


@attrs.frozen(slots=True)
class Step:
    """A function to run in one transaction."""

    fn: Callable[[Transaction], Any]
    write: bool = True


@attrs.frozen(slots=True)
class Pause:
    """Seconds to wait before the next step: another process does meanwhile what is waited for."""

    seconds: float


@attrs.frozen(slots=True)
class Work:
    """A function that takes its time and touches no store."""

    fn: Callable[[], Any]


Steps = Generator[Step | Pause | Work, Any, T]
Progress = Callable[[int, int | None], object]


def drive(steps: Steps[T], run: Callable[..., Any], sleep: Callable[[float], object] = time.sleep) -> T:
    """Run the steps of an operation one after the other and return its result.

    What a step raises is raised in the operation, an interrupt of the user's included, so that it gives back what it holds. Where the time of the call is
    over it is told what of the operation is done.
    """
    going = _Going()
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    result = sleep(going.pause(step))
                elif isinstance(step, Work):
                    result = step.fn()
                else:
                    with going.time():
                        result = run(step.fn, write=step.write)
                    going.done(step)
            except BaseException as error:
                step = steps.throw(going.failed(error))
            else:
                step = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def adrive(steps: Steps[T], arun: Callable[..., Any]) -> T:
    """``drive`` for async callers."""
    going = _Going()
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    await asyncio.sleep(going.pause(step))
                    result = None
                elif isinstance(step, Work):
                    result = await asyncio.to_thread(step.fn)
                else:
                    with going.time():
                        result = await arun(step.fn, write=step.write)
                    going.done(step)
            except BaseException as error:
                step = steps.throw(going.failed(error))
            else:
                step = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def at_once(steps: Steps[T], tx: Transaction) -> T:
    """Run the steps of an operation in one transaction that is open already, which is all there or not at all."""

    def run(fn: Callable[[Transaction], Any], write: bool) -> Any:
        return fn(tx)

    try:
        return drive(steps, run)
    except TimedOutError as error:
        raise TimedOutError("nothing written") from error


class _Going:
    """How far an operation has come within the time of its call."""

    def __init__(self) -> None:
        self._wrote = False
        self._end: float | None = None  # for what gives back what the operation holds, where the time is over

    def pause(self, pause: Pause) -> float:
        """Return how long to wait, where there is time for it."""
        deadlines.check()
        seconds = deadlines.left()
        return pause.seconds if seconds is None else min(pause.seconds, seconds)

    def time(self) -> AbstractContextManager[None]:
        """Return what a step runs in: when the time is over those that give back what the operation holds have a little more."""
        return nullcontext() if self._end is None else deadlines.ending_by(self._end)

    def done(self, step: Step) -> None:
        """Note that a step is done."""
        self._wrote = self._wrote or step.write

    def failed(self, error: BaseException) -> BaseException:
        """Return what is raised in the operation where a step failed."""
        if isinstance(error, TimedOutError):
            self._end = self._end or time.monotonic() + deadlines.GRACE
            return after_others(error, self._wrote)
        return of_ours(error) if isinstance(error, Exception) else error


def after_others(error: TimedOutError, wrote: bool) -> TimedOutError:
    """Return what is said of a call whose time is over, where steps before the last wrote or did not."""
    if not wrote or error.outcome != "nothing written":
        return error
    late = TimedOutError("done up to here")
    late.__cause__ = error.__cause__
    return late.with_traceback(error.__traceback__)
