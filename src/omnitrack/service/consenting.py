"""Consenting: what is said of contacting a customer, kept, listed, and asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

from omnitrack.errors import CustomerNotFoundError, InvalidInteractionError, check_flag
from omnitrack.foundation.arguments import checked_text, microseconds
from omnitrack.foundation.arguments import listed as as_list
from omnitrack.foundation.calls import Run
from omnitrack.foundation.consent_words import Scope
from omnitrack.foundation.consents import Word, add_words, is_kept, words_of
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import new_ids, now_us
from omnitrack.foundation.journal import touch
from omnitrack.foundation.once import Once
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.identity.mention import Mention
from omnitrack.reading.resolve import (
    Meant,
    Who,
    find_people,
    find_row,
    get_row,
    meant,
    meant_one,
    members_as_of,
    tenures_as_of,
)
from omnitrack.service.permission import Consent, Found, Permission, listed, permit, to_consent
from omnitrack.statements.effects import born, follow_index
from omnitrack.statements.reasons import consents_named_in
from omnitrack.statements.statement_index import mention
from omnitrack.storage.contract import IdentifierRow, Transaction

MAX_PROOF = 10_000  # characters


def _scope(purpose: object, channel: object) -> tuple[str, str]:
    asked = checked_text("purpose", purpose, required=True), checked_text("channel", channel, required=True)
    assert asked[0] is not None
    assert asked[1] is not None
    return asked[0], asked[1]


@goes_over
def say_consent(
    run: Run,
    ctx: Context,
    who: Who,
    *,
    granted: bool,
    purpose: str | None,
    channel: str | None,
    at: datetime | str | None,
    source: str | None,
    proof: str | None,
    by: str | None,
) -> Consent:
    """Keep what was said of contacting somebody."""
    check_flag("granted", granted, InvalidInteractionError)
    named, now = meant_one(ctx, who), now_us()
    timestamp = microseconds(at, "at", ctx.zone)
    timestamp = now if timestamp is None else timestamp
    id, home = new_ids(2)
    scope = checked_text("purpose", purpose), checked_text("channel", channel)
    said = checked_text("source", source), checked_text("proof", proof, MAX_PROOF), checked_text("by", by)

    def write(tx: Transaction) -> tuple[IdentifierRow, Word]:
        enter(tx, ctx)
        row = _row(tx, ctx, named, home, now)
        word = Word(
            id=id,
            named=Mention(row.base, None, timestamp) if named.home is None else mention(tx, row, timestamp),
            purpose=scope[0],
            channel=scope[1],
            granted=granted,
            at=timestamp,
            recorded_at=now,
            source=said[0],
            proof=said[1],
            by=said[2],
        )
        tx.put_records([*add_words(tx, [word]), *consents_named_in(ctx, [word])])
        return row, word

    row, word = run(Once(write, lambda tx, answer: is_kept(tx, answer[1])))
    return to_consent(row, word)


def _row(tx: Transaction, ctx: Context, named: Meant, home: bytes, now: int) -> IdentifierRow:
    """Return the identifier of which something is said; one that nobody was seen with yet comes to life."""
    row = find_row(tx, ctx, named)
    if row is not None:
        return row
    if named.identifier is None:
        raise named.not_found()
    row = born(ctx, named, home, now)
    if tx.add_identifiers([row]):
        return tx.find_identifiers(ids=[row.id])[0]
    touch(tx, ctx, identifiers=[row.id])
    follow_index(tx, ctx, {row.id})
    return row


def may_contact(
    run: Run,
    ctx: Context,
    who: Who,
    *,
    purpose: str,
    channel: str,
    at: datetime | str | None,
    opt_out: Iterable[str],
) -> Permission:
    """Say whether somebody may be contacted."""
    named, scope = meant(ctx, who), _scope(purpose, channel)
    then = microseconds(at, "at", ctx.zone)
    timestamp = now_us() if then is None else then
    free = as_list("opt_out", opt_out, "a list of purposes")
    for one in free:
        checked_text("opt_out", one, required=True)

    def read(tx: Transaction) -> Permission:
        try:
            found = said_of(tx, people_of(tx, ctx, named, then), scope, then)
        except CustomerNotFoundError:
            if named.identifier is None:
                raise
            found = []
        return permit(found, scope, timestamp, purpose not in free)

    return run(read, write=False)


def consents_of(run: Run, ctx: Context, who: Who, as_of: datetime | str | None) -> list[Consent]:
    """Return all that was said of contacting a customer."""
    named, then = meant(ctx, who), microseconds(as_of, "as_of", ctx.zone)

    def read(tx: Transaction) -> list[Consent]:
        return listed(said_of(tx, people_of(tx, ctx, named, then), None, then))

    return run(read, write=False)


def people_of(tx: Transaction, ctx: Context, named: Meant, then: int | None) -> list[IdentifierRow]:
    """Return the identifiers of a customer, now or as of a time."""
    if then is None:
        return find_people(tx, ctx, named)[1]
    return members_as_of(tx, get_row(tx, ctx, named, then), then)[1]


def said_of(
    tx: Transaction, rows: Collection[IdentifierRow], scope: Scope | None = None, then: int | None = None
) -> list[Found]:
    """Return what was said of contacting the holders of identifiers, now or as it was known at a time."""
    if then is None:
        return words_of(tx, rows, scope)
    found = words_of(tx, rows, scope, partial(tenures_as_of, tx, at=then))
    return [(row, word) for row, word in found if word.recorded_at <= then]
