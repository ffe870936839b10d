"""Webhooks of the Account Activity API of X: posts and direct messages to and from an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Revision
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import event_type, id_of, mapping_of, text_of
from omnitrack.sources.x_classic import message, post


class XActivitySource(JsonSource):
    """Reads the webhooks as the platform posts them. Likes, follows, blocks, receipts and signs of typing are passed over."""

    name: ClassVar[str] = "x-activity"
    versions: ClassVar[str] = "Account Activity API, premium and enterprise: posts, deletes, direct messages"
    default_source: ClassVar[str] = "x"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the account that it is for, and its lists of events."""
        keys = head_keys(head)
        if "for_user_id" in keys and any(key.endswith("_events") for key in keys):
            return "has webhooks of the Account Activity API of X"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield what one webhook holds."""
        if not isinstance(value, Mapping):
            raise UnreadableError("no webhook of the Account Activity API, which is an object")
        users = mapping_of(value.get("users"))
        events = [name for name in value if name.endswith("_events") or name == "user_event"]
        for name in events:
            yield from self.each(
                value if isinstance(value[name], list) else {name: [value[name]]},
                name,
                where,
                name.removesuffix("_events"),
                lambda event, place, name=name: self._event(name, event, users, place),  # type: ignore[misc]
            )
        if not events:
            yield self.passed(where, NOTHING_IN_IT)

    def _event(self, name: str, event: Mapping[str, Any], users: Mapping[str, Any], where: str) -> Iterator[Item]:
        if name == "tweet_create_events":
            yield from post(event, (), self.source, self.region)
        elif name == "direct_message_events" and event.get("type") in (None, "message_create"):
            yield from message(event, users, self.source, self.region)
        elif name == "tweet_delete_events":
            number = id_of(mapping_of(event.get("status")).get("id"))
            if number is None:
                raise UnreadableError("status.id: missing, accepted is the id of the post")
            at = self.time(event.get("timestamp_ms"), "timestamp_ms")
            yield Revision(source=self.source, source_id=number, at=at, deleted=True)
        elif name == "direct_message_mark_read_events":
            yield self.passed(where, "status receipt")
        else:
            yield self.passed(where, event_type(name.removesuffix("_events")), source_id=text_of(event.get("id")))
