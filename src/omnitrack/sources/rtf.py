"""Text out of RTF as Outlook stores it: packed (MS-OXRTFCP), and with HTML inside (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct

from omnitrack.sources.mail_charset import decode_bytes
from omnitrack.sources.values import words

MAX_RTF = 8 * 1024 * 1024  # bytes of a text that are read
_PACKED, _STORED = b"LZFu", b"MELA"
# What the packer takes for granted before the first byte, by MS-OXRTFCP section 2.1.3.1.
_BEFORE = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New Roman"
    rb"Courier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_RING = 4096
_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_SILENT = frozenset(
    words(
        "fonttbl colortbl stylesheet info pict object header footer generator listtable listoverridetable rsidtbl themedata"
    )
)
_SIGNS = {"par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
          "bullet": "•", "endash": "–", "emdash": "—"}  # fmt: skip


def unpack_rtf(data: bytes) -> bytes:
    """Return RTF that Outlook has packed; b"" where it is damaged from the start."""
    if len(data) < 16:
        return b""
    size = struct.unpack_from("<I", data, 4)[0]
    kind = data[8:12]
    if kind == _STORED:
        return data[16 : 16 + min(size, MAX_RTF)]
    if kind != _PACKED:
        return b""
    size = min(size, MAX_RTF)
    ring = bytearray(_BEFORE.ljust(_RING, b"\0"))
    write = len(_BEFORE)
    out = bytearray()
    at = 16
    while at < len(data) and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                if at >= len(data):
                    break
                piece = data[at : at + 1]
                at += 1
            else:
                if at + 1 >= len(data):
                    return bytes(out[:size])
                offset, length = (data[at] << 4 | data[at + 1] >> 4), (data[at + 1] & 15) + 2
                at += 2
                if offset == write:
                    return bytes(out[:size])
                piece = b""
            if piece:
                out += piece
                ring[write] = piece[0]
                write = (write + 1) % _RING
                continue
            for step in range(length):
                byte = ring[(offset + step) % _RING]
                out.append(byte)
                ring[write] = byte
                write = (write + 1) % _RING
    return bytes(out[:size])


def rtf_to_text(data: bytes) -> tuple[str, bool]:
    """Return the text of RTF, and whether it is HTML that was inside. Long: one loop over the tokens, whose branches share its state."""
    if not data.lstrip().startswith(b"{\\rtf"):
        return "", False
    data = data[:MAX_RTF]
    is_html = b"\\fromhtml" in data[:2000]
    codepage = "cp1252"
    out: list[str] = []
    pending = bytearray()  # bytes of characters that are written one by one
    groups: list[tuple[bool, int]] = []  # of those that are open: silent, characters that stand for one \u
    silent, skip, left = False, 1, 0
    hidden = False  # RTF that only stands for the HTML beside it
    star = False

    def flush() -> None:
        if pending:
            out.append(decode_bytes(bytes(pending), codepage))
            pending.clear()

    for match in _TOKEN.finditer(data):
        word, number, code, sign, brace, plain = match.groups()
        if code is None:
            flush()
        if brace == b"{":
            groups.append((silent, skip))
            continue
        if brace == b"}":
            if groups:
                silent, skip = groups.pop()
            continue
        if word is not None:
            name, value = word.decode(), int(number) if number else None
            if name == "htmltag":
                silent = not is_html
            elif star or name in _SILENT:
                silent = True
            elif name == "htmlrtf":
                hidden = is_html and value != 0
            elif name == "ansicpg" and value:
                codepage = f"cp{value}"
            elif name == "uc" and value is not None:
                skip = min(max(value, 0), 8)
            elif not silent and not hidden:
                if name == "u" and value is not None:
                    out.append(chr(value & 0xFFFF))
                    left = skip
                elif name in _SIGNS:
                    out.append(_SIGNS[name])
            star = False
            continue
        star = sign == b"*"
        if silent or hidden or star:
            continue
        if code is not None:
            if left:
                left -= 1
            else:
                pending.append(int(code, 16))
        elif sign is not None:
            out.append(
                {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n"}.get(
                    sign, sign.decode("latin-1") if sign in (b"\\", b"{", b"}") else ""
                )
            )
        elif plain is not None:
            text = decode_bytes(plain, codepage)
            out.append(text[left:])
            left = max(0, left - len(text))
    flush()
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace"), is_html
