"""The source of HubSpot: CRM objects of activities, and engagements of v1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, passed_over, people

CONTACT = {"contacts": {"results": [{"id": "51", "type": "call_to_contact"}]}}


def activity(id: str = "1", associations: dict[str, Any] = CONTACT, **properties: Any) -> dict[str, Any]:
    return {"id": id, "properties": {"hs_timestamp": "2026-02-03T10:00:00Z"} | properties, "associations": associations}


def read(*found: dict[str, Any]) -> list[Any]:
    return list(open_source([{"results": list(found)}], "hubspot"))


@pytest.mark.parametrize(
    ("direction", "expected", "number"),
    [("INBOUND", Direction.INBOUND, "+447700900123"), ("OUTBOUND", Direction.OUTBOUND, "+441632960111")],
)
def test_call_is_with_the_contact_and_the_number_of_the_other_side(
    direction: str, expected: Direction, number: str
) -> None:
    [call] = read(
        activity(
            hs_call_direction=direction,
            hs_call_from_number="+447700900123",
            hs_call_to_number="+441632960111",
            hs_call_duration="90000",
            hs_call_status="NO_ANSWER",
        )
    )
    assert (call.channel, call.kind, call.direction, call.outcome) == ("phone", "call", expected, "missed")
    assert people(call.customers) == [["crm:51@hubspot", f"phone:{number}"]]
    assert (call.ended_at - call.occurred_at).total_seconds() == 90


def test_number_is_of_nobody_in_particular_where_several_contacts_are_named() -> None:
    several = {"contacts": {"results": [{"id": "51"}, {"id": "52"}]}}
    [call] = read(activity(associations=several, hs_call_direction="INBOUND", hs_call_from_number="+447700900123"))
    assert people(call.customers) == [["crm:51@hubspot"], ["crm:52@hubspot"]]


@pytest.mark.parametrize(
    ("word", "direction"),
    [("INCOMING_EMAIL", Direction.INBOUND), ("EMAIL", Direction.OUTBOUND), ("FORWARDED_EMAIL", None)],
)
def test_direction_of_a_mail_is_its_type(word: str, direction: Direction | None) -> None:
    [mail] = read(
        activity(
            hs_email_direction=word, hs_email_subject="Hi", hs_email_text="Hello", hs_email_from_email="j@example.org"
        )
    )
    assert (mail.channel, mail.direction, mail.subject, mail.body) == ("email", direction, "Hi", "Hello")


def test_notes_are_internal_and_messages_have_their_channel() -> None:
    note, message = read(
        activity(hs_note_body="<p>called back</p>"),
        activity("2", hs_communication_channel_type="WHATS_APP", hs_communication_body="hi"),
    )
    assert (note.direction, note.body, message.channel) == (Direction.INTERNAL, "called back", "whatsapp")


def test_ids_of_two_kinds_of_object_are_two() -> None:
    note, call = read(activity("1", hs_note_body="x"), activity("1", hs_call_body="x"))
    assert note.source_id != call.source_id


def test_tasks_and_other_objects_are_passed_over_by_their_kind() -> None:
    items = read(activity(hs_task_subject="ring"), {"id": "3", "properties": {"email": "x@example.org"}})
    assert [item.reason for item in passed_over(items)] == ['event type "task"', 'event type "none"']


def test_activity_of_no_contact_is_kept_and_said() -> None:
    item, note = read(activity(associations={}, hs_note_body="x"))
    assert (item.customers, note.kept) == ((), True)


def test_engagement_of_v1_is_read_as_the_object_that_came_after_it() -> None:
    one = {
        "engagement": {"id": 29, "type": "INCOMING_EMAIL", "timestamp": 1770112800000},
        "associations": {"contactIds": [51]},
        "metadata": {"from": {"email": "jane@example.org"}, "to": [{"email": "sam@shop.example"}], "text": "Hello"},
    }
    [mail] = interactions(open_source([one], "hubspot"))
    assert (mail.direction, mail.body) == (Direction.INBOUND, "Hello")
    assert people(mail.customers) == [["crm:51@hubspot", "email:jane@example.org"]]


def test_formats_are_found(tmp_path: Path) -> None:
    (tmp_path / "h.json").write_text(json.dumps({"results": [activity(hs_call_body="x")]}))
    assert detect(tmp_path / "h.json")[0].name == "hubspot"
