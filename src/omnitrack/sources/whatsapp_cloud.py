"""Webhooks of the WhatsApp Business Platform (Cloud API)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Direction, Interaction, Revision, Sighting, observed
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    derived_id,
    event_type,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    text_of,
    words,
)
from omnitrack.sources.whatsapp_content import MEDIA, content

_TAKEN = (*words("from from_user_id id timestamp type text context to to_user_id"), *MEDIA)
# What a change holds units in, and what it holds about them.
_UNITS = words("messages message_echoes history calls user_preferences errors statuses")
_READ = (*_UNITS, "contacts")
# A person's number or id became another: both are that person's. The names of before 2024 stand with those of today.
_CHANGED = words("user_changed_number customer_changed_number user_changed_user_id")


class WhatsAppCloudSource(JsonSource):
    """Reads the payloads as the platform posts them, one a file, line by line, or an array.

    ``wa_id`` is the customer's phone number. A business-scoped user id is known inside one portfolio only. An edit and
    a revoke are revisions of the message that they name. A message that the platform does not hand out is a contact without text; a changed
    number is an interaction of kind ``identity``, which has both. Reports of delivery and reading are passed over.

    Args:
        origin: a path, bytes, a stream, or the parsed payloads.
        portfolio: name or id of your business portfolio, in which user ids are unique; default: the id of the WhatsApp
            Business Account, which is safe, but keeps a person's ids in two accounts of one portfolio apart.
        options: of Source.
    """

    name: ClassVar[str] = "whatsapp-cloud"
    versions: ClassVar[str] = (
        "Cloud API v13 to v25: messages, smb_message_echoes, history, calls, user_preferences; user ids of 2026, edits and revokes"
    )
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

        business = re.sub(r"\D", "", text_of(metadata.get("display_phone_number")) or "")

        def message(
            direction: Direction, thread: str | None = None
        ) -> Callable[[Mapping[str, Any], str], Iterator[Item]]:
            return lambda found, place: self._message(found, contacts, business, scope, direction, thread, place)

        def chunk(found: Mapping[str, Any], place: str) -> Iterator[Item]:
            yield from self.each(found, "errors", place, "error", self._error)
            yield from self.each(found, "threads", place, "thread", thread)

        def thread(found: Mapping[str, Any], place: str) -> Iterator[Item]:
            other = text_of(found.get("id"))
            yield from self.each(found, "messages", place, "message", message(Direction.INBOUND, other))

        def passed(reason: str) -> Callable[[Mapping[str, Any], str], Iterator[Item]]:
            return lambda _, place: iter([self.passed(place, reason)])

        yield from self.each(value, "messages", where, "message", message(Direction.INBOUND))
        yield from self.each(value, "message_echoes", where, "echo", message(Direction.OUTBOUND))
        yield from self.each(value, "history", where, "chunk", chunk)
        yield from self.each(
            value, "calls", where, "call", lambda call, place: self._call(call, contacts, business, scope, place)
        )
        yield from self.each(
            value,
            "user_preferences",
            where,
            "preference",
            lambda found, _: self._preference(found, contacts, business, scope),
        )
        yield from self.each(value, "errors", where, "error", self._error)
        yield from self.each(value, "statuses", where, "status", passed("status receipt"))
        # Whatever else a list holds is of a type of its own.
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
        business: str,
        scope: str,
        direction: Direction,
        thread: str | None,
        where: str,
    ) -> Iterator[Item]:
        number = id_of(message.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the message")
        timestamp = self.time(message.get("timestamp"), "timestamp")
        kind = name_of(message.get("type")) or "unknown"
        if kind in ("edit", "revoke"):
            yield self._revision(mapping_of(message.get(kind)), kind, timestamp)
            return
        if kind == "system":
            yield from self._system(message, number, timestamp, business, scope, where)
            return
        if business and text_of(message.get("from")) == business:
            direction = Direction.OUTBOUND  # a history has both sides
        end = "from" if direction is Direction.INBOUND else "to"
        wa_id = text_of(message.get(end)) or (None if text_of(message.get(f"{end}_user_id")) else thread)
        user_id = text_of(message.get(f"{end}_user_id"))
        contact = _contact(contacts, wa_id, user_id)
        parent_id = text_of(message.get(f"{end}_parent_user_id"))
        profile = mapping_of(contact.get("profile"))
        context = mapping_of(message.get("context"))
        reaction = mapping_of(message.get("reaction"))
        body, attachments = content(message, kind)
        name = name_of(profile.get("name"))
        group = id_of(message.get("group_id"))
        with_whom = f"group {group}" if group else wa_id or user_id
        yield Interaction(
            channel="whatsapp",
            kind="reaction" if kind == "reaction" else "message",
            occurred_at=timestamp,
            direction=direction,
            customers=(tuple(_person(wa_id, user_id, contact, profile, scope, parent_id)),),
            body=body,
            thread=f"{business or 'business'}:{with_whom}" if with_whom else None,
            reply_to=id_of(context.get("id")) or id_of(reaction.get("message_id")),
            via=f"phone:+{business}" if business else None,
            attachments=attachments,
            traits={"name": name} if name else {},
            attributes=attributes_of(
                {"type": kind},
                facts(forwarded=context.get("forwarded") or context.get("frequently_forwarded")),
                message,
                without=_TAKEN,
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )

    def _system(
        self, message: Mapping[str, Any], number: str, timestamp: Any, business: str, scope: str, where: str
    ) -> Iterator[Item]:
        """What the platform says of a person. A new number or id is evidence that both are one person's, seen by the platform itself."""
        said = mapping_of(message.get("system"))
        kind = text_of(said.get("type")) or "system"
        if kind not in _CHANGED:
            yield self.passed(where, event_type(kind), source_id=number)
            return
        before = text_of(message.get("from")) or text_of(said.get("customer"))
        after = text_of(said.get("wa_id")) or text_of(said.get("new_wa_id"))
        ids = [
            text_of(said.get("previous_user_id")) or text_of(message.get("from_user_id")),
            text_of(said.get("user_id")),
        ]
        # One series or the other: an id that was seen with a number proves whose the number is, and the old number is nobody's new id.
        person = [observed(f"whatsapp:{one}") for one in dict.fromkeys((before, after)) if one]
        if len(person) < 2:
            ids_of = [observed(f"whatsapp-id:{one}@{scope}" if scope else f"whatsapp-id:{one}") for one in ids if one]
            person = list(dict.fromkeys(ids_of)) if len(set(filter(None, ids))) > 1 else person or ids_of[:1]
        with_whom = before or next(filter(None, ids), None)
        yield Interaction(
            channel="whatsapp",
            kind="identity",
            occurred_at=timestamp,
            direction=Direction.INBOUND,
            customers=(tuple(person),),
            thread=f"{business or 'business'}:{with_whom}" if with_whom else None,
            via=f"phone:+{business}" if business else None,
            attributes=attributes_of({"type": kind, "system": said}),
            source=self.source,
            source_id=number,
            region=self.region,
        )

    def _call(
        self, call: Mapping[str, Any], contacts: list[Mapping[str, Any]], business: str, scope: str, where: str
    ) -> Iterator[Item]:
        number = id_of(call.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the call")
        event = text_of(call.get("event"))
        if event != "terminate":
            # Every call ends, and what tells of its end tells of all of it.
            yield self.passed(
                where,
                f"event of a call before its end ({event})" if event == "connect" else event_type(event or "call"),
            )
            return
        inbound = text_of(call.get("direction")) != "BUSINESS_INITIATED"
        end = "from" if inbound else "to"
        wa_id, user_id = text_of(call.get(end)), text_of(call.get(f"{end}_user_id"))
        contact = _contact(contacts, wa_id, user_id)
        parent_id = text_of(call.get(f"{end}_parent_user_id"))
        profile = mapping_of(contact.get("profile"))
        told = self.time(call.get("timestamp"), "timestamp")
        began, ended = parse_time(call.get("start_time")), parse_time(call.get("end_time"))
        timestamp = began or told
        name = name_of(profile.get("name"))
        yield Interaction(
            channel="whatsapp",
            kind="call",
            occurred_at=timestamp,
            ended_at=ended if ended is not None and ended >= timestamp else None,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            customers=(tuple(_person(wa_id, user_id, contact, profile, scope, parent_id)),),
            outcome="answered" if began is not None else "missed",
            thread=f"{business or 'business'}:{wa_id or user_id}" if wa_id or user_id else None,
            via=f"phone:+{business}" if business else None,
            traits={"name": name} if name else {},
            attributes=attributes_of(call, without=words("id from to from_user_id to_user_id timestamp session event")),
            source=self.source,
            source_id=number,
            region=self.region,
        )

    def _preference(
        self, said: Mapping[str, Any], contacts: list[Mapping[str, Any]], business: str, scope: str
    ) -> Iterator[Item]:
        """What a person wants to be sent: they were in contact, without a word."""
        wa_id, user_id = text_of(said.get("wa_id")), text_of(said.get("user_id"))
        contact = _contact(contacts, wa_id, user_id)
        profile = mapping_of(contact.get("profile"))
        timestamp = self.time(said.get("timestamp"), "timestamp")
        category, value = text_of(said.get("category")) or "", name_of(said.get("value")) or ""
        yield Interaction(
            channel="whatsapp",
            kind="preference",
            occurred_at=timestamp,
            direction=Direction.INBOUND,
            customers=(tuple(_person(wa_id, user_id, contact, profile, scope, text_of(said.get("parent_user_id")))),),
            outcome=value or None,
            thread=f"{business or 'business'}:{wa_id or user_id}" if wa_id or user_id else None,
            via=f"phone:+{business}" if business else None,
            attributes=attributes_of(said, without=words("wa_id user_id timestamp value")),
            source=self.source,
            source_id=derived_id("preference", wa_id or user_id or "", category, value, timestamp.isoformat()),
            region=self.region,
        )

    def _revision(self, change: Mapping[str, Any], kind: str, timestamp: Any) -> Revision:
        original = id_of(change.get("original_message_id"))
        if original is None:
            raise UnreadableError(f"{kind}.original_message_id: missing, accepted is the id of the message")
        if kind == "revoke":
            return Revision(source=self.source, source_id=original, at=timestamp, deleted=True)
        message = mapping_of(change.get("message"))
        body, _ = content(message, name_of(message.get("type")) or "text")
        return Revision(source=self.source, source_id=original, at=timestamp, body=body)


def _contact(contacts: list[Mapping[str, Any]], wa_id: str | None, user_id: str | None) -> Mapping[str, Any]:
    for contact in contacts:
        if (wa_id and text_of(contact.get("wa_id")) == wa_id) or (
            user_id and text_of(contact.get("user_id")) == user_id
        ):
            return contact
    # A payload is about one person; older ones and those of Brazil write the number in two ways.
    return contacts[0] if len(contacts) == 1 else {}


def _person(
    wa_id: str | None,
    user_id: str | None,
    contact: Mapping[str, Any],
    profile: Mapping[str, Any],
    scope: str,
    parent_id: str | None,
) -> Iterator[Sighting]:
    number = wa_id or text_of(contact.get("wa_id"))
    if number:
        yield observed(f"whatsapp:{number}")
    user = user_id or text_of(contact.get("user_id"))
    if user:
        yield observed(f"whatsapp-id:{user}@{scope}" if scope else f"whatsapp-id:{user}")
    parent = parent_id or text_of(contact.get("parent_user_id"))
    if parent:  # one for all portfolios of the parent, so none of them is its scope
        yield observed(f"whatsapp-id:{parent}")
    username = text_of(profile.get("username"))
    if username:
        yield observed(f"whatsapp:{username.lstrip('@')}")
