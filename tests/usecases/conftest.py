"""Stores in memory and in a file, for tests that look at what is left in each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import omnitrack
from omnitrack import Tracker


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tracker, Path]]:
    """A tracker with the index for matching, and the folder that its store is in."""
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB", matching=True) as tracker:
        yield tracker, tmp_path
