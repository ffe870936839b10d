"""What policies make of three years of contacts of 20,000 people of whom it is known who they are: the figures behind the default limits.

    python bench/population.py                              # the default policy beside the one of before: two minutes
    python bench/population.py --seeds 1 2 3 --people 5000
    python bench/population.py --draws 20                   # how far it hangs on what nobody has counted
    python bench/population.py --curve --people 4000        # what less mixing costs, and what time would tell of numbers
    python bench/population.py --limits '{"device/email": 1}' # and one with limits of your own
    python bench/population.py --check                      # that the partition measured here is the one that recording makes

How often people do what nobody has counted stands in ``rates.py`` as ranges. First a population is measured at their middle, then some a fifth as large, each with
rates drawn from within the ranges by its number, and what the worst of them shows.

Three regimes: everybody has an account of their own; people log in with their mail address and there are no accounts; a household has one account.
Printed of each regime and policy:

    precision   of the pairs of interactions that one customer has, how many are one person's (a business counts as one)
    recall      of the pairs of interactions of one person, how many one customer has
    mixed       people whose customer (the one with most of their interactions) has an interaction of another household
    nobody's    interactions on nobody's timeline: nobody shown, or under an identifier that counts as shared
    burst       of the log-ins (accounts; mail addresses in their regime) how many count as shared
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta, timezone
from itertools import combinations
from pathlib import Path
from statistics import median

import attrs

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from people import DAY_US, Contact, World
from rates import Rates

import omnitrack
from omnitrack import Sighting, identifier
from omnitrack.identifiers.scheme import content_id, get_scheme
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.partition import TOGETHER
from omnitrack.identity.policy import Limit, Policy
from omnitrack.identity.silences import begun
from omnitrack.model import Assurance
from omnitrack.storage.contract import ASSUMED, LINKABLE, NO_ID, RETIRED, SHARED, IdentifierRow, LinkRow

SCOPES = {"account": "bt"}
START = datetime(2023, 1, 1, tzinfo=timezone.utc)
REGIMES = ("own account", "mail log-in", "household account")


class Store:
    """The contacts of a regime as a store would have them: rows and links for the partition, and of each interaction the anchor and who it was."""

    def __init__(self, regime: str, people: int, seed: int, rates: Rates) -> None:
        self.world = World(people, seed, regime.split()[0], rates)
        self.tenures: dict[int, tuple[int, int]] = {}  # of a later holder: the number, and since when
        self._take(list(self.world.contacts()))

    def held(self, policy: Policy) -> Store:
        """Return the store as a policy has it of which silence tells the holders of numbers: by this rule, what was seen of a number in which step of
        time."""
        steps: dict[int, set[int]] = {}
        for contact in self.contacts:
            for x, assurance in dict(contact.shown).items():
                length = policy.step(self.kind(x))
                if length and assurance > 1:
                    steps.setdefault(x, set()).add(_time(contact.at) // length)
        other = copy(self)
        other.tenures = {}
        other.world = copy(self.world)
        other.world.kinds = self.world.kinds.copy()
        began: dict[int, list[tuple[int, int]]] = {}
        for x, seen in steps.items():
            for since in begun(seen, policy.step(self.kind(x))):
                later = other.world.new(self.kind(x))
                other.tenures[later] = (x, since)
                began.setdefault(x, [(-(2**63), x)]).append((since, later))
        other._take(
            [
                attrs.evolve(c, shown=tuple((_holder(began.get(x), _time(c.at), x), how) for x, how in c.shown))
                for c in self.contacts
            ]
        )
        return other

    def _take(self, contacts: list[Contact]) -> None:
        world = self.world
        self.contacts = contacts
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
        self.rows = sorted(self._row(x, id) for x, id in self.ids.items())
        self.links = [LinkRow(a, b, TOGETHER, s, NO_ID, at, e, 0) for (a, b, s), (at, e) in best.items()]

    def _row(self, x: int, id: bytes) -> IdentifierRow:
        first, since = self.tenures.get(x, (x, None))
        state = LINKABLE if since is None else LINKABLE | ASSUMED
        base = content_id(self.key_of(first), None)
        return IdentifierRow(id, id, id, self.kind(x), str(first), "", base, since, state, None, 0)

    def kind(self, x: int) -> str:
        """Return the scheme of an identifier."""
        return self.world.kinds[x] if x >= 0 else "x"

    def key_of(self, x: int) -> str:
        """Return an identifier as omnitrack writes it."""
        kind = self.kind(x)
        value = {"phone": f"+4477{x:08d}", "email": f"somebody{x}@mail{x % 97}.example.net"}.get(
            kind, f"n{abs(x) % 10**12}"
        )
        return f"{kind}:{value}@{SCOPES[kind]}" if kind in SCOPES else f"{kind}:{value}"

    def id_of(self, x: int) -> bytes:
        """Return an identifier's address, which settles ties as in a store."""
        found = self.ids.get(x)
        if found is None:
            first, since = self.tenures.get(x, (x, None))
            found = self.ids[x] = content_id(self.key_of(first), since)
        return found


