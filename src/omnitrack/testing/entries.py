"""The rules of entries: what comes back, which of them a filter lets through, and how they are replaced."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from omnitrack.storage.contract import NO_ID, EntryRow
from omnitrack.testing.base import Caller, ConformanceBase
from omnitrack.testing.rows import AWKWARD_IDS, AWKWARD_TEXTS, AWKWARD_TIMES, SECOND, entry, id_of, interaction


def store(run: Caller, entries: Sequence[EntryRow]) -> None:
    """Store entries, each with its interaction, in one call."""
    rows = {
        row.interaction: interaction(
            int.from_bytes(row.interaction, "big"),
            source=None,
            occurred_at=row.occurred_at,
            channel=row.channel,
            direction=row.direction,
            kind=row.kind,
        )
        for row in entries
    }
    run(lambda tx: tx.add_interactions(list(rows.values()), entries))


def listed(run: Caller, under: int = 1, **arguments: Any) -> list[EntryRow]:
    """List the entries of one identifier, oldest first."""
    return run.read(lambda tx: tx.list_entries(identifiers=[id_of(under)], newest=False, **arguments))


class EntryRules(ConformanceBase):
    """The entries of add_interactions, the filters of list_entries, replace_entries."""

    # -- what is stored comes back --------------------------------------------------------------------------------------
    def test_an_entry_comes_back_as_it_was_stored(self, run: Caller) -> None:
        row = entry(1, person=-1, added_at=1_700_000_000_123_456, role=2, assurance=1, raw="Call from (020) 7946 0001")
        store(run, [row])
        (found,) = listed(run)
        assert found == row
        assert type(found) is EntryRow
        assert [type(value) for value in found] == [type(value) for value in row]

    def test_entries_of_any_text_come_back_to_the_character(self, run: Caller) -> None:
        rows = [entry(n, raw=text, channel=text, kind=text) for n, text in enumerate(AWKWARD_TEXTS, 1)]
        store(run, rows)
        assert listed(run) == rows

    def test_entries_of_any_time_come_back_in_order_of_time(self, run: Caller) -> None:
        rows = [entry(n, occurred_at=time, added_at=time) for n, time in enumerate(AWKWARD_TIMES, 1)]
        store(run, rows[::-1])
        assert listed(run) == rows

    def test_entries_under_ids_of_any_bytes_are_kept_apart(self, run: Caller) -> None:
        rows = [entry(n, identifier=one) for n, one in enumerate(AWKWARD_IDS, 1)]
        store(run, rows)
        found = run.read(lambda tx: [tx.list_entries(identifiers=[row.identifier]) for row in rows])
        assert found == [[row] for row in rows]

    def test_an_interaction_of_nobody_is_filed_under_no_id(self, run: Caller) -> None:
        store(run, [entry(1, identifier=NO_ID), entry(2)])
        assert run.read(lambda tx: tx.list_entries(identifiers=[NO_ID])) == [entry(1, identifier=NO_ID)]

    # -- selected -------------------------------------------------------------------------------------------------------
    def test_entries_are_listed_by_interaction(self, run: Caller) -> None:
        rows = [entry(1, 1), entry(1, 2, person=1), entry(2, 1), entry(3, 3)]
        store(run, rows)
        ids = [id_of(3), id_of(1), id_of(9), id_of(1)]
        assert run.read(lambda tx: tx.list_entries(interactions=ids, newest=False)) == [rows[0], rows[1], rows[3]]

    def test_an_identifier_asked_for_twice_has_its_entries_listed_once(self, run: Caller) -> None:
        store(run, [entry(1)])
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1), id_of(1)])) == [entry(1)]

    @pytest.mark.parametrize("selection", ["identifiers", "interactions"])
    def test_an_empty_selection_of_entries_finds_nothing(self, run: Caller, selection: str) -> None:
        store(run, [entry(1)])
        nothing: dict[str, Any] = {selection: []}
        assert run.read(lambda tx: tx.list_entries(**nothing)) == []

    def test_entries_are_asked_for_by_thousands_of_identifiers(self, run: Caller) -> None:
        rows = [entry(n, n) for n in range(1, 1001)]
        store(run, rows)
        many = [id_of(n) for n in range(1, 2501)]
        assert run.read(lambda tx: tx.list_entries(identifiers=many, newest=False)) == rows
        assert run.read(lambda tx: tx.list_entries(identifiers=many, limit=2)) == rows[:-3:-1]
        assert run.read(lambda tx: tx.list_entries(interactions=many, newest=False)) == rows

    # -- filtered -------------------------------------------------------------------------------------------------------
    @pytest.mark.parametrize(
        ("argument", "chosen", "field", "values"),
        [
            ("roles", [0, 2], "role", [0, 1, 2]),
            ("channels", ["phone", "email"], "channel", ["phone", "PHONE", "email"]),
            ("directions", ["inbound"], "direction", ["inbound", "outbound", "internal"]),
            ("kinds", ["call", "é"], "kind", ["call", "e\u0301", "é"]),
        ],
    )
    def test_a_filter_lets_through_what_is_among_its_values(
        self, run: Caller, argument: str, chosen: list[Any], field: str, values: list[Any]
    ) -> None:
        rows = [entry(n, **{field: value}) for n, value in enumerate(values * 2, 1)]
        store(run, rows)
        assert listed(run, 1, **{argument: chosen}) == [row for row in rows if getattr(row, field) in chosen]

    @pytest.mark.parametrize("argument", ["roles", "channels", "directions", "kinds"])
    def test_a_filter_with_no_value_lets_nothing_through(self, run: Caller, argument: str) -> None:
        store(run, [entry(1)])
        assert listed(run, 1, **{argument: []}) == []

    def test_min_assurance_lets_through_that_assurance_and_better(self, run: Caller) -> None:
        rows = [entry(n, assurance=n) for n in (1, 2, 3)]
        store(run, rows)
        assert listed(run, min_assurance=2) == rows[1:]

    def test_since_lets_through_its_time_and_until_does_not(self, run: Caller) -> None:
        rows = [entry(n) for n in (1, 2, 3, 4)]
        store(run, rows)
        assert listed(run, since=2 * SECOND, until=4 * SECOND) == rows[1:3]
        assert listed(run, since=2 * SECOND + 1) == rows[2:]
        assert listed(run, until=2 * SECOND + 1) == rows[:2]

    def test_all_filters_hold_at_once(self, run: Caller) -> None:
        wanted = entry(3, role=1, assurance=3, channel="email", direction="outbound", kind="message")
        others = [
            wanted._replace(interaction=id_of(10 + n), **field)  # type: ignore[arg-type]
            for n, field in enumerate(
                [
                    {"role": 0},
                    {"assurance": 1},
                    {"channel": "phone"},
                    {"direction": "inbound"},
                    {"kind": "call"},
                    {"occurred_at": 9 * SECOND},
                    {"identifier": id_of(2)},
                ]
            )
        ]
        store(run, [wanted, *others])
        assert listed(
            run,
            roles=[1],
            min_assurance=2,
            channels=["email"],
            directions=["outbound"],
            kinds=["message"],
            since=2 * SECOND,
            until=4 * SECOND,
        ) == [wanted]

    def test_filters_hold_for_entries_listed_by_interaction(self, run: Caller) -> None:
        rows = [entry(1, 1), entry(1, 2, role=1), entry(2, 1, role=1)]
        store(run, rows)
        assert run.read(lambda tx: tx.list_entries(interactions=[id_of(1)], roles=[1])) == [rows[1]]

    def test_the_limit_counts_what_the_filters_let_through(self, run: Caller) -> None:
        rows = [entry(n, channel="email" if n % 4 == 0 else "phone") for n in range(1, 21)]
        store(run, rows)
        assert listed(run, channels=["email"], limit=3) == [rows[3], rows[7], rows[11]]

    # -- replaced -------------------------------------------------------------------------------------------------------
    def test_a_replaced_entry_is_not_listed_any_more(self, run: Caller) -> None:
        store(run, [entry(1), entry(2)])
        run(lambda tx: tx.replace_entries([entry(1)], [], 50))
        assert listed(run) == [entry(2)]
        assert run.read(lambda tx: tx.list_entries(interactions=[id_of(1)])) == []

    def test_replacing_adds_entries_to_an_interaction_that_is_there(self, run: Caller) -> None:
        store(run, [entry(1)])
        added = entry(1, 2, added_at=50)
        run(lambda tx: tx.replace_entries([entry(1)], [added], 50))
        assert listed(run, 1) == []
        assert listed(run, 2) == [added]

    def test_a_removed_entry_is_named_by_its_unique_key_alone(self, run: Caller) -> None:
        store(run, [entry(1, raw="text")])
        run(lambda tx: tx.replace_entries([entry(1, role=2, assurance=0, channel="", raw=None)], [], 50 * SECOND))
        assert listed(run) == []
        assert [row.raw for row in listed(run, as_of=10 * SECOND)] == ["text"]

    def test_removing_what_is_not_there_is_passed_over(self, run: Caller) -> None:
        store(run, [entry(1)])
        others = [entry(2), entry(1, 2), entry(1, person=1), entry(1, added_at=5), entry(1, occurred_at=5)]
        run(lambda tx: tx.replace_entries(others, [], 50))
        assert listed(run) == [entry(1)]
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(2)], as_of=99 * SECOND)) == []

    def test_an_entry_removed_before_keeps_the_time_of_its_first_removal(self, run: Caller) -> None:
        store(run, [entry(1)])
        run(lambda tx: tx.replace_entries([entry(1)], [], 10 * SECOND))
        run(lambda tx: tx.replace_entries([entry(1)], [], 20 * SECOND))
        assert listed(run, as_of=15 * SECOND) == []
        assert [row.removed_at for row in listed(run, as_of=5 * SECOND)] == [10 * SECOND]

    def test_an_added_entry_takes_the_place_of_the_one_with_its_key(self, run: Caller) -> None:
        store(run, [entry(1, role=1)])
        run(lambda tx: tx.replace_entries([], [entry(1, role=0, raw="new")], 50))
        assert listed(run) == [entry(1, role=0, raw="new")]

    def test_of_several_entries_added_with_one_key_the_last_is_there(self, run: Caller) -> None:
        run(lambda tx: tx.replace_entries([], [entry(1, raw=raw) for raw in ("first", "second", "last")], 50))
        assert listed(run) == [entry(1, raw="last")]

    def test_an_entry_removed_and_added_in_one_call_is_there(self, run: Caller) -> None:
        store(run, [entry(1)])
        run(lambda tx: tx.replace_entries([entry(1)], [entry(1, role=1)], 50))
        assert listed(run) == [entry(1, role=1)]

    def test_replacing_nothing_by_nothing_does_nothing(self, run: Caller) -> None:
        store(run, [entry(1)])
        run(lambda tx: tx.replace_entries([], [], 50))
        assert listed(run) == [entry(1)]

    def test_thousands_of_entries_are_replaced_in_one_call(self, run: Caller) -> None:
        rows = [entry(n) for n in range(1, 1001)]
        added = [row._replace(identifier=id_of(2), added_at=9_000 * SECOND) for row in rows]
        store(run, rows)
        run(lambda tx: tx.replace_entries(rows, added, 9_000 * SECOND))
        assert listed(run, 1) == []
        assert listed(run, 2) == added
        assert len(listed(run, 1, as_of=8_999 * SECOND)) == len(rows)
