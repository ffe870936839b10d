"""The verification of a whole store, and the reports of verify and rebuild."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import attrs

from omnitrack.errors import mask
from omnitrack.foundation.anchor_override import NO_OVERRIDE, AnchorOverride, find_overrides
from omnitrack.foundation.context import Context, Tenures
from omnitrack.foundation.evidence import entries_of, links_of_entries
from omnitrack.harmless import one_line
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.integer_graph import Index
from omnitrack.identity.partition import EVIDENCE, REASSIGNED, TOGETHER
from omnitrack.identity.tenures import ASSUMPTION, ONE_HOLDER, Held
from omnitrack.model import Role
from omnitrack.reading.everything import pages_of_identifiers, pages_of_links
from omnitrack.statements.proofs import beside_entries, read_sightings
from omnitrack.storage.contract import (
    ASSUMED,
    NO_ID,
    OVERSIZED,
    RETIRED,
    SHARED,
    EntryRow,
    IdentifierRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS
from omnitrack.upkeep.handles import Handles
from omnitrack.upkeep.restate import verify_statements
from omnitrack.upkeep.silences import Silences
from omnitrack.values import Value

CHUNK = 5_000
MOST_PROBLEMS = 100


@attrs.frozen(slots=True, kw_only=True)
class VerifyReport(Value):
    """The result of verify(): whether the stored customers agree with the evidence.

    Attributes:
        identifiers: number of identifiers checked.
        links: number of links checked.
        interactions: number of interactions checked.
        customers: number of customers by the evidence.
        problems: descriptions of the differences, at most a hundred.
        total: the number of differences.
    """

    identifiers: int
    links: int
    interactions: int
    customers: int
    problems: tuple[str, ...]
    total: int

    _DERIVED = ("ok",)

    @property
    def ok(self) -> bool:
        """True if nothing differs."""
        return self.total == 0

    def __bool__(self) -> bool:
        return self.ok

    @one_line
    def __str__(self) -> str:
        found = "nothing differs" if self.ok else f"{self.total} differences: " + "; ".join(self.problems[:10])
        return f"{self.identifiers} identifiers, {self.links} links, {self.interactions} interactions: {found}"


@attrs.frozen(slots=True, kw_only=True)
class RebuildReport(Value):
    """The result of a rebuild, in numbers.

    Attributes:
        identifiers: number of identifiers.
        links: number of links.
        customers: number of customers.
        moved: number of identifiers that moved to another customer.
        updated: number of identifiers with any change of derived fields.
    """

    identifiers: int
    links: int
    customers: int
    moved: int  # identifiers that went to another customer
    updated: int  # whose derived fields changed in any way

    @one_line
    def __str__(self) -> str:
        return f"{self.identifiers} identifiers and {self.links} links make {self.customers} customers; {self.moved} identifiers went to another"


class _Problems:
    """The differences found: their number, and descriptions of the first."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.words: list[str] = []
        self.total = 0

    def add(self, text: str, *ids: bytes) -> None:
        """Add a difference; each ``{}`` in the text stands for an identifier in turn."""
        self.total += 1
        if len(self.words) < MOST_PROBLEMS:
            self.words.append(text.format(*map(self._name, ids)))

    def _name(self, x: bytes) -> str:
        rows = self._tx.find_identifiers(ids=[x])
        return f"{rows[0].scheme}:{mask(rows[0].value)}" if rows else x.hex()


class _Together:
    """Compares the stored links of sightings with those that the entries show, in some 200 bytes a link."""

    def __init__(self) -> None:
        self._place: dict[bytes, int] = {}
        self._seen, self._evidence = array("q"), bytearray()
        self._found_seen, self._found_evidence, self._found = array("q"), bytearray(), bytearray()
        self._missing: set[bytes] = set()

    @staticmethod
    def _key(link: LinkRow) -> bytes:
        return link.a + link.b + bytes((link.assurance,))

    def add(self, link: LinkRow) -> None:
        """Add a stored link."""
        self._place[self._key(link)] = len(self._seen)
        self._seen.append(link.seen)
        self._evidence += link.evidence
        self._found_seen.append(0)
        self._found_evidence += NO_ID
        self._found.append(0)

    def find(self, link: LinkRow) -> None:
        """Add a link that entries show; of several with one key the earliest counts."""
        place = self._place.get(self._key(link))
        if place is None:
            self._missing.add(self._key(link))
            return
        evidence = slice(place * 16, place * 16 + 16)
        known = (self._found_seen[place], bytes(self._found_evidence[evidence]))
        if not self._found[place] or (link.seen, link.evidence) < known:
            self._found[place] = 1
            self._found_seen[place] = link.seen
            self._found_evidence[evidence] = link.evidence

    def compare(self, problems: _Problems) -> None:
        """Report the differences."""
        for key in sorted(self._missing):
            problems.add("the link of {} and {} is missing", key[:16], key[16:32])
        for key, place in self._place.items():
            evidence = slice(place * 16, place * 16 + 16)
            if not self._found[place]:
                problems.add("the link of {} and {} has no evidence any more", key[:16], key[16:32])
            elif (self._seen[place], self._evidence[evidence]) != (
                self._found_seen[place],
                self._found_evidence[evidence],
            ):
                problems.add("the link of {} and {} is not dated by its earliest evidence", key[:16], key[16:32])


