"""What errors mean, and what is repeated: conflicts, also at the commit; what failed for good is told with its cause."""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg
import psycopg
import pymysql
import pytest
from sqlalchemy import exc

import servers
from omnitrack.errors import BackendError, ConflictError
from omnitrack.storage.contract import MAX_TRIES, ChangeRow, IdentifierRow, Transaction
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.dialect import Dialect, Fault
from omnitrack.storage.sql.mariadb import Mariadb
from omnitrack.storage.sql.postgresql import Postgresql
from omnitrack.storage.sql.sqlite import Sqlite
from storage.sql import rows


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.storage.contract.pause_before", lambda attempt: 0.0)


def postgresql(state: str | None, said: str = "said") -> Exception:
    error = psycopg.OperationalError(said) if state is None else psycopg.errors.lookup(state)(said)
    return error


def sqlite(code: int) -> Exception:
    error = sqlite3.OperationalError("said")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("dialect", "error", "fault"),
    [
        (Postgresql(), postgresql("40001"), Fault.CONFLICT),
        (Postgresql(), postgresql("40P01"), Fault.CONFLICT),
        (Postgresql(), postgresql("23505"), Fault.CONFLICT),
        (Postgresql(), postgresql("23505", 'constraint "omnitrack_identifiers_home"'), Fault.FAILED),
        (Postgresql(), postgresql("57P01"), Fault.LOST),
        (Postgresql(), postgresql("08006"), Fault.LOST),
        (Postgresql(), postgresql("53300"), Fault.LOST),
        (Postgresql(), postgresql(None), Fault.LOST),
        (Postgresql(), psycopg.InterfaceError("the connection is closed"), Fault.LOST),
        (Postgresql(), psycopg.InterfaceError("invalid input for query argument $1"), Fault.FAILED),
        (Postgresql(), postgresql(None, "FATAL: the database system is starting up"), Fault.LOST),
        (Postgresql(), postgresql(None, 'FATAL: database "none" does not exist'), Fault.FAILED),
        (Postgresql(), postgresql(None, 'FATAL: password authentication failed for user "x"'), Fault.FAILED),
        (
            Postgresql(),
            asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
            Fault.LOST,
        ),
        (Postgresql(), asyncpg.InternalClientError("unexpected"), Fault.FAILED),
        (Postgresql(), postgresql("22P02"), Fault.FAILED),
        (Postgresql(), postgresql("53100"), Fault.FAILED),
        (Mariadb(), pymysql.err.OperationalError(1213, "deadlock"), Fault.CONFLICT),
        (Mariadb(), pymysql.err.OperationalError(1205, "lock wait timeout"), Fault.CONFLICT),
        (Mariadb(), pymysql.err.OperationalError(1020, "record has changed"), Fault.CONFLICT),
        (Mariadb(), pymysql.err.IntegrityError(1062, "duplicate entry for key 'PRIMARY'"), Fault.CONFLICT),
        (Mariadb(), pymysql.err.IntegrityError(1062, "for key 'omnitrack_identifiers_home'"), Fault.FAILED),
        (Mariadb(), pymysql.err.OperationalError(2013, "lost connection"), Fault.LOST),
        (Mariadb(), pymysql.err.OperationalError(2006, "gone away"), Fault.LOST),
        (Mariadb(), pymysql.err.OperationalError(1180, "error during commit"), Fault.LOST),
        (Mariadb(), pymysql.err.OperationalError(1047, "node not ready"), Fault.LOST),
        (Mariadb(), pymysql.err.InterfaceError(0, ""), Fault.LOST),
        (Mariadb(), pymysql.err.DataError(1406, "data too long"), Fault.FAILED),
        (Sqlite(), sqlite(5), Fault.CONFLICT),
        (Sqlite(), sqlite(517), Fault.CONFLICT),
        (Sqlite(), sqlite(6), Fault.CONFLICT),
        (Sqlite(), sqlite(13), Fault.FAILED),
        (Sqlite(), sqlite3.OperationalError("no code"), Fault.FAILED),
        (Sqlite(), sqlite3.ProgrammingError("Cannot operate on a closed database."), Fault.LOST),
    ],
)
def test_an_error_of_the_engine_means(dialect: Dialect, error: Exception, fault: Fault) -> None:
    assert dialect.fault(error) is fault


