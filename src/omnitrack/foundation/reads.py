"""Read receipts as a store keeps them: who asked for whom and was shown what, indexed by the identifiers that were asked for or shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.evidence import tenures_of, with_removed
from omnitrack.identity.mention import Mention
from omnitrack.records import READ, READ_OF
from omnitrack.storage.contract import NO_ID, RecordRow, Transaction

CHUNK = 500  # records asked for at a time
MOST_SHOWN = 1_000  # interactions in one record; of more there are several


@attrs.frozen(slots=True, kw_only=True)
class Read:
    """One read about a customer.

    Attributes:
        asked: for whom they had asked; None where nobody was named, or it is not to be known any more.
        customers: homes that name the customers who were shown, as they were then. interactions: those that were shown.
        places: identifiers, by their first holders, under which it is found.
    """

    id: bytes
    at: int
    by: str | None
    call: str
    trust: str | None
    asked: Mention | None
    customers: tuple[bytes, ...]
    interactions: tuple[bytes, ...]
    places: tuple[bytes, ...]

    def record(self) -> RecordRow:
        """Return the record that holds it."""
        value: dict[str, Any] = {
            "at": self.at,
            "by": self.by,
            "call": self.call,
            "trust": self.trust,
            "asked": None if self.asked is None else self.asked.dump(),
            "customers": [home.hex() for home in self.customers],
            "interactions": [id.hex() for id in self.interactions],
            "places": [base.hex() for base in self.places],
        }
        return RecordRow(READ, self.id.hex(), json.dumps(value, ensure_ascii=False), -1)

    def index(self) -> list[RecordRow]:
        """Return its index records."""
        return [RecordRow(READ_OF, f"{base.hex()}/{self.id.hex()}", "", -1) for base in self.places]


def load_read(row: RecordRow) -> Read:
    """Return the read in a record."""
    value = json.loads(row.value)
    return Read(
        id=bytes.fromhex(row.key),
        at=value["at"],
        by=value["by"],
        call=value["call"],
        trust=value["trust"],
        asked=None if value["asked"] is None else Mention.load(value["asked"]),
        customers=tuple(map(bytes.fromhex, value["customers"])),
        interactions=tuple(map(bytes.fromhex, value["interactions"])),
        places=tuple(map(bytes.fromhex, value["places"])),
    )


def reads_of(tx: Transaction, bases: Iterable[bytes]) -> list[Read]:
    """Return the reads that asked for or showed some identifiers, named by their first holders, oldest first."""
    keys = {
        row.key.partition("/")[2]
        for base in sorted(set(bases))
        for row in tx.find_records(READ_OF, prefix=f"{base.hex()}/")
    }
    ordered = sorted(keys)
    return [
        load_read(row)
        for start in range(0, len(ordered), CHUNK)
        for row in tx.find_records(READ, keys=ordered[start : start + CHUNK])
    ]


def places_of(tx: Transaction, interactions: Sequence[bytes]) -> set[bytes]:
    """Return the first holders of all identifiers under which some interactions are or were filed."""
    named = sorted({e.identifier for e in with_removed(tx, interactions)} - {NO_ID}) if interactions else []
    return {row.base for row in tx.find_identifiers(ids=named)} if named else set()


@attrs.frozen(slots=True)
class Left:
    """The change of reads from which something is removed: records to put, and the (kind, key) of records to delete."""

    records: list[RecordRow]
    gone: list[tuple[str, str]]


def reads_left(
    tx: Transaction,
    bases: Collection[bytes],
    interactions: Collection[bytes],
    homes: Collection[bytes],
    holders: Collection[bytes],
    emptied: Collection[bytes],
) -> Left:
    """Return the change that removes something from the reads that showed it.

    Args:
        bases: identifiers, by their first holders, under which these are found.
        interactions: that go, or that are not to be known as theirs any more.
        homes: those of identifiers that go. holders: their ids.
        emptied: of ``bases`` those of which no holder is left.
    """
    left = Left([], [])
    if not tx.find_records(READ, limit=1):
        return left
    reads = reads_of(tx, bases)
    tenures = tenures_of(tx, sorted({read.asked.base for read in reads if read.asked is not None}))
    for read in reads:
        asked = read.asked
        if asked is not None and (asked.base in emptied or asked.about(tenures[asked.base]) in holders):
            asked = None
        now = attrs.evolve(
            read,
            asked=asked,
            customers=tuple(home for home in read.customers if home not in homes),
            interactions=tuple(id for id in read.interactions if id not in interactions),
            places=tuple(base for base in read.places if base not in emptied),
        )
        if now == read:
            continue
        kept = {row.key for row in now.index()}
        left.gone.extend((row.kind, row.key) for row in read.index() if row.key not in kept)
        if (now.interactions or now.asked is not None or now.customers) and now.places:
            left.records.append(now.record())
        else:
            left.gone.append((READ, read.id.hex()))
            left.gone.extend((row.kind, row.key) for row in now.index())
    return left


def move_reads(tx: Transaction, bases: Iterable[bytes], became: Mapping[bytes, bytes]) -> Left:
    """Return the read records of identifiers whose ids change, and the index records to delete.

    Args:
        bases: the first holders of these. became: their ids, and those of the other holders, from now on.
    """
    left = Left([], [])
    for read in reads_of(tx, bases):
        asked = read.asked
        if asked is not None:
            holder = None if asked.holder is None else became.get(asked.holder, asked.holder)
            asked = Mention(became.get(asked.base, asked.base), holder, asked.at)
        places = tuple(dict.fromkeys(became.get(base, base) for base in read.places))
        now = attrs.evolve(read, asked=asked, places=places)
        kept = {row.key for row in now.index()}
        left.gone.extend((row.kind, row.key) for row in read.index() if row.key not in kept)
        left.records.extend([now.record(), *now.index()])
    return left
