"""Stores to test against: a SQLite file, and a namespace of its own on a PostgreSQL and a MariaDB server.

``OMNITRACK_TEST_POSTGRESQL`` and ``OMNITRACK_TEST_MARIADB`` say where the servers are. Where one is absent its tests are skipped with
the reason; with ``CI=true`` that is a failure.
"""

from __future__ import annotations

import atexit
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import Engine, create_engine, delete, exc, make_url, text, update

from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.address import dialect_of
from omnitrack.storage.sql.tables import make_tables

POSTGRESQL = os.environ.get("OMNITRACK_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
MARIADB = os.environ.get("OMNITRACK_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/test?ssl_disabled=true")

#: For processes of their own: what they put on their path to import what tests share.
FOLDER = str(Path(__file__).parent)

ENGINES = ("sqlite", "postgresql", "mariadb")


@attrs.frozen
class Store:
    """An empty place for a store: what open_backend() takes to open it."""

    url: str
    namespace: str | None = None

    def over(self, driver: str) -> Store:
        """Return it as it is reached by another driver, such as ``mariadb+asyncmy``, in the words that this one knows."""
        url = make_url(f"{driver}:{self.url.partition(':')[2]}")
        known = [one for one in dialect_of(url).drivers(url) if one is not None and one.drivername == driver]
        return Store(known[-1].render_as_string(hide_password=False), self.namespace)

    def open(self, *, namespace: str | None = None, **options: Any) -> SqlBackend:
        """Return a backend on it, not set up; ``namespace`` is another one, and dropped with its own."""
        if self.namespace is not None and namespace != "":
            namespace = f"{self.namespace}_{namespace}" if namespace else self.namespace
        backend = open_backend(self.url, namespace=namespace, **options)
        assert isinstance(backend, SqlBackend)
        return backend


@contextmanager
def store(engine: str, folder: Path, *, bare: bool = False) -> Iterator[Store]:
    """Yield a place for a store on an engine of ``ENGINES``, and leave nothing behind.

    Making tables takes a server longer than most tests do, so a namespace is emptied and used again. ``bare`` is one with nothing in
    it, not even tables; a test that changes tables asks for it.
    """
    if engine == "sqlite":
        yield Store(f"sqlite:///{folder / f'{secrets.token_hex(4)}.db'}")
        return
    url = {"postgresql": POSTGRESQL, "mariadb": MARIADB}[engine]
    absent = why_absent(url)
    if absent is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {engine} server: {absent}")
    spare = _spare.setdefault(url, [])
    namespace = f"omnitrack_{secrets.token_hex(6)}" if bare or not spare else spare.pop()
    try:
        yield Store(url, namespace)
    finally:
        drop(url, f"{namespace}_")
        if not bare and emptied(url, namespace):
            spare.append(namespace)
        else:
            drop(url, namespace)


def unreachable(engine: str, folder: Path) -> SqlBackend:
    """Return a backend whose server does not answer, or whose file cannot be opened."""
    urls = {
        "sqlite": f"sqlite:///{folder / 'nowhere' / 'history.db'}",
        "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2",
        "mariadb": "mariadb+pymysql://nobody@127.0.0.1:1/none?connect_timeout=2",
    }
    return Store(urls[engine]).open()


@cache
def why_absent(url: str) -> str | None:
    """Return why the server of a URL cannot be used, or None."""
    try:
        engine = create_engine(url)
        with engine.connect():
            return None
    except (exc.SQLAlchemyError, ImportError) as error:
        return str(error).splitlines()[0]


# Namespaces with empty tables in them, by the URL of their server.
_spare: dict[str, list[str]] = {}


@atexit.register
def _drop_spare() -> None:
    for url, namespaces in _spare.items():
        for namespace in namespaces:
            drop(url, namespace)
        admin(url).dispose()


@cache
def admin(url: str) -> Engine:
    """Return an engine for what tests do to a server behind a backend's back."""
    return create_engine(url, isolation_level="AUTOCOMMIT")


def emptied(url: str, namespace: str) -> bool:
    """Delete every row that a test left, and tell whether that could be done."""
    engine = admin(url)
    waits = {"postgresql": "SET lock_timeout = '5s'", "mariadb": "SET innodb_lock_wait_timeout = 5"}
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(waits[engine.dialect.name])
            for table in make_tables(schema=namespace).metadata.sorted_tables:
                if table.name.endswith("guard"):
                    connection.execute(update(table).values(epoch=0, touched=0))
                elif not table.name.endswith("version"):
                    connection.execute(delete(table))
    except exc.DBAPIError:
        return False
    return True


def drop(url: str, prefix: str) -> None:
    """Drop every namespace whose name begins with ``prefix``."""
    engine = admin(url)
    cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE :like"),
            {"like": prefix.replace("_", r"\_") + "%"},
        )
        for name in found.scalars().all():
            connection.exec_driver_sql(f"DROP SCHEMA {name}{cascade}")
