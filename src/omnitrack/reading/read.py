"""Reading: timelines, customers, candidates, and the interactions that nobody could be found for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from omnitrack.errors import InteractionNotFoundError, told
from omnitrack.foundation.calls import Later
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_text, from_us, to_text
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import (
    Assurance,
    Attachment,
    Customer,
    CustomerDetails,
    Direction,
    Interaction,
    Page,
    Role,
    Sighting,
    TimelineDraft,
    TimelineItem,
)
from omnitrack.reading.cursor import Cursor, decode_cursor
from omnitrack.reading.query import MAX_LIMIT, Query
from omnitrack.reading.resolve import (
    Meant,
    customer_text,
    find_people,
    get_row,
    members_as_of,
    neighbours_of_shared,
    shared_around,
    to_identifier,
    verified_members,
)
from omnitrack.records import TRAIT
from omnitrack.storage.contract import (
    NO_ID,
    REASSIGNED,
    RETIRED,
    SHARED,
    EntryFilters,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    Position,
    Transaction,
)

PIECE = 500  # interactions of the whole store that are read in one transaction

_ASSURANCES = {int(a): a for a in Assurance}
_DIRECTIONS = {d.value: d for d in Direction}
_ANCHOR, _PARTICIPANT = int(Role.ANCHOR), int(Role.PARTICIPANT)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def fold(rows: Sequence[InteractionRow], as_of: int | None = None) -> InteractionRow:
    """Return an interaction as its latest revision has it: latest by the source's own time, of those recorded by ``as_of``.

    A revision that does not say a subject or a body leaves it as it was. ``revision`` of the result is that of the latest.
    """
    first = rows[0]
    if len(rows) == 1:
        return first
    subject, body, last = first.subject, first.body, first
    for row in rows[1:]:
        if as_of is not None and row.recorded_at > as_of:
            continue
        subject = row.subject if row.subject is not None else subject
        body = row.body if row.body is not None else body
        last = row
    return first._replace(revision=last.revision, subject=subject, body=body, deleted=last.deleted)


def interactions_by_id(tx: Transaction, ids: Sequence[bytes], as_of: int | None = None) -> dict[bytes, InteractionRow]:
    """Return interactions as their latest revisions have them."""
    return _folded(tx.find_interactions(ids=ids), as_of)


def _folded(revisions: Sequence[InteractionRow], as_of: int | None) -> dict[bytes, InteractionRow]:
    found = {row[0]: row for row in revisions}
    if len(found) == len(revisions):  # nothing was revised
        return found
    grouped: dict[bytes, list[InteractionRow]] = {}
    for row in revisions:
        grouped.setdefault(row.id, []).append(row)
    return {id: rows[0] if len(rows) == 1 else fold(rows, as_of) for id, rows in grouped.items()}


def _attachments(values: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    return tuple(Attachment(**value) for value in values)


_new = object.__new__


def to_item(row: InteractionRow, entry: EntryRow, identifier: Identifier | None, shared: bool) -> TimelineItem:
    """Return the item that a timeline shows for an interaction and the entry that put it there."""
    (
        id, revision, source, source_id, channel, direction, kind, occurred_at, offset, ended_at,
        recorded_at, subject, body, agent, thread, reply_to, outcome, via, extra, deleted,
    ) = row  # fmt: skip
    item: Any = _new(TimelineDraft)
    item.id = f"int_{id.hex()}"
    item.channel = channel
    item.direction = _DIRECTIONS[direction]
    item.kind = kind
    item.occurred_at = from_us(occurred_at, offset)
    item.recorded_at = from_us(recorded_at)
    item.identifier = identifier
    item.assurance = _ASSURANCES[entry[7]]
    item.ended_at = None if ended_at is None else from_us(ended_at, offset)
    item.subject = subject
    item.body = body
    item.agent = agent
    item.thread = thread
    item.reply_to = reply_to
    item.outcome = outcome
    item.via = via
    if extra is None:
        item.attachments = ()
        item.traits = item.attributes = _NOTHING
    else:
        more = json.loads(extra)
        item.attachments = _attachments(more["attachments"]) if "attachments" in more else ()
        item.traits = more.get("traits", _NOTHING)
        item.attributes = more.get("attributes", _NOTHING)
    item.source = source
    item.source_id = source_id
    item.revised_at = from_us(revision) if revision else None
    item.deleted = deleted != 0
    item.shared = shared
    item.participant = entry[6] == _PARTICIPANT
    item.__class__ = TimelineItem
    return item  # type: ignore[no-any-return]


def _better(entry: EntryRow, other: EntryRow, shared: Mapping[bytes, object]) -> bool:
    """Whether an entry says more than another of the same interaction: own before shared, customer before participant, surer first."""

    def order(e: EntryRow) -> tuple[bool, int, int, bytes]:
        return (e.identifier in shared, e.role, -e.assurance, e.identifier)

    return order(entry) < order(other)


History = tuple[list[EntryRow], list[InteractionRow]]


def timeline_page(
    tx: Transaction, ctx: Context, who: Meant, query: Query, limit: int, cursor: str | None
) -> Page[TimelineItem]:
    """Return one page of a customer's timeline."""
    place = _Place.of(query, cursor, "timeline")
    if (found := _at_once(tx, ctx, who, query, limit, place)) is not None:
        members, first = found
        return _page(tx, {m.id: m for m in members}, {}, query, limit, place, first)
    if query.as_of is not None:
        row = get_row(tx, ctx, who, query.as_of)
        _, members = members_as_of(tx, row, query.as_of)
    else:
        row, members = find_people(tx, ctx, who)
    if query.trust == "verified":
        members = verified_members(tx, ctx, row, members)
    shared = {m.id: m for m in members if m.state & SHARED}
    if query.reaches_shared:
        for around in shared_around(tx, ctx, members):
            shared[around.id] = around
    return _page(tx, {m.id: m for m in (*members, *shared.values())}, shared, query, limit, place)


