"""Bounded reading of what comes from outside: bytes from any origin, lines, CSV rows and JSON items, in flat memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import attrs

from omnitrack.errors import mask

MAX_LINE = 16 * 1024 * 1024  # bytes of one line
MAX_ITEM = 16 * 1024 * 1024  # bytes of one JSON value
MAX_JSON_DEPTH = 64
MAX_ROW_LINES = 2_000  # lines that one quoted CSV row may span
MAX_ROW = 4 * 1024 * 1024  # characters of one CSV row
_CHUNK = 256 * 1024
_MAX_RESYNCS = 100


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
        self._ahead = b""

    def read(self, size: int = _CHUNK) -> bytes:
        """Return up to ``size`` bytes, b"" at the end."""
        data = self._ahead[:size]
        if data:
            self._ahead = self._ahead[size:]
        else:
            data = self._stream.read(size)
        self.position += len(data)
        return data

    def readline(self, limit: int = MAX_LINE) -> bytes:
        """Return up to the next line feed, at most ``limit`` bytes; b"" at the end."""
        if self._ahead:
            end = self._ahead.find(b"\n") + 1
            if end and end <= limit:
                data, self._ahead = self._ahead[:end], self._ahead[end:]
            elif len(self._ahead) >= limit:
                data, self._ahead = self._ahead[:limit], self._ahead[limit:]
            else:
                data, self._ahead = self._ahead, b""
                data += self._stream.readline(limit - len(data))
        else:
            data = self._stream.readline(limit)
        self.position += len(data)
        return data

    def peek(self, size: int) -> bytes:
        """Return up to ``size`` bytes without taking them."""
        while len(self._ahead) < size:
            more = self._stream.read(size - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    def as_utf8(self) -> None:
        """Read a UTF-16 file (by its byte order mark) as UTF-8 from here on; leave out the mark of a UTF-8 file."""
        head = self.peek(3)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            rest = _Joined(self._ahead, self._stream)
            self._ahead = b""
            self._stream = _Utf8(io.TextIOWrapper(io.BufferedReader(rest), "utf-16", errors="replace", newline=""))
        elif head.startswith(codecs.BOM_UTF8):
            self.read(3)

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


def lines(source: Input) -> Iterator[tuple[int, str] | Bad]:
    """Yield (line number from 1, text without its line end); a line over ``MAX_LINE`` is passed over and said."""
    number = 0
    while data := source.readline(MAX_LINE):
        number += 1
        if len(data) >= MAX_LINE and not data.endswith(b"\n"):
            length = len(data)
            while data and not data.endswith(b"\n"):
                data = source.readline(_CHUNK)
                length += len(data)
            yield Bad(f"line {number}", f"a line of {length} bytes, accepted are at most {MAX_LINE}")
            continue
        yield number, decode(data).rstrip("\r\n")


def rows(source: Input, delimiter: str = ",", same_width: bool = False) -> Iterator[tuple[int, list[str]] | Bad]:
    """Yield (line number, fields) of a CSV file (RFC 4180), where a quote that is never closed costs one line only.

    Args:
        source: the file.
        delimiter: between fields.
        same_width: a row that spans several lines is believed only if it has as many fields as the first row.
    """
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
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def _too_deep(data: str) -> bool:
    if data.count("[") + data.count("{") <= MAX_JSON_DEPTH:
        return False
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', data):
        token = match.group()
        if token in "[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                return True
        elif token in "]}":
            depth -= 1
    return False


def parse_json(data: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: no JSON (RFC 8259), or nested deeper than ``MAX_JSON_DEPTH``; says where.
    """
    text = data if isinstance(data, str) else decode(data)
    if _too_deep(text):
        raise ValueError(f"JSON nested deeper than {MAX_JSON_DEPTH}, the most accepted")
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError(f"JSON nested deeper than {MAX_JSON_DEPTH}, the most accepted") from None


def json_items(source: Input) -> Iterator[tuple[str, Any] | Bad]:
    """Yield (where, value) of each item of a JSON file: JSON lines, values one after another, or one array of items.

    A file of JSON lines is read line by line, so that a broken line costs only itself. Anything else is cut into its
    values by their braces; after a value that cannot be read, reading goes on at the next that looks like one.
    """
    source.as_utf8()
    head = source.peek(_CHUNK).lstrip()
    first, newline, _ = head.partition(b"\n")
    line_by_line = False
    if newline and head[:1] == b"{":
        try:
            parse_json(first)
        except ValueError:
            line_by_line = False
        else:
            line_by_line = True
    if line_by_line:
        yield from _json_lines(source)
    else:
        yield from _Values(source)


def _json_lines(source: Input) -> Iterator[tuple[str, Any] | Bad]:
    for item in lines(source):
        if isinstance(item, Bad):
            yield item
            continue
        number, text = item
        if not text.strip():
            continue
        try:
            value = parse_json(text.strip())
        except ValueError as error:
            yield Bad(f"line {number}", str(error), mask(text))
            continue
        if isinstance(value, list):
            for index, element in enumerate(value):
                yield f"line {number}, element {index}", element
        else:
            yield f"line {number}", value


