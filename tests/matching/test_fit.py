"""Weights estimated from the people themselves, without labels."""

from __future__ import annotations

import random

import pytest

from omnitrack.matching import Model, Profile, normalise_traits

GIVEN = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "te", "vo") for b in ("ran", "lin", "dek", "mus", "pol")]
FAMILY = [
    f"{a}{b}{c}" for a in ("bor", "cal", "dun", "fen") for b in ("a", "e", "o") for c in ("dale", "wick", "ston", "ham")
]


def people(count: int, duplicates: int, seed: int = 1) -> tuple[list[Profile], list[int]]:
    """Return made-up people, some of them twice, the second time with a birth date that is often mistyped."""
    rng = random.Random(seed)
    found, persons = [], []
    for person in range(count):
        record = {
            "given_name": rng.choice(GIVEN),
            "family_name": rng.choice(FAMILY),
            "dob": f"{rng.randint(1930, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "postcode": f"{rng.randint(1000, 9999)}",
        }
        for copy in range(2 if person < duplicates else 1):
            if copy and rng.random() < 0.5:
                record["dob"] = record["dob"][:-1] + str(rng.randint(0, 9))
            if copy and rng.random() < 0.1:
                record["postcode"] = f"{rng.randint(1000, 9999)}"
            found.append(normalise_traits(record))
            persons.append(person)
    return found, persons


def test_the_share_of_duplicates_is_found_without_labels() -> None:
    profiles, persons = people(400, 150)
    model = Model.default(1_000).fit(profiles)
    pairs = len(persons) * (len(persons) - 1) / 2
    assert model.prior * pairs == pytest.approx(150, rel=0.1)


def test_a_field_that_is_often_mistyped_says_less_against() -> None:
    profiles, _ = people(400, 150)
    start = Model.default(1_000)
    fitted = start.fit(profiles)
    before, after = start.weights["birth date"].match, fitted.weights["birth date"].match
    assert after[0] < 0.7 < before[0]
    assert fitted.weights["given name"].match[0] > 0.9


def test_frequencies_are_those_of_the_people() -> None:
    profiles = [
        normalise_traits({"name": f"{'Jane' if n % 2 else 'Karanlo'} {FAMILY[n % 48]}{n}"}) for n in range(1_500)
    ]
    fitted = Model.default().fit(profiles)
    assert fitted.share_of("given name", "jane") == pytest.approx(0.3, abs=0.05)
    assert fitted.share_of("given name", "xanthippe") < 0.001


def test_the_same_people_give_the_same_weights() -> None:
    profiles, _ = people(300, 50)
    assert Model.default().fit(profiles).to_json() == Model.default().fit(profiles).to_json()


def test_a_handful_of_people_leave_the_weights_nearly_as_shipped() -> None:
    start = Model.default(1_000)
    fitted = start.fit(people(4, 2)[0])
    for name in ("given name", "birth date"):
        assert fitted.weights[name].match == pytest.approx(start.weights[name].match, abs=0.2)
        assert fitted.weights[name].chance == pytest.approx(start.weights[name].chance, abs=0.02)


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_to_compare_leaves_the_model_as_it_was(count: int) -> None:
    start = Model.default()
    assert start.fit(people(count, 0)[0]).to_json() == start.to_json()


def test_people_without_duplicates_do_not_teach_wrong_ones() -> None:
    start = Model.default(1_000_000)
    fitted = start.fit(people(400, 0)[0], population=1_000_000)
    assert fitted.weights["birth date"].match == pytest.approx(start.weights["birth date"].match, abs=0.05)
    assert fitted.prior <= start.prior


def test_a_sample_is_told_how_many_there_are() -> None:
    profiles, _ = people(400, 150)
    inside, outside = Model.default().fit(profiles), Model.default().fit(profiles, population=55_000)
    assert outside.prior == pytest.approx(inside.prior / 100)
    assert outside.weights["birth date"].match == inside.weights["birth date"].match


def test_households_are_told_from_duplicates() -> None:
    rng = random.Random(7)
    records = []
    for house in range(300):
        family, postcode = rng.choice(FAMILY), f"{house:04}"
        for _ in range(2):
            records.append(
                {
                    "given_name": rng.choice(GIVEN),
                    "family_name": family,
                    "postcode": postcode,
                    "address": f"{house % 90 + 1} Mill Lane {house}",
                    "dob": f"{rng.randint(1930, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                }
            )
    profiles = [normalise_traits(record) for record in (*records, *records[::20])]
    model = Model.default(1_000).fit(profiles)
    pairs = len(profiles) * (len(profiles) - 1) / 2
    assert model.prior * pairs < 100
    assert model.household * pairs > 200
