"""The body of a mail taken apart: its text, its attachments, and the reports that mail servers send."""

from __future__ import annotations

import hashlib
import re
from email.message import Message
from typing import Any

import attrs

from omnitrack.model import MAX_ATTACHMENTS, MAX_BODY, Attachment
from omnitrack.sources.mail_charset import decode_bytes
from omnitrack.sources.mail_headers import decode_words
from omnitrack.sources.mail_text import html_to_text
from omnitrack.sources.tnef import Content, TnefError, read_tnef
from omnitrack.sources.values import clean

MAX_NESTING = 30  # of multiparts and enclosed messages; real mails stay under ten
MAX_PARTS = 10_000
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_STRUCTURE = re.compile(
    rb"^content-type:\s*(?P<type>multipart|message)/|boundary\s*=\s*(?:\"(?P<quoted>[^\"\r\n]{1,200})\"|(?P<bare>[^\s;\"]{1,200}))"
    rb"|^--(?P<line>[^\r\n]+)",
    re.I | re.M,
)


@attrs.define
class Body:
    """What a mail carries: its plain and its HTML text, its attachments, and the fields of a delivery report."""

    plain: list[str] = attrs.field(factory=list)
    rich: list[str] = attrs.field(factory=list)
    attachments: list[Attachment] = attrs.field(factory=list)
    delivery: list[dict[str, str]] = attrs.field(factory=list)
    about: str | None = None  # Message-ID of the mail that a report is about
    wrapped: list[Content] = attrs.field(factory=list)  # by Outlook, in a winmail.dat
    unread: list[str] = attrs.field(factory=list)  # what of it could not be read, and why
    parts: int = 0

    def text(self) -> str:
        """The text to show: the plain one where there is one."""
        plain = "\n\n".join(text.strip("\n") for text in self.plain if text.strip())
        if plain or (not self.rich and not self.wrapped):
            return plain[:MAX_BODY]
        text = "\n\n".join(filter(None, map(html_to_text, self.rich)))
        if not text:
            inner = (
                one.plain.replace("\r\n", "\n") if one.plain.strip() else html_to_text(one.html) for one in self.wrapped
            )
            text = "\n\n".join(filter(None, inner))
        return text[:MAX_BODY]


def nesting(data: bytes) -> int:
    """Return how deep the parts of a mail are nested, in one pass and without parsing it; 0 where it cannot be too deep.

    The parser of the standard library recurses with the nesting and looks for every open boundary on every line: a mail
    made to be deep is told here before it gets there.
    """
    if len(re.findall(rb"(?i)content-type[ \t]*:", data)) <= MAX_NESTING:
        return 0
    open_parts: list[bytes | None] = []  # boundaries; None for an enclosed message
    deepest = 0
    for match in _STRUCTURE.finditer(data):
        boundary = match["quoted"] or match["bare"]
        if match["type"]:
            if match["type"].lower() == b"message":
                open_parts.append(None)
        elif boundary:
            open_parts.append(boundary)
        else:
            line = match["line"].rstrip(b" \t")
            name = line if line in open_parts else line.removesuffix(b"--")
            if name in open_parts:
                # What stands inside the part that this line ends, ends with it.
                while open_parts[-1] != name:
                    open_parts.pop()
                if name is not line:
                    open_parts.pop()
        deepest = max(deepest, len(open_parts))
        if deepest > MAX_NESTING:
            break
    return deepest


def take_apart(message: Message) -> Body:
    """Return the texts, attachments and report fields of a parsed mail."""
    body = Body()
    _walk(message, body, 0, report=False)
    return body


def _walk(part: Message, body: Body, depth: int, report: bool) -> None:
    body.parts += 1
    if depth > MAX_NESTING or body.parts > MAX_PARTS:
        return
    kind = _content_type(part)
    payload: Any = part.get_payload()
    if kind == "message/delivery-status" and isinstance(payload, list):
        body.delivery.extend(filter(None, map(_delivery_fields, payload)))
    elif report and kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        body.about = body.about or _original_id(part, payload)
    elif kind.startswith("message/"):
        body.attachments.append(_enclosed(part, payload, kind))
    elif isinstance(payload, list):
        inner_report = kind == "multipart/report"
        if kind == "multipart/alternative":
            _alternative(payload, body, depth)
            return
        for child in payload:
            if isinstance(child, Message):
                _walk(child, body, depth + 1, report or inner_report)
    else:
        _leaf(part, kind, body)


