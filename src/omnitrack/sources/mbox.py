"""Mailboxes in one file: mbox, mboxrd and mboxo (RFC 4155), cut into mails as they stream by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.sources.base import Item
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.mail_headers import parse_date
from omnitrack.sources.reading import Input

_SEPARATOR_TIME = re.compile(rb"From .*\d{1,2}:\d\d.*\d{4}|From .*\d{4}.*\d{1,2}:\d\d")
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|[> ]?From ")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ONCE_QUOTED_FROM = re.compile(rb"(?m)^>(From )")
_LINE = 1024 * 1024


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
        if first.startswith(b"From ") and (_SEPARATOR_TIME.match(first) or _HEADER_LINE.match(rest)):
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
    text = separator.decode("latin-1")
    found = re.search(
        r"(?:(\w{3})\w* )?(\w{3}) +(\d{1,2}) (\d\d:\d\d(?::\d\d)?)((?: [A-Z]{3,4}| [+-]\d{4})?) (\d{4})(.*)", text
    )
    if found is None:
        return parse_date(" ".join(text.split()[2:]), zone)
    _, month, day, clock, before, year, after = found.groups()
    offset = (after.strip().split() or before.strip().split() or [""])[0]
    return parse_date(f"{day} {month} {year} {clock} {offset}".strip(), None)


def _mails(source: Input) -> Iterator[tuple[int, bytes | None, bytes, int]]:
    """Yield (offset, From line, mail, bytes left out) of each mail; what stands before the first has no From line."""
    buffer: list[bytes] = []
    held = lost = offset = position = 0
    separator: bytes | None = None
    blank = start_of_line = True
    line = source.readline(_LINE)
    while line:
        following = source.readline(_LINE)
        whole = start_of_line
        start_of_line = line.endswith(b"\n")
        if whole and line.startswith(b"From ") and _separates(line, following, blank):
            if separator is not None or held:
                yield offset, separator, b"".join(buffer), lost
            buffer, held, lost, offset, separator = [], 0, 0, position, line
        elif held < MAX_MESSAGE:
            buffer.append(line)
            held += len(line)
        else:
            lost += len(line)
        blank = not line.strip(b"\r\n") if whole else False
        position += len(line)
        line = following
    if separator is not None or held:
        yield offset, separator, b"".join(buffer), lost


def _separates(line: bytes, following: bytes, blank: bool) -> bool:
    timed = _SEPARATOR_TIME.match(line[:1000]) is not None
    headed = _HEADER_LINE.match(following) is not None
    return (timed and headed) or (blank and (timed or headed))
