"""Headers of mails as they really come: words, addresses, dates and ids of which few follow RFC 5322."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from email.message import Message
from email.utils import getaddresses

import attrs

from omnitrack.sources.mail_charset import decode_bytes
from omnitrack.sources.mail_dates import parse_date
from omnitrack.sources.values import clean, id_of

MAX_HEADER = 256 * 1024  # characters of one header that are looked at
# Characters of a header with groups that the library reads, which copies what it has of a group for each member; of a longer one the
# mailboxes are picked out, without their names.
_MAX_GROUPS = 8_000
_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(=\?)")
_BOX = re.compile(r"[^\s<>()\[\],;:\"\\]+")
_COMMENT = re.compile(r"\([^()]*\)")
_FOLD = re.compile(r"(?:(?<![ \t])[ \t]+)?[\r\n]+[ \t]*")
_ID = re.compile(r"<([^<>]{1,2000})>")


@attrs.frozen(slots=True)
class Address:
    """An address of a header: the mailbox, the name it was given, and the text of both."""

    mailbox: str
    name: str | None = None

    @property
    def text(self) -> str:
        """Name and mailbox as in a header, cut to what an entry keeps."""
        return (f"{self.name} <{self.mailbox}>" if self.name else self.mailbox)[:500]


class Headers:
    """The headers of a mail by lower-case name, unfolded, with bytes beyond ASCII read as UTF-8, else in the charset of its body, else Windows-1252."""

    def __init__(self, message: Message) -> None:
        self.all: list[tuple[str, str]] = []
        self.cut: list[tuple[str, int]] = []  # those that are longer than MAX_HEADER, with their lengths
        for name, value in message.raw_items():
            text = str(value)
            if len(text) > MAX_HEADER:
                self.cut.append((clean(name)[:100], len(text)))
                text = text[:MAX_HEADER]
            if not text.isascii() or "\x1b" in text:
                text = _decoded(text.encode("utf-8", "surrogateescape"), message)
            self.all.append((name.lower(), _FOLD.sub(" ", text).strip()))

    def get(self, name: str) -> str | None:
        """Return the first header of this name that is not empty, as it came."""
        return next((value for key, value in self.all if key == name and value), None)

    def all_of(self, name: str) -> list[str]:
        """Return every header of this name, as it came."""
        return [value for key, value in self.all if key == name]

    def text(self, name: str) -> str | None:
        """Return the header with its encoded words read (RFC 2047)."""
        value = self.get(name)
        return decode_words(value) if value else None

    def addresses(self, *names: str) -> list[Address]:
        """Return the addresses of these headers, each once, in order."""
        return parse_addresses(value for name in names for value in self.all_of(name))

    def ids(self, name: str) -> list[str]:
        """Return the message ids of this header, without angle brackets."""
        value = self.get(name) or ""
        found = _ID.findall(value) or [word for word in value.split() if "@" in word]
        ids = (id_of(re.sub(r"\s+", "", text)) for text in found[:1000])
        return [text for text in ids if text]


def _decoded(data: bytes, message: Message) -> str:
    try:
        return clean(data.decode("utf-8")) if b"\x1b" not in data else decode_bytes(data, None)
    except UnicodeDecodeError:
        return decode_bytes(data, next((charset for charset in message.get_charsets() if charset), None))


def decode_words(value: str) -> str:
    """Return a header text with its encoded words read (RFC 2047); what cannot be read is left as it came."""
    value = _BETWEEN.sub(r"\1\2", value)
    out: list[str] = []
    end = 0
    run: list[bytes] = []
    charset = ""
    # Neighbouring words of one charset are joined before decoding: many mailers cut a character in two.
    for match in _WORD.finditer(value):
        data = _word_bytes(match[2], match[3])
        if data is None:
            continue
        if run and (match.start() != end or match[1].lower() != charset):
            out.append(decode_bytes(b"".join(run), charset))
            run.clear()
        out.append(value[end : match.start()])
        run.append(data)
        charset, end = match[1].lower(), match.end()
    if run:
        out.append(decode_bytes(b"".join(run), charset))
    out.append(value[end:])
    return clean("".join(out)).strip()


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        if encoding in "bB":
            data = re.sub(r"[^A-Za-z0-9+/]", "", text).encode()
            data = data[: len(data) - (len(data) % 4 == 1)]  # a character on its own holds no byte
            return base64.b64decode(data + b"=" * (-len(data) % 4))
        return quopri.decodestring(text.encode("utf-8", "replace"), header=True)
    except (binascii.Error, ValueError):
        return None


def parse_addresses(values: Iterable[str]) -> list[Address]:
    """Return the addresses in header texts, each mailbox once; where the syntax is broken, what looks like one."""
    found: dict[str, Address] = {}
    for value in values:
        for name, mailbox in _pairs(value) or _pairs(decode_words(value)):
            label = decode_words(name).strip(" '\"") if name else ""
            if label.lower() == mailbox.lower():
                label = ""
            found.setdefault(mailbox.lower(), Address(mailbox, " ".join(label.split())[:200] or None))
    return list(found.values())


def _named(value: str) -> str:
    """Return addresses with marks around names that hold an @, as ``jane@example.org via Care <care@example.com>`` does without them."""
    if value.count("@") < 2 or "<" not in value:
        return value
    parts = []
    for part in value.split(","):
        name, opening, box = part.rpartition("<")
        bare = name.strip()
        if opening and "@" in bare and not any(mark in bare for mark in '"<>:;()'):
            part = f'"{bare}" <{box}'
        parts.append(part)
    return ",".join(parts)


def _pairs(value: str) -> list[tuple[str, str]]:
    value = _named(value)
    try:
        pairs = getaddresses([value]) if len(value) <= _MAX_GROUPS or ":" not in value else []
    except (AttributeError, IndexError, LookupError, RecursionError, TypeError, ValueError):
        pairs = []
    pairs = [(name, _bare(box)) for name, box in pairs]
    good = [(name, clean(box)) for name, box in pairs if _is_box(box)]
    if good and len(good) == len(pairs):
        return good
    # One broken address spoils a list for the strict parser; those that stand in it are picked out by their looks.
    picked = {clean(box.rstrip(".")).lower(): clean(box.rstrip(".")) for box in _BOX.findall(value) if _is_box(box)}
    names = {box.lower(): name for name, box in good}
    return [(names.get(key, ""), box) for key, box in picked.items() if "@" in box.rstrip("@")]


def _bare(box: str) -> str:
    """Return a mailbox without the marks that Outlook puts around it, and with its encoded words read, which have no place there."""
    box = box.strip()
    if len(box) > 2 and box[0] == box[-1] == "'":
        box = box[1:-1].strip()
    return decode_words(box) if "=?" in box else box


def _is_box(text: str) -> bool:
    """Return whether a text is written as a mailbox: no blanks and marks, and something on both sides of an @."""
    return "@" in text[1:-1] and _BOX.fullmatch(text) is not None


def received_date(headers: Headers) -> datetime | None:
    """Return when the last server took the mail in: the time of the topmost Received header."""
    for value in headers.all_of("received"):
        timestamp = parse_date(value.rpartition(";")[2], timezone.utc)
        if timestamp is not None:
            return timestamp
    return None


def failed_authentication(headers: Headers, server: str) -> str | None:
    """Return which check of the sender failed by the Authentication-Results of a trusted server, else None.

    Only headers of that server (its authserv-id, RFC 8601 section 2.2) count; DMARC decides where it was checked, else
    DKIM where no signature passed. Any header of the server that says failed is enough, so that one forged below it
    cannot undo it.
    """
    for value in headers.all_of("authentication-results"):
        text = _COMMENT.sub(" ", value)
        server_id, _, results = text.partition(";")
        if server_id.split()[:1] != [server] and server_id.strip().split(" ")[0].lower() != server.lower():
            continue
        dmarc = re.findall(r"(?:^|;)\s*dmarc\s*=\s*(\w+)", results, re.I)
        dkim = [verdict.lower() for verdict in re.findall(r"(?:^|;)\s*dkim\s*=\s*(\w+)", results, re.I)]
        if any(verdict.lower() == "fail" for verdict in dmarc):
            return "dmarc"
        if not dmarc and "fail" in dkim and "pass" not in dkim:
            return "dkim"
    return None
