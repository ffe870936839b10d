"""Interactions with their latest revisions and people: one, several, or the whole store sorted by time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omnitrack.errors import InteractionNotFoundError, plain_repr
from omnitrack.foundation.ids import from_text, from_us, to_text
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import AnsweredBy, Assurance, Attachment, Direction, Interaction, Role, Sighting
from omnitrack.reading.query import Query
from omnitrack.reading.resolve import customer_text, to_identifier
from omnitrack.storage.contract import NO_ID, EntryRow, IdentifierRow, InteractionRow, Transaction

PIECE = 500  # interactions read in one transaction when the whole store is read
ASSURANCES = {int(a): a for a in Assurance}
DIRECTIONS = {d.value: d for d in Direction}
ANSWERERS = {a.value: a for a in AnsweredBy}


def apply_revisions(rows: Sequence[InteractionRow], as_of: int | None = None) -> InteractionRow:
    """Return an interaction with its latest revision applied: latest by the source's own time, of those recorded by ``as_of``.

    A revision without a subject or a body leaves that unchanged. ``revision`` of the result is that of the latest.
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
    """Return interactions by id, each with its latest revision applied."""
    return revised_by_id(tx.find_interactions(ids=ids), as_of)


def revised_by_id(revisions: Sequence[InteractionRow], as_of: int | None) -> dict[bytes, InteractionRow]:
    """Return interactions by id from their revisions, each with the latest of those recorded by ``as_of`` applied."""
    found = {row[0]: row for row in revisions}
    if len(found) == len(revisions):  # nothing was revised
        return found
    grouped: dict[bytes, list[InteractionRow]] = {}
    for row in revisions:
        grouped.setdefault(row.id, []).append(row)
    return {id: rows[0] if len(rows) == 1 else apply_revisions(rows, as_of) for id, rows in grouped.items()}


def to_attachments(values: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    """Return the attachments that a store holds as JSON values."""
    return tuple(Attachment(**value) for value in values)


def parse_interaction_id(text: str) -> bytes:
    """Return the id in an ``int_...`` text.

    Raises:
        InteractionNotFoundError: the text is not an interaction id.
    """
    id = from_text("int", text) if isinstance(text, str) else None
    if id is None:
        raise InteractionNotFoundError(f"interaction: got {plain_repr(text)}, accepted is an id such as int_...")
    return id


def get_interaction(tx: Transaction, id: bytes) -> Interaction:
    """Return one interaction in full.

    Raises:
        InteractionNotFoundError: no interaction has this id.
    """
    rows = interactions_by_id(tx, [id])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    return to_interactions(tx, list(rows.values()))[0]


def revisions_of(tx: Transaction, id: bytes) -> list[Interaction]:
    """Return an interaction as it was after each of its revisions, sorted by the source's own time."""
    rows = tx.find_interactions(ids=[id])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    return to_interactions(tx, [apply_revisions(rows[: n + 1]) for n in range(len(rows))])


def to_interactions(tx: Transaction, rows: Sequence[InteractionRow]) -> list[Interaction]:
    """Return interactions in full, with their people."""
    entries, known = _people_of(tx, rows)
    names = {id: to_identifier(row) for id, row in known.items()}
    return [_interaction(row, entries.get(row.id, ()), names) for row in rows]


def to_attributions(tx: Transaction, rows: Sequence[InteractionRow]) -> list[tuple[tuple[str, ...], Interaction]]:
    """Return interactions in full, each with the ids of the customers on whose timelines it is; none if nobody is identified."""
    entries, known = _people_of(tx, rows)
    names = {id: to_identifier(row) for id, row in known.items()}
    found = []
    for row in rows:
        mine = entries.get(row.id, [])
        filed = [e for e in mine if e.role == Role.ANCHOR and e.assurance > Assurance.CLAIMED]
        customers = dict.fromkeys(known[e.identifier].customer for e in filed if e.identifier in known)
        found.append((tuple(map(customer_text, customers)), _interaction(row, mine, names)))
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
            sighting = Sighting(known[entry.identifier], ASSURANCES[entry.assurance], entry.raw)
            people.setdefault(entry.person, []).append(sighting)
    participants = people.pop(-1, [])
    extra = {} if row.extra is None else json.loads(row.extra)
    return Interaction(
        channel=row.channel,
        occurred_at=from_us(row.occurred_at, row.utc_offset),
        direction=DIRECTIONS[row.direction],
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
        answered_by=extra.get("answered_by"),
        disclosed=extra.get("disclosed"),
        via=row.via,
        attachments=to_attachments(extra.get("attachments", ())),
        traits=extra.get("traits", {}),
        attributes=extra.get("attributes", {}),
        source=row.source,
        source_id=row.source_id,
        id=to_text("int", row.id),
        recorded_at=from_us(row.recorded_at),
        revised_at=from_us(row.revision) if row.revision else None,
        deleted=bool(row.deleted),
    )


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


def some_attributions(
    tx: Transaction, query: Query, after: tuple[int, bytes] | None
) -> tuple[list[tuple[tuple[str, ...], Interaction]], tuple[int, bytes] | None]:
    """Return some interactions of the store in order of time, each with its customers, and where to go on (None at the end)."""
    rows, position = interactions_after(tx, query, after, PIECE)
    return to_attributions(tx, rows), position


def some_journeys(
    tx: Transaction, query: Query, after: tuple[int, bytes] | None
) -> tuple[list[tuple[str, Interaction]], tuple[int, bytes] | None]:
    """Return some interactions of the store in order of time, once for each of its customers, and where to go on (None at the end)."""
    found, position = some_attributions(tx, query, after)
    return [(customer, interaction) for customers, interaction in found for customer in customers], position
