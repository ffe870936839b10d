"""Proofs: who held a handle or number when, shown by the platform ids that it was seen with."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from omnitrack.foundation.anchor_override import AnchorOverride
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, entries_of
from omnitrack.identifiers.scheme import Identifier, find_scheme, provers_of
from omnitrack.identity.mention import Tenures
from omnitrack.identity.partition import DIFFERENT, REASSIGNED, SAME, TOGETHER, usable
from omnitrack.identity.silences import begun
from omnitrack.identity.tenures import ASSUMPTION, ONE_HOLDER, Classes, Held, Proof, classes_of, hold
from omnitrack.reading.resolve import to_identifier
from omnitrack.records import TENURES, WAS_HELD, WAS_HELD_BY
from omnitrack.statements.seen import all_seen, shown_by, steps_of, unseen_without
from omnitrack.storage.contract import NO_ID, EntryRow, IdentifierRow, LinkRow, RecordRow, Transaction
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS

if TYPE_CHECKING:
    from omnitrack.statements.effects import Effects


#: Takes the place of a series for a time at which an identifier was seen.
SEEN = "seen"


class NewHolderError(Exception):
    """The write reveals another holder of an identifier. Repeat it with the exclusive guard, which that needs."""


@attrs.frozen(slots=True)
class Sightings:
    """All that shows who held an identifier when.

    Attributes:
        base: the first holder of the identifier.
        said: the later holders that statements name.
        proofs: the ids that it was seen with, from links.
        filed: for each proof, the holder under which the store has it.
        places: the proofs that were kept after a deletion.
        classes: the ids that statements make one person's.
        stored: the links in the store that give the holders by evidence.
        kept: the times of deleted sightings that were kept.
        steps: the steps of time in which it was seen, if these were read.
        silent: the times at which a new holder is assumed because of a silence.
    """

    base: IdentifierRow
    said: Tenures
    proofs: tuple[Proof, ...]
    filed: tuple[bytes, ...]
    places: tuple[Proof, ...]
    classes: Classes
    stored: tuple[LinkRow, ...]
    kept: tuple[int, ...] = ()
    steps: frozenset[int] = frozenset()
    silent: tuple[int, ...] = ()

    def held(self, ctx: Context) -> Held:
        """Return who held the identifier when."""
        key = to_identifier(self.base).key

        def address(since: int, other: bytes) -> bytes:
            return ctx.holder_id(key, since, other)

        return hold(self.base.id, self.said, (*self.proofs, *self.places), self.classes, address, self.silent)

    def without(self, more: Sequence[Proof]) -> Sightings:
        """Return the sightings without the proofs passed as ``more`` to ``read_sightings``."""
        return attrs.evolve(self, proofs=self.proofs[: len(self.proofs) - len(more)])

    def settled(self, held: Held) -> bool:
        """Whether the links in the store agree with the holders by evidence."""
        return set(held.links(self.base.id)) == set(self.stored)

    def placed(self, held: Held) -> bool:
        """Whether the store files each proof under the right holder. Ids that were seen together may be under the holder of either."""
        seen = zip(self.proofs, self.filed)
        return all(held.holder(self.base.id, proof.seen, [proof.id]) == holder for proof, holder in seen)


def series_of(one: IdentifierRow | Identifier) -> str:
    """Return the series of an id: two ids can be compared only within one series."""
    scheme = find_scheme(one.scheme)
    return f"{one.scheme}:{one.scope if scheme is None else scheme.series(one.value, one.scope)}"


def proves(row: IdentifierRow, other: IdentifierRow) -> bool:
    """Whether one identifier proves who holds another."""
    return row.scheme in provers_of(other.scheme)


def read_sightings(
    tx: Transaction,
    ctx: Context,
    base: IdentifierRow,
    *,
    added: Sequence[LinkRow] = (),
    removed: Collection[LinkRow] = (),
    more: Sequence[Proof] = (),
    rows: Mapping[bytes, IdentifierRow] | None = None,
    steps: Collection[int] | None = None,
) -> Sightings:
    """Read all that shows who held an identifier when.

    Args:
        added: links to be added.
        removed: links to be removed.
        more: proofs besides those of links.
        rows: identifiers that were read already.
        steps: further steps of time in which it was seen; those in the store are read too. None: take the stored holders by silence and read
            no steps.
    """
    gone = {link[:5] for link in removed}

    def links_of(ids: Sequence[bytes]) -> list[LinkRow]:
        wanted = set(ids)
        there = {x[:5]: x for x in tx.find_links(ids) if x[:5] not in gone}
        for x in added:
            if (x.a in wanted or x.b in wanted) and (x[:5] not in there or x < there[x[:5]]):
                there[x[:5]] = x
        return list(there.values())

    links = links_of([base.id])
    places = read_places(tx, base.id)
    holders = {x.b for x in links if x.basis == REASSIGNED and x.a == base.id}
    said = tuple(sorted({(x.seen, x.b) for x in links if x.basis == REASSIGNED and x.a == base.id and x.ref != NO_ID}))
    stored = tuple(x for x in links if x.basis == REASSIGNED and x.a == base.id and x.ref == NO_ID)
    kept = tuple(proof.seen for proof in places if proof.series == SEEN)
    length = ctx.policy.step(base.scheme) if usable(base) else 0
    silent = tuple(x.seen for x in stored if x.assurance == ASSUMPTION)
    found_steps: frozenset[int] = frozenset()
    if steps is not None:
        if length:
            found_steps = steps_of(all_seen(tx, [base.id, *sorted(holders)]), length) | {at // length for at in kept}
        silent = begun({*found_steps, *steps}, length, [since for since, _ in said]) if length else ()
    if not provers_of(base.scheme) or not usable(base):
        return Sightings(base, said, (), (), (), {}, stored, kept, found_steps, silent)
    places = [proof for proof in places if proof.series != SEEN]
    if holders:
        links += links_of(sorted(holders))
    mine = {base.id, *holders}
    seen = [x for x in links if x.basis == TOGETHER and x.assurance >= ctx.policy.merges_at]
    others = {x: (x.b if x.a in mine else x.a) for x in seen}
    known = dict(rows or {})
    missing = sorted({x for x in others.values() if x not in known})
    if missing:
        known.update((row.id, row) for row in tx.find_identifiers(ids=missing))
    found, filed = [], []
    for link, other in others.items():
        row = known.get(other)
        if row is not None and proves(row, base) and usable(row):
            found.append(Proof(series_of(row), row.base, link.seen, link.evidence))
            filed.append(link.a if other == link.b else link.b)
    found += more
    classes = _classes(tx, [*found, *places], added, gone)
    return Sightings(base, said, tuple(found), tuple(filed), tuple(places), classes, stored, kept, found_steps, silent)


def _classes(
    tx: Transaction, proofs: Iterable[Proof], added: Sequence[LinkRow], gone: Collection[tuple[object, ...]]
) -> dict[bytes, bytes]:
    """Return the classes of ids that statements make one person's, along whole chains of statements."""
    ids: dict[str, set[bytes]] = {}
    for proof in proofs:
        ids.setdefault(proof.series, set()).add(proof.id)
    frontier = sorted({id for group in ids.values() if len(group) > 1 for id in group} - {NO_ID})
    if not frontier:
        return {}
    links = [x for x in links_among(tx, frontier, added) if x[:5] not in gone]
    base = bases_of(tx, {end for x in links if x.basis in (SAME, DIFFERENT) for end in (x.a, x.b)})

    def pairs(basis: str) -> list[tuple[bytes, bytes]]:
        return sorted((base[x.a], base[x.b]) for x in links if x.basis == basis and x.a in base and x.b in base)

    return classes_of(pairs(SAME), set(pairs(DIFFERENT)))


