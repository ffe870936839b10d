"""The example of one matter over three channels: a direct message on X, a mail, a call, joined by codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "handover.py"


def test_three_channels_are_one_conversation() -> None:
    said = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout
    assert said.count("handover codes: 1 linked") == 2
    assert "by x, email, phone: 3 interactions, joined by handover" in said
    assert "Came back with the code given by x on" in said
    assert 'because "needs a photo of the router"' in said
    assert said.count("came back with the code given by") == 2
