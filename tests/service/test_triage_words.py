"""Words of danger: whole words in every script, as their user lists them, and nothing that only looks like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from omnitrack import InvalidInteractionError
from omnitrack.service.triage_words import WordList

LIST = WordList(
    {
        "danger": {
            "en": ["gas leak", "suicid*", "fire", "can't breathe"],
            "de": ["Gasgeruch", "Straße gesperrt"],
            "el": ["φωτιά"],
            "ru": ["пожар"],
            "ar": ["حريق"],
            "hi": ["आग"],
            "ja": ["火事"],
            "th": ["ไฟไหม้"],
        },
        "vulnerable": {"fr": ["oxygène"], "tr": ["diyaliz"]},
    }
)


def found(text: str) -> list[str]:
    return [one.phrase for one in LIST.find(text)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("There is a gas leak!", ["gas leak"]),
        ("GAS\n  LEAK", ["gas leak"]),
        ("gas-leak", ["gas leak"]),
        ("ｇａｓ leak", ["gas leak"]),  # full width
        ("gasleak, gas leaks, biogas leak", []),
        ("fired, firefly, misfire, campfire", []),
        ("fire_fire 'fire'", ["fire"]),
        ("suicidal thoughts", ["suicid*"]),
        ("parasuicid", []),
        ("I can’t breathe", ["can't breathe"]),
        ("STRASSE GESPERRT", ["Straße gesperrt"]),
        ("es gibt gasgeruch", ["Gasgeruch"]),
        ("ΦΩΤΙΆ", ["φωτιά"]),
        ("У нас ПОЖАР.", ["пожар"]),
        ("пожарный", []),
        ("هناك حريق", ["حريق"]),
        ("घर में आग है", ["आग"]),
        ("आगे", []),  # another word: the vowel sign is part of it
        ("隣で火事です", ["火事"]),
        ("บ้านไฟไหม้แล้ว", ["ไฟไหม้"]),
        ("oxyge\u0300ne", ["oxygène"]),  # decomposed
        ("oxygene", []),
        ("fi\xadre", ["fire"]),  # a soft hyphen
    ],
)
def test_a_phrase_is_found_as_whole_words(text: str, phrases: list[str]) -> None:
    assert found(text) == phrases


def test_a_phrase_is_found_once_with_its_group_and_language() -> None:
    (one,) = LIST.find("fire fire fire")
    assert (one.group, one.phrase, one.language) == ("danger", "fire", "en")
    assert len(LIST) == 14


@given(st.text(max_size=30), st.text(max_size=30))
@budget(60)
def test_a_phrase_between_spaces_is_always_found(before: str, after: str) -> None:
    assert "gas leak" in found(f"{before} gas leak {after}")


@given(st.text("abc ", max_size=12), st.lists(st.text("abc", min_size=1, max_size=3), max_size=4))
@budget(60)
def test_one_word_phrases_are_the_words_of_the_text(text: str, phrases: list[str]) -> None:
    words = WordList({"g": {"x": phrases}})
    assert {one.phrase for one in words.find(text)} == set(text.split()) & set(phrases)


def test_a_list_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('[danger]\nen = ["gas leak"]\nde = ["Gasgeruch"]\n', encoding="utf-8")
    assert [one.language for one in WordList.load(path).find("Gasgeruch")] == ["de"]
    for text in (
        "danger = 1",
        "[danger]\nen = 'fire'",
        "[danger",
        "[danger]\nen = [1]",
        "[danger]\nen = ['']",
        "[danger]\nen = ['!']",
    ):
        path.write_text(text)
        with pytest.raises(InvalidInteractionError, match="words"):
            WordList.load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInteractionError, match="UTF-8"):
        WordList.load(path)
    with pytest.raises(OSError):
        WordList.load(tmp_path / "none.toml")


@pytest.mark.parametrize("groups", [None, ["danger"], {"danger": ["fire"]}, {1: {}}, {"d": {"en": ["a " * 13]}}])
def test_what_is_no_list_is_refused(groups: Any) -> None:
    with pytest.raises(InvalidInteractionError, match="words"):
        WordList(groups)
