"""Contact records of Amazon Connect, as its data stream delivers them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import plain_repr
from omnitrack.identifiers.attestation import Level, counts
from omnitrack.model import Direction, Interaction, Sighting, claimed, observed
from omnitrack.sources.attested import attestation_of, checked_trust
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.cdr import ABANDONED, ANSWERED, SELF_SERVICE, VOICEMAIL, withheld
from omnitrack.sources.mapping import PersonField, person_fields
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    TIME_FORMS,
    attributes_of,
    event_type,
    id_of,
    mapping_of,
    name_of,
    parse_time,
    subject_of,
    text_of,
    unread,
    words,
)

_CHANNELS = {"VOICE": "phone", "CHAT": "chat", "EMAIL": "email", "TASK": "task"}
# Every initiation method that the documentation lists; of calls a program of the company starts those by API, of chats the customer does.
_OUTBOUND = frozenset(words("OUTBOUND EXTERNAL_OUTBOUND CALLBACK AGENT_REPLY FLOW"))
_TRANSFERS = frozenset(words("TRANSFER QUEUE_TRANSFER"))
_CONTINUED = _TRANSFERS | {"DISCONNECT"}  # of an earlier contact, whose direction it has
_KNOWN = _OUTBOUND | _CONTINUED | frozenset(words("INBOUND API WEBRTC_API MONITOR"))
# What answering machine detection found on an outbound call.
_DETECTED = {
    "VOICEMAIL_BEEP": VOICEMAIL,
    "VOICEMAIL_NO_BEEP": VOICEMAIL,
    "SIT_TONE_BUSY": "busy",
    "SIT_TONE_INVALID_NUMBER": "failed",
    "SIT_TONE_DETECTED": "failed",
    "FAX_MACHINE_DETECTED": "failed",
    "AMD_UNANSWERED": "missed",
}
_MOST_SEEN = 50_000  # contacts that are remembered while a file is read
_SCHEMES = {"TELEPHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email", "VOIP": "sip"}
_TAKEN = words(
    "ContactId InitialContactId Channel CustomerEndpoint SystemEndpoint InitiationTimestamp DisconnectTimestamp "
    "PreviousContactId Agent"
)


class AmazonConnectSource(JsonSource):
    """Reads contact records one after another, line by line, or as an array.

    Each contact is an interaction; those that follow from one another by transfers are one thread. Records are delivered
    at least once, so that the same one comes again: it adds nothing. One that comes again with a later LastUpdateTimestamp is a revision. Events of
    agents and of contacts in the same stream are passed over by their type.

    Args:
        origin: a path, bytes, a stream, or the parsed records.
        identifiers: contact attributes that identify the customer: ``{"accountNumber": "account:{}@bt!verified"}``.
        trust_attestation: as of call records; the verdict is looked for among the contact attributes.
        options: of Source.
    """

    name: ClassVar[str] = "amazon-connect"
    versions: ClassVar[str] = (
        "contact records of Amazon Connect up to 2026 (ContactTraceRecordsFormatVersion 2017-03-10)"
    )
    default_source: ClassVar[str] = "amazon-connect"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(
        self,
        origin: Any,
        *,
        identifiers: Mapping[str, str] | None = None,
        trust_attestation: Level | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self.trust_attestation = checked_trust(trust_attestation)
        self._seen: OrderedDict[str, Direction | None] = OrderedDict()  # the direction of the contacts read so far
        self._fields: tuple[PersonField, ...] = person_fields(identifiers or {}, "identifiers")

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of its records."""
        keys = head_keys(head)
        if {"ContactId", "InitiationTimestamp"} <= keys and keys & {
            "CustomerEndpoint",
            "InitiationMethod",
            "AWSAccountId",
        }:
            return "has contact records of Amazon Connect"
        return None

    def _direction(self, method: str, channel: str, thread: str) -> Direction | None:
        """Return who turned to whom; None for a method that is not known, where the company's own numbers decide."""
        if channel == "task" or method == "MONITOR":
            return Direction.INTERNAL
        if method in _OUTBOUND or (method == "API" and channel == "phone"):
            return Direction.OUTBOUND
        if method in _CONTINUED:
            return self._seen.get(thread, Direction.INBOUND)
        return Direction.INBOUND if method in _KNOWN else None

    def _remember(self, number: str, direction: Direction | None) -> None:
        self._seen[number] = direction
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self._seen.clear()
        yield from super().items()

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the interaction of one record."""
        record = mapping_of(value)
        event = text_of(record.get("EventType")) or text_of(record.get("detail-type"))
        if event is not None and "InitiationTimestamp" not in record:
            yield self.passed(where, event_type(event), source_id=id_of(record.get("EventId") or record.get("id")))
            return
        number = id_of(record.get("ContactId"))
        if number is None:
            raise UnreadableError("ContactId: missing, accepted is a contact record")
        timestamp = self.time(record.get("InitiationTimestamp"), "InitiationTimestamp")
        label = (text_of(record.get("Channel")) or "VOICE").upper()
        channel = _CHANNELS.get(label, label.lower())
        method = (text_of(record.get("InitiationMethod")) or "INBOUND").upper()
        agent = mapping_of(record.get("Agent"))
        customer = mapping_of(record.get("CustomerEndpoint"))
        company = mapping_of(record.get("SystemEndpoint"))
        thread = id_of(record.get("InitialContactId")) or number
        direction = self._direction(method, channel, thread)
        self._remember(number, direction)
        attributes = mapping_of(record.get("Attributes"))
        counted = direction in (Direction.OUTBOUND, Direction.INTERNAL) or channel != "phone"
        counted = counted or counts(*attestation_of(attributes), trust=self.trust_attestation)
        seen = [
            *_endpoint(customer, observed if counted else claimed),
            *(s for field in self._fields for s in field.sightings(attributes)),
        ]
        via = next((str(sighting.identifier) for sighting in _endpoint(company)), None)
        ended = parse_time(record.get("DisconnectTimestamp"), self.zone)
        if method not in _KNOWN:
            yield self.rejected(
                where,
                f"InitiationMethod: got {plain_repr(method)}, known are {', '.join(sorted(_KNOWN))}; who called whom is left open",
                source_id=number,
                kept=True,
            )
        if ended is None and text_of(record.get("DisconnectTimestamp")):
            reason = unread("DisconnectTimestamp", record["DisconnectTimestamp"], TIME_FORMS)
            yield self.rejected(where, f"{reason}; left out", source_id=number, kept=True)
        yield Interaction(
            channel=channel,
            kind="transfer" if method in _CONTINUED else "call" if channel == "phone" else "message",
            occurred_at=timestamp,
            ended_at=ended if ended is not None and ended >= timestamp else None,
            direction=direction,
            customers=(tuple(seen),),
            subject=subject_of(record.get("Name")),
            agent=name_of(agent.get("Username")),
            thread=thread,
            reply_to=id_of(record.get("PreviousContactId")),
            outcome=_outcome(record, direction),
            via=via if via and via.startswith(("phone:+", "email:")) else None,
            traits=_traits(attributes),
            attributes=attributes_of(record, _more_attributes(customer, company, agent), without=_TAKEN),
            source=self.source,
            source_id=number,
            region=self.region,
            revised_at=parse_time(record.get("LastUpdateTimestamp"), self.zone),
        )


def _more_attributes(
    customer: Mapping[str, Any], company: Mapping[str, Any], agent: Mapping[str, Any]
) -> dict[str, Any]:
    address = text_of(customer.get("Address"))
    return {
        "withheld": True if address and withheld(address) else None,
        "system_endpoint": company,
        "agent": {key: agent[key] for key in agent if key not in ("Username", "ARN")},
    }


def _outcome(record: Mapping[str, Any], direction: Direction | None) -> str:
    """What became of a contact: who was never in a queue abandoned nothing, and whom nobody reached did not answer."""
    agent = mapping_of(record.get("Agent"))
    with_agent = bool(text_of(agent.get("ConnectedToAgentTimestamp")) or text_of(agent.get("Username")))
    if direction is Direction.OUTBOUND:
        detected = text_of(record.get("AnsweringMachineDetectionStatus")) or ""
        if detected in _DETECTED:
            return _DETECTED[detected]
        # The agent who dials is connected before the customer is, whose end is connected to the system when it answers.
        there = (
            text_of(record.get("ConnectedToSystemTimestamp")) if "ConnectedToSystemTimestamp" in record else with_agent
        )
        return ANSWERED if there else "missed"
    if with_agent:
        return ANSWERED
    if not mapping_of(record.get("Queue")):
        return SELF_SERVICE
    return "missed" if text_of(record.get("DisconnectReason")) == "CONTACT_FLOW_DISCONNECT" else ABANDONED


def _endpoint(endpoint: Mapping[str, Any], seen: Callable[[str], Sighting] = observed) -> list[Sighting]:
    address = text_of(endpoint.get("Address"))
    scheme = _SCHEMES.get(text_of(endpoint.get("Type")) or "TELEPHONE_NUMBER")
    if not address or not scheme or withheld(address):
        return []
    return [seen(f"{scheme}:{address.removeprefix('sip:')}")]


def _traits(attributes: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("customerName", "CustomerName", "customer_name"):
        if name_of(attributes.get(name)):
            return {"name": name_of(attributes[name])}
    return {}
