"""Contacts told to a store minute by minute, as several tests of this folder tell them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from omnitrack import Tracker

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


def at(minute: int) -> datetime:
    """Return a time that many minutes into the history."""
    return T0 + timedelta(minutes=minute)


def seen(tracker: Tracker, minute: int, *customer: object, **fields: Any) -> str:
    """Record a call at a minute, and return its id."""
    fields = {"channel": "phone", "source": "s", "source_id": str(minute), **fields}
    recorded = tracker.record(occurred_at=at(minute), customer=customer, **fields)  # type: ignore[arg-type]
    assert recorded.interaction is not None
    return recorded.interaction
