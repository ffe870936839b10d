"""Uses of handovers: interactions that bring a code are filed with the address that it went to, and one use is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from omnitrack.errors import InvalidIdentifierError
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.handover_codes import Codes, find_codes
from omnitrack.foundation.handovers import MOST_REPEATS, Given, Handed, Use, code_key, find_given
from omnitrack.foundation.ids import to_text
from omnitrack.model import MAX_PERSON_IDENTIFIERS, Assurance, Direction, Interaction, Role
from omnitrack.model.handover_use import (
    AGAIN,
    CONFLICT,
    DAMAGED,
    DENIED,
    EXPIRED,
    LINKED,
    REASSIGNED,
    SAME_CHANNEL,
    SEVERAL_PEOPLE,
    SUGGESTED,
    UNKNOWN,
    USED_UP,
    HandoverUse,
)
from omnitrack.reading.resolve import to_identifier
from omnitrack.recording.prepare import Prepared, Seen, resolve
from omnitrack.recording.record import Batch
from omnitrack.recording.tenure_changes import not_there
from omnitrack.statements.explain import obstacles_between
from omnitrack.statements.proofs import held_of
from omnitrack.storage.contract import NO_ID, IdentifierRow, Transaction
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS

_CLAIMED = int(Assurance.CLAIMED)


@attrs.define(slots=True)
class _Brought:
    """A code that an interaction brought: what became of it, and the holder of the address that it went to, where it had one."""

    status: str
    given: Given | None = None
    holder: bytes | None = None
    linked: bool = False
    assurance: int = 0  # of that address


class HandoverUses:
    """The handover codes in some interactions, and what becomes of them in one transaction. Made outside, so that the transaction can be repeated.

    Args:
        codes: of the interactions that have any, by their positions in the batch. keys: of these codes, as a store knows them.
    """

    def __init__(self, codes: Mapping[int, Codes], keys: Mapping[int, str]) -> None:
        self._codes = codes
        self._keys = keys
        self._given: dict[str, Given] = {}
        self._brought: dict[int, list[_Brought]] = {}
        self._own: dict[int, bytes | None] = {}

    def __bool__(self) -> bool:
        return bool(self._codes)

    def amend(
        self,
        tx: Transaction,
        ctx: Context,
        batch: Sequence[Prepared],
        taken: Sequence[int],
        homes: Mapping[bytes, bytes],
    ) -> tuple[Sequence[Prepared], Mapping[bytes, bytes]]:
        """Return the batch in which the interactions that use a handover also show the address that it went to.

        Args:
            taken: the positions of those that are about to be stored. homes: an id for each identifier that may be born.
        """
        self._brought, self._own = {}, {}
        numbers = sorted(not_there(tx, batch, [number for number in taken if number in self._codes]))
        self._given = find_given(tx, self._keys.values()) if numbers and self._keys else {}
        amended, born = list(batch), dict(homes)
        for number in numbers:
            one, codes = batch[number], self._codes[number]
            self._own[number] = one.people[0][0].base if one.people else None
            brought = [self._bring(tx, ctx, one, self._keys[payload]) for payload in codes.payloads]
            self._brought[number] = [*brought, *(_Brought(DAMAGED) for _ in range(codes.damaged))]
            for use in brought:
                if use.status == LINKED and use.given is not None:
                    amended[number] = self._show(tx, ctx, amended[number], use)
                    self._count(one, use)
            for seen in (seen for person in amended[number].people for seen in person):
                born.setdefault(seen.base, seen.base)  # it is stored, so that this is never anybody's home
        return amended, born

    def _bring(self, tx: Transaction, ctx: Context, one: Prepared, key: str) -> _Brought:
        """Return what becomes of one code, by what is known of the handover; ``LINKED`` where it is to be used."""
        given = self._given.get(key)
        if given is None or given.interaction == one.row.id:
            return _Brought(UNKNOWN)
        if one.row.channel == given.channel != given.to:
            return _Brought(SAME_CHANNEL, given)
        if self._came_before(tx, one, given):
            return _Brought(AGAIN, given)
        if one.row.occurred_at >= given.expires:
            return _Brought(EXPIRED, given)
        if given.left <= 0:
            return _Brought(USED_UP, given)
        if len(one.people) > 1:
            return _Brought(SEVERAL_PEOPLE, given)
        return _Brought(LINKED, given)

    def _came_before(self, tx: Transaction, one: Prepared, given: Given) -> bool:
        """Whether the same person has used it: a mail quotes the one before."""
        there = [use.interaction for use in given.used if use.interaction is not None]
        if not there or len(one.people) != 1:
            return False
        own = one.people[0][0].base
        earlier = {e.identifier for e in tx.list_entries(interactions=there) if e.role == Role.ANCHOR}
        rows = tx.find_identifiers(ids=sorted(earlier - {NO_ID}))
        return own in {row.base for row in rows} or any(
            number in self._own and self._own[number] == own
            for number, some in self._brought.items()
            for use in some
            if use.status == LINKED and use.given is not None and use.given.key == given.key
        )

    def _show(self, tx: Transaction, ctx: Context, one: Prepared, use: _Brought) -> Prepared:
        """Return an interaction with the address that the code went to among the identifiers of its person."""
        given = use.given
        assert given is not None
        anchors = [
            e
            for e in tx.list_entries(interactions=[given.interaction])
            if e.role == Role.ANCHOR and e.identifier != NO_ID
        ]
        rows = tx.find_identifiers(ids=[e.identifier for e in anchors[:1]]) if anchors else []
        if not rows:
            return (
                one  # nobody was known on the channel where it was given: the two are one conversation, and that is all
            )
        anchor, row = anchors[0], rows[0]
        if not _still_holds(tx, ctx, row, one.row.occurred_at):
            use.status = REASSIGNED
            return one
        person = one.people[0] if one.people else []
        use.holder = row.id
        if any(seen.base == row.base for seen in person):
            return one
        if len(person) >= MAX_PERSON_IDENTIFIERS:
            use.status = SEVERAL_PEOPLE
            return one
        try:
            resolved = resolve(ctx, to_identifier(row))
        except InvalidIdentifierError:
            return one
        if resolved.own:
            return one
        use.linked, use.assurance = True, _assurance(given, anchor.assurance)
        if any(row.scheme in x.who.proves or x.who.identifier.scheme in resolved.proves for x in person):
            # A platform's id proves who holds a number that the platform shows with it. A code shows no such thing.
            use.assurance = _CLAIMED
        # Last, and so never the anchor where the person came with an identifier of their own.
        seen = Seen(resolved, row.base, use.assurance, anchor.raw)
        return attrs.evolve(one, people=[[*person, seen]])

    def _count(self, one: Prepared, use: _Brought) -> None:
        """Count a use, so that the next of the batch finds it."""
        if use.status == LINKED and use.given is not None:
            counted = Use(interaction=one.row.id, linked=use.linked)
            self._given[use.given.key] = attrs.evolve(use.given, used=(*self._given[use.given.key].used, counted))

    def finish(self, tx: Transaction, ctx: Context, out: Batch, batch: Sequence[Prepared]) -> None:
        """Store the uses of interactions that were stored, and find out what they brought about. A use at the same time makes this transaction repeat."""
        changed: dict[str, Given] = {}
        records = []
        for number, some in self._brought.items():
            if out.duplicates[number] is not None:
                some.clear()
                continue
            id = batch[number].row.id
            handed = Handed()
            for use in some:
                if use.given is None or use.status not in (LINKED, AGAIN):
                    continue
                key = use.given.key
                if use.status == AGAIN:
                    used = self._given[key].used
                    if len(used) < MOST_REPEATS + use.given.uses:
                        self._given[key] = attrs.evolve(
                            self._given[key], used=(*used, Use(interaction=id, counts=False))
                        )
                        changed[key] = self._given[key]
                        handed.used.append(key)
                    continue
                changed[key] = self._given[key]
                handed.used.append(key)
                use.status = self._outcome(tx, ctx, use, out.anchors[number])
            if handed.used:
                records.append(handed.record(id))
        records += [given.record() for given in changed.values()]
        if records:
            tx.put_records(records)

    def _outcome(self, tx: Transaction, ctx: Context, use: _Brought, anchors: Sequence[bytes]) -> str:
        """Return what a use brought about."""
        if use.holder is None or not anchors:
            return LINKED
        rows = {row.id: row for row in tx.find_identifiers(ids=[use.holder, anchors[0]])}
        ends = [rows[x] for x in (use.holder, anchors[0]) if x in rows]
        if ends[0].id == ends[-1].id:
            return SUGGESTED if use.linked and use.assurance <= _CLAIMED else LINKED
        if ends[0].customer == ends[1].customer:
            return LINKED
        kinds = obstacles_between(tx, ctx, ends[0], ends[1])
        if "denied" in kinds:
            return DENIED
        if "exclusive" in kinds:
            return CONFLICT
        return SUGGESTED if not kinds or kinds & {"claimed", "policy"} else min(kinds)

    def found(self, number: int) -> tuple[HandoverUse, ...]:
        """Return what became of the codes of an interaction, by its position in the batch."""
        return tuple(
            HandoverUse(
                status=use.status,
                handover=None if use.given is None else to_text("hnd", use.given.id),
                given_with=None if use.given is None else to_text("int", use.given.interaction),
            )
            for use in self._brought.get(number, ())
        )


def look_for_handovers(run: Run, ctx: Context, items: Sequence[Interaction], batch: Sequence[Prepared]) -> HandoverUses:
    """Look for handover codes in interactions that came in."""
    codes = {}
    for number, (item, prepared) in enumerate(zip(items, batch)):
        if prepared.row.direction == Direction.INBOUND.value:
            found = find_codes(item.subject, item.body, item.attributes)
            if found.payloads or found.damaged:
                codes[number] = found
    payloads = {payload for found in codes.values() for payload in found.payloads}
    if not payloads:
        return HandoverUses(codes, {})
    return HandoverUses(codes, run.offload(lambda: {payload: code_key(ctx, payload) for payload in sorted(payloads)}))


def _assurance(given: Given, of_the_address: int) -> int:
    """Return how sure it is that whoever brings a code reads what is sent to the address."""
    if of_the_address <= _CLAIMED or not given.private:
        return _CLAIMED
    return int(Assurance.VERIFIED if given.uses == 1 else Assurance.OBSERVED)


def _still_holds(tx: Transaction, ctx: Context, row: IdentifierRow, at: int) -> bool:
    """Whether an identifier has the same holder at a time."""
    base = row if row.id == row.base else tx.find_identifiers(ids=[row.base])[0]
    if not base.state & HAS_HOLDERS:
        return True
    return held_of(tx, ctx, [base])[base.id].holder(base.id, at) == row.id
