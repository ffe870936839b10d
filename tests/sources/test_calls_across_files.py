"""Legs and events of one call that stand in several files of a folder, or come in several loads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.sources import open_source
from omnitrack.tracker import Tracker
from sources.asserting import interactions, passed_over

CALLER, CALLED = "d05a7f84-9d3b-4f0e-8a6e-5d7f0b1c2d40", "1bb0aaaa-9d3b-4f0e-8a6e-5d7f0b1c2d41"


def freeswitch_leg(uuid: Any, profile: Any, **variables: Any) -> Any:
    times = {"start_epoch": "1767603600", "answer_epoch": "1767603605", "end_epoch": "1767603800", "duration": "200"}
    variables = {"uuid": uuid, "hangup_cause": "NORMAL_CLEARING", **times, **variables}
    return json.dumps(
        {
            "core-uuid": "2e9f0a11",
            "variables": variables,
            "callflow": [{"profile_index": "1", "caller_profile": profile}],
        }
    )


FIRST = freeswitch_leg(
    CALLER,
    {"caller_id_number": "02079460958", "destination_number": "08081570100"},
    direction="inbound",
    call_uuid=CALLER,
    bleg_uuid=CALLED,
    channel_name="sofia/external/02079460958@carrier.example",
)
SECOND = freeswitch_leg(
    CALLED,
    {"caller_id_number": "02079460958", "destination_number": "1002"},
    direction="outbound",
    call_uuid=CALLER,
    originating_leg_uuid=CALLER,
    channel_name="sofia/internal/1002@pbx.example",
)
# Asterisk: the caller's row, and one of the half of a Local channel on which a queue rang an agent, under a unique id of its own.
CDR = (
    '"","02079460958","600","from-trunk","""Jane"" <02079460958>","PJSIP/trunk-00000001","Local/201@from-queue-0000000a;1","Queue",'
    '"care","2026-01-05 09:00:00","2026-01-05 09:00:01","2026-01-05 09:03:00",180,179,"ANSWERED","DOCUMENTATION","1767603600.1",""\n'
    '"","02079460958","201","from-queue","""Jane"" <02079460958>","Local/201@from-queue-0000000a;2","PJSIP/201-00000002","Dial",'
    '"PJSIP/201","2026-01-05 09:00:20","2026-01-05 09:00:25","2026-01-05 09:03:00",160,155,"ANSWERED","DOCUMENTATION","1767603620.3",""\n'
    '"","02079460111","600","from-trunk","02079460111","PJSIP/trunk-00000005","","Queue",'
    '"care","2026-01-05 10:00:00","2026-01-05 10:00:01","2026-01-05 10:01:00",60,59,"ANSWERED","DOCUMENTATION","1767607200.5",""\n'
)
EVENTS = [
    ("CHAN_START", 0, "02079460958", "PJSIP/trunk-00000001", "1767603600.1", "1767603600.1", ""),
    ("ANSWER", 1, "02079460958", "PJSIP/trunk-00000001", "1767603600.1", "1767603600.1", "Queue"),
    ("CHAN_START", 20, "", "PJSIP/201-00000002", "1767603620.4", "1767603600.1", ""),
    ("ANSWER", 25, "", "PJSIP/201-00000002", "1767603620.4", "1767603600.1", ""),
    ("BRIDGE_ENTER", 25, "", "PJSIP/201-00000002", "1767603620.4", "1767603600.1", ""),
    ("LINKEDID_END", 180, "02079460958", "PJSIP/trunk-00000001", "1767603600.1", "1767603600.1", ""),
    ("CHAN_START", 3600, "02079460111", "PJSIP/trunk-00000005", "1767607200.5", "1767607200.5", ""),
    ("ANSWER", 3601, "02079460111", "PJSIP/trunk-00000005", "1767607200.5", "1767607200.5", "Queue"),
    ("LINKEDID_END", 3660, "02079460111", "PJSIP/trunk-00000005", "1767607200.5", "1767607200.5", ""),
]
CEL = "".join(
    f'"{type}","{1767603600 + second}.0","","{number}","","","","600","from-trunk","{channel}","{application}","","3","",'
    f'"{unique}","{linked}","","","",""\n'
    for type, second, number, channel, unique, linked, application in EVENTS
)


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with omnitrack.open("memory://", region="GB", zone="Europe/London", own=["phone:08081570100"]) as opened:
        yield opened


