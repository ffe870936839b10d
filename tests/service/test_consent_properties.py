"""Consent over any order of merges, splits, undos and new holders: nothing is lost, nothing leaks, the strictest counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from contacts import at
from effort import budget
from omnitrack import Interaction, OmnitrackError, Tracker
from omnitrack.reading.resolve import to_identifier
from omnitrack.storage.contract import RETIRED, SHARED, IdentifierRow

pytestmark = pytest.mark.usefixtures("clock")

NAMES = ["phone:+442079460951", "phone:+442079460952", "email:1@example.com", "account:1@bt"]
SCOPES = [("marketing", "sms"), ("marketing", None), (None, "sms"), (None, None), ("survey", "sms")]
ASKED = [("marketing", "sms"), ("survey", "sms"), ("marketing", "email")]
LAST = 40  # minutes of the history, all before now


@attrs.frozen
class Said:
    """One consent: of which identifier, of which minute."""

    name: str
    minute: int
    granted: bool
    scope: tuple[str | None, str | None]


@attrs.frozen
class Together:
    """One contact with two identifiers."""

    names: tuple[str, str]
    minute: int


@attrs.frozen
class Statement:
    """One statement; of a reassignment ``minute`` is since when."""

    kind: str
    names: tuple[str, str]
    minute: int


@attrs.frozen
class Undo:
    """One of the statements that hold, taken back."""

    pick: int


minutes = st.integers(0, LAST)
names = st.sampled_from(NAMES)
pairs = st.lists(names, min_size=2, max_size=2, unique=True).map(lambda found: (found[0], found[1]))
saids = st.builds(Said, names, minutes, st.booleans(), st.sampled_from(SCOPES))
statements = st.builds(
    Statement, st.sampled_from(["link", "link", "deny", "mark_shared", "reassign", "reassign"]), pairs, minutes
)
steps = st.one_of(saids, saids, st.builds(Together, pairs, minutes), statements, st.builds(Undo, st.integers(0, 9)))


def opened() -> Tracker:
    tracker = omnitrack.open("memory://", region="GB")
    tracker.record_many(
        Interaction(channel="chat", occurred_at=at(0), customers=[[name]], source="first", source_id=name)
        for name in NAMES
    )
    return tracker


class History:
    """A tracker, and what holds of what it was told."""

    def __init__(self) -> None:
        self.tracker = opened()
        self.said: list[Said] = []
        self.holding: list[tuple[str, Statement]] = []
        self.count = 0

    def tell(self, step: Any) -> None:
        if isinstance(step, Said):
            purpose, channel = step.scope
            self.tracker.consent(step.name, granted=step.granted, purpose=purpose, channel=channel, at=at(step.minute))
            self.said.append(step)
        elif isinstance(step, Together):
            self.count += 1
            self.tracker.record(
                channel="chat",
                occurred_at=at(step.minute),
                customer=step.names,
                source="s",
                source_id=str(self.count),
            )
        elif isinstance(step, Undo):
            if self.holding:
                id, _ = self.holding.pop(step.pick % len(self.holding))
                self.tracker.retract(id)
        else:
            self.state(step)

    def state(self, step: Statement) -> None:
        one, two = step.names
        tracker = self.tracker
        try:
            if step.kind == "reassign":
                id = tracker.reassign(one, at=at(step.minute)).id
            elif step.kind == "mark_shared":
                id = tracker.mark_shared(one).id
            else:
                id = getattr(tracker, step.kind)(one, two).id
        except OmnitrackError:  # a role that may not be linked, or the same holder twice
            return
        assert id is not None
        self.holding.append((id, step))

    def holder_of(self, said: Said) -> int | None:
        """Return since which minute whoever had the identifier then has it; None for the first."""
        begins = [s.minute for _, s in self.holding if s.kind == "reassign" and s.names[0] == said.name]
        return max((minute for minute in begins if minute <= said.minute), default=None)

    def expected(self, members: Iterable[IdentifierRow], asked: tuple[str, str]) -> bool | None:
        """Return what is allowed, None where nothing is known: read naively, from what was said and who belongs together."""
        answers = set()
        for row in members:
            since = None if row.since is None else round((row.since / 1e6 - at(0).timestamp()) / 60)
            covering = [
                (s.minute, not s.granted)
                for s in self.said
                if s.name == to_identifier(row).key
                and self.holder_of(s) == since
                and s.scope[0] in (None, asked[0])
                and s.scope[1] in (None, asked[1])
            ]
            if covering:
                answers.add(not max(covering)[1])
        return False if False in answers else True if answers else None

    def rows(self) -> list[IdentifierRow]:
        found: list[IdentifierRow] = self.tracker._backend.run(lambda tx: tx.find_identifiers(), write=False)
        return [row for row in found if not row.state & RETIRED]


def answer(tracker: Tracker, who: str, asked: tuple[str, str]) -> bool | None:
    permission = tracker.may_contact(who, purpose=asked[0], channel=asked[1])
    return None if permission.reason == "nothing is known" else permission.allowed


@budget(150)
@given(st.lists(steps, max_size=14))
def test_a_customers_permission_is_that_of_the_identifiers_that_are_theirs_now(told: list[Any]) -> None:
    history = History()
    for step in told:
        history.tell(step)
    rows = history.rows()
    for row in rows:
        members = [r for r in rows if r.customer == row.customer]
        for asked in ASKED:
            who = f"cus_{row.home.hex()}"
            if len(members) == 1 or not any(r.state & SHARED for r in members):
                assert answer(history.tracker, who, asked) == history.expected(members, asked)


@budget(100)
@given(st.lists(saids, max_size=6), st.lists(statements, max_size=6), st.randoms(use_true_random=False))
def test_what_is_taken_back_leaves_each_identifier_with_its_own(
    said: Sequence[Said], stated: Sequence[Statement], random: Any
) -> None:
    alone = History()
    for one in said:
        alone.tell(one)
    history = History()
    mixed: list[Any] = [*said, *stated]
    random.shuffle(mixed)
    for step in mixed:
        history.tell(step)
    while history.holding:
        history.tell(Undo(random.randrange(10)))
    for name in NAMES:
        for asked in ASKED:
            assert answer(history.tracker, name, asked) == answer(alone.tracker, name, asked)


@budget(100)
@given(st.lists(st.one_of(saids, st.builds(Together, pairs, minutes)), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides_nothing(told: Sequence[Any], random: Any) -> None:
    one, two = History(), History()
    shuffled = list(told)
    random.shuffle(shuffled)
    for history, steps in ((one, told), (two, shuffled)):
        for step in steps:
            history.tell(step)
    for name in NAMES:
        for asked in ASKED:
            assert answer(one.tracker, name, asked) == answer(two.tracker, name, asked)
