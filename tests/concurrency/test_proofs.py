"""Two ids of one platform that meet at one handle: whoever records, says, takes back or erases beside it, they end as two people."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from concurrency.actors import T0, Actors
from concurrency.stepped import Outcome, explore
from omnitrack import CustomerNotFoundError, Policy, Tracker
from servers import ENGINES, Store, store

HANDLE, ONE, TWO, THREE = "x:jane", "x-id:111", "x-id:666", "x-id:777"


ACTORS = Actors(Policy(), "x")
tracker, seen, said, before = ACTORS.tracker, ACTORS.seen, ACTORS.said, ACTORS.before


def proving(of: Tracker, who: str) -> set[str | None]:
    try:
        return {item.body for item in of.timeline(who)}
    except CustomerNotFoundError:
        return set()


def ends(**histories: set[str]) -> Callable[[Outcome], None]:
    """Say that the store is sound and what each of ONE and TWO is shown."""

    def judge(outcome: Outcome) -> None:
        end = tracker(outcome.backend)
        report = end.verify()
        assert report.ok, (str(report), outcome.schedule)
        assert {name: proving(end, globals()[name]) for name in histories} == histories, outcome.schedule

    return judge


def test_two_who_bring_a_handle_to_life_with_an_id_each() -> None:
    explored = explore(before(), [seen(1, HANDLE, ONE), seen(2, HANDLE, TWO)], ends(ONE={"1"}, TWO={"2"}), limit=400)
    assert explored.interleavings > 1


def test_two_who_show_an_id_each_with_a_handle_that_is_there() -> None:
    explored = explore(
        before(seen(0, HANDLE)),
        [seen(1, HANDLE, ONE), seen(2, HANDLE, TWO)],
        ends(ONE={"0", "1"}, TWO={"2"}),
        limit=400,
    )
    assert explored.interleavings > 1


def test_a_second_id_beside_a_sighting_of_the_handle_alone() -> None:
    explored = explore(
        before(seen(1, HANDLE, ONE)),
        [seen(2, HANDLE, TWO), seen(3, HANDLE)],
        ends(ONE={"1"}, TWO={"2", "3"}),
        limit=400,
    )
    assert explored.interleavings > 1


def test_a_second_id_beside_a_statement_that_the_two_are_one_person() -> None:
    explored = explore(
        before(seen(1, HANDLE, ONE), seen(5, TWO)),
        [seen(2, HANDLE, TWO), said("link", ONE, TWO)],
        ends(ONE={"1", "2", "5"}, TWO={"1", "2", "5"}),
        limit=400,
    )
    assert explored.interleavings > 1


def test_a_second_id_beside_a_denial_of_a_statement_that_the_two_are_one_person() -> None:
    explored = explore(
        before(seen(1, HANDLE, ONE), seen(5, TWO), said("link", ONE, TWO)),
        [seen(2, HANDLE, TWO), said("deny", ONE, TWO)],
        ends(ONE={"1"}, TWO={"2", "5"}),
        limit=400,
    )
    assert explored.interleavings > 1


def test_a_second_id_beside_a_reassignment() -> None:
    explored = explore(
        before(seen(1, HANDLE, ONE)),
        [seen(3, HANDLE, TWO), said("reassign", HANDLE, at=T0 + timedelta(minutes=2))],
        ends(ONE={"1"}, TWO={"3"}),
        limit=400,
    )
    assert explored.interleavings > 1


def test_a_second_id_beside_an_erasure_of_the_first() -> None:
    explored = explore(
        before(seen(1, HANDLE, ONE), seen(4, TWO)),
        [seen(2, HANDLE, TWO), said("erase", ONE)],
        ends(ONE=set(), TWO={"2", "4"}),
        limit=400,
    )
    assert explored.interleavings > 1


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with store(request.param, tmp_path) as found:
        yield found


def test_on_every_engine_writers_that_show_many_ids_at_once_end_with_a_holder_for_each(place: Store) -> None:
    with tracker(place.open()) as one:
        works = [
            lambda n=n, id=id: [
                seen(10 * number + n, f"x:handle{number}", f"x-id:{id}{number}")(place.open()) for number in range(1, 4)
            ]
            for n, id in enumerate((11, 22, 33))
        ]
        errors: list[BaseException] = []

        def guarded(work: Callable[[], object]) -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        report = one.verify()
        assert report.ok, str(report)
        for number in range(1, 4):
            for n, id in enumerate((11, 22, 33)):
                assert proving(one, f"x-id:{id}{number}") == {str(10 * number + n)}
