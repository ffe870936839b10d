"""Events of web and app self-service in the form of Segment's specification: track, identify, page, screen, alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import MissingZoneError
from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Assurance, Direction, Interaction, PassedOver, Rejected, Sighting, observed
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.mapping import PersonField, person_fields
from omnitrack.sources.reading import Bad
from omnitrack.sources.reading_json import head_json, head_keys
from omnitrack.sources.values import (
    attributes_of,
    derived_id,
    event_type,
    id_of,
    mapping_of,
    name_of,
    parse_time,
    subject_of,
    text_of,
    words,
)
from omnitrack.sources.visits import VisitStep, in_sessions, outcome_of, session_of, task_and_state

_TYPES = frozenset(words("track identify page screen alias group"))
_TAKEN = words("type messageId userId anonymousId event name timestamp originalTimestamp")
_ASSURANCES = {"claimed": Assurance.CLAIMED, "observed": Assurance.OBSERVED, "verified": Assurance.VERIFIED}
_TRAITS = {
    "name": "name",
    "postcode": "postcode",
    "postalCode": "postcode",
    "company": "company",
    "birthday": "birth_date",
}


class SegmentSource(JsonSource):
    """Reads event logs as JSON lines, arrays, or batches of the HTTP API.

    ``userId`` is the account that is logged in, so it is verified; ``anonymousId`` is a device. Email and phone in the
    traits of identify come from a form unless you say otherwise. Steps of a session are one thread; a task that was
    started and not finished in a session that is over was abandoned.

    Args:
        origin: a path, bytes, a stream, or the parsed events.
        user_scheme: scheme of ``userId``: account, crm, ...
        user_scope: where it is unique: your brand.
        user_assurance: ``"verified"``, or ``"observed"`` where the site sets it without a login.
        traits_assurance: of email and phone in traits: ``"claimed"``, or ``"verified"`` where the site has checked them.
        identifiers: properties that identify the person: ``{"order.email": "email:{}"}``.
        options: of Source.
    """

    name: ClassVar[str] = "segment"
    versions: ClassVar[str] = (
        "Segment Spec v1 to v2 (analytics.js, HTTP API, warehouse and S3 logs), RudderStack and Jitsu alike"
    )
    default_source: ClassVar[str] = "segment"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(
        self,
        origin: Any,
        *,
        user_scheme: str = "account",
        user_scope: str = "",
        user_assurance: str = "verified",
        traits_assurance: str = "claimed",
        identifiers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        for name, value in (("user_assurance", user_assurance), ("traits_assurance", traits_assurance)):
            if value not in _ASSURANCES:
                raise ValueError(f"{name}: got {value!r}, accepted are {', '.join(_ASSURANCES)}")
        self.user_scheme = user_scheme
        self.user_scope = user_scope
        self.user_assurance = _ASSURANCES[user_assurance]
        self.traits_assurance = _ASSURANCES[traits_assurance]
        self._fields: tuple[PersonField, ...] = person_fields(identifiers or {}, "identifiers")

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the type of an event and by whom it names."""
        value = head_json(head)
        keys = head_keys(head)
        if value is not None and "batch" not in value:
            if value.get("type") not in _TYPES or not {"anonymousId", "userId"} & set(value):
                return None
            return "has events of Segment's specification: type, and anonymousId or userId"
        if {"type", "messageId"} <= keys and keys & {"anonymousId", "userId"} and keys & {"event", "traits", "batch"}:
            return "has events of Segment's specification: type, messageId, and anonymousId or userId"
        return None

    def items(self) -> Iterator[Item]:
        """Yield the events of the log, session by session."""
        yield from in_sessions(self._steps())

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the events of one value by themselves."""
        yield from in_sessions(self._events(value, where))

    def _steps(self) -> Iterator[VisitStep | Rejected | PassedOver]:
        for where, value in self.values():
            if isinstance(value, Bad):
                yield self.bad(value)
            else:
                yield from self._events(value, where)

    def _events(self, value: Any, where: str) -> Iterator[VisitStep | Rejected | PassedOver]:
        batch = mapping_of(value).get("batch")
        if batch == []:
            yield self.passed(where, NOTHING_IN_IT)
        for index, event in enumerate(batch if isinstance(batch, list) else [value]):
            place = f"{where}, event {index}" if isinstance(batch, list) else where
            kind = text_of(mapping_of(event).get("type"))
            if kind is not None and kind not in _TYPES:
                yield self.passed(place, event_type(kind))
                continue
            try:
                yield self._step(mapping_of(event), place)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                reason = (
                    str(error)
                    if isinstance(error, (MissingZoneError, UnreadableError))
                    else f"no event of Segment ({type(error).__name__})"
                )
                yield self.rejected(place, reason)

    def _step(self, event: Mapping[str, Any], where: str) -> VisitStep:
        kind = text_of(event.get("type"))
        if kind not in _TYPES:
            raise UnreadableError(f"type: missing, accepted are {', '.join(sorted(_TYPES))}")
        timestamp = parse_time(event.get("timestamp"), self.zone) or parse_time(
            event.get("originalTimestamp"), self.zone
        )
        timestamp = timestamp or self.time(event.get("sentAt") or event.get("receivedAt"), "timestamp")
        context = mapping_of(event.get("context"))
        properties = mapping_of(event.get("properties"))
        traits = mapping_of(event.get("traits")) or mapping_of(context.get("traits"))
        device, user = text_of(event.get("anonymousId")), text_of(event.get("userId"))
        number = id_of(event.get("messageId"))
        if number is None:
            number = derived_id(
                kind, timestamp.isoformat(), device or "", user or "", repr(sorted(properties.items(), key=str))
            )
        label = text_of(event.get("event")) if kind == "track" else text_of(event.get("name"))
        task, state = task_and_state(label) if kind == "track" else (None, None)
        page = mapping_of(context.get("page"))
        mobile = (
            kind == "screen"
            or bool(mapping_of(context.get("device")))
            or bool(mapping_of(context.get("app")).get("build"))
        )
        interaction = Interaction(
            channel="app" if mobile else "web",
            kind={"track": "step", "screen": "page"}.get(kind, kind),
            occurred_at=timestamp,
            direction=Direction.INBOUND,
            customers=(tuple(self._person(event, device, user, traits)),),
            subject=subject_of(label) or subject_of(properties.get("title")) or subject_of(page.get("title")),
            body=name_of(properties.get("error")) or name_of(properties.get("error_message")),
            thread=id_of(session_of(context, properties, event)),
            outcome=outcome_of(properties, state),
            traits={ours: text_of(traits[theirs]) for theirs, ours in _TRAITS.items() if text_of(traits.get(theirs))},
            attributes=attributes_of(event, without=_TAKEN),
            source=self.source,
            source_id=number,
            region=self.region,
        )
        notes = []
        if device is None and user is None:
            note = "anonymousId and userId: missing, nobody is known to have done it"
            notes.append(self.rejected(where, note, source_id=number, kept=True))
        return VisitStep(interaction, visitor=device or user or number, task=task, state=state, notes=notes)

    def _person(
        self, event: Mapping[str, Any], device: str | None, user: str | None, traits: Mapping[str, Any]
    ) -> Iterator[Sighting]:
        if user:
            yield Sighting(key_text(self.user_scheme, user, self.user_scope), self.user_assurance)
        if device:
            yield observed(key_text("device", device))
        previous = text_of(event.get("previousId"))
        if previous and previous != device:
            yield observed(key_text("device", previous))
        for name, scheme in (("email", "email"), ("phone", "phone")):
            value = text_of(traits.get(name))
            if value:
                yield Sighting(f"{scheme}:{value}", self.traits_assurance)
        for field in self._fields:
            yield from field.sightings(mapping_of(event.get("properties")))
