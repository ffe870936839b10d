"""The rules read naively: who is whom, worked out from a list of facts with sets and loops, and not a line of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timezone
from itertools import combinations
from typing import Any

from identity.facts import WORLD, Attribute, Fact, Said, Seen, State, Step, Undo, check, state_of, tell, when
from omnitrack.identifiers.scheme import content_id, get_scheme
from omnitrack.identity.policy import Policy
from omnitrack.tracker import Tracker

Holder = tuple[int, int | None]  # number in the world, minute since when; None for the first
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
        self.attributed: list[Any] = []  # (interaction, identifier, ...), in the order said
        self.kept_shared: set[Holder] = set()
        for fact in facts:
            self.tell(fact)

    def tell(self, fact: Fact) -> None:
        """Take a fact in; an interaction of a name that is there already is a repeat."""
        if isinstance(fact, Seen):
            self.seen.setdefault(fact.name, fact)
        else:
            self.said.append(fact)

    def forget(self, fact: Any) -> None:
        """Take a statement or an attribution back."""
        self.said.remove(fact) if isinstance(fact, Said) else self.attributed.remove(fact)

    # -- whose ----------------------------------------------------------------------------------------------------------
    def holder(self, x: int, minute: int) -> Holder:
        """Whoever held an identifier at a time."""
        begun = [s.minute for s in self.said if s.kind == "reassigned" and s.a == x and s.minute <= minute]
        return (x, max(begun)) if begun else (x, None)

    def holders(self, x: int) -> list[Holder]:
        """Everybody who ever held an identifier."""
        begun = {s.minute for s in self.said if s.kind == "reassigned" and s.a == x}
        return [(x, None), *((x, m) for m in sorted(begun))]

    def filed(self, seen: Seen) -> list[tuple[Holder | None, int, int, int]]:
        """(holder, person, role, assurance) of every entry of an interaction."""
        last = [said[1] for said in self.attributed if said[0] == seen.name]
        entries: list[tuple[Holder | None, int, int, int]] = []
        taken = {x for person in seen.people for x, _ in person}
        if last:
            entries.append((self.holder(last[-1], seen.minute), 0, 0, 2))
        else:
            for number, person in enumerate(seen.people):
                best = sorted(
                    person,
                    key=lambda s: (
                        s[1] == 1,
                        not WORLD[s[0]].linkable,
                        -s[1],
                        -get_scheme(WORLD[s[0]].scheme).rank,
                        WORLD[s[0]].key,
                    ),
                )
                for place, (x, assurance) in enumerate(best):
                    entries.append((self.holder(x, seen.minute), number, min(place, 1), assurance))
            if not seen.people:
                entries.append((None, 0, 0, 0))
        for x in dict.fromkeys(seen.participants):
            if x not in taken:
                entries.append((self.holder(x, seen.minute), -1, 2, 2))
        return entries

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
                pair = frozenset((one[0], two[0]))
                best = found.get(pair)
                if best is None or (-assurance, seen.minute) < (-best[0], best[1]):
                    found[pair] = (assurance, seen.minute)
        return found

    def pairs(self, kind: str) -> dict[Pair, int]:
        """Statements about two, with the earliest minute of each."""
        found: dict[Pair, int] = {}
        for s in self.said:
            if s.kind == kind and s.b is not None:
                pair = frozenset((self.holder(s.a, s.minute), self.holder(s.b, s.minute)))
                found[pair] = min(found.get(pair, s.minute), s.minute)
        return found

    def personal(self) -> dict[Holder, tuple[Holder, int]]:
        """Whose an identifier was last said to be."""
        found: dict[Holder, tuple[int, bytes, Holder]] = {}
        for s in self.said:
            if s.kind == "personal" and s.b is not None:
                x, of = self.holder(s.a, s.minute), self.holder(s.b, s.minute)
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
        apart = set(self.pairs("different"))
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
        marked = {self.holder(s.a, s.minute) for s in self.said if s.kind == "shared"} | self.kept_shared
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
            over = any((limit := self.policy.limit(k[0])) is not None and len(o) > limit for k, o in kinds.items())
            if over or x in marked:
                found.add(x)
        return found

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
        for component in self._components(edges):
            if limit is not None and len(component) > limit:
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

    def timeline(self, x: int, minute: int = 10**6) -> set[str]:
        """Names of the interactions on the timeline of whoever holds an identifier."""
        holder = self.holder(x, minute)
        members = next((g for g in self.customers() if holder in g), {holder})
        return {
            name
            for name, seen in self.seen.items()
            if any(h in members and role == 0 and a >= 2 for h, _, role, a in self.filed(seen))
        }

    def timelines(self) -> list[set[str]]:
        """Of each identifier of the world."""
        return [self.timeline(x) for x in range(len(WORLD))]


def play(tracker: Tracker, steps: Iterable[Step], *, every: bool = False) -> Naive:
    """Go through a script with a tracker and a naive store side by side; ``every``: compare them after every step."""
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
            said = tracker.attribute(id, WORLD[step.x])
            naive.attributed.append((name, step.x, said.id))
            holding.append((said.id or "", naive.attributed[-1]))
        else:
            answer = tell(tracker, step)
            naive.tell(step)
            if isinstance(step, Said):
                holding.append((answer.id, step))
            else:
                interactions.append((answer.interaction, step.name))
        if every:
            check(tracker)
            assert state_of(tracker) == naive.state()
    return naive
