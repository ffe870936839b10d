"""Sanitises driver errors: the message keeps the cause and the code, and loses all values.

Drivers quote what they choke on: a key that is there, a text that is no UTF-8, the row of a COPY. So of a statement that failed the first line is kept, as far as
the first quotation that is no name of these tables or their columns, and the code. Of a connection that could not be made all of the line is kept, since no row has been
seen by then, but for the password. The error that is the ``__cause__`` says no more than that either.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import exc

from omnitrack.storage.sql.tables import make_tables

E = TypeVar("E", bound=BaseException)

MOST = 200  # characters

_CODES = ("sqlstate", "pgcode", "sqlite_errorname", "sqlite_errorcode", "errno")
# asyncpg says which argument did not fit, and then the argument.
_ARGUMENT = re.compile(r"query argument \$\d{1,5}")
_UNKNOWN = re.compile(r"unexpected keyword argument '(\w{1,60})'")
_QUOTE = re.compile("['\"`\u2018\u201c\u00ab]")
_NAME = re.compile(r"(?P<quote>['\"`])(?P<name>[\w.]{1,120})(?P=quote)", re.ASCII)


def said(error: BaseException, password: str | None = None) -> str:
    """Return what a driver said, in a line and without values."""
    driver = driver_error(error)
    text = _text(driver)
    kept = _kept(driver, text, _is_connecting(error), password)
    code = code_of(driver)
    more = "" if code is None or str(code) in kept or kept == text else f" ({code})"
    return f"{type(driver).__name__}: {kept}{more}"


def scrubbed(error: E, password: str | None = None) -> E:
    """Return the error, or one of the same class and code that says no values."""
    driver = driver_error(error)
    text = _text(driver)
    kept = _kept(driver, text, _is_connecting(error), password)
    if kept == text and driver is error:
        return error
    arguments = (driver.args[0], kept) if _is_numbered(driver) else (kept,)
    try:
        copy = type(driver)(*arguments)
    except TypeError:
        copy = type(driver).__new__(type(driver))
        copy.args = arguments
    for name in _CODES:
        value = getattr(driver, name, None)
        if value is not None and getattr(copy, name, None) != value:
            setattr(copy, name, value)
    return cast("E", copy.with_traceback(error.__traceback__))


def refused(error: TypeError | ValueError) -> str:
    """Return what is said of an option in a URL that the driver does not know, or whose value it cannot read."""
    name = _UNKNOWN.search(str(error)) if isinstance(error, TypeError) else None
    if name is not None:
        return f"option {name[1]}: the driver knows none of this name"
    return f"an option in the URL has a value that the driver cannot read: {said(error)}"


def driver_error(error: BaseException) -> BaseException:
    """Return the error of the driver that one of SQLAlchemy holds, or the error."""
    return getattr(error, "orig", None) or error


def code_of(error: BaseException) -> object:
    """Return SQLSTATE, number or name of an error, or None."""
    if _is_numbered(error):
        return cast("object", error.args[0])
    return next((code for name in _CODES if (code := getattr(error, name, None)) is not None), None)


def _is_connecting(error: BaseException) -> bool:
    """Tell whether no statement had been sent."""
    if isinstance(error, exc.DBAPIError):
        return error.statement is None
    return isinstance(error, OSError)


def _is_numbered(error: BaseException) -> bool:
    return len(error.args) == 2 and isinstance(error.args[0], int)


def _text(error: BaseException) -> str:
    if _is_numbered(error) and isinstance(error.args[1], str):
        return error.args[1]
    return str(error)


def _kept(error: BaseException, text: str, connecting: bool, password: str | None) -> str:
    line = text.split("\n", 1)[0]
    if not connecting:
        line = _unquoted(line)
    if password:
        line = line.replace(password, "***")
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"


def _unquoted(line: str) -> str:
    """Return a line up to the first quotation that may be a value."""
    argument = _ARGUMENT.search(line)
    if argument is not None:
        line = line[: argument.end()]
    start = 0
    while (quote := _QUOTE.search(line, start)) is not None:
        name = _NAME.match(line, quote.start())
        if name is None or not _is_ours(name["name"]):
            return f"{line[: quote.start()]}…"
        start = name.end()
    return line


def _is_ours(name: str) -> bool:
    """Tell whether a name is one of these tables, columns or indexes, whatever the namespace."""
    return all(part in _names() or "omnitrack_" in part for part in name.split("."))


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    columns: Any = (column.name for table in make_tables().metadata.tables.values() for column in table.columns)
    return frozenset({"PRIMARY", *columns})
