"""Complaints: closed with the customer's word, or without it, and what came then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from insights.streams import HOUR, at, contact, streams
from omnitrack.insights import Closures, by_customer, closures, is_closure, is_complaint, is_confirmation
from omnitrack.model import Interaction

WINDOW = 8 * HOUR
CUSTOMER: dict[str, Any] = {"channel": "email", "thread": "c"}
COMPANY: dict[str, Any] = {**CUSTOMER, "direction": "outbound"}
COMPLAINT = contact(0, kind="complaint", **CUSTOMER)
CLOSED = contact(2, outcome="closed", **COMPANY)
LATER = contact(99, "web")


def run(*interactions: Interaction) -> Closures:
    return closures((("ann", one) for one in interactions), window=WINDOW)


def test_a_closure_after_the_customers_word_is_confirmed() -> None:
    result = run(COMPLAINT, contact(1, outcome="confirmed", **CUSTOMER), CLOSED, LATER)
    assert (result.confirmed, result.unconfirmed, result.closed) == (1, 0, 1)


def test_a_word_that_was_taken_back_confirms_nothing() -> None:
    result = run(COMPLAINT, contact(1, outcome="confirmed", **CUSTOMER), contact(1.5, **CUSTOMER), CLOSED, LATER)
    assert (result.confirmed, result.silent) == (0, 1)


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (None, "silent"),
        (contact(3, **CUSTOMER), "came_back"),
        (contact(3, outcome="confirmed", **CUSTOMER), "confirmed_later"),
        (contact(3, **COMPANY), "silent"),
        (contact(11, **CUSTOMER), "silent"),
    ],
)
def test_after_a_closure_without_the_customers_word_the_answer_tells(answer: Interaction | None, count: str) -> None:
    result = run(COMPLAINT, CLOSED, *([answer] if answer else []), LATER)
    assert getattr(result, count) == 1
    assert (result.closed, result.unconfirmed) == (1, 1)
    assert "1 of 1 complaints closed, 1 before" in str(result)


def test_of_a_closure_of_the_last_days_it_is_too_early_to_tell() -> None:
    assert run(COMPLAINT, CLOSED).undecided == 1


def test_a_complaint_that_nobody_closed_is_open() -> None:
    assert run(COMPLAINT, LATER).open == 1
    assert run(COMPLAINT, contact(24 * 400, "web")).open == 1


def test_a_thread_that_does_not_begin_with_a_complaint_is_none() -> None:
    assert run(contact(0, **CUSTOMER), CLOSED) == Closures()


def test_a_stream_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="oldest first"):
        run(CLOSED, COMPLAINT)


def naive(pairs: list[tuple[str, Interaction]], window: timedelta) -> Closures:
    """Each thread by itself, from its complaint to its end, again and again."""
    counts = dict.fromkeys(("confirmed", "confirmed_later", "came_back", "silent", "undecided", "open"), 0)
    end = pairs[-1][1].occurred_at if pairs else at(0)
    for who, thread in {(customer, one.thread) for customer, one in pairs if one.thread is not None}:
        rows = [one for customer, one in pairs if (customer, one.thread) == (who, thread)]
        while rows:
            if not is_complaint(rows[0]):
                rows = rows[1:]
                continue
            ends = [index for index, row in enumerate(rows) if is_closure(row)]
            if not ends:
                counts["open"] += 1
                break
            word = [is_confirmation(row) for row in rows[1 : ends[0]] if by_customer(row)]
            closing, rows = rows[ends[0]], rows[ends[0] + 1 :]
            if word and word[-1]:
                counts["confirmed"] += 1
                continue
            heard = [row for row in rows if row.occurred_at <= closing.occurred_at + window]
            rows = rows[len(heard) :]
            said = [is_confirmation(row) for row in heard if by_customer(row) and not is_closure(row)]
            if said:
                counts["confirmed_later" if said[0] else "came_back"] += 1
            else:
                counts["silent" if closing.occurred_at + window < end else "undecided"] += 1
    return Closures(complaints=sum(counts.values()), **counts)


@given(streams(kinds=("message", "complaint")))
def test_the_stream_gives_what_the_rules_say(pairs: list[tuple[str, Interaction]]) -> None:
    result = closures(pairs, window=WINDOW)
    assert result == naive(pairs, WINDOW)
    assert result.complaints == result.closed + result.open
    assert result.unconfirmed == result.confirmed_later + result.came_back + result.silent + result.undecided
