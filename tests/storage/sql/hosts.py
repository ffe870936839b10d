"""A host for tests: an application with a table of its own in the database of a store."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import attrs
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, func, select

import omnitrack
import servers

AT = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


@attrs.frozen
class Host:
    """Its engine, its table, and the tracker that it opened on the same database."""

    store: servers.Store
    engine: Engine
    orders: Table
    tracker: omnitrack.Tracker

    def order(self, connection: Any, number: int) -> None:
        """Write a row of the host's."""
        connection.execute(self.orders.insert().values(number=number))

    def counts(self) -> tuple[int, int]:
        """Return how many orders and interactions others see."""
        with self.engine.connect() as connection:
            orders = connection.execute(select(func.count()).select_from(self.orders)).scalar_one()
        return orders, len(list(self.tracker.interactions()))

    def close(self) -> None:
        self.tracker.close()
        self.orders.metadata.drop_all(self.engine)
        self.engine.dispose()


def host_of(store: servers.Store, **options: Any) -> Host:
    """Return a host on an empty place for a store, or on one that another process uses."""
    tracker = omnitrack.open(store.url, namespace=store.namespace, region="GB")
    engine = create_engine(store.url, **options)
    orders = Table("orders", MetaData(schema=store.namespace), Column("number", Integer, primary_key=True))
    orders.metadata.create_all(engine)
    return Host(store, engine, orders, tracker)


def contact(number: int, *people: str) -> dict[str, Any]:
    """Return what record() takes of a contact."""
    return {
        "channel": "web",
        "occurred_at": AT,
        "customer": list(people) or [f"email:p{number}@example.org", f"crm:{number}"],
        "source": "shop",
        "source_id": str(number),
    }
