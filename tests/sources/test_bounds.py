"""A bound that cuts is said in the report, and the contact is kept."""

from __future__ import annotations

import pytest

from omnitrack.model import Interaction, Rejected
from omnitrack.sources import open_source, whatsapp_chat

HEAD = b"From: jane@example.com\nDate: Mon, 5 Jan 2026 09:00:00 +0000\nMessage-ID: <1@b.example>\n"


@pytest.mark.parametrize(
    ("header", "named"),
    [(b"To: " + b"a@b.example, " * 30_000, "to"), (b"Content-Type: text/plain" + b";" * 10_000, "Content-Type")],
)
def test_a_header_that_is_cut_is_reported_and_the_mail_kept(header: bytes, named: str) -> None:
    mail, report = open_source(HEAD + header + b"\n\nHello", "eml")
    assert isinstance(mail, Interaction)
    assert mail.body == "Hello"
    assert isinstance(report, Rejected)
    assert report.kept
    assert named.lower() in report.reason.lower()


def test_a_chat_message_that_is_cut_is_reported_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatsapp_chat, "_MAX_MESSAGE", 20)
    chat = "05/01/2026, 09:00 - Jane: one\n" + "ten letters\n" * 5
    items = list(open_source(chat.encode(), "whatsapp-chat", own_name="Care", dates="dmy", zone="UTC"))
    assert [type(item) for item in items] == [Interaction, Rejected]
    assert items[1].kept
    assert "3 lines" in items[1].reason


def test_a_group_of_any_length_keeps_its_mailboxes() -> None:
    (mail, *_) = open_source(
        HEAD + b"To: friends: " + b", ".join(b"u%d@b.example" % n for n in range(90)) + b" " * 9000 + b";\n\nx", "eml"
    )
    assert len(mail.recipients) == 90
