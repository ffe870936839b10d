"""Statements compiled once to the text that the driver takes, and the lists of values in them.

Core builds each statement and its dialect renders it, once; afterwards a call costs a look-up in a dict. A list of values is one array
parameter where the engine has arrays. Elsewhere it is ``IN (?, ?, ...)`` with the number of marks rounded up to a power of two and the
last value repeated, so that a handful of texts serves every length and the engine's own statement cache knows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from omnitrack.errors import BackendError
from omnitrack.storage.sql.tables import Tables

# At most so many values in one list: below the limits of every engine (SQLite's oldest is 999 parameters of all kinds).
MAX_LIST = 512

_BINARY = re.compile(r"%s(?=::(?:BYTEA|\w+\[\]))")
_NUMBERED = re.compile(r"\$(\d+)")
_LIST = re.compile(r"__\[POSTCOMPILE_\w+\]")


class Texts:
    """The texts of one dialect and one namespace."""

    def __init__(self, dialect: Dialect, tables: Tables) -> None:
        self.dialect = dialect
        self.tables = tables
        self.arrays = dialect.name in ("postgresql", "cockroachdb")
        self.row_values = dialect.name not in ("mysql", "mariadb")  # these do not use an index for (a, b) < (?, ?)
        self.mark = "?" if dialect.paramstyle == "qmark" else "%s"
        self._texts: dict[Hashable, str] = {}
        self._sized: dict[Hashable, str] = {}

    def among(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that ``column`` is one of a list given as ``name``."""
        if self.arrays:
            return column == any_(bindparam(name, type_=ARRAY(column.type)))
        return column.in_(bindparam(name, expanding=True, type_=column.type))

    def get(self, key: Hashable, build: Callable[[], tuple[ClauseElement, Sequence[str]]]) -> str:
        """Return the text of ``key``; ``build`` returns the statement and the names of its parameters in order."""
        text = self._texts.get(key)
        if text is None:
            statement, names = build()
            text = self._texts[key] = self.compile(statement, names)
        return text

    def get_text(self, key: Hashable, build: Callable[[], str]) -> str:
        """Return the text of ``key``, which ``build`` puts together from other texts."""
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = build()
        return text

    def compile(self, statement: ClauseElement, names: Sequence[str]) -> str:
        """Return the text of a statement whose parameters come in the order of ``names``."""
        compiled: Any = statement.compile(dialect=self.dialect)
        text, order = str(compiled), list(compiled.positiontup or ())
        if self.dialect.name == "sqlite":
            # SQLAlchemy writes OFFSET 0, as a parameter, after each LIMIT of SQLite; nothing here has an offset.
            text = text.replace(" OFFSET ?", "")
            order = [name for name in order if not name.startswith("param_")]
        if (
            order != list(names) and self.dialect.paramstyle == "numeric_dollar"
        ):  # numbered as compiled, inner parts first
            numbers = {number: names.index(name) + 1 for number, name in enumerate(order, 1)}
            text = _NUMBERED.sub(lambda found: f"${numbers[int(found[1])]}", text)
            order = sorted(order, key=names.index)
        if order != list(names):
            raise BackendError(f"parameters come as {order}, not as {list(names)}, in {text}")
        if self.dialect.driver == "psycopg":
            # Bytes and lists in binary: quoting a list of 500 ids takes three times as long as asking for them.
            text = _BINARY.sub("%b", text)
        return " ".join(text.split())

    def bind(self, key: Hashable, text: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the text and the flat parameters for values of which those that are lists stand for ``IN``."""
        if self.arrays:
            return text, list(values)
        flat: list[Any] = []
        sizes: list[int] = []
        for value in values:
            if type(value) is list:
                size = 1 << (len(value) - 1).bit_length()
                flat += value
                flat += value[-1:] * (size - len(value))
                sizes.append(size)
            else:
                flat.append(value)
        if not sizes:
            return text, flat
        sized = self._sized.get((key, *sizes))
        if sized is None:
            each = iter(sizes)
            sized = _LIST.sub(lambda found: ", ".join([self.mark] * next(each)), text)
            self._sized[(key, *sizes)] = sized
        return sized, flat


def chunks(values: Sequence[Any], size: int = MAX_LIST) -> list[list[Any]]:
    """Return the values, each once, in lists of at most ``size``."""
    if len(values) <= size:
        return [list(values)] if values else []
    distinct = list(dict.fromkeys(values))
    return [distinct[start : start + size] for start in range(0, len(distinct), size)]
