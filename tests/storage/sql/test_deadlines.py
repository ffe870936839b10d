"""The deadline of a call over what only SQL engines have: sessions, pools, answers that are lost, statements that take long."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import servers
from omnitrack import Tracker
from omnitrack.deadlines import bounded
from omnitrack.errors import TimedOutError
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql import SqlBackend
from storage.sql import rows
from storage.sql.proxy import Proxy

SHORT = 0.3
SAFETY = 60.0

DRIVERS = ["psycopg", "psycopg async", "asyncpg async", "pymysql", "asyncmy async"]


class Through:
    """A backend that talks to its server through a proxy, by one driver."""

    def __init__(self, proxy: Proxy, place: servers.Store, asynchronous: bool, **options: Any) -> None:
        self.backend = servers.Store(proxy.url, place.namespace).open(**options)
        self._loop = asyncio.Runner() if asynchronous else None

    def __call__(self, fn: Callable[[Transaction], Any], write: bool = True) -> Any:
        if self._loop is None:
            return self.backend.run(fn, write=write)
        return self._loop.run(self.backend.arun(fn, write=write), context=contextvars.copy_context())

    def pool(self) -> Any:
        runtime = self.backend._sync if self._loop is None else next(iter(self.backend._async.values()))
        assert runtime is not None
        return runtime.engine.pool

    def close(self) -> None:
        if self._loop is not None:
            self._loop.run(self.backend.aclose())
            self._loop.close()
        self.backend.close()


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(driver: str) -> str:
    return "postgresql" if "pg" in driver or "psycopg" in driver else "mariadb"


@pytest.fixture
def proxy(store: servers.Store, driver: str) -> Iterator[Proxy]:
    family, rest = store.url.split("://", 1)
    proxy = Proxy(f"{family.split('+')[0]}+{driver.split()[0]}://{rest}")
    yield proxy
    proxy.close()


@pytest.fixture
def through(store: servers.Store, proxy: Proxy, backend: SqlBackend, driver: str) -> Iterator[Through]:
    through = Through(proxy, store, driver.endswith("async"), pool_size=2)
    yield through
    through.close()


def outcome_of(call: Callable[[], object]) -> str:
    with bounded(SHORT), pytest.raises(TimedOutError) as raised:
        call()
    return raised.value.outcome


def test_a_commit_whose_answer_is_swallowed_is_unknown_and_a_repeat_adds_nothing(
    through: Through, proxy: Proxy, backend: SqlBackend
) -> None:
    through(lambda tx: tx.guard())
    proxy.silent_from = r"COMMIT(?!TED)"
    assert outcome_of(lambda: through(lambda tx: rows.add(tx, range(1, 30)))) == "unknown"
    proxy.speak_again()
    assert len(through(lambda tx: rows.add(tx, range(1, 30)))) == 29  # it had happened
    assert backend.run(rows.stored) == list(range(1, 30))


def test_after_calls_that_ran_out_of_time_every_place_of_the_pool_is_free(through: Through, proxy: Proxy) -> None:
    def silenced(tx: Transaction) -> None:
        tx.guard()
        proxy.go_silent()
        tx.find_identifiers()

    through(lambda tx: tx.guard())
    for _ in range(3):
        assert outcome_of(lambda: through(silenced)) == "nothing written"
        proxy.speak_again()
    assert through.pool().checkedout() == 0
    with bounded(SAFETY):
        assert through(lambda tx: rows.add(tx, range(1, 3))) == set()
    assert through.pool().checkedout() == 0


def test_a_lock_that_others_hold_leaves_the_session_in_the_pool(
    through: Through, backend: SqlBackend, engine: str
) -> None:
    session = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT CONNECTION_ID()"}[engine]

    def mine(tx: Any) -> int:
        tx._cursor.execute(session)
        return int(tx._cursor.fetchall()[0][0])

    first = through(mine)
    begun, over = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        tx.guard(exclusive=True)
        begun.set()
        over.wait(SAFETY)

    thread = threading.Thread(target=lambda: backend.run(hold), daemon=True)
    thread.start()
    assert begun.wait(SAFETY)
    with bounded(2), pytest.raises(TimedOutError):
        through(lambda tx: tx.guard(exclusive=True))
    over.set()
    thread.join(SAFETY)
    assert through(mine) == first


def test_what_a_call_told_the_session_is_taken_back(through: Through, engine: str) -> None:
    asked = {
        "postgresql": [
            "current_setting('statement_timeout')",
            "current_setting('idle_in_transaction_session_timeout')",
        ],
        "mariadb": ["@@max_statement_time", "@@innodb_lock_wait_timeout", "@@idle_transaction_timeout"],
    }[engine]

    def limits(tx: Any) -> list[str]:
        tx._cursor.execute(f"SELECT {', '.join(asked)}")
        return list(map(str, tx._cursor.fetchall()[0]))

    before = through(limits)
    for seconds in (5, 7):
        with bounded(seconds):
            assert through(limits) != before
    assert through(limits) == before


def test_a_session_that_takes_the_place_of_a_lost_one_is_told_all_again(through: Through, engine: str) -> None:
    level = {"postgresql": "SELECT current_setting('transaction_isolation')", "mariadb": "SELECT @@tx_isolation"}[
        engine
    ]

    def seen(tx: Any) -> str:
        tx._cursor.execute(level)
        return str(tx._cursor.fetchall()[0][0])

    before = through(seen)
    with bounded(SAFETY):
        through(seen)
    through.pool()._invalidate_time = float("inf")  # every session is taken for lost
    assert through(seen) == before
    with bounded(SAFETY):
        assert through(seen) == before


@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_opening_a_store_through_a_silent_network_ends(through: Through, proxy: Proxy, driver: str) -> None:
    proxy.go_silent()
    with pytest.raises(TimedOutError):
        Tracker(through.backend, region="GB", timeout=SHORT)
    proxy.speak_again()
    Tracker(through.backend, region="GB", timeout=SAFETY).close()


@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_a_network_that_goes_silent_while_a_store_is_set_up_ends(through: Through, proxy: Proxy, driver: str) -> None:
    proxy.silent_from = "omnitrack"
    with bounded(SHORT), pytest.raises(TimedOutError):
        through.backend.setup()
    proxy.speak_again()
    through.backend.setup()
    assert through.pool().checkedout() == 0


# -- without a deadline -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_without_a_deadline_nothing_is_told_to_the_server(through: Through, proxy: Proxy, driver: str) -> None:
    through(lambda tx: tx.guard())
    proxy.silent_from = "_timeout|max_statement_time"
    assert through(lambda tx: rows.add(tx, range(1, 5))) == set()
    with bounded(SHORT), pytest.raises(TimedOutError):
        through(lambda tx: rows.add(tx, range(5, 9)))
    proxy.speak_again()


# -- SQLite -----------------------------------------------------------------------------------------------------------------
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


class TestSqlite:
    @pytest.fixture
    def engine(self) -> str:
        return "sqlite"

    @pytest.fixture(params=["sync", "async"])
    def run(self, backend: SqlBackend, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
        if request.param == "sync":
            yield backend.run
            return
        with asyncio.Runner() as loop:
            yield lambda fn, **options: loop.run(backend.arun(fn, **options), context=contextvars.copy_context())
            loop.run(backend.aclose())

    def test_a_statement_that_takes_long_is_interrupted(self, run: Callable[..., Any]) -> None:
        def endless(tx: Any) -> None:
            rows.add(tx, range(1, 3))
            tx._cursor.execute(ENDLESS)
            tx._cursor.fetchall()

        assert outcome_of(lambda: run(endless)) == "nothing written"
        assert run(rows.stored) == []
        with bounded(SAFETY):
            assert run(lambda tx: rows.add(tx, range(1, 3))) == set()

    def test_another_process_that_writes_is_waited_for_only_while_there_is_time(
        self, store: servers.Store, backend: SqlBackend, run: Callable[..., Any]
    ) -> None:
        other = store.open()  # with locks of its own, as another process has
        begun, over = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            begun.set()
            over.wait(SAFETY)

        thread = threading.Thread(target=lambda: other.run(hold), daemon=True)
        thread.start()
        assert begun.wait(SAFETY)
        assert outcome_of(lambda: run(lambda tx: rows.add(tx, range(1, 3)))) == "nothing written"
        over.set()
        thread.join(SAFETY)
        other.close()
        assert run(lambda tx: rows.add(tx, range(1, 3))) == set()

    def test_how_long_others_are_waited_for_is_taken_back(self, run: Callable[..., Any]) -> None:
        def timeout(tx: Any) -> int:
            tx._cursor.execute("PRAGMA busy_timeout")
            return int(tx._cursor.fetchall()[0][0])

        with bounded(5):
            assert run(timeout) <= 5_000
        assert run(timeout) == 10_000
