"""The rules of a call with a deadline: whatever it waits for, it ends with an error that says what is known, and a repeat goes through."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest

from omnitrack.deadlines import bounded
from omnitrack.errors import ConflictError, TimedOutError
from omnitrack.storage.contract import Backend, Transaction, left
from omnitrack.testing.base import Caller, ConformanceBase, in_threads, need, succeeded
from omnitrack.testing.rows import id_of, identifier

SHORT = 0.3  # seconds of a call that is to run out of them
SAFETY = 60.0  # seconds after which a rule gives up on a store that hangs


class Network(Protocol):
    """A backend that reaches its server through something that can go silent: it neither answers nor refuses."""

    backend: Backend

    def go_silent(self) -> None:
        """Pass nothing on any more."""

    def speak_again(self) -> None:
        """Pass on what is said on new connections."""


def add(number: int) -> Callable[[Transaction], object]:
    """Return a function that writes one identifier."""
    return lambda tx: tx.add_identifiers([identifier(number)])


def stored(caller: Caller) -> list[bytes]:
    """Return the identifiers that are there."""
    return [row.id for row in caller.read(lambda tx: tx.find_identifiers())]


def outcome_of(call: Callable[[], object], seconds: float = SHORT) -> str:
    """Make a call that runs out of its time, and return what its error says of the outcome."""
    with bounded(seconds), pytest.raises(TimedOutError) as raised:
        call()
    return raised.value.outcome


@contextmanager
def held(backend: Backend) -> Iterator[None]:
    """Have another transaction hold the guard, so that nobody else who wants it gets on."""
    begun, over = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        tx.guard(exclusive=True)
        begun.set()
        over.wait(SAFETY)

    thread = threading.Thread(target=lambda: backend.run(hold), daemon=True)
    thread.start()
    assert begun.wait(SAFETY)
    try:
        yield
    finally:
        over.set()
        thread.join(SAFETY)


class TimeoutRules(ConformanceBase):
    """run and arun with a deadline."""

    @pytest.fixture
    def narrow(self, backend: Backend) -> Backend:
        """Return another backend on the store of ``backend``, which has one connection and makes all others wait for it."""
        pytest.skip(
            "no fixture `narrow`: a backend on the same store that has one connection, where the adapter keeps a pool"
        )

    @pytest.fixture
    def network(self, backend: Backend) -> Network:
        """Return a ``Network`` before the store of ``backend``."""
        pytest.skip(
            "no fixture `network`: a backend on the same store through something that can go silent, where there is a server"
        )

    @pytest.fixture
    def bounds(self, backend: Backend) -> None:
        """Skip where the adapter bounds no calls."""
        need(backend, "timeout", "a call is bounded between its tries only")

    @pytest.mark.usefixtures("bounds")
    def test_a_call_whose_time_is_over_begins_nothing(self, run: Caller) -> None:
        begun: list[int] = []
        assert outcome_of(lambda: run(lambda tx: begun.append(1)), 0) == "nothing written"
        assert outcome_of(lambda: run.read(lambda tx: begun.append(1)), 0) == "nothing written"
        assert not begun

    @pytest.mark.usefixtures("bounds")
    def test_a_function_that_outlasts_its_time_writes_nothing(self, run: Caller) -> None:
        def slow(tx: Transaction) -> None:
            add(1)(tx)
            threading.Event().wait(left())

        assert outcome_of(lambda: run(slow)) == "nothing written"
        assert stored(run) == []
        run(add(1))
        assert stored(run) == [id_of(1)]

    @pytest.mark.usefixtures("bounds")
    def test_conflicts_are_repeated_only_while_there_is_time(self, run: Caller) -> None:
        tries: list[int] = []

        def conflict(tx: Transaction) -> None:
            tries.append(1)
            threading.Event().wait(left())
            raise ConflictError("another was first")

        assert outcome_of(lambda: run(conflict)) == "nothing written"
        assert len(tries) == 1
        run(add(1))

    @pytest.mark.usefixtures("bounds")
    def test_a_call_that_waits_for_another_transaction_ends_with_its_time(self, backend: Backend, run: Caller) -> None:
        def guarded(tx: Transaction) -> None:
            tx.guard(exclusive=True)
            add(1)(tx)

        with held(backend):
            assert outcome_of(lambda: run(guarded)) == "nothing written"
        assert stored(run) == []
        with bounded(SAFETY):
            run(guarded)
        run(add(2))
        assert stored(run) == sorted([id_of(1), id_of(2)])

    @pytest.mark.usefixtures("bounds")
    @pytest.mark.parametrize("mode", ["sync", "async"])
    def test_a_call_that_waits_for_a_connection_ends_with_its_time(
        self, backend: Backend, narrow: Backend, mode: str
    ) -> None:
        caller = Caller(narrow, mode)
        with held(backend):
            waits = self._waiting(caller, lambda tx: (tx.guard(exclusive=True), add(1)(tx)))
            outcome = next(filter(None, (self._read(caller) for _ in range(1_000))), "never waited")
        assert outcome == "nothing written"
        waits()
        caller(add(2))
        assert stored(caller) == sorted([id_of(1), id_of(2)])
        caller.close()
        backend.close()

    @staticmethod
    def _read(caller: Caller) -> str | None:
        """Read within a short time, and return the outcome where there was not enough: None where whoever waits has not taken the connection yet."""

        def read() -> str | None:
            try:
                with bounded(SHORT):
                    caller.read(lambda tx: tx.find_identifiers())
            except TimedOutError as error:
                return error.outcome
            return None

        if caller.mode == "async":
            return read()
        outcome: str | None = succeeded(in_threads([read], SAFETY))[0]
        return outcome

    @staticmethod
    def _waiting(caller: Caller, fn: Callable[[Transaction], Any]) -> Callable[[], object]:
        """Run a function that has to wait beside this thread, or this loop, and return what waits for its end."""
        if caller.mode == "sync":
            thread = threading.Thread(target=lambda: caller(fn), daemon=True)
            thread.start()
            return lambda: thread.join(SAFETY)

        async def start() -> asyncio.Task[Any]:
            return asyncio.ensure_future(caller.backend.arun(fn))

        async def end() -> object:
            return await asyncio.wait_for(task, SAFETY)

        task = caller.loop(start())
        return lambda: caller.loop(end())

    @pytest.mark.usefixtures("bounds")
    @pytest.mark.parametrize("mode", ["sync", "async"])
    def test_a_network_that_goes_silent_before_the_commit_ends_the_call(
        self, backend: Backend, network: Network, mode: str
    ) -> None:
        caller = Caller(network.backend, mode)
        with bounded(SAFETY):
            caller(add(1))

        def silenced(tx: Transaction) -> None:
            add(2)(tx)
            network.go_silent()
            tx.find_identifiers()

        assert outcome_of(lambda: caller(silenced)) == "nothing written"
        self._is_whole(network, caller)
        backend.close()

    @pytest.mark.usefixtures("bounds")
    @pytest.mark.parametrize("mode", ["sync", "async"])
    def test_of_a_commit_that_meets_a_silent_network_nobody_knows_the_outcome(
        self, backend: Backend, network: Network, mode: str
    ) -> None:
        caller = Caller(network.backend, mode)
        caller(add(1))

        def silenced(tx: Transaction) -> None:
            add(2)(tx)
            network.go_silent()

        assert outcome_of(lambda: caller(silenced)) == "unknown"
        self._is_whole(network, caller)
        backend.close()

    @pytest.mark.usefixtures("bounds")
    @pytest.mark.parametrize("mode", ["sync", "async"])
    def test_a_silent_network_is_not_waited_for_where_connections_are_made(
        self, backend: Backend, network: Network, mode: str
    ) -> None:
        caller = Caller(network.backend, mode)
        network.go_silent()
        assert outcome_of(lambda: caller(add(2))) == "nothing written"
        assert outcome_of(lambda: caller.read(lambda tx: tx.find_identifiers())) == "nothing written"
        self._is_whole(network, caller)
        backend.close()

    @staticmethod
    def _is_whole(network: Network, caller: Caller) -> None:
        """See that all goes on when the network speaks again, as often as it is asked."""
        network.speak_again()
        for _ in range(3):
            with bounded(SAFETY):
                caller(add(2))
                assert id_of(2) in stored(caller)
        caller(add(3))
        assert id_of(3) in stored(caller)
        caller.close()
