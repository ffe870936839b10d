"""The source of 3CX's call records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from omnitrack.sources.values import words
from sources.asserting import in_utc, interactions, passed_over, people, rejected

NAMES = words(
    "historyid callid duration start answered end reason from_no to_no from_dn to_dn dial changed final_no final_dn code rate cost "
    "bill chain from_type to_type final_type"
)
USUAL = {
    "historyid": "Call 12",
    "callid": "89d3af2d8f010000_12",
    "duration": "00:01:00",
    "start": "2026/01/05 09:00:00",
    "answered": "2026/01/05 09:00:08",
    "end": "2026/01/05 09:01:08",
    "reason": "TerminatedByDst",
    "from_no": "02079460958",
    "to_no": "Ext.800",
    "from_dn": "10001",
    "to_dn": "800",
    "dial": "800",
    "changed": "ReplacedDst",
    "final_no": "Ext.101",
    "final_dn": "101",
    "chain": "Chain: 02079460958;Ext.800;Ext.101;",
    "from_type": "Line",
    "to_type": "Queue",
    "final_type": "Extension",
}


def row(**values: Any) -> str:
    return ",".join((USUAL | values).get(name, "") for name in NAMES) + "\n"


def read(*rows: str, **options: Any) -> list[Any]:
    return list(in_utc("".join(rows).encode(), "3cx-cdr", **options))


def test_format_is_found_by_its_first_row(tmp_path: Path) -> None:
    path = tmp_path / "cdr.log"
    path.write_text(row(), encoding="utf-8")
    assert detect(path)[0].name == "3cx-cdr"


def test_call_through_a_queue_is_inbound_and_its_agent_is_who_took_it() -> None:
    [call] = read(row())
    assert (call.direction, people(call.customers)) == (Direction.INBOUND, [["phone:02079460958"]])
    assert (call.agent, call.outcome, call.source_id) == ("101", "answered", "89d3af2d8f010000_12")
    assert (call.ended_at - call.occurred_at).total_seconds() == 68


def test_call_of_a_line_is_outbound_to_the_number_dialled() -> None:
    [call] = read(
        row(
            from_no="Ext.101",
            from_dn="101",
            dial="02079460123",
            to_no="02079460123",
            from_type="Extension",
            to_type="Line",
            final_type="Line",
        )
    )
    assert (call.direction, people(call.customers), call.agent) == (Direction.OUTBOUND, [["phone:02079460123"]], "101")


def test_call_between_lines_is_internal() -> None:
    [call] = read(row(from_no="Ext.101", from_type="extension", to_no="Ext.102", dial="102", to_type="extension"))
    assert call.direction is Direction.INTERNAL


def test_older_rows_without_types_are_told_by_the_lines() -> None:
    [call] = read(row(from_type="", to_type="", final_type=""))
    assert (call.direction, call.agent) == (Direction.INBOUND, "101")


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"final_type": "Queue", "final_no": "", "final_dn": ""}, "abandoned"),
        ({"final_type": "queue", "answered": ""}, "abandoned"),
        ({"final_type": "VoiceMail"}, "voicemail"),
        ({"final_type": "Ivr"}, "self-service"),
        ({"answered": "", "to_type": "Extension"}, "missed"),
        ({"answered": "", "to_type": "Extension", "reason": "Busy"}, "busy"),
    ],
)
def test_outcome_is_told_by_where_the_call_ended(values: dict[str, Any], outcome: str) -> None:
    [call] = read(row(**values))
    assert call.outcome == outcome


def test_rows_of_one_call_are_one_interaction() -> None:
    items = read(row(final_no="Ext.102", final_dn="102", answered=""), row(start="2026/01/05 09:00:30"))
    assert (len(interactions(items)), len(passed_over(items))) == (1, 1)


def test_time_is_read_in_the_zone_given_and_an_offset_counts() -> None:
    assert read(row(), zone="America/New_York")[0].occurred_at.isoformat() == "2026-01-05T09:00:00-05:00"
    assert read(row(start="2026-01-05 09:00:00+01:00"))[0].occurred_at.isoformat() == "2026-01-05T09:00:00+01:00"


def test_row_of_another_layout_is_rejected_and_columns_name_its_order() -> None:
    line = "7,2026/01/05 09:00:00,02079460958,Ext.101\n"
    assert len(rejected(read(line))) == 1
    [call] = read(line, columns=["callid", "time-start", "from-no", "to-no"])
    assert (call.source_id, people(call.customers)) == ("7", [["phone:02079460958"]])
