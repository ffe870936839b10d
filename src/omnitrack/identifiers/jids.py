"""WhatsApp addresses (JIDs), which look like mail addresses."""

from __future__ import annotations

import re

# Who, with the numbers of an agent and of a device, and the server. None of these servers receives mail.
_JID = re.compile(
    r"([A-Za-z0-9+_-]{1,64})(?:\.[0-9]{1,3})?(?::[0-9]{1,5})?@"
    r"(s\.whatsapp\.net|c\.us|hosted|lid|hosted\.lid|g\.us|broadcast|newsletter|bot|call)",
    re.IGNORECASE,
)


def read_jid(text: str) -> tuple[str, str] | None:
    """Return who is addressed, without agent and device, and the server in lower case; None where it is no such address.

    >>> read_jid("447700900123:12@s.whatsapp.net"), read_jid("235085806727321@lid"), read_jid("jane@example.com")
    (('447700900123', 's.whatsapp.net'), ('235085806727321', 'lid'), None)
    """
    match = _JID.fullmatch(text.strip())
    return None if match is None else (match[1].partition("_")[0], match[2].lower())


def is_jid(text: str) -> bool:
    """Return whether a text is an address inside WhatsApp.

    >>> is_jid("447700900123@s.whatsapp.net"), is_jid("status@broadcast"), is_jid("jane@example.com")
    (True, True, False)
    """
    return read_jid(text) is not None
