"""Executes statements on the cursor of a connection, and converts between rows of the contract and parameters.

Rows go to the driver as the tuples that they are and are named again when they come back; there is no Core and no result object at run
time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.engine import Dialect

from omnitrack.errors import BackendError
from omnitrack.storage.contract import ChangeRow, EntryRow, IdentifierRow, InteractionRow, LinkRow, RecordRow
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.queries import Built, Queries
from omnitrack.storage.sql.tables import Tables
from omnitrack.storage.sql.texts import Texts, chunks

R = TypeVar("R")


def _maker(row: Callable[..., R]) -> Callable[[Any], R]:
    # What _make does, less a call in Python and a check for every row.
    return cast("Callable[[Any], R]", partial(tuple.__new__, cast("Any", row)))


identifier_row = _maker(IdentifierRow)
link_row = _maker(LinkRow)
interaction_row = _maker(InteractionRow)
entry_row = _maker(EntryRow)
change_row = _maker(ChangeRow)
record_row = _maker(RecordRow)

first = itemgetter(0)
key_of_link = itemgetter(0, 1, 2, 3, 4)
key_of_entry = itemgetter(0, 1, 2, 3, 4)


class PreparedQueries:
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


class Execution:
    """A cursor, what was prepared for it, and whether it may write."""

    #: After a statement that fails on a key that is there the transaction goes on, from a savepoint where there were several.
    optimistic: ClassVar[bool] = False
    #: How many branches one union may have.
    max_branches: ClassVar[int] = 256

    def __init__(self, connection: Any, cursor: Any, prepared: PreparedQueries, write: bool) -> None:
        self._connection = connection
        self._cursor = cursor
        self._prepared = prepared
        self._texts = prepared.texts
        self._queries = prepared.queries
        self._tables = prepared.tables
        self._write = write

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

    def _delete_by_key(self, table: Table, key: Sequence[str], rows: Sequence[Any]) -> None:
        self._each(("delete", table.name), lambda: writes.delete_by_key(table, key), rows)

    def _for_writing(self) -> None:
        if not self._write:
            raise BackendError("a transaction with write=False only reads; run the function with write=True")


def selection(**selections: Sequence[Any] | None) -> tuple[str | None, Sequence[Any] | None]:
    """Return the name and the values of the one selection that is given, if any."""
    given = [(name, values) for name, values in selections.items() if values is not None]
    if len(given) > 1:
        raise ValueError(f"give at most one of {', '.join(selections)}")
    return given[0] if given else (None, None)


def with_each(among: Sequence[Any] | None, rest: list[Any]) -> list[list[Any]]:
    """Return the parameters of each statement that a list of any length takes."""
    return [rest] if among is None else [[part, *rest] for part in chunks(among)]


def by_source(pairs: Iterable[tuple[str | None, str | None]]) -> list[tuple[str, list[str]]]:
    """Return the second of the pairs by their first, without those that lack either."""
    found: dict[str, list[str]] = {}
    for source, source_id in pairs:
        if source is not None and source_id is not None:
            found.setdefault(source, []).append(source_id)
    return list(found.items())


def each_once(parts: list[list[Any]]) -> list[list[Any]]:
    """Return the parts without the rows that an earlier one has, as a row with two ends may be found by both."""
    if len(parts) == 1:
        return parts
    return [list(dict.fromkeys(tuple(row) for part in parts for row in part)), []]


def in_order(
    parts: list[list[Any]], order: Callable[[Any], Any], limit: int | None = None, newest: bool = False
) -> list[Any]:
    """Return the rows of several answers, each in order, in one order."""
    if len(parts) == 1:
        return parts[0]
    rows = sorted((row for part in parts for row in part), key=order, reverse=newest)
    return rows if limit is None else rows[:limit]
