"""The source of FreeSWITCH's call records in XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, passed_over, people, rejected


@pytest.fixture
def text(fixtures: Path) -> bytes:
    return (fixtures / "freeswitch.cdr.xml").read_bytes()


def read(data: bytes) -> list[Any]:
    return list(in_utc(data, "freeswitch-xml"))


def test_format_is_found(fixtures: Path) -> None:
    assert detect(fixtures / "freeswitch.cdr.xml")[0].name == "freeswitch-xml"


def test_records_one_after_another_are_read_and_their_legs_joined(text: bytes) -> None:
    items = read(text)
    [call] = interactions(items)
    assert (call.source_id, call.agent, call.outcome) == ("d05a7f84-9d3b-4f0e-8a6e-5d7f0b1c2d40", "1002", "answered")
    assert (call.direction, people(call.customers)) == (Direction.INBOUND, [["phone:+442079460958"]])
    assert call.traits == {"name": "Jane Doe"}
    assert len(passed_over(items)) == 1


def test_broken_record_costs_itself_only(text: bytes) -> None:
    broken = b"<cdr core-uuid='x'><variables><uuid>1</variables></cdr>"
    items = read(broken + text)
    assert (len(rejected(items)), len(interactions(items))) == (1, 1)


def test_what_stands_between_records_is_told_and_an_element_around_them_is_none(text: bytes) -> None:
    assert [item.where for item in rejected(read(b"torn 1783242001" + text + b"<rest"))] == [
        "before record 1",
        "after record 2",
    ]
    assert (
        rejected(read(b"<?xml version='1.0'?>\n<cdrs>" + text.replace(b'<?xml version="1.0"?>', b"") + b"</cdrs>\n"))
        == []
    )


def test_record_without_its_end_is_reported(text: bytes) -> None:
    items = read(text + b"<cdr core-uuid='x'><variables>")
    assert [item.where for item in rejected(items)] == ["record 3"]


@pytest.mark.parametrize(
    "declared", [b'<!DOCTYPE cdr [<!ENTITY a "aaaa">]>', b'<!ENTITY a SYSTEM "file:///etc/hosts">', b"<!-- a -->"]
)
def test_entities_are_never_expanded(text: bytes, declared: bytes) -> None:
    outside = read(declared + text.replace(b"Jane%20Doe", b"&a;", 1))
    assert "record 1" in [item.where for item in rejected(outside)]
    inside = read(text.replace(b"<variables>", declared + b"<variables>", 1))
    assert len(rejected(inside)) == 1


def test_record_over_the_limit_is_left_out_and_the_next_read(text: bytes) -> None:
    items = read(b"<cdr core-uuid='x'>" + b"<cdr " * 1_000_000 + b"</cdr>" + text)
    assert len(rejected(items)) == 1
    assert len(interactions(items)) == 1
