"""The storage contract, version 1. Long: it is one file on purpose, all that an adapter author reads.

An adapter is two classes. ``Backend`` opens a store and runs functions in transactions; ``Transaction`` stores and finds rows. The rules of
the domain (what a customer is, who may see what, what a retraction undoes) live above. An adapter stores and finds, and decides nothing.

A store holds seven kinds of rows, which are named tuples of plain values:

=============== ========================================= ==========================================================
row             unique by                                 found by
=============== ========================================= ==========================================================
IdentifierRow   id; home                                  ids, homes, customers, all in order of id
LinkRow         (a, b, basis, assurance, ref)             either end, all in order of the unique key
InteractionRow  (id, revision); of revision 0 also        ids, (source, source_id), all in order of time
                (source, source_id), where not None
EntryRow        (identifier, occurred_at, interaction,    identifiers in order of time, interactions
                person, added_at)
ChangeRow       id                                        identifiers, customers, all in order of id
RecordRow       (kind, key)                               kind and keys, kind and prefix in order of key
epoch           one number                                ``guard``
=============== ========================================= ==========================================================

Conventions. Ids are 16 bytes; ``NO_ID`` means "none" in columns that may not be null. Times are whole microseconds since
1970-01-01T00:00:00Z, negative before. Bytes and strings sort by their bytes (strings by UTF-8). Strings may hold any Unicode character but U+0000.
Sequences passed in may be empty (then nothing is done or found), may hold thousands of items, and may hold an id twice. A call passes at most
one of the arguments that select rows (ids, homes, customers, sources, identifiers, interactions). Key texts have a maximum length in characters: source
255, source_id 998, the basis of a link and the kind of a record 64, the key of a record 255. Rows are returned as the named
tuples below, in the order that a method states; if it states none, any order will do. A method sees what its own transaction
wrote. Driver errors are raised as ``BackendError`` with the driver's error as ``__cause__``, except conflicts, which ``run`` retries.

Isolation. In terms of SQL, READ COMMITTED is enough if ``lock_identifiers`` holds a write lock on each row to the end of the transaction and
returns the rows as they then are, ``guard`` does what it says, and a second insert of a unique key waits for the first to end. An engine that
serialises writers (SQLite) or checks at commit (a compare-and-set store) keeps the same promises at less cost.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypedDict, TypeVar, Unpack

from omnitrack import deadlines, observing
from omnitrack.deadlines import left as left
from omnitrack.errors import ConflictError, HostTransactionError, TimedOutError
from omnitrack.storage.namespaces import check_namespace as check_namespace

T = TypeVar("T")

CONTRACT_VERSION = 1

NO_ID = bytes(16)

# IdentifierRow.state is a sum of these.
LINKABLE = 1  # it may identify a person
SHARED = 2  # over a limit or marked: it stands alone
REASSIGNED = 4  # the key has later holders
RETIRED = 8  # a holder whose reassignment was retracted
OVERSIZED = 16  # in a component beyond max_component
ASSUMED = 32  # a holder whom only silence separates from the one before


class IdentifierRow(NamedTuple):
    """An identifier, or one of its holders if it was reassigned."""

    id: bytes
    home: bytes  # unique; time-ordered; given at birth, never changed
    customer: bytes  # the home that names its customer now
    scheme: str
    value: str
    scope: str
    base: bytes  # id of the first holder of the same key; its own id for that one
    since: int | None  # start of this holder's tenure; None for the first
    state: int
    reason: str | None  # why it is not linkable
    born_at: int


class LinkRow(NamedTuple):
    """Evidence that two identifiers belong together, or a statement about one or two."""

    a: bytes
    b: bytes  # a < b for evidence; a == b for statements about one identifier
    basis: str
    assurance: int
    ref: bytes  # id of the statement; NO_ID for evidence
    seen: int  # earliest time
    evidence: bytes  # the interaction that showed it then; NO_ID for statements
    score: int  # for a match, its probability in millionths; else 0


class InteractionRow(NamedTuple):
    """An interaction as recorded (revision 0), or a later revision, numbered by the source's time of the change."""

    id: bytes
    revision: int
    source: str | None
    source_id: str | None
    channel: str
    direction: str
    kind: str
    occurred_at: int
    utc_offset: int  # minutes east of UTC, as it came
    ended_at: int | None
    recorded_at: int
    subject: str | None
    body: str | None
    agent: str | None
    thread: str | None
    reply_to: str | None
    outcome: str | None
    via: str | None
    extra: str | None  # JSON: attachments, traits, attributes
    deleted: int  # 0 or 1


