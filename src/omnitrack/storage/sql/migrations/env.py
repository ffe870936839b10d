"""Where Alembic runs the migrations: on the connection and the namespace that ``schema.upgrade`` gives it."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
tables = attributes["tables"]
context.configure(
    connection=attributes["connection"],
    target_metadata=tables.metadata,
    version_table=tables.version.name,
    version_table_schema=tables.schema,
    include_schemas=tables.schema is not None,
)
# The caller has begun a transaction and commits it.
context.run_migrations(tables=tables)
