"""What has a wrong type, or nothing in it, is refused by an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack import InvalidIdentifierError, OmnitrackError, Policy, PolicyChangedError, SecretError, Tracker

WRONG: dict[str, Callable[[Tracker], Any]] = {
    "a number for a statement": lambda t: t.retract(5),  # type: ignore[arg-type]
    "a text for a statement": lambda t: t.preview("x"),  # type: ignore[arg-type]
    "a number for a change": lambda t: t.identity_log(after=5),  # type: ignore[arg-type]
    "a number for a rule": lambda t: t.apply_retention([5]),  # type: ignore[list-item]
    "a number for who": lambda t: t.customer(5),  # type: ignore[arg-type]
    "a number for a url": lambda t: omnitrack.open(5),  # type: ignore[arg-type]
    "nothing for a url": lambda t: omnitrack.open(None),  # type: ignore[arg-type]
    "a mapping for a policy": lambda t: omnitrack.open("memory://", policy={"limits": {}}),  # type: ignore[arg-type]
    "an empty secret": lambda t: omnitrack.open("memory://", secret=""),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_it_is_refused(call: Callable[[Tracker], Any]) -> None:
    with omnitrack.open("memory://") as tracker, pytest.raises(OmnitrackError, match=r"got|none"):
        call(tracker)


def test_an_empty_store_takes_other_settings_and_one_with_people_does_not(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    omnitrack.open(url).close()
    with omnitrack.open(url, policy=Policy(limits={"phone": 3})) as tracker:
        tracker.record(channel="x", occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc), customer="x:jane")
    with pytest.raises(PolicyChangedError, match=r"rebuild\(\)"):
        omnitrack.open(url)
    with pytest.raises(SecretError):
        omnitrack.open(url, policy=Policy(limits={"phone": 3}), secret="s")


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("UK", r"region: got 'UK' \(did you mean GB\?\)"),
        ("xx", "got 'xx', accepted"),
        ("England", "got 'England'"),
        ("", "got ''"),
    ],
)
def test_a_region_that_there_is_none_of_is_refused_when_the_store_is_opened(region: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        omnitrack.open("memory://", region=region)
    with omnitrack.open("memory://", region="gb") as tracker, pytest.raises(InvalidIdentifierError, match=says):
        tracker.record(
            channel="x", occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc), customer="x:jane", region=region
        )
