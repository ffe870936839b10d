"""Bare strings and free text: which identifier it is, and which stand in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers import Identifier, account, email, find_identifiers, forget, identifier, iter_schemes, phone


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("020 7946 0958", "phone:+442079460958"),
        ("phone:020 7946 0958", "phone:+442079460958"),
        ("PHONE:+442079460958", "phone:+442079460958"),
        ("tel:+44-20-7946-0958", "phone:+442079460958"),
        ("Jane@Example.com", "email:jane@example.com"),
        ("mailto:Jane@Example.com", "email:jane@example.com"),
        ("Jane: <jane@example.com>", "email:jane@example.com"),
        ("https://x.com/Jane", "x:jane"),
        ("twitter.com/jane", "x:jane"),
        ("x:@Jane", "x:jane"),
        ("x:https://x.com/jane", "x:jane"),
        ("twitter:jane", "x:jane"),
        ("@Jane@mastodon.social", "mastodon:jane@mastodon.social"),
        ("account:BT123@bt", "account:BT123@bt"),
        ("account:BT123", "account:BT123"),
        ("account:jane@home.example@bt", "account:jane%40home.example@bt"),
        ("sip:jane@voip.example", "sip:jane@voip.example"),
        ("sip:+442079460958@voip.example", "phone:+442079460958"),
        ("whatsapp:+447700900123", "phone:+447700900123"),
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz", "bluesky-did:did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
        ("urn:li:person:AbC", "linkedin-id:urn:li:person:AbC"),
        ("tg://resolve?domain=jane_doe", "telegram:jane_doe"),
        ("tg://user?id=123", "telegram-id:123"),
        ("postal:name=J Smith;postcode=RG14 1AA", "postal:name=j smith;postcode=RG141AA"),
        ("mastodon:https://mastodon.social/@jane", "mastodon:jane@mastodon.social"),
        ("forum:https://forum.example.org/u/jane", "forum:jane@forum.example.org"),
        ("forum:Jane Doe@community.example.org", "forum:jane doe@community.example.org"),
    ],
)
def test_the_scheme_of_a_bare_string_is_found(text: str, key: str) -> None:
    assert identifier(text, region="GB").key == key


def test_an_identifier_is_returned_as_it_is() -> None:
    one = phone("+442079460958")
    assert identifier(one) is one


def test_a_bare_handle_needs_its_platform() -> None:
    with pytest.raises(InvalidIdentifierError, match="needs its platform"):
        identifier("@jane")


@pytest.mark.parametrize(
    "text",
    [
        "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "hello",
        "jane",
        "https://jane@medium.com/",
        "12",
        "nothing:at all",
        ":",
        "http://[",
        "x:",
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        identifier(text)


@pytest.mark.parametrize(
    "text", ["", "anonymous", "withheld", "sip:anonymous@anonymous.invalid", "anonymous@anonymous.invalid"]
)
def test_a_withheld_one_is_told_from_a_malformed_one(text: str) -> None:
    with pytest.raises(WithheldError):
        identifier(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fone:+447700900123", r"^scheme: got .*did you mean 'phone'.*known are .*account.*phone"),
        ("emial:jane@x.example", r"^scheme: got .*did you mean 'email'"),
        ("order:12345", r"^scheme: got 'o\*+', which is not registered"),
        ("NL-2048815", r"^identifier: got 'N\*-20\*\*\*15'; accepted .*account:BT123@bt"),
        ("NL2048815", r"^identifier: got .*account:BT123@bt"),
        ("020 7946 0958 jane", r"^phone: got .*letters"),
    ],
)
def test_of_what_is_no_number_it_is_not_said_that_it_is_a_wrong_one(text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        identifier(text, region="GB")


@pytest.mark.parametrize("wrong", [None, 1, b"x:jane"])
def test_what_is_no_string_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidIdentifierError, match="accepted is a string"):
        identifier(wrong)  # type: ignore[arg-type]


_NAMES = sorted(scheme.name for scheme in iter_schemes())


@given(
    st.one_of(st.text(max_size=40), st.text(st.sampled_from("ab1@.:/+<>();%&#?= -"), max_size=30)),
    st.sampled_from([None, "GB", "US"]),
)
def test_any_text_is_an_identifier_or_an_error_of_ours(text: str, region: str | None) -> None:
    try:
        one = identifier(text, region)
    except InvalidIdentifierError:
        return
    assert identifier(one.key) == one


@given(st.sampled_from(_NAMES), st.text(max_size=30))
def test_any_text_behind_any_scheme_is_an_identifier_or_an_error_of_ours(scheme: str, text: str) -> None:
    try:
        one = identifier(f"{scheme}:{text}")
    except InvalidIdentifierError:
        return
    again = identifier(one.key)
    assert (again, again.linkable, again.reason) == (one, one.linkable, one.reason)
    assert str(one.display)


@given(st.from_regex(r"[a-z]{8,12}", fullmatch=True))
def test_repr_masks_the_value(name: str) -> None:
    assert name not in repr(email(f"{name}@example.com"))
    assert name not in repr(identifier(f"x:{name}"))


def test_importing_identifiers_imports_no_parser() -> None:
    code = "import sys, omnitrack.identifiers; print([m for m in ('phonenumbers', 'email_validator', 'idna', 'disposable_email_domains') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


_WORD = st.one_of(st.text("qxzvkQ", min_size=5, max_size=9), st.text("0123456789", min_size=7, max_size=12))


@given(
    st.lists(_WORD, min_size=1, max_size=3),
    st.sampled_from([" ", "@", "/", ", ", ".", "@@", ":", "<"]),
    st.sampled_from(["", *_NAMES]),
)
def test_errors_hold_no_whole_word_of_what_came(words: list[str], separator: str, scheme: str) -> None:
    text = f"{scheme}:{separator.join(words)}" if scheme else separator.join(words)
    said = ""
    try:
        identifier(text)
    except InvalidIdentifierError as error:
        said = str(error)
    assert not any(word in said for word in words)


def test_errors_hold_no_digits_that_are_written_apart() -> None:
    with pytest.raises(InvalidIdentifierError) as caught:
        identifier("x:0 2 0 7 9 4 6 0 9 5 8")
    assert "7 9 4 6" not in str(caught.value)


def test_parsed_texts_are_forgotten_when_asked() -> None:
    one = identifier("x:unheard_of")
    assert identifier("x:unheard_of") is one
    forget()
    assert identifier("x:unheard_of") is not one


def test_the_longest_key_is_read_back() -> None:
    one = account("BT" * 256, scope="s" * 255)
    assert identifier(one.key) == one


@pytest.mark.parametrize("region", ["England", 44, ["GB"], "ZZ"])
def test_a_region_is_a_code_of_two_letters(region: object) -> None:
    with pytest.raises(InvalidIdentifierError, match="region"):
        identifier("020 7946 0958", region)  # type: ignore[arg-type]


def _keys(text: str, region: str | None = None, platform: str | None = None) -> list[str]:
    return [one.key for one in find_identifiers(text, region, platform)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("I am Jane <jane@example.com>, call 020 7946 0958!", ["email:jane@example.com", "phone:+442079460958"]),
        ("Ring me on 07700 900123.", ["phone:+447700900123"]),
        ("Ring me on +44 7700 900123 or +44 7700 900124", ["phone:+447700900123", "phone:+447700900124"]),
        ("(020) 7946 0958 ext. 4", ["phone:+442079460958;ext=4"]),
        ("see https://x.com/jane, and linkedin.com/in/jane-doe.", ["x:jane", "linkedin:jane-doe"]),
        ("see https://x.com/jane/status/6512345678901234567", ["x:jane"]),
        ("see https://x.com/i/web/status/6512345678901234567", []),
        ("I am @jane@mastodon.social", ["mastodon:jane@mastodon.social"]),
        ("@jane says hi", []),
        ("jane@example.com and JANE@example.com", ["email:jane@example.com"]),
        ("mailto:jane@example.com", ["email:jane@example.com"]),
        ("<a href='mailto:jane@example.com'>", ["email:jane@example.com"]),
        ("order 6512345678 of 2026-08-22, total 1.234.567,89", []),
        ("my postcode is RG14 1AA, since 1998", []),
        ("", []),
        ("nothing here", []),
        ("https://elsewhere.example/?mail=jane@example.com&n=07700900123", []),
        ("mail _jane@example.com_ or 'o'neill@example.com'", ["email:o'neill@example.com"]),
        ("write to:jane@example.com.au, (john@example.com)", ["email:jane@example.com.au", "email:john@example.com"]),
        ("jane@example.com2 and jane@example", []),
        ("abc07700900123def", []),
        ("ring 07700 900123 ext. 4 or (0)1", ["phone:+447700900123;ext=4"]),
        ("two 07700 900123, 07700 900124, one mail.", ["phone:+447700900123", "phone:+447700900124"]),
    ],
)
def test_identifiers_are_found_in_order_each_once(text: str, keys: list[str]) -> None:
    assert _keys(text, region="GB") == keys


def test_handles_are_found_on_the_platform_given() -> None:
    assert _keys("thanks @BTCare, @jane_x. mail a@b.example", platform="twitter") == [
        "x:btcare",
        "x:jane_x",
        "email:a@b.example",
    ]


def test_national_numbers_need_a_region() -> None:
    assert _keys("call 020 7946 0958 or +44 20 7946 0959") == ["phone:+442079460959"]


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(InvalidIdentifierError):
        find_identifiers("@jane", platform="myspace")


def test_a_long_text_is_read_in_a_time_that_grows_with_its_length() -> None:
    for piece in (
        "a" * 200,
        "a@" * 100,
        "@a." * 60,
        "1" * 200,
        "+1 " * 60,
        "https://x.com/" * 12,
        "(((" * 50,
        "a.b" * 60,
    ):
        assert len(find_identifiers(piece * 50, "GB", "x")) < 1_000


@given(st.text(max_size=200), st.sampled_from([None, "GB"]), st.sampled_from([None, "x", "mastodon", "youtube"]))
def test_any_text_can_be_searched(text: str, region: str | None, platform: str | None) -> None:
    found = find_identifiers(text, region, platform)
    assert len(set(found)) == len(found)
    assert all(isinstance(one, Identifier) for one in found)


@given(
    st.lists(
        st.sampled_from(["jane@example.com", "+44 20 7946 0958", "https://x.com/jane", "hello", "1998", "@jane"]),
        max_size=6,
    )
)
def test_what_is_found_stands_in_the_text_in_that_order(words: list[str]) -> None:
    keys = {
        "jane@example.com": "email:jane@example.com",
        "+44 20 7946 0958": "phone:+442079460958",
        "https://x.com/jane": "x:jane",
    }
    expected = list(dict.fromkeys(keys[word] for word in words if word in keys))
    assert _keys(" ; ".join(words)) == expected


# By the rules of twitter-text: what may stand before a mention, and what may not stand behind one.
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ann", ["ann"]),
        ("thanks @ann_1!", ["ann_1"]),
        ("@12345 and @_ann_", ["12345", "_ann_"]),
        (".@ann /@bob -@tom (@liz) \u201c@kim\u201d", ["ann", "bob", "tom", "liz", "kim"]),
        ("\u3053\u3093\u306b\u3061\u306f@ann\u3067\u3059", ["ann"]),
        ("\uc548\ub155@ann\ub2d8", ["ann"]),
        ("\uff20ann \u3000@bob", ["ann", "bob"]),
        ("RT@ann rt@bob Rt:@tom RT @liz", ["ann", "bob", "tom", "liz"]),
        ("art@ann xRT@bob", []),
        ("f!@kn f#@kn f$@kn f%@kn f&@kn f*@kn f@@kn f_@kn", []),
        ("@ann\u00e8 @ann\u0301", []),
        ("@ann@bob @http://x.example", []),
        ("mail me @ann@example.com @bob", ["bob"]),
        ("@ann/list-one and @bob/7", ["ann", "bob"]),
        ("@_@ (cc: @ann)", ["ann"]),
        ("@username @test @null", ["username", "test"]),
        ("@abcdefghijklmnop", []),
        ("@ann\n@bob", ["ann", "bob"]),
    ],
)
def test_mentions_on_x_are_those_that_x_takes_for_one(text: str, names: list[str]) -> None:
    assert [one.value for one in find_identifiers(text, platform="x") if one.scheme == "x"] == names


@pytest.mark.parametrize(
    ("platform", "text", "key"),
    [
        ("instagram", "\u5199\u771f\u306f@ann.lee\u3067\u3059", "instagram:ann.lee"),
        ("tiktok", ".@ann.lee.", "tiktok:ann.lee"),
        ("youtube", "\u00bb@\u682a\u5f0f\u4f1a\u793e\u30a2\u30f3", "youtube:@\u682a\u5f0f\u4f1a\u793e\u30a2\u30f3"),
    ],
)
def test_mentions_elsewhere_are_by_the_characters_of_the_platform(platform: str, text: str, key: str) -> None:
    assert [key.replace(":@", ":")] == [one.key.replace(":@", ":") for one in find_identifiers(text, platform=platform)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("\u8054\u7cfbann@example.com\u8c22\u8c22", ["email:ann@example.com"]),
        ("\u90ae\u7bb1\uff1aann@example.com\u3002", ["email:ann@example.com"]),
        ("\u30e1\u30fc\u30ebann.lee+x@example.co.jp\u307e\u3067", ["email:ann.lee+x@example.co.jp"]),
        ("\uc774\uba54\uc77cann@example.kr\uc785\ub2c8\ub2e4", ["email:ann@example.kr"]),
        ("\u7528\u6237@\u4f8b\u5b50.\u516c\u53f8", ["email:\u7528\u6237@xn--fsqu00a.xn--55qx5d"]),
        ("\u8bf7\u62e8\u6253+442079460958\u6211\u5728", ["phone:+442079460958"]),
        ("\u96fb\u8a71\u306f020-7946-0958\u3067\u3059", ["phone:+442079460958"]),
        ("\u898bhttps://x.com/ann\uff0c\u8c22\u8c22", ["x:ann"]),
        ("https://x.com/ann\u3092\u898b\u3066", ["x:ann"]),
        ("pr\u00e9nomann@example.com", ["email:pr\u00e9nomann@example.com"]),
    ],
)
def test_letters_of_scripts_without_spaces_are_no_part_of_what_they_stand_beside(text: str, keys: list[str]) -> None:
    assert _keys(text, "GB") == keys


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo.git",
        "scp ann@host.example.com:/var/log/x .",
        "ssh://ann@host.example.com/x postgres://ann:pw@db.example.com/x",
        "icon@2x.png",
        "Message-ID: <ann.1@example.com>",
        "> References: <a.1@example.com>\n <b.2@example.com>",
        "xmpp:ann@chat.example.com",
        "https://shop.example.com/?mail=ann@example.com&tel=02079460958",
    ],
)
def test_what_has_the_form_of_an_address_and_is_none_is_not_found(text: str) -> None:
    assert _keys(text, "GB", "x") == []


def test_an_address_of_a_telephone_is_no_mail() -> None:
    assert _keys("sip:jane@voip.example or sip:+442079460958@voip.example") == [
        "sip:jane@voip.example",
        "phone:+442079460958",
    ]


_TEXTS = Path(__file__).parents[2] / "bench" / "data" / "texts.jsonl"
_LABELLED = [json.loads(line) for line in _TEXTS.read_text("utf-8").splitlines()]


def test_the_labelled_texts_are_of_many_languages_and_half_of_them_hold_nothing() -> None:
    assert len(_LABELLED) >= 200
    assert len({one["language"] for one in _LABELLED}) >= 10
    assert 0.4 < sum(not one["found"] for one in _LABELLED) / len(_LABELLED) < 0.6


@pytest.mark.parametrize("one", _LABELLED, ids=lambda one: f"{one['language']}-{one['text'][:24]}")
def test_what_stands_in_a_text_is_found_and_nothing_else(one: dict[str, Any]) -> None:
    assert _keys(one["text"], one["region"], one.get("platform")) == one["found"]
