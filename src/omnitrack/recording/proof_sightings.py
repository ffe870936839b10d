"""Proof sightings: the platform ids that a batch shows with a handle or number, and whether they prove another holder of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from omnitrack.foundation.context import Context
from omnitrack.identity.tenures import Held, Proof
from omnitrack.recording.prepare import Prepared, Seen
from omnitrack.statements.proofs import NewHolderError, read_sightings, series_of
from omnitrack.storage.contract import IdentifierRow, InteractionRow, LinkRow, Transaction


class ProofSighting(NamedTuple):
    """An id that an interaction shows with an identifier whose holder it proves."""

    seen: Seen
    id: Seen
    person: Sequence[Seen]  # all identifiers of the person in the interaction
    row: InteractionRow

    def proof(self) -> Proof:
        """Return the proof."""
        return Proof(series_of(self.id.who.identifier), self.id.base, self.row.occurred_at, self.row.id)


def ids_beside(ctx: Context, person: Iterable[Seen], seen: Seen) -> list[bytes]:
    """Return the other identifiers of a person that were seen with one with enough assurance to prove its holder."""
    if seen.assurance < ctx.policy.merges_at:
        return []
    return [other.base for other in person if other is not seen and other.assurance >= ctx.policy.merges_at]


def proof_sightings(
    ctx: Context, batch: Sequence[Prepared], numbers: Iterable[int]
) -> dict[bytes, list[ProofSighting]]:
    """Return the ids that interactions of a batch, given by position, show with identifiers whose holders they prove, by these identifiers."""
    found: dict[bytes, list[ProofSighting]] = {}
    merges_at = ctx.policy.merges_at
    for number in numbers:
        for person in batch[number].people:
            if len(person) < 2:
                continue
            for id in person:
                if not id.who.proves or not id.who.linkable or id.assurance < merges_at:
                    continue
                for seen in person:
                    who = seen.who
                    if who.identifier.scheme in id.who.proves and who.linkable and seen.assurance >= merges_at:
                        found.setdefault(seen.base, []).append(ProofSighting(seen, id, person, batch[number].row))
    return found


def check_holders(
    tx: Transaction,
    ctx: Context,
    proving: Mapping[bytes, Sequence[ProofSighting]],
    held: Callable[[bytes], Held],
    new: Collection[LinkRow],
    fresh: Collection[bytes],
    rows: Mapping[bytes, IdentifierRow],
) -> dict[bytes, Held]:
    """Check that interactions are filed under the holders that their ids prove.

    Args:
        tx: the transaction.
        ctx: the context.
        proving: the sightings, by the identifier whose holder they prove.
        held: returns who held an identifier when, as the interactions are filed.
        new: links that the store does not have yet, whose ends are locked.
        fresh: identifiers created by the interactions.
        rows: identifiers that were read already.

    Returns:
        Who held the identifiers with several holders when, by the evidence including these interactions.

    Raises:
        NewHolderError: they reveal another holder of an identifier, or an entry belongs to another holder.
    """
    ends = {end for link in new for end in (link.a, link.b)}
    found = {}
    for base, group in proving.items():
        if base in fresh:
            first = group[0].id.base
            if any(one.id.base != first for one in group):
                raise NewHolderError  # probably; the repeat finds out if ids of two series prove nothing
            continue
        filed = [
            (
                held(base).holder(base, one.row.occurred_at, ids_beside(ctx, one.person, one.seen)),
                held(one.id.base).holder(one.id.base, one.row.occurred_at),
            )
            for one in group
        ]
        if not any(ends.issuperset(pair) for pair in filed):
            continue  # nothing new
        proofs = [one.proof() for one in group]
        row = rows.get(base) or tx.find_identifiers(ids=[base])[0]
        sightings = read_sightings(tx, ctx, row, more=proofs, rows=rows)
        now = sightings.held(ctx)
        if not now.tenures and not sightings.stored:
            continue
        was = sightings.without(proofs).held(ctx).proven
        if not sightings.settled(now) or was.items() - now.proven.items():
            raise NewHolderError
        if any(now.holder(base, p.seen, [p.id]) != holder for p, (holder, _) in zip(proofs, filed)):
            raise NewHolderError
        found[base] = now
    return found