def _alternative(parts: list[Any], body: Body, depth: int) -> None:
    """Of several versions of one text the plain one is taken, where it says anything."""
    chosen: Body | None = None
    for child in filter(lambda part: isinstance(part, Message), parts):
        version = Body(parts=body.parts)
        _walk(child, version, depth + 1, report=False)
        body.parts = version.parts
        body.attachments.extend(version.attachments)
        body.wrapped.extend(version.wrapped)
        body.unread.extend(version.unread)
        if any(text.strip() for text in version.plain):
            if chosen is None or not chosen.plain:
                chosen = version
        elif any(text.strip() for text in version.rich) and (chosen is None or not chosen.plain):
            chosen = version
    if chosen is not None and chosen.plain:
        body.plain.append(chosen.text())
    elif chosen is not None:
        _add_rich(body, chosen.rich)


def _add_rich(body: Body, texts: list[str]) -> None:
    """HTML beside plain text is made plain at once, to keep the order of the parts."""
    if body.plain:
        body.plain.extend(map(html_to_text, texts))
    else:
        body.rich.extend(texts)


def _leaf(part: Message, kind: str, body: Body) -> None:
    data = _payload(part)
    name = _file_name(part)
    disposition = str(part.get("content-disposition", "")).strip().lower()
    # A multipart without any part is what its text says.
    is_text = kind in ("text/plain", "text/html", "text") or kind.startswith("multipart/")
    if is_text and not disposition.startswith("attachment") and not name:
        text = decode_bytes(data, _charset(part)).replace("\r\n", "\n").replace("\r", "\n")
        if kind == "text/html" or (kind == "text/plain" and re.match(r"\s*<(?:!doctype html|html)\b", text, re.I)):
            _add_rich(body, [text] if text.strip() else [])
        else:
            if body.rich:  # a footer under an HTML text belongs to it
                body.plain = [*map(html_to_text, body.rich), *body.plain]
                body.rich = []
            body.plain.append(text)
        return
    if (kind in _TNEF or (name or "").lower() == "winmail.dat") and _unwrap(data, body):
        return
    if len(body.attachments) < MAX_ATTACHMENTS and (data or name):
        body.attachments.append(
            Attachment(name=name, media_type=kind, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        )


def _unwrap(data: bytes, body: Body) -> bool:
    """Take text and attachments out of a winmail.dat; False where it has to be kept as it is."""
    try:
        content = read_tnef(data)
    except TnefError as error:
        body.unread.append(f"winmail.dat: its text and attachments were not read: {error}")
        return False
    body.wrapped.append(content)
    for file in content.files[: MAX_ATTACHMENTS - len(body.attachments)]:
        name = clean(file.name or "").replace("\\", "/").rpartition("/")[2].strip()[:255] or None
        body.attachments.append(
            Attachment(
                name=name,
                media_type=clean(file.media_type or "application/octet-stream")[:100],
                size=len(file.data),
                sha256=hashlib.sha256(file.data).hexdigest(),
            )
        )
    return True


def _content_type(part: Message) -> str:
    try:
        return part.get_content_type()[:100]
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return "text/plain"


def _charset(part: Message) -> str | None:
    try:
        value = part.get_param("charset")
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return None
    if isinstance(value, tuple):
        value = value[2]
    return str(value)[:64] if value else None


def _payload(part: Message) -> bytes:
    """Return the bytes of a part, free of their transfer encoding as far as that can be undone."""
    try:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            return data
    except (AssertionError, LookupError, TypeError, ValueError):
        pass
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _file_name(part: Message) -> str | None:
    try:
        name = part.get_filename()
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return None
    if not name:
        return None
    if not name.isascii():
        name = decode_bytes(name.encode("utf-8", "surrogateescape"), None)
    # Folders in a name are the sender's, or an attempt to get into ours.
    return clean(decode_words(name)).replace("\\", "/").rpartition("/")[2].strip()[:255] or None


def _enclosed(part: Message, payload: Any, kind: str) -> Attachment:
    data = b""
    name = _file_name(part)
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        try:
            data = payload[0].as_bytes()
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            data = str(payload[0].get("message-id", "")).encode("utf-8", "replace")
        name = name or decode_words(str(payload[0].get("subject", "")))[:255] or None
    elif isinstance(payload, str):
        data = payload.encode("utf-8", "surrogateescape")
    return Attachment(name=name, media_type=kind, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _delivery_fields(block: Any) -> dict[str, str] | None:
    """One recipient of a delivery report (RFC 3464 section 2.3)."""
    if not isinstance(block, Message):
        return None
    fields = {}
    for name in ("final-recipient", "original-recipient", "action", "status", "diagnostic-code"):
        value = block.get(name)
        if value:
            fields[name.replace("-", "_")] = clean(" ".join(str(value).split()))[:1000]
    return fields if "final_recipient" in fields or "action" in fields else None


def _original_id(part: Message, payload: Any) -> str | None:
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        text = str(payload[0].get("message-id", ""))
    else:
        found = re.search(rb"^message-id:\s*(<[^<>\r\n]+>)", _payload(part), re.I | re.M)
        text = found[1].decode("ascii", "replace") if found else ""
    return re.sub(r"[\s<>]", "", clean(text)) or None
