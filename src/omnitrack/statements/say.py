"""Makes and retracts statements in a transaction, and computes their effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, product

import attrs

from omnitrack.errors import (
    InvalidIdentifierError,
    StatementNotFoundError,
    plain_repr,
)
from omnitrack.foundation.context import Context, holder_at
from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.ids import from_text, from_us, to_text
from omnitrack.foundation.settings import enter
from omnitrack.identity.mention import Mention
from omnitrack.identity.partition import DIFFERENT, PERSONAL, REASSIGNED, SAME, two_holders
from omnitrack.identity.preview import UNATTRIBUTED, Move, Preview, regroup
from omnitrack.identity.statement import ATTRIBUTED, VERBS, Statement, StatementRecord
from omnitrack.reading.resolve import Meant, customer_text, find_row, members_of, to_identifier
from omnitrack.records import STATEMENT
from omnitrack.statements.attribution import unattribute
from omnitrack.statements.effects import Effects, StatementRequest, born, write
from omnitrack.statements.neighbourhood import Cause
from omnitrack.statements.proofs import NewHolderError, evident_handles, proves_any, series_of
from omnitrack.statements.reasons import named_in
from omnitrack.statements.settling import settle
from omnitrack.statements.statement_index import find_statements, index_of, links_of, mention
from omnitrack.statements.tenure import carry_out, changed_holders, reassign, shift_holders, unreassign
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    ChangeRow,
    IdentifierRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS


def add_statement(
    tx: Transaction, ctx: Context, request: StatementRequest, alone: bool = False
) -> tuple[StatementRecord, list[ChangeRow]]:
    """Make a statement: write it and its effects.

    Args:
        alone: hold the guard exclusively, because the statement changes the holders of identifiers.

    Raises:
        NewHolderError: the statement changes holders; make it again with ``alone``.
    """
    alone = alone or request.kind == REASSIGNED
    enter(tx, ctx, exclusive=alone)
    effects = effects_of_statement(tx, ctx, request, lock=True)
    if not alone and changed_holders(tx, ctx, effects.added, ()):  # checked once the ends are locked
        raise NewHolderError
    write(tx, ctx, effects, request.now)
    return effects.said, effects.log


def effects_of_statement(tx: Transaction, ctx: Context, request: StatementRequest, *, lock: bool) -> Effects:
    """Compute the effects of a statement. With ``lock``, writes the identifiers that it creates; otherwise writes nothing."""
    fresh: dict[bytes, IdentifierRow] = {}
    rows = _ends(tx, ctx, request, fresh, lock)
    a = rows[0]
    b = rows[1] if len(rows) > 1 else a
    if request.b is not None and a.id == b.id:
        raise InvalidIdentifierError(f"b: got the identifier that a is too ({request.b.text}), accepted is another one")
    if request.kind in (SAME, PERSONAL):
        if two_holders(a, b):
            raise InvalidIdentifierError(
                f"{request.kind}: got {request.a.text} and {request.b.text if request.b else ''}, which are two holders of one "
                f"{a.scheme}, accepted are two who can be one person; where nobody else ever had it, retract the reassignment"
            )
        for row in (a, b):
            if not row.state & LINKABLE:
                raise InvalidIdentifierError(
                    f"{request.kind}: {to_identifier(row)!r} may not identify a person ({row.reason}), accepted is one that may"
                )
    record = StatementRecord(
        kind=request.kind,
        a=a.id,
        b=b.id,
        named_a=_mention(tx, request, request.a, a),
        named_b=None if request.b is None else _mention(tx, request, request.b, b),
        at=request.at,
        by=request.by,
        reason=request.reason,
        recorded_at=request.now,
    )
    cause = Cause(name=VERBS[request.kind], at=request.now, ref=request.id, by=request.by, reason=request.reason)
    if request.kind == REASSIGNED:
        effects = reassign(tx, ctx, a, record, request, cause, fresh, lock)
    else:
        links = links_of(record, request.id)
        held = changed_holders(tx, ctx, links, ())
        shift = shift_holders(tx, ctx, held, cause, fresh, lock=lock)
        effects = carry_out(tx, ctx, record, shift, cause, fresh, links, lock=lock)
    key = to_text("st", request.id)
    effects.records += [RecordRow(STATEMENT, key, record.dump(), 0), *index_of(record, key)]
    effects.records += named_in(ctx, key, record.reason)
    return effects


def _mention(tx: Transaction, request: StatementRequest, who: Meant, row: IdentifierRow) -> Mention:
    """Return a statement's mention of an identifier or, for a customer id, of its holder. A reassignment always mentions the identifier."""
    if who.home is None or request.kind == REASSIGNED:
        return Mention(row.base, None, request.at)
    return mention(tx, row, request.at)


