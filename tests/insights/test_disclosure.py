"""How many contacts machines answered, and in how many of these the customer was told."""

from __future__ import annotations

from insights.streams import HOUR, contact
from omnitrack.insights import Disclosure, answerer, disclosure, follow, resolution


def test_it_counts_what_is_known() -> None:
    measured = disclosure(
        [
            contact(0, answered_by="machine", disclosed=True),
            contact(1, answered_by="machine", disclosed=False),
            contact(2, "chat", answered_by="machine"),
            contact(3, answered_by="person"),
            contact(4),
            contact(5, direction="internal", answered_by="machine"),
        ]
    )
    assert (measured.machine.count, measured.machine.of, measured.unknown) == (3, 4, 1)
    assert (measured.told.count, measured.told.of, measured.not_told) == (1, 3, 1)
    assert {channel: share.rate for channel, share in measured.by_channel.items()} == {"phone": 0.5, "chat": 0.0}
    assert "told so: 1 of 3 (33.3%); not told: 1" in str(measured)
    assert Disclosure.from_dict(measured.to_dict()) == measured


def test_contacts_are_grouped_by_who_answered_them() -> None:
    pairs = [("ann", contact(0, answered_by="machine")), ("bob", contact(0, answered_by="person")), ("cem", contact(0))]
    measured = resolution(
        follow([*pairs, ("ann", contact(1))], window=8 * HOUR, by=answerer, until=contact(99).occurred_at)
    )
    assert {group: share.rate for group, share in measured.by_group.items()} == {"machine": 0.0, "person": 1.0}
