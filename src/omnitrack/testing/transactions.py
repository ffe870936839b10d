"""The rules of a transaction: all or nothing, repeated on a conflict, and the guard's number."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from collections.abc import Callable

import pytest

from omnitrack.errors import BackendError, ConflictError
from omnitrack.storage.contract import LINKABLE, IdentifierChange, Transaction
from omnitrack.testing.base import Caller, ConformanceBase, no_pauses
from omnitrack.testing.deletion import everything
from omnitrack.testing.rows import change, entry, home_of, id_of, identifier, interaction, link, record

WRITES: dict[str, Callable[[Transaction], object]] = {
    "guard": lambda tx: tx.guard(exclusive=True),
    "add_identifiers": lambda tx: tx.add_identifiers([identifier(2)]),
    "update_identifiers": lambda tx: tx.update_identifiers(
        [IdentifierChange(id_of(1), home_of(2), LINKABLE, "moved")], [change(2)]
    ),
    "add_links": lambda tx: tx.add_links([link(1, 3), link(1, 2, seen=0, evidence=id_of(2))]),
    "add_interactions": lambda tx: tx.add_interactions([interaction(2)], [entry(2)]),
    "replace_entries": lambda tx: tx.replace_entries([entry(1)], [entry(1, 2)], 5_000_000),
    "put_records": lambda tx: tx.put_records([record("b"), record("a", "2", 1)]),
    "delete": lambda tx: tx.delete(
        identifiers=[id_of(1)], interactions=[id_of(1)], links=[link(1, 2)], records=[("kit", "a")]
    ),
}


def fill(tx: Transaction) -> None:
    """Store one row of each kind."""
    tx.add_identifiers([identifier(1)])
    tx.add_links([link(1, 2)])
    tx.add_interactions([interaction(1)], [entry(1)])
    tx.update_identifiers([], [change(1)])
    tx.put_records([record("a", "1")])


class TransactionRules(ConformanceBase):
    """run, arun and guard, with one transaction at a time."""

    @pytest.fixture(autouse=True)
    def _pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        no_pauses(monkeypatch)

    # -- all or nothing -------------------------------------------------------------------------------------------------
    def test_run_returns_what_the_function_returned(self, run: Caller) -> None:
        answer = object()
        assert run(lambda tx: answer) is answer
        assert run.read(lambda tx: answer) is answer

    def test_a_transaction_sees_what_it_wrote(self, run: Caller) -> None:
        def fn(tx: Transaction) -> dict[str, list[object]]:
            fill(tx)
            return everything(tx)

        seen = run(fn)
        assert [len(rows) for rows in seen.values()] == [1] * 8
        assert run.read(everything) == seen

    def test_a_transaction_sees_what_it_changed_and_deleted(self, run: Caller) -> None:
        run(fill)

        def fn(tx: Transaction) -> tuple[dict[str, list[object]], ...]:
            tx.update_identifiers([IdentifierChange(id_of(1), home_of(2), 0, None)])
            tx.replace_entries([entry(1)], [entry(1, 2)], 5_000_000)
            tx.put_records([record("a", "2", 1)])
            changed = everything(tx)
            tx.delete(identifiers=[id_of(1)], interactions=[id_of(1)], records=[("kit", "a")])
            return changed, everything(tx)

        changed, deleted = run(fn)
        assert changed["identifiers"] == [identifier(1, customer=home_of(2), state=0)]
        assert changed["entries"] == [entry(1, 2)]
        assert changed["records"] == [record("a", "2", 2)]
        assert [rows for rows in deleted.values() if rows] == []
        assert run.read(everything) == deleted

    @pytest.mark.parametrize("method", WRITES)
    def test_an_error_rolls_back_what_this_method_wrote(self, run: Caller, method: str) -> None:
        run(fill)
        before = run.read(lambda tx: (tx.guard(), everything(tx)))

        def fn(tx: Transaction) -> None:
            WRITES[method](tx)
            raise LookupError

        with pytest.raises(LookupError):
            run(fn)
        assert run.read(lambda tx: (tx.guard(), everything(tx))) == before

    def test_an_error_of_the_function_leaves_as_it_is(self, run: Caller) -> None:
        error = LookupError("mine")

        def fn(tx: Transaction) -> None:
            tx.add_identifiers([identifier(1)])
            raise error

        with pytest.raises(LookupError) as raised:
            run(fn)
        assert raised.value is error

    def test_an_error_of_the_function_is_not_tried_again(self, run: Caller) -> None:
        tries = []

        def fn(tx: Transaction) -> None:
            tries.append(1)
            raise ValueError

        with pytest.raises(ValueError):
            run(fn)
        assert len(tries) == 1

    def test_after_an_error_the_backend_works_on(self, run: Caller) -> None:
        def fn(tx: Transaction) -> None:
            tx.add_identifiers([identifier(1)])
            raise LookupError

        for _ in range(30):  # more than a pool of connections holds
            with pytest.raises(LookupError):
                run(fn)
        run(fill)
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]

    def test_reading_alone_sees_what_was_committed(self, run: Caller) -> None:
        run(fill)
        assert [len(rows) for rows in run(everything, write=False).values()] == [1] * 8
        assert run.read(lambda tx: tx.guard()) == run(lambda tx: tx.guard())

    @pytest.mark.parametrize("method", [*WRITES, "lock_identifiers"])
    def test_a_write_where_only_reading_was_asked_for_is_refused(self, run: Caller, method: str) -> None:
        run(fill)
        before = run.read(lambda tx: (tx.guard(), everything(tx)))
        fn = WRITES.get(method, lambda tx: tx.lock_identifiers([id_of(1)]))
        with pytest.raises(BackendError):
            run.read(fn)
        assert run.read(lambda tx: (tx.guard(), everything(tx))) == before

    # -- conflicts ------------------------------------------------------------------------------------------------------
    def test_a_conflict_of_the_function_has_it_repeated(self, run: Caller) -> None:
        tries = []

        def fn(tx: Transaction) -> str:
            tries.append(1)
            if len(tries) < 3:
                raise ConflictError("once more")
            return "done"

        assert run(fn) == "done"
        assert len(tries) == 3

    def test_a_repeated_function_finds_nothing_of_its_earlier_tries(self, run: Caller) -> None:
        found = []

        def fn(tx: Transaction) -> None:
            found.append(tx.find_identifiers())
            tx.add_identifiers([identifier(len(found))])
            if len(found) < 3:
                raise ConflictError("once more")

        run(fn)
        assert found == [[], [], []]
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(3)]

    def test_repeats_are_bounded_and_end_in_a_conflict_error_with_its_cause(self, run: Caller) -> None:
        tries = []

        def fn(tx: Transaction) -> None:
            tries.append(1)
            assert len(tries) < 1000, "repeated without a bound"
            tx.add_identifiers([identifier(1)])
            raise ConflictError("never")

        with pytest.raises(ConflictError) as raised:
            run(fn)
        assert len(tries) > 1
        assert isinstance(raised.value.__cause__, Exception)
        assert run.read(lambda tx: tx.find_identifiers()) == []

    def test_a_conflict_of_compare_and_set_is_solved_by_reading_again(self, run: Caller) -> None:
        run(lambda tx: tx.put_records([record("a", "1")]))
        expected = [7, 3, 1]

        def fn(tx: Transaction) -> None:
            tx.put_records([record("a", "2", expected.pop(0))])

        run(fn)
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "2", 2)]

    # -- guard ----------------------------------------------------------------------------------------------------------
    def test_the_guard_gives_one_number_until_an_exclusive_guard_adds_one(self, run: Caller) -> None:
        first = run(lambda tx: tx.guard())
        assert run(lambda tx: tx.guard()) == first
        assert run(lambda tx: tx.guard(exclusive=True)) == first + 1
        assert run(lambda tx: tx.guard()) == first + 1
        assert run(lambda tx: tx.guard(exclusive=True)) == first + 2

    def test_writes_that_are_no_exclusive_guard_leave_the_number(self, run: Caller) -> None:
        first = run(lambda tx: tx.guard())
        run(fill)
        run(lambda tx: tx.delete(identifiers=[id_of(1)]))
        assert run(lambda tx: tx.guard()) == first

    def test_a_guard_after_an_exclusive_one_in_the_same_transaction_gives_the_new_number(self, run: Caller) -> None:
        first = run(lambda tx: tx.guard())
        assert run(lambda tx: (tx.guard(), tx.guard(exclusive=True), tx.guard())) == (first, first + 1, first + 1)
