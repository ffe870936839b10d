"""Erasure: nothing of the person is left anywhere, nothing of anybody else goes, and what comes later starts anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from calling import record
from clock import now
from contacts import T0, at, seen
from omnitrack import AsyncTracker, CustomerNotFoundError, RetentionRule, Tracker, claimed, verified
from omnitrack.identifiers import scheme
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

JANE, NUMBER, HANDLE = "jane.doe@example.com", "phone:+442079460958", "x:janehandle"
JOE, KIM, ONE, TWO, OFFICE = "joe@example.com", "kim@example.com", "account:1@bt", "account:2@bt", "phone:+442079460000"

#: What names Jane, in the forms in which it could be left somewhere.
TRACES = ("jane.doe", "79460958", "7946 0958", "7946-0958", "janehandle", "Doedoe", "jane's words")


def test_nothing_of_a_person_is_left_however_it_came(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, verified(ONE), JANE, "020 7946 0958", body="jane's words", traits={"name": "Jane Doedoe"})
    seen(tracker, 1, HANDLE, body="jane's words", traits={"name": "J. Doedoe"})
    tracker.link(HANDLE, JANE, by="agent", reason="Jane Doedoe said so")
    tracker.retract(tracker.link(HANDLE, NUMBER, reason="Jane Doedoe, said by mistake"))
    tracker.note(JANE, "called Jane Doedoe back")
    tracker.revise("s", "0", body="jane's words, edited", at=at(60))
    wrong = seen(tracker, 2, JOE, body="jane's words")
    tracker.attribute(wrong, JANE, reason="it was Jane Doedoe")
    seen(tracker, 3, JOE, body="about something else")
    # With others: a mail to two, a mail with her in copy, a form that names her.
    tracker.record(
        channel="email",
        occurred_at=at(4),
        customers=[[JANE], [JOE]],
        subject="To Jane.Doe@example.com and Joe",
        body="Her number is (020) 7946-0958 or +44 20 7946 0958, see https://x.com/JaneHandle",
        traits={"name": "Jane Doedoe"},
        attributes={"to": "Jane.Doe@EXAMPLE.com", "list": ["020 7946 0958"]},
        source="mail",
        source_id="4",
    )
    tracker.record(
        channel="email",
        occurred_at=at(5),
        customer=KIM,
        participants=[JANE],
        body="hello",
        source="mail",
        source_id="5",
    )
    seen(tracker, 6, KIM, claimed(JANE), body="my friend is jane.doe@example.com", source="form")
    ids = ids_of(tracker, JANE)
    assert all(left_of(store, trace) for trace in (*TRACES, *ids))  # the search finds what is there
    dry = tracker.erase(JANE, dry_run=True)
    receipt = tracker.erase(JANE, by="dpo")
    assert str(dry).replace("would be erased", "erased") == str(receipt)
    assert left_of(store, *TRACES, *ids) == []
    assert tracker.verify()
    assert [item.source_id for item in tracker.timeline(JOE, order="oldest")] == ["3", "4"]
    assert [item.source_id for item in tracker.timeline(KIM, order="oldest")] == ["5", "6"]
    for who in (JANE, NUMBER, HANDLE, ONE):
        with pytest.raises(CustomerNotFoundError):
            tracker.customer(who)


def test_a_receipt_names_nobody(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, JANE)
    text = repr(tracker.erase(JANE, by="dpo"))
    assert not any(trace in text for trace in TRACES)


def test_a_later_interaction_starts_a_new_person(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, JANE, NUMBER)
    old = tracker.customer(JANE).id
    tracker.erase(JANE)
    seen(tracker, 1, JANE)
    assert tracker.customer(JANE).id != old
    assert [i.key for i in tracker.customer(JANE).identifiers] == [f"email:{JANE}"]
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(old)


@pytest.mark.parametrize("batch", [False, True])
def test_an_import_that_is_run_again_stays_out_unless_asked(store: tuple[Tracker, Path], batch: bool) -> None:
    tracker, _ = store

    def load() -> tuple[int, int]:
        interactions = [
            omnitrack.Interaction(
                channel="phone", occurred_at=at(n), customers=[[JANE if n else JOE]], source="s", source_id=str(n)
            )
            for n in range(3)
        ]
        if batch:
            report = tracker.record_many(interactions)
            return report.added, report.suppressed
        answers = [record(tracker, i) for i in interactions]
        return sum(not a.duplicate and not a.suppressed for a in answers), sum(a.suppressed for a in answers)

    load()
    tracker.erase(JANE)
    assert load() == (0, 2)
    tracker.erase(JOE, suppress=False)
    assert load() == (1, 2)


def test_a_number_that_was_somebody_elses_before_is_not_theirs_again(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, NUMBER, JOE, body="joe")
    tracker.reassign(NUMBER, at=at(5))
    seen(tracker, 6, NUMBER, JANE, body="jane's words")
    old = tracker.customer(JANE).id.removeprefix("cus_")
    tracker.erase(JANE)
    assert left_of(store, "jane", old) == []
    seen(tracker, 7, NUMBER, body="somebody new")
    assert [i.body for i in tracker.timeline(NUMBER)] == ["somebody new"]
    assert [i.body for i in tracker.timeline(JOE)] == ["joe"]
    assert tracker.verify()


def test_the_last_holder_takes_the_number_along(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, NUMBER, JOE)
    tracker.retract(tracker.reassign(NUMBER, at=at(4)))
    tracker.reassign(NUMBER, at=at(5))
    seen(tracker, 6, NUMBER, JANE)
    tracker.erase(JOE)
    assert [i.source_id for i in tracker.timeline(NUMBER)] == ["6"]
    tracker.erase(JANE)
    assert left_of(store, "79460958", "joe", "jane") == []
    assert tracker.verify()


def test_a_shared_line_stays_shared_with_one_mark_however_many_are_erased(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    for n in range(1, 7):
        seen(tracker, n, OFFICE, verified(f"account:{n}@bt"))
    for n in range(1, 6):
        tracker.erase(f"account:{n}@bt")
    assert tracker.customer(OFFICE).shared
    assert [s.kind for s in tracker.statements(OFFICE)] == ["shared"]
    assert tracker.customer(OFFICE).id != tracker.customer("account:6@bt").id
    tracker.mark_personal(OFFICE, of="account:6@bt")
    assert tracker.customer(OFFICE).id == tracker.customer("account:6@bt").id


def test_what_was_personal_of_the_erased_joins_no_stranger(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, NUMBER, JOE)
    tracker.mark_personal(NUMBER, of=JANE)
    tracker.deny(NUMBER, JANE)  # so that it is not hers either
    tracker.erase(JANE)
    assert tracker.customer(NUMBER).id != tracker.customer(JOE).id
    assert tracker.verify()


def test_nobody_is_joined_to_a_stranger_because_what_kept_them_apart_expires(store: tuple[Tracker, Path]) -> None:
    """A caller shows a victim's number and logs in to an account of his own; then the log-in expires that said whose the number is."""
    tracker, _ = store
    today = now()

    def days(ago: int) -> datetime:
        return today - timedelta(days=ago)

    mail, number, login = "ann@example.com", "+442079460001", omnitrack.account("2", scope="bt")
    tracker.record(channel="web", customer=[verified(omnitrack.account("1", scope="bt")), mail], occurred_at=days(200))
    tracker.record(channel="app", customer=[mail, number], occurred_at=days(100), body="hers")
    tracker.record(channel="phone", customer=[number, verified(login)], occurred_at=days(20), body="his")
    assert [item.body for item in tracker.timeline(login)] == ["his"]
    done = tracker.apply_retention([RetentionRule(keep=timedelta(days=180), channels=("web",))])
    assert done.kept_apart == 1
    assert [item.body for item in tracker.timeline(login)] == ["his"]
    assert [item.body for item in tracker.timeline(mail)] == ["hers"]
    assert tracker.verify().problems == ()
    # It is a statement like any other: somebody who knows better takes it back.
    (kept,) = [said for said in tracker.statements(mail) if said.kind == "different"]
    tracker.retract(kept)
    assert [item.body for item in tracker.timeline(login)] == ["his", "hers"]


