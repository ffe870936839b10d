"""The neighbourhood of a change: reads whatever a change of links can affect, partitions it anew, and returns the differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

import attrs

from omnitrack.foundation.ids import new_ids
from omnitrack.identity.partition import (
    DIFFERENT,
    EVIDENCE,
    PERSONAL,
    SAME,
    Partition,
    Reader,
    Statements,
    exclusive_classes,
    partition,
)
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import (
    NO_ID,
    OVERSIZED,
    SHARED,
    ChangeRow,
    IdentifierChange,
    IdentifierRow,
    LinkRow,
    Transaction,
)

LinkKey = tuple[bytes, bytes, str, int, bytes]


def link_key(link: LinkRow) -> LinkKey:
    """Return the unique key of a link."""
    return link[:5]


@attrs.frozen(slots=True, kw_only=True)
class Cause:
    """Why customers change: the operation, the statement or interaction behind it, and who made it."""

    name: str
    at: int
    ref: bytes = NO_ID
    by: str | None = None
    reason: str | None = None


@attrs.define(slots=True)
class Plan:
    """The differences that a change of links makes.

    Attributes:
        rows: the identifiers of the neighbourhood before the change.
        links: their links after the change.
        result: the partition of the neighbourhood after the change.
        updates: the derived fields of identifiers that change.
    """

    rows: dict[bytes, IdentifierRow]
    links: list[LinkRow]
    result: Partition
    updates: list[IdentifierChange]

    def moved(self) -> list[tuple[IdentifierRow, bytes]]:
        """Return the identifiers that change customer, each with the home that names the new one."""
        return [(self.rows[u.id], u.customer) for u in self.updates if u.customer != self.rows[u.id].customer]

    def log(self, cause: Cause, skip: Iterable[bytes] = ()) -> list[ChangeRow]:
        """Return the membership history of this plan; identifiers in ``skip`` are new and have no history yet."""
        left_out = set(skip)
        moved = [(row, new) for row, new in self.moved() if row.id not in left_out]
        return [
            ChangeRow(id, cause.at, row.id, row.customer, new, cause.name, cause.ref, cause.by, cause.reason)
            for id, (row, new) in zip(new_ids(len(moved)), moved)
        ]


class _Region:
    """Rows and links as they will be after the change, read on demand, each at most once."""

    def __init__(
        self,
        tx: Transaction,
        added: Sequence[LinkRow],
        removed: Iterable[LinkKey],
        fresh: Mapping[bytes, IdentifierRow],
        changed: Mapping[bytes, IdentifierRow],
        lock: bool,
    ) -> None:
        self._tx = tx
        self._removed = set(removed)
        self._fresh = fresh
        self._changed = changed
        self._lock = lock
        self._ahead = False  # whether a survey in advance was made and its rows are locked
        self.rows: dict[bytes, IdentifierRow] = dict(fresh)
        self._locked = set(fresh)
        self._linked: set[bytes] = set()
        self._classed: set[bytes] = set()
        self.links: dict[LinkKey, LinkRow] = {}
        self.of: dict[bytes, list[LinkKey]] = {}
        self._pending: dict[bytes, list[LinkRow]] = {}
        for link in added:
            for end in {link.a, link.b}:
                self._pending.setdefault(end, []).append(link)

    def read(self, ids: Iterable[bytes], *, lock: bool) -> None:
        """Read the rows of identifiers. Rows to lock are read again under the lock."""
        lock = lock and self._lock
        have: Container[bytes] = self._locked if lock else self.rows
        wanted = [x for x in dict.fromkeys(ids) if x not in have]
        if not wanted:
            return
        if lock:
            # Rows that the survey did not find may sort before rows already locked; waiting for their holder could deadlock.
            found = (self._tx.lock_more_identifiers if self._ahead else self._tx.lock_identifiers)(wanted)
            self._locked.update(wanted)
        else:
            found = self._tx.find_identifiers(ids=wanted)
        for row in found:
            self.rows[row.id] = self._changed.get(row.id, row)

    def connect(self, ids: Iterable[bytes]) -> None:
        """Read every link of identifiers. Each is locked first, because a writer that adds a link locks both its ends."""
        wanted = [x for x in dict.fromkeys(ids) if x not in self._linked]
        self.read(wanted, lock=True)
        stored = [x for x in wanted if x not in self._fresh]
        self._linked.update(wanted)
        found = self._tx.find_links(stored) if stored else []
        for x in wanted:
            for link in self._pending.get(x, ()):
                self._take(link)
        for link in found:
            if link_key(link) not in self._removed:
                self._take(link)

    def follow(self, ahead: _Region, rows: Iterable[bytes]) -> None:
        """Lock all that a survey reached at once, in order of ids, and read again all that it read, instead of finding it step by step.

        Args:
            ahead: the region that the survey read.
            rows: the identifiers of the neighbourhood that the survey found.
        """
        self.read(
            [*self._pending, *(end for key in self._removed for end in key[:2]), *rows, *ahead._linked], lock=True
        )
        self.connect(ahead._linked)
        self.read(ahead.rows, lock=False)
        self._ahead = True

    def _take(self, link: LinkRow) -> None:
        key = link_key(link)
        known = self.links.get(key)
        if known is None:
            self.links[key] = link
            for end in {link.a, link.b}:
                self.of.setdefault(end, []).append(key)
        elif (link.seen, link.evidence) < (known.seen, known.evidence):
            self.links[key] = link

    def links_of(self, ids: Iterable[bytes]) -> list[LinkRow]:
        """Return the links of identifiers that have been read, each once."""
        keys = dict.fromkeys(key for x in ids for key in self.of.get(x, ()))
        return [self.links[key] for key in keys]

    def neighbours(self, ids: Iterable[bytes]) -> list[bytes]:
        """Return the identifiers at the other ends of their links."""
        own = set(ids)
        return list(dict.fromkeys(end for link in self.links_of(own) for end in (link.a, link.b) if end not in own))

    def classify(self, ids: Iterable[bytes], policy: Policy) -> list[bytes]:
        """Read all statements that may make values of an exclusive scheme one, along whole chains of statements, and return all values reached.

        A value in the middle of a chain may be far from the change."""
        reached: dict[bytes, None] = {}
        frontier = [x for x in ids if x in self.rows and policy.exclusive(self.rows[x].scheme)]
        while frontier:
            reached.update(dict.fromkeys(frontier))
            self.connect(frontier)
            said = [link for link in self.links_of(frontier) if link.basis == SAME]
            self.read((end for link in said for end in (link.a, link.b)), lock=False)
            frontier = []
            for link in said:
                a, b = self.rows.get(link.a), self.rows.get(link.b)
                if a is not None and b is not None and (a.scheme, a.scope) == (b.scheme, b.scope):
                    frontier += [end for end in (link.a, link.b) if end not in reached]
        self._classed.update(reached)
        return list(reached)

    def classes(self, policy: Policy) -> dict[bytes, bytes]:
        """Return the exclusive classes among all values classified so far."""
        said = [link for link in self.links_of(self._classed) if link.basis in (SAME, DIFFERENT)]
        return exclusive_classes(self.rows, Statements(said), policy.exclusive)


def plan_change(
    tx: Transaction,
    policy: Policy,
    *,
    added: Sequence[LinkRow] = (),
    removed: Sequence[LinkRow] = (),
    fresh: Mapping[bytes, IdentifierRow] | None = None,
    changed: Mapping[bytes, IdentifierRow] | None = None,
    touched: Iterable[bytes] = (),
    lock: bool = True,
    explained: bool = False,
    around_shared: bool = False,
) -> Plan:
    """Compute the partition of the neighbourhood that a change of links can affect. Writes nothing.

    Args:
        tx: the transaction to read in and, if ``lock`` is set, to lock rows in.
        policy: the policy that decides which links join.
        added: links that the change adds.
        removed: links that the change removes.
        fresh: identifiers created in this transaction, which have no links in the store yet.
        changed: rows whose own state the caller is changing.
        touched: further identifiers to look at.
        lock: whether rows are locked before they are read.
        explained: whether to find out why each shared identifier at the border is shared, which reads all its links, and to include the other ends of
            conflicts.
        around_shared: whether to go on from the neighbours of touched identifiers that are shared.
    """
    change = _Change(policy, added, removed, list(changed or ()), list(touched), explained, around_shared)
    keys = list(map(link_key, removed))
    region = _Region(tx, added, keys, fresh or {}, changed or {}, lock)
    if lock and not tx.serialised:
        # Writers run in parallel: survey first, then lock everything at once in order of ids. Two changes of one neighbourhood then wait
        # for each other instead of each holding rows that the other needs. Whatever was added meanwhile is locked on the way.
        ahead = _Region(tx, added, keys, fresh or {}, changed or {}, False)
        seen = _survey(ahead, change)
        region.follow(ahead, seen.rows)
        if region.rows == ahead.rows and region.links == ahead.links:  # no other writer intervened
            return _plan(ahead, change, seen)
    return _plan(region, change, _survey(region, change))


@attrs.frozen(slots=True)
class _Change:
    """The arguments of ``plan_change``; see there."""

    policy: Policy
    added: Sequence[LinkRow]
    removed: Sequence[LinkRow]
    changed: Sequence[bytes]
    touched: Sequence[bytes]
    explained: bool
    around_shared: bool


@attrs.frozen(slots=True)
class _Survey:
    """How far a change reaches.

    Attributes:
        rows: the identifiers of the neighbourhood.
        inside: those to be partitioned anew.
        border: the shared identifiers around them, each with the reason why it is shared.
        outside: the other ends of conflicts, if an explanation is wanted.
        judged: those that were checked anew for being shared, each with the reason or None.
    """

    rows: dict[bytes, IdentifierRow]
    inside: Mapping[bytes, None]
    border: Mapping[bytes, str | None]
    outside: Mapping[bytes, None]
    judged: Mapping[bytes, str | None]


def _survey(region: _Region, change: _Change) -> _Survey:
    """Read all that a change can affect."""
    policy, added, removed = change.policy, change.added, change.removed
    ends: dict[
        bytes, bool
    ] = {}  # whether a shared one must be read whole: evidence that is only added cannot make it less shared
    exclusives: list[bytes] = []
    reopened: list[bytes] = list(change.changed)
    for link in added:
        weak = link.basis in EVIDENCE
        for end in (link.a, link.b):
            ends[end] = ends.get(end, False) or not weak
    for link in removed:
        ends[link.a] = ends[link.b] = True
    for x in (*change.touched, *change.changed):
        ends[x] = True
    for link in (*added, *removed):
        if link.basis in (SAME, DIFFERENT):
            exclusives += (link.a, link.b)
        elif link.basis == PERSONAL:
            reopened.append(link.a)
    region.read(ends, lock=True)

    def row_shared(x: bytes) -> bool:
        row = region.rows.get(x)
        return row is not None and bool(row.state & SHARED)

    judged = {x: None for x, whole in ends.items() if x in region.rows and (whole or not row_shared(x))}
    region.connect(judged)
    stated = [x for x in dict.fromkeys(exclusives) if x in region.rows and policy.exclusive(region.rows[x].scheme)]
    if stated:
        # Joining or separating two values changes the counts of all identifiers that touch both, and of those that touch the other values of
        # their classes.
        values = region.classify(stated, policy)
        touching = Counter(end for x in values for end in region.neighbours([x]))
        more = [*values, *(x for x, count in touching.items() if count > 1)]
        region.connect(more)
        judged.update((x, None) for x in more if x in region.rows)
    _read_classes(region, policy, judged)
    reader = Reader(region.rows, region.links_of(judged), policy, region.classes(policy))
    verdict = {x: reader.shared(x) for x in judged}
    start: dict[bytes, None] = {}
    for x in judged:
        flipped = (verdict[x] is not None) != row_shared(x)
        if verdict[x] is None:
            start[x] = None
        if flipped or x in reopened or (change.around_shared and verdict[x] is not None):
            start.update(dict.fromkeys(region.neighbours([x])))
    inside, border = _explore(region, policy, start, verdict)
    border.update((x, reason) for x, reason in verdict.items() if x not in inside)
    outside: dict[bytes, None] = {}
    if change.explained:
        _give_reasons(region, policy, border, verdict)
        outside = _beyond(region, policy, (*inside, *border))
    return _Survey({x: region.rows[x] for x in (*inside, *border, *outside)}, inside, border, outside, verdict)


def _plan(region: _Region, change: _Change, survey: _Survey) -> Plan:
    """Return the plan for what a survey found."""
    policy, rows, inside, border = change.policy, survey.rows, survey.inside, survey.border
    links = region.links_of((*inside, *border))
    # Which identifiers are shared is already known: judged above, or stored and out of reach of this change. Counting again here would miss
    # neighbours by evidence that does not join, which are not part of the neighbourhood.
    given = {**dict.fromkeys((*inside, *survey.outside)), **border}
    result = partition(rows, links, policy, given, region.classes(policy))
    result.customer.update((x, rows[x].customer) for x in survey.outside)
    settled = (*inside, *(x for x in border if x in survey.judged))
    return Plan(rows, links, result, _updates(settled, rows, result))


def _beyond(region: _Region, policy: Policy, ids: Iterable[bytes]) -> dict[bytes, None]:
    """Return the outer ends of links that are held back. They are not part of the neighbourhood, but an explanation names them."""
    known = set(ids)
    region.read(region.neighbours(known), lock=False)
    _, conflicts = Reader(region.rows, region.links_of(known), policy).edges({})
    ends = {end for conflict in conflicts for end in (conflict.edge.a, conflict.edge.b)}
    return dict.fromkeys(sorted(ends - known))


def _give_reasons(
    region: _Region, policy: Policy, border: dict[bytes, str | None], verdict: Mapping[bytes, str | None]
) -> None:
    unsaid = [x for x in border if x not in verdict]
    region.connect(unsaid)
    _read_classes(region, policy, unsaid)
    reader = Reader(region.rows, region.links_of(unsaid), policy, region.classes(policy))
    border.update((x, reader.shared(x) or border[x]) for x in unsaid)


def _read_classes(region: _Region, policy: Policy, ids: Iterable[bytes]) -> None:
    """Read the rows of all neighbours, and the statements that decide which values of exclusive schemes count as one: of the identifiers
    themselves, and of neighbours if an identifier has two of one kind."""
    ids = list(ids)
    region.read(region.neighbours(ids), lock=False)
    wanted = list(ids)
    for x in ids:
        keys = region.of.get(x, ())
        if len(keys) < 2:
            continue
        kinds: dict[tuple[str, str], set[bytes]] = {}
        for key in keys:
            other = key[1] if key[0] == x else key[0]
            row = region.rows.get(other)
            if row is not None and other != x and policy.exclusive(row.scheme):
                kinds.setdefault((row.scheme, row.scope), set()).add(other)
        wanted += [other for others in kinds.values() if len(others) > 1 for other in sorted(others)]
    region.classify(wanted, policy)


def _explore(
    region: _Region, policy: Policy, start: Iterable[bytes], verdict: Mapping[bytes, str | None]
) -> tuple[dict[bytes, None], dict[bytes, str | None]]:
    """Follow the links that may join from ``start`` outwards. Shared identifiers become the border, where it stops."""
    inside: dict[bytes, None] = {}
    border: dict[bytes, str | None] = {}
    frontier = list(start)
    while frontier:
        region.read(frontier, lock=True)
        found: list[bytes] = []
        for x in frontier:
            row = region.rows.get(x)
            if row is None or x in inside:
                continue
            if (verdict[x] is not None) if x in verdict else bool(row.state & SHARED):
                border[x] = verdict.get(x) or "shared"
            else:
                inside[x] = None
                found.append(x)
        region.connect(found)
        _read_classes(region, policy, found)
        links = region.links_of(found)
        reader = Reader(region.rows, links, policy)
        edges, _ = reader.edges({})
        frontier = [
            end
            for end in dict.fromkeys(end for edge in edges for end in (edge.a, edge.b))
            if end not in inside and end not in border
        ]
    return inside, border


def _updates(ids: Iterable[bytes], rows: Mapping[bytes, IdentifierRow], result: Partition) -> list[IdentifierChange]:
    updates = []
    for x in ids:
        row = rows[x]
        state = row.state & ~(SHARED | OVERSIZED)
        if x in result.shared:
            state |= SHARED
        if x in result.oversized:
            state |= OVERSIZED
        if state != row.state or result.customer[x] != row.customer:
            updates.append(IdentifierChange(x, result.customer[x], state, row.reason))
    return updates
