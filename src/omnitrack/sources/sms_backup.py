"""Texts and calls of an Android phone, as SMS Backup & Restore writes them: sms-*.xml, calls-*.xml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from xml.parsers import expat

from omnitrack.model import Attachment, Direction, Interaction, Sighting, observed
from omnitrack.sources.base import Item, Source
from omnitrack.sources.reading import Bad, decode
from omnitrack.sources.values import attributes_of, body_of, derived_id, id_of, name_of, subject_of, text_of, words

MAX_ELEMENT = 48 * 1024 * 1024  # bytes, with the files in it
_START = re.compile(rb"<(sms|mms|call)[\s/>]")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_NUMBER = re.compile(r"\+?[\d\s()./-]{6,25}")
# As the fields of Android say it: synctech.com.au, Fields in XML Backup Files.
_SENT = {"2": None, "4": "queued", "5": "failed", "6": "queued"}
_DRAFT = "3"
_CALLS = {
    "1": "answered",
    "2": "answered",
    "3": "missed",
    "4": "voicemail",
    "5": "rejected",
    "6": "blocked",
    "7": "answered",
}
_RECEIPTS = frozenset(words("134 136"))  # of MMS: delivery and reading
_FROM = "137"
_HIDDEN = frozenset(words("2 3 4"))  # presentation: restricted, unknown, a payphone
_TAKEN = words(
    "address date type body subject sub number duration contact_name msg_box m_id readable_date protocol toa sc_toa"
)
_LONGEST = 7 * 24 * 3600


class SmsBackupSource(Source):
    """Reads texts, MMS and calls one at a time; one that is broken costs itself. Drafts are passed over.

    No entity is ever expanded: each element is read by itself, without what a document type declares.
    """

    name: ClassVar[str] = "sms-backup"
    versions: ClassVar[str] = "SMS Backup & Restore since 2010: sms, mms, calls"
    default_source: ClassVar[str] = "phone"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the elements around its own."""
        if re.search(rb"<(?:smses|calls)[\s>]", head) and _START.search(head):
            return "has texts or calls of a phone, as SMS Backup & Restore writes them"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        seen: Counter[str] = Counter()
        for found in self._elements():
            if isinstance(found, Bad):
                yield self.bad(found)
                continue
            where, data = found
            try:
                fields, parts, people = _read(data)
            except (expat.ExpatError, ValueError) as error:
                yield self.rejected(where, f"no XML ({type(error).__name__})", raw=decode(data[:200]))
                continue
            kind = data[1:5].rstrip(b" \t\r\n/>").decode()
            yield from self.guarded(where, self._item(kind, fields, parts, people, seen, where))

    def _elements(self) -> Iterator[tuple[str, bytes] | Bad]:
        source = self.open()
        source.as_utf8()
        buffer, offset, ended, lost = bytearray(), 0, False, False
        scanned = 0
        while True:
            start = _START.search(buffer)
            end = -1
            if start is not None:
                closing = b"</mms>" if start[1] == b"mms" else b"<"
                at = buffer.find(closing, max(start.end() - 1, scanned - len(closing)))
                end = at + (len(closing) if start[1] == b"mms" else 0) if at >= 0 else len(buffer) if ended else -1
            if start is not None and end >= 0:
                if not lost:
                    yield f"byte {offset + start.start()}", bytes(buffer[start.start() : end])
                lost = False
                del buffer[:end]
                offset, scanned = offset + end, 0
                continue
            if ended:
                return
            if start is None or len(buffer) - start.start() > MAX_ELEMENT:
                if start is not None and not lost:
                    yield Bad(f"byte {offset + start.start()}", f"an element of over {MAX_ELEMENT} bytes")
                    lost = True
                kept = 16  # the beginning of an element, or of its end, may be cut here
                drop = max(0, len(buffer) - kept)
                head = bytes(buffer[start.start() : start.end()]) if start is not None else b""
                del buffer[:drop]
                buffer[:0] = head
                offset += drop - len(head)
            scanned = len(buffer)
            data = source.read()
            ended = not data
            buffer += data

    def _item(
        self,
        kind: str,
        fields: Mapping[str, str],
        parts: list[Mapping[str, str]],
        people: list[Mapping[str, str]],
        seen: Counter[str],
        where: str,
    ) -> Iterator[Item]:
        timestamp = self.time(fields.get("date"), "date")
        if kind == "call":
            yield self._call(fields, timestamp, seen)
            return
        box = fields.get("type" if kind == "sms" else "msg_box", "1")
        if box == _DRAFT:
            yield self.passed(where, "draft")
            return
        if kind == "mms" and fields.get("m_type") in _RECEIPTS:
            yield self.passed(where, "status receipt")
            return
        sent = box in _SENT
        addresses = [one for one in fields.get("address", "").split("~") if one]
        copied: list[Sighting] = []
        if kind == "mms" and not sent:
            senders = [one.get("address", "") for one in people if one.get("type") == _FROM]
            others = [one.get("address", "") for one in people if one.get("type") != _FROM]
            addresses = [one for one in senders if _who(one)] or addresses[:1]
            copied = [who for one in others if one not in addresses for who in _who(one)]
        text = body_of(fields.get("body")) if kind == "sms" else _text(parts)
        files = tuple(_files(parts))
        key = "\0".join(
            (kind, *addresses, timestamp.isoformat(), box, text or "", *(file.name or "" for file in files))
        )
        seen[key] += 1
        name = _name(fields)
        yield Interaction(
            channel="sms",
            kind="message",
            occurred_at=timestamp,
            direction=Direction.OUTBOUND if sent else Direction.INBOUND,
            customers=tuple(_who(one) for one in addresses),
            participants=tuple(dict.fromkeys(copied)),
            subject=subject_of(fields.get("subject") or fields.get("sub")),
            body=text,
            outcome=_SENT.get(box),
            thread=id_of(fields.get("address")),
            attachments=files,
            traits={"name": name} if name and len(addresses) == 1 else {},
            attributes=attributes_of(
                {"address": ", ".join(one for one in addresses if not _who(one))},
                {field: value for field, value in fields.items() if field not in _TAKEN},
            ),
            source=self.source,
            source_id=id_of(fields.get("m_id"))
            if kind == "mms" and fields.get("m_id")
            else derived_id(key, str(seen[key])),
            region=self.region,
        )

    def _call(self, fields: Mapping[str, str], timestamp: datetime, seen: Counter[str]) -> Interaction:
        number, kind = fields.get("number", ""), fields.get("type", "1")
        text = fields.get("duration", "")
        seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
        key = "\0".join(("call", number, timestamp.isoformat(), kind))
        seen[key] += 1
        name = _name(fields)
        outcome = _CALLS.get(kind)
        return Interaction(
            channel="phone",
            kind="call",
            occurred_at=timestamp,
            ended_at=timestamp + timedelta(seconds=min(seconds, _LONGEST)),
            direction=Direction.OUTBOUND if kind == "2" else Direction.INBOUND,
            customers=() if fields.get("presentation") in _HIDDEN else (_who(number),),
            outcome="missed" if outcome == "answered" and not seconds and kind == "2" else outcome,
            traits={"name": name} if name else {},
            attributes=attributes_of(fields, without=_TAKEN),
            source=self.source,
            source_id=derived_id(key, str(seen[key])),
            region=self.region,
        )


