"""The ledger of a load: each unit of the input ends in exactly one count, whatever is dropped, doubled or broken in it."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import omnitrack
from effort import budget
from omnitrack.model import MOST_REASONS, Interaction, LoadReport, PassedOver, Rejected, Revision
from omnitrack.sources import open_source
from omnitrack.sources.facts import facts
from omnitrack.sources.reading import Bad, Input
from omnitrack.sources.reading_json import json_items
from omnitrack.tracker import Tracker
from sources.make_mails import make_mails
from sources.test_robustness import BY_NAME, FIXTURES, FORMATS, JSON, JSON_FORMATS, RECORDS, mutate

OWN = ["x:btcare", "x-id:20001", "email:*@telecom.example"]
SETTINGS = budget(40)

# Where in a record of each format its units are: a list to which the path leads; () of a record that is one unit.
PARTS = {
    "x_posts.json": ("data",),
    "direct-messages.js": ("dmConversation", "messages"),
    "zendesk.json": ("comments",),
    "zendesk_audits.json": ("events",),
    "intercom.json": ("conversation_parts", "conversation_parts"),
    "hubspot.json": ("results",),
    "comments.jsonl": ("items",),
    "twilio.json": ("calls",),
    "teams.json": ("value",),
    "genesys.json": ("conversations",),
    "whatsapp_webhooks.jsonl": ("entry", 0, "changes", 0, "value"),
}
WEBHOOK_LISTS = ("messages", "message_echoes", "statuses", "errors", "calls")


def load(origin: bytes | list[dict[str, Any]], format: str, options: dict[str, Any]) -> tuple[Tracker, LoadReport]:
    tracker = omnitrack.open("memory://", region="GB", own=OWN)
    report = tracker.load(open_source(origin, format, **options))
    assert report.added == sum(1 for _ in tracker.interactions())
    return tracker, report


def lists_of(name: str, record: dict[str, Any]) -> list[Any]:
    """Return the lists of a record in which its units stand."""
    found: Any = record
    for key in PARTS.get(name, ()):
        found = found[key]
    if isinstance(found, list):
        return [found]
    return [found[key] for key in WEBHOOK_LISTS if key in found] if name == "whatsapp_webhooks.jsonl" else []


def units_of(name: str, record: dict[str, Any]) -> int:
    if name not in PARTS:
        return 1
    # What holds nothing is a unit by itself, which is passed over.
    return sum(map(len, lists_of(name, record))) or 1


@st.composite
def loads(draw: Callable[..., Any], name: str) -> tuple[Any, ...]:
    """Records of a fixture, some dropped, doubled, with parts dropped, doubled, broken; and how many units there are."""
    records = list(map(copy.deepcopy, draw(st.lists(st.sampled_from(RECORDS[name]), max_size=6))))
    for record in records:
        if name == "whatsapp_webhooks.jsonl" and draw(st.booleans()):
            record["entry"][0]["changes"][0]["value"][draw(st.sampled_from(WEBHOOK_LISTS))] = [{"id": "1"}, {"id": "2"}]
        for parts in lists_of(name, record):
            if parts and draw(st.booleans()):
                parts[:] = map(copy.deepcopy, draw(st.lists(st.sampled_from(parts), max_size=4)))
            if parts and draw(st.booleans()):
                number = draw(st.integers(0, len(parts) - 1))
                part = parts[number]
                key = draw(st.sampled_from([None, *sorted(part)]))
                if key is None:
                    parts[number] = draw(JSON)
                else:
                    part[key] = draw(JSON)
    return records, sum(units_of(name, record) for record in records)


@pytest.mark.parametrize("name", JSON_FORMATS)
@given(data=st.data())
@SETTINGS
def test_every_part_of_every_record_is_in_exactly_one_count(name: str, data: st.DataObject) -> None:
    records, units = data.draw(loads(name))
    format, options = FORMATS[name]
    tracker, report = load(records, format, options)
    assert report.units == units
    again = tracker.load(open_source(records, format, **options))
    assert (again.units, again.added, again.revised) == (units, 0, 0)


@pytest.mark.parametrize("name", JSON_FORMATS)
@given(data=st.data())
@SETTINGS
def test_a_file_has_the_units_that_its_records_have(name: str, data: st.DataObject) -> None:
    records, units = data.draw(loads(name))
    format, options = FORMATS[name]
    lines = "\n".join(map(json.dumps, records))
    assume("Infinity" not in lines)
    assert load(lines.encode(), format, options)[1].units == units
    assert load(json.dumps(records, indent=1).encode(), format, options)[1].units == units


HEADS = {"letters.csv": 1, "cucm.csv": 2}  # lines before the rows


@pytest.mark.parametrize("name", ["Master.csv", "freeswitch.csv", "letters.csv", "cel.csv", "3cx.log", "cucm.csv"])
@given(data=st.data())
@SETTINGS
def test_every_row_is_in_exactly_one_count(name: str, data: st.DataObject) -> None:
    content, format, options = BY_NAME[name]
    lines = re.findall(r'(?:[^"\n]|"[^"]*")+', content.decode())
    head, rows = lines[: HEADS.get(name, 0)], lines[HEADS.get(name, 0) :]
    drawn = data.draw(st.lists(st.sampled_from([*rows, "x", ",,,"]), min_size=1, max_size=12))
    _, report = load("\n".join([*head, *drawn]).encode(), format, options)
    assert report.units == len(drawn)


@given(data=st.data())
@SETTINGS
def test_every_message_and_notice_of_a_chat_is_in_exactly_one_count(data: st.DataObject) -> None:
    content, format, options = BY_NAME["WhatsApp Chat with +44 7700 900123.txt"]
    text = content.decode().splitlines()
    starts = [n for n, line in enumerate(text) if re.match(r"\d\d/\d\d/\d{4}, ", line)]
    blocks = ["\n".join(text[a:b]) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    drawn = data.draw(st.lists(st.sampled_from(blocks), min_size=1, max_size=12))
    assert load("\n".join(drawn).encode(), format, options)[1].units == len(drawn)


@given(data=st.data())
@SETTINGS
def test_every_mail_is_in_exactly_one_count(data: st.DataObject) -> None:
    mails = [mail for _, mail in make_mails(8, data.draw(st.integers(0, 99)))]
    drawn = data.draw(st.lists(st.sampled_from([*mails, b"\n", b"Subject: only that\n\n"]), min_size=1, max_size=8))
    mailbox = b"".join(
        b"From x@example.org Mon Jan  6 09:00:00 2025\n" + mail.rstrip(b"\n") + b"\n\n" for mail in drawn
    )
    assert load(mailbox, "mbox", {})[1].units == len(drawn)


def counted(items: list[Any]) -> int:
    """What a ledger of these items has to say, counted by their kinds alone."""
    whole = [item for item in items if not (isinstance(item, Rejected) and item.kept)]
    return sum(not (isinstance(item, Revision) and item.same_unit) for item in whole)


@pytest.mark.parametrize("name", BY_NAME)
def test_of_a_file_that_was_broken_anywhere_something_is_said_and_all_of_it_adds_up(name: str) -> None:
    content, format, options = BY_NAME[name]
    rng = random.Random(name if settings().derandomize else None)
    for _ in range(25):
        seed = rng.randrange(10**9)
        broken = mutate(content, random.Random(seed))
        items = list(open_source(broken, format, **options))
        _, report = load(broken, format, options)
        assert report.units == counted(items), seed
        assert report.units or not broken.strip() or format in ("csv", "cucm-cdr"), seed  # of CSV the header is no unit
        listed = len(report.rejected) + sum(report.passed_over.values())
        assert report.units == report.added + report.duplicates + report.revised + listed, seed


@pytest.mark.parametrize("name", JSON_FORMATS)
@given(junk=st.text(min_size=1, max_size=60).filter(str.strip))
@SETTINGS
def test_a_text_that_is_no_json_is_said_and_not_lost(name: str, junk: str) -> None:
    format, options = FORMATS[name]
    broken = junk.encode("utf-8", "replace")
    items = list(open_source(broken, format, **options))
    if junk.strip(", \t\r\n[]"):
        assert items


@given(st.lists(JSON, max_size=5))
@SETTINGS
def test_each_element_of_an_array_is_given_out_once_whatever_it_is(values: list[Any]) -> None:
    text = json.dumps(values, indent=1)
    assume("Infinity" not in text)
    found = list(json_items(Input(text.encode())))
    assert not [item for item in found if isinstance(item, Bad)]
    assert [item[1] for item in found if not isinstance(item, Bad)] == values


def test_what_stands_between_two_values_is_told_by_its_place_and_once() -> None:
    found = list(json_items(Input(b'[{"a": 1}, oops here, {"a": 2}]')))
    assert [item[1] for item in found if not isinstance(item, Bad)] == [{"a": 1}, {"a": 2}]
    [bad] = [item for item in found if isinstance(item, Bad)]
    assert (bad.where, bad.reason) == ("byte 9", "text that is no JSON value")


def test_a_revision_in_one_unit_with_its_original_counts_as_what_the_unit_has_brought() -> None:
    tracker = omnitrack.open("memory://")
    timestamp = datetime(2026, 1, 5, tzinfo=timezone.utc)
    post = Interaction(channel="x", occurred_at=timestamp, source="x", source_id="1", body="a")
    edit = Revision(source="x", source_id="1", at=timestamp.replace(hour=1), body="b", same_unit=True)
    later = Revision(source="x", source_id="1", at=timestamp.replace(hour=2), body="c", same_unit=True)
    loads: list[list[Interaction | Revision]] = [[post, edit], [post, edit], [post, later], [post]]
    counts = [tracker.record_many(items) for items in loads]
    assert [(c.added, c.duplicates, c.revised, c.units) for c in counts] == [
        (1, 0, 0, 1),
        (0, 1, 0, 1),
        (0, 0, 1, 1),
        (0, 1, 0, 1),
    ]


def test_a_revision_that_came_before_its_original_counts_once() -> None:
    tracker = omnitrack.open("memory://")
    timestamp = datetime(2026, 1, 5, tzinfo=timezone.utc)
    post = Interaction(channel="x", occurred_at=timestamp, source="x", source_id="1", body="a")
    edit = Revision(source="x", source_id="1", at=timestamp.replace(hour=1), body="b")
    stray = Revision(source="x", source_id="2", at=timestamp.replace(hour=1), body="b")
    report = tracker.record_many([edit, stray, post], on_error="collect")
    assert (report.added, report.revised, report.rejected_total, report.units) == (1, 1, 1, 3)


def test_a_contact_that_was_kept_without_an_identifier_is_added_and_listed_apart() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    timestamp = datetime(2026, 1, 5, tzinfo=timezone.utc)
    report = tracker.record_many(
        [Interaction(channel="phone", occurred_at=timestamp, customers=[["phone:zzz"]])], on_error="collect"
    )
    assert (report.added, report.rejected_total, report.left_out_total, report.units) == (1, 0, 1, 1)
    assert report.left_out[0].kept
    assert str(report).endswith("0 rejected; 1 parts left out of what was kept")


def test_reasons_past_a_bounded_number_are_counted_together() -> None:
    tracker = omnitrack.open("memory://")
    report = tracker.record_many(PassedOver(reason=f"event type {n}") for n in range(MOST_REASONS + 50))
    assert len(report.passed_over) == MOST_REASONS + 1
    assert report.passed_over["other reasons"] == 50
    assert report.units == report.passed_over_total == MOST_REASONS + 50
    assert len(report.passed_over_examples) == MOST_REASONS + 1
    both = report.plus(report)
    assert (both.units, len(both.passed_over)) == (2 * report.units, MOST_REASONS + 1)


def test_the_line_of_a_report_names_the_reasons_the_most_frequent_first() -> None:
    report = LoadReport(added=2, passed_over={"draft": 1, "status receipt": 7})
    assert str(report) == ("2 added, 0 there already, 0 revised, 0 rejected, 8 passed over (7 status receipt, 1 draft)")


@pytest.mark.parametrize(
    ("value", "said"), [("", "is empty"), (None, "is missing"), ("31/12/2025 0h", "got '3*/1*/2*** 0*'")]
)
def test_a_time_that_was_empty_is_told_from_one_that_could_not_be_read(value: str | None, said: str) -> None:
    mapping = {"channel": "letter", "fields": {"occurred_at": "when"}}
    record = {"note": "x"} | ({} if value is None else {"when": value})
    [item] = open_source([record], "jsonl", mapping=mapping)
    assert isinstance(item, Rejected)
    assert item.reason.startswith(f"when: {said}")
    assert "RFC 3339" in item.reason


def test_files_of_a_folder_that_are_not_read_are_passed_over_by_name(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "letters.toml").write_bytes((FIXTURES / "letters.toml").read_bytes())
    (tmp_path / "letters.csv").write_bytes((FIXTURES / "letters.csv").read_bytes())
    (tmp_path / "holiday.raw").write_bytes(b"\xff\xd8")
    tracker = omnitrack.open("memory://", region="GB")
    report = tracker.load(tmp_path)
    assert report.passed_over == {"hidden file or folder": 1, "mapping": 1}
    assert {unit.where for unit in report.passed_over_examples} == {".DS_Store", "letters.toml"}
    assert any(rejected.where == "holiday.raw" for rejected in report.rejected)


def test_what_a_maildir_holds_besides_mails_is_passed_over(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    [(_, mail)] = make_mails(1, 1)
    (tmp_path / "cur" / "1:2,S").write_bytes(mail)
    (tmp_path / "tmp" / "2").write_bytes(mail)
    (tmp_path / "dovecot.index").write_bytes(b"x")
    report = omnitrack.open("memory://").load(tmp_path)
    assert (report.added, report.units) == (1, 3)
    assert report.passed_over == {"mail not delivered whole": 1, "file or folder that holds no mails of the Maildir": 1}


def test_a_fact_that_is_none_of_the_names_is_refused() -> None:
    assert facts(draft=True, edited=None) == {"draft": True}
    with pytest.raises(ValueError, match="accepted are automatic, deleted, draft"):
        facts(drafted=True)


def test_an_end_that_cannot_be_read_is_left_out_with_what_came_and_the_contact_is_kept() -> None:
    mapping = {"channel": "a", "fields": {"occurred_at": "when", "ended_at": "end"}, "customer": {"who": "phone:{}"}}
    when = "2026-01-05T10:00:00Z"
    items = list(
        open_source(
            [{"when": when, "end": "later", "who": {"a": 1}}, {"when": when, "end": ""}], "jsonl", mapping=mapping
        )
    )
    end, who = [item for item in items if isinstance(item, Rejected)]
    assert (end.kept, who.kept) == (True, True)
    assert end.reason.startswith("end: got 'l****', which is none of the forms tried: RFC 3339")
    assert who.reason == "who: got an object, accepted is an identifier as text or a number; left out"
    record = {"ContactId": "1", "InitiationTimestamp": when, "DisconnectTimestamp": "later"}
    left_out, contact = open_source([record], "amazon-connect")
    assert left_out.reason.startswith("DisconnectTimestamp: got 'l****'")
    assert (contact.source_id, contact.ended_at) == ("1", None)
