"""Briefing: reads what a brief holds, which is so much and no more however long the history is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs

from omnitrack import deadlines
from omnitrack.errors import CustomerNotFoundError, InvalidInteractionError, TimedOutError, plain_repr
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import ENDED
from omnitrack.foundation.consents import words_of
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import keep_surest
from omnitrack.foundation.handovers import find_given, find_handed
from omnitrack.foundation.ids import from_us, now_us, to_text, to_us
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Assurance, Direction, Role
from omnitrack.reading.interactions import ANSWERERS, interactions_by_id, revised_by_id
from omnitrack.reading.resolve import (
    Meant,
    Who,
    customer_text,
    find_people,
    meant,
    to_identifier,
    touching,
    verified_members,
)
from omnitrack.records import TRAIT, trait_key
from omnitrack.service.brief import Brief, BriefCase, BriefContact, Candidate, OpenThread
from omnitrack.service.case import Case, to_case
from omnitrack.service.case_listing import cases_of_members
from omnitrack.service.clipping import clip
from omnitrack.service.handover import HandoverState, state_of, visible
from omnitrack.service.permission import Consent, listed
from omnitrack.service.waiting import unanswered
from omnitrack.storage.contract import SHARED, EntryRow, IdentifierRow, InteractionRow, Transaction

if TYPE_CHECKING:
    from omnitrack.suggesting.suggest import Suggestion

Trust = Literal["observed", "verified"]

WINDOW = 50  # of the last contacts, in which open threads are looked for
MOST_CONTACTS = 10
MOST_THREADS = 5
MOST_CASES = 10
MOST_CANDIDATES = 5
MOST_CONSENTS = 20
MOST_HANDOVERS = 5
MOST_SUGGESTIONS = 5
MOST_TEXT = 1_000  # characters of a contact's subject and body
MOST_NAME = 200

_ENTRIES = WINDOW + 10  # read for the window; what was with two people who turned out to be one has two


@attrs.frozen(slots=True)
class _People:
    """Who is meant: the identifier that was named, those of its customer that the trust lets through, and which of these are verified to be theirs."""

    row: IdentifierRow
    members: list[IdentifierRow]
    verified: list[IdentifierRow]

    @property
    def is_shared(self) -> bool:
        return bool(self.row.state & SHARED)


def brief(run: Run, ctx: Context, who: Who, *, trust: str, max_chars: int | None, timeout: float | None) -> Brief:
    """Say who is on the line and what matters now."""
    named = meant(ctx, who)
    if trust not in ("observed", "verified"):
        raise InvalidInteractionError(f"trust: got {plain_repr(trust)}, accepted are 'observed' and 'verified'")
    if max_chars is not None and (not isinstance(max_chars, int) or isinstance(max_chars, bool) or max_chars < 1):
        raise InvalidInteractionError(
            f"max_chars: got {plain_repr(max_chars)}, accepted is a number from 1 on, or None for no bound"
        )
    seconds = deadlines.seconds_of("timeout", timeout)
    empty = Brief(
        who=named.identifier,
        trust="verified" if trust == "verified" else "observed",
        at=from_us(now_us()),
        sure="nobody",
        max_chars=max_chars,
    )
    reading = _Reading(ctx, named, empty)
    if seconds is None:
        return run(reading.whole, write=False)
    with deadlines.bounded(seconds):
        return _in_time(run, reading, empty)


def _in_time(run: Run, reading: _Reading, empty: Brief) -> Brief:
    """Read part after part, each in a transaction of its own, what matters most first, until the time is over."""
    found = empty
    for number, (name, part) in enumerate(reading.parts):
        try:
            deadlines.check()
            found = run(lambda tx, part=part, found=found: part(tx, found), write=False)  # type: ignore[misc]
        except TimedOutError:
            return attrs.evolve(found, missing=tuple(name for name, _ in reading.parts[number:]))
        if name == "customer" and found.sure == "nobody":
            break
    return found


class _Reading:
    """The parts of one brief. Each finds out anew who is meant: between two of them somebody may have been parted."""

    def __init__(self, ctx: Context, named: Meant, empty: Brief) -> None:
        self._ctx, self._named, self._trust = ctx, named, empty.trust
        self._empty = empty
        self.parts: Sequence[tuple[str, Callable[[Transaction, Brief], Brief]]] = (
            ("customer", self._customer),
            ("contacts", self._contacts),
            ("cases", self._cases),
            ("consents", self._consents),
            ("suggestions", self._suggestions),
        )

    def whole(self, tx: Transaction) -> Brief:
        """Return all parts as they are at one moment."""
        found = self._empty
        people = self._people(tx)
        if people is None:
            return found
        for part in (
            self._add_customer,
            self._add_contacts,
            self._add_cases,
            self._add_consents,
            self._add_suggestions,
        ):
            found = part(tx, found, people)
        return found

    def _people(self, tx: Transaction) -> _People | None:
        """Return who is meant, None where nobody is known by an identifier."""
        try:
            row, members = find_people(tx, self._ctx, self._named)
        except CustomerNotFoundError:
            if self._named.identifier is None:
                raise
            return None
        verified = [row] if row.state & SHARED else verified_members(tx, self._ctx, row, members)
        return _People(row, verified if self._trust == "verified" else members, verified)

    def _again(self, tx: Transaction, found: Brief, part: Callable[[Transaction, Brief, _People], Brief]) -> Brief:
        people = self._people(tx)
        if people is None or customer_text(people.row.customer) != found.customer:
            return found  # they were erased, or are somebody else by now: what is told of one is not told of the other
        return part(tx, found, people)

    def _customer(self, tx: Transaction, found: Brief) -> Brief:
        people = self._people(tx)
        return found if people is None else self._add_customer(tx, found, people)

    def _contacts(self, tx: Transaction, found: Brief) -> Brief:
        return self._again(tx, found, self._add_contacts)

    def _cases(self, tx: Transaction, found: Brief) -> Brief:
        return self._again(tx, found, self._add_cases)

    def _consents(self, tx: Transaction, found: Brief) -> Brief:
        return self._again(tx, found, self._add_consents)

    def _suggestions(self, tx: Transaction, found: Brief) -> Brief:
        return self._again(tx, found, self._add_suggestions)

    # -- the parts ------------------------------------------------------------------------------------------------------
    def _add_customer(self, tx: Transaction, found: Brief, people: _People) -> Brief:
        return attrs.evolve(
            found,
            sure="several" if people.is_shared else "one",
            customer=customer_text(people.row.customer),
            identifiers=self._named_best_first(people.members),
            verified=self._named_best_first(people.verified),
        )

    def _named_best_first(self, rows: Sequence[IdentifierRow]) -> tuple[Identifier, ...]:
        rank = self._ctx.policy.rank
        return tuple(sorted(map(to_identifier, rows), key=lambda one: (-rank(one.scheme), one.key)))

    def _add_contacts(self, tx: Transaction, found: Brief, people: _People) -> Brief:
        if people.is_shared and self._trust == "verified":
            return found  # whoever shares a line is not shown what others said over it
        entries, rows = self._last(tx, people.members)
        known = {member.id: to_identifier(member) for member in people.members}
        contacts = tuple(_contact(rows[e.interaction], e, known[e.identifier]) for e in entries[:MOST_CONTACTS])
        waiting = (
            []
            if people.is_shared
            else unanswered((rows[e.interaction] for e in reversed(entries)), self._ctx.consent_words)
        )
        return attrs.evolve(
            found,
            name=None if people.is_shared else self._name(tx, entries),
            candidates=tuple(self._candidates(tx, people.row)) if people.is_shared else (),
            contacts=contacts,
            handovers=() if people.is_shared else self._handovers(tx, entries, rows, people.members, found.at),
            open_threads=tuple(map(_thread, waiting[:MOST_THREADS])),
        )

    def _add_cases(self, tx: Transaction, found: Brief, people: _People) -> Brief:
        if people.is_shared and self._trust == "verified":
            return found
        now = to_us(found.at)
        open_ones = [to_case(one, now) for one in cases_of_members(tx, people.members) if one.state not in ENDED]
        ordered = sorted(open_ones, key=lambda one: (not one.broken, one.opened_at, one.id))
        return attrs.evolve(found, cases=tuple(map(_case, ordered[:MOST_CASES])))

    def _add_consents(self, tx: Transaction, found: Brief, people: _People) -> Brief:
        said = [one for one in listed(words_of(tx, people.members)) if one.current and one.at <= found.at]

        def order(one: Consent) -> bool:
            return one.granted

        return attrs.evolve(found, consents=tuple(sorted(said, key=order)[:MOST_CONSENTS]))

    def _add_suggestions(self, tx: Transaction, found: Brief, people: _People) -> Brief:
        if self._trust == "verified" or people.is_shared:
            return found
        from omnitrack.suggesting.suggest import claims_and_matches  # numpy, which only matching needs

        suggested: list[Suggestion] = claims_and_matches(tx, self._ctx, people.row, people.members)
        return attrs.evolve(found, suggestions=tuple(suggested[:MOST_SUGGESTIONS]))

    def _handovers(
        self,
        tx: Transaction,
        entries: Sequence[EntryRow],
        rows: Mapping[bytes, InteractionRow],
        members: Sequence[IdentifierRow],
        now: datetime,
    ) -> tuple[HandoverState, ...]:
        """Return the handovers of the last contacts: those in flight, and those with which the customer came back. The other end of one that only suggests
        is another customer's, and is not shown."""
        handed = find_handed(tx, [e.interaction for e in entries])
        if not handed:
            return ()
        given = find_given(tx, (key for one in handed.values() for key in (*one.given, *one.used)))
        theirs = visible(tx, given.values(), {member.id for member in members})
        more = [one.interaction for one in given.values() if one.interaction in theirs and one.interaction not in rows]
        rows = {**rows, **(interactions_by_id(tx, more) if more else {})}
        states = [
            state_of(one, theirs, _beginning(rows[one.interaction]))
            for one in sorted(given.values(), key=lambda one: one.issued, reverse=True)
            if one.interaction in theirs and one.interaction in rows
        ]
        flying = [one for one in states if one.is_open(now) and not one.came_back_with]
        came = [one for one in states if one.came_back_with]
        return tuple([*flying, *came][:MOST_HANDOVERS])

    # -- what they are made of ------------------------------------------------------------------------------------------
    def _last(
        self, tx: Transaction, members: Sequence[IdentifierRow]
    ) -> tuple[list[EntryRow], dict[bytes, InteractionRow]]:
        """Return the last contacts as a timeline of the same trust has them, newest first: the entry of each, and what it is now."""
        limit = _ENTRIES
        while True:
            entries, revisions = tx.list_history(
                identifiers=[member.id for member in members],
                roles=(Role.ANCHOR,),
                min_assurance=int(Assurance.OBSERVED),
                limit=limit,
                newest=True,
            )
            if len(entries) < limit or len({entry.interaction for entry in entries}) > MOST_CONTACTS:
                break
            limit *= 4  # contacts with many people who turned out to be one
        rows = revised_by_id(revisions, None)
        best: dict[bytes, EntryRow] = {}
        keep_surest(best, entries)
        return [e for e in best.values() if e.interaction in rows][:WINDOW], rows

    def _name(self, tx: Transaction, entries: Sequence[EntryRow]) -> str | None:
        """Return the name that the last contacts say, of the surest the latest."""
        keys = [trait_key(e.identifier, e.interaction) for e in entries]
        names: list[tuple[int, int, str]] = []
        for record in tx.find_records(TRAIT, keys=keys) if keys else ():
            said: dict[str, Any] = json.loads(record.value)
            value = said["traits"].get("name")
            if isinstance(value, str) and value.strip() and said["assurance"] > Assurance.CLAIMED:
                names.append((said["assurance"], said["at"], value))
        return clip(max(names)[2], MOST_NAME) if names else None

    def _candidates(self, tx: Transaction, row: IdentifierRow) -> list[Candidate]:
        """Return whom a shared identifier may stand for: those with whom it was seen in the last contacts, and whom nobody denied."""
        last = tx.list_entries(
            identifiers=[row.id],
            roles=(Role.ANCHOR, Role.MEMBER),
            min_assurance=int(Assurance.OBSERVED),
            limit=WINDOW,
        )
        persons = {(e.interaction, e.person) for e in last}
        beside = (
            [
                e
                for e in tx.list_entries(
                    interactions=[e.interaction for e in last], min_assurance=int(Assurance.OBSERVED)
                )
                if (e.interaction, e.person) in persons and e.identifier != row.id
            ]
            if last
            else []
        )
        rows = {r.id: r for r in tx.find_identifiers(ids=sorted({e.identifier for e in beside}))} if beside else {}
        alone = [r for r in rows.values() if not r.state & SHARED]
        links = tx.find_links(sorted(r.id for r in alone)) if alone else []
        joined = {x for pair in touching(self._ctx, [row, *alone], links) if row.id in pair for x in pair} - {row.id}
        seen: dict[bytes, tuple[dict[bytes, None], dict[bytes, int]]] = {}
        for entry in beside:
            if entry.identifier in joined:
                ids, times = seen.setdefault(rows[entry.identifier].customer, ({}, {}))
                ids[entry.identifier] = None
                times[entry.interaction] = entry.occurred_at
        found = [
            Candidate(
                customer=customer_text(customer),
                identifiers=tuple(to_identifier(rows[x]) for x in ids),
                last_seen=from_us(max(times.values())),
                interactions=tuple(to_text("int", x) for x in sorted(times, key=lambda x: (-times[x], x))),
            )
            for customer, (ids, times) in seen.items()
        ]
        return sorted(found, key=lambda one: one.last_seen, reverse=True)[:MOST_CANDIDATES]


