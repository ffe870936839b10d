"""Filings: what holds an interaction under an identifier whatever its time says: attributions, and notes on a person or beside an interaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import attrs

from omnitrack.storage.contract import EntryRow, RecordRow, Transaction
from omnitrack.usecases.context import Tenures, holder_at

FILING = "filing"
AWAY = "away"  # an identifier and an interaction that was filed under it until it was attributed to somebody
CHUNK = 2_000  # records asked for at a time


@attrs.define(slots=True, kw_only=True)
class Filing:
    """How an interaction is filed where that does not follow from its own identifiers and time alone.

    Attributes:
        pin: the holder under which it was filed as it came, for a note on a customer; no reassignment moves it.
        at: the time by which its holder is found, for a note beside an interaction: the time of that one.
        before: when it was first attributed, as long as an attribution holds; until then it was filed as it came.
        said: the attributions that hold, oldest first: statement, and the holder where it was named by customer id. The last counts.
        times: when attributions were said and taken back, as long as one holds: when its entries changed.
        version: of the record; 0 for none.
    """

    pin: bytes | None = None
    at: int | None = None
    before: int | None = None
    said: list[tuple[str, bytes | None]] = attrs.field(factory=list)
    times: list[int] = attrs.field(factory=list)
    version: int = 0

    def __bool__(self) -> bool:
        return bool(self.said) or self.pin is not None or self.at is not None

    def holder(self, entry: EntryRow, base: bytes, tenures: Tenures, since: Mapping[bytes, int | None]) -> bytes:
        """Return under which holder of an identifier an entry belongs.

        Args:
            base: the first holder. tenures: the later ones.
            since: of every holder there ever was, since when.
        """
        at = entry.occurred_at
        if entry.person >= 0:
            pin = self.said[-1][1] if self.said else self.pin
            if pin is not None and pin in since:
                began = since[pin]
                if began is None or (began, pin) in tenures:
                    return pin
                at = began  # its reassignment was taken back: it is with whoever holds the identifier instead
            elif not self.said and self.at is not None:
                at = self.at
        return holder_at(base, tenures, at)

    def record(self, interaction: bytes) -> RecordRow:
        """Return the record that keeps it."""
        value = {
            "pin": None if self.pin is None else self.pin.hex(),
            "at": self.at,
            "before": self.before,
            "said": [[id, None if pin is None else pin.hex()] for id, pin in self.said],
            "times": self.times,
        }
        return RecordRow(FILING, interaction.hex(), json.dumps(value), self.version)


NO_FILING = Filing()


def away_key(identifier: bytes, interaction: bytes) -> str:
    """Return the key of the record that keeps an identifier named while its interaction is attributed to another."""
    return f"{identifier.hex()}/{interaction.hex()}"


def find_filings(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, Filing]:
    """Return the filings of interactions, of those that have one."""
    keys = list(dict.fromkeys(id.hex() for id in interactions))
    found: dict[bytes, Filing] = {}
    for start in range(0, len(keys), CHUNK):
        for record in tx.find_records(FILING, keys=keys[start : start + CHUNK]):
            values = json.loads(record.value)
            found[bytes.fromhex(record.key)] = Filing(
                pin=None if values["pin"] is None else bytes.fromhex(values["pin"]),
                at=values["at"],
                before=values["before"],
                said=[(id, None if pin is None else bytes.fromhex(pin)) for id, pin in values["said"]],
                times=values["times"],
                version=record.version,
            )
    return found
