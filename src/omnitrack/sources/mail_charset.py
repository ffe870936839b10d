"""Charsets of mails: what senders declare, what they mean by it, and what to do where it is wrong."""

from __future__ import annotations

import codecs

from omnitrack.sources.values import clean

# What a name really stands for in mails: the vendor's superset (WHATWG Encoding Standard, section 4.2), and old misnomers.
_MEANT = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi": "cp1252",
    "windows-1252http-equivcontent-type": "cp1252",
    "iso-8859-9": "cp1254",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "",
    "unknown-8bit": "",
    "unknown": "",
    "default": "",
    "8bit": "",
    "7bit": "",
    "binary": "",
}
_GUESSES = ("utf-8", "cp1252")


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Return the text of bytes in a declared charset; where that is unknown or wrong, the likeliest one.

    Args:
        data: the bytes, already free of their transfer encoding.
        charset: as declared, or None.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        data, charset = data[3:], "utf-8"
    label = (charset or "").strip().strip("\"'").lower().partition("*")[0]
    declared = _MEANT.get(label, label)
    if declared == "cp1252" and label in ("us-ascii", "ascii"):
        declared = ""  # the default of those who never thought of it: bytes beyond it are most often UTF-8
    for name in filter(None, (declared, *_GUESSES)):
        try:
            if codecs.lookup(name)._is_text_encoding:
                return clean(data.decode(name))
        except (LookupError, UnicodeError, ValueError):
            continue
    return clean(data.decode("cp1252", "replace"))
