"""How long a brief takes: p50 and p95 over customers drawn at random, and the processor time of each, beside a page of the timeline of the same ones.

    python bench/brief.py
    python bench/brief.py --customers 1000000 --asked 2000
    python bench/brief.py --store postgresql+psycopg://postgres@127.0.0.1/bench

Without --store it is a SQLite file that is thrown away. A store that is given has to be empty; it is filled, and keeps what it got. Each customer has a number and an
address, some contacts on several channels in threads, a consent, and every tenth a claim that suggests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

import omnitrack
from omnitrack import Interaction, Tracker, claimed, observed, verified

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
CHANNELS = ("email", "phone", "chat", "sms")


def number(customer: int) -> str:
    return f"phone:+4479{customer:08d}"


def address(customer: int) -> str:
    return f"email:person{customer}@example.com"


def contacts(customers: int, each: int) -> Iterator[Interaction]:
    """Yield the contacts of so many customers, on the whole in order of time."""
    for n in range(each):
        for customer in range(customers):
            people = [
                observed(number(customer)),
                verified(address(customer)) if n == 0 else observed(address(customer)),
            ]
            if n == 1 and customer % 10 == 0:
                people.append(claimed(address((customer + 1) % customers)))
            yield Interaction(
                channel=CHANNELS[n % len(CHANNELS)],
                direction="outbound" if n % 3 == 2 else "inbound",
                occurred_at=T0 + timedelta(hours=n, milliseconds=customer),
                customers=[people],
                subject="About the bill of last month",
                body="I cannot log in, and the bill is wrong again. " * 4,
                thread=f"{customer}/{n // 4}",
                traits={"name": f"Person Number {customer}"} if n == 0 else {},
                source="bench",
                source_id=f"{customer}/{n}",
            )


def took(ask: Callable[[str], object], whom: list[str]) -> list[float]:
    """Return how long each call takes, in milliseconds, sorted."""
    found = []
    for who in whom:
        begin = time.perf_counter()
        ask(who)
        found.append((time.perf_counter() - begin) * 1_000)
    return sorted(found)


def fill(tracker: Tracker, customers: int, each: int) -> None:
    tracker.record_many(contacts(customers, each), batch_size=2_000)
    for customer in range(0, customers, max(1, customers // 1_000)):
        tracker.consent(number(customer), granted=customer % 2 == 0, purpose="marketing", at=T0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--contacts", type=int, default=6, help="of each customer")
    parser.add_argument("--asked", type=int, default=1_000, help="briefs that are timed")
    parser.add_argument("--store", help="URL of an empty store")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        with omnitrack.open(options.store or f"sqlite:///{folder}/history.db", region="GB") as tracker:
            fill(tracker, options.customers, options.contacts)
        with omnitrack.open(options.store or f"sqlite:///{folder}/history.db", region="GB") as tracker:
            whom = [number(draw.randrange(options.customers)) for _ in range(options.asked)]
            print(f"{options.customers} customers, {options.contacts} contacts each, seed {options.seed}")
            took(tracker.brief, whom[:50])  # what is imported and prepared once
            for name, ask in (
                ("brief", tracker.brief),
                ("brief, as text of 2,000 characters", lambda who: str(tracker.brief(who, max_chars=2_000))),
                ("brief, verified", lambda who: tracker.brief(who, trust="verified")),
                ("page of 50 of a timeline", lambda who: tracker.timeline(who).page(50)),
            ):
                begin = time.process_time()
                times = took(ask, whom)
                own = (time.process_time() - begin) * 1_000 / len(whom)
                p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
                print(f"{name:<36} p50 {p50:6.2f} ms   p95 {p95:6.2f} ms   processor {own:5.2f} ms")


if __name__ == "__main__":
    main()
