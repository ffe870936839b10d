"""Resolves a ``who`` to an identifier, its customer and the customer's members, now or at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import attrs

from omnitrack.errors import CustomerNotFoundError, InvalidIdentifierError, mask, masked_repr
from omnitrack.foundation.context import Context, Tenures, holder_at
from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.ids import from_text, now_us, to_text
from omnitrack.identifiers.scheme import Identifier, check_parts, find_scheme
from omnitrack.identifiers.text import identifier as parse_identifier
from omnitrack.identity.mention import Mention
from omnitrack.identity.partition import EVIDENCE, Reader, components
from omnitrack.model import Assurance, Customer, Sighting
from omnitrack.records import TENURES
from omnitrack.storage.contract import ASSUMED, REASSIGNED, RETIRED, SHARED, IdentifierRow, LinkRow, Transaction

CHUNK = 500  # rows read at a time of the identifiers seen with a shared one

MAX_AMONG = 100  # most identifiers in a list that names one person

#: What names a person. The known identifiers of a list must belong to one customer, apart from shared ones.
Who = Identifier | Sighting | Customer | str | Sequence[Identifier | Sighting | Customer | str]


def customer_text(home: bytes) -> str:
    """Return the customer id in its public form."""
    return to_text("cus", home)


def to_identifier(row: IdentifierRow) -> Identifier:
    """Return the identifier of a row."""
    return Identifier(
        scheme=row.scheme, value=row.value, scope=row.scope, linkable=row.reason is None, reason=row.reason
    )


@attrs.frozen(slots=True)
class Meant:
    """The parsed form of a ``who``: a home, or an identifier."""

    home: bytes | None
    identifier: Identifier | None
    among: tuple[Meant, ...] = ()  # several names of one person; then neither of the above is set

    @property
    def key(self) -> str:
        """The whole name, for digests that bind a cursor to it."""
        if self.among:
            return " ".join(one.key for one in self.among)
        return self.identifier.key if self.identifier is not None else customer_text(self.home or b"")

    @property
    def text(self) -> str:
        """The masked name, for errors."""
        if self.among:
            return " or ".join(one.text for one in self.among)
        if self.identifier is not None:
            return f"{self.identifier.scheme}:{mask(self.identifier.value)}"
        assert self.home is not None
        return customer_text(self.home)

    def not_found(self) -> CustomerNotFoundError:
        """Return the error that nobody is known by this name."""
        hint = ""
        if self.identifier is not None and not self.identifier.scope:
            scheme = find_scheme(self.identifier.scheme)
            if scheme is not None and scheme.scoped:
                hint = f"; where it was recorded with a scope, it is asked for with it: {scheme.name}:...@scope"
        return CustomerNotFoundError(f"who: nobody is known as {self.text}{hint}")


def meant(ctx: Context, who: Who) -> Meant:
    """Parse a ``who``: an Identifier, a Customer, a customer id, a text that identifier() understands, or a list of these that belong to one person.

    Raises:
        InvalidIdentifierError: the value is none of these.
    """
    if isinstance(who, (list, tuple, set, frozenset)):
        among = tuple(meant_one(ctx, one) for one in who)
        if not 0 < len(among) <= MAX_AMONG:
            raise InvalidIdentifierError(f"who: got a list of {len(among)}, accepted are 1 to {MAX_AMONG} identifiers")
        return among[0] if len(among) == 1 else Meant(None, None, among)
    return meant_one(ctx, who)


def meant_one(ctx: Context, who: object) -> Meant:
    """Parse the name of one identifier or customer.

    Raises:
        InvalidIdentifierError: the value is malformed.
    """
    if isinstance(who, Sighting):
        who = who.identifier
    if isinstance(who, Customer):
        who = who.id
    if isinstance(who, Identifier):
        check_parts(who)
        return Meant(None, who)
    if not isinstance(who, str):
        raise InvalidIdentifierError(
            f"who: got {type(who).__name__}, accepted is an Identifier, a Customer, a customer id or a text that holds an identifier"
        )
    home = from_text("cus", who.strip())
    if home is not None:
        return Meant(home, None)
    return Meant(None, parse_identifier(who, region=ctx.region))


def shown_who(who: object) -> str:
    """Return a masked label for a ``who``."""
    if isinstance(who, (list, tuple, set, frozenset)):
        return " and ".join(shown_who(one) for one in list(who)[:MAX_AMONG])
    if isinstance(who, Sighting):
        who = who.identifier
    if isinstance(who, Customer):
        who = who.id
    if isinstance(who, Identifier):
        return f"{who.scheme}:{mask(who.value)}"
    return who.strip() if isinstance(who, str) and from_text("cus", who.strip()) else masked_repr(who)


def find_row(tx: Transaction, ctx: Context, who: Meant, at: int | None = None) -> IdentifierRow | None:
    """Return the identifier that a ``who`` names, as its holder at ``at`` (in microseconds; None for now), or None if it was never seen."""
    if who.among:
        return _one_of(tx, ctx, who, at)
    if who.home is not None:
        rows = tx.find_identifiers(homes=[who.home])
    else:
        assert who.identifier is not None
        rows = tx.find_identifiers(ids=[ctx.base_id(who.identifier.key)])
    if not rows:
        return None
    row = rows[0]
    if row.state & RETIRED and not (
        at is not None and row.id in {holder for _, holder in tenures_as_of(tx, row.base, at)}
    ):
        held = tenures_of(tx, [row.base])[row.base] if at is None else tenures_as_of(tx, row.base, at)
        rows = tx.find_identifiers(ids=[_place_of(tx, row).about(held)])
        row = rows[0] if rows else row
    if who.home is None:
        held = tenures_as_of(tx, row.base, at) if at is not None else ()
        if at is None and row.state & REASSIGNED:
            held = tenures_of(tx, [row.id])[row.id]
        holder = holder_at(row.base, held, now_us() if at is None else at)
        if holder != row.id:
            row = tx.find_identifiers(ids=[holder])[0]
    return row


def _one_of(tx: Transaction, ctx: Context, who: Meant, at: int | None) -> IdentifierRow | None:
    """Return an identifier of the person that several names mean, None if none of them was seen. Shared identifiers decide only if there is no other.

    Raises:
        InvalidIdentifierError: the names belong to several customers.
    """
    rows = [row for one in who.among if (row := find_row(tx, ctx, one, at)) is not None]
    own = [row for row in rows if not row.state & SHARED] or rows
    customers = customers_as_of(tx, own, at) if at is not None else {row.id: row.customer for row in own}
    if len(set(customers.values())) > 1:
        raise InvalidIdentifierError(
            f"who: got identifiers of {len(set(customers.values()))} customers ({who.text}), accepted are those of one"
        )
    return own[0] if own else None


def before_silence(tx: Transaction, row: IdentifierRow) -> list[IdentifierRow]:
    """Return the earlier holders of an identifier that only silence separates from a holder, latest first, without shared ones."""
    if not row.state & ASSUMED:
        return []
    tenures = ((0, row.base), *tenures_of(tx, [row.base])[row.base])
    rows = {found.id: found for found in tx.find_identifiers(ids=[holder for _, holder in tenures])}
    found: list[IdentifierRow] = []
    following = row
    for _, holder in tenures[: [holder for _, holder in tenures].index(row.id)][::-1]:
        if not following.state & ASSUMED or holder not in rows:
            break
        following = rows[holder]
        found += [] if following.state & SHARED else [following]
    return found


def _place_of(tx: Transaction, row: IdentifierRow) -> Mention:
    """Return the mention that the id of a retired holder stands for: the identifier at the last time for which it was held by that holder."""
    last = row.since or 0
    for record in tx.find_records(TENURES, keys=[row.base.hex()]):
        said = json.loads(record.value)
        for _, holder, _, _, retired in said:
            if retired is not None and bytes.fromhex(holder) == row.id:
                others = (s for s, _, _, by, until in said if by <= retired and (until is None or until > retired))
                last = min((s - 1 for s in others if s > (row.since or 0)), default=retired)
    return Mention(row.base, None, last)


def tenures_as_of(tx: Transaction, base: bytes, at: int) -> Tenures:
    """Return the later holders of an identifier by the reassignments known at a time."""
    found = set()
    for record in tx.find_records(TENURES, keys=[base.hex()]):
        for since, holder, _, said, retracted in json.loads(record.value):
            if said <= at and (retracted is None or retracted > at):
                found.add((since, bytes.fromhex(holder)))
    return tuple(sorted(found))


def get_row(tx: Transaction, ctx: Context, who: Meant, at: int | None = None) -> IdentifierRow:
    """Return the identifier that a ``who`` names.

    Raises:
        CustomerNotFoundError: no customer has this identifier or id.
    """
    row = find_row(tx, ctx, who, at)
    if row is None or (at is not None and row.born_at > at):
        raise who.not_found()
    return row


def members_of(tx: Transaction, customer: bytes) -> list[IdentifierRow]:
    """Return the identifiers of a customer, without retired holders."""
    return [row for row in tx.find_identifiers(customers=[customer]) if not row.state & RETIRED]


def find_people(
    tx: Transaction, ctx: Context, who: Meant, alone: bool = False
) -> tuple[IdentifierRow, list[IdentifierRow]]:
    """Return the identifier that a ``who`` names and those of its customer; a shared identifier stands alone, since it belongs to several people.

    ``alone`` means that nothing else is read in this transaction.

    Raises:
        CustomerNotFoundError: no customer has this identifier or id.
    """
    if who.identifier is not None:
        id = ctx.base_id(who.identifier.key)
        rows = tx.find_customer(id, alone=alone)
        if not rows:
            raise who.not_found()
        for row in rows:
            if row.id == id and not row.state & (RETIRED | REASSIGNED):
                return row, [row] if row.state & SHARED else [r for r in rows if not r.state & RETIRED]
    row = get_row(tx, ctx, who)
    return row, [row] if row.state & SHARED else members_of(tx, row.customer)


def customers_as_of(tx: Transaction, rows: Sequence[IdentifierRow], at: int) -> dict[bytes, bytes]:
    """Return which customer each identifier belonged to at a time."""
    current = {row.id: row.customer for row in rows}
    first_after: dict[bytes, bytes] = {}
    last_before: dict[bytes, bytes] = {}
    for change in tx.list_changes(identifiers=list(current)):
        if change.at <= at:
            last_before[change.identifier] = change.new
        else:
            first_after.setdefault(change.identifier, change.old)
    return {id: last_before.get(id, first_after.get(id, customer)) for id, customer in current.items()}


def members_as_of(tx: Transaction, row: IdentifierRow, at: int) -> tuple[bytes, list[IdentifierRow]]:
    """Return the customer that an identifier belonged to at a time, and the other identifiers of that customer."""
    customer = customers_as_of(tx, [row], at)[row.id]
    candidates = {r.id: r for r in tx.find_identifiers(customers=[customer])}
    changed = {c.identifier for c in tx.list_changes(customers=[customer])} - set(candidates)
    candidates.update((r.id, r) for r in tx.find_identifiers(ids=list(changed)))
    candidates[row.id] = row
    then = [r for r in candidates.values() if r.born_at <= at]
    was = customers_as_of(tx, then, at)
    return customer, sorted(r for r in then if was[r.id] == customer)


def verified_members(
    tx: Transaction, ctx: Context, row: IdentifierRow, members: Sequence[IdentifierRow]
) -> list[IdentifierRow]:
    """Return the identifiers that verified links and statements alone join to an identifier."""
    rows = {member.id: member for member in members}
    links = tx.find_links(
        list(rows)
    )  # including statements about others: an identifier personal to one person is joined to nobody else by evidence
    strong = [x for x in links if x.basis not in EVIDENCE or x.assurance >= Assurance.VERIFIED]
    edges, _ = Reader(rows, strong, ctx.policy).edges({})
    for part in components(rows, edges):
        if row.id in part:
            return [rows[x] for x in sorted(part)]
    return [row]


def shared_around(tx: Transaction, ctx: Context, members: Sequence[IdentifierRow]) -> list[IdentifierRow]:
    """Return the shared identifiers that are linked with a customer's identifiers."""
    ids = {member.id for member in members}
    links = tx.find_links(list(ids))
    rows = {row.id: row for row in tx.find_identifiers(ids=sorted({x for link in links for x in link[:2]} - ids))}
    touched = {x for pair in touching(ctx, [*members, *rows.values()], links) for x in pair} - ids
    return [rows[x] for x in sorted(touched) if rows[x].state & SHARED]


