"""Unloading a source: everything that one system's loads brought goes, with what it had linked, as if it had never been loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from omnitrack.foundation.context import Context
from omnitrack.records import TRAIT
from omnitrack.statements.effects import follow_index
from omnitrack.statements.neighbourhood import Cause, plan_change
from omnitrack.statements.proofs import bases_with_places, handles_of, put_places, read_sightings
from omnitrack.statements.settling import settle
from omnitrack.statements.statement_index import delete_statements
from omnitrack.storage.contract import Position, Transaction
from omnitrack.upkeep.dependents import find_dependents
from omnitrack.upkeep.erase import BATCH, changes_by, without_cause


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
    going = find_dependents(tx, ctx, wrong, partial(_is_gone, tx), unheard=True)
    leaving, unnamed, removed, more = going.interactions, going.unnamed, going.removed, going.added
    counts = going.counts()
    if dry_run:
        return counts, position
    skip = set(unnamed)
    ends = sorted({end for x in removed.values() for end in (x.a, x.b)} - skip)
    plan = plan_change(tx, ctx.policy, added=more, removed=list(removed.values()), touched=ends, lock=True)
    named_by = changes_by(tx, set(going.ids) - skip, leaving)
    # What the source showed of who held a handle when is no evidence any more.
    handles = {row.id for row in handles_of(tx, removed.values())} - skip
    placed = tx.find_identifiers(ids=sorted(bases_with_places(tx, unnamed))) if unnamed else []
    places = {base.id: read_sightings(tx, ctx, base).places for base in placed}
    tx.delete(
        identifiers=unnamed,
        links=list(removed.values()),
        interactions=sorted(leaving),
        records=going.records,
        changes=[c.id for c in named_by],
    )
    delete_statements(tx, going.said, leaving)
    for base, kept in places.items():
        put_places(tx, base, kept, ())
    tx.add_links(more)
    tx.put_records([*going.consents, *(f.record(id) for id, f in going.beside.items() if f)])
    follow_index(tx, ctx, {bytes.fromhex(key.partition("/")[0]) for kind, key in going.records if kind == TRAIT} - skip)
    homes = {row.home for row in plan.rows.values() if row.id in skip}
    past = without_cause(named_by, homes)
    updates = [u for u in plan.updates if u.id not in skip]
    cause = Cause(name="unload", at=now)
    tx.update_identifiers(updates, [*past, *plan.log(cause, skip=skip)])
    settle(tx, ctx, handles, cause)
    return counts, position


def _is_gone(tx: Transaction, id: bytes, leaving: Collection[bytes], naming: Mapping[bytes, int]) -> bool:
    """Whether all entries of an identifier are of these interactions."""
    # One entry more than could be of these tells, however long the history is.
    return all(e.interaction in leaving for e in tx.list_entries(identifiers=[id], limit=naming.get(id, 0) + 1))
