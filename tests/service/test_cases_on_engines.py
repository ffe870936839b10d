"""Cases on each engine: of two agents at once one wins, and the other is told what changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import omnitrack
import servers
from contacts import at, seen
from omnitrack import AsyncTracker, Case, CaseChangedError, Tracker

JANE = "jane.doe@example.com"


@pytest.fixture(params=servers.ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def tracker(store: servers.Store) -> Iterator[Tracker]:
    with omnitrack.open(store.url, namespace=store.namespace) as tracker:
        yield tracker


def at_once(*calls: Callable[[], Case]) -> list[Case | Exception]:
    """Make calls at once; return what each returned or raised."""
    barrier = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def make(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = calls[number]()
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=make, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_two_agents_at_once_one_wins_and_the_other_is_told_what_changed(tracker: Tracker) -> None:
    for number in range(4):
        read = tracker.open_case(seen(tracker, number, JANE), kind="fault")
        names = ("sam", "priya")
        answers = at_once(*(partial(tracker.update_case, read, owner=name, by=name) for name in names))
        (won,) = [one for one in answers if isinstance(one, Case)]
        (lost,) = [one for one in answers if isinstance(one, CaseChangedError)]
        assert [(line.value, line.by) for line in lost.changes] == [(won.owner, won.owner)]
        assert tracker.case(read).owner == won.owner
        assert [one.id for one in tracker.cases(owner=won.owner)][-1] == read.id
        assert read.id not in [one.id for one in tracker.cases(owner=next(n for n in names if n != won.owner))]


def test_what_is_added_by_id_at_once_is_all_there(tracker: Tracker) -> None:
    case = tracker.open_case(seen(tracker, 0, JANE), kind="fault")
    notes = [f"note {number}" for number in range(4)]
    answers = at_once(*(partial(tracker.add_to_case, case.id, note=note) for note in notes))
    assert all(isinstance(one, Case) for one in answers)
    assert sorted(note.text for note in tracker.case(case).notes) == notes


def test_of_two_who_open_a_case_at_once_both_have_the_same(tracker: Tracker) -> None:
    for number in range(4):
        call = seen(tracker, number, JANE)
        answers = at_once(*[partial(tracker.open_case, call, kind="complaint")] * 2)
        assert len({one.id for one in answers if isinstance(one, Case)}) == 1
        assert not [one for one in answers if isinstance(one, Exception)]


async def test_async_callers_have_the_same_calls(store: servers.Store) -> None:
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "mariadb": "mariadb+asyncmy"}
    other = store.over(drivers[store.url.partition("+")[0].partition(":")[0]])
    async with omnitrack.open_async(other.url, namespace=other.namespace) as tracker:
        assert isinstance(tracker, AsyncTracker)
        call = await tracker.record(channel="phone", occurred_at=at(0), customer=JANE, source="s", source_id="1")
        assert call.interaction is not None
        case = await tracker.open_case(call.interaction, kind="fault", owner="sam", at=at(1))
        case = await tracker.update_case(case, state="resolved", at=at(2))
        page = await tracker.cases(JANE, owner="sam")
        assert [one.id for one in page] == [case.id]
        (closed,) = await tracker.close_unanswered(now=at(40_000))
        assert closed.state == "closed"
