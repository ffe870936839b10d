"""The rules read naively: who is whom, worked out from a list of facts with sets and loops, and not a line of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timezone
from itertools import combinations
from typing import Any

import attrs

from identity.facts import (
    LAST,
    WORLD,
    Attribute,
    ById,
    Fact,
    Holder,
    Pin,
    Said,
    Seen,
    State,
    Step,
    Undo,
    check,
    state_of,
    tell,
    when,
)
from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.scheme import content_id, get_scheme
from omnitrack.identity.policy import Limit, Policy
from omnitrack.identity.statement import StatementRecord
from omnitrack.reading.resolve import customer_text
from omnitrack.records import STATEMENT
from omnitrack.tracker import Tracker

Pair = frozenset[Holder]

STATED = 4


def _us(minute: int) -> int:
    return int(when(minute).astimezone(timezone.utc).timestamp()) * 1_000_000


class Naive:
    """A store of facts that recomputes everything whenever it is asked."""

    def __init__(self, policy: Policy, facts: Iterable[Fact] = ()) -> None:
        self.policy = policy
        self.seen: dict[str, Seen] = {}
        self.said: list[Said] = []
        self.attributed: list[Any] = []  # (interaction, identifier, pin, ...), in the order said
        self.noted: dict[str, tuple[int, Pin | None]] = {}  # notes on people, each of now
        self.kept: dict[
            frozenset[Holder], list[Pin]
        ] = {}  # what deletions left: of one that it is shared, of two that they are not one
        self.large: set[Holder] = set()  # in a component that is taken apart for its size, as customers() saw it last
        self.suppressed: set[str] = set()
        for fact in facts:
            self.tell(fact)

    def tell(self, fact: Fact) -> None:
        """Take a fact in; an interaction of a name that is there already is a repeat."""
        if isinstance(fact, Seen):
            if fact.name not in self.suppressed:
                self.seen.setdefault(fact.name, fact)
        else:
            self.said.append(fact)

    def forget(self, fact: Any) -> None:
        """Take a statement or an attribution back."""
        self.said = [other for other in self.said if other is not fact]
        self.attributed = [other for other in self.attributed if other is not fact]

    # -- whose ----------------------------------------------------------------------------------------------------------
    def holder(self, x: int, minute: float) -> Holder:
        """Whoever held an identifier at a time."""
        begun = [s.minute for s in self.said if s.kind == "reassigned" and s.a == x and s.minute <= minute]
        return (x, max(begun)) if begun else (x, None)

    def holders(self, x: int) -> list[Holder]:
        """Everybody who ever held an identifier."""
        begun = {s.minute for s in self.said if s.kind == "reassigned" and s.a == x}
        return [(x, None), *((x, m) for m in sorted(begun))]

    def pin(self, holder: Holder, minute: float) -> Pin:
        """What a customer id names that a holder has: outside their tenure the minute says nothing, and the end of it stands for it."""
        x, since = holder
        until = min(
            (m for _, m in self.holders(x)[1:] if m is not None and (since is None or m > since)), default=LAST + 1
        )
        within = (since is None or since <= minute) and minute < until
        return Pin(holder, minute if within else until - 0.5)

    def about(self, x: int, minute: float, pin: Pin | None) -> Holder:
        """Whom something is about that names an identifier or one of its holders: that holder, or whoever has the place."""
        if pin is None:
            return self.holder(x, minute)
        return pin.holder if pin.holder in self.holders(x) else self.holder(x, pin.minute)

    def ends(self, s: Said) -> list[Holder]:
        """Whom a statement is about; nobody where both that it names are one."""
        ends = [self.about(x, s.minute, pin) for x, pin in zip((s.a, s.b), s.pins) if x is not None]
        return [] if len(ends) == 2 and ends[0] == ends[1] else ends

    def kept_for(self, count: int) -> set[frozenset[Holder]]:
        """Whom what deletions left is about: those who are shared, or the pairs that are not one."""
        found = (
            frozenset(self.about(pin.holder[0], 0, pin) for pin in pins)
            for pins in self.kept.values()
            if len(pins) == count
        )
        return {holders for holders in found if len(holders) == count}

    def keep(self, holders: Iterable[Holder]) -> None:
        """Leave it that somebody is shared, or that two are not one."""
        named = frozenset(holders)
        self.kept.setdefault(named, [self.pin(h, LAST) for h in named])

    @property
    def kept_shared(self) -> set[Holder]:
        """Those who stay shared."""
        return {h for holders in self.kept_for(1) for h in holders}

    def filed(self, seen: Seen) -> list[tuple[Holder | None, int, int, int]]:
        """(holder, person, role, assurance) of every entry of an interaction."""
        last = [said[1:3] for said in self.attributed if said[0] == seen.name]
        entries: list[tuple[Holder | None, int, int, int]] = []
        taken = {x for person in seen.people for x, _ in person}
        if last:
            x, pin = last[-1]
            entries.append((self.about(x, seen.minute, pin), 0, 0, 2))
        else:
            for number, person in enumerate(seen.people):
                best = sorted(person, key=self._anchor_order)
                for place, (x, assurance) in enumerate(best):
                    entries.append((self.holder(x, seen.minute), number, min(place, 1), assurance))
            if not any(seen.people):
                entries.append((None, 0, 0, 0))
        for x in dict.fromkeys(seen.participants):
            if x not in taken:
                entries.append((self.holder(x, seen.minute), -1, 2, 2))
        return entries

    @staticmethod
    def _anchor_order(sighting: tuple[int, int]) -> tuple[bool, bool, int, int, str]:
        x, assurance = sighting
        rank = get_scheme(WORLD[x].scheme).rank
        return (assurance == 1, not WORLD[x].linkable, -assurance, -rank, WORLD[x].key)

    # -- the four rules -------------------------------------------------------------------------------------------------
    def evidence(self) -> dict[Pair, tuple[int, int]]:
        """Rule a: of each pair that was seen together surely enough, (assurance, minute) of the strongest and then the earliest."""
        found: dict[Pair, tuple[int, int]] = {}
        for seen in self.seen.values():
            for one, two in combinations(self.filed(seen), 2):
                if one[1] != two[1] or one[1] < 0 or one[0] == two[0] or one[0] is None or two[0] is None:
                    continue
                if not (WORLD[one[0][0]].linkable and WORLD[two[0][0]].linkable):
                    continue
                assurance = min(one[3], two[3])
                if assurance < int(self.policy.merges_at):
                    continue
                if assurance < 3 and "verified" in (
                    self.limit(one[0], WORLD[two[0][0]].scheme),
                    self.limit(two[0], WORLD[one[0][0]].scheme),
                ):
                    continue
                pair = frozenset((one[0], two[0]))
                best = found.get(pair)
                if best is None or (-assurance, seen.minute) < (-best[0], best[1]):
                    found[pair] = (assurance, seen.minute)
        return found

    def pairs(self, kind: str) -> dict[Pair, int]:
        """Statements about two, with the earliest minute of each."""
        found: dict[Pair, int] = {}
        for s in self.said:
            if s.kind == kind and self.ends(s):
                pair = frozenset(self.ends(s))
                found[pair] = min(found.get(pair, s.minute), s.minute)
        return found

    def personal(self) -> dict[Holder, tuple[Holder, int]]:
        """Whose an identifier was last said to be."""
        found: dict[Holder, tuple[int, bytes, Holder]] = {}
        for s in self.said:
            if s.kind == "personal" and self.ends(s):
                x, of = self.ends(s)
                claim = (s.minute, self.id(of), of)
                found[x] = max(found.get(x, claim), claim)
        return {x: (of, minute) for x, (minute, _, of) in found.items()}

    def kind(self, holder: Holder) -> tuple[str, str]:
        """Scheme and scope."""
        return WORLD[holder[0]].scheme, WORLD[holder[0]].scope

    def id(self, holder: Holder) -> bytes:
        """The content address, which settles ties."""
        return content_id(WORLD[holder[0]].key, None if holder[1] is None else _us(holder[1]))

    def denied(self) -> set[Pair]:
        """Pairs that may not be one, two holders of one identifier among them."""
        apart = set(self.pairs("different")) | self.kept_for(2)
        for x in range(len(WORLD)):
            apart |= {frozenset(two) for two in combinations(self.holders(x), 2)}
        return apart

    def classes(self) -> list[set[Holder]]:
        """Values of an exclusive scheme that statements call one."""
        apart = self.denied()
        groups: list[set[Holder]] = []
        for pair in self.pairs("same"):
            a, b = pair
            if pair in apart or self.kind(a) != self.kind(b) or not self.policy.exclusive(self.kind(a)[0]):
                continue
            touching = [g for g in groups if a in g or b in g]
            groups = [g for g in groups if g not in touching] + [{a, b}.union(*touching)]
        return groups

    def shared(self) -> set[Holder]:
        """Rule b."""
        evidence, personal, classes = self.evidence(), self.personal(), self.classes()
        marked = {h for s in self.said if s.kind == "shared" for h in self.ends(s)} | self.kept_shared
        found = set()
        for x in {h for pair in evidence for h in pair} | marked:
            if x in personal:
                continue
            kinds: dict[tuple[str, str], list[Holder]] = {}
            for pair in evidence:
                if x in pair:
                    (other,) = pair - {x}
                    scheme, scope = self.kind(other)
                    exclusive = self.policy.exclusive(scheme)
                    known = kinds.setdefault((scheme, scope if exclusive else ""), [])
                    if not (exclusive and any(other in c and o in c for c in classes for o in known)):
                        known.append(other)
            over = any(isinstance(limit := self.limit(x, k[0]), int) and len(o) > limit for k, o in kinds.items())
            if over or x in marked:
                found.add(x)
        return found

    def limit(self, x: Holder, scheme: str) -> Limit:
        """How many neighbours of a scheme a holder may have, or that only verified links count, read off what the policy lists."""
        listed, own = self.policy.limits, self.kind(x)[0]
        if listed is None:
            return None
        wanted = [f"{own}/{scheme}", scheme, *([] if self.policy.exclusive(scheme) else [f"{own}/*", "*"])]
        return next((listed[key] for key in wanted if key in listed), 1)

    def customers(self) -> list[set[Holder]]:
        """Rules c and d."""
        shared, apart, personal, classes = self.shared(), self.denied(), self.personal(), self.classes()
        edges: dict[Pair, tuple[int, int]] = {
            p: e for p, e in self.evidence().items() if not any(h in personal for h in p)
        }
        for pair, minute in self.pairs("same").items():
            edges[pair] = (STATED, minute)
        for x, (of, minute) in personal.items():
            pair = frozenset((x, of))
            old = edges.get(pair, (0, 0))
            edges[pair] = (STATED, min(minute, old[1]) if old[0] == STATED else minute)
        edges = {p: e for p, e in edges.items() if p not in apart and not p & shared}
        limit = self.policy.max_component
        self.large = set()
        for component in self._components(edges):
            if limit is not None and len(component) > limit:
                self.large |= component
                edges = {p: e for p, e in edges.items() if not p <= component or e[0] >= 3}
        groups = [{h} for h in {h for pair in edges for h in pair}]

        def may(union: set[Holder]) -> bool:
            if self.policy.max_identifiers is not None and len(union) > self.policy.max_identifiers:
                return False
            for a, b in combinations(union, 2):
                if frozenset((a, b)) in apart:
                    return False
                if (
                    self.kind(a) == self.kind(b)
                    and self.policy.exclusive(self.kind(a)[0])
                    and not any(a in c and b in c for c in classes)
                ):
                    return False
            return True

        def turn(pair: Pair) -> tuple[int, int, list[bytes]]:
            assurance, minute = edges[pair]
            return (-assurance, minute, sorted(map(self.id, pair)))

        for pair in sorted(edges, key=turn):
            one, two = (next(g for g in groups if h in g) for h in pair)
            if one is not two and may(one | two):
                groups = [g for g in groups if g is not one and g is not two] + [one | two]
        return groups

    @staticmethod
    def _components(edges: Iterable[Pair]) -> list[set[Holder]]:
        groups: list[set[Holder]] = []
        for pair in edges:
            touching = [g for g in groups if g & pair]
            groups = [g for g in groups if g not in touching] + [set(pair).union(*touching)]
        return groups

    # -- what goes ------------------------------------------------------------------------------------------------------
    def links(self) -> set[tuple[Pair, object]]:
        """Every link that is stored: of evidence by pair and assurance, of statements by pair and kind."""
        found: set[tuple[Pair, object]] = set()
        for seen in self.seen.values():
            for one, two in combinations(self.filed(seen), 2):
                if one[1] == two[1] >= 0 and one[0] != two[0] and one[0] is not None and two[0] is not None:
                    found.add((frozenset((one[0], two[0])), min(one[3], two[3])))
        for s in self.said:
            if s.kind != "reassigned" and self.ends(s):
                found.add((frozenset(self.ends(s)), s.kind))
        return found | {(pair, "different") for pair in self.kept_for(2)}

    def statements(self) -> list[tuple[str, list[Holder]]]:
        """Every statement that holds but reassignments, with whom it is about."""
        found = [
            (s.kind, [self.about(x, s.minute, p) for x, p in zip((s.a, s.b), s.pins) if x is not None])
            for s in self.said
            if s.kind != "reassigned"
        ]
        found += [
            ("shared" if len(pins) == 1 else "different", [self.about(p.holder[0], 0, p) for p in pins])
            for pins in self.kept.values()
        ]
        return found

    def named(self) -> set[Holder]:
        """Holders that an entry or a statement names."""
        entries = {h for seen in self.seen.values() for h, *_ in self.filed(seen) if h is not None}
        entries |= {self.about(x, LAST, pin) for x, pin in self.noted.values()}
        return entries | {h for _, ends in self.statements() for h in ends}

    def staying(self) -> set[Holder]:
        """Holders whose place stays: those that are named, and all of an identifier that has several."""
        return self.named() | {h for s in self.said if s.kind == "reassigned" for h in self.holders(s.a)}

    def erase(self, x: int) -> bool:
        """Take away the person who holds an identifier now; return whether there was one."""
        me = self.holder(x, 10**6)
        known = me in self.named()
        shared = self.shared()
        before = self.customers()
        large = set(self.large)
        gone = {me} if me in shared else next((g for g in before if me in g), {me})
        links, personal = self.links(), self.personal()
        taken: dict[str, Seen | None] = {}
        for name, seen in self.seen.items():
            taken[name] = self._without(seen, gone)
        said = [s for s in self.said if s.kind == "reassigned" or not self._names(s, gone)]
        attributed = [
            a for a in self.attributed if a[0] in taken and self.about(a[1], self.seen[a[0]].minute, a[2]) not in gone
        ]
        self.noted = {id: (x, pin) for id, (x, pin) in self.noted.items() if self.about(x, LAST, pin) not in gone}
        held = {h: (of, m) for h, (of, m) in personal.items() if of in gone and h not in gone}
        self.suppressed |= {name for name, seen in taken.items() if seen is None}
        self.seen = {name: seen for name, seen in taken.items() if seen is not None}
        self.said = said
        self.attributed = [a for a in attributed if a[0] in self.seen]
        self.kept = {
            k: pins for k, pins in self.kept.items() if not any(self.about(p.holder[0], 0, p) in gone for p in pins)
        }
        lost = {h for pair, _ in links - self.links() for h in pair}
        for h in (((lost & shared) | set(held)) - gone) & self.staying():
            self.keep([h])
        self._keep_apart(before, large)
        for number in {h[0] for h in gone}:
            if not self.named() & set(self.holders(number)):
                self.said = [s for s in self.said if not (s.kind == "reassigned" and s.a == number)]
        return known

    def _names(self, s: Said, holders: set[Holder]) -> bool:
        return any(self.about(n, s.minute, pin) in holders for n, pin in zip((s.a, s.b), s.pins) if n is not None)

    def _without(self, seen: Seen, gone: set[Holder]) -> Seen | None:
        """What is left of an interaction; None where nothing is."""
        entries = self.filed(seen)
        anchors = {person: h for h, person, role, _ in entries if role == 0}
        if not any(h in gone for h, *_ in entries) and not any(
            self.holder(x, seen.minute) in gone for person in seen.people for x, _ in person
        ):
            return seen
        attributed = any(a[0] == seen.name for a in self.attributed)
        if attributed and anchors[0] in gone:
            return None
        own = {n: min(p, key=self._anchor_order)[0] for n, p in enumerate(seen.people) if p}
        left = tuple(
            ()
            if n in own and self.holder(own[n], seen.minute) in gone
            else tuple((x, a) for x, a in person if self.holder(x, seen.minute) not in gone)
            for n, person in enumerate(seen.people)
        )
        if not attributed and any(seen.people) and not any(left):
            return None
        customers = {x for person in seen.people for x, _ in person}
        participants = tuple(
            x for x in seen.participants if x not in customers and self.holder(x, seen.minute) not in gone
        )
        return Seen(seen.name, seen.minute, left, participants)

    def retain(self, minute: int) -> None:
        """Take away what happened before a time."""
        links, shared = self.links(), self.shared()
        before = self.customers()
        large = set(self.large)
        self.seen = {name: seen for name, seen in self.seen.items() if seen.minute >= minute}
        self.attributed = [a for a in self.attributed if a[0] in self.seen]
        lost = {h for pair, _ in links - self.links() for h in pair}
        for h in lost & shared & self.staying():
            self.keep([h])
        self._keep_apart(before, large)

    def _keep_apart(self, before: list[set[Holder]], large: set[Holder]) -> None:
        """What a deletion took away kept some people apart; no evidence joins them after it."""
        home = {h: number for number, group in enumerate(before) for h in group}
        while True:
            after = self.customers()
            fresh = {
                pair
                for pair in self.evidence()
                if any(pair <= group for group in after) and not pair & large
                if len({home.get(h, h) for h in pair}) > 1
            }
            if fresh <= self.kept_for(2):
                return
            for pair in fresh:
                self.keep(pair)

    # -- in the words of State ------------------------------------------------------------------------------------------
    def name(self, holder: Holder) -> str:
        """As ``facts.name_of`` says it."""
        key = WORLD[holder[0]].key
        return key if holder[1] is None else f"{key} from {_us(holder[1])}"

    def state(self) -> State:
        """What a store that was told the same has to say."""
        return State(
            frozenset(frozenset(map(self.name, g)) for g in self.customers() if len(g) > 1),
            frozenset(map(self.name, self.shared())),
            {
                name: frozenset(("" if h is None else self.name(h), p, r, a) for h, p, r, a in self.filed(seen))
                for name, seen in self.seen.items()
            },
        )

    def timeline(
        self, x: int, minute: int = 10**6, *, trust: str = "observed", include_shared: bool = False
    ) -> set[str]:
        """Names of the interactions on the timeline of whoever holds an identifier."""
        holder = self.holder(x, minute)
        members = next((g for g in self.customers() if holder in g), {holder})
        if trust == "verified":
            members = self._verified(holder, members)
        elif include_shared:
            members = members | self._shared_around(members)
        return {
            name
            for name, seen in self.seen.items()
            if any(h in members and role == 0 and a >= 2 for h, _, role, a in self.filed(seen))
        }

    def _verified(self, holder: Holder, members: set[Holder]) -> set[Holder]:
        """Those of a customer's identifiers that verified links and statements alone lead to."""
        apart, personal = self.denied(), self.personal()
        strong = {p for p, (a, _) in self.evidence().items() if a >= 3 and not any(h in personal for h in p)}
        strong |= set(self.pairs("same")) | {frozenset((x, of)) for x, (of, _) in personal.items()}
        inside = [p for p in strong if p <= members and p not in apart]
        return next((g for g in self._components(inside) if holder in g), {holder})

    def _shared_around(self, members: set[Holder]) -> set[Holder]:
        apart, shared, personal = self.denied(), self.shared(), self.personal()
        pairs = {p for p in self.evidence() if not any(h in personal for h in p)} | set(self.pairs("same"))
        pairs |= {frozenset((x, of)) for x, (of, _) in personal.items()}
        touching = [p for p in pairs if p & members and p not in apart]
        return {h for p in touching for h in p} & shared

    def timelines(self, **options: Any) -> list[set[str]]:
        """Of each identifier of the world."""
        return [self.timeline(x, **options) for x in range(len(WORLD))]


