"""Drivers of databases: whether the one that a URL needs is installed, and which extra brings it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from sqlalchemy import exc
from sqlalchemy.engine import URL

from omnitrack.errors import BackendError, plain_repr
from omnitrack.storage.sql.dialect import Dialect

# Packages that the extra "async" brings and the other extras do not.
_OF_ASYNC = frozenset({"aiosqlite", "asyncmy", "asyncpg", "greenlet"})


def check_driver(url: URL, driver_urls: Iterable[URL | None], dialect: Dialect) -> None:
    """Import the first driver that is installed, so that a missing one is reported when the store is opened.

    Args:
        url: of the store, as it was given.
        driver_urls: the URL with the driver of sync callers, then that of async callers; None where there is none.
        dialect: of the database.

    Raises:
        BackendError: neither driver is installed, or SQLAlchemy knows no such dialect.
    """
    missing: list[ImportError] = []
    for driver_url in driver_urls:
        if driver_url is None:
            continue
        try:
            kind = driver_url.get_dialect()
            kind.import_dbapi()
            if kind.is_async:
                import_module("greenlet")
            return
        except exc.NoSuchModuleError as error:
            raise BackendError(f"SQLAlchemy knows no dialect {plain_repr(url.drivername)}") from error
        except ImportError as error:
            missing.append(error)
    # Of the two the one that the URL names, where it names one.
    named = missing[-1 if url.drivername.partition("+")[2] in dialect.async_only() else 0]
    raise without_driver(named, url, dialect) from named


def without_driver(error: ImportError, url: URL, dialect: Dialect) -> BackendError:
    """Return the error for a driver that is not installed; it names the extra that brings it."""
    extra = "async" if error.name in _OF_ASYNC else dialect.extra
    brings = f'; the extra "{extra}" of omnitrack brings it' if extra else ""
    return BackendError(f"{url.drivername}: the driver {error.name} is not installed{brings}")
