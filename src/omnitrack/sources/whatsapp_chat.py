"""WhatsApp chats as the app exports them to a text file, on Android and iPhone, in the usual locales."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.errors import MissingZoneError
from omnitrack.model import Attachment, Direction, Interaction, Sighting, observed
from omnitrack.sources.base import Item, Source, UnreadableError
from omnitrack.sources.chat_dates import ORDERS, Stamp, find_order, read_stamp
from omnitrack.sources.chat_words import CALL, DELETED, EDITED, ENCRYPTED, NOTICE, OMITTED, WAITING, missed
from omnitrack.sources.facts import facts
from omnitrack.sources.reading import Bad, decode, lines
from omnitrack.sources.values import attributes_of, body_of, clean, derived_id, id_of, local_time

_AHEAD = 4 * 1024 * 1024  # bytes that are looked at to tell the order of dates and who takes part
_MAX_MESSAGE = 1_000_000  # characters; the app itself stops at 65,536
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_BY_APP = "\u200e"  # before what the app of the iPhone itself writes under a name
_NOTICE = "notice of the app"
_MAX_NOTICE = 600  # characters
_MAX_CALL = 80
_NUMBER = re.compile(r"\+?\d[\d\s()./\u2010-\u2015-]{5,20}\d")
# iPhone: "<attached: name>" in any language. Android: "name (file attached)".
_ATTACHED = re.compile(r"<[^<>:]{3,40}:\s([^<>/\\]{1,200}\.\w{2,5})>\s*")
_FILE = re.compile(r"([\w .()-]{1,200}\.\w{2,5}) \([^()]{5,40}\)\s*(?:\n|$)")


@attrs.define
class _Message:
    line: int
    stamp: Stamp
    sender: str | None
    text: list[str]
    by_app: bool = False
    first: bool = False  # of the chat
    length: int = 0
    lost: int = 0  # lines beyond what is kept


class WhatsAppChatSource(Source):
    """Reads an exported chat. What the app itself tells (encryption, groups) is passed over; a call is a contact.

    A sender who is no contact of the exporting phone stands there as a number, and is known by it. Others stand there by
    the name in its address book, which identifies nobody: ``people`` says who they are. In a chat of two, the number in
    the name of the file, or the one person of ``people``, is who the company wrote to.

    Args:
        origin: a path, bytes or a stream.
        own_name: name, or names, under which the company writes; its messages are outbound, all others inbound. Without
            it the direction is left to the list of own identifiers.
        people: identifiers by the name in the chat: ``{"Jane": "phone:+44 7700 900123"}``, a text or several.
        dates: ``"dmy"``, ``"mdy"`` or ``"ymd"``; ``"auto"`` finds out from the dates themselves.
        chat: name of the chat, which with time, sender and text makes the id of a message; default: the file's.
        options: of Source; ``zone`` is the one of the phone that made the export.
    """

    name: ClassVar[str] = "whatsapp-chat"
    versions: ClassVar[str] = "exports of Android and iPhone since 2016, dates of 12 and 24 hours in all usual orders"
    default_source: ClassVar[str] = "whatsapp-chat"

    def __init__(
        self,
        origin: Any,
        *,
        own_name: str | Collection[str] = (),
        people: Mapping[str, str | Iterable[str]] | None = None,
        dates: str = "auto",
        chat: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        if dates != "auto" and dates not in ORDERS:
            raise ValueError(f"dates: got {dates!r}, accepted are auto, {', '.join(ORDERS)}")
        self.own_names = frozenset({own_name} if isinstance(own_name, str) else own_name)
        self.people = {
            name: (known,) if isinstance(known, str) else tuple(known) for name, known in (people or {}).items()
        }
        self.dates = dates
        self.chat = chat

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by a date, a time and a name at the beginning of its lines."""
        text = decode(head[:32_000]).splitlines()
        found = [stamp for stamp in map(_stamp, text[:300]) if stamp]
        first = _stamp(next((line for line in text if line.strip()), ""))
        if first is None or not any(stamp.sender for stamp in found):
            return None
        if first.iso and first.style == ":":
            return None  # as logs of all kinds begin
        return "its lines begin with date, time and name, as in a WhatsApp export"

    def items(self) -> Iterator[Item]:
        """Yield the messages of the chat."""
        source = self.open()
        source.as_utf8()
        head = [stamped for line in decode(source.peek(_AHEAD)).splitlines() if (stamped := _read(line)) is not None]
        style = (head[0][0].style, head[0][0].time_first) if head else ("-", False)
        head = [(stamp, by_app) for stamp, by_app in head if _is_of(style, stamp)]
        stamps = [stamp for stamp, _ in head]
        order, sure = (self.dates, True) if self.dates != "auto" else find_order(stamps)
        if not sure:
            yield self.rejected(
                "the file",
                f"dates: day and month cannot be told apart; read as {order}, say dates='mdy' or 'dmy' if that is wrong",
                kept=True,
            )
        group = _group(head)
        senders = Counter(stamp.sender for stamp in stamps if stamp.sender and stamp.sender != group)
        other = self._other(senders)
        chat = self.chat or self._chat_name(senders)
        minute: tuple[Any, Counter[str]] = (None, Counter())
        for message in self._messages(source, style):
            if isinstance(message, Bad):
                yield self.bad(message)
                continue
            where = f"line {message.line}"
            text = "\n".join(message.text).strip()
            if message.sender is None or message.sender == group:
                if not _is_call(text):
                    yield self.passed(where, _NOTICE)
                    continue
            elif (message.by_app and _is_notice(text)) or (message.first and ENCRYPTED.match(text)):
                yield self.passed(where, _NOTICE)
                continue
            if minute[0] != message.stamp.numbers:
                minute = (message.stamp.numbers, Counter())
            key = "\0".join([message.sender or "", *message.text])
            minute[1][key] += 1
            yield from self.guarded(where, self._interaction(message, order, other, chat, minute[1][key]))
            if message.lost:
                yield self.rejected(
                    where, f"a message of over {_MAX_MESSAGE} characters: {message.lost} lines were left out", kept=True
                )

    def _messages(self, source: Any, style: tuple[str, bool]) -> Iterator[_Message | Bad]:
        message: _Message | None = None
        first = True
        for line in lines(source):
            if isinstance(line, Bad):
                yield line
                continue
            number, raw = line
            stamped = _read(raw)
            if stamped is not None and _is_of(style, stamped[0]):
                if message is not None:
                    yield message
                stamp, by_app = stamped
                message = _Message(number, stamp, stamp.sender, [stamp.text], by_app=by_app, first=first)
                first = False
                continue
            text = _visible(raw)
            if message is not None:
                if message.length < _MAX_MESSAGE:
                    message.text.append(text)
                else:
                    message.lost += 1
                message.length += len(text)
            elif text.strip():
                yield Bad(f"line {number}", "text before the first line with a date and a time")
        if message is not None:
            yield message

    def _interaction(
        self, message: _Message, order: str, other: tuple[Sighting, ...], chat: str, count: int
    ) -> Iterator[Item]:
        if message.stamp.unknown is not None:
            raise UnreadableError(
                f"time: got {message.stamp.unknown!r}, which is no word for before or after noon that is known"
            )
        naive = message.stamp.time(order)
        if naive is None:
            raise UnreadableError(f"date: {message.stamp.why_not(order)}")
        try:
            timestamp, doubt = local_time(naive, self.zone, field="date")
        except MissingZoneError:
            raise
        except ValueError as error:
            raise UnreadableError(f"date: got {naive.year} as its year, {error}") from None
        sender = message.sender or ""
        body = "\n".join(message.text).strip()
        by_app = message.by_app or message.sender is None
        call = by_app and _is_call(body)
        told = body if call else None  # by the app, of the call
        attachments, body = _attachments("" if call else body, message.by_app)
        deleted = DELETED.fullmatch(body) is not None
        if WAITING.fullmatch(body):
            told, body = body, ""
        mark = body.rfind("<")  # stands last
        edited = mark >= 0 and EDITED.fullmatch(body, mark) is not None
        own = sender in self.own_names
        known = self._known(sender) or (() if own else other)
        direction = (Direction.OUTBOUND if own else Direction.INBOUND) if self.own_names else None
        customer = other if own else known
        yield Interaction(
            channel="whatsapp",
            kind="call" if call else "message",
            occurred_at=timestamp,
            direction=direction,
            customers=(customer,) if direction is not None else (),
            sender=known if direction is None else (),
            recipients=(other,) if direction is None and other and other != known else (),
            outcome="missed" if told and missed(told) else None,
            body=None if deleted else body_of(body[:mark].rstrip() if edited else body),
            thread=id_of(chat),
            agent=sender if own else None,
            attachments=attachments,
            traits={"name": sender} if sender and not own and not _NUMBER.fullmatch(sender) else {},
            attributes=attributes_of({"local_time": doubt, "told": told}, facts(edited=edited, deleted=deleted)),
            source=self.source,
            source_id=derived_id(chat, naive.isoformat(), sender, *message.text, str(count)),
            region=self.region,
            deleted=deleted,
        )

    def _known(self, sender: str) -> tuple[Sighting, ...]:
        if sender in self.people:
            return tuple(observed(text) for text in self.people[sender])
        return (observed(f"phone:{sender}"),) if _NUMBER.fullmatch(sender) else ()

    def _other(self, senders: Counter[str]) -> tuple[Sighting, ...]:
        """Who the company's messages went to, in a chat of two; nobody in a group."""
        others = [sender for sender in senders if sender not in self.own_names]
        if self.own_names and len(others) == 1 and self._known(others[0]):
            return self._known(others[0])
        number = _NUMBER.search(self._file_name())
        if number and number[0].startswith("+") and (len(others) == 1 if self.own_names else len(others) <= 2):
            return (observed(f"phone:{number[0]}"),)
        return self._known(next(iter(self.people))) if not others and len(self.people) == 1 else ()

    def _file_name(self) -> str:
        path = self.input.path if self.input is not None else None
        if path is None:
            return ""
        stem = path.parent.name if path.stem == "_chat" else path.stem  # the iPhone calls every chat that
        return re.sub(r"(?<!\s)\s*\(\d+\)$", "", _visible(stem))

    def _chat_name(self, senders: Counter[str]) -> str:
        return self._file_name() or ", ".join(sorted(senders)[:10])


