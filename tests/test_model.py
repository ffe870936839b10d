"""What the classes that are handed out print."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from omnitrack import Assurance, Direction, TimelineItem


@pytest.mark.parametrize(
    ("offset", "clock"),
    [(0, "2026-03-02 09:30"), (60, "2026-03-02 10:30+01:00"), (-210, "2026-03-02 06:00-03:30")],
)
def test_a_contact_is_printed_with_its_offset_unless_that_is_utc(offset: int, clock: str) -> None:
    timestamp = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
    item = TimelineItem(
        id="int_1",
        channel="phone",
        direction=Direction.INBOUND,
        kind="call",
        occurred_at=timestamp.astimezone(timezone(timedelta(minutes=offset))),
        recorded_at=timestamp,
        identifier=None,
        assurance=Assurance.OBSERVED,
        subject="No broadband",
    )
    assert str(item) == f"{clock} → phone    No broadband"
