"""Checks that statements are about the right holders, and repairs those that are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import chain

import attrs

from omnitrack.foundation.evidence import tenures_of
from omnitrack.identity.mention import Tenures
from omnitrack.identity.statement import StatementRecord
from omnitrack.records import ABOUT, ATTRIBUTIONS, STATEMENT
from omnitrack.statements.statement_index import CHUNK, attributed, find_attributions, index_of, links_of, statement_id
from omnitrack.storage.contract import LinkRow, RecordRow, Transaction


def _records(tx: Transaction, kind: str) -> Iterator[RecordRow]:
    return chain.from_iterable(_chunks(tx, kind))


def verify_statements(
    tx: Transaction, tenures: Mapping[bytes, Tenures], links: Collection[LinkRow], problem: Callable[..., None]
) -> None:
    """Compare the links of statements, and the index of statements, with the statements.

    Args:
        tx: the transaction.
        tenures: the later holders of every identifier that has any.
        links: all stored links of statements.
        problem: receives a description of each difference, and the identifiers for each ``{}`` in it.
    """
    wanted: set[LinkRow] = set()
    places: set[str] = set()
    attributions: dict[str, set[str]] = {}
    for row in _records(tx, STATEMENT):
        said = StatementRecord.load(row.value)
        places.update(place.key for place in index_of(said, row.key))
        if said.interaction:
            attributions.setdefault(said.interaction.hex(), set()).add(row.key)
        if said.retracted_at is None:
            if said.about(lambda base: tenures.get(base, ())) != (said.a, said.b):
                problem(f"a statement ({said.kind}) on {{}} and {{}} is about others than it names", said.a, said.b)
            wanted.update(links_of(said, statement_id(row.key)))
    for link in sorted(wanted - set(links)):
        problem(f"a statement ({link.basis}) on {{}} and {{}} is not among the links", link.a, link.b)
    for link in sorted(set(links) - wanted):
        problem(f"a link ({link.basis}) of {{}} and {{}} is no statement that holds", link.a, link.b)
    indexed = {row.key for row in _records(tx, ABOUT)}
    listed = {row.key: set(json.loads(row.value)) for row in _records(tx, ATTRIBUTIONS)}
    for _ in range(len(places ^ indexed) + sum(listed.get(x) != attributions.get(x) for x in listed | attributions)):
        problem("the index of statements lacks one, or has one that is not there")


def differ(tx: Transaction) -> bool:
    """Whether a statement is about the wrong holders by the present tenures, or the index of statements lacks an entry or has one too many."""
    return any(_changes(tx, rows) for rows in _chunks(tx, STATEMENT)) or any(
        map(partial(_strays, tx), _chunks(tx, ABOUT))
    )


def restate(tx: Transaction) -> None:
    """Make every statement about the right holders, and correct the index. Customers are computed afterwards."""
    for rows in _chunks(tx, STATEMENT):
        if (changes := _changes(tx, rows)) is not None:
            tx.delete(links=changes.removed)
            tx.add_links(changes.added)
            tx.put_records(changes.records)
    for rows in _chunks(tx, ABOUT):
        tx.delete(records=[(ABOUT, key) for key in _strays(tx, rows)])


def _chunks(tx: Transaction, kind: str) -> Iterator[list[RecordRow]]:
    after: str | None = None
    while rows := tx.find_records(kind, after=after, limit=CHUNK):
        yield rows
        after = rows[-1].key


def _strays(tx: Transaction, rows: list[RecordRow]) -> list[str]:
    """Return the keys of index entries whose statement does not exist."""
    of = {row.key.partition("/")[2] for row in rows}
    there = {row.key for row in tx.find_records(STATEMENT, keys=sorted(of))}
    return [row.key for row in rows if row.key.partition("/")[2] not in there]


@attrs.define(slots=True)
class _Changes:
    """The changes that make statements about the right holders, and the missing index entries."""

    added: list[LinkRow] = attrs.field(factory=list)
    removed: list[LinkRow] = attrs.field(factory=list)
    records: list[RecordRow] = attrs.field(factory=list)


def _changes(tx: Transaction, rows: list[RecordRow]) -> _Changes | None:
    """Return the necessary changes to statements; None if there are none."""
    found = [(row, StatementRecord.load(row.value)) for row in rows]
    tenures = tenures_of(tx, sorted({m.base for _, said in found for m in said.mentions}))
    places = [place for row, said in found for place in index_of(said, row.key)]
    there = {place.key for place in tx.find_records(ABOUT, keys=[place.key for place in places])}
    changes = _Changes(records=[place for place in places if place.key not in there])
    for row, said in found:
        if said.interaction and row.key not in find_attributions(tx, [said.interaction]):
            changes.records.append(attributed(tx, said.interaction, row.key))
        if said.retracted_at is None and (now := said.about(tenures.get)) != (said.a, said.b):
            changes.removed += links_of(said, statement_id(row.key))
            said.a, said.b = now
            changes.added += links_of(said, statement_id(row.key))
            changes.records.append(row._replace(value=said.dump()))
    return changes if changes.added or changes.removed or changes.records else None
