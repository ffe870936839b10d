"""Calendars in which a phone writes the dates of a chat: Gregorian, Buddhist, Persian, that of the Republic of China, eras of Japan."""

from __future__ import annotations

from datetime import date, timedelta

FIRST, LAST = 2009, 2100  # years of the Gregorian calendar: WhatsApp is of 2009
HIJRI = "it is of the Islamic calendar, which depends on where the moon was seen; accepted are exports of a phone set to the Gregorian one"

# What stands before the year of an era, and the year before its first.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "r": 2018, "h": 1988, "s": 1925, "民國": 1911, "民国": 1911}
_BUDDHIST, _PERSIAN, _ISLAMIC = -543, -1, -2
# What stands behind a date and names its calendar.
_CALENDARS = {
    "be": _BUDDHIST,
    "พ.ศ.": _BUDDHIST,
    "ap": _PERSIAN,
    "ه.ش": _PERSIAN,
    "ه‍.ش": _PERSIAN,
    "ه‍.ش.": _PERSIAN,
    "ah": _ISLAMIC,
    "هـ": _ISLAMIC,
    "ه": _ISLAMIC,
    "ad": 0,
    "ce": 0,
    "ค.ศ.": 0,
}


def is_era(word: str) -> bool:
    """Whether a word beside a date names its calendar."""
    return word.casefold() in _CALENDARS


def in_gregorian(year: int, month: int, day: int, era: str | None) -> date | None:
    """Return the day in the Gregorian calendar; None where there is no such day, or it cannot be one of a chat.

    The years of the calendars do not overlap in the years of WhatsApp, so that a year tells its calendar where no word does: 26 and
    2026, 2569 or 69 (Buddhist, from 52 on), 1404 (Persian), 115 (Republic of China), all of them the same one.

    Args:
        year: as it stands there, of two to four digits.
        month: of that calendar.
        day: of the month.
        era: the word that names the calendar, or the era of Japan or China.
    """
    shift = _shift(year, era)
    if shift is None or shift == _ISLAMIC:
        return None
    try:
        found = _persian(year, month, day) if shift == _PERSIAN else date(year + shift, month, day)
    except ValueError:
        return None
    return found if FIRST <= found.year <= LAST else None


def is_islamic(year: int, era: str | None) -> bool:
    """Whether a year is one of the Islamic calendar."""
    return _shift(year, era) == _ISLAMIC


def _shift(year: int, era: str | None) -> int | None:
    """Return what to add to the year, or which calendar it is that takes more."""
    if era is not None:
        word = era.casefold()
        if word in _ERAS:
            return _ERAS[word]
        shift = _CALENDARS[word]
        return 2500 + shift if shift == _BUDDHIST and year < 100 else shift
    if year < 100:
        return 2000 if year < 52 else 2500 + _BUDDHIST
    for first, last, shift in (
        (100, 189, 1911),
        (1387, 1429, _PERSIAN),
        (1430, 1500, _ISLAMIC),
        (FIRST, LAST, 0),
        (FIRST - _BUDDHIST, LAST - _BUDDHIST, _BUDDHIST),
    ):
        if first <= year <= last:
            return shift
    return None


def _persian(year: int, month: int, day: int) -> date:
    """Solar Hijri, by its leap years in cycles of 33, which hold from 1178 to 1633."""
    if not (1300 <= year <= 1500 and 1 <= month <= 12):
        raise ValueError
    length = 31 if month <= 6 else 30 if month < 12 or _leap(year) else 29
    if not 1 <= day <= length:
        raise ValueError
    start = date(2021, 3, 21)  # of 1400
    for between in range(min(year, 1400), max(year, 1400)):
        start += timedelta(365 + _leap(between)) * (1 if year > 1400 else -1)
    return start + timedelta(31 * min(month - 1, 6) + 30 * max(month - 7, 0) + day - 1)


def _leap(year: int) -> bool:
    return (25 * year + 11) % 33 < 8
