"""Legs that are joined to calls by whichever id they share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omnitrack.sources.legs import LinkedLegs

NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


def joined(legs: Iterator[Any] | list[tuple[list[Any], datetime]], **options: Any) -> list[list[int]]:
    calls: LinkedLegs[int] = LinkedLegs(**options)
    found: list[list[int]] = []
    for number, (ids, at) in enumerate(legs):
        found += calls.add(ids, at, number)
    return [sorted(call) for call in [*found, *calls.rest()]]


def linked(ids_of_legs: list[Any]) -> list[list[int]]:
    """What is joined, by the definition: legs with a common id, and whoever is joined to them."""
    groups: list[tuple[list[int], set[Any]]] = []
    for number, ids in enumerate(ids_of_legs):
        touched = [group for group in groups if group[1] & set(ids)]
        groups = [group for group in groups if group not in touched]
        groups.append(
            (sum((group[0] for group in touched), [number]), set(ids).union(*(group[1] for group in touched)))
        )
    return sorted(sorted(group[0]) for group in groups)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=4), max_size=12))
def test_legs_are_one_call_where_a_chain_of_ids_leads_from_one_to_the_other(ids_of_legs: list[Any]) -> None:
    assert sorted(joined((ids, NOON) for ids in ids_of_legs)) == linked(ids_of_legs)


def test_a_late_leg_joins_calls_that_were_apart() -> None:
    assert joined([(["a"], NOON), (["b"], NOON), (["a", "b"], NOON)]) == [[0, 1, 2]]


def test_a_call_is_given_out_when_its_time_is_over() -> None:
    later = NOON + timedelta(hours=5)
    assert joined([(["a"], NOON), (["b"], later), (["a"], later)]) == [[0], [1], [2]]


def test_no_more_legs_are_held_than_allowed() -> None:
    assert joined([([str(n)], NOON) for n in range(5)] + [(["0"], NOON)], most=3) == [[0], [1], [2], [3], [4], [5]]
