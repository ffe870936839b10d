"""What follows a contact: the streaming form gives what the plain reading of the rules gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.streams import HOUR, START, at, contact, streams
from omnitrack.insights import Followed, by_customer, follow, not_on, on
from omnitrack.model import Interaction

WINDOW = 8 * HOUR


def run(*pairs: tuple[str, Interaction], **options: Any) -> list[Followed]:
    return list(follow(pairs, **{"window": WINDOW, **options}))


def naive(
    pairs: list[tuple[str, Interaction]], window: timedelta, first: Any, then: Any
) -> list[tuple[str, str | None, str | None, timedelta | None, bool, bool, int]]:
    """Each contact by the rules as they are written, looking at every pair of interactions."""
    contacts: list[dict[str, Any]] = []

    def end(one: Interaction) -> Any:
        return min(max(one.occurred_at, one.ended_at or one.occurred_at), one.occurred_at + window)

    def deadline(one: dict[str, Any], before: int) -> Any:
        return max(end(pairs[step][1]) for step in one["steps"] if step < before) + window

    for index, (customer, interaction) in enumerate(pairs):
        now = interaction.occurred_at
        live = [one for one in contacts if one["customer"] == customer and deadline(one, index) >= now]
        same = [one for one in live if one["thread"] is not None and one["thread"] == interaction.thread]
        if then(interaction):
            for one in live:
                if one not in same and one["next"] is None:
                    last = max(end(pairs[step][1]) for step in one["steps"])
                    one["next"] = (interaction.source_id, max(now - last, timedelta(0)))
        if same:
            same[0]["steps"].append(index)
        elif first(interaction):
            contacts.append(
                {
                    "customer": customer,
                    "thread": interaction.thread,
                    "steps": [index],
                    "next": None,
                    "repeat": bool(live),
                }
            )
    out = []
    for one in contacts:
        over = deadline(one, len(pairs)) < pairs[-1][1].occurred_at
        name, gap = one["next"] or (None, None)
        begun = pairs[one["steps"][0]][1].source_id
        out.append((one["customer"], begun, name, gap, one["repeat"], over or name is not None, len(one["steps"])))
    return sorted(out, key=str)


@given(streams(), st.sampled_from([HOUR, 3 * HOUR, WINDOW]), st.booleans())
def test_the_stream_gives_what_the_rules_say(
    pairs: list[tuple[str, Interaction]], window: timedelta, service: bool
) -> None:
    first, then = (on("web"), not_on("web")) if service else (by_customer, by_customer)
    found = []
    for one in follow(pairs, window=window, first=first, then=then):
        name, gap = (one.follow_up.interaction, one.follow_up.gap) if one.follow_up else (None, None)
        part = one.contact
        found.append((part.customer, part.first, name, gap, one.repeat, one.decided, part.interactions))
    assert sorted(found, key=str) == naive(pairs, window, first, then)


@given(streams())
def test_customers_do_not_touch_each_other(pairs: list[tuple[str, Interaction]]) -> None:
    last = pairs[-1][1].occurred_at if pairs else None
    apart = [
        one
        for name in ("ann", "bob")
        for one in follow([pair for pair in pairs if pair[0] == name], window=WINDOW, until=last)
    ]
    together = list(follow(pairs, window=WINDOW))
    assert sorted(map(repr, together)) == sorted(map(repr, apart))


def test_the_last_instant_of_the_window_counts_and_the_next_does_not() -> None:
    hit = run(("ann", contact(0)), ("ann", contact(8)))
    assert hit[0].follow_up is not None
    missed = run(("ann", contact(0)), ("ann", contact(8.01)))
    assert missed[0].follow_up is None
    assert missed[0].decided


def test_interactions_of_a_thread_are_one_contact_and_the_answer_moves_its_end() -> None:
    answered, again = run(
        ("ann", contact(0, "email", thread="t")),
        ("ann", contact(6, "email", thread="t", direction="outbound")),
        ("ann", contact(13)),
    )
    assert answered.contact.interactions == 2
    assert answered.follow_up is not None
    assert answered.follow_up.gap == 7 * HOUR
    assert again.repeat


def test_a_contact_is_given_out_as_soon_as_its_window_is_over() -> None:
    def pairs() -> Any:
        yield "ann", contact(0)
        yield "bob", contact(9)
        raise AssertionError("read further than needed")

    assert next(follow(pairs(), window=WINDOW)).contact.customer == "ann"


def test_memory_is_that_of_one_window() -> None:
    alive = 0
    peak = 0

    def group(interaction: Interaction) -> str:
        nonlocal alive, peak
        alive += 1
        peak = max(peak, alive)
        return "g"

    pairs = ((str(number), contact(number)) for number in range(2_000))
    for _ in follow(pairs, window=WINDOW, by=group):
        alive -= 1
    assert peak <= 10


def test_an_end_in_the_far_future_does_not_keep_a_contact_waiting() -> None:
    first, _ = run(("ann", contact(0, ended_at=at(10_000))), ("bob", contact(17)))
    assert first.decided


def test_a_contact_is_over_when_the_last_of_its_interactions_is() -> None:
    first, _ = run(
        ("ann", contact(0, thread="t", ended_at=at(5))), ("ann", contact(1, thread="t")), ("ann", contact(6, "web"))
    )
    assert first.contact.ended_at == at(5)
    assert first.follow_up is not None
    assert first.follow_up.gap == HOUR


def test_notes_and_the_companys_own_contacts_begin_nothing_and_follow_nothing() -> None:
    (only,) = run(
        ("ann", contact(0)), ("ann", contact(1, direction="outbound")), ("ann", contact(2, kind="note")), until=at(99)
    )
    assert only.follow_up is None


def test_a_stream_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="oldest first"):
        run(("ann", contact(1)), ("ann", contact(0)))


def test_a_window_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="window"):
        run(("ann", contact(0)), window=timedelta(0))


def test_an_empty_stream_has_no_contacts() -> None:
    assert run() == []
    assert run(until=START) == []
