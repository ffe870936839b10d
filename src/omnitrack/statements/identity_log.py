"""The identity log: which identifiers changed customer, when, why and by whom."""

from __future__ import annotations

from collections.abc import Sequence

from omnitrack.errors import InvalidCursorError
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_text, from_us, to_text
from omnitrack.model import Change
from omnitrack.reading.resolve import Meant, customer_text, get_row, members_of, to_identifier
from omnitrack.storage.contract import NO_ID, ChangeRow, Transaction


def to_changes(tx: Transaction, rows: Sequence[ChangeRow]) -> list[Change]:
    """Return rows of the membership history as public changes."""
    ids = sorted({row.identifier for row in rows})
    names = {row.id: to_identifier(row) for row in tx.find_identifiers(ids=ids)} if ids else {}
    changes = []
    for row in rows:
        if row.identifier not in names:
            continue
        from_interaction = row.cause == "record"
        ref = None if row.ref == NO_ID else row.ref
        changes.append(
            Change(
                at=from_us(row.at),
                identifier=names[row.identifier],
                old=customer_text(row.old),
                new=customer_text(row.new),
                cause=row.cause,
                interaction=to_text("int", ref) if ref and from_interaction else None,
                statement=to_text("st", ref) if ref and not from_interaction else None,
                by=row.by,
                reason=row.reason,
                id=to_text("chg", row.id),
            )
        )
    return changes


def identity_log(tx: Transaction, ctx: Context, who: Meant | None, after: str | None, limit: int) -> list[Change]:
    """Return merges and splits, oldest first, after the change with the id ``after``."""
    position = None
    if after is not None:
        position = from_text("chg", after)
        if position is None:
            raise InvalidCursorError("after: got a text that is none, accepted is the id of a change")
    if who is None:
        return to_changes(tx, tx.list_changes(after=position, limit=limit))
    row = get_row(tx, ctx, who)
    ids = [m.id for m in members_of(tx, row.customer)]
    # Identifiers that left the customer belong to its history too.
    ids += [c.identifier for c in tx.list_changes(customers=[row.customer])]
    return to_changes(tx, tx.list_changes(identifiers=sorted(set(ids)), after=position, limit=limit))