def preview_effects(tx: Transaction, effects: Effects) -> Preview:
    """Return which customers would merge and split, and which interactions would move."""
    rows = effects.plan.rows
    names = {x: to_identifier(row) for x, row in rows.items()}
    before = {x: customer_text(row.customer) for x, row in rows.items()}
    after = {x: customer_text(effects.plan.result.customer[x]) for x in rows}
    unborn = {customer_text(row.home) for row in effects.fresh.values()}
    joins, parts = regroup(before, after, names, unborn)
    said = {link[:5] for link in effects.added}
    obstacles = tuple(
        f"{names[c.edge.a].display} and {names[c.edge.b].display} stay apart ({c.kind})"
        for c in effects.plan.result.conflicts
        if c.edge.link[:5] in said
    )
    return Preview(joins=joins, parts=parts, moves=_moves(tx, effects, before, after, unborn), obstacles=obstacles)


def _moves(
    tx: Transaction, effects: Effects, before: Mapping[bytes, str], after: Mapping[bytes, str], unborn: Collection[str]
) -> tuple[Move, ...]:
    """Return how many interactions move, by the customer before and after."""
    left = {e.interaction: e.identifier for e in effects.entries_removed if e.person >= 0}
    come = {e.interaction: e.identifier for e in effects.entries_added if e.person >= 0}
    ways = [(left.get(interaction, NO_ID), come.get(interaction, NO_ID)) for interaction in {**left, **come}]
    counts = Counter(ways)
    record = effects.said
    if record.kind == REASSIGNED and not counts:
        tenures = [tenure for tenure in tenures_of(tx, [record.a])[record.a] if tenure[1] != record.b]
        way = (holder_at(record.a, tenures, record.at), record.b)
        counts[way if record.retracted_at is None else way[::-1]] = 0
    elsewhere = sorted({x for way in counts for x in way} - {NO_ID, *before})
    others = {row.id: customer_text(row.customer) for row in tx.find_identifiers(ids=elsewhere)} if elsewhere else {}
    others[NO_ID] = UNATTRIBUTED
    found: Counter[tuple[str | None, str | None]] = Counter()
    for (old, new), count in counts.items():
        was, becomes = {**others, **before}[old], {**others, **after}[new]
        if was != becomes:
            found[None if was in unborn else was, None if becomes in unborn else becomes] += count
    return tuple(
        Move(before=was, after=becomes, interactions=count)
        for (was, becomes), count in sorted(found.items(), key=lambda one: (-one[1], str(one[0])))
    )


def _ends(
    tx: Transaction, ctx: Context, request: StatementRequest, fresh: dict[bytes, IdentifierRow], write: bool
) -> list[IdentifierRow]:
    """Return the identifiers that a statement is about, creating those that are not in the store."""
    named = [request.a] if request.b is None else [request.a, request.b]
    rows = []
    for who, home in zip(named, request.homes):
        row = find_row(tx, ctx, who)
        if row is not None and (row.base != row.id or row.state & HAS_HOLDERS):
            row = _held_at(tx, row, who, request)
        if row is None:
            if who.identifier is None:
                raise who.not_found()
            row = born(ctx, who, home, request.now)
            if write:
                if tx.add_identifiers([row]):
                    row = tx.find_identifiers(ids=[row.id])[0]
                else:
                    fresh[row.id] = row
            else:
                fresh[row.id] = row
        rows.append(row)
    if len(rows) == 2 and request.kind in (SAME, DIFFERENT):
        rows = _representatives(tx, ctx, named, rows)
    return rows


def _held_at(tx: Transaction, row: IdentifierRow, who: Meant, request: StatementRequest) -> IdentifierRow:
    """Return the holder of an identifier at the time of the statement: a statement about last year is about last year's holder."""
    if who.home is not None or request.kind == REASSIGNED:
        return row
    holder = holder_at(row.base, tenures_of(tx, [row.base])[row.base], request.at)
    return row if holder == row.id else tx.find_identifiers(ids=[holder])[0]


def _representatives(
    tx: Transaction, ctx: Context, named: Sequence[Meant], rows: Sequence[IdentifierRow]
) -> list[IdentifierRow]:
    """Choose the identifiers that represent customers named by id.

    If both customers have a value of one exclusive scheme, these are chosen, since a link between them says more than one between other
    identifiers; otherwise the identifiers of the ids. Two holders of one identifier are never chosen if there is another pair, because they
    can never be one person."""
    if any(who.home is None for who in named) or rows[0].customer == rows[1].customer:
        return list(rows)
    members = [members_of(tx, row.customer) for row in rows]
    values = [
        {(m.scheme, m.scope): m for m in group if ctx.policy.exclusive(m.scheme) and m.state & LINKABLE}
        for group in members
    ]
    both = sorted(set(values[0]) & set(values[1]), key=lambda s: (-ctx.policy.rank(s[0]), s))
    pairs = chain(
        ((values[0][scope], values[1][scope]) for scope in both),
        _accounts(*members),
        product(*([row, *group] for row, group in zip(rows, members))),
    )
    able = ([a, b] for a, b in pairs if a.state & b.state & LINKABLE and not two_holders(a, b))
    return next(able, list(rows))


