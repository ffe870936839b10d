"""Defects that were found by attack, each in its smallest form."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import omnitrack

WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
ADDRESSES = [f"email:p{n}@example.com" for n in range(4)]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
@pytest.mark.parametrize("participant", [False, True])
def test_a_page_never_ends_within_an_interaction(url: str, participant: bool) -> None:
    """It has an entry for each identifier of one customer; which of them shows it, and whether it is shown, hangs on no page."""
    with omnitrack.open(url) as tracker:
        tracker.record(channel="email", occurred_at=WHEN, customer=ADDRESSES)
        for n in range(6):
            customers = [[ADDRESSES[n % 4]], [ADDRESSES[(n + 1) % 4], ADDRESSES[(n + 2) % 4]]]
            tracker.record(
                channel="email",
                occurred_at=WHEN + timedelta(minutes=n // 3),
                customers=customers,
                participants=[ADDRESSES[(n + 3) % 4]],
            )
        for order in ("newest", "oldest"):
            timeline = tracker.timeline(ADDRESSES[0], order=order, include_participant=participant)  # type: ignore[arg-type]
            whole = timeline.page(100).items
            assert len(whole) == 7
            for limit in (1, 2, 3):
                page = timeline.page(limit)
                forwards = list(page)
                while page.next:
                    page = timeline.page(limit, page.next)
                    forwards += page
                assert tuple(forwards) == whole
                backwards = list(page)
                while page.previous:
                    page = timeline.page(limit, page.previous)
                    backwards = [*page, *backwards]
                assert tuple(backwards) == whole
