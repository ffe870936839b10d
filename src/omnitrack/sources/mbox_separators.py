"""Lines that begin with From: which of them separate the mails of a mailbox, and which are text that nobody quoted."""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo

from omnitrack.sources.mail_dates import parse_date

LINE = 1000  # bytes of a From line, and of what follows it, that are looked at
HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_CLOCK = re.compile(rb"\d:\d\d")
_YEAR = re.compile(rb"\d{4}")
# A time as programs write it: that of asctime with or without a zone on either side of the year, of a Date header, of ISO 8601.
_WRITTEN_TIME = re.compile(
    rb"(?:\b[A-Z][a-z]{2}[ ]{1,2}(?:\d|[ ]\d|\d\d)[ ]\d{1,2}:\d\d(?::\d\d)?(?:[ ][+-]\d{4}|[ ][A-Z]{1,5}){0,2}[ ]\d{4}"
    rb"|\b\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4},?[ ]\d{1,2}:\d\d"
    rb"|\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d)"
)
# Written by git format-patch in front of a patch, in place of an address and a time: a commit and a date that never changes.
_PATCH = re.compile(rb"From [0-9a-f]{40}(?:[0-9a-f]{24})? Mon Sep 17 00:00:00 2001\s*$")
_ASCTIME = re.compile(r"(\w{3}) +(\d{1,2}) (\d\d:\d\d(?::\d\d)?)((?: [A-Z]{3,4}| [+-]\d{4})?) (\d{4})(.*)")
_OF_A_MAIL = re.compile(
    rb"(?:from|to|cc|bcc|date|subject|message-id|received|return-path|mime-version|content-type|reply-to|delivered-to|sender"
    rb"|status|x-[a-z-]{2,40}|envelope-to|in-reply-to|references|dkim-signature|content-length|content-transfer-encoding"
    rb"|content-disposition|lines)[ \t]*:",
    re.I,
)


class Style:
    """What a mailbox has shown of its separators so far: one of patches separates by lines that are text in any other."""

    def __init__(self) -> None:
        self._patches: bool | None = None

    def separates(self, line: bytes, following: bytes, after_blank: bool) -> bool:
        """Return whether a From line separates mails; see ``is_separator``. The first that does shows what the mailbox is of."""
        patch = _PATCH.match(line) is not None
        if patch and self._patches is False:
            return False
        separates = is_separator(line, following, after_blank)
        if separates and self._patches is None:
            self._patches = patch
        return separates


def is_separator(line: bytes, following: bytes, after_blank: bool) -> bool:
    """Return whether a line that begins with ``From`` separates two mails.

    A line that ends in a time as programs write it does where a blank line stands above it or a header below it. One with a
    time in other words, or with nothing but an address, or bare (``From``, ``From -``), does where at least two headers of
    mails stand below it. Any other is a sentence.

    Args:
        line: up to its end, or its first ``LINE`` bytes.
        following: at most ``LINE`` bytes of what comes below.
        after_blank: a blank line, or nothing, stands above.
    """
    if not line.startswith(b"From "):
        return False
    rest = line[5:].strip()
    if rest.startswith(b":"):  # a From header with a space before its colon
        return False
    if _WRITTEN_TIME.search(rest):
        return after_blank or HEADER_LINE.match(following) is not None
    bare = rest in (b"", b"-") or (b" " not in rest and (b"@" in rest or rest.lower() == b"mailer-daemon"))
    return (bare or (after_blank and _has_time(rest))) and _mail_headers(following) >= 2


def separator_time(separator: bytes | None, zone: tzinfo | None) -> datetime | None:
    """Return the time in a From line: in the form of asctime and UTC by RFC 4155, with or without a zone, or in another."""
    if separator is None:
        return None
    text = separator[:LINE].decode("latin-1")
    found = _ASCTIME.search(text)
    if found is None:
        return parse_date(" ".join(text.split()[2:]), zone or timezone.utc)
    month, day, clock, before, year, after = found.groups()
    offset = (after.strip().split() or before.strip().split() or [""])[0]
    return parse_date(f"{day} {month} {year} {clock} {offset}".strip(), timezone.utc)


def _has_time(line: bytes) -> bool:
    """Whether a From line holds a time and, before or behind it, a year."""
    for first, second in ((_CLOCK, _YEAR), (_YEAR, _CLOCK)):
        found = first.search(line)
        if found is not None and second.search(line, found.end()):
            return True
    return False


def _mail_headers(following: bytes) -> int:
    """How many headers that mails have stand below, before the first line that is none."""
    count = 0
    for line in following.split(b"\n"):
        if _OF_A_MAIL.match(line):
            count += 1
        elif not HEADER_LINE.match(line) and line[:1] not in (b" ", b"\t"):
            break
    return count
