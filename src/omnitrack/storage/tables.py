"""The tables of the memory backend: rows in a dict by unique key, and ordered groups of those keys to find them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from omnitrack.storage.contract import (
    ChangeRow,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Position,
    RecordRow,
)

R = TypeVar("R")


class _Ordered:
    """A set of keys, read in ascending order; added keys are sorted only when the set is read."""

    __slots__ = ("_fresh", "_settled")

    def __init__(self) -> None:
        self._settled: list[Any] = []
        self._fresh: list[Any] = []

    def add(self, key: Any) -> None:
        self._fresh.append(key)

    def remove(self, key: Any) -> None:
        keys = self.ascending()
        del keys[bisect_left(keys, key)]

    def ascending(self) -> list[Any]:
        if len(self._fresh) * 16 < len(self._settled):
            for key in self._fresh:
                insort(self._settled, key)
            self._fresh.clear()
        elif self._fresh:
            self._settled += self._fresh
            self._settled.sort()
            self._fresh.clear()
        return self._settled

    def copy(self) -> _Ordered:
        twin = _Ordered()
        twin._settled = list(self.ascending())
        return twin

    def __bool__(self) -> bool:
        return bool(self._settled or self._fresh)


class Table(Generic[R]):
    """Rows by unique key, with the ordered groups in which they are found."""

    def __init__(self, groups: Callable[[R], Iterable[Hashable]]) -> None:
        self.rows: dict[Any, R] = {}
        self._groups = groups
        self._members: dict[Hashable, _Ordered] = {}

    def set(self, key: Any, row: R | None) -> R | None:
        """Store ``row`` under ``key`` (None deletes it), and return the previous row. All changes of rows go through here."""
        old = self.rows.get(key)
        before = set() if old is None else set(self._groups(old))
        after = set() if row is None else set(self._groups(row))
        for group in before - after:
            self._members[group].remove(key)
            if not self._members[group]:
                del self._members[group]
        for group in after - before:
            if group not in self._members:
                self._members[group] = _Ordered()
            self._members[group].add(key)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
        return old

    def copy(self) -> Table[R]:
        """Return an independent table with the same rows."""
        twin = Table(self._groups)
        twin.rows = dict(self.rows)
        twin._members = {group: keys.copy() for group, keys in self._members.items()}
        return twin

    def keys(self, group: Hashable) -> list[Any]:
        """Return the keys of a group, ascending. The list is the table's own: copy it before writing."""
        members = self._members.get(group)
        return members.ascending() if members else []


# Every row of a table is in the group ALL, which is sorted by unique key.
ALL = "all"


def link_key(row: LinkRow) -> tuple[bytes, bytes, str, int, bytes]:
    """Return the unique key of a link, by which links are sorted."""
    return (row.a, row.b, row.basis, row.assurance, row.ref)


def entry_key(row: EntryRow) -> tuple[int, bytes, bytes, int, int]:
    """Return the unique key of an entry, by which entries are sorted."""
    return (row.occurred_at, row.interaction, row.identifier, row.person, row.added_at)


class MemoryState:
    """The content of a store: a table for each kind of row."""

    def __init__(self) -> None:
        self.identifiers: Table[IdentifierRow] = Table(
            lambda row: (ALL, ("home", row.home), ("customer", row.customer))
        )
        self.links: Table[LinkRow] = Table(lambda row: (ALL, row.a, row.b))
        self.interactions: Table[InteractionRow] = Table(
            # Only revision 0 has the pair of source and source id.
            lambda row: (("id", row.id), (row.source, row.source_id)) if row.revision == 0 else (("id", row.id),)
        )
        self.moments: Table[InteractionRow] = Table(lambda row: (ALL,))  # revision 0 by (occurred_at, id)
        self.entries: Table[EntryRow] = Table(
            lambda row: (("identifier", row.identifier), ("interaction", row.interaction))
        )
        self.changes: Table[ChangeRow] = Table(
            lambda row: (ALL, ("identifier", row.identifier), ("customer", row.old), ("customer", row.new))
        )
        self.records: Table[RecordRow] = Table(lambda row: (row.kind,))
        self.epoch: Table[int] = Table(lambda row: ())
        self.epoch.set("epoch", 0)

    def copy(self) -> MemoryState:
        """Return an independent state with the same rows."""
        twin = MemoryState()
        vars(twin).update({name: table.copy() for name, table in vars(self).items()})
        return twin


def page(keys: Iterable[Any], after: Any, limit: int | None) -> Iterator[Any]:
    """Yield ascending keys after ``after``, at most ``limit``."""
    ordered = keys if isinstance(keys, list) else list(keys)
    start = 0 if after is None else bisect_right(ordered, after)
    stop = len(ordered) if limit is None else min(len(ordered), start + limit)
    return (ordered[index] for index in range(start, stop))


def between(
    keys: list[Any], since: int | None, until: int | None, after: Position | None, newest: bool
) -> Iterator[Any]:
    """Yield keys that begin with (time, interaction), within the time window and strictly after ``after`` in the order asked for."""
    low = 0 if since is None else bisect_left(keys, (since,))
    high = len(keys) if until is None else bisect_left(keys, (until,))
    if after is not None and newest:
        high = min(high, bisect_left(keys, tuple(after)))
    elif after is not None:
        low = max(low, bisect_right(keys, tuple(after), key=lambda key: key[:2]))
    return (keys[index] for index in (range(high - 1, low - 1, -1) if newest else range(low, high)))
