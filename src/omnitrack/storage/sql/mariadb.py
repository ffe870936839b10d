"""MariaDB and MySQL on InnoDB, over PyMySQL (sync) and asyncmy (async), at READ COMMITTED.

READ COMMITTED takes no locks on the gaps between rows, so that writers of different customers do not wait for each other; strings are compared
by their bytes and not padded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, and_, func, or_
from sqlalchemy.dialects.mysql import Insert, insert
from sqlalchemy.engine import URL
from sqlalchemy.engine import Dialect as SqlalchemyDialect
from sqlalchemy.exc import DBAPIError

from omnitrack import deadlines
from omnitrack.errors import BackendError
from omnitrack.storage.contract import LinkRow, RecordRow
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.dialect import Dialect, Fault, Options, check_database, unfit_level
from omnitrack.storage.sql.queries import Built, beyond_prefix
from omnitrack.storage.sql.records import records_by_place
from omnitrack.storage.sql.statistics import collect_again
from omnitrack.storage.sql.tables import Tables, make_tables
from omnitrack.storage.sql.transaction import SqlTransaction

DUPLICATE = 1062
# https://mariadb.com/kb/en/mariadb-error-code-reference/: deadlock, lock wait timeout, record changed, no wait
CONFLICTS = frozenset({1213, 1205, 1020, 3572, DUPLICATE})
# Connection gone, killed, refused for now; node not ready (1047); error during commit (1180), of which nobody knows how it ended.
GONE = frozenset(
    {0, 1040, 1047, 1053, 1152, 1158, 1159, 1160, 1161, 1180, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 4031}
)

# A statement was ended by max_statement_time (1969), or max_execution_time of MySQL (3024).
TIMED_OUT = frozenset({1969, 3024})

# Wrong data must fail and not be cut to fit, whatever the server's default.
SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"

LOCK_WAIT = ("innodb_lock_wait_timeout",)

UPDATED = 256  # identifiers that one statement updates
UNITED = 32  # ranges of keys that one statement reads

SETUP_TIMEOUT = 60  # seconds that a process waits for another that makes the same tables


class MariadbTransaction(SqlTransaction):
    """Many rows as one INSERT; a statement that fails leaves the transaction as it was."""

    optimistic = True

    def _is_duplicate(self, error: Exception) -> bool:
        return bool(error.args) and error.args[0] == DUPLICATE

    def _union(self, branch: str, size: int) -> str:
        # Of derived tables each would be a temporary table of its own.
        return " UNION ALL ".join([f"({branch})"] * size)

    def _update_identifiers(self, rows: list[tuple[Any, ...]]) -> None:
        # A rebuild changes many at once, and each statement is a way to the server and back.
        last = {row[3]: row for row in rows}  # of two changes of one identifier
        found = sorted(last.values(), key=lambda row: row[3])
        for start in range(0, len(found), UPDATED):
            part = found[start : start + UPDATED]
            if len(part) == 1:
                super()._update_identifiers(part)
                continue
            text = self._texts.get_text(("update identifiers", len(part)), lambda part=part: self._joined(len(part)))  # type: ignore[misc]
            self._cursor.execute(text, [value for row in part for value in row])

    def _joined(self, size: int) -> str:
        """Return the statement that updates so many identifiers from a table of values."""
        table = self._texts.dialect.identifier_preparer.format_table(self._tables.identifiers)
        first = "SELECT %s AS customer, %s AS state, %s AS reason, %s AS id"
        given = " UNION ALL ".join([first, *["SELECT %s, %s, %s, %s"] * (size - 1)])
        columns = ", ".join(f"one.{name} = given.{name}" for name in ("customer", "state", "reason"))
        return f"UPDATE {table} AS one JOIN ({given}) AS given ON one.id = given.id SET {columns}"

    def _put_new(self, rows: list[tuple[Any, ...]]) -> None:
        try:
            self._insert(self._tables.records, rows)
        except Exception as error:
            if not self._is_duplicate(error):
                raise
            super()._put_new(rows)  # which says which of them was there

    def find_records_under(self, kind: str, prefixes: Mapping[str, int]) -> list[list[RecordRow]]:
        """See the contract: one statement for every ``UNITED`` prefixes."""
        ranges = [(kind, prefix, beyond_prefix(prefix), limit) for prefix, limit in prefixes.items()]
        if len(ranges) < 2 or any(upto is None for _, _, upto, _ in ranges):
            return super().find_records_under(kind, prefixes)
        found: list[list[RecordRow]] = []
        for start in range(0, len(ranges), UNITED):
            part = ranges[start : start + UNITED]
            rows = self._rows(
                ("records under", len(part)),
                lambda part=part: self._queries.records_under(len(part)),  # type: ignore[misc]
                [value for one in part for value in one],
            )
            found += records_by_place(rows, len(part))
        return found

    def _store_entries(self, entries: Sequence[Any]) -> None:
        self._each("put entries", lambda: _insert_over(self._tables.entries), entries)

    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract."""
        self._for_writing()
        # In order of key, so that two transactions wait for each other in one order.
        self._each("add links", lambda: _insert_older(self._tables.links), sorted(rows))


