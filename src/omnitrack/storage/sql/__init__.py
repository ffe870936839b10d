"""The SQL adapter: SQLite, PostgreSQL, MariaDB and MySQL over SQLAlchemy Core."""

from __future__ import annotations

from omnitrack.storage.sql.backend import SqlBackend

__all__ = ["SqlBackend"]
