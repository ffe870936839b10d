"""Rebuilding the partition of a large store beside scipy's connected_components on the same edges; run by ``speed.py`` in a process of its own; needs scipy.

    python bench/rebuilding.py 1000000

Times are of the processor, not of the clock: both sides run in one thread, and other work on the machine is not counted. Rows are made a piece at a
time and thrown away, as a store that reads would: what is measured is taking them in (identifiers to numbers) and solving, without the reading and
the writing. Memory is the growth of the process at its peak.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from omnitrack.identity.bulk import Bulk
from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import LINKABLE, NO_ID, IdentifierRow, LinkRow

PIECE = 5_000
SCHEMES = ("phone", "email", "device", "x", "account")
WRONG = 0.005  # of the links: a line that two people use, a slip of the keyboard; about one customer in thirty has one


class Store:
    """People of five identifiers each, one and a half links an identifier, in the order in which a store yields them."""

    def __init__(self, size: int, seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self.size = size
        ids = np.frombuffer(rng.bytes(16 * size), "S16").copy()
        ids.sort()
        self._ids = ids.tobytes()
        # Content addresses scatter a person's identifiers over the whole order.
        place = rng.permutation(size)
        self._scheme = np.empty(size, dtype=np.int8)
        self._scheme[place] = np.arange(size) % 5
        self._home = rng.permutation(size).astype(np.int32)
        wanted = size * 3 // 2
        wrong = int(wanted * WRONG)
        inner = rng.choice(size // 5 * 10, wanted - wrong, replace=False)
        pairs = np.array(list(combinations(range(5), 2)))
        a = np.concatenate((inner // 10 * 5 + pairs[inner % 10, 0], rng.integers(0, size, wrong)))
        b = np.concatenate((inner // 10 * 5 + pairs[inner % 10, 1], rng.integers(0, size, wrong)))
        a, b = place[a], place[b]
        keys = np.unique((np.minimum(a, b) * size + np.maximum(a, b))[a != b])
        self.a, self.b = (keys // size).astype(np.int32), (keys % size).astype(np.int32)
        self._seen = rng.permutation(len(keys)).astype(np.int32)

    def _id(self, n: int) -> bytes:
        return self._ids[n * 16 : n * 16 + 16]

    def identifiers(self) -> Iterator[list[IdentifierRow]]:
        for start in range(0, self.size, PIECE):
            rows = []
            places = slice(start, start + PIECE)
            for n, (s, home) in enumerate(zip(self._scheme[places].tolist(), self._home[places].tolist()), start):
                x = self._id(n)
                scheme, scope = SCHEMES[s], "bt" if s == 4 else ""
                customer = home.to_bytes(16, "big")
                rows.append(IdentifierRow(x, customer, customer, scheme, "", scope, x, None, LINKABLE, None, 0))
            yield rows

    def links(self) -> Iterator[list[LinkRow]]:
        for start in range(0, len(self.a), PIECE):
            places = slice(start, start + PIECE)
            ends = zip(self.a[places].tolist(), self.b[places].tolist(), self._seen[places].tolist())
            yield [LinkRow(self._id(a), self._id(b), TOGETHER, 2, NO_ID, seen, NO_ID, 0) for a, b, seen in ends]


def measured(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def now_used() -> int:
    """Return the memory that this process has now, in bytes (its peak, where the system does not tell)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return peak()


def peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def rebuilt(store: Store) -> dict[str, float]:
    """Rebuild, and return the seconds of taking in and of solving, and the bytes an identifier."""
    gc.collect()
    before = now_used()
    bulk = Bulk(Policy())
    taken = sum(measured(lambda rows=rows: bulk.add_identifiers(rows)) for rows in store.identifiers())
    taken += sum(measured(lambda links=links: bulk.add_links(links)) for links in store.links())
    start = time.process_time()
    census = bulk.solve()
    solved = time.process_time() - start
    return {
        "taken": taken,
        "solved": solved,
        "bytes": (peak() - before) / store.size,
        "customers": census.customers(),
    }


def yardstick(store: Store) -> float:
    """Return the seconds of scipy's connected_components, from the edges by number."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size, ones = store.size, np.ones(len(store.a), dtype=np.int8)

    def bare() -> None:
        connected_components(coo_matrix((ones, (store.a, store.b)), shape=(size, size)), directed=False)

    return min(measured(bare) for _ in range(3))


def main() -> None:
    size = int(sys.argv[1])
    store = Store(size)
    # The rebuild first: what scipy uses must not hide in its peak.
    found = rebuilt(store)
    print(json.dumps({**found, "scipy": yardstick(store), "links": len(store.a)}))


if __name__ == "__main__":
    main()
