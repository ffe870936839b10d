"""Handover codes: what is drawn is found again however it comes, and no slip of a hand is taken for another code."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from effort import budget
from omnitrack.foundation.handover_codes import (
    ALPHABET,
    LEAST,
    MOST_FOUND,
    PAYLOAD_BITS,
    draw,
    find_codes,
    hide_codes,
    is_spellable,
    keyed,
    read_keyed,
    read_written,
    spell,
)

PAYLOADS = st.integers(LEAST, (1 << PAYLOAD_BITS) - 1)


def _spellable(payload: int) -> int:
    while payload < LEAST or not is_spellable(payload):
        payload = (payload * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) >> 3 & (1 << PAYLOAD_BITS) - 1
    return payload


SPELLABLE = PAYLOADS.map(_spellable)


@given(PAYLOADS)
@budget(50)
def test_both_spellings_are_read_back(payload: int) -> None:
    assert read_written(spell(payload)) == payload
    assert read_keyed(keyed(payload)) == payload


@given(PAYLOADS)
@budget(20)
def test_no_single_wrong_symbol_and_no_exchange_of_neighbours_passes(payload: int) -> None:
    for text, symbols, read in ((spell(payload), ALPHABET, read_written), (keyed(payload), "0123456789", read_keyed)):
        for place, right in enumerate(text):
            if right == "-":
                continue
            for wrong in symbols:
                if wrong != right:
                    assert read(text[:place] + wrong + text[place + 1 :]) is None
        plain = text.replace("-", "")
        for place, (one, two) in enumerate(pairwise(plain)):
            if one != two:
                assert read(plain[:place] + two + one + plain[place + 2 :]) is None


@given(SPELLABLE, st.sampled_from(["", " ", "-", "\u2013", "\n"]), st.booleans())
@budget(50)
def test_a_code_is_found_however_it_is_typed(payload: int, between: str, lower: bool) -> None:
    text = spell(payload).replace("-", between).replace("0", "o").replace("1", "l")
    assert find_codes(text.lower() if lower else text.upper(), None, None).payloads == (payload,)


@pytest.mark.parametrize(
    "around",
    ["Code {}", "({})", "https://bt.example/help?code={}&x=1", "> quoted: {}.", "using {} today", "\u201c{}\u201d"],
)
def test_a_code_is_found_in_what_surrounds_it(around: str) -> None:
    payload = draw()
    assert find_codes(None, around.format(spell(payload)), None).payloads == (payload,)


@pytest.mark.parametrize("around", ["{}", "{}#", " {} "])
def test_keyed_digits_are_found_as_the_whole_of_a_text(around: str) -> None:
    payload = draw()
    digits = keyed(payload)
    for attributes in ({"Digits": around.format(digits)}, {"ivr": [{"input": int(digits)}]}):
        found: dict[str, Any] = attributes
        assert find_codes(None, None, found).payloads == (payload,)
    assert find_codes(None, f"call {digits} now", None).payloads == ()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,-\n", max_size=200))
@budget(30)
def test_words_are_no_codes(text: str) -> None:
    assert find_codes(text, None, None) == ((), 0)


@pytest.mark.parametrize(
    "text",
    ["020 7946 0958", "12345-67890", "01234567890123456", "2026-03-02 09:00", "AB123-45678", "GB82WEST12345698765432"],
)
def test_numbers_of_other_kinds_are_no_codes(text: str) -> None:
    assert find_codes(None, text, None) == ((), 0)


@given(SPELLABLE, st.integers(0, 10), st.sampled_from(ALPHABET))
@budget(50)
def test_a_damaged_code_is_counted_or_not_seen_and_never_another(payload: int, place: int, wrong: str) -> None:
    text = spell(payload)
    assume(text[place] not in ("-", wrong))
    found = find_codes(text[:place] + wrong + text[place + 1 :], None, None)
    assert found.payloads == ()
    assert found.damaged <= 1


def test_numbers_among_attributes_are_no_codes() -> None:
    numbers = {"n": 5, "at": 1_772_445_600_000, "imei": "490154203237518", "a": [0, 10**20, True, None, 1.5]}
    assert find_codes(None, None, numbers) == ((), 0)


def test_a_word_beside_a_code_damages_nothing() -> None:
    payload = next(p for p in iter(draw, None) if find_codes(f"x 9AB3C {spell(p)}", None, None).payloads == (p,))
    assert find_codes(f"x 9AB3C {spell(payload)} D5E6F", None, None).damaged == 0


def test_what_is_taken_from_one_interaction_is_bounded() -> None:
    many = " / ".join(spell(draw()) for _ in range(100))
    assert len(find_codes(many, many, {"a": [many] * 1000}).payloads) == MOST_FOUND


@given(SPELLABLE)
@budget(20)
def test_a_hidden_code_is_not_found(payload: int) -> None:
    assert hide_codes(f"my code {spell(payload)}, thanks", "[erased]") == "my code [erased], thanks"
    assert hide_codes(keyed(payload), "[erased]") == "[erased]"
    assert hide_codes("my code 7K3M9-00000", "[erased]") == "my code 7K3M9-00000"
