"""FeedEntry: one thing that happened to a store, as its feed tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from omnitrack.model.customer import Change
from omnitrack.values.value import Value

FeedKind = Literal["interaction", "revision", "statement", "retraction", "identity", "erasure"]


@attrs.frozen(slots=True, kw_only=True)
class FeedEntry(Value):
    """One thing that happened to a store.

    Attributes:
        id: the same each time that it is delivered, ``fd_...``: what was done for it before need not be done again. Ids are in the order of the feed.
        cursor: where to go on after it.
        kind: ``"interaction"`` and ``"revision"`` (an edit, or texts redacted), ``"statement"`` and ``"retraction"``, ``"identity"`` (an identifier went to
            another customer), ``"erasure"`` (what was kept of these customers and interactions is to go: a person was erased, or a time is over).
        interaction: its id, of ``"interaction"`` and ``"revision"``.
        customers: whose it is as it is read, of an interaction; of ``"identity"`` the old and the new one; of ``"erasure"`` those who are gone.
        change: of ``"identity"``.
        statement: its id, of ``"statement"`` and ``"retraction"``.
        interactions: ids of those that are gone, of ``"erasure"``.
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
