"""Conversations of Intercom with their parts, as its REST API, its webhooks and its exports give them."""

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
from omnitrack.sources.mail_text import html_to_text
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    event_type,
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

# Types of the source of a conversation, as the API reference lists them.
_CHANNELS = {
    "conversation": "chat",
    "phone_call": "phone",
    "phone_switch": "phone",
    "push": "app",
    "twitter": "x",
}
_CUSTOMERS = frozenset({"user", "lead", "contact"})
_NETWORK_SAYS_PHONE = frozenset({"sms", "whatsapp", "phone"})
_TAKEN = words("id body created_at author attachments type part_type subject")


class IntercomSource(JsonSource):
    """Reads conversations, lists of them, and webhooks that carry one.

    Contacts are known by their record in Intercom. What the author of a mail wrote from is observed, what else stands in a record is
    claimed. Parts without a text, such as assignments, are passed over by their type.

    Args:
        origin: a path, bytes, a stream, or the parsed conversations or webhooks.
        instance: name of the workspace, in which ids of contacts are unique.
        identifier_scope: scope of the account numbers that ``external_id`` holds; None leaves them out.
        options: of Source.
    """

    name: ClassVar[str] = "intercom"
    versions: ClassVar[str] = (
        "Intercom REST API 1.4 to 2.14: conversations with parts, lists, webhooks of conversations"
    )
    default_source: ClassVar[str] = "intercom"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(
        self, origin: Any, *, instance: str = "intercom", identifier_scope: str | None = None, **options: Any
    ) -> None:
        super().__init__(origin, **options)
        self.instance = instance
        self.identifier_scope = identifier_scope

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the parts of its conversations."""
        keys = head_keys(head)
        if "conversation_parts" in keys or {"delivered_as", "author"} <= keys or {"conversation_message"} <= keys:
            return "has conversations of Intercom"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the parts of one conversation, or of each of a list."""
        whole = mapping_of(value)
        topic = text_of(whole.get("topic"))
        if topic is not None:
            whole = mapping_of(mapping_of(whole.get("data")).get("item"))
            if "conversation_parts" not in whole and "source" not in whole:
                yield self.passed(where, event_type(topic))
                return
        for name in ("conversations", "data"):
            if isinstance(whole.get(name), list):
                yield from self.each(whole, name, where, "conversation", self._conversation)
                return
        yield from self._conversation(whole, where)

    def _conversation(self, talk: Mapping[str, Any], where: str) -> Iterator[Item]:
        number = id_of(talk.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the conversation")
        start = mapping_of(talk.get("source")) or mapping_of(talk.get("conversation_message"))
        if start:
            name = text_of(start.get("id"))
            first = {
                "created_at": talk.get("created_at"),
                **start,
                "id": f"message {name or number}",
                "part_type": "comment",
            }
            yield from self.guarded(f"{where}, source", self._part(talk, start, first, f"{where}, source"))
        held = talk.get("conversation_parts")
        parts = held if isinstance(held, Mapping) else {"conversation_parts": held}
        yield from self.each(parts, "conversation_parts", where, "part", partial(self._part, talk, start))

    def _part(
        self, talk: Mapping[str, Any], start: Mapping[str, Any], part: Mapping[str, Any], where: str
    ) -> Iterator[Item]:
        id = id_of(part.get("id"))
        if id is None:
            raise UnreadableError("id: missing, accepted is the id of the part")
        kind = text_of(part.get("part_type")) or "comment"
        gone = part.get("redacted") is True
        body = body_of(html_to_text(part["body"])) if isinstance(part.get("body"), str) else None
        files = list_of(part.get("attachments"))
        if not body and not files and not gone and kind not in ("comment", "note"):
            yield self.passed(where, event_type(kind), source_id=id)
            return
        author = mapping_of(part.get("author"))
        by = (text_of(author.get("type")) or "").lower()
        inbound = by in _CUSTOMERS
        label = (text_of(start.get("type")) or "").lower()
        channel = _CHANNELS.get(label, label or "chat")
        direction = Direction.INBOUND if inbound else Direction.INTERNAL if kind == "note" else Direction.OUTBOUND
        people = [person for person in self._people(talk, author if inbound else {}, channel) if person]
        name = name_of(author.get("name")) if inbound else None
        yield Interaction(
            channel=channel,
            kind="note" if kind == "note" else "call" if channel == "phone" else "message",
            occurred_at=self.time(part.get("created_at"), "created_at"),
            direction=direction,
            customers=tuple(people),
            subject=subject_of(html_to_text(text_of(start.get("subject")) or "")) or subject_of(talk.get("title")),
            body=None if gone else body,
            agent=None if inbound else name_of(author.get("name")) or name_of(author.get("id")),
            thread=id_of(talk.get("id")),
            attachments=files_of(files, name="name", media_type="content_type", size="filesize", url="url"),
            traits={"name": name} if name else {},
            attributes=attributes_of(
                part,
                facts(deleted=gone, automatic=by == "bot" or part.get("delivered_as") == "automated"),
                {"state": talk.get("state"), "tags": mapping_of(talk.get("tags")).get("tags")},
                without=_TAKEN,
            ),
            source=self.source,
            source_id=id,
            region=self.region,
            revised_at=parse_time(part.get("updated_at"), self.zone),
            deleted=gone,
        )
        if not people:
            yield self.rejected(where, "contacts: missing, nobody is known to whom it belongs", source_id=id, kept=True)

    def _people(
        self, talk: Mapping[str, Any], author: Mapping[str, Any], channel: str
    ) -> Iterator[tuple[Sighting, ...]]:
        """Yield who it is of: the author where that is a customer, else each contact of the conversation."""
        held = talk.get("contacts")
        found = list_of(mapping_of(held).get("contacts")) or list_of(held) or [talk.get("user") or talk.get("customer")]
        contacts = {text_of(one.get("id")): one for one in map(mapping_of, found[:20]) if one.get("id")}
        own = text_of(author.get("id"))
        if own is not None:
            record = contacts.get(own, {})
            # The older API says a user's record under the id of the author, or beside it under another.
            yield tuple(self._person(own, {**record, **author}, channel, wrote=True))
            return
        for number, record in contacts.items():
            yield tuple(self._person(number, record, channel, wrote=False))

    def _person(
        self, number: str | None, record: Mapping[str, Any], channel: str, *, wrote: bool
    ) -> Iterator[Sighting]:
        if number:
            yield Sighting(key_text("crm", number, self.instance))
        email, phone = text_of(record.get("email")), text_of(record.get("phone"))
        if email:
            yield Sighting(f"email:{email}", Assurance.OBSERVED if wrote and channel == "email" else Assurance.CLAIMED)
        if phone:
            seen = wrote and channel in _NETWORK_SAYS_PHONE
            yield Sighting(f"phone:{phone}", Assurance.OBSERVED if seen else Assurance.CLAIMED)
        own = text_of(record.get("external_id") or record.get("user_id"))
        if own and self.identifier_scope is not None:
            yield Sighting(key_text("account", own, self.identifier_scope), Assurance.CLAIMED)
