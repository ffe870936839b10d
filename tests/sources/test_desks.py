"""The sources of contact-centre systems: Chatwoot, Zendesk, Amazon Connect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.errors import SourceFormatError
from omnitrack.model import Assurance, Direction, Interaction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, passed_over, people, revisions


@pytest.fixture
def chatwoot(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "chatwoot.jsonl", identifier_scope="bt"))


@pytest.fixture
def zendesk(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "zendesk.json", instance="bt", identifier_scope="bt"))


@pytest.fixture
def connect(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "connect.json", identifiers={"accountNumber": "account:{}@bt!verified"}))


@pytest.mark.parametrize(
    ("name", "format"),
    [("chatwoot.jsonl", "chatwoot"), ("zendesk.json", "zendesk"), ("connect.json", "amazon-connect")],
)
def test_formats_are_found(fixtures: Path, name: str, format: str) -> None:
    assert detect(fixtures / name)[0].name == format


def test_chatwoot_direction_is_the_message_type_and_a_private_note_is_internal(chatwoot: list[Any]) -> None:
    assert [m.direction for m in interactions(chatwoot)] == [Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL]


def test_chatwoot_form_fields_are_claimed_and_a_proved_identifier_verified(chatwoot: list[Any]) -> None:
    [person] = chatwoot[0].customers
    assert {sighting.identifier: sighting.assurance for sighting in person} == {
        "crm:501@chatwoot-3": Assurance.OBSERVED,
        "phone:+442079460958": Assurance.CLAIMED,
        "email:jane.doe@example.com": Assurance.CLAIMED,
        "account:BT-5521@bt": Assurance.VERIFIED,
    }


def test_chatwoot_phone_is_observed_where_the_channel_carries_it() -> None:
    event = {
        "event": "message_created",
        "id": 1,
        "created_at": 1767603600,
        "message_type": 0,
        "content": "hi",
        "sender": {"id": 5, "phone_number": "+447700900123", "type": "contact"},
        "conversation": {"id": 7, "channel": "Channel::Whatsapp"},
    }
    [message] = open_source([event], "chatwoot")
    assert message.channel == "whatsapp"
    assert message.customers[0][1].assurance is Assurance.OBSERVED


@pytest.mark.parametrize(
    ("channel", "source_id", "key"),
    [
        ("Channel::Line", "U4af4980629abcdef0123456789abcdef", "line-id:U4af4980629abcdef0123456789abcdef"),
        ("Channel::Telegram", "2893471650", "telegram-id:2893471650"),
    ],
)
def test_chatwoot_knows_a_person_by_the_id_of_the_platform(channel: str, source_id: str, key: str) -> None:
    event = {
        "event": "message_created",
        "id": 1,
        "created_at": 1767603600,
        "message_type": 0,
        "content": "hi",
        "sender": {"id": 5, "name": "Jane", "type": "contact"},
        "conversation": {"id": 7, "channel": channel, "contact_inbox": {"source_id": source_id}},
    }
    [message] = open_source([event], "chatwoot")
    assert [sighting.identifier for sighting in message.customers[0]] == ["crm:5@chatwoot", key]


def test_chatwoot_update_is_a_revision_and_other_events_are_passed_over(chatwoot: list[Any]) -> None:
    [revision] = revisions(chatwoot)
    assert (revision.source_id, revision.body) == ("9001", "Hi, my broadband and phone are down")
    assert [item.reason for item in passed_over(chatwoot)] == ['event type "conversation_status_changed"']


def chatwoot_update(text: str, **more: Any) -> dict[str, Any]:
    jane = {"id": 7, "name": "Jane", "phone_number": "+447700900123"}
    return {
        "event": "message_updated",
        "id": 1,
        "content": text,
        "created_at": "2026-02-03T10:00:00.000Z",
        "message_type": "incoming",
        "sender": jane,
        "conversation": {"id": 10, "channel": "Channel::Whatsapp", "meta": {"sender": jane}},
    } | more


def chatwoot_latest(*loads: list[dict[str, Any]], **options: Any) -> Interaction:
    with omnitrack.open("memory://", region="GB") as tracker:
        for events in loads:
            tracker.load(list(events), format="chatwoot", **options)
        [item] = tracker.interactions()
        return item


@pytest.mark.parametrize("texts", [("zebra", "apple"), ("apple", "zebra")])
def test_chatwoot_edits_without_a_time_of_their_own_count_in_the_order_in_which_they_came(
    texts: tuple[str, str],
) -> None:
    created = chatwoot_update("hello", event="message_created")
    assert chatwoot_latest([created, *map(chatwoot_update, texts)]).body == texts[-1]


def test_chatwoot_edit_has_the_time_at_which_its_conversation_changed() -> None:
    late, early = (
        chatwoot_update(
            text, conversation={"id": 10, "channel": "Channel::Whatsapp", "updated_at": 1770112800.0 + second}
        )
        for text, second in (("apple", 60), ("zebra", 30))
    )
    assert chatwoot_latest([late], [early]).body == "apple"


def test_chatwoot_message_whose_creation_was_missed_is_kept_from_its_update() -> None:
    kept = chatwoot_latest([chatwoot_update("hello")])
    assert (kept.body, kept.channel, len(kept.customers)) == ("hello", "whatsapp", 1)


def test_chatwoot_deleted_message_is_marked_and_keeps_no_text() -> None:
    gone = chatwoot_latest([chatwoot_update("This message was deleted", content_attributes={"deleted": True})])
    assert (gone.body, gone.attributes["deleted"]) == (None, True)


def test_chatwoot_messages_of_bots_and_templates_are_automatic() -> None:
    bot = chatwoot_update(
        "Welcome", event="message_created", message_type="outgoing", sender={"id": 1, "type": "agent_bot"}
    )
    template = chatwoot_update("How was it?", event="message_created", id=2, message_type="template")
    items = interactions(open_source([bot, template], "chatwoot"))
    assert [item.attributes["automatic"] for item in items] == [True, True]


def test_zendesk_comment_is_inbound_from_an_end_user_and_internal_when_not_public(zendesk: list[Interaction]) -> None:
    assert [m.direction for m in zendesk] == [Direction.INBOUND, Direction.INTERNAL, Direction.OUTBOUND]
    assert [m.agent for m in zendesk] == [None, "Alice", "Alice"]


def test_zendesk_customer_of_every_comment_is_the_requester(zendesk: list[Interaction]) -> None:
    assert {keys(person)[0] for m in zendesk for person in m.customers} == {"crm:1835962@bt"}


def test_zendesk_address_that_a_comment_came_from_is_observed_the_rest_of_the_record_claimed(
    zendesk: list[Interaction],
) -> None:
    [person] = zendesk[0].customers
    assert {s.identifier: s.assurance for s in person} == {
        "crm:1835962@bt": Assurance.OBSERVED,
        "email:jane.doe@example.com": Assurance.OBSERVED,
        "phone:+442079460958": Assurance.CLAIMED,
        "account:BT-5521@bt": Assurance.OBSERVED,
    }


def test_zendesk_quotes_are_told_from_the_new_text_and_html_is_made_plain(zendesk: list[Interaction]) -> None:
    assert (zendesk[0].body, zendesk[2].body) == ("No broadband for 3 days.", "An engineer comes on Monday.")


def test_zendesk_ticket_is_the_thread(zendesk: list[Interaction]) -> None:
    assert {m.thread for m in zendesk} == {"35436"}


def test_zendesk_page_without_users_and_ticket_keeps_the_comment_and_says_what_is_missing() -> None:
    page = {
        "comments": [
            {"id": 1, "author_id": 2, "plain_body": "hi", "public": True, "created_at": "2026-01-05T09:00:00Z"}
        ]
    }
    message, note = open_source([page], "zendesk", ticket=35436)
    assert (message.thread, message.customers, note.kept) == ("35436", (), True)


def test_connect_records_need_no_line_ends_between_them(connect: list[Interaction]) -> None:
    assert len(connect) == 3


def test_connect_transfer_is_a_contact_in_the_thread_of_the_first(connect: list[Interaction]) -> None:
    assert [(c.kind, c.agent) for c in connect[:2]] == [("call", "alice"), ("transfer", "bob")]
    assert connect[1].thread == connect[1].reply_to == connect[0].source_id


def test_connect_attributes_identify_as_they_are_said_to(connect: list[Interaction]) -> None:
    assert people(connect[0].customers) == [["phone:+442079460958", "account:BT-5521@bt"]]
    assert connect[0].customers[0][1].assurance is Assurance.VERIFIED
    assert connect[0].via == "phone:+448081570123"


def test_connect_withheld_caller_who_nobody_answered(connect: list[Interaction]) -> None:
    assert (connect[2].customers, connect[2].outcome) == ((), "abandoned")


def test_connect_template_that_is_none_is_refused() -> None:
    with pytest.raises(SourceFormatError, match="accepted is"):
        open_source([], "amazon-connect", identifiers={"accountNumber": "BT"})


@pytest.mark.parametrize(("said", "size"), [(3, 3), (0, 0), (-1, None), (True, None), ("3", None), (None, None)])
def test_a_size_of_a_file_that_is_none_is_left_out(said: Any, size: int | None) -> None:
    page = {
        "comments": [
            {
                "id": 1,
                "author_id": 5,
                "public": True,
                "body": "see file",
                "created_at": "2026-03-01T10:00:00Z",
                "attachments": [{"file_name": "a.pdf", "size": said}],
            }
        ],
        "users": [{"id": 5, "role": "end-user", "email": "jane@example.com"}],
    }
    [comment] = interactions(open_source([page], "zendesk"))
    assert [(file.name, file.size) for file in comment.attachments] == [("a.pdf", size)]
