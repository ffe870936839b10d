"""When an identifier was seen: the entries that count as sightings, and the steps of time that they fall in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from omnitrack.foundation.anchor_override import NO_OVERRIDE, AnchorOverride, find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, tenures_of
from omnitrack.model import Assurance, Role
from omnitrack.storage.contract import NO_ID, REASSIGNED, EntryRow, Transaction

_ROLES = (int(Role.ANCHOR), int(Role.MEMBER))
_OBSERVED = int(Assurance.OBSERVED)
NOTE = "note"
FEW = 8  # entries read to find one that counts; most do


def shows(kind: str, assurance: int) -> bool:
    """Whether an entry of this kind and assurance is a sighting of its identifier. A claim or a note is not."""
    return kind != NOTE and assurance >= _OBSERVED


def counting(entries: Iterable[EntryRow], overrides: Mapping[bytes, AnchorOverride]) -> Iterator[EntryRow]:
    """Yield the entries that are sightings of their identifier. An attribution is not a sighting."""
    for entry in entries:
        attributed = entry.raw is None and overrides.get(entry.interaction, NO_OVERRIDE).said
        if entry.role in _ROLES and entry.person >= 0 and shows(entry.kind, entry.assurance) and not attributed:
            yield entry


def _counting(tx: Transaction, entries: Sequence[EntryRow]) -> Iterator[EntryRow]:
    doubtful = [entry.interaction for entry in entries if entry.raw is None]
    return counting(entries, find_overrides(tx, doubtful) if doubtful else {})


def all_seen(
    tx: Transaction, holders: Sequence[bytes], since: int | None = None, until: int | None = None
) -> list[EntryRow]:
    """Return every sighting of an identifier by any of its holders, oldest first."""
    return list(_counting(tx, all_entries(tx, holders, since, until)))


def _seen(
    tx: Transaction,
    holders: Sequence[bytes],
    since: int | None,
    until: int | None,
    *,
    newest: bool = False,
    without: Collection[bytes] = (),
) -> Iterator[EntryRow]:
    """Yield the sightings of an identifier in order of time. The first read is small, since most entries count and one is often enough.

    Args:
        without: interactions whose entries are skipped.
    """
    after: tuple[int, bytes] | None = None
    size = len(without) + FEW
    while True:
        rows = tx.list_entries(
            identifiers=holders,
            roles=_ROLES,
            min_assurance=_OBSERVED,
            since=since,
            until=until,
            after=after,
            limit=size,
            newest=newest,
        )
        yield from _counting(tx, [row for row in rows if row.interaction not in without])
        if len(rows) < size:
            return
        # An interaction has at most one counting entry for an identifier, so the entries cut off by the limit do not matter.
        after, size = (rows[-1].occurred_at, rows[-1].interaction), 50 * FEW


def seen_next(tx: Transaction, holders: Sequence[bytes], at: int, *, newest: bool) -> EntryRow | None:
    """Return the last sighting of an identifier before a time (``newest``), or the first at or after it."""
    since, until = (None, at) if newest else (at, None)
    return next(_seen(tx, holders, since, until, newest=newest), None)


def steps_of(entries: Iterable[EntryRow], length: int) -> frozenset[int]:
    """Return the steps of time that entries fall in."""
    return frozenset(entry.occurred_at // length for entry in entries)


def shown_by(
    tx: Transaction, ctx: Context, entries: Iterable[EntryRow], *, attributed: bool = False
) -> dict[bytes, dict[int, set[bytes]]]:
    """Return the steps in which present entries are sightings of identifiers to which the silence rule applies, with the interactions of each
    step, by first holder.

    Args:
        attributed: count attributions too, to be on the safe side.
    """
    there = [entry for entry in entries if entry.removed_at is None]
    lengths, bases = {}, {}
    ids = sorted({entry.identifier for entry in there} - {NO_ID}) if ctx.policy.silence else []
    for row in tx.find_identifiers(ids=ids) if ids else ():
        if length := ctx.policy.step(row.scheme):
            lengths[row.id], bases[row.id] = length, row.base
    found: dict[bytes, dict[int, set[bytes]]] = {}
    some = [entry for entry in there if entry.identifier in bases]
    for entry in counting(some, {}) if attributed else _counting(tx, some):
        step = entry.occurred_at // lengths[entry.identifier]
        found.setdefault(bases[entry.identifier], {}).setdefault(step, set()).add(entry.interaction)
    return found


def unseen_without(
    tx: Transaction, ctx: Context, shown: Mapping[bytes, Mapping[int, Collection[bytes]]]
) -> dict[bytes, list[int]]:
    """Return the steps of time in which only these interactions are sightings of identifiers, by first holder. Cost: independent of the length
    of a history.

    Args:
        shown: the result of ``shown_by``; the interactions may have been deleted.
    """
    rows = {row.id: row for row in (tx.find_identifiers(ids=sorted(shown)) if shown else ())}
    tenures = tenures_of(tx, [x for x, row in rows.items() if row.state & REASSIGNED])
    found = {}
    for base, row in rows.items():
        holders = [base, *(holder for _, holder in tenures.get(base, ()))]
        length = ctx.policy.step(row.scheme)
        steps = [
            step
            for step, interactions in sorted(shown[base].items())
            if next(_seen(tx, holders, step * length, (step + 1) * length, without=interactions), None) is None
        ]
        if steps:
            found[base] = steps
    return found


def timed(tx: Transaction, ctx: Context, ids: Iterable[bytes]) -> list[bytes]:
    """Return the first holders of the identifiers to which the silence rule applies."""
    wanted = sorted(set(ids) - {NO_ID}) if ctx.policy.silence else []
    rows = tx.find_identifiers(ids=wanted) if wanted else []
    return sorted({row.base for row in rows if ctx.policy.step(row.scheme)})
