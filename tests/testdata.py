"""Where the data of others is that tests read: ``OMNITRACK_DATA``, else shared/data beside the checkout. Tests that miss it are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("OMNITRACK_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


#: Why a test is skipped.
ABSENT = "test data is absent: set OMNITRACK_DATA, or lay it in shared/data beside the checkout"


def find(name: str = "") -> Path:
    """Return a file or folder of the data, or skip the test that asks for it."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{ABSENT}: {path}")
    return path
