"""The SQL backend keeps the storage contract on SQLite, in a file; and in memory with its portable statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from omnitrack.storage.contract import Backend
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.sqlite import Sqlite
from omnitrack.storage.sql.transaction import SqlTransaction
from omnitrack.testing import BackendConformance
from omnitrack.testing.base import Reopen


class TestSqliteFile(BackendConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[servers.Store]:
        with servers.store("sqlite", tmp_path) as store:
            yield store

    @pytest.fixture
    def backend(self, store: servers.Store) -> Backend:
        backend = store.open()
        backend.setup()
        return backend

    @pytest.fixture
    def reopen(self, store: servers.Store) -> Reopen:
        return store.open

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> Backend:
        return servers.unreachable("sqlite", tmp_path)

    @pytest.fixture
    def narrow(self, store: servers.Store) -> Backend:
        return store.open(pool_size=1, pool_timeout=3_600)  # no bound but the deadline


class PortableSqlite(Sqlite):
    """SQLite with the statements that other engines get, of which nothing is known but their dialect."""

    transaction = SqlTransaction  # type: ignore[assignment]


class TestPortableStatementsInMemory(BackendConformance):
    @pytest.fixture
    def backend(self) -> Backend:
        backend = open_backend("sqlite://")
        assert isinstance(backend, SqlBackend)
        backend._dialect = PortableSqlite()
        backend.setup()
        return backend
