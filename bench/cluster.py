"""Many tasks that record at once in one cluster of people who share numbers and addresses: what each change of a neighbourhood costs in a queue.

    python bench/cluster.py --engines postgresql mariadb --tasks 300

Every task records one call with one of 13 numbers and one of 17 addresses, so that nearly each changes what the others look at. It prints the time of all,
of the longest task, and of the same calls one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import omnitrack
from servers import ENGINES, store

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


async def measured(engine: str, folder: Path, tasks: int, *, at_once: bool) -> tuple[float, float]:
    """Return the seconds of all, and of the longest task."""
    rnd = random.Random(1)
    with store(engine, folder) as place:
        async with omnitrack.open_async(place.url, namespace=place.namespace) as tracker:

            async def record(number: int) -> float:
                people = [f"phone:+44207946{rnd.randrange(13):04d}", f"email:{rnd.randrange(17)}@example.com"]
                start = time.perf_counter()
                await tracker.record(
                    channel="phone",
                    occurred_at=T0 + timedelta(minutes=number),
                    customer=people,
                    source="bench",
                    source_id=str(number),
                )
                return time.perf_counter() - start

            start = time.perf_counter()
            if at_once:
                took = await asyncio.gather(*map(record, range(tasks)))
            else:
                took = [await record(number) for number in range(tasks)]
            whole = time.perf_counter() - start
            report = await tracker.verify()
            assert report.ok, str(report)
            return whole, max(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    arguments = parser.parse_args()
    for engine in arguments.engines:
        with tempfile.TemporaryDirectory() as folder:
            one, _ = asyncio.run(measured(engine, Path(folder), arguments.tasks, at_once=False))
            all_, longest = asyncio.run(measured(engine, Path(folder), arguments.tasks, at_once=True))
        print(
            f"{engine}: one after the other {one:.1f} s, at once {all_:.1f} s, the longest {longest:.1f} s", flush=True
        )


if __name__ == "__main__":
    main()
