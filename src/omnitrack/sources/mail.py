"""A mail turned into an interaction: who wrote to whom, when, in answer to what, and what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Any, ClassVar

from omnitrack.errors import MissingZoneError, SourceFormatError, plain_repr
from omnitrack.model import (
    MAX_BODY,
    MAX_PARTICIPANTS,
    MAX_PEOPLE,
    Assurance,
    Interaction,
    Sighting,
)
from omnitrack.sources.base import Item, Source
from omnitrack.sources.facts import facts
from omnitrack.sources.mail_charset import decode_bytes
from omnitrack.sources.mail_dates import parse_date
from omnitrack.sources.mail_headers import (
    MAX_HEADER,
    Address,
    Headers,
    decode_words,
    failed_authentication,
    received_date,
)
from omnitrack.sources.mail_kinds import BY_MACHINES, bounced_boxes, forwarded, kind_of
from omnitrack.sources.mail_parts import MAX_NESTING, Body, nesting, take_apart
from omnitrack.sources.mail_senders import Authors, authors
from omnitrack.sources.mail_status import header_facts
from omnitrack.sources.mail_text import split_text
from omnitrack.sources.values import attributes_of, clean, derived_id, id_of, subject_of, unread, words

MAX_MESSAGE = 48 * 1024 * 1024  # bytes of one mail that are read; providers take 25 to 35 MB
MAX_PARAMETERS = (
    4_000  # characters of a Content-Type, a Content-Disposition or the like, of a mail or of one of its parts
)
_REMEMBERED = 50_000  # message ids by which two mails with one id are told, in one load


class _Bounded(policy.Compat32):
    """Keeps headers as they came, as compat32 does; the newer policies parse on reading, and raise on some of what is out there.

    The library takes the square of their length for the parameters of the headers of a part, so those are cut.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name[:8].lower() != "content-":
            return name, value
        value = value[:MAX_PARAMETERS]
        # Against RFC 2047 some mailers make one encoded word of the whole value, parameters and all.
        return name, decode_words(value) if value.startswith("=?") else value


_parser = BytesParser(policy=_Bounded())
_header_parser = BytesHeaderParser(policy=_Bounded())

# What the model has a place for, and what only says how the mail travelled.
_TAKEN = frozenset(
    words(
        "from to cc bcc subject date message-id in-reply-to references mime-version content-type content-disposition "
        "content-transfer-encoding received dkim-signature domainkey-signature authentication-results arc-seal "
        "arc-message-signature arc-authentication-results x-google-dkim-signature x-received received-spf x-gm-message-state "
        "x-google-smtp-source return-path reply-to sender"
    )
)
_INTERNAL = "FOLDER INTERNAL DATA"  # of the mail in which UW IMAP keeps what it knows of a mailbox
_MAX_HEAD = 1024 * 1024
_HEAD_END = re.compile(rb"\n\r?\n")
_HEADER = re.compile(rb"[!-9;-~]+:")
_LOOSE_HEADER = re.compile(rb"^([!-9;-~]{1,100})[ \t]+:")
_KNOWN_HEADER = re.compile(
    rb"(?:from|to|cc|date|subject|message-id|received|mime-version|content-type|reply-to):", re.I
)
_START = re.compile(rb"\A(?:[ \t]*\r?\n|>?From (?![ \t]*:)[^\r\n]*\r?\n)+")


