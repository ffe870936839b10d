"""What of a zip file is refused before anything of it is unpacked: bombs, and documents that bring declarations of their own."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, Any

from omnitrack.errors import OmnitrackError

MAX_UNPACKED = 4 * 1024**3  # bytes of all that a file holds
MAX_RATIO = 200  # of what comes out to what went in; mails and chats come to 20, the most repetitive sheets to 100
MAX_MEMBERS = 100_000
_SMALL = 1024 * 1024  # what no ratio is asked of
_HEAD = 64 * 1024
_BEFORE = re.compile(rb"\A(?:\s+|<!--.*?-->|<\?.*?\?>)+", re.S)  # of the root element


#: What opening or unpacking a damaged zip file raises: zipfile itself, the decompressors below it, names, fields and the end of the file.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,  # a method of packing that Python has not
    RuntimeError,  # a password is asked for
)


class Refused(OmnitrackError, ValueError):
    """Raised for a file that is not unpacked; says why."""


def check_zip(stream: IO[bytes] | Any) -> zipfile.ZipFile:
    """Return a zip file, opened, once it is known that it can be unpacked.

    Sizes are those that it declares; a part that holds more than it declares is cut there when it is read.

    Raises:
        Refused: no zip file, encrypted, a bomb, or with an XML part that declares a document type (and with it entities).
    """
    try:
        file = zipfile.ZipFile(stream)
        parts = file.infolist()
    except DAMAGED as error:
        raise Refused(f"no zip file that can be read ({type(error).__name__})") from error
    if len(parts) > MAX_MEMBERS:
        raise Refused(f"a zip file of {len(parts)} parts, accepted are at most {MAX_MEMBERS}")
    total = sum(part.file_size for part in parts)
    if total > MAX_UNPACKED:
        raise Refused(f"a zip file of {total} bytes unpacked, accepted are at most {MAX_UNPACKED}")
    for part in parts:
        if part.flag_bits & 1:
            raise Refused("an encrypted zip file")
        if part.file_size > _SMALL and part.file_size > MAX_RATIO * max(1, part.compress_size):
            raise Refused(
                f"a part of a zip file that is {part.file_size // max(1, part.compress_size)} times what it is packed into, accepted are at "
                f"most {MAX_RATIO} times"
            )
        if part.filename.endswith((".xml", ".rels")):
            check_xml(_head(file, part))
    return file


def check_xml(head: bytes) -> None:
    """Raise where XML begins with a document type: what data formats never need, and entity expansion always does.

    Args:
        head: its first bytes, in which its root element must begin.

    Raises:
        Refused: there is one, or no element begins.
    """
    text = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    root = _BEFORE.sub(b"", text)
    if root and re.match(rb"<[^!?\s]", root) is None:
        raise Refused("XML that does not begin with its element; accepted is XML without a document type declaration")


def _head(file: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    try:
        with file.open(part) as opened:
            return opened.read(_HEAD)
    except DAMAGED as error:
        raise Refused(f"a part of a zip file cannot be unpacked ({type(error).__name__})") from error
