"""SQLAlchemy engines for a store: arguments, pools and connection events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from omnitrack.storage.sql import forking
from omnitrack.storage.sql.bounds import AsyncBoundedPool, BoundedPool, Connecting
from omnitrack.storage.sql.dialect import Dialect, Options
from omnitrack.storage.sql.runtime import to_the_end


def engine_arguments(url: URL, dialect: Dialect, options: Options, asynchronous: bool = False) -> dict[str, Any]:
    """Return the arguments of ``create_engine`` and ``create_async_engine``."""
    arguments = dialect.engine_arguments(url, options)
    if "poolclass" not in arguments:
        arguments |= {
            "poolclass": AsyncBoundedPool if asynchronous else BoundedPool,
            "pool_size": options.pool_size,
            "max_overflow": 0,
            "pool_timeout": options.pool_timeout,
            "pool_use_lifo": True,  # what idles longest may be closed by the server
        }
    # Every transaction is ended here, by name; a rollback on return would be a round trip more.
    return {"pool_reset_on_return": None, "hide_parameters": True, **arguments}


def worker_of(engine: Engine, dialect: Dialect) -> Callable[[Callable[[], object]], object]:
    """Return what does some short work on a connection; see ``Runtime.whole``."""
    # A thread works for each async connection to a file: what that is at must be waited for.
    return to_the_end if engine.dialect.is_async and dialect.one_writer else lambda work: work()


def listen(engine: Engine, dialect: Dialect, options: Options) -> None:
    """Have each new connection made within the bound of the call, prepared, and known to the guard of forks."""
    file = dialect.file(engine.url)
    whole = worker_of(engine, dialect)
    connecting = Connecting(dialect)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        forking.connected(record, file)
        whole(lambda: dialect.connected(connection, options))
        connecting.end(record)

    @event.listens_for(engine, "do_connect")
    def connect(sqlalchemy: Any, record: Any, arguments: Any, given: Any) -> Any:
        if whole is to_the_end:
            return to_the_end(lambda: sqlalchemy.loaded_dbapi.connect(*arguments, **given))
        return connecting.connect(sqlalchemy, record, partial(sqlalchemy.connect, *arguments), given)
