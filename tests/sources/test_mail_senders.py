"""Who wrote a mail that somebody else passed on, and what machines write."""

from __future__ import annotations

from typing import Any

import pytest

import omnitrack
from omnitrack.errors import SourceFormatError
from omnitrack.model import Assurance
from omnitrack.sources import open_source

REST = "To: care@shop.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\n\n"


def one(head: str, body: str = "Where is it?", **options: Any) -> Any:
    [item] = open_source((head.strip() + "\n" + REST + body).encode(), "eml", **options)
    return item


LIST = "List-Id: <care.shop.example>\n"


@pytest.mark.parametrize(
    "head",
    [
        f'From: "Jane Roe via Care" <care@shop.example>\nX-Original-From: Jane Roe <jane@example.org>\n{LIST}',
        f"From: \"'Jane Roe' via Care\" <care@shop.example>\nX-Original-Sender: jane@example.org\nReply-To: Jane Roe <jane@example.org>\n{LIST}",
        f"From: Jane Roe via Care <care@shop.example>\nReply-To: Jane Roe <jane@example.org>\n{LIST}",
        f"From: Jane Roe via Care <care@shop.example>\nReply-To: care@shop.example\nCc: Jane Roe <jane@example.org>\n{LIST}",
        f"From: Care <care@shop.example>\nAuthor: Jane Roe <jane@example.org>\n{LIST}",
    ],
)
def test_who_wrote_through_a_group_is_the_sender_as_a_claim(head: str) -> None:
    mail = one(head)
    assert str(mail.sender[0].identifier) == "email:jane@example.org"
    assert mail.sender[0].assurance is Assurance.CLAIMED
    assert "care@shop.example" in mail.attributes["sent_by"]


GROUP = f'From: "Jane Roe via Care" <care@shop.example>\nX-Original-From: Jane Roe <jane@example.org>\n{LIST}'
FORM = f"From: Jane Roe via Care <care@shop.example>\nReply-To: Jane Roe <jane@example.org>\n{LIST}"


@pytest.mark.parametrize(
    ("head", "own", "seen"),
    [
        (GROUP, ["email:*@shop.example"], True),
        (GROUP + "Reply-To: Jane <jane@example.org>\n", ["email:care@shop.example"], True),
        (GROUP, ["email:help@shop.example"], False),
        (GROUP + "Reply-To: Evil <evil@bad.example>\n", ["email:*@shop.example"], False),
        (GROUP + "X-Original-Sender: evil@bad.example\n", ["email:*@shop.example"], False),
        (GROUP + "X-Original-Authentication-Results: mx; dmarc=fail\n", ["email:*@shop.example"], False),
        (FORM, ["email:*@shop.example"], False),
    ],
)
def test_who_wrote_through_a_group_of_the_company_is_observed_where_the_group_says_it_and_nothing_else_does(
    head: str, own: list[str], seen: bool
) -> None:
    tracker = omnitrack.open("memory://", own=own)
    tracker.load(open_source((head + REST).encode(), "eml"))
    assert len(list(tracker.timeline("jane@example.org", directions="inbound"))) == seen
    assert len(list(tracker.timeline("jane@example.org", include_claimed=True))) == 1


@pytest.mark.parametrize(
    "head",
    [
        "From: Evil <evil@bad.example>\nX-Original-From: Jane Roe <jane@example.org>",
        "From: Jane via Linked <notes@linked.example>\nReply-To: Jane <jane@example.org>",
        f"From: Sam <sam@example.org>\nReply-To: Jane <jane@example.org>\n{LIST}",
    ],
)
def test_reply_to_and_the_like_change_nothing_where_no_group_wrote(head: str) -> None:
    assert "jane@" not in str(one(head).sender[0].identifier)


def test_reply_to_of_a_contact_form_is_the_customer_as_a_claim() -> None:
    head = "From: Website <forms@shop.example>\nReply-To: Jane <jane@example.org>"
    mail = one(head, contact_forms=["Forms@shop.example"])
    assert (str(mail.sender[0].identifier), mail.sender[0].assurance) == ("email:jane@example.org", Assurance.CLAIMED)
    assert str(one(head).sender[0].identifier) == "email:forms@shop.example"


