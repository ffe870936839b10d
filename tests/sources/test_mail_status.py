"""What mail programs keep about a mail: deleted, draft, spam, trash."""

from __future__ import annotations

from typing import Any

import pytest

from omnitrack.model import Interaction, PassedOver
from omnitrack.sources import open_source
from omnitrack.sources.mail_status import bits_facts, flag_facts, folder_facts

MAIL = b"From: jane@example.org\nTo: care@shop.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\n%s\n\nhi\n"


def one(header: str) -> Any:
    [item] = open_source(MAIL % header.encode(), "eml")
    return item


@pytest.mark.parametrize(
    ("header", "fact"),
    [
        ("X-Mozilla-Status: 0009", "deleted"),
        ("X-Mozilla-Status2: 00200000", "deleted"),
        ("Status: ROD", "deleted"),
        ("X-Status: AD", "deleted"),
        ("X-Gmail-Labels: Unread,Spam", "spam"),
        ("X-Gmail-Labels: =?UTF-8?B?0KHQv9Cw0Lw=?=", "spam"),
        ("X-Gmail-Labels: Papierkorb", "trashed"),
        ("X-Spam-Flag: YES", "spam"),
        ("X-Spam-Status: Yes, score=9", "spam"),
    ],
)
def test_a_fact_about_a_mail_is_kept_with_it(header: str, fact: str) -> None:
    assert one(header).attributes[fact] is True


@pytest.mark.parametrize(
    "header", ["X-Gmail-Labels: Draft", "X-Status: T", "X-Unsent: 1", "X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe?="]
)
def test_a_draft_is_passed_over_by_name_or_kept_as_one_on_demand(header: str) -> None:
    assert isinstance(one(header), PassedOver)
    assert one(header).reason == "draft"
    [kept] = open_source(MAIL % header.encode(), "eml", drafts=True)
    assert kept.attributes["draft"] is True


@pytest.mark.parametrize(
    "header",
    ["X-Mozilla-Status: 0001", "Status: RO", "X-Gmail-Labels: Inbox,Drafting", "X-Spam-Flag: NO", "X-Spam-Status: No"],
)
def test_a_mail_that_nothing_is_said_of_has_no_fact(header: str) -> None:
    assert isinstance(one(header), Interaction)
    assert not {"deleted", "draft", "spam", "trashed"} & one(header).attributes.keys()


def test_folders_flags_and_bits_say_the_same() -> None:
    assert folder_facts("Corbeille") == {"trashed": True}
    assert folder_facts("Complaints") == {}
    assert flag_facts("1.M1.host:2,DST") == {"draft": True, "trashed": True}
    assert flag_facts("1.M1.host;2,S") == flag_facts("12,DT") == {}
    assert bits_facts(0b100_0011) == {"deleted": True, "draft": True}
