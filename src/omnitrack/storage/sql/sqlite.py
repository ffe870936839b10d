"""SQLite: one file, WAL, one writer at a time, readers beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Unpack

from sqlalchemy import Connection, Table, bindparam, literal_column, select, tuple_
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine import URL
from sqlalchemy.engine import Dialect as SqlalchemyDialect
from sqlalchemy.pool import StaticPool

from omnitrack import deadlines
from omnitrack.errors import HostTransactionError
from omnitrack.storage.contract import (
    ChangeRow,
    EntryFilters,
    EntryRow,
    IdentifierChange,
    InteractionRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.sql import writes
from omnitrack.storage.sql.dialect import Dialect, Fault, Options
from omnitrack.storage.sql.forking import file_of
from omnitrack.storage.sql.queries import Built
from omnitrack.storage.sql.tables import INTERACTION_COLUMNS, Tables, make_tables
from omnitrack.storage.sql.transaction import SqlTransaction

# Primary result codes, https://sqlite.org/rescode.html
BUSY, LOCKED, INTERRUPT, PROTOCOL = 5, 6, 9, 15

# https://sqlite.org/uri.html
URI = frozenset({"cache", "immutable", "mode", "nolock", "psow", "uri", "vfs"})

STATEMENTS = 512  # prepared statements that one connection remembers


def is_memory(url: URL) -> bool:
    """Tell whether a URL names no file."""
    return not url.database or url.database == ":memory:"


class SqliteTransaction(SqlTransaction):
    """A writer has the store to itself from BEGIN IMMEDIATE on, so what it has read stays true to the commit."""

    serialised = True  # BEGIN IMMEDIATE: one writer at a time

    def _epoch(self, stripe: int, lock: bool) -> int:
        return super()._epoch(stripe, lock=False)

    def _store_interactions(self, rows: Sequence[Any], plain: bool) -> set[bytes]:
        table = self._tables.interactions
        columns = INTERACTION_COLUMNS if plain else None
        if len(rows) == 1:
            self._each(("add", table.name, columns), lambda: _insert_absent(table, columns), rows)
            return set() if self._cursor.rowcount == 1 else {rows[0][0]}
        # All at once, counting. Only where the count falls short find which, by the row numbers that were given out since.
        last = self._rows("last", lambda: (select(literal_column("max(rowid)")).select_from(table), []))[0][0] or 0
        self._each(("add", table.name, columns), lambda: _insert_absent(table, columns), rows)
        if self._cursor.rowcount == len(rows):
            return set()
        since = self._rows(
            "since",
            lambda: (select(table.c.id, table.c.revision).where(literal_column("rowid") > bindparam("last")), ["last"]),
            (last,),
        )
        added = set(map(tuple, since))
        return {row[0] for row in rows if (row[0], row[1]) not in added}

    def _store_entries(self, entries: Sequence[Any]) -> None:
        self._each("put entries", lambda: _insert_over(self._tables.entries), entries)

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        """See the contract."""
        super().update_identifiers(changes)
        table = self._tables.changes
        self._each(("add", table.name), lambda: _insert_absent(table), log)

    def _put(self, rows: list[RecordRow]) -> None:
        """Put records of distinct keys without a look first: in order of key, which touches each page of the index once."""
        rows = sorted(rows)
        self._each("set record", lambda: _set(self._tables.records), [row[:3] for row in rows if row[3] == -1])
        super()._put([row for row in rows if row[3] != -1])

    def _put_new(self, rows: list[tuple[Any, ...]]) -> None:
        table = self._tables.records
        self._each(("add", table.name), lambda: _insert_absent(table), rows)
        if self._cursor.rowcount < len(rows):
            super()._put_new(rows)  # which says which of them was there

    def list_history(
        self, *, identifiers: Sequence[bytes], **filters: Unpack[EntryFilters]
    ) -> tuple[list[EntryRow], list[InteractionRow]]:
        """See the contract: asking twice is no way here, and costs less than rows twice as wide."""
        return Transaction.list_history(self, identifiers=identifiers, **filters)

    def add_links(self, rows: Sequence[LinkRow]) -> None:
        """See the contract."""
        self._for_writing()
        self._each("add links", lambda: _insert_older(self._tables.links), rows)


def _insert_absent(table: Table, columns: int | None = None) -> Built:
    statement, names = writes.insert_rows(table, columns, insert=insert)
    assert isinstance(statement, Insert)
    return statement.on_conflict_do_nothing(), names


def _insert_over(entries: Table) -> Built:
    """Insert a row in the place of the one with its key."""
    statement, names = writes.insert_rows(entries, insert=insert)
    assert isinstance(statement, Insert)
    return statement.prefix_with("OR REPLACE"), names


def _set(records: Table) -> Built:
    """Insert a record, or set the value of the one that is there."""
    names = ["kind", "key", "value"]
    statement = insert(records).values({name: bindparam(name) for name in names} | {"version": literal_column("1")})
    return statement.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={"value": statement.excluded.value, "version": records.c.version + literal_column("1")},
    ), names


def _insert_older(links: Table) -> Built:
    """Insert a link; of two with the same key the one with the smaller (seen, evidence) stays, whole."""
    statement, names = writes.insert_rows(links, insert=insert)
    assert isinstance(statement, Insert)
    new, old = statement.excluded, links.c
    return statement.on_conflict_do_update(
        index_elements=list(writes.LINK_KEY),
        set_={name: new[name] for name in ("seen", "evidence", "score")},
        where=tuple_(new.seen, new.evidence) < tuple_(old.seen, old.evidence),
    ), names


def _in_transaction(connection: Any) -> bool:
    return bool(connection.driver_connection.in_transaction)


class Sqlite(Dialect):
    """SQLite over the sqlite3 of the standard library."""

    transaction = SqliteTransaction
    driver: ClassVar[str | None] = "pysqlite"
    async_driver: ClassVar[str | None] = "aiosqlite"
    extra = "async"
    one_writer = True
    forks_closed = True

    def engine_arguments(self, url: URL, options: Options) -> dict[str, Any]:
        """Return what create_engine() takes; in memory all share the one connection that holds the data."""
        connect = {
            "isolation_level": None,  # transactions begin where begin() says, not where the driver guesses
            "timeout": options.busy_timeout,
            "cached_statements": STATEMENTS,
            "check_same_thread": False,  # the pool gives a connection to one thread at a time
        }
        if is_memory(url):
            return {"connect_args": connect, "poolclass": StaticPool}
        return {"connect_args": connect}

    def file(self, url: URL) -> str | None:
        """See Dialect."""
        return file_of(url.database)

    def ignores(self, query: Set[str]) -> frozenset[str]:
        """Return all but what a file's own URI takes, where ``uri=true`` says that the path is one."""
        return frozenset(query - URI if "uri" in query else query)

    def missing(self, url: URL) -> str:
        """Return which folder is not there, or that the file is one."""
        if is_memory(url):
            return ""
        path = Path(url.database or "").absolute()
        if not path.parent.is_dir():
            return f"; there is no folder {str(path.parent)!r}, accepted is the path of a file in one that is there"
        return f"; {str(path)!r} is a folder, accepted is the path of a file" if path.is_dir() else ""

    def connected(self, connection: Any, options: Options) -> None:
        """Set the pragmas, which belong to a connection and not to the file."""
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {options.synchronous}")
            cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten with zeros
            # A clustered key of hashes is written all over: the two MiB that SQLite takes by itself are soon too few.
            cursor.execute(f"PRAGMA cache_size = -{options.cache_mib * 1024}")
        finally:
            cursor.close()

    def begin(self, connection: Any, cursor: Any, options: Options, write: bool) -> None:
        """Begin; a writer takes the lock at once, since one that has read before cannot wait for it."""
        self.limit(connection, cursor, options)
        cursor.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def limit(self, connection: Any, cursor: Any, options: Options) -> None:
        """See Dialect: nothing interrupts a statement while it waits for another process."""
        seconds, info = deadlines.left(), connection.info
        if seconds is not None:
            info["bounded"] = True
            cursor.execute(f"PRAGMA busy_timeout = {int(min(seconds, options.busy_timeout) * 1000)}")
        elif info.pop("bounded", False):
            cursor.execute(f"PRAGMA busy_timeout = {int(options.busy_timeout * 1000)}")

    def interrupt(self, driver: Any) -> Callable[[], object] | None:
        """See Dialect. Of an async connection the one that its thread works for."""
        interrupt: Callable[[], object] = getattr(driver, "_connection", driver).interrupt
        return interrupt

    def timed_out(self, error: BaseException) -> bool:
        """See Dialect."""
        return getattr(error, "sqlite_errorcode", None) == INTERRUPT

    def rollback(self, connection: Any, cursor: Any) -> None:
        """Undo; the driver knows whether SQLite has ended the transaction by itself, as it does when the disk is full."""
        connection.rollback()

    def fault(self, error: BaseException) -> Fault:
        """Read SQLite's result code."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is None and "closed database" in str(error):  # for a fork
            return Fault.LOST
        if code is not None and code & 0xFF in (BUSY, LOCKED, PROTOCOL):
            return Fault.CONFLICT
        return Fault.FAILED

    def unfit(self, connection: Connection, store: URL) -> str:
        """See Dialect. SQLite refuses a transaction that has read what was changed since, whenever it began."""
        files = connection.exec_driver_sql("PRAGMA database_list").fetchall()
        file = next((row[2] for row in files if row[1] == "main"), "") or ""
        if file_of(file) != file_of(store.database):
            raise HostTransactionError(
                f"transaction: got one in {file_of(file) or 'memory'!r}, accepted is one in the file of the store"
            )
        pooled = connection.connection.dbapi_connection
        assert pooled is not None
        if connection.dialect.detect_autocommit_setting(pooled) and not _in_transaction(connection.connection):
            return "isolation_level: got AUTOCOMMIT, accepted is any other"
        return ""

    def settle(self, connection: Connection) -> None:
        """See Dialect: what is deleted is overwritten with zeros, from the first transaction of a connection on."""
        info = connection.connection.info
        if "omnitrack" not in info:
            connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
            info["omnitrack"] = True

    def take_part(self, connection: Any, cursor: Any, tables: Tables, write: bool) -> None:
        """See Dialect. The driver may have left it to its first write to begin; a writer that has read before takes the lock, which it cannot wait for."""
        if not _in_transaction(connection):
            cursor.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        elif write:
            cursor.execute(
                f'UPDATE "{tables.guard.name}" SET touched = touched WHERE stripe < 0'
            )  # none; the lock all the same

    def tables(self, sqlalchemy: SqlalchemyDialect, namespace: str | None) -> Tables:
        """Return the tables of a namespace: those with its name before theirs."""
        return make_tables(prefix=f"{namespace}_" if namespace else "")

    @contextmanager
    def schema_lock(self, connection: Connection, tables: Tables) -> Iterator[None]:
        """Make all tables in one transaction that has the file to itself."""
        with connection.begin():
            if not _in_transaction(connection.connection):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield

    def reclaim(self, connection: Connection, tables: Tables) -> None:
        """Copy the write-ahead log into the file and cut it to nothing, as far as readers let go of it."""
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
