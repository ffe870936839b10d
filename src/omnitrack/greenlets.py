"""Greenlets: runs the code of a Tracker for async callers, in a greenlet that waits in the event loop, or in a thread without greenlet."""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any, Generic, ParamSpec, TypeVar

from omnitrack import deadlines, forks
from omnitrack.errors import TimedOutError
from omnitrack.foundation.calls import Runtime
from omnitrack.foundation.context import Context
from omnitrack.foundation.joining import joined_context
from omnitrack.recording.loading import Item
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.tracker import Tracker

P = ParamSpec("P")
T = TypeVar("T")

AsyncItems = AsyncIterable[Item]  # what an async source yields

PIECE = 100  # items that an async iterator takes from a sync one at a time


class AsyncRuntime(Runtime):
    """Where the code of a tracker waits that async callers call."""

    blocking = False

    @abstractmethod
    async def spawn(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run code of a tracker, and return what it returned.

        Of a call that is cancelled each transaction is done whole or not at all, and what the call holds in the store is given back.
        """

    @abstractmethod
    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for something async, in code that was spawned."""


class GreenletRuntime(AsyncRuntime):
    """The code runs in a greenlet of the task that called it; each transaction is awaited there, over the async driver of the adapter or in a thread."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        from sqlalchemy.util.concurrency import await_, greenlet_spawn

        self._await, self._spawn = await_, greenlet_spawn

    async def spawn(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run code of a tracker in a greenlet. What cancels the task is raised where the code waits."""
        return await self._spawn(partial(fn, *args, **kwargs))

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the task of this greenlet await something."""
        return self._await(coroutine)

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function in a transaction."""
        return self._await(self.backend.arun(fn, write=write))

    def sleep(self, seconds: float) -> None:
        """Wait, while other tasks go on."""
        self._await(asyncio.sleep(seconds))

    def offload(self, work: Callable[[], T]) -> T:
        """Do work in a thread, while other tasks go on."""
        return self._await(asyncio.to_thread(work))

    def setup(self) -> None:
        """Create the store's tables where they are missing."""
        self._await(self.backend.asetup())

    def reclaim(self) -> None:
        """Have deleted data leave the store's files."""
        self._await(self.backend.areclaim())


class ThreadRuntime(AsyncRuntime):
    """The code runs in a thread, and its transactions are those of sync callers."""

    async def spawn(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run code of a tracker in a thread. A call that is cancelled ends before its next transaction."""
        call = _Call(asyncio.get_running_loop())
        # What waits for code of the caller's holds its thread; in a pool that others use too, each might wait for another's place.
        own = ThreadPoolExecutor(1) if any(isinstance(arg, _Awaited) for arg in args) else None
        made = partial(call.made, partial(fn, *args, **kwargs))
        work = call.loop.run_in_executor(own, partial(copy_context().run, made))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            call.cancel()
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # somebody has seen it
            raise
        finally:
            if own is not None:
                own.shutdown(wait=False)

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the event loop of the caller run something."""
        return _call.get().wait(coroutine)

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function in a transaction."""
        _call.get().check()
        return self.backend.run(fn, write=write)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        call = _call.get()
        call.cancelled.wait(seconds)
        call.check()


class _Call:
    """A call that runs in a thread: the event loop of its caller, and whether it was cancelled there."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.cancelled = threading.Event()
        self._waiting: Future[Any] | None = None

    def made(self, work: Callable[[], T]) -> T:
        """Run the code of the call, in its thread."""
        _call.set(self)
        return work()

    def cancel(self) -> None:
        """Have the code stop at what it waits for, or before its next transaction."""
        self.cancelled.set()
        waiting = self._waiting
        if waiting is not None:
            waiting.cancel()

    def check(self) -> None:
        """Raise once where the call was cancelled; what gives back what the call holds still runs after that."""
        if self.cancelled.is_set():
            self.cancelled.clear()
            raise asyncio.CancelledError

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the event loop run something, in the thread of the call."""
        self._waiting = waiting = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        if self.cancelled.is_set():
            waiting.cancel()
        try:
            return waiting.result()
        except CancelledError:
            self.cancelled.clear()
            raise asyncio.CancelledError from None
        finally:
            self._waiting = None


_call: ContextVar[_Call] = ContextVar("omnitrack_call")


class _Awaited(Generic[T]):
    """An async iterable, iterated by code that was spawned."""

    def __init__(self, items: AsyncIterable[T], runtime: AsyncRuntime) -> None:
        self._items = items
        self._runtime = runtime

    def __iter__(self) -> Iterator[T]:
        items = aiter(self._items)
        end: Any = object()

        async def following() -> Any:
            return await anext(items, end)

        while (item := self._runtime.wait(following())) is not end:
            yield item


class DrivenTracker(Tracker):
    """The tracker whose code an ``AsyncTracker`` runs. The store is opened by the first call."""

    @property
    def runtime(self) -> AsyncRuntime:
        """Where the code waits."""
        assert isinstance(self._runtime, AsyncRuntime)
        return self._runtime

    def _wait_on(self, backend: Backend) -> Runtime:
        try:
            import_module("greenlet")
        except ImportError:
            return ThreadRuntime(backend)
        return GreenletRuntime(backend)

    def join(self, context: Context) -> None:
        """Go by the context of the tracker that was opened, in calls that are part of a transaction of the host's."""
        self._ctx = joined_context(context)

    @property
    def context(self) -> Context:
        """What the calls of this tracker share, once it is open."""
        return self._ctx


class Calls:
    """Runs the calls of a tracker for async callers, and opens its store before the first one."""

    def __init__(self, tracker: DrivenTracker) -> None:
        self.tracker = tracker
        self._runtime = tracker.runtime
        self._is_open = False
        self._opening = forks.OfEach(asyncio.Lock)

    async def open(self) -> None:
        """Open the store, unless it is open; of many that come at once one does it."""
        if self._is_open:
            return
        with self.tracker._bounds.call():
            opening = self._opening.value
            try:
                async with asyncio.timeout(deadlines.left()):
                    await opening.acquire()
            except TimeoutError:
                raise TimedOutError("nothing written") from None
            try:
                if not self._is_open:
                    await self._runtime.spawn(self.tracker._open)
                    self._is_open = True
            finally:
                opening.release()

    def using(self, transaction: object) -> Calls:
        """Return the same for a tracker whose calls are part of a transaction of the host's."""
        tracker = self.tracker.using(transaction)
        assert isinstance(tracker, DrivenTracker)
        return _JoinedCalls(self, tracker)

    async def call(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the tracker."""
        if not self._is_open:
            await self.open()
        return await self._runtime.spawn(fn, *args, **kwargs)

    async def iterate(self, items: Iterator[T]) -> AsyncIterator[T]:
        """Yield what a method of the tracker yields."""
        raised: Exception | None = None

        def some() -> list[T]:
            nonlocal raised
            found: list[T] = []
            try:
                for item in islice(items, PIECE):
                    found.append(item)
            except Exception as error:
                raised = error  # after the items that came before it
            return found

        while True:
            found = await self.call(some)
            for item in found:
                yield item
            if raised is not None:
                raise raised
            if not found:
                return

    def iterated(self, items: Any) -> Any:
        """Return an iterable for the code of the tracker: an async one is awaited item by item."""
        return _Awaited(items, self._runtime) if isinstance(items, AsyncIterable) else items

    async def close(self) -> None:
        """Close the connections of this event loop, and those of threads."""
        await self._runtime.backend.aclose()


class _JoinedCalls(Calls):
    """Runs calls that are part of a transaction of the host's, of a tracker that another one is open for."""

    def __init__(self, opened: Calls, tracker: DrivenTracker) -> None:
        super().__init__(tracker)
        self._opened = opened

    async def open(self) -> None:
        """Open the store, where that was not done yet."""
        await self._opened.open()
        self.tracker.join(self._opened.tracker.context)
        self._is_open = True
