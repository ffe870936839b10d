"""How long one record() takes where many write at once: for one person whom all write to, and for people of whom each writer has their own.

    python bench/tails.py
    python bench/tails.py --engines postgresql --writers 8 --records 200 --rounds 5

Both are measured in one run, in turns on one store. A second table is of many tasks at once for few people: how long all take, and each.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import omnitrack
from servers import ENGINES, Store, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
_numbers = itertools.count()


def contact(person: int) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "channel": "phone",
        "customer": [f"phone:+4420794{person:05d}", f"email:person{person}@example.com"],
        "occurred_at": T0 + timedelta(seconds=number),
        "body": "hello",
        "source": "bench",
        "source_id": str(number),
    }


def in_threads(place: Store, writers: int, rounds: list[Callable[[int], int]], records: int) -> list[list[float]]:
    """Return the seconds of each record, for each round; a round says by the writer which person is written to."""
    with omnitrack.open(place.url, namespace=place.namespace) as tracker:
        for person in range(writers + 1):
            tracker.record(**contact(person))
        found = []
        for whom in rounds:
            took: list[float] = []
            ready = threading.Barrier(writers)

            def write(
                writer: int,
                whom: Callable[[int], int] = whom,
                took: list[float] = took,
                ready: threading.Barrier = ready,
            ) -> None:
                ready.wait()
                for _ in range(records):
                    fields = contact(whom(writer))
                    begin = time.perf_counter()
                    tracker.record(**fields)
                    took.append(time.perf_counter() - begin)

            threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(took) == writers * records
            found.append(took)
        assert tracker.verify().ok
        return found


async def in_tasks(place: Store, writers: int, rounds: list[Callable[[int], int]], records: int) -> list[list[float]]:
    """As in_threads, in tasks of one event loop."""
    async with omnitrack.open_async(place.url, namespace=place.namespace) as tracker:
        for person in range(writers + 1):
            await tracker.record(**contact(person))
        found = []
        for whom in rounds:
            took: list[float] = []

            async def write(writer: int, whom: Callable[[int], int] = whom, took: list[float] = took) -> None:
                for _ in range(records):
                    fields = contact(whom(writer))
                    begin = time.perf_counter()
                    await tracker.record(**fields)
                    took.append(time.perf_counter() - begin)

            await asyncio.gather(*map(write, range(writers)))
            found.append(took)
        assert (await tracker.verify()).ok
        return found


async def crowd(place: Store, tasks: int, people: int) -> tuple[float, list[float]]:
    """Return how long all tasks take that record one contact each with one of some new people, and how long each."""
    async with omnitrack.open_async(place.url, namespace=place.namespace) as tracker:

        async def write(number: int) -> float:
            begin = time.perf_counter()
            await tracker.record(**contact(number % people))
            return time.perf_counter() - begin

        begin = time.perf_counter()
        took = list(await asyncio.gather(*map(write, range(tasks))))
        whole = time.perf_counter() - begin
        report = await tracker.verify()
        assert report.ok, str(report)
        assert report.interactions == tasks
        return whole, took


def percentile(took: list[float], share: int) -> float:
    """Return a percentile in milliseconds."""
    return statistics.quantiles(took, n=100)[share - 1] * 1000


def rows(arguments: argparse.Namespace) -> Iterator[str]:
    yield "| engine | writers | one person: p50, ms | p99 | people apart: p50, ms | p99 | p50, one by apart | p99, one by apart | spread |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for engine, face in itertools.product(arguments.engines, ("threads", "tasks")):
        rounds = [lambda writer: 0, lambda writer: writer + 1] * arguments.rounds
        with tempfile.TemporaryDirectory() as folder, store(engine, Path(folder)) as place:
            if face == "threads":
                took = in_threads(place, arguments.writers, rounds, arguments.records)
            else:
                took = asyncio.run(in_tasks(place, arguments.writers, rounds, arguments.records))
        one, apart = (list(itertools.chain(*took[half::2])) for half in (0, 1))
        by_round = [percentile(a, 99) / percentile(b, 99) for a, b in zip(took[::2], took[1::2])]
        p50, p99 = ([percentile(each, share) for each in (one, apart)] for share in (50, 99))
        yield (
            f"| {engine} | {arguments.writers} {face} | {p50[0]:.1f} | {p99[0]:.1f} | {p50[1]:.1f} | {p99[1]:.1f} | "
            f"{p50[0] / p50[1]:.2f} | {p99[0] / p99[1]:.2f} | {min(by_round):.2f}-{max(by_round):.2f} |"
        )


def crowds(arguments: argparse.Namespace) -> Iterator[str]:
    yield "\n| engine | tasks at once | people | all, s | p50, s | p99, s | longest, s |"
    yield "|---|---|---|---|---|---|---|"
    for engine in arguments.engines:
        with tempfile.TemporaryDirectory() as folder, store(engine, Path(folder)) as place:
            whole, took = asyncio.run(crowd(place, arguments.tasks, arguments.people))
        p50, p99 = percentile(took, 50) / 1000, percentile(took, 99) / 1000
        yield (
            f"| {engine} | {arguments.tasks} | {arguments.people} | {whole:.2f} | {p50:.2f} | {p99:.2f} | {max(took):.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--records", type=int, default=100, help="of each writer in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--people", type=int, default=50)
    arguments = parser.parse_args()
    for line in itertools.chain(rows(arguments), crowds(arguments)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
