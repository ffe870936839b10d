"""Tables as spreadsheets write them: workbooks, text marks, line ends, lists of parts; and what is refused of a workbook."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from omnitrack.errors import OmnitrackError, SourceFormatError
from omnitrack.sources import inspect, open_source
from omnitrack.sources.archives import Refused, check_xml, check_zip
from omnitrack.sources.excel import first_rows
from omnitrack.sources.reading import Input, rows
from sources.asserting import in_utc, interactions, passed_over, people, rejected

openpyxl = pytest.importorskip("openpyxl")

MAPPING = {
    "channel": "letter",
    "fields": {"occurred_at": "When", "source_id": "Ref", "body": "Message"},
    "customer": {"Phone": "phone:{}!observed"},
}
HEAD = ["Ref", "When", "Phone", "Message"]


def workbook(sheets: Any) -> Any:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: Any, **options: Any) -> Any:
    return list(in_utc(data, "excel", mapping=MAPPING, **options))


def test_rows_of_every_sheet_with_the_columns_are_read_and_other_sheets_are_passed_over() -> None:
    items = read(
        workbook(
            {
                "Jan": [HEAD, ["1", datetime(2026, 1, 5, 9, 15), "020 7946 0958", "a"]],
                "Notes": [["just", "notes"]],
                "Feb": [[], HEAD, ["2", datetime(2026, 2, 5), "020 7946 0959", "b"]],
                "Empty": [],
            }
        )
    )
    assert [(i.source_id, i.occurred_at) for i in interactions(items)] == [
        ("1", datetime(2026, 1, 5, 9, 15, tzinfo=timezone.utc)),
        ("2", datetime(2026, 2, 5, tzinfo=timezone.utc)),
    ]
    assert [(i.where, i.reason) for i in passed_over(items)] == [
        ("sheet Notes", "sheet without the columns of the mapping"),
        ("sheet Empty", "empty sheet"),
    ]


def test_one_sheet_can_be_named() -> None:
    book = workbook(
        {"Jan": [HEAD, ["1", datetime(2026, 1, 5), "1", "a"]], "Feb": [HEAD, ["2", datetime(2026, 2, 5), "2", "b"]]}
    )
    assert [i.source_id for i in interactions(read(book, sheet="Feb"))] == ["2"]
    [none] = read(book, sheet="March")
    assert none.reason == "sheet: it has none of the name 'March'"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (447700900123, "447700900123"),
        (447700900123.0, "447700900123"),
        ("0123", "0123"),
        (True, True),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 9, 15), "2026-01-05T09:15:00"),
        (time(9, 15), "09:15:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ("#N/A", None),
        ("  ", None),
    ],
)
def test_a_cell_is_what_the_workbook_keeps_however_it_is_shown(cell: Any, said: Any) -> None:
    book = workbook({"A": [[*HEAD, "Extra"], ["1", datetime(2026, 1, 5), "020 7946 0958", "a", cell]]})
    [item] = read(book)
    found = item.attributes.get("Extra")
    assert (str(int(found)) if isinstance(found, (int, float)) and not isinstance(found, bool) else found) == said


def test_a_number_kept_as_a_number_identifies_whoever_has_it() -> None:
    [item] = read(workbook({"A": [HEAD, [7, datetime(2026, 1, 5), 447700900123, "a"]]}))
    assert (item.source_id, people(item.customers)) == ("7", [["phone:447700900123"]])


def test_a_row_that_is_wrong_costs_itself_and_says_its_place() -> None:
    items = read(workbook({"A": [HEAD, [1, "soon", "1", "a"], [], [2, datetime(2026, 1, 5), "2", "b"]]}))
    assert [i.source_id for i in interactions(items)] == ["2"]
    [bad] = rejected(items)
    assert bad.where == "sheet A, row 2"
    assert bad.reason.startswith("When: got 's***', which is none of the forms tried")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04 torn", b"no workbook at all", workbook({"A": [HEAD]})[:900]],
    ids=["empty", "torn", "text", "cut"],  # a workbook holds when it was made, and workers must collect the same names
)
def test_what_is_no_workbook_is_rejected(data: Any) -> None:
    [item] = read(data)
    assert rejected([item])


def packed(name: Any, content: Any) -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return out


def test_a_part_that_unpacks_to_far_more_than_it_is_packed_into_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Refused, match="times what it is packed into, accepted are at most 200 times"):
        check_zip(packed("xl/worksheets/sheet1.xml", b"<a>" + b" " * 5_000_000))


def test_a_file_of_too_much_in_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.sources.archives.MAX_UNPACKED", 1000)
    with pytest.raises(Refused, match="1001 bytes unpacked, accepted are at most 1000"):
        check_zip(packed("a.txt", b"x" * 1001))


ENTITIES = '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "before", ["", '<?xml version="1.0"?>\n', "<!-- x -->\n", "<!--" + "x" * 100_000 + "-->", "\ufeff"]
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_xml_that_declares_a_document_type_is_refused_whatever_stands_before(before: Any, charset: Any) -> None:
    with pytest.raises(Refused, match="accepted is XML without a document type"):
        check_xml((before + ENTITIES).encode(charset)[: 64 * 1024])
    check_xml('<?xml version="1.0"?><!-- x --><a/>'.encode(charset))


def torn(book: Any, end: Any) -> Any:
    """A workbook whose first sheet ends early, packed as if that were all of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as whole, zipfile.ZipFile(out, "w") as file:
        for name in whole.namelist():
            data = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data[: data.index(end)]
            file.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("end", [b"<sheetData", b"</row>", b"</sheetData>"])
