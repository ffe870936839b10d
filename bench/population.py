"""What policies make of three years of contacts of 20,000 people of whom it is known who they are: the figures behind the default limits.

    python bench/population.py                          # today's default policy beside the one limit per scheme of before
    python bench/population.py --seeds 1 2 3 --people 5000
    python bench/population.py --limits '{"device": 3}'  # a policy of your own beside them
    python bench/population.py --check                   # that the whole-store partition measured here is what recording one by one gives

Three regimes: everybody has an account of their own; people log in with their mail address and there are no accounts; a household has one account.
Printed of each regime and policy:

    precision   of the pairs of interactions that one customer has, how many are one person's (a business counts as one)
    recall      of the pairs of interactions of one person, how many one customer has
    mixed       people whose customer (the one with most of their interactions) has an interaction of another household
    nobody's    interactions on nobody's timeline: nothing shown, only claimed, or under an identifier that counts as shared
    accounts    accounts that count as shared; in the regime of mail addresses, these
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from people import DAY_US, World

from omnitrack.identifiers.scheme import get_scheme
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import LINKABLE, NO_ID, IdentifierRow, LinkRow

REGIMES = ("own account", "mail log-in", "household account")


class Store:
    """The contacts of a regime as a store would have them: rows and links for the partition, and of each interaction the anchor and who it was."""

    def __init__(self, regime: str, people: int, seed: int) -> None:
        self.world = world = World(people, seed, regime.split()[0])
        self.contacts = list(world.contacts())
        self.ids: dict[int, bytes] = {}
        self.anchors: list[tuple[bytes | None, int]] = []
        best: dict[tuple[bytes, bytes, int], tuple[int, bytes]] = {}
        ranks = {kind: get_scheme(kind).rank for kind in {*world.kinds, "x"}}
        for number, contact in enumerate(self.contacts):
            at, evidence = int(contact.at * DAY_US), number.to_bytes(16, "big")
            shown = {self.id_of(x): (x, assurance) for x, assurance in contact.shown}
            order = sorted(shown, key=lambda id: (shown[id][1] < 2, -shown[id][1], -ranks[self.kind(shown[id][0])], id))
            self.anchors.append((order[0] if order and shown[order[0]][1] > 1 else None, contact.party))
            for a, b in combinations(sorted(shown), 2):
                key = (a, b, min(shown[a][1], shown[b][1]))
                known = best.get(key)
                if known is None or (at, evidence) < known:
                    best[key] = (at, evidence)
        self.rows = sorted(
            IdentifierRow(id, id, id, self.kind(x), str(x), "", id, None, LINKABLE, None, 0)
            for x, id in self.ids.items()
        )
        self.links = [LinkRow(a, b, TOGETHER, s, NO_ID, at, e, 0) for (a, b, s), (at, e) in best.items()]

    def kind(self, x: int) -> str:
        """Return the scheme of an identifier."""
        return self.world.kinds[x] if x >= 0 else "x"

    def id_of(self, x: int) -> bytes:
        """Return an identifier's address; hashed, so that order tells nothing."""
        found = self.ids.get(x)
        if found is None:
            found = self.ids[x] = hashlib.blake2b(str(x).encode(), digest_size=16).digest()
        return found


@attrs.frozen(kw_only=True)
class Measured:
    """What a policy made of a regime."""

    precision: float
    recall: float
    mixed: float
    nobodys: float
    accounts: float
    shared: Counter[str]

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.3f}  recall {self.recall:.3f}  mixed {self.mixed:6.2%}  "
            f"nobody's {self.nobodys:6.2%}  accounts {self.accounts:.2%}  "
            + ", ".join(f"{n} {kind}s shared" for kind, n in sorted(self.shared.items()))
        )


def partitioned(store: Store, policy: Policy) -> tuple[dict[bytes, bytes], set[bytes]]:
    """Return the customer of each identifier, and which are shared."""
    bulk = Bulk(policy)
    bulk.add_identifiers(store.rows)
    bulk.add_links(store.links)
    census = bulk.solve()
    ids = [row.id for row in store.rows]
    places = census.index.find(ids)
    return (
        {x: census.customer_at(n) for x, n in zip(ids, places)},
        {x for x, n in zip(ids, places) if census.shared[n]},
    )


def measured(store: Store, policy: Policy) -> Measured:
    """Measure a policy."""
    customer, shared = partitioned(store, policy)
    cells: Counter[tuple[bytes, int]] = Counter()
    total: Counter[int] = Counter()
    nobodys = 0
    for anchor, party in store.anchors:
        total[party] += 1
        if anchor is None or anchor in shared:
            nobodys += 1
        else:
            cells[customer[anchor], party] += 1
    of_customer: Counter[bytes] = Counter()
    parties: dict[bytes, list[int]] = {}
    main: dict[int, tuple[int, bytes]] = {}
    for (home, party), count in cells.items():
        of_customer[home] += count
        parties.setdefault(home, []).append(party)
        main[party] = max(main.get(party, (0, b"")), (count, home))
    right = sum(n * (n - 1) // 2 for n in cells.values())
    said = sum(n * (n - 1) // 2 for n in of_customer.values())
    true = sum(n * (n - 1) // 2 for n in total.values())
    households = store.world.households
    mixed = sum(
        any(not households[party] & households[other] for other in parties[home]) for party, (_, home) in main.items()
    )
    kinds = {row.id: row.scheme for row in store.rows}
    of_kind, of_all = Counter(kinds[x] for x in shared), Counter(kinds.values())
    log_in = "email" if store.world.regime == "mail" else "account"
    return Measured(
        precision=right / said,
        recall=right / true,
        mixed=mixed / len(main),
        nobodys=nobodys / len(store.anchors),
        accounts=of_kind[log_in] / of_all[log_in],
        shared=of_kind,
    )


OLD = {"*": 8, "device": 20}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    given = parser.parse_args(arguments)
    for seed in given.seeds:
        print(f"seed {seed}, {given.people} people")
        for regime in REGIMES:
            start = time.perf_counter()
            store = Store(regime, given.people, seed)
            print(
                f"{regime}: {len(store.anchors)} interactions, {len(store.rows)} identifiers, {len(store.links)} links ({time.perf_counter() - start:.0f} s)"
            )
            for name, policy in {"before": Policy(limits=OLD)}.items():
                print(f"  {name:10s}{measured(store, policy)}  ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
