"""The base class of dialects: connecting, beginning, error classification, schema locks."""

from __future__ import annotations

import enum
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import attrs
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.engine import Dialect as SqlalchemyDialect

from omnitrack.errors import BackendError, HostTransactionError, plain_repr
from omnitrack.storage.sql.tables import Tables, make_tables
from omnitrack.storage.sql.transaction import SqlTransaction

MOST_CACHE_MIB = 2_097_151  # SQLite takes the number of KiB as 32 bits with a sign


class Fault(enum.Enum):
    """What an error of a driver means for the transaction in which it happened."""

    CONFLICT = "another transaction was in the way: repeat"
    LOST = "the connection is gone, and the transaction with it: repeat on another"
    FAILED = "the statement, the data or the store is at fault: tell the caller"


def _one_of(*accepted: str) -> Any:
    def check(instance: object, attribute: Any, value: Any) -> None:
        if value not in accepted:
            raise BackendError(f"option {attribute.name}: got {value!r}, accepted are {', '.join(accepted)}")

    return check


def _at_least(least: float, most: float | None = None) -> Any:
    def check(instance: object, attribute: Any, value: Any) -> None:
        if value < least or (most is not None and value > most):
            upto = "" if most is None else f" to {most}"
            raise BackendError(f"option {attribute.name}: got {value!r}, accepted are numbers from {least}{upto}")

    return check


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise BackendError(f"an option of the SQL backend: got {value!r}, accepted is a finite number")
    return number


def _truth(value: Any) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    try:
        return known[str(value).lower()]
    except KeyError:
        raise BackendError(f"an option of the SQL backend: got {value!r}, accepted are true and false") from None


def _whole(value: Any) -> int:
    try:
        return int(_number(value))
    except (ValueError, OverflowError):
        raise BackendError(f"an option of the SQL backend: got {value!r}, accepted is a whole number") from None


@attrs.frozen(kw_only=True)
class Options:
    """What a URL or a caller may ask of the SQL backend.

    Attributes:
        pool_size: connections kept at most, for sync and for async callers each; more callers wait.
        pool_timeout: seconds that a caller waits for a connection.
        busy_timeout: SQLite: seconds that a statement waits for another process that writes.
        synchronous: SQLite: ``normal`` survives a killed process, and may lose the last commits in a power cut; ``full`` not even those.
        cache_mib: SQLite: memory that each connection may take for pages of the file, in MiB; where the file is many times larger and the machine
            does not keep it in memory by itself, more of it keeps a long load from reading again what it writes to.
        prepare: PostgreSQL: let the server keep prepared statements; not behind a pooler that gives each transaction another session.
        guard: ``lock`` where row locks hold for the whole store; ``write`` where only written rows are checked, at commit (Galera with
            several writing nodes).
    """

    pool_size: int = attrs.field(default=16, converter=_whole, validator=_at_least(1))
    pool_timeout: float = attrs.field(default=30.0, converter=_number, validator=_at_least(0))
    busy_timeout: float = attrs.field(default=10.0, converter=_number, validator=_at_least(0))
    synchronous: Literal["normal", "full"] = attrs.field(default="normal", validator=_one_of("normal", "full"))
    cache_mib: int = attrs.field(default=32, converter=_whole, validator=_at_least(1, MOST_CACHE_MIB))
    prepare: bool = attrs.field(default=True, converter=_truth)
    guard: Literal["lock", "write"] = attrs.field(default="lock", validator=_one_of("lock", "write"))


def check_database(found: object, store: str | None) -> None:
    """Raise where a connection of the host's is to another database.

    Raises:
        HostTransactionError: it is.
    """
    if store is not None and found != store:
        raise HostTransactionError(
            f"transaction: got one in the database {plain_repr(found)}, accepted is one in that of the store, {plain_repr(store)}"
        )


def unfit_level(level: str, autocommit: bool) -> str:
    """Return why a transaction of an isolation level cannot write to a store on a server, "" where it can.

    What a level above reads is what was there when it began. Writers here lock what they are about to change and read it again, to see what has
    become of it meanwhile.
    """
    got = "AUTOCOMMIT" if autocommit else level
    if got == "READ COMMITTED":
        return ""
    return (
        f"isolation_level: got {got}, accepted is READ COMMITTED for a transaction that writes to the store: "
        'create_engine(..., isolation_level="READ COMMITTED"), or execution_options(isolation_level="READ COMMITTED") of an engine or a connection'
    )


