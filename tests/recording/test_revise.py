"""Revisions: every edit is kept, the latest by the source's own time counts, and order of arrival decides nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from omnitrack import InvalidInteractionError, Revision, Tracker

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"


def post(tracker: Tracker) -> str:
    recorded = tracker.record(
        channel="x", occurred_at=T0, customer="x:jane", body="first", source="x", source_id="1", participants=["x:joe"]
    )
    assert recorded.interaction is not None
    return recorded.interaction


def seconds(count: int) -> datetime:
    return T0 + timedelta(seconds=count)


def test_edits_of_one_time_are_all_kept_each_once(tracker: Tracker) -> None:
    id = post(tracker)
    for _ in range(2):
        added = [tracker.revise("x", "1", body=body, at=seconds(5)) for body in ("b", "c", "a")]
    assert added == [False, False, False]
    assert [i.body for i in tracker.revisions(id)] == ["first", "a", "b", "c"]
    (item,) = tracker.timeline("x:jane")
    assert item.body == "c"
    assert [i.participant for i in tracker.timeline("x:joe", include_participant=True)] == [True]
    assert tracker.verify()


def test_a_delete_in_the_second_of_an_edit_is_the_last_word(tracker: Tracker) -> None:
    post(tracker)
    tracker.revise("x", "1", deleted=True, at=seconds(5))
    tracker.revise("x", "1", body="edited", at=seconds(5))
    (item,) = tracker.timeline("x:jane")
    assert item.deleted


def test_an_attribution_that_was_taken_back_outlives_edits_of_one_time(tracker: Tracker) -> None:
    id = post(tracker)
    said = tracker.attribute(id, "x:jim")
    for body in ("b", "a"):
        tracker.revise("x", "1", body=body, at=seconds(5))
    assert [i.body for i in tracker.timeline("x:jim")] == ["b"]
    tracker.retract(said)
    assert [i.body for i in tracker.timeline("x:jane")] == ["b"]
    assert tracker.verify()


@pytest.mark.parametrize("at", [EPOCH, EPOCH - timedelta(microseconds=1), datetime(1, 1, 1)])
def test_an_edit_of_no_time_is_refused(tracker: Tracker, at: datetime) -> None:
    id = post(tracker)
    with pytest.raises(InvalidInteractionError, match=r"^at: got .*, accepted is a time after 1970"):
        tracker.revise("x", "1", body="lost", at=at)
    assert len(tracker.revisions(id)) == 1


def test_the_first_microsecond_that_an_edit_may_have_is_kept(tracker: Tracker) -> None:
    id = post(tracker)
    first = EPOCH + timedelta(microseconds=1)
    assert tracker.revise("x", "1", body="early", at=first)
    assert tracker.revise("x", "1", body="earlier", at=first)
    assert [i.body for i in tracker.revisions(id)] == ["first", "earlier", "early"]


EDITS = [
    Revision(source="x", source_id="1", at=T0 + timedelta(microseconds=n), body=body, subject=subject, deleted=deleted)
    for n, body, subject, deleted in [
        (5, "a", None, False),
        (5, "b", None, False),
        (5, "b", "s", False),
        (5, None, None, True),
        (9, "last", None, False),
    ]
]


def test_in_any_order_of_arrival_they_are_the_same() -> None:
    found = set()
    for order in permutations(EDITS):
        with omnitrack.open("memory://") as tracker:
            id = post(tracker)
            assert tracker.record_many(order).revised == len(EDITS)
            found.add(tuple((i.body, i.subject, i.deleted, i.revised_at) for i in tracker.revisions(id)))
    assert len(found) == 1


@budget(60)
@given(st.lists(st.sampled_from(EDITS), min_size=1, max_size=12))
def test_a_repeat_adds_nothing(edits: list[Revision]) -> None:
    with omnitrack.open("memory://") as tracker:
        id = post(tracker)
        report = tracker.record_many(edits)
        assert report.revised == len(set(edits)) == len(tracker.revisions(id)) - 1
        assert report.duplicates == len(edits) - len(set(edits))