def _time(at: float) -> int:
    """Return a time of the simulation in microseconds."""
    return int(START.timestamp()) * 1_000_000 + int(at * DAY_US)


def _holder(began: Sequence[tuple[int, int]] | None, at: int, x: int) -> int:
    return x if began is None else began[bisect_right(began, at, key=lambda one: one[0]) - 1][1]


@attrs.frozen(kw_only=True)
class Measured:
    """What a policy made of a regime."""

    precision: float
    recall: float
    mixed: float
    nobodys: float
    burst: float
    log_in: str
    shared: Counter[str]

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.3f}  recall {self.recall:.3f}  mixed {self.mixed:6.2%}  "
            f"nobody's {self.nobodys:6.2%}  burst {self.burst:6.2%} ({self.shared[self.log_in]})  shared: "
            + ", ".join(f"{n} {kind}s" for kind, n in sorted(self.shared.items()))
        )


def partitioned(store: Store, policy: Policy) -> tuple[dict[bytes, bytes], set[bytes]]:
    """Return the customer of each identifier, and which are shared, of a store as the policy has it."""
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
    store = store.held(policy) if policy.silence else store
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
        burst=of_kind[log_in] / of_all[log_in],
        log_in=log_in,
        shared=of_kind,
    )


#: One limit for each scheme of a neighbour, whatever it is a neighbour of: the defaults up to 0.1.
BEFORE = Policy(limits={"*": 8, "device": 20}, silence=None)


#: Limits of the curve, which ask less of a link than the defaults, or more.
CURVE: dict[str, dict[str, Limit]] = {
    "two addresses once beside each other join": {"email/email": 1},
    "a number and an account join where both are verified": {"phone/account": "verified"},
}
SILENT = (90, 120, 150, 180, 270, 365, 540)


def print_curve(people: int, seed: int, rates: Rates) -> None:
    """Print what less mixing costs, as ratios to the limits of before: by policies, and by how long a number may be silent and still be the same holder's."""
    for regime in REGIMES:
        store = Store(regime, people, seed, rates)
        before = measured(store, BEFORE)
        points = [("the defaults", Policy()), ("no silence is read", Policy(silence=None))]
        points += [(f"and {name}", Policy(limits=limits, silence=None)) for name, limits in CURVE.items()]
        points += [(f"a number begins anew after {days} days", Policy(silence={"phone": days})) for days in SILENT]
        print(regime)
        for name, policy in points:
            _print_point(name, before, measured(store, policy))


def _print_point(name: str, before: Measured, now: Measured) -> None:
    print(
        f"  {name:58s} mixed x{_ratio(now.mixed, before.mixed):.2f}  recall x{_ratio(now.recall, before.recall):.2f}  "
        f"nobody's {now.nobodys:6.2%}  burst {now.burst:.2%}",
        flush=True,
    )


