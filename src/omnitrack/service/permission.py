"""Permission: what of all that was said of contacting somebody counts, and why they may be contacted or not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from omnitrack.foundation.consent_words import Scope
from omnitrack.foundation.consents import Word
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.harmless import one_line, sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import wall_clock
from omnitrack.reading.resolve import to_identifier
from omnitrack.storage.contract import IdentifierRow
from omnitrack.values import Value

Found = tuple[IdentifierRow, Word]  # what was said, with the holder of whom it was said

NOTHING_KNOWN = "nothing is known"
NOT_NEEDED = "none is needed, and none was refused"
GIVEN = "consent was given"
WITHDRAWN = "consent was withdrawn or refused"


@attrs.frozen(slots=True, kw_only=True)
class Consent(Value):
    """What was said of contacting whoever has an identifier.

    Attributes:
        id: ``con_...``.
        identifier: of which it was said. What was said of a customer id is kept with the identifier that gave the id.
        granted: contact was allowed; False where that was withdrawn or refused.
        purpose: for which purpose; None for every one. channel: on which channel; None for every one.
        at: since when it counts. recorded_at: when the store took it.
        source: the form, system or list that it comes from. proof: what proves it. by: who recorded it.
        interaction: the message that said it, ``int_...``; None where it was not a message.
        current: no later word of the same identifier takes its place.
    """

    id: str
    identifier: Identifier
    granted: bool
    at: datetime
    recorded_at: datetime
    purpose: str | None = None
    channel: str | None = None
    source: str | None = None
    proof: str | None = attrs.field(default=None, repr=sized)
    by: str | None = None
    interaction: str | None = None
    current: bool = True

    @one_line
    def __str__(self) -> str:
        what = "granted" if self.granted else "withdrawn"
        scope = f"{self.purpose or 'every purpose'} by {self.channel or 'every channel'}"
        where = f" ({self.source})" if self.source else ""
        replaced = "" if self.current else ", replaced since"
        return f"{wall_clock(self.at)} {self.identifier.display}: {what} for {scope}{where}{replaced}"


@attrs.frozen(slots=True, kw_only=True)
class Permission(Value):
    """Whether somebody may be contacted, and why.

    Attributes:
        reason: ``"consent was given"``, ``"consent was withdrawn or refused"``, ``"nothing is known"``, or ``"none is needed, and none was refused"``.
        decisions: what decided it: the words of each identifier that count, refusals first.
        at: the time that was asked for.
    """

    allowed: bool
    reason: str
    purpose: str
    channel: str
    at: datetime
    decisions: tuple[Consent, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed

    @one_line
    def __str__(self) -> str:
        verb = "may" if self.allowed else "may not"
        return f"{verb} be contacted for {self.purpose} by {self.channel}: {self.reason}"


def to_consent(row: IdentifierRow, word: Word, current: bool = True) -> Consent:
    """Return a word as people see it."""
    return Consent(
        id=to_text("con", word.id),
        identifier=to_identifier(row),
        granted=word.granted,
        at=from_us(word.at),
        recorded_at=from_us(word.recorded_at),
        purpose=word.purpose,
        channel=word.channel,
        source=word.source,
        proof=word.proof,
        by=word.by,
        interaction=None if word.interaction is None else to_text("int", word.interaction),
        current=current,
    )


def permit(found: Iterable[Found], scope: tuple[str, str], at: int, needed: bool) -> Permission:
    """Return whether the holders of identifiers, who are one customer, may be contacted.

    Of one identifier the latest word that covers what is asked counts, by its own time. Of several the strictest does: one refusal is enough.

    Args:
        found: what was said of them, as it is known. scope: the purpose and the channel that are asked for.
        at: the time that is asked for; what is said of a later time does not count yet.
        needed: whether consent has to have been given.
    """
    latest: dict[bytes, Found] = {}
    for row, word in found:
        if word.at > at or not word.covers(scope):
            continue
        known = latest.get(row.id)
        if known is None or known[1].order < word.order:
            latest[row.id] = (row, word)
    decisions = sorted(latest.values(), key=lambda one: (one[1].granted, -one[1].at, one[0].id))
    refused = any(not word.granted for _, word in decisions)
    if refused:
        allowed, reason = False, WITHDRAWN
    elif decisions:
        allowed, reason = True, GIVEN
    elif needed:
        allowed, reason = False, NOTHING_KNOWN
    else:
        allowed, reason = True, NOT_NEEDED
    return Permission(
        allowed=allowed,
        reason=reason,
        purpose=scope[0],
        channel=scope[1],
        at=from_us(at),
        decisions=tuple(to_consent(row, word) for row, word in decisions),
    )


def listed(found: Sequence[Found]) -> list[Consent]:
    """Return all that was said, the latest first, each with whether it still counts for anything."""
    of: dict[bytes, list[Word]] = {}
    for row, word in found:
        of.setdefault(row.id, []).append(word)
    ordered = sorted(found, key=lambda one: (one[1].order, one[0].id), reverse=True)
    return [to_consent(row, word, not _is_replaced(word, of[row.id])) for row, word in ordered]


def _is_replaced(word: Word, others: Iterable[Word]) -> bool:
    """Whether a later word of the same identifier covers all that a word covers."""
    return any(other.order > word.order and _covers_all(other, (word.purpose, word.channel)) for other in others)


def _covers_all(word: Word, scope: Scope) -> bool:
    return all(own is None or own == asked for own, asked in zip((word.purpose, word.channel), scope))
