"""The sources of self-service events: Segment and CloudEvents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Assurance
from omnitrack.sources import detect, open_source
from omnitrack.sources.visits import task_and_state
from sources.asserting import interactions, passed_over, people, rejected


def event(minute: int, name: str = "Bill Viewed", **fields: Any) -> dict[str, Any]:
    hour, minute = divmod(minute, 60)
    time = f"2026-01-05T{9 + hour:02}:{minute:02}:00Z"
    return {
        "type": "track",
        "messageId": f"m{hour}-{minute}-{name}",
        "timestamp": time,
        "event": name,
        "anonymousId": "d1",
    } | fields


def read(*events: dict[str, Any], **options: Any) -> list[Any]:
    return list(open_source(list(events), "segment", **options))


@pytest.fixture
def events(fixtures: Path) -> list[Any]:
    return list(open_source(fixtures / "cloudevents.json", user_scope="bt"))


def test_formats_are_found(fixtures: Path, tmp_path: Path) -> None:
    assert detect(fixtures / "selfservice.jsonl")[0].name == "segment"
    assert detect(fixtures / "cloudevents.json")[0].name == "cloudevents"


def test_user_is_verified_device_observed_and_traits_are_claimed(fixtures: Path) -> None:
    identify = list(open_source(fixtures / "selfservice.jsonl", user_scope="bt"))[1]
    assert {s.identifier: s.assurance for s in identify.customers[0]} == {
        "account:BT-5521@bt": Assurance.VERIFIED,
        "device:19e0a3a4-7f1d": Assurance.OBSERVED,
        "email:jane.doe@example.com": Assurance.CLAIMED,
    }


def test_assurance_of_user_and_traits_is_what_you_say() -> None:
    [item] = read(
        event(0, userId="u", context={"traits": {"phone": "020 7946 0958"}}),
        user_assurance="observed",
        traits_assurance="verified",
    )
    assert [s.assurance for s in item.customers[0]] == [Assurance.OBSERVED, Assurance.OBSERVED, Assurance.VERIFIED]


def test_steps_without_a_session_id_are_one_thread_until_half_an_hour_passed() -> None:
    items = read(event(0), event(20), event(49), event(90))
    threads = [item.thread for item in items]
    assert threads[0] == threads[1] == threads[2] != threads[3]


def test_session_id_of_the_log_is_the_thread() -> None:
    items = read(event(0, context={"sessionId": "s"}), event(10, anonymousId="d2", properties={"session_id": "s"}))
    assert {item.thread for item in items} == {"s"}


def test_task_started_and_never_finished_in_a_session_that_is_over_was_abandoned() -> None:
    items = read(event(0, "Bill Payment Started"), event(5), event(60))
    assert [item.outcome for item in items] == ["abandoned", None, None]


def test_task_finished_later_was_not_abandoned() -> None:
    items = read(event(0, "Bill Payment Started"), event(5, "Bill Payment Completed"), event(60))
    assert [item.outcome for item in items] == [None, "done", None]


def test_task_still_open_at_the_end_of_the_log_has_no_outcome() -> None:
    assert read(event(0, "Bill Payment Started"))[0].outcome is None


def test_outcome_that_an_event_says_itself_counts() -> None:
    assert read(event(0, properties={"outcome": "handed to chat"}))[0].outcome == "handed to chat"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Appointment Change Started", ("appointment change", "started")),
        ("appointment_change_failed", ("appointment change", "abandoned")),
        ("billPaid", ("bill", "done")),
        ("Page Viewed", ("page viewed", None)),
        ("", (None, None)),
    ],
)
def test_names_of_events_say_task_and_state(name: str, expected: tuple[Any, ...]) -> None:
    assert task_and_state(name) == expected


def test_batch_of_the_http_api_is_its_events() -> None:
    assert len(read({"batch": [event(0), event(1)], "sentAt": "2026-01-05T09:02:00Z"})) == 2


def test_event_without_message_id_gets_the_same_one_each_time() -> None:
    bare = {key: value for key, value in event(0).items() if key != "messageId"}
    assert read(bare)[0].source_id == read(dict(bare))[0].source_id


def test_event_of_nobody_is_kept_and_reported() -> None:
    item, note = read(event(0, anonymousId=None))
    assert (item.customers, note.kept) == ((), True)


def test_broken_line_costs_itself_only() -> None:
    lines = [json.dumps(event(0)), "{torn", json.dumps(event(1)), '{"type": "weather"}']
    items = list(open_source("\n".join(lines).encode(), "segment"))
    assert (len(interactions(items)), [r.where for r in rejected(items)]) == (2, ["line 2"])
    assert [item.reason for item in passed_over(items)] == ['event type "weather"']


def test_cloudevents_name_user_device_session_and_outcome(events: list[Any]) -> None:
    first, second, third = interactions(events)
    assert people(first.customers) == [["account:BT-5521@bt", "device:19e0a3a4"]]
    assert (first.thread, second.thread) == ("s-9", "s-9")
    assert (first.outcome, second.outcome) == (None, "abandoned")
    assert second.attributes["data"]["error"] == "no slot free"
    assert second.attributes["traceparent"] == "00-1-2-01"
    assert people(third.customers) == [["device:abc"]]


def test_cloudevent_is_unique_by_source_and_id(events: list[Any]) -> None:
    assert interactions(events)[0].source_id == "/portal#e-1"


def test_cloudevent_without_its_required_attributes_is_rejected(events: list[Any]) -> None:
    assert rejected(events)[0].reason == "type: missing, which every CloudEvent has"


def test_cloudevent_is_read_by_the_fields_you_name() -> None:
    one = {
        "specversion": "1.0",
        "id": "1",
        "source": "/s",
        "type": "t",
        "time": "2026-01-05T09:00:00Z",
        "data": {"a": {"no": 5}},
    }
    [item] = open_source([one], "cloudevents", identifiers={"data.a.no": "account:{}@bt!verified"}, channel="kiosk")
    assert (item.channel, people(item.customers)) == ("kiosk", [["account:5@bt"]])


def cloud_event(**more: Any) -> dict[str, Any]:
    whole = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.bill.paid"}
    return whole | {"data": {"userId": "A1"}} | more


def test_cloudevent_without_a_time_has_that_of_its_receipt_else_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text(json.dumps(cloud_event()))
    os.utime(path, (1770112800, 1770112800))
    [by_file] = open_source(path)
    assert (by_file.occurred_at.timestamp(), by_file.attributes["time_from"]) == (1770112800, "file")
    [by_receipt] = open_source(path, received_at="2026-02-04T00:00:00Z")
    assert (by_receipt.occurred_at.isoformat(), by_receipt.attributes["time_from"]) == (
        "2026-02-04T00:00:00+00:00",
        "received_at",
    )


def test_cloudevent_without_any_time_is_rejected_as_is_one_whose_time_cannot_be_read(tmp_path: Path) -> None:
    assert "received_at" in rejected(open_source([cloud_event()], "cloudevents"))[0].reason
    path = tmp_path / "e.json"
    path.write_text(json.dumps(cloud_event(time="yesterday")))
    assert "time: got" in rejected(open_source(path))[0].reason


def cloud(*events: dict[str, Any]) -> list[Any]:
    return list(open_source(list(events), "cloudevents", received_at="2026-02-03T10:00:00Z"))


@pytest.mark.parametrize("media_type", [None, "application/json", "application/vnd.shop+json; charset=utf-8"])
def test_json_in_the_text_of_a_cloudevent_is_read(media_type: str | None) -> None:
    [item] = cloud(cloud_event(data='{"userId": "A1"}', datacontenttype=media_type))
    assert people(item.customers) == [["account:A1"]]


def test_text_of_a_cloudevent_that_is_no_json_is_its_body() -> None:
    [item, _] = cloud(cloud_event(data='{"userId": "A1"}', datacontenttype="text/plain"))
    assert (item.body, item.customers) == ('{"userId": "A1"}', ())


HEADERS = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.bill.paid"}


@pytest.mark.parametrize(
    ("prefix", "headers", "body"),
    [
        ("ce-", "headers", "body"),
        ("Ce-", "headers", "body"),
        ("ce_", "headers", "value"),
        ("cloudEvents:", "applicationProperties", "body"),
        ("cloudEvents_", "application_properties", "data"),
    ],
)
def test_cloudevent_in_binary_mode_is_the_event_that_its_headers_and_body_make(
    prefix: str, headers: str, body: str
) -> None:
    named = {prefix + name: value for name, value in HEADERS.items()} | {"Content-Type": "application/json"}
    for held in (named, [list(pair) for pair in named.items()], [{"key": k, "value": v} for k, v in named.items()]):
        [item] = cloud({headers: held, body: '{"userId": "A1"}'})
        assert (item.source_id, people(item.customers)) == ("/shop#1", [["account:A1"]])


def test_values_of_http_headers_are_decoded() -> None:
    [item] = cloud(
        {"headers": {f"ce-{k}": v for k, v in HEADERS.items()} | {"ce-subject": "caf%C3%A9"}, "body": {"userId": "A1"}}
    )
    assert item.attributes["subject"] == "caf\u00e9"


def test_batch_that_came_over_http_is_its_events() -> None:
    message = {
        "headers": {"content-type": "application/cloudevents-batch+json"},
        "body": json.dumps([cloud_event(), cloud_event(id="2")]),
    }
    assert [item.source_id for item in cloud(message)] == ["/shop#1", "/shop#2"]
    assert [item.where for item in rejected(cloud(message | {"body": "{torn"}))] == ["record 0"]


def test_log_of_binary_mode_is_found(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps({"headers": {f"ce-{k}": v for k, v in HEADERS.items()}, "body": {}}) + "\n")
    assert detect(path)[0].name == "cloudevents"
