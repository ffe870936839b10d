"""Notes on a person or on an interaction. A note on an interaction is always filed where the interaction is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.errors import InteractionNotFoundError
from omnitrack.foundation.anchor_override import AnchorOverride, find_overrides
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import entries_of
from omnitrack.foundation.ids import from_text, from_us, interaction_id, now_us, to_text
from omnitrack.foundation.journal import touch
from omnitrack.foundation.linkability import is_refused
from omnitrack.foundation.once import Once, recorded
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.model import Direction, Interaction, Role
from omnitrack.reading.resolve import Meant, Who, get_row, meant_one, to_identifier
from omnitrack.statements.statement_index import mention
from omnitrack.storage.contract import EntryRow, InteractionRow, Transaction

_ANCHOR = int(Role.ANCHOR)


@goes_over
def note(run: Run, ctx: Context, who: Who, text: str, *, agent: str | None, answered_by: str | None = None) -> str:
    """File an internal note on a person or on an interaction; return its id."""
    now = now_us()
    id = interaction_id(now, None, None)
    beside = from_text("int", who) if isinstance(who, str) else None
    fields: dict[str, Any] = {"body": text, "agent": agent, "answered_by": answered_by}
    checked = Interaction(channel="note", occurred_at=from_us(now), **fields)
    row = note_row(id, now, text, agent)
    if checked.answered_by is not None:
        row = row._replace(extra=json.dumps({"answered_by": checked.answered_by.value}))
    if beside is not None:
        run(Once(lambda tx: add_note_beside(tx, ctx, row, beside), recorded(id, now)))
    else:
        named = meant_one(ctx, who)
        run(Once(lambda tx: add_note(tx, ctx, row, named), recorded(id, now)))
    return to_text("int", id)


def note_row(id: bytes, now: int, text: str, agent: str | None) -> InteractionRow:
    """Return the row of a note."""
    return InteractionRow(
        id, 0, None, None, "note", Direction.INTERNAL.value, "note", now, 0, None, now, None, text, agent, None, None,
        None, None, None, 0,
    )  # fmt: skip


def add_note(tx: Transaction, ctx: Context, row: InteractionRow, who: Meant) -> None:
    """File a note under a person.

    Raises:
        CustomerNotFoundError: no customer has this identifier or id; own identifiers and placeholders belong to nobody.
    """
    enter(tx, ctx)
    holder = get_row(tx, ctx, who)
    identifier = to_identifier(holder)
    if ctx.own.matches(identifier) or is_refused(ctx, identifier):
        raise who.not_found()  # a statement may have named it nevertheless
    entry = EntryRow(
        holder.id,
        row.occurred_at,
        row.id,
        0,
        row.recorded_at,
        None,
        _ANCHOR,
        2,
        row.channel,
        row.direction,
        row.kind,
        None,
    )
    tx.add_interactions([row], [entry])
    touch(tx, ctx, interactions=[row.id])
    if who.home is not None:
        tx.put_records([AnchorOverride(pin=mention(tx, holder, row.occurred_at), version=-1).record(row.id)])


def add_note_beside(tx: Transaction, ctx: Context, row: InteractionRow, interaction: bytes) -> None:
    """File a note on an interaction: under the customer of the interaction, now and after any change.

    Raises:
        InteractionNotFoundError: no interaction has this id.
    """
    enter(tx, ctx)  # before any read, so that the interaction cannot move to another customer meanwhile
    there = tx.find_interactions(ids=[interaction])
    if not there:
        raise InteractionNotFoundError(f"who: no interaction has the id {to_text('int', interaction)}")
    # A note on such a note becomes a note on the same interaction.
    known = find_overrides(tx, [interaction]).get(interaction, AnchorOverride())
    first = interaction if known.beside is None else known.beside
    if first != interaction:
        known = find_overrides(tx, [first]).get(first, AnchorOverride())
    began = tx.find_interactions(ids=[first])[0].occurred_at
    row = row._replace(reply_to=there[0].source_id or to_text("int", interaction))
    tx.add_interactions([row], filed_as(entries_of(tx, [first]), row, row.recorded_at))
    touch(tx, ctx, interactions=[first])
    known.notes.append(row.id)
    tx.put_records([known.record(first), AnchorOverride(beside=first, at=began, version=-1).record(row.id)])


def filed_as(entries: Iterable[EntryRow], row: InteractionRow, now: int) -> list[EntryRow]:
    """Return the entries of a note on an interaction: one for each anchor of the interaction, with the same assurance."""
    return [
        EntryRow(
            e.identifier,
            row.occurred_at,
            row.id,
            e.person,
            now,
            None,
            _ANCHOR,
            e.assurance,
            row.channel,
            row.direction,
            row.kind,
            None,
        )
        for e in entries
        if e.role == _ANCHOR
    ]


def follow(
    tx: Transaction, entries: Mapping[bytes, Sequence[EntryRow]], now: int
) -> tuple[list[EntryRow], list[EntryRow]]:
    """Compute how notes follow the interactions that they are about.

    Args:
        entries: for each note, the future entries of its interaction.

    Returns:
        The entries of notes to remove, and to add.
    """
    notes = list(entries)
    there: dict[bytes, list[EntryRow]] = {}
    for entry in entries_of(tx, notes):
        there.setdefault(entry.interaction, []).append(entry)
    removed: list[EntryRow] = []
    added: list[EntryRow] = []
    for row in tx.find_interactions(ids=notes) if notes else ():
        if row.revision == 0:
            before = {e._replace(added_at=now): e for e in there.get(row.id, ())}
            after = filed_as(entries[row.id], row, now)
            removed += [e for key, e in before.items() if key not in after]
            added += [e for e in after if e not in before]
    return removed, added


def with_notes(tx: Transaction, interactions: Iterable[bytes]) -> list[bytes]:
    """Return interactions and the notes on them, each once."""
    found = dict.fromkeys(interactions)
    for override in find_overrides(tx, list(found)).values():
        found.update(dict.fromkeys(override.notes))
    return list(found)


def without_notes(tx: Transaction, notes: Iterable[bytes]) -> dict[bytes, AnchorOverride]:
    """Return the overrides of the interactions that notes are on, as they are after the notes are deleted."""
    gone = set(notes)
    beside = {f.beside for f in find_overrides(tx, gone).values() if f.beside is not None}
    found = find_overrides(tx, beside)
    return {id: attrs.evolve(f, notes=[note for note in f.notes if note not in gone]) for id, f in found.items()}
