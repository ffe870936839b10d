"""Pairs of values: what is worked out for many at once is what the plain functions say of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from omnitrack.matching import values
from omnitrack.matching.values import Pairs, itself

# Few letters, so that words are near each other; of several scripts, and one outside the first plane.
WORDS = st.text(alphabet="abcdeß漢𐐀 7", max_size=9)
PAIRS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=40)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have few pairs compared as many are: the hopeless ones left out, and every two texts once."""
    monkeypatch.setattr(values, "FEW", 0)


@given(PAIRS, st.integers(1, 3))
def test_edits_are_those_of_the_plain_function(pairs: list[tuple[str, str]], most: int) -> None:
    left, right = zip(*pairs, strict=True)
    found = Pairs.of(left, right).edits(itself, most)
    assert found.tolist() == [OSA.distance(a, b, score_cutoff=most) for a, b in pairs]


@given(PAIRS, st.sampled_from([0.82, 0.9, 0.92]))
def test_likeness_is_that_of_the_plain_function(pairs: list[tuple[str, str]], least: float) -> None:
    left, right = zip(*pairs, strict=True)
    found = Pairs.of(left, right).likeness(itself, least=least)
    expected = np.array([JaroWinkler.similarity(a, b, score_cutoff=least) for a, b in pairs], dtype=np.float32)
    assert found.tolist() == expected.tolist()


@given(PAIRS, st.sampled_from([0.82, 0.9]))
def test_likeness_of_two_features_is_that_of_the_plain_function(pairs: list[tuple[str, str]], least: float) -> None:
    left, right = zip(*pairs, strict=True)
    found = Pairs.of(left, right).likeness(str.upper, _backwards, least=least)
    expected = [JaroWinkler.similarity(a.upper(), b[::-1], score_cutoff=least) for a, b in pairs]
    assert found.tolist() == np.array(expected, dtype=np.float32).tolist()


def _backwards(text: str) -> str:
    return text[::-1]


@given(PAIRS)
def test_some_of_the_pairs_come_to_what_they_came_to_among_all(pairs: list[tuple[str, str]]) -> None:
    left, right = zip(*pairs, strict=True)
    rows = np.arange(0, len(pairs), 2)
    whole = Pairs.of(left, right)
    before = whole.take(rows).edits(itself, 2)
    assert whole.edits(itself, 2)[rows].tolist() == before.tolist() == whole.take(rows).edits(itself, 2).tolist()
