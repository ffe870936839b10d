"""Conversing: reads the conversations of a customer, the one with the latest interaction first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from omnitrack.errors import InvalidInteractionError, plain_repr
from omnitrack.foundation.cases import cases_with
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import keep_surest
from omnitrack.foundation.handovers import find_handed
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.model import Assurance, Page, Role
from omnitrack.reading.cursor import Cursor, decode_cursor
from omnitrack.reading.interactions import interactions_by_id
from omnitrack.reading.resolve import Meant, find_people, to_identifier, verified_members
from omnitrack.reading.timeline import to_item
from omnitrack.service.conversation import CASE, HANDOVER, WAYS, Conversation, Tie, joined, ties_of
from omnitrack.storage.contract import SHARED, EntryRow, IdentifierRow, InteractionRow, Position, Transaction

MOST_ITEMS = 50  # of a conversation that are shown
PIECE = 500  # entries read at a time


@attrs.define(slots=True)
class _History:
    """The interactions on a customer's timeline: of each its entry, and what ties it to others."""

    entries: dict[bytes, EntryRow] = attrs.field(factory=dict)
    ties: dict[bytes, list[Tie]] = attrs.field(factory=dict)


def check_trust(trust: object) -> None:
    """Raise unless it is one of the two."""
    if trust not in ("observed", "verified"):
        raise InvalidInteractionError(f"trust: got {plain_repr(trust)}, accepted are 'observed' and 'verified'")


def conversations_page(
    tx: Transaction, ctx: Context, who: Meant, trust: str, limit: int, cursor: str | None
) -> Page[Conversation]:
    """Return one page of the conversations of a customer."""
    query = f"conversations {trust}"
    start = None if cursor is None else decode_cursor(cursor, query)
    row, members = find_people(tx, ctx, who)
    if trust == "verified" and not row.state & SHARED:
        members = verified_members(tx, ctx, row, members)
    history = _read(tx, members)

    def place(id: bytes) -> Position:
        return (history.entries[id].occurred_at, id)

    found = []
    for ids, ways in joined(history.ties):
        ids.sort(key=place)
        if start is None or place(ids[-1]) < (start.at, start.id):
            found.append((ids, ways))
    found.sort(key=lambda one: place(one[0][-1]), reverse=True)
    shown = found[:limit]
    wanted = [id for ids, _ in shown for id in {*ids[-MOST_ITEMS:], ids[0]}]
    rows = interactions_by_id(tx, wanted) if wanted else {}
    known = {member.id: member for member in members}
    items = tuple(_conversation(ids, ways, history, rows, known) for ids, ways in shown)
    more = len(found) > limit
    return Page(items, Cursor(*place(shown[-1][0][-1])).encode(query) if more else None)


def _read(tx: Transaction, members: Sequence[IdentifierRow]) -> _History:
    """Read a customer's history, a piece at a time, and keep of each interaction what tells where it belongs."""
    history = _History()
    after: Position | None = None
    size = PIECE
    while True:
        entries, revisions = tx.list_history(
            identifiers=[member.id for member in members],
            roles=(Role.ANCHOR,),
            min_assurance=int(Assurance.OBSERVED),
            after=after,
            limit=size,
            newest=False,
        )
        full = len(entries) == size
        # What the limit may have cut off of the last interaction is read with the next piece.
        whole = [e for e in entries if e.interaction != entries[-1].interaction] if full else entries
        if full and not whole:
            size *= 2
            continue
        rows = {row.id: row for row in revisions if row.revision == 0}
        ids = list(dict.fromkeys(e.interaction for e in whole if e.interaction in rows))
        keep_surest(history.entries, (entry for entry in whole if entry.interaction in rows))
        handed, cases = find_handed(tx, ids), cases_with(tx, ids)
        for id in ids:
            ties = ties_of(rows[id])
            if id in handed:
                ties += [Tie(HANDOVER, key) for key in (*handed[id].given, *handed[id].used)]
            ties += [Tie(CASE, case) for case in cases.get(id, ())]
            history.ties[id] = ties
        if not full:
            return history
        after = (whole[-1].occurred_at, whole[-1].interaction)


def _conversation(
    ids: Sequence[bytes],
    ways: set[str],
    history: _History,
    rows: Mapping[bytes, InteractionRow],
    members: Mapping[bytes, IdentifierRow],
) -> Conversation:
    entries = [history.entries[id] for id in ids]
    first = rows[ids[0]]
    shown = [history.entries[id] for id in ids[-MOST_ITEMS:]]
    last = rows[ids[-1]]
    return Conversation(
        id=to_text("int", ids[0]),
        started_at=from_us(first.occurred_at, first.utc_offset),
        last_at=from_us(last.occurred_at, last.utc_offset),
        channels=tuple(dict.fromkeys(entry.channel for entry in entries)),
        joined_by=tuple(way for way in WAYS if way in ways),
        total=len(ids),
        items=tuple(
            to_item(
                rows[e.interaction], e, to_identifier(members[e.identifier]), bool(members[e.identifier].state & SHARED)
            )
            for e in shown
        ),
    )