def _visible(line: str) -> str:
    return _INVISIBLE.sub("", clean(line)).replace("\u202f", " ").replace("\xa0", " ")


def _stamp(line: str) -> Stamp | None:
    return read_stamp(_visible(line))


def _read(line: str) -> tuple[Stamp, bool] | None:
    """Return the stamp of a line, and whether the app of the iPhone marked the text as its own."""
    stamp = _stamp(line)
    if stamp is None:
        return None
    if _BY_APP not in line or stamp.sender is None:
        return stamp, False
    kept = clean(line[:400]).replace(_BY_APP, "\0")
    _, colon, text = _INVISIBLE.sub("", kept).replace("\u202f", " ").replace("\xa0", " ").partition(f"{stamp.sender}:")
    return stamp, bool(colon) and text.lstrip(" ").startswith("\0")


def _is_of(style: tuple[str, bool], stamp: Stamp) -> bool:
    """Whether a stamp begins a message: a text may begin like one of the older styles, where the chat has another, or with
    messages that were copied in the browser, where the time stands first.

    Args:
        style: of the chat: what stands behind the time, and whether the time stands first.
    """
    if stamp.time_first != style[1]:
        return stamp.style != "]"
    return stamp.style == style[0] or stamp.style in ("]", "-")


def _is_notice(text: str) -> bool:
    return len(text) <= _MAX_NOTICE and NOTICE.search(text) is not None and not _is_call(text)


