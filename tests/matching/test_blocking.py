"""Blocking keys: who may be one is found, at a bounded cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.people import lists, records
from omnitrack.matching import RULES, Profile, blocking_keys, normalise_traits
from omnitrack.matching.blocking import MAX_KEYS, candidate_pairs

JANE = {
    "name": "Jane Zaleski",
    "dob": "1980-02-03",
    "postcode": "RG14 1AA",
    "address": "12 High Street",
    "email": "jane.zaleski@x.example",
    "phone": "020 7946 0958",
    "city": "Newbury",
}


@pytest.mark.parametrize(
    ("field", "typo"),
    [
        ("name", "Jane Zalewski"),
        ("name", "Zaleski Jane"),
        ("name", "J Zaleski"),
        ("name", "Jayne Zaleski"),
        ("dob", "1980-03-02"),
        ("dob", "1981-02-03"),
        ("postcode", "RG14 1AB"),
        ("address", "12 Hihg Street"),
        ("email", "jame.zaleski@x.example"),
        ("phone", "020 7946 0985"),
    ],
)
def test_one_typo_hides_nobody(field: str, typo: str) -> None:
    whole, mistyped = normalise_traits(JANE, region="GB"), normalise_traits({**JANE, field: typo}, region="GB")
    ours, theirs = blocking_keys(whole), blocking_keys(mistyped)
    shared = [rule for rule, keys in ours.items() if set(keys) & set(theirs.get(rule, ()))]
    assert len(shared) >= 3


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"name": "Bob Smith"}, {"name": "Robert Smith"}),
        ({"user_name": "MikeSamuels68"}, {"name": "Mike Samuels"}),
        ({"user_name": "msamuels"}, {"name": "Mike Samuels"}),
        ({"email": "mike.samuels@x.example"}, {"name": "Mike Samuels"}),
        ({"phone": "020 7946 0958"}, {"phone": "020 7946 0985"}),
        ({"phone": "020 7946 0958"}, {"phone": "020 7946 958"}),
        ({"email": "jane@x.example"}, {"email": "jane@y.example"}),
        ({"name": "Smith", "postcode": "RG14 1AA"}, {"name": "J Smith", "postcode": "RG141AA"}),
    ],
)
def test_little_known_people_find_each_other(left: dict[str, str], right: dict[str, str]) -> None:
    ours = blocking_keys(normalise_traits(left, region="GB"))
    theirs = blocking_keys(normalise_traits(right, region="GB"))
    assert any(set(keys) & set(theirs.get(rule, ())) for rule, keys in ours.items())


@given(records)
def test_keys_are_short_and_few(record: dict[str, str]) -> None:
    rules = {rule.name: rule for rule in RULES}
    for rule, keys in blocking_keys(normalise_traits(record), broad=True).items():
        assert rules[rule].bound > 0
        assert 0 < len(keys) <= MAX_KEYS
        assert all(0 < len(key) <= 64 for key in keys)
        assert len(set(keys)) == len(keys)


def test_broad_rules_are_for_lists_alone() -> None:
    jane = normalise_traits(JANE)
    assert set(blocking_keys(jane, broad=True)) - set(blocking_keys(jane)) == {"family", "word"}


@given(lists)
def test_each_pair_of_a_list_comes_once_and_in_order(people: list[dict[str, str]]) -> None:
    left, right = candidate_pairs([normalise_traits(person) for person in people])
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    assert all(a < b for a, b in pairs)
    assert len(set(pairs)) == len(pairs)


def test_pairs_inside_one_list_are_left_out_where_lists_are_linked() -> None:
    people = [normalise_traits(JANE)] * 4
    left, right = candidate_pairs(people, groups=[0, 0, 1, 1])
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {(0, 2), (0, 3), (1, 2), (1, 3)}


def test_a_thousand_john_smiths_cost_a_bounded_number_of_pairs() -> None:
    people = [normalise_traits({"name": "John Smith", "house_number": str(n)}) for n in range(1_000)]
    left, _ = candidate_pairs(people)
    assert len(left) <= 1_000 * sum(rule.bound for rule in RULES)
    assert len(left) < 1_000 * 999 / 2 / 4


def test_nobody_is_a_candidate_of_nobody() -> None:
    left, right = candidate_pairs([])
    assert len(left) == len(right) == 0


@given(records)
def test_keys_are_made_of_the_fields_that_a_rule_says_it_reads(record: dict[str, str]) -> None:
    whole = normalise_traits(record, region="GB")
    for rule in RULES:
        read = Profile(**{field: getattr(whole, field) for field in rule.reads})
        assert list(rule.keys(whole)) == list(rule.keys(read))


@given(lists, st.booleans())
def test_candidates_are_those_with_a_key_in_common(people: list[dict[str, str]], twice: bool) -> None:
    profiles = [normalise_traits(one, region="GB") for one in (people * 2 if twice else people)]
    keys = [{(r, k) for r, found in blocking_keys(p, broad=True).items() for k in found} for p in profiles]
    expected = {(a, b) for b in range(len(keys)) for a in range(b) if keys[a] & keys[b]}
    left, right = candidate_pairs(profiles)
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == expected
