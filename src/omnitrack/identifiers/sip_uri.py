"""Parsing of SIP URIs (RFC 3261 section 19.1), and whether the user part is a public phone number."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote

import attrs

from omnitrack.identifiers.domains import ascii_domain

_SCHEME = re.compile(r"sips?:(?://)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<([^<>]*)>[^<>]*$")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:;?>\s]+)(?::\d+)?(.*)", re.DOTALL)
_USER_IS_PHONE = re.compile(r";\s*user=phone\b", re.IGNORECASE)
# 3GPP TS 24.229 section 7.2A.20 has it in the number, a tel URI; networks write it behind the host too.
_VERSTAT = re.compile(r";\s*verstat=([\w-]{1,64})", re.IGNORECASE)


@attrs.frozen(slots=True)
class SipUri:
    """What of a SIP URI tells who it is.

    Attributes:
        user: what stands before the ``@``, decoded, without a password.
        host: in lower case, without the port; as it came, so it may be no host name.
        is_number: it is a number of the public network: it has a plus, or the URI says ``user=phone``. Digits alone are a name that
            somebody has at this host (RFC 3261 section 19.1.1).
    """

    user: str
    host: str
    is_number: bool


def read_sip(text: str) -> SipUri | None:
    """Take apart ``sip:jane@host``, with or without ``sip:``, a display name and parameters; None where it is no such thing."""
    if ">" in text and (match := _IN_BRACKETS.search(text)):
        text = match[1].strip()
    if match := _SCHEME.match(text):
        text = text[match.end() :]
    user, at, rest = text.partition("@")
    host = _HOST.fullmatch(rest)
    if not at or not user or host is None:
        return None
    name = unquote(user.partition(":")[0])
    return SipUri(name, host[1].lower(), name.startswith("+") or _USER_IS_PHONE.search(host[2]) is not None)


def is_machine(host: str) -> bool:
    """Return whether a host is given by its IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def normal_host(host: str) -> str:
    """Return the ASCII form of a host name; an IP address as it is.

    Raises:
        InvalidIdentifierError: the text is not a host name.
    """
    return host if is_machine(host) else ascii_domain(host, "sip")


def verstat_of(text: str) -> str | None:
    """Return what a URI says of the verification of its number, None where it says nothing.

    >>> verstat_of("<sip:+15551230100;verstat=TN-Validation-Failed@carrier.example;user=phone>")
    'TN-Validation-Failed'
    """
    match = _VERSTAT.search(text)
    return match[1] if match else None
