"""The tracker: the face of omnitrack. Each method is a few lines over an operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import attrs

from omnitrack.deadlines import Bounds, Within
from omnitrack.errors import (
    InvalidInteractionError,
    InvalidPolicyError,
    SecretError,
    TimedOutError,
    check_flag,
    mask,
    shown,
    told,
)
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identifiers.own import OwnList
from omnitrack.identifiers.scheme import Identifier
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
    PassedOver,
    Recorded,
    Rejected,
    Revision,
    Sighting,
    TimelineItem,
    is_storable,
)
from omnitrack.sources.base import Source
from omnitrack.sources.registry import open_source
from omnitrack.sources.values import zone_of
from omnitrack.storage.contract import Backend
from omnitrack.storage.registry import open_backend
from omnitrack.usecases.account import LinkConflict
from omnitrack.usecases.context import Context
from omnitrack.usecases.erase import Receipt, RetentionRule
from omnitrack.usecases.exchange import Export
from omnitrack.usecases.ids import from_text, from_us
from omnitrack.usecases.operations import Operations, listed, moment
from omnitrack.usecases.read import Query
from omnitrack.usecases.rebuild import RebuildReport, VerifyReport
from omnitrack.usecases.resolve import Who
from omnitrack.usecases.steps import Progress, Steps, drive

if TYPE_CHECKING:
    from omnitrack.usecases.suggest import Suggestion

Person = Iterable[Named | Sighting] | Named | Sighting


def secret_bytes(secret: str | bytes | None) -> bytes:
    """Return a secret as bytes; b"" for none."""
    if secret is None:
        return b""
    if not isinstance(secret, (str, bytes)):
        raise SecretError(f"secret: got {type(secret).__name__}, accepted are a string and bytes")
    if not secret:
        raise SecretError("secret: got an empty one, accepted is one with something in it, or None for none")
    try:
        return secret.encode("utf-8") if isinstance(secret, str) else secret
    except UnicodeEncodeError:
        raise SecretError(
            "secret: got half of a surrogate pair, accepted is text that UTF-8 can hold, or bytes"
        ) from None


def make_context(
    own: Iterable[str],
    policy: Policy | None,
    secret: str | bytes | None,
    region: str | None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] = (),
    zone: str | tzinfo | None = None,
) -> Context:
    """Return what the use cases of a tracker share."""
    if policy is not None and not isinstance(policy, Policy):
        raise InvalidPolicyError(f"policy: got {type(policy).__name__}, accepted is a Policy")
    check_flag("rebuild", rebuild, InvalidPolicyError)
    check_flag("matching", matching, InvalidPolicyError)
    policy = policy or Policy()
    own_list = OwnList(own, region=numbered_region(region))
    listed_placeholders = OwnList(placeholders, region=numbered_region(region), field="placeholders")
    lists = (own_list.fingerprint(), listed_placeholders.fingerprint())
    return Context(
        policy=policy,
        own=own_list,
        placeholders=listed_placeholders,
        fingerprint=policy.fingerprint(*lists),
        parts=policy.parts(*lists),
        region=numbered_region(region),
        zone=zone_of(zone),
        secret=secret_bytes(secret),
    )


MAX_FILTER = 1_000  # channels, directions or kinds of one query: each engine takes so many in one question


def make_query(
    *,
    zone: tzinfo | None = None,
    channels: str | Sequence[str] | None = None,
    directions: str | Sequence[str] | None = None,
    kinds: str | Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str | None = None,
    agent: str | None = None,
    thread: str | None = None,
    source: str | None = None,
    order: str = "newest",
    as_of: datetime | None = None,
    trust: str = "observed",
    include_shared: bool = False,
    include_claimed: bool = False,
    include_participant: bool = False,
) -> Query:
    """Return the query of a timeline, its values checked.

    Raises:
        InvalidInteractionError: a filter has a value that none can have.
    """

    def several(name: str, value: str | Sequence[str] | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        found = [value] if isinstance(value, str) else listed(name, value, "a name or a list of names")
        if len(found) > MAX_FILTER:
            raise InvalidInteractionError(f"{name}: got {len(found)} names, accepted are at most {MAX_FILTER}")
        for one in found:
            if not isinstance(one, str) or not is_storable(one):
                raise InvalidInteractionError(
                    f"{name}: got {shown(one)}, accepted is a name or a list of names, text that UTF-8 can hold"
                )
        return tuple(str(one) for one in found)

    for name, value in (("text", text), ("agent", agent), ("thread", thread), ("source", source)):
        if value is not None and not isinstance(value, str):
            raise InvalidInteractionError(f"{name}: got {shown(value)}, accepted is a string, and None for any")
    for name, flag in (
        ("include_shared", include_shared),
        ("include_claimed", include_claimed),
        ("include_participant", include_participant),
    ):
        check_flag(name, flag, InvalidInteractionError)
    if order not in ("newest", "oldest"):
        raise InvalidInteractionError(f"order: got {told(order)}, accepted are 'newest' and 'oldest'")
    if trust not in ("observed", "verified"):
        raise InvalidInteractionError(f"trust: got {told(trust)}, accepted are 'observed' and 'verified'")
    wanted = several("directions", directions)
    unknown = set(wanted or ()) - {"inbound", "outbound", "internal"}
    if unknown:
        raise InvalidInteractionError(
            f"directions: got {', '.join(sorted(map(told, unknown)))}, accepted are inbound, outbound and internal"
        )
    return Query(
        channels=several("channels", channels),
        directions=wanted,
        kinds=several("kinds", kinds),
        since=moment(since, "since", zone),
        until=moment(until, "until", zone),
        text=text,
        agent=agent,
        thread=thread,
        source=source,
        order="newest" if order == "newest" else "oldest",
        as_of=moment(as_of, "as_of", zone),
        trust="verified" if trust == "verified" else "observed",
        include_shared=include_shared,
        include_claimed=include_claimed,
        include_participant=include_participant,
    )


def make_interaction(
    customer: Person | None, customers: Iterable[Person] | None, fields: Mapping[str, Any]
) -> Interaction:
    """Return the interaction that record() was given.

    Raises:
        InvalidInteractionError: both ``customer`` and ``customers`` were given, or a field is wrong.
    """
    if customer is not None and customers is not None:
        raise InvalidInteractionError("customer: got both customer and customers, accepted is one of the two")
    people = customers if customers is not None else ([customer] if customer is not None else [])
    if isinstance(fields.get("traits"), Mapping):
        fields = {**fields, "traits": {name: _dates_as_text(value) for name, value in fields["traits"].items()}}
    return Interaction(customers=people, **fields)


def _dates_as_text(value: Any) -> Any:
    """Return a trait as it is kept: dates, as a database or a data frame gives birth dates, in the form of ISO 8601."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [one.isoformat() if isinstance(one, date) else one for one in value]
    return value


