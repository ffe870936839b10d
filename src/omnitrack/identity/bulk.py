"""The partition of a whole store, computed on integers from rows read in batches.

In nearly every component of a real store nothing can keep two identifiers apart: whatever the order of joining, the component is one customer.
These are settled by counting and a union-find. The others (with two values of an exclusive scheme, a denied pair, two holders of one identifier,
or more than ``max_identifiers``) are joined link by link, as ``partition`` does; calling ``partition`` for them takes six times as long.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, islice
from operator import eq, itemgetter, lt

import attrs

from omnitrack.identity.hazards import join_hazards
from omnitrack.identity.integer_graph import Index, IntegerGraph
from omnitrack.identity.partition import (
    EVIDENCE,
    REASSIGNED,
    TOGETHER,
    Statements,
    exclusive_classes,
    strength_of,
    usable,
)
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import ASSUMED, LINKABLE, NO_ID, IdentifierRow, LinkRow

# Columns of the rows of the contract, read by position: no Python line runs per row, of which there are millions.
_ID, _HOME, _SCHEME, _BASE, _STATE = (itemgetter(place) for place in (0, 1, 3, 6, 8))
_A, _B, _BASIS, _ASSURANCE, _SEEN = (itemgetter(place) for place in (0, 1, 2, 3, 5))


@attrs.frozen(slots=True)
class Census:
    """The customers of a whole store, by place; places are sorted by id.

    Attributes:
        index: the place of each identifier.
        homes: the home of each identifier, 16 bytes.
        owner: the place of the identifier whose home names the customer.
        shared: whether each identifier is shared, a byte 0 or 1.
        oversized: whether each identifier is in an oversized component, a byte 0 or 1.
    """

    index: Index
    homes: bytes
    owner: array[int]
    shared: bytearray
    oversized: bytearray

    def customer_at(self, place: int) -> bytes:
        """Return the home that names the customer of the identifier at a place."""
        start = self.owner[place] * 16
        return self.homes[start : start + 16]

    def customers(self) -> int:
        """Return the number of customers."""
        return sum(map(eq, self.owner, range(len(self.owner))))


_MISSING = array("i", (-1,)).tobytes()


class _Groups:
    """The numbers of groups. A group is a scheme or, if it is exclusive, a scheme in a scope."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._number: dict[tuple[str, str], int] = {}
        self._of_scheme: dict[str, int] = {}  # -1 for an exclusive one
        self.names: list[tuple[str, str]] = []

    def of(self, rows: Sequence[IdentifierRow]) -> list[int]:
        """Return the group of each identifier."""
        schemes = list(map(_SCHEME, rows))
        for scheme in set(schemes) - self._of_scheme.keys():
            self._of_scheme[scheme] = -1 if self._policy.exclusive(scheme) else self._of(scheme, "")
        groups = list(map(self._of_scheme.__getitem__, schemes))
        if -1 in groups:
            groups = [self._of(row.scheme, row.scope) if group < 0 else group for group, row in zip(groups, rows)]
        return groups

    def _of(self, scheme: str, scope: str) -> int:
        found = self._number.setdefault((scheme, scope), len(self.names))
        if found == len(self.names):
            self.names.append((scheme, scope))
        return found


class _Bytes:
    """A function of small numbers, applied to many at once and computed once per number."""

    def __init__(self, function: Callable[[int], int]) -> None:
        self._function = function
        self._known: set[int] = set()
        self._table = bytearray(256)

    def of(self, numbers: Iterable[int]) -> bytes:
        """Return the function's values, a byte each."""
        there = bytes(numbers)
        for number in set(there) - self._known:
            self._table[number] = self._function(number)
            self._known.add(number)
        return there.translate(self._table)


def _state_usable(state: int) -> int:
    return usable(IdentifierRow(NO_ID, NO_ID, NO_ID, "", "", "", NO_ID, None, state, None, 0))


