"""Previews: what would join and what would part, told from who was whom before and after."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from omnitrack.identifiers.scheme import Identifier


@attrs.frozen(slots=True, kw_only=True)
class Regrouping:
    """Customers that become one, or one that becomes several, and the identifiers of each of the groups concerned.

    Attributes:
        before: customer ids as they are. after: as they would be.
        identifiers: of those customers, grouped as they would be, in the order of ``after``.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    identifiers: tuple[tuple[Identifier, ...], ...]


@attrs.frozen(slots=True, kw_only=True)
class Preview:
    """What a statement would do: ``joins`` (several customers into one), ``parts`` (one into several), and links it would leave in conflict."""

    joins: tuple[Regrouping, ...]
    parts: tuple[Regrouping, ...]
    obstacles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joins or self.parts)

    def __str__(self) -> str:
        lines = [f"joins {' and '.join(j.before)} into {j.after[0]}" for j in self.joins]
        lines += [f"parts {p.before[0]} into {', '.join(p.after)}" for p in self.parts]
        lines += [f"but {obstacle}" for obstacle in self.obstacles]
        return "; ".join(lines) or "changes nothing"


def regroup(
    before: Mapping[bytes, str], after: Mapping[bytes, str], names: Mapping[bytes, Identifier]
) -> tuple[tuple[Regrouping, ...], tuple[Regrouping, ...]]:
    """Return (joins, parts) between two assignments of the same identifiers to customers."""
    from_after: dict[str, set[str]] = {}
    from_before: dict[str, set[str]] = {}
    members: dict[str, list[Identifier]] = {}
    for x, customer in after.items():
        from_after.setdefault(customer, set()).add(before[x])
        from_before.setdefault(before[x], set()).add(customer)
        members.setdefault(customer, []).append(names[x])

    def group(customer: str) -> tuple[Identifier, ...]:
        return tuple(sorted(members[customer], key=lambda i: i.key))

    joins = tuple(
        Regrouping(before=tuple(sorted(olds)), after=(new,), identifiers=(group(new),))
        for new, olds in sorted(from_after.items())
        if len(olds) > 1
    )
    parts = tuple(
        Regrouping(before=(old,), after=tuple(sorted(news)), identifiers=tuple(group(n) for n in sorted(news)))
        for old, news in sorted(from_before.items())
        if len(news) > 1
    )
    return joins, parts
