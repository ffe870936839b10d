"""Holders: what becomes of entries, evidence and statements when an identifier goes to somebody else, or did not after all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from omnitrack.identity.partition import REASSIGNED
from omnitrack.identity.statement import StatementRecord
from omnitrack.storage.contract import (
    LINKABLE,
    RETIRED,
    EntryRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS
from omnitrack.usecases.context import Context, Tenures
from omnitrack.usecases.evidence import all_entries, edited_evidence, tenures_of
from omnitrack.usecases.filing import NO_FILING, find_filings
from omnitrack.usecases.ids import to_text
from omnitrack.usecases.neighbourhood import Cause, plan_change
from omnitrack.usecases.outcome import Outcome, Saying, move_traits
from omnitrack.usecases.resolve import HOLDERS, to_identifier
from omnitrack.usecases.said import find_statements, holding, links_of, statement_id


def reassign(
    tx: Transaction,
    ctx: Context,
    row: IdentifierRow,
    record: StatementRecord,
    saying: Saying,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    lock: bool,
) -> Outcome:
    """Work out what a new holder from a time on changes."""
    base = row if row.id == row.base else tx.find_identifiers(ids=[row.base])[0]
    tenures = tenures_of(tx, [base.id])[base.id]
    key = to_identifier(base).key
    holder = ctx.holder_id(key, saying.at)
    record.a, record.b = base.id, holder
    later = tuple(sorted({*tenures, (saying.at, holder)}))
    added = links_of(record, saying.id)
    outcome = _move_holders(tx, ctx, base, tenures, later, record, cause, fresh, added, [], saying.homes[2], lock)
    outcome.records.append(
        _holders(tx, base.id, [[saying.at, holder.hex(), to_text("st", saying.id), saying.now, None]])
    )
    return outcome


def _holders(tx: Transaction, base: bytes, said: Sequence[list[Any]], retracted: str = "", at: int = 0) -> RecordRow:
    """Return the record of all reassignments of an identifier, with another one said or one of them retracted."""
    found = tx.find_records(HOLDERS, keys=[base.hex()])
    known = json.loads(found[0].value) if found else []
    known = [[*one[:4], at if one[2] == retracted else one[4]] for one in known]
    return RecordRow(HOLDERS, base.hex(), json.dumps([*known, *said]), -1)


def _move_holders(
    tx: Transaction,
    ctx: Context,
    base: IdentifierRow,
    before: Tenures,
    after: Tenures,
    record: StatementRecord,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    added: list[LinkRow],
    removed: list[LinkRow],
    home: bytes,
    lock: bool,
) -> Outcome:
    """Give every entry and every statement of an identifier to whoever held it at its time."""
    holders = [base.id, *(holder for _, holder in sorted({*before, *after}))]
    stored = {row.id: row for row in tx.find_identifiers(ids=holders)}
    changed: dict[bytes, IdentifierRow] = {}
    active = {holder for _, holder in after}
    state = base.state | HAS_HOLDERS if after else base.state & ~HAS_HOLDERS
    if state != base.state:
        changed[base.id] = base._replace(state=state)
    for since, holder in sorted({*before, *after}):
        known = stored.get(holder)
        if known is None:
            row = base._replace(
                id=holder, home=home, customer=home, since=since, state=base.state & LINKABLE, born_at=cause.at
            )
            stored[holder] = fresh[holder] = row
            if lock:
                tx.add_identifiers([row])
        else:
            state = known.state & ~RETIRED if holder in active else known.state | RETIRED
            if state != known.state:
                changed[holder] = known._replace(state=state)
    moves: dict[EntryRow, EntryRow | None] = {}
    entries = all_entries(tx, [x for x in holders if x not in fresh])
    filings = find_filings(tx, (entry.interaction for entry in entries))
    for entry in entries:
        wanted = filings.get(entry.interaction, NO_FILING).holder(entry, base.id, after)
        if wanted != entry.identifier:
            moves[entry] = entry._replace(identifier=wanted, added_at=cause.at)
    more, gone = edited_evidence(tx, moves)
    said, unsaid, records = _moved_statements(tx, base.id, after)
    added = [*added, *more, *said]
    removed = [*removed, *gone, *unsaid]
    plan = plan_change(
        tx, ctx.policy, added=added, removed=removed, fresh=fresh, changed=changed, touched=holders, lock=lock
    )
    outcome = Outcome(record, plan, plan.log(cause, skip=fresh), added, removed, fresh, changed)
    outcome.entries_removed = list(moves)
    outcome.entries_added = [entry for entry in moves.values() if entry is not None]
    outcome.records += records
    move_traits(tx, moves, outcome)
    return outcome


def _moved_statements(
    tx: Transaction, base: bytes, tenures: Tenures
) -> tuple[list[LinkRow], list[LinkRow], list[RecordRow]]:
    """Return the statements naming an identifier that now are about another holder: (links to add, to remove, records to put)."""
    added: list[LinkRow] = []
    removed: list[LinkRow] = []
    records: list[RecordRow] = []
    for found, said in holding(find_statements(tx, [base]).values()):
        about = said.about({base: tenures}.get)
        if about != (said.a, said.b):
            id = statement_id(found.key)
            removed += links_of(said, id)
            said.a, said.b = about
            added += links_of(said, id)
            records.append(found._replace(value=said.dump()))
    return added, removed, records


def unreassign(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord,
    cause: Cause,
    links: list[LinkRow],
    home: bytes,
    lock: bool,
) -> Outcome:
    """Work out what changes when a reassignment is taken back."""
    base = tx.find_identifiers(ids=[record.a])[0]
    before = tenures_of(tx, [base.id])[base.id]
    refs = {link.ref for link in links}
    left = {
        (x.seen, x.b)
        for x in tx.find_links([base.id])
        if x.basis == REASSIGNED and x.a == base.id and x.ref not in refs
    }
    outcome = _move_holders(tx, ctx, base, before, tuple(sorted(left)), record, cause, {}, [], links, home, lock)
    outcome.records.append(_holders(tx, base.id, [], to_text("st", cause.ref), cause.at))
    return outcome
