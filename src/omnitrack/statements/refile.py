"""Refiling: moves interactions to the anchor that a new policy or own list gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from omnitrack.foundation.anchor_override import NO_OVERRIDE, AnchorOverride, find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import edited_evidence, entries_of, nobody
from omnitrack.foundation.linkability import is_refused, linkable
from omnitrack.model import Assurance, Role
from omnitrack.reading.resolve import to_identifier
from omnitrack.records import ANCHOR_OVERRIDE, TRAIT, trait_key, trait_of
from omnitrack.statements.effects import follow_index
from omnitrack.statements.notes import follow
from omnitrack.storage.contract import (
    NO_ID,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Transaction,
)

CHUNK = 1_000  # interactions read in one transaction


def refiled(
    ctx: Context, row: InteractionRow, entries: Iterable[EntryRow], rows: Mapping[bytes, IdentifierRow]
) -> list[EntryRow]:
    """Return the entries that the present policy and own list give an interaction.

    Own identifiers and placeholders are left out. The best remaining identifier of each person becomes the anchor, ranked as when the interaction
    is recorded: claimed ones last, before them those that may not identify, then by assurance and rank.
    """
    people: dict[int, list[EntryRow]] = {}
    for entry in entries:
        if entry.identifier in rows:
            person = people.setdefault(entry.person, [])
            identifier = to_identifier(rows[entry.identifier])
            if not ctx.own.matches(identifier) and not is_refused(ctx, identifier):
                person.append(entry)

    def order(entry: EntryRow) -> tuple[bool, bool, int, int, str]:
        row = rows[entry.identifier]
        claimed = entry.assurance <= Assurance.CLAIMED
        may_identify, _ = linkable(ctx, row)
        return (claimed, not may_identify, -entry.assurance, -ctx.policy.rank(row.scheme), to_identifier(row).key)

    participants = people.pop(-1, [])
    found: list[EntryRow] = []
    before = 0
    for number in sorted(people):
        person = people[number]
        if not person:
            before += 1  # only the company, so the others move up; an erased person leaves a gap
            continue
        if len(person) > 1:
            person.sort(key=order)
        for place, entry in enumerate(person):
            role = Role.MEMBER if place else Role.ANCHOR
            found.append(entry._replace(person=number - before, role=int(role)))
    return [*(found or [nobody(row, row.recorded_at)]), *participants]


@attrs.define(slots=True)
class _Refiling:
    """Changes to the filing of interactions: the entries removed and added, the traits that move, the notes that follow, and the overrides
    of notes on a person that are under nobody now."""

    changed: list[bytes] = attrs.field(factory=list)
    gone: dict[EntryRow, EntryRow | None] = attrs.field(factory=dict)
    come: list[EntryRow] = attrs.field(factory=list)
    traits: dict[str, EntryRow | None] = attrs.field(factory=dict)
    notes: dict[bytes, list[EntryRow]] = attrs.field(factory=dict)
    unpinned: dict[bytes, AnchorOverride] = attrs.field(factory=dict)


def _refiling(tx: Transaction, ctx: Context, found: Sequence[InteractionRow], now: int) -> _Refiling:
    ids = [row.id for row in found]
    overrides = find_overrides(tx, ids)
    entries: dict[bytes, list[EntryRow]] = {}
    for entry in entries_of(tx, ids):
        entries.setdefault(entry.interaction, []).append(entry)
    named = sorted({e.identifier for group in entries.values() for e in group} - {NO_ID})
    rows = {row.id: row for row in tx.find_identifiers(ids=named)}
    refiling = _Refiling()
    for row in found:
        there = entries.get(row.id, [])
        override = overrides.get(row.id, NO_OVERRIDE)
        if override.beside is not None:
            continue  # a note follows its interaction
        if override.said:
            # The attribution stays in force; the participants are checked all the same.
            wanted = [e for e in there if e.person >= 0]
            wanted += [e for e in refiled(ctx, row, there, rows) if e.person < 0]
        else:
            wanted = refiled(ctx, row, there, rows)
        before = {e._replace(added_at=0): e for e in there}
        later = {e._replace(added_at=0): e for e in wanted}
        if before.keys() == later.keys():
            continue
        refiling.changed.append(row.id)
        refiling.notes |= dict.fromkeys(override.notes, wanted)
        refiling.gone.update((before[key], None) for key in before.keys() - later.keys())
        refiling.come += [later[key]._replace(added_at=now) for key in later.keys() - before.keys()]
        old, new = _first(there), _first(wanted)
        if override.pin is not None and (new is None or new.identifier == NO_ID):
            # No entry leads to the override any more, so an erasure of the person whom it names would not find it.
            refiling.unpinned[row.id] = attrs.evolve(override, pin=None)
        if old is not None and (new is None or new.identifier != old.identifier):
            anchor = None if new is None or new.identifier == NO_ID else new
            refiling.traits[trait_key(old.identifier, row.id)] = anchor
    return refiling


def filed_otherwise(
    tx: Transaction, ctx: Context, after: tuple[int, bytes] | None
) -> tuple[list[bytes], tuple[int, bytes] | None]:
    """Return which interactions of a chunk the present policy and own list would file elsewhere, and where to go on (None at the end)."""
    found = tx.find_interactions(after=after, limit=CHUNK)
    if not found:
        return [], None
    return _refiling(tx, ctx, found, 0).changed, (found[-1].occurred_at, found[-1].id)


def filed_otherwise_among(tx: Transaction, ctx: Context, ids: Sequence[bytes]) -> list[bytes]:
    """Return which of these interactions would be filed elsewhere."""
    return _refiling(tx, ctx, _recorded(tx, ids), 0).changed


def refile(tx: Transaction, ctx: Context, ids: Sequence[bytes], now: int) -> tuple[list[LinkRow], list[LinkRow]]:
    """File interactions by the present policy and own list. The caller computes the customers.

    Returns:
        The links of evidence that were added, and those that were removed.
    """
    refiling = _refiling(tx, ctx, _recorded(tx, ids), now)
    if not refiling.changed:
        return [], []
    left, gone_to = follow(tx, refiling.notes, now)
    refiling.gone.update(dict.fromkeys(left))
    refiling.come += gone_to
    more, less = edited_evidence(tx, refiling.gone, refiling.come)
    tx.replace_entries(list(refiling.gone), refiling.come, now)
    _relink(tx, more, less)
    _move_traits(tx, ctx, refiling.traits)
    tx.delete(records=[(ANCHOR_OVERRIDE, id.hex()) for id, override in refiling.unpinned.items() if not override])
    tx.put_records([override.record(id) for id, override in refiling.unpinned.items() if override])
    return more, less


def _recorded(tx: Transaction, ids: Sequence[bytes]) -> list[InteractionRow]:
    return [row for row in tx.find_interactions(ids=ids) if row.revision == 0] if ids else []


def _first(entries: Iterable[EntryRow]) -> EntryRow | None:
    return next((e for e in entries if e.person == 0 and e.role == Role.ANCHOR), None)


def _relink(tx: Transaction, more: Sequence[LinkRow], less: Sequence[LinkRow]) -> None:
    if less:
        tx.delete(links=less)
    tx.add_links(more)


def _move_traits(tx: Transaction, ctx: Context, keys: Mapping[str, EntryRow | None]) -> None:
    records = tx.find_records(TRAIT, keys=list(keys)) if keys else []
    tx.delete(records=[(TRAIT, record.key) for record in records])
    moved = [trait_of(record, new) for record in records if (new := keys[record.key]) is not None]
    tx.put_records(moved)
    follow_index(tx, ctx, {bytes.fromhex(record.key.partition("/")[0]) for record in (*records, *moved)})
