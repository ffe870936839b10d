"""The items of a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from omnitrack.errors import masked_repr, plain_repr
from omnitrack.harmless import one_line, sized
from omnitrack.model.fields import to_mapping
from omnitrack.model.interaction import AnsweredBy, Attachment, Direction
from omnitrack.model.sighting import Assurance
from omnitrack.values import NOTHING, Value

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier


def wall_clock(timestamp: datetime) -> str:
    """Format a time to the minute, with its offset unless that is UTC."""
    return timestamp.isoformat(" ", "minutes").removesuffix("+00:00")


class TimelineDraft(Value):
    """The writable slots of a timeline item: pages fill them in and then change the class to ``TimelineItem``.

    A frozen class writes its fields through ``object.__setattr__``, which takes seven times as long.
    """

    __slots__ = (
        "__weakref__",
        "agent",
        "answered_by",
        "assurance",
        "attachments",
        "attributes",
        "body",
        "channel",
        "deleted",
        "direction",
        "disclosed",
        "ended_at",
        "id",
        "identifier",
        "kind",
        "occurred_at",
        "outcome",
        "participant",
        "recorded_at",
        "reply_to",
        "revised_at",
        "shared",
        "source",
        "source_id",
        "subject",
        "thread",
        "traits",
        "via",
    )


@attrs.frozen(slots=True, kw_only=True)
class TimelineItem(TimelineDraft):
    """One interaction on a customer's timeline. ``print`` shows it on one line; a time that is not in UTC has its offset."""

    id: str
    channel: str
    direction: Direction
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    identifier: Identifier | None  # the anchor; None while nobody is identified
    assurance: Assurance  # of the anchor
    ended_at: datetime | None = None
    subject: str | None = attrs.field(default=None, repr=sized)
    body: str | None = attrs.field(default=None, repr=sized)
    agent: str | None = attrs.field(default=None, repr=masked_repr)
    thread: str | None = attrs.field(default=None, repr=masked_repr)
    reply_to: str | None = attrs.field(default=None, repr=masked_repr)
    outcome: str | None = attrs.field(default=None, repr=plain_repr)
    answered_by: AnsweredBy | None = None  # who dealt with it for the company, if known
    disclosed: bool | None = None  # whether the customer was told that a machine answers
    via: str | None = attrs.field(default=None, repr=masked_repr)
    attachments: tuple[Attachment, ...] = ()
    traits: Mapping[str, Any] = attrs.field(repr=sized, default=NOTHING, converter=to_mapping)
    attributes: Mapping[str, Any] = attrs.field(repr=sized, default=NOTHING, converter=to_mapping)
    source: str | None = None
    source_id: str | None = attrs.field(default=None, repr=masked_repr)
    revised_at: datetime | None = None
    deleted: bool = False
    shared: bool = False  # listed under a shared identifier: it may be somebody else's
    participant: bool = False  # the customer was in copy or mentioned

    _DERIVED = ("claimed",)

    @property
    def claimed(self) -> bool:
        """Whether all identifiers of the person in this interaction are claimed."""
        return self.identifier is not None and self.assurance <= Assurance.CLAIMED

    @one_line
    def __str__(self) -> str:
        arrow = {"inbound": "→", "outbound": "←", "internal": "·"}[self.direction]
        text = " ".join((self.subject or self.body or self.outcome or "").split())
        if self.deleted:
            text = "(deleted at the source)"
        marks = "".join(f" [{m}]" for m in ("claimed", "shared") if getattr(self, m))
        marks += " [machine]" if self.answered_by is AnsweredBy.MACHINE else ""
        return f"{wall_clock(self.occurred_at)} {arrow} {self.channel:<8} {text[:100]}{marks}"
