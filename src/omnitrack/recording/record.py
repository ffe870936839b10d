"""Records a batch: interactions, entries, new identifiers and links, and the resulting changes of customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from omnitrack.foundation.consent_words import said_in
from omnitrack.foundation.consents import Word, add_words
from omnitrack.foundation.context import Context, Earliest, Pair, Step
from omnitrack.foundation.evidence import links_of_entries, nobody
from omnitrack.foundation.ids import new_ids
from omnitrack.foundation.journal import touch
from omnitrack.foundation.settings import enter
from omnitrack.identity.mention import Mention
from omnitrack.identity.partition import EVIDENCE, partition
from omnitrack.identity.tenures import ONE_HOLDER, Held
from omnitrack.model import Assurance, Role
from omnitrack.recording.leaf import newborn_links, plan_leaf
from omnitrack.recording.prepare import Prepared, Seen
from omnitrack.recording.proof_sightings import check_holders, ids_beside, proof_sightings
from omnitrack.recording.silences import begins_anew, steps_in
from omnitrack.records import SUPPRESSED, TRAIT, suppression_key, trait_key
from omnitrack.statements.neighbourhood import Cause, Plan, plan_change
from omnitrack.statements.proofs import NewHolderError, held_of
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    OVERSIZED,
    REASSIGNED,
    SHARED,
    ChangeRow,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    RecordRow,
    Transaction,
)

_ANCHOR, _MEMBER, _PARTICIPANT = int(Role.ANCHOR), int(Role.MEMBER), int(Role.PARTICIPANT)
_CLAIMED = int(Assurance.CLAIMED)


@attrs.define(slots=True)
class Batch:
    """The result of recording interactions together.

    Attributes:
        duplicates: for each interaction, the id under which it was stored before, or None.
        suppressed: the positions of interactions that an erasure keeps out.
        anchors: for each interaction, the identifiers it was filed under.
        log: the changes of customers.
        epoch: the epoch of the store.
        tenures: who held the identifiers when that were read.
        links: the earliest sighting of each linked pair.
        suppresses: whether the store has marks of erased interactions.
        steps: the steps of time in which identifiers were seen.
        changed: all holders of identifiers that got other holders.
    """

    duplicates: list[bytes | None]
    suppressed: set[int]
    anchors: list[list[bytes]]
    log: list[ChangeRow]
    epoch: int
    tenures: dict[bytes, Held]
    links: dict[Pair, Earliest]
    suppresses: bool
    steps: dict[Step, None] = attrs.field(factory=dict)
    changed: set[bytes] = attrs.field(factory=set)


#: Returns a batch with what codes in it show, and an id for each identifier that may have to be born, given the positions of those about to be stored.
Amend = Callable[
    [Transaction, Context, Sequence[Prepared], Sequence[int], Mapping[bytes, bytes]],
    tuple[Sequence[Prepared], Mapping[bytes, bytes]],
]
#: Takes the positions of interactions to be stored, gives their identifiers the holders that these prove, and returns who held those
#: identifiers when, and the identifiers that it created.
Settle = Callable[[Sequence[Prepared], Sequence[int]], tuple[dict[bytes, Held], set[bytes]]]


def record_batch(
    tx: Transaction,
    ctx: Context,
    batch: Sequence[Prepared],
    homes: Mapping[bytes, bytes],
    now: int,
    mark_key: bytes,
    settle: Settle | None = None,
    amend: Amend | None = None,
) -> Batch:
    """Store interactions with all their effects. Long: the order of the reads and writes of the transaction is in one place.

    Args:
        tx: the transaction.
        batch: the interactions; ids and times were made outside, so that a repeat adds nothing.
        homes: an id for each identifier that may be created, by its content address.
        now: the time of recording, in microseconds.
        mark_key: the key of the marks that erasures left.
        settle: assigns holders, if these interactions are known to reveal other holders of identifiers; else None.
        amend: where there are handover codes in these interactions.

    Raises:
        NewHolderError: they reveal other holders; record them with ``settle``.
    """
    epoch = enter(tx, ctx, exclusive=settle is not None)
    known_tenures, known_links = ctx.known.view(epoch)
    out = Batch([None] * len(batch), set(), [[] for _ in batch], [], epoch, {}, {}, False)
    taken = _unsuppressed(tx, ctx, batch, mark_key, epoch, out)
    taken = _each_once(batch, taken, out)
    if amend is not None:
        batch, homes = amend(tx, ctx, batch, taken, homes)
    settled, born = ({}, set()) if settle is None else settle(batch, taken)
    unknown = [base for base in homes if base not in known_tenures]
    stored = {row.id: row for row in tx.find_identifiers(ids=unknown)} if unknown else {}
    several = [row for base, row in stored.items() if row.state & REASSIGNED and base not in settled]
    held = held_of(tx, ctx, several) if several else {}
    held.update(settled)
    out.tenures = {base: held.get(base, ONE_HOLDER) for base in unknown}
    shown_steps = steps_in(batch, taken, ctx.known.steps_at(epoch))
    if shown_steps and settle is None:
        held = {
            base: known_tenures.get(base) or out.tenures[base]
            for base in shown_steps
            if base in known_tenures or base in stored
        }
        if begins_anew(tx, shown_steps, held):
            raise NewHolderError
    rows: list[InteractionRow] = []
    entries: list[EntryRow] = []
    for number in taken:
        rows.append(batch[number].row)
        out.anchors[number] = _file(ctx, batch[number], now, known_tenures, out.tenures, entries)
    left_out = tx.add_interactions(rows, entries)
    if left_out:
        _name_duplicates(tx, batch, taken, left_out, out)
        taken = [number for number in taken if out.duplicates[number] is None]
        entries = [entry for entry in entries if entry.interaction not in left_out]
    fresh: dict[bytes, IdentifierRow] = {}
    if len(stored) < len(unknown):
        for number in taken:
            for seen in everyone(batch[number]):
                base = seen.base
                if base not in stored and base not in known_tenures and base not in fresh:
                    fresh[base] = born_by(seen, homes[base], now)
        for base in unknown:
            if base not in stored and base not in fresh:
                del out.tenures[base]
    links = []
    for link in links_of_entries(entries):
        pair, earliest = (link.a, link.b, link.assurance), (link.seen, link.evidence)
        known = known_links.get(pair)
        if known is None or earliest < known:
            links.append(link)
            out.links[pair] = earliest
    new_links = _not_stored(tx, links, fresh, stored)
    newborn = set(fresh)
    plan = _join(tx, ctx, fresh, new_links, now, out, born)
    if settle is None and any(base in newborn and base not in fresh for base in shown_steps):
        raise NewHolderError  # another writer created it first, and may have seen it at another time
    out.steps = {(base, step): None for base, steps in steps_in(batch, taken, {}).items() for step in steps}
    if new_links and settle is None:
        proving = proof_sightings(ctx, batch, taken)
        if proving:
            there = stored if plan is None else {**stored, **plan.rows}

            def held_by(base: bytes) -> Held:
                return known_tenures.get(base) or out.tenures[base]

            out.tenures.update(check_holders(tx, ctx, proving, held_by, new_links, fresh.keys(), there))
    if new_links:
        tx.add_links(new_links)
    changed = [] if plan is None else [update.id for update in plan.updates if update.id not in fresh]
    touch(tx, ctx, interactions=[batch[n].row.id for n in taken], identifiers=[*fresh, *changed], links=new_links)
    records = _traits(batch, taken, out) + _consents(tx, ctx, batch, taken, out, now)
    if ctx.known.matching:
        records += _index(tx, ctx, batch, taken, fresh, out)
    if records:
        tx.put_records(records)
    return out


def _join(
    tx: Transaction,
    ctx: Context,
    fresh: dict[bytes, IdentifierRow],
    links: list[LinkRow],
    now: int,
    out: Batch,
    born: set[bytes],
) -> Plan | None:
    """Store new identifiers, and join customers by links; return the plan, None if there was nothing to compute.

    Args:
        born: identifiers created earlier in the same transaction.
    """
    newborn = newborn_links(fresh, links) if fresh else []
    if newborn:
        # If everything is new there is no neighbourhood to read: the rows are stored with the customers of their partition.
        among = {end for link in newborn for end in (link.a, link.b)}
        result = partition({x: fresh[x] for x in among}, newborn, ctx.policy)
        for x in among:
            state = fresh[x].state
            state |= (SHARED if x in result.shared else 0) | (OVERSIZED if x in result.oversized else 0)
            if (result.customer[x], state) != (fresh[x].home, fresh[x].state):
                fresh[x] = fresh[x]._replace(customer=result.customer[x], state=state)
    there = tx.add_identifiers(list(fresh.values())) if fresh else set()
    for x in there:
        del fresh[x]
    if not links:
        return None
    # If another writer created one of them first, all new identifiers are computed again.
    settled = set() if there else {link[:5] for link in newborn}
    open_links = [link for link in links if link[:5] not in settled]
    if not open_links:
        return None
    plan = plan_leaf(tx, ctx.policy, open_links, fresh) or plan_change(tx, ctx.policy, added=open_links, fresh=fresh)
    out.log = _log(plan, open_links, now, {*fresh, *born})
    if plan.updates:
        tx.update_identifiers(plan.updates, out.log)
    return plan


def everyone(prepared: Prepared) -> Iterator[Seen]:
    """Yield every identifier that an interaction names."""
    for person in prepared.people:
        yield from person
    yield from prepared.participants


def _unsuppressed(
    tx: Transaction, ctx: Context, batch: Sequence[Prepared], mark_key: bytes, epoch: int, out: Batch
) -> list[int]:
    """Return the positions of the interactions that no erasure keeps out."""
    suppresses = ctx.known.suppresses(epoch)
    if suppresses is None:
        suppresses = bool(tx.find_records(SUPPRESSED, limit=1))
    out.suppresses = suppresses
    if not suppresses:
        return list(range(len(batch)))
    keys = {
        number: suppression_key(mark_key, p.row.source, p.row.source_id)
        for number, p in enumerate(batch)
        if p.row.source is not None and p.row.source_id is not None
    }
    there = {record.key for record in tx.find_records(SUPPRESSED, keys=list(keys.values()))} if keys else set()
    out.suppressed = {number for number, key in keys.items() if key in there}
    return [number for number in range(len(batch)) if number not in out.suppressed]


def _each_once(batch: Sequence[Prepared], numbers: Sequence[int], out: Batch) -> list[int]:
    """Return the position of the first occurrence of each interaction, sorted by id as locks are taken: two loads of the same interactions then
    wait for each other instead of deadlocking."""
    first: dict[bytes, int] = {}
    for number in numbers:
        id = batch[number].row.id
        if first.setdefault(id, number) != number:
            out.duplicates[number] = id
    return [first[id] for id in sorted(first)]


def _file(
    ctx: Context,
    prepared: Prepared,
    now: int,
    known: Mapping[bytes, Held],
    found: Mapping[bytes, Held],
    entries: list[EntryRow],
) -> list[bytes]:
    """Append the entries of an interaction; return the identifiers it is filed under."""
    row = prepared.row
    id, at, channel, direction, kind = row.id, row.occurred_at, row.channel, row.direction, row.kind
    anchors: list[bytes] = []

    def add(seen: Seen, person: int, role: int, people: Sequence[Seen] = ()) -> bytes:
        base = holder = seen.base
        held = known.get(base) or found.get(base)
        if held is not None and held.tenures:
            holder = held.holder(base, at, ids_beside(ctx, people, seen))
        entries.append(
            EntryRow(holder, at, id, person, now, None, role, seen.assurance, channel, direction, kind, seen.raw)
        )
        return holder

    for person, people in enumerate(prepared.people):
        anchors.append(add(people[0], person, _ANCHOR, people))
        for seen in people[1:]:
            add(seen, person, _MEMBER, people)
    if not anchors:
        entries.append(nobody(row, now))
    for seen in prepared.participants:
        add(seen, -1, _PARTICIPANT)
    return anchors


def _name_duplicates(
    tx: Transaction, batch: Sequence[Prepared], batch_of: Sequence[int], left_out: set[bytes], out: Batch
) -> None:
    numbers = [number for number in batch_of if batch[number].row.id in left_out]
    sources = [
        (row.source, row.source_id)
        for row in (batch[number].row for number in numbers)
        if row.source is not None and row.source_id is not None
    ]
    there = {(row.source, row.source_id): row.id for row in tx.find_interactions(sources=sources)} if sources else {}
    for number in numbers:
        row = batch[number].row
        out.duplicates[number] = there.get((row.source, row.source_id), row.id)


def born_by(seen: Seen, home: bytes, now: int) -> IdentifierRow:
    """Return the row of an identifier that is seen for the first time."""
    who = seen.who
    identifier = who.identifier
    return IdentifierRow(
        seen.base,
        home,
        home,
        identifier.scheme,
        identifier.value,
        identifier.scope,
        seen.base,
        None,
        LINKABLE if who.linkable else 0,
        who.reason,
        now,
    )


def _not_stored(
    tx: Transaction, links: Sequence[LinkRow], fresh: dict[bytes, IdentifierRow], stored: dict[bytes, IdentifierRow]
) -> list[LinkRow]:
    """Return the links that the store does not have, or has with a later time.

    Links are read from the end that is not shared, since a switchboard has as many as it has callers. A link between two shared identifiers
    changes nothing, and is stored again.
    """
    doubtful = [link for link in links if link.a not in fresh and link.b not in fresh]
    if not doubtful:
        return list(links)
    rows = dict(stored)
    missing = [end for link in doubtful for end in (link.a, link.b) if end not in rows]
    if missing:
        rows.update((row.id, row) for row in tx.find_identifiers(ids=list(dict.fromkeys(missing))))
    ends: dict[bytes, None] = {}
    for link in doubtful:
        a, b = rows.get(link.a), rows.get(link.b)
        if a is not None and b is not None and not a.state & b.state & SHARED:
            ends[link.b if a.state & SHARED else link.a] = None
    there = {(x.a, x.b, x.basis, x.assurance): x for x in tx.find_links(list(ends))} if ends else {}

    def is_new(link: LinkRow) -> bool:
        known = there.get((link.a, link.b, link.basis, link.assurance))
        return known is None or (link.seen, link.evidence) < (known.seen, known.evidence)

    return [link for link in links if is_new(link)]


def _log(plan: Plan, links: Sequence[LinkRow], now: int, fresh: set[bytes]) -> list[ChangeRow]:
    """Return the membership history, each change with the interaction that caused it."""
    log = plan.log(Cause(name="record", at=now), skip=fresh)
    if not log:
        return log
    by_identifier: dict[bytes, bytes] = {}
    by_customer: dict[bytes, bytes] = {}
    for link in links:
        for end in (link.a, link.b):
            by_identifier.setdefault(end, link.evidence)
            by_customer.setdefault(plan.result.customer.get(end, end), link.evidence)
    # An identifier separated by a limit has no new link: its cause is that of the neighbour that exceeded the limit.
    for link in plan.links:
        if link.basis in EVIDENCE:
            for end, other in ((link.a, link.b), (link.b, link.a)):
                if end in by_identifier:
                    by_identifier.setdefault(other, by_identifier[end])
    return [row._replace(ref=by_identifier.get(row.identifier) or by_customer.get(row.new) or NO_ID) for row in log]


def _traits(batch: Sequence[Prepared], batch_of: Sequence[int], out: Batch) -> list[RecordRow]:
    records = []
    for number in batch_of:
        prepared = batch[number]
        if prepared.traits is None or out.duplicates[number] is not None:
            continue
        # Traits belong to the first person: a source that knows those of several people yields an interaction for each.
        anchor = out.anchors[number][0]
        assurance = prepared.people[0][0].assurance
        value = f'{{"at":{prepared.row.occurred_at},"assurance":{assurance},"traits":{prepared.traits}}}'
        records.append(RecordRow(TRAIT, trait_key(anchor, prepared.row.id), value, -1))
    return records


def _consents(
    tx: Transaction, ctx: Context, batch: Sequence[Prepared], batch_of: Sequence[int], out: Batch, now: int
) -> list[RecordRow]:
    """Return the consents that these interactions express, for each identifier of the person. A mere claim can opt out but not in."""
    words = []
    for number in batch_of:
        row, people = batch[number].row, batch[number].people
        said = said_in(row, ctx.consent_words) if people and out.duplicates[number] is None else None
        if said is None:
            continue
        (purpose, channel), granted = said
        words += [
            Word(
                id=row.id,
                named=Mention(seen.base, None, row.occurred_at),
                purpose=purpose,
                channel=channel,
                granted=granted,
                at=row.occurred_at,
                recorded_at=now,
                source=row.source,
                interaction=row.id,
            )
            for seen in people[0]
            if not (granted and seen.assurance <= _CLAIMED)
        ]
    return add_words(tx, words) if words else []


def _index(
    tx: Transaction,
    ctx: Context,
    batch: Sequence[Prepared],
    batch_of: Sequence[int],
    fresh: dict[bytes, IdentifierRow],
    out: Batch,
) -> list[RecordRow]:
    """Return the records that interactions add to the matching index: new identifiers, and traits.

    Traits that came with a mere claim may describe whoever made it, and are ignored.
    """
    from omnitrack.reading.profiles import index_rows, index_traits  # imports numpy, which only matching needs

    found = [
        (batch[n].row.occurred_at, out.anchors[n][0], batch[n].trait_values)
        for n in batch_of
        if batch[n].traits is not None and out.duplicates[n] is None and batch[n].people[0][0].assurance > _CLAIMED
    ]
    return index_rows(fresh.values()) + index_traits(tx, found, ctx.region)


def homes_for(batch: Sequence[Prepared]) -> dict[bytes, bytes]:
    """Return a home for each identifier that the interactions name, by content address, in case it is created."""
    bases = dict.fromkeys(seen.base for prepared in batch for seen in everyone(prepared))
    return dict(zip(bases, new_ids(len(bases))))
