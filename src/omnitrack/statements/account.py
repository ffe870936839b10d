"""Accounting for who is whom: explanations, conflicts, suggestions by evidence, and the log of what merged and split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from omnitrack.errors import InvalidCursorError
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_text, from_us, to_text
from omnitrack.harmless import one_line
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.explain import Explanation, Step, details, shortest_path, weak_links
from omnitrack.identity.partition import DIFFERENT, EVIDENCE, MATCH, PERSONAL, SAME, Reader, strength_between, usable
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Assurance, Change, Page
from omnitrack.reading.resolve import Meant, customer_text, find_people, get_row, members_of, to_identifier
from omnitrack.reading.sealed import seal, unseal
from omnitrack.records import STATEMENT
from omnitrack.statements.neighbourhood import Plan, plan_change
from omnitrack.storage.contract import LINKABLE, NO_ID, ChangeRow, IdentifierRow, LinkRow, Transaction

SCAN = 1_000  # links read at a time where the whole store is listed


@attrs.frozen(slots=True, kw_only=True)
class LinkConflict:
    """A link that would join two customers and does not, with the customers it stands between."""

    step: Step
    customers: tuple[str, str]

    @property
    def a(self) -> Identifier:
        """One end."""
        return self.step.a

    @property
    def b(self) -> Identifier:
        """The other end."""
        return self.step.b

    @property
    def kind(self) -> str:
        """denied, shared, personal, exclusive, size or oversized."""
        return self.step.obstacle or ""

    @one_line
    def __str__(self) -> str:
        return str(self.step)


def _statements(tx: Transaction, links: Sequence[LinkRow]) -> dict[bytes, StatementRecord]:
    refs = {to_text("st", link.ref): link.ref for link in links if link.ref != NO_ID}
    found = tx.find_records(STATEMENT, keys=list(refs)) if refs else []
    return {refs[record.key]: StatementRecord.load(record.value) for record in found}


def probability_of(link: LinkRow) -> float | None:
    """Return how likely the ends of a match are one person, None for a link of another basis."""
    return link.score / 1_000_000 if link.basis == MATCH else None


def to_steps(
    tx: Transaction,
    found: Sequence[tuple[LinkRow, str | None, str | None]],
    names: Mapping[bytes, Identifier],
) -> list[Step]:
    """Return links as people see them; each comes with its obstacle and more words on it."""
    said = _statements(tx, [link for link, _, _ in found])
    steps = []
    for link, obstacle, detail in found:
        record = said.get(link.ref)
        steps.append(
            Step(
                a=names[link.a],
                b=names[link.b],
                basis=link.basis,
                assurance=Assurance(link.assurance),
                seen=from_us(link.seen),
                probability=probability_of(link),
                interaction=to_text("int", link.evidence) if link.evidence != NO_ID else None,
                statement=to_text("st", link.ref) if link.ref != NO_ID else None,
                by=record.by if record else None,
                reason=record.reason if record else None,
                obstacle=obstacle,
                detail=detail,
            )
        )
    return steps


def explain(tx: Transaction, ctx: Context, a: Meant, b: Meant) -> Explanation:
    """Return why two are one person, or what keeps them apart."""
    one, two = get_row(tx, ctx, a), get_row(tx, ctx, b)
    plan = plan_change(tx, ctx.policy, touched=[one.id, two.id], lock=False, explained=True)
    names = _names(tx, plan)
    weak = weak_links([x for x in plan.links if x.a in names and x.b in names], plan.result)
    path = shortest_path(one.id, two.id, plan.result, weak)
    steps = to_steps(tx, [(link, kind, details(kind, link, plan.result, names)) for link, kind in path], names)
    return Explanation(a=names[one.id], b=names[two.id], together=one.customer == two.customer, path=tuple(steps))


def _names(tx: Transaction, plan: Plan) -> dict[bytes, Identifier]:
    """Return the identifiers of a neighbourhood and of every end that its links have outside."""
    ends = {end for link in plan.links for end in (link.a, link.b)} - set(plan.rows)
    rows = [*plan.rows.values(), *(tx.find_identifiers(ids=sorted(ends)) if ends else ())]
    return {row.id: to_identifier(row) for row in rows}


def conflicts_of(tx: Transaction, ctx: Context, who: Meant) -> list[LinkConflict]:
    """Return the links that would join a customer to others and do not."""
    _, members = find_people(tx, ctx, who)
    plan = plan_change(tx, ctx.policy, touched=[m.id for m in members], lock=False, explained=True, around_shared=True)
    ids = {m.id for m in members}
    names = _names(tx, plan)
    home = plan.result.customer
    kept = [
        c for c in plan.result.conflicts if (c.edge.a in ids or c.edge.b in ids) and home[c.edge.a] != home[c.edge.b]
    ]
    steps = to_steps(tx, [(c.edge.link, c.kind, details(c.kind, c.edge.link, plan.result, names)) for c in kept], names)
    return [
        LinkConflict(step=s, customers=(customer_text(home[c.edge.a]), customer_text(home[c.edge.b])))
        for s, c in zip(steps, kept)
    ]


LinkPosition = tuple[bytes, bytes, str, int, bytes]


@attrs.frozen
class LinkCursors:
    """Cursors of a listing of links. Their position holds ids of identifiers, so they are sealed by a key of the store."""

    key: bytes = attrs.field(repr=False)
    query: str

    def encode(self, link: LinkRow) -> str:
        """Return the cursor of the page after a link."""
        position = link.a + link.b + link.ref + bytes([link.assurance]) + link.basis.encode()
        return seal(self.key, self.query, position)

    def decode(self, cursor: str | None) -> LinkPosition | None:
        """Read a cursor.

        Raises:
            InvalidCursorError: it is none that this listing of this store gave.
        """
        if cursor is None:
            return None
        position = unseal(self.key, self.query, cursor)
        if position is None:
            raise InvalidCursorError(
                "cursor: got a text that is none, accepted is the next of a page of the same query"
            )
        return position[:16], position[16:32], position[49:].decode(), position[48], position[32:48]


def _scan(
    tx: Transaction,
    cursors: LinkCursors,
    cursor: str | None,
    limit: int,
    wanted: Callable[[LinkRow, Mapping[bytes, IdentifierRow]], bool],
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow], str | None]:
    """Walk the links of the store in order of their key until ``limit`` are found that are wanted."""
    after = cursors.decode(cursor)
    found: list[LinkRow] = []
    names: dict[bytes, IdentifierRow] = {}
    while True:
        links = tx.find_links(after=after, limit=SCAN)
        ids = {end for link in links for end in (link.a, link.b)}
        rows = {row.id: row for row in tx.find_identifiers(ids=sorted(ids))} if ids else {}
        for link in links:
            if link.a in rows and link.b in rows and wanted(link, rows):
                if len(found) == limit:
                    return found, names, cursors.encode(found[-1])
                found.append(link)
                names[link.a], names[link.b] = rows[link.a], rows[link.b]
        if len(links) < SCAN:
            return found, names, None
        after = links[-1][:5]


def conflicts_page(
    tx: Transaction, ctx: Context, limit: int, cursors: LinkCursors, cursor: str | None
) -> Page[LinkConflict]:
    """Return conflicts of the whole store, in the order of their links' keys."""

    def wanted(link: LinkRow, rows: Mapping[bytes, IdentifierRow]) -> bool:
        a, b = rows[link.a], rows[link.b]
        if a.customer == b.customer or not usable(a) or not usable(b):
            return False
        return link.basis in (SAME, PERSONAL) or (
            link.basis in EVIDENCE and strength_between(link, a, b, ctx.policy) > 0
        )

    found: list[LinkConflict] = []
    while True:
        links, rows, cursor = _scan(tx, cursors, cursor, limit - len(found), wanted)
        found += _conflicts_among(tx, ctx, links, rows)
        if cursor is None or len(found) == limit:
            return Page(tuple(found), cursor)


