"""Durations as logs write them, and as a part of a mapping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.sources.durations import parse_duration
from sources.asserting import in_utc, interactions, rejected

MAPPING: dict[str, Any] = {"channel": "phone", "fields": {"occurred_at": "at", "duration": "lasted"}}


def mapped(lasted: str, **extra: Any) -> list[Any]:
    record = {"at": "2026-01-05T09:00:00Z", "lasted": lasted, **extra}
    return list(
        in_utc(
            [record],
            "jsonl",
            mapping=MAPPING if not extra else {**MAPPING, "fields": {**MAPPING["fields"], "ended_at": "end"}},
        )
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (250, 250),
        ("250", 250),
        ("12.5", 12.5),
        ("00:04:10", 250),
        ("1.02:00:00", 93600),
        ("PT4M10S", 250),
        ("P1DT1H", 90000),
        (0, 0),
    ],
)
def test_duration_is_read_in_the_forms_that_logs_have(value: int | str, seconds: float) -> None:
    assert parse_duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["4:10", "P", "PT", "-3", "long", "", None, True, "99999999999", "9" * 400, [1]])
def test_value_that_leaves_doubt_is_no_duration(value: Any) -> None:
    assert parse_duration(value) is None


@given(st.integers(0, 86_399))
def test_clock_and_iso_say_the_same_as_seconds(seconds: int) -> None:
    clock = str(timedelta(seconds=seconds))
    assert (
        parse_duration(seconds)
        == parse_duration(clock)
        == parse_duration(f"PT{seconds}S")
        == timedelta(seconds=seconds)
    )


def test_duration_of_a_mapping_gives_the_end() -> None:
    [call] = mapped("00:04:10")
    assert (call.ended_at - call.occurred_at).total_seconds() == 250


def test_end_that_is_given_counts_before_the_duration() -> None:
    [call] = mapped("10", end="2026-01-05T09:05:00Z")
    assert (call.ended_at - call.occurred_at).total_seconds() == 300


def test_duration_that_cannot_be_read_is_told_and_the_contact_kept() -> None:
    items = mapped("4:10")
    assert [call.ended_at for call in interactions(items)] == [None]
    assert [(part.kept, "lasted" in part.reason) for part in rejected(items)] == [(True, True)]
