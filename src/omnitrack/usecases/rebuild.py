"""The whole store at once: the partition recomputed from the evidence, compared (verify) or written (rebuild)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.scheme import get_scheme
from omnitrack.identity.partition import REASSIGNED, TOGETHER, Partition, partition
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    OVERSIZED,
    RETIRED,
    SHARED,
    IdentifierChange,
    IdentifierRow,
    LinkRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS
from omnitrack.usecases.context import Context, Tenures
from omnitrack.usecases.evidence import links_of_entries
from omnitrack.usecases.filing import NO_FILING, find_filings
from omnitrack.usecases.neighbourhood import Cause, Plan

CHUNK = 5_000
MOST_PROBLEMS = 100


@attrs.frozen(slots=True, kw_only=True)
class VerifyReport:
    """Whether what the store says of who is whom is what the evidence says.

    Attributes:
        identifiers, links, interactions: how many were looked at.
        customers: how many customers the evidence makes.
        problems: what differs, in words, at most a hundred. total: how many differ.
    """

    identifiers: int
    links: int
    interactions: int
    customers: int
    problems: tuple[str, ...]
    total: int

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return self.total == 0

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        found = "nothing differs" if self.ok else f"{self.total} differences: " + "; ".join(self.problems[:10])
        return f"{self.identifiers} identifiers, {self.links} links, {self.interactions} interactions: {found}"


@attrs.frozen(slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did."""

    identifiers: int
    links: int
    customers: int
    moved: int  # identifiers that went to another customer
    updated: int  # whose derived fields changed in any way

    def __str__(self) -> str:
        return f"{self.identifiers} identifiers and {self.links} links make {self.customers} customers; {self.moved} identifiers went to another"


def read_identifiers(tx: Transaction) -> Iterator[IdentifierRow]:
    """Yield every identifier, in order of id."""
    after: bytes | None = None
    while True:
        rows = tx.find_identifiers(after=after, limit=CHUNK)
        yield from rows
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def read_links(tx: Transaction) -> Iterator[LinkRow]:
    """Yield every link, in order of key."""
    after: tuple[bytes, bytes, str, int, bytes] | None = None
    while True:
        rows = tx.find_links(after=after, limit=CHUNK)
        yield from rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][:5]


def linkable(ctx: Context, row: IdentifierRow) -> tuple[bool, str | None]:
    """Return whether an identifier may identify a person by the normal forms and the own list of today, and why not."""
    try:
        parsed = get_scheme(row.scheme).parse(row.value, scope=row.scope)
    except InvalidIdentifierError:
        return bool(row.state & LINKABLE), row.reason
    if ctx.own.matches(parsed):
        return False, "an address of the company"
    return parsed.linkable, parsed.reason


def verify(tx: Transaction, ctx: Context) -> VerifyReport:
    """Recompute links from entries and customers from links, and compare."""
    rows = {row.id: row for row in read_identifiers(tx)}
    links = list(read_links(tx))
    problems: list[str] = []
    total = 0

    def problem(text: str) -> None:
        nonlocal total
        total += 1
        if len(problems) < MOST_PROBLEMS:
            problems.append(text)

    def name(x: bytes) -> str:
        row = rows.get(x)
        return x.hex() if row is None else f"{row.scheme}:{mask(row.value)}"

    result = partition(rows, [x for x in links if x.a in rows and x.b in rows], ctx.policy)
    for x, row in rows.items():
        if result.customer[x] != row.customer:
            problem(f"{name(x)} is filed under another customer than its evidence says")
        if (x in result.shared) != bool(row.state & SHARED):
            problem(f"{name(x)} is {'not ' if x in result.shared else ''}marked as shared, against its evidence")
        if (x in result.oversized) != bool(row.state & OVERSIZED):
            problem(f"{name(x)} is wrongly marked as in an oversized component")
    for link in links:
        if link.a not in rows or link.b not in rows:
            problem(f"a link ({link.basis}) has an end that is no identifier")
    said: dict[bytes, set[tuple[int, bytes]]] = {}
    for link in links:
        if link.basis == REASSIGNED:
            said.setdefault(link.a, set()).add((link.seen, link.b))
    tenures: dict[bytes, Tenures] = {base: tuple(sorted(holders)) for base, holders in said.items()}
    for x, row in rows.items():
        if row.base == x and bool(row.state & HAS_HOLDERS) != (x in tenures):
            problem(f"{name(x)} is wrongly marked as {'not ' if x in tenures else ''}reassigned")
        if row.base != x and bool(row.state & RETIRED) != all(h != x for _, h in tenures.get(row.base, ())):
            problem(f"{name(x)} is a holder that is wrongly {'' if row.state & RETIRED else 'not '}retired")
    interactions = _verify_entries(tx, rows, links, tenures, problem, name)
    return VerifyReport(
        identifiers=len(rows),
        links=len(links),
        interactions=interactions,
        customers=len(set(result.customer.values())),
        problems=tuple(problems),
        total=total,
    )


