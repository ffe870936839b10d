"""JSON from outside, in flat memory: lines, values one after another, or an array, each value bounded in size and depth."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from omnitrack.errors import mask
from omnitrack.sources.reading import CHUNK, Bad, Input, decode, lines

MAX_ITEM = 16 * 1024 * 1024  # bytes of one JSON value
MAX_JSON_DEPTH = 64
_MAX_RESYNCS = 100
_LOOSE = 64 * 1024  # bytes between two values that are looked at


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# Strings are passed over whole: what stands in one is no bracket.
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_decoder = json.JSONDecoder(parse_constant=_no_constant)


def _too_deep(data: str) -> bool:
    if data.count("[") + data.count("{") <= MAX_JSON_DEPTH:
        return False
    depth = 0
    for match in _BRACKETS.finditer(data):
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
        ValueError: the text is not JSON (RFC 8259), or is nested deeper than ``MAX_JSON_DEPTH``; the message says where.
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
    head = source.peek(CHUNK).lstrip()
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
_NEXT_ITEM = re.compile(rb"\}\s*+(?:,\s*+)?(?=\{)")
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
        self.loose = bytearray()  # text since the last value that is part of none
        self.loose_at = 0
        self.given_up = False  # the text up to the next value belongs to the one that was given up

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
                    cut_off = self.in_array and not self.given_up
                    self._drop(len(self.buffer))
                    yield from self._between()
                    if cut_off:
                        yield Bad(f"byte {self.offset}", "cut off: the array is not closed")
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
                        self._drop(match.start())
                        yield from self._between()
                        self._drop(1, kept=False)
                        continue
                    self._drop(match.start())
                    yield from self._between()
                    self.begin, self.scan, self.lost_quote = 0, 1, False
                self.open.append(token)
            elif self.begin < 0:
                if token == 0x5D and self.in_array:
                    self.in_array = False
                    self._drop(match.start())
                    yield from self._between()
                    self._drop(1, kept=False)
            elif self.open[-1] != _OPENED_BY[token]:
                yield self._give_up("its brackets do not match", drop=False)
            else:
                self.open.pop()
                if not self.open:
                    yield self._value()

    def _read(self) -> None:
        if self.begin < 0:
            self._drop(self.scan)
        data = self.source.read()
        self.ended = not data
        self.buffer += data

    def _between(self) -> Iterator[tuple[str, Any] | Bad]:
        """Yield what stands between the brackets of values: numbers and texts of an array are items, anything else is bad."""
        text, where, given_up = bytes(self.loose).strip(b", \t\r\n"), f"byte {self.loose_at}", self.given_up
        self.loose.clear()
        self.given_up = False
        if not text or given_up:
            return
        try:
            values = parse_json(b"[" + text + b"]")
        except ValueError:
            yield Bad(where, "text that is no JSON value", mask(decode(text[:200])))
            return
        yield from ((where, value) for value in values)

    def _drop(self, length: int, kept: bool = True) -> None:
        """Take bytes off the front; those of no value are kept, as far as is of use, to be told."""
        if kept and length and len(self.loose) < _LOOSE:
            if not self.loose.strip():
                self.loose.clear()
                self.loose_at = self.offset
            self.loose += self.buffer[:length]
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
            self._drop(self.scan, kept=False)
            return Bad(where, str(error), mask(decode(data[:200])))
        self._drop(self.scan, kept=False)
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
        self._drop(self.scan, kept=False)
        self.in_string = self.lost_quote = False
        self.given_up = True
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