def _beginning(row: InteractionRow) -> str | None:
    """Return the beginning of what was said."""
    if row.deleted:
        return None
    parts = [part.strip()[: 2 * MOST_TEXT] for part in (row.subject, row.body) if part and part.strip()]
    return clip("\n".join(parts), MOST_TEXT) if parts else None


def _contact(row: InteractionRow, entry: EntryRow, identifier: Identifier) -> BriefContact:
    extra: dict[str, Any] = {} if row.extra is None else json.loads(row.extra)
    return BriefContact(
        interaction=to_text("int", row.id),
        at=from_us(row.occurred_at, row.utc_offset),
        channel=row.channel,
        direction=Direction(row.direction),
        kind=row.kind,
        identifier=identifier,
        assurance=Assurance(entry.assurance),
        text=_beginning(row),
        outcome=row.outcome,
        agent=row.agent,
        answered_by=ANSWERERS.get(extra.get("answered_by", "")),
        disclosed=extra.get("disclosed"),
        thread=row.thread,
        deleted=bool(row.deleted),
    )


def _case(one: Case) -> BriefCase:
    return BriefCase(
        id=one.id,
        kind=one.kind,
        state=one.state,
        opened_at=one.opened_at,
        title=None if one.title is None else clip(one.title, MOST_NAME),
        seriousness=one.seriousness,
        owner=one.owner,
        answered=one.answered,
        broken=len(one.broken),
        due=min((promise.due for promise in one.promises if promise.state == "open"), default=None),
    )


def _thread(rows: Sequence[InteractionRow]) -> OpenThread:
    first, last = rows[0], rows[-1]
    return OpenThread(
        channel=last.channel,
        since=from_us(first.occurred_at, first.utc_offset),
        last=from_us(last.occurred_at, last.utc_offset),
        interactions=tuple(to_text("int", row.id) for row in rows),
        thread=last.thread,
        text=_beginning(last),
    )
