"""Revisions: an edit or a deletion at the source. Revisions with the same time have an order that does not depend on arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from omnitrack.errors import InteractionNotFoundError, mask
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import with_removed
from omnitrack.foundation.ids import from_us, now_us, to_us
from omnitrack.foundation.once import Once, recorded
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.foundation.times import timed
from omnitrack.model import Revision
from omnitrack.records import SUPPRESSED, edit_key, suppression_key
from omnitrack.storage.contract import InteractionRow, Transaction


@attrs.frozen(slots=True, kw_only=True)
class Edit:
    """A revision to be stored.

    Attributes:
        source: the source of the interaction.
        source_id: the id of the interaction there.
        at: the source's time of the revision, in microseconds, above zero; zero is the interaction as recorded.
        subject: the new subject, None if unchanged.
        body: the new body, None if unchanged.
        deleted: whether the source deleted the interaction.
        now: the time of recording, in microseconds.
        mark_key: the key of the marks that erasures left.
    """

    source: str
    source_id: str
    at: int
    subject: str | None
    body: str | None
    deleted: bool
    now: int
    mark_key: bytes


#: The results of an edit. COLLIDES: a different edit of the same time is stored, so ``file_among`` must file it.
ADDED, THERE, KEPT_OUT, COLLIDES = "added", "there", "kept out", "collides"


@goes_over
def add_revision(
    run: Run,
    ctx: Context,
    source: str,
    source_id: str,
    *,
    body: str | None,
    subject: str | None,
    deleted: bool,
    at: datetime | str | None,
) -> bool | None:
    """Add a revision; return whether it is new, None if an erasure keeps it out.

    Raises:
        InteractionNotFoundError: no interaction has this source and source id.
    """
    now = now_us()
    checked = timed(
        Revision(
            source=source,
            source_id=source_id,
            at=from_us(now) if at is None else at,
            body=body,
            subject=subject,
            deleted=deleted,
        ),
        ctx.zone,
    )
    edit = Edit(
        source=source,
        source_id=source_id,
        at=to_us(checked.at),
        subject=subject,
        body=body,
        deleted=deleted,
        now=now,
        mark_key=ctx.mark_key,
    )

    def is_there(tx: Transaction, came: str) -> bool:
        row = original(tx, edit) if came == ADDED else None
        return row is not None and recorded(row.id, now)(tx, came)

    came = run(Once(lambda tx: revise(tx, ctx, edit), is_there))
    if came == COLLIDES:
        came = run(Once(lambda tx: file_among(tx, ctx, edit), is_there))
    return None if came == KEPT_OUT else came == ADDED


def revise(tx: Transaction, ctx: Context, edit: Edit) -> str:
    """Add a revision.

    Raises:
        InteractionNotFoundError: the interaction does not exist, and there is no mark of an erased one.
    """
    enter(tx, ctx)
    row = original(tx, edit)
    if row is None:
        return KEPT_OUT
    new = _revision(row, edit)
    if not tx.add_interactions([new], []):
        return ADDED
    among = _same_time(tx.find_interactions(ids=[new.id]), edit.at)
    if any(_content(other) == _content(new) for other in among):
        return THERE
    # A stored edit whose text was redacted since no longer has the same content.
    redacted = [edit_key(edit.mark_key, edit.source, edit.source_id, other.revision) for other in among]
    return KEPT_OUT if tx.find_records(SUPPRESSED, keys=redacted) else COLLIDES


def file_among(tx: Transaction, ctx: Context, edit: Edit) -> str:
    """Add a revision to others of the same time, a microsecond apart, a deletion last: sources with times in seconds may have several edits
    in one."""
    enter(tx, ctx, exclusive=True)
    row = original(tx, edit)
    if row is None:
        return KEPT_OUT
    new = _revision(row, edit)
    stored = tx.find_interactions(ids=[row.id])
    among = _same_time(stored, edit.at)
    if any(_content(other) == _content(new) for other in among):
        return THERE
    first = min((other.revision for other in among), default=edit.at)
    ordered = [one._replace(revision=first + number) for number, one in enumerate(sorted([*among, new], key=_content))]
    others = [other for other in stored if other not in among]
    entries = with_removed(tx, [row.id])
    tx.delete(interactions=[row.id])
    tx.add_interactions([other for other in others if other.revision == 0], [])
    tx.add_interactions([*(other for other in others if other.revision != 0), *ordered], [])
    tx.replace_entries([], entries, 0)
    return ADDED


def original(tx: Transaction, edit: Edit) -> InteractionRow | None:
    """Return the interaction that an edit changes; None if an erasure deleted it.

    Raises:
        InteractionNotFoundError: the interaction does not exist, and there is no mark of an erased one.
    """
    rows = tx.find_interactions(sources=[(edit.source, edit.source_id)])
    if rows:
        return rows[0]
    if tx.find_records(SUPPRESSED, keys=[suppression_key(edit.mark_key, edit.source, edit.source_id)]):
        return None
    raise InteractionNotFoundError(f"source_id: no interaction of {mask(edit.source)!r} has this one")


def _revision(row: InteractionRow, edit: Edit) -> InteractionRow:
    return row._replace(
        revision=edit.at, recorded_at=edit.now, subject=edit.subject, body=edit.body, deleted=int(edit.deleted)
    )


def _same_time(rows: Sequence[InteractionRow], at: int) -> list[InteractionRow]:
    """Return the revisions of this time and those in the microseconds next to it."""
    there = {row.revision: row for row in rows if row.revision != 0}
    first = last = at
    while first - 1 in there:
        first -= 1
    while last + 1 in there:
        last += 1
    return [there[revision] for revision in range(first, last + 1) if revision in there]


def _content(row: InteractionRow) -> tuple[int, bool, str, bool, str]:
    """Return the content of a revision as a sort key, with deletions last."""
    return (row.deleted, row.body is not None, row.body or "", row.subject is not None, row.subject or "")
