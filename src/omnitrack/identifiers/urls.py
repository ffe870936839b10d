"""Parsing of profile URLs."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.domains import ascii_domain

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}://")
_BARE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/", re.ASCII)
# Hosts under which platforms show the same pages: for phones, without scripts, of another age, in a language or country.
_VARIANT = re.compile(r"(?:www\d?|m|i|mobile|touch|mbasic|free|web|old|new|amp|[a-z]{2}(?:-[a-z]{2})?)")


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

    @property
    def words(self) -> tuple[str, ...]:
        """The path in lower case."""
        return tuple(segment.lower() for segment in self.path)

    def is_at(self, hosts: frozenset[str]) -> bool:
        """Return whether this is one of the hosts, or a variant such as ``m.`` or ``uk.`` of one."""
        if self.host in hosts:
            return True
        first, _, rest = self.host.partition(".")
        return rest in hosts and _VARIANT.fullmatch(first) is not None

    def page(self) -> Url:
        """Return the page that is meant: that of a ``#!/jane``, as pages of 2010 were called, and without what was percent-encoded twice."""
        if self.fragment.startswith("!"):
            path, _, query = self.fragment[1:].partition("?")
            return attrs.evolve(self, path=_segments(path), query=_fields(query) or self.query, fragment="").page()
        if any("%" in segment for segment in self.path):
            return attrs.evolve(self, path=tuple(map(_decoded, self.path)))
        return self


def looks_like_url(text: str) -> bool:
    """Return whether a text has the form of a web address, with or without ``https://``."""
    return "://" in text or text.startswith("//") or _BARE.match(text) is not None


def with_scheme(text: str) -> str:
    """Return a web address with ``https://`` in front, where no scheme stands there; a path may hold another address."""
    return text if _SCHEME.match(text) else "https://" + text.removeprefix("//")


def read_url(text: str, what: str) -> Url:
    """Take a web address apart.

    Raises:
        InvalidIdentifierError: not one of http or https; with a user name in it (``https://x.com@elsewhere.example``).
    """
    try:
        parts = urlsplit(with_scheme(text))
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc:
        raise InvalidIdentifierError(
            f"{what}: got {mask(text)!r}, accepted is a web address such as https://x.com/jane"
        )
    return Url(
        host=ascii_domain(host, what),
        path=_segments(parts.path),
        query=_fields(parts.query),
        fragment=unquote(parts.fragment),
    )


def _segments(path: str) -> tuple[str, ...]:
    return tuple(_decoded(segment) for segment in path.split("/") if segment.strip())


def _decoded(segment: str) -> str:
    """Return a segment without percent signs, and refuse what they hid: bytes that are no UTF-8, and characters that cannot be seen."""
    coded = "%" in segment
    segment = unquote(segment).strip() if coded else segment.strip()
    if "\ufffd" in segment:
        raise InvalidIdentifierError(
            "web address: got a path that is not in UTF-8, accepted is what RFC 3986 section 2.5 says"
        )
    if coded:
        refuse_unseen(segment, "web address")
    return segment


def _fields(query: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=100).items()}
    except ValueError:
        return {}
