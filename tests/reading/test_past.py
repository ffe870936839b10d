"""As-of: the timeline and the customer as they could be known at a time, however the story went on."""

from __future__ import annotations

from datetime import datetime

import pytest
from attrs import evolve
from hypothesis import given

import omnitrack
from clock import now
from effort import budget
from identity.facts import WORLD, Seen, Step, policies, scripts
from identity.naive import play
from omnitrack import CustomerNotFoundError, Policy, Tracker

pytestmark = pytest.mark.usefixtures("clock")


def picture(tracker: Tracker, as_of: datetime | None) -> dict[str, tuple[str, frozenset[str], tuple[str | None, ...]]]:
    """Of each identifier of the world: its customer's id and identifiers, and its timeline."""
    found = {}
    for x in WORLD:
        try:
            customer = tracker.customer(x, as_of=as_of)
            items = tuple(item.source_id for item in tracker.timeline(x, as_of=as_of, include_claimed=True))
            found[x.key] = (customer.id, frozenset(i.key for i in customer.identifiers), items)
        except CustomerNotFoundError:
            continue
    return found


@budget(40)
@given(scripts, policies)
def test_the_past_is_as_it_was_when_it_was_the_present(steps: list[Step], policy: Policy) -> None:
    tracker = omnitrack.open("memory://", policy=policy)
    half = len(steps) // 2
    play(tracker, steps[:half])
    then = picture(tracker, None)
    at = now()
    assert picture(tracker, at) == then
    play(tracker, [evolve(step, name=f"late {step.name}") if isinstance(step, Seen) else step for step in steps[half:]])
    for said in [s for x in WORLD for s in statements_of(tracker, x)]:
        try:
            tracker.retract(said)
        except LookupError:
            continue
    assert picture(tracker, at) == then
    for id, identifiers, items in then.values():
        customer = tracker.customer(id, as_of=at)
        if customer.id == id:
            assert frozenset(i.key for i in customer.identifiers) == identifiers
            assert tuple(i.source_id for i in tracker.timeline(id, as_of=at, include_claimed=True)) == items


def statements_of(tracker: Tracker, x: object) -> list[str]:
    try:
        return [s.id or "" for s in tracker.statements(x)]  # type: ignore[arg-type]
    except CustomerNotFoundError:
        return []
