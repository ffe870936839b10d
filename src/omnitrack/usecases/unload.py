"""Unloading a source: everything that one system's loads brought goes, with what it had linked, as if it had never been loaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from omnitrack.identity.partition import EVIDENCE
from omnitrack.identity.statement import ATTRIBUTED, StatementRecord
from omnitrack.model import Role
from omnitrack.storage.contract import NO_ID, EntryRow, Position, Transaction
from omnitrack.usecases.context import Context
from omnitrack.usecases.erase import BATCH, changes_by, said_of, without_cause
from omnitrack.usecases.evidence import edited_evidence, with_removed
from omnitrack.usecases.filing import AWAY, FILING, away_key, find_filings
from omnitrack.usecases.neighbourhood import Cause, plan_change
from omnitrack.usecases.notes import with_notes, without_notes
from omnitrack.usecases.outcome import follow_index
from omnitrack.usecases.proofs import handles_of
from omnitrack.usecases.record import TRAIT, trait_key
from omnitrack.usecases.said import delete_statements, find_attributions
from omnitrack.usecases.settling import settle
from omnitrack.usecases.sweep import index_of_rows


def unload_step(
    tx: Transaction, ctx: Context, source: str, after: Position | None, now: int, dry_run: bool
) -> tuple[dict[str, int], Position | None]:
    """Take away those of one batch of interactions that came from a source. The caller holds the guard alone, but for a ``dry_run``.

    Nothing is kept apart that the source had kept apart: what it said was wrong, and those whom the rest joins are joined as they were without it.

    Returns:
        Counts as in Receipt, and where to go on (None at the end).
    """
    rows = tx.find_interactions(after=after, limit=BATCH)
    if not rows:
        return {}, None
    position = (rows[-1].occurred_at, rows[-1].id)
    wrong = [row.id for row in rows if row.source == source]
    if not wrong:
        return {}, position
    leaving = set(with_notes(tx, wrong))
    entries = with_removed(tx, sorted(leaving))
    ids = sorted({e.identifier for e in entries} - {NO_ID})
    filings = find_filings(tx, leaving)
    away = {away_key(e.identifier, e.interaction) for e in entries if e.interaction in filings}
    said = said_of(tx, ids)
    unnamed = _unnamed(tx, ids, entries, leaving, away, said.values())
    more, gone = edited_evidence(tx, dict.fromkeys(entries), leaving=unnamed)
    removed = {x[:5]: x for x in (*gone, *(tx.find_links(unnamed) if unnamed else ()))}
    keys = [trait_key(e.identifier, e.interaction) for e in entries if e.role == Role.ANCHOR]
    records = [(TRAIT, r.key) for r in tx.find_records(TRAIT, keys=keys)] if keys else []
    if unnamed:
        records += index_of_rows(tx, ctx, tx.find_identifiers(ids=unnamed))
    beside = {id: filing for id, filing in without_notes(tx, leaving).items() if id not in leaving}
    records += [(FILING, id.hex()) for id in (*filings, *(id for id, filing in beside.items() if not filing))]
    records += [(AWAY, r.key) for r in tx.find_records(AWAY, keys=sorted(away))] if away else []
    said = {key: s for key, s in said.items() if not set(unnamed).isdisjoint((s.a, s.b))}
    said |= {key: s for key, (_, s) in find_attributions(tx, leaving).items()}
    counts = {
        "interactions": len(leaving),
        "entries": len(entries),
        "links": len(removed),
        "records": len(records),
        "identifiers": len(unnamed),
        "statements": len(said),
    }
    if dry_run:
        return counts, position
    skip = set(unnamed)
    ends = sorted({end for x in removed.values() for end in (x.a, x.b)} - skip)
    plan = plan_change(tx, ctx.policy, added=more, removed=list(removed.values()), touched=ends, lock=True)
    named_by = changes_by(tx, set(ids) - skip, leaving)
    # What the source showed of who held a handle when is no evidence any more.
    handles = {row.id for row in handles_of(tx, removed.values())} - skip
    tx.delete(
        identifiers=unnamed,
        links=list(removed.values()),
        interactions=sorted(leaving),
        records=records,
        changes=[c.id for c in named_by],
    )
    delete_statements(tx, said, leaving)
    tx.add_links(more)
    tx.put_records([f.record(id) for id, f in beside.items() if f])
    follow_index(tx, ctx, {bytes.fromhex(key.partition("/")[0]) for kind, key in records if kind == TRAIT} - skip)
    homes = {row.home for row in plan.rows.values() if row.id in skip}
    past = without_cause(named_by, homes)
    updates = [u for u in plan.updates if u.id not in skip]
    cause = Cause(name="unload", at=now)
    tx.update_identifiers(updates, [*past, *plan.log(cause, skip=skip)])
    settle(tx, ctx, handles, cause)
    return counts, position


def _unnamed(
    tx: Transaction,
    ids: Sequence[bytes],
    entries: Sequence[EntryRow],
    leaving: Collection[bytes],
    away: Collection[str],
    said: Collection[StatementRecord],
) -> list[bytes]:
    """Return those of some identifiers that nothing names any more without these interactions: no other interaction, and no statement."""
    stated = {end for x in tx.find_links(ids) if x.basis not in EVIDENCE for end in (x.a, x.b)} if ids else set()
    stated |= {end for s in said if s.retracted_at is None and s.kind != ATTRIBUTED for end in (s.a, s.b)}
    count: dict[bytes, int] = {}
    for entry in entries:
        count[entry.identifier] = count.get(entry.identifier, 0) + 1
    found = []
    for x in ids:
        if x in stated or any(r.key not in away for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")):
            continue
        # One entry more than could be of these tells, however long the history is.
        if all(e.interaction in leaving for e in tx.list_entries(identifiers=[x], limit=count[x] + 1)):
            found.append(x)
    return found
