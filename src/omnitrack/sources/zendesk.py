"""Comments of Zendesk tickets, as the ticket comments API and exports of tickets with their comments give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Sighting
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.mail_text import html_to_text, split_text
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    id_of,
    list_of,
    mapping_of,
    name_of,
    subject_of,
    text_of,
    words,
)

# via.channel, as the API reference lists it, to the channel of the interaction.
_CHANNELS = {
    "email": "email",
    "voice": "phone",
    "phone_call_inbound": "phone",
    "phone_call_outbound": "phone",
    "voicemail": "phone",
    "chat": "chat",
    "native_messaging": "chat",
    "messaging": "chat",
    "twitter": "x",
    "twitter_dm": "x",
    "facebook": "facebook",
    "facebook_post": "facebook",
    "facebook_message": "facebook",
    "instagram_dm": "instagram",
    "whatsapp": "whatsapp",
    "sms": "sms",
    "telegram": "telegram",
    "forum": "forum",
    "mobile_sdk": "app",
    "api": "web",
    "web": "web",
    "web_form": "web",
    "help_center": "web",
}
_TAKEN = words("id author_id body html_body plain_body public created_at attachments type")


class ZendeskSource(JsonSource):
    """Reads pages of comments (``comments``, ``users``), and tickets that hold their comments, line by line or as an array.

    Users are known by their record in Zendesk. The address or number that a comment came from is observed; what else the
    user's record holds is claimed. A comment that is not public is an internal note.

    Args:
        origin: a path, bytes, a stream, or the parsed pages.
        ticket: id of the ticket that the page belongs to: the API's own page does not say it.
        instance: subdomain of your Zendesk, in which ids are unique.
        identifier_scope: scope of the account numbers that ``external_id`` of users holds; None leaves them out.
        options: of Source.
    """

    name: ClassVar[str] = "zendesk"
    versions: ClassVar[str] = "Zendesk Support API v2: ticket comments with users side-loaded, tickets with comments"
    default_source: ClassVar[str] = "zendesk"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    def __init__(
        self,
        origin: Any,
        *,
        ticket: str | int | None = None,
        instance: str = "zendesk",
        identifier_scope: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self.ticket = str(ticket) if ticket is not None else None
        self.instance = instance
        self.identifier_scope = identifier_scope

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of its comments."""
        keys = head_keys(head)
        if {"comments", "author_id", "public"} <= keys and keys & {"html_body", "plain_body", "audit_id"}:
            return "has ticket comments of Zendesk"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the comments of one page or ticket."""
        page = mapping_of(value)
        ticket = mapping_of(page.get("ticket")) or page
        holder = page if page.get("comments") or "comments" not in ticket else ticket
        if "comments" not in holder:
            raise UnreadableError("comments: missing, accepted is a page of comments or a ticket with its comments")
        users = {text_of(user.get("id")): user for user in map(mapping_of, list_of(page.get("users")))}
        number = self.ticket or (text_of(ticket.get("id")) if "comments" not in ticket or "subject" in ticket else None)
        requester = text_of(ticket.get("requester_id"))
        previous: str | None = None

        def one(comment: Mapping[str, Any], place: str) -> Iterator[Item]:
            nonlocal previous
            for item in self._comment(comment, users, ticket, number, requester, previous, place):
                if isinstance(item, Interaction):
                    previous = item.source_id
                yield item

        yield from self.each(holder, "comments", where, "comment", one)

    def _comment(
        self,
        comment: Mapping[str, Any],
        users: Mapping[str | None, Mapping[str, Any]],
        ticket: Mapping[str, Any],
        number: str | None,
        requester: str | None,
        previous: str | None,
        where: str,
    ) -> Iterator[Item]:
        id = id_of(comment.get("id"))
        if id is None:
            raise UnreadableError("id: missing, accepted is the id of the comment")
        moment = self.time(comment.get("created_at"), "created_at")
        author = text_of(comment.get("author_id"))
        user = users.get(author, {})
        via = mapping_of(comment.get("via"))
        label = (text_of(via.get("channel")) or "").lower()
        channel = _CHANNELS.get(label, label or "web")
        role = text_of(user.get("role"))
        # The requester of a ticket is a customer, except where an agent opened it on the phone: then the role says so.
        inbound = role == "end-user" if role else author is not None and author == requester
        direction = Direction.INBOUND if inbound else Direction.OUTBOUND
        public = comment.get("public") is not False
        if not public:
            direction = Direction.INTERNAL
        customer = author if inbound else requester
        source_from = mapping_of(mapping_of(via.get("source")).get("from"))
        seen = source_from if inbound else mapping_of(mapping_of(via.get("source")).get("to"))
        body = body_of(comment.get("plain_body")) or body_of(comment.get("body"))
        if not body and isinstance(comment.get("html_body"), str):
            body = body_of(html_to_text(comment["html_body"]))
        parts = split_text(body) if body and channel == "email" else None
        about = users.get(customer, {})
        name = name_of(about.get("name"))
        yield Interaction(
            channel=channel,
            kind="call"
            if label in ("voice", "phone_call_inbound", "phone_call_outbound")
            else "message"
            if public
            else "note",
            occurred_at=moment,
            direction=direction,
            customers=(tuple(self._person(customer, about, seen)),),
            subject=subject_of(ticket.get("subject")),
            body=parts.new if parts else body,
            agent=None if inbound else name_of(user.get("name")) or name_of(author),
            thread=number,
            reply_to=previous,
            attachments=tuple(_attachments(list_of(comment.get("attachments")))),
            traits={"name": name} if name else {},
            attributes=attributes_of(
                comment,
                {
                    "quoted": parts.quoted if parts else None,
                    "signature": parts.signature if parts else None,
                    "ticket": {k: ticket[k] for k in ("status", "priority", "tags", "type") if ticket.get(k)},
                },
                without=_TAKEN,
            ),
            source=self.source,
            source_id=id,
            region=self.region,
        )
        if customer is None:
            yield self.rejected(
                where,
                "author: neither its role nor the ticket's requester_id tells the customer",
                source_id=id,
                kept=True,
            )

    def _person(self, number: str | None, user: Mapping[str, Any], seen: Mapping[str, Any]) -> Iterator[Sighting]:
        if number:
            yield Sighting(key_text("crm", number, self.instance))
        address = text_of(seen.get("address"))
        if address and "@" in address:
            yield Sighting(f"email:{address}", raw=f"{text_of(seen.get('name')) or ''} <{address}>".strip()[:500])
        number_seen = text_of(seen.get("phone")) or text_of(seen.get("formatted_phone"))
        if number_seen:
            yield Sighting(f"phone:{number_seen}")
        email, phone = text_of(user.get("email")), text_of(user.get("phone"))
        if email and (not address or email.lower() != address.lower()):
            yield Sighting(f"email:{email}", Assurance.CLAIMED)
        if phone and phone != number_seen:
            yield Sighting(f"phone:{phone}", Assurance.CLAIMED)
        own = text_of(user.get("external_id"))
        if own and self.identifier_scope is not None:
            yield Sighting(key_text("account", own, self.identifier_scope), Assurance.OBSERVED)


def _attachments(found: list[Any]) -> Iterator[Attachment]:
    for item in map(mapping_of, found[:100]):
        size = item.get("size")
        yield Attachment(
            name=name_of(item.get("file_name")),
            media_type=name_of(item.get("content_type")),
            size=size if isinstance(size, int) else None,
            url=text_of(item.get("content_url")),
        )
