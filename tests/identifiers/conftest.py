"""Where the data for sweeps is, and the skip that says so where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_folder() -> Path:
    """Return the folder of test data, whether it is there or not."""
    named = os.environ.get("OMNITRACK_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip("test data is absent: set OMNITRACK_DATA, or lay it in shared/data beside the checkout")
    return folder
