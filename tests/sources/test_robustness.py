"""No file, however broken, stops a source or fills the memory: what cannot be read is rejected with its place and why."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import budget
from omnitrack.model import Interaction, PassedOver, Rejected, Revision
from omnitrack.sources import get_source, open_source
from omnitrack.sources.reading import Bad, Input, lines, rows
from omnitrack.sources.reading_json import json_items
from sources.asserting import interactions, rejected
from sources.make_mails import make_mails
from sources.outlook_files import emlx, wrapped

FIXTURES = Path(__file__).parent / "fixtures"
LETTERS, COMMENTS = FIXTURES / "letters.toml", FIXTURES / "comments.toml"
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "Master.csv": ("asterisk-cdr", {}),
    "freeswitch.csv": ("freeswitch-csv", {}),
    "freeswitch.json": ("freeswitch-json", {}),
    "freeswitch.cdr.xml": ("freeswitch-xml", {}),
    "cel.csv": ("asterisk-cel", {}),
    "3cx.log": ("3cx-cdr", {}),
    "cucm.csv": ("cucm-cdr", {}),
    "twilio.json": ("twilio-calls", {}),
    "teams.json": ("teams-calls", {}),
    "genesys.json": ("genesys-cloud", {}),
    "x_posts.json": ("x", {}),
    "direct-messages.js": ("x-archive", {}),
    "whatsapp_webhooks.jsonl": ("whatsapp-cloud", {}),
    "WhatsApp Chat with +44 7700 900123.txt": ("whatsapp-chat", {"own_name": "Care Team"}),
    "chatwoot.jsonl": ("chatwoot", {"identifier_scope": "bt"}),
    "zendesk.json": ("zendesk", {}),
    "zendesk_audits.json": ("zendesk", {}),
    "freshdesk.json": ("freshdesk", {}),
    "intercom.json": ("intercom", {}),
    "hubspot.json": ("hubspot", {}),
    "connect.json": ("amazon-connect", {"identifiers": {"accountNumber": "account:{}@bt"}}),
    "selfservice.jsonl": ("segment", {}),
    "cloudevents.json": ("cloudevents", {}),
    "letters.csv": ("csv", {"mapping": LETTERS}),
    "comments.jsonl": ("jsonl", {"mapping": COMMENTS}),
}
MAILS = b"".join(b"From x@example.org Mon Jan  6 09:00:00 2025\n" + mail + b"\n" for _, mail in make_mails(12, 5))
CASES: list[tuple[str, bytes, str, dict[str, Any]]] = [
    (name, (FIXTURES / name).read_bytes(), *FORMATS[name]) for name in FORMATS
]
CASES += [("mails", MAILS, "mbox", {}), ("mail", MAILS, "eml", {})]
CASES += [("winmail.dat", wrapped(), "eml", {}), ("1.emlx", emlx(MAILS, 1), "emlx", {})]
BY_NAME = {name: (data, format, options) for name, data, format, options in CASES}


def mutate(whole: bytes, rng: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(data) + 1), rng.choice([1, 3, 20, 200])
        piece = rng.choice(
            [
                b"\x00" * length,
                b"\xff\xfe\x80" * length,
                b'"',
                b"\n",
                b"\r",
                b"{[" * length,
                b"]}" * length,
                b"\\",
                b",,,",
                b"\xc3",
                b"\\ud800",
                b"\\u0000",
                b"NaN",
                b"9" * length,
                b"-1e999",
                b"From ",
                b":",
                b"<",
                bytes(data[at : at + length]),
            ]
        )
        match rng.randrange(4):
            case 0:
                data[at:at] = piece
            case 1:
                data[at : at + length] = piece
            case 2:
                del data[at : at + length]
            case 3:
                del data[at:]
    return bytes(data)


def check(items: Any) -> int:
    count = 0
    for item in items:
        count += 1
        assert isinstance(item, (Interaction, Revision, Rejected, PassedOver))
        if isinstance(item, Interaction):
            assert item.source
            assert item.source_id
            json.dumps([dict(item.attributes), dict(item.traits)], ensure_ascii=False).encode("utf-8")
            "".join(filter(None, (item.body, item.subject, item.thread, item.source_id))).encode("utf-8")
        if isinstance(item, (Rejected, PassedOver)):
            assert item.reason
            assert item.where
    return count


@pytest.mark.parametrize("name", BY_NAME)
def test_mutated_files_never_stop_a_source(name: str) -> None:
    data, format, options = BY_NAME[name]
    rng = random.Random(name)
    for _ in range(40):
        check(open_source(mutate(data, rng), format, **options))


@pytest.mark.parametrize("name", BY_NAME)
def test_files_torn_off_anywhere_give_what_stands_before(name: str) -> None:
    data, format, options = BY_NAME[name]
    whole = len(interactions(open_source(data, format, **options)))
    counts = []
    for tenth in range(10):
        items = list(open_source(data[: len(data) * tenth // 10], format, **options))
        check(items)
        counts.append(len(interactions(items)))
    assert max(counts) <= whole + 1


@pytest.mark.parametrize("name", BY_NAME)
@given(junk=st.binary(max_size=300))
@budget(20)
def test_bytes_that_are_no_file_at_all_are_rejected_or_read(name: str, junk: bytes) -> None:
    _, format, options = BY_NAME[name]
    check(open_source(junk, format, **options))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def misshapen(draw: Callable[..., Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the records with some of its values, at any depth, replaced by anything that JSON can hold."""
    record: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(records))))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = record
        key: Any = None
        for _ in range(draw(st.integers(1, 7))):
            options = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not options:
                break
            parent, key = place, draw(st.sampled_from(options))
            place = place[key]
            if not isinstance(place, (dict, list)):
                break
        if key is not None:
            parent[key] = draw(JSON)
    return record


