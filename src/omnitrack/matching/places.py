"""Normal forms of postcodes and address lines, for comparison."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from omnitrack.matching.text import fold_words, squeeze

# UK: the formats of BS 7666 (A9 9AA to AA9A 9AA, and GIR 0AA), with or without the blank.
_UK = re.compile(r"^([a-z]{1,2}[0-9][a-z0-9]?|gir)([0-9][a-z]{2})$")
# US: ZIP and ZIP+4; the four digits of a delivery segment change often and are left out.
_US = re.compile(r"^([0-9]{5})(?:[ -]?[0-9]{4})?$")
_NUMBER = re.compile(
    r"^(?:(?:flat|unit|apt|apartment|suite|no|number)\s+)?([0-9]+(?:\s?[a-z](?=\s|$))?(?:\s?[-/]\s?[0-9]+[a-z]?)?)[\s,]+(.+)$"
)
_TRAILING_NUMBER = re.compile(r"^([^0-9]+)([0-9]+\s?[a-z]?)$")
_LONGEST = 500  # characters of a line that are read; addresses are shorter
_WORDS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "dr": "drive", "ct": "court",
    "pl": "place", "sq": "square", "cres": "crescent", "cr": "crescent", "cl": "close", "crt": "court", "tce": "terrace",
    "ter": "terrace", "pde": "parade", "hwy": "highway", "blvd": "boulevard", "pkwy": "parkway", "cct": "circuit",
    "gdns": "gardens", "apt": "apartment", "bldg": "building", "nr": "number", "no": "number", "mt": "mount",
    "strasse": "street",
}  # fmt: skip


class Address(NamedTuple):
    """A line of an address: house number and street; either may be empty."""

    number: str = ""
    street: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.street.title()}".strip()


def parse_postcode(text: str) -> str:
    """Return the normal form of a postcode: upper case, UK ones with a blank, US ones as five digits, others without punctuation; "" for none.

    >>> parse_postcode("rg141aa"), parse_postcode("02139-4307"), parse_postcode(" 1010 AB ")
    ('RG14 1AA', '02139', '1010AB')
    """
    bare = squeeze(fold_words(text))
    if match := _UK.match(bare):
        return f"{match[1]} {match[2]}".upper()
    if match := _US.match(text.strip()):
        return match[1]
    return bare.upper()[:12]


@lru_cache(maxsize=16384)
def postcode_area(postcode: str) -> str:
    """Return the area of a postcode, shared with its neighbours: the UK outward code, else all but the last two characters.

    >>> postcode_area("RG14 1AA"), postcode_area("02139")
    ('RG14', '021')
    """
    outward, blank, _ = postcode.partition(" ")
    return outward if blank else postcode[:-2]


def parse_street(text: str) -> str:
    """Return a street with its usual abbreviations expanded.

    >>> parse_street("High St.")
    'high street'
    """
    words = fold_words(text.replace("ß", "ss")).split()
    return " ".join(_WORDS.get(word, word) if index else word for index, word in enumerate(words))


def parse_address(text: str) -> Address:
    """Return the house number and street of an address line.

    >>> parse_address("12b High St"), parse_address("Hauptstraße 5")
    (Address(number='12b', street='high street'), Address(number='5', street='hauptstrasse'))
    """
    line = " ".join(text[:_LONGEST].casefold().split())
    if match := _NUMBER.match(line):
        return Address(house_number(match[1]), parse_street(match[2]))
    if (match := _TRAILING_NUMBER.match(line)) and (street := match[1].rstrip(" ,")) not in ("", match[1]):
        return Address(house_number(match[2]), parse_street(street))
    return Address("", parse_street(line))


def house_number(text: str) -> str:
    """Return the normal form of a house number: ``"12 B"`` is ``"12b"``."""
    return squeeze(fold_words(text))[:12]
