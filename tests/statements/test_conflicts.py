"""Conflicts: links that would join two customers and do not, of one person and of the whole store."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from effort import budget
from identity.facts import POLICIES, TIGHT, Fact, facts, told
from omnitrack import Tracker
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


def of_the_store(tracker: Tracker, limit: int) -> list[LinkConflict]:
    found: list[LinkConflict] = []
    cursor: str | None = None
    while True:
        page = tracker.conflicts(limit=limit, cursor=cursor)
        assert len(page.items) == limit or page.next is None
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def assert_same_lists(tracker: Tracker) -> None:
    whole = [listed(c) for c in of_the_store(tracker, 2)]
    assert len(set(whole)) == len(whole), "a link is listed once"
    each = {listed(c) for who in everybody(tracker) for c in tracker.conflicts(who)}
    assert set(whole) == each
    assert all(a != b for *_, (a, b) in whole)


@budget(40)
@given(told_=facts)
def test_the_conflicts_of_everybody_are_the_conflicts_of_the_store(told_: list[Fact]) -> None:
    assert_same_lists(told(told_, TIGHT))


@budget(10)
@given(told_=facts)
def test_they_are_so_under_every_policy(told_: list[Fact]) -> None:
    for policy in POLICIES[1:]:
        assert_same_lists(told(told_, policy))