def verify(tx: Transaction, ctx: Context) -> VerifyReport:
    """Recompute links from entries and customers from links, and compare."""
    problems = _Problems(tx)
    bulk, handles, silences = Bulk(ctx.policy), Handles(), Silences(ctx)
    customers, states = bytearray(), array("i")
    held: dict[bytes, IdentifierRow] = {}  # reassigned identifiers and their later holders
    for rows in pages_of_identifiers(tx):
        bulk.add_identifiers(rows)
        handles.add(rows)
        silences.add(rows)
        customers += b"".join(row.customer for row in rows)
        states.extend(row.state for row in rows)
        held.update((row.id, row) for row in rows if row.base != row.id or row.state & HAS_HOLDERS)
    together = _Together()
    stated: list[LinkRow] = []
    said: dict[bytes, set[tuple[int, bytes]]] = {}
    assumed: set[bytes] = set()
    count = 0
    for links in pages_of_links(tx):
        count += len(links)
        bulk.add_links(links)
        for link, a, b in zip(links, bulk.index.find([x.a for x in links]), bulk.index.find([x.b for x in links])):
            if a < 0 or b < 0:
                problems.add(f"a link ({link.basis}) has an end that is no identifier")
            if link.basis not in EVIDENCE and (link.basis, link.ref) != (REASSIGNED, NO_ID):
                stated.append(link)
            if link.basis == TOGETHER:
                together.add(link)
                if link.ref != NO_ID or link.score:
                    problems.add("the link of {} and {} has what evidence does not have", link.a, link.b)
            elif link.basis == REASSIGNED:
                said.setdefault(link.a, set()).add((link.seen, link.b))
                assumed.update((link.b,) if link.assurance == ASSUMPTION else ())
    census = bulk.solve()
    for start in range(0, len(states), CHUNK):
        for place, x in enumerate(census.index.ids(start, start + CHUNK), start):
            state = states[place]
            if census.customer_at(place) != customers[place * 16 : place * 16 + 16]:
                problems.add("{} is filed under another customer than its evidence says", x)
            if census.shared[place] != bool(state & SHARED):
                problems.add(
                    f"{{}} is {'not ' if census.shared[place] else ''}marked as shared, against its evidence", x
                )
            if census.oversized[place] != bool(state & OVERSIZED):
                problems.add("{} is wrongly marked as in an oversized component", x)
    tenures: dict[bytes, Tenures] = {base: tuple(sorted(holders)) for base, holders in said.items()}
    _verify_holders(held, tenures, assumed, census.index, problems)
    proven = _verify_tenures(tx, ctx, handles.find(tx, ctx, census.index), problems)
    interactions = _verify_entries(tx, ctx, census.index, held, proven, together, silences, problems)
    together.compare(problems)
    verify_statements(tx, tenures, stated, problems.add)
    if ctx.known.matching:
        _verify_index(tx, ctx, census.index, problems)
    return VerifyReport(
        identifiers=len(states),
        links=count,
        interactions=interactions,
        customers=census.customers(),
        problems=tuple(problems.words),
        total=problems.total,
    )


def _verify_index(tx: Transaction, ctx: Context, index: Index, problems: _Problems) -> None:
    """Compare the matching index with the identifiers and their stored traits, in eight bytes an identifier."""
    from omnitrack.reading.profiles import counted, index_afresh, said_of  # imports numpy, which only matching needs
    from omnitrack.records import BLOCK, PROFILE

    sums = array("q", bytes(8 * len(index)))

    def count(records: Sequence[RecordRow]) -> None:
        found = [counted(record) for record in records]
        for place, (_, number) in zip(index.find([x for x, _ in found]), found):
            if place < 0:
                problems.add("the index for matching has an identifier that is not there")
            else:
                sums[place] ^= number

    for rows in pages_of_identifiers(tx):
        count(index_afresh(rows, said_of(tx, rows), ctx.region))
    for kind in (BLOCK, PROFILE):
        after: str | None = None
        while records := tx.find_records(kind, after=after, limit=CHUNK):
            count(records)
            after = records[-1].key
    for start in range(0, len(sums), CHUNK):
        for place, x in enumerate(index.ids(start, start + CHUNK), start):
            if sums[place]:
                problems.add("the index for matching says of {} what is not stored with it, or leaves it out", x)


