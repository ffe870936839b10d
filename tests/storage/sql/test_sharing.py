"""Alembic's autogenerate of an application that has its tables in the same database as a store, with the env.py that the docs give."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import servers
from omnitrack.storage.registry import open_backend
from omnitrack.storage.sql import include_name
from omnitrack.storage.sql.tables import make_tables

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "share-a-database.md"

TABLES = """
from sqlalchemy import Column, Integer, MetaData, Table, Text
metadata = MetaData()
Table("orders", metadata, Column("id", Integer, primary_key=True), Column("note", Text))
"""

TEMPLATE = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

def upgrade():
    ${upgrades if upgrades else "pass"}
'''


@pytest.fixture(params=servers.ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield a database of the test's own, with a table of the application and one that it has given up."""
    with database(request.param, tmp_path) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY)")
            connection.exec_driver_sql("CREATE TABLE given_up (id INTEGER NOT NULL PRIMARY KEY)")
        engine.dispose()
        yield url


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'shared.db'}"
        return
    with servers.store(engine, folder) as store:
        name = f"omnitrack_shared_{secrets.token_hex(4)}"
        with servers.admin(store.url).connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield make_url(store.url).set(database=name).render_as_string(hide_password=False)
        finally:
            with servers.admin(store.url).connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}")


def set_up(url: str, namespace: str | None = None) -> None:
    backend = open_backend(url, namespace=namespace)
    backend.setup()
    backend.close()


def autogenerate(url: str, folder: Path, *, without: str = "\0", options: str = "") -> str:
    """Run ``alembic revision --autogenerate`` in a process of its own, and return what the revision does."""
    env = re.search(r"```python\n(# env.py\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert env is not None
    text = "".join(line for line in env[1].splitlines(keepends=True) if not line.strip().startswith(without))
    if options:
        text = text.replace("target_metadata=metadata,", f"target_metadata=metadata, {options},")
    scripts = folder / "migrations"
    (scripts / "versions").mkdir(parents=True)
    (folder / "app").mkdir()
    (folder / "app" / "__init__.py").touch()
    (folder / "app" / "tables.py").write_text(TABLES, encoding="utf-8")
    (scripts / "env.py").write_text(text, encoding="utf-8")
    (scripts / "script.py.mako").write_text(TEMPLATE, encoding="utf-8")
    given = url.replace("%", "%%")
    (folder / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {scripts}\nprepend_sys_path = {folder}\nsqlalchemy.url = {given}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "alembic", "-c", str(folder / "alembic.ini"), "revision", "--autogenerate"]
    ran = subprocess.run([*command, "-m", "next"], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    (revision,) = (scripts / "versions").glob("*.py")
    return revision.read_text(encoding="utf-8")


def test_autogenerate_leaves_the_tables_of_a_store_alone_and_does_the_rest(url: str, tmp_path: Path) -> None:
    set_up(url)
    if url.startswith("sqlite"):  # elsewhere a namespace is a schema of its own
        set_up(url, "brand")
        set_up(url, "brand_one")
    written = autogenerate(url, tmp_path / "host")
    assert "omnitrack" not in written
    assert "op.add_column('orders'" in written
    assert "op.drop_table('given_up')" in written


def test_without_the_line_autogenerate_would_drop_all_of_them(url: str, tmp_path: Path) -> None:
    set_up(url)
    written = autogenerate(url, tmp_path / "host", without="include_name=")
    for name in make_tables().metadata.tables:
        assert f"op.drop_table('{name}')" in written


def test_autogenerate_over_all_schemas_leaves_those_of_namespaces_alone(tmp_path: Path) -> None:
    with database("postgresql", tmp_path) as url:
        set_up(url)
        set_up(url, "brand_one")
        written = autogenerate(url, tmp_path / "host", options="include_schemas=True")
        assert "omnitrack" not in written
        assert "brand_one" not in written
        assert "op.create_table('orders'" in written


@pytest.mark.parametrize(
    "name", ["orders", "omnitrack", "omnitrack_orders", "omnitrack_links_old", "links", "alembic_version"]
)
def test_a_table_of_the_application_is_let_through(name: str) -> None:
    assert include_name(name, "table", {"schema_name": None})
    assert include_name("ix", "index", {"schema_name": None, "table_name": name})


@pytest.mark.parametrize("before", ["", "brand_", "brand_one_", "Brand_", "a_omnitrack_", f"{'a' * 40}_"])
def test_a_table_of_any_namespace_is_not(before: str) -> None:
    for name in make_tables().metadata.tables:
        assert not include_name(f"{before}{name}", "table", {"schema_name": None})
        assert not include_name("ix", "index", {"schema_name": None, "table_name": f"{before}{name}"})


def test_schemas_are_let_through() -> None:
    assert include_name(None, "schema", {})
    assert include_name("brand_one", "schema", {})
