"""Legs that are joined to calls by whichever id they share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from omnitrack.sources.legs import LinkedLegs

NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


def joined(legs, **options):
    calls = LinkedLegs(**options)
    found = []
    for number, (ids, at) in enumerate(legs):
        found += calls.add(ids, at, number)
    return [sorted(call) for call in [*found, *calls.rest()]]


def linked(ids_of_legs):
    """What is joined, by the definition: legs with a common id, and whoever is joined to them."""
    groups = []
    for number, ids in enumerate(ids_of_legs):
        touched = [group for group in groups if group[1] & set(ids)]
        groups = [group for group in groups if group not in touched]
        groups.append(
            (sum((group[0] for group in touched), [number]), set(ids).union(*(group[1] for group in touched)))
        )
    return sorted(sorted(group[0]) for group in groups)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=4), max_size=12))
def test_legs_are_one_call_where_a_chain_of_ids_leads_from_one_to_the_other(ids_of_legs):
    assert sorted(joined((ids, NOON) for ids in ids_of_legs)) == linked(ids_of_legs)


def test_a_late_leg_joins_calls_that_were_apart():
    assert joined([(["a"], NOON), (["b"], NOON), (["a", "b"], NOON)]) == [[0, 1, 2]]


def test_a_call_is_given_out_when_its_time_is_over():
    later = NOON + timedelta(hours=5)
    assert joined([(["a"], NOON), (["b"], later), (["a"], later)]) == [[0], [1], [2]]


def test_no_more_legs_are_held_than_allowed():
    assert joined([([str(n)], NOON) for n in range(5)] + [(["0"], NOON)], most=3) == [[0], [1], [2], [3], [4], [5]]
