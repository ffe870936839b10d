"""The storage contract, version 1. Long: it is one file on purpose, all that an adapter author reads.

An adapter is two classes. ``Backend`` opens a store and runs functions in transactions; ``Transaction`` stores and finds rows. Rules of the
domain (what a customer is, who may see what, what a retraction undoes) live above; an adapter stores, finds, and decides nothing.

The tables (or whatever the store has) are seven kinds of row, named tuples of plain values:

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

Conventions. Ids are 16 bytes; ``NO_ID`` stands for "none" where a column may not be null. Times are whole microseconds since
1970-01-01T00:00:00Z, negative before. Bytes and strings order by their bytes (strings by UTF-8). Strings are any Unicode but U+0000.
Sequences given may be empty (then nothing is done or found), may hold thousands, and may hold an id twice. Of the arguments that select
rows (ids, homes, customers, sources, identifiers, interactions) a call gives at most one. Texts that are part of a key are at most so long: source
255 characters, source_id 998, basis and kind of a record 64, key of a record 255. Rows come back as the named
tuples below, in the order that a method states, or in any order where it states none. A method sees what its own transaction
wrote. Errors of the driver leave as ``BackendError`` with the driver's error as ``__cause__``, but conflicts, which ``run`` retries.

Isolation that the rules above rely on, in the words of SQL: READ COMMITTED is enough, when ``lock_identifiers`` holds a write lock on each
row to the end of the transaction and returns the rows as they are then, ``guard`` does what it says, and a second insert of a unique key waits for the
first to end. An engine that serialises writers (SQLite) or checks at commit (a compare-and-set store) keeps the same promises at less cost.
"""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypedDict, TypeVar, Unpack

from omnitrack import deadlines
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
ASSUMED = 32  # a holder who is told from the one before by silence alone


class IdentifierRow(NamedTuple):
    """An identifier, or one holder of it where it was reassigned."""

    id: bytes
    home: bytes  # unique; time-ordered; given at birth, never changed
    customer: bytes  # the home that names its customer now
    scheme: str
    value: str
    scope: str
    base: bytes  # id of the first holder of the same key; its own id for that one
    since: int | None  # since when this holder has it; None for the first
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
    evidence: bytes  # the interaction that showed it at that time; NO_ID for statements
    score: int  # of a match, in millionths of a probability; else 0


class InteractionRow(NamedTuple):
    """An interaction as recorded (revision 0), or a later revision of it (the source's time of it)."""

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
    """The row that puts an interaction under one identifier; its time, channel, direction and kind are those of the interaction, which no
    revision changes."""

    identifier: bytes  # NO_ID: nobody identified
    occurred_at: int
    interaction: bytes
    person: int  # which of the people of the interaction, from 0; -1 for participants
    added_at: int
    removed_at: int | None  # replaced since then; kept for as_of
    role: int
    assurance: int
    channel: str
    direction: str
    kind: str
    raw: str | None  # the text as it came


class ChangeRow(NamedTuple):
    """One identifier that went from one customer to another."""

    id: bytes  # time-ordered
    at: int
    identifier: bytes
    old: bytes
    new: bytes
    cause: str  # record, link, deny, ...
    ref: bytes  # the interaction or the statement; NO_ID where there is none
    by: str | None
    reason: str | None


class RecordRow(NamedTuple):
    """A small document that some part of omnitrack keeps: settings, statements, traits, blocks, codes."""

    kind: str
    key: str
    value: str
    version: int  # 1 when first put, one more each time; given to put_records it is what is expected there now


class IdentifierChange(NamedTuple):
    """New values of an identifier's derived fields."""

    id: bytes
    customer: bytes
    state: int
    reason: str | None


Position = tuple[int, bytes]  # (occurred_at, interaction id): where a page ended


