"""Statements: what a person or a system says about identifiers, and how it is kept."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidPolicyError, told
from omnitrack.harmless import one_line, sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.partition import DIFFERENT, PERSONAL, REASSIGNED, SAME, SHARED_MARK

ATTRIBUTED = "attributed"  # an interaction belongs to this identifier; kept with the statements, no link of its own

#: What each kind is called by the method that makes it.
VERBS = {
    SAME: "link",
    DIFFERENT: "deny",
    SHARED_MARK: "mark_shared",
    PERSONAL: "mark_personal",
    REASSIGNED: "reassign",
    ATTRIBUTED: "attribute",
}
_BINARY = frozenset((SAME, DIFFERENT, PERSONAL))

Named = Identifier | str  # an identifier, a text that holds one, or a customer id


def _check_time(at: object) -> None:
    if not isinstance(at, datetime):
        raise InvalidPolicyError(f"at: got {type(at).__name__}, accepted is a datetime")
    try:
        if at.tzinfo is not None:
            at.astimezone(timezone.utc)
    except (OverflowError, ValueError):
        raise InvalidPolicyError("at: accepted are the years 1 to 9999 in UTC") from None


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def check_said(by: object, reason: object) -> None:
    """Raise unless who said something and why are texts, or None."""
    for name, text in (("by", by), ("reason", reason)):
        if text is not None and (not isinstance(text, str) or not _encodable(text)):
            raise InvalidPolicyError(f"{name}: got {type(text).__name__}, accepted is text that UTF-8 can hold")


@attrs.frozen(slots=True, kw_only=True)
class Statement:
    """What was said, by whom, when and why. Made by the tracker's methods; the class methods make one that is not said yet, for preview().

    Attributes:
        kind: same, different, shared, personal, reassigned, or attributed.
        a: what it is about. b: the other one, for same, different and personal.
        at: when it was said; of a reassignment since when it holds.
        id: ``st_...``; None while it is not said.
        recorded_at: when the store took it.
        retracted_at: when it was taken back; None while it holds.
    """

    kind: str
    a: Named
    b: Named | None = None
    at: datetime | None = None
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    id: str | None = None
    recorded_at: datetime | None = None
    retracted_at: datetime | None = None
    retracted_by: str | None = None
    interaction: str | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in VERBS:
            raise InvalidPolicyError(f"kind: got {told(self.kind)}, accepted are {', '.join(VERBS)}")
        if (self.b is None) == (self.kind in _BINARY):
            raise InvalidPolicyError(
                f"b: a statement of the kind {self.kind!r} is about {'two' if self.b is None else 'one'}"
            )
        if self.at is not None:
            _check_time(self.at)
        check_said(self.by, self.reason)
        if self.kind == REASSIGNED and self.at is None:
            raise InvalidPolicyError("at: a reassignment needs the time from which the new holder has the identifier")

    @classmethod
    def link(cls, a: Named, b: Named, **said: Any) -> Statement:
        """They are one person."""
        return cls(kind=SAME, a=a, b=b, **said)

    @classmethod
    def deny(cls, a: Named, b: Named, **said: Any) -> Statement:
        """They are not."""
        return cls(kind=DIFFERENT, a=a, b=b, **said)

    @classmethod
    def mark_shared(cls, x: Named, **said: Any) -> Statement:
        """Several people use it."""
        return cls(kind=SHARED_MARK, a=x, **said)

    @classmethod
    def mark_personal(cls, x: Named, *, of: Named, **said: Any) -> Statement:
        """It is this person's alone, whatever it was seen with; from then on statements alone join it."""
        return cls(kind=PERSONAL, a=x, b=of, **said)

    @classmethod
    def reassign(cls, x: Named, *, at: datetime, **said: Any) -> Statement:
        """It has a new holder from then on."""
        return cls(kind=REASSIGNED, a=x, at=at, **said)

    @one_line
    def __str__(self) -> str:
        def show(named: Named | None) -> str:
            return named.display if isinstance(named, Identifier) else str(named)

        texts = {
            SAME: "{a} and {b} are one person",
            DIFFERENT: "{a} and {b} are not one person",
            SHARED_MARK: "{a} is shared",
            PERSONAL: "{a} is personal of {b}",
            REASSIGNED: "{a} has a new holder from {at:%Y-%m-%d}",
            ATTRIBUTED: "an interaction belongs to {a}",
        }
        text = texts[self.kind].format(a=show(self.a), b=show(self.b), at=self.at)
        text += f", said {self.by}" if self.by else ""
        text += f" ({self.reason})" if self.reason else ""
        return text + (", retracted" if self.retracted_at else "")


@attrs.define(slots=True, kw_only=True)
class StatementRecord:
    """A statement as the store keeps it. Times are microseconds; ``pinned``: named by a customer id, so that a reassignment does not move it."""

    kind: str
    a: bytes
    b: bytes
    at: int
    by: str | None
    reason: str | None
    recorded_at: int
    pinned_a: bool = False
    pinned_b: bool = False
    interaction: bytes = b""
    retracted_at: int | None = None
    retracted_by: str | None = None
    retracted_reason: str | None = None

    def dump(self) -> str:
        """Return it as JSON."""
        values = attrs.asdict(self)
        return json.dumps({name: v.hex() if isinstance(v, bytes) else v for name, v in values.items()})

    @classmethod
    def load(cls, text: str) -> StatementRecord:
        """Read what ``dump`` wrote."""
        values = json.loads(text)
        for name in ("a", "b", "interaction"):
            values[name] = bytes.fromhex(values[name])
        return cls(**values)
