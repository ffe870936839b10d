"""Every spelling of an identifier is found in a text, and nothing that is somebody else's."""

from __future__ import annotations

import html
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack import Identifier, account, crm, email, phone, postal, social
from omnitrack.identifiers.spellings import Spellings

NUMBER, MAIL, HANDLE = phone("020 7946 0958", "GB"), email("v.a@example.com"), social("x", "vicky_s")


def left(one: Identifier, text: str) -> str:
    return Spellings([one], region="GB").replace(text, "#")


@pytest.mark.parametrize(
    ("one", "text"),
    [
        *(
            (NUMBER, text)
            for text in (
                "020 7946 0958",
                "0207 946 0958",
                "(020) 7946-0958",
                "+44 (0)20 7946 0958",
                "0044 20 7946 0958",
                "011 44 20 7946 0958",
                "44-20-7946-0958",
                "2079460958",
                "0 2 0 7 9 4 6 0 9 5 8",
                "020.7946.0958",
                "7946 0958",
                "020\u00a07946\u00a00958",
                "020&nbsp;7946&nbsp;0958",
                "０２０ ７９４６ ０９５８",
                "٠٢٠٧٩٤٦٠٩٥٨",
                "020 79<b>46 09</b>58",
                "%2B44%2020%207946%200958",
            )
        ),
        *(
            (MAIL, text)
            for text in (
                "v.a@example.com",
                "V.A@EXAMPLE.COM",
                "v.a (at) example [dot] com",
                "v.a at example dot com",
                "v.a @ example.com",
                "v.a&#64;example&#x2e;com",
                "v.a%40example.com",
                "v.a=40exam=\nple.com",
                "v.a@exam\u00adple.com",
                "v.a＠example.com",
                "v.a@<b>example</b>.com",
                r"v.a\u0040example.com",
                "v.a%2540example.com",
                "v.a%252540example.com",
                "=?utf-8?q?v=2Ea=40example.com?=",
                "=?utf-8?b?di5hQGV4YW1wbGUuY29t?=",
                "di5hQGV4YW1wbGUuY29t",
                "U29tZSB3b3JkcyB0byB2LmFAZXhhbXBsZS5jb20gYW5k\r\nIHNvbWUgbW9yZQ==",
            )
        ),
        (email("rené@bücher.example"), "ren=C3=A9@b=C3=BC=\r\ncher.example"),
        (email("rené@bücher.example"), "ren=E9@b=FCcher.example"),
        (email("rené@bücher.example"), "ren%C3%A9%40b%C3%BCcher.example"),
        (email("rené@bücher.example"), "ren%25C3%25A9%2540b%25C3%25BCcher.example"),
        (email("jane@gmail.com"), "J.a.n.e+shop@googlemail.com"),
        (email("jane@gmail.com"), "j.ane (at) gmail.com"),
        (email("rené@bücher.example"), "RENE\u0301@xn--bcher-kva.example"),
        (HANDLE, "@Vicky_S"),
        (HANDLE, "vicky_s"),
        (social("x", "jo"), "@jo"),
        (account("BT123", scope="bt"), "bt 123"),
        (account("BT123", scope="bt"), "BT-123"),
        (crm("a@b%c"), "a@b%c"),
        (postal(name="J Smith", postcode="RG14 1AA"), "rg14 1aa"),
        (postal(name="J Smith", postcode="RG14 1AA"), "J. Smith"),
        (phone("+1 650 253 0000"), "253-0000"),
        (phone("+44 20 7946 0958;ext=12"), "020 7946 0958 ext. 12"),
    ],
)
def test_a_spelling_is_replaced_and_what_is_around_it_stays(one: Identifier, text: str) -> None:
    assert left(one, f"so: {text}, yes") == "so: #, yes"
    assert left(one, text) == "#"


def test_all_of_many_are_replaced() -> None:
    others = " ".join(f"a{n}@example.org" for n in range(10_050))
    assert left(MAIL, f"{others} v.a@example.com, v.a@example.com") == f"{others} #, #"


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (NUMBER, "020 7946 0959"),
        (NUMBER, "9902079460958"),
        (NUMBER, "0161 7946 0958"),
        (MAIL, "xv.a@example.com"),
        (MAIL, "x.v.a@example.com"),
        (MAIL, "v.a@example.community"),
        (HANDLE, "vicky_sx and xvicky_s"),
        (social("x", "jo"), "jo said so"),
        (account("12345"), "912345"),
        (phone("+44 20 7946 0958;ext=12"), "020 7946 0958"),
    ],
)
def test_what_is_somebody_elses_stays(one: Identifier, text: str) -> None:
    assert left(one, text) == text


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (MAIL, "<1.v.a@example.com>"),
        (NUMBER, "call00442079460958x1"),
        (HANDLE, "dm_vicky_s_7"),
        (account("BT123"), "crm9BT1234"),
    ],
)
def test_in_an_id_it_is_found_inside_a_longer_word(one: Identifier, text: str) -> None:
    assert Spellings([one]).stand_in(text)
    assert not Spellings([one]).stand_in("8f3a-17")


