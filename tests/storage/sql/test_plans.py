"""Each query goes by an index: the plans of the three engines, read by EXPLAIN, on tables with rows and before anybody analysed them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import servers
from omnitrack.storage.contract import (
    NO_ID,
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.sql import SqlBackend


def id_(number: int) -> bytes:
    return number.to_bytes(16, "big")


def fill(tx: Transaction) -> None:
    """Store rows of every kind, spread over many ids."""
    many = range(1, 600)
    tx.add_identifiers(
        [IdentifierRow(id_(n), id_(n), id_(n), "phone", f"+{n}", "", id_(n), None, 1, None, n) for n in many]
    )
    tx.add_links([LinkRow(id_(n), id_(n + 1), "together", 2, NO_ID, n, id_(n), 0) for n in many])
    tx.add_interactions(
        [
            InteractionRow(
                id_(n),
                0,
                "x",
                str(n),
                "x",
                "inbound",
                "message",
                n,
                0,
                None,
                n,
                *(None, None, None, None, None, None, None, None),
                0,
            )
            for n in many
        ],
        [EntryRow(id_(n % 20), n, id_(n), 0, n, None, 0, 2, "x", "inbound", "message", None) for n in many],
    )
    tx.update_identifiers(
        [], [ChangeRow(id_(n), n, id_(n), id_(n), id_(n - 1), "link", NO_ID, None, None) for n in many]
    )
    tx.put_records([RecordRow("trait", f"{n:04}", "{}", 0) for n in many])


class Listening:
    """A cursor that remembers what it was asked."""

    def __init__(self, cursor: Any, heard: list[tuple[str, Any]]) -> None:
        self._cursor = cursor
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, text: str, values: Any = ()) -> Any:
        self._heard.append((text, values))
        return self._cursor.execute(text, values)

    def executemany(self, text: str, rows: Any) -> Any:
        self._heard.append((text, rows[0]))
        return self._cursor.executemany(text, rows)


@pytest.fixture(scope="module", params=servers.ENGINES)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, SqlBackend]]:
    folder: Path = tmp_path_factory.mktemp("plans")
    with servers.store(request.param, folder) as store:
        backend = store.open()
        backend.setup()
        backend.run(fill)
        yield request.param, backend
        backend.close()


def plans(backend: SqlBackend, engine: str, fn: Callable[[Transaction], Any]) -> list[list[Any]]:
    """Return the plan of every query and change that ``fn`` makes, as rows of EXPLAIN."""

    def explained(tx: Any) -> list[list[Any]]:
        cursor = tx._cursor
        heard: list[tuple[str, Any]] = []
        tx._cursor = Listening(cursor, heard)
        fn(tx)
        found = []
        for text, values in heard:
            if text.split()[0] in ("SELECT", "(SELECT", "WITH", "UPDATE", "DELETE") and "pg_advisory" not in text:
                cursor.execute(("EXPLAIN QUERY PLAN " if engine == "sqlite" else "EXPLAIN ") + text, values)
                found.append(cursor.fetchall())
        return found

    return backend.run(explained)


def scans(engine: str, plan: list[Any]) -> list[str]:
    """Return the steps of a plan that read a table from one end to the other without an index."""
    if engine == "sqlite":
        return [row[3] for row in plan if row[3].startswith("SCAN omnitrack") and "INDEX" not in row[3]]
    if engine == "postgresql":
        return [row[0] for row in plan if "Seq Scan on omnitrack" in row[0]]
    return [str(row) for row in plan if row[3] == "ALL" and str(row[2]).startswith("omnitrack")]


def sorts(engine: str, plan: list[Any]) -> list[str]:
    """Return the steps of a plan that sort."""
    if engine == "sqlite":
        return [row[3] for row in plan if "TEMP B-TREE" in row[3]]
    if engine == "postgresql":
        return [row[0] for row in plan if "Sort" in row[0]]
    return [str(row) for row in plan if "filesort" in str(row[-1])]


ONE, SOME = [id_(7)], [id_(3), id_(9), id_(400)]

BY_INDEX: dict[str, Callable[[Transaction], Any]] = {
    "identifiers by id": lambda tx: tx.find_identifiers(ids=SOME),
    "identifiers by home": lambda tx: tx.find_identifiers(homes=SOME),
    "identifiers of customers": lambda tx: tx.find_identifiers(customers=SOME),
    "locked identifiers": lambda tx: tx.lock_identifiers(SOME),
    "updated identifiers": lambda tx: tx.update_identifiers([IdentifierChange(id_(5), id_(5), 1, None)]),
    "changes of identifiers": lambda tx: tx.list_changes(identifiers=SOME, until=10**15),
    "changes of customers": lambda tx: tx.list_changes(customers=SOME, limit=5),
    "links": lambda tx: tx.find_links(SOME),
    "links to add": lambda tx: tx.add_links([LinkRow(id_(1), id_(5), "together", 2, NO_ID, 1, id_(1), 0)] * 9),
    "interactions by id": lambda tx: tx.find_interactions(ids=SOME),
    "interactions by source": lambda tx: tx.find_interactions(sources=[("x", "5"), ("x", "9")]),
    "entries of interactions": lambda tx: tx.list_entries(interactions=SOME),
    "entries of several identifiers": lambda tx: tx.list_entries(identifiers=SOME, limit=5),
    "a page of a customer": lambda tx: tx.list_customer_history(id_(7), limit=5, after=(99, id_(99))),
    "whole history of several identifiers": lambda tx: tx.list_entries(identifiers=SOME),
    "removed entries": lambda tx: tx.replace_entries(tx.list_entries(identifiers=ONE, limit=1), [], 10**6),
    "records by key": lambda tx: tx.find_records("trait", keys=["0003", "0005"]),
    "records by prefix": lambda tx: tx.find_records("trait", prefix="00", after="0003", limit=5),
    "updated records": lambda tx: tx.put_records([RecordRow("trait", "0009", "", -1)]),
    "deleted identifiers": lambda tx: tx.delete(identifiers=SOME),
    "deleted interactions": lambda tx: tx.delete(interactions=SOME),
    "deleted links": lambda tx: tx.delete(links=[LinkRow(id_(3), id_(4), "together", 2, NO_ID, 3, id_(3), 0)]),
    "deleted records": lambda tx: tx.delete(records=[("trait", "0003")]),
}

HISTORIES: dict[str, Callable[[Transaction], Any]] = {
    "a history of one identifier": lambda tx: tx.list_history(identifiers=ONE, limit=5),
    "a history of several": lambda tx: tx.list_history(identifiers=SOME, limit=500, newest=False),
    "a history of a customer": lambda tx: tx.list_customer_history(id_(7), limit=500),
}

IN_ORDER_OF_AN_INDEX: dict[str, Callable[[Transaction], Any]] = {
    "a page of one identifier": lambda tx: tx.list_entries(identifiers=ONE, limit=5),
    "a later page, oldest first": lambda tx: tx.list_entries(
        identifiers=ONE, limit=5, newest=False, after=(9, id_(9)), since=1
    ),
    "a page with filters": lambda tx: tx.list_entries(
        identifiers=ONE, limit=5, roles=[0, 2], channels=["x"], min_assurance=1, after=(99, id_(99))
    ),
    "a page as of a time": lambda tx: tx.list_entries(identifiers=ONE, limit=5, as_of=10**9),
    "a page of all interactions": lambda tx: tx.find_interactions(since=3, after=(9, id_(9)), limit=5),
    "the newest of all interactions": lambda tx: tx.find_interactions(newest=True, until=10**9, limit=5),
    "a page of all identifiers": lambda tx: tx.find_identifiers(after=id_(5), limit=5),
    "a page of all links": lambda tx: tx.find_links(after=(id_(5), id_(6), "", 0, NO_ID), limit=5),
    "a page of all changes": lambda tx: tx.list_changes(after=id_(5), limit=5),
    "a page of records": lambda tx: tx.find_records("trait", after="0005", limit=5),
}


@pytest.mark.parametrize("query", BY_INDEX)
def test_no_query_reads_a_whole_table(filled: tuple[str, SqlBackend], query: str) -> None:
    engine, backend = filled
    found = plans(backend, engine, BY_INDEX[query])
    assert [scans(engine, plan) for plan in found] == [[]] * len(found)


@pytest.mark.parametrize("engine", ["postgresql"])
@pytest.mark.parametrize("query", HISTORIES)
def test_a_history_is_joined_by_key_whatever_the_planner_believes_of_tables_that_nobody_analysed(
    backend: SqlBackend, engine: str, query: str
) -> None:
    """A plan that knows no values once read ten million interactions to join them with a page, and compiled itself for that."""

    def believed(tx: Any) -> list[str]:
        heard: list[tuple[str, Any]] = []
        cursor, tx._cursor = tx._cursor, Listening(tx._cursor, [])
        tx._cursor._heard = heard
        cursor.execute(
            "UPDATE pg_class SET reltuples = 1e7, relpages = 1 WHERE relname IN ('omnitrack_interactions', 'omnitrack_entries')"
        )
        HISTORIES[query](tx)
        ((text, values),) = heard
        numbers = itertools.count(1)
        cursor.execute("PREPARE history AS " + re.sub("%[sb]", lambda _: f"${next(numbers)}", text))
        cursor.execute(f"EXPLAIN EXECUTE history ({', '.join(map(literal, values))})")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("DEALLOCATE history")
        return found

    backend.run(fill)
    plan = backend.run(believed)
    assert any("omnitrack_interactions" in step for step in plan)
    assert [step for step in plan if "Hash" in step or "Merge" in step or "JIT" in step] == []


def literal(value: Any) -> str:
    """Return a value as PostgreSQL writes it."""
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(literal, value))}]" + ("::bytea[]" if isinstance(value[0], bytes) else "")
    return str(int(value))


@pytest.mark.parametrize("query", IN_ORDER_OF_AN_INDEX)
def test_a_page_is_read_in_the_order_of_an_index(filled: tuple[str, SqlBackend], query: str) -> None:
    engine, backend = filled
    for plan in plans(backend, engine, IN_ORDER_OF_AN_INDEX[query]):
        assert scans(engine, plan) == []
        assert sorts(engine, plan) == []


@pytest.mark.parametrize("engine", ["postgresql"])  # which keeps a plan while the tables that it was made for grow
@pytest.mark.parametrize("query", [*BY_INDEX, *IN_ORDER_OF_AN_INDEX])
def test_a_plan_made_on_empty_tables_goes_by_an_index_too(backend: SqlBackend, engine: str, query: str) -> None:
    for plan in plans(backend, engine, (BY_INDEX | IN_ORDER_OF_AN_INDEX)[query]):
        assert scans(engine, plan) == []


MANY = [id_(n) for n in range(300)]

BY_KEY: dict[str, Callable[[Transaction], Any]] = {
    "records": lambda tx: tx.find_records("trait", keys=[f"{n:04}" for n in range(300)]),
    "records after a key": lambda tx: tx.find_records("trait", keys=[f"{n:04}" for n in range(300)], after="0005"),
    "identifiers": lambda tx: tx.find_identifiers(ids=MANY),
    "identifiers after an id": lambda tx: tx.find_identifiers(ids=MANY, after=id_(5)),
    "interactions": lambda tx: tx.find_interactions(ids=MANY),
}


@pytest.mark.parametrize("query", BY_KEY)
def test_however_many_keys_each_is_sought_and_no_range_is_read(tmp_path: Path, query: str) -> None:
    """SQLite prefers a range of a key to hundreds of its values, where a question has both, and reads all that is beyond."""
    with servers.store("sqlite", tmp_path) as store:
        backend = store.open()
        backend.setup()
        for plan in plans(backend, "sqlite", BY_KEY[query]):
            assert [row[3] for row in plan if "=?" not in row[3].rpartition("(")[2].rpartition("AND")[2]] == []
        backend.close()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_behind_a_pooler_the_planner_is_told_for_a_transaction_and_no_longer(tmp_path: Path, engine: str) -> None:
    with servers.store(engine, tmp_path) as store:
        for prepare, after in ((False, "on"), (True, "off")):
            backend = store.open(prepare=prepare, pool_size=1)
            backend.setup()
            for write in (False, True):
                backend.run(lambda tx: tx.find_identifiers(limit=1), write=write)
                assert backend.run(told, write=write) == "off"
            connection = backend._runtime().engine.raw_connection()
            cursor = connection.cursor()
            cursor.execute("SHOW enable_seqscan")
            assert cursor.fetchone() == (after,)
            connection.close()
            backend.close()


def told(tx: Any) -> str:
    """Return whether the planner may scan whole tables."""
    tx.find_identifiers(limit=1)  # which begins the transaction
    tx._cursor.execute("SHOW enable_seqscan")
    found: str = tx._cursor.fetchall()[0][0]
    return found
