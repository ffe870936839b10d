"""Operations of several transactions in processes beside each other, on engines that several processes have open."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from children import separate
from omnitrack import CustomerNotFoundError, Interaction, OperationRunningError, Policy, Tracker
from omnitrack.identifiers.scheme import content_id
from omnitrack.storage.contract import Transaction
from servers import ENGINES, Store, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
OLD, NEW = Policy(limits={"*": 3}), Policy(limits={"*": 1})
MATCHING: dict[str, Any] = {"policy": OLD, "matching": True}
ROUNDS = 6  # of what one process does while another does something else


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with store(request.param, tmp_path) as found:
        yield found


def call(seed: int, number: int, traits: dict[str, str] | None = None) -> Interaction:
    rnd = random.Random(f"{seed} {number}")
    people = [f"phone:+44207946{rnd.randrange(12):04d}", f"email:{rnd.randrange(12)}@example.com"]
    return Interaction(
        channel="phone",
        occurred_at=T0 + timedelta(minutes=rnd.randrange(10_000)),
        customers=[people[: rnd.choice((1, 2, 2))]],
        traits=traits or {},
        source="t",
        source_id=f"{seed}-{number}",
    )


def twin(number: int, place: int) -> Interaction:
    """Two addresses of one person, for a match to be found."""
    return Interaction(
        channel="email",
        occurred_at=T0,
        customers=[[f"email:jane{number}.{'quuxley' if place else 'q'}@example.com"]],
        traits={"name": f"Jane{number} Quuxley", "postcode": "RG14 1AA", "birth_date": f"1980-02-{number + 1:02d}"},
        source="twins",
        source_id=f"{number}-{place}",
    )


def rebuild(place: Store, seed: int) -> str:
    with Tracker(place.open(), policy=NEW, rebuild=True) as tracker:
        try:
            tracker.rebuild()
        except OperationRunningError:
            return "refused"
    return "rebuilt"


def open_rebuilt(place: Store, seed: int) -> int:
    with Tracker(place.open(), policy=NEW, rebuild=True) as tracker:
        return tracker.record_many([call(seed, n) for n in range(10)], batch_size=1).added


def record(place: Store, seed: int) -> int:
    """Record by the settings of before, and on by those that the store goes by then."""
    with Tracker(place.open()) as tracker:
        return sum(tracker.record_many([call(seed, number)]).added for number in range(60))


def match(place: Store, seed: int) -> int:
    with Tracker(place.open(), **MATCHING) as tracker:
        return sum(tracker.find_matches(least=0.1) for _ in range(ROUNDS))


def index(place: Store, seed: int) -> int:
    with Tracker(place.open(), **MATCHING):
        return 0


def erase(place: Store, seed: int) -> int:
    erased = 0
    with Tracker(place.open(), policy=OLD) as tracker:
        for number in range(ROUNDS):
            try:
                erased += tracker.erase(f"email:jane{number}.quuxley@example.com").identifiers
            except CustomerNotFoundError:
                pass
    return erased


def _work(name: str, place: Store, seed: int, start: Any, found: Any) -> None:
    try:
        start.wait(60)
        found.put((name, globals()[name](place, seed)))
    except BaseException as error:
        found.put((name, repr(error)))
        raise


def at_once(place: Store, *names: str) -> list[tuple[str, Any]]:
    """Run each in a process of its own, all of them at once; return what each returned."""
    context = separate()
    start, found = context.Barrier(len(names)), context.Queue()
    processes = [
        context.Process(target=_work, args=(name, place, 100 + number, start, found))
        for number, name in enumerate(names)
    ]
    for process in processes:
        process.start()
    answers = [found.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes), answers
    return answers


def settled(tracker: Tracker) -> None:
    report = tracker.verify()
    assert report.ok, str(report)
    tracker.suggestions()


def test_two_rebuilds_at_once_beside_recording_end_in_the_partition_of_the_new_settings(place: Store) -> None:
    with Tracker(place.open(), policy=OLD) as tracker:
        tracker.record_many([call(1, n) for n in range(80)])
    answers = at_once(place, "rebuild", "rebuild", "record")
    recorded = sum(count for name, count in answers if name == "record")
    with Tracker(place.open(), policy=NEW) as tracker:
        settled(tracker)
        assert tracker.verify().interactions == 80 + recorded


def test_of_workers_that_all_open_with_a_rebuild_each_goes_on_to_record(place: Store) -> None:
    with Tracker(place.open(), policy=OLD) as tracker:
        tracker.record_many([call(1, n) for n in range(80)])
    assert [count for _, count in at_once(place, *["open_rebuilt"] * 3)] == [10] * 3
    with Tracker(place.open(), policy=NEW) as tracker:
        settled(tracker)
        assert tracker.verify().interactions == 110


@pytest.mark.parametrize("beside", ["match", "index"])
def test_an_erasure_beside_matching_leaves_nothing_of_the_erased(place: Store, beside: str) -> None:
    with Tracker(place.open(), policy=OLD, matching=beside == "match") as tracker:
        tracker.record_many([twin(number, n) for number in range(ROUNDS) for n in range(2)])
    answers = dict(at_once(place, "erase", beside))
    assert answers["erase"] >= ROUNDS
    with Tracker(place.open(), **MATCHING) as tracker:
        settled(tracker)
        hers = [content_id(f"email:jane{number}.quuxley@example.com", None) for number in range(ROUNDS)]

        def left(tx: Transaction) -> list[Any]:
            rows = [*tx.find_identifiers(), *tx.find_links(), *tx.list_changes()]
            records = [r for kind in ("block", "profile", "trait", "touched") for r in tx.find_records(kind)]
            ends = {field for row in rows for field in row if isinstance(field, bytes)}
            return [x for x in hers if x in ends] + [r for x in hers for r in records if x.hex() in r.key + r.value]

        assert not tracker._backend.run(left, write=False)
