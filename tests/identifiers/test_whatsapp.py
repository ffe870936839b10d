"""WhatsApp: numbers, addresses inside WhatsApp, ids of one business, user names."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import find_identifiers, get_scheme, identifier, phone, social


@pytest.mark.parametrize(
    "text",
    [
        "447700900123",
        "+44 7700 900123",
        "447700900123@s.whatsapp.net",
        "447700900123@c.us",
        "447700900123@S.WhatsApp.net",
        "447700900123:12@s.whatsapp.net",
        "447700900123.0:2@s.whatsapp.net",
        "447700900123_1:2@s.whatsapp.net",
        "447700900123@hosted",
        "whatsapp://send?phone=447700900123&text=Hi%0Athere",
        "https://wa.me/447700900123?text=Hi%0Athere",
        "https://wa.me/+447700900123",
        "https://web.whatsapp.com/send?phone=%2B447700900123",
    ],
)
def test_every_form_of_a_number_is_the_phone_number(text: str) -> None:
    one = social("whatsapp", text)
    assert (one, one.raw) == (phone("+447700900123"), text)


@pytest.mark.parametrize("text", ["447700900123@s.whatsapp.net", "447700900123@c.us", "447700900123:1@hosted"])
def test_a_bare_jid_is_whatsapps_and_no_mail_address(text: str) -> None:
    assert identifier(text) == identifier(f"whatsapp:{text}") == phone("+447700900123")


@pytest.mark.parametrize("text", ["5215512345678@s.whatsapp.net", "525512345678@c.us"])
def test_a_number_that_whatsapp_writes_in_an_older_way_is_that_of_today(text: str) -> None:
    assert identifier(text).key == "phone:+525512345678"


def test_brazils_mobile_numbers_get_their_ninth_digit_and_landlines_none() -> None:
    assert social("whatsapp", "551187654321@s.whatsapp.net").key == "phone:+5511987654321"
    assert social("whatsapp", "554532782153").key == "phone:+554532782153"


@pytest.mark.parametrize(
    "text",
    ["235085806727321@lid", "235085806727321:7@lid", "235085806727321@hosted.lid", "whatsapp-lid:235085806727321"],
)
def test_an_id_that_hides_the_number_is_no_number(text: str) -> None:
    assert identifier(text).key == "whatsapp-lid:235085806727321"


def test_a_hidden_id_as_bare_digits_is_never_a_number_that_links() -> None:
    assert not social("whatsapp", "82880134910105").linkable
    with pytest.raises(InvalidIdentifierError):
        social("whatsapp", "235085806727321")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("447700900123-1425246391@g.us", "a group and no person"),
        ("120363001234567890@g.us", "a group and no person"),
        ("status@broadcast", "a list of recipients and no person"),
        ("1425246391@broadcast", "a list of recipients and no person"),
        ("120363001234567890@newsletter", "a channel and no person"),
        ("867051314767696@bot", "a bot and no person"),
        ("server@c.us", "which is no person"),
        ("0@s.whatsapp.net", "nothing of the country"),
    ],
)
def test_what_is_no_person_is_refused_with_the_reason(text: str, says: str) -> None:
    for read in (identifier, lambda text: social("whatsapp", text)):
        with pytest.raises(InvalidIdentifierError, match=says):
            read(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://chat.whatsapp.com/AbCdEf", "a group"),
        ("https://whatsapp.com/channel/0029Va", "no profile"),
        ("https://wa.me/qr/ABC", "no profile"),
        ("07700 900123", "nothing of the country"),
        ("JANE@s.whatsapp.net", "no person"),
    ],
)
def test_a_page_or_a_national_number_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social("whatsapp", text)


def test_an_id_of_a_parent_portfolio_is_another_series_than_that_of_a_portfolio() -> None:
    scheme = get_scheme("whatsapp-id")
    parent = social("whatsapp", "US.ENT.11815799212886844830", scope="portfolio7")
    own = social("whatsapp", "US.13491208655302741918", scope="portfolio7")
    assert parent.key == "whatsapp-id:US.ENT.11815799212886844830@portfolio7"
    assert scheme.series(parent.value, parent.scope) != scheme.series(own.value, own.scope)
    assert scheme.series(own.value, own.scope) == scheme.series("GB.1", "portfolio7")


@pytest.mark.parametrize("text", ["US.ENT.", "US.", "USA.123", "us.123", "US.1-2", "US." + "1" * 129])
def test_what_has_not_the_form_of_a_user_id_is_none(text: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        get_scheme("whatsapp-id").parse(text)


def test_a_jid_in_a_text_is_no_mail_address() -> None:
    assert [one.scheme for one in find_identifiers("from 447700900123@s.whatsapp.net, mail jane@example.com")] == [
        "phone",
        "email",
    ]
