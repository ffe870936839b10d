"""Changes of tenure: moves entries, evidence and statements when an identifier gets or loses a holder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.anchor_override import NO_OVERRIDE, find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, edited_evidence
from omnitrack.foundation.ids import new_id, to_text
from omnitrack.identity.mention import Tenures
from omnitrack.identity.partition import DIFFERENT, REASSIGNED, SAME, Partition
from omnitrack.identity.statement import StatementRecord
from omnitrack.identity.tenures import Held
from omnitrack.reading.resolve import to_identifier
from omnitrack.records import TENURES
from omnitrack.statements.effects import Effects, StatementRequest, move_traits
from omnitrack.statements.neighbourhood import Cause, Plan, plan_change
from omnitrack.statements.proofs import beside_entries, handles_of, proofs_in_entries, read_sightings
from omnitrack.statements.statement_index import find_statements, holding, links_of, statement_id
from omnitrack.storage.contract import (
    ASSUMED,
    LINKABLE,
    NO_ID,
    RETIRED,
    EntryRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS


@attrs.define(slots=True)
class Shift:
    """What a change of holders changes, apart from customers.

    Attributes:
        holders: all present and former holders of the identifiers.
        changed: those of them whose state changes.
        moves: entries that move to another holder, each with its replacement.
        added: links to add.
        removed: links to remove.
        records: records to store.
        history: for each identifier, the tenures that began and those that ended, as TENURES stores them.
    """

    holders: list[bytes] = attrs.field(factory=list)
    changed: dict[bytes, IdentifierRow] = attrs.field(factory=dict)
    moves: dict[EntryRow, EntryRow | None] = attrs.field(factory=dict)
    added: list[LinkRow] = attrs.field(factory=list)
    removed: list[LinkRow] = attrs.field(factory=list)
    records: list[RecordRow] = attrs.field(factory=list)
    history: dict[bytes, tuple[list[list[Any]], set[tuple[str, str]]]] = attrs.field(factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changed or self.moves or self.added or self.removed or self.records)


def shift_holders(
    tx: Transaction,
    ctx: Context,
    held: Mapping[bytes, Held],
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    homes: Iterator[bytes] | None = None,
    *,
    lock: bool,
) -> Shift:
    """Assign every entry and statement of identifiers to the holder at its time.

    Args:
        held: who held each identifier when, by its first holder.
        cause: the reason for the membership history.
        fresh: receives the holders that are created.
        homes: homes for these; more are made if needed.
        lock: whether the new holders are written.
    """
    shift = Shift()
    unborn = {id: fresh[id] for id in held if id in fresh}
    bases = unborn | {row.id: row for row in tx.find_identifiers(ids=sorted(held))}
    homes = iter(()) if homes is None else homes
    for id, base in sorted(bases.items()):
        _shift(tx, ctx, base, held[id], shift, cause, fresh, homes, lock)
    _move_statements(tx, {id: held[id].tenures for id in bases}, shift)
    return shift


def _shift(
    tx: Transaction,
    ctx: Context,
    base: IdentifierRow,
    held: Held,
    shift: Shift,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    homes: Iterator[bytes],
    lock: bool,
) -> None:
    links = [x for x in tx.find_links([base.id]) if x.basis == REASSIGNED and x.a == base.id]
    tenures = sorted({*held.tenures, *((x.seen, x.b) for x in links)})
    holders = [base.id, *(holder for _, holder in tenures)]
    stored = {row.id: row for row in tx.find_identifiers(ids=holders)}
    active, assumed = ({holder for _, holder in tenure} for tenure in (held.tenures, held.silent))
    state = base.state | HAS_HOLDERS if active else base.state & ~HAS_HOLDERS
    if state != base.state:
        shift.changed[base.id] = base._replace(state=state)
    for since, holder in tenures:
        known = stored.get(holder)
        if known is None:
            home = next(homes, None) or new_id()
            row = base._replace(
                id=holder, home=home, customer=home, since=since, state=base.state & LINKABLE, born_at=cause.at
            )
            row = row._replace(state=row.state | ASSUMED if holder in assumed else row.state)
            stored[holder] = fresh[holder] = row
            if lock:
                tx.add_identifiers([row])
        else:
            state = known.state & ~(RETIRED | ASSUMED)
            state |= (ASSUMED if holder in assumed else 0) | (0 if holder in active else RETIRED)
            if state != known.state:
                shift.changed[holder] = known._replace(state=state)
    before, after = {x for x in links if x.ref == NO_ID}, set(held.links(base.id))
    shift.added += sorted(after - before)
    shift.removed += sorted(before - after)
    began = [[x.seen, x.b.hex(), "", cause.at, None] for x in sorted(after) if x.b not in {y.b for y in before}]
    ended = {(x.b.hex(), "") for x in before if x.b not in {y.b for y in after}}
    shift.history[base.id] = (began, ended)
    entries = all_entries(tx, [x for x in holders if x not in fresh])
    overrides = find_overrides(tx, (entry.interaction for entry in entries))
    beside = beside_entries(tx, ctx, overrides, entries, {id for _, id in held.proven})
    for entry in entries:
        wanted = overrides.get(entry.interaction, NO_OVERRIDE).holder(entry, base.id, held, beside(entry))
        if wanted != entry.identifier:
            shift.moves[entry] = entry._replace(identifier=wanted, added_at=cause.at)
    shift.holders += holders


def _move_statements(tx: Transaction, tenures: Mapping[bytes, Tenures], shift: Shift) -> None:
    """Let the statements that name identifiers be about the holders at their times."""
    for found, said in holding(find_statements(tx, sorted(tenures)).values()):
        about = said.about(tenures.get)
        if about != (said.a, said.b):
            id = statement_id(found.key)
            shift.removed += links_of(said, id)
            said.a, said.b = about
            shift.added += links_of(said, id)
            shift.records.append(found._replace(value=said.dump()))


def carry_out(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord | None,
    shift: Shift,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    added: Sequence[LinkRow] = (),
    removed: Sequence[LinkRow] = (),
    *,
    lock: bool,
    planned: bool = True,
) -> Effects:
    """Return the effects of a change of holders.

    Args:
        record: the statement that changes the holders, if any.
        shift: the change of holders.
        cause: the reason for the membership history.
        fresh: the identifiers that are created.
        added: links that the statement adds.
        removed: links that the statement removes.
        lock: whether rows are locked before they are read.
        planned: whether customers are computed too; False if everything is computed anew afterwards.
    """
    more, gone = edited_evidence(tx, shift.moves)
    added = [*added, *more, *shift.added]
    removed = [*removed, *gone, *shift.removed]
    if planned:
        plan = plan_change(
            tx,
            ctx.policy,
            added=added,
            removed=removed,
            fresh=fresh,
            changed=shift.changed,
            touched=shift.holders,
            lock=lock,
        )
    else:
        plan = Plan({}, [], Partition({}, {}, [], [], [], set()), [])
    effects = Effects(record, plan, plan.log(cause, skip=fresh), added, removed, fresh, shift.changed)
    effects.entries_removed = list(shift.moves)
    effects.entries_added = [entry for entry in shift.moves.values() if entry is not None]
    effects.records += shift.records
    effects.records += [_history(tx, base, began, ended, cause.at) for base, (began, ended) in shift.history.items()]
    move_traits(tx, shift.moves, effects)
    return effects


def _history(
    tx: Transaction, base: bytes, began: Sequence[list[Any]], ended: set[tuple[str, str]], now: int
) -> RecordRow:
    """Return the record of an identifier's later holders, updated with tenures that began and ended."""
    found = tx.find_records(TENURES, keys=[base.hex()])
    known = json.loads(found[0].value) if found else []
    known = [[*one[:4], now if (one[1], one[2]) in ended and one[4] is None else one[4]] for one in known]
    return RecordRow(TENURES, base.hex(), json.dumps([*known, *began]), -1)


