"""Names of people in their normal form."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omnitrack.matching.names import (
    MAX_NAME_LENGTH,
    MAX_NAME_WORDS,
    SUFFIXES,
    TITLES,
    Name,
    are_nicknames,
    frequent_names,
    name_of,
    nickname_root,
    parse_display_name,
    parse_name,
)
from omnitrack.matching.text import fold_words, letters, sound


@pytest.mark.parametrize(
    ("text", "given", "middle", "family"),
    [
        ("Jane Zaleski", "jane", "", "zaleski"),
        ("ZALESKI, Jane", "jane", "", "zaleski"),
        ("Dr. Jane M. Zaleski, PhD", "jane", "m", "zaleski"),
        ("Herr Prof. Dr. Hans Müller", "hans", "", "muller"),
        ("Ludwig van Beethoven", "ludwig", "", "van beethoven"),
        ("Jean-Luc O’Brien Jr.", "jean", "luc", "obrien"),
        ("J Smith", "j", "", "smith"),
        ("Jane", "jane", "", ""),
        ("Zaleski", "", "", "zaleski"),
        ("Mr", "", "", "mr"),
        ("Łukasz Żądło", "lukasz", "", "zadlo"),
    ],
)
def test_a_name_in_one_field_comes_apart(text: str, given: str, middle: str, family: str) -> None:
    assert parse_name(text) == Name(given, middle, family)


@pytest.mark.parametrize("text", ["", "   ", "12345", "-.-", "🔥"])
def test_what_holds_no_letter_is_no_name(text: str) -> None:
    assert parse_name(text) is None


def test_a_title_in_a_column_of_its_own_part_is_left_out() -> None:
    assert name_of(given="Mrs Jane Mary", family="Zaleski") == Name("jane", "mary", "zaleski")


@pytest.mark.parametrize("text", ["xX_killer_Xx99", "support", "Mike 68", "the one and only Mike Samuels"])
def test_a_display_name_that_reads_as_no_name_gives_none(text: str) -> None:
    assert parse_display_name(text) is None


@pytest.mark.parametrize("text", ["Mike Samuels 🔥", "MikeSamuels", "mike samuels"])
def test_a_display_name_that_reads_as_a_name_gives_it(text: str) -> None:
    assert parse_display_name(text) == Name("mike", "", "samuels")


@pytest.mark.parametrize(
    ("left", "right"), [("bob", "robert"), ("robert", "rob"), ("bob", "rob"), ("liz", "elizabeth")]
)
def test_short_forms_of_one_name_are_nicknames(left: str, right: str) -> None:
    assert are_nicknames(left, right)
    assert are_nicknames(right, left)


def test_different_names_are_no_nicknames() -> None:
    assert not are_nicknames("jane", "robert")
    assert not are_nicknames("jane", "jane")


def test_a_nickname_and_its_name_have_one_root() -> None:
    assert nickname_root("bob") == nickname_root("robert") == "robert"


def test_smith_is_more_frequent_than_others() -> None:
    shares = frequent_names()["family"]
    assert shares["smith"] == max(shares.values())
    assert "zaleski" not in shares


@given(st.text(max_size=60))
def test_folding_is_idempotent(text: str) -> None:
    assert fold_words(fold_words(text)) == fold_words(text)


_FAR_OUT = st.lists(
    st.sampled_from(["A", "van ", "-", "/", "\x1b", "㌖", "ﬃ", "\ufdfa", "1", "한", "é", "' "]), max_size=90
).map("".join)
_ADDED = TITLES | SUFFIXES | {"sr", "sra"}


@given(st.one_of(st.text(max_size=60), _FAR_OUT))
@example("A/B A/B A/B A/B A/B A/B A:B")
@example("A" + "㌖" * 60 + " B")
def test_a_parsed_name_parses_to_itself(text: str) -> None:
    name = parse_name(text)
    # A hyphen tells Smith-Ma from Smith MA, and a name in its normal form has none.
    if name is not None and name.given and name.family and "," not in text and not _ADDED & set(name.family.split()):
        again = name_of(name.given, name.middle, name.family)
        assert again == name


@given(st.one_of(st.text(max_size=600), _FAR_OUT))
def test_a_name_has_no_more_words_and_letters_than_the_bounds_say(text: str) -> None:
    for name in (parse_name(text), name_of(text), name_of(family=text)):
        words = [] if name is None else [word for part in name for word in part.split()]
        assert len(words) <= 2 * MAX_NAME_WORDS  # a comma makes two texts of one
        assert len(" ".join(words)) <= 2 * MAX_NAME_LENGTH


@given(st.text(max_size=30))
def test_sound_and_letters_take_any_text(text: str) -> None:
    assert len(sound(fold_words(text))) <= 5
    assert letters(text).isalpha() or not letters(text)


@pytest.mark.parametrize(("left", "right"), [("stephen", "steven"), ("zaleski", "salesky"), ("phillip", "filip")])
def test_names_that_are_heard_alike_have_one_sound(left: str, right: str) -> None:
    assert sound(left) == sound(right)
