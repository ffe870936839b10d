"""Mailboxes in one file: mbox in its dialects (RFC 4155), cut into mails as they stream by."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.sources.base import Item
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.mail_status import folder_facts
from omnitrack.sources.mbox_separators import HEADER_LINE, LINE, Style, is_separator, separator_time
from omnitrack.sources.reading import Input

_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ONCE_QUOTED_FROM = re.compile(rb"(?m)^>(From )")
_HEAD_END = re.compile(rb"\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:[ \t]{0,9}(\d{1,9})[ \t\r]{0,9}$")
_READ = 1024 * 1024
_WINDOW = 64 * 1024


class MboxSource(MailSource):
    """Reads a mailbox of any size: one mail at a time is held.

    Which lines that begin with ``From`` separate mails, and which are text that somebody forgot to quote, is told by
    `omnitrack.sources.mbox_separators`. A Content-Length decides where it ends at a separator or at the end of the file.

    Args:
        origin: a path, bytes or a stream.
        quoting: ``"mboxrd"`` takes one ``>`` off every quoted ``From`` line, ``"mboxo"`` only off ``>From``, ``"none"``
            leaves all as they are.
        options: of MailSource.
    """

    name: ClassVar[str] = "mbox"
    versions: ClassVar[str] = (
        "mbox as in RFC 4155, mboxo, mboxrd, mboxcl, mboxcl2; as Thunderbird, Netscape, Eudora and Takeout write it"
    )

    def __init__(self, origin: Any, *, quoting: str = "mboxrd", **options: Any) -> None:
        super().__init__(origin, **options)
        if quoting not in ("mboxrd", "mboxo", "none"):
            raise ValueError(f"quoting: got {quoting!r}, accepted are mboxrd, mboxo, none")
        self.quoting = {"mboxrd": _QUOTED_FROM, "mboxo": _ONCE_QUOTED_FROM}.get(quoting)

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        text = head.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
        if b"\n" not in text:
            text = text.replace(b"\r", b"\n")
        first, _, rest = text.partition(b"\n")
        if is_separator(first[:LINE], rest[:LINE], after_blank=True):
            return "begins with a From line of a mailbox"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self.forget()
        number = 0
        source = self.open()
        source.as_utf8()
        source.as_lines()
        folder = folder_facts(_folder_name(source.path))
        for cut in _mails(source):
            where = f"mail {number + 1}, byte {cut.offset}"
            if cut.separator is None:
                if not cut.data.strip():
                    continue
                if not HEADER_LINE.match(cut.data):
                    yield self.rejected(where, "text before the first From line of the mailbox")
                    continue
            number += 1
            data = cut.data
            if self.quoting is not None and not cut.unquoted:
                data = self.quoting.sub(rb"\1", data)
            sent = separator_time(cut.separator, self.zone)
            yield from self.guarded(where, self.mail(data, where, sent, cut.lost, stated=folder))


def _folder_name(path: Path | None) -> str:
    """The name of the mailbox: of the file, or of the package of Apple Mail that it is in."""
    if path is None:
        return ""
    return (path.parent if path.name == "mbox" else path).name.removesuffix(".mbox").removesuffix(".mbx")


@attrs.frozen(slots=True)
class _Cut:
    """A mail as it was cut out of the mailbox; what stands before the first From line has no separator."""

    offset: int
    separator: bytes | None
    data: bytes
    lost: int  # bytes that were left out
    unquoted: bool  # its Content-Length covered From lines, so none of its lines was quoted


def _mails(source: Input) -> Iterator[_Cut]:
    """Yield the mails of a mailbox one after another."""
    buffer = bytearray()  # from the end of the last From line on
    offset = 0  # in the file, of buffer[0]
    begin = 0  # in the file, of the mail under way
    separator: bytes | None = None
    style = Style()
    lost = 0
    scan = 0
    length: int | None = None  # where the mail ends by its Content-Length; None where that is not known yet
    unquoted = False
    ended = False

    def more() -> None:
        nonlocal ended
        data = source.read(_READ)
        ended = not data
        buffer.extend(data)

    while True:
        place = _next_from(buffer, scan, at_start=separator is None and offset == 0)
        if place is None or (not ended and len(buffer) - place < 2 * LINE):
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
                length = 0
            more()
            continue
        if length is None:
            length = _stated_end(buffer) if separator is not None else 0
        if length > place:
            while not ended and len(buffer) < length + 2 * LINE:
                more()
            if _ends_there(buffer, length, style):
                unquoted = True
                scan = length - 1
            length = 0
            continue
        line_end = buffer.find(b"\n", place) + 1 or len(buffer)
        line = bytes(buffer[place : min(line_end, place + LINE)])
        if not style.separates(line, bytes(buffer[line_end : line_end + LINE]), _after_blank(buffer, place)):
            scan = place + 1
            continue
        if separator is not None or place:
            kept = bytes(buffer[:place][:MAX_MESSAGE])
            yield _Cut(begin, separator, kept, lost + max(0, place - MAX_MESSAGE), unquoted)
        begin, separator, lost, length, unquoted = offset + place, line, 0, None, False
        offset += line_end
        del buffer[:line_end]
        scan = 0
    if separator is not None or buffer:
        yield _Cut(begin, separator, bytes(buffer[:MAX_MESSAGE]), lost + max(0, len(buffer) - MAX_MESSAGE), unquoted)


def _next_from(buffer: bytearray, scan: int, at_start: bool) -> int | None:
    if at_start and scan == 0 and buffer.startswith(b"From "):
        return 0
    found = buffer.find(b"\nFrom ", scan)
    return found + 1 if found >= 0 else None


def _after_blank(buffer: bytearray, place: int) -> bool:
    before = bytes(buffer[max(0, place - 4) : place])
    return place == 0 or before.endswith((b"\n\n", b"\n\r\n")) or before in (b"\n", b"\r\n")


def _stated_end(buffer: bytearray) -> int:
    """Where the mail ends by its Content-Length; 0 where it has none, or one that is beyond what is read."""
    end = _HEAD_END.search(buffer, 0, _WINDOW)
    stated = _CONTENT_LENGTH.search(buffer, 0, end.start() + 1) if end is not None else None
    if end is None or stated is None:
        return 0
    size = int(stated[1])
    return end.end() + size if size <= MAX_MESSAGE else 0


def _ends_there(buffer: bytearray, end: int, style: Style) -> bool:
    """Whether a separator, or the end of the file, is where a Content-Length says that the mail ends."""
    rest = bytes(buffer[end : end + 2 * LINE])
    if end > len(buffer):
        return False
    rest = rest.lstrip(b"\r\n")
    if not rest:
        return True
    line, _, following = rest.partition(b"\n")
    return (buffer[end - 1] == 0x0A or rest != buffer[end : end + 2 * LINE]) and style.separates(line, following, True)
