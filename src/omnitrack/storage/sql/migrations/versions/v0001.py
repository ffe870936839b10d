"""The first tables, as omnitrack 1 makes them. Written out, so that later changes of ``tables`` leave this step as it was."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from omnitrack.storage.sql.tables import Tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade(tables: Tables) -> None:
    """Create the tables of version 1. Long: one table after the other."""
    prefix, schema = tables.guard.name.removesuffix("guard"), tables.schema
    options: dict[str, Any] = {
        name: value for name, value in tables.guard.dialect_kwargs.items() if not name.startswith("sqlite_")
    }
    clustered = options | {"sqlite_with_rowid": False}
    id_ = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
    number, small = sa.BigInteger(), sa.SmallInteger()

    def text(on_mysql: Any) -> Any:
        collated = sa.Text().with_variant(sa.Text(collation="C"), "postgresql", "cockroachdb")
        return collated.with_variant(on_mysql, "mysql", "mariadb")

    name, free, long = text(mysql.VARCHAR(255)), text(mysql.MEDIUMTEXT()), text(mysql.LONGTEXT())

    def table(short: str, *columns: tuple[str, Any, bool], key: int, **kwargs: Any) -> None:
        """Make a table of (name, type, nullable), the first ``key`` of which are its key."""
        op.create_table(
            prefix + short,
            *(sa.Column(column, type_, nullable=nullable, autoincrement=False) for column, type_, nullable in columns),
            sa.PrimaryKeyConstraint(*(column for column, _, _ in columns[:key])),
            schema=schema,
            **kwargs,
        )

    def index(on: str, short: str, *columns: str, unique: bool = False) -> None:
        op.create_index(prefix + short, prefix + on, list(columns), unique=unique, schema=schema)

    table(
        "identifiers",
        ("id", id_, False),
        ("home", id_, False),
        ("customer", id_, False),
        ("scheme", name, False),
        ("value", free, False),
        ("scope", free, False),
        ("base", id_, False),
        ("since", number, True),
        ("state", small, False),
        ("reason", free, True),
        ("born_at", number, False),
        key=1,
        **clustered,
    )
    index("identifiers", "identifiers_home", "home", unique=True)
    index("identifiers", "identifiers_customer", "customer")
    table(
        "links",
        ("a", id_, False),
        ("b", id_, False),
        ("basis", name, False),
        ("assurance", small, False),
        ("ref", id_, False),
        ("seen", number, False),
        ("evidence", id_, False),
        ("score", sa.Integer(), False),
        key=5,
        **clustered,
    )
    index("links", "links_b", "b")
    table(
        "interactions",
        ("id", id_, False),
        ("revision", number, False),
        ("source", name, True),
        ("source_id", text(mysql.VARCHAR(400)), True),
        ("channel", name, False),
        ("direction", name, False),
        ("kind", name, False),
        ("occurred_at", number, False),
        ("utc_offset", small, False),
        ("ended_at", number, True),
        ("recorded_at", number, False),
        ("subject", free, True),
        ("body", long, True),
        ("agent", free, True),
        ("thread", free, True),
        ("reply_to", free, True),
        ("outcome", free, True),
        ("via", free, True),
        ("extra", long, True),
        ("deleted", small, False),
        ("other_source_id", free, True),
        key=2,
        **options,
    )
    index("interactions", "interactions_source", "source", "source_id", unique=True)
    index("interactions", "interactions_occurred", "occurred_at", "id")
    table(
        "entries",
        ("identifier", id_, False),
        ("occurred_at", number, False),
        ("interaction", id_, False),
        ("person", small, False),
        ("added_at", number, False),
        ("removed_at", number, True),
        ("role", small, False),
        ("assurance", small, False),
        ("channel", name, False),
        ("direction", name, False),
        ("kind", name, False),
        ("raw", free, True),
        key=5,
        **clustered,
    )
    index("entries", "entries_interaction", "interaction")
    table(
        "changes",
        ("id", id_, False),
        ("at", number, False),
        ("identifier", id_, False),
        ("old", id_, False),
        ("new", id_, False),
        ("cause", name, False),
        ("ref", id_, False),
        ("by", free, True),
        ("reason", free, True),
        key=1,
        **clustered,
    )
    for column in ("identifier", "old", "new"):
        index("changes", f"changes_{column}", column, "id")
    table(
        "records",
        ("kind", text(mysql.VARCHAR(64)), False),
        ("key", text(mysql.VARCHAR(600)), False),
        ("value", long, False),
        ("version", number, False),
        key=2,
        **options,
    )
    table("guard", ("stripe", small, False), ("epoch", number, False), ("touched", number, False), key=1, **options)
    rows = [{"stripe": stripe, "epoch": 0, "touched": 0} for stripe in range(17)]
    op.bulk_insert(
        sa.table(
            prefix + "guard", *(sa.column(name, sa.Integer) for name in ("stripe", "epoch", "touched")), schema=schema
        ),
        rows,
    )


def downgrade(tables: Tables) -> None:
    raise NotImplementedError("a store is not taken back to before its first version; drop its tables")