@pytest.mark.parametrize("way", ["erase", "retention"])
def test_the_log_of_others_does_not_name_an_interaction_that_is_gone(store: tuple[Tracker, Path], way: str) -> None:
    tracker, _ = store
    number = "+442079460001"
    tracker.record(channel="phone", customer=[number, verified(omnitrack.account("1", scope="bt"))], occurred_at=at(5))
    gone = tracker.record(
        channel="web",
        customer=[number, verified(omnitrack.account("2", scope="bt"))],
        occurred_at=at(1),
        source="pbx",
        source_id="x",
    ).interaction
    before = tracker.identity_log(number)
    assert gone in {change.interaction for change in before}
    if way == "erase":
        tracker.erase(omnitrack.account("2", scope="bt"))
    else:
        tracker.apply_retention([RetentionRule(keep=now() - at(3), channels=("web",))])
    assert left_of(store, gone.removeprefix("int_")) == []
    assert [change.at for change in tracker.identity_log(number)][: len(before)] == [change.at for change in before]


def test_where_an_interaction_was_before_goes_with_whoever_goes_along(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    other = tracker.record(
        channel="web",
        customers=[["a@example.com"], ["+442079460001", claimed("ann@example.com")]],
        occurred_at=at(0),
    ).interaction
    assert other is not None
    gone = ids_of(tracker, "ann@example.com")
    tracker.attribute(other, "b@example.com")
    tracker.erase("+442079460001")
    assert left_of(store, *gone) == []


def test_erasing_a_shared_line_takes_nobody_who_used_it(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, OFFICE, verified(ONE), body="one")
    seen(tracker, 1, OFFICE, verified(TWO), body="two")
    seen(tracker, 2, OFFICE, body="nobody knows")
    tracker.erase(OFFICE)
    assert [i.body for i in tracker.timeline(ONE)] == ["one"]
    assert [i.body for i in tracker.timeline(TWO)] == ["two"]
    assert left_of(store, "79460000") == []
    assert tracker.verify()


def test_the_past_of_others_does_not_show_who_was_erased(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, JANE)
    seen(tracker, 1, JOE)
    seen(tracker, 2, KIM)
    for other in (JANE, KIM):
        said = tracker.link(JOE, other)
        together = now()
        tracker.retract(said)
    ids = ids_of(tracker, JANE)
    tracker.erase(JANE)
    assert left_of(store, *ids) == []
    assert {c.old for c in tracker.identity_log()} | {c.new for c in tracker.identity_log()} == {
        tracker.customer(JOE).id,
        tracker.customer(KIM).id,
    }
    assert {i.value for i in tracker.customer(JOE, as_of=together).identifiers} == {JOE, KIM}
    assert {i.value for i in tracker.customer(JOE, as_of=T0 + timedelta(days=365 * 50)).identifiers} == {JOE}


def test_whoever_remembers_an_erased_person_brings_nobody_back(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    other = Tracker(tracker._backend, region="GB", matching=True)
    for one in (tracker, other):
        seen(one, 0 if one is tracker else 1, JANE, NUMBER)
    tracker.erase(JANE)
    seen(other, 2, JANE, NUMBER)
    assert other.verify()
    assert {i.key for i in tracker.customer(JANE).identifiers} == {f"email:{JANE}", NUMBER}


def remembered(tracker: Tracker | AsyncTracker) -> int:
    memories = [clear.__self__ for clear in scheme._memories]  # type: ignore[attr-defined]
    ctx = tracker._tracker._ctx if isinstance(tracker, AsyncTracker) else tracker._ctx
    return len(ctx.resolved) + sum(int(memory.cache_info().currsize) for memory in memories)


def test_no_memory_of_the_process_holds_who_was_erased(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    other = Tracker(tracker._backend, region="GB", matching=True)
    for one in (tracker, other):
        seen(one, 0 if one is tracker else 1, JANE, "020 7946 0958", HANDLE)
    assert remembered(tracker) > 3
    tracker.erase(JANE)
    assert remembered(tracker) == 0
    assert other._ctx.resolved  # it cannot know yet
    seen(other, 2, JOE)
    assert not any(JANE in str(key) or "7946" in str(key) for key in other._ctx.resolved)
    tracker.erase(JOE, dry_run=True)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=1))])
    assert remembered(tracker) == 0


