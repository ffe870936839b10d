"""The rules of the questions that a store may answer at once: each gives what the questions that it stands for give."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import pytest

from omnitrack.storage.contract import EntryFilters, IdentifierRow, Transaction
from omnitrack.testing.base import Caller, ConformanceBase
from omnitrack.testing.entries import store
from omnitrack.testing.histories import WAYS
from omnitrack.testing.rows import SECOND, entry, home_of, id_of, identifier, interaction

FILTERS: dict[str, EntryFilters] = {
    "after": {"after": (6 * SECOND, id_of(6))},
    "window": {"since": 3 * SECOND, "until": 9 * SECOND},
    "as of": {"as_of": 15 * SECOND},
    "as of later": {"as_of": 25 * SECOND, "after": (6 * SECOND, id_of(6))},
    "roles": {"roles": [0, 2]},
    "assurance": {"min_assurance": 2},
    "channels": {"channels": ["x", "z"]},
    "directions and kinds": {"directions": ["a"], "kinds": ["c", "d"]},
}


class ShortcutRules(ConformanceBase):
    """find_customer, list_history and list_customer_history; and lock_more_identifiers."""

    def test_more_identifiers_are_locked_as_the_first_ones_are(self, run: Caller) -> None:
        rows = [identifier(n) for n in (1, 2, 3)]
        run(lambda tx: tx.add_identifiers(rows))

        def lock(tx: Transaction) -> tuple[list[IdentifierRow], ...]:
            ids = [id_of(n) for n in (3, 1, 9, 1)]
            return tx.lock_identifiers([id_of(2)]), tx.lock_more_identifiers(ids), tx.lock_more_identifiers([])

        assert run(lock) == ([rows[1]], [rows[0], rows[2]], [])

    def test_a_customer_is_found_by_any_of_its_identifiers(self, run: Caller) -> None:
        rows = [identifier(n, customer=home_of(1 + n % 2)) for n in range(1, 6)]
        run(lambda tx: tx.add_identifiers(rows))
        for row in rows:
            wanted = [other for other in rows if other.customer == row.customer]
            assert run.read(lambda tx, row=row: tx.find_customer(row.id)) == wanted  # type: ignore[misc]
            assert run.read(lambda tx, row=row: tx.find_customer(row.id, alone=True)) == wanted  # type: ignore[misc]
        assert run.read(lambda tx: tx.find_customer(id_of(9))) == []

    def test_a_customer_found_alone_is_found_in_any_transaction(self, run: Caller) -> None:
        """Before and after other questions, and after what the same transaction wrote."""
        run(lambda tx: tx.add_identifiers([identifier(1)]))

        def both(tx: Transaction) -> tuple[list[IdentifierRow], ...]:
            first = tx.find_customer(id_of(1), alone=True)
            return first, tx.find_identifiers(), tx.find_customer(id_of(1), alone=True)

        def added(tx: Transaction) -> list[IdentifierRow]:
            tx.find_customer(id_of(1), alone=True)
            tx.add_identifiers([identifier(2, customer=home_of(1))])
            return tx.find_customer(id_of(1), alone=True)

        assert run.read(both) == ([identifier(1)],) * 3
        assert run(added) == [identifier(1), identifier(2, customer=home_of(1))]
        assert run.read(lambda tx: tx.find_customer(id_of(1), alone=True)) == run.read(lambda tx: tx.find_identifiers())

    @WAYS
    @pytest.mark.parametrize("under", [[1], [2, 1], [1, 2, 1, 3]], ids=["one", "two", "one-twice"])
    @pytest.mark.parametrize("limit", [2, 5, None])
    def test_a_history_is_its_entries_and_their_interactions(
        self, run: Caller, newest: bool, under: list[int], limit: int | None
    ) -> None:
        """Those revised with every revision, those filed under two identifiers once."""
        rows = [entry(n, 1 + n % 2) for n in range(1, 8)] + [entry(3, 1)]
        store(run, rows)
        revisions = [interaction(n, revision=revision) for n in (4, 5) for revision in (8 * SECOND, 9 * SECOND)]
        run(lambda tx: tx.add_interactions(revisions, ()))
        filters: EntryFilters = {"newest": newest, "limit": limit, "channels": ["phone"]}
        ids = [id_of(n) for n in under]
        entries, interactions = run.read(lambda tx: tx.list_history(identifiers=ids, **filters))
        assert entries == run.read(lambda tx: tx.list_entries(identifiers=ids, **filters))
        wanted = sorted({row.interaction for row in entries})
        assert sorted(interactions) == run.read(lambda tx: tx.find_interactions(ids=wanted))
        of = {id: [row.revision for row in interactions if row.id == id] for id in wanted}
        assert all(found == sorted(found) for found in of.values())
        assert entries

    def test_a_history_without_anything_in_it_is_empty(self, run: Caller) -> None:
        store(run, [entry(1)])
        for filters in ({"limit": 3, "channels": ["pigeon"]}, {"limit": 3, "kinds": []}, {"until": 0}):
            found = run.read(lambda tx, f=filters: tx.list_history(identifiers=[id_of(1)], **f))  # type: ignore[misc]
            assert found == ([], [])
        assert run.read(lambda tx: tx.list_history(identifiers=[], limit=3)) == ([], [])

    @WAYS
    @pytest.mark.parametrize("filters", FILTERS, ids=list(FILTERS))
    def test_the_history_of_a_customer_is_filtered_as_entries_are(
        self, run: Caller, newest: bool, filters: str
    ) -> None:
        """By each of the filters, and page by page."""
        run(lambda tx: tx.add_identifiers([identifier(n, customer=home_of(1)) for n in (1, 2)]))
        rows = [
            entry(
                n,
                1 + n % 2,
                role=n % 3,
                assurance=n % 4,
                channel="xyz"[n % 3],
                direction="ab"[n % 2],
                kind="cde"[n % 3],
            )
            for n in range(1, 13)
        ]
        store(run, rows)
        run(lambda tx: tx.replace_entries(rows[5:7], [], 20 * SECOND))
        given: EntryFilters = {"limit": 4, "newest": newest, **FILTERS[filters]}
        members, entries, interactions = run.read(lambda tx: tx.list_customer_history(id_of(1), **given))
        wanted = run.read(lambda tx: tx.list_entries(identifiers=[id_of(1), id_of(2)], **given))
        assert entries == wanted
        assert entries
        assert [member.id for member in members] == [id_of(1), id_of(2)]
        assert {row.id for row in interactions} == {row.interaction for row in entries}

    @WAYS
    @pytest.mark.parametrize("alone", [True, False])
    @pytest.mark.parametrize("limit", [2, 5, 50, None])
    def test_the_history_of_a_customer_is_that_of_all_its_identifiers(
        self, run: Caller, newest: bool, alone: bool, limit: int | None
    ) -> None:
        """With every identifier of the customer, those with nothing in the history as well."""
        people = [identifier(n, customer=home_of(1 if n < 5 else 5)) for n in (1, 2, 3, 4, 5)]
        run(lambda tx: tx.add_identifiers(people))
        store(run, [entry(n, 1 + n % 3) for n in range(1, 10)] + [entry(3, 2), entry(11, 5)])
        revisions = [interaction(n, revision=revision) for n in (4, 9) for revision in (8 * SECOND, 9 * SECOND)]
        run(lambda tx: tx.add_interactions(revisions, ()))
        filters: EntryFilters = {"newest": newest, "limit": limit, "channels": ["phone"]}
        ids = [row.id for row in people[:4]]
        for id in ids:
            members, entries, interactions = run.read(
                lambda tx, id=id: tx.list_customer_history(id, alone=alone, **filters)  # type: ignore[misc]
            )
            assert members == people[:4]
            wanted = run.read(lambda tx: tx.list_history(identifiers=ids, **filters))
            assert (entries, sorted(interactions)) == (wanted[0], sorted(wanted[1]))
            assert entries

    def test_the_history_of_a_customer_without_one_is_its_identifiers(self, run: Caller) -> None:
        rows = [identifier(n, customer=home_of(1)) for n in (1, 2)]
        run(lambda tx: tx.add_identifiers(rows))
        store(run, [entry(1, 1)])
        given: list[EntryFilters] = [
            {"limit": 3, "channels": ["pigeon"]},
            {"limit": 3, "kinds": []},
            {"limit": 3, "until": 0},
        ]
        for filters in given:
            found = run.read(lambda tx, f=filters: tx.list_customer_history(id_of(2), **f))  # type: ignore[misc]
            assert found == (rows, [], [])
        assert run.read(lambda tx: tx.list_customer_history(id_of(9), limit=3)) == ([], [], [])

    def test_a_history_found_alone_is_found_in_any_transaction(self, run: Caller) -> None:
        """Before and after other questions, and after what the same transaction wrote."""
        run(lambda tx: tx.add_identifiers([identifier(1)]))

        def added(tx: Transaction) -> list[int]:
            counts = []
            for n in (2, 3):
                counts.append(len(tx.list_customer_history(id_of(1), alone=True, limit=9)[0]))
                tx.add_identifiers([identifier(n, customer=home_of(1))])
            return [*counts, len(tx.list_customer_history(id_of(1), alone=True, limit=9)[0])]

        assert run(added) == [1, 2, 3]
        assert len(run.read(lambda tx: tx.find_identifiers())) == 3
