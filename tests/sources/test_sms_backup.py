"""The source of SMS Backup & Restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect, open_source, reading, sms_backup
from sources.asserting import interactions, keys, passed_over, people, rejected

AT = 1767603600000


def sms(body: str = "hi", kind: int = 1, address: str = "+447700900123", **fields: Any) -> str:
    given = {"protocol": "0", "address": address, "date": AT, "type": kind, "subject": "null", "body": body, **fields}
    return "<sms " + " ".join(f'{name}="{value}"' for name, value in given.items()) + " />"


def backup(*elements: str, around: str = "smses", before: str = "") -> bytes:
    inside = "\n  ".join(elements)
    return f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n{before}<{around} count='1'>\n  {inside}\n</{around}>".encode()


def read(*elements: str, **options: Any) -> list[Any]:
    return list(open_source(backup(*elements, **options), "sms-backup"))


@pytest.mark.parametrize(("name", "element"), [("smses", sms()), ("calls", '<call number="1" date="1" />')])
def test_format_is_found(tmp_path: Path, name: str, element: str) -> None:
    path = tmp_path / "backup.xml"
    path.write_bytes(backup(element, around=name))
    assert detect(path)[0].name == "sms-backup"


def test_text_is_with_its_number_in_the_direction_that_its_type_says() -> None:
    items = read(sms(contact_name="Jane"), sms("ok", 2, contact_name="(Unknown)"), sms("late", 5))
    assert [(item.direction, item.body, item.outcome) for item in items] == [
        (Direction.INBOUND, "hi", None),
        (Direction.OUTBOUND, "ok", None),
        (Direction.OUTBOUND, "late", "failed"),
    ]
    assert [people(item.customers) for item in items] == [[["phone:+447700900123"]]] * 3
    assert (items[0].traits, items[1].traits) == ({"name": "Jane"}, {})
    assert items[0].occurred_at.isoformat() == "2026-01-05T09:00:00+00:00"


def test_draft_was_never_sent() -> None:
    assert [item.reason for item in passed_over(read(sms("hm", 3)))] == ["draft"]


def test_texts_alike_are_two_and_a_second_reading_gives_the_same_ids() -> None:
    first, second = read(sms(), sms())
    assert first.source_id != second.source_id
    assert [first.source_id, second.source_id] == [item.source_id for item in read(sms(), sms())]


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("&#55357;&#56832; ok", "😀 ok"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#55357; ok", "\ufffd ok"),
        ("&#56832;", "\ufffd"),
        ("a&#10;b &amp; &lt;c&gt; &quot;", 'a\nb & <c> "'),
        ("&#0;&#27;", "\ufffd\ufffd"),
        ("Grüße 日本", "Grüße 日本"),
    ],
)
def test_characters_that_the_app_writes_by_number_are_read(written: str, body: str) -> None:
    [item] = read(sms(written))
    assert item.body == body


def test_short_code_and_name_of_a_sender_identify_nobody_and_are_kept() -> None:
    items = read(sms(address="60066"), sms(address="NORTHLINK"))
    assert [item.attributes["address"] for item in items] == ["60066", "NORTHLINK"]
    assert [item.customers for item in items] == [(), ()]


def mms(box: int = 1, **fields: Any) -> str:
    given = {
        "date": AT,
        "msg_box": box,
        "address": "+447700900123~+447700900456",
        "m_id": "m1",
        "m_type": 132,
        **fields,
    }
    head = " ".join(f'{name}="{value}"' for name, value in given.items())
    parts = '<part seq="-1" ct="application/smil" text="x"/><part seq="0" ct="text/plain" text="the router"/><part ct="image/jpeg" cl="1.jpg" data="AAAA"/>'
    people = "".join(
        f'<addr address="{number}" type="{kind}"/>'
        for number, kind in (("+447700900456", 137), ("+447700900123", 151), ("insert-address-token", 130))
    )
    return f"<mms {head}><parts>{parts}</parts><addrs>{people}</addrs></mms>"


def test_mms_is_of_its_sender_with_the_others_in_copy() -> None:
    [item] = read(mms())
    assert (item.body, people(item.customers), keys(item.participants)) == (
        "the router",
        [["phone:+447700900456"]],
        ["phone:+447700900123"],
    )
    assert [(file.name, file.media_type, file.size) for file in item.attachments] == [("1.jpg", "image/jpeg", 3)]


def test_mms_that_was_sent_is_with_each_of_its_recipients() -> None:
    [item] = read(mms(2))
    assert (item.direction, people(item.customers)) == (
        Direction.OUTBOUND,
        [["phone:+447700900123"], ["phone:+447700900456"]],
    )


def test_report_of_delivery_is_no_contact() -> None:
    assert [item.reason for item in passed_over(read(mms(m_type=134)))] == ["status receipt"]


@pytest.mark.parametrize(
    ("kind", "direction", "outcome"),
    [
        (1, Direction.INBOUND, "answered"),
        (2, Direction.OUTBOUND, "answered"),
        (3, Direction.INBOUND, "missed"),
        (4, Direction.INBOUND, "voicemail"),
        (5, Direction.INBOUND, "rejected"),
        (6, Direction.INBOUND, "blocked"),
    ],
)
def test_call_is_what_its_type_says(kind: int, direction: Direction, outcome: str) -> None:
    [item] = read(
        f'<call number="+447700900123" duration="60" date="{AT}" type="{kind}" presentation="1" />', around="calls"
    )
    assert (item.channel, item.direction, item.outcome) == ("phone", direction, outcome)
    assert (item.ended_at - item.occurred_at).total_seconds() == 60
    assert people(item.customers) == [["phone:+447700900123"]]


def test_caller_who_hides_the_number_is_nobody_known() -> None:
    [item] = read(f'<call number="-2" duration="6" date="{AT}" type="1" presentation="2" />', around="calls")
    assert item.customers == ()


@pytest.mark.parametrize(
    "broken", ['<sms address="1" body="a & b" />', "<sms address=1 />", '<sms body="&boom;" date="1" />']
)
def test_element_that_is_broken_costs_itself(broken: str) -> None:
    items = read(sms(), broken, sms("bye"))
    assert [item.body for item in interactions(items)] == ["hi", "bye"]
    assert len(rejected(items)) == 1


def test_no_entity_is_expanded() -> None:
    declared = '<!DOCTYPE smses [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
    items = read(sms("&b;"), sms("&c;"), sms("bye"), before=declared)
    assert [item.body for item in interactions(items)] == ["bye"]
    assert len(rejected(items)) == 2


def test_file_cut_off_gives_what_is_before() -> None:
    data = backup(sms(), sms("bye"))
    items = list(open_source(data[: data.rindex(b"bye")], "sms-backup"))
    assert [item.body for item in interactions(items)] == ["hi"]
    assert len(rejected(items)) == 1


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_elements_are_found_wherever_the_input_is_cut(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(reading.Input.read, "__defaults__", (chunk,))
    items = read(sms("&#55357;&#56832;"), mms(), sms("bye"))
    assert [item.body for item in interactions(items)] == ["😀", "the router", "bye"]


def test_element_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_backup, "MAX_ELEMENT", 100_000)
    monkeypatch.setattr(reading.Input.read, "__defaults__", (10_000,))
    items = read(sms(), sms("x" * 1_000_000), sms("bye"))
    assert [item.body for item in interactions(items)] == ["hi", "bye"]
    assert "over 100000 bytes" in rejected(items)[0].reason
