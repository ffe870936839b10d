"""Single mails in files of their own (.eml), as RFC 5322 has them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import ClassVar

from omnitrack.sources.base import Item
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.mail_status import folder_facts

_KNOWN = re.compile(
    rb"^(?:from|to|cc|date|subject|message-id|received|return-path|mime-version|delivered-to|reply-to|sender|content-type):",
    re.I | re.M,
)


class EmlSource(MailSource):
    """Reads a file that is one mail."""

    name: ClassVar[str] = "eml"
    versions: ClassVar[str] = "RFC 5322 and 2822, 822; MIME (RFC 2045 to 2049), RFC 6532"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        if path.suffix.lower() == ".eml" and not path.is_dir():
            return "its name ends in .eml"
        if b"\n" not in head:
            head = head.replace(b"\r", b"\n")
        top = re.split(rb"\r?\n\r?\n", head.lstrip(b"\r\n"), maxsplit=1)[0]
        if (
            not top.startswith(b"From ")
            and re.match(rb"[!-9;-~]+:", top)
            and len(set(_KNOWN.findall(top.lower()))) >= 3
        ):
            return "begins with the headers of a mail"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self.forget()
        path = Path(self.origin) if isinstance(self.origin, (str, os.PathLike)) else None
        yield from self.one(folder_facts(path.absolute().parent.name) if path is not None else None)

    def one(self, stated: Mapping[str, bool] | None = None) -> Iterator[Item]:
        """Yield the mail of the file.

        Args:
            stated: what its folder and name say of it.
        """
        source = self.open()
        source.as_lines()
        fallback = None
        if source.path is not None:
            fallback = datetime.fromtimestamp(source.path.stat().st_mtime, timezone.utc)
        data = bytearray()
        while len(data) < MAX_MESSAGE and (chunk := source.read()):
            data += chunk
        lost = 0
        while chunk := source.read():
            lost += len(chunk)
        yield from self.guarded("the mail", self.mail(bytes(data), "the mail", fallback, lost, stated))
