"""Planner statistics: copies of column values that would outlive an erasure."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, Text, text

from omnitrack.storage.sql.tables import Tables

#: Columns of text that hold words of the system and never of a person.
_NAMES = frozenset({"scheme", "basis", "source", "channel", "direction", "kind", "cause"})


def texts_of(table: Table) -> list[str]:
    """Return the names of a table's columns that hold what people said or who they are."""
    return [column.name for column in table.columns if isinstance(column.type, Text) and column.name not in _NAMES]


def keep_no_values(connection: Connection, table: Table, columns: Sequence[str]) -> None:
    """Have PostgreSQL collect no statistics of columns of text, and drop those it has.

    Every query finds its rows by a key, so the planner misses nothing. Setting a column to the type that it has drops its statistics
    without writing the table again; a statement that deletes them needs rights that few accounts have.
    """
    quote = connection.dialect.identifier_preparer
    names = [quote.quote(name) for name in columns]
    for change in ("SET STATISTICS 0", 'TYPE TEXT COLLATE "C"'):
        changes = ", ".join(f"ALTER COLUMN {name} {change}" for name in names)
        connection.exec_driver_sql(f"ALTER TABLE {quote.format_table(table)} {changes}")


def collect_again(connection: Connection, tables: Tables) -> None:
    """Have MariaDB collect again the statistics that an administrator had it keep of these tables (``ANALYZE TABLE ... PERSISTENT``)."""
    quote = connection.dialect.identifier_preparer
    ours = {table.name: table for table in tables.metadata.sorted_tables}
    kept = connection.execute(
        text("SELECT DISTINCT table_name FROM mysql.column_stats WHERE db_name = coalesce(:schema, database())"),
        {"schema": tables.schema},
    ).scalars()
    for name in [name for name in kept if name in ours]:
        connection.exec_driver_sql(f"ANALYZE TABLE {quote.format_table(ours[name])} PERSISTENT FOR ALL").close()
