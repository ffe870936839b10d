"""Interactions and entries in portable SQL."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Unpack, cast

from sqlalchemy import bindparam, select

from omnitrack.storage.contract import EntryFilters, EntryRow, InteractionRow, Position, Transaction
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.execution import (
    Execution,
    by_source,
    entry_row,
    in_order,
    interaction_row,
    key_of_entry,
    selection,
)
from omnitrack.storage.sql.queries import Built
from omnitrack.storage.sql.tables import INTERACTION_COLUMNS, MAX_SHORT_SOURCE_ID, short_source_id
from omnitrack.storage.sql.texts import chunks

time_of_entry = itemgetter(1, 2, 0, 3, 4)
_interaction_of = itemgetter(2)
_ENTRY = len(EntryRow._fields)
_AMONG = (("roles", int), ("channels", str), ("directions", str), ("kinds", str))


class HistoryMethods(Execution):
    """What the contract says of what happened."""

    # -- interactions ---------------------------------------------------------------------------------------------------
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """See the contract."""
        self._for_writing()
        if not rows:
            return set()
        plain = not any(map(needs_stored_form, rows))
        there = self._store_interactions(rows if plain else [stored_form(row) for row in rows], plain)
        stored = {row[0] for row in rows}
        stored -= there
        if entries:
            if not stored.issuperset(map(_interaction_of, entries)):
                entries = [entry for entry in entries if entry[2] in stored]
            self._store_entries(entries)
        return there

    def _store_interactions(self, rows: Sequence[Any], plain: bool) -> set[bytes]:
        """Store the rows that are new, and return the ids of the others; ``plain``: without the last column.

        Where the engine can go back to before a failed statement, all are taken for new first, as nearly always they are.
        """
        table, columns = self._tables.interactions, INTERACTION_COLUMNS if plain else None
        fresh: Sequence[Any] = rows
        there: set[bytes] = set()
        if not self.optimistic or not _distinct(rows):
            fresh, there = self._fresh_interactions(rows)
        while True:
            if self.optimistic and len(rows) > 1:
                self._cursor.execute("SAVEPOINT bulk")
            try:
                self._insert(table, fresh, columns)
                return there
            except Exception as error:
                if not self.optimistic or not self._is_duplicate(error):
                    raise
                if len(rows) > 1:
                    self._cursor.execute("ROLLBACK TO SAVEPOINT bulk")
                before = len(fresh)
                fresh, there = self._fresh_interactions(rows)
                if len(fresh) == before:  # what is in the way is no row that can be found
                    raise

    def _is_duplicate(self, error: Exception) -> bool:
        """Tell whether a row was not inserted because its key is there."""
        return False

    def _fresh_interactions(self, rows: Sequence[Any]) -> tuple[list[Any], set[bytes]]:
        """Return the rows that are not there and not earlier among these, and the ids of the others."""
        keys, owned = self._interactions_there(rows)
        fresh: dict[tuple[bytes, int], Any] = {}
        there: set[bytes] = set()
        for row in rows:
            key, pair = (row[0], row[1]), (row[2], row[3])
            if key in keys:
                there.add(row[0])
            elif key not in fresh:
                if pair in owned:
                    there.add(row[0])
                    continue
                if pair[0] is not None and pair[1] is not None:
                    owned.add(pair)
                fresh[key] = row
        return list(fresh.values()), there

    def _interactions_there(self, rows: Sequence[Any]) -> tuple[set[tuple[bytes, int]], set[tuple[str, str]]]:
        """Return which keys and which sources of these rows the store has."""
        t = self._tables.interactions.c
        keys: set[tuple[bytes, int]] = set()
        owned: set[tuple[str, str]] = set()
        for ids in chunks([row[0] for row in rows]):
            found = self._rows(
                "interactions there",
                lambda: (select(t.id, t.revision).where(self._texts.among(t.id, "ids")), ["ids"]),
                (ids,),
            )
            keys.update(map(tuple, found))
        for source, source_ids in by_source((row[2], row[3]) for row in rows):
            for part in chunks(source_ids):
                found = self._rows(
                    "sources there",
                    lambda: (
                        select(t.source, t.source_id).where(
                            t.source == bindparam("from"), self._texts.among(t.source_id, "ids")
                        ),
                        ["from", "ids"],
                    ),
                    (source, part),
                )
                owned.update(map(tuple, found))
        return keys, owned

    def _store_entries(self, entries: Sequence[Any]) -> None:
        """Store entries, each in the place of the one that has its key; none nearly ever has. An engine's own may do it in one statement."""
        self._put_entries(entries)

    def _put_entries(self, entries: Sequence[Any]) -> None:
        last = last_of_each(entries)
        self._delete_by_key(self._tables.entries, writes.ENTRY_KEY, list(map(key_of_entry, last)))
        self._insert(self._tables.entries, last)

    def find_interactions(
        self,
        *,
        ids: Sequence[bytes] | None = None,
        sources: Sequence[tuple[str, str]] | None = None,
        since: int | None = None,
        until: int | None = None,
        after: Position | None = None,
        limit: int | None = None,
        newest: bool = False,
    ) -> list[InteractionRow]:
        """See the contract."""
        by, among = selection(ids=ids, sources=sources)
        shape = (by, since is not None, until is not None, after is not None, limit is not None, newest)
        if by is not None:
            shape = (by, False, False, False, False, False)
        key = ("interactions", *shape)

        def build() -> Built:
            return self._queries.interactions(*shape)

        if by == "ids":
            values: list[list[Any]] = [[part] for part in chunks(among or ())]
        elif by == "sources":
            short = [(source, short_source_id(source_id)) for source, source_id in among or ()]
            values = [[source, part] for source, of in by_source(short) for part in chunks(of)]
        else:
            window = [value for value in (since, until) if value is not None]
            beyond = [] if after is None else _place(after, self._texts.row_values)
            values = [[*window, *beyond, *([] if limit is None else [limit])]]
        parts = [self._rows(key, build, part) for part in values]
        if by == "sources":  # the hash of a long source id is not the id
            wanted = {tuple(pair) for pair in among or ()}
            parts = [[row for row in part if (row[2], row[3]) in wanted] for part in parts]
        return list(map(interaction_row, in_order(parts, itemgetter(0, 1))))

    def list_entries(
        self,
        *,
        identifiers: Sequence[bytes] | None = None,
        interactions: Sequence[bytes] | None = None,
        roles: Sequence[int] | None = None,
        min_assurance: int = 0,
        since: int | None = None,
        until: int | None = None,
        channels: Sequence[str] | None = None,
        directions: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        after: Position | None = None,
        limit: int | None = None,
        newest: bool = True,
        as_of: int | None = None,
    ) -> list[EntryRow]:
        """See the contract: of several identifiers the newest of each, by its own range of the key, and of those the newest."""
        if (identifiers is None) == (interactions is None):
            raise ValueError("list_entries takes either identifiers or interactions")
        filtered = filtered_by(
            self._texts.row_values,
            {
                "roles": roles,
                "min_assurance": min_assurance,
                "since": since,
                "until": until,
                "channels": channels,
                "directions": directions,
                "kinds": kinds,
                "after": after,
                "limit": limit,
                "newest": newest,
                "as_of": as_of,
            },
        )
        if filtered is None:
            return []
        names, values = filtered
        if interactions is not None:
            return self._entries_of("interactions", interactions, names, values, limit, newest)
        assert identifiers is not None
        if len(identifiers) == 1:
            shape = ("identifier", tuple(names), limit is not None, newest)
            rows = self._rows(("entries", *shape), lambda: self._queries.entries(*shape), (identifiers[0], *values))
            return list(map(entry_row, rows))
        if limit is None:
            return self._entries_of("identifiers", identifiers, names, values, limit, newest)
        parts = [
            self._newest_of_each(part, tuple(names), values, limit, newest)
            for part in chunks(identifiers, self.max_branches)
        ]
        return list(map(entry_row, in_order(parts, time_of_entry, limit, newest)))

    def list_history(
        self, *, identifiers: Sequence[bytes], **filters: Unpack[EntryFilters]
    ) -> tuple[list[EntryRow], list[InteractionRow]]:
        """See the contract: one join, where the entries are one range or the engine takes the ranges as an array."""
        if filters.get("limit") is None or not identifiers or (len(identifiers) > 1 and not self._texts.arrays):
            return Transaction.list_history(cast("Transaction", self), identifiers=identifiers, **filters)
        newest = filters.get("newest", True)
        filtered = filtered_by(self._texts.row_values, filters)
        if filtered is None:
            return [], []
        names, values = filtered
        if len(identifiers) == 1:
            shape = ("identifier", tuple(names), True, newest)
            given = [identifiers[0], *values]
        else:
            shape = ("each", tuple(names), True, newest)
            given = [list(dict.fromkeys(identifiers)), *values, filters["limit"]]
        rows = self._rows(("history", *shape), lambda: self._queries.history(*shape), given)
        entries = [entry_row(row[:_ENTRY]) for row in rows]
        interactions = [interaction_row(row[_ENTRY:]) for row in rows]
        if len({row[2] for row in rows}) < len(rows):  # several revisions of an interaction, or several entries
            entries, interactions = list(dict.fromkeys(entries)), list(dict.fromkeys(interactions))
        return entries, interactions

    def _entries_of(
        self, by: str, among: Sequence[bytes], filters: list[str], values: list[Any], limit: int | None, newest: bool
    ) -> list[EntryRow]:
        shape = (by, tuple(filters), limit is not None, newest)
        parts = [
            self._rows(("entries", *shape), lambda: self._queries.entries(*shape), (part, *values))
            for part in chunks(among)
        ]
        return list(map(entry_row, in_order(parts, time_of_entry, limit, newest)))

    def _newest_of_each(
        self, identifiers: list[bytes], filters: tuple[str, ...], values: list[Any], limit: int, newest: bool
    ) -> list[Any]:
        """Return the first of each identifier's own range, and of those the first: a union of ranges, never a sort of everything."""
        shape = ("identifier", filters, True, newest)
        branch = self._texts.get(("entries", *shape), lambda: self._queries.entries(*shape))
        # Each once: a repeated branch would repeat its rows. What is missing to the rounded size are branches that find nothing.
        identifiers = list(dict.fromkeys(identifiers))
        size = 1 << (len(identifiers) - 1).bit_length()
        turn = "DESC" if newest else "ASC"
        order = ", ".join(f"{place} {turn}" for place in (2, 3, 1, 4, 5))
        text = self._texts.get_text(
            ("newest of each", *shape, size),
            lambda: f"{self._union(branch, size)} ORDER BY {order} LIMIT {self._texts.mark}",
        )
        identifiers += [b""] * (size - len(identifiers))
        flat = [value for identifier in identifiers for value in (identifier, *values)]
        text, flat = self._texts.bind(("newest of each", *shape, size), text, [*flat, limit])
        self._cursor.execute(text, flat)
        rows: list[Any] = self._cursor.fetchall()
        return rows

    def _union(self, branch: str, size: int) -> str:
        """Return the union of ``size`` times the same branch, each with its own order and limit."""
        return " UNION ALL ".join([f"SELECT * FROM ({branch}) AS one"] * size)

    def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
        """See the contract."""
        self._for_writing()
        rows = [(at, *key_of_entry(entry)) for entry in removed]
        self._each("remove entry", lambda: writes.remove_entry(self._tables), rows)
        self._put_entries(added)


