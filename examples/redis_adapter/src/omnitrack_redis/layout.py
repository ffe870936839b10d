"""How rows lie in Redis: one hash a kind of row, and sorted sets of their keys, by which they are found in order.

All members of a sorted set have the score 0, so Redis orders them by their bytes; the keys are written so that the order of their bytes is
the order that the contract asks for.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, get_type_hints

from omnitrack.storage.contract import ChangeRow, EntryRow, IdentifierRow, InteractionRow, LinkRow, RecordRow


def number(value: int) -> bytes:
    """Return eight bytes that order as 64-bit numbers do, negative ones first."""
    return struct.pack(">Q", value + (1 << 63))


def text(value: str) -> bytes:
    """Return the bytes of a text, ended so that a shorter one comes first; no text of the contract has U+0000."""
    return value.encode() + b"\x00"


class Kind:
    """A kind of row: its hash, its key, the sorted sets that it is in, and its form as a value."""

    def __init__(
        self,
        name: str,
        row: Any,
        key: Callable[[Any], bytes],
        groups: Callable[[Any, bytes], list[tuple[bytes, bytes]]],
    ) -> None:
        self.name = name.encode()
        self.key = key
        self.groups = groups  # (sorted set, member) of a row with this key
        self._row = row
        types = get_type_hints(row)
        self._ids = [index for index, field in enumerate(row._fields) if types[field] is bytes]

    def dump(self, row: Any) -> bytes:
        """Return a row as the value in its hash."""
        values = list(row)
        for index in self._ids:
            values[index] = values[index].hex()
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()

    def load(self, value: bytes) -> Any:
        """Return the row of a value."""
        values = json.loads(value)
        for index in self._ids:
            values[index] = bytes.fromhex(values[index])
        return self._row._make(values)


def link_key(row: LinkRow) -> bytes:
    return link_position(row[:5])


def link_position(key: tuple[bytes, bytes, str, int, bytes]) -> bytes:
    a, b, basis, assurance, ref = key
    return a + b + text(basis) + number(assurance) + ref


def entry_key(row: EntryRow) -> bytes:
    return number(row.occurred_at) + row.interaction + row.identifier + number(row.person) + number(row.added_at)


def interaction_key(row: InteractionRow) -> bytes:
    return row.id + number(row.revision)


def record_key(row: RecordRow) -> bytes:
    return text(row.kind) + row.key.encode()


def _interaction_groups(row: InteractionRow, key: bytes) -> list[tuple[bytes, bytes]]:
    groups = [(b"revisions:" + row.id, key)]
    if row.revision == 0:
        groups.append((b"moments", number(row.occurred_at) + key))
    return groups


IDENTIFIERS = Kind(
    "identifiers",
    IdentifierRow,
    lambda row: row.id,
    lambda row, key: [(b"ids", key), (b"customer:" + row.customer, key)],
)
LINKS = Kind(
    "links",
    LinkRow,
    link_key,
    lambda row, key: [(b"pairs", key), (b"end:" + row.a, key)] + ([(b"end:" + row.b, key)] if row.b != row.a else []),
)
INTERACTIONS = Kind("interactions", InteractionRow, interaction_key, _interaction_groups)
ENTRIES = Kind(
    "entries",
    EntryRow,
    entry_key,
    lambda row, key: [(b"history:" + row.identifier, key), (b"of:" + row.interaction, key)],
)
CHANGES = Kind(
    "changes",
    ChangeRow,
    lambda row: row.id,
    lambda row, key: (
        [(b"log", key), (b"log-of:" + row.identifier, key)]
        + [(b"log-by:" + customer, key) for customer in sorted({row.old, row.new})]
    ),
)
RECORDS = Kind("records", RecordRow, record_key, lambda row, key: [(b"records:" + row.kind.encode(), key)])

# Hashes of plain values: what is unique besides the key of a row, and what writers agree on.
HOMES = b"homes"  # home: id
SOURCES = b"sources"  # source and source id: id of the interaction
LOCKS = b"locks"  # id of an identifier: how often it was locked
META = b"meta"  # epoch, version


def source_key(source: str, source_id: str) -> bytes:
    return text(source) + source_id.encode()
