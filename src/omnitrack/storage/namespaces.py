"""Valid names of namespaces, the same on every engine.

A namespace is a schema on one engine, a database on another, the beginning of names or of keys on a third. Some of these tell upper case from
lower case and some do not, some only on some file systems. So a name has no upper case, and no engine can take two namespaces for one.
"""

from __future__ import annotations

import re

from omnitrack.errors import BackendError, plain_repr

#: PostgreSQL cuts names at 63 bytes, MariaDB and MySQL refuse more than 64 characters; what adapters add to a name has to fit beside it.
MOST = 40

ACCEPTED = f"at most {MOST} lower-case letters a to z, digits and underscores, no digit first"

_NAME = re.compile(rf"[a-z_][a-z0-9_]{{0,{MOST - 1}}}", re.ASCII)

# What is an engine's own. "public" is where PostgreSQL keeps what has no namespace.
_TAKEN = frozenset({"information_schema", "mysql", "performance_schema", "public", "sqlite", "sys"})
_TAKEN_PREFIXES = ("pg_", "sqlite_")


def check_namespace(namespace: object) -> str | None:
    """Return the namespace if it is one, or None for none.

    Args:
        namespace: as it was given to ``from_url``.

    Returns:
        The same name, or None where none was given. Two that differ are two stores; one may begin with the other.

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
    """Return what to do instead, for the error."""
    if namespace == "":
        return "; leave it out where there is none"
    if isinstance(namespace, str) and _NAME.fullmatch(namespace.lower()):
        return (
            f", such as {namespace.lower()!r}; "
            "a store that has the name already is renamed first, see namespaces in the reference of databases"
        )
    return ""
