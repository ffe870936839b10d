"""Finds identifiers in a whole store that may have had several holders, by the platform ids seen with them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from omnitrack.foundation.context import Context
from omnitrack.identifiers.scheme import find_scheme
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.integer_graph import Index
from omnitrack.identity.partition import TOGETHER
from omnitrack.records import WAS_HELD
from omnitrack.storage.contract import REASSIGNED, IdentifierRow, Transaction

CHUNK = 2_000  # ids whose links are read at a time

_LATER = 0x8000  # added to the number of the scheme for later holders


class Handles:
    """A summary of a store's identifiers: two bytes for each, and the sixteen-byte ids of those that prove holders of others."""

    def __init__(self) -> None:
        self._schemes: dict[str, int] = {}
        self._codes = array("H")
        self._ids = bytearray()
        self._several: set[bytes] = set()

    def add(self, rows: Sequence[IdentifierRow]) -> None:
        """Add identifiers, sorted by id."""
        for row in rows:
            code = self._schemes.get(row.scheme)
            if code is None:
                code = self._schemes[row.scheme] = len(self._schemes)
            self._codes.append(code if row.base == row.id else code | _LATER)
            if row.state & REASSIGNED or row.base != row.id:
                self._several.add(row.base)
        proving = {name for name in self._schemes if (scheme := find_scheme(name)) is not None and scheme.proves}
        if proving:
            self._ids += b"".join(row.id for row in rows if row.scheme in proving)

    def find(self, tx: Transaction, ctx: Context, index: Index) -> list[bytes]:
        """Return the identifiers, by their first holders, that have or may have had several holders.

        Args:
            tx: the transaction.
            ctx: the context.
            index: the index of all identifiers added.
        """
        pairs = {
            (self._schemes[proven], code)
            for name, code in self._schemes.items()
            if (scheme := find_scheme(name)) is not None
            for proven in scheme.proves
            if proven in self._schemes
        }
        seen = bytearray(len(index))
        found = set(self._several)
        after: str | None = None
        while records := tx.find_records(WAS_HELD, after=after, limit=CHUNK):
            found.update(bytes.fromhex(record.key) for record in records)
            after = records[-1].key
        for start in range(0, len(self._ids) if pairs else 0, 16 * CHUNK):
            piece = self._ids[start : start + 16 * CHUNK]
            ids = [bytes(piece[place : place + 16]) for place in range(0, len(piece), 16)]
            links = [x for x in tx.find_links(ids) if x.basis == TOGETHER and x.assurance >= ctx.policy.merges_at]
            for link, a, b in zip(links, index.find([x.a for x in links]), index.find([x.b for x in links])):
                for handle, place, other in ((link.a, a, b), (link.b, b, a)):
                    if place >= 0 and other >= 0 and (self._codes[place], self._codes[other] & ~_LATER) in pairs:
                        if seen[place]:
                            found.add(handle)
                        seen[place] = 1
        return sorted(found)


def find_handles(tx: Transaction, ctx: Context) -> list[bytes]:
    """Return the identifiers of a store, by their first holders, that have or may have had several holders."""
    handles, index = Handles(), Bulk(ctx.policy).index
    after: bytes | None = None
    while rows := tx.find_identifiers(after=after, limit=CHUNK):
        handles.add(rows)
        index.add([row.id for row in rows])
        after = rows[-1].id
    return handles.find(tx, ctx, index)