class MailSource(Source):
    """What the sources of mail share.

    The sender is observed, To and Bcc are recipients, Cc are participants: who of them is the company says the own list.
    ``source_id`` is the Message-ID, which is the same in every copy; a mail without one gets an id made of its content.
    ``reply_to`` and ``thread`` come from In-Reply-To and References. Reply-To and addresses in texts identify nobody.

    Args:
        origin: a path, bytes or a stream.
        source: default ``"email"`` for every source of mail, so that one mail in two mailboxes is one interaction.
        region: not used by mails.
        zone: of dates without one.
        trusted_mail_server: name (authserv-id) that your own mail server puts in Authentication-Results (RFC 8601). A
            mail that failed DMARC or DKIM there has a sender that is only claimed.
        split: tell quoted text and signature from the new text; they are kept in the attributes.
        contact_forms: addresses that web forms of yours send from. The Reply-To of their mails is taken for the sender, as
            a claim: whoever fills in a form can write any address.
        drafts: read drafts as well, marked; default: they are passed over, since they were never sent.
    """

    default_source: ClassVar[str] = "email"

    def __init__(
        self,
        origin: Any,
        *,
        trusted_mail_server: str | None = None,
        split: bool = True,
        contact_forms: Iterable[str] = (),
        drafts: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        if isinstance(contact_forms, str):
            raise SourceFormatError(f"contact_forms: got {plain_repr(contact_forms)}, accepted is a list of addresses")
        self.contact_forms = frozenset(form.strip().removeprefix("email:").lower() for form in contact_forms)
        self.drafts = drafts
        self.trusted_mail_server = trusted_mail_server
        self.split = split
        self._seen: dict[int, int] = {}

    def forget(self) -> None:
        """Begin anew: what an earlier iteration saw does not count."""
        self._seen = {} if self.shared is None else self.shared.mails

    def mail(
        self,
        data: bytes,
        where: str,
        fallback: datetime | None = None,
        lost: int = 0,
        stated: Mapping[str, bool] | None = None,
    ) -> Iterator[Item]:
        """Yield the interaction of one mail, and what of it could not be kept. Long: each field of the interaction is filled here, in the order of the model.

        Args:
            data: the mail, headers and body.
            where: for reports.
            fallback: when it happened, should the mail not say so: time of the file or of the mailbox's separator.
            lost: bytes of the mail that are not in ``data``, for mails over ``MAX_MESSAGE``.
            stated: facts that folder, flags or file say of it.
        """
        data = _mended(_START.sub(b"", data))
        notes: list[str] = []
        if lost:
            notes.append(f"a mail of {len(data) + lost} bytes: only the first {len(data)} were read")
        message, body = self._parse(data, notes)
        headers = Headers(message)
        if not headers.all and not data.strip():
            yield self.rejected(where, "an empty mail")
            return
        notes += _cut(headers, message)
        said = {**(stated or {}), **header_facts(headers)}
        message_id = next(iter(headers.ids("message-id")), None)
        reason = self._passed_over(headers, said)
        if reason is not None:
            yield self.passed(where, reason, source_id=message_id)
            return
        timestamp, found_in = self._when(headers, fallback)
        if found_in is not None:
            notes += _unread_date(headers, found_in)
        sent = authors(headers, self.contact_forms)
        senders, others = sent.authors, sent.others
        text = body.text()
        message_id = message_id or id_of(headers.get("message-id"))
        content = hashlib.sha256(_same_everywhere(headers, data)).digest()
        source_id = self._source_id(message_id, content)
        references, answered = headers.ids("references"), headers.ids("in-reply-to")
        kind, outcome, about = kind_of(headers, body, senders)
        reply_to = next(iter(answered or references[-1:]), about)
        parts = split_text(text) if self.split and kind in ("message", "auto-reply") else None
        failed = failed_authentication(headers, self.trusted_mail_server) if self.trusted_mail_server else None
        assurance = Assurance.CLAIMED if failed or sent.by is not None else Assurance.OBSERVED
        through = f"email:{sent.by.mailbox}" if sent.by is not None and sent.named and not failed else None
        to = headers.addresses("to", "bcc", "resent-to") or headers.addresses("apparently-to", "x-original-to")
        participants = [_sighting(address) for address in (*others, *headers.addresses("cc"), *to[MAX_PEOPLE:])]
        participants += _bounced(headers, body, text if kind == "bounce" else None)
        if len(participants) > MAX_PARTICIPANTS:
            notes.append(f"{len(participants)} people in copy, the first {MAX_PARTICIPANTS} were kept")
        notes += body.unread
        if not senders:
            notes.append("from: no address in it")
        attributes = attributes_of(
            {
                "message_id": message_id if message_id != source_id else None,
                "date_from": found_in,
                "date": headers.get("date") if found_in else None,
                **_correspondents(headers, sent),
                "quoted": parts.quoted if parts else None,
                "signature": parts.signature if parts else None,
                "failed_authentication": failed,
                "delivery": body.delivery,
                "references": references,
            },
            {"headers": attributes_of(_other_headers(headers))},
            {**said, **facts(automatic=kind in BY_MACHINES, forwarded=forwarded(headers, text))},
        )
        yield Interaction(
            channel="email",
            kind=kind,
            occurred_at=timestamp,
            sender=tuple(_sighting(address, assurance, through) for address in senders[:1]),
            recipients=tuple((_sighting(address),) for address in to[:MAX_PEOPLE]),
            participants=tuple(participants[:MAX_PARTICIPANTS]),
            subject=subject_of(headers.text("subject")),
            body=clean(parts.new if parts else text)[:MAX_BODY] or None,
            thread=next(iter(references[:1] or answered[:1]), about or message_id or source_id),
            reply_to=reply_to if reply_to != source_id else None,
            outcome=outcome,
            attachments=tuple(body.attachments),
            traits={"name": senders[0].name} if senders and senders[0].name else {},
            attributes=attributes,
            source=self.source,
            source_id=source_id,
            region=self.region,
        )
        for note in notes:
            yield self.rejected(where, note, source_id=source_id, kept=True)

    def _passed_over(self, headers: Headers, said: Mapping[str, bool]) -> str | None:
        """Return why a mail is no contact; None where it is one."""
        if (headers.get("x-imap") or headers.get("x-imapbase")) and _INTERNAL in (headers.get("subject") or ""):
            return "index of a mail program"
        return "draft" if said.get("draft") and not self.drafts else None

    def _parse(self, data: bytes, notes: list[str]) -> tuple[Message, Body]:
        depth = nesting(data)
        if depth <= MAX_NESTING:
            try:
                message = _parser.parsebytes(data)
                return message, take_apart(message)
            except (
                ArithmeticError,
                AssertionError,
                AttributeError,
                LookupError,
                RecursionError,
                TypeError,
                ValueError,
            ):
                notes.append("body: its MIME structure cannot be read; kept as plain text")
        else:
            notes.append(f"body: parts nested deeper than {MAX_NESTING}; kept as plain text")
        head, _, rest = data.replace(b"\r\n", b"\n").partition(b"\n\n")
        return _header_parser.parsebytes(head + b"\n\n"), Body(plain=[decode_bytes(rest[:MAX_BODY], None)])

    def _when(self, headers: Headers, fallback: datetime | None) -> tuple[datetime, str | None]:
        """The Date header is the sender's word: believed unless it lies after the mail was received.

        Without a zone, and none to read it in, the server that received the mail tells.
        """
        received = received_date(headers)
        try:
            said = parse_date(headers.text("date"), self.zone)
        except MissingZoneError:
            if received is None:
                raise
            return received, "received"
        if said is not None and (received is None or said <= received + timedelta(days=2)):
            return said, None
        for timestamp, where in (
            (received, "received"),
            (parse_date(headers.get("resent-date"), self.zone or timezone.utc), "resent-date"),
            (parse_date(headers.get("delivery-date"), self.zone or timezone.utc), "delivery-date"),
            (fallback, "file"),
        ):
            if timestamp is not None:
                return timestamp, where
        return datetime.now(timezone.utc), "reading"

    def _source_id(self, message_id: str | None, content: bytes) -> str:
        """The Message-ID, unless another mail of this load had it already: some senders give all theirs one id."""
        if not message_id:
            return derived_id(content)
        key, print_ = hash_of(message_id.encode("utf-8", "replace")), int.from_bytes(content[:8], "big")
        first = self._seen.setdefault(key, print_)
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        if first == print_:
            return message_id
        return id_of(f"{message_id}#{content.hex()[:12]}") or derived_id(content)


def _cut(headers: Headers, message: Message) -> Iterator[str]:
    """Yield what is said of headers that were read in part."""
    for name, size in headers.cut:
        yield f"{name}: a header of {size} characters, the first {MAX_HEADER} were read"
    for name, value in message.raw_items():
        if name[:8].lower() == "content-" and len(value) == MAX_PARAMETERS:
            yield f"{name}: a header of more than {MAX_PARAMETERS} characters, the first were read"


def _unread_date(headers: Headers, found_in: str) -> Iterator[str]:
    """Yield what is said of a date that could not be read, where the time was taken from elsewhere."""
    if parse_date(headers.text("date"), timezone.utc) is None:
        came = next((value for name, value in headers.all if name == "date"), None)
        if came or found_in == "reading":
            yield unread("date", came, f"a date as mails have it (RFC 5322); the time of {found_in} was taken")


def _bounced(headers: Headers, body: Body, notice: str | None) -> Iterator[Sighting]:
    """Yield the addresses that a delivery report names, or, where it names none, those in the text of the ``notice``."""
    boxes = [_report_address(fields.get("final_recipient", "")) for fields in body.delivery]
    if notice is not None and not boxes:
        boxes = bounced_boxes(headers, notice)
    for box in dict.fromkeys(filter(None, boxes)):
        yield Sighting(f"email:{box}", Assurance.CLAIMED, box)


def _correspondents(headers: Headers, sent: Authors) -> dict[str, Any]:
    """Return the headers that name people and are no participants, as attributes."""
    return {
        "from": decode_text(headers, "from") if not sent.authors else None,
        "sent_by": sent.by.text if sent.by is not None else None,
        "reply_to": [address.text for address in headers.addresses("reply-to")],
        "sender": [address.text for address in headers.addresses("sender")],
    }


def _mended(data: bytes) -> bytes:
    """Return the mail with header lines that break the parser made part of the line above them.

    ``From : jane@example.com`` is allowed by RFC 5322 section 4.5.8; a line that is no header at all would end the
    headers, and everything below it, From and Date too, would be taken for text.
    """
    found = _HEAD_END.search(data, 0, _MAX_HEAD)
    if found is None:
        return data
    lines = data[: found.start()].split(b"\n")
    if not any(line[:1] not in b" \t\r" and not _HEADER.match(line) for line in lines):
        return data
    headers = [_LOOSE_HEADER.sub(rb"\1:", line) for line in lines]
    last = max((i for i, line in enumerate(headers) if _KNOWN_HEADER.match(line)), default=0)
    if not _HEADER.match(headers[0]):
        return data
    for index in range(1, last):
        if headers[index].strip() and headers[index][:1] not in b" \t" and not _HEADER.match(headers[index]):
            headers[index] = b" " + headers[index]
    return b"\n".join(headers) + data[found.start() :]


def hash_of(data: bytes) -> int:
    """Return 64 bits of a hash that is the same in every process."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def decode_text(headers: Headers, name: str) -> str | None:
    """Return a header's text, cut to what is worth keeping of a broken one."""
    value = headers.text(name)
    return value[:1000] if value else None


def _sighting(address: Address, assurance: Assurance = Assurance.OBSERVED, through: str | None = None) -> Sighting:
    return Sighting(f"email:{address.mailbox}", assurance, address.text, through)


def _same_everywhere(headers: Headers, data: bytes) -> bytes:
    """What of a mail is the same in every copy of it: not its line ends, nor the lines that servers put on top."""
    head = "\n".join(f"{name}:{headers.get(name) or ''}" for name in ("from", "to", "cc", "date", "subject"))
    body = data.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
    return clean(head).encode() + b"\n\n" + body


def _report_address(field: str) -> str:
    """``rfc822; jane@example.com`` of a delivery report."""
    address = field.partition(";")[2].strip(" <>")
    return address[:300] if "@" in address else ""


def _other_headers(headers: Headers) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in headers.all:
        if name not in _TAKEN and value and name not in kept and len(kept) < 100:
            kept[clean(name)[:100]] = clean(value)[:1000]
    return kept
