"""The SQL backend: a runtime for sync callers and one for each event loop, and the transactions that run on their connections.

One function, ``_attempt``, runs a transaction for both: the connection that SQLAlchemy adapts for an async driver has the methods of
a sync one, when it is called in a greenlet.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import Connection, create_engine, exc
from sqlalchemy.engine import URL
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from omnitrack import deadlines, forks, observing
from omnitrack.errors import BackendError, ConflictError, OutcomeUnknownError, TimedOutError
from omnitrack.storage.contract import Backend, Transaction, retrying
from omnitrack.storage.sql import forking
from omnitrack.storage.sql.address import read_url
from omnitrack.storage.sql.bounds import Bound, watched
from omnitrack.storage.sql.dialect import Dialect, Fault, Options
from omnitrack.storage.sql.drivers import check_driver, without_driver
from omnitrack.storage.sql.engines import engine_arguments, listen, worker_of
from omnitrack.storage.sql.execution import PreparedQueries
from omnitrack.storage.sql.failures import refused, said, scrubbed
from omnitrack.storage.sql.runtime import (
    AsyncGate,
    AsyncLock,
    EngineRuntime,
    Unanswered,
    Unreachable,
    chain_of,
)
from omnitrack.storage.sql.schema import set_up
from omnitrack.storage.sql.sqlite import Sqlite, is_memory
from omnitrack.storage.sql.tables import STRIPES, Tables

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class SqlBackend(Backend):
    """A store in a SQL database. Made by ``from_url``; see the guide to databases for URLs and options."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "processes", "concurrent", "async", "timeout"})

    def __init__(self, url: URL, dialect: Dialect, options: Options, namespace: str | None) -> None:
        self._url = url
        self._dialect = dialect
        self._options = options
        self._namespace = namespace
        self._stripe = random.randint(1, STRIPES) if options.guard == "write" else None
        self._sync_url, self._async_url = dialect.drivers(url)
        self._limits: Options | None = options  # of connections on which work is done that is no run
        self._closed = False
        #: Of each transaction of the host's that was looked at, why it cannot write, and the statements for its dialect.
        self._hosts: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._prepared: weakref.WeakKeyDictionary[Any, PreparedQueries] = weakref.WeakKeyDictionary()
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._sync: EngineRuntime | None = None
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, EngineRuntime] = weakref.WeakKeyDictionary()
        self._making = threading.Lock()
        self._inside = threading.local()

    def forked(self) -> None:
        """In a child: begin anew. Engines, connections and event loops of the parent stay in memory, and nobody touches them."""
        forks.keep(self._sync, self._async, *self._async.items())
        self._begin()

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> SqlBackend:
        """Return a backend for a URL as SQLAlchemy writes it; nothing connects yet.

        Args:
            url: ``dialect[+driver]://user:password@host:port/database?query``; the query may hold ``namespace`` and the fields of ``Options``,
                anything else in it goes to the driver.
            namespace: a schema of PostgreSQL, a database of MariaDB, a prefix of the tables' names on SQLite: see ``check_namespace``.
            options: fields of ``Options``.

        Raises:
            BackendError: the URL is malformed, the driver missing (with the ImportError as its cause), or an option unknown.
        """
        address = read_url(url, namespace, options)
        if cls is SqlBackend and isinstance(address.dialect, Sqlite):
            from omnitrack.storage.sql.sqlite_backend import InMemorySqliteBackend, SqliteBackend

            cls = InMemorySqliteBackend if is_memory(address.url) else SqliteBackend
        backend = cls(address.url, address.dialect, address.options, address.namespace)
        check_driver(backend._url, (backend._sync_url, backend._async_url), backend._dialect)
        return backend

    # -- runtimes ----------------------------------------------------------------------------------------------------------
    def _runtime(self) -> EngineRuntime:
        """Return the runtime of sync callers."""
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        if self._sync is None:
            with self._making:
                if self._sync is None:
                    forking.check_file(self._dialect.file(self._sync_url))
                    try:
                        engine = self._connected(
                            lambda: create_engine(
                                self._sync_url, **engine_arguments(self._sync_url, self._dialect, self._options)
                            )
                        )
                    except ImportError as error:
                        raise without_driver(error, self._url, self._dialect) from error
                    listen(engine, self._dialect, self._options)
                    runtime = EngineRuntime(engine, self._dialect, deadlines.BoundedLock(), time.sleep)
                    if self._dialect.forks_closed:
                        runtime.gate = forks.gate
                    self._sync = runtime
        return self._sync

    def _async_runtime(self) -> EngineRuntime | None:
        """Return the runtime of the running event loop, or None where no async driver is installed."""
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        loop = asyncio.get_running_loop()
        runtime = self._async.get(loop)
        if runtime is None and self._async_url is not None:
            url = self._async_url
            forking.check_file(self._dialect.file(url))
            try:
                engine = self._async_engine(url).sync_engine
            except ImportError:
                self._async_url = None
                return None
            listen(engine, self._dialect, self._options)
            runtime = EngineRuntime(engine, self._dialect, AsyncLock(), lambda seconds: await_(asyncio.sleep(seconds)))
            if self._dialect.forks_closed:
                runtime.gate = AsyncGate()
            runtime.whole = worker_of(engine, self._dialect)
            self._async[loop] = runtime
        return runtime

    def _async_engine(self, url: URL) -> AsyncEngine:
        """Return an engine for async callers.

        Raises:
            ImportError: the driver is not installed, or greenlet, which SQLAlchemy needs for all of them.
        """
        import_module("greenlet")  # which SQLAlchemy misses only when it comes to use it
        from sqlalchemy.ext.asyncio import create_async_engine

        return self._connected(
            lambda: create_async_engine(url, **engine_arguments(url, self._dialect, self._options, asynchronous=True))
        )

    # -- the contract ---------------------------------------------------------------------------------------------------
    def setup(self) -> None:
        """Create the tables where they are missing, upgrade where older. See the contract."""
        self._administer(
            "the store could not be set up", lambda connection, tables: set_up(connection, tables, self._dialect)
        )

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` in a transaction. See the contract."""
        runtime = self._runtime()
        if getattr(self._inside, "run", False):
            raise BackendError(
                "run() was called inside a transaction; a function of a transaction touches only the transaction"
            )
        self._inside.run = True
        try:
            return self._run(runtime, fn, write, Bound.of_this_call())
        finally:
            self._inside.run = False

    async def arun(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` in a transaction over the async driver; in a thread where none is installed. See the contract."""
        runtime = self._async_runtime()
        if runtime is None:
            return await super().arun(fn, write=write)
        bound = Bound.of_this_call()
        if bound is None:
            return await greenlet_spawn(self._run, runtime, fn, write, None)
        return await bound.around(lambda: greenlet_spawn(self._run, runtime, fn, write, bound))

    def close(self) -> None:
        """Close the connections of sync callers, and let go of those of event loops, which only ``aclose`` can close properly."""
        forks.check()
        self._closed = True
        if self._sync is not None:
            self._sync.engine.dispose()
            self._sync = None
        for loop, runtime in list(self._async.items()):
            del self._async[loop]
            if not loop.is_closed():
                runtime.engine.dispose(close=False)

    async def aclose(self) -> None:
        """Close the connections of this event loop and of sync callers."""
        forks.check()
        runtime = self._async.pop(asyncio.get_running_loop(), None)
        if runtime is not None:
            await greenlet_spawn(runtime.engine.dispose)
        await super().aclose()

    def describe(self) -> Mapping[str, str | int]:
        """See the contract. The namespace is the database's and, on PostgreSQL, the schema's name; a path of SQLite is nobody's business."""
        url = self._url
        system = url.get_backend_name()
        names = [url.database, self._namespace] if system == "postgresql" else [self._namespace or url.database]
        found: dict[str, str | int | None] = {
            "db.system.name": system,
            "server.address": url.host,
            "server.port": url.port,
            "db.namespace": None if system == "sqlite" else "|".join(name for name in names if name) or None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def joined(self, transaction: object, first: Callable[[Transaction], object]) -> Backend:
        """See the contract: a transaction of a Session, a Connection, an AsyncSession or an AsyncConnection of SQLAlchemy."""
        from omnitrack.storage.sql.joining import Host, JoinedBackend

        return JoinedBackend(self, Host(transaction), first)

    def reclaim(self) -> None:
        """See the contract, and the guide to databases for what remains on each engine."""
        self._administer("space could not be reclaimed", self._dialect.reclaim)

    def _administered_by(self) -> EngineRuntime:
        """Return the runtime on which work is done that is not a transaction."""
        return self._runtime()

    def _to_administer(self, runtime: EngineRuntime) -> Connection:
        """Return a connection for such work, on which each statement commits by itself."""
        return runtime.engine.connect()

    # -- what is not a transaction --------------------------------------------------------------------------------------
    def _administer(self, failed: str, work: Callable[[Connection, Tables], None]) -> None:
        """Do some work on a connection of its own, again where others were in the way."""

        def on(connection: Connection) -> None:
            with watched(self._dialect, connection, self._limits):
                work(connection, self._dialect.tables(connection.dialect, self._namespace))

        def attempt() -> None:
            try:
                runtime = self._administered_by()
            except BackendError as error:
                if self._async_url is None or not isinstance(error.__cause__, ImportError):
                    raise
                asyncio.run(self._administer_async(on))
                return
            with runtime.gate, self._connected(lambda: self._to_administer(runtime)) as connection:
                on(connection)

        def again(error: Exception) -> bool:
            cause = getattr(error, "orig", None)
            return cause is not None and self._dialect.fault(cause) is not Fault.FAILED

        try:
            retrying(attempt, again)
        except (ConflictError, exc.SQLAlchemyError, OSError) as error:
            cause = chain_of(error)[-1]
            if isinstance(error, TimedOutError) or deadlines.is_over():
                raise TimedOutError("unknown") from self._passed_on(cause)
            words = said(cause, self._url.password)
            raise BackendError(f"{failed}: {words}{self._dialect.missing(self._sync_url)}") from self._passed_on(cause)

    async def _administer_async(self, on: Callable[[Connection], None]) -> None:
        """The same where only the driver of async callers is installed, in a loop and on an engine for this once."""
        assert self._async_url is not None
        engine = self._async_engine(self._async_url)
        listen(engine.sync_engine, self._dialect, self._options)
        try:
            connection = engine.connect()
            try:
                await connection.start()
            except (TypeError, ValueError) as error:
                raise BackendError(refused(error)) from scrubbed(error)
            try:
                await connection.run_sync(on)
            finally:
                await connection.close()
        finally:
            await engine.dispose()

    # -- running --------------------------------------------------------------------------------------------------------
    def _run(self, runtime: EngineRuntime, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        unanswered: list[Unanswered] = []

        def again(error: Exception) -> bool:
            if isinstance(error, Unanswered):
                unanswered.append(error)
                observing.tell("storage", logging.WARNING, "a commit was not answered", {"attempt": len(unanswered)})
                return (
                    len(unanswered) < 2
                )  # once more is safe, since ids are made outside; twice is for the caller to say
            return runtime.again(error)

        try:
            if write and self._dialect.one_writer:
                with runtime.lock:
                    return retrying(lambda: self._attempt(runtime, fn, write, bound), again, sleep=runtime.sleep)
            return retrying(lambda: self._attempt(runtime, fn, write, bound), again, sleep=runtime.sleep)
        except runtime.raised as error:
            chain = chain_of(error)
            if bound is not None and any(bound.is_cause(runtime, one) for one in chain):
                late = bound.error()
                if chain[-1] is error and isinstance(error, TimedOutError):
                    raise late from None
                raise late from self._passed_on(chain[-1])
            if unanswered:
                cause = chain_of(unanswered[0])[-1]
                raise OutcomeUnknownError(
                    f"the connection broke during the commit, which may have happened: {said(cause, self._url.password)}"
                ) from self._passed_on(cause)
            cause = chain[-1]
            if isinstance(error, ConflictError) and not any(map(runtime.lost, chain)):
                if cause is error:
                    raise
                raise ConflictError(str(error)) from self._passed_on(cause)
            raise BackendError(f"the store failed: {said(cause, self._url.password)}") from self._passed_on(cause)

    @staticmethod
    def _connected(connect: Callable[[], T]) -> T:
        """Connect; a driver that is given an option which it does not know, or cannot read, raises what Python does."""
        try:
            return connect()
        except (TypeError, ValueError) as error:
            raise BackendError(refused(error)) from scrubbed(error)

    def _passed_on(self, error: BaseException) -> BaseException:
        """Return what becomes the cause of an error of ours: the driver's error, without the values that it may quote."""
        return scrubbed(error, self._url.password)

    def _attempt(self, runtime: EngineRuntime, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        with runtime.gate:
            return self._transact(runtime, fn, write, bound)

    def _transact(self, runtime: EngineRuntime, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        dialect = self._dialect
        if bound is not None:
            deadlines.check()
        try:
            connection: Any = self._connected(runtime.engine.raw_connection)
        except runtime.unconnected as error:
            raise Unreachable from error
        cursor = None
        committing = False
        try:
            if runtime.prepared is None:
                runtime.prepared = self._prepare(runtime)
            if bound is not None:
                bound.watch(dialect, connection)
            cursor = dialect.cursor(connection)
            dialect.begin(connection, cursor, self._options, write)
            result = fn(dialect.transaction(connection, cursor, runtime.prepared, write))
            if runtime.pid != os.getpid():
                raise BackendError("the process was forked inside a transaction, which is its parent's to end")
            if bound is not None:
                bound.commit(write, dialect)
            committing = write
            dialect.commit(connection, cursor)
        except BaseException as error:
            if bound is not None:
                bound.failed(runtime, connection, error)
            self._abandon(runtime, connection, cursor, error)
            if committing and (runtime.lost(error) or dialect.timed_out(error)):
                raise Unanswered from error
            raise
        ended = bound is not None and bound.answered()
        try:
            runtime.whole(cursor.close)  # which an async driver waits for
        except BaseException:
            self._drop(runtime, connection)
            raise
        if ended or self._closed:
            self._drop(runtime, connection)  # it was ended as the answer came, or its pool has been emptied
        else:
            connection.close()
        return result

    def _prepare(self, runtime: EngineRuntime) -> PreparedQueries:
        return PreparedQueries(
            runtime.engine.dialect, self._dialect.tables(runtime.engine.dialect, self._namespace), self._stripe
        )

    def _abandon(self, runtime: EngineRuntime, connection: Any, cursor: Any, error: BaseException) -> None:
        """Roll back; or drop the connection where it is gone, or was left in the middle of an answer (a task was cancelled)."""
        if runtime.pid != os.getpid():
            forks.keep(connection, cursor)
            return
        try:
            if runtime.lost(error):
                observing.tell("storage", logging.WARNING, "a connection was lost", {"error": type(error).__name__})
                observing.count("connections lost", 1)
                # What was connected before may have gone down with it, and is connected again when it is next needed.
                runtime.engine.pool._invalidate(connection, _checkin=False)
                self._dialect.sever(connection)
            elif isinstance(error, Exception) or self._dialect.one_writer:
                runtime.whole(lambda: self._undo(connection, cursor))
                if not self._closed:
                    connection.close()
                    return
        except Exception:
            pass
        except BaseException:  # cancelled once more
            self._drop(runtime, connection)
            raise
        self._drop(runtime, connection)

    def _undo(self, connection: Any, cursor: Any) -> None:
        self._dialect.rollback(connection, cursor)
        if self._dialect.one_writer and cursor is not None:
            cursor.close()  # a query whose rows nobody fetched would keep the connection at its snapshot

    def _drop(self, runtime: EngineRuntime, connection: Any) -> None:
        """Close a connection and give its place in the pool back, also where the task is cancelled meanwhile."""
        try:
            runtime.whole(connection.invalidate)
        finally:
            connection.close()
