"""What every source of mail does: who wrote to whom, when, in answer to what."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

import pytest

from omnitrack.model import Assurance, Interaction, Rejected, Sighting
from omnitrack.sources import open_source

MAIL = (
    "Message-ID: <1@mail.example>\r\nDate: Mon, 6 Jan 2025 09:00:00 +0100\r\nFrom: Jane Doe <jane@example.com>\r\n"
    "To: support@telecom.example\r\nSubject: Broadband\r\n"
)


def read(headers: str = "", body: str = "No broadband", base: str = MAIL, **options: Any) -> list[Any]:
    data = base + headers + "\r\n" + body
    return list(open_source(data.encode("utf-8", "surrogateescape"), "eml", **options))


def one(*args: str, **options: Any) -> Interaction:
    [item] = [item for item in read(*args, **options) if isinstance(item, Interaction)]
    return item


def keys(sightings: Iterable[Sighting]) -> list[Any]:
    return [sighting.identifier for sighting in sightings]


def test_sender_is_observed_and_recipients_are_a_person_each() -> None:
    mail = one("Cc: Chris <chris@example.org>\r\n", base=MAIL.replace("To: ", "To: dana@example.org, "))
    assert (keys(mail.sender), mail.sender[0].assurance) == (["email:jane@example.com"], Assurance.OBSERVED)
    assert mail.sender[0].raw == "Jane Doe <jane@example.com>"
    assert [keys(r) for r in mail.recipients] == [["email:dana@example.org"], ["email:support@telecom.example"]]
    assert keys(mail.participants) == ["email:chris@example.org"]


def test_reply_to_and_addresses_in_the_text_identify_nobody() -> None:
    mail = one("Reply-To: stranger@elsewhere.example\r\n", "write to other@elsewhere.example")
    everybody = keys([*mail.sender, *mail.participants, *(s for r in mail.recipients for s in r)])
    assert everybody == ["email:jane@example.com", "email:support@telecom.example"]
    assert mail.attributes["reply_to"] == ["stranger@elsewhere.example"]


def test_of_several_authors_the_sender_header_says_who_sent_it() -> None:
    mail = one("Sender: pat@example.com\r\n", base=MAIL.replace("From: ", "From: pat@example.com, "))
    assert keys(mail.sender) == ["email:pat@example.com"]
    assert keys(mail.participants) == ["email:jane@example.com"]


def test_message_id_is_the_source_id_and_references_make_the_thread() -> None:
    mail = one("In-Reply-To: <b@x.example>\r\nReferences: <a@x.example>\r\n <b@x.example>\r\n")
    assert (mail.source, mail.source_id) == ("email", "1@mail.example")
    assert (mail.reply_to, mail.thread) == ("b@x.example", "a@x.example")


def test_without_references_the_thread_is_the_mail_answered_else_its_own() -> None:
    assert one("In-Reply-To: <b@x.example>\r\n").thread == "b@x.example"
    assert one().thread == "1@mail.example"


def test_mail_without_an_id_gets_the_same_one_in_every_copy() -> None:
    base = MAIL.partition("\r\n")[2]
    copies = [one(base=base), one("X-Folder: archive\r\n", base=base), one(base=base.replace("\r\n", "\n"))]
    assert len({copy.source_id for copy in copies}) == 1
    assert one(body="Other text", base=base).source_id != copies[0].source_id


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 6 Jan 2025 09:00:00 +0100", "2025-01-06T09:00:00+01:00"),
        ("6 Jan 25 09:00 EST", "2025-01-06T09:00:00-05:00"),
        ("Mon, 06 Jan 2025 09 : 00(h) : 05 -0459 (odd)", "2025-01-06T09:00:05-04:59"),
        ("Mon, 6 Jan 2025 09:00:60 +0000", "2025-01-06T09:00:59+00:00"),
        ("Mon, 6 Jan 2025 09:00:00", "2025-01-06T09:00:00+01:00"),
        ("Mon, 6 Jan 2025 09:00:00 H0500", "2025-01-06T09:00:00+01:00"),
        ("Mon, 6 Jan 2025 09:00:00 +9900", "2025-01-06T09:00:00+01:00"),
    ],
)
def test_dates_with_odd_zones_are_read_and_those_with_none_in_the_zone_given(date: str, expected: str) -> None:
    base = MAIL.replace("Mon, 6 Jan 2025 09:00:00 +0100", date)
    assert one(base=base, zone="Europe/Berlin").occurred_at.isoformat() == expected


@pytest.mark.parametrize(
    "date", ["", "Pn, 29 paX 2007 21:13:00 +0100", "Mon, 30 Jun 3609 15:33:50 +0600", "Tue, 7 Jan 2026 9:00 GMT"]
)
def test_date_that_cannot_be_is_replaced_by_when_the_mail_was_received(date: str) -> None:
    received = "Received: from a by b (c; d); Mon, 6 Jan 2025 09:00:07 +0000\r\nReceived: by z; nonsense\r\n"
    mail = one(received, base=MAIL.replace("Mon, 6 Jan 2025 09:00:00 +0100", date))
    assert mail.occurred_at.isoformat() == "2025-01-06T09:00:07+00:00"
    assert mail.attributes["date_from"] == "received"


@pytest.mark.parametrize(
    ("results", "claimed"),
    [
        ("mx.telecom.example; dmarc=fail (p=none) header.from=example.com", True),
        ("MX.telecom.example 1; dkim=fail header.d=example.com", True),
        ("mx.telecom.example; dkim=fail header.d=a; dkim=pass header.d=b", False),
        ("mx.telecom.example; dkim=fail; dmarc=pass", False),
        ("mx.telecom.example; spf=fail; dkim=none", False),
        ("mx.attacker.example; dmarc=fail", False),
        ("mx.telecom.example (dmarc=fail); none", False),
    ],
)
def test_failed_authentication_at_the_trusted_server_makes_the_sender_claimed(results: str, claimed: bool) -> None:
    mail = one(f"Authentication-Results: {results}\r\n", trusted_mail_server="mx.telecom.example")
    assert (mail.sender[0].assurance is Assurance.CLAIMED) == claimed


def test_pass_forged_below_the_servers_own_verdict_does_not_undo_it() -> None:
    forged = "Authentication-Results: mx.telecom.example; dmarc=fail\r\nAuthentication-Results: mx.telecom.example; dmarc=pass\r\n"
    assert one(forged, trusted_mail_server="mx.telecom.example").sender[0].assurance is Assurance.CLAIMED


def test_without_a_trusted_server_its_header_says_nothing() -> None:
    assert one("Authentication-Results: mx.telecom.example; dmarc=fail\r\n").sender[0].assurance is Assurance.OBSERVED


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto-reply"),
        ("Precedence: auto_reply", "auto-reply"),
        ("X-Autoreply: yes", "auto-reply"),
        ("Auto-Submitted: auto-generated", "notification"),
        ("Auto-Submitted: no", "message"),
    ],
)
def test_mails_of_machines_are_told_by_their_kind(header: str, kind: str) -> None:
    assert one(header + "\r\n").kind == kind


def test_bounce_says_whom_it_did_not_reach_and_which_mail_it_was() -> None:
    body = (
        "--b\r\n\r\ncould not deliver\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n"
        "Content-Type: message/rfc822\r\n\r\nMessage-ID: <7@telecom.example>\r\n\r\ntext\r\n--b--\r\n"
    )
    mail = one("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n", body)
    assert (mail.kind, mail.outcome, mail.reply_to, mail.body) == (
        "bounce",
        "bounced",
        "7@telecom.example",
        "could not deliver",
    )
    assert (keys(mail.participants), mail.participants[0].assurance) == (["email:gone@example.com"], Assurance.CLAIMED)
    assert mail.attributes["delivery"][0]["status"] == "5.1.1"


def test_attachment_is_told_by_name_type_size_and_hash() -> None:
    data = b"%PDF-1.4"
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b\r\nContent-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename*=utf-8''..%2Fetc%2FSt%C3%B6rung.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{base64.b64encode(data).decode()}\r\n--b--\r\n"
    )
    mail = one("Content-Type: multipart/mixed; boundary=b\r\n", body)
    [file] = mail.attachments
    assert (file.name, file.media_type, file.size) == ("Störung.pdf", "application/pdf", 8)
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert mail.body == "see below"


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("us-ascii", "Störung".encode(), "Störung"),
        ("iso-8859-1", "„Störung“".encode("cp1252"), "„Störung“"),
        ("ks_c_5601-1987", "똠".encode("cp949"), "똠"),
        ("shift_jis", "①".encode("cp932"), "①"),
        ("x-martian", "Störung".encode(), "Störung"),
        ("utf-8", "Störung".encode("latin-1"), "Störung"),
        ("utf-8", b"NUL \x00 here", "NUL \ufffd here"),
    ],
)
def test_charset_is_read_as_it_was_meant(charset: str, data: bytes, text: str) -> None:
    raw = MAIL.encode() + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + data
    [mail] = open_source(raw, "eml")
    assert mail.body == text


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?B?w7bD?= =?utf-8?B?tsO2?=", "ööö"),
        ("=?iso-8859-1?Q?St=F6rung_heute?= now", "Störung heute now"),
        ('Re: "=?UTF-8?B?5ryi5a2X?=" mid', 'Re: "漢字" mid'),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    ],
)
def test_encoded_words_are_read_also_where_they_cut_a_character_in_two(header: str, text: str) -> None:
    assert one(base=MAIL.replace("Broadband", header)).subject == text


@pytest.mark.parametrize(
    ("header", "boxes"),
    [
        ("jane@example.com pat@example.com", ["jane@example.com"]),
        ("Jane Doe jane@example.com", ["jane@example.com"]),
        ('"jane@example.com" <jane@example.com>', ["jane@example.com"]),
        ("Pete(A wonderful \\) chap) <pete@example.com>", ["pete@example.com"]),
        ("=?utf-8?B?SmFuZSA8amFuZUBleGFtcGxlLmNvbT4=?=", ["jane@example.com"]),
        ("Care Team", []),
    ],
)
def test_broken_sender_gives_what_looks_like_an_address(header: str, boxes: list[str]) -> None:
    mail = one(base=MAIL.replace("Jane Doe <jane@example.com>", header))
    assert keys(mail.sender) == [f"email:{box}" for box in boxes]


def test_mail_without_a_sender_is_kept_and_the_lack_reported() -> None:
    mail, note = read(base=MAIL.replace("From", "X-From"))
    assert mail.sender == ()
    assert (note.kept, note.source_id) == (True, "1@mail.example")


def test_header_lines_that_break_the_parser_do_not_end_the_headers() -> None:
    mail = one(
        base="X-A: 1\r\nquite Delivered-To: x\r\nDate : Mon, 6 Jan 2025 09:00:00 +0000\r\nFrom  : jane@example.com\r\n"
    )
    assert keys(mail.sender) == ["email:jane@example.com"]
    assert mail.occurred_at.hour == 9


def test_headers_without_a_place_are_kept() -> None:
    assert one("X-Ticket: 4711\r\n").attributes["headers"]["x-ticket"] == "4711"


def test_nesting_made_to_be_deep_costs_the_structure_not_the_mail() -> None:
    part = "Content-Type: text/plain\r\n\r\ninnermost"
    for depth in range(2_000):
        part = f"Content-Type: multipart/mixed; boundary=n{depth}\r\n\r\n--n{depth}\r\n{part}\r\n--n{depth}--"
    mail, note = read(part.partition("\r\n")[0] + "\r\n", part.partition("\r\n\r\n")[2])
    assert isinstance(mail, Interaction)
    assert "innermost" in (mail.body or "")
    assert "nested" in note.reason


def test_digest_of_many_mails_is_not_taken_for_deep_nesting() -> None:
    parts = "".join(f"--d\r\nContent-Type: message/rfc822\r\n\r\nSubject: {i}\r\n\r\ntext\r\n" for i in range(200))
    items = read("Content-Type: multipart/mixed; boundary=d\r\n", parts + "--d--\r\n")
    assert [type(item) for item in items] == [Interaction]
    assert len(items[0].attachments) == 200


def test_more_recipients_than_an_interaction_holds_become_participants() -> None:
    boxes = [f"p{i}@example.org" for i in range(150)]
    mail = one(base=MAIL.replace("support@telecom.example", ", ".join(boxes)))
    assert (len(mail.recipients), len(mail.participants)) == (100, 50)


def test_empty_file_is_rejected() -> None:
    [item] = open_source(b"", "eml")
    assert isinstance(item, Rejected)
