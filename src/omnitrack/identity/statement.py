"""Statements: the public class, and the record that a store keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidPolicyError, plain_repr
from omnitrack.harmless import one_line, sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.mention import Mention, Tenures
from omnitrack.identity.partition import DIFFERENT, PERSONAL, REASSIGNED, SAME, SHARED_MARK
from omnitrack.model.fields import as_optional_time
from omnitrack.values import Value

ATTRIBUTED = "attributed"  # an interaction belongs to this identifier; stored with the statements, without a link

#: The name of the method that makes each kind.
VERBS = {
    SAME: "link",
    DIFFERENT: "deny",
    SHARED_MARK: "mark_shared",
    PERSONAL: "mark_personal",
    REASSIGNED: "reassign",
    ATTRIBUTED: "attribute",
}
BINARY = frozenset((SAME, DIFFERENT, PERSONAL))  # kinds about two identifiers

Named = Identifier | str  # an identifier, a text that holds one, or a customer id


def _check_time(at: object) -> None:
    if not isinstance(at, datetime):
        raise InvalidPolicyError(f"at: got {type(at).__name__}, accepted is a datetime, or a text of ISO 8601")
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


MAX_BY = 255  # characters
MAX_REASON = 10_000


def check_said(by: object, reason: object, *, kept: bool = False) -> None:
    """Raise unless ``by`` and ``reason`` are texts or None; if ``kept`` is true, they come from a store and may have any length."""
    for name, text, most in (("by", by, MAX_BY), ("reason", reason, MAX_REASON)):
        if text is None:
            continue
        if not isinstance(text, str) or not _encodable(text):
            raise InvalidPolicyError(f"{name}: got {type(text).__name__}, accepted is text that UTF-8 can hold")
        if len(text) > most and not kept:
            raise InvalidPolicyError(f"{name}: got {len(text)} characters, accepted are at most {most}")


@attrs.frozen(slots=True, kw_only=True)
class Statement(Value):
    """A statement about identifiers, with its author, time and reason. Returned by the tracker; the class methods create one for preview().

    Attributes:
        kind: same, different, shared, personal, reassigned, or attributed.
        a: the identifier it is about.
        b: the other identifier, for same, different and personal.
        at: when it was stated; for a reassignment, when it takes effect.
        by: who made it.
        reason: why it was made.
        id: ``st_...``; None if it was not made yet.
        recorded_at: when it was stored.
        retracted_at: when it was retracted, or None.
        retracted_by: who retracted it, or None.
        interaction: the id of the interaction, for attributed.
    """

    kind: str
    a: Named
    b: Named | None = None
    at: datetime | None = attrs.field(default=None, converter=as_optional_time)
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    id: str | None = None
    recorded_at: datetime | None = None
    retracted_at: datetime | None = None
    retracted_by: str | None = None
    interaction: str | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in VERBS:
            raise InvalidPolicyError(f"kind: got {plain_repr(self.kind)}, accepted are {', '.join(VERBS)}")
        if (self.b is None) == (self.kind in BINARY):
            raise InvalidPolicyError(
                f"b: a statement of the kind {self.kind!r} is about {'two' if self.b is None else 'one'}"
            )
        if self.at is not None:
            _check_time(self.at)
        check_said(self.by, self.reason, kept=self.recorded_at is not None)
        if self.kind == REASSIGNED and self.at is None:
            raise InvalidPolicyError("at: a reassignment needs the time from which the new holder has the identifier")

    @classmethod
    def link(cls, a: Named, b: Named, **said: Any) -> Statement:
        """Two identifiers belong to one person."""
        return cls(kind=SAME, a=a, b=b, **said)

    @classmethod
    def deny(cls, a: Named, b: Named, **said: Any) -> Statement:
        """Two identifiers do not belong to one person."""
        return cls(kind=DIFFERENT, a=a, b=b, **said)

    @classmethod
    def mark_shared(cls, x: Named, **said: Any) -> Statement:
        """Several people use an identifier."""
        return cls(kind=SHARED_MARK, a=x, **said)

    @classmethod
    def mark_personal(cls, x: Named, *, of: Named, **said: Any) -> Statement:
        """An identifier belongs to one person only; from then on only statements link it."""
        return cls(kind=PERSONAL, a=x, b=of, **said)

    @classmethod
    def reassign(cls, x: Named, *, at: datetime | str, **said: Any) -> Statement:
        """An identifier has a new holder from a time on."""
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
    """A statement as it is stored. Times are microseconds.

    Attributes:
        kind: the kind, as in ``Statement``.
        a: the holder that it is about now; for a reassignment, the identifier.
        b: the other holder; for a reassignment, the new holder; ``a`` again for a statement about one.
        named_a: the mention of ``a``.
        named_b: the mention of ``b``; None for a statement about one.
        at: when it was stated; for a reassignment, when it takes effect.
    """

    kind: str
    a: bytes
    b: bytes
    named_a: Mention
    named_b: Mention | None = None
    at: int
    by: str | None
    reason: str | None
    recorded_at: int
    interaction: bytes = b""
    retracted_at: int | None = None
    retracted_by: str | None = None
    retracted_reason: str | None = None

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The mentions of the statement."""
        return (self.named_a,) if self.named_b is None else (self.named_a, self.named_b)

    def about(self, tenures: Callable[[bytes], Tenures | None]) -> tuple[bytes, bytes]:
        """Return the holders that it is about, ``a`` and ``b``.

        Args:
            tenures: returns the later holders of an identifier, given its first; None if they have not changed.
        """
        if self.kind == REASSIGNED:
            return self.a, self.b
        held = tenures(self.named_a.base)
        a = self.a if held is None else self.named_a.about(held)
        if self.named_b is None:
            return a, a
        held = tenures(self.named_b.base)
        return a, self.b if held is None else self.named_b.about(held)

    def dump(self) -> str:
        """Return the record as JSON."""
        values = attrs.asdict(self, recurse=False)
        values["named_a"] = self.named_a.dump()
        values["named_b"] = None if self.named_b is None else self.named_b.dump()
        return json.dumps({name: v.hex() if isinstance(v, bytes) else v for name, v in values.items()})

    @classmethod
    def load(cls, text: str) -> StatementRecord:
        """Read a record that ``dump`` returned."""
        values = json.loads(text)
        for name in ("a", "b", "interaction"):
            values[name] = bytes.fromhex(values[name])
        values["named_a"] = Mention.load(values["named_a"])
        values["named_b"] = None if values["named_b"] is None else Mention.load(values["named_b"])
        return cls(**values)
