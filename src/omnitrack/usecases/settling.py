"""Settling: identifiers given the holders that platforms' ids prove, wherever a change of evidence or of statements shows others than there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.tenures import Held, Proof, places_left
from omnitrack.storage.contract import NO_ID, ChangeRow, IdentifierRow, LinkRow, Transaction
from omnitrack.usecases.context import Context
from omnitrack.usecases.holders import carry_out, shift_holders
from omnitrack.usecases.neighbourhood import Cause
from omnitrack.usecases.newcomers import shown_in
from omnitrack.usecases.outcome import write
from omnitrack.usecases.prepare import Prepared, Seen
from omnitrack.usecases.proofs import (
    Sightings,
    bases_with_places,
    handles_of,
    places_of_ids,
    put_places,
    read_sightings,
)
from omnitrack.usecases.record import Batch, born_by, everyone, record_batch

CHUNK = 1_000  # identifiers read at a time

PROVEN = "another id of the platform was seen with it: it has had another holder"


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
    outcome = carry_out(tx, ctx, None, shift, cause, fresh, lock=True, planned=planned)
    write(tx, ctx, outcome, cause.at)
    return outcome.log


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


# -- recording ----------------------------------------------------------------------------------------------------------------


def record_anew(
    tx: Transaction, ctx: Context, batch: Sequence[Prepared], homes: Mapping[bytes, bytes], now: int, mark_key: bytes
) -> Batch:
    """Record interactions that show other holders of identifiers: these begin first, then the interactions are filed with them."""
    log: list[ChangeRow] = []

    def settle_shown(numbers: Sequence[int]) -> tuple[dict[bytes, Held], set[bytes]]:
        numbers = _not_there(tx, batch, numbers)
        shown = shown_in(ctx, batch, numbers)
        named = {seen.base: seen for number in numbers for seen in everyone(batch[number])}
        return _settle_shown(
            tx, ctx, {base: [one.proof() for one in found] for base, found in shown.items()}, named, homes, now, log
        )

    out = record_batch(tx, ctx, batch, homes, now, mark_key, settle_shown)
    out.log = [*log, *out.log]
    return out


def _not_there(tx: Transaction, batch: Sequence[Prepared], numbers: Sequence[int]) -> list[int]:
    """Return the positions of the interactions that are not stored yet, of several of one source id the first."""
    rows = {number: batch[number].row for number in numbers}
    there = {row.id for row in tx.find_interactions(ids=[row.id for row in rows.values()])}
    sources = {
        number: (row.source, row.source_id)
        for number, row in rows.items()
        if row.source is not None and row.source_id is not None
    }
    taken = (
        {(row.source, row.source_id) for row in tx.find_interactions(sources=list(sources.values()))}
        if sources
        else set()
    )
    found = []
    for number, row in rows.items():
        source = sources.get(number)
        if row.id not in there and source not in taken:
            found.append(number)
            if source is not None:
                taken.add(source)
    return found


def _settle_shown(
    tx: Transaction,
    ctx: Context,
    shown: Mapping[bytes, Sequence[Proof]],
    named: Mapping[bytes, Seen],
    homes: Mapping[bytes, bytes],
    now: int,
    log: list[ChangeRow],
) -> tuple[dict[bytes, Held], set[bytes]]:
    stored = {row.id: row for row in tx.find_identifiers(ids=sorted(shown))} if shown else {}
    held: dict[bytes, Held] = {}
    changed: dict[bytes, Held] = {}
    unborn: list[IdentifierRow] = []
    evidence = NO_ID
    for base, proofs in sorted(shown.items()):
        row = stored.get(base) or born_by(named[base], homes[base], now)
        sightings = read_sightings(tx, ctx, row, more=proofs)
        found = sightings.held(ctx)
        if not found.tenures and not sightings.stored:
            continue
        held[base] = found
        was = sightings.without(proofs).held(ctx).proven
        if not sightings.settled(found) or was.items() - found.proven.items():
            changed[base] = found
            evidence = min((proof.seen, proof.evidence) for proof in proofs)[1]
            if base not in stored:
                unborn.append(row)
    if not changed:
        return held, set()
    fresh = {row.id: row for row in unborn}
    tx.add_identifiers(unborn)
    cause = Cause(name="record", at=now, ref=evidence, reason=PROVEN)
    shift = shift_holders(tx, ctx, changed, cause, fresh, lock=True)
    outcome = carry_out(tx, ctx, None, shift, cause, fresh, lock=True)
    write(tx, ctx, outcome, now)
    log += outcome.log
    return held, set(fresh)


# -- deletion -----------------------------------------------------------------------------------------------------------------


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
