"""Accounting for who is whom: explanations, conflicts and the log, as data and in plain English."""

from __future__ import annotations

import pytest
from hypothesis import given

import omnitrack
from contacts import seen
from effort import budget
from identity.facts import WORLD, Step, policies, scripts
from identity.naive import play
from omnitrack import Policy, Tracker, claimed, verified

NUMBER, JANE, JOE, ONE, TWO = (
    "phone:+442079460958",
    "email:jane@example.com",
    "email:joe@example.com",
    "account:1@bt",
    "account:2@bt",
)


def tracker_with(policy: Policy | None = None) -> Tracker:
    return omnitrack.open("memory://", region="GB", policy=policy)


def kinds(tracker: Tracker, who: str | None = None) -> list[str]:
    return [c.kind for c in tracker.conflicts(who)]


def test_an_explanation_names_the_interactions_that_are_the_evidence() -> None:
    tracker = tracker_with()
    first = seen(tracker, 0, NUMBER, JANE)
    second = seen(tracker, 1, JANE, verified(ONE))
    found = tracker.explain(NUMBER, ONE)
    assert found.together
    assert [step.interaction for step in found.path] == [first, second]
    assert str(first) in str(found)
    assert "one person" in str(found)


def test_an_explanation_names_who_said_so_and_why() -> None:
    tracker = tracker_with()
    said = tracker.link(NUMBER, JANE, by="sam", reason="showed a contract")
    (step,) = tracker.explain(NUMBER, JANE).path
    assert (step.statement, step.by, step.reason) == (said.id, "sam", "showed a contract")
    assert "sam said" in str(step)


def test_of_what_was_only_claimed_an_explanation_says_that() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER, claimed(JANE))
    found = tracker.explain(NUMBER, JANE)
    assert (found.together, [step.obstacle for step in found.path]) == (False, ["claimed"])


def test_of_what_the_policy_wants_surer_an_explanation_says_that() -> None:
    tracker = tracker_with(Policy(merges_at="verified"))
    seen(tracker, 0, NUMBER, JANE)
    assert [step.obstacle for step in tracker.explain(NUMBER, JANE).path] == ["policy"]


def test_where_nothing_leads_from_one_to_the_other_an_explanation_says_that() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER)
    seen(tracker, 1, JANE)
    assert str(tracker.explain(NUMBER, JANE)).endswith("are not one person: nothing links them.")


def test_a_denial_is_a_conflict_with_what_was_seen() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER, JANE)
    tracker.deny(NUMBER, JANE)
    assert kinds(tracker) == kinds(tracker, NUMBER) == kinds(tracker, JANE) == ["denied"]
    assert [step.obstacle for step in tracker.explain(NUMBER, JANE).obstacles] == ["denied"]


def test_a_shared_number_is_a_conflict_with_each_whom_it_touches_and_says_why() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER, verified(ONE))
    seen(tracker, 1, NUMBER, verified(TWO))
    assert kinds(tracker) == kinds(tracker, NUMBER) == ["shared", "shared"]
    assert kinds(tracker, ONE) == ["shared"]
    assert "2 different accounts in bt, more than the 1 of one person" in str(tracker.explain(ONE, TWO))


def test_two_accounts_far_apart_are_an_exclusive_conflict() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER, verified(ONE))
    seen(tracker, 1, NUMBER, JANE)
    seen(tracker, 2, JANE, verified(TWO))
    seen(tracker, 3, JOE, verified(TWO))
    assert kinds(tracker) == kinds(tracker, NUMBER) == ["exclusive"]
    assert not tracker.explain(ONE, TWO).together


def test_one_identifier_too_many_is_a_conflict_of_size() -> None:
    tracker = tracker_with(Policy(max_identifiers=2))
    seen(tracker, 0, NUMBER, JANE)
    seen(tracker, 1, JANE, verified(ONE))
    assert kinds(tracker) == kinds(tracker, ONE) == ["size"]


def test_corrupt_input_is_a_conflict_of_its_own() -> None:
    tracker = tracker_with(Policy(max_component=2))
    seen(tracker, 0, NUMBER, JANE)
    seen(tracker, 1, JANE, "x:jane")
    assert set(kinds(tracker)) == set(kinds(tracker, JANE)) == {"oversized"}


def test_conflicts_come_page_by_page() -> None:
    tracker = tracker_with()
    tracker.mark_shared(NUMBER)
    for n in range(5):
        seen(tracker, n, NUMBER, f"email:{n}@example.com")
    found, cursor = [], None
    while True:
        page = tracker.conflicts(limit=2, cursor=cursor)
        found += [frozenset((c.a.key, c.b.key)) for c in page]
        cursor = page.next
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 5


@budget(40)
@given(scripts, policies)
def test_explanations_and_conflicts_agree_with_who_is_whom(steps: list[Step], policy: Policy) -> None:
    tracker = omnitrack.open("memory://", policy=policy)
    play(tracker, steps)
    customer = {}
    for x in WORLD:
        try:
            customer[x] = tracker.customer(x).id
        except LookupError:
            continue
    for a in customer:
        for b in customer:
            found = tracker.explain(a, b)
            assert found.together == (customer[a] == customer[b])
            assert found.together == (bool(found.path) and not found.obstacles) or a == b
            assert str(found)
    for conflict in tracker.conflicts(limit=1000):
        assert conflict.customers[0] != conflict.customers[1]
    whole = {(c.a.key, c.b.key, c.kind) for c in tracker.conflicts(limit=1000) if c.step.basis == "together"}
    each = set()
    for x in customer:
        for c in tracker.conflicts(x):
            assert str(c)
            if c.step.basis == "together" and c.customers[0] != c.customers[1]:
                each.add((c.a.key, c.b.key, c.kind))
    assert each == whole


def test_the_log_goes_on_after_a_change_that_was_returned() -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER)
    seen(tracker, 1, JANE)
    for _ in range(2):
        tracker.retract(tracker.link(NUMBER, JANE))
    whole = tracker.identity_log()
    assert [c.cause for c in whole] == ["link", "retract", "link", "retract"]
    assert tracker.identity_log(after=whole[1]) == whole[2:]
    assert tracker.identity_log(limit=1) == whole[:1]
    assert tracker.identity_log(NUMBER) == tracker.identity_log(JANE) == whole


@pytest.mark.parametrize("who", [NUMBER, JANE])
def test_the_log_of_a_customer_has_what_happened_to_all_who_were_part_of_it(who: str) -> None:
    tracker = tracker_with()
    seen(tracker, 0, NUMBER)
    seen(tracker, 1, JANE)
    seen(tracker, 2, JOE)
    tracker.link(NUMBER, JANE)
    tracker.retract(tracker.link(JANE, JOE))
    assert [c.cause for c in tracker.identity_log(who)] == ["link", "link", "retract"]
