"""Calls that are part of a transaction of the host's: it commits or rolls back, and nothing of ours is elsewhere."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, exc
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker

import omnitrack
import servers
from omnitrack import ConflictError, HostTransactionError, InvalidInteractionError
from omnitrack.storage.contract import Transaction
from storage.sql.hosts import AT, Host, contact, host_of

LEVEL = {"sqlite": {}, "postgresql": {}, "mariadb": {"isolation_level": "READ COMMITTED"}}
ASYNC = {
    "sqlite": ("sqlite", "sqlite+aiosqlite"),
    "psycopg": ("postgresql", "postgresql+psycopg"),
    "asyncpg": ("postgresql", "postgresql+asyncpg"),
    "asyncmy": ("mariadb", "mariadb+asyncmy"),
}


@pytest.fixture(params=servers.ENGINES)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    with servers.store(request.param, tmp_path) as store:
        host = host_of(store, **LEVEL[request.param])
        yield host
        host.close()


def test_both_rows_come_with_the_commit(host: Host) -> None:
    with Session(host.engine) as session:
        host.order(session, 1)
        recorded = host.tracker.using(session).record(**contact(1))
        assert len(list(host.tracker.using(session).timeline("crm:1"))) == 1
        assert host.counts() == (0, 0)
        session.commit()
    assert host.counts() == (1, 1)
    assert host.tracker.customer("crm:1").id == recorded.customer_ids[0]
    assert host.tracker.verify()


def test_neither_comes_with_a_rollback_and_what_is_known_is_not_poisoned(host: Host) -> None:
    with Session(host.engine) as session:
        host.order(session, 1)
        host.tracker.using(session).record(**contact(1))
        session.rollback()
    assert host.counts() == (0, 0)
    # Had the tracker learned the identifiers and their link, it would not store them now.
    host.tracker.record(**contact(1))
    assert {identifier.scheme for identifier in host.tracker.customer("crm:1").identifiers} == {"crm", "email"}
    assert host.tracker.verify()


def test_statements_that_are_rolled_back_poison_nothing(host: Host) -> None:
    host.tracker.record(**contact(1))
    statement = host.tracker.link("crm:1", "crm:2", by="jane")
    with Session(host.engine) as session:
        host.tracker.using(session).retract(statement)
        host.tracker.using(session).record(**contact(2, "crm:2", "email:p2@example.org"))
        session.rollback()
    host.tracker.record(**contact(2, "crm:2", "email:p2@example.org"))
    assert len(host.tracker.customer("crm:1").identifiers) == 4
    assert host.tracker.verify()


def test_a_savepoint_of_the_host_takes_back_what_came_after_it(host: Host) -> None:
    with Session(host.engine) as session:
        host.tracker.using(session).record(**contact(1))
        nested = session.begin_nested()
        host.order(session, 1)
        host.tracker.using(session).record(**contact(2))
        nested.rollback()
        session.commit()
    assert host.counts() == (0, 1)
    assert host.tracker.verify()


def test_a_call_that_fails_has_written_nothing_and_the_host_goes_on(host: Host) -> None:
    with Session(host.engine) as session:
        host.order(session, 1)
        tracker = host.tracker.using(session)
        with pytest.raises(InvalidInteractionError):
            tracker.record_many(
                [
                    omnitrack.Interaction(channel="web", occurred_at=AT, customers=[["crm:1"]]),
                    omnitrack.Rejected(reason="body: too long"),
                ]
            )
        with pytest.raises(omnitrack.StatementNotFoundError):
            tracker.retract("st_" + "0" * 32)
        tracker.record(**contact(2))
        session.commit()
    assert host.counts() == (1, 1)


def test_an_interaction_that_proves_another_holder_is_recorded_whole(host: Host) -> None:
    """The first try writes before it finds that it has to be done otherwise."""
    first, second = ["x:jane", "x:1111111"], ["x:jane", "x:2222222"]
    with Session(host.engine) as session:
        tracker = host.tracker.using(session)
        tracker.record(**contact(1, *first))
        tracker.record(**contact(2, *second) | {"occurred_at": AT.replace(day=4)})
        session.commit()
    assert host.counts() == (0, 2)
    assert host.tracker.customer("x:1111111").id != host.tracker.customer("x:2222222").id
    assert host.tracker.verify()


def test_a_connection_begins_its_transaction_as_for_any_statement(host: Host) -> None:
    with host.engine.connect() as connection:
        host.tracker.using(connection).record(**contact(1))
        host.order(connection, 1)
        assert connection.in_transaction()
        connection.rollback()
        host.tracker.using(connection).record(**contact(2))
        connection.commit()
    assert host.counts() == (0, 1)


def test_a_scoped_session_is_the_session_of_its_scope(host: Host) -> None:
    session = scoped_session(sessionmaker(host.engine))
    host.tracker.using(session).record(**contact(1))
    session.commit()
    session.remove()
    assert host.counts() == (0, 1)


def test_one_of_two_that_wait_for_each_other_is_told_and_repeats_it_whole(host: Host) -> None:
    told: list[ConflictError] = []
    half_way = threading.Barrier(2)
    # Numbers that no test before has used: InnoDB locks the gaps around a deleted row of the same key until it is purged, which any old reader of
    # the server puts off, and each would wait for the other before they are half way.
    numbers = random.sample(range(10**6, 10**9), 2)

    def trade(number: int, other: int) -> None:
        waited = False
        while True:
            with Session(host.engine) as session:
                try:
                    host.order(session, number)
                    host.tracker.using(session).record(**contact(number))
                    if not waited:
                        waited = True
                        half_way.wait(60)
                    host.tracker.using(session).record(**contact(other))
                    session.commit()
                    return
                except ConflictError as error:
                    told.append(error)
                    session.rollback()

    if host.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time, which the other waits for before it begins")
    threads = [threading.Thread(target=trade, args=pair) for pair in (numbers, numbers[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert told
    assert "repeat it whole" in str(told[0])
    assert host.counts() == (2, 2)
    assert host.tracker.verify()


def test_what_the_server_has_rolled_back_cannot_be_committed_by_half(host: Host) -> None:
    """As MariaDB does with the one of two that it ends where they wait for each other."""
    backend = host.store.open()
    with Session(host.engine) as session:
        host.order(session, 1)

        def fail(transaction: Transaction) -> None:
            driver: Any = session.connection().connection.driver_connection
            driver.rollback()
            raise ConflictError("the engine has ended it")

        with pytest.raises(ConflictError):
            backend.joined(session, lambda transaction: None).run(fail)
        with pytest.raises(exc.PendingRollbackError):
            host.order(session, 2)
        session.rollback()
        host.order(session, 3)
        session.commit()
    backend.close()
    assert host.counts() == (1, 0)


def test_a_reader_of_sqlite_that_others_wrote_after_is_told_at_once(tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store)

        @event.listens_for(host.engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        with host.engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM orders").close()
            host.tracker.record(**contact(1))
            with pytest.raises(ConflictError):
                host.tracker.using(connection).record(**contact(2))
            connection.rollback()
            host.tracker.using(connection).record(**contact(2))
            connection.commit()
        assert host.counts() == (0, 2)
        host.close()


# -- what is refused ----------------------------------------------------------------------------------------------------
REFUSED: dict[str, Any] = {
    "load": lambda tracker: tracker.load("nothing.mbox"),
    "rebuild": lambda tracker: tracker.rebuild(),
    "find_matches": lambda tracker: tracker.find_matches(),
    "fit_matching": lambda tracker: tracker.fit_matching(),
    "apply_retention": lambda tracker: tracker.apply_retention([]),
    "unload": lambda tracker: tracker.unload("shop"),
    "erase": lambda tracker: tracker.erase("crm:1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_takes_transactions_of_its_own_is_refused(name: str, tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store)
        with host.engine.connect() as connection, pytest.raises(HostTransactionError, match=rf"^{name}\(\)"):
            REFUSED[name](host.tracker.using(connection))
        host.close()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE", "AUTOCOMMIT"])
@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_level_at_which_a_writer_sees_the_past_is_refused(engine: str, level: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        host = host_of(store, isolation_level=level)
        host.tracker.record(**contact(1))
        with host.engine.connect() as connection:
            tracker = host.tracker.using(connection)
            with pytest.raises(HostTransactionError, match=f"got {level}, accepted is READ COMMITTED"):
                tracker.record(**contact(2))
            assert len(list(tracker.timeline("crm:1"))) == 1  # which writes nothing
        host.close()


def test_autocommit_is_refused_on_sqlite_too(tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store, isolation_level="AUTOCOMMIT")
        with host.engine.connect() as connection, pytest.raises(HostTransactionError, match="AUTOCOMMIT"):
            host.tracker.using(connection).record(**contact(1))
        assert host.counts() == (0, 0)
        host.close()


@pytest.mark.parametrize("change", ["SET SESSION sql_mode = ''", "SET NAMES latin1"])
def test_a_session_of_mariadb_that_would_cut_data_is_refused(change: str, tmp_path: Path) -> None:
    with servers.store("mariadb", tmp_path) as store:
        host = host_of(store, isolation_level="READ COMMITTED")
        with host.engine.connect() as connection:
            connection.exec_driver_sql(change)
            with pytest.raises(HostTransactionError, match=r"^(sql_mode|charset): got"):
                host.tracker.using(connection).record(**contact(1))
        host.close()


def test_a_transaction_of_another_database_is_refused(host: Host, tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as other:
        elsewhere = create_engine(other.url)
        with elsewhere.connect() as connection, pytest.raises(HostTransactionError, match=r"^transaction: "):
            host.tracker.using(connection).record(**contact(1))
        elsewhere.dispose()
    assert host.counts() == (0, 0)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_another_database_of_the_same_server_is_refused(engine: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        host = host_of(store)
        database = {"postgresql": "postgres", "mariadb": "mysql"}[engine]
        elsewhere = create_engine(host.engine.url.set(database=database), **LEVEL[engine])
        with elsewhere.connect() as connection, pytest.raises(HostTransactionError, match="in the database"):
            host.tracker.using(connection).record(**contact(1))
        elsewhere.dispose()
        host.close()


def test_the_store_of_another_namespace_is_not_found_by_its_connection(tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store)
        copy = omnitrack.open(f"sqlite:///{tmp_path / 'other.db'}")
        with host.engine.connect() as connection, pytest.raises(HostTransactionError):
            copy.using(connection).record(**contact(1))
        copy.close()
        host.close()


@pytest.mark.parametrize("given", [None, "session", 1, object()])
def test_what_is_no_transaction_is_refused(given: object, tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store)
        with pytest.raises(HostTransactionError, match="accepted are a Session or a Connection"):
            host.tracker.using(given)
        host.close()


def test_a_store_in_memory_takes_part_in_none(tmp_path: Path) -> None:
    with servers.store("sqlite", tmp_path) as store:
        host = host_of(store)
        tracker = omnitrack.open("memory://")
        with host.engine.connect() as connection, pytest.raises(HostTransactionError, match="MemoryBackend takes part"):
            tracker.using(connection)
        host.close()


# -- killed -------------------------------------------------------------------------------------------------------------
CHILD = """
import sys
sys.path.insert(0, {folder!r})
import servers
from sqlalchemy.orm import Session
from storage.sql.hosts import contact, host_of

