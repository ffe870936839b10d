"""Mailboxes in one file: mbox, mboxrd and mboxo (RFC 4155), cut into mails as they stream by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.sources.base import Item
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.mail_headers import parse_date
from omnitrack.sources.reading import Input

_CLOCK = re.compile(rb"\d:\d\d")
_YEAR = re.compile(rb"\d{4}")
_ASCTIME = re.compile(r"(\w{3}) +(\d{1,2}) (\d\d:\d\d(?::\d\d)?)((?: [A-Z]{3,4}| [+-]\d{4})?) (\d{4})(.*)")
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ONCE_QUOTED_FROM = re.compile(rb"(?m)^>(From )")
_READ = 1024 * 1024
_LINE = 1000  # bytes of a From line and of the next that are looked at
_WINDOW = 64 * 1024


class MboxSource(MailSource):
    """Reads a mailbox of any size: one mail at a time is held.

    A line that begins with ``From`` separates mails where a blank line stands before it and a time in it or a header under
    it, or both of the latter; any other is text that somebody forgot to quote.

    Args:
        origin: a path, bytes or a stream.
        quoting: ``"mboxrd"`` takes one ``>`` off every quoted ``From`` line, ``"mboxo"`` only off ``>From``, ``"none"``
            leaves all as they are.
        options: of MailSource.
    """

    name: ClassVar[str] = "mbox"
    versions: ClassVar[str] = (
        "mbox as in RFC 4155, mboxo, mboxrd; mboxcl and mboxcl2 (their Content-Length is not needed)"
    )

    def __init__(self, origin: Any, *, quoting: str = "mboxrd", **options: Any) -> None:
        super().__init__(origin, **options)
        if quoting not in ("mboxrd", "mboxo", "none"):
            raise ValueError(f"quoting: got {quoting!r}, accepted are mboxrd, mboxo, none")
        self.quoting = {"mboxrd": _QUOTED_FROM, "mboxo": _ONCE_QUOTED_FROM}.get(quoting)

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        text = head.lstrip(b"\r\n")
        first, _, rest = text.partition(b"\n")
        if first.startswith(b"From ") and (_has_time(first[:_LINE]) or _HEADER_LINE.match(rest)):
            return "begins with a From line of a mailbox"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self.forget()
        number = 0
        for offset, separator, data, lost in _mails(self.open()):
            where = f"mail {number + 1}, byte {offset}"
            if separator is None:
                if not data.strip():
                    continue
                if not _HEADER_LINE.match(data):
                    yield self.rejected(where, "text before the first From line of the mailbox")
                    continue
            number += 1
            if self.quoting is not None:
                data = self.quoting.sub(rb"\1", data)
            sent = _separator_time(separator, self.zone)
            yield from self.guarded(where, self.mail(data, where, sent, lost))


def _separator_time(separator: bytes | None, zone: tzinfo | None) -> datetime | None:
    """The time in a From line, in the form of asctime and UTC by RFC 4155, with or without a zone."""
    if separator is None:
        return None
    text = separator[:_LINE].decode("latin-1")
    found = _ASCTIME.search(text)
    if found is None:
        return parse_date(" ".join(text.split()[2:]), zone or timezone.utc)
    month, day, clock, before, year, after = found.groups()
    offset = (after.strip().split() or before.strip().split() or [""])[0]
    return parse_date(f"{day} {month} {year} {clock} {offset}".strip(), timezone.utc)


def _mails(source: Input) -> Iterator[tuple[int, bytes | None, bytes, int]]:
    """Yield (offset, From line, mail, bytes left out) of each mail; what stands before the first has no From line."""
    buffer = bytearray()  # from the end of the last From line on
    offset = 0  # in the file, of buffer[0]
    begin = 0  # in the file, of the mail under way
    separator: bytes | None = None
    lost = 0
    scan = 0
    ended = False
    while True:
        place = _next_from(buffer, scan, at_start=separator is None and offset == 0)
        if place is None or (not ended and not _two_lines(buffer, place)):
            scan = max(0, len(buffer) - 16 if place is None else place - 1)
            if ended and place is None:
                break
            if len(buffer) > MAX_MESSAGE + _WINDOW:
                # What the mail has beyond the limit is dropped, but for as much as is needed to see where it ends.
                cut = len(buffer) - _WINDOW
                lost += cut - MAX_MESSAGE
                offset += cut - MAX_MESSAGE
                del buffer[MAX_MESSAGE:cut]
                scan = MAX_MESSAGE
            data = source.read(_READ)
            ended = not data
            buffer += data
            continue
        line_end = buffer.find(b"\n", place) + 1 or len(buffer)
        line = bytes(buffer[place:line_end])
        following = bytes(buffer[line_end : line_end + _LINE])
        if not _separates(line[:_LINE], following, _after_blank(buffer, place)):
            scan = place + 1
            continue
        if separator is not None or place:
            yield begin, separator, bytes(buffer[:place][:MAX_MESSAGE]), lost + max(0, place - MAX_MESSAGE)
        begin, separator, lost = offset + place, line, 0
        offset += line_end
        del buffer[:line_end]
        scan = 0
    if separator is not None or buffer:
        yield begin, separator, bytes(buffer[:MAX_MESSAGE]), lost + max(0, len(buffer) - MAX_MESSAGE)


def _next_from(buffer: bytearray, scan: int, at_start: bool) -> int | None:
    if at_start and scan == 0 and buffer.startswith(b"From "):
        return 0
    found = buffer.find(b"\nFrom ", scan)
    return found + 1 if found >= 0 else None


def _two_lines(buffer: bytearray, place: int) -> bool:
    """Whether enough is there to judge a From line: itself, and the beginning of the next."""
    end = buffer.find(b"\n", place)
    return len(buffer) - place > _LINE if end < 0 else len(buffer) - end > _LINE or buffer.find(b"\n", end + 1) >= 0


def _after_blank(buffer: bytearray, place: int) -> bool:
    before = bytes(buffer[max(0, place - 4) : place])
    return place == 0 or before.endswith((b"\n\n", b"\n\r\n")) or before in (b"\n", b"\r\n")


def _has_time(line: bytes) -> bool:
    """Whether a From line holds a time and, before or behind it, a year."""
    for first, second in ((_CLOCK, _YEAR), (_YEAR, _CLOCK)):
        found = first.search(line, 5)
        if found is not None and second.search(line, found.end()):
            return True
    return False


def _separates(line: bytes, following: bytes, blank: bool) -> bool:
    if line[5:].lstrip(b" \t").startswith(b":"):  # a From header with a space before its colon
        return False
    timed = _has_time(line)
    headed = _HEADER_LINE.match(following) is not None
    return (timed and headed) or (blank and (timed or headed))
