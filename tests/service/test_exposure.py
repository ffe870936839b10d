"""Exposure: reads leave receipts where they are to, and these say to whom was shown what is somebody else's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from clock import now
from contacts import at, seen
from effort import budget
from omnitrack import CustomerNotFoundError, RetentionRule, Tracker
from omnitrack.errors import InvalidInteractionError, InvalidPolicyError
from omnitrack.records import READ, READ_OF
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

JANE, JOE, KIM, NUMBER, HANDLE = (
    "jane@example.com",
    "joe@example.com",
    "kim@example.com",
    "phone:+442079460958",
    "x:jane",
)


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "reads": "audit", "matching": True}


@pytest.fixture(params=["memory", "sqlite"])
def audited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tracker, Path]]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB", reads="audit") as tracker:
        yield tracker, tmp_path


def records(tracker: Tracker) -> int:
    return tracker._backend.run(lambda tx: len(tx.find_records(READ)) + len(tx.find_records(READ_OF)), write=False)


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    with omnitrack.open("memory://", region="GB") as tracker:
        seen(tracker, 0, JANE)
        list(tracker.timeline(JANE))
        tracker.brief(JANE)
        assert tracker.receipts(JANE) == []
        assert records(tracker) == 0
    with pytest.raises(InvalidPolicyError, match="reads"):
        omnitrack.open("memory://", reads="all")  # type: ignore[arg-type]


def test_each_read_of_a_person_leaves_a_receipt(tracker: Tracker) -> None:
    first = seen(tracker, 0, JANE, body="words", traits={"name": "Jane Doe", "postcode": "RG14 1AA"})
    second = seen(tracker, 1, JANE)
    home = tracker.customer(JANE).id
    with tracker.acting("sam"):
        list(tracker.timeline(JANE, trust="verified"))
        tracker.brief(JANE)
        tracker.candidates(JANE)
        tracker.search(name="Jane Doe", postcode="RG14 1AA")
        with tracker.acting("jo"):
            tracker.export(JANE)
        tracker.interaction(first)
    found = tracker.receipts(JANE)
    assert [(r.call, r.by, r.trust, set(r.interactions)) for r in reversed(found)] == [
        ("customer", None, None, set()),
        ("timeline", "sam", "verified", {first, second}),
        ("brief", "sam", "observed", {first, second}),
        ("candidates", "sam", None, set()),
        ("search", "sam", None, set()),
        ("export", "jo", None, {first, second}),
        ("interaction", "sam", None, {first}),
    ]
    assert {r.customers for r in found} <= {(home,), ()}
    assert [r.at for r in found] == sorted((r.at for r in found), reverse=True)
    assert tracker.exposed(JANE) == []


def test_each_page_leaves_one_and_a_read_that_finds_nobody_none(tracker: Tracker) -> None:
    ids = [seen(tracker, n, JANE) for n in range(3)]
    page = tracker.timeline(JANE).page(2)
    tracker.timeline(JANE).page(2, page.next)
    assert [set(r.interactions) for r in tracker.receipts(JANE)] == [{ids[0]}, {ids[1], ids[2]}]
    assert tracker.brief(JOE).sure == "nobody"
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(JOE)
    assert len(tracker.receipts(JANE)) == 2


def test_after_a_retraction_it_says_to_whom_what_was_shown(tracker: Tracker) -> None:
    hers, his = seen(tracker, 0, JANE), seen(tracker, 1, JOE)
    link = tracker.link(JANE, JOE)
    with tracker.acting("sam"):
        tracker.timeline(JANE).page()
    with tracker.acting("jo"):
        tracker.timeline(JOE).page()
    assert tracker.exposed(JANE) == []
    taken_back = tracker.retract(link)
    with tracker.acting("kim"):
        tracker.timeline(JANE).page()  # by now she sees her own alone
    jane, joe = tracker.customer(JANE).id, tracker.customer(JOE).id
    expected = [("jo", joe, jane, (hers,)), ("sam", jane, joe, (his,))]
    for subject in (JANE, JOE, taken_back):
        assert [(e.by, e.asked, e.owner, e.interactions) for e in tracker.exposed(subject)] == expected
    assert f"was shown 1 interaction of {joe}, having asked for {jane}" in str(tracker.exposed(JANE)[1])
    receipts = {(r.by, r.call): set(r.interactions) for r in tracker.receipts(JANE)}
    assert receipts["sam", "timeline"] == {hers}  # what is Joe's is not told
    assert receipts["jo", "timeline"] == {hers}


def test_after_a_denial_and_a_reassignment_too(tracker: Tracker) -> None:
    old, new = seen(tracker, 0, NUMBER, JANE), seen(tracker, 10, NUMBER, body="somebody new")
    with tracker.acting("sam"):
        tracker.brief(JANE)
    statement = tracker.reassign(NUMBER, at=at(5))
    [one] = tracker.exposed(statement)
    assert (one.by, one.call, one.owner, one.interactions) == ("sam", "brief", tracker.customer(NUMBER).id, (new,))
    assert one.interactions != (old,)
    seen(tracker, 11, JOE, HANDLE)
    seen(tracker, 12, HANDLE)
    with tracker.acting("jo"):
        tracker.timeline(HANDLE).page()
    denied = tracker.deny(JOE, HANDLE)
    assert {e.by for e in tracker.exposed(denied)} == {"jo"}


def test_what_was_attributed_to_somebody_else_is_found_with_either(tracker: Tracker) -> None:
    wrong = seen(tracker, 0, JANE)
    seen(tracker, 1, JOE)
    with tracker.acting("sam"):
        tracker.timeline(JANE).page()
    tracker.attribute(wrong, JOE)
    for subject in (JANE, JOE):
        assert [(e.by, e.interactions) for e in tracker.exposed(subject)] == [("sam", (wrong,))]
    assert [r.interactions for r in tracker.receipts(JOE)] == [(wrong,)]


def test_what_is_with_several_people_is_shown_to_each_rightly(tracker: Tracker) -> None:
    tracker.record(channel="email", occurred_at=at(0), customers=[[JANE], [JOE]], participants=[KIM])
    seen(tracker, 1, KIM)
    for who in (JANE, JOE, KIM):
        list(tracker.timeline(who, include_participant=True))
    assert [tracker.exposed(who) for who in (JANE, JOE, KIM)] == [[], [], []]


# -- what goes --------------------------------------------------------------------------------------------------------------


def test_an_erasure_takes_receipts_of_the_person_and_leaves_those_of_others(audited: tuple[Tracker, Path]) -> None:
    tracker, _ = audited
    hers, his = seen(tracker, 0, JANE, NUMBER), seen(tracker, 1, JOE)
    link = tracker.link(JANE, JOE)
    with tracker.acting("sam"):
        tracker.timeline(JANE).page()
        tracker.timeline(JOE).page()
    tracker.retract(link)
    ids = [*ids_of(tracker, JANE), hers.removeprefix("int_")]
    with tracker.acting("jo"):
        tracker.customer(JANE)
    assert all(left_of(audited, id) for id in ids)
    tracker.erase(JANE)
    assert left_of(audited, *ids) == []
    assert {r.interactions for r in tracker.receipts(JOE)} == {(his,)}
    tracker.erase(JOE)
    assert records(tracker) == 0


def test_an_erasure_of_one_holder_leaves_receipts_of_the_other(audited: tuple[Tracker, Path]) -> None:
    tracker, _ = audited
    his = seen(tracker, 0, NUMBER, JOE)
    tracker.reassign(NUMBER, at=at(5))
    hers = seen(tracker, 6, NUMBER, JANE)
    tracker.timeline(NUMBER).page()
    tracker.timeline(JOE).page()
    tracker.erase(JANE)
    assert left_of(audited, hers.removeprefix("int_")) == []
    assert [r.interactions for r in tracker.receipts(JOE)] == [(his,)]


def test_what_was_attributed_goes_with_the_person_to_whom_it_was(audited: tuple[Tracker, Path]) -> None:
    tracker, _ = audited
    wrong = seen(tracker, 0, JANE)
    kept = seen(tracker, 1, JANE)
    seen(tracker, 2, JOE)
    tracker.timeline(JANE).page()
    tracker.attribute(wrong, JOE)
    tracker.erase(JOE)
    assert left_of(audited, wrong.removeprefix("int_")) == []
    assert [r.interactions for r in tracker.receipts(JANE)] == [(kept,)]


def test_retention_and_an_unload_take_what_was_shown(audited: tuple[Tracker, Path]) -> None:
    tracker, _ = audited
    old, wrong = seen(tracker, 0, JANE, JOE), seen(tracker, 1, KIM, source="wrong")
    kept = seen(tracker, 60 * 24 * 80, JANE)
    for who in (JANE, KIM):
        tracker.timeline(who).page()
    tracker.apply_retention([RetentionRule(keep=now() - at(60 * 24 * 40))])
    assert left_of(audited, old.removeprefix("int_")) == []
    assert [r.interactions for r in tracker.receipts(JANE)] == [(kept,)]
    seen(tracker, 60 * 24 * 80 + 1, KIM, source="wrong")
    tracker.timeline(KIM).page()
    tracker.unload("wrong")
    there = tracker._backend.run(lambda tx: [r.value for r in tx.find_records(READ)], write=False)
    assert not any(wrong.removeprefix("int_") in value for value in there)
    with pytest.raises(CustomerNotFoundError):
        tracker.receipts(KIM)
    assert tracker.verify()


# -- calls ------------------------------------------------------------------------------------------------------------------


def test_who_acts_is_of_the_block_its_threads_and_no_other(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    with tracker.acting("sam"):
        other = threading.Thread(target=lambda: tracker.timeline(JANE).page())
        other.start()
        other.join()
        asyncio.run(asyncio.to_thread(lambda: tracker.timeline(JANE).page()))
    tracker.timeline(JANE).page()
    assert [r.by for r in tracker.receipts(JANE)] == [None, "sam", None]
    for wrong in ("", 7, None, "x" * 256, "\ud800"):
        with pytest.raises(InvalidInteractionError, match="by"):
            tracker.acting(wrong)  # type: ignore[arg-type]


async def _async(path: Path) -> list[tuple[str | None, str]]:
    async with omnitrack.open_async(f"sqlite:///{path / 'history.db'}", region="GB", reads="audit") as tracker:
        await tracker.record(channel="chat", occurred_at=at(0), customer=JANE)
        async with tracker.acting("sam"):
            assert [item async for item in tracker.timeline(JANE)]
            await tracker.brief(JANE, timeout=60)
        assert await tracker.exposed(JANE) == []
        return [(r.by, r.call) for r in await tracker.receipts(JANE)]


def test_async_callers_have_it_too(tmp_path: Path) -> None:
    assert asyncio.run(_async(tmp_path)) == [("sam", "brief"), ("sam", "timeline")]


def test_a_read_whose_receipt_cannot_be_kept_shows_nothing(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(tracker, 0, JANE)
    run = tracker._backend.run

    def refuse(fn: Any, *, write: bool = True) -> Any:
        if write:
            raise omnitrack.BackendError("disk full")
        return run(fn, write=write)

    monkeypatch.setattr(tracker._backend, "run", refuse)
    with pytest.raises(omnitrack.BackendError):
        tracker.timeline(JANE).page()


# -- a property -------------------------------------------------------------------------------------------------------------

NAMES = [JANE, JOE, NUMBER, HANDLE]
pairs = st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("seen"), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)),
        st.tuples(st.sampled_from(["link", "deny"]), pairs),
        st.tuples(st.just("retract"), st.integers(0, 9)),
        st.tuples(st.just("reassign"), st.tuples(st.sampled_from(NAMES), st.integers(0, 20))),
        st.tuples(st.just("read"), st.sampled_from(NAMES)),
        st.tuples(st.just("read"), st.sampled_from(NAMES)),
    ),
    max_size=16,
)


@budget(200)
@given(steps)
def test_it_finds_all_that_was_shown_and_is_somebody_elses_now_and_nothing_else(told: list[Any]) -> None:
    with omnitrack.open("memory://", region="GB", reads="audit") as tracker:
        said: list[Any] = []
        shown: list[tuple[str, str, str]] = []  # reader, customer id then asked for, interaction
        for number, (what, how) in enumerate(told):
            try:
                if what == "seen":
                    seen(tracker, number, *how)
                elif what == "read":
                    with tracker.acting(f"r{number}"):
                        home = tracker.brief(how, trust="observed").customer
                        if home is not None:
                            shown += [(f"r{number}", home, i.id) for i in tracker.timeline(how).page(100).items]
                elif what == "retract" and said:
                    tracker.retract(said.pop(how % len(said)))
                elif what == "reassign":
                    said.append(tracker.reassign(how[0], at=at(how[1])))
                elif what in ("link", "deny"):
                    said.append(getattr(tracker, what)(*how))
            except omnitrack.OmnitrackError:
                continue
        found = set()
        for name in NAMES:
            try:
                found |= {(e.by, id) for e in tracker.exposed(name) for id in e.interactions}
            except CustomerNotFoundError:
                continue
        with omnitrack.Tracker(tracker._backend, region="GB") as plain:
            for by, id in found:
                assert any(by == reader and id == one for reader, _, one in shown)
                # Whoever asked for it by the same name today is not shown it.
                asked = next(how for n, (what, how) in enumerate(told) if f"r{n}" == by)
                if not any(what == "reassign" for what, _ in told):
                    assert id not in {item.id for item in plain.timeline(asked)}
            for reader, _, id in shown:
                asked = next(how for n, (what, how) in enumerate(told) if f"r{n}" == reader)
                if not any(what == "reassign" for what, _ in told) and id not in {i.id for i in plain.timeline(asked)}:
                    assert (reader, id) in found
