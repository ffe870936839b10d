"""The sources of contact-centre systems: Chatwoot, Zendesk, Amazon Connect."""

from __future__ import annotations

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, passed_over, people, revisions


@pytest.fixture
def chatwoot(fixtures):
    return list(open_source(fixtures / "chatwoot.jsonl", identifier_scope="bt"))


@pytest.fixture
def zendesk(fixtures):
    return list(open_source(fixtures / "zendesk.json", instance="bt", identifier_scope="bt"))


@pytest.fixture
def connect(fixtures):
    return list(open_source(fixtures / "connect.json", identifiers={"accountNumber": "account:{}@bt!verified"}))


@pytest.mark.parametrize(
    ("name", "format"),
    [("chatwoot.jsonl", "chatwoot"), ("zendesk.json", "zendesk"), ("connect.json", "amazon-connect")],
)
def test_formats_are_found(fixtures, name, format):
    assert detect(fixtures / name)[0].name == format


def test_chatwoot_direction_is_the_message_type_and_a_private_note_is_internal(chatwoot):
    assert [m.direction for m in interactions(chatwoot)] == [Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL]


def test_chatwoot_form_fields_are_claimed_and_a_proved_identifier_verified(chatwoot):
    [person] = chatwoot[0].customers
    assert {sighting.identifier: sighting.assurance for sighting in person} == {
        "crm:501@chatwoot-3": Assurance.OBSERVED,
        "phone:+442079460958": Assurance.CLAIMED,
        "email:jane.doe@example.com": Assurance.CLAIMED,
        "account:BT-5521@bt": Assurance.VERIFIED,
    }


def test_chatwoot_phone_is_observed_where_the_channel_carries_it():
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


def test_chatwoot_update_is_a_revision_and_other_events_are_passed_over(chatwoot):
    [revision] = revisions(chatwoot)
    assert (revision.source_id, revision.body) == ("9001", "Hi, my broadband and phone are down")
    assert [item.reason for item in passed_over(chatwoot)] == ['event type "conversation_status_changed"']


def test_zendesk_comment_is_inbound_from_an_end_user_and_internal_when_not_public(zendesk):
    assert [m.direction for m in zendesk] == [Direction.INBOUND, Direction.INTERNAL, Direction.OUTBOUND]
    assert [m.agent for m in zendesk] == [None, "Alice", "Alice"]


def test_zendesk_customer_of_every_comment_is_the_requester(zendesk):
    assert {keys(person)[0] for m in zendesk for person in m.customers} == {"crm:1835962@bt"}


def test_zendesk_address_that_a_comment_came_from_is_observed_the_rest_of_the_record_claimed(zendesk):
    [person] = zendesk[0].customers
    assert {s.identifier: s.assurance for s in person} == {
        "crm:1835962@bt": Assurance.OBSERVED,
        "email:jane.doe@example.com": Assurance.OBSERVED,
        "phone:+442079460958": Assurance.CLAIMED,
        "account:BT-5521@bt": Assurance.OBSERVED,
    }


def test_zendesk_quotes_are_told_from_the_new_text_and_html_is_made_plain(zendesk):
    assert (zendesk[0].body, zendesk[2].body) == ("No broadband for 3 days.", "An engineer comes on Monday.")


def test_zendesk_ticket_is_the_thread(zendesk):
    assert {m.thread for m in zendesk} == {"35436"}


def test_zendesk_page_without_users_and_ticket_keeps_the_comment_and_says_what_is_missing():
    page = {
        "comments": [
            {"id": 1, "author_id": 2, "plain_body": "hi", "public": True, "created_at": "2026-01-05T09:00:00Z"}
        ]
    }
    message, note = open_source([page], "zendesk", ticket=35436)
    assert (message.thread, message.customers, note.kept) == ("35436", (), True)


def test_connect_records_need_no_line_ends_between_them(connect):
    assert len(connect) == 3


def test_connect_transfer_is_a_contact_in_the_thread_of_the_first(connect):
    assert [(c.kind, c.agent) for c in connect[:2]] == [("call", "alice"), ("transfer", "bob")]
    assert connect[1].thread == connect[1].reply_to == connect[0].source_id


def test_connect_attributes_identify_as_they_are_said_to(connect):
    assert people(connect[0].customers) == [["phone:+442079460958", "account:BT-5521@bt"]]
    assert connect[0].customers[0][1].assurance is Assurance.VERIFIED
    assert connect[0].via == "phone:+448081570123"


def test_connect_withheld_caller_who_nobody_answered(connect):
    assert (connect[2].customers, connect[2].outcome) == ((), "abandoned")


def test_connect_template_that_is_none_is_refused():
    with pytest.raises(SourceFormatError, match="accepted is"):
        open_source([], "amazon-connect", identifiers={"accountNumber": "BT"})
