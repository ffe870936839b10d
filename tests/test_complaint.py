"""The example of a complaint: its story comes out, and what it writes can be read."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "complaint" / "complaint.py"


def test_the_complaint_is_taken_first_and_ends_by_the_customers_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runpy.run_path(str(EXAMPLE))["main"](["--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "1. very urgent, overdue since 2026-03-02 09:42" in out
    assert 'word of vulnerable "oxygen" (en); 1 promise was broken; it is major' in out
    assert "Priya cannot close it herself" in out
    assert "state closed (confirmed) by priya" in out
    ticket = json.loads((tmp_path / "complaint.json").read_text(encoding="utf-8"))
    assert (ticket["@type"], ticket["status"]) == ("TroubleTicket", "closed")
    page = (tmp_path / "complaint.html").read_text(encoding="utf-8")
    assert "by email: maya.okafor@example.org to Northlink" in page
    assert "by phone (call)" in page