def links_among(tx: Transaction, ids: Sequence[bytes], added: Sequence[LinkRow] = ()) -> list[LinkRow]:
    """Return the links of ids, and of those of the same scheme and scope that statements join to them, along whole chains. An id that was
    reassigned counts as one id, whoever held it."""
    kinds: set[tuple[str, str]] = set()
    found: dict[LinkRow, None] = {}
    reached: set[bytes] = set()
    frontier = _with_holders(tx, ids)
    while frontier:
        kinds.update((row.scheme, row.scope) for row in frontier if not reached)
        some = sorted(row.id for row in frontier if (row.scheme, row.scope) in kinds)
        reached.update(some)
        links = [*tx.find_links(some), *(x for x in added if x.a in reached or x.b in reached)]
        found.update(dict.fromkeys(links))
        ends = {end for x in links if x.basis == SAME for end in (x.a, x.b)}
        frontier = [row for row in _with_holders(tx, sorted(ends - reached)) if row.id not in reached]
        frontier = [row for row in frontier if (row.scheme, row.scope) in kinds]
    return [x for x in found if x.basis != SAME or (x.a in reached and x.b in reached)]


def _with_holders(tx: Transaction, ids: Sequence[bytes]) -> list[IdentifierRow]:
    """Return identifiers, with all holders of those that have several."""
    rows = {row.id: row for row in tx.find_identifiers(ids=ids)} if ids else {}
    bases = sorted({row.base for row in rows.values() if row.state & HAS_HOLDERS or row.base != row.id})
    links = tx.find_links(bases) if bases else []
    more = {*bases, *(x.b for x in links if x.basis == REASSIGNED)} - rows.keys()
    return [*rows.values(), *(tx.find_identifiers(ids=sorted(more)) if more else ())]