def named_by_id(tracker: Tracker, naive: Naive, x: int | None, pick: int | None) -> tuple[str, Holder] | None:
    """The customer id that was handed out for one of the holders of an identifier, where one is to be named so and is there."""
    if x is None or pick is None:
        return None
    holders = naive.holders(x)
    holder = holders[pick % len(holders)]
    rows = tracker._backend.run(lambda tx: tx.find_identifiers(ids=[naive.id(holder)]), write=False)
    return (customer_text(rows[0].home), holder) if rows else None


def say_by_id(tracker: Tracker, naive: Naive, step: ById) -> tuple[str, Said] | None:
    """Say a statement by customer ids, and tell the naive store what it names; None where the two that it names can never be one."""
    statement = step.said
    named = [named_by_id(tracker, naive, x, pick) for x, pick in zip((statement.a, statement.b), step.picks)]
    try:
        answer = tracker._say(statement.statement([None if n is None else n[0] for n in named]))
    except InvalidIdentifierError:
        return None
    holders: list[Holder | None] = [None if n is None or statement.kind == "reassigned" else n[1] for n in named]
    if all(named):  # which of their identifiers stand for two customers is the engine's to choose
        known: dict[Any, Holder] = {naive.id(h): h for x in range(len(WORLD)) for h in naive.holders(x)}
        (row,) = tracker._backend.run(lambda tx: tx.find_records(STATEMENT, keys=[str(answer.id)]), write=False)
        holders = [known[m.holder] for m in StatementRecord.load(row.value).mentions]
    a, b = (x if holder is None else holder[0] for x, holder in zip((statement.a, statement.b), holders))
    one, two = (None if holder is None else naive.pin(holder, statement.minute) for holder in holders)
    assert a is not None
    said = attrs.evolve(statement, a=a, b=b, pins=(one, two))
    naive.tell(said)
    return str(answer.id), said


