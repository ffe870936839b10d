"""Suggestions: claims and likeness, best first, each with its reasons; nothing merges by them but what the policy lets."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from clock import now
from omnitrack import CustomerNotFoundError, InvalidCursorError, InvalidPolicyError, Policy, Tracker, claimed, postal
from omnitrack.identity.explain import percent
from omnitrack.matching import ModelFormatError
from omnitrack.storage.contract import Transaction
from omnitrack.suggesting.suggest import MOST_CANDIDATES

pytestmark = pytest.mark.usefixtures("clock")

WHEN = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "matching": True}


def people(tracker: Tracker) -> None:
    known = [
        ("jane.zaleski@example.com", {"name": "Jane Zaleski", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}),
        ("john.smith@example.com", {"name": "John Smith", "postcode": "RG14 1AB"}),
        ("j.smith@example.org", {"name": "Joan Smith", "postcode": "SW1A 1AA"}),
        ("mary.jones@example.net", {"name": "Mary Jones", "postcode": "RG14 1AA"}),
    ]
    for mail, traits in known:
        tracker.record(channel="email", occurred_at=WHEN, customer=[mail], traits=traits)


LETTER = postal(name="J Zaleski", postcode="RG14 1AA")


def letter(tracker: Tracker) -> None:
    tracker.record(
        channel="letter",
        occurred_at=WHEN,
        customer=[LETTER],
        traits={"name": "Jane Zalesky", "postcode": "rg141aa", "birth_date": "3 February 1980"},
    )


@pytest.mark.parametrize("gone", range(5))
def test_whatever_is_in_a_store_is_suggested_or_passed_over(tracker: Tracker, gone: int) -> None:
    """A store that lost a row, or was written by something else, has links, blocks and profiles of nobody."""
    people(tracker)
    letter(tracker)
    tracker.record(channel="web", occurred_at=WHEN, customer=["jane.zaleski@example.com", claimed("x:jane")])
    tracker.find_matches(least=0.05)

    def lose(tx: Transaction) -> list[str]:
        rows = tx.find_identifiers()
        links, records = tx.find_links(), [r for kind in ("block", "profile") for r in tx.find_records(kind)]
        tx.delete(identifiers=[rows[gone].id])
        tx.add_links(links)
        tx.put_records([record._replace(version=-1) for record in records])
        return [f"{row.scheme}:{row.value}" for n, row in enumerate(rows) if n != gone and row.scheme != "postal"]

    left = tracker._backend.run(lose)
    tracker.suggestions()
    tracker.conflicts()
    tracker.find_matches(least=0.05)
    for name in left:
        tracker.suggestions(name, least=0.0)
        tracker.conflicts(name)


def test_a_letter_finds_its_writer_first_and_says_why(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    best = tracker.suggestions(LETTER, least=0.0).items[0]
    assert best.b.key == "email:jane.zaleski@example.com"
    assert "postcode" in best.sentence
    assert best.comparisons
    assert 0.5 < best.probability <= 1


@pytest.mark.parametrize("born", [date(1980, 2, 3), datetime(1980, 2, 3), [date(1980, 2, 3)]])
def test_a_date_in_traits_is_kept_as_text_and_compared(tracker: Tracker, born: Any) -> None:
    people(tracker)
    tracker.record(
        channel="letter", occurred_at=WHEN, customer=LETTER, traits={"name": "Jane Zalesky", "birth_date": born}
    )
    best = tracker.suggestions(LETTER, least=0.0).items[0]
    assert best.b.key == "email:jane.zaleski@example.com"
    assert "orn on 1980-02-03" in best.sentence
    (kept,) = tracker.customer(LETTER).traits["birth_date"]
    assert str(kept).strip("[]'").startswith("1980-02-03")


def test_a_typo_in_an_address_does_not_hide_who_it_is(tracker: Tracker) -> None:
    people(tracker)
    tracker.record(channel="email", occurred_at=WHEN, customer=["jane.zalesky@example.com"])
    best = tracker.suggestions("jane.zalesky@example.com", least=0.0).items[0]
    assert best.b.key == "email:jane.zaleski@example.com"


def test_the_store_is_asked_as_often_for_many_alike_as_for_few(tmp_path: Path) -> None:
    """And reads the profiles of a bounded number, those who have the rarest things in common first."""
    with omnitrack.open("memory://", region="GB", matching=True) as tracker:
        people(tracker)
        letter(tracker)
        few = calls_of(tracker)
        tracker.record_many(
            omnitrack.Interaction(
                channel="letter",
                occurred_at=WHEN,
                customers=[[f"account:{n + 1}@post"]],
                traits={"name": "Jane Zalesky", "postcode": f"RG{n % 90 + 1} 1AA"},
                source="post",
                source_id=str(n),
            )
            for n in range(300)
        )
        many = calls_of(tracker)
        assert {name: len(rows) for name, rows in many.items()} == {name: len(rows) for name, rows in few.items()}
        assert max(many["find_identifiers"]) <= MOST_CANDIDATES
        assert tracker.suggestions(LETTER, least=0.0).items[0].b.key == "email:jane.zaleski@example.com"


def calls_of(tracker: Tracker) -> dict[str, list[int]]:
    """Return how many rows each call of the store gave while suggestions were made, by method."""
    calls: dict[str, list[int]] = {}
    run = tracker._backend.run

    class Counting:
        def __init__(self, tx: Any) -> None:
            self.tx = tx

        def __getattr__(self, name: str) -> Any:
            method = getattr(self.tx, name)

            def counted(*args: Any, **given: Any) -> Any:
                rows = method(*args, **given)
                calls.setdefault(name, []).append(len(rows))
                return rows

            return counted

    tracker._backend.run = lambda fn, *, write=True: run(lambda tx: fn(Counting(tx)), write=write)  # type: ignore[method-assign, arg-type]
    tracker.suggestions(LETTER, least=0.0)
    tracker._backend.run = run  # type: ignore[method-assign]
    return calls


def test_the_suggestions_of_one_person_come_in_pages(tracker: Tracker) -> None:
    for n in range(7):
        person(tracker, f"jane.{n}@example.com", f"RG14 {n}AA")
    tracker.record(channel="web", occurred_at=WHEN, customer=["jane.0@example.com", claimed("020 7946 0958")])
    whole = tracker.suggestions("jane.0@example.com", limit=100)
    assert len(whole.items) >= 6
    assert whole.next is None
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = tracker.suggestions("jane.0@example.com", limit=2, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
        assert len(page.items) == 2
    assert found == list(whole.items)
    cursor = tracker.suggestions("jane.0@example.com", limit=2).next
    for who, least in (("jane.1@example.com", 0.2), ("jane.0@example.com", 0.3), (None, 0.2)):
        with pytest.raises(InvalidCursorError):
            tracker.suggestions(who, cursor=cursor, least=least)


def person(tracker: Tracker, mail: str, postcode: str) -> None:
    traits = {"name": "Jane Zaleski", "postcode": postcode, "birth_date": "1980-02-03"}
    tracker.record(channel="email", occurred_at=WHEN, customer=[mail], traits=traits)


def test_likeness_alone_merges_nobody(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    tracker.find_matches(least=0.1)
    assert tracker.customer(LETTER).id != tracker.customer("jane.zaleski@example.com").id
    assert tracker.verify().ok


def test_a_policy_may_let_a_likely_match_merge(url: str) -> None:
    with omnitrack.open(url, region="GB", matching=True, policy=Policy(auto_match=0.6)) as tracker:
        people(tracker)
        letter(tracker)
        assert tracker.find_matches(least=0.5) > 0
        assert tracker.customer(LETTER).id == tracker.customer("jane.zaleski@example.com").id
        assert tracker.verify().ok
        tracker.deny(LETTER, "jane.zaleski@example.com")
        assert tracker.customer(LETTER).id != tracker.customer("jane.zaleski@example.com").id


def test_of_a_kept_match_it_is_said_when_it_was_found_and_how_likely_it_is(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    tracker.find_matches(least=0.1)
    (kept,) = (s for s in tracker.suggestions() if "jane.zaleski@example.com" in (s.a.value, s.b.value))
    said = f"were found alike on {now():%Y-%m-%d} ({percent(kept.probability)} likely one person)"
    assert said in kept.sentence
    best = tracker.suggestions(LETTER).items[0]
    assert said in best.sentence
    assert "given together" not in best.sentence
    assert "postcode" in best.sentence
    assert best.evidence[0].probability == kept.probability
    assert said in str(tracker.explain(LETTER, "jane.zaleski@example.com"))


def test_a_merge_by_likeness_is_explained_by_when_and_how_likely(url: str) -> None:
    with omnitrack.open(url, region="GB", matching=True, policy=Policy(auto_match=0.5)) as tracker:
        people(tracker)
        letter(tracker)
        tracker.find_matches(least=0.5)
        explanation = tracker.explain(LETTER, "jane.zaleski@example.com")
        assert explanation.together
        (step,) = explanation.path
        assert step.probability is not None
        assert "(over 99% likely one person)" in str(explanation)


def test_matches_found_again_are_not_new(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    assert tracker.find_matches(least=0.1) > 0
    assert tracker.find_matches(least=0.1) == 0
    listed = tracker.suggestions().items
    assert [s.probability for s in listed] == sorted((s.probability for s in listed), reverse=True)


def test_confirming_and_denying_end_a_suggestion(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    assert tracker.suggestions(LETTER, least=0.0).items
    said = tracker.deny(LETTER, "jane.zaleski@example.com")
    assert "email:jane.zaleski@example.com" not in [s.b.key for s in tracker.suggestions(LETTER, least=0.0)]
    tracker.retract(said)
    tracker.link(LETTER, "jane.zaleski@example.com")
    assert "email:jane.zaleski@example.com" not in [s.b.key for s in tracker.suggestions(LETTER, least=0.0)]


def test_a_claim_suggests_with_the_interaction_that_shows_it(url: str) -> None:
    with omnitrack.open(url, region="GB") as tracker:
        tracker.record(channel="phone", occurred_at=WHEN, customer=["020 7946 0958"])
        form = tracker.record(channel="web", occurred_at=WHEN, customer=["device:d1", claimed("020 7946 0958")])
        (suggestion,) = tracker.suggestions("020 7946 0958")
        assert suggestion.b.key == "device:d1"
        assert suggestion.evidence[0].interaction == form.interaction
        assert {s.a.key for s in tracker.suggestions()} | {s.b.key for s in tracker.suggestions()} == {
            "device:d1",
            "phone:+442079460958",
        }


def test_an_index_is_built_for_a_store_that_had_none(url: str, tmp_path: Path) -> None:
    if url.startswith("memory"):
        url = "memory://named-for-the-index"
    with omnitrack.open(url, region="GB") as plain:
        people(plain)
        with pytest.raises(InvalidPolicyError, match="matching=True"):
            plain.find_matches()
        with omnitrack.open(url, region="GB", matching=True) as tracker:
            # The first one, still open, keeps the index from its next transaction on.
            letter(plain)
            assert tracker.suggestions(LETTER, least=0.0).items[0].b.key == "email:jane.zaleski@example.com"
            assert tracker.erase(LETTER).interactions == 1


def test_weights_are_fitted_kept_and_taken_elsewhere(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    model = tracker.fit_matching()
    assert json.loads(model)["comparisons"]
    tracker.set_matching_model(model)
    with pytest.raises(ModelFormatError):
        tracker.set_matching_model("{}")


def test_weights_fitted_to_nobody_are_those_of_a_store_that_can_still_be_asked(tracker: Tracker) -> None:
    tracker.fit_matching()
    people(tracker)
    letter(tracker)
    assert tracker.suggestions(LETTER, least=0.0).items[0].b.key == "email:jane.zaleski@example.com"


def test_erasure_takes_the_index_along(tracker: Tracker) -> None:
    people(tracker)
    letter(tracker)
    tracker.erase("jane.zaleski@example.com")
    assert "email:jane.zaleski@example.com" not in [s.b.key for s in tracker.suggestions(LETTER, least=0.0)]
    rows = tracker._backend.run(lambda tx: tx.find_records("block") + tx.find_records("profile"))
    base = tracker._ctx.base_id("email:jane.zaleski@example.com").hex()
    assert not [row for row in rows if base in row.key]
    with pytest.raises(CustomerNotFoundError):
        tracker.suggestions("jane.zaleski@example.com")
