"""Keeps the tenures of identifiers consistent with what platform ids prove, whenever evidence or statements change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from omnitrack.foundation.context import Context
from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.tenures import Held, Proof, places_left
from omnitrack.statements.effects import write
from omnitrack.statements.neighbourhood import Cause
from omnitrack.statements.proofs import (
    SEEN,
    Sightings,
    bases_with_places,
    handles_of,
    places_of_ids,
    put_places,
    read_places,
    read_sightings,
)
from omnitrack.statements.seen import shown_by, unseen_without
from omnitrack.statements.tenure import carry_out, shift_holders
from omnitrack.storage.contract import NO_ID, ChangeRow, EntryRow, IdentifierRow, LinkRow, Transaction
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS

CHUNK = 1_000  # identifiers read at a time


def settle(
    tx: Transaction, ctx: Context, bases: Iterable[bytes], cause: Cause, *, planned: bool = True, seen: bool = True
) -> list[ChangeRow]:
    """Give identifiers the holders that the stored evidence proves; return the changes of customers.

    Args:
        bases: the first holders of the identifiers.
        cause: the reason for the membership history.
        planned: whether customers are computed too; False if everything is computed anew afterwards.
        seen: whether sightings may have changed. If not, they are read only for identifiers with several holders.
    """
    wanted = sorted(set(bases))
    held: dict[bytes, Held] = {}
    for base in tx.find_identifiers(ids=wanted) if wanted else ():
        sightings = read_sightings(tx, ctx, base, steps=() if seen or base.state & HAS_HOLDERS else None)
        found = sightings.held(ctx)
        if sightings.stored or found.tenures:
            held[base.id] = found
    if not held:
        return []
    fresh: dict[bytes, IdentifierRow] = {}
    shift = shift_holders(tx, ctx, held, cause, fresh, lock=True)
    if not shift:
        return []
    effects = carry_out(tx, ctx, None, shift, cause, fresh, lock=True, planned=planned)
    write(tx, ctx, effects, cause.at)
    return effects.log


def unsettled(tx: Transaction, ctx: Context, bases: Sequence[bytes]) -> list[bytes]:
    """Return the identifiers, by their first holders, whose stored holders may differ from those that the stored evidence proves."""
    found = []
    for start in range(0, len(bases), CHUNK):
        for base in tx.find_identifiers(ids=bases[start : start + CHUNK]):
            sightings = read_sightings(tx, ctx, base, steps=())
            held = sightings.held(ctx)
            if not (sightings.settled(held) and sightings.placed(held)):
                found.append(base.id)
    return found


@attrs.frozen(slots=True)
class Before:
    """What distinguishes holders before a deletion.

    Attributes:
        sightings: the sightings of identifiers that may lose some, by first holder.
        shown: the steps of time in which the deleted entries are sightings of identifiers, each with the interactions.
    """

    sightings: Mapping[bytes, Sightings]
    shown: Mapping[bytes, Mapping[int, Collection[bytes]]]


def look_before(
    tx: Transaction, ctx: Context, removed: Iterable[LinkRow], gone: Collection[bytes], entries: Iterable[EntryRow]
) -> Before:
    """Return what distinguishes the holders of the identifiers that a deletion may affect.

    Args:
        removed: links to be deleted.
        gone: identifiers to be deleted.
        entries: entries to be deleted.
    """
    bases = {row.id for row in handles_of(tx, [x for x in removed if x.basis == TOGETHER])}
    bases |= places_of_ids(tx, gone) | bases_with_places(tx, gone)
    rows = tx.find_identifiers(ids=sorted(bases)) if bases else []
    return Before({row.id: read_sightings(tx, ctx, row) for row in rows}, shown_by(tx, ctx, entries))


def look_after(tx: Transaction, ctx: Context, before: Before, gone: Collection[bytes], cause: Cause) -> list[ChangeRow]:
    """Keep a deletion from giving one holder's place to another; return the changes of customers that follow nevertheless.

    Args:
        before: the result of ``look_before``.
        gone: identifiers that were deleted.
        cause: the reason for the membership history.
    """
    there = {row.id: row for row in tx.find_identifiers(ids=sorted(before.sightings))} if before.sightings else {}
    for base, was in before.sightings.items():
        places = [*was.places, *_times(was.kept)]
        if base not in there:
            put_places(tx, base, places, ())
            continue
        left = read_sightings(tx, ctx, there[base])
        kept = places_left(was.said, [*was.proofs, *was.places], left.proofs, was.classes, gone)
        put_places(tx, base, places, [*kept, *_times(was.kept)])
    unseen = unseen_without(tx, ctx, before.shown)
    rows = {row.id: row for row in tx.find_identifiers(ids=sorted(unseen))} if unseen else {}
    for base, steps in unseen.items():
        length = ctx.policy.step(rows[base].scheme)
        places = read_places(tx, base)
        times = {proof.seen for proof in places if proof.series == SEEN}.union(step * length for step in steps)
        put_places(tx, base, places, [*(proof for proof in places if proof.series != SEEN), *_times(times)])
    return settle(tx, ctx, there, cause, seen=False)


def _times(seen: Iterable[int]) -> list[Proof]:
    """Return sightings in the form in which they are kept: each time is the start of a step."""
    return [Proof(SEEN, NO_ID, at, NO_ID) for at in sorted(seen)]
