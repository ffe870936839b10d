"""Recording of interactions that prove other holders of identifiers: their tenures begin first, then the interactions are filed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.identity.tenures import Held, Proof
from omnitrack.recording.prepare import Prepared, Seen
from omnitrack.recording.proof_sightings import proof_sightings
from omnitrack.recording.record import Amend, Batch, born_by, everyone, record_batch
from omnitrack.recording.silences import begins_anew, steps_in
from omnitrack.statements.effects import write
from omnitrack.statements.neighbourhood import Cause
from omnitrack.statements.proofs import held_of, read_sightings
from omnitrack.statements.tenure import carry_out, shift_holders
from omnitrack.storage.contract import ChangeRow, IdentifierRow, Transaction

SILENT = "nobody saw it for long before or after: it is taken to have had another holder"
PROVEN = "another id of the platform was seen with it: it has had another holder"


def record_with_tenure_changes(
    tx: Transaction,
    ctx: Context,
    batch: Sequence[Prepared],
    homes: Mapping[bytes, bytes],
    now: int,
    mark_key: bytes,
    amend: Amend | None = None,
) -> Batch:
    """Record interactions that prove other holders of identifiers: their tenures begin first, then the interactions are filed."""
    log: list[ChangeRow] = []
    changed: set[bytes] = set()

    def settle_proven(batch: Sequence[Prepared], numbers: Sequence[int]) -> tuple[dict[bytes, Held], set[bytes]]:
        numbers = not_there(tx, batch, numbers)
        sightings = proof_sightings(ctx, batch, numbers)
        proving = {base: [one.proof() for one in found] for base, found in sightings.items()}
        named = {seen.base: seen for number in numbers for seen in everyone(batch[number])}
        steps = steps_in(batch, numbers, {})
        rows = {row.id: row for row in tx.find_identifiers(ids=sorted(steps))} if steps else {}
        anew = {base: steps[base] for base in begins_anew(tx, steps, held_of(tx, ctx, list(rows.values())))}
        seen = {s.base: batch[n].row.id for n in reversed(numbers) for person in batch[n].people for s in person}
        evidence = {base: seen[base] for base in anew}
        evidence.update((base, min((one.seen, one.evidence) for one in proofs)[1]) for base, proofs in proving.items())
        return _settle_proven(tx, ctx, proving, anew, evidence, named, homes, now, log, changed)

    out = record_batch(tx, ctx, batch, homes, now, mark_key, settle_proven, amend)
    out.log = [*log, *out.log]
    out.changed = changed
    return out


def not_there(tx: Transaction, batch: Sequence[Prepared], numbers: Sequence[int]) -> list[int]:
    """Return the positions of interactions that are not stored yet, the first of several with one source id."""
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
    anew: Mapping[bytes, Collection[int]],
    evidence: Mapping[bytes, bytes],
    named: Mapping[bytes, Seen],
    homes: Mapping[bytes, bytes],
    now: int,
    log: list[ChangeRow],
    holders: set[bytes],
) -> tuple[dict[bytes, Held], set[bytes]]:
    bases = sorted({*proving, *anew})
    stored = {row.id: row for row in tx.find_identifiers(ids=bases)} if bases else {}
    held: dict[bytes, Held] = {}
    changed: dict[bytes, Held] = {}
    unborn: list[IdentifierRow] = []
    for base in bases:
        proofs = proving.get(base, ())
        row = stored.get(base) or born_by(named[base], homes[base], now)
        sightings = read_sightings(tx, ctx, row, more=proofs, steps=anew.get(base, ()))
        found = sightings.held(ctx)
        if not found.tenures and not sightings.stored:
            continue
        held[base] = found
        was = sightings.without(proofs).held(ctx).proven
        if not sightings.settled(found) or was.items() - found.proven.items():
            changed[base] = found
            if base not in stored:
                unborn.append(row)
    if not changed:
        return held, set()
    fresh = {row.id: row for row in unborn}
    tx.add_identifiers(unborn)
    first = min(changed)
    cause = Cause(name="record", at=now, ref=evidence[first], reason=SILENT if first in anew else PROVEN)
    shift = shift_holders(tx, ctx, changed, cause, fresh, lock=True)
    effects = carry_out(tx, ctx, None, shift, cause, fresh, lock=True)
    write(tx, ctx, effects, now)
    log += effects.log
    holders.update(shift.holders)
    return held, set(fresh)
