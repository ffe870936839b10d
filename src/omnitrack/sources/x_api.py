"""Posts and direct messages of X (Twitter) as its API v2 gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Attachment, Interaction, Revision, Sighting, observed
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.reading_json import head_json, head_keys
from omnitrack.sources.values import (
    TIME_FORMS,
    attributes_of,
    body_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    text_of,
    unread,
    words,
)

# Ids made since November 2010 carry their time: milliseconds after this one, in all but the low 22 bits.
_SNOWFLAKE = datetime(2010, 11, 4, 1, 42, 54, 657000, timezone.utc)
_TAKEN = words(
    "id text author_id created_at conversation_id in_reply_to_user_id referenced_tweets entities attachments "
    "edit_history_tweet_ids note_tweet"
)
_TAKEN_DM = words("id text sender_id created_at dm_conversation_id participant_ids attachments")


class XSource(JsonSource):
    """Reads pages of posts (``data``, ``includes``), single posts, streams of them line by line, and direct messages.

    The author is known by numeric id and by handle; so is the account that is answered. Others who are mentioned are
    participants. An edit is a post of its own on X: here it is a revision of the first.
    """

    name: ClassVar[str] = "x"
    versions: ClassVar[str] = "X API v2: posts (search, timelines, lookup, filtered stream), dm_events"
    default_source: ClassVar[str] = "x"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        value = head_json(head)
        keys = head_keys(head)
        if value is not None and "data" not in value:
            return None
        if head.lstrip(b"\xef\xbb\xbf \t\r\n[")[:1] != b"{" or "data" not in keys:
            return None
        if {"text", "author_id"} <= keys or {"text", "edit_history_tweet_ids"} <= keys or {"text", "sender_id"} <= keys:
            return "has posts of the X API v2: data with text and author"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield what one value holds; see ``JsonSource.read``."""
        if not isinstance(value, Mapping):
            raise UnreadableError("no object of the X API, which has data in it")
        includes = mapping_of(value.get("includes"))
        users = {str(user.get("id")): user for user in list_of(includes.get("users")) if isinstance(user, Mapping)}
        media = {m.get("media_key"): m for m in list_of(includes.get("media")) if isinstance(m, Mapping)}
        for error in list_of(value.get("errors")):
            about = mapping_of(error)
            reason = text_of(about.get("title")) or text_of(about.get("detail")) or "an error of the platform"
            what = text_of(about.get("resource_type")) or "item"
            # With posts there, it is what they refer to that is missing.
            yield self.rejected(where, f"the platform left out a {what}: {reason}", kept=bool(value.get("data")))
        data = value.get("data")
        if data is None:
            if mapping_of(value.get("meta")).get("result_count") == 0:
                yield self.passed(where, "page without results")
            elif not list_of(value.get("errors")):
                raise UnreadableError("data: missing, accepted is a post or a list of posts")
            return
        for index, post in enumerate(data if isinstance(data, list) else [data]):
            place = f"{where}, post {index}" if isinstance(data, list) else where
            yield from self.guarded(place, self._one(post, users, media, place))

    def _one(self, post: Any, users: Mapping[str, Any], media: Mapping[Any, Any], where: str) -> Iterator[Item]:
        if not isinstance(post, Mapping):
            raise UnreadableError("no post: accepted is an object with id and text")
        gone = mapping_of(mapping_of(post.get("delete")).get("tweet"))
        if gone:
            at = self.time(mapping_of(post.get("delete")).get("event_at"), "event_at")
            yield Revision(source=self.source, source_id=self._id(gone), at=at, deleted=True)
        elif "dm_conversation_id" in post or "sender_id" in post or "event_type" in post:
            yield from self._message(post, users, media, where)
        else:
            yield from self._post(post, users, media, where)

    def _id(self, post: Mapping[str, Any]) -> str:
        number = id_of(post.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the post")
        return number

    def _post(
        self, post: Mapping[str, Any], users: Mapping[str, Any], media: Mapping[Any, Any], where: str
    ) -> Iterator[Item]:
        number = self._id(post)
        body = unescaped(mapping_of(post.get("note_tweet")).get("text")) or unescaped(post.get("text"))
        created = parse_time(post.get("created_at"), self.zone) or snowflake_time(number)
        history = [text for text in map(id_of, list_of(post.get("edit_history_tweet_ids"))) if text]
        first = history[0] if history else number
        posted = (snowflake_time(first) or created) if first != number else created
        if created is None or posted is None:
            raise UnreadableError(unread("created_at", post.get("created_at"), f"{TIME_FORMS}, the time in the id"))
        author = text_of(post.get("author_id"))
        referenced = [r for r in list_of(post.get("referenced_tweets")) if isinstance(r, Mapping)]
        answered = next((id_of(r.get("id")) for r in referenced if r.get("type") == "replied_to"), None)
        kinds = {r.get("type") for r in referenced}
        to = text_of(post.get("in_reply_to_user_id"))
        entities = mapping_of(post.get("entities"))
        mentions = []
        for mention in list_of(entities.get("mentions")):
            about = mapping_of(mention)
            if text_of(about.get("id")) != to or to is None:
                mentions += self._account(text_of(about.get("id")), users, text_of(about.get("username")))
        user = mapping_of(users.get(author or ""))
        yield Interaction(
            channel="x",
            kind="repost" if "retweeted" in kinds else "post",
            occurred_at=posted,
            sender=tuple(self._account(author, users)),
            recipients=(tuple(self._account(to, users, _handle(to, entities))),) if to else (),
            participants=tuple(dict.fromkeys(mentions)),
            body=body,
            thread=id_of(post.get("conversation_id")),
            reply_to=answered,
            attachments=_attachments(post, media),
            traits={"name": name_of(user["name"])} if text_of(user.get("name")) else {},
            attributes=attributes_of(
                post,
                {
                    "hashtags": [mapping_of(h).get("tag") for h in list_of(entities.get("hashtags"))],
                    "urls": [mapping_of(u).get("expanded_url") for u in list_of(entities.get("urls"))],
                    "quotes": [id_of(r.get("id")) for r in referenced if r.get("type") == "quoted"],
                    "author": {key: user[key] for key in user if key not in ("id", "username", "name")},
                    "created_from": None if post.get("created_at") else "id",
                },
                without=_TAKEN,
            ),
            source=self.source,
            source_id=first,
            region=self.region,
        )
        if first != number:
            yield Revision(source=self.source, source_id=first, at=created, body=body, same_unit=True)
        if author is None:
            yield self.rejected(
                where, "author_id: missing, nobody is known to have written it", source_id=first, kept=True
            )

    def _message(
        self, event: Mapping[str, Any], users: Mapping[str, Any], media: Mapping[Any, Any], where: str
    ) -> Iterator[Item]:
        number = self._id(event)
        kind = text_of(event.get("event_type")) or "MessageCreate"
        if kind != "MessageCreate":
            yield self.passed(where, event_type(kind), source_id=number)
            return
        created = parse_time(event.get("created_at"), self.zone) or snowflake_time(number)
        if created is None:
            raise UnreadableError(unread("created_at", event.get("created_at"), f"{TIME_FORMS}, the time in the id"))
        sender = text_of(event.get("sender_id"))
        conversation = id_of(event.get("dm_conversation_id"))
        others = [text for text in map(text_of, list_of(event.get("participant_ids"))) if text]
        # The id of a conversation of two is made of theirs.
        others = others or [
            part for part in (conversation or "").split("-") if part.isdigit() and "-" in (conversation or "")
        ]
        user = mapping_of(users.get(sender or ""))
        yield Interaction(
            channel="x",
            kind="direct-message",
            occurred_at=created,
            sender=tuple(self._account(sender, users)),
            recipients=tuple(tuple(self._account(other, users)) for other in dict.fromkeys(others) if other != sender),
            body=unescaped(event.get("text")),
            thread=conversation,
            attachments=_attachments(event, media),
            traits={"name": name_of(user["name"])} if text_of(user.get("name")) else {},
            attributes=attributes_of(event, without=_TAKEN_DM),
            source=self.source,
            source_id=number,
            region=self.region,
        )
        if sender is None:
            yield self.rejected(
                where, "sender_id: missing, nobody is known to have written it", source_id=number, kept=True
            )

    def _account(self, number: str | None, users: Mapping[str, Any], handle: str | None = None) -> list[Sighting]:
        """Both identifiers of an account: the platform itself says that they are one."""
        handle = text_of(mapping_of(users.get(number or "")).get("username")) or handle
        found = [observed(f"x-id:{number}")] if number else []
        return [*found, observed(f"x:{handle}")] if handle else found


_ENTITY = re.compile("&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}


def unescaped(text: Any) -> str | None:
    """Return a text of X as it was written: the platform escapes ``&``, ``<`` and ``>`` in it, once, and nothing else."""
    body = body_of(text)
    return None if body is None else _ENTITY.sub(lambda match: _CHARACTERS[match[1]], body)


def snowflake_time(number: str | None) -> datetime | None:
    """Return the time that an id of X carries, None for the short ids of before November 2010."""
    if not number or not number.isdigit() or not 12 < len(number) < 20:
        return None
    return _SNOWFLAKE + timedelta(milliseconds=int(number) >> 22)


def _handle(number: str, entities: Mapping[str, Any]) -> str | None:
    for mention in list_of(entities.get("mentions")):
        if text_of(mapping_of(mention).get("id")) == number:
            return text_of(mapping_of(mention).get("username"))
    return None


def _attachments(post: Mapping[str, Any], media: Mapping[Any, Any]) -> tuple[Attachment, ...]:
    keys = list_of(mapping_of(post.get("attachments")).get("media_keys"))
    found = []
    for key in keys[:100]:
        about = mapping_of(media.get(key))
        url = text_of(about.get("url")) or text_of(about.get("preview_image_url"))
        found.append(Attachment(name=name_of(key), media_type=name_of(about.get("type")), url=url))
    return tuple(found)
