"""The text of a MIME body: the plain part of a multipart body, and a description of the other parts."""

from __future__ import annotations

import email
import hashlib
import json
import re
from email.message import Message
from typing import Any

from omnitrack.interchange.document import clean
from omnitrack.model import MAX_ATTACHMENTS, Attachment

_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9._-]+)', re.IGNORECASE)
_ENCODED = frozenset({"quoted-printable", "base64", "x-uuencode", "uuencode"})


def plain_text(body: Any, media_type: str) -> tuple[str, list[Attachment]]:
    """Return the text of a body, and the attachments that were in it.

    Args:
        body: a text, the bytes that it was encoded in, or any JSON value, which is shown as JSON.
        media_type: as it came, with its parameters; ``""`` where it did not say.
    """
    if isinstance(body, bytes):
        found = _CHARSET.search(media_type)
        text = _decode(body, found.group(1) if found else "utf-8")
    else:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if not media_type.lower().startswith("multipart/"):
        return text, []
    raw = body if isinstance(body, bytes) else text.encode("utf-8", "replace")
    header = "Content-Type: " + " ".join(media_type.split()) + "\n\n"
    try:
        message = email.message_from_bytes(header.encode("utf-8", "replace") + raw)
        plain, files = _parts(message)
    except Exception:  # the standard library's parser raises a dozen kinds on hostile mail; the raw text is still there
        return text, []
    return (text, []) if plain is None else (plain, files)


def _parts(message: Message) -> tuple[str | None, list[Attachment]]:
    texts: dict[str, str] = {}
    files: list[Attachment] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        name = part.get_filename()
        if name is None and kind in ("text/plain", "text/html") and kind not in texts:
            encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower() in _ENCODED
            charset = part.get_content_charset() or "utf-8"
            texts[kind] = _decode(content, charset if encoded else "utf-8")
        elif len(files) < MAX_ATTACHMENTS:
            digest = hashlib.sha256(content).hexdigest()
            files.append(Attachment(name=name and clean(name), media_type=kind, size=len(content), sha256=digest))
    return texts.get("text/plain", texts.get("text/html")), files


def _decode(content: bytes, charset: str) -> str:
    try:
        return clean(content.decode(charset, "replace"))
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
