"""Stores to test against: a SQLite file, and a namespace of its own on a PostgreSQL and a MariaDB server.

``OMNITRACK_TEST_POSTGRESQL`` and ``OMNITRACK_TEST_MARIADB`` say where the servers are. Where one is absent its tests are skipped with
the reason; with ``CI=true`` that is a failure.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, exc, inspect, text

from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend

POSTGRESQL = os.environ.get("OMNITRACK_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
MARIADB = os.environ.get("OMNITRACK_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/test")

ENGINES = ("sqlite", "postgresql", "mariadb")


@attrs.frozen
class Store:
    """An empty place for a store: what open_backend() takes to open it."""

    url: str
    namespace: str | None = None

    def open(self, **options: Any) -> SqlBackend:
        """Return a backend on it, not set up."""
        namespace = options.pop("namespace", None) or self.namespace
        backend = open_backend(self.url, namespace=namespace, **options)
        assert isinstance(backend, SqlBackend)
        return backend


@contextmanager
def store(engine: str, folder: Path) -> Iterator[Store]:
    """Yield an empty place on an engine of ``ENGINES``, and leave nothing behind.

    Namespaces whose name begins with its own are dropped with it.
    """
    if engine == "sqlite":
        yield Store(f"sqlite:///{folder / f'{secrets.token_hex(4)}.db'}")
        return
    url = {"postgresql": POSTGRESQL, "mariadb": MARIADB}[engine]
    absent = why_absent(url)
    if absent is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {engine} server: {absent}")
    namespace = f"omnitrack_{secrets.token_hex(6)}"
    try:
        yield Store(url, namespace)
    finally:
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


def drop(url: str, prefix: str) -> None:
    """Drop every namespace whose name begins with ``prefix``."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for schema in inspect(connection).get_schema_names():
            if schema.startswith(prefix):
                cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP SCHEMA {schema}{cascade}"))
    engine.dispose()
