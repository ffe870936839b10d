"""Recording of interactions that prove other holders of identifiers: their tenures begin first, then the interactions are filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.identity.tenures import Held, Proof
from omnitrack.recording.prepare import Prepared, Seen
from omnitrack.recording.proof_sightings import proof_sightings
from omnitrack.recording.record import Batch, born_by, everyone, record_batch
from omnitrack.statements.effects import write
from omnitrack.statements.neighbourhood import Cause
from omnitrack.statements.proofs import read_sightings
from omnitrack.statements.tenure import carry_out, shift_holders
from omnitrack.storage.contract import NO_ID, ChangeRow, IdentifierRow, Transaction

PROVEN = "another id of the platform was seen with it: it has had another holder"


def record_with_tenure_changes(
    tx: Transaction, ctx: Context, batch: Sequence[Prepared], homes: Mapping[bytes, bytes], now: int, mark_key: bytes
) -> Batch:
    """Record interactions that prove other holders of identifiers: their tenures begin first, then the interactions are filed."""
    log: list[ChangeRow] = []

    def settle_proven(numbers: Sequence[int]) -> tuple[dict[bytes, Held], set[bytes]]:
        numbers = _not_there(tx, batch, numbers)
        proving = proof_sightings(ctx, batch, numbers)
        named = {seen.base: seen for number in numbers for seen in everyone(batch[number])}
        return _settle_proven(
            tx, ctx, {base: [one.proof() for one in found] for base, found in proving.items()}, named, homes, now, log
        )

    out = record_batch(tx, ctx, batch, homes, now, mark_key, settle_proven)
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


def _settle_proven(
    tx: Transaction,
    ctx: Context,
    proving: Mapping[bytes, Sequence[Proof]],
    named: Mapping[bytes, Seen],
    homes: Mapping[bytes, bytes],
    now: int,
    log: list[ChangeRow],
) -> tuple[dict[bytes, Held], set[bytes]]:
    stored = {row.id: row for row in tx.find_identifiers(ids=sorted(proving))} if proving else {}
    held: dict[bytes, Held] = {}
    changed: dict[bytes, Held] = {}
    unborn: list[IdentifierRow] = []
    evidence = NO_ID
    for base, proofs in sorted(proving.items()):
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
    effects = carry_out(tx, ctx, None, shift, cause, fresh, lock=True)
    write(tx, ctx, effects, now)
    log += effects.log
    return held, set(fresh)