def unattributed_page(tx: Transaction, limit: int, cursor: str | None) -> Page[TimelineItem]:
    """Return one page of the interactions with nobody identified, newest first."""
    query = Query(include_claimed=True)
    return _page(tx, {NO_ID: None}, {}, query, limit, _Place.of(query, cursor, "unattributed"))


@attrs.frozen(slots=True)
class _Place:
    """Where a page begins, and what ties its cursors to their query."""

    digest: str
    start: Cursor | None

    @classmethod
    def of(cls, query: Query, cursor: str | None, subject: str) -> _Place:
        digest = query.digest(subject)
        return cls(digest, None if cursor is None else decode_cursor(cursor, digest))

    @property
    def backwards(self) -> bool:
        """Whether the page is the one before the place."""
        return self.start is not None and self.start.backwards

    @property
    def after(self) -> Position | None:
        """What the entries of the page come after, in the order in which they are read."""
        return None if self.start is None else (self.start.at, self.start.id)


def _at_once(
    tx: Transaction, ctx: Context, who: Meant, query: Query, limit: int, place: _Place
) -> tuple[list[IdentifierRow], History] | None:
    """Ask for a customer and for the first of its history in one question; None where more has to be known of who it is to ask for the right one."""
    if who.identifier is None or query.as_of is not None or query.trust != "observed" or query.reaches_shared:
        return None
    id = ctx.base_id(who.identifier.key)
    alone = not (query.scans or query.include_participant)  # else more may have to be read, of the same moment
    filters = _filters(query, place.backwards, place.after, limit + 2)
    members, entries, interactions = tx.list_customer_history(id, alone=alone, **filters)
    if not members:
        raise who.not_found()
    if any(member.state & (RETIRED | (member.id == id and SHARED | REASSIGNED)) for member in members):
        return None
    if alone and len(entries) == limit + 2 and len({entry.interaction for entry in entries}) < len(entries):
        return None  # too few interactions for the page
    return members, (entries, interactions)