def _conflicts_among(
    tx: Transaction, ctx: Context, links: Sequence[LinkRow], rows: Mapping[bytes, IdentifierRow]
) -> list[LinkConflict]:
    """Return those of some links between customers that are the strongest of their pair as the policy reads them, with what keeps each from joining."""
    reader = Reader(rows, tx.find_links(list(rows)) if rows else [], ctx.policy)
    edges, apart = reader.edges({})
    strongest: dict[LinkPosition, str | None] = {edge.link[:5]: None for edge in edges}
    strongest |= {conflict.edge.link[:5]: conflict.kind for conflict in apart}
    names = {x: to_identifier(row) for x, row in rows.items()}
    found: list[tuple[LinkRow, str | None, str | None]] = []
    for link in links:
        if link[:5] not in strongest:
            continue
        kind = strongest[link[:5]]
        if kind == "denied":
            found.append((link, kind, None))
            continue
        plan = plan_change(tx, ctx.policy, touched=[link.a, link.b], lock=False, explained=True)
        if kind is None:
            kinds = {(c.edge.a, c.edge.b): c.kind for c in plan.result.conflicts}
            kind = kinds.get((min(link.a, link.b), max(link.a, link.b)), "shared")
        found.append((link, kind, details(kind, link, plan.result, _names(tx, plan))))
    return [
        LinkConflict(step=step, customers=(customer_text(rows[link.a].customer), customer_text(rows[link.b].customer)))
        for step, (link, _, _) in zip(to_steps(tx, found, names), found)
    ]


