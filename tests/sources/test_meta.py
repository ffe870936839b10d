"""The sources of Messenger and Instagram: webhooks, and what people download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source
from omnitrack.sources.meta_export import mended
from sources.asserting import interactions, passed_over, people, revisions

AT = 1767603600000


def hook(event: dict[str, Any] | None = None, kind: str = "page", **entry: Any) -> dict[str, Any]:
    entry = {"id": "700", "time": AT, **entry}
    if event is not None:
        entry["messaging"] = [{"sender": {"id": "5"}, "recipient": {"id": "700"}, "timestamp": AT, **event}]
    return {"object": kind, "entry": [entry]}


def read(*webhooks: dict[str, Any]) -> list[Any]:
    return list(open_source(list(webhooks), "meta"))


@pytest.mark.parametrize("kind", ["page", "instagram"])
def test_webhook_is_found(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "hooks.jsonl"
    path.write_text(json.dumps(hook({"message": {"mid": "m1", "text": "hi"}}, kind)))
    assert detect(path)[0].name == "meta"


@pytest.mark.parametrize(
    ("kind", "channel", "person"),
    [("page", "messenger", "facebook-id:5@700"), ("instagram", "instagram", "instagram-id:5@700")],
)
def test_person_is_known_by_the_id_that_they_have_for_the_page(kind: str, channel: str, person: str) -> None:
    [item] = read(hook({"message": {"mid": "m1", "text": "hi"}}, kind))
    assert (item.channel, item.direction, item.body, item.source_id) == (channel, Direction.INBOUND, "hi", "m1")
    assert people(item.customers) == [[person]]


def test_echo_is_outbound_to_its_recipient() -> None:
    event = {
        "sender": {"id": "700"},
        "recipient": {"id": "5"},
        "message": {"mid": "m1", "text": "hello", "is_echo": True},
    }
    [item] = read(hook(event))
    assert (item.direction, people(item.customers)) == (Direction.OUTBOUND, [["facebook-id:5@700"]])


def test_edit_and_unsent_message_are_revisions() -> None:
    edit, gone = revisions(
        read(
            hook({"message_edit": {"mid": "m1", "text": "hi all", "num_edit": 1}}),
            hook({"message": {"mid": "m1", "is_deleted": True}}, "instagram"),
        )
    )
    assert (edit.source_id, edit.body, edit.deleted) == ("m1", "hi all", False)
    assert (gone.source_id, gone.deleted) == ("m1", True)


@pytest.mark.parametrize(
    ("event", "kind", "body"),
    [
        ({"postback": {"mid": "m1", "title": "Get started", "payload": "x"}}, "message", "Get started"),
        ({"reaction": {"mid": "m0", "action": "react", "emoji": "👍"}}, "reaction", "👍"),
        ({"message": {"mid": "m1", "is_unsupported": True}}, "message", None),
        ({"optin": {"type": "one_time_notif_req"}}, "preference", None),
        ({"referral": {"ref": "ad"}}, "visit", None),
    ],
)
def test_whatever_a_person_does_is_a_contact(event: dict[str, Any], kind: str, body: str | None) -> None:
    [item] = read(hook(event))
    assert (item.kind, item.body, people(item.customers)) == (kind, body, [["facebook-id:5@700"]])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"read": {"watermark": 1}}, "status receipt"),
        ({"delivery": {"watermark": 1}}, "status receipt"),
        ({"pass_thread_control": {}}, 'event type "pass_thread_control"'),
    ],
)
def test_receipts_and_unknown_events_are_passed_over_by_name(event: dict[str, Any], reason: str) -> None:
    assert [item.reason for item in passed_over(read(hook(event)))] == [reason]


def test_files_are_attachments() -> None:
    files = [{"type": "image", "payload": {"url": "https://cdn.example/1.jpg"}}]
    [item] = read(hook({"message": {"mid": "m1", "attachments": files}}))
    assert [(file.media_type, file.url) for file in item.attachments] == [("image", "https://cdn.example/1.jpg")]


def test_comment_on_instagram_is_of_its_writer() -> None:
    value = {"id": "c1", "text": "no signal", "from": {"id": "5", "username": "jane.example"}, "media": {"id": "p1"}}
    [item] = read(hook(None, "instagram", changes=[{"field": "comments", "value": value}]))
    assert (item.kind, item.body, item.thread) == ("comment", "no signal", "p1")
    assert people(item.customers) == [["instagram-id:5@700", "instagram:jane.example"]]


def test_comment_on_a_page_is_added_edited_and_removed() -> None:
    value = {
        "item": "comment",
        "comment_id": "c1",
        "post_id": "p1",
        "from": {"id": "5", "name": "Jane"},
        "created_time": 1767603600,
    }
    items = read(
        *(
            hook(None, changes=[{"field": "feed", "value": {**value, "verb": verb, "message": text}}])
            for verb, text in (("add", "a"), ("edited", "b"), ("remove", None))
        ),
        hook(None, changes=[{"field": "feed", "value": {"item": "reaction", "verb": "add", "post_id": "p1"}}]),
    )
    [comment] = interactions(items)
    assert (comment.channel, comment.body, people(comment.customers)) == ("facebook", "a", [["facebook-id:5@700"]])
    assert [(item.body, item.deleted) for item in revisions(items)] == [("b", False), (None, True)]
    assert [item.reason for item in passed_over(items)] == ['event type "feed reaction"']


def export(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "participants": [{"name": "Jane"}, {"name": "Care"}],
        "messages": list(messages),
        "thread_path": "inbox/jane_1",
        **fields,
    }


def said(content: str | None = "hi", sender: str = "Jane", **fields: Any) -> dict[str, Any]:
    return {"sender_name": sender, "timestamp_ms": AT, "content": content, **fields}


def test_download_is_found_and_its_platform_told_by_the_path(tmp_path: Path) -> None:
    for folder, channel in (("facebook-jane", "messenger"), ("your_instagram_activity", "instagram")):
        path = tmp_path / folder / "message_1.json"
        path.parent.mkdir()
        path.write_text(json.dumps(export(said())))
        assert detect(path)[0].name == "meta-export"
        assert [item.channel for item in open_source(path)] == [channel]


def test_texts_that_facebook_mangled_are_mended_in_every_field() -> None:
    value = export(
        said(
            "Gr\u00c3\u00bc\u00c3\u009fe",
            sender="Ren\u00c3\u00a9",
            reactions=[{"reaction": "\u00e2\u009d\u00a4", "actor": "x"}],
        )
    )
    [item] = open_source([value], "meta-export")
    assert (item.body, item.traits["name"]) == ("Grüße", "René")
    assert item.attributes["reactions"][0]["reaction"] == "❤"


@given(st.text())
def test_mending_gives_back_what_was_meant(text: str) -> None:
    assert mended(text.encode("utf-8", "replace").decode("latin-1")) == text.encode("utf-8", "replace").decode()


@given(st.text(alphabet=st.characters(min_codepoint=0x100, exclude_categories=["Cs"]), min_size=1))
def test_text_that_is_right_stays(text: str) -> None:
    assert mended(text) == text


def test_own_name_tells_the_direction_and_people_say_who() -> None:
    items = open_source(
        [export(said(), said("hello", "Care"))],
        "meta-export",
        own_name="Care",
        people={"Jane": "facebook:jane.example"},
    )
    assert [(item.direction, people(item.customers)) for item in items] == [
        (Direction.INBOUND, [["facebook:jane.example"]]),
        (Direction.OUTBOUND, [["facebook:jane.example"]]),
    ]


def test_calls_unsent_messages_links_and_files_are_told() -> None:
    call, missed, gone, link, photo, left = open_source(
        [
            export(
                said("Jane called you.", type="Call", call_duration=60),
                said("You missed a call", type="Call", call_duration=0),
                said(None, is_unsent=True),
                said("look", share={"link": "https://x.example"}),
                said(None, photos=[{"uri": "messages/inbox/jane_1/photos/1.jpg"}]),
                said("Jane left", type="Unsubscribe"),
            )
        ],
        "meta-export",
    )
    assert (call.kind, call.outcome, missed.outcome) == ("call", "answered", "missed")
    assert (gone.deleted, gone.attributes["deleted"]) == (True, True)
    assert link.body == "look\nhttps://x.example"
    assert photo.attachments[0].name == "1.jpg"
    assert left.reason == 'event type "Unsubscribe"'


def test_download_of_encrypted_chats_is_read_as_it_is() -> None:
    message = {
        "senderName": "Jane",
        "text": "Grüße Ã¼",
        "timestamp": AT,
        "type": "text",
        "isUnsent": False,
        "media": [{"uri": "./media/1.jpg"}],
    }
    [item] = open_source(
        [{"participants": ["Jane", "Care"], "threadName": "Jane_1", "messages": [message]}], "meta-export"
    )
    assert (item.body, item.thread, item.attachments[0].name) == ("Grüße Ã¼", "Jane_1", "1.jpg")