def _filters(query: Query, backwards: bool, after: Position | None, limit: int) -> EntryFilters:
    """Return how the store is asked for some entries of a page."""
    return {
        "roles": (Role.ANCHOR, Role.MEMBER, Role.PARTICIPANT) if query.include_participant else (Role.ANCHOR,),
        "min_assurance": 0 if query.include_claimed else int(Assurance.OBSERVED),
        "since": query.since,
        "until": query.until,
        "channels": query.channels,
        "directions": query.directions,
        "kinds": query.kinds,
        "after": after,
        "limit": limit,
        "newest": (query.order == "newest") != backwards,
        "as_of": query.as_of,
    }


def _page(
    tx: Transaction,
    rows: Mapping[bytes, IdentifierRow | None],
    shared: Mapping[bytes, object],
    query: Query,
    limit: int,
    place: _Place,
    first: History | None = None,
) -> Page[TimelineItem]:
    """Return one page of what is filed under some identifiers; ``first``: the first entries of it, where they were read already."""
    backwards, after = place.backwards, place.after
    chosen: dict[bytes, EntryRow] = {}
    found: dict[bytes, InteractionRow] = {}
    more = False
    identifiers = list(rows)
    scans = query.scans
    # One entry more than tells whether there is a next page: the last interaction of a batch may be cut, and is read again.
    want = limit + 2
    while not more:
        if first is None:
            first = tx.list_history(identifiers=identifiers, **_filters(query, backwards, after, want))
        (batch, revisions), first = first, None
        full = len(batch) >= want
        if full:
            whole = [entry for entry in batch if entry.interaction != batch[-1].interaction]
            if not whole:  # one interaction with several of this customer's identifiers
                want *= 2
                continue
            batch = whole
        fresh: dict[bytes, EntryRow] = {}
        for entry in batch:
            if query.include_participant and entry.role == Role.MEMBER:
                continue
            known = fresh.get(entry.interaction)
            if known is None or _better(entry, known, shared):
                fresh[entry.interaction] = entry
        loaded = _folded(revisions, query.as_of)
        for id, entry in fresh.items():
            if id in chosen or id not in loaded or (scans and not query.lets_through(loaded[id])):
                continue
            if len(chosen) == limit:
                more = True
                break
            chosen[id] = entry
            found[id] = loaded[id]
        if not full:
            break
        after = (batch[-1].occurred_at, batch[-1].interaction)
        want = max(limit + 2, min(MAX_LIMIT, want * 2)) if scans else limit + 2
    names = {id: None if r is None else to_identifier(r) for id, r in rows.items()}
    items = [to_item(found[id], e, names[e.identifier], e.identifier in shared) for id, e in chosen.items()]
    if backwards:
        items.reverse()
    if not items:
        return Page(())
    ids = list(chosen)
    ends = [(found[ids[0]].occurred_at, ids[0]), (found[ids[-1]].occurred_at, ids[-1])]
    top, bottom = reversed(ends) if backwards else ends
    has_next = backwards or more
    has_previous = more if backwards else place.start is not None
    return Page(
        tuple(items),
        Cursor(*bottom).encode(place.digest) if has_next else None,
        Cursor(*top, backwards=True).encode(place.digest) if has_previous else None,
    )


def customer_of(tx: Transaction, ctx: Context, who: Meant, as_of: int | None, later: Later | None) -> Customer:
    """Return the customer that is meant.

    Args:
        later: reads its traits and times when they are first asked for; None reads them now.
    """
    if as_of is not None:
        home, members = members_as_of(tx, get_row(tx, ctx, who, as_of), as_of)
    else:
        row, members = find_people(tx, ctx, who, alone=later is not None)
        home = row.customer
    return _customer(tx, home, members, as_of, later)


def _customer(
    tx: Transaction, home: bytes, members: Sequence[IdentifierRow], as_of: int | None, later: Later | None
) -> Customer:
    def details(tx: Transaction) -> CustomerDetails:
        return customer_details(tx, [m.id for m in members], as_of)

    customer = Customer(
        id=customer_text(home),
        identifiers=tuple(map(to_identifier, members)),
        shared=any(m.state & SHARED for m in members),
        load=lambda: details(tx) if later is None else later(details),
    )
    if later is None:
        customer.details()
    return customer


