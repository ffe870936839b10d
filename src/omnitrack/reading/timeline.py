"""Pages of timelines, and of interactions that identify nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Assurance, Page, Role, TimelineDraft, TimelineItem
from omnitrack.reading.cursor import Cursor, decode_cursor
from omnitrack.reading.interactions import ANSWERERS, ASSURANCES, DIRECTIONS, revised_by_id, to_attachments
from omnitrack.reading.query import MAX_LIMIT, Query
from omnitrack.reading.resolve import (
    Meant,
    find_people,
    get_row,
    members_as_of,
    shared_around,
    to_identifier,
    verified_members,
)
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
from omnitrack.values import NOTHING, freeze

_PARTICIPANT = int(Role.PARTICIPANT)
_new = object.__new__


def to_item(row: InteractionRow, entry: EntryRow, identifier: Identifier | None, shared: bool) -> TimelineItem:
    """Return the timeline item of an interaction and the entry that puts it on the timeline."""
    (
        id, revision, source, source_id, channel, direction, kind, occurred_at, offset, ended_at,
        recorded_at, subject, body, agent, thread, reply_to, outcome, via, extra, deleted,
    ) = row  # fmt: skip
    item: Any = _new(TimelineDraft)
    item.id = f"int_{id.hex()}"
    item.channel = channel
    item.direction = DIRECTIONS[direction]
    item.kind = kind
    item.occurred_at = from_us(occurred_at, offset)
    item.recorded_at = from_us(recorded_at)
    item.identifier = identifier
    item.assurance = ASSURANCES[entry[7]]
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
        item.traits = item.attributes = NOTHING
        item.answered_by = item.disclosed = None
    else:
        more = json.loads(extra)
        item.attachments = to_attachments(more["attachments"]) if "attachments" in more else ()
        item.traits = freeze(more["traits"]) if "traits" in more else NOTHING
        item.attributes = freeze(more["attributes"]) if "attributes" in more else NOTHING
        item.answered_by = ANSWERERS.get(more.get("answered_by"))
        item.disclosed = more.get("disclosed")
    item.source = source
    item.source_id = source_id
    item.revised_at = from_us(revision) if revision else None
    item.deleted = deleted != 0
    item.shared = shared
    item.participant = entry[6] == _PARTICIPANT
    item.__class__ = TimelineItem
    return item  # type: ignore[no-any-return]


def _better(entry: EntryRow, other: EntryRow, shared: Mapping[bytes, object]) -> bool:
    """Whether an entry takes precedence over another of the same interaction: own before shared, customer before participant, then by assurance."""

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
    """Return one page of the interactions that identify nobody, newest first."""
    query = Query(include_claimed=True)
    return _page(tx, {NO_ID: None}, {}, query, limit, _Place.of(query, cursor, "unattributed"))


@attrs.frozen(slots=True)
class _Place:
    """The start of a page, and the digest that ties its cursors to the query."""

    digest: str
    start: Cursor | None

    @classmethod
    def of(cls, query: Query, cursor: str | None, subject: str) -> _Place:
        digest = query.digest(subject)
        return cls(digest, None if cursor is None else decode_cursor(cursor, digest))

    @property
    def backwards(self) -> bool:
        """Whether the page precedes the start."""
        return self.start is not None and self.start.backwards

    @property
    def after(self) -> Position | None:
        """The position that the entries of the page follow, in reading order; None for the beginning."""
        return None if self.start is None else (self.start.at, self.start.id)


def _at_once(
    tx: Transaction, ctx: Context, who: Meant, query: Query, limit: int, place: _Place
) -> tuple[list[IdentifierRow], History] | None:
    """Read a customer and the beginning of its history in one statement; None if more must be known about the customer first."""
    if who.identifier is None or query.as_of is not None or query.trust != "observed" or query.reaches_shared:
        return None
    id = ctx.base_id(who.identifier.key)
    alone = not (
        query.scans or query.include_participant
    )  # otherwise more may be read, which must be consistent with this
    filters = _filters(query, place.backwards, place.after, limit + 2)
    members, entries, interactions = tx.list_customer_history(id, alone=alone, **filters)
    if not members:
        raise who.not_found()
    if any(member.state & (RETIRED | (member.id == id and SHARED | REASSIGNED)) for member in members):
        return None
    if alone and len(entries) == limit + 2 and len({entry.interaction for entry in entries}) < len(entries):
        return None  # may hold too few interactions for the page
    return members, (entries, interactions)


def _filters(query: Query, backwards: bool, after: Position | None, limit: int) -> EntryFilters:
    """Return the arguments for reading entries of a page from the store."""
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
    """Return one page of what is filed under identifiers; ``first`` has its first entries, if they have been read."""
    backwards, after = place.backwards, place.after
    chosen: dict[bytes, EntryRow] = {}
    found: dict[bytes, InteractionRow] = {}
    more = False
    identifiers = list(rows)
    scans = query.scans
    # Two more than the limit: one shows whether there is a next page, and the last interaction of a batch may be incomplete and is read again.
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
        loaded = revised_by_id(revisions, query.as_of)
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
    if not items:
        return Page(())
    return _with_cursors(items, [found[id] for id in chosen], place, more)


def _with_cursors(
    items: list[TimelineItem], rows: Sequence[InteractionRow], place: _Place, more: bool
) -> Page[TimelineItem]:
    """Return a page of items (at least one, in reading order) with its cursors; ``more`` tells whether others follow."""
    backwards = place.backwards
    if backwards:
        items.reverse()
    ends = [(rows[0].occurred_at, rows[0].id), (rows[-1].occurred_at, rows[-1].id)]
    top, bottom = reversed(ends) if backwards else ends
    has_next = backwards or more
    has_previous = more if backwards else place.start is not None
    return Page(
        tuple(items),
        Cursor(*bottom).encode(place.digest) if has_next else None,
        Cursor(*top, backwards=True).encode(place.digest) if has_previous else None,
    )
