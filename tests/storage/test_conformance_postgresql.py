"""The SQL backend keeps the storage contract on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from omnitrack.storage.contract import Backend
from omnitrack.testing import BackendConformance
from omnitrack.testing.base import Reopen


class TestPostgreSQL(BackendConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[servers.Store]:
        with servers.store("postgresql", tmp_path) as store:
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
        return servers.unreachable("postgresql", tmp_path)
