"""Charsets of mails: every label that browsers know, texts without a charset, and texts with a few wrong bytes."""

from __future__ import annotations

import codecs

import pytest

from omnitrack.sources import open_source
from omnitrack.sources.mail_charset import _LABELS, decode_bytes
from omnitrack.sources.mail_headers import decode_words


def test_every_label_has_a_codec() -> None:
    for codec, labels in _LABELS.items():
        assert not codec or codecs.lookup(codec)
        assert labels.split()


@pytest.mark.parametrize(
    ("text", "label", "codec"),
    [
        ("שלום", "iso-8859-8-i", "iso8859_8"),
        ("שלום", "logical", "iso8859_8"),
        ("مرحبا", "iso-8859-6-e", "iso8859_6"),
        ("สวัสดี", "windows-874", "cp874"),
        ("สวัสดี", "tis-620", "cp874"),
        ("Привет", "x-cp1251", "cp1251"),
        ("Привет", "ibm866", "cp866"),
        ("Привет", "x-mac-ukrainian", "mac_cyrillic"),
        ("Γειά", "sun_eu_greek", "iso8859_7"),
        ("안녕", "ks_c_5601-1989", "cp949"),
        ("你好", "x-x-big5", "big5hkscs"),
        ("你好", "csgb2312", "gb18030"),
        ("こんにちは", "windows-31j", "cp932"),
        ("こんにちは", "x-euc-jp", "euc_jp"),
        ("“quoted” €", "iso-8859-1", "cp1252"),
        ("“quoted” €", "ansi_x3.4-1968", "cp1252"),
        ("Zoë", "unicode-1-1-utf-8", "utf-8"),
        ("Zoë", "utf-16", "utf-16-le"),
        ("Zoë", "utf-16", "utf-16"),
        ("Zoë", "utf-16le", "utf-16"),
        ("Zażółć", "latin-2", "iso8859_2"),
        ("Grüße", "cp-850", "cp850"),
        ("שלום", "DOS-862", "cp862"),
        ("Привет", "cp-1251", "cp1251"),
    ],
)
def test_a_label_means_what_browsers_take_it_for(text: str, label: str, codec: str) -> None:
    assert decode_bytes(text.encode(codec), label) == text
    assert decode_bytes(text.encode(codec), f' "{label.upper()}" ') == text


@pytest.mark.parametrize("charset", [None, "us-ascii", "utf-8", "x-unknown"])
@pytest.mark.parametrize(("text", "codec"), [("こんにちは world", "iso2022_jp"), ("안녕 world", "iso2022_kr")])
def test_escapes_of_iso_2022_are_read_where_no_charset_tells_of_them(
    text: str, codec: str, charset: str | None
) -> None:
    assert decode_bytes(text.encode(codec), charset) == text


def test_characters_that_windows_adds_to_japanese_are_read() -> None:
    # Row 13 of NEC: a circled one; half-width katakana behind ESC ( I.
    assert decode_bytes(b"\x1b$B-!\x1b(B \x1b(I1\x1b(B ok", "iso-2022-jp") == "① ｱ ok"


def test_a_few_wrong_bytes_cost_themselves_alone() -> None:
    text = "Grüße aus Zürich und Köln für die Müllers"
    assert decode_bytes(text.encode() + b"\xc3", "utf-8") == text + "\ufffd"
    assert decode_bytes("こんにちは、元気ですか".encode("cp932")[:-1], "shift_jis")[:9] == "こんにちは、元気で"


def test_a_text_in_another_charset_than_it_says_is_read_as_the_likeliest() -> None:
    assert decode_bytes("Grüße".encode("cp1252"), "utf-8") == "Grüße"
    assert decode_bytes("Grüße".encode(), "us-ascii") == "Grüße"


def test_words_of_headers_know_the_same_labels() -> None:
    assert decode_words("=?iso-8859-8-i?B?+ezl7Q==?=") == "שלום"


def test_escapes_in_a_header_are_read() -> None:
    [mail] = open_source(
        b"From: a@b.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nSubject: " + "注文".encode("iso2022_jp") + b"\n\nx",
        "eml",
    )
    assert mail.subject == "注文"


@pytest.mark.parametrize(
    ("subject", "codec"), [("特價", "big5hkscs"), ("Скидка", "koi8_r"), ("Rabatt für Sie", "utf-8")]
)
def test_bytes_in_a_header_are_of_utf_8_or_the_charset_of_the_body(subject: str, codec: str) -> None:
    mail = b"From: jane@example.org\nSubject: " + subject.encode(codec)
    mail += (
        b"\nDate: 3 Feb 2026 10:00 +0000\nContent-Type: text/plain; charset="
        + ("big5" if "特" in subject else "koi8-r").encode()
    )
    [item] = open_source(mail + b"\n\nhi", "eml")
    assert item.subject == subject
