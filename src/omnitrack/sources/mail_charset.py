"""Charsets of mails: what senders declare, what they mean by it, and what to do where it is wrong."""

from __future__ import annotations

import codecs
import re

from omnitrack.sources.values import clean

# The labels of the WHATWG Encoding Standard (section 4.2) by the codec that reads what is sent under them, which is the vendor's
# superset; with old misnomers of mails. Labels that Python knows by itself are left to it.
_LABELS = {
    "utf-8": "utf8 utf8mb4 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf-8n utf cp65001",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859_2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 cp28592",
    "iso8859_3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859_4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859_5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859_6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 "
        "iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso8859_7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"
    ),
    "iso8859_8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 cp28598 cp38598 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual "
        "csiso88598i iso-8859-8-i logical"
    ),
    "iso8859_10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859_13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859_14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859_15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9",
    "iso8859_16": "iso-8859-16",
    "koi8_r": "cskoi8r koi koi8 koi8-r koi8_r cp20866",
    "koi8_u": "koi8-ru koi8-u cp21866",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 x-windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250 win-1250 win1250",
    "cp1251": "cp1251 windows-1251 x-cp1251 win-1251 win1251 ansi_1251",
    "cp1252": (
        "ansi_x3.4-1968 cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 "
        "latin1 windows-1252 x-cp1252 cp28591 cp20127 win-1252 ansi us-ascii ascii us_ascii usascii windows-1252http-equivcontent-type"
    ),
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "gb18030": (
        "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 cp936 ms936 windows-936 cp54936 euc-cn x-euc-cn "
        "gb18030-2022"
    ),
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5 cp950 windows-950",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp x-euc",
    "iso2022_jp_ext": "csiso2022jp iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 cp50220 cp50221 cp50222 iso-2022-jp-ms",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis windows-932 cp932 x-ms-cp932",
    "cp949": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 windows-949 cp949 uhc"
    ),
    "iso2022_kr": "csiso2022kr iso-2022-kr",
    "hz": "hz-gb-2312 hz",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-7": "unicode-1-1-utf-7 csunicode11utf7 x-unicode-2-0-utf-7",
    # What says nothing.
    "": "x-user-defined x-unknown unknown-8bit unknown default 8bit 7bit binary x-binaryenc none null iso-8859",
}
_MEANT = {label: codec for codec, labels in _LABELS.items() for label in labels.split(" ")}
_MARKS = re.compile(r"[^a-z0-9]+")
_LOOSELY = {_MARKS.sub("", label): codec for label, codec in _MEANT.items()}
_CODE_PAGE = re.compile(r"(?:x)?(?:cp|ibm|dos|oem|ms|windows)?0*(\d{3,5})")  # of a label without its marks
# Escapes that begin a run of two-byte characters (ISO 2022), for texts whose charset nothing says.
_ESCAPES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b(I", "iso2022_jp_ext"),
)
_RUN = re.compile(rb"\x1b(\$[@B]|\([BJI])([^\x1b]*)")
_GUESSES = ("utf-8", "cp1252")
_MANY_BYTES = frozenset(("utf-8", "gb18030", "big5hkscs", "euc_jp", "cp932", "cp949", "utf-16-le", "utf-16-be"))


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Return the text of bytes in a declared charset; where that is unknown or wrong, the likeliest one.

    Args:
        data: the bytes, already free of their transfer encoding.
        charset: as declared, or None.
    """
    if data.startswith(codecs.BOM_UTF16_LE):
        data, charset = data[2:], "utf-16le"
    elif data.startswith(codecs.BOM_UTF16_BE):
        data, charset = data[2:], "utf-16be"
    elif data.startswith(codecs.BOM_UTF8):
        data, charset = data[3:], "utf-8"
    label = (charset or "").strip().strip("\"'").strip().lower().partition("*")[0]
    declared = _codec(label)
    if declared == "cp1252" and "ascii" in label:
        declared = ""  # the default of those who never thought of it: bytes beyond it are most often UTF-8
    if b"\x1b" in data and declared in ("", "utf-8", "cp1252", "iso2022_jp_ext"):
        found = next((name for escape, name in _ESCAPES if escape in data), None)
        if found is not None and (declared in ("", "iso2022_jp_ext") or data.isascii()):
            declared = found
    for name in filter(None, (declared, *_GUESSES)):
        try:
            if codecs.lookup(name)._is_text_encoding:
                return clean(data.decode(name))
        except (LookupError, UnicodeError, ValueError):
            if name == declared and (text := _mostly(data, name)) is not None:
                return clean(text)
    return clean(data.decode("cp1252", "replace"))


def _codec(label: str) -> str:
    """Return the codec that a label means; one that no list has by its letters and digits alone, or by the number of its code page."""
    known = _MEANT.get(label)
    if known is not None or not label:
        return known or ""
    try:
        return codecs.lookup(label).name
    except (LookupError, ValueError):
        bare = _MARKS.sub("", label[:100])
        page = _CODE_PAGE.fullmatch(bare)
        return _LOOSELY.get(bare) or (_MEANT.get(f"cp{page[1]}", f"cp{page[1]}") if page else label)


def _mostly(data: bytes, charset: str) -> str | None:
    """Return the text of bytes of which a few are wrong, such as a character that was cut at the end; None where most are."""
    if charset == "iso2022_jp_ext":
        return _japanese(data)
    if charset not in _MANY_BYTES:
        return None
    text = data.decode(charset, "replace")
    wrong = text.count("\ufffd")
    beyond = sum(1 for ch in text if ch > "\x7f") - wrong
    return text if wrong * 4 <= beyond else None


def _japanese(data: bytes) -> str | None:
    """Return ISO-2022-JP with the characters of NEC and IBM that Windows adds, or None where it is no such text."""
    out: list[str] = []
    end = 0
    try:
        for match in _RUN.finditer(data):
            out.append(data[end : match.start()].decode("ascii"))
            end = match.end()
            run = match[2]
            if match[1] == b"(I":
                out.append(bytes(byte | 0x80 for byte in run).decode("cp932"))
            elif match[1][:1] == b"(":
                out.append(run.decode("ascii"))
            else:
                out.append(
                    b"".join(_shifted(run[at], run[at + 1]) for at in range(0, len(run) - 1, 2)).decode(
                        "cp932", "replace"
                    )
                )
        out.append(data[end:].decode("ascii"))
    except UnicodeError:
        return None
    return "".join(out)


def _shifted(row: int, cell: int) -> bytes:
    """Return a character of JIS X 0208 by row and cell as Shift JIS has it; one that is none as a question mark."""
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        return b"?"
    high = ((row + 1) >> 1) + (0x70 if row <= 0x5E else 0xB0)
    if row % 2:
        return bytes((high, cell + (0x1F if cell < 0x60 else 0x20)))
    return bytes((high, cell + 0x7E))
