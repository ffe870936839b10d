"""SQLite: the pragmas, what is left in the file after a deletion, prefixes, and the store in memory."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

import servers
from omnitrack.errors import BackendError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import SqlBackend
from storage.sql import rows


@pytest.fixture
def engine() -> str:
    return "sqlite"


def pragma(backend: SqlBackend, name: str) -> Any:
    return backend.run(lambda tx: tx._cursor.execute(f"PRAGMA {name}").fetchone()[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 1),
        ("secure_delete", 1),
        ("busy_timeout", 10_000),
        ("cache_size", -32 * 1024),
    ],
)
def test_a_connection_has_its_pragmas(backend: SqlBackend, name: str, value: Any) -> None:
    assert pragma(backend, name) == value


def test_pragmas_are_options_of_the_url(store: servers.Store) -> None:
    backend = open_backend(f"{store.url}?synchronous=full&busy_timeout=3&cache_mib=2")
    assert isinstance(backend, SqlBackend)
    assert (pragma(backend, "synchronous"), pragma(backend, "busy_timeout")) == (2, 3000)
    assert pragma(backend, "cache_size") == -2048
    backend.close()


def test_what_was_deleted_and_reclaimed_is_in_no_file(tmp_path: Path) -> None:
    backend = open_backend(f"sqlite:///{tmp_path / 'history.db'}")
    backend.setup()
    secret = "Rumpelstiltskin " * 200
    backend.run(lambda tx: rows.add(tx, range(1, 40), secret))
    backend.run(lambda tx: tx.delete(interactions=[rows.id_(n) for n in range(1, 40)]))
    backend.reclaim()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert not [name for name, content in files.items() if b"Rumpelstiltskin" in content]
    backend.close()


def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    backend = open_backend(f"sqlite:///{tmp_path / 'history.db'}")
    backend.setup()
    backend.run(lambda tx: rows.add(tx, range(1, 40)))
    backend.close()
    assert [path.name for path in tmp_path.iterdir()] == ["history.db"]


def test_namespaces_are_tables_of_one_file_with_the_name_before_theirs(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    for namespace in ("one", "two"):
        backend = open_backend(f"sqlite:///{path}?namespace={namespace}")
        backend.setup()
        assert backend.run(lambda tx: rows.add(tx, range(1, 5))) == set()
        backend.close()
    with sqlite3.connect(path) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"one_omnitrack_entries", "two_omnitrack_entries"} <= names
    assert "omnitrack_entries" not in names


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_is_shared_by_threads_one_at_a_time(url: str) -> None:
    backend = open_backend(url)
    backend.setup()
    threads = [threading.Thread(target=lambda: [backend.run(rows.count) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert backend.run(rows.count) == 81
    backend.close()


def test_readers_go_on_while_somebody_writes(backend: SqlBackend) -> None:
    backend.run(lambda tx: rows.add(tx, range(1, 5)))
    seen: list[int] = []

    def write(tx: Transaction) -> None:
        rows.add(tx, range(5, 9))
        reader = threading.Thread(target=lambda: seen.extend(backend.run(rows.stored, write=False)))
        reader.start()
        reader.join(10)

    backend.run(write)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("pool_size", 0),
        ("pool_size", "many"),
        ("cache_mib", 0),
        ("cache_mib", "nan"),
        ("cache_mib", "inf"),
        ("cache_mib", 3_000_000),
        ("synchronous", "off"),
        ("guard", "none"),
        ("typo", 1),
    ],
)
def test_an_option_that_is_none_is_refused_by_name(store: servers.Store, option: str, value: Any) -> None:
    with pytest.raises(BackendError, match=r"option|number"):
        open_backend(store.url, **{option: value})
