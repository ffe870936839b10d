"""Direct messages in the archive that X (Twitter) gives its members: direct-messages.js."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Attachment, Interaction, observed
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.values import (
    TIME_FORMS,
    attributes_of,
    body_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    parse_time,
    text_of,
    unread,
    words,
)
from omnitrack.sources.x_api import snowflake_time

_TAKEN = words("id text senderId recipientId createdAt mediaUrls")


class XArchiveSource(JsonSource):
    """Reads the conversations of direct-messages.js and direct-messages-group.js.

    Accounts are known by their numeric ids. Own ids (``x-id:...`` in the list of own identifiers) tell what was sent from
    what was received.
    """

    name: ClassVar[str] = "x-archive"
    versions: ClassVar[str] = "archives since 2018: window.YTD.direct_messages and direct_messages_group"
    default_source: ClassVar[str] = "x"
    own_zone: ClassVar[tzinfo | None] = timezone.utc
    preamble: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"\s*window\.YTD\.\w+\.part\d+\s*=")

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the variable that its script sets."""
        if re.match(rb"\s*window\.YTD\.direct_messages?(?:_group)?\.part\d+\s*=", head):
            return "begins with window.YTD.direct_messages of an X archive"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the messages of one conversation."""
        conversation = mapping_of(mapping_of(value).get("dmConversation"))
        if not conversation:
            raise UnreadableError("dmConversation: missing, accepted is a conversation of the archive")
        thread = id_of(conversation.get("conversationId"))
        # A conversation of two has both ids in its own, and says nothing else of who the other is.
        both = (thread or "").split("-")
        yield from self.each(
            conversation, "messages", where, "message", lambda message, place: self._event(message, thread, both, place)
        )

    def _event(self, event: Mapping[str, Any], thread: str | None, both: list[str], where: str) -> Iterator[Item]:
        created = event.get("messageCreate")
        if created is not None:
            yield from self._message(mapping_of(created), thread, both)
        elif event:
            yield self.passed(where, event_type(next(iter(event))))

    def _message(self, message: Mapping[str, Any], thread: str | None, both: list[str]) -> Iterator[Item]:
        number = id_of(message.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the id of the message")
        moment = parse_time(message.get("createdAt"), self.zone) or snowflake_time(number)
        if moment is None:
            raise UnreadableError(unread("createdAt", message.get("createdAt"), f"{TIME_FORMS}, the time in the id"))
        sender = text_of(message.get("senderId"))
        recipient = text_of(message.get("recipientId"))
        if recipient is None and len(both) == 2 and sender in both:
            recipient = both[1 - both.index(sender)]
        yield Interaction(
            channel="x",
            kind="direct-message",
            occurred_at=moment,
            sender=(observed(f"x-id:{sender}"),) if sender else (),
            recipients=((observed(f"x-id:{recipient}"),),) if recipient else (),
            body=body_of(message.get("text")),
            thread=thread,
            attachments=tuple(
                Attachment(url=url) for url in map(text_of, list_of(message.get("mediaUrls"))[:100]) if url
            ),
            attributes=attributes_of(message, without=_TAKEN),
            source=self.source,
            source_id=number,
            region=self.region,
        )
