"""Consents as a store keeps them: by identifier, purpose and channel, each with its time and its proof."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.consent_words import Scope
from omnitrack.foundation.evidence import tenures_of
from omnitrack.identity.mention import Mention, Tenures
from omnitrack.records import CONSENT, consent_key
from omnitrack.storage.contract import REASSIGNED, IdentifierRow, RecordRow, Transaction

MOST_WORDS = 200  # of one identifier, for one purpose and channel; of more the latest are kept
MOST_SCOPES = 200  # of purpose and channel, of one identifier, that are read where all are asked for
CHUNK = 1_000  # records asked for at a time


@attrs.frozen(slots=True, kw_only=True)
class Word:
    """One consent that was given or withdrawn.

    Attributes:
        named: what it was said of.
        granted: contact was allowed; False where that was taken back, or refused.
        interaction: the message that said it; None where somebody else did.
    """

    id: bytes
    named: Mention
    purpose: str | None
    channel: str | None
    granted: bool
    at: int
    recorded_at: int
    source: str | None = None
    proof: str | None = None
    by: str | None = None
    interaction: bytes | None = None

    @property
    def key(self) -> str:
        """The key of the record that holds it."""
        return consent_key(self.named.base, self.purpose, self.channel)

    @property
    def order(self) -> tuple[int, bool, bytes]:
        """The order in which consents replace each other: by their own time, not by arrival; at the same time a refusal comes later."""
        return (self.at, not self.granted, self.id)

    def covers(self, scope: Scope) -> bool:
        """Whether it covers a purpose and a channel."""
        return self.purpose in (None, scope[0]) and self.channel in (None, scope[1])

    def dump(self) -> list[Any]:
        """Return its JSON form."""
        interaction = None if self.interaction is None else self.interaction.hex()
        said = [self.granted, self.at, self.recorded_at, self.source, self.proof, self.by, interaction]
        return [self.id.hex(), self.named.dump(), *said]


def load_words(row: RecordRow) -> list[Word]:
    """Return the consents in a record."""
    value = json.loads(row.value)
    return [
        Word(
            id=bytes.fromhex(id),
            named=Mention.load(named),
            purpose=value["purpose"],
            channel=value["channel"],
            granted=granted,
            at=at,
            recorded_at=recorded_at,
            source=source,
            proof=proof,
            by=by,
            interaction=None if interaction is None else bytes.fromhex(interaction),
        )
        for id, named, granted, at, recorded_at, source, proof, by, interaction in value["words"]
    ]


def record_of(words: Sequence[Word], version: int) -> RecordRow:
    """Return the record of the consents of one identifier for one purpose and channel; there is at least one."""
    kept = sorted(words, key=lambda word: word.order)[-MOST_WORDS:]
    first = kept[0]
    value = {"purpose": first.purpose, "channel": first.channel, "words": [word.dump() for word in kept]}
    return RecordRow(CONSENT, first.key, json.dumps(value, ensure_ascii=False), version)


def _records(tx: Transaction, keys: Iterable[str]) -> list[RecordRow]:
    wanted = sorted(set(keys))
    return [
        row
        for start in range(0, len(wanted), CHUNK)
        for row in tx.find_records(CONSENT, keys=wanted[start : start + CHUNK])
    ]


def add_words(tx: Transaction, words: Iterable[Word]) -> list[RecordRow]:
    """Return the records with some consents added; a consent that is already stored stays unchanged."""
    by_key: dict[str, list[Word]] = {}
    for word in words:
        by_key.setdefault(word.key, []).append(word)
    there = {row.key: row for row in _records(tx, by_key)}
    put = []
    for key, more in by_key.items():
        row = there.get(key)
        known = {} if row is None else {word.id: word for word in load_words(row)}
        fresh = {word.id: word for word in more if word.id not in known}
        if fresh:
            put.append(record_of([*known.values(), *fresh.values()], 0 if row is None else row.version))
    return put


def is_kept(tx: Transaction, word: Word) -> bool:
    """Whether a consent is stored."""
    return any(word.id == one.id for row in tx.find_records(CONSENT, keys=[word.key]) for one in load_words(row))


def records_at(tx: Transaction, bases: Iterable[bytes]) -> list[RecordRow]:
    """Return every consent record of some identifiers, named by their first holders."""
    return [row for base in sorted(set(bases)) for row in tx.find_records(CONSENT, prefix=f"{base.hex()}/")]


def words_of(
    tx: Transaction,
    rows: Collection[IdentifierRow],
    scope: Scope | None = None,
    held: Callable[[bytes], Tenures] | None = None,
) -> list[tuple[IdentifierRow, Word]]:
    """Return the consents of holders of identifiers, each with its holder. A holder does not inherit the consents of the one before.

    Args:
        scope: a purpose and a channel: only what covers these, which is a read of constant size. None for all.
        held: returns who held an identifier, where another time than now is asked for.
    """
    bases = {row.base for row in rows}
    if scope is not None:
        scopes: list[Scope] = [scope, (scope[0], None), (None, scope[1]), (None, None)]
        found = _records(tx, (consent_key(base, *one) for base in bases for one in scopes))
    else:
        found = [
            row
            for base in sorted(bases)
            for row in tx.find_records(CONSENT, prefix=f"{base.hex()}/", limit=MOST_SCOPES)
        ]
    if not found:
        return []
    tenures: Mapping[bytes, Tenures]
    if held is None:
        tenures = tenures_of(tx, sorted({row.base for row in rows if row.base != row.id or row.state & REASSIGNED}))
    else:
        tenures = {base: held(base) for base in bases}
    holders = {row.id: row for row in rows}
    words = [(holders.get(word.named.about(tenures.get(word.named.base, ()))), word) for word in _in(found)]
    return [(row, word) for row, word in words if row is not None]


def _in(rows: Iterable[RecordRow]) -> list[Word]:
    return [word for row in rows for word in load_words(row)]


@attrs.frozen(slots=True)
class Taken:
    """The change of records from which some consents are removed.

    Attributes:
        words: those that go. records: what is left, to be put. gone: (kind, key) of what is empty.
    """

    words: list[Word]
    records: list[RecordRow]
    gone: list[tuple[str, str]]


def take(rows: Iterable[RecordRow], goes: Callable[[Word], bool]) -> Taken:
    """Return the change that removes the consents for which ``goes`` is true."""
    taken = Taken([], [], [])
    for row in rows:
        words = load_words(row)
        left = [word for word in words if not goes(word)]
        taken.words.extend(word for word in words if goes(word))
        if not left:
            taken.gone.append((CONSENT, row.key))
        elif len(left) < len(words):
            taken.records.append(record_of(left, row.version))
    return taken


def still_named(tx: Transaction, bases: Iterable[bytes], taken: Taken | None = None) -> set[bytes]:
    """Return the identifiers that keep a consent. They are named by their first holders."""
    gone = set() if taken is None else {key for _, key in taken.gone}
    return {
        base
        for base in bases
        if any(row.key not in gone for row in tx.find_records(CONSENT, prefix=f"{base.hex()}/", limit=len(gone) + 1))
    }


def take_holders(tx: Transaction, rows: Collection[IdentifierRow]) -> Taken:
    """Return the change that removes the consents of some holders of identifiers; those of other holders stay."""
    going = {row.id for row in rows}
    tenures = tenures_of(tx, sorted({row.base for row in rows if row.base != row.id or row.state & REASSIGNED}))
    return take(
        records_at(tx, (row.base for row in rows)),
        lambda word: word.named.about(tenures.get(word.named.base, ())) in going,
    )


def take_said_by(tx: Transaction, bases: Iterable[bytes], interactions: Collection[bytes]) -> Taken:
    """Return the change that removes the consents that some messages gave, for identifiers named by their first holders."""
    return take(records_at(tx, bases), lambda word: word.interaction is not None and word.interaction in interactions)


def move_words(
    tx: Transaction, bases: Iterable[bytes], became: Mapping[bytes, bytes]
) -> tuple[list[RecordRow], list[tuple[str, str]]]:
    """Return the consent records of identifiers whose ids change, and the (kind, key) of the records that they replace.

    Args:
        bases: the first holders of these. became: their ids, and those of the other holders, from now on.
    """
    words: dict[str, dict[bytes, Word]] = {}
    gone = []
    for row in records_at(tx, bases):
        gone.append((CONSENT, row.key))
        for word in load_words(row):
            named = word.named
            holder = None if named.holder is None else became.get(named.holder, named.holder)
            moved = attrs.evolve(word, named=Mention(became.get(named.base, named.base), holder, named.at))
            words.setdefault(moved.key, {})[moved.id] = moved
    return [record_of(list(some.values()), -1) for some in words.values()], [g for g in gone if g[1] not in words]
