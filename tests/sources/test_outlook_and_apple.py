"""Mails in the forms of Outlook and of Apple Mail: winmail.dat, .msg, packed RTF, .emlx."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Interaction, PassedOver, Rejected
from omnitrack.sources import detect, open_source
from omnitrack.sources.rtf import rtf_to_text, unpack_rtf
from omnitrack.sources.tnef import TnefError, read_tnef
from sources.outlook_files import (
    FILE,
    HEAD,
    RTF,
    attribute,
    compound,
    emlx,
    outlook,
    properties,
    stored,
    stream,
    tnef,
    wrapped,
)


def mail_with(winmail: bytes, before: bytes = b"") -> list[Any]:
    return list(open_source(wrapped(winmail, before), "eml"))


@pytest.mark.parametrize(
    "text",
    [
        attribute(1, 0x0002800C, b"Gr\xfc\xdfe\r\n\x80 5\0"),
        attribute(1, 0x00069003, properties((0x1F, 0x1000, "Grüße\r\n€ 5".encode("utf-16-le")))),
        attribute(1, 0x00069003, properties((0x102, 0x1013, "<p>Grüße<br>€ 5</p>".encode()))),
        attribute(1, 0x00069003, properties((0x102, 0x1009, stored(RTF)))),
    ],
    ids=["body", "plain", "html", "rtf"],
)
def test_text_and_attachments_are_taken_out_of_a_winmail_dat(text: bytes) -> None:
    [mail] = mail_with(tnef(attribute(1, 0x00069007, struct.pack("<II", 1252, 0)), text, *FILE))
    assert mail.body == "Grüße\n€ 5"
    assert [(one.name, one.media_type, one.size) for one in mail.attachments] == [
        ("Rechnung März.pdf", "application/pdf", 4)
    ]


def test_the_text_beside_a_winmail_dat_is_the_one_that_counts() -> None:
    [mail] = mail_with(tnef(attribute(1, 0x0002800C, b"inside\0")), b"--b\nContent-Type: text/plain\n\nbeside\n")
    assert mail.body == "beside"


def test_a_winmail_dat_that_cannot_be_read_is_kept_and_reported() -> None:
    mail, note = mail_with(b"nothing of the kind")
    assert isinstance(mail, Interaction)
    assert [one.name for one in mail.attachments] == ["winmail.dat"]
    assert (isinstance(note, Rejected), note.kept) == (True, True)


@pytest.mark.parametrize("cut", range(6, 120, 7))
def test_a_tnef_that_is_cut_off_raises_nothing_else(cut: int) -> None:
    try:
        read_tnef(tnef(attribute(1, 0x00069003, properties((0x1F, 0x1000, b"a\0" * 20))), *FILE)[:cut])
    except TnefError:
        pass


def test_packed_rtf_is_unpacked() -> None:
    # "{\rtf1" out of what the packer takes for granted, a text, and the end.
    packed = bytes((0b0000_0001, 0x00, 0x04)) + b"\\a xyz}"
    data = struct.pack("<II4sI", len(packed) + 12, 13, b"LZFu", 0) + packed
    assert unpack_rtf(data) == b"{\\rtf1\\a xyz}"


def test_html_inside_rtf_is_given_back() -> None:
    rtf = b"{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\par\\htmlrtf0 Hi{\\*\\htmltag72 </p>}}"
    assert rtf_to_text(rtf) == ("<p>Hi</p>", True)


def test_a_file_of_apple_mail_is_its_mail_and_what_the_program_knows(tmp_path: Path) -> None:
    path = tmp_path / "1.emlx"
    path.write_bytes(emlx(HEAD + b"\nhi\n", 1 << 24))
    assert detect(path)[0].name == "emlx"
    [mail] = open_source(path)
    assert (mail.body, mail.attributes["spam"]) == ("hi", True)
    path.write_bytes(emlx(HEAD + b"\nhi\n", 64))
    assert [type(item) for item in open_source(path)] == [PassedOver]


def test_the_mailbox_that_a_file_of_apple_mail_is_in_counts(tmp_path: Path) -> None:
    folder = tmp_path / "Deleted Messages.mbox" / "8A-1" / "Data" / "Messages"
    folder.mkdir(parents=True)
    (folder / "7.partial.emlx").write_bytes(emlx(HEAD + b"\nhi\n", 0, count=99_999))
    mail, note = open_source(folder / "7.partial.emlx")
    assert (mail.body, mail.attributes["trashed"]) == ("hi", True)
    assert "attachments" in note.reason


class _File:
    """What olefile gives, over a dictionary: the library itself is tried where it is installed."""

    def __init__(self, streams: dict[str, Any]) -> None:
        self._streams = streams

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *raised: Any) -> Any:
        return None

    def listdir(self, streams: bool, storages: bool) -> list[list[str]]:
        return [name.split("/") for name in self._streams]

    def openstream(self, path: list[str]) -> Any:
        import io

        return io.BytesIO(self._streams["/".join(path)])


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that gives the items of a .msg with these streams."""
    import sys
    from types import SimpleNamespace

    def read(streams: dict[str, Any]) -> list[Any]:
        monkeypatch.setitem(sys.modules, "olefile", SimpleNamespace(OleFileIO=lambda data: _File(streams)))
        path = tmp_path / "mail.msg"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        return list(open_source(path))

    return read


def test_a_mail_that_outlook_saved_is_the_mail_that_it_was(saved: Callable[..., Any]) -> None:
    [mail] = saved(outlook())
    assert (mail.subject, mail.body, mail.source_id) == ("Störung", "Still dead.", "1@x.example")
    assert (str(mail.sender[0].identifier), mail.traits["name"]) == ("email:jane@example.org", "Jane Röe")
    assert [str(one[0].identifier) for one in mail.recipients] == ["email:care@shop.example"]
    assert mail.occurred_at.isoformat() == "2026-02-03T08:00:00+00:00"
    assert [(one.name, one.media_type) for one in mail.attachments] == [("Bild ä.png", "image/png")]


def test_the_headers_with_which_it_came_are_believed_first(saved: Callable[..., Any]) -> None:
    came = HEAD.decode() + "Subject: as it came\nContent-Type: multipart/mixed;\n boundary=x\nMIME-Version: 1.0\n"
    [mail] = saved(outlook(**dict[str, Any]([stream(0x007D, came)])))
    assert (mail.subject, mail.body, mail.occurred_at.hour) == ("as it came", "Still dead.", 10)


def test_a_draft_that_outlook_saved_is_passed_over(saved: Callable[..., Any]) -> None:
    assert [type(item) for item in saved(outlook(flags=8))] == [PassedOver]


def test_a_damaged_file_of_outlook_is_reported() -> None:
    pytest.importorskip("olefile")
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    whole = compound({name: value.ljust(4096, b"\0") for name, value in outlook().items()})
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            data[rng.randrange(8, 2_000 if rng.random() < 0.3 else len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        assert list(open_source(bytes(data), "msg")), f"seed {seed}"


def test_a_file_of_outlook_is_opened_by_olefile(tmp_path: Path) -> None:
    olefile = pytest.importorskip("olefile")
    path = tmp_path / "mail.msg"
    path.write_bytes(compound({name: value.ljust(4096, b"\0") for name, value in outlook().items()}))
    with olefile.OleFileIO(path) as file:
        assert len(file.listdir()) == len(outlook())
    [mail] = open_source(path)
    assert (mail.subject, mail.body) == ("Störung", "Still dead.")
    assert [one.name for one in mail.attachments] == ["Bild ä.png"]
