"""The scope of an erasure: everything that belongs to a person, found before anything is deleted."""

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
    """Everything that an erasure deletes or changes.

    Attributes:
        identifiers: the identifiers of the person.
        alone: identifiers of others that nothing else names, such as those in copy of this person's mails or in their forms.
        vacant: holders of identifiers that have other holders too. An empty holder is kept, so that nobody else is taken for the person.
        tenures: the reassignments that keep these holders.
        interactions: the interactions to delete.
        redacted: the interactions kept for others, each with its remaining entries.
        entries: the entries to delete.
        links: the links to delete.
        statements: the statements to delete, by id.
        records: the (kind, key) of other records to delete.
        staying: the new versions of records that are kept.
        cases: the cases that are kept, each before and after; their texts may name the person.
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
    # Records of former owners of attributed interactions are stored with the identifier and deleted with either of the two.
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
    """Return which cases of the person are deleted and kept; the arguments are those of ``_consents_and_reads``."""
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
    """Return the anchor overrides to delete, as (kind, key), and those to keep, without their mentions of the person."""
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
    """Return the records of consents and reads to delete, as (kind, key), and the new versions of those kept for others.

    Args:
        tx: the transaction.
        ctx: the context.
        rows: the identifiers to delete.
        held: the first holders of identifiers that keep an empty holder.
        leaving: the entries to delete.
        gone: the interactions to delete.
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
    """Return all identifiers to delete with a person's, and what is kept of those with other holders before or after.

    Returns:
        The identifiers to delete: the members, the holders whose reassignment was retracted, which stand for the same person, and empty former
        holders of identifiers without another holder. Of these, those that keep an empty holder. The reassignments that keep these
        holders: otherwise sightings from their time would be filed under another holder.
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
        ids |= {
            x for x in group if not any(x in holding for holding in holders.values())
        }  # holders created for the same person
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
    """Whether nothing of a holder remains apart from what is deleted."""
    count = sum(e.identifier == holder for e in leaving)
    if any(e not in leaving for e in tx.list_entries(identifiers=[holder], limit=count + 1)):
        return False
    return all(x.basis == REASSIGNED or x.a in ids or x.b in ids for x in tx.find_links([holder]))


def _other_holders(
    tx: Transaction, ids: set[bytes], leaving: Collection[EntryRow], alone: Sequence[IdentifierRow]
) -> tuple[list[IdentifierRow], set[bytes]]:
    """Return the holders deleted and kept of identifiers whose holders are distinguished by evidence alone.

    Returns:
        The holders to delete with the others, because nothing would remain of any of them: one person's accounts had one handle in turn. The
        holders to keep because one of them is kept.
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
    """Return the interactions to delete, those to keep with their remaining entries, and all entries to delete."""
    touched = dict.fromkeys(e.interaction for e in all_entries(tx, sorted(ids)))
    # Interactions that were once filed under them and attributed to somebody else, or attributed to them for a time.
    away = {bytes.fromhex(r.key.partition("/")[2]) for x in ids for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")}
    moved = sorted(away | {s.interaction for s in said if s.interaction})
    touched.update(dict.fromkeys(e.interaction for e in with_removed(tx, moved) if e.identifier in ids))
    around: dict[bytes, list[EntryRow]] = {}
    # The notes on them may name the person, wherever they are filed now.
    for entry in with_removed(tx, with_notes(tx, touched)):
        around.setdefault(entry.interaction, []).append(entry)
    gone: set[bytes] = set()
    redacted: dict[bytes, list[EntryRow]] = {}
    leaving: list[EntryRow] = []
    for interaction, group in around.items():
        anchors = [e for e in group if e.role == Role.ANCHOR]
        staying: list[EntryRow] = []
        for e in group:
            # All identifiers of this person in the interaction are deleted: the others were seen with the person and name them.
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
    """Return identifiers that came with these and that nothing else names: no entry that is kept, and no statement about others."""
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
        # One entry more than are deleted shows whether any is kept, whatever the length of the history.
        if any(e not in gone for e in tx.list_entries(identifiers=[x], limit=count[x] + 1)):
            continue
        if all(r.key in went for r in tx.find_records(AWAY, prefix=f"{x.hex()}/")):
            found.append(x)
    return tx.find_identifiers(ids=found) if found else []


def _is_of(entry: EntryRow, anchor: EntryRow) -> bool:
    """Whether an anchor was that of the entry's person when the entry was last in force."""
    if entry.person != anchor.person or entry.person < 0:
        return False
    if entry.removed_at is None or anchor.removed_at is None:
        return anchor.removed_at is None and (entry.removed_at is None or anchor.added_at < entry.removed_at)
    return anchor.added_at < entry.removed_at <= anchor.removed_at


def index_of_rows(tx: Transaction, ctx: Context, rows: Sequence[IdentifierRow]) -> list[tuple[str, str]]:
    """Return the matching index records of identifiers, as (kind, key)."""
    if not ctx.known.matching:
        return []
    from omnitrack.reading.profiles import index_of  # imports numpy, which only matching needs

    return index_of(tx, rows)
