"""What becomes of handovers where a person is erased, a time is over, or a source is unloaded, at either end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from contacts import at, seen
from omnitrack import CustomerNotFoundError, RetentionRule, Tracker
from omnitrack.records import HANDED, HANDOVER
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

HANDLE, MAIL, OTHER = "x:mikesamuels68", "email:mike@example.com", "email:eve@example.com"


def kept(tracker: Tracker) -> list[str]:
    """Return the kind of each record that is kept of handovers."""
    return tracker._read(lambda tx: [row.kind for kind in (HANDOVER, HANDED) for row in tx.find_records(kind)])


def handed_over(tracker: Tracker, who: str = MAIL, *, private: bool = True) -> str:
    """Have a code given on X in one source and brought back by mail in another; return the code."""
    post = seen(tracker, 0, HANDLE, channel="x", body="mike's words", source="x")
    code = tracker.hand_over(post, to="email", private=private, reason="mikesamuels68 wrote").code
    seen(tracker, 10, who, channel="email", direction="inbound", body=f"Bring {code}", source="mail")
    return code


def remove(tracker: Tracker, how: str, source: str) -> None:
    if how == "unload":
        tracker.unload(source)
    else:
        channel = {"x": "x", "mail": "email"}[source]
        tracker.apply_retention([RetentionRule(keep=timedelta(days=1), channels=(channel,))])


@pytest.mark.parametrize("how", ["unload", "retention"])
def test_what_a_code_showed_goes_with_where_it_was_given(tracker: Tracker, how: str) -> None:
    handed_over(tracker)
    remove(tracker, how, "x")
    assert kept(tracker) == []
    assert [i.key for i in tracker.customer(MAIL).identifiers] == [MAIL]
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(HANDLE)
    assert tracker.verify().ok


@pytest.mark.parametrize("how", ["unload", "retention"])
def test_what_a_code_showed_goes_with_where_it_came_back(tracker: Tracker, how: str) -> None:
    code = handed_over(tracker)
    remove(tracker, how, "mail")
    assert [i.key for i in tracker.customer(HANDLE).identifiers] == [HANDLE]
    assert sorted(kept(tracker)) == [HANDED, HANDOVER]
    again = tracker.record(channel="email", direction="inbound", customer=OTHER, occurred_at=at(20), body=code)
    assert [use.status for use in again.handovers] == ["used up"]
    assert tracker.verify().ok


def test_nothing_is_left_of_a_person_who_is_erased_at_both_ends(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    code = handed_over(tracker)
    traces = ["mikesamuels68", "mike@example", "mike's words", code, *ids_of(tracker, HANDLE)]
    tracker.erase(MAIL)
    assert left_of(store, *traces) == []
    assert kept(tracker) == []


def test_the_code_is_redacted_where_who_brought_it_stays(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    code = handed_over(tracker, OTHER, private=False)
    traces = ["mikesamuels68", "mike's words", code, *ids_of(tracker, HANDLE)]
    tracker.erase(HANDLE)
    assert left_of(store, *traces) == []
    assert [item.body for item in tracker.timeline(OTHER)] == ["Bring [erased]"]
    assert kept(tracker) == []
    assert tracker.verify().ok


def test_who_gave_a_code_stays_where_who_brought_it_is_erased(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    handed_over(tracker, OTHER, private=False)
    traces = ["eve@example", *ids_of(tracker, OTHER)]
    tracker.erase(OTHER)
    assert left_of(store, *traces) == []
    assert [item.body for item in tracker.timeline(HANDLE)] == ["mike's words"]
    assert sorted(kept(tracker)) == [HANDED, HANDOVER]