class EntryRow(NamedTuple):
    """The row that files an interaction under one identifier. It repeats the time, channel, direction and kind of the interaction, which no
    revision changes."""

    identifier: bytes  # NO_ID: nobody identified
    occurred_at: int
    interaction: bytes
    person: int  # index of the person in the interaction, from 0; -1 for participants
    added_at: int
    removed_at: int | None  # when it was replaced; the row is kept for as_of
    role: int
    assurance: int
    channel: str
    direction: str
    kind: str
    raw: str | None  # the text as it came


class ChangeRow(NamedTuple):
    """The move of an identifier from one customer to another."""

    id: bytes  # time-ordered
    at: int
    identifier: bytes
    old: bytes
    new: bytes
    cause: str  # record, link, deny, ...
    ref: bytes  # the interaction or the statement; NO_ID for none
    by: str | None
    reason: str | None


class RecordRow(NamedTuple):
    """A small document: settings, a statement, traits, a block of the index, ..."""

    kind: str
    key: str
    value: str
    version: int  # 1 when first stored, one more each time; in put_records the version expected now


class IdentifierChange(NamedTuple):
    """New values of an identifier's derived fields."""

    id: bytes
    customer: bytes
    state: int
    reason: str | None


Position = tuple[int, bytes]  # (occurred_at, interaction id): where a page ended


class EntryFilters(TypedDict, total=False):
    """The filters of ``list_entries``; see there."""

    roles: Sequence[int] | None
    min_assurance: int
    since: int | None
    until: int | None
    channels: Sequence[str] | None
    directions: Sequence[str] | None
    kinds: Sequence[str] | None
    after: Position | None
    limit: int | None
    newest: bool
    as_of: int | None


