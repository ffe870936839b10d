"""Bounded reading of what comes from outside: bytes from any origin, lines, CSV rows, in flat memory."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import attrs

from omnitrack.errors import mask

MAX_LINE = 16 * 1024 * 1024  # bytes of one line
MAX_ROW_LINES = 2_000  # lines that one quoted CSV row may span
MAX_ROW = 4 * 1024 * 1024  # characters of one CSV row
CHUNK = 256 * 1024
_BREAK = "\uffff"  # a noncharacter


@attrs.frozen(slots=True)
class Bad:
    """A stretch of the input that could not be read as an item of its format."""

    where: str
    reason: str
    raw: str | None = None


class Input:
    """The bytes of an origin, with the position for a progress bar.

    Args:
        origin: a path, bytes, or a stream of bytes or text (a stream is read from where it stands, and left open).
    """

    def __init__(self, origin: Any) -> None:
        self.path: Path | None = None
        self.position = 0
        self.size: int | None = None
        self._own = False
        if isinstance(origin, (str, os.PathLike)):
            self.path = Path(origin)
            self.size = self.path.stat().st_size
            self._stream: IO[bytes] = self.path.open("rb")
            self._own = True
        elif isinstance(origin, (bytes, bytearray)):
            self.size = len(origin)
            self._stream = io.BytesIO(bytes(origin))
        elif isinstance(origin.read(0), str):
            self._stream = _Utf8(origin)
        else:
            self._stream = origin
        self._ahead = b""  # read and not taken yet, from _taken on: a line taken must not move all that follows
        self._taken = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Return up to ``size`` bytes, b"" at the end."""
        data = self._take(size) or self._stream.read(size)
        self.position += len(data)
        return data

    def _take(self, size: int) -> bytes:
        data = self._ahead[self._taken : self._taken + size]
        self._taken += len(data)
        if self._taken == len(self._ahead):
            self._ahead, self._taken = b"", 0
        return data

    def readline(self, limit: int = MAX_LINE) -> bytes:
        """Return up to the next line feed, at most ``limit`` bytes; b"" at the end."""
        if self._ahead:
            end = self._ahead.find(b"\n", self._taken) + 1
            data = self._take(min(end - self._taken, limit) if end else limit)
            if not end and len(data) < limit:
                data += self._stream.readline(limit - len(data))
        else:
            data = self._stream.readline(limit)
        self.position += len(data)
        return data

    def peek(self, size: int) -> bytes:
        """Return up to ``size`` bytes without taking them."""
        if self._taken or len(self._ahead) < size:
            ahead, self._taken = bytearray(self._ahead[self._taken :]), 0
            while len(ahead) < size and (more := self._stream.read(size - len(ahead))):
                ahead += more
            self._ahead = bytes(ahead)
        return self._ahead[:size]

    def as_utf8(self) -> None:
        """Read a UTF-16 file (by its byte order mark) as UTF-8 from here on; leave out the mark of a UTF-8 file."""
        head = self.peek(3)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            rest = _Joined(self._ahead[self._taken :], self._stream)
            self._ahead, self._taken = b"", 0
            self._stream = _Utf8(io.TextIOWrapper(io.BufferedReader(rest), "utf-16", errors="replace", newline=""))
        elif head.startswith(codecs.BOM_UTF8):
            self.read(3)

    def as_lines(self) -> None:
        """Read a file whose lines end in a carriage return alone, as those of old Macs do, as if they ended in a line feed."""
        head = self.peek(64 * 1024)
        if b"\r" in head and b"\n" not in head:
            rest = _LineFeeds(_Joined(self._ahead, self._stream))
            self._ahead = b""
            self._stream = io.BufferedReader(rest)

    def seekable(self) -> IO[bytes]:
        """Return the bytes as a stream that can be read in any order; what comes from no file is held in memory for that."""
        if self._own or isinstance(self._stream, io.BytesIO):
            return self._stream
        return io.BytesIO(self._ahead + self._stream.read())

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._own:
            self._stream.close()


