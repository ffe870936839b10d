"""Links that only suggest: claims and stored matches between customers without a denial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.identity.partition import DIFFERENT, EVIDENCE, REASSIGNED, strength_between
from omnitrack.identity.tenures import ASSUMPTION
from omnitrack.statements.link_listing import LinkCursors, scan_links
from omnitrack.storage.contract import LINKABLE, SHARED, IdentifierRow, LinkRow, Transaction


def suggesting_links(
    tx: Transaction, ctx: Context, limit: int, cursors: LinkCursors, cursor: str | None
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow], str | None]:
    """Return links that only suggest, between customers without a denial: links of evidence, and links between holders of one identifier that
    only silence separates."""

    def wanted(link: LinkRow, rows: Mapping[bytes, IdentifierRow]) -> bool:
        a, b = rows[link.a], rows[link.b]
        return _suggests(ctx, link, a, b)

    links, rows, after = scan_links(tx, cursors, cursor, limit, wanted)
    return _undenied(tx, links), rows, after


def suggesting_links_of(
    tx: Transaction, ctx: Context, members: Sequence[IdentifierRow]
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow]]:
    """Return the suggesting links of these identifiers, and the rows of their ends."""
    ids = {m.id for m in members}
    links = [x for x in tx.find_links(sorted(ids)) if x.a not in ids or x.b not in ids]
    links = [x for x in links if x.basis in EVIDENCE or x.basis == REASSIGNED]
    ends = {end for x in links for end in (x.a, x.b)}
    rows = {row.id: row for row in tx.find_identifiers(ids=sorted(ends))} if ends else {}
    usable = [x for x in links if x.a in rows and x.b in rows and _suggests(ctx, x, rows[x.a], rows[x.b])]
    return _undenied(tx, usable), rows


def _suggests(ctx: Context, link: LinkRow, a: IdentifierRow, b: IdentifierRow) -> bool:
    if a.customer == b.customer or not a.state & b.state & LINKABLE:
        return False
    if link.basis == REASSIGNED:
        return link.assurance == ASSUMPTION and not (a.state | b.state) & SHARED
    return link.basis in EVIDENCE and strength_between(link, a, b, ctx.policy) == 0


def _undenied(tx: Transaction, links: Sequence[LinkRow]) -> list[LinkRow]:
    if not links:
        return []
    denied = {frozenset(x[:2]) for x in tx.find_links(sorted({x.a for x in links})) if x.basis == DIFFERENT}
    return [x for x in links if frozenset(x[:2]) not in denied]
