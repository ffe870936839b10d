"""The commands about the whole history."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

import omnitrack
from insights.streams import at
from omnitrack import cli


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    url = "sqlite:///history.db"
    with omnitrack.open(url, region="GB") as tracker:
        for day in range(21):
            who, when = f"c{day}@example.com", at(0) + timedelta(days=day)
            tracker.record(channel="phone", customer=who, occurred_at=when, source="cdr", source_id=str(day))
    return url


def test_measures_are_printed_and_each_defended_where_it_is_asked_for(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["measures", "--by", "week", "--store", store, "--region", "GB"]) == 0
    assert "First-contact resolution (first_contact_resolution)" in capsys.readouterr().out
    command = ["measures", "--by", "week", "--measure", "contacts", "--store", store, "--region", "GB"]
    assert cli.main(command) == 0
    assert "not attributed 0.0%" in capsys.readouterr().out
    assert cli.main([*command, "--json"]) == 0
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {figure["type"] for figure in figures} == {"Figure"}
    assert sum(figure["numerator"] for figure in figures if figure["channel"] == "phone") == 21
    assert cli.main(["measures", "--measure", "luck", "--store", store, "--region", "GB"]) == 1


def test_a_forecast_is_printed_by_period(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["forecast", "--channel", "phone", "--horizon", "3", "--store", store, "--region", "GB"]
    assert cli.main(command) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert cli.main([*command, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["points"]) == 3
