"""Valid names of namespaces, the same on every engine.

A namespace is a schema on one engine, a database on another, a prefix of names or keys on a third. Some of these distinguish upper and
lower case and some do not, some only on certain file systems. So names have no upper case, and no engine confuses two namespaces.
"""

from __future__ import annotations

import re

from omnitrack.errors import BackendError, plain_repr

#: PostgreSQL cuts names at 63 bytes, MariaDB and MySQL refuse more than 64 characters; this leaves room for what adapters add to a name.
MOST = 40

ACCEPTED = f"at most {MOST} lower-case letters a to z, digits and underscores, no digit first"

_NAME = re.compile(rf"[a-z_][a-z0-9_]{{0,{MOST - 1}}}", re.ASCII)

# Names that engines reserve. "public" is PostgreSQL's schema for everything without a namespace.
_TAKEN = frozenset({"information_schema", "mysql", "performance_schema", "public", "sqlite", "sys"})
_TAKEN_PREFIXES = ("pg_", "sqlite_")


def check_namespace(namespace: object) -> str | None:
    """Return a valid namespace, or None for none.

    Args:
        namespace: the argument of ``from_url``.

    Returns:
        The same name, or None if none was given. Different names are different stores, even if one begins with the other.

    Raises:
        BackendError: not every engine can distinguish the name from all others. An empty name is refused too, since it does not mean no namespace.

    >>> check_namespace("brand_one")
    'brand_one'
    """
    if namespace is None:
        return None
    if not isinstance(namespace, str) or not _NAME.fullmatch(namespace):
        raise BackendError(f"namespace: got {plain_repr(namespace)}, accepted are {ACCEPTED}{_instead(namespace)}")
    if namespace in _TAKEN or namespace.startswith(_TAKEN_PREFIXES):
        raise BackendError(
            f"namespace: got {plain_repr(namespace)}, which a database keeps for itself; accepted is another name of {ACCEPTED}"
        )
    return namespace


def _instead(namespace: object) -> str:
    """Return a hint what to do instead, for the error."""
    if namespace == "":
        return "; leave it out where there is none"
    if isinstance(namespace, str) and _NAME.fullmatch(namespace.lower()):
        return (
            f", such as {namespace.lower()!r}; "
            "a store that has the name already is renamed first, see namespaces in the reference of databases"
        )
    return ""
