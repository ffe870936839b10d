"""The graph of identifiers and links as integers, which ``bulk`` passes to the solver, and the solution that it returns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import attrs

#: Components with a hazard are passed on together until they have this many identifiers.
BATCH = 2_000


@attrs.frozen(slots=True)
class IntegerGraph:
    """Identifiers and links as integers, with all that the rules of the partition need.

    Identifiers are numbered from 0, sorted by id. The columns of links are parallel, one place for each link of evidence that the policy allows to
    merge; a pair may occur several times.

    Attributes:
        count: the number of identifiers.
        homes: their homes, 16 bytes each.
        usable: whether each identifier may take part in a merge, a byte.
        group: the group of each identifier: its scheme or, if that is exclusive, its scheme and scope.
        kind: the number of the scheme of each group.
        limits: for each scheme, how many neighbours of each scheme an identifier may have; None for any number.
        verified_only: for each pair of schemes, whether only verified links join them.
        exclusive: for each group, whether a customer has at most one value of it.
        leader: for values of exclusive schemes that are the same as another, that other.
        bases: for holders of an identifier with several, the number of one of these.
        a: one end of each link of evidence.
        b: the other end.
        strength: the strength of the link.
        seen: its earliest time.
        personal: identifiers that only statements join.
        marked: identifiers marked as shared.
        denied: denied pairs, the smaller number first.
        stated: (a, b, seen) of pairs that statements join, without denied pairs, every end usable.
        max_identifiers: the limit of the policy.
        max_component: the limit of the policy.
    """

    count: int
    homes: bytes
    usable: bytearray
    group: array[int]
    kind: list[int]
    limits: list[list[int | None]]
    verified_only: list[list[bool]]
    exclusive: list[bool]
    leader: dict[int, int]
    bases: dict[int, int]
    a: array[int]
    b: array[int]
    strength: array[int]
    seen: array[int]
    personal: set[int]
    marked: set[int]
    denied: set[tuple[int, int]]
    stated: list[tuple[int, int, int]]
    max_identifiers: int | None
    max_component: int | None


@attrs.frozen(slots=True)
class HazardBatch:
    """Whole components with a hazard.

    Attributes:
        nodes: their identifiers.
        links: the links of evidence and statements that join them, sorted within each component: the strongest first, then the earliest,
            then by key.
    """

    nodes: list[int]
    links: list[tuple[int, int]]


@attrs.frozen(slots=True)
class Solution:
    """The result of a solver.

    Attributes:
        owner: for each identifier, the one whose home names its customer; final in components without a hazard.
        shared: whether each identifier is shared, a byte.
        oversized: whether each identifier is in a component beyond ``max_component``, a byte.
        hazards: the components with a hazard, in batches of at least ``BATCH`` identifiers, or the rest.
    """

    owner: array[int]
    shared: bytearray
    oversized: bytearray
    hazards: Iterator[HazardBatch]


class Column(Protocol):
    """Ends of links, in order."""

    def extend(self, ids: Iterable[bytes], /) -> None:
        """Append ids."""

    def numbers(self) -> array[int]:
        """Return their numbers, -1 for unknown ids."""


class Index(Protocol):
    """The numbers of identifiers."""

    def add(self, ids: Sequence[bytes], /) -> None:
        """Number further identifiers, in ascending order."""

    def find(self, ids: Sequence[bytes], /) -> list[int]:
        """Return the numbers of ids, -1 for unknown ones; most efficient with many at a time."""

    def ids(self, start: int, stop: int, /) -> list[bytes]:
        """Return the identifiers with these numbers, as a slice."""

    def column(self) -> Column:
        """Return an empty column; number identifiers before adding them to a column."""

    def __len__(self) -> int: ...
