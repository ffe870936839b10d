"""Phone numbers in free text, found in linear time.

A number with its country code tells itself from everything else. A national one is a row of digits like a date, an order, a tax number; it is
taken where it is of the region's plan and written as one: with the prefix that is dialled there, in groups where none is, or, as bare digits,
where the words around it say that it is called. What is plainly something else (``figures``) is never taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import islice, pairwise
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.figures import SPACELESS, accounts, figures, is_date, part_of_word, says
from omnitrack.identifiers.numbering import OUTSIDE, SHORT, fits_plan, library, national_lengths, numbered_region
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier

_SEPARATORS = r" \t\u00a0\u2000-\u200a\u202f\u3000()\[\]（）.．/\u2010-\u2015\u2212\u30fc\uff0d~\u2060-"
_RUN = re.compile(rf"(?:[+＋(（\[][+＋(（\[ \u00a0]{{0,3}})?\d++(?:[{_SEPARATORS}]{{1,4}}+\d++)*+")
_GROUP = re.compile(r"\d+")
_LEAST_DIGITS, _MOST_DIGITS = (
    7,
    20,
)  # of a national number; of one with its country, what is dialled before, and a zero in brackets
_MOST_GROUPS = 9
_FEW = 3  # groups, in which no figure stands that has nothing but spaces between them
_USUAL = 9  # digits that a national number has in most plans, or more
_AREA = 6  # digits of an area code, with what is dialled before it
_LIST = [True] * 3  # digits by themselves, so many in a row that they are no number
_SPACE = {" "}
_MARK = re.compile("[-.／/\u2013]")
_ENDS_A_NUMBER = re.compile(r"\s|/")
_FAR_APART = re.compile(r"\t|\s{2}|/")
# What may be said before a number without a space: tel.020, T:020, Fax-020.
_LABEL = re.compile(
    r"(?:\b(?:tel|phone|ph|fax|mob|mobile|cell|call|whatsapp|telefon|[tmpfhwc])|[" + SPACELESS + r"])[.:=/-]$",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"[\s,;(]{0,3}(?:;\s?ext=|\b(?:extension|extensi\xf3n|durchwahl|dw|interno|int|anexo|ramal|toestel|poste|wewn|\u0434\u043e\u0431)\b[.:]?\s?"
    r"|(?<![^\W\d_])(?:e?xtn?|x)[.:]?\s?|(?:[\u5185\u5167][\u7dda\u7ebf]|\u5206[\u6a5f\u673a]|[\u8f6c\u8f49]|\ub0b4\uc120)\s?|#\s?)([0-9]{1,7})(?![\w@])"
    r"|,,([0-9]{1,7})(?:#|(?![\w@]))",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\.[a-z][a-z0-9]{1,4}(?![\w])|[-.][^\W\d_]*\d")

# Different writings that are read as a number, of one text. Reading one takes as long as searching some thousand characters, and no text
# that people write has so many; one that is made of them is read to here.
MAX_READ = 5_000

# How a number begins: with a plus, with 00, with what is dialled before a national one, or with none of those.
PLUS, ZEROS, TRUNK, HOME = "+", "00", "0", ""


def numbers(text: str, region: str | None) -> Iterator[tuple[int, int, Identifier]]:
    """Yield where each phone number stands in a text, as (start, stop, identifier).

    Args:
        text: of any length; of more than ``MAX_READ`` different candidates the first are read.
        region: ISO 3166 alpha-2 region in which national numbers are read; None finds international ones only.
    """
    finder: _Finder | None = None
    for match in _RUN.finditer(text):
        if match.end() - match.start() >= _LEAST_DIGITS:
            finder = finder or _Finder(text, region)
            yield from finder.in_run(*match.span())


@attrs.frozen(slots=True)
class _Home:
    """How numbers are written in a region."""

    code: str
    trunk: str  # what is dialled before a national number; "" for nothing
    needed: bool  # national numbers are written with it
    bare_mobiles: bool  # but for those of mobiles, as in China
    least: int  # digits of a national number
    most: int


@cache
def _home(region: str) -> _Home:
    lib = library()
    code = lib.country_code_for_region(region)
    trunk = lib.ndd_prefix_for_region(region, True) or ""
    needed = {
        kind: bool(trunk)
        and _national(example).startswith(trunk)
        and _national(example) != lib.national_significant_number(example)
        for kind in (lib.PhoneNumberType.FIXED_LINE, lib.PhoneNumberType.MOBILE)
        if (example := lib.example_number_for_type(region, kind)) is not None
    }
    lengths = national_lengths(code)
    return _Home(
        str(code),
        trunk,
        needed.get(lib.PhoneNumberType.FIXED_LINE, False),
        not needed.get(lib.PhoneNumberType.MOBILE, True),
        min(lengths),
        max(lengths),
    )


def _national(number: Any) -> str:
    lib = library()
    return "".join(filter(str.isdigit, lib.format_number(number, lib.PhoneNumberFormat.NATIONAL)))


def _is_mobile(value: str) -> bool:
    """Return whether a number in E.164 form is one of a mobile, by its country's plan."""
    lib = library()
    return bool(lib.number_type(lib.parse(value)) == lib.PhoneNumberType.MOBILE)


