"""Every way in which a few transactions can interleave: a search through all orders of their steps on the store of ``row_locks``.

Two steps that cannot notice each other (two reads, writes of different rows, a commit and a read of other tables) need not be tried in
both orders; of orders that differ only so, one is run. The search begins with any order, looks for two steps in it that could notice each
other and might have come the other way round, and tries that: dynamic partial-order reduction (Flanagan and Godefroid, 2005) with sleep
sets (Godefroid, 1996). ``reduce=False`` runs all orders; tests hold that both find the same outcomes.

    def prepare(backend): ...                   # fills the store, once
    def one(backend): return backend.run(f)     # may run several transactions
    explored = explore(prepare, [one, two], check)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from concurrency.row_locks import Actor, Run, Step, independent
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.tables import MemoryState


@attrs.frozen
class Outcome:
    """How one order ended."""

    backend: MemoryBackend  # on the final state
    results: list[Any]  # what each actor returned; an error of ``expect`` where it raised one
    schedule: tuple[str, ...]  # the steps, in order


@attrs.frozen
class Explored:
    """What a search went through."""

    interleavings: int  # orders that ran to their end and were checked
    complete: bool  # False: cut at the limit
    retries: int  # transactions that were repeated, in all of them
    waits: int  # steps that found a lock taken, in all of them


@attrs.define
class Node:
    """A point of an order, at which the search chooses who goes on."""

    choices: dict[int, Step]  # who could go on, or lose in a deadlock
    asleep: frozenset[int]  # going on with these gives an order that was run before, but for steps that notice nothing
    to_try: set[int]
    choice: int
    tried: set[int] = attrs.Factory(set)
    clock: tuple[
        int, ...
    ] = ()  # of the step taken: by actor, the latest of its steps that this one comes after in any case

    @property
    def taken(self) -> Step:
        """The step that was chosen."""
        return self.choices[self.choice]

    def allows(self, other: Step) -> bool:
        """Say whether the step taken here and one of another actor can notice each other."""
        return bool(self.taken.waits_for) or not independent(
            self.taken, other
        )  # who loses in a deadlock, others notice

    def next_choice(self) -> bool:
        """Go on to the next that is to be tried."""
        self.tried.add(self.choice)
        left = self.to_try - self.tried - self.asleep
        if left:
            self.choice = min(left)
        return bool(left)


def explore(
    prepare: Callable[[Backend], Any],
    actors: Sequence[Actor],
    check: Callable[[Outcome], Any],
    *,
    limit: int = 100_000,
    reduce: bool = True,
    expect: tuple[type[Exception], ...] = (),
) -> Explored:
    """Run the actors in every order of their steps that can make a difference, and check each.

    Args:
        prepare: fills the store that every order begins with; called once.
        actors: functions of a backend. What they do may depend on nothing but what they read: ids and times are made before or derived.
        check: called with the outcome of each order; raises AssertionError where it is wrong.
        limit: orders after which the search stops, incomplete.
        reduce: leave out orders that differ only in the order of steps that cannot notice each other.
        expect: errors that an actor may end with; others end the search.

    Raises:
        AssertionError or an actor's error, with the schedule as a note.
    """
    state = MemoryState()
    prepare(MemoryBackend(state))
    path: list[Node] = []
    interleavings = retries = waits = 0
    while True:
        run = Run(state.copy(), actors)
        try:
            finished = _follow(run, path, reduce)
            if finished:
                interleavings += 1
                retries += run.retries
                waits += run.waits
                _judge(run, check, expect)
        finally:
            run.abandon()
        while path and not path[-1].next_choice():
            path.pop()
        if not path or interleavings >= limit:
            return Explored(interleavings, not path, retries, waits)


def _follow(run: Run, path: list[Node], reduce: bool) -> bool:
    """Take the choices of ``path``, then one of what can go on each time; say whether all actors came to their end."""
    depth = 0
    asleep: frozenset[int] = frozenset()
    clocks = [(0,) * len(run.sessions)] * len(run.sessions)
    last = 0
    while choices := run.choices():
        if depth == len(path):
            awake = [number for number in choices if number not in asleep]
            if reduce:
                _find_races(run, path, clocks)
            if not awake:
                return False
            first = last if last in awake else awake[0]
            deadlock = any(step.waits_for for step in choices.values())
            frozen = {number: attrs.evolve(step) for number, step in choices.items()}
            path.append(Node(frozen, asleep, {first} if reduce and not deadlock else set(awake), first))
        node = path[depth]
        if node.choice not in choices:
            raise RuntimeError(
                "an actor did another step than before on the same reads: make its ids and times before the search"
            )
        if reduce:
            done = node.asleep | node.tried
            asleep = frozenset(
                n for n in done if n in choices and not choices[n].waits_for and not node.allows(choices[n])
            )
        last = node.choice
        node.clock = _clock(path[:depth], node, clocks[last], depth)
        clocks[last] = node.clock
        run.take(last)
        depth += 1
    if depth == len(path) and reduce:
        _find_races(run, path, clocks)
    stuck = [session.number for session in run.sessions if session.step is not None]
    assert not stuck, f"actors {stuck} wait for nobody"
    return True


def _clock(before: list[Node], node: Node, own: tuple[int, ...], depth: int) -> tuple[int, ...]:
    """Return what a step comes after in any case: what its actor did before, and all that it can notice."""
    clock = own
    for earlier in before:
        if earlier.choice != node.choice and (node.allows(earlier.taken) or earlier.allows(node.taken)):
            clock = tuple(map(max, clock, earlier.clock))
    return (*clock[: node.choice], depth + 1, *clock[node.choice + 1 :])


def _find_races(run: Run, path: list[Node], clocks: list[tuple[int, ...]]) -> None:
    """For what each actor is about to do: have it tried before the last step that it could notice and need not come after."""
    for session in run.sessions:
        step, number = session.step, session.number
        if step is None:
            continue
        for place in range(len(path) - 1, -1, -1):
            node = path[place]
            if node.choice == number or clocks[number][node.choice] > place or not node.allows(step):
                continue
            if number in node.choices:
                node.to_try.add(number)
            else:
                # Whoever must come first, so that this one can be before it; any one of them is enough.
                first = {
                    path[later].choice
                    for later in range(place + 1, len(path))
                    if path[later].choice in node.choices and clocks[number][path[later].choice] > later
                }
                if not first:
                    node.to_try.update(node.choices)
                elif not first & node.to_try:
                    node.to_try.add(min(first))
            break


def _judge(run: Run, check: Callable[[Outcome], Any], expect: tuple[type[Exception], ...]) -> None:
    try:
        for session in run.sessions:
            if session.error is not None and not isinstance(session.error, expect):
                raise session.error
        check(Outcome(MemoryBackend(run.state), [s.error or s.result for s in run.sessions], tuple(run.schedule)))
    except Exception as error:
        error.add_note("in this order: " + ", ".join(run.schedule))
        raise
