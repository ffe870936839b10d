"""Dates of mails: RFC 5322, its obsolete syntax, and the other forms in which programs have written them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from omnitrack.errors import MissingZoneError
from omnitrack.sources.values import local_time, words

_MAX = 200  # characters of a date that are read
_COMMENT = re.compile(r"\([^()]*\)")
# An offset in a comment is the only one of some mailers: "10:00:00 (GMT+02:00)".
_OFFSET_COMMENT = re.compile(r"\((?:GMT|UTC) ?([+-]\d{1,2}:?\d\d)\)", re.I)
_CLOCK = re.compile(r"(?<![\d.])(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d{1,9})?)?(?![\d.])[ ]?([ap]\.?m\b\.?)?", re.I)
_NUMBERED = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)T?")
_DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.])")
_OFFSET = re.compile(r"(?:\b(?:GMT|UTC?|Z))?[ ]?([+-])(\d{1,2}):?(\d\d)?(?!\d)(?![-/.])", re.I)
_MONTHS = words("jan feb mar apr may jun jul aug sep oct nov dec")

_SECONDS = re.compile(r"\s*(\d{9,10})\s*")  # since 1970
_PLACE = re.compile(
    r"\b(?:[A-Z][A-Za-z]{2,12}/[A-Z][A-Za-z_]{2,20}(?:/[A-Z][A-Za-z_]{2,20})?|[A-Z]{3}\d[A-Z]{3})\b"
)  # a zone of the tz database

# Names of months, whole and shortened, where they do not begin as the English ones.
_OTHER_MONTHS = {
    1: "janvier janv ene enero gennaio gen ocak oca stycznia sty ledna led januari tammi янв января ιαν jaan ianuarie ian",
    2: "février fév fevr févr feb fevereiro fev febbraio şubat şub lutego lut února úno helmi фев февр февраля φεβ veebr",
    3: "mär märz mrz mars mrt maart março mart marca maaliskuuta maalis мар марта március márc μαρ březen března bře",
    4: "avril avr abr abril aprile nisan nis kwietnia kwi dubna dub huhti апр апреля április ápr απρ",
    5: "mai maio mayo maggio mag mei maj mayıs maja máj května kvě touko мая май május μαι μαϊ",
    6: "juin giugno giu junho haziran haz czerwca cze června čvn kesä июн июня június jún ιουν juni junio",
    7: "juil juillet julho luglio lug temmuz tem lipca lip července čvc heinä июл июля július júl ιουλ juli julio",
    8: "août aoû aout ago agosto ağustos ağu sierpnia sie srpna srp elo авг августа αυγ augusti augustus",
    9: "set setembro settembre sept eylül eyl września wrz září zář syys сен сент сентября szept σεπ",
    10: "okt oktober ottobre ott out outubro ekim eki października paź října říj loka окт октября októ οκτ",
    11: "novembre kasım kas listopada lis listopadu marras ноя нояб ноября νοε",
    12: "dez dezember déc décembre dic diciembre dicembre dezembro aralık ara grudnia gru prosince pro joulu дек декабря δεκ",
}
_MONTH_OF = {name: month for month, names in _OTHER_MONTHS.items() for name in names.split()}
# Zones by name that have one meaning in mails, beside those that RFC 5322 has; in minutes.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "mez": 60, "met": 60, "cest": 120, "mesz": 120,
    "mest": 120, "eet": 120, "sast": 120, "eest": 180, "msk": 180, "msd": 240, "hkt": 480, "sgt": 480, "awst": 480, "jst": 540,
    "kst": 540, "acst": 570, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180, "nst": -210, "ndt": -150,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480,
    "hst": -600,
}  # fmt: skip


def parse_date(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """Return the time of a Date header (RFC 5322 section 3.3, and the obsolete and broken forms), or None.

    Read are also offsets with a colon or behind ``GMT``, ISO 8601, clocks of twelve hours or with dots, months of other
    languages and zones by name that have one meaning. A date with no zone, or one that nobody knows, is read in ``zone``,
    else as UTC. Years before 1960 and after 2100 are nobody's.
    """
    if not text:
        return None
    text = text[: 10 * _MAX]
    if (seconds := _SECONDS.fullmatch(text)) is not None:
        return datetime.fromtimestamp(int(seconds[1]), timezone.utc)
    place = _PLACE.search(text)
    if place is not None:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            zone, text = ZoneInfo(place[0]), text[: place.start()] + text[place.end() :]
    told = _OFFSET_COMMENT.search(text)
    # Comments, and spaces around colons, are allowed by the obsolete syntax (section 4.3).
    plain = ":".join(part.strip() for part in _COMMENT.sub(" ", text)[:_MAX].split(":"))
    plain = " ".join(plain.split())
    clock = _CLOCK.search(plain)
    if clock is None:
        return None
    hour, late = int(clock[1]), timedelta(0)
    if hour == 24 and not clock[4]:  # the end of the day (ISO 8601-1, 5.3.2)
        hour, late = 0, timedelta(days=1)
    if clock[4]:
        hour = hour % 12 + 12 * (clock[4][0] in "pP")
    day, after = plain[: clock.start()], plain[clock.end() :]
    offset, rest = _offset(after)
    if offset is None and told is not None:
        offset, _ = _offset(told[1])
    # With dots the day comes first everywhere; with strokes nobody knows.
    date = _DOTTED.sub(r"\3-\2-\1", f"{day} {rest}")
    date = _english(_NUMBERED.sub(_as_words, date))
    try:
        parsed = parsedate_tz(f"{date} {hour:02}:{clock[2]}:{min(int(clock[3] or 0), 59):02}")
    except (IndexError, LookupError, OverflowError, TypeError, ValueError):
        return None
    if parsed is None:
        return None
    try:
        # Some programs wrote what C calls tm_year: the years since 1900.
        naive = datetime(parsed[0] + 1900 if 100 <= parsed[0] < 200 else parsed[0], *parsed[1:6]) + late
        if not 1960 <= naive.year <= 2100:
            return None
        if offset is None or abs(offset) >= 24 * 60:
            return local_time(naive, zone, field="date")[0]
        return naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    except MissingZoneError:
        raise
    except (OverflowError, TypeError, ValueError):
        return None


def _offset(after: str) -> tuple[int | None, str]:
    """Return the minutes of the offset that stands behind the clock, and what of the date stands there."""
    found = _OFFSET.search(after)
    if found is not None:
        sign = -1 if found[1] == "-" else 1
        digits = found[2] + (found[3] or "")
        hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
        rest = after[: found.start()] + " " + after[found.end() :]
        return sign * (hours * 60 + minutes), _without_zones(rest)[1]
    return _without_zones(after)


def _without_zones(text: str) -> tuple[int | None, str]:
    """Return the minutes of the first zone by name, and the text without its words but for months."""
    offset: int | None = None
    kept: list[str] = []
    for word in text.split(" "):
        name = word.strip(".,").lower()
        if offset is None and name in _ZONES:
            offset = _ZONES[name]
        elif not name.isalpha() or _month(name) is not None:
            kept.append(word)
    return offset, " ".join(kept)


def _month(name: str) -> int | None:
    if name[:3] in _MONTHS and name.isascii():
        return _MONTHS.index(name[:3]) + 1
    return _MONTH_OF.get(name)


def _as_words(numbers: re.Match[str]) -> str:
    month = int(numbers[2])
    return f"{numbers[3]} {_MONTHS[month - 1]} {numbers[1]} " if 1 <= month <= 12 else numbers[0]


def _english(date: str) -> str:
    """Return a date as ``3 feb 2026``: months by their English names, weekdays and words between left out."""
    words = []
    for word in re.split(r"[ ,]|(?<=\d)-|-(?=\d)|(?<=\d)\.(?!\d)", date):
        name = word.strip(".,;").lower()
        if not name:
            continue
        if name[0].isdigit():
            words.append(name)
        elif (month := _month(name)) is not None:
            # Tuesday and March begin alike in French, Italian and Spanish: the month stands behind.
            words = [other for other in words if other not in _MONTHS]
            words.append(_MONTHS[month - 1])
    if len(words) == 3 and not words[0][0].isdigit():
        words = [words[1], words[0], words[2]]
    return " ".join(words)