def _verify_entries(
    tx: Transaction,
    rows: dict[bytes, IdentifierRow],
    links: Iterable[LinkRow],
    tenures: dict[bytes, Tenures],
    problem: Callable[[str], None],
    name: Callable[[bytes], str],
) -> int:
    stood: dict[tuple[bytes, bytes, int], LinkRow] = {}
    since: dict[bytes, dict[bytes, int | None]] = {}
    for one in rows.values():
        if one.base in tenures or one.base != one.id:
            since.setdefault(one.base, {one.base: None})[one.id] = one.since
    after: tuple[int, bytes] | None = None
    count = 0
    while True:
        found = tx.find_interactions(after=after, limit=CHUNK)
        count += len(found)
        entries = tx.list_entries(interactions=[row.id for row in found]) if found else []
        anchored = {e.interaction for e in entries if e.person >= 0}
        filings = find_filings(tx, anchored)
        for row in found:
            if row.id not in anchored:
                problem("an interaction is filed under nobody, not even among the unattributed")
        for entry in entries:
            if entry.identifier == NO_ID:
                continue
            holder = rows.get(entry.identifier)
            if holder is None:
                problem("an entry is filed under an identifier that is not there")
                continue
            wanted = filings.get(entry.interaction, NO_FILING).holder(
                entry, holder.base, tenures.get(holder.base, ()), since.get(holder.base, {holder.base: None})
            )
            if wanted != entry.identifier:
                problem(f"an entry of {name(entry.identifier)} is with another holder than its time says")
        for link in links_of_entries(entries):
            key = (link.a, link.b, link.assurance)
            if key not in stood or (link.seen, link.evidence) < (stood[key].seen, stood[key].evidence):
                stood[key] = link
        if len(found) < CHUNK:
            break
        after = (found[-1].occurred_at, found[-1].id)
    stored = {(x.a, x.b, x.assurance): x for x in links if x.basis == TOGETHER}
    for key in stood.keys() - stored.keys():
        problem(f"the link of {name(key[0])} and {name(key[1])} is missing")
    for key in stored.keys() - stood.keys():
        problem(f"the link of {name(key[0])} and {name(key[1])} has no evidence any more")
    for key in stored.keys() & stood.keys():
        if stored[key] != stood[key]:
            problem(f"the link of {name(key[0])} and {name(key[1])} is not dated by its earliest evidence")
    return count


@attrs.frozen(slots=True)
class Computed:
    """Who is whom by the evidence and the policy of today."""

    rows: dict[bytes, IdentifierRow]
    links: int
    result: Partition

    def report(self, moved: int, updated: int) -> RebuildReport:
        """Return what a rebuild did."""
        return RebuildReport(
            identifiers=len(self.rows),
            links=self.links,
            customers=len(set(self.result.customer.values())),
            moved=moved,
            updated=updated,
        )


def compute(tx: Transaction, ctx: Context) -> Computed:
    """Read all identifiers and links and compute who is whom by the policy of today."""
    rows: dict[bytes, IdentifierRow] = {}
    for row in read_identifiers(tx):
        may, reason = linkable(ctx, row)
        state = row.state | LINKABLE if may else row.state & ~LINKABLE
        rows[row.id] = row if (state, reason) == (row.state, row.reason) else row._replace(state=state, reason=reason)
    links = list(read_links(tx))
    result = partition(rows, [x for x in links if x.a in rows and x.b in rows], ctx.policy)
    return Computed(rows, len(links), result)


def write_computed(tx: Transaction, computed: Computed, ids: list[bytes], now: int) -> tuple[int, int]:
    """Write the derived fields of some identifiers; return how many changed, and how many went to another customer."""
    stored = {row.id: row for row in tx.find_identifiers(ids=ids)}
    result = computed.result
    updates = []
    for x, before in stored.items():
        wanted = computed.rows[x]
        state = wanted.state & ~(SHARED | OVERSIZED)
        state |= SHARED if x in result.shared else 0
        state |= OVERSIZED if x in result.oversized else 0
        after = IdentifierChange(x, result.customer[x], state, wanted.reason)
        if after[1:] != (before.customer, before.state, before.reason):
            updates.append(after)
    log = Plan(stored, [], result, updates).log(Cause(name="rebuild", at=now))
    tx.update_identifiers(updates, log)
    return len(updates), len(log)
