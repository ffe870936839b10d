"""Exposure: receipts of reads, and to whom was shown what turned out to be somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from omnitrack.errors import (
    InvalidPolicyError,
    StatementNotFoundError,
    plain_repr,
)
from omnitrack.foundation.arguments import checked_text
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, tenures_of
from omnitrack.foundation.ids import from_text, from_us, new_ids, now_us, to_text
from omnitrack.foundation.reads import CHUNK, MOST_SHOWN, Read, places_of, reads_of
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.harmless import one_line
from omnitrack.identity.mention import Mention
from omnitrack.identity.statement import Statement
from omnitrack.model import Role, wall_clock
from omnitrack.reading.resolve import Meant, Who, customer_text, find_row, get_row, meant, members_of
from omnitrack.statements.statement_index import mention
from omnitrack.storage.contract import NO_ID, SHARED, EntryRow, IdentifierRow, Transaction
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class ReadReceipt(Value):
    """A receipt for one read about a customer.

    Attributes:
        id: the id of the receipt, ``rd_...``.
        at: when the read was made.
        call: ``timeline``, ``brief``, ``customer``, ``candidates``, ``search``, ``interaction``, ``conversations``, ``export`` or ``subject_bundle``.
        by: the user, as named by ``tracker.acting(by=)``; None if it was not called.
        trust: ``observed`` or ``verified``; None for calls without a trust level.
        customers: the ids of the customers who were shown, as they were then.
        interactions: the ids of this customer's interactions that were shown, ``int_...``.
    """

    id: str
    at: datetime
    call: str
    by: str | None = None
    trust: str | None = None
    customers: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()

    @one_line
    def __str__(self) -> str:
        count = len(self.interactions)
        trust = f", {self.trust}" if self.trust else ""
        return f"{wall_clock(self.at)} {self.by or 'somebody'} ({self.call}{trust}): {count} interaction{'' if count == 1 else 's'}"


@attrs.frozen(slots=True, kw_only=True)
class Exposure(Value):
    """Interactions of one customer that were shown to somebody who had asked for another.

    Attributes:
        receipt: the id of the read receipt, ``rd_...``.
        at: when they were shown.
        call: the call that showed them, as in ReadReceipt.
        asked: the id of the customer who was asked for, as known now.
        owner: the id of the customer whose interactions they are, as known now.
        interactions: the ids of the interactions that were wrongly shown, ``int_...``.
        by: who was shown them; None if not recorded.
        trust: the trust level of the call, as in ReadReceipt.
    """

    receipt: str
    at: datetime
    call: str
    asked: str
    owner: str
    interactions: tuple[str, ...]
    by: str | None = None
    trust: str | None = None

    @one_line
    def __str__(self) -> str:
        count = len(self.interactions)
        return (
            f"{wall_clock(self.at)} {self.by or 'somebody'} ({self.call}) was shown {count} interaction{'' if count == 1 else 's'} "
            f"of {self.owner}, having asked for {self.asked}"
        )


def checked_reads(reads: object) -> bool:
    """Return whether reads leave receipts.

    Raises:
        InvalidPolicyError: the value is neither ``"audit"`` nor None.
    """
    if reads not in (None, "audit"):
        raise InvalidPolicyError(f"reads: got {plain_repr(reads)}, accepted is 'audit', and None for no receipts")
    return reads == "audit"


def checked_by(by: object) -> str:
    """Return the name of who acts.

    Raises:
        InvalidInteractionError: the name is empty or too long.
    """
    found = checked_text("by", by, required=True)
    assert found is not None
    return found


@goes_over
def leave_receipt(
    run: Run,
    ctx: Context,
    call: str,
    by: str | None,
    *,
    asked: Meant | None = None,
    trust: str | None = None,
    customers: Iterable[str] = (),
    interactions: Sequence[str] = (),
) -> None:
    """Keep that somebody was shown something. What was erased meanwhile is not kept.

    Args:
        customers: ids of customers who were shown beside whoever was asked for. interactions: ids of those that were shown.
    """
    ids = list(dict.fromkeys(id for text in interactions if (id := from_text("int", text)) is not None))
    homes = [home for text in customers if (home := from_text("cus", text)) is not None]
    now, parts = now_us(), [ids[start : start + MOST_SHOWN] for start in range(0, len(ids), MOST_SHOWN)] or [[]]
    names = new_ids(len(parts))

    def write(tx: Transaction) -> None:
        enter(tx, ctx)
        row = None if asked is None else find_row(tx, ctx, asked)
        shown = [] if row is None else [row]
        others = tx.find_identifiers(homes=homes) if homes else []
        for id, part in zip(names, parts):
            entries = tx.list_entries(interactions=part, roles=(Role.ANCHOR, Role.PARTICIPANT)) if part else []
            there = {entry.interaction for entry in entries}
            filed = tx.find_identifiers(ids=sorted({e.identifier for e in entries} - {NO_ID})) if entries else []
            read = Read(
                id=id,
                at=now,
                by=by,
                call=call,
                trust=trust,
                asked=None if row is None or asked is None else _mention(tx, asked, row, now),
                customers=tuple(dict.fromkeys(r.customer for r in (*shown, *others))),
                interactions=tuple(x for x in part if x in there),
                places=tuple(sorted({r.base for r in (*shown, *others, *filed)})),
            )
            tx.put_records([read.record(), *read.index()])

    run(write)


def _mention(tx: Transaction, asked: Meant, row: IdentifierRow, now: int) -> Mention:
    return Mention(row.base, None, now) if asked.home is None else mention(tx, row, now)


class _Reads:
    """Reads, and whose what they showed is now."""

    def __init__(self, tx: Transaction, reads: Sequence[Read]) -> None:
        self._tx = tx
        self.reads = reads
        bases = sorted({read.asked.base for read in reads if read.asked is not None})
        tenures = tenures_of(tx, bases)
        self._about = {read.id: read.asked.about(tenures[read.asked.base]) for read in reads if read.asked is not None}
        entries: dict[bytes, list[EntryRow]] = {}
        wanted = list(dict.fromkeys(id for read in reads for id in read.interactions))
        for start in range(0, len(wanted), CHUNK):
            for entry in tx.list_entries(interactions=wanted[start : start + CHUNK]):
                entries.setdefault(entry.interaction, []).append(entry)
        self._entries = entries
        named = {e.identifier for some in entries.values() for e in some} | set(self._about.values())
        self._rows = {row.id: row for row in tx.find_identifiers(ids=sorted(named - {NO_ID}))}

    def asked(self, read: Read) -> bytes | None:
        """Return the customer, as it is now, who had been asked for."""
        row = self._rows.get(self._about.get(read.id, NO_ID))
        return None if row is None else row.customer

    def owners(self, interaction: bytes) -> set[bytes]:
        """Return the customers with whom an interaction was; what is filed under a shared identifier alone is nobody's own."""
        return {row.customer for e, row in self._named(interaction) if e.role == Role.ANCHOR and not row.state & SHARED}

    def everybody(self, interaction: bytes) -> set[bytes]:
        """Return all to whom an interaction belongs: with whom it was, who was in copy, and the shared line that it came over."""
        return {row.customer for e, row in self._named(interaction) if e.role != Role.MEMBER or row.state & SHARED}

    def _named(self, interaction: bytes) -> list[tuple[EntryRow, IdentifierRow]]:
        entries = self._entries.get(interaction, ())
        return [(e, self._rows[e.identifier]) for e in entries if e.identifier in self._rows]


