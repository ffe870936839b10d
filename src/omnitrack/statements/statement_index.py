"""The index of statements by the identifiers that they name, and the links that statements make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.ids import from_text
from omnitrack.identity.mention import Mention, mention_holder
from omnitrack.identity.partition import DIFFERENT, SAME
from omnitrack.identity.statement import ATTRIBUTED, BINARY, StatementRecord
from omnitrack.model import Assurance
from omnitrack.records import ABOUT, ATTRIBUTIONS, STATEMENT
from omnitrack.storage.contract import NO_ID, IdentifierRow, LinkRow, RecordRow, Transaction
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS

CHUNK = 1_000  # records read at a time


def mention(tx: Transaction, row: IdentifierRow, at: int) -> Mention:
    """Return the mention of a holder named by customer id, at a time."""
    tenures = tenures_of(tx, [row.base])[row.base] if row.base != row.id or row.state & HAS_HOLDERS else ()
    return mention_holder(row.base, row.id, row.since, tenures, at)


def links_of(record: StatementRecord, id: bytes) -> list[LinkRow]:
    """Return the link that a statement makes: none for an attribution, and none if both ends have one holder now, since it then says nothing."""
    a, b = record.a, record.b
    if record.kind == ATTRIBUTED or (record.kind in BINARY and a == b):
        return []
    if record.kind in (SAME, DIFFERENT) and b < a:
        a, b = b, a
    return [LinkRow(a, b, record.kind, int(Assurance.STATED), id, record.at, NO_ID, 0)]


def index_of(record: StatementRecord, key: str) -> list[RecordRow]:
    """Return the index records of a statement."""
    return [RecordRow(ABOUT, place, "", -1) for place in _places(record, key)]


def _places(record: StatementRecord, key: str) -> list[str]:
    return [f"{base.hex()}/{key}" for base in sorted({m.base for m in record.mentions})]


def attributed(tx: Transaction, interaction: bytes, key: str) -> RecordRow:
    """Return the record of all attributions of an interaction, with a further one."""
    found = tx.find_records(ATTRIBUTIONS, keys=[interaction.hex()])
    known = json.loads(found[0].value) if found else []
    return RecordRow(ATTRIBUTIONS, interaction.hex(), json.dumps(sorted({*known, key})), -1)


def delete_statements(tx: Transaction, said: Mapping[str, StatementRecord], interactions: Iterable[bytes]) -> None:
    """Delete statements and their index records.

    Args:
        said: the statements, by id.
        interactions: the interactions that are deleted with all their attributions.
    """
    gone = {id.hex() for id in interactions}
    records = [(STATEMENT, key) for key in said]
    records += [(ABOUT, place) for key, record in said.items() for place in _places(record, key)]
    records += [(ATTRIBUTIONS, key) for key in sorted(gone)]
    stay = sorted({record.interaction.hex() for record in said.values() if record.interaction} - gone)
    for row in tx.find_records(ATTRIBUTIONS, keys=stay) if stay else ():
        left = [key for key in json.loads(row.value) if key not in said]
        if left:
            tx.put_records([row._replace(value=json.dumps(left))])
        else:
            records.append((ATTRIBUTIONS, row.key))
    tx.delete(records=records)


def find_statements(tx: Transaction, bases: Iterable[bytes]) -> dict[str, tuple[RecordRow, StatementRecord]]:
    """Return the statements about identifiers by id, including retracted ones.

    Args:
        bases: the first holders of the identifiers.
    """
    keys = {r.key.partition("/")[2] for x in dict.fromkeys(bases) for r in tx.find_records(ABOUT, prefix=f"{x.hex()}/")}
    return _read(tx, keys)


def find_attributions(tx: Transaction, interactions: Iterable[bytes]) -> dict[str, tuple[RecordRow, StatementRecord]]:
    """Return the attributions of interactions by id, including retracted ones."""
    wanted = sorted({id.hex() for id in interactions})
    keys: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        for row in tx.find_records(ATTRIBUTIONS, keys=wanted[start : start + CHUNK]):
            keys.update(json.loads(row.value))
    return _read(tx, keys)


def _read(tx: Transaction, keys: Iterable[str]) -> dict[str, tuple[RecordRow, StatementRecord]]:
    wanted = sorted(set(keys))
    found = {}
    for start in range(0, len(wanted), CHUNK):
        for row in tx.find_records(STATEMENT, keys=wanted[start : start + CHUNK]):
            found[row.key] = (row, StatementRecord.load(row.value))
    return found


def holding(found: Iterable[tuple[RecordRow, StatementRecord]]) -> list[tuple[RecordRow, StatementRecord]]:
    """Return the statements that were not retracted."""
    return [(row, said) for row, said in found if said.retracted_at is None]


def statement_id(key: str) -> bytes:
    """Return the id of a statement from the key of its record."""
    return from_text("st", key) or NO_ID
