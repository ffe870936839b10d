"""CloudEvents: nothing is lost in our own, and any event of others is read or refused with a reason."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import testdata
from effort import budget
from interchange import samples
from interchange.strategies import interactions, json_values
from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.interchange import cloudevents
from omnitrack.model import Assurance, Interaction, claimed, verified

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
EVENT = {"specversion": "1.0", "id": "7", "source": "/web", "type": "com.example.visit", "time": "2026-03-01T09:30:00Z"}


def load(document: Any, **options: Any) -> list[Interaction]:
    return list(cloudevents.load(document, received_at=NOW, **options)[0])


@given(st.lists(interactions, max_size=3))
@budget(60)
def test_what_was_dumped_loads_as_it_was_and_has_a_source_id(given_: list[Interaction]) -> None:
    events, report = cloudevents.dump(given_)
    loaded = load(json.dumps(list(events)), trust=Assurance.STATED)
    assert report.lossless
    assert [one for one in loaded if one.source_id is None] == []
    for one, before in zip(loaded, given_, strict=True):
        kept = attrs.evolve(one, source=before.source, source_id=before.source_id)
        assert kept == before


@given(interactions)
@budget(60)
def test_an_event_has_the_required_attributes_as_the_specification_types_them(given_: Interaction) -> None:
    (event,) = cloudevents.dump([given_])[0]
    assert event["specversion"] == "1.0"
    assert all(isinstance(event[name], str) and event[name] for name in ("id", "source", "type", "time"))
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in event)
    assert " " not in event["source"]


def test_context_attributes_hold_no_identifier() -> None:
    event = next(cloudevents.dump([Interaction(channel="x", occurred_at=NOW, customers=[["x:jane"]])])[0])
    assert "jane" not in json.dumps({name: value for name, value in event.items() if name != "data"})


def test_a_revision_is_another_event_of_the_same_interaction() -> None:
    one = Interaction(channel="x", occurred_at=NOW, source="x", source_id="7")
    events = list(cloudevents.dump([one, attrs.evolve(one, revised_at=NOW)])[0])
    assert events[0]["id"] != events[1]["id"]
    assert [(loaded.source, loaded.source_id) for loaded in load(events)] == [("x", "7"), ("x", "7")]


def test_an_identifier_counts_as_observed_unless_more_trust_is_asked() -> None:
    events = list(cloudevents.dump([Interaction(channel="x", occurred_at=NOW, customers=[[verified("x:a")]])])[0])
    assert load(events)[0].customers[0][0].assurance is Assurance.OBSERVED
    assert load(events, trust=Assurance.VERIFIED)[0].customers[0][0].assurance is Assurance.VERIFIED


def test_an_event_of_another_system_becomes_an_interaction() -> None:
    (visit,) = load({**EVENT, "data": {"page": "/faults"}, "traceid": "t"})
    assert (visit.channel, visit.kind, visit.occurred_at) == ("web", "com.example.visit", NOW)
    assert (visit.source, visit.source_id) == ("/web", "7")
    assert visit.attributes["data"] == {"page": "/faults"}
    assert visit.attributes["cloudevents"]["traceid"] == "t"


def test_the_caller_says_who_the_customer_of_an_event_is() -> None:
    event = {**EVENT, "data": {"mail": "jane@example.com"}}
    (visit,) = load(event, customer=lambda event: [claimed(event["data"]["mail"])])
    assert visit.customers == ((claimed("jane@example.com"),),)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ({"data": "Hello"}, "Hello"),
        ({"data_base64": "SGVsbG8=", "datacontenttype": "text/plain"}, "Hello"),
        ({"data": "SGVsbG8=", "datacontentencoding": "base64", "datacontenttype": "text/plain"}, "Hello"),
    ],
)
def test_textual_data_is_the_body(data: dict[str, Any], body: str) -> None:
    assert load({**EVENT, **data})[0].body == body


def test_binary_data_is_described_and_reported_as_lost() -> None:
    loaded, report = cloudevents.load({**EVENT, "data_base64": "AAEC", "datacontenttype": "image/png"})
    (attachment,) = next(loaded).attachments
    assert (attachment.size, attachment.media_type) == (3, "image/png")
    assert [note.field for note in report.lost] == ["data_base64"]


def test_an_event_without_time_takes_the_time_of_receipt_and_says_so() -> None:
    loaded, report = cloudevents.load({**EVENT, "time": None}, received_at=NOW)
    assert next(loaded).occurred_at == NOW
    assert "time" in [note.field for note in report.assumed]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "2.0"}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"id": ""}, "id"),
        ({"source": 7}, "source"),
        ({"type": None}, "type"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-02-30T00:00:00Z"}, "time"),
        ({"datacontenttype": "json"}, "datacontenttype"),
        ({"data": 1, "data_base64": "AA=="}, "data"),
        ({"data_base64": "%"}, "data_base64"),
        ({"id": "x" * 1000}, "source_id"),
    ],
)
def test_what_is_no_event_is_refused_by_the_name_of_the_attribute(change: dict[str, Any], field: str) -> None:
    with pytest.raises((SourceFormatError, InvalidInteractionError), match=field):
        load({**EVENT, **change})


def test_in_a_batch_a_bad_event_is_collected_and_the_others_load() -> None:
    loaded, report = cloudevents.load([EVENT, {}, EVENT], on_error="collect")
    assert len(list(loaded)) == 2
    assert [item.where for item in report.rejected] == ["cloudevents[1]"]


def test_the_conformance_samples_load() -> None:
    yaml = pytest.importorskip("yaml")
    count = 0
    for path in sorted(testdata.find("cloudevents").rglob("yaml/**/*.yaml")):
        for sample in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            attributes = {k: v for k, v in sample["ContextAttributes"].items() if k != "Extensions"}
            attributes |= sample["ContextAttributes"].get("Extensions", {})
            attributes["specversion"] = str(attributes["specversion"])
            if "time" in attributes:
                attributes["time"] = attributes["time"].isoformat() + "Z" * (attributes["time"].tzinfo is None)
            structured = "json" in attributes.get("datacontenttype", "application/json")
            data = json.loads(sample["Data"]) if structured else sample["Data"]
            (interaction,) = load({**attributes, "data": data})
            assert interaction.source_id == attributes["id"]
            assert interaction.body or interaction.attributes["data"]
            count += 1
    assert count >= 15


@given(st.data())
@budget(60)
def test_a_mutated_event_is_read_or_refused(data: st.DataObject) -> None:
    rich = {**EVENT, "subject": "s", "data": {"a": [1, {"b": "c"}]}, "datacontenttype": "application/json", "n": 1}
    own = next(cloudevents.dump([data.draw(interactions)])[0])
    document = samples.mutations(data.draw, data.draw(st.sampled_from([rich, own])))
    for text in (document, json.dumps(document), [document]):
        for interaction in cloudevents.load(text, on_error="collect", received_at=NOW)[0]:
            assert interaction.source_id


@given(json_values | st.text() | st.binary())
def test_anything_else_is_refused(document: object) -> None:
    assert list(cloudevents.load(document, on_error="collect")[0]) == []
