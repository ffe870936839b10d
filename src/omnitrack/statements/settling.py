"""Keeps the tenures of identifiers in step with what platform ids prove, whenever evidence or statements change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.tenures import Held, places_left
from omnitrack.statements.effects import write
from omnitrack.statements.neighbourhood import Cause
from omnitrack.statements.proofs import (
    Sightings,
    bases_with_places,
    handles_of,
    places_of_ids,
    put_places,
    read_sightings,
)
from omnitrack.statements.tenure import carry_out, shift_holders
from omnitrack.storage.contract import ChangeRow, IdentifierRow, LinkRow, Transaction

CHUNK = 1_000  # identifiers read at a time


def settle(
    tx: Transaction, ctx: Context, bases: Iterable[bytes], cause: Cause, *, planned: bool = True
) -> list[ChangeRow]:
    """Give identifiers, by their first holders, the holders that what is stored proves; return what merged or split by it.

    Args:
        planned: whether who is whom is worked out too; it is not where everything is computed anew afterwards.
    """
    wanted = sorted(set(bases))
    held: dict[bytes, Held] = {}
    for base in tx.find_identifiers(ids=wanted) if wanted else ():
        sightings = read_sightings(tx, ctx, base)
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
    """Return those of some identifiers, by their first holders, that have or may have other holders than what is stored proves."""
    found = []
    for start in range(0, len(bases), CHUNK):
        for base in tx.find_identifiers(ids=bases[start : start + CHUNK]):
            sightings = read_sightings(tx, ctx, base)
            held = sightings.held(ctx)
            if not (sightings.settled(held) and sightings.placed(held)):
                found.append(base.id)
    return found


def look_before(
    tx: Transaction, ctx: Context, removed: Iterable[LinkRow], gone: Collection[bytes]
) -> dict[bytes, Sightings]:
    """Return what tells the holders of identifiers apart, of those that a deletion may leave with less of it.

    Args:
        removed: links that go. gone: identifiers that go.
    """
    bases = {row.id for row in handles_of(tx, [x for x in removed if x.basis == TOGETHER])}
    bases |= places_of_ids(tx, gone) | bases_with_places(tx, gone)
    return {row.id: read_sightings(tx, ctx, row) for row in (tx.find_identifiers(ids=sorted(bases)) if bases else ())}


def look_after(
    tx: Transaction, ctx: Context, before: Mapping[bytes, Sightings], gone: Collection[bytes], cause: Cause
) -> list[ChangeRow]:
    """Have nobody come into another's place by a deletion; return what merged or split by it all the same.

    Args:
        before: what ``look_before`` found. gone: identifiers that went.
    """
    there = {row.id: row for row in tx.find_identifiers(ids=sorted(before))} if before else {}
    for base, was in before.items():
        if base not in there:
            put_places(tx, base, was.places, ())
            continue
        left = read_sightings(tx, ctx, there[base]).proofs
        kept = places_left(was.said, [*was.proofs, *was.places], left, was.classes, gone)
        put_places(tx, base, was.places, kept)
    return settle(tx, ctx, there, cause)
