"""Dates at the beginning of a chat's lines, in the orders and styles of many locales."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import attrs

ORDERS = ("dmy", "mdy", "ymd")

_DATE = r"(\d{1,4})\s?[./\-年]\s?(\d{1,2})\s?[./\-月]\s?(\d{1,4})[.日]?"
_BEFORE_NOON = r"(?:AM|A\.?\s?M\.?|a\.?\s?m\.?|上午|午前|오전|de\.?|ص|π\.μ\.|πμ)"
_AFTER_NOON = r"(?:PM|P\.?\s?M\.?|p\.?\s?m\.?|下午|午後|오후|du\.?|م|μ\.μ\.|μμ)"
_TIME = rf"({_BEFORE_NOON}|{_AFTER_NOON})?\s?(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?\s?({_BEFORE_NOON}|{_AFTER_NOON})?"
_LINE = re.compile(rf"\[?{_DATE}[,،]?\s(?:klo|kl\.|um|à|às|at|a las)?\s?{_TIME}(?:\]\s?|\s[-–]\s|,\s)(.*)", re.DOTALL)
_AFTER = re.compile(_AFTER_NOON)
_SENDER = re.compile(r"([^:\n]{1,100}?)\s?:(?:\s|$)")


@attrs.frozen(slots=True)
class Stamp:
    """What the beginning of a line says: three numbers of a date in an order not yet known, a time, and who wrote.

    Attributes:
        numbers: the date's three numbers and hour, minute, second.
        sender: None for a line of the app itself.
        text: what was written.
    """

    numbers: tuple[int, int, int, int, int, int]
    sender: str | None
    text: str
    twelve_hours: bool = False

    def time(self, order: str) -> datetime | None:
        """Return the time on the wall, None where the order does not fit."""
        first, second, third, hour, minute, seconds = self.numbers
        year, month, day = {
            "dmy": (third, second, first),
            "mdy": (third, first, second),
            "ymd": (first, second, third),
        }[order]
        try:
            return datetime(year + 2000 if year < 100 else year, month, day, hour, minute, seconds)
        except ValueError:
            return None


def read_stamp(line: str) -> Stamp | None:
    """Return the stamp at the beginning of a line, None where there is none.

    Args:
        line: without the marks of direction that WhatsApp puts in.
    """
    if not line or not (line[0].isdecimal() or (line[0] == "[" and len(line) > 1 and line[1].isdecimal())):
        return None
    head = line[:60]
    if not head.isascii():  # digits of other scripts, in the stamp only
        line = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in head) + line[60:]
    match = _LINE.match(line)
    if match is None:
        return None
    first, second, third, before, hour, minute, seconds, after, rest = match.groups()
    half = before or after
    hours = int(hour)
    if half and hours <= 12:
        hours = hours % 12 + (12 if _AFTER.fullmatch(half) else 0)
    numbers = (int(first), int(second), int(third), hours, int(minute), int(seconds or 0))
    sender = _SENDER.match(rest)
    if sender is None:
        return Stamp(numbers, None, rest, bool(half))
    return Stamp(numbers, sender[1].removeprefix("~").strip(), rest[sender.end() :], bool(half))


def find_order(stamps: Sequence[Stamp]) -> tuple[str, bool]:
    """Return the order of the dates, and whether they leave no doubt.

    A number over 12 can be no month and one over 31 no day. Where that does not tell, time tells: a chat runs forward.
    Where that does not either, 12 hours mean month first, as in the United States.
    """
    fitting = [order for order in ORDERS if all(stamp.time(order) for stamp in stamps) and _plausible(stamps, order)]
    if len(fitting) == 1:
        return fitting[0], True
    if not stamps:
        return "dmy", True
    candidates = fitting or list(ORDERS)
    steps = {order: _steps_back(stamps, order) for order in candidates}
    best = min(steps.values())
    left = [order for order in candidates if steps[order] == best]
    if len(left) == 1 and fitting:
        return left[0], True
    if len(left) > 1 and len({tuple(stamp.time(order) for stamp in stamps) for order in left}) == 1:
        return left[0], True  # 5/5/2026: it does not matter
    preferred = "mdy" if stamps[0].twelve_hours else "dmy"
    return preferred if preferred in left else left[0], False


def _plausible(stamps: Sequence[Stamp], order: str) -> bool:
    """Whether the year stands where the order says: in front it has four digits always, at the end two or four."""
    if order == "ymd":
        return all(stamp.numbers[0] >= 1000 for stamp in stamps)
    years = [stamp.numbers[2] for stamp in stamps]
    return all(2009 <= (year + 2000 if year < 100 else year) <= 2100 for year in years)  # WhatsApp is of 2009


def _steps_back(stamps: Sequence[Stamp], order: str) -> int:
    moments = [moment for moment in (stamp.time(order) for stamp in stamps) if moment is not None]
    back = sum(later < earlier for earlier, later in pairwise(moments))
    return back + 1_000_000 * (len(stamps) - len(moments))
