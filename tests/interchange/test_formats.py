"""Formats are found by name and by their looks, and a file that was written loads."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.interchange import NAMES, get_format, lines, load_path, sniff
from omnitrack.model import Interaction

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
GIVEN = [
    Interaction(
        channel="email", occurred_at=WHEN, customers=[["jane@example.com"]], source="mail", source_id=str(number)
    )
    for number in range(3)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_written_is_known_and_loads(name: str, tmp_path: Path) -> None:
    path = tmp_path / "export"
    documents, report = get_format(name).dump(GIVEN)
    path.write_text("".join(lines(documents)), encoding="utf-8")
    found = sniff(path.name, path.read_bytes())
    assert found is not None
    assert found[0] == name
    loaded, _ = load_path(path)
    assert [one.source_id for one in loaded] == ["0", "1", "2"]
    assert report.converted == 3


@pytest.mark.parametrize("name", ["vcon", "tmf683", "cloudevents"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_may_hold_an_array_or_one_document_however_it_is_laid_out(
    name: str, indent: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    documents = list(get_format(name).dump(GIVEN)[0])
    for value, count in ((documents, 3), (documents[0], 1)):
        path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
        assert len(list(load_path(path)[0])) == count


def test_a_file_of_another_format_is_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match=r"calls\.csv"):
        load_path(path)
    assert sniff("a.json", b'{"id": 1}') is None


def test_a_vcon_is_known_by_its_ending_or_its_fields() -> None:
    assert sniff("a.vcon", b"{}") is not None
    assert sniff("a.json", b'{"parties": [], "dialog": []}') is not None


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(SourceFormatError, match="cloudevents"):
        get_format("csv")


def test_a_report_tells_a_person_what_happened() -> None:
    call = Interaction(channel="phone", occurred_at=WHEN, traits={"postcode": "RG14 1AA"})
    documents, report = get_format("vcon").dump([call], extension=False)
    list(documents)
    said = str(report)
    assert "1 interactions" in said
    assert "lost: traits (1)" in said
    _, report = get_format("vcon").load([{}], on_error="collect")
    assert "refused: vcon[0]" in str(report)
