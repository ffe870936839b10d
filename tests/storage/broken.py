"""Backends that each break one rule of the storage contract, as real adapters do, and the conformance kit on each of them.

Not collected by itself: test_broken_backends.py runs it and looks at what the kit said.
"""

from __future__ import annotations

import fcntl
import pickle
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from omnitrack.errors import BackendError
from omnitrack.storage.contract import Backend, EntryRow, IdentifierRow, InteractionRow, LinkRow, RecordRow
from omnitrack.storage.memory import MemoryBackend, MemoryTransaction
from omnitrack.storage.tables import MemoryState, entry_key, link_key
from omnitrack.testing import BackendConformance
from omnitrack.testing.base import ConformanceBase, Reopen
from omnitrack.testing.concurrency import ConcurrencyRules
from omnitrack.testing.deletion import DeletionRules
from omnitrack.testing.entries import EntryRules
from omnitrack.testing.histories import HistoryRules
from omnitrack.testing.identifiers import IdentifierRules
from omnitrack.testing.interactions import InteractionRules
from omnitrack.testing.links import LinkRules
from omnitrack.testing.processes import ProcessRules
from omnitrack.testing.records import RecordRules
from omnitrack.testing.shortcuts import ShortcutRules
from omnitrack.testing.stores import StoreRules
from omnitrack.testing.transactions import TransactionRules


class Breakable(MemoryBackend):
    """The memory backend with a transaction of a kind of its own."""

    transaction: ClassVar[type[MemoryTransaction]] = MemoryTransaction
    capabilities: ClassVar[frozenset[str]] = frozenset()

    def _attempt(self, fn: Callable[..., Any], write: bool) -> Any:
        with self._store.lock:
            transaction = self.transaction(self._store.state, write=write)
            try:
                return fn(transaction)
            except BaseException:
                transaction.undo()
                raise


class HalfDone(Breakable):
    """Keeps what a failed transaction had written."""

    class transaction(MemoryTransaction):
        def undo(self) -> None:
            pass


class NewestWins(Breakable):
    """Adds an identifier again over the one that is there."""

    class transaction(MemoryTransaction):
        def add_identifiers(self, rows: Sequence[Any]) -> set[bytes]:
            there = {row.id for row in rows if row.id in self.state.identifiers.rows}
            for row in rows:
                self._set(self.state.identifiers, row.id, row)
            return there


class PatchworkLinks(Breakable):
    """Takes the earliest time of a link and leaves the evidence of another."""

    class transaction(MemoryTransaction):
        def add_links(self, rows: Sequence[LinkRow]) -> None:
            for row in rows:
                old = self.state.links.rows.get(link_key(row))
                self._set(
                    self.state.links, link_key(row), row if old is None else old._replace(seen=min(row.seen, old.seen))
                )


class OneEnd(Breakable):
    """Finds a link by its first end alone."""

    class transaction(MemoryTransaction):
        def find_links(self, ids: Sequence[bytes] | None = None, **rest: Any) -> list[LinkRow]:
            return [row for row in super().find_links(ids, **rest) if ids is None or row.a in ids]


class EntriesAnyway(Breakable):
    """Stores the entries of interactions that it leaves out."""

    class transaction(MemoryTransaction):
        def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
            left_out = super().add_interactions(rows, ())
            for entry in entries:
                self._set(self.state.entries, entry_key(entry), entry)
            return left_out


class BlindPut(Breakable):
    """Sets records without comparing."""

    class transaction(MemoryTransaction):
        def put_records(self, rows: Sequence[RecordRow]) -> None:
            super().put_records([row._replace(version=-1) for row in rows])


class TiesAtWill(Breakable):
    """Orders entries by time alone; ties come as they were stored."""

    class transaction(MemoryTransaction):
        def list_entries(self, *, newest: bool = True, limit: int | None = None, **rest: Any) -> list[EntryRow]:
            rows = super().list_entries(newest=newest, **rest)
            stored = {key: place for place, key in enumerate(self.state.entries.rows)}
            rows.sort(key=lambda row: stored[entry_key(row)])
            return sorted(rows, key=lambda row: row.occurred_at, reverse=newest)[:limit]


class InclusivePages(Breakable):
    """Begins a page with the row at the position."""

    class transaction(MemoryTransaction):
        def list_entries(self, *, after: Any = None, newest: bool = True, **rest: Any) -> list[EntryRow]:
            if after is not None:
                time, one = after
                after = (time, (int.from_bytes(one, "big") + (1 if newest else -1)).to_bytes(17, "big")[1:])
            return super().list_entries(after=after, newest=newest, **rest)


class LimitFirst(Breakable):
    """Cuts at the limit, then filters."""

    class transaction(MemoryTransaction):
        def list_entries(self, *, channels: Any = None, **rest: Any) -> list[EntryRow]:
            return [row for row in super().list_entries(**rest) if channels is None or row.channel in channels]