def test_inside_markup_the_rest_stays() -> None:
    text = '<a href="mailto:v.a@example.com?subject=x">v.a@<b>example</b>.com</a>'
    assert left(MAIL, text) == '<a href="mailto:#?subject=x">#</a>'


_ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda text: quote(text, safe=""),
    "entities": lambda text: "".join(f"&#{ord(ch)};" for ch in text),
    "html": html.escape,
    "hidden": "\u200b".join,
    "wide": lambda text: "".join(chr(ord(ch) + 0xFEE0) if "!" <= ch <= "~" else ch for ch in text),
}


@given(
    digits=st.text("0123456789", min_size=6, max_size=6),
    gaps=st.lists(st.sampled_from(["", "", " ", "-", ".", " - ", "/"]), min_size=11, max_size=11),
    prefix=st.sampled_from(["0", "+44", "+44 (0)", "0044", "44"]),
    encode=st.sampled_from(sorted(_ENCODINGS)),
)
def test_a_number_is_found_in_any_grouping(digits: str, gaps: list[str], prefix: str, encode: str) -> None:
    number = "7700" + digits
    one = phone("+44" + number)
    written = prefix + "".join(gap + digit for gap, digit in zip(gaps, number))
    assert not set(left(one, f"x: {_ENCODINGS[encode](written)} :x")) & set("0123456789０１２３４５６７８９")


@given(st.text(max_size=200))
def test_any_text_without_it_stays_as_it_is(text: str) -> None:
    found = left(MAIL, text)
    assert found == text or "#" in found


@given(
    before=st.text(alphabet=" a<>&=%\n\u200bé", max_size=12), after=st.text(alphabet=" .<>&=%\n\u200bé", max_size=12)
)
def test_whatever_stands_around_it_stays(before: str, after: str) -> None:
    assert left(NUMBER, f"{before} +442079460958 {after}").count("#") == 1
    assert "7946" not in left(NUMBER, f"{before} +442079460958 {after}")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("news+v.a=example.com@list.example", "news+#@list.example"),
        ("bounce-12-v.a=example.com@list.example", "bounce-12-#@list.example"),
        ("SRS0=HHH=TT=example.com=v.a@forwarder.example", "SRS0=HHH=TT=#@forwarder.example"),
        ("prvs=0123456789=v.a@example.com", "prvs=0123456789=#"),
    ],
)
def test_who_a_bounce_or_a_forwarding_names_is_found(text: str, rest: str) -> None:
    assert left(MAIL, text) == rest


def test_a_line_of_words_before_it_hides_no_base64() -> None:
    assert left(MAIL, "encoded\nas base64\ndi5hQGV4YW1wbGUuY29t\n") == "encoded\nas base64\n#\n"


@pytest.mark.parametrize(
    "text", ["conv-rené@bücher.example", "x/rené@xn--bcher-kva.example/1", "q-ren%C3%A9%40b%C3%BCcher.example"]
)
def test_an_id_that_a_system_made_of_an_address_is_known(text: str) -> None:
    assert Spellings([email("rené@bücher.example")]).stand_in(text)
    assert not Spellings([email("irene@bücher.example")]).stand_in(text)


@given(
    st.text(alphabet="v.a@exmplco 0123456789\n", max_size=60),
    st.integers(0, 40),
    st.sampled_from([NUMBER.display, MAIL.value, "@vicky_s"]),
)
def test_what_stands_far_into_a_long_text_is_found(noise: str, times: int, text: str) -> None:
    spellings = Spellings([NUMBER, MAIL, HANDLE], region="GB")
    long = f"{noise} " * times + "\n- - -\n" + text + "\n- - -\n" + f"{noise} " * times
    around = f"\n- - -\n{spellings.replace(text, '#')}\n- - -\n"
    assert around == "\n- - -\n#\n- - -\n"
    assert around in spellings.replace(long, "#")
