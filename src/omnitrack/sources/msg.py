"""Mails as Outlook saves them (.msg, MS-OXMSG), read as the mail that they were."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime, formataddr
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import SourceFormatError
from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.mail import MAX_MESSAGE, MailSource
from omnitrack.sources.tnef import CODEPAGE, Content, fill_texts, value_of

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})")
_TRANSPORT = re.compile(r"^(?:content-[a-z-]{1,40}|mime-version):", re.I)
_SUBJECT, _HEADERS, _CLASS, _FLAGS = 0x0037, 0x007D, 0x001A, 0x0E07
_SENT, _RECEIVED = 0x0039, 0x0E06
_MESSAGE_ID, _REPLY_TO, _REFERENCES = 0x1035, 0x1042, 0x1039
_SENDER_NAME, _SENDER_SMTP, _SENDER_BOX = (0x0C1A, 0x0042), (0x5D01, 0x5D02), (0x0C1F, 0x0065)
_NAME, _SMTP, _BOX, _ROLE = 0x3001, 0x39FE, 0x3003, 0x0C15
_FILE, _LONG_FILE, _SHORT_FILE, _MEDIA_TYPE = 0x3701, 0x3707, 0x3704, 0x370E
_UNSENT = 8
_MOST_PARTS = 5_000


class MsgSource(MailSource):
    """Reads a mail that Outlook has saved. Needs the library olefile (extra ``mail``)."""

    name: ClassVar[str] = "msg"
    versions: ClassVar[str] = "Outlook 97 to now: .msg"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        if head.startswith(_SIGNATURE) and path.suffix.lower() == ".msg":
            return "a compound file whose name ends in .msg"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``.

        Raises:
            SourceFormatError: the library that opens such files is not there.
        """
        self.forget()
        try:
            library: Any = import_module("olefile")
        except ImportError as error:
            raise SourceFormatError("format: msg needs the library olefile, which the extra 'mail' installs") from error
        source = self.open()
        data = bytearray()
        while len(data) <= MAX_MESSAGE and (chunk := source.read()):
            data += chunk
        if len(data) > MAX_MESSAGE:
            yield self.rejected("the mail", f"a file of more than {MAX_MESSAGE} bytes")
            return
        yield from self.guarded("the mail", self._mail(library, bytes(data)))

    def _mail(self, library: Any, data: bytes) -> Iterator[Item]:
        try:
            mail, stated, received = _opened(library, data)
        except struct.error as error:
            raise UnreadableError("a compound file that is damaged") from error
        yield from self.mail(mail, "the mail", received, stated=stated)


def _opened(library: Any, data: bytes) -> tuple[bytes, dict[str, bool], datetime | None]:
    """Return a mail as RFC 5322 has it, what Outlook knew of it, and when it was received."""
    with library.OleFileIO(data) as file:
        streams = file.listdir(streams=True, storages=False)[:_MOST_PARTS]
        found = _properties(file, streams, (), 32)
        flags, received = found.get(_FLAGS), found.get(_RECEIVED)
        head = "\n".join(_headers(file, streams, found)).encode("utf-8", "replace")
        mail = head + b"\n" + _body(file, streams, found)
    stated = facts(draft=isinstance(flags, int) and flags & _UNSENT)
    return mail, stated, received if isinstance(received, datetime) else None


