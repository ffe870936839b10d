"""What Slack exports of a workspace: a folder, or the .zip of it, with a file for each day of each channel."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.identifiers.scheme import key_text
from omnitrack.model import Attachment, Interaction, Sighting, observed
from omnitrack.sources.base import Item, Source, UnreadableError
from omnitrack.sources.facts import facts
from omnitrack.sources.maildir import LINK
from omnitrack.sources.reading import Bad
from omnitrack.sources.reading_json import json_items
from omnitrack.sources.values import (
    attributes_of,
    body_of,
    event_type,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_time,
    size_of,
    text_of,
    words,
)

_LISTS = words("channels groups dms mpims")
_OF_FEW = words("dms mpims")
_WRITTEN = frozenset(
    words(
        "bot_message thread_broadcast file_share file_comment me_message reply_broadcast document_mention huddle_thread"
    )
)
_TAKEN = words(
    "type subtype user text ts thread_ts edited files blocks user_profile client_msg_id team user_team source_team reply_users replies"
)
_SLACKBOT = "USLACKBOT"  # in every workspace, and by its record no bot
_NO_MESSAGES = "file that holds no messages"
_LINK = re.compile(r"<([^<>|]{1,2000})(?:\|([^<>]{0,2000}))?>")
_ENTITY = re.compile("&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}


@attrs.frozen(slots=True)
class _Member:
    name: str | None
    identifiers: tuple[Sighting, ...]


@attrs.frozen(slots=True)
class _Channel:
    id: str
    members: tuple[str, ...]  # who reads it, where they are few


class SlackSource(Source):
    """Reads the messages of every channel, day by day. A member is known by their id in the workspace, and by their email.

    Who is of the company the list of own identifiers tells (``email:*@bt.example``). In direct messages the other members are the
    recipients; who is mentioned is a participant.

    Args:
        origin: path of the folder.
        options: of Source.
    """

    name: ClassVar[str] = "slack"
    versions: ClassVar[str] = (
        "exports of workspaces in JSON: users.json, channels.json, groups.json, dms.json, mpims.json"
    )
    default_source: ClassVar[str] = "slack"

    def __init__(self, origin: Any, **options: Any) -> None:
        super().__init__(origin, **options)
        self.folder = Path(origin)
        self._done = 0
        self._members: dict[str, _Member] = {}
        self._channels: dict[str, _Channel] = {}

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the lists of its members and channels."""
        if (
            path.is_dir()
            and (path / "users.json").is_file()
            and any((path / f"{name}.json").is_file() for name in _LISTS)
        ):
            return "has users.json and lists of channels, as Slack exports a workspace"
        return None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._done + super().position

    @property
    def size(self) -> int | None:
        """Bytes that there are to read."""
        return sum(path.stat().st_size for path in self.folder.rglob("*.json") if path.is_file())

    def place(self, where: str) -> str:
        """Return the place, which names the file already."""
        return where

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self._done = 0
        lists = {"users.json", *(f"{name}.json" for name in _LISTS)}
        for name in sorted(lists):
            if (self.folder / name).is_file():
                yield from self._list(name)
        for entry in sorted(os.listdir(self.folder)):
            path = self.folder / entry
            if path.is_symlink():
                yield self.rejected(entry, LINK)
            elif path.is_dir():
                yield from self._channel(path)
            elif entry not in lists:
                yield self.passed(entry, _NO_MESSAGES)

    def _records(self, path: Path) -> Iterator[tuple[str, Any] | Bad]:
        where = str(path.relative_to(self.folder))
        self.origin = path
        source = self.open()
        try:
            for item in json_items(source):
                yield (
                    attrs.evolve(item, where=f"{where}: {item.where}")
                    if isinstance(item, Bad)
                    else (f"{where}: {item[0]}", item[1])
                )
        finally:
            source.close()
            self.input = None
            self._done += path.stat().st_size
            self.origin = self.folder

    def _list(self, name: str) -> Iterator[Item]:
        """Take in who there is, and which channels; both are told of messages, and are no contacts."""
        for item in self._records(self.folder / name):
            if isinstance(item, Bad):
                yield self.bad(item)
                continue
            about = mapping_of(item[1])
            number = text_of(about.get("id"))
            if number is None:
                continue
            if name == "users.json":
                profile = mapping_of(about.get("profile"))
                team = text_of(about.get("team_id"))
                email = text_of(profile.get("email"))
                found = [observed(key_text("slack-id", number, team or ""))]
                named = (
                    name_of(profile.get("real_name")) or name_of(about.get("real_name")) or name_of(about.get("name"))
                )
                mail = [observed(f"email:{email}")] if email else []
                self._members[number] = _Member(
                    named, () if about.get("is_bot") or number == _SLACKBOT else tuple(found + mail)
                )
            else:
                few = name.removesuffix(".json") in _OF_FEW
                members = tuple(filter(None, map(text_of, list_of(about.get("members"))[:20]))) if few else ()
                self._channels[text_of(about.get("name")) or number] = _Channel(number, members)
                self._channels[number] = _Channel(number, members)
        yield self.passed(name, _NO_MESSAGES)

    def _channel(self, folder: Path) -> Iterator[Item]:
        channel = self._channels.get(folder.name) or _Channel(folder.name, ())
        for entry in sorted(os.listdir(folder)):
            path = folder / entry
            if path.is_symlink():
                yield self.rejected(f"{folder.name}/{entry}", LINK)
                continue
            if not path.is_file() or path.suffix != ".json":
                yield self.passed(f"{folder.name}/{entry}", _NO_MESSAGES)
                continue
            for item in self._records(path):
                if isinstance(item, Bad):
                    yield self.bad(item)
                elif isinstance(item[1], Mapping):
                    yield from self.guarded(item[0], self._message(item[1], channel, item[0]))
                else:
                    yield self.rejected(item[0], "no message: accepted is an object with ts")

    def _message(self, message: Mapping[str, Any], channel: _Channel, where: str) -> Iterator[Item]:
        number = id_of(message.get("ts"))
        subtype = text_of(message.get("subtype"))
        if message.get("type", "message") != "message" or (subtype is not None and subtype not in _WRITTEN):
            yield self.passed(where, event_type(subtype or text_of(message.get("type")) or "event"), source_id=number)
            return
        if number is None:
            raise UnreadableError("ts: missing, accepted is the time of the message, which is its id")
        timestamp = self.time(message.get("ts"), "ts")
        user = text_of(message.get("user"))
        member = self._members.get(user or "") or _Member(None, ())
        profile = mapping_of(message.get("user_profile"))  # of members of other workspaces, who are not in the list
        if user and user not in self._members and user != _SLACKBOT and not message.get("bot_id"):
            team = text_of(profile.get("team")) or text_of(message.get("user_team")) or text_of(message.get("team"))
            member = _Member(None, (observed(key_text("slack-id", user, team or "")),))
        raw = body_of(message.get("text")) or ""
        mentioned = [one for one in dict.fromkeys(re.findall(r"<@([A-Z0-9]{1,20})[|>]", raw)) if one != user]
        began = id_of(message.get("thread_ts"))
        name = member.name or name_of(profile.get("real_name")) or name_of(message.get("username"))
        yield Interaction(
            channel="slack",
            occurred_at=timestamp,
            sender=member.identifiers,
            recipients=tuple(
                self._members[one].identifiers for one in channel.members if one != user and one in self._members
            ),
            participants=tuple(
                dict.fromkeys(
                    who for one in mentioned if one in self._members for who in self._members[one].identifiers
                )
            ),
            body=self._plain(raw) or None,
            thread=f"{channel.id}:{began}" if began else channel.id,
            reply_to=f"{channel.id}:{began}" if began and began != number else None,
            attachments=tuple(
                Attachment(
                    name=name_of(one.get("name")) or name_of(one.get("title")),
                    media_type=name_of(one.get("mimetype")),
                    size=size_of(one.get("size")),
                    url=text_of(one.get("url_private")),
                )
                for one in map(mapping_of, list_of(message.get("files"))[:100])
            ),
            traits={"name": name} if name else {},
            attributes=attributes_of(
                {field: value for field, value in message.items() if field not in _TAKEN},
                facts(edited="edited" in message, automatic=bool(message.get("bot_id"))),
            ),
            source=self.source,
            source_id=f"{channel.id}:{number}",
            region=self.region,
            revised_at=parse_time(mapping_of(message.get("edited")).get("ts")),
        )

    def _plain(self, text: str) -> str:
        """Return a text as its readers see it: names for ids, and the three characters that Slack escapes."""

        def shown(match: re.Match[str]) -> str:
            target, label = match[1], match[2]
            if target[0] in "@#!":
                known = self._members.get(target[1:])
                mark = "@" if target[0] == "!" else target[0]
                return mark + (label or (known.name if known and known.name else target[1:].partition("^")[0])).lstrip(
                    "@#"
                )
            target = target.removeprefix("mailto:").removeprefix("tel:")
            return f"{label} ({target})" if label and label != target else target

        return _ENTITY.sub(lambda match: _CHARACTERS[match[1]], _LINK.sub(shown, text))
