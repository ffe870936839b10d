"""Stories of platforms' ids and the handles and numbers that people have by them: taken over, recycled, renamed, swapped, had twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import attrs
import pytest

import omnitrack
from calling import record
from clock import now
from contacts import T0, at
from identity.facts import check, differences, state_of
from omnitrack import (
    AsyncTracker,
    CustomerNotFoundError,
    Interaction,
    RetentionRule,
    Sighting,
    Tracker,
    claimed,
    verified,
)
from omnitrack.identifiers import identifier
from omnitrack.identifiers import scheme as schemes
from omnitrack.identifiers.platforms import XId
from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import PlatformId
from omnitrack.storage.memory import MemoryBackend
from traces import rows
from tracker.test_stories import Counting

pytestmark = pytest.mark.usefixtures("clock")

JANE, OTHER, ONE, TWO, THREE = "x:jane", "x:jim", "x-id:111", "x-id:666", "x-id:777"
NUMBER, FIRST, SECOND = "phone:+447700900123", "whatsapp-id:GB.1111111111@p1", "whatsapp-id:GB.2222222222@p1"
ELSEWHERE, ELSEWHERE_TOO = "whatsapp-id:GB.3333333333@p2", "whatsapp-id:GB.4444444444@p2"
ACCOUNT = "account:1@bt"


@pytest.fixture
def tracker(tracker: Tracker) -> Iterator[Tracker]:
    yield tracker
    check(tracker)


def contact(minute: int, *customer: str | Sighting, body: str | None = None) -> Interaction:
    return Interaction(
        channel="chat",
        direction="inbound",
        occurred_at=T0 + timedelta(minutes=minute),
        customers=[list(customer)],
        body=str(minute) if body is None else body,
        source="test",
        source_id=str(minute),
    )


def seen(tracker: Tracker, minute: int, *customer: str | Sighting) -> str:
    found = record(tracker, contact(minute, *customer))
    check(tracker)
    return found.interaction or ""


def bodies(tracker: Tracker, who: str, **options: Any) -> list[str | None]:
    try:
        return [item.body for item in tracker.timeline(who, order="oldest", **options)]
    except CustomerNotFoundError:
        return []


def test_who_takes_over_a_handle_is_not_who_had_it(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 2, JANE)
    seen(tracker, 3, ONE, verified(ACCOUNT))
    seen(tracker, 20, JANE, TWO)
    seen(tracker, 21, JANE)
    assert bodies(tracker, ONE) == bodies(tracker, ACCOUNT) == ["1", "2", "3"]
    assert bodies(tracker, TWO) == bodies(tracker, JANE) == ["20", "21"]
    for options in ({"trust": "verified"}, {"include_shared": True}, {"include_participant": True}):
        assert "1" not in bodies(tracker, TWO, **options)


def test_who_gets_a_recycled_number_is_not_who_had_it(tracker: Tracker) -> None:
    seen(tracker, 1, NUMBER, FIRST)
    seen(tracker, 2, NUMBER)
    seen(tracker, 20, NUMBER, SECOND)
    seen(tracker, 21, NUMBER)
    assert bodies(tracker, FIRST) == ["1", "2"]
    assert bodies(tracker, SECOND) == bodies(tracker, NUMBER) == ["20", "21"]


def test_ids_of_two_portfolios_say_nothing_of_each_other(tracker: Tracker) -> None:
    seen(tracker, 1, NUMBER, FIRST)
    seen(tracker, 2, NUMBER, ELSEWHERE)
    assert bodies(tracker, FIRST) == bodies(tracker, ELSEWHERE) == ["1", "2"]


def test_an_id_of_another_portfolio_is_with_whoever_has_the_number_when_it_comes(tracker: Tracker) -> None:
    seen(tracker, 1, NUMBER, FIRST)
    seen(tracker, 10, NUMBER, SECOND)
    seen(tracker, 12, NUMBER, ELSEWHERE)
    assert bodies(tracker, FIRST) == ["1"]
    assert bodies(tracker, SECOND) == bodies(tracker, ELSEWHERE) == ["10", "12"]
    seen(tracker, 14, NUMBER, ELSEWHERE_TOO)
    assert bodies(tracker, ELSEWHERE_TOO) == ["14"]


def test_a_rename_keeps_the_history(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 2, OTHER, ONE)
    seen(tracker, 3, OTHER)
    assert bodies(tracker, JANE) == bodies(tracker, OTHER) == ["1", "2", "3"]


def test_who_takes_the_old_name_of_somebody_who_renamed_is_not_them(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 5, OTHER, ONE)
    seen(tracker, 9, JANE, TWO)
    assert bodies(tracker, ONE) == bodies(tracker, OTHER) == ["1", "5"]
    assert bodies(tracker, TWO) == bodies(tracker, JANE) == ["9"]


def test_two_people_who_swap_their_handles_stay_two(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 2, OTHER, TWO)
    seen(tracker, 11, JANE, TWO)
    seen(tracker, 12, OTHER, ONE)
    seen(tracker, 13, JANE)
    assert bodies(tracker, ONE) == bodies(tracker, OTHER) == ["1", "12"]
    assert bodies(tracker, TWO) == bodies(tracker, JANE) == ["2", "11", "13"]


def test_who_gets_a_handle_back_has_the_history_of_then(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 20, JANE, ONE)
    assert bodies(tracker, ONE) == ["1", "20"]
    assert bodies(tracker, TWO) == ["10"]


def test_what_arrives_late_is_filed_as_if_it_had_come_in_time(tracker: Tracker) -> None:
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 11, JANE)
    seen(tracker, 3, JANE)
    seen(tracker, 1, JANE, ONE)
    assert bodies(tracker, ONE) == ["1", "3"]
    assert bodies(tracker, TWO) == ["10", "11"]
    seen(tracker, 2, JANE, TWO)
    assert bodies(tracker, ONE) == ["1"]
    assert bodies(tracker, TWO) == ["2", "3", "10", "11"]


def test_a_person_with_two_accounts_is_one_while_somebody_says_so(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 11, JANE)
    said = tracker.link(ONE, TWO, by="sam", reason="she has both")
    check(tracker)
    assert bodies(tracker, ONE) == bodies(tracker, TWO) == bodies(tracker, JANE) == ["1", "10", "11"]
    assert [s.id for s in tracker.statements(JANE)] == [said.id]
    denial = tracker.deny(ONE, TWO)
    check(tracker)
    assert (bodies(tracker, ONE), bodies(tracker, TWO)) == (["1"], ["10", "11"])
    tracker.retract(denial)
    check(tracker)
    assert bodies(tracker, ONE) == ["1", "10", "11"]
    tracker.retract(said)
    check(tracker)
    assert (bodies(tracker, ONE), bodies(tracker, TWO)) == (["1"], ["10", "11"])


def test_two_accounts_linked_by_customer_id_are_linked_by_their_ids(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 11, JANE)
    said = tracker.link(tracker.customer(ONE).id, tracker.customer(TWO).id)
    check(tracker)
    assert bodies(tracker, ONE) == bodies(tracker, TWO) == ["0", "1", "10", "11"]
    tracker.retract(said)
    assert bodies(tracker, ONE) == ["0", "1"]


def test_a_preview_says_what_a_link_of_two_accounts_does_to_their_handle(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 10, JANE, TWO)
    told = tracker.preview(omnitrack.Statement.link(ONE, TWO))
    assert len(told.joins) == 1
    assert not told.obstacles
    assert bodies(tracker, ONE) == ["1"]


def test_a_handle_that_was_said_to_be_reassigned_and_is_proven_besides_has_two_holders(tracker: Tracker) -> None:
    seen(tracker, 1, NUMBER, FIRST)
    seen(tracker, 10, NUMBER, SECOND)
    said = tracker.reassign(NUMBER, at=T0 + timedelta(minutes=5))
    check(tracker)
    seen(tracker, 6, NUMBER)
    assert bodies(tracker, FIRST) == ["1"]
    assert bodies(tracker, SECOND) == ["6", "10"]
    tracker.retract(said)
    check(tracker)
    assert bodies(tracker, FIRST) == ["1", "6"]
    assert bodies(tracker, SECOND) == ["10"]


def test_a_claimed_id_or_a_claimed_handle_proves_nothing(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 2, JANE, claimed(TWO))
    seen(tracker, 3, claimed(JANE), THREE)
    assert bodies(tracker, JANE) == bodies(tracker, ONE) == ["1", "2"]


def test_evidence_that_is_attributed_to_another_proves_nothing(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    second = seen(tracker, 10, JANE, TWO)
    seen(tracker, 11, JANE)
    assert bodies(tracker, ONE) == ["1"]
    said = tracker.attribute(second, TWO)
    check(tracker)
    assert bodies(tracker, ONE) == bodies(tracker, JANE) == ["1", "11"]
    tracker.retract(said)
    check(tracker)
    assert bodies(tracker, ONE) == ["1"]
    assert bodies(tracker, TWO) == bodies(tracker, JANE) == ["10", "11"]


@pytest.mark.parametrize("gone", [ONE, TWO, THREE])
def test_the_place_of_a_holder_who_was_erased_is_nobody_elses(tracker: Tracker, gone: str) -> None:
    for minute, id in ((1, ONE), (10, TWO), (20, THREE)):
        seen(tracker, minute, JANE, id)
        seen(tracker, minute + 1, JANE)
    tracker.erase(gone)
    check(tracker)
    histories = {ONE: ["1", "2"], TWO: ["10", "11"], THREE: ["20", "21"]}
    place = {ONE: 5, TWO: 15, THREE: 25}[gone]
    seen(tracker, place, JANE)
    for id, history in histories.items():
        assert bodies(tracker, id) == ([] if id == gone else history)
    seen(tracker, place + 1, JANE, "x-id:999")
    for id, history in histories.items():
        assert bodies(tracker, id) == ([] if id == gone else history)


def test_the_places_of_two_who_were_erased_stay_two(tracker: Tracker) -> None:
    for minute, id in ((1, ONE), (10, TWO), (20, THREE)):
        seen(tracker, minute, JANE, id)
    tracker.erase(ONE)
    tracker.erase(TWO)
    for minute in (5, 15, 25):
        seen(tracker, minute, JANE)
    filed = state_of(tracker).filed
    assert len({filed["5"], filed["15"], filed["25"]}) == 3


def test_of_two_who_were_first_seen_at_one_time_the_place_of_the_erased_is_nobody_elses(tracker: Tracker) -> None:
    for number, id in enumerate((ONE, TWO)):
        item = contact(5, JANE, id, body=id)
        record(tracker, attrs.evolve(item, source_id=f"at once {number}"))
    seen(tracker, 1, JANE)
    first, second = (ONE, TWO) if "1" in bodies(tracker, ONE) else (TWO, ONE)
    tracker.erase(first)
    seen(tracker, 2, JANE)
    assert bodies(tracker, second) == [second]


def test_the_place_of_who_went_goes_with_the_last_holder(tracker: Tracker) -> None:
    seen(tracker, 1, NUMBER, FIRST)
    tracker.mark_personal(NUMBER, of="ben@example.com")
    tracker.erase(FIRST)
    tracker.erase(NUMBER)
    trace = tracker._ctx.base_id(identifier(NUMBER).key).hex()
    assert [row for row in rows(tracker) if trace in row[1]] == []


def test_a_person_with_two_accounts_is_erased_whole(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 2, verified(ONE), verified(ACCOUNT))
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 11, verified(TWO), verified(ACCOUNT))
    assert tracker.customer(ONE).id == tracker.customer(TWO).id
    tracker.erase(ACCOUNT)
    check(tracker)
    left = tracker._backend.run(lambda tx: [row.value for row in tx.find_identifiers()], write=False)
    assert left == []


def test_a_customer_id_of_a_holder_who_was_none_leads_to_whoever_holds_the_handle_instead(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 10, JANE, TWO)
    seen(tracker, 12, JANE)
    second = tracker.customer(JANE).id
    tracker.link(ONE, TWO)
    assert bodies(tracker, second) == ["1", "10", "12"]


def test_it_is_explained(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    second = seen(tracker, 60 * 24, JANE, TWO)
    for a, b in ((ONE, TWO), (JANE, ONE)):
        told = tracker.explain(a, b)
        assert not told.together
        assert [step.obstacle for step in told.obstacles] == ["holders"]
        assert (
            f"@jane has had another holder since 2026-03-02, when it was seen with another id of the platform ({second})"
            in str(told)
        )


def test_what_parts_by_it_is_in_the_log_with_the_reason(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 12, JANE, verified(ACCOUNT))
    assert bodies(tracker, ACCOUNT) == ["1", "12"]
    found = record(tracker, contact(10, JANE, TWO))
    (change,) = [change for change in found.changes if change.identifier.key == ACCOUNT]
    assert change.interaction == found.interaction
    assert change.reason == "another id of the platform was seen with it: it has had another holder"
    assert change in tracker.identity_log(ACCOUNT)
    assert bodies(tracker, ACCOUNT) == bodies(tracker, TWO) == ["10", "12"]


def test_who_links_two_holders_is_heard_by_a_writer_who_knew_them_apart(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, ONE)
    seen(tracker, 5, JANE, TWO)
    assert (bodies(tracker, ONE), bodies(tracker, JANE)) == (["0"], ["5"])
    tracker.link(ONE, TWO)
    seen(tracker, 6, JANE)
    seen(tracker, 1, JANE)
    assert bodies(tracker, ONE) == bodies(tracker, JANE) == ["0", "1", "5", "6"]


def test_a_holder_of_whom_nothing_is_left_keeps_their_place_while_another_stays(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, ONE)
    seen(tracker, 5, JANE, TWO)
    tracker.apply_retention([RetentionRule(keep=now() - at(2))])
    check(tracker)
    assert bodies(tracker, ONE) == []
    seen(tracker, 1, JANE)  # hers who is gone
    seen(tracker, 6, JANE)
    assert bodies(tracker, JANE) == bodies(tracker, TWO) == ["5", "6"]


def test_the_past_is_shown_as_it_was_known(tracker: Tracker) -> None:
    seen(tracker, 1, JANE, ONE)
    seen(tracker, 12, JANE)
    then = now()
    seen(tracker, 10, JANE, TWO)
    assert bodies(tracker, JANE, as_of=then) == bodies(tracker, ONE, as_of=then) == ["1", "12"]
    after = now()
    assert bodies(tracker, JANE, as_of=after) == ["10", "12"]
    tracker.link(ONE, TWO)
    assert bodies(tracker, JANE, as_of=after) == ["10", "12"]
    assert bodies(tracker, JANE, as_of=then) == ["1", "12"]


def test_seeing_known_people_again_costs_no_more_with_ids_than_without() -> None:
    costs = []
    for customer in ((JANE, ONE), (JANE, "x:third")):
        counting = Counting()
        tracker = Tracker(counting.backend, region="GB")
        for minute in (1, 2):
            record(tracker, contact(minute, *customer))
        costs.append(counting.of(partial(record, tracker, contact(3, *customer))))
    assert costs[0][0] == costs[1][0]


def test_a_store_from_before_is_brought_over_by_a_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        contact(1, JANE, ONE),
        contact(2, JANE),
        contact(10, JANE, TWO),
        contact(11, JANE),
        contact(12, TWO, verified(ACCOUNT)),
        contact(13, "email:a@example.com", JANE),
    ]
    with monkeypatch.context() as before:
        before.setattr(XId, "proves", frozenset())
        schemes._provers.clear()
        old = omnitrack.open("memory://", region="GB")
        old.record_many(found)
        assert bodies(old, TWO) == bodies(old, ONE)
    schemes._provers.clear()
    again = Tracker(old._backend, region="GB")
    assert "has other holders than the ids that it was seen with prove" in str(again.verify())
    again.rebuild()
    check(again)
    new = omnitrack.open("memory://", region="GB")
    new.record_many(found)
    problems = differences(state_of(again), state_of(new))
    assert not problems, problems
    assert again.rebuild().updated == 0


def test_an_async_tracker_begins_a_holder_and_ends_one_too() -> None:
    async def act() -> None:
        async with AsyncTracker(MemoryBackend.from_url("memory://"), region="GB") as tracker:
            await tracker.record_many([contact(1, JANE, ONE)])
            await tracker.record_many([contact(2, JANE, TWO)])
            assert (await tracker.customer(ONE)).id != (await tracker.customer(TWO)).id
            await tracker.link(ONE, TWO)
            assert (await tracker.customer(JANE)).id == (await tracker.customer(TWO)).id
            assert await tracker.verify()

    asyncio.run(act())


class Badge(PlatformId):
    """Ids of a platform that a third party brings: they prove who has an address at it."""

    name = "badge"
    title = "a club"
    platform = "email"
    proves = frozenset({"email"})
    accepted = "a number with the club's name in front"
    form = re.compile(r"[a-z]+-[0-9]+")

    def series(self, value: str, scope: str) -> str:
        return value.partition("-")[0]


def test_a_scheme_of_a_third_party_says_what_its_ids_prove() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    register_scheme(Badge())
    try:
        mail = "email:jo@example.com"
        red, blue, other = (Identifier(scheme="badge", value=value) for value in ("red-1", "red-2", "blue-1"))
        tracker.record_many([contact(1, mail), contact(2, mail)])
        for minute, badge in ((3, red), (5, other), (7, blue)):
            item = contact(minute)
            tracker.record(
                channel="club",
                direction="inbound",
                occurred_at=item.occurred_at,
                customer=[mail, badge],
                body=item.body,
            )
            check(tracker)
        assert bodies(tracker, mail) == ["7"]
        assert [item.body for item in tracker.timeline(red, order="oldest")] == ["1", "2", "3", "5"]
    finally:
        del schemes._schemes["badge"]
        schemes._provers.clear()