def _properties(file: Any, streams: list[list[str]], under: tuple[str, ...], head: int) -> dict[int, Any]:
    """Return texts, bytes, numbers and times of one message, recipient or attachment by their ids."""
    found: dict[int, Any] = {}
    numbers = [*under, "__properties_version1.0"]
    if numbers in streams:
        data = file.openstream(numbers).read()
        for at in range(head, len(data) - 15, 16):
            kind, number = struct.unpack_from("<HH", data, at)
            if kind == 0x0003:
                found[number] = struct.unpack_from("<i", data, at + 8)[0]
            elif kind == 0x0040:
                ticks = struct.unpack_from("<Q", data, at + 8)[0]
                if ticks < 2**61:
                    found[number] = datetime(1601, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=ticks // 10)
    codepage = found.get(CODEPAGE) or found.get(0x3FFD)
    for path in streams:
        stream = _STREAM.fullmatch(path[-1])
        if stream is not None and tuple(path[:-1]) == under:
            found[int(stream[1], 16)] = value_of(
                int(stream[2], 16), file.openstream(path).read(), f"cp{codepage}" if isinstance(codepage, int) else None
            )
    return found


def _headers(file: Any, streams: list[list[str]], found: dict[int, Any]) -> list[str]:
    """Return the header lines with which it came, or, of one that never travelled, those that its properties stand for."""
    came = found.get(_HEADERS)
    if isinstance(came, str) and ":" in came:
        lines = came.replace("\r\n", "\n").strip("\n").split("\n")
        kept: list[str] = []
        own = True
        for line in lines:
            own = own if line[:1] in (" ", "\t") else _TRANSPORT.match(line) is None and ":" in line
            if own and line.strip():
                kept.append(line)
        return kept
    lines = [f"From: {_address(found, _SENDER_NAME, (*_SENDER_SMTP, *_SENDER_BOX))}"]
    roles: dict[int, list[str]] = {}
    for folder in dict.fromkeys(path[0] for path in streams if path[0].startswith("__recip_version1.0_")):
        person = _properties(file, streams, (folder,), 8)
        role = person.get(_ROLE)
        roles.setdefault(role if isinstance(role, int) else 1, []).append(_address(person, (_NAME,), (_SMTP, _BOX)))
    lines += [f"{name}: {', '.join(roles[role])}" for role, name in ((1, "To"), (2, "Cc"), (3, "Bcc")) if role in roles]
    for number, name in (
        (_SUBJECT, "Subject"),
        (_MESSAGE_ID, "Message-ID"),
        (_REPLY_TO, "In-Reply-To"),
        (_REFERENCES, "References"),
    ):
        if isinstance(found.get(number), str):
            lines.append(f"{name}: {_word(' '.join(found[number].split()))}")
    sent = found.get(_SENT)
    if isinstance(sent, datetime):
        lines.append(f"Date: {format_datetime(sent)}")
    return lines


def _address(found: dict[int, Any], names: tuple[int, ...], boxes: tuple[int, ...]) -> str:
    """Return an address as a header has it; that of an Exchange server, which is no mailbox, is left out."""
    name = next((found[number] for number in names if isinstance(found.get(number), str)), "")
    box = next((found[number] for number in boxes if isinstance(found.get(number), str) and "@" in found[number]), "")
    name = " ".join(name.split())
    return formataddr((name, box)) if name.isascii() else f"{_word(name)} <{box}>"


def _word(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode()


def _body(file: Any, streams: list[list[str]], found: dict[int, Any]) -> bytes:
    content = Content()
    codepage = found.get(CODEPAGE)
    fill_texts(content, found, f"cp{codepage}" if isinstance(codepage, int) else None)
    kind, text = ("plain", content.plain) if content.plain.strip() or not content.html else ("html", content.html)
    parts = [_part(f"text/{kind}; charset=utf-8", text.encode("utf-8", "replace"))]
    for folder in dict.fromkeys(path[0] for path in streams if path[0].startswith("__attach_version1.0_")):
        file_ = _properties(file, streams, (folder,), 8)
        name = next(
            (file_[number] for number in (_LONG_FILE, _SHORT_FILE, _NAME) if isinstance(file_.get(number), str)), ""
        )
        media_type = file_.get(_MEDIA_TYPE)
        kind = (
            media_type
            if isinstance(media_type, str) and re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", media_type)
            else ""
        )
        data = file_.get(_FILE)
        head = f'{kind or "application/octet-stream"}\nContent-Disposition: attachment; filename="{_word(_file_name(name))}"'
        parts.append(_part(head, data if isinstance(data, bytes) else b""))
    mark = b"=_of_a_file_of_outlook"
    head_ = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="' + mark + b'"\n\n'
    return head_ + b"".join(b"--" + mark + b"\n" + part + b"\n" for part in parts) + b"--" + mark + b"--\n"


def _file_name(name: str) -> str:
    return re.sub(r"[\"\\\r\n\x00-\x1f]", "_", name)[:200]


def _part(head: str, data: bytes) -> bytes:
    return f"Content-Type: {head}\nContent-Transfer-Encoding: base64\n\n".encode() + base64.encodebytes(data)
