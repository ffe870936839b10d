"""Patterns that find a person's name and birth date in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from omnitrack.identifiers.characters import fold_case
from omnitrack.identifiers.spellings import DIGITS, Seeded

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BETWEEN = r"[^\w\n]{1,3}"  # two words of a name: a space, a comma, a dot of HTML
_MOST_WORDS = 6

_MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?", "sept?(?:ember)?",
    "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip


def name_patterns(names: Iterable[str]) -> Iterator[Seeded]:
    """Yield patterns for full names, in the order as given and with the last word first ("Doe, Jane"), whatever their case.

    Of three words and more the first and the last alone count too. A name of one word, or of initials, is no sign of anybody and gives none.
    """
    for name in dict.fromkeys(names):
        words = [fold_case(word) for word in _WORD.findall(name)][:_MOST_WORDS]
        if sum(len(word) > 1 for word in words) < 2:
            continue
        orders = {tuple(words), (words[-1], *words[:-1]), (*words[1:], words[0])}
        if min(len(words[0]), len(words[-1])) > 1:
            orders |= {(words[0], words[-1]), (words[-1], words[0])}
        alternatives = "|".join(
            _BETWEEN.join(map(re.escape, order)) for order in sorted(orders, key=lambda o: (-len(o), o))
        )
        yield max((words[0], words[-1]), key=len), rf"(?<!\w)(?:{alternatives})(?!\w)"


def birth_date_patterns(dates: Iterable[str]) -> Iterator[Seeded]:
    """Yield patterns for dates of ISO 8601 (``1971-02-03``) as people write them: in any order, with a month's English name, two digits of the year."""
    for date in dict.fromkeys(dates):
        match = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", date.strip())
        if match is None or not 1 <= int(match[2]) <= 12:
            continue
        year, month, day = match[1], f"0?{int(match[2])}", f"0?{int(match[3])}"
        short = f"(?:{year[:2]})?{year[2:]}"
        gap = r"[ ./-]{1,2}"
        orders = (f"{year}{gap}{month}{gap}{day}", f"{day}{gap}{month}{gap}{short}", f"{month}{gap}{day}{gap}{short}")
        plain = (match[1] + match[2] + match[3], match[3] + match[2] + match[1])
        named = _MONTHS[int(match[2]) - 1]
        said = (
            rf"{day}(?:st|nd|rd|th)?\.?,? (?:of )?{named}\.?,? {year}",
            rf"{named}\.? {day}(?:st|nd|rd|th)?,? {year}",
        )
        alternatives = "|".join(chain(orders, plain, said))
        # Where only two digits of the year stand there, they are digits of every form.
        yield DIGITS + year[2:], rf"(?<!\w)(?<!\d[./-])(?:{alternatives})(?!\w|[./-]\d)"
