"""PostgreSQL keeps no statistics of columns that hold what people said or who they are: they would outlive an erasure."""

from __future__ import annotations

from alembic import op

from omnitrack.storage.sql.statistics import keep_no_values
from omnitrack.storage.sql.tables import Tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade(tables: Tables) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    words = ("subject", "body", "agent", "thread", "reply_to", "outcome", "via", "extra")
    keep_no_values(connection, tables.identifiers, ("value", "scope", "reason"))
    keep_no_values(connection, tables.interactions, ("source_id", "other_source_id", *words))
    keep_no_values(connection, tables.entries, ("raw",))
    keep_no_values(connection, tables.changes, ("by", "reason"))
    keep_no_values(connection, tables.records, ("key", "value"))
