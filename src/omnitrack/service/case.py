"""Case: a matter of a customer's with an owner, a seriousness, promises and an end that the customer confirms, as it is read from its log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

import attrs

from omnitrack.foundation.cases import ENDED, Event, StoredCase
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.harmless import one_line, sized
from omnitrack.model import wall_clock
from omnitrack.values import Value

CaseKind = Literal["complaint", "fault", "order", "question"]
#: The states of a trouble ticket of TM Forum's TMF621 v5.
CaseState = Literal["acknowledged", "inProgress", "pending", "held", "resolved", "closed", "cancelled", "rejected"]
Seriousness = Literal["critical", "major", "minor"]
CaseAct = Literal["opened", "state", "owner", "seriousness", "title", "note", "promise", "kept", "added", "reference"]
Because = Literal["confirmed", "unanswered", "withdrawn", "came back"]
PromiseState = Literal["open", "kept", "late", "broken"]

KINDS: tuple[str, ...] = get_args(CaseKind)
STATES: tuple[str, ...] = get_args(CaseState)
OPEN_STATES = tuple(state for state in STATES if state not in ENDED)
SERIOUSNESS: tuple[str, ...] = get_args(Seriousness)


@attrs.frozen(slots=True, kw_only=True)
class CasePromise(Value):
    """Something that was promised to the customer by a time.

    Attributes:
        number: from 1 within the case.
        state: as it was when the case was read: ``"open"``, ``"kept"``, ``"late"`` (kept after it was due) or ``"broken"`` (due, and not kept).
        by: who promised it.
    """

    number: int
    text: str = attrs.field(repr=sized)
    due: datetime
    made_at: datetime
    state: PromiseState
    kept_at: datetime | None = None
    by: str | None = None

    @one_line
    def __str__(self) -> str:
        return f"promise {self.number}, due {wall_clock(self.due)}: {self.state}: {self.text}"


@attrs.frozen(slots=True, kw_only=True)
class CaseNote(Value):
    """An internal note on a case."""

    text: str = attrs.field(repr=sized)
    at: datetime
    by: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class CaseReference(Value):
    """What another system calls the matter: ``system`` is its name, ``value`` the id there."""

    system: str
    value: str = attrs.field(repr=sized)


@attrs.frozen(slots=True, kw_only=True)
class CaseChange(Value):
    """One line of the history of a case, which is only ever added to.

    Attributes:
        number: from 1. what: what was done. at: when. recorded_at: when the store took it.
        by: who did it. reason: why.
        value: the new state, owner, seriousness or reference; None of an owner where it has none any more.
        text: of a title, a note or a promise.
        because: why a state came to be where nobody just said so: the customer confirmed, did not answer, withdrew it, or came back.
        due: of a promise; of ``resolved`` until when an answer is waited for.
        promise: its number. interaction: the evidence, ``int_...``. system: whose a reference is.
    """

    number: int
    what: CaseAct
    at: datetime
    recorded_at: datetime
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    value: str | None = None
    text: str | None = attrs.field(default=None, repr=sized)
    because: Because | None = None
    due: datetime | None = None
    promise: int | None = None
    interaction: str | None = None
    system: str | None = None

    @one_line
    def __str__(self) -> str:
        parts = [wall_clock(self.at), self.what]
        parts += [part for part in (self.value, self.text) if part]
        parts += [f"promise {self.promise}"] if self.what == "kept" else []
        parts += [f"({self.because})"] if self.because else []
        parts += [f"due {wall_clock(self.due)}"] if self.due else []
        parts += [f"by {self.by}"] if self.by else []
        parts += [f"[{self.interaction}]"] if self.interaction else []
        return " ".join(parts) + (f": {self.reason}" if self.reason else "")


@attrs.frozen(slots=True, kw_only=True)
class Case(Value):
    """A matter of a customer's, as it was when it was read.

    Attributes:
        id: ``cas_...``.
        version: how many lines its history has; what a change expects it to be.
        state: of TMF621. owner: who has it; None while nobody does.
        customers: ids of the customers whose it is now; it follows its interactions through merges and splits.
        interactions: ids of those that it holds, in the order in which they came to it.
        answer_by: while it is resolved and unanswered, until when the customer is waited for. Then ``close_unanswered`` closes it.
        answered: the customer said something since it was resolved: somebody has to say whether that confirms it or reopens it.
        read_at: when it was read; the states of promises are of then.
    """

    id: str
    kind: CaseKind
    state: CaseState
    version: int
    opened_at: datetime
    changed_at: datetime
    read_at: datetime = attrs.field(eq=False)  # two readings of what is the same are alike
    title: str | None = attrs.field(default=None, repr=sized)
    seriousness: Seriousness | None = None
    owner: str | None = None
    customers: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    promises: tuple[CasePromise, ...] = ()
    notes: tuple[CaseNote, ...] = ()
    references: tuple[CaseReference, ...] = ()
    history: tuple[CaseChange, ...] = ()
    answer_by: datetime | None = None
    answered: bool = False

    _DERIVED = ("is_open",)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended: it is neither closed, cancelled nor rejected."""
        return self.state not in ENDED

    @property
    def broken(self) -> tuple[CasePromise, ...]:
        """The promises that are due and not kept."""
        return tuple(one for one in self.promises if one.state == "broken")

    @one_line
    def __str__(self) -> str:
        parts = [f"{self.id} {self.kind} {self.state}"]
        parts += [self.seriousness] if self.seriousness else []
        parts += [f"with {self.owner}" if self.owner else "with nobody", f"since {wall_clock(self.opened_at)}"]
        count = len(self.broken)
        parts += [f"{count} broken {'promise' if count == 1 else 'promises'}"] if count else []
        return ", ".join(parts) + (f": {self.title}" if self.title else "")


