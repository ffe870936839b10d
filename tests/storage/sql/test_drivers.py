"""Which driver a URL gives to sync and to async callers, and what goes to it."""

from __future__ import annotations

import importlib.util

import pytest
from sqlalchemy.engine import make_url

from omnitrack.errors import BackendError
from omnitrack.storage.sql import SqlBackend
from omnitrack.storage.sql.address import dialect_of
from omnitrack.storage.sql.dialect import Options, Portable


@pytest.mark.parametrize(
    ("url", "sync", "asynchronous"),
    [
        ("sqlite:///x.db", "sqlite+pysqlite", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///x.db", "sqlite+pysqlite", "sqlite+aiosqlite"),
        ("postgresql://h/x", "postgresql+psycopg", "postgresql+asyncpg"),
        ("postgresql+psycopg://h/x", "postgresql+psycopg", "postgresql+psycopg"),
        ("postgresql+asyncpg://h/x", "postgresql+psycopg", "postgresql+asyncpg"),
        ("mariadb://h/x", "mariadb+pymysql", "mariadb+asyncmy"),
        ("mariadb+aiomysql://h/x", "mariadb+pymysql", "mariadb+aiomysql"),
        ("mysql+pymysql://h/x", "mysql+pymysql", "mysql+asyncmy"),
        ("oracle+oracledb://h/x", "oracle", None),
    ],
)
def test_a_url_gives_each_kind_of_caller_its_driver(url: str, sync: str, asynchronous: str | None) -> None:
    parsed = make_url(url)
    for_sync, for_async = dialect_of(parsed).drivers(parsed)
    assert for_sync.drivername.removesuffix("+oracledb") == sync
    assert (for_async and for_async.drivername) == asynchronous


def test_without_asyncpg_psycopg_serves_async_callers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    url = make_url("postgresql://h/x")
    assert dialect_of(url).drivers(url)[1] == make_url("postgresql+psycopg://h/x")


@pytest.mark.parametrize("given", ["sslmode=require&connect_timeout=5", "ssl=require&timeout=5"])
def test_what_drivers_call_differently_is_translated(given: str) -> None:
    url = make_url(f"postgresql://h/x?{given}")
    sync, asynchronous = dialect_of(url).drivers(url)
    assert dict(sync.query) == {"sslmode": "require", "connect_timeout": "5"}
    assert asynchronous is not None
    assert dict(asynchronous.query) == {"ssl": "require", "timeout": "5"}


def test_only_pymysql_is_told_not_to_look_for_tls() -> None:
    url = make_url("mariadb://h/x?ssl_disabled=true")
    sync, asynchronous = dialect_of(url).drivers(url)
    assert dict(sync.query) == {"ssl_disabled": "true"}
    assert asynchronous is not None
    assert dict(asynchronous.query) == {}


def test_options_in_the_url_do_not_go_to_the_driver() -> None:
    backend = SqlBackend.from_url("postgresql://h/x?pool_size=3&namespace=brand&application_name=desk&guard=write")
    assert backend._options == Options(pool_size=3, guard="write")
    assert backend._namespace == "brand"
    assert dict(backend._sync_url.query) == {"application_name": "desk"}


def test_an_engine_of_which_nothing_is_known_gets_what_is_portable() -> None:
    assert isinstance(dialect_of(make_url("oracle://h/x")), Portable)


@pytest.mark.parametrize("url", ["sqlite", "postgresql//h", "postgresql://h:port/x"])
def test_a_malformed_url_is_refused(url: str) -> None:
    with pytest.raises(BackendError):
        SqlBackend.from_url(url)


def test_where_only_async_callers_have_a_driver_sync_ones_are_told_what_brings_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = SqlBackend.from_url("mysql://h/x")

    def without(*args: object, **kwargs: object) -> None:
        raise ModuleNotFoundError("No module named 'pymysql'", name="pymysql")

    monkeypatch.setattr("omnitrack.storage.sql.backend.create_engine", without)
    with pytest.raises(BackendError, match=r'the driver pymysql is not installed; the extra "mariadb" of omnitrack'):
        backend.run(lambda transaction: transaction.guard())
