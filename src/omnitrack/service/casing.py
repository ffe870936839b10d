"""Casing: cases are opened, changed by agents, and ended by customers; an agent's wish alone ends none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from omnitrack.errors import CaseStateError, InteractionNotFoundError, InvalidInteractionError, masked_repr, plain_repr
from omnitrack.foundation.arguments import checked_text, microseconds
from omnitrack.foundation.arguments import listed as as_list
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import ENDED, Event, StoredCase, cases_in, find_cases, rows_with
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import new_id, to_text
from omnitrack.foundation.once import Once
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.identity.mention import Mention
from omnitrack.model import MAX_NAME, MAX_SUBJECT, Assurance, Direction, Interaction, Role, TimelineItem
from omnitrack.reading.resolve import Meant, Who, get_row, meant
from omnitrack.service.case import ANSWER_WITHIN, KINDS, SERIOUSNESS, STATES, Case, CaseReference
from omnitrack.service.case_access import add_events, change, holders_of, shown
from omnitrack.service.case_steps import (
    MOST_HELD,
    MOST_TEXT,
    Said,
    added,
    check_open,
    check_room,
    check_step,
    get_interactions,
    given,
    interaction_id,
    one_of,
    reference_event,
    said,
)
from omnitrack.statements.statement_index import mention
from omnitrack.storage.contract import InteractionRow, RecordRow, Transaction

#: What a case is opened from: interactions, by id or as they were read; or the customer whose it is.
Subject = Who | Interaction | TimelineItem | Sequence[str | Interaction | TimelineItem]


# -- opening --------------------------------------------------------------------------------------------------------------
def _interactions_in(subject: object) -> list[bytes]:
    """Return the interactions that a case is to be opened from; none where it is for a customer."""
    if isinstance(subject, (list, tuple)) and subject:
        found = [interaction_id(one) for one in subject]
        ids = [id for id in found if id is not None]
        if ids and len(ids) < len(found):
            raise InvalidInteractionError("subject: got interactions and others, accepted are the one or the other")
        return list(dict.fromkeys(ids))
    one = interaction_id(subject)
    return [] if one is None else [one]


def open_case(
    run: Run,
    ctx: Context,
    subject: Any,
    *,
    kind: str,
    title: str | None,
    seriousness: str | None,
    owner: str | None,
    references: Iterable[CaseReference],
    by: str | None,
    reason: str | None,
    at: datetime | str | None,
) -> Case:
    """Open a case; of an interaction that an open case of the kind holds already, return that one."""
    one_of("kind", kind, KINDS)
    who = said(ctx, by, reason, at)
    id, ids = new_id(), _interactions_in(subject)
    if len(ids) > MOST_HELD:
        raise InvalidInteractionError(f"subject: got {len(ids)} interactions, accepted are at most {MOST_HELD}")
    if not ids:
        meant(ctx, subject)  # before anything else, so that what is none is refused first
    first = [who.event("opened", value=kind)]
    if title is not None:
        first.append(who.event("title", text=checked_text("title", title, MAX_SUBJECT), reason=None))
    if seriousness is not None:
        first.append(who.event("seriousness", value=one_of("seriousness", seriousness, SERIOUSNESS), reason=None))
    if owner is not None:
        first.append(who.event("owner", value=checked_text("owner", owner, MAX_NAME), reason=None))
    first += [reference_event(who, one) for one in as_list("references", references, "a list of CaseReference")]

    @goes_over
    def opened(run: Run, ctx: Context) -> Case:
        named = None if ids else meant(ctx, subject)

        def write(tx: Transaction) -> tuple[StoredCase, Case]:
            enter(tx, ctx)
            rows = get_interactions(tx, ids)
            held = rows_with(tx, ids)  # once: who opens a case of one of these meanwhile is met when it is written
            known = _open_with(tx, held.values(), kind)
            if known is None:
                about = None if named is None else _mention(tx, ctx, named, who.now)
                made = StoredCase(id=id, kind=kind, log=(), about=about, places=() if about is None else (about.base,))
                events = [*first, *(added(who, row, None) for row in rows)]
                known = add_events(tx, ctx, made, events, there=held)
            return known, shown(tx, [known], who.now)[0]

        return run(Once(write, lambda tx, answer: answer[0].id in find_cases(tx, [answer[0].id])))[1]

    return opened(run, ctx)


def _mention(tx: Transaction, ctx: Context, named: Meant, now: int) -> Mention:
    row = get_row(tx, ctx, named)
    return Mention(row.base, None, now) if named.home is None else mention(tx, row, now)


def _open_with(tx: Transaction, held: Iterable[RecordRow], kind: str) -> StoredCase | None:
    """Return the open case of a kind among those that some interactions are held by."""
    for case in find_cases(tx, cases_in(held)).values():
        if case.kind == kind and case.state not in ENDED:
            return case
    return None


# -- what agents do -------------------------------------------------------------------------------------------------------
def update_case(
    run: Run,
    ctx: Context,
    case: Case | str,
    *,
    state: str | None,
    owner: str | None,
    seriousness: str | None,
    title: str | None,
    answer_within: timedelta | None,
    by: str | None,
    reason: str | None,
    at: datetime | str | None,
) -> Case:
    """Change the state, the owner, the seriousness or the title of a case."""
    who = said(ctx, by, reason, at)
    if state is not None:
        one_of("state", state, STATES)
    if seriousness is not None:
        one_of("seriousness", seriousness, SERIOUSNESS)
    checked_text("title", title, MAX_SUBJECT)
    if owner != "":
        checked_text("owner", owner, MAX_NAME)
    wait = _wait(state, answer_within)
    if state is None and owner is None and seriousness is None and title is None:
        raise InvalidInteractionError(
            "case: got nothing to change, accepted is a state, an owner, a seriousness or a title"
        )

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        events = []
        known, rank = stored.last("title"), stored.last("seriousness")
        if title is not None and (known is None or known.text != title):
            events.append(who.event("title", text=title))
        if seriousness is not None and (rank is None or rank.value != seriousness):
            events.append(who.event("seriousness", value=seriousness))
        if owner is not None and (owner or None) != stored.owner:
            events.append(who.event("owner", value=owner or None))
        if state is not None and state != stored.state:
            check_step(stored, state, who.reason)
            events.append(who.event("state", value=state, due=None if state != "resolved" else who.at + wait))
        return events

    return change(run, ctx, case, who.now, step)


def _wait(state: str | None, answer_within: object) -> int:
    """Return the microseconds for which an answer is waited for."""
    if answer_within is not None and state != "resolved":
        raise InvalidInteractionError("answer_within: got a time without state='resolved', accepted is one with it")
    if answer_within is None:
        answer_within = ANSWER_WITHIN
    if not isinstance(answer_within, timedelta) or answer_within <= timedelta(0):
        raise InvalidInteractionError(
            f"answer_within: got {masked_repr(answer_within)}, accepted is a timedelta above zero"
        )
    return int(answer_within / timedelta(microseconds=1))


def add_to_case(
    run: Run,
    ctx: Context,
    case: Case | str,
    *,
    interactions: Any,
    note: str | None,
    references: Iterable[Any],
    by: str | None,
    reason: str | None,
    at: datetime | str | None,
) -> Case:
    """Add interactions, a note and references to a case; what it has already is not added again."""
    who = said(ctx, by, reason, at)
    if isinstance(interactions, (str, Interaction, TimelineItem)):
        interactions = [interactions]
    ids = []
    for one in as_list("interactions", interactions, "a list of interactions"):
        id = interaction_id(one)
        if id is None:
            raise InteractionNotFoundError(f"interactions: got {plain_repr(one)}, accepted is an id such as int_...")
        ids.append(id)
    more = [reference_event(who, one) for one in as_list("references", references, "a list of CaseReference")]
    checked_text("note", note, MOST_TEXT)
    if not ids and not more and note is None:
        raise InvalidInteractionError("case: got nothing to add, accepted are interactions, a note and references")

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        fresh = [id for id in dict.fromkeys(ids) if id not in stored.interactions]
        check_room(stored, len(fresh))
        events = [added(who, row, who.reason) for row in get_interactions(tx, fresh)]
        there = {(e.system, e.value) for e in stored.log if e.what == "reference"}
        events += [e for e in more if (e.system, e.value) not in there]
        return [*events, *([] if note is None else [who.event("note", text=note)])]

    return change(run, ctx, case, who.now, step)


def promise(
    run: Run,
    ctx: Context,
    case: Case | str,
    text: str,
    *,
    due: datetime | str,
    by: str | None,
    at: datetime | str | None,
) -> Case:
    """Keep that something was promised by a time."""
    who = said(ctx, by, None, at)
    checked_text("text", text, MOST_TEXT, required=True)
    when = microseconds(due, "due", ctx.zone)
    if when is None or when <= who.at:
        raise InvalidInteractionError(f"due: got {due}, accepted is a time after the promise was made")

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        check_open(stored)
        number = 1 + max((e.number or 0 for e in stored.log), default=0)
        return [who.event("promise", text=text, due=when, number=number)]

    return change(run, ctx, case, who.now, step)


def keep_promise(
    run: Run,
    ctx: Context,
    case: Case | str,
    number: int,
    *,
    by: str | None,
    reason: str | None,
    at: datetime | str | None,
) -> Case:
    """Keep that a promise was kept; one that was kept before stays as it is."""
    who = said(ctx, by, reason, at)

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        made = {e.number for e in stored.log if e.what == "promise"}
        if number not in made or isinstance(number, bool):
            raise InvalidInteractionError(
                f"number: got {masked_repr(number)}, accepted is that of a promise of the case"
            )
        return [who.event("kept", number=number)] if number in {e.number for e in stored.unkept} else []

    return change(run, ctx, case, who.now, step)


# -- what customers do ----------------------------------------------------------------------------------------------------
def end_case(
    run: Run,
    ctx: Context,
    case: Case | str,
    interaction: Any,
    *,
    state: str,
    by: str | None,
    reason: str | None,
) -> Case:
    """Close a case by what its customer said: that it is settled, or that they withdraw it."""
    id, who = given(interaction), said(ctx, by, reason, None)
    because = "confirmed" if state == "closed" else "withdrawn"

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        check_open(stored)
        row = customers_word(tx, stored, id)
        if id in stored.interactions:
            _check_not_the_trouble(stored, id)
        else:
            check_room(stored, 1)
        later = [one for one in _inbound(tx, stored) if (one.occurred_at, one.id) > (row.occurred_at, row.id)]
        if later:
            raise CaseStateError(
                f"interaction: got one of before {to_text('int', later[-1].id)}, which came from the customer later; accepted is the last word"
            )
        then = attrs.evolve(who, at=row.occurred_at if row.ended_at is None else row.ended_at)
        return [then.event("state", value=state, because=because, interaction=id)]

    return change(run, ctx, case, who.now, step)


def customers_word(tx: Transaction, stored: StoredCase, id: bytes) -> InteractionRow:
    """Return an interaction in which a customer of a case said something.

    Raises:
        InteractionNotFoundError: there is none with this id. CaseStateError: somebody else said it, or nobody is sure to have.
    """
    (row,) = get_interactions(tx, [id])
    if row.direction != Direction.INBOUND:
        raise CaseStateError(
            f"interaction: got one that is {row.direction}, accepted is what the customer said, which is inbound"
        )
    if any(one.deleted for one in tx.find_interactions(ids=[id])):
        raise CaseStateError("interaction: got one that was deleted at its source, accepted is one that stands")
    mine = {one.customer for one in holders_of(tx, [stored])[stored.id]}
    entries = tx.list_entries(interactions=[id], roles=(Role.ANCHOR,), min_assurance=int(Assurance.OBSERVED))
    rows = tx.find_identifiers(ids=sorted({entry.identifier for entry in entries}))
    if not mine & {one.customer for one in rows}:
        raise CaseStateError(
            "interaction: got one that is not of the customer whose case it is, accepted is one of theirs; where it is theirs, say so with "
            "link() or attribute()"
        )
    return row


def _check_not_the_trouble(stored: StoredCase, id: bytes) -> None:
    """Raise where an interaction opened a case, or reopened it: that is no sign that it is settled."""
    first = stored.log[0].recorded_at
    for event in stored.log:
        if event.interaction == id and (
            (event.what == "added" and event.recorded_at == first) or event.because == "came back"
        ):
            raise CaseStateError("interaction: got one that opened the case, accepted is a later one of the customer's")


def _inbound(tx: Transaction, stored: StoredCase) -> list[InteractionRow]:
    """Return what a case holds of what its customer said, oldest first."""
    rows = tx.find_interactions(ids=list(stored.interactions)) if stored.interactions else []
    found = [row for row in rows if row.revision == 0 and row.direction == Direction.INBOUND]
    return sorted(found, key=lambda row: (row.occurred_at, row.id))


def reopen_case(
    run: Run,
    ctx: Context,
    case: Case | str,
    interaction: Any,
    *,
    by: str | None,
    reason: str | None,
    at: datetime | str | None,
) -> Case:
    """Take a case up again that is resolved or has ended."""
    who = said(ctx, by, reason, at)
    id = None if interaction is None else given(interaction)
    if id is None and who.reason is None:
        raise CaseStateError(
            "reason: got None without an interaction, accepted is what the customer said, or why it is reopened"
        )

    def step(tx: Transaction, stored: StoredCase) -> list[Event]:
        if id is not None:
            customers_word(tx, stored, id)
        return reopened(stored, who, id)

    return change(run, ctx, case, who.now, step)


def reopened(stored: StoredCase, who: Said, id: bytes | None) -> list[Event]:
    """Return the lines by which a case is taken up again.

    Raises:
        CaseStateError: it is being worked on.
    """
    if stored.state not in ENDED and stored.state != "resolved":
        raise CaseStateError(f"case: it is {stored.state}, accepted is one that is resolved or has ended")
    if id is not None and id not in stored.interactions:
        check_room(stored, 1)
    because = None if id is None else "came back"
    return [who.event("state", value="inProgress", because=because, interaction=id)]
