"""Operations of several transactions beside each other: whatever comes between which of their transactions, all of them hold what they promise."""

from __future__ import annotations

import random
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from concurrency.operations import HER_IDS, HERS, OLD, OPERATIONS, Ended, Running, fill, judge
from concurrency.row_locks import Actor
from concurrency.row_locks import Run as LockedRun
from omnitrack.errors import OperationRunningError
from omnitrack.foundation.calls import Run, Runtime
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.tables import MemoryState
from omnitrack.tracker import Tracker
from servers import ENGINES, store

PAIRS = list(combinations_with_replacement(OPERATIONS, 2))
SCHEDULES = 24  # of a pair; of all there are where there are no more
WALKS = 3  # of a pair, through the steps of its transactions


def homes_of_jane(backend: Backend) -> list[str]:
    rows = backend.run(lambda tx: tx.find_identifiers(ids=list(HER_IDS)), write=False)
    return [row.home.hex() for row in rows]


def indexed(pair: tuple[str, str]) -> list[bool]:
    """Return with which stores a pair is tried: without the index, with it."""
    if "index" in pair:
        return [False]
    return [True] if "find_matches" in pair else [False, True]


def interleave(backend: Backend, pair: tuple[str, str], first: int, second: int) -> tuple[Running, Running]:
    """Run so many transactions of the one, so many of the other, then the one to its end, then the other."""
    one, other = (Running(backend, OPERATIONS[name](backend)) for name in pair)
    one.many(first, other)
    other.many(second, one)
    one.many(None, other)
    other.many(None, one)
    return one, other


def run_and_judge(backend: Backend, pair: tuple[str, str], first: int, second: int) -> tuple[int, int]:
    texts = [*HERS, *(id.hex() for id in HER_IDS), *homes_of_jane(backend)]
    try:
        ran = interleave(backend, pair, first, second)
        judge(backend, [one.how() for one in ran], texts if "erase" in pair else ())
    except Exception as error:
        error.add_note(f"{pair[0]} for {first} transactions, then {pair[1]} for {second}")
        raise
    return ran[0].transactions, ran[1].transactions


def filled(backend: Backend, *, matching: bool) -> None:
    with_index = Tracker(backend, policy=OLD, matching=matching)
    fill(with_index)


@pytest.fixture(scope="module")
def states() -> dict[bool, MemoryState]:
    found = {}
    for matching in (False, True):
        state = MemoryState()
        filled(MemoryBackend(state), matching=matching)
        found[matching] = state
    return found


CASES = [
    pytest.param(pair, matching, id=f"{' beside '.join(pair)}{', indexed' if matching else ''}")
    for pair in PAIRS
    for matching in indexed(pair)
]


@pytest.mark.parametrize(("pair", "matching"), CASES)
def test_of_two_operations_whatever_comes_between_leaves_the_store_whole(
    pair: tuple[str, str], matching: bool, states: dict[bool, MemoryState]
) -> None:
    def attempt(first: int, second: int) -> tuple[int, int]:
        return run_and_judge(MemoryBackend(states[matching].copy()), pair, first, second)

    longest = max(attempt(0, 0), attempt(10_000, 0))
    schedules = [(k, m) for k in range(longest[0] + 1) for m in range(longest[1] + 1)]
    if len(schedules) > SCHEDULES:
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        schedules = random.Random(seed).sample(schedules, SCHEDULES)
    for first, second in schedules:
        attempt(first, second)


@pytest.mark.parametrize(("pair", "matching"), CASES)
def test_whatever_comes_between_the_steps_of_their_transactions_leaves_the_store_whole(
    pair: tuple[str, str], matching: bool, states: dict[bool, MemoryState]
) -> None:
    """On the weakest engine that the storage contract allows: READ COMMITTED with row locks."""
    state = states[matching]
    texts = [*HERS, *(id.hex() for id in HER_IDS), *homes_of_jane(MemoryBackend(state.copy()))]
    seed = random.randrange(1 << 32)
    rnd = random.Random(seed)
    for _ in range(WALKS):
        stay = rnd.choice((0.5, 0.9, 0.97))
        run = LockedRun(state.copy(), [actor(name) for name in pair])
        last = 0
        try:
            while choices := run.choices():
                if last not in choices or rnd.random() > stay:
                    last = rnd.choice(sorted(choices))
                run.take(last)
            ended = [
                Ended(session.result, session.error if isinstance(session.error, Exception) else None)
                for session in run.sessions
            ]
            judge(MemoryBackend(run.state), ended, texts if "erase" in pair else ())
        except Exception as error:
            error.add_note(f"seed {seed}, in this order: " + ", ".join(run.schedule))
            raise
        finally:
            run.abandon()


class Impatient(Runtime):
    """Of an operation that does not wait for another."""

    def sleep(self, seconds: float) -> None:
        raise OperationRunningError("it would wait for the other")


def actor(name: str) -> Actor:
    return lambda backend: OPERATIONS[name](backend)(Run(Impatient(backend)))


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_so_on_engines_whose_writers_run_side_by_side(engine: str, tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rnd = random.Random(seed)
    for pair in rnd.sample(PAIRS, 10):
        with store(engine, tmp_path) as place:
            backend = place.open()
            try:
                filled(backend, matching=rnd.choice(indexed(pair)))
                run_and_judge(backend, pair, rnd.randrange(12), rnd.randrange(8))
            finally:
                backend.close()
