"""Viber, Zalo, Signal, RCS: accounts that are phone numbers, and the ids that stand in their place."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import identifier, social

VIBER = "K2NX0ZFtG3Wv5+dRXJ9WkQ=="
UUID = "0E984725-C51C-4BF4-9960-E1C80E27ABA1"


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ("viber", "+44 7700 900123"),
        ("viber", "447700900123"),
        ("viber", "viber://chat?number=%2B447700900123"),
        ("viber", "viber://contact?number=447700900123"),
        ("viber", "https://viber.click/447700900123"),
        ("zalo", "+447700900123"),
        ("zalo", "https://zalo.me/447700900123"),
        ("signal", "+447700900123"),
        ("signal", "https://signal.me/#p/+447700900123"),
        ("signal", "https://signal.me/#p/%2B447700900123"),
        ("signal", "sgnl://signal.me/#p/+447700900123"),
        ("rcs", "+447700900123"),
    ],
)
def test_every_form_of_a_number_is_the_phone_number(platform: str, text: str) -> None:
    one = social(platform, text)
    assert (one.key, one.raw) == ("phone:+447700900123", text)


@pytest.mark.parametrize("text", ["84912345678", "0912345678", "+84912345678", "https://zalo.me/0912345678"])
def test_zalo_writes_numbers_of_vietnam_without_a_country_code(text: str) -> None:
    assert social("zalo", text).key == "phone:+84912345678"


@pytest.mark.parametrize(
    ("platform", "text", "scope", "key"),
    [
        ("viber", VIBER, "bot7", f"viber-id:{VIBER}@bot7"),
        ("zalo", "2512523625412515", "oa7", "zalo-id:2512523625412515@oa7"),
        ("signal", UUID, "", f"signal-id:{UUID.lower()}"),
        ("signal", "Jane.01", "", "signal:jane.01"),
    ],
)
def test_ids_and_names_stand_beside_the_number(platform: str, text: str, scope: str, key: str) -> None:
    assert social(platform, text, scope).key == key


@pytest.mark.parametrize(
    "text", ["rcs:+447700900123", "signal:+447700900123", "viber:447700900123", "viber://chat?number=%2B447700900123"]
)
def test_a_bare_address_is_of_its_platform(text: str) -> None:
    assert identifier(text).key == "phone:+447700900123"


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("viber", "viber://pa?chatURI=shop", "a bot and no person"),
        ("viber", "https://chats.viber.com/shop", "no profile"),
        ("viber", "jane", "phone number"),
        ("viber", "07700900123", "nothing of the country"),
        ("viber", "viber://chat?number=abc", "no profile"),
        ("zalo", "https://zalo.me/579745863508352884", "official account"),
        ("zalo", "https://zalo.me/g/abcdef", "a group"),
        ("zalo", "12345678901", "13 to 20"),
        ("signal", "447700900123", "nothing of the country"),
        ("signal", "jane", "jane.01"),
        ("signal", "1jane.01", "jane.01"),
        ("signal", "jane.00", "jane.01"),
        ("signal", "jane.012", "jane.01"),
        ("signal", f"PNI:{UUID}", "a number and no account"),
        ("signal", "https://signal.me/#eu/abc", "nobody's number"),
        ("signal", "https://signal.group/#abc", "nobody's number"),
        ("rcs", "brand_agent", "a business's agent"),
        ("rcs", "brand@rbm.goog", "a business's agent"),
        ("rcs", "07700900123", "nothing of the country"),
    ],
)
def test_what_is_no_person_or_of_no_form_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)


def test_a_zalo_id_does_not_identify_without_its_account() -> None:
    assert not social("zalo", "2512523625412515").linkable


def test_a_viber_id_is_base64_of_sixteen_bytes() -> None:
    with pytest.raises(InvalidIdentifierError, match="24 characters"):
        social("viber-id", "K2NX0ZFtG3Wv5+dRXJ9WkB==")
