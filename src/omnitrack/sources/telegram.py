"""Chats that Telegram Desktop exports as JSON: result.json, of one chat or of all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from omnitrack.model import Attachment, Direction, Interaction, Sighting, observed
from omnitrack.sources.base import Item, Source, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.reading import Bad
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.reading_nested import nested_items
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    text_of,
    words,
)

_TAKEN = words(
    "id type date date_unixtime edited edited_unixtime from from_id actor actor_id text text_entities reply_to_message_id photo file file_name "
    "mime_type thumbnail forwarded_from contact_information location_information action"
)
_OF_TWO = words("personal_chat bot_chat")
# How long nobody waits for a call; none of Telegram's is longer.
_LONGEST = 7 * 24 * 3600


class TelegramSource(Source):
    """Reads the messages of each chat, one at a time. People are known by Telegram's ids.

    In a chat of two the export says who the other is: what they wrote is inbound, the rest outbound. In groups the list of own
    identifiers (``telegram-id:...``) tells. Calls are contacts; what else the app tells (joined, pinned) is passed over.
    """

    name: ClassVar[str] = "telegram"
    versions: ClassVar[str] = "exports of Telegram Desktop since 2018: one chat, or all with personal_information"
    default_source: ClassVar[str] = "telegram"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its messages with ``from_id``, or by the parts of a whole export."""
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            return None
        keys = head_keys(head)
        if (
            {"messages", "date"} <= keys
            and keys & {"from_id", "actor_id"}
            and keys & {"date_unixtime", "text", "text_entities"}
        ):
            return "has messages with from_id, as Telegram exports them"
        if {"about", "personal_information"} <= keys or ({"chats", "list"} <= keys and {"from_id", "messages"} & keys):
            return "has the parts of an export of Telegram"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        for found in nested_items(self.open(), ("messages",), words("chats left_chats list")):
            if isinstance(found, Bad):
                yield self.bad(found)
                continue
            chat, where, message = found
            if not isinstance(message, Mapping):
                yield self.rejected(where, f"messages: got {type(message).__name__}, accepted are objects")
                continue
            yield from self.guarded(where, self._message(message, chat, where))

    def _message(self, message: Mapping[str, Any], chat: Mapping[str, Any], where: str) -> Iterator[Item]:
        number = id_of(message.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the message")
        thread = id_of(chat.get("id"))
        call = message.get("type") == "service" and message.get("action") in ("phone_call", "group_call")
        if message.get("type") == "service" and not call:
            yield self.passed(where, event_type(text_of(message.get("action")) or "service"), source_id=number)
            return
        if chat.get("type") == "saved_messages":
            yield self.passed(where, "note to oneself", source_id=number)
            return
        timestamp = parse_time(message.get("date_unixtime")) or self.time(message.get("date"), "date")
        writer = _person(message.get("from_id") or message.get("actor_id"))
        other = _person(thread) if chat.get("type") in _OF_TWO else ()
        inbound = bool(other) and other == writer
        seconds = message.get("duration_seconds") if call else None
        ended = timestamp + timedelta(seconds=seconds) if isinstance(seconds, int) and 0 <= seconds < _LONGEST else None
        edited = _edited(message, self.zone)
        name = name_of(message.get("from")) or name_of(message.get("actor"))
        yield Interaction(
            channel="telegram",
            kind="call" if call else "message",
            occurred_at=timestamp,
            ended_at=ended,
            direction=(Direction.INBOUND if inbound else Direction.OUTBOUND) if other else None,
            customers=(other,) if other else (),
            sender=() if other else writer,
            outcome=_outcome(message, ended) if call else None,
            body=_body(message),
            thread=thread,
            reply_to=_joint(thread, id_of(message.get("reply_to_message_id"))),
            agent=name if other and not inbound else None,
            attachments=tuple(_files(message)),
            traits={"name": name} if name and (inbound or not other) else {},
            attributes=attributes_of(
                {field: value for field, value in message.items() if field not in _TAKEN},
                {
                    "chat": chat.get("name"),
                    "chat_type": chat.get("type"),
                    "forwarded_from": message.get("forwarded_from"),
                },
                facts(edited=edited is not None, forwarded="forwarded_from" in message),
            ),
            source=self.source,
            source_id=_joint(thread, number),
            region=self.region,
            revised_at=edited,
        )


def _joint(thread: str | None, number: str | None) -> str | None:
    """Ids of messages are unique in their chat only."""
    return f"{thread}:{number}" if thread and number else number


def _person(value: Any) -> tuple[Sighting, ...]:
    """Return the id of a person: ``user5``, or 5 in older exports; of a channel or a group nobody's."""
    match = re.fullmatch(r"(?:user)?([1-9][0-9]{0,15})", text_of(value) or "")
    return (observed(f"telegram-id:{match[1]}"),) if match else ()


def _edited(message: Mapping[str, Any], zone: tzinfo | None) -> datetime | None:
    """Return the time of an edit; older exports write 1970 where there is none."""
    edited = parse_time(message.get("edited_unixtime")) or parse_time(message.get("edited"), zone or timezone.utc)
    return edited if edited is not None and edited.year > 1970 else None


def _outcome(message: Mapping[str, Any], ended: datetime | None) -> str:
    reason = text_of(message.get("discard_reason"))
    return reason if reason in ("missed", "busy") else "answered" if ended is not None else "missed"


def _body(message: Mapping[str, Any]) -> str | None:
    text = body_of(message.get("text")) or body_of(list_of(message.get("text_entities")))
    if text:
        return text
    card, place = mapping_of(message.get("contact_information")), mapping_of(message.get("location_information"))
    if card:
        who = " ".join(filter(None, (text_of(card.get("first_name")), text_of(card.get("last_name")))))
        return ": ".join(filter(None, (who, text_of(card.get("phone_number"))))) or None
    if place:
        return ", ".join(filter(None, (text_of(place.get("latitude")), text_of(place.get("longitude"))))) or None
    return body_of(mapping_of(message.get("poll")).get("question")) or body_of(message.get("sticker_emoji"))


def _files(message: Mapping[str, Any]) -> Iterator[Attachment]:
    for field, media_type in (("photo", "image"), ("file", None)):
        path = text_of(message.get(field))
        if path:
            left_out = path.startswith("(")  # a sentence that says so
            name = text_of(message.get("file_name")) or (None if left_out else PurePosixPath(path).name)
            kind = text_of(message.get("mime_type")) or media_type or text_of(message.get("media_type"))
            yield Attachment(name=name_of(name), media_type=name_of(kind))
