"""The rules of transactions that meet: what the guard, the locks and the unique keys promise to two writers at once.

A store may keep a promise by letting the second writer wait, by refusing it at commit so that ``run`` repeats it, or by running one
transaction at a time. So every rule here is about what is there in the end, and holds whichever way it is kept.
"""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from omnitrack.errors import ConflictError
from omnitrack.storage.contract import LINKABLE, Backend, IdentifierChange, LinkRow, Transaction
from omnitrack.testing.base import Caller, ConformanceBase, in_threads, need, no_pauses, succeeded
from omnitrack.testing.rows import entry, home_of, id_of, identifier, interaction, link, record

WRITERS = 6
ROUNDS = 4


class Meeting:
    """Two transactions: while the first stands in the middle, the second runs, as far as the store lets it."""

    def __init__(self, backend: Backend, patience: float) -> None:
        self._backend = backend
        self._patience = patience
        self._halfway = threading.Event()
        self._second_done = threading.Event()

    def wait_for_the_second(self) -> None:
        """Called by the first in its middle; a repeated try does not stop again."""
        self._halfway.set()
        self._second_done.wait(self._patience)

    def run(self, first: Callable[[Transaction], Any], second: Callable[[Transaction], Any]) -> list[Any]:
        """Run both and return what they returned."""

        def run_first() -> Any:
            try:
                return self._backend.run(first)
            finally:
                self._halfway.set()  # also where it failed before its middle

        def run_second() -> Any:
            self._halfway.wait(60)
            try:
                return self._backend.run(second)
            finally:
                self._second_done.set()

        return succeeded(in_threads([run_first, run_second]))


