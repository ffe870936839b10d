"""Traits as they come, recognised by the names of their columns, and profiles made of them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.people import records
from omnitrack.identifiers.scheme import Identifier
from omnitrack.matching import Profile, identifier_profile, merge_profiles, normalise_traits, profile
from omnitrack.matching.names import Name
from omnitrack.matching.places import Address
from omnitrack.matching.profile import MAX_VALUES
from omnitrack.matching.traits import TraitReader, trait_of


@pytest.mark.parametrize(
    ("column", "trait"),
    [
        ("First Name", "given_name"),
        ("firstName", "given_name"),
        ("SURNAME", "family_name"),
        ("date-of-birth", "birth_date"),
        ("DOB", "birth_date"),
        ("zip", "postcode"),
        ("email_2", "email"),
        ("Mobile", "phone"),
        ("address_1", "address"),
        ("Address Line 2", "address_extra"),
        ("street_number", "house_number"),
        ("suburb", "city"),
        ("soc_sec_id", "id_number"),
        ("cluster", None),
        ("rec_id", None),
        ("", None),
    ],
)
def test_a_column_is_recognised_by_its_name(column: str, trait: str | None) -> None:
    assert trait_of(column) == trait


def test_traits_take_their_normal_forms() -> None:
    found = normalise_traits(
        {
            "name": "Dr Jane ZALESKI",
            "postcode": "rg141aa",
            "address": "12 High St",
            "dob": "3/2/1980",
            "phone": "020 7946 0958",
            "email": "Jane@X.example",
            "company": "Acme Ltd.",
            "language": "en-GB",
            "user_name": "@JaneZ",
        },
        region="GB",
    )
    assert found == Profile(
        names=(Name("jane", "", "zaleski"),),
        emails=("jane@x.example",),
        phones=("+442079460958",),
        handles=("janez",),
        birth_dates=("19800203",),
        postcodes=("RG14 1AA",),
        addresses=(Address("12", "high street"),),
        companies=("acme",),
        languages=("en",),
    )


@pytest.mark.parametrize("nothing", [None, "", "  ", "NULL", "n/a", "-", math.nan])
def test_a_value_that_says_nothing_is_left_out(nothing: object) -> None:
    assert not normalise_traits({"name": nothing, "dob": nothing, "email": nothing})


def test_a_number_that_a_data_frame_made_a_float_is_read_as_one() -> None:
    assert normalise_traits({"postcode": 4011.0, "dob": 19081209.0}).to_dict() == {
        "birth_dates": ["19081209"],
        "postcodes": ["4011"],
    }


def test_a_malformed_address_is_kept_for_comparison() -> None:
    assert normalise_traits({"email": "Jane@@x"}).emails == ("jane@@x",)


def test_lists_of_values_are_all_kept() -> None:
    assert normalise_traits({"email": ["a@x.example", "b@x.example"]}).emails == ("a@x.example", "b@x.example")


def test_columns_can_be_named() -> None:
    found = normalise_traits({"fn": "Jane", "zip": "x"}, columns={"fn": "given_name", "zip": None})
    assert found == Profile(names=(Name("jane", "", ""),))


def test_given_names_of_several_columns_keep_their_family_names() -> None:
    found = normalise_traits({"given_name": ["Jane", "Joan"], "family_name": ["Zaleski", "Smith"]})
    assert found.names == (Name("jane", "", "zaleski"), Name("joan", "", "smith"))


def test_identifiers_say_what_they_are() -> None:
    found = identifier_profile(
        [
            Identifier(scheme="email", value="jane@x.example"),
            Identifier(scheme="phone", value="+442079460958;ext=12"),
            Identifier(scheme="x", value="janez"),
            Identifier(scheme="x-id", value="99"),
            Identifier(scheme="account", value="BT1", scope="bt"),
            Identifier(scheme="device", value="c-1"),
        ]
    )
    assert found == Profile(
        emails=("jane@x.example",), phones=("+442079460958",), handles=("janez",), id_numbers=("bt1",)
    )


def test_a_profile_has_what_identifiers_and_traits_say_once() -> None:
    found = profile([{"email": "jane@x.example", "name": "Jane"}], [Identifier(scheme="email", value="jane@x.example")])
    assert found.emails == ("jane@x.example",)
    assert found.names == (Name("jane", "", ""),)


def test_a_merged_profile_is_bounded_and_begins_with_the_first() -> None:
    many = [Profile(emails=(f"{n}@x.example",)) for n in range(100)]
    merged = merge_profiles(many)
    assert merged.emails == tuple(f"{n}@x.example" for n in range(MAX_VALUES))


@given(records)
def test_a_profile_comes_back_from_json(record: dict[str, str]) -> None:
    found = normalise_traits(record, region="GB")
    assert Profile.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_fields_of_a_later_version_are_left_out() -> None:
    assert Profile.from_dict({"emails": ["a@x.example"], "auras": ["blue"]}) == Profile(emails=("a@x.example",))


_ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 3),
    st.floats(),
    st.dates(),
    st.text(max_size=12),
    st.sampled_from(["Jane", "Jane Zaleski", "N/A", "19800203", "12 High St", ""]),
    st.lists(st.sampled_from(["Jane", "Bob", "-"]), max_size=2),
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "given", "family", "dob", "year", "month", "day", "street", "no", "mail", "job"]),
            _ANY,
        ),
        max_size=6,
    )
)
def test_a_record_among_others_is_read_as_by_itself(people: list[dict[str, object]]) -> None:
    columns = {
        "name": "name",
        "given": "given_name",
        "family": "family_name",
        "dob": "birth_date",
        "year": "birth_year",
        "month": "birth_month",
        "day": "birth_day",
        "street": "address",
        "no": "house_number",
        "mail": "email",
        "job": None,
    }
    people = [dict.fromkeys(columns) | one for one in people] + people
    reader = TraitReader("GB", columns)
    for one in people:
        assert reader.read(one) == normalise_traits(one, region="GB", columns=columns)


def test_numbers_that_are_equal_and_written_otherwise_are_told_apart() -> None:
    reader = TraitReader(None, {"no": "id_number"})
    values = [12345, "12345", 12345.5, True, 1, "1", 1.0]
    assert [reader.read({"no": value}) for value in values] == [normalise_traits({"id_number": v}) for v in values]