def read_places(tx: Transaction, base: bytes) -> list[Proof]:
    """Return the proofs of an identifier that were kept after a deletion."""
    return [
        Proof(series, bytes.fromhex(id) or NO_ID, seen, NO_ID)
        for record in tx.find_records(WAS_HELD, keys=[base.hex()])
        for series, id, seen in json.loads(record.value)
    ]


def read_kept(tx: Transaction, bases: Sequence[bytes]) -> dict[bytes, list[int]]:
    """Return the times of deleted sightings that were kept, by identifier; identifiers without any are left out."""
    found = {
        bytes.fromhex(record.key): [seen for series, _, seen in json.loads(record.value) if series == SEEN]
        for record in (tx.find_records(WAS_HELD, keys=[base.hex() for base in bases]) if bases else ())
    }
    return {base: times for base, times in found.items() if times}


def put_places(tx: Transaction, base: bytes, before: Sequence[Proof], after: Sequence[Proof]) -> None:
    """Store what distinguishes the holders of an identifier after its proofs were deleted."""
    if list(before) == list(after):
        return
    gone = {proof.id for proof in before} - {proof.id for proof in after} - {NO_ID}
    records = [(WAS_HELD_BY, f"{id.hex()}/{base.hex()}") for id in sorted(gone)]
    if not after:
        records.append((WAS_HELD, base.hex()))
    tx.delete(records=records)
    named = sorted({proof.id for proof in after} - {NO_ID})
    rows = [RecordRow(WAS_HELD_BY, f"{id.hex()}/{base.hex()}", "", -1) for id in named]
    if after:
        values = [[proof.series, "" if proof.id == NO_ID else proof.id.hex(), proof.seen] for proof in after]
        rows.append(RecordRow(WAS_HELD, base.hex(), json.dumps(values), -1))
    tx.put_records(rows)


def places_of_ids(tx: Transaction, ids: Iterable[bytes]) -> set[bytes]:
    """Return the identifiers, by their first holders, that have a kept proof with one of these ids."""
    found = (r.key for id in ids for r in tx.find_records(WAS_HELD_BY, prefix=f"{id.hex()}/"))
    return {bytes.fromhex(key.partition("/")[2]) for key in found}


def bases_with_places(tx: Transaction, ids: Iterable[bytes]) -> set[bytes]:
    """Return the identifiers that have kept proofs."""
    keys = sorted(id.hex() for id in ids)
    return {bytes.fromhex(r.key) for r in tx.find_records(WAS_HELD, keys=keys)} if keys else set()


def proofs_in_entries(tx: Transaction, ctx: Context, sightings: Sightings) -> list[Proof]:
    """Return every sighting of an identifier together with an id, entry by entry."""
    base = sightings.base.id
    links = [x for x in tx.find_links([base]) if x.basis == REASSIGNED and x.a == base]
    entries = all_entries(tx, [base, *sorted({x.b for x in links})])
    series = {proof.id: proof.series for proof in sightings.proofs}
    beside = beside_entries(tx, ctx, {}, entries, series.keys())
    return [Proof(series[id], id, e.occurred_at, e.interaction) for e in entries for id in beside(e)]


def holders_of(tx: Transaction, ids: Sequence[bytes]) -> list[set[bytes]]:
    """Return, for each identifier with several past or present holders, all of them. ``ids`` may name any of the holders."""
    rows = tx.find_identifiers(ids=ids) if ids else []
    bases = sorted({row.base for row in rows})
    found = {base: {base} for base in bases}
    for record in tx.find_records(TENURES, keys=[base.hex() for base in bases]) if bases else ():
        found[bytes.fromhex(record.key)].update(bytes.fromhex(one[1]) for one in json.loads(record.value))
    return [group for group in found.values() if len(group) > 1]


def held_of(tx: Transaction, ctx: Context, bases: Sequence[IdentifierRow]) -> dict[bytes, Held]:
    """Return who held identifiers when, by the first holder and as stored."""
    tenures: dict[bytes, list[LinkRow]] = {base.id: [] for base in bases}
    for x in tx.find_links(list(tenures)) if tenures else ():
        if x.basis == REASSIGNED and x.a in tenures:
            tenures[x.a].append(x)
    found = {}
    for base in bases:
        links = tenures[base.id]
        if all(x.assurance == ASSUMPTION for x in links):  # then only silences separate the holders
            silent = tuple(sorted((x.seen, x.b) for x in links))
            found[base.id] = Held(silent, silent=silent) if silent else ONE_HOLDER
        else:
            found[base.id] = read_sightings(tx, ctx, base).held(ctx)
    return found


