"""What the memory backend does beyond the storage contract: URLs, names, and refusing what a careless caller does."""

from __future__ import annotations

import secrets
from operator import methodcaller

import pytest

from omnitrack.errors import BackendError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend
from omnitrack.testing.rows import entry, id_of, identifier, interaction


def test_a_url_without_a_name_is_a_fresh_store_each_time() -> None:
    MemoryBackend.from_url("memory://").run(lambda tx: tx.add_identifiers([identifier(1)]))
    assert MemoryBackend.from_url("memory://").run(lambda tx: tx.find_identifiers()) == []


def test_a_name_is_one_store_for_all_who_give_it_even_after_a_close() -> None:
    url = f"memory://{secrets.token_hex(4)}"
    first = MemoryBackend.from_url(url)
    first.run(lambda tx: tx.add_identifiers([identifier(1)]))
    first.close()
    assert MemoryBackend.from_url(url).run(lambda tx: tx.find_identifiers()) == [identifier(1)]


@pytest.mark.parametrize("url", ["memory://name/path", "memory://?x=1", "sqlite://", "memory://#x"])
def test_a_url_that_is_more_than_a_name_is_refused(url: str) -> None:
    with pytest.raises(BackendError, match="memory://name"):
        MemoryBackend.from_url(url)


def test_a_closed_backend_runs_nothing() -> None:
    backend = MemoryBackend.from_url("memory://")
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.run(lambda tx: tx.guard())


def test_a_transaction_inside_a_transaction_is_refused() -> None:
    backend = MemoryBackend.from_url("memory://")
    with pytest.raises(BackendError, match="inside a transaction"):
        backend.run(lambda tx: backend.run(lambda inner: inner.guard()))
    assert backend.run(lambda tx: tx.guard()) == 0


def test_entries_are_asked_for_by_identifier_or_by_interaction() -> None:
    backend = MemoryBackend.from_url("memory://")
    for asked in (
        methodcaller("list_entries"),
        methodcaller("list_entries", identifiers=[id_of(1)], interactions=[id_of(1)]),
    ):
        with pytest.raises(ValueError, match="either identifiers or interactions"):
            backend.run(asked)


def test_one_selection_at_a_time() -> None:
    with pytest.raises(ValueError, match="at most one of ids, homes, customers"):
        MemoryBackend.from_url("memory://").run(lambda tx: tx.find_identifiers(ids=[], homes=[]))


def test_a_page_reads_no_more_of_a_history_than_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend.from_url("memory://")
    numbers = range(1, 5001)
    backend.run(lambda tx: tx.add_interactions([interaction(n) for n in numbers], [entry(n) for n in numbers]))

    class Counting(dict):  # type: ignore[type-arg]
        reads = 0

        def __getitem__(self, key: object) -> object:
            self.reads += 1
            return super().__getitem__(key)

    def fn(tx: Transaction) -> int:
        rows = Counting(tx.state.entries.rows)  # type: ignore[attr-defined]
        monkeypatch.setattr(tx.state.entries, "rows", rows)  # type: ignore[attr-defined]
        assert len(tx.list_entries(identifiers=[id_of(1)], limit=20)) == 20
        return rows.reads

    assert backend.run(fn) <= 21
