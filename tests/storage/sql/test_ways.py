"""How many ways to a server and back an answer takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import servers
from omnitrack import CustomerNotFoundError, Interaction, Tracker

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
JANE, PHONE, SWITCHBOARD = "jane@example.com", "phone:+442079460958", "phone:+442079460000"


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Tracker]:
    with servers.store("postgresql", tmp_path) as store:
        tracker = Tracker(store.open(), region="GB")
        tracker.record_many(
            Interaction(channel="phone", occurred_at=T0 + timedelta(minutes=n), customers=[[PHONE, JANE]])
            for n in range(30)
        )
        yield tracker
        tracker.close()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], int]:
    from psycopg import Cursor

    asked: list[str] = []
    execute = Cursor.execute

    def listening(self: Any, text: Any, *args: Any, **options: Any) -> Any:
        asked.append(text)
        return execute(self, text, *args, **options)

    monkeypatch.setattr(Cursor, "execute", listening)

    def count(work: Callable[[], Any]) -> int:
        asked.clear()
        work()
        return len(asked)

    return count


def test_a_look_up_of_a_customer_is_one_way(tracker: Tracker, ways: Callable[[Callable[[], Any]], int]) -> None:
    assert ways(lambda: tracker.customer(JANE)) == 1


def test_a_page_of_a_timeline_is_one_way_wherever_it_begins(
    tracker: Tracker, ways: Callable[[Callable[[], Any]], int]
) -> None:
    first = tracker.timeline(JANE).page(10)
    assert ways(lambda: tracker.timeline(JANE).page(10)) == 1
    assert ways(lambda: tracker.timeline(JANE).page(10, first.next)) == 1
    assert ways(lambda: tracker.timeline(JANE, order="oldest", since=T0, channels=["phone"]).page(10)) == 1


def test_nobody_is_found_in_one_way(tracker: Tracker, ways: Callable[[Callable[[], Any]], int]) -> None:
    """And without a rollback, for which the driver would forget the statements that it has prepared."""
    for asked in (tracker.customer, lambda who: tracker.timeline(who).page(10)):

        def unknown(asked: Callable[[str], Any] = asked) -> None:
            with pytest.raises(CustomerNotFoundError):
                asked("nobody@example.com")

        assert ways(unknown) == 1


def test_a_page_that_reads_on_reads_one_moment(tracker: Tracker, ways: Callable[[Callable[[], Any]], int]) -> None:
    """Where a filter is applied row by row, what is asked first is inside the transaction too."""
    assert ways(lambda: tracker.timeline(JANE, text="nothing has this").page(10)) > 2


def test_a_page_of_a_shared_identifier_is_read_in_one_transaction(
    tracker: Tracker, ways: Callable[[Callable[[], Any]], int]
) -> None:
    """Which is found out first; what is shown is what one moment had."""
    tracker.mark_shared(SWITCHBOARD)
    tracker.record(channel="phone", occurred_at=T0, customer=[SWITCHBOARD])
    assert ways(lambda: tracker.timeline(SWITCHBOARD).page(10)) > 3
    assert [item.shared for item in tracker.timeline(SWITCHBOARD)] == [True]


def test_a_recording_of_somebody_known_is_three_ways(
    tracker: Tracker, ways: Callable[[Callable[[], Any]], int]
) -> None:
    """The guard, which begins the transaction; the interaction with its entries; the commit."""
    later = T0 + timedelta(hours=1)
    assert ways(lambda: tracker.record(channel="phone", occurred_at=later, customer=[PHONE, JANE])) == 3


def test_a_search_and_suggestions_are_as_many_ways_however_many_keys_people_are_found_by(
    tmp_path: Path, ways: Callable[[Callable[[], Any]], int]
) -> None:
    with servers.store("postgresql", tmp_path) as store, Tracker(store.open(), matching=True) as tracker:
        for n, name in enumerate(["Jane Zaleski", "Jan Zaleski", "Zoe Adams", "Ann Bell"]):
            traits = {"name": name, "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
            tracker.record(channel="web", customer=[f"{n}@example.com"], traits=traits, occurred_at=T0)
        few = ways(lambda: tracker.search(name="Jane Zaleski"))
        many = ways(lambda: tracker.search(name="Jane Zaleski", postcode="RG14 1AA", birth_date="1980-02-03"))
        # The snapshot, the keys, identifiers, customers, profiles, weights, and the end.
        assert few == many == 7
        assert ways(lambda: tracker.suggestions("0@example.com")) == ways(lambda: tracker.suggestions("3@example.com"))
