"""AsyncTracker has the methods of Tracker, and answers as it does."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import omnitrack
from omnitrack import AsyncTracker, Interaction, Tracker, verified

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


def public(cls: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(cls) if not name.startswith("_")}


def test_it_has_the_same_methods() -> None:
    assert public(AsyncTracker) == public(Tracker)


@pytest.fixture(params=["memory", "sqlite"])
async def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncTracker]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    async with omnitrack.open_async(url, region="GB") as found:
        yield found


def calls(count: int) -> list[Interaction]:
    return [
        Interaction(
            channel="phone",
            occurred_at=T0 + timedelta(minutes=n),
            customers=[["020 7946 0958", verified("account:1@bt")]],
            body=f"call {n}",
            source="cdr",
            source_id=str(n),
        )
        for n in range(count)
    ]


async def test_what_is_recorded_is_on_the_timeline(tracker: AsyncTracker) -> None:
    recorded = await tracker.record(channel="x", occurred_at=T0, customer=["x:jane", "jane@example.com"], body="Hi")
    assert recorded.customer_ids == ((await tracker.customer("x:jane")).id,)
    assert [item.body async for item in tracker.timeline("jane@example.com")] == ["Hi"]


async def test_an_async_iterable_is_loaded_in_batches(tracker: AsyncTracker) -> None:
    async def source() -> AsyncIterator[Interaction]:
        for interaction in calls(25):
            yield interaction

    report = await tracker.record_many(source(), batch_size=10)
    assert report.added == 25
    assert (await tracker.record_many(calls(25))).duplicates == 25
    assert len([i async for i in tracker.interactions()]) == 25
    assert {customer async for customer, _ in tracker.journeys()} == {(await tracker.customer("account:1@bt")).id}


async def test_pages_go_both_ways(tracker: AsyncTracker) -> None:
    await tracker.record_many(calls(7))
    first = await tracker.timeline("account:1@bt").page(3)
    second = await tracker.timeline("account:1@bt").page(3, first.next)
    back = await tracker.timeline("account:1@bt").page(3, second.previous)
    assert [i.body for i in back] == [i.body for i in first] == ["call 6", "call 5", "call 4"]


async def test_statements_are_said_and_taken_back(tracker: AsyncTracker) -> None:
    await tracker.record_many(calls(1))
    await tracker.record(channel="x", occurred_at=T0, customer=["x:jane"])
    said = await tracker.link("x:jane", "account:1@bt", by="ann", reason="she said so")
    assert (await tracker.explain("x:jane", "020 7946 0958")).together
    assert await tracker.preview(said)
    await tracker.retract(said)
    assert not (await tracker.explain("x:jane", "020 7946 0958")).together
    assert [change.cause for change in await tracker.identity_log()][-1] == "retract"
    assert (await tracker.verify()).ok


async def test_the_rest_answers_too(tracker: AsyncTracker) -> None:
    await tracker.record_many(calls(2))
    note = await tracker.note("account:1@bt", "called back", agent="ann")
    assert (await tracker.interaction(note)).body == "called back"
    assert await tracker.revise("cdr", "0", body="edited", at=T0 + timedelta(days=1))
    assert [
        r.body
        for r in await tracker.revisions((await tracker.timeline("account:1@bt", order="oldest").page(1)).items[0].id)
    ] == [
        "call 0",
        "edited",
    ]
    assert not (await tracker.conflicts()).items
    assert [c.shared for c in await tracker.candidates("020 7946 0958")] == [False]
    assert (await tracker.export("account:1@bt")).report.lossless
    assert (await tracker.rebuild()).moved == 0
    receipt = await tracker.erase("account:1@bt", reason="asked")
    assert receipt.interactions == 3
    with pytest.raises(omnitrack.CustomerNotFoundError):
        await tracker.customer("account:1@bt")
