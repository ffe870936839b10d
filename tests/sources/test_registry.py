"""Which sources there are, and how the one for a file is found."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.model import Interaction
from omnitrack.sources import Source, detect, get_source, register_source, registry, source_names
from sources.asserting import in_utc, interactions


class DiarySource(Source):
    """A format of somebody else."""

    name = "diary"
    versions = "1"
    default_source = "diary"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        return "says dear diary" if head.startswith(b"Dear diary") else None

    def items(self) -> Iterator[Interaction]:
        yield Interaction(
            channel="diary", occurred_at=self.time("2026-01-05", "date"), source=self.source, source_id="1"
        )


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "_registered", {})
    path = tmp_path / "diary.txt"
    path.write_bytes(b"Dear diary, the line is dead.")
    return path


def test_registered_source_is_found_like_the_built_in_ones(diary: Path) -> None:
    register_source(DiarySource)
    assert detect(diary) == (DiarySource, "says dear diary")
    assert [item.channel for item in in_utc(diary)] == ["diary"]


def test_source_of_another_package_is_found_by_its_entry_point(diary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_found", lambda: {"diary": lambda: DiarySource})
    assert get_source("diary") is DiarySource
    assert detect(diary)[0] is DiarySource


def test_entry_point_that_gives_no_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_found", lambda: {"diary": lambda: dict})
    with pytest.raises(SourceFormatError, match="no subclass"):
        get_source("diary")


def test_taken_name_is_refused_unless_asked_for(diary: Path) -> None:
    register_source(DiarySource)
    with pytest.raises(ValueError, match="registered already"):
        register_source(DiarySource)
    register_source(DiarySource, replace=True)


def test_unknown_format_is_refused_and_says_which_there_are() -> None:
    with pytest.raises(SourceFormatError, match="mbox"):
        in_utc("x", "mbux")


def test_file_that_no_source_knows_is_refused(diary: Path) -> None:
    with pytest.raises(SourceFormatError, match="format="):
        in_utc(diary)


def test_empty_file_and_absent_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(SourceFormatError, match="is empty"):
        detect(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        detect(tmp_path / "absent")


def test_stream_needs_the_name_of_its_format() -> None:
    with pytest.raises(SourceFormatError, match="path"):
        in_utc(io.BytesIO(b""))


def test_option_that_no_source_takes_is_refused_and_one_of_another_left_aside(fixtures: Path) -> None:
    with pytest.raises(TypeError, match="own_nam"):
        in_utc(fixtures / "Master.csv", own_nam="Care")
    assert in_utc(fixtures / "Master.csv", own_name="Care").name == "asterisk-cdr"


def test_origin_can_be_a_path_bytes_a_stream_of_bytes_or_of_text(fixtures: Path) -> None:
    path = fixtures / "Master.csv"
    ids = [item.source_id for item in in_utc(path)]
    for origin in (str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), io.StringIO(path.read_text("utf-8"))):
        assert [item.source_id for item in in_utc(origin, "asterisk-cdr")] == ids


def test_position_comes_to_the_size_for_a_progress_bar(fixtures: Path) -> None:
    source = in_utc(fixtures / "Master.csv")
    assert (source.position, source.size) == (0, (fixtures / "Master.csv").stat().st_size)
    for _ in source:
        assert 0 < source.position <= source.size
    assert source.position == source.size


def test_source_and_region_are_on_every_interaction(fixtures: Path) -> None:
    items = interactions(in_utc(fixtures / "Master.csv", source="pbx-2", region="GB"))
    assert {(item.source, item.region) for item in items} == {("pbx-2", "GB")}


def test_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="IANA"):
        in_utc(b"", "mbox", zone="Mars/Olympus")


def test_every_format_is_listed() -> None:
    assert len(source_names()) >= 18


def test_format_that_is_not_known_is_shown_as_it_was_written() -> None:
    with pytest.raises(SourceFormatError, match="got 'whatsapp-klaud', known are"):
        in_utc(b"", "whatsapp-klaud")
