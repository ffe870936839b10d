"""What became of a call, and who took it: by the queue, the application and the channels that its records name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omnitrack.model import Direction, Interaction
from omnitrack.sources.cdr import endpoint
from sources.asserting import in_utc, interactions, passed_over, people

A = "d05a7f84-9d3b-4f0e-8a6e-5d7f0b1c2d40"
B = "1bb0aaaa-9d3b-4f0e-8a6e-5d7f0b1c2d41"


def asterisk(*rows: dict[str, Any]) -> Interaction:
    text = ""
    for row in rows:
        values = {
            "src": "02079460958",
            "dst": "600",
            "context": "from-trunk",
            "channel": "PJSIP/trunk-00000001",
            "dstchannel": "",
            "app": "Dial",
            "disposition": "ANSWERED",
        } | row
        text += (
            '"","{src}","{dst}","{context}","","{channel}","{dstchannel}","{app}","","2026-01-05 09:00:00","2026-01-05 09:00:01",'
            '"2026-01-05 09:01:00",60,59,"{disposition}","DOCUMENTATION","1767603600.1",""\n'
        ).format(**values)
    [call] = interactions(in_utc(text.encode(), "asterisk-cdr"))
    return call


def leg(
    uuid: str,
    start: int = 1767603600,
    answered: bool = True,
    number: str = "+442079460958",
    destination: str = "+442079460000",
    **variables: Any,
) -> dict[str, Any]:
    given = {"uuid": uuid, "start_epoch": str(start), "end_epoch": str(start + 60), "hangup_cause": "NORMAL_CLEARING"}
    if answered:
        given["answer_epoch"] = str(start + 5)
    profile = {"caller_id_number": number, "destination_number": destination, "context": "public"}
    return {
        "core-uuid": "x",
        "variables": given | variables,
        "callflow": [{"profile_index": "1", "caller_profile": profile}],
    }


def freeswitch(*legs: dict[str, Any]) -> list[Any]:
    return list(in_utc("\n".join(map(json.dumps, legs)).encode(), "freeswitch-json"))


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([{"app": "Queue"}], "abandoned"),
        ([{"app": "Queue", "dstchannel": "PJSIP/201-00000002"}], "answered"),
        ([{"disposition": "NO ANSWER", "dstchannel": "PJSIP/201-00000002"}, {"app": "Queue"}], "abandoned"),
        ([{"app": "VoiceMail"}], "voicemail"),
        ([{"disposition": "NO ANSWER", "dstchannel": "PJSIP/201-00000002"}, {"app": "VoiceMail"}], "voicemail"),
        ([{"app": "BackGround"}], "self-service"),
        ([{"app": "BackGround"}, {"app": "Queue"}], "abandoned"),
        ([{"app": "Playback"}, {"disposition": "NO ANSWER", "dstchannel": "PJSIP/201-00000002"}], "missed"),
        ([{"app": "Dial"}], "missed"),
        ([{"app": "ConfBridge"}], "answered"),
        ([{"app": "", "dstchannel": ""}], "answered"),
    ],
)
def test_line_that_was_answered_tells_the_outcome_by_what_answered_it(rows: list[dict[str, Any]], outcome: str) -> None:
    assert asterisk(*rows).outcome == outcome


def test_call_of_the_company_that_only_a_machine_spoke_in_was_answered_by_the_customer() -> None:
    assert (
        asterisk({"src": "201", "dst": "02079460123", "app": "Playback", "context": "from-internal"}).outcome
        == "answered"
    )


@pytest.mark.parametrize("context", ["default", "macro-dialout-trunk", ""])
def test_channel_of_a_line_makes_a_call_outbound_whatever_number_it_shows(context: str) -> None:
    call = asterisk(
        {
            "src": "02079460000",
            "dst": "02079460123",
            "context": context,
            "channel": "PJSIP/201-00000001",
            "dstchannel": "PJSIP/t-00000002",
        }
    )
    assert (call.direction, people(call.customers)) == (Direction.OUTBOUND, [["phone:02079460123"]])


def test_call_between_lines_is_internal_whatever_number_it_shows() -> None:
    assert (
        asterisk({"src": "02079460000", "dst": "202", "context": "x", "channel": "SIP/201-1a2b"}).direction
        is Direction.INTERNAL
    )


def test_context_of_arriving_calls_outweighs_a_trunk_that_is_named_by_a_number() -> None:
    assert asterisk({"channel": "PJSIP/1234-00000001", "dst": "02079460000"}).direction is Direction.INBOUND


@pytest.mark.parametrize(
    ("channel", "who"),
    [
        ("PJSIP/alice-0000001c", "alice"),
        ("SIP/201-1a2b3c4d", "201"),
        ("Local/201@from-queue-0000001c;2", "201"),
        ("sofia/internal/1002@192.0.2.5:5060", "1002"),
        ("sofia/internal/sip:1002@pbx.example", "1002"),
        ("[leg_timeout=20]user/1002@pbx.example", "1002"),
        ("{a=b}sofia/internal/1002@pbx.example", "1002"),
        ("verto.rtc/1002@pbx.example", "1002"),
        ("sofia/gateway/carrier/02079460123", None),
        ("sofia/external/02079460123@carrier.example", None),
        ("DAHDI/i1/02079460123-1", None),
        ("", None),
    ],
)
def test_channel_tells_whose_line_it_is_and_a_trunk_is_nobodys(channel: str, who: str | None) -> None:
    assert endpoint(channel) == who


@pytest.mark.parametrize(
    "link",
    [
        "call_uuid",
        "bleg_uuid",
        "signal_bond",
        "bridge_uuid",
        "last_bridge_to",
        "originating_leg_uuid",
        "cc_member_session_uuid",
    ],
)
@pytest.mark.parametrize("on_first", [True, False])
def test_legs_are_joined_by_whichever_id_names_the_other(link: str, on_first: bool) -> None:
    first, second = {link: B} if on_first else {}, {} if on_first else {link: A}
    one: dict[str, Any] = first
    two: dict[str, Any] = second
    items = freeswitch(leg(A, **one), leg(B, start=1767603602, destination="1002", **two))
    [call] = interactions(items)
    assert (call.source_id, [unit.reason for unit in passed_over(items)]) == (A, ["further leg of a call"])


def test_legs_of_one_second_are_named_by_the_one_that_came_in() -> None:
    placed = leg(B, destination="1002", direction="outbound", originating_leg_uuid=A)
    for legs in ([leg(A), placed], [placed, leg(A)]):
        [call] = interactions(freeswitch(*legs))
        assert (call.source_id, people(call.customers)) == (A, [["phone:+442079460958"]])


def test_agent_is_the_line_of_the_leg_that_was_answered() -> None:
    legs = [leg(A, bleg_uuid=B)]
    for number, uuid in enumerate((B, B.replace("41", "42"), B.replace("41", "43"))):
        channel = f"sofia/internal/100{number}@192.0.2.5:5060"
        legs.append(
            leg(
                uuid,
                answered=number == 1,
                direction="outbound",
                originating_leg_uuid=A,
                channel_name=channel,
                hangup_cause="LOSE_RACE",
            )
        )
    [call] = interactions(freeswitch(*legs))
    assert (call.agent, call.outcome) == ("1001", "answered")


@pytest.mark.parametrize(
    ("variables", "outcome"),
    [
        ({"cc_queue": "care", "cc_side": "member", "cc_cause": "cancel"}, "abandoned"),
        ({"cc_queue": "care", "cc_side": "member", "cc_queue_answered_epoch": "1767603620"}, "answered"),
        ({"cc_queue": "care", "cc_side": "member", "last_app": "voicemail", "last_arg": "default x 1"}, "voicemail"),
        ({"last_app": "voicemail", "last_arg": "default pbx.example 1001"}, "voicemail"),
        ({"last_app": "voicemail", "last_arg": "check default pbx.example 1001"}, "self-service"),
        ({"last_app": "lua", "last_arg": "app.lua voicemail"}, "voicemail"),
        ({"last_app": "ivr", "last_arg": "welcome"}, "self-service"),
        ({"last_app": "playback", "signal_bond": B}, "answered"),
        ({"last_app": "bridge", "originate_disposition": "NO_ANSWER"}, "missed"),
        ({"last_app": "bridge", "originate_disposition": "USER_BUSY"}, "busy"),
        ({"last_app": "bridge", "originate_disposition": "SUCCESS"}, "answered"),
        ({"last_app": "conference"}, "answered"),
        ({}, "answered"),
    ],
)
def test_channel_that_was_answered_tells_the_outcome_by_queue_and_application(
    variables: dict[str, Any], outcome: str
) -> None:
    [call] = interactions(freeswitch(leg(A, **variables)))
    assert call.outcome == outcome
