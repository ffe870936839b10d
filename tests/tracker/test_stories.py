"""What the identity engine is trusted for, as stories: shared lines, families, two accounts, a month of a wrong merge, costs, the past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from clock import now
from contacts import T0, seen
from omnitrack import CustomerNotFoundError, Interaction, RetentionRule, Tracker, verified
from omnitrack.storage.memory import MemoryBackend

pytestmark = pytest.mark.usefixtures("clock")

JANE, JOE, PHONE, ONE, TWO = (
    "jane@example.com",
    "joe@example.com",
    "phone:+442079460958",
    "account:1@bt",
    "account:2@bt",
)


def bodies(tracker: Tracker, who: str, **filters: Any) -> list[str | None]:
    return [item.body for item in tracker.timeline(who, order="oldest", **filters)]


class Counting:
    """A backend that counts the calls of each method of a transaction, and the rows that come back."""

    def __init__(self) -> None:
        self.backend = MemoryBackend.from_url("memory://")
        self.calls: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        run = self.backend.run
        self.backend.run = lambda fn, *, write=True: run(lambda tx: fn(_Counted(tx, self)), write=write)  # type: ignore[method-assign, arg-type]

    def of(self, work: Callable[[], Any]) -> tuple[dict[str, int], dict[str, int]]:
        self.calls.clear()
        self.rows.clear()
        work()
        return dict(self.calls), dict(self.rows)


class _Counted:
    def __init__(self, tx: Any, counting: Counting) -> None:
        self._tx = tx
        self._counting = counting
        self.serialised = tx.serialised

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._tx, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            self._counting.calls[name] += 1
            self._counting.rows[name] += sum(len(a) for a in args if isinstance(a, (list, tuple)))
            self._counting.rows[name] += len(answer) if isinstance(answer, (list, tuple, set)) else 0
            return answer

        return counted


def linked_and_back(tracker: Tracker) -> None:
    tracker.retract(tracker.link(JANE, JOE))


def test_a_merge_costs_the_same_however_long_the_histories_are() -> None:
    costs = []
    for length in (10, 2_000):
        counting = Counting()
        tracker = Tracker(counting.backend)
        for who in (JANE, JOE):
            tracker.record_many(
                Interaction(channel="email", occurred_at=T0 + timedelta(minutes=n), customers=[[who]])
                for n in range(length)
            )
        costs.append(counting.of(partial(linked_and_back, tracker)))
    assert costs[0] == costs[1]


def test_a_sighting_of_what_is_known_reads_and_writes_no_identity_row() -> None:
    counting = Counting()
    tracker = Tracker(counting.backend)
    for minute in range(2):
        seen(tracker, minute, PHONE, verified(ONE))
    calls, _ = counting.of(lambda: seen(tracker, 2, PHONE, verified(ONE)))
    assert calls == {"guard": 1, "add_interactions": 1}


def test_a_switchboard_neither_joins_its_callers_nor_costs_more_with_them() -> None:
    counting = Counting()
    tracker = Tracker(counting.backend)
    tracker.record_many(
        Interaction(channel="phone", occurred_at=T0, customers=[[PHONE, f"email:{n}@example.com"]])
        for n in range(2_000)
    )
    assert tracker.customer(PHONE).shared
    assert tracker.customer("0@example.com").id != tracker.customer("1@example.com").id
    fresh = Tracker(counting.backend)  # with nothing in its memory
    _, rows = counting.of(lambda: seen(fresh, 1, PHONE, "email:new@example.com"))
    assert sum(rows.values()) < 60
    assert len(tracker.candidates(PHONE, limit=20)) == 20
    assert tracker.verify().ok


def test_a_page_of_a_shared_line_says_that_it_is_shared(tracker: Tracker) -> None:
    tracker.mark_shared(PHONE)
    seen(tracker, 0, PHONE)
    seen(tracker, 1, JANE)
    assert [item.shared for item in tracker.timeline(PHONE)] == [True]
    assert [item.shared for item in tracker.timeline(JANE)] == [False]


def test_two_holders_of_accounts_who_use_one_mailbox_stay_two_and_it_is_theirs_both(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, verified(ONE), body="one")
    seen(tracker, 1, JANE, verified(TWO), body="two")
    assert tracker.customer(ONE).id != tracker.customer(TWO).id
    assert {c.id for c in tracker.candidates(JANE)} == {tracker.customer(ONE).id, tracker.customer(TWO).id}
    seen(tracker, 2, JANE, body="whose?")
    assert "whose?" not in bodies(tracker, ONE)
    assert "whose?" in bodies(tracker, ONE, include_shared=True)


def test_a_person_with_two_accounts_becomes_one_by_one_link(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, verified(ONE), body="one")
    seen(tracker, 1, JANE, verified(TWO), body="two")
    seen(tracker, 2, JANE, body="three")
    tracker.link(ONE, TWO, by="agent", reason="she has both")
    assert bodies(tracker, JANE) == ["one", "two", "three"]
    assert tracker.verify().ok


def test_a_family_that_is_marked_as_sharing_stays_apart(tracker: Tracker) -> None:
    tracker.mark_shared(PHONE, by="agent", reason="a family")
    seen(tracker, 0, PHONE, JANE)
    seen(tracker, 1, PHONE, JOE)
    assert tracker.customer(JANE).id != tracker.customer(JOE).id
    assert {c.kind for c in tracker.conflicts(PHONE)} == {"shared"}


def test_a_month_of_a_wrong_merge_is_taken_apart_with_one_call(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, body="jane")
    seen(tracker, 1, JOE, body="joe")
    wrong = tracker.link(JANE, JOE, by="agent", reason="a mistake")
    for day in range(1, 31):
        seen(tracker, day * 1_440, JANE if day % 2 else JOE, body=f"{'jane' if day % 2 else 'joe'} {day}")
    assert len(bodies(tracker, JANE)) == 32
    tracker.retract(wrong, by="another agent")
    assert all(str(body).startswith("jane") for body in bodies(tracker, JANE))
    assert all(str(body).startswith("joe") for body in bodies(tracker, JOE))
    assert len(bodies(tracker, JANE)) + len(bodies(tracker, JOE)) == 32


def test_a_wrong_join_by_evidence_is_undone_by_a_denial_and_stays_undone(tracker: Tracker) -> None:
    seen(tracker, 0, PHONE, JANE)
    tracker.deny(PHONE, JANE)
    seen(tracker, 1, PHONE, JANE)
    assert tracker.customer(PHONE).id != tracker.customer(JANE).id
    assert "not one person" in str(tracker.explain(PHONE, JANE))


def test_a_mail_to_two_who_turn_out_one_is_shown_once(tracker: Tracker) -> None:
    tracker.record(channel="email", occurred_at=T0, customers=[[JANE], [JOE]], body="to both")
    assert bodies(tracker, JANE) == bodies(tracker, JOE) == ["to both"]
    tracker.link(JANE, JOE)
    assert bodies(tracker, JANE) == ["to both"]


def test_the_past_is_told_as_it_was_known(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, body="jane")
    seen(tracker, 1, JOE, body="joe")
    apart = now()
    link = tracker.link(JANE, JOE, by="agent")
    one = now()
    tracker.retract(link)
    seen(tracker, 2, JANE, body="later")
    assert bodies(tracker, JANE, as_of=apart) == ["jane"]
    assert bodies(tracker, JANE, as_of=one) == ["jane", "joe"]
    assert bodies(tracker, JANE) == ["jane", "later"]
    assert len(tracker.customer(JOE, as_of=one).identifiers) == 2
    assert tracker.customer(JOE, as_of=apart).id == tracker.customer(JOE).id
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(JANE, as_of=T0 - timedelta(days=365))


def test_the_log_names_who_why_and_by_which_interaction(tracker: Tracker) -> None:
    seen(tracker, 0, PHONE)
    seen(tracker, 1, JANE)
    merged = tracker.record(channel="phone", occurred_at=T0, customer=[PHONE, JANE])
    tracker.deny(PHONE, JANE, by="agent", reason="two people")
    first, second = tracker.identity_log()[0], tracker.identity_log()[-1]
    assert (first.cause, first.interaction) == ("record", merged.interaction)
    assert (second.cause, second.by, second.reason) == ("deny", "agent", "two people")


def test_an_erased_person_is_in_no_table_and_no_byte_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with omnitrack.open(f"sqlite:///{path}", region="GB", matching=True) as tracker:
        tracker.record(
            channel="email",
            occurred_at=T0,
            customer=["erased.person@example.com", "020 7946 0958"],
            body="unmistakable words of the erased",
            traits={"name": "Erasmus Erasable"},
            source="mail",
            source_id="<1@example.com>",
        )
        tracker.link("erased.person@example.com", "x:erasedhandle", by="agent", reason="unmistakable reason")
        seen(tracker, 1, JOE, body="somebody else")
        id = tracker.customer("020 7946 0958").id
        dry = tracker.erase(id, dry_run=True)
        assert bodies(tracker, id)
        receipt = tracker.erase(id, by="agent", reason="asked for")
        assert (receipt.interactions, receipt.identifiers) == (dry.interactions, dry.identifiers) == (1, 3)
        assert bodies(tracker, JOE) == ["somebody else"]
        assert tracker.verify().ok
        with pytest.raises(CustomerNotFoundError):
            tracker.customer(id)
        again = tracker.record(
            channel="email",
            occurred_at=T0,
            customer="erased.person@example.com",
            source="mail",
            source_id="<1@example.com>",
        )
        assert again.suppressed
        home = bytes.fromhex(id.removeprefix("cus_"))
        bases = [tracker._ctx.base_id(key) for key in ("email:erased.person@example.com", "phone:+442079460958")]
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        traces = [
            b"erased.person",
            b"unmistakable",
            b"Erasmus",
            b"erasmus",
            b"442079460958",
            b"7946",
            b"erasedhandle",
            home,
        ]
        traces += [*bases, *(base.hex().encode() for base in bases)]
        assert [trace for trace in traces if trace in held] == []
        seen(tracker, 2, "020 7946 0958", body="somebody new")
        assert tracker.customer("020 7946 0958").id != id


def test_an_erasure_never_joins_strangers(tracker: Tracker) -> None:
    seen(tracker, 0, PHONE, verified(ONE))
    seen(tracker, 1, PHONE, verified(TWO))
    seen(tracker, 2, PHONE, JANE)
    tracker.erase(TWO)
    assert tracker.customer(PHONE).shared
    assert tracker.customer(ONE).id != tracker.customer(JANE).id
    tracker.mark_personal(PHONE, of=ONE)
    assert tracker.customer(ONE).id == tracker.customer(PHONE).id
    assert tracker.verify().ok


def test_retention_takes_what_is_past_its_time_and_nothing_else(tracker: Tracker) -> None:
    today = now()
    for days, channel in ((400, "phone"), (400, "email"), (1, "phone")):
        tracker.record(
            channel=channel, occurred_at=today - timedelta(days=days), customer=[JANE], body=f"{channel} {days}"
        )
    rules = [RetentionRule(keep=timedelta(days=365), channels=("phone",))]
    assert tracker.apply_retention(rules, dry_run=True).interactions == 1
    assert tracker.apply_retention(rules).interactions == 1
    assert bodies(tracker, JANE) == ["email 400", "phone 1"]
    assert tracker.verify().ok