def check(people: int, seed: int) -> None:
    """Record a small population interaction by interaction, in an order of its own, and compare who is whom with what is measured here."""
    for regime in REGIMES:
        store = Store(regime, people, seed, Rates.drawn(seed))
        names = {x: store.key_of(x) for x in store.ids}
        found = omnitrack.open("memory://")
        for number in random.Random(seed).sample(range(len(store.contacts)), len(store.contacts)):
            contact = store.contacts[number]
            customer = [Sighting(identifier(names[x]), Assurance(a)) for x, a in dict(contact.shown).items()]
            at = START + timedelta(microseconds=int(contact.at * DAY_US))
            found.record(channel="phone", occurred_at=at, customer=customer, source="population", source_id=str(number))
        assert found.verify()
        customer_of, shared = partitioned(store.held(Policy()), Policy())
        rows = [
            row for row in found._backend.run(lambda tx: tx.find_identifiers(), write=False) if not row.state & RETIRED
        ]
        assert {row.id for row in rows if row.state & SHARED} == shared
        groups: dict[bytes, set[bytes]] = {}
        for row in rows:
            groups.setdefault(row.customer, set()).add(row.id)
        wanted: dict[bytes, set[bytes]] = {}
        for x, home in customer_of.items():
            wanted.setdefault(home, set()).add(x)
        assert set(map(frozenset, groups.values())) == set(map(frozenset, wanted.values()))
        print(f"{regime}: recording {len(store.contacts)} interactions makes the same {len(wanted)} customers")


def compare(people: int, seed: int, rates: Rates, policies: Mapping[str, Policy]) -> dict[str, dict[str, Measured]]:
    """Measure policies in every regime and print what they make of it; return it by regime and policy."""
    found: dict[str, dict[str, Measured]] = {}
    for regime in REGIMES:
        store = Store(regime, people, seed, rates)
        print(f"{regime}: {len(store.anchors)} interactions, {len(store.rows)} identifiers, {len(store.links)} links")
        of = found[regime] = {name: measured(store, policy) for name, policy in policies.items()}
        for name, one in of.items():
            print(f"  {name:8s} {one}; mixed x{_ratio(one.mixed, of['before'].mixed):.2f}", flush=True)
    return found


def _ratio(one: float, other: float) -> float:
    return one / other if other else float(one > 0)


def print_range(draws: Sequence[dict[str, dict[str, Measured]]]) -> None:
    """Print how far apart the draws are, as ratios to the limits of before, best to worst."""
    print(f"{len(draws)} draws, as ratios to before:")
    for regime in REGIMES:
        for name in draws[0][regime]:
            if name == "before":
                continue
            pairs = [(draw[regime]["before"], draw[regime][name]) for draw in draws]
            mixed = sorted(_ratio(new.mixed, old.mixed) for old, new in pairs)
            recall = sorted((_ratio(new.recall, old.recall) for old, new in pairs), reverse=True)
            burst = max(new.burst for _, new in pairs)
            nobodys = max(new.nobodys for _, new in pairs)
            print(
                f"  {regime:17s} {name:8s} mixed x{mixed[0]:.2f} to x{mixed[-1]:.2f}, median x{median(mixed):.2f}; "
                f"recall x{recall[0]:.2f} to x{recall[-1]:.2f}; at most {burst:.2%} burst, {nobodys:.2%} nobody's"
            )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--draws", type=int, default=5, help="how many populations with other rates")
    parser.add_argument("--limits", type=json.loads, help="limits beside the defaults, as JSON")
    parser.add_argument("--curve", action="store_true", help="what less mixing costs, at the middle of the rates")
    parser.add_argument("--check", action="store_true", help="of 300 people, unless --people says how many")
    given = parser.parse_args(arguments)
    policies = {"before": BEFORE, "default": Policy()}
    if given.limits is not None:
        policies["yours"] = Policy(limits=given.limits)
    for seed in given.seeds:
        if given.check:
            check(min(given.people, 300), seed)
            continue
        print(f"seed {seed}, {given.people} people, three years")
        if given.curve:
            print_curve(given.people, seed, Rates())
            continue
        compare(given.people, seed, Rates(), policies)
        draws = []
        for number in range(seed * 1000, seed * 1000 + given.draws):
            print(f"rates drawn with seed {number}, {given.people // 5} people")
            draws.append(compare(given.people // 5, number, Rates.drawn(number), policies))
        if draws:
            print_range(draws)


if __name__ == "__main__":
    main()
