"""What an adapter does not declare skips the rules about that, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

KIT = """
import pytest
from omnitrack.storage.memory import MemoryBackend
from omnitrack.testing import BackendConformance


class Bare(MemoryBackend):
    capabilities = frozenset()


class TestBare(BackendConformance):
    @pytest.fixture
    def backend(self):
        return Bare()
"""


def test_an_adapter_that_declares_nothing_is_still_held_to_the_contract(tmp_path: Path) -> None:
    (tmp_path / "test_bare.py").write_text(KIT, encoding="utf-8")
    asked = ["-q", "-p", "no:cacheprovider", "-k", "returns_what_the_function_returned or whose_time_is_over", "-rs"]
    said = subprocess.run(
        [sys.executable, "-m", "pytest", *asked, "test_bare.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stdout
    assert "2 passed, 2 skipped" in said, said
    assert "`timeout` is not declared" in said
