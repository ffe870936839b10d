"""Interactions, and the edits of interactions, as sources yield them and the tracker records them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr, plain_repr
from omnitrack.harmless import sized
from omnitrack.model.fields import (
    as_utc,
    check_boolean,
    check_json,
    check_json_mapping,
    check_text,
    check_time,
    empty_to_none,
    is_before,
    is_iterable,
    to_mapping,
)
from omnitrack.model.limits import (
    MAX_ATTACHMENTS,
    MAX_BODY,
    MAX_NAME,
    MAX_PARTICIPANTS,
    MAX_PEOPLE,
    MAX_SOURCE_ID,
    MAX_SUBJECT,
)
from omnitrack.model.sighting import Sighting, to_people, to_sightings
from omnitrack.values import NOTHING, Value


class Direction(enum.StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


@attrs.frozen(slots=True, kw_only=True)
class Attachment(Value):
    """What came with an interaction: described, not stored."""

    name: str | None = attrs.field(default=None, repr=sized)
    media_type: str | None = attrs.field(default=None, repr=plain_repr)
    size: int | None = None  # bytes
    sha256: str | None = None  # hex
    url: str | None = attrs.field(default=None, repr=sized)


def _attachments(value: Any) -> tuple[Attachment, ...]:
    if value is not None and not is_iterable(value):
        raise InvalidInteractionError(f"attachments: got {type(value).__name__}, accepted is a list of Attachment")
    found = tuple(value or ())
    for one in found:
        if not isinstance(one, Attachment):
            raise InvalidInteractionError(f"attachments: got {type(one).__name__}, accepted is Attachment")
        check_json("attachments", [one.name, one.media_type, one.size, one.sha256, one.url])
    return found


def _direction(value: Any) -> Any:
    if value is None or isinstance(value, Direction):
        return value
    try:
        return Direction(value)
    except ValueError:
        accepted = ", ".join(Direction)
        raise InvalidInteractionError(f"direction: got {plain_repr(value)}, accepted are {accepted}") from None


@attrs.frozen(slots=True, kw_only=True)
class Interaction(Value):
    """One contact on one channel, as a source yields it and record_many() takes it; with an id once it is stored.

    A source that cannot tell customers from the company fills ``sender`` and ``recipients`` instead of ``customers``;
    the tracker's own list then gives direction and customers.

    Attributes:
        channel: phone, email, web, letter, chat, x, forum, video, ... ; any lower-case name.
        occurred_at: when it happened; a naive time is read in the zone of the tracker that records it, which refuses it where it has none.
        direction: inbound, outbound, internal; None asks the own list (inbound where it does not know).
        customers: the identifiers of each person that it was with, a tuple for each.
        participants: in copy or mentioned; never linked.
        sender: identifiers of whoever sent it, where ``customers`` is not known.
        recipients: of each recipient, likewise.
        kind: what it is within the channel: message, call, note, comment, visit, ...
        ended_at: for contacts that last.
        thread: what belongs together at the source: a conversation id, a mail thread, a web session.
        reply_to: ``source_id`` of the interaction that this one answers.
        outcome: answered, missed, done, abandoned, bounced, ...
        via: key of the own identifier that it came in by or went out from; filled from the own list.
        traits: what it says of the person: name, postcode, birth_date, company, ...
        attributes: anything else that the source knows, as JSON values.
        source: name of the system that it came from; with ``source_id`` unique in the store.
        region: ISO 3166 alpha-2 region in which national phone numbers are read.
        revised_at: when its source had changed it last. One that is there already and comes with a later time than all that is known of it is a
            revision; without a time it is a duplicate.
    """

    channel: str = attrs.field(validator=check_text(MAX_NAME, required=True))
    occurred_at: datetime = attrs.field(validator=check_time(required=True))
    direction: Direction | None = attrs.field(default=None, converter=_direction)
    customers: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=to_people)
    participants: tuple[Sighting, ...] = attrs.field(default=(), converter=to_sightings)
    sender: tuple[Sighting, ...] = attrs.field(default=(), converter=to_sightings)
    recipients: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=to_people)
    kind: str = attrs.field(default="message", validator=check_text(MAX_NAME, required=True))
    ended_at: datetime | None = attrs.field(default=None, validator=check_time(required=False))
    subject: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_SUBJECT))
    body: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_BODY))
    agent: str | None = attrs.field(
        repr=masked_repr, default=None, converter=empty_to_none, validator=check_text(MAX_NAME)
    )
    thread: str | None = attrs.field(
        repr=masked_repr, default=None, converter=empty_to_none, validator=check_text(MAX_SOURCE_ID)
    )
    reply_to: str | None = attrs.field(
        repr=masked_repr, default=None, converter=empty_to_none, validator=check_text(MAX_SOURCE_ID)
    )
    outcome: str | None = attrs.field(
        repr=plain_repr, default=None, converter=empty_to_none, validator=check_text(MAX_NAME)
    )
    via: str | None = attrs.field(
        repr=masked_repr, default=None, converter=empty_to_none, validator=check_text(MAX_SOURCE_ID)
    )
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)
    traits: Mapping[str, Any] = attrs.field(
        repr=sized, default=NOTHING, converter=to_mapping, validator=check_json_mapping
    )
    attributes: Mapping[str, Any] = attrs.field(
        repr=sized, default=NOTHING, converter=to_mapping, validator=check_json_mapping
    )
    source: str | None = attrs.field(default=None, converter=empty_to_none, validator=check_text(MAX_NAME))
    source_id: str | None = attrs.field(
        repr=masked_repr, default=None, converter=empty_to_none, validator=check_text(MAX_SOURCE_ID)
    )
    region: str | None = None
    id: str | None = None
    recorded_at: datetime | None = attrs.field(default=None, converter=as_utc)
    revised_at: datetime | None = attrs.field(default=None, converter=as_utc, validator=check_time(required=False))
    deleted: bool = attrs.field(default=False, validator=check_boolean)

    def __attrs_post_init__(self) -> None:
        if self.source_id is not None and self.source is None:
            raise InvalidInteractionError("source: got none with a source_id, accepted is the name of the source")
        if self.ended_at is not None and is_before(self.ended_at, self.occurred_at):
            raise InvalidInteractionError(
                f"ended_at: got {self.ended_at.isoformat()}, accepted is a time from occurred_at on, {self.occurred_at.isoformat()}"
            )
        if len(self.customers) > MAX_PEOPLE or len(self.recipients) > MAX_PEOPLE:
            raise InvalidInteractionError(f"customers: got more than {MAX_PEOPLE} people, the most accepted")
        if len(self.participants) > MAX_PARTICIPANTS:
            raise InvalidInteractionError(f"participants: got more than {MAX_PARTICIPANTS}, the most accepted")
        if len(self.attachments) > MAX_ATTACHMENTS:
            raise InvalidInteractionError(f"attachments: got more than {MAX_ATTACHMENTS}, the most accepted")


# No system that keeps edits is older; a time of zero is one that was not set.
_FIRST_EDIT = datetime(1970, 1, 1, tzinfo=timezone.utc)


@attrs.frozen(slots=True, kw_only=True)
class Revision(Value):
    """An edit or a delete at the source, as a source yields it; ``at`` is the source's own time of it, after 1970.

    ``same_unit`` says that it stands in one unit of the source with the interaction just before it: a post that comes with its
    edits. The two are counted as one.
    """

    source: str = attrs.field(validator=check_text(MAX_NAME, required=True))
    source_id: str = attrs.field(repr=masked_repr, validator=check_text(MAX_SOURCE_ID, required=True))
    at: datetime = attrs.field(validator=check_time(required=True))
    body: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_BODY))
    subject: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_SUBJECT))
    deleted: bool = attrs.field(default=False, validator=check_boolean)
    same_unit: bool = attrs.field(default=False, validator=check_boolean)

    def __attrs_post_init__(self) -> None:
        if not is_before(_FIRST_EDIT if self.at.tzinfo else _FIRST_EDIT.replace(tzinfo=None), self.at):
            raise InvalidInteractionError(
                f"at: got {self.at.isoformat()}, accepted is a time after {_FIRST_EDIT.isoformat()}"
            )
