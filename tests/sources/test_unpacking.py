"""Archives around logs: unpacked within bounds, and read as a folder with the same files."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

import omnitrack
from omnitrack.model import Interaction, PassedOver, Rejected
from omnitrack.sources import detect, open_source, unpacking

MAIL = b"From: jane@example.org\nTo: care@shop.example\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <%d@x.example>\n\nhi\n"
FILES = {
    "Takeout/Mail/All mail.mbox": b"From 1@xxx Tue Feb 03 10:00:00 +0000 2026\n" + MAIL % 1,
    "Takeout/one.eml": MAIL % 2,
    "Takeout/photo.jpg": b"\xff\xd8\xff",
    "Takeout/unknown.bin": b"\x00\x01",
}


def packed(path, files=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (files or FILES).items():
            archive.writestr(name, data)
    return path


def by_kind(items, kind):
    return [item for item in items if isinstance(item, kind)]


def test_a_zip_is_read_as_the_folder_that_was_packed(tmp_path):
    path = packed(tmp_path / "takeout.zip")
    assert detect(path)[0].name == "archive"
    items = list(open_source(path))
    assert sorted(item.source_id for item in by_kind(items, Interaction)) == ["1@x.example", "2@x.example"]
    assert [item.reason for item in by_kind(items, PassedOver)] == ["media file"]
    assert len(by_kind(items, Rejected)) == 1


def test_a_second_load_of_the_archive_or_of_its_files_adds_nothing(tmp_path):
    tracker = omnitrack.open("memory://")
    path = packed(tmp_path / "takeout.zip")
    assert tracker.load(path).added == 2
    assert (tracker.load(path).added, tracker.load(path).duplicates) == (0, 2)


@pytest.mark.parametrize("name", ["mails.mbox.gz", "mails.tar", "mails.tar.gz", "mails.tgz"])
def test_gzip_and_tar_are_opened(tmp_path, name):
    data = FILES["Takeout/Mail/All mail.mbox"]
    if "tar" in name or "tgz" in name:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            entry = tarfile.TarInfo("a/mails.mbox")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            link = tarfile.TarInfo("a/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        data = out.getvalue()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    items = list(open_source(path))
    assert [item.source_id for item in by_kind(items, Interaction)] == ["1@x.example"]
    assert [item.reason for item in by_kind(items, Rejected)] == (
        ["a link or device"] if "tar" in name or "tgz" in name else []
    )


def test_archives_in_archives_are_opened_up_to_three(tmp_path):
    data = MAIL % 1
    for depth in range(1, 5):
        path = packed(tmp_path / f"{depth}.zip", {f"in{depth}.zip" if depth > 1 else "one.eml": data})
        data = path.read_bytes()
        items = list(open_source(path))
        assert len(by_kind(items, Interaction)) == (depth <= 3)
        assert len(by_kind(items, Rejected)) == (depth > 3)


def test_what_comes_out_of_an_archive_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_FREE", 1_000_000)
    items = list(open_source(packed(tmp_path / "bomb.zip", {"a.eml": MAIL % 1 + b"0" * 50_000_000})))
    assert not by_kind(items, Interaction)
    assert "more comes out" in items[0].reason


@pytest.mark.parametrize("name", ["../out.eml", "/out.eml", "a/../../out.eml", "..\\out.eml", "C:\\out.eml"])
def test_nothing_is_written_outside(tmp_path, name):
    [item] = open_source(packed(tmp_path / "evil.zip", {name: MAIL % 1}))
    assert isinstance(item, Rejected)
    assert not list(tmp_path.parent.rglob("out.eml"))


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04", b"\x1f\x8b\x08", b"\x1f\x8b\x08" + b"\0" * 50, b"PK\x03\x04" + b"\xff" * 300]
)
def test_a_damaged_archive_is_reported(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    assert by_kind(open_source(tmp_path / "a.zip"), Rejected)


def test_what_a_torn_gzip_still_gives_is_read(tmp_path):
    whole = gzip.compress(b"From - Tue Feb 03 10:00:00 2026\n" + MAIL % 1 + bytes(range(256)) * 400, compresslevel=0)
    (tmp_path / "a.mbox.gz").write_bytes(whole[:-20])
    items = list(open_source(tmp_path / "a.mbox.gz"))
    assert len(by_kind(items, Interaction)) == len(by_kind(items, Rejected)) == 1


def test_nothing_stays_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    Path(tmp_path / "t").mkdir()
    source = iter(open_source(packed(tmp_path / "takeout.zip")))
    next(source)
    source.close()
    assert list((tmp_path / "t").iterdir()) == []


def test_a_table_that_happens_to_be_packed_is_no_archive(tmp_path):
    head = packed(tmp_path / "t.xlsx", {"[Content_Types].xml": b"<a/>", "xl/a.xml": b"<a/>"}).read_bytes()
    assert unpacking.ArchiveSource.sniff(tmp_path / "t.xlsx", head) is None


def test_a_mapping_is_for_what_is_packed(tmp_path):
    mapping = {"channel": "letter", "fields": {"source_id": "id", "occurred_at": "at", "body": "text"}}
    path = packed(tmp_path / "letters.zip", {"letters.csv": b"id,at,text\n1,2026-02-03T10:00:00Z,Hello\n"})
    assert [item.body for item in open_source(path, mapping=mapping)] == ["Hello"]
