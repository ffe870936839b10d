"""The partition of identifiers into customers, from links, statements and the policy. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from omnitrack.identity.policy import Policy
from omnitrack.model import Assurance
from omnitrack.storage.contract import ASSUMED, LINKABLE, RETIRED, IdentifierRow, LinkRow

# Bases of links. The first two are evidence, the others are statements.
TOGETHER = "together"  # seen as one person's in one interaction
MATCH = "match"  # a matcher's score
SAME = "same"
DIFFERENT = "different"
SHARED_MARK = "shared"
PERSONAL = "personal"  # a is personal to b
REASSIGNED = "reassigned"  # a has a later holder b
EVIDENCE = frozenset((TOGETHER, MATCH))

AUTO_MATCHED = 1  # the strength of a match that merges: below everything that was seen


@attrs.frozen(slots=True)
class Edge:
    """The strongest link of a pair, as the policy reads it."""

    a: bytes
    b: bytes
    strength: int  # an Assurance, or AUTO_MATCHED
    seen: int
    link: LinkRow

    @property
    def order(self) -> tuple[int, int, bytes, bytes]:
        """Sort key: strongest first, then earliest, then by key, so that new evidence never displaces old."""
        return (-self.strength, self.seen, self.a, self.b)


@attrs.frozen(slots=True)
class Conflict:
    """A link that would join but is held back, and why: ``denied``, ``shared``, ``personal``, ``exclusive``, ``size`` or ``oversized``."""

    edge: Edge
    kind: str


@attrs.define(slots=True)
class Partition:
    """The customers of identifiers.

    Attributes:
        customer: for each identifier, the home that names its customer.
        shared: for each shared identifier, the reason.
        joined: the links that make the customers, a forest.
        edges: every link that counts, joined or not.
        conflicts: links that would join but are held back.
        oversized: identifiers in a component beyond ``max_component``.
    """

    customer: dict[bytes, bytes]
    shared: dict[bytes, str]
    joined: list[Edge]
    edges: list[Edge]
    conflicts: list[Conflict]
    oversized: set[bytes]


def strength_of(link: LinkRow, policy: Policy) -> int:
    """Return the strength of a link of evidence under the policy; 0 if it only suggests."""
    if link.basis == MATCH:
        return AUTO_MATCHED if policy.auto_match is not None and link.score >= policy.auto_match * 1_000_000 else 0
    return link.assurance if link.assurance >= policy.merges_at else 0


def strength_between(link: LinkRow, a: IdentifierRow, b: IdentifierRow, policy: Policy) -> int:
    """Return the strength of a link of evidence between two identifiers under the policy; 0 if it only suggests."""
    strength = strength_of(link, policy)
    return 0 if is_weak(link.basis, strength) and policy.verified_only(a.scheme, b.scheme) else strength


def is_weak(basis: str, strength: int) -> bool:
    """Whether a link joins only some pairs of schemes. A match does not count here: it compares two people, whatever their identifiers."""
    return basis == TOGETHER and strength < Assurance.VERIFIED


def usable(row: IdentifierRow | None) -> bool:
    """Whether an identifier may take part in a merge."""
    return row is not None and bool(row.state & LINKABLE) and not row.state & RETIRED


def two_holders(a: IdentifierRow, b: IdentifierRow) -> bool:
    """Whether two identifiers are holders of one that can never be one person. Holders that only silence separates can be."""
    return a.base == b.base and not (a.state | b.state) & ASSUMED


class Statements:
    """The statements among links, sorted by kind."""

    __slots__ = ("denied", "marked", "personal", "same")

    def __init__(self, links: Iterable[LinkRow]) -> None:
        self.same: dict[tuple[bytes, bytes], LinkRow] = {}
        self.denied: set[tuple[bytes, bytes]] = set()
        self.marked: set[bytes] = set()
        self.personal: dict[bytes, LinkRow] = {}
        for link in links:
            basis = link.basis
            if basis in EVIDENCE:
                continue
            pair = (link.a, link.b) if link.a <= link.b else (link.b, link.a)
            if basis == SAME:
                old = self.same.get(pair)
                if old is None or (link.seen, link.ref) < (old.seen, old.ref):
                    self.same[pair] = link
            elif basis == DIFFERENT:
                self.denied.add(pair)
            elif basis == SHARED_MARK:
                self.marked.add(link.a)
            elif basis == PERSONAL:
                # The latest counts: making an identifier personal to one person takes it from another.
                known = self.personal.get(link.a)
                # Of two with the same time the key decides, not the order of arrival.
                if known is None or (link.seen, link.b, link.ref) > (known.seen, known.b, known.ref):
                    self.personal[link.a] = link


def exclusive_classes(
    rows: Mapping[bytes, IdentifierRow], statements: Statements, exclusive: Callable[[str], bool]
) -> dict[bytes, bytes]:
    """Return, for values of exclusive schemes that statements join, the value that represents them all. A statement that can never join its
    two identifiers (they are denied, two holders of one identifier, or one may not identify) does not count."""
    leader: dict[bytes, bytes] = {}

    def find(x: bytes) -> bytes:
        while leader.get(x, x) != x:
            x = leader[x]
        return x

    for a, b in sorted(statements.same):
        if (a, b) in statements.denied:
            continue
        row, other = rows.get(a), rows.get(b)
        if row is None or other is None or row.scheme != other.scheme or row.scope != other.scope:
            continue
        if two_holders(row, other) or not usable(row) or not usable(other):
            continue
        if exclusive(row.scheme):
            first, second = sorted((find(a), find(b)))
            leader[second] = first
            leader.setdefault(first, first)
    return {x: find(x) for x in leader}


def _over_limit(
    own: str, groups: Mapping[tuple[str, str], set[bytes]], limit: Callable[[tuple[str, str]], int | None]
) -> str | None:
    for (scheme, scope), neighbours in sorted(groups.items()):
        most = limit((own, scheme))
        if most is not None and len(neighbours) > most:
            where = f" in {scope}" if scope else ""
            return f"seen with {len(neighbours)} different {scheme}s{where}, more than the {most} of one person's {own}"
    return None


class Reader:
    """Applies the policy to links: which count (rule a), which identifiers are shared (rule b), which links may join (rule c)."""

    def __init__(
        self,
        rows: Mapping[bytes, IdentifierRow],
        links: Sequence[LinkRow],
        policy: Policy,
        classes: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self.rows = rows
        self.policy = policy
        schemes = {row.scheme for row in rows.values()}
        exclusive = {scheme: policy.exclusive(scheme) for scheme in schemes}
        self.exclusive = exclusive
        self._limits = {(own, other): policy.limit(other, own) for own in schemes for other in schemes}
        verified_only = {pair for pair in self._limits if policy.verified_only(*pair)}
        self.statements = Statements(links)
        if classes is None:
            classes = exclusive_classes(rows, self.statements, lambda scheme: exclusive[scheme])
        self.classes = classes
        self.evidence: dict[tuple[bytes, bytes], Edge] = {}
        self.neighbours: dict[bytes, list[bytes]] = {}
        for link in links:
            if link.basis not in EVIDENCE:
                continue
            a, b = link.a, link.b
            strength = strength_of(link, policy)
            if not strength or not usable(rows.get(a)) or not usable(rows.get(b)):
                continue
            if verified_only and is_weak(link.basis, strength) and (rows[a].scheme, rows[b].scheme) in verified_only:
                continue
            old = self.evidence.get((a, b))
            if old is None:
                self.neighbours.setdefault(a, []).append(b)
                self.neighbours.setdefault(b, []).append(a)
            elif (-old.strength, old.seen, old.link) <= (-strength, link.seen, link):
                continue
            self.evidence[a, b] = Edge(a, b, strength, link.seen, link)

    def shared(self, x: bytes) -> str | None:
        """Return why an identifier is shared, None if it is not. All its links must be given."""
        if x in self.statements.personal:
            return None
        if x in self.statements.marked:
            return "marked as shared"
        neighbours = self.neighbours.get(x, ())
        if len(neighbours) < 2:
            return None
        groups: dict[tuple[str, str], set[bytes]] = {}
        for other in neighbours:
            row = self.rows[other]
            if self.exclusive[row.scheme]:
                groups.setdefault((row.scheme, row.scope), set()).add(self.classes.get(other, other))
            else:
                groups.setdefault((row.scheme, ""), set()).add(other)
        return _over_limit(self.rows[x].scheme, groups, self._limits.__getitem__)

    def denied(self, a: bytes, b: bytes) -> bool:
        """Whether a statement, or a reassignment between two holders of one identifier, keeps a pair apart."""
        return ((a, b) if a <= b else (b, a)) in self.statements.denied or two_holders(self.rows[a], self.rows[b])

    def edges(self, shared: Mapping[bytes, object]) -> tuple[list[Edge], list[Conflict]]:
        """Return the links that may join (rule c), and those held back by a denial or by an end that is shared or personal."""
        personal = self.statements.personal
        best = {
            pair: edge for pair, edge in self.evidence.items() if pair[0] not in personal and pair[1] not in personal
        }
        stated = list(self.statements.same.items())
        stated += [((x, link.b) if x <= link.b else (link.b, x), link) for x, link in personal.items()]
        for pair, link in stated:
            if pair[0] != pair[1] and usable(self.rows.get(pair[0])) and usable(self.rows.get(pair[1])):
                edge = Edge(*pair, int(Assurance.STATED), link.seen, link)
                if pair not in best or best[pair].order > edge.order:
                    best[pair] = edge
        edges: list[Edge] = []
        conflicts = [
            Conflict(edge, "denied" if self.denied(*pair) else "personal")
            for pair, edge in self.evidence.items()
            if pair not in best
        ]
        for (a, b), edge in best.items():
            if self.denied(a, b):
                conflicts.append(Conflict(edge, "denied"))
            elif a in shared or b in shared:
                conflicts.append(Conflict(edge, "shared"))
            else:
                edges.append(edge)
        return edges, conflicts


def components(nodes: Iterable[bytes], edges: Iterable[Edge]) -> list[list[bytes]]:
    """Return the connected components; an identifier without an edge is a component of its own."""
    parent = {x: x for x in nodes}

    def find(x: bytes) -> bytes:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for edge in edges:
        a, b = find(edge.a), find(edge.b)
        if a != b:
            parent[b] = a
    found: dict[bytes, list[bytes]] = {}
    for x in parent:
        found.setdefault(find(x), []).append(x)
    return list(found.values())


class _Joiner:
    """Rule d within one component: join the strongest links first, except those that break an exclusion."""

    def __init__(self, nodes: Sequence[bytes], reader: Reader) -> None:
        self.most = reader.policy.max_identifiers
        self.parent = {x: x for x in nodes}
        self.members: dict[bytes, list[bytes]] = {x: [x] for x in nodes}
        self.values: dict[bytes, dict[tuple[str, str], bytes]] = {}
        self.apart: dict[bytes, set[bytes]] = {x: set() for x in nodes}
        bases: dict[bytes, list[bytes]] = {}
        for x in nodes:
            row = reader.rows[x]
            scope = (row.scheme, row.scope)
            self.values[x] = {scope: reader.classes.get(x, x)} if reader.exclusive[row.scheme] else {}
            if not row.state & ASSUMED:
                bases.setdefault(row.base, []).append(x)
        for a, b in reader.statements.denied:
            if a in self.parent and b in self.parent:
                self.apart[a].add(b)
                self.apart[b].add(a)
        for holders in bases.values():
            if len(holders) > 1:
                for x in holders:
                    self.apart[x].update(other for other in holders if other != x)

    def find(self, x: bytes) -> bytes:
        parent = self.parent
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    def join(self, a: bytes, b: bytes) -> str | None:
        """Join the customers of two identifiers; return the kind of conflict if that is not allowed, "" if they are one already, None if joined."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return ""
        if len(self.members[a]) < len(self.members[b]):
            a, b = b, a
        if not self.apart[a].isdisjoint(self.members[b]):
            return "denied"
        values, others = self.values[a], self.values[b]
        if any(scope in values and values[scope] != value for scope, value in others.items()):
            return "exclusive"
        if self.most is not None and len(self.members[a]) + len(self.members[b]) > self.most:
            return "size"
        self.parent[b] = a
        self.members[a] += self.members.pop(b)
        values.update(others)
        self.apart[a] |= self.apart.pop(b)
        return None


