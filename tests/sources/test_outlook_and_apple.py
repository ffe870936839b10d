"""Mails in the forms of Outlook and of Apple Mail: winmail.dat, .msg, packed RTF, .emlx."""

from __future__ import annotations

import base64
import struct
from datetime import datetime
from itertools import pairwise

import pytest

from omnitrack.model import Interaction, PassedOver, Rejected
from omnitrack.sources import detect, open_source
from omnitrack.sources.rtf import rtf_to_text, unpack_rtf
from omnitrack.sources.tnef import TnefError, read_tnef

HEAD = (
    b"From: jane@example.org\nTo: care@shop.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\n"
)
RTF = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}\\pard Gr\\'fc\\'dfe\\par \\u8364? 5\\par}"


def stored(rtf):
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def attribute(level, number, value):
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*found):
    out = struct.pack("<I", len(found))
    for kind, number, value in found:
        out += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def tnef(*attributes):
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


FILE = [
    attribute(2, 0x00069002, b"\0" * 14),
    attribute(2, 0x00018010, b"SHORT~1.PDF\0"),
    attribute(2, 0x0006800F, b"%PDF"),
    attribute(
        2,
        0x00069005,
        properties(
            (0x1F, 0x3707, "Rechnung März.pdf".encode("utf-16-le")),
            (0x1F, 0x370E, "application/pdf".encode("utf-16-le")),
        ),
    ),
]


def mail_with(winmail, before=b""):
    head = HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + before
    part = (
        b"--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(winmail)
    )
    return list(open_source(head + part + b"--b--\n", "eml"))


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
def test_text_and_attachments_are_taken_out_of_a_winmail_dat(text):
    [mail] = mail_with(tnef(attribute(1, 0x00069007, struct.pack("<II", 1252, 0)), text, *FILE))
    assert mail.body == "Grüße\n€ 5"
    assert [(one.name, one.media_type, one.size) for one in mail.attachments] == [
        ("Rechnung März.pdf", "application/pdf", 4)
    ]


def test_the_text_beside_a_winmail_dat_is_the_one_that_counts():
    [mail] = mail_with(tnef(attribute(1, 0x0002800C, b"inside\0")), b"--b\nContent-Type: text/plain\n\nbeside\n")
    assert mail.body == "beside"


def test_a_winmail_dat_that_cannot_be_read_is_kept_and_reported():
    mail, note = mail_with(b"nothing of the kind")
    assert isinstance(mail, Interaction)
    assert [one.name for one in mail.attachments] == ["winmail.dat"]
    assert (isinstance(note, Rejected), note.kept) == (True, True)


@pytest.mark.parametrize("cut", range(6, 120, 7))
def test_a_tnef_that_is_cut_off_raises_nothing_else(cut):
    try:
        read_tnef(tnef(attribute(1, 0x00069003, properties((0x1F, 0x1000, b"a\0" * 20))), *FILE)[:cut])
    except TnefError:
        pass


def test_packed_rtf_is_unpacked():
    # "{\rtf1" out of what the packer takes for granted, a text, and the end.
    packed = bytes((0b0000_0001, 0x00, 0x04)) + b"\\a xyz}"
    data = struct.pack("<II4sI", len(packed) + 12, 13, b"LZFu", 0) + packed
    assert unpack_rtf(data) == b"{\\rtf1\\a xyz}"


def test_html_inside_rtf_is_given_back():
    rtf = b"{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\par\\htmlrtf0 Hi{\\*\\htmltag72 </p>}}"
    assert rtf_to_text(rtf) == ("<p>Hi</p>", True)


def emlx(mail, flags, count=None):
    plist = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>flags</key><integer>%d</integer></dict></plist>'
        % flags
    )
    return b"%-10d\n" % (len(mail) if count is None else count) + mail + plist


def test_a_file_of_apple_mail_is_its_mail_and_what_the_program_knows(tmp_path):
    path = tmp_path / "1.emlx"
    path.write_bytes(emlx(HEAD + b"\nhi\n", 1 << 24))
    assert detect(path)[0].name == "emlx"
    [mail] = open_source(path)
    assert (mail.body, mail.attributes["spam"]) == ("hi", True)
    path.write_bytes(emlx(HEAD + b"\nhi\n", 64))
    assert [type(item) for item in open_source(path)] == [PassedOver]


def test_the_mailbox_that_a_file_of_apple_mail_is_in_counts(tmp_path):
    folder = tmp_path / "Deleted Messages.mbox" / "8A-1" / "Data" / "Messages"
    folder.mkdir(parents=True)
    (folder / "7.partial.emlx").write_bytes(emlx(HEAD + b"\nhi\n", 0, count=99_999))
    mail, note = open_source(folder / "7.partial.emlx")
    assert (mail.body, mail.attributes["trashed"]) == ("hi", True)
    assert "attachments" in note.reason


