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
from omnitrack.sources.facts import facts
from omnitrack.sources.reading import Bad, decode, lines
from omnitrack.sources.values import attributes_of, body_of, clean, derived_id, id_of, local_time

_AHEAD = 4 * 1024 * 1024  # bytes that are looked at to tell the order of dates and who takes part
_MAX_MESSAGE = 1_000_000  # characters; the app itself stops at 65,536
_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NUMBER = re.compile(r"\+?\d[\d\s()./\u2010-\u2015-]{5,20}\d")
# iPhone: "<attached: name>" in any language. Android: "name (file attached)".
_ATTACHED = re.compile(r"<[^<>:]{3,40}:\s([^<>/\\]{1,200}\.\w{2,5})>\s*")
_FILE = re.compile(r"([\w .()-]{1,200}\.\w{2,5}) \([^()]{5,40}\)\s*(?:\n|$)")
_OMITTED = re.compile(
    r"(?:<(?:media omitted|medien ausgeschlossen|médias omis|multimedia omitido|media omessi|media weggelaten|mídia oculta|"
    r"arquivo de mídia oculto|без медиафайлов|medier utelämnade|pominięto multimedia)>"
    r"|(?:image|video|audio|sticker|gif|document|contact card) omitted"
    r"|(?:bild|video|audio|sticker|dokument) weggelassen|(?:imagen|vídeo|audio|sticker|documento) omitid[oa]"
    r"|(?:image|vidéo|audio|document) absente?)",
    re.I,
)
_DELETED = re.compile(
    r"(?:this message was deleted|you deleted this message|(?:diese|du hast diese) nachricht (?:wurde )?gelöscht"
    r"|ce message a été supprimé|vous avez supprimé ce message|se eliminó este mensaje|eliminaste este mensaje"
    r"|questo messaggio è stato eliminato|hai eliminato questo messaggio|dit bericht is verwijderd"
    r"|essa mensagem foi apagada|mensagem apagada|данное сообщение удалено|это сообщение удалено)\.?",
    re.I,
)
_EDITED = re.compile(
    r"\s*<(?:this message was edited|diese nachricht wurde bearbeitet|ce message a été modifié|se editó este mensaje"
    r"|questo messaggio è stato modificato|dit bericht is bewerkt|mensagem editada)\.?>\s*$",
    re.I,
)


@attrs.define
class _Message:
    line: int
    stamp: Stamp
    sender: str | None
    text: list[str]
    length: int = 0
    cut: int = 0  # characters that were not kept


class WhatsAppChatSource(Source):
    """Reads an exported chat. System lines (encryption, groups, calls) are passed over.

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
        text = decode(head[:4000]).splitlines()
        found = [stamp for stamp in map(read_stamp, map(_visible, text[:40])) if stamp]
        if (
            found
            and read_stamp(_visible(next((line for line in text if line.strip()), "")))
            and any(s.sender for s in found)
        ):
            return "its lines begin with date, time and name, as in a WhatsApp export"
        return None

    def items(self) -> Iterator[Item]:
        """Yield the messages of the chat."""
        source = self.open()
        source.as_utf8()
        head = [read_stamp(_visible(line)) for line in decode(source.peek(_AHEAD)).splitlines()]
        stamps = [stamp for stamp in head if stamp is not None]
        order, sure = (self.dates, True) if self.dates != "auto" else find_order(stamps)
        if not sure:
            yield self.rejected(
                "the file",
                f"dates: day and month cannot be told apart; read as {order}, say dates='mdy' or 'dmy' if that is wrong",
                kept=True,
            )
        senders = Counter(stamp.sender for stamp in stamps if stamp.sender)
        other = self._other(senders)
        chat = self.chat or self._chat_name(senders)
        minute: tuple[Any, Counter[str]] = (None, Counter())
        for message in self._messages(source):
            if isinstance(message, Bad):
                yield self.bad(message)
                continue
            where = f"line {message.line}"
            if message.sender is None:
                yield self.passed(where, "notice of the app")
                continue
            if minute[0] != message.stamp.numbers:
                minute = (message.stamp.numbers, Counter())
            key = "\0".join([message.sender, *message.text])
            minute[1][key] += 1
            yield from self.guarded(where, self._interaction(message, order, other, chat, minute[1][key]))
            if message.cut:
                yield self.rejected(
                    where, f"text: {message.cut} characters more, the first {_MAX_MESSAGE} are kept", kept=True
                )

    def _messages(self, source: Any) -> Iterator[_Message | Bad]:
        message: _Message | None = None
        for line in lines(source):
            if isinstance(line, Bad):
                yield line
                continue
            number, raw = line
            text = _visible(raw)
            stamp = read_stamp(text)
            if stamp is not None:
                if message is not None:
                    yield message
                message = _Message(number, stamp, stamp.sender, [stamp.text])
            elif message is not None:
                if message.length < _MAX_MESSAGE:
                    message.text.append(text)
                    message.length += len(text)
                else:
                    message.cut += len(text)
            elif text.strip():
                yield Bad(f"line {number}", "text before the first line with a date and a time")
        if message is not None:
            yield message

    def _interaction(
        self, message: _Message, order: str, other: tuple[Sighting, ...], chat: str, count: int
    ) -> Iterator[Item]:
        naive = message.stamp.time(order)
        if naive is None:
            raise UnreadableError(f"date: it is none in the order {order}; accepted are dmy, mdy, ymd with dates=")
        try:
            moment, doubt = local_time(naive, self.zone, field="date")
        except MissingZoneError:
            raise
        except ValueError as error:
            raise UnreadableError(f"date: got {naive.year} as its year, {error}") from None
        sender = message.sender or ""
        body = "\n".join(message.text).strip()
        attachments, body = _attachments(body)
        deleted = _DELETED.fullmatch(body) is not None
        edited = _EDITED.search(body) is not None
        own = sender in self.own_names
        known = self._known(sender) or (() if own else other)
        direction = (Direction.OUTBOUND if own else Direction.INBOUND) if self.own_names else None
        customer = other if own else known
        yield Interaction(
            channel="whatsapp",
            occurred_at=moment,
            direction=direction,
            customers=(customer,) if direction is not None else (),
            sender=known if direction is None else (),
            recipients=(other,) if direction is None and other and other != known else (),
            body=None if deleted else body_of(_EDITED.sub("", body)),
            thread=id_of(chat),
            agent=sender if own else None,
            attachments=attachments,
            traits={"name": sender} if not own and not _NUMBER.fullmatch(sender) else {},
            attributes=attributes_of({"local_time": doubt}, facts(edited=edited, deleted=deleted)),
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
        return re.sub(r"\s*\(\d+\)$", "", _visible(stem))

    def _chat_name(self, senders: Counter[str]) -> str:
        return self._file_name() or ", ".join(sorted(senders)[:10])


def _visible(line: str) -> str:
    return _INVISIBLE.sub("", clean(line)).replace("\u202f", " ").replace("\xa0", " ")


def _attachments(body: str) -> tuple[tuple[Attachment, ...], str]:
    match = _ATTACHED.match(body) or _FILE.match(body)
    if match:
        return (Attachment(name=match[1].strip()),), body[match.end() :].strip()
    if _OMITTED.fullmatch(body):
        return (Attachment(media_type="omitted"),), ""
    return (), body
