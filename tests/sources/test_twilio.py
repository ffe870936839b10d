"""The source of Twilio's calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected


def sid(number: int) -> str:
    return f"CA{number:032d}"


def call(number: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "sid": sid(number),
        "parent_call_sid": None,
        "direction": "inbound",
        "from": "+442079460958",
        "to": "+442079460000",
        "status": "completed",
        "start_time": "Mon, 05 Jan 2026 09:00:00 +0000",
        "end_time": "Mon, 05 Jan 2026 09:04:10 +0000",
        "duration": "250",
        "answered_by": None,
        "caller_name": None,
    } | values


def dialled(number: int = 2, **values: Any) -> dict[str, Any]:
    return call(number, **{"parent_call_sid": sid(1), "direction": "outbound-dial", "to": "client:alice"} | values)


def read(*records: dict[str, Any]) -> list[Any]:
    return list(in_utc(list(records), "twilio-calls"))


def test_format_is_found_alone_and_in_pages(tmp_path: Path) -> None:
    for name, value in (("one.json", call()), ("page.json", {"first_page_uri": "/x", "calls": [call()], "page": 0})):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
        assert detect(tmp_path / name)[0].name == "twilio-calls"


@pytest.mark.parametrize("newest_first", [True, False])
def test_call_and_the_leg_that_it_dialled_are_one_taken_by_the_agent(newest_first: bool) -> None:
    records = [call(), dialled()]
    items = read({"calls": records[::-1] if newest_first else records, "first_page_uri": "/x"})
    [found] = interactions(items)
    assert (found.source_id, found.direction, found.agent, found.outcome) == (
        sid(1),
        Direction.INBOUND,
        "alice",
        "answered",
    )
    assert people(found.customers) == [["phone:+442079460958"]]
    assert len(passed_over(items)) == 1


def test_call_whose_legs_nobody_took_was_not_answered() -> None:
    [found] = interactions(read(call(), dialled(status="busy"), dialled(3, status="no-answer")))
    assert (found.outcome, found.agent) == ("missed", None)


def test_inbound_call_without_a_leg_has_the_word_of_twilio() -> None:
    [found] = read(call())
    assert found.outcome == "completed"


def test_call_of_an_agent_in_a_browser_is_outbound_to_the_number_dialled() -> None:
    items = read(call() | {"from": "client:alice", "to": ""}, dialled(to="+447700900123"))
    [found] = interactions(items)
    assert (found.direction, people(found.customers), found.agent) == (
        Direction.OUTBOUND,
        [["phone:+447700900123"]],
        "alice",
    )


def test_call_of_a_sip_phone_is_left_to_the_own_hosts() -> None:
    [found] = interactions(read(call() | {"from": "sip:bob@pbx.example", "to": "x"}, dialled(to="+447700900123")))
    assert (found.direction, found.customers, people(found.recipients)) == (None, (), [["phone:+447700900123"]])


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({}, "answered"),
        ({"status": "busy"}, "busy"),
        ({"status": "no-answer"}, "missed"),
        ({"status": "canceled"}, "missed"),
        ({"status": "failed"}, "failed"),
        ({"answered_by": "human"}, "answered"),
        ({"answered_by": "machine_end_beep"}, "voicemail"),
        ({"answered_by": "fax"}, "failed"),
    ],
)
def test_outcome_of_a_call_that_a_program_places_is_status_and_who_answered(
    values: dict[str, Any], outcome: str
) -> None:
    [found] = read(call(direction="outbound-api", **{"from": "+442079460000", "to": "+447700900123"} | values))
    assert (found.direction, found.outcome, people(found.customers)) == (
        Direction.OUTBOUND,
        outcome,
        [["phone:+447700900123"]],
    )


def test_leg_to_an_agent_by_itself_is_internal() -> None:
    [found] = read(call(direction="outbound-api", to="client:alice"))
    assert (found.direction, found.customers) == (Direction.INTERNAL, ())


def test_caller_that_the_network_does_not_vouch_for_is_a_claim() -> None:
    [found] = read(call(StirVerstat="TN-Validation-Failed-A"))
    assert [s.assurance for s in found.customers[0]] == [Assurance.CLAIMED]


def test_times_are_read_as_the_api_and_as_exports_write_them_and_a_call_never_begun_has_that_of_its_making() -> None:
    assert (
        read(call(start_time="2026-01-05T09:00:00Z", end_time=None))[0].ended_at.isoformat()
        == "2026-01-05T09:04:10+00:00"
    )
    made = call(start_time=None, end_time=None, duration=None, date_created="Mon, 05 Jan 2026 08:00:00 +0000")
    assert read(made)[0].occurred_at.isoformat() == "2026-01-05T08:00:00+00:00"


def test_record_without_an_id_or_a_time_costs_itself_only() -> None:
    items = read({"calls": [call(sid=None), call(start_time="soon"), call(3)], "first_page_uri": "/x"})
    assert ([item.where for item in rejected(items)], len(interactions(items))) == (
        ["record 0, call 0", "record 0, call 1"],
        1,
    )


def test_page_whose_calls_are_no_list_is_told() -> None:
    assert len(rejected(read({"calls": 5, "first_page_uri": "/x"}))) == 1


def test_empty_page_is_passed_over() -> None:
    assert [unit.reason for unit in passed_over(read({"calls": [], "first_page_uri": "/x"}))] == [
        "page without results"
    ]