class EntryFilters(TypedDict, total=False):
    """What ``list_entries`` takes beside the identifiers or interactions; see there."""

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
    """What a use case reads and writes in. All or none of what the methods write is there after the commit.

    Fifteen methods are an adapter's to write. Four more are put together from these, and an adapter may have a shorter way.
    """

    #: True where writing transactions of the store run one after the other, so that nobody else writes between the first read of one and its
    #: commit. An adapter that can say so saves its callers a look ahead; False is always right.
    serialised: bool = False

    @abstractmethod
    def guard(self, exclusive: bool = False) -> int:
        """Return the epoch, and hold it still to the end of the transaction.

        Writers that trust a cache call it first, plainly; operations that make caches stale call it with ``exclusive``, which adds one to the
        epoch. A transaction that holds the guard cannot commit if an exclusive one committed since it took it: one of the two waits or is
        retried. Nor does a plain holder commit between the call of an exclusive one and its commit: what that one reads after its call is all that
        they wrote. Plain holders do not hinder each other. Cost: one row.
        """

    # -- identifiers ----------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        """Store those whose id is not there yet, leave the others as they are, and return the ids that were there before.

        Two transactions that add the same id: the second waits for the first, then finds it there (or is retried). A ``home`` is never taken
        twice. Cost: a write a row, no read of others.
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
        """Return the identifiers with these ids, or these homes, or of these customers; with none given, all.

        Ordered by id; ``after`` an id, at most ``limit`` (either works with each selection). Cost: by what is returned.
        """

    def find_customer(self, id: bytes, *, alone: bool = False) -> list[IdentifierRow]:
        """Return every identifier of the customer that this one belongs to, itself included, by id; none where it is not there.

        ``alone``: nothing that is read besides in this transaction has to agree with it, so it needs no snapshot but its own.

        The default asks twice; a store that can answers at once. It is what is asked when the phone rings.
        """
        rows = self.find_identifiers(ids=[id])
        return self.find_identifiers(customers=[rows[0].customer]) if rows else []

    @abstractmethod
    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """Lock these rows against writes and locks of others to the end of the transaction, and return them as they are then, by id.

        Take the locks in order of id. Missing ids are left out. A deadlock is a conflict.
        """

    def lock_more_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """Lock these rows too, in a transaction that has locked others, which may come after them in order of id.

        What ``lock_identifiers`` does, which is the default. Where somebody else holds one of them, a store may report a conflict at once in the place of
        waiting for a deadlock to be noticed.
        """
        return self.lock_identifiers(ids)

    @abstractmethod
    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """Set the derived fields of identifiers that are there, and append to the membership history; a change whose id is there is passed over."""

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
        """Return the membership history in order of id: of these identifiers, or those with ``old`` or ``new`` among ``customers``, or all.

        ``until``: with ``at`` at most that. ``after`` an id, at most ``limit``.
        """

    # -- links ----------------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """Store links; where the unique key is there, keep the row with the smaller ``(seen, evidence)``, whole."""

    @abstractmethod
    def find_links(
        self,
        ids: Sequence[bytes] | None = None,
        *,
        after: tuple[bytes, bytes, str, int, bytes] | None = None,
        limit: int | None = None,
    ) -> list[LinkRow]:
        """Return every link with an end among ``ids`` (each once), or all; ordered by (a, b, basis, assurance, ref), after such a key."""

    # -- interactions ---------------------------------------------------------------------------------------------------
    @abstractmethod
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        """Store interactions and the entries that go with them; return the ids of rows that were left out as there already.

        A row is left out, with its entries, where its (id, revision) is stored, or its (source, source_id) is (by another id, in the store or
        earlier in ``rows``). The same (id, revision) twice in ``rows`` is stored once and not reported. An entry is stored when its
        interaction is among ``rows`` and not left out; one whose unique key is there takes its place, as in ``replace_entries``, and so does the last of
        several with one key. Ids are made outside the transaction, so a
        repeat after a lost answer adds nothing. Entries of an interaction of an earlier call are not added here (``replace_entries``).
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

        All: those with ``since <= occurred_at < until``, ordered by (occurred_at, id) ascending (descending with ``newest``), strictly after the position in that
        order, at most ``limit``. By id or source: ordered by (id, revision), the other arguments are not given.
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
        """Return the entries of these identifiers, or of these interactions (one of the two is given), that every filter given lets through.

        Filters: ``role in roles``; ``assurance >= min_assurance``; ``since <= occurred_at < until``; channel, direction, kind each in the given. Without
        ``as_of`` those not removed; with it those with ``added_at <= as_of`` and not removed at or before ``as_of``. Ordered by
        (occurred_at, interaction, identifier, person, added_at), all descending when ``newest``, else ascending; strictly beyond the position
        ``after`` (of (occurred_at, interaction)) in that order; at most ``limit`` rows. Cost: with ``limit`` and no rare filter, by ``limit`` and
        the number of identifiers, never by the length of the history.
        """

    def list_history(
        self, *, identifiers: Sequence[bytes], **filters: Unpack[EntryFilters]
    ) -> tuple[list[EntryRow], list[InteractionRow]]:
        """Return what ``list_entries`` returns for the same arguments, and every revision of their interactions, each once.

        Revisions of one interaction come in their order, interactions in any. The default asks twice; a store where each question
        is a way to a server asks once.
        """
        entries = self.list_entries(identifiers=identifiers, **filters)
        ids = list(dict.fromkeys([entry.interaction for entry in entries]))
        return entries, self.find_interactions(ids=ids) if ids else []

    def list_customer_history(
        self, id: bytes, *, alone: bool = False, **filters: Unpack[EntryFilters]
    ) -> tuple[list[IdentifierRow], list[EntryRow], list[InteractionRow]]:
        """Return what ``find_customer`` returns for an identifier, and what ``list_history`` returns for all of those.

        ``alone``: as in ``find_customer``. The default asks for one after the other. It is what is asked for a page of a timeline.
        """
        members = self.find_customer(id)
        if not members:
            return [], [], []
        return members, *self.list_history(identifiers=[member.id for member in members], **filters)

    @abstractmethod
    def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
        """Mark entries as removed at ``at`` (named by their unique key; those not there or removed before are passed over) and add others.

        An added one whose unique key is there takes its place, whole; of several with one key the last is there.
        """

    # -- records --------------------------------------------------------------------------------------------------------
    @abstractmethod
    def put_records(self, rows: Sequence[RecordRow]) -> None:
        """Compare and set: store each where the version there is ``row.version`` (0: nothing there), with one more; -1 sets whatever is there.

        Raises:
            ConflictError: a version is another; ``run`` repeats the function.
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
        """Return records of a kind, ordered by key: those with these keys, or those whose key starts with ``prefix``, after a key, at most ``limit``."""

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
        """Delete rows so that nothing of them can be read back from the store. What is not there is passed over.

        ``identifiers``: the row, its entries, every link with it as an end, every change of it or with its home as ``old`` or ``new``; entries
        and links go even where the row is not there.
        ``links``, ``entries``: by their unique keys. ``interactions``: every revision and every entry. ``records``: by (kind, key).
        ``changes``: by id.
        """