def shown_who(who: object) -> str:
    """Return of whom, for people to read, without a whole identifier."""
    if isinstance(who, Sighting):
        who = who.identifier
    if isinstance(who, Identifier):
        return f"{who.scheme}:{mask(who.value)}"
    return who.strip() if isinstance(who, str) and from_text("cus", who.strip()) else shown(who)


def shown_query(query: Query) -> str:
    """Return what a query asks beyond everything, newest first; of texts that are searched for only that there is one."""
    asked = []
    for field in attrs.fields(Query):
        value = getattr(query, field.name)
        if value == field.default:
            continue
        if field.name in ("since", "until", "as_of"):
            value = from_us(value).isoformat()
        elif field.name in ("text", "agent", "thread"):
            value = "..."
        elif isinstance(value, tuple):
            value = "/".join(value)
        asked.append(f"{field.name}={value}")
    return f" ({', '.join(asked)})" if asked else ""


def shown_tracker(name: str, backend: Backend, ctx: Context) -> str:
    """Return what a tracker is, for people to read: nothing of the URL, which may hold a password, and nothing of the secret."""
    parts = [type(backend).__name__]
    parts += [f"region {ctx.region}"] if ctx.region else []
    parts += [f"own list of {len(ctx.own)}"] if len(ctx.own) else []
    parts += ["keyed by a secret"] if ctx.secret else []
    return f"<{name} on {', '.join(parts)}>"


