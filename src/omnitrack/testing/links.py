"""The rules of links: one row a unique key, the earliest whole, found by either end."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from itertools import pairwise

import pytest

from omnitrack.storage.contract import NO_ID, LinkRow
from omnitrack.testing.base import Caller, ConformanceBase, all_pages
from omnitrack.testing.rows import AWKWARD_IDS, AWKWARD_TIMES, id_of, link


def key(row: LinkRow) -> tuple[bytes, bytes, str, int, bytes]:
    """Return the unique key of a link."""
    return (row.a, row.b, row.basis, row.assurance, row.ref)


class LinkRules(ConformanceBase):
    """add_links, find_links."""

    def test_a_link_comes_back_as_it_was_stored(self, run: Caller) -> None:
        row = link(1, 2, basis="statement:same", assurance=4, ref=id_of(8), seen=-5, evidence=NO_ID, score=950_000)
        run(lambda tx: tx.add_links([row]))
        (found,) = run.read(lambda tx: tx.find_links([id_of(1)]))
        assert found == row
        assert type(found) is LinkRow

    def test_links_between_ids_of_any_bytes_come_back(self, run: Caller) -> None:
        ids = sorted(AWKWARD_IDS)
        rows = [link(1, 2)._replace(a=a, b=b) for a, b in pairwise(ids)]
        run(lambda tx: tx.add_links(rows))
        assert run.read(lambda tx: tx.find_links()) == rows
        assert run.read(lambda tx: tx.find_links([ids[3]])) == rows[2:4]

    def test_links_seen_at_any_time_come_back(self, run: Caller) -> None:
        rows = [link(n, 50, seen=time) for n, time in enumerate(AWKWARD_TIMES, 1)]
        run(lambda tx: tx.add_links(rows))
        assert run.read(lambda tx: tx.find_links()) == rows

    def test_a_link_is_found_by_either_end(self, run: Caller) -> None:
        run(lambda tx: tx.add_links([link(1, 2), link(3, 4)]))
        assert run.read(lambda tx: tx.find_links([id_of(1)])) == [link(1, 2)]
        assert run.read(lambda tx: tx.find_links([id_of(2)])) == [link(1, 2)]
        assert run.read(lambda tx: tx.find_links([id_of(5)])) == []

    def test_a_link_is_found_once_when_both_ends_are_asked_for(self, run: Caller) -> None:
        run(lambda tx: tx.add_links([link(1, 2), link(2, 3)]))
        assert run.read(lambda tx: tx.find_links([id_of(2), id_of(1), id_of(3), id_of(2)])) == [link(1, 2), link(2, 3)]

    def test_a_statement_about_one_identifier_is_found_once(self, run: Caller) -> None:
        row = link(1, 1, basis="shared", assurance=4, ref=id_of(9))
        run(lambda tx: tx.add_links([row]))
        assert run.read(lambda tx: tx.find_links([id_of(1)])) == [row]

    def test_links_that_differ_in_one_part_of_the_key_are_different_links(self, run: Caller) -> None:
        rows = [
            link(1, 2),
            link(1, 3),
            link(2, 3),
            link(1, 2, basis="Together"),
            link(1, 2, assurance=3),
            link(1, 2, ref=id_of(5)),
        ]
        run(lambda tx: tx.add_links(rows))
        assert run.read(lambda tx: tx.find_links()) == sorted(rows, key=key)

    @pytest.mark.parametrize("by_end", [False, True], ids=["all", "by-end"])
    def test_links_are_ordered_by_their_key_basis_by_its_bytes(self, run: Caller, by_end: bool) -> None:
        rows = [
            link(a, b, basis=basis, assurance=assurance, ref=ref)
            for a, b in ((1, 2), (1, 300), (2, 3))
            for basis in ("a", "B", "b", "é", "～", "𝔘")
            for assurance in (4, 0, 10)
            for ref in (NO_ID, id_of(2))
        ]
        run(lambda tx: tx.add_links(rows[::-1]))
        ids = [id_of(1), id_of(2)] if by_end else None
        ordered = sorted(rows, key=lambda row: (row.a, row.b, row.basis.encode(), row.assurance, row.ref))
        assert run.read(lambda tx: tx.find_links(ids)) == ordered

    @pytest.mark.parametrize("by_end", [False, True], ids=["all", "by-end"])
    def test_pages_of_links_go_on_after_a_key(self, run: Caller, by_end: bool) -> None:
        rows = sorted(
            [link(1, b, basis=basis, assurance=n) for b in (2, 3) for basis in ("x", "y") for n in (1, 2)], key=key
        )
        run(lambda tx: tx.add_links(rows))
        ids = [id_of(1), id_of(2)] if by_end else None

        def page(last: LinkRow | None) -> list[LinkRow]:
            return run.read(lambda tx: tx.find_links(ids, after=None if last is None else key(last), limit=3))

        pages = list(all_pages(page))
        assert [row for found in pages for row in found] == rows
        assert all(len(found) <= 3 for found in pages)

    def test_an_earlier_link_takes_the_place_of_a_later_one_whole(self, run: Caller) -> None:
        earlier = link(1, 2, seen=10, evidence=id_of(8), score=1)
        run(lambda tx: tx.add_links([link(1, 2, seen=20, evidence=id_of(7), score=2)]))
        run(lambda tx: tx.add_links([earlier]))
        assert run.read(lambda tx: tx.find_links()) == [earlier]

    def test_a_later_link_leaves_an_earlier_one_whole(self, run: Caller) -> None:
        earlier = link(1, 2, seen=10, evidence=id_of(8), score=1)
        run(lambda tx: tx.add_links([earlier]))
        run(lambda tx: tx.add_links([link(1, 2, seen=20, evidence=id_of(7), score=2)]))
        assert run.read(lambda tx: tx.find_links()) == [earlier]

    def test_of_links_seen_at_one_time_the_smaller_evidence_stays(self, run: Caller) -> None:
        small = link(1, 2, seen=10, evidence=id_of(7), score=1)
        great = link(1, 2, seen=10, evidence=b"\xff" * 16, score=2)
        run(lambda tx: tx.add_links([great]))
        run(lambda tx: tx.add_links([small]))
        run(lambda tx: tx.add_links([great]))
        assert run.read(lambda tx: tx.find_links()) == [small]

    @pytest.mark.parametrize("turn", [1, -1], ids=["earliest-first", "earliest-last"])
    def test_of_one_key_several_times_in_one_call_the_earliest_stays(self, run: Caller, turn: int) -> None:
        rows = [link(1, 2, seen=seen, evidence=id_of(50 - seen), score=seen) for seen in (-3, 5, 9)]
        run(lambda tx: tx.add_links(rows[::turn]))
        assert run.read(lambda tx: tx.find_links()) == [rows[0]]

    def test_adding_a_link_again_changes_nothing(self, run: Caller) -> None:
        run(lambda tx: tx.add_links([link(1, 2)]))
        run(lambda tx: tx.add_links([link(1, 2), link(1, 2)]))
        assert run.read(lambda tx: tx.find_links()) == [link(1, 2)]

    def test_links_need_no_identifier_that_is_there(self, run: Caller) -> None:
        run(lambda tx: tx.add_links([link(1, 2)]))
        assert run.read(lambda tx: tx.find_identifiers()) == []
        assert run.read(lambda tx: tx.find_links()) == [link(1, 2)]

    def test_an_empty_selection_of_links_finds_nothing(self, run: Caller) -> None:
        run(lambda tx: tx.add_links([link(1, 2)]))
        run(lambda tx: tx.add_links([]))
        assert run.read(lambda tx: tx.find_links([])) == []

    def test_thousands_of_links_are_added_and_found_in_one_call(self, run: Caller) -> None:
        rows = [link(n, n + 1) for n in range(1, 2001)]
        run(lambda tx: tx.add_links(rows))
        assert run.read(lambda tx: tx.find_links([id_of(n) for n in range(1, 4001)])) == rows
