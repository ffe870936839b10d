"""A handover code that two bring at once, on every engine and in every interleaving of their transactions: it is used once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from concurrency.actors import Actors
from concurrency.row_locks import Actor
from concurrency.stepped import Outcome, explore
from contacts import at, seen
from omnitrack import CustomerNotFoundError, Policy, Recorded, Tracker
from omnitrack.foundation import handovers
from omnitrack.records import HANDED, HANDOVER
from omnitrack.storage.contract import Backend
from servers import ENGINES
from storage.test_same_timelines import place

HANDLE, MAIL, OTHER = "x:mikesamuels68", "email:mike@example.com", "email:eve@example.com"


@pytest.fixture(autouse=True)
def cheap_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of codes that cost little: a search makes one in every order."""
    monkeypatch.setitem(handovers._COST, "n", 2)


def given(tracker: Tracker, handle: str = HANDLE, minute: int = 0, uses: int = 1) -> str:
    post = seen(tracker, minute, handle, channel="x", kind="direct_message")
    return tracker.hand_over(post, to="email", uses=uses).code


def came(tracker: Tracker, number: int, who: str, code: str) -> Recorded:
    return tracker.record(
        channel="email",
        direction="inbound",
        customer=who,
        occurred_at=at(number),
        body=code,
        source="m",
        source_id=str(number),
    )


def test_in_every_interleaving_a_code_is_used_once() -> None:
    codes: list[str] = []
    actors = Actors(Policy(), "email")

    def prepare(backend: Backend) -> None:
        codes.append(given(actors.tracker(backend)))

    def brings(number: int, who: str) -> Actor:
        def act(backend: Backend) -> Any:
            return came(actors.tracker(backend), number, who, codes[0])

        return act

    def judge(outcome: Outcome) -> None:
        found = sorted(use.status for one in outcome.results for use in one.handovers)
        assert found == ["linked", "used up"], outcome.schedule
        end = actors.tracker(outcome.backend)
        assert len(end.customer(HANDLE).identifiers) == 2, outcome.schedule
        assert end.verify().ok

    explored = explore(prepare, [brings(1, MAIL), brings(2, OTHER)], judge)
    assert explored.complete
    assert explored.interleavings > 1


def test_of_an_erasure_and_a_code_that_comes_back_at_once_nothing_is_left() -> None:
    codes: list[str] = []
    actors = Actors(Policy(), "email")

    def prepare(backend: Backend) -> None:
        codes.append(given(actors.tracker(backend)))

    def brings(backend: Backend) -> Any:
        return came(actors.tracker(backend), 1, MAIL, codes[0])

    def judge(outcome: Outcome) -> None:
        end = actors.tracker(outcome.backend)
        with pytest.raises(CustomerNotFoundError):
            end.customer(HANDLE)
        left = end._read(lambda tx: [*tx.find_records(HANDOVER), *tx.find_records(HANDED)])
        assert left == [], outcome.schedule
        assert end.verify().ok

    assert explore(prepare, [brings, actors.said("erase", HANDLE)], judge).complete


@pytest.mark.parametrize("engine", [*ENGINES, "redis"])
def test_of_many_who_bring_a_code_at_once_as_many_use_it_as_may(engine: str, tmp_path: Path) -> None:
    people = 4
    with place(engine, tmp_path) as backend:
        tracker = Tracker(backend, secret="a secret of the store")
        for turn, uses in enumerate((1, 2)):
            handle = f"{HANDLE}{turn}"
            code = given(tracker, handle, turn, uses)
            barrier = threading.Barrier(people)
            answers: list[list[str]] = [[] for _ in range(people)]

            def bring(number: int, turn: int, code: str, barrier: threading.Barrier, answers: list[list[str]]) -> None:
                barrier.wait()
                who = f"email:r{turn}n{number}@example.com"
                answers[number] = [use.status for use in came(tracker, 1000 * turn + number + 10, who, code).handovers]

            threads = [threading.Thread(target=bring, args=(n, turn, code, barrier, answers)) for n in range(people)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(answers) == [["linked"]] * uses + [["used up"]] * (people - uses)
            assert len(tracker.customer(handle).identifiers) == 1 + uses
        assert tracker.verify().ok
