"""Taking part in a transaction of the host's: functions of a transaction on its connection, which it commits or rolls back.

A function that writes has a savepoint of its own, so that one which fails leaves nothing behind, and the host may go on. Where not even that can be undone (the
engine has ended the transaction, the connection is gone) the connection is invalidated, and the host cannot commit half of what it meant to.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import Connection, exc
from sqlalchemy.util.concurrency import greenlet_spawn

from omnitrack import deadlines, forks
from omnitrack.errors import BackendError, ConflictError, HostTransactionError, TimedOutError
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.storage.sql.address import dialect_of
from omnitrack.storage.sql.bounds import watch
from omnitrack.storage.sql.dialect import Fault
from omnitrack.storage.sql.execution import PreparedQueries
from omnitrack.storage.sql.failures import driver_error, said, scrubbed

if TYPE_CHECKING:
    from omnitrack.storage.sql.backend import SqlBackend

T = TypeVar("T")

ACCEPTED = (
    "accepted are a Session or a Connection of SQLAlchemy, and in an AsyncTracker an AsyncSession or an AsyncConnection"
)


class Host:
    """The session or connection that was given, and whether its calls are awaited.

    Raises:
        HostTransactionError: it is neither.
    """

    def __init__(self, given: object) -> None:
        orm, asyncio_ = sys.modules.get("sqlalchemy.orm"), sys.modules.get("sqlalchemy.ext.asyncio")
        if orm is not None and isinstance(given, orm.scoped_session):
            given = given()
        if asyncio_ is not None and isinstance(given, asyncio_.async_scoped_session):
            given = given()
        self.asynchronous = asyncio_ is not None and isinstance(
            given, (asyncio_.AsyncSession, asyncio_.AsyncConnection)
        )
        self._kind = type(given).__name__
        if self.asynchronous:
            session = getattr(given, "sync_session", None)
            given = session if session is not None else getattr(given, "sync_connection", None)
            if given is None:
                raise HostTransactionError(
                    "transaction: got an AsyncConnection that was not started, accepted is one that was"
                )
        if orm is not None and isinstance(given, orm.Session):
            self._connection: Callable[[], Connection] = given.connection
        elif isinstance(given, Connection):
            self._connection = lambda: given
        else:
            raise HostTransactionError(f"transaction: got {type(given).__name__}, {ACCEPTED}")

    def connection(self) -> Connection:
        """Return the connection, in a transaction."""
        try:
            connection = self._connection()
            if not connection.in_transaction():
                connection.exec_driver_sql("SELECT 1").close()  # begins one, where the host begins none by name
        except (exc.SQLAlchemyError, OSError) as error:
            raise HostTransactionError(
                f"transaction: the {self._kind} gives no connection: {said(error)}"
            ) from scrubbed(error)
        return connection

    def check_kind(self, asynchronous: bool) -> None:
        """Raise unless it is of the kind that the caller waits for.

        Raises:
            HostTransactionError: it is of the other.
        """
        if asynchronous != self.asynchronous:
            raise HostTransactionError(f"transaction: got {self._kind}, {ACCEPTED}")


class JoinedBackend(Backend):
    """The store, in a transaction of the host's. Made by ``SqlBackend.joined``.

    Args:
        backend: of the store.
        host: whose transactions these are part of.
        first: called in each of them before anything else.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, backend: SqlBackend, host: Host, first: Callable[[Transaction], object]) -> None:
        self._backend = backend
        self._dialect = backend._dialect
        self._host = host
        self._first = first

    def describe(self) -> Mapping[str, str | int]:
        """See the contract."""
        return self._backend.describe()

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> JoinedBackend:
        """Refuse: what has a URL is not the host's.

        Raises:
            BackendError: always.
        """
        raise BackendError("a transaction of the host's has no URL; it is joined by an open backend")

    def setup(self) -> None:
        """Do nothing: the store is open."""

    def close(self) -> None:
        """Do nothing: the connection is the host's."""

    async def aclose(self) -> None:
        """Do nothing: the connection is the host's."""

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run a function once, in the transaction of the host's.

        Raises:
            ConflictError: another transaction was in the way.
            HostTransactionError: the transaction cannot hold what the function does.
        """
        self._host.check_kind(asynchronous=False)
        return self._run(fn, write)

    async def arun(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """See ``run``."""
        self._host.check_kind(asynchronous=True)
        return await greenlet_spawn(self._run, fn, write)

    def _run(self, fn: Callable[[Transaction], T], write: bool) -> T:
        forks.check()
        deadlines.check()
        connection = self._host.connection()
        root = connection.get_transaction()
        unfit = self._backend._hosts.get(root)
        if unfit is None:
            unfit = self._look_at(connection)
            self._backend._hosts[root] = unfit
        if write and unfit:
            raise HostTransactionError(unfit)
        return self._call(connection, fn, write, savepoint=write)

    def _look_at(self, connection: Connection) -> str:
        """See that a connection is to the store; return why its transaction cannot write, "" where it can.

        Raises:
            HostTransactionError: it is to another database.
        """
        url, dialect = connection.engine.url, self._dialect
        driver = connection.dialect.driver
        drivers = sorted({name for name in (dialect.driver, dialect.async_driver, dialect.both()) if name})
        if type(dialect_of(url)) is not type(dialect) or driver not in drivers:
            raise HostTransactionError(
                f"transaction: got one of {connection.dialect.name} over {driver}, "
                f"accepted is one of the store's engine, over {' or '.join(drivers)}"
            )
        try:
            unfit = dialect.unfit(connection, self._backend._url)
            self._call(connection, self._first, write=False, savepoint=not unfit)
        except (BackendError, exc.SQLAlchemyError) as error:
            if isinstance(error, HostTransactionError):
                raise
            cause = driver_error(error.__cause__ or error)
            raise HostTransactionError(
                f"transaction: the store was not found on its connection, accepted is one to the database of the store: {said(cause)}"
            ) from scrubbed(cause)
        return unfit

    def _call(self, connection: Connection, fn: Callable[[Transaction], T], write: bool, savepoint: bool) -> T:
        until, errors = deadlines.until(), (connection.dialect.loaded_dbapi.Error, exc.SQLAlchemyError)
        pooled = connection.connection
        watching = None if until is None else watch(self._dialect, pooled.driver_connection, until)
        try:
            return self._inside(connection, pooled, fn, write, savepoint)
        except errors as error:
            cause = driver_error(error)
            if deadlines.is_over():
                raise TimedOutError("nothing written") from scrubbed(cause)
            if self._dialect.fault(cause) is Fault.CONFLICT:
                raise _in_the_way() from scrubbed(cause)
            raise BackendError(f"the store failed: {said(cause)}") from scrubbed(cause)
        except ConflictError as error:
            raise _in_the_way() from error
        finally:
            if watching is not None:
                watching.end()

    def _inside(
        self, connection: Connection, pooled: Any, fn: Callable[[Transaction], T], write: bool, savepoint: bool
    ) -> T:
        dialect = self._dialect
        cursor = dialect.cursor(pooled)
        nested = None
        try:
            dialect.take_part(pooled, cursor, prepared_for(self._backend, connection).tables, write)
            nested = connection.begin_nested() if savepoint else None
            result = fn(dialect.transaction(pooled, cursor, prepared_for(self._backend, connection), write))
            if nested is not None:
                nested.commit()
            return result
        except Exception:
            if nested is not None and not _undone(nested):
                _ended(connection)
            raise
        except BaseException:  # left in the middle of an answer
            _ended(connection)
            raise
        finally:
            if not connection.invalidated:
                cursor.close()


def prepared_for(backend: SqlBackend, connection: Connection) -> PreparedQueries:
    """Return the statements for a connection of an engine that is not the backend's own."""
    given = connection.dialect
    prepared = backend._prepared.get(given)
    if prepared is None:
        dialect = copy.copy(given)
        style = backend._dialect.engine_arguments(connection.engine.url, backend._options).get("paramstyle")
        if style is not None and style != dialect.paramstyle:
            dialect.paramstyle, dialect.positional = style, True
            dialect.identifier_preparer = dialect.preparer(dialect)  # which doubles per cent signs for some styles
        tables = backend._dialect.tables(dialect, backend._namespace)
        prepared = backend._prepared[given] = PreparedQueries(dialect, tables, backend._stripe)
    return prepared


def _in_the_way() -> ConflictError:
    return ConflictError("another transaction was in the way; roll this one back, and repeat it whole")


def _undone(nested: Any) -> bool:
    try:
        nested.rollback()
    except Exception:
        return False
    return True


def _ended(connection: Connection) -> None:
    """Have SQLAlchemy refuse whatever the host does next but roll back."""
    try:
        connection.invalidate()
    except Exception:
        pass  # it is gone already
