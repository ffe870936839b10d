"""Records and deletion in portable SQL."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Table

from omnitrack.errors import ConflictError, mask
from omnitrack.storage.contract import EntryRow, LinkRow, RecordRow
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.execution import by_source, in_order, key_of_entry, key_of_link, record_row
from omnitrack.storage.sql.identity import IdentityMethods
from omnitrack.storage.sql.queries import Built, beyond_prefix
from omnitrack.storage.sql.texts import chunks


class RecordMethods(IdentityMethods):
    """What the contract says of small documents, and of taking things away."""

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
        for kind, keys in by_source((row[0], row[1]) for row in rows):
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
        upto = None
        bounds: list[Any] = []
        if keys is not None:
            # No range in the question: SQLite takes that for the narrower of the two, and reads the kind from end to end.
            keys = [key for key in keys if key.startswith(prefix) and (after is None or key > after)]
        else:
            upto = beyond_prefix(prefix) if prefix else None
            bounds = [prefix, *(value for value in (upto, after) if value is not None)]
        shape = (keys is not None, upto is not None, keys is None and after is not None, limit is not None)
        rest = [*bounds, *([] if limit is None else [limit])]

        def build() -> Built:
            return self._queries.records(*shape)

        values = [[kind, *rest]] if keys is None else [[kind, part, *rest] for part in chunks(keys)]
        parts = [self._rows(("records", *shape), build, part) for part in values]
        return list(map(record_row, in_order(parts, itemgetter(1), limit)))

    # -- deletion -------------------------------------------------------------------------------------------------------
    def delete(
        self,
        *,
        identifiers: Sequence[bytes] = (),
        links: Sequence[LinkRow] = (),
        interactions: Sequence[bytes] = (),
        entries: Sequence[EntryRow] = (),
        records: Sequence[tuple[str, str]] = (),
        changes: Sequence[bytes] = (),
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
        self._delete_among(tables.changes, "id", changes)
        self._delete_by_key(tables.links, writes.LINK_KEY, [key_of_link(row) for row in links])
        self._delete_by_key(tables.entries, writes.ENTRY_KEY, [key_of_entry(row) for row in entries])
        self._delete_by_key(tables.records, ("kind", "key"), [tuple(key) for key in records])

    def _delete_among(self, table: Table, column: str, values: Sequence[bytes]) -> None:
        for part in chunks(values):
            self._run(("delete", table.name, column), lambda: writes.delete_among(table, column, self._texts), (part,))


def records_by_place(rows: Sequence[Sequence[Any]], places: int) -> list[list[RecordRow]]:
    """Return records that come in any order, each behind the place where it belongs, as a sorted list for each place."""
    found: list[list[RecordRow]] = [[] for _ in range(places)]
    for row in sorted(rows, key=itemgetter(0, 2)):
        found[row[0]].append(record_row(row[1:]))
    return found
