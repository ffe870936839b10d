"""Phone numbers inside free text, found in time that grows with its length alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.numbering import library
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier

# Seven digits or more with little between them: where it is worth looking for a number. A longer run is several matches.
_DIGITS = re.compile(r"\d(?:[\W_]{0,4}\d){6,200}")
_BEFORE, _BEHIND = 12, 32  # characters that may belong to it: "+", "(", a code; an extension
# Where numbers follow one another for longer than this, as in a list or a crafted text, it is searched in pieces: behind each number that the
# library finds it tries some hundred characters again.
_LONG, _PIECE = 2_000, 64
# In those, groups of fewer digits are no numbers by themselves.
_LEAST_DIGITS = 7
# Different writings that are read as a number, of one text. Reading one takes as long as searching some thousand characters, and no text
# that people write has so many; one that is made of them is read to here.
MAX_READ = 5_000
# No number has so many: 17 of a national number, 3 of a country, those dialled before it.
_MOST_DIGITS = 25
_EXTENDED = re.compile(r"[^\W\d_]|[,;#]")  # what may stand before an extension, whose digits come on top


def numbers(text: str, region: str | None) -> Iterator[tuple[int, int, Identifier]]:
    """Yield where each phone number stands in a text, as (start, stop, identifier).

    Args:
        text: of any length; of more than ``MAX_READ`` different candidates the first are read.
        region: ISO 3166 alpha-2 region in which national numbers are read; None finds international ones only.
    """
    reader = _Reader(region)
    end = 0
    for start, stop, least in _pieces(text):
        for first, last, written in reader.candidates(text[start:stop], least):
            first, last = start + first, start + last
            if first < end or _in_word(text, first, last):
                continue
            one = reader.identifier(written)
            if one is not None:
                yield first, last, one
                end = last


class _Reader:
    """Reads the candidates of one text, each writing once."""

    def __init__(self, region: str | None) -> None:
        self._library = library()
        self._region = region
        self._matcher = _matcher(self._library)
        self._parsed: dict[str, Any] = {}
        self._found: dict[str, Identifier | None] = {}

    def candidates(self, text: str, least: int) -> Iterator[tuple[int, int, str]]:
        lib = self._library
        matcher = self._matcher(text, self._region, leniency=lib.Leniency.POSSIBLE)
        matcher.parsed = self._parsed
        matcher.least = least
        for match in matcher:
            yield match.start, match.end, match.raw_string

    def identifier(self, written: str) -> Identifier | None:
        if written not in self._found:
            if len(self._found) >= MAX_READ:
                return None
            self._found[written] = self._read(written)
        return self._found[written]

    def _read(self, written: str) -> Identifier | None:
        bare = written.lstrip("( ")
        if not (bare.startswith(("+", "＋")) or self._is_national(bare)):
            return None
        try:
            return phone(written, self._region)
        except InvalidIdentifierError:
            return None

    def _is_national(self, bare: str) -> bool:
        lib = self._library
        try:
            number = lib.parse(bare, self._region)
        except lib.NumberParseException:
            return False
        if lib.is_valid_number(number):
            return True
        prefix = lib.ndd_prefix_for_region(lib.region_code_for_country_code(number.country_code), True)
        return bool(prefix) and bare.startswith(prefix)


def _matcher(lib: Any) -> Any:
    """Return the library's matcher, which tries every part of a candidate, made to try no writing twice and none without prospects.

    The method is not a public one: where a release of the library has it no more, its own is as right, and slower.
    """
    global _cached
    if _cached is None:

        class Matcher(lib.PhoneNumberMatcher):  # type: ignore[misc]
            parsed: dict[str, Any]
            least: int

            def _parse_and_verify(self, candidate: str, offset: int) -> Any:
                if candidate not in self.parsed:
                    digits = sum(map(str.isdigit, candidate))
                    hopeless = digits > _MOST_DIGITS and not _EXTENDED.search(candidate)
                    if hopeless or digits < self.least or len(self.parsed) >= MAX_READ:
                        return None
                    match = super()._parse_and_verify(candidate, offset)
                    self.parsed[candidate] = match and match.number
                number = self.parsed[candidate]
                return None if number is None else lib.PhoneNumberMatch(offset, candidate, number)

        _cached = Matcher
    return _cached


_cached: Any = None


def _in_word(text: str, first: int, last: int) -> bool:
    """Return whether a letter or digit stands right before or behind: then it is part of a code, not a number."""
    return text[first - 1 : first].isalnum() or text[last : last + 1].isalnum()


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text that may hold a number: searching all of it costs a hundred times as much."""
    start = stop = -1
    for match in _DIGITS.finditer(text):
        before = max(match.start() - _BEFORE, 0)
        while 0 < before < match.start() and not text[before - 1].isspace():
            before += 1  # begin with a word, so that the end of one is not taken for one
        behind = min(match.end() + _BEHIND, len(text))
        if before > stop >= 0:
            yield start, stop
            start = before
        elif stop < 0:
            start = before
        stop = behind
    if stop >= 0:
        yield start, stop


def _pieces(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield what is searched at once, and how many digits a number there has at least; a long stretch is cut where a number ends most likely."""
    for start, stop in _windows(text):
        if stop - start <= _LONG:
            yield start, stop, 0
            continue
        while start < stop:
            cut = _cut(text, start, stop)
            yield start, cut, _LEAST_DIGITS
            start = cut


def _cut(text: str, start: int, stop: int) -> int:
    if stop - start <= _PIECE:
        return stop
    for mark in "\n+,;|/ ":
        place = text.rfind(mark, start + 1, start + _PIECE)
        if place >= 0:
            return place
    return start + _PIECE
