"""Listings of the links of a store, sorted by key, with sealed cursors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from omnitrack.errors import InvalidCursorError
from omnitrack.reading.sealed import seal, unseal
from omnitrack.storage.contract import IdentifierRow, LinkRow, Transaction

SCAN = 1_000  # links read at a time when the whole store is listed
LinkPosition = tuple[bytes, bytes, str, int, bytes]


@attrs.frozen
class LinkCursors:
    """Cursors of a listing of links. A cursor contains ids of identifiers, so it is sealed with a key of the store."""

    key: bytes = attrs.field(repr=False)
    query: str

    def encode(self, link: LinkRow) -> str:
        """Return the cursor of the page after a link."""
        position = link.a + link.b + link.ref + bytes([link.assurance]) + link.basis.encode()
        return seal(self.key, self.query, position)

    def decode(self, cursor: str | None) -> LinkPosition | None:
        """Read a cursor.

        Raises:
            InvalidCursorError: the cursor belongs to another listing or another store.
        """
        if cursor is None:
            return None
        position = unseal(self.key, self.query, cursor)
        if position is None:
            raise InvalidCursorError(
                "cursor: got a text that is none, accepted is the next of a page of the same query"
            )
        return position[:16], position[16:32], position[49:].decode(), position[48], position[32:48]


def scan_links(
    tx: Transaction,
    cursors: LinkCursors,
    cursor: str | None,
    limit: int,
    wanted: Callable[[LinkRow, Mapping[bytes, IdentifierRow]], bool],
) -> tuple[list[LinkRow], dict[bytes, IdentifierRow], str | None]:
    """Read the links of the store in key order until ``limit`` wanted ones are found; return these, their ends, and the next cursor."""
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
