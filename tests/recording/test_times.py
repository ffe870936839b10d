"""Times without a zone are read in the tracker's and refused where it has none; times that cannot be are refused."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from omnitrack import Interaction, InvalidInteractionError, MissingZoneError, Revision, observed
from omnitrack.sources import open_source

SUMMER = datetime(2026, 7, 1, 9, 30)
WHO = "x:jane"


def contact(**fields: Any) -> dict[str, Any]:
    return {"channel": "x", "customer": [WHO], "occurred_at": SUMMER, "source": "x", "source_id": "1"} | fields


@given(
    naive=st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),
    zone=st.sampled_from(["Europe/London", "Asia/Kolkata", "America/Lima"]),
)
@budget(60)
def test_a_naive_time_is_read_in_the_zone_of_the_tracker(naive: datetime, zone: str) -> None:
    tracker = omnitrack.open("memory://", zone=zone)
    tracker.record(**contact(occurred_at=naive))
    (item,) = tracker.timeline(WHO)
    assert item.occurred_at == naive.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)


@pytest.mark.parametrize("zone", [None, "Europe/London"])
def test_a_time_with_an_offset_is_what_it_says_whatever_the_zone(zone: str | None) -> None:
    tracker = omnitrack.open("memory://", zone=zone)
    timestamp = SUMMER.replace(tzinfo=timezone(timedelta(hours=-5)))
    tracker.record(**contact(occurred_at=timestamp))
    (item,) = tracker.timeline(WHO)
    assert item.occurred_at == timestamp


@pytest.mark.parametrize("field", ["occurred_at", "ended_at"])
def test_without_a_zone_a_naive_time_is_refused_by_the_name_of_its_field(field: str) -> None:
    tracker = omnitrack.open("memory://")
    given = {"occurred_at": SUMMER.replace(tzinfo=timezone.utc)} | {field: SUMMER + timedelta(hours=1)}
    with pytest.raises(
        MissingZoneError, match=f"{field}: got 2026-07-01 10:30:00 without a zone; accepted is .* zone="
    ):
        tracker.record(**contact(**given))
    assert not list(tracker.interactions())


def test_queries_statements_and_revisions_read_naive_times_likewise() -> None:
    zoned, bare = omnitrack.open("memory://", zone="Europe/London"), omnitrack.open("memory://")
    for tracker in (zoned, bare):
        tracker.record(**contact(occurred_at=datetime(2026, 7, 1, 8, 30, tzinfo=timezone.utc)))
    assert len(list(zoned.timeline(WHO, since=SUMMER))) == 1
    assert not list(zoned.timeline(WHO, until=SUMMER))
    assert zoned.revise("x", "1", body="a", at=SUMMER)
    assert not zoned.revise("x", "1", body="a", at=datetime(2026, 7, 1, 8, 30, tzinfo=timezone.utc))
    assert zoned.reassign(WHO, at=SUMMER).at == datetime(2026, 7, 1, 8, 30, tzinfo=timezone.utc)
    for refused in (
        lambda: list(bare.timeline(WHO, since=SUMMER)),
        lambda: bare.customer(WHO, as_of=SUMMER),
        lambda: bare.revise("x", "1", body="a", at=SUMMER),
        lambda: bare.reassign(WHO, at=SUMMER),
    ):
        with pytest.raises(MissingZoneError, match="without a zone"):
            refused()


def test_in_a_bulk_load_a_naive_time_costs_its_interaction() -> None:
    tracker = omnitrack.open("memory://")
    good = Interaction(
        channel="x",
        occurred_at=SUMMER.replace(tzinfo=timezone.utc),
        customers=[[observed(WHO)]],
        source="x",
        source_id="1",
    )
    naive = Interaction(channel="x", occurred_at=SUMMER, source="x", source_id="2")
    edit = Revision(source="x", source_id="1", at=SUMMER, body="b")
    report = tracker.record_many([naive, good, edit], on_error="collect")
    assert (report.added, report.rejected_total, report.units) == (1, 2, 3)
    assert [rejected.source_id for rejected in report.rejected] == ["2", "1"]


@pytest.mark.parametrize("year", [1, 202, 1899, 2200, 9999])
def test_a_year_that_cannot_be_is_refused_and_not_stored(year: int) -> None:
    tracker = omnitrack.open("memory://")
    with pytest.raises(InvalidInteractionError, match="accepted are the years 1900 to 2199"):
        tracker.record(**contact(occurred_at=datetime(year, 6, 1, tzinfo=timezone.utc)))
    assert not list(tracker.interactions())


def test_the_zone_of_a_load_goes_before_that_of_the_mapping_and_that_before_the_tracker() -> None:
    mapping = {"channel": "shop", "fields": {"occurred_at": "when"}}
    data = b"when\n2026-07-01 09:30\n"
    hours = []
    for load, mapped in (("Asia/Kolkata", "America/Lima"), (None, "America/Lima"), (None, None)):
        tracker = omnitrack.open("memory://", zone="Europe/London")
        given = mapping | ({"zone": mapped} if mapped else {})
        tracker.load(open_source(data, "csv", mapping=given, zone=load))
        hours += [item.occurred_at.utcoffset() for item in tracker.interactions()]
    assert hours == [timedelta(hours=5.5), timedelta(hours=-5), timedelta(hours=1)]


@pytest.mark.parametrize(
    "when",
    [
        "0202-01-05 10:00",
        "0001-01-01 00:00",
        "2026-02-30 10:00",
        "3026-01-05 10:00",
        "2026-13-01 10:00",
        "0",
        "2026",
        "45000",
    ],
)
@pytest.mark.parametrize("form", [None, "%Y-%m-%d %H:%M"])
def test_a_date_that_cannot_be_is_reported_with_the_forms_that_were_tried(when: str, form: str | None) -> None:
    tracker = omnitrack.open("memory://", zone="Europe/London")
    mapping = {"channel": "shop", "fields": {"occurred_at": "when"}} | ({"time_format": form} if form else {})
    report = tracker.load(open_source(f"when\n{when}\n".encode(), "csv", mapping=mapping))
    assert (report.added, report.rejected_total) == (0, 1)
    assert "none of the forms tried: " in report.rejected[0].reason
    assert form is None or form in report.rejected[0].reason


def test_a_format_that_defines_its_zone_keeps_it_whatever_the_zone_of_the_load() -> None:
    comment = {"id": 1, "author_id": 5, "created_at": "2026-07-01T09:30:00", "body": "a", "public": True}
    tracker = omnitrack.open("memory://", zone="Asia/Kolkata")
    tracker.load(open_source([{"ticket": {"id": 1}, "comments": [comment]}], "zendesk", zone="Europe/London"))
    assert [item.occurred_at for item in tracker.interactions()] == [SUMMER.replace(tzinfo=timezone.utc)]


def test_a_mail_without_a_zone_happened_when_a_server_received_it_else_it_is_refused() -> None:
    mail = b"From: jane@example.com\nDate: Wed, 1 Jul 2026 09:30:00\nSubject: a\n\nb\n"
    received = b"Received: from a by b; Wed, 1 Jul 2026 09:31:00 +0100\n" + mail
    found = list(open_source(received, "eml"))
    assert [item.occurred_at for item in found] == [datetime(2026, 7, 1, 8, 31, tzinfo=timezone.utc)]
    [rejected] = open_source(mail, "eml")
    assert rejected.reason.startswith("date: got 2026-07-01 09:30:00 without a zone")


def test_an_unknown_zone_is_refused_when_a_store_is_opened() -> None:
    with pytest.raises(
        InvalidInteractionError, match="zone: got 'Mars/Olympus', accepted is a name of the IANA database"
    ):
        omnitrack.open("memory://", zone="Mars/Olympus")


def test_an_async_tracker_has_a_zone_too() -> None:
    async def run() -> list[datetime]:
        async with omnitrack.open_async("memory://", zone="Europe/London") as tracker:
            await tracker.record(**contact())
            return [item.occurred_at async for item in tracker.interactions(since=SUMMER)]

    assert asyncio.run(run()) == [SUMMER.replace(tzinfo=ZoneInfo("Europe/London"))]
