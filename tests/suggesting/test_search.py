"""Search: people by what a clerk knows of them, best first, with reasons, in a bounded number of rows."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from omnitrack import AsyncTracker, InvalidInteractionError, InvalidPolicyError, Tracker, claimed
from omnitrack.storage.contract import Transaction

WHEN = datetime(2026, 3, 1, tzinfo=timezone.utc)
PEOPLE = {
    "jane.zaleski@example.com": {"name": "Jane Zaleski", "postcode": "RG14 1AA", "birth_date": "1980-02-03"},
    "john.smith@example.com": {"name": "John Smith", "postcode": "RG14 1AB", "city": "Newbury"},
    "j.smith@example.org": {"name": "Joan Smith", "postcode": "SW1A 1AA", "company": "Smith & Sons Ltd"},
    "mary.jones@example.net": {"name": "Mary Jones", "postcode": "RG14 1AA", "address": "12 High Street"},
}


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "matching": True}


def fill(tracker: Tracker) -> None:
    for mail, traits in PEOPLE.items():
        body = "The router blinks" if mail.startswith("mary") else "Hello"
        tracker.record(channel="email", occurred_at=WHEN, customer=[mail], traits=traits, body=body)


def found(tracker: Tracker, **asked: Any) -> list[str]:
    return [result.customer.identifiers[0].value for result in tracker.search(**asked)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({"name": "Jane Zaleski"}, "jane"),
        ({"name": "zaleski jane"}, "jane"),
        ({"name": "Zaleski"}, "jane"),
        ({"name": "Jones", "postcode": "rg141aa"}, "mary"),
        ({"postcode": "RG14 1AA", "birth_date": "3 February 1980"}, "jane"),
        ({"birth_date": date(1980, 2, 3)}, "jane"),
        ({"address": "12 High St", "postcode": "RG14 1AA"}, "mary"),
        ({"name": "J Smith", "city": "newbury"}, "john"),
        ({"name": "Joan Smith", "company": "Smith and Sons"}, "j.smith"),
        ({"email": "mary.jones@exmaple.net"}, "mary"),
    ],
    ids=str,
)
def test_the_person_who_is_meant_comes_first(tracker: Tracker, asked: dict[str, Any], first: str) -> None:
    fill(tracker)
    results = tracker.search(**asked)
    assert results[0].customer.identifiers[0].value.startswith(first)
    assert [r.weight for r in results] == sorted((r.weight for r in results), reverse=True)


def test_each_result_has_its_reasons(tracker: Tracker) -> None:
    fill(tracker)
    best, other = tracker.search(name="Zaleski", postcode="RG14 1AA")
    assert best.sentence == "Same family name Zaleski, same postcode RG14 1AA."
    assert "the family names differ" in other.sentence
    assert best.weight == pytest.approx(sum(row.weight for row in best.comparisons))
    assert best.customer.id == tracker.customer("jane.zaleski@example.com").id
    assert best.customer.traits["name"] == ("Jane Zaleski",)
    assert "example.com" not in repr(best)


def test_a_text_narrows_to_those_who_said_or_read_it(tracker: Tracker) -> None:
    fill(tracker)
    assert len(found(tracker, postcode="RG14 1AA")) == 2
    assert found(tracker, postcode="RG14 1AA", text="ROUTER") == ["mary.jones@example.net"]
    assert found(tracker, postcode="RG14 1AA", text="modem") == []


def test_the_limit_is_the_most_that_is_returned(tracker: Tracker) -> None:
    fill(tracker)
    assert len(found(tracker, name="Smith", limit=1)) == 1


def test_nobody_is_found_by_what_a_claim_said(tracker: Tracker) -> None:
    tracker.record(
        channel="web", occurred_at=WHEN, customer=[claimed("jane@example.com")], traits={"name": "Jane Zaleski"}
    )
    assert found(tracker, name="Jane Zaleski") == []


def test_an_identifier_that_several_share_finds_nobody(tracker: Tracker) -> None:
    fill(tracker)
    tracker.mark_shared("mary.jones@example.net")
    assert found(tracker, name="Mary Jones") == []


def test_who_was_erased_is_not_found(tracker: Tracker) -> None:
    fill(tracker)
    tracker.erase("jane.zaleski@example.com")
    assert found(tracker, name="Jane Zaleski") == []


def test_two_identifiers_of_one_person_are_one_result(tracker: Tracker) -> None:
    fill(tracker)
    tracker.link("jane.zaleski@example.com", "mary.jones@example.net")
    assert len(found(tracker, postcode="RG14 1AA")) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "got nothing"),
        ({"text": "router"}, "got nothing"),
        ({"city": "Newbury"}, "got city"),
        ({"name": 5}, "name: got 5"),
        ({"postcode": "RG14 1AA", "text": " "}, "text: got"),
        ({"birth_date": "yesterday"}, "birth_date: got"),
        ({"name": "Jane", "limit": 0}, "limit"),
    ],
    ids=str,
)
def test_what_nobody_could_be_found_by_is_refused(tracker: Tracker, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInteractionError, match=said):
        tracker.search(**asked)


def test_a_store_without_the_index_says_how_to_have_it() -> None:
    with omnitrack.open("memory://") as tracker, pytest.raises(InvalidPolicyError, match="matching=True"):
        tracker.search(name="Jane Zaleski")


async def test_async_callers_find_the_same() -> None:
    async with omnitrack.open_async("memory://", region="GB", matching=True) as tracker:
        assert isinstance(tracker, AsyncTracker)
        for mail, traits in PEOPLE.items():
            await tracker.record(channel="email", occurred_at=WHEN, customer=[mail], traits=traits)
        best = (await tracker.search(name="Jane Zaleski"))[0]
        assert best.customer.traits["name"] == ("Jane Zaleski",)


names = st.text(st.characters(codec="utf-8"), max_size=30)


@budget(100)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "postcode", "address", "email", "text"), names)))
def test_whatever_is_asked_is_answered_or_refused(asked: dict[str, Any]) -> None:
    with omnitrack.open("memory://", region="GB", matching=True) as tracker:
        fill(tracker)
        try:
            results = tracker.search(**asked)
        except InvalidInteractionError:
            return
        assert len({result.customer.id for result in results}) == len(results)


def test_the_rows_that_are_read_do_not_grow_with_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Counter[str] = Counter()

    def counted(tracker: Tracker) -> int:
        rows.clear()
        tracker.search(name="Jane Zaleski", postcode="RG14 1AA")
        return sum(rows.values())

    with omnitrack.open("memory://", region="GB", matching=True) as tracker:
        fill(tracker)
        kind: type[Transaction] = tracker._backend.run(type)
        for name in ("find_records", "find_identifiers", "list_entries", "find_interactions"):
            ask = getattr(kind, name)

            def asked(self: Transaction, *args: Any, ask: Any = ask, name: str = name, **options: Any) -> Any:
                answer = ask(self, *args, **options)
                rows[name] += len(answer)
                return answer

            monkeypatch.setattr(kind, name, asked)
        few = counted(tracker)
        for number in range(400):
            tracker.record(
                channel="email",
                occurred_at=WHEN,
                customer=[f"jane{number}@example.com"],
                traits={"name": f"Jane Zaleski{'abcdefghij'[number % 10]}", "postcode": "RG14 1AA"},
            )
        some = counted(tracker)
        for number in range(400, 800):
            tracker.record(
                channel="email",
                occurred_at=WHEN,
                customer=[f"jane{number}@example.com"],
                traits={"name": f"Jane Zaleski{'abcdefghij'[number % 10]}", "postcode": "RG14 1AA"},
            )
        assert few < some
        assert counted(tracker) < 1.2 * some


def test_a_result_has_the_customer_whole(tracker: Tracker) -> None:
    number = "+442079460958"
    tracker.record(channel="email", occurred_at=WHEN, customer=["ann@example.com", number], traits={"name": "Ann Quux"})
    tracker.record(channel="email", occurred_at=WHEN, customer=["ann@example.com", "a.quux@example.com"])
    tracker.reassign(number, at=WHEN + timedelta(days=1))
    results = tracker.search(name="Ann Quux")
    assert results
    for found in results:
        customer = tracker.customer(found.customer.id)
        assert (found.customer, found.customer.traits) == (customer, customer.traits)
