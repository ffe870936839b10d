"""Domain names: one ASCII form for each, by IDNA 2008."""

from __future__ import annotations

import re

from omnitrack.errors import InvalidIdentifierError, mask

_LDH = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")  # RFC 1123 section 2.1, and _ as many hosts have it


def ascii_domain(text: str, what: str) -> str:
    """Return a host name in lower case, its labels as A-labels (RFC 5890), without a final dot.

    Names outside ASCII are mapped as UTS #46 says, non-transitionally: ``faß.de`` and ``fass.de`` are two.

    Args:
        text: a host name, not an IP address, without a port.
        what: the field, for the error.

    Raises:
        InvalidIdentifierError: the text is not a host name.

    >>> ascii_domain("Bücher.Example", "host"), ascii_domain("faß.de", "host")
    ('xn--bcher-kva.example', 'xn--fa-hia.de')
    """
    name = text.strip().rstrip(".")
    if not name.isascii() or "xn--" in name.lower():
        name = _encoded(name, what)
    name = name.lower()
    if len(name) > 253 or not all(_LDH.fullmatch(label) for label in name.split(".")):
        raise InvalidIdentifierError(f"{what}: got {mask(text)!r}, accepted is a host name such as mail.example.com")
    return name


def _encoded(name: str, what: str) -> str:
    import idna

    try:
        # Both ways: a label that is an A-label already must be a valid one.
        return idna.encode(idna.decode(idna.encode(name, uts46=True))).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        # idna's own text quotes the name.
        raise InvalidIdentifierError(
            f"{what}: got {mask(name)!r}, which is no valid internationalised name ({type(error).__name__}); accepted "
            "is a host name such as bücher.example"
        ) from None


def unicode_domain(name: str) -> str:
    """Return a domain as people read it; what cannot be decoded stays as it is.

    >>> unicode_domain("xn--bcher-kva.example")
    'bücher.example'
    """
    if "xn--" not in name:
        return name
    import idna

    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name