class Timeline:
    """A customer's timeline, read page by page as it is iterated."""

    def __init__(self, tracker: Tracker, who: Who, query: Query) -> None:
        self._tracker = tracker
        self._who = who
        self._query = query

    def __repr__(self) -> str:
        return f"<Timeline of {shown_who(self._who)}{shown_query(self._query)}>"

    def page(self, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return one page.

        Args:
            limit: how many items at most, 1 to 1000.
            cursor: ``next`` or ``previous`` of another page of the same timeline; None for the first.

        Raises:
            CustomerNotFoundError: nobody is known by this. InvalidCursorError: the cursor is of another query.
        """
        page: Page[TimelineItem] = self._tracker._do(
            self._tracker._ops.timeline_page(self._who, self._query, limit, cursor)
        )
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
        region: ISO 3166 alpha-2 region in which national phone numbers are read where the interaction has none.
        zone: time zone of times that come without one, by IANA name or as a tzinfo; without it such a time is refused.
        own: identifiers of the company, ``*`` as a wildcard: ``"x:btcare"``, ``"email:*@bt.example"``, ``"phone:+44800*"``.
        placeholders: what your systems write where there is no value, in the same form: ``"account:0815"``, ``"email:nn@*"``. It identifies
            nobody, as the values of the list that every store has.
        policy: how evidence is read.
        secret: keys the ids of identifiers, so that who reads the store cannot look up an address by its id.
        rebuild: bring a store with another policy to this one, instead of refusing it.
        matching: have the store keep an index of likeness from now on, for suggestions() and find_matches() (needs numpy).
        timeout: seconds that each call may take, opening the store included; None for no bound. ``within`` says otherwise for the calls of a block.
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
    ) -> None:
        self._backend = backend
        ctx = make_context(own, policy, secret, region, rebuild, matching, placeholders, zone)
        self._bounds = Bounds(timeout)
        self._ctx = ctx
        with self._bounds.call():
            backend.setup()
            run = self._bounds.running(backend.run)
            self._ops: Operations = drive(Operations.begin(ctx, run, rebuild, matching), backend.run)

    def __repr__(self) -> str:
        return shown_tracker("Tracker", self._backend, self._ctx)

    def _do(self, steps: Steps[Any]) -> Any:
        with self._bounds.call():
            return drive(steps, self._backend.run)

    def _reclaim(self) -> None:
        """Have deleted data leave the files; what was deleted is gone from the store already."""
        try:
            self._backend.reclaim()
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

        Args:
            channel: phone, email, web, letter, chat, x, forum, ...
            occurred_at: when it happened; a naive time is read in the zone of the tracker, and refused where it has none.
            direction: inbound, outbound or internal; None asks the own list, inbound where it does not know.
            customer: the identifiers of the one person it was with. They are seen together, and link.
            customers: of several people (a mail to two), instead.
            participants: in copy or mentioned; never linked.
            source: the system it comes from; with ``source_id`` unique, so that a repeat adds nothing.
            region: ISO 3166 alpha-2 region in which national phone numbers are read.

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
        recorded: Recorded = self._do(self._ops.record(make_interaction(customer, customers, fields)))
        return recorded

    def record_many(
        self,
        interactions: Iterable[Interaction | Revision | Rejected | PassedOver],
        *,
        batch_size: int = 1_000,
        on_error: Literal["raise", "collect"] = "raise",
        progress: Progress | None = None,
    ) -> LoadReport:
        """Record many interactions, ``batch_size`` in a transaction.

        Args:
            interactions: what a source yields, or made by hand.
            on_error: ``"raise"`` stops at the first item that cannot be taken (what was stored before stays); ``"collect"`` goes on and
                lists it in the report.
            progress: called with (items so far, None) after each batch.
        """
        report: LoadReport = self._do(
            self._ops.record_many(interactions, batch_size=batch_size, on_error=on_error, progress=progress)
        )
        return report

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
            progress: called with (bytes so far, bytes in all or None) after each batch.
            options: of the source: ``zone=``, ``region=``, ``source=``, ``mapping=``, ...

        Raises:
            SourceFormatError: no source reads this, or not as this format.
            OSError: there is no such file, or it cannot be opened. TypeError: an option that no source takes.
        """
        source = (
            path_or_source
            if isinstance(path_or_source, Source)
            else open_source(path_or_source, format=format, **options)
        )
        report: LoadReport = self._do(
            self._ops.load(source, batch_size=batch_size, on_error=on_error, progress=progress)
        )
        return report

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
            at: after 1970; None for now.

        Returns:
            Whether it was not there yet. One of somebody who was erased stays out.

        Raises:
            InteractionNotFoundError: there is no interaction of this source and source id.
        """
        added: bool = self._do(self._ops.revise(source, source_id, body=body, subject=subject, deleted=deleted, at=at))
        return added

    def note(self, who: Who, text: str, *, agent: str | None = None) -> str:
        """File an internal note on a person's timeline, or, given an interaction id, beside that interaction; return its id."""
        id: str = self._do(self._ops.note(who, text, agent=agent))
        return id

    def attribute(
        self, interaction: str, identifier: Named, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """Say whose an interaction is: it is filed under this identifier instead, and so are the notes beside it. ``retract()`` takes it back.

        Args:
            interaction: id of one, ``int_...``.
            identifier: whose it is, or a customer id; an identifier that nobody was seen with yet becomes a customer.

        Raises:
            InteractionNotFoundError: there is none with this id.
            InvalidIdentifierError: the identifier is not well-formed. CustomerNotFoundError: there is no such customer.
            InvalidInteractionError: it is a note beside an interaction, which is with whoever that one is with.
        """
        said: Statement = self._do(self._ops.attribute(interaction, identifier, by=by, reason=reason))
        return said

    def unattributed(self, *, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """Return interactions with nobody identified, newest first."""
        page: Page[TimelineItem] = self._do(self._ops.unattributed(limit, cursor))
        return page

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

        Args:
            who: any identifier, as an Identifier or a text, or a customer id, old or new.
            since: from this time on. until: before this time.
            text: in subject or body, whatever the case. (text, agent, thread and source scan this one history.)
            order: newest or oldest first, by when it happened.
            as_of: as it could be known at that time, by what was recorded and who was whom then.
            trust: ``"verified"`` reads through verified links alone: what may be shown to the customer rather than to an agent.
            include_shared: with what is filed under shared identifiers that the customer touches; such items are marked.
            include_claimed: with what rests on nothing but what somebody said; such items are marked.
            include_participant: with what the customer was in copy of or mentioned in; such items are marked.
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

        Raises:
            CustomerNotFoundError: nobody is known by this.
        """
        customer: Customer = self._do(self._ops.customer(who, as_of))
        return customer

    def candidates(self, who: Who, *, limit: int = 50) -> list[Customer]:
        """Return the customers that somebody may be, best first: one where it is certain, several for a shared identifier."""
        found: list[Customer] = self._do(self._ops.candidates(who, limit))
        return found

    def interaction(self, id: str) -> Interaction:
        """Return one interaction whole, with the people it was with.

        Raises:
            InteractionNotFoundError: there is none with this id.
        """
        found: Interaction = self._do(self._ops.interaction(id))
        return found

    def revisions(self, id: str) -> list[Interaction]:
        """Return an interaction as each of its revisions had it, the first as it was recorded."""
        found: list[Interaction] = self._do(self._ops.revisions(id))
        return found

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
        """Yield every interaction of the store in order of time, read in pieces."""
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
        after: tuple[int, bytes] | None = None
        while True:
            found, after = self._do(self._ops.interactions_after(query, after, 500))
            yield from found
            if after is None:
                return

    def journeys(
        self,
        *,
        channels: str | Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
    ) -> Iterator[tuple[str, Interaction]]:
        """Yield (customer id, interaction) of the whole store in order of time, read in pieces: what ``omnitrack.insights`` measures.

        An interaction with several customers comes once for each; those with nobody identified, or by a claim alone, are left out.
        """
        query = make_query(
            zone=self._ctx.zone, channels=channels, since=since, until=until, source=source, order="oldest"
        )
        after: tuple[int, bytes] | None = None
        while True:
            found, after = self._do(self._ops.journeys_after(query, after, 500))
            yield from found
            if after is None:
                return

    # -- identity -------------------------------------------------------------------------------------------------------
    def link(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that they are one person. Identifiers that nobody has seen yet may be named."""
        return self._say(Statement.link(a, b, by=by, reason=reason, at=at))

    def deny(
        self, a: Named, b: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that they are not; stronger than any link, until it is retracted."""
        return self._say(Statement.deny(a, b, by=by, reason=reason, at=at))

    def mark_shared(
        self, x: Named, *, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that several people use it: it stands alone from now on, and what it had merged comes apart."""
        return self._say(Statement.mark_shared(x, by=by, reason=reason, at=at))

    def mark_personal(
        self, x: Named, *, of: Named, by: str | None = None, reason: str | None = None, at: datetime | None = None
    ) -> Statement:
        """Say that it is this person's alone, whatever it was seen with; from now on statements alone join it."""
        return self._say(Statement.mark_personal(x, of=of, by=by, reason=reason, at=at))

    def reassign(self, x: Named, *, at: datetime, by: str | None = None, reason: str | None = None) -> Statement:
        """Say that it has a new holder from ``at`` on: entries from then on are theirs, whenever they arrive."""
        return self._say(Statement.reassign(x, at=at, by=by, reason=reason))

    def _say(self, statement: Statement) -> Statement:
        said: Statement = self._do(self._ops.say(statement))
        return said

    def retract(self, statement: Statement | str, *, by: str | None = None, reason: str | None = None) -> Statement:
        """Take a statement back: the state becomes what it would be had it never been said.

        Raises:
            StatementNotFoundError: there is none, or it was retracted before.
        """
        taken_back: Statement = self._do(self._ops.retract(statement, by=by, reason=reason))
        return taken_back

    def preview(self, statement: Statement) -> Preview:
        """Return what would join and what would part if this were said; of a statement that was said, if it were retracted."""
        found: Preview = self._do(self._ops.preview(statement))
        return found

    def explain(self, a: Who, b: Who) -> Explanation:
        """Return the path of links that makes two one person, or what keeps them apart. ``print`` shows it in plain English."""
        found: Explanation = self._do(self._ops.explain(a, b))
        return found

    def conflicts(self, who: Who | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[LinkConflict]:
        """Return links that would join customers and do not, of one customer or of the whole store."""
        page: Page[LinkConflict] = self._do(self._ops.conflicts(who, limit, cursor))
        return page

    def suggestions(
        self, who: Who | None = None, *, limit: int = 10, cursor: str | None = None, least: float = 0.2
    ) -> Page[Suggestion]:
        """Return who a person may be besides, best first, each with its reasons; of nobody, what is stored of the whole store.

        Claims suggest always; likeness in a store that was opened with ``matching=True``. ``link`` confirms, ``deny`` denies.

        Args:
            who: the person; None for the claims and the stored matches of the whole store, page by page.
            least: the least probability of likeness to return.
        """
        page: Page[Suggestion] = self._do(self._ops.suggestions(who, limit, cursor, least))
        return page

    def find_matches(self, *, least: float = 0.5, progress: Progress | None = None) -> int:
        """Compare everybody with those who may be alike and keep what is likely as links that suggest; return how many are new.

        They merge by themselves only from ``Policy.auto_match`` on, which is off by default. What was kept before is compared again: it has the
        probability that it has now, and goes where that is below ``least`` and below what is worth a look (0.2).

        Raises:
            OperationRunningError: it runs already, or the index for matching is being built.
        """
        count: int = self._do(self._ops.find_matches(least, progress))
        return count

    def fit_matching(self) -> str:
        """Estimate the weights of comparisons from the store's own people, without labels; keep them, and return them as JSON."""
        model: str = self._do(self._ops.fit_matching())
        return model

    def set_matching_model(self, model: str) -> None:
        """Keep weights that were estimated elsewhere: what ``fit_matching`` or ``Model.to_json`` returned."""
        self._do(self._ops.set_matching_model(model))

    def identity_log(
        self, who: Who | None = None, *, after: str | Change | None = None, limit: int = 100
    ) -> list[Change]:
        """Return what merged or split, oldest first: when, why, by whom. ``after``: a change that was returned before, or its id."""
        position = after.id if isinstance(after, Change) else after
        found: list[Change] = self._do(self._ops.identity_log(who, position, limit))
        return found

    def statements(self, who: Who) -> list[Statement]:
        """Return the statements that hold about a customer's identifiers."""
        found: list[Statement] = self._do(self._ops.statements(who))
        return found

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
            dry_run: only count what would go.
            suppress: leave keyed marks, so that a re-run import does not bring the interactions back.
        """
        with self._bounds.call():
            receipt: Receipt = self._do(self._ops.erase(who, by=by, reason=reason, dry_run=dry_run, suppress=suppress))
            if not dry_run:
                self._reclaim()
        return receipt

    def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool = False) -> Receipt:
        """Take away interactions that are past their time, by channel and age, and what nothing names any more.

        Raises:
            OperationRunningError: it runs already, or a rebuild does.
        """
        with self._bounds.call():
            receipt: Receipt = self._do(self._ops.apply_retention(rules, dry_run=dry_run))
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
            dry_run: only count.

        Raises:
            OperationRunningError: a rebuild, a retention or another unload runs.
        """
        receipt: Receipt = self._do(self._ops.unload(source, dry_run=dry_run))
        return receipt

    def export(self, who: Who, *, format: Literal["json", "vcon", "tmf683", "cloudevents"] = "json") -> Export:
        """Return a person's interactions in a standard, with a report of what it could not carry.

        Args:
            format: ``"json"`` (lines, lossless), ``"vcon"``, ``"tmf683"`` or ``"cloudevents"``.
        """
        exported: Export = self._do(self._ops.export(who, format))
        return exported

    def verify(self) -> VerifyReport:
        """Recompute links from entries and customers from links over the whole store, and compare."""
        report: VerifyReport = self._do(self._ops.verify())
        return report

    def rebuild(self, *, progress: Progress | None = None) -> RebuildReport:
        """Recompute who is whom from scratch and write it; brings the store to this tracker's policy.

        Others read and write by the settings of before while it computes; it takes over all at once. One that was broken off has changed nothing, and
        is run again.

        Args:
            progress: called with (identifiers so far, identifiers in all) while it computes; again from the start where it has to begin again.

        Raises:
            OperationRunningError: another rebuild runs, or what cannot run beside one.
        """
        report: RebuildReport = self._do(self._ops.rebuild(progress))
        return report

    def close(self) -> None:
        """Release connections and files."""
        self._backend.close()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open(
    url: str,
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
    **options: Any,
) -> Tracker:
    """Open a store, created where it is not there.

    Args:
        url: ``"sqlite:///history.db"``, ``"memory://"``, ``"postgresql+psycopg://..."``, ``"mariadb+pymysql://..."``, or an adapter's.
        region: ISO 3166 alpha-2 region in which national phone numbers are read.
        own: identifiers of the company, ``*`` as a wildcard.
        zone: time zone of times that come without one, by IANA name or as a tzinfo; without it such a time is refused.
        placeholders: identifiers that stand where there is no value and identify nobody, ``*`` as a wildcard.
        policy: how evidence is read; None for the defaults.
        secret: keys the ids of identifiers; the same one each time.
        rebuild: bring a store that was built with another policy to this one; where another process does so already, wait for its end.
        matching: have the store keep an index of likeness from now on, for suggestions() and find_matches().
        timeout: seconds that each call may take, this one included, whatever it waits for; None for no bound. See ``Tracker.within``.
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
        )
    except BaseException:
        backend.close()
        raise
