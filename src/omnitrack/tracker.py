"""Tracker: every public call, documented once. Long: each parameter is described where it is declared.

``aio.py`` is generated from this file by ``tools/generate_aio.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date, datetime, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from omnitrack.deadlines import Bounds, Within
from omnitrack.errors import TimedOutError
from omnitrack.foundation import lease
from omnitrack.foundation.arguments import microseconds
from omnitrack.foundation.calls import Progress, Run, Runtime, check_progress, walk
from omnitrack.foundation.joining import check_store, joined_context
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identity.explain import Explanation
from omnitrack.identity.policy import Policy
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import Named, Statement
from omnitrack.model import (
    Attachment,
    Change,
    Customer,
    Interaction,
    LoadReport,
    Page,
    Recorded,
    Sighting,
    TimelineItem,
)
from omnitrack.reading.customers import candidates_of, customer_of
from omnitrack.reading.exchange import Export, checked_format, export, interactions_of
from omnitrack.reading.interactions import (
    get_interaction,
    parse_interaction_id,
    revisions_of,
    some_interactions,
    some_journeys,
)
from omnitrack.reading.query import Query, checked_limit, make_query, shown_query
from omnitrack.reading.resolve import Who, get_row, meant, shown_who
from omnitrack.reading.timeline import timeline_page, unattributed_page
from omnitrack.recording import loading
from omnitrack.recording.loading import Items, Person, make_interaction
from omnitrack.recording.revise import add_revision
from omnitrack.service import briefing, consenting, exposure
from omnitrack.service.acting import Acting, acting_now
from omnitrack.service.brief import Brief
from omnitrack.service.exposure import Exposure, ReadReceipt
from omnitrack.service.permission import Consent, Permission
from omnitrack.sources.base import Source
from omnitrack.sources.registry import open_source
from omnitrack.statements import notes, requests, say
from omnitrack.statements.conflicts import LinkConflict, conflicts_of, conflicts_page
from omnitrack.statements.explain import explain
from omnitrack.statements.identity_log import identity_log
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.storage.registry import open_backend
from omnitrack.suggesting import likeness
from omnitrack.upkeep import removal, takeover
from omnitrack.upkeep.erase import Receipt, RetentionRule
from omnitrack.upkeep.opening import make_context, open_store
from omnitrack.upkeep.rebuild import RebuildReport, VerifyReport, verify

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from omnitrack.suggesting.search import SearchResult
    from omnitrack.suggesting.suggest import Suggestion

T = TypeVar("T")


class Timeline:
    """A customer's timeline, read page by page as it is iterated. Made by ``Tracker.timeline``."""

    def __init__(self, tracker: Tracker, who: Who, query: Query) -> None:
        self._tracker = tracker
        self._who = who
        self._query = query

    def __repr__(self) -> str:
        return f"<Timeline of {shown_who(self._who)}{shown_query(self._query)}>"

    def page(self, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: ``next`` or ``previous`` of another page of the same timeline; None for the first page.

        Raises:
            CustomerNotFoundError: nobody is known by this. InvalidCursorError: the cursor is of another query.
        """
        ctx = self._tracker._ctx
        named, size = meant(ctx, self._who), checked_limit(limit)
        with self._tracker._run() as run:
            page = run(lambda tx: timeline_page(tx, ctx, named, self._query, size, cursor), write=False)
            shown = [item.id for item in page.items]
            self._tracker._leave(run, "timeline", asked=named, trust=self._query.trust, interactions=shown)
        return page

    def __iter__(self) -> Iterator[TimelineItem]:
        cursor: str | None = None
        while True:
            page = self.page(100, cursor)
            yield from page
            cursor = page.next
            if cursor is None:
                return


class Tracker:
    """One open store and the policy that it is read by. Made by ``omnitrack.open``; safe to use from several threads.

    Args:
        backend: an open storage adapter.
        region: ISO 3166 alpha-2 code of the region in which national phone numbers are read, where the interaction names none. With None such a
            number is kept as it came, and identifies nobody.
        own: identifiers of the company, with ``*`` as a wildcard: ``"x:btcare"``, ``"email:*@bt.example"``, ``"phone:+44800*"``. They never
            identify a customer. Empty by default.
        policy: how evidence is read; None for the default ``Policy()``.
        secret: a key for the ids of identifiers, so that nobody who reads the store can look up an address by its id. The same one each time; None for
            ids without a key.
        rebuild: bring a store that was built with other settings to these. False refuses such a store.
        matching: have the store keep an index of likeness from now on, for suggestions() and find_matches(). False leaves it as it is.
        placeholders: what your systems write where there is no value, in the form of ``own``: ``"account:0815"``, ``"email:nn@*"``. It identifies
            nobody, as the values of the list that every store has. Empty by default.
        zone: time zone in which times without an offset are read, as an IANA name or a tzinfo; with None such a time is refused.
        timeout: seconds that each call may take, opening the store included; None for no bound. ``within`` says otherwise for the calls of a block.
        consent_words: words that are a whole text message and say that somebody wants no more (False) or goes on (True), in the place of
            ``omnitrack.CONSENT_WORDS``; None for these.
        reads: ``"audit"`` has reads of people leave receipts: who was shown what, see ``receipts`` and ``exposed``. None leaves none. Each process that
            opens the store says it for itself.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        region: str | None = None,
        own: Iterable[str] = (),
        policy: Policy | None = None,
        secret: str | bytes | None = None,
        rebuild: bool = False,
        matching: bool = False,
        placeholders: Iterable[str] = (),
        zone: str | tzinfo | None = None,
        timeout: float | None = None,
        consent_words: Mapping[str, bool] | None = None,
        reads: Literal["audit"] | None = None,
    ) -> None:
        self._backend = backend
        self._runtime = self._wait_on(backend)
        self._ctx = make_context(own, policy, secret, region, rebuild, matching, placeholders, zone, consent_words)
        self._bounds = Bounds(timeout)
        self._audits = exposure.checked_reads(reads)
        self._asked = {"rebuild": rebuild, "matching": matching}
        if self._runtime.blocking:
            self._open()

    def _wait_on(self, backend: Backend) -> Runtime:
        """Return where calls wait; an AsyncTracker has another place."""
        return Runtime(backend)

    def _open(self) -> None:
        """Set the store up, and compare its settings with those that were given."""
        with self._run() as run:
            self._runtime.setup()
            self._ctx = open_store(run, self._ctx, **self._asked)

    def __repr__(self) -> str:
        # Nothing of the URL, which may hold a password, and nothing of the secret.
        ctx = self._ctx
        parts = [type(self._backend).__name__]
        parts += [f"region {ctx.region}"] if ctx.region else []
        parts += [f"own list of {len(ctx.own)}"] if len(ctx.own) else []
        parts += ["keyed by a secret"] if ctx.secret else []
        return f"<Tracker on {', '.join(parts)}>"

    def _run(self) -> Run:
        """Return what runs the transactions of one call, within its time: ``with self._run() as run``."""
        lazily = self._runtime.blocking and not self._runtime.joined
        return Run(self._runtime, self._bounds, self._read if lazily else None)

    def _run_alone(self, what: str) -> Run:
        """Return the same for a call that takes transactions of its own.

        Raises:
            HostTransactionError: the calls of this tracker are part of a transaction of the host's.
        """
        self._runtime.check_alone(what)
        return self._run()

    def _read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function that only reads in a transaction, as a call of its own."""
        with self._run() as run:
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
        """Return what bounds each call of this tracker in a block: ``with tracker.within(2):``, or ``async with``.

        It takes the place of ``timeout`` of ``open()``, also to give more time; of blocks in each other the nearer end counts. It holds for the tasks and threads
        (``asyncio.to_thread``) that are started in the block, and over everything that a call waits for: other writers, retries, a connection of
        the pool, a network that says nothing.

        Args:
            seconds: from the beginning of the block; None for no bound.

        Raises:
            TimedOutError: raised by a call in the block that has not ended by then; its ``outcome`` says what is known.

        >>> from omnitrack import open
        >>> with open("memory://", timeout=5) as tracker, tracker.within(0.5):
        ...     len(list(tracker.interactions()))
        0
        """
        return self._bounds.within(seconds)

    def using(self, transaction: Any) -> Tracker:
        """Return a tracker whose calls are part of a transaction of yours, which you commit or roll back.

        It is on the same database as the store, READ COMMITTED on a server. Nothing is repeated in it: where another transaction is in the way, the call
        raises ConflictError, and you roll back and repeat yours. A call that fails for another reason has written nothing, and you may go on. What takes several transactions is refused: load(),
        rebuild(), find_matches(), fit_matching(), apply_retention(), unload(), erase().

        Args:
            transaction: a ``Session`` or a ``Connection`` of SQLAlchemy; in an ``AsyncTracker`` an ``AsyncSession`` or an ``AsyncConnection``.

        Raises:
            HostTransactionError: it is something else, or the store takes part in none. Raised by a call: it is of another database, or of an isolation
                level at which it cannot write to the store.
        """
        backend = self._backend.joined(transaction, check_store(lambda: self._ctx))
        tracker = copy(self)
        tracker._backend, tracker._runtime = backend, self._runtime.joining(backend)
        tracker._ctx = joined_context(self._ctx)
        return tracker

    def acting(self, by: str) -> Acting:
        """Return what says who makes the calls of a block, for the receipts of reads: ``with tracker.acting(by="sam")``, or ``async with``.

        It holds for the tasks and threads (``asyncio.to_thread``) that are started in the block; of blocks in each other the inner one counts.

        Args:
            by: name or id of whoever acts, up to 255 characters.

        Raises:
            InvalidInteractionError: it is no such text.
        """
        return Acting(exposure.checked_by(by))

    @property
    def policy(self) -> Policy:
        """The policy that evidence is read by."""
        return self._ctx.policy

    # -- recording ------------------------------------------------------------------------------------------------------
    def record(
        self,
        *,
        channel: str,
        occurred_at: datetime,
        direction: str | None = None,
        customer: Person | None = None,
        customers: Iterable[Person] | None = None,
        participants: Iterable[Named | Sighting] = (),
        kind: str = "message",
        ended_at: datetime | None = None,
        subject: str | None = None,
        body: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        reply_to: str | None = None,
        outcome: str | None = None,
        attachments: Iterable[Attachment] = (),
        traits: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        source: str | None = None,
        source_id: str | None = None,
        region: str | None = None,
    ) -> Recorded:
        """Record one interaction. When this returns, it is stored.

        Lengths are in characters of Unicode. What is beyond a limit is refused, never cut.

        Args:
            channel: name of the channel in lower case, up to 255: ``"phone"``, ``"email"``, ``"web"``, ``"letter"``, ``"chat"``, ``"x"``, ``"forum"``.
            occurred_at: when it happened; a naive time is read in the zone of the tracker, and refused where it has none.
            direction: ``"inbound"``, ``"outbound"`` or ``"internal"``; None asks the own list, and is inbound where that does not know.
            customer: the identifiers of the one person it was with. They are seen together, and link. A text is observed; ``verified()`` and ``claimed()``
                say otherwise. None where nobody is known: the interaction is kept unattributed.
            customers: the identifiers of each of several people (a mail to two), at most 100, in the place of ``customer``; None for one person or none.
            participants: identifiers in copy or mentioned, at most 1,000; never linked. Empty by default.
            kind: what it is within the channel, up to 255: ``"message"``, ``"call"``, ``"note"``, ``"comment"``, ``"visit"``.
            ended_at: when it ended, not before ``occurred_at``; None where it did not last, or where that is not known.
            subject: the subject line, up to 10,000; None for none.
            body: the text, up to 4,000,000; None for none.
            agent: name or id of the agent who handled it, up to 255; None for none.
            thread: what belongs together at the source, up to 998: a conversation id, a mail thread, a web session; None for none.
            reply_to: ``source_id`` of the interaction that it answers; None for none.
            outcome: how it ended, up to 255: ``"answered"``, ``"missed"``, ``"done"``, ``"abandoned"``, ``"bounced"``; None where that is not known.
            attachments: what was attached, at most 1,000; names and sizes, not the files. Empty by default.
            traits: what it says of the person: ``name``, ``postcode``, ``birth_date``, ``company``; up to 1,000,000 as JSON. None for nothing.
            attributes: anything else that the source knows, as JSON values, up to 1,000,000; None for nothing.
            source: name of the system it comes from, up to 255; None where it comes from none, and a repeat cannot be recognised.
            source_id: its id in that system, up to 998. With ``source`` it is unique in the store, so that a repeat adds nothing. None for none.
            region: ISO 3166 alpha-2 code of the region in which its national phone numbers are read; None for the tracker's.

        Returns:
            What became of it. Identifiers that are not well-formed are in ``rejected``; the interaction is kept.

        Raises:
            InvalidInteractionError: a field is missing, malformed, or over its limit. Nothing was written.
            ConflictError: other writers changed the same people, and the retries did not get through. Nothing was written.
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
            "attachments": attachments,
            "traits": traits,
            "attributes": attributes,
            "source": source,
            "source_id": source_id,
            "region": numbered_region(region),
        }
        interaction = make_interaction(customer, customers, fields)
        with self._run() as run:
            return loading.record(run, self._ctx, interaction)

    def record_many(
        self,
        interactions: Items,
        *,
        batch_size: int = 1_000,
        on_error: Literal["raise", "collect"] = "raise",
        progress: Progress | None = None,
    ) -> LoadReport:
        """Record many interactions, ``batch_size`` in a transaction.

        Args:
            interactions: what a source yields, or made by hand; read one by one, never all at once.
            batch_size: how many interactions are stored in one transaction, from 1.
            on_error: ``"raise"`` stops at the first item that cannot be taken (what was stored before stays); ``"collect"`` goes on and
                lists it in the report.
            progress: called with (items so far, None) after each batch; None for no calls.

        Returns:
            What became of each item, counted.

        Raises:
            InvalidInteractionError: an item cannot be taken, with ``on_error="raise"``.
        """
        with self._run() as run:
            return loading.record_many(
                run, self._ctx, interactions, batch_size=batch_size, on_error=on_error, progress=progress
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
        """Load a file or folder of a real format: mbox, CDR, X API JSON, ... A second load of the same adds nothing.

        Args:
            path_or_source: a path, or a source of ``omnitrack.sources``.
            format: name of the format; ``"auto"`` finds it, and the report says how it knew.
            on_error: ``"collect"`` lists in the report what cannot be taken, and goes on; ``"raise"`` stops at the first (what was stored before stays).
            batch_size: how many interactions are stored in one transaction, from 1.
            progress: called with (bytes so far, bytes in all or None) after each batch; None for no calls.
            options: of the source: ``zone=``, ``region=``, ``source=``, ``mapping=``, ...

        Returns:
            What became of each unit of the input, counted.

        Raises:
            SourceFormatError: no source reads this, or not as this format.
            OSError: there is no such file, or it cannot be opened. TypeError: an option that no source takes.
        """
        self._runtime.check_alone("load")
        if isinstance(path_or_source, Source):
            source = path_or_source
        else:
            source = self._runtime.offload(lambda: open_source(path_or_source, format=format, **options))
        with self._run() as run:
            return loading.load(run, self._ctx, source, batch_size=batch_size, on_error=on_error, progress=progress)

    def revise(
        self,
        source: str,
        source_id: str,
        *,
        body: str | None = None,
        subject: str | None = None,
        deleted: bool = False,
        at: datetime | None = None,
    ) -> bool:
        """Add an edit or a delete at the source; the latest by ``at``, the source's own time, counts. Identifiers never change.

        Several edits of one time (many sources tell it in seconds) are all kept, a delete last, the others by what they say: the order
        in which they arrive decides nothing.

        Args:
            source: name of the system that the interaction came from.
            source_id: its id in that system.
            body: the text from then on; None leaves it as it was.
            subject: the subject from then on; None leaves it as it was.
            deleted: True where the source deleted it.
            at: when it was edited at the source, after 1970; a naive time is read in the zone of the tracker. None for now.

        Returns:
            Whether it was not there yet. One of somebody who was erased stays out.

        Raises:
            InteractionNotFoundError: there is no interaction of this source and source id.
        """
        with self._run() as run:
            return bool(
                add_revision(run, self._ctx, source, source_id, body=body, subject=subject, deleted=deleted, at=at)
            )

    def note(self, who: Who, text: str, *, agent: str | None = None) -> str:
        """File an internal note on a person's timeline, or, given an interaction id, beside that interaction; return its id.

        Args:
            who: any identifier, as an Identifier or a text, a customer id, or the id of an interaction, ``int_...``.
            text: of the note, up to 4,000,000 characters.
            agent: name or id of whoever wrote it, up to 255 characters; None where that is not to be kept.

        Raises:
            CustomerNotFoundError: nobody is known by this. InteractionNotFoundError: there is no interaction with this id.
        """
        with self._run() as run:
            return notes.note(run, self._ctx, who, text, agent=agent)

    def attribute(
        self, interaction: str, identifier: Named, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """Say whose an interaction is: it is filed under this identifier instead, and so are the notes beside it. ``retract()`` takes it back.

        Args:
            interaction: id of one, ``int_...``.
            identifier: whose it is, or a customer id; an identifier that nobody was seen with yet becomes a customer.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            InteractionNotFoundError: there is none with this id.
            InvalidIdentifierError: the identifier is not well-formed. CustomerNotFoundError: there is no such customer.
            InvalidInteractionError: it is a note beside an interaction; attribute that interaction instead.
        """
        with self._run() as run:
            return requests.attribute(run, self._ctx, interaction, identifier, by=by, reason=reason)

    def unattributed(self, *, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return interactions with nobody identified, newest first.

        Args:
            limit: the largest number of items to return, 1 to 1,000.
            cursor: ``next`` or ``previous`` of another page; None for the first page.

        Raises:
            InvalidCursorError: the cursor is of another query.
        """
        size = checked_limit(limit)
        return self._read(lambda tx: unattributed_page(tx, size, cursor))

    # -- reading --------------------------------------------------------------------------------------------------------
    def timeline(
        self,
        who: Who,
        *,
        channels: str | Sequence[str] | None = None,
        directions: str | Sequence[str] | None = None,
        kinds: str | Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        source: str | None = None,
        order: Literal["newest", "oldest"] = "newest",
        as_of: datetime | None = None,
        trust: Literal["observed", "verified"] = "observed",
        include_shared: bool = False,
        include_claimed: bool = False,
        include_participant: bool = False,
    ) -> Timeline:
        """Return the timeline of whoever is meant; nothing is read before it is iterated or paged.

        Naive times are read in the zone of the tracker. The filters ``text``, ``agent``, ``thread`` and ``source`` scan this one history.

        Args:
            who: any identifier, as an Identifier or a text, or a customer id, old or new.
            channels: only these channels, one name or up to 1,000; None for all.
            directions: only these of ``"inbound"``, ``"outbound"`` and ``"internal"``; None for all.
            kinds: only these kinds, one name or up to 1,000; None for all.
            since: only what happened at this time or later; None for no bound.
            until: only what happened before this time; None for no bound.
            text: only what has this text in its subject or body, whatever the case; None for all.
            agent: only what this agent handled, by the exact name; None for all.
            thread: only interactions of this thread; None for all.
            source: only interactions from this source; None for all.
            order: ``"newest"`` or ``"oldest"`` first, by when it happened.
            as_of: as it could be known at that time, by what was recorded and who was whom then; None for now.
            trust: ``"verified"`` reads through verified links alone: what may be shown to the customer rather than to an agent. ``"observed"`` reads through
                all that the policy merges by.
            include_shared: add what is filed under shared identifiers that the customer touches; such items are marked.
            include_claimed: add what rests on nothing but what somebody said; such items are marked.
            include_participant: add what the customer was in copy of or mentioned in; such items are marked.

        Raises:
            InvalidInteractionError: a filter has a value that none can have.
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
            order=order,
            as_of=as_of,
            trust=trust,
            include_shared=include_shared,
            include_claimed=include_claimed,
            include_participant=include_participant,
        )
        return Timeline(self, who, query)

    def customer(self, who: Who, *, as_of: datetime | None = None) -> Customer:
        """Return the customer that is meant, now or as it could be known at a time.

        Args:
            who: any identifier, as an Identifier or a text, or a customer id, old or new.
            as_of: as it could be known at that time; a naive time is read in the zone of the tracker. None for now.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        named, at = meant(self._ctx, who), microseconds(as_of, "as_of", self._ctx.zone)
        with self._run() as run:
            found = run(lambda tx: customer_of(tx, self._ctx, named, at, run.later), write=False)
            self._leave(run, "customer", asked=named, customers=[found.id])
        return found

    def candidates(self, who: Who, *, limit: int = 50) -> list[Customer]:
        """Return the customers that somebody may be, best first: one where it is certain, several for a shared identifier.

        Args:
            who: any identifier, as an Identifier or a text, or a customer id, old or new.
            limit: the largest number of customers to return, 1 to 1,000.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        named, size = meant(self._ctx, who), checked_limit(limit)
        with self._run() as run:
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
        """Return the people who are most like what a clerk knows of somebody, best first, each with the reasons.

        Spellings, swapped names and typos are let through: what was asked is compared as ``suggestions()`` compares two customers. The time does not
        grow with the store. Identifiers that several people share find nobody.

        Args:
            name: given and family name, in any order; None for any.
            postcode: of any country; None for any.
            birth_date: as people write it, or a date; None for any.
            address: house number and street; None for any.
            city: town or suburb; None for any.
            company: with or without its legal form; None for any.
            email: an e-mail address, which may have a typo; None for any.
            phone: a phone number, which may have a typo; without a country it is read in the store's region. None for any.
            text: words that a contact of theirs has in its subject or body, which narrows what the others find; None for any.
            limit: the largest number of people to return, 1 to 1,000; at most 48 are compared.

        Raises:
            InvalidInteractionError: a value cannot be read, or nothing by which somebody could be found is given.
            InvalidPolicyError: the store keeps no index for matching; open it once with ``matching=True``.
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
        with self._run() as run:
            found = likeness.search(run, self._ctx, asked, text, limit)
            self._leave(run, "search", customers=[one.customer.id for one in found])
        return found

    def interaction(self, id: str) -> Interaction:
        """Return one interaction whole, with the people it was with.

        Args:
            id: of the interaction, ``int_...``.

        Raises:
            InteractionNotFoundError: there is none with this id.
        """
        key = parse_interaction_id(id)
        with self._run() as run:
            found = run(lambda tx: get_interaction(tx, key), write=False)
            self._leave(run, "interaction", interactions=[id])
        return found

    def revisions(self, id: str) -> list[Interaction]:
        """Return an interaction as each of its revisions had it, the first as it was recorded.

        Args:
            id: of the interaction, ``int_...``.

        Raises:
            InteractionNotFoundError: there is none with this id.
        """
        key = parse_interaction_id(id)
        return self._read(lambda tx: revisions_of(tx, key))

    def interactions(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        directions: str | Sequence[str] | None = None,
        kinds: str | Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        agent: str | None = None,
        thread: str | None = None,
        source: str | None = None,
        order: Literal["newest", "oldest"] = "oldest",
    ) -> Iterator[Interaction]:
        """Yield every interaction of the store in order of time, read in pieces.

        Naive times are read in the zone of the tracker.

        Args:
            channels: only these channels, one name or up to 1,000; None for all.
            directions: only these of ``"inbound"``, ``"outbound"`` and ``"internal"``; None for all.
            kinds: only these kinds, one name or up to 1,000; None for all.
            since: only what happened at this time or later; None for no bound.
            until: only what happened before this time; None for no bound.
            text: only what has this text in its subject or body, whatever the case; None for all.
            agent: only what this agent handled, by the exact name; None for all.
            thread: only interactions of this thread; None for all.
            source: only interactions from this source; None for all.
            order: ``"oldest"`` or ``"newest"`` first, by when it happened.

        Raises:
            InvalidInteractionError: a filter has a value that none can have.
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
            order=order,
        )
        for piece in walk(lambda at: self._read(lambda tx: some_interactions(tx, query, at))):
            yield from piece

    def journeys(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
    ) -> Iterator[tuple[str, Interaction]]:
        """Yield (customer id, interaction) of the whole store in order of time, read in pieces: what ``omnitrack.insights`` measures.

        An interaction with several customers comes once for each; those with nobody identified, or by a claim alone, are left out. Naive times are
        read in the zone of the tracker.

        Args:
            channels: only these channels, one name or up to 1,000; None for all.
            since: only what happened at this time or later; None for no bound.
            until: only what happened before this time; None for no bound.
            source: only interactions from this source; None for all.

        Raises:
            InvalidInteractionError: a filter has a value that none can have.
        """
        query = make_query(
            zone=self._ctx.zone, channels=channels, since=since, until=until, source=source, order="oldest"
        )
        for piece in walk(lambda at: self._read(lambda tx: some_journeys(tx, query, at))):
            yield from piece

    # -- identity -------------------------------------------------------------------------------------------------------
    def link(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that they are one person. Identifiers that nobody has seen yet may be named.

        Args:
            a: an identifier, as an Identifier or a text, or a customer id.
            b: another one of the same person.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was said; a naive time is read in the zone of the tracker. None for now.

        Raises:
            InvalidIdentifierError: an identifier is not well-formed. CustomerNotFoundError: there is no such customer.
        """
        return self._say(Statement.link(a, b, by=by, reason=reason, at=at))

    def deny(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that they are not; stronger than any link, until it is retracted.

        Args:
            a: an identifier, as an Identifier or a text, or a customer id.
            b: one of somebody else.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was said; a naive time is read in the zone of the tracker. None for now.

        Raises:
            InvalidIdentifierError: an identifier is not well-formed. CustomerNotFoundError: there is no such customer.
        """
        return self._say(Statement.deny(a, b, by=by, reason=reason, at=at))

    def mark_shared(
        self, x: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that several people use it: it stands alone from now on, and what it had merged comes apart.

        Args:
            x: an identifier, as an Identifier or a text, or a customer id.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was said; a naive time is read in the zone of the tracker. None for now.

        Raises:
            InvalidIdentifierError: the identifier is not well-formed. CustomerNotFoundError: there is no such customer.
        """
        return self._say(Statement.mark_shared(x, by=by, reason=reason, at=at))

    def mark_personal(
        self, x: Named, *, of: Named, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that it is this person's alone, whatever it was seen with; from now on statements alone join it.

        Args:
            x: an identifier, as an Identifier or a text, or a customer id.
            of: an identifier of the person whose it is, or the customer id.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.
            at: when it was said; a naive time is read in the zone of the tracker. None for now.

        Raises:
            InvalidIdentifierError: an identifier is not well-formed. CustomerNotFoundError: there is no such customer.
        """
        return self._say(Statement.mark_personal(x, of=of, by=by, reason=reason, at=at))

    def reassign(self, x: Named, *, at: datetime, by: str | None = None, reason: str | None = None) -> Statement:
        """Say that it has a new holder from ``at`` on: entries from then on are theirs, whenever they arrive.

        Args:
            x: an identifier, as an Identifier or a text.
            at: since when the new holder has it; a naive time is read in the zone of the tracker.
            by: who says so, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            InvalidIdentifierError: the identifier is not well-formed.
        """
        return self._say(Statement.reassign(x, at=at, by=by, reason=reason))

    def _say(self, statement: Statement) -> Statement:
        with self._run() as run:
            return requests.say(run, self._ctx, statement)

    def retract(self, statement: Statement | str, *, by: str | None = None, reason: str | None = None) -> Statement:
        """Take a statement back: the state becomes what it would be had it never been said.

        Args:
            statement: what ``link``, ``deny`` and the others returned, or its id, ``st_...``.
            by: who takes it back, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.

        Raises:
            StatementNotFoundError: there is none, or it was retracted before.
        """
        with self._run() as run:
            return requests.retract(run, self._ctx, statement, by=by, reason=reason)

    def preview(self, statement: Statement) -> Preview:
        """Return what would join and what would part if this were said; of a statement that was said, if it were retracted.

        Args:
            statement: one that is not said yet, such as ``Statement.link(a, b)``, or one that was returned before.
        """
        with self._run() as run:
            return requests.preview(run, self._ctx, statement)

    def explain(self, a: Who, b: Who) -> Explanation:
        """Return the path of links that makes two one person, or what keeps them apart. ``print`` shows it in plain English.

        Args:
            a: an identifier, as an Identifier or a text, or a customer id.
            b: another one.

        Raises:
            CustomerNotFoundError: nobody is known by one of them.
        """
        one, two = meant(self._ctx, a), meant(self._ctx, b)
        return self._read(lambda tx: explain(tx, self._ctx, one, two))

    def conflicts(self, who: Who | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[LinkConflict]:
        """Return links that would join customers and do not, of one customer or of the whole store.

        Args:
            who: an identifier of the customer, as an Identifier or a text, or the customer id; None for the whole store.
            limit: the largest number of links to return, 1 to 1,000.
            cursor: ``next`` of another page of the same call; None for the first page.

        Raises:
            CustomerNotFoundError: nobody is known by this. InvalidCursorError: the cursor is of another query.
        """
        size = checked_limit(limit)
        if who is None:
            return self._read(lambda tx: conflicts_page(tx, self._ctx, size, cursor))
        named = meant(self._ctx, who)
        return self._read(lambda tx: conflicts_of(tx, self._ctx, named, size, cursor))

    def suggestions(
        self, who: Who | None = None, *, limit: int = 10, cursor: str | None = None, least: float = 0.2
    ) -> Page[Suggestion]:
        """Return who a person may be besides, best first, each with its reasons; of nobody, what is stored of the whole store.

        Claims suggest always; likeness in a store that was opened with ``matching=True``. ``link`` confirms, ``deny`` denies.

        Args:
            who: an identifier of the person, as an Identifier or a text, or a customer id; None for the claims and the stored matches of the whole store,
                page by page.
            limit: the largest number of suggestions to return, 1 to 1,000.
            cursor: ``next`` of another page of the same call; None for the first page.
            least: the least probability of likeness to return, 0 to 1.

        Raises:
            CustomerNotFoundError: nobody is known by this. InvalidCursorError: the cursor is of another query.
        """
        with self._run() as run:
            return likeness.suggestions(run, self._ctx, who, limit, cursor, least)

    def find_matches(self, *, least: float = 0.5, progress: Progress | None = None) -> int:
        """Compare everybody with those who may be alike and keep what is likely as links that suggest; return how many are new.

        They merge by themselves only from ``Policy.auto_match`` on, which is off by default. What was kept before is compared again: it has the
        probability that it has now, and goes where that is below ``least`` and below what is worth a look (0.2).

        Args:
            least: the least probability to keep, 0 to 1.
            progress: called with (blocks of the index so far, None) as it goes on; None for no calls.

        Raises:
            InvalidPolicyError: the store keeps no index for matching; open it once with ``matching=True``.
            OperationRunningError: it runs already, or the index for matching is being built.
        """
        with self._run_alone("find_matches") as run:
            return likeness.find_matches(run, self._ctx, least, progress)

    def fit_matching(self) -> str:
        """Estimate the weights of comparisons from the store's own people, without labels; keep them, and return them as JSON.

        Raises:
            InvalidPolicyError: the store keeps no index for matching; open it once with ``matching=True``.
        """
        with self._run_alone("fit_matching") as run:
            return likeness.fit_matching(run, self._ctx)

    def set_matching_model(self, model: str) -> None:
        """Keep weights that were estimated elsewhere.

        Args:
            model: what ``fit_matching`` or ``Model.to_json`` returned.
        """
        with self._run() as run:
            likeness.set_model(run, model)

    def identity_log(
        self, who: Who | None = None, *, after: str | Change | None = None, limit: int = 100
    ) -> list[Change]:
        """Return what merged or split, oldest first: when, why, by whom.

        Args:
            who: an identifier of the customer, as an Identifier or a text, or the customer id; None for the whole store.
            after: a change that was returned before, or its id; what came after it is returned. None for all from the first.
            limit: the largest number of changes to return, 1 to 1,000.

        Raises:
            CustomerNotFoundError: nobody is known by this. InvalidCursorError: ``after`` is no change.
        """
        position = after.id if isinstance(after, Change) else after
        named, size = None if who is None else meant(self._ctx, who), checked_limit(limit)
        return self._read(lambda tx: identity_log(tx, self._ctx, named, position, size))

    def statements(self, who: Who) -> list[Statement]:
        """Return the statements that hold about a customer's identifiers.

        Args:
            who: an identifier of the customer, as an Identifier or a text, or the customer id.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        named = meant(self._ctx, who)

        def fetch(tx: Transaction) -> list[Statement]:
            row = get_row(tx, self._ctx, named)
            return say.statements_about(tx, tx.find_identifiers(customers=[row.customer]))

        return self._read(fetch)

    # -- service --------------------------------------------------------------------------------------------------------
    def brief(
        self,
        who: Who,
        *,
        trust: Literal["observed", "verified"] = "observed",
        max_chars: int | None = None,
        timeout: float | None = None,
    ) -> Brief:
        """Return who is on the line and what matters now, in one read that is as small for a long history as for a short one.

        ``str()`` of it is text for an agent's screen or a language model: what matters most first to be kept, others' words between quotation marks. It
        holds nothing that ``timeline(who, trust=trust)`` withholds.

        Args:
            who: an identifier, as an Identifier or a text, or a customer id. Of one that nobody was seen with the brief says so.
            trust: ``"verified"`` reads through verified links alone, and shows no candidates and no suggestions: what may be shown to the customer
                rather than to an agent. ``"observed"`` reads through all that the policy merges by.
            max_chars: the most characters of its text; None for no bound.
            timeout: seconds after which it answers with what it has, and says what is missing; its parts are then read one after the other. None reads all
                at one moment, within the time that calls of the tracker have.

        Raises:
            InvalidInteractionError: an argument has a value that none can have.
            CustomerNotFoundError: there is no such customer id.
        """
        with self._run() as run:
            found = briefing.brief(run, self._ctx, who, trust=trust, max_chars=max_chars, timeout=timeout)
            if found.customer is not None:
                shown = {"customers": found.shown_customers, "interactions": found.shown_interactions}
                self._leave(run, "brief", asked=meant(self._ctx, who), trust=trust, **shown)
        return found

    def consent(
        self,
        who: Who,
        *,
        granted: bool,
        purpose: str | None = None,
        channel: str | None = None,
        at: datetime | None = None,
        source: str | None = None,
        proof: str | None = None,
        by: str | None = None,
    ) -> Consent:
        """Keep that somebody may be contacted, or may not any more. It stays with the identifier of which it is said, whoever that is joined to.

        A later word of the same identifier takes the place of an earlier one that it covers, by its own time, whenever it arrives. What is said of an
        identifier is said of whoever held it at that time: the next holder inherits nothing.

        Args:
            who: an identifier, as an Identifier or a text, or a customer id, whose word is kept with the identifier that gave the id. One that nobody was
                seen with yet becomes a customer.
            granted: True where they agree, False where they withdraw or refuse.
            purpose: for which purpose, up to 255 characters: ``"marketing"``, ``"survey"``, ``"service"``; None for every one.
            channel: on which channel, up to 255 characters: ``"email"``, ``"sms"``; None for every one.
            at: when they said so; a naive time is read in the zone of the tracker. None for now.
            source: the form, system or list that it comes from, up to 255 characters; None where that is not to be kept.
            proof: what proves it, up to 10,000 characters: the wording that they saw, the id of a recording; None for none.
            by: who recorded it, up to 255 characters; None where that is not to be kept.

        Raises:
            InvalidInteractionError: a field is malformed. InvalidIdentifierError: the identifier is not well-formed.
            CustomerNotFoundError: there is no such customer.
        """
        with self._run() as run:
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
        self, who: Who, *, purpose: str, channel: str, at: datetime | None = None, opt_out: Iterable[str] = ()
    ) -> Permission:
        """Return whether somebody may be contacted, with the reason. It is true or false as a condition.

        Of one identifier the latest word that covers what is asked counts. Of the several identifiers of a customer the strictest does: one that
        withdrew is enough. Where nothing is known, nobody may be contacted.

        Args:
            who: an identifier, as an Identifier or a text, or a customer id.
            purpose: for which purpose, as it was said.
            channel: on which channel, as it was said.
            at: as it could be known at that time; a naive time is read in the zone of the tracker. None for now.
            opt_out: purposes for which no consent is needed: they are allowed until somebody withdraws. Which these are is for you and the law of
                your country to say, such as ``["service"]``. Empty by default.

        Raises:
            InvalidInteractionError: a field is malformed. InvalidIdentifierError: the identifier is not well-formed.
            CustomerNotFoundError: there is no such customer; of an identifier that nobody was seen with, nothing is known.
        """
        with self._run() as run:
            return consenting.may_contact(run, self._ctx, who, purpose=purpose, channel=channel, at=at, opt_out=opt_out)

    def consents(self, who: Who, *, as_of: datetime | None = None) -> list[Consent]:
        """Return all that was said of contacting a customer, the latest first; what counts no more is marked.

        Args:
            who: an identifier of the customer, as an Identifier or a text, or the customer id.
            as_of: as it could be known at that time; a naive time is read in the zone of the tracker. None for now.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        with self._run() as run:
            return consenting.consents_of(run, self._ctx, who, as_of)

    def receipts(self, who: Who) -> list[ReadReceipt]:
        """Return the receipts of reads that asked for a customer, or showed interactions that are theirs now, latest first.

        Reads leave them where the store was opened with ``reads="audit"``.

        Args:
            who: an identifier of the customer, as an Identifier or a text, or the customer id.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        with self._run() as run:
            return exposure.receipts_of(run, self._ctx, who)

    def exposed(self, subject: Who | Statement) -> list[Exposure]:
        """Return to whom interactions were shown that are not, as is known now, of the customer who had been asked for; latest first.

        After a denial, a retraction, a reassignment or an attribution: reads that were made while two were taken for one. It looks through the whole
        history of the customers, and at reads that left receipts.

        Args:
            subject: an identifier of a customer, or the customer id: theirs that others were shown for, and others' that were shown for them. Or a
                statement, as ``deny``, ``retract`` and the others return it, for both that it is about.

        Raises:
            CustomerNotFoundError: nobody is known by this. StatementNotFoundError: the statement is about somebody who was erased.
        """
        with self._run() as run:
            return exposure.exposed(run, self._ctx, subject)

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
        """Take a person out of every table and out of the store's files.

        Args:
            who: an identifier of the person, as an Identifier or a text, or the customer id.
            by: who asks for it, up to 255 characters; None where that is not to be kept.
            reason: why, up to 10,000 characters; None for no reason.
            dry_run: count what would go, and change nothing.
            suppress: leave keyed marks, so that a re-run import does not bring the interactions back. False leaves none.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        with self._run_alone("erase") as run:
            receipt = removal.erase(run, self._ctx, who, by=by, reason=reason, dry_run=dry_run, suppress=suppress)
            if not dry_run:
                self._reclaim()
        return receipt

    def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool = False) -> Receipt:
        """Take away interactions that are past their time, by channel and age, and what nothing names any more.

        Args:
            rules: how long interactions of which channels are kept; what no rule names stays.
            dry_run: count what would go, and change nothing.

        Raises:
            OperationRunningError: it runs already, or a rebuild does.
        """
        with self._run_alone("apply_retention") as run:
            receipt = removal.apply_retention(run, self._ctx, rules, dry_run=dry_run)
            if not dry_run:
                self._reclaim()
        return receipt

    def unload(self, source: str, *, dry_run: bool = False) -> Receipt:
        """Take back a load that went wrong: every interaction of a source, and what it had linked, as if it had never been loaded.

        Batch by batch, so that others go on reading and writing. Notes that stand beside its interactions go with them, and what was said of whose they
        are. What people said of identifiers stays. Nothing is left that would keep the next load out. What is loaded of the source meanwhile may
        stay; call it again then.

        Args:
            source: name of the system, as it stands on the interactions: ``report.format`` of many formats, or ``source=`` of the load.
            dry_run: count what would go, and change nothing.

        Raises:
            OperationRunningError: a rebuild, a retention or another unload runs.
        """
        with self._run_alone("unload") as run:
            return removal.unload(run, self._ctx, source, dry_run=dry_run)

    def export(self, who: Who, *, format: Literal["json", "vcon", "tmf683", "cloudevents"] = "json") -> Export:
        """Return a person's interactions in a standard, with a report of what it could not carry.

        Args:
            who: an identifier of the person, as an Identifier or a text, or the customer id.
            format: ``"json"`` (lines, lossless), ``"vcon"``, ``"tmf683"`` or ``"cloudevents"``.

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        named, wanted = meant(self._ctx, who), checked_format(format)
        with self._run() as run:
            found = run(lambda tx: interactions_of(tx, self._ctx, named), write=False)
            self._leave(run, "export", asked=named, interactions=[one.id for one in found if one.id])
        return export(found, wanted)

    def verify(self) -> VerifyReport:
        """Recompute links from entries and customers from links over the whole store, and compare."""
        return self._read(lambda tx: verify(tx, self._ctx))

    def rebuild(self, *, progress: Progress | None = None) -> RebuildReport:
        """Recompute who is whom from scratch and write it; brings the store to this tracker's policy.

        Others read and write by the settings of before while it computes; it takes over all at once. One that was broken off has changed nothing, and
        is run again.

        Args:
            progress: called with (identifiers so far, identifiers in all) while it computes; again from the start where it has to begin again. None for
                no calls.

        Raises:
            OperationRunningError: another rebuild runs, or what cannot run beside one.
        """
        check_progress(progress)
        with self._run_alone("rebuild") as run, lease.holding(run, self._ctx, lease.REBUILD) as held:
            return takeover.rebuild(run, self._ctx, held, progress)

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
    own: Iterable[str] = (),
    policy: Policy | None = None,
    secret: str | bytes | None = None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] = (),
    timeout: float | None = None,
    zone: str | tzinfo | None = None,
    consent_words: Mapping[str, bool] | None = None,
    reads: Literal["audit"] | None = None,
    **options: Any,
) -> Tracker:
    """Open a store, created where it is not there.

    Args:
        url: ``"sqlite:///history.db"``, ``"memory://"``, ``"postgresql+psycopg://..."``, ``"mariadb+pymysql://..."``, or an adapter's. Or an engine of
            SQLAlchemy (``open_async`` takes an ``AsyncEngine``), whose pool it shares and which ``close`` leaves open.
        region: ISO 3166 alpha-2 code of the region in which national phone numbers are read, where the interaction names none. With None such a
            number is kept as it came, and identifies nobody.
        own: identifiers of the company, with ``*`` as a wildcard: ``"x:btcare"``, ``"email:*@bt.example"``, ``"phone:+44800*"``. They never
            identify a customer. Empty by default.
        policy: how evidence is read; None for the default ``Policy()``.
        secret: a key for the ids of identifiers, so that nobody who reads the store can look up an address by its id. The same one each time; None for
            ids without a key.
        rebuild: bring a store that was built with other settings to these; where another process does so already, wait for its end. False refuses such a
            store.
        matching: have the store keep an index of likeness from now on, for suggestions() and find_matches(). False leaves it as it is.
        placeholders: identifiers that stand where there is no value and identify nobody, with ``*`` as a wildcard. Empty by default.
        timeout: seconds that each call may take, this one included, whatever it waits for; None for no bound. See ``Tracker.within``.
        zone: time zone in which times without an offset are read, as an IANA name or a tzinfo; with None such a time is refused.
        consent_words: words that are a whole text message and say that somebody wants no more (False) or goes on (True), in the place of
            ``omnitrack.CONSENT_WORDS``; None for these.
        reads: ``"audit"`` has reads of people leave receipts: who was shown what, see ``receipts`` and ``exposed``. None leaves none. Each process that
            opens the store says it for itself.
        options: of the backend, such as ``namespace=``.

    Raises:
        UnknownBackendError: no adapter for this URL. SchemaVersionError: the store is of another version.
        PolicyChangedError: it was built with another policy. SecretError: with another secret.
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
        )
    except BaseException:
        backend.close()
        raise
