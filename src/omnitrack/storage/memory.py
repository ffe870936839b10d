"""The memory backend: the storage contract in plain dicts and sorted lists, readable as its executable specification.

Rows are stored in a ``Table``: a dict by unique key, and ordered groups of these keys, one group for each way in which the contract finds rows. A
transaction writes directly into the tables and notes the previous rows, so that a failed one is undone row by row. Only one transaction
runs at a time, so no row needs a lock and no cache can be stale.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from omnitrack import deadlines, forks
from omnitrack.errors import BackendError, ConflictError, mask, masked_url
from omnitrack.storage.contract import (
    Backend,
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Position,
    RecordRow,
    Transaction,
    check_namespace,
    retrying,
)
from omnitrack.storage.tables import ALL, MemoryState, Table, between, entry_key, link_key, page

R = TypeVar("R")
T = TypeVar("T")


class MemoryTransaction(Transaction):
    """The fifteen methods over a ``MemoryState``; ``undo`` restores the previous rows."""

    serialised = True  # the backend's lock is held to the end

    def __init__(self, state: MemoryState, *, write: bool = True) -> None:
        self.state = state
        self._write = write
        self._undo: list[tuple[Table[Any], Any, Any]] = []

    def _must_write(self) -> None:
        if not self._write:
            raise BackendError("a transaction with write=False only reads; run the function with write=True")

    def _set(self, table: Table[R], key: Any, row: R | None) -> None:
        self._must_write()
        self._undo.append((table, key, table.set(key, row)))

    def undo(self) -> None:
        """Restore all rows that were written, last first."""
        while self._undo:
            table, key, row = self._undo.pop()
            table.set(key, row)

    def guard(self, exclusive: bool = False) -> int:
        """See the contract."""
        epoch = self.state.epoch.rows["epoch"]
        if exclusive:
            epoch += 1
            self._set(self.state.epoch, "epoch", epoch)
        return epoch

    # -- identifiers ----------------------------------------------------------------------------------------------------
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        """See the contract."""
        table = self.state.identifiers
        there = {row.id for row in rows if row.id in table.rows}
        for row in rows:
            if row.id not in table.rows:
                if table.keys(("home", row.home)):
                    raise BackendError(f"the home of identifier {row.id.hex()} is another identifier's already")
                self._set(table, row.id, row)
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
        _at_most_one(ids=ids, homes=homes, customers=customers)
        table = self.state.identifiers
        keys: Iterable[bytes]
        if ids is not None:
            keys = sorted(table.rows.keys() & set(ids))
        elif homes is not None:
            keys = sorted({key for home in homes for key in table.keys(("home", home))})
        elif customers is not None:
            keys = sorted({key for customer in customers for key in table.keys(("customer", customer))})
        else:
            keys = table.keys(ALL)
        return [table.rows[key] for key in page(keys, after, limit)]

    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """See the contract. No lock is needed, since no other transaction runs."""
        self._must_write()
        return self.find_identifiers(ids=ids)

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """See the contract."""
        table = self.state.identifiers
        for change in changes:
            row = table.rows.get(change.id)
            if row is not None:
                row = row._replace(customer=change.customer, state=change.state, reason=change.reason)
                self._set(table, row.id, row)
        for entry in log:
            if entry.id not in self.state.changes.rows:
                self._set(self.state.changes, entry.id, entry)

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
        _at_most_one(identifiers=identifiers, customers=customers)
        table = self.state.changes
        keys: Iterable[bytes]
        if identifiers is not None:
            keys = sorted({key for one in identifiers for key in table.keys(("identifier", one))})
        elif customers is not None:
            keys = sorted({key for one in customers for key in table.keys(("customer", one))})
        else:
            keys = table.keys(ALL)
        rows = (table.rows[key] for key in page(keys, after, None))
        return list(islice((row for row in rows if until is None or row.at <= until), limit))

    # -- links ----------------------------------------------------------------------------------------------------------
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract."""
        table = self.state.links
        for row in rows:
            key = link_key(row)
            old = table.rows.get(key)
            if old is None or (row.seen, row.evidence) < (old.seen, old.evidence):
                self._set(table, key, row)

    def find_links(
        self,
        ids: Sequence[bytes] | None = None,
        *,
        after: tuple[bytes, bytes, str, int, bytes] | None = None,
        limit: int | None = None,
    ) -> list[LinkRow]:
        """See the contract."""
        table = self.state.links
        keys = table.keys(ALL) if ids is None else sorted({key for one in set(ids) for key in table.keys(one)})
        return [table.rows[key] for key in page(keys, after, limit)]

    # -- interactions ---------------------------------------------------------------------------------------------------
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """See the contract."""
        table = self.state.interactions
        there = {row.id for row in rows if (row.id, row.revision) in table.rows}
        for row in rows:
            if (row.id, row.revision) in table.rows:
                continue
            if row.revision == 0:
                sourced = row.source is not None and row.source_id is not None
                if sourced and table.keys((row.source, row.source_id)):
                    there.add(row.id)
                    continue
                self._set(self.state.moments, (row.occurred_at, row.id), row)
            self._set(table, (row.id, row.revision), row)
        stored = {row.id for row in rows} - there
        for entry in entries:
            if entry.interaction in stored:
                self._set(self.state.entries, entry_key(entry), entry)
        return there

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
        _at_most_one(ids=ids, sources=sources)
        table = self.state.interactions
        if ids is not None:
            return [table.rows[key] for key in sorted({key for one in set(ids) for key in table.keys(("id", one))})]
        if sources is not None:
            return [
                table.rows[key] for key in sorted({key for pair in set(sources) for key in table.keys(tuple(pair))})
            ]
        moments = self.state.moments
        keys = between(moments.keys(ALL), since, until, after, newest)
        return [moments.rows[key] for key in islice(keys, limit)]

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
        """See the contract: the sorted histories are merged as far as the limit requires."""
        if (identifiers is None) == (interactions is None):
            raise ValueError("list_entries takes either identifiers or interactions")
        groups = (
            {("identifier", one) for one in identifiers}
            if identifiers is not None
            else {("interaction", one) for one in interactions or ()}
        )

        def passes(row: EntryRow) -> bool:
            return (
                (roles is None or row.role in roles)
                and row.assurance >= min_assurance
                and (channels is None or row.channel in channels)
                and (directions is None or row.direction in directions)
                and (kinds is None or row.kind in kinds)
                and (
                    row.removed_at is None
                    if as_of is None
                    else row.added_at <= as_of and (row.removed_at is None or row.removed_at > as_of)
                )
            )

        table = self.state.entries
        histories = [between(table.keys(group), since, until, after, newest) for group in groups]
        rows = (table.rows[key] for key in merge(*histories, reverse=newest))
        return list(islice(filter(passes, rows), limit))

    def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
        """See the contract."""
        table = self.state.entries
        for entry in removed:
            there = table.rows.get(entry_key(entry))
            if there is not None and there.removed_at is None:
                self._set(table, entry_key(there), there._replace(removed_at=at))
        for entry in added:
            self._set(table, entry_key(entry), entry)

    # -- records --------------------------------------------------------------------------------------------------------
    def put_records(self, rows: Sequence[RecordRow]) -> None:
        """See the contract."""
        table = self.state.records
        for row in rows:
            there = table.rows.get((row.kind, row.key))
            version = 0 if there is None else there.version
            if row.version not in (version, -1):
                raise ConflictError(
                    f"record {mask(row.kind)} {mask(row.key)} has version {version}; version {row.version} was expected"
                )
            self._set(table, (row.kind, row.key), row._replace(version=version + 1))

    def find_records(
        self,
        kind: str,
        *,
        keys: Sequence[str] | None = None,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[RecordRow]:
        """See the contract. Python orders strings by code point, which is the order of their UTF-8."""
        table = self.state.records
        if keys is not None:
            among = sorted((kind, key) for key in set(keys) if (kind, key) in table.rows)
        else:
            among = table.keys(kind)
        start = (kind, prefix)
        found: list[RecordRow] = []
        for index in range(
            max(bisect_left(among, start), 0 if after is None else bisect_right(among, (kind, after))), len(among)
        ):
            if not among[index][1].startswith(prefix) or len(found) == limit:
                break
            found.append(table.rows[among[index]])
        return found

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
        state = self.state
        for one in identifiers:
            row = state.identifiers.rows.get(one)
            self._remove(state.links, state.links.keys(one))
            self._remove(state.entries, state.entries.keys(("identifier", one)))
            self._remove(state.changes, state.changes.keys(("identifier", one)))
            if row is not None:
                self._remove(state.changes, state.changes.keys(("customer", row.home)))
                self._remove(state.identifiers, [one])
        for one in interactions:
            original = state.interactions.rows.get((one, 0))
            if original is not None:
                self._remove(state.moments, [(original.occurred_at, one)])
            self._remove(state.interactions, state.interactions.keys(("id", one)))
            self._remove(state.entries, state.entries.keys(("interaction", one)))
        self._remove(state.links, [link_key(row) for row in links])
        self._remove(state.entries, [entry_key(row) for row in entries])
        self._remove(state.records, [tuple(key) for key in records])
        self._remove(state.changes, list(changes))

    def _remove(self, table: Table[Any], keys: list[Any]) -> None:
        for key in list(keys):
            if key in table.rows:
                self._set(table, key, None)


def _at_most_one(**selections: Sequence[Any] | None) -> None:
    if sum(given is not None for given in selections.values()) > 1:
        raise ValueError(f"give at most one of {', '.join(selections)}")


class _Store:
    """The parts that the backends of one named store share: the rows, and the lock of the running transaction."""

    def __init__(self, state: MemoryState | None = None) -> None:
        self.state = state or MemoryState()
        self.lock = deadlines.BoundedLock(threading.RLock())
        self.busy = False
        self.torn = False
        forks.watch(self)

    def forked(self) -> None:
        """Become an independent copy in a child process, with a lock that nobody holds."""
        self.lock = deadlines.BoundedLock(threading.RLock())
        self.torn = self.torn or (self.busy and not forks.gate.holds_me())


_named: dict[tuple[str, str | None], _Store] = {}
_named_lock = threading.Lock()


def _forked() -> None:
    global _named_lock
    _named_lock = threading.Lock()


forks.in_child(_forked)


class MemoryBackend(Backend):
    """A store in the memory of this process.

    ``memory://`` is a new store each time; ``memory://name`` is one store for all who use that name (and namespace) in this process.
    A forked child process has a copy of the store, taken between two transactions.
    Tests may create a backend for a ``MemoryState`` of their own.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({"timeout"})

    def __init__(self, store: _Store | MemoryState | None = None) -> None:
        self._store = store if isinstance(store, _Store) else _Store(store)
        self._closed = False

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> MemoryBackend:
        """Return the backend of ``memory://`` or ``memory://name``.

        Raises:
            BackendError: the URL has more than a name, the namespace is invalid, or an option was given; there are none.
        """
        check_namespace(namespace)
        if options:
            raise BackendError(f"the memory backend takes no option; got {', '.join(sorted(options))}")
        parts = urlsplit(url)
        if parts.scheme != "memory" or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise BackendError(
                f"{masked_url(url)} is no URL of the memory backend; accepted: memory:// or memory://name"
            )
        if not parts.netloc:
            return cls()
        with _named_lock:
            return cls(_named.setdefault((parts.netloc, namespace), _Store()))

    def setup(self) -> None:
        """Do nothing: the tables always exist."""

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` alone in the store, and undo its writes if it raises. See the contract."""
        return retrying(lambda: self._attempt(fn, write))

    def _attempt(self, fn: Callable[[Transaction], T], write: bool) -> T:
        forks.check()
        deadlines.check()
        store = self._store
        with forks.gate, store.lock:
            if store.torn:
                raise BackendError(
                    f"this process was forked while another thread had been in a transaction for {forks.PATIENCE:.0f} seconds, "
                    "so its copy of the store in memory is half written"
                )
            if self._closed:
                raise BackendError("this memory backend was closed")
            if store.busy:
                raise BackendError(
                    "run() was called inside a transaction; a function of a transaction touches only the transaction"
                )
            transaction = MemoryTransaction(store.state, write=write)
            store.busy = True
            try:
                result = fn(transaction)
                deadlines.check()
                return result
            except BaseException:
                transaction.undo()
                raise
            finally:
                store.busy = False

    def close(self) -> None:
        """Release the store; a named one is kept for others."""
        self._closed = True
