"""The rules of reading a history: its order, its pages while rows arrive, and how it stood at an earlier time."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from omnitrack.storage.contract import EntryRow
from omnitrack.testing.base import Caller, ConformanceBase, all_pages
from omnitrack.testing.entries import listed, store
from omnitrack.testing.rows import SECOND, entry, id_of

WAYS = pytest.mark.parametrize("newest", [True, False], ids=["newest-first", "oldest-first"])


def pages(run: Caller, identifiers: list[bytes], limit: int, newest: bool, **filters: Any) -> Iterator[list[EntryRow]]:
    """Yield page after page of one history."""

    def page(last: EntryRow | None) -> list[EntryRow]:
        after = None if last is None else (last.occurred_at, last.interaction)
        return run.read(
            lambda tx: tx.list_entries(identifiers=identifiers, after=after, limit=limit, newest=newest, **filters)
        )

    return all_pages(page)


class HistoryRules(ConformanceBase):
    """The order, the pages and the as_of of list_entries."""

    # -- order ----------------------------------------------------------------------------------------------------------
    @WAYS
    def test_ties_in_time_are_ordered_by_every_part_of_the_key(self, run: Caller, newest: bool) -> None:
        rows = [
            entry(of, under, occurred_at=7, person=person, added_at=added)
            for of in (1, 2, 255, 256)
            for under in (1, 2)
            for person in (-1, 0, 1)
            for added in (-5, 3)
        ]
        store(run, rows[::3] + rows[1::3] + rows[2::3])
        found = run.read(lambda tx: tx.list_entries(identifiers=[id_of(2), id_of(1)], newest=newest))
        assert found == (rows[::-1] if newest else rows)

    @WAYS
    def test_entries_listed_by_interaction_have_the_same_order(self, run: Caller, newest: bool) -> None:
        rows = [
            entry(of, under, occurred_at=-of, person=person) for of in (2, 1) for under in (1, 2) for person in (0, 1)
        ]
        store(run, rows[::2] + rows[1::2])
        found = run.read(lambda tx: tx.list_entries(interactions=[id_of(1), id_of(2)], newest=newest))
        assert found == (rows[::-1] if newest else rows)

    @WAYS
    def test_the_histories_of_several_identifiers_are_one_history(self, run: Caller, newest: bool) -> None:
        rows = [entry(n, 1 + n % 3) for n in range(1, 31)]
        store(run, rows)
        found = run.read(lambda tx: tx.list_entries(identifiers=[id_of(n) for n in (1, 2, 3)], limit=10, newest=newest))
        assert found == (rows[::-1] if newest else rows)[:10]

    def test_newest_first_is_what_is_done_unless_asked_otherwise(self, run: Caller) -> None:
        store(run, [entry(1), entry(2)])
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(2), entry(1)]

    def test_a_late_arrival_stands_where_it_happened(self, run: Caller) -> None:
        store(run, [entry(1), entry(5)])
        store(run, [entry(3, added_at=99 * SECOND)])
        assert [row.interaction for row in listed(run)] == [id_of(1), id_of(3), id_of(5)]

    # -- pages ----------------------------------------------------------------------------------------------------------
    @WAYS
    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_pages_put_together_are_the_whole(self, run: Caller, newest: bool, limit: int) -> None:
        rows = [entry(n, 1 + n % 2, occurred_at=n // 4) for n in range(1, 21)]
        store(run, rows)
        ids = [id_of(1), id_of(2)]
        paged = [row for page in pages(run, ids, limit, newest) for row in page]
        assert paged == (rows[::-1] if newest else rows)

    @WAYS
    def test_a_page_begins_strictly_beyond_the_position(self, run: Caller, newest: bool) -> None:
        rows = [entry(n, occurred_at=7) for n in range(1, 6)]
        store(run, rows)
        found = run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)], after=(7, id_of(3)), newest=newest))
        assert found == (rows[1::-1] if newest else rows[3:])

    @WAYS
    def test_every_entry_of_the_interaction_at_the_position_is_left_behind(self, run: Caller, newest: bool) -> None:
        rows = [entry(n, person=person) for n in (1, 2, 3) for person in (0, 1)]
        store(run, rows)
        found = run.read(
            lambda tx: tx.list_entries(identifiers=[id_of(1)], after=(2 * SECOND, id_of(2)), newest=newest)
        )
        assert found == (rows[1::-1] if newest else rows[4:])

    def test_a_position_need_not_be_an_entry_that_is_there(self, run: Caller) -> None:
        store(run, [entry(1), entry(3)])
        assert listed(run, after=(2 * SECOND, b"\xff" * 16)) == [entry(3)]
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)], after=(2 * SECOND, bytes(16)))) == [entry(1)]

    @WAYS
    def test_rows_that_arrive_between_pages_repeat_and_hide_nothing(self, run: Caller, newest: bool) -> None:
        rows = [entry(n) for n in range(100, 120)]
        store(run, rows)
        seen: list[EntryRow] = []
        for number, page in enumerate(pages(run, [id_of(1)], 4, newest)):
            seen += page
            if number < 5:
                store(run, [entry(n, occurred_at=page[-1].occurred_at) for n in (10 + number, 200 + number)])
                store(run, [entry(300 + number), entry(50 + number)])
        assert len(seen) == len(set(seen))
        assert [row for row in seen if row in rows] == (rows[::-1] if newest else rows)

    @WAYS
    def test_pages_go_on_inside_a_window_and_a_filter(self, run: Caller, newest: bool) -> None:
        rows = [entry(n, channel="email" if n % 2 else "phone") for n in range(1, 31)]
        store(run, rows)
        filters = {"since": 5 * SECOND, "until": 25 * SECOND, "channels": ["email"]}
        paged = [row for page in pages(run, [id_of(1)], 3, newest, **filters) for row in page]
        wanted = [row for row in rows if 5 * SECOND <= row.occurred_at < 25 * SECOND and row.channel == "email"]
        assert paged == (wanted[::-1] if newest else wanted)

    # -- as of ----------------------------------------------------------------------------------------------------------
    def test_as_of_shows_what_had_been_added_by_then(self, run: Caller) -> None:
        rows = [entry(1, added_at=10), entry(2, added_at=20), entry(3, added_at=30)]
        store(run, rows)
        assert listed(run, as_of=20) == rows[:2]
        assert listed(run, as_of=19) == rows[:1]
        assert listed(run, as_of=9) == []

    def test_as_of_shows_what_was_removed_only_later(self, run: Caller) -> None:
        store(run, [entry(1, added_at=10)])
        run(lambda tx: tx.replace_entries([entry(1, added_at=10)], [], 20))
        assert listed(run, as_of=19) == [entry(1, added_at=10, removed_at=20)]
        assert listed(run, as_of=20) == []
        assert listed(run) == []

    def test_as_of_shows_an_interaction_under_the_identifier_of_that_time(self, run: Caller) -> None:
        store(run, [entry(1, 1, added_at=10)])
        run(lambda tx: tx.replace_entries([entry(1, 1, added_at=10)], [entry(1, 2, added_at=20)], 20))
        assert [len(listed(run, under, as_of=15)) for under in (1, 2)] == [1, 0]
        assert [len(listed(run, under, as_of=25)) for under in (1, 2)] == [0, 1]

    @WAYS
    def test_pages_of_an_earlier_time_are_the_whole_of_that_time(self, run: Caller, newest: bool) -> None:
        rows = [entry(n, added_at=n) for n in range(1, 13)]
        store(run, rows)
        run(lambda tx: tx.replace_entries(rows[::2], [], 100))
        paged = [row for page in pages(run, [id_of(1)], 3, newest, as_of=10) for row in page]
        assert [row.interaction for row in paged] == [id_of(n) for n in (range(10, 0, -1) if newest else range(1, 11))]

    def test_a_removed_entry_does_not_count_towards_the_limit(self, run: Caller) -> None:
        rows = [entry(n) for n in range(1, 11)]
        store(run, rows)
        run(lambda tx: tx.replace_entries(rows[:5], [], 99 * SECOND))
        assert listed(run, limit=3) == rows[5:8]
