"""A .tar, as exports are handed out: what is inside is read by its own format."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from omnitrack import Interaction
from omnitrack.model import PassedOver, Rejected
from omnitrack.sources import open_source

MAIL = b"From: a@x.example\nTo: care@co.example\nMessage-ID: <%d@x.example>\nDate: Tue, 03 Feb 2026 10:00:00 +0000\n\nHello\n"
FILES = {
    "mail/all.mbox": b"From 1@xxx Tue Feb 03 10:00:00 +0000 2026\n" + MAIL % 1,
    "one.eml": MAIL % 2,
    "photo.jpg": b"\xff\xd8\xff",
}


def tar(files: dict[str, Any], links: list[str] | tuple[Any, ...] = ()) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    return out.getvalue()


def by_kind(items: list[Any], kind: type[Any]) -> list[Any]:
    return [item for item in items if isinstance(item, kind)]


@pytest.mark.parametrize("name", ["export.tar", "export.tar.gz", "export.tgz"])
def test_what_is_in_a_tar_is_read_by_its_own_format(tmp_path: Path, name: str) -> None:
    data = tar(FILES, links=["mail/link"])
    (tmp_path / name).write_bytes(data if name.endswith("tar") else gzip.compress(data))
    items = list(open_source(tmp_path / name))
    assert sorted(item.source_id for item in by_kind(items, Interaction)) == ["1@x.example", "2@x.example"]
    assert [item.reason for item in by_kind(items, PassedOver)] == ["media file"]
    assert [item.reason for item in by_kind(items, Rejected)] == ["a link or device, accepted are files"]


@pytest.mark.parametrize("name", ["../out.eml", "/out.eml", "a/../../out.eml", "..\\out.eml"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "evil.tar").write_bytes(tar({name: MAIL % 1}))
    items = list(open_source(tmp_path / "evil.tar"))
    assert [item.source_id for item in by_kind(items, Interaction)] == ["1@x.example"]
    assert not list(tmp_path.parent.rglob("out.eml"))


def test_a_tar_that_is_cut_off_is_read_up_to_there_and_reported(tmp_path: Path) -> None:
    whole = tar(FILES | {"two.eml": MAIL % 3 + b"x" * 5000})
    (tmp_path / "export.tar").write_bytes(whole[: whole.index(b"two.eml") + 1500])
    items = list(open_source(tmp_path / "export.tar"))
    assert len(by_kind(items, Rejected)) >= 1
    assert {"1@x.example", "2@x.example"} <= {item.source_id for item in by_kind(items, Interaction)}


def test_a_mapping_is_for_what_is_inside(tmp_path: Path) -> None:
    mapping = {"channel": "letter", "fields": {"source_id": "id", "occurred_at": "at", "body": "text"}}
    (tmp_path / "letters.tar").write_bytes(tar({"letters.csv": b"id,at,text\n1,2026-02-03T10:00:00Z,Hello\n"}))
    assert [item.body for item in open_source(tmp_path / "letters.tar", mapping=mapping)] == ["Hello"]
