"""Support for applications that share the database: excludes omnitrack's tables from their migrations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from omnitrack.storage.sql.tables import make_tables

# Of every namespace: on SQLite its name stands before the table's, and was once in any case.
_OURS = re.compile(rf"(?:\w{{1,40}}_)?(?:{'|'.join(sorted(make_tables().metadata.tables))})", re.ASCII | re.IGNORECASE)


def include_name(name: str | None, type_: str, parent_names: Mapping[str, Any]) -> bool:
    """Tell Alembic that the tables of omnitrack, in whatever namespace, are none of the application's.

    For ``context.configure(include_name=include_name)`` in the ``env.py`` of an application that shares its database with a store: without it
    ``alembic revision --autogenerate`` finds tables that the application's metadata does not know, and drops them.

    Args:
        name: of what was found in the database.
        type_: what that is, in Alembic's words: ``"schema"``, ``"table"``, ``"index"``, ...
        parent_names: of what it is in.

    Returns:
        False for a table of omnitrack and for what belongs to one; True for all else.

    >>> include_name("omnitrack_links", "table", {}), include_name("brand_one_omnitrack_links", "table", {}), include_name("orders", "table", {})
    (False, False, True)
    """
    table = name if type_ == "table" else parent_names.get("table_name")
    return table is None or not _OURS.fullmatch(table)
