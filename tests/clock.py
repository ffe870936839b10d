"""The time that the library reads, for tests that ask what could be known when: it goes on by a millisecond whenever it is read.

So two readings are never one time, nobody waits for a clock, and a test says the same on any day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest

from omnitrack.foundation.ids import from_us, now_us, to_us

START = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


class _Ticking:
    """Stands for the module ``time`` where the library reads what time it is."""

    def __init__(self) -> None:
        self._ns = to_us(START) * 1_000

    def time_ns(self) -> int:
        self._ns += 1_000_000
        return self._ns


@contextmanager
def ticking() -> Iterator[None]:
    """Have the library read this clock, from ``START`` on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(now_us.__globals__, "time", _Ticking())
        patch.setitem(now_us.__globals__, "_last", 0)  # of the ids that were given out by another clock
        yield


def now() -> datetime:
    """Return what time it is for the library. With the fixture ``clock`` that is strictly between all that was written and all that will be."""
    return from_us(now_us())
