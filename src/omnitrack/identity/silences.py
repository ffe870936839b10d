"""Silences: when an identifier that was not seen for long has a new holder, by the steps of time in which it was seen. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

#: The number of steps of time in a silence. Sightings of an identifier are checked once per step.
STEPS = 12


def is_silence(before: int, after: int) -> bool:
    """Whether a whole silence lies between two steps in which an identifier was seen."""
    return after - before > STEPS


def begun(steps: Iterable[int], length: int, said: Collection[int] = ()) -> tuple[int, ...]:
    """Return the times at which new holders by silence begin, oldest first.

    Args:
        steps: the steps of time in which the identifier was seen.
        length: the length of a step, in microseconds.
        said: the times at which the holders named by statements begin. A silence that contains one of them, or has one in its first or last step,
            is ignored.
    """
    found = []
    for before, after in pairwise(sorted(set(steps))):
        since = after * length
        if is_silence(before, after) and not any(before * length <= at <= since for at in said):
            found.append(since)
    return tuple(found)
