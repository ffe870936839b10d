"""Fixtures that tests of all rooms share: a tracker, and a clock that waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import omnitrack
from clock import ticking
from omnitrack import Tracker


@pytest.fixture(scope="module")
def clock() -> Iterator[None]:
    """The library's time ticks when it is read; see ``clock.now()``."""
    with ticking():
        yield


@pytest.fixture
def url() -> str:
    """Where the store of ``tracker`` is; a module has a fixture of its own for another, or for several."""
    return "memory://"


@pytest.fixture
def options() -> dict[str, Any]:
    """How ``tracker`` is opened; a module has a fixture of its own for more."""
    return {"region": "GB"}


@pytest.fixture
def tracker(url: str, options: dict[str, Any]) -> Iterator[Tracker]:
    with omnitrack.open(url, **options) as tracker:
        yield tracker
