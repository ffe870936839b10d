"""Webhooks of Facebook pages, Messenger and Instagram (Messenger Platform, Instagram Platform)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Attachment, Direction, Interaction, Revision, Sighting, observed
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    body_of,
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

_RECEIPTS = words("read delivery")
# What a person does without a word.
_SILENT = {"optin": "preference", "referral": "visit"}
_COMMENTS = words("comments live_comments mentions feed")
_ADDED, _EDITED, _REMOVED = "add", words("edit edited"), words("remove hide delete")


class MetaWebhookSource(JsonSource):
    """Reads messages, postbacks, reactions and comments as the platform posts them, one webhook a file, line by line, or an array.

    A person's id is known for one page or one professional account only, which is its scope. An edit, and a message that was taken back, is
    a revision; receipts are passed over.
    """

    name: ClassVar[str] = "meta"
    versions: ClassVar[str] = "webhooks of objects page and instagram, v2.6 to v25: messaging, standby, comments, feed"
    default_source: ClassVar[str] = "meta"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the object that it is about."""
        match = re.search(rb'"object"\s*:\s*"(page|instagram)"', head)
        if match and {"entry", "object"} <= head_keys(head):
            return f"has webhooks of the object {match[1].decode()}"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield what one webhook holds."""
        about = mapping_of(value)
        if not list_of(about.get("entry")):
            raise UnreadableError("entry: missing, accepted is a webhook of a page or of an account of Instagram")
        channel = "instagram" if about.get("object") == "instagram" else "messenger"
        yield from self.each(about, "entry", where, "entry", lambda entry, place: self._entry(entry, channel, place))

    def _entry(self, entry: Mapping[str, Any], channel: str, where: str) -> Iterator[Item]:
        own = text_of(entry.get("id")) or ""

        def event(found: Mapping[str, Any], place: str) -> Iterator[Item]:
            yield from self._event(found, channel, own, place)

        def change(found: Mapping[str, Any], place: str) -> Iterator[Item]:
            yield from self._change(found, channel, own, entry.get("time"), place)

        yield from self.each(entry, "messaging", where, "event", event)
        yield from self.each(entry, "standby", where, "event", event)
        yield from self.each(entry, "changes", where, "change", change)
        if "field" in entry:  # a change without its list
            yield from self.guarded(where, change(entry, where))
        elif not any(entry.get(name) for name in ("messaging", "standby", "changes")):
            yield self.passed(where, NOTHING_IN_IT)

    def _event(self, event: Mapping[str, Any], channel: str, own: str, where: str) -> Iterator[Item]:
        kind = next(
            (name for name in event if name not in ("sender", "recipient", "timestamp", "prior_message")), "event"
        )
        if kind in _RECEIPTS:
            yield self.passed(where, "status receipt")
            return
        part = mapping_of(event.get(kind))
        if kind not in ("message", "message_edit", "postback", "reaction", *_SILENT):
            yield self.passed(where, event_type(kind))
            return
        timestamp = self.time(event.get("timestamp"), "timestamp")
        number = id_of(part.get("mid"))
        if kind == "message_edit" or (kind == "message" and part.get("is_deleted")):
            if number is None:
                raise UnreadableError(f"{kind}.mid: missing, accepted is the id of the message")
            gone = kind == "message"
            text = None if gone else body_of(part.get("text"))
            yield Revision(source=self.source, source_id=number, at=timestamp, body=text, deleted=gone)
            return
        sender, recipient = (_id(event.get(end)) for end in ("sender", "recipient"))
        outbound = bool(part.get("is_echo")) or (sender is not None and sender == own)
        person = recipient if outbound else sender
        reply = mapping_of(part.get("reply_to"))
        yield Interaction(
            channel=channel,
            kind="reaction" if kind == "reaction" else _SILENT.get(kind, "message"),
            occurred_at=timestamp,
            direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
            customers=(_person(channel, person, None, own),),
            body=body_of(part.get("text")) or body_of(part.get("title")) or body_of(part.get("emoji")),
            thread=f"{own}:{person}" if person else None,
            reply_to=id_of(reply.get("mid")) or (number if kind == "reaction" else None),
            via=f"{_scheme(channel)}:{own}" if own.isdigit() else None,
            attachments=tuple(
                Attachment(
                    name=name_of(mapping_of(one.get("payload")).get("title")) or name_of(one.get("title")),
                    media_type=name_of(one.get("type")),
                    url=text_of(mapping_of(one.get("payload")).get("url")) or text_of(one.get("url")),
                )
                for one in map(mapping_of, list_of(part.get("attachments"))[:100])
            ),
            attributes=attributes_of({"type": kind}, part, without=words("mid text title emoji attachments is_echo")),
            source=self.source,
            source_id=number
            if number and kind != "reaction"
            else derived_id(kind, number or "", sender or "", recipient or "", timestamp.isoformat(), str(part)),
            region=self.region,
        )

    def _change(self, change: Mapping[str, Any], channel: str, own: str, sent: Any, where: str) -> Iterator[Item]:
        field = text_of(change.get("field")) or "change"
        value = mapping_of(change.get("value"))
        if field in ("messages", "messaging_postbacks", "message_reactions", "standby") and "sender" in value:
            yield from self._event(value, channel, own, where)
            return
        number = id_of(value.get("comment_id")) or (
            id_of(value.get("post_id")) if field == "feed" else id_of(value.get("id"))
        )
        thing = text_of(value.get("item")) or "comment"
        if (
            field not in _COMMENTS
            or number is None
            or (field == "feed" and thing not in ("comment", "post", "status", "photo", "video", "share"))
        ):
            yield self.passed(where, event_type(f"{field} {thing}" if field == "feed" else field))
            return
        timestamp = parse_time(value.get("created_time"), self.zone) or self.time(sent, "time")
        verb = text_of(value.get("verb")) or _ADDED
        text = body_of(value.get("text")) or body_of(value.get("message"))
        if verb in _EDITED or verb in _REMOVED:
            at: datetime = parse_time(sent, self.zone) or timestamp
            gone = verb in _REMOVED
            yield Revision(source=self.source, source_id=number, at=at, body=None if gone else text, deleted=gone)
            return
        writer = mapping_of(value.get("from"))
        person = id_of(writer.get("id")) or id_of(value.get("sender_id"))
        outbound = person is not None and person == own
        name = name_of(writer.get("name")) or name_of(value.get("sender_name"))
        post = (
            id_of(value.get("post_id"))
            or id_of(mapping_of(value.get("media")).get("id"))
            or id_of(value.get("media_id"))
        )
        yield Interaction(
            channel="instagram" if channel == "instagram" else "facebook",
            kind="comment" if field != "feed" or thing == "comment" else "post",
            occurred_at=timestamp,
            direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
            customers=() if outbound else (_person(channel, person, text_of(writer.get("username")), own),),
            body=text,
            thread=post,
            reply_to=id_of(value.get("parent_id")),
            via=f"{_scheme(channel)}:{own}" if own.isdigit() else None,
            traits={"name": name} if name and not outbound else {},
            attributes=attributes_of(
                {"field": field}, value, without=words("text message from id comment_id created_time")
            ),
            source=self.source,
            source_id=number,
            region=self.region,
        )


def _id(end: Any) -> str | None:
    return id_of(mapping_of(end).get("id"))


def _scheme(channel: str) -> str:
    return "instagram-id" if channel == "instagram" else "facebook-id"


def _person(channel: str, number: str | None, handle: str | None, own: str) -> tuple[Sighting, ...]:
    found = (
        [observed(f"{_scheme(channel)}:{number}@{own}" if own else f"{_scheme(channel)}:{number}")] if number else []
    )
    return tuple([*found, observed(f"instagram:{handle}")] if handle and channel == "instagram" else found)
