"""Calls of a tracker end when their time is over, and say what is known of what they wrote."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import servers
from omnitrack import AsyncTracker, OmnitrackError, TimedOutError, Tracker, deadlines, open_async
from omnitrack import open as open_tracker
from omnitrack.errors import BackendError, OperationRunningError
from omnitrack.foundation.calls import Run, Runtime
from omnitrack.greenlets import GreenletRuntime, ThreadRuntime
from omnitrack.storage.contract import Backend, retrying
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.watchdog import Watch
from omnitrack.testing.processes import Forked
from omnitrack.testing.timeouts import SAFETY, held

AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
SHORT = 0.2


@pytest.fixture(params=["memory", *servers.ENGINES])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "memory":
        yield MemoryBackend()
        return
    with servers.store(request.param, tmp_path) as place:
        backend = place.open()
        yield backend
        backend.close()


def record(tracker: Any, number: int = 1) -> Any:
    return tracker.record(
        channel="chat", customer=["jane@example.com"], occurred_at=AT, source="test", source_id=str(number)
    )


# -- the option -------------------------------------------------------------------------------------------------------------
def test_a_default_bounds_each_call(backend: Backend) -> None:
    backend.setup()
    tracker = Tracker(backend, region="GB", timeout=10 * SHORT)
    with held(backend), pytest.raises(TimedOutError) as raised:
        record(tracker)
    assert raised.value.outcome == "nothing written"
    with tracker.within(None):
        assert not record(tracker).duplicate
    assert len(list(tracker.timeline("jane@example.com"))) == 1


def test_within_bounds_the_calls_of_a_block_and_no_others(backend: Backend) -> None:
    tracker = Tracker(backend, region="GB")
    with held(backend), tracker.within(SHORT):
        for _ in range(2):
            with pytest.raises(TimedOutError) as raised:
                record(tracker)
    assert raised.value.outcome == "nothing written"
    assert not record(tracker).duplicate


async def test_async_callers_are_bounded_alike(backend: Backend) -> None:
    tracker = AsyncTracker(backend, region="GB")
    await tracker.verify()
    with held(backend):
        async with tracker.within(SHORT):
            with pytest.raises(TimedOutError) as raised:
                await record(tracker)
        assert raised.value.outcome == "nothing written"
        with tracker.within(SHORT):
            answers = await asyncio.gather(*(record(tracker, number) for number in range(20)), return_exceptions=True)
        assert all(isinstance(answer, TimedOutError) for answer in answers)
    await asyncio.gather(*(record(tracker, number) for number in range(20)))
    page = await tracker.timeline("jane@example.com").page(100)
    assert len(page) == 20
    await tracker.close()


async def test_a_default_bounds_each_call_of_async_callers(backend: Backend) -> None:
    backend.setup()
    tracker = AsyncTracker(backend, region="GB", timeout=10 * SHORT)
    await tracker.verify()
    with held(backend), pytest.raises(TimedOutError):
        await record(tracker)
    assert not (await record(tracker)).duplicate
    await tracker.close()


def test_opening_a_store_is_bounded() -> None:
    backend = MemoryBackend()
    with held(backend), pytest.raises(TimedOutError):
        Tracker(backend, region="GB", timeout=SHORT)
    Tracker(backend, region="GB", timeout=SAFETY)


async def test_whoever_waits_for_another_to_open_the_store_is_bounded() -> None:
    backend = MemoryBackend()
    tracker = AsyncTracker(backend, region="GB")
    with held(backend):
        opening = asyncio.create_task(tracker.verify())
        await asyncio.sleep(0)
        with tracker.within(SHORT), pytest.raises(TimedOutError) as raised:
            await tracker.verify()
        assert raised.value.outcome == "nothing written"
    assert (await opening).ok


@pytest.mark.parametrize("value", ["5", True, float("nan"), float("inf"), object()])
def test_what_is_no_number_of_seconds_is_refused(value: Any) -> None:
    with pytest.raises(BackendError, match="timeout"):
        open_tracker("memory://", timeout=value)
    with pytest.raises(BackendError, match="timeout"):
        open_async("memory://", timeout=value)
    with open_tracker("memory://") as tracker, pytest.raises(BackendError, match="seconds"):
        tracker.within(value)


@pytest.mark.parametrize("value", [0, -1])
def test_a_default_of_no_time_is_refused(value: float) -> None:
    with pytest.raises(BackendError, match="above 0"):
        open_tracker("memory://", timeout=value)


def test_within_no_time_nothing_begins() -> None:
    with open_tracker("memory://") as tracker, tracker.within(-1), pytest.raises(TimedOutError):
        record(tracker)


# -- which deadline counts --------------------------------------------------------------------------------------------------
seconds = st.one_of(st.none(), st.floats(0, 1e6))


@given(default=st.one_of(st.none(), st.floats(1e-3, 1e6)), blocks=st.lists(seconds, max_size=4))
def test_of_blocks_in_each_other_the_nearer_end_counts_and_a_default_only_outside(
    default: float | None, blocks: list[float | None]
) -> None:
    bounds, others = deadlines.Bounds(default), deadlines.Bounds(1e-3)

    def left(rest: list[float | None]) -> float | None:
        if rest:
            with bounds.within(rest[0]), others.within(0):
                return left(rest[1:])
        with bounds.call():
            return deadlines.left()

    before = time.monotonic()
    found = left(blocks)
    took = time.monotonic() - before
    given = [block for block in blocks if block is not None] if blocks else [default] if default is not None else []
    if not given:
        assert found is None
    else:
        assert found is not None
        assert max(0.0, min(given) - took) <= found <= min(given)
    assert deadlines.until() is None


def test_a_call_inside_of_another_ends_with_that() -> None:
    outer, inner = deadlines.Bounds(1), deadlines.Bounds(100)
    with outer.call():
        end = deadlines.until()
        with inner.call():
            assert deadlines.until() == end
        assert deadlines.until() == end


async def test_tasks_and_threads_that_are_started_in_a_block_are_bounded_by_it() -> None:
    bounds = deadlines.Bounds()

    def here() -> float | None:
        return bounds.until()

    async def there() -> float | None:
        return here()

    async with bounds.within(50):
        end = here()
        assert end is not None
        task = asyncio.create_task(there())
        assert await asyncio.to_thread(here) == end
    assert await task == end
    assert here() is None


# -- operations of several transactions -------------------------------------------------------------------------------------
def late(tx: Any) -> None:
    raise TimedOutError("nothing written")


class NoStore(MemoryBackend):
    """Hands functions no transaction."""

    def run(self, fn: Callable[..., Any], *, write: bool = True) -> Any:
        return fn(None)

    async def arun(self, fn: Callable[..., Any], *, write: bool = True) -> Any:
        return fn(None)


def outcome_of(work: Callable[[Run], object]) -> str:
    """Return what each kind of callers is told."""
    outcomes = set()
    for runtime in (GreenletRuntime(NoStore()), ThreadRuntime(NoStore())):
        with pytest.raises(TimedOutError) as raised:
            asyncio.run(runtime.spawn(work, Run(runtime)))
        outcomes.add(raised.value.outcome)
    with pytest.raises(TimedOutError) as raised:
        work(Run(Runtime(NoStore())))
    (outcome,) = {*outcomes, raised.value.outcome}
    return outcome


def test_transactions_that_wrote_before_are_done_up_to_there() -> None:
    def work(run: Run) -> None:
        run(lambda tx: None)
        run(late, write=False)

    assert outcome_of(work) == "done up to here"


def test_transactions_that_only_read_before_wrote_nothing() -> None:
    def work(run: Run) -> None:
        run(lambda tx: None, write=False)
        run(late)

    assert outcome_of(work) == "nothing written"


def test_a_commit_of_which_nobody_knows_is_unknown_whatever_came_before() -> None:
    def unknown(tx: Any) -> None:
        raise TimedOutError("unknown")

    def work(run: Run) -> None:
        run(lambda tx: None)
        run(unknown)

    assert outcome_of(work) == "unknown"


def test_nobody_pauses_beyond_the_deadline() -> None:
    def work(run: Run) -> None:
        while True:
            run.pause(SAFETY)

    with deadlines.bounded(0.05):
        assert outcome_of(work) == "nothing written"


def test_what_gives_back_what_an_operation_holds_still_has_time() -> None:
    seen: list[float | None] = []

    def work(run: Run) -> None:
        try:
            run(late)
        finally:
            run(lambda tx: seen.append(deadlines.left()))

    with deadlines.bounded(0):
        outcome_of(work)
        assert deadlines.left() == 0
    assert len(seen) == 3
    assert all(seen)


def test_a_rebuild_that_ran_out_of_time_gives_its_lease_back_and_can_be_run_again(backend: Backend) -> None:
    tracker = Tracker(backend, region="GB")
    record(tracker)

    def stop(done: int, total: int | None) -> None:
        threading.Event().wait(deadlines.left())

    with tracker.within(2), pytest.raises(TimedOutError) as raised:
        tracker.rebuild(progress=stop)
    assert raised.value.outcome in ("done up to here", "nothing written")
    try:
        tracker.rebuild()
    except OperationRunningError:
        pytest.fail("the lease was not given back")
    assert tracker.verify().ok


async def test_batches_that_were_stored_are_done_up_to_there() -> None:
    async with open_async("memory://") as tracker:
        from omnitrack import Interaction

        async def items() -> Any:
            for number in range(3):
                if number == 2:
                    await asyncio.to_thread(threading.Event().wait, deadlines.left())
                yield Interaction(channel="chat", occurred_at=AT, source="test", source_id=str(number))

        with pytest.raises(TimedOutError) as raised:
            async with tracker.within(1):
                await tracker.record_many(items(), batch_size=2)
        assert raised.value.outcome == "done up to here"
        assert len((await tracker.unattributed()).items) == 2


# -- retries, locks, the watchdog -------------------------------------------------------------------------------------------
def test_no_try_is_begun_where_its_pause_would_outlast_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnitrack.errors import ConflictError

    monkeypatch.setattr("omnitrack.storage.contract.pause_before", lambda attempt: SAFETY)
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        raise ConflictError("another was first")

    with deadlines.bounded(SAFETY / 2), pytest.raises(TimedOutError) as raised:
        retrying(attempt)
    assert raised.value.outcome == "nothing written"
    assert isinstance(raised.value.__cause__, ConflictError)
    assert len(tries) == 1


def test_a_watch_acts_once_its_time_is_over_and_not_after_its_end() -> None:
    acted = threading.Event()
    watch = Watch(time.monotonic(), acted.set)
    assert acted.wait(SAFETY)
    assert watch.end()
    never = threading.Event()
    ended = Watch(time.monotonic() + SAFETY, never.set)
    assert not ended.end()
    nearer = threading.Event()
    far, near = Watch(time.monotonic() + SAFETY, never.set), Watch(time.monotonic() + 0.01, nearer.set)
    assert nearer.wait(SAFETY)
    assert (far.end(), near.end()) == (False, True)
    assert not never.is_set()


def test_the_error_is_a_timeout_and_one_of_ours_and_travels() -> None:
    error = pickle.loads(pickle.dumps(TimedOutError("unknown")))
    assert issubclass(TimedOutError, TimeoutError)
    assert issubclass(TimedOutError, OmnitrackError)
    assert isinstance(error, TimedOutError)
    assert error.outcome == "unknown"
    assert "safe" in str(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_has_a_watchdog_of_its_own_and_ends_the_watches_that_it_was_born_with() -> None:
    watch = Watch(time.monotonic() + SAFETY, lambda: None)

    def work() -> bool:
        acted = threading.Event()
        own = Watch(time.monotonic(), acted.set)
        return acted.wait(SAFETY) and own.end() and not watch.end()

    with watch._dog._changed:  # as the thread has it that is not there in the child
        child = Forked(work)
    assert child.result()
    assert not watch.end()