def _ends(groups: list[tuple[int, int]], place: int, last: int) -> list[tuple[int, int]]:
    """Return with which groups a number that begins with one may end, and how many digits it has then."""
    found: list[tuple[int, int]] = []
    digits = single = 0
    for at in range(place, min(last, place + _MOST_GROUPS)):
        size = groups[at][1] - groups[at][0]
        digits += size
        # A digit by itself is a country's, a trunk zero, an area's; more of them are a list.
        single += size == 1 and at > place
        if digits > _MOST_DIGITS or single > 2 or (size == 1 and single > 1 and at > place + 2):
            break
        if digits >= _LEAST_DIGITS:
            found.append((at, digits))
    return found


#: Begin and end of a number, the number, the place of the group behind it, and whether something that may belong to it follows.
_Candidate = tuple[int, int, Identifier, int, bool]


class _Finder:
    """Finds the numbers of one text, and reads each writing once."""

    def __init__(self, text: str, region: str | None) -> None:
        self._text = text
        self._region = numbered_region(region)
        self._home = _home(self._region) if self._region is not None else None
        self._found: dict[str, Identifier | None] = {}
        self._heard: set[str] = set()  # writings of which the words around have said, once, that they are called
        self._accounts = deque(accounts(text))
        # The longest number at a group that was looked at ahead of its turn: of which run, which group.
        self._ahead: _Candidate | None = None
        self._ahead_of = self._ahead_at = -1
        self._zeros = "0０(+" + (self._home.trunk[:1] if self._home is not None else "")

    def in_run(self, start: int, stop: int) -> Iterator[tuple[int, int, Identifier]]:
        """Yield the numbers in a row of digits and what stands between digits."""
        text = self._text
        groups = [match.span() for match in _GROUP.finditer(text, start, stop)]
        single = [stop - start == 1 for start, stop in groups]
        first = 0
        for last, is_other in enumerate([*self._others(groups, start, stop), True]):
            if is_other:
                yield from self._in_part(groups, single, first, last, start)
                first = last + 1

    def _others(self, groups: list[tuple[int, int]], start: int, stop: int) -> list[bool]:
        """Return of each group whether it is part of a date, an account and the like."""
        text = self._text
        while self._accounts and self._accounts[0][1] <= start:
            self._accounts.popleft()
        found = [span for span in islice(self._accounts, 1) if span[0] < stop]
        if len(groups) > _FEW or _MARK.search(text, start, stop):
            found += figures(text, groups)
        other = [False] * len(groups)
        place = 0
        for begin, end in sorted(found):
            while place < len(groups) and groups[place][1] <= begin:
                place += 1
            at = place
            while at < len(groups) and groups[at][0] < end:
                other[at] = True
                at += 1
        return other

    def _in_part(
        self, groups: list[tuple[int, int]], single: list[bool], first: int, last: int, start: int
    ) -> Iterator[tuple[int, int, Identifier]]:
        """Yield the numbers among some groups of a run, which begins at ``start``."""
        text, zeros = self._text, self._zeros
        place, free = first, True  # free: what stands before was something else, or a number
        while place < last:
            begin = groups[place][0]
            if single[place : place + 3] == _LIST:
                place, free = place + 1, False
                continue
            # Most groups of a long run begin no number; the rest is looked at closely.
            if free or text[begin] in zeros or not place or _FAR_APART.search(text, groups[place - 1][1], begin):
                found = self._at(groups, place, last, start, free)
                if found is not None:
                    yield found[:3]
                    place, free = found[3], True
                    continue
            place, free = place + 1, False

    def _at(self, groups: list[tuple[int, int]], place: int, last: int, start: int, free: bool) -> _Candidate | None:
        """Return the longest number that begins with a group."""
        if free and (self._ahead_of, self._ahead_at) == (start, place):
            # Looked at already, to see whether a number follows the one before.
            ahead = self._ahead
            if ahead is None or not ahead[4] or self._follows(groups, ahead[3], last, start):
                return ahead
        return self._longest(groups, place, last, start, free, True)

    def _follows(self, groups: list[tuple[int, int]], place: int, last: int, start: int) -> bool:
        """Return whether a number begins with a group that stands behind another one."""
        ahead = self._longest(groups, place, last, start, True, False)
        self._ahead_of, self._ahead_at, self._ahead = start, place, ahead
        return ahead is not None

    def _longest(
        self, groups: list[tuple[int, int]], place: int, last: int, start: int, free: bool, again: bool
    ) -> _Candidate | None:
        """Return the longest number that begins with a group; again: look whether another one follows."""
        text = self._text
        ends = _ends(groups, place, last)
        if not ends:
            return None
        begin = start if place == 0 else groups[place][0]
        if place and (between := text[groups[place - 1][1] : begin]) != " ":
            if not _ENDS_A_NUMBER.search(between):
                return None
            free = free or _FAR_APART.search(between) is not None
            begin -= len(between) - min((at for ch in "([（" if (at := between.find(ch)) >= 0), default=len(between))
        how = self._how(begin, groups[place])
        if how is None or (how == HOME and not free) or (place == 0 and not self._may_begin(begin, how)):
            return None
        for at, digits in reversed(ends):
            if not self._may_have(digits, how):
                continue
            end = groups[at][1]
            behind = text[end : groups[at + 1][0]] if at + 1 < len(groups) else " "
            part = groups[place : at + 1]
            if behind != " " and not _ENDS_A_NUMBER.search(behind):
                continue
            cut = how in (HOME, TRUNK) and at + 1 < last and (behind == " " or not _FAR_APART.search(behind))
            if (cut and how == HOME) or not self._is_written_as_one(part, how):
                continue
            # Unless what follows is a number too, these digits were cut out of something longer.
            if cut and again and not self._follows(groups, at + 1, last, start):
                continue
            if self._may_be_extended(end) and (extended := _EXTENSION.match(text, end)):
                one = self._accepted(begin, extended.end(), part, how)
                if one is not None and ";ext=" in one.value:
                    return begin, extended.end(), one, at + 1, cut
            if self._may_end(end) and (one := self._accepted(begin, end, part, how)) is not None:
                return begin, end, one, at + 1, cut
        return None

    def _may_be_extended(self, end: int) -> bool:
        """Return whether no digit follows at once: what calls a number an extension begins with a word or a mark."""
        behind = self._text[end : end + 4]
        return behind[:2] == ",," or not behind.lstrip(" ,;(")[:1].isdecimal()

    def _how(self, begin: int, group: tuple[int, int]) -> str | None:
        """Return how a number begins: with a plus, with 00, with what is dialled before national ones, or at once; None where none does."""
        lead, digits = self._text[begin : group[0]], _plain(self._text[slice(*group)])
        if "+" in lead or "\uff0b" in lead:
            return PLUS
        if digits.startswith("00"):
            after = digits[2:] or _plain("".join(filter(str.isdecimal, self._text[group[1] : group[1] + 4])))
            return ZEROS if after[:1] != "0" else None
        home = self._home
        if home is None:
            return None
        if digits.startswith("011") and home.code == "1":
            return ZEROS
        return TRUNK if home.trunk and digits.startswith(home.trunk) and (home.needed or home.trunk == "0") else HOME

    def _may_begin(self, begin: int, how: str) -> bool:
        text = self._text
        ch, before = text[begin - 1 : begin], text[begin - 2 : begin - 1] if begin > 1 else ""
        if not ch or ch.isspace():
            return True
        if part_of_word(ch) or ch in "+\uff0b@%\\&^":
            return False
        if not before or not part_of_word(before):
            return True
        if ch in "-./=":
            return how == PLUS or _LABEL.search(text[max(0, begin - 16) : begin]) is not None
        return not (ch == ":" and before.isdigit())

    def _may_end(self, end: int) -> bool:
        text = self._text
        ch, behind = text[end : end + 1], text[end + 1 : end + 2]
        if not ch or ch.isspace():
            return True
        if part_of_word(ch) or ch in "@\\":
            return False
        if ch in "-." and _FILE_NAME.match(text, end):
            return False
        if ch == "-" and behind and part_of_word(behind):
            return False
        return not (ch in ":," and behind.isdigit() and not text[end + 3 : end + 4].isdigit())

    def _may_have(self, digits: int, how: str) -> bool:
        """Return whether a number that begins so may have so many digits."""
        home = self._home
        if how in (PLUS, ZEROS) or home is None:
            return True
        if how == TRUNK:  # 15 behind the area code in Argentina, a carrier in Brazil
            return home.least <= digits - len(home.trunk) <= home.most + 2
        return home.least <= digits <= home.most + max(len(home.code), len(home.trunk))

    def _is_written_as_one(self, part: list[tuple[int, int]], how: str) -> bool:
        """Return whether what stands between the digits may stand in one number."""
        text, home = self._text, self._home
        between = [text[one[1] : other[0]] for one, other in pairwise(part)]
        marks = (
            set()
            if set(between) <= _SPACE
            else {ch for piece in between for ch in piece if not (ch.isspace() or ch in "()[]（）")}
        )
        if len(marks) > 2 or (marks & {"/", "／"} and not self._has_one_slash(part, between)):
            return False
        if how in (PLUS, ZEROS) or home is None or len(part) == 1:
            return True
        sizes = [stop - start for start, stop in part]
        if between[0][0] in ".．" and (sizes[0] == 1 or (how == HOME and len(part) == 2)):
            return False  # a decimal fraction
        if how == TRUNK:
            return True
        if home.code == "1":
            sizes = sizes[1:] if sizes[0] == 1 else sizes
            return sizes in ([3, 3, 4], [3, 7], [6, 4], [10])
        return 1 not in sizes[1:]

    def _has_one_slash(self, part: list[tuple[int, int]], between: list[str]) -> bool:
        """Return whether a slash stands behind the area code, where it is no sign that two numbers were given."""
        digits = 0
        for (start, stop), piece in zip(part, between, strict=False):
            digits += stop - start
            if "/" in piece or "／" in piece:
                return (
                    digits <= _AREA and not set(piece) & set("([（") and "/" not in "".join(between).replace("/", "", 1)
                )
        return True

    def _accepted(self, begin: int, end: int, part: list[tuple[int, int]], how: str) -> Identifier | None:
        """Return the number that a part of the text is, None where it is none, or the words around say that it is something else."""
        text, home = self._text, self._home
        written = text[begin:end]
        if written[0] in "([（" and not set(written) & set(")]）"):
            written = written[1:]
        if written in self._heard:
            return self._found[written]
        one = self._read(written)
        if one is None or one.reason in (OUTSIDE, SHORT):
            return None
        valid = fits_plan(one.value.partition(";")[0])
        if how == PLUS and valid:
            return one
        said = says(text, begin, end)
        if said < 0:
            return None
        grouped = len(part) > 1
        if how != HOME or home is None:
            good = valid or how == PLUS or said > 0 or self._is_in_groups(part, one.value)
        elif not valid:
            good = False
        elif home.needed and not (home.bare_mobiles and _is_mobile(one.value)):
            # Without what is dialled before, a number of another country fits a plan of many lengths as well.
            good = home.least == home.most and (said > 0 or written[0] in "(（")
        elif grouped:
            good = True
        else:
            good = said > 0 or (self._stands_alone(begin, end) and not is_date(written))
        if good:
            self._heard.add(written)
        return one if good else None

    def _is_in_groups(self, part: list[tuple[int, int]], value: str) -> bool:
        """Return whether digits are grouped as only a number is: those that are kept for drama fit no plan, and stand in many a text."""
        marks = {ch for (_, end), (start, _) in pairwise(part) for ch in self._text[end:start] if not ch.isspace()}
        return 1 < len(part) < 6 and marks <= set("()-") and len(value.partition(";")[0]) - len("+44") >= _USUAL

    def _stands_alone(self, begin: int, end: int) -> bool:
        """Return whether nothing else stands in the line, or in the field of a table."""
        text = self._text
        while begin and text[begin - 1] in " >*\"'":
            begin -= 1
        while text[end : end + 1] in (" ", "*", '"', "'", ".", "!", "\r"):
            end += 1
        before, behind = text[begin - 1 : begin], text[end : end + 1]
        return before in ("", "\n", "\t", "|", ";", ",") and behind in ("", "\n", "\t", "|", ";", ",")

    def _read(self, written: str) -> Identifier | None:
        if written not in self._found:
            if len(self._found) >= MAX_READ:
                return None
            try:
                self._found[written] = phone(written, self._region)
            except InvalidIdentifierError:
                self._found[written] = None
        return self._found[written]


def _plain(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(ch)) for ch in digits)
