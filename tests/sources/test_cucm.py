"""The source of Cisco's call records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected

USUAL = {
    "cdrRecordType": "1",
    "globalCallID_callManagerId": "1",
    "globalCallID_callId": "4711",
    "dateTimeOrigination": "1767603600",
    "callingPartyNumber": "02079460958",
    "origDeviceName": "GW-LONDON",
    "origCause_value": "0",
    "originalCalledPartyNumber": "6001",
    "finalCalledPartyNumber": "6001",
    "destDeviceName": "SEP0123456789AB",
    "destCause_value": "16",
    "dateTimeConnect": "1767603605",
    "dateTimeDisconnect": "1767603665",
    "duration": "60",
    "wasCallQueued": "0",
    "globalCallId_ClusterID": "care",
    "finalCalledPartyUnicodeLoginUserID": "",
}
HEADER = ",".join(f'"{name}"' for name in USUAL) + "\n"
TYPES = ",".join("INTEGER" if n % 2 else "VARCHAR(50)" for n in range(len(USUAL))) + "\n"


def row(**values: Any) -> str:
    return ",".join(f'"{value}"' for value in (USUAL | values).values()) + "\n"


def read(*rows: str) -> list[Any]:
    return list(in_utc((HEADER + TYPES + "".join(rows)).encode(), "cucm-cdr"))


def test_format_is_found_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "cdr_care_01_202601050900_1"
    path.write_text(HEADER + TYPES + row(), encoding="utf-8")
    assert detect(path)[0].name == "cucm-cdr"


def test_call_from_a_gateway_is_inbound_and_taken_by_the_line() -> None:
    [call] = read(row())
    assert (call.direction, people(call.customers), call.agent) == (Direction.INBOUND, [["phone:02079460958"]], "6001")
    assert (call.outcome, call.occurred_at.isoformat()) == ("answered", "2026-01-05T09:00:00+00:00")
    assert (call.ended_at - call.occurred_at).total_seconds() == 65


def test_agent_is_the_user_who_was_logged_in() -> None:
    assert read(row(finalCalledPartyUnicodeLoginUserID="alice"))[0].agent == "alice"


def test_call_from_a_phone_is_outbound_whatever_number_it_shows() -> None:
    values = {"origDeviceName": "SEPAB", "destDeviceName": "GW-LONDON", "finalCalledPartyNumber": "02079460123"}
    for number in ("6001", "02079460000"):
        [call] = read(row(callingPartyNumber=number, originalCalledPartyNumber="02079460123", **values))
        assert (call.direction, people(call.customers)) == (Direction.OUTBOUND, [["phone:02079460123"]])


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"dateTimeConnect": "0", "destCause_value": "17"}, "busy"),
        ({"dateTimeConnect": "0", "destCause_value": "0", "origCause_value": "16"}, "missed"),
        ({"dateTimeConnect": "0", "destCause_value": "19"}, "missed"),
        ({"dateTimeConnect": "0", "destCause_value": "21"}, "refused"),
        ({"dateTimeConnect": "0", "destCause_value": "1"}, "failed"),
        ({"dateTimeConnect": "0", "wasCallQueued": "1"}, "abandoned"),
        ({"destDeviceName": "CiscoUM1-VI1"}, "voicemail"),
    ],
)
def test_outcome_is_told_by_connection_queue_mailbox_and_cause(values: dict[str, Any], outcome: str) -> None:
    assert read(row(**values))[0].outcome == outcome


def test_records_of_one_global_call_are_one_interaction_and_its_number_may_come_again() -> None:
    items = read(
        row(),
        row(dateTimeOrigination="1767603650", finalCalledPartyNumber="6002"),
        row(dateTimeOrigination="1777603600", dateTimeDisconnect="1777603660"),
    )
    assert [call.source_id for call in interactions(items)] == ["care:1:4711:1767603600", "care:1:4711:1777603600"]
    assert interactions(items)[0].agent == "6002"
    assert len(passed_over(items)) == 1


def test_quality_records_and_handsets_that_dialled_nothing_are_passed_over() -> None:
    off_hook = row(originalCalledPartyNumber="", finalCalledPartyNumber="")
    items = read(row(cdrRecordType="2"), off_hook)
    assert [unit.reason for unit in passed_over(items)] == [
        "record of the quality of a call",
        "handset that dialled nothing",
    ]


def test_row_without_a_time_costs_itself_only() -> None:
    items = read(row(dateTimeOrigination=""), row())
    assert ([item.where for item in rejected(items)], len(interactions(items))) == (["line 3"], 1)
