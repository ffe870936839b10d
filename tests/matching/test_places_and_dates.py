"""Postcodes, address lines and dates of birth in their normal forms."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.matching.dates import parse_birth_date, show_birth_date
from omnitrack.matching.places import Address, house_number, parse_address, parse_postcode, parse_street, postcode_area


@pytest.mark.parametrize(
    ("text", "normal", "area"),
    [
        ("rg141aa", "RG14 1AA", "RG14"),
        ("SW1A 2AA", "SW1A 2AA", "SW1A"),
        ("m1 1ae", "M1 1AE", "M1"),
        ("GIR0AA", "GIR 0AA", "GIR"),
        ("02139-4307", "02139", "021"),
        ("02139", "02139", "021"),
        ("1010 AB", "1010AB", "1010"),
        ("", "", ""),
    ],
)
def test_a_postcode_has_one_normal_form_and_an_area(text: str, normal: str, area: str) -> None:
    assert parse_postcode(text) == normal
    assert postcode_area(normal) == area


@given(st.text(max_size=20))
def test_the_normal_form_of_a_postcode_is_its_own(text: str) -> None:
    assert parse_postcode(parse_postcode(text)) == parse_postcode(text)


@pytest.mark.parametrize(
    ("text", "number", "street"),
    [
        ("12 High St.", "12", "high street"),
        ("12b High Street", "12b", "high street"),
        ("12 B High Street", "12b", "high street"),
        ("Flat 3, Elm Rd", "3", "elm road"),
        ("Hauptstraße 5", "5", "hauptstrasse"),
        ("St Mary's Close", "", "st marys close"),
        ("", "", ""),
    ],
)
def test_an_address_line_gives_house_number_and_street(text: str, number: str, street: str) -> None:
    assert parse_address(text) == Address(number, street)


def test_the_first_word_of_a_street_is_no_abbreviation() -> None:
    assert parse_street("St Johns Rd") == "st johns road"


def test_a_house_number_has_no_blanks() -> None:
    assert house_number(" 12 B ") == "12b"


@pytest.mark.parametrize(
    ("value", "region", "digits"),
    [
        ("1980-02-03", None, "19800203"),
        ("19800203", None, "19800203"),
        ("03021980", None, "19800203"),
        ("3/2/1980", "GB", "19800203"),
        ("2/3/1980", "US", "19800203"),
        ("2/13/1980", "GB", "19800213"),
        ("13.2.1980", "US", "19800213"),
        ("3 February 1980", None, "19800203"),
        ("Feb 3, 1980", None, "19800203"),
        ("3.2.80", None, "19800203"),
        ("1980-02-03T00:00:00Z", None, "19800203"),
        (dt.date(1980, 2, 3), None, "19800203"),
        (dt.datetime(1980, 2, 3, 12), None, "19800203"),
        (19800203, None, "19800203"),
        ("19801392", None, "19801392"),
        ("unknown", None, ""),
        ("1980", None, ""),
        ("", None, ""),
    ],
)
def test_a_birth_date_is_eight_digits(value: object, region: str | None, digits: str) -> None:
    assert parse_birth_date(value, region) == digits


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2030, 1, 1)))
def test_a_shown_birth_date_reads_back(day: dt.date) -> None:
    assert parse_birth_date(show_birth_date(parse_birth_date(day))) == parse_birth_date(day)
