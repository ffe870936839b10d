"""A store that holds what omnitrack does not write is an error of the store, which shows nothing of it."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.errors import BackendError, CustomerNotFoundError
from omnitrack.foundation.unreadable import of_ours

T0 = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
WHO = "email:jane@example.org"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return a store with two people who were said to be one."""
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB", matching=True) as tracker:
        for who in (WHO, "email:joan@example.org"):
            tracker.record(
                channel="email",
                customer=[who, "phone:+442079460958"] if who == WHO else [who],
                occurred_at=T0,
                body="my PIN is 4711",
                traits={"name": "Jane Fourseveneleven"},
            )
        tracker.link(WHO, "email:joan@example.org", by="ann", reason="PIN 4711")
    return url


def damage(url: str, statement: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with connection:
        connection.execute(statement)
    connection.close()


READS: dict[str, Callable[[omnitrack.Tracker], Any]] = {
    "timeline": lambda tracker: list(tracker.timeline(WHO)),
    "customer": lambda tracker: tracker.customer(WHO).first_seen,
    "verify": lambda tracker: tracker.verify(),
    "suggestions": lambda tracker: tracker.suggestions(WHO),
    "explain": lambda tracker: tracker.explain(WHO, "email:joan@example.org"),
    "statements": lambda tracker: tracker.statements(WHO),
    "log": lambda tracker: tracker.identity_log(),
    "record": lambda tracker: tracker.record(channel="email", customer=[WHO], occurred_at=T0),
    "rebuild": lambda tracker: tracker.rebuild(),
    "erase": lambda tracker: tracker.erase(WHO),
}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE omnitrack_interactions SET extra = '[[[PIN4711'",
        "UPDATE omnitrack_interactions SET extra = '4711'",
        f"UPDATE omnitrack_interactions SET extra = '{'[' * 5000}'",
        "UPDATE omnitrack_interactions SET occurred_at = 'PIN4711'",
        "UPDATE omnitrack_interactions SET occurred_at = 471147114711471147",
        "DELETE FROM omnitrack_interactions",
        "DELETE FROM omnitrack_guard",
        "UPDATE omnitrack_records SET value = 'PIN4711'",
        "UPDATE omnitrack_records SET value = '{}'",
        f"UPDATE omnitrack_records SET value = '{'[' * 5000}'",
        "UPDATE omnitrack_identifiers SET state = 'PIN4711'",
        "UPDATE omnitrack_identifiers SET since = 'PIN4711'",
        "UPDATE omnitrack_links SET assurance = 'PIN4711'",
        "UPDATE omnitrack_links SET a = 4711",
        "UPDATE omnitrack_changes SET at = 'PIN4711'",
        "UPDATE OR REPLACE omnitrack_entries SET identifier = 4711",
    ],
)
def test_a_damaged_store_is_an_error_of_ours_that_shows_nothing_of_it(url: str, statement: str) -> None:
    damage(url, statement)
    met = []
    try:
        tracker = omnitrack.open(url, region="GB")
    except omnitrack.OmnitrackError as error:
        met.append(error)
    else:
        with tracker:
            for read in READS.values():
                try:
                    read(tracker)
                except omnitrack.OmnitrackError as error:
                    met.append(error)
    for one in met:
        lines = "".join(traceback.format_exception(one)).splitlines()
        assert "4711" not in "".join(line for line in lines if not line.startswith(" "))


def test_the_place_is_said_and_the_error_is_kept_for_a_debugger(url: str) -> None:
    damage(url, "UPDATE omnitrack_interactions SET extra = '[[[PIN4711'")
    with (
        omnitrack.open(url, region="GB") as tracker,
        pytest.raises(BackendError, match=r"at \w+/\w+\.py:\d+") as raised,
    ):
        list(tracker.timeline(WHO))
    assert isinstance(raised.value.__context__, ValueError)
    assert raised.value.__cause__ is None


async def test_it_is_the_same_for_async_callers(url: str) -> None:
    damage(url, "UPDATE omnitrack_interactions SET extra = '[[[PIN4711'")
    async with omnitrack.open_async(url, region="GB") as tracker:
        with pytest.raises(BackendError, match="cannot be read"):
            await tracker.timeline(WHO).page()


def test_what_is_asked_for_later_is_the_same(url: str) -> None:
    with omnitrack.open(url, region="GB") as tracker:
        customer = tracker.customer(WHO)
        damage(url, "UPDATE omnitrack_interactions SET extra = '[[[PIN4711', occurred_at = 'x'")
        damage(url, "UPDATE omnitrack_entries SET occurred_at = 'x'")
        with pytest.raises(BackendError, match="cannot be read"):
            _ = customer.first_seen


def test_errors_of_ours_and_of_others_are_left_as_they_are() -> None:
    for error in (CustomerNotFoundError("nobody"), BackendError("gone"), OSError("gone"), MemoryError()):
        assert of_ours(error) is error
