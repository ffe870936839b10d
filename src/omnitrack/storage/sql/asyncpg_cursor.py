"""A cursor on asyncpg's own connection, for transactions in a greenlet.

SQLAlchemy's adapter keeps transactions and prepared statements of its own, of which nothing is needed here; asyncpg keeps its statements
prepared by itself, and answers in one wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.util.concurrency import await_

T = TypeVar("T")


class AsyncpgCursor:
    """What a transaction needs of a DBAPI cursor."""

    def __init__(self, connection: Any) -> None:
        self._adapted = connection.dbapi_connection
        self._driver = connection.driver_connection
        self._rows: list[Any] = []
        self.statusmessage = ""
        #: What begins the transaction, until it was sent: with the first statement, where that is no query.
        self.opening: str | None = None

    def execute(self, text: str, values: Sequence[Any] = ()) -> AsyncpgCursor:
        """Execute one statement, the opening before it; without values it may be several, and none of them a query."""
        self._open()
        if text.startswith(("SELECT", "WITH")) or "RETURNING" in text:
            self._rows = self._wait(self._driver.fetch(text, *values))
        else:
            self.statusmessage = self._wait(self._driver.execute(text, *values))
        return self

    def executemany(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for every row, all or none."""
        self._open()
        self._wait(self._driver.executemany(text, rows))

    def fetchall(self) -> list[Any]:
        """Return the rows of the last query."""
        return self._rows

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        count = self.statusmessage.rpartition(" ")[2]
        return int(count) if count.isdigit() else -1

    def copy_in(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Copy rows into a table."""
        self._open()
        self._wait(
            self._driver.copy_records_to_table(table.name, schema_name=table.schema, columns=columns, records=rows)
        )

    def close(self) -> None:
        """Let go of the rows."""
        self._rows = []

    def _open(self) -> None:
        if self.opening is not None:
            opening, self.opening = self.opening, None
            self._wait(self._driver.execute(opening))

    def _wait(self, work: Awaitable[T]) -> T:
        """Wait, and raise the errors of asyncpg as SQLAlchemy's adapter does."""
        try:
            return await_(work)
        except Exception as error:
            self._adapted._handle_exception(error)
            raise