def _is_call(text: str) -> bool:
    """Whether the app tells of a call; what stands in quotes is the name of something."""
    return len(text) <= _MAX_CALL and CALL.search(text) is not None and not any(mark in text for mark in '"“«„')


def _group(head: list[tuple[Stamp, bool]]) -> str | None:
    """Return the name of the group, under which the iPhone writes what the app tells of it; None where it tells nothing."""
    names = {stamp.sender for stamp, _ in head if stamp.sender}
    wrote = {stamp.sender for stamp, by_app in head if not by_app or not _is_notice(stamp.text)}
    only_told = [name for name in names if name not in wrote]
    return only_told[0] if len(only_told) == 1 and len(names) > 2 else None


def _attachments(body: str, by_app: bool) -> tuple[tuple[Attachment, ...], str]:
    match = _ATTACHED.match(body) or _FILE.match(body)
    if match:
        return (Attachment(name=match[1].strip()),), body[match.end() :].strip()
    if OMITTED.fullmatch(body):
        return (Attachment(media_type="omitted"),), ""
    words = body.split(" ") if by_app and len(body) < _MAX_NOTICE else []
    for count in (2, 3, 4):  # the name of a document, and the words for what was left out
        if len(words) > count and OMITTED.fullmatch(" ".join(words[-count:])):
            return (Attachment(name=" ".join(words[:-count]).split(" • ")[0], media_type="omitted"),), ""
    return (), body
