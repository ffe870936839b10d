"""The work that a crafted text gives a reader or parser grows with its length: counted in steps of expressions and lines, never in seconds."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

COUNTED = Path(__file__).parent / "counted.py"
THOROUGH = os.environ.get("OMNITRACK_HYPOTHESIS") in ("regex", "thorough")
MOST = 3_000_000
FLOOR = 200_000  # steps below which nothing is told of growth


@pytest.mark.parametrize("reader", ["schemes", "texts", "mails", "files", "detection", "interchange"])
def test_a_text_of_twice_the_length_takes_twice_the_steps(reader: str) -> None:
    seed = 1 if settings().derandomize else random.randrange(10**6)
    pieces = 1_000 if THOROUGH else 10
    done = subprocess.run(
        [sys.executable, str(COUNTED), reader, str(seed), str(pieces)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 5
    worse = [
        f"{what}: {piece!r} repeated takes {steps} steps"
        for what, piece, steps in rows
        if steps[2] >= MOST or steps[2] > max(FLOOR, 2.7 * steps[1])
    ]
    assert not worse, f"seed {seed}: " + "; ".join(worse[:5])
