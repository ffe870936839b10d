"""Fixtures that tests of all rooms share: a tracker, and a clock that waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tracker, Path]]:
    """A tracker with the index for matching, and the folder that its store is in."""
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB", matching=True) as tracker:
        yield tracker, tmp_path
