"""The guard, identifiers, membership history and links in portable SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from omnitrack.storage.contract import ChangeRow, IdentifierChange, IdentifierRow, LinkRow
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.execution import (
    Execution,
    change_row,
    each_once,
    first,
    identifier_row,
    in_order,
    key_of_link,
    link_row,
    selection,
    with_each,
)
from omnitrack.storage.sql.queries import Built
from omnitrack.storage.sql.texts import MAX_LIST, chunks


class IdentityMethods(Execution):
    """What the contract says of who is whom."""

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
        fresh = sorted({row[0]: row for row in reversed(rows) if row[0] not in there}.values(), key=first)
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
            there.update(map(first, found))
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
        column, among = selection(id=ids, home=homes, customer=customers)
        key = ("identifiers", column, after is not None, limit is not None)
        rest = [value for value in (after, limit) if value is not None]

        def build() -> Built:
            return self._queries.rows(self._tables.identifiers, column, key[2], key[3])

        parts = [self._rows(key, build, values) for values in with_each(among, rest)]
        return list(map(identifier_row, in_order(parts, first, limit)))

    def find_customer(self, id: bytes, *, alone: bool = False) -> list[IdentifierRow]:
        """See the contract: the customer is a subquery."""
        return list(map(identifier_row, self._rows("customer", self._queries.customer, (id,))))

    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """See the contract."""
        return self._lock_identifiers(ids, "lock identifiers", "")

    def _lock_identifiers(self, ids: Sequence[bytes], key: str, suffix: str) -> list[IdentifierRow]:
        self._for_writing()

        def build() -> Built:
            return self._queries.rows(self._tables.identifiers, "id", False, False, lock=True)

        text = self._texts.get_text(key, lambda: self._texts.get("lock identifiers", build) + suffix)
        rows: list[Any] = []
        for chunk in chunks(sorted(set(ids))):
            statement, flat = self._texts.bind(key, text, (chunk,))
            self._cursor.execute(statement, flat)
            rows += self._cursor.fetchall()
        return list(map(identifier_row, rows))

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """See the contract."""
        self._for_writing()
        rows = [(change[1], change[2], change[3], change[0]) for change in changes]
        self._update_identifiers(rows)
        if log:
            table = self._tables.changes
            there: set[bytes] = set()
            for ids in chunks([row[0] for row in log]):
                there.update(
                    map(
                        first,
                        self._rows(
                            "changes there",
                            lambda: (select(table.c.id).where(self._texts.among(table.c.id, "ids")), ["ids"]),
                            (ids,),
                        ),
                    )
                )
            self._insert(table, [row for row in log if row[0] not in there])

    def _update_identifiers(self, rows: list[tuple[Any, ...]]) -> None:
        """Update identifiers (customer, state, reason, id)."""
        self._each("update identifier", lambda: writes.update_identifier(self._tables), rows)

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
        column, among = selection(identifier=identifiers, customers=customers)
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
        parts = each_once(parts)
        return list(map(change_row, in_order(parts, first, limit)))

    # -- links ----------------------------------------------------------------------------------------------------------
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract: what is there is read first; a link that another transaction adds meanwhile is a conflict."""
        self._for_writing()
        there = self._links_there(rows)
        fresh: dict[Any, LinkRow] = {}
        earlier: dict[Any, LinkRow] = {}
        for row in rows:
            key = key_of_link(row)
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
            there.update((key_of_link(row), row) for row in map(link_row, found))
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
        return list(map(link_row, in_order(each_once(parts), key_of_link, limit)))
