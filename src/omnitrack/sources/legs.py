"""Legs of calls that belong together by whichever of their ids is shared, held until no more of them are to be expected."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_IDS = 64  # of one leg; a call of more parties is none


class _Call(Generic[T]):
    """Legs that were found to be one call so far."""

    __slots__ = ("ids", "latest", "legs")

    def __init__(self, at: datetime) -> None:
        self.latest = at
        self.ids: set[str] = set()
        self.legs: list[T] = []


class LinkedLegs(Generic[T]):
    """Legs joined by ids: two that share one are one call, and so are all that are joined by a third, in whatever order they come.

    Args:
        wait: how long after its last leg, by the legs' own clock, a call is held.
        most: how many legs are held at once; over it the oldest calls go first.
    """

    def __init__(self, wait: timedelta = timedelta(hours=4), most: int = 20_000) -> None:
        self._wait, self._most = wait, most
        self._calls: OrderedDict[int, _Call[T]] = OrderedDict()
        self._by_id: dict[str, int] = {}
        self._next = 0
        self._count = 0

    def add(self, ids: Iterable[str], at: datetime, leg: T) -> Iterator[list[T]]:
        """Take one leg with every id that it names; yield the calls that are complete by then."""
        named = list(dict.fromkeys(ids))[:MAX_IDS]
        found = list(dict.fromkeys(self._by_id[id] for id in named if id in self._by_id))
        if found:
            # The largest takes the others in, so that a leg moves few times however many join.
            number = max(found, key=lambda one: len(self._calls[one].ids))
            for other in found:
                if other != number:
                    self._merge(self._calls[number], self._calls.pop(other), number)
        else:
            number, self._next = self._next, self._next + 1
            self._calls[number] = _Call(at)
        call = self._calls[number]
        call.legs.append(leg)
        call.ids.update(named)
        call.latest = max(call.latest, at)
        self._by_id.update(dict.fromkeys(named, number))
        self._calls.move_to_end(number)
        self._count += 1
        while self._calls:
            oldest, waiting = next(iter(self._calls.items()))
            if self._count <= self._most and at - waiting.latest < self._wait:
                break
            yield self._take(oldest)

    def rest(self) -> Iterator[list[T]]:
        """Yield the calls that are still held."""
        while self._calls:
            yield self._take(next(iter(self._calls)))

    def _merge(self, call: _Call[T], other: _Call[T], number: int) -> None:
        call.legs.extend(other.legs)
        call.ids |= other.ids
        call.latest = max(call.latest, other.latest)
        self._by_id.update(dict.fromkeys(other.ids, number))

    def _take(self, number: int) -> list[T]:
        call = self._calls.pop(number)
        for id in call.ids:
            del self._by_id[id]
        self._count -= len(call.legs)
        return call.legs
