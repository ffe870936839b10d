"""Conflicts: links that would merge two customers but are held back, of one customer or of the whole store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from omnitrack.foundation.context import Context
from omnitrack.harmless import one_line
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.explain import Step, details
from omnitrack.identity.partition import EVIDENCE, PERSONAL, SAME, Reader, strength_between, usable
from omnitrack.model import Page
from omnitrack.reading.resolve import Meant, customer_text, find_people, to_identifier
from omnitrack.statements.explain import names_around, to_steps
from omnitrack.statements.link_listing import LinkCursors, LinkPosition, scan_links
from omnitrack.statements.neighbourhood import plan_change
from omnitrack.storage.contract import IdentifierRow, LinkRow, Transaction
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class LinkConflict(Value):
    """A link that would merge two customers and is held back."""

    step: Step
    customers: tuple[str, str]

    _DERIVED = ("kind",)

    @property
    def a(self) -> Identifier:
        """One identifier of the link."""
        return self.step.a

    @property
    def b(self) -> Identifier:
        """The other identifier of the link."""
        return self.step.b

    @property
    def kind(self) -> str:
        """Why the link is held back: denied, shared, personal, exclusive, size or oversized."""
        return self.step.obstacle or ""

    @one_line
    def __str__(self) -> str:
        return str(self.step)


def conflicts_of(tx: Transaction, ctx: Context, who: Meant, limit: int, cursor: str | None) -> Page[LinkConflict]:
    """Return one page of the links between a customer and others that are held back, sorted by link key."""
    cursors = LinkCursors(ctx.mark_key, f"conflicts of {who.key}")
    after = cursors.decode(cursor)
    _, members = find_people(tx, ctx, who)
    plan = plan_change(tx, ctx.policy, touched=[m.id for m in members], lock=False, explained=True, around_shared=True)
    ids = {m.id for m in members}
    names = names_around(tx, plan)
    home = plan.result.customer
    kept = [
        c
        for c in plan.result.conflicts
        if (c.edge.a in ids or c.edge.b in ids)
        and home[c.edge.a] != home[c.edge.b]
        and (after is None or c.edge.link[:5] > after)
    ]
    kept.sort(key=lambda c: c.edge.link[:5])
    following = cursors.encode(kept[limit - 1].edge.link) if len(kept) > limit else None
    del kept[limit:]
    steps = to_steps(tx, [(c.edge.link, c.kind, details(c.kind, c.edge.link, plan.result, names)) for c in kept], names)
    items = tuple(
        LinkConflict(step=s, customers=(customer_text(home[c.edge.a]), customer_text(home[c.edge.b])))
        for s, c in zip(steps, kept)
    )
    return Page(items, following)


def conflicts_page(tx: Transaction, ctx: Context, limit: int, cursor: str | None) -> Page[LinkConflict]:
    """Return one page of the conflicts of the whole store, sorted by link key."""
    cursors = LinkCursors(ctx.mark_key, "conflicts")

    def wanted(link: LinkRow, rows: Mapping[bytes, IdentifierRow]) -> bool:
        a, b = rows[link.a], rows[link.b]
        if a.customer == b.customer or not usable(a) or not usable(b):
            return False
        return link.basis in (SAME, PERSONAL) or (
            link.basis in EVIDENCE and strength_between(link, a, b, ctx.policy) > 0
        )

    found: list[LinkConflict] = []
    while True:
        links, rows, cursor = scan_links(tx, cursors, cursor, limit - len(found), wanted)
        found += _conflicts_among(tx, ctx, links, rows)
        if cursor is None or len(found) == limit:
            return Page(tuple(found), cursor)


def _conflicts_among(
    tx: Transaction, ctx: Context, links: Sequence[LinkRow], rows: Mapping[bytes, IdentifierRow]
) -> list[LinkConflict]:
    """Return, of some links between customers, each pair's strongest by the policy, with the obstacle that keeps it from merging them."""
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
        found.append((link, kind, details(kind, link, plan.result, names_around(tx, plan))))
    return [
        LinkConflict(step=step, customers=(customer_text(rows[link.a].customer), customer_text(rows[link.b].customer)))
        for step, (link, _, _) in zip(to_steps(tx, found, names), found)
    ]
