"""Loads of documents of the standards: each is in the report, and what it did not say or could not be kept is listed."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

import omnitrack
from omnitrack.interchange.formats import get_format, lines
from omnitrack.model import Interaction

VCON = {
    "uuid": "01928374-0000-7000-8000-000000000001",
    "created_at": "2026-02-03T10:00:00Z",
    "parties": [{"tel": "+447700900123", "name": "Jane"}, {"mailto": "care@shop.example"}],
    "dialog": [
        {
            "type": "text",
            "start": "2026-02-03T10:00:00",
            "parties": [0, 1],
            "originator": 0,
            "body": "No broadband",
            "encoding": "none",
        }
    ],
}


def test_what_a_document_left_open_is_listed_with_the_load(tmp_path: Path) -> None:
    path = tmp_path / "c.vcon.json"
    path.write_text(json.dumps(VCON), encoding="utf-8")
    report = omnitrack.open("memory://").load(path)
    assert (report.added, report.rejected_total, report.units) == (1, 0, 1)
    assert [part.reason for part in report.left_out if "zone" in part.reason] == ["start (1): no zone given, UTC taken"]


@pytest.mark.parametrize("format", ["vcon", "tmf683", "json", "omnitrack-events"])
@pytest.mark.parametrize("junk", ["{}", "5", "null", "[]", "[[]]", '{"a": {"b": []}}', "text", '"text"'])
def test_what_is_no_document_is_said_and_not_lost(tmp_path: Path, format: str, junk: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(f"{junk}\n", encoding="utf-8")
    report = omnitrack.open("memory://").load(path, format=format)
    assert (report.added, report.units) == (0, 0 if junk == "[]" else 1)
    assert report.rejected_total + report.passed_over.get("nothing in it", 0) == report.units


@pytest.mark.parametrize("format", ["json", "vcon", "tmf683", "cloudevents"])
def test_a_line_that_is_wrong_costs_that_line_whatever_the_export_was(tmp_path: Path, format: str) -> None:
    interactions = [
        Interaction(
            channel="email",
            direction="inbound",
            occurred_at=datetime(2026, 1, 5, 9, minute, tzinfo=timezone.utc),
            customers=[[f"jane{minute}@example.com"]],
            source="mail",
            source_id=str(minute),
        )
        for minute in range(3)
    ]
    first, second, third = lines(get_format(format).dump(interactions)[0])
    path = tmp_path / "export.jsonl"
    path.write_text(first + "{broken\n" + second.replace("2026-", "soon-") + third, encoding="utf-8")
    tracker = omnitrack.open("memory://")
    report = tracker.load(path)
    assert (report.added, report.rejected_total, report.units) == (2, 2, 4)
    assert {str(one.customers[0][0].identifier) for one in tracker.interactions()} == {
        "email:jane0@example.com",
        "email:jane2@example.com",
    }
