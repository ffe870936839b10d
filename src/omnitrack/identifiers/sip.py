"""SIP addresses that are a name at a host; those that are a number are phone numbers."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask
from omnitrack.identifiers.callers import ANONYMOUS_DOMAINS, says_withheld
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.domains import ascii_domain
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier, Scheme, checked_text, register_scheme

_ACCEPTED = "accepted is a SIP address such as sip:jane@voip.example or sip:+442079460958@voip.example"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:;?>\s]+)(?::\d+)?(.*)", re.DOTALL)
# RFC 3261 section 25.1: unreserved and user-unreserved; what else a user part holds must be escaped.
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]+")


class SipScheme(Scheme):
    """SIP addresses (RFC 3261 section 19.1).

    With a number as user part (``user=phone``, or a plus) it is the number that identifies, so a ``phone`` identifier is
    returned. Otherwise the address is one of its own: ``jane@voip.example``; the user part keeps its case (19.1.4),
    port, parameters and headers go.
    """

    name = "sip"
    rank = 40

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Read an address with or without ``sip:``, angle brackets and parameters.

        Raises:
            WithheldError: a caller who asked for privacy (RFC 3323), or of whom nothing is known.
            InvalidIdentifierError: no such address.
        """
        body = checked_text(text, "sip").strip()
        if scope:
            raise InvalidIdentifierError(f"scope of sip: got {mask(scope)!r}, accepted is none")
        refuse_unseen(body, "sip")
        if ">" in body and (match := re.search(r"<([^<>]*)>[^<>]*$", body)):
            body = match[1].strip()
        body = re.sub(r"^sips?:(?://)?", "", body, flags=re.IGNORECASE)
        user, at, rest = body.partition("@")
        match = _HOST.fullmatch(rest)
        if not at or not user or match is None:
            raise InvalidIdentifierError(f"sip: got {mask(text)!r}; {_ACCEPTED}")
        host = match[1].lower()
        name = unquote(user.partition(":")[0])
        if host in ANONYMOUS_DOMAINS or says_withheld(name):
            raise WithheldError(f"sip: got {mask(text)!r}, which stands for a caller who is withheld or not known")
        if name.startswith("+") or re.search(r";\s*user=phone\b", match[2], re.IGNORECASE):
            found = phone(name, region)
            return found if found.raw == text else _with_raw(found, text)
        if not _USER.fullmatch(name):
            raise InvalidIdentifierError(f"sip: got {mask(text)!r}; {_ACCEPTED}")
        reason = None
        if _is_address(host):
            reason = "it is a line of a machine, given by its IP address"
        else:
            host = ascii_domain(host, "sip")
            if re.fullmatch(r"[0-9*#]{1,6}", name):
                reason = "it is an internal extension or a short code"
        return Identifier(scheme=self.name, value=f"{name}@{host}", linkable=reason is None, reason=reason, raw=text)


def _with_raw(identifier: Identifier, raw: str) -> Identifier:
    import attrs

    return attrs.evolve(identifier, raw=raw)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


register_scheme(SipScheme())
