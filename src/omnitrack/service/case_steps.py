"""Steps of a case: which an agent may take, who takes them, why and when, and what callers give for them. What they write is in ``casing``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from omnitrack.errors import CaseStateError, InteractionNotFoundError, InvalidInteractionError, plain_repr
from omnitrack.foundation.arguments import checked_text, microseconds
from omnitrack.foundation.cases import ENDED, Event, StoredCase
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_text, to_text
from omnitrack.model import MAX_NAME, Interaction, TimelineItem
from omnitrack.service.case import CaseReference
from omnitrack.storage.contract import InteractionRow, Transaction

MOST_TEXT = 10_000  # characters of a note, a promise, a reason
MOST_HELD = 500  # interactions of one case

#: The states that whoever works on a case may bring it to; it ends otherwise. Those of TMF621 with its own meaning: ``pending`` waits for the customer,
#: ``held`` for something else.
STEPS: dict[str, tuple[str, ...]] = {
    "acknowledged": ("inProgress", "pending", "held", "resolved", "rejected"),
    "inProgress": ("pending", "held", "resolved"),
    "pending": ("inProgress", "held", "resolved"),
    "held": ("inProgress", "pending", "resolved"),
    "resolved": ("inProgress", "pending", "held"),
    "closed": (),
    "cancelled": (),
    "rejected": (),
}


@attrs.frozen(kw_only=True)
class Said:
    """Who does something about a case, why, and when: what each line of its log has."""

    by: str | None
    reason: str | None
    at: int
    now: int

    def event(self, what: str, **fields: Any) -> Event:
        """Return a line of the log."""
        fields = {"by": self.by, "reason": self.reason, **fields}
        return Event(what=what, at=self.at, recorded_at=self.now, **fields)


def said(ctx: Context, by: object, reason: object, at: datetime | str | None) -> Said:
    """Return who does something, why, and when.

    Raises:
        InvalidInteractionError: one of these cannot be.
    """
    now = ctx.clock()
    when = microseconds(at, "at", ctx.zone)
    return Said(
        by=checked_text("by", by, MAX_NAME),
        reason=checked_text("reason", reason, MOST_TEXT),
        at=now if when is None else when,
        now=now,
    )


def one_of(field: str, value: object, accepted: Sequence[str]) -> str:
    """Return one of some words.

    Raises:
        InvalidInteractionError: it is none of them.
    """
    if not isinstance(value, str) or value not in accepted:
        raise InvalidInteractionError(f"{field}: got {plain_repr(value)}, accepted are {', '.join(accepted)}")
    return value


def check_step(stored: StoredCase, state: str, reason: str | None) -> None:
    """Raise unless whoever works on a case may bring it to a state.

    Raises:
        CaseStateError: they may not; says what may be done.
    """
    now, accepted = stored.state, STEPS[stored.state]
    if now in ENDED:
        raise CaseStateError(f"state: the case is {now}, accepted is reopen_case()")
    if state == "closed":
        raise CaseStateError(
            "state: a case is closed by its customer, not by whoever works on it: accepted is confirm_case() with what the customer said, or "
            "'resolved' and close_unanswered() once no answer has come in time"
        )
    if state == "cancelled":
        raise CaseStateError(
            "state: a case is cancelled by its customer: accepted is withdraw_case() with what they said"
        )
    if state not in accepted:
        raise CaseStateError(f"state: got {state} of a case that is {now}, accepted are {', '.join(accepted)}")
    if state == "rejected" and reason is None:
        raise CaseStateError("reason: got None, accepted is why a case is rejected, which its customer may ask")


def check_room(stored: StoredCase, more: int) -> None:
    """Raise InvalidInteractionError unless a case has room for more interactions."""
    if len(stored.interactions) + more > MOST_HELD:
        raise InvalidInteractionError(f"interactions: a case holds at most {MOST_HELD}; open another case")


def check_open(stored: StoredCase) -> None:
    """Raise CaseStateError where a case has ended."""
    if stored.state in ENDED:
        raise CaseStateError(f"case: it is {stored.state}, accepted is reopen_case() first")


def interaction_id(value: object) -> bytes | None:
    """Return the id of an interaction that is given as one or by its id; None of anything else."""
    if isinstance(value, (Interaction, TimelineItem)):
        value = value.id
    return from_text("int", value) if isinstance(value, str) else None


def given(interaction: object) -> bytes:
    """Return the id of an interaction that is given as one or by its id.

    Raises:
        InteractionNotFoundError: it is none.
    """
    id = interaction_id(interaction)
    if id is None:
        raise InteractionNotFoundError(f"interaction: got {plain_repr(interaction)}, accepted is an id such as int_...")
    return id


def get_interactions(tx: Transaction, ids: Sequence[bytes]) -> list[InteractionRow]:
    """Return interactions as they were recorded, oldest first.

    Raises:
        InteractionNotFoundError: one is not there.
    """
    rows = {row.id: row for row in tx.find_interactions(ids=list(ids)) if row.revision == 0} if ids else {}
    for id in ids:
        if id not in rows:
            raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    return sorted(rows.values(), key=lambda row: (row.occurred_at, row.id))


def added(who: Said, row: InteractionRow, reason: str | None) -> Event:
    """Return the line that says that a case holds an interaction from now on."""
    return who.event("added", interaction=row.id, value=row.direction, reason=reason)


def reference_event(who: Said, one: object) -> Event:
    """Return the line that says what another system calls a case."""
    if isinstance(one, (tuple, list)) and len(one) == 2:
        one = CaseReference(system=one[0], value=one[1])
    if not isinstance(one, CaseReference):
        raise InvalidInteractionError(
            f"references: got {type(one).__name__}, accepted are CaseReference and pairs of a system and an id"
        )
    system = checked_text("system", one.system, MAX_NAME, required=True)
    return who.event(
        "reference", system=system, value=checked_text("value", one.value, MAX_NAME, required=True), reason=None
    )
