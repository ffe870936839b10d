"""The code of a tracker for async callers, in greenlets and in threads: what is cancelled is whole or not done, and what user code sees."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack import AsyncTracker, Interaction, InvalidInteractionError, OmnitrackError, RetentionRule
from omnitrack.greenlets import PIECE, ThreadRuntime
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
LONG = 60.0


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"


@pytest.fixture(params=["greenlet", "thread"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run in greenlets, or as where greenlet is not installed."""
    if request.param == "thread":
        without_greenlet(monkeypatch)
    return str(request.param)


def without_greenlet(monkeypatch: pytest.MonkeyPatch) -> None:
    from omnitrack import greenlets

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(greenlets, "import_module", missing)


def calls(count: int) -> Iterator[Interaction]:
    for n in range(count):
        yield Interaction(
            channel="phone",
            occurred_at=T0 + timedelta(minutes=n),
            customers=[["020 7946 0958", f"email:{n}@example.com"]],
            source="cdr",
            source_id=str(n),
        )


async def feed(count: int) -> AsyncIterator[Interaction]:
    for one in calls(count):
        await asyncio.sleep(0)
        yield one


async def stored(tracker: AsyncTracker) -> int:
    return len([one async for one in tracker.interactions()])


@pytest.mark.parametrize("given", [calls, feed])
async def test_a_load_that_is_cancelled_has_stored_whole_batches(
    url: str, kind: str, given: Callable[[int], Any]
) -> None:
    async with omnitrack.open_async(url, region="GB") as tracker:
        reached = asyncio.Event()
        loop = asyncio.get_running_loop()

        def progress(done: int, total: int | None) -> None:
            if done >= 40:
                loop.call_soon_threadsafe(reached.set)

        task = asyncio.create_task(tracker.record_many(given(100_000), batch_size=10, progress=progress))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        count = await stored(tracker)
        assert count >= 40
        assert count % 10 == 0
        assert (await tracker.verify()).ok
        assert (await tracker.record_many(list(calls(count)))).duplicates == count


async def test_an_operation_that_is_cancelled_gives_its_lease_back(url: str, kind: str) -> None:
    async with omnitrack.open_async(url, region="GB") as tracker:
        await tracker.record_many(list(calls(20)))
        loop, cancelled = asyncio.get_running_loop(), threading.Event()

        def progress(done: int, total: int | None) -> None:
            if kind == "greenlet":
                task.cancel()  # raised at the next thing that it waits for
            else:
                loop.call_soon_threadsafe(cancel)
                assert cancelled.wait(LONG)

        def cancel() -> None:
            task.cancel()
            loop.call_soon(cancelled.set)  # when the task has heard of it

        task = asyncio.create_task(tracker.rebuild(progress=progress))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await tracker.rebuild()).moved == 0


async def test_a_task_that_is_closed_in_the_middle_waits_for_nothing_more() -> None:
    tracker = omnitrack.open_async("memory://")
    await tracker.verify()
    waiting: Any = tracker.rebuild()
    waiting.send(None)
    waiting.close()
    await tracker.close()


async def test_what_waits_for_an_async_source_can_be_cancelled(kind: str) -> None:
    async def never() -> AsyncIterator[Interaction]:
        for one in calls(15):
            yield one
        waits.set()
        await asyncio.sleep(LONG)

    async with omnitrack.open_async("memory://", region="GB") as tracker:
        waits = asyncio.Event()
        task = asyncio.create_task(tracker.record_many(never(), batch_size=10))
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await stored(tracker) == 10


async def test_a_store_is_copied_from_one_tracker_to_another(url: str, kind: str) -> None:
    async with omnitrack.open_async("memory://", region="GB") as one, omnitrack.open_async(url, region="GB") as other:
        await one.record_many(list(calls(1_234)))
        reports = await asyncio.gather(*(other.record_many(one.interactions(), batch_size=500) for _ in range(3)))
        assert sum(report.added for report in reports) == 1_234
        assert await stored(other) == 1_234


async def test_many_timelines_are_read_at_once(url: str, kind: str) -> None:
    async with omnitrack.open_async(url, region="GB") as tracker:
        await tracker.record_many(list(calls(30)))
        pages = await asyncio.gather(*(tracker.timeline(f"email:{n % 30}@example.com").page() for n in range(1_000)))
        assert all(pages)


async def test_a_revision_that_comes_first_waits_for_its_original_as_it_does_for_sync_callers(kind: str) -> None:
    async def backwards() -> AsyncIterator[Any]:
        yield omnitrack.Revision(source="cdr", source_id="5", at=T0 + timedelta(days=1), body="edited")
        for one in calls(30):
            yield one

    async with omnitrack.open_async("memory://", region="GB") as tracker:
        report = await tracker.record_many(backwards(), batch_size=3, on_error="collect")
        assert (report.added, report.revised, report.rejected_total) == (30, 1, 0)


async def test_code_of_the_caller_runs_in_the_context_of_its_task(kind: str) -> None:
    who: ContextVar[str] = ContextVar("who")
    seen = set()

    def items() -> Iterator[Interaction]:
        for one in calls(5):
            seen.add(who.get())
            yield one

    async def load(name: str) -> None:
        who.set(name)
        await tracker.record_many(items(), batch_size=2, progress=lambda done, total: seen.add(who.get()))

    async with omnitrack.open_async("memory://", region="GB") as tracker:
        await asyncio.gather(load("ann"), load("ben"))
    assert seen == {"ann", "ben"}


