"""The index of statements: what an erasure reads of them, and stores that were written before there was one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack import Statement, Tracker
from omnitrack.identity.statement import StatementRecord
from omnitrack.records import ABOUT, ADOPTED, ANCHOR_OVERRIDE, ATTRIBUTIONS, SETTINGS, STATEMENT
from omnitrack.storage.contract import RecordRow, Transaction

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
NUMBER, JANE, JOE, ONE = "phone:+442079460958", "email:jane@example.com", "email:joe@example.com", "account:1@bt"


def at(minute: int) -> datetime:
    return T0 + timedelta(minutes=minute)


# -- what an erasure reads --------------------------------------------------------------------------------------------------


class Counted:
    """A transaction that counts the rows that it returns."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.rows = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tx, name)
        if not name.startswith(("find_", "list_", "lock_")):
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            rows = found(*args, **kwargs)
            self.rows += len(rows)
            return rows

        return counted


def rows_read(tracker: Tracker, act: Callable[[], object]) -> int:
    """How many rows of the store are read while something is done."""
    backend: Any = tracker._backend
    run, counts = backend.run, []

    def counting(fn: Callable[[Any], Any], *, write: bool = True) -> Any:
        def told(tx: Transaction) -> Any:
            counted = Counted(tx)
            try:
                return fn(counted)
            finally:
                counts.append(counted.rows)

        return run(told, write=write)

    backend.run = counting
    try:
        act()
    finally:
        backend.run = run
    assert counts
    return sum(counts)


def among(others: int, act: Callable[[Tracker], object]) -> int:
    """How many rows an act on Jane reads in a store where so many statements are about others."""
    with omnitrack.open("memory://", region="GB") as tracker:
        tracker.record(channel="phone", occurred_at=at(0), customer=[NUMBER, JANE])
        tracker.record(channel="phone", occurred_at=at(1), customer=[JANE], participants=[JOE])
        tracker.link(JANE, "x:jane")
        tracker.retract(tracker.deny(JANE, JOE))
        for n in range(others):
            said = tracker.link(f"email:a{n}@example.com", f"email:b{n}@example.com", reason=f"a{n}@example.com called")
            if n % 2:
                tracker.retract(said)
            call = tracker.record(channel="phone", occurred_at=at(n), customer=f"email:c{n}@example.com").interaction
            tracker.attribute(call or "", f"email:d{n}@example.com")
        return rows_read(tracker, lambda: act(tracker))


@pytest.mark.parametrize(
    "act",
    [
        lambda tracker: tracker.erase(JANE),
        lambda tracker: tracker.erase(JANE, dry_run=True),
        lambda tracker: tracker.reassign(NUMBER, at=at(5)),
        lambda tracker: tracker.statements(JANE),
        lambda tracker: tracker.explain(JANE, NUMBER),
        lambda tracker: tracker.conflicts(JANE),
        lambda tracker: tracker.suggestions(JANE),
        lambda tracker: tracker.identity_log(JANE),
        lambda tracker: tracker.preview(Statement.deny(JANE, NUMBER)),
        lambda tracker: tracker.retract(tracker.link(JANE, JOE, reason="as joe@example.com says")),
        lambda tracker: tracker.mark_shared(NUMBER),
    ],
    ids=[
        "erase", "dry run", "reassign", "statements", "explain", "conflicts", "suggestions", "identity log", "preview", "retract", "mark shared",
    ],
)  # fmt: skip
def test_what_is_read_does_not_grow_with_the_statements_about_others(act: Callable[[Tracker], object]) -> None:
    few = among(0, act)
    assert [among(others, act) for others in (10, 30)] == [few, few]


# -- stores of before -------------------------------------------------------------------------------------------------------


