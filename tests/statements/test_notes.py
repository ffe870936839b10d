"""Notes on interactions: a note always follows its interaction, and is removed with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from clock import now
from contacts import at, seen
from effort import budget
from identity.facts import POLICIES, WORLD, Attribute, Said, Seen, Step, Undo, check, people, statements, tell
from omnitrack import CustomerNotFoundError, InteractionNotFoundError, RetentionRule, Tracker
from omnitrack.errors import InvalidInteractionError, OmnitrackError
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

ANN, BEN, NUMBER = "ann@example.com", "ben@example.com", "phone:+442079460001"


@pytest.fixture
def tracker(store: tuple[Tracker, Path]) -> Iterator[Tracker]:
    yield store[0]
    report = store[0].verify()
    assert report.ok, str(report)


def notes(tracker: Tracker, who: str, **options: Any) -> list[str | None]:
    try:
        return [item.body for item in tracker.timeline(who, order="oldest", kinds="note", **options)]
    except CustomerNotFoundError:
        return []


# -- attribution ----------------------------------------------------------------------------------------------------------


def test_a_note_goes_where_its_interaction_is_attributed_and_comes_back_with_it(tracker: Tracker) -> None:
    call = seen(tracker, 0, ANN)
    seen(tracker, 1, BEN)
    tracker.note(call, "of the call")
    before = now()
    said = tracker.attribute(call, BEN)
    between = now()
    assert (notes(tracker, ANN), notes(tracker, BEN)) == ([], ["of the call"])
    tracker.note(call, "later")
    tracker.retract(said)
    assert (notes(tracker, ANN), notes(tracker, BEN)) == (["of the call", "later"], [])
    assert (notes(tracker, ANN, as_of=before), notes(tracker, BEN, as_of=before)) == (["of the call"], [])
    assert (notes(tracker, ANN, as_of=between), notes(tracker, BEN, as_of=between)) == ([], ["of the call"])


def test_a_note_goes_along_however_often_its_interaction_is_attributed(tracker: Tracker) -> None:
    call = seen(tracker, 0, ANN)
    first = tracker.attribute(call, BEN)
    tracker.note(call, "said while it was another's")
    second = tracker.attribute(call, ANN)
    third = tracker.attribute(call, NUMBER)
    assert notes(tracker, NUMBER) == ["said while it was another's"]
    tracker.retract(second)
    assert notes(tracker, NUMBER) == ["said while it was another's"]
    tracker.retract(third)
    assert notes(tracker, BEN) == ["said while it was another's"]
    tracker.retract(first)
    assert (notes(tracker, ANN), notes(tracker, BEN)) == (["said while it was another's"], [])


def test_a_note_beside_an_interaction_of_nobody_is_nobodys_and_goes_to_whoever_it_is_attributed_to(
    tracker: Tracker,
) -> None:
    call = seen(tracker, 0)
    tracker.note(call, "who was it?")
    assert [item.body for item in tracker.unattributed() if item.kind == "note"] == ["who was it?"]
    before = now()
    said = tracker.attribute(call, ANN)
    assert notes(tracker, ANN) == ["who was it?"]
    assert not tracker.unattributed().items
    assert notes(tracker, ANN, as_of=before) == []
    tracker.retract(said)
    assert notes(tracker, ANN) == []
    assert [item.body for item in tracker.unattributed() if item.kind == "note"] == ["who was it?"]


def test_a_note_beside_a_note_goes_where_the_first_of_them_goes(tracker: Tracker) -> None:
    call = seen(tracker, 0, ANN)
    note = tracker.note(call, "one")
    tracker.note(tracker.note(note, "two"), "three")
    tracker.attribute(call, BEN)
    tracker.note(note, "four")
    assert (notes(tracker, ANN), notes(tracker, BEN)) == ([], ["one", "two", "three", "four"])


def test_a_note_beside_an_interaction_of_two_people_is_with_both(tracker: Tracker) -> None:
    mail = tracker.record(channel="email", customers=[[ANN], [BEN]], occurred_at=at(0)).interaction
    assert mail is not None
    tracker.note(mail, "to both")
    assert notes(tracker, ANN) == notes(tracker, BEN) == ["to both"]
    said = tracker.attribute(mail, NUMBER)
    assert (notes(tracker, ANN), notes(tracker, BEN), notes(tracker, NUMBER)) == ([], [], ["to both"])
    tracker.retract(said)
    assert notes(tracker, ANN) == notes(tracker, BEN) == ["to both"]
    tracker.erase(ANN)
    assert notes(tracker, BEN) == ["to both"]


def test_a_note_beside_an_interaction_is_not_attributed_by_itself(tracker: Tracker) -> None:
    call = seen(tracker, 0, ANN)
    note = tracker.note(call, "of the call")
    with pytest.raises(InvalidInteractionError, match=f"attribute the parent interaction instead, {call}"):
        tracker.attribute(note, BEN)
    alone = tracker.note(ANN, "on Ann")
    tracker.note(alone, "beside it")
    tracker.attribute(alone, BEN)
    assert (notes(tracker, ANN), notes(tracker, BEN)) == (["of the call"], ["on Ann", "beside it"])


def test_a_note_beside_nothing_is_refused(tracker: Tracker) -> None:
    with pytest.raises(InteractionNotFoundError):
        tracker.note("int_" + "0" * 32, "beside what?")


# -- holders --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_a_note_stays_with_the_customer_to_whom_its_interaction_is_pinned(tracker: Tracker, nested: bool) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.reassign(NUMBER, at=at(5))
    call = seen(tracker, 10, NUMBER)
    seen(tracker, 11, NUMBER)
    new = tracker.customer(NUMBER).id
    said = tracker.attribute(call, old)
    note = tracker.note(call, "of the old holder")
    wanted = ["of the old holder"]
    if nested:
        tracker.note(note, "and more")
        wanted.append("and more")
    assert tracker.verify()
    again = tracker.reassign(NUMBER, at=at(20))
    assert (notes(tracker, old), notes(tracker, new)) == (wanted, [])
    tracker.retract(again)
    assert (notes(tracker, old), notes(tracker, new)) == (wanted, [])
    tracker.retract(said)
    assert (notes(tracker, old), notes(tracker, new)) == ([], wanted)


def test_a_note_beside_one_on_a_customer_by_id_stays_with_that_customer(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    note = tracker.note(old, "on the old holder")
    tracker.note(note, "beside it")
    tracker.reassign(NUMBER, at=at(5))
    assert (notes(tracker, old), notes(tracker, NUMBER)) == (["on the old holder", "beside it"], [])


def test_a_note_follows_a_reassignment_and_its_retraction(tracker: Tracker) -> None:
    call = seen(tracker, 9, NUMBER)
    seen(tracker, 0, NUMBER)
    tracker.note(call, "of the call")
    old = tracker.customer(NUMBER).id
    before = now()
    said = tracker.reassign(NUMBER, at=at(5))
    assert (notes(tracker, old), notes(tracker, NUMBER)) == ([], ["of the call"])
    assert notes(tracker, old, as_of=before) == ["of the call"]
    tracker.retract(said)
    assert notes(tracker, old) == ["of the call"]


def test_a_note_beside_an_attributed_interaction_is_with_the_holder_of_its_time(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    call = seen(tracker, 1, ANN)
    tracker.attribute(call, NUMBER)
    tracker.note(call, "of the old holder")
    tracker.reassign(NUMBER, at=at(5))
    tracker.note(call, "later")
    assert (notes(tracker, old), notes(tracker, NUMBER)) == (["of the old holder", "later"], [])


def test_another_own_list_takes_the_note_where_it_takes_the_interaction(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB") as tracker:
        call = seen(tracker, 0, ANN, NUMBER)
        tracker.note(call, "of the call")
        assert notes(tracker, ANN) == ["of the call"]
    with omnitrack.open(url, region="GB", own=[ANN], rebuild=True) as tracker:
        tracker.rebuild()
        assert notes(tracker, NUMBER) == ["of the call"]
        assert tracker.verify()


@pytest.mark.parametrize("listed", [{"own": [BEN]}, {"placeholders": ["account:BT1@bt"]}], ids=str)
def test_a_note_on_what_identifies_nobody_is_refused_by_customer_id_too(listed: dict[str, Any], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    named = BEN if "own" in listed else "account:BT1@bt"
    with omnitrack.open(url, region="GB") as tracker:
        tracker.deny(ANN, named)
        customer = tracker.customer(named).id
    with omnitrack.open(url, region="GB", rebuild=True, **listed) as tracker:
        tracker.rebuild()
        for who in (named, customer):
            with pytest.raises(OmnitrackError):
                tracker.note(who, "of nobody")
        assert not list(tracker.interactions())


def test_a_note_that_another_own_list_takes_off_a_customer_keeps_nothing_of_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB") as tracker:
        seen(tracker, 0, ANN, NUMBER)
        traces = ids_of(tracker, ANN)
        note = tracker.note(tracker.customer(ANN).id, "of the customer")
        tracker.note(note, "beside it")
    with omnitrack.open(url, region="GB", own=[ANN, NUMBER], rebuild=True) as tracker:
        tracker.rebuild()
        tracker.attribute(note, BEN)
        assert sorted(map(str, notes(tracker, BEN))) == ["beside it", "of the customer"]
        for who in (ANN, NUMBER):
            with suppress(CustomerNotFoundError):
                tracker.erase(who)
        assert left_of((tracker, tmp_path), *traces) == []
        assert tracker.verify()


# -- erasure and retention ------------------------------------------------------------------------------------------------


def test_a_note_is_erased_with_whoever_its_interaction_is_with(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    call = seen(tracker, 0, ANN, source_id="dm/ann@example.com/1", body="hello")
    seen(tracker, 0, BEN)
    tracker.attribute(call, BEN)
    tracker.note(call, "Ann says she is ill")
    tracker.attribute(call, ANN)
    assert [item.body for item in tracker.timeline(BEN)] == [None]
    assert [item.body for item in tracker.timeline(ANN)] == ["Ann says she is ill", "hello"]
    planned = tracker.erase(ANN, dry_run=True)
    assert planned.interactions == tracker.erase(ANN).interactions == 2
    assert tracker.verify()
    assert left_of(store, "ann@example", "she is ill", call[4:]) == []


def test_a_note_beside_what_stays_for_another_is_redacted(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    call = seen(tracker, 0, "Ann@Example.com", source_id="dm/Ann@Example.com/1", body="hello")
    tracker.attribute(call, BEN)
    note = tracker.note(call, "ann@example.com asked again")
    tracker.erase(ANN)
    assert tracker.verify()
    kept, original = tracker.interaction(note), tracker.interaction(call)
    assert kept.body == "[erased] asked again"
    assert kept.reply_to == original.source_id
    assert str(kept.reply_to).startswith("erased-")
    assert notes(tracker, BEN) == ["[erased] asked again"]
    assert left_of(store, "ann@example", "Ann@Example") == []
    tracker.note(call, "and again")
    assert notes(tracker, BEN) == ["[erased] asked again", "and again"]


@pytest.mark.parametrize("channels", [None, "phone"])
def test_retention_takes_notes_with_their_interaction(store: tuple[Tracker, Path], channels: str | None) -> None:
    tracker, _ = store
    call = seen(tracker, 0, ANN)
    tracker.note(tracker.note(call, "of the call"), "beside that")
    rules = [RetentionRule(keep=now() - at(1), channels=channels)]
    planned = tracker.apply_retention(rules, dry_run=True)
    receipt = tracker.apply_retention(rules)
    assert (receipt.interactions, receipt.identifiers) == (planned.interactions, planned.identifiers) == (3, 1)
    assert receipt.records == planned.records
    assert tracker.verify()
    assert left_of(store, "ann@example", "of the call", call[4:]) == []


def test_retention_of_notes_alone_leaves_the_interaction_and_what_was_said_of_it(tracker: Tracker) -> None:
    call = seen(tracker, 0, ANN)
    said = tracker.attribute(call, BEN)
    tracker.note(call, "of the call")
    tracker.apply_retention([RetentionRule(keep=timedelta(microseconds=1), channels="note")])
    assert [item.kind for item in tracker.timeline(BEN)] == ["message"]
    tracker.note(call, "another")
    tracker.retract(said)
    assert notes(tracker, ANN) == ["another"]


def test_retention_deletes_nobody_of_whom_something_is_left_and_nothing_twice(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An identifier goes with the last of its interactions, and not with the newest, which is a note beside an earlier one."""
    monkeypatch.setattr("omnitrack.upkeep.erase.BATCH", 1)
    call = seen(tracker, 0, ANN)
    tracker.note(call, "of the first")
    seen(tracker, 1, ANN)
    later = seen(tracker, 2, ANN, BEN)
    tracker.note(later, "of the last")
    rules = [
        RetentionRule(keep=now() - at(2) + timedelta(seconds=30)),
        RetentionRule(keep=timedelta(microseconds=1), channels="note"),
    ]
    planned = tracker.apply_retention(rules, dry_run=True)
    receipt = tracker.apply_retention(rules)
    assert (planned.interactions, planned.identifiers) == (receipt.interactions, receipt.identifiers) == (4, 0)
    assert [item.source_id for item in tracker.timeline(ANN)] == ["2"]
    assert tracker.apply_retention([RetentionRule(keep=timedelta(microseconds=1))]).identifiers == 2


