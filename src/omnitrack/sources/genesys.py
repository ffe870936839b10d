"""Conversations of Genesys Cloud: the conversation details of its analytics API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.identifiers.attestation import Level, counts
from omnitrack.model import Direction, Interaction, Sighting, claimed, observed
from omnitrack.sources.attested import attestation_of, checked_trust
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.cdr import ABANDONED, ANSWERED, SELF_SERVICE, VOICEMAIL, withheld
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import attributes_of, id_of, list_of, mapping_of, name_of, parse_time, text_of

_CHANNELS = {"voice": "phone", "callback": "phone"}
_CUSTOMERS = ("customer", "external")
_AGENTS = ("agent", "user")
_TAKEN = ("conversationId", "conversationStart", "conversationEnd", "originatingDirection")


class GenesysSource(JsonSource):
    """Reads the pages of conversation details, or conversations one after another; each is an interaction.

    The agent is who interacted last. A conversation that reached a queue and no agent is abandoned; one that a flow alone handled is
    self-service. Of channels other than voice and email the details hold no address of the customer.

    Args:
        origin: a path, bytes, a stream, or the parsed pages or conversations.
        trust_attestation: as of call records.
        options: of Source.
    """

    name: ClassVar[str] = "genesys-cloud"
    versions: ClassVar[str] = "Genesys Cloud API v2: conversation details of analytics, queries and jobs"
    default_source: ClassVar[str] = "genesys-cloud"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(self, origin: Any, *, trust_attestation: Level | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.trust_attestation = checked_trust(trust_attestation)

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of a conversation, or by those of a page of them."""
        keys = head_keys(head)
        page = "conversations" in keys and b'"conversationStart"' in head and b'"participants"' in head
        if {"conversationId", "conversationStart", "participants"} <= keys or page:
            return "has conversation details of Genesys Cloud"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the conversations of one page, or one by itself."""
        record = mapping_of(value)
        if "conversationId" in record:
            yield from self._conversation(record, where)
        elif record.get("conversations") == []:
            yield self.passed(where, "page without results")
        elif "conversations" in record:
            yield from self.each(record, "conversations", where, "conversation", self._conversation)
        else:
            raise UnreadableError("conversationId: missing, accepted is a conversation or a page of them")

    def _conversation(self, record: Mapping[str, Any], where: str) -> Iterator[Item]:
        number = id_of(record.get("conversationId"))
        if number is None:
            raise UnreadableError("conversationId: missing, accepted is the id of the conversation")
        timestamp = self.time(record.get("conversationStart"), "conversationStart")
        ended = parse_time(record.get("conversationEnd"), self.zone)
        people = [mapping_of(one) for one in list_of(record.get("participants"))]
        said = text_of(record.get("originatingDirection"))
        direction = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}.get(said or "")
        customer_sessions = [session for one in people if _purpose(one) in _CUSTOMERS for session in _sessions(one)]
        if not customer_sessions and direction is not None and any(_purpose(one) in _AGENTS for one in people):
            direction = Direction.INTERNAL  # between lines of the company
        media = next(
            (text for session in customer_sessions or _all(people) if (text := text_of(session.get("mediaType")))),
            "voice",
        )
        channel = _CHANNELS.get(media.lower(), media.lower()[:100])
        agents = [one for one in people if _purpose(one) in _AGENTS and _interacted(one)]
        agents.sort(key=lambda one: max((text_of(s.get("segmentEnd")) or "" for s in _segments(one)), default=""))
        attested = counts(
            *(v for session in customer_sessions for v in attestation_of(session)), trust=self.trust_attestation
        )
        seen = (
            ()
            if direction in (None, Direction.INTERNAL)
            else self._customer(customer_sessions, people, channel, direction, attested)
        )
        callers = [text for session in customer_sessions if (text := text_of(session.get("ani")))]
        names = [name_of(one.get("participantName")) for one in people if _purpose(one) in _CUSTOMERS]
        yield Interaction(
            channel=channel,
            kind="call" if channel == "phone" else "message",
            occurred_at=timestamp,
            ended_at=ended if ended is not None and ended >= timestamp else None,
            direction=direction,
            customers=(seen,) if seen else (),
            agent=next((who for one in reversed(agents) if (who := _agent(one))), None),
            thread=number,
            outcome=_outcome(people, customer_sessions, direction, bool(agents)) if channel == "phone" else None,
            attributes=attributes_of(
                record,
                {
                    "withheld": True if channel == "phone" and callers and all(map(_hidden, callers)) else None,
                    # What a network shows as the caller's name may be a place or the number: it is kept, and is no trait.
                    "caller_names": [name for name in names if name],
                },
                without=_TAKEN,
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )

    def _customer(
        self,
        customer_sessions: list[Mapping[str, Any]],
        people: list[Mapping[str, Any]],
        channel: str,
        direction: Direction | None,
        attested: bool,
    ) -> tuple[Sighting, ...]:
        inbound = direction is Direction.INBOUND
        if channel == "email":
            found = [text_of(session.get("addressFrom" if inbound else "addressTo")) for session in customer_sessions]
            return tuple(dict.fromkeys(claimed(f"email:{text[:500]}") for text in found if text))
        if channel != "phone":
            return ()
        sessions = (
            customer_sessions
            if inbound
            else [*customer_sessions, *(s for one in people if _purpose(one) in _AGENTS for s in _sessions(one))]
        )
        seen = observed if attested or not inbound else claimed
        for session in sessions:
            text = text_of(session.get("ani" if inbound else "dnis"))
            if text and not _hidden(text):
                scheme, _, rest = text.partition(":")
                return (
                    seen(
                        f"sip:{rest[:500]}" if scheme in ("sip", "sips") else f"phone:{text[:500].removeprefix('tel:')}"
                    ),
                )
        return ()


def _outcome(
    people: list[Mapping[str, Any]],
    customer_sessions: list[Mapping[str, Any]],
    direction: Direction | None,
    with_agent: bool,
) -> str:
    if direction is Direction.OUTBOUND:
        spoke = any(_type(segment) == "interact" for session in customer_sessions for segment in _parts(session))
        return ANSWERED if spoke else "missed"
    if with_agent:
        return ANSWERED
    purposes = {_purpose(one) for one in people}
    if any(_purpose(one) == "voicemail" and _interacted(one) for one in people):
        return VOICEMAIL
    if "acd" in purposes:
        return ABANDONED
    return "missed" if purposes & set(_AGENTS) else SELF_SERVICE


def _purpose(participant: Mapping[str, Any]) -> str:
    return (text_of(participant.get("purpose")) or "").lower()


def _sessions(participant: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mapping_of(session) for session in list_of(participant.get("sessions"))]


def _all(people: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [session for one in people for session in _sessions(one)]


def _parts(session: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mapping_of(segment) for segment in list_of(session.get("segments"))]


def _segments(participant: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [segment for session in _sessions(participant) for segment in _parts(session)]


def _type(segment: Mapping[str, Any]) -> str:
    return (text_of(segment.get("segmentType")) or "").lower()


def _interacted(participant: Mapping[str, Any]) -> bool:
    return any(_type(segment) == "interact" for segment in _segments(participant))


def _agent(participant: Mapping[str, Any]) -> str | None:
    return name_of(participant.get("participantName")) or name_of(participant.get("userId"))


def _hidden(address: str) -> bool:
    return withheld(address.removeprefix("tel:").removeprefix("sip:").partition("@")[0])