def customer_details(tx: Transaction, identifiers: Sequence[bytes], as_of: int | None) -> CustomerDetails:
    """Read what of a customer is not read at once; traits that came with a mere claim may be of whoever made it, and are left out."""
    ends: list[EntryRow] = []
    for newest in (False, True):
        ends += tx.list_entries(
            identifiers=identifiers,
            roles=(Role.ANCHOR,),
            min_assurance=int(Assurance.OBSERVED),
            limit=1,
            newest=newest,
            as_of=as_of,
        )
    values: list[tuple[int, int, str, Any]] = []
    records = [r for x in identifiers for r in tx.find_records(TRAIT, prefix=f"{x.hex()}/")]
    if as_of is not None and records:
        # Known was what was recorded by then, whenever it happened.
        told = {record.key: bytes.fromhex(record.key.rpartition("/")[2]) for record in records}
        then = {e.interaction for e in tx.list_entries(interactions=sorted(set(told.values())), as_of=as_of)}
        records = [record for record in records if told[record.key] in then]
    for record in records:
        content = json.loads(record.value)
        if content["assurance"] <= Assurance.CLAIMED:
            continue
        for name, value in content["traits"].items():
            values.append((content["assurance"], content["at"], name, value))
    traits: dict[str, list[Any]] = {}
    for _, _, name, value in sorted(values, key=lambda v: (-v[0], -v[1])):
        known = traits.setdefault(name, [])
        if value not in known:
            known.append(value)
    return CustomerDetails(
        traits={name: tuple(found) for name, found in traits.items()},
        first_seen=from_us(ends[0].occurred_at) if ends else None,
        last_seen=from_us(ends[-1].occurred_at) if ends else None,
    )


def candidates_of(tx: Transaction, ctx: Context, who: Meant, limit: int, later: Later | None) -> list[Customer]:
    """Return the customers that a ``who`` may be, best first: one where it is certain, several for a shared identifier."""
    row, people = find_people(tx, ctx, who)
    if not row.state & SHARED:
        return [_customer(tx, row.customer, people, None, later)]
    homes = list(dict.fromkeys(r.customer for r in neighbours_of_shared(tx, ctx, row, limit * 4)))[:limit]
    members: dict[bytes, list[IdentifierRow]] = {home: [] for home in homes}
    for member in tx.find_identifiers(customers=homes):
        members[member.customer].append(member)
    return [_customer(tx, home, members[home], None, later) for home in homes if members[home]]


def interaction_id(text: str) -> bytes:
    """Return the id in an ``int_...`` text.

    Raises:
        InteractionNotFoundError: it is none.
    """
    id = from_text("int", text) if isinstance(text, str) else None
    if id is None:
        raise InteractionNotFoundError(f"interaction: got {told(text)}, accepted is an id such as int_...")
    return id


def to_interactions(tx: Transaction, rows: Sequence[InteractionRow]) -> list[Interaction]:
    """Return interactions whole, with the people they were with."""
    entries, known = _people_of(tx, rows)
    names = {id: to_identifier(row) for id, row in known.items()}
    return [_interaction(row, entries.get(row.id, ()), names) for row in rows]


def to_journeys(tx: Transaction, rows: Sequence[InteractionRow]) -> list[tuple[str, Interaction]]:
    """Return interactions whole, each with the id of the customer whose timeline it is on; once for each of several."""
    entries, known = _people_of(tx, rows)
    names = {id: to_identifier(row) for id, row in known.items()}
    found = []
    for row in rows:
        filed = [e for e in entries.get(row.id, ()) if e.role == _ANCHOR and e.assurance > Assurance.CLAIMED]
        customers = dict.fromkeys(known[e.identifier].customer for e in filed if e.identifier in known)
        if customers:
            whole = _interaction(row, entries[row.id], names)
            found += [(customer_text(home), whole) for home in customers]
    return found


