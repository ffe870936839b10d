"""The writes to the tables, built with SQLAlchemy Core, with the names of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, insert, update

from omnitrack.storage.sql.queries import Built
from omnitrack.storage.sql.tables import Tables
from omnitrack.storage.sql.texts import Texts

ENTRY_KEY = ("identifier", "occurred_at", "interaction", "person", "added_at")
ENTRY_VALUES = ("removed_at", "role", "assurance", "channel", "direction", "kind", "raw")
LINK_KEY = ("a", "b", "basis", "assurance", "ref")


def insert_rows(table: Table, columns: int | None = None, rows: int = 1, insert: Any = insert) -> Built:
    """Insert ``rows`` rows of the first ``columns`` columns; ``insert`` may be a dialect's own."""
    names = [column.name for column in table.columns][:columns]
    if rows == 1:
        return insert(table).values({name: bindparam(name) for name in names}), names
    binds: list[dict[str, Any]] = [{name: bindparam(f"{name}_{row}") for name in names} for row in range(rows)]
    return insert(table).values(binds), [f"{name}_{row}" for row in range(rows) for name in names]


def delete_by_key(table: Table, key: Sequence[str]) -> Built:
    """Delete the row of a unique key."""
    return delete(table).where(and_(*(table.c[name] == bindparam(name) for name in key))), list(key)


def delete_among(table: Table, column: str, texts: Texts) -> Built:
    """Delete the rows with ``column`` among a list."""
    return delete(table).where(texts.among(table.c[column], "among")), ["among"]


def update_identifier(tables: Tables) -> Built:
    """Set the derived fields of one identifier."""
    t = tables.identifiers
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("customer", "state", "reason")}
    statement = update(t).where(t.c.id == bindparam("one")).values(values)
    return statement, ["new_customer", "new_state", "new_reason", "one"]


def remove_entry(tables: Tables) -> Built:
    """Mark one entry as removed, where it is not yet."""
    t = tables.entries
    key = and_(*(t.c[name] == bindparam(f"one_{name}") for name in ENTRY_KEY), t.c.removed_at.is_(None))
    statement = update(t).where(key).values(removed_at=bindparam("at"))
    return statement, ["at", *(f"one_{name}" for name in ENTRY_KEY)]


def update_link(tables: Tables) -> Built:
    """Set what is not key of one link."""
    t = tables.links
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("seen", "evidence", "score")}
    statement = update(t).where(and_(*(t.c[name] == bindparam(f"one_{name}") for name in LINK_KEY))).values(values)
    return statement, ["new_seen", "new_evidence", "new_score", *(f"one_{name}" for name in LINK_KEY)]


def update_record(tables: Tables) -> Built:
    """Set one record's value where its version is the one expected."""
    t = tables.records
    which = and_(
        t.c.kind == bindparam("one_kind"), t.c.key == bindparam("one_key"), t.c.version == bindparam("one_version")
    )
    statement = update(t).where(which).values(value=bindparam("new_value"), version=bindparam("new_version"))
    return statement, ["new_value", "new_version", "one_kind", "one_key", "one_version"]


def count_up(tables: Tables, column: str, rest: bool = False) -> Built:
    """Add one to a column of one row of the guard, or of all rows but row 0."""
    t = tables.guard
    where: Any = t.c.stripe > bindparam("stripe_") if rest else t.c.stripe == bindparam("stripe_")
    return update(t).where(where).values({column: t.c[column] + bindparam("more")}), ["more", "stripe_"]
