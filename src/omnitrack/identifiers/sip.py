"""SIP addresses with a user name. SIP addresses with a number are phone numbers."""

from __future__ import annotations

import re

import attrs

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask
from omnitrack.identifiers.callers import ANONYMOUS_DOMAINS, says_withheld
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.lookalike import lookalike_host
from omnitrack.identifiers.nonvalues import REASON as NONE
from omnitrack.identifiers.nonvalues import is_nothing
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier, Scheme, checked_text, register_scheme
from omnitrack.identifiers.sip_uri import is_machine, normal_host, read_sip, verstat_of

_ACCEPTED = "accepted is a SIP address such as sip:jane@voip.example or sip:+442079460958@voip.example"
# RFC 3261 section 25.1: unreserved and user-unreserved; what else a user part holds must be escaped.
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]+")


class SipScheme(Scheme):
    """SIP addresses (RFC 3261 section 19.1).

    With a number as user part (``user=phone``, or a plus) it is the number that identifies, so a ``phone`` identifier is
    returned. Otherwise the address is one of its own: ``jane@voip.example``, and ``2079460958@voip.example`` too, for whoever runs a
    host gives out what names they like; the user part keeps its case (19.1.4), port, parameters and headers go.
    """

    name = "sip"
    rank = 40

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Read an address with or without ``sip:``, angle brackets and parameters.

        Raises:
            WithheldError: a caller who asked for privacy (RFC 3323), or of whom nothing is known.
            InvalidIdentifierError: the text is not a SIP address.
        """
        body = checked_text(text, "sip").strip()
        if scope:
            raise InvalidIdentifierError(f"scope of sip: got {mask(scope)!r}, accepted is none")
        refuse_unseen(body, "sip")
        uri = read_sip(body)
        if uri is None:
            raise InvalidIdentifierError(f"sip: got {mask(text)!r}; {_ACCEPTED}")
        name, host = uri.user, uri.host
        if host in ANONYMOUS_DOMAINS or says_withheld(name):
            raise WithheldError(f"sip: got {mask(text)!r}, which stands for a caller who is withheld or not known")
        verstat = verstat_of(body)
        if uri.is_number:
            return attrs.evolve(phone(name, region), raw=text, host=normal_host(host), verstat=verstat)
        if not _USER.fullmatch(name):
            raise InvalidIdentifierError(f"sip: got {mask(text)!r}; {_ACCEPTED}")
        host = normal_host(host)
        reason: str | None
        if is_machine(host):
            reason = "it is a line of a machine, given by its IP address"
        elif re.fullmatch(r"[0-9*#]{1,6}", name):
            reason = "it is an internal extension or a short code"
        else:
            reason = lookalike_host(host) or (NONE if is_nothing(name) else None)
        return Identifier(
            scheme=self.name,
            value=f"{name}@{host}",
            linkable=reason is None,
            reason=reason,
            host=host,
            verstat=verstat,
            raw=text,
        )


register_scheme(SipScheme())