def _read(data: bytes) -> tuple[dict[str, str], list[Mapping[str, str]], list[Mapping[str, str]]]:
    """Return the fields of an element, and of the parts and people inside of it; ``null`` is what the app writes for nothing."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, fields: dict[str, str]) -> None:
        found.append((name, {key: value for key, value in fields.items() if value not in ("null", "")}))

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    if data[1:4] != b"mms" and not data.rstrip().endswith(b"/>"):
        data = data.rstrip() + (b"</sms>" if data[1:4] == b"sms" else b"</call>")
    parser.Parse(_REFERENCE.sub(_Referred(data), data), True)
    fields = found[0][1]
    return fields, [one for name, one in found if name == "part"], [one for name, one in found if name == "addr"]


class _Referred:
    """Characters that the app writes by number: halves of a surrogate pair apart, which no XML allows, and controls."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.first: int | None = None
        self.end = -1

    def __call__(self, match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16) if match[1] else int(match[2])
        first, self.first = (self.first if self.end == match.start() else None), None
        if 0xDC00 <= code < 0xE000 and first is not None:
            return chr(0x10000 + ((first - 0xD800) << 10) + code - 0xDC00).encode()
        if 0xD800 <= code < 0xDC00:
            following = _REFERENCE.match(self.data, match.end())
            low = int(following[1], 16) if following and following[1] else int(following[2]) if following else 0
            if 0xDC00 <= low < 0xE000:
                self.first, self.end = code, match.end()
                return b""
        if code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0xFFFF < code < 0x110000:
            return match[0]
        return "\ufffd".encode()


def _who(address: str) -> tuple[Sighting, ...]:
    """Return the identifier of a number or a mail address; a short code, or the name of a sender, is none."""
    if "@" in address:
        return (observed(f"email:{address}"),)
    return (observed(f"phone:{address}"),) if _NUMBER.fullmatch(address.strip()) else ()


def _name(fields: Mapping[str, str]) -> str | None:
    name = name_of(fields.get("contact_name"))
    return None if name is None or name.startswith("(") else name  # (Unknown)


def _text(parts: list[Mapping[str, str]]) -> str | None:
    return body_of("\n".join(one.get("text", "") for one in parts if one.get("ct") == "text/plain"))


def _files(parts: list[Mapping[str, str]]) -> Iterator[Attachment]:
    for one in parts:
        media_type = one.get("ct", "")
        if media_type in ("text/plain", "application/smil"):
            continue
        named: list[Any] = [one.get(field) for field in words("cl name fn")]
        size = len(one["data"]) * 3 // 4 if "data" in one else None
        yield Attachment(name=name_of(next(filter(text_of, named), None)), media_type=name_of(media_type), size=size)
