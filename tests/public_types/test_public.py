"""What the public names are for a type checker: mypy reads this file, and a type that changes fails it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_type

import omnitrack
from omnitrack import (
    AsyncTracker,
    Customer,
    Explanation,
    Identifier,
    Interaction,
    LoadReport,
    Page,
    Policy,
    Preview,
    Receipt,
    Recorded,
    Sighting,
    Statement,
    TimelineItem,
    Tracker,
    Value,
)
from omnitrack.storage.contract import IdentifierRow, LinkRow, Transaction


def openings(url: str) -> None:
    assert_type(omnitrack.open(url, region="GB", own=["x:care"], policy=Policy(max_identifiers=5)), Tracker)
    with omnitrack.open(url) as tracker:
        assert_type(tracker, Tracker)


def identifiers(text: str) -> None:
    assert_type(omnitrack.identifier(text), Identifier)
    assert_type(omnitrack.phone(text, region="GB"), Identifier)
    assert_type(omnitrack.verified(text), Sighting)


def writing(tracker: Tracker, now: datetime, interaction: Interaction) -> None:
    assert_type(tracker.record(channel="x", occurred_at=now, customer=["x:jane"]), Recorded)
    assert_type(tracker.record(channel="x", occurred_at=now).interaction, str | None)
    assert_type(Interaction(channel="x", occurred_at="2026-03-01T09:30:00Z").occurred_at, datetime)
    assert_type(tracker.record_many([interaction]), LoadReport)
    said = tracker.link("x:jane", "x:joe", by="sam")
    assert_type(said, Statement)
    assert_type(tracker.retract(said), Statement)
    assert_type(tracker.preview(said), Preview)
    assert_type(tracker.erase("x:jane", dry_run=True), Receipt)


def reading(tracker: Tracker, now: datetime) -> None:
    timeline = tracker.timeline("x:jane", channels=["x"], since=now, order="oldest", trust="verified")
    assert_type(iter(timeline), Iterator[TimelineItem])
    page = timeline.page(10)
    assert_type(page, Page[TimelineItem])
    assert_type(page.items, tuple[TimelineItem, ...])
    assert_type(page.next, str | None)
    assert_type(timeline.first(3), list[TimelineItem])
    assert_type(timeline[:3], list[TimelineItem])
    assert_type(timeline[0], TimelineItem)
    customer = tracker.customer(["x:jane", "jane@example.com"], as_of="2026-03-01")
    assert_type(tracker.timeline(customer, since="2026-03-01").page(), Page[TimelineItem])
    assert_type(customer.to_dict(), dict[str, Any])
    assert_type(Customer.from_dict({}), Customer)
    assert_type(Value.from_dict({}), Value)
    assert_type(tracker.customer("x:jane", as_of=now), Customer)
    assert_type(tracker.customer("x:jane").identifiers, tuple[Identifier, ...])
    assert_type(tracker.explain("x:jane", "x:joe"), Explanation)
    assert_type(tracker.statements("x:jane"), list[Statement])


async def reading_in_asyncio(tracker: AsyncTracker, now: datetime) -> None:
    assert_type(await tracker.timeline("x:jane").first(3), list[TimelineItem])
    assert_type(await tracker.record(channel="x", occurred_at=now), Recorded)
    assert_type(await tracker.customer("x:jane"), Customer)
    assert_type(await tracker.timeline("x:jane").page(), Page[TimelineItem])
    assert_type(aiter(tracker.timeline("x:jane")), AsyncIterator[TimelineItem])
    assert_type(await tracker.link("x:jane", "x:joe"), Statement)


def adapters(tx: Transaction) -> None:
    assert_type(tx.find_identifiers(ids=[b""]), list[IdentifierRow])
    assert_type(tx.find_links([b""]), list[LinkRow])


if TYPE_CHECKING:
    # What is wrong is told before it runs.
    omnitrack.open("memory://").timeline("x:jane", order="latest")  # type: ignore[arg-type]
    omnitrack.open("memory://").record(occurred_at=datetime(2026, 1, 1))  # type: ignore[call-arg]
    omnitrack.open("memory://").customer(7)  # type: ignore[arg-type]


def test_what_a_type_checker_is_told_is_there() -> None:
    """The names above are public; their types are checked by mypy."""
    assert all(hasattr(omnitrack, name) for name in ("Page", "Recorded", "TimelineItem", "Customer"))
