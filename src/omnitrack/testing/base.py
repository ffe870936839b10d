"""The base of the conformance kit: its fixtures, and a caller that is sync in one run and async in the next."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import pytest

from omnitrack.storage import contract
from omnitrack.storage.contract import Backend, Transaction

T = TypeVar("T")

CAPABILITIES = frozenset({"async", "concurrent", "persistent", "processes", "timeout"})


class Reopen(Protocol):
    """Opens the store of the fixture ``backend`` once more, as another process would."""

    def __call__(self, *, namespace: str | None = None, **options: Any) -> Backend:
        """Return the backend; ``setup`` is called on it by the rules that need it."""


class Caller:
    """Runs functions of a transaction in one backend, by ``run`` or by ``arun``."""

    def __init__(self, backend: Backend, mode: str) -> None:
        self.backend = backend
        self.mode = mode
        self._loop = asyncio.Runner() if mode == "async" else None

    def __call__(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` in a transaction and return what it returned."""
        if self._loop is None:
            return self.backend.run(fn, write=write)
        return self._loop.run(self.backend.arun(fn, write=write), context=contextvars.copy_context())

    def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run ``fn``, which only reads."""
        return self(fn, write=False)

    def together(self, fns: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
        """Run each function in a transaction of its own, all at once; return results or errors in their order."""
        if self._loop is not None:
            return self._loop.run(self._gather(fns))
        return in_threads([lambda fn=fn: self.backend.run(fn) for fn in fns])  # type: ignore[misc]

    async def _gather(self, fns: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
        return await asyncio.gather(*(self.backend.arun(fn) for fn in fns), return_exceptions=True)

    def loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop of this caller's ``arun``."""
        assert self._loop is not None, "the sync caller has no loop"
        return self._loop.run(work)

    def close(self) -> None:
        """Close the backend the way this caller uses it."""
        if self._loop is None:
            self.backend.close()
        else:
            self._loop.run(self.backend.aclose())
            self._loop.close()


def in_threads(calls: Sequence[Callable[[], Any]], timeout: float = 60.0) -> list[Any]:
    """Call each in a thread of its own, all at once; return results or errors in their order."""
    results: list[Any] = [AssertionError("still waiting; two transactions wait for each other for ever")] * len(calls)

    def call(index: int) -> None:
        try:
            results[index] = calls[index]()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=call, args=(index,), daemon=True) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    return results


def succeeded(results: Sequence[Any]) -> list[Any]:
    """Return the results, or raise the first error among them."""
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)


def all_pages(page: Callable[[T | None], list[T]], most: int = 500) -> Iterator[list[T]]:
    """Yield page after page, each asked for with the last row of the one before, to the empty one.

    Rows may be written between two pages, but a store whose pages never end is stopped at ``most`` rows.
    """
    last: T | None = None
    count = 0
    while found := page(last):
        yield found
        last = found[-1]
        count += len(found)
        assert count <= most, "the pages do not come to an end"


class ConformanceBase:
    """Fixtures of the kit. An adapter author overrides ``backend``, and ``reopen`` and ``unreachable`` where the store outlives the process."""

    #: Seconds that a rule about two writers waits for one that is rightly kept waiting. Longer finds more in a slow store, and never
    #: fails a right one.
    patience = 0.1

    @pytest.fixture
    def backend(self) -> Backend:
        """Return a backend on an empty store, ``setup()`` done. The kit closes it; closing it again is harmless."""
        pytest.fail("override the fixture `backend`: it returns your Backend on an empty store, with setup() done")

    @pytest.fixture
    def reopen(self, backend: Backend) -> Reopen:
        """Return a function that opens the store of ``backend`` again, with the namespace and the options it is given.

        It may put something of its own before a namespace, to tell one test from another, but not before an empty one.
        """
        if {"persistent", "processes"} & set(type(backend).capabilities):
            pytest.fail(
                "override the fixture `reopen`: a store that is persistent, or open to several processes, needs it"
            )
        pytest.skip("the store is gone with its backend: no `persistent`, no `processes` declared, no fixture `reopen`")

    @pytest.fixture
    def unreachable(self, backend: Backend) -> Backend:
        """Return a backend whose server does not answer, or whose file cannot be opened."""
        if "persistent" in type(backend).capabilities:
            pytest.fail(
                "override the fixture `unreachable`: a persistent store has a server or a file that can be missing"
            )
        pytest.skip("the store needs no server and no file: `persistent` is not declared, no fixture `unreachable`")

    @pytest.fixture(params=["sync", "async"])
    def run(self, backend: Backend, request: pytest.FixtureRequest) -> Iterator[Caller]:
        """Yield the caller; every rule that takes it is tested through ``run`` and through ``arun``."""
        caller = Caller(backend, request.param)
        yield caller
        caller.close()


def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass between two tries, wherever ``pause_before`` of the contract is used."""
    original = contract.pause_before
    for module in list(sys.modules.values()):
        if getattr(module, "pause_before", None) is original:
            monkeypatch.setattr(module, "pause_before", lambda attempt: 0.0)


def need(backend: Backend, capability: str, reason: str) -> None:
    """Skip the rule where the backend does not declare the capability."""
    if capability not in type(backend).capabilities:
        pytest.skip(f"`{capability}` is not declared: {reason}")
