"""Malformed store URLs, such as a password with an unescaped @, refused before an adapter parses them."""

from __future__ import annotations

import re

from omnitrack.errors import BackendError, masked_url

_END_OF_AUTHORITY = re.compile(r"[/?#]")


def check_url(url: str) -> None:
    """Refuse a URL whose account may end in more than one place.

    A password with an unescaped ``@``, ``/``, ``?`` or ``#`` ends too early. The rest of it is then taken for a host, a port or a database,
    and an error about those would show it. RFC 3986 (section 3.2.1) requires such characters to be written as ``%xx``.

    Raises:
        BackendError: there is a second ``@``, or one after the host.

    >>> check_url("postgresql://jane:se%40same@db.example/history")
    """
    _, separator, rest = url.partition("://")
    end = _END_OF_AUTHORITY.search(rest)
    authority, behind = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    if separator and authority and authority.count("@") + behind.count("@") > (1 if "@" in authority else 0):
        raise BackendError(
            f"url: got {masked_url(url)} with an '@' that may be part of a password; accepted is one '@' before the host, and what is no letter "
            "or digit in a password, or '@' in a path, written as %xx, such as %40 for '@'"
        )
