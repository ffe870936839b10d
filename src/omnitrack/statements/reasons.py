"""Reasons and proofs that name a person, indexed so that an erasure can redact them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from omnitrack.foundation.cases import StoredCase, find_cases, rows_left, scrubbed
from omnitrack.foundation.consents import Word, load_words, record_of
from omnitrack.foundation.context import Context
from omnitrack.foundation.scrub import Scrub
from omnitrack.identifiers.text import find_identifiers
from omnitrack.identity.statement import StatementRecord
from omnitrack.records import CASE, CONSENT, NAMED, STATEMENT
from omnitrack.statements.statement_index import statement_id
from omnitrack.storage.contract import ChangeRow, RecordRow, Transaction

_CONSENT, _CASE = f"{CONSENT}/", f"{CASE}/"  # prefixes of index entries that do not lead to a statement


def named_in(ctx: Context, key: str, *reasons: str | None) -> list[RecordRow]:
    """Return the index records that lead from the identifiers named in reasons to a statement."""
    found = {ctx.base_id(one.key) for reason in reasons if reason for one in find_identifiers(reason, ctx.region)}
    return [RecordRow(NAMED, f"{base.hex()}/{key}", "", -1) for base in sorted(found)]


def consents_named_in(ctx: Context, words: Iterable[Word]) -> list[RecordRow]:
    """Return the index records that lead from the identifiers named in the sources and proofs of consents to these."""
    return [row for word in words for row in named_in(ctx, f"{_CONSENT}{word.key}", word.source, word.proof, word.by)]


def consent_names(ctx: Context, words: Iterable[Word]) -> list[tuple[str, str]]:
    """Return the (kind, key) of those records."""
    return [(row.kind, row.key) for row in consents_named_in(ctx, words)]


def cases_named_in(ctx: Context, cases: Iterable[StoredCase]) -> list[RecordRow]:
    """Return the index records that lead from the identifiers named in the texts of cases to these."""
    return [
        row
        for case in cases
        for row in named_in(ctx, f"{_CASE}{case.id.hex()}", *{text for event in case.log for text in event.texts})
    ]


@attrs.frozen(slots=True)
class Reworded:
    """Other people's statements, consents, cases and changes whose texts name a person, with these texts redacted."""

    records: list[RecordRow]
    changes: list[ChangeRow]  # with their new reasons
    gone: list[tuple[str, str]]  # index records to delete


def reworded(
    tx: Transaction,
    ctx: Context,
    bases: Iterable[bytes],
    leaving: Mapping[str, StatementRecord],
    scrub: Scrub,
    gone: Collection[tuple[str, str]],
    staying: Iterable[RecordRow],
    cases: Iterable[tuple[StoredCase, StoredCase]],
) -> Reworded:
    """Redact the texts of remaining records that name a person who is erased.

    Args:
        bases: the first holders of the person's identifiers.
        leaving: the statements that are deleted.
        scrub: redacts a text.
        gone: the (kind, key) of other records that are deleted.
        staying: the new versions of records that are deleted in part.
        cases: the person's cases that are kept for others, each before and after.
    """
    index = [row for base in sorted(set(bases)) for row in tx.find_records(NAMED, prefix=f"{base.hex()}/")]
    keys = sorted({row.key.partition("/")[2] for row in index} - leaving.keys())
    out = Reworded([], [], [(NAMED, row.key) for row in index])
    for key, said in leaving.items():
        out.gone.extend((NAMED, row.key) for row in named_in(ctx, key, said.reason, said.retracted_reason))
    for row in tx.find_records(STATEMENT, keys=keys) if keys else ():
        said = StatementRecord.load(row.value)
        said.reason, said.retracted_reason = scrub(said.reason), scrub(said.retracted_reason)
        out.records.append(row._replace(value=said.dump(), version=-1))
        changes = _changes_by(tx, said, statement_id(row.key))
        out.changes.extend(change._replace(reason=scrub(change.reason)) for change in changes)
    consents = [key.removeprefix(_CONSENT) for key in keys if key.startswith(_CONSENT)]
    left = {row.key: row for row in staying if row.kind == CONSENT}
    for found in tx.find_records(CONSENT, keys=consents) if consents else ():
        row = left.get(found.key, found)
        if (CONSENT, row.key) in gone:
            continue
        words = [
            attrs.evolve(word, source=scrub(word.source), proof=scrub(word.proof), by=scrub(word.by))
            for word in load_words(row)
        ]
        out.records.append(record_of(words, -1))
    kept = {before.id: (before, after) for before, after in cases}
    named = find_cases(tx, (bytes.fromhex(key.removeprefix(_CASE)) for key in keys if key.startswith(_CASE)))
    kept |= {id: (case, case) for id, case in named.items() if id not in kept and (CASE, id.hex()) not in gone}
    put, less = rows_left((before, scrubbed(after, scrub)) for before, after in kept.values())
    out.records.extend(put)
    out.gone.extend(less)
    return out


def _changes_by(tx: Transaction, said: StatementRecord, ref: bytes) -> list[ChangeRow]:
    """Return the rows of the membership history that a statement caused, including those of customers its ends once belonged to."""
    ends = sorted({said.a, said.b})
    own = tx.list_changes(identifiers=ends)
    homes = {home for change in own for home in (change.old, change.new)}
    homes |= {row.customer for row in tx.find_identifiers(ids=ends)}
    found = {change.id: change for change in (*own, *tx.list_changes(customers=sorted(homes)))}
    return [change for change in found.values() if change.ref == ref and change.reason]
