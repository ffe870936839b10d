"""Contacts that come again: with a later time of their last change at the source they are revisions, else duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path

import pytest

import omnitrack
from omnitrack import Interaction, InvalidInteractionError, Tracker

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.fixture(params=["memory", "sqlite"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracker]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url) as opened:
        yield opened


def version(number: int | None, body: str | None = None) -> Interaction:
    """A message as it reads after its n-th change."""
    return Interaction(
        channel="chat",
        occurred_at=T0,
        customers=[["jane@example.com"], ["joe@example.com"]],
        body=body or f"text {number}",
        source="chat",
        source_id="1",
        revised_at=None if number is None else T0 + timedelta(minutes=number),
    )


def counts(tracker: Tracker, *items: Interaction) -> tuple[int, int, int]:
    report = tracker.record_many(items)
    assert report.units == len(items)
    return report.added, report.duplicates, report.revised


def test_a_version_after_the_recorded_one_is_a_revision_and_another_a_duplicate(tracker: Tracker) -> None:
    assert counts(tracker, version(1)) == (1, 0, 0)
    assert counts(tracker, version(1), version(3), version(2), version(0)) == (0, 2, 2)
    assert counts(tracker, version(3), version(2), version(None)) == (0, 3, 0)
    [item] = tracker.timeline("jane@example.com")
    assert (item.body, item.revised_at) == ("text 3", T0 + timedelta(minutes=3))


def test_a_version_that_says_when_it_was_changed_follows_one_that_did_not(tracker: Tracker) -> None:
    assert counts(tracker, version(None)) == (1, 0, 0)
    assert counts(tracker, version(1)) == (0, 0, 1)


@pytest.mark.parametrize("batch_size", [1, 2, 10])
def test_the_latest_counts_in_whatever_order_they_come(batch_size: int) -> None:
    for order in permutations((1, 2, 3)):
        with omnitrack.open("memory://") as tracker:
            tracker.record_many(map(version, order), batch_size=batch_size)
            [item] = tracker.timeline("jane@example.com")
            assert item.body == "text 3"


def test_what_was_redacted_does_not_come_back_in_a_later_version(tracker: Tracker) -> None:
    counts(tracker, version(1, "of joe@example.com"))
    tracker.erase("joe@example.com")
    assert counts(tracker, version(1, "of joe@example.com"), version(2, "of joe@example.com")) == (0, 2, 0)
    [item] = tracker.timeline("jane@example.com")
    assert item.body == "of [erased]"


def test_a_time_of_change_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInteractionError, match="revised_at"):
        Interaction(channel="chat", occurred_at=T0, revised_at="yesterday")