class Backend(ABC):
    """One open store. Safe to use from several threads at once.

    After a fork a child neither uses nor closes what its parent opened: it opens connections of its own when it first needs them, on locks of its
    own, and a store that lies in the process is a copy that is whole.
    """

    #: What the store can do beyond the contract; the conformance kit skips what is not named, with a reason.
    #: "persistent": what was committed is there after close() and a new from_url(); "processes": several processes may have it open, forked children among them;
    #: "concurrent": transactions of several threads run side by side; "async": arun() does not occupy a thread;
    #: "timeout": run() and arun() end when ``left()`` says that the call has no time left: see ``run``.
    capabilities: ClassVar[frozenset[str]]

    @classmethod
    @abstractmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> Backend:
        """Return a backend for this URL; connect lazily or now.

        ``namespace``: a name that ``check_namespace`` lets through, on every engine the same; what it refuses is refused here. Two names are two stores that
        see nothing of each other, whatever else is alike (one may begin with the other), and none is another store again.

        Raises:
            BackendError: the URL is malformed, the driver missing, the namespace no name, or an option unknown.
        """

    @abstractmethod
    def setup(self) -> None:
        """Create the store's tables where they are missing, upgrade where older. Repeatable; several processes may call it at once.

        Raises:
            SchemaVersionError: the store was written by a newer version.
        """

    @abstractmethod
    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Call ``fn`` in a transaction, commit, and return what it returned. An error of ``fn`` rolls back and leaves as it is.

        ``fn`` touches only the transaction, so it is repeated where the engine reports a conflict or ``fn`` raises ConflictError: bounded, with growing and
        jittered pauses (see ``retrying``), then ConflictError. With ``write=False`` ``fn`` only reads, and should see one snapshot; a write or a
        lock is a BackendError then.

        ``left()`` says how many seconds the call has left, None where it may take as long as it takes. An adapter that declares "timeout" hands that down to
        all that it waits for: locks, a place in a pool, connecting, each answer. It begins nothing and commits nothing when the time is over. ``retrying`` keeps
        to it by itself, so an adapter without the ability is bounded between its tries.

        Raises:
            ConflictError: after the retries.
            TimedOutError: the time of the call is over; its outcome is "unknown" where the commit was sent and not answered, else "nothing written".
            BackendError: the store failed; nothing was written.
            OutcomeUnknownError: the connection broke during the commit, which may have happened.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections and files; repeatable."""

    def reclaim(self) -> None:
        """After an erasure has committed: have deleted data leave the store's files too, as far as the engine lets a client ask for it."""

    def joined(self, transaction: object, first: Callable[[Transaction], object]) -> Backend:
        """Return a backend whose ``run`` and ``arun`` are part of a transaction that the host of the library began, and ends.

        It runs a function once, and repeats nothing: a conflict is ConflictError at once. What a function that fails has written is undone, and
        what the host wrote is not. ``first`` is called in each transaction of the host's before anything else, and refuses it by raising. The
        default refuses: a store that is no database has none.

        Raises:
            HostTransactionError: the store cannot take part in this.
        """
        raise HostTransactionError(
            f"transaction: got {type(transaction).__name__}, accepted is none: {type(self).__name__} takes part in none"
        )

    async def arun(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """``run`` for async callers. The default gives the work to a thread and, when cancelled, lets it finish first."""
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
    """Return the seconds to wait before try number ``attempt`` (from 1): doubling from 2 ms to half a second, half of it at random."""
    return min(0.5, 0.002 * 2.0**attempt) * random.uniform(0.5, 1.0)


def retrying(
    attempt: Callable[[], T],
    conflict: Callable[[Exception], bool] = lambda error: False,
    *,
    tries: int = MAX_TRIES,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Call ``attempt`` until it neither raises ConflictError nor an error that ``conflict`` knows, at most ``tries`` times, and not beyond the time
    of the call.

    Raises:
        ConflictError: with the last conflict as its cause. TimedOutError: the same, where the time does not reach for another try.
            Anything else that ``attempt`` raised.
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
            seconds = deadlines.left()
            if seconds is not None and seconds <= pause:
                raise TimedOutError("nothing written") from error
        sleep(pause)
    raise AssertionError("unreachable")
