"""Mailboxes: mbox, EML files and Maildir."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Interaction, PassedOver, Rejected
from omnitrack.sources import detect, open_source
from sources.make_mails import DEFECTS, make_mails, write_mbox
from testdata import ABSENT, DATA

REAL = sorted([*(DATA / "mail_gem").rglob("*.eml"), *(DATA / "talon").rglob("*.eml")])
MAIL = (
    b"Message-ID: <%d@x.example>\nDate: Mon, 6 Jan 2025 09:00:00 +0000\nFrom: jane@example.com\nSubject: %d\n\n%s\n\n"
)
FROM = b"From jane@example.com Mon Jan  6 09:00:00 2025\n"


def mbox(*bodies: bytes, separator: bytes = FROM) -> bytes:
    return b"".join(separator + MAIL % (number, number, body) for number, body in enumerate(bodies))


def interactions(items: Any) -> list[Interaction]:
    return [item for item in items if isinstance(item, Interaction)]


def test_4000_mails_with_every_defect_lose_nothing(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "generated.mbox", 4_000)
    items = list(open_source(path))
    mails = interactions(items)
    assert [mail.attributes["headers"]["x-mark"] for mail in mails] == [f"[mail {n}]" for n in range(4_000)]
    assert len({mail.source_id for mail in mails}) == 4_000
    assert all(item.kept for item in items if isinstance(item, Rejected))


def test_second_reading_gives_the_same_ids(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "generated.mbox", 300)
    source = open_source(path)
    assert [mail.source_id for mail in interactions(source)] == [mail.source_id for mail in interactions(source)]


def test_generator_makes_every_defect() -> None:
    assert len(DEFECTS) > 100
    assert len(list(make_mails(5))) == 5


@pytest.mark.skipif(not REAL, reason=ABSENT)
def test_116_real_mails_lose_nothing() -> None:
    mails = [mail for path in REAL for mail in interactions(open_source(path, "eml"))]
    assert len(REAL) == len(mails) == 116


@pytest.mark.skipif(not REAL, reason=ABSENT)
def test_real_mails_with_one_message_id_are_told_apart_in_one_folder(tmp_path: Path) -> None:
    for number, path in enumerate(REAL):
        (tmp_path / f"{number:03}.eml").write_bytes(path.read_bytes())
    mails = interactions(open_source(tmp_path))
    contents = {mail.source_id: (mail.subject, mail.body, mail.attachments) for mail in mails}
    assert len(mails) == 116
    # Some of them are copies of one mail, with other line ends or other trace lines on top.
    assert {mail.source_id: (mail.subject, mail.body, mail.attachments) for mail in reversed(mails)} == contents
    assert len(contents) == 103


def test_copies_of_one_mail_have_one_id_and_another_mail_with_that_id_has_its_own() -> None:
    copy = MAIL % (1, 1, b"first")
    data = (
        FROM
        + copy
        + FROM
        + b"Received: by another; Mon, 6 Jan 2025 09:00:01 +0000\n"
        + copy
        + FROM
        + MAIL % (1, 2, b"second")
    )
    first, again, other = interactions(open_source(data, "mbox"))
    assert first.source_id == again.source_id == "1@x.example"
    assert other.source_id.startswith("1@x.example#")
    assert other.attributes["message_id"] == "1@x.example"


def test_line_that_begins_with_from_is_no_separator_without_a_time_and_a_header() -> None:
    data = mbox(b"one\n\nFrom here on it got worse\n\nFrom\n\nFrom: a forwarded mail", b"two")
    assert [mail.subject for mail in interactions(open_source(data, "mbox"))] == ["0", "1"]


def test_separator_is_known_also_without_a_blank_line_before_it() -> None:
    assert len(interactions(open_source(mbox(b"one").rstrip() + b"\n" + mbox(b"two"), "mbox"))) == 2


@pytest.mark.parametrize(
    ("quoting", "body"),
    [("mboxrd", "From a\n>From b"), ("mboxo", "From a\n>>From b"), ("none", ">From a\n>>From b")],
)
def test_quoted_from_lines_are_restored_as_the_dialect_says(quoting: str, body: str) -> None:
    [mail] = open_source(mbox(b"text\n>From a\n>>From b"), "mbox", quoting=quoting, split=False)
    assert mail.body.strip() == "text\n" + body


def test_text_before_the_first_mail_is_rejected_with_its_place() -> None:
    items = list(open_source(b"garbage here\n" + mbox(b"one"), "mbox"))
    assert [type(item) for item in items] == [Rejected, Interaction]
    assert items[0].where == "mail 1, byte 0"


def test_mail_without_a_date_happened_when_the_separator_says() -> None:
    data = mbox(b"one").replace(b"Date: Mon, 6 Jan 2025 09:00:00 +0000\n", b"")
    [mail] = open_source(data, "mbox")
    assert mail.occurred_at.isoformat() == "2025-01-06T09:00:00+00:00"


def test_mailbox_torn_off_in_a_mail_gives_what_is_there() -> None:
    data = mbox(b"one", b"two", b"three")
    assert len(interactions(open_source(data[: data.index(b"Subject: 2") + 4], "mbox"))) == 3


def test_memory_stays_flat_over_the_size_of_the_mailbox(tmp_path: Path) -> None:
    peaks = []
    for mails in (10, 60):
        path = tmp_path / f"{mails}.mbox"
        path.write_bytes(mbox(*[b"x" * 70 + b"\n" + b"0123456789abcdef\n" * 6_000] * mails))
        tracemalloc.start()
        for _ in open_source(path):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_mail_over_the_limit_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.sources.mbox.MAX_MESSAGE", 5_000)
    cut, note, whole = open_source(mbox(b"long line\n" * 10_000, b"two"), "mbox")
    assert len(cut.body or "") < 6_000
    assert (note.kept, whole.subject) == (True, "1")


def test_maildir_is_read_with_its_subfolders_and_does_not_change_with_flags(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp", ".Archive/cur", ".Archive/new"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cur" / "1736154000.M1P1.host:2,S").write_bytes(MAIL % (1, 1, b"one"))
    (tmp_path / "new" / "1736154001.M2P2.host").write_bytes(MAIL % (2, 2, b"two"))
    (tmp_path / ".Archive" / "cur" / "1736150000.M3P3.host:2,RS").write_bytes(MAIL % (3, 3, b"three"))
    assert detect(tmp_path)[0].name == "maildir"
    source = open_source(tmp_path)
    assert [mail.subject for mail in interactions(source)] == ["1", "2", "3"]
    assert source.position == source.size
    (tmp_path / "cur" / "1736154000.M1P1.host:2,S").rename(tmp_path / "cur" / "1736154000.M1P1.host:2,FRS")
    assert [mail.subject for mail in interactions(source)] == ["1", "2", "3"]


def test_formats_are_found(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(mbox(b"one"))
    (tmp_path / "b").write_bytes(MAIL % (1, 1, b"one"))
    assert detect(tmp_path / "a")[0].name == "mbox"
    assert detect(tmp_path / "b")[0].name == "eml"


def test_maildirs_beside_cur_are_read_to_any_depth_and_their_names_and_flags_count(tmp_path: Path) -> None:
    names = {
        "cur/1.a:2,S": 1,
        "Complaints/cur/2.a:2,S": 2,
        "Complaints/2025/new/3.a": 3,
        "Trash/cur/4.a:2,S": 4,
        ".Junk/cur/5.a:2,T": 5,
    }
    for name, number in {**names, "Drafts/cur/6.a:2,S": 6, "cur/7.a:2,DS": 7}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent.parent / "new").mkdir(exist_ok=True)
        (path.parent.parent / "cur").mkdir(exist_ok=True)
        path.write_bytes(MAIL % (number, number, b"x"))
    items = list(open_source(tmp_path))
    assert sorted(str(mail.subject) for mail in interactions(items)) == ["1", "2", "3", "4", "5"]
    facts = {mail.subject: {"spam", "trashed"} & mail.attributes.keys() for mail in interactions(items)}
    assert (facts["1"], facts["4"], facts["5"]) == (set(), {"trashed"}, {"spam", "trashed"})
    assert [item.reason for item in items if isinstance(item, PassedOver)] == ["draft", "draft"]


def test_mailbox_and_mail_of_an_old_mac_end_their_lines_in_carriage_returns(tmp_path: Path) -> None:
    path = tmp_path / "In"
    path.write_bytes(mbox(b"a\nb", b"c").replace(b"\n", b"\r"))
    assert [mail.body for mail in open_source(path)] == ["a\nb", "c"]
    path.write_bytes((MAIL % (1, 1, b"a\nb")).replace(b"\n", b"\r"))
    assert [mail.body for mail in open_source(path, "eml")] == ["a\nb"]


def test_what_a_mail_server_keeps_of_a_mailbox_is_no_mail() -> None:
    first = b"From MAILER-DAEMON Mon Jan  6 09:00:00 2025\nFrom: Mail System Internal Data <MAILER-DAEMON@x.example>\n"
    first += b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1736154000 0000000002\n\nx\n\n"
    kept, mail = open_source(first + mbox(b"a"), "mbox")
    assert (kept.reason, mail.body) == ("index of a mail program", "a")
