"""Everything that can happen to a store, interleaved, against the rules read naively: on memory and on SQLite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

import omnitrack
from clock import now
from effort import budget
from identity.facts import (
    LAST,
    WORLD,
    ById,
    Said,
    Seen,
    check,
    differences,
    minutes,
    numbers,
    people,
    picks,
    policies,
    state_of,
    statements,
    tell,
    timelines_of,
    when,
)
from identity.naive import Naive, attribute_to, named_by_id, say_by_id
from omnitrack.errors import CustomerNotFoundError, StatementNotFoundError
from omnitrack.foundation.ids import to_text
from omnitrack.identity.policy import Policy
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Role
from omnitrack.records import STATEMENT
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend
from omnitrack.tracker import Tracker
from omnitrack.upkeep.erase import RetentionRule

pytestmark = pytest.mark.usefixtures("clock")

participants = st.lists(numbers, max_size=2, unique=True).map(tuple)


class History(RuleBasedStateMachine):
    """Two trackers on one store, so that neither may trust what it remembers, and a naive store told the same."""

    url: ClassVar[str] = "memory://"
    said: Bundle[tuple[str, Any]] = Bundle("said")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.count = 0
        self.ids: dict[str, str] = {}
        self.notes: dict[str, list[str]] = {}  # ids of those beside an interaction, by its name
        self.turn = 0

    @initialize(policy=policies)
    def open(self, policy: Policy) -> None:
        first = self.opened(policy)
        self.trackers = (first, omnitrack.Tracker(first._backend, policy=policy))
        self.naive = Naive(policy)

    def opened(self, policy: Policy) -> Tracker:
        return omnitrack.open(self.url.format(folder=self.folder), policy=policy)

    def teardown(self) -> None:
        self.trackers[0].close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def tracker(self) -> Tracker:
        self.turn += 1
        return self.trackers[self.turn % 2]

    # -- recording ------------------------------------------------------------------------------------------------------
    def seen(self, minute: int, who: Any, others: Any) -> Seen:
        self.count += 1
        return Seen(f"i{self.count}", minute, who, others)

    @rule(minute=minutes, who=people(), others=participants)
    def record(self, minute: int, who: Any, others: Any) -> None:
        seen = self.seen(minute, who, others)
        self.ids[seen.name] = tell(self.tracker, seen).interaction
        self.naive.tell(seen)

    @rule(batch=st.lists(st.tuples(minutes, people(), participants), min_size=2, max_size=4))
    def record_many(self, batch: list[Any]) -> None:
        found = [self.seen(*one) for one in batch]
        assert self.tracker.record_many([s.interaction() for s in [*found, found[0]]]).added == len(found)
        for seen in found:
            self.naive.tell(seen)
            self.ids[seen.name] = tell(self.tracker, seen).interaction

    @precondition(lambda self: self.naive.seen or self.naive.suppressed)
    @rule(pick=st.integers(0, 50), minute=minutes, who=people())
    def record_again(self, pick: int, minute: int, who: Any) -> None:
        """A retry, or an import that is run again: what was erased stays out, whatever else is there is left as it is."""
        names = sorted({*self.naive.seen, *self.naive.suppressed})
        name = names[pick % len(names)]
        answer = tell(self.tracker, Seen(name, minute, who))
        assert answer.suppressed == (name in self.naive.suppressed)
        assert answer.duplicate == (name not in self.naive.suppressed)

    @precondition(lambda self: self.naive.seen)
    @rule(pick=st.integers(0, 50), minute=minutes)
    def revise(self, pick: int, minute: int) -> None:
        """An edit at the source changes no identifier."""
        names = sorted(self.naive.seen)
        self.tracker.revise("test", names[pick % len(names)], body="edited", at=when(minute))

    @precondition(lambda self: self.naive.seen)
    @rule(pick=st.integers(0, 50), nested=st.booleans())
    def note(self, pick: int, nested: bool) -> None:
        """A note beside an interaction, or beside a note there, changes nothing but that it is there."""
        names = sorted(self.naive.seen)
        name = names[pick % len(names)]
        there = self.notes.setdefault(name, [])
        there.append(self.tracker.note(there[-1] if there and nested else self.ids[name], "noted"))

    # -- identity -------------------------------------------------------------------------------------------------------
    def rows(self, read: Callable[[Transaction], Any]) -> Any:
        return self.trackers[0]._backend.run(read, write=False)

    @rule(target=said, statement=statements(), picks=st.tuples(picks, picks))
    def say(self, statement: Said, picks: tuple[int | None, int | None]) -> Any:
        return say_by_id(self.tracker, self.naive, ById(statement, picks)) or multiple()

    @rule(target=said, one=consumes(said), minute=minutes)
    def correct(self, one: tuple[str, Any], minute: int) -> Any:
        """Say a statement again of another time, as somebody does who finds that a date was wrong."""
        self.retract(one)
        _, fact = one
        if not isinstance(fact, Said):
            return multiple()
        again = ById(attrs.evolve(fact, minute=minute, pins=(None, None)), (None, None))
        return say_by_id(self.tracker, self.naive, again) or multiple()

    @precondition(lambda self: self.naive.seen)
    @rule(target=said, pick=st.integers(0, 50), x=numbers, who=picks)
    def attribute(self, pick: int, x: int, who: int | None) -> tuple[str, Any]:
        names = sorted(self.naive.seen)
        name = names[pick % len(names)]
        return attribute_to(self.tracker, self.naive, self.ids[name], name, x, who)

    @rule(x=numbers, who=picks)
    def note_on(self, x: int, who: int | None) -> None:
        """A note on a person, who is named by identifier or by customer id."""
        named = named_by_id(self.tracker, self.naive, x, who)
        try:
            id = self.tracker.note(WORLD[x] if named is None else named[0], "noted")
        except CustomerNotFoundError:
            return
        self.naive.noted[id] = (x, None if named is None else self.naive.pin(named[1], LAST))

    @rule(one=consumes(said))
    def take_back(self, one: tuple[str, Any]) -> None:
        self.retract(one)

    def retract(self, one: tuple[str, Any]) -> None:
        id, fact = one
        held = any(fact is other for other in (*self.naive.said, *self.naive.attributed))
        try:
            self.tracker.retract(id)
        except StatementNotFoundError:
            assert not held  # it went when somebody was erased whom it named
            return
        self.naive.forget(fact)

    # -- care -----------------------------------------------------------------------------------------------------------
    @rule(x=numbers)
    def erase(self, x: int) -> None:
        known = self.naive.erase(x)
        try:
            planned = self.tracker.erase(WORLD[x], dry_run=True)
            receipt = self.tracker.erase(WORLD[x])
            assert str(planned).replace("would be erased", "erased") == str(receipt)
        except CustomerNotFoundError:
            assert not known

    @rule(minute=st.integers(0, 3))
    def retain(self, minute: int) -> None:
        keep = now() - when(minute) + timedelta(seconds=30)
        self.tracker.apply_retention([RetentionRule(keep=keep)])
        self.naive.retain(minute)

    @invariant()
    def nothing_differs(self) -> None:
        check(self.trackers[0])
        problems = differences(state_of(self.trackers[0]), self.naive.state())
        assert not problems, problems

    @invariant()
    def timelines_are_right(self) -> None:
        assert timelines_of(self.trackers[1]) == self.naive.timelines()

    @invariant()
    def notes_are_where_their_interactions_are(self) -> None:
        wanted = {note: self.ids[name] for name in self.naive.seen for note in self.notes.get(name, ())}

        def places(tx: Transaction) -> tuple[set[str], dict[str, set[tuple[int, bytes]]]]:
            found = tx.find_interactions()
            there: dict[str, set[tuple[int, bytes]]] = {}
            for e in tx.list_entries(interactions=[row.id for row in found], roles=[int(Role.ANCHOR)]):
                there.setdefault(to_text("int", e.interaction), set()).add((e.person, e.identifier))
            return {to_text("int", row.id) for row in found if row.kind == "note"}, there

        notes, there = self.trackers[1]._backend.run(places, write=False)
        assert notes == wanted.keys() | self.naive.noted.keys()
        assert all(there[note] == there[interaction] for note, interaction in wanted.items())
        on_people = {
            note: {(0, self.naive.id(self.naive.about(x, LAST, pin)))} for note, (x, pin) in self.naive.noted.items()
        }
        assert {note: there[note] for note in on_people} == on_people

    @invariant()
    def statements_are_about_whom_they_name(self) -> None:
        records = self.rows(lambda tx: [StatementRecord.load(r.value) for r in tx.find_records(STATEMENT)])
        said = [s for s in records if s.retracted_at is None and s.kind not in ("reassigned", "attributed")]
        found = sorted((s.kind, sorted((s.a, s.b)[: len(s.mentions)])) for s in said)
        assert found == sorted((kind, sorted(map(self.naive.id, ends))) for kind, ends in self.naive.statements())


class HistoryOnSqlite(History):
    url = "sqlite:///{folder}/history.db"


class HistoryAmongWriters(History):
    """On a store that does not say that its writers take turns, so that a change looks ahead before it locks."""

    def opened(self, policy: Policy) -> Tracker:
        backend = MemoryBackend()
        attempt = backend._attempt

        def unserialised(fn: Callable[[Any], Any], write: bool) -> Any:
            def told(tx: Any) -> Any:
                tx.serialised = False
                return fn(tx)

            return attempt(told, write)

        backend._attempt = unserialised  # type: ignore[method-assign]
        return Tracker(backend, policy=policy)


def run(machine: type[History], examples: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(budget(examples), stateful_step_count=25, suppress_health_check=list(HealthCheck)),
    )


def test_whatever_happens_a_store_in_memory_says_what_the_rules_say() -> None:
    run(History, 30)


def test_whatever_happens_a_store_with_writers_side_by_side_says_what_the_rules_say() -> None:
    run(HistoryAmongWriters, 10)


def test_whatever_happens_a_store_on_sqlite_says_what_the_rules_say() -> None:
    run(HistoryOnSqlite, 5)
