"""Handovers as they are given: what is asked for, what the customer is told, and how long that may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clock import now
from contacts import at, seen
from omnitrack import InteractionNotFoundError, InvalidInteractionError, Tracker, Value
from omnitrack.service.handover_text import TEXTS
from omnitrack.service.message_size import sms_segments, x_weight

pytestmark = pytest.mark.usefixtures("clock")

HANDLE = "x:mikesamuels68"


@pytest.fixture
def options() -> dict[str, Any]:
    """With a secret, by which digests of codes are fast to make."""
    return {"region": "GB", "secret": "a secret of the store"}


@pytest.mark.parametrize(
    ("channel", "kind", "private"),
    [("x", "message", False), ("x", "direct_message", True), ("email", "message", True), ("forum", "comment", False)],
)
def test_channel_and_kind_tell_whether_others_can_read_it(
    tracker: Tracker, channel: str, kind: str, private: bool
) -> None:
    who = "email:mike@example.com" if channel == "email" else HANDLE
    message = seen(tracker, 0, who, channel=channel, kind=kind)
    assert tracker.hand_over(message, to="phone").private is private
    assert tracker.hand_over(message, to="phone", private=not private).private is not private


def test_what_a_customer_is_told_fits(tracker: Tracker) -> None:
    post = seen(tracker, 0, HANDLE, channel="x")
    message = seen(tracker, 1, "phone:+442079460958", channel="sms")
    for language in TEXTS:
        for to in ("email", "phone", "sms", "web", "letter", "x"):
            address = "https://support.bt.example/continue" if to == "web" else "help@bt.example"
            told = tracker.hand_over(post, to=to, address=address, language=language)
            assert told.code in told.text or to == "phone"
            assert address in told.text
            assert x_weight(told.text) <= 280
            short = tracker.hand_over(message, to=to, address=address, language=language)
            assert sms_segments(short.text) == 1, short.text


def test_a_template_is_the_caller_s_own(tracker: Tracker) -> None:
    post = seen(tracker, 0, HANDLE, channel="x")
    handover = tracker.hand_over(
        post,
        to="phone",
        address="0800 111",
        expires=at(0) + timedelta(days=120),
        template="Call {address}, key {digits}. {{ok}}",
    )
    digits = handover.digits
    assert handover.text == f"Call 0800 111, key {digits[:5]} {digits[5:10]} {digits[10:]}. {{ok}}"


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"to": ""}, "to"),
        ({"uses": 0}, "uses"),
        ({"uses": True}, "uses"),
        ({"uses": 101}, "uses"),
        ({"private": "yes"}, "private"),
        ({"expires": timedelta(0)}, "expires"),
        ({"expires": timedelta(days=91)}, "expires"),
        ({"expires": "2026-01-01T00:00:00+00:00"}, "expires"),
        ({"language": "tlh"}, "language"),
        ({"address": ""}, "address"),
        ({"template": "no code"}, "template"),
        ({"template": "{code.__class__}"}, "template"),
        ({"template": "{code!r}"}, "template"),
        ({"template": "{code:>1000000000}"}, "template"),
        ({"template": "{code"}, "template"),
        ({"template": "{code}" + "x" * 300}, "text"),
        ({"template": "{code}" + "\U0001f600" * 140}, "text"),
    ],
)
def test_what_is_refused_is_named(tracker: Tracker, how: dict[str, Any], named: str) -> None:
    post = seen(tracker, 0, HANDLE, channel="x")
    with pytest.raises(InvalidInteractionError, match=f"^{named}:"):
        tracker.hand_over(post, **{"to": "email", **how})


def test_a_code_is_given_with_one_person_s_interaction(tracker: Tracker) -> None:
    mail = tracker.record(
        channel="email", occurred_at=at(0), customers=[["email:a@example.com"], ["email:b@example.com"]]
    )
    with pytest.raises(InvalidInteractionError, match="2 people"):
        tracker.hand_over(mail, to="phone")
    with pytest.raises(InteractionNotFoundError):
        tracker.hand_over("int_" + "0" * 32, to="phone")
    with pytest.raises(InteractionNotFoundError):
        tracker.hand_over("x", to="phone")


def test_a_handover_travels_and_does_not_show_its_code(tracker: Tracker) -> None:
    item = tracker.timeline(HANDLE) if seen(tracker, 0, HANDLE, channel="x") else None
    assert item is not None
    before = now()
    handover = tracker.hand_over(item[0], to="email", by="sam", reason="asks for the account")
    assert handover.issued_at > before
    assert handover.expires_at - handover.issued_at == timedelta(days=2)
    assert Value.from_dict(handover.to_dict()) == handover
    assert handover.code not in repr(handover)
    assert handover.digits not in repr(handover)


@pytest.mark.parametrize(
    ("text", "weight"),
    # The examples of twitter-text: https://github.com/twitter/twitter-text/blob/master/conformance/validate.yml
    [
        ("a" * 280, 280),
        ("\u6f22", 2),
        ("\u00e9", 1),
        ("e\u0301", 1),
        ("\u2014", 1),
        ("see https://example.com/a/very/long/path?x=1 now", 31),
    ],
)
def test_x_weighs_characters(text: str, weight: int) -> None:
    assert x_weight(text) == weight


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("\u20ac" * 80, 1),
        ("\u20ac" * 81, 2),
        ("\u20ac" * 77, 1),
        ("\u6f22" * 70, 1),
        ("\u6f22" * 71, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("\U0001f600" * 36, 2),
    ],
)
def test_a_text_message_has_segments(text: str, segments: int) -> None:
    assert sms_segments(text) == segments
