"""The archive that X (Twitter) gives its members: posts (tweets.js) and direct messages (direct-messages.js)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.model import Attachment, Interaction, Sighting, observed
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.reading import Input
from omnitrack.sources.reading_json import head_json
from omnitrack.sources.values import (
    TIME_FORMS,
    attributes_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    parse_time,
    text_of,
    unread,
    words,
)
from omnitrack.sources.x_api import snowflake_time, unescaped
from omnitrack.sources.x_classic import account, post

_TAKEN = words("id text senderId recipientId createdAt mediaUrls")


class XArchiveSource(JsonSource):
    """Reads tweets.js, direct-messages.js and direct-messages-group.js; other files of the archive hold no contacts, and are passed over.

    Accounts are known by their numeric ids. Own ids (``x-id:...`` in the list of own identifiers) tell what was sent from
    what was received. Posts do not say who wrote them, since all are of whose archive it is: account.js beside them does, or ``account``.

    Args:
        origin: a path, bytes or a stream.
        account: who the archive is of: ``x-id:5`` or ``x:handle``, or several.
        options: of Source.
    """

    name: ClassVar[str] = "x-archive"
    versions: ClassVar[str] = "archives since 2018: tweets, direct_messages, direct_messages_group"
    default_source: ClassVar[str] = "x"
    own_zone: ClassVar[tzinfo | None] = timezone.utc
    preamble: ClassVar[re.Pattern[bytes] | None] = re.compile(rb"(?<!\s)\s*+window\.YTD\.\w+\.part\d+\s*=")

    def __init__(self, origin: Any, *, account: str | Iterable[str] = (), **options: Any) -> None:
        super().__init__(origin, **options)
        self._of = ""  # the variable that the file sets
        self.account = tuple(observed(one) for one in ((account,) if isinstance(account, str) else account))

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the variable that its script sets."""
        if match := re.match(rb"(?:\xef\xbb\xbf)?\s*window\.YTD\.(\w{1,60})\.part\d+\s*=", head):
            return f"begins with window.YTD.{match[1].decode()} of an X archive"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        if isinstance(self.origin, (str, Path)) and not self.account:
            self.account = _owner(Path(self.origin))
        self._of = ""
        yield from super().items()

    def open(self) -> Input:
        """Return the bytes of the origin; what they are of stands in front."""
        source = super().open()
        match = re.search(rb"window\.YTD\.(\w{1,60})\.", source.peek(200))
        self._of = match[1].decode() if match else ""
        return source

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the messages of one conversation, or a post."""
        about = mapping_of(value)
        found = mapping_of(about.get("tweet")) or (
            about if "full_text" in about else {}
        )  # without a wrapper before 2019
        if found and not self._of.endswith("headers"):
            for one in post(found, self.account, self.source, self.region):
                gone = self._of.startswith("deleted")
                yield (
                    attrs.evolve(one, deleted=True, body=None, attributes={**one.attributes, **facts(deleted=True)})
                    if gone
                    else one
                )
            return
        if "dmConversation" not in about:
            yield self.passed(where, event_type(next(iter(about), "without a name")))
            return
        conversation = mapping_of(about["dmConversation"])
        if not conversation:
            raise UnreadableError("dmConversation: empty, accepted is a conversation of the archive")
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
        timestamp = parse_time(message.get("createdAt"), self.zone) or snowflake_time(number)
        if timestamp is None:
            raise UnreadableError(unread("createdAt", message.get("createdAt"), f"{TIME_FORMS}, the time in the id"))
        sender = text_of(message.get("senderId"))
        recipient = text_of(message.get("recipientId"))
        if recipient is None and len(both) == 2 and sender in both:
            recipient = both[1 - both.index(sender)]
        yield Interaction(
            channel="x",
            kind="direct-message",
            occurred_at=timestamp,
            sender=(observed(f"x-id:{sender}"),) if sender else (),
            recipients=((observed(f"x-id:{recipient}"),),) if recipient else (),
            body=unescaped(message.get("text")),
            thread=thread,
            attachments=tuple(
                Attachment(url=url) for url in map(text_of, list_of(message.get("mediaUrls"))[:100]) if url
            ),
            attributes=attributes_of(message, without=_TAKEN),
            source=self.source,
            source_id=number,
            region=self.region,
        )


def _owner(path: Path) -> tuple[Sighting, ...]:
    """Return who the archive is of, as account.js beside the file says."""
    beside = path.with_name("account.js")
    if beside.is_symlink() or not beside.is_file():  # a link may lead anywhere
        return ()
    with beside.open("rb") as file:
        text = file.read(64 * 1024)
    found = head_json(text[text.find(b"=") + 1 :])
    about = mapping_of(mapping_of(found).get("account"))
    return account(text_of(about.get("accountId")), text_of(about.get("username")))
