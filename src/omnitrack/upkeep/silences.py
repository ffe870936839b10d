"""Silences of a whole store: the identifiers that were not seen for so long that another holder is assumed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

from omnitrack.foundation.anchor_override import AnchorOverride, find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import entries_of
from omnitrack.identity.integer_graph import Index
from omnitrack.identity.partition import usable
from omnitrack.identity.silences import is_silence
from omnitrack.statements.seen import counting
from omnitrack.storage.contract import REASSIGNED, EntryRow, IdentifierRow, Position, Transaction

CHUNK = 1_000  # interactions read in one transaction

_NEVER = -(2**31)


class Silences:
    """Collects the sightings of a store: first its identifiers, five bytes each, then its entries sorted by time.

    Attributes:
        found: the identifiers with one holder and too long a silence.
    """

    def __init__(self, ctx: Context) -> None:
        self._policy = ctx.policy
        self._lengths: list[int] = [0]
        self._codes: dict[str, int] = {}
        self._code = bytearray()
        self._last: array[int] = array("i")
        self.found: set[bytes] = set()

    def add(self, rows: Sequence[IdentifierRow]) -> None:
        """Add identifiers, sorted by id."""
        for row in rows:
            code = self._codes.get(row.scheme)
            if code is None:
                length = self._policy.step(row.scheme)
                code = self._codes[row.scheme] = len(self._lengths) if length else 0
                self._lengths += [length] if length else []
            alone = code and row.base == row.id and not row.state & REASSIGNED and usable(row)
            self._code.append(code if alone else 0)
            self._last.append(_NEVER)

    def see(self, index: Index, entries: Iterable[EntryRow], overrides: Mapping[bytes, AnchorOverride]) -> None:
        """Add the entries of interactions, sorted by time.

        Args:
            index: the index of all identifiers added.
            entries: the entries.
            overrides: the overrides of the interactions.
        """
        if len(self._lengths) == 1:
            return
        seen = sorted(counting(entries, overrides), key=lambda entry: entry.occurred_at)
        for entry, place in zip(seen, index.find([entry.identifier for entry in seen])):
            length = self._lengths[self._code[place]] if place >= 0 else 0
            if length:
                step, last = entry.occurred_at // length, self._last[place]
                if last != _NEVER and is_silence(last, step):
                    self.found.add(entry.identifier)
                self._last[place] = step


def entries_after(
    tx: Transaction, after: Position | None
) -> tuple[tuple[list[EntryRow], dict[bytes, AnchorOverride]], Position | None]:
    """Return the entries and overrides of a chunk of interactions, sorted by time, and where to go on (None at the end)."""
    rows = tx.find_interactions(after=after, limit=CHUNK)
    ids = [row.id for row in rows]
    position = (rows[-1].occurred_at, rows[-1].id) if len(rows) == CHUNK else None
    return (entries_of(tx, ids), find_overrides(tx, ids)), position
