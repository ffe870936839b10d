"""The source of Zendesk: comments, voice comments, audits and tickets."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, passed_over, people, rejected

USERS = [
    {"id": 1, "name": "Jane", "email": "jane@example.org", "role": "end-user"},
    {"id": 2, "name": "Sam", "role": "agent"},
]


def voice(rel: str | None, **data: Any) -> dict[str, Any]:
    numbers = {"from": "+447700900123", "to": "+441632960111"}
    return {
        "id": 1,
        "type": "VoiceComment",
        "author_id": 2,
        "body": "Call",
        "public": False,
        "created_at": "2026-02-03T10:00:00Z",
        "via": {"channel": "voice", "source": {"rel": rel, "from": {}, "to": {}}},
        "data": numbers | {"answered_by_id": 2} | data,
    }


def comments(*found: dict[str, Any], **page: Any) -> list[Any]:
    return list(open_source([{"comments": list(found), "users": USERS, **page}], "zendesk", ticket=35))


def audit(*events: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    whole = {
        "id": 9,
        "ticket_id": 35,
        "created_at": "2026-02-03T10:00:00Z",
        "author_id": 1,
        "via": {"channel": "email"},
    }
    return whole | {"events": list(events)} | more


def audits(*found: dict[str, Any], **page: Any) -> list[Any]:
    return list(open_source([{"audits": list(found), **page}], "zendesk"))


@pytest.mark.parametrize(
    ("rel", "direction", "customer"),
    [
        ("inbound", Direction.INBOUND, "phone:+447700900123"),
        ("voicemail", Direction.INBOUND, "phone:+447700900123"),
        ("outbound", Direction.OUTBOUND, "phone:+441632960111"),
    ],
)
def test_who_called_whom_is_what_the_call_says_whoever_is_the_author(
    rel: str, direction: Direction, customer: str
) -> None:
    [call] = comments(voice(rel))
    assert (call.kind, call.channel, call.direction, call.agent) == ("call", "phone", direction, "Sam")
    assert people(call.customers) == [[customer]]


def test_channel_tells_the_direction_of_a_call_where_its_source_does_not() -> None:
    [call] = comments(voice(None) | {"via": {"channel": "phone_call_outbound"}})
    assert (call.direction, people(call.customers)) == (Direction.OUTBOUND, [["phone:+441632960111"]])


def test_call_has_its_length_its_transcript_and_its_recording() -> None:
    data = {"started_at": "2026-02-03T09:58:00Z", "call_duration": 90, "recording_url": "https://desk.example/r/7.mp3"}
    [call] = comments(voice("inbound", transcription_text="my line is down", **data))
    assert (call.occurred_at, call.ended_at) == (
        datetime(2026, 2, 3, 9, 58, tzinfo=timezone.utc),
        datetime(2026, 2, 3, 9, 59, 30, tzinfo=timezone.utc),
    )
    assert (call.body, [file.name for file in call.attachments]) == ("my line is down", ["7.mp3"])


@pytest.mark.parametrize("length", [-1, "long", 10**9, None, [1]])
def test_length_that_cannot_be_gives_a_call_no_end(length: Any) -> None:
    [call] = comments(voice("inbound", call_duration=length))
    assert call.ended_at is None


def test_voicemail_is_the_outcome_of_a_call() -> None:
    assert comments(voice("voicemail"))[0].outcome == "voicemail"


def test_comment_in_an_audit_takes_from_it_what_it_does_not_say() -> None:
    items = audits(audit({"id": 31, "type": "Comment", "body": "My line is down", "public": True}), users=USERS)
    [comment] = interactions(items)
    assert (comment.direction, comment.channel, comment.thread) == (Direction.INBOUND, "email", "35")
    assert keys(comment.customers[0])[0] == "crm:1@zendesk"


def test_every_event_of_an_audit_is_accounted_for_by_its_type() -> None:
    items = audits(
        audit(
            {"id": 30, "type": "Create", "field_name": "status", "value": "new"},
            {"id": 31, "type": "Comment", "author_id": 1, "body": "Hello", "public": True},
            {"id": 32, "type": "Notification"},
            "torn",
        ),
        users=USERS,
    )
    assert [item.reason for item in passed_over(items)] == ['event type "Create"', 'event type "Notification"']
    assert (len(interactions(items)), len(rejected(items))) == (1, 1)


def test_creation_of_a_ticket_says_who_asked() -> None:
    items = audits(
        audit({"id": 30, "type": "Create", "field_name": "requester_id", "value": "1"}),
        audit({"id": 33, "type": "Comment", "author_id": 2, "body": "We are on it", "public": True}),
    )
    [comment] = interactions(items)
    assert (comment.direction, people(comment.customers)) == (Direction.OUTBOUND, [["crm:1@zendesk"]])


def test_where_nobody_is_known_the_addresses_are_sender_and_recipient() -> None:
    via = {
        "channel": "email",
        "source": {"from": {"address": "jane@example.org"}, "to": {"address": "support@shop.example"}},
    }
    [comment] = audits(audit({"id": 31, "type": "Comment", "body": "Hello", "public": True}, via=via))
    assert (comment.direction, comment.customers) == (None, ())
    assert (keys(comment.sender), people(comment.recipients)) == (
        ["email:jane@example.org"],
        [["email:support@shop.example"]],
    )


@pytest.mark.parametrize(
    ("sender", "receiver", "key"),
    [
        ({"profile_url": "http://twitter.com/jane", "username": "jane", "name": "Jane"}, {}, "http://twitter.com/jane"),
        (
            {"facebook_id": "5291834", "profile_url": "http://www.facebook.com/5291834"},
            {"facebook_id": "7734"},
            "facebook-id:5291834@7734",
        ),
    ],
)
def test_author_of_a_post_is_known_by_what_the_network_says(
    sender: dict[str, Any], receiver: dict[str, Any], key: str
) -> None:
    via = {"channel": "twitter", "source": {"from": sender, "to": receiver}}
    one = {"id": 5, "author_id": 1, "body": "hi", "public": True, "created_at": "2026-02-03T10:00:00Z", "via": via}
    [comment] = comments(one)
    assert key in people(comment.customers)[0]


def test_customer_whose_comment_is_not_public_wrote_all_the_same() -> None:
    one = {"id": 5, "author_id": 1, "body": "me too", "public": False, "created_at": "2026-02-03T10:00:00Z"}
    assert comments(one)[0].direction is Direction.INBOUND


def test_ticket_without_its_comments_is_its_description() -> None:
    ticket = {
        "id": 35,
        "requester_id": 1,
        "submitter_id": 1,
        "subject": "Broadband",
        "description": "My line is down",
        "created_at": "2026-02-03T10:00:00Z",
        "via": {"channel": "web"},
    }
    [first] = open_source([{"tickets": [ticket], "users": USERS}], "zendesk")
    assert (first.body, first.subject, first.thread, first.direction) == (
        "My line is down",
        "Broadband",
        "35",
        Direction.INBOUND,
    )


def test_what_rules_of_the_desk_write_is_automatic() -> None:
    one = {
        "id": 5,
        "author_id": -1,
        "body": "We got it",
        "created_at": "2026-02-03T10:00:00Z",
        "via": {"channel": "rule"},
    }
    assert interactions(comments(one))[0].attributes["automatic"] is True


@pytest.mark.parametrize(
    "text",
    [
        '{"audits": [{"id": 1, "ticket_id": 35, "author_id": 1, "via": {}, "events": [{"type": "Comment"}]}]}',
        '{"tickets": [{"id": 35, "requester_id": 1, "submitter_id": 1, "description": "x", "via": {}}]}',
    ],
)
def test_audits_and_tickets_are_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "z.json").write_text(text)
    assert detect(tmp_path / "z.json")[0].name == "zendesk"
