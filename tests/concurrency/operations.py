"""Operations to interleave transaction by transaction: a small store, what can be done to it at once, and what must hold of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs

from calling import Stepped, rebuilding
from omnitrack import (
    CustomerNotFoundError,
    InvalidPolicyError,
    OperationRunningError,
    Policy,
    RetentionRule,
    StatementNotFoundError,
    Tracker,
    verified,
)
from omnitrack.foundation.calls import Run
from omnitrack.identifiers.scheme import content_id
from omnitrack.identity.statement import Statement
from omnitrack.model import Interaction
from omnitrack.recording import loading
from omnitrack.statements import notes, requests
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.suggesting import likeness
from omnitrack.upkeep import configuring, removal
from omnitrack.upkeep.opening import make_context, open_store

NOW = datetime.now(timezone.utc)
OLD, NEW = Policy(limits={"*": 3}), Policy(limits={"*": 1}, max_identifiers=3)
NEW_OWN = ("phone:+442079460959",)

JANE, HER_PHONE = "email:jane.quuxley@example.com", "phone:+442079460951"
LIKE_JANE, SHARED_PHONE = "email:j.quuxly@example.org", "phone:+442079460958"
BOB, HIS_PHONE, OFFICE = "email:bob@example.com", "phone:+442079460952", "phone:+442079460959"
ANN, HANDLE, ACCOUNT = "email:ann@example.com", "x:ann", "account:1@bt"

#: What only the erased is known by, or said.
HERS = ("quuxley", "secret of jane")
HER_IDS = (content_id(JANE, None), content_id(HER_PHONE, None))


def seen(number: int, *people: Any, days: int = 1, **fields: Any) -> Interaction:
    return Interaction(
        channel="phone",
        occurred_at=NOW - timedelta(days=days, minutes=number),
        customers=[people],
        source="test",
        source_id=str(number),
        **fields,
    )


def fill(tracker: Tracker) -> None:
    jane = {"name": "Jane Quuxley", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
    like = {"name": "Jane Quuxly", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
    tracker.record_many(
        [
            seen(1, JANE, HER_PHONE, traits=jane, body="secret of jane"),
            seen(2, JANE, SHARED_PHONE, body="secret of jane"),
            seen(3, LIKE_JANE, traits=like),
            seen(4, BOB, HIS_PHONE),
            seen(5, HIS_PHONE, OFFICE, days=900),
            seen(6, OFFICE, ANN),
            seen(7, ANN, HANDLE, days=901),
            seen(8, HANDLE, verified(ACCOUNT)),
            seen(9, OFFICE, days=902),
            *(seen(10 + n, SHARED_PHONE, f"email:caller{n}@example.com") for n in range(4)),
        ]
    )
    tracker.deny(BOB, ANN, reason="said before")
    tracker.note(BOB, "a note")


@attrs.define
class Ended:
    """What an operation returned or raised."""

    result: Any = None
    error: Exception | None = None


#: What another process does over the transactions that it takes.
Work = Callable[[Run], Any]


class Running(Stepped[Any]):
    """An operation that runs one transaction at a time."""

    def many(self, count: int | None, other: Running) -> None:
        """Run so many transactions, or all that are left; where it waits for the other, that one goes on."""
        while not self.ended and (count is None or count > 0):
            if not self.once() and not other.ended:
                other.once()
            elif count is not None:
                count -= 1

    def how(self) -> Ended:
        """Return how it ended."""
        if self.error is not None and not isinstance(self.error, Exception):
            raise self.error
        return Ended(self.result, self.error)


def _by_others(backend: Backend, work: Callable[..., Any], *args: Any, **options: Any) -> Work:
    """Return a use case as another process calls it."""
    ctx = Tracker(backend)._ctx
    return lambda run: work(run, ctx, *args, **options)


def _rebuild(backend: Backend) -> Work:
    known = Tracker(backend)._ctx
    return rebuilding(attrs.evolve(make_context(NEW_OWN, NEW, None, None), mark_key=known.mark_key))


def _index(backend: Backend) -> Work:
    ctx = make_context(None, None, None, None, False, True)
    return lambda run: open_store(run, ctx, matching=True)


def _retract(backend: Backend) -> Work:
    tracker = Tracker(backend)
    said = next((one for one in tracker.statements(BOB) if one.reason == "said before"), None)
    if said is None:
        raise StatementNotFoundError("statement: taken back by the other one already")
    return lambda run: requests.retract(run, tracker._ctx, said, by=None, reason=None)


def _load(backend: Backend) -> Work:
    items = [
        seen(30, SHARED_PHONE, "email:new@example.com"),
        seen(31, "email:new@example.com", HIS_PHONE),
        seen(32, LIKE_JANE, "x:like", traits={"name": "Jane Quuxly"}),
    ]
    return _by_others(backend, loading.record_many, items, batch_size=1, on_error="raise", progress=None)


#: What may be done at once: of each what another process would run.
OPERATIONS: dict[str, Callable[[Backend], Work]] = {
    "rebuild by other settings": _rebuild,
    "rebuild": lambda backend: _by_others(backend, configuring.rebuild, None),
    "index": _index,
    "find_matches": lambda backend: _by_others(backend, likeness.find_matches, 0.05, None),
    "retention": lambda backend: _by_others(
        backend, removal.apply_retention, [RetentionRule(keep=timedelta(days=365))], dry_run=False
    ),
    "erase": lambda backend: _by_others(
        backend, removal.erase, JANE, by=None, reason=None, dry_run=False, suppress=True
    ),
    "reassign": lambda backend: _by_others(
        backend, requests.say, Statement.reassign(HIS_PHONE, at=NOW - timedelta(days=30))
    ),
    "retract": _retract,
    "link": lambda backend: _by_others(backend, requests.say, Statement.link(BOB, LIKE_JANE)),
    "record": lambda backend: _by_others(
        backend, loading.record, seen(20, SHARED_PHONE, HIS_PHONE, "x:newcomer", body="new")
    ),
    "load": _load,
    "note": lambda backend: _by_others(backend, notes.note, BOB, "another note", agent=None),
}

#: How an operation may end that comes beside another: refused with a word that says why.
REFUSALS = (
    OperationRunningError,
    CustomerNotFoundError,
    StatementNotFoundError,
    InvalidPolicyError,
)


def everything(backend: Backend) -> Iterator[str]:
    """Yield every row of the store as text, ids as hexadecimal digits."""

    def read(tx: Transaction) -> list[Any]:
        interactions = tx.find_interactions()
        ids = [row.id for row in interactions]
        named = [row.id for row in tx.find_identifiers()]
        kinds = (
            "settings", "lease", "touched", "statement", "filing", "away", "holders", "trait", "block", "profile", "suppressed",
        )  # fmt: skip
        return [
            *tx.find_identifiers(),
            *tx.find_links(),
            *(tx.find_interactions(ids=ids) if ids else ()),
            *(tx.list_entries(interactions=ids) if ids else ()),
            *(tx.list_entries(identifiers=named) if named else ()),
            *tx.list_changes(),
            *(row for kind in kinds for row in tx.find_records(kind)),
        ]

    for row in backend.run(read, write=False):
        yield " ".join(field.hex() if isinstance(field, bytes) else str(field) for field in row)


def settled(backend: Backend) -> Tracker:
    """Return a tracker by the settings that the store goes by now."""
    return Tracker(backend)


def judge(backend: Backend, running: Sequence[Ended], erased: Sequence[str]) -> None:
    """See that all is as it must be: every operation did its work or was refused, nothing is left of the erased, and verify() is clean.

    Args:
        erased: texts that are nowhere once somebody was erased, beside the ids of that person.
    """
    for one in running:
        if one.error is not None and not isinstance(one.error, REFUSALS):
            raise one.error
    tracker = settled(backend)
    report = tracker.verify()
    assert report.ok, str(report)
    tracker.suggestions()
    for name in (LIKE_JANE, BOB, ANN):
        with suppress(CustomerNotFoundError):  # past the time that retention leaves
            tracker.suggestions(name)
    if any(one.error is None and "Receipt" in type(one.result).__name__ and one.result.interactions for one in running):
        rows = list(everything(backend))
        if erased:
            left = [row for row in rows if any(text in row for text in erased)]
            assert not left, left[:3]
