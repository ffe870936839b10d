"""Reads all identifiers or links of a store, page by page in key order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from omnitrack.storage.contract import IdentifierRow, LinkRow, Transaction

CHUNK = 5_000  # rows of a page


def pages_of_identifiers(tx: Transaction) -> Iterator[list[IdentifierRow]]:
    """Yield all identifiers sorted by id, page by page."""
    after: bytes | None = None
    while True:
        rows = tx.find_identifiers(after=after, limit=CHUNK)
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def pages_of_links(tx: Transaction) -> Iterator[list[LinkRow]]:
    """Yield all links sorted by key, page by page."""
    after: tuple[bytes, bytes, str, int, bytes] | None = None
    while True:
        rows = tx.find_links(after=after, limit=CHUNK)
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][:5]


def read_identifiers(tx: Transaction) -> Iterator[IdentifierRow]:
    """Yield all identifiers sorted by id."""
    return chain.from_iterable(pages_of_identifiers(tx))