def attribute_to(tracker: Tracker, naive: Naive, id: str, name: str, x: int, pick: int | None) -> tuple[str, Any]:
    """Attribute an interaction to an identifier or, by customer id, to one of its holders."""
    named = named_by_id(tracker, naive, x, pick)
    answer = tracker.attribute(id, WORLD[x] if named is None else named[0])
    minute = naive.seen[name].minute if name in naive.seen else 0
    naive.attributed.append((name, x, None if named is None else naive.pin(named[1], minute), answer.id))
    return answer.id or "", naive.attributed[-1]


def play(
    tracker: Tracker, steps: Iterable[Step], *, every: bool = False, after: Callable[[], object] | None = None
) -> Naive:
    """Go through a script with a tracker and a naive store side by side; ``every``: compare them after every step. ``after`` each step."""
    naive = Naive(tracker.policy)
    holding: list[tuple[str, Any]] = []
    interactions: list[tuple[str, str]] = []
    for step in steps:
        if isinstance(step, Undo):
            if not holding:
                continue
            id, fact = holding.pop(step.pick % len(holding))
            tracker.retract(id)
            naive.forget(fact)
        elif isinstance(step, Attribute):
            if not interactions:
                continue
            id, name = interactions[step.pick % len(interactions)]
            holding.append(attribute_to(tracker, naive, id, name, step.x, step.holder))
        elif isinstance(step, ById):
            said = say_by_id(tracker, naive, step)
            holding += [] if said is None else [said]
        else:
            answer = tell(tracker, step)
            naive.tell(step)
            if isinstance(step, Said):
                holding.append((answer.id, step))
            else:
                interactions.append((answer.interaction, step.name))
        if after is not None:
            after()
        if every:
            check(tracker)
            assert state_of(tracker) == naive.state()
    return naive
