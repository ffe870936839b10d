"""The schema of a store: creates tables, upgrades older schemas, refuses newer ones.

A fresh store is made from the metadata and stamped; one of an older version goes through the migrations, which a test holds to give the same
tables. Alembic is imported only then: opening a store that is up to date costs two small queries.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select

from omnitrack import forks, observing
from omnitrack.errors import BackendError, SchemaVersionError
from omnitrack.storage.sql.dialect import Dialect
from omnitrack.storage.sql.tables import STRIPES, Tables

#: The revision that the metadata in ``tables`` is at; the newest in ``migrations/versions``.
HEAD = "0002"

MIGRATIONS = Path(__file__).with_name("migrations")

# Alembic's ``op`` is one for the process.
_alembic = threading.Lock()


def _forked() -> None:
    global _alembic
    _alembic = threading.Lock()


forks.in_child(_forked)


def set_up(connection: Connection, tables: Tables, dialect: Dialect) -> None:
    """Bring the tables of a namespace to this version; several processes may do so at once.

    Raises:
        SchemaVersionError: they are of a version that this one does not know.
        BackendError: the namespace names the place of what has none.
    """
    if tables.schema is not None and tables.schema in dialect.places(connection):
        raise BackendError(
            f"namespace: got {tables.schema!r}, which is where this account has what is in no namespace; "
            "leave the namespace out, or choose another"
        )
    if version_of(connection, tables) == HEAD:
        return
    connection.rollback()
    with dialect.schema_lock(connection, tables):
        version = version_of(connection, tables)
        if version is None:
            create(connection, tables, dialect)
            observing.tell("storage", logging.INFO, "the tables were created", {"version": HEAD})
        elif version != HEAD:
            upgrade(connection, tables, version)
            observing.tell("storage", logging.INFO, "the tables were upgraded", {"from": version, "to": HEAD})


def version_of(connection: Connection, tables: Tables) -> str | None:
    """Return the revision that the tables are at; None where they are not there, or not all."""
    if not inspect(connection).has_table(tables.version.name, schema=tables.schema):
        return None
    return connection.execute(select(tables.version.c.version_num)).scalar()


def create(connection: Connection, tables: Tables, dialect: Dialect) -> None:
    """Make what is missing (where DDL is not transactional, a killed process leaves some tables), and stamp it last."""
    tables.metadata.create_all(connection)
    dialect.created(connection, tables)
    fill(connection, tables)
    connection.execute(insert(tables.version).values(version_num=HEAD))


def fill(connection: Connection, tables: Tables) -> None:
    """Put in the rows of the guard that are missing."""
    there = set(connection.execute(select(tables.guard.c.stripe)).scalars())
    rows = [{"stripe": stripe, "epoch": 0, "touched": 0} for stripe in range(STRIPES + 1) if stripe not in there]
    if rows:
        connection.execute(insert(tables.guard), rows)


def upgrade(connection: Connection, tables: Tables, version: str | None = None, to: str = "head") -> None:
    """Run the migrations that lie between ``version`` and ``to``.

    Raises:
        SchemaVersionError: ``version`` is none of this version's migrations.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection, "tables": tables})
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    if version is not None and version not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaVersionError(
            f"this store is at schema version {version[:32]}, written by a newer omnitrack; this one knows up to {HEAD}. "
            "Upgrade omnitrack, or open a store of this version"
        )

    def steps(revision: object, context: object) -> object:
        return scripts._upgrade_revs(to, revision)  # type: ignore[arg-type]

    with _alembic, EnvironmentContext(config, scripts, fn=steps):
        scripts.run_env()
