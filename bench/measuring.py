"""All measures in one pass over a scaled year of the reference centre: interactions a second of one core, and memory, which does not grow with the weeks.

python bench/measuring.py [interactions a week, 5000]
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

from centre import CHANNELS, START, interaction

from omnitrack.insights import Measuring, Price, Terms
from omnitrack.model import Interaction

PEOPLE = 20_000


def history(weeks: int, a_week: int) -> Iterator[tuple[tuple[str, ...], Interaction]]:
    """Yield so many weeks of the same people, each interaction with its customer, in the mix of the centre."""
    rnd = random.Random(7)
    names, weights = zip(*CHANNELS)
    for number in range(weeks * a_week):
        person = rnd.randrange(PEOPLE)
        at = START + timedelta(weeks=1) * (number / a_week)
        yield (f"cus_{person:026d}",), interaction(rnd, person, rnd.choices(names, weights)[0], at, number)


def run(weeks: int, a_week: int, traced: bool) -> tuple[float, float]:
    """Return the seconds that measuring took, without making the history, and the most memory in use, in megabytes."""
    prices = {name: Price(per_contact=1.0, per_minute=0.5) for name, _ in CHANNELS}
    measuring = Measuring(Terms(by="month", zone="Europe/London", prices=prices))
    spent = 0.0
    if traced:
        tracemalloc.start()
    for customers, one in history(weeks, a_week):
        begun = time.process_time()
        measuring.add(customers, one)
        spent += time.process_time() - begun
    begun = time.process_time()
    measuring.report()
    spent += time.process_time() - begun
    most = tracemalloc.get_traced_memory()[1] / 1e6 if traced else 0.0
    tracemalloc.stop()
    return spent, most


def main() -> None:
    a_week = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    for weeks in (13, 26, 52):
        spent, _ = run(weeks, a_week, traced=False)
        _, most = run(weeks, a_week, traced=True)
        count = weeks * a_week
        print(f"{weeks:3} weeks, {count:>9,} interactions: {count / spent:>8,.0f} a second, {most:6.1f} MB at most")


if __name__ == "__main__":
    main()
