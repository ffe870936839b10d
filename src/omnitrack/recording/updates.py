"""Updates: an interaction that is already stored and arrives with a later time of its last change becomes a revision."""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from omnitrack.foundation.ids import to_us
from omnitrack.model import Interaction
from omnitrack.storage.contract import InteractionRow, Transaction

#: Key in the ``extra`` of an interaction: when the source had changed it last as it was recorded, microseconds since 1970.
CHANGED = "changed"
_NEVER = 2**62  # after every time that a source can say


@attrs.frozen(slots=True)
class Update:
    """An interaction that was there already when it came.

    Attributes:
        id: under which it is stored.
        at: when the source changed it last, microseconds since 1970.
    """

    id: bytes
    item: Interaction
    at: int


def find_updates(items: Sequence[Interaction], duplicates: Sequence[bytes | None]) -> list[Update]:
    """Return those of a batch that were there already and say when they were changed, by that time.

    Args:
        duplicates: of each the id under which it was there, or None.
    """
    found = [
        Update(there, item, to_us(item.revised_at))
        for item, there in zip(items, duplicates, strict=True)
        if there is not None and item.revised_at is not None
    ]
    return sorted((one for one in found if one.at > 0), key=lambda one: one.at)


def changed_since(tx: Transaction, updates: Sequence[Update]) -> list[Update]:
    """Return those that were changed after they were recorded: the rest brings nothing, or is older than what is stored."""
    rows = tx.find_interactions(ids=sorted({one.id for one in updates}))
    recorded = {row.id: _changed(row) for row in rows if row.revision == 0}
    return [one for one in updates if one.id in recorded and one.at > recorded[one.id]]


def settled(row: InteractionRow) -> InteractionRow:
    """Return an interaction that no later arrival revises any more."""
    return row._replace(extra=json.dumps({**json.loads(row.extra or "{}"), CHANGED: _NEVER}, ensure_ascii=False))


def _changed(row: InteractionRow) -> int:
    if row.extra is None or CHANGED not in row.extra:
        return 0
    changed: int = json.loads(row.extra).get(CHANGED, 0)
    return changed
