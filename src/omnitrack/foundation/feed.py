"""The feed: each transaction writes a note of its changes, which readers later put in order.

Whatever runs through a ``Run`` and writes is observed, so that no use case has to think of it. A note is one record of a transaction, under the time of what it
wrote and without a place in the order: places are given to notes that are committed, by whoever reads (``omnitrack.service.change_feed``). Notes hold ids, and
nothing that a person wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from omnitrack.foundation.context import Known
from omnitrack.foundation.ids import new_id, now_us
from omnitrack.records import CASE, FEED, FEED_NEW, STATEMENT
from omnitrack.storage.contract import (
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    RecordRow,
    Transaction,
)

T = TypeVar("T")

INTERACTION, REVISION, IDENTITY, STATEMENT_SAID, RETRACTION, ERASURE = "i", "r", "c", "s", "t", "e"
CASE_CHANGED = "k"

MOST = 500  # changes of one note
TIME = 16  # hexadecimal digits of the time that a key begins with

Item = list[Any]
REF = 5  # place of the evidence in an item of identity


def noted(known: Known, fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
    """Return a function of a transaction that also notes what it writes, if the store keeps a feed."""

    def observed(tx: Transaction) -> T:
        noting = _Noting(tx, known)
        answer = fn(cast("Transaction", noting))
        noting.finish()
        return answer

    return observed


class _Noting:
    """A transaction that notes what is written in it. Every writer takes the guard first, which tells whether the store keeps a feed."""

    def __init__(self, tx: Transaction, known: Known) -> None:
        self._tx = tx
        self._known = known
        self._items: dict[int, list[Item]] = {}  # by time
        self._timeless: list[Item] = []  # what says no time of its own
        self._before: dict[bytes, list[InteractionRow]] = {}  # interactions that were deleted
        self._again: set[bytes] = set()  # and those of them that were stored again
        self._homes: set[bytes] = set()  # of identifiers that were deleted
        self._reborn: set[bytes] = set()
        self._gone: list[ChangeRow] = []  # history that was deleted with them

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def _note(self, at: int, item: Item) -> None:
        self._items.setdefault(at, []).append(item)

    # -- what is written ------------------------------------------------------------------------------------------------
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        self._reborn.update(row.home for row in rows)
        return self._tx.add_identifiers(rows)

    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        there = self._tx.add_interactions(rows, entries)
        if self._known.feed:
            for row in rows:
                if row.id in self._before:  # it is written anew, with other texts
                    if row.id not in self._again:
                        self._again.add(row.id)
                        self._timeless.append([REVISION, row.id.hex()])
                elif row.id not in there:
                    self._note(row.recorded_at, [REVISION if row.revision else INTERACTION, row.id.hex()])
        return there

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        self._tx.update_identifiers(changes, log)
        if self._known.feed:
            for row in log:
                ids = [value.hex() for value in (row.id, row.identifier, row.old, row.new, row.ref)]
                self._note(row.at, [IDENTITY, *ids, row.cause])

    def put_records(self, rows: Sequence[RecordRow]) -> None:
        self._tx.put_records(rows)
        if self._known.feed:
            for row in rows:
                if row.kind == STATEMENT and row.version >= 0:
                    self._timeless.append([RETRACTION if row.version else STATEMENT_SAID, row.key])
                elif row.kind == CASE and row.version >= 0:
                    self._timeless.append([CASE_CHANGED, row.key])

    def delete(
        self,
        *,
        identifiers: Sequence[bytes] = (),
        interactions: Sequence[bytes] = (),
        **others: Any,
    ) -> None:
        if self._known.feed:
            if interactions:
                for row in self._tx.find_interactions(ids=list(interactions)):
                    self._before.setdefault(row.id, []).append(row)
            if identifiers:
                homes = [row.home for row in self._tx.find_identifiers(ids=list(identifiers))]
                self._homes.update(homes)
                self._gone += self._tx.list_changes(identifiers=list(identifiers))
                self._gone += self._tx.list_changes(customers=homes)
        self._tx.delete(identifiers=identifiers, interactions=interactions, **others)

    # -- the note -------------------------------------------------------------------------------------------------------
    def finish(self) -> None:
        """Store the note, and remove from older notes what was deleted permanently."""
        if not self._known.feed:
            return
        removed = {id: rows for id, rows in self._before.items() if id not in self._again}
        customers = sorted(self._homes - self._reborn)
        if removed or customers:
            _scrub(self._tx, removed, self._gone if customers else [])
            ids = sorted(removed)
            for start in range(0, max(len(ids), len(customers)), MOST):
                part = slice(start, start + MOST)
                self._timeless.append([ERASURE, [x.hex() for x in customers[part]], [x.hex() for x in ids[part]]])
        if self._timeless:
            at = max(self._items) if self._items else now_us()
            self._items[at] = [*self._timeless, *self._items.get(at, ())]
        rows = [
            RecordRow(FEED_NEW, f"{at_text(at)}{_tail(items[start])}", json.dumps(items[start : start + MOST]), 0)
            for at, items in sorted(self._items.items())
            for start in range(0, len(items), MOST)
        ]
        if rows:
            self._tx.put_records(rows)


def at_text(at: int) -> str:
    """Return a time as a prefix of keys that sort by time."""
    return f"{at + (1 << 63):016x}"


def time_of(key: str) -> int:
    """Return the time at the beginning of a key."""
    return int(key[:TIME], 16) - (1 << 63)


def _tail(item: Item) -> str:
    """Return the part of the key that distinguishes notes of one time. For an interaction it is derived from the id, so that its note is found by key."""
    if item[0] == INTERACTION:
        return hashlib.blake2b(bytes.fromhex(item[1]), digest_size=16).hexdigest()
    return new_id().hex()


def _scrub(tx: Transaction, removed: dict[bytes, list[InteractionRow]], gone: Iterable[ChangeRow]) -> None:
    """Remove interactions and history from the notes that name them; their places stay, empty."""
    oldest = min((rows[0].key for kind in (FEED_NEW, FEED) if (rows := tx.find_records(kind, limit=1))), default=None)
    if oldest is None:
        return
    ids = {id.hex() for id in removed} | {row.id.hex() for row in gone}
    times = {row.recorded_at for rows in removed.values() for row in rows} | {row.at for row in gone}
    prefixes = {at_text(at) for at in times if at_text(at) >= oldest[:TIME]}
    keys = [
        f"{at_text(row.recorded_at)}{_tail([INTERACTION, id.hex()])}"
        for id, rows in removed.items()
        for row in rows
        if row.revision == 0 and at_text(row.recorded_at) in prefixes
    ]
    for kind in (FEED_NEW, FEED):
        found = {row.key: row for row in (tx.find_records(kind, keys=keys) if keys else ())}
        for prefix in sorted(prefixes):
            found.update((row.key, row) for row in tx.find_records(kind, prefix=prefix))
        changed = [
            row._replace(value=value) for row in found.values() if (value := _without(row.value, ids)) is not None
        ]
        if changed:
            tx.put_records(changed)


def _without(value: str, ids: set[str]) -> str | None:
    """Return a note without the changes that name one of these, whose places stay empty; None if it names none of them."""
    items = json.loads(value)
    left = [_left_of(item, ids) for item in items]
    return json.dumps(left) if left != items else None


def _left_of(item: Item | None, ids: set[str]) -> Item | None:
    if item is None or item[0] == ERASURE:
        return item
    if item[1] in ids:
        return None
    if item[0] == IDENTITY and item[REF] in ids:
        return [*item[:REF], "", *item[REF + 1 :]]
    return item
