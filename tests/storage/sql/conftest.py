"""Fixtures: an empty place for a store on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from omnitrack.storage.sql import SqlBackend


@pytest.fixture(params=servers.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(engine: str, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(engine, tmp_path) as store:
        yield store


@pytest.fixture
def bare_store(engine: str, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(engine, tmp_path, bare=True) as store:
        yield store


@pytest.fixture
def backend(store: servers.Store) -> Iterator[SqlBackend]:
    backend = store.open()
    backend.setup()
    yield backend
    backend.close()
