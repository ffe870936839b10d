"""The SQL backend keeps the storage contract on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from omnitrack.storage.contract import Backend
from omnitrack.testing import (
    BackendConformance,
    ConcurrencyRules,
    DeletionRules,
    EntryRules,
    IdentifierRules,
    InteractionRules,
    LinkRules,
    RecordRules,
    ShortcutRules,
    TimeoutRules,
    TransactionRules,
)
from omnitrack.testing.base import Caller, Reopen
from omnitrack.testing.timeouts import Network
from storage.sql.proxy import silent_network


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

    @pytest.fixture
    def narrow(self, store: servers.Store) -> Backend:
        return store.open(pool_size=1, pool_timeout=3_600)  # no bound but the deadline

    @pytest.fixture
    def network(self, store: servers.Store) -> Iterator[Network]:
        with silent_network(store.url, lambda url: servers.Store(url, store.namespace).open()) as network:
            yield network


class TestAsyncpg(
    IdentifierRules,
    LinkRules,
    InteractionRules,
    EntryRules,
    ShortcutRules,
    RecordRules,
    DeletionRules,
    TransactionRules,
    ConcurrencyRules,
    TimeoutRules,
):
    """The rules that a driver can break, through the other async driver."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[servers.Store]:
        with servers.store("postgresql", tmp_path) as store:
            yield servers.Store(store.url.replace("+psycopg", "+asyncpg"), store.namespace)

    @pytest.fixture
    def backend(self, store: servers.Store) -> Backend:
        backend = store.open()
        backend.setup()
        return backend

    @pytest.fixture
    def narrow(self, store: servers.Store) -> Backend:
        return store.open(pool_size=1, pool_timeout=3_600)  # no bound but the deadline

    @pytest.fixture
    def network(self, store: servers.Store) -> Iterator[Network]:
        with silent_network(store.url, lambda url: servers.Store(url, store.namespace).open()) as network:
            yield network

    @pytest.fixture(params=["async"])
    def run(self, backend: Backend, request: pytest.FixtureRequest) -> Iterator[Caller]:
        caller = Caller(backend, request.param)
        yield caller
        caller.close()
