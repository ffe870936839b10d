"""Returns: which case a customer comes back about, what is done about that by itself, and cases that nobody answered in time.

What the customer wrote in the same thread, or in reply to what a case holds, belongs to the case, and an ended case is taken up again: it costs an agent
a look where it is a mere thank-you, and the customer another complaint where it is not. What only names a case, or comes from somebody else, is
suggested: a number is mistyped and a mail is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import attrs

from omnitrack.foundation.arguments import microseconds
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import ENDED, UNANSWERED, Event, StoredCase, case_ids_at, cases_with, find_cases
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.harmless import one_line
from omnitrack.model import Assurance, Direction, Role
from omnitrack.reading.interactions import interactions_by_id
from omnitrack.service.case import Case, CaseState
from omnitrack.service.case_access import change, holders_of
from omnitrack.service.case_listing import due_places
from omnitrack.service.case_steps import MOST_HELD, Said, added, get_interactions, given
from omnitrack.service.case_steps import said as said_by
from omnitrack.service.casing import reopened
from omnitrack.service.waiting import SILENT
from omnitrack.storage.contract import NO_ID, InteractionRow, Transaction
from omnitrack.values import Value

MOST_CASES = 200  # of one customer, the latest
MOST_SINCE = 2_000  # contacts of a customer since a case was resolved, the earliest
MOST_READ = 100_000  # characters of a text in which a case may be named
LEAST_REFERENCE = 4  # characters of a reference that a text may name: a shorter one stands for much else

_CASE_ID = re.compile(r"\bcas_[0-9a-f]{32}\b")
_WORD = re.compile(r"\w")


@attrs.frozen(slots=True, kw_only=True)
class CaseReturn(Value):
    """A case that an interaction is probably about.

    Attributes:
        case: its id, ``cas_...``. state: that it is in.
        because: ``"thread"`` (the same one), ``"reply"`` (to what the case holds), ``"named"`` (it names the case, or what another system calls it).
        automatic: ``follow_up`` acts on it by itself; else somebody has to say so, with ``add_to_case`` or ``reopen_case``.
    """

    case: str
    state: CaseState
    interaction: str
    because: Literal["thread", "reply", "named"]
    automatic: bool

    @one_line
    def __str__(self) -> str:
        how = {"thread": "is in a thread of", "reply": "replies to what is in", "named": "names"}[self.because]
        return f"{self.interaction} {how} {self.case} ({self.state}){'' if self.automatic else ', to be confirmed'}"


@attrs.frozen
class _Return:
    case: StoredCase
    because: Literal["thread", "reply", "named"]
    automatic: bool


def case_returns(run: Run, ctx: Context, interaction: object) -> list[CaseReturn]:
    """Return the cases that an interaction is probably about and that do not hold it yet, the surest first."""
    id = given(interaction)

    def read(tx: Transaction) -> list[CaseReturn]:
        return [
            CaseReturn(
                case=to_text("cas", one.case.id),
                state=one.case.state,  # type: ignore[arg-type]
                interaction=to_text("int", id),
                because=one.because,
                automatic=one.automatic,
            )
            for one in _returns(tx, id)
        ]

    return run(read, write=False)


def _returns(tx: Transaction, id: bytes) -> list[_Return]:
    get_interactions(tx, [id])
    row = interactions_by_id(tx, [id])[id]
    if row.direction != Direction.INBOUND or row.deleted or _is_automatic(row):
        return []
    entries = tx.list_entries(interactions=[id], roles=(Role.ANCHOR,), min_assurance=int(Assurance.OBSERVED))
    filed = tx.find_identifiers(ids=sorted({e.identifier for e in entries} - {NO_ID})) if entries else []
    customers = {one.customer for one in filed}
    members = tx.find_identifiers(customers=sorted(customers)) if customers else []
    own = case_ids_at(tx, {member.base for member in members})[-MOST_CASES:]
    text = "\n".join(part[:MOST_READ] for part in (row.subject, row.body) if part)
    answered = _replied_to(tx, row)
    quoted = {bytes.fromhex(found[4:]) for found in _CASE_ID.findall(text)}
    cases = find_cases(tx, {*own, *answered, *quoted})
    whose = holders_of(tx, cases.values())
    threads = _threads(tx, cases.values())
    found = []
    for case in reversed(cases.values()):
        because = _because(case, row, threads, answered, quoted, text)
        if because is None or id in case.interactions:
            continue
        theirs = bool(customers & {one.customer for one in whose[case.id]})
        certain = theirs and because != "named" and case.state != "rejected"
        found.append(_Return(case, because, certain and len(case.interactions) < MOST_HELD))
    open_ones = [one for one in found if one.automatic and one.case.state not in ENDED]
    if open_ones:  # what is being worked on already is what they come back about
        found = [attrs.evolve(one, automatic=one.automatic and one.case.state not in ENDED) for one in found]
    order = ("thread", "reply", "named")
    return sorted(found, key=lambda one: (not one.automatic, order.index(one.because)))


def _is_automatic(row: InteractionRow) -> bool:
    """Whether a machine answered, such as that of somebody who is out of office."""
    attributes = json.loads(row.extra).get("attributes", {}) if row.extra is not None else {}
    return bool(attributes.get("automatic") or attributes.get("spam"))


def _replied_to(tx: Transaction, row: InteractionRow) -> set[bytes]:
    """Return the cases that hold what an interaction replies to."""
    if row.reply_to is None or row.source is None:
        return set()
    answered = [one.id for one in tx.find_interactions(sources=[(row.source, row.reply_to)])]
    return {case for cases in cases_with(tx, answered).values() for case in cases}


Threads = Mapping[bytes, set[tuple[str | None, str]]]


def _threads(tx: Transaction, cases: Any) -> Threads:
    """Return the threads of the interactions of each case."""
    held = {case.id: case.interactions for case in cases}
    ids = sorted({id for some in held.values() for id in some})
    rows = {row.id: row for row in (tx.find_interactions(ids=ids) if ids else ()) if row.revision == 0}
    return {
        case: {(rows[id].source, thread) for id in some if id in rows and (thread := rows[id].thread) is not None}
        for case, some in held.items()
    }


def _because(
    case: StoredCase,
    row: InteractionRow,
    threads: Threads,
    answered: set[bytes],
    quoted: set[bytes],
    text: str,
) -> Literal["thread", "reply", "named"] | None:
    if row.thread is not None and (row.source, row.thread) in threads[case.id]:
        return "thread"
    if case.id in answered:
        return "reply"
    references = {e.value for e in case.log if e.what == "reference" and e.value is not None}
    if case.id in quoted or any(_stands_in(value, text) for value in references):
        return "named"
    return None


def _stands_in(value: str, text: str) -> bool:
    """Whether a reference stands in a text as a word of its own."""
    if len(value) < LEAST_REFERENCE:
        return False
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if not (start and _WORD.match(text[start - 1])) and not _WORD.match(text[end : end + 1]):
            return True
        start = text.find(value, end)
    return False


# -- what is done by itself -----------------------------------------------------------------------------------------------
def follow_up(run: Run, ctx: Context, interaction: object, *, by: str | None, at: datetime | str | None) -> list[Case]:
    """File an interaction with the cases that it is about for certain, and take up again those that have ended. Return those that were changed."""
    id = given(interaction)
    who = said_by(ctx, by, None, at)
    found = run(lambda tx: [one for one in _returns(tx, id) if one.automatic], write=False)
    return [
        change(run, ctx, to_text("cas", one.case.id), who.now, lambda tx, case: _followed(tx, case, id, who))
        for one in found
    ]


def _followed(tx: Transaction, case: StoredCase, id: bytes, who: Said) -> list[Event]:
    """Return what is added to a case that a customer comes back about, as it is by now."""
    again = next((one for one in _returns(tx, id) if one.case.id == case.id and one.automatic), None)
    if again is None:
        return []
    (row,) = get_interactions(tx, [id])
    why = f"same {again.because}" if again.because == "thread" else "a reply"
    then = attrs.evolve(who, reason=why)
    if case.state in ENDED:
        return reopened(case, then, id)
    events = [added(then, row, why)]
    if case.state == "pending":  # it waited for the customer
        events.append(then.event("state", value="inProgress", because="came back", interaction=id))
    return events


def close_unanswered(run: Run, ctx: Context, now: datetime | str | None, *, by: str | None) -> list[Case]:
    """Close the resolved cases whose customers did not answer in the time that was stated; return them."""
    who = said_by(ctx, by, None, now)
    at = microseconds(now, "now", ctx.zone)
    until = who.now if at is None else at
    due = run(lambda tx: [id for _, id in due_places(tx, UNANSWERED, until)], write=False)
    closed = []
    for id in dict.fromkeys(due):
        case = change(run, ctx, to_text("cas", id), who.now, lambda tx, stored: _silent(tx, stored, until, who))
        if case.state == "closed":
            closed.append(case)
    return closed


def _silent(tx: Transaction, stored: StoredCase, until: int, who: Said) -> Sequence[Event]:
    """Return what is added to a case whose time for an answer is over: its end, or the answer that nobody filed."""
    resolved = stored.last("state")
    if stored.state != "resolved" or stored.answered or resolved is None or (resolved.due or until) >= until:
        return []
    answers = _answers(tx, stored, resolved.at)
    if answers:
        return [added(attrs.evolve(who, reason="an answer"), row, "an answer") for row in answers]
    why = f"no answer until {from_us(resolved.due or until).isoformat()}"
    return [who.event("state", value="closed", because="unanswered", reason=why)]


def _answers(tx: Transaction, stored: StoredCase, since: int) -> list[InteractionRow]:
    """Return what the customers of a case said since a time that is about it and not filed with it."""
    holders = holders_of(tx, [stored])[stored.id]
    members = tx.find_identifiers(customers=sorted({one.customer for one in holders})) if holders else []
    entries = (
        tx.list_entries(
            identifiers=[member.id for member in members],
            roles=(Role.ANCHOR,),
            min_assurance=int(Assurance.OBSERVED),
            since=since,
            directions=(Direction.INBOUND.value,),
            limit=MOST_SINCE,
            newest=False,
        )
        if members
        else []
    )
    said = dict.fromkeys(e.interaction for e in entries if e.kind not in SILENT)
    ids = [id for id in said if id not in stored.interactions]
    about = [id for id in ids if any(one.case.id == stored.id for one in _returns(tx, id))]
    room = MOST_HELD - len(stored.interactions)
    return get_interactions(tx, about[:room])