def _reads_of(tx: Transaction, rows: Sequence[IdentifierRow]) -> _Reads:
    """Return the reads in which identifiers were asked for, or what is filed under them was shown, wherever that was filed then."""
    entries = all_entries(tx, [row.id for row in rows])
    interactions = list(dict.fromkeys(entry.interaction for entry in entries))
    return _Reads(tx, reads_of(tx, {row.base for row in rows} | places_of(tx, interactions)))


def receipts_of(run: Run, ctx: Context, who: Who) -> list[ReadReceipt]:
    """Return the receipts of reads that asked for a customer, or showed something of theirs, latest first."""
    named = meant(ctx, who)

    return run(lambda tx: receipts_in(tx, get_row(tx, ctx, named).customer), write=False)


def receipts_in(tx: Transaction, customer: bytes) -> list[ReadReceipt]:
    """Return the receipts of reads that asked for a customer, or showed something of theirs, latest first."""
    found = _reads_of(tx, members_of(tx, customer))
    receipts = []
    for read in reversed(found.reads):
        theirs = [id for id in read.interactions if customer in found.everybody(id)]
        if theirs or found.asked(read) == customer or customer in read.customers:
            receipts.append(
                ReadReceipt(
                    id=to_text("rd", read.id),
                    at=from_us(read.at),
                    call=read.call,
                    by=read.by,
                    trust=read.trust,
                    customers=tuple(customer_text(home) for home in read.customers),
                    interactions=tuple(to_text("int", id) for id in theirs),
                )
            )
    return receipts


def exposed(run: Run, ctx: Context, subject: Who | Statement) -> list[Exposure]:
    """Return to whom was shown what is not of whom they had asked for, of a customer or of whoever a statement is about, latest first."""
    if isinstance(subject, Statement):
        named = [meant(ctx, end) for end in (subject.a, subject.b) if end is not None and end != "(erased)"]
        if not named:
            raise StatementNotFoundError(
                "statement: got one about somebody who was erased, accepted is one about others"
            )
    else:
        named = [meant(ctx, subject)]

    def read(tx: Transaction) -> list[Exposure]:
        rows = [get_row(tx, ctx, one) for one in named]
        if isinstance(subject, Statement):  # the other holders of what was reassigned are meant too
            held = tenures_of(tx, sorted({row.base for row in rows}))
            holders = {x for tenures in held.values() for _, x in tenures} | held.keys()
            rows += tx.find_identifiers(ids=sorted(holders - {row.id for row in rows}))
        customers = {row.customer for row in rows}
        members = [member for customer in sorted(customers) for member in members_of(tx, customer)]
        return _exposures(_reads_of(tx, members), customers)

    return run(read, write=False)


def _exposures(found: _Reads, customers: set[bytes]) -> list[Exposure]:
    exposures = []
    for read in reversed(found.reads):
        asked = found.asked(read)
        if asked is None:
            continue
        wrong: dict[bytes, list[bytes]] = {}
        for id in read.interactions:
            if asked not in found.everybody(id):
                for owner in sorted(found.owners(id)):
                    wrong.setdefault(owner, []).append(id)
        for owner, ids in wrong.items():
            if {asked, owner} & customers:
                exposures.append(
                    Exposure(
                        receipt=to_text("rd", read.id),
                        at=from_us(read.at),
                        call=read.call,
                        by=read.by,
                        trust=read.trust,
                        asked=customer_text(asked),
                        owner=customer_text(owner),
                        interactions=tuple(to_text("int", id) for id in ids),
                    )
                )
    return exposures
