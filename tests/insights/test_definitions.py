"""Definitions: the documentation says of every measure what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from omnitrack.insights import DEFINITIONS


def test_the_page_of_the_documentation_is_what_the_definitions_say() -> None:
    tool = Path(__file__).resolve().parents[2] / "tools" / "generate_measures.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0


def test_every_definition_is_whole() -> None:
    assert len({one.name for one in DEFINITIONS}) == len(DEFINITIONS)
    for one in DEFINITIONS:
        assert all((one.title, one.numerator, one.source)), one.name
        assert bool(one.denominator) == (one.unit != "count"), one.name
