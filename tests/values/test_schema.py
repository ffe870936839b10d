"""The JSON Schema: what the package ships is what the classes say, and every value is valid by it."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

import omnitrack
from effort import budget
from omnitrack import InvalidValueError, Value, cli
from omnitrack.values.layout import all_classes
from omnitrack.values.schema import document, schema
from values.made import values_named

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NAMES = [cls.__name__ for cls in all_classes()]


def test_the_file_in_the_package_is_what_the_classes_say() -> None:
    text = resources.files("omnitrack.values").joinpath("v1.schema.json").read_text(encoding="utf-8")
    assert text == json.dumps(document(), indent=1) + "\n", "run python tools/generate_schema.py"
    Draft202012Validator.check_schema(json.loads(text))


def checker() -> FormatChecker:
    made = FormatChecker(["date"])
    made.checks("date-time")(lambda text: not isinstance(text, str) or bool(RFC_3339.fullmatch(text)))
    return made


@cache
def validator_of(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), format_checker=checker())


@pytest.fixture(scope="module")
def whole() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=checker())


@pytest.mark.parametrize("name", NAMES)
@budget(25)
@given(data=st.data())
def test_every_value_is_valid(name: str, whole: Draft202012Validator, data: st.DataObject) -> None:
    document = data.draw(values_named(name)).to_dict()
    own = validator_of(name)
    own.validate(document)
    if data.draw(st.integers(0, 9)) == 0:  # it asks every class in turn
        whole.validate(document)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_a_class_has_not_is_invalid(name: str) -> None:
    errors = list(Draft202012Validator(schema(name)).iter_errors({"surprise": 1}))
    assert any(error.validator == "additionalProperties" for error in errors)
    refused = [error.message for error in Draft202012Validator(schema(name)).iter_errors({"type": "Another"})]
    assert f"{name!r} was expected" in refused


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("Customer", {"id": 7}),
        ("TimelineItem", {"direction": "sideways"}),
        ("Interaction", {"customers": [["x:jane"]], "channel": "x", "occurred_at": "2026-03-01T09:30:00Z"}),
        ("Page", {"items": [{"no": "type"}]}),
        ("RetentionRule", {}),
        ("Suggestion", {"customers": ["one"]}),
    ],
)
def test_what_is_invalid_is_refused_by_the_classes_too(name: str, document: dict[str, Any]) -> None:
    assert not Draft202012Validator(schema(name)).is_valid(document)
    with pytest.raises(InvalidValueError):
        getattr(omnitrack, name).from_dict(document)


def test_the_command_line_prints_it(capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["schema", "Customer"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == schema("Customer")
    assert set(printed["$defs"]) == {"Customer", "Identifier"}
    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
    assert cli.main(["schema", "Nobody"]) == 1
    assert "name: got 'Nobody', accepted is the name of a class" in capsys.readouterr().err


def test_what_the_command_line_prints_as_json_is_a_value(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'h.db'}"
    with omnitrack.open(url) as tracker:
        tracker.record(
            channel="x", occurred_at=omnitrack.Revision.from_dict(EDIT).at, customer=["x:jane", "jane@example.com"]
        )
    for command in (
        ["timeline", "x:jane"],
        ["customer", "x:jane"],
        ["candidates", "x:jane"],
        ["explain", "x:jane", "jane@example.com"],
        ["deny", "x:jane", "jane@example.com", "--by", "sam", "--reason", "two people"],
        ["statements", "x:jane"],
        ["log"],
        ["verify"],
        ["erase", "x:jane", "--by", "sam", "--reason", "asked"],
    ):
        assert cli.main(["--store", url, "--json", *command]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines
        for line in lines:
            Draft202012Validator(schema()).validate(json.loads(line))
            assert Value.from_dict(json.loads(line)).to_dict() == json.loads(line)


EDIT = {"source": "x", "source_id": "1", "at": "2026-03-01T09:30:00+00:00"}
