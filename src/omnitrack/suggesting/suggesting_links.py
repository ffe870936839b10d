"""Links that only suggest: claims and kept matches between customers who were not denied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.identity.partition import DIFFERENT, EVIDENCE, strength_between
from omnitrack.statements.link_listing import LinkCursors, scan_links
from omnitrack.storage.contract import LINKABLE, IdentifierRow, LinkRow, Transaction


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

    links, rows, after = scan_links(tx, cursors, cursor, limit, wanted)
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
