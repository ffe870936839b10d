"""Refiling: under which of a person's identifiers an interaction belongs by another policy or own list, and what that changes in a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from omnitrack.model import Assurance, Role
from omnitrack.storage.contract import (
    NO_ID,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Transaction,
)
from omnitrack.usecases.context import Context
from omnitrack.usecases.evidence import edited_evidence, entries_of
from omnitrack.usecases.filing import NO_FILING, find_filings
from omnitrack.usecases.judging import is_refused
from omnitrack.usecases.notes import follow
from omnitrack.usecases.outcome import follow_index
from omnitrack.usecases.rebuild import linkable
from omnitrack.usecases.record import TRAIT, nobody, trait_key, trait_of
from omnitrack.usecases.resolve import to_identifier

CHUNK = 1_000  # interactions looked at in one transaction


def refiled(
    ctx: Context, row: InteractionRow, entries: Iterable[EntryRow], rows: Mapping[bytes, IdentifierRow]
) -> list[EntryRow]:
    """Return the entries that an interaction as it came has by the policy and own list of today.

    Own identifiers of the company and ids that are none are left out, and of each person the best of those that are left becomes the anchor: what only was
    claimed last, then what may not identify, then by assurance and rank, as when it is recorded.
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
            before += 1  # nobody but the company, so the others move up; who was erased leaves a gap
            continue
        if len(person) > 1:
            person.sort(key=order)
        for place, entry in enumerate(person):
            role = Role.MEMBER if place else Role.ANCHOR
            found.append(entry._replace(person=number - before, role=int(role)))
    return [*(found or [nobody(row, row.recorded_at)]), *participants]


def refile_step(
    tx: Transaction, ctx: Context, after: tuple[int, bytes] | None, now: int
) -> tuple[int, tuple[int, bytes] | None]:
    """File some interactions by the policy and own list of today; who is whom is computed afterwards.

    Returns:
        How many were filed otherwise before, and where to go on (None at the end).
    """
    found = tx.find_interactions(after=after, limit=CHUNK)
    if not found:
        return 0, None
    ids = [row.id for row in found]
    filings = find_filings(tx, ids)
    entries: dict[bytes, list[EntryRow]] = {}
    for entry in entries_of(tx, ids):
        entries.setdefault(entry.interaction, []).append(entry)
    named = sorted({e.identifier for group in entries.values() for e in group} - {NO_ID})
    rows = {row.id: row for row in tx.find_identifiers(ids=named)}
    gone: dict[EntryRow, EntryRow | None] = {}
    come: list[EntryRow] = []
    traits: dict[str, EntryRow | None] = {}
    notes: dict[bytes, list[EntryRow]] = {}
    changed = 0
    for row in found:
        there = entries.get(row.id, [])
        filing = filings.get(row.id, NO_FILING)
        if filing.beside is not None:
            continue  # it goes with the interaction beside which it stands
        if filing.said:
            # What a statement says holds; whom else it names in copy is looked at all the same.
            wanted = [e for e in there if e.person >= 0]
            wanted += [e for e in refiled(ctx, row, there, rows) if e.person < 0]
        else:
            wanted = refiled(ctx, row, there, rows)
        before = {e._replace(added_at=0): e for e in there}
        later = {e._replace(added_at=0): e for e in wanted}
        if before.keys() == later.keys():
            continue
        changed += 1
        notes |= dict.fromkeys(filing.notes, wanted)
        gone.update((before[key], None) for key in before.keys() - later.keys())
        come += [later[key]._replace(added_at=now) for key in later.keys() - before.keys()]
        old, new = _first(there), _first(wanted)
        if old is not None and (new is None or new.identifier != old.identifier):
            traits[trait_key(old.identifier, row.id)] = None if new is None or new.identifier == NO_ID else new
    if changed:
        left, gone_to = follow(tx, notes, now)
        gone.update(dict.fromkeys(left))
        come += gone_to
        more, less = edited_evidence(tx, gone, come)
        tx.replace_entries(list(gone), come, now)
        _relink(tx, more, less)
        _move_traits(tx, ctx, traits)
    return changed, (found[-1].occurred_at, found[-1].id)


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
