"""LINE, WeChat, KakaoTalk, Apple Messages: names, and ids that are others for each business."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import get_scheme, identifier, social


@pytest.mark.parametrize(
    ("platform", "text", "scope", "key"),
    [
        ("line", "U4af4980629abcdef0123456789abcdef", "", "line-id:U4af4980629abcdef0123456789abcdef"),
        ("line", "U4af4980629abcdef0123456789abcdef", "Provider7", "line-id:U4af4980629abcdef0123456789abcdef@provider7"),
        ("line", "Jane.Doe_1", "", "line:jane.doe_1"),
        ("line", "https://line.me/ti/p/~jane", "", "line:jane"),
        ("line", "https://line.me/R/ti/p/%7Ejane", "", "line:jane"),
        ("wechat", "Jane_Doe", "", "wechat:jane_doe"),
        ("weixin", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "wx123", "wechat-id:o6_bmjrPTlm6_2sgVt7hMZOPfL2M@wx123"),
        ("kakaotalk", "jane_doe", "", "kakaotalk:jane_doe"),
        ("kakao", "2893471650", "app7", "kakaotalk-id:2893471650@app7"),
        ("apple-messages", "urn:mbid:AQAAYabc", "biz7", "apple-messages-id:urn:mbid:AQAAYabc@biz7"),
        ("apple-messages", "URN:MBID:AQAAYabc", "", "apple-messages-id:urn:mbid:AQAAYabc"),
        ("imessage", "+447700900123", "", "phone:+447700900123"),
        ("imessage", "Jane@iCloud.com", "", "email:jane@icloud.com"),
    ],
)  # fmt: skip
def test_every_form_of_an_account_is_one_identifier(platform: str, text: str, scope: str, key: str) -> None:
    assert social(platform, text, scope).key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("urn:mbid:AQAAYabc", "apple-messages-id:urn:mbid:AQAAYabc"),
        ("line:U4af4980629abcdef0123456789abcdef", "line-id:U4af4980629abcdef0123456789abcdef"),
        ("imessage:jane@icloud.com", "email:jane@icloud.com"),
        ("imessage://+447700900123", "phone:+447700900123"),
        ("weixin:jane_doe", "wechat:jane_doe"),
        ("line:U4af4980629abcdef0123456789abcdef@provider7", "line-id:U4af4980629abcdef0123456789abcdef@provider7"),
        ("kakao:2893471650@app7", "kakaotalk-id:2893471650@app7"),
        ("facebook:5291834@page7", "facebook-id:5291834@page7"),
        ("whatsapp:US.13491208655302741918@portfolio7", "whatsapp-id:US.13491208655302741918@portfolio7"),
        ("https://line.me/ti/p/~jane", "line:jane"),
        ("line://ti/p/~jane", "line:jane"),
    ],
)
def test_a_bare_address_is_of_its_platform(text: str, key: str) -> None:
    assert identifier(text).key == key


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("line", "@official", "official account"),
        ("line", "C4af4980629abcdef0123456789abcdef", "a group or a room"),
        ("line", "R4af4980629abcdef0123456789abcdef", "a group or a room"),
        ("line", "U4AF4980629ABCDEF0123456789ABCDEF", "LINE ID"),
        ("line", "j" * 21, "20"),
        ("line", "https://line.me/R/ti/p/%40official", "no profile"),
        ("line", "https://line.me/ti/g/abc", "no profile"),
        ("wechat", "gh_1234567890ab", "official account"),
        ("wechat", "1jane_doe", "letter first"),
        ("wechat", "jane", "6 to 20"),
        ("wechat", "j\N{CYRILLIC SMALL LETTER A}ne_doe", "letters"),
        ("kakaotalk", "https://pf.kakao.com/_abc", "channel or an open chat"),
        ("kakaotalk", "https://open.kakao.com/o/abc", "channel or an open chat"),
        ("kakaotalk", "abc", "4 to 20"),
        ("apple-messages", "urn:biz:0e984725", "a business and no person"),
        ("apple-messages", "urn:mbid:", "opaque"),
        ("apple-messages", "jane", "opaque"),
    ],
)
def test_what_is_no_person_or_of_no_form_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)


def test_an_id_that_is_unique_in_an_app_alone_does_not_identify_without_it() -> None:
    assert social("kakaotalk", "2893471650").reason == "it says nothing of the app or channel in which it is unique"
    assert social("kakaotalk", "2893471650", scope="app7").linkable


def test_ids_without_a_business_tell_nothing_of_each_other() -> None:
    scheme = get_scheme("line-id")
    assert scheme.series("U1", "") != scheme.series("U2", "")
    assert scheme.series("U1", "provider7") == scheme.series("U2", "provider7")


def test_a_kakao_number_and_a_key_are_of_one_account() -> None:
    scheme = get_scheme("kakaotalk-id")
    assert scheme.series("2893471650", "app7") != scheme.series("a" * 40, "app7")
