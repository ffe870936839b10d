"""Silences: when an identifier that nobody saw for long begins anew, by the steps of time in which it was seen. Pure: no store, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

#: Time is counted in steps, of which a silence has so many: an identifier that is seen often is looked at once in a step.
STEPS = 12


def is_silence(before: int, after: int) -> bool:
    """Whether a whole silence is between two steps in which an identifier was seen."""
    return after - before > STEPS


def begun(steps: Iterable[int], length: int, said: Collection[int] = ()) -> tuple[int, ...]:
    """Return the times since which an identifier has holders by silence, oldest first.

    Args:
        steps: the steps of time in which it was seen. length: of a step, in microseconds.
        said: the times since which it has the holders that statements know. A silence in which one of them begins, or in whose first or last step,
            says nothing more.
    """
    found = []
    for before, after in pairwise(sorted(set(steps))):
        since = after * length
        if is_silence(before, after) and not any(before * length <= at <= since for at in said):
            found.append(since)
    return tuple(found)
