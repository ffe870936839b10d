"""Dialling: the international form of a number written with country codes, 00 and trunk zeros.

What ITU-T E.123 asks for (+44 20 7946 0958) is what machines write. People write (+44), 0044, 44 without a plus, +44 (0)20, +48 (0)22 where no 0
is dialled, +91 91 because a form had put the code there. Every way of reading a text is tried, and counts where the number that it
gives is one of its country's numbering plan; where two do, and nothing tells which was meant, the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs

from omnitrack.identifiers.callers import SPELT_WITHHELD, without_privacy_code
from omnitrack.identifiers.numbering import OUTSIDE, fits_plan, library, read_plain

_CODE_IN_BRACKETS = re.compile(r"[(\[]\s*(\+|00)\s*([0-9]{1,3})\s*[)\]]")
_ZERO_IN_BRACKETS = re.compile(r"[(\[]\s*0\s*[)\]]")
_GROUPED = re.compile(r"(?:\+[1-9][0-9]{0,14}|0[1-9][0-9]{0,14}|\(0[1-9][0-9]{0,5}\))(?:[ -]?[0-9]{1,15}+){0,7}")
_NOT_DIGIT = re.compile(r"[^0-9]+")

AMBIGUOUS = "which can be read as two numbers"
NO_AREA = "whose area code begins with a digit that none begins with"


def parse(body: str, region: str | None) -> Any:
    """Return a written number, parsed.

    Args:
        body: digits with a plus in front or not, and what stands between digits.
        region: in which a national number is read.

    Returns:
        A ``PhoneNumber`` with its raw input and the source of its country code; or, as a string, why it is refused.

    Raises:
        phonenumbers.NumberParseException: it is no number.
    """
    lib = library()
    body = _CODE_IN_BRACKETS.sub(r"\1\2 ", body, count=1) if _CODE_IN_BRACKETS.match(body) else body
    readings = [text for text in _readings(body, region) if not _has_no_area(text)]
    if not readings:
        return NO_AREA
    good: dict[str, Any] = {}
    for text in readings if len(readings) > 1 else ():
        number = _valid(text, region)
        if number is not None:
            good.setdefault(lib.format_number(number, lib.PhoneNumberFormat.E164), number)
    if len(good) > 1:
        return AMBIGUOUS
    if good:
        return next(iter(good.values()))
    # There is one reading, or none is of a plan; the number may still be a possible one, an old one, or one that is kept for drama.
    number = lib.parse(readings[0], region, keep_raw_input=True)
    return AMBIGUOUS if _is_national(number, body, region) else number


def read_grouped(text: str, region: str | None) -> tuple[str, str | None] | None:
    """Read a number as most are written, a plus and digits in groups, or a 0 in the regions that dial one: the fast road.

    Returns:
        The number in E.164 form and why it is not linkable; None where only ``parse`` can tell. It is the same answer wherever it gives one; a
        property test holds it to that.
    """
    if not _GROUPED.fullmatch(text):
        return None
    digits = _digits(text)
    if text[0] == "+":
        whole = f"+{digits}"
        return read_plain(whole) if digits not in SPELT_WITHHELD and fits_plan(whole) else None
    home = _zero_region(region) if region is not None else None
    if home is None or home.abroad.match(digits) or without_privacy_code(text, region)[0] != text:
        return None
    prefix = home.prefix.match(digits)
    if prefix is None or prefix[0] != "0" or prefix.lastindex is not None:
        return None
    plain = read_plain(f"+{home.code}{digits[1:]}")
    return plain if plain is not None and plain[1] is not OUTSIDE else None


@attrs.frozen(slots=True)
class _ZeroRegion:
    """A region where a 0 is dialled before every national number."""

    code: int
    prefix: re.Pattern[
        str
    ]  # the 0, and what else may be dialled before a number: Britain has 180020 for its text relay
    abroad: re.Pattern[str]  # what is dialled before numbers of other countries


@cache
def _zero_region(region: str) -> _ZeroRegion | None:
    """Return how numbers are dialled in a region, None where not with a 0, or where what is dialled stands for other digits."""
    lib = library()
    metadata = lib.PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.national_prefix != "0" or metadata.national_prefix_transform_rule:
        return None
    prefix = re.compile(metadata.national_prefix_for_parsing)
    return _ZeroRegion(int(metadata.country_code), prefix, re.compile(metadata.international_prefix))


def _readings(body: str, region: str | None) -> Iterator[str]:
    """Yield what a text may say, most literally first; those that are plainly no reading are left out."""
    zero = _ZERO_IN_BRACKETS.search(body)
    if zero is not None:
        before, behind = body[: zero.start()], body[zero.end() :]
        code = _code_before(before)
        if code is not None:
            # The 0 is dialled within the country only, unless its numbers begin with one (Italy).
            yield f"+{code}{_digits(behind)}"
            yield f"+{code}0{_digits(behind)}"
            return
        body = f"{before}0{behind}"
    digits = _digits(body)
    if body.lstrip().startswith("+"):
        yield from _behind_plus(body, digits)
    elif digits.startswith("00") and _code_at(digits[2:]):
        yield f"+{digits[2:]}"
        if region is not None:
            yield body
    elif region is None:
        yield body
    else:
        yield from _at_home(body, digits, region)


def _behind_plus(body: str, digits: str) -> Iterator[str]:
    if digits.startswith("00"):
        yield f"+{digits[2:]}"
        return
    yield body
    code = _code_at(digits)
    if code and digits.startswith(code * 2) and _valid(body, None) is None:
        # A form had put the country code there, and somebody typed it once more.
        yield f"+{digits[len(code) :]}"


def _at_home(body: str, digits: str, region: str) -> Iterator[str]:
    """Yield the readings of digits without a plus: of that country, or with its code in front."""
    lib = library()
    code = str(lib.country_code_for_region(region))
    trunk = lib.ndd_prefix_for_region(region, True) or ""
    if digits.startswith(code) and len(digits) > len(code) and not digits.startswith(trunk or "\0"):
        international = f"+{digits}"
        # Where a number is written with a trunk prefix, digits that begin with the country's code instead are not a number without one.
        if _valid(international, None) is not None and (trunk or _valid(body, region) is None):
            yield international
            return
    if region == "MX" and (old := re.fullmatch(r"(?:04[45]|01)([0-9]{10})", digits)):
        # Mobiles were called with 044 or 045 in front, other areas with 01, until 3 August 2019 (IFT, Plan Técnico Fundamental de Numeración).
        yield old[1]
        return
    yield body


def _has_no_area(text: str) -> bool:
    """Whether a number of North America has an area code that begins with 0 or 1, which none does (NANP). Parsing would take a second 1 off."""
    return text.lstrip().startswith("+") and _digits(text)[:2] in ("10", "11")


def _is_national(number: Any, body: str, region: str | None) -> bool:
    """Whether a number that is too short for the country that a plus gives it is one of the region without the plus, as forms put it there."""
    if region is None or not body.lstrip().startswith("+") or library().is_possible_number(number):
        return False
    return _valid(_digits(body), region) is not None


def _digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)


def _code_before(text: str) -> str | None:
    """Return the country code that stands before a trunk zero in brackets: with +, with 00, or bare."""
    digits = _digits(text)
    if digits.startswith("00") and not text.lstrip().startswith("+"):
        digits = digits[2:]
    return digits if digits and _code_at(digits) == digits else None


def _code_at(digits: str) -> str | None:
    for size in (1, 2, 3):
        if digits[:size] in _codes() and len(digits) >= size:
            return digits[:size]
    return None


@cache
def _codes() -> frozenset[str]:
    return frozenset(map(str, library().COUNTRY_CODE_TO_REGION_CODE))


def _valid(text: str, region: str | None) -> Any:
    """Return a text as a number of its country's plan, parsed; None where it is none."""
    lib = library()
    try:
        number = lib.parse(text, region, keep_raw_input=True)
    except lib.NumberParseException:
        return None
    return number if lib.is_valid_number(number) else None
