"""The example that loads a folder: every format in it, twice, with what was left alone and why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_a_second_load_of_a_folder_adds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "load_folder.py"), str(EXAMPLES / "data")]
    command += ["--store", str(tmp_path / "history.db"), "--region", "GB", "--own", "email:*@northlink.example"]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout.splitlines()
        for _ in range(2)
    )
    assert "care.mbox: 6 added, 0 there already, 0 revised, 0 rejected; read as mbox" in first[1]
    assert "care.mbox: 0 added, 6 there already" in second[1]
    assert any(line.startswith("letters.toml: left alone") for line in first)
