"""Timelines: the first of them, slices, and whom and which times they are asked by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from omnitrack import CustomerNotFoundError, InvalidIdentifierError, InvalidInteractionError, Tracker

START = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    with omnitrack.open("memory://", region="GB") as made:
        for number in range(7):
            made.record(
                channel="phone",
                occurred_at=START + timedelta(hours=number),
                customer=["020 7946 0958", "jane@example.com"],
                source="calls",
                source_id=str(number),
            )
        made.record(channel="x", occurred_at=START, customer=["x:joe"])
        yield made


@given(start=st.none() | st.integers(0, 9), stop=st.none() | st.integers(0, 9))
def test_a_slice_is_that_of_a_list_of_the_items(tracker: Tracker, start: int | None, stop: int | None) -> None:
    timeline = tracker.timeline("jane@example.com", order="oldest")
    items = list(timeline)
    assert timeline[start:stop] == items[start:stop]
    if stop is not None:
        assert timeline.first(stop) == items[:stop]


def test_an_item_has_a_place(tracker: Tracker) -> None:
    timeline = tracker.timeline("jane@example.com")
    assert timeline[0] == next(iter(timeline))
    assert timeline[6].source_id == "0"
    with pytest.raises(IndexError, match="no item 7"):
        timeline[7]


def test_long_timelines_are_sliced_over_pages() -> None:
    with omnitrack.open("memory://") as tracker:
        tracker.record_many(
            omnitrack.Interaction(
                channel="x",
                occurred_at=START + timedelta(minutes=n),
                customers=[["x:jane"]],
                source="x",
                source_id=str(n),
            )
            for n in range(2_100)
        )
        timeline = tracker.timeline("x:jane", order="oldest")
        assert [item.source_id for item in timeline[995:1005]] == [str(n) for n in range(995, 1005)]
        assert [item.source_id for item in timeline[2_095:]] == [str(n) for n in range(2_095, 2_100)]
        assert len(timeline.first(5_000)) == 2_100


def test_places_from_the_end_and_steps_are_refused(tracker: Tracker) -> None:
    timeline = tracker.timeline("jane@example.com")
    for ask in (
        lambda: timeline[-1],
        lambda: timeline[-3:],
        lambda: timeline[:-1],
        lambda: timeline[::2],
        lambda: timeline.first(-1),
        lambda: timeline.first(True),
        lambda: timeline["0"],  # type: ignore[call-overload]
    ):
        with pytest.raises(InvalidInteractionError, match="accepted is"):
            ask()


async def test_the_first_of_an_async_timeline() -> None:
    async with omnitrack.open_async("memory://") as tracker:
        await tracker.record(channel="x", occurred_at=START, customer=["x:jane"])
        assert [item.channel for item in await tracker.timeline("x:jane").first(5)] == ["x"]


def test_a_person_is_asked_for_by_a_customer_or_a_list(tracker: Tracker) -> None:
    customer = tracker.customer("jane@example.com")
    asked: list[omnitrack.Customer | list[str | omnitrack.Identifier] | omnitrack.Identifier] = [
        customer,
        ["jane@example.com"],
        ["unknown@example.com", "020 7946 0958", "jane@example.com"],
        [omnitrack.phone("020 7946 0958", region="GB"), customer.id],
        tracker.timeline(customer)[0].identifier or [],
    ]
    for who in asked:
        assert tracker.customer(who) == customer
        assert len(tracker.timeline(who).page()) == 7
        assert tracker.candidates(who) == [customer]
        assert tracker.explain(who, customer).together
        assert tracker.export(who).report.converted == 7
        assert tracker.erase(who, dry_run=True).interactions == 7
        assert tracker.statements(who) == []
        assert tracker.customer(who, as_of=datetime.now(timezone.utc)) == customer
    people: list[Any] = ["jane@example.com", customer]
    assert repr(tracker.timeline(people)).startswith("<Timeline of ")


def test_a_list_that_names_two_people_or_nobody_is_refused(tracker: Tracker) -> None:
    with pytest.raises(InvalidIdentifierError, match="of 2 customers"):
        tracker.customer(["jane@example.com", "x:joe"])
    with pytest.raises(CustomerNotFoundError, match=" or "):
        tracker.customer(["no@example.com", "x:nobody"])
    for none in ([], [["x:joe"]], ["x:joe"] * 101, None, 7):
        with pytest.raises(InvalidIdentifierError, match=r"^who: got"):
            tracker.customer(none)  # type: ignore[arg-type]
    with pytest.raises(InvalidIdentifierError, match=r"^who: got list"):
        tracker.note(["x:joe", "jane@example.com"], "one of them")


def test_a_shared_line_in_a_list_leaves_it_to_the_others() -> None:
    with omnitrack.open("memory://") as tracker:
        tracker.record(channel="phone", occurred_at=START, customer=["+442079460958", "jane@example.com"])
        tracker.mark_shared("+442079460958")
        assert tracker.customer(["+442079460958", "jane@example.com"]) == tracker.customer("jane@example.com")
        assert tracker.customer(["+442079460958", "no@example.com"]).shared


def test_times_may_be_texts() -> None:
    with omnitrack.open("memory://", zone="Europe/London") as tracker:
        tracker.record(channel="x", occurred_at="2026-07-01T09:30:00", customer=["x:jane"], source="x", source_id="1")
        item = tracker.timeline("x:jane", since="2026-07-01", until="2026-07-01T08:31:00Z")[0]
        assert item.occurred_at == datetime(2026, 7, 1, 8, 30, tzinfo=timezone.utc)
        assert tracker.timeline("x:jane", since="2026-07-01T09:31").first(1) == []
        tracker.record_many([omnitrack.Interaction(channel="x", occurred_at="2026-07-02T09:30:00+02:00")])
        assert tracker.revise("x", "1", body="edited", at="2026-07-03T10:00:00+00:00")
        assert tracker.deny("x:jane", "x:joe", at="2026-07-03T10:00:00").at == datetime(
            2026, 7, 3, 9, 0, tzinfo=timezone.utc
        )
        assert tracker.customer("x:jane", as_of="2199-01-01").id == tracker.customer("x:jane").id
        for wrong in ("soon", "2026-13-01T00:00:00", "2026-07-01", ""):
            with pytest.raises(InvalidInteractionError, match=r"^occurred_at: got"):
                tracker.record(channel="x", occurred_at=wrong)
        with pytest.raises(InvalidInteractionError, match=r"^since: got .* ISO 8601"):
            tracker.timeline("x:jane", since="last week")
    with omnitrack.open("memory://") as tracker, pytest.raises(omnitrack.MissingZoneError, match="occurred_at"):
        tracker.record(channel="x", occurred_at="2026-07-01T09:30:00")