def as_before(tx: Transaction) -> None:
    """Write what was said as it was written before there was an index, and before what is named was kept apart."""
    for row in tx.find_records(STATEMENT):
        said, values = StatementRecord.load(row.value), json.loads(row.value)
        del values["named_a"], values["named_b"]
        values["pinned_a"] = said.named_a.holder is not None
        values["pinned_b"] = said.named_b is not None and said.named_b.holder is not None
        tx.put_records([row._replace(value=json.dumps(values))])
    for row in tx.find_records(ANCHOR_OVERRIDE):
        values = json.loads(row.value)
        if "beside" not in values:
            values["pin"] = values["pin"] and values["pin"][1]
            values["said"] = [[id, pin and pin[1]] for id, pin in values["said"]]
            tx.put_records([row._replace(value=json.dumps(values))])
    gone = [(kind, row.key) for kind in (ABOUT, ATTRIBUTIONS) for row in tx.find_records(kind)]
    tx.delete(records=[*gone, (SETTINGS, ADOPTED)])


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'history.db'}"


def test_a_store_of_before_is_read_into_the_form_of_today_when_it_is_opened(url: str) -> None:
    with omnitrack.open(url, region="GB") as tracker:
        tracker.record(channel="phone", occurred_at=at(0), customer=NUMBER)
        old = tracker.customer(NUMBER).id
        tracker.reassign(NUMBER, at=at(5))
        tracker.record(channel="phone", occurred_at=at(9), customer=NUMBER)
        new = tracker.customer(NUMBER).id
        said = [
            tracker.link(new, "x:new", at=at(9)),
            tracker.deny(old, JOE),
            tracker.mark_personal(NUMBER, of="x:new", at=at(9)),
            tracker.mark_shared(ONE),
        ]
        call = tracker.record(channel="web", occurred_at=at(20)).interaction or ""
        said.append(tracker.attribute(call, new))
        tracker.note(new, "noted")
        tracker.note(JANE if tracker.link(JANE, JOE) else "", "by identifier")
        tracker.retract(tracker.deny(JANE, ONE))
        wanted = tracker._backend.run(_said_of, write=False)
        tracker._backend.run(as_before)
    with omnitrack.open(url, region="GB") as tracker:
        assert tracker._backend.run(_said_of, write=False) == wanted
        assert tracker.verify()
        (row,) = [s for s in tracker.statements(NUMBER) if s.kind == "reassigned"]
        tracker.retract(row)
        assert tracker.customer(NUMBER).id == tracker.customer("x:new").id
        assert [item.id for item in tracker.timeline(NUMBER, order="oldest") if item.channel == "web"] == [call]
        assert tracker.verify()
        tracker.erase(NUMBER)
        assert tracker.verify()
        assert not tracker.statements(JANE)[1:]


def _said_of(tx: Transaction) -> dict[str, Any]:
    """What is said, whom it is about and what it names; of a mention the time only where it tells holders apart."""
    said = {row.key: StatementRecord.load(row.value) for row in tx.find_records(STATEMENT)}
    index = [row.key for kind in (ABOUT, ATTRIBUTIONS) for row in tx.find_records(kind)]
    return {"said": {key: (s.kind, s.a, s.b, s.mentions, s.retracted_at) for key, s in said.items()}, "index": index}


def test_what_was_adopted_is_not_adopted_again_and_a_broken_off_adoption_goes_on(url: str) -> None:
    with omnitrack.open(url, region="GB") as tracker:
        said = tracker.link(JANE, JOE)
        tracker._backend.run(lambda tx: tx.delete(records=[(SETTINGS, ADOPTED)]))
    with omnitrack.open(url, region="GB") as tracker:
        assert tracker.verify()
        assert [s.id for s in tracker.statements(JANE)] == [said.id]
        row: RecordRow = tracker._backend.run(lambda tx: tx.find_records(STATEMENT)[0], write=False)
    with omnitrack.open(url, region="GB") as tracker:
        assert tracker._backend.run(lambda tx: tx.find_records(STATEMENT)[0], write=False) == row
