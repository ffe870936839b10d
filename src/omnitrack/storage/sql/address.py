"""Parses the URL of a SQL store: database, engine, options and namespace."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import attrs
from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url

from omnitrack.errors import BackendError, masked_url, plain_repr
from omnitrack.storage.contract import check_namespace
from omnitrack.storage.sql.dialect import Dialect, Options, Portable
from omnitrack.storage.sql.sqlite import Sqlite
from omnitrack.storage.urls import check_url


@attrs.frozen
class Address:
    """Where a store is and how it is reached.

    Attributes:
        url: for SQLAlchemy, without what is an option of ours.
        dialect: what differs on that engine.
        options: of the backend.
        namespace: of the tables; None for the default one.
    """

    url: URL
    dialect: Dialect
    options: Options
    namespace: str | None


def read_url(url: str, namespace: str | None, options: dict[str, Any]) -> Address:
    """Read the URL of a store; see ``SqlBackend.from_url``.

    Raises:
        BackendError: it is malformed, or an option unknown.
    """
    check_url(url)
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # which may quote what stands where a port should: part of a password
        raise BackendError(
            f"{masked_url(url)} is no database URL; accepted: dialect+driver://user:password@host:port/database, "
            "with what is not a letter or digit in a password written as %xx"
        ) from None
    query = dict(parsed.query)
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if (
            not value and name != "namespace"
        ):  # SQLAlchemy passes over it, and opens the file of the name before the question mark
            raise BackendError(
                f"option {plain_repr(name)}: got no value; accepted is name=value, and a '?' in the name of a file written as %3F"
            )
    known = {field.name for field in attrs.fields(Options)}
    given = {name: query.pop(name) for name in known & query.keys()} | options
    namespace = _one_namespace(url, namespace)
    query.pop("namespace", None)
    dialect = dialect_of(parsed)
    for name in dialect.passwords & query.keys():  # where one is in the query, it is shown wherever the URL is
        parsed = parsed.set(password=str(query.pop(name)))
    parsed = parsed.set(query=query)
    ignored = given.keys() - known | dialect.ignores(query.keys())
    if ignored:
        accepted = ", ".join(sorted(known | {"namespace"}))
        raise BackendError(f"unknown options of the SQL backend: {', '.join(sorted(ignored))}; accepted are {accepted}")
    return Address(parsed, dialect, Options(**given), namespace)


def _one_namespace(url: str, namespace: str | None) -> str | None:
    """Return the namespace that is given, beside the URL or in its query, where an empty one is an error and not none."""
    _, _, query = url.partition("?")
    given = {check_namespace(value) for name, value in parse_qsl(query, keep_blank_values=True) if name == "namespace"}
    if namespace is not None:
        given.add(check_namespace(namespace))
    if len(given) > 1:
        raise BackendError(f"namespace: got {' and '.join(sorted(map(repr, given)))}, accepted is one")
    return given.pop() if given else None


def dialect_of(url: URL) -> Dialect:
    """Return what the SQL backend knows of the engine that a URL names; only that engine's module is imported."""
    family = url.drivername.partition("+")[0]
    if family == "sqlite":
        return Sqlite()
    if family in ("postgresql", "cockroachdb"):
        from omnitrack.storage.sql.postgresql import Postgresql

        return Postgresql()
    if family in ("mariadb", "mysql"):
        from omnitrack.storage.sql.mariadb import Mariadb

        return Mariadb()
    return Portable()