class Dialect(ABC):
    """One family of engines."""

    transaction: ClassVar[type[SqlTransaction]] = SqlTransaction
    #: Drivers as SQLAlchemy names them; None: it has no async one.
    driver: ClassVar[str | None] = None
    async_driver: ClassVar[str | None] = None
    #: The extra of this distribution that brings the drivers.
    extra: ClassVar[str | None] = None
    #: What the query of a URL may say a password by.
    passwords: ClassVar[frozenset[str]] = frozenset()
    #: Writers of one process wait for each other here rather than in the engine.
    one_writer: ClassVar[bool] = False
    #: No connection may be carried over a fork, not even one that is never used again: all are closed before.
    forks_closed: ClassVar[bool] = False
    #: Isolation levels, as SQLAlchemy names them, of transactions that write (True) and that only read (False) on an engine of the host's.
    levels: ClassVar[Mapping[bool, Literal["READ COMMITTED", "REPEATABLE READ"]]] = {}

    def drivers(self, url: URL) -> tuple[URL, URL | None]:
        """Return the URL for sync and for async callers; ``url`` may name a driver of either kind."""
        family, _, named = url.drivername.partition("+")
        sync, asynchronous = self.driver, self.async_driver
        if named and named not in self.async_only():
            sync = named
        if named and (named in self.async_only() or named == self.both()):
            asynchronous = named
        sync_url = url.set(drivername=f"{family}+{sync}" if sync else family)
        return sync_url, (url.set(drivername=f"{family}+{asynchronous}") if asynchronous else None)

    def file(self, url: URL) -> str | None:
        """Return the file that a store lies in, where connections to it must be closed before a fork."""
        return None

    def ignores(self, query: Set[str]) -> frozenset[str]:
        """Return what the query of a URL holds and the driver would pass over in silence; other drivers refuse what they do not know."""
        return frozenset()

    def missing(self, url: URL) -> str:
        """Return what a store that cannot be opened lacks, where that can be told from outside; "" where it cannot."""
        return ""

    def async_only(self) -> frozenset[str]:
        """Return the drivers that serve async callers only."""
        return frozenset(filter(None, [self.async_driver])) - {self.both()}

    def both(self) -> str | None:
        """Return the driver that serves both kinds of callers, if there is one."""
        return None

    def engine_arguments(self, url: URL, options: Options) -> dict[str, Any]:
        """Return what create_engine() takes beside the URL."""
        return {}

    def connected(self, connection: Any, options: Options) -> None:
        """Set up a new connection of the driver."""

    def cursor(self, connection: Any) -> Any:
        """Return a cursor on a connection of the pool."""
        return connection.cursor()

    @abstractmethod
    def begin(self, connection: Any, cursor: Any, options: Options, write: bool) -> None:
        """Begin a transaction; one that only reads sees one snapshot. Where the call has a deadline the engine is told, as far as it can be."""

    def limit(self, connection: Any, cursor: Any, options: Options) -> None:
        """Have the engine end what takes longer than the call has, where that is said for a connection; take it back for a call without a deadline."""

    def commit(self, connection: Any, cursor: Any) -> None:
        """Commit, or raise."""
        cursor.execute("COMMIT")

    def rollback(self, connection: Any, cursor: Any) -> None:
        """Undo what was done since begin(), if anything was begun."""
        cursor.execute("ROLLBACK")

    def unfit(self, connection: Connection, store: URL) -> str:
        """Look at a transaction of the host's: return why it cannot write to the store, "" where it can.

        Raises:
            HostTransactionError: it is in another database.
        """
        raise HostTransactionError(f"transaction: it is not known what one of {connection.dialect.name} has to keep to")

    def settle(self, connection: Connection) -> None:
        """Set for a transaction on an engine of the host's what connections of ours have from the start; it has begun, as far as the driver begins any."""

    def take_part(self, connection: Any, cursor: Any, tables: Tables, write: bool) -> None:
        """Do what has to come before statements of ours in a transaction of the host's."""

    def sever(self, connection: Any) -> None:
        """Let go of a connection of the pool that is gone, without a word to the server, which would not be answered."""

    def connecting(self, dbapi: Any) -> tuple[type[Exception], ...]:
        """Return errors of a driver that leave it as they are while a connection is made and lost again."""
        return ()

    def descriptor(self, driver: Any) -> int | None:
        """Return the descriptor of the socket that a connection of the driver waits on, which may be shut; None where it has none that is known."""
        transport = getattr(driver, "_transport", None)
        if transport is not None:  # asyncpg, asyncmy
            driver = transport.get_extra_info("socket")
        number = getattr(driver, "fileno", None)
        return None if number is None else int(number())

    def interrupt(self, driver: Any) -> Callable[[], object] | None:
        """Return what ends the statement that a connection is at, from another thread; None where that takes a network."""
        return None

    def connect_within(
        self, sqlalchemy: Any, connect: Callable[..., Any], given: dict[str, Any], seconds: float
    ) -> Any:
        """Connect with the arguments that are given, in so many seconds, as far as the driver takes such. In an event loop the caller is cancelled besides."""
        return connect(**given)

    def timed_out(self, error: BaseException) -> bool:
        """Tell whether a statement was ended, or connecting given up, because it took too long."""
        return False

    @abstractmethod
    def fault(self, error: BaseException) -> Fault:
        """Return what an error of the driver means."""

    def tables(self, sqlalchemy: SqlalchemyDialect, namespace: str | None) -> Tables:
        """Return the tables of a namespace: those of a schema (a database) of that name."""
        return make_tables(schema=namespace)

    def places(self, connection: Connection) -> frozenset[str]:
        """Return the schemas (databases) that are the store without a namespace, or may become it: no namespace is called so."""
        return frozenset()

    @contextmanager
    def schema_lock(self, connection: Connection, tables: Tables) -> Iterator[None]:
        """Hold off others that set up the same namespace, make the namespace, and begin and commit what is done inside."""
        with connection.begin():
            yield

    def created(self, connection: Connection, tables: Tables) -> None:
        """Set what the engine is to keep of new tables beside their rows."""

    def reclaim(self, connection: Connection, tables: Tables) -> None:
        """Have what was deleted leave the store's files, as far as a client may ask for it."""


class Portable(Dialect):
    """An engine of which nothing is known but that SQLAlchemy has a dialect for it; the transactions are the driver's own."""

    def begin(self, connection: Any, cursor: Any, options: Options, write: bool) -> None:
        """Leave it to the driver, which begins one with the first statement."""

    def commit(self, connection: Any, cursor: Any) -> None:
        """See Dialect."""
        connection.commit()

    def rollback(self, connection: Any, cursor: Any) -> None:
        """See Dialect."""
        connection.rollback()

    def fault(self, error: BaseException) -> Fault:
        """Read what PEP 249 and the SQL standard name."""
        if getattr(error, "sqlstate", None) in ("40001", "40P01") or type(error).__name__ == "IntegrityError":
            return Fault.CONFLICT
        return Fault.FAILED
