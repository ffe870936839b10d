"""Posts and direct messages of X in the shape of its API 1.1, which the archive and the account activity webhooks have kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from omnitrack.model import Attachment, Interaction, Sighting, observed
from omnitrack.sources.base import UnreadableError
from omnitrack.sources.values import attributes_of, id_of, list_of, mapping_of, name_of, parse_time, text_of, words
from omnitrack.sources.x_api import snowflake_time, unescaped

_TAKEN = words(
    "id id_str text full_text created_at user entities extended_entities extended_tweet in_reply_to_status_id in_reply_to_status_id_str "
    "in_reply_to_user_id in_reply_to_user_id_str in_reply_to_screen_name display_text_range truncated retweeted_status quoted_status"
)


def account(number: str | None, handle: str | None) -> tuple[Sighting, ...]:
    """Return both identifiers of an account: the platform itself says that they are one."""
    found = [observed(f"x-id:{number}")] if number else []
    return tuple([*found, observed(f"x:{handle}")] if handle else found)


def classic_time(text: Any) -> datetime | None:
    """Return the time of ``Mon Jan 05 10:04:12 +0000 2026``, or of what is written in another form."""
    try:
        return datetime.strptime(text_of(text) or "", "%a %b %d %H:%M:%S %z %Y")
    except ValueError:
        return parse_time(text, timezone.utc)


def post(
    found: Mapping[str, Any], author: tuple[Sighting, ...], source: str, region: str | None
) -> Iterator[Interaction]:
    """Yield the interaction of a post.

    Args:
        found: as the API 1.1 writes it.
        author: who wrote it, where the post does not say it: in an archive, whose archive it is.
        source: name of the system.
        region: in which national numbers are read.
    """
    number = id_of(found.get("id_str")) or id_of(found.get("id"))
    if number is None:
        raise UnreadableError("id_str: missing, accepted is the id of the post")
    timestamp = classic_time(found.get("created_at")) or snowflake_time(number)
    if timestamp is None:
        raise UnreadableError("created_at: missing or no time, accepted is 'Mon Jan 05 10:04:12 +0000 2026'")
    longer = mapping_of(found.get("extended_tweet"))
    body = unescaped(longer.get("full_text")) or unescaped(found.get("full_text")) or unescaped(found.get("text"))
    user = mapping_of(found.get("user"))
    writer = account(id_of(user.get("id_str")) or id_of(user.get("id")), text_of(user.get("screen_name"))) or author
    entities = mapping_of(longer.get("entities")) or mapping_of(found.get("entities"))
    media = mapping_of(longer.get("extended_entities")) or mapping_of(found.get("extended_entities")) or entities
    to_id = id_of(found.get("in_reply_to_user_id_str")) or id_of(found.get("in_reply_to_user_id"))
    to = account(to_id, text_of(found.get("in_reply_to_screen_name")))
    mentions: list[Sighting] = []
    for mention in map(mapping_of, list_of(entities.get("user_mentions"))):
        if to_id is None or id_of(mention.get("id_str")) != to_id:
            mentions += account(id_of(mention.get("id_str")), text_of(mention.get("screen_name")))
    yield Interaction(
        channel="x",
        kind="repost" if found.get("retweeted_status") or re.match(r"RT @\w{1,15}: ", body or "") else "post",
        occurred_at=timestamp,
        sender=writer,
        recipients=(to,) if to else (),
        participants=tuple(dict.fromkeys(mentions)),
        body=body,
        reply_to=id_of(found.get("in_reply_to_status_id_str")) or id_of(found.get("in_reply_to_status_id")),
        attachments=tuple(
            Attachment(media_type=name_of(one.get("type")), url=text_of(one.get("media_url_https")))
            for one in map(mapping_of, list_of(media.get("media"))[:100])
        ),
        traits={"name": name_of(user["name"])} if text_of(user.get("name")) else {},
        attributes=attributes_of(
            found,
            {
                "hashtags": [mapping_of(one).get("text") for one in list_of(entities.get("hashtags"))],
                "urls": [mapping_of(one).get("expanded_url") for one in list_of(entities.get("urls"))],
                "quotes": id_of(mapping_of(found.get("quoted_status")).get("id_str")),
            },
            without=_TAKEN,
        ),
        source=source,
        source_id=number,
        region=region,
    )


def message(
    event: Mapping[str, Any], users: Mapping[str, Any], source: str, region: str | None
) -> Iterator[Interaction]:
    """Yield the interaction of a direct message, ``message_create`` of the account activity webhooks."""
    number = id_of(event.get("id"))
    if number is None:
        raise UnreadableError("id: missing, accepted is the id of the message")
    timestamp = parse_time(event.get("created_timestamp")) or snowflake_time(number)
    if timestamp is None:
        raise UnreadableError("created_timestamp: missing or no time, accepted are milliseconds since 1970")
    created = mapping_of(event.get("message_create"))
    data = mapping_of(created.get("message_data"))
    sender = text_of(created.get("sender_id"))
    recipient = text_of(mapping_of(created.get("target")).get("recipient_id"))
    user = mapping_of(users.get(sender or ""))
    file = mapping_of(mapping_of(data.get("attachment")).get("media"))
    # As the API 2 names a conversation of two.
    both = sorted(filter(None, (sender, recipient)), key=lambda one: (len(one), one))
    yield Interaction(
        channel="x",
        kind="direct-message",
        occurred_at=timestamp,
        sender=account(sender, text_of(user.get("screen_name"))),
        recipients=(account(recipient, text_of(mapping_of(users.get(recipient or "")).get("screen_name"))),)
        if recipient
        else (),
        body=unescaped(data.get("text")),
        thread="-".join(both) or None,
        attachments=(Attachment(media_type=name_of(file.get("type")), url=text_of(file.get("media_url_https"))),)
        if file
        else (),
        traits={"name": name_of(user["name"])} if text_of(user.get("name")) else {},
        attributes=attributes_of(data, without=words("text entities attachment")),
        source=source,
        source_id=number,
        region=region,
    )
