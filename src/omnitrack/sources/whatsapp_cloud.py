"""Webhooks of the WhatsApp Business Platform (Cloud API)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Attachment, Direction, Interaction, Revision, Sighting, observed
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
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
    text_of,
    words,
)

_MEDIA = words("image video audio voice document sticker")
_TAKEN = words(
    "from from_user_id id timestamp type text context to to_user_id image video audio voice document sticker"
)
# What a change holds units in, and what it holds about them.
_UNITS = words("messages message_echoes errors statuses")
_READ = (*_UNITS, "contacts")
# What a business can neither read nor answer; the platform sends it to say that there was something.
_EMPTY = words("unsupported unknown")


class WhatsAppCloudSource(JsonSource):
    """Reads the payloads as the platform posts them, one a file, line by line, or an array.

    ``wa_id`` is the customer's phone number. A business-scoped user id is known inside one portfolio only. An edit and
    a revoke are revisions of the message that they name. Reports of delivery and reading are no interactions.

    Args:
        origin: a path, bytes, a stream, or the parsed payloads.
        portfolio: name or id of your business portfolio, in which user ids are unique; default: the id of the WhatsApp
            Business Account, which is safe, but keeps a person's ids in two accounts of one portfolio apart.
        options: of Source.
    """

    name: ClassVar[str] = "whatsapp-cloud"
    versions: ClassVar[str] = "Cloud API v16 to v25: messages, smb_message_echoes; user ids of 2026, edits and revokes"
    default_source: ClassVar[str] = "whatsapp"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(self, origin: Any, *, portfolio: str | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.portfolio = portfolio

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the object that it is about."""
        if re.search(rb'"object"\s*:\s*"whatsapp_business_account"', head) or (
            b'"messaging_product"' in head and {"metadata", "phone_number_id"} <= head_keys(head)
        ):
            return "has webhooks of a whatsapp_business_account"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the messages of one payload."""
        entries = list_of(mapping_of(value).get("entry"))
        if not entries:
            raise UnreadableError("entry: missing, accepted is a webhook of a whatsapp_business_account")
        yield from self.each(mapping_of(value), "entry", where, "entry", self._entry)

    def _entry(self, entry: Mapping[str, Any], where: str) -> Iterator[Item]:
        scope = self.portfolio or text_of(entry.get("id")) or ""
        yield from self.each(
            entry, "changes", where, "change", lambda change, place: self._change(change, scope, place)
        )

    def _change(self, change: Mapping[str, Any], scope: str, where: str) -> Iterator[Item]:
        value = change.get("value")
        if not isinstance(value, Mapping):
            raise UnreadableError("value: missing, accepted is what a webhook reports")
        contacts = [mapping_of(contact) for contact in list_of(value.get("contacts"))]
        metadata = mapping_of(value.get("metadata"))

        def message(direction: Direction) -> Callable[[Mapping[str, Any], str], Iterator[Item]]:
            return lambda found, _: self._message(found, contacts, metadata, scope, direction)

        def passed(reason: str) -> Callable[[Mapping[str, Any], str], Iterator[Item]]:
            return lambda _, place: iter([self.passed(place, reason)])

        yield from self.each(value, "messages", where, "message", message(Direction.INBOUND))
        yield from self.each(value, "message_echoes", where, "echo", message(Direction.OUTBOUND))
        yield from self.each(value, "errors", where, "error", self._error)
        yield from self.each(value, "statuses", where, "status", passed("status receipt"))
        # Whatever else a list holds is of a type of its own: calls, history, preferences.
        others = [name for name in value if isinstance(value[name], list) and name not in _READ]
        for name in others:
            yield from self.each(value, name, where, name[:60], passed(event_type(name)))
        field = text_of(change.get("field"))
        if not others and not any(value.get(name) for name in _UNITS):
            yield self.passed(where, NOTHING_IN_IT if field in (None, "messages") else event_type(field))

    def _error(self, error: Mapping[str, Any], where: str) -> Iterator[Item]:
        yield self.rejected(where, f"the platform reports an error: {text_of(error.get('title')) or 'without a title'}")

    def _message(
        self,
        message: Mapping[str, Any],
        contacts: list[Mapping[str, Any]],
        metadata: Mapping[str, Any],
        scope: str,
        direction: Direction,
    ) -> Iterator[Item]:
        number = id_of(message.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the message")
        moment = self.time(message.get("timestamp"), "timestamp")
        kind = name_of(message.get("type")) or "unknown"
        if kind in ("edit", "revoke"):
            yield self._revision(mapping_of(message.get(kind)), kind, moment)
            return
        if kind in _EMPTY:
            raise UnreadableError("a message of a kind that the platform does not hand out (unsupported)")
        end = "from" if direction is Direction.INBOUND else "to"
        wa_id = text_of(message.get(end))
        user_id = text_of(message.get(f"{end}_user_id"))
        contact = _contact(contacts, wa_id, user_id)
        profile = mapping_of(contact.get("profile"))
        business = re.sub(r"\D", "", text_of(metadata.get("display_phone_number")) or "")
        context = mapping_of(message.get("context"))
        reaction = mapping_of(message.get("reaction"))
        body, attachments = _content(message, kind)
        name = name_of(profile.get("name"))
        yield Interaction(
            channel="whatsapp",
            kind="reaction" if kind == "reaction" else "message",
            occurred_at=moment,
            direction=direction,
            customers=(tuple(_person(wa_id, user_id, contact, profile, scope)),),
            body=body,
            thread=f"{business or 'business'}:{wa_id or user_id}" if wa_id or user_id else None,
            reply_to=id_of(context.get("id")) or id_of(reaction.get("message_id")),
            via=f"phone:+{business}" if business else None,
            attachments=attachments,
            traits={"name": name} if name else {},
            attributes=attributes_of(
                {"type": kind, "parent_user_id": contact.get("parent_user_id")},
                facts(forwarded=context.get("forwarded") or context.get("frequently_forwarded")),
                message,
                without=_TAKEN,
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )

    def _revision(self, change: Mapping[str, Any], kind: str, moment: Any) -> Revision:
        original = id_of(change.get("original_message_id"))
        if original is None:
            raise UnreadableError(f"{kind}.original_message_id: missing, accepted is the id of the message")
        if kind == "revoke":
            return Revision(source=self.source, source_id=original, at=moment, deleted=True)
        message = mapping_of(change.get("message"))
        body, _ = _content(message, name_of(message.get("type")) or "text")
        return Revision(source=self.source, source_id=original, at=moment, body=body)


def _contact(contacts: list[Mapping[str, Any]], wa_id: str | None, user_id: str | None) -> Mapping[str, Any]:
    for contact in contacts:
        if (wa_id and text_of(contact.get("wa_id")) == wa_id) or (
            user_id and text_of(contact.get("user_id")) == user_id
        ):
            return contact
    # A payload is about one person; older ones and those of Brazil write the number in two ways.
    return contacts[0] if len(contacts) == 1 else {}


def _person(
    wa_id: str | None, user_id: str | None, contact: Mapping[str, Any], profile: Mapping[str, Any], scope: str
) -> Iterator[Sighting]:
    number = wa_id or text_of(contact.get("wa_id"))
    if number:
        yield observed(f"whatsapp:{number}")
    user = user_id or text_of(contact.get("user_id"))
    if user:
        yield observed(f"whatsapp-id:{user}@{scope}" if scope else f"whatsapp-id:{user}")
    username = text_of(profile.get("username"))
    if username:
        yield observed(f"whatsapp:{username.lstrip('@')}")


def _content(message: Mapping[str, Any], kind: str) -> tuple[str | None, tuple[Attachment, ...]]:
    """Return what a message says, and the media that came with it."""
    part = mapping_of(message.get(kind))
    if kind in _MEDIA:
        file = Attachment(
            name=name_of(part.get("filename")) or name_of(part.get("id")),
            media_type=name_of(part.get("mime_type")) or kind,
            sha256=name_of(part.get("sha256")),
            url=text_of(part.get("url")),
        )
        return body_of(part.get("caption")), (file,)
    if kind == "interactive":
        reply = (
            mapping_of(part.get("button_reply"))
            or mapping_of(part.get("list_reply"))
            or mapping_of(part.get("nfm_reply"))
        )
        return body_of(reply.get("title")) or body_of(reply.get("body")), ()
    if kind == "location":
        named = [text_of(part.get("name")), text_of(part.get("address"))]
        point = [text_of(part.get("latitude")), text_of(part.get("longitude"))]
        return ", ".join(filter(None, named)) or ", ".join(filter(None, point)) or None, ()
    for name in ("body", "text", "emoji"):
        if body_of(part.get(name)):
            return body_of(part.get(name)), ()
    return None, ()