def test_a_workbook_with_a_torn_sheet_is_read_and_inspected_as_far_as_it_goes(tmp_path: Path, end: Any) -> None:
    rows = [HEAD, *([n, datetime(2026, 1, 5), "020 7946 0958", "a"] for n in range(3))]
    path = tmp_path / "log.xlsx"
    path.write_bytes(torn(workbook({"A": rows}), end))
    assert [item.reason for item in rejected(read(path.read_bytes()))][-1:] == ["cannot be read further (ParseError)"]
    if end == b"</sheetData>":
        assert inspect(path).mapping is not None
    else:
        with pytest.raises(SourceFormatError, match=r"'log\.xlsx' is no workbook that can be read"):
            inspect(path)


def test_entities_in_a_workbook_are_refused() -> None:
    book = io.BytesIO(workbook({"A": [HEAD]}))
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, ENTITIES.encode() if part.endswith("sheet1.xml") else content)
    [item] = read(out.getvalue())
    assert "document type declaration" in item.reason


# -- CSV --------------------------------------------------------------------------------------------------------------------

CSV = {
    "channel": "letter",
    "fields": {"occurred_at": "when", "source_id": "id", "body": "note"},
    "customer": {"phone": "phone:{}"},
}


def csv_of(text: Any, **options: Any) -> Any:
    return list(in_utc(text.encode(), "csv", mapping=CSV, **options))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_end_as_the_file_ends_its_lines(end: Any) -> None:
    items = csv_of(f"id,when,phone,note{end}1,2026-01-05,1,a{end}2,2026-01-06,2,b{end}")
    assert [(i.source_id, i.body) for i in items] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize("text", ["one \r\rtwo", '"one \r\rtwo"'])
def test_a_carriage_return_inside_of_a_row_is_a_line_break_of_its_field(text: Any) -> None:
    items = csv_of(f"id,when,phone,note\n1,2026-01-05,1,{text}\n2,2026-01-06,2,b\n")
    assert [(i.source_id, i.body.split()) for i in items] == [("1", ["one", "two"]), ("2", ["b"])]


