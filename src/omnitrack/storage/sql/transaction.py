"""The contract's fifteen methods in portable SQL, on the cursor of one connection.

What an engine can do in fewer steps or must do in another way, its own module overrides: ``sqlite``, ``postgresql``, ``mariadb``. Rows go to
the driver as the tuples that they are and are named again when they come back; there is no Core and no result object at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Dialect

from omnitrack.errors import BackendError, ConflictError, mask
from omnitrack.storage.contract import (
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Position,
    RecordRow,
    Transaction,
)
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.queries import Built, Queries, beyond_prefix
from omnitrack.storage.sql.tables import INTERACTION_COLUMNS, MAX_SHORT_SOURCE_ID, Tables, short_source_id
from omnitrack.storage.sql.texts import MAX_LIST, Texts, chunks

R = TypeVar("R")


def _maker(row: Callable[..., R]) -> Callable[[Any], R]:
    # What _make does, less a call in Python and a check for every row.
    return cast("Callable[[Any], R]", partial(tuple.__new__, cast("Any", row)))


_identifier_row = _maker(IdentifierRow)
_link_row = _maker(LinkRow)
_interaction_row = _maker(InteractionRow)
_entry_row = _maker(EntryRow)
_change_row = _maker(ChangeRow)
_record_row = _maker(RecordRow)

_first = itemgetter(0)
_key_of_link = itemgetter(0, 1, 2, 3, 4)
_key_of_entry = itemgetter(0, 1, 2, 3, 4)
_time_of_entry = itemgetter(1, 2, 0, 3, 4)
_interaction_of = itemgetter(2)


class Prepared:
    """What all transactions of one engine and namespace share: the tables and the texts made so far."""

    def __init__(self, dialect: Dialect, tables: Tables, stripe: int | None = None) -> None:
        self.tables = tables
        self.texts = _texts_of(dialect, tables)
        self.queries = Queries(tables, self.texts)
        self.stripe = stripe  # row of the guard that plain holders write; None: they lock row 0 against writing


# Texts are the same for every backend of a process that has the same dialect, server version and tables.
_shared: dict[Any, Texts] = {}
_MAX_SHARED = 64


def _texts_of(dialect: Dialect, tables: Tables) -> Texts:
    key = (type(dialect), dialect.paramstyle, dialect.server_version_info, id(tables.metadata))
    texts = _shared.get(key)
    if texts is None or texts.tables is not tables:
        if len(_shared) >= _MAX_SHARED:
            _shared.clear()
        texts = _shared[key] = Texts(dialect, tables)
    return texts


class SqlTransaction(Transaction):
    """One transaction on one connection."""

    #: After a statement that fails on a key that is there the transaction goes on, from a savepoint where there were several.
    optimistic: ClassVar[bool] = False
    #: How many branches one union may have.
    max_branches: ClassVar[int] = 256

    def __init__(self, connection: Any, cursor: Any, prepared: Prepared, write: bool) -> None:
        self._connection = connection
        self._cursor = cursor
        self._prepared = prepared
        self._texts = prepared.texts
        self._queries = prepared.queries
        self._tables = prepared.tables
        self._write = write

    # -- running statements ---------------------------------------------------------------------------------------------
    def _run(self, key: Any, build: Callable[[], Built], values: Sequence[Any] = ()) -> Any:
        """Execute the statement of ``key`` with values in order; those that are lists stand for ``IN``."""
        text, flat = self._texts.bind(key, self._texts.get(key, build), values)
        self._cursor.execute(text, flat)
        return self._cursor

    def _rows(self, key: Any, build: Callable[[], Built], values: Sequence[Any] = ()) -> list[Any]:
        rows: list[Any] = self._run(key, build, values).fetchall()
        return rows

    def _each(self, key: Any, build: Callable[[], Built], rows: Sequence[Any]) -> None:
        """Execute the statement of ``key`` for every row."""
        if rows:
            text = self._texts.get(key, build)
            if len(rows) == 1:
                self._cursor.execute(text, rows[0])
            else:
                self._cursor.executemany(text, rows)

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]], columns: int | None = None) -> None:
        """Insert rows of which none is there; one that is there makes the driver raise."""
        self._each(("insert", table.name, columns), lambda: writes.insert_rows(table, columns), rows)

    def _for_writing(self) -> None:
        if not self._write:
            raise BackendError("a transaction with write=False only reads; run the function with write=True")

    # -- guard ----------------------------------------------------------------------------------------------------------
    def guard(self, exclusive: bool = False) -> int:
        """See the contract: row 0 is locked; or a stripe is written, for engines where only writes are checked at commit."""
        if exclusive:
            self._for_writing()
            # Row 0 first, so that two exclusive holders meet there; then the stripes, of which others may hold some.
            for rest in (False, True):
                self._run(("guard", rest), lambda r=rest: writes.count_up(self._tables, "epoch", r), (1, 0))  # type: ignore[misc]
            return self._epoch(0, lock=False)
        stripe = self._prepared.stripe
        if stripe is None or not self._write:
            return self._epoch(0, lock=self._write)
        self._run("touch", lambda: writes.count_up(self._tables, "touched"), (1, stripe))
        return self._epoch(stripe, lock=False)

    def _epoch(self, stripe: int, lock: bool) -> int:
        def build() -> Built:
            guard = self._tables.guard
            query = select(guard.c.epoch).where(guard.c.stripe == bindparam("stripe"))
            return (query.with_for_update(read=True) if lock else query), ["stripe"]

        return int(self._rows(("epoch", lock), build, (stripe,))[0][0])

    # -- identifiers ----------------------------------------------------------------------------------------------------
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        """See the contract: what is there is read first; an id that another transaction adds meanwhile is a conflict."""
        self._for_writing()
        there = self._identifiers_there(rows)
        # In order of id, so that two transactions that add the same ids wait for each other in one order.
        fresh = sorted({row[0]: row for row in reversed(rows) if row[0] not in there}.values(), key=_first)
        self._insert(self._tables.identifiers, fresh)
        return there

    def _identifiers_there(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        table = self._tables.identifiers
        there: set[bytes] = set()
        for ids in chunks([row[0] for row in rows]):
            found = self._rows(
                "identifiers there",
                lambda: (select(table.c.id).where(self._texts.among(table.c.id, "ids")), ["ids"]),
                (ids,),
            )
            there.update(map(_first, found))
        return there

    def find_identifiers(
        self,
        *,
        ids: Sequence[bytes] | None = None,
        homes: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[IdentifierRow]:
        """See the contract."""
        column, among = _selection(id=ids, home=homes, customer=customers)
        key = ("identifiers", column, after is not None, limit is not None)
        rest = [value for value in (after, limit) if value is not None]

        def build() -> Built:
            return self._queries.rows(self._tables.identifiers, column, key[2], key[3])

        parts = [self._rows(key, build, values) for values in _with_each(among, rest)]
        return list(map(_identifier_row, _in_order(parts, _first, limit)))

    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """See the contract."""

        def build() -> Built:
            return self._queries.rows(self._tables.identifiers, "id", False, False, lock=True)

        rows: list[Any] = []
        for chunk in chunks(sorted(set(ids))):
            rows += self._rows("lock identifiers", build, (chunk,))
        return list(map(_identifier_row, rows))

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """See the contract."""
        self._for_writing()
        rows = [(change[1], change[2], change[3], change[0]) for change in changes]
        self._each("update identifier", lambda: writes.update_identifier(self._tables), rows)
        if log:
            table = self._tables.changes
            there: set[bytes] = set()
            for ids in chunks([row[0] for row in log]):
                there.update(
                    map(
                        _first,
                        self._rows(
                            "changes there",
                            lambda: (select(table.c.id).where(self._texts.among(table.c.id, "ids")), ["ids"]),
                            (ids,),
                        ),
                    )
                )
            self._insert(table, [row for row in log if row[0] not in there])

    def list_changes(
        self,
        *,
        identifiers: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        until: int | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[ChangeRow]:
        """See the contract."""
        column, among = _selection(identifier=identifiers, customers=customers)
        columns = () if column is None else ("old", "new") if column == "customers" else (column,)
        shape = (columns, until is not None, after is not None, limit is not None)
        within = [value for value in (after, until) if value is not None]
        last = [] if limit is None else [limit]

        def build() -> Built:
            return self._queries.changes(*shape)

        if among is None:
            values: list[list[Any]] = [[*within, *last]]
        else:
            values = [[part, *within] * len(columns) + last for part in chunks(among)]
        parts = [self._rows(("changes", *shape), build, part) for part in values]
        parts = _each_once(parts)
        return list(map(_change_row, _in_order(parts, _first, limit)))

    # -- links ----------------------------------------------------------------------------------------------------------
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract: what is there is read first; a link that another transaction adds meanwhile is a conflict."""
        self._for_writing()
        there = self._links_there(rows)
        fresh: dict[Any, LinkRow] = {}
        earlier: dict[Any, LinkRow] = {}
        for row in rows:
            key = _key_of_link(row)
            old = earlier.get(key) or fresh.get(key) or there.get(key)
            if old is None or (row.seen, row.evidence) < (old.seen, old.evidence):
                (earlier if key in there else fresh)[key] = row
        self._insert(self._tables.links, [fresh[key] for key in sorted(fresh)])
        self._each(
            "update link",
            lambda: writes.update_link(self._tables),
            [(row.seen, row.evidence, row.score, *key) for key, row in sorted(earlier.items())],
        )

    def _links_there(self, rows: Sequence[LinkRow]) -> dict[Any, LinkRow]:
        """Return by key, locked, the links that are between the ends of these rows."""
        there: dict[Any, LinkRow] = {}
        for start in range(0, len(rows), MAX_LIST):
            part = rows[start : start + MAX_LIST]
            found = self._rows(
                "links there", self._queries.links_between, (sorted({r[0] for r in part}), sorted({r[1] for r in part}))
            )
            there.update((_key_of_link(row), row) for row in map(_link_row, found))
        return there

    def find_links(
        self,
        ids: Sequence[bytes] | None = None,
        *,
        after: tuple[bytes, bytes, str, int, bytes] | None = None,
        limit: int | None = None,
    ) -> list[LinkRow]:
        """See the contract."""
        shape = (ids is not None, after is not None, limit is not None)
        beyond = [] if after is None else self._queries.position(after)
        last = [] if limit is None else [limit]

        def build() -> Built:
            return self._queries.links(*shape)

        values = [[*beyond, *last]] if ids is None else [[part, *beyond, part, *beyond, *last] for part in chunks(ids)]
        parts = [self._rows(("links", *shape), build, part) for part in values]
        return list(map(_link_row, _in_order(_each_once(parts), _key_of_link, limit)))

    # -- interactions ---------------------------------------------------------------------------------------------------
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """See the contract."""
        self._for_writing()
        if not rows:
            return set()
        plain = all(not row[1] and (row[3] is None or len(row[3]) <= MAX_SHORT_SOURCE_ID) for row in rows)
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
        for source, source_ids in _by_source((row[2], row[3]) for row in rows):
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
        self._insert(self._tables.entries, entries)

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
        by, among = _selection(ids=ids, sources=sources)
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
            values = [[source, part] for source, of in _by_source(short) for part in chunks(of)]
        else:
            window = [value for value in (since, until) if value is not None]
            beyond = [] if after is None else self._place(after, newest)
            values = [[*window, *beyond, *([] if limit is None else [limit])]]
        parts = [self._rows(key, build, part) for part in values]
        if by == "sources":  # the hash of a long source id is not the id
            wanted = {tuple(pair) for pair in among or ()}
            parts = [[row for row in part if (row[2], row[3]) in wanted] for part in parts]
        return list(map(_interaction_row, _in_order(parts, itemgetter(0, 1))))

    def _place(self, after: Position, newest: bool) -> list[Any]:
        """Return the parameters of a position in the order of time."""
        if self._texts.row_values:
            return [after[0], after[1]]
        return [after[0], after[0], after[0], after[1]]

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
        filters: list[str] = ["live"] if as_of is None else ["as_of"]
        values: list[Any] = [] if as_of is None else [as_of, as_of]
        if min_assurance > 0:
            filters.append("assurance")
            values.append(int(min_assurance))
        for name, time in (("since", since), ("until", until)):
            if time is not None:
                filters.append(name)
                values.append(time)
        for name, wanted, plain in (
            ("roles", roles, int),
            ("channels", channels, str),
            ("directions", directions, str),
            ("kinds", kinds, str),
        ):
            if wanted is not None:
                if not wanted:
                    return []
                filters.append(name)
                values.append(sorted({plain(value) for value in wanted}))
        if after is not None:
            filters.append("after")
            values += self._place(after, newest)
        if limit is not None:
            values.append(limit)
        if interactions is not None:
            return self._entries_of("interactions", interactions, filters, values, limit, newest)
        assert identifiers is not None
        if len(identifiers) == 1:
            shape = ("identifier", tuple(filters), limit is not None, newest)
            rows = self._rows(("entries", *shape), lambda: self._queries.entries(*shape), (identifiers[0], *values))
            return list(map(_entry_row, rows))
        if limit is None:
            return self._entries_of("identifiers", identifiers, filters, values, limit, newest)
        parts = [
            self._newest_of_each(part, tuple(filters), values, limit, newest)
            for part in chunks(identifiers, self.max_branches)
        ]
        return list(map(_entry_row, _in_order(parts, _time_of_entry, limit, newest)))

    def _entries_of(
        self, by: str, among: Sequence[bytes], filters: list[str], values: list[Any], limit: int | None, newest: bool
    ) -> list[EntryRow]:
        shape = (by, tuple(filters), limit is not None, newest)
        parts = [
            self._rows(("entries", *shape), lambda: self._queries.entries(*shape), (part, *values))
            for part in chunks(among)
        ]
        return list(map(_entry_row, _in_order(parts, _time_of_entry, limit, newest)))

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
        rows = [(at, *_key_of_entry(entry)) for entry in removed]
        self._each("remove entry", lambda: writes.remove_entry(self._tables), rows)
        last = {_key_of_entry(entry): entry for entry in added}
        self._delete_by_key(self._tables.entries, writes.ENTRY_KEY, list(last))
        self._store_entries(list(last.values()))

    # -- records --------------------------------------------------------------------------------------------------------
    def put_records(self, rows: Sequence[RecordRow]) -> None:
        """See the contract."""
        self._for_writing()
        pending: dict[tuple[str, str], RecordRow] = {}
        for row in rows:
            if (row[0], row[1]) in pending:  # the same key again: after what was put before
                self._put(list(pending.values()))
                pending = {}
            pending[row[0], row[1]] = row
        self._put(list(pending.values()))

    def _put(self, rows: list[RecordRow]) -> None:
        """Put records of distinct keys."""
        blind = [row for row in rows if row[3] == -1]
        versions = self._versions(blind) if blind else {}
        fresh: list[tuple[Any, ...]] = []
        known: list[tuple[Any, ...]] = []
        for row in rows:
            version = versions.get((row[0], row[1]), 0) if row[3] == -1 else row[3]
            if version == 0:
                fresh.append((row[0], row[1], row[2], 1))
            else:
                known.append((row[2], version + 1, row[0], row[1], version))
        if known and self._update_records(known) != len(known):
            _, _, kind, key, version = known[0]
            among = f"record {mask(kind)} {mask(key)}" + (f" or one of {len(known) - 1} more" if known[1:] else "")
            raise ConflictError(f"{among} has another version than the one expected ({version})")
        if fresh:
            self._put_new(fresh)

    def _update_records(self, rows: list[tuple[Any, ...]]) -> int:
        """Update records (value, new version, kind, key, version) and return how many were at their version."""
        self._each("update record", lambda: writes.update_record(self._tables), rows)
        return int(self._cursor.rowcount)

    def _put_new(self, rows: list[tuple[Any, ...]]) -> None:
        """Insert records; one that is there is a conflict."""
        there = self._versions(rows)
        if there:
            kind, key = next(iter(there))
            raise ConflictError(f"record {mask(kind)} {mask(key)} is there; it was expected not to be")
        self._insert(self._tables.records, rows)

    def _versions(self, rows: Sequence[Sequence[Any]]) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for kind, keys in _by_source((row[0], row[1]) for row in rows):
            found.update({(row.kind, row.key): row.version for row in self.find_records(kind, keys=keys)})
        return found

    def find_records(
        self,
        kind: str,
        *,
        keys: Sequence[str] | None = None,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[RecordRow]:
        """See the contract."""
        upto = beyond_prefix(prefix) if prefix else None
        shape = (keys is not None, upto is not None, after is not None, limit is not None)
        rest = [prefix, *(value for value in (upto, after, limit) if value is not None)]

        def build() -> Built:
            return self._queries.records(*shape)

        values = [[kind, *rest]] if keys is None else [[kind, part, *rest] for part in chunks(keys)]
        parts = [self._rows(("records", *shape), build, part) for part in values]
        return list(map(_record_row, _in_order(parts, itemgetter(1), limit)))

    # -- deletion -------------------------------------------------------------------------------------------------------
    def delete(
        self,
        *,
        identifiers: Sequence[bytes] = (),
        links: Sequence[LinkRow] = (),
        interactions: Sequence[bytes] = (),
        entries: Sequence[EntryRow] = (),
        records: Sequence[tuple[str, str]] = (),
    ) -> None:
        """See the contract."""
        self._for_writing()
        tables = self._tables
        if identifiers:
            homes = [row.home for row in self.find_identifiers(ids=identifiers)]
            self._delete_among(tables.entries, "identifier", identifiers)
            self._delete_among(tables.links, "a", identifiers)
            self._delete_among(tables.links, "b", identifiers)
            self._delete_among(tables.changes, "identifier", identifiers)
            self._delete_among(tables.changes, "old", homes)
            self._delete_among(tables.changes, "new", homes)
            self._delete_among(tables.identifiers, "id", identifiers)
        self._delete_among(tables.entries, "interaction", interactions)
        self._delete_among(tables.interactions, "id", interactions)
        self._delete_by_key(tables.links, writes.LINK_KEY, [_key_of_link(row) for row in links])
        self._delete_by_key(tables.entries, writes.ENTRY_KEY, [_key_of_entry(row) for row in entries])
        self._delete_by_key(tables.records, ("kind", "key"), [tuple(key) for key in records])

    def _delete_among(self, table: Table, column: str, values: Sequence[bytes]) -> None:
        for part in chunks(values):
            self._run(("delete", table.name, column), lambda: writes.delete_among(table, column, self._texts), (part,))

    def _delete_by_key(self, table: Table, key: Sequence[str], rows: Sequence[Any]) -> None:
        self._each(("delete", table.name), lambda: writes.delete_by_key(table, key), rows)


def stored_form(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the row with the short source id that the unique index takes, and the source id itself beside it."""
    revision, source_id = row[1], row[3]
    if source_id is None or (not revision and len(source_id) <= MAX_SHORT_SOURCE_ID):
        return (*row, None)
    indexed = None if revision else short_source_id(source_id)
    return (*row[:3], indexed, *row[4:], source_id)


def _distinct(rows: Sequence[Any]) -> bool:
    """Tell whether no two rows have the same id and revision, or the same source and source id."""
    pairs = [(row[2], row[3]) for row in rows if row[2] is not None and row[3] is not None]
    return len({(row[0], row[1]) for row in rows}) == len(rows) and len(set(pairs)) == len(pairs)


def _selection(**selections: Sequence[Any] | None) -> tuple[str | None, Sequence[Any] | None]:
    given = [(name, values) for name, values in selections.items() if values is not None]
    if len(given) > 1:
        raise ValueError(f"give at most one of {', '.join(selections)}")
    return given[0] if given else (None, None)


def _with_each(among: Sequence[Any] | None, rest: list[Any]) -> list[list[Any]]:
    """Return the parameters of each statement that a list of any length takes."""
    return [rest] if among is None else [[part, *rest] for part in chunks(among)]


def _by_source(pairs: Iterable[tuple[str | None, str | None]]) -> list[tuple[str, list[str]]]:
    """Return the second of the pairs by their first, without those that lack either."""
    found: dict[str, list[str]] = {}
    for source, source_id in pairs:
        if source is not None and source_id is not None:
            found.setdefault(source, []).append(source_id)
    return list(found.items())


def _each_once(parts: list[list[Any]]) -> list[list[Any]]:
    """Return the parts without the rows that an earlier one has, as a row with two ends may be found by both."""
    if len(parts) == 1:
        return parts
    return [list(dict.fromkeys(tuple(row) for part in parts for row in part)), []]


def _in_order(
    parts: list[list[Any]], order: Callable[[Any], Any], limit: int | None = None, newest: bool = False
) -> list[Any]:
    """Return the rows of several answers, each in order, in one order."""
    if len(parts) == 1:
        return parts[0]
    rows = sorted((row for part in parts for row in part), key=order, reverse=newest)
    return rows if limit is None else rows[:limit]
