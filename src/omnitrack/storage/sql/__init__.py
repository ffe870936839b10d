"""The SQL adapter: SQLite, PostgreSQL, MariaDB and MySQL over SQLAlchemy Core."""

from __future__ import annotations

from omnitrack.storage.sql.backend import SqlBackend
from omnitrack.storage.sql.sharing import include_name

__all__ = ["SqlBackend", "include_name"]