def _accounts(one: Sequence[IdentifierRow], two: Sequence[IdentifierRow]) -> list[tuple[IdentifierRow, IdentifierRow]]:
    """Return pairs of ids of one platform for two customers that held the same handle in turn. While the ids differ, its holders stay apart."""
    if not {m.base for m in one} & {m.base for m in two}:
        return []
    first, second = ({series_of(m): m for m in group if proves_any(m)} for group in (one, two))
    return [(first[series], second[series]) for series in sorted(first.keys() & second.keys())]


# -- retraction -----------------------------------------------------------------------------------------------------------


def get_statement(tx: Transaction, id: str) -> tuple[RecordRow, StatementRecord]:
    """Return a statement that is in force.

    Raises:
        StatementNotFoundError: no statement has this id, or it was retracted.
    """
    found = tx.find_records(STATEMENT, keys=[id]) if from_text("st", id) is not None else []
    if not found:
        raise StatementNotFoundError(f"statement: none has the id {plain_repr(id)}")
    record = StatementRecord.load(found[0].value)
    if record.retracted_at is not None:
        raise StatementNotFoundError(f"statement: {id} was retracted on {from_us(record.retracted_at):%Y-%m-%d}")
    return found[0], record


@attrs.frozen(slots=True, kw_only=True)
class Retraction:
    """A retraction to be made."""

    id: str
    by: str | None
    reason: str | None
    now: int
    home: bytes


def retract_statement(tx: Transaction, ctx: Context, retraction: Retraction) -> tuple[StatementRecord, list[ChangeRow]]:
    """Retract a statement: the state becomes what it would be without the statement."""
    enter(tx, ctx, exclusive=True)
    effects = effects_of_retraction(tx, ctx, retraction, lock=True)
    handles = evident_handles(tx, ctx, effects)
    write(tx, ctx, effects, retraction.now)
    return effects.said, [*effects.log, *settle(tx, ctx, handles, _cause(retraction))]


def _cause(retraction: Retraction) -> Cause:
    id = from_text("st", retraction.id) or b""
    return Cause(name="retract", at=retraction.now, ref=id, by=retraction.by, reason=retraction.reason)


def effects_of_retraction(tx: Transaction, ctx: Context, retraction: Retraction, *, lock: bool) -> Effects:
    """Compute the effects of a retraction."""
    stored, record = get_statement(tx, retraction.id)
    id = from_text("st", retraction.id) or b""
    cause = _cause(retraction)
    if record.kind == ATTRIBUTED:
        effects = unattribute(tx, ctx, retraction.id, record, cause, lock)
    else:
        links = [link for link in tx.find_links([record.a]) if link.ref == id]
        if record.kind == REASSIGNED:
            effects = unreassign(tx, ctx, record, cause, links, retraction.home, lock)
        else:
            fresh: dict[bytes, IdentifierRow] = {}
            shift = shift_holders(tx, ctx, changed_holders(tx, ctx, (), links), cause, fresh, lock=lock)
            effects = carry_out(tx, ctx, record, shift, cause, fresh, removed=links, lock=lock)
    record = effects.said
    record.retracted_at, record.retracted_by, record.retracted_reason = (
        retraction.now,
        retraction.by,
        retraction.reason,
    )
    effects.records.append(RecordRow(STATEMENT, stored.key, record.dump(), stored.version))
    effects.records += named_in(ctx, retraction.id, retraction.reason)
    return effects


# -- what people see --------------------------------------------------------------------------------------------------------


def to_statement(tx: Transaction, id: str, record: StatementRecord) -> Statement:
    """Return a stored statement as a public one."""
    names = {row.id: to_identifier(row) for row in tx.find_identifiers(ids=[record.a, record.b])}
    a, b = names.get(record.a, "(erased)"), names.get(record.b, "(erased)")
    return Statement(
        kind=record.kind,
        a=a,
        b=b if record.kind in (SAME, DIFFERENT, PERSONAL) else None,
        at=from_us(record.at),
        by=record.by,
        reason=record.reason,
        id=id,
        recorded_at=from_us(record.recorded_at),
        retracted_at=None if record.retracted_at is None else from_us(record.retracted_at),
        retracted_by=record.retracted_by,
        interaction=to_text("int", record.interaction) if record.interaction else None,
    )


def is_said(tx: Transaction, statement: Statement) -> bool:
    """Whether a statement is stored exactly as given, retracted or not."""
    found = tx.find_records(STATEMENT, keys=[statement.id or ""])
    return bool(found) and to_statement(tx, found[0].key, StatementRecord.load(found[0].value)) == statement


def statements_about(tx: Transaction, rows: Iterable[IdentifierRow]) -> list[Statement]:
    """Return the statements in force about identifiers and their first holders, oldest first, including those without effect at present."""
    ids = {x for row in rows for x in (row.id, row.base)}
    found = find_statements(tx, sorted({row.base for row in rows}))
    return [
        to_statement(tx, key, said)
        for key, (_, said) in sorted(found.items())
        if said.retracted_at is None and said.kind != ATTRIBUTED and not ids.isdisjoint((said.a, said.b))
    ]
