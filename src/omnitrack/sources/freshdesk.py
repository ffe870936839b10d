"""Tickets of Freshdesk with their conversations, as its API v2 and its exports give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Assurance, Direction, Interaction, Sighting
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.mail_text import html_to_text, split_text
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    files_of,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    subject_of,
    text_of,
    words,
)

# Values of "source", as the API reference lists them: of a ticket, and of what is said in it.
_TICKETS = {
    "1": "email",
    "2": "web",
    "3": "phone",
    "5": "x",
    "6": "facebook",
    "7": "chat",
    "9": "web",
    "10": "email",
}
_CONVERSATIONS = {"5": "x", "6": "survey", "7": "facebook", "8": "email", "9": "phone"}
_OUTBOUND_EMAIL, _FORWARDED = "10", "8"
_TAKEN = words(
    "id body body_text description description_text created_at incoming private attachments conversations notes requester subject"
)


class FreshdeskSource(JsonSource):
    """Reads tickets, with or without their conversations, and pages of conversations.

    A ticket is its first message; each conversation is one more. The requester is the customer of all of them: the address that a mail
    came from is observed, what the record of the requester holds is claimed. Private notes are internal.

    Args:
        origin: a path, bytes, a stream, or the parsed records.
        instance: name of the helpdesk, in which ids of contacts are unique: your subdomain.
        options: of Source.
    """

    name: ClassVar[str] = "freshdesk"
    versions: ClassVar[str] = (
        "Freshdesk API v2: tickets (with requester and conversations), conversations; tickets of v1"
    )
    default_source: ClassVar[str] = "freshdesk"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(self, origin: Any, *, instance: str = "freshdesk", **options: Any) -> None:
        super().__init__(origin, **options)
        self.instance = instance

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of its tickets, or of its conversations."""
        keys = head_keys(head)
        if "helpdesk_ticket" in keys or {"requester_id", "responder_id", "source"} <= keys:
            return "has tickets of Freshdesk"
        if {"incoming", "private", "body_text", "user_id"} <= keys:
            return "has conversations of Freshdesk"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield what one ticket or one conversation says."""
        whole = mapping_of(value)
        if isinstance(whole.get("tickets"), list):
            yield from self.each(whole, "tickets", where, "ticket", self._ticket)
        elif isinstance(whole.get("conversations"), list) and "requester_id" not in whole:
            read = partial(self._conversation, mapping_of(whole.get("ticket")))
            yield from self.each(whole, "conversations", where, "conversation", read)
        elif "incoming" in whole and "requester_id" not in whole:
            yield from self._conversation({}, whole, where)
        else:
            yield from self._ticket(
                mapping_of(whole.get("helpdesk_ticket")) or mapping_of(whole.get("ticket")) or whole, where
            )

    def _ticket(self, ticket: Mapping[str, Any], where: str) -> Iterator[Item]:
        number = text_of(ticket.get("id") or ticket.get("display_id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the ticket")
        outbound = text_of(ticket.get("source")) == _OUTBOUND_EMAIL
        yield from self._said(ticket, ticket, f"ticket {number}", not outbound, where)
        read = partial(self._conversation, ticket)
        for name in ("conversations", "notes"):
            yield from self.each(ticket, name, where, "conversation", read)

    def _conversation(self, ticket: Mapping[str, Any], found: Mapping[str, Any], where: str) -> Iterator[Item]:
        one = mapping_of(found.get("note")) or found  # v1 wraps each note
        id = id_of(one.get("id"))
        if id is None:
            raise UnreadableError("id: missing, accepted is the id of the conversation")
        yield from self._said(ticket, one, id, one.get("incoming") is True, where)

    def _said(
        self, ticket: Mapping[str, Any], said: Mapping[str, Any], id: str, inbound: bool, where: str
    ) -> Iterator[Item]:
        first = said is ticket
        label = text_of(said.get("source")) or ""
        channel = _TICKETS.get(label) if first else _CONVERSATIONS.get(label)
        if channel is None:
            channel = "email" if said.get("from_email") else _TICKETS.get(text_of(ticket.get("source")) or "", "web")
        private = said.get("private") is True and not first and not inbound
        body = body_of(said.get("description_text" if first else "body_text"))
        html = said.get("description" if first else "body")
        if not body and isinstance(html, str):
            body = body_of(html_to_text(html))
        parts = split_text(body) if body and channel == "email" else None
        requester = mapping_of(ticket.get("requester"))
        # In an answer without its ticket user_id is whoever wrote it: of an incoming one the customer.
        number = text_of(ticket.get("requester_id")) or (text_of(said.get("user_id")) if inbound else None)
        address = text_of(said.get("from_email")) if inbound else None
        person = tuple(self._person(number, requester, channel, address))
        if not person and not private and not inbound:
            person = tuple(Sighting(f"email:{one}") for one in map(text_of, list_of(said.get("to_emails"))[:1]) if one)
        name = name_of(requester.get("name"))
        yield Interaction(
            channel=channel,
            kind="note" if private else "call" if channel == "phone" else "message",
            occurred_at=self.time(said.get("created_at"), "created_at"),
            direction=Direction.INTERNAL if private else Direction.INBOUND if inbound else Direction.OUTBOUND,
            customers=(person,) if person else (),
            subject=subject_of(ticket.get("subject")),
            body=parts.new if parts else body,
            agent=None if inbound else name_of(said.get("responder_id") if first else said.get("user_id")),
            thread=text_of(said.get("ticket_id")) or text_of(ticket.get("id") or ticket.get("display_id")),
            attachments=files_of(
                list_of(said.get("attachments")),
                name="name",
                media_type="content_type",
                size="size",
                url="attachment_url",
            ),
            traits={"name": name} if name else {},
            attributes=attributes_of(
                said,
                facts(
                    spam=ticket.get("spam"),
                    deleted=ticket.get("deleted") or said.get("deleted"),
                    forwarded=not first and label == _FORWARDED,
                    edited=said.get("last_edited_at"),
                ),
                {"quoted": parts.quoted if parts else None, "signature": parts.signature if parts else None},
                without=_TAKEN,
            ),
            source=self.source,
            source_id=id,
            region=self.region,
            revised_at=parse_time(said.get("last_edited_at"), self.zone),
        )
        if not person:
            yield self.rejected(
                where, "requester_id: missing, nobody is known to whom it belongs", source_id=id, kept=True
            )

    def _person(
        self, number: str | None, requester: Mapping[str, Any], channel: str, seen: str | None
    ) -> Iterator[Sighting]:
        if number:
            yield Sighting(key_text("crm", number, self.instance))
        if seen:
            yield Sighting(f"email:{_address(seen)}", raw=seen[:500])
        email = text_of(requester.get("email"))
        if email and (seen is None or email.lower() != _address(seen).lower()):
            yield Sighting(f"email:{email}", Assurance.CLAIMED)
        for field in ("phone", "mobile"):
            phone = text_of(requester.get(field))
            if phone:
                yield Sighting(f"phone:{phone}", Assurance.CLAIMED)


def _address(text: str) -> str:
    """Return the address of ``Jane <jane@example.com>``."""
    return text.rpartition("<")[2].partition(">")[0].strip()
