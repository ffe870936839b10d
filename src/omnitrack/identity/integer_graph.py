"""The graph of identifiers and links in integers, which ``bulk`` hands to the solver, and the solution that comes back."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import attrs

#: Components with a hazard are handed over together until they have so many identifiers.
BATCH = 2_000


@attrs.frozen(slots=True)
class IntegerGraph:
    """Identifiers and links as integers, with all that the rules of the partition need to know of them.

    Identifiers are numbered from 0 in order of id. The columns of links are parallel, one place for each link of evidence that the
    policy lets merge; a pair may stand there several times.

    Attributes:
        count: how many identifiers.
        homes: their homes, 16 bytes each.
        usable: of each whether it may take part in a merge, a byte.
        group: of each the number of its scheme (of an exclusive one: scheme and scope).
        kind: of each group the number of its scheme.
        limits: of each scheme how many neighbours of each scheme an identifier may have, None for any number.
        verified_only: of each scheme whether it is linked with each scheme only where both are verified.
        exclusive: of each group whether a customer has one value of it.
        leader: values of exclusive schemes that stand for the same as another, and that other.
        bases: of those that have another holder of the same identifier beside them, the number of one of these.
        a, b, strength, seen: the links of evidence.
        personal: whom statements alone join.
        marked: who is marked as shared.
        denied: pairs that are not one, the smaller number first.
        stated: (a, b, seen) of pairs that statements call one, none of them denied, every end usable.
        max_identifiers, max_component: of the policy.
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
        links: the links of evidence and the statements that join there, those of each component in their turn: the strongest first, then the one
            seen earliest, then by key.
    """

    nodes: list[int]
    links: list[tuple[int, int]]


@attrs.frozen(slots=True)
class Solution:
    """What a solver found.

    Attributes:
        owner: of each identifier the one whose home names its customer; settled where no hazard is.
        shared: of each whether it is shared, a byte.
        oversized: of each whether it is in a component beyond ``max_component``, a byte.
        hazards: the components with a hazard, in pieces of at least ``BATCH`` identifiers or what is left.
    """

    owner: array[int]
    shared: bytearray
    oversized: bytearray
    hazards: Iterator[HazardBatch]


class Column(Protocol):
    """Ends of links, in order."""

    def extend(self, ids: Iterable[bytes], /) -> None:
        """Append some."""

    def numbers(self) -> array[int]:
        """Return their numbers, -1 for what is no identifier."""


class Index(Protocol):
    """The numbers of identifiers."""

    def add(self, ids: Sequence[bytes], /) -> None:
        """Number some more, in ascending order."""

    def find(self, ids: Sequence[bytes], /) -> list[int]:
        """Return their numbers, -1 for what is no identifier; at its best with many at a time."""

    def ids(self, start: int, stop: int, /) -> list[bytes]:
        """Return the identifiers numbered so, as of a slice."""

    def column(self) -> Column:
        """Return a column without an end in it; identifiers are numbered before they stand in one."""

    def __len__(self) -> int: ...
