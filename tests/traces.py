"""What is left of somebody in a store: every row of every table, and the bytes of its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import omnitrack
from omnitrack import Tracker
from omnitrack.storage.memory import MemoryBackend


def rows(tracker: Tracker) -> Iterator[tuple[str, str]]:
    """Yield every row of every table as text, ids as hex digits."""

    def show(value: object) -> str:
        return value.hex() if isinstance(value, bytes) else str(value)

    def read(tx: Any) -> list[tuple[str, str]]:
        interactions = tx.find_interactions()
        ids = [row.id for row in interactions]
        found: list[Any] = [
            *tx.find_identifiers(),
            *tx.find_links(),
            *tx.list_changes(),
            *tx.find_interactions(ids=ids),
        ]
        now = omnitrack.foundation.ids.now_us()
        for timestamp in {now, *(row.at for row in tx.list_changes())}:
            found += tx.list_entries(interactions=ids, as_of=timestamp) if ids else []
        if isinstance(tracker._backend, MemoryBackend):
            found += [*tx.state.records.rows.values(), *tx.state.entries.rows.values()]
        return [(type(row).__name__, " ".join(map(show, row))) for row in found]

    yield from tracker._backend.run(read, write=False)


def left_of(store: tuple[Tracker, Path], *traces: str) -> list[tuple[str, str]]:
    tracker, folder = store
    found = [(kind, text) for kind, text in rows(tracker) if any(t.casefold() in text.casefold() for t in traces)]
    held = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    for trace in traces:
        for form in {trace.encode(), trace.casefold().encode(), *_as_id(trace)}:
            if form in held:
                found.append(("file", trace))
    return found


def _as_id(trace: str) -> set[bytes]:
    try:
        return {bytes.fromhex(trace)} if len(trace) == 32 else set()
    except ValueError:
        return set()


def ids_of(tracker: Tracker, who: str) -> list[str]:
    """Hex digits of the content addresses and homes of a customer's identifiers."""
    customer = tracker.customer(who)
    bases = [tracker._ctx.base_id(i.key).hex() for i in customer.identifiers]
    return [*bases, customer.id.removeprefix("cus_")]
