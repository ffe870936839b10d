"""What a company gives out itself, SIP addresses, and postal addresses."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers import account, crm, device, get_scheme, identifier, postal


@pytest.mark.parametrize(
    ("value", "scope", "key"),
    [
        ("BT123", "bt", "account:BT123@bt"),
        (" BT 123 ", "BT", "account:BT123@bt"),
        ("ＢＴ１２３", "", "account:ＢＴ123"),
        ("٤٧١١", "", "account:4711"),
        ("a@b", "bt", "account:a%40b@bt"),
        ("a%40b", "bt", "account:a%40b@bt"),
        ("100%", "bt", "account:100%25@bt"),
        ("a:b", "", "account:a:b"),
    ],
)
def test_an_account_number_has_one_normal_form(value: str, scope: str, key: str) -> None:
    assert account(value, scope).key == key


def test_an_account_number_keeps_its_case() -> None:
    assert crm("0031t00000XyZ12") != crm("0031t00000xyz12")


def test_the_same_number_of_two_brands_is_two_accounts() -> None:
    assert account("1", scope="bt") != account("1", scope="ee")


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_two_accounts_never_have_one_key(value: str, scope: str, other: str, other_scope: str) -> None:
    try:
        one, two = account(value, scope), account(other, other_scope)
    except InvalidIdentifierError:
        return
    assert (one.key == two.key) == (one == two)


@given(st.sampled_from(["account", "crm", "device"]), st.text(max_size=30), st.text(max_size=10))
@example("account", "0", "://")
def test_any_value_is_read_stably_or_refused(scheme: str, value: str, scope: str) -> None:
    try:
        one = get_scheme(scheme).parse(value, scope=scope)
    except InvalidIdentifierError:
        return
    assert get_scheme(scheme).parse(one.value, scope=one.scope) == one
    assert identifier(one.key) == one


def test_accounts_and_records_are_exclusive_and_devices_are_not() -> None:
    assert [get_scheme(name).exclusive for name in ("account", "crm", "device")] == [True, True, False]


@pytest.mark.parametrize("value", ["", "   ", "a\u200bb", "a\x00b", "x" * 513])
def test_an_empty_unseen_or_endless_value_is_refused(value: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        account(value)


def test_a_device_identifies() -> None:
    assert device("cookie-1f").linkable


def test_an_extension_is_kept_but_does_not_identify() -> None:
    one = identifier("extension:20 41@PBX1")
    assert (one.key, one.linkable) == ("extension:2041@pbx1", False)


@pytest.mark.parametrize("text", ["extension:jane", "extension:1234567890123456"])
def test_an_extension_is_digits(text: str) -> None:
    with pytest.raises(InvalidIdentifierError, match="digits"):
        identifier(text)


@pytest.mark.parametrize(
    ("text", "key", "linkable"),
    [
        ("sip:Jane@VoIP.example", "sip:Jane@voip.example", True),
        ('"Jane" <sip:jane@voip.example:5060;transport=tcp>;tag=1', "sip:jane@voip.example", True),
        ("sip:jane:secret@voip.example", "sip:jane@voip.example", True),
        ("sips:jane@voip.example", "sip:jane@voip.example", True),
        ("sip:2041@pbx.example", "sip:2041@pbx.example", False),
        ("sip:jane@192.0.2.1", "sip:jane@192.0.2.1", False),
        ("sip:jane@[2001:db8::1]:5060", "sip:jane@[2001:db8::1]", False),
        ("sip:+442079460958@voip.example", "phone:+442079460958", True),
        ("sip:+442079460958@192.0.2.1;user=phone", "phone:+442079460958", True),
    ],
)
def test_a_sip_address_is_a_number_or_a_name_at_a_host(text: str, key: str, linkable: bool) -> None:
    one = get_scheme("sip").parse(text)
    assert (one.key, one.linkable) == (key, linkable)


@pytest.mark.parametrize(
    "text", ["sip:anonymous@anonymous.invalid", "sip:restricted@pbx.example", "sip:unavailable@unknown.invalid"]
)
def test_an_anonymous_sip_caller_gives_no_identifier(text: str) -> None:
    with pytest.raises(WithheldError):
        identifier(text)


@given(st.text(st.sampled_from("ab1:@.;<>[]%+ A-"), max_size=20))
def test_any_sip_text_is_read_stably_or_refused(text: str) -> None:
    try:
        one = get_scheme("sip").parse(text)
    except InvalidIdentifierError:
        return
    assert identifier(one.key) == one


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"name": "J Smith", "postcode": "RG14 1AA"}, "postal:name=j smith;postcode=RG141AA"),
        ({"name": "Mr. J. SMITH", "postcode": "rg141aa"}, "postal:name=j smith;postcode=RG141AA"),
        ({"name": "Dr O'Neill", "postcode": "1"}, "postal:name=oneill;postcode=1"),
        (
            {"name": "M Smith", "street": "1, High St.", "city": "Newbury"},
            "postal:name=m smith;street=1 high st;city=newbury",
        ),
        (
            {"name": "Jürgen Müller", "postcode": "10115", "country": "DE"},
            "postal:name=jürgen müller;postcode=10115;country=de",
        ),
    ],
)
def test_a_postal_address_has_one_normal_form(fields: dict[str, str], key: str) -> None:
    assert postal(**fields).key == key


def test_an_address_without_a_name_is_a_household_and_does_not_identify() -> None:
    assert not postal(street="1 High St", postcode="RG14 1AA").linkable


@pytest.mark.parametrize("fields", [{}, {"name": "J Smith"}, {"city": "Newbury"}, {"name": "J", "street": "1 High St"}])
def test_an_address_needs_a_place(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidIdentifierError, match="postcode"):
        postal(**fields)


_FIELD = st.text(max_size=12)


@given(_FIELD, _FIELD, _FIELD, _FIELD)
def test_any_address_is_read_stably_or_refused(name: str, street: str, postcode: str, city: str) -> None:
    try:
        one = postal(name=name, street=street, postcode=postcode, city=city)
    except InvalidIdentifierError:
        return
    again = identifier(one.key)
    assert (again, again.linkable) == (one, one.linkable)
