"""Silences: whether interactions to be recorded reveal other holders of an identifier, by when it was seen before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from omnitrack.foundation.context import Step
from omnitrack.identity.silences import begun
from omnitrack.identity.tenures import ONE_HOLDER, Held
from omnitrack.recording.prepare import Prepared
from omnitrack.statements.proofs import read_kept
from omnitrack.statements.seen import all_seen, seen_next, shows, steps_of
from omnitrack.storage.contract import Transaction


class Shown(dict[int, None]):
    """The steps of time in which interactions are sightings of an identifier."""

    def __init__(self, length: int) -> None:
        self.length = length


def steps_in(batch: Sequence[Prepared], numbers: Iterable[int], known: Collection[Step]) -> dict[bytes, Shown]:
    """Return the steps of time in which interactions of a batch, given by position, are sightings of identifiers, without steps already known."""
    found: dict[bytes, Shown] = {}
    for number in numbers:
        row = batch[number].row
        for person in batch[number].people:
            for seen in person:
                length = seen.who.step
                if length and shows(row.kind, seen.assurance):
                    step = row.occurred_at // length
                    if (seen.base, step) not in known:
                        found.setdefault(seen.base, Shown(length))[step] = None
    return found


def begins_anew(tx: Transaction, shown: Mapping[bytes, Shown], held: Mapping[bytes, Held]) -> list[bytes]:
    """Return the identifiers, by their first holders, whose holders by silence change with new sightings.

    Only the sightings next before and after are read, whatever the length of a history.

    Args:
        tx: the transaction.
        shown: the steps of the new sightings, by identifier.
        held: who held the stored identifiers when; the others are new.
    """
    kept = read_kept(tx, [base for base in shown if base in held])
    found, unseen = [], []
    for base, steps in shown.items():
        there = _around(tx, base, steps, held[base], kept.get(base, ())) if base in held else set()
        if base in held and not there:
            unseen.append(base)
        elif _differ(there, steps, held.get(base, ONE_HOLDER)):
            found.append(base)
    if unseen:
        if not tx.serialised:  # of two writers that see it first, each would consider itself the only one
            tx.lock_identifiers(sorted(unseen))
        found += [
            base for base in unseen if _differ(_around(tx, base, shown[base], held[base], ()), shown[base], held[base])
        ]
    return found


def _around(tx: Transaction, base: bytes, shown: Shown, held: Held, kept: Sequence[int]) -> set[int]:
    """Return the steps in which an identifier was seen next before, between and after new sightings."""
    length, first, last = shown.length, min(shown), max(shown)
    holders = [base, *(holder for _, holder in held.tenures)]
    steps = {at // length for at in kept}
    before = seen_next(tx, holders, (last + 1) * length, newest=True)
    if before is not None:
        steps.add(before.occurred_at // length)
        if first < last:
            steps |= steps_of(all_seen(tx, holders, first * length, last * length), length)
            before = seen_next(tx, holders, first * length, newest=True)
            steps |= steps_of([before] if before else [], length)
    if not steps >= shown.keys():
        after = seen_next(tx, holders, (last + 1) * length, newest=False)
        steps |= steps_of([after] if after else [], length)
    return steps


def _differ(steps: set[int], shown: Shown, held: Held) -> bool:
    said = [since for since, _ in held.said]
    return begun(steps, shown.length, said) != begun(steps | shown.keys(), shown.length, said)
