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
    unnamed, removed, more = going.unnamed, going.removed, going.added
    counts = going.counts()
    if dry_run:
        return counts, position
    skip = set(unnamed)
    ends = sorted({end for x in removed.values() for end in (x.a, x.b)} - skip)
    plan = plan_change(tx, ctx.policy, added=more, removed=list(removed.values()), touched=ends, lock=True)
    # What the source showed of who held a handle when is no evidence any more.
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
    """Whether all entries of an identifier are of these interactions."""
    # One entry more than could be of these tells, however long the history is.
    return all(e.interaction in leaving for e in tx.list_entries(identifiers=[id], limit=naming.get(id, 0) + 1))
