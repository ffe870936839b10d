"""Self-service events in CloudEvents 1.0: the JSON format, one event a value or a batch, and messages in binary mode."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import MissingZoneError
from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Direction, Interaction, PassedOver, Rejected, Sighting, observed, verified
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.cloudevents_binary import MARK, is_json, structured
from omnitrack.sources.mapping import PersonField, look_up, person_fields
from omnitrack.sources.reading import Bad
from omnitrack.sources.reading_json import head_json, parse_json
from omnitrack.sources.values import attributes_of, body_of, id_of, mapping_of, name_of, subject_of, text_of, words
from omnitrack.sources.visits import VisitStep, in_sessions, outcome_of, session_of, task_and_state

_TAKEN = words("specversion id source type time data data_base64 datacontenttype dataschema schemaurl")
_USER = words("userId user_id userid customerId customer_id accountId account_id accountNumber account")
_DEVICE = words("anonymousId anonymous_id deviceId device_id visitorId visitor_id clientId client_id")
# Its data is a whole interaction of a store like this one; the interchange reads it back with nothing lost.
_OWN_TYPE = "omnitrack.interaction"


class CloudEventsSource(JsonSource):
    """Reads events in structured mode, line by line, as a batch, or both, and logs of messages with headers and a body.

    The time of an event is optional: without it ``received_at`` counts, else the time of the file; ``time_from`` among the
    attributes says so.

    What CloudEvents does not standardise is what stands in ``data``. Looked for are the usual names of a user id (an
    account that is logged in: verified), of a device, of a session and of an outcome; ``identifiers`` says what else
    identifies somebody, and replaces the first two.

    Args:
        origin: a path, bytes, a stream, or the parsed events.
        identifiers: dotted paths within the event: ``{"data.customer.no": "account:{}@bt!verified", "subject": "device:{}"}``.
        user_scope: where the user id is unique: your brand.
        channel: of the events: web, app, kiosk, ...
        received_at: when they came in: the time of those that have none.
        options: of Source.
    """

    name: ClassVar[str] = "cloudevents"
    versions: ClassVar[str] = (
        "CloudEvents 1.0 and 0.3: JSON event format, JSON batch format, logs of messages in binary mode (HTTP, Kafka, AMQP)"
    )
    default_source: ClassVar[str] = "cloudevents"

    def __init__(
        self,
        origin: Any,
        *,
        identifiers: Mapping[str, str] | None = None,
        user_scope: str = "",
        channel: str = "web",
        received_at: datetime | str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self._fields: tuple[PersonField, ...] = person_fields(identifiers or {}, "identifiers")
        self.user_scope = user_scope
        self.channel = channel
        self.received_at = None if received_at is None else self.time(received_at, "received_at")

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the four attributes that every event has."""
        if MARK.search(head):
            return "has messages of CloudEvents in binary mode: specversion among the headers"
        value = head_json(head)
        if value is None or not {"specversion", "id", "source", "type"} <= set(value) or value["type"] == _OWN_TYPE:
            return None
        return f"has CloudEvents: specversion {(text_of(value['specversion']) or '')[:10]}, id, source and type"

    def items(self) -> Iterator[Item]:
        """Yield the events, session by session."""
        yield from in_sessions(self._steps())

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the event of one value by itself."""
        yield from in_sessions(self._events(value, where))

    def _steps(self) -> Iterator[VisitStep | Rejected | PassedOver]:
        for where, value in self.values():
            if isinstance(value, Bad):
                yield self.bad(value)
            else:
                yield from self._events(value, where)

    def _events(self, value: Any, where: str) -> Iterator[VisitStep | Rejected | PassedOver]:
        try:
            events = list(structured(mapping_of(value)))
        except ValueError as error:
            yield self.rejected(where, str(error))
            return
        if not events:
            yield self.passed(where, NOTHING_IN_IT)
        for index, event in enumerate(events):
            place = where if len(events) == 1 else f"{where}, event {index}"
            try:
                yield self._step(mapping_of(event), place)
            except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
                reason = (
                    str(error)
                    if isinstance(error, (MissingZoneError, UnreadableError))
                    else f"no CloudEvent ({type(error).__name__})"
                )
                yield self.rejected(place, reason)

    def _moment(self, event: Mapping[str, Any]) -> tuple[datetime, str | None]:
        """Return the time of an event, and what it was taken from where the event has none."""
        if event.get("time") is not None:
            return self.time(event["time"], "time"), None
        if self.received_at is not None:
            return self.received_at, "received_at"
        path = self.input.path if self.input is not None else None
        if path is None:
            raise UnreadableError("time: is missing, accepted is a time, or received_at= for events without one")
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc), "file"

    def _step(self, event: Mapping[str, Any], where: str) -> VisitStep:
        missing = [name for name in ("specversion", "id", "source", "type") if text_of(event.get(name)) is None]
        if missing:
            raise UnreadableError(f"{', '.join(missing)}: missing, which every CloudEvent has")
        if text_of(event["specversion"]) not in ("1.0", "0.3"):
            raise UnreadableError("specversion: accepted are 1.0 and 0.3")
        if text_of(event["type"]) == _OWN_TYPE:
            raise UnreadableError(f"type: {_OWN_TYPE} is an export of a store; read it with omnitrack.interchange")
        timestamp, time_from = self._moment(event)
        data = _data(event)
        kind = text_of(event["type"]) or ""
        task, state = task_and_state(kind)
        # The id is unique within the source that the event names (core specification, section "id").
        number = id_of(f"{text_of(event['source'])}#{text_of(event['id'])}")
        person = tuple(self._person(event, data))
        interaction = Interaction(
            channel=name_of(self.channel) or "web",
            kind="step",
            occurred_at=timestamp,
            direction=Direction.INBOUND,
            customers=(person,),
            subject=subject_of(kind),
            body=body_of(data.get("message")) or body_of(data.get("error")) or _text(event),
            thread=id_of(session_of(data, event)),
            outcome=outcome_of(data, state),
            attributes=attributes_of(
                attributes_of(event, without=_TAKEN),
                {"data": data, "event_source": event["source"], "time_from": time_from},
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )
        notes = []
        if not person:
            notes.append(
                self.rejected(
                    where, "data: no user and no device in it; name them with identifiers=", source_id=number, kept=True
                )
            )
        visitor = str(person[-1].identifier) if person else number or ""
        return VisitStep(interaction, visitor=visitor, task=task, state=state, notes=notes)

    def _person(self, event: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Sighting]:
        if self._fields:
            whole = {**event, "data": data}
            for field in self._fields:
                yield from field.sightings(whole)
            return
        user = next((text_of(look_up(data, name)) for name in _USER if text_of(look_up(data, name))), None)
        device = next((text_of(look_up(data, name)) for name in _DEVICE if text_of(look_up(data, name))), None)
        if user:
            yield verified(key_text("account", user, self.user_scope))
        if device:
            yield observed(key_text("device", device))


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("data")
    encoded = event.get("data_base64")
    if (text_of(event.get("datacontentencoding")) or "").lower() == "base64":  # the way of 0.3
        data, encoded = None, data
    if data is None and isinstance(encoded, str):
        try:
            raw = base64.b64decode(encoded, validate=True)
            data = parse_json(raw)
        except (binascii.Error, ValueError):
            return {"data_base64": encoded[:1000]}
    elif isinstance(data, str) and data.lstrip()[:1] in ("{", "[") and is_json(text_of(event.get("datacontenttype"))):
        # Many producers put JSON as a text where the format has the value itself.
        with suppress(ValueError):
            data = parse_json(data)
    if isinstance(data, Mapping):
        return data
    return {"value": data} if data is not None and _text(event) is None else {}


def _text(event: Mapping[str, Any]) -> str | None:
    """Return data that is text and nothing else."""
    media_type = text_of(event.get("datacontenttype")) or ""
    plain = media_type.lower().startswith("text/") and not is_json(media_type)
    return body_of(event.get("data")) if plain and isinstance(event.get("data"), str) else None