class Transaction(ABC):
    """A transaction: all or none of what its methods write is stored by the commit.

    An adapter implements fifteen methods. Five more have defaults that are built on these; override them where the store has a faster way.
    """

    #: True if writing transactions of the store run one after the other, so that nobody else writes between the first read of one and its commit.
    #: This saves callers a read in advance. False is always correct.
    serialised: bool = False

    @abstractmethod
    def guard(self, exclusive: bool = False) -> int:
        """Return the epoch, and keep it from changing until the end of the transaction.

        Writers that rely on a cache call this first, with ``exclusive`` False. Operations that invalidate caches call it with ``exclusive`` True, which
        adds one to the epoch. A transaction that holds the guard cannot commit if an exclusive holder has committed since: one of the two waits or is
        retried. Likewise no shared holder commits between the call of an exclusive holder and its commit, so whatever that one reads after
        the call includes all that they wrote. Shared holders do not block each other. Cost: one row.
        """

    # -- identifiers ----------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        """Store the rows whose id is new, leave the others unchanged, and return the ids that existed before.

        If two transactions add the same id, the second waits for the first and then finds the id (or is retried). No two rows ever have the same
        ``home``. Cost: one write per row, no reads of other rows.
        """

    @abstractmethod
    def find_identifiers(
        self,
        *,
        ids: Sequence[bytes] | None = None,
        homes: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[IdentifierRow]:
        """Return the identifiers with these ids or homes, or of these customers; without a selection, all.

        Sorted by id, after the id ``after``, at most ``limit``; both work with every selection. Cost: proportional to what is returned.
        """

    def find_customer(self, id: bytes, *, alone: bool = False) -> list[IdentifierRow]:
        """Return all identifiers of the customer that this one belongs to, itself included, sorted by id; empty if it does not exist.

        ``alone`` means that nothing else is read in this transaction that must be consistent with it, so a snapshot of this read is enough.

        This is the read when the phone rings. The default makes two queries; override it if the store can answer in one.
        """
        rows = self.find_identifiers(ids=[id])
        return self.find_identifiers(customers=[rows[0].customer]) if rows else []

    @abstractmethod
    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """Lock rows against writes and locks of other transactions to the end of this one, and return them as they then are, sorted by id.

        Take the locks in the order of ids. Missing ids are skipped. A deadlock is a conflict.
        """

    def lock_more_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """Lock further rows in a transaction that has locked others, whose ids may be greater.

        The default is ``lock_identifiers``. If another transaction holds one of the rows, a store may report a conflict at once instead of
        waiting until a deadlock is detected.
        """
        return self.lock_identifiers(ids)

    @abstractmethod
    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """Set the derived fields of existing identifiers, and append to the membership history. Changes with an existing id are skipped."""

    @abstractmethod
    def list_changes(
        self,
        *,
        identifiers: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        until: int | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[ChangeRow]:
        """Return the membership history sorted by id: of these identifiers, or of rows with ``old`` or ``new`` among ``customers``, or all.

        Only rows with ``at <= until``, after the id ``after``, at most ``limit``.
        """

    # -- links ----------------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """Store links. If the unique key exists, keep whichever whole row has the smaller ``(seen, evidence)``."""

    @abstractmethod
    def find_links(
        self,
        ids: Sequence[bytes] | None = None,
        *,
        after: tuple[bytes, bytes, str, int, bytes] | None = None,
        limit: int | None = None,
    ) -> list[LinkRow]:
        """Return every link with an end among ``ids``, each once, or all links; sorted by (a, b, basis, assurance, ref), after such a key ``after``."""

    # -- interactions ---------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """Store interactions with their entries; return the ids of rows that were skipped because they exist already.

        A row and its entries are skipped if its (id, revision) is stored, or if its (source, source_id) is, under another id, in the store or
        earlier in ``rows``. The same (id, revision) twice in ``rows`` is stored once and not reported. An entry is stored if its interaction is
        among ``rows`` and not skipped. It replaces an entry with the same unique key, as in ``replace_entries``; of several with one key the last is
        stored. Entries of interactions from earlier calls are not added here but by ``replace_entries``. Ids are made outside the transaction, so
        repeating it after a lost answer adds nothing.
        """

    @abstractmethod
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
        """Return interactions by id (every revision), or by (source, source_id) (revision 0), or all (revision 0).

        Without a selection: those with ``since <= occurred_at < until``, sorted by (occurred_at, id) ascending (descending with ``newest``), strictly after
        the position ``after`` in that order, at most ``limit``. By id or source: sorted by (id, revision); the other arguments are not passed.
        """

    @abstractmethod
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
        """Return the entries of these identifiers or of these interactions (exactly one is passed) that match every filter.

        Filters: ``role in roles``; ``assurance >= min_assurance``; ``since <= occurred_at < until``; channel, direction and kind among those passed. Without
        ``as_of``, entries that are not removed; with it, entries with ``added_at <= as_of`` that were not removed at or before ``as_of``. Sorted by
        (occurred_at, interaction, identifier, person, added_at), all descending with ``newest``, else ascending; strictly after the position
        ``after`` (an (occurred_at, interaction)) in that order; at most ``limit`` rows. Cost: with ``limit`` and filters that match often, proportional
        to ``limit`` and the number of identifiers, never to the length of the history.
        """

    def list_history(
        self, *, identifiers: Sequence[bytes], **filters: Unpack[EntryFilters]
    ) -> tuple[list[EntryRow], list[InteractionRow]]:
        """Return the result of ``list_entries`` for the same arguments, and every revision of their interactions, each once.

        Revisions of one interaction are in order, interactions in any order. The default makes two queries; override it if each query is a
        round trip to a server.
        """
        entries = self.list_entries(identifiers=identifiers, **filters)
        ids = list(dict.fromkeys([entry.interaction for entry in entries]))
        return entries, self.find_interactions(ids=ids) if ids else []

    def list_customer_history(
        self, id: bytes, *, alone: bool = False, **filters: Unpack[EntryFilters]
    ) -> tuple[list[IdentifierRow], list[EntryRow], list[InteractionRow]]:
        """Return the result of ``find_customer`` for an identifier, and that of ``list_history`` for all those identifiers.

        ``alone`` is as in ``find_customer``. This is the read for a page of a timeline. The default makes one query after the other.
        """
        members = self.find_customer(id)
        if not members:
            return [], [], []
        return members, *self.list_history(identifiers=[member.id for member in members], **filters)

    @abstractmethod
    def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
        """Mark entries, given by their unique key, as removed at ``at``, and add others. Missing and already removed entries are skipped.

        An added entry replaces the whole entry with the same unique key; of several with one key the last is stored.
        """

    # -- records --------------------------------------------------------------------------------------------------------
    @abstractmethod
    def put_records(self, rows: Sequence[RecordRow]) -> None:
        """Compare and set: store each row, with its version plus one, if the stored version equals ``row.version`` (0: not stored yet).

        The version -1 stores the row whatever is there.

        Raises:
            ConflictError: a stored version differs; ``run`` repeats the function.
        """

    @abstractmethod
    def find_records(
        self,
        kind: str,
        *,
        keys: Sequence[str] | None = None,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[RecordRow]:
        """Return records of a kind, sorted by key: those with these keys, or those whose key starts with ``prefix``; after the key ``after``, at most ``limit``."""

    def find_records_under(self, kind: str, prefixes: Mapping[str, int]) -> list[list[RecordRow]]:
        """Return, for each prefix, the records of a kind whose key starts with it, sorted by key, at most the number given for the prefix.

        This is the read of a search. The default makes one query for each prefix; override it if each query is a round trip to a server.
        """
        return [self.find_records(kind, prefix=prefix, limit=limit) for prefix, limit in prefixes.items()]

    # -- deletion -------------------------------------------------------------------------------------------------------
    @abstractmethod
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
        """Delete rows, so that nothing of them can be read back from the store. Missing rows are skipped.

        ``identifiers``: the row, its entries, every link with it as an end, and every change of it or with its home as ``old`` or ``new``; entries
        and links are deleted even if the row does not exist. ``links`` and ``entries``: by their unique keys. ``interactions``: every revision and
        every entry. ``records``: by (kind, key). ``changes``: by id.
        """


class Backend(ABC):
    """One open store. Safe to use from several threads at once.

    After a fork the child neither uses nor closes what its parent opened. It opens connections of its own when it first needs them, with locks of its
    own; a store in the memory of the process becomes a complete copy.
    """

    #: Optional abilities of the store. The conformance kit skips the rules of abilities that are not named, with a reason.
    #: "persistent": committed data is there after close() and a new from_url(); "processes": several processes may have the store open, forked children
    #: included; "concurrent": transactions of several threads run side by side; "async": arun() does not occupy a thread;
    #: "timeout": run() and arun() end when ``left()`` is 0: see ``run``.
    capabilities: ClassVar[frozenset[str]]

    @classmethod
    @abstractmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> Backend:
        """Return a backend for this URL. It may connect now or later.

        ``namespace`` must be a name that ``check_namespace`` accepts; the rules are the same on every engine. Two namespaces are two separate stores, even if one
        name is a prefix of the other, and no namespace is a third.

        Raises:
            BackendError: the URL is malformed, the driver is missing, the namespace is invalid, or an option is unknown.
        """

    @abstractmethod
    def setup(self) -> None:
        """Create missing tables and upgrade old ones. It can be called again, and by several processes at once.

        Raises:
            SchemaVersionError: the store was written by a newer version.
        """

    @abstractmethod
    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Call ``fn`` in a transaction, commit, and return its result. An error raised by ``fn`` rolls back and is raised unchanged.

        ``fn`` touches only the transaction, so it can be repeated. That happens if the engine reports a conflict or ``fn`` raises ConflictError: a limited number
        of times, with growing, jittered pauses (see ``retrying``), then ConflictError is raised. With ``write=False`` ``fn`` only reads, and should see one
        snapshot; a write or a lock then raises BackendError.

        ``left()`` returns the seconds that the call has left, None for no limit. An adapter that declares "timeout" applies it to everything it waits for: locks,
        a connection of the pool, connecting, each answer. It begins nothing and commits nothing after that. ``retrying`` observes the limit between tries, for
        every adapter.

        Raises:
            ConflictError: after the retries.
            TimedOutError: the call is out of time; the outcome is "unknown" if the commit was sent and not answered, else "nothing written".
            BackendError: the store failed; nothing was written.
            OutcomeUnknownError: the connection broke during the commit, which may have happened.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections and files. It can be called again."""

    def describe(self) -> Mapping[str, str | int]:
        """Return what spans and metrics say of the store, by the names of OpenTelemetry's conventions for databases; nothing secret.

        The default is the name of the class as ``db.system.name``. A server adds ``server.address``, ``server.port`` and ``db.namespace``.
        """
        return {"db.system.name": type(self).__name__.removesuffix("Backend").lower()}

    def reclaim(self) -> None:
        """Remove deleted data from the store's files, as far as the engine lets a client request it. Called after an erasure has committed."""

    def joined(self, transaction: object, first: Callable[[Transaction], object]) -> Backend:
        """Return a backend whose ``run`` and ``arun`` are part of a transaction that the host application begins and ends.

        It runs each function once and retries nothing: a conflict raises ConflictError at once. If a function fails, what it wrote is undone and what the
        host wrote is kept. ``first`` is called in each of the host's transactions before anything else, and refuses the transaction by raising. The
        default refuses every transaction, for stores that are not databases.

        Raises:
            HostTransactionError: the store cannot join this transaction.
        """
        raise HostTransactionError(
            f"transaction: got {type(transaction).__name__}, accepted is none: {type(self).__name__} takes part in none"
        )

    async def arun(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """``run`` for async callers. The default runs it in a thread and, if cancelled, waits until it has finished."""
        task = asyncio.ensure_future(asyncio.to_thread(self.run, fn, write=write))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    async def asetup(self) -> None:
        """``setup`` for async callers."""
        await asyncio.to_thread(self.setup)

    async def areclaim(self) -> None:
        """``reclaim`` for async callers."""
        await asyncio.to_thread(self.reclaim)

    async def aclose(self) -> None:
        """``close`` for async callers."""
        await asyncio.to_thread(self.close)


MAX_TRIES = 12


def pause_before(attempt: int) -> float:
    """Return the seconds to wait after try number ``attempt``, from 1: twice as long each time, at most half a second, of which up to half is random."""
    return min(0.5, 0.002 * 2.0**attempt) * random.uniform(0.5, 1.0)


def retrying(
    attempt: Callable[[], T],
    conflict: Callable[[Exception], bool] = lambda error: False,
    *,
    tries: int = MAX_TRIES,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Call ``attempt`` until it raises no conflict, at most ``tries`` times and within the time limit of the call.

    A conflict is ConflictError, or an error for which ``conflict`` returns True.

    Raises:
        ConflictError: every try ended in a conflict; the last one is the cause.
        TimedOutError: the time left does not allow another try; the last conflict is the cause.
        Exception: any other error that ``attempt`` raised.
    """
    for number in range(1, tries + 1):
        try:
            return attempt()
        except Exception as error:
            if not (isinstance(error, ConflictError) or conflict(error)):
                raise
            if number == tries:
                raise ConflictError(f"other writers changed the same rows; gave up after {tries} tries") from error
            pause = pause_before(number)
            observing.tell(
                "storage", logging.DEBUG, "a conflict, to be tried again", {"attempt": number, "pause": round(pause, 6)}
            )
            observing.count("conflicts", 1)
            seconds = deadlines.left()
            if seconds is not None and seconds <= pause:
                raise TimedOutError("nothing written") from error
        sleep(pause)
    raise AssertionError("unreachable")