_OUTSIDE = re.compile(rb'["{}\[\]]')
_INSIDE = re.compile(rb'["\\\n]')
_NEXT_ITEM = re.compile(rb"\}\s*,?\s*(?=\{)")
_OPENED_BY = {ord("}"): ord("{"), ord("]"): ord("[")}


class _Values:
    """Cuts a stream of bytes into JSON values by their brackets, holding one at a time.

    An outer array is entered, so that its elements are the values. A value whose brackets do not match, that is too large or
    never ends, or in which a quote was lost, is given up; what follows it is looked for by its looks.
    """

    def __init__(self, source: Input) -> None:
        self.source = source
        self.buffer = bytearray()
        self.offset = 0  # in the file, of buffer[0]
        self.begin = -1  # in the buffer, of the value under way
        self.scan = 0
        self.open = bytearray()  # brackets of the value under way
        self.in_string = False
        self.lost_quote = False
        self.in_array = False
        self.ended = False
        self.resyncs = 0

    def __iter__(self) -> Iterator[tuple[str, Any] | Bad]:
        while True:
            match = (_INSIDE if self.in_string else _OUTSIDE).search(self.buffer, self.scan)
            if match is None or (match.group() == b"\\" and match.end() >= len(self.buffer)):
                self.scan = len(self.buffer) if match is None else match.start()
                too_large = self.begin >= 0 and len(self.buffer) - self.begin > MAX_ITEM
                if not too_large and not self.ended:
                    self._read()
                elif self.begin >= 0:
                    reason = (
                        f"a value of over {MAX_ITEM} bytes" if too_large else "cut off: its brackets are not closed"
                    )
                    yield self._give_up(reason, drop=True)
                else:
                    if self.in_string:
                        yield Bad(f"byte {self.offset}", "a string that is not closed")
                    return
                continue
            token = match.group()[0]
            self.scan = match.end()
            if self.in_string:
                if token == 0x5C:  # a backslash, and what it escapes
                    self.scan += 1
                else:  # the closing quote; or a line end, which no JSON string holds: then the quote was lost
                    self.in_string = False
                    self.lost_quote |= token == 0x0A
            elif token == 0x22:
                self.in_string = True
            elif token in b"{[":
                if self.begin < 0:
                    if token == 0x5B and not self.in_array:
                        self.in_array = True
                        continue
                    self.begin, self.lost_quote = match.start(), False
                self.open.append(token)
            elif self.begin < 0:
                self.in_array &= token != 0x5D
            elif self.open[-1] != _OPENED_BY[token]:
                yield self._give_up("its brackets do not match", drop=False)
            else:
                self.open.pop()
                if not self.open:
                    yield self._value()

    def _read(self) -> None:
        if self.begin < 0 and not self.in_string:
            self._drop(self.scan)
        data = self.source.read()
        self.ended = not data
        self.buffer += data

    def _drop(self, length: int) -> None:
        del self.buffer[:length]
        self.offset += length
        self.scan, self.begin = max(0, self.scan - length), -1
        self.open.clear()

    def _value(self) -> tuple[str, Any] | Bad:
        data = bytes(self.buffer[self.begin : self.scan])
        where = f"byte {self.offset + self.begin}"
        try:
            value = parse_json(data)
        except ValueError as error:
            if self.lost_quote:
                return self._give_up(str(error), drop=False)
            self._drop(self.scan)
            return Bad(where, str(error), mask(decode(data[:200])))
        self._drop(self.scan)
        return where, value

    def _give_up(self, reason: str, drop: bool) -> Bad:
        """Leave the value under way, and go on at the next that looks like one, else behind what was read."""
        bad = Bad(
            f"byte {self.offset + self.begin}", reason, mask(decode(bytes(self.buffer[self.begin : self.begin + 200])))
        )
        self.resyncs += 1
        resume = _NEXT_ITEM.search(self.buffer, self.begin + 1) if self.resyncs <= _MAX_RESYNCS else None
        if resume is not None:
            self.scan = resume.end()
        elif drop:
            self.scan = len(self.buffer)
        self._drop(self.scan)
        self.in_string = self.lost_quote = False
        return bad


def head_json(head: bytes) -> Mapping[str, Any] | None:
    """Return the first object of a file's first bytes, for telling its format; None where there is none to be seen."""
    text = head.lstrip(codecs.BOM_UTF8).lstrip()
    if text[:1] == b"[":
        text = text[1:].lstrip()
    if text[:1] != b"{":
        return None
    try:
        value, _ = _decoder.raw_decode(decode(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def head_keys(head: bytes) -> set[str]:
    """Return every object key that can be seen in a file's first bytes, at any depth: the first object may be cut off."""
    return {decode(key) for key in re.findall(rb'"([A-Za-z_@$][\w.\-]{0,60})"\s*:', head)}
