"""What has a wrong type, or nothing in it, is refused by an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack import (
    InvalidIdentifierError,
    OmnitrackError,
    Policy,
    PolicyChangedError,
    SecretError,
    Statement,
    Tracker,
    social,
)

WRONG: dict[str, Callable[[Tracker], Any]] = {
    "a number for a statement": lambda t: t.retract(5),  # type: ignore[arg-type]
    "a text for a statement": lambda t: t.preview("x"),  # type: ignore[arg-type]
    "a number for a change": lambda t: t.identity_log(after=5),  # type: ignore[arg-type]
    "a number for a rule": lambda t: t.apply_retention([5]),  # type: ignore[list-item]
    "a number for who": lambda t: t.customer(5),  # type: ignore[arg-type]
    "a number for a url": lambda t: omnitrack.open(5),  # type: ignore[arg-type]
    "nothing for a url": lambda t: omnitrack.open(None),  # type: ignore[arg-type]
    "a number for a url of an async tracker": lambda t: omnitrack.open_async(5),  # type: ignore[arg-type]
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
    with pytest.raises(PolicyChangedError, match=r"configure\(\)"):
        omnitrack.open(url, policy=Policy())
    omnitrack.open(url).close()
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


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda t: t.timeline("x:jane", directions="sideways"), "got 'sideways'"),
        (lambda t: t.timeline("x:jane", order="sideways"), "got 'sideways'"),
        (lambda t: t.timeline("x:jane", trust="claimed"), "got 'claimed'"),
        (lambda t: t.export("x:jane", format="outlook"), "got 'outlook'"),
        (lambda t: t.retract("st_" + "0a" * 16), "'st_" + "0a" * 16),
        (lambda t: t.retract("st_nothing"), "'st_nothing'"),
        (lambda t: t.attribute("int_nothing", "x:jane"), "'int_nothing'"),
        (lambda t: Policy(merges_at="sometimes"), "got 'sometimes'"),
        (lambda t: Statement(kind="friends", a="x:jane"), "'friends'"),
        (lambda t: social("friendster", "jane"), "'friendster'"),
        (lambda t: t.retract("jane.doe@example.org"), r"'j\*\*\*\."),
        (lambda t: t.export("x:jane", format="07700 900123"), r"'0\*\*"),
    ],
)
def test_what_came_is_shown_whole_where_it_is_nobodys_data(call: Callable[[Tracker], object], says: str) -> None:
    with omnitrack.open("memory://") as tracker:
        tracker.record(channel="x", occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc), customer="x:jane")
        with pytest.raises(OmnitrackError, match=says):
            call(tracker)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        (5, {}),
        (None, {}),
        (b"memory://", {}),
        ("", {}),
        ("nosuch://x", {}),
        ("memory://", {"region": "ZZ"}),
        ("memory://", {"region": 5}),
        ("memory://", {"policy": {}}),
        ("memory://", {"secret": ""}),
        ("memory://", {"secret": 5}),
        ("memory://", {"own": 5}),
        ("memory://", {"rebuild": "yes"}),
        ("memory://", {"matching": 1}),
        ("memory://", {"namespace": ""}),
        ("memory://", {"nonsense": 1}),
        ("sqlite://", {"pool_size": "many"}),
    ],
)
def test_open_async_raises_what_open_raises(url: Any, options: dict[str, Any]) -> None:
    raised = []
    for open_ in (omnitrack.open, omnitrack.open_async):
        with pytest.raises(omnitrack.OmnitrackError) as error:
            open_(url, **options)
        raised.append((type(error.value), str(error.value)))
    assert raised[0] == raised[1]
