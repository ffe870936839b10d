"""The rules of interactions: stored once by id and by source, never changed, listed in order of time."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from typing import Any

import pytest

from omnitrack.storage.contract import InteractionRow
from omnitrack.testing.base import Caller, ConformanceBase, all_pages
from omnitrack.testing.rows import AWKWARD_IDS, AWKWARD_TEXTS, AWKWARD_TIMES, SECOND, entry, id_of, interaction

FULL = interaction(
    1,
    channel="email",
    direction="outbound",
    kind="message",
    occurred_at=1_700_000_000_123_456,
    utc_offset=-570,
    ended_at=1_700_000_000_123_457,
    recorded_at=1_700_000_500_000_001,
    subject="Re: broadband",
    body="We are looking into it.",
    agent="agent 7",
    thread="thread-1",
    reply_to="<a@b.example>",
    outcome="resolved",
    via="helpdesk",
    extra='{"attributes": {"queue": "faults"}}',
    deleted=1,
)


class InteractionRules(ConformanceBase):
    """add_interactions, find_interactions."""

    # -- what is stored comes back --------------------------------------------------------------------------------------
    def test_an_interaction_with_every_field_comes_back_as_it_was_stored(self, run: Caller) -> None:
        assert run(lambda tx: tx.add_interactions([FULL], [])) == set()
        (found,) = run.read(lambda tx: tx.find_interactions(ids=[FULL.id]))
        assert found == FULL
        assert type(found) is InteractionRow
        assert [type(value) for value in found] == [type(value) for value in FULL]

    def test_none_comes_back_as_none(self, run: Caller) -> None:
        row = interaction(1, source=None, source_id=None)
        run(lambda tx: tx.add_interactions([row], []))
        assert run.read(lambda tx: tx.find_interactions(ids=[row.id])) == [row]

    def test_texts_come_back_to_the_character_and_empty_is_not_none(self, run: Caller) -> None:
        rows = [
            interaction(n, subject=text, body=text, agent=text, thread=text, outcome=text, extra=text)
            for n, text in enumerate(AWKWARD_TEXTS, 1)
        ]
        run(lambda tx: tx.add_interactions(rows, []))
        assert run.read(lambda tx: tx.find_interactions()) == rows

    def test_times_come_back_to_the_microsecond_and_order_before_and_after_1970(self, run: Caller) -> None:
        rows = [
            interaction(n, occurred_at=time, ended_at=time, recorded_at=time) for n, time in enumerate(AWKWARD_TIMES, 1)
        ]
        run(lambda tx: tx.add_interactions(rows[::-1], []))
        assert run.read(lambda tx: tx.find_interactions()) == rows

    def test_interactions_with_ids_of_any_bytes_are_kept_apart(self, run: Caller) -> None:
        rows = [interaction(n, id=one) for n, one in enumerate(sorted(AWKWARD_IDS))]
        run(lambda tx: tx.add_interactions(rows, []))
        assert run.read(lambda tx: tx.find_interactions(ids=AWKWARD_IDS)) == rows

    def test_a_body_of_a_megabyte_comes_back_whole(self, run: Caller) -> None:
        row = interaction(1, body="Zoë 𝔘 " * 100_000)
        run(lambda tx: tx.add_interactions([row], []))
        assert run.read(lambda tx: tx.find_interactions(ids=[row.id])) == [row]

    # -- stored once ----------------------------------------------------------------------------------------------------
    def test_an_interaction_that_is_there_is_left_out_and_reported(self, run: Caller) -> None:
        run(lambda tx: tx.add_interactions([interaction(1)], []))
        again = interaction(1, body="another", source_id="another")
        assert run(lambda tx: tx.add_interactions([again, interaction(2)], [])) == {id_of(1)}
        assert run.read(lambda tx: tx.find_interactions()) == [interaction(1), interaction(2)]
        assert run.read(lambda tx: tx.find_interactions(sources=[("kit", "another")])) == []

    def test_a_source_id_taken_by_another_interaction_is_left_out_and_reported(self, run: Caller) -> None:
        run(lambda tx: tx.add_interactions([interaction(1)], []))
        assert run(lambda tx: tx.add_interactions([interaction(2, source_id="1")], [])) == {id_of(2)}
        assert run.read(lambda tx: tx.find_interactions()) == [interaction(1)]

    def test_of_one_source_id_twice_in_one_call_the_first_is_stored(self, run: Caller) -> None:
        rows = [interaction(2, source_id="x"), interaction(1, source_id="x")]
        assert run(lambda tx: tx.add_interactions(rows, [entry(1), entry(2)])) == {id_of(1)}
        assert run.read(lambda tx: tx.find_interactions()) == rows[:1]
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(2)]

    def test_one_interaction_twice_in_one_call_is_stored_once_with_its_entries(self, run: Caller) -> None:
        assert run(lambda tx: tx.add_interactions([interaction(1)] * 2, [entry(1)])) == set()
        assert run.read(lambda tx: tx.find_interactions()) == [interaction(1)]
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(1)]

    def test_of_one_interaction_twice_in_one_call_the_first_owns_its_source_id(self, run: Caller) -> None:
        rows = [interaction(1, source_id="x"), interaction(1, source_id="y"), interaction(2, source_id="y")]
        assert run(lambda tx: tx.add_interactions(rows, [])) == set()
        assert run.read(lambda tx: tx.find_interactions(sources=[("kit", "x")])) == [rows[0]]
        assert run.read(lambda tx: tx.find_interactions(sources=[("kit", "y")])) == [rows[2]]
        assert run(lambda tx: tx.add_interactions([interaction(3, source_id="x")], [])) == {id_of(3)}

    @pytest.mark.parametrize("several", [1, 2, 30])
    def test_an_entry_stored_takes_the_place_of_the_one_with_its_key(self, run: Caller, several: int) -> None:
        numbers = range(1, several + 1)
        old = [entry(n, role=1, assurance=1, removed_at=n * SECOND, raw="old") for n in numbers]
        run(lambda tx: tx.replace_entries([], old, 50))
        assert (
            run(lambda tx: tx.add_interactions([interaction(n) for n in numbers], [entry(n) for n in numbers])) == set()
        )
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)], newest=False)) == [entry(n) for n in numbers]

    def test_one_interaction_with_many_entries_takes_the_places_of_those_with_their_keys(self, run: Caller) -> None:
        under = range(1, 9)
        run(lambda tx: tx.replace_entries([], [entry(1, n, raw="old") for n in under], 50))
        run(lambda tx: tx.add_interactions([interaction(1)], [entry(1, n) for n in under]))
        assert run.read(lambda tx: tx.list_entries(interactions=[id_of(1)], newest=False)) == [
            entry(1, n) for n in under
        ]

    @pytest.mark.parametrize("several", [1, 2, 30])
    def test_of_several_entries_with_one_key_in_one_call_the_last_is_stored(self, run: Caller, several: int) -> None:
        numbers = range(1, several + 1)
        rows = [entry(n, raw=raw) for raw in ("first", "second", "last") for n in numbers]
        run(lambda tx: tx.add_interactions([interaction(n) for n in numbers], rows))
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)], newest=False)) == rows[-several:]

    def test_entries_of_an_interaction_left_out_are_not_stored(self, run: Caller) -> None:
        run(lambda tx: tx.add_interactions([interaction(1)], []))
        rows = [interaction(1), interaction(2, source_id="1"), interaction(3)]
        assert run(lambda tx: tx.add_interactions(rows, [entry(n) for n in (1, 2, 3)])) == {id_of(1), id_of(2)}
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(3)]

    def test_entries_of_an_interaction_of_an_earlier_call_are_not_added(self, run: Caller) -> None:
        run(lambda tx: tx.add_interactions([interaction(1)], []))
        run(lambda tx: tx.add_interactions([interaction(2)], [entry(1), entry(2)]))
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)])) == [entry(2)]

    def test_a_repeat_of_the_same_call_adds_nothing(self, run: Caller) -> None:
        rows, entries = [interaction(1), interaction(2)], [entry(1), entry(2)]
        run(lambda tx: tx.add_interactions(rows, entries))
        assert run(lambda tx: tx.add_interactions(rows, entries)) == {id_of(1), id_of(2)}
        assert run.read(lambda tx: tx.find_interactions()) == rows
        assert run.read(lambda tx: tx.list_entries(identifiers=[id_of(1)], newest=False)) == entries

    @pytest.mark.parametrize(("source", "source_id"), [(None, None), ("kit", None), (None, "1")])
    def test_without_a_whole_source_and_source_id_any_number_are_stored(
        self, run: Caller, source: str | None, source_id: str | None
    ) -> None:
        rows = [interaction(n, source=source, source_id=source_id) for n in (1, 2)]
        assert run(lambda tx: tx.add_interactions(rows[:1], [])) == set()
        assert run(lambda tx: tx.add_interactions(rows[1:], [])) == set()
        assert run.read(lambda tx: tx.find_interactions()) == rows

    def test_source_ids_are_compared_by_their_characters(self, run: Caller) -> None:
        texts = ["a", "A", "a ", " a", "á", "a\u0301", "ａ", "ß", "ss", ""]
        rows = [interaction(n, source_id=text) for n, text in enumerate(texts, 1)]
        assert run(lambda tx: tx.add_interactions(rows, [])) == set()
        found = run.read(lambda tx: [tx.find_interactions(sources=[("kit", text)]) for text in texts])
        assert found == [[row] for row in rows]

    def test_long_source_ids_are_told_apart_by_their_last_character(self, run: Caller) -> None:
        rows = [interaction(n, source="𝔘" * 255, source_id="𝔘" * 997 + str(n)) for n in (1, 2)]
        assert run(lambda tx: tx.add_interactions(rows, [])) == set()
        assert run.read(lambda tx: tx.find_interactions(sources=[("𝔘" * 255, "𝔘" * 997 + "2")])) == [rows[1]]

    # -- revisions ------------------------------------------------------------------------------------------------------
    def test_every_revision_is_found_by_id_in_order_of_revision(self, run: Caller) -> None:
        rows = [interaction(1), interaction(1, revision=-7), interaction(1, revision=1_700_000_000_123_456)]
        assert run(lambda tx: [tx.add_interactions([row], []) for row in rows]) == [set()] * 3
        run(lambda tx: tx.add_interactions([interaction(2)], []))
        assert run.read(lambda tx: tx.find_interactions(ids=[id_of(2), id_of(1)])) == [
            rows[1],
            rows[0],
            rows[2],
            interaction(2),
        ]

    def test_a_revision_that_is_there_is_left_out_and_reported(self, run: Caller) -> None:
        row = interaction(1, revision=5, body="edited")
        run(lambda tx: tx.add_interactions([interaction(1), row], []))
        assert run(lambda tx: tx.add_interactions([row._replace(body="edited again")], [])) == {id_of(1)}
        assert run.read(lambda tx: tx.find_interactions(ids=[id_of(1)])) == [interaction(1), row]

    def test_a_source_id_is_held_by_revision_0_alone(self, run: Caller) -> None:
        rows = [interaction(1), interaction(1, revision=5), interaction(2, revision=5, source_id="1")]
        assert run(lambda tx: tx.add_interactions(rows, [])) == set()
        assert run.read(lambda tx: tx.find_interactions(sources=[("kit", "1")])) == [interaction(1)]

    def test_later_revisions_are_not_listed_in_order_of_time(self, run: Caller) -> None:
        run(lambda tx: tx.add_interactions([interaction(1), interaction(1, revision=5)], []))
        assert run.read(lambda tx: tx.find_interactions()) == [interaction(1)]

    # -- found ----------------------------------------------------------------------------------------------------------
    def test_interactions_are_found_by_source_in_order_of_id(self, run: Caller) -> None:
        rows = [
            interaction(1, source_id="b"),
            interaction(2, source_id="a"),
            interaction(3, source="other", source_id="a"),
        ]
        run(lambda tx: tx.add_interactions(rows, []))
        pairs = [("kit", "a"), ("kit", "b"), ("kit", "absent"), ("kit", "a")]
        assert run.read(lambda tx: tx.find_interactions(sources=pairs)) == rows[:2]

    @pytest.mark.parametrize("selection", ["ids", "sources"])
    def test_an_empty_selection_of_interactions_finds_nothing(self, run: Caller, selection: str) -> None:
        run(lambda tx: tx.add_interactions([interaction(1)], []))
        run(lambda tx: tx.add_interactions([], []))
        nothing: dict[str, Any] = {selection: []}
        assert run.read(lambda tx: tx.find_interactions(**nothing)) == []

    def test_all_interactions_are_ordered_by_time_then_id(self, run: Caller) -> None:
        rows = [interaction(n, occurred_at=time) for n, time in ((4, -5), (1, 7), (3, 7), (9, 7), (2, 8))]
        run(lambda tx: tx.add_interactions(rows[::-1], []))
        assert run.read(lambda tx: tx.find_interactions()) == rows
        assert run.read(lambda tx: tx.find_interactions(newest=True)) == rows[::-1]

    def test_since_is_inclusive_and_until_is_not(self, run: Caller) -> None:
        rows = [interaction(n) for n in (1, 2, 3, 4)]
        run(lambda tx: tx.add_interactions(rows, []))
        assert run.read(lambda tx: tx.find_interactions(since=2 * SECOND, until=4 * SECOND)) == rows[1:3]
        assert run.read(lambda tx: tx.find_interactions(since=2 * SECOND, limit=1, newest=True)) == rows[3:]
        assert run.read(lambda tx: tx.find_interactions(until=2 * SECOND)) == rows[:1]

    @pytest.mark.parametrize("newest", [False, True], ids=["oldest-first", "newest-first"])
    def test_pages_of_all_interactions_go_on_after_a_position(self, run: Caller, newest: bool) -> None:
        rows = [interaction(n, occurred_at=n // 3) for n in range(1, 12)]
        run(lambda tx: tx.add_interactions(rows, []))

        def page(last: InteractionRow | None) -> list[InteractionRow]:
            after = None if last is None else (last.occurred_at, last.id)
            return run.read(lambda tx: tx.find_interactions(after=after, limit=4, newest=newest))

        assert [row for found in all_pages(page) for row in found] == (rows[::-1] if newest else rows)

    def test_a_position_need_not_be_an_interaction_that_is_there(self, run: Caller) -> None:
        rows = [interaction(n) for n in (1, 3)]
        run(lambda tx: tx.add_interactions(rows, []))
        assert run.read(lambda tx: tx.find_interactions(after=(2 * SECOND, id_of(2)))) == rows[1:]
        assert run.read(lambda tx: tx.find_interactions(after=(2 * SECOND, id_of(2)), newest=True)) == rows[:1]

    def test_thousands_of_interactions_are_added_and_found_in_one_call(self, run: Caller) -> None:
        rows = [interaction(n) for n in range(1, 2001)]
        run(lambda tx: tx.add_interactions(rows, [entry(n) for n in range(1, 2001)]))
        assert run.read(lambda tx: tx.find_interactions(ids=[id_of(n) for n in range(1, 4001)])) == rows
        pairs = [("kit", str(n)) for n in range(1, 4001)]
        assert run.read(lambda tx: tx.find_interactions(sources=pairs)) == rows
        assert run(lambda tx: tx.add_interactions(rows, [])) == {row.id for row in rows}
