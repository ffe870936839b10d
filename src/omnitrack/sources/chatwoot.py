"""Webhooks of Chatwoot: messages that were created or updated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Revision, Sighting
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
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
    size_of,
    subject_of,
    text_of,
    words,
)

_CHANNELS = {
    "Channel::WebWidget": "chat",
    "Channel::Api": "chat",
    "Channel::Email": "email",
    "Channel::Whatsapp": "whatsapp",
    "Channel::Sms": "sms",
    "Channel::TwilioSms": "sms",
    "Channel::FacebookPage": "facebook",
    "Channel::Instagram": "instagram",
    "Channel::Telegram": "telegram",
    "Channel::TwitterProfile": "x",
    "Channel::Line": "line",
    "Channel::Tiktok": "tiktok",
    "Channel::Voice": "phone",
}
# Whose source_id is the platform's own id of the person, whatever inbox it came in by.
_PLATFORM_IDS = {"line": "line-id", "telegram": "telegram-id"}
_NETWORK_SAYS_PHONE = frozenset({"whatsapp", "sms", "phone"})
# Newer versions write words, older ones and some events the numbers of the enumeration.
_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
_MACHINES = frozenset({"agent_bot", "captain_assistant"})
_MOST_CHANGES = 100_000  # messages whose last change is held
_TAKEN = words(
    "event id content created_at message_type sender contact conversation account inbox attachments private source_id"
)


class ChatwootSource(JsonSource):
    """Reads message_created and message_updated; other events are passed over.

    A contact is known by its record in Chatwoot. Phone and email are observed where the channel itself carries them
    (WhatsApp, SMS, email), else claimed: they come from a form. The contact's ``identifier`` is the business's own id of
    the person: it counts when ``identifier_scope`` says what it is an id of, verified where the widget proved it (HMAC).

    Args:
        origin: a path, bytes, a stream, or the parsed payloads.
        identifier_scope: scope of the account numbers that ``identifier`` holds; None leaves them in the attributes.
        received_at: when the webhooks came in: the time of updates that say none, as those of a message.
        options: of Source.
    """

    name: ClassVar[str] = "chatwoot"
    versions: ClassVar[str] = "Chatwoot 2 to 4, webhooks message_created and message_updated"
    default_source: ClassVar[str] = "chatwoot"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(
        self,
        origin: Any,
        *,
        identifier_scope: str | None = None,
        received_at: datetime | str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self.identifier_scope = identifier_scope
        self.received_at = None if received_at is None else self.time(received_at, "received_at")
        self._changes: dict[str, datetime] = {}  # when each message was changed last, the oldest first

    def items(self) -> Iterator[Item]:
        """Yield the messages and their changes, in the order of the origin."""
        self._changes.clear()
        yield from super().items()

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the event and the parts of its messages."""
        if {"event", "message_type", "conversation"} <= head_keys(head) and b'"message_' in head:
            return "has message events of Chatwoot"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the message of one event."""
        payload = mapping_of(value)
        event = text_of(payload.get("event"))
        if event is None:
            raise UnreadableError("event: missing, accepted are the webhooks of Chatwoot")
        if event not in ("message_created", "message_updated"):
            yield self.passed(where, event_type(event))
            return
        number = id_of(payload.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the message")
        timestamp = self.time(payload.get("created_at"), "created_at")
        gone = mapping_of(payload.get("content_attributes")).get("deleted") is True
        # An update carries the whole message: where its creation was missed, it is known from that.
        whole = event == "message_created" or bool(mapping_of(payload.get("sender")))
        if whole:
            yield from self._message(payload, number, timestamp, where, gone)
        if event == "message_updated":
            body = None if gone else body_of(payload.get("content"))
            at = self._changed_at(payload, number, timestamp)
            yield Revision(source=self.source, source_id=number, at=at, body=body, deleted=gone, same_unit=whole)

    def _changed_at(self, payload: Mapping[str, Any], number: str, created: datetime) -> datetime:
        """Return when a message was changed; updates that do not say it are a microsecond apart, in the order in which they came."""
        said = parse_time(payload.get("updated_at"), self.zone) or self.received_at
        # Of a message Chatwoot tells when it was created alone; of its conversation also when it changed.
        said = said or parse_time(mapping_of(payload.get("conversation")).get("updated_at"), self.zone)
        timestamp = max(created, said) if said else created
        last = self._changes.pop(number, None)
        if last is not None and timestamp <= last:
            timestamp = last + timedelta(microseconds=1)
        elif last is None and timestamp == created:
            timestamp = created + timedelta(microseconds=1)
        self._changes[number] = timestamp
        if len(self._changes) > _MOST_CHANGES:
            del self._changes[next(iter(self._changes))]
        return timestamp

    def _message(
        self, payload: Mapping[str, Any], number: str, timestamp: datetime, where: str, gone: bool
    ) -> Iterator[Item]:
        conversation = mapping_of(payload.get("conversation"))
        meta = mapping_of(conversation.get("meta"))
        account = text_of(mapping_of(payload.get("account")).get("id"))
        sender = mapping_of(payload.get("sender"))
        word = text_of(payload.get("message_type")) or ""
        kind = _TYPES.get(word, word)
        private = payload.get("private") is True
        direction = Direction.INBOUND if kind == "incoming" else Direction.OUTBOUND
        if private or kind == "activity":
            direction = Direction.INTERNAL
        contact = mapping_of(meta.get("sender")) or mapping_of(payload.get("contact"))
        if not contact and kind == "incoming":
            contact = sender
        label = text_of(conversation.get("channel")) or ""
        channel = _CHANNELS.get(label, label.rpartition(":")[2].lower() or "chat")
        inbox = mapping_of(conversation.get("contact_inbox"))
        proved, platform_id = inbox.get("hmac_verified") is True, text_of(inbox.get("source_id"))
        name = name_of(contact.get("name"))
        conversation_id = text_of(conversation.get("id")) or text_of(conversation.get("display_id"))
        additional = mapping_of(conversation.get("additional_attributes"))
        yield Interaction(
            channel=channel,
            kind="note" if private else "event" if kind == "activity" else "message",
            occurred_at=timestamp,
            direction=direction,
            customers=(tuple(self._contact(contact, channel, account, proved, platform_id)),),
            subject=subject_of(additional.get("mail_subject")),
            body=None if gone else body_of(payload.get("content")),
            agent=None if kind == "incoming" else name_of(sender.get("name")),
            thread=f"{account or 'account'}:{conversation_id}" if conversation_id else None,
            reply_to=id_of(mapping_of(payload.get("content_attributes")).get("in_reply_to")),
            attachments=tuple(_attachments(list_of(payload.get("attachments")))),
            traits={"name": name} if name and direction is Direction.INBOUND else {},
            attributes=attributes_of(
                payload,
                facts(deleted=gone, automatic=kind == "template" or sender.get("type") in _MACHINES),
                {
                    "inbox": mapping_of(payload.get("inbox")).get("name"),
                    "status": conversation.get("status"),
                    "identifier": contact.get("identifier") if self.identifier_scope is None else None,
                    "page": additional.get("referer"),
                },
                without=_TAKEN,
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )
        if not contact:
            yield self.rejected(
                where, "contact: missing, nobody is known to whom it belongs", source_id=number, kept=True
            )

    def _contact(
        self, contact: Mapping[str, Any], channel: str, account: str | None, proved: bool, platform_id: str | None
    ) -> Iterator[Sighting]:
        number = text_of(contact.get("id"))
        if number:
            yield Sighting(key_text("crm", number, f"chatwoot-{account}" if account else "chatwoot"))
        if platform_id and channel in _PLATFORM_IDS:
            yield Sighting(key_text(_PLATFORM_IDS[channel], platform_id))
        phone = text_of(contact.get("phone_number"))
        if phone:
            yield Sighting(
                f"phone:{phone}", Assurance.OBSERVED if channel in _NETWORK_SAYS_PHONE else Assurance.CLAIMED
            )
        email = text_of(contact.get("email"))
        if email:
            yield Sighting(f"email:{email}", Assurance.OBSERVED if channel == "email" else Assurance.CLAIMED)
        own = text_of(contact.get("identifier"))
        if own and self.identifier_scope is not None:
            assurance = Assurance.VERIFIED if proved else Assurance.CLAIMED
            yield Sighting(key_text("account", own, self.identifier_scope), assurance)


def _attachments(found: list[Any]) -> Iterator[Attachment]:
    for item in map(mapping_of, found[:100]):
        url = text_of(item.get("data_url"))
        yield Attachment(
            name=name_of((url or "").rpartition("/")[2].partition("?")[0]),
            media_type=name_of(item.get("file_type")),
            size=size_of(item.get("file_size")),
            url=url,
        )
