"""Defects that were found by attack, each in its smallest form."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from clock import now
from omnitrack import (
    Attachment,
    CustomerNotFoundError,
    InvalidIdentifierError,
    InvalidInteractionError,
    OmnitrackError,
    SecretError,
)
from omnitrack.model import Sighting

pytestmark = pytest.mark.usefixtures("clock")

WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
WEST = timezone(timedelta(hours=-5))
ADDRESSES = [f"email:p{n}@example.com" for n in range(4)]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
@pytest.mark.parametrize("participant", [False, True])
def test_a_page_never_ends_within_an_interaction(url: str, participant: bool) -> None:
    """It has an entry for each identifier of one customer; which of them shows it, and whether it is shown, hangs on no page."""
    with omnitrack.open(url, policy=omnitrack.Policy(limits=None)) as tracker:
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
            timeline = tracker.timeline(ADDRESSES[0], order=order, include_participant=participant)
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


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_a_customer_of_a_time_has_no_traits_that_were_recorded_later(url: str) -> None:
    with omnitrack.open(url) as tracker:
        tracker.record(channel="phone", occurred_at=WHEN, customer=ADDRESSES[0], traits={"name": "Jane"})
        then = now()
        tracker.record(channel="phone", occurred_at=WHEN, customer=ADDRESSES[0], traits={"city": "Bath"})
        assert tracker.customer(ADDRESSES[0], as_of=then).traits == {"name": ("Jane",)}


@pytest.mark.parametrize(
    "fields",
    [
        {"customer": 123},
        {"customer": [None]},
        {"customer": {"phone": "+442079460958"}},
        {"customers": 5},
        {"customers": ADDRESSES[0]},
        {"customer": Sighting(ADDRESSES[0], "observed")},  # type: ignore[arg-type]
        {"attachments": ["a"]},
        {"attachments": [Attachment(name="\ud800")]},
        {"traits": {"name": "\ud800"}},
    ],
)
def test_what_no_store_can_hold_is_refused_by_name(fields: dict[str, Any]) -> None:
    with omnitrack.open("sqlite://") as tracker, pytest.raises(InvalidInteractionError):
        tracker.record(channel="phone", occurred_at=WHEN, **fields)


@pytest.mark.parametrize(
    "fields", [{"at": "2026"}, {"by": "\ud800"}, {"reason": object()}, {"at": datetime.max.replace(tzinfo=WEST)}]
)
def test_a_statement_with_what_no_store_can_hold_is_refused(fields: dict[str, Any]) -> None:
    with omnitrack.open("sqlite://") as tracker, pytest.raises(OmnitrackError):
        tracker.link(ADDRESSES[0], ADDRESSES[1], **fields)


def test_what_ends_before_it_begins_is_refused_by_name() -> None:
    tracker = omnitrack.open("memory://")
    begin = datetime(2026, 3, 1, 10, tzinfo=timezone.utc)
    tracker.record(channel="phone", occurred_at=begin, ended_at=begin)
    with pytest.raises(InvalidInteractionError, match=r"^ended_at: got 2026-03-01T09:59.*occurred_at"):
        tracker.record(channel="phone", occurred_at=begin, ended_at=begin - timedelta(minutes=1))


@pytest.mark.parametrize("id", ["cus_x", "cus_", "cus_" + "g" * 32, "cus_" + "0" * 31])
def test_what_begins_as_a_customer_id_and_is_none_is_told_so(id: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=r"begins as a customer id and is none"):
        omnitrack.open("memory://").customer(id)


def test_a_customer_id_that_nobody_has_is_told_so() -> None:
    with pytest.raises(CustomerNotFoundError, match=r"nobody is known as cus_0{32}"):
        omnitrack.open("memory://").customer("cus_" + "0" * 32)


def test_a_tracker_and_a_timeline_say_what_they_are_and_give_nothing_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sesame.db"
    with omnitrack.open(url, region="GB", own=["x:btcare"], secret="sesame") as tracker:
        assert repr(tracker) == "<Tracker on SqliteBackend, region GB, own list of 1, keyed by a secret>"
        assert repr(tracker.timeline("jane.doe@example.com")) == "<Timeline of 'j***.d**@ex***le.c**'>"
        tracker.link("x:a", "x:b")
        id = tracker.customer("x:a").id
        asked = tracker.timeline(
            id, channels=["phone", "x"], since=WHEN, text="sesame", order="oldest", include_shared=True
        )
        assert repr(asked) == (
            f"<Timeline of {id} (channels=phone/x, since=2026-01-01T00:00:00+00:00, text=..., order=oldest, include_shared=True)>"
        )
    assert repr(omnitrack.open("memory://")) == "<Tracker on MemoryBackend>"
    other = omnitrack.open_async("memory://", secret="sesame")
    assert repr(other) == "<AsyncTracker on MemoryBackend, keyed by a secret>"
    assert repr(other.timeline(omnitrack.phone("+442079460958"))) == "<AsyncTimeline of phone:+44********58>"


def test_a_secret_that_is_a_number_is_no_run_of_zero_bytes() -> None:
    with pytest.raises(SecretError):
        omnitrack.open("memory://", secret=32)  # type: ignore[arg-type]
