"""The source of Asterisk's call detail records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction, Interaction, Rejected, Sighting
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions

MASTER = Path(__file__).parent / "fixtures" / "Master.csv"
ROW = (
    '"","{src}","{dst}","{context}","{clid}","PJSIP/{src}-01","PJSIP/bob-02","Dial","","{start}","{start}","{end}",60,60,'
    '"{disposition}","DOCUMENTATION","{uniqueid}",""\n'
)
USUAL = {
    "src": "02079460958",
    "dst": "6001",
    "context": "from-trunk",
    "clid": "",
    "start": "2026-01-05 09:00:00",
    "end": "2026-01-05 09:01:00",
    "disposition": "ANSWERED",
    "uniqueid": "1767603600.1",
}


def call(zone: str = "UTC", **values: Any) -> Interaction:
    [item] = interactions(in_utc(ROW.format(**USUAL | values).encode(), "asterisk-cdr", zone=zone))
    return item


def keys(people: Iterable[Iterable[Sighting]]) -> list[list[Any]]:
    return [[sighting.identifier for sighting in person] for person in people]


@pytest.fixture(scope="module")
def calls() -> list[Interaction]:
    return interactions(in_utc(MASTER, zone="Europe/London"))


def test_format_is_found_without_a_header() -> None:
    assert detect(MASTER)[0].name == "asterisk-cdr"


def test_legs_of_one_call_are_one_interaction_with_its_transfers(calls: list[Interaction]) -> None:
    first = calls[0]
    assert len(calls) == 3
    assert first.source_id == "1767603601.1"
    assert first.attributes["transfers"] == ["6002"]
    assert [leg["dst"] for leg in first.attributes["legs"]] == ["08081570123", "6002"]
    assert first.ended_at is not None
    assert (first.ended_at - first.occurred_at).total_seconds() == 719


def test_agent_is_who_spoke_last_with_the_caller(calls: list[Interaction]) -> None:
    assert calls[0].agent == "bob"


def test_name_of_the_caller_id_is_a_trait(calls: list[Interaction]) -> None:
    assert calls[0].traits == {"name": "Jane Doe"}


def test_withheld_caller_gives_no_identifier(calls: list[Interaction]) -> None:
    assert calls[1].customers == ()
    assert calls[1].attributes["withheld"] is True


def test_disposition_is_the_outcome(calls: list[Interaction]) -> None:
    assert [call.outcome for call in calls] == ["answered", "missed", "busy"]


def test_call_of_an_extension_is_outbound_to_the_number_dialled(calls: list[Interaction]) -> None:
    assert (calls[2].direction, keys(calls[2].customers), calls[2].agent) == (
        Direction.OUTBOUND,
        [["phone:01632960123"]],
        "alice",
    )


def test_call_between_extensions_is_internal() -> None:
    assert call(src="6001", dst="6002").direction is Direction.INTERNAL


def test_sides_that_the_record_cannot_tell_are_left_to_the_own_list() -> None:
    item = call(dst="08081570123", context="default")
    assert (item.direction, item.customers) == (None, ())
    assert (keys([item.sender]), keys(item.recipients)) == ([["phone:02079460958"]], [["phone:08081570123"]])


def test_local_time_is_read_in_the_zone_given() -> None:
    assert call(zone="America/New_York").occurred_at.isoformat() == "2026-01-05T09:00:00-05:00"


@pytest.mark.parametrize(
    ("uniqueid", "offset"), [("1792888200.1", "+01:00"), ("1792891800.1", "+00:00"), ("none", "+01:00")]
)
def test_hour_that_the_clock_shows_twice_is_told_by_the_unique_id_else_the_first(uniqueid: str, offset: str) -> None:
    item = call(zone="Europe/London", start="2026-10-25 01:30:00", end="2026-10-25 01:31:00", uniqueid=uniqueid)
    assert item.occurred_at.isoformat() == f"2026-10-25T01:30:00{offset}"
    assert item.attributes["local_time"] == "ambiguous"


def test_hour_that_the_clock_leaves_out_keeps_the_offset_of_before() -> None:
    item = call(zone="Europe/London", start="2026-03-29 01:30:00", end="2026-03-29 02:31:00")
    assert item.occurred_at.isoformat() == "2026-03-29T01:30:00+00:00"
    assert item.attributes["local_time"] == "missing"


def test_row_without_a_unique_id_gets_the_same_id_each_time() -> None:
    assert call(uniqueid="").source_id == call(uniqueid="").source_id != call(uniqueid="", src="02079460959").source_id


def test_header_names_the_columns() -> None:
    text = "calldate,clid,src,dst,dcontext,channel,dstchannel,disposition,uniqueid,linkedid,did\n"
    text += "2026-01-05 09:00:00,,02079460958,6001,from-trunk,PJSIP/t-01,PJSIP/bob-02,NO ANSWER,1.2,1.1,08081570123\n"
    [item] = in_utc(text.encode(), "asterisk-cdr")
    assert (item.source_id, item.outcome, item.attributes["did"]) == ("1.1", "missed", "08081570123")


def test_unclosed_quote_costs_its_own_row_only() -> None:
    rows = ROW.format(**USUAL) + '"torn,"row\n' + ROW.format(**USUAL | {"uniqueid": "1767603700.9"})
    items = list(in_utc(rows.encode(), "asterisk-cdr"))
    assert [type(item) for item in items] == [Rejected, Interaction, Interaction]
    assert items[0].where == "line 2"


def test_row_without_a_time_tells_it_by_its_unique_id() -> None:
    assert call(start="").occurred_at.isoformat() == "2026-01-05T09:00:00+00:00"


def test_row_that_tells_no_time_is_rejected_with_its_line() -> None:
    rows = ROW.format(**USUAL) + ROW.format(**USUAL | {"start": "never", "uniqueid": "x"})
    rejected = next(iter(in_utc(rows.encode(), "asterisk-cdr")))
    assert isinstance(rejected, Rejected)
    assert rejected.where == "line 2"