class _Joined(io.RawIOBase):
    """Bytes read ahead, then the stream they came from."""

    def __init__(self, ahead: bytes, stream: IO[bytes]) -> None:
        self._ahead, self._rest = ahead, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._ahead[: len(buffer)] or self._rest.read(len(buffer))
        self._ahead = self._ahead[len(data) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Leave the stream open: it belongs to whoever opened it."""


class _LineFeeds(io.RawIOBase):
    """Bytes with a line feed in place of each carriage return."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._rest = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = (self._rest.read(len(buffer)) or b"").replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


class _Utf8(io.RawIOBase, IO[bytes]):
    """A text stream read as UTF-8 bytes."""

    def __init__(self, stream: Any) -> None:
        self._text = stream
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            self._left = self._text.read(size if size > 0 else -1).encode("utf-8", "replace")
        data, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return data

    def readline(self, size: int | None = -1) -> bytes:
        limit = size if size and size > 0 else MAX_LINE
        if not self._left:
            self._left = self._text.readline(limit).encode("utf-8", "replace")
        data, self._left = self._left[:limit], self._left[limit:]
        return data

    def close(self) -> None:
        """Leave the stream open: it belongs to whoever opened it."""


def decode(data: bytes) -> str:
    """Return the text of bytes whose charset nothing says: UTF-8, else Windows-1252, which reads most of the rest."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def first_line(head: bytes) -> str:
    """Return the first line of a file's beginning in which something stands, without a byte order mark; "" where there is none."""
    return next((line for line in decode(head).lstrip("\ufeff").splitlines() if line.strip()), "")


def lines(source: Input) -> Iterator[tuple[int, str] | Bad]:
    """Yield (line number from 1, text without its line end); a line over ``MAX_LINE`` is passed over and said."""
    number = 0
    while data := source.readline(MAX_LINE):
        number += 1
        if len(data) >= MAX_LINE and not data.endswith(b"\n"):
            length = len(data)
            while data and not data.endswith(b"\n"):
                data = source.readline(CHUNK)
                length += len(data)
            yield Bad(f"line {number}", f"a line of {length} bytes, accepted are at most {MAX_LINE}")
            continue
        yield number, decode(data).rstrip("\r\n")


def rows(source: Input, delimiter: str = ",", same_width: bool = False) -> Iterator[tuple[int, list[str]] | Bad]:
    """Yield (line number, fields) of a CSV file (RFC 4180), where a quote that is never closed costs one line only.

    Rows end in a line feed, with a carriage return before it or not, or in carriage returns alone where the file has no line feed. A carriage
    return inside of a row is a line break in the text of a field, quoted or not.

    Args:
        source: the file.
        delimiter: between fields.
        same_width: a row that spans several lines is believed only if it has as many fields as the first row.
    """
    source.as_lines()
    pending: deque[tuple[int, str] | Bad] = deque()
    incoming = lines(source)
    width = 0

    def line(index: int) -> tuple[int, str] | Bad | None:
        while len(pending) <= index and (more := next(incoming, None)) is not None:
            pending.append(more)
        return pending[index] if len(pending) > index else None

    while (first := line(0)) is not None:
        if isinstance(first, Bad):
            yield first
            pending.popleft()
            continue
        number, text = first
        parts, quotes, length = [text], text.count('"'), len(text)
        while quotes % 2 and len(parts) < MAX_ROW_LINES and length < MAX_ROW:
            more = line(len(parts))
            if more is None or isinstance(more, Bad):
                break
            parts.append(more[1])
            quotes += more[1].count('"')
            length += len(more[1])
        row = None if quotes % 2 else _row(parts, delimiter)
        if row is not None and len(parts) > 1 and same_width and width and len(row) != width:
            row = None
        if row is None:
            pending.popleft()
            yield Bad(f"line {number}", "no row of CSV: a quoted field that is not closed, or too long", mask(text))
            continue
        for _ in parts:
            pending.popleft()
        if row:
            width = width or len(row)
            yield number, row


def _row(parts: list[str], delimiter: str) -> list[str] | None:
    if max(map(len, parts)) > csv.field_size_limit():
        csv.field_size_limit(MAX_ROW)
    try:
        return next(csv.reader([part + "\n" for part in parts], delimiter=delimiter), [])
    except csv.Error:
        if not any("\r" in part for part in parts):
            return None
    # The reader takes none outside of quotes, so a letter that no text has stands for it.
    held = [part.replace("\r", _BREAK) for part in parts]
    row = _row(held, delimiter)
    return None if row is None else [field.replace(_BREAK, "\n") for field in row]