# -- which identifiers a change is about --------------------------------------------------------------------------------------


def handles_of(tx: Transaction, links: Iterable[LinkRow]) -> list[IdentifierRow]:
    """Return the identifiers, by their first holders, whose tenures may be affected by links of evidence or statements between ids."""
    links = list(links)
    ends = sorted({end for x in links if x.basis in (TOGETHER, SAME, DIFFERENT) for end in (x.a, x.b)})
    rows = {row.id: row for row in tx.find_identifiers(ids=ends)} if ends else {}
    bases: set[bytes] = set()
    ids: list[bytes] = []
    for x in links:
        a, b = rows.get(x.a), rows.get(x.b)
        if a is None or b is None:
            continue
        if x.basis == TOGETHER:
            bases |= {one.base for one, other in ((a, b), (b, a)) if proves(other, one)}
        elif a.scheme == b.scheme and proves_any(a):
            ids += [x.a, x.b]
    if ids:
        bases |= _seen_with(tx, ids)
    return tx.find_identifiers(ids=sorted(bases)) if bases else []


def proves_any(row: IdentifierRow) -> bool:
    """Whether an identifier proves who holds others."""
    scheme = find_scheme(row.scheme)
    return scheme is not None and bool(scheme.proves)


def evident_handles(tx: Transaction, ctx: Context, effects: Effects) -> list[bytes]:
    """Return the identifiers, by their first holders, whose tenures may be affected by the evidence that effects change."""
    evidence = [x for x in (*effects.added, *effects.removed) if x.basis == TOGETHER]
    shown = shown_by(tx, ctx, (*effects.entries_removed, *effects.entries_added), attributed=True)
    return [*(row.id for row in handles_of(tx, evidence)), *unseen_without(tx, ctx, shown)]


def _seen_with(tx: Transaction, ids: Sequence[bytes]) -> set[bytes]:
    """Return the first holders of the identifiers that ids, or ids that statements join to them, were seen with and prove."""
    links = links_among(tx, ids)
    rows = {row.id: row for row in tx.find_identifiers(ids=sorted({end for x in links for end in (x.a, x.b)}))}
    pairs = [(rows[x.a], rows[x.b]) for x in links if x.basis == TOGETHER and x.a in rows and x.b in rows]
    return {one.base for a, b in pairs for one, other in ((a, b), (b, a)) if proves(other, one)}


# -- which ids are beside an entry --------------------------------------------------------------------------------------------


def bases_of(tx: Transaction, ids: Collection[bytes]) -> dict[bytes, bytes]:
    """Return the first holder of each identifier."""
    wanted = sorted(set(ids) - {NO_ID})
    return {row.id: row.base for row in tx.find_identifiers(ids=wanted)} if wanted else {}


Beside = Callable[[EntryRow], list[bytes]]


def beside_entries(
    tx: Transaction,
    ctx: Context,
    overrides: Mapping[bytes, AnchorOverride],
    entries: Iterable[EntryRow],
    wanted: Collection[bytes],
    there: Sequence[EntryRow] | None = None,
) -> Beside:
    """Return a function that gives the ids which an entry's person was seen with, with enough assurance; for a note, those of its interaction.

    Args:
        overrides: the overrides of the entries' interactions.
        entries: the entries that the function will be called with.
        wanted: the ids that matter.
        there: all entries of these interactions, if they were read already.
    """
    if not wanted:
        return lambda entry: []
    leader = {id: override.beside for id, override in overrides.items() if override.beside is not None}
    interactions = dict.fromkeys(leader.get(entry.interaction, entry.interaction) for entry in entries)
    if there is not None:
        known = {entry.interaction for entry in there}
        there = [*there, *entries_of(tx, [id for id in interactions if id not in known])]
    else:
        there = entries_of(tx, list(interactions))
    base = bases_of(tx, {e.identifier for e in there})
    groups: dict[tuple[bytes, int], list[tuple[bytes, int]]] = {}
    for e in there:
        id = base.get(e.identifier, e.identifier)
        if id in wanted and e.person >= 0:
            groups.setdefault((e.interaction, e.person), []).append((id, e.assurance))

    def beside(entry: EntryRow) -> list[bytes]:
        if entry.person < 0 or entry.assurance < ctx.policy.merges_at:
            return []
        group = groups.get((leader.get(entry.interaction, entry.interaction), entry.person), ())
        return [id for id, assurance in group if assurance >= ctx.policy.merges_at]

    return beside