def compound(streams):
    """A compound file (MS-CFB) with these streams, each in sectors of its own."""
    sectors, entries = [], [("Root Entry", 5, 0xFFFFFFFE, 0)]
    fat = []

    def put(data):
        first = len(sectors)
        pieces = [data[at : at + 512].ljust(512, b"\0") for at in range(0, max(len(data), 1), 512)]
        for piece in pieces:
            sectors.append(piece)
            fat.append(len(sectors))
        fat[-1] = 0xFFFFFFFE
        return first

    folders: dict[str, list[tuple[str, bytes]]] = {}
    for name, data in streams.items():
        folder, _, last = name.rpartition("/")
        folders.setdefault(folder, []).append((last, data))
    tree: dict[int, list[int]] = {0: []}
    for folder, members in folders.items():
        parent = 0
        if folder:
            parent = len(entries)
            entries.append((folder, 1, 0, 0))
            tree[0].append(parent)
            tree[parent] = []
        for last, data in members:
            tree[parent].append(len(entries))
            # Above 4,096 bytes, so that it needs no stream of small ones.
            entries.append((last, 2, put(data), len(data)))
    right = {one: other for members in tree.values() for one, other in pairwise(members)}
    directory = b""
    for number, (name, kind, start, size) in enumerate(entries):
        text = name.encode("utf-16-le") + b"\0\0"
        child = tree.get(number) or [0xFFFFFFFF]
        directory += text.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(text), kind, 1, 0xFFFFFFFF, right.get(number, 0xFFFFFFFF), child[0]
        )
        directory += b"\0" * 36 + struct.pack("<IQ", start, size)
    first_directory = put(directory)
    fat += [0xFFFFFFFD] * 2
    first_fat = len(sectors)
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(1024, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack(
        "<IIIIIIIIII", 0, 2, first_directory, 0, 0, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, first_fat
    ) + struct.pack("<I", first_fat + 1)
    return head.ljust(512, b"\xff") + b"".join(sectors) + table


def stream(number, text):
    return f"__substg1.0_{number:04X}001F", text.encode("utf-16-le")


def outlook(flags=1, **headers):
    sent = int((datetime(2026, 2, 3, 8) - datetime(1601, 1, 1)).total_seconds()) * 10**7
    entries = struct.pack("<HHIQ", 0x40, 0x39, 6, sent) + struct.pack("<HHIQ", 3, 0x0E07, 6, flags)
    person = struct.pack("<HHIQ", 3, 0x0C15, 6, 1)
    streams = dict(
        [
            ("__properties_version1.0", b"\0" * 32 + entries),
            stream(0x0037, "Störung"),
            stream(0x1000, "Still dead."),
            stream(0x0C1A, "Jane Röe"),
            stream(0x5D01, "jane@example.org"),
            stream(0x1035, "<1@x.example>"),
        ]
    )
    for name, value in (
        stream(0x3001, "Care"),
        stream(0x39FE, "care@shop.example"),
        ("__properties_version1.0", b"\0" * 8 + person),
    ):
        streams[f"__recip_version1.0_#00000000/{name}"] = value
    for name, value in (
        stream(0x3707, "Bild ä.png"),
        stream(0x370E, "image/png"),
        ("__substg1.0_37010102", b"\x89PNG"),
    ):
        streams[f"__attach_version1.0_#00000000/{name}"] = value
    # olefile takes what is under 4,096 bytes out of another stream, so every stream here is longer, filled with what ends a text.
    return {
        name: value.ljust(4096, b"\0") if "properties" not in name else value for name, value in streams.items()
    } | headers


class _File:
    """What olefile gives, over a dictionary: the library itself is tried where it is installed."""

    def __init__(self, streams):
        self._streams = streams

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        return None

    def listdir(self, streams, storages):
        return [name.split("/") for name in self._streams]

    def openstream(self, path):
        import io

        return io.BytesIO(self._streams["/".join(path)])


@pytest.fixture
def saved(monkeypatch, tmp_path):
    """Return a function that gives the items of a .msg with these streams."""
    import sys
    from types import SimpleNamespace

    def read(streams):
        monkeypatch.setitem(sys.modules, "olefile", SimpleNamespace(OleFileIO=lambda data: _File(streams)))
        path = tmp_path / "mail.msg"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        return list(open_source(path))

    return read


def test_a_mail_that_outlook_saved_is_the_mail_that_it_was(saved):
    [mail] = saved(outlook())
    assert (mail.subject, mail.body, mail.source_id) == ("Störung", "Still dead.", "1@x.example")
    assert (str(mail.sender[0].identifier), mail.traits["name"]) == ("email:jane@example.org", "Jane Röe")
    assert [str(one[0].identifier) for one in mail.recipients] == ["email:care@shop.example"]
    assert mail.occurred_at.isoformat() == "2026-02-03T08:00:00+00:00"
    assert [(one.name, one.media_type) for one in mail.attachments] == [("Bild ä.png", "image/png")]


def test_the_headers_with_which_it_came_are_believed_first(saved):
    came = HEAD.decode() + "Subject: as it came\nContent-Type: multipart/mixed;\n boundary=x\nMIME-Version: 1.0\n"
    [mail] = saved(outlook(**dict([stream(0x007D, came)])))
    assert (mail.subject, mail.body, mail.occurred_at.hour) == ("as it came", "Still dead.", 10)


def test_a_draft_that_outlook_saved_is_passed_over(saved):
    assert [type(item) for item in saved(outlook(flags=8))] == [PassedOver]


def test_a_file_of_outlook_is_opened_by_olefile(tmp_path):
    olefile = pytest.importorskip("olefile")
    path = tmp_path / "mail.msg"
    path.write_bytes(compound({name: value.ljust(4096, b"\0") for name, value in outlook().items()}))
    with olefile.OleFileIO(path) as file:
        assert len(file.listdir()) == len(outlook())
    [mail] = open_source(path)
    assert (mail.subject, mail.body) == ("Störung", "Still dead.")
    assert [one.name for one in mail.attachments] == ["Bild ä.png"]
