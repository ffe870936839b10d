"""The effects of a statement, and how they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

import attrs

from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import to_text
from omnitrack.foundation.journal import touch
from omnitrack.foundation.linkability import may_identify, refuse_placeholder
from omnitrack.identity.mention import Mention
from omnitrack.identity.partition import DIFFERENT, SHARED_MARK
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Role
from omnitrack.reading.resolve import Meant
from omnitrack.records import STATEMENT, TRAIT, trait_key, trait_of
from omnitrack.statements.neighbourhood import Plan
from omnitrack.statements.statement_index import index_of, links_of
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)


@attrs.frozen(slots=True, kw_only=True)
class StatementRequest:
    """A statement to be made. Its ids and times are created outside the transaction, so that a retry uses the same ones."""

    kind: str
    a: Meant
    b: Meant | None
    at: int
    by: str | None
    reason: str | None
    id: bytes
    now: int
    homes: tuple[bytes, bytes, bytes]  # for the identifiers that it creates


@attrs.define(slots=True)
class Effects:
    """What a statement changes: everything to be written, and the plan behind it."""

    record: StatementRecord | None
    plan: Plan
    log: list[ChangeRow]
    added: list[LinkRow] = attrs.field(factory=list)
    removed: list[LinkRow] = attrs.field(factory=list)
    fresh: dict[bytes, IdentifierRow] = attrs.field(factory=dict)
    changed: dict[bytes, IdentifierRow] = attrs.field(factory=dict)
    entries_removed: list[EntryRow] = attrs.field(factory=list)
    entries_added: list[EntryRow] = attrs.field(factory=list)
    records: list[RecordRow] = attrs.field(factory=list)
    records_gone: list[tuple[str, str]] = attrs.field(factory=list)
    indexed: set[bytes] = attrs.field(factory=set)  # identifiers that gain or lose traits

    @property
    def said(self) -> StatementRecord:
        """The statement. Only a change of holders by evidence alone has none; do not ask for it then."""
        assert self.record is not None
        return self.record


def write(tx: Transaction, ctx: Context, effects: Effects, now: int) -> None:
    """Write the effects of a statement."""
    if effects.removed:
        tx.delete(links=effects.removed)
    if effects.added:
        tx.add_links(effects.added)
    if effects.entries_removed or effects.entries_added:
        tx.replace_entries(effects.entries_removed, effects.entries_added, now)
    updates = {u.id: u for u in effects.plan.updates}
    for x, row in effects.changed.items():
        customer = effects.plan.result.customer.get(x, row.customer)
        updates.setdefault(x, IdentifierChange(x, customer, row.state, row.reason))
    if updates or effects.log:
        tx.update_identifiers(list(updates.values()), effects.log)
    if effects.records_gone:
        tx.delete(records=effects.records_gone)
    tx.put_records(effects.records)
    touch(tx, ctx, identifiers=[*updates, *effects.fresh], links=[*effects.added, *effects.removed])
    follow_index(tx, ctx, effects.indexed | effects.fresh.keys())


def follow_index(tx: Transaction, ctx: Context, identifiers: Collection[bytes]) -> None:
    """Bring the matching index up to date for identifiers that are new, or that gained or lost traits."""
    if identifiers and ctx.known.matching:
        from omnitrack.reading.profiles import reindex  # imports numpy, which only matching needs

        reindex(tx, tx.find_identifiers(ids=sorted(identifiers)), ctx.region)


def born(ctx: Context, who: Meant, home: bytes, now: int) -> IdentifierRow:
    """Return the row of an identifier that is not in the store yet."""
    identifier = who.identifier
    assert identifier is not None
    refuse_placeholder(ctx, identifier)
    linkable, reason = may_identify(ctx, identifier)
    base = ctx.base_id(identifier.key)
    return IdentifierRow(
        base,
        home,
        home,
        identifier.scheme,
        identifier.value,
        identifier.scope,
        base,
        None,
        LINKABLE if linkable else 0,
        reason,
        now,
    )


@attrs.frozen(slots=True)
class Kept:
    """A statement that omnitrack makes itself and that outlives the erasure of a person: its records and its links."""

    records: list[RecordRow]
    links: list[LinkRow]


def unsaid(tx: Transaction, kept: Iterable[Kept]) -> list[RecordRow]:
    """Return the records of the statements that are not in force yet; one that is in force stays as it was made."""
    by_key = {one.records[0].key: one for one in kept}
    found = tx.find_records(STATEMENT, keys=sorted(by_key)) if by_key else []
    said = {row.key for row in found if StatementRecord.load(row.value).retracted_at is None}
    return [record for key, one in by_key.items() if key not in said for record in one.records]


def kept_mark(named: Mention, now: int) -> Kept:
    """Return the statement that keeps an identifier shared after one of its users was erased.

    An identifier has at most one such mark: the id of the statement is derived from that of the identifier.
    """
    id = hashlib.blake2b(_holder(named), digest_size=16, person=b"kept shared").digest()
    return _kept(id, SHARED_MARK, named, None, "was shared when somebody who used it was erased", now)


def kept_apart(a: Mention, b: Mention, now: int) -> Kept:
    """Return the statement that keeps two identifiers apart after an erasure deleted what kept them apart before.

    A pair has at most one: the id of the statement is derived from the pair.
    """
    a, b = sorted((a, b), key=_holder)
    id = hashlib.blake2b(_holder(a) + _holder(b), digest_size=16, person=b"kept apart").digest()
    return _kept(id, DIFFERENT, a, b, "were kept apart by what was deleted since", now)


def _holder(named: Mention) -> bytes:
    return named.base if named.holder is None else named.holder


def _kept(id: bytes, kind: str, a: Mention, b: Mention | None, reason: str, now: int) -> Kept:
    record = StatementRecord(
        kind=kind,
        a=_holder(a),
        b=_holder(b or a),
        named_a=a,
        named_b=b,
        at=now,
        by="omnitrack",
        reason=reason,
        recorded_at=now,
    )
    key = to_text("st", id)
    return Kept([RecordRow(STATEMENT, key, record.dump(), -1), *index_of(record, key)], links_of(record, id))


def move_traits(tx: Transaction, moves: Mapping[EntryRow, EntryRow | None], effects: Effects) -> None:
    """Move the traits that interactions told of a person to the new anchors; traits without a new anchor are deleted."""
    keys = {
        trait_key(old.identifier, old.interaction): new
        for old, new in moves.items()
        if old.role == Role.ANCHOR and old.identifier != NO_ID
    }
    for record in tx.find_records(TRAIT, keys=list(keys)) if keys else ():
        new = keys[record.key]
        effects.records_gone.append((TRAIT, record.key))
        effects.indexed.add(bytes.fromhex(record.key.partition("/")[0]))
        if new is not None and new.identifier != NO_ID:
            effects.records.append(trait_of(record, new))
            effects.indexed.add(new.identifier)
