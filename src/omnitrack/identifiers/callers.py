"""Caller-id fields: numbers, names and markers such as anonymous, as networks and exchanges write them."""

from __future__ import annotations

import re

from omnitrack.identifiers.characters import words
from omnitrack.identifiers.nonvalues import WORDS as NOTHING

# What stands in the place of a number where there is none, letters only, folded. Besides the words for no value of any field: RFC 3323
# section 4.1.1.3 (Anonymous), 3GPP TS 24.607 (Unavailable), the letters P and O of North American caller id (Bellcore
# GR-31: private, out of area), what exchanges and databases write for nothing, and the words of other languages.
_WORDS = NOTHING | words(
    """
    anonymouscaller anonym anonyme anonimo anônimo anónimo anoniem numberwithheld callerwithheld
    private privatenumber privatecaller unknownnumber unknowncaller numberunavailable
    restrictednumber blocked blockednumber blockedcaller hidden hiddennumber nocallerid callerid
    calleridblocked calleridunavailable calleridwithheld nonumber outofarea coinline payphone p o
    unterdrückt privat masqué numéromasqué privé oculto númerooculto privado
    nascosto afgeschermd dolt skjult salattu zastrzeżony
    """
)

# The words spelt on a keypad, as providers of telephone interfaces hand them on: ANONYMOUS, RESTRICTED (with and
# without the code of North America), BLOCKED, UNKNOWN, UNAVAILABLE.
SPELT_WITHHELD = frozenset({"266696687", "7378742833", "17378742833", "2562533", "8656696", "86282452253"})

# User and host parts of SIP and mail addresses that stand for nobody: RFC 3323 section 4.1.1.3 and 3GPP TS 24.229.
ANONYMOUS_DOMAINS = frozenset({"anonymous.invalid", "unknown.invalid", "unavailable.invalid"})


def says_withheld(text: str, region: str | None = None) -> bool:
    """Return whether a caller-id field says that there is no number: empty, a word for it, or one spelt on a keypad.

    Args:
        text: cleaned of what cannot be seen.
        region: in which a national number would be read. The spelt words are possible numbers of some countries, so
            without a plus they count where no region makes them one.
    """
    letters = "".join(ch for ch in text if ch.isalpha()).casefold()
    digits = "".join(ch for ch in text if ch.isdigit())
    if digits:
        return not letters and digits in SPELT_WITHHELD and (text.startswith("+") or region is None)
    return not letters or letters in _WORDS


# Codes dialled before a number to hide one's own (True) or to show it although it is hidden otherwise (False), and the
# regions where they are that; None for everywhere. What follows must look like a number as it is dialled there.
_NANP = None  # *67 means nothing else anywhere
_CODES: tuple[tuple[re.Pattern[str], frozenset[str] | None, bool], ...] = (
    # NANP vertical service codes (North American Numbering Plan Administration): *67 and *82.
    (re.compile(r"\*67[\s.-]*(?=[+(\d])"), _NANP, True),
    (re.compile(r"\*82[\s.-]*(?=[+(\d])"), _NANP, False),
    # Mobile networks, 3GPP TS 22.030 annex B (31 is CLIR): # invokes it for a call, * suppresses it.
    (re.compile(r"#31#[\s.-]*(?=[+(\d])"), None, True),
    (re.compile(r"\*31[*#][\s.-]*(?=[+(\d])"), None, False),
    # United Kingdom (Ofcom, National Telephone Numbering Plan, type B access codes) and Ireland. 0141 is Glasgow, so a 0
    # must follow.
    (re.compile(r"141[\s.-]*(?=[+0(])"), frozenset({"GB", "GG", "IM", "JE", "IE"}), True),
    (re.compile(r"(?:1470|142)[\s.-]*(?=[+0(])"), frozenset({"GB", "GG", "IM", "JE", "IE"}), False),
    # Australia (ACMA, Numbering Plan 2015, schedule 7).
    (re.compile(r"1831[\s.-]*(?=[+0(])"), frozenset({"AU"}), True),
    (re.compile(r"1832[\s.-]*(?=[+0(])"), frozenset({"AU"}), False),
    # New Zealand (Number Administration Deed).
    (re.compile(r"0197[\s.-]*(?=[+0(])"), frozenset({"NZ"}), True),
    (re.compile(r"0196[\s.-]*(?=[+0(])"), frozenset({"NZ"}), False),
    # Japan.
    (re.compile(r"184[\s.-]*(?=[+0(])"), frozenset({"JP"}), True),
    (re.compile(r"186[\s.-]*(?=[+0(])"), frozenset({"JP"}), False),
    # Hong Kong (OFCA): 133, before a number of eight digits.
    (re.compile(r"133[\s.-]*(?=(?:\d[\s.-]*){8}$)"), frozenset({"HK"}), True),
)


def without_privacy_code(text: str, region: str | None) -> tuple[str, bool]:
    """Return the number behind a code like ``*67`` or ``141``, and whether the code asked for privacy."""
    for pattern, regions, private in _CODES:
        if (regions is None or region in regions) and (match := pattern.match(text)):
            return text[match.end() :], private
    return text, False
