"""Unloading: what a source brought goes, with what it had linked, and the store is as if it had never been loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from contacts import at, seen
from effort import budget
from omnitrack import CustomerNotFoundError, Interaction, InvalidInteractionError, Policy, Sighting, Tracker
from omnitrack.model import Assurance, Revision
from omnitrack.records import TENURES, WAS_HELD
from traces import rows

JANE, JOE, NUMBER = "jane@example.com", "joe@example.com", "phone:+442079460958"
NAMES = ["email:1@example.com", "email:2@example.com", "phone:+442079460951", "phone:+442079460952", "x:one", "x:two"]
NAMES += ["account:1@bt", "account:2@bt", "x-id:1", "x-id:2"]

# Few identifiers and low limits, so that what is shared, over a limit or in conflict is met often.
LOW = Policy(limits={"*": 2, "email": 2, "phone": 2, "x": 2, "account": 1}, max_identifiers=4, max_component=6)


# What is kept of who held an identifier when.
KINDS_OF_HOLDERS = (TENURES, WAS_HELD)


@st.composite
def load_of(draw: st.DrawFn, source: str, first: int) -> list[Interaction | Revision]:
    items: list[Interaction | Revision] = []
    for number in range(draw(st.integers(0, 6))):
        people = draw(st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), max_size=2))
        sure = draw(st.sampled_from([Assurance.CLAIMED, Assurance.OBSERVED, Assurance.OBSERVED, Assurance.VERIFIED]))
        items.append(
            Interaction(
                channel="phone",
                direction="inbound",
                occurred_at=at(draw(st.integers(0, 30))),
                customers=[[Sighting(name, sure) for name in person] for person in people],
                participants=[Sighting(name) for name in draw(st.lists(st.sampled_from(NAMES), max_size=1))],
                body=f"{source} {number}",
                traits={"name": draw(st.sampled_from(["Ann", "Bob"]))},
                source=source,
                source_id=str(first + number),
            )
        )
        if draw(st.booleans()):
            items.append(Revision(source=source, source_id=str(first + number), at=at(40), body=f"{source} edited"))
    return items


def picture(tracker: Tracker) -> dict[str, Any]:
    """Who is whom, with what on the timeline, and what is in the way: all but the ids of customers."""
    people = {}
    for name in NAMES:
        try:
            customer = tracker.customer(name)
        except CustomerNotFoundError:
            continue
        members = frozenset(identifier.key for identifier in customer.identifiers)
        timeline = tracker.timeline(name, include_shared=True, include_claimed=True)
        items = [(item.source, item.source_id, item.body, item.shared) for item in timeline]
        people[name] = (members, customer.shared, dict(customer.traits), items)
    links = {
        (step.a.key, step.b.key): (step.assurance, step.obstacle)
        for a in people
        for b in people
        if a < b
        for step in tracker.explain(a, b).path
    }
    return {
        "people": people,
        "links": links,
        "all": sorted((i.source, i.source_id, i.body) for i in tracker.interactions()),
    }


@given(data=st.data())
@budget(150)
def test_a_store_without_the_unloaded_is_a_store_that_was_never_given_it(data: st.DataObject) -> None:
    right, wrong = data.draw(load_of("a", 0)), data.draw(load_of("b", 0))
    before = data.draw(st.booleans())
    tracker, alone = (omnitrack.open("memory://", policy=LOW) for _ in range(2))
    for items in (wrong, right) if before else (right, wrong):
        tracker.record_many(items)
    alone.record_many(right)
    counted = tracker.unload("b", dry_run=True)
    receipt = tracker.unload("b")
    assert receipt.interactions == counted.interactions == sum(isinstance(item, Interaction) for item in wrong)
    assert picture(tracker) == picture(alone)
    assert tracker.verify().ok
    tracker.record_many(wrong)
    assert tracker.unload("b").interactions == receipt.interactions
    assert picture(tracker) == picture(alone)


@pytest.mark.parametrize("erased", [None, "x-id:1"])
def test_of_a_handle_that_the_unloaded_alone_passed_from_one_to_another_nothing_stays(erased: str | None) -> None:
    tracker = omnitrack.open("memory://")
    for number, id in enumerate(["x-id:1", "x-id:2", "x-id:3"]):
        tracker.record(
            channel="x", occurred_at=at(30 * number), customer=["x:jane", id], source="crm", source_id=str(number)
        )
    if erased is not None:
        tracker.erase(erased)
    tracker.unload("crm")
    with pytest.raises(CustomerNotFoundError):
        tracker.customer("x:jane")
    left = tracker._backend.run(lambda tx: [tx.find_records(kind, prefix="") for kind in KINDS_OF_HOLDERS], write=False)
    assert left == [[]] * len(KINDS_OF_HOLDERS)
    assert tracker._backend.run(lambda tx: tx.find_identifiers(), write=False) == []


def test_nothing_that_only_the_source_named_is_left_in_any_row(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, JANE, NUMBER, source="crm", traits={"name": "Jane Doedoe"}, body="wrongly mapped")
    seen(tracker, 1, NUMBER, source="pbx")
    tracker.unload("crm")
    left = [row for row in rows(tracker) if any(t in row[1].casefold() for t in ("jane@example", "doedoe", "wrongly"))]
    assert left == []
    assert [i.key for i in tracker.customer(NUMBER).identifiers] == [NUMBER]
    assert tracker.verify().ok


def test_what_people_said_of_identifiers_stays_and_what_they_said_of_its_contacts_goes(
    store: tuple[Tracker, Path],
) -> None:
    tracker, _ = store
    wrong = seen(tracker, 0, JANE, source="crm")
    seen(tracker, 1, JOE, source="pbx")
    tracker.attribute(wrong, JOE)
    note = tracker.note(wrong, "called back")
    tracker.link(JANE, NUMBER, by="agent")
    tracker.unload("crm")
    assert not {note, wrong} & {item.id for item in tracker.interactions()}
    assert [said.kind for said in tracker.statements(JANE)] == ["same"]
    assert tracker.statements(JOE) == []
    assert {i.key for i in tracker.customer(JANE).identifiers} == {f"email:{JANE}", NUMBER}
    assert tracker.verify().ok


def test_two_that_the_wrong_load_kept_apart_are_one_as_they_were_without_it() -> None:
    tracker = omnitrack.open("memory://")
    seen(tracker, 2, "account:1@bt", JANE, source="crm")
    seen(tracker, 1, "account:2@bt", NUMBER, source="crm")
    seen(tracker, 3, JANE, NUMBER, source="pbx")
    assert tracker.customer(JANE).id != tracker.customer(NUMBER).id
    tracker.unload("crm")
    assert tracker.customer(JANE).id == tracker.customer(NUMBER).id
    assert tracker.conflicts().items == ()


def test_a_history_of_many_batches_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.upkeep.unload.BATCH", 3)
    tracker = omnitrack.open("memory://")
    for minute in range(20):
        seen(tracker, minute, JANE, f"x:p{minute % 4}", source="ab"[minute % 2], source_id=str(minute))
    assert tracker.unload("a").interactions == 10
    assert {item.source for item in tracker.interactions()} == {"b"}
    assert tracker.verify().ok
    assert tracker.unload("a").interactions == 0


@pytest.mark.parametrize("source", ["", None, 5, "\0"])
def test_what_is_no_name_of_a_source_is_refused(source: Any) -> None:
    with pytest.raises(InvalidInteractionError, match="source: got"):
        omnitrack.open("memory://").unload(source)


def test_an_async_tracker_unloads_too() -> None:
    async def run() -> tuple[int, int]:
        async with omnitrack.open_async("memory://") as tracker:
            await tracker.record(channel="x", occurred_at=at(0), customer=JANE, source="crm", source_id="1")
            receipt = await tracker.unload("crm")
            return receipt.interactions, len([item async for item in tracker.interactions()])

    assert asyncio.run(run()) == (1, 0)
