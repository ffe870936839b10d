"""The source of WhatsApp's webhooks."""

from __future__ import annotations

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, people, rejected, revisions


def payload(message, **contact):
    value = {
        "metadata": {"display_phone_number": "+44 20 7946 0000"},
        "contacts": [{"profile": {"name": "Jane"}, **contact}],
        "messages": [{"id": "wamid.1", "timestamp": "1767603600", **message}],
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": "W1", "changes": [{"value": value}]}]}


def read(message, **contact):
    return list(open_source([payload(message, **contact)], "whatsapp-cloud"))


@pytest.fixture
def items(fixtures):
    return list(open_source(fixtures / "whatsapp_webhooks.jsonl", portfolio="bt"))


def test_format_is_found(fixtures):
    assert detect(fixtures / "whatsapp_webhooks.jsonl")[0].name == "whatsapp-cloud"


def test_customer_is_known_by_number_by_id_within_the_portfolio_and_by_user_name(items):
    assert people(items[0].customers) == [
        ["whatsapp:447700900123", "whatsapp-id:GB.13491208655302741918@bt", "whatsapp:jane_doe.68"]
    ]


def test_without_a_portfolio_an_id_is_unique_in_its_account():
    [item] = read({"from_user_id": "GB.1", "type": "text", "text": {"body": "hi"}}, user_id="GB.1")
    assert people(item.customers) == [["whatsapp-id:GB.1@W1"]]


def test_edit_and_revoke_are_revisions_of_what_they_name(items):
    edit, revoke = revisions(items)
    assert (edit.source_id, edit.body) == (items[0].source_id, "No broadband since Thursday")
    assert (revoke.source_id, revoke.deleted) == (items[1].source_id, True)


def test_reports_of_delivery_are_no_interactions(items):
    assert (len(interactions(items)), rejected(items)) == (3, [])


def test_message_sent_in_the_app_is_outbound(items):
    echo = interactions(items)[-1]
    assert (echo.direction, people(echo.customers)) == (Direction.OUTBOUND, [["whatsapp:447700900123"]])


def test_media_are_attachments_with_the_caption_as_text(items):
    [file] = items[1].attachments
    assert (items[1].body, file.media_type, file.sha256) == ("the router", "image/jpeg", "6c9c3c0f")
    assert items[1].reply_to == "wamid.HBgMNDQ3NzAwOTAwMTIzAA00"


@pytest.mark.parametrize(
    ("message", "kind", "body", "reply_to"),
    [
        ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, "reaction", "👍", "wamid.0"),
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "message", "Yes", None),
        (
            {"type": "interactive", "interactive": {"list_reply": {"id": "1", "title": "Monday"}}},
            "message",
            "Monday",
            None,
        ),
        ({"type": "location", "location": {"latitude": 51.5, "longitude": -0.1}}, "message", "51.5, -0.1", None),
        ({"type": "something-new", "something-new": {"body": "text"}}, "message", "text", None),
    ],
)
def test_every_kind_of_message_says_what_it_says(message, kind, body, reply_to):
    [item] = read({"from": "447700900123", **message})
    assert (item.kind, item.body, item.reply_to) == (kind, body, reply_to)


def test_message_that_the_platform_does_not_hand_out_is_reported():
    [item] = read({"from": "447700900123", "type": "unsupported"})
    assert "unsupported" in item.reason


def test_payload_of_another_kind_is_rejected():
    [item] = open_source([{"object": "page"}], "whatsapp-cloud")
    assert "entry" in item.reason
