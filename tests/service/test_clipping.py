"""Clipping: cut between characters as people see them, quoted so that nothing of others can pass for ours."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.service.clipping import MORE, clip, name, one_line, quoted

# One character each, as people see it (UAX #29): marks, emoji that are joined, flags, syllables, conjuncts, keycaps.
CLUSTERS = [
    "a",
    " ",
    "e\u0301",
    "o\u0308\u0323",
    "👨‍👩‍👧‍👦",
    "👍🏽",
    "🏳️‍🌈",
    "🇬🇧",
    "한",
    "\u1112\u1161\u11ab",
    "क्ष",
    "त्र्य",
    "நி",
    "กำ",
    "1️⃣",
    "中",
    "\u0600١",
]


@given(st.lists(st.sampled_from(CLUSTERS), max_size=30), st.integers(0, 60))
def test_a_cut_is_between_characters_as_people_see_them(clusters: list[str], most: int) -> None:
    text = "".join(clusters)
    cut = clip(text, most)
    assert len(cut) <= max(most, 0)
    if len(text) <= most:
        assert cut == text
        return
    ends = {0}
    for cluster in clusters:
        ends.add(max(ends) + len(cluster))
    if most:
        assert cut.endswith(MORE)
        assert len(cut) - len(MORE) in ends
        assert text.startswith(cut.removesuffix(MORE))


@given(st.text(), st.one_of(st.none(), st.integers(1, 50)))
def test_a_quoted_text_is_one_string_of_json_on_one_line(text: str, most: int | None) -> None:
    shown = quoted(text, most)
    assert "\n" not in shown
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', shown)
    read = json.loads(shown)
    assert most is None or len(read) <= most
    assert most is not None or read == one_line(text)


@pytest.mark.parametrize(
    "ch",
    ["\x1b", "\x00", "\x9b", "\u202e", "\u2066", "\u200f", "\u2028", "\u200b", "\ufeff", "\U000e0041", "\U000e0101"],
)
def test_what_is_obeyed_or_not_seen_is_replaced(ch: str) -> None:
    assert one_line(f"a{ch}b") in ("a\ufffdb", "a b")


@pytest.mark.parametrize("text", ["email", "x", "web-chat", "sms2"])
def test_a_plain_name_is_shown_as_it_is(text: str) -> None:
    assert name(text) == text


@pytest.mark.parametrize("text", ["two words", "a" * 33, 'a"', "Email", "", "é"])
def test_any_other_name_is_quoted(text: str) -> None:
    assert name(text).startswith('"')
