"""The source of Intercom: conversations, lists of them, webhooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, passed_over, people

JANE = {"type": "user", "id": "c1", "name": "Jane", "email": "jane@example.org"}
SAM = {"type": "admin", "id": "9", "name": "Sam", "email": "sam@shop.example"}


def part(id: str, author: dict[str, Any], kind: str = "comment", **more: Any) -> dict[str, Any]:
    return {"id": id, "part_type": kind, "body": f"<p>text {id}</p>", "created_at": 1770112860, "author": author} | more


def talk(*parts: dict[str, Any], channel: str = "conversation", **more: Any) -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": "100",
        "created_at": 1770112800,
        "source": {
            "type": channel,
            "id": "1",
            "delivered_as": "customer_initiated",
            "subject": "<p>Broadband</p>",
            "body": "<p>My line is down</p>",
            "author": JANE,
        },
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "c1", "external_id": "A1"}]},
        "conversation_parts": {"conversation_parts": list(parts)},
    } | more


def read(document: dict[str, Any], **options: Any) -> list[Any]:
    return list(open_source([document], "intercom", **options))


def test_source_and_parts_are_messages_by_who_wrote_them() -> None:
    items = interactions(read(talk(part("2", SAM), part("3", JANE), part("4", SAM, "note"))))
    assert [item.direction for item in items] == [
        Direction.INBOUND,
        Direction.OUTBOUND,
        Direction.INBOUND,
        Direction.INTERNAL,
    ]
    assert (items[0].body, items[0].subject, items[1].agent) == ("My line is down", "Broadband", "Sam")
    assert {person[0] for item in items for person in people(item.customers)} == {"crm:c1@intercom"}


def test_parts_that_say_nothing_are_passed_over_by_their_type_and_those_that_do_are_kept() -> None:
    items = read(talk(part("2", SAM, "assignment", body=None), part("3", SAM, "close", body="<p>Bye</p>")))
    assert [item.reason for item in passed_over(items)] == ['event type "assignment"']
    assert interactions(items)[1].body == "Bye"


@pytest.mark.parametrize(("channel", "assurance"), [("email", Assurance.OBSERVED), ("conversation", Assurance.CLAIMED)])
def test_address_of_an_author_is_observed_where_the_channel_carries_it(channel: str, assurance: Assurance) -> None:
    [first] = interactions(read(talk(channel=channel)))
    assert {s.identifier: s.assurance for s in first.customers[0]}["email:jane@example.org"] is assurance


def test_external_id_counts_where_its_scope_is_named() -> None:
    [first] = interactions(read(talk(), identifier_scope="shop"))
    assert "account:A1@shop" in people(first.customers)[0]


def test_redacted_part_is_marked_and_keeps_no_text() -> None:
    gone = interactions(read(talk(part("2", JANE, redacted=True))))[1]
    assert (gone.body, gone.attributes["deleted"]) == (None, True)


def test_bot_is_automatic() -> None:
    assert interactions(read(talk(part("2", {"type": "bot", "id": "b"}))))[1].attributes["automatic"] is True


def test_webhook_is_the_conversation_in_it_and_others_are_passed_over() -> None:
    hook = {"type": "notification_event", "topic": "conversation.user.replied", "data": {"item": talk()}}
    assert len(interactions(read(hook))) == 1
    other = {
        "type": "notification_event",
        "topic": "contact.created",
        "data": {"item": {"type": "contact", "id": "c1"}},
    }
    assert [item.reason for item in passed_over(read(other))] == ['event type "contact.created"']


def test_format_is_found(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text(json.dumps({"type": "conversation.list", "conversations": [talk()]}))
    assert detect(tmp_path / "i.json")[0].name == "intercom"
    assert len(interactions(open_source(tmp_path / "i.json"))) == 1
