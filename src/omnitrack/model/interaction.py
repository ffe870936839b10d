"""Interactions and revisions, as sources yield them and the tracker records them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr, plain_repr
from omnitrack.harmless import sized
from omnitrack.model.fields import (
    as_optional_time,
    as_time,
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
from omnitrack.model.sighting import Person, Sighting, to_people, to_sightings
from omnitrack.values import NOTHING, Value


class Direction(enum.StrEnum):
    """Who contacted whom; internal is a note of the company."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class AnsweredBy(enum.StrEnum):
    """Who dealt with a contact for the company."""

    PERSON = "person"
    MACHINE = "machine"


@attrs.frozen(slots=True, kw_only=True)
class Attachment(Value):
    """The description of an attached file. The file itself is not stored."""

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


def _answered_by(value: Any) -> Any:
    if value is None or isinstance(value, AnsweredBy):
        return value
    try:
        return AnsweredBy(value)
    except ValueError:
        accepted = ", ".join(AnsweredBy)
        raise InvalidInteractionError(f"answered_by: got {plain_repr(value)}, accepted are {accepted}") from None


@attrs.frozen(slots=True, kw_only=True)
class Interaction(Value):
    """One contact on one channel, as a source yields it and record_many() takes it. It has an id once it is stored.

    A source that cannot tell customers from the company fills ``sender`` and ``recipients`` instead of ``customers``; the tracker then derives
    direction and customers from the company's own identifiers.

    Attributes:
        channel: phone, email, web, letter, chat, x, forum, video, or any other name in lower case.
        occurred_at: when it happened. A naive time is read in the zone of the tracker, which refuses it if it has none.
        direction: inbound, outbound or internal; None to derive it from the own identifiers (inbound if they do not say).
        customer: to make one, the identifiers of the only person it was with, instead of ``customers``.
        customers: for each person it was with, a tuple of identifiers.
        participants: identifiers of people in copy or mentioned; never linked.
        sender: identifiers of the sender, if ``customers`` is not known.
        recipients: for each recipient, a tuple of identifiers, if ``customers`` is not known.
        kind: message, call, note, comment, visit, or another kind within the channel.
        ended_at: when it ended, if it has a duration.
        thread: id that groups interactions at the source: a conversation, a mail thread, a web session.
        reply_to: ``source_id`` of the interaction that it answers.
        outcome: answered, missed, done, abandoned, bounced, ...
        answered_by: person or machine: who dealt with it for the company; None if not known. A machine is one that converses, such as a voice agent.
        disclosed: whether the customer was told that a machine answers (Regulation (EU) 2024/1689, the AI Act, article 50); None if not known, and
            where no machine answered.
        via: key of the company's own identifier that was contacted or used; set from the own identifiers.
        traits: facts about the person: name, postcode, birth_date, company, ...
        attributes: any other data of the source, as JSON values.
        source: name of the system that it came from. ``source`` and ``source_id`` are unique in the store.
        region: ISO 3166 alpha-2 region in which national phone numbers are read.
        revised_at: when it was last changed at the source. If the interaction is stored already, a later time makes it a revision; without a time it is
            a duplicate.
    """

    channel: str = attrs.field(validator=check_text(MAX_NAME, required=True))
    occurred_at: datetime = attrs.field(converter=as_time, validator=check_time(required=True))
    direction: Direction | None = attrs.field(default=None, converter=_direction)
    customers: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=to_people)
    participants: tuple[Sighting, ...] = attrs.field(default=(), converter=to_sightings)
    sender: tuple[Sighting, ...] = attrs.field(default=(), converter=to_sightings)
    recipients: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=to_people)
    kind: str = attrs.field(default="message", validator=check_text(MAX_NAME, required=True))
    ended_at: datetime | None = attrs.field(
        default=None, converter=as_optional_time, validator=check_time(required=False)
    )
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
    answered_by: AnsweredBy | None = attrs.field(default=None, converter=_answered_by)
    disclosed: bool | None = attrs.field(default=None, validator=attrs.validators.optional(check_boolean))
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
    _customer: Person | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self._customer is not None:
            if self.customers:
                raise InvalidInteractionError("customer: got both customer and customers, accepted is one of the two")
            object.__setattr__(self, "customers", to_people([self._customer]))
            object.__setattr__(self, "_customer", None)
        if self.source_id is not None and self.source is None:
            raise InvalidInteractionError("source: got none with a source_id, accepted is the name of the source")
        if self.disclosed is not None and self.answered_by is not AnsweredBy.MACHINE:
            raise InvalidInteractionError(
                f"disclosed: got {self.disclosed} with answered_by {self.answered_by}, accepted is None unless a machine answered"
            )
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
    """An edit or a deletion at the source, as a source yields it; ``at`` is the source's own time, after 1970.

    ``same_unit`` marks a revision that the source delivers in one unit with the interaction just before it, such as a post with its edits; a
    report counts the two as one.
    """

    source: str = attrs.field(validator=check_text(MAX_NAME, required=True))
    source_id: str = attrs.field(repr=masked_repr, validator=check_text(MAX_SOURCE_ID, required=True))
    at: datetime = attrs.field(converter=as_time, validator=check_time(required=True))
    body: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_BODY))
    subject: str | None = attrs.field(repr=sized, default=None, validator=check_text(MAX_SUBJECT))
    deleted: bool = attrs.field(default=False, validator=check_boolean)
    same_unit: bool = attrs.field(default=False, validator=check_boolean)

    def __attrs_post_init__(self) -> None:
        if not is_before(_FIRST_EDIT if self.at.tzinfo else _FIRST_EDIT.replace(tzinfo=None), self.at):
            raise InvalidInteractionError(
                f"at: got {self.at.isoformat()}, accepted is a time after {_FIRST_EDIT.isoformat()}"
            )