def _insert_over(entries: Any) -> Built:
    """Insert an entry in the place of the one with its key."""
    statement, names = writes.insert_rows(entries, insert=insert)
    assert isinstance(statement, Insert)
    return statement.on_duplicate_key_update({name: statement.inserted[name] for name in writes.ENTRY_VALUES}), names


def _insert_older(links: Any) -> Built:
    """Insert a link; of two with the same key the one with the smaller (seen, evidence) stays, whole."""
    statement, names = writes.insert_rows(links, insert=insert)
    assert isinstance(statement, Insert)
    new, old = statement.inserted, links.c
    older = or_(new.seen < old.seen, and_(new.seen == old.seen, new.evidence < old.evidence))
    # Set one after the other, each seeing those before: what the condition reads goes last.
    return statement.on_duplicate_key_update(
        [
            ("score", getattr(func, "if")(older, new.score, old.score)),
            ("evidence", getattr(func, "if")(older, new.evidence, old.evidence)),
            ("seen", func.least(new.seen, old.seen)),
        ]
    ), names


def _limits(tenths: int | None, first: bool, mariadb: bool) -> str:
    """Return the statement that limits what a session waits for and works on, or takes the limits back: what it had before is kept in the session."""
    names = [*LOCK_WAIT, *(["max_statement_time", "idle_transaction_timeout"] if mariadb else [])]
    if tenths is None:
        return "SET " + ", ".join(f"SESSION {name} = @omnitrack_{name}" for name in names)
    whole = math.ceil(tenths / 10)
    # The last ends what the server holds for a client that it hears no more of.
    most = {"innodb_lock_wait_timeout": whole, "max_statement_time": tenths / 10, "idle_transaction_timeout": whole + 1}
    parts = []
    for name in names:
        was = f"@@SESSION.{name}" if first else f"@omnitrack_{name}"
        if first:
            parts.append(f"@omnitrack_{name} = {was}")
        nearer = f"LEAST({was}, {most[name]})"
        # Of a wait for locks 0 is none at all; of the others it is no limit.
        parts.append(f"SESSION {name} = {nearer if name in LOCK_WAIT else f'IF({was} = 0, {most[name]}, {nearer})'}")
    return "SET " + ", ".join(parts)


