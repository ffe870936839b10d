"""The progress of a load on a terminal: how much is done, how fast it goes, how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from omnitrack.harmless import harmless

WIDTH = 24  # of the bar
EVERY = 0.1  # seconds between two drawings


class ProgressLine:
    """Draws how far a load is, over and over on one line. It is called with what is done and what there is in all, in bytes."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = harmless(path), clock
        self._start = self._drawn = clock()
        self._longest = 0

    def __call__(self, done: int, total: int | None) -> None:
        """Draw, unless that was done a moment ago and there is more to come."""
        now = self._clock()
        is_end = total is not None and done >= total
        if now - self._drawn < EVERY and not is_end:
            return
        self._drawn = now
        self._draw(f"{self._path} {progress_text(done, total, now - self._start)}", "\n" if is_end else "")

    def close(self) -> None:
        """Leave the line, where the load ended before what there was in all was read."""
        if self._longest:
            self._draw("", "\r")

    def _draw(self, text: str, end: str) -> None:
        print(f"\r{text.ljust(self._longest)}", end=end, file=sys.stderr, flush=True)
        self._longest = 0 if end else len(text)


def progress_text(done: int, total: int | None, seconds: float) -> str:
    """Return what is done, as a bar where the whole is known, with the rate and the time that is left.

    Args:
        done: bytes so far. total: bytes in all; None where that is not known. seconds: since the beginning.
    """
    rate = done / seconds if seconds > 0 else 0.0
    parts = []
    if total:
        share = min(done / total, 1)
        parts.append(f"{('█' * int(share * WIDTH)).ljust(WIDTH, '·')} {share:4.0%}")
    else:
        parts.append(_size(done))
    if seconds >= 1:
        parts.append(f"{_size(rate)}/s")
        if total and 0 < done < total:
            parts.append(f"{_span((total - done) / rate)} left")
    return "  ".join(parts)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
