"""Anchor overrides: attributions and notes, which file an interaction under another identifier than its own identifiers and time would."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs

from omnitrack.identity.mention import Mention
from omnitrack.identity.tenures import Held
from omnitrack.records import ANCHOR_OVERRIDE
from omnitrack.storage.contract import EntryRow, RecordRow, Transaction

CHUNK = 2_000  # records asked for at a time


@attrs.define(slots=True, kw_only=True)
class AnchorOverride:
    """How an interaction is filed where that does not follow from its own identifiers and time alone.

    Attributes:
        pin: whom it was filed under as it came, for a note on a customer who was named by id.
        beside: the interaction that a note stands beside. The note is filed as that one is.
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
        return RecordRow(ANCHOR_OVERRIDE, interaction.hex(), json.dumps(value), self.version)


NO_OVERRIDE = AnchorOverride()


def find_overrides(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, AnchorOverride]:
    """Return the overrides of the interactions that have one; a note on an interaction has that of the interaction."""
    found = _stored(tx, interactions)
    beside = {f.beside for f in found.values() if f.beside is not None}
    first = found | _stored(tx, beside - found.keys())
    for override in found.values():
        if override.beside is not None and override.beside in first:
            shared = first[override.beside]
            override.pin, override.before = shared.pin, shared.before
            override.said, override.times = list(shared.said), list(shared.times)
    return found


def _stored(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, AnchorOverride]:
    keys = list(dict.fromkeys(id.hex() for id in interactions))
    found: dict[bytes, AnchorOverride] = {}
    for start in range(0, len(keys), CHUNK):
        for record in tx.find_records(ANCHOR_OVERRIDE, keys=keys[start : start + CHUNK]):
            values = json.loads(record.value)
            found[bytes.fromhex(record.key)] = AnchorOverride(
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