class ConcurrencyRules(ConformanceBase):
    """guard, lock_identifiers, unique keys and compare-and-set under several writers."""

    @pytest.fixture
    def meeting(self, backend: Backend) -> Meeting:
        """Return two transactions that meet."""
        return Meeting(backend, self.patience)

    # -- many at once ---------------------------------------------------------------------------------------------------
    def test_counting_at_once_by_compare_and_set_loses_no_count(self, run: Caller) -> None:
        run(lambda tx: tx.put_records([record("count", "0")]))

        def fn(tx: Transaction) -> None:
            (row,) = tx.find_records("kit", keys=["count"])
            tx.put_records([row._replace(value=str(int(row.value) + 1))])

        for _ in range(ROUNDS):
            succeeded(run.together([fn] * WRITERS))
        assert run.read(lambda tx: tx.find_records("kit"))[0].value == str(ROUNDS * WRITERS)

    def test_counting_at_once_under_a_lock_loses_no_count(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1, state=0)]))

        def fn(tx: Transaction) -> None:
            (row,) = tx.lock_identifiers([id_of(1)])
            tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None)])

        for _ in range(ROUNDS):
            succeeded(run.together([fn] * WRITERS))
        assert run.read(lambda tx: tx.find_identifiers())[0].state == ROUNDS * WRITERS

    def test_locks_taken_in_any_order_end_all_the_same(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(n, state=0) for n in (1, 2)]))

        def counting(order: list[int]) -> Callable[[Transaction], None]:
            def fn(tx: Transaction) -> None:
                rows = [tx.lock_identifiers([id_of(n)])[0] for n in order]
                tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None) for row in rows])

            return fn

        for _ in range(ROUNDS):
            succeeded(run.together([counting([1, 2]), counting([2, 1])]))
        assert [row.state for row in run.read(lambda tx: tx.find_identifiers())] == [ROUNDS * 2] * 2

    def test_writers_of_different_rows_all_succeed(self, run: Caller) -> None:
        def writing(number: int) -> Callable[[Transaction], object]:
            def fn(tx: Transaction) -> None:
                tx.guard()
                tx.add_identifiers([identifier(number)])
                tx.add_links([link(number, 1000)])
                tx.add_interactions([interaction(number)], [entry(number, number)])
                tx.put_records([record(str(number))])

            return fn

        succeeded(run.together([writing(n) for n in range(1, 1 + WRITERS * 2)]))
        assert len(run.read(lambda tx: tx.find_links([id_of(1000)]))) == WRITERS * 2
        assert len(run.read(lambda tx: tx.find_interactions())) == WRITERS * 2

    def test_one_identifier_added_at_once_is_born_once(self, run: Caller) -> None:
        def adding(number: int) -> Callable[[Transaction], set[bytes]]:
            return lambda tx: tx.add_identifiers([identifier(1, home=home_of(number), customer=home_of(number))])

        results = succeeded(run.together([adding(n) for n in range(WRITERS)]))
        (row,) = run.read(lambda tx: tx.find_identifiers())
        assert sorted(results, key=len) == [set()] + [{id_of(1)}] * (WRITERS - 1)
        assert row.home == home_of(results.index(set()))

    def test_one_source_id_stored_at_once_is_stored_once(self, run: Caller) -> None:
        def adding(number: int) -> Callable[[Transaction], set[bytes]]:
            return lambda tx: tx.add_interactions([interaction(number, source_id="same")], [entry(number)])

        results = succeeded(run.together([adding(n) for n in range(1, 1 + WRITERS)]))
        (row,) = run.read(lambda tx: tx.find_interactions())
        assert [not result for result in results] == [id_of(n) == row.id for n in range(1, 1 + WRITERS)]
        assert [found.interaction for found in run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)]))] == [row.id]

    def test_one_link_added_at_once_keeps_the_earliest(self, run: Caller) -> None:
        rows = [link(1, 2, seen=seen, evidence=id_of(50 - seen)) for seen in (5, 3, 9, 1, 7, 4)]

        def adding(row: LinkRow) -> Callable[[Transaction], None]:
            return lambda tx: tx.add_links([row])

        succeeded(run.together([adding(row) for row in rows]))
        assert run.read(lambda tx: tx.find_links()) == [rows[3]]

    def test_where_transactions_say_that_they_are_serialised_none_is_lost_without_comparing(self, run: Caller) -> None:
        if not run(lambda tx: tx.serialised):
            pytest.skip("transactions do not say that they are `serialised`")
        run(lambda tx: tx.put_records([record("count", "0")]))

        def fn(tx: Transaction) -> None:
            (row,) = tx.find_records("kit", keys=["count"])
            tx.put_records([row._replace(value=str(int(row.value) + 1), version=-1)])

        for _ in range(ROUNDS):
            succeeded(run.together([fn] * WRITERS))
        assert run.read(lambda tx: tx.find_records("kit"))[0].value == str(ROUNDS * WRITERS)

    # -- the guard ------------------------------------------------------------------------------------------------------
    def test_nothing_guarded_commits_after_an_exclusive_guard_that_it_did_not_see(
        self, backend: Backend, meeting: Meeting
    ) -> None:
        def guarded(tx: Transaction) -> int:
            epoch = tx.guard()
            meeting.wait_for_the_second()
            tx.put_records([record("guarded")])
            return epoch

        def exclusive(tx: Transaction) -> tuple[int, bool]:
            return tx.guard(exclusive=True), bool(tx.find_records("kit", keys=["guarded"]))

        epoch, (new_epoch, saw_it) = meeting.run(guarded, exclusive)
        assert saw_it or epoch == new_epoch, "a guarded transaction committed on a number that was over"

    def test_nothing_guarded_commits_unseen_beside_an_exclusive_guard(self, backend: Backend, meeting: Meeting) -> None:
        def exclusive(tx: Transaction) -> tuple[int, bool]:
            epoch = tx.guard(exclusive=True)
            seen = bool(tx.find_records("kit", keys=["guarded"]))
            meeting.wait_for_the_second()
            return epoch, seen

        def guarded(tx: Transaction) -> int:
            epoch = tx.guard()
            tx.put_records([record("guarded", "", -1)])
            return epoch

        (new_epoch, saw_it), epoch = meeting.run(exclusive, guarded)
        assert saw_it or epoch == new_epoch, "a guarded transaction committed behind the back of an exclusive one"

    def test_an_exclusive_guard_gets_through_a_crowd_of_plain_ones(self, backend: Backend) -> None:
        over = threading.Event()

        def crowd(number: int) -> Callable[[], None]:
            def call() -> None:
                while not over.is_set():
                    backend.run(lambda tx: (tx.guard(), tx.put_records([record(f"{number}", "", -1)])))

            return call

        def exclusive(tx: Transaction) -> int:
            epoch = tx.guard(exclusive=True)
            tx.find_records("kit")
            return epoch

        def alone() -> None:
            try:
                for _ in range(3):
                    backend.run(exclusive)
            finally:
                over.set()

        succeeded(in_threads([alone, *(crowd(number) for number in range(3))]))

    def test_an_exclusive_guard_is_not_lost_to_another(self, run: Caller) -> None:
        before = run(lambda tx: tx.guard())
        results = succeeded(run.together([lambda tx: tx.guard(exclusive=True)] * WRITERS))
        assert sorted(results) == [before + n for n in range(1, 1 + WRITERS)]

    def test_a_guard_stands_still_to_the_end_of_its_transaction(self, backend: Backend, meeting: Meeting) -> None:
        def guarded(tx: Transaction) -> tuple[int, int]:
            before = tx.guard()
            meeting.wait_for_the_second()
            return before, tx.guard()

        (before, after), _ = meeting.run(guarded, lambda tx: tx.guard(exclusive=True))
        assert before == after

    # -- locks ----------------------------------------------------------------------------------------------------------
    def test_a_lock_keeps_another_lock_out_even_where_the_row_is_not_written(
        self, backend: Backend, meeting: Meeting
    ) -> None:
        backend.run(lambda tx: tx.add_identifiers([identifier(1)]))

        def linking(to: int, between: Callable[[], None]) -> Callable[[Transaction], None]:
            def fn(tx: Transaction) -> None:
                tx.lock_identifiers([id_of(1)])
                there = tx.find_links([id_of(1)])
                between()
                if not there:
                    tx.add_links([link(1, to)])

            return fn

        meeting.run(linking(2, meeting.wait_for_the_second), linking(3, lambda: None))
        assert len(backend.run(lambda tx: tx.find_links([id_of(1)]))) == 1

    def test_a_lock_keeps_another_write_out(self, backend: Backend, meeting: Meeting) -> None:
        backend.run(lambda tx: tx.add_identifiers([identifier(1, state=0)]))

        def locking(tx: Transaction) -> None:
            (row,) = tx.lock_identifiers([id_of(1)])
            meeting.wait_for_the_second()
            assert tx.find_identifiers(ids=[id_of(1)]) == [row]
            tx.update_identifiers([IdentifierChange(row.id, home_of(row.state + 5), row.state, None)])

        meeting.run(locking, lambda tx: tx.update_identifiers([IdentifierChange(id_of(1), home_of(3), 3, None)]))
        (row,) = backend.run(lambda tx: tx.find_identifiers())
        assert (row.customer, row.state) in [(home_of(3), 3), (home_of(8), 3)]

    def test_a_lock_returns_the_row_as_it_is_once_the_lock_is_held(self, backend: Backend, meeting: Meeting) -> None:
        backend.run(lambda tx: tx.add_identifiers([identifier(1, state=0), identifier(2)]))

        def first(tx: Transaction) -> None:
            (row,) = tx.lock_identifiers([id_of(1)])
            tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None)])
            meeting.wait_for_the_second()
            tx.put_records([record("first", "", -1)])

        def second(tx: Transaction) -> tuple[int, bool]:
            tx.find_identifiers(
                ids=[id_of(1), id_of(2)]
            )  # read before: a snapshot taken here must not be what the lock returns
            (row,) = tx.lock_identifiers([id_of(1)])
            tx.update_identifiers([IdentifierChange(row.id, row.customer, row.state + 1, None)])
            return row.state, bool(tx.find_records("kit", keys=["first"]))

        _, (state, saw_the_first) = meeting.run(first, second)
        assert (state, saw_the_first) in [(0, False), (1, True)]
        assert backend.run(lambda tx: tx.find_identifiers(ids=[id_of(1)]))[0].state == 2

    # -- compare and set ------------------------------------------------------------------------------------------------
    def test_of_two_that_put_the_same_version_one_is_repeated(self, backend: Backend, meeting: Meeting) -> None:
        def putting(value: str, between: Callable[[], None]) -> Callable[[Transaction], str]:
            def fn(tx: Transaction) -> str:
                there = tx.find_records("kit", keys=["owner"])
                between()
                if there:
                    return there[0].value
                tx.put_records([record("owner", value)])
                return value

            return fn

        results = meeting.run(putting("first", meeting.wait_for_the_second), putting("second", lambda: None))
        (row,) = backend.run(lambda tx: tx.find_records("kit"))
        assert results == [row.value] * 2
        assert row.version == 1

    # -- side by side ---------------------------------------------------------------------------------------------------
    def test_plain_guards_do_not_hinder_each_other(self, backend: Backend) -> None:
        need(backend, "concurrent", "transactions run one at a time")
        both = threading.Barrier(2)

        def guarded(tx: Transaction) -> None:
            tx.guard()
            both.wait(30)

        succeeded(in_threads([lambda: backend.run(guarded)] * 2))

    def test_what_is_not_committed_is_seen_by_nobody_else(self, backend: Backend) -> None:
        need(backend, "concurrent", "transactions run one at a time")
        written, looked = threading.Event(), threading.Event()

        def writing(tx: Transaction) -> None:
            tx.add_identifiers([identifier(1)])
            tx.put_records([record("a", "", -1)])
            written.set()
            looked.wait(30)

        def looking() -> object:
            written.wait(30)
            try:
                return backend.run(lambda tx: (tx.find_identifiers(), tx.find_records("kit")), write=False)
            finally:
                looked.set()

        _, found = succeeded(in_threads([lambda: backend.run(writing), looking]))
        assert found == ([], [])

    def test_tasks_of_one_thread_run_side_by_side(self, run: Caller) -> None:
        need(run.backend, "async", "arun() gives the work to a thread")
        if run.mode == "sync":
            pytest.skip("a rule of arun() alone")
        threads: set[int] = set()
        succeeded(run.together([lambda tx: threads.add(threading.get_ident()) or tx.guard()] * 20))  # type: ignore[func-returns-value]
        assert threads == {threading.get_ident()}

    def test_a_writer_that_never_gets_through_gives_up_with_a_conflict(
        self, backend: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        no_pauses(monkeypatch)
        with pytest.raises(ConflictError):
            backend.run(lambda tx: tx.put_records([record("a", "", 5)]))
        backend.run(lambda tx: tx.put_records([record("a", "", 0)]))

    def test_several_threads_share_one_backend(self, backend: Backend) -> None:
        def writing(number: int) -> Callable[[], Any]:
            def call() -> list[Any]:
                backend.run(lambda tx: tx.add_identifiers([identifier(number)]))
                return backend.run(lambda tx: tx.find_identifiers(ids=[id_of(number)]), write=False)

            return call

        results = succeeded(in_threads([writing(n) for n in range(1, 1 + WRITERS * 2)]))
        assert results == [[identifier(n)] for n in range(1, 1 + WRITERS * 2)]
        assert all(row.state == LINKABLE for rows in results for row in rows)