CONFLICTS = {
    "postgresql": postgresql("40001"),
    "mariadb": pymysql.err.OperationalError(1213, "deadlock found"),
    "sqlite": sqlite(5),
}


def failing_commit(monkeypatch: pytest.MonkeyPatch, backend: SqlBackend, error: Exception, times: int) -> list[int]:
    """Let the first commits end in an error of the driver; return a list that grows with each."""
    tries: list[int] = []
    commit = backend._dialect.commit

    def failing(connection: Any, cursor: Any) -> None:
        tries.append(1)
        if len(tries) <= times:
            raise error
        commit(connection, cursor)

    monkeypatch.setattr(backend._dialect, "commit", failing)
    return tries


def test_a_conflict_at_the_commit_is_repeated(
    backend: SqlBackend, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = failing_commit(monkeypatch, backend, CONFLICTS[engine], 2)
    assert backend.run(lambda tx: rows.add(tx, range(1, 20))) == set()
    assert len(tries) == 3
    assert backend.run(rows.stored) == list(range(1, 20))


def test_a_conflict_that_does_not_end_is_told_with_its_cause(
    backend: SqlBackend, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = failing_commit(monkeypatch, backend, CONFLICTS[engine], 99)
    with pytest.raises(ConflictError) as raised:
        backend.run(lambda tx: rows.add(tx, range(1, 20)))
    assert len(tries) == MAX_TRIES
    assert raised.value.__cause__ is CONFLICTS[engine]


def test_what_failed_for_good_is_not_repeated(backend: SqlBackend) -> None:
    tries = []

    def wrong(tx: Transaction) -> None:
        tries.append(1)
        tx._cursor.execute("SELECT nothing FROM nowhere")  # type: ignore[attr-defined]

    with pytest.raises(BackendError) as raised:
        backend.run(wrong)
    assert len(tries) == 1
    assert raised.value.__cause__ is not None
    assert not isinstance(raised.value.__cause__, (BackendError, exc.SQLAlchemyError))


def test_an_error_text_holds_no_values(backend: SqlBackend) -> None:
    home = bytes(16)
    row = IdentifierRow(rows.id_(1), home, home, "phone", "+442079460958", "", rows.id_(1), None, 1, None, 1)
    with pytest.raises(BackendError) as raised:
        backend.run(lambda tx: tx.add_identifiers([row, row._replace(id=rows.id_(2), value="+442079460959")]))
    assert "442079460" not in str(raised.value)


def test_what_a_driver_said_goes_with_a_wrong_value(backend: SqlBackend, engine: str) -> None:
    change = ChangeRow(rows.id_(1), 2**70, rows.id_(1), rows.id_(1), rows.id_(2), "link", bytes(16), None, None)
    with pytest.raises((BackendError, OverflowError)):
        backend.run(lambda tx: tx.update_identifiers([], [change]))
    assert backend.run(lambda tx: tx.list_changes()) == []


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_failure_that_was_passed_over_does_not_end_in_a_commit_that_only_seems_one(backend: SqlBackend) -> None:
    def careless(tx: Transaction) -> None:
        rows.add(tx, range(1, 20))
        with pytest.raises(psycopg.Error):
            tx._cursor.execute("SELECT nothing FROM nowhere")  # type: ignore[attr-defined]

    with pytest.raises(BackendError):
        backend.run(careless)
    assert backend.run(rows.stored) == []


def test_a_run_inside_a_transaction_is_refused(backend: SqlBackend) -> None:
    with pytest.raises(BackendError, match="inside"):
        backend.run(lambda tx: backend.run(rows.stored))


def test_an_interrupted_run_leaves_no_connection_behind(store: servers.Store, backend: SqlBackend) -> None:
    def interrupted(tx: Transaction) -> None:
        rows.add(tx, range(1, 20))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.run(interrupted)
    assert backend._sync is not None
    assert backend._sync.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert backend.run(rows.stored) == []