JSON_FORMATS = [name for name in FORMATS if name.endswith((".json", ".jsonl", ".js"))]
RECORDS = {
    name: [item[1] for item in json_items(Input((FIXTURES / name).read_bytes())) if not isinstance(item, Bad)]
    for name in JSON_FORMATS
}


@pytest.mark.parametrize("name", JSON_FORMATS)
@given(data=st.data())
@budget(60)
def test_records_of_another_shape_never_stop_a_source(name: str, data: st.DataObject) -> None:
    format, options = FORMATS[name]
    check(open_source([data.draw(misshapen(RECORDS[name]))], format, **options))


@pytest.mark.parametrize("name", JSON_FORMATS)
def test_json_that_is_deep_is_rejected_and_the_rest_loaded(name: str) -> None:
    format, options = FORMATS[name]
    good = "\n".join(map(json.dumps, RECORDS[name]))
    deep = '{"data":' * 100_000 + "}" * 100_000
    half, rest = good.splitlines()[: len(RECORDS[name]) // 2], good.splitlines()[len(RECORDS[name]) // 2 :]
    whole = {item.source_id for item in interactions(open_source(good.encode(), format, **options))}
    items = list(open_source("\n".join([*half, deep, *rest]).encode(), format, **options))
    assert {item.source_id for item in interactions(items)} == whole
    assert any("nested" in item.reason for item in rejected(items))


@pytest.mark.parametrize(
    "name", ["Master.csv", "chatwoot.jsonl", "WhatsApp Chat with +44 7700 900123.txt", "letters.csv"]
)
def test_line_of_20_megabytes_costs_itself_only(name: str) -> None:
    data, format, options = BY_NAME[name]
    whole = len(interactions(open_source(data, format, **options)))
    tracemalloc.start()
    items = list(
        open_source(
            data.rstrip() + b"\n" + b"x" * 20_000_000 + b"\n" + data.splitlines()[-1] + b"\n", format, **options
        )
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert whole <= len(interactions(items)) <= whole + 1
    assert any("a line of" in item.reason for item in rejected(items))
    assert peak < 120_000_000


def test_memory_stays_flat_over_one_json_array_of_any_size(tmp_path: Path) -> None:
    peaks = []
    for count in (600, 3_000):
        path = tmp_path / f"{count}.json"
        with path.open("w", encoding="utf-8") as file:
            file.write("[")
            for number in range(count):
                post = {"id": str(number), "text": "x" * 700, "author_id": "1", "created_at": "2026-01-05T09:00:00Z"}
                file.write(("," if number else "") + json.dumps({"data": post}))
            file.write("]")
        tracemalloc.start()
        found = sum(isinstance(item, Interaction) for item in open_source(path, "x"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == count
    assert peaks[1] < peaks[0] * 1.5


def test_array_with_a_broken_element_goes_on_with_the_next() -> None:
    good = '{"a": 1}'
    for broken in ('{"a": }', '{"a": [}', '{"a" 1}'):
        found = [
            item
            for item in json_items(Input(f"[{good}, {broken}, {good}, {good}]".encode()))
            if not isinstance(item, Bad)
        ]
        assert len(found) >= 2, broken


def test_lost_quote_does_not_swallow_the_lines_below() -> None:
    text = '[\n{"a": "x},\n{"a": "y"},\n{"a": "z"}\n]'
    found = [item[1] for item in json_items(Input(text.encode())) if not isinstance(item, Bad)]
    assert {"a": "z"} in found


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=6),
            min_size=2,
            max_size=4,
        )
    )
)
@settings(deadline=None)
def test_rows_that_csv_writes_are_read_back(table: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    found = [row[1] for row in rows(Input(out.getvalue().encode())) if not isinstance(row, Bad)]
    assert found == [row for row in table if row]


@given(st.binary(max_size=400))
def test_lines_are_all_given_out(data: bytes) -> None:
    assert len(list(lines(Input(data)))) == len(data.split(b"\n")) - (data.endswith(b"\n") or not data)


def test_time_is_bounded_whatever_the_input() -> None:
    began = time.process_time()
    for format, junk in (
        ("x", b"{" * 600_000),
        ("x", b'["' * 300_000),
        ("x", b'{"data":"\\' * 300_000),
        ("chatwoot", b"[" + b"{}," * 50_000),
        ("asterisk-cdr", b'"\n' * 30_000),
        ("asterisk-cdr", b'"a\n' * 3_001),
        ("mbox", b"From \n\n" * 50_000),
        ("eml", b"a" * 3_000_000),
        ("eml", b"From: " + b"<" * 100_000 + b"\n\n"),
        ("eml", b"To: " + b"a@b.example," * 20_000 + b"\n\n"),
        ("eml", b"Subject: " + b"=?utf-8?B?w7bD?= " * 20_000 + b"\n\n"),
        ("eml", b"Subject: a\n\n" + b"> " * 300_000),
        ("whatsapp-chat", b"05/01/2026, 09:00 - " * 100_000),
    ):
        check(open_source(junk, format))
    assert time.process_time() - began < 40


def test_every_source_says_its_name_its_versions_and_its_default_source() -> None:
    for format in {entry[0] for entry in FORMATS.values()} | {"mbox", "eml", "maildir", "folder"}:
        source = get_source(format)
        assert source.name == format
        assert source.versions
        assert source.default_source


def made_mails(count: int) -> bytes:
    text = b"No broadband since Friday, and nobody calls back.\n" * 8
    return b"".join(
        b"From a Mon Jan  5 09:00:00 2026\nFrom: a@example.com\nDate: Mon, 5 Jan 2026 09:00:00 +0000\n"
        b"Message-ID: <%d@example.com>\n\n%s\n" % (number, text)
        for number in range(count)
    )


def made_rows(count: int) -> bytes:
    return b"Received,Ref\n" + b"".join(b"05/01/2026 10:15,%d\n" % number for number in range(count))


def made_lines(count: int) -> bytes:
    return b"".join(b'{"when": "2026-01-05T09:00:00Z", "id": %d}\n' % number for number in range(count))


@pytest.mark.parametrize(
    ("make", "format", "options"),
    [
        (made_mails, "mbox", {}),
        (
            made_rows,
            "csv",
            {"mapping": {"channel": "a", "fields": {"occurred_at": "Received"}, "time_format": "%d/%m/%Y %H:%M"}},
        ),
        (made_lines, "jsonl", {"mapping": {"channel": "a", "fields": {"occurred_at": "when", "source_id": "id"}}}),
    ],
)
def test_memory_stays_flat_whatever_the_number_of_units(
    tmp_path: Path, make: Callable[..., Any], format: str, options: dict[str, Any]
) -> None:
    peaks = []
    for count in (300, 1_500):
        path = tmp_path / f"{count}"
        path.write_bytes(make(count))
        tracemalloc.start()
        found = sum(isinstance(item, Interaction) for item in open_source(path, format, zone="UTC", **options))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == count
    assert peaks[1] < peaks[0] * 1.5 + 500_000


def others_of(name: str, broken: list[Any], whole: list[dict[str, Any]]) -> list[Any]:
    """What of the whole is not there any more, by the ids of the source."""
    format, options = FORMATS[name]
    there = {item.source_id for item in interactions(open_source(broken, format, **options))}
    return [
        item.source_id for item in interactions(open_source(whole, format, **options)) if item.source_id not in there
    ]


@pytest.mark.parametrize("name", JSON_FORMATS)
@pytest.mark.parametrize("junk", [None, 5, "text", [], [[]], {}, {"id": {}}])
def test_one_wrong_record_costs_itself_alone(name: str, junk: Any) -> None:
    for place in range(len(RECORDS[name]) + 1):
        broken = [*RECORDS[name][:place], junk, *RECORDS[name][place:]]
        assert others_of(name, broken, RECORDS[name]) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x_posts.json", ("data",)),
        ("direct-messages.js", ("dmConversation", "messages")),
        ("zendesk.json", ("comments",)),
        ("comments.jsonl", ("items",)),
        ("whatsapp_webhooks.jsonl", ("entry",)),
        ("whatsapp_webhooks.jsonl", ("entry", 0, "changes")),
        ("whatsapp_webhooks.jsonl", ("entry", 0, "changes", 0, "value", "messages")),
    ],
)
@pytest.mark.parametrize("junk", [None, 5, "text", [], {}])
def test_one_wrong_part_of_a_record_costs_itself_alone_and_is_said(name: str, path: tuple[Any, ...], junk: Any) -> None:
    records = json.loads(json.dumps(RECORDS[name]))
    format, options = FORMATS[name]
    before = len(rejected(open_source(RECORDS[name], format, **options)))
    parts = records[0]
    for key in path:
        parts = parts[key]
    parts.insert(0, junk)
    assert others_of(name, records, RECORDS[name]) == []
    items = list(open_source(records, format, **options))
    assert (
        len(rejected(items)) + sum(isinstance(item, PassedOver) and item.reason == "nothing in it" for item in items)
        > before
    )


def test_however_many_values_are_broken_the_others_are_read() -> None:
    good = [f'{{"a": {number}}}' for number in range(1_000)]
    text = "[" + ", ".join(f'{value}, {{"b" 1}}, {{"c": }}' for value in good) + "]"
    found = [item[1] for item in json_items(Input(text.encode())) if not isinstance(item, Bad)]
    assert [value["a"] for value in found if "a" in value] == list(range(1_000))
