"""Updates: an interaction that is already stored and arrives with a later time of its last change becomes a revision."""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from omnitrack.foundation.ids import to_us
from omnitrack.model import Interaction
from omnitrack.storage.contract import InteractionRow, Transaction

#: Key in the ``extra`` of an interaction: the source's time of the last change before recording, in microseconds since 1970.
CHANGED = "changed"
_NEVER = 2**62  # after every time that a source can give


@attrs.frozen(slots=True)
class Update:
    """An interaction that was already stored when it arrived.

    Attributes:
        id: the id under which it is stored.
        item: the interaction as it arrived.
        at: the time of the source's last change, in microseconds since 1970.
    """

    id: bytes
    item: Interaction
    at: int


def find_updates(items: Sequence[Interaction], duplicates: Sequence[bytes | None]) -> list[Update]:
    """Return the interactions of a batch that were stored before and give the time of their last change, sorted by that.

    Args:
        items: the interactions.
        duplicates: for each, the id under which it was stored, or None.
    """
    found = [
        Update(there, item, to_us(item.revised_at))
        for item, there in zip(items, duplicates, strict=True)
        if there is not None and item.revised_at is not None
    ]
    return sorted((one for one in found if one.at > 0), key=lambda one: one.at)


def changed_since(tx: Transaction, updates: Sequence[Update]) -> list[Update]:
    """Return the updates that changed after recording; the others are unchanged, or older than what is stored."""
    rows = tx.find_interactions(ids=sorted({one.id for one in updates}))
    recorded = {row.id: _changed(row) for row in rows if row.revision == 0}
    return [one for one in updates if one.id in recorded and one.at > recorded[one.id]]


def settled(row: InteractionRow) -> InteractionRow:
    """Return an interaction marked so that no later arrival revises it."""
    return row._replace(extra=json.dumps({**json.loads(row.extra or "{}"), CHANGED: _NEVER}, ensure_ascii=False))


def _changed(row: InteractionRow) -> int:
    if row.extra is None or CHANGED not in row.extra:
        return 0
    changed: int = json.loads(row.extra).get(CHANGED, 0)
    return changed
