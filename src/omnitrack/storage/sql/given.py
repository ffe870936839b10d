"""A store on an engine that the host made: its pool, its credentials, its listeners. The host disposes of it.

Each transaction is one of SQLAlchemy's own, at the isolation level that it needs, which the connection loses when it goes back to the pool. What
connections of ours have from the start is set here for the length of a transaction.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import Connection, Engine, exc
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from omnitrack import deadlines, forks
from omnitrack.errors import BackendError, HostTransactionError, plain_repr
from omnitrack.storage.contract import Transaction, check_namespace
from omnitrack.storage.sql.address import dialect_of
from omnitrack.storage.sql.backend import SqlBackend
from omnitrack.storage.sql.bounds import Bound
from omnitrack.storage.sql.dialect import Dialect, Options
from omnitrack.storage.sql.failures import driver_error
from omnitrack.storage.sql.joining import prepared_for
from omnitrack.storage.sql.runtime import AsyncLock, EngineRuntime, Unanswered, Unreachable
from omnitrack.storage.sql.sqlite import Sqlite, is_memory
from omnitrack.storage.sql.tables import Tables

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class EngineBackend(SqlBackend):
    """A store on an engine of the host's. Made by ``from_engine``.

    Args:
        engine: whose pool it takes connections from.
        asynchronous: they are for callers of an event loop.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "concurrent", "timeout"})

    def __init__(
        self, engine: Engine, asynchronous: bool, dialect: Dialect, options: Options, namespace: str | None
    ) -> None:
        super().__init__(engine.url, dialect, options, namespace)
        self._engine = engine
        self._limits = None
        self._asynchronous = asynchronous
        self._looked_at = False  # whether what the engine's transactions are like was

    @classmethod
    def from_engine(
        cls, engine: Engine | AsyncEngine, *, namespace: str | None = None, **options: Any
    ) -> EngineBackend:
        """Return a backend on an engine.

        Args:
            engine: an Engine, or an AsyncEngine, which only callers of its event loop can use.
            namespace: of the tables; None for the default one.
            options: ``guard`` of ``Options``; what else there is, the engine was made with.

        Raises:
            BackendError: its database is in memory, an option is unknown, or its driver is none that is known.
        """
        namespace = check_namespace(namespace)
        asynchronous = not isinstance(engine, Engine)
        sync = engine if isinstance(engine, Engine) else engine.sync_engine
        if unknown := options.keys() - {"guard"}:
            raise BackendError(
                f"unknown options of an engine's store: {', '.join(sorted(unknown))}; accepted are guard, namespace"
            )
        dialect = dialect_of(sync.url)
        drivers = {name for name in (dialect.driver, dialect.async_driver, dialect.both()) if name}
        if sync.dialect.driver not in drivers:
            raise BackendError(
                f"engine: got {plain_repr(sync.url.drivername)}, accepted is one over {' or '.join(sorted(drivers)) or 'SQLite, PostgreSQL or MariaDB'}"
            )
        if isinstance(dialect, Sqlite):
            if is_memory(sync.url) or dialect.file(sync.url) is None:
                raise BackendError("engine: got a database in memory, accepted is one in a file, or on a server")
            cls = SqliteEngineBackend
        return cls(sync, asynchronous, dialect, Options(**options), namespace)

    # -- runtimes ---------------------------------------------------------------------------------------------------------
    def _runtime(self) -> EngineRuntime:
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        if self._asynchronous:
            raise BackendError("engine: got an AsyncEngine, accepted is an Engine; open_async() takes the other")
        with self._making:
            if self._sync is None:
                self._sync = EngineRuntime(self._engine, self._dialect, deadlines.BoundedLock(), time.sleep)
        return self._sync

    def _async_runtime(self) -> EngineRuntime | None:
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        if not self._asynchronous:
            return None
        loop = asyncio.get_running_loop()
        runtime = self._async.get(loop)
        if runtime is None:
            runtime = EngineRuntime(
                self._engine, self._dialect, AsyncLock(), lambda seconds: await_(asyncio.sleep(seconds))
            )
            self._async[loop] = runtime
        return runtime

    # -- the contract -----------------------------------------------------------------------------------------------------
    async def asetup(self) -> None:
        """See the contract; an AsyncEngine is used in its event loop."""
        await (greenlet_spawn(self.setup) if self._asynchronous else super().asetup())

    async def areclaim(self) -> None:
        """See the contract."""
        await (greenlet_spawn(self.reclaim) if self._asynchronous else super().areclaim())

    def close(self) -> None:
        """Let go of the engine, which is the host's."""
        self._closed = True
        self._sync = None
        self._async.clear()

    async def aclose(self) -> None:
        """See ``close``."""
        self.close()

    # -- running ----------------------------------------------------------------------------------------------------------
    def _administered_by(self) -> EngineRuntime:
        try:
            runtime = self._async_runtime() if self._asynchronous else self._runtime()
        except RuntimeError:  # there is no event loop
            runtime = self._runtime()
        assert runtime is not None
        return runtime

    def _to_administer(self, runtime: EngineRuntime) -> Connection:
        return runtime.engine.execution_options(isolation_level="AUTOCOMMIT").connect()

    def _transact(self, runtime: EngineRuntime, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        if bound is not None:
            deadlines.check()
        unconnected: tuple[type[Exception], ...] = (exc.DBAPIError, *runtime.unconnected)
        try:
            connection = runtime.engine.connect()
        except unconnected as error:
            raise Unreachable from driver_error(error)
        pooled, committing = connection.connection, False
        try:
            if bound is not None:
                bound.watch(self._dialect, pooled)
            result = self._within(runtime, connection, fn, write)
            if bound is not None:
                bound.commit(write, self._dialect)
            committing = write
            connection.commit()
        except BaseException as error:
            cause = driver_error(error)
            if bound is not None:
                bound.failed(runtime, pooled, cause)
            gone = runtime.lost(cause)
            self._give_back(connection, broken=gone or not isinstance(error, Exception))
            if committing and (gone or self._dialect.timed_out(cause)):
                raise Unanswered from cause
            raise cause  # noqa: B904 (it is the same, or that of the driver)
        ended = bound is not None and bound.answered()
        self._give_back(connection, broken=ended)
        return result

    def _within(self, runtime: EngineRuntime, connection: Connection, fn: Callable[[Transaction], T], write: bool) -> T:
        """Begin, and call the function."""
        level = self._dialect.levels.get(write)
        if level is not None:
            connection.execution_options(isolation_level=level)
        connection.begin()
        if write and not self._looked_at:
            if unfit := self._dialect.unfit(connection, self._url):
                raise HostTransactionError(unfit)
            self._looked_at = True
        prepared = prepared_for(self, connection)
        self._dialect.settle(connection)
        pooled = connection.connection
        cursor = self._dialect.cursor(pooled)
        try:
            self._dialect.take_part(pooled, cursor, prepared.tables, write)
            return fn(self._dialect.transaction(pooled, cursor, prepared, write))
        finally:
            if not connection.invalidated:
                cursor.close()

    @staticmethod
    def _give_back(connection: Connection, broken: bool) -> None:
        try:
            if broken:
                connection.invalidate()
            connection.close()  # which rolls back what was not committed
        except Exception:
            pass  # it is of no use to anybody any more, as the pool will find


class SqliteEngineBackend(EngineBackend):
    """A store in a file of SQLite, on an engine of the host's."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "timeout"})

    def setup(self) -> None:
        """See the contract. The log that lets others read beside a writer is the file's."""

        def keep_log(connection: Connection, tables: Tables) -> None:
            cursor = connection.connection.cursor()  # SQLAlchemy would begin a transaction, in which this cannot be
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.close()

        self._administer("the store could not be set up", keep_log)
        super().setup()
