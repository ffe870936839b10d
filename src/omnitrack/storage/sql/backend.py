"""The SQL backend: engines for sync and async callers, and the transactions that run on their connections.

One function, ``_attempt``, runs a transaction for both: the connection that SQLAlchemy adapts for an async driver has the methods of
a sync one, when it is called in a greenlet.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

import attrs
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from omnitrack import deadlines, forks
from omnitrack.errors import BackendError, ConflictError, OutcomeUnknownError, TimedOutError, told, told_url
from omnitrack.storage.contract import Backend, Transaction, check_namespace, retrying
from omnitrack.storage.sql import forking
from omnitrack.storage.sql.bounds import AsyncBoundedPool, Bound, BoundedPool, Connecting, watched
from omnitrack.storage.sql.failures import refused, said, scrubbed
from omnitrack.storage.sql.flavour import Fault, Flavour, Options, Portable
from omnitrack.storage.sql.running import Prepared
from omnitrack.storage.sql.schema import set_up
from omnitrack.storage.sql.sides import (
    AsyncGate,
    AsyncLock,
    Side,
    Unanswered,
    Unreachable,
    chain_of,
    to_the_end,
)
from omnitrack.storage.sql.sqlite import Sqlite, is_memory
from omnitrack.storage.sql.tables import STRIPES, Tables
from omnitrack.storage.urls import check_url

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

# What the extra for async callers brings, and the other extras do not.
_OF_ASYNC = frozenset({"aiosqlite", "asyncmy", "asyncpg", "greenlet"})


class SqlBackend(Backend):
    """A store in a SQL database. Made by ``from_url``; see the guide to databases for URLs and options."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "processes", "concurrent", "async", "timeout"})

    def __init__(self, url: URL, flavour: Flavour, options: Options, namespace: str | None) -> None:
        self._url = url
        self._flavour = flavour
        self._options = options
        self._namespace = namespace
        self._stripe = random.randint(1, STRIPES) if options.guard == "write" else None
        self._sync_url, self._async_url = flavour.drivers(url)
        self._closed = False
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._sync: Side | None = None
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Side] = weakref.WeakKeyDictionary()
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
        check_url(url)
        try:
            parsed = make_url(url)
        except (exc.ArgumentError, ValueError):  # which may quote what stands where a port should: part of a password
            raise BackendError(
                f"{told_url(url)} is no database URL; accepted: dialect+driver://user:password@host:port/database, "
                "with what is not a letter or digit in a password written as %xx"
            ) from None
        query = dict(parsed.query)
        for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
            if (
                not value and name != "namespace"
            ):  # SQLAlchemy passes over it, and opens the file of the name before the question mark
                raise BackendError(
                    f"option {told(name)}: got no value; accepted is name=value, and a '?' in the name of a file written as %3F"
                )
        known = {field.name for field in attrs.fields(Options)}
        given = {name: query.pop(name) for name in known & query.keys()} | options
        namespace = _one_namespace(url, namespace)
        query.pop("namespace", None)
        flavour = flavour_of(parsed)
        for name in flavour.passwords & query.keys():  # where one is in the query, it is shown wherever the URL is
            parsed = parsed.set(password=str(query.pop(name)))
        parsed = parsed.set(query=query)
        ignored = given.keys() - known | flavour.ignores(query.keys())
        if ignored:
            accepted = ", ".join(sorted(known | {"namespace"}))
            raise BackendError(
                f"unknown options of the SQL backend: {', '.join(sorted(ignored))}; accepted are {accepted}"
            )
        if cls is SqlBackend and isinstance(flavour, Sqlite):
            cls = InMemorySqliteBackend if is_memory(parsed) else SqliteBackend
        backend = cls(parsed, flavour, Options(**given), namespace)
        backend._check_driver()
        return backend

    def _check_driver(self) -> None:
        """Import the driver of sync callers, or else that of async ones, so that a missing one is said at once."""
        missing: list[ImportError] = []
        for url in (self._sync_url, self._async_url):
            try:
                if url is not None:
                    url.get_dialect().import_dbapi()
                    if url is self._async_url:
                        import_module("greenlet")
                    return
            except exc.NoSuchModuleError as error:
                raise BackendError(f"SQLAlchemy knows no dialect {told(self._url.drivername)}") from error
            except ImportError as error:
                missing.append(error)
        # Of the two the one that the URL names, where it names one.
        named = missing[-1 if self._url.drivername.partition("+")[2] in self._flavour.async_only() else 0]
        raise self._without_driver(named) from named

    def _without_driver(self, error: ImportError) -> BackendError:
        extra = "async" if error.name in _OF_ASYNC else self._flavour.extra
        brings = f'; the extra "{extra}" of omnitrack brings it' if extra else ""
        return BackendError(f"{self._url.drivername}: the driver {error.name} is not installed{brings}")

    # -- sides ----------------------------------------------------------------------------------------------------------
    def _side(self) -> Side:
        """Return the side of sync callers."""
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        if self._sync is None:
            with self._making:
                if self._sync is None:
                    forking.check_file(self._flavour.file(self._sync_url))
                    try:
                        engine = self._connected(
                            lambda: create_engine(self._sync_url, **self._arguments(self._sync_url))
                        )
                    except ImportError as error:
                        raise self._without_driver(error) from error
                    self._listen(engine)
                    side = Side(engine, self._flavour, deadlines.BoundedLock(), time.sleep)
                    if self._flavour.forks_closed:
                        side.gate = forks.gate
                    self._sync = side
        return self._sync

    def _async_side(self) -> Side | None:
        """Return the side of the running event loop, or None where no async driver is installed."""
        forks.check()
        if self._closed:
            raise BackendError("this backend was closed")
        loop = asyncio.get_running_loop()
        side = self._async.get(loop)
        if side is None and self._async_url is not None:
            url = self._async_url
            forking.check_file(self._flavour.file(url))
            try:
                engine = self._async_engine(url).sync_engine
            except ImportError:
                self._async_url = None
                return None
            self._listen(engine)
            side = Side(engine, self._flavour, AsyncLock(), lambda seconds: await_(asyncio.sleep(seconds)))
            if self._flavour.forks_closed:
                side.gate = AsyncGate()
            side.whole = self._whole(engine)
            self._async[loop] = side
        return side

    def _async_engine(self, url: URL) -> AsyncEngine:
        """Return an engine for async callers.

        Raises:
            ImportError: the driver is not installed, or greenlet, which SQLAlchemy needs for all of them.
        """
        import_module("greenlet")  # which SQLAlchemy misses only when it comes to use it
        from sqlalchemy.ext.asyncio import create_async_engine

        return self._connected(lambda: create_async_engine(url, **self._arguments(url, asynchronous=True)))

    def _arguments(self, url: URL, asynchronous: bool = False) -> dict[str, Any]:
        arguments = self._flavour.engine_arguments(url, self._options)
        if "poolclass" not in arguments:
            arguments |= {
                "poolclass": AsyncBoundedPool if asynchronous else BoundedPool,
                "pool_size": self._options.pool_size,
                "max_overflow": 0,
                "pool_timeout": self._options.pool_timeout,
                "pool_use_lifo": True,  # what idles longest may be closed by the server
            }
        # Every transaction is ended here, by name; a rollback on return would be a round trip more.
        return {"pool_reset_on_return": None, "hide_parameters": True, **arguments}

    def _whole(self, engine: Engine) -> Callable[[Callable[[], object]], object]:
        # A thread works for each async connection to a file: what that is at must be waited for.
        return to_the_end if engine.dialect.is_async and self._flavour.one_writer else lambda work: work()

    def _listen(self, engine: Engine) -> None:
        flavour, options = self._flavour, self._options
        file = flavour.file(engine.url)
        whole = self._whole(engine)
        connecting = Connecting(flavour)

        @event.listens_for(engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            forking.connected(record, file)
            whole(lambda: flavour.connected(connection, options))
            connecting.end(record)

        @event.listens_for(engine, "do_connect")
        def connect(dialect: Any, record: Any, arguments: Any, given: Any) -> Any:
            if whole is to_the_end:
                return to_the_end(lambda: dialect.loaded_dbapi.connect(*arguments, **given))
            return connecting.connect(dialect, record, partial(dialect.connect, *arguments), given)

    # -- the contract ---------------------------------------------------------------------------------------------------
    def setup(self) -> None:
        """Create the tables where they are missing, upgrade where older. See the contract."""
        self._administer(
            "the store could not be set up", lambda connection, tables: set_up(connection, tables, self._flavour)
        )

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` in a transaction. See the contract."""
        side = self._side()
        if getattr(self._inside, "run", False):
            raise BackendError(
                "run() was called inside a transaction; a function of a transaction touches only the transaction"
            )
        self._inside.run = True
        try:
            return self._run(side, fn, write, Bound.of_this_call())
        finally:
            self._inside.run = False

    async def arun(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn`` in a transaction over the async driver; in a thread where none is installed. See the contract."""
        side = self._async_side()
        if side is None:
            return await super().arun(fn, write=write)
        bound = Bound.of_this_call()
        if bound is None:
            return await greenlet_spawn(self._run, side, fn, write, None)
        return await bound.around(lambda: greenlet_spawn(self._run, side, fn, write, bound))

    def close(self) -> None:
        """Close the connections of sync callers, and let go of those of event loops, which only ``aclose`` can close properly."""
        forks.check()
        self._closed = True
        if self._sync is not None:
            self._sync.engine.dispose()
            self._sync = None
        for loop, side in list(self._async.items()):
            del self._async[loop]
            if not loop.is_closed():
                side.engine.dispose(close=False)

    async def aclose(self) -> None:
        """Close the connections of this event loop and of sync callers."""
        forks.check()
        side = self._async.pop(asyncio.get_running_loop(), None)
        if side is not None:
            await greenlet_spawn(side.engine.dispose)
        await super().aclose()

    def reclaim(self) -> None:
        """See the contract, and the guide to databases for what remains on each engine."""
        self._administer("space could not be reclaimed", self._flavour.reclaim)

    # -- what is not a transaction --------------------------------------------------------------------------------------
    def _administer(self, failed: str, work: Callable[[Connection, Tables], None]) -> None:
        """Do some work on a connection of its own, again where others were in the way."""

        def on(connection: Connection) -> None:
            with watched(self._flavour, connection, self._options):
                work(connection, self._flavour.tables(connection.dialect, self._namespace))

        def attempt() -> None:
            try:
                side = self._side()
            except BackendError as error:
                if self._async_url is None or not isinstance(error.__cause__, ImportError):
                    raise
                asyncio.run(self._administer_async(on))
                return
            with side.gate, self._connected(side.engine.connect) as connection:
                on(connection)

        def again(error: Exception) -> bool:
            cause = getattr(error, "orig", None)
            return cause is not None and self._flavour.fault(cause) is not Fault.FAILED

        try:
            retrying(attempt, again)
        except (ConflictError, exc.SQLAlchemyError, OSError) as error:
            cause = chain_of(error)[-1]
            if isinstance(error, TimedOutError) or deadlines.is_over():
                raise TimedOutError("unknown") from self._passed_on(cause)
            words = said(cause, self._url.password)
            raise BackendError(f"{failed}: {words}{self._flavour.missing(self._sync_url)}") from self._passed_on(cause)

    async def _administer_async(self, on: Callable[[Connection], None]) -> None:
        """The same where only the driver of async callers is installed, in a loop and on an engine for this once."""
        assert self._async_url is not None
        engine = self._async_engine(self._async_url)
        self._listen(engine.sync_engine)
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
    def _run(self, side: Side, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        unanswered: list[Unanswered] = []

        def again(error: Exception) -> bool:
            if isinstance(error, Unanswered):
                unanswered.append(error)
                return (
                    len(unanswered) < 2
                )  # once more is safe, since ids are made outside; twice is for the caller to say
            return side.again(error)

        try:
            if write and self._flavour.one_writer:
                with side.lock:
                    return retrying(lambda: self._attempt(side, fn, write, bound), again, sleep=side.sleep)
            return retrying(lambda: self._attempt(side, fn, write, bound), again, sleep=side.sleep)
        except side.raised as error:
            chain = chain_of(error)
            if bound is not None and any(bound.is_cause(side, one) for one in chain):
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
            if isinstance(error, ConflictError) and not any(map(side.lost, chain)):
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

    def _attempt(self, side: Side, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        with side.gate:
            return self._transact(side, fn, write, bound)

    def _transact(self, side: Side, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        flavour = self._flavour
        if bound is not None:
            deadlines.check()
        try:
            connection: Any = self._connected(side.engine.raw_connection)
        except side.unconnected as error:
            raise Unreachable from error
        cursor = None
        committing = False
        try:
            if side.prepared is None:
                side.prepared = self._prepare(side)
            if bound is not None:
                bound.watch(flavour, connection)
            cursor = flavour.cursor(connection)
            flavour.begin(connection, cursor, self._options, write)
            result = fn(flavour.transaction(connection, cursor, side.prepared, write))
            if side.pid != os.getpid():
                raise BackendError("the process was forked inside a transaction, which is its parent's to end")
            if bound is not None:
                bound.commit(write, flavour)
            committing = write
            flavour.commit(connection, cursor)
        except BaseException as error:
            if bound is not None:
                bound.failed(side, connection, error)
            self._abandon(side, connection, cursor, error)
            if committing and (side.lost(error) or flavour.timed_out(error)):
                raise Unanswered from error
            raise
        ended = bound is not None and bound.answered()
        try:
            side.whole(cursor.close)  # which an async driver waits for
        except BaseException:
            self._drop(side, connection)
            raise
        if ended or self._closed:
            self._drop(side, connection)  # it was ended as the answer came, or its pool has been emptied
        else:
            connection.close()
        return result

    def _prepare(self, side: Side) -> Prepared:
        return Prepared(side.engine.dialect, self._flavour.tables(side.engine.dialect, self._namespace), self._stripe)

    def _abandon(self, side: Side, connection: Any, cursor: Any, error: BaseException) -> None:
        """Roll back; or drop the connection where it is gone, or was left in the middle of an answer (a task was cancelled)."""
        if side.pid != os.getpid():
            forks.keep(connection, cursor)
            return
        try:
            if side.lost(error):
                # What was connected before may have gone down with it, and is connected again when it is next needed.
                side.engine.pool._invalidate(connection, _checkin=False)
                self._flavour.sever(connection)
            elif isinstance(error, Exception) or self._flavour.one_writer:
                side.whole(lambda: self._undo(connection, cursor))
                if not self._closed:
                    connection.close()
                    return
        except Exception:
            pass
        except BaseException:  # cancelled once more
            self._drop(side, connection)
            raise
        self._drop(side, connection)

    def _undo(self, connection: Any, cursor: Any) -> None:
        self._flavour.rollback(connection, cursor)
        if self._flavour.one_writer and cursor is not None:
            cursor.close()  # a query whose rows nobody fetched would keep the connection at its snapshot

    def _drop(self, side: Side, connection: Any) -> None:
        """Close a connection and give its place in the pool back, also where the task is cancelled meanwhile."""
        try:
            side.whole(connection.invalidate)
        finally:
            connection.close()


class SqliteBackend(SqlBackend):
    """SQLite in a file: writers take turns, readers run beside them."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "processes", "async", "timeout"})


class InMemorySqliteBackend(SqlBackend):
    """SQLite without a file: one connection that all threads take turns on, gone with ``close``."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"timeout"})

    def __init__(self, url: URL, flavour: Flavour, options: Options, namespace: str | None) -> None:
        super().__init__(url, flavour, options, namespace)
        self._async_url = None
        self._turn = deadlines.BoundedLock()

    def forked(self) -> None:
        """In a child: go on with a copy of the parent's data."""
        self._turn, self._making, self._inside = deadlines.BoundedLock(), threading.Lock(), threading.local()
        if self._sync is not None:
            self._sync.lock, self._sync.pid = deadlines.BoundedLock(), os.getpid()

    def setup(self) -> None:
        """See the contract."""
        with forks.gate, self._turn:
            super().setup()

    def _attempt(self, side: Side, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        with side.gate, self._turn:
            return self._transact(side, fn, write, bound)

    def reclaim(self) -> None:
        """Do nothing: there is no file, and what is deleted is overwritten."""


def _one_namespace(url: str, namespace: str | None) -> str | None:
    """Return the namespace that is given, beside the URL or in its query, where an empty one is an error and not none."""
    _, _, query = url.partition("?")
    given = {check_namespace(value) for name, value in parse_qsl(query, keep_blank_values=True) if name == "namespace"}
    if namespace is not None:
        given.add(check_namespace(namespace))
    if len(given) > 1:
        raise BackendError(f"namespace: got {' and '.join(sorted(map(repr, given)))}, accepted is one")
    return given.pop() if given else None


def flavour_of(url: URL) -> Flavour:
    """Return what the SQL backend knows of the engine that a URL names; only that engine's module is imported."""
    family = url.drivername.partition("+")[0]
    if family == "sqlite":
        return Sqlite()
    if family in ("postgresql", "cockroachdb"):
        from omnitrack.storage.sql.postgresql import Postgresql

        return Postgresql()
    if family in ("mariadb", "mysql"):
        from omnitrack.storage.sql.mariadb import Mariadb

        return Mariadb()
    return Portable()
