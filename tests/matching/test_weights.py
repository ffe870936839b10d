"""Scores: weights that add up, names by their frequency, households, and models as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given

from effort import budget
from matching.people import lists, records
from omnitrack.matching import Model, ModelFormatError, Score, normalise_traits
from omnitrack.matching.weights import logit, probability_of

MODEL = Model.default(1_000_000)
HOME = {"postcode": "RG14 1AA", "address": "12 High Street", "city": "Newbury", "phone": "020 7946 0958"}


def score(left: Mapping[str, object], right: Mapping[str, object], model: Model = MODEL) -> Score:
    return model.score(normalise_traits(left, region="GB"), normalise_traits(right, region="GB"))


@given(records, records)
def test_the_comparisons_add_up_to_the_score(left: dict[str, str], right: dict[str, str]) -> None:
    found = score(dict(left), dict(right))
    assert math.isclose(sum(row.weight for row in found.comparisons), found.weight, abs_tol=1e-9)
    assert math.isclose(found.probability, float(probability_of(np.array(found.weight))), abs_tol=1e-12)
    assert found.comparisons[0].name == "prior"


@given(records, records)
def test_a_score_is_the_same_from_either_side(left: dict[str, str], right: dict[str, str]) -> None:
    assert math.isclose(score(dict(left), dict(right)).weight, score(dict(right), dict(left)).weight, abs_tol=1e-9)


@budget(30)
@given(records, lists)
def test_many_are_scored_as_each_alone(one: dict[str, str], others: list[dict[str, str]]) -> None:
    profile, profiles = normalise_traits(one), [normalise_traits(other) for other in others]
    together = MODEL.score_many(profile, profiles)
    assert together.tolist() == pytest.approx([MODEL.score(profile, other).probability for other in profiles])


def test_smith_says_less_than_zaleski() -> None:
    smith = score({"name": "John Smith"}, {"name": "John Smith"})
    zaleski = score({"name": "John Zaleski"}, {"name": "John Zaleski"})
    assert zaleski.weight > smith.weight + 5
    assert "(frequent)" in smith.sentence
    assert "(rare)" in zaleski.sentence


def test_more_people_take_more_to_be_sure() -> None:
    few, many = Model.default(1_000), Model.default(10_000_000)
    jane: dict[str, object] = {"name": "Jane Zaleski", "dob": "1980-02-03"}
    assert score(jane, jane, few).probability > score(jane, jane, many).probability
    assert many.for_population(1_000).prior == few.prior


def test_what_a_household_shares_does_not_make_its_people_one() -> None:
    mary, john = {"name": "Mary Smith", **HOME}, {"name": "John Smith", **HOME}
    assert score(mary, john).probability < 0.1
    assert score(mary, mary).probability > 0.9
    assert any(row.name == "household" and row.weight < -10 for row in score(mary, john).comparisons)


def test_father_and_son_of_one_name_are_not_one() -> None:
    assert (
        score(
            {**HOME, "name": "Tom Smith", "dob": "1980-01-01"}, {**HOME, "name": "Tom Smith", "dob": "2007-05-06"}
        ).probability
        < 0.5
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"name": "Jane Zaleski", "postcode": "RG14 1AA"}, {"name": "Joan Zaleski", "postcode": "RG14 1AA"}),
        ({"name": "J Zaleski", "postcode": "RG14 1AA"}, {"name": "M Zaleski", "postcode": "RG14 1AA"}),
        ({"name": "Jane Zaleski", "postcode": "RG14 1AB"}, {"name": "Jane Zaleski", "postcode": "SW1A 2AA"}),
        ({"name": "Zaleski Jane", "postcode": "RG14 1AA"}, {"name": "Zaleski Mary", "postcode": "RG14 1AA"}),
    ],
)
def test_the_right_person_of_a_letter_comes_first(right: dict[str, object], wrong: dict[str, object]) -> None:
    letter = normalise_traits({"name": "Jane Zaleski", "postcode": "RG14 1AA"})
    others = [
        normalise_traits({"name": "Jane Smith", "postcode": "RG14 1AA"}),
        normalise_traits(wrong),
        normalise_traits(right),
    ]
    best = MODEL.suggest(letter, others, least=0.0)
    assert best[0][0] == 2
    assert [s.probability for _, s in best] == sorted((s.probability for _, s in best), reverse=True)


def test_suggestions_are_limited_and_likely_enough() -> None:
    jane = normalise_traits({"name": "Jane Zaleski", "dob": "1980-02-03"})
    assert len(MODEL.suggest(jane, [jane] * 20, limit=3)) == 3
    assert MODEL.suggest(jane, [normalise_traits({"name": "Bob Smith"})]) == []
    assert MODEL.suggest(jane, []) == []


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (
            {"name": "Jane Zaleski", "postcode": "RG14 1AA", "email": "jane@x.example"},
            {"name": "Jane Zaleski", "postcode": "rg141aa", "email": "jame@x.example"},
            (
                "Same name Jane Zaleski (rare), the mail address differs in one letter (jane@x.example, jame@x.example), "
                "same postcode RG14 1AA."
            ),
        ),
        (
            {"name": "Bob Smith", "dob": "1980-02-03"},
            {"name": "Robert Smith", "dob": "1980-02-03"},
            "Born on 1980-02-03, same family name Smith, Bob and Robert are forms of one given name.",
        ),
        (
            {"name": "Jane Zaleski", "dob": "1980-02-03"},
            {"name": "Jane Zaleski", "dob": "1991-11-17"},
            "Same name Jane Zaleski (rare); but the birth dates differ (1980-02-03, 1991-11-17).",
        ),
        ({"user_name": "MikeSamuels68"}, {"name": "Mike Samuels"}, "@mikesamuels68 reads like Mike Samuels."),
        ({"name": "Jane"}, {"dob": "1980-02-03"}, "Nothing of weight to compare."),
    ],
)
def test_the_sentence_says_why(left: dict[str, object], right: dict[str, object], sentence: str) -> None:
    assert score(left, right).sentence == sentence


def test_a_probability_is_never_shown_as_certain() -> None:
    everything = {"name": "Jane Zaleski", "dob": "1980-02-03", "ssn": "6988048", **HOME}
    assert str(score(everything, everything)).startswith("over 99%: ")
    assert str(score({"name": "Jane Zaleski"}, {"name": "Bob Smith"})).startswith("under 1%: ")
    assert "+" in score(everything, everything).table


def test_whole_identifiers_are_not_in_the_repr() -> None:
    found = score({"email": "jane@x.example"}, {"email": "jane@x.example"})
    assert "jane@x.example" not in repr(found)


def test_a_model_comes_back_from_json() -> None:
    again = Model.from_json(MODEL.to_json())
    jane, bob = {"name": "Jane Zaleski", **HOME}, {"name": "Bob Smith", **HOME}
    assert again.prior == MODEL.prior
    assert score(jane, bob, again).weight == pytest.approx(score(jane, bob).weight, abs=0.01)
    assert score(jane, jane, again).weight == pytest.approx(score(jane, jane).weight, abs=0.01)


@pytest.mark.parametrize("people", [0, 1, 2, 3, 4, 5])
def test_a_model_of_hardly_anybody_comes_back_from_json(people: int) -> None:
    for model in (Model.default(people), MODEL.for_population(people), Model.default(people).fit([])):
        again = Model.from_json(model.to_json())
        assert (again.prior, again.household) == (model.prior, model.household)


def test_a_saved_model_is_small() -> None:
    people = [normalise_traits({"name": f"Jane {n}z", "email": f"{n % 4000}@x.example"}) for n in range(200)]
    assert len(MODEL.fit(people).to_json()) < 100_000


def test_a_saved_model_keeps_the_defaults_of_levels_that_it_does_not_know() -> None:
    saved = json.loads(MODEL.to_json())
    del saved["comparisons"]["birth date"]
    del saved["comparisons"]["postcode"]["levels"]["area"]
    again = Model.from_json(json.dumps(saved))
    assert again.weights["birth date"].match == MODEL.weights["birth date"].match
    assert again.weights["postcode"].match == pytest.approx(MODEL.weights["postcode"].match)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "prior": 0, "household": 0.1, "comparisons": {}}', "null"],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(ModelFormatError, match="accepted"):
        Model.from_json(text)


def test_odds_and_probabilities_are_inverse() -> None:
    assert float(probability_of(np.array(logit(0.3)))) == pytest.approx(0.3)