def _verify_holders(
    held: Mapping[bytes, IdentifierRow],
    tenures: Mapping[bytes, Tenures],
    assumed: Collection[bytes],
    index: Index,
    problems: _Problems,
) -> None:
    there = list(tenures)
    for x, place in zip(there, index.find(there)):
        if place >= 0 and x not in held:
            problems.add("{} is wrongly marked as not reassigned", x)
    for x, row in held.items():
        if row.base == x and x not in tenures:
            problems.add("{} is wrongly marked as reassigned", x)
        if bool(row.state & ASSUMED) != (x in assumed):
            problems.add("{} is wrongly marked as a holder by silence, or not", x)
        if row.base != x and bool(row.state & RETIRED) != all(h != x for _, h in tenures.get(row.base, ())):
            problems.add(f"{{}} is a holder that is wrongly {'' if row.state & RETIRED else 'not '}retired", x)


def _verify_tenures(tx: Transaction, ctx: Context, bases: Sequence[bytes], problems: _Problems) -> dict[bytes, Held]:
    found: dict[bytes, Held] = {}
    for start in range(0, len(bases), CHUNK):
        for row in tx.find_identifiers(ids=bases[start : start + CHUNK]):
            sightings = read_sightings(tx, ctx, row, steps=())
            found[row.id] = sightings.held(ctx)
            if not sightings.settled(found[row.id]):
                problems.add("{} has other holders than the ids that it was seen with prove", row.id)
    return found


def _verify_entries(
    tx: Transaction,
    ctx: Context,
    index: Index,
    held: Mapping[bytes, IdentifierRow],
    proven: Mapping[bytes, Held],
    together: _Together,
    silences: Silences,
    problems: _Problems,
) -> int:
    ids = {id for one in proven.values() for _, id in one.proven}
    after: tuple[int, bytes] | None = None
    count = 0
    while True:
        found = tx.find_interactions(after=after, limit=CHUNK)
        count += len(found)
        entries = tx.list_entries(interactions=[row.id for row in found]) if found else []
        anchored = {e.interaction for e in entries if e.person >= 0}
        overrides = find_overrides(tx, anchored)
        for interaction in found:
            if interaction.id not in anchored:
                problems.add("an interaction is filed under nobody, not even among the unattributed")
        _verify_notes(tx, entries, overrides, problems)
        silences.see(index, entries, overrides)
        several = [e for e in entries if (held[e.identifier].base if e.identifier in held else e.identifier) in proven]
        beside = beside_entries(tx, ctx, overrides, several, ids, entries)
        for entry, place in zip(entries, index.find([e.identifier for e in entries])):
            x = entry.identifier
            if x == NO_ID:
                continue
            if place < 0:
                problems.add("an entry is filed under an identifier that is not there")
                continue
            base = held[x].base if x in held else x
            override = overrides.get(entry.interaction, NO_OVERRIDE)
            if override.holder(entry, base, proven.get(base, ONE_HOLDER), beside(entry)) != x:
                problems.add("an entry of {} is with another holder than its time and the ids beside it say", x)
        for link in links_of_entries(entries):
            together.find(link)
        if len(found) < CHUNK:
            _verify_tenures(tx, ctx, sorted(silences.found.difference(proven)), problems)
            return count
        after = (found[-1].occurred_at, found[-1].id)


def _verify_notes(
    tx: Transaction, entries: list[EntryRow], overrides: Mapping[bytes, AnchorOverride], problems: _Problems
) -> None:
    beside = {id: override.beside for id, override in overrides.items() if override.beside is not None}
    places: dict[bytes, set[tuple[int, bytes]]] = {}
    for entry in chain(entries_of(tx, sorted(set(beside.values()))), (e for e in entries if e.interaction in beside)):
        if entry.role == Role.ANCHOR:
            places.setdefault(entry.interaction, set()).add((entry.person, entry.identifier))
    for note, interaction in beside.items():
        if places.get(note) != places.get(interaction):
            problems.add("a note is with somebody else than the interaction beside which it stands")
