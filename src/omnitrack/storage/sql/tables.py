"""The tables of a SQL store: columns in the order of the contract's rows, so that a named tuple binds as it is.

What each index is for, since each costs time on every write:

- identifiers: by id (the key), home (unique), customer (the members of a customer).
- links: by (a, b, ...) the key, and by b (the other end).
- interactions: by (id, revision) the key; (source, source_id) unique; (occurred_at, id) the order of the whole store.
- entries: clustered by (identifier, occurred_at, interaction, ...), which is the order of a timeline, so that a page is one range of
  the key; by interaction.
- changes: by id, identifier, old, new. Written when customers merge or part, so never on the path of a recording.
- records: by (kind, key).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import attrs
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeEngine

# InnoDB indexes at most 3,072 bytes, PostgreSQL 2,704; a character may take four.
MAX_NAME = 255
MAX_KIND = 64
MAX_KEY = 600
MAX_SHORT_SOURCE_ID = 400

# Rows of the guard table beside row 0, which striped holders of the guard share out among themselves.
STRIPES = 16

INTERACTION_COLUMNS = 20


@attrs.frozen
class Tables:
    """The tables of one namespace."""

    metadata: MetaData
    identifiers: Table
    links: Table
    interactions: Table
    entries: Table
    changes: Table
    records: Table
    guard: Table
    version: Table  # the schema's revision, as Alembic keeps it
    schema: str | None


def short_source_id(source_id: str) -> str:
    """Return what stands in the unique index for a source id: itself, or where it is long its beginning and a hash."""
    if len(source_id) <= MAX_SHORT_SOURCE_ID:
        return source_id
    return f"{source_id[:300]}#{hashlib.blake2b(source_id.encode(), digest_size=20).hexdigest()}"


@lru_cache(maxsize=64)
def make_tables(*, prefix: str = "", schema: str | None = None, collation: str | None = None) -> Tables:
    """Return the tables of a namespace, the same objects each time. Long: one table after the other.

    Args:
        prefix: of every table's name (SQLite, where a file has one namespace).
        schema: that the tables are in: a schema of PostgreSQL, a database of MariaDB.
        collation: of the tables on MariaDB and MySQL: one that compares bytes and does not pad.
    """
    metadata = MetaData(schema=schema)
    name = f"{prefix}omnitrack_".__add__
    id_ = LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
    number = BigInteger()
    small = SmallInteger()
    long_text = _text(mysql.LONGTEXT())
    options: dict[str, Any] = {}
    for dialect in ("mysql", "mariadb"):
        options |= {f"{dialect}_engine": "InnoDB", f"{dialect}_charset": "utf8mb4", f"{dialect}_collate": collation}
    # A table whose rows are short and found by a key alone is kept in the order of that key, once.
    clustered: dict[str, Any] = options | {"sqlite_with_rowid": False}

    def table(short: str, *columns: SchemaItem, **kwargs: Any) -> Table:
        return Table(name(short), metadata, *columns, **kwargs)

    def index(on: Table, short: str, *columns: str, unique: bool = False) -> None:
        Index(name(short), *(on.c[column] for column in columns), unique=unique)

    identifiers = table(
        "identifiers",
        Column("id", id_, primary_key=True),
        Column("home", id_, nullable=False),
        Column("customer", id_, nullable=False),
        Column("scheme", _name(), nullable=False),
        Column("value", _text(), nullable=False),
        Column("scope", _text(), nullable=False),
        Column("base", id_, nullable=False),
        Column("since", number),
        Column("state", small, nullable=False),
        Column("reason", _text()),
        Column("born_at", number, nullable=False),
        **clustered,
    )
    index(identifiers, "identifiers_home", "home", unique=True)
    index(identifiers, "identifiers_customer", "customer")

    links = table(
        "links",
        Column("a", id_, primary_key=True),
        Column("b", id_, primary_key=True),
        Column("basis", _name(), primary_key=True),
        Column("assurance", small, primary_key=True, autoincrement=False),
        Column("ref", id_, primary_key=True),
        Column("seen", number, nullable=False),
        Column("evidence", id_, nullable=False),
        Column("score", Integer, nullable=False),
        **clustered,
    )
    index(links, "links_b", "b")

    interactions = table(
        "interactions",
        Column("id", id_, primary_key=True),
        Column("revision", number, primary_key=True, autoincrement=False),
        Column("source", _name()),
        # Of an original whose source id is short, that id. Of a long one a short form, of a later revision NULL, with the
        # id itself in other_source_id: so a plain unique index means "of revision 0" on every engine, in keys that fit.
        Column("source_id", _name(MAX_SHORT_SOURCE_ID)),
        Column("channel", _name(), nullable=False),
        Column("direction", _name(), nullable=False),
        Column("kind", _name(), nullable=False),
        Column("occurred_at", number, nullable=False),
        Column("utc_offset", small, nullable=False),
        Column("ended_at", number),
        Column("recorded_at", number, nullable=False),
        Column("subject", _text()),
        Column("body", long_text),
        Column("agent", _text()),
        Column("thread", _text()),
        Column("reply_to", _text()),
        Column("outcome", _text()),
        Column("via", _text()),
        Column("extra", long_text),
        Column("deleted", small, nullable=False),
        Column("other_source_id", _text()),
        **options,
    )
    index(interactions, "interactions_source", "source", "source_id", unique=True)
    index(interactions, "interactions_occurred", "occurred_at", "id")

    entries = table(
        "entries",
        Column("identifier", id_, primary_key=True),
        Column("occurred_at", number, primary_key=True, autoincrement=False),
        Column("interaction", id_, primary_key=True),
        Column("person", small, primary_key=True, autoincrement=False),
        Column("added_at", number, primary_key=True, autoincrement=False),
        Column("removed_at", number),
        Column("role", small, nullable=False),
        Column("assurance", small, nullable=False),
        Column("channel", _name(), nullable=False),
        Column("direction", _name(), nullable=False),
        Column("kind", _name(), nullable=False),
        Column("raw", _text()),
        **clustered,
    )
    index(entries, "entries_interaction", "interaction")

    changes = table(
        "changes",
        Column("id", id_, primary_key=True),
        Column("at", number, nullable=False),
        Column("identifier", id_, nullable=False),
        Column("old", id_, nullable=False),
        Column("new", id_, nullable=False),
        Column("cause", _name(), nullable=False),
        Column("ref", id_, nullable=False),
        Column("by", _text()),
        Column("reason", _text()),
        **clustered,
    )
    for column in ("identifier", "old", "new"):
        index(changes, f"changes_{column}", column, "id")

    records = table(
        "records",
        Column("kind", _name(MAX_KIND), primary_key=True),
        Column("key", _name(MAX_KEY), primary_key=True),
        Column("value", long_text, nullable=False),
        Column("version", number, nullable=False),
        **options,
    )
    guard = table(
        "guard",
        Column("stripe", small, primary_key=True, autoincrement=False),
        Column("epoch", number, nullable=False),
        Column("touched", number, nullable=False),
        **options,
    )
    version = table(
        "version",
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=name("version_pkc")),
    )
    return Tables(metadata, identifiers, links, interactions, entries, changes, records, guard, version, schema)


def _name(length: int = MAX_NAME) -> TypeEngine[str]:
    # A length is given where InnoDB needs one for its index keys and rows; the others store any text as fast without.
    return _text(mysql.VARCHAR(length))


def _text(on_mysql: TypeEngine[str] | None = None) -> TypeEngine[str]:
    return (
        Text()
        .with_variant(Text(collation="C"), "postgresql", "cockroachdb")
        .with_variant(on_mysql or mysql.MEDIUMTEXT(), "mysql", "mariadb")
    )
