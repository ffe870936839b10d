"""The cost of suggestions(who) and search() in a store of a million customers, beside a store a hundredth as large.

    python bench/suggest.py [--customers 1000000] [--keep FOLDER]
    python bench/suggest.py --store postgresql:///people    # an empty database, which is filled; run again, it is asked

The people are written through the storage contract (identifiers, profiles, blocks), as recording with ``matching=True`` writes them, so that a
million stand in minutes. A search has a name and a postcode, a name alone or a postcode alone, each with a typo in one of three. ``--keep`` leaves the stores in a folder, and takes those that are there up where they end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import centre

from omnitrack import email
from omnitrack import open as open_tracker
from omnitrack.matching import blocking_keys, merge_profiles, normalise_traits
from omnitrack.reading.profiles import own_profile
from omnitrack.records import BLOCK, PROFILE, profile_key
from omnitrack.storage.contract import LINKABLE, IdentifierRow, RecordRow

STREETS = ["High Street", "Station Road", "Church Lane", "Mill Lane", "Park Avenue", "Victoria Road", "Green Lane"]


def person(rnd: random.Random, number: int) -> tuple[str, dict[str, str]]:
    """Return a person's address and traits; names follow a long tail, postcodes hold some forty people each."""
    given, family = (
        rnd.choice(centre.GIVEN),
        f"{rnd.choice(centre.FAMILY)}{'aeiou'[rnd.randrange(5)] * (rnd.random() < 0.5)}",
    )
    if rnd.random() < 0.4:
        family += rnd.choice(["son", "ski", "man", "berg", "wright", "ton", "ley", "field"])
    traits = {
        "name": f"{given} {family}",
        "postcode": f"{'ABCDEFGHJK'[number // 100_000 % 10]}{number // 4_000 % 25 + 1} {number // 400 % 10}{'ABCDEFGHJK'[number // 40 % 10]}A",
        "address": f"{rnd.randrange(200) + 1} {rnd.choice(STREETS)}",
        "birth_date": f"{rnd.randrange(1940, 2006)}-{rnd.randrange(12) + 1:02d}-{rnd.randrange(28) + 1:02d}",
    }
    return f"{given}.{family}{number}@mail{number % 97}.example.net".lower(), traits


def home_of(number: int) -> bytes:
    """Return the home of a person."""
    return (number + 1).to_bytes(16, "big")


def known(tx: Any, number: int) -> bool:
    """Whether a person was written."""
    return bool(tx.find_identifiers(homes=[home_of(number)]))


def fill(tracker: Any, customers: int) -> None:
    """Write people, each with an address, traits, and the blocks under which they are found."""
    rnd = random.Random(3)
    backend, base_id = tracker._backend, tracker._ctx.base_id
    chunk = 5_000
    there = next(n for n in itertools.count(0, chunk) if not backend.run(lambda tx, n=n: known(tx, n), write=False))
    for start in range(0, customers, chunk):
        rows, records = [], []
        for number in range(start, min(start + chunk, customers)):
            address, traits = person(rnd, number)
            identifier = email(address)
            id = base_id(identifier.key)
            home = home_of(number)
            row = IdentifierRow(
                id, home, home, "email", identifier.value, "", id, None, LINKABLE if identifier.linkable else 0, None, 0
            )
            if start < there:
                continue
            rows.append(row)
            profile = normalise_traits(traits, region="GB")
            records.append(RecordRow(PROFILE, profile_key(id), json.dumps(profile.to_dict()), -1))
            keys = blocking_keys(merge_profiles((profile, own_profile([row]))))
            records += [RecordRow(BLOCK, f"{r}:{k}/{id.hex()}", "", -1) for r, found in keys.items() for k in found]
        if rows:
            backend.run(lambda tx, rows=rows, records=records: (tx.add_identifiers(rows), tx.put_records(records)))
        if sys.stderr.isatty():
            print(f"\r{start + chunk:,} of {customers:,}", end="", file=sys.stderr)


#: What is searched for: the traits that are given.
ASKED = (("name", "postcode"), ("name",), ("postcode",), ("name", "birth_date"))


def typo(rnd: random.Random, text: str) -> str:
    """Return a text in which two letters have changed places."""
    at = rnd.randrange(1, max(2, len(text) - 2))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def timed(calls: list[Any]) -> tuple[float, float, float]:
    """Return (median, 95th percentile) of wall time and the median of processor time, in milliseconds; the first five are not counted."""
    wall, cpu = [], []
    for call in calls:
        start, used = time.perf_counter(), time.process_time()
        call()
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
    wall, cpu = wall[5:], cpu[5:]
    return statistics.median(wall), sorted(wall)[int(len(wall) * 0.95)], statistics.median(cpu)


def measure(url: str, customers: int, calls: int) -> list[str]:
    """Return rows of the table for a store with so many customers."""
    rows = []
    with open_tracker(url, region="GB", matching=True) as tracker:
        fill(tracker, customers)
        rnd = random.Random(3)
        everyone = [person(rnd, number) for number in range(min(customers, 20_000))]
        rnd = random.Random(4)
        asked = rnd.sample(everyone, calls + 5)
        done = timed([lambda who=who: tracker.suggestions(who, least=0.0) for who, _ in asked])
        rows.append(("suggestions(who)", done))
        for names in ASKED:
            queries = []
            for _, traits in asked:
                query = {name: traits[name] for name in names}
                if "name" in query and rnd.random() < 1 / 3:
                    query["name"] = typo(rnd, query["name"])
                queries.append(query)
            rows.append((f"search({', '.join(names)})", timed([lambda q=q: tracker.search(**q) for q in queries])))
    return [f"| {customers:,} | {what} | {one:.1f} | {tail:.1f} | {cpu:.1f} |" for what, (one, tail, cpu) in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="a folder for the stores")
    parser.add_argument("--store", help="URL of one store, in the place of two files")
    chosen = parser.parse_args()
    print("| customers | call | median ms | p95 ms | processor ms |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for customers in (chosen.customers,) if chosen.store else (chosen.customers // 100, chosen.customers):
            url = chosen.store or f"sqlite:///{(chosen.keep or Path(folder)) / f'people{customers}.db'}"
            print("\n".join(measure(url, customers, chosen.calls)), flush=True)


if __name__ == "__main__":
    main()
