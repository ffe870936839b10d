"""The source of Teams' calls with the telephone network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected


def row(**values: Any) -> dict[str, Any]:
    return {
        "id": "9c4984c7-6c3c-427d-a30c-bd0b2eacee90",
        "callType": "user_in",
        "callerNumber": "+442079460958",
        "calleeNumber": "+442079460000",
        "startDateTime": "2026-01-05T09:00:00Z",
        "endDateTime": "2026-01-05T09:04:00Z",
        "duration": 240,
        "userPrincipalName": "alice@shop.example",
        "userDisplayName": "Alice",
    } | values


def read(*values: dict[str, Any]) -> list[Any]:
    return list(in_utc(list(values), "teams-calls"))


def test_format_is_found_in_pages_and_rows(tmp_path: Path) -> None:
    page = {"@odata.context": "x/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)", "value": [row()]}
    for name, value in (("page.json", page), ("rows.json", [row()])):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
        assert detect(tmp_path / name)[0].name == "teams-calls"


@pytest.mark.parametrize(
    ("kind", "direction"),
    [
        ("user_in", Direction.INBOUND),
        ("ucap_in", Direction.INBOUND),
        ("conf_in", Direction.INBOUND),
        ("user_out", Direction.OUTBOUND),
        ("user_out_transfer", Direction.OUTBOUND),
        ("ucap_out", Direction.OUTBOUND),
        ("ByotIn", Direction.INBOUND),
        ("ByotInUcap", Direction.INBOUND),
        ("ByotOutUserForwarding", Direction.OUTBOUND),
        ("other", None),
    ],
)
def test_type_of_the_call_says_who_called_whom(kind: str, direction: Direction | None) -> None:
    [call] = read(row(callType=kind))
    assert call.direction is direction


def test_the_customer_is_on_the_other_side_and_the_user_is_the_agent() -> None:
    [called] = read(row())
    assert (people(called.customers), called.agent) == ([["phone:+442079460958"]], "alice@shop.example")
    [calling] = read(row(callType="user_out", callerNumber="+442079460000", calleeNumber="+447700900123"))
    assert (people(calling.customers), calling.agent) == ([["phone:+447700900123"]], "alice@shop.example")


def test_number_that_was_masked_identifies_nobody_and_is_kept() -> None:
    [call] = read(row(callerNumber="+4420794****"))
    assert (call.customers, call.attributes["callerNumber"]) == ((), "+4420794****")
    assert "withheld" not in call.attributes


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({}, "answered"),
        ({"duration": 0}, "missed"),
        ({"successfulCall": True}, "answered"),
        ({"successfulCall": False, "finalSipCode": 486}, "busy"),
        ({"successfulCall": False, "finalSipCode": 487}, "missed"),
        ({"successfulCall": False, "finalSipCode": 603}, "refused"),
        ({"successfulCall": False, "finalSipCode": 404}, "failed"),
        ({"successfulCall": False, "finalSipCode": None}, "missed"),
    ],
)
def test_outcome_is_told_by_success_and_code_else_by_the_duration(values: dict[str, Any], outcome: str) -> None:
    [call] = read(row(**values))
    assert call.outcome == outcome


def test_row_that_failed_has_the_time_of_its_invitation() -> None:
    [call] = read(row(startDateTime=None, endDateTime=None, duration=0, inviteDateTime="2026-01-05T08:00:00Z"))
    assert call.occurred_at.isoformat() == "2026-01-05T08:00:00+00:00"


def test_row_without_an_id_or_a_time_costs_itself_only() -> None:
    items = read({"value": [row(id=None), row(startDateTime=None), row()]})
    assert ([item.where for item in rejected(items)], len(interactions(items))) == (
        ["record 0, row 0", "record 0, row 1"],
        1,
    )


def test_empty_page_is_passed_over() -> None:
    assert [unit.reason for unit in passed_over(read({"value": []}))] == ["page without results"]
