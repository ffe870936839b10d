"""Web sites: stored and searchable, but never linkable."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.domains import unicode_domain
from omnitrack.identifiers.scheme import MAX_IDENTIFIER_LENGTH, Identifier, Scheme, checked_text, register_scheme
from omnitrack.identifiers.urls import read_url, with_scheme

_CODE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ACCEPTED = "accepted is a web address such as https://shop.example/about"


class Website(Scheme):
    """Web addresses that are of no platform: of a company, a shop, a page about somebody.

    Many people have one site and one person many, so it never identifies. The normal form is that of RFC 3986 section 6.2, without the scheme
    and ``www.``, and without the fragment.
    """

    name = "website"
    rank = 1

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a web address, with or without ``https://``.

        Raises:
            InvalidIdentifierError: the text is not a web address, contains a user name, or is too long.
        """
        body = checked_text(text, self.name).strip()
        if scope:
            raise InvalidIdentifierError(f"scope of website: got {mask(scope)!r}, accepted is none")
        refuse_unseen(body, self.name)
        url = read_url(body, self.name)
        parts = urlsplit(with_scheme(body))
        host = url.host.removeprefix("www.")
        try:
            port = parts.port
        except ValueError:
            raise InvalidIdentifierError(f"website: got {mask(text)!r}, whose port is none; {_ACCEPTED}") from None
        if "." not in host or not re.search(r"[^\W\d_]", host.rpartition(".")[2]):
            raise InvalidIdentifierError(f"website: got {mask(text)!r}; {_ACCEPTED}")
        value = host if port in (None, 80, 443) else f"{host}:{port}"
        path = _without_dots(_encoded(parts.path))
        value += "" if path == "/" else path
        if parts.query:
            value += f"?{_encoded(parts.query)}"
        if len(value) > MAX_IDENTIFIER_LENGTH:
            raise InvalidIdentifierError(
                f"website: got {len(value)} characters, accepted are at most {MAX_IDENTIFIER_LENGTH}"
            )
        return Identifier(scheme=self.name, value=value, linkable=False, reason="it is a web site", raw=text)

    def display(self, identifier: Identifier) -> str:
        """Return the address, its host in letters."""
        host, slash, rest = identifier.value.partition("/")
        return f"{unicode_domain(host)}{slash}{rest}"


def _encoded(text: str) -> str:
    """Return a part with characters outside ASCII and spaces percent-encoded, and nothing encoded that need not be (RFC 3986 section 6.2.2)."""
    return _CODE.sub(_code, quote(text, safe="%/:?@!$&'()*+,;=-._~[]"))


def _code(match: re.Match[str]) -> str:
    ch = chr(int(match[1], 16))
    return ch if ch in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """Return a path without the segments ``.`` and ``..`` (RFC 3986 section 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")[1:]
    for place, part in enumerate(parts):
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
        if part in (".", "..") and place == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


register_scheme(Website())
