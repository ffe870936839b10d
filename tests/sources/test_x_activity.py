"""The source of X's account activity webhooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omnitrack.model import Interaction, Revision
from omnitrack.sources import detect, open_source
from sources.asserting import keys, passed_over, people

POST = {
    "id_str": "2008100000000000021",
    "text": "@BTCare no broad…",
    "extended_tweet": {"full_text": "@BTCare no broadband &amp; no phone", "entities": {}},
    "created_at": "Mon Jan 05 10:04:12 +0000 2026",
    "user": {"id_str": "5", "screen_name": "jane", "name": "Jane"},
    "in_reply_to_user_id_str": "20001",
    "in_reply_to_screen_name": "BTCare",
}
MESSAGE = {
    "type": "message_create",
    "id": "2008100000000000022",
    "created_timestamp": "1767607452000",
    "message_create": {
        "sender_id": "5",
        "target": {"recipient_id": "20001"},
        "message_data": {"text": "a &lt; b", "entities": {}},
    },
}
USERS = {"5": {"id": "5", "screen_name": "jane", "name": "Jane"}, "20001": {"id": "20001", "screen_name": "BTCare"}}


def read(**events: Any) -> list[Any]:
    return list(open_source([{"for_user_id": "20001", **events}], "x-activity"))


def test_format_is_found(tmp_path: Path) -> None:
    path = tmp_path / "hooks.jsonl"
    path.write_text(json.dumps({"for_user_id": "20001", "tweet_create_events": [POST]}))
    assert detect(path)[0].name == "x-activity"


def test_post_has_its_whole_text_and_both_identifiers_of_its_author() -> None:
    [post] = read(tweet_create_events=[POST])
    assert post.body == "@BTCare no broadband & no phone"
    assert (keys(post.sender), people(post.recipients)) == (["x-id:5", "x:jane"], [["x-id:20001", "x:BTCare"]])


def test_message_goes_from_one_account_to_the_other() -> None:
    [message] = read(direct_message_events=[MESSAGE], users=USERS)
    assert (message.kind, message.body, message.thread) == ("direct-message", "a < b", "5-20001")
    assert (keys(message.sender), people(message.recipients)) == (["x-id:5", "x:jane"], [["x-id:20001", "x:BTCare"]])


def test_deleted_post_is_a_revision() -> None:
    [revision] = read(tweet_delete_events=[{"status": {"id": "1", "user_id": "5"}, "timestamp_ms": "1767607452000"}])
    assert isinstance(revision, Revision)
    assert (revision.source_id, revision.deleted) == ("1", True)


def test_everything_else_is_passed_over_by_name() -> None:
    items = read(
        favorite_events=[{"id": "1"}],
        direct_message_mark_read_events=[{}],
        user_event={"revoke": {}},
        tweet_create_events=[POST],
    )
    assert {item.reason for item in passed_over(items)} == {
        'event type "favorite"',
        "status receipt",
        'event type "user_event"',
    }
    assert sum(isinstance(item, Interaction) for item in items) == 1
