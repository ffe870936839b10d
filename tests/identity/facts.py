"""Facts that tests tell a store: a small world of identifiers, what can be said of them, and strategies that make it collide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
from hypothesis import strategies as st

import omnitrack
from calling import record
from omnitrack.errors import CustomerNotFoundError
from omnitrack.identifiers import account, email, phone, social
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.policy import Policy
from omnitrack.identity.statement import Statement
from omnitrack.model import Assurance, Interaction, Sighting
from omnitrack.storage.contract import RETIRED, SHARED, IdentifierRow
from omnitrack.tracker import Tracker

START = datetime(2026, 1, 1, tzinfo=timezone.utc)

#: Few, so that they meet; two accounts more in one scope than a chain of statements needs to have a middle.
WORLD: tuple[Identifier, ...] = (
    phone("+442079460001"),
    phone("+442079460002"),
    email("ann@example.com"),
    email("ben@example.com"),
    account("A1", scope="bt"),
    account("A2", scope="bt"),
    account("A3", scope="bt"),
    account("A4", scope="bt"),
    account("A1", scope="ee"),
    social("x", "ann"),
    email("info@example.com"),  # a role mailbox: it may not identify
)

#: Low, so that every limit is met.
TIGHT = Policy(limits={"*": 2, "email": 1}, max_identifiers=4, max_component=6)
#: What a number may have is not what an address or an account may have, so that either end of a link may be the shared one.
PAIRS = Policy(
    limits={
        "*": 2,
        ("phone", "email"): 1,
        ("phone", "account"): 2,
        ("x", "*"): 1,
        ("email", "phone"): None,
        ("account", "*"): None,
    },
    max_identifiers=5,
    max_component=7,
)
#: Of some pairs only verified links count, said of either end.
VERIFIED_PAIRS = Policy(
    limits={
        "*": 2,
        ("phone", "phone"): "verified",
        ("email", "email"): "verified",
        ("phone", "account"): "verified",
        ("email", "x"): "verified",
        ("x", "email"): 1,
    },
    max_identifiers=5,
    max_component=7,
)
POLICIES = (
    TIGHT,
    PAIRS,
    PAIRS,
    Policy(limits={"*": 2}, max_identifiers=3, max_component=None),
    Policy(limits={"*": None, "account": 2}, max_identifiers=None, max_component=5),
    Policy(limits={"*": 3}, max_identifiers=4, max_component=6, merges_at="verified"),
    Policy(limits=None, max_identifiers=4, max_component=6),
    VERIFIED_PAIRS,
    VERIFIED_PAIRS,
)


def when(minute: int) -> datetime:
    """Return a time of the small world."""
    return START + timedelta(minutes=minute)


@attrs.frozen
class Seen:
    """One interaction: who was in it, by number in the world, with what assurance."""

    name: str
    minute: int
    people: tuple[tuple[tuple[int, int], ...], ...]
    participants: tuple[int, ...] = ()

    def interaction(self) -> Interaction:
        """Return what record_many() takes."""
        return Interaction(
            channel="chat",
            occurred_at=when(self.minute),
            direction="inbound",
            customers=[[Sighting(WORLD[x], Assurance(a)) for x, a in person] for person in self.people],
            participants=[WORLD[x] for x in self.participants],
            source="test",
            source_id=self.name,
        )


Holder = tuple[int, int | None]  # number in the world, minute since when; None for the first

LAST = 10**6  # a minute after every other


@attrs.frozen
class Pin:
    """A holder who was named by customer id, and the minute in their tenure, as it was known then, that this is about."""

    holder: Holder
    minute: float


@attrs.frozen
class Said:
    """One statement: a kind, one or two numbers in the world, the time that it is about."""

    kind: str
    a: int
    b: int | None
    minute: int
    pins: tuple[Pin | None, Pin | None] = (
        None,
        None,
    )  # which holders of a and b were named, where these were named by customer id

    def statement(self, ids: Sequence[str | None] = (None, None)) -> Statement:
        """Return what the tracker takes; ``ids``: customer ids by which to name a and b."""
        b = None if self.b is None else ids[1] or WORLD[self.b]
        return Statement(kind=self.kind, a=ids[0] or WORLD[self.a], b=b, at=when(self.minute))


Fact = Seen | Said


def tell(tracker: Tracker, fact: Fact) -> Any:
    """Tell a tracker a fact; return what it returned."""
    if isinstance(fact, Said):
        return tracker._say(fact.statement())
    return record(tracker, fact.interaction())


def name_of(row: IdentifierRow) -> str:
    """Return what a test calls a holder: its key, and since when it has it."""
    key = f"{row.scheme}:{row.value}@{row.scope}" if row.scope else f"{row.scheme}:{row.value}"
    return key if row.since is None else f"{key} from {row.since}"


@attrs.frozen
class State:
    """Who is whom, and whose each interaction is, in words that no order of arrival changes."""

    groups: frozenset[frozenset[str]]  # of two and more
    shared: frozenset[str]
    filed: Mapping[str, frozenset[tuple[str, int, int, int]]]  # by source id: (holder, person, role, assurance)


def state_of(tracker: Tracker) -> State:
    """Read the state of a whole store."""

    def read(tx: Any) -> State:
        rows = {row.id: row for row in tx.find_identifiers()}
        groups: dict[bytes, set[str]] = {}
        for row in rows.values():
            if not row.state & RETIRED:
                groups.setdefault(row.customer, set()).add(name_of(row))
        found = [i for i in tx.find_interactions() if i.source_id is not None]  # without notes: they change nothing
        entries = tx.list_entries(interactions=[i.id for i in found]) if found else []
        filed: dict[str, set[tuple[str, int, int, int]]] = {i.source_id or "": set() for i in found}
        names = {i.id: i.source_id or "" for i in found}
        touched = set()
        for e in entries:
            touched.add(e.identifier)
            holder = name_of(rows[e.identifier]) if e.identifier in rows else ""
            filed[names[e.interaction]].add((holder, e.person, e.role, e.assurance))
        for link in tx.find_links():
            touched |= {link.a, link.b}
        shared = {name_of(r) for r in rows.values() if r.state & SHARED and r.id in touched}
        return State(
            frozenset(frozenset(g) for g in groups.values() if len(g) > 1),
            frozenset(shared),
            {name: frozenset(e) for name, e in filed.items()},
        )

    return tracker._backend.run(read, write=False)


def check(tracker: Tracker) -> None:
    """Assert that what is stored is what the evidence says."""
    report = tracker.verify()
    assert report.ok, str(report)


# -- strategies -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Undo:
    """Take back one of the statements that hold, whichever ``pick`` falls on."""

    pick: int


@attrs.frozen
class Attribute:
    """Say whose one of the interactions is, whichever ``pick`` falls on."""

    pick: int
    x: int
    holder: int | None = None  # which holder of x is named by customer id, as picked; None: x is named


@attrs.frozen
class ById:
    """Say a statement in which ends are named by customer id: whichever holder of the identifier the pick falls on; None: the identifier is named."""

    said: Said
    picks: tuple[int | None, int | None]


Step = Fact | Undo | Attribute | ById

assurances = st.sampled_from((1, 2, 2, 2, 3))
minutes = st.integers(0, 6)
numbers = st.integers(0, len(WORLD) - 1)
picks = st.one_of(st.none(), st.integers(0, 5))
policies = st.sampled_from(POLICIES)


@st.composite
def people(draw: st.DrawFn) -> tuple[tuple[tuple[int, int], ...], ...]:
    """One person as a rule, two now and then; of each one to three identifiers."""
    many = draw(st.sampled_from((1, 1, 1, 2)))
    person = st.lists(st.tuples(numbers, assurances), min_size=1, max_size=3, unique_by=lambda s: s[0])
    return tuple(tuple(draw(person)) for _ in range(many))


sightings: st.SearchStrategy[Seen] = st.builds(
    Seen, st.just(""), minutes, people(), st.lists(numbers, max_size=2, unique=True).map(tuple)
)


@st.composite
def statements(draw: st.DrawFn) -> Said:
    """One statement that the engine takes: nobody can be linked with what may not identify."""
    kind = draw(st.sampled_from(("same", "same", "different", "shared", "personal", "reassigned")))
    linkable = numbers.filter(lambda n: WORLD[n].linkable) if kind in ("same", "personal") else numbers
    a = draw(linkable)
    b = draw(linkable.filter(lambda n: n != a)) if kind in ("same", "different", "personal") else None
    return Said(kind, a, b, draw(minutes))


def _named(found: list[Any]) -> list[Any]:
    return [attrs.evolve(f, name=f"i{n}") if isinstance(f, Seen) else f for n, f in enumerate(found)]


#: Interactions and statements, which may be told in any order.
facts: st.SearchStrategy[list[Fact]] = st.lists(
    st.one_of(sightings, sightings, statements()), min_size=2, max_size=12
).map(_named)

#: The same, with statements taken back and interactions attributed in between.
scripts: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        sightings,
        sightings,
        statements(),
        statements(),
        st.builds(Undo, st.integers(0, 20)),
        st.builds(Attribute, st.integers(0, 20), numbers, picks),
        st.builds(ById, statements(), st.tuples(picks, picks)),
    ),
    min_size=2,
    max_size=14,
).map(_named)


def told(facts: Iterable[Fact], policy: Policy = TIGHT, url: str = "memory://", **options: Any) -> Tracker:
    """Return a tracker on a new store that was told these facts."""
    tracker = omnitrack.open(url, policy=policy, **options)
    for fact in facts:
        tell(tracker, fact)
    return tracker


def told_at_once(facts: Iterable[Fact], policy: Policy = TIGHT) -> Tracker:
    """Return a tracker that was told the statements one by one, and each run of interactions between them in one batch."""
    tracker = omnitrack.open("memory://", policy=policy)
    waiting: list[Seen] = []
    for fact in facts:
        if isinstance(fact, Seen):
            waiting.append(fact)
            continue
        tracker.record_many([seen.interaction() for seen in waiting])
        waiting.clear()
        tell(tracker, fact)
    tracker.record_many([seen.interaction() for seen in waiting])
    return tracker


def timelines_of(tracker: Tracker, **options: Any) -> list[set[str | None]]:
    """Return which interactions the timeline of each identifier of the world shows."""
    found = []
    for x in WORLD:
        try:
            found.append({item.source_id for item in tracker.timeline(x, **options) if item.kind != "note"})
        except CustomerNotFoundError:
            found.append(set())
    return found


def differences(found: State, wanted: State) -> str:
    """Say how two states differ, for a failing test."""
    lines = [f"one customer, and should not be: {sorted(g)}" for g in found.groups - wanted.groups]
    lines += [f"not one customer, and should be: {sorted(g)}" for g in wanted.groups - found.groups]
    lines += [f"shared, and should not be: {x}" for x in found.shared - wanted.shared]
    lines += [f"not shared, and should be: {x}" for x in wanted.shared - found.shared]
    for name in sorted(found.filed.keys() | wanted.filed.keys()):
        if found.filed.get(name) != wanted.filed.get(name):
            lines.append(f"{name} is filed {found.filed.get(name)}, and should be {wanted.filed.get(name)}")
    return "; ".join(lines)
