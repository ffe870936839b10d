"""A cursor of psycopg that asks for binary answers, and begins its transaction with the first statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from psycopg import Copy, Cursor


class PsycopgCursor:
    """What a transaction needs of a DBAPI cursor."""

    def __init__(self, connection: Any) -> None:
        # Of the connection's own class: what traces the driver has put another in its place.
        self._cursor: Cursor[tuple[Any, ...]] = connection.cursor_factory(connection)
        #: What begins the transaction, until it was sent.
        self.opening: str | None = None
        self.fetchall = self._cursor.fetchall
        self.fetchone = self._cursor.fetchone
        self.nextset = self._cursor.nextset
        self.close = self._cursor.close

    def execute(self, text: str, values: Sequence[Any] = ()) -> None:
        """Execute one statement, the opening before it; without values it may be several."""
        self._open()
        if values:
            # Binary: the half of what an id is in hexadecimal digits, and read without a look at each. Prepared the first time, where statements
            # are kept at all: there are few, and all of them come again.
            self._cursor.execute(text, values, binary=True, prepare=True)
        else:
            self._cursor.execute(text)

    def executemany(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for every row, the opening before it."""
        self._open()
        self._cursor.executemany(text, rows)

    def copy(self, text: str) -> AbstractContextManager[Copy]:
        """Copy rows in, the opening before it."""
        self._open()
        return self._cursor.copy(text)

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed or found."""
        return self._cursor.rowcount

    @property
    def statusmessage(self) -> str | None:
        """The server's word for the last statement."""
        return self._cursor.statusmessage

    def _open(self) -> None:
        if self.opening is not None:
            opening, self.opening = self.opening, None
            self._cursor.execute(opening)