def _people_of(
    tx: Transaction, rows: Sequence[InteractionRow]
) -> tuple[dict[bytes, list[EntryRow]], dict[bytes, IdentifierRow]]:
    entries: dict[bytes, list[EntryRow]] = {}
    ids = list({row.id for row in rows})
    for entry in tx.list_entries(interactions=ids) if ids else ():
        entries.setdefault(entry.interaction, []).append(entry)
    wanted = {e.identifier for group in entries.values() for e in group if e.identifier != NO_ID}
    return entries, {r.id: r for r in tx.find_identifiers(ids=sorted(wanted))} if wanted else {}


def _interaction(row: InteractionRow, entries: Iterable[EntryRow], known: Mapping[bytes, Identifier]) -> Interaction:
    people: dict[int, list[Sighting]] = {}
    for entry in sorted(entries, key=lambda e: (e.person, e.role, e.identifier)):
        if entry.identifier in known:
            sighting = Sighting(known[entry.identifier], _ASSURANCES[entry.assurance], entry.raw)
            people.setdefault(entry.person, []).append(sighting)
    participants = people.pop(-1, [])
    extra = {} if row.extra is None else json.loads(row.extra)
    return Interaction(
        channel=row.channel,
        occurred_at=from_us(row.occurred_at, row.utc_offset),
        direction=_DIRECTIONS[row.direction],
        customers=tuple(tuple(people[n]) for n in sorted(people)),
        participants=tuple(participants),
        kind=row.kind,
        ended_at=None if row.ended_at is None else from_us(row.ended_at, row.utc_offset),
        subject=row.subject,
        body=row.body,
        agent=row.agent,
        thread=row.thread,
        reply_to=row.reply_to,
        outcome=row.outcome,
        via=row.via,
        attachments=_attachments(extra.get("attachments", ())),
        traits=extra.get("traits", {}),
        attributes=extra.get("attributes", {}),
        source=row.source,
        source_id=row.source_id,
        id=to_text("int", row.id),
        recorded_at=from_us(row.recorded_at),
        revised_at=from_us(row.revision) if row.revision else None,
        deleted=bool(row.deleted),
    )


def get_interaction(tx: Transaction, id: bytes) -> Interaction:
    """Return one interaction whole.

    Raises:
        InteractionNotFoundError: there is none with this id.
    """
    rows = interactions_by_id(tx, [id])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    return to_interactions(tx, list(rows.values()))[0]


def revisions_of(tx: Transaction, id: bytes) -> list[Interaction]:
    """Return an interaction as each of its revisions had it, by the source's own time."""
    rows = tx.find_interactions(ids=[id])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    return to_interactions(tx, [fold(rows[: n + 1]) for n in range(len(rows))])


def interactions_after(
    tx: Transaction, query: Query, after: tuple[int, bytes] | None, limit: int
) -> tuple[list[InteractionRow], tuple[int, bytes] | None]:
    """Return some interactions of the store in order of time, and where to go on (None at the end)."""
    rows = tx.find_interactions(
        since=query.since, until=query.until, after=after, limit=limit, newest=query.order == "newest"
    )
    if not rows:
        return [], None
    latest = interactions_by_id(tx, [row.id for row in rows])
    wanted = [
        latest[row.id]
        for row in rows
        if (query.channels is None or row.channel in query.channels)
        and (query.directions is None or row.direction in query.directions)
        and (query.kinds is None or row.kind in query.kinds)
        and query.lets_through(latest[row.id])
    ]
    return wanted, (rows[-1].occurred_at, rows[-1].id)


def some_interactions(
    tx: Transaction, query: Query, after: tuple[int, bytes] | None
) -> tuple[list[Interaction], tuple[int, bytes] | None]:
    """Return some interactions of the store in order of time, and where to go on (None at the end)."""
    rows, position = interactions_after(tx, query, after, PIECE)
    return to_interactions(tx, rows), position


def some_journeys(
    tx: Transaction, query: Query, after: tuple[int, bytes] | None
) -> tuple[list[tuple[str, Interaction]], tuple[int, bytes] | None]:
    """Return some interactions of the store in order of time, each with its customer, and where to go on (None at the end)."""
    rows, position = interactions_after(tx, query, after, PIECE)
    return to_journeys(tx, rows), position
