"""Explanations as data and in words: the path of links between two identifiers, and its obstacles. Pure functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from omnitrack.harmless import one_line, sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.partition import EVIDENCE, MATCH, PERSONAL, REASSIGNED, Edge, Partition
from omnitrack.identity.tenures import ASSUMPTION
from omnitrack.model import Assurance
from omnitrack.storage.contract import LinkRow
from omnitrack.values import Value

_ASSURANCE_WORDS = {
    Assurance.SIMILAR: "similar",
    Assurance.CLAIMED: "claimed",
    Assurance.OBSERVED: "observed",
    Assurance.VERIFIED: "verified",
    Assurance.STATED: "stated",
}
_OBSTACLE_WORDS = {
    "denied": "somebody said that they are not one person, or one of them was reassigned",
    "shared": "one of them is shared by several people",
    "personal": "one of them was said to be one person's alone, so that only statements join it",
    "exclusive": "it would put two values of an exclusive scheme into one customer",
    "size": "the customer would have more identifiers than the policy allows",
    "holders": "an identifier's holders are different people",
    "silence": "nobody saw it for so long that another holder is assumed",
    "oversized": "links connect more identifiers here than the policy believes; only verified ones count",
    "claimed": "it was only claimed, which never merges",
    "similar": "likeness alone only suggests",
    "unlinkable": "one of them may not identify a person",
    "policy": "the policy asks for more assurance",
}


def percent(probability: float) -> str:
    """Format a probability as a percentage, never as 0% or 100%."""
    if probability < 0.005:
        return "under 1%"
    return "over 99%" if probability > 0.995 else f"{probability:.0%}"


@attrs.frozen(slots=True, kw_only=True)
class Step(Value):
    """A link between two identifiers, and the evidence for it.

    Attributes:
        a: one identifier.
        b: the other identifier.
        basis: together (seen together as one person's in an interaction), match, same, personal, or reassigned (b is a later holder of a).
        assurance: the assurance of the link.
        seen: the earliest time of the evidence, of the statement, or of the match.
        probability: for a match, the probability that they are one person, 0 to 1, when they were last compared; else None.
        interaction: id of the interaction that is the evidence.
        statement: id of the statement behind the link.
        by: who made the statement.
        reason: the reason given for it.
        obstacle: why the link does not join them, or None: denied, shared, personal, exclusive, size, oversized, holders, silence, claimed,
            similar, unlinkable, policy.
        detail: more about the obstacle, in words.
        handover: which handover code was brought back in the interaction that is the evidence, in words; None if none was.
    """

    a: Identifier
    b: Identifier
    basis: str
    assurance: Assurance
    seen: datetime
    probability: float | None = None
    interaction: str | None = None
    statement: str | None = None
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    obstacle: str | None = None
    detail: str | None = None
    handover: str | None = None

    @one_line
    def __str__(self) -> str:
        ends = f"{self.a.display} and {self.b.display}"
        if self.statement is not None:
            who = self.by or "somebody"
            text = f"{who} said on {self.seen:%Y-%m-%d} that {ends} are one person"
            if self.basis == PERSONAL:
                text = f"{who} said on {self.seen:%Y-%m-%d} that {self.a.display} is personal of {self.b.display}"
            elif self.basis == REASSIGNED:
                text = f"{who} said that {self.a.display} has had another holder since {self.seen:%Y-%m-%d}"
            text += f" ({self.reason})" if self.reason else ""
        elif self.basis == REASSIGNED and self.assurance == ASSUMPTION:
            text = f"{self.a.display} may have had another holder since {self.seen:%Y-%m-%d}"
        elif self.basis == REASSIGNED:
            text = f"{self.a.display} has had another holder since {self.seen:%Y-%m-%d}, when it was seen with another id of the platform"
            text += f" ({self.interaction})" if self.interaction else ""
        elif self.basis == MATCH:
            text = f"{ends} were found alike on {self.seen:%Y-%m-%d}"
            if self.probability is not None:
                text += f" ({percent(self.probability)} likely one person)"
        else:
            text = f"{ends} were seen together on {self.seen:%Y-%m-%d} ({_ASSURANCE_WORDS[self.assurance]}"
            text += f", {self.interaction})" if self.interaction else ")"
        if self.handover is not None:
            text += f": {self.handover}"
        if self.obstacle is not None:
            text += f", but this does not join them: {self.detail or _OBSTACLE_WORDS[self.obstacle]}"
        return text


@attrs.frozen(slots=True, kw_only=True)
class Explanation(Value):
    """Why two identifiers belong to one customer, or why not.

    Attributes:
        a: one identifier.
        b: the other identifier.
        together: True if they belong to one customer.
        path: the links from one to the other. If they are two customers, the shortest path, on which at least one link has an obstacle; empty if
            nothing connects them.
    """

    a: Identifier
    b: Identifier
    together: bool
    path: tuple[Step, ...]

    @property
    def obstacles(self) -> tuple[Step, ...]:
        """The links of the path that have an obstacle."""
        return tuple(step for step in self.path if step.obstacle is not None)

    @one_line
    def __str__(self) -> str:
        if self.a == self.b and self.together:
            return f"{self.a.display} is one identifier of one person."
        verb = "are one person" if self.together else "are not one person"
        head = f"{self.a.display} and {self.b.display} {verb}"
        if not self.path:
            return f"{head}: nothing links them."
        return f"{head}: " + "; ".join(map(str, self.path)) + "."


def weak_kind(link: LinkRow) -> str:
    """Return the obstacle of a link that does not count: one of evidence, or between two holders of one identifier."""
    if link.basis == REASSIGNED:
        return "silence" if link.assurance == ASSUMPTION else "holders"
    kinds = {Assurance.SIMILAR: "similar", Assurance.CLAIMED: "claimed"}
    return kinds.get(Assurance(link.assurance), "policy")


def weak_links(links: Iterable[LinkRow], result: Partition) -> list[tuple[LinkRow, str]]:
    """Return the links of evidence that do not count in a partition, and those between holders of one identifier, each with its
    obstacle."""
    links = list(links)
    taking_part = {(e.a, e.b) for e in result.edges}
    taking_part |= {(c.edge.a, c.edge.b) for c in result.conflicts}
    best: dict[tuple[bytes, bytes], LinkRow] = {}
    for link in links:
        pair = (link.a, link.b)
        if (
            link.basis in EVIDENCE
            and pair not in taking_part
            and (pair not in best or best[pair].assurance < link.assurance)
        ):
            best[pair] = link
    weak = [(link, weak_kind(link)) for link in best.values()]
    return [*weak, *((link, weak_kind(link)) for link in links if link.basis == REASSIGNED)]


def shortest_path(
    a: bytes, b: bytes, result: Partition, weak: Iterable[tuple[LinkRow, str]]
) -> list[tuple[LinkRow, str | None]]:
    """Return the links from a to b with the fewest obstacles, then the fewest links; empty if there is no path.

    Links that join cost nothing; conflicts and links that only suggest cost one.
    """
    around: dict[bytes, list[tuple[bytes, LinkRow, str | None]]] = {}

    def add(x: bytes, y: bytes, link: LinkRow, obstacle: str | None) -> None:
        around.setdefault(x, []).append((y, link, obstacle))
        around.setdefault(y, []).append((x, link, obstacle))

    def add_edge(edge: Edge, obstacle: str | None) -> None:
        add(edge.a, edge.b, edge.link, obstacle)

    for edge in result.joined:
        add_edge(edge, None)
    for conflict in result.conflicts:
        add_edge(conflict.edge, conflict.kind)
    for link, kind in weak:
        add(link.a, link.b, link, kind)
    cost: dict[bytes, int] = {a: 0}
    came: dict[bytes, tuple[bytes, LinkRow, str | None]] = {}
    queue = deque([a])
    while queue:
        x = queue.popleft()
        for y, link, obstacle in around.get(x, ()):
            price = cost[x] + (obstacle is not None)
            if price < cost.get(y, price + 1):
                cost[y] = price
                came[y] = (x, link, obstacle)
                (queue.append if obstacle else queue.appendleft)(y)
    path: list[tuple[LinkRow, str | None]] = []
    x = b
    while x != a:
        if x not in came:
            return []
        x, link, obstacle = came[x]
        path.append((link, obstacle))
    path.reverse()
    return path


def details(kind: str | None, link: LinkRow, result: Partition, names: Mapping[bytes, Identifier]) -> str | None:
    """Return a more detailed description of an obstacle, or None."""
    if kind == "shared":
        return "; ".join(
            f"{names[x].display} is shared: {result.shared[x]}" for x in (link.a, link.b) if x in result.shared
        )
    if kind == "exclusive":
        return _OBSTACLE_WORDS["exclusive"]
    if kind in ("policy", "claimed"):
        for x in (link.a, link.b):
            if not names[x].linkable:
                return f"{names[x].display} may not identify a person: {names[x].reason}"
    return None
