"""Contacts told to a store minute by minute, as tests of all rooms tell them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from omnitrack import Tracker

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


def at(minute: float) -> datetime:
    """Return a time that many minutes into the history."""
    return T0 + timedelta(minutes=minute)


def seen(tracker: Tracker, minute: int, *customer: Any, **fields: Any) -> str:
    """Record a contact at a minute, a call unless told otherwise, and return its id.

    Its source id is the minute: whoever tells of two at one minute gives one of them another.
    """
    fields = {"channel": "phone", "source": "s", "source_id": str(minute), **fields}
    recorded = tracker.record(occurred_at=at(minute), customer=customer, **fields)
    assert recorded.interaction is not None
    assert not recorded.duplicate, f"{fields['source_id']} was told before"
    return recorded.interaction
