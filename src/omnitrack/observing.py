"""Observing: what happens inside omnitrack, told to the logger ``omnitrack`` and, once it is switched on, to OpenTelemetry.

A log record has a short message, and in its attribute ``omnitrack`` the same as a dict of plain values. Neither contains anything that a person wrote,
nor an identifier: only names of calls, counts, seconds and versions.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from omnitrack.errors import (
    BackendError,
    ConflictError,
    LeaseLostError,
    OutcomeUnknownError,
    TimedOutError,
)

_LOGGERS = {name: logging.getLogger(f"omnitrack.{name}") for name in ("calls", "storage", "loads", "care")}
# Quiet, unless the application says otherwise.
logging.getLogger("omnitrack").addHandler(logging.NullHandler())

Fact = str | int | float | bool
Facts = Mapping[str, Fact]

#: Errors of a call that somebody who operates the service should hear of; others are about what the caller gave.
_OPERATIONAL = (BackendError, ConflictError, LeaseLostError, OutcomeUnknownError, TimedOutError)


class Watcher(Protocol):
    """What ``omnitrack.telemetry`` sets up to be told of calls and counts."""

    def began(self, call: str, store: Facts) -> object:
        """Take note of a call that begins; return what ``ended`` needs."""

    def ended(self, begun: object, seconds: float, error: BaseException | None) -> None:
        """Take note of its end."""

    def counted(self, what: str, number: int, facts: Facts) -> None:
        """Add to a count."""


_watcher: Watcher | None = None


def watch(watcher: Watcher | None) -> None:
    """Tell another watcher from now on; None for nobody."""
    global _watcher
    _watcher = watcher


class Watched:
    """One public call, from its beginning to its end."""

    __slots__ = ("_begun", "_call", "_since", "_watcher")

    def __init__(self, call: str, store: Callable[[], Facts]) -> None:
        self._call = call
        self._watcher = _watcher
        self._begun = None if self._watcher is None else self._watcher.began(call, store())
        self._since = time.perf_counter()

    def end(self, error: BaseException | None) -> None:
        """Tell that the call ended, with or without an error."""
        seconds = time.perf_counter() - self._since
        if self._watcher is not None:
            self._watcher.ended(self._begun, seconds, error)
        if isinstance(error, _OPERATIONAL):
            facts: dict[str, Fact] = {"call": self._call, "seconds": round(seconds, 6), "error": type(error).__name__}
            if isinstance(error, TimedOutError):
                facts["outcome"] = error.outcome
            tell("calls", logging.WARNING, "a call failed", facts)
        elif _LOGGERS["calls"].isEnabledFor(logging.DEBUG):
            facts = {"call": self._call, "seconds": round(seconds, 6)}
            if error is not None:
                facts["error"] = type(error).__name__
            tell("calls", logging.DEBUG, "a call ended", facts)


def tell(part: str, level: int, message: str, facts: Facts) -> None:
    """Log an event of a part of omnitrack: ``calls``, ``storage``, ``loads`` or ``care``."""
    logger = _LOGGERS[part]
    if logger.isEnabledFor(level):
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        logger.log(level, "%s: %s", message, said, extra={"omnitrack": {"event": message, **facts}})


def count(what: str, number: int, **facts: Fact) -> None:
    """Add to a count that a watcher keeps."""
    if _watcher is not None and number:
        _watcher.counted(what, number, facts)
