"""Tickets of Zendesk: their comments and voice comments, as the APIs of comments, audits and tickets and exports give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import attrs

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
    files_of,
    id_of,
    list_of,
    mapping_of,
    name_of,
    subject_of,
    text_of,
    words,
)
from omnitrack.sources.zendesk_calls import Call, call_of

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
    "rule": "email",  # what a rule of the desk sends it sends by mail
    # Older exports give the number of the channel, as via_id.
    "0": "web",
    "4": "email",
    "5": "web",
    "29": "chat",
    "33": "phone",
    "34": "phone",
    "35": "phone",
}
_MACHINES = frozenset({"rule", "system", "trigger", "automation"})
_TAKEN = words("id author_id body html_body plain_body public created_at attachments type")

_OF_TICKETS = ("status", "priority", "tags", "type")


@attrs.define
class _About:
    """What a comment does not say itself: its ticket, who asked, and who is who."""

    users: Mapping[str | None, Mapping[str, Any]]
    ticket: Mapping[str, Any]
    number: str | None
    requester: str | None
    previous: str | None = None  # id of the comment before


def _requesters(page: Mapping[str, Any]) -> dict[str | None, str]:
    """Return the requester of each ticket, as the events of its creation say."""
    found: dict[str | None, str] = {}
    for audit in map(mapping_of, list_of(page.get("audits"))):
        for event in map(mapping_of, list_of(audit.get("events"))):
            if event.get("type") in ("Create", "Change") and event.get("field_name") == "requester_id":
                who = text_of(event.get("value"))
                if who:
                    found[text_of(audit.get("ticket_id"))] = who
    return found


class ZendeskSource(JsonSource):
    """Reads pages of comments (``comments``, ``users``), of audits, of tickets, and tickets that hold their comments.

    A ticket that comes without its comments is kept by its description, which is the text of the first: load comments or audits
    where you have them, not both tickets and comments. Who called whom in a voice comment is what the call says, not who its author is.

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
    versions: ClassVar[str] = (
        "Zendesk Support API v2: comments and audits with users side-loaded, tickets with comments or without"
    )
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
        """Know it by the fields of its comments, of its audits, or of its tickets."""
        keys = head_keys(head)
        if {"comments", "author_id", "public"} <= keys and keys & {"html_body", "plain_body", "audit_id"}:
            return "has ticket comments of Zendesk"
        if {"ticket_id", "author_id", "events", "via"} <= keys and (b"Comment" in head or "audits" in keys):
            return "has ticket audits of Zendesk"
        if {"requester_id", "submitter_id", "description", "via"} <= keys:
            return "has tickets of Zendesk"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the comments of one page or ticket, the events of its audits, or what tickets without comments say."""
        page = mapping_of(value)
        ticket = mapping_of(page.get("ticket")) or page
        users = {text_of(user.get("id")): user for user in map(mapping_of, list_of(page.get("users")))}
        holder = page if page.get("comments") or "comments" not in ticket else ticket
        if "comments" in holder:
            number = self.ticket or (
                text_of(ticket.get("id")) if "comments" not in ticket or "subject" in ticket else None
            )
            about = _About(users, ticket, number, text_of(ticket.get("requester_id")))
            yield from self.each(holder, "comments", where, "comment", partial(self._comment, about))
        elif "audits" in page:
            requesters = _requesters(page)
            read = partial(self._audit, users, ticket if "audits" not in ticket else {}, requesters)
            yield from self.each(page, "audits", where, "audit", read)
        elif isinstance(page.get("events"), list) and "ticket_id" in page:
            yield from self._audit(users, {}, _requesters({"audits": [page]}), page, where)
        elif "tickets" in page:
            yield from self.each(page, "tickets", where, "ticket", partial(self._ticket, users))
        elif "description" in ticket and "requester_id" in ticket:
            yield from self._ticket(users, ticket, where)
        else:
            raise UnreadableError(
                "comments: missing, accepted is a page of comments, of audits or of tickets, or a ticket with its comments"
            )

    def _ticket(
        self, users: Mapping[str | None, Mapping[str, Any]], ticket: Mapping[str, Any], where: str
    ) -> Iterator[Item]:
        """Yield the comments of a ticket; where it comes without them its description, which is the text of the first."""
        number, requester = text_of(ticket.get("id")), text_of(ticket.get("requester_id"))
        about = _About(users, ticket, number, requester)
        if "comments" in ticket:
            yield from self.each(ticket, "comments", where, "comment", partial(self._comment, about))
            return
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the ticket")
        first = {
            "id": f"ticket {number}",
            "author_id": ticket.get("submitter_id") or ticket.get("requester_id"),
            "public": ticket.get("is_public") is not False,
            "body": ticket.get("description"),
            "created_at": ticket.get("created_at"),
            "via": ticket.get("via"),
        }
        yield from self._comment(about, first, where)

    def _audit(
        self,
        users: Mapping[str | None, Mapping[str, Any]],
        ticket: Mapping[str, Any],
        requesters: Mapping[str | None, str],
        audit: Mapping[str, Any],
        where: str,
    ) -> Iterator[Item]:
        """Yield what the events of an audit are: comments and voice comments; of others the type."""
        number = text_of(audit.get("ticket_id")) or self.ticket
        requester = text_of(ticket.get("requester_id")) or requesters.get(number)
        about = _About(users, ticket, number, requester)

        def one(event: Mapping[str, Any], place: str) -> Iterator[Item]:
            kind = text_of(event.get("type"))
            if kind not in ("Comment", "VoiceComment"):
                yield self.passed(place, event_type(kind or "none"), source_id=id_of(event.get("id")))
                return
            # The event leaves to its audit what is the same for all of them.
            whole = {name: audit[name] for name in ("author_id", "created_at", "via", "metadata") if name in audit}
            said = {name: value for name, value in event.items() if value is not None}
            yield from self._comment(about, {**whole, **said}, place)

        yield from self.each(audit, "events", where, "event", one)

    def _comment(self, about: _About, comment: Mapping[str, Any], where: str) -> Iterator[Item]:
        """Yield the interaction of one comment. Long: each field of the interaction is filled here, in the order of the model."""
        id = id_of(comment.get("id"))
        if id is None:
            raise UnreadableError("id: missing, accepted is the id of the comment")
        timestamp = self.time(comment.get("created_at"), "created_at")
        author = text_of(comment.get("author_id"))
        user = about.users.get(author, {})
        via = mapping_of(comment.get("via"))
        label = (text_of(via.get("channel")) or text_of(comment.get("via_id")) or "").lower()
        channel = _CHANNELS.get(label, label or "web")
        ends = mapping_of(via.get("source"))
        source_from, source_to = mapping_of(ends.get("from")), mapping_of(ends.get("to"))
        call = call_of(comment, label)
        role = text_of(user.get("role"))
        public = comment.get("public") is not False
        inbound = _is_inbound(call, role, author, about.requester)
        direction = None if inbound is None else Direction.INBOUND if inbound else Direction.OUTBOUND
        if call is None and not public and not inbound:
            direction = Direction.INTERNAL
        customer = author if inbound and (call is None or role == "end-user") else about.requester
        if call is not None:
            channel = "phone"
            source_from, source_to = {**source_from, **call.caller}, {**source_to, **call.called}
        seen = source_from if inbound else source_to if inbound is False else {}
        body = (call.transcript if call is not None else None) or _body(comment)
        parts = split_text(body) if body and channel == "email" else None
        record = about.users.get(customer, {})
        name = name_of(record.get("name"))
        person = tuple(self._person(customer, record, seen, source_to if inbound else source_from))
        # Where nothing tells who is the customer, the company's own addresses do.
        ends_unknown = inbound is None and not person
        agent_id = call.agent if call is not None and call.agent else None if inbound and call is None else author
        agent = about.users.get(agent_id, {})
        by_customer = text_of(agent.get("role")) == "end-user"
        yield Interaction(
            channel=channel,
            kind="call" if call is not None else "message" if public or inbound else "note",
            occurred_at=call.started(self.zone) or timestamp if call is not None else timestamp,
            ended_at=call.ended(self.zone, timestamp) if call is not None else None,
            direction=direction,
            customers=(person,) if not ends_unknown else (),
            sender=tuple(self._person(None, {}, source_from, source_to)) if ends_unknown else (),
            recipients=(tuple(self._person(None, {}, source_to, source_from)),) if ends_unknown else (),
            subject=subject_of(about.ticket.get("subject")),
            body=parts.new if parts else body,
            agent=None if by_customer or inbound is None else name_of(agent.get("name")) or name_of(agent_id),
            outcome=call.outcome if call is not None else None,
            thread=about.number,
            reply_to=about.previous,
            attachments=(*_files(comment), *(call.recordings() if call is not None else ())),
            traits={"name": name} if name else {},
            attributes=attributes_of(
                comment,
                facts(automatic=author == "-1" or label in _MACHINES, deleted=about.ticket.get("status") == "deleted"),
                {
                    "quoted": parts.quoted if parts else None,
                    "signature": parts.signature if parts else None,
                    "ticket": {key: about.ticket[key] for key in _OF_TICKETS if about.ticket.get(key)},
                },
                without=_TAKEN,
            ),
            source=self.source,
            source_id=id,
            region=self.region,
        )
        about.previous = id
        if not person and (inbound is not None or not any(source_from.get(part) for part in ("address", "phone"))):
            yield self.rejected(
                where,
                "author: neither its role nor the ticket's requester_id tells the customer",
                source_id=id,
                kept=True,
            )

    def _person(
        self, number: str | None, user: Mapping[str, Any], seen: Mapping[str, Any], other: Mapping[str, Any]
    ) -> Iterator[Sighting]:
        if number:
            yield Sighting(key_text("crm", number, self.instance))
        address = text_of(seen.get("address"))
        if address and "@" in address:
            yield Sighting(f"email:{address}", raw=f"{text_of(seen.get('name')) or ''} <{address}>".strip()[:500])
        number_seen = text_of(seen.get("phone")) or text_of(seen.get("formatted_phone"))
        if number_seen:
            yield Sighting(f"phone:{number_seen}")
        profile, facebook = text_of(seen.get("profile_url")), text_of(seen.get("facebook_id"))
        if facebook:  # given to the page that the other end is
            yield Sighting(key_text("facebook-id", facebook, text_of(other.get("facebook_id")) or ""))
        elif profile:
            yield Sighting(profile)
        email, phone = text_of(user.get("email")), text_of(user.get("phone"))
        if email and (not address or email.lower() != address.lower()):
            yield Sighting(f"email:{email}", Assurance.CLAIMED)
        if phone and phone != number_seen:
            yield Sighting(f"phone:{phone}", Assurance.CLAIMED)
        own = text_of(user.get("external_id"))
        if own and self.identifier_scope is not None:
            yield Sighting(key_text("account", own, self.identifier_scope), Assurance.OBSERVED)


def _is_inbound(call: Call | None, role: str | None, author: str | None, requester: str | None) -> bool | None:
    """Return whether a comment came from the customer; None where nothing says so."""
    if call is not None and call.inbound is not None:
        return call.inbound
    if role:
        return role == "end-user"
    # The requester of a ticket is a customer, except where an agent opened it on the phone: then the role says so.
    return author == requester if author is not None and requester is not None else None


def _body(comment: Mapping[str, Any]) -> str | None:
    body = body_of(comment.get("plain_body")) or body_of(comment.get("body"))
    if not body and isinstance(comment.get("html_body"), str):
        return body_of(html_to_text(comment["html_body"]))
    return body


def _files(comment: Mapping[str, Any]) -> tuple[Attachment, ...]:
    return files_of(
        list_of(comment.get("attachments")),
        name="file_name",
        media_type="content_type",
        size="size",
        url="content_url",
    )