def neighbours_of_shared(tx: Transaction, ctx: Context, row: IdentifierRow, limit: int) -> list[IdentifierRow]:
    """Return at most ``limit`` identifiers that were seen with a shared one, by assurance and then latest first."""
    of: dict[bytes, list[LinkRow]] = {}
    links = tx.find_links([row.id])
    for link in sorted(links, key=lambda link: (-link.assurance, -link.seen)):
        of.setdefault(link.b if link.a == row.id else link.a, []).append(link)
    said = [link for link in links if link.basis not in EVIDENCE]
    others = list(of)
    found: list[IdentifierRow] = []
    for start in range(0, len(others), CHUNK):
        if len(found) >= limit:
            break
        some = others[start : start + CHUNK]
        rows = {r.id: r for r in tx.find_identifiers(ids=some)}
        pairs = touching(ctx, [row, *rows.values()], [*said, *(link for x in some for link in of[x])])
        touched = {x for pair in pairs for x in pair if x != row.id}
        found += [rows[x] for x in some if x in touched and x in rows]
    return found[:limit]


def touching(ctx: Context, rows: Iterable[IdentifierRow], links: Sequence[LinkRow]) -> list[tuple[bytes, bytes]]:
    """Return the pairs among identifiers that links would join if nothing were shared."""
    edges, _ = Reader({row.id: row for row in rows}, links, ctx.policy).edges({})
    return [(edge.a, edge.b) for edge in edges]
