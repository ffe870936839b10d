"""The classes that omnitrack hands in and out: interactions, their parts, and what the tracker answers."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from omnitrack.errors import InvalidInteractionError, check_flag, shown, told
from omnitrack.harmless import one_line, sized

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier

T = TypeVar("T")

# Limits on what comes from outside. Each is generous for real traffic and stops a hostile or broken sender.
MAX_PERSON_IDENTIFIERS = 8  # of one person in one interaction; more are kept as participants, not linked
MAX_PEOPLE = 100  # customers of one interaction
MAX_PARTICIPANTS = 1_000
MAX_BODY = 4_000_000  # characters
MAX_SUBJECT = 10_000
MAX_NAME = 255  # channel, kind, agent, source, ...
MAX_SOURCE_ID = 998  # RFC 5322 section 2.1.1: a header line, so any Message-ID
MAX_EXTRA = 1_000_000  # characters of traits, attributes and attachments as JSON
MAX_DEPTH = 32  # of nested attributes
MAX_ATTACHMENTS = 1_000


class Assurance(enum.IntEnum):
    """How sure it is that an identifier in an interaction is the person's."""

    SIMILAR = 0  # a matcher's score, never an identifier's own
    CLAIMED = 1  # the person or a form said so
    OBSERVED = 2  # the network or the platform says so
    VERIFIED = 3  # passed identification, logged in, came back with a private handoff code
    STATED = 4  # a statement of somebody who knows; of links only


