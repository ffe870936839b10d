"""Makes mails, each with a few of the defects that real mails have; every mail says its number, so that none is missed."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import attrs

PEOPLE = [
    ("Jane Doe", "jane.doe@example.com"),
    ("Mike Samuels", "mike.samuels68@example.net"),
    ("Zoë Müller", "zoe@mueller.example"),
    ("O'Brien, Pat", "pat@obrien.example"),
    ("山田 花子", "hanako@yamada.example"),
    ("Łukasz Żak", "lukasz.zak@example.pl"),
]
COMPANY = ("Care Team", "support@telecom.example")
START = datetime(2025, 1, 6, 8, tzinfo=timezone.utc)


@attrs.define
class Draft:
    """A mail in the making: header lines as bytes, and its body."""

    number: int
    rng: random.Random
    sender: tuple[str, str]
    to: tuple[str, str]
    when: datetime
    message_id: str
    headers: dict[str, bytes]
    body: bytes
    end: bytes = b"\n"
    raw_headers: list[bytes] = attrs.field(factory=list)
    cut: int | None = None

    @property
    def mark(self) -> str:
        return f"[mail {self.number}]"

    def bytes(self) -> bytes:
        lines = [b"%s: %s" % (name.encode(), value) for name, value in self.headers.items()] + self.raw_headers
        data = b"\n".join(lines) + b"\n\n" + self.body
        if self.cut is not None:
            data = data[: max(300, len(data) - self.cut)]
        return data.replace(b"\n", self.end)


def word(text: str, charset: str = "utf-8") -> bytes:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?=".encode()


def person(who: tuple[str, str]) -> bytes:
    name, box = who
    if not name.isascii():
        return word(name) + f" <{box}>".encode()
    return f'"{name}" <{box}>'.encode() if "," in name else f"{name} <{box}>".encode()


def draft(number: int, rng: random.Random) -> Draft:
    customer = rng.choice(PEOPLE)
    sender, to = (customer, COMPANY) if rng.random() < 0.6 else (COMPANY, customer)
    when = START + timedelta(minutes=7 * number)
    message_id = f"{number}.{rng.getrandbits(32):08x}@mail.example"
    made = Draft(number, rng, sender, to, when, message_id, {}, b"")
    made.headers = {
        "X-Mark": made.mark.encode(),
        "Received": f"from mx.example by mail.telecom.example; {format_datetime(when + timedelta(seconds=5))}".encode(),
        "Message-ID": f"<{message_id}>".encode(),
        "Date": format_datetime(when).encode(),
        "From": person(sender),
        "To": person(to),
        "Subject": f"Broadband fault {made.mark}".encode(),
    }
    made.body = f"Hello,\nthe line is dead again {made.mark}.\n\nRegards\n".encode()
    return made


def multipart(m: Draft, *parts: bytes, kind: str = "mixed", boundary: str = "b0undary", close: bool = True) -> None:
    m.headers |= {"MIME-Version": b"1.0", "Content-Type": f'multipart/{kind}; boundary="{boundary}"'.encode()}
    m.body = b"".join(b"--%s\n%s\n" % (boundary.encode(), part) for part in parts)
    if close:
        m.body += b"--%s--\n" % boundary.encode()


def text_part(m: Draft, text: str = "the line is dead again") -> bytes:
    return f"Content-Type: text/plain; charset=utf-8\n\n{text} {m.mark}\n".encode()


def file_part(name: bytes = b'filename="bill.pdf"', data: bytes = b"%PDF-1.4 not much") -> bytes:
    head = b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; "
    return head + name + b"\n\n" + base64.encodebytes(data)


def encoded(m: Draft, text: str, charset: str, declared: str | None = None) -> None:
    m.headers["Content-Type"] = f"text/plain; charset={declared or charset}".encode()
    m.headers["Content-Transfer-Encoding"] = b"8bit"
    m.body = f"{text} {m.mark}\n".encode(charset)


DEFECTS: list[Callable[[Draft], Any]] = []


def defect(make: Callable[[Draft], Any]) -> Callable[[Draft], Any]:
    DEFECTS.append(make)
    return make


def setter(name: str, value: bytes | Callable[[Draft], bytes] | None) -> None:
    """A defect that gives a header another value, or takes it away."""

    def make(m: Draft) -> None:
        if value is None:
            m.headers.pop(name, None)
        else:
            m.headers[name] = value(m) if callable(value) else value

    make.__name__ = f"{name}_{len(DEFECTS)}"
    DEFECTS.append(make)


# Ids
setter("Message-ID", None)
setter("Message-ID", b"<0.template@sender.example>")
setter("Message-ID", lambda m: m.message_id.encode())
setter("Message-ID", lambda m: f"< {m.message_id[:10]}\n {m.message_id[10:]} >".encode())
setter("Message-ID", b"")
setter("Message-ID", lambda m: f"<{m.message_id} (comment) {'x' * 1500}>".encode())
setter("In-Reply-To", b"")
setter("In-Reply-To", b"Your message of Mon <1.aaaa@mail.example> (Jane's)")
setter("References", b"<1.aaaa@mail.example> broken <2.bbbb@mail.example")
# Dates
setter("Date", None)
setter("Date", b"")
setter("Date", b"\n      <HR>")
setter("Date", b"Pn, 29 paX 2007 21:13:00 +0100")
setter("Date", b"Mon, 30 Jun 3609 15:33:50 +0600")
setter("Date", b"Wed, 15 Jan 2025    59:10 -0500")
setter("Date", lambda m: m.when.strftime("%a, %d %b %Y %H:%M:%S").encode())
setter("Date", lambda m: m.when.strftime("%a, %d %b %Y %H:%M:%S H0500").encode())
setter("Date", lambda m: m.when.strftime("%d %b %y %H:%M MST").encode())
setter("Date", lambda m: m.when.strftime("%a, %d %b %Y %H:%M:%S -0459").encode())
setter("Date", lambda m: m.when.strftime("%a, %d %b %Y %H:%M:%S +9900").encode())
setter("Date", lambda m: m.when.strftime("%a, %d %b %Y %H(h): %M : %S +0000 (").encode() + b"\xc2\xf0\xe5\xec\xff)")
setter("Date", lambda m: m.when.strftime("%Y-%m-%dT%H:%M:%SZ").encode())
# Addresses
setter("From", None)
setter("From", b"Care Team")
setter("From", b"")
setter("From", lambda m: m.sender[0].encode("utf-8") + b" <" + m.sender[1].encode() + b">")
setter("From", lambda m: m.sender[0].encode("latin-1", "replace") + b" <" + m.sender[1].encode() + b">")
setter("From", lambda m: word(f"{m.sender[0]} <{m.sender[1]}>"))
setter("From", lambda m: f"{m.sender[1]} {m.to[1]}".encode())
setter("From", lambda m: f"{m.sender[0]} {m.sender[1]}".encode())
setter("From", lambda m: f"Pete (A wonderful \\) chap) <{m.sender[1]}>".encode())
setter("From", lambda m: f'"{m.sender[1]}" <{m.sender[1]}.>'.encode())
setter("From", lambda m: f"=?utf-8?Q?{m.sender[0].split()[0]}=?= <{m.sender[1]}>".encode())
setter("To", None)
setter("To", b"undisclosed-recipients:;")
setter("To", b"<Undisclosed-Recipient:@lists.example;>")
setter("To", lambda m: b"A Group:Chris <c@one.example>,joe@two.example,John <jdoe@three.example>;")
setter("To", lambda m: f"<{m.to[1]}>\n, <{m.to[1].upper()}>\n".encode().rstrip())
setter("To", lambda m: ", ".join(f"Person {i} <p{i}@example.org>" for i in range(150)).encode())
setter("Cc", b"Chris <chris@example.org>; dana@example.org")
setter("Cc", b", ,")
setter("Reply-To", b"stranger@elsewhere.example")
# Subjects and other headers
setter("Subject", b"")
setter("Subject", None)
setter("Subject", b"=?utf-8?B?broken base64=?= =?x-unknown?Q?=E9=E9?= rest")
setter("Subject", "Störung seit Montag".encode("latin-1"))
setter("Subject", "故障について".encode("shift_jis"))
setter("Subject", b"=?utf-8?B?w7bDtsO2w?= =?utf-8?B?7bDtg==?=")
setter("Subject", b"NUL \x00 and \x1b[31m escape")
setter("Subject", b"x" * 20_000)
setter("X-Spam-Report", b"\n\t* 1.0 FOO bar\n\t* 0.1 BAZ")
setter("X-Empty", b"")
setter("MIME-Version", b"")
setter("Content-Type", b"text")
setter("Content-Type", b'text/plain; charset="us-ascii"; format=flowed; format=flowed')
setter("Content-Type", b"TEXT/PLAIN; CHARSET=")
setter("Content-Type", b"text/plain; charset=x-martian")
setter("Content-Type", b"; charset=utf-8")
setter("Content-Transfer-Encoding", b"7-bit")
setter("Content-Transfer-Encoding", b"")
setter("Content-Transfer-Encoding", b"plain")
setter("Content-Transfer-Encoding", b"spam")
setter("Content-Transfer-Encoding", b"8bits;")
setter("Content-Disposition", b"")


@defect
def header_with_a_space_before_its_colon(m: Draft) -> None:
    m.raw_headers.append(b"X-Loose  : value")


@defect
def line_that_is_no_header(m: Draft) -> None:
    m.headers = (
        dict(list(m.headers.items())[:1]) | {"X-Before": b"softfail\nquite Delivered-To: x@example.org"} | m.headers
    )


@defect
def header_twice(m: Draft) -> None:
    m.raw_headers += [b"Subject: Another subject", b"To: someone-else@example.org"]


@defect
def windows_line_ends(m: Draft) -> None:
    m.end = b"\r\n"


@defect
def no_body(m: Draft) -> None:
    m.headers["Subject"] = f"Only a subject {m.mark}".encode()
    m.body = b""


@defect
def line_that_begins_with_from(m: Draft) -> None:
    m.body += b"\nFrom here on it got worse.\n>From a quoted line\n\nFrom\n"


@defect
def very_long_line(m: Draft) -> None:
    m.body += b"0123456789" * 5_000 + b"\n"


@defect
def nul_bytes(m: Draft) -> None:
    m.body += b"\x00\x00 binary \x00\xff\xfe\n"


@defect
def no_line_end_at_the_end(m: Draft) -> None:
    m.body = m.body.rstrip(b"\n")


@defect
def bad_base64(m: Draft) -> None:
    m.headers["Content-Transfer-Encoding"] = b"base64"
    m.body = base64.b64encode(m.body)[:-1] + b"!!\n==="


@defect
def bad_quoted_printable(m: Draft) -> None:
    m.headers["Content-Transfer-Encoding"] = b" quoted-printable "
    m.body = m.body.replace(b"dead", b"d=ZZead =") + b"=\n"


@defect
def uuencoded(m: Draft) -> None:
    m.headers["Content-Transfer-Encoding"] = b"x-uuencode"
    m.body = b"begin 644 note.txt\nno such line\n"


@defect
def wrong_charset(m: Draft) -> None:
    encoded(m, "Störung – kein Internet", "utf-8", "iso-2022-jp")


@defect
def latin_declared_ascii(m: Draft) -> None:
    encoded(m, "Störung, kein Internet", "latin-1", "us-ascii")


@defect
def korean(m: Draft) -> None:
    encoded(m, "인터넷이 안 됩니다 똠", "cp949", "ks_c_5601-1987")


@defect
def japanese_shift_jis(m: Draft) -> None:
    encoded(m, "①インターネットが使えません", "cp932", "shift_jis")


@defect
def japanese_iso_2022(m: Draft) -> None:
    encoded(m, "インターネットが使えません", "iso2022_jp", "iso-2022-jp")


@defect
def utf_16(m: Draft) -> None:
    encoded(m, "kein Internet", "utf-16")


@defect
def html_only(m: Draft) -> None:
    m.headers["Content-Type"] = b"text/html; charset=utf-8"
    m.body = f"<html><style>p{{}}</style><body><p>The line is&nbsp;<b>dead</b> {m.mark}<br>again<script>x<y".encode()


@defect
def alternative(m: Draft) -> None:
    multipart(m, text_part(m), b"Content-Type: text/html\n\n<p>the same</p>", kind="alternative")


@defect
def alternative_with_empty_plain(m: Draft) -> None:
    html = b"Content-Type: text/html; charset=utf-8\n\n<p>only here " + m.mark.encode() + b"</p>"
    multipart(m, b"Content-Type: text/plain\n\n  \n", html, kind="alternative")


@defect
def attachment(m: Draft) -> None:
    multipart(m, text_part(m), file_part())


@defect
def attachment_only(m: Draft) -> None:
    m.headers |= {"Content-Type": b"application/x-gzip; name=log.gz", "Content-Transfer-Encoding": b"base64"}
    m.headers["Subject"] = f"Log {m.mark}".encode()
    m.body = base64.encodebytes(b"\x1f\x8b not really")


@defect
def attachment_names(m: Draft) -> None:
    names = [
        b"filename*=utf-8''St%C3%B6rung%20Montag.pdf",
        b'filename="' + word("故障.pdf") + b'"',
        b"filename=St\xf6rung Montag.pdf",
        b'filename*0="very"; filename*1="long.pdf"',
        b'filename="..\\\\..\\\\etc\\\\passwd"',
        b"filename*=martian'x'%E9%ZZ.pdf",
        b"; size=1; ; =",
    ]
    multipart(m, text_part(m), *(file_part(name) for name in names))


@defect
def missing_closing_boundary(m: Draft) -> None:
    multipart(m, text_part(m), file_part(), close=False)


@defect
def boundary_that_never_comes(m: Draft) -> None:
    multipart(m, text_part(m))
    m.headers["Content-Type"] = b"multipart/mixed; boundary=another"


@defect
def no_boundary_at_all(m: Draft) -> None:
    m.headers["Content-Type"] = b"multipart/mixed"


@defect
def illegal_boundary(m: Draft) -> None:
    multipart(m, text_part(m), boundary="----=_NextPart_000_0093 (01C81419) EB75E850")
    m.headers["Content-Type"] = m.headers["Content-Type"].replace(b'"', b"")


@defect
def similar_boundaries(m: Draft) -> None:
    inner = (
        b"Content-Type: multipart/alternative; boundary=b0undary1\n\n--b0undary1\n"
        + text_part(m)
        + b"\n--b0undary1--\n"
    )
    multipart(m, inner, file_part())


@defect
def deep_nesting(m: Draft) -> None:
    part = text_part(m)
    for depth in range(60):
        part = b'Content-Type: multipart/mixed; boundary="n%d"\n\n--n%d\n%s\n--n%d--\n' % (depth, depth, part, depth)
    multipart(m, part)


@defect
def part_without_headers(m: Draft) -> None:
    multipart(m, b"\nplain text without a header " + m.mark.encode())


@defect
def enclosed_mail(m: Draft) -> None:
    inner = b"Content-Type: message/rfc822\n\nFrom: a@example.org\nSubject: inner\nContent-Type: text/plain; charset=bogus\n\n\xff\xfe"
    multipart(m, text_part(m), inner)


@defect
def signed(m: Draft) -> None:
    multipart(m, text_part(m), b"Content-Type: application/pgp-signature\n\n-----BEGIN", kind="signed")


@defect
def quoted_reply(m: Draft) -> None:
    m.body = (
        f"Still dead {m.mark}\n\nOn Mon, 6 Jan 2025 at 09:00, Care <c@telecom.example>\nwrote:\n\n> Is it?\n".encode()
    )


@defect
def signature(m: Draft) -> None:
    m.body += b"\n-- \nJane Doe\n020 7946 0958\n"


@defect
def interleaved_reply(m: Draft) -> None:
    m.body = f"> Is it plugged in?\nYes {m.mark}\n> And on?\nYes\n".encode()


@defect
def auto_reply(m: Draft) -> None:
    m.headers["Auto-Submitted"] = b"auto-replied (vacation)"


@defect
def delivery_report(m: Draft) -> None:
    m.headers["From"] = b"Mail Delivery System <MAILER-DAEMON@mail.telecom.example>"
    status = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\nFinal-Recipient: rfc822; gone@example.com\n"
    status += b"Action: failed\nStatus: 5.1.1\n"
    original = b"Content-Type: text/rfc822-headers\n\nMessage-ID: <1.aaaa@mail.example>\n"
    multipart(m, text_part(m, "could not be delivered"), status, original, kind="report; report-type=delivery-status")


@defect
def torn_off(m: Draft) -> None:
    multipart(m, text_part(m), file_part(data=b"x" * 3000))
    m.cut = m.rng.randrange(100, 2000)


def make_mails(count: int, seed: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield (number, mail); the first ones have one defect each, then come up to three together, a tenth has none."""
    rng = random.Random(seed)
    for number in range(count):
        made = draft(number, rng)
        if number < len(DEFECTS):
            DEFECTS[number](made)
        elif rng.random() < 0.9:
            for make in rng.sample(DEFECTS, rng.randint(1, 3)):
                make(made)
        yield number, made.bytes()


def write_mbox(path: Path, count: int, seed: int = 1) -> Path:
    """Write the mails as an mboxrd mailbox; ``From`` lines are quoted by half of the programs that write it."""
    rng = random.Random(seed)
    with path.open("wb") as file:
        for number, data in make_mails(count, seed):
            timestamp = START + timedelta(minutes=7 * number)
            file.write(b"From sender@example.org " + timestamp.strftime("%a %b %d %H:%M:%S %Y").encode() + b"\n")
            if rng.random() < 0.5:
                data = b"\n".join(
                    b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in data.split(b"\n")
                )
            file.write(data + b"\n\n")
    return path
