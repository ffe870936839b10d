"""The sources of FreeSWITCH's call records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction, Interaction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, people, rejected


@pytest.fixture
def calls(fixtures: Path) -> list[Interaction]:
    return interactions(in_utc(fixtures / "freeswitch.csv", zone="Europe/London"))


def test_formats_are_found(fixtures: Path) -> None:
    assert detect(fixtures / "freeswitch.csv")[0].name == "freeswitch-csv"
    assert detect(fixtures / "freeswitch.json")[0].name == "freeswitch-json"


def test_both_legs_of_a_call_are_one_interaction_named_by_the_first(calls: list[Interaction]) -> None:
    assert len(calls) == 3
    assert calls[0].source_id == "6f1c2a30-9d3b-4f0e-8a6e-5d7f0b1c2d30"
    assert len(calls[0].attributes["legs"]) == 2
    assert (calls[0].direction, people(calls[0].customers)) == (Direction.INBOUND, [["phone:02079460958"]])


def test_hangup_cause_is_the_outcome_where_nobody_answered(calls: list[Interaction]) -> None:
    assert [call.outcome for call in calls] == ["answered", "missed", "busy"]


def test_withheld_caller_gives_no_identifier(calls: list[Interaction]) -> None:
    assert (calls[1].customers, calls[1].attributes["withheld"]) == ((), True)


def test_template_that_imitates_asterisk_is_read_too() -> None:
    row = (
        '"care","02079460958","1001","public","""Jane"" <02079460958>","sofia/external/1","","bridge","","2026-01-05 09:00:01",'
        '"","2026-01-05 09:00:20","19","0","NO_ANSWER","","6f1c2a30-9d3b-4f0e-8a6e-5d7f0b1c2d30",""\n'
    )
    [call] = in_utc(row.encode(), "freeswitch-csv")
    assert (call.outcome, call.traits) == ("missed", {"name": "Jane"})


def test_row_of_no_template_is_rejected_and_columns_say_its_order(calls: list[Interaction]) -> None:
    row = b"6f1c,02079460958,1001,2026-01-05 09:00:01\n"
    assert len(rejected(in_utc(row, "freeswitch-csv"))) == 1
    columns = ["uuid", "caller_id_number", "destination_number", "start_stamp"]
    [call] = in_utc(row, "freeswitch-csv", columns=columns)
    assert call.source_id == "6f1c"


def test_json_record_is_decoded_and_its_first_profile_is_the_call(fixtures: Path) -> None:
    [call] = in_utc(fixtures / "freeswitch.json")
    assert people(call.customers) == [["phone:+442079460958"]]
    assert call.attributes["destination_number"] == "08081570123"
    assert call.attributes["sent_on_to"] == ["1002"]


def test_json_epochs_need_no_zone(fixtures: Path) -> None:
    [call] = in_utc(fixtures / "freeswitch.json", zone="Asia/Tokyo")
    assert call.occurred_at.isoformat() == "2026-07-05T09:00:01+00:00"


def test_json_without_variables_is_rejected_and_the_next_read(fixtures: Path) -> None:
    record = json.loads((fixtures / "freeswitch.json").read_text(encoding="utf-8"))
    items = list(in_utc([{"core-uuid": "x"}, record], "freeswitch-json"))
    assert (len(rejected(items)), len(interactions(items))) == (1, 1)


def leg(uuid: str, number: str, destination: str, channel: str, **variables: Any) -> dict[str, Any]:
    variables = {
        "uuid": uuid,
        "direction": "outbound",
        "start_epoch": "1767603600",
        "answer_epoch": "1767603605",
    } | variables
    profile = {"caller_id_number": number, "destination_number": destination, "context": "default"}
    return {
        "core-uuid": "x",
        "variables": variables
        | {"channel_name": channel, "end_epoch": "1767603700", "hangup_cause": "NORMAL_CLEARING"},
        "callflow": [{"profile_index": "1", "caller_profile": profile}],
    }


def test_call_that_a_program_placed_is_outbound_to_whom_was_dialled_after_the_agent() -> None:
    first, second = ("d05a7f84-9d3b-4f0e-8a6e-5d7f0b1c2d4" + end for end in "12")
    agent = leg(first, "01632960000", "1002", "sofia/internal/1002@pbx.example")
    customer = leg(
        second, "01632960000", "07700900456", "sofia/gateway/carrier/07700900456", originating_leg_uuid=first
    )
    for legs in ([agent, customer], [customer, agent]):
        [call] = interactions(in_utc(legs, "freeswitch-json"))
        assert (call.direction, people(call.customers), call.agent) == (
            Direction.OUTBOUND,
            [["phone:07700900456"]],
            "1002",
        )


def test_call_that_a_program_placed_to_a_customer_is_outbound() -> None:
    [call] = in_utc([leg("u-1", "01632960000", "07700900456", "sofia/gateway/carrier/07700900456")], "freeswitch-json")
    assert (call.direction, people(call.customers), call.agent) == (Direction.OUTBOUND, [["phone:07700900456"]], None)