class Bulk:
    """Takes every identifier sorted by id, then every link, and computes the partition of all.

        bulk = Bulk(policy)
        bulk.add_identifiers(rows)     # as often as there are pieces
        bulk.add_links(links)
        census = bulk.solve()

    Rows may be dropped once they are added; only statements are kept. ``index`` has the numbers of the identifiers.
    """

    def __init__(self, policy: Policy) -> None:
        """Create an empty graph.

        Args:
            policy: the policy that decides which links join.
        """
        # Importing numpy takes as long as importing omnitrack, so it is left to those who rebuild.
        from omnitrack.identity import bulk_numpy

        self._policy = policy
        self._solve = bulk_numpy.solve
        self.index: Index = bulk_numpy.make_index()
        self._last = b""
        self._homes = bytearray()
        self._groups, self._group = _Groups(policy), array("i")
        self._usable_of, self._usable = _Bytes(_state_usable), bytearray()
        self._bases: dict[bytes, bytes] = {}  # of later holders
        self._a, self._b = self.index.column(), self.index.column()
        self._strength_of, self._strength = _Bytes(self._together_strength), array("b")
        self._seen = array("q")
        self._statements: list[LinkRow] = []

    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> None:
        """Add identifiers. Their ``customer`` and the derived flags of ``state`` are not read.

        Raises:
            ValueError: the identifiers are not in ascending order of id, as a store yields them.
        """
        ids = list(map(_ID, rows))
        if ids and not (self._last < ids[0] and all(map(lt, ids, islice(ids, 1, None)))):
            raise ValueError("rows: the identifiers are not in ascending order of id")
        self._last = ids[-1] if ids else self._last
        self.index.add(ids)
        self._homes += b"".join(map(_HOME, rows))
        self._group.extend(self._groups.of(rows))
        self._usable += self._usable_of.of(map(_STATE, rows))
        if list(map(_BASE, rows)) != ids:
            self._bases.update((row.id, row.base) for row in rows if row.base != row.id and not row.state & ASSUMED)

    def add_links(self, links: Sequence[LinkRow]) -> None:
        """Add links, after all identifiers; links with an unknown end are ignored."""
        if set(map(_BASIS, links)) <= {TOGETHER}:
            strength = self._strength_of.of(map(_ASSURANCE, links))
        else:
            # The rows tell the holders of an identifier.
            self._statements += [link for link in links if link.basis not in EVIDENCE and link.basis != REASSIGNED]
            links = [link for link in links if link.basis in EVIDENCE]
            strength = bytes(strength_of(link, self._policy) for link in links)
        if 0 in strength:
            links = list(compress(links, strength))
            strength = strength.replace(b"\0", b"")
        self._a.extend(map(_A, links))
        self._b.extend(map(_B, links))
        self._strength.frombytes(strength)
        self._seen.extend(list(map(_SEEN, links)))

    def _together_strength(self, assurance: int) -> int:
        return strength_of(LinkRow(NO_ID, NO_ID, TOGETHER, assurance, NO_ID, 0, NO_ID, 0), self._policy)

    def solve(self) -> Census:
        """Return the customers, shared identifiers and oversized components that ``partition`` would return."""
        graph = self._graph()
        solved = self._solve(graph)
        join_hazards(graph, solved)
        return Census(self.index, graph.homes, solved.owner, solved.shared, solved.oversized)

    def _graph(self) -> IntegerGraph:
        """Return everything that was added, by number."""
        homes = bytes(self._homes)
        at = self._numbers_of(end for link in self._statements for end in (link.a, link.b))
        self._statements = [link for link in self._statements if link.a in at and link.b in at]
        statements = Statements(self._statements)
        rows = {x: self._row(x, n, homes) for x, n in at.items()}
        classes = exclusive_classes(rows, statements, self._policy.exclusive)
        denied = {(min(at[x], at[y]), max(at[x], at[y])) for x, y in statements.denied}
        bases = self._several_holders()
        stated = []
        same = [(x, y, link.seen) for (x, y), link in statements.same.items()]
        for x, y, seen in (*same, *((x, link.b, link.seen) for x, link in statements.personal.items())):
            one, two = sorted((at[x], at[y]))
            apart = (one, two) in denied or (one in bases and bases[one] == bases.get(two))
            if one != two and self._usable[one] and self._usable[two] and not apart:
                stated.append((one, two, seen))
        a, b, strength, seen_at = self._a.numbers(), self._b.numbers(), self._strength, self._seen
        # Searching for the four bytes of -1 takes a hundredth of the time of checking every number. They may occur by chance across two numbers;
        # then every number is checked needlessly.
        if _MISSING in a.tobytes() or _MISSING in b.tobytes():
            there = [one >= 0 and two >= 0 for one, two in zip(a, b)]
            a, b, strength, seen_at = (array(x.typecode, compress(x, there)) for x in (a, b, strength, seen_at))
        schemes = list(dict.fromkeys(scheme for scheme, _ in self._groups.names))
        return IntegerGraph(
            count=len(self.index),
            homes=homes,
            usable=self._usable,
            group=self._group,
            kind=[schemes.index(scheme) for scheme, _ in self._groups.names],
            limits=[[self._policy.limit(scheme, own) for scheme in schemes] for own in schemes],
            verified_only=[[self._policy.verified_only(scheme, own) for scheme in schemes] for own in schemes],
            exclusive=[self._policy.exclusive(scheme) for scheme, _ in self._groups.names],
            leader={at[x]: at[y] for x, y in classes.items() if x != y},
            bases=bases,
            a=a,
            b=b,
            strength=strength,
            seen=seen_at,
            personal={at[x] for x in statements.personal},
            marked={at[x] for x in statements.marked},
            denied=denied,
            stated=stated,
            max_identifiers=self._policy.max_identifiers,
            max_component=self._policy.max_component,
        )

    def _numbers_of(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the numbers of known identifiers."""
        wanted = list(dict.fromkeys(ids))
        return {x: n for x, n in zip(wanted, self.index.find(wanted)) if n >= 0}

    def _row(self, x: bytes, n: int, homes: bytes) -> IdentifierRow:
        """Return an identifier as a row with only the fields that the rules read."""
        scheme, scope = self._groups.names[self._group[n]]
        home = homes[n * 16 : n * 16 + 16]
        state = LINKABLE if self._usable[n] else 0
        return IdentifierRow(x, home, home, scheme, "", scope, self._bases.get(x, x), None, state, None, 0)

    def _several_holders(self) -> dict[int, int]:
        """Return, for every holder of an identifier with several holders, a number that represents the identifier."""
        holders: dict[bytes, list[bytes]] = {}
        for x, base in self._bases.items():
            holders.setdefault(base, []).append(x)
        for base, found in holders.items():
            if base not in self._bases:
                found.append(base)
        at = self._numbers_of(x for found in holders.values() for x in found)
        groups = [[at[x] for x in found if x in at] for found in holders.values()]
        return {n: found[0] for found in groups if len(found) > 1 for n in found}
