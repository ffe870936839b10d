"""The source of Asterisk's channel events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected

CALLER = ("PJSIP/trunk-00000001", "1767603600.1")
AGENT = ("PJSIP/alice-00000002", "1767603602.2")


def event(
    type: str,
    second: int,
    who: tuple[str, str] = CALLER,
    number: str = "02079460958",
    exten: str = "600",
    context: str = "from-trunk",
    app: str = "",
    linked: str = "1767603600.1",
) -> str:
    return (
        f'"{type}","{1767603600 + second}.25","Jane","{number}","","","","{exten}","{context}","{who[0]}","{app}","","3","",'
        f'"{who[1]}","{linked}","","","",""\n'
    )


START = event("CHAN_START", 0)
END = event("HANGUP", 60) + event("CHAN_END", 60) + event("LINKEDID_END", 60)
TAKEN = (
    event("CHAN_START", 2, AGENT, number="")
    + event("ANSWER", 5, AGENT)
    + event("BRIDGE_ENTER", 5, AGENT)
    + event("BRIDGE_ENTER", 5)
)


def read(text: str, **options: Any) -> list[Any]:
    return list(in_utc(text.encode(), "asterisk-cel", **options))


def test_format_is_found_in_the_usual_order_and_by_a_header(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    for text in (START, "id,eventtype,eventtime,cid_num,exten,context,channame,uniqueid,linkedid\n"):
        path.write_text(text, encoding="utf-8")
        assert detect(path)[0].name == "asterisk-cel"


def test_events_of_one_linked_id_are_one_call_and_each_is_accounted_for() -> None:
    items = read(START + TAKEN + END)
    [call] = interactions(items)
    assert (call.source_id, call.direction, people(call.customers)) == (
        "1767603600.1",
        Direction.INBOUND,
        [["phone:02079460958"]],
    )
    assert (call.agent, call.outcome, call.traits) == ("alice", "answered", {"name": "Jane"})
    assert call.ended_at is not None
    assert (call.ended_at - call.occurred_at).total_seconds() == 60
    assert len(items) == 8
    assert {unit.reason for unit in passed_over(items)} == {"event of a call"}


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (event("ANSWER", 1, app="Queue") + event("CHAN_START", 2, AGENT) + event("HANGUP", 30, AGENT), "abandoned"),
        (event("ANSWER", 1, app="Queue") + TAKEN, "answered"),
        (event("ANSWER", 1, app="VoiceMail"), "voicemail"),
        (event("ANSWER", 1, app="BackGround"), "self-service"),
        (event("APP_START", 1, app="Dial") + event("CHAN_START", 2, AGENT), "missed"),
        (event("BRIDGE_START", 5, app="Dial") + event("ANSWER", 5, AGENT, app="AppDial"), "answered"),
        (event("ANSWER", 5, AGENT, app="AppDial"), "answered"),
    ],
)
def test_outcome_is_told_by_who_was_connected_else_by_the_application(events: str, outcome: str) -> None:
    [call] = interactions(read(START + events + END))
    assert call.outcome == outcome


def test_call_of_a_line_is_outbound() -> None:
    line = ("PJSIP/201-00000001", "1767603600.1")
    [call] = interactions(
        read(event("CHAN_START", 0, line, number="02079460000", exten="02079460123", context="from-internal"))
    )
    assert (call.direction, people(call.customers), call.agent) == (Direction.OUTBOUND, [["phone:02079460123"]], "201")


def test_header_names_the_columns_and_local_times_are_read_in_the_zone_given() -> None:
    text = "eventtype,eventtime,cidnum,exten,context,channame,uniqueid,linkedid\n"
    text += "CHAN_START,2026-01-05 09:00:00.250000,02079460958,600,from-trunk,PJSIP/t-00000001,9.1,9.1\n"
    [call] = read(text, zone="America/New_York")
    assert (call.source_id, call.occurred_at.isoformat()) == ("9.1", "2026-01-05T09:00:00.250000-05:00")


def test_event_without_a_time_costs_itself_only() -> None:
    items = read(START + START.replace("1767603600.25", "soon") + END)
    assert ([item.where for item in rejected(items)], len(interactions(items))) == (["line 2"], 1)
