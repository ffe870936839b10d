"""What a namespace may be called, however it is given, and the way of a store whose name is none any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

import omnitrack
import servers
from omnitrack.errors import BackendError
from omnitrack.storage.contract import check_namespace
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql.schema import create
from omnitrack.storage.sql.sqlite import Sqlite
from omnitrack.storage.sql.tables import make_tables
from omnitrack.testing.rows import identifier

URLS = ("memory://", "sqlite://", "postgresql://h/x", "mariadb+pymysql://h/x")

NAMES = ("a", "_", "brand_one", "b2", "a" * 40, "omnitrack", "main", "temp", "pg", "systematic")

NO_NAMES = (
    *(
        "",
        " ",
        "Brand",
        "BRAND",
        "brand-two",
        "a.b",
        "a/b",
        "a b",
        " a",
        "a ",
        "a\n",
        "1a",
        "a" * 41,
        'a"b',
        "a`b",
        "a;b",
        "a%b",
    ),
    *("bränd", "\u212aelvin", "\u0130", "\uff41", "a\u0660", "a\u0301", "a\x00b"),
    *("public", "mysql", "sys", "information_schema", "performance_schema", "sqlite", "sqlite_x", "pg_x", "pg_catalog"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_small_letters_digits_and_underscores_is_one(name: str) -> None:
    assert check_namespace(name) == name


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_some_engine_would_not_keep_apart_is_refused_by_all(name: str) -> None:
    for url in URLS:
        with pytest.raises(BackendError, match="namespace: got"):
            open_backend(url, namespace=name)


@pytest.mark.parametrize("name", [5, True, b"brand", ["brand"]])
def test_a_namespace_that_is_no_text_is_refused(name: object) -> None:
    for url in URLS:
        with pytest.raises(BackendError, match="namespace: got"):
            omnitrack.open(url, namespace=name)


@pytest.mark.parametrize("query", ["namespace=", "namespace", "namespace=Brand", "pool_size=3&namespace=&guard=write"])
def test_a_namespace_in_the_url_is_held_to_the_same_rule(query: str) -> None:
    if query == "namespace":
        query = "namespace=%20"
    with pytest.raises(BackendError, match="namespace: got"):
        open_backend(f"sqlite:///history.db?{query}")


def test_two_namespaces_for_one_store_are_refused() -> None:
    for url, options in [
        ("sqlite://?namespace=one&namespace=two", {}),
        ("sqlite://?namespace=one", {"namespace": "two"}),
    ]:
        with pytest.raises(BackendError, match="namespace: got 'one' and 'two', accepted is one"):
            open_backend(url, **options)
    open_backend("sqlite://?namespace=one", namespace="one").close()


def test_a_name_with_upper_case_is_told_what_to_do() -> None:
    with pytest.raises(BackendError, match="such as 'brand'; a store that has the name already is renamed first"):
        open_backend("sqlite://", namespace="Brand")


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_namespace_that_is_the_place_of_what_has_none_is_refused(engine: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path) as store:
        with servers.admin(store.url).connect() as connection:
            asked = "SELECT current_user" if engine == "postgresql" else "SELECT DATABASE()"
            name = connection.exec_driver_sql(asked).scalar()
        backend = open_backend(store.url, namespace=name)
        with pytest.raises(BackendError, match="leave the namespace out"):
            backend.setup()
        backend.close()


def test_a_store_with_an_older_name_on_sqlite_is_the_one_of_its_small_letters(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        create(connection, make_tables(prefix="Brand_"), Sqlite())
    engine.dispose()
    backend = open_backend(url, namespace="brand")
    backend.setup()
    backend.run(lambda tx: tx.add_identifiers([identifier(1)]))
    backend.close()
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM Brand_omnitrack_identifiers").scalar() == 1
    engine.dispose()


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_store_with_an_older_name_on_a_server_is_renamed_as_the_reference_says(engine: str, tmp_path: Path) -> None:
    with servers.store(engine, tmp_path, bare=True) as store:
        backend = store.open()
        backend.setup()
        backend.run(lambda tx: tx.add_identifiers([identifier(1)]))
        backend.close()
        old = f"Old_{store.namespace}"
        assert store.namespace is not None
        with servers.admin(store.url).connect() as connection:
            rename(connection, store.namespace, old)
            with pytest.raises(BackendError, match="renamed first"):
                open_backend(store.url, namespace=old)
            rename(connection, old, store.namespace)
        backend = store.open()
        backend.setup()
        assert backend.run(lambda tx: tx.find_identifiers()) == [identifier(1)]
        backend.close()


def rename(connection: Connection, old: str, new: str) -> None:
    """Do what docs/reference/databases.md says."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'ALTER SCHEMA "{old}" RENAME TO "{new}"')
        return
    connection.exec_driver_sql(f"CREATE DATABASE `{new}`")
    for table in make_tables().metadata.sorted_tables:
        connection.exec_driver_sql(f"RENAME TABLE `{old}`.{table.name} TO `{new}`.{table.name}")
    connection.exec_driver_sql(f"DROP DATABASE `{old}`")