def suggesting_links(
    tx: Transaction, ctx: Context, limit: int, cursors: LinkCursors, cursor: str | None
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow], str | None]:
    """Return links of evidence that only suggest, between identifiers that are not one customer and were not denied."""

    def wanted(link: LinkRow, rows: Mapping[bytes, IdentifierRow]) -> bool:
        a, b = rows[link.a], rows[link.b]
        return (
            link.basis in EVIDENCE
            and a.customer != b.customer
            and bool(a.state & b.state & LINKABLE)
            and strength_between(link, a, b, ctx.policy) == 0
        )

    links, rows, after = _scan(tx, cursors, cursor, limit, wanted)
    return _undenied(tx, links), rows, after


def suggesting_links_of(
    tx: Transaction, ctx: Context, members: Sequence[IdentifierRow]
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow]]:
    """Return the links that suggest something of these identifiers."""
    ids = {m.id for m in members}
    links = [x for x in tx.find_links(sorted(ids)) if x.basis in EVIDENCE and (x.a not in ids or x.b not in ids)]
    ends = {end for x in links for end in (x.a, x.b)}
    rows = {row.id: row for row in tx.find_identifiers(ids=sorted(ends))} if ends else {}
    usable = [
        x
        for x in links
        if x.a in rows
        and x.b in rows
        and rows[x.a].customer != rows[x.b].customer
        and rows[x.a].state & rows[x.b].state & LINKABLE
        and strength_between(x, rows[x.a], rows[x.b], ctx.policy) == 0
    ]
    return _undenied(tx, usable), rows


def _undenied(tx: Transaction, links: Sequence[LinkRow]) -> list[LinkRow]:
    if not links:
        return []
    denied = {(x.a, x.b) for x in tx.find_links(sorted({x.a for x in links})) if x.basis == DIFFERENT}
    return [x for x in links if (x.a, x.b) not in denied]


def to_changes(tx: Transaction, rows: Sequence[ChangeRow]) -> list[Change]:
    """Return rows of the membership history as people see them."""
    ids = sorted({row.identifier for row in rows})
    names = {row.id: to_identifier(row) for row in tx.find_identifiers(ids=ids)} if ids else {}
    changes = []
    for row in rows:
        if row.identifier not in names:
            continue
        from_interaction = row.cause == "record"
        ref = None if row.ref == NO_ID else row.ref
        changes.append(
            Change(
                at=from_us(row.at),
                identifier=names[row.identifier],
                old=customer_text(row.old),
                new=customer_text(row.new),
                cause=row.cause,
                interaction=to_text("int", ref) if ref and from_interaction else None,
                statement=to_text("st", ref) if ref and not from_interaction else None,
                by=row.by,
                reason=row.reason,
                id=to_text("chg", row.id),
            )
        )
    return changes


def identity_log(tx: Transaction, ctx: Context, who: Meant | None, after: str | None, limit: int) -> list[Change]:
    """Return what merged or split, oldest first, after a change that was returned before."""
    position = None
    if after is not None:
        position = from_text("chg", after)
        if position is None:
            raise InvalidCursorError("after: got a text that is none, accepted is the id of a change")
    if who is None:
        return to_changes(tx, tx.list_changes(after=position, limit=limit))
    row = get_row(tx, ctx, who)
    ids = [m.id for m in members_of(tx, row.customer)]
    # Whoever belonged to this customer once is part of its story.
    ids += [c.identifier for c in tx.list_changes(customers=[row.customer])]
    return to_changes(tx, tx.list_changes(identifiers=sorted(set(ids)), after=position, limit=limit))
