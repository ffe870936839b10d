"""Contact records of Amazon Connect: who called whom by every initiation method, what became of it, and what comes again."""

from __future__ import annotations

import json
from typing import Any

import pytest

import omnitrack
from omnitrack.model import Direction
from sources.asserting import in_utc, interactions, passed_over, rejected


def record(number: str = "c-1", method: str = "INBOUND", **fields: Any) -> dict[str, Any]:
    return {
        "AWSAccountId": "111122223333",
        "ContactId": number,
        "Channel": "VOICE",
        "InitiationMethod": method,
        "InitiationTimestamp": "2026-01-05T09:00:00Z",
        "DisconnectTimestamp": "2026-01-05T09:05:00Z",
        "CustomerEndpoint": {"Address": "+442079460958", "Type": "TELEPHONE_NUMBER"},
    } | fields


def read(*records: dict[str, Any]) -> list[Any]:
    return list(in_utc(list(records), "amazon-connect"))


@pytest.mark.parametrize(
    ("method", "channel", "direction"),
    [
        ("INBOUND", "VOICE", Direction.INBOUND),
        ("OUTBOUND", "VOICE", Direction.OUTBOUND),
        ("TRANSFER", "VOICE", Direction.INBOUND),
        ("QUEUE_TRANSFER", "VOICE", Direction.INBOUND),
        ("CALLBACK", "VOICE", Direction.OUTBOUND),
        ("API", "VOICE", Direction.OUTBOUND),
        ("API", "CHAT", Direction.INBOUND),
        ("API", "TASK", Direction.INTERNAL),
        ("DISCONNECT", "CHAT", Direction.INBOUND),
        ("WEBRTC_API", "VOICE", Direction.INBOUND),
        ("EXTERNAL_OUTBOUND", "VOICE", Direction.OUTBOUND),
        ("MONITOR", "VOICE", Direction.INTERNAL),
        ("AGENT_REPLY", "EMAIL", Direction.OUTBOUND),
        ("FLOW", "EMAIL", Direction.OUTBOUND),
    ],
)
def test_initiation_method_and_channel_say_who_turned_to_whom(method: str, channel: str, direction: Direction) -> None:
    [contact] = read(record(method=method, Channel=channel))
    assert contact.direction is direction


def test_method_that_is_not_known_leaves_the_direction_open_and_is_told() -> None:
    items = read(record(method="TELEPATHY"))
    assert [c.direction for c in interactions(items)] == [None]
    assert [(part.kept, "InitiationMethod" in part.reason) for part in rejected(items)] == [(True, True)]


def test_transfer_has_the_direction_of_the_contact_that_it_goes_on() -> None:
    items = read(record(method="OUTBOUND"), record("c-2", method="TRANSFER", InitialContactId="c-1"))
    assert [contact.direction for contact in items] == [Direction.OUTBOUND, Direction.OUTBOUND]


AGENT = {"Username": "alice", "ConnectedToAgentTimestamp": "2026-01-05T09:01:00Z"}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"Agent": AGENT, "Queue": {"Name": "Care"}}, "answered"),
        ({"Queue": {"Name": "Care"}}, "abandoned"),
        ({"Queue": {"Name": "Care"}, "DisconnectReason": "CUSTOMER_DISCONNECT"}, "abandoned"),
        ({"Queue": {"Name": "Care"}, "DisconnectReason": "CONTACT_FLOW_DISCONNECT"}, "missed"),
        ({"Queue": None}, "self-service"),
        ({"method": "OUTBOUND", "Agent": AGENT, "ConnectedToSystemTimestamp": None}, "missed"),
        ({"method": "OUTBOUND", "Agent": AGENT, "ConnectedToSystemTimestamp": "2026-01-05T09:00:05Z"}, "answered"),
        ({"method": "OUTBOUND", "Agent": AGENT}, "answered"),
        ({"method": "API", "ConnectedToSystemTimestamp": "2026-01-05T09:00:05Z"}, "answered"),
        (
            {
                "method": "API",
                "ConnectedToSystemTimestamp": "2026-01-05T09:00:05Z",
                "AnsweringMachineDetectionStatus": "VOICEMAIL_BEEP",
            },
            "voicemail",
        ),
        ({"method": "API", "AnsweringMachineDetectionStatus": "SIT_TONE_BUSY"}, "busy"),
    ],
)
def test_outcome_is_what_happened_to_the_customer(fields: dict[str, Any], outcome: str) -> None:
    [contact] = read(record(**fields))
    assert contact.outcome == outcome


def test_events_of_agents_among_the_records_are_passed_over_by_their_type() -> None:
    event = {"EventId": "e-1", "EventType": "LOGIN", "AgentARN": "a", "EventTimestamp": "2026-01-05T09:00:00Z"}
    text = "".join(json.dumps(value) for value in (record(), event, record("c-2")))
    items = list(in_utc(text.encode(), "amazon-connect"))
    assert [contact.source_id for contact in interactions(items)] == ["c-1", "c-2"]
    assert [unit.reason for unit in passed_over(items)] == ['event type "LOGIN"']


@pytest.mark.parametrize("loads", [1, 2, 4])
def test_record_that_comes_again_changed_is_a_revision_and_unchanged_a_duplicate(loads: int) -> None:
    first = record(LastUpdateTimestamp="2026-01-05T09:06:00Z")
    later = first | {"LastUpdateTimestamp": "2026-01-06T10:00:00Z", "Attributes": {"reason": "billing"}}
    records = [first, first, later, later]
    tracker = omnitrack.open("memory://", region="GB")
    size = len(records) // loads
    reports = [
        tracker.load(records[start : start + size], format="amazon-connect") for start in range(0, len(records), size)
    ]
    assert [sum(getattr(one, name) for one in reports) for name in ("added", "duplicates", "revised")] == [1, 2, 1]
