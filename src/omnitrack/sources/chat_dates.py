"""Dates at the beginning of a chat's lines, in the orders and styles of many locales."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, time
from itertools import pairwise

import attrs

from omnitrack.sources.chat_calendars import HIJRI, in_gregorian, is_era, is_islamic
from omnitrack.sources.chat_words import half_of_day, is_joint

ORDERS = ("dmy", "mdy", "ymd")

_ERA = r"(民國|民国|令和|平成|昭和|[RHS](?=\d))?\s?"
_DATE = rf"{_ERA}(\d{{1,4}})\s?([./\-年년])\s?(\d{{1,2}})\s?[./\-月월]\s?([RHS](?=\d))?(\d{{1,4}})"
_TIME = r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?"
_WORD = r"([^\d\[\]:\-–,،]{0,16}?)"
_END = r"(\]\s?|\s[-–]\s|,\s|:\s)(.*)"
_DATE_FIRST = re.compile(rf"\[?{_DATE}([^\d\[\]:]{{1,30}}?){_TIME}{_WORD}{_END}", re.DOTALL)
_TIME_FIRST = re.compile(rf"\[?{_TIME}{_WORD}[,،]?\s{_DATE}()([.日일]?){_END}", re.DOTALL)
_SENDER = re.compile(r"([^:\n]{1,100}?)\s?:(?:\s|$)")
_BEGINS = frozenset("[民令平昭RHS")
# What opens a quotation, and what closes it.
_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "”": "”"}


@attrs.frozen(slots=True)
class Stamp:
    """What the beginning of a line says: three numbers of a date in an order not yet known, a time, and who wrote.

    Attributes:
        numbers: the date's three numbers and hour, minute, second.
        sender: None for a line of the app itself.
        text: what was written.
        american: it has AM or PM, as in the United States, where the month comes first.
        dotted: its date has dots between, which no locale does that puts the month first.
        style: ``"]"``, ``"-"``, ``","`` or ``":"``, which stands behind the time.
        iso: its date is of the form 2026-01-13.
        era: the word that names its calendar, None where none does.
        era_last: that word stands before the last of the numbers.
        time_first: the time stands before the date.
        unknown: a word at the time that may say before or after noon, and is not known.
    """

    numbers: tuple[int, int, int, int, int, int]
    sender: str | None
    text: str
    american: bool = False
    dotted: bool = False
    style: str = "-"
    iso: bool = False
    era: str | None = None
    era_last: bool = False
    time_first: bool = False
    unknown: str | None = None

    def time(self, order: str) -> datetime | None:
        """Return the time on the wall, None where the order does not fit, or it cannot be the time of a message."""
        if self.era is not None and not is_era(self.era) and (order == "ymd") == self.era_last:
            return None  # an era of Japan or China stands before its year
        year, month, day = self._date(order)
        found = in_gregorian(year, month, day, self.era)
        hour, minute, seconds = self.numbers[3:]
        if found is None or hour > 23 or minute > 59 or seconds > 59:
            return None
        return datetime.combine(found, time(hour, minute, seconds))

    def why_not(self, order: str) -> str:
        """Return why there is no time in this order."""
        year, _, _ = self._date(order)
        if is_islamic(year, self.era):
            return HIJRI
        return f"it is none in the order {order}; accepted are dmy, mdy, ymd with dates="

    def _date(self, order: str) -> tuple[int, int, int]:
        first, second, third = self.numbers[:3]
        if order == "ymd":
            return first, second, third
        return (third, second, first) if order == "dmy" else (third, first, second)


def read_stamp(line: str) -> Stamp | None:
    """Return the stamp at the beginning of a line, None where there is none.

    Args:
        line: without the marks of direction that WhatsApp puts in.
    """
    if not line or not (line[0].isdecimal() or line[0] in _BEGINS):
        return None
    head = line[:80]
    if not head.isascii():  # digits of other scripts, in the stamp only
        line = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in head) + line[80:]
    match = _DATE_FIRST.match(line)
    time_first = match is None
    if match is not None:
        era, first, mark, second, late, third, joint, hour, minute, seconds, behind, end, rest = match.groups()
    else:
        match = _TIME_FIRST.match(line)
        if match is None:
            return None
        hour, minute, seconds, behind, era, first, mark, second, late, third, joint, _, end, rest = match.groups()
    if not joint.startswith((" ", ",", "،", ".", "日", "일")) and joint:
        return None
    words = [word for word in re.split(r"[\s,،]+", f"{joint.lstrip('.日일')} {behind}") if word.strip(".")]
    eras = [word for word in words if is_era(word) and half_of_day(word) is None]
    if not eras and words and is_era(words[0]) and len(words) > 1:
        eras = words[:1]  # AP is of the Persian calendar, and of a Finnish morning
    half = " ".join(word for word in words if word not in eras and not is_joint(word))
    part = half_of_day(half) if half else None
    hours = int(hour)
    unknown = half if half and part is None and hours <= 12 else None
    if (
        half
        and part is None
        and (half.isascii() if end[0] != "]" else not half.replace(" ", "").replace(".", "").isalpha())
    ):
        return None  # a text that begins with a date
    if part is not None and hours <= 12:
        hours = hours % 12 + (12 if part == "after" else 0)
    sender = _SENDER.match(rest)
    if sender is not None and _inside_quotes(sender[1], rest[sender.end() :]):
        sender = None
    return Stamp(
        numbers=(int(first), int(second), int(third), hours, int(minute), int(seconds or 0)),
        sender=None if sender is None else sender[1].removeprefix("~").strip(),
        text=rest if sender is None else rest[sender.end() :],
        american=half in ("AM", "PM"),
        dotted=mark == ".",
        style=end.strip(),
        iso=mark == "-" and len(first) == 4,
        era=era or late or (eras[0] if eras else None),
        era_last=late is not None,
        time_first=time_first,
        unknown=unknown,
    )


def _inside_quotes(before: str, behind: str) -> bool:
    """Whether a colon stands inside of quotes, as in the name of a group that a notice tells: then no name ends there."""
    for opening, closing in _QUOTES.items():
        at = before.rfind(opening)
        if at < 0 or (opening == closing and before.count(opening) % 2 == 0):
            continue
        if not any(mark in before[at + 1 :] for mark in closing) and any(mark in behind for mark in closing):
            return True
    return False


def find_order(stamps: Sequence[Stamp]) -> tuple[str, bool]:
    """Return the order of the dates, and whether they leave no doubt.

    A number over 12 can be no month and one over 31 no day, and no locale that writes dates with dots puts the month first. Where that
    does not tell, time tells: a chat runs forward. Where that does not either, AM and PM mean month first, as in the United States.
    """
    dotted = bool(stamps) and all(stamp.dotted for stamp in stamps)
    orders = [order for order in ORDERS if not (dotted and order == "mdy")]
    fitting = [order for order in orders if all(stamp.time(order) for stamp in stamps) and _plausible(stamps, order)]
    if len(fitting) == 1:
        return fitting[0], True
    if not stamps:
        return "dmy", True
    candidates = fitting or orders
    steps = {order: _steps_back(stamps, order) for order in candidates}
    best = min(steps.values())
    left = [order for order in candidates if steps[order] == best]
    if len(left) == 1 and fitting:
        return left[0], True
    if len(left) > 1 and len({tuple(stamp.time(order) for stamp in stamps) for order in left}) == 1:
        return left[0], True  # 5/5/2026: it does not matter
    preferred = "mdy" if stamps[0].american else "dmy"
    return preferred if preferred in left else left[0], False


def _plausible(stamps: Sequence[Stamp], order: str) -> bool:
    """Whether the year stands where the order says: in front it has three or four digits, or the word of its era."""
    return order != "ymd" or all(stamp.numbers[0] >= 100 or stamp.era is not None for stamp in stamps)


def _steps_back(stamps: Sequence[Stamp], order: str) -> int:
    moments = [timestamp for timestamp in (stamp.time(order) for stamp in stamps) if timestamp is not None]
    back = sum(later < earlier for earlier, later in pairwise(moments))
    return back + 1_000_000 * (len(stamps) - len(moments))
