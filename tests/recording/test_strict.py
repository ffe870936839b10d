"""Recording with ``strict=True``: an identifier that cannot be filed is an error, and nothing is written."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

import omnitrack
from omnitrack import Interaction, InvalidIdentifierError, InvalidInteractionError, Tracker, phone

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.fixture
def tracker() -> Tracker:
    return omnitrack.open("memory://", region="GB", placeholders=["account:0815"])


@pytest.mark.parametrize(
    ("who", "says"),
    [
        (["jane@example.com", "phone:12"], "phone"),
        (["account:0815"], "account"),
        ([f"{n}@example.com" for n in range(9)], "9 identifiers of one person"),
    ],
)
def test_an_identifier_that_would_be_left_out_is_refused_and_nothing_is_written(
    tracker: Tracker, who: list[str], says: str
) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        tracker.record(channel="phone", customer=who, occurred_at=T0, strict=True)
    assert not list(tracker.interactions())
    assert tracker.record(channel="phone", customer=who, occurred_at=T0).rejected


def test_what_can_be_filed_is_recorded_and_a_withheld_number_is_no_fault(tracker: Tracker) -> None:
    found = tracker.record(channel="phone", customer=["jane@example.com", "anonymous"], occurred_at=T0, strict=True)
    assert not found.rejected
    assert len(tracker.customer("jane@example.com").identifiers) == 1


def test_of_many_only_those_are_rejected_that_lack_an_identifier(tracker: Tracker) -> None:
    items = [
        Interaction(channel="phone", customer=[who, "jane@example.com"], occurred_at=T0, source="t", source_id=str(n))
        for n, who in enumerate(["020 7946 0958", "phone:12", "020 7946 0959"])
    ]
    with pytest.raises(InvalidInteractionError, match="phone"):
        tracker.record_many(items, strict=True)
    assert not list(tracker.interactions())
    report = tracker.record_many(items, on_error="collect", strict=True)
    assert (report.added, report.rejected_total, report.left_out_total) == (2, 1, 0)
    assert report.rejected[0].source_id == "1"
    assert not report.rejected[0].kept
    assert tracker.record_many(items, on_error="collect").left_out_total == 1


def test_a_flag_that_is_none_is_refused(tracker: Tracker) -> None:
    with pytest.raises(InvalidInteractionError, match="strict"):
        tracker.record(channel="phone", customer="jane@example.com", occurred_at=T0, strict="yes")  # type: ignore[arg-type]


def test_an_interaction_spells_its_customer_as_record_does() -> None:
    number = phone("020 7946 0958", region="GB")
    for one in ("jane@example.com", number, ["jane@example.com", number], omnitrack.verified(number)):
        made = Interaction(channel="phone", occurred_at=T0, customer=one)  # type: ignore[arg-type]
        assert made == Interaction(channel="phone", occurred_at=T0, customers=[one])
        assert Interaction.from_dict(made.to_dict()) == made
        assert "customer" not in made.to_dict()
    with pytest.raises(InvalidInteractionError, match="one of the two"):
        Interaction(channel="phone", occurred_at=T0, customer="jane@example.com", customers=["bea@example.com"])


def test_a_timeline_yields_at_most_its_limit(tracker: Tracker) -> None:
    for n in range(205):
        tracker.record(
            channel="phone", customer="jane@example.com", occurred_at=T0.replace(hour=n // 60, minute=n % 60)
        )
    everything = list(tracker.timeline("jane@example.com"))
    for limit in (0, 1, 99, 100, 101, 204, 205, 1000):
        assert list(tracker.timeline("jane@example.com", limit=limit)) == everything[:limit]
    assert list(tracker.timeline("jane@example.com", limit=None)) == everything
    with pytest.raises(InvalidInteractionError, match="limit"):
        tracker.timeline("jane@example.com", limit=-1)