def told(tracker: Tracker) -> list[Any]:
    return [
        (str(call.customers[0][0].identifier), call.outcome, call.agent)
        for call in sorted(tracker.interactions(), key=lambda one: one.occurred_at)
    ]


@pytest.mark.parametrize("names", [("a.json", "b.json"), ("b.json", "a.json")])
def test_legs_in_files_of_their_own_are_one_call_in_whatever_order_the_files_stand(
    tracker: Tracker, tmp_path: Path, names: tuple[str, str]
) -> None:
    for name, leg in zip(names, (FIRST, SECOND), strict=True):
        (tmp_path / name).write_text(leg, encoding="utf-8")
    report = tracker.load(tmp_path)
    assert (report.units, report.added, report.passed_over) == (2, 1, {"further leg of a call": 1})
    assert told(tracker) == [("phone:+442079460958", "answered", "1002")]


def test_place_of_a_leg_names_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(FIRST, encoding="utf-8")
    (tmp_path / "b.json").write_text(SECOND, encoding="utf-8")
    [leg] = passed_over(open_source(tmp_path))
    assert leg.where == "b.json: byte 0"


@pytest.mark.parametrize("legs", [(FIRST, SECOND), (SECOND, FIRST)])
def test_leg_in_a_later_load_is_no_second_contact(tracker: Tracker, legs: tuple[str, str]) -> None:
    first, second = (tracker.load([json.loads(leg)], format="freeswitch-json") for leg in legs)
    assert ((first.added, first.duplicates), (second.added, second.duplicates)) == ((1, 0), (0, 1))
    [(who, _, _)] = told(tracker)
    assert who == "phone:+442079460958"


def test_legs_in_a_packed_file_of_the_folder_count_too(tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "today.json").write_text(SECOND, encoding="utf-8")
    (tmp_path / "yesterday.json.gz").write_bytes(gzip.compress(FIRST.encode()))
    assert tracker.load(tmp_path).added == 1


def test_copy_of_a_file_in_the_folder_adds_nothing_to_its_calls(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text(CDR, encoding="utf-8")
    (tmp_path / "Master.csv.1").write_text(CDR, encoding="utf-8")
    calls = interactions(open_source(tmp_path, zone="Europe/London"))
    assert [len(call.attributes.get("legs", [0])) for call in calls] == [2, 1]


def test_call_that_goes_on_in_the_next_file_of_a_rotated_log_is_one(tracker: Tracker, tmp_path: Path) -> None:
    rows = CDR.splitlines(keepends=True)
    (tmp_path / "Master.csv.1").write_text(rows[0], encoding="utf-8")
    (tmp_path / "Master.csv").write_text("".join(rows[1:]), encoding="utf-8")
    report = tracker.load(tmp_path)
    assert (report.added, report.passed_over) == (2, {"further leg of a call": 1})
    assert told(tracker)[0] == ("phone:+442079460958", "answered", "201")


@pytest.mark.parametrize("order", [("asterisk-cdr", "asterisk-cel"), ("asterisk-cel", "asterisk-cdr")])
def test_events_and_records_of_the_same_calls_are_one_contact_for_each_call(
    tracker: Tracker, order: tuple[str, str]
) -> None:
    logs = {"asterisk-cdr": CDR, "asterisk-cel": CEL}
    first, second = (tracker.load(open_source(logs[name].encode(), name)) for name in order)
    assert ((first.added, second.added), second.duplicates) == ((2, 0), 2)
    assert told(tracker) == [
        ("phone:+442079460958", "answered", "201"),
        ("phone:+442079460111", "abandoned", None),
    ]
