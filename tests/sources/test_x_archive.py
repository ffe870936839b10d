"""The source of direct messages in an archive of X."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.model import Interaction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, people


@pytest.fixture
def messages(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "direct-messages.js"))


def test_format_is_found_by_the_variable_it_sets(fixtures: Path) -> None:
    assert detect(fixtures / "direct-messages.js")[0].name == "x-archive"


def test_message_goes_from_one_id_to_another_in_the_thread_of_their_conversation(messages: list[Interaction]) -> None:
    assert (keys(messages[0].sender), people(messages[0].recipients)) == (["x-id:20001"], [["x-id:44196397001"]])
    assert messages[0].thread == messages[1].thread == "20001-44196397001"


def test_recipient_that_is_not_named_is_the_other_of_the_conversation(messages: list[Interaction]) -> None:
    assert people(messages[2].recipients) == [["x-id:20001"]]


def test_braces_and_quotes_in_texts_do_not_end_a_conversation(messages: list[Interaction]) -> None:
    assert messages[0].body.endswith("{BT-5521}.")
    assert messages[1].body == 'My account is "BT-5521"'


def test_archive_torn_off_gives_the_conversations_before(fixtures: Path) -> None:
    data = (fixtures / "direct-messages.js").read_bytes()
    items = list(open_source(data[: data.index(b"Hello?")], "x-archive"))
    assert len(interactions(items)) == 2
    assert "cut off" in items[-1].reason


POST = {
    "id_str": "2008100000000000021",
    "full_text": "@BTCare O2 &amp; BT &lt;3 &amp;copy;",
    "created_at": "Mon Jan 05 10:04:12 +0000 2026",
    "in_reply_to_user_id_str": "20001",
    "in_reply_to_screen_name": "BTCare",
    "entities": {
        "user_mentions": [{"id_str": "20001", "screen_name": "BTCare"}, {"id_str": "20002", "screen_name": "Ofcom"}]
    },
}


def archive(path: Path, variable: str, *items: dict[str, Any]) -> Path:
    path.write_text(f"window.YTD.{variable}.part0 = {json.dumps(items)}")
    return path


def test_post_is_of_whose_archive_it_is(tmp_path: Path) -> None:
    archive(
        tmp_path / "account.js",
        "account",
        {"account": {"accountId": "5", "username": "jane", "email": "j@example.com"}},
    )
    path = archive(tmp_path / "tweets.js", "tweets", {"tweet": POST}, POST)
    assert detect(path)[0].name == "x-archive"
    first, second = open_source(path)
    assert keys(first.sender) == ["x-id:5", "x:jane"]
    assert (people(first.recipients), keys(first.participants)) == (
        [["x-id:20001", "x:BTCare"]],
        ["x-id:20002", "x:Ofcom"],
    )
    assert (first.kind, first.occurred_at.isoformat()) == ("post", "2026-01-05T10:04:12+00:00")
    assert second.source_id == first.source_id


def test_characters_that_x_escapes_are_unescaped_once(tmp_path: Path) -> None:
    [post] = open_source(archive(tmp_path / "tweets.js", "tweets", {"tweet": POST}), account="x:jane")
    assert post.body == "@BTCare O2 & BT <3 &copy;"
    assert keys(post.sender) == ["x:jane"]


def test_deleted_post_is_told_so_and_its_headers_are_no_second_one(tmp_path: Path) -> None:
    [post] = open_source(archive(tmp_path / "deleted-tweets.js", "deleted_tweets", {"tweet": POST}))
    assert (post.deleted, post.body, post.attributes["deleted"]) == (True, None, True)
    [told] = open_source(archive(tmp_path / "tweet-headers.js", "tweet_headers", {"tweet": {"tweet_id": "1"}}))
    assert told.reason == 'event type "tweet"'


def test_what_holds_no_contacts_is_passed_over_by_name(tmp_path: Path) -> None:
    [told] = open_source(archive(tmp_path / "like.js", "like", {"like": {"tweetId": "1"}}))
    assert told.reason == 'event type "like"'


def test_message_in_two_overlapping_parts_of_a_conversation_is_added_once(tmp_path: Path) -> None:
    def part(*numbers: int) -> dict[str, Any]:
        messages = [
            {
                "messageCreate": {
                    "id": str(2008100000000000000 + n),
                    "senderId": "5",
                    "recipientId": "9",
                    "text": f"t{n}",
                    "createdAt": "2026-01-05T10:04:12.000Z",
                }
            }
            for n in numbers
        ]
        return {"dmConversation": {"conversationId": "5-9", "messages": messages}}

    path = archive(tmp_path / "direct-messages.js", "direct_messages", part(1, 2, 3), part(2, 3, 4))
    with omnitrack.open("memory://") as tracker:
        report = tracker.load(path)
        assert (report.added, report.duplicates) == (4, 2)
