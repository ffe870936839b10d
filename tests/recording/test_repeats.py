"""The same interaction again, in one batch or in two, adds nothing and says so."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

import omnitrack
from omnitrack import Interaction

WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
CALL = Interaction(
    channel="phone",
    occurred_at=WHEN,
    customers=[["phone:+442079460958", "email:jane@example.com"]],
    source="cdr",
    source_id="1",
)


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_twice_in_one_batch_is_once(url: str) -> None:
    with omnitrack.open(url) as tracker:
        report = tracker.record_many([CALL, CALL])
        assert (report.added, report.duplicates) == (1, 1)
        assert len(list(tracker.timeline("jane@example.com"))) == 1
        assert tracker.verify().ok


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_a_second_load_is_all_duplicates(url: str) -> None:
    with omnitrack.open(url) as tracker:
        tracker.record_many([CALL])
        report = tracker.record_many([CALL, CALL])
        assert (report.added, report.duplicates) == (0, 2)
        assert tracker.verify().ok
