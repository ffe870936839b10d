"""A number that was silent and is seen by several at once: whoever records, says, takes back or erases beside it, the store says what any order would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from concurrency.actors import T0, Actors
from concurrency.row_locks import Actor
from concurrency.stepped import Outcome, explore
from omnitrack import CustomerNotFoundError, Policy, Tracker, claimed, verified
from omnitrack.storage.contract import Transaction

NUMBER, ACCOUNT = "phone:+447700900123", "account:1@bt"
ACTORS = Actors(Policy(silence={"phone": 12}), "phone")
tracker, said, before = ACTORS.tracker, ACTORS.said, ACTORS.before


def seen(day: int, *also: object) -> Actor:
    return ACTORS.seen(day, NUMBER, *also, at=day * 24 * 60)


def held(of: Tracker) -> set[frozenset[str]]:
    """Return the days of each customer's interactions with the number."""

    def read(tx: Transaction) -> set[frozenset[str]]:
        found = {row.id: row.body or "" for row in tx.find_interactions()}
        customer = {row.id: row.customer for row in tx.find_identifiers()}
        days: dict[bytes, set[str]] = {}
        for entry in tx.list_entries(interactions=list(found)):
            days.setdefault(customer[entry.identifier], set()).add(found[entry.interaction])
        return set(map(frozenset, days.values()))

    return of._backend.run(read, write=False)


def ends(*wanted: set[str]) -> Callable[[Outcome], None]:
    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert held(end) == set(map(frozenset, wanted)), outcome.schedule

    return judge


CASES = {
    "two bring a number to life on both sides of a silence": ((), (seen(0), seen(40)), ({"0"}, {"40"})),
    "two see it anew, one before the other": ((seen(0),), (seen(40), seen(50)), ({"0"}, {"40", "50"})),
    "one sees it anew, another in the silence": ((seen(0),), (seen(24), seen(12)), ({"0", "12", "24"},)),
    "one bridges a silence, another sees it after": (
        (seen(0), seen(24)),
        (seen(12), seen(30)),
        ({"0", "12", "24", "30"},),
    ),
    "two are seen in a silence that neither bridges": (
        (seen(0), seen(60)),
        (seen(10), seen(50)),
        ({"0", "10"}, {"50", "60"}),
    ),
    "a number that was only claimed is seen on both sides of a silence": (
        (ACTORS.seen(0, claimed(NUMBER)),),
        (seen(1), seen(40)),
        ({"0", "1"}, {"40"}),
    ),
    "a claim beside whoever sees it anew": (
        (seen(0),),
        (seen(40), ACTORS.seen(41, claimed(NUMBER), at=41 * 24 * 60)),
        ({"0"}, {"40", "41"}),
    ),
    "an account that joins beside whoever sees it anew": (
        (seen(0, verified(ACCOUNT)),),
        (seen(40), seen(41, verified(ACCOUNT))),
        ({"0", "40", "41"},),
    ),
    "a reassignment in the silence": (
        (seen(0),),
        (seen(40), said("reassign", NUMBER, at=T0 + timedelta(days=20))),
        ({"0"}, {"40"}),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_beside_each_other(name: str) -> None:
    there, actors, wanted = CASES[name]
    explored = explore(before(*there), list(actors), ends(*wanted), limit=300)
    assert explored.interleavings > 1


def test_whoever_sees_it_anew_beside_an_erasure_of_who_had_it() -> None:
    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        try:
            assert {item.body for item in end.timeline(NUMBER)} == {"40"}, outcome.schedule
        except CustomerNotFoundError:
            raise AssertionError(outcome.schedule) from None

    explored = explore(before(seen(0, verified(ACCOUNT))), [seen(40), said("erase", ACCOUNT)], judge, limit=300)
    assert explored.interleavings > 1
