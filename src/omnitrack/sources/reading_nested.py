"""Lists inside of one large JSON object, an element at a time: how exports of chats hold their messages."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from omnitrack.errors import mask
from omnitrack.sources.reading import CHUNK, Bad, Input
from omnitrack.sources.reading_json import MAX_ITEM, MAX_JSON_DEPTH, parse_json

_decoder = json.JSONDecoder()
_SPACE = re.compile(r"[\s,]*")
_NEXT = re.compile(r"\}\s*+,\s*+(?=\{)")
_MAX_RESYNCS = 100


class _TornError(Exception):
    """The text ends, or is none of JSON, outside of the elements."""


Found = tuple[Mapping[str, Any], str, Any]


def nested_items(source: Input, lists: Collection[str], enter: Collection[str]) -> Iterator[Found | Bad]:
    """Yield (fields, where, element) of each element of the lists named; one that cannot be read costs itself.

    The fields are those that stand before the list, in the object that has it and in those around it, whose names give way.

    Args:
        source: whose value is one object.
        lists: names of the fields whose lists hold the elements.
        enter: names of the fields whose objects, or lists of objects, hold such lists further inside.
    """
    source.as_utf8()
    walk = _Walk(source, frozenset(lists), frozenset(enter))
    try:
        yield from walk.value({}, 0)
    except _TornError:
        yield Bad(walk.where(), "cut off, or no JSON from here on", mask(walk.text[walk.at : walk.at + 200]))


class _Walk:
    def __init__(self, source: Input, lists: frozenset[str], enter: frozenset[str]) -> None:
        self.source, self.lists, self.enter = source, lists, enter
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.text = ""
        self.at = 0
        self.dropped = 0  # characters before the text
        self.ended = False
        self.resyncs = 0

    def where(self) -> str:
        return f"character {self.dropped + self.at}"

    def value(self, around: Mapping[str, Any], depth: int) -> Iterator[Found | Bad]:
        """Walk through an object, or a list of objects."""
        if depth > MAX_JSON_DEPTH:
            raise _TornError
        if self.peek() == "[":
            self.at += 1
            while self.peek() == "{":
                yield from self.object(around, depth)
            self.take("]")
        elif self.peek() == "{":
            yield from self.object(around, depth)
        else:
            self.whole()

    def object(self, around: Mapping[str, Any], depth: int) -> Iterator[Found | Bad]:
        fields = dict(around)
        self.take("{")
        while self.peek() != "}":
            name = self.whole()
            self.take(":")
            if name in self.lists and self.peek() == "[":
                yield from self.elements(fields)
            elif name in self.enter:
                yield from self.value(fields, depth + 1)
            else:
                fields[str(name)] = self.whole()
        self.take("}")

    def elements(self, fields: Mapping[str, Any]) -> Iterator[Found | Bad]:
        self.take("[")
        while self.peek() != "]":
            where = self.where()
            try:
                yield fields, where, self.whole()
            except _TornError:
                bad = Bad(where, "no JSON, or too large or deep", mask(self.text[self.at : self.at + 200]))
                following = _NEXT.search(self.text, self.at)
                self.resyncs += 1
                if following is None or self.resyncs > _MAX_RESYNCS:
                    raise
                self.at = following.end()
                yield bad
        self.take("]")

    def peek(self) -> str:
        """Return the next character that is no space and no comma, without taking it."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                raise _TornError

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise _TornError
        self.at += 1

    def whole(self) -> Any:
        """Take a value, as a whole."""
        self.peek()
        while True:
            try:
                _, end = _decoder.raw_decode(self.text, self.at)
                if end < len(self.text) or self.ended:
                    break
            except json.JSONDecodeError:
                pass
            except RecursionError:
                raise _TornError from None
            if len(self.text) - self.at > MAX_ITEM or not self.more():
                raise _TornError
        try:
            value = parse_json(self.text[self.at : end])
        except ValueError:
            raise _TornError from None
        self.at = end
        return value

    def more(self) -> bool:
        """Read on, twice as much each time that a value is not whole yet; what was taken is left behind."""
        if self.ended:
            return False
        self.text, self.dropped, self.at = self.text[self.at :], self.dropped + self.at, 0
        wanted = max(CHUNK, len(self.text))
        parts = [self.text]
        while wanted > 0 and not self.ended:
            data = self.source.read()
            self.ended = not data
            parts.append(self.decode(data, self.ended))
            wanted -= len(data)
        self.text = "".join(parts)
        return len(self.text) > len(parts[0])
