"""Levels of comparisons: what is the same, what is a typo, and what differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from matching.people import records
from omnitrack.matching import normalise_traits
from omnitrack.matching.comparisons import COMPARATORS, NOT_COMPARABLE
from omnitrack.matching.evidence import columns_of, evidence_of

INDEX = {comparator.name: index for index, comparator in enumerate(COMPARATORS)}


def level(name: str, left: dict[str, object], right: dict[str, object]) -> str | None:
    columns = columns_of([normalise_traits(left, region="GB"), normalise_traits(right, region="GB")])
    found = int(evidence_of(columns, np.array([0]), np.array([1])).levels[0, INDEX[name]])
    return None if found == NOT_COMPARABLE else COMPARATORS[INDEX[name]].levels[found].name


@pytest.mark.parametrize(
    ("left", "right", "given", "family"),
    [
        ("Jane Zaleski", "jane ZALESKI", "same", "same"),
        ("Bob Zaleski", "Robert Zaleski", "nickname", "same"),
        ("Jane Zaleski", "Jnae Zaleskii", "near", "near"),
        ("Jane Zaleski", "J Zaleski", "initial", "same"),
        ("Jane Zaleski", "Jane Z", "same", "initial"),
        ("Jane Zaleski", "Mary Jane Zaleski", "middle", "same"),
        ("Jane Zaleski", "Zaleski Jane", "swapped", "swapped"),
        ("Jane Smith-Zaleski", "Jane Zaleski", "same", "part"),
        ("Stephen Jones", "Stefan Joens", "alike", "near"),
        ("Jane Zaleski", "Robert Jones", "two names", "differs"),
        ("Tom Zaleski", "Tim Zaleski", "near names", "same"),
        ("Karanlo Zaleski", "Tedekmus Zaleski", "differs", "same"),
        ("Isaac James", "James Dixon", "swapped", "differs"),
    ],
)
def test_names(left: str, right: str, given: str, family: str) -> None:
    if given == "swapped" and family == "differs":
        # One coincidence counts once, in whichever of the two comparisons.
        found = {
            level("given name", {"name": left}, {"name": right}),
            level("family name", {"name": left}, {"name": right}),
        }
        assert len(found) == 2
        assert found & {"swapped"}
        return
    assert level("given name", {"name": left}, {"name": right}) == given
    assert level("family name", {"name": left}, {"name": right}) == family


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1980-02-03", "19800203", "same"),
        ("1980-02-03", "1980-03-02", "swapped"),
        ("1980-02-03", "1980-02-08", "near"),
        ("1980-02-03", "1980-02-30", "near"),
        ("1980-02-13", "1980-02-28", "two parts"),
        ("1980-02-13", "1980-10-28", "same year"),
        ("1980-02-13", "1991-02-12", "differs"),
    ],
)
def test_birth_dates(left: str, right: str, expected: str) -> None:
    assert level("birth date", {"dob": left}, {"dob": right}) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("jane@x.example", "JANE@X.example", "same"),
        ("jane@x.example", "jame@x.example", "one letter"),
        ("jane.zaleski@x.example", "janezaleski@x.example", "one letter"),
        ("jane.zaleski@gmial.example", "jane_zaleski@gmail.example", "one letter"),
        ("jane.zaleski@x.example", "jane.zaleski@other.example", "same local part"),
        ("jane.zaleski@x.example", "jaen.zalesky@x.example", "near"),
        ("jane.zaleski@x.example", "jane.zaleski80@other.example", "near local part"),
        ("jane@x.example", "bob@x.example", "differs"),
    ],
)
def test_mail_addresses(left: str, right: str, expected: str) -> None:
    assert level("mail address", {"email": left}, {"email": right}) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("020 7946 0958", "+44 20 7946 0958", "same"),
        ("020 7946 0958", "020 7946 0985", "one digit"),
        ("020 7946 0958", "020 7946 058", "one digit"),
        ("020 7946 0958", "020 7946 1234", "differs"),
    ],
)
def test_phone_numbers(left: str, right: str, expected: str) -> None:
    assert level("phone number", {"phone": left}, {"phone": right}) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"user_name": "MikeSamuels68"}, {"name": "Mike Samuels"}, "same"),
        ({"user_name": "msamuels"}, {"name": "Mike Samuels"}, "initials"),
        ({"user_name": "mikesamuel"}, {"name": "Mike Samuels"}, "near"),
        ({"email": "mike.samuels@x.example"}, {"name": "Mike Samuels"}, "same"),
        ({"user_name": "coolcat"}, {"name": "Mike Samuels"}, "differs"),
        ({"name": "Mike Samuels"}, {"name": "Mike Samuels", "user_name": "mikesamuels"}, None),
        ({"user_name": "mikesamuels"}, {"user_name": "mikesamuels"}, None),
    ],
)
def test_spellings_count_where_one_has_no_name(
    left: dict[str, object], right: dict[str, object], expected: str | None
) -> None:
    assert level("spelling", left, right) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("MikeSamuels68", "@mikesamuels68", "same"),
        ("MikeSamuels68", "mike_samuels", "same letters"),
        ("mikesamuels", "mikesamules", "near"),
        ("mikesamuels", "coolcat", "differs"),
    ],
)
def test_user_names(left: str, right: str, expected: str) -> None:
    assert level("user name", {"user_name": left}, {"user_name": right}) == expected


@pytest.mark.parametrize(
    ("name", "field", "left", "right", "expected"),
    [
        ("postcode", "postcode", "RG14 1AA", "rg141aa", "same"),
        ("postcode", "postcode", "RG14 1AA", "RG14 1AB", "near"),
        ("postcode", "postcode", "RG14 1AA", "RG14 2XY", "area"),
        ("postcode", "postcode", "RG14 1AA", "SW1A 2AA", "differs"),
        ("house number", "house_number", "12", "12", "same"),
        ("house number", "house_number", "12", "21", "near"),
        ("house number", "house_number", "1", "2", "differs"),
        ("street", "address", "12 High St", "12 High Street", "same"),
        ("street", "address", "12 High Street", "12 Hihg Street", "near"),
        ("street", "address", "12 Old Mill Lane", "12 Mill Old Lane", "near"),
        ("street", "address", "12 High Street", "5 Elm Road", "differs"),
        ("town", "city", "Newbury", "New bury", "same"),
        ("organisation", "company", "Acme Ltd", "ACME Limited", "same"),
        ("state", "state", "NSW", "nsw", "same"),
        ("language", "language", "en-GB", "en", "same"),
        ("id number", "ssn", "6988048", "6988084", "one digit"),
        ("id number", "ssn", "6988048", "6988999", "differs"),
    ],
)
def test_other_fields(name: str, field: str, left: str, right: str, expected: str) -> None:
    assert level(name, {field: left}, {field: right}) == expected


def test_the_best_of_several_values_counts() -> None:
    assert level("mail address", {"email": ["a@x.example", "jane@x.example"]}, {"email": "jane@x.example"}) == "same"


def test_what_one_side_does_not_know_is_not_compared() -> None:
    assert level("birth date", {"name": "Jane"}, {"name": "Jane", "dob": "1980-02-03"}) is None


@given(records, records)
def test_levels_are_the_same_from_either_side(left: dict[str, str], right: dict[str, str]) -> None:
    columns = columns_of([normalise_traits(left), normalise_traits(right)])
    found = evidence_of(columns, np.array([0, 1]), np.array([1, 0]))
    assert (found.levels[0] == found.levels[1]).all()


@given(records)
def test_somebody_is_the_same_as_itself(record: dict[str, str]) -> None:
    columns = columns_of([normalise_traits(record)] * 2)
    levels = evidence_of(columns, np.array([0]), np.array([1])).levels[0]
    for comparator, found in zip(COMPARATORS, levels.tolist(), strict=True):
        # A user name need not read like the mail address of the same person.
        assert found <= 0 or comparator.levels[found].name == "initial" or comparator.name == "spelling"


def test_many_pairs_at_once_are_as_each_alone() -> None:
    people = [
        normalise_traits({"name": f"{given} {family}", "dob": f"19{n:02}-01-0{n % 9 + 1}"})
        for n, (given, family) in enumerate(
            (g, f)
            for g in ("Jane", "Bob", "Robert", "Mary Jane", "J")
            for f in ("Smith", "Smyth", "Zaleski", "Jane", "Jones-Smith")
        )
    ]
    left, right = (side.astype(np.int64) for side in np.triu_indices(len(people), 1))
    together = evidence_of(columns_of(people * 100), left, right).levels
    for a, b, row in zip(left.tolist(), right.tolist(), together.tolist(), strict=True):
        alone = evidence_of(columns_of([people[a], people[b]]), np.array([0]), np.array([1])).levels[0]
        assert alone.tolist() == row
