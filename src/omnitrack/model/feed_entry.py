"""FeedEntry: one entry of the change feed of a store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from omnitrack.model.customer import Change
from omnitrack.values.value import Value

FeedKind = Literal["interaction", "revision", "statement", "retraction", "identity", "erasure", "case"]


@attrs.frozen(slots=True, kw_only=True)
class FeedEntry(Value):
    """One change of a store.

    Attributes:
        id: the id of the entry, ``fd_...``. It is the same each time the entry is delivered, so that a consumer can skip what it has processed. Ids sort in
            the order of the feed.
        cursor: the position after this entry, to resume from.
        at: when it happened.
        kind: ``"interaction"``, ``"revision"`` (an edit, or redacted text), ``"statement"``, ``"retraction"``, ``"identity"`` (an identifier moved to
            another customer), ``"erasure"`` (delete your copies of these customers and interactions: a person was erased, or a retention period ended)
            or ``"case"`` (a case was opened or changed).
        interaction: for ``"interaction"`` and ``"revision"``, the id of the interaction.
        customers: for an interaction or a case, the ids of its customers as known when the feed is read; for ``"identity"`` the old and the new customer; for
            ``"erasure"`` the customers who were removed.
        change: for ``"identity"``, the change.
        statement: for ``"statement"`` and ``"retraction"``, the id of the statement.
        interactions: for ``"erasure"``, the ids of the interactions that were removed.
        case: for ``"case"``, the id of the case.
    """

    id: str
    cursor: str
    at: datetime
    kind: FeedKind
    interaction: str | None = None
    customers: tuple[str, ...] = ()
    change: Change | None = None
    statement: str | None = None
    interactions: tuple[str, ...] = ()
    case: str | None = None
