"""The example for the board: every figure it shows is printed with what it takes to defend it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import omnitrack

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "board_report.py"


def run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout


def test_every_figure_of_the_month_is_defended() -> None:
    shown, _, defended = run().partition("How each came about:")
    titles = [
        line.rsplit("  ", 1)[0].strip() for line in shown.splitlines() if line.startswith("  ") and "→" not in line
    ]
    assert len(titles) == 11
    for title in titles:
        assert f"\n{title}: " in defended
    for word, count in (("counted", 11), ("period       covered whole", 11), ("definition", 11), ("over", 8)):
        assert sum(line.strip().startswith(word) for line in defended.splitlines()) == count
    assert "could not be attributed" in defended


def test_a_store_of_ones_own_is_reported_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    omnitrack.open(url, region="GB", own=["email:*@northlink.example", "phone:08081570100"]).close()
    assert "the history has nothing of that month" in run("--store", url)
