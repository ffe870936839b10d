"""JSON lines: nothing is lost, nothing is taken on trust beyond what is asked, and no line does harm."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from interchange.strategies import interactions, json_values
from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.identifiers import phone
from omnitrack.interchange import jsonl
from omnitrack.interchange.record import as_texts, decode, encode
from omnitrack.model import Assurance, Interaction, Sighting, verified

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
LINE = '{"omnitrack":1,"channel":"phone","occurred_at":"2026-03-01T09:30:00+00:00"}'


def load(document: Any, **options: Any) -> list[Interaction]:
    return list(jsonl.load(document, **options)[0])


def dump(*given_: Interaction) -> str:
    return "".join(jsonl.dump(given_)[0])


@given(st.lists(interactions, max_size=3))
@budget(60)
def test_what_was_dumped_loads_as_it_was_in_every_field(given_: list[Interaction]) -> None:
    lines, report = jsonl.dump(given_)
    loaded = load("".join(lines))
    assert loaded == given_
    # == of identifiers looks at their key alone, and == of times not at the offset
    assert [attrs.asdict(one) for one in loaded] == [attrs.asdict(one) for one in given_]
    assert [one.occurred_at.utcoffset() for one in loaded] == [one.occurred_at.utcoffset() for one in given_]
    assert report.lossless
    assert report.converted == len(given_)


@given(st.lists(interactions, max_size=3))
@budget(60)
def test_a_line_is_a_line_for_every_reader(given_: list[Interaction]) -> None:
    text = dump(*given_)
    assert len(text.splitlines()) == len(given_)
    text.encode()


@pytest.mark.parametrize("wrap", [str, str.encode, io.StringIO, lambda text: io.BytesIO(text.encode()), str.split])
def test_lines_come_as_text_bytes_a_file_or_an_iterable(wrap: Any) -> None:
    assert len(load(wrap(f"{LINE}\n\n{LINE}\n"))) == 2


def test_lines_are_read_only_as_they_are_asked_for() -> None:
    interactions_, report = jsonl.load(iter([LINE, "no JSON"]))
    next(interactions_)
    assert report.converted == 1


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", "line 1"),
        ("[]", "line 1"),
        ("null", "line 1"),
        ("[" * 100_000, "deep"),
        ('{"omnitrack":NaN}', "number"),
        ('{"omnitrack":' + "9" * 5000 + "}", "number"),
        ('{"omnitrack":2}', "omnitrack"),
        ('{"omnitrack":true,"channel":"x","occurred_at":"2026-03-01T09:30:00Z"}', "omnitrack"),
        ('{"omnitrack":1,"channel":"phone"}', "occurred_at"),
        (LINE.replace('"phone"', "7"), "channel"),
        (LINE.replace("+00:00", ""), "offset"),
        (LINE[:-1] + ',"direction":"sideways"}', "direction"),
        (LINE[:-1] + ',"customers":{}}', "customers"),
        (LINE[:-1] + ',"customers":[[{"identifier":7}]]}', "customers[0][0].identifier"),
        (LINE[:-1] + ',"customers":[[{"identifier":{"scheme":"x","value":""}}]]}', "value"),
        (LINE[:-1] + ',"customers":[[{"identifier":"a","assurance":"sure"}]]}', "assurance"),
        (LINE[:-1] + ',"customers":[[{"identifier":"a","assurance":7}]]}', "assurance"),
        (LINE[:-1] + ',"attachments":[{"size":-1}]}', "size"),
        (LINE[:-1] + ',"deleted":"yes"}', "deleted"),
        (LINE[:-1] + ',"source_id":"7"}', "source"),
        (LINE[:-1] + ',"body":"a\\u0000b"}', "body"),
    ],
)
def test_a_bad_line_is_refused_by_the_name_of_its_field(line: str, field: str) -> None:
    with pytest.raises((SourceFormatError, InvalidInteractionError), match="line 1") as error:
        load([line])
    assert field in str(error.value)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(SourceFormatError, match="byte 0"):
        load(b"\xff\xfe")


def test_refused_lines_are_collected_and_the_rest_is_loaded() -> None:
    loaded, report = jsonl.load([LINE, "{", LINE], on_error="collect")
    assert len(list(loaded)) == 2
    assert [item.where for item in report.rejected] == ["line 2"]
    assert not report.lossless


def test_a_line_beyond_the_limit_is_refused_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_DOCUMENT", 200)
    loaded, report = jsonl.load(io.StringIO("x" * 5_000 + "\n" + LINE + "\n"), on_error="collect")
    assert len(list(loaded)) == 1
    assert report.rejected_total == 1


def test_no_identifier_counts_for_more_than_the_trust_asked() -> None:
    text = dump(Interaction(channel="phone", occurred_at=WHEN, customers=[[verified("+442079460958")]]))
    assert load(text, trust=Assurance.CLAIMED)[0].customers == ((Sighting("+442079460958", Assurance.CLAIMED),),)
    assert load(text)[0].customers[0][0].assurance is Assurance.VERIFIED


def test_with_a_source_named_every_interaction_has_a_source_id_that_stays() -> None:
    text = dump(Interaction(channel="phone", occurred_at=WHEN), Interaction(channel="web", occurred_at=WHEN, id="i1"))
    first, second = load(text, source="backup"), load(text.encode(), source="backup")
    assert [(one.source, one.source_id) for one in first] == [(one.source, one.source_id) for one in second]
    assert all(one.source == "backup" and one.source_id for one in first)


def test_a_field_of_a_later_version_is_reported() -> None:
    loaded, report = jsonl.load([LINE[:-1] + ',"mood":"good"}'])
    list(loaded)
    assert [note.field for note in report.lost] == ["mood"]


def test_what_json_cannot_say_is_reported_on_the_way_out() -> None:
    odd = {"a": {1: "one"}, "b": (1, 2)}
    lines, report = jsonl.dump([Interaction(channel="web", occurred_at=WHEN, attributes=odd)])
    assert json.loads(next(lines))["attributes"] == {"a": {"1": "one"}, "b": [1, 2]}
    assert {note.field for note in report.lost} == {"attributes"}
    assert len(report.lost) == 2


@given(st.dictionaries(st.sampled_from([field.name for field in attrs.fields(Interaction)]), json_values))
def test_any_value_in_any_field_is_read_or_refused(record: dict[str, Any]) -> None:
    line = json.dumps({**json.loads(LINE), **record})
    for interaction in jsonl.load([line], on_error="collect")[0]:
        dump(interaction)


def test_an_unknown_way_to_treat_errors_is_refused() -> None:
    with pytest.raises(ValueError, match="collect"):
        jsonl.load([], on_error="ignore")


def test_a_tracker_parses_again_what_a_line_says_is_parsed(tmp_path: Path) -> None:
    people = [
        [{"identifier": {"scheme": "email", "value": "Jane@Example.com"}}],
        [{"identifier": {"scheme": "email", "value": "noreply@example.com", "linkable": True}}],
        [{"identifier": {"scheme": "nonsense", "value": "1"}}, {"identifier": {"scheme": "phone", "value": "hello"}}],
    ]
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({**json.loads(LINE), "customers": people, "source": "s", "source_id": "1"}) + "\n")
    tracker = omnitrack.open("memory://", region="GB")
    report = tracker.load(path)
    (stored,) = tracker.interactions()
    kept = [one.identifier for person in stored.customers for one in person if not isinstance(one.identifier, str)]
    assert [(one.key, one.linkable) for one in kept] == [
        ("email:jane@example.com", True),
        ("email:noreply@example.com", False),
    ]
    assert (report.added, report.rejected_total, report.left_out_total) == (1, 0, 2)


def test_who_spoke_for_a_number_is_kept_and_it_never_comes_back_as_more_than_a_claim() -> None:
    """The key of a number says nothing of the host that wrote it down."""
    seen = Interaction(
        channel="phone",
        occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
        customers=[[phone("sip:+442079460958@evil.example")]],
    )
    again = decode(encode(seen), "record")
    assert again.customers[0][0].identifier.host == "evil.example"  # type: ignore[union-attr]
    assert as_texts(again).customers[0][0].assurance is Assurance.CLAIMED
