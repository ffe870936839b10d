"""The sources of packed files: what is inside is read, and nothing that is made to do harm."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.sources import detect, packed
from sources.asserting import in_utc, interactions, passed_over, rejected

CHAT = "13/01/2026, 21:05 - Jane: hi\n13/01/2026, 21:06 - Care: hello\n"
MAIL = b"From: Jane <jane@example.com>\nTo: help@shop.example\nDate: Mon, 5 Jan 2026 09:00:00 +0000\nMessage-ID: <1@example.com>\n\nhi\n"


def packed_as(path: Path, members: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_chat_is_read_as_it_is_handed_out_and_its_attachments_are_told(tmp_path: Path) -> None:
    path = packed_as(
        tmp_path / "WhatsApp Chat with +44 7700 900123.zip", {"_chat.txt": CHAT, "1.opus": b"", "a.pdf": b"%"}
    )
    assert detect(path)[0].name == "zip"
    items = list(in_utc(path, own_name="Care"))
    assert [item.body for item in interactions(items)] == ["hi", "hello"]
    assert [str(item.customers[0][0].identifier) for item in interactions(items)] == ["phone:+44 7700 900123"] * 2
    assert [item.reason for item in passed_over(items)] == ["file of a chat"] * 2
    assert rejected(items) == []


def test_zone_of_the_tracker_is_that_of_what_is_inside(tmp_path: Path) -> None:
    path = packed_as(tmp_path / "WhatsApp Chat with Jane.zip", {"_chat.txt": CHAT})
    with omnitrack.open("memory://", zone="Europe/Berlin") as tracker:
        assert tracker.load(path).added == 2
        assert {item.occurred_at.isoformat() for item in tracker.interactions()} == {
            "2026-01-13T21:05:00+01:00",
            "2026-01-13T21:06:00+01:00",
        }


def test_chat_has_the_same_ids_packed_and_unpacked(tmp_path: Path) -> None:
    path = packed_as(tmp_path / "WhatsApp Chat with Jane.zip", {"WhatsApp Chat with Jane.txt": CHAT})
    (tmp_path / "WhatsApp Chat with Jane.txt").write_text(CHAT)
    packed_ids = [item.source_id for item in interactions(in_utc(path))]
    assert packed_ids == [item.source_id for item in interactions(in_utc(tmp_path / "WhatsApp Chat with Jane.txt"))]


def test_each_file_is_read_by_its_own_format_and_one_that_none_knows_costs_itself(tmp_path: Path) -> None:
    path = packed_as(tmp_path / "export.zip", {"Mail/1.eml": MAIL, "notes.xyz": b"\0\1", "photo.jpg": b"\xff\xd8"})
    items = list(in_utc(path))
    assert [item.channel for item in interactions(items)] == ["email"]
    assert [item.reason for item in passed_over(items)] == ["media file"]
    [unknown] = rejected(items)
    assert "notes.xyz" in unknown.reason


def test_gzip_is_read_by_the_format_of_what_is_inside(tmp_path: Path) -> None:
    path = tmp_path / "1.eml.gz"
    path.write_bytes(gzip.compress(MAIL))
    assert [item.channel for item in interactions(in_utc(path))] == ["email"]


def test_gzip_cut_off_gives_what_is_before_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt.gz"
    path.write_bytes(gzip.compress(CHAT.encode())[:-6])
    items = list(in_utc(path))
    assert len(interactions(items)) == 2
    assert "cannot be unpacked" in rejected(items)[0].reason


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_what_expands_beyond_reason_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(packed, "_FREE", 100_000)
    data = b"13/01/2026, 21:05 - Jane: " + b"0" * 3_000_000
    path = tmp_path / f"bomb.txt.{kind}"
    if kind == "zip":
        packed_as(path, {"bomb.bin": data})
    else:
        path.write_bytes(gzip.compress(data))
    [refused] = in_utc(path)
    assert "expands" in refused.reason


def test_packed_inside_packed_ends_somewhere(tmp_path: Path) -> None:
    data = MAIL
    name = "1.eml"
    for depth in range(packed.MAX_PACKING + 2):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, data)
        data, name = buffer.getvalue(), f"{depth}.zip"
    path = tmp_path / "nested.zip"
    path.write_bytes(data)
    [refused] = in_utc(path)
    assert "deep" in refused.reason


def test_name_that_leads_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    path = packed_as(
        tmp_path / "export.zip", {"../../outside.eml": MAIL, "/etc/absolute.eml": MAIL, "..\\back.eml": MAIL}
    )
    before = sorted(tmp_path.parent.iterdir())
    assert len(interactions(in_utc(path))) == 3
    assert sorted(tmp_path.parent.iterdir()) == before


def test_member_with_a_password_is_rejected_by_name(tmp_path: Path) -> None:
    path = packed_as(tmp_path / "export.zip", {"1.eml": MAIL})
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    path.write_bytes(data)
    [refused] = in_utc(path)
    assert "password" in refused.reason


def test_broken_zip_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100)
    [refused] = in_utc(path)
    assert "cannot be opened" in refused.reason


def test_document_of_an_office_suite_is_no_zip_of_logs(tmp_path: Path) -> None:
    path = packed_as(tmp_path / "table.xlsx", {"[Content_Types].xml": "<Types/>"})
    assert packed.ZipSource.sniff(path, path.read_bytes()) is None
