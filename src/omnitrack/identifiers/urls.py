"""URLs of profiles, taken apart."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.domains import ascii_domain

_BARE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/", re.ASCII)
# Hosts under which platforms show the same pages: for phones, without scripts, in a language or country.
_VARIANT = re.compile(r"(?:www\d?|m|mobile|touch|mbasic|web|[a-z]{2}(?:-[a-z]{2})?)")


@attrs.frozen(slots=True)
class Url:
    """What of a URL tells whose profile it is.

    Attributes:
        host: in its ASCII form, without port.
        path: the segments that are not empty, decoded.
        query: the first value of each parameter.
        fragment: decoded, without ``#``.
    """

    host: str
    path: tuple[str, ...]
    query: dict[str, str]
    fragment: str

    def is_at(self, hosts: frozenset[str]) -> bool:
        """Return whether this is one of the hosts, or a variant such as ``m.`` or ``uk.`` of one."""
        if self.host in hosts:
            return True
        first, _, rest = self.host.partition(".")
        return rest in hosts and _VARIANT.fullmatch(first) is not None


def looks_like_url(text: str) -> bool:
    """Return whether a text has the form of a web address, with or without ``https://``."""
    return "://" in text or text.startswith("//") or _BARE.match(text) is not None


def read_url(text: str, what: str) -> Url:
    """Take a web address apart.

    Raises:
        InvalidIdentifierError: not one of http or https; with a user name in it (``https://x.com@elsewhere.example``).
    """
    try:
        parts = urlsplit(text if "://" in text else "https://" + text.removeprefix("//"))
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc:
        raise InvalidIdentifierError(
            f"{what}: got {mask(text)!r}, accepted is a web address such as https://x.com/jane"
        )
    try:
        query = {name: values[0] for name, values in parse_qs(parts.query, max_num_fields=100).items()}
    except ValueError:
        query = {}
    return Url(
        host=ascii_domain(host, what),
        path=tuple(unquote(segment).strip() for segment in parts.path.split("/") if segment.strip()),
        query=query,
        fragment=unquote(parts.fragment),
    )
