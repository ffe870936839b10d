"""Statements said and taken back: what each does to links, entries and customers, or would do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.errors import (
    InteractionNotFoundError,
    InvalidIdentifierError,
    StatementNotFoundError,
)
from omnitrack.identity.partition import DIFFERENT, EVIDENCE, PERSONAL, REASSIGNED, SAME, SHARED_MARK
from omnitrack.identity.preview import Preview, regroup
from omnitrack.identity.statement import ATTRIBUTED, VERBS, Statement, StatementRecord
from omnitrack.model import Assurance, Role
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    RETIRED,
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import (
    REASSIGNED as HAS_HOLDERS,
)
from omnitrack.usecases.context import Context, Tenures, holder_at
from omnitrack.usecases.evidence import (
    all_entries,
    edited_evidence,
    entries_of,
    tenures_of,
    with_removed,
)
from omnitrack.usecases.filing import AWAY, FILING, NO_FILING, Filing, away_key, find_filings
from omnitrack.usecases.ids import from_text, from_us, to_text
from omnitrack.usecases.neighbourhood import Cause, Plan, plan_change
from omnitrack.usecases.record import TRAIT, trait_key
from omnitrack.usecases.refile import refiled
from omnitrack.usecases.resolve import HOLDERS, Meant, customer_text, find_row, members_of, to_identifier
from omnitrack.usecases.settings import enter

STATEMENT = "statement"


@attrs.frozen(slots=True, kw_only=True)
class Saying:
    """A statement about to be said; ids and times are made outside the transaction."""

    kind: str
    a: Meant
    b: Meant | None
    at: int
    by: str | None
    reason: str | None
    id: bytes
    now: int
    homes: tuple[bytes, bytes, bytes]  # for identifiers that it brings to life


@attrs.define(slots=True)
class Outcome:
    """What a statement changes: all that has to be written, and the plan behind it."""

    record: StatementRecord
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


def say(tx: Transaction, ctx: Context, saying: Saying) -> tuple[StatementRecord, list[ChangeRow]]:
    """Say a statement: write it and all that follows from it."""
    enter(tx, ctx, exclusive=saying.kind == REASSIGNED)
    outcome = consider(tx, ctx, saying, lock=True)
    _write(tx, outcome, saying.now)
    return outcome.record, outcome.log


def consider(tx: Transaction, ctx: Context, saying: Saying, *, lock: bool) -> Outcome:
    """Work out what a statement changes. Writes at most the identifiers that it brings to life (with ``lock``)."""
    fresh: dict[bytes, IdentifierRow] = {}
    rows = _ends(tx, ctx, saying, fresh, lock)
    a = rows[0]
    b = rows[1] if len(rows) > 1 else a
    if saying.b is not None and a.id == b.id:
        raise InvalidIdentifierError(f"b: got the identifier that a is too ({saying.b.text}), accepted is another one")
    if saying.kind in (SAME, PERSONAL):
        for row in (a, b):
            if not row.state & LINKABLE:
                raise InvalidIdentifierError(
                    f"{saying.kind}: {to_identifier(row)!r} may not identify a person ({row.reason}), accepted is one that may"
                )
    record = StatementRecord(
        kind=saying.kind,
        a=a.id,
        b=b.id,
        at=saying.at,
        by=saying.by,
        reason=saying.reason,
        recorded_at=saying.now,
        pinned_a=saying.a.home is not None,
        pinned_b=saying.b is not None and saying.b.home is not None,
    )
    cause = Cause(name=VERBS[saying.kind], at=saying.now, ref=saying.id, by=saying.by, reason=saying.reason)
    if saying.kind == REASSIGNED:
        outcome = _reassign(tx, ctx, a, record, saying, cause, fresh, lock)
    else:
        link = _link_of(record, saying.id)
        plan = plan_change(tx, ctx.policy, added=[link], fresh=fresh, lock=lock)
        outcome = Outcome(record, plan, plan.log(cause, skip=fresh), added=[link], fresh=fresh)
    outcome.records.append(RecordRow(STATEMENT, to_text("st", saying.id), record.dump(), 0))
    return outcome


def preview(outcome: Outcome) -> Preview:
    """Return what would join and part."""
    rows = outcome.plan.rows
    names = {x: to_identifier(row) for x, row in rows.items()}
    before = {x: customer_text(row.customer) for x, row in rows.items()}
    after = {x: customer_text(outcome.plan.result.customer[x]) for x in rows}
    joins, parts = regroup(before, after, names)
    said = {link[:5] for link in outcome.added}
    obstacles = tuple(
        f"{names[c.edge.a].display} and {names[c.edge.b].display} stay apart ({c.kind})"
        for c in outcome.plan.result.conflicts
        if c.edge.link[:5] in said
    )
    return Preview(joins=joins, parts=parts, obstacles=obstacles)


def _link_of(record: StatementRecord, id: bytes) -> LinkRow:
    a, b = record.a, record.b
    if record.kind in (SAME, DIFFERENT) and b < a:
        a, b = b, a
    return LinkRow(a, b, record.kind, int(Assurance.STATED), id, record.at, NO_ID, 0)


def _ends(
    tx: Transaction, ctx: Context, saying: Saying, fresh: dict[bytes, IdentifierRow], write: bool
) -> list[IdentifierRow]:
    """Return the identifiers that a statement is about; those that nobody has seen yet come to life."""
    named = [saying.a] if saying.b is None else [saying.a, saying.b]
    rows = []
    for who, home in zip(named, saying.homes):
        row = find_row(tx, ctx, who)
        if row is not None and (row.base != row.id or row.state & HAS_HOLDERS):
            row = _held_at(tx, row, who, saying)
        if row is None:
            if who.identifier is None:
                raise who.not_found()
            row = _born(ctx, who, home, saying.now)
            if write:
                if tx.add_identifiers([row]):
                    row = tx.find_identifiers(ids=[row.id])[0]
                else:
                    fresh[row.id] = row
            else:
                fresh[row.id] = row
        rows.append(row)
    if len(rows) == 2 and saying.kind in (SAME, DIFFERENT):
        rows = _representatives(tx, ctx, named, rows)
    return rows


def _held_at(tx: Transaction, row: IdentifierRow, who: Meant, saying: Saying) -> IdentifierRow:
    """Return whoever held an identifier when the statement was made: said of last year, it is about the holder of last year."""
    if who.home is not None or saying.kind == REASSIGNED:
        return row
    holder = holder_at(row.base, tenures_of(tx, [row.base])[row.base], saying.at)
    return row if holder == row.id else tx.find_identifiers(ids=[holder])[0]


def _born(ctx: Context, who: Meant, home: bytes, now: int) -> IdentifierRow:
    identifier = who.identifier
    assert identifier is not None
    own = ctx.own.matches(identifier)
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
        LINKABLE if identifier.linkable and not own else 0,
        "an address of the company" if own else identifier.reason,
        now,
    )


def _representatives(
    tx: Transaction, ctx: Context, named: Sequence[Meant], rows: Sequence[IdentifierRow]
) -> list[IdentifierRow]:
    """Choose the identifiers that stand for customers named by id: values of one exclusive scheme where both have one, for a link between
    them says what a link between lesser identifiers could not; else the one that gave the id."""
    if any(who.home is None for who in named) or rows[0].customer == rows[1].customer:
        return list(rows)
    members = [members_of(tx, row.customer) for row in rows]
    values = [
        {(m.scheme, m.scope): m for m in group if ctx.policy.exclusive(m.scheme) and m.state & LINKABLE}
        for group in members
    ]
    both = sorted(set(values[0]) & set(values[1]), key=lambda s: -ctx.policy.rank(s[0]))
    if both:
        return [values[0][both[0]], values[1][both[0]]]
    return [
        row if row.state & LINKABLE else next((m for m in group if m.state & LINKABLE), row)
        for row, group in zip(rows, members)
    ]


def _write(tx: Transaction, outcome: Outcome, now: int) -> None:
    if outcome.removed:
        tx.delete(links=outcome.removed)
    if outcome.added:
        tx.add_links(outcome.added)
    if outcome.entries_removed or outcome.entries_added:
        tx.replace_entries(outcome.entries_removed, outcome.entries_added, now)
    updates = {u.id: u for u in outcome.plan.updates}
    for x, row in outcome.changed.items():
        customer = outcome.plan.result.customer.get(x, row.customer)
        updates.setdefault(x, IdentifierChange(x, customer, row.state, row.reason))
    if updates or outcome.log:
        tx.update_identifiers(list(updates.values()), outcome.log)
    if outcome.records_gone:
        tx.delete(records=outcome.records_gone)
    tx.put_records(outcome.records)


# -- reassignment ---------------------------------------------------------------------------------------------------------


def _reassign(
    tx: Transaction,
    ctx: Context,
    row: IdentifierRow,
    record: StatementRecord,
    saying: Saying,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    lock: bool,
) -> Outcome:
    base = row if row.id == row.base else tx.find_identifiers(ids=[row.base])[0]
    tenures = tenures_of(tx, [base.id])[base.id]
    key = to_identifier(base).key
    holder = ctx.holder_id(key, saying.at)
    record.a, record.b = base.id, holder
    link = _link_of(record, saying.id)
    later = tuple(sorted({*tenures, (saying.at, holder)}))
    outcome = _move_holders(tx, ctx, base, tenures, later, record, cause, fresh, [link], [], saying.homes[2], lock)
    outcome.records.append(
        _holders(tx, base.id, [[saying.at, holder.hex(), to_text("st", saying.id), saying.now, None]])
    )
    return outcome


def _holders(tx: Transaction, base: bytes, said: Sequence[list[Any]], retracted: str = "", at: int = 0) -> RecordRow:
    """Return the record of all reassignments of an identifier, with another one said or one of them retracted."""
    found = tx.find_records(HOLDERS, keys=[base.hex()])
    known = json.loads(found[0].value) if found else []
    known = [[*one[:4], at if one[2] == retracted else one[4]] for one in known]
    return RecordRow(HOLDERS, base.hex(), json.dumps([*known, *said]), -1)


def _move_holders(
    tx: Transaction,
    ctx: Context,
    base: IdentifierRow,
    before: Tenures,
    after: Tenures,
    record: StatementRecord,
    cause: Cause,
    fresh: dict[bytes, IdentifierRow],
    added: list[LinkRow],
    removed: list[LinkRow],
    home: bytes,
    lock: bool,
) -> Outcome:
    """Give every entry and every statement of an identifier to whoever held it at its time."""
    holders = [base.id, *(holder for _, holder in sorted({*before, *after}))]
    stored = {row.id: row for row in tx.find_identifiers(ids=holders)}
    changed: dict[bytes, IdentifierRow] = {}
    active = {holder for _, holder in after}
    state = base.state | HAS_HOLDERS if after else base.state & ~HAS_HOLDERS
    if state != base.state:
        changed[base.id] = base._replace(state=state)
    for since, holder in sorted({*before, *after}):
        known = stored.get(holder)
        if known is None:
            row = base._replace(
                id=holder, home=home, customer=home, since=since, state=base.state & LINKABLE, born_at=cause.at
            )
            stored[holder] = fresh[holder] = row
            if lock:
                tx.add_identifiers([row])
        else:
            state = known.state & ~RETIRED if holder in active else known.state | RETIRED
            if state != known.state:
                changed[holder] = known._replace(state=state)
    moves: dict[EntryRow, EntryRow | None] = {}
    began = {row.id: row.since for row in (base, *stored.values())}
    entries = all_entries(tx, [x for x in holders if x not in fresh])
    filings = find_filings(tx, (entry.interaction for entry in entries))
    for entry in entries:
        wanted = filings.get(entry.interaction, NO_FILING).holder(entry, base.id, after, began)
        if wanted != entry.identifier:
            moves[entry] = entry._replace(identifier=wanted, added_at=cause.at)
    more, gone = edited_evidence(tx, moves)
    said, unsaid, records = _moved_statements(tx, base.id, holders, after)
    records += _moved_attributions(tx, filings, moves)
    marks = _inherited_marks(tx, base.id, {x: began[x] for _, x in before}, after, cause.at)
    records += [record for record, _ in marks]
    added = [*added, *more, *said, *(link for _, link in marks)]
    removed = [*removed, *gone, *unsaid]
    plan = plan_change(
        tx, ctx.policy, added=added, removed=removed, fresh=fresh, changed=changed, touched=holders, lock=lock
    )
    outcome = Outcome(record, plan, plan.log(cause, skip=fresh), added, removed, fresh, changed)
    outcome.entries_removed = list(moves)
    outcome.entries_added = [entry for entry in moves.values() if entry is not None]
    outcome.records += records
    _move_traits(tx, moves, outcome)
    return outcome


def _moved_statements(
    tx: Transaction, base: bytes, holders: Sequence[bytes], tenures: Tenures
) -> tuple[list[LinkRow], list[LinkRow], list[RecordRow]]:
    """Return the statements about an identifier that now are about another holder: (links to add, to remove, records to put)."""
    wanted = set(holders)
    links = [x for x in tx.find_links(holders) if x.basis not in EVIDENCE and x.basis != REASSIGNED]
    keys = {to_text("st", link.ref): link for link in links}
    added: list[LinkRow] = []
    removed: list[LinkRow] = []
    records: list[RecordRow] = []
    for found in tx.find_records(STATEMENT, keys=list(keys)) if keys else ():
        said = StatementRecord.load(found.value)
        holder = holder_at(base, tenures, said.at)
        a = holder if said.a in wanted and not said.pinned_a else said.a
        b = holder if said.b in wanted and not said.pinned_b else said.b
        if said.kind == SHARED_MARK:
            b = a  # about one identifier alone
        if (a, b) != (said.a, said.b):
            said.a, said.b = a, b
            removed.append(keys[found.key])
            added.append(_link_of(said, keys[found.key].ref))
            records.append(found._replace(value=said.dump()))
    return added, removed, records


def kept_mark(identifier: bytes, now: int) -> tuple[RecordRow, LinkRow]:
    """Return the statement that an identifier is shared, which stays where somebody was erased who used it.

    Each identifier has one such mark at most, whoever went: its id is made of the identifier's.
    """
    id = hashlib.blake2b(identifier, digest_size=16, person=b"kept shared").digest()
    record = StatementRecord(
        kind=SHARED_MARK,
        a=identifier,
        b=identifier,
        at=now,
        by="omnitrack",
        reason="was shared when somebody who used it was erased",
        recorded_at=now,
        pinned_a=True,
    )
    return RecordRow(STATEMENT, to_text("st", id), record.dump(), -1), _link_of(record, id)


def _inherited_marks(
    tx: Transaction, base: bytes, holders: Mapping[bytes, int | None], after: Tenures, now: int
) -> list[tuple[RecordRow, LinkRow]]:
    """Return the marks of erasures that go over to whoever takes the place of a holder whose reassignment is taken back."""
    retired = {x: since for x, since in holders.items() if since is not None and (since, x) not in after}
    marked = {x.a for x in tx.find_links(sorted(retired)) if x.ref == kept_mark(x.a, 0)[1].ref} if retired else set()
    return [kept_mark(holder_at(base, after, retired[x] or 0), now) for x in sorted(marked)]


def _moved_attributions(
    tx: Transaction, filings: Mapping[bytes, Filing], moves: Mapping[EntryRow, EntryRow | None]
) -> list[RecordRow]:
    """Return the records of attributions that now are to another holder."""
    holders = {}
    for old, new in moves.items():
        filing = filings.get(old.interaction)
        if filing is not None and filing.said and new is not None and old.person >= 0:
            holders[filing.said[-1][0]] = new.identifier
    records = []
    for found in tx.find_records(STATEMENT, keys=list(holders)) if holders else ():
        said = StatementRecord.load(found.value)
        said.a = said.b = holders[found.key]
        records.append(found._replace(value=said.dump()))
    return records


def _move_traits(tx: Transaction, moves: Mapping[EntryRow, EntryRow | None], outcome: Outcome) -> None:
    """Have what an interaction said of a person go where its anchor goes; with nobody to go to, it goes."""
    keys = {
        trait_key(old.identifier, old.interaction): new
        for old, new in moves.items()
        if old.role == Role.ANCHOR and old.identifier != NO_ID
    }
    for record in tx.find_records(TRAIT, keys=list(keys)) if keys else ():
        new = keys[record.key]
        outcome.records_gone.append((TRAIT, record.key))
        if new is not None and new.identifier != NO_ID:
            key = trait_key(new.identifier, new.interaction)
            outcome.records.append(RecordRow(TRAIT, key, record.value, -1))


# -- retraction -----------------------------------------------------------------------------------------------------------


def get_statement(tx: Transaction, id: str) -> tuple[RecordRow, StatementRecord]:
    """Return a statement that holds.

    Raises:
        StatementNotFoundError: there is none, or it was retracted before.
    """
    found = tx.find_records(STATEMENT, keys=[id]) if from_text("st", id) is not None else []
    if not found:
        raise StatementNotFoundError(f"statement: none has the id {id!r}")
    record = StatementRecord.load(found[0].value)
    if record.retracted_at is not None:
        raise StatementNotFoundError(f"statement: {id} was retracted on {from_us(record.retracted_at):%Y-%m-%d}")
    return found[0], record


@attrs.frozen(slots=True, kw_only=True)
class Retraction:
    """A statement about to be taken back."""

    id: str
    by: str | None
    reason: str | None
    now: int
    home: bytes


def retract(tx: Transaction, ctx: Context, retraction: Retraction) -> tuple[StatementRecord, list[ChangeRow]]:
    """Take a statement back: the state becomes what it would be had it never been said."""
    enter(tx, ctx, exclusive=True)
    outcome = consider_retraction(tx, ctx, retraction, lock=True)
    _write(tx, outcome, retraction.now)
    return outcome.record, outcome.log


def consider_retraction(tx: Transaction, ctx: Context, retraction: Retraction, *, lock: bool) -> Outcome:
    """Work out what taking a statement back changes."""
    stored, record = get_statement(tx, retraction.id)
    id = from_text("st", retraction.id) or b""
    cause = Cause(name="retract", at=retraction.now, ref=id, by=retraction.by, reason=retraction.reason)
    if record.kind == ATTRIBUTED:
        outcome = _unattribute(tx, ctx, retraction.id, record, cause, lock)
    else:
        links = [link for link in tx.find_links([record.a]) if link.ref == id]
        if record.kind == REASSIGNED:
            outcome = _unreassign(tx, ctx, record, cause, links, retraction.home, lock)
        else:
            plan = plan_change(tx, ctx.policy, removed=links, lock=lock)
            outcome = Outcome(record, plan, plan.log(cause), removed=links)
    record = outcome.record
    record.retracted_at, record.retracted_by, record.retracted_reason = (
        retraction.now,
        retraction.by,
        retraction.reason,
    )
    outcome.records.append(RecordRow(STATEMENT, stored.key, record.dump(), stored.version))
    return outcome


def _unreassign(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord,
    cause: Cause,
    links: list[LinkRow],
    home: bytes,
    lock: bool,
) -> Outcome:
    base = tx.find_identifiers(ids=[record.a])[0]
    before = tenures_of(tx, [base.id])[base.id]
    refs = {link.ref for link in links}
    left = {
        (x.seen, x.b)
        for x in tx.find_links([base.id])
        if x.basis == REASSIGNED and x.a == base.id and x.ref not in refs
    }
    outcome = _move_holders(tx, ctx, base, before, tuple(sorted(left)), record, cause, {}, [], links, home, lock)
    outcome.records.append(_holders(tx, base.id, [], to_text("st", cause.ref), cause.at))
    return outcome


# -- attribution ----------------------------------------------------------------------------------------------------------


def attribute(
    tx: Transaction, ctx: Context, interaction: bytes, saying: Saying
) -> tuple[StatementRecord, list[ChangeRow]]:
    """File an interaction under an identifier instead of those it was filed under.

    Raises:
        InteractionNotFoundError: there is none with this id.
    """
    enter(tx, ctx, exclusive=True)
    rows = tx.find_interactions(ids=[interaction])
    if not rows:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', interaction)}")
    first = rows[0]
    who = saying.a
    identifier = who.identifier
    fresh: dict[bytes, IdentifierRow] = {}
    if identifier is None:
        row = find_row(tx, ctx, who)
        if row is None:
            raise who.not_found()
        holder = row.id
    else:
        base = ctx.base_id(identifier.key)
        stored = tx.find_identifiers(ids=[base])
        if not stored:
            born = _born(ctx, who, saying.homes[0], saying.now)
            if not tx.add_identifiers([born]):
                fresh[base] = born
        tenures = tenures_of(tx, [base])[base] if stored and stored[0].state & HAS_HOLDERS else ()
        holder = holder_at(base, tenures, first.occurred_at)
    record = StatementRecord(
        kind=ATTRIBUTED,
        a=holder,
        b=holder,
        at=saying.at,
        by=saying.by,
        reason=saying.reason,
        recorded_at=saying.now,
        pinned_a=identifier is None,
        interaction=interaction,
    )
    filing = find_filings(tx, [interaction]).get(interaction, Filing())
    if not filing.said:
        filing.before = saying.now
    filing.said.append((to_text("st", saying.id), holder if identifier is None else None))
    filing.times.append(saying.now)
    cause = Cause(name="attribute", at=saying.now, ref=saying.id, by=saying.by, reason=saying.reason)
    people = [e for e in entries_of(tx, [interaction]) if e.person >= 0]
    outcome = _refile(tx, ctx, record, cause, people, [_attributed_entry(first, holder, saying.now)], fresh, True)
    outcome.records += [RecordRow(STATEMENT, to_text("st", saying.id), record.dump(), 0), filing.record(interaction)]
    outcome.records += [RecordRow(AWAY, key, "", -1) for key in _away_keys(people)]
    _write(tx, outcome, saying.now)
    return record, outcome.log


def _away_keys(entries: Iterable[EntryRow]) -> list[str]:
    return [away_key(e.identifier, e.interaction) for e in entries if e.identifier != NO_ID]


def _attributed_entry(row: InteractionRow, holder: bytes, at: int) -> EntryRow:
    return EntryRow(
        holder,
        row.occurred_at,
        row.id,
        0,
        at,
        None,
        int(Role.ANCHOR),
        int(Assurance.OBSERVED),
        row.channel,
        row.direction,
        row.kind,
        None,
    )


def _refile(
    tx: Transaction,
    ctx: Context,
    record: StatementRecord,
    cause: Cause,
    removed: Sequence[EntryRow],
    added: Sequence[EntryRow],
    fresh: dict[bytes, IdentifierRow],
    lock: bool,
) -> Outcome:
    """Take entries of one interaction away and put others there; links whose last evidence goes, go too."""
    touched = list(dict.fromkeys(e.identifier for e in (*removed, *added) if e.identifier != NO_ID))
    more, gone = edited_evidence(tx, dict.fromkeys(removed), added)
    plan = plan_change(tx, ctx.policy, added=more, removed=gone, fresh=fresh, touched=touched, lock=lock)
    outcome = Outcome(record, plan, plan.log(cause, skip=fresh), more, gone, fresh)
    outcome.entries_removed, outcome.entries_added = list(removed), list(added)
    # Traits are of the first person.
    old = next((e for e in removed if e.role == Role.ANCHOR and e.person == 0), None)
    new = next((e for e in added if e.role == Role.ANCHOR and e.person == 0), None)
    if old is not None:
        _move_traits(tx, {old: new}, outcome)
    return outcome


def _unattribute(tx: Transaction, ctx: Context, id: str, record: StatementRecord, cause: Cause, lock: bool) -> Outcome:
    """Have an interaction filed as if this attribution had never been said: by the last of those that still hold, else as it came."""
    rows = tx.find_interactions(ids=[record.interaction])
    if not rows:
        raise InteractionNotFoundError(f"interaction: {to_text('int', record.interaction)} is not there any more")
    filing = find_filings(tx, [record.interaction])[record.interaction]
    counted = filing.said[-1][0] == id
    came = filing.before
    filing.said = [(other, pin) for other, pin in filing.said if other != id]
    filing.times.append(cause.at)
    if not filing.said:
        filing.before = None
        filing.times.clear()
    if not counted:
        outcome = Outcome(record, plan_change(tx, ctx.policy, lock=lock), [])
    else:
        now_there = [e for e in entries_of(tx, [record.interaction]) if e.person >= 0]
        if filing.said:
            back = _attributed_before(tx, rows[0], filing, cause.at)
        else:
            back = _as_it_came(tx, ctx, rows[0], came, cause.at)
        outcome = _refile(tx, ctx, record, cause, now_there, back, {}, lock)
    if not filing.said:
        outcome.records_gone += [(AWAY, key) for key in _away_keys(with_removed(tx, [record.interaction]))]
    if filing:
        outcome.records.append(filing.record(record.interaction))
    else:
        outcome.records_gone.append((FILING, record.interaction.hex()))
    return outcome


def _attributed_before(tx: Transaction, row: InteractionRow, filing: Filing, now: int) -> list[EntryRow]:
    """Return the entry that the last attribution which holds makes."""
    found = tx.find_records(STATEMENT, keys=[filing.said[-1][0]])
    entry = _attributed_entry(row, StatementRecord.load(found[0].value).a, now)
    return [entry._replace(identifier=_holder_now(tx, entry, filing))]


def _as_it_came(tx: Transaction, ctx: Context, row: InteractionRow, attributed: int | None, now: int) -> list[EntryRow]:
    """Return the entries that an interaction had before it was attributed, with the holders of now."""
    filing = find_filings(tx, [row.id])[row.id]
    filing.said.clear()
    as_of = None if attributed is None else attributed - 1
    before = [e for e in tx.list_entries(interactions=[row.id], as_of=as_of) if e.person >= 0]
    back = [e._replace(identifier=_holder_now(tx, e, filing), removed_at=None) for e in before]
    rows = {r.id: r for r in tx.find_identifiers(ids=sorted({e.identifier for e in back}))} if back else {}
    # The store may go by another policy or own list than it did then.
    return [e._replace(added_at=now) for e in refiled(ctx, row, back, rows)]


def _holder_now(tx: Transaction, entry: EntryRow, filing: Filing) -> bytes:
    """Return who holds an entry's identifier at its time, as reassignments stand now."""
    if entry.identifier == NO_ID:
        return NO_ID
    base = tx.find_identifiers(ids=[entry.identifier])[0].base
    links = [x for x in tx.find_links([base]) if x.basis == REASSIGNED]
    holders = tx.find_identifiers(ids=[base, entry.identifier, *(x.b for x in links)])
    return filing.holder(entry, base, tenures_of(tx, [base])[base], {row.id: row.since for row in holders})


# -- what people see --------------------------------------------------------------------------------------------------------


def to_statement(tx: Transaction, id: str, record: StatementRecord) -> Statement:
    """Return a statement as people see it."""
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


def statements_about(tx: Transaction, identifiers: Iterable[bytes]) -> list[Statement]:
    """Return the statements that hold about these identifiers, oldest first."""
    ids = list(identifiers)
    keys = {to_text("st", link.ref) for link in tx.find_links(ids) if link.basis not in EVIDENCE}
    return [
        to_statement(tx, r.key, StatementRecord.load(r.value)) for r in tx.find_records(STATEMENT, keys=sorted(keys))
    ]
