"""Everything of one kind that a store holds, page by page in the order of its keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from omnitrack.storage.contract import IdentifierRow, LinkRow, Transaction

CHUNK = 5_000  # rows of a page


def pages_of_identifiers(tx: Transaction) -> Iterator[list[IdentifierRow]]:
    """Yield every identifier, in order of id, page by page."""
    after: bytes | None = None
    while True:
        rows = tx.find_identifiers(after=after, limit=CHUNK)
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def pages_of_links(tx: Transaction) -> Iterator[list[LinkRow]]:
    """Yield every link, in order of its key, page by page."""
    after: tuple[bytes, bytes, str, int, bytes] | None = None
    while True:
        rows = tx.find_links(after=after, limit=CHUNK)
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][:5]


def read_identifiers(tx: Transaction) -> Iterator[IdentifierRow]:
    """Yield every identifier, in order of id."""
    return chain.from_iterable(pages_of_identifiers(tx))
