"""AsyncTracker: the tracker for async callers. Long: generated from tracker.py by tools/generate_aio.py; do not edit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from omnitrack.deadlines import Within
from omnitrack.foundation.calls import Progress
from omnitrack.foundation.terms import StoreSettings
from omnitrack.greenlets import AsyncItems, Calls, DrivenTracker
from omnitrack.identity.explain import Explanation
from omnitrack.identity.policy import Policy
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import Named, Statement
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
from omnitrack.reading.exchange import Export
from omnitrack.reading.resolve import Who
from omnitrack.recording.loading import Items
from omnitrack.service import case_document, casing
from omnitrack.service.acting import Acting
from omnitrack.service.brief import Brief
from omnitrack.service.case import Case, CaseKind, CaseReference, CaseState, Seriousness
from omnitrack.service.case_returns import CaseReturn
from omnitrack.service.conversation import Conversation
from omnitrack.service.exposure import Exposure, ReadReceipt
from omnitrack.service.handover import Handover
from omnitrack.service.permission import Consent, Permission
from omnitrack.service.triage import TriagePlace, TriageRules
from omnitrack.service.triage_words import WordList
from omnitrack.statements.conflicts import LinkConflict
from omnitrack.storage.contract import Backend
from omnitrack.storage.registry import open_backend
from omnitrack.tracker import Changes, Timeline
from omnitrack.upkeep.erase import Receipt, RetentionRule
from omnitrack.upkeep.rebuild import RebuildReport, VerifyReport

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from omnitrack.suggesting.search import SearchResult
    from omnitrack.suggesting.suggest import Suggestion


class AsyncTimeline:
    """A customer's timeline, read page by page as it is iterated with ``async for``. Made by ``AsyncTracker.timeline``."""

    def __init__(self, timeline: Timeline, calls: Calls) -> None:
        self._timeline = timeline
        self._calls = calls

    def __repr__(self) -> str:
        return repr(self._timeline).replace("<", "<Async", 1)

    async def page(self, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: the ``next`` or ``previous`` of another page of this timeline; None for the first page.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
        """
        return await self._calls.call(self._timeline.page, limit, cursor)

    async def first(self, n: int) -> list[TimelineItem]:
        """Return the first items of the timeline, in its order.

        Args:
            n: the largest number of items to return, from 0.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._timeline.first, n)

    async def to_html(
        self, *, person: str | None = None, company: str = "", zone: str | tzinfo | None = None, limit: int = 200
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
        return await self._calls.call(self._timeline.to_html, person=person, company=company, zone=zone, limit=limit)

    def __aiter__(self) -> AsyncIterator[TimelineItem]:
        return self._calls.iterate(iter(self._timeline))


class AsyncChanges:
    """The change feed of a store, in an order in which nothing is skipped. Made by ``AsyncTracker.changes``."""

    def __init__(self, changes: Changes, calls: Calls) -> None:
        self._changes = changes
        self._calls = calls

    def __repr__(self) -> str:
        return repr(self._changes).replace("<", "<Async", 1)

    async def page(self, limit: int = 100, cursor: str | None = None) -> Page[FeedEntry]:
        """Return the next page of entries. Its ``next`` is the cursor to continue from, even if the page is empty.

        If the feed was requested with ``wait``, this waits until there is an entry or the time is over.

        Args:
            limit: the largest number of entries to return, 1 to 1,000.
            cursor: the ``next`` of another page, or the ``cursor`` of an entry; None for the start of the feed: ``after``, or the last acknowledged entry
                of the consumer.

        Raises:
            InvalidCursorError: the cursor belongs to another feed, or the entries after it are no longer kept. InvalidPolicyError: the store keeps no feed.
        """
        return await self._calls.call(self._changes.page, limit, cursor)

    async def acknowledge(self, entry: FeedEntry | str) -> None:
        """Record in the store that the consumer has processed the feed up to and including this entry.

        Args:
            entry: an entry of this feed, or its cursor.

        Raises:
            InvalidInteractionError: the feed was requested without a consumer. InvalidCursorError: the entry belongs to another feed.
        """
        return await self._calls.call(self._changes.acknowledge, entry)

    async def __aiter__(self) -> AsyncIterator[FeedEntry]:
        cursor: str | None = None
        left = self._changes.limit
        while left is None or left > 0:
            page = await self.page(100 if left is None else min(left, 100), cursor)
            if not page.items:
                return
            for entry in page.items:
                yield entry
            cursor = page.next
            left = None if left is None else left - len(page.items)


class AsyncTracker:
    """``Tracker`` for async callers: the same methods, awaited. Made by ``omnitrack.open_async``.

    The store is set up by the first call, or by ``async with``. Use it in one event loop.

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
        self._tracker = DrivenTracker(
            backend,
            region=region,
            own=own,
            policy=policy,
            secret=secret,
            rebuild=rebuild,
            matching=matching,
            placeholders=placeholders,
            zone=zone,
            timeout=timeout,
            consent_words=consent_words,
            reads=reads,
            feed=feed,
        )
        self._calls = Calls(self._tracker)

    def __repr__(self) -> str:
        return repr(self._tracker).replace("<", "<Async", 1)

    def within(self, seconds: float | None) -> Within:
        """Return a context manager that limits the time of the calls in a block: ``with tracker.within(2):``, or ``async with``.

        It replaces the ``timeout`` of ``open()``, and may be longer; of nested blocks the one that ends first counts. The limit holds in tasks and threads
        (``asyncio.to_thread``) that the block starts, and covers whatever a call waits for: other writers, retries, a connection of the pool, a
        network that does not answer.

        Args:
            seconds: time from the start of the block; None for no limit.

        Raises:
            TimedOutError: raised by a call in the block that takes longer; its ``outcome`` says what is known of the write.
        """
        return self._tracker.within(seconds)

    def using(self, transaction: Any) -> AsyncTracker:
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
        tracker = object.__new__(AsyncTracker)
        tracker._calls = self._calls.using(transaction)
        tracker._tracker = tracker._calls.tracker
        return tracker

    def acting(self, by: str) -> Acting:
        """Return a context manager that names the user of a block, for the receipts of reads: ``with tracker.acting(by="sam")``, or ``async with``.

        It applies to tasks and threads (``asyncio.to_thread``) that are started in the block. Of nested blocks the inner one counts.

        Args:
            by: name or id of the user, up to 255 characters.

        Raises:
            InvalidInteractionError: ``by`` is empty or too long.
        """
        return self._tracker.acting(by)

    @property
    def policy(self) -> Policy:
        """The policy by which evidence is read."""
        return self._tracker.policy

    @property
    def settings(self) -> StoreSettings:
        """The settings of the store by which this tracker goes. They follow ``configure()``, whoever calls it."""
        return self._tracker.settings

    async def record(
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
        return await self._calls.call(
            self._tracker.record,
            channel=channel,
            occurred_at=occurred_at,
            direction=direction,
            customer=customer,
            customers=customers,
            participants=participants,
            kind=kind,
            ended_at=ended_at,
            subject=subject,
            body=body,
            agent=agent,
            thread=thread,
            reply_to=reply_to,
            outcome=outcome,
            answered_by=answered_by,
            disclosed=disclosed,
            attachments=attachments,
            traits=traits,
            attributes=attributes,
            source=source,
            source_id=source_id,
            region=region,
            strict=strict,
        )

    async def record_many(
        self,
        interactions: Items | AsyncItems,
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
        return await self._calls.call(
            self._tracker.record_many,
            self._calls.iterated(interactions),
            batch_size=batch_size,
            on_error=on_error,
            progress=progress,
            strict=strict,
        )

    async def load(
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
        return await self._calls.call(
            self._tracker.load,
            path_or_source,
            format=format,
            on_error=on_error,
            batch_size=batch_size,
            progress=progress,
            **options,
        )

    async def revise(
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
        return await self._calls.call(
            self._tracker.revise, source, source_id, body=body, subject=subject, deleted=deleted, at=at
        )

    async def note(
        self, who: Who, text: str, *, agent: str | None = None, answered_by: Literal["person", "machine"] | None = None
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
        return await self._calls.call(self._tracker.note, who, text, agent=agent, answered_by=answered_by)

    async def attribute(
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
        return await self._calls.call(self._tracker.attribute, interaction, identifier, by=by, reason=reason)

    async def unattributed(self, *, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page of the interactions that identify nobody, newest first.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: the ``next`` or ``previous`` of another page; None for the first page.

        Raises:
            InvalidCursorError: the cursor belongs to another query.
        """
        return await self._calls.call(self._tracker.unattributed, limit=limit, cursor=cursor)

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
    ) -> AsyncTimeline:
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
        timeline = self._tracker.timeline(
            who,
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
            limit=limit,
        )
        return AsyncTimeline(timeline, self._calls)

    async def customer(self, who: Who, *, as_of: datetime | str | None = None) -> Customer:
        """Return a customer, as known now or at a time.

        Args:
            who: an identifier of the customer (an Identifier or a text), a Customer, a current or former customer id, or a list of these that belong to one person.
            as_of: read the state as it was known at this time. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.customer, who, as_of=as_of)

    async def candidates(self, who: Who, *, limit: int = 50) -> list[Customer]:
        """Return the possible customers behind an identifier, most likely first: one if it is certain, several for a shared identifier.

        Args:
            who: an identifier of the customer (an Identifier or a text), a Customer, a current or former customer id, or a list of these that belong to one person.
            limit: the largest number of customers to return, 1 to 1,000.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.candidates, who, limit=limit)

    async def search(
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
        return await self._calls.call(
            self._tracker.search,
            name=name,
            postcode=postcode,
            birth_date=birth_date,
            address=address,
            city=city,
            company=company,
            email=email,
            phone=phone,
            text=text,
            limit=limit,
        )

    async def interaction(self, id: str) -> Interaction:
        """Return one interaction with the people it was with.

        Args:
            id: the interaction id, ``int_...``.

        Raises:
            InteractionNotFoundError: no interaction has this id.
        """
        return await self._calls.call(self._tracker.interaction, id)

    async def revisions(self, id: str) -> list[Interaction]:
        """Return every version of an interaction, starting with the one that was recorded.

        Args:
            id: the interaction id, ``int_...``.

        Raises:
            InteractionNotFoundError: no interaction has this id.
        """
        return await self._calls.call(self._tracker.revisions, id)

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
    ) -> AsyncIterator[Interaction]:
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
        items = self._tracker.interactions(
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
        return self._calls.iterate(items)

    def journeys(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        source: str | None = None,
    ) -> AsyncIterator[tuple[str, Interaction]]:
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
        items = self._tracker.journeys(channels=channels, since=since, until=until, source=source)
        return self._calls.iterate(items)

    def attributions(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        source: str | None = None,
    ) -> AsyncIterator[tuple[tuple[str, ...], Interaction]]:
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
        items = self._tracker.attributions(channels=channels, since=since, until=until, source=source)
        return self._calls.iterate(items)

    async def link(
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
        return await self._calls.call(self._tracker.link, a, b, by=by, reason=reason, at=at)

    async def deny(
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
        return await self._calls.call(self._tracker.deny, a, b, by=by, reason=reason, at=at)

    async def mark_shared(
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
        return await self._calls.call(self._tracker.mark_shared, x, by=by, reason=reason, at=at)

    async def mark_personal(
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
        return await self._calls.call(self._tracker.mark_personal, x, of=of, by=by, reason=reason, at=at)

    async def reassign(
        self, x: Named, *, at: datetime | str, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """State that an identifier has a new holder from ``at`` on. Interactions from then on are the new holder's, whenever they arrive.

        Args:
            x: an Identifier or a text.
            at: when the new holder got it. A naive time is read in the zone of the tracker.
            by: who makes the statement, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            InvalidIdentifierError: the identifier is malformed.
        """
        return await self._calls.call(self._tracker.reassign, x, at=at, by=by, reason=reason)

    async def retract(
        self, statement: Statement | str, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """Retract a statement. The state becomes what it would be without it.

        Args:
            statement: a statement that ``link``, ``deny`` or another call returned, or its id, ``st_...``.
            by: who retracts it, up to 255 characters; None if not recorded.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            StatementNotFoundError: no statement has this id, or it was retracted before.
        """
        return await self._calls.call(self._tracker.retract, statement, by=by, reason=reason)

    async def preview(self, statement: Statement) -> Preview:
        """Return which customers a statement would merge or split. For a statement already made, return what its retraction would do.

        Args:
            statement: a new one, such as ``Statement.link(a, b)``, or one that a call returned.
        """
        return await self._calls.call(self._tracker.preview, statement)

    async def explain(self, a: Who, b: Who) -> Explanation:
        """Explain why two identifiers are one person's, by the path of links between them, or what keeps them apart. ``print`` shows it in words.

        Args:
            a: an identifier (an Identifier or a text), or a customer id.
            b: another identifier or customer id.

        Raises:
            CustomerNotFoundError: no customer has one of them.
        """
        return await self._calls.call(self._tracker.explain, a, b)

    async def conflicts(
        self, who: Who | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[LinkConflict]:
        """Return links that would merge customers and are held back, of one customer or of the whole store.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id; None for the whole store.
            limit: the largest number of links to return, 1 to 1,000.
            cursor: the ``next`` of another page of the same call; None for the first page.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidCursorError: the cursor belongs to another query.
        """
        return await self._calls.call(self._tracker.conflicts, who, limit=limit, cursor=cursor)

    async def suggestions(
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
        return await self._calls.call(self._tracker.suggestions, who, limit=limit, cursor=cursor, least=least)

    async def find_matches(self, *, least: float = 0.5, progress: Progress | None = None) -> int:
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
        return await self._calls.call(self._tracker.find_matches, least=least, progress=progress)

    async def fit_matching(self) -> str:
        """Estimate the matching weights from the people in the store, without labelled pairs; store them and return them as JSON.

        Raises:
            InvalidPolicyError: the store has no index for matching; open it once with ``matching=True``.
        """
        return await self._calls.call(self._tracker.fit_matching)

    async def set_matching_model(self, model: str) -> None:
        """Store matching weights that were estimated elsewhere.

        Args:
            model: the JSON that ``fit_matching`` or ``Model.to_json`` returned.
        """
        return await self._calls.call(self._tracker.set_matching_model, model)

    async def identity_log(
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
        return await self._calls.call(self._tracker.identity_log, who, after=after, limit=limit)

    async def statements(self, who: Who) -> list[Statement]:
        """Return the statements about a customer's identifiers that were not retracted.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.statements, who)

    async def brief(
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
        return await self._calls.call(self._tracker.brief, who, trust=trust, max_chars=max_chars, timeout=timeout)

    async def hand_over(
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
        return await self._calls.call(
            self._tracker.hand_over,
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

    async def conversations(
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
        return await self._calls.call(self._tracker.conversations, who, trust=trust, limit=limit, cursor=cursor)

    async def consent(
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
        return await self._calls.call(
            self._tracker.consent,
            who,
            granted=granted,
            purpose=purpose,
            channel=channel,
            at=at,
            source=source,
            proof=proof,
            by=by,
        )

    async def may_contact(
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
        return await self._calls.call(
            self._tracker.may_contact, who, purpose=purpose, channel=channel, at=at, opt_out=opt_out
        )

    async def consents(self, who: Who, *, as_of: datetime | str | None = None) -> list[Consent]:
        """Return every consent on record for a customer, latest first; those that were replaced are marked.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.
            as_of: read the state as it was known at this time. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.consents, who, as_of=as_of)

    async def open_case(
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
        return await self._calls.call(
            self._tracker.open_case,
            subject,
            kind=kind,
            title=title,
            seriousness=seriousness,
            owner=owner,
            references=references,
            by=by,
            reason=reason,
            at=at,
        )

    async def case(self, case: Case | str, *, as_of: datetime | str | None = None) -> Case:
        """Return a case with its history.

        Args:
            case: its id, ``cas_...``, or a Case to read again.
            as_of: read it as it was known at this time; its customers are those of now. A naive time is read in the zone of the tracker; None for now.

        Raises:
            CaseNotFoundError: no case has this id, or it was not known then.
        """
        return await self._calls.call(self._tracker.case, case, as_of=as_of)

    async def cases(
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
        return await self._calls.call(
            self._tracker.cases,
            who,
            owner=owner,
            state=state,
            kind=kind,
            overdue=overdue,
            now=now,
            limit=limit,
            cursor=cursor,
        )

    async def update_case(
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
        return await self._calls.call(
            self._tracker.update_case,
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

    async def add_to_case(
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
        return await self._calls.call(
            self._tracker.add_to_case, case, interactions, note=note, references=references, by=by, reason=reason, at=at
        )

    async def promise(
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
        return await self._calls.call(self._tracker.promise, case, text, due=due, by=by, at=at)

    async def keep_promise(
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
        return await self._calls.call(self._tracker.keep_promise, case, number, by=by, reason=reason, at=at)

    async def confirm_case(
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
        return await self._calls.call(self._tracker.confirm_case, case, interaction, by=by, reason=reason)

    async def withdraw_case(
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
        return await self._calls.call(self._tracker.withdraw_case, case, interaction, by=by, reason=reason)

    async def reopen_case(
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
        return await self._calls.call(self._tracker.reopen_case, case, interaction, by=by, reason=reason, at=at)

    async def case_returns(self, interaction: str | Interaction | TimelineItem) -> list[CaseReturn]:
        """Return the cases that an inbound interaction is probably about and that do not hold it yet, the surest first.

        A customer's word in the same thread, or in reply to what a case holds, is sure. A case that is only named, or a reply from somebody else, is a suggestion.

        Args:
            interaction: one that is recorded, or its id, ``int_...``.

        Raises:
            InteractionNotFoundError: the interaction is not there.
        """
        return await self._calls.call(self._tracker.case_returns, interaction)

    async def follow_up(
        self, interaction: str | Interaction | TimelineItem, *, by: str | None = None, at: datetime | str | None = None
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
        return await self._calls.call(self._tracker.follow_up, interaction, by=by, at=at)

    async def close_unanswered(self, *, now: datetime | str | None = None, by: str | None = None) -> list[Case]:
        """Close the resolved cases whose customers said nothing more in the time that was stated; return them. Run it daily.

        What a customer did say about a case since is filed with it, and the case stays resolved for somebody to read it.

        Args:
            now: the time by which answers are late. A naive time is read in the zone of the tracker; None for now.
            by: who or what does it, up to 255 characters; None if not recorded.
        """
        return await self._calls.call(self._tracker.close_unanswered, now=now, by=by)

    async def queue(
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
        return await self._calls.call(
            self._tracker.queue, owner=owner, kind=kind, words=words, rules=rules, now=now, limit=limit
        )

    async def export_case(
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
        return await self._calls.call(self._tracker.export_case, case, format=format, company=company, zone=zone)

    async def receipts(self, who: Who) -> list[ReadReceipt]:
        """Return the receipts of reads that asked for a customer or showed interactions that are now theirs, latest first.

        Reads leave receipts if the store was opened with ``reads="audit"``.

        Args:
            who: an identifier of the customer (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.receipts, who)

    async def exposed(self, subject: Who | Statement) -> list[Exposure]:
        """Return who was shown interactions of the wrong person, as far as is known now, latest first.

        Call it after a denial, a retraction, a reassignment or an attribution, to find the reads that were made while two people were taken for one. It
        reads the whole history of the customers, and considers reads that left receipts.

        Args:
            subject: an identifier of a customer, or the customer id, for interactions of theirs that were shown to readers who asked for somebody else,
                and the reverse. Or a statement that ``deny``, ``retract`` or another call returned, for both customers that it is about.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. StatementNotFoundError: the statement is about somebody who was erased.
        """
        return await self._calls.call(self._tracker.exposed, subject)

    async def subject_bundle(self, who: Who) -> bytes:
        """Return everything that the store holds about a person as one archive: a ZIP file of JSON lines with a manifest, a schema and a readable page.

        It contains the person's interactions, identifiers, statements, consents and receipts of reads (GDPR, articles 15 and 20). Other people's addresses
        are removed from interactions and replaced in texts. ``load_bundle`` records the archive again.

        Args:
            who: an identifier of the person (an Identifier or a text), or the customer id.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id. InvalidIdentifierError: several people share the identifier.
        """
        return await self._calls.call(self._tracker.subject_bundle, who)

    async def load_bundle(self, bundle: str | Path | bytes) -> LoadReport:
        """Record the interactions and consents of a subject bundle; its identifiers become one customer. Loading it again adds no interaction.

        Args:
            bundle: an archive that ``subject_bundle`` returned, or the path of one. Its content is trusted, so load only bundles of known origin.

        Raises:
            SourceFormatError: the archive is not a bundle, or differs from its manifest. OSError: the file does not exist.
        """
        return await self._calls.call(self._tracker.load_bundle, bundle)

    def changes(
        self, *, after: str | None = None, consumer: str | None = None, limit: int | None = None, wait: float | None = 0
    ) -> AsyncChanges:
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
        changes = self._tracker.changes(after=after, consumer=consumer, limit=limit, wait=wait)
        return AsyncChanges(changes, self._calls)

    async def feed_end(self) -> str:
        """Return the cursor after the latest entry. Take it, read the whole store, then follow the feed from it: nothing is missed in between.

        Raises:
            InvalidPolicyError: the store keeps no feed; open it once with ``feed=True``.
        """
        return await self._calls.call(self._tracker.feed_end)

    async def trim_feed(self, *, keep: timedelta | None = None) -> int:
        """Remove entries of the feed that are older than they are kept for, read or not; return the number of transactions whose entries were removed.

        Reading the feed does this too. If nobody reads it, call this together with the retention.

        Args:
            keep: the age after which entries are removed; None for the period that the store was opened with.

        Raises:
            InvalidPolicyError: the store keeps no feed, or ``keep`` is negative.
        """
        return await self._calls.call(self._tracker.trim_feed, keep=keep)

    async def erase(
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
        return await self._calls.call(
            self._tracker.erase, who, by=by, reason=reason, dry_run=dry_run, suppress=suppress
        )

    async def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool = False) -> Receipt:
        """Remove interactions that are past their retention period, by channel and age, and identifiers that nothing names any more.

        Args:
            rules: how long interactions of each channel are kept; channels without a rule stay.
            dry_run: count what would be removed, and change nothing.

        Raises:
            OperationRunningError: another retention or a rebuild is running.
        """
        return await self._calls.call(self._tracker.apply_retention, rules, dry_run=dry_run)

    async def unload(self, source: str, *, dry_run: bool = False) -> Receipt:
        """Undo the loads of a source: remove all its interactions and the links that they showed, as if it had never been loaded.

        It works batch by batch, so that others go on reading and writing. Notes on its interactions and their attributions are removed too; statements about
        identifiers stay. The source can be loaded again afterwards. If it is being loaded meanwhile, some interactions may stay; call it again then.

        Args:
            source: name of the system, as its interactions have it: the format for many formats, or the ``source=`` of the load.
            dry_run: count what would be removed, and change nothing.

        Raises:
            OperationRunningError: a rebuild, a retention or another unload is running.
        """
        return await self._calls.call(self._tracker.unload, source, dry_run=dry_run)

    async def export(self, who: Who, *, format: Literal["json", "vcon", "tmf683", "cloudevents"] = "json") -> Export:
        """Return a person's interactions in a standard format, with a report of what the format cannot hold.

        Args:
            who: an identifier of the person (an Identifier or a text), or the customer id.
            format: ``"json"`` (lines, lossless), ``"vcon"``, ``"tmf683"`` or ``"cloudevents"``.

        Raises:
            CustomerNotFoundError: no customer has this identifier or id.
        """
        return await self._calls.call(self._tracker.export, who, format=format)

    async def verify(self) -> VerifyReport:
        """Recompute the links from the interactions and the customers from the links, for the whole store, and compare."""
        return await self._calls.call(self._tracker.verify)

    async def configure(
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
        return await self._calls.call(
            self._tracker.configure,
            region=region,
            zone=zone,
            own=own,
            policy=policy,
            placeholders=placeholders,
            consent_words=consent_words,
            progress=progress,
        )

    async def rebuild(self, *, progress: Progress | None = None) -> RebuildReport:
        """Recompute all customers from the evidence, with the settings of the store.

        Others go on reading and writing with the old settings until the result takes effect, all at once. An interrupted rebuild has changed nothing; run it
        again.

        Args:
            progress: called with (identifiers so far, identifiers in all); from the start again if the computation restarts. None for no
                progress reports.

        Raises:
            OperationRunningError: another rebuild, or an operation that cannot run at the same time, is running.
        """
        return await self._calls.call(self._tracker.rebuild, progress=progress)

    async def close(self) -> None:
        """Release connections and files."""
        await self._calls.close()

    async def __aenter__(self) -> AsyncTracker:
        await self._calls.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.close()


def open_async(
    url: str | Engine | AsyncEngine,
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
) -> AsyncTracker:
    """Open a store; it is created if it does not exist. It is opened by ``async with``, or by the first call.

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
    return AsyncTracker(
        open_backend(url, **options),
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
