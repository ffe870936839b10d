"""What one more identifier costs where 9,000 hang together in a chain, just below what a component may have: of a newborn, and of one that has to be parted.

    python bench/chain.py                # memory and SQLite
    python bench/chain.py --length 2000

The median of five, at both ends and in the middle: of the processor, and by the clock, which counts what others do on the machine too. ``anew`` is
the same of the processor, with the neighbourhood read and parted anew, as every other change has it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

import omnitrack
from omnitrack import Interaction, Policy, Tracker, social
from omnitrack.recording import record

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def chained(url: str, length: int) -> Tracker:
    """Return a tracker on a store with a chain; it is loaded under a policy that joins nobody, and then rebuilt, which is quicker."""
    pairs = (
        Interaction(
            channel="x",
            occurred_at=START + timedelta(minutes=n),
            direction="inbound",
            customers=[[social("x", f"chain{n}"), social("x", f"chain{n + 1}")]],
            source="chain",
            source_id=str(n),
        )
        for n in range(length - 1)
    )
    tracker = omnitrack.open(url, policy=Policy(merges_at="verified"))
    tracker.record_many(pairs)
    return Tracker(tracker._backend, rebuild=True)


def seconds(tracker: Tracker, place: int, name: str) -> tuple[float, float]:
    """Return how long one record() with a newborn takes, of the processor and by the clock."""
    start, started = time.process_time(), time.perf_counter()
    tracker.record(
        channel="x",
        occurred_at=START + timedelta(days=60),
        customer=[social("x", f"chain{place}"), social("x", name)],
        source="chain",
        source_id=name,
    )
    return time.process_time() - start, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=9_000)
    length = parser.parse_args().length
    with tempfile.TemporaryDirectory() as folder:
        for url in ("memory://", f"sqlite:///{folder}/chain.db"):
            tracker = chained(url, length)
            for place in (0, length // 2, length - 1):
                several = [seconds(tracker, place, f"new{place}n{n}") for n in range(5)]
                took, clock = (statistics.median(times) for times in zip(*several))
                known, record.plan_leaf = record.plan_leaf, lambda *_: None
                anew, _ = seconds(tracker, place, f"anew{place}")
                record.plan_leaf = known
                print(
                    f"{url.split(':')[0]:8s} at {place:5d} of {length}: {took:.3f} s, by the clock {clock:.3f} s, anew {anew:.3f} s"
                )
            assert tracker.verify().ok


if __name__ == "__main__":
    main()
