"""Filings: what holds an interaction under an identifier whatever its time says: attributions, and notes on a person or beside an interaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs

from omnitrack.identity.mention import Mention
from omnitrack.identity.tenures import Held
from omnitrack.records import FILING
from omnitrack.storage.contract import EntryRow, RecordRow, Transaction

CHUNK = 2_000  # records asked for at a time


@attrs.define(slots=True, kw_only=True)
class Filing:
    """How an interaction is filed where that does not follow from its own identifiers and time alone.

    Attributes:
        pin: whom it was filed under as it came, for a note on a customer who was named by id.
        beside: the interaction that a note stands beside. The note has no filing of its own but this one's.
        at: the time by which its holder is found, for a note beside an interaction: the time of that one.
        notes: the notes beside it. They are filed as it is, and go when it goes.
        before: when it was first attributed, as long as an attribution holds; until then it was filed as it came.
        said: the attributions that hold, oldest first: statement, and what it names where that is a customer by id. The last counts.
        times: when attributions were said and taken back, as long as one holds: when its entries changed.
        version: of the record; 0 for none.
    """

    pin: Mention | None = None
    beside: bytes | None = None
    at: int | None = None
    notes: list[bytes] = attrs.field(factory=list)
    before: int | None = None
    said: list[tuple[str, Mention | None]] = attrs.field(factory=list)
    times: list[int] = attrs.field(factory=list)
    version: int = 0

    def __bool__(self) -> bool:
        return bool(self.said or self.notes) or self.pin is not None or self.beside is not None

    def holder(self, entry: EntryRow, base: bytes, held: Held, beside: Iterable[bytes] = ()) -> bytes:
        """Return under which holder of an identifier an entry belongs.

        Args:
            base: the first holder. held: who held it when.
            beside: the ids that it was seen with there, which prove who its holder is.
        """
        if entry.person >= 0:
            pin = self.said[-1][1] if self.said else self.pin
            if pin is not None and pin.base == base:
                return pin.about(held.tenures)
        return held.holder(base, entry.occurred_at if self.at is None else self.at, beside)

    def record(self, interaction: bytes) -> RecordRow:
        """Return the record that keeps it."""
        value: dict[str, object] = {
            "pin": _dump(self.pin),
            "notes": [note.hex() for note in self.notes],
            "before": self.before,
            "said": [[id, _dump(pin)] for id, pin in self.said],
            "times": self.times,
        }
        if self.beside is not None:
            value = {"beside": self.beside.hex(), "at": self.at}  # the rest is that interaction's, and kept there
        return RecordRow(FILING, interaction.hex(), json.dumps(value), self.version)


NO_FILING = Filing()


def find_filings(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, Filing]:
    """Return the filings of interactions, of those that have one; that of a note beside an interaction is as that one's."""
    found = _stored(tx, interactions)
    beside = {f.beside for f in found.values() if f.beside is not None}
    first = found | _stored(tx, beside - found.keys())
    for filing in found.values():
        if filing.beside is not None and filing.beside in first:
            shared = first[filing.beside]
            filing.pin, filing.before = shared.pin, shared.before
            filing.said, filing.times = list(shared.said), list(shared.times)
    return found


def _stored(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, Filing]:
    keys = list(dict.fromkeys(id.hex() for id in interactions))
    found: dict[bytes, Filing] = {}
    for start in range(0, len(keys), CHUNK):
        for record in tx.find_records(FILING, keys=keys[start : start + CHUNK]):
            values = json.loads(record.value)
            found[bytes.fromhex(record.key)] = Filing(
                pin=_load(values.get("pin")),
                beside=_bytes(values.get("beside")),
                at=values.get("at"),
                notes=[bytes.fromhex(note) for note in values.get("notes", ())],
                before=values.get("before"),
                said=[(id, _load(pin)) for id, pin in values.get("said", ())],
                times=values.get("times", []),
                version=record.version,
            )
    return found


def _dump(pin: Mention | None) -> list[Any] | None:
    return None if pin is None else pin.dump()


def _load(value: list[Any] | None) -> Mention | None:
    return None if value is None else Mention.load(value)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