async def test_in_a_greenlet_code_of_the_caller_runs_in_the_thread_of_the_event_loop() -> None:
    threads = set()
    async with omnitrack.open_async("memory://", region="GB") as tracker:
        await tracker.record_many(calls(5), progress=lambda done, total: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


async def test_items_come_before_the_error_that_ended_them(kind: str) -> None:
    def items() -> Iterator[int]:
        yield from range(PIECE + 7)
        raise InvalidInteractionError("no more")

    found: list[int] = []

    async def iterate() -> None:
        async for item in omnitrack.open_async("memory://")._calls.iterate(items()):
            found.append(item)

    with pytest.raises(InvalidInteractionError, match="no more"):
        await iterate()
    assert found == list(range(PIECE + 7))


async def test_a_reader_that_stops_early_has_read_no_more_than_the_piece_it_is_in() -> None:
    async with omnitrack.open_async("memory://", region="GB") as tracker:
        await tracker.record_many(calls(700))
        asked = []
        backend: Any = tracker._tracker._backend
        run = backend.run

        def counted(fn: Any, **options: Any) -> Any:
            asked.append(fn)
            return run(fn, **options)

        backend.run = counted
        items = tracker.interactions()
        for _ in range(500):
            await anext(items)
        assert len(asked) == 1
        await anext(items)
        assert len(asked) == 2


WRONG: dict[str, Callable[[Any], Any]] = {
    "an unknown customer": lambda t: t.customer("email:nobody@example.com"),
    "no identifier": lambda t: t.customer("nobody"),
    "no time": lambda t: t.record(channel="phone", occurred_at="today"),
    "too many": lambda t: t.candidates("email:nobody@example.com", limit=5_000),
    "no cursor": lambda t: t.unattributed(cursor="x"),
    "no interaction": lambda t: t.interaction("int_" + "0" * 32),
    "a load of nothing": lambda t: t.load(5, format="auto"),
    "a batch of none": lambda t: t.record_many([], batch_size=0),
    "no iterable": lambda t: t.record_many(5),
    "no statement": lambda t: t.retract("st_" + "0" * 32),
    "no index": lambda t: t.find_matches(),
    "no rules": lambda t: t.apply_retention([]),
    "a naive time": lambda t: t.customer("email:nobody@example.com", as_of=datetime(2026, 3, 1)),
    "a wrong flag": lambda t: t.erase("email:nobody@example.com", dry_run="yes"),
    "a format of nobody's": lambda t: t.export("email:nobody@example.com", format="pdf"),
}


@pytest.mark.parametrize("what", WRONG)
def test_both_faces_say_the_same_of_what_is_wrong(what: str, kind: str) -> None:
    with omnitrack.open("memory://") as tracker, pytest.raises(OmnitrackError) as expected:
        WRONG[what](tracker)

    async def ask() -> None:
        async with omnitrack.open_async("memory://") as same:
            await WRONG[what](same)

    with pytest.raises(OmnitrackError) as raised:
        asyncio.run(ask())
    assert type(raised.value) is type(expected.value)
    assert str(raised.value) == str(expected.value)


async def test_everything_else_goes_on_in_threads_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_greenlet(monkeypatch)
    async with omnitrack.open_async(f"sqlite:///{tmp_path / 'history.db'}", region="GB", timeout=LONG) as tracker:
        await tracker.record_many(list(calls(5)))
        assert not (await tracker.apply_retention([RetentionRule(keep=timedelta(days=36_500))])).interactions
        assert (await tracker.erase("email:1@example.com")).interactions == 1
        assert (await tracker.verify()).ok
        assert len(await tracker.timeline("020 7946 0958", include_shared=True).page(2)) <= 2


def test_a_wait_outside_of_a_call_is_no_wait(kind: str) -> None:
    async def customer() -> Any:
        async with omnitrack.open_async("memory://", region="GB") as tracker:
            recorded = await tracker.record(channel="phone", occurred_at=T0, customer=["020 7946 0958"])
            return recorded, await tracker.customer("020 7946 0958")

    recorded, found = asyncio.run(customer())
    assert recorded.customer_ids == (found.id,)
    assert found.first_seen == T0


async def test_of_calls_that_come_at_once_one_opens_the_store(kind: str) -> None:
    backend = MemoryBackend()
    opened = []
    setup = backend.setup
    backend.setup = lambda: opened.append(1) or setup()  # type: ignore[method-assign,func-returns-value]
    tracker = AsyncTracker(backend)
    await asyncio.gather(*(tracker.verify() for _ in range(20)))
    assert len(opened) == 1


async def test_a_store_that_could_not_be_opened_is_opened_by_the_next_call(kind: str) -> None:
    backend = MemoryBackend()
    setup, failing = backend.setup, [1]

    def fails_once() -> None:
        if failing:
            failing.pop()
            raise omnitrack.BackendError("not yet")
        setup()

    backend.setup = fails_once  # type: ignore[method-assign]
    tracker = AsyncTracker(backend)
    with pytest.raises(omnitrack.BackendError, match="not yet"):
        await tracker.verify()
    assert (await tracker.verify()).ok


def test_a_cancelled_thread_runs_no_further_transaction() -> None:
    """The transaction that is under way is done whole; what the code gives back after it still runs."""
    ran: list[str] = []
    runtime = ThreadRuntime(MemoryBackend())
    entered, go_on = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        entered.set()
        assert go_on.wait(LONG)
        ran.append("first")

    def work() -> None:
        try:
            runtime.run(first)
            runtime.run(lambda tx: ran.append("second"))
        finally:
            runtime.run(lambda tx: ran.append("given back"))

    async def cancelled() -> None:
        task = asyncio.create_task(runtime.spawn(work))
        await asyncio.to_thread(entered.wait, LONG)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ran == ["first", "given back"]
