"""Mails as Apple Mail stores them (.emlx): a count of bytes, the mail, and a property list of what the program knows of it."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar
from xml.parsers.expat import ExpatError

from omnitrack.sources.base import Item
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.mail_status import bits_facts, folder_facts
from omnitrack.sources.values import parse_time

_COUNT = re.compile(rb"[ ]{0,9}(\d{1,10})[ \t]{0,20}\r?\n(?=[!-9;-~]{1,80}:)")
_MAX_PLIST = 1024 * 1024


class EmlxSource(MailSource):
    """Reads a file of Apple Mail; the flags in it and the mailbox that it is in say what is deleted, a draft or spam."""

    name: ClassVar[str] = "emlx"
    versions: ClassVar[str] = "Apple Mail since 10.4: .emlx, .partial.emlx"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        return "a count of bytes, and a mail" if _COUNT.match(head) else None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self.forget()
        source = self.open()
        data = bytearray()
        while len(data) < MAX_MESSAGE + _MAX_PLIST and (chunk := source.read()):
            data += chunk
        count = _COUNT.match(data)
        if count is None:
            yield self.rejected("the mail", "its first line is no count of bytes, as a file of Apple Mail has it")
            return
        begin, end = count.end(), count.end() + int(count[1])
        known = _known(bytes(data[end : end + _MAX_PLIST]))
        if not known:
            # A count that somebody's change of line ends has made wrong: the list begins where it begins.
            found = data.rfind(b"<?xml version", begin)
            end, known = (found, _known(bytes(data[found:]))) if found >= 0 else (end, known)
        bits = known.get("flags")
        stated = {**self._mailbox(), **bits_facts(bits if isinstance(bits, int) else 0)}
        received = parse_time(known.get("date-received"), None)
        if received is None and source.path is not None:
            received = datetime.fromtimestamp(source.path.stat().st_mtime, timezone.utc)
        lost = max(0, end - max(len(data), begin)) if int(count[1]) > MAX_MESSAGE else 0
        yield from self.guarded("the mail", self.mail(bytes(data[begin:end]), "the mail", received, lost, stated))
        if source.path is not None and source.path.name.endswith(".partial.emlx"):
            yield self.rejected(
                "the mail", "attachments: kept by Apple Mail in files of their own, not read", kept=True
            )

    def _mailbox(self) -> dict[str, bool]:
        """What the name of the mailbox says that it is in, which is some folders further up."""
        path = self.input.path if self.input is not None else None
        parents = path.absolute().parents if path is not None else ()
        return next((folder_facts(one.name.removesuffix(".mbox")) for one in parents if one.suffix == ".mbox"), {})


def _known(data: bytes) -> dict[str, Any]:
    """Return the property list, or an empty one where it cannot be read."""
    if b"<plist" not in data:
        return {}
    try:
        found = plistlib.loads(data.strip(), fmt=plistlib.FMT_XML)
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ):
        return {}
    return found if isinstance(found, dict) else {}
