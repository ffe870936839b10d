"""The rules of the membership history: append-only, in order of id, found by identifier and by either customer."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from omnitrack.storage.contract import ChangeRow, IdentifierChange
from omnitrack.testing.base import Caller, ConformanceBase
from omnitrack.testing.rows import AWKWARD_TEXTS, AWKWARD_TIMES, SECOND, change, home_of, id_of, identifier


class ChangeRules(ConformanceBase):
    """The log of update_identifiers, and list_changes."""

    @staticmethod
    def log(run: Caller, rows: Sequence[ChangeRow]) -> None:
        """Append to the history."""
        run(lambda tx: tx.update_identifiers([], rows))

    def test_a_change_comes_back_as_it_was_stored(self, run: Caller) -> None:
        row = change(1, ref=id_of(7), by="alice", reason="she said so")
        self.log(run, [row])
        (found,) = run.read(lambda tx: tx.list_changes())
        assert found == row
        assert type(found) is ChangeRow

    def test_changes_of_any_text_and_time_come_back(self, run: Caller) -> None:
        rows = [change(n, by=text, reason=text) for n, text in enumerate(AWKWARD_TEXTS, 1)]
        rows += [change(100 + n, at=time) for n, time in enumerate(AWKWARD_TIMES)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes()) == rows

    def test_an_update_and_its_log_are_stored_together(self, run: Caller) -> None:
        run(lambda tx: tx.add_identifiers([identifier(1)]))
        run(lambda tx: tx.update_identifiers([IdentifierChange(id_of(1), home_of(2), 1, None)], [change(1)]))
        assert run.read(lambda tx: tx.find_identifiers()) == [identifier(1, customer=home_of(2))]
        assert run.read(lambda tx: tx.list_changes()) == [change(1)]

    def test_changes_are_listed_in_order_of_id_not_of_time(self, run: Caller) -> None:
        rows = [change(1, at=30), change(2, at=10), change(3, at=20)]
        self.log(run, [rows[2], rows[0], rows[1]])
        assert run.read(lambda tx: tx.list_changes()) == rows

    def test_changes_are_listed_by_identifier(self, run: Caller) -> None:
        rows = [change(n, of=1 + n % 3) for n in range(1, 7)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes(identifiers=[id_of(1)])) == [rows[2], rows[5]]
        assert run.read(lambda tx: tx.list_changes(identifiers=[id_of(2), id_of(1), id_of(2)])) == [
            rows[n] for n in (0, 2, 3, 5)
        ]

    def test_changes_are_listed_by_the_customer_left_and_the_customer_joined(self, run: Caller) -> None:
        rows = [change(1, old=1, new=2), change(2, old=2, new=3), change(3, old=3, new=4)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes(customers=[home_of(2)])) == rows[:2]

    def test_a_change_between_two_customers_asked_for_is_listed_once(self, run: Caller) -> None:
        self.log(run, [change(1, old=1, new=2)])
        assert run.read(lambda tx: tx.list_changes(customers=[home_of(1), home_of(2)])) == [change(1, old=1, new=2)]

    def test_until_lists_changes_at_that_time_and_before(self, run: Caller) -> None:
        rows = [change(n) for n in (1, 2, 3)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes(until=2 * SECOND)) == rows[:2]
        assert run.read(lambda tx: tx.list_changes(identifiers=[id_of(1)], until=2 * SECOND - 1)) == rows[:1]
        assert run.read(lambda tx: tx.list_changes(customers=[home_of(1)], until=SECOND)) == rows[:1]

    def test_pages_of_changes_go_on_after_an_id(self, run: Caller) -> None:
        rows = [change(n) for n in range(1, 6)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes(limit=2)) == rows[:2]
        assert run.read(lambda tx: tx.list_changes(after=id_of(2), limit=2)) == rows[2:4]
        assert run.read(lambda tx: tx.list_changes(identifiers=[id_of(1)], after=id_of(3), limit=5)) == rows[3:]
        assert run.read(lambda tx: tx.list_changes(customers=[home_of(2)], after=id_of(1), limit=1)) == rows[1:2]

    def test_the_limit_of_changes_counts_what_until_lets_through(self, run: Caller) -> None:
        rows = [change(n, at=10 - n) for n in range(1, 6)]
        self.log(run, rows)
        assert run.read(lambda tx: tx.list_changes(until=7, limit=2)) == rows[2:4]

    @pytest.mark.parametrize("selection", ["identifiers", "customers"])
    def test_an_empty_selection_of_changes_finds_nothing(self, run: Caller, selection: str) -> None:
        self.log(run, [change(1)])
        nothing: dict[str, Any] = {selection: []}
        assert run.read(lambda tx: tx.list_changes(**nothing)) == []

    def test_changes_are_asked_for_by_thousands_of_identifiers(self, run: Caller) -> None:
        rows = [change(n, of=n) for n in range(1, 1001)]
        self.log(run, rows)
        many = [id_of(n) for n in range(1, 6001)]
        assert run.read(lambda tx: tx.list_changes(identifiers=many)) == rows
        assert run.read(lambda tx: tx.list_changes(customers=[home_of(n) for n in range(1, 6001)])) == rows

    def test_a_change_that_is_there_is_passed_over(self, run: Caller) -> None:
        self.log(run, [change(1), change(2)])
        self.log(run, [change(2, by="again"), change(3)])
        assert run.read(lambda tx: tx.list_changes()) == [change(1), change(2), change(3)]
