"""TNEF, the winmail.dat that Outlook puts text and attachments into (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import attrs

from omnitrack.sources.mail_charset import decode_bytes
from omnitrack.sources.rtf import rtf_to_text, unpack_rtf

_SIGNATURE = 0x223E9F78
_MAX_ATTRIBUTES = 100_000
_MAX_VALUES = 100_000
_BODY, _MESSAGE_PROPERTIES, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_NEW_ATTACHMENT, _TITLE, _DATA, _PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
# Sizes of the values of a property by its type, each filled up to four bytes; those of other types say theirs.
_FIXED = {
    0x0001: 0,
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_MANY = 0x1000
_TEXT, _UNICODE = 0x001E, 0x001F
PLAIN, RTF, HTML, CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_LONG_NAME, _NAME, _MEDIA_TYPE, _CONTENT = 0x3707, 0x3704, 0x370E, 0x3701


class TnefError(ValueError):
    """Raised for what is no TNEF, or is cut off before it says anything."""


@attrs.define
class File:
    """An attachment."""

    name: str | None = None
    media_type: str | None = None
    data: bytes = b""


@attrs.define
class Content:
    """What a TNEF holds: its text, plain or HTML, and its attachments."""

    plain: str = ""
    html: str = ""
    files: list[File] = attrs.field(factory=list)


def read_tnef(data: bytes) -> Content:
    """Return what a TNEF holds; of one that is cut off, what stands before.

    Raises:
        TnefError: the data is not TNEF, or nothing in it can be read.
    """
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise TnefError("no TNEF: its signature is missing")
    content = Content()
    codepage: str | None = None
    read = 0
    for attribute, value in _attributes(data):
        read += 1
        if attribute == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif attribute == _BODY:
            # A text of the properties, which knows its characters, comes later and counts.
            content.plain = content.plain or decode_bytes(value.rstrip(b"\0"), codepage)
        elif attribute == _MESSAGE_PROPERTIES:
            fill_texts(content, _properties(value, codepage), codepage)
        elif attribute == _NEW_ATTACHMENT:
            content.files.append(File())
        elif content.files:
            _fill(content.files[-1], attribute, value, codepage)
    if not read:
        raise TnefError("a TNEF with nothing in it that can be read")
    return content


def fill_texts(content: Content, found: Mapping[int, object], codepage: str | None) -> None:
    """Take the texts among the properties of a message; RTF only where there is no other."""
    plain, html, rtf = found.get(PLAIN), found.get(HTML), found.get(RTF)
    if isinstance(plain, str) and plain.strip():
        content.plain = plain
    if isinstance(html, (str, bytes)):
        content.html = (
            html if isinstance(html, str) else decode_bytes(html, _charset(html, found.get(CODEPAGE), codepage))
        )
    if isinstance(rtf, bytes) and not content.plain.strip() and not content.html:
        text, is_html = rtf_to_text(unpack_rtf(rtf))
        content.plain, content.html = ("", text) if is_html else (text, "")


def _charset(html: bytes, stated: object, codepage: str | None) -> str | None:
    """The code page is that of the HTML where a property of its own says so; else UTF-8 is likelier where it is that."""
    if isinstance(stated, (str, int)):
        return stated if isinstance(stated, str) else f"cp{stated}"
    try:
        html.decode("utf-8")
    except UnicodeDecodeError:
        return codepage
    return "utf-8"


def _attributes(data: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 6
    while at + 9 <= len(data) and len(found) < _MAX_ATTRIBUTES:
        level, attribute, size = struct.unpack_from("<BII", data, at)
        at += 9
        if level not in (1, 2) or at + size > len(data):
            break
        found.append((attribute, data[at : at + size]))
        at += size + 2  # and its checksum
    return found


def _fill(file: File, attribute: int, value: bytes, codepage: str | None) -> None:
    if attribute == _TITLE:
        file.name = file.name or decode_bytes(value.rstrip(b"\0"), codepage)
    elif attribute == _DATA:
        file.data = value
    elif attribute == _PROPERTIES:
        found = _properties(value, codepage)
        name = found.get(_LONG_NAME) or found.get(_NAME)
        file.name = name if isinstance(name, str) and name else file.name
        media_type = found.get(_MEDIA_TYPE)
        file.media_type = media_type if isinstance(media_type, str) else file.media_type
        inner = found.get(_CONTENT)
        if isinstance(inner, bytes) and not file.data:
            file.data = inner


def _properties(data: bytes, codepage: str | None) -> dict[int, str | bytes]:
    """Return the properties that are texts or bytes, and the code page, by their ids; up to where they cannot be read."""
    found: dict[int, str | bytes] = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(min(count, _MAX_VALUES)):
            kind, number = struct.unpack_from("<HH", data, at)
            at = _named(data, at + 4) if number >= 0x8000 else at + 4
            many, kind = kind & _MANY, kind & ~_MANY
            size = _FIXED.get(kind)
            values = 1
            if many or size is None:
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            if size is not None:
                if number == CODEPAGE and kind == 3:
                    found[number] = f"cp{struct.unpack_from('<I', data, at)[0]}"
                at += size * values
                continue
            for _ in range(min(values, _MAX_VALUES)):
                (length,) = struct.unpack_from("<I", data, at)
                value = data[at + 4 : at + 4 + length]
                at += 4 + length + (-length % 4)
                if at > len(data) + 3:
                    return found
                if number not in found:
                    found[number] = value_of(kind, value, codepage)
    except struct.error:
        pass
    return found


def value_of(kind: int, value: bytes, codepage: str | None) -> str | bytes:
    """Return a property's value: a text for the types of texts, else its bytes."""
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if kind == _TEXT:
        return decode_bytes(value.rstrip(b"\0"), codepage)
    return value


def _named(data: bytes, at: int) -> int:
    """Return where the value begins of a property that has a name in place of a number."""
    (by_name,) = struct.unpack_from("<I", data, at + 16)
    if not by_name:
        return at + 24
    length: int = struct.unpack_from("<I", data, at + 20)[0]
    return at + 24 + length + (-length % 4)
