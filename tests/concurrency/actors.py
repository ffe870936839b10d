"""Who acts in a search through interleavings: each by a tracker of its own, as another process would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs

from concurrency.row_locks import Actor
from omnitrack import Policy, Tracker
from omnitrack.storage.contract import Backend

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@attrs.frozen
class Actors:
    """Makes them, for trackers of one policy and contacts of one channel."""

    policy: Policy
    channel: str

    def tracker(self, backend: Backend) -> Tracker:
        """Return a tracker on a store."""
        return Tracker(backend, region="GB", policy=self.policy)

    def seen(self, number: int, *customer: Any, at: int | None = None) -> Actor:
        """Record one interaction, so many minutes after T0."""

        def act(backend: Backend) -> Any:
            return self.tracker(backend).record(
                channel=self.channel,
                occurred_at=T0 + timedelta(minutes=number if at is None else at),
                customer=customer,
                source="test",
                source_id=str(number),
                body=str(number),
            )

        return act

    def said(self, method: str, *args: Any, **options: Any) -> Actor:
        """Call a method of the tracker."""

        def act(backend: Backend) -> Any:
            return getattr(self.tracker(backend), method)(*args, **options)

        return act

    def before(self, *actors: Actor) -> Callable[[Backend], None]:
        """Have some act one after another, to fill the store."""

        def prepare(backend: Backend) -> None:
            self.tracker(backend)
            for actor in actors:
                actor(backend)

        return prepare
