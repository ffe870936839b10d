"""The SQL adapter: SQLite, PostgreSQL, MariaDB and MySQL over SQLAlchemy Core."""
