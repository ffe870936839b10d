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
    """A consent to be contacted, given or withdrawn by the holder of an identifier.

    Attributes:
        id: the id of the record, ``con_...``.
        identifier: the identifier that it belongs to. A consent recorded for a customer id belongs to the identifier that gave the id.
        granted: True if contact was allowed, False if it was refused or consent was withdrawn.
        at: when it was given or withdrawn, and takes effect.
        recorded_at: when it was recorded.
        purpose: the purpose that it covers; None for all.
        channel: the channel that it covers; None for all.
        source: the form, system or list that it comes from; None if not recorded.
        proof: the evidence of it; None for none.
        by: who recorded it; None if not recorded.
        interaction: the id of the message that gave or withdrew it, ``int_...``; None if it was not a message.
        current: False if a later consent of the same identifier has replaced it.
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
        allowed: True if they may be contacted.
        reason: ``"consent was given"``, ``"consent was withdrawn or refused"``, ``"nothing is known"``, or ``"none is needed, and none was refused"``.
        purpose: the purpose that was asked about.
        channel: the channel that was asked about.
        at: the time that was asked about.
        decisions: the consents that decided it, one for each identifier that has any, refusals first.
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
    """Return a stored consent as the public class."""
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

    For one identifier the latest consent that covers the purpose and channel counts, by its own time. Among several identifiers the strictest counts:
    one refusal is enough.

    Args:
        found: the consents on record.
        scope: the purpose and the channel.
        at: the time to answer for, in microseconds; later consents do not count yet.
        needed: whether contact needs a consent that was given.
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
    """Return all consents on record, latest first, each marked as current or replaced."""
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