def to_case(case: StoredCase, now: int, customers: Iterable[str] = ()) -> Case:
    """Return a case as people see it, as of a time for its promises. Its log has at least one line."""
    log = case.log
    title, seriousness = case.last("title"), case.last("seriousness")
    return Case(
        id=to_text("cas", case.id),
        kind=case.kind,  # type: ignore[arg-type]
        state=case.state,  # type: ignore[arg-type]
        version=len(log),
        opened_at=from_us(log[0].at),
        changed_at=from_us(log[-1].at),
        read_at=from_us(now),
        title=None if title is None else title.text,
        seriousness=None if seriousness is None else seriousness.value,  # type: ignore[arg-type]
        owner=case.owner,
        customers=tuple(customers),
        interactions=tuple(to_text("int", id) for id in case.interactions),
        promises=promises_in(log, now),
        notes=tuple(CaseNote(text=e.text or "", at=from_us(e.at), by=e.by) for e in log if e.what == "note"),
        references=tuple(
            dict.fromkeys(
                CaseReference(system=e.system or "", value=e.value or "") for e in log if e.what == "reference"
            )
        ),
        history=to_changes(log),
        answer_by=_answer_by(case),
        answered=case.answered,
    )


def _answer_by(case: StoredCase) -> datetime | None:
    resolved = case.last("state") if case.state == "resolved" and not case.answered else None
    return None if resolved is None or resolved.due is None else from_us(resolved.due)


def to_changes(log: Sequence[Event], first: int = 0) -> tuple[CaseChange, ...]:
    """Return the lines of a log from a place on, from 0, as people see them."""
    return tuple(
        CaseChange(
            number=number,
            what=event.what,  # type: ignore[arg-type]
            at=from_us(event.at),
            recorded_at=from_us(event.recorded_at),
            by=event.by,
            reason=event.reason,
            value=event.value,
            text=event.text,
            because=event.because,  # type: ignore[arg-type]
            due=None if event.due is None else from_us(event.due),
            promise=event.number,
            interaction=None if event.interaction is None else to_text("int", event.interaction),
            system=event.system,
        )
        for number, event in enumerate(log[first:], start=first + 1)
    )


def promises_in(log: Iterable[Event], now: int) -> tuple[CasePromise, ...]:
    """Return the promises of a log, each with what became of it by a time. One that is kept at the very time that it is due is kept in time."""
    made: dict[int, Event] = {}
    kept: dict[int, int] = {}
    for event in log:
        if event.number is not None and event.what == "promise":
            made[event.number] = event
        elif event.number is not None and event.what == "kept":
            kept.setdefault(event.number, event.at)
    found = []
    for number, event in made.items():
        due, done = event.due or 0, kept.get(number)
        state: PromiseState
        if done is not None:
            state = "kept" if done <= due else "late"
        else:
            state = "broken" if due < now else "open"
        found.append(
            CasePromise(
                number=number,
                text=event.text or "",
                due=from_us(due),
                made_at=from_us(event.at),
                state=state,
                kept_at=None if done is None else from_us(done),
                by=event.by,
            )
        )
    return tuple(found)


#: How long a customer is waited for once a case is resolved, unless told otherwise.
ANSWER_WITHIN = timedelta(days=14)
