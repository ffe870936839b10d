"""The rules of deletion: what is named goes with all that hangs on it, and nothing else does."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import pytest

from omnitrack.storage.contract import Transaction
from omnitrack.testing.base import Caller, ConformanceBase
from omnitrack.testing.rows import change, entry, home_of, id_of, identifier, interaction, link, record


def everything(tx: Transaction) -> dict[str, list[object]]:
    """Return every row of the kit that can be read back, by every way of asking."""
    ids, homes = [id_of(n) for n in range(10)], [home_of(n) for n in range(10)]
    answers: dict[str, list[list[object]]] = {
        "identifiers": [
            list(tx.find_identifiers()),
            list(tx.find_identifiers(ids=ids)),
            list(tx.find_identifiers(homes=homes)),
            list(tx.find_identifiers(customers=homes)),
        ],
        "links": [list(tx.find_links()), list(tx.find_links(ids))],
        "interactions": [list(tx.find_interactions(ids=ids))],
        "originals": [
            list(tx.find_interactions()),
            list(tx.find_interactions(sources=[("kit", str(n)) for n in range(10)])),
        ],
        "entries": [
            list(tx.list_entries(identifiers=ids, newest=False)),
            list(tx.list_entries(interactions=ids, newest=False)),
        ],
        "removed": [list(tx.list_entries(interactions=ids, newest=False, as_of=5 * 1_000_000))],
        "changes": [
            list(tx.list_changes()),
            list(tx.list_changes(identifiers=ids)),
            list(tx.list_changes(customers=homes)),
        ],
        "records": [list(tx.find_records("kit")), list(tx.find_records("kit", keys=["a", "b", "c"]))],
    }
    for name, ways in answers.items():
        for way in ways[1:]:
            assert way == ways[0], f"{name} differ by the way they are asked for"
    return {name: ways[0] for name, ways in answers.items()}


class DeletionRules(ConformanceBase):
    """delete."""

    @pytest.fixture
    def filled(self, run: Caller) -> Caller:
        """Three identifiers in a row, three interactions, one of them revised and refiled, three changes and three records."""

        def fn(tx: Transaction) -> None:
            tx.add_identifiers([identifier(n) for n in (1, 2, 3)])
            tx.add_links([link(1, 2), link(2, 3), link(1, 3), link(1, 1, basis="shared")])
            tx.add_interactions(
                [interaction(1), interaction(1, revision=5), interaction(2), interaction(3)],
                [entry(1, 1), entry(1, 2, role=1), entry(2, 2), entry(3, 3)],
            )
            tx.replace_entries([entry(3, 3)], [entry(3, 1)], 9 * 1_000_000)
            tx.update_identifiers(
                [], [change(1, of=3, old=3, new=2), change(2, of=2, old=2, new=1), change(3, of=3, old=2, new=3)]
            )
            tx.put_records([record("a"), record("b"), record("c")])

        run(fn)
        return run

    def test_an_identifier_goes_with_its_entries_links_and_changes(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(identifiers=[id_of(1)]))
        left = filled.read(everything)
        assert left["identifiers"] == [identifier(2), identifier(3)]
        assert left["links"] == [link(2, 3)]
        assert left["entries"] == [entry(1, 2, role=1), entry(2, 2)]
        assert left["changes"] == [change(1, of=3, old=3, new=2), change(3, of=3, old=2, new=3)]
        assert len(left["interactions"]) == 4

    def test_changes_go_by_their_ids_and_what_is_logged_again_is_new(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(changes=[id_of(2), id_of(9), id_of(2)]))
        left = filled.read(everything)
        assert left["changes"] == [change(1, of=3, old=3, new=2), change(3, of=3, old=2, new=3)]
        assert len(left["identifiers"]) == 3

        def said_again(tx: Transaction) -> None:
            tx.delete(changes=[id_of(1)])
            tx.update_identifiers([], [change(1, of=3, old=3, new=1)])

        filled(said_again)
        assert filled.read(everything)["changes"] == [change(1, of=3, old=3, new=1), change(3, of=3, old=2, new=3)]

    def test_a_change_goes_with_the_customer_that_it_left_or_joined(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(identifiers=[id_of(2)]))
        assert filled.read(everything)["changes"] == []

    def test_entries_removed_before_go_with_their_identifier_too(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(identifiers=[id_of(3)]))
        assert filled.read(lambda tx: tx.list_entries(identifiers=[id_of(3)], as_of=5 * 1_000_000)) == []

    def test_an_interaction_goes_with_every_revision_and_entry(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(interactions=[id_of(1), id_of(3)]))
        left = filled.read(everything)
        assert left["interactions"] == left["originals"] == [interaction(2)]
        assert left["entries"] == left["removed"] == [entry(2, 2)]
        assert len(left["identifiers"]) == 3

    def test_links_go_by_their_unique_key(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(links=[link(1, 2, seen=0, score=5), link(2, 3, assurance=1)]))
        assert filled.read(everything)["links"] == [link(1, 1, basis="shared"), link(1, 3), link(2, 3)]

    def test_entries_go_by_their_unique_key(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(entries=[entry(1, 1, role=2, raw="x"), entry(2, 2, person=1)]))
        assert filled.read(everything)["entries"] == [entry(1, 2, role=1), entry(2, 2), entry(3, 1)]

    def test_records_go_by_kind_and_key(self, filled: Caller) -> None:
        filled(lambda tx: tx.delete(records=[("kit", "a"), ("other", "b"), ("kit", "C")]))
        assert filled.read(everything)["records"] == [record("b", version=1), record("c", version=1)]

    def test_deleting_all_leaves_nothing(self, filled: Caller) -> None:
        ids = [id_of(n) for n in (1, 2, 3)]
        filled(lambda tx: tx.delete(identifiers=ids, interactions=ids, records=[("kit", key) for key in "abc"]))
        assert [rows for rows in filled.read(everything).values() if rows] == []

    def test_deleting_what_is_not_there_is_passed_over(self, filled: Caller) -> None:
        before = filled.read(everything)
        filled(
            lambda tx: tx.delete(
                identifiers=[id_of(9)],
                links=[link(8, 9)],
                interactions=[id_of(9)],
                entries=[entry(9, 9)],
                records=[("kit", "z")],
            )
        )
        filled(lambda tx: tx.delete())
        assert filled.read(everything) == before

    def test_links_and_entries_go_with_an_identifier_whose_row_is_gone(self, run: Caller) -> None:
        run(lambda tx: (tx.add_links([link(1, 2)]), tx.add_interactions([interaction(1)], [entry(1, 1)])))
        run(lambda tx: tx.delete(identifiers=[id_of(1)]))
        left = run.read(everything)
        assert left["links"] == left["entries"] == []

    def test_what_was_deleted_can_be_stored_anew(self, filled: Caller) -> None:
        def fn(tx: Transaction) -> tuple[set[bytes], set[bytes]]:
            tx.delete(identifiers=[id_of(1)], interactions=[id_of(1)], records=[("kit", "a")])
            there = tx.add_identifiers([identifier(1)])
            left_out = tx.add_interactions([interaction(1, id=id_of(7))], [entry(7, 1)])
            tx.put_records([record("a", "new")])
            return there, left_out

        assert filled(fn) == (set(), set())
        assert filled.read(lambda tx: tx.find_records("kit", keys=["a"])) == [record("a", "new", 1)]
        assert filled.read(lambda tx: tx.find_interactions(sources=[("kit", "1")])) == [interaction(1, id=id_of(7))]
        assert filled.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(7, 1)]

    def test_a_deletion_that_is_rolled_back_leaves_everything(self, filled: Caller) -> None:
        before = filled.read(everything)

        def fn(tx: Transaction) -> None:
            tx.delete(
                identifiers=[id_of(1)], interactions=[id_of(1), id_of(3)], links=[link(2, 3)], records=[("kit", "a")]
            )
            raise LookupError

        with pytest.raises(LookupError):
            filled(fn)
        assert filled.read(everything) == before

    def test_thousands_of_rows_are_deleted_in_one_call(self, run: Caller) -> None:
        numbers = range(1, 1001)
        ids = [id_of(n) for n in numbers]

        def fill(tx: Transaction) -> None:
            tx.add_identifiers([identifier(n) for n in numbers])
            tx.add_links([link(n, n + 1) for n in numbers])
            tx.add_interactions([interaction(n) for n in numbers], [entry(n, n) for n in numbers])
            tx.put_records([record(f"{n:05}") for n in numbers])

        run(fill)
        run(
            lambda tx: tx.delete(
                identifiers=ids,
                links=[link(n, n + 1) for n in numbers],
                interactions=ids,
                entries=[entry(n, n) for n in numbers],
                records=[("kit", f"{n:05}") for n in numbers],
            )
        )
        assert (
            run.read(
                lambda tx: [tx.find_identifiers(), tx.find_links(), tx.find_interactions(), tx.find_records("kit")]
            )
            == [[]] * 4
        )
        assert run.read(lambda tx: tx.list_entries(identifiers=ids)) == []
