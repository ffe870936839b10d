"""Many threads and many processes that record shared identifiers end where one writer would have ended, on every engine."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from children import separate
from omnitrack import (
    CustomerNotFoundError,
    Interaction,
    Policy,
    Sighting,
    StatementNotFoundError,
    Tracker,
    claimed,
    verified,
)
from omnitrack.storage.memory import MemoryBackend
from servers import ENGINES, Store, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
POLICY = Policy(limits={"*": 3}, max_identifiers=6)
NAMES = [
    *(f"phone:+44207946{n:04d}" for n in range(950, 956)),
    *(f"email:{name}@example.com" for name in ("ann", "bob", "cat", "dan")),
    *(f"account:{n}@bt" for n in range(1, 4)),
    "x:jane",
]


def sighted(count: int, seed: int) -> list[Interaction]:
    rnd = random.Random(seed)
    found = []
    for number in range(count):
        people: list[Sighting | str] = []
        for name in rnd.sample(NAMES, rnd.choice([1, 2, 2, 2, 3])):
            people.append(rnd.choice((name, name, name, claimed(name), verified(name))))
        found.append(
            Interaction(
                channel="phone",
                occurred_at=T0 + timedelta(minutes=rnd.randrange(10_000)),
                customers=[people],
                source="test",
                source_id=f"{seed}-{number}",
            )
        )
    return found


def groups(tracker: Tracker) -> set[frozenset[str]]:
    found = {}
    for name in NAMES:
        try:
            customer = tracker.customer(name)
        except CustomerNotFoundError:
            continue
        found[customer.id] = frozenset(i.key for i in customer.identifiers)
    return set(found.values())


def opened(place: Store) -> Tracker:
    return Tracker(place.open(), region="GB", policy=POLICY)


def alone(interactions: list[Interaction]) -> tuple[set[frozenset[str]], int]:
    with Tracker(MemoryBackend.from_url("memory://"), region="GB", policy=POLICY) as tracker:
        tracker.record_many(interactions)
        return groups(tracker), tracker.verify().interactions


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with store(request.param, tmp_path) as found:
        yield found


def together(*works: Any) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def one_by_one(tracker: Tracker, interactions: list[Interaction]) -> None:
    for interaction in interactions:
        tracker.record_many([interaction])


def test_threads_end_in_the_partition_of_one_writer(place: Store) -> None:
    parts = [sighted(25, seed) for seed in range(6)]
    with opened(place) as tracker:
        works: list[Callable[[], object]] = [partial(one_by_one, tracker, part) for part in parts[:4]]
        works += [partial(tracker.record_many, part, batch_size=9) for part in parts[4:]]
        assert not together(*works)
        report = tracker.verify()
        assert report.ok, str(report)
        assert (groups(tracker), report.interactions) == alone([i for part in parts for i in part])


def test_the_same_load_by_several_at_once_is_loaded_once(place: Store) -> None:
    interactions = sighted(40, 11)
    with opened(place) as one, opened(place) as two:
        assert not together(
            lambda: one.record_many(interactions, batch_size=7), lambda: two.record_many(interactions, batch_size=5)
        )
        report = one.verify()
        assert report.ok, str(report)
        assert (groups(two), report.interactions) == alone(interactions)


def _work(url: str, namespace: str | None, seed: int, failed: Any) -> None:
    try:
        with opened(Store(url, namespace)) as tracker:
            one_by_one(tracker, sighted(15, seed))
    except BaseException as error:
        failed.put(repr(error))
        raise


def test_processes_end_in_the_partition_of_one_writer(place: Store) -> None:
    context = separate()
    failed = context.Queue()
    with opened(place) as tracker:
        processes = [
            context.Process(target=_work, args=(place.url, place.namespace, seed, failed)) for seed in range(20, 23)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(90)
        assert [process.exitcode for process in processes] == [0, 0, 0], failed.get()
        report = tracker.verify()
        assert report.ok, str(report)
        assert (groups(tracker), report.interactions) == alone([i for seed in range(20, 23) for i in sighted(15, seed)])


def test_sightings_against_erasure_retraction_and_reassignment_leave_nothing_behind(place: Store) -> None:
    """No orphan, no entry with the wrong holder, whatever comes between: verify() looks at every row."""

    def care(tracker: Tracker, seed: int) -> None:
        rnd = random.Random(seed)
        said = []
        for _ in range(12):
            name = rnd.choice(NAMES)
            what = rnd.randrange(4)
            try:
                if what == 0:
                    tracker.erase(name, suppress=False)
                elif what == 1:
                    said.append(tracker.reassign(name, at=T0 + timedelta(minutes=rnd.randrange(10_000))))
                elif what == 2:
                    said.append(tracker.deny(name, rnd.choice([n for n in NAMES if n != name])))
                elif said:
                    tracker.retract(said.pop(rnd.randrange(len(said))))
            except (CustomerNotFoundError, StatementNotFoundError):
                pass  # erased before it could be spoken of

    with opened(place) as one, opened(place) as two:
        works = [
            lambda: one_by_one(one, sighted(30, 31)),
            lambda: two.record_many(sighted(30, 32), batch_size=6),
            lambda: care(one, 33),
            lambda: care(two, 34),
        ]
        assert not together(*works)
        report = one.verify()
        assert report.ok, str(report)