class Mariadb(Dialect):
    """MariaDB 10.11 and later, MySQL 8."""

    transaction = MariadbTransaction
    driver = "pymysql"
    async_driver = "asyncmy"
    extra = "mariadb"
    levels = {True: "READ COMMITTED", False: "REPEATABLE READ"}
    passwords = frozenset({"passwd", "password"})

    def async_only(self) -> frozenset[str]:
        """See Dialect."""
        return frozenset({"aiomysql", "asyncmy"})

    def drivers(self, url: URL) -> tuple[URL, URL | None]:
        """See Dialect. PyMySQL looks for TLS unless told not to; the async drivers do not know the word."""
        sync, asynchronous = super().drivers(url)
        plain = url.difference_update_query(["ssl_disabled"]).query
        if str(url.query.get("ssl_disabled", "false")).lower() in ("false", "0"):
            sync = sync.set(query=plain)
        return sync, asynchronous and asynchronous.set(query=plain)

    def engine_arguments(self, url: URL, options: Options) -> dict[str, Any]:
        """See Dialect; transactions begin and end where this backend says."""
        return {"isolation_level": "AUTOCOMMIT", "paramstyle": "format", "connect_args": {"charset": "utf8mb4"}}

    def connected(self, connection: Any, options: Options) -> None:
        """Set the mode in which wrong data is refused."""
        cursor = connection.cursor()
        cursor.execute(f"SET SESSION sql_mode = '{SQL_MODE}'")
        cursor.close()

    def begin(self, connection: Any, cursor: Any, options: Options, write: bool) -> None:
        """Begin; readers see one snapshot. The level belongs to the connection and is set only where it changes."""
        level = "READ COMMITTED" if write else "REPEATABLE READ"
        if connection.info.get("level") != level:
            cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
            connection.info["level"] = level
        self.limit(connection, cursor, options)
        cursor.execute("START TRANSACTION" if write else "START TRANSACTION READ ONLY")

    def limit(self, connection: Any, cursor: Any, options: Options) -> None:
        """See Dialect. It is set only where it changes."""
        seconds, info = deadlines.left(), connection.info
        tenths = None if seconds is None else max(1, math.ceil(seconds * 10))
        if info.get("tenths") == tenths:
            return
        first = "tenths" not in info
        mariadb = "mariadb" in str(getattr(connection.driver_connection, "server_version", "")).lower()
        cursor.execute(_limits(tenths, first, mariadb))
        info["tenths"] = tenths

    def unfit(self, connection: Connection, store: URL) -> str:
        """See Dialect. What would cut data to fit, or turn characters into question marks, is no place to write to either."""
        text = "SELECT DATABASE(), @@autocommit, @@sql_mode, @@character_set_client"
        database, autocommit, mode, charset = connection.exec_driver_sql(text).one()
        check_database(database, store.database)
        unfit = unfit_level(connection.get_isolation_level(), bool(autocommit))
        if not unfit and not {"STRICT_ALL_TABLES", "STRICT_TRANS_TABLES"} & set(str(mode).split(",")):
            unfit = f"sql_mode: got {mode or 'none'}, accepted is one with STRICT_ALL_TABLES or STRICT_TRANS_TABLES"
        if not unfit and charset != "utf8mb4":
            unfit = f"charset: got {charset}, accepted is utf8mb4"
        return unfit

    def sever(self, connection: Any) -> None:
        """See Dialect."""
        driver = connection.driver_connection
        if hasattr(driver, "ensure_closed"):  # asynchronous: its close() waits for nothing
            driver.close()

    def connect_within(
        self, sqlalchemy: Any, connect: Callable[..., Any], given: dict[str, Any], seconds: float
    ) -> Any:
        """See Dialect. PyMySQL counts answers apart, those of the handshake too."""
        if sqlalchemy.driver != "pymysql":
            return connect(**given)
        asked = given.get("read_timeout")
        bounded = {"connect_timeout": min(float(given.get("connect_timeout") or 10), seconds), "read_timeout": seconds}
        connection = connect(**given | bounded)
        connection._read_timeout = asked
        return connection

    def descriptor(self, driver: Any) -> int | None:
        """See Dialect."""
        own = getattr(driver, "_sock", None)  # PyMySQL
        return super().descriptor(driver if own is None else own)

    def timed_out(self, error: BaseException) -> bool:
        """See Dialect."""
        return bool(error.args) and error.args[0] in TIMED_OUT

    def fault(self, error: BaseException) -> Fault:
        """Read the error number."""
        number = error.args[0] if error.args else None
        if number in GONE:
            return Fault.LOST
        if number in CONFLICTS and not (number == DUPLICATE and "identifiers_home" in str(error)):
            return Fault.CONFLICT
        return Fault.FAILED

    def tables(self, sqlalchemy: SqlalchemyDialect, namespace: str | None) -> Tables:
        """Return the tables of a database, with the collation that compares bytes and pads nothing."""
        mariadb = getattr(sqlalchemy, "is_mariadb", True)
        return make_tables(schema=namespace, collation="utf8mb4_nopad_bin" if mariadb else "utf8mb4_0900_bin")

    def places(self, connection: Connection) -> frozenset[str]:
        """See Dialect: the database of the URL."""
        return frozenset(filter(None, connection.exec_driver_sql("SELECT DATABASE()").scalars()))

    @contextmanager
    def schema_lock(self, connection: Connection, tables: Tables) -> Iterator[None]:
        """Make database and tables, one process at a time; each statement commits by itself on these engines."""
        name = connection.exec_driver_sql("SELECT DATABASE()").scalar() if tables.schema is None else tables.schema
        lock = f"omnitrack.{name}"[:64]
        if connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (lock, SETUP_TIMEOUT)).scalar() != 1:
            raise BackendError(f"another process has been setting up this store for {SETUP_TIMEOUT} seconds")
        try:
            if tables.schema is not None:
                connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS `{tables.schema}`")
            yield
            connection.commit()
        finally:
            connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (lock,))

    def reclaim(self, connection: Connection, tables: Tables) -> None:
        """Collect again the statistics that an administrator had the server keep. Accounts that may not see them pass."""
        if getattr(connection.dialect, "is_mariadb", True):
            with suppress(DBAPIError):
                collect_again(connection, tables)
