"""What a rebuild costs those who read and write beside it: a store in which half of the identifiers go to another customer.

    python bench/takeover.py --size 100000 --engines sqlite postgresql mariadb

People of an address and a number each, seen together once; the rebuild asks for verified links, so that each person's two part. It prints how long the
rebuild took in all, how long its take-over (the one transaction that writes), and of a reader and a writer beside it the longest single call
before the rebuild and during it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from omnitrack import Interaction, Policy, PolicyChangedError, Tracker
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from servers import ENGINES, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
NEW = Policy(merges_at="verified")


def call(number: int, source: str = "bench") -> Interaction:
    return Interaction(
        channel="phone",
        occurred_at=T0 + timedelta(seconds=number),
        customers=[[f"email:{source}{number}@example.com", f"phone:+4420{70000000 + number}"]],
        source=source,
        source_id=str(number),
    )


class Timed:
    """A backend that notes how long its writing transactions took."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.writes: list[float] = []

    def run(self, fn: Any, *, write: bool = True) -> Any:
        start = time.perf_counter()
        try:
            return self._backend.run(fn, write=write)
        finally:
            if write:
                self.writes.append(time.perf_counter() - start)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class Beside(threading.Thread):
    """Calls something over and over; notes how long each call took, before and during the rebuild."""

    def __init__(self, work: Any) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.during = self.stopped = False
        self.longest = {False: 0.0, True: 0.0}
        self.calls = {False: 0, True: 0}

    def run(self) -> None:
        number = 0
        while not self.stopped:
            during, start = self.during, time.perf_counter()
            try:
                self._work(number)
            except PolicyChangedError:  # the store goes by the new settings
                self.stopped = True
            took = time.perf_counter() - start
            self.longest[during] = max(self.longest[during], took)
            self.calls[during] += 1
            number += 1
            time.sleep(0.002)


def measured(backend: Backend, size: int) -> str:
    tracker = Tracker(backend)
    tracker.record_many(call(number) for number in range(size // 2))
    reader = Beside(lambda n: tracker.timeline(f"email:bench{n % (size // 2)}@example.com").page(50))
    writer = Beside(lambda n: tracker.record_many([call(n, "beside")]))
    for thread in (reader, writer):
        thread.start()
    time.sleep(3)
    reader.during = writer.during = True
    timed = Timed(backend)
    start = time.perf_counter()
    rebuilt = Tracker(timed, policy=NEW, rebuild=True)  # type: ignore[arg-type]
    took = time.perf_counter() - start
    reader.stopped = writer.stopped = True
    for thread in (reader, writer):
        thread.join()
    report = rebuilt.verify()
    assert report.ok, str(report)
    words = [
        f"{name} {thread.longest[False] * 1000:.0f} ms, then {thread.longest[True] * 1000:.0f} ms of {thread.calls[True]}"
        for name, thread in (("reads", reader), ("writes", writer))
    ]
    return f"rebuild {took:.1f} s, take-over {max(timed.writes):.1f} s; longest of {', of '.join(words)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--engines", nargs="+", default=["memory", *ENGINES])
    arguments = parser.parse_args()
    for engine in arguments.engines:
        if engine == "memory":
            print(engine, measured(MemoryBackend(), arguments.size), flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder, store(engine, Path(folder)) as place:
            backend = place.open()
            print(engine, measured(backend, arguments.size), flush=True)
            backend.close()


if __name__ == "__main__":
    main()
