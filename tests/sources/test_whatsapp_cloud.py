"""The source of WhatsApp's webhooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.model import Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, people, rejected, revisions


def payload(message: dict[str, Any], **contact: Any) -> dict[str, Any]:
    value = {
        "metadata": {"display_phone_number": "+44 20 7946 0000"},
        "contacts": [{"profile": {"name": "Jane"}, **contact}],
        "messages": [{"id": "wamid.1", "timestamp": "1767603600", **message}],
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": "W1", "changes": [{"value": value}]}]}


def read(message: dict[str, Any], **contact: Any) -> list[Any]:
    return list(open_source([payload(message, **contact)], "whatsapp-cloud"))


@pytest.fixture
def items(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "whatsapp_webhooks.jsonl", portfolio="bt"))


def test_format_is_found(fixtures: Path) -> None:
    assert detect(fixtures / "whatsapp_webhooks.jsonl")[0].name == "whatsapp-cloud"


def test_customer_is_known_by_number_by_id_within_the_portfolio_and_by_user_name(items: list[Any]) -> None:
    assert people(items[0].customers) == [
        ["whatsapp:447700900123", "whatsapp-id:GB.13491208655302741918@bt", "whatsapp:jane_doe.68"]
    ]


def test_without_a_portfolio_an_id_is_unique_in_its_account() -> None:
    [item] = read({"from_user_id": "GB.1", "type": "text", "text": {"body": "hi"}}, user_id="GB.1")
    assert people(item.customers) == [["whatsapp-id:GB.1@W1"]]


@pytest.mark.parametrize("where", ["contact", "message"])
def test_id_of_a_parent_portfolio_is_of_none_of_its_portfolios(where: str) -> None:
    message = {"from_user_id": "GB.1", "type": "text", "text": {"body": "hi"}}
    contact = {"user_id": "GB.1"}
    if where == "contact":
        contact["parent_user_id"] = "GB.ENT.2"
    else:
        message["from_parent_user_id"] = "GB.ENT.2"
    [item] = read(message, **contact)
    assert people(item.customers) == [["whatsapp-id:GB.1@W1", "whatsapp-id:GB.ENT.2"]]


def test_edit_and_revoke_are_revisions_of_what_they_name(items: list[Any]) -> None:
    edit, revoke = revisions(items)
    assert (edit.source_id, edit.body) == (items[0].source_id, "No broadband since Thursday")
    assert (revoke.source_id, revoke.deleted) == (items[1].source_id, True)


def test_reports_of_delivery_are_no_interactions(items: list[Any]) -> None:
    assert (len(interactions(items)), rejected(items)) == (3, [])


def test_message_sent_in_the_app_is_outbound(items: list[Any]) -> None:
    echo = interactions(items)[-1]
    assert (echo.direction, people(echo.customers)) == (Direction.OUTBOUND, [["whatsapp:447700900123"]])


def test_media_are_attachments_with_the_caption_as_text(items: list[Any]) -> None:
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
def test_every_kind_of_message_says_what_it_says(
    message: dict[str, Any], kind: str, body: str, reply_to: str | None
) -> None:
    [item] = read({"from": "447700900123", **message})
    assert (item.kind, item.body, item.reply_to) == (kind, body, reply_to)


@pytest.mark.parametrize("kind", ["unsupported", "unknown", "something-newer"])
def test_message_that_the_platform_does_not_hand_out_is_a_contact_without_text(kind: str) -> None:
    [item] = read({"from": "447700900123", "type": kind, "errors": [{"code": 131060}]})
    assert (item.direction, item.body, people(item.customers)) == (
        Direction.INBOUND,
        None,
        [["whatsapp:447700900123"]],
    )
    assert item.attributes["errors"] == [{"code": 131060}]


def test_contact_card_says_who_and_links_nobody() -> None:
    card = {"name": {"formatted_name": "Bob Ray"}, "phones": [{"phone": "+44 7700 900789"}]}
    [item] = read({"from": "447700900123", "type": "contacts", "contacts": [card]})
    assert item.body == "Bob Ray: +44 7700 900789"
    assert (people(item.customers), item.participants) == ([["whatsapp:447700900123"]], ())


def test_order_says_what_was_ordered() -> None:
    things = [{"product_retailer_id": "router", "quantity": 2, "item_price": 30, "currency": "GBP"}]
    [item] = read({"from": "447700900123", "type": "order", "order": {"text": "Soon please", "product_items": things}})
    assert item.body == "Soon please\n2 × router (30 GBP)"


def changed(**system: Any) -> list[Any]:
    """A system message; without a number of the sender where ``sender`` is None."""
    sender = system.pop("sender", "447700900123")
    message = {"type": "system", "system": {"body": "Jane changed", **system}}
    return read({**message, "from": sender} if sender else message)


@pytest.mark.parametrize(
    "system",
    [
        {"type": "user_changed_number", "wa_id": "447700900456"},
        {"type": "customer_changed_number", "new_wa_id": "447700900456"},
        {"type": "user_changed_number", "wa_id": "447700900456", "user_id": "GB.2", "previous_user_id": "GB.1"},
    ],
)
def test_changed_number_is_evidence_that_both_are_one_person_and_no_text_of_theirs(system: dict[str, Any]) -> None:
    [item] = changed(**system)
    assert (item.kind, item.body) == ("identity", None)
    assert people(item.customers) == [["whatsapp:447700900123", "whatsapp:447700900456"]]


def test_changed_user_id_is_evidence_for_both_ids() -> None:
    [item] = changed(type="user_changed_user_id", user_id="GB.2", previous_user_id="GB.1", sender=None)
    assert (item.kind, people(item.customers)) == ("identity", [["whatsapp-id:GB.1@W1", "whatsapp-id:GB.2@W1"]])


def test_numbers_that_changed_are_one_customer() -> None:
    with omnitrack.open("memory://") as tracker:
        payloads = [
            payload({"from": "447700900123", "type": "text", "text": {"body": "before"}}),
            payload({"id": "wamid.2", "from": "447700900123", "type": "system", "system": CHANGED}),
            payload({"id": "wamid.3", "from": "447700900456", "type": "text", "text": {"body": "after"}}),
        ]
        tracker.load(payloads, format="whatsapp-cloud")
        assert tracker.customer("+447700900123").id == tracker.customer("+447700900456").id


CHANGED = {"type": "user_changed_number", "wa_id": "447700900456"}


def test_changed_key_of_encryption_is_no_contact() -> None:
    [item] = changed(type="customer_identity_changed")
    assert item.reason == 'event type "customer_identity_changed"'


def reported(**value: Any) -> list[Any]:
    """What a change holds, for the number of the business."""
    value = {"metadata": {"display_phone_number": "+44 20 7946 0000"}, **value}
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "W1", "changes": [{"value": value, "field": "x"}]}],
    }
    return list(open_source([payload], "whatsapp-cloud"))


def test_history_has_both_sides_of_each_thread() -> None:
    texts = [
        {"from": "447700900123", "id": "h1", "timestamp": "1767603600", "type": "text", "text": {"body": "question"}},
        {"from": "442079460000", "id": "h2", "timestamp": "1767603601", "type": "text", "text": {"body": "answer"}},
    ]
    items = reported(history=[{"metadata": {"phase": 0}, "threads": [{"id": "447700900123", "messages": texts}]}])
    assert [(i.direction, i.body) for i in items] == [(Direction.INBOUND, "question"), (Direction.OUTBOUND, "answer")]
    assert [people(i.customers) for i in items] == [[["whatsapp:447700900123"]]] * 2
    assert items[0].thread == items[1].thread


def test_history_that_was_not_shared_is_said() -> None:
    [item] = reported(history=[{"errors": [{"code": 2593109, "title": "History sharing is turned off"}]}])
    assert "turned off" in item.reason


def call(**fields: Any) -> dict[str, Any]:
    return {"id": "wacid.1", "from": "447700900123", "to": "442079460000", "timestamp": "1767603700", **fields}


def test_call_is_told_by_its_end() -> None:
    begin, end = reported(
        calls=[
            call(event="connect", direction="USER_INITIATED"),
            call(
                event="terminate",
                direction="USER_INITIATED",
                status="COMPLETED",
                start_time="1767603600",
                end_time="1767603660",
            ),
        ]
    )
    assert begin.reason == "event of a call before its end (connect)"
    assert (end.kind, end.outcome, end.direction) == ("call", "answered", Direction.INBOUND)
    assert (end.ended_at - end.occurred_at).total_seconds() == 60
    assert people(end.customers) == [["whatsapp:447700900123"]]


def test_call_that_nobody_took_was_missed() -> None:
    [end] = reported(calls=[call(event="terminate", direction="USER_INITIATED", status="FAILED")])
    assert (end.outcome, end.ended_at) == ("missed", None)


def test_call_of_the_business_is_outbound_to_who_it_called() -> None:
    fields = {"from": "442079460000", "to": "447700900123", "direction": "BUSINESS_INITIATED"}
    [end] = reported(calls=[call(event="terminate", **fields)])
    assert (end.direction, people(end.customers)) == (Direction.OUTBOUND, [["whatsapp:447700900123"]])


def test_preference_is_a_contact_of_who_has_it() -> None:
    said = {"wa_id": "447700900123", "category": "marketing_messages", "value": "stop", "timestamp": 1767603600}
    [item] = reported(user_preferences=[said])
    assert (item.kind, item.outcome, item.body) == ("preference", "stop", None)
    assert people(item.customers) == [["whatsapp:447700900123"]]
    assert [item.source_id] == [again.source_id for again in reported(user_preferences=[said])]


@pytest.mark.parametrize("contacts", [[], [{"wa_id": "447700900123"}], None])
def test_message_without_a_profile_is_of_its_sender(contacts: list[dict[str, Any]] | None) -> None:
    message = {"from": "447700900123", "id": "1", "timestamp": "1767603600", "type": "text", "text": {"body": "a"}}
    [item] = reported(messages=[message], contacts=contacts)
    assert (item.body, people(item.customers)) == ("a", [["whatsapp:447700900123"]])


def test_payload_of_another_kind_is_rejected() -> None:
    [item] = open_source([{"object": "page"}], "whatsapp-cloud")
    assert "entry" in item.reason
