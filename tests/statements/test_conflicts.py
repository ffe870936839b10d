"""Conflicts: links that would join two customers and do not, of one person and of the whole store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import omnitrack
from contacts import seen
from effort import budget
from identity.facts import POLICIES, TIGHT, Fact, facts, told
from omnitrack import InvalidCursorError, Tracker
from omnitrack.reading.resolve import customer_text
from omnitrack.statements.conflicts import LinkConflict
from omnitrack.storage.contract import RETIRED


def listed(conflict: LinkConflict) -> tuple[Any, ...]:
    step = conflict.step
    return (
        tuple(sorted((step.a.key, step.b.key))),
        step.basis,
        step.assurance,
        step.seen,
        step.statement,
        conflict.kind,
        tuple(sorted(conflict.customers)),
    )


def everybody(tracker: Tracker) -> list[str]:
    """An id of each customer, of old holders of identifiers too."""
    rows = tracker._backend.run(lambda tx: tx.find_identifiers(), write=False)
    return [customer_text(row.home) for row in rows if not row.state & RETIRED]


def paged(tracker: Tracker, limit: int, who: str | None = None) -> list[LinkConflict]:
    found: list[LinkConflict] = []
    cursor: str | None = None
    while True:
        page = tracker.conflicts(who, limit=limit, cursor=cursor)
        assert len(page.items) == limit or page.next is None
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def assert_same_lists(tracker: Tracker) -> None:
    whole = [listed(c) for c in paged(tracker, 2)]
    assert len(set(whole)) == len(whole), "a link is listed once"
    each = {listed(c) for who in everybody(tracker) for c in paged(tracker, 2, who)}
    assert set(whole) == each
    assert all(a != b for *_, (a, b) in whole)
    for who in everybody(tracker):
        one = [listed(c) for c in paged(tracker, 1, who)]
        assert one == [listed(c) for c in tracker.conflicts(who, limit=1000)]


@budget(40)
@given(told_=facts)
def test_the_conflicts_of_everybody_are_the_conflicts_of_the_store(told_: list[Fact]) -> None:
    assert_same_lists(told(told_, TIGHT))


@budget(10)
@given(told_=facts)
def test_they_are_so_under_every_policy(told_: list[Fact]) -> None:
    for policy in POLICIES[1:]:
        assert_same_lists(told(told_, policy))


def test_a_cursor_is_of_one_customer() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    for n in range(3):
        tracker.deny("account:1@bt", f"email:{n}@example.com")
        seen(tracker, n, "account:1@bt", f"email:{n}@example.com")
    cursor = tracker.conflicts("account:1@bt", limit=1).next
    assert cursor is not None
    for who in ("email:0@example.com", None):
        with pytest.raises(InvalidCursorError):
            tracker.conflicts(who, limit=1, cursor=cursor)
