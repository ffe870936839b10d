"""The rules of identifiers: born once, found by id, home and customer, changed only in their derived fields."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from typing import Any

import pytest

from omnitrack.errors import OmnitrackError
from omnitrack.storage.contract import LINKABLE, SHARED, IdentifierChange, IdentifierRow
from omnitrack.testing.base import Caller, ConformanceBase, no_pauses
from omnitrack.testing.rows import AWKWARD_IDS, AWKWARD_TEXTS, AWKWARD_TIMES, home_of, id_of, identifier


class IdentifierRules(ConformanceBase):
    """add_identifiers, find_identifiers, lock_identifiers, update_identifiers."""

    # -- what is stored comes back --------------------------------------------------------------------------------------
    def test_an_identifier_comes_back_as_it_was_stored(self, run: Caller) -> None:
        row = identifier(1, scope="bt", since=5, state=LINKABLE | SHARED, reason="over a limit", base=id_of(9))
        run(lambda tx: tx.add_identifiers([row]))
        assert run.read(lambda tx: tx.find_identifiers(ids=[row.id])) == [row]

    def test_identifiers_come_back_as_named_rows_of_plain_values(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        (row,) = run.read(lambda tx: tx.find_identifiers())
        assert type(row) is IdentifierRow
        assert [type(value) for value in row] == [type(value) for value in identifier(1)]

    def test_ids_of_any_bytes_are_kept_apart(self, run: Caller) -> None:
        rows = [identifier(number, id=one, base=one) for number, one in enumerate(AWKWARD_IDS)]
        run(lambda tx: tx.add_identifiers(rows))
        assert run.read(lambda tx: tx.find_identifiers(ids=AWKWARD_IDS)) == sorted(rows)
        found = run.read(lambda tx: [tx.find_identifiers(ids=[row.id]) for row in rows])
        assert found == [[row] for row in rows]

    def test_values_of_any_text_come_back_to_the_character(self, run: Caller) -> None:
        rows = [identifier(number, value=text, scope=text, reason=text) for number, text in enumerate(AWKWARD_TEXTS, 1)]
        run(lambda tx: tx.add_identifiers(rows))
        assert run.read(lambda tx: tx.find_identifiers()) == rows

    def test_times_come_back_to_the_microsecond_before_and_after_1970(self, run: Caller) -> None:
        rows = [identifier(number, since=time, born_at=time) for number, time in enumerate(AWKWARD_TIMES, 1)]
        run(lambda tx: tx.add_identifiers(rows))
        assert run.read(lambda tx: tx.find_identifiers()) == rows

    # -- added once -----------------------------------------------------------------------------------------------------
    def test_adding_returns_the_ids_that_were_there_before(self, run: Caller) -> None:
        assert run(lambda tx: tx.add_identifiers([identifier(1), identifier(2)])) == set()
        assert run(lambda tx: tx.add_identifiers([identifier(2), identifier(3)])) == {id_of(2)}
        assert len(run.read(lambda tx: tx.find_identifiers())) == 3

    def test_adding_leaves_an_identifier_that_is_there_as_it_is(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        run(lambda tx: tx.add_identifiers([identifier(1, home=home_of(7), customer=home_of(7), born_at=7)]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]
        assert run.read(lambda tx: tx.find_identifiers(homes=[home_of(7)])) == []

    def test_an_id_twice_in_one_call_is_stored_once(self, run: Caller) -> None:
        assert run(lambda tx: tx.add_identifiers([identifier(1), identifier(1)])) == set()
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]

    def test_a_home_is_never_taken_twice(self, run: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        no_pauses(monkeypatch)
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        with pytest.raises(OmnitrackError):
            run(lambda tx: tx.add_identifiers([identifier(2), identifier(3, home=home_of(1))]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]

    # -- found ----------------------------------------------------------------------------------------------------------
    def test_identifiers_are_found_by_id_in_order_of_id(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(n) for n in (3, 1, 2)]))
        assert run.read(lambda tx: tx.find_identifiers(ids=[id_of(3), id_of(1)])) == [identifier(1), identifier(3)]

    def test_identifiers_are_found_by_home_in_order_of_id(self, run: Caller) -> None:
        rows = [identifier(1, home=home_of(9)), identifier(2, home=home_of(8)), identifier(3, home=home_of(7))]
        run(lambda tx: tx.add_identifiers(rows))
        assert run.read(lambda tx: tx.find_identifiers(homes=[home_of(7), home_of(9)])) == [rows[0], rows[2]]

    def test_identifiers_are_found_by_customer_in_order_of_id(self, run: Caller) -> None:
        rows = [identifier(n, customer=home_of(1 + n % 2)) for n in range(1, 6)]
        run(lambda tx: tx.add_identifiers(rows))
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(2)])) == [rows[0], rows[2], rows[4]]
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(2), home_of(1)])) == rows

    def test_all_identifiers_are_found_in_order_of_id(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(n) for n in (2, 3, 1)]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(n) for n in (1, 2, 3)]

    def test_what_is_not_there_is_left_out(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        assert run.read(lambda tx: tx.find_identifiers(ids=[id_of(1), id_of(2)])) == [identifier(1)]
        assert run.read(lambda tx: tx.find_identifiers(homes=[home_of(2)])) == []
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(2)])) == []

    def test_an_id_asked_for_twice_is_found_once(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        assert run.read(lambda tx: tx.find_identifiers(ids=[id_of(1), id_of(1)])) == [identifier(1)]
        assert run.read(lambda tx: tx.find_identifiers(homes=[home_of(1)] * 2)) == [identifier(1)]
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(1)] * 2)) == [identifier(1)]

    @pytest.mark.parametrize("selection", ["ids", "homes", "customers"])
    def test_an_empty_selection_of_identifiers_finds_nothing(self, run: Caller, selection: str) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        nothing: dict[str, Any] = {selection: []}
        assert run.read(lambda tx: tx.find_identifiers(**nothing)) == []

    def test_pages_of_all_identifiers_go_on_after_an_id(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(n) for n in range(1, 6)]))
        assert run.read(lambda tx: tx.find_identifiers(limit=2)) == [identifier(1), identifier(2)]
        assert run.read(lambda tx: tx.find_identifiers(after=id_of(2), limit=2)) == [identifier(3), identifier(4)]
        assert run.read(lambda tx: tx.find_identifiers(after=id_of(5), limit=2)) == []

    @pytest.mark.parametrize("selection", ["ids", "homes", "customers"])
    def test_pages_of_selected_identifiers_go_on_after_an_id(self, run: Caller, selection: str) -> None:
        rows = [identifier(n) for n in range(1, 7)]
        chosen = {"ids": [row.id for row in rows[:5]], "homes": [row.home for row in rows[:5]]}
        chosen["customers"] = chosen["homes"]
        run(lambda tx: tx.add_identifiers(rows))
        found = run.read(lambda tx: tx.find_identifiers(**{selection: chosen[selection]}, after=id_of(2), limit=2))
        assert found == rows[2:4]

    def test_thousands_of_identifiers_are_added_and_found_in_one_call(self, run: Caller) -> None:
        rows = [identifier(n) for n in range(1, 2001)]
        run(lambda tx: tx.add_identifiers(rows))
        absent = [id_of(n) for n in range(10_000, 12_000)]
        assert run.read(lambda tx: tx.find_identifiers(ids=[row.id for row in rows] + absent)) == rows
        assert run.read(lambda tx: tx.find_identifiers(customers=[row.home for row in rows])) == rows

    def test_adding_nothing_does_nothing(self, run: Caller) -> None:
        assert run(lambda tx: tx.add_identifiers([])) == set()

    # -- locked ---------------------------------------------------------------------------------------------------------
    def test_locking_returns_the_rows_by_id_without_missing_ones(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(n) for n in (1, 2, 3)]))
        ids = [id_of(3), id_of(9), id_of(1), id_of(3)]
        assert run(lambda tx: tx.lock_identifiers(ids)) == [identifier(1), identifier(3)]

    def test_locking_nothing_returns_nothing(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        assert run(lambda tx: tx.lock_identifiers([])) == []

    def test_locking_sees_what_its_own_transaction_wrote(self, run: Caller) -> None:
        def fn(tx):  # type: ignore[no-untyped-def]
            tx.add_identifiers([identifier(1)])
            tx.update_identifiers([IdentifierChange(id_of(1), home_of(5), SHARED, None)])
            return tx.lock_identifiers([id_of(1)])

        assert run(fn) == [identifier(1, customer=home_of(5), state=SHARED)]

    # -- updated --------------------------------------------------------------------------------------------------------
    def test_an_update_sets_the_derived_fields_and_no_others(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1, reason="role mailbox"), identifier(2)]))
        run(lambda tx: tx.update_identifiers([IdentifierChange(id_of(1), home_of(2), SHARED, "over a limit")]))
        assert run.read(lambda tx: tx.find_identifiers()) == [
            identifier(1, customer=home_of(2), state=SHARED, reason="over a limit"),
            identifier(2),
        ]

    def test_an_update_can_take_the_reason_away(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1, reason="role mailbox")]))
        run(lambda tx: tx.update_identifiers([IdentifierChange(id_of(1), home_of(1), LINKABLE, None)]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]

    def test_an_update_of_what_is_not_there_is_passed_over(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        run(lambda tx: tx.update_identifiers([IdentifierChange(id_of(2), home_of(1), 0, None)]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1)]

    def test_after_an_update_an_identifier_is_found_by_its_new_customer_only(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        run(lambda tx: tx.update_identifiers([IdentifierChange(id_of(1), home_of(2), LINKABLE, None)]))
        moved = identifier(1, customer=home_of(2))
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(1)])) == []
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(2)])) == [moved]
        assert run.read(lambda tx: tx.find_identifiers(homes=[home_of(1)])) == [moved]

    def test_thousands_of_identifiers_are_updated_in_one_call(self, run: Caller) -> None:
        rows = [identifier(n) for n in range(1, 2001)]
        changes = [IdentifierChange(row.id, home_of(1), LINKABLE, None) for row in rows]
        run(lambda tx: tx.add_identifiers(rows))
        run(lambda tx: tx.update_identifiers(changes))
        assert run.read(lambda tx: tx.find_identifiers(customers=[home_of(1)])) == [
            row._replace(customer=home_of(1)) for row in rows
        ]