def changed_holders(
    tx: Transaction, ctx: Context, added: Sequence[LinkRow], removed: Sequence[LinkRow]
) -> dict[bytes, Held]:
    """Return who held identifiers when, for those whose holders change if statements between the ids that prove them are made or retracted.

    Args:
        added: links of statements that are made.
        removed: links of statements that are retracted.
    """
    found: dict[bytes, Held] = {}
    for row in handles_of(tx, [x for x in (*added, *removed) if x.basis in (SAME, DIFFERENT)]):
        held = read_sightings(tx, ctx, row, added=added, removed=removed, steps=()).held(ctx)
        if held != read_sightings(tx, ctx, row, steps=()).held(ctx):
            found[row.id] = held
    return found


def reassign(
    tx: Transaction,
    ctx: Context,
    row: IdentifierRow,
    record: StatementRecord,
    request: StatementRequest,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    lock: bool,
) -> Effects:
    """Compute the effects of a new holder from a time on."""
    base = row if row.id == row.base else tx.find_identifiers(ids=[row.base])[0]
    holder = ctx.holder_id(to_identifier(base).key, request.at)
    record.a, record.b = base.id, holder
    links = links_of(record, request.id)
    sightings = read_sightings(tx, ctx, base, added=links, steps=())
    if sightings.proofs:  # the links do not tell which of the ids were seen in the new tenure
        more = proofs_in_entries(tx, ctx, sightings)
        sightings = read_sightings(tx, ctx, base, added=links, more=more, steps=())
    held = sightings.held(ctx)
    shift = shift_holders(tx, ctx, {base.id: held}, cause, fresh, iter(request.homes[2:]), lock=lock)
    shift.history[base.id][0].append([request.at, holder.hex(), to_text("st", request.id), request.now, None])
    return carry_out(tx, ctx, record, shift, cause, fresh, links, lock=lock)


def unreassign(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord,
    cause: Cause,
    links: list[LinkRow],
    home: bytes,
    lock: bool,
) -> Effects:
    """Compute the effects of retracting a reassignment."""
    base = tx.find_identifiers(ids=[record.a])[0]
    fresh: dict[bytes, IdentifierRow] = {}
    held = read_sightings(tx, ctx, base, removed=links, steps=()).held(ctx)
    shift = shift_holders(tx, ctx, {base.id: held}, cause, fresh, iter((home,)), lock=lock)
    shift.history[base.id][1].add((record.b.hex(), to_text("st", cause.ref)))
    return carry_out(tx, ctx, record, shift, cause, fresh, removed=links, lock=lock)
