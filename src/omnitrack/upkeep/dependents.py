"""What is removed together with interactions: identifiers without any other mention, links, records and statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import attrs

from omnitrack.foundation.anchor_override import AnchorOverride, find_overrides
from omnitrack.foundation.cases import cases_left, rows_left
from omnitrack.foundation.consents import Taken, still_named, take_said_by
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import edited_evidence, with_removed
from omnitrack.foundation.handovers import handovers_left
from omnitrack.foundation.reads import reads_left
from omnitrack.identity.partition import EVIDENCE
from omnitrack.identity.statement import ATTRIBUTED, StatementRecord
from omnitrack.model import Role
from omnitrack.records import ANCHOR_OVERRIDE, AWAY, TENURES, TRAIT, away_key, trait_key
from omnitrack.statements.effects import Kept, follow_index, unsaid
from omnitrack.statements.neighbourhood import Cause, LinkKey, Plan
from omnitrack.statements.notes import with_notes, without_notes
from omnitrack.statements.proofs import holders_of
from omnitrack.statements.reasons import cases_named_in
from omnitrack.statements.statement_index import delete_statements, find_attributions, find_statements
from omnitrack.storage.contract import NO_ID, ChangeRow, EntryRow, LinkRow, RecordRow, Transaction
from omnitrack.upkeep.erasure_scope import index_of_rows


@attrs.frozen(slots=True, kw_only=True)
class Dependents:
    """What a deletion of interactions removes and changes.

    Attributes:
        interactions: the interactions and the notes on them.
        entries: all their entries, including removed ones.
        ids: the identifiers that the entries name.
        unnamed: the identifiers that nothing else names.
        removed: the links to delete.
        added: links dated by other interactions, which replace removed ones.
        records: the (kind, key) of each record to delete.
        beside: the new overrides of interactions that are kept.
        shown: the entries of kept interactions that exist because of a deleted handover code.
        said: the statements to delete, by key.
        staying: the new versions of records that are deleted in part.
    """

    interactions: set[bytes]
    entries: list[EntryRow]
    ids: list[bytes]
    unnamed: list[bytes]
    removed: dict[LinkKey, LinkRow]
    added: list[LinkRow]
    records: list[tuple[str, str]]
    beside: dict[bytes, AnchorOverride]
    shown: list[EntryRow]
    said: dict[str, StatementRecord]
    staying: list[RecordRow]

    def counts(self) -> dict[str, int]:
        """Return the numbers of deleted rows, as in Receipt."""
        return {
            "interactions": len(self.interactions),
            "entries": len(self.entries),
            "links": len(self.removed),
            "records": len(self.records),
            "identifiers": len(self.unnamed),
            "statements": len(self.said),
        }


def find_dependents(
    tx: Transaction,
    ctx: Context,
    interactions: Iterable[bytes],
    is_gone: Callable[[bytes, Collection[bytes], Mapping[bytes, int]], bool],
    *,
    unheard: bool = False,
) -> Dependents:
    """Return what a deletion of interactions removes and changes.

    Args:
        tx: the transaction.
        ctx: the context.
        interactions: the interactions to delete.
        is_gone: whether no entry of an identifier is kept, given the interactions to delete and how many of their entries name each identifier.
        unheard: whether consents expressed in the interactions are deleted too. Otherwise they are kept, like statements, and count as mentions.
    """
    leaving = set(with_notes(tx, interactions))
    handed = handovers_left(tx, leaving)
    entries = [*with_removed(tx, sorted(leaving)), *handed.entries]
    naming = Counter(e.identifier for e in entries)
    ids = sorted(naming.keys() - {NO_ID})
    overrides = find_overrides(tx, leaving)
    away = {away_key(e.identifier, e.interaction) for e in entries if e.interaction in overrides}
    bases = {row.base for row in tx.find_identifiers(ids=ids)} if ids else set()
    said = {key: s for key, (_, s) in find_statements(tx, sorted(bases)).items()}
    consents = take_said_by(tx, bases, leaving if unheard else ())

    def without_entries(id: bytes) -> bool:
        return is_gone(id, leaving | {e.interaction for e in handed.entries if e.identifier == id}, naming)

    unnamed = _unnamed(tx, ids, away, said.values(), consents, without_entries)
    added, gone = edited_evidence(tx, dict.fromkeys(entries), leaving=unnamed)
    removed = {x[:5]: x for x in (*gone, *(tx.find_links(unnamed) if unnamed else ()))}
    records, beside = _records_beside(tx, ctx, leaving, entries, unnamed, overrides, away)
    records += [*consents.gone, *handed.gone]
    nameless = tx.find_identifiers(ids=unnamed) if unnamed else []
    emptied = {row.base for row in nameless if row.id == row.base}
    reads = reads_left(
        tx,
        bases,
        leaving,
        homes={row.home for row in nameless},
        holders={row.id for row in nameless},
        emptied=emptied,
    )
    cases = cases_left(tx, {row.base for row in nameless}, leaving, {row.id for row in nameless}, emptied)
    held, less = rows_left(cases.kept, cases.removed)
    records += [*reads.gone, *cases.gone, *less]
    records += [(row.kind, row.key) for row in cases_named_in(ctx, cases.removed)]
    # Attributions of the deleted interactions, and retracted statements about identifiers that nothing names any more.
    said = {key: s for key, s in said.items() if not set(unnamed).isdisjoint((s.a, s.b))}
    said |= {key: s for key, (_, s) in find_attributions(tx, leaving).items()}
    return Dependents(
        interactions=leaving,
        entries=entries,
        ids=ids,
        unnamed=unnamed,
        removed=removed,
        added=added,
        records=records,
        beside=beside,
        shown=handed.entries,
        said=said,
        staying=[*consents.records, *handed.records, *reads.records, *held],
    )


def _records_beside(
    tx: Transaction,
    ctx: Context,
    leaving: Collection[bytes],
    entries: Iterable[EntryRow],
    unnamed: Sequence[bytes],
    overrides: Iterable[bytes],
    away: Collection[str],
) -> tuple[list[tuple[str, str]], dict[bytes, AnchorOverride]]:
    """Return the records of interactions and identifiers that go, and what is left of the overrides of interactions that stay."""
    keys = [trait_key(e.identifier, e.interaction) for e in entries if e.role == Role.ANCHOR]
    records = [(TRAIT, r.key) for r in tx.find_records(TRAIT, keys=keys)] if keys else []
    if unnamed:
        records += index_of_rows(tx, ctx, tx.find_identifiers(ids=unnamed))
        records += [(TENURES, r.key) for r in tx.find_records(TENURES, keys=[x.hex() for x in unnamed])]
    beside = {id: override for id, override in without_notes(tx, leaving).items() if id not in leaving}
    records += [
        (ANCHOR_OVERRIDE, id.hex()) for id in (*overrides, *(id for id, override in beside.items() if not override))
    ]
    records += [(AWAY, r.key) for r in tx.find_records(AWAY, keys=sorted(away))] if away else []
    return records, beside


def remove_dependents(
    tx: Transaction, ctx: Context, going: Dependents, plan: Plan, cause: Cause, kept: Sequence[Kept] = ()
) -> None:
    """Delete interactions with their dependents, and update the remaining identifiers.

    Args:
        tx: the transaction.
        ctx: the context.
        going: the interactions and their dependents.
        plan: the plan for the links removed and added.
        cause: the reason for the membership history.
        kept: statements that keep customers apart whom only deleted data kept apart.
    """
    gone = set(going.unnamed)
    named_by = changes_by(tx, set(going.ids) - gone, going.interactions)
    tx.delete(
        identifiers=going.unnamed,
        links=list(going.removed.values()),
        interactions=sorted(going.interactions),
        entries=going.shown,
        records=going.records,
        changes=[change.id for change in named_by],
    )
    delete_statements(tx, going.said, going.interactions)
    tx.add_links([*going.added, *(link for one in kept for link in one.links)])
    beside = [override.record(id) for id, override in going.beside.items() if override]
    tx.put_records([*unsaid(tx, kept), *going.staying, *beside])
    follow_index(tx, ctx, {bytes.fromhex(key.partition("/")[0]) for kind, key in going.records if kind == TRAIT} - gone)
    homes = {row.home for row in plan.rows.values() if row.id in gone}
    updates = [update for update in plan.updates if update.id not in gone]
    tx.update_identifiers(updates, [*without_cause(named_by, homes), *plan.log(cause, skip=gone)])


def changes_by(tx: Transaction, ids: Collection[bytes], interactions: Collection[bytes]) -> list[ChangeRow]:
    """Return the changes caused by deleted interactions, of these identifiers and of customers they ever belonged to."""
    if not ids or not interactions:
        return []
    own = tx.list_changes(identifiers=sorted(ids))
    homes = {home for change in own for home in (change.old, change.new)}
    homes |= {row.customer for row in tx.find_identifiers(ids=sorted(ids))}
    found = {c.id: c for c in (*own, *tx.list_changes(customers=sorted(homes))) if c.ref in interactions}
    return [found[id] for id in sorted(found)]


def without_cause(changes: Iterable[ChangeRow], gone: Collection[bytes]) -> list[ChangeRow]:
    """Return changes without the interaction that caused them, leaving out those of deleted homes."""
    return [c._replace(ref=NO_ID) for c in changes if c.old not in gone and c.new not in gone]


def _unnamed(
    tx: Transaction,
    ids: Sequence[bytes],
    away: Collection[str],
    said: Collection[StatementRecord],
    consents: Taken,
    is_gone: Callable[[bytes], bool],
) -> list[bytes]:
    """Return the identifiers, among these and the other holders of the same, without any other mention: no interaction, no statement and no
    consent.

    Args:
        tx: the transaction.
        ids: the identifiers.
        away: the keys of deleted interactions that were attributed to others.
        said: the statements about the identifiers.
        consents: the consents to delete.
        is_gone: whether no entry of an identifier is kept.
    """
    groups = holders_of(tx, ids)
    looked_at = sorted({*ids, *(x for group in groups for x in group)})
    links = tx.find_links(looked_at) if looked_at else []
    # Holders derived from ids seen with an identifier are not a mention.
    stated = {end for x in links if x.basis not in EVIDENCE and x.ref != NO_ID for end in (x.a, x.b)}
    stated |= {end for s in said if s.retracted_at is None and s.kind != ATTRIBUTED for end in (s.a, s.b)}
    rows = tx.find_identifiers(ids=looked_at) if looked_at else []
    contacted = still_named(tx, {row.base for row in rows}, consents)
    stated |= {row.id for row in rows if row.base in contacted}
    found = {
        x
        for x in looked_at
        if x not in stated
        and not any(r.key not in away for r in tx.find_records(AWAY, prefix=f"{x.hex()}/"))
        and is_gone(x)
    }
    # Holders proved by ids are deleted together: a single one left would be taken for another.
    stay = {x for group in groups if not group <= found for x in group}
    return sorted(found - stay)
