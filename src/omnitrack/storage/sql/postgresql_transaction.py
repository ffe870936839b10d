"""A transaction on PostgreSQL: arrays for lists, COPY for many rows, an advisory lock for the guard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Unpack

from sqlalchemy import (
    ARRAY,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine
from sqlalchemy.util.concurrency import await_

from omnitrack.storage.contract import EntryFilters, EntryRow, IdentifierRow, InteractionRow, LinkRow, RecordRow
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.asyncpg_cursor import AsyncpgCursor
from omnitrack.storage.sql.execution import identifier_row, interaction_row
from omnitrack.storage.sql.history import filtered_by, last_of_each, needs_stored_form, stored_form, time_of_entry
from omnitrack.storage.sql.queries import ENTRY_ALONE, Built, beyond_prefix
from omnitrack.storage.sql.records import records_by_place
from omnitrack.storage.sql.tables import INTERACTION_COLUMNS, Tables
from omnitrack.storage.sql.transaction import SqlTransaction

#: Up to so many rows go as one INSERT with the rows as parameters; more go by COPY, links as one list for each column.
FEW = 4

# Where what a row says of an entry begins, and of its interaction.
_ENTRY = len(IdentifierRow._fields)
_INTERACTION = _ENTRY + len(ENTRY_ALONE)

UNIQUE_VIOLATION = "23505"


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters of an error, whichever driver raised it."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)


def advisory_key(tables: Tables, purpose: str) -> int:
    """Return the number by which a namespace's lock for a purpose is known in the whole database."""
    name = f"{tables.schema or ''}.{tables.guard.name}.{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)


