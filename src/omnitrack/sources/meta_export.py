"""Chats of Messenger and Instagram as people download them: message_1.json, in both forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Attachment, Direction, Interaction, Sighting, observed
from omnitrack.sources.base import NOTHING_IN_IT, Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
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
    text_of,
    words,
)

PLATFORMS = words("messenger instagram")
_FILES = {
    "photos": "image",
    "videos": "video",
    "audio_files": "audio",
    "gifs": "image/gif",
    "files": None,
    "media": None,
    "sticker": "sticker",
}
_TAKEN = (
    *_FILES,
    *words("sender_name senderName timestamp_ms timestamp content text is_unsent isUnsent call_duration missed"),
)
_LONGEST = 7 * 24 * 3600  # seconds of a call


class MetaExportSource(JsonSource):
    """Reads the messages of one chat. The download names people and gives no ids: ``people`` says who they are.

    Facebook writes the bytes of UTF-8 as if they were characters (``GrÃ¼Ã\\x9fe``); the texts are mended.

    Args:
        origin: a path, bytes or a stream, or the parsed chat.
        own_name: name, or names, under which the company writes; its messages are outbound, all others inbound.
        people: identifiers by the name in the chat: ``{"Jane": "facebook:jane.example"}``, a text or several.
        platform: ``"messenger"`` or ``"instagram"``; ``"auto"`` looks for it in the path, and takes Messenger.
        options: of Source.
    """

    name: ClassVar[str] = "meta-export"
    versions: ClassVar[str] = (
        "downloads of Facebook and Instagram in JSON since 2018; chats with end-to-end encryption since 2024"
    )
    default_source: ClassVar[str] = "meta-export"

    def __init__(
        self,
        origin: Any,
        *,
        own_name: str | Collection[str] = (),
        people: Mapping[str, str | Iterable[str]] | None = None,
        platform: str = "auto",
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        if platform not in ("auto", *PLATFORMS):
            raise ValueError(f"platform: got {platform!r}, accepted are auto, {', '.join(PLATFORMS)}")
        self.own_names = frozenset({own_name} if isinstance(own_name, str) else own_name)
        self.people = {
            name: (known,) if isinstance(known, str) else tuple(known) for name, known in (people or {}).items()
        }
        path = str(origin) if isinstance(origin, (str, Path)) else ""
        self.platform = platform if platform != "auto" else "instagram" if "instagram" in path.lower() else "messenger"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the names of its fields."""
        keys = head_keys(head)
        if {"messages", "sender_name", "timestamp_ms"} <= keys or {"messages", "senderName", "participants"} <= keys:
            return "has messages with sender and participants, as Facebook and Instagram hand them out"
        return None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the messages of one chat."""
        chat = mapping_of(value)
        if not isinstance(chat.get("messages"), list):
            raise UnreadableError("messages: missing, accepted is a list of messages")
        if not chat["messages"]:
            yield self.passed(where, NOTHING_IN_IT)
        named = [text_of(mapping_of(one).get("name")) or text_of(one) for one in list_of(chat.get("participants"))]
        names = [mended(name) for name in named if name]
        thread = id_of(chat.get("thread_path")) or id_of(chat.get("threadName")) or id_of(", ".join(sorted(names)))
        seen: Counter[str] = Counter()
        yield from self.each(
            chat, "messages", where, "message", lambda one, place: self._message(one, names, thread, seen, place)
        )

    def _message(
        self, message: Mapping[str, Any], names: list[str], thread: str | None, seen: Counter[str], where: str
    ) -> Iterator[Item]:
        older = "sender_name" in message or "timestamp_ms" in message  # the form that is written as if it were Latin-1

        def text(*fields: str) -> str | None:
            found = next((one for one in map(body_of, map(message.get, fields)) if one), None)
            return mended(found) if found and older else found

        kind = text_of(message.get("type")) or ""
        if kind.lower() in ("subscribe", "unsubscribe"):
            yield self.passed(where, event_type(kind))
            return
        timestamp = self.time(message.get("timestamp_ms") or message.get("timestamp"), "timestamp_ms")
        sender = name_of(text("sender_name", "senderName")) or ""
        gone = bool(message.get("is_unsent") or message.get("isUnsent"))
        body = text("content", "text")
        share = mapping_of(message.get("share"))
        link = text_of(share.get("link"))
        call = kind.lower() == "call" or "call_duration" in message
        seconds = message.get("call_duration")
        lasted = seconds if isinstance(seconds, int) and 0 < seconds < _LONGEST else None
        own = sender in self.own_names
        others = [name for name in names if name not in self.own_names]
        known = self._known(others[0]) if own and len(others) == 1 else () if own else self._known(sender)
        key = "\0".join((timestamp.isoformat(), sender, body or "", link or ""))
        seen[key] += 1
        direction = (Direction.OUTBOUND if own else Direction.INBOUND) if self.own_names else None
        yield Interaction(
            channel=self.platform,
            kind="call" if call else "message",
            occurred_at=timestamp,
            ended_at=timestamp + timedelta(seconds=lasted) if lasted else None,
            direction=direction,
            customers=(known,) if direction is not None else (),
            sender=known if direction is None else (),
            outcome=("answered" if lasted else "missed") if call else None,
            body=None
            if gone
            else "\n".join(filter(None, (body, link if link and link not in (body or "") else None))) or None,
            thread=thread,
            agent=sender if own else None,
            attachments=tuple(_files(message)),
            traits={"name": sender} if sender and not own else {},
            attributes=attributes_of(
                {
                    field: mended_all(value) if older else value
                    for field, value in message.items()
                    if field not in _TAKEN
                },
                facts(deleted=gone),
            ),
            source=self.source,
            source_id=derived_id(thread or "", key, str(seen[key])),
            region=self.region,
            deleted=gone,
        )

    def _known(self, name: str) -> tuple[Sighting, ...]:
        return tuple(observed(one) for one in self.people.get(name, ()))


def mended(text: str) -> str:
    """Return a text whose bytes of UTF-8 were written as characters, as it was meant; any other as it is.

    >>> mended("Gr\\u00c3\\u00bc\\u00c3\\u009fe"), mended("Grüße"), mended("日本")
    ('Grüße', 'Grüße', '日本')
    """
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def mended_all(value: Any) -> Any:
    """Return a value of JSON with every text in it mended."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [mended_all(one) for one in value]
    return {key: mended_all(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def _files(message: Mapping[str, Any]) -> Iterator[Attachment]:
    for field, media_type in _FILES.items():
        found = message.get(field)
        for one in (list_of(found) or [found])[:100]:
            uri = text_of(mapping_of(one).get("uri"))
            if uri:
                yield Attachment(name=name_of(uri.rpartition("/")[2]), media_type=media_type)