async def test_async_callers_leave_no_memory_of_the_erased_either(tmp_path: Path) -> None:
    async with omnitrack.open_async(f"sqlite:///{tmp_path / 'history.db'}", region="GB") as tracker:
        await tracker.record(channel="phone", occurred_at=T0, customer=[JANE, "020 7946 0958"])
        await tracker.erase(JANE)
        assert remembered(tracker) == 0


def test_retention_takes_identifiers_that_nothing_names_any_more(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    today = now()
    tracker.record(
        channel="phone", occurred_at=today - timedelta(days=400), customer=[NUMBER, JANE], body="jane's words"
    )
    tracker.record(channel="phone", occurred_at=today - timedelta(days=1), customer=[NUMBER])
    rules = [RetentionRule(keep=timedelta(days=365))]
    dry = tracker.apply_retention(rules, dry_run=True)
    receipt = tracker.apply_retention(rules)
    assert (dry.interactions, dry.identifiers, dry.links) == (receipt.interactions, receipt.identifiers, receipt.links)
    assert (receipt.interactions, receipt.identifiers) == (1, 1)
    assert left_of(store, "jane") == []
    assert len(list(tracker.timeline(NUMBER))) == 1
    assert tracker.verify()


def test_retention_of_more_than_one_batch_counts_as_foretold() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    today = now()
    tracker.record_many(
        omnitrack.Interaction(
            channel="chat", occurred_at=today - timedelta(days=500, minutes=n), customers=[[f"x:u{n % 7}", JANE]]
        )
        for n in range(1_203)
    )
    rules = [RetentionRule(keep=timedelta(days=365))]
    dry = tracker.apply_retention(rules, dry_run=True)
    receipt = tracker.apply_retention(rules)
    assert (dry.interactions, dry.identifiers) == (receipt.interactions, receipt.identifiers) == (1_203, 8)
    assert tracker.verify().identifiers == 0


def test_an_erasure_does_not_walk_the_history_of_a_switchboard() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    tracker.record_many(
        omnitrack.Interaction(channel="phone", occurred_at=at(n), customers=[[OFFICE, f"account:{n}@bt"]])
        for n in range(1, 3_001)
    )
    read = 0
    run = tracker._backend.run

    def counting(fn: Any, *, write: bool = True) -> Any:
        def inner(tx: Any) -> Any:
            listed = tx.list_entries

            def count(**selection: Any) -> Any:
                nonlocal read
                found = listed(**selection)
                read += len(found)
                return found

            tx.list_entries = count
            return fn(tx)

        return run(inner, write=write)

    tracker._backend.run = counting  # type: ignore[method-assign]
    tracker.erase("account:7@bt")
    assert read < 50
    tracker._backend.run = run  # type: ignore[method-assign]
    assert tracker.verify()
