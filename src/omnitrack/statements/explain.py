"""Explanations: the path of links that makes two identifiers one customer, or what keeps them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.handovers import find_given, find_handed
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.explain import Explanation, Step, details, shortest_path, weak_links
from omnitrack.identity.partition import MATCH, TOGETHER
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Assurance, Role, wall_clock
from omnitrack.reading.resolve import Meant, get_row, to_identifier
from omnitrack.records import STATEMENT
from omnitrack.statements.neighbourhood import Plan, plan_change
from omnitrack.statements.seen import seen_next
from omnitrack.storage.contract import NO_ID, IdentifierRow, LinkRow, Transaction


def _statements(tx: Transaction, links: Sequence[LinkRow]) -> dict[bytes, StatementRecord]:
    refs = {to_text("st", link.ref): link.ref for link in links if link.ref != NO_ID}
    found = tx.find_records(STATEMENT, keys=list(refs)) if refs else []
    return {refs[record.key]: StatementRecord.load(record.value) for record in found}


def _brought_back(tx: Transaction, links: Sequence[LinkRow]) -> dict[LinkRow, str]:
    """Return of each link that a handover code showed when and where that was given."""
    evidence = {link.evidence for link in links if link.basis == TOGETHER} - {NO_ID}
    handed = {id: one.used for id, one in find_handed(tx, sorted(evidence)).items() if one.used}
    given = find_given(tx, (key for used in handed.values() for key in used)) if handed else {}
    found = {}
    for one in given.values():
        addresses = {e.identifier for e in tx.list_entries(interactions=[one.interaction]) if e.role == Role.ANCHOR}
        for link in links:
            if one.key in handed.get(link.evidence, ()) and addresses & {link.a, link.b}:
                when = wall_clock(from_us(one.issued))
                found[link] = f"came back with the code given by {one.channel} on {when}"
    return found


def probability_of(link: LinkRow) -> float | None:
    """Return the probability that the ends of a match are one person, None for a link of another basis."""
    return link.score / 1_000_000 if link.basis == MATCH else None


def to_steps(
    tx: Transaction,
    found: Sequence[tuple[LinkRow, str | None, str | None]],
    names: Mapping[bytes, Identifier],
) -> list[Step]:
    """Return links as explanation steps; each link is given with its obstacle and a detail, or None."""
    said = _statements(tx, [link for link, _, _ in found])
    brought = _brought_back(tx, [link for link, _, _ in found])
    steps = []
    for link, obstacle, detail in found:
        record = said.get(link.ref)
        steps.append(
            Step(
                a=names[link.a],
                b=names[link.b],
                basis=link.basis,
                assurance=Assurance(link.assurance),
                seen=from_us(link.seen),
                probability=probability_of(link),
                interaction=to_text("int", link.evidence) if link.evidence != NO_ID else None,
                statement=to_text("st", link.ref) if link.ref != NO_ID else None,
                by=record.by if record else None,
                reason=record.reason if record else None,
                obstacle=obstacle,
                detail=detail,
                handover=brought.get(link),
            )
        )
    return steps


def explain(tx: Transaction, ctx: Context, a: Meant, b: Meant) -> Explanation:
    """Return why two identifiers belong to one customer, or what keeps them apart."""
    one, two = get_row(tx, ctx, a), get_row(tx, ctx, b)
    plan = plan_change(tx, ctx.policy, touched=[one.id, two.id], lock=False, explained=True)
    names = names_around(tx, plan)
    weak = weak_links([x for x in plan.links if x.a in names and x.b in names], plan.result)
    path = shortest_path(one.id, two.id, plan.result, weak)
    more = [
        (link, kind, _silence(tx, link, names) if kind == "silence" else details(kind, link, plan.result, names))
        for link, kind in path
    ]
    steps = to_steps(tx, more, names)
    return Explanation(a=names[one.id], b=names[two.id], together=one.customer == two.customer, path=tuple(steps))


def obstacles_between(tx: Transaction, ctx: Context, a: IdentifierRow, b: IdentifierRow) -> set[str]:
    """Return what keeps two identifiers apart that a link connects: of that link, else of the shortest path."""
    plan = plan_change(tx, ctx.policy, touched=[a.id, b.id], lock=False, explained=True)
    weak = weak_links(plan.links, plan.result)
    ends = {a.id, b.id}
    kinds = {conflict.kind for conflict in plan.result.conflicts if {conflict.edge.a, conflict.edge.b} == ends}
    kinds |= {kind for link, kind in weak if {link.a, link.b} == ends}
    return kinds or {kind for _, kind in shortest_path(a.id, b.id, plan.result, weak) if kind is not None}


def _silence(tx: Transaction, link: LinkRow, names: Mapping[bytes, Identifier]) -> str | None:
    """Return in words how long an identifier was not seen, None if the sighting before or after the silence was deleted."""
    holders = [link.a, *(holder for _, holder in tenures_of(tx, [link.a])[link.a])]
    before = seen_next(tx, holders, link.seen, newest=True)
    after = seen_next(tx, holders, link.seen, newest=False)
    if before is None or after is None:
        return None
    days = f"from {from_us(before.occurred_at):%Y-%m-%d} to {from_us(after.occurred_at):%Y-%m-%d}"
    return f"nobody saw {names[link.a].display} {days}, so another holder is assumed"


def names_around(tx: Transaction, plan: Plan) -> dict[bytes, Identifier]:
    """Return the identifiers of a neighbourhood and of the outer ends of its links, by id."""
    ends = {end for link in plan.links for end in (link.a, link.b)} - set(plan.rows)
    rows = [*plan.rows.values(), *(tx.find_identifiers(ids=sorted(ends)) if ends else ())]
    return {row.id: to_identifier(row) for row in rows}