# -- all of it ------------------------------------------------------------------------------------------------------------

Beside = tuple[str, int]  # what is done (a note, a pin, an erasure), and with which of those there are

minutes = st.integers(0, 6)
few = st.sampled_from([0, 0, 1, 2, 4, 9])
steps: st.SearchStrategy[list[Step | Beside]] = st.lists(
    st.one_of(
        st.builds(Seen, st.just(""), minutes, people() | st.just(())),
        st.tuples(st.just("note"), st.integers(0, 20)),
        st.tuples(st.just("note"), st.integers(0, 20)),
        st.tuples(st.just("pin"), st.integers(0, 20)),
        st.builds(Said, st.just("reassigned"), few, st.none(), minutes),
        statements(),
        st.builds(Attribute, st.integers(0, 20), few),
        st.builds(Undo, st.integers(0, 20)),
        st.tuples(st.just("erase"), few),
    ),
    min_size=3,
    max_size=16,
)


def _erased(tracker: Tracker, x: int, there: list[tuple[str, str]]) -> list[tuple[str, str]]:
    try:
        tracker.erase(WORLD[x])
    except CustomerNotFoundError:
        return there
    left = {i.id for i in tracker._backend.run(lambda tx: tx.find_interactions(), write=False)}
    for id, beside in there:
        assert (bytes.fromhex(id[4:]) in left) == (bytes.fromhex(beside[4:]) in left)
    return [(id, beside) for id, beside in there if bytes.fromhex(id[4:]) in left]


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_whatever_happens_a_note_is_on_the_timelines_of_its_interaction_and_on_no_other(url: str) -> None:
    @budget(60 if url == "memory://" else 10)
    @given(steps, st.sampled_from(POLICIES))
    def follows(script: list[Any], policy: omnitrack.Policy) -> None:
        with omnitrack.open(url, policy=policy) as tracker:
            there: list[tuple[str, str]] = []  # of each its id, and that of the interaction it stands beside
            said: list[str] = []
            for number, step in enumerate(script):
                if isinstance(step, Seen):
                    id = tell(tracker, Seen(f"i{number}", step.minute, step.people)).interaction
                    there.append((id, id))
                elif isinstance(step, Said):
                    said.append(tell(tracker, step).id)
                elif isinstance(step, Undo):
                    if said:
                        try:
                            tracker.retract(said.pop(step.pick % len(said)))
                        except omnitrack.StatementNotFoundError:
                            continue  # it went when somebody was erased whom it named
                elif isinstance(step, tuple) and step[0] == "erase":
                    there = _erased(tracker, step[1], there)
                elif there and isinstance(step, Attribute):
                    said.append(tracker.attribute(there[step.pick % len(there)][1], WORLD[step.x]).id or "")
                elif there and step[0] == "pin":
                    there_now = [i for i in map(_customer, [tracker] * len(WORLD), WORLD) if i is not None]
                    if there_now:
                        to = there_now[step[1] % len(there_now)]
                        said.append(tracker.attribute(there[step[1] % len(there)][1], to).id or "")
                elif there:
                    id, beside = there[step[1] % len(there)]
                    there.append((tracker.note(id, "note"), beside))
                check(tracker)
                assert _places(tracker, [id for id, _ in there]) == _places(tracker, [beside for _, beside in there])

    follows()


def _customer(tracker: Tracker, who: Any) -> str | None:
    try:
        return tracker.customer(who).id
    except CustomerNotFoundError:
        return None


def _places(tracker: Tracker, ids: list[str]) -> list[set[bytes]]:
    """Return under which identifiers each interaction is on a timeline."""

    def read(tx: Any) -> list[set[bytes]]:
        return [
            {e.identifier for e in tx.list_entries(interactions=[bytes.fromhex(id[4:])]) if e.role == 0} for id in ids
        ]

    return tracker._backend.run(read, write=False)
