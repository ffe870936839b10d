"""The rules of the partition as short stories, each with the one outcome that the rule gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import omnitrack
from omnitrack import Policy, Sighting, Tracker, claimed, verified

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)

PHONE, MAIL, HANDLE, DEVICE = "phone:+442079460958", "email:jane@example.com", "x:jane", "device:d1"
ONE, TWO, THREE = "account:1@bt", "account:2@bt", "account:3@bt"

Rule = Callable[[], None]
RULES: list[Rule] = []


def rule(story: Rule) -> Rule:
    RULES.append(story)
    return story


class Story:
    """A store in memory, and short words for what happens in it; every outcome is compared with a recomputation."""

    def __init__(self, **policy: Any) -> None:
        self.tracker: Tracker = omnitrack.open("memory://", policy=Policy(**policy))
        self._number = 0

    def seen(self, at: int, *customer: str | Sighting) -> None:
        self._number += 1
        self.tracker.record(
            channel="phone",
            occurred_at=T0 + timedelta(minutes=at),
            customer=customer,
            source="story",
            source_id=str(self._number),
        )

    def together(self, *names: str) -> bool:
        report = self.tracker.verify()
        assert report.ok, str(report)
        return len({self.tracker.customer(name).id for name in names}) == 1

    def shared(self, name: str) -> bool:
        assert self.tracker.verify().ok
        return self.tracker.customer(name).shared


@rule
def of_a_pair_the_strongest_link_counts() -> None:
    story = Story()
    story.seen(2, verified(ONE), verified(PHONE))
    story.seen(1, MAIL, verified(TWO))
    story.seen(0, PHONE, MAIL)
    story.seen(4, verified(PHONE), verified(MAIL))
    assert story.together(ONE, PHONE, MAIL)
    assert not story.together(ONE, TWO)


@rule
def claims_join_nobody() -> None:
    story = Story()
    story.seen(0, PHONE)
    story.seen(1, MAIL, claimed(PHONE))
    assert not story.together(PHONE, MAIL)


@rule
def values_that_a_statement_calls_one_count_as_one() -> None:
    story = Story()
    story.seen(0, PHONE, verified(ONE))
    story.seen(1, PHONE, verified(TWO))
    assert story.shared(PHONE)
    said = story.tracker.link(ONE, TWO)
    assert story.together(ONE, TWO, PHONE)
    story.tracker.retract(said)
    assert story.shared(PHONE)


@rule
def chains_of_such_statements_count_to_their_end() -> None:
    story = Story()
    story.tracker.link(ONE, TWO)
    story.tracker.link(TWO, THREE)
    story.seen(0, PHONE, verified(ONE))
    story.seen(1, PHONE, verified(THREE))
    assert story.together(ONE, TWO, THREE, PHONE)


@rule
def a_denial_does_not_join_what_a_limit_parted() -> None:
    story = Story(limits={"*": 1})
    story.seen(0, PHONE, MAIL)
    story.seen(1, PHONE, "email:joe@example.com")
    story.tracker.deny(PHONE, "email:joe@example.com")
    assert story.shared(PHONE)
    assert not story.together(PHONE, MAIL)


@rule
def a_limit_is_the_most_there_may_be() -> None:
    story = Story(limits={"*": 2})
    for n in range(2):
        story.seen(n, PHONE, f"email:{n}@example.com")
    assert story.together(PHONE, "email:0@example.com", "email:1@example.com")
    story.seen(2, PHONE, "email:2@example.com")
    assert story.shared(PHONE)
    assert not story.together("email:0@example.com", "email:1@example.com")


@rule
def whose_an_identifier_was_last_said_to_be_counts() -> None:
    story = Story()
    story.seen(0, PHONE)
    story.seen(0, MAIL)
    story.seen(0, HANDLE)
    story.tracker.mark_personal(PHONE, of=MAIL, at=T0)
    story.tracker.mark_personal(PHONE, of=HANDLE, at=T0 + timedelta(days=1))
    assert story.together(PHONE, HANDLE)
    assert not story.together(PHONE, MAIL)


@rule
def statements_alone_join_the_personal() -> None:
    story = Story(limits={"*": 1})
    story.seen(0, PHONE, MAIL)
    story.seen(1, PHONE, "email:joe@example.com")
    story.tracker.mark_personal(PHONE, of=HANDLE)
    assert story.together(PHONE, HANDLE)
    assert not story.together(PHONE, MAIL)
    assert not story.shared(PHONE)


@rule
def denied_pairs_are_left_out_before_a_component_is_measured() -> None:
    story = Story(max_component=2)
    story.seen(0, PHONE, MAIL)
    story.seen(0, HANDLE, DEVICE)
    story.seen(1, MAIL, HANDLE)
    assert not story.together(PHONE, MAIL)
    story.tracker.deny(MAIL, HANDLE)
    assert story.together(PHONE, MAIL)


@rule
def holders_of_one_identifier_are_left_out_likewise() -> None:
    story = Story(max_component=2)
    story.seen(0, PHONE)
    story.seen(1, PHONE, MAIL)
    story.tracker.reassign(PHONE, at=T0 + timedelta(days=1))
    story.seen(2_000, PHONE, HANDLE)
    before, after = story.tracker.customer(MAIL).id, story.tracker.customer(HANDLE).id
    story.tracker.link(before, after)
    assert story.together(PHONE, HANDLE)
    assert not story.together(MAIL, HANDLE)
    assert len(story.tracker.customer(MAIL).identifiers) == 2


@rule
def two_holders_stay_apart_in_a_customer() -> None:
    story = Story()
    story.seen(0, PHONE, MAIL)
    story.tracker.reassign(PHONE, at=T0 + timedelta(days=1))
    story.seen(2_000, PHONE, HANDLE)
    story.seen(2_001, HANDLE, MAIL)
    assert not story.together(MAIL, HANDLE)
    assert not story.together(PHONE, MAIL)


@rule
def a_customer_keeps_all_its_denials() -> None:
    story = Story()
    story.tracker.deny(PHONE, DEVICE)
    story.seen(0, PHONE, MAIL)
    story.seen(1, MAIL, HANDLE)
    story.seen(2, HANDLE, DEVICE)
    assert story.together(PHONE, MAIL, HANDLE)
    assert not story.together(HANDLE, DEVICE)


@rule
def the_strongest_join_first_then_the_earliest() -> None:
    story = Story()
    story.seen(0, verified(ONE), PHONE)
    story.seen(1, PHONE, MAIL)
    story.seen(2, verified(MAIL), verified(TWO))
    assert story.together(MAIL, TWO)
    assert story.together(ONE, PHONE)
    story.seen(3, HANDLE, verified(THREE))
    story.seen(4, HANDLE, MAIL)
    assert story.together(HANDLE, THREE)
    assert not story.together(HANDLE, MAIL)


@rule
def max_identifiers_is_the_most_of_a_customer() -> None:
    story = Story(max_identifiers=3)
    story.seen(0, PHONE, MAIL)
    story.seen(1, MAIL, HANDLE)
    story.seen(2, HANDLE, DEVICE)
    assert story.together(PHONE, MAIL, HANDLE)
    assert not story.together(HANDLE, DEVICE)


@rule
def a_link_that_is_taken_away_is_looked_at_from_both_ends() -> None:
    story = Story(limits={"*": 1})
    said = story.tracker.mark_shared(MAIL)
    story.seen(0, PHONE, MAIL)
    assert story.shared(MAIL)
    story.tracker.retract(said)
    assert story.together(PHONE, MAIL)
