"""Rows to write: an interaction with two entries, told apart by a number."""

from __future__ import annotations

from omnitrack.storage.contract import EntryRow, InteractionRow, RecordRow, Transaction


def id_(number: int) -> bytes:
    return number.to_bytes(16, "big")


def interaction(number: int, body: str | None = None) -> InteractionRow:
    return InteractionRow(
        id_(number), 0, "x", str(number), "x", "inbound", "message", number, 0, None, number,
        None, body, None, None, None, None, None, None, 0,
    )  # fmt: skip


def entries(number: int) -> list[EntryRow]:
    one = EntryRow(id_(1), number, id_(number), 0, number, None, 0, 2, "x", "inbound", "message", None)
    return [one, one._replace(identifier=id_(2), role=1)]


def add(tx: Transaction, numbers: range, body: str | None = None) -> set[bytes]:
    """Add the interactions of these numbers, with their entries."""
    return tx.add_interactions([interaction(n, body) for n in numbers], [e for n in numbers for e in entries(n)])


def stored(tx: Transaction) -> list[int]:
    """Return the numbers of the interactions that are there, each of which must be whole."""
    numbers = [row.occurred_at for row in tx.find_interactions()]
    for identifier in (1, 2):
        assert [entry.occurred_at for entry in tx.list_entries(identifiers=[id_(identifier)], newest=False)] == numbers
    return numbers


def count(tx: Transaction) -> int:
    """Add one to a number that the store keeps, and return it."""
    found = tx.find_records("count", keys=["n"])
    now = int(found[0].value) + 1 if found else 1
    tx.put_records([RecordRow("count", "n", str(now), found[0].version if found else 0)])
    return now
