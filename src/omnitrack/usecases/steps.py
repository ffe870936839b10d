"""Steps: what an operation of several transactions yields, and how sync and async callers run it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import attrs

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

    What a step raises is raised in the operation, an interrupt of the user's included, so that it gives back what it holds.
    """
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    result = sleep(step.seconds)
                elif isinstance(step, Work):
                    result = step.fn()
                else:
                    result = run(step.fn, write=step.write)
            except BaseException as error:
                step = steps.throw(of_ours(error) if isinstance(error, Exception) else error)
            else:
                step = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def adrive(steps: Steps[T], arun: Callable[..., Any]) -> T:
    """``drive`` for async callers."""
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    result = None
                elif isinstance(step, Work):
                    result = await asyncio.to_thread(step.fn)
                else:
                    result = await arun(step.fn, write=step.write)
            except BaseException as error:
                step = steps.throw(of_ours(error) if isinstance(error, Exception) else error)
            else:
                step = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def at_once(steps: Steps[T], tx: Transaction) -> T:
    """Run the steps of an operation in one transaction that is open already."""
    return drive(steps, lambda fn, write: fn(tx))
