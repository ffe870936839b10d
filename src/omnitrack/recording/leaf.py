"""The fast path of recording: a new identifier that can only join one customer, without computing the neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnitrack.identity.partition import (
    EVIDENCE,
    PERSONAL,
    SAME,
    Partition,
    Reader,
    strength_between,
    strength_of,
    usable,
)
from omnitrack.identity.policy import Policy
from omnitrack.statements.neighbourhood import Plan
from omnitrack.storage.contract import OVERSIZED, SHARED, IdentifierChange, IdentifierRow, LinkRow, Transaction

#: Parallel writers do not see each other's new identifiers. Where writers do not wait for each other, a component this close to ``max_component``
#: is counted under locks on all of it.
MARGIN = 500


def plan_leaf(
    tx: Transaction, policy: Policy, added: Sequence[LinkRow], fresh: Mapping[bytes, IdentifierRow]
) -> Plan | None:
    """Return the plan of a new identifier that joins a customer or stands alone and changes nothing else; None if that must be computed. Writes nothing.

    Let z be the new identifier, seen with members Y of one customer K, every end usable, none of Y shared or personal before or after, no limit
    exceeded, and the component including z not larger than ``max_component``. No statement denies z, since nobody could name it yet, and it has
    one holder. So z is not shared, rule c takes nothing from it, and in rule d it adds one to the size of its part and, if its scheme is exclusive,
    a value. Follow the joins of rule d in order, with z and without it:
    1. K has room for one more, and no value of z's exclusive scheme and scope. By induction, any part made of members of K with z is at any time
       a union of parts that K has without z, and perhaps z. A join of two such parts is allowed: K itself is, and z adds nothing that K and z may
       not have. A join of such a part with anything outside K was refused without z, otherwise it would be in K; so it is refused with z, because a
       larger part has every denial, value and size of the smaller. Joins among other identifiers are not affected. In the end K is joined as
       before, and z with it.
    2. K is full, and z's links come after every link among the members of K, as those seen later do. When their turn comes, K is complete, z is
       refused because of the size, and stays alone. Joins among other identifiers are not affected.

    Whatever is connected with K is counted customer by customer, which reads identifiers and links but partitions nothing; the count is rather too
    high than too low. Beyond ``max_component``, and in every other case, the answer is None.
    """
    ends = {end for link in added for end in (link.a, link.b)}
    newborn = [x for x in ends if x in fresh]
    if len(newborn) != 1 or any(newborn[0] not in (link.a, link.b) for link in added):
        return None
    z = fresh[newborn[0]]
    if not usable(z) or z.base != z.id:
        return None
    if any(link.basis not in EVIDENCE for link in added):
        return None
    seen_with = sorted(ends - {z.id})
    rows = {row.id: row for row in tx.find_identifiers(ids=seen_with)}
    customers = {row.customer for row in rows.values()}
    # A home older than the customer's would rename the customer.
    if len(rows) < len(seen_with) or len(customers) != 1 or z.home < (home := customers.pop()):
        return None
    if not all(strength_between(link, z, rows[link.a if link.b == z.id else link.b], policy) for link in added):
        return None
    members = {row.id: row for row in tx.find_identifiers(customers=[home])}
    if not tx.serialised:
        # Read under the locks: a writer that changes the customer waits, or was waited for.
        members = {row.id: row for row in tx.lock_identifiers(sorted(members)) if row.customer == home}
        if len(members) < len(tx.find_identifiers(customers=[home])):
            return None
    if not all(x in members and usable(members[x]) and not members[x].state & (SHARED | OVERSIZED) for x in seen_with):
        return None
    links = tx.find_links(sorted(members))
    full = policy.max_identifiers is not None and len(members) >= policy.max_identifiers
    if full and not _comes_last(added, links, members, policy):
        return None
    if policy.exclusive(z.scheme) and any((x.scheme, x.scope) == (z.scheme, z.scope) for x in members.values()):
        return None
    most = None if policy.max_component is None else policy.max_component - (1 if tx.serialised else MARGIN)
    if most is not None and len(members) > most:
        return None
    if not _has_room(tx, policy, members, links, most):
        return None
    around = [link for link in links if link.a in seen_with or link.b in seen_with]
    if any(link.basis == PERSONAL for link in around) or not _within_limits(tx, policy, members, around, added, z):
        return None
    known = {**members, z.id: z}
    result = Partition({**dict.fromkeys(members, home), z.id: z.home if full else home}, {}, [], [], [], set())
    updates = [] if full else [IdentifierChange(z.id, home, z.state, z.reason)]
    return Plan(known, list(added), result, updates)


def _joining(links: Sequence[LinkRow], policy: Policy) -> list[LinkRow]:
    """Return the links that may join, rather too many than too few: denied links are included, and so are links between schemes that only
    verified links join."""
    return [
        link
        for link in links
        if (strength_of(link, policy) if link.basis in EVIDENCE else link.basis in (SAME, PERSONAL))
    ]


def _comes_last(
    added: Sequence[LinkRow], links: Sequence[LinkRow], members: Mapping[bytes, IdentifierRow], policy: Policy
) -> bool:
    """Whether the added links come after all links among the members of a customer; statements come before all evidence."""

    def turn(link: LinkRow) -> tuple[int, int, bytes, bytes]:
        return (-strength_of(link, policy), link.seen, link.a, link.b)

    inside = [turn(x) for x in _joining(links, policy) if x.basis in EVIDENCE and x.a in members and x.b in members]
    return min(map(turn, added)) > max(inside, default=(0, 0, b"", b""))


def _has_room(
    tx: Transaction,
    policy: Policy,
    members: Mapping[bytes, IdentifierRow],
    links: Sequence[LinkRow],
    most: int | None,
) -> bool:
    """Whether the component of a customer has at most ``most`` identifiers."""
    if most is None:
        return True
    counted = set(members)
    customers = {row.customer for row in members.values()}
    while links:
        joining = _joining(links, policy)
        further = {end for link in joining for end in (link.a, link.b)} - counted
        if not further:
            return True
        reached = {
            row.customer for row in tx.find_identifiers(ids=sorted(further)) if usable(row) and not row.state & SHARED
        } - customers
        if not reached:
            return True
        customers |= reached
        found = [row.id for row in tx.find_identifiers(customers=sorted(reached))]
        counted.update(found)
        if len(counted) > most:
            return False
        links = tx.find_links(sorted(found))
    return True


def _within_limits(
    tx: Transaction,
    policy: Policy,
    members: Mapping[bytes, IdentifierRow],
    around: Sequence[LinkRow],
    added: Sequence[LinkRow],
    z: IdentifierRow,
) -> bool:
    """Whether no end is shared with the added links. Accounts that a statement makes one count as two here; the full computation then decides."""
    known = {**members, z.id: z}
    others = {end for link in around for end in (link.a, link.b)} - known.keys()
    known.update((row.id, row) for row in (tx.find_identifiers(ids=sorted(others)) if others else ()))
    reader = Reader(known, [*around, *added], policy, {})
    touched = {end for link in added for end in (link.a, link.b)}
    return all(reader.shared(x) is None for x in touched)


def newborn_links(fresh: Mapping[bytes, IdentifierRow], links: Sequence[LinkRow]) -> list[LinkRow]:
    """Return the links of the components in which every identifier is new."""
    parent: dict[bytes, bytes] = {}

    def find(x: bytes) -> bytes:
        while (above := parent.get(x, x)) != x:
            x = above
        return x

    old = set()
    for link in links:
        a, b = find(link.a), find(link.b)
        if a != b:
            parent[b] = a
        if link.a not in fresh:
            old.add(link.a)
        if link.b not in fresh:
            old.add(link.b)
    if not old:
        return list(links)
    mixed = {find(x) for x in old}
    return [link for link in links if find(link.a) not in mixed]
