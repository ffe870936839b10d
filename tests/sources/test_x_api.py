"""The source of X posts and direct messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Interaction, Rejected, Revision
from omnitrack.sources import detect, open_source

POSTS = Path(__file__).parent / "fixtures" / "x_posts.json"


@pytest.fixture(scope="module")
def items() -> list[Any]:
    return list(open_source(POSTS))


def posts(items: list[Any]) -> list[Interaction]:
    return [item for item in items if isinstance(item, Interaction)]


def keys(sightings: tuple[Any, ...]) -> list[str]:
    return [sighting.identifier for sighting in sightings]


def test_format_is_found_and_said_how() -> None:
    source, reason = detect(POSTS)
    assert (source.name, reason) == ("x", "has posts of the X API v2: data with text and author")


def test_author_is_known_by_number_and_handle(items: list[Any]) -> None:
    assert keys(posts(items)[0].sender) == ["x-id:44196397001", "x:MikeSamuels68"]


def test_answered_account_is_recipient_and_other_mentions_participants(items: list[Any]) -> None:
    last = posts(items)[2]
    assert [keys(r) for r in last.recipients] == [["x-id:20001", "x:BTCare"]]
    assert keys(last.participants) == ["x-id:20002", "x:Ofcom"]


def test_conversation_is_the_thread_and_reply_names_what_it_answers(items: list[Any]) -> None:
    assert {post.thread for post in posts(items)} == {"2008100000000000001"}
    assert posts(items)[1].reply_to == "2008100000000000001"


def test_edit_is_a_revision_of_the_first_version(items: list[Any]) -> None:
    revision = next(item for item in items if isinstance(item, Revision))
    assert (revision.source_id, revision.body) == ("2008100000000000003", "@BTCare @Ofcom still nothing (typo fixed)")
    assert posts(items)[2].source_id == "2008100000000000003"


def test_what_the_platform_left_out_is_reported(items: list[Any]) -> None:
    [rejected] = [item for item in items if isinstance(item, Rejected)]
    assert "Not Found Error" in rejected.reason


def test_media_are_attachments_and_fields_without_a_place_are_attributes(items: list[Any]) -> None:
    first = posts(items)[0]
    assert first.attachments[0].url == "https://pbs.twimg.example/media/router.jpg"
    assert first.attributes["hashtags"] == ["fail"]
    assert first.attributes["public_metrics"]["reply_count"] == 1
    assert first.attributes["author"]["location"] == "Newbury"


def test_post_without_author_is_kept_and_the_lack_reported() -> None:
    kept, note = open_source([{"data": {"id": "5", "text": "hi", "created_at": "2026-01-01T00:00:00Z"}}], "x")
    assert kept.sender == ()
    assert note.kept
    assert "author_id" in note.reason


def test_time_of_a_post_without_one_is_in_its_id() -> None:
    [post] = open_source([{"data": {"id": "1541815603606036480", "text": "hi", "author_id": "1"}}], "x")
    assert post.occurred_at.isoformat() == "2022-06-28T16:07:40.105000+00:00"


def test_post_without_id_is_rejected_and_the_rest_kept() -> None:
    items = list(
        open_source([{"data": [{"text": "no id"}, {"id": "1", "text": "a", "created_at": "2026-01-01"}]}], "x")
    )
    assert [type(item) for item in items][:2] == [Rejected, Interaction]
    assert items[0].where == "record 0, post 0"


def test_direct_message_goes_to_the_other_of_the_conversation() -> None:
    event = {
        "id": "1585321444547837956",
        "event_type": "MessageCreate",
        "text": "My account number is BT-5521",
        "sender_id": "44196397001",
        "dm_conversation_id": "20001-44196397001",
        "created_at": "2026-01-05T10:00:00.000Z",
    }
    users = {"users": [{"id": "44196397001", "username": "MikeSamuels68", "name": "Mike Samuels"}]}
    [message] = open_source([{"data": [event], "includes": users}], "x")
    assert message.kind == "direct-message"
    assert keys(message.sender) == ["x-id:44196397001", "x:MikeSamuels68"]
    assert [keys(r) for r in message.recipients] == [["x-id:20001"]]
