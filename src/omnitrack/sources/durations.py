"""How long something lasted, as logs write it."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

from omnitrack.sources.values import text_of

DURATION_FORMS = "seconds, [days.]hh:mm:ss, ISO 8601 (PT4M10S)"
_LONGEST = timedelta(days=366)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?$")
_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,4})[. ])?(?P<hours>\d{1,5}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d{1,9})?)$"
)
_ISO = re.compile(
    r"P(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)


def parse_duration(value: Any) -> timedelta | None:
    """Return how long a value says, or None where it says nothing in a form that leaves no doubt.

    ``4:10`` is none: it may be minutes and seconds, or hours and minutes.

    Args:
        value: number of seconds, or text.
    """
    text = text_of(value)
    if text is None:
        return None
    if _NUMBER.match(text):
        found = timedelta(seconds=float(text))
    else:
        match = _CLOCK.match(text) or (_ISO.match(text) if any(letter.isdigit() for letter in text) else None)
        if match is None:
            return None
        parts = {name: float(part) for name, part in match.groupdict().items() if part}
        found = timedelta(**parts)
    return found if math.isfinite(found.total_seconds()) and found <= _LONGEST else None
