"""The ways in which the name of one person is written, and what tells two people of one name apart."""

from __future__ import annotations

import pytest

from omnitrack.matching import Model, match, normalise_traits

MODEL = Model.default()
BORN = {"dob": "1980-02-03"}
HOME = {"postcode": "RG14 1AA", "phone": "020 7946 0958"}


def probability(left: dict[str, str], right: dict[str, str]) -> float:
    return MODEL.score(normalise_traits(left, region="GB"), normalise_traits(right, region="GB")).probability


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Анна Иванова", "Anna Ivanova"),
        ("Сергей Викторович Лавров", "Sergei Lavrov"),
        ("Сергей Викторович Лавров", "Лавров Сергей"),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos"),
        ("محمد خالد", "Mohammed Khaled"),
        ("王伟", "Wang Wei"),
        ("王伟", "Wei Wang"),
        ("Jan van der Berg", "Jan Vanderberg"),
        ("Jan van der Berg", "Jan Berg"),
        ("María de la Cruz", "Maria Cruz"),
        ("Juan Garcia Lopez", "Juan Garcia"),
        ("Juan García y López", "Juan Garcia Lopez"),
        ("JaneZaleski", "Jane Zaleski"),
        ("Zaleski Jane", "Jane Zaleski"),
    ],
)
def test_one_name_in_two_spellings_is_one(left: str, right: str) -> None:
    assert probability({"name": left, **BORN}, {"name": right, **BORN}) > 0.95
    assert match([{"name": left, **BORN}, {"name": right, **BORN}]).labels == ((0, 0),)


def test_another_script_is_no_contradiction() -> None:
    mail = {"email": "li@mail.example"}
    unlike = probability({"name": "李小龙", **mail}, {"name": "Bruce Lee", **mail})
    differing = probability({"name": "Karl Marx", **mail}, {"name": "Bruce Lee", **mail})
    assert unlike > 0.5
    assert unlike > differing


def test_two_in_one_script_are_compared_by_their_own_letters() -> None:
    assert probability({"name": "王伟", **BORN}, {"name": "汪玮", **BORN}) < 0.5


def test_twins_are_not_one() -> None:
    home = {**BORN, "postcode": "RG14 1AA"}
    assert probability({"name": "Anna Zaleski", **home}, {"name": "Mary Zaleski", **home}) < 0.5
    assert probability({"name": "Tom Zaleski", **home}, {"name": "Tim Zaleski", **home}) < 0.95
    told = probability({"name": "Tom Zaleski", "sex": "m", **home}, {"name": "Tina Zaleski", "sex": "f", **home})
    assert told < 0.2


@pytest.mark.parametrize(
    ("left", "right"),
    [("Tom Smith Sr.", "Tom Smith Jr."), ("Smith Jr, Tom", "Smith Sr, Tom"), ("Tom Smith II", "Tom Smith III")],
)
def test_father_and_son_of_one_name_are_told_apart_by_their_suffix(left: str, right: str) -> None:
    assert probability({"name": left, **HOME}, {"name": right, **HOME}) < 0.5
    assert probability({"name": left, **HOME}, {"name": left, **HOME}) > 0.5


def test_a_suffix_may_stand_in_a_column_of_its_own() -> None:
    tom = {"first_name": "Tom", "last_name": "Smith"}
    assert normalise_traits({**tom, "suffix": "Jr."}).generations == ("2",)
    assert normalise_traits({"name": "Sr. Tom Smith"}).generations == ()


@pytest.mark.parametrize("name", ["Unknown", "Test Customer", "unbekannt", "No Name", "Anonymous"])
def test_a_name_that_stands_for_none_joins_nobody(name: str) -> None:
    assert not normalise_traits({"name": name})
    rows = [{"name": name, "dob": "1970-01-01", "postcode": code} for code in ("RG14 1AA", "LS1 4AP")]
    assert match(rows).labels == ((0, 1),)


@pytest.mark.parametrize("day", ["1900-01-01", "01/01/1970", "9999-12-31", "0000-00-00"])
def test_a_day_that_stands_for_none_is_none(day: str) -> None:
    assert not normalise_traits({"dob": day})


@pytest.mark.parametrize("name", ["Jane Guest", "Christian Test", "Olga Name"])
def test_a_word_for_none_in_a_name_leaves_it_a_name(name: str) -> None:
    assert normalise_traits({"name": name}).names
