"""Dates of birth: parses the many ways of writing them into one form to compare."""

from __future__ import annotations

import datetime as dt
import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = re.compile(r"[0-9]+|[a-z]{3,}")
# A fixed pivot, so that stored normal forms stay right. Callers are rarely younger or older than this.
_LAST_SHORT_YEAR = 20
_TIME = re.compile(r"[t ]\d{1,2}:\d{2}.*", re.DOTALL)
_LONGEST = 100  # characters that are read; dates are shorter
#: Regions that write the month before the day.
MONTH_FIRST = frozenset({"US", "FM", "MH", "PW"})


def parse_birth_date(value: object, region: str | None = None) -> str:
    """Return a date of birth as eight digits, year, month, day; "" if the value is not a date.

    Digits that do not form a valid date are kept in their places, since they may contain a typo. If day and month cannot be distinguished, the
    region decides; the comparison allows for swapped ones.

    Args:
        value: a date, a datetime, or a text: ISO 8601 extended or basic, day-month-year or month-day-year with any
            separator, a month by its English name. Two digits of a year mean 1921 to 2020.
        region: ISO 3166 alpha-2; the United States and a few Pacific islands write the month first.

    >>> parse_birth_date("3 Feb 1980"), parse_birth_date("02/03/1980", "US"), parse_birth_date("02/03/1980", "GB")
    ('19800203', '19800203', '19800302')
    """
    if isinstance(value, dt.date):
        return f"{value.year:04}{value.month:02}{value.day:02}"
    text = _TIME.sub("", str(value).strip()[:_LONGEST].casefold())
    parts = _PARTS.findall(text)[:3]
    if len(parts) == 1 and parts[0].isdigit() and len(parts[0]) in (6, 8):
        digits = parts[0]
        day_first = not _is_year(digits[:4]) and _is_year(digits[4:]) and "01" <= digits[2:4] <= "12"
        if len(digits) == 8 and not day_first:
            return str(digits)
        parts = [digits[:2], digits[2:4], digits[4:]]
    if len(parts) != 3:
        return ""
    named = [i for i, part in enumerate(parts) if part[:3] in _MONTHS and not part.isdigit()]
    if any(not part.isdigit() for i, part in enumerate(parts) if i not in named) or len(named) > 1:
        return ""
    if named:
        month = _MONTHS.index(parts.pop(named[0])[:3]) + 1
        year, day = (parts[0], parts[1]) if len(parts[0]) == 4 else (parts[1], parts[0])
        return _digits(year, month, int(day))
    if len(parts[0]) == 4:
        return _digits(parts[0], int(parts[1]), int(parts[2]))
    first, second = int(parts[0]), int(parts[1])
    month_first = region in MONTH_FIRST
    if (month_first and first > 12 >= second) or (not month_first and second > 12 >= first):
        month_first = not month_first
    day, month = (second, first) if month_first else (first, second)
    return _digits(parts[2], month, day)


def show_birth_date(digits: str) -> str:
    """Return the eight digits as people read them: ``1980-02-03``."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def _is_year(digits: str) -> bool:
    return "1850" <= digits <= "2100"


def _digits(year: str, month: int, day: int) -> str:
    if month > 99 or day > 99 or len(year) not in (2, 4):
        return ""
    if len(year) == 2:
        year = ("20" if int(year) <= _LAST_SHORT_YEAR else "19") + year
    return f"{year}{month:02}{day:02}"
