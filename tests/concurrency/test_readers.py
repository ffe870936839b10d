"""Readers while rebuilds run between two policies: each read is of the customers of before or of those of after, whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from children import separate
from omnitrack import Interaction, Policy, Tracker
from omnitrack.reading.interactions import some_journeys
from omnitrack.statements import refile
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from omnitrack.upkeep import takeover
from servers import ENGINES, Store, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
#: By the one a phone that two people were seen with joins them, by the other it is shared and parts them; and a number is the company's own.
JOINED, PARTED = Policy(limits={"*": 8}), Policy(limits={"*": 1})
OWN = ["phone:+442079460000"]
PEOPLE = 15
FLIPS = 4


def settings(parted: bool) -> dict[str, Any]:
    return {"policy": PARTED, "own": OWN} if parted else {"policy": JOINED}


def names(number: int) -> tuple[str, str, str]:
    return f"email:a{number}@example.com", f"phone:+44207946{number + 1:04d}", f"email:b{number}@example.com"


def fill(tracker: Tracker) -> None:
    found = []
    for number in range(PEOPLE):
        one, phone, other = names(number)
        seen = [[one, phone], [phone, other], [one], [other], [phone], [one, "phone:+442079460000"]]
        found += [
            Interaction(
                channel="phone",
                occurred_at=T0 + timedelta(minutes=number * 10 + place),
                customers=[people],
                source="t",
                source_id=f"{number}-{place}",
            )
            for place, people in enumerate(seen)
        ]
    tracker.record_many(found)


class Shown:
    """What readers were shown, per person and way of reading, and what there is to be shown by either policy."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def ways(self, number: int) -> Iterator[tuple[str, Any]]:
        """Yield what each way of reading shows of some people."""
        tracker = self.tracker
        for name in names(number):
            yield f"page of {name}", tuple(item.source_id for item in tracker.timeline(name).page(50))
            yield f"customer {name}", tuple(sorted(i.key for i in tracker.customer(name).identifiers))
            yield (
                f"candidates {name}",
                tuple(sorted(tuple(sorted(i.key for i in c.identifiers)) for c in tracker.candidates(name))),
            )
        yield f"small page {number}", tuple(i.source_id for i in tracker.timeline(names(number)[0]).page(2))
        yield (
            f"all of {number}",
            tuple(i.source_id for i in tracker.timeline(names(number)[1], include_shared=True).page(50)),
        )

    def whole(self) -> tuple[str, Any]:
        """Return what one piece of the journeys of everybody shows: who is whom of many people at one moment."""
        found, _ = self.tracker._read(lambda tx: some_journeys(tx, _EVERYTHING, None))
        groups: dict[str, set[str | None]] = {}
        for customer, interaction in found:
            groups.setdefault(customer, set()).add(interaction.source_id)
        return "journeys", tuple(sorted(tuple(sorted(map(str, group))) for group in groups.values()))


def _query() -> Any:
    from omnitrack.reading.query import make_query

    return make_query(order="oldest")


_EVERYTHING = _query()


def expected(backend: Backend) -> dict[str, set[Any]]:
    """Return what each way of reading may show: that of the one policy, or of the other. The store ends as it was."""
    found: dict[str, set[Any]] = {}
    for parted in (True, False):
        shown = Shown(Tracker(backend, **settings(parted), rebuild=True))
        for way, what in (*(one for n in range(PEOPLE) for one in shown.ways(n)), shown.whole()):
            found.setdefault(way, set()).add(what)
    assert any(len(either) == 2 for either in found.values())
    return found


def read_until(done: Any, tracker: Tracker, either: dict[str, set[Any]], wrong: list[str]) -> int:
    """Read, one after the other, until the rebuilds are done; return how much was read."""
    shown, count = Shown(tracker), 0
    while True:
        for number in range(PEOPLE):
            for way, what in (*shown.ways(number), shown.whole()):
                count += 1
                if what not in either[way]:
                    wrong.append(f"{way}: {what}")
            if done.is_set() or len(wrong) > 5:
                return count


def flip(backend: Backend) -> None:
    for turn in range(FLIPS):
        Tracker(backend, **settings(parted=turn % 2 == 0), rebuild=True)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a rebuild of a few people take many pieces: what is taken over in pieces would be seen in pieces."""
    monkeypatch.setattr(takeover, "CHUNK", 7)
    monkeypatch.setattr(refile, "CHUNK", 7)


@contextmanager
def place_of(engine: str, folder: Path) -> Iterator[tuple[Store | None, Backend]]:
    if engine == "memory":
        yield None, MemoryBackend()
        return
    with store(engine, folder) as place:
        backend = place.open()
        try:
            yield place, backend
        finally:
            backend.close()


@pytest.mark.parametrize("engine", ["memory", *ENGINES])
def test_readers_in_threads_are_shown_one_of_the_two_partitions_whole(engine: str, tmp_path: Path) -> None:
    with place_of(engine, tmp_path) as (_, backend):
        tracker = Tracker(backend, policy=JOINED)
        fill(tracker)
        either = expected(backend)
        done, wrong, counts = threading.Event(), list[Any](), list[Any]()

        def work() -> None:
            counts.append(read_until(done, tracker, either, wrong))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            flip(backend)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert not wrong, wrong[:5]
        assert len(counts) == 2


def _read(place: Store, either: dict[str, set[Any]], done: Any, found: Any) -> None:
    wrong: list[str] = []
    with Tracker(place.open(), policy=JOINED) as tracker:
        found.put("reads")
        count = read_until(done, tracker, either, wrong)
    found.put((count, wrong))


@pytest.mark.parametrize("engine", ENGINES)
def test_readers_in_processes_are_shown_one_of_the_two_partitions_whole(engine: str, tmp_path: Path) -> None:
    with place_of(engine, tmp_path) as (place, backend):
        fill(Tracker(backend, policy=JOINED))
        either = expected(backend)
        context = separate()
        done, found = context.Event(), context.Queue()
        readers = [context.Process(target=_read, args=(place, either, done, found)) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            assert [found.get(timeout=90) for _ in readers] == ["reads", "reads"]
            flip(backend)
        finally:
            done.set()
            answers = [found.get(timeout=90) for _ in readers]
            for reader in readers:
                reader.join(90)
        assert [wrong for _, wrong in answers] == [[], []]
        assert all(count > 0 for count, _ in answers)
