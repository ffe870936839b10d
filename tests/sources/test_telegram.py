"""The source of Telegram's exports."""

from __future__ import annotations

import json

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source, reading_json, reading_nested
from sources.asserting import interactions, keys, passed_over, people, rejected


def text(number, sender="user5", **fields):
    name = {"user5": "Jane", "user9": "Care"}.get(sender)
    return {
        "id": number,
        "type": "message",
        "date": "2026-01-05T09:00:00",
        "date_unixtime": "1767603600",
        "from": name,
        "from_id": sender,
        "text": "hi",
        **fields,
    }


def chat(*messages, kind="personal_chat", number=5):
    return {"name": "Jane", "type": kind, "id": number, "messages": list(messages)}


def read(value):
    return list(open_source(json.dumps(value, indent=1).encode(), "telegram"))


def test_format_is_found(tmp_path):
    for number, value in enumerate(
        [chat(text(1)), {"about": "", "personal_information": {}, "chats": {"list": [chat(text(1))]}}]
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        assert detect(path)[0].name == "telegram"


def test_in_a_chat_of_two_the_export_says_who_the_other_is():
    inbound, outbound = read(chat(text(1), text(2, "user9")))
    assert (inbound.direction, outbound.direction) == (Direction.INBOUND, Direction.OUTBOUND)
    assert people(inbound.customers) == people(outbound.customers) == [["telegram-id:5"]]
    assert (inbound.traits, outbound.agent) == ({"name": "Jane"}, "Care")
    assert inbound.occurred_at.isoformat() == "2026-01-05T09:00:00+00:00"


def test_in_a_group_each_is_known_by_their_own_id():
    items = read(chat(text(1), text(2, "user9"), text(3, "channel7"), kind="private_group", number=7))
    assert [keys(item.sender) for item in items] == [["telegram-id:5"], ["telegram-id:9"], []]


def test_export_of_all_chats_is_read_chat_by_chat():
    value = {
        "personal_information": {"user_id": 9},
        "chats": {"list": [chat(text(1)), chat(text(1, "user6"), number=6)]},
    }
    items = read(value)
    assert [people(item.customers) for item in items] == [[["telegram-id:5"]], [["telegram-id:6"]]]
    assert [item.source_id for item in items] == ["5:1", "6:1"]


def test_text_in_parts_is_their_sum():
    [item] = read(chat(text(1, text=["see ", {"type": "link", "text": "https://x.example"}, " please"])))
    assert item.body == "see https://x.example please"


def test_call_is_a_contact_and_what_else_the_app_tells_is_none():
    service = {"id": 1, "type": "service", "date_unixtime": "1767603600", "actor": "Jane", "actor_id": "user5"}
    answered, missed, told = read(
        chat(
            {**service, "action": "phone_call", "duration_seconds": 60, "discard_reason": "hangup"},
            {**service, "id": 2, "action": "phone_call", "discard_reason": "missed"},
            {**service, "id": 3, "action": "pin_message"},
        )
    )
    assert (answered.kind, answered.outcome, missed.outcome) == ("call", "answered", "missed")
    assert (answered.ended_at - answered.occurred_at).total_seconds() == 60
    assert told.reason == 'event type "pin_message"'


def test_edited_and_forwarded_messages_are_told():
    edited, forwarded, neither = read(
        chat(
            text(1, edited_unixtime="1767603700"), text(2, forwarded_from="Bob"), text(3, edited="1970-01-01T01:00:00")
        )
    )
    assert edited.attributes["edited"] is True
    assert (forwarded.attributes["forwarded"], forwarded.attributes["forwarded_from"]) == (True, "Bob")
    assert not {"edited", "forwarded"} & neither.attributes.keys()


@pytest.mark.parametrize(
    ("fields", "body", "name"),
    [
        ({"photo": "photos/photo_1.jpg"}, None, "photo_1.jpg"),
        (
            {"file": "(File not included. Change data exporting settings to download.)", "file_name": "bill.pdf"},
            None,
            "bill.pdf",
        ),
        ({"contact_information": {"first_name": "Bob", "phone_number": "+447700900789"}}, "Bob: +447700900789", None),
        ({"location_information": {"latitude": 51.5, "longitude": -0.1}}, "51.5, -0.1", None),
        ({"poll": {"question": "When?"}}, "When?", None),
    ],
)
def test_what_is_no_text_is_told(fields, body, name):
    [item] = read(chat(text(1, text="", **fields)))
    assert (item.body, [file.name for file in item.attachments]) == (body, [name] if name else [])


def test_note_to_oneself_is_no_contact():
    assert [item.reason for item in passed_over(read(chat(text(1), kind="saved_messages")))] == ["note to oneself"]


def test_message_that_is_broken_costs_itself():
    whole = json.dumps(chat(text(1), text(2), text(3)))
    items = list(open_source(whole.replace('"id": 2', '"id": 2 2').encode(), "telegram"))
    assert [item.source_id for item in interactions(items)] == ["5:1", "5:3"]
    assert len(rejected(items)) == 1


def test_export_cut_off_gives_the_messages_before():
    whole = json.dumps(chat(text(1), text(2), text(3))).encode()
    items = list(open_source(whole[: whole.index(b'"id": 3') + 20], "telegram"))
    assert len(interactions(items)) == 2
    assert "cut off" in rejected(items)[0].reason


def test_message_nested_too_deep_costs_itself():
    deep = []
    for _ in range(reading_json.MAX_JSON_DEPTH + 2):
        deep = [deep]
    items = read(chat(text(1), text(2, text=deep), text(3)))
    assert (len(interactions(items)), len(rejected(items))) == (2, 1)


def test_messages_are_read_one_at_a_time_whatever_the_size_of_the_export(monkeypatch):
    monkeypatch.setattr(reading_nested, "CHUNK", 1000)
    monkeypatch.setattr(reading_nested, "MAX_ITEM", 5000)
    messages = [text(n, text="x" * 100) for n in range(200)]
    assert len(interactions(read(chat(*messages)))) == 200
    items = read(chat(text(1), text(2, text="x" * 600_000), text(3)))
    assert interactions(items)[0].source_id == "5:1"
    assert rejected(items)
