"""The yardstick: the driver of the same database writing the rows that omnitrack wrote, in the same transactions, by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from omnitrack.storage.contract import Backend, Transaction
from omnitrack.storage.sql.tables import Tables, make_tables

#: What SQLAlchemy Core executes in one transaction: statements, each with its parameters.
Prepared = list[tuple[Any, list[dict[str, Any]]]]

#: How omnitrack sets a connection of SQLite.
PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA secure_delete=ON")

WRITES = ("add_identifiers", "update_identifiers", "add_links", "add_interactions", "put_records")


@attrs.define
class Written:
    """What one transaction wrote, by table, in the columns of the contract's rows."""

    interactions: list[Any] = attrs.field(factory=list)
    entries: list[Any] = attrs.field(factory=list)
    identifiers: list[Any] = attrs.field(factory=list)
    links: list[Any] = attrs.field(factory=list)
    updates: list[Any] = attrs.field(factory=list)
    changes: list[Any] = attrs.field(factory=list)
    records: list[Any] = attrs.field(factory=list)

    def rows(self) -> int:
        return sum(len(getattr(self, field.name)) for field in attrs.fields(Written))


class _Spy:
    """A transaction that notes what is written through it."""

    def __init__(self, tx: Transaction, written: Written) -> None:
        self._tx = tx
        self._written = written
        self.serialised = tx.serialised

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def add_identifiers(self, rows: Sequence[Any]) -> set[bytes]:
        there = self._tx.add_identifiers(rows)
        self._written.identifiers += [row for row in rows if row[0] not in there]
        return there

    def update_identifiers(self, changes: Sequence[Any], log: Sequence[Any] = ()) -> None:
        self._tx.update_identifiers(changes, log)
        self._written.updates += changes
        self._written.changes += log

    def add_links(self, rows: Sequence[Any]) -> None:
        self._tx.add_links(rows)
        self._written.links += rows

    def add_interactions(self, rows: Sequence[Any], entries: Sequence[Any]) -> set[bytes]:
        left_out = self._tx.add_interactions(rows, entries)
        self._written.interactions += [row for row in rows if row[0] not in left_out]
        self._written.entries += [entry for entry in entries if entry[2] not in left_out]
        return left_out


def spied(backend: Backend) -> list[Written]:
    """Have a backend note what every writing transaction writes from now on."""
    transactions: list[Written] = []
    run = backend.run

    def spying(fn: Callable[[Any], Any], *, write: bool = True) -> Any:
        written = Written()
        result = run(lambda tx: fn(_Spy(tx, written)), write=write)
        if written.rows():
            transactions.append(written)
        return result

    backend.run = spying  # type: ignore[method-assign]
    return transactions


def statements(tables: Tables, mark: Callable[[int], str]) -> Iterator[tuple[str, Any, str]]:
    """Yield (attribute of Written, table, INSERT statement) with the driver's own placeholders."""
    for name in ("interactions", "entries", "identifiers", "links", "changes", "records"):
        table = getattr(tables, name)
        columns = [c.name for c in table.columns][: 20 if name == "interactions" else None]
        quoted = ", ".join(f'"{c}"' for c in columns)
        schema = f"{table.schema}." if table.schema else ""
        yield (
            name,
            table,
            f"INSERT INTO {schema}{table.name} ({quoted}) VALUES ({', '.join(map(mark, range(len(columns))))})",
        )


def sqlite_writer(path: str) -> Callable[[Written], None]:
    """Return what writes a transaction with the bare sqlite3 driver, executemany: its fastest way."""
    import sqlite3

    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    inserts = list(statements(make_tables(), lambda _: "?"))
    update = "UPDATE omnitrack_identifiers SET customer = ?, state = ?, reason = ? WHERE id = ?"

    def write(written: Written) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for name, _, text in inserts:
            rows = getattr(written, name)
            if rows:
                connection.executemany(text, rows)
        if written.updates:
            connection.executemany(update, [(u[1], u[2], u[3], u[0]) for u in written.updates])
        connection.execute("COMMIT")

    return write


def postgresql_writer(url: str, schema: str) -> Callable[[Written], None]:
    """Return what writes a transaction with bare psycopg: COPY for many rows, INSERT for few."""
    import psycopg

    connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    cursor = connection.cursor()
    tables = make_tables(schema=schema)
    inserts = list(statements(tables, lambda _: "%s"))
    update = f"UPDATE {schema}.omnitrack_identifiers SET customer = %s, state = %s, reason = %s WHERE id = %s"

    def write(written: Written) -> None:
        cursor.execute("BEGIN")
        for name, table, text in inserts:
            rows = getattr(written, name)
            if len(rows) > 8:
                columns = ", ".join(f'"{c.name}"' for c in list(table.columns)[: len(rows[0])])
                with cursor.copy(f"COPY {schema}.{table.name} ({columns}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            elif rows:
                for row in rows:
                    cursor.execute(text, row)
        if written.updates:
            cursor.executemany(update, [(u[1], u[2], u[3], u[0]) for u in written.updates])
        cursor.execute("COMMIT")

    return write


def core_writer(url: str, schema: str | None) -> tuple[Callable[[Written], Prepared], Callable[[Prepared], None]]:
    """Return what turns a transaction's rows into what SQLAlchemy Core takes, and what writes that with it."""
    from sqlalchemy import Table, bindparam, create_engine, event

    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            for pragma in PRAGMAS:
                connection.execute(pragma)

    tables = make_tables(schema=schema)
    order: list[tuple[str, Table]] = [(name, table) for name, table, _ in statements(tables, str)]
    inserts = {name: table.insert() for name, table in order}
    t = tables.identifiers
    names = ("customer", "state", "reason")
    update = t.update().where(t.c.id == bindparam("which")).values({name: bindparam(f"new_{name}") for name in names})

    def prepare(written: Written) -> Prepared:
        work: Prepared = []
        for name, table in order:
            columns = [c.name for c in table.columns]
            if rows := getattr(written, name):
                work.append((inserts[name], [dict(zip(columns, row, strict=False)) for row in rows]))
        if written.updates:
            new = [
                {f"new_{n}": v for n, v in zip(names, u[1:4], strict=True)} | {"which": u[0]} for u in written.updates
            ]
            work.append((update, new))
        return work

    def write(work: Prepared) -> None:
        with engine.begin() as connection:
            for statement, rows in work:
                connection.execute(statement, rows)

    return prepare, write


def mariadb_writer(url: str, schema: str) -> Callable[[Written], None]:
    """Return what writes a transaction with bare PyMySQL, executemany (which it turns into INSERTs of many rows)."""
    import pymysql
    from sqlalchemy import make_url

    place = make_url(url)
    connection = pymysql.connect(
        host=place.host, port=place.port or 3306, user=place.username, password=place.password or "", autocommit=False
    )
    cursor = connection.cursor()
    inserts = [
        (name, text.replace('"', "`")) for name, _, text in statements(make_tables(schema=schema), lambda _: "%s")
    ]
    update = f"UPDATE {schema}.omnitrack_identifiers SET customer = %s, state = %s, reason = %s WHERE id = %s"

    def write(written: Written) -> None:
        connection.begin()
        for name, text in inserts:
            rows = getattr(written, name)
            if rows:
                cursor.executemany(text, rows)
        if written.updates:
            cursor.executemany(update, [(u[1], u[2], u[3], u[0]) for u in written.updates])
        connection.commit()

    return write
