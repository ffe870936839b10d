"""Files of Outlook and of Apple Mail, made for tests: winmail.dat, packed RTF, .msg, .emlx."""

from __future__ import annotations

import base64
import struct
from datetime import datetime
from itertools import pairwise
from typing import Any

HEAD = (
    b"From: jane@example.org\nTo: care@shop.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\n"
)
RTF = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}\\pard Gr\\'fc\\'dfe\\par \\u8364? 5\\par}"


def stored(rtf: Any) -> Any:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def attribute(level: int, number: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(found))
    for kind, number, value in found:
        out += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def tnef(*attributes: bytes) -> bytes:
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


def wrapped(winmail: bytes | None = None, before: bytes = b"") -> bytes:
    """Return a mail with a winmail.dat."""
    if winmail is None:
        winmail = tnef(attribute(1, 0x00069003, properties((0x102, 0x1009, stored(RTF)))), *FILE)
    head = HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + before
    part = b"--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
    return head + part + base64.encodebytes(winmail) + b"--b--\n"


def emlx(mail: bytes, flags: int, count: int | None = None) -> bytes:
    plist = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>flags</key><integer>%d</integer></dict></plist>'
        % flags
    )
    return b"%-10d\n" % (len(mail) if count is None else count) + mail + plist


def compound(streams: dict[str, Any]) -> bytes:
    """A compound file (MS-CFB) with these streams, each in sectors of its own."""
    sectors, entries = list[bytes](), [("Root Entry", 5, 0xFFFFFFFE, 0)]
    fat: list[int] = []

    def put(data: bytes) -> int:
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


def stream(number: int, text: str) -> tuple[str, bytes]:
    return f"__substg1.0_{number:04X}001F", text.encode("utf-16-le")


def outlook(flags: int = 1, **headers: Any) -> dict[str, Any]:
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
