"""A sealed position is read by the key and the query that sealed it, and by no other; nothing of it shows."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from mutants import Mutant, alive, passes
from omnitrack.errors import InvalidCursorError
from omnitrack.reading import sealed
from omnitrack.reading.sealed import seal, unseal

keys = st.binary(min_size=16, max_size=32)
positions = st.binary(min_size=1, max_size=200)


@given(keys, st.text(st.characters(codec="utf-8")), positions)
def test_what_was_sealed_is_read_and_sealed_alike_again(key: bytes, query: str, position: bytes) -> None:
    assert unseal(key, query, seal(key, query, position)) == position
    assert seal(key, query, position) == seal(key, query, position)


@given(keys, keys, positions)
def test_another_store_reads_nothing(key: bytes, other: bytes, position: bytes) -> None:
    if key.ljust(64, b"\0") != other.ljust(64, b"\0"):
        assert unseal(other, "q", seal(key, "q", position)) is None


@given(keys, positions)
def test_another_query_reads_nothing(key: bytes, position: bytes) -> None:
    assert unseal(key, "conflicts", seal(key, "suggestions", position)) is None


@given(keys, positions, st.data())
def test_what_is_damaged_is_not_read(key: bytes, position: bytes, data: st.DataObject) -> None:
    text = seal(key, "q", position)
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters())
    if character != text[place]:
        assert unseal(key, "q", text[:place] + character + text[place + 1 :]) is None
    assert unseal(key, "q", text[:place]) is None
    assert unseal(key, "q", text[:place] + character + text[place:]) is None


@given(keys, st.one_of(st.text(), st.binary(), st.none(), st.integers()))
def test_what_is_none_is_not_read(key: bytes, text: object) -> None:
    assert unseal(key, "q", text) is None


def test_nothing_of_a_position_shows() -> None:
    for length in (16, 64, 65, 200):
        position = bytes(range(100, 100 + min(length, 100))) * (1 + length // 100)
        text = seal(b"k" * 16, "q", position)
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert not any(position[place : place + 4] in packed for place in range(len(position) - 3))


def test_one_bit_turned_is_noticed() -> None:
    text = seal(b"k" * 16, "q", b"a position")
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for bit in range(len(packed) * 8):
        damaged = bytearray(packed)
        damaged[bit // 8] ^= 1 << bit % 8
        assert unseal(b"k" * 16, "q", base64.urlsafe_b64encode(damaged).decode().rstrip("=")) is None


def test_positions_of_two_queries_and_stores_are_told_apart() -> None:
    text = seal(b"k" * 16, "conflicts", b"a position")
    assert unseal(b"k" * 16, "conflicts", text) == b"a position"
    assert unseal(b"k" * 16, "suggestions", text) is None
    assert unseal(b"l" * 16, "conflicts", text) is None
    assert unseal(b"k" * 16, "conflicts", text.encode()) is None


@pytest.mark.parametrize("listing", ["conflicts", "suggestions"])
@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "=" * 40, 7])
def test_a_listing_of_links_refuses_what_is_none_of_its_cursors(listing: str, cursor: object) -> None:
    with omnitrack.open("memory://") as tracker, pytest.raises(InvalidCursorError, match="cursor: got"):
        getattr(tracker, listing)(cursor=cursor)


MUTANTS = (
    Mutant("the seal", unseal, "position if __a else None", "position"),
    Mutant("types", unseal, "not isinstance(text, str)", "False"),
    Mutant("the query", sealed._tag, "query.encode() + __a", "__a"),
    Mutant("the position", sealed._tag, "... + b'\\0' + position", "query.encode()"),
    Mutant("the mask", sealed._masked, "a ^ b", "a"),
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_seal_that_does_not_look_at_this_is_caught(mutant: Mutant) -> None:
    with alive(mutant):
        assert not passes(
            test_one_bit_turned_is_noticed,
            test_positions_of_two_queries_and_stores_are_told_apart,
            test_nothing_of_a_position_shows,
        )
