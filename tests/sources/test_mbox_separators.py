"""Lines that begin with From in mailboxes of many programs."""

from __future__ import annotations

from typing import Any

import pytest

from omnitrack.model import Interaction
from omnitrack.sources import open_source

MAIL = b"From: jane@example.org\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <%d@x.example>\nSubject: %d\n\n"


def bodies(data: bytes, **options: Any) -> list[str | None]:
    return [item.body for item in open_source(data, "mbox", split=False, **options) if isinstance(item, Interaction)]


@pytest.mark.parametrize(
    "separator",
    [
        b"From ",
        b"From - ",
        b"From - Tue Feb 03 10:00:00 2026",
        b"From jane@example.org",
        b"From jane@example.org Tue Feb  3 10:00:00 2026",
        b"From jane@example.org Tue Feb  3 10:00:00 CET 2026",
        b"From Jane Roe Tue Feb  3 10:00 2026",
        b"From ???@??? Tue Feb 03 10:00:00 2026",
        b"From 154566898343517541@xxx Tue Feb 03 10:00:00 +0000 2026",
        b"From jane@example.org Tue, 3 Feb 2026 10:00:00 +0000",
        b"From MAILER-DAEMON 2026-02-03 10:00:00",
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("before", [b"hi\n", b"hi\n\n"])
def test_every_separator_that_programs_write_parts_mails(separator: bytes, end: bytes, before: bytes) -> None:
    data = b"".join(separator + b"\n" + MAIL % (n, n) + before for n in range(3)).replace(b"\n", end)
    assert [body.strip() for body in bodies(data)] == ["hi"] * 3


@pytest.mark.parametrize(
    "text",
    [
        b"From next week on we are open:\nMonday: 9 to 5\nTuesday: 9 to 5",
        b"From 10:30 on 5 May 2026 we are open:\nMonday: 9 to 5",
        b"From \nMonday: 9 to 5",
        b"From what I see below:\nFrom: Sam\nSubject: x",
        b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: Sam <s@x.example>\nDate: x\nSubject: [PATCH] x",
    ],
)
def test_a_sentence_or_a_pasted_patch_is_text(text: bytes) -> None:
    separator = b"From jane@example.org Tue Feb  3 10:00:00 2026\n"
    data = separator + MAIL % (1, 1) + b"Hi\n\n" + text + b"\n\n" + separator + MAIL % (2, 2) + b"two\n"
    first, second = bodies(data)
    assert first.rstrip() == "Hi\n\n" + text.decode()
    assert second.rstrip() == "two"


def test_a_mailbox_of_patches_is_parted_at_its_patches() -> None:
    patch = b"From %040x Mon Sep 17 00:00:00 2001\n" + MAIL + b"---\n\n"
    assert len(bodies(b"".join(patch % (n, n, n) for n in range(3)))) == 3


def test_a_byte_order_mark_hides_no_mail() -> None:
    assert len(bodies(b"\xef\xbb\xbfFrom - Tue Feb 03 10:00:00 2026\n" + MAIL % (1, 1) + b"hi\n")) == 1


def with_length(body: bytes, length: int) -> bytes:
    head = b"From a@x.example Tue Feb  3 10:00:00 2026\n" + MAIL % (len(body), len(body))
    return head.removesuffix(b"\n") + b"Content-Length: %d\n\n" % length + body


INNER = b"Hi\n\nFrom b@x.example Tue Feb  3 11:00:00 2026\nFrom: b@x.example\n\n>From here\n"


def test_content_length_decides_where_it_ends_at_a_separator_or_the_end() -> None:
    for_two = with_length(INNER, len(INNER)) + b"\n" + with_length(b"two\n", 4)
    # Nobody quotes in such a mailbox, so what looks quoted was written.
    assert bodies(for_two) == [INNER.decode().rstrip(), "two"]
    assert bodies(with_length(INNER, len(INNER))) == [INNER.decode().rstrip()]


@pytest.mark.parametrize("length", [0, len(INNER) - 3, len(INNER) + 5, 10**8])
def test_content_length_that_is_not_true_is_not_believed(length: int) -> None:
    assert len(bodies(with_length(INNER, length) + b"\n" + with_length(b"two\n", 4))) == 3
