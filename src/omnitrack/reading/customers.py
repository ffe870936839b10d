"""Customers: the one meant by an identifier, the candidates behind a shared one, and their details."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from omnitrack.foundation.calls import Later
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us
from omnitrack.model import Assurance, Customer, CustomerDetails, Role
from omnitrack.reading.resolve import (
    Meant,
    before_silence,
    customer_text,
    find_people,
    get_row,
    members_as_of,
    members_of,
    neighbours_of_shared,
    to_identifier,
)
from omnitrack.records import TRAIT
from omnitrack.storage.contract import SHARED, EntryRow, IdentifierRow, Transaction


def customer_of(tx: Transaction, ctx: Context, who: Meant, as_of: int | None, later: Later | None) -> Customer:
    """Return the customer that a ``who`` names.

    Args:
        later: reads the customer's details when they are first used; None reads them now.
    """
    if as_of is not None:
        home, members = members_as_of(tx, get_row(tx, ctx, who, as_of), as_of)
    else:
        row, members = find_people(tx, ctx, who, alone=later is not None)
        home = row.customer
    return customer_from(tx, home, members, as_of, later)


def customer_from(
    tx: Transaction, home: bytes, members: Sequence[IdentifierRow], as_of: int | None, later: Later | None
) -> Customer:
    """Return a customer whose members have been read; the other arguments are those of ``customer_of``."""

    def details(tx: Transaction) -> CustomerDetails:
        return customer_details(tx, [m.id for m in members], as_of)

    customer = Customer(
        id=customer_text(home),
        identifiers=tuple(map(to_identifier, members)),
        shared=any(m.state & SHARED for m in members),
        load=lambda: details(tx) if later is None else later(details),
    )
    if later is None:
        customer.details()
    return customer


def customer_details(tx: Transaction, identifiers: Sequence[bytes], as_of: int | None) -> CustomerDetails:
    """Read the traits and times of a customer. Traits that came with a mere claim may belong to whoever made it, and are ignored."""
    ends: list[EntryRow] = []
    for newest in (False, True):
        ends += tx.list_entries(
            identifiers=identifiers,
            roles=(Role.ANCHOR,),
            min_assurance=int(Assurance.OBSERVED),
            limit=1,
            newest=newest,
            as_of=as_of,
        )
    values: list[tuple[int, int, str, Any]] = []
    records = [r for x in identifiers for r in tx.find_records(TRAIT, prefix=f"{x.hex()}/")]
    if as_of is not None and records:
        # A trait was known then if it had been recorded by then, whenever it occurred.
        told = {record.key: bytes.fromhex(record.key.rpartition("/")[2]) for record in records}
        then = {e.interaction for e in tx.list_entries(interactions=sorted(set(told.values())), as_of=as_of)}
        records = [record for record in records if told[record.key] in then]
    for record in records:
        content = json.loads(record.value)
        if content["assurance"] <= Assurance.CLAIMED:
            continue
        for name, value in content["traits"].items():
            values.append((content["assurance"], content["at"], name, value))
    traits: dict[str, list[Any]] = {}
    for _, _, name, value in sorted(values, key=lambda v: (-v[0], -v[1])):
        known = traits.setdefault(name, [])
        if value not in known:
            known.append(value)
    return CustomerDetails(
        traits={name: tuple(found) for name, found in traits.items()},
        first_seen=from_us(ends[0].occurred_at) if ends else None,
        last_seen=from_us(ends[-1].occurred_at) if ends else None,
    )


def candidates_of(tx: Transaction, ctx: Context, who: Meant, limit: int, later: Later | None) -> list[Customer]:
    """Return the customers that a ``who`` may mean, best first: one if it is certain, several for a shared identifier, and the holders of an
    identifier before a long silence."""
    row, people = find_people(tx, ctx, who)
    if not row.state & SHARED:
        found = [customer_from(tx, row.customer, people, None, later)]
        earlier = [h for h in before_silence(tx, row) if h.customer != row.customer] if who.home is None else []
        others = dict.fromkeys(holder.customer for holder in earlier)
        found += [customer_from(tx, home, members_of(tx, home), None, later) for home in others]
        return found[:limit]
    homes = list(dict.fromkeys(r.customer for r in neighbours_of_shared(tx, ctx, row, limit * 4)))[:limit]
    members: dict[bytes, list[IdentifierRow]] = {home: [] for home in homes}
    for member in tx.find_identifiers(customers=homes):
        members[member.customer].append(member)
    return [customer_from(tx, home, members[home], None, later) for home in homes if members[home]]
