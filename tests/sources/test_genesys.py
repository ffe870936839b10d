"""The source of Genesys Cloud's conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected


def session(*segments: str, **values: Any) -> dict[str, Any]:
    end = "2026-01-05T09:04:00Z"
    return {"mediaType": "voice", "segments": [{"segmentType": one, "segmentEnd": end} for one in segments]} | values


def someone(purpose: str, *sessions: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"participantId": "p", "purpose": purpose, "sessions": list(sessions)} | values


CALLER = someone(
    "customer", session("interact", ani="tel:+442079460958", dnis="tel:+442079460000"), participantName="London"
)
AGENT = someone("agent", session("alert", "interact"), participantName="Alice", userId="u-1")
QUEUE = someone("acd", session("interact"))
IVR = someone("ivr", session("ivr"))


def conversation(*participants: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "conversationId": "c-1",
        "conversationStart": "2026-01-05T09:00:00.000Z",
        "conversationEnd": "2026-01-05T09:04:10.000Z",
        "originatingDirection": "inbound",
        "participants": list(participants),
    } | values


def read(*values: dict[str, Any], **options: Any) -> list[Any]:
    return list(in_utc(list(values), "genesys-cloud", **options))


def test_format_is_found_in_pages_and_conversations(tmp_path: Path) -> None:
    for name, value in (
        ("page.json", {"conversations": [conversation(CALLER)], "totalHits": 1}),
        ("one.json", conversation(CALLER)),
    ):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
        assert detect(tmp_path / name)[0].name == "genesys-cloud"


def test_inbound_call_is_of_the_caller_and_taken_by_the_agent() -> None:
    [call] = read(conversation(CALLER, IVR, QUEUE, AGENT))
    assert (call.direction, people(call.customers), call.agent) == (
        Direction.INBOUND,
        [["phone:+442079460958"]],
        "Alice",
    )
    assert (call.outcome, call.channel, call.traits) == ("answered", "phone", {})
    assert (call.ended_at - call.occurred_at).total_seconds() == 250


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        ([QUEUE], "abandoned"),
        ([QUEUE, someone("agent", session("alert"))], "abandoned"),
        ([QUEUE, someone("voicemail", session("interact"))], "voicemail"),
        ([IVR], "self-service"),
        ([someone("user", session("alert"))], "missed"),
    ],
)
def test_outcome_is_told_by_queue_voicemail_and_flow(others: list[dict[str, Any]], outcome: str) -> None:
    [call] = read(conversation(CALLER, *others))
    assert (call.outcome, call.agent) == (outcome, None)


@pytest.mark.parametrize(("segment", "outcome"), [("interact", "answered"), ("dialing", "missed")])
def test_outbound_call_is_to_the_number_dialled_and_answered_where_the_customer_spoke(
    segment: str, outcome: str
) -> None:
    called = someone("customer", session(segment, ani="tel:+442079460000", dnis="tel:+447700900123"))
    [call] = read(conversation(AGENT, called, originatingDirection="outbound"))
    assert (call.direction, people(call.customers), call.outcome) == (
        Direction.OUTBOUND,
        [["phone:+447700900123"]],
        outcome,
    )


def test_call_between_users_is_internal() -> None:
    [call] = read(conversation(AGENT, someone("user", session("interact", ani="tel:+442079460001"))))
    assert (call.direction, call.customers) == (Direction.INTERNAL, ())


def test_withheld_caller_gives_no_identifier() -> None:
    [call] = read(conversation(someone("customer", session("interact", ani="sip:anonymous@anonymous.invalid")), QUEUE))
    assert (call.customers, call.attributes["withheld"]) == ((), True)


def test_caller_that_the_network_does_not_vouch_for_is_a_claim() -> None:
    caller = someone("customer", session("interact", ani="tel:+442079460958", stirVerstat="TN-Validation-Failed"))
    [call] = read(conversation(caller))
    assert [s.assurance for s in call.customers[0]] == [Assurance.CLAIMED]


def test_mail_is_of_its_sender_and_a_chat_is_kept_without_an_address() -> None:
    mail = someone("customer", session("interact", mediaType="email", addressFrom="jane@customer.example"))
    chat = someone("customer", session("interact", mediaType="chat"))
    found = read(conversation(mail), conversation(chat, conversationId="c-2"))
    assert [(one.channel, one.kind, people(one.customers)) for one in found] == [
        ("email", "message", [["email:jane@customer.example"]]),
        ("chat", "message", []),
    ]


def test_conversation_without_an_id_or_a_time_costs_itself_only() -> None:
    page = {
        "conversations": [
            conversation(CALLER, conversationId=None),
            conversation(conversationStart="soon"),
            conversation(CALLER),
        ]
    }
    items = read(page)
    assert (len(rejected(items)), len(interactions(items))) == (2, 1)


def test_empty_page_is_passed_over() -> None:
    assert [unit.reason for unit in passed_over(read({"conversations": [], "totalHits": 0}))] == [
        "page without results"
    ]
