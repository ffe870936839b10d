"""Making a store's tables, upgrading them, refusing newer ones."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text

import servers
from omnitrack.errors import SchemaVersionError
from omnitrack.storage.sql import SqlBackend, schema
from omnitrack.storage.sql.tables import Tables
from storage.sql import processes


def opened(store: servers.Store) -> tuple[Engine, SqlBackend, Tables]:
    """Return an engine on the store's database, the backend, and the tables of its namespace."""
    backend = store.open()
    engine = create_engine(store.url)
    with engine.connect():
        return engine, backend, backend._dialect.tables(engine.dialect, store.namespace)


def shape(connection: Connection, tables: Tables) -> dict[str, Any]:
    """Return all that the engine says of the tables, under their names."""
    found: dict[str, Any] = {}
    inspector = inspect(connection)
    for table in tables.metadata.sorted_tables:
        name, schema_name = table.name, tables.schema
        found[name] = (
            [
                {key: str(value) for key, value in column.items()}
                | {"collation": getattr(column["type"], "collation", None)}
                for column in inspector.get_columns(name, schema=schema_name)
            ],
            inspector.get_pk_constraint(name, schema=schema_name)["constrained_columns"],
            sorted(map(repr, inspector.get_indexes(name, schema=schema_name))),
            {
                k: v
                for k, v in inspector.get_table_options(name, schema=schema_name).items()
                if "auto_increment" not in k
            },
        )
    found["guard"] = connection.execute(select(tables.guard).order_by(tables.guard.c.stripe)).all()
    found["version"] = connection.execute(select(tables.version)).all()
    return found


def test_migrated_tables_equal_fresh_ones(bare_store: servers.Store) -> None:
    engine, backend, tables = opened(bare_store)
    with engine.connect() as connection, backend._dialect.schema_lock(connection, tables):
        schema.upgrade(connection, tables)
    with engine.connect() as connection:
        migrated = shape(connection, tables)
        connection.rollback()
        with connection.begin():
            tables.metadata.drop_all(connection)
    backend.setup()
    with engine.connect() as connection:
        assert shape(connection, tables) == migrated
    engine.dispose()
    backend.close()


def test_what_the_tables_are_is_what_the_metadata_says(bare_store: servers.Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine, backend, tables = opened(bare_store)
    backend.setup()
    ours = {table.name for table in tables.metadata.sorted_tables}

    def include(name: str | None, type_: str, parents: Any) -> bool:
        return name == tables.schema if type_ == "schema" else type_ != "table" or name in ours

    options = {"include_schemas": tables.schema is not None, "include_name": include, "version_table": "no_such_table"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()
    backend.close()


def test_the_newest_migration_is_the_version_of_the_metadata() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(schema.MIGRATIONS)).get_current_head() == schema.HEAD


def test_a_store_of_a_newer_version_is_refused_by_name(bare_store: servers.Store) -> None:
    engine, backend, tables = opened(bare_store)
    backend.setup()
    with engine.begin() as connection:
        connection.execute(tables.version.update().values(version_num="9999"))
    with pytest.raises(SchemaVersionError, match="9999"):
        bare_store.open().setup()
    engine.dispose()
    backend.close()


def test_a_first_open_that_was_killed_half_way_is_completed(bare_store: servers.Store) -> None:
    engine, backend, tables = opened(bare_store)
    backend.setup()
    with engine.begin() as connection:
        tables.entries.drop(connection)
        connection.execute(tables.version.delete())
        connection.execute(tables.guard.delete().where(tables.guard.c.stripe > 3))
    backend.setup()
    assert backend.run(lambda tx: (tx.guard(), tx.list_entries(identifiers=[bytes(16)]))) == (0, [])
    engine.dispose()
    backend.close()


FIRST_OPEN = """
import sys
from omnitrack.storage.registry import open_backend
backend = open_backend(sys.argv[1], namespace=sys.argv[2] or None)
print("ready", flush=True)
sys.stdin.readline()
backend.setup()
print(backend.run(lambda tx: tx.guard()), flush=True)
"""


def test_several_processes_may_open_a_store_for_the_first_time_at_once(bare_store: servers.Store) -> None:
    opening = [processes.start(FIRST_OPEN, bare_store.url, bare_store.namespace) for _ in range(3)]
    for process in opening:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in opening:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=90)[0] for process in opening] == ["0\n"] * 3


def test_tables_of_others_in_the_same_place_are_left_alone(bare_store: servers.Store) -> None:
    engine, backend, tables = opened(bare_store)
    backend.setup()
    own = f"{tables.schema}.links" if tables.schema else "links"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {own} (url INTEGER)"))
        connection.execute(text(f"INSERT INTO {own} VALUES (1)"))
    backend.setup()
    with engine.begin() as connection:
        assert connection.execute(text(f"SELECT url FROM {own}")).all() == [(1,)]
    engine.dispose()
    backend.close()
