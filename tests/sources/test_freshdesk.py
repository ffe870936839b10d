"""The source of Freshdesk: tickets and their conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, people, rejected

TICKET = {
    "id": 20,
    "subject": "Broadband",
    "description_text": "My line is down",
    "requester_id": 7,
    "responder_id": 2,
    "source": 1,
    "created_at": "2026-02-03T10:00:00Z",
    "requester": {"id": 7, "name": "Jane", "email": "jane@example.org", "phone": "+447700900123"},
}


def conversation(id: int, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "body_text": f"text {id}",
        "incoming": False,
        "private": False,
        "user_id": 2,
        "source": 0,
        "ticket_id": 20,
        "created_at": "2026-02-03T11:00:00Z",
    } | more


def read(*conversations: dict[str, Any] | str, **more: Any) -> list[Any]:
    return list(open_source([TICKET | {"conversations": list(conversations)} | more], "freshdesk"))


def test_ticket_is_its_first_message_and_each_conversation_one_more() -> None:
    items = interactions(
        read(
            conversation(1),
            conversation(2, incoming=True, user_id=7, from_email="Jane <jane@example.org>"),
            conversation(3, private=True, source=2),
        )
    )
    assert [item.direction for item in items] == [
        Direction.INBOUND,
        Direction.OUTBOUND,
        Direction.INBOUND,
        Direction.INTERNAL,
    ]
    assert {item.thread for item in items} == {"20"}
    assert {person[0] for item in items for person in people(item.customers)} == {"crm:7@freshdesk"}


def test_address_that_a_mail_came_from_is_observed_the_record_of_the_requester_claimed() -> None:
    answer = interactions(read(conversation(2, incoming=True, user_id=7, from_email="Jane <jd@example.com>")))[1]
    assert {s.identifier: s.assurance for s in answer.customers[0]} == {
        "crm:7@freshdesk": Assurance.OBSERVED,
        "email:jd@example.com": Assurance.OBSERVED,
        "email:jane@example.org": Assurance.CLAIMED,
        "phone:+447700900123": Assurance.CLAIMED,
    }


@pytest.mark.parametrize(("source", "channel"), [(1, "email"), (2, "web"), (3, "phone"), (7, "chat"), (10, "email")])
def test_channel_is_the_source_of_the_ticket(source: int, channel: str) -> None:
    [ticket] = read(source=source)
    assert ticket.channel == channel
    assert (ticket.direction is Direction.OUTBOUND) == (source == 10)


def test_spam_deleted_and_forwarded_are_said() -> None:
    ticket, forwarded = read(conversation(1, source=8), spam=True, deleted=True)
    assert (ticket.attributes["spam"], ticket.attributes["deleted"]) == (True, True)
    assert forwarded.attributes["forwarded"] is True


def test_conversation_of_nobody_is_kept_and_said() -> None:
    item, note = open_source([conversation(1)], "freshdesk")
    assert (item.customers, note.kept) == ((), True)


def test_broken_conversation_costs_itself() -> None:
    items = read("torn", conversation(1, created_at="later"), conversation(2))
    assert (len(interactions(items)), len(rejected(items))) == (2, 2)


def test_ticket_of_version_1_holds_its_notes() -> None:
    ticket = TICKET | {
        "notes": [{"note": {"id": 5, "body": "noted", "private": True, "created_at": "2026-02-03T11:00:00Z"}}]
    }
    items = interactions(open_source([{"helpdesk_ticket": ticket}], "freshdesk"))
    assert [item.direction for item in items] == [Direction.INBOUND, Direction.INTERNAL]


def test_format_is_found(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps([TICKET]))
    assert detect(tmp_path / "f.json")[0].name == "freshdesk"
    (tmp_path / "c.json").write_text(json.dumps([conversation(1)]))
    assert detect(tmp_path / "c.json")[0].name == "freshdesk"