@pytest.mark.parametrize(
    "head",
    [
        "Return-Path: <MAILER-DAEMON>\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender",
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@mx.example>\nSubject: x",
        "From: postmaster@mx.example\nSubject: Undeliverable: your order",
        "From: postmaster@mx.example\nSubject: Unzustellbar: Ihre Bestellung",
        "From: Mailer <sys@mx.example>\nX-Failed-Recipients: jane@example.org\nSubject: x",
    ],
)
def test_a_bounce_is_known_and_names_who_was_not_reached(head: str) -> None:
    mail = one(head, "I could not deliver to\n<jane@example.org>: user unknown")
    assert (mail.kind, mail.outcome) == ("bounce", "bounced")
    assert [str(one_.identifier) for one_ in mail.participants] == ["email:jane@example.org"]
    assert mail.attributes["automatic"] is True


def test_a_mail_that_waits_is_a_bounce_that_is_delayed() -> None:
    assert (
        one("From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Delayed Mail (still being retried)").outcome
        == "delayed"
    )


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Automatic reply: Your order",
        "Subject: Abwesenheitsnotiz: Ihre Bestellung",
        "Subject: Réponse automatique : votre commande",
        "Subject: 自動応答: x",
        "Subject: Out of Office Re: Your order",
        "Subject: Out of office until Monday\nAuto-Submitted: auto-generated",
        "Subject: Away\nAuto-Submitted: auto-replied (vacation)",
        "Subject: Away\nX-Autoreply: yes",
        "Subject: Away\nAuto-Submitted: auto-generated\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
    ],
)
def test_an_answer_out_of_office_is_known(head: str) -> None:
    assert one(f"From: jane@example.org\n{head}").kind == "auto-reply"


@pytest.mark.parametrize(
    "subject",
    ["Re: Automatic reply: Your order", "Out of office chairs?", "Autoreply does not work", "Delivery failed again"],
)
def test_people_who_write_of_such_mails_are_people(subject: str) -> None:
    assert one(f"From: jane@example.org\nSubject: {subject}").kind == "message"


def test_a_mail_that_is_passed_on_says_so() -> None:
    body = "FYI\n\n---------- Forwarded message ---------\nFrom: Sam <sam@example.org>\nDate: 1 Feb 2026\nSubject: Fault\nTo: Jane\n\nDead."
    assert one("From: jane@example.org\nSubject: Fwd: Fault", body).attributes["forwarded"] is True
    assert "forwarded" not in one("From: jane@example.org\nSubject: Re: Fault", body).attributes


def test_contact_forms_that_are_no_list_are_refused() -> None:
    with pytest.raises(SourceFormatError, match="contact_forms"):
        open_source(b"", "eml", contact_forms="forms@shop.example")


@pytest.mark.parametrize(
    "head",
    [
        "From: Jane <jane@example.org>\nSubject: Out of Office AutoReply: your order",
        "From: Jane <jane@example.org>\nSubject: AUTO: Jane Roe is out of the office (returning 05/02/2026)",
        "From: Jane <jane@example.org>\nReturn-Path: <>\nSubject: Jane Roe is out of office",
        "From: Jane <jane@example.org>\nReturn-Path: <>\nIn-Reply-To: <7@shop.example>\nSubject: Re: your order",
    ],
)
def test_an_answer_that_nobody_wrote_is_known(head: str) -> None:
    assert one(head).kind == "auto-reply"


@pytest.mark.parametrize(
    "subject", ["I am out of the office next week", "Automatic reply from your robot", "Away with this"]
)
def test_words_that_a_person_may_write_are_no_answer_of_a_machine(subject: str) -> None:
    assert one(f"From: Jane <jane@example.org>\nSubject: {subject}").kind == "message"


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ("'Jane' <'jane@example.org'>", "jane@example.org"),
        ("Jane <=?utf-8?Q?jane=40example=2Eorg?=>", "jane@example.org"),
        ("=?utf-8?Q?Jane?= <=?utf-8?Q?jane?=@example.org>", "jane@example.org"),
        ("jane@example.org via Care <care@other.example>", "care@other.example"),
    ],
)
def test_the_mailbox_is_found_in_an_address_that_is_written_wrongly(value: str, box: str) -> None:
    assert str(one(f"From: {value}").sender[0].identifier) == f"email:{box}"