host = host_of(servers.Store({url!r}, {namespace!r}), **{options!r})
for number, end in ((1, True), (2, False)):
    session = Session(host.engine)
    host.order(session, number)
    host.tracker.using(session).record(**contact(number))
    if end:
        session.commit()
print("half way", flush=True)
sys.stdin.read()
"""


def test_a_host_that_is_killed_leaves_both_rows_or_none(host: Host) -> None:
    options = {"isolation_level": "READ COMMITTED"} if host.engine.dialect.name in ("mysql", "mariadb") else {}
    text = CHILD.format(folder=servers.FOLDER, url=host.store.url, namespace=host.store.namespace, options=options)
    child = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "half way\n"
    child.kill()
    child.communicate()
    assert host.counts() == (1, 1)
    host.tracker.record(**contact(2))  # what was held by the dead is free
    assert host.counts() == (1, 2)
    assert host.tracker.verify()


# -- async --------------------------------------------------------------------------------------------------------------
@pytest.fixture(params=list(ASYNC))
def async_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    engine, driver = ASYNC[request.param]
    with servers.store(engine, tmp_path) as store:
        yield store.over(driver)


@pytest.mark.parametrize("kind", ["session", "connection", "scoped"])
async def test_async_callers_have_the_same(async_store: servers.Store, kind: str) -> None:
    options = {"isolation_level": "READ COMMITTED"} if "mariadb" in async_store.url else {}
    engine = create_async_engine(async_store.url, **options)
    given: Any
    if kind == "session":
        given = AsyncSession(engine)
    elif kind == "scoped":
        given = async_scoped_session(async_sessionmaker(engine), scopefunc=lambda: 1)
    else:
        given = await engine.connect()
    tracker = omnitrack.open_async(async_store.url, namespace=async_store.namespace)
    joined = tracker.using(given)  # before the store is open
    recorded = await joined.record(**contact(1))
    assert len([item async for item in joined.timeline("crm:1")]) == 1
    assert [one async for one in tracker.interactions()] == []
    await given.rollback()
    assert [one async for one in tracker.interactions()] == []
    recorded = await joined.record(**contact(1))
    await given.commit()
    assert (await tracker.customer("crm:1")).id == recorded.customer_ids[0]
    assert await tracker.verify()
    with pytest.raises(HostTransactionError, match="rebuild"):
        await joined.rebuild()
    await joined.close()  # which closes nothing
    assert len([item async for item in joined.timeline("crm:1")]) == 1
    await given.close()
    await tracker.close()
    await engine.dispose()


async def test_each_tracker_takes_its_own_kind(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"
    engine = create_async_engine(url)
    async with omnitrack.open_async(url) as tracker, engine.connect() as connection:
        with omnitrack.open(url) as sync, pytest.raises(HostTransactionError, match="got AsyncConnection"):
            sync.using(connection).record(**contact(1))
        with pytest.raises(HostTransactionError, match="got Connection"):
            await tracker.using(connection.sync_connection).record(**contact(1))
        with pytest.raises(HostTransactionError, match="not started"):
            tracker.using(AsyncConnection(engine))
    await engine.dispose()
