"""Every interleaving of a few trackers' transactions ends in what one after the other would have given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from concurrency.actors import T0, Actors
from concurrency.stepped import Outcome, explore
from omnitrack import CustomerNotFoundError, Policy, claimed, verified
from omnitrack.recording import record
from omnitrack.statements import neighbourhood
from omnitrack.storage.contract import Backend
from omnitrack.tracker import Tracker

POLICY = Policy(limits={"*": 2})

PHONE, MAIL, OTHER_MAIL, HANDLE = "phone:+442079460958", "email:jane@example.com", "email:joe@example.com", "x:jane"
ACCOUNT, OTHER_ACCOUNT = "account:1@bt", "account:2@bt"


ACTORS = Actors(POLICY, "phone")
tracker, seen, said, before = ACTORS.tracker, ACTORS.seen, ACTORS.said, ACTORS.before


def groups(tracker: Tracker, names: Sequence[str]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        try:
            customer = tracker.customer(name)
        except CustomerNotFoundError:
            continue
        found.setdefault(customer.id, set()).update(i.key for i in customer.identifiers)
    return {frozenset(keys) for keys in found.values()}


def check(*expected: set[str], interactions: int | None = None) -> Callable[[Outcome], None]:
    names = sorted({name for group in expected for name in group})

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert groups(end, names) == {frozenset(group) for group in expected}, outcome.schedule
        if interactions is not None:
            assert report.interactions == interactions

    return judge


def test_two_who_bring_the_same_people_to_life_make_one_customer() -> None:
    explored = explore(before(), [seen(1, PHONE, MAIL), seen(2, PHONE, MAIL)], check({PHONE, MAIL}, interactions=2))
    assert explored.complete
    assert explored.interleavings > 1


def test_two_who_link_a_chain_from_both_ends_make_one_customer() -> None:
    explored = explore(
        before(), [seen(1, PHONE, MAIL), seen(2, MAIL, HANDLE)], check({PHONE, MAIL, HANDLE}, interactions=2)
    )
    assert explored.complete


def test_three_links_of_a_ring_make_one_customer() -> None:
    explored = explore(
        before(seen(1, PHONE), seen(2, MAIL), seen(3, HANDLE)),
        [seen(4, PHONE, MAIL), seen(5, MAIL, HANDLE), seen(6, HANDLE, PHONE)],
        check({PHONE, MAIL, HANDLE}),
        limit=60,
    )
    assert explored.interleavings == 60


def test_a_retried_webhook_beside_itself_adds_one_interaction() -> None:
    explored = explore(before(), [seen(1, PHONE, MAIL), seen(1, PHONE, MAIL)], check({PHONE, MAIL}, interactions=1))
    assert explored.complete


def test_two_accounts_on_one_phone_part_in_every_order() -> None:
    explored = explore(
        before(seen(1, PHONE)),
        [seen(2, PHONE, verified(ACCOUNT)), seen(3, PHONE, verified(OTHER_ACCOUNT))],
        check({PHONE}, {ACCOUNT}, {OTHER_ACCOUNT}, interactions=3),
    )
    assert explored.complete


def test_a_limit_that_two_go_over_together_is_seen() -> None:
    explored = explore(
        before(seen(1, PHONE, MAIL)),
        [seen(2, PHONE, OTHER_MAIL), seen(3, PHONE, "email:third@example.com")],
        check({PHONE}, {MAIL}, {OTHER_MAIL}, {"email:third@example.com"}),
        limit=3_000,
    )
    assert explored.interleavings > 1


def test_a_denial_beside_a_merge_holds() -> None:
    explored = explore(
        before(seen(1, PHONE), seen(2, MAIL)),
        [seen(3, PHONE, MAIL), said("deny", PHONE, MAIL)],
        check({PHONE}, {MAIL}),
    )
    assert explored.complete


def test_two_statements_that_touch_one_identifier() -> None:
    explored = explore(
        before(seen(1, PHONE), seen(2, MAIL), seen(3, HANDLE)),
        [said("link", PHONE, MAIL), said("link", MAIL, HANDLE)],
        check({PHONE, MAIL, HANDLE}),
    )
    assert explored.complete


def test_link_of_two_accounts_beside_a_sighting_that_shows_both() -> None:
    explored = explore(
        before(seen(1, PHONE, verified(ACCOUNT)), seen(2, verified(OTHER_ACCOUNT))),
        [said("link", ACCOUNT, OTHER_ACCOUNT), seen(3, PHONE, verified(OTHER_ACCOUNT))],
        check({PHONE, ACCOUNT, OTHER_ACCOUNT}),
        limit=3_000,
    )
    assert explored.interleavings > 1


def test_a_sighting_beside_an_erasure_is_erased_or_begins_somebody_new() -> None:
    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        try:
            bodies = [item.body for item in end.timeline(PHONE)]
        except CustomerNotFoundError:
            bodies = []
        assert bodies in ([], ["2"]), outcome.schedule

    explored = explore(before(seen(1, PHONE, MAIL)), [seen(2, PHONE), said("erase", PHONE)], judge)
    assert explored.complete


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "with what it knows in memory"])
def test_a_sighting_of_somebody_in_copy_outlives_the_erasure_of_whoever_named_them(warm: bool) -> None:
    """Whoever came in with the erased alone goes too; who is seen meanwhile stays, with a row to stand on."""

    def copied(backend: Backend) -> None:
        tracker(backend).record(
            channel="email", occurred_at=T0, customer=PHONE, participants=[MAIL], source="test", source_id="1"
        )

    def sighting(backend: Backend) -> None:
        mine = tracker(backend)
        if warm:
            mine.record(
                channel="email", occurred_at=T0, customer=PHONE, participants=[MAIL], source="test", source_id="1"
            )
        mine.record(channel="email", occurred_at=T0, customer=[MAIL], source="test", source_id="2", body="2")

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert [item.body for item in end.timeline(MAIL)] == ["2"], outcome.schedule
        assert groups(end, [PHONE]) == set(), outcome.schedule

    explored = explore(before(copied), [sighting, said("erase", PHONE)], judge, limit=3_000)
    assert explored.interleavings > 1


def test_a_denial_beside_an_erasure_keeps_whom_it_is_about() -> None:
    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert [str(s.a) for s in end.statements(OTHER_MAIL)] == [str(s.a) for s in end.statements(HANDLE)] != []

    def copied(backend: Backend) -> None:
        tracker(backend).record(
            channel="email", occurred_at=T0, customer=PHONE, participants=[HANDLE], source="test", source_id="1"
        )

    explored = explore(before(copied), [said("deny", HANDLE, OTHER_MAIL), said("erase", PHONE)], judge, limit=3_000)
    assert explored.interleavings > 1


def test_edits_of_one_time_beside_each_other_are_all_kept_in_one_order() -> None:
    at = T0 + timedelta(hours=1)

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        (item,) = end.timeline(PHONE)
        assert [i.body for i in end.revisions(item.id)] == ["1", "a", "b", "c"], outcome.schedule
        assert end.verify().ok

    edits = [said("revise", "test", "1", body=body, at=at) for body in ("b", "c")]
    prepare = before(seen(1, PHONE), said("revise", "test", "1", body="a", at=at))
    explored = explore(prepare, edits, judge, limit=3_000)
    assert explored.interleavings > 1


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "with what it knows in memory"])
def test_a_sighting_beside_a_reassignment_goes_to_who_held_the_number(warm: bool) -> None:
    def sighting(backend: Backend) -> None:
        mine = tracker(backend)
        if warm:
            mine.record(channel="phone", occurred_at=T0, customer=[PHONE, MAIL], source="test", source_id="9")
        mine.record(
            channel="phone",
            occurred_at=T0 + timedelta(days=2),
            customer=[PHONE],
            source="test",
            source_id="2",
            body="new",
        )

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert [item.body for item in end.timeline(PHONE)] == ["new"], outcome.schedule
        assert "new" not in [item.body for item in end.timeline(MAIL)], outcome.schedule

    explored = explore(
        before(seen(1, PHONE, MAIL, at=0)),
        [sighting, said("reassign", PHONE, at=T0 + timedelta(days=1))],
        judge,
        limit=3_000,
    )
    assert explored.interleavings > 1


def test_a_sighting_beside_a_retraction_leaves_no_entry_with_the_wrong_holder() -> None:
    statement: list[Any] = []

    def prepare(backend: Backend) -> None:
        mine = tracker(backend)
        seen(1, PHONE, MAIL, at=0)(backend)
        statement[:] = [mine.reassign(PHONE, at=T0 + timedelta(days=1)).id]

    def sighting(backend: Backend) -> Any:
        return tracker(backend).record(
            channel="phone",
            occurred_at=T0 + timedelta(days=2),
            customer=[PHONE],
            source="test",
            source_id="2",
            body="2",
        )

    def retract(backend: Backend) -> Any:
        return tracker(backend).retract(statement[0])

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert [item.body for item in end.timeline(MAIL)] == ["2", "1"], outcome.schedule

    explored = explore(prepare, [sighting, retract], judge, limit=3_000)
    assert explored.interleavings > 1


def test_a_claim_that_becomes_seen_while_it_is_claimed_again() -> None:
    explored = explore(
        before(seen(1, PHONE), seen(2, MAIL)),
        [seen(3, PHONE, claimed(MAIL)), seen(4, PHONE, MAIL)],
        check({PHONE, MAIL}),
    )
    assert explored.complete


def test_without_the_locks_some_order_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    read = neighbourhood._Region.read
    monkeypatch.setattr(neighbourhood._Region, "read", lambda self, ids, *, lock: read(self, ids, lock=False))
    with pytest.raises(AssertionError, match=r"another customer|!="):
        explore(
            before(seen(1, PHONE), seen(2, MAIL), seen(3, HANDLE)),
            [said("link", PHONE, MAIL), said("link", MAIL, HANDLE)],
            check({PHONE, MAIL, HANDLE}),
        )


def test_without_the_guard_a_sighting_outlives_an_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "enter", lambda tx, ctx, **options: 0)

    def judge(outcome: Outcome) -> None:
        report = tracker(outcome.backend).verify()
        assert report.ok, str(report)

    with pytest.raises(AssertionError, match="filed under"):
        explore(before(seen(1, PHONE, MAIL)), [seen(2, PHONE), said("erase", PHONE)], judge)