@given(
    st.lists(st.lists(st.sampled_from(["a", "", "b c", "1,5", '"']), min_size=2, max_size=3), min_size=1, max_size=6)
)
@budget(60)
def test_old_macs_rows_are_those_of_today(table: Any) -> None:
    import csv

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    text = out.getvalue()
    assert list(rows(Input(text.replace("\n", "\r").encode()))) == list(rows(Input(text.encode())))


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ('="020 7946 0958"', "020 7946 0958"),
        ('"=""020 7946 0958"""', "020 7946 0958"),
        ("'+442079460958", "+442079460958"),
        ("'020 7946 0958", "020 7946 0958"),
        ("'90s music", "'90s music"),
        ("=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_marks_that_spreadsheets_put_around_numbers_are_taken_off(cell: Any, meant: Any) -> None:
    [item] = csv_of(f"id,when,phone,note\n1,2026-01-05,020 7946 0958,{cell}\n")
    assert item.body == meant


def test_a_first_line_that_says_the_delimiter_is_no_header() -> None:
    [item] = csv_of("sep=;\nid;when;phone;note\n1;2026-01-05;020 7946 0958;a, b, c\n")
    assert item.body == "a, b, c"


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (["see ", {"type": "link", "text": "https://x.example"}, " please"], "see https://x.example please"),
        ([{"type": "paragraph", "content": [{"text": "a"}, {"text": "b"}]}], "ab"),
        ({"text": "a"}, "a"),
        ("plain", "plain"),
        ([], None),
    ],
)
def test_a_text_in_parts_is_joined(text: Any, body: Any) -> None:
    [item] = in_utc([{"id": 1, "when": "2026-01-05", "note": text}], "jsonl", mapping=CSV)
    assert item.body == body


@pytest.mark.parametrize("text", [["a", 5], {"media": "x"}, [{"type": "line-break"}]])
def test_parts_that_are_no_texts_are_left_out_and_said(text: Any) -> None:
    note, item = in_utc([{"id": 1, "when": "2026-01-05", "note": text}], "jsonl", mapping=CSV)
    assert (item.body, note.kept) == (None, True)
    assert note.reason == f"note: got {type(text).__name__}, accepted for body is text or a number; left out"


def test_a_workbook_is_found_by_the_mapping_beside_it_and_by_one_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "log.xlsx").write_bytes(workbook({"A": [HEAD, [1, datetime(2026, 1, 5), "1", "a"]]}))
    assert open_source(tmp_path / "log.xlsx", mapping=MAPPING).name == "excel"
    (tmp_path / "log.toml").write_text(
        'channel = "letter"\n[fields]\noccurred_at = "When"\n[customer]\nPhone = "phone:{}"\n', encoding="utf-8"
    )
    assert open_source(tmp_path / "log.xlsx").name == "excel"


def test_of_two_columns_with_one_name_the_first_counts_and_that_is_said() -> None:
    text = b"Ref,When,Phone,Phone,Message\n1,2026-02-03,07700900123,07700900124,a\n"
    said, contact = in_utc(text, "csv", mapping=MAPPING)
    assert (said.kept, "Phone more than once" in said.reason) == (True, True)
    assert people(contact.customers) == [["phone:07700900123"]]
    assert "07700900124" in contact.attributes.values()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_damaged_anywhere_is_read_or_rejected(tmp_path: Path, method: Any) -> None:
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"A": [HEAD, [1, datetime(2026, 1, 5), "2", "b"]]}))) as made,
        zipfile.ZipFile(whole, "w", method) as file,
    ):
        for part in made.infolist():
            file.writestr(part.filename, made.read(part))
    data = whole.getvalue()
    path = tmp_path / "log.xlsx"
    outcomes = set()
    for at in range(0, len(data), 71):
        damaged = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        outcomes.add(bool(rejected(read(damaged))))
        path.write_bytes(damaged)
        try:
            list(first_rows(path, 5))
        except OmnitrackError:
            continue
    assert outcomes == {True, False}
