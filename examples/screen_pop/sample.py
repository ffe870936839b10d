"""Contacts of three people in the last days, so that there is somebody who can call."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import omnitrack
from omnitrack import account, claimed, verified

MAYA, OFFICE = "020 7946 0958", "020 7946 0111"
ACCOUNT = account("NL-2048815")

# (days ago, channel, direction, customer, facts)
CONTACTS: list[tuple[float, str, str, list[Any], dict[str, Any]]] = [
    (
        6.2,
        "x",
        "inbound",
        ["x:maya_example"],
        {"body": "@northlinkcare no broadband for three days now. Anybody there?"},
    ),
    (
        6.1,
        "x",
        "outbound",
        ["x:maya_example"],
        {"body": "Sorry to hear it! Please mail us your account number.", "agent": "Sam"},
    ),
    (
        5.8,
        "email",
        "inbound",
        ["maya.okafor@example.org", claimed(ACCOUNT)],
        {
            "subject": "No broadband since Monday",
            "body": "The light on the box is red. I work from home, so this is urgent.",
            "thread": "m1",
            "traits": {"name": "Maya Okafor"},
        },
    ),
    (
        3.4,
        "web",
        "inbound",
        [verified(ACCOUNT), verified("maya.okafor@example.org"), verified(MAYA)],
        {"subject": "Ran the line test: a fault was found", "traits": {"name": "Maya Okafor"}},
    ),
    (
        2.1,
        "phone",
        "outbound",
        [MAYA],
        {"body": "Engineer booked for Thursday.", "agent": "Priya", "outcome": "completed"},
    ),
    (0.9, "phone", "inbound", [MAYA], {"outcome": "abandoned"}),
    (
        4.0,
        "email",
        "inbound",
        ["jo.hart@example.com", OFFICE],
        {"subject": "Invoice 2207", "traits": {"name": "Jo Hart"}},
    ),
    (
        1.5,
        "chat",
        "inbound",
        ["ravi@example.net", OFFICE],
        {"body": "Can you port a number?", "traits": {"name": "Ravi Shah"}},
    ),
]


def record_sample(tracker: omnitrack.Tracker, now: datetime | None = None) -> None:
    """Record the contacts; those that are there already are not recorded again."""
    now = now or datetime.now(timezone.utc)
    for number, (ago, channel, direction, customer, facts) in enumerate(CONTACTS):
        tracker.record(
            channel=channel,
            direction=direction,
            customer=customer,
            occurred_at=now - timedelta(days=ago),
            source="sample",
            source_id=str(number),
            **facts,
        )
    tracker.link(
        "x:maya_example", "maya.okafor@example.org", by="Priya", reason="her mail has the code that we sent to X"
    )
    tracker.mark_shared(OFFICE, by="Priya", reason="the line of an office")
    tracker.consent("maya.okafor@example.org", granted=False, purpose="marketing", at=now - timedelta(days=5))
