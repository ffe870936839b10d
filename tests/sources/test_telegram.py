"""The source of Telegram's exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source, reading_json, reading_nested
from sources.asserting import interactions, keys, passed_over, people, rejected


def text(number: int, sender: str = "user5", **fields: Any) -> dict[str, Any]:
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


def chat(*messages: dict[str, Any], kind: str = "personal_chat", number: int = 5) -> dict[str, Any]:
    return {"name": "Jane", "type": kind, "id": number, "messages": list(messages)}


def read(value: dict[str, Any]) -> list[Any]:
    return list(open_source(json.dumps(value, indent=1).encode(), "telegram"))


def test_format_is_found(tmp_path: Path) -> None:
    for number, value in enumerate(
        [chat(text(1)), {"about": "", "personal_information": {}, "chats": {"list": [chat(text(1))]}}]
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        assert detect(path)[0].name == "telegram"


def test_in_a_chat_of_two_the_export_says_who_the_other_is() -> None:
    inbound, outbound = read(chat(text(1), text(2, "user9")))
    assert (inbound.direction, outbound.direction) == (Direction.INBOUND, Direction.OUTBOUND)
    assert people(inbound.customers) == people(outbound.customers) == [["telegram-id:5"]]
    assert (inbound.traits, outbound.agent) == ({"name": "Jane"}, "Care")
    assert inbound.occurred_at.isoformat() == "2026-01-05T09:00:00+00:00"


def test_in_a_group_each_is_known_by_their_own_id() -> None:
    items = read(chat(text(1), text(2, "user9"), text(3, "channel7"), kind="private_group", number=7))
    assert [keys(item.sender) for item in items] == [["telegram-id:5"], ["telegram-id:9"], []]


def test_export_of_all_chats_is_read_chat_by_chat() -> None:
    value = {
        "personal_information": {"user_id": 9},
        "chats": {"list": [chat(text(1)), chat(text(1, "user6"), number=6)]},
    }
    items = read(value)
    assert [people(item.customers) for item in items] == [[["telegram-id:5"]], [["telegram-id:6"]]]
    assert [item.source_id for item in items] == ["5:1", "6:1"]


def test_text_in_parts_is_their_sum() -> None:
    [item] = read(chat(text(1, text=["see ", {"type": "link", "text": "https://x.example"}, " please"])))
    assert item.body == "see https://x.example please"


def test_call_is_a_contact_and_what_else_the_app_tells_is_none() -> None:
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


def test_edited_and_forwarded_messages_are_told() -> None:
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
def test_what_is_no_text_is_told(fields: dict[str, Any], body: str | None, name: str | None) -> None:
    [item] = read(chat(text(1, text="", **fields)))
    assert (item.body, [file.name for file in item.attachments]) == (body, [name] if name else [])


def test_note_to_oneself_is_no_contact() -> None:
    assert [item.reason for item in passed_over(read(chat(text(1), kind="saved_messages")))] == ["note to oneself"]


def test_message_that_is_broken_costs_itself() -> None:
    whole = json.dumps(chat(text(1), text(2), text(3)))
    items = list(open_source(whole.replace('"id": 2', '"id": 2 2').encode(), "telegram"))
    assert [item.source_id for item in interactions(items)] == ["5:1", "5:3"]
    assert len(rejected(items)) == 1


def test_export_cut_off_gives_the_messages_before() -> None:
    whole = json.dumps(chat(text(1), text(2), text(3))).encode()
    items = list(open_source(whole[: whole.index(b'"id": 3') + 20], "telegram"))
    assert len(interactions(items)) == 2
    assert "cut off" in rejected(items)[0].reason


def test_message_nested_too_deep_costs_itself() -> None:
    deep: list[Any] = []
    for _ in range(reading_json.MAX_JSON_DEPTH + 2):
        deep = [deep]
    items = read(chat(text(1), text(2, text=deep), text(3)))
    assert (len(interactions(items)), len(rejected(items))) == (2, 1)


def test_messages_are_read_one_at_a_time_whatever_the_size_of_the_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_nested, "CHUNK", 1000)
    monkeypatch.setattr(reading_nested, "MAX_ITEM", 5000)
    messages = [text(n, text="x" * 100) for n in range(200)]
    assert len(interactions(read(chat(*messages)))) == 200
    items = read(chat(text(1), text(2, text="x" * 600_000), text(3)))
    assert interactions(items)[0].source_id == "5:1"
    assert rejected(items)
