"""Tracker: every public call, documented once. Long: each parameter is described where it is declared.

``aio.py`` is generated from this file by ``tools/generate_aio.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from omnitrack.deadlines import Bounds, Within
from omnitrack.errors import InvalidInteractionError, TimedOutError, masked_repr
from omnitrack.foundation.arguments import microseconds
from omnitrack.foundation.calls import Progress, Run, Runtime, check_progress, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.joining import check_store, joined_context
from omnitrack.foundation.settings import current
from omnitrack.foundation.terms import StoreSettings
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identity.explain import Explanation
from omnitrack.identity.policy import Policy
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import VERBS, Named, Statement
from omnitrack.model import (
    Attachment,
    Change,
    Customer,
    FeedEntry,
    Interaction,
    LoadReport,
    Page,
    Recorded,
    Sighting,
    TimelineItem,
)
from omnitrack.model.sighting import Person
from omnitrack.pages.made import in_notebook, to_page
from omnitrack.reading.customers import candidates_of, customer_of
from omnitrack.reading.exchange import Export, checked_format, export, interactions_of
from omnitrack.reading.interactions import (
    get_interaction,
    parse_interaction_id,
    revisions_of,
    some_attributions,
    some_interactions,
    some_journeys,
)
from omnitrack.reading.query import MAX_LIMIT, Query, checked_limit, checked_place, make_query, shown_query
from omnitrack.reading.resolve import Who, get_row, meant, shown_who
from omnitrack.reading.timeline import timeline_page, unattributed_page
from omnitrack.recording import loading
from omnitrack.recording.loading import Items, make_interaction
from omnitrack.recording.revise import add_revision
from omnitrack.service import (
    briefing,
    case_document,
    case_listing,
    case_returns,
    casing,
    change_feed,
    consenting,
    exposure,
    queueing,
    subject_bundle,
)
from omnitrack.service.acting import Acting, acting_now
from omnitrack.service.brief import Brief
from omnitrack.service.case import Case, CaseKind, CaseReference, CaseState, Seriousness
from omnitrack.service.case_returns import CaseReturn
from omnitrack.service.change_feed import kept_for
from omnitrack.service.conversation import Conversation
from omnitrack.service.conversing import check_trust, conversations_page
from omnitrack.service.exposure import Exposure, ReadReceipt
from omnitrack.service.handover import Handover, hand_over
from omnitrack.service.permission import Consent, Permission
from omnitrack.service.triage import TriagePlace, TriageRules
from omnitrack.service.triage_words import WordList
from omnitrack.sources.base import Source
from omnitrack.sources.registry import open_source
from omnitrack.sources.values import zone_of
from omnitrack.statements import notes, requests, say
from omnitrack.statements.conflicts import LinkConflict, conflicts_of, conflicts_page
from omnitrack.statements.explain import explain
from omnitrack.statements.identity_log import identity_log
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.storage.registry import open_backend
from omnitrack.suggesting import likeness
from omnitrack.upkeep import configuring, removal
from omnitrack.upkeep.erase import Receipt, RetentionRule
from omnitrack.upkeep.opening import make_context, open_store
from omnitrack.upkeep.rebuild import RebuildReport, VerifyReport, verify
from omnitrack.values.arrow import Stream, arrow_stream

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from omnitrack.suggesting.search import SearchResult
    from omnitrack.suggesting.suggest import Suggestion

T = TypeVar("T")


class Timeline:
    """A customer's timeline, read page by page as it is iterated. Made by ``Tracker.timeline``."""

    def __init__(self, tracker: Tracker, who: Who, query: Query, limit: int | None = None) -> None:
        self._tracker = tracker
        self._who = who
        self._query = query
        self._limit = limit

    def __repr__(self) -> str:
        return f"<Timeline of {shown_who(self._who)}{shown_query(self._query)}>"

    def page(self, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: the ``next`` or ``previous`` of another page of this timeline; None for the first page.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
        """
        ctx = self._tracker._ctx
        named, size = meant(ctx, self._who), checked_limit(limit)
        with self._tracker._run("timeline") as run:
            page = run(lambda tx: timeline_page(tx, ctx, named, self._query, size, cursor), write=False)
            shown = [item.id for item in page.items]
            self._tracker._leave(run, "timeline", asked=named, trust=self._query.trust, interactions=shown)
        return page

    def first(self, n: int) -> list[TimelineItem]:
        """Return the first items of the timeline, in its order.

        Args:
            n: the largest number of items to return, from 0.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return self._between(0, checked_place("n", n))

    @overload
    def __getitem__(self, place: int) -> TimelineItem: ...

    @overload
    def __getitem__(self, place: slice) -> list[TimelineItem]: ...

    def __getitem__(self, place: int | slice) -> TimelineItem | list[TimelineItem]:
        """Return an item by its position, or a slice such as ``timeline[:10]``. The items before it are read too."""
        if isinstance(place, slice):
            if place.step not in (None, 1):
                raise InvalidInteractionError(f"step: got {masked_repr(place.step)}, accepted is a slice without one")
            start = 0 if place.start is None else checked_place("start", place.start)
            return self._between(start, None if place.stop is None else checked_place("stop", place.stop))
        found = self._between(checked_place("place", place), place + 1)
        if not found:
            raise IndexError(f"the timeline has no item {place}")
        return found[0]

    def to_html(
        self,
        *,
        person: str | None = None,
        company: str = "",
        zone: str | tzinfo | None = None,
        limit: int = 200,
    ) -> str:
        """Return the timeline as a self-contained web page: no script, no external resources, all text of others escaped.

        Args:
            person: the customer's name on the page; None for the name in the latest contacts, else "Customer".
            company: your own name on the page; empty for no name.
            zone: time zone of the times on the page, as an IANA name or a tzinfo; None for the zone of the tracker, else UTC.
            limit: the largest number of contacts on the page, 1 to 1,000.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        page = self.page(limit)
        return to_page(
            page.items, person, company, zone_of(zone) or self._tracker._ctx.zone, more=page.next is not None
        )

    def _repr_html_(self) -> str:
        return in_notebook(self.to_html(limit=50))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return arrow_stream(TimelineItem, self, requested_schema)

    def _between(self, start: int, stop: int | None) -> list[TimelineItem]:
        found: list[TimelineItem] = []
        seen = start if stop is not None and stop <= start else 0
        cursor: str | None = None
        while stop is None or seen < stop:
            page = self.page(MAX_LIMIT if stop is None else min(stop - seen, MAX_LIMIT), cursor)
            found += page.items[max(start - seen, 0) :]
            seen, cursor = seen + len(page), page.next
            if cursor is None:
                break
        return found

    def __iter__(self) -> Iterator[TimelineItem]:
        cursor: str | None = None
        left = self._limit
        while left is None or left > 0:
            page = self.page(100 if left is None else min(left, 100), cursor)
            yield from page
            cursor = page.next
            if cursor is None:
                return
            left = None if left is None else left - len(page)


class Changes:
    """The change feed of a store, in an order in which nothing is skipped. Made by ``Tracker.changes``."""

    def __init__(
        self, tracker: Tracker, after: str | None, consumer: str | None, limit: int | None, wait: float | None
    ) -> None:
        self._tracker = tracker
        self._after = after
        self._consumer = None if consumer is None else change_feed.check_consumer(consumer)
        self.limit = change_feed.checked_count(limit)  # the largest number of entries to iterate over; None for all
        self._wait = change_feed.checked_wait(wait)

    def __repr__(self) -> str:
        return f"<Changes{'' if self._consumer is None else f' of consumer {self._consumer}'}>"

    def page(self, limit: int = 100, cursor: str | None = None) -> Page[FeedEntry]:
        """Return the next page of entries. Its ``next`` is the cursor to continue from, even if the page is empty.

        If the feed was requested with ``wait``, this waits until there is an entry or the time is over.

        Args:
            limit: the largest number of entries to return, 1 to 1,000.
            cursor: the ``next`` of another page, or the ``cursor`` of an entry; None for the start of the feed: ``after``, or the last acknowledged entry
                of the consumer.

        Raises:
            InvalidCursorError: the cursor belongs to another feed, or the entries after it are no longer kept. InvalidPolicyError: the store keeps no feed.
        """
        size, tracker = checked_limit(limit), self._tracker
        patience = change_feed.Patience(self._wait)
        while True:
            with tracker._run_alone("changes") as run:
                ctx = tracker._ctx
                place = change_feed.place_of(ctx, cursor or self._after)
                if cursor is None and self._consumer is not None:
                    place = change_feed.place_of_consumer(run, self._consumer) or place
                found = change_feed.read_feed(run, ctx, place, size)
            if found.entries or (found.is_end and patience.is_over()):
                return Page(found.entries, next=found.next)
            cursor = found.next
            if found.is_end:
                tracker._runtime.sleep(patience.pause())

    def acknowledge(self, entry: FeedEntry | str) -> None:
        """Record in the store that the consumer has processed the feed up to and including this entry.

        Args:
            entry: an entry of this feed, or its cursor.

        Raises:
            InvalidInteractionError: the feed was requested without a consumer. InvalidCursorError: the entry belongs to another feed.
        """
        with self._tracker._run_alone("acknowledge") as run:
            cursor = entry.cursor if isinstance(entry, FeedEntry) else entry
            change_feed.acknowledge(run, self._tracker._ctx, self._consumer, cursor)

    def __iter__(self) -> Iterator[FeedEntry]:
        cursor: str | None = None
        left = self.limit
        while left is None or left > 0:
            page = self.page(100 if left is None else min(left, 100), cursor)
            if not page.items:
                return
            yield from page.items
            cursor = page.next
            left = None if left is None else left - len(page.items)


class Tracker:
    """An open store, and the policy by which its evidence is read. Returned by ``omnitrack.open``; safe to use from several threads.

    Args:
        backend: an open storage adapter.
        region: ISO 3166 alpha-2 code of the region in which national phone numbers are read, unless the interaction has its own. None for the
            store's; in a store without one a national number is kept as it came and identifies nobody.
        own: identifiers of the company, with ``*`` as a wildcard: ``"x:btcare"``, ``"email:*@bt.example"``, ``"phone:+44800*"``. They never
            identify a customer. None for the store's, an empty list in a new one.
        policy: how evidence is read; None for the store's, ``Policy()`` in a new one.
        secret: a key for the ids of identifiers, so that nobody who reads the store can look up an address by its id. It must be the same each time;
            None for ids without a key.
        rebuild: whether to bring a store with other settings to those that are given. With False such settings are refused.
        matching: whether the store keeps an index of similar people from now on, for suggestions(), search() and find_matches(). False changes nothing.
        placeholders: values that your systems write in place of a missing one, in the form of ``own``: ``"account:0815"``, ``"email:nn@*"``. They
            identify nobody, like the placeholders that every store knows. None for the store's, an empty list in a new one.
        zone: time zone of times without an offset, as an IANA name or a tzinfo; None for the store's. In a store without one such times are refused.
        timeout: time limit of each call in seconds, opening the store included; None for no limit. ``within`` overrides it for a block.
        consent_words: text messages that consist of one of these words withdraw consent (False) or give it (True); None for
            the store's, ``omnitrack.CONSENT_WORDS`` in a new one.
        reads: with ``"audit"`` reads about people leave receipts of who was shown what; see ``receipts`` and ``exposed``. None leaves none. Each process that
            opens the store sets it for itself.
        feed: whether the store keeps a change feed from now on, for ``changes``: True keeps entries for 30 days, a timedelta for that long. False changes nothing.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        region: str | None = None,
        own: Iterable[str] | None = None,
        policy: Policy | None = None,
        secret: str | bytes | None = None,
        rebuild: bool = False,
        matching: bool = False,
        placeholders: Iterable[str] | None = None,
        zone: str | tzinfo | None = None,
        timeout: float | None = None,
        consent_words: Mapping[str, bool] | None = None,
        reads: Literal["audit"] | None = None,
        feed: bool | timedelta = False,
    ) -> None:
        self._backend = backend
        self._runtime = self._wait_on(backend)
        self._ctx = make_context(own, policy, secret, region, rebuild, matching, placeholders, zone, consent_words)
        self._bounds = Bounds(timeout)
        self._audits = exposure.checked_reads(reads)
        self._asked: dict[str, Any] = {"rebuild": rebuild, "matching": matching, "feed": kept_for(feed)}
        if self._runtime.blocking:
            self._open()

    def _wait_on(self, backend: Backend) -> Runtime:
        """Return where calls wait; an AsyncTracker has another place."""
        return Runtime(backend)

    def _open(self) -> None:
        """Set the store up, and compare its settings with those that were given."""
        with self._run("open") as run:
            self._runtime.setup()
            self._ctx = open_store(run, self._ctx, **self._asked)

    @property
    def _ctx(self) -> Context:
        """The context by the settings that are in force."""
        return self._opened.latest

    @_ctx.setter
    def _ctx(self, ctx: Context) -> None:
        self._opened = ctx

    def __repr__(self) -> str:
        # Nothing of the URL, which may hold a password, and nothing of the secret.
        ctx = self._ctx
        parts = [type(self._backend).__name__]
        parts += [f"region {ctx.region}"] if ctx.region else []
        parts += [f"own list of {len(ctx.own)}"] if len(ctx.own) else []
        parts += ["keyed by a secret"] if ctx.secret else []
        return f"<Tracker on {', '.join(parts)}>"

    def _run(self, call: str = "details") -> Run:
        """Return what runs the transactions of one call, within its time: ``with self._run("record") as run``. Logs and spans have its name."""
        lazily = self._runtime.blocking and not self._runtime.joined
        return Run(self._runtime, self._bounds, self._read if lazily else None, self._ctx.known, call)

    def _run_alone(self, what: str) -> Run:
        """Return the same for a call that takes transactions of its own.

        Raises:
            HostTransactionError: the calls of this tracker are part of a transaction of the host's.
        """
        self._runtime.check_alone(what)
        return self._run(what)

    def _read(self, fn: Callable[[Transaction], T], call: str = "details") -> T:
        """Run a function that only reads in a transaction, as a call of its own."""
        with self._run(call) as run:
            return run(fn, write=False)

    def _leave(self, run: Run, call: str, **shown: Any) -> None:
        """Leave a receipt of what somebody is about to be shown, where the tracker is to."""
        if self._audits:
            exposure.leave_receipt(run, self._ctx, call, acting_now(), **shown)

    def _reclaim(self) -> None:
        """Have deleted data leave the files; what was deleted is gone from the store already."""
        try:
            self._runtime.reclaim()
        except TimedOutError as error:
            raise TimedOutError("done up to here") from error.__cause__

    def within(self, seconds: float | None) -> Within:
        """Return a context manager that limits the time of the calls in a block: ``with tracker.within(2):``, or ``async with``.

        It replaces the ``timeout`` of ``open()``, and may be longer; of nested blocks the one that ends first counts. The limit holds in tasks and threads
        (``asyncio.to_thread``) that the block starts, and covers whatever a call waits for: other writers, retries, a connection of the pool, a
        network that does not answer.

        Args:
            seconds: time from the start of the block; None for no limit.

        Raises:
            TimedOutError: raised by a call in the block that takes longer; its ``outcome`` says what is known of the write.

        >>> from omnitrack import open
        >>> with open("memory://", timeout=5) as tracker, tracker.within(0.5):
        ...     len(list(tracker.interactions()))
        0
        """
        return self._bounds.within(seconds)

    def using(self, transaction: Any) -> Tracker:
        """Return a tracker whose calls run in a transaction of yours, which you commit or roll back.

        The transaction is on the database of the store; on a server it is READ COMMITTED. Calls are not retried: on a conflict with another transaction the
        call raises ConflictError, and you roll back and repeat your transaction. A call that fails for another reason has written nothing, and you may
        go on. Calls that need several transactions are refused: load(), rebuild(), find_matches(), fit_matching(), apply_retention(), unload(), erase().

        Args:
            transaction: a ``Session`` or a ``Connection`` of SQLAlchemy; in an ``AsyncTracker`` an ``AsyncSession`` or an ``AsyncConnection``.

        Raises:
            HostTransactionError: it is not one of these, or the backend cannot join transactions. A call raises it if the transaction is on another database,
                or its isolation level does not allow writing to the store.
        """
        backend = self._backend.joined(transaction, check_store(lambda: self._ctx))
        tracker = copy(self)
        tracker._backend, tracker._runtime = backend, self._runtime.joining(backend)
        tracker._ctx = joined_context(self._ctx)
        return tracker

    def acting(self, by: str) -> Acting:
        """Return a context manager that names the user of a block, for the receipts of reads: ``with tracker.acting(by="sam")``, or ``async with``.

        It applies to tasks and threads (``asyncio.to_thread``) that are started in the block. Of nested blocks the inner one counts.

        Args:
            by: name or id of the user, up to 255 characters.

        Raises:
            InvalidInteractionError: ``by`` is empty or too long.
        """
        return Acting(exposure.checked_by(by))

    @property
    def policy(self) -> Policy:
        """The policy by which evidence is read."""
        return self._ctx.policy

    @property
    def settings(self) -> StoreSettings:
        """The settings of the store by which this tracker goes. They follow ``configure()``, whoever calls it."""
        return self._ctx.terms.shown()

    # -- recording ------------------------------------------------------------------------------------------------------
    def record(
        self,
        *,
        channel: str,
        occurred_at: datetime | str,
        direction: str | None = None,
        customer: Person | None = None,
        customers: Iterable[Person] | None = None,
        participants: Iterable[Named | Sighting] = (),
        kind: str = "message",
        ended_at: datetime | str | None = None,
        subject: str | None = None,
        body: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        reply_to: str | None = None,
        outcome: str | None = None,
        answered_by: Literal["person", "machine"] | None = None,
        disclosed: bool | None = None,
        attachments: Iterable[Attachment] = (),
        traits: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        source: str | None = None,
        source_id: str | None = None,
        region: str | None = None,
        strict: bool = False,
    ) -> Recorded:
        """Record one interaction. It is stored when this returns.

        Lengths are in Unicode characters. A value over its limit is refused, never truncated.

        Args:
            channel: name of the channel in lower case, up to 255: ``"phone"``, ``"email"``, ``"web"``, ``"letter"``, ``"chat"``, ``"x"``, ``"forum"``.
            occurred_at: when it happened. A naive time is read in the zone of the tracker, and refused if the tracker has none.
            direction: ``"inbound"``, ``"outbound"`` or ``"internal"``; None to tell it from the own identifiers, or inbound if they do not say.
            customer: the identifiers of the person it was with; being seen together links them. A plain text counts as observed; use ``verified()`` or
                ``claimed()`` for another assurance. None if nobody is known: the interaction is kept unattributed.
            customers: the identifiers of each of several people (a mail to two), at most 100, instead of ``customer``. None for one person or nobody.
            participants: identifiers in copy or mentioned, at most 1,000; never linked. Empty by default.
            kind: what it is within the channel, up to 255: ``"message"``, ``"call"``, ``"note"``, ``"comment"``, ``"visit"``.
            ended_at: when it ended, not before ``occurred_at``; None if it has no duration or the end is not known.
            subject: the subject line, up to 10,000; None for none.
            body: the text, up to 4,000,000; None for none.
            agent: name or id of the agent who handled it, up to 255; None for none.
            thread: id that groups interactions at the source, up to 998: a conversation, a mail thread, a web session; None for none.
            reply_to: ``source_id`` of the interaction that it answers; None for none.
            outcome: how it ended, up to 255: ``"answered"``, ``"missed"``, ``"done"``, ``"abandoned"``, ``"bounced"``; None if not known.
            answered_by: ``"person"`` or ``"machine"``: who dealt with it for the company; None if not known.
            disclosed: with ``answered_by="machine"``, whether the customer was told that a machine answers, as the EU AI Act (article 50) asks; None if not known.
            attachments: descriptions of attached files, at most 1,000; the files themselves are not stored. Empty by default.
            traits: facts about the person: ``name``, ``postcode``, ``birth_date``, ``company``; up to 1,000,000 as JSON. None for none.
            attributes: any other data of the source, as JSON values, up to 1,000,000; None for none.
            source: name of the system that it comes from, up to 255; with None a repeat cannot be recognised.
            source_id: its id in that system, up to 998. ``source`` and ``source_id`` are unique in the store, so a repeat adds nothing. None for none.
            region: ISO 3166 alpha-2 code of the region in which its national phone numbers are read; None for the tracker's.
            strict: with True an identifier that cannot be filed as given raises an error; with False it is left out and listed in ``rejected``.

        Returns:
            The result: the id, whether it was a duplicate, what changed. Malformed identifiers are listed in ``rejected``; the interaction is kept.

        Raises:
            InvalidInteractionError: a field is missing, malformed, or over its limit. Nothing was written.
            InvalidIdentifierError: with ``strict``, an identifier is malformed or a placeholder, or a person has too many. Nothing was written.
            ConflictError: concurrent writers kept changing the same people until the retries were used up. Nothing was written.
        """
        fields = {
            "channel": channel,
            "occurred_at": occurred_at,
            "direction": direction,
            "participants": participants,
            "kind": kind,
            "ended_at": ended_at,
            "subject": subject,
            "body": body,
            "agent": agent,
            "thread": thread,
            "reply_to": reply_to,
            "outcome": outcome,
            "answered_by": answered_by,
            "disclosed": disclosed,
            "attachments": attachments,
            "traits": traits,
            "attributes": attributes,
            "source": source,
            "source_id": source_id,
            "region": numbered_region(region),
        }
        interaction = make_interaction(customer, customers, fields)
        with self._run("record") as run:
            return loading.record(run, self._ctx, interaction, strict=strict)

    def record_many(
        self,
        interactions: Items,
        *,
        batch_size: int = 1_000,
        on_error: Literal["raise", "collect"] = "raise",
        progress: Progress | None = None,
        strict: bool = False,
    ) -> LoadReport:
        """Record many interactions, ``batch_size`` in each transaction.

        Args:
            interactions: the items of a source, or your own; read one by one, never all at once.
            batch_size: how many interactions are stored in one transaction, from 1.
            on_error: ``"raise"`` stops at the first item that is rejected (earlier batches stay stored); ``"collect"`` lists it in the report
                and goes on.
            progress: called with (items so far, None) after each batch; None for no progress reports.
            strict: with True an interaction with an identifier that cannot be filed as given is rejected; with False it is recorded without the identifier,
                which is listed in ``left_out``.

        Returns:
            The number of items that were added, duplicates, revisions and rejected.

        Raises:
            InvalidInteractionError: an item was rejected, with ``on_error="raise"``.
        """
        with self._run("record_many") as run:
            return loading.record_many(
                run,
                self._ctx,
                interactions,
                batch_size=batch_size,
                on_error=on_error,
                progress=progress,
                strict=strict,
            )

    def load(
        self,
        path_or_source: Any,
        *,
        format: str = "auto",
        on_error: Literal["raise", "collect"] = "collect",
        batch_size: int = 1_000,
        progress: Progress | None = None,
        **options: Any,
    ) -> LoadReport:
        """Load a file or folder in one of the supported formats: mbox, CDR, X API JSON, ... Loading the same again adds nothing.

        Args:
            path_or_source: a path, or a source of ``omnitrack.sources``.
            format: name of the format; ``"auto"`` detects it, and the report says how.
            on_error: ``"collect"`` lists rejected units in the report and goes on; ``"raise"`` stops at the first (earlier batches stay stored).
            batch_size: how many interactions are stored in one transaction, from 1.
            progress: called with (bytes so far, bytes in all or None) after each batch; None for no progress reports.
            options: of the source: ``zone=``, ``region=``, ``source=``, ``mapping=``, ...

        Returns:
            The number of units that were added, duplicates, revisions, rejected or passed over, with reasons.

        Raises:
            SourceFormatError: the format is not known, or the file is not in it.
            OSError: the file does not exist or cannot be opened. TypeError: the format has no such option.
        """
        self._runtime.check_alone("load")
        if isinstance(path_or_source, Source):
            source = path_or_source
        else:
            source = self._runtime.offload(lambda: open_source(path_or_source, format=format, **options))
        with self._run("load") as run:
            return loading.load(run, self._ctx, source, batch_size=batch_size, on_error=on_error, progress=progress)

    def revise(
        self,
        source: str,
        source_id: str,
        *,
        body: str | None = None,
        subject: str | None = None,
        deleted: bool = False,
        at: datetime | str | None = None,
    ) -> bool:
        """Add a revision: an edit or a deletion at the source. The latest by ``at``, the source's own time, counts; identifiers never change.

        Several edits with the same time (many sources have whole seconds) are all kept, in an order that does not depend on when they arrive; a deletion
        comes last.

        Args:
            source: name of the system that the interaction came from.
            source_id: its id in that system.
            body: the new text; None if it did not change.
            subject: the new subject; None if it did not change.
            deleted: True if it was deleted at the source.
            at: when it was edited at the source, after 1970. A naive time is read in the zone of the tracker; None for now.

        Returns:
            True if the revision is new; False if it was known, or belongs to a person who was erased.

        Raises:
            InteractionNotFoundError: no interaction has this source and source id.
        """
        with self._run("revise") as run:
            return bool(
                add_revision(run, self._ctx, source, source_id, body=body, subject=subject, deleted=deleted, at=at)
            )

    def note(
        self,
        who: Who,
        text: str,
        *,
        agent: str | None = None,
        answered_by: Literal["person", "machine"] | None = None,
    ) -> str:
        """Add an internal note to a person's timeline, or to an interaction, and return its id. A note on an interaction follows it.

        Args:
            who: an identifier (an Identifier or a text), a customer id, or an interaction id, ``int_...``.
            text: the note, up to 4,000,000 characters.
            agent: name or id of the author, up to 255 characters; None if not recorded.
            answered_by: ``"machine"`` if a machine wrote it, ``"person"`` if a person did; None if not recorded.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InteractionNotFoundError: no interaction has this id.
        """
        with self._run("note") as run:
            return notes.note(run, self._ctx, who, text, agent=agent, answered_by=answered_by)

    def attribute(
        self, interaction: str, identifier: Named, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """Attribute an interaction, and the notes on it, to an identifier instead of those that it came with. ``retract()`` undoes it.

        Args:
            interaction: its id, ``int_...``.
            identifier: the identifier to attribute it to, or a customer id. An identifier that is new becomes a customer.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            InteractionNotFoundError: no interaction has this id. CustomerNotFoundError: no customer has this id.
            InvalidIdentifierError: the identifier is malformed, one of the company's own, or a placeholder.
            InvalidInteractionError: it is a note on an interaction; attribute the parent interaction instead.
        """
        with self._run("attribute") as run:
            return requests.attribute(run, self._ctx, interaction, identifier, by=by, reason=reason)

    def unattributed(self, *, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page of the interactions that identify nobody, newest first.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: the ``next`` or ``previous`` of another page; None for the first page.

        Raises:
            InvalidCursorError: the cursor belongs to another query.
        """
        size = checked_limit(limit)
        return self._read(lambda tx: unattributed_page(tx, size, cursor), "unattributed")

    # -- reading --------------------------------------------------------------------------------------------------------
    def timeline(
        self,
        who: Who,
        *,
        channels: str | Sequence[str] | None = None,
        directions: str | Sequence[str] | None = None,
        kinds: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        text: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        source: str | None = None,
        answered_by: Literal["person", "machine"] | None = None,
        order: Literal["newest", "oldest"] = "newest",
        as_of: datetime | str | None = None,
        trust: Literal["observed", "verified"] = "observed",
        include_shared: bool = False,
        include_claimed: bool = False,
        include_participant: bool = False,
        limit: int | None = None,
    ) -> Timeline:
        """Return a customer's timeline. Nothing is read until it is iterated or paged.

        Naive times are read in the zone of the tracker. The filters ``text``, ``agent``, ``thread``, ``source`` and ``answered_by`` scan the customer's whole history.

        Args:
            who: an identifier of the customer (an Identifier or a text), a Customer, a current or former customer id, or a list of these that belong to one person.
            channels: one channel or up to 1,000; None for all.
            directions: ``"inbound"``, ``"outbound"``, ``"internal"``, or several of them; None for all.
            kinds: one kind or up to 1,000; None for all.
            since: only what happened at this time or later; None for no lower bound.
            until: only what happened before this time; None for no upper bound.
            text: only interactions with this text in the subject or body, in any case; None for all.
            agent: only interactions that this agent handled, by exact name; None for all.
            thread: only interactions of this thread; None for all.
            source: only interactions from this source; None for all.
            answered_by: only interactions that a ``"person"`` or a ``"machine"`` dealt with; None for all.
            order: ``"newest"`` or ``"oldest"`` first, by when it happened.
            as_of: the timeline as it was known at this time, by what had been recorded and who was whom; None for now.
            trust: ``"verified"`` follows verified links only, for what is shown to the customer rather than to an agent. ``"observed"`` follows every link
                that the policy merges by.
            include_shared: include interactions under shared identifiers that the customer is connected with; they are marked.
            include_claimed: include interactions whose identifiers are all claimed; they are marked.
            include_participant: include interactions in which the customer was in copy or mentioned; they are marked.
            limit: the largest number of items that iterating over it yields, from 0; None for all. ``page`` has its own limit.

        Raises:
            InvalidInteractionError: a filter has an invalid value.
        """
        query = make_query(
            zone=self._ctx.zone,
            channels=channels,
            directions=directions,
            kinds=kinds,
            since=since,
            until=until,
            text=text,
            agent=agent,
            thread=thread,
            source=source,
            answered_by=answered_by,
            order=order,
            as_of=as_of,
            trust=trust,
            include_shared=include_shared,
            include_claimed=include_claimed,
            include_participant=include_participant,
        )
        return Timeline(self, who, query, None if limit is None else checked_place("limit", limit))

    def customer(self, who: Who, *, as_of: datetime | str | None = None) -> Customer:
        """Return a customer, as known now or at a time.

        Args:
            who: an identifier of the customer (an Identifier or a text), a Customer, a current or former customer id, or a list of these that belong to one person.
            as_of: read the state as it was known at this time. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        named, at = meant(self._ctx, who), microseconds(as_of, "as_of", self._ctx.zone)
        with self._run("customer") as run:
            found = run(lambda tx: customer_of(tx, self._ctx, named, at, run.later), write=False)
            self._leave(run, "customer", asked=named, customers=[found.id])
        return found

    def candidates(self, who: Who, *, limit: int = 50) -> list[Customer]:
        """Return the possible customers behind an identifier, most likely first: one if it is certain, several for a shared identifier.

        Args:
            who: an identifier of the customer (an Identifier or a text), a Customer, a current or former customer id, or a list of these that belong to one person.
            limit: the largest number of customers to return, 1 to 1,000.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        named, size = meant(self._ctx, who), checked_limit(limit)
        with self._run("candidates") as run:
            found = run(lambda tx: candidates_of(tx, self._ctx, named, size, run.later), write=False)
            self._leave(run, "candidates", asked=named, customers=[one.id for one in found])
        return found

    def search(
        self,
        *,
        name: str | None = None,
        postcode: str | None = None,
        birth_date: str | date | None = None,
        address: str | None = None,
        city: str | None = None,
        company: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        text: str | None = None,
        limit: int = 10,
    ) -> list[SearchResult]:
        """Find people by what is known about them, best match first, each with the reasons.

        Other spellings, swapped names and typos are tolerated; values are compared as ``suggestions()`` compares two customers. The time does not grow with
        the store. Shared identifiers find nobody.

        Args:
            name: given and family name, in any order; None for any.
            postcode: of any country; None for any.
            birth_date: a date, or a text in any common form; None for any.
            address: house number and street; None for any.
            city: town or suburb; None for any.
            company: with or without its legal form; None for any.
            email: an email address, typos allowed; None for any.
            phone: a phone number, typos allowed; a national number is read in the store's region. None for any.
            text: words in the subject or body of one of their interactions, to narrow the result; None for any.
            limit: the largest number of people to return, 1 to 1,000; at most 48 are compared.

        Raises:
            InvalidInteractionError: a value cannot be read, or nothing but ``text`` is given.
            InvalidPolicyError: the store has no index for matching; open it once with ``matching=True``.
        """
        asked = {
            "name": name,
            "postcode": postcode,
            "birth_date": birth_date,
            "address": address,
            "city": city,
            "company": company,
            "email": email,
            "phone": phone,
        }
        with self._run("search") as run:
            found = likeness.search(run, self._ctx, asked, text, limit)
            self._leave(run, "search", customers=[one.customer.id for one in found])
        return found

    def interaction(self, id: str) -> Interaction:
        """Return one interaction with the people it was with.

        Args:
            id: the interaction id, ``int_...``.

        Raises:
            InteractionNotFoundError: no interaction has this id.
        """
        key = parse_interaction_id(id)
        with self._run("interaction") as run:
            found = run(lambda tx: get_interaction(tx, key), write=False)
            self._leave(run, "interaction", interactions=[id])
        return found

    def revisions(self, id: str) -> list[Interaction]:
        """Return every version of an interaction, starting with the one that was recorded.

        Args:
            id: the interaction id, ``int_...``.

        Raises:
            InteractionNotFoundError: no interaction has this id.
        """
        key = parse_interaction_id(id)
        return self._read(lambda tx: revisions_of(tx, key), "revisions")

    def interactions(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        directions: str | Sequence[str] | None = None,
        kinds: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        text: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        source: str | None = None,
        answered_by: Literal["person", "machine"] | None = None,
        order: Literal["newest", "oldest"] = "oldest",
    ) -> Stream[Interaction]:
        """Yield every interaction of the store in order of time, reading a batch at a time.

        Naive times are read in the zone of the tracker. Data frames take the result as it is, with the extra ``arrow``: ``polars.DataFrame(...)``.

        Args:
            channels: one channel or up to 1,000; None for all.
            directions: ``"inbound"``, ``"outbound"``, ``"internal"``, or several of them; None for all.
            kinds: one kind or up to 1,000; None for all.
            since: only what happened at this time or later; None for no lower bound.
            until: only what happened before this time; None for no upper bound.
            text: only interactions with this text in the subject or body, in any case; None for all.
            agent: only interactions that this agent handled, by exact name; None for all.
            thread: only interactions of this thread; None for all.
            source: only interactions from this source; None for all.
            answered_by: only interactions that a ``"person"`` or a ``"machine"`` dealt with; None for all.
            order: ``"oldest"`` or ``"newest"`` first, by when it happened.

        Raises:
            InvalidInteractionError: a filter has an invalid value.
        """
        query = make_query(
            zone=self._ctx.zone,
            channels=channels,
            directions=directions,
            kinds=kinds,
            since=since,
            until=until,
            text=text,
            agent=agent,
            thread=thread,
            source=source,
            answered_by=answered_by,
            order=order,
        )

        def items() -> Iterator[Interaction]:
            for piece in walk(lambda at: self._read(lambda tx: some_interactions(tx, query, at), "interactions")):
                yield from piece

        return Stream(Interaction, items)

    def journeys(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        source: str | None = None,
    ) -> Iterator[tuple[str, Interaction]]:
        """Yield (customer id, interaction) for the whole store in order of time, the input of ``omnitrack.insights``.

        An interaction with several customers is yielded once for each. Interactions that identify nobody, or only by a claim, are left out. Naive times
        are read in the zone of the tracker.

        Args:
            channels: one channel or up to 1,000; None for all.
            since: only what happened at this time or later; None for no lower bound.
            until: only what happened before this time; None for no upper bound.
            source: only interactions from this source; None for all.

        Raises:
            InvalidInteractionError: a filter has an invalid value.
        """
        query = make_query(
            zone=self._ctx.zone, channels=channels, since=since, until=until, source=source, order="oldest"
        )
        for piece in walk(lambda at: self._read(lambda tx: some_journeys(tx, query, at), "journeys")):
            yield from piece

    def attributions(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        source: str | None = None,
    ) -> Iterator[tuple[tuple[str, ...], Interaction]]:
        """Yield (customer ids, interaction) for the whole store in order of time, the input of ``omnitrack.insights.measure``.

        Each interaction is yielded once, with the ids of all customers on whose timelines it is: several for a mail to two, none where nobody is
        identified, or only by a claim. Naive times are read in the zone of the tracker.

        Args:
            channels: one channel or up to 1,000; None for all.
            since: only what happened at this time or later; None for no lower bound.
            until: only what happened before this time; None for no upper bound.
            source: only interactions from this source; None for all.

        Raises:
            InvalidInteractionError: a filter has an invalid value.
        """
        query = make_query(
            zone=self._ctx.zone, channels=channels, since=since, until=until, source=source, order="oldest"
        )
        for piece in walk(lambda at: self._read(lambda tx: some_attributions(tx, query, at), "attributions")):
            yield from piece

    # -- identity -------------------------------------------------------------------------------------------------------
    def link(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | str | None = None
    ) -> Statement:
        """State that two identifiers are one person's. They need not have been seen before.

        Args:
            a: an identifier (an Identifier or a text), or a customer id.
            b: another identifier of the same person.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was stated. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidIdentifierError: an identifier is malformed. CustomerNotFoundError: no customer has this id.
        """
        return self._say(Statement.link(a, b, by=by, reason=reason, at=at))

    def deny(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | str | None = None
    ) -> Statement:
        """State that two identifiers are not one person's. A denial overrides every link until it is retracted.

        Args:
            a: an identifier (an Identifier or a text), or a customer id.
            b: an identifier of somebody else.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was stated. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidIdentifierError: an identifier is malformed. CustomerNotFoundError: no customer has this id.
        """
        return self._say(Statement.deny(a, b, by=by, reason=reason, at=at))

    def mark_shared(
        self, x: Named, *, by: str | None = None, reason: str | None = None, at: datetime | str | None = None
    ) -> Statement:
        """State that several people use an identifier. It merges nobody from now on, and customers that it had merged are split.

        Args:
            x: an identifier (an Identifier or a text), or a customer id.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was stated. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidIdentifierError: the identifier is malformed. CustomerNotFoundError: no customer has this id.
        """
        return self._say(Statement.mark_shared(x, by=by, reason=reason, at=at))

    def mark_personal(
        self, x: Named, *, of: Named, by: str | None = None, reason: str | None = None, at: datetime | str | None = None
    ) -> Statement:
        """State that an identifier belongs to one person only, whatever it was seen with. From now on only statements link it.

        Args:
            x: an identifier (an Identifier or a text), or a customer id.
            of: an identifier of that person, or the customer id.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was stated. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidIdentifierError: an identifier is malformed. CustomerNotFoundError: no customer has this id.
        """
        return self._say(Statement.mark_personal(x, of=of, by=by, reason=reason, at=at))

    def reassign(self, x: Named, *, at: datetime | str, by: str | None = None, reason: str | None = None) -> Statement:
        """State that an identifier has a new holder from ``at`` on. Interactions from then on are the new holder's, whenever they arrive.

        Args:
            x: an Identifier or a text.
            at: when the new holder got it. A naive time is read in the zone of the tracker.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            InvalidIdentifierError: the identifier is malformed.
        """
        return self._say(Statement.reassign(x, at=at, by=by, reason=reason))

    def _say(self, statement: Statement) -> Statement:
        with self._run(VERBS[statement.kind]) as run:
            return requests.say(run, self._ctx, statement)

    def retract(self, statement: Statement | str, *, by: str | None = None, reason: str | None = None) -> Statement:
        """Retract a statement. The state becomes what it would be without it.

        Args:
            statement: a statement that ``link``, ``deny`` or another call returned, or its id, ``st_...``.
            by: who retracts it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            StatementNotFoundError: no statement has this id, or it was retracted before.
        """
        with self._run("retract") as run:
            return requests.retract(run, self._ctx, statement, by=by, reason=reason)

    def preview(self, statement: Statement) -> Preview:
        """Return which customers a statement would merge or split. For a statement already made, return what its retraction would do.

        Args:
            statement: a new one, such as ``Statement.link(a, b)``, or one that a call returned.
        """
        with self._run("preview") as run:
            return requests.preview(run, self._ctx, statement)

    def explain(self, a: Who, b: Who) -> Explanation:
        """Explain why two identifiers are one person's, by the path of links between them, or what keeps them apart. ``print`` shows it in words.

        Args:
            a: an identifier (an Identifier or a text), or a customer id.
            b: another identifier or customer id.

        Raises:
            CustomerNotFoundError: no customer has one of them.
        """
        one, two = meant(self._ctx, a), meant(self._ctx, b)
        return self._read(lambda tx: explain(tx, current(tx, self._ctx), one, two), "explain")

    def conflicts(self, who: Who | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[LinkConflict]:
        """Return links that would merge customers and are held back, of one customer or of the whole store.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id; None for the whole store.
            limit: the largest number of links to return, 1 to 1,000.
            cursor: the ``next`` of another page of the same call; None for the first page.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
        """
        size = checked_limit(limit)
        if who is None:
            return self._read(lambda tx: conflicts_page(tx, current(tx, self._ctx), size, cursor), "conflicts")
        named = meant(self._ctx, who)
        return self._read(lambda tx: conflicts_of(tx, current(tx, self._ctx), named, size, cursor), "conflicts")

    def suggestions(
        self, who: Who | None = None, *, limit: int = 10, cursor: str | None = None, least: float = 0.2
    ) -> Page[Suggestion]:
        """Return customers that may be the same person, most likely first, each with its reasons.

        Claims always suggest; similarity suggests in a store that was opened with ``matching=True``. Confirm a suggestion with ``link``, refuse it with ``deny``.

        Args:
            who: an identifier of the person (an Identifier or a text), or a customer id; None for the claims and the stored matches of the
                whole store.
            limit: the largest number of suggestions to return, 1 to 1,000.
            cursor: the ``next`` of another page of the same call; None for the first page.
            least: the lowest probability to return for similarity, 0 to 1.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
        """
        with self._run("suggestions") as run:
            return likeness.suggestions(run, self._ctx, who, limit, cursor, least)

    def find_matches(self, *, least: float = 0.5, progress: Progress | None = None) -> int:
        """Compare all people who may be similar and store likely matches as suggestions; return the number of new ones.

        Matches merge customers only from a probability of ``Policy.auto_match`` on, which is off by default. Stored matches are compared again: their
        probability is updated, and they are removed if it is below ``least`` and below 0.2.

        Args:
            least: the lowest probability to store, 0 to 1.
            progress: called with (blocks of the index so far, None) after each step; None for no progress reports.

        Raises:
            InvalidPolicyError: the store has no index for matching; open it once with ``matching=True``.
            OperationRunningError: another find_matches() is running, or the index for matching is being built.
        """
        with self._run_alone("find_matches") as run:
            return likeness.find_matches(run, self._ctx, least, progress)

    def fit_matching(self) -> str:
        """Estimate the matching weights from the people in the store, without labelled pairs; store them and return them as JSON.

        Raises:
            InvalidPolicyError: the store has no index for matching; open it once with ``matching=True``.
        """
        with self._run_alone("fit_matching") as run:
            return likeness.fit_matching(run, self._ctx)

    def set_matching_model(self, model: str) -> None:
        """Store matching weights that were estimated elsewhere.

        Args:
            model: the JSON that ``fit_matching`` or ``Model.to_json`` returned.
        """
        with self._run("set_matching_model") as run:
            likeness.set_model(run, model)

    def identity_log(
        self, who: Who | None = None, *, after: str | Change | None = None, limit: int = 100
    ) -> list[Change]:
        """Return the merges and splits, oldest first: when, why and by whom.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id; None for the whole store.
            after: return only what came after this change (or change id); None to start with the first.
            limit: the largest number of changes to return, 1 to 1,000.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: ``after`` is no change.
        """
        position = after.id if isinstance(after, Change) else after
        named, size = None if who is None else meant(self._ctx, who), checked_limit(limit)
        return self._read(lambda tx: identity_log(tx, self._ctx, named, position, size), "identity_log")

    def statements(self, who: Who) -> list[Statement]:
        """Return the statements about a customer's identifiers that were not retracted.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        named = meant(self._ctx, who)

        def fetch(tx: Transaction) -> list[Statement]:
            row = get_row(tx, self._ctx, named)
            return say.statements_about(tx, tx.find_identifiers(customers=[row.customer]))

        return self._read(fetch, "statements")

    # -- service --------------------------------------------------------------------------------------------------------
    def brief(
        self,
        who: Who,
        *,
        trust: Literal["observed", "verified"] = "observed",
        max_chars: int | None = None,
        timeout: float | None = None,
    ) -> Brief:
        """Return who is on the line and what matters now, in one read whose size does not depend on the length of the history.

        ``str()`` of the brief is text for an agent's screen or a language model: the most important parts are kept first, and what other people wrote is
        quoted. It never contains what ``timeline(who, trust=trust)`` leaves out.

        Args:
            who: an identifier (an Identifier or a text), or a customer id. For an identifier that was never seen the brief says so.
            trust: ``"verified"`` follows verified links only, and shows no candidates or suggestions, for what is shown to the customer rather than to an
                agent. ``"observed"`` follows every link that the policy merges by.
            max_chars: the largest number of characters of its text; None for no limit.
            timeout: seconds after which it returns what it has and names what is missing; the parts are then read one after the other. None to read
                everything in one transaction, within the time limit of the tracker.

        Raises:
            InvalidInteractionError: an argument has an invalid value.
            CustomerNotFoundError: no customer has this id.
        """
        with self._run("brief") as run:
            found = briefing.brief(run, self._ctx, who, trust=trust, max_chars=max_chars, timeout=timeout)
            if found.customer is not None:
                shown = {"customers": found.shown_customers, "interactions": found.shown_interactions}
                self._leave(run, "brief", asked=meant(self._ctx, who), trust=trust, **shown)
        return found

    def hand_over(
        self,
        interaction: str | Recorded | TimelineItem,
        *,
        to: str,
        reason: str | None = None,
        by: str | None = None,
        expires: timedelta | datetime | str | None = None,
        uses: int = 1,
        private: bool | None = None,
        address: str | None = None,
        language: str = "en",
        template: str | None = None,
    ) -> Handover:
        """Give a customer a code to go on on another channel, so that both ends are known to belong together when it comes back.

        A code comes back in the subject, the text, the attributes (keyed digits, parameters of an address of the web) of an inbound interaction that is recorded
        or loaded, on another channel or on ``to``. If it was given in private and can be used once, the address that it went to counts as verified there; in
        private for several uses, as observed; in public, as claimed, which only suggests. ``Recorded.handovers`` says what became of it. A code for one
        use is used by one interaction, however many arrive at once.

        Args:
            interaction: with which it is given: an id, what ``record()`` returned, or an item of a timeline. It has one person, or nobody known.
            to: the channel on which the customer is to go on: ``"email"``, ``"phone"``, ``"web"``.
            reason: why, for whoever takes over; None for none.
            by: who hands over; None if nobody in particular.
            expires: a time, or how long from now; at most 90 days. An interaction that happened from then on does not use the code. None for two days.
            uses: how often it can be used, 1 to 100.
            private: whether nobody but the customer can read it; None to tell by the channel and the kind of the interaction: private by email, text message and
                the like and in direct messages, public anywhere else.
            address: where to go on, for the text: a mail address, a number, a page; None for none.
            language: of the text, as an ISO 639-1 code: ``"en"``, ``"de"``, ``"es"``, ``"fr"``, ``"it"``, ``"nl"``.
            template: a text of your own with ``{code}`` or ``{digits}``, and perhaps ``{to}``, ``{address}``, ``{until}``; None for ours.

        Returns:
            The handover with its code and the text for the customer. The code is nowhere else: the store keeps a keyed digest.

        Raises:
            InteractionNotFoundError: no interaction has this id.
            InvalidInteractionError: an argument has an invalid value, the interaction is with several people, or the text does not fit the channel: a
                weight of 280 in a post on X, two segments by SMS (three by a template).
        """
        with self._run("hand_over") as run:
            return hand_over(
                run,
                self._ctx,
                interaction,
                to=to,
                reason=reason,
                by=by,
                expires=expires,
                uses=uses,
                private=private,
                address=address,
                language=language,
                template=template,
            )

    def conversations(
        self,
        who: Who,
        *,
        trust: Literal["observed", "verified"] = "observed",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Conversation]:
        """Return the conversations of a customer, the one with the latest interaction first.

        Interactions belong together if they have a thread of their source in common, if one answers the other, if a handover leads from one to the other, or if a
        case holds both. Each interaction of ``timeline(who, trust=trust)`` is in one conversation; which are together depends on no order of arrival, and
        an edit or a deletion at the source changes nothing. The time that this takes grows with the length of the history.

        Args:
            who: an identifier (an Identifier or a text), or a customer id.
            trust: ``"verified"`` follows verified links only. ``"observed"`` follows every link that the policy merges by.
            limit: the largest number of conversations to return, 1 to 1,000.
            cursor: the ``next`` of another page; None for the first page.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
            InvalidInteractionError: an argument has an invalid value.
        """
        check_trust(trust)
        ctx, named, size = self._ctx, meant(self._ctx, who), checked_limit(limit)
        with self._run("conversations") as run:
            page = run(lambda tx: conversations_page(tx, ctx, named, trust, size, cursor), write=False)
            shown = [item.id for one in page for item in one.items]
            self._leave(run, "conversations", asked=named, trust=trust, interactions=shown)
        return page

    def consent(
        self,
        who: Who,
        *,
        granted: bool,
        purpose: str | None = None,
        channel: str | None = None,
        at: datetime | str | None = None,
        source: str | None = None,
        proof: str | None = None,
        by: str | None = None,
    ) -> Consent:
        """Record that somebody gives or withdraws consent to be contacted. Consent stays with its identifier when customers merge or split.

        Of several records for an identifier the latest by its own time counts, for whatever it covers, in any order of arrival. Consent belongs to the
        holder of the identifier at that time; the next holder does not inherit it.

        Args:
            who: an identifier (an Identifier or a text), or a customer id, whose consent is kept with the identifier that gave the id. An identifier
                that is new becomes a customer.
            granted: True if they agree, False if they withdraw or refuse.
            purpose: the purpose, up to 255 characters: ``"marketing"``, ``"survey"``, ``"service"``; None for all.
            channel: the channel, up to 255 characters: ``"email"``, ``"sms"``; None for all.
            at: when they said so. A naive time is read in the zone of the tracker; None for now.
            source: the form, system or list that it comes from, up to 255 characters; None if not recorded.
            proof: evidence of it, up to 10,000 characters: the wording that they saw, the id of a recording; None for none.
            by: who recorded it, up to 255 characters; None if not recorded.

        Raises:
            InvalidInteractionError: a field is malformed. InvalidIdentifierError: the identifier is malformed.
            CustomerNotFoundError: no customer has this id.
        """
        with self._run("consent") as run:
            return consenting.say_consent(
                run,
                self._ctx,
                who,
                granted=granted,
                purpose=purpose,
                channel=channel,
                at=at,
                source=source,
                proof=proof,
                by=by,
            )

    def may_contact(
        self, who: Who, *, purpose: str, channel: str, at: datetime | str | None = None, opt_out: Iterable[str] = ()
    ) -> Permission:
        """Return whether somebody may be contacted, with the reason. The result is true or false in a condition.

        For one identifier the latest consent for this purpose and channel counts. Among the identifiers of a customer the strictest counts: one withdrawal
        is enough. Without any consent on record the answer is no.

        Args:
            who: an identifier (an Identifier or a text), or a customer id.
            purpose: the purpose, as it was recorded.
            channel: the channel, as it was recorded.
            at: read the state as it was known at this time. A naive time is read in the zone of the tracker; None for now.
            opt_out: purposes that need no consent and are allowed until somebody withdraws, such as ``["service"]``. Which these are depends on the law of
                your country. Empty by default.

        Raises:
            InvalidInteractionError: a field is malformed. InvalidIdentifierError: the identifier is malformed.
            CustomerNotFoundError: no customer has this id. For an identifier that was never seen the answer is that nothing is known.
        """
        with self._run("may_contact") as run:
            return consenting.may_contact(run, self._ctx, who, purpose=purpose, channel=channel, at=at, opt_out=opt_out)

    def consents(self, who: Who, *, as_of: datetime | str | None = None) -> list[Consent]:
        """Return every consent on record for a customer, latest first; those that were replaced are marked.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.
            as_of: read the state as it was known at this time. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        with self._run("consents") as run:
            return consenting.consents_of(run, self._ctx, who, as_of)

    def open_case(
        self,
        subject: casing.Subject,
        *,
        kind: CaseKind,
        title: str | None = None,
        seriousness: Seriousness | None = None,
        owner: str | None = None,
        references: Iterable[CaseReference | tuple[str, str]] = (),
        by: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """Open a case from interactions, or for a customer. It follows its interactions: merges and splits of customers take it along.

        An interaction that an open case of this kind holds already opens no second one: that case is returned as it is.

        Args:
            subject: an interaction or its id, ``int_...``, or several, at most 500; or an identifier of the customer or the customer id.
            kind: ``"complaint"``, ``"fault"``, ``"order"`` or ``"question"``.
            title: what it is about, up to 10,000 characters; None for none yet.
            seriousness: ``"critical"``, ``"major"`` or ``"minor"``; None while nobody has said.
            owner: who has it, up to 255 characters; None for nobody yet.
            references: what other systems call it: ``CaseReference``, or pairs of the system and its id. Empty by default.
            by: who opens it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was opened. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidInteractionError: a field is malformed. InteractionNotFoundError: an interaction is not there.
            CustomerNotFoundError: no customer has this identifier or id.
        """
        with self._run("open_case") as run:
            return casing.open_case(
                run,
                self._ctx,
                subject,
                kind=kind,
                title=title,
                seriousness=seriousness,
                owner=owner,
                references=references,  # type: ignore[arg-type]
                by=by,
                reason=reason,
                at=at,
            )

    def case(self, case: Case | str, *, as_of: datetime | str | None = None) -> Case:
        """Return a case with its history.

        Args:
            case: its id, ``cas_...``, or a Case to read again.
            as_of: read it as it was known at this time; its customers are those of now. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CaseNotFoundError: no case has this id, or it was not known then.
        """
        with self._run("case") as run:
            found = case_listing.case_as_of(run, self._ctx, case, as_of)
            self._leave(run, "case", customers=found.customers, interactions=found.interactions)
        return found

    def cases(
        self,
        who: Who | None = None,
        *,
        owner: str | None = None,
        state: CaseState | Literal["open"] | Sequence[CaseState] | None = "open",
        kind: CaseKind | Sequence[CaseKind] | None = None,
        overdue: bool = False,
        now: datetime | str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Case]:
        """Return one page of cases, the oldest first. It reads an index: the time does not grow with the store.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id; None for every customer's.
            owner: only those that this owner has; None for all.
            state: a state, several, or ``"open"`` for all that have not ended; None for all.
            kind: a kind, or several; None for all.
            overdue: only those with a promise that is due and not kept, the one that was due first first.
            now: the time by which promises are due. A naive time is read in the zone of the tracker; None for now.
            limit: the largest number of cases to return, 1 to 1,000.
            cursor: the ``next`` of another page of the same call; None for the first page.

        Raises:
            InvalidInteractionError: an argument has an invalid value. CustomerNotFoundError: no customer has this identifier or id.
            InvalidCursorError: the cursor belongs to another query.
        """
        asked = case_listing.wanted(self._ctx, who, owner, state, kind, overdue, now)
        with self._run("cases") as run:
            page = case_listing.cases_page(run, self._ctx, asked, limit, cursor)
            customers = dict.fromkeys(id for one in page for id in one.customers)
            shown = dict.fromkeys(id for one in page for id in one.interactions)
            self._leave(run, "cases", asked=asked.who, customers=list(customers), interactions=list(shown))
        return page

    def update_case(
        self,
        case: Case | str,
        *,
        state: CaseState | None = None,
        owner: str | None = None,
        seriousness: Seriousness | None = None,
        title: str | None = None,
        answer_within: timedelta | None = None,
        by: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """Change the state, owner, seriousness or title of a case, and return it as it is then.

        With a Case the change is made only if the case is still as it was read; with an id, whatever it is by now. The states are those of a trouble
        ticket of TM Forum's TMF621. A case is closed by its customer (``confirm_case``) or by silence (``close_unanswered``), never with this call.

        Args:
            case: a Case, or its id, ``cas_...``.
            state: the new state; ``"rejected"`` needs a reason. None if it stays.
            owner: the new owner, up to 255 characters; an empty text takes it from whoever has it. None if it stays.
            seriousness: ``"critical"``, ``"major"`` or ``"minor"``; None if it stays.
            title: the new title, up to 10,000 characters; None if it stays.
            answer_within: with ``"resolved"``: for how long the customer's answer is waited for; None for 14 days.
            by: who does it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was done. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CaseStateError: the case does not allow the step in its state; says which it does. CaseChangedError: it was changed since it was read; says how.
            CaseNotFoundError: no case has this id. InvalidInteractionError: a field is malformed.
        """
        with self._run("update_case") as run:
            return casing.update_case(
                run,
                self._ctx,
                case,
                state=state,
                owner=owner,
                seriousness=seriousness,
                title=title,
                answer_within=answer_within,
                by=by,
                reason=reason,
                at=at,
            )

    def add_to_case(
        self,
        case: Case | str,
        interactions: str | Interaction | TimelineItem | Iterable[str | Interaction | TimelineItem] = (),
        *,
        note: str | None = None,
        references: Iterable[CaseReference | tuple[str, str]] = (),
        by: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """File interactions with a case, or add a note or references, and return it as it is then. What it has already is not added again.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            interactions: one or several, or their ids, ``int_...``; a case holds at most 500. Empty by default.
            note: an internal note, up to 10,000 characters; None for none.
            references: what other systems call it: ``CaseReference``, or pairs of the system and its id. Empty by default.
            by: who does it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was done. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CaseChangedError: it was changed since it was read. CaseNotFoundError: no case has this id.
            InteractionNotFoundError: an interaction is not there. InvalidInteractionError: a field is malformed.
        """
        with self._run("add_to_case") as run:
            return casing.add_to_case(
                run,
                self._ctx,
                case,
                interactions=interactions,
                note=note,
                references=references,
                by=by,
                reason=reason,
                at=at,
            )

    def promise(
        self,
        case: Case | str,
        text: str,
        *,
        due: datetime | str,
        by: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """Keep what was promised to the customer, and by when; return the case as it is then.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            text: what was promised, up to 10,000 characters.
            due: by when. A naive time is read in the zone of the tracker.
            by: who promised it, up to 255 characters; None if not recorded.
            at: when it was promised; None for now.

        Raises:
            CaseStateError: the case has ended. CaseChangedError: it was changed since it was read. CaseNotFoundError: no case has this id.
            InvalidInteractionError: a field is malformed.
        """
        with self._run("promise") as run:
            return casing.promise(run, self._ctx, case, text, due=due, by=by, at=at)

    def keep_promise(
        self,
        case: Case | str,
        number: int,
        *,
        by: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """Record that a promise was kept; return the case as it is then. One that is kept after it was due counts as late.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            number: that of the promise.
            by: who kept it, up to 255 characters; None if not recorded.
            reason: how, up to 10,000 characters; None for no reason.
            at: when it was kept. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InvalidInteractionError: the case has no such promise. CaseChangedError: it was changed since it was read.
            CaseNotFoundError: no case has this id.
        """
        with self._run("keep_promise") as run:
            return casing.keep_promise(run, self._ctx, case, number, by=by, reason=reason, at=at)

    def confirm_case(
        self,
        case: Case | str,
        interaction: str | Interaction | TimelineItem,
        *,
        by: str | None = None,
        reason: str | None = None,
    ) -> Case:
        """Close a case because its customer says that it is settled; return it as it is then.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            interaction: in which they say so, or its id, ``int_...``: inbound, of a customer of the case, their last word in it, and not the one
                that opened or reopened it.
            by: who heard it, up to 255 characters; None if not recorded.
            reason: in what words, up to 10,000 characters; None for no reason.

        Raises:
            CaseStateError: the case has ended, or the interaction is no word of its customer's. CaseChangedError: it was changed since it was read.
            CaseNotFoundError: no case has this id. InteractionNotFoundError: the interaction is not there.
        """
        with self._run("confirm_case") as run:
            return casing.end_case(run, self._ctx, case, interaction, state="closed", by=by, reason=reason)

    def withdraw_case(
        self,
        case: Case | str,
        interaction: str | Interaction | TimelineItem,
        *,
        by: str | None = None,
        reason: str | None = None,
    ) -> Case:
        """Cancel a case because its customer withdraws it; return it as it is then.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            interaction: in which they do so, or its id, ``int_...``, as for ``confirm_case``.
            by: who heard it, up to 255 characters; None if not recorded.
            reason: in what words, up to 10,000 characters; None for no reason.

        Raises:
            CaseStateError: the case has ended, or the interaction is no word of its customer's. CaseChangedError: it was changed since it was read.
            CaseNotFoundError: no case has this id. InteractionNotFoundError: the interaction is not there.
        """
        with self._run("withdraw_case") as run:
            return casing.end_case(run, self._ctx, case, interaction, state="cancelled", by=by, reason=reason)

    def reopen_case(
        self,
        case: Case | str,
        interaction: str | Interaction | TimelineItem | None = None,
        *,
        by: str | None = None,
        reason: str | None = None,
        at: datetime | str | None = None,
    ) -> Case:
        """Take up again a case that is resolved or has ended; return it as it is then.

        Args:
            case: a Case, which still has to be as it was read; or its id, ``cas_...``.
            interaction: in which its customer comes back, or its id, ``int_...``; None where nobody did, which needs a reason.
            by: who does it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was done. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CaseStateError: it is being worked on, or the interaction is not of its customer. CaseChangedError: it was changed since it was read.
            CaseNotFoundError: no case has this id. InteractionNotFoundError: the interaction is not there.
        """
        with self._run("reopen_case") as run:
            return casing.reopen_case(run, self._ctx, case, interaction, by=by, reason=reason, at=at)

    def case_returns(self, interaction: str | Interaction | TimelineItem) -> list[CaseReturn]:
        """Return the cases that an inbound interaction is probably about and that do not hold it yet, the surest first.

        A customer's word in the same thread, or in reply to what a case holds, is sure. A case that is only named, or a reply from somebody else, is a suggestion.

        Args:
            interaction: one that is recorded, or its id, ``int_...``.

        Raises:
            InteractionNotFoundError: the interaction is not there.
        """
        with self._run("case_returns") as run:
            return case_returns.case_returns(run, self._ctx, interaction)

    def follow_up(
        self,
        interaction: str | Interaction | TimelineItem,
        *,
        by: str | None = None,
        at: datetime | str | None = None,
    ) -> list[Case]:
        """File an inbound interaction with the cases that it is surely about, and reopen those that have ended; return those that were changed.

        Call it for each interaction that comes in. A resolved case stays resolved, and ``answered``: somebody has to say whether that confirms it.

        Args:
            interaction: one that is recorded, or its id, ``int_...``.
            by: who or what does it, up to 255 characters; None if not recorded.
            at: when it was done. A naive time is read in the zone of the tracker; None for now.

        Raises:
            InteractionNotFoundError: the interaction is not there.
        """
        with self._run_alone("follow_up") as run:
            return case_returns.follow_up(run, self._ctx, interaction, by=by, at=at)

    def close_unanswered(self, *, now: datetime | str | None = None, by: str | None = None) -> list[Case]:
        """Close the resolved cases whose customers said nothing more in the time that was stated; return them. Run it daily.

        What a customer did say about a case since is filed with it, and the case stays resolved for somebody to read it.

        Args:
            now: the time by which answers are late. A naive time is read in the zone of the tracker; None for now.
            by: who or what does it, up to 255 characters; None if not recorded.
        """
        with self._run_alone("close_unanswered") as run:
            return case_returns.close_unanswered(run, self._ctx, now, by=by)

    def queue(
        self,
        *,
        owner: str | None = None,
        kind: CaseKind | Sequence[CaseKind] | None = None,
        words: WordList | None = None,
        rules: TriageRules | None = None,
        now: datetime | str | None = None,
        limit: int = 50,
    ) -> list[TriagePlace]:
        """Return which open cases to take first, each with a level as in a hospital, a time by which to take it, and the reasons.

        What counts is how serious a case is, broken promises, how often its customer came since on any channel, words of danger or vulnerability, reach, and how
        long they wait: see ``omnitrack.triage``. A case that waits for its customer is in no queue, unless a promise was broken.

        Args:
            owner: only cases that this owner has; None for all.
            kind: a kind, or several; None for all.
            words: your list of words; None for none.
            rules: what calls for which level; None for the defaults.
            now: the time by which promises are broken and cases overdue. A naive time is read in the zone of the tracker; None for now.
            limit: the largest number of places to return, 1 to 1,000; the oldest 10,000 open cases are looked at.

        Raises:
            InvalidInteractionError: an argument has an invalid value.
        """
        with self._run("queue") as run:
            return queueing.queue(
                run, self._ctx, owner=owner, kind=kind, words=words, rules=rules, now=now, limit=limit
            )

    def export_case(
        self,
        case: Case | str,
        *,
        format: case_document.Format = "html",
        company: str = "",
        zone: str | tzinfo | None = None,
    ) -> str:
        """Return a case as one document: who said what, when and on which channel, what was promised, and what was done.

        Args:
            case: its id, ``cas_...``, or a Case; it is read again.
            format: ``"html"`` (a page that stands by itself), ``"markdown"``, ``"json"`` (a CaseDocument), or ``"tmf621"`` (a TroubleTicket of TM Forum). What
                people wrote is escaped.
            company: how to call yourselves; empty for no name.
            zone: time zone of the clock in it, as an IANA name or a tzinfo; None for the zone of the tracker, else that of each time.

        Raises:
            CaseNotFoundError: no case has this id. InvalidInteractionError: there is no such format.
        """
        wanted = case_document.checked_format(format)
        with self._run("export_case") as run:
            found = case_document.case_document(run, self._ctx, case)
            self._leave(run, "export_case", customers=found.case.customers, interactions=found.case.interactions)
        return case_document.write(found, wanted, company, zone_of(zone) or self._ctx.zone)

    def receipts(self, who: Who) -> list[ReadReceipt]:
        """Return the receipts of reads that asked for a customer or showed interactions that are now theirs, latest first.

        Reads leave receipts if the store was opened with ``reads="audit"``.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        with self._run("receipts") as run:
            return exposure.receipts_of(run, self._ctx, who)

    def exposed(self, subject: Who | Statement) -> list[Exposure]:
        """Return who was shown interactions of the wrong person, as far as is known now, latest first.

        Call it after a denial, a retraction, a reassignment or an attribution, to find the reads that were made while two people were taken for one. It
        reads the whole history of the customers, and considers reads that left receipts.

        Args:
            subject: an identifier of a customer, or the customer id, for interactions of theirs that were shown to readers who asked for somebody else,
                and the reverse. Or a statement that ``deny``, ``retract`` or another call returned, for both customers that it is about.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. StatementNotFoundError: the statement is about somebody who was erased.
        """
        with self._run("exposed") as run:
            return exposure.exposed(run, self._ctx, subject)

    def subject_bundle(self, who: Who) -> bytes:
        """Return everything that the store holds about a person as one archive: a ZIP file of JSON lines with a manifest, a schema and a readable page.

        It contains the person's interactions, identifiers, statements, consents and receipts of reads (GDPR, articles 15 and 20). Other people's addresses
        are removed from interactions and replaced in texts. ``load_bundle`` records the archive again.

        Args:
            who: an identifier of the person (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidIdentifierError: several people share the identifier.
        """
        with self._run("subject_bundle") as run:
            bundle, shown = subject_bundle.subject_bundle(run, self._ctx, who)
            self._leave(run, "subject_bundle", asked=meant(self._ctx, who), interactions=shown)
        return bundle

    def load_bundle(self, bundle: str | Path | bytes) -> LoadReport:
        """Record the interactions and consents of a subject bundle; its identifiers become one customer. Loading it again adds no interaction.

        Args:
            bundle: an archive that ``subject_bundle`` returned, or the path of one. Its content is trusted, so load only bundles of known origin.

        Raises:
            SourceFormatError: the archive is not a bundle, or differs from its manifest. OSError: the file does not exist.
        """
        with self._run_alone("load_bundle") as run:
            return subject_bundle.load_bundle(run, self._ctx, bundle)

    def changes(
        self,
        *,
        after: str | None = None,
        consumer: str | None = None,
        limit: int | None = None,
        wait: float | None = 0,
    ) -> Changes:
        """Return the change feed of the store, in an order in which nothing is skipped, although transactions commit out of order.

        It reports interactions and revisions, statements and retractions, identifiers that moved to another customer, and erasures. Each entry is delivered
        at least once and has a stable id. Nothing is read until the feed is iterated or paged.

        Args:
            after: the ``cursor`` of an entry or the ``next`` of a page to start after; None to start at the oldest entry that is kept.
            consumer: a name under which the store keeps the position that ``acknowledge`` reported, up to 100 ASCII characters. Reading resumes there,
                and the first time after ``after``. None for a reader that keeps its cursor itself.
            limit: the largest number of entries to iterate over, from 1; None for all.
            wait: seconds to wait for a new entry before the iteration ends; None to follow the feed for ever.

        Raises:
            InvalidInteractionError: ``consumer``, ``limit`` or ``wait`` has an invalid value.
        """
        return Changes(self, after, consumer, limit, wait)

    def feed_end(self) -> str:
        """Return the cursor after the latest entry. Take it, read the whole store, then follow the feed from it: nothing is missed in between.

        Raises:
            InvalidPolicyError: the store keeps no feed; open it once with ``feed=True``.
        """
        with self._run_alone("feed_end") as run:
            return change_feed.end_of(run, self._ctx)

    def trim_feed(self, *, keep: timedelta | None = None) -> int:
        """Remove entries of the feed that are older than they are kept for, read or not; return the number of transactions whose entries were removed.

        Reading the feed does this too. If nobody reads it, call this together with the retention.

        Args:
            keep: the age after which entries are removed; None for the period that the store was opened with.

        Raises:
            InvalidPolicyError: the store keeps no feed, or ``keep`` is negative.
        """
        with self._run_alone("trim_feed") as run:
            return change_feed.trim(run, self._ctx, change_feed.checked_keep(keep))

    # -- care -----------------------------------------------------------------------------------------------------------
    def erase(
        self,
        who: Who,
        *,
        by: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        suppress: bool = True,
    ) -> Receipt:
        """Erase a person from every table and from the files of the store.

        Args:
            who: an identifier of the person (an Identifier or a text), or the customer id.
            by: who requested it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.
            dry_run: count what would be removed, and change nothing.
            suppress: leave keyed marks, so that importing the same data again does not bring the interactions back. False leaves none.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        with self._run_alone("erase") as run:
            receipt = removal.erase(run, self._ctx, who, by=by, reason=reason, dry_run=dry_run, suppress=suppress)
            if not dry_run:
                self._reclaim()
        return receipt

    def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool = False) -> Receipt:
        """Remove interactions that are past their retention period, by channel and age, and identifiers that nothing names any more.

        Args:
            rules: how long interactions of each channel are kept; channels without a rule stay.
            dry_run: count what would be removed, and change nothing.

        Raises:
            OperationRunningError: another retention or a rebuild is running.
        """
        with self._run_alone("apply_retention") as run:
            receipt = removal.apply_retention(run, self._ctx, rules, dry_run=dry_run)
            if not dry_run:
                self._reclaim()
        return receipt

    def unload(self, source: str, *, dry_run: bool = False) -> Receipt:
        """Undo the loads of a source: remove all its interactions and the links that they showed, as if it had never been loaded.

        It works batch by batch, so that others go on reading and writing. Notes on its interactions and their attributions are removed too; statements about
        identifiers stay. The source can be loaded again afterwards. If it is being loaded meanwhile, some interactions may stay; call it again then.

        Args:
            source: name of the system, as its interactions have it: the format for many formats, or the ``source=`` of the load.
            dry_run: count what would be removed, and change nothing.

        Raises:
            OperationRunningError: a rebuild, a retention or another unload is running.
        """
        with self._run_alone("unload") as run:
            return removal.unload(run, self._ctx, source, dry_run=dry_run)

    def export(self, who: Who, *, format: Literal["json", "vcon", "tmf683", "cloudevents"] = "json") -> Export:
        """Return a person's interactions in a standard format, with a report of what the format cannot hold.

        Args:
            who: an identifier of the person (an Identifier or a text), or the customer id.
            format: ``"json"`` (lines, lossless), ``"vcon"``, ``"tmf683"`` or ``"cloudevents"``.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        named, wanted = meant(self._ctx, who), checked_format(format)
        with self._run("export") as run:
            found = run(lambda tx: interactions_of(tx, self._ctx, named), write=False)
            self._leave(run, "export", asked=named, interactions=[one.id for one in found if one.id])
        return export(found, wanted)

    def verify(self) -> VerifyReport:
        """Recompute the links from the interactions and the customers from the links, for the whole store, and compare."""
        return self._read(lambda tx: verify(tx, current(tx, self._ctx)), "verify")

    def configure(
        self,
        *,
        region: str | None = None,
        zone: str | tzinfo | None = None,
        own: Iterable[str] | None = None,
        policy: Policy | None = None,
        placeholders: Iterable[str] | None = None,
        consent_words: Mapping[str, bool] | None = None,
        progress: Progress | None = None,
    ) -> RebuildReport:
        """Change the settings of the store, and recompute all customers by them. Other trackers go on working and go over to them by themselves.

        It replaces whole parts: to add a number to the own list, give ``[*tracker.settings.own, number]``. Region and zone apply to what is recorded from then
        on. The change takes effect all at once; an interrupted one has changed nothing, so run it again.

        Args:
            region: as in ``open``; None to leave it, an empty text for none.
            zone: as in ``open``; None to leave it, an empty text for none.
            own: as in ``open``; None to leave it.
            policy: as in ``open``; None to leave it.
            placeholders: as in ``open``; None to leave them.
            consent_words: as in ``open``; None to leave them.
            progress: as in ``rebuild``; None for no progress reports.

        Raises:
            InvalidIdentifierError: the region or an entry of a list is malformed. InvalidPolicyError: another part is malformed.
            OperationRunningError: a rebuild, or an operation that cannot run at the same time, is running.
        """
        check_progress(progress)
        parts = {"region": region, "zone": zone, "policy": policy, "consent_words": consent_words}
        lists = {"own": own, "placeholders": placeholders}
        held = {name: tuple(one) if isinstance(one, Iterator) else one for name, one in lists.items()}
        with self._run_alone("configure") as run:
            return configuring.configure(run, self._ctx, progress, **parts, **held)

    def rebuild(self, *, progress: Progress | None = None) -> RebuildReport:
        """Recompute all customers from the evidence, with the settings of the store.

        Others go on reading and writing with the old settings until the result takes effect, all at once. An interrupted rebuild has changed nothing; run it
        again.

        Args:
            progress: called with (identifiers so far, identifiers in all); from the start again if the computation restarts. None for no
                progress reports.

        Raises:
            OperationRunningError: another rebuild, or an operation that cannot run at the same time, is running.
        """
        check_progress(progress)
        with self._run_alone("rebuild") as run:
            return configuring.rebuild(run, self._ctx, progress)

    def close(self) -> None:
        """Release connections and files."""
        self._runtime.close()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open(
    url: str | Engine,
    *,
    region: str | None = None,
    own: Iterable[str] | None = None,
    policy: Policy | None = None,
    secret: str | bytes | None = None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] | None = None,
    timeout: float | None = None,
    zone: str | tzinfo | None = None,
    consent_words: Mapping[str, bool] | None = None,
    reads: Literal["audit"] | None = None,
    feed: bool | timedelta = False,
    **options: Any,
) -> Tracker:
    """Open a store; it is created if it does not exist.

    The store keeps region, zone, own list, policy, placeholders and consent words: a new store takes those that are given, and ``open(url)`` takes
    those of the store. ``Tracker.configure`` changes them.

    Args:
        url: ``"sqlite:///history.db"``, ``"memory://"``, ``"postgresql+psycopg://..."``, ``"mariadb+pymysql://..."``, or the URL of another
            adapter. Or a SQLAlchemy engine (``open_async`` takes an ``AsyncEngine``), whose pool is shared and which ``close`` leaves open.
        region: ISO 3166 alpha-2 code of the region in which national phone numbers are read, unless the interaction has its own. None for the
            store's; in a store without one a national number is kept as it came and identifies nobody.
        own: identifiers of the company, with ``*`` as a wildcard: ``"x:btcare"``, ``"email:*@bt.example"``, ``"phone:+44800*"``. They never
            identify a customer. None for the store's, an empty list in a new one.
        policy: how evidence is read; None for the store's, ``Policy()`` in a new one.
        secret: a key for the ids of identifiers, so that nobody who reads the store can look up an address by its id. It must be the same each time;
            None for ids without a key.
        rebuild: whether to bring a store with other settings to those that are given, as ``configure`` does; if another process is doing it, wait until
            it is done. With False such settings are refused.
        matching: whether the store keeps an index of similar people from now on, for suggestions(), search() and find_matches(). False changes nothing.
        placeholders: values that your systems write in place of a missing one, with ``*`` as a wildcard; they identify nobody. None for the store's, an
            empty list in a new one.
        timeout: time limit of each call in seconds, this one included; None for no limit. See ``Tracker.within``.
        zone: time zone of times without an offset, as an IANA name or a tzinfo; None for the store's. In a store without one such times are refused.
        consent_words: text messages that consist of one of these words withdraw consent (False) or give it (True); None for
            the store's, ``omnitrack.CONSENT_WORDS`` in a new one.
        reads: with ``"audit"`` reads about people leave receipts of who was shown what; see ``receipts`` and ``exposed``. None leaves none. Each process that
            opens the store sets it for itself.
        feed: whether the store keeps a change feed from now on, for ``changes``: True keeps entries for 30 days, a timedelta for that long. False changes nothing.
        options: options of the backend, such as ``namespace=``.

    Raises:
        UnknownBackendError: there is no adapter for this URL. SchemaVersionError: the store has another schema version.
        PolicyChangedError: the store has other settings than those given. SecretError: it was created with another secret.
    """
    backend = open_backend(url, **options)
    try:
        return Tracker(
            backend,
            region=region,
            own=own,
            policy=policy,
            secret=secret,
            rebuild=rebuild,
            matching=matching,
            placeholders=placeholders,
            timeout=timeout,
            zone=zone,
            consent_words=consent_words,
            reads=reads,
            feed=feed,
        )
    except BaseException:
        backend.close()
        raise
