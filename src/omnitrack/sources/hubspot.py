"""Activities of HubSpot: calls, emails, notes, meetings, messages and letters, as CRM objects or as engagements of v1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Sighting
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.mail_text import html_to_text, split_text
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    subject_of,
    text_of,
)

# The kind of an object is in none of its fields: the prefix of its properties tells it.
_KINDS = {
    "hs_call_": "call",
    "hs_email_": "email",
    "hs_note_": "note",
    "hs_meeting_": "meeting",
    "hs_communication_": "communication",
    "hs_postal_mail_": "letter",
    "hs_task_": "task",
}
_CHANNELS = {"WHATS_APP": "whatsapp", "LINKEDIN_MESSAGE": "linkedin", "SMS": "sms"}
_OUTCOMES = {
    "no_answer": "missed",
    "missed": "missed",
    "busy": "busy",
    "failed": "failed",
    "canceled": "abandoned",
    "bounced": "bounced",
}
_LONGEST = 7 * 86_400 * 1000  # milliseconds that a call takes at most
# Metadata of engagements of v1, as properties of the objects that came after them.
_V1 = {
    "CALL": (
        "call",
        {
            "body": "body",
            "title": "title",
            "toNumber": "to_number",
            "fromNumber": "from_number",
            "status": "status",
            "durationMilliseconds": "duration",
            "recordingUrl": "recording_url",
            "direction": "direction",
        },
    ),
    "NOTE": ("note", {"body": "body"}),
    "MEETING": ("meeting", {"body": "body", "title": "title", "startTime": "start_time", "endTime": "end_time"}),
    "EMAIL": ("email", {"subject": "subject", "text": "text", "html": "html", "status": "status"}),
}


class HubSpotSource(JsonSource):
    """Reads pages of CRM objects with their associations, and engagements of v1.

    Contacts that an activity is associated with are its customers, by their record; the number of a call and the address of a mail are
    observed. Tasks and objects of other kinds are passed over by their kind.

    Args:
        origin: a path, bytes, a stream, or the parsed objects.
        instance: name of the portal, in which ids of contacts are unique.
        options: of Source.
    """

    name: ClassVar[str] = "hubspot"
    versions: ClassVar[str] = (
        "HubSpot CRM v3 objects (calls, emails, notes, meetings, communications, postal mail), engagements v1"
    )
    default_source: ClassVar[str] = "hubspot"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(self, origin: Any, *, instance: str = "hubspot", **options: Any) -> None:
        super().__init__(origin, **options)
        self.instance = instance

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the properties of its activities, or by an engagement of v1."""
        keys = head_keys(head)
        if "properties" in keys and any(key.startswith(tuple(_KINDS)) for key in keys):
            return "has activities of HubSpot"
        if {"engagement", "associations", "metadata"} <= keys:
            return "has engagements of HubSpot"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the activity of one object, or of each of a page."""
        whole = mapping_of(value)
        if isinstance(whole.get("results"), list):
            yield from self.each(whole, "results", where, "object", self._object)
        else:
            yield from self._object(whole, where)

    def _object(self, found: Mapping[str, Any], where: str) -> Iterator[Item]:
        one = _as_object(found) if "engagement" in found else found
        number = id_of(one.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the object")
        properties = mapping_of(one.get("properties"))
        prefix = next((start for start in _KINDS if any(str(key).startswith(start) for key in properties)), None)
        kind = _KINDS[prefix] if prefix is not None else text_of(one.get("type")) or "none"
        if prefix is None or kind == "task":
            yield self.passed(where, event_type(kind.lower()), source_id=number)
            return
        said = {key.removeprefix(prefix): value for key, value in properties.items() if key.startswith(prefix)}
        direction = _direction(kind, said)
        timestamp = parse_time(properties.get("hs_timestamp"), self.zone, "hs_timestamp")
        if timestamp is None:
            timestamp = self.time(
                said.get("start_time") or one.get("createdAt") or properties.get("hs_createdate"), "hs_timestamp"
            )
        body = body_of(said.get("text"))
        if not body:
            html = next((said[key] for key in ("html", "body") if isinstance(said.get(key), str)), "")
            body = body_of(html_to_text(html))
        parts = split_text(body) if body and kind == "email" else None
        channel = {"call": "phone", "communication": _channel(said)}.get(kind, kind)
        status = (text_of(said.get("status")) or text_of(said.get("outcome")) or "").lower()
        people = tuple(self._people(one, kind, said, direction))
        recording = text_of(said.get("recording_url"))
        yield Interaction(
            channel=channel,
            kind={"call": "call", "note": "note", "meeting": "meeting"}.get(kind, "message"),
            occurred_at=timestamp,
            ended_at=_end(kind, said, timestamp, self.zone),
            direction=direction,
            customers=people,
            subject=subject_of(said.get("subject")) or subject_of(said.get("title")),
            body=parts.new if parts else body,
            agent=name_of(properties.get("hubspot_owner_id")),
            outcome=_OUTCOMES.get(status, name_of(status) if kind == "meeting" else None),
            thread=id_of(said.get("thread_id")),
            attachments=(Attachment(url=recording),) if recording else (),
            attributes=attributes_of(
                {key: value for key, value in properties.items() if not isinstance(value, str) or len(value) < 1000},
                facts(deleted=one.get("archived"), forwarded=said.get("direction") == "FORWARDED_EMAIL"),
                {"quoted": parts.quoted if parts else None, "signature": parts.signature if parts else None},
            ),
            source=self.source,
            source_id=f"{kind} {number}",
            region=self.region,
            revised_at=parse_time(one.get("updatedAt") or properties.get("hs_lastmodifieddate"), self.zone),
        )
        if not people:
            yield self.rejected(
                where, "associations: no contact, nobody is known to whom it belongs", source_id=number, kept=True
            )

    def _people(
        self, one: Mapping[str, Any], kind: str, said: Mapping[str, Any], direction: Direction | None
    ) -> Iterator[tuple[Sighting, ...]]:
        """Yield each contact; whom the call or the mail was with goes with a contact that is the only one."""
        associations = mapping_of(one.get("associations"))
        held = list_of(mapping_of(associations.get("contacts")).get("results"))
        numbers = [text_of(mapping_of(item).get("id")) for item in held] or [
            text_of(number) for number in list_of(associations.get("contactIds"))
        ]
        contacts = [
            Sighting(key_text("crm", number, self.instance)) for number in dict.fromkeys(numbers[:50]) if number
        ]
        seen: list[Sighting] = []
        if kind == "call" and direction is not None:
            number = text_of(said.get("from_number" if direction is Direction.INBOUND else "to_number"))
            seen = [Sighting(f"phone:{number}")] if number else []
        elif kind == "email" and direction is not None:
            text = text_of(said.get("from_email" if direction is Direction.INBOUND else "to_email")) or ""
            # To whom a mail went is what the sender wrote; of several it is not known which is the contact.
            assurance = Assurance.OBSERVED if direction is Direction.INBOUND else Assurance.CLAIMED
            addresses = [part.strip() for part in text.split(";") if "@" in part]
            seen = [Sighting(f"email:{addresses[0]}", assurance)] if len(addresses) == 1 else []
        if len(contacts) <= 1:
            if contacts or seen:
                yield (*contacts, *seen)
            return
        for contact in contacts:
            yield (contact,)


def _direction(kind: str, said: Mapping[str, Any]) -> Direction | None:
    if kind == "note":
        return Direction.INTERNAL
    word = (text_of(said.get("direction")) or "").upper()
    if word in ("INBOUND", "INCOMING_EMAIL"):
        return Direction.INBOUND
    # A mail that was forwarded to be logged may have been sent by either side.
    return Direction.OUTBOUND if word in ("OUTBOUND", "EMAIL") else None


def _channel(said: Mapping[str, Any]) -> str:
    label = text_of(said.get("channel_type")) or "chat"
    return _CHANNELS.get(label.upper(), label.lower()[:100])


def _end(kind: str, said: Mapping[str, Any], timestamp: datetime, zone: tzinfo | None) -> datetime | None:
    if kind == "meeting":
        end = parse_time(said.get("end_time"), zone, "hs_meeting_end_time")
        return end if end is not None and end >= timestamp else None
    length = text_of(said.get("duration"))
    if kind != "call" or length is None or not length.isascii() or not length.isdigit() or len(length) > 12:
        return None
    return timestamp + timedelta(milliseconds=int(length)) if int(length) <= _LONGEST else None


def _as_object(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an engagement of v1 as the object that it is in v3."""
    engagement, metadata = mapping_of(found.get("engagement")), mapping_of(found.get("metadata"))
    kind = (text_of(engagement.get("type")) or "").upper()
    name, fields = _V1.get("EMAIL" if kind.endswith("EMAIL") else kind, ("", {}))
    properties: dict[str, Any] = {
        "hs_timestamp": engagement.get("timestamp"),
        "hubspot_owner_id": engagement.get("ownerId"),
    }
    for theirs, ours in fields.items():
        if metadata.get(theirs) is not None:
            properties[f"hs_{name}_{ours}"] = metadata[theirs]
    if name == "email":
        properties["hs_email_direction"] = kind
        properties["hs_email_from_email"] = mapping_of(metadata.get("from")).get("email")
        to = [text_of(mapping_of(one).get("email")) for one in list_of(metadata.get("to"))]
        properties["hs_email_to_email"] = ";".join(address for address in to if address)
    elif name:
        properties.setdefault(f"hs_{name}_body", "")
    return {
        "id": engagement.get("id"),
        "type": kind,
        "properties": properties,
        "associations": found.get("associations"),
        "archived": engagement.get("active") is False,
        "updatedAt": engagement.get("lastUpdated"),
    }
