"""Statements against the holders that identifiers have: whether each is where the rule says, and bringing it there."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping

from omnitrack.identity.mention import Tenures
from omnitrack.identity.statement import StatementRecord
from omnitrack.storage.contract import LinkRow, RecordRow, Transaction
from omnitrack.usecases.evidence import tenures_of
from omnitrack.usecases.said import (
    ABOUT,
    ATTRIBUTIONS,
    CHUNK,
    STATEMENT,
    attributed,
    find_attributions,
    index_of,
    links_of,
    statement_id,
)

Position = tuple[str, str | None]  # kind and key of a record


def _records(tx: Transaction, kind: str) -> Iterator[RecordRow]:
    after: str | None = None
    while rows := tx.find_records(kind, after=after, limit=CHUNK):
        yield from rows
        after = rows[-1].key


def verify_statements(
    tx: Transaction, tenures: Mapping[bytes, Tenures], links: Collection[LinkRow], problem: Callable[..., None]
) -> None:
    """Compare the links of statements, and the index by which statements are found, with what was said.

    Args:
        tenures: the later holders of every identifier that has some.
        links: all that are stored of statements.
        problem: takes what differs in words, and the identifiers that its ``{}`` stand for.
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


def restate_step(tx: Transaction, position: Position | None) -> Position | None:
    """Bring some statements to whom they are about, and index them; then take from the index what is not there. Who is whom is computed afterwards.

    Returns:
        Where to go on (None at the end).
    """
    kind, after = position or (STATEMENT, None)
    rows = tx.find_records(kind, after=after, limit=CHUNK)
    (_restate if kind == STATEMENT else _forget)(tx, rows)
    if len(rows) == CHUNK:
        return kind, rows[-1].key
    # What comes behind the last is new, and right from its beginning.
    return (ABOUT, None) if kind == STATEMENT else None


def _forget(tx: Transaction, rows: list[RecordRow]) -> None:
    """Take from the index what is of no statement."""
    of = {row.key.partition("/")[2] for row in rows}
    there = {row.key for row in tx.find_records(STATEMENT, keys=sorted(of))}
    tx.delete(records=[(ABOUT, row.key) for row in rows if row.key.partition("/")[2] not in there])


def _restate(tx: Transaction, rows: list[RecordRow]) -> None:
    """Bring statements to whom they are about, and what is missing of them into the index."""
    found = [(row, StatementRecord.load(row.value)) for row in rows]
    tenures = tenures_of(tx, sorted({m.base for _, said in found for m in said.mentions}))
    put: list[RecordRow] = []
    removed: list[LinkRow] = []
    added: list[LinkRow] = []
    places = [place for row, said in found for place in index_of(said, row.key)]
    there = {place.key for place in tx.find_records(ABOUT, keys=[place.key for place in places])}
    put += [place for place in places if place.key not in there]
    for row, said in found:
        if said.interaction and row.key not in find_attributions(tx, [said.interaction]):
            tx.put_records([attributed(tx, said.interaction, row.key)])
        if said.retracted_at is None and (now := said.about(tenures.get)) != (said.a, said.b):
            removed += links_of(said, statement_id(row.key))
            said.a, said.b = now
            added += links_of(said, statement_id(row.key))
            put.append(row._replace(value=said.dump()))
    tx.delete(links=removed)
    tx.add_links(added)
    tx.put_records(put)
