"""Issuers whose ids have several documented spellings. Ids of other issuers are compared exactly."""

from __future__ import annotations

import re
from collections.abc import Callable

_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.IGNORECASE
)
_SALESFORCE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-5]{3})?")
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def folded(value: str, scope: str) -> str:
    """Return a value as its issuer says that it is one, where the scope names an issuer of this list; else the value as it is.

    The scope names the issuer alone, or with what tells several of its systems apart behind a slash: ``salesforce``, ``uuid/idfa``. What is no id
    of the issuer stays as it is.

    >>> folded("0015000000Gv7qJ", "salesforce"), folded("0015000000GV7QJAAR", "salesforce"), folded("0015000000Gv7qJ", "elsewhere")
    ('0015000000Gv7qJAAR', '0015000000Gv7qJAAR', '0015000000Gv7qJ')
    >>> folded("{0E984725-C51C-4BF4-9960-E1C80E27ABA0}", "uuid/idfa")
    '0e984725-c51c-4bf4-9960-e1c80e27aba0'
    """
    fold_case = ISSUERS.get(scope.partition("/")[0])
    return value if fold_case is None else fold_case(value)


def _uuid(value: str) -> str:
    """In lower case with its hyphens: RFC 9562 section 4 has it written so and read in any case, and as a URN; Windows puts braces around."""
    match = _UUID.fullmatch(value)
    return "-".join(match.groups()).lower() if match else value


def _salesforce(value: str) -> str:
    """In the form of 18 characters, of which the last three say which of the first 15 are capitals; that of 15 tells them by case alone."""
    if _SALESFORCE.fullmatch(value) is None:
        return value
    head, check = value[:15], value[15:].upper()
    if not check or not (head.isupper() or head.islower()):
        return head + _checksum(head)
    # Of one case: a system that ignores case may have changed it, and the last three say what it was.
    capitals = [_CHECK.index(ch) >> place & 1 for ch in check for place in range(5)]
    head = "".join(ch.upper() if up else ch.lower() for ch, up in zip(head, capitals))
    return head + check if _checksum(head) == check else value


def _checksum(head: str) -> str:
    return "".join(
        _CHECK[sum(1 << place for place, ch in enumerate(head[start : start + 5]) if ch.isascii() and ch.isupper())]
        for start in (0, 5, 10)
    )


#: By scope what makes two spellings one. salesforce: Salesforce Help, "Salesforce ID formats: 15 and 18 characters" (000385585); uuid:
#: RFC 9562 section 4.
ISSUERS: dict[str, Callable[[str], str]] = {"salesforce": _salesforce, "uuid": _uuid}