def filtered_by(row_values: bool, filters: EntryFilters) -> tuple[list[str], list[Any]] | None:
    """Return the names of the filters that are given, with the values of each in order; None where one lets nothing through."""
    as_of, after = filters.get("as_of"), filters.get("after")
    names: list[str] = ["live"] if as_of is None else ["as_of"]
    values: list[Any] = [] if as_of is None else [as_of, as_of]
    if (least := filters.get("min_assurance", 0)) > 0:
        names.append("assurance")
        values.append(int(least))
    if (since := filters.get("since")) is not None:
        names.append("since")
        values.append(since)
    if (until := filters.get("until")) is not None:
        names.append("until")
        values.append(until)
    for name, plain in _AMONG:
        wanted: Any = filters.get(name)
        if wanted is not None:
            if not wanted:
                return None
            names.append(name)
            values.append([plain(wanted[0])] if len(wanted) == 1 else sorted({plain(value) for value in wanted}))
    if after is not None:
        names.append("after")
        values += _place(after, row_values)
    if (limit := filters.get("limit")) is not None:
        values.append(limit)
    return names, values


def _place(after: Position, row_values: bool) -> list[Any]:
    """Return the parameters of a position in the order of time."""
    return [after[0], after[1]] if row_values else [after[0], after[0], after[0], after[1]]


def needs_stored_form(row: Sequence[Any]) -> bool:
    """Tell whether the source id of a row does not stand in its column as it is."""
    return bool(row[1]) or (row[3] is not None and len(row[3]) > MAX_SHORT_SOURCE_ID)


def stored_form(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the row with the short source id that the unique index takes, and the source id itself beside it."""
    revision, source_id = row[1], row[3]
    if source_id is None or (not revision and len(source_id) <= MAX_SHORT_SOURCE_ID):
        return (*row, None)
    indexed = None if revision else short_source_id(source_id)
    return (*row[:3], indexed, *row[4:], source_id)


def last_of_each(entries: Sequence[Any]) -> Sequence[Any]:
    """Return the entries without those whose key a later one has."""
    last = {key_of_entry(entry): entry for entry in entries}
    return entries if len(last) == len(entries) else list(last.values())


def _distinct(rows: Sequence[Any]) -> bool:
    """Tell whether no two rows have the same id and revision, or the same source and source id."""
    pairs = [(row[2], row[3]) for row in rows if row[2] is not None and row[3] is not None]
    return len({(row[0], row[1]) for row in rows}) == len(rows) and len(set(pairs)) == len(pairs)
