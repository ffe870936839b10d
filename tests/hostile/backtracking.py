"""A matcher that backtracks as the one of ``re`` does and counts its steps, since those of ``re`` cannot be seen."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as ops  # type: ignore[attr-defined]
from typing import Any

Run = Callable[[int], bool]  # match from here on to the end of the expression

# One iteration of a group takes a few frames, and none of them a frame of C. Others that run here, json among them, stand on that limit.
FRAMES = 400_000


@contextmanager
def deep() -> Iterator[None]:
    """Let Python's own frames stack up, as long as nothing else runs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class TooManySteps(Exception):
    """The matcher took more steps than it was given."""


class Matcher:
    """One expression, ready to be run over texts.

    Args:
        pattern: of ``re``.

    Attributes:
        steps: taken so far: a place tried, a character looked at, a repetition taken or given back is one.
        end: where the last match ended.
    """

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.pattern = pattern
        self.tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self.flags = self.tree.state.flags
        self.steps = 0
        self.most = sys.maxsize
        self.text: Any = ""
        self.size = 0
        self.end = 0
        self.groups: dict[int, tuple[int, int]] = {}
        self._starts: dict[int, int] = {}
        self.full = False
        self.found = False  # by match or fullmatch
        self.start = self._sequence(list(self.tree), self._last)

    def count(self, how: str, text: Any, begin: int = 0, most: int = sys.maxsize) -> int:
        """Return the steps of one call: ``match``, ``fullmatch``, ``search``, or all places (``finditer``).

        Raises:
            TooManySteps: more than ``most``.
        """
        with deep():
            return self._count(how, text, begin, most)

    def _count(self, how: str, text: Any, begin: int, most: int) -> int:
        self.text, self.size, self.steps, self.most = text, len(text), 0, most
        self.full = how == "fullmatch"
        if how in ("match", "fullmatch"):
            self.found = self._at(begin)
            return self.steps
        place, last = begin, -1
        while place <= self.size:
            if self._at(place):
                if how == "search":
                    break
                # An empty match goes on one place further, as does re.
                place = max(self.end, place + 1) if self.end > place or last == place else place + 1
                last = self.end
            else:
                place += 1
        return self.steps

    def _at(self, place: int) -> bool:
        self.groups.clear()
        self._step()
        return self.start(place)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise TooManySteps

    def _last(self, place: int) -> bool:
        if self.full and place != self.size:
            return False
        self.end = place
        return True

    def _stop(self, place: int) -> bool:
        """The end of a part that is matched by itself, whose outcome is final."""
        self.end = place
        return True

    def _sequence(self, nodes: list[Any], then: Run) -> Run:
        for node in reversed(nodes):
            then = self._node(node, then)
        return then

    def _node(self, node: Any, then: Run) -> Run:
        op, av = node
        if is_one(node):
            return self._one(node, then)
        if op is ops.BRANCH:
            return self._branch([self._sequence(list(part), then) for part in av[1]])
        if op is ops.SUBPATTERN:
            return self._group(av, then)
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            return self._repeat(op, av, then)
        if op is ops.ATOMIC_GROUP:
            return self._alone(self._sequence(list(av), self._stop), then)
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            return self._assertion(op is ops.ASSERT, av, then)
        if op is ops.AT:
            return self._position(node, then)
        if op is ops.GROUPREF:
            return self._reference(av, then)
        if op is ops.FAILURE:
            return lambda place: False
        raise NotImplementedError(f"{op} of {self.pattern.pattern!r}")

    def _fits(self, node: Any) -> Callable[[Any], bool]:
        state = _parser.State()
        state.flags, state.str = self.flags, self.pattern.pattern
        one = _compiler.compile(_parser.SubPattern(state, [node]), self.flags)
        if isinstance(self.pattern.pattern, bytes):
            return cache(lambda code: one.fullmatch(bytes((code,))) is not None)
        return cache(lambda ch: one.fullmatch(ch) is not None)

    def _one(self, node: Any, then: Run) -> Run:
        fits = self._fits(node)

        def run(place: int) -> bool:
            self._step()
            return place < self.size and fits(self.text[place]) and then(place + 1)

        return run

    def _branch(self, parts: list[Run]) -> Run:
        def run(place: int) -> bool:
            for part in parts:
                self._step()
                if part(place):
                    return True
            return False

        return run

    def _group(self, av: Any, then: Run) -> Run:
        number, add, remove, part = av
        if add or remove:
            raise NotImplementedError(f"flags of a group of {self.pattern.pattern!r}")
        if number is None:
            return self._sequence(list(part), then)

        def close(place: int) -> bool:
            before = self.groups.get(number)
            self.groups[number] = (self._starts[number], place)
            if then(place):
                return True
            if before is None:
                del self.groups[number]
            else:
                self.groups[number] = before
            return False

        inner = self._sequence(list(part), close)

        def run(place: int) -> bool:
            before = self._starts.get(number, 0)
            self._starts[number] = place
            if inner(place):
                return True
            self._starts[number] = before
            return False

        return run

    def _repeat(self, op: Any, av: Any, then: Run) -> Run:
        least, most, part = av
        most = sys.maxsize if most is ops.MAXREPEAT else most
        if len(part) == 1 and is_one(part[0]):
            return self._repeat_one(op, least, most, self._fits(part[0]), then)
        if op is ops.POSSESSIVE_REPEAT:
            return self._repeat_alone(least, most, self._sequence(list(part), self._stop), then)
        return self._repeat_group(op is ops.MAX_REPEAT, least, most, part, then)

    def _repeat_one(self, op: Any, least: int, most: int, fits: Callable[[Any], bool], then: Run) -> Run:
        def run(place: int) -> bool:
            text, limit = self.text, min(self.size, place + most)
            stop = place
            if op is ops.MIN_REPEAT:
                while True:
                    self._step()
                    if stop - place >= least and then(stop):
                        return True
                    if stop >= limit or not fits(text[stop]):
                        return False
                    stop += 1
            while stop < limit and fits(text[stop]):
                self._step()
                stop += 1
            if stop - place < least:
                return False
            if op is ops.POSSESSIVE_REPEAT:
                return then(stop)
            while stop >= place + least:
                self._step()
                if then(stop):
                    return True
                stop -= 1
            return False

        return run

    def _repeat_alone(self, least: int, most: int, body: Run, then: Run) -> Run:
        def run(place: int) -> bool:
            done = 0
            while done < most:
                self._step()
                if not body(place):
                    break
                done += 1
                if self.end == place and done >= least:
                    break
                place = self.end
            return done >= least and then(place)

        return run

    def _repeat_group(self, greedy: bool, least: int, most: int, part: Any, then: Run) -> Run:
        now: list[tuple[int, int]] = [(0, -1)]  # how often by now, and from where last

        def more(place: int) -> bool:
            done, last = now[0]
            if done >= most or (done >= least and place == last):
                return False
            now[0] = (done + 1, place)
            if body(place):
                return True
            now[0] = (done, last)
            return False

        def leave(place: int) -> bool:
            return now[0][0] >= least and then(place)

        def again(place: int) -> bool:
            self._step()
            before = now[0]
            if (more(place) or leave(place)) if greedy else (leave(place) or more(place)):
                return True
            now[0] = before
            return False

        body = self._sequence(list(part), again)

        def run(place: int) -> bool:
            before = now[0]
            now[0] = (0, -1)
            if again(place):
                return True
            now[0] = before
            return False

        return run

    def _alone(self, body: Run, then: Run) -> Run:
        return lambda place: body(place) and then(self.end)

    def _assertion(self, wanted: bool, av: Any, then: Run) -> Run:
        direction, part = av
        body = self._sequence(list(part), self._stop)
        back = 0 if direction > 0 else part.getwidth()[0]

        def run(place: int) -> bool:
            self._step()
            found = place >= back and body(place - back)
            return found is wanted and then(place)

        return run

    def _position(self, node: Any, then: Run) -> Run:
        state = _parser.State()
        state.flags, state.str = self.flags, self.pattern.pattern
        here = _compiler.compile(_parser.SubPattern(state, [node]), self.flags)

        def run(place: int) -> bool:
            self._step()
            found = here.match(self.text, place)
            return found is not None and then(place)

        return run

    def _reference(self, number: int, then: Run) -> Run:
        def run(place: int) -> bool:
            self._step()
            span = self.groups.get(number)
            if span is None:
                return False
            stop = place + span[1] - span[0]
            self.steps += span[1] - span[0]
            return bool(self.text[place:stop] == self.text[span[0] : span[1]]) and then(stop)

        return run


def is_one(node: Any) -> bool:
    """Return whether a node of a parsed expression is one character."""
    return node[0] in (ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY)