class Direction(enum.StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Role(enum.IntEnum):
    """Why an entry puts an interaction under an identifier."""

    ANCHOR = 0  # filed here for a person
    MEMBER = 1  # another identifier of that person
    PARTICIPANT = 2  # in copy, mentioned


@attrs.frozen(slots=True)
class Sighting:
    """An identifier as it was seen in one interaction, and how sure it is. Made by verified(), observed(), claimed().

    ``identifier`` may still be a text; it is parsed when recorded, with the region of the interaction. ``through`` is the address that passed
    a mail on and put itself in the place of the sender: where that is the company's own, a claimed sender is observed, as that of any mail is.
    """

    identifier: Identifier | str = attrs.field(
        repr=lambda value: shown(value) if isinstance(value, str) else repr(value)
    )
    assurance: Assurance = Assurance.OBSERVED
    raw: str | None = attrs.field(default=None, repr=sized)
    through: str | None = attrs.field(default=None, repr=lambda value: shown(value) if value else repr(value))


def verified(identifier: Identifier | str) -> Sighting:
    """The person passed identification, logged in, or came back with a private handoff code."""
    return Sighting(identifier, Assurance.VERIFIED)


def observed(identifier: Identifier | str) -> Sighting:
    """The network or the platform says so: caller id, the sender of a mail, the account of a post."""
    return Sighting(identifier, Assurance.OBSERVED)


def claimed(identifier: Identifier | str) -> Sighting:
    """The person or a form said so; it never merges."""
    return Sighting(identifier, Assurance.CLAIMED)


@attrs.frozen(slots=True, kw_only=True)
class Attachment:
    """What came with an interaction: described, not stored."""

    name: str | None = attrs.field(default=None, repr=sized)
    media_type: str | None = attrs.field(default=None, repr=told)
    size: int | None = None  # bytes
    sha256: str | None = None  # hex
    url: str | None = attrs.field(default=None, repr=sized)


def _is_iterable(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, type)


def _sightings(value: Any) -> tuple[Sighting, ...]:
    if value is None:
        return ()
    if isinstance(value, (bytes, bytearray, Mapping)):
        raise _no_identifier(value)
    if isinstance(value, (str, Sighting)) or not _is_iterable(value):
        value = (value,)
    sightings = tuple(v if isinstance(v, Sighting) else Sighting(v) for v in value)
    for one in sightings:
        if not (isinstance(one.identifier, str) or hasattr(one.identifier, "scheme")):
            raise _no_identifier(one.identifier)
        if not isinstance(one.assurance, int):
            raise InvalidInteractionError(
                f"assurance: got {type(one.assurance).__name__}, accepted is what verified(), observed() and claimed() give"
            )
        if one.raw is not None:
            _check_raw(one.raw)
    return sightings


def _check_raw(raw: object) -> None:
    if not isinstance(raw, str) or len(raw) > MAX_SUBJECT or not is_storable(raw):
        raise InvalidInteractionError(
            f"raw: got {type(raw).__name__}, accepted is text that UTF-8 can hold, of at most {MAX_SUBJECT} characters"
        )


def is_storable(text: str) -> bool:
    """Return whether every store can hold a text: no NUL, and no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_identifier(value: object) -> InvalidInteractionError:
    return InvalidInteractionError(
        f"identifier: got {type(value).__name__}, accepted are Identifier, a text, and verified(), observed() or claimed() of one"
    )


def _people(value: Any) -> tuple[tuple[Sighting, ...], ...]:
    if isinstance(value, (str, bytes, Mapping)) or (value is not None and not _is_iterable(value)):
        raise InvalidInteractionError(f"customers: got {type(value).__name__}, accepted is a list of people")
    return tuple(people for people in (_sightings(v) for v in value or ()) if people)


def _attachments(value: Any) -> tuple[Attachment, ...]:
    if value is not None and not _is_iterable(value):
        raise InvalidInteractionError(f"attachments: got {type(value).__name__}, accepted is a list of Attachment")
    found = tuple(value or ())
    for one in found:
        if not isinstance(one, Attachment):
            raise InvalidInteractionError(f"attachments: got {type(one).__name__}, accepted is Attachment")
        _as_json("attachments", [one.name, one.media_type, one.size, one.sha256, one.url])
    return found


def _utc(value: datetime | None) -> datetime | None:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=timezone.utc)
    return value


def _before(first: datetime, second: datetime) -> bool:
    """Whether it is known that one time lies before the other: of two of which one alone has a zone it is not."""
    return (first.tzinfo is None) == (second.tzinfo is None) and first < second


def _empty_to_none(value: Any) -> Any:
    return None if value == "" else value


def _mapping(value: Any) -> Any:
    return {} if value is None else value


def _text(limit: int, required: bool = False) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, str):
            raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a string")
        if required and not value:
            raise InvalidInteractionError(f"{attribute.name}: got an empty string, accepted is a name")
        if len(value) > limit:
            raise InvalidInteractionError(
                f"{attribute.name}: got {len(value)} characters, accepted are at most {limit}"
            )
        if "\x00" in value:
            raise InvalidInteractionError(f"{attribute.name}: got a NUL character, accepted is text without one")
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise InvalidInteractionError(
                    f"{attribute.name}: got half of a surrogate pair, accepted is text that UTF-8 can hold"
                ) from None

    return check


def _time(required: bool) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, datetime):
            raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a datetime")
        try:
            if value.tzinfo is not None:
                value.astimezone(timezone.utc)
        except (OverflowError, ValueError):
            raise InvalidInteractionError(
                f"{attribute.name}: got {value.isoformat()}, accepted are the years 1 to 9999 in UTC"
            ) from None

    return check


def _flag(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_flag(attribute.name, value, InvalidInteractionError)


def _depth(value: Any, left: int) -> bool:
    if isinstance(value, Mapping):
        return left > 0 and all(_depth(v, left - 1) for v in value.values())
    if isinstance(value, (list, tuple)):
        return left > 0 and all(_depth(v, left - 1) for v in value)
    return True


def _json(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not value:
        if value != {}:
            raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a mapping")
        return
    if not isinstance(value, Mapping):
        raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a mapping")
    if not _depth(value, MAX_DEPTH):
        raise InvalidInteractionError(f"{attribute.name}: got values nested deeper than {MAX_DEPTH}, the most accepted")
    _as_json(attribute.name, value)


# NaN and infinity are no JSON (RFC 8259 section 6): other readers, and databases, refuse a document that has them.
_encode = json.JSONEncoder(allow_nan=False).encode


def _as_json(name: str, value: object) -> None:
    try:
        text = _encode(value)
        if "\\ud" in text:  # perhaps half of a surrogate pair
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInteractionError(
            f"{name}: got half of a surrogate pair, accepted is text that UTF-8 can hold"
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInteractionError(f"{name}: accepted are values that JSON can hold; {error}") from None
    if len(text) > MAX_EXTRA:
        raise InvalidInteractionError(f"{name}: got {len(text)} characters of JSON, accepted are at most {MAX_EXTRA}")


def _direction(value: Any) -> Any:
    if value is None or isinstance(value, Direction):
        return value
    try:
        return Direction(value)
    except ValueError:
        accepted = ", ".join(Direction)
        raise InvalidInteractionError(f"direction: got {told(value)}, accepted are {accepted}") from None


@attrs.frozen(slots=True, kw_only=True)
class Interaction:
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

    channel: str = attrs.field(validator=_text(MAX_NAME, required=True))
    occurred_at: datetime = attrs.field(validator=_time(required=True))
    direction: Direction | None = attrs.field(default=None, converter=_direction)
    customers: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=_people)
    participants: tuple[Sighting, ...] = attrs.field(default=(), converter=_sightings)
    sender: tuple[Sighting, ...] = attrs.field(default=(), converter=_sightings)
    recipients: tuple[tuple[Sighting, ...], ...] = attrs.field(default=(), converter=_people)
    kind: str = attrs.field(default="message", validator=_text(MAX_NAME, required=True))
    ended_at: datetime | None = attrs.field(default=None, validator=_time(required=False))
    subject: str | None = attrs.field(repr=sized, default=None, validator=_text(MAX_SUBJECT))
    body: str | None = attrs.field(repr=sized, default=None, validator=_text(MAX_BODY))
    agent: str | None = attrs.field(repr=shown, default=None, converter=_empty_to_none, validator=_text(MAX_NAME))
    thread: str | None = attrs.field(repr=shown, default=None, converter=_empty_to_none, validator=_text(MAX_SOURCE_ID))
    reply_to: str | None = attrs.field(
        repr=shown, default=None, converter=_empty_to_none, validator=_text(MAX_SOURCE_ID)
    )
    outcome: str | None = attrs.field(repr=told, default=None, converter=_empty_to_none, validator=_text(MAX_NAME))
    via: str | None = attrs.field(repr=shown, default=None, converter=_empty_to_none, validator=_text(MAX_SOURCE_ID))
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)
    traits: Mapping[str, Any] = attrs.field(repr=sized, factory=dict, converter=_mapping, validator=_json)
    attributes: Mapping[str, Any] = attrs.field(repr=sized, factory=dict, converter=_mapping, validator=_json)
    source: str | None = attrs.field(default=None, converter=_empty_to_none, validator=_text(MAX_NAME))
    source_id: str | None = attrs.field(
        repr=shown, default=None, converter=_empty_to_none, validator=_text(MAX_SOURCE_ID)
    )
    region: str | None = None
    id: str | None = None
    recorded_at: datetime | None = attrs.field(default=None, converter=_utc)
    revised_at: datetime | None = attrs.field(default=None, converter=_utc, validator=_time(required=False))
    deleted: bool = attrs.field(default=False, validator=_flag)

    def __attrs_post_init__(self) -> None:
        if self.source_id is not None and self.source is None:
            raise InvalidInteractionError("source: got none with a source_id, accepted is the name of the source")
        if self.ended_at is not None and _before(self.ended_at, self.occurred_at):
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
class Revision:
    """An edit or a delete at the source, as a source yields it; ``at`` is the source's own time of it, after 1970.

    ``same_unit`` says that it stands in one unit of the source with the interaction just before it: a post that comes with its
    edits. The two are counted as one.
    """

    source: str = attrs.field(validator=_text(MAX_NAME, required=True))
    source_id: str = attrs.field(repr=shown, validator=_text(MAX_SOURCE_ID, required=True))
    at: datetime = attrs.field(validator=_time(required=True))
    body: str | None = attrs.field(repr=sized, default=None, validator=_text(MAX_BODY))
    subject: str | None = attrs.field(repr=sized, default=None, validator=_text(MAX_SUBJECT))
    deleted: bool = attrs.field(default=False, validator=_flag)
    same_unit: bool = attrs.field(default=False, validator=_flag)

    def __attrs_post_init__(self) -> None:
        if not _before(_FIRST_EDIT if self.at.tzinfo else _FIRST_EDIT.replace(tzinfo=None), self.at):
            raise InvalidInteractionError(
                f"at: got {self.at.isoformat()}, accepted is a time after {_FIRST_EDIT.isoformat()}"
            )


@attrs.frozen(slots=True, kw_only=True)
class Rejected:
    """Something that was not taken, and why: a whole item of a source, or one identifier of an interaction.

    Attributes:
        reason: for people to read; names the field; holds no whole identifier.
        where: file, line, offset or key at which it stands.
        source: name of the source or system.
        source_id: of the item, where it was readable.
        raw: the first characters of what came, masked.
        kept: the interaction itself was kept, only this part of it was not.
    """

    reason: str
    where: str | None = None
    source: str | None = None
    source_id: str | None = attrs.field(default=None, repr=shown)
    raw: str | None = None
    kept: bool = False


@attrs.frozen(slots=True, kw_only=True)
class PassedOver:
    """A unit of a source that is no contact, and why: a receipt, a draft, an event of an unknown type.

    Attributes:
        reason: the same words for all of a kind, by which a report counts them; it holds nothing of a person.
        where: file, line, offset or key at which it stands.
        source: name of the source or system.
        source_id: of the unit, where it has one.
    """

    reason: str
    where: str | None = None
    source: str | None = None
    source_id: str | None = None


def wall_clock(moment: datetime) -> str:
    """Return a time to the minute for people to read, with its offset unless that is UTC: clocks of two zones are not in one order."""
    return moment.isoformat(" ", "minutes").removesuffix("+00:00")


class TimelineDraft:
    """The slots of a timeline item, open to be written: what makes the many of a page fills each in and declares it a ``TimelineItem``.

    A frozen class writes its fields through ``object.__setattr__``, at seven times the cost.
    """

    __slots__ = (
        "__weakref__",
        "agent",
        "assurance",
        "attachments",
        "attributes",
        "body",
        "channel",
        "deleted",
        "direction",
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
    """One interaction on a customer's timeline. ``print`` shows it in a line, with the offset of a time that is not in UTC."""

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
    agent: str | None = attrs.field(default=None, repr=shown)
    thread: str | None = attrs.field(default=None, repr=shown)
    reply_to: str | None = attrs.field(default=None, repr=shown)
    outcome: str | None = attrs.field(default=None, repr=told)
    via: str | None = attrs.field(default=None, repr=shown)
    attachments: tuple[Attachment, ...] = ()
    traits: Mapping[str, Any] = attrs.field(repr=sized, factory=dict)
    attributes: Mapping[str, Any] = attrs.field(repr=sized, factory=dict)
    source: str | None = None
    source_id: str | None = attrs.field(default=None, repr=shown)
    revised_at: datetime | None = None
    deleted: bool = False
    shared: bool = False  # filed under a shared identifier: it may be somebody else's
    participant: bool = False  # the customer was in copy or mentioned

    @property
    def claimed(self) -> bool:
        """Kept apart: all that is known of the person is what somebody said."""
        return self.identifier is not None and self.assurance <= Assurance.CLAIMED

    @one_line
    def __str__(self) -> str:
        arrow = {"inbound": "→", "outbound": "←", "internal": "·"}[self.direction]
        text = " ".join((self.subject or self.body or self.outcome or "").split())
        if self.deleted:
            text = "(deleted at the source)"
        marks = "".join(f" [{m}]" for m in ("claimed", "shared") if getattr(self, m))
        return f"{wall_clock(self.occurred_at)} {arrow} {self.channel:<8} {text[:100]}{marks}"


@attrs.frozen(slots=True)
class Page(Generic[T]):
    """One page of a listing: its items, and cursors for the neighbouring pages (None where there is none)."""

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


MOST_REPORTED = 1_000  # of what a report lists; the counts go on
MOST_REASONS = 100  # by which a report counts what was passed over
OTHER_REASONS = "other reasons"
_MOST_NAMED = 5  # reasons in the one line that a report is as text


def counted_by_reason(*counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by reason added up, those past the bounded number of reasons together."""
    total: dict[str, int] = {}
    for one in counts:
        for reason, count in one.items():
            known = reason if reason in total or len(total) < MOST_REASONS else OTHER_REASONS
            total[known] = total.get(known, 0) + count
    return total


@attrs.frozen(slots=True, kw_only=True)
class LoadReport:
    """The ledger of a bulk load: each unit of the input (a mail, a row, an event, a line of a chat) is in one of its counts.

    Attributes:
        added: kept as an interaction.
        duplicates: there already.
        revised: an edit or a delete of an interaction that is there.
        rejected: could not be read, and why; the list is cut at a limit, ``rejected_total`` is not.
        suppressed: of people who were erased.
        passed_over: read, and no contact: how many by reason; past a number of reasons the others count together.
        passed_over_examples: the first of each reason.
        left_out: parts of interactions that were kept without them, such as an identifier that is none; no units. The list is cut
            at a limit, ``left_out_total`` is not.
        format: of the source. detected_by: how load() knew the format.
        units: the sum of all counts but ``left_out_total``.
    """

    added: int = 0
    duplicates: int = 0
    revised: int = 0
    rejected: tuple[Rejected, ...] = ()
    suppressed: int = 0
    rejected_total: int = 0
    passed_over: Mapping[str, int] = attrs.field(factory=dict, converter=_mapping)
    passed_over_examples: tuple[PassedOver, ...] = ()
    left_out: tuple[Rejected, ...] = ()
    left_out_total: int = 0
    format: str | None = None
    detected_by: str | None = None
    units: int = attrs.field(init=False)

    @units.default
    def _sum(self) -> int:
        counted = self.added + self.duplicates + self.revised + self.suppressed + self.rejected_total
        return counted + self.passed_over_total

    @property
    def passed_over_total(self) -> int:
        """How many units were passed over, for whatever reason."""
        return sum(self.passed_over.values())

    def plus(self, other: LoadReport) -> LoadReport:
        """Return this report and another of the same load as one."""
        return attrs.evolve(
            self,
            added=self.added + other.added,
            duplicates=self.duplicates + other.duplicates,
            revised=self.revised + other.revised,
            suppressed=self.suppressed + other.suppressed,
            rejected=(self.rejected + other.rejected)[:MOST_REPORTED],
            rejected_total=self.rejected_total + other.rejected_total,
            passed_over=counted_by_reason(self.passed_over, other.passed_over),
            passed_over_examples=(self.passed_over_examples + other.passed_over_examples)[:MOST_REPORTED],
            left_out=(self.left_out + other.left_out)[:MOST_REPORTED],
            left_out_total=self.left_out_total + other.left_out_total,
        )

    @one_line
    def __str__(self) -> str:
        said = f"{self.added} added, {self.duplicates} there already, {self.revised} revised, {self.rejected_total} rejected"
        if self.suppressed:
            said += f", {self.suppressed} of erased people"
        if self.passed_over:
            reasons = sorted(self.passed_over.items(), key=lambda item: (-item[1], item[0]))
            named = ", ".join(f"{count} {reason}" for reason, count in reasons[:_MOST_NAMED])
            more = f", and of {len(reasons) - _MOST_NAMED} other kinds" if len(reasons) > _MOST_NAMED else ""
            said += f", {self.passed_over_total} passed over ({named}{more})"
        if self.left_out_total:
            said += f"; {self.left_out_total} parts left out of what was kept"
        return said


@attrs.frozen(slots=True, kw_only=True)
class CustomerDetails:
    """What of a customer is read only when asked for."""

    traits: Mapping[str, tuple[Any, ...]]
    first_seen: datetime | None
    last_seen: datetime | None


@attrs.define(slots=True, kw_only=True, eq=False)
class Customer:
    """A person: the identifiers that links and statements, read by the policy, put together.

    Attributes:
        id: ``cus_...``; of two that merge the older stays, and either goes on resolving.
        identifiers: those of this person.
        shared: it stands for one shared identifier (an office line, a family's mailbox), not for a person.
    """

    id: str
    identifiers: tuple[Identifier, ...]
    shared: bool = False
    _load: Callable[[], CustomerDetails] = attrs.field(repr=False)
    _details: CustomerDetails | None = attrs.field(default=None, init=False, repr=False)

    def details(self) -> CustomerDetails:
        """Read traits and the times of the first and the last interaction, once."""
        if self._details is None:
            self._details = self._load()
        return self._details

    @property
    def traits(self) -> Mapping[str, tuple[Any, ...]]:
        """What interactions said of the person, all values of each trait, the best first: by assurance, then the latest."""
        return self.details().traits

    @property
    def first_seen(self) -> datetime | None:
        """When the first interaction on the timeline happened; None where there is none."""
        return self.details().first_seen

    @property
    def last_seen(self) -> datetime | None:
        """When the last interaction on the timeline happened; None where there is none."""
        return self.details().last_seen

    @one_line
    def __str__(self) -> str:
        return f"{self.id} ({', '.join(sorted(i.display for i in self.identifiers))})"


@attrs.frozen(slots=True, kw_only=True)
class Change:
    """One identifier that went from one customer to another, when, why, and by whom."""

    at: datetime
    identifier: Identifier
    old: str
    new: str
    cause: str  # record, link, deny, mark_shared, mark_personal, reassign, retract, attribute, erase, retention, unload, rebuild
    interaction: str | None = None  # the evidence, where an interaction brought it about
    statement: str | None = None  # or the statement
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    id: str | None = None

    @one_line
    def __str__(self) -> str:
        who = f" by {self.by}" if self.by else ""
        why = f": {self.reason}" if self.reason else ""
        return f"{self.at:%Y-%m-%d %H:%M} {self.identifier.display}: {self.old} → {self.new} ({self.cause}{who}{why})"


@attrs.define(slots=True, kw_only=True, eq=False)
class Recorded:
    """What became of one interaction that was recorded.

    Attributes:
        interaction: its id, ``int_...``; of a duplicate the id under which it was there already.
        duplicate: it was there already (same source and source id); nothing was written.
        suppressed: it belongs to a person who was erased, and was not taken in again.
        changes: identifiers that went to another customer by it.
        rejected: identifiers that were not well-formed; the interaction was kept.
    """

    interaction: str | None
    duplicate: bool = False
    suppressed: bool = False
    changes: tuple[Change, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    _load: Callable[[], tuple[str, ...]] = attrs.field(repr=False)
    _customers: tuple[str, ...] | None = attrs.field(default=None, init=False, repr=False)

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """The customers whose timelines it is on, read when first asked for; empty where nobody was identified."""
        if self._customers is None:
            self._customers = self._load()
        return self._customers
