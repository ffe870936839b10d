"""Unloading: removes all interactions of a source and the links that they showed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from omnitrack.foundation.context import Context
from omnitrack.statements.neighbourhood import Cause, plan_change
from omnitrack.statements.proofs import bases_with_places, handles_of, put_places, read_places
from omnitrack.statements.seen import shown_by, unseen_without
from omnitrack.statements.settling import settle
from omnitrack.storage.contract import Position, Transaction
from omnitrack.upkeep.dependents import find_dependents, remove_dependents
from omnitrack.upkeep.erase import BATCH


def unload_step(
    tx: Transaction, ctx: Context, source: str, after: Position | None, now: int, dry_run: bool
) -> tuple[dict[str, int], Position | None]:
    """Delete the interactions of one batch that came from a source. The caller holds the guard exclusively, except for a ``dry_run``.

    Customers that only the source kept apart are not kept apart afterwards: its data was wrong, and the rest joins as if it had never been there.

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
    unnamed, removed, more = going.unnamed, going.removed, going.added
    counts = going.counts()
    if dry_run:
        return counts, position
    skip = set(unnamed)
    ends = sorted({end for x in removed.values() for end in (x.a, x.b)} - skip)
    plan = plan_change(tx, ctx.policy, added=more, removed=list(removed.values()), touched=ends, lock=True)
    # Sightings of the source are no longer evidence of who held a handle when.
    handles = {row.id for row in handles_of(tx, removed.values())} - skip
    shown = shown_by(tx, ctx, going.entries)
    placed = tx.find_identifiers(ids=sorted(bases_with_places(tx, unnamed))) if unnamed else []
    places = {base.id: read_places(tx, base.id) for base in placed}
    cause = Cause(name="unload", at=now)
    remove_dependents(tx, ctx, going, plan, cause)
    for base, kept in places.items():
        put_places(tx, base, kept, ())
    settle(tx, ctx, handles.union(unseen_without(tx, ctx, shown)), cause)
    return counts, position


def _is_gone(tx: Transaction, id: bytes, leaving: Collection[bytes], naming: Mapping[bytes, int]) -> bool:
    """Whether all entries of an identifier belong to these interactions."""
    # One entry more than these can have is enough to tell, however long the history is.
    return all(e.interaction in leaving for e in tx.list_entries(identifiers=[id], limit=naming.get(id, 0) + 1))
