"""Who answered, a person or a machine, and whether that was said, goes wherever an interaction goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts import at, seen
from omnitrack import AnsweredBy, Interaction, Tracker, Value
from omnitrack.errors import InvalidInteractionError

JANE, JOE = "jane@example.com", "joe@example.com"


@pytest.fixture
def told(tracker: Tracker) -> Tracker:
    seen(tracker, 0, JANE, channel="email", answered_by="person")
    seen(tracker, 1, JANE, answered_by="machine", disclosed=True, body="To Joe: joe@example.com")
    seen(tracker, 2, JANE, answered_by="machine", disclosed=False)
    seen(tracker, 3, JANE, answered_by="machine")
    seen(tracker, 4, JANE)
    return tracker


EXPECTED = [
    (AnsweredBy.PERSON, None),
    (AnsweredBy.MACHINE, True),
    (AnsweredBy.MACHINE, False),
    (AnsweredBy.MACHINE, None),
    (None, None),
]


def answers(interactions: Any) -> list[tuple[AnsweredBy | None, bool | None]]:
    return [(one.answered_by, one.disclosed) for one in interactions]


def test_it_is_read_as_it_was_recorded(told: Tracker) -> None:
    items = list(told.timeline(JANE, order="oldest"))
    assert answers(items) == EXPECTED
    assert answers(told.interactions()) == EXPECTED
    assert answers(reversed(told.brief(JANE).contacts)) == EXPECTED
    assert ["[machine]" in str(item) for item in items] == [False, True, True, True, False]
    told.revise("s", "1", body="edited", at=at(10))
    assert answers(told.timeline(JANE, order="oldest")) == EXPECTED


def test_it_is_in_what_travels(told: Tracker) -> None:
    for value in (*told.timeline(JANE), *told.interactions(), told.brief(JANE)):
        assert Value.from_dict(json.loads(json.dumps(value.to_dict()))) == value
    (record, *_) = [json.loads(line) for line in told.export(JANE).documents if "machine" in json.dumps(line)]
    assert (record["answered_by"], record["disclosed"]) == ("machine", True)
    events = list(told.export(JANE, format="cloudevents").documents)
    assert sorted(event.get("answeredby", "") for event in events) == ["", "machine", "machine", "machine", "person"]


def test_a_timeline_is_filtered_by_it(told: Tracker) -> None:
    for wanted, count in (("machine", 3), ("person", 1), (AnsweredBy.MACHINE, 3)):
        assert len(list(told.timeline(JANE, answered_by=wanted))) == count  # type: ignore[arg-type]
        assert len(list(told.interactions(answered_by=wanted))) == count  # type: ignore[arg-type]
    page = told.timeline(JANE, answered_by="machine").page(limit=2)
    assert answers(page) == [EXPECTED[3], EXPECTED[2]]
    assert answers(told.timeline(JANE, answered_by="machine").page(2, page.next)) == [EXPECTED[1]]
    with pytest.raises(InvalidInteractionError, match="answered_by"):
        told.timeline(JANE, answered_by="robot")  # type: ignore[arg-type]


def test_it_is_shown_in_the_brief_and_on_the_page(told: Tracker) -> None:
    text = str(told.brief(JANE))
    for words in ("answered by a person", "answered by a machine, which was said", "a machine, which was not said"):
        assert words in text
    page = told.timeline(JANE).to_html()
    assert "answered by a machine, and said so" in page
    assert "answered by a machine, and did not say so" in page


def test_it_stays_when_another_is_erased(told: Tracker) -> None:
    told.record(channel="chat", occurred_at=at(5), customers=[[JANE], [JOE]], answered_by="machine", disclosed=True)
    told.erase(JOE)
    assert answers(told.timeline(JANE, limit=1)) == [(AnsweredBy.MACHINE, True)]


def test_a_note_says_that_a_machine_wrote_it(told: Tracker) -> None:
    id = told.note(JANE, "asked about the bill", agent="voice-1", answered_by="machine")
    (item,) = told.timeline(JANE, kinds="note")
    assert (item.id, item.agent, item.answered_by) == (id, "voice-1", AnsweredBy.MACHINE)
    with pytest.raises(InvalidInteractionError, match="answered_by"):
        told.note(JANE, "text", answered_by="robot")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"answered_by": "robot"}, "answered_by"),
        ({"answered_by": 1}, "answered_by"),
        ({"answered_by": "machine", "disclosed": "yes"}, "disclosed"),
        ({"answered_by": "person", "disclosed": True}, "disclosed"),
        ({"disclosed": False}, "disclosed"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidInteractionError, match=name):
        Interaction(channel="phone", occurred_at=at(0), **fields)
