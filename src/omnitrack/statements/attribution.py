"""Attribution: files an interaction under another identifier than its own, and undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from omnitrack.errors import InteractionNotFoundError, InvalidIdentifierError, InvalidInteractionError
from omnitrack.foundation.anchor_override import AnchorOverride, find_overrides
from omnitrack.foundation.cases import found_too
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import edited_evidence, entries_of, tenures_of, with_removed
from omnitrack.foundation.ids import to_text
from omnitrack.foundation.linkability import refuse_placeholder
from omnitrack.foundation.settings import enter
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.mention import Mention
from omnitrack.identity.statement import ATTRIBUTED, StatementRecord
from omnitrack.identity.tenures import ONE_HOLDER
from omnitrack.model import Assurance, Role
from omnitrack.reading.resolve import Meant, find_row, to_identifier
from omnitrack.records import ANCHOR_OVERRIDE, AWAY, STATEMENT, away_key
from omnitrack.statements.effects import Effects, StatementRequest, born, move_traits, write
from omnitrack.statements.neighbourhood import Cause, plan_change
from omnitrack.statements.notes import follow
from omnitrack.statements.proofs import bases_of, beside_entries, evident_handles, held_of
from omnitrack.statements.reasons import named_in
from omnitrack.statements.refile import refiled
from omnitrack.statements.settling import settle
from omnitrack.statements.statement_index import attributed, index_of, mention
from omnitrack.storage.contract import (
    NO_ID,
    ChangeRow,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS


def attribute(
    tx: Transaction, ctx: Context, interaction: bytes, request: StatementRequest
) -> tuple[StatementRecord, list[ChangeRow]]:
    """File an interaction under an identifier instead of those it was filed under.

    Raises:
        InteractionNotFoundError: no interaction has this id.
        InvalidInteractionError: it is a note on an interaction; attribute the parent interaction instead.
        InvalidIdentifierError: the identifier is one of the company's own, or a placeholder.
    """
    enter(tx, ctx, exclusive=True)
    rows = tx.find_interactions(ids=[interaction])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', interaction)}")
    first = rows[0]
    override = find_overrides(tx, [interaction]).get(interaction, AnchorOverride())
    if override.beside is not None:
        raise InvalidInteractionError(
            f"interaction: {to_text('int', interaction)} is a note on an interaction and follows it; "
            f"attribute the parent interaction instead, {to_text('int', override.beside)}"
        )
    fresh: dict[bytes, IdentifierRow] = {}
    named, holder = _named(tx, ctx, request, first.occurred_at, fresh)
    record = StatementRecord(
        kind=ATTRIBUTED,
        a=holder,
        b=holder,
        named_a=named,
        at=request.at,
        by=request.by,
        reason=request.reason,
        recorded_at=request.now,
        interaction=interaction,
    )
    if not override.said:
        override.before = request.now
    key = to_text("st", request.id)
    override.said.append((key, named if request.a.identifier is None else None))
    override.times.append(request.now)
    cause = Cause(name="attribute", at=request.now, ref=request.id, by=request.by, reason=request.reason)
    people = [e for e in entries_of(tx, [interaction]) if e.person >= 0]
    there = [_attributed_entry(first, holder, request.now)]
    effects = _refile(tx, ctx, record, cause, people, there, override.notes, fresh, True)
    effects.records += [
        RecordRow(STATEMENT, key, record.dump(), 0),
        *index_of(record, key),
        override.record(interaction),
    ]
    effects.records += named_in(ctx, key, record.reason)
    effects.records.append(attributed(tx, interaction, key))
    effects.records += [RecordRow(AWAY, away, "", -1) for away in _away_keys(people)]
    handles = evident_handles(tx, ctx, effects)
    write(tx, ctx, effects, request.now)
    return record, [*effects.log, *settle(tx, ctx, handles, cause)]


def _named(
    tx: Transaction, ctx: Context, request: StatementRequest, at: int, fresh: dict[bytes, IdentifierRow]
) -> tuple[Mention, bytes]:
    """Return the mention that an attribution names, and its holder at a time. A newborn identifier is put into ``fresh``."""
    who = request.a
    if who.identifier is None:
        row = find_row(tx, ctx, who)
        if row is None:
            raise who.not_found()
        _refuse_nobodys(ctx, who, to_identifier(row))
        return mention(tx, row, at), row.id
    _refuse_nobodys(ctx, who, who.identifier)
    base = ctx.base_id(who.identifier.key)
    stored = tx.find_identifiers(ids=[base])
    if not stored:
        newborn = born(ctx, who, request.homes[0], request.now)
        if not tx.add_identifiers([newborn]):
            fresh[base] = newborn
    tenures = tenures_of(tx, [base])[base] if stored and stored[0].state & HAS_HOLDERS else ()
    named = Mention(base, None, at)
    return named, named.about(tenures)


def _refuse_nobodys(ctx: Context, who: Meant, identifier: Identifier) -> None:
    if ctx.own.matches(identifier):
        raise InvalidIdentifierError(
            f"identifier: {who.text} is the company's own, accepted is an identifier of the customer's, or a customer id"
        )
    refuse_placeholder(ctx, identifier)


def _away_keys(entries: Iterable[EntryRow]) -> list[str]:
    return [away_key(e.identifier, e.interaction) for e in entries if e.identifier != NO_ID]


def _attributed_entry(row: InteractionRow, holder: bytes, at: int) -> EntryRow:
    return EntryRow(
        holder,
        row.occurred_at,
        row.id,
        0,
        at,
        None,
        int(Role.ANCHOR),
        int(Assurance.OBSERVED),
        row.channel,
        row.direction,
        row.kind,
        None,
    )


def _refile(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord,
    cause: Cause,
    removed: Sequence[EntryRow],
    added: Sequence[EntryRow],
    notes: Iterable[bytes],
    fresh: dict[bytes, IdentifierRow],
    lock: bool,
) -> Effects:
    """Replace the entries of an interaction. Links that lose their last evidence are removed, and notes on the interaction follow it."""
    touched = list(dict.fromkeys(e.identifier for e in (*removed, *added) if e.identifier != NO_ID))
    more, gone = edited_evidence(tx, dict.fromkeys(removed), added)
    plan = plan_change(tx, ctx.policy, added=more, removed=gone, fresh=fresh, touched=touched, lock=lock)
    effects = Effects(record, plan, plan.log(cause, skip=fresh), more, gone, fresh)
    left, gone_to = follow(tx, dict.fromkeys(notes, added), cause.at)
    effects.entries_removed, effects.entries_added = [*removed, *left], [*added, *gone_to]
    # Traits belong to the first person of an interaction.
    old = next((e for e in removed if e.role == Role.ANCHOR and e.person == 0), None)
    new = next((e for e in added if e.role == Role.ANCHOR and e.person == 0), None)
    if old is not None:
        move_traits(tx, {old: new}, effects)
    effects.records += found_too(tx, effects.entries_added, fresh)
    return effects


def unattribute(tx: Transaction, ctx: Context, id: str, record: StatementRecord, cause: Cause, lock: bool) -> Effects:
    """File an interaction as if an attribution had never been made: by the last attribution still in force, else as it was recorded."""
    rows = tx.find_interactions(ids=[record.interaction])
    if not rows:
        raise InteractionNotFoundError(f"interaction: {to_text('int', record.interaction)} is not there any more")
    override = find_overrides(tx, [record.interaction])[record.interaction]
    counted = override.said[-1][0] == id
    came = override.before
    override.said = [(other, pin) for other, pin in override.said if other != id]
    override.times.append(cause.at)
    if not override.said:
        override.before = None
        override.times.clear()
    if not counted:
        effects = Effects(record, plan_change(tx, ctx.policy, lock=lock), [])
    else:
        now_there = [e for e in entries_of(tx, [record.interaction]) if e.person >= 0]
        if override.said:
            back = _attributed_before(tx, ctx, rows[0], override, cause.at)
        else:
            back = _as_it_came(tx, ctx, rows[0], came, cause.at)
        effects = _refile(tx, ctx, record, cause, now_there, back, override.notes, {}, lock)
    if not override.said:
        effects.records_gone += [(AWAY, key) for key in _away_keys(with_removed(tx, [record.interaction]))]
    if override:
        effects.records.append(override.record(record.interaction))
    else:
        effects.records_gone.append((ANCHOR_OVERRIDE, record.interaction.hex()))
    return effects


def _attributed_before(
    tx: Transaction, ctx: Context, row: InteractionRow, override: AnchorOverride, now: int
) -> list[EntryRow]:
    """Return the entry made by the last attribution that is in force."""
    found = tx.find_records(STATEMENT, keys=[override.said[-1][0]])
    entry = _attributed_entry(row, StatementRecord.load(found[0].value).a, now)
    return [entry._replace(identifier=_holders_now(tx, ctx, [entry], override)[0])]


def _as_it_came(tx: Transaction, ctx: Context, row: InteractionRow, attributed: int | None, now: int) -> list[EntryRow]:
    """Return the entries that an interaction had before it was attributed, under the present holders of their identifiers."""
    override = find_overrides(tx, [row.id])[row.id]
    override.said.clear()
    as_of = None if attributed is None else attributed - 1
    before = [e for e in tx.list_entries(interactions=[row.id], as_of=as_of) if e.person >= 0]
    holders = _holders_now(tx, ctx, before, override)
    back = [e._replace(identifier=holder, removed_at=None) for e, holder in zip(before, holders)]
    rows = {r.id: r for r in tx.find_identifiers(ids=sorted({e.identifier for e in back}))} if back else {}
    # The policy or the own list may have changed since.
    return [e._replace(added_at=now) for e in refiled(ctx, row, back, rows)]


def _holders_now(tx: Transaction, ctx: Context, entries: Sequence[EntryRow], override: AnchorOverride) -> list[bytes]:
    """Return the holder of each entry's identifier at the time of the interaction, by the present tenures."""
    bases = bases_of(tx, {e.identifier for e in entries})
    rows = tx.find_identifiers(ids=sorted(set(bases.values()))) if bases else []
    held = held_of(tx, ctx, [row for row in rows if row.state & HAS_HOLDERS])
    wanted = {id for one in held.values() for _, id in one.proven}
    beside = beside_entries(tx, ctx, {}, entries, wanted, entries)
    return [
        NO_ID
        if e.identifier == NO_ID
        else override.holder(e, bases[e.identifier], held.get(bases[e.identifier], ONE_HOLDER), beside(e))
        for e in entries
    ]
