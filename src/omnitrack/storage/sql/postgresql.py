"""PostgreSQL, over psycopg (sync and async) or asyncpg: connecting, planning, beginning and ending transactions, reading errors.

Scans of whole tables and bitmaps are off. A plan that is made while a table is new and empty takes them, and stays in use while a load
fills it; every query here has an index, and every page is in the order of one. So a plan that knows no values is as good as one that does,
and statements are planned once. Of a large table that nobody has analysed the planner expects so many rows that it joins by reading the whole of it, and
compiles for that; here every join is of a page with what belongs to it, by key: joins of other kinds and compiling are off too. Connections that the server keeps prepared statements for are set so when they are made; behind a pooler, where
nothing may be left on a connection, each transaction sets it for itself.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
)
from sqlalchemy.engine import URL

from omnitrack import deadlines
from omnitrack.errors import BackendError
from omnitrack.storage.sql.asyncpg_cursor import AsyncpgCursor
from omnitrack.storage.sql.dialect import Dialect, Fault, Options, check_database, unfit_level
from omnitrack.storage.sql.postgresql_transaction import UNIQUE_VIOLATION, PostgresqlTransaction, advisory_key, sqlstate
from omnitrack.storage.sql.statistics import keep_no_values, texts_of
from omnitrack.storage.sql.tables import Tables

#: What the planner is told; see above.
PLANS = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}

QUERY_CANCELED = "57014"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONFLICTS = frozenset({"40001", "40P01", "55P03", UNIQUE_VIOLATION})
GONE = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300", "40003"})


# What asyncpg calls differently from libpq, in the query of a URL.
_LIBPQ = {"ssl": "sslmode", "timeout": "connect_timeout"}


def _renamed(url: URL, names: dict[str, str]) -> URL:
    return url.set(query={names.get(name, name): value for name, value in url.query.items()})


# What a server says for good to somebody who connects; libpq passes on the words without the SQLSTATE.
_REFUSED = re.compile(r"authentication failed|does not exist|pg_hba\.conf|permission denied|no password supplied")


def _is_gone(kind: str, said: str) -> bool:
    """Tell by name and words whether an error without a SQLSTATE comes from a connection that is not there."""
    if kind == "InterfaceError":  # also of asyncpg where a value does not fit
        return "closed" in said
    if kind == "InternalClientError":  # asyncpg, in whose middle the connection was ended
        return "cannot switch to state" in said
    return kind == "OperationalError" and not _REFUSED.search(said)


class Postgresql(Dialect):
    """PostgreSQL 15 and later."""

    transaction = PostgresqlTransaction
    driver = "psycopg"
    async_driver = "asyncpg"
    extra = "postgresql"
    passwords = frozenset({"password"})
    levels = {True: "READ COMMITTED", False: "REPEATABLE READ"}

    _begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    _begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def both(self) -> str | None:
        """See Dialect."""
        return "psycopg"

    def drivers(self, url: URL) -> tuple[URL, URL | None]:
        """See Dialect. Where no driver is named, async callers get asyncpg if it is installed, which is about twice as fast."""
        sync, asynchronous = super().drivers(url)
        assert asynchronous is not None
        if asynchronous.drivername.endswith("+asyncpg"):
            if "+" not in url.drivername and importlib.util.find_spec("asyncpg") is None:
                asynchronous = asynchronous.set(drivername=asynchronous.drivername.replace("asyncpg", "psycopg"))
            else:
                asynchronous = _renamed(asynchronous, {libpq: own for own, libpq in _LIBPQ.items()})
        return _renamed(sync, _LIBPQ), asynchronous

    def engine_arguments(self, url: URL, options: Options) -> dict[str, Any]:
        """See Dialect; transactions begin and end where this backend says."""
        connect: dict[str, Any] = {}
        if url.drivername.endswith("asyncpg"):
            if "timeout" in url.query:  # of which asyncpg wants a number
                connect["timeout"] = float(str(url.query["timeout"]))
            if not options.prepare:
                connect |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
                connect["prepared_statement_name_func"] = str  # the unnamed one
            return {"isolation_level": "AUTOCOMMIT", "connect_args": connect}
        if not options.prepare:
            connect["prepare_threshold"] = None
        return {"isolation_level": "AUTOCOMMIT", "paramstyle": "format", "connect_args": connect}

    def connected(self, connection: Any, options: Options) -> None:
        """Tell the planner for the whole session. Not at the start of it: poolers refuse to pass on what they do not know."""
        if options.prepare:
            cursor = connection.cursor()
            for name, value in PLANS.items():
                cursor.execute(f"SET {name} = {value}")
            cursor.close()

    def cursor(self, connection: Any) -> Any:
        """Return a cursor; for asyncpg, and for psycopg in a sync caller's hands, one of our own."""
        driver = connection.driver_connection
        if hasattr(driver, "copy_records_to_table"):
            return AsyncpgCursor(connection)
        if hasattr(driver, "__enter__"):
            from omnitrack.storage.sql.psycopg_cursor import PsycopgCursor

            return PsycopgCursor(driver)
        return connection.cursor()

    def begin(self, connection: Any, cursor: Any, options: Options, write: bool) -> None:
        """Begin in one round trip, or with the first statement; readers see one snapshot."""
        opening = self._begin_write if write else self._begin_read
        if not options.prepare:
            opening = "; ".join([opening, *(f"SET LOCAL {name} = {value}" for name, value in PLANS.items())])
        seconds = deadlines.left()
        if seconds is not None:
            # The second ends what the server holds for a client that it hears no more of.
            whole = max(1, math.ceil(seconds * 1000))
            opening += f"; SET LOCAL statement_timeout = {whole}"
            opening += f"; SET LOCAL idle_in_transaction_session_timeout = {whole + 1000}"
        if hasattr(cursor, "opening"):
            cursor.opening = opening
        else:
            cursor.execute(opening)

    def commit(self, connection: Any, cursor: Any) -> None:
        """Commit; a transaction in which a statement failed would only pretend to."""
        if getattr(cursor, "opening", None) is not None:
            return  # nothing was asked
        if self._said(cursor, "COMMIT") == "ROLLBACK":
            raise BackendError(
                "a statement of this transaction failed and its error was passed over; nothing was written"
            )

    def rollback(self, connection: Any, cursor: Any) -> None:
        """See Dialect."""
        if getattr(cursor, "opening", None) is None:
            self._said(cursor, "ROLLBACK")

    def _said(self, cursor: Any, text: str) -> str | None:
        """Execute a text without parameters, which may be several statements, and return the server's word for it."""
        cursor.execute(text)
        return getattr(getattr(cursor, "_cursor", cursor), "statusmessage", None)

    def sever(self, connection: Any) -> None:
        """See Dialect."""
        driver = connection.driver_connection
        if hasattr(driver, "terminate"):  # asyncpg
            driver.terminate()

    def connecting(self, dbapi: Any) -> tuple[type[Exception], ...]:
        """See Dialect; SQLAlchemy sets up types on a new connection of asyncpg and passes its errors on untranslated."""
        asyncpg = getattr(dbapi, "asyncpg", None)
        if asyncpg is None:
            return ()
        gone = (asyncpg.PostgresConnectionError, asyncpg.exceptions.OperatorInterventionError)
        return (asyncpg.InterfaceError, asyncpg.InternalClientError, *gone)

    def connect_within(
        self, sqlalchemy: Any, connect: Callable[..., Any], given: dict[str, Any], seconds: float
    ) -> Any:
        """See Dialect. libpq counts whole seconds, and never less than two."""
        if sqlalchemy.driver != "asyncpg":
            asked, whole = float(given.get("connect_timeout") or 0), max(2, math.ceil(seconds))
            given = given | {"connect_timeout": min(asked, whole) if asked > 0 else whole}
        return connect(**given)

    def timed_out(self, error: BaseException) -> bool:
        """See Dialect."""
        return sqlstate(error) == QUERY_CANCELED or type(error).__name__ == "ConnectionTimeout"

    def fault(self, error: BaseException) -> Fault:
        """Read the SQLSTATE, or without one what was said."""
        state = sqlstate(error)
        if state is None:
            return Fault.LOST if _is_gone(type(error).__name__, str(error)) else Fault.FAILED
        if state in GONE or state.startswith("08"):
            return Fault.LOST
        if state in CONFLICTS and not (state == UNIQUE_VIOLATION and "identifiers_home" in str(error)):
            return Fault.CONFLICT
        return Fault.FAILED

    def unfit(self, connection: Connection, store: URL) -> str:
        """See Dialect."""
        database = connection.exec_driver_sql("SELECT current_database()").scalar()
        check_database(database, store.database)
        pooled = connection.connection.dbapi_connection
        assert pooled is not None
        return unfit_level(connection.get_isolation_level(), connection.dialect.detect_autocommit_setting(pooled))

    def settle(self, connection: Connection) -> None:
        """See Dialect."""
        chosen = dict(PLANS)
        seconds = deadlines.left()
        if seconds is not None:
            chosen["statement_timeout"] = str(max(1, math.ceil(seconds * 1000)))
        chosen_by = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in chosen.items())
        connection.exec_driver_sql(f"SELECT {chosen_by}").close()

    def places(self, connection: Connection) -> frozenset[str]:
        """See Dialect: what the search path names, there already or not; that begins with a schema of the account's own name."""
        path = "SELECT current_user UNION SELECT unnest(current_schemas(false))"
        return frozenset(map(str, connection.exec_driver_sql(path).scalars()))

    @contextmanager
    def schema_lock(self, connection: Connection, tables: Tables) -> Iterator[None]:
        """Make schema and tables in one transaction, one process at a time."""
        connection.exec_driver_sql("BEGIN")
        try:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({advisory_key(tables, 'schema')})")
            if tables.schema is not None:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{tables.schema}"')
            yield
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")

    def created(self, connection: Connection, tables: Tables) -> None:
        """Keep no statistics of texts. CockroachDB has statistics of another kind."""
        if connection.dialect.name == "postgresql":
            for table in tables.metadata.sorted_tables:
                if texts := texts_of(table):
                    keep_no_values(connection, table, texts)

    def reclaim(self, connection: Connection, tables: Tables) -> None:
        """Vacuum the tables and collect their statistics again, where the user may; others are passed over by the server with a warning."""
        quote = connection.dialect.identifier_preparer
        for table in tables.metadata.sorted_tables:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {quote.format_table(table)}")