class PostgresqlTransaction(SqlTransaction):
    """Statements of one round trip each, whatever the number of rows."""

    optimistic = True

    def guard(self, exclusive: bool = False) -> int:
        """See the contract. An advisory lock keeps its queue in order, where row locks let shared holders starve an exclusive one;
        and it writes nothing.
        """
        if not self._write or self._prepared.stripe is not None:
            return super().guard(exclusive)
        # The lock is taken by a statement of its own: one that waits still reads what was there before it waited. What begins the transaction,
        # the lock and the question go in one round trip, as far as the driver takes several statements in a text.
        text = self._texts.get_text(("guard", "text", exclusive), lambda: self._lock_text(exclusive))
        opening = getattr(self._cursor, "opening", None)
        if opening is not None:
            self._cursor.opening = None
            text = f"{opening}; {text}"
        if exclusive or not hasattr(self._cursor, "copy"):
            self._cursor.execute(text)
            return super().guard(exclusive)
        guard = self._texts.dialect.identifier_preparer.format_table(self._tables.guard)
        self._cursor.execute(f"{text}; SELECT epoch FROM {guard} WHERE stripe = 0")
        while self._cursor.nextset():
            pass
        return int(self._cursor.fetchone()[0])

    def _lock_text(self, exclusive: bool) -> str:
        function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
        return f"SELECT {function}({advisory_key(self._tables, 'guard')})"

    def _epoch(self, stripe: int, lock: bool) -> int:
        return super()._epoch(stripe, lock=False)

    def find_customer(self, id: bytes, *, alone: bool = False) -> list[IdentifierRow]:
        """See the contract. Alone and first it is a transaction by itself: one round trip in the place of three."""
        with self._alone(alone):
            return super().find_customer(id)

    def list_customer_history(
        self, id: bytes, *, alone: bool = False, **filters: Unpack[EntryFilters]
    ) -> tuple[list[IdentifierRow], list[EntryRow], list[InteractionRow]]:
        """See the contract: one statement, and alone and first one round trip."""
        limit, newest = filters.get("limit"), filters.get("newest", True)
        filtered = None if limit is None else filtered_by(self._texts.row_values, filters)
        if filtered is None:
            return super().list_customer_history(id, **filters)
        names, values = filtered
        key = ("customer history", tuple(names), newest)
        with self._alone(alone):
            rows = self._rows(key, lambda: self._queries.customer_history(tuple(names), newest), [id, *values, limit])
        members = sorted([identifier_row(row[:_ENTRY]) for row in rows if row[0] is not None])
        entries, interactions = [], []
        for row in rows:
            if row[0] is None:
                interaction = interaction_row(row[_INTERACTION:])
                interactions.append(interaction)
                entries.append(_entry_beside(interaction, row[_ENTRY:_INTERACTION]))
        distinct = {entry[2] for entry in entries}
        if len(distinct) < len(entries):  # several revisions of an interaction, or several entries
            entries, interactions = list(dict.fromkeys(entries)), sorted(set(interactions), key=itemgetter(0, 1))
        return members, sorted(entries, key=time_of_entry, reverse=newest), interactions

    @contextmanager
    def _alone(self, alone: bool) -> Iterator[None]:
        """Let a statement that is alone and first be a transaction by itself, and what comes after it begin one.

        Not where what begins the transaction tells the planner something besides.
        """
        opening = getattr(self._cursor, "opening", None) if alone else None
        if opening is None or ";" in opening:
            yield
            return
        self._cursor.opening = None
        try:
            yield
        finally:
            self._cursor.opening = opening

    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        """See the contract."""
        if not 0 < len(rows) <= FEW:
            return super().add_identifiers(rows)
        self._for_writing()
        table = self._tables.identifiers
        distinct = sorted({row[0]: row for row in reversed(rows)}.values())
        added = self._rows(
            ("add", table.name, len(distinct)),
            lambda: _insert_absent(table, None, len(distinct), ["id"]),
            [value for row in distinct for value in row],
        )
        return {row[0] for row in distinct}.difference(row[0] for row in added)

    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract."""
        self._for_writing()
        # One statement must not meet a row twice; in order of key, so that two transactions wait for each other in one order.
        earliest: dict[Any, LinkRow] = {}
        for row in rows:
            old = earliest.get(row[:5])
            if old is None or (row.seen, row.evidence) < (old.seen, old.evidence):
                earliest[row[:5]] = row
        ordered = [earliest[key] for key in sorted(earliest)]
        links = self._tables.links
        if len(ordered) > FEW:
            columns = list(map(list, zip(*ordered, strict=True)))
            self._run("add many links", lambda: _insert_older(links, *_given_by_column(links)), columns)
        elif ordered:
            self._run(
                ("add links", len(ordered)),
                lambda: _insert_older(links, *writes.insert_rows(links, None, len(ordered), insert)),
                [value for row in ordered for value in row],
            )

    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """See the contract. One interaction and its entries are one statement; entries of many are copied, as if none of them were there."""
        entries = last_of_each(entries)
        if len(rows) == 1 and 0 < len(entries) <= FEW and all(entry[2] == rows[0][0] for entry in entries):
            return self._add_one(rows[0], entries)
        many = len(rows) > FEW and len(entries) > FEW
        try:
            there = super().add_interactions(rows, entries if many else [])
        except Exception as error:
            if not many or not self._is_duplicate(error):
                raise
            self._cursor.execute("ROLLBACK TO SAVEPOINT bulk")
            there = super().add_interactions(rows, [])
        else:
            if many:
                return there
        stored = {row[0] for row in rows} - there
        new = [entry for entry in entries if entry[2] in stored]
        if many:
            self._put_entries(new)
        else:
            for part in range(0, len(new), FEW):
                self._insert_over(new[part : part + FEW])
        return there

    def find_records_under(self, kind: str, prefixes: Mapping[str, int]) -> list[list[RecordRow]]:
        """See the contract: one statement, the same for any number of prefixes."""
        uptos = [beyond_prefix(prefix) for prefix in prefixes]
        if len(prefixes) < 2 or None in uptos:
            return super().find_records_under(kind, prefixes)
        places = list(range(len(prefixes)))
        lists = [places, list(prefixes), uptos, list(prefixes.values())]
        rows = self._rows("records under each", self._queries.records_under_each, [*lists, kind])
        return records_by_place(rows, len(prefixes))

    def _put_new(self, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) > FEW:
            super()._put_new(rows)
            return
        table = self._tables.records
        added = self._rows(
            ("add", table.name, len(rows)),
            lambda: _insert_absent(table, None, len(rows), ["key"]),
            [value for row in rows for value in row],
        )
        if len(added) < len(rows):
            super()._put_new(rows)  # which says which of them was there

    def _add_one(self, row: InteractionRow, entries: Sequence[EntryRow]) -> set[bytes]:
        self._for_writing()
        stored = stored_form(row) if needs_stored_form(row) else row
        values: list[Any] = list(stored)
        for entry in entries:
            values += entry
        columns, several = len(stored), len(entries)
        text = ("add one", columns, several)
        added = self._rows(text, lambda: _insert_with_entries(self._tables, columns, several), values)
        return set() if added else {row[0]}

    def _insert_over(self, entries: Sequence[EntryRow]) -> None:
        """Insert a few entries, each in the place of the one with its key."""
        table = self._tables.entries
        self._run(
            ("put entries", len(entries)),
            lambda: _over(table, *writes.insert_rows(table, None, len(entries), insert)),
            [value for entry in entries for value in entry],
        )

    def _store_entries(self, entries: Sequence[Any]) -> None:
        self._insert(self._tables.entries, entries)

    def _store_interactions(self, rows: Sequence[Any], plain: bool) -> set[bytes]:
        if len(rows) > FEW:
            return super()._store_interactions(rows, plain)
        table = self._tables.interactions
        columns = INTERACTION_COLUMNS if plain else None
        added = self._rows(
            ("add", table.name, columns, len(rows)),
            lambda: _insert_absent(table, columns, len(rows), ["id", "revision"]),
            [value for row in rows for value in row],
        )
        keys = set(map(tuple, added))
        return {row[0] for row in rows if (row[0], row[1]) not in keys}

    def _is_duplicate(self, error: Exception) -> bool:
        return sqlstate(error) == UNIQUE_VIOLATION

    def _newest_of_each(
        self, identifiers: list[bytes], filters: tuple[str, ...], values: list[Any], limit: int, newest: bool
    ) -> list[Any]:
        shape = ("each", filters, True, newest)
        distinct = list(dict.fromkeys(identifiers))
        return self._rows(("entries", *shape), lambda: self._queries.entries(*shape), [distinct, *values, limit])

    # -- many rows ------------------------------------------------------------------------------------------------------
    def _insert(self, table: Table, rows: Sequence[Sequence[Any]], columns: int | None = None) -> None:
        if len(rows) > FEW:
            self._copy(table, rows, columns)
        elif rows:
            self._run(
                ("insert", table.name, columns, len(rows)),
                lambda: writes.insert_rows(table, columns, len(rows)),
                [value for row in rows for value in row],
            )

    def _copy(self, table: Table, rows: Sequence[Sequence[Any]], columns: int | None = None) -> None:
        names = [column.name for column in table.columns][:columns]
        if isinstance(self._cursor, AsyncpgCursor):
            self._cursor.copy_in(table, names, rows)
            return
        quote = self._texts.dialect.identifier_preparer
        text = self._texts.get_text(
            ("copy", table.name, columns),
            lambda: f"COPY {quote.format_table(table)} ({', '.join(map(quote.quote, names))}) FROM STDIN",
        )
        if hasattr(self._cursor, "copy"):
            with self._cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            await_(_copy_async(self._cursor._cursor, text, rows))

    def lock_more_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """See the contract. The server looks for a deadlock after a second, in which all who wait for these rows stand still."""
        return self._lock_identifiers(ids, "lock more identifiers", " NOWAIT")

    def _update_identifiers(self, rows: list[tuple[Any, ...]]) -> None:
        last = {row[3]: row for row in rows}  # of two changes of one identifier
        self._update_from(
            "update identifiers",
            self._tables.identifiers,
            ("customer", "state", "reason"),
            ("id",),
            list(last.values()),
        )

    def _update_records(self, rows: list[tuple[Any, ...]]) -> int:
        return self._update_from(
            "update records", self._tables.records, ("value", "version"), ("kind", "key", "version"), rows
        )

    def _update_from(
        self, key: str, table: Table, values: Sequence[str], which: Sequence[str], rows: list[tuple[Any, ...]]
    ) -> int:
        """Update the row of each key, given values and key in one list for each column; return how many there were."""
        names = [*(f"new_{name}" for name in values), *(f"one_{name}" for name in which)]

        def build() -> Built:
            types = [table.c[name].type for name in (*values, *which)]
            arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in zip(names, types, strict=True)]
            given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
            same = and_(*(table.c[name] == given.c[f"one_{name}"] for name in which))
            return update(table).where(same).values({name: given.c[f"new_{name}"] for name in values}), names

        if not rows:
            return 0
        return int(self._run(key, build, [list(column) for column in zip(*rows, strict=True)]).rowcount)


def _entry_beside(interaction: InteractionRow, rest: Sequence[Any]) -> EntryRow:
    """Return the entry whose interaction stands beside it, from what that does not say."""
    identifier, person, added_at, removed_at, role, assurance, raw = rest  # ENTRY_ALONE
    _, _, _, _, channel, direction, kind, at = interaction[:8]
    return EntryRow(
        identifier, at, interaction[0], person, added_at, removed_at, role, assurance, channel, direction, kind, raw
    )


async def _copy_async(cursor: Any, text: str, rows: Sequence[Sequence[Any]]) -> None:
    async with cursor.copy(text) as copy:
        for row in rows:
            await copy.write_row(row)


def _insert_absent(table: Table, columns: int | None, rows: int, returning: list[str]) -> Built:
    statement, names = writes.insert_rows(table, columns, rows, insert)
    assert isinstance(statement, Insert)
    if returning == ["id"]:  # of identifiers: a home that is taken is an error
        statement = statement.on_conflict_do_nothing(index_elements=["id"])
    else:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(*(table.c[name] for name in returning)), names


def _insert_with_entries(tables: Tables, columns: int, entries: int) -> Built:
    """Insert one interaction, and with it, if it was not there, its entries."""
    table, t = tables.interactions, tables.entries
    statement, names = writes.insert_rows(table, columns, insert=insert)
    assert isinstance(statement, Insert)
    added = statement.on_conflict_do_nothing().returning(table.c.id).cte("added")
    given = [
        select(*(cast(bindparam(f"{c.name}_of_{n}"), _plain(c.type)).label(c.name) for c in t.columns))
        for n in range(entries)
    ]
    names += [f"{c.name}_of_{n}" for n in range(entries) for c in t.columns]
    rows = union_all(*given).subquery("given")
    there = select(*rows.c).where(exists(select(added.c.id)))
    filing, _ = _over(t, insert(t).from_select([c.name for c in t.columns], there), [])
    filed = filing.cte("filed")
    return select(added.c.id).add_cte(filed), names


def _plain(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    # The target of a CAST takes no collation.
    return Text() if isinstance(type_, Text) else type_


def _over(entries: Table, statement: Any, names: list[str]) -> tuple[Any, list[str]]:
    """Let an entry that is inserted take the place of the one with its key."""
    values = {name: statement.excluded[name] for name in writes.ENTRY_VALUES}
    return statement.on_conflict_do_update(index_elements=list(writes.ENTRY_KEY), set_=values), names


def _given_by_column(table: Table) -> Built:
    """Return an INSERT of rows that are given as one list for each column, in their order."""
    names = [column.name for column in table.columns]
    arrays = [bindparam(column.name, type_=ARRAY(column.type)) for column in table.columns]
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    return insert(table).from_select(names, select(*given.c)), names


def _insert_older(links: Table, statement: ClauseElement, names: list[str]) -> Built:
    """Of two links with the same key let the one with the smaller (seen, evidence) stay, whole."""
    assert isinstance(statement, Insert)
    new, old = statement.excluded, links.c
    return statement.on_conflict_do_update(
        index_elements=list(writes.LINK_KEY),
        set_={name: new[name] for name in ("seen", "evidence", "score")},
        where=tuple_(new.seen, new.evidence) < tuple_(old.seen, old.evidence),
    ), names
