"""The scope of an erasure: all that belongs to a person, found before anything is removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import attrs

from omnitrack.foundation.anchor_override import find_overrides
from omnitrack.foundation.cases import CasesLeft, StoredCase, cases_left, rows_left
from omnitrack.foundation.consents import still_named, take_holders
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, with_removed
from omnitrack.foundation.handovers import handovers_left
from omnitrack.foundation.ids import to_text
from omnitrack.foundation.reads import reads_left
from omnitrack.identity.partition import EVIDENCE, REASSIGNED
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Role
from omnitrack.reading.resolve import Meant, get_row
from omnitrack.records import ANCHOR_OVERRIDE, AWAY, TENURES, TRAIT, away_key
from omnitrack.statements.notes import with_notes
from omnitrack.statements.proofs import holders_of
from omnitrack.statements.reasons import cases_named_in, consent_names
from omnitrack.statements.statement_index import find_attributions, find_statements
from omnitrack.storage.contract import (
    NO_ID,
    RETIRED,
    SHARED,
    EntryRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS


@attrs.define(slots=True, kw_only=True)
class ErasureScope:
    """All that an erasure removes or changes.

    Attributes:
        interactions: interactions that are deleted. redacted: those that stay for others, each with its remaining entries.
        alone: identifiers of others that nothing else names: in copy of this person's mails, in a form of theirs.
        vacant: holders of identifiers that have other holders too. An empty place stays, so that nobody else is taken for the person.
        tenures: the reassignments that keep those places.
        statements: statements that are deleted, by id. records: (kind, key) of other records that are deleted.
        staying: records that stay, as they will be.
        cases: cases that stay, each as it was and as it will be; their texts may name the person.
    """

    identifiers: list[IdentifierRow]
    alone: list[IdentifierRow]
    vacant: list[IdentifierRow]
    tenures: list[LinkRow]
    interactions: list[bytes]
    redacted: dict[bytes, list[EntryRow]]
    entries: list[EntryRow]
    links: list[LinkRow]
    statements: dict[str, StatementRecord]
    records: list[tuple[str, str]]
    staying: list[RecordRow]
    cases: list[tuple[StoredCase, StoredCase]]


def find_scope(tx: Transaction, ctx: Context, who: Meant) -> ErasureScope:
    """Find everything that belongs to a person."""
    row = get_row(tx, ctx, who)
    members = [row] if row.state & SHARED else tx.find_identifiers(customers=[row.customer])
    while True:
        members, vacant, tenures = _places(tx, members)
        ids = {m.id for m in members}
        said = {key: s for key, (_, s) in find_statements(tx, sorted({m.base for m in members})).items()}
        gone, redacted, leaving = _split(tx, ids, said.values())
        said |= {key: s for key, (_, s) in find_attributions(tx, gone).items()}
        alone = _only_with(tx, leaving, ids, said.values())
        others, stay = _other_holders(tx, ids, leaving, alone)
        alone = [row for row in alone if row.id not in stay]
        if not others:
            break
        members = [*members, *others]
    links = [x for x in tx.find_links(sorted({*ids, *(row.id for row in alone)})) if x not in tenures]
    statements = {id for id, s in said.items() if s.a in ids or s.b in ids or s.interaction in gone}
    statements -= {to_text("st", x.ref) for x in tenures}
    records = [(TRAIT, r.key) for x in ids for r in tx.find_records(TRAIT, prefix=f"{x.hex()}/")]
    records += index_of_rows(tx, ctx, [*members, *alone])
    held = {r.base for r in vacant}
    records += [(TENURES, r.id.hex()) for r in members if r.base == r.id and r.id not in held]
    # Whose an interaction was before it was attributed, is kept with the identifier and goes with either of them.
    going = sorted({*ids, *(row.id for row in alone)})
    records += [(AWAY, r.key) for x in going for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")]
    records += [
        (AWAY, away_key(e.identifier, e.interaction)) for e in leaving if e.interaction in gone and e.removed_at
    ]
    overrides, staying = _without_overrides(tx, gone, redacted, statements, ids)
    records += overrides
    more, left = _consents_and_reads(tx, ctx, [*members, *alone], held, leaving, gone)
    records += more
    staying += left
    handed = handovers_left(tx, gone)
    records += handed.gone
    staying += handed.records
    cases = _cases(tx, [*members, *alone], held, leaving, gone)
    records += [*cases.gone, *rows_left((), cases.removed)[1]]
    records += [(row.kind, row.key) for row in cases_named_in(ctx, cases.removed)]
    return ErasureScope(
        identifiers=members,
        alone=alone,
        vacant=vacant,
        tenures=tenures,
        interactions=sorted(gone),
        redacted=redacted,
        entries=leaving,
        links=links,
        statements={id: said[id] for id in sorted(statements)},
        records=records,
        staying=staying,
        cases=cases.kept,
    )


def _cases(
    tx: Transaction,
    rows: Sequence[IdentifierRow],
    held: Collection[bytes],
    leaving: Sequence[EntryRow],
    gone: Collection[bytes],
) -> CasesLeft:
    """Return what becomes of the cases of the person; the arguments are those of ``_consents_and_reads``."""
    named = tx.find_identifiers(ids=sorted({e.identifier for e in leaving} - {NO_ID}))
    bases = {r.base for r in rows}
    return cases_left(tx, bases | {r.base for r in named}, gone, {r.id for r in rows}, bases - set(held))


def _without_overrides(
    tx: Transaction,
    gone: Collection[bytes],
    redacted: Iterable[bytes],
    statements: Collection[str],
    ids: Collection[bytes],
) -> tuple[list[tuple[str, str]], list[RecordRow]]:
    """Return the overrides of anchors that go, by (kind, key), and those that stay, without what they say of the person."""
    records, staying = [], []
    for interaction, override in find_overrides(tx, [*gone, *redacted]).items():
        override.said = [(id, pin) for id, pin in override.said if id not in statements]
        override.pin = None if override.pin is not None and override.pin.holder in ids else override.pin
        if interaction in gone or not override:
            records.append((ANCHOR_OVERRIDE, interaction.hex()))
        else:
            staying.append(override.record(interaction))
    return records, staying


def _consents_and_reads(
    tx: Transaction,
    ctx: Context,
    rows: Sequence[IdentifierRow],
    held: Collection[bytes],
    leaving: Sequence[EntryRow],
    gone: Collection[bytes],
) -> tuple[list[tuple[str, str]], list[RecordRow]]:
    """Return what goes of what was said of contacting the person and of who was shown what, as (kind, key), and what is left of records of others.

    Args:
        rows: the identifiers that go. held: the first holders of those whose place stays.
        leaving: the entries that go. gone: the interactions that go whole.
    """
    consents = take_holders(tx, rows)
    left = {record.key for record in consents.records}
    named = tx.find_identifiers(ids=sorted({e.identifier for e in leaving} - {NO_ID}))
    reads = reads_left(
        tx,
        {r.base for r in (*rows, *named)},
        gone,
        homes={r.home for r in rows},
        holders={r.id for r in rows},
        emptied={r.base for r in rows} - set(held),
    )
    names = consent_names(ctx, (word for word in consents.words if word.key not in left))
    return [*consents.gone, *names, *reads.gone], [*consents.records, *reads.records]


def _places(
    tx: Transaction, members: Sequence[IdentifierRow]
) -> tuple[list[IdentifierRow], list[IdentifierRow], list[LinkRow]]:
    """Return all the identifiers that go with a person's, and what is left of those that others hold before or after them.

    Returns:
        The identifiers that go: with the members the holders whose reassignment was retracted, who stand for the same person, and where nobody else
        holds an identifier, the places of others that were left empty before. Of these, those whose place stays. The reassignments
        that keep the places: sightings from their time would else be filed with another holder.
    """
    ids = {m.id for m in members}
    bases = sorted({m.base for m in members if m.base != m.id or m.state & HAS_HOLDERS})
    tenures = [x for x in tx.find_links(bases) if x.basis == REASSIGNED and x.a in bases] if bases else []
    holders: dict[bytes, set[bytes]] = {base: {base} for base in bases}
    for link in tenures:
        holders[link.a].add(link.b)
    for _, s in find_statements(tx, sorted(m.id for m in members if m.base == m.id)).values():
        if s.kind == REASSIGNED and s.retracted_at is not None and s.a in ids and s.b not in holders.get(s.a, ()):
            ids.add(s.b)
    for group in holders_of(tx, sorted(m.id for m in members if m.base == m.id)):
        ids |= {x for x in group if not any(x in holding for holding in holders.values())}  # who was taken for another
    held = set()
    for base, group in holders.items():
        others = sorted(group - ids)
        if any(not _is_empty(tx, x) for x in others):
            held.add(base)
        else:
            ids.update(others)
    rows = tx.find_identifiers(ids=sorted(ids))
    vacant = [r for r in rows if r.base in held and not r.state & RETIRED]
    return rows, vacant, [x for x in tenures if x.a in held]


def _is_empty(tx: Transaction, holder: bytes, leaving: Collection[EntryRow] = (), ids: Collection[bytes] = ()) -> bool:
    """Whether nothing is left of a holder, but what goes."""
    count = sum(e.identifier == holder for e in leaving)
    if any(e not in leaving for e in tx.list_entries(identifiers=[holder], limit=count + 1)):
        return False
    return all(x.basis == REASSIGNED or x.a in ids or x.b in ids for x in tx.find_links([holder]))


def _other_holders(
    tx: Transaction, ids: set[bytes], leaving: Collection[EntryRow], alone: Sequence[IdentifierRow]
) -> tuple[list[IdentifierRow], set[bytes]]:
    """Return what becomes of identifiers of which evidence alone tells the holders apart, where something of them goes.

    Returns:
        The holders that go with the others, for nothing would be left of any of them: somebody's accounts had one handle after the other. The
        holders that stay because one of them does.
    """
    named = {e.identifier for e in leaving} - {NO_ID}
    groups = holders_of(tx, sorted(named | ids))
    stated = {x.a for x in tx.find_links(sorted(ids | named)) if x.basis == REASSIGNED and x.ref != NO_ID}
    entries, going = set(leaving), ids | {row.id for row in alone}
    found: set[bytes] = set()
    stay: set[bytes] = set()
    for group in groups:
        if not group & stated and all(_is_empty(tx, x, entries, going) for x in group - ids):
            found |= group - ids
        else:
            stay |= group
    return tx.find_identifiers(ids=sorted(found)) if found else [], stay


def _split(
    tx: Transaction, ids: set[bytes], said: Iterable[StatementRecord]
) -> tuple[set[bytes], dict[bytes, list[EntryRow]], list[EntryRow]]:
    """Return the interactions that go, those that stay with what stays of their entries, and all entries that go."""
    touched = dict.fromkeys(e.interaction for e in all_entries(tx, sorted(ids)))
    # Filed with them once, and attributed to somebody else since, or attributed to them for a while.
    away = {bytes.fromhex(r.key.partition("/")[2]) for x in ids for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")}
    moved = sorted(away | {s.interaction for s in said if s.interaction})
    touched.update(dict.fromkeys(e.interaction for e in with_removed(tx, moved) if e.identifier in ids))
    around: dict[bytes, list[EntryRow]] = {}
    # The notes beside them may name the person, whoever they are with now.
    for entry in with_removed(tx, with_notes(tx, touched)):
        around.setdefault(entry.interaction, []).append(entry)
    gone: set[bytes] = set()
    redacted: dict[bytes, list[EntryRow]] = {}
    leaving: list[EntryRow] = []
    for interaction, group in around.items():
        anchors = [e for e in group if e.role == Role.ANCHOR]
        staying: list[EntryRow] = []
        for e in group:
            # A person of the interaction goes whole: what else was said of them was seen with them, and names them.
            mine = e.identifier in ids or any(a.identifier in ids and _is_of(e, a) for a in anchors)
            (leaving if mine else staying).append(e)
        if any(e.person >= 0 and e.removed_at is None for e in staying):
            redacted[interaction] = staying
        else:
            gone.add(interaction)
            leaving += staying
    return gone, redacted, leaving


def _only_with(
    tx: Transaction, leaving: Sequence[EntryRow], ids: set[bytes], said: Iterable[StatementRecord]
) -> list[IdentifierRow]:
    """Return identifiers that came in with these and that nothing else names: no entry but those that leave, and no statement about others."""
    gone = set(leaving)
    count = Counter(e.identifier for e in gone if e.identifier not in ids and e.identifier != NO_ID)
    for s in said:
        if {s.a, s.b} & ids and s.kind != REASSIGNED:
            count.update(dict.fromkeys({s.a, s.b} - ids, 0))
    rows = tx.find_identifiers(ids=sorted(count)) if count else []
    bases = {row.base for row in rows}
    stated = {row.id for row in rows if row.base in still_named(tx, bases)}
    for _, s in find_statements(tx, sorted(bases)).values():
        if not {s.a, s.b} & ids or s.kind == REASSIGNED:
            stated |= {s.a, s.b}
    links = tx.find_links(sorted(count)) if count else []
    stated |= {end for x in links if x.basis not in EVIDENCE and not {x.a, x.b} & ids for end in (x.a, x.b)}
    went = {away_key(e.identifier, e.interaction) for e in gone}
    found = []
    for x in sorted(count.keys() - stated):
        # Of a history of any length as many as leave, and one more, tell whether anything stays.
        if any(e not in gone for e in tx.list_entries(identifiers=[x], limit=count[x] + 1)):
            continue
        if all(r.key in went for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")):
            found.append(x)
    return tx.find_identifiers(ids=found) if found else []


def _is_of(entry: EntryRow, anchor: EntryRow) -> bool:
    """Whether an anchor was that of the entry's person when the entry was there last."""
    if entry.person != anchor.person or entry.person < 0:
        return False
    if entry.removed_at is None or anchor.removed_at is None:
        return anchor.removed_at is None and (entry.removed_at is None or anchor.added_at < entry.removed_at)
    return anchor.added_at < entry.removed_at <= anchor.removed_at


def index_of_rows(tx: Transaction, ctx: Context, rows: Sequence[IdentifierRow]) -> list[tuple[str, str]]:
    """Return what the index for matching keeps of identifiers, as (kind, key)."""
    if not ctx.known.matching:
        return []
    from omnitrack.reading.profiles import index_of  # numpy, which only matching needs

    return index_of(tx, rows)