class NoHistory(Breakable):
    """Deletes what is replaced, so that as_of finds nothing of it."""

    class transaction(MemoryTransaction):
        def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
            self.delete(entries=removed)
            super().replace_entries((), added, at)


class Milliseconds(Breakable):
    """Stores the time of interactions to the millisecond."""

    class transaction(MemoryTransaction):
        def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
            rounded = [row._replace(occurred_at=row.occurred_at // 1000 * 1000) for row in rows]
            return super().add_interactions(rounded, entries)


class CaseBlind(Breakable):
    """Compares the keys of records as a collation does that knows no case."""

    class transaction(MemoryTransaction):
        def put_records(self, rows: Sequence[RecordRow]) -> None:
            super().put_records([row._replace(key=row.key.casefold()) for row in rows])

        def find_records(self, kind: str, *, keys: Any = None, prefix: str = "", **rest: Any) -> list[RecordRow]:
            keys = None if keys is None else [key.casefold() for key in keys]
            return super().find_records(kind, keys=keys, prefix=prefix.casefold(), **rest)


class Leftovers(Breakable):
    """Deletes identifiers and leaves their links."""

    class transaction(MemoryTransaction):
        def delete(self, *, identifiers: Sequence[bytes] = (), **rest: Any) -> None:
            links = {link_key(row): row for row in super().find_links(identifiers)}
            super().delete(identifiers=identifiers, **rest)
            for key, row in links.items():
                self._set(self.state.links, key, row)


class EmptyMeansAll(Breakable):
    """Takes an empty list of ids for none given."""

    class transaction(MemoryTransaction):
        def find_identifiers(self, *, ids: Any = None, homes: Any = None, customers: Any = None, **rest: Any) -> Any:
            return super().find_identifiers(ids=ids or None, homes=homes or None, customers=customers or None, **rest)


class Loners(Breakable):
    """Answers the question for a customer with the identifier that was named."""

    class transaction(MemoryTransaction):
        def find_customer(self, id: bytes, *, alone: bool = False) -> list[IdentifierRow]:
            return self.find_identifiers(ids=[id])


class FirstPrint(Breakable):
    """Leaves the later revisions out of a history."""

    class transaction(MemoryTransaction):
        def list_history(self, *, identifiers: Sequence[bytes], **filters: Any) -> Any:
            entries, interactions = super().list_history(identifiers=identifiers, **filters)
            return entries, [row for row in interactions if not row.revision]


class Absentees(Breakable):
    """Leaves those of a customer's identifiers out under which nothing is filed."""

    class transaction(MemoryTransaction):
        def list_customer_history(self, id: bytes, *, alone: bool = False, **filters: Any) -> Any:
            members, entries, interactions = super().list_customer_history(id, **filters)
            filed = {entry.identifier for entry in entries}
            return [member for member in members if member.id in filed], entries, interactions


class FirstPageOnly(Breakable):
    """Begins every page of a customer's history at its end."""

    class transaction(MemoryTransaction):
        def list_customer_history(self, id: bytes, *, alone: bool = False, **filters: Any) -> Any:
            return super().list_customer_history(id, **{**filters, "after": None})


class OneLimit(Breakable):
    """Takes the largest limit of several prefixes for that of each."""

    class transaction(MemoryTransaction):
        def find_records_under(self, kind: str, prefixes: Mapping[str, int]) -> list[list[RecordRow]]:
            return super().find_records_under(kind, dict.fromkeys(prefixes, max(prefixes.values(), default=0)))


class Optimist(Breakable):
    """Gives each transaction a copy to work on and writes it back unchecked: the last to commit wins."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"concurrent"})

    def _attempt(self, fn: Callable[..., Any], write: bool) -> Any:
        store = self._store
        with store.lock:
            mine: MemoryState = store.state.copy()
        transaction = MemoryTransaction(mine, write=write)
        result = fn(transaction)
        with store.lock:
            names = {id(table): name for name, table in vars(mine).items()}
            for table, key, _ in transaction._undo:
                getattr(store.state, names[id(table)]).set(key, table.rows.get(key))
        return result


class Heirloom(Breakable):
    """Keeps its rows in a file that several processes have open, and goes on with the parent's hold on it after a fork.

    A lock of flock() belongs to what was opened, and so does the place in the file: parent and child have both in common, as they would a
    connection to a server.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({"processes"})

    def __init__(self, store: Any = None) -> None:
        super().__init__(store)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the backend)
        self._threads = threading.Lock()

    def _attempt(self, fn: Callable[..., Any], write: bool) -> Any:
        with self._threads:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self._file.seek(0)
                kept = self._file.read()
                state = MemoryState()
                for name, rows in pickle.loads(kept).items() if kept else ():
                    for key, row in rows.items():
                        getattr(state, name).set(key, row)
                result = fn(MemoryTransaction(state, write=write))
                self._file.seek(0)
                self._file.write(pickle.dumps({name: table.rows for name, table in vars(state).items()}))
                self._file.truncate()
                self._file.flush()
                return result
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


class NoRetry(Breakable):
    """Lets a conflict leave at once."""

    def run(self, fn: Callable[..., Any], *, write: bool = True) -> Any:
        return self._attempt(fn, write)


class Wrapper(Breakable):
    """Takes every error for one of the driver."""

    def run(self, fn: Callable[..., Any], *, write: bool = True) -> Any:
        try:
            return super().run(fn, write=write)
        except Exception as error:
            raise BackendError(str(error)) from error


class OneNamespace(Breakable):
    """Takes a namespace and puts everything in one place."""

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> MemoryBackend:
        return super().from_url(url, **options)


class OneCase(Breakable):
    """Takes namespaces that differ in case for one."""

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> MemoryBackend:
        return super().from_url(url, namespace=namespace and namespace.lower(), **options)


class EmptyIsNone(Breakable):
    """Takes an empty namespace for none."""

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> MemoryBackend:
        return super().from_url(url, namespace=namespace or None, **options)


class ByPrefix(Breakable):
    """Finds a namespace by what its name begins with."""

    opened: ClassVar[set[tuple[str, str]]] = set()

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> MemoryBackend:
        if namespace is not None:
            begun = [name for of, name in cls.opened if of == url and namespace.startswith(f"{name}_")]
            namespace = min(begun, default=namespace)
            cls.opened.add((url, namespace))
        return super().from_url(url, namespace=namespace, **options)


class LastSource(Breakable):
    """Of an interaction that is twice in one call, stores the last."""

    class transaction(MemoryTransaction):
        def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
            return super().add_interactions(list({(row.id, row.revision): row for row in rows}.values()), entries)


class OldEntries(Breakable):
    """Leaves an entry that is there as it is."""

    class transaction(MemoryTransaction):
        def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
            there = self.state.entries.rows
            first = {entry_key(entry): entry for entry in reversed(entries) if entry_key(entry) not in there}
            return super().add_interactions(rows, list(first.values()))


class FirstEntries(Breakable):
    """Of several entries with one key that replace others, keeps the first."""

    class transaction(MemoryTransaction):
        def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
            super().replace_entries(removed, list(reversed(added)), at)


class Silent(Breakable):
    """Declares nothing."""

    capabilities = None  # type: ignore[assignment]


class Bluffer(Breakable):
    """Says that it is persistent, and gives nothing to test that with."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent"})


class Fixtures(ConformanceBase):
    """What an adapter author gives the kit."""

    kind: ClassVar[type[Breakable]]
    patience = 0.02

    @pytest.fixture
    def url(self) -> str:
        return f"memory://{secrets.token_hex(8)}"

    @pytest.fixture
    def backend(self, url: str) -> Backend:
        return self.kind.from_url(url)

    @pytest.fixture
    def reopen(self, url: str) -> Reopen:
        return lambda **options: self.kind.from_url(url, **options)


# The part of the kit that each is run through; all of it for each would find no more, and take a minute.
SUBJECTS: dict[type[Breakable], type[ConformanceBase]] = {
    HalfDone: TransactionRules,
    NewestWins: IdentifierRules,
    PatchworkLinks: LinkRules,
    OneEnd: LinkRules,
    EntriesAnyway: InteractionRules,
    BlindPut: RecordRules,
    TiesAtWill: HistoryRules,
    InclusivePages: HistoryRules,
    LimitFirst: EntryRules,
    NoHistory: HistoryRules,
    Milliseconds: InteractionRules,
    CaseBlind: RecordRules,
    Leftovers: DeletionRules,
    EmptyMeansAll: IdentifierRules,
    Loners: ShortcutRules,
    FirstPrint: ShortcutRules,
    FirstPageOnly: ShortcutRules,
    Absentees: ShortcutRules,
    OneLimit: RecordRules,
    Optimist: ConcurrencyRules,
    Heirloom: ProcessRules,
    NoRetry: TransactionRules,
    Wrapper: TransactionRules,
    OneNamespace: StoreRules,
    OneCase: StoreRules,
    EmptyIsNone: StoreRules,
    ByPrefix: StoreRules,
    LastSource: InteractionRules,
    OldEntries: InteractionRules,
    FirstEntries: EntryRules,
    Silent: StoreRules,
    Bluffer: StoreRules,
}

for kind, rules in SUBJECTS.items():
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Fixtures, rules), {"kind": kind, "__module__": __name__})


class TestEmptyHanded(StoreRules):
    """An author who gave no fixture."""


assert issubclass(BackendConformance, tuple(SUBJECTS.values()))
