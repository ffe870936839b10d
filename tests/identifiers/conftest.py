"""The data for sweeps over what others list."""

from __future__ import annotations

from pathlib import Path

import pytest

import testdata


@pytest.fixture(scope="session")
def data() -> Path:
    return testdata.find()
