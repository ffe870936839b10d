"""Stories of numbers that nobody saw for long: recycled, kept, reassigned, said of, erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import omnitrack
from calling import record
from clock import now
from identity.facts import check
from omnitrack import (
    CustomerNotFoundError,
    Interaction,
    InvalidIdentifierError,
    Policy,
    RetentionRule,
    Tracker,
    claimed,
    verified,
)

pytestmark = pytest.mark.usefixtures("clock")

T0 = datetime(2024, 1, 1, tzinfo=timezone.utc)
NUMBER, OTHER, ACCOUNT, ANOTHER = "phone:+447700900123", "phone:+447700900124", "account:1@bt", "account:2@bt"


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with omnitrack.open("memory://", region="GB", policy=Policy(silence={"phone": 120})) as tracker:
        yield tracker
        check(tracker)


def seen(tracker: Tracker, day: int, *customer: Any, kind: str = "call", **options: Any) -> str:
    found = record(
        tracker,
        Interaction(
            channel="phone",
            direction="inbound",
            occurred_at=T0 + timedelta(days=day),
            customers=[list(customer)],
            body=str(day),
            kind=kind,
            source="test",
            source_id=str(day),
            **options,
        ),
    )
    check(tracker)
    return found.interaction or ""


def bodies(tracker: Tracker, who: str, **options: Any) -> list[str | None]:
    try:
        return [item.body for item in tracker.timeline(who, order="oldest", **options)]
    except CustomerNotFoundError:
        return []


def two_holders(tracker: Tracker) -> tuple[str, str]:
    """Have a number seen on both sides of a silence; return the customers, the later one first."""
    seen(tracker, 0, NUMBER)
    seen(tracker, 200, NUMBER)
    later, earlier = tracker.candidates(NUMBER)
    return later.id, earlier.id


def test_who_gets_a_recycled_number_is_not_who_had_it(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, verified(ACCOUNT))
    seen(tracker, 1, NUMBER)
    seen(tracker, 200, NUMBER)
    seen(tracker, 201, NUMBER, verified(ANOTHER))
    assert bodies(tracker, ACCOUNT) == ["0", "1"]
    assert bodies(tracker, ANOTHER) == bodies(tracker, NUMBER) == ["200", "201"]
    for options in ({"trust": "verified"}, {"include_shared": True}, {"include_participant": True}):
        assert "1" not in bodies(tracker, ANOTHER, **options)


def test_who_shows_the_same_account_after_the_silence_kept_the_number(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, verified(ACCOUNT))
    seen(tracker, 1, NUMBER)
    seen(tracker, 200, NUMBER)
    seen(tracker, 201, NUMBER, verified(ACCOUNT))
    assert bodies(tracker, ACCOUNT) == bodies(tracker, NUMBER) == ["0", "1", "200", "201"]


@pytest.mark.parametrize(("day", "anew"), [(120, False), (129, False), (130, True), (200, True)])
def test_a_silence_has_at_least_twelve_whole_steps(tracker: Tracker, day: int, anew: bool) -> None:
    tracker = Tracker(omnitrack.storage.memory.MemoryBackend(), policy=Policy(silence={"phone": 120}))
    start = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(days=20_000)  # where a step of ten days begins
    for at in (start, start + timedelta(days=day)):
        tracker.record(channel="phone", occurred_at=at, customer=NUMBER, body=str(at))
    assert len(tracker.candidates(NUMBER)) == 1 + anew
    check(tracker)


def test_schemes_that_the_policy_does_not_name_have_one_holder(tracker: Tracker) -> None:
    for who in ("email:ann@example.com", "x:ann"):
        seen(tracker, 0 if who[0] == "x" else 1, who)
        seen(tracker, 900 if who[0] == "x" else 901, who)
        assert len(bodies(tracker, who)) == 2


def test_what_comes_from_within_the_silence_ends_it(tracker: Tracker) -> None:
    two_holders(tracker)
    seen(tracker, 100, NUMBER)
    assert bodies(tracker, NUMBER) == ["0", "100", "200"]


def test_what_comes_from_before_its_end_begins_the_holder_earlier(tracker: Tracker) -> None:
    later, _ = two_holders(tracker)
    seen(tracker, 180, NUMBER)
    assert bodies(tracker, NUMBER) == bodies(tracker, later) == ["180", "200"]


@pytest.mark.parametrize("also", [{"customer": [claimed(NUMBER)]}, {"customer": [NUMBER], "kind": "note"}])
def test_what_was_not_observed_breaks_no_silence(tracker: Tracker, also: dict[str, Any]) -> None:
    seen(tracker, 0, NUMBER)
    seen(tracker, 100, *also["customer"], kind=also.get("kind", "call"))
    seen(tracker, 200, NUMBER)
    assert bodies(tracker, NUMBER) == ["200"]


def test_what_is_attributed_to_a_number_breaks_no_silence_and_begins_nothing(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    letter = seen(tracker, 300, "email:ann@example.com")
    tracker.attribute(letter, NUMBER)
    check(tracker)
    assert bodies(tracker, NUMBER) == ["0", "300"]
    seen(tracker, 390, NUMBER)
    assert bodies(tracker, NUMBER) == ["390"]


def test_a_call_that_is_attributed_elsewhere_was_not_the_numbers(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    wrong = seen(tracker, 100, NUMBER)
    seen(tracker, 200, NUMBER)
    said = tracker.attribute(wrong, ACCOUNT)
    check(tracker)
    assert bodies(tracker, NUMBER) == ["200"]
    tracker.retract(said)
    assert bodies(tracker, NUMBER) == ["0", "100", "200"]


def test_a_link_of_the_two_undoes_it(tracker: Tracker) -> None:
    said = tracker.link(*two_holders(tracker), by="sam")
    check(tracker)
    assert bodies(tracker, NUMBER) == ["0", "200"]
    tracker.retract(said)
    assert bodies(tracker, NUMBER) == ["200"]


def test_a_denial_keeps_the_two_apart_whatever_both_are_seen_with(tracker: Tracker) -> None:
    tracker.deny(*two_holders(tracker))
    seen(tracker, 1, NUMBER, verified(ACCOUNT))
    seen(tracker, 201, NUMBER, verified(ACCOUNT))
    assert "0" not in bodies(tracker, NUMBER)


def test_the_two_are_suggested_and_explained(tracker: Tracker) -> None:
    later, earlier = two_holders(tracker)
    for found in (tracker.suggestions(NUMBER), tracker.suggestions(earlier), tracker.suggestions()):
        (one,) = found.items
        assert set(one.customers) == {later, earlier}
    explained = tracker.explain(later, earlier)
    assert not explained.together
    assert "from 2024-01-01 to 2024-07-19, so another holder is assumed" in str(explained)
    tracker.link(*one.customers)
    assert not tracker.suggestions().items
    assert tracker.explain(later, earlier).together


def test_a_denial_takes_the_suggestion_away(tracker: Tracker) -> None:
    tracker.deny(*two_holders(tracker))
    assert not tracker.suggestions().items
    assert not tracker.suggestions(NUMBER).items


def test_a_reassignment_takes_the_place_of_the_silence(tracker: Tracker) -> None:
    _, earlier = two_holders(tracker)
    said = tracker.reassign(NUMBER, at=T0 + timedelta(days=100))
    check(tracker)
    holder = tracker.customer(NUMBER).id
    assert bodies(tracker, holder) == ["200"]
    with pytest.raises(InvalidIdentifierError, match="two holders"):
        tracker.link(holder, earlier)
    tracker.retract(said)
    assert bodies(tracker, NUMBER) == ["200"]


def test_silence_parts_the_time_of_a_holder_whom_an_id_proves(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, "whatsapp-id:GB.1@p")
    seen(tracker, 50, NUMBER, "whatsapp-id:GB.2@p")
    seen(tracker, 51, NUMBER)
    seen(tracker, 250, NUMBER)
    assert bodies(tracker, "whatsapp-id:GB.1@p") == ["0"]
    assert bodies(tracker, "whatsapp-id:GB.2@p") == ["50", "51"]
    assert bodies(tracker, NUMBER) == ["250"]
    seen(tracker, 251, NUMBER, "whatsapp-id:GB.2@p")
    assert bodies(tracker, NUMBER) == ["50", "51", "250", "251"]


def test_a_number_asked_for_in_the_past_is_its_holder_of_then(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    then = now()
    seen(tracker, 200, NUMBER)
    assert bodies(tracker, NUMBER, as_of=then) == ["0"]


@pytest.mark.parametrize("gone", [ACCOUNT, ANOTHER])
def test_an_erasure_leaves_the_other_holder_alone(tracker: Tracker, gone: str) -> None:
    seen(tracker, 0, NUMBER, verified(ACCOUNT))
    seen(tracker, 200, NUMBER, verified(ANOTHER))
    tracker.erase(gone)
    check(tracker)
    assert bodies(tracker, ACCOUNT) + bodies(tracker, ANOTHER) == (["200"] if gone == ACCOUNT else ["0"])
    seen(tracker, 2, NUMBER)
    seen(tracker, 202, NUMBER)
    stays, number = (ANOTHER, "202") if gone == ACCOUNT else (ACCOUNT, "2")
    assert number in bodies(tracker, stays)
    assert not {"2", "202"} - {number} & set(bodies(tracker, stays))


def test_a_retention_joins_nobody(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    tracker.link(NUMBER, ACCOUNT, at=T0, by="sam")
    seen(tracker, 200, NUMBER)
    seen(tracker, 201, NUMBER, "email:ann@example.com")
    tracker.apply_retention([RetentionRule(keep=now() - T0 - timedelta(days=100))])
    check(tracker)
    assert bodies(tracker, ACCOUNT) == []
    assert bodies(tracker, NUMBER) == ["200", "201"]


def test_a_retention_of_one_channel_parts_nobody(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    tracker.record(channel="chat", occurred_at=T0 + timedelta(days=100), customer=NUMBER, body="100")
    seen(tracker, 200, NUMBER)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1), channels=("chat",))])
    check(tracker)
    assert bodies(tracker, NUMBER) == ["0", "200"]
    tracker.rebuild()
    assert bodies(tracker, NUMBER) == ["0", "200"]


def test_what_is_unloaded_was_never_seen(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    tracker.record(channel="chat", occurred_at=T0 + timedelta(days=100), customer=NUMBER, source="wrong", source_id="1")
    seen(tracker, 200, NUMBER)
    tracker.unload("wrong")
    check(tracker)
    assert bodies(tracker, NUMBER) == ["200"]


def test_a_number_in_a_batch_has_the_holders_that_it_has_one_by_one(tracker: Tracker) -> None:
    tracker.record_many(
        Interaction(
            channel="phone",
            direction="inbound",
            occurred_at=T0 + timedelta(days=day),
            customers=[[NUMBER]],
            body=str(day),
        )
        for day in (400, 0, 200, 10)
    )
    check(tracker)
    assert bodies(tracker, NUMBER) == ["400"]
    assert [bodies(tracker, one.id) for one in tracker.candidates(NUMBER)] == [["400"], ["200"], ["0", "10"]]


def test_a_process_that_knows_a_number_files_it_right_after_another_saw_it_anew(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    other = Tracker(tracker._backend, region="GB", policy=Policy(silence={"phone": 120}))
    seen(other, 1, NUMBER)
    seen(tracker, 200, NUMBER, OTHER)
    seen(other, 201, NUMBER)
    seen(other, 2, NUMBER)
    assert bodies(tracker, OTHER) == ["200", "201"]
    assert [bodies(tracker, one.id) for one in tracker.candidates(NUMBER)][1] == ["0", "1", "2"]


def test_what_was_attributed_to_a_number_leaves_no_sighting_of_it(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    letter = tracker.record(channel="letter", occurred_at=T0 + timedelta(days=100), customer="email:ann@example.com")
    assert letter.interaction is not None
    tracker.attribute(letter.interaction, NUMBER)
    seen(tracker, 200, NUMBER)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1), channels=("letter",))])
    check(tracker)
    assert bodies(tracker, NUMBER) == ["200"]
