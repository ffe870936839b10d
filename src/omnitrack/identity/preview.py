"""Previews: the customers that a statement would merge or split."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from omnitrack.harmless import one_line
from omnitrack.identifiers.scheme import Identifier
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class Regrouping(Value):
    """Customers that would merge into one, or one that would split, with their identifiers.

    Attributes:
        before: the customer ids now. None stands for a customer without an id, whose identifiers nobody has seen yet; the statement would create it.
        after: the customer ids afterwards.
        identifiers: the identifiers of each customer afterwards, in the order of ``after``.
        were: the identifiers of each customer now, in the order of ``before``. If a customer would both split and merge, some of these go elsewhere.
    """

    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    identifiers: tuple[tuple[Identifier, ...], ...]
    were: tuple[tuple[Identifier, ...], ...]


UNATTRIBUTED = "unattributed"


@attrs.frozen(slots=True, kw_only=True)
class Move(Value):
    """Interactions that would move from one customer to another because an identifier has a new holder, or by an attribution.

    Attributes:
        before: the id of the customer who has them now; None for a customer without an id, ``"unattributed"`` for nobody.
        after: the id of the customer who would have them, in the same form.
        interactions: the number of interactions; 0 if only future ones would be affected.
    """

    before: str | None
    after: str | None
    interactions: int

    @one_line
    def __str__(self) -> str:
        way = f"from {self.before or 'a new customer'} to {self.after or 'a new customer'}"
        if not self.interactions:
            return f"moves no interaction so far, those to come {way}"
        return f"moves {self.interactions} interaction{'s' if self.interactions > 1 else ''} {way}"


_NAMED = 3  # identifiers of a customer that are shown; the others are counted


def _show(id: str | None, identifiers: tuple[Identifier, ...]) -> str:
    names = [i.display for i in identifiers[:_NAMED]]
    if len(identifiers) > _NAMED:
        names.append(f"{len(identifiers) - _NAMED} more")
    return f"{id or 'a new customer'} ({', '.join(names)})"


@attrs.frozen(slots=True, kw_only=True)
class Preview(Value):
    """What a statement would change. ``print`` shows it in words.

    Attributes:
        joins: customers that would be merged.
        parts: customers that would be split.
        moves: interactions that would move to another customer although no identifier does, as with a new holder.
        obstacles: links that would be in conflict.
    """

    joins: tuple[Regrouping, ...]
    parts: tuple[Regrouping, ...]
    moves: tuple[Move, ...] = ()
    obstacles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joins or self.parts or self.moves)

    @one_line
    def __str__(self) -> str:
        lines = [
            f"joins {' and '.join(map(_show, j.before, j.were))} into {j.after[0] or 'a new customer'}"
            for j in self.joins
        ]
        lines += [
            f"parts {_show(p.before[0], p.were[0])} into {' and '.join(map(_show, p.after, p.identifiers))}"
            for p in self.parts
        ]
        lines += map(str, self.moves)
        lines += [f"but {obstacle}" for obstacle in self.obstacles]
        return "; ".join(lines) or "changes nothing"


def regroup(
    before: Mapping[bytes, str],
    after: Mapping[bytes, str],
    names: Mapping[bytes, Identifier],
    unborn: Collection[str] = (),
) -> tuple[tuple[Regrouping, ...], tuple[Regrouping, ...]]:
    """Return (joins, parts) between two assignments of the same identifiers to customers.

    Args:
        unborn: ids that stand for customers without an id yet.
    """
    news: dict[str, set[str]] = {}
    olds: dict[str, set[str]] = {}
    were: dict[str, list[Identifier]] = {}
    will: dict[str, list[Identifier]] = {}
    for x, new in after.items():
        old = before[x]
        news.setdefault(old, set()).add(new)
        olds.setdefault(new, set()).add(old)
        were.setdefault(old, []).append(names[x])
        will.setdefault(new, []).append(names[x])

    def regrouping(was: list[str], becomes: list[str]) -> Regrouping:
        return Regrouping(
            before=tuple(None if id in unborn else id for id in was),
            after=tuple(None if id in unborn else id for id in becomes),
            identifiers=tuple(tuple(sorted(will[id], key=lambda i: i.key)) for id in becomes),
            were=tuple(tuple(sorted(were[id], key=lambda i: i.key)) for id in was),
        )

    joins = tuple(regrouping(sorted(group), [new]) for new, group in sorted(olds.items()) if len(group) > 1)
    parts = tuple(regrouping([old], sorted(group)) for old, group in sorted(news.items()) if len(group) > 1)
    return joins, parts
