"""The search through interleavings finds what is known to go wrong, and finds nothing where nothing can."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from random import Random
from typing import Any

import pytest

from concurrency.row_locks import Actor
from concurrency.stepped import Outcome, explore
from omnitrack.errors import ConflictError
from omnitrack.storage.contract import Backend, IdentifierChange, Transaction
from omnitrack.testing.rows import entry, home_of, id_of, identifier, interaction, link, record


def nothing(backend: Backend) -> None:
    pass


def counter(backend: Backend) -> None:
    backend.run(lambda tx: tx.put_records([record("count", "0")]))
    backend.run(lambda tx: tx.add_identifiers([identifier(n, state=0) for n in (1, 2)]))


def actor(fn: Callable[[Transaction], Any]) -> Actor:
    return lambda backend: backend.run(fn)


def count(version: int | None) -> Actor:
    def fn(tx: Transaction) -> None:
        (row,) = tx.find_records("kit", keys=["count"])
        tx.put_records(
            [row._replace(value=str(int(row.value) + 1), version=row.version if version is None else version)]
        )

    return actor(fn)


def counted(outcome: Outcome) -> int:
    return int(outcome.backend.run(lambda tx: tx.find_records("kit"))[0].value)


def states(outcome: Outcome) -> list[int]:
    return [row.state for row in outcome.backend.run(lambda tx: tx.find_identifiers())]


def locking(*numbers: int) -> Actor:
    def fn(tx: Transaction) -> None:
        rows = [tx.lock_identifiers([id_of(number)])[0] for number in numbers]
        tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None) for row in rows])

    return actor(fn)


def test_a_count_without_compare_and_set_is_lost_in_some_order() -> None:
    found = set()
    explore(counter, [count(-1)] * 2, lambda outcome: found.add(counted(outcome)))
    assert found == {1, 2}


def test_a_count_by_compare_and_set_is_lost_in_no_order() -> None:
    found = set()
    explored = explore(counter, [count(None)] * 3, lambda outcome: found.add(counted(outcome)))
    assert found == {3}
    assert explored.complete
    assert explored.retries > 0


def last_states(actors: list[Actor]) -> set[Any]:
    """Return the states that any order ends in."""
    found: set[Any] = set()
    explore(counter, actors, lambda outcome: found.add(states(outcome)[0]))
    return found


def test_a_read_and_write_without_a_lock_loses_an_update_and_with_a_lock_does_not() -> None:
    def unlocked(tx: Transaction) -> None:
        (row,) = tx.find_identifiers(ids=[id_of(1)])
        tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None)])

    for actors, expected in ([actor(unlocked)] * 2, {1, 2}), ([locking(1)] * 2, {2}):
        assert last_states(actors) == expected


def test_locks_in_opposite_order_deadlock_and_are_repeated() -> None:
    found = set()
    explored = explore(counter, [locking(1, 2), locking(2, 1)], lambda outcome: found.add(tuple(states(outcome))))
    assert found == {(2, 2)}
    assert explored.retries > 0
    assert explored.complete


def test_locks_in_one_order_wait_and_never_deadlock() -> None:
    explored = explore(counter, [locking(1, 2)] * 2, lambda outcome: None)
    assert explored.retries == 0
    assert explored.waits > 0


def test_what_is_not_committed_is_seen_by_nobody() -> None:
    def writing(tx: Transaction) -> None:
        tx.add_links([link(1, 2)])
        tx.add_links([link(1, 3)])

    seen = set()
    reading = actor(lambda tx: len(tx.find_links([id_of(1)])))
    explore(nothing, [actor(writing), reading], lambda outcome: seen.add(outcome.results[1]))
    assert seen == {0, 2}


def test_two_reads_of_one_transaction_may_see_a_commit_between_them() -> None:
    seen = set()
    reading = actor(lambda tx: (len(tx.find_links()), len(tx.find_links())))
    explore(nothing, [actor(lambda tx: tx.add_links([link(1, 2)])), reading], lambda o: seen.add(o.results[1]))
    assert seen == {(0, 0), (0, 1), (1, 1)}


def test_a_transaction_sees_its_own_writes_and_not_those_of_the_other() -> None:
    def writing(number: int) -> Actor:
        def fn(tx: Transaction) -> int:
            tx.add_links([link(1, number)])
            return len([row for row in tx.find_links() if row.b == id_of(number)])

        return actor(fn)

    def check(outcome: Outcome) -> None:
        assert outcome.results == [1, 1]

    explore(nothing, [writing(2), writing(3)], check)


@pytest.mark.parametrize("count_", [2, 3])
def test_one_identifier_is_born_once_in_every_order(count_: int) -> None:
    def adding(number: int) -> Actor:
        return actor(lambda tx: tx.add_identifiers([identifier(1, home=home_of(number))]))

    def check(outcome: Outcome) -> None:
        (row,) = outcome.backend.run(lambda tx: tx.find_identifiers())
        assert [row.home == home_of(n) for n in range(count_)] == [not there for there in outcome.results]

    assert explore(nothing, [adding(n) for n in range(count_)], check).complete


def test_one_source_id_is_stored_once_in_every_order() -> None:
    def adding(number: int) -> Actor:
        return actor(lambda tx: tx.add_interactions([interaction(number, source_id="x")], [entry(number)]))

    def check(outcome: Outcome) -> None:
        assert sorted(map(len, outcome.results)) == [0, 1]
        assert len(outcome.backend.run(lambda tx: tx.list_entries(identifiers=[id_of(1)]))) == 1

    explore(nothing, [adding(1), adding(2)], check)


def test_nothing_guarded_commits_on_a_number_that_is_over() -> None:
    def guarded(tx: Transaction) -> int:
        epoch = tx.guard()
        tx.put_records([record("guarded")])
        return epoch

    def exclusive(tx: Transaction) -> tuple[int, bool]:
        return tx.guard(exclusive=True), bool(tx.find_records("kit", keys=["guarded"]))

    def check(outcome: Outcome) -> None:
        epoch, (new, saw) = outcome.results
        assert saw or epoch == new

    assert explore(nothing, [actor(guarded), actor(exclusive)], check).complete


def test_plain_guards_keep_nobody_waiting() -> None:
    assert explore(nothing, [actor(lambda tx: tx.guard())] * 3, lambda outcome: None).waits == 0


def test_guards_that_both_turn_exclusive_are_repeated_and_both_count() -> None:
    both = actor(lambda tx: (tx.guard(), tx.guard(exclusive=True)))

    def check(outcome: Outcome) -> None:
        assert sorted(outcome.results) == [(0, 1), (1, 2)]

    assert explore(nothing, [both, both], check).retries > 0


def test_an_actor_may_run_several_transactions() -> None:
    def twice(backend: Backend) -> tuple[int, int]:
        return backend.run(lambda tx: len(tx.find_links())), backend.run(lambda tx: len(tx.find_links()))

    seen = set()
    explore(nothing, [actor(lambda tx: tx.add_links([link(1, 2)])), twice], lambda o: seen.add(o.results[1]))
    assert seen == {(0, 0), (0, 1), (1, 1)}


def test_an_error_of_an_actor_rolls_back_and_ends_the_search_unless_it_is_expected() -> None:
    def failing(tx: Transaction) -> None:
        tx.add_links([link(1, 2)])
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        explore(nothing, [actor(failing)], lambda outcome: None)
    left = []
    explore(
        nothing,
        [actor(failing)],
        lambda o: left.extend(o.backend.run(lambda tx: tx.find_links())),
        expect=(LookupError,),
    )
    assert left == []


def test_a_check_that_fails_says_in_which_order() -> None:
    failed: list[str] = []

    def check(outcome: Outcome) -> None:
        failed[:] = outcome.schedule
        assert counted(outcome) == 2

    with pytest.raises(AssertionError) as raised:
        explore(counter, [count(-1)] * 2, check)
    assert raised.value.__notes__ == ["in this order: " + ", ".join(failed)]


def test_the_search_is_cut_at_its_limit_and_says_so() -> None:
    explored = explore(counter, [count(None)] * 3, lambda outcome: None, limit=5)
    assert explored.interleavings == 5
    assert not explored.complete


def test_without_reduction_every_order_of_reads_is_run() -> None:
    def reading(tx: Transaction) -> None:
        for _ in range(3):
            tx.find_links()

    assert explore(nothing, [actor(reading)] * 2, lambda o: None, reduce=False).interleavings == comb(8, 4)
    assert explore(nothing, [actor(reading)] * 2, lambda o: None).interleavings == 1


def test_an_actor_that_gives_up_ends_with_the_conflict() -> None:
    stale = count(7)
    explored = explore(counter, [stale], lambda outcome: None, expect=(ConflictError,))
    assert explored.interleavings == 1


# What a transaction may do next; the second argument is what it has seen so far.
MENU: list[Callable[[Transaction, list[Any]], Any]] = [
    lambda tx, seen: tx.find_links(),
    lambda tx, seen: len(tx.find_links([id_of(1)])),
    lambda tx, seen: tx.add_links([link(1, 10 + len(seen), seen=len(repr(seen)))]),
    lambda tx, seen: tx.add_links([link(1, 2, seen=-len(repr(seen)))]),
    lambda tx, seen: tx.lock_identifiers([id_of(1)]),
    lambda tx, seen: tx.lock_identifiers([id_of(2)]),
    lambda tx, seen: tx.update_identifiers([IdentifierChange(id_of(1), home_of(1), len(repr(seen)) % 100, None)]),
    lambda tx, seen: tx.find_identifiers(ids=[id_of(1)]),
    lambda tx, seen: tx.add_identifiers([identifier(7, home=home_of(100 + len(repr(seen)) % 50))]),
    lambda tx, seen: tx.delete(identifiers=[id_of(2)]),
    lambda tx, seen: tx.guard(),
    lambda tx, seen: tx.guard(exclusive=True),
    lambda tx, seen: tx.put_records([tx.find_records("kit", keys=["count"])[0]._replace(value=str(len(repr(seen))))]),
    lambda tx, seen: tx.add_interactions([interaction(len(repr(seen)), source_id="x")], [entry(len(repr(seen)))]),
    lambda tx, seen: tx.list_entries(identifiers=[id_of(1)]),
]


def outcomes(actors: list[Actor], reduce: bool) -> set[str]:
    found = set()

    def read(tx: Transaction) -> tuple[Any, ...]:
        rows = (tx.find_identifiers(), tx.find_links(), tx.find_interactions(), tx.find_records("kit"), tx.guard())
        return (*rows, tx.list_entries(identifiers=[id_of(1)]))

    def check(outcome: Outcome) -> None:
        found.add(repr((outcome.results, outcome.backend.run(read))))

    assert explore(counter, actors, check, reduce=reduce).complete
    return found


@pytest.mark.parametrize("seed", range(24))
def test_the_reduction_loses_no_outcome(seed: int) -> None:
    random = Random(seed)
    sizes = random.choice([(3, 3), (2, 3), (2, 2), (1, 1, 1), (2, 1, 1)])

    def doing(number: int, size: int) -> Actor:
        menu = random.choices(MENU, k=size)

        def fn(tx: Transaction) -> list[Any]:
            seen: list[Any] = [number]
            for do in menu:
                seen.append(do(tx, seen))
            return seen

        return actor(fn)

    actors = [doing(number, size) for number, size in enumerate(sizes)]
    assert outcomes(actors, reduce=True) == outcomes(actors, reduce=False)
