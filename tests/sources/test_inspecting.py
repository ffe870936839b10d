"""What a file is, without loading it: its format, and for a log of one's own a mapping that reads it."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime, timezone
from pathlib import Path

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.sources import inspect, open_source
from omnitrack.sources.draft import draft_mapping
from sources.asserting import interactions, people

CALLS = """Call ID,Date/Time,Caller Number,E-mail Address,Direction,Agent Name,Notes
1,25/01/2026 09:15,020 7946 0958,jane@example.com,IN,Alice,No broadband
2,26/01/2026 10:15,020 7946 0959,joe@example.com,OUT,Bob,"Called back, fine"
"""


def test_a_file_of_a_known_format_is_named_and_nothing_is_drafted(fixtures: Path) -> None:
    found = inspect(fixtures / "chatwoot.jsonl")
    assert found.what.startswith("chatwoot: has message events of Chatwoot")
    assert found.mapping is None
    assert len(found.first(2)) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_draft_for_a_table_reads_it(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(CALLS.replace("back, fine", "back").replace(",", delimiter), encoding="utf-8")
    found = inspect(path, zone="UTC")
    first, second = interactions(found.first(5))
    assert (first.source_id, first.occurred_at, first.direction) == (
        "1",
        datetime(2026, 1, 25, 9, 15, tzinfo=timezone.utc),
        "inbound",
    )
    assert (first.agent, first.body) == ("Alice", "No broadband")
    assert people(first.customers) == [["phone:020 7946 0958", "email:jane@example.com"]]
    assert second.direction == "outbound"
    (tmp_path / "calls.toml").write_text(str(found.mapping), encoding="utf-8")
    assert [i.source_id for i in interactions(open_source(path, zone="UTC"))] == ["1", "2"]


def test_the_draft_for_json_names_dotted_paths_and_the_list_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    records = [
        {"id": n, "created": "2026-01-05T09:15:00Z", "author": {"email": f"j{n}@example.com"}, "text": "hi"}
        for n in (1, 2)
    ]
    path.write_text(json.dumps({"total": 2, "results": records}), encoding="utf-8")
    found = inspect(path)
    assert tomllib.loads(str(found.mapping))["items"] == "results"
    assert [people(i.customers) for i in interactions(found.first(5))] == [
        [["email:j1@example.com"]],
        [["email:j2@example.com"]],
    ]


def test_where_no_day_tells_the_order_of_day_and_month_the_draft_says_so() -> None:
    assert "or day and month the other way round" in draft_mapping([{"when": "05/01/2026 09:15"}])
    assert "or day and month the other way round" not in draft_mapping([{"when": "25/01/2026 09:15"}])


def test_a_log_without_a_time_is_drafted_as_far_as_it_goes_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,email\nJane,jane@example.com\n", encoding="utf-8")
    found = inspect(path)
    assert "no column looks like a time" in str(found.mapping)
    assert found.first(5) == []


@pytest.mark.parametrize("name", ['odd "name"', "naïve", "a\tb", "x = 1 # no"])
def test_whatever_a_column_is_called_the_draft_is_toml(name: str) -> None:
    records = [{name: "jane@example.com", "when": "2026-01-05", f"{name} note": "x"}]
    assert tomllib.loads(draft_mapping(records))["customer"] == {name: "email:{}"}


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0\x00\x10JFIF", b"", b"just a line of words", b"[1, 2]"])
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing.bin"
    path.write_bytes(content)
    with pytest.raises(SourceFormatError):
        inspect(path)