def _hazardless(nodes: Sequence[bytes], reader: Reader, denied_nodes: set[bytes]) -> bool:
    """Whether nothing in a component can keep two identifiers apart, so that the order of joining does not matter."""
    most = reader.policy.max_identifiers
    if most is not None and len(nodes) > most:
        return False
    values: dict[tuple[str, str], bytes] = {}
    bases: set[bytes] = set()
    for x in nodes:
        row = reader.rows[x]
        if x in denied_nodes:
            return False
        if not row.state & ASSUMED:
            if row.base in bases:
                return False
            bases.add(row.base)
        if reader.exclusive[row.scheme]:
            value = reader.classes.get(x, x)
            if values.setdefault((row.scheme, row.scope), value) != value:
                return False
    return True


def partition(
    rows: Mapping[bytes, IdentifierRow],
    links: Sequence[LinkRow],
    policy: Policy,
    given: Mapping[bytes, str | None] | None = None,
    classes: Mapping[bytes, bytes] | None = None,
) -> Partition:
    """Compute the customers of identifiers.

    Args:
        rows: identifiers by id. Their ``customer`` and the derived flags of ``state`` are not read.
        links: every link with an end among ``rows``; links with an end elsewhere are ignored.
        policy: the policy that decides which links join.
        given: for identifiers at the border, whose links are not all given: why they are shared, None if they are not.
        classes: the result of ``exclusive_classes``, if the statements that it depends on are not all given.

    Returns:
        The partition of all ``rows``.
    """
    reader = Reader(rows, links, policy, classes)
    given = given or {}
    shared: dict[bytes, str] = {}
    for x in rows:
        reason = given[x] if x in given else reader.shared(x)
        if reason is not None:
            shared[x] = reason
    edges, conflicts = reader.edges(shared)
    customer = {x: row.home for x, row in rows.items()}
    joined: list[Edge] = []
    oversized: set[bytes] = set()
    touched = {x for edge in edges for x in (edge.a, edge.b)}
    denied_nodes = {x for pair in reader.statements.denied for x in pair}
    found = components(touched, edges)
    of = {x: number for number, nodes in enumerate(found) for x in nodes}
    grouped: list[list[Edge]] = [[] for _ in found]
    for edge in edges:
        grouped[of[edge.a]].append(edge)
    while found:
        nodes, inside = found.pop(), grouped.pop()
        if policy.max_component is not None and len(nodes) > policy.max_component and nodes[0] not in oversized:
            oversized.update(nodes)
            strong = [edge for edge in inside if edge.strength >= Assurance.VERIFIED]
            conflicts += [Conflict(edge, "oversized") for edge in inside if edge.strength < Assurance.VERIFIED]
            # Its verified parts are not checked for size again: they are no sign of corrupt input.
            parts = components(nodes, strong)
            part_of = {x: number for number, part in enumerate(parts) for x in part}
            split: list[list[Edge]] = [[] for _ in parts]
            for edge in strong:
                split[part_of[edge.a]].append(edge)
            found += parts
            grouped += split
            continue
        inside.sort(key=lambda edge: edge.order)
        if _hazardless(nodes, reader, denied_nodes):
            home = min(rows[x].home for x in nodes)
            for x in nodes:
                customer[x] = home
            joined += _forest(nodes, inside)
            continue
        joiner = _Joiner(nodes, reader)
        for edge in inside:
            kind = joiner.join(edge.a, edge.b)
            if kind is None:
                joined.append(edge)
            elif kind:
                conflicts.append(Conflict(edge, kind))
        for members in joiner.members.values():
            home = min(rows[x].home for x in members)
            for x in members:
                customer[x] = home
    return Partition(customer, shared, joined, edges, conflicts, oversized)


def _forest(nodes: Sequence[bytes], edges: Iterable[Edge]) -> list[Edge]:
    parent = {x: x for x in nodes}

    def find(x: bytes) -> bytes:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    forest = []
    for edge in edges:
        a, b = find(edge.a), find(edge.b)
        if a != b:
            parent[b] = a
            forest.append(edge)
    return forest
