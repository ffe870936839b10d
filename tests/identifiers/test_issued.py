"""What a company gives out itself, SIP addresses, and postal addresses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers import Identifier, account, crm, device, get_scheme, identifier, postal
from omnitrack.identifiers.scheme import key_text


@pytest.mark.parametrize(
    ("value", "scope", "key"),
    [
        ("BT123", "bt", "account:BT123@bt"),
        (" BT 123 ", "BT", "account:BT 123@bt"),
        ("ＢＴ１２３", "", "account:ＢＴ１２３"),
        ("٤٧١١", "", "account:٤٧١١"),
        ("Zoe\u0301", "", "account:Zoé"),
        ("a@b", "bt", "account:a%40b@bt"),
        ("a%40b", "bt", "account:a%2540b@bt"),
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


#: Texts in which those that are easily taken for one another are likely.
_TEXTS = st.text(st.sampled_from("aA1\u0661 %@40:25é\u0301\u00a0\uff21"), max_size=8) | st.text(max_size=30)


@given(st.sampled_from([account, crm, device]), _TEXTS, _TEXTS, st.sampled_from(["", "bt"]))
@example(account, "victim@example.com", "victim%40example.com", "p")
@example(account, "vic tim", "victim", "p")
@example(account, "1a", "\u0661a", "")
@example(account, "100%", "100%25", "")
def test_ids_that_differ_in_a_character_are_two(
    made: Callable[[str, str], Identifier], one: str, other: str, scope: str
) -> None:
    """Surrounding white space and the composition of Unicode (NFC) alone are folded."""
    try:
        a, b = made(one, scope), made(other, scope)
    except InvalidIdentifierError:
        return
    same = unicodedata.normalize("NFC", one).strip() == unicodedata.normalize("NFC", other).strip()
    assert (a == b) == (a.key == b.key) == same


@given(st.sampled_from(["account", "crm", "device", "forum"]), _TEXTS, st.sampled_from(["", "bt", "shop.example"]))
def test_what_a_source_hands_on_as_a_key_is_the_id_that_it_has(scheme: str, value: str, scope: str) -> None:
    try:
        one = get_scheme(scheme).parse(value, scope=scope)
    except InvalidIdentifierError:
        return
    assert identifier(key_text(scheme, value, scope)) == one


@given(st.sampled_from(["account", "crm", "device"]), _TEXTS, st.text(max_size=10))
@example("account", "0", "://")
def test_any_value_is_read_stably_or_refused(scheme: str, value: str, scope: str) -> None:
    try:
        one = get_scheme(scheme).parse(value, scope=scope)
    except InvalidIdentifierError:
        return
    assert get_scheme(scheme).parse(one.value, scope=one.scope) == one
    assert identifier(one.key) == one


@pytest.mark.parametrize(
    ("one", "other", "scope"),
    [
        # Salesforce Help: the three characters behind are made of the case of the 15 before.
        ("0015000000Gv7qJ", "0015000000Gv7qJAAR", "salesforce"),
        ("0015000000GV7QJAAR", "0015000000gv7qjaar", "salesforce/north"),
        # RFC 9562 section 4.
        ("0E984725-C51C-4BF4-9960-E1C80E27ABA0", "urn:uuid:0e984725-c51c-4bf4-9960-e1c80e27aba0", "uuid"),
        ("{0E984725-C51C-4BF4-9960-E1C80E27ABA0}", "0e984725c51c4bf49960e1c80e27aba0", "uuid/idfa"),
    ],
)
def test_spellings_that_an_issuer_documents_as_one_are_one_where_the_scope_names_it(
    one: str, other: str, scope: str
) -> None:
    assert crm(one, scope) == crm(other, scope)
    assert crm(one, "elsewhere") != crm(other, "elsewhere")


@pytest.mark.parametrize(
    ("one", "other", "scope"),
    [
        ("0015000000Gv7qJ", "0015000000gv7qJ", "salesforce"),
        ("order-17", "ORDER-17", "salesforce"),
        ("order-17", "ORDER-17", "uuid"),
    ],
)
def test_what_is_no_other_spelling_by_its_issuer_is_another_id(one: str, other: str, scope: str) -> None:
    assert crm(one, scope) != crm(other, scope)


@given(st.text(st.sampled_from("aA0zZ5{}-"), min_size=13, max_size=20), st.sampled_from(["salesforce", "uuid"]))
def test_the_form_of_an_issuer_is_read_as_itself(value: str, scope: str) -> None:
    try:
        one = crm(value, scope)
    except InvalidIdentifierError:
        return
    assert crm(one.value, scope) == one == identifier(one.key)


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
