"""Logs of your own, read by a mapping."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.identifiers import identifier
from omnitrack.model import Assurance, Direction
from omnitrack.sources import detect
from omnitrack.sources.mapping import read_mapping
from sources.asserting import in_utc, interactions, keys, people, rejected, revisions

MAPPING = {
    "channel": "letter",
    "fields": {"occurred_at": "when", "body": "text", "direction": "way"},
    "values": {"direction": {"in": "inbound", "*": "outbound"}},
    "customer": {"account": "account:{}@bt!verified"},
}


def read(text: str, mapping: dict[str, Any] | None = None, **options: Any) -> list[Any]:
    return list(in_utc(text.encode(), "csv", mapping=mapping or MAPPING, **options))


@pytest.fixture
def letters(fixtures: Path) -> list[Any]:
    return list(in_utc(fixtures / "letters.csv"))


def test_mapping_beside_a_file_says_how_to_read_it(fixtures: Path) -> None:
    source, reason = detect(fixtures / "letters.csv")
    assert (source.name, reason) == ("csv", "letters.toml beside it says how to read it")
    assert detect(fixtures / "comments.jsonl")[0].name == "jsonl"


def test_letters_are_read_as_the_mapping_says(letters: list[Any]) -> None:
    first = letters[0]
    assert (first.channel, first.source, first.source_id, first.agent) == ("letter", "mailroom", "L-1", "jo")
    assert first.occurred_at.isoformat() == "2026-01-05T10:15:00+00:00"
    assert first.body.count("\n") == 1
    assert (keys(first.customers[0]), first.customers[0][0].assurance) == (["account:BT-5521@bt"], Assurance.CLAIMED)
    assert first.traits == {"name": "Mrs J Doe", "postcode": "RG14 1AA"}


def test_row_without_a_time_is_rejected_with_its_line(letters: list[Any]) -> None:
    assert [r.where for r in rejected(letters)] == ["letters.csv: line 5"]


@pytest.mark.parametrize(
    ("template", "value", "key"),
    [("tel:{}", "+442079460958", "phone:+442079460958"), ("twitter:{}", "Jane", "x:jane")],
)
def test_template_begins_with_any_scheme_that_an_identifier_begins_with(template: str, value: str, key: str) -> None:
    [item] = read(f"when,text,way,by\n2026-01-05,a,in,{value}\n", MAPPING | {"customer": {"by": template}})
    assert identifier(item.customers[0][0].identifier).key == key


def test_words_of_the_log_are_translated() -> None:
    items = read("when,text,way,account\n2026-01-05,a,in,1\n2026-01-06,b,out,2\n")
    assert [item.direction for item in items] == [Direction.INBOUND, Direction.OUTBOUND]


def test_row_without_an_id_gets_one_of_its_content() -> None:
    text = "when,text,way,account\n2026-01-05,a,in,1\n2026-01-05,b,in,1\n"
    assert [item.source_id for item in read(text)] == [item.source_id for item in read(text)]
    assert len({item.source_id for item in read(text)}) == 2


def test_columns_without_a_place_are_attributes() -> None:
    [item] = read("when,text,way,account,mood\n2026-01-05,a,in,1,angry\n")
    assert item.attributes == {"mood": "angry"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_out(delimiter: str) -> None:
    assert read("when,text,way,account\n2026-01-05,a,in,1\n".replace(",", delimiter))[0].body == "a"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_charset_is_found_out(charset: str) -> None:
    [item] = in_utc("when,text,way,account\n2026-01-05,Störung,in,1\n".encode(charset), "csv", mapping=MAPPING)
    assert item.body == "Störung"


def test_column_that_the_mapping_names_and_the_file_has_not_is_reported() -> None:
    note, item = read("when,text,account\n2026-01-05,a,1\n")
    assert ("way" in note.reason, note.kept, item.direction) == (True, True, None)


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ({"customer": {"Caller Number": "phone:{}"}}, "Caller Number"),
        ({"participant": {"copy": "email:{}"}}, "copy"),
        ({"sender": {"from": "email:{}"}}, "from"),
        ({"recipient": {"to": "email:{}"}}, "to"),
        ({"traits": {"name": "namee"}}, "namee"),
        ({"customer": [{"field": "account", "scheme": "account", "scope": "{brand}"}]}, "brand"),
    ],
)
def test_column_that_identifies_or_describes_and_is_not_there_is_reported(part: dict[str, Any], missing: str) -> None:
    note, item = read("when,text,way,account,name\n2026-01-05,a,in,1,Jane\n", MAPPING | part)
    assert (f"columns missing: {missing}" in note.reason, note.kept, item.body) == (True, True, "a")


def test_column_that_was_probably_meant_is_named() -> None:
    mapping = MAPPING | {"customer": {"Caller Number": "phone:{}"}}
    note, _ = read("when,text,way,Caller Numbr\n2026-01-05,a,in,1\n", mapping)
    assert note.reason == "columns missing: Caller Number (did you mean 'Caller Numbr'?)"


BROKEN = """channel = "letter"
[fields]
occurred_at = "when
"""


def test_broken_mapping_beside_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "visits.toml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "visits.csv").write_text("when,text\n2026-01-05,a\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match=r"mapping: visits\.toml is no TOML: .*line 3"):
        in_utc(tmp_path / "visits.csv")
    note, mapping = in_utc(tmp_path)
    assert (mapping.where, mapping.reason) == ("visits.toml", "mapping")
    assert (note.where, "visits.toml is no TOML" in note.reason) == ("visits.csv", True)


def test_other_toml_beside_a_file_is_left_alone_even_broken(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "letters.toml").write_text("store = ", encoding="utf-8")
    shutil.copy(fixtures / "letters.csv", tmp_path)
    with pytest.raises(SourceFormatError, match="begins like none"):
        in_utc(tmp_path / "letters.csv")


def test_file_that_only_a_mapping_reads_says_where_one_may_stand(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("when,text\n2026-01-05,a\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match=r"own\.toml beside it"):
        in_utc(tmp_path / "own.csv")
    with pytest.raises(SourceFormatError, match="accepted for csv is a TOML file of the same name beside"):
        in_utc(tmp_path / "own.csv", "csv")


def test_quote_that_is_not_closed_costs_its_line() -> None:
    items = read('when,text,way,account\n2026-01-05,"torn,in,1\n2026-01-06,b,in,2\n')
    assert ([item.body for item in interactions(items)], [r.where for r in rejected(items)]) == (["b"], ["line 2"])


def test_mapping_in_code_needs_no_format_name(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("when,text,way,account\n2026-01-05,a,in,1\n", encoding="utf-8")
    source = in_utc(path, mapping=MAPPING)
    assert (source.name, source.detected_by) == ("csv", "a mapping was given")


def test_comments_are_read_by_dotted_paths_from_a_list_in_each_page(fixtures: Path) -> None:
    items = list(in_utc(fixtures / "comments.jsonl"))
    first, second = interactions(items)
    assert people(first.customers) == [["youtube-id:UCabcdefghijklmnopqrstuv"]]
    assert (second.reply_to, second.thread, second.traits) == ("c1", "v1", {"name": "Mike"})
    assert first.attributes == {}
    assert rejected(items)[0].where == "comments.jsonl: line 2, item 0"


def test_comment_that_was_edited_since_is_a_revision(fixtures: Path) -> None:
    [revision] = revisions(in_utc(fixtures / "comments.jsonl"))
    assert (revision.source_id, revision.at.hour) == ("c2", 10)


def test_sender_and_recipient_leave_the_direction_to_the_own_list() -> None:
    mapping = {
        "channel": "fax",
        "fields": {"occurred_at": "when"},
        "sender": [{"field": "from", "scheme": "phone", "assurance": "observed"}],
        "recipient": [{"field": "to", "scheme": "phone", "assurance": "observed"}],
    }
    [item] = read("when,from,to\n2026-01-05,02079460958,08081570123\n", mapping)
    assert (keys(item.sender), people(item.recipients), item.direction) == (
        ["phone:02079460958"],
        [["phone:08081570123"]],
        None,
    )


def test_scope_can_come_from_the_record() -> None:
    mapping = MAPPING | {"customer": [{"field": "account", "scheme": "account", "scope": "{brand}"}]}
    [item] = read("when,text,way,account,brand\n2026-01-05,a,in,1,ee\n", mapping)
    assert keys(item.customers[0]) == ["account:1@ee"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"channel": "letter"}, "occurred_at"),
        ({"fields": {"occurred_at": "when"}}, "channel is missing"),
        (MAPPING | {"chanel": "x"}, "unknown chanel"),
        (MAPPING | {"fields": {"occurred_at": "when", "text": "text"}}, "fields has text"),
        (MAPPING | {"customer": {"account": "BT"}}, "accepted is scheme"),
        (MAPPING | {"customer": [{"scheme": "account"}]}, "name of its field"),
        (MAPPING | {"customer": [{"field": "a", "assurance": "sure"}]}, "claimed, observed, verified"),
        (MAPPING | {"customer": {"account": "akount:1-{}"}}, "got 'akount:1-{}' for 'account'"),
        (MAPPING | {"customer": {"account": 5}}, "got 5 for 'account'"),
        (MAPPING | {"customer": {"account": "fone:{}"}}, r"scheme got 'fone' \(did you mean 'phone'\?\), known are"),
        (MAPPING | {"sender": [{"field": "a", "scheme": ["phone"]}]}, "scheme got .*known are"),
        (MAPPING | {"customer": [{"field": "a", "assurance": "certainly"}]}, "got 'certainly'"),
        (MAPPING | {"direction": "in"}, "inbound, outbound, internal"),
        (MAPPING | {"direction": "incoming"}, "got 'incoming'"),
        (MAPPING | {"zone": "Mars/Olympus"}, "IANA"),
        ("no = = toml\n", "no TOML"),
        (5, "accepted is a dict"),
    ],
)
def test_mapping_that_cannot_be_meant_is_refused_and_says_what_is_accepted(mapping: Any, message: str) -> None:
    with pytest.raises(SourceFormatError, match=message):
        read_mapping(mapping)


def test_folder_reads_each_file_by_its_own_format_and_mappings_are_no_logs(fixtures: Path, tmp_path: Path) -> None:
    for name in ("letters.csv", "letters.toml", "Master.csv", "x_posts.json"):
        shutil.copy(fixtures / name, tmp_path / name)
    (tmp_path / "notes.bin").write_bytes(b"\x00\x01\x02")
    source = in_utc(tmp_path, zone="Europe/London")
    items = list(source)
    assert {item.source for item in interactions(items)} == {"mailroom", "asterisk", "x"}
    assert [r.where for r in rejected(items) if "notes" in (r.where or "")] == ["notes.bin"]
    assert source.position == source.size
