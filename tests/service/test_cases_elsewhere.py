"""Cases where they are shown beside other things: in briefs, in the feed, in what a person is handed, in receipts of reads."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

import omnitrack
from contacts import at, seen
from omnitrack import Tracker, Value, verified
from omnitrack.service.case import Case

pytestmark = pytest.mark.usefixtures("clock")

JANE, NUMBER, JOE, ONE = "jane.doe@example.com", "phone:+442079460958", "joe@example.com", "account:1@bt"


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "feed": True, "reads": "audit"}


def test_a_brief_shows_open_cases_those_with_broken_promises_first(tracker: Tracker) -> None:
    fault = tracker.open_case(seen(tracker, 0, JANE), kind="fault", title="Line\nis dead", owner="sam", at=at(0))
    order = tracker.open_case(seen(tracker, 1, JANE), kind="order", at=at(1))
    ended = tracker.open_case(seen(tracker, 2, JANE), kind="question", at=at(2))
    tracker.update_case(ended, state="rejected", reason="spam")
    tracker.open_case(seen(tracker, 3, JOE), kind="complaint")
    tracker.promise(order, "deliver", due=at(60), at=at(5))
    brief = tracker.brief(JANE)
    assert [(one.id, one.broken, one.owner) for one in brief.cases] == [(order.id, 1, None), (fault.id, 0, "sam")]
    text = str(brief)
    assert f'acknowledged, with "sam": "Line is dead" [{fault.id}]' in text
    assert f"with nobody, 1 broken promise [{order.id}]" in text
    assert tracker.brief(JANE, timeout=60).cases == brief.cases
    assert fault.id in tracker.brief(JANE, max_chars=600).text(600)


def test_a_brief_for_the_customer_shows_what_verified_links_join_alone(tracker: Tracker) -> None:
    seen(tracker, 0, verified(ONE), verified(JANE))
    seen(tracker, 1, JANE, NUMBER)
    mine = tracker.open_case(seen(tracker, 2, JANE), kind="fault")
    by_phone = tracker.open_case(seen(tracker, 3, NUMBER), kind="order")
    assert {one.id for one in tracker.brief(ONE).cases} == {mine.id, by_phone.id}
    assert [one.id for one in tracker.brief(ONE, trust="verified").cases] == [mine.id]


def test_the_feed_tells_of_cases_that_were_opened_and_changed(tracker: Tracker) -> None:
    call = seen(tracker, 0, JANE)
    start = tracker.feed_end()
    case = tracker.open_case(call, kind="fault")
    tracker.update_case(case, owner="sam")
    other = tracker.open_case(seen(tracker, 1, JOE), kind="order")
    told = [(one.case, one.customers) for one in tracker.changes(after=start) if one.kind == "case"]
    jane, joe = (tracker.customer(who).id for who in (JANE, JOE))
    assert told == [(case.id, (jane,)), (case.id, (jane,)), (other.id, (joe,))]
    tracker.link(JANE, JOE)
    tracker.erase(JANE)
    assert [one.case for one in tracker.changes(after=start) if one.kind == "case"] == []


def test_a_person_is_handed_their_cases_without_others_and_without_employees(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, verified(ONE))
    tracker.record(
        channel="email",
        occurred_at=at(1),
        customers=[[JANE], [JOE]],
        body="both",
        source="mail",
        source_id="1",
    )
    both = next(item.id for item in tracker.timeline(JOE))
    his = seen(tracker, 2, JOE)
    case = tracker.open_case([both, his], kind="complaint", owner="sam", by="sam", title="With joe@example.com")
    tracker.promise(case, "call both", due=at(90), by="sam", at=at(2))
    tracker.add_to_case(case.id, note="joe@example.com is angry", by="sam")
    tracker.open_case(his, kind="order")
    with zipfile.ZipFile(io.BytesIO(tracker.subject_bundle(JANE))) as archive:
        (line,) = archive.read("cases.jsonl").decode().splitlines()
        page = archive.read("index.html").decode()
        schema = json.loads(archive.read("schema.json"))
    assert not any(word in line for word in ("joe@", "sam", his, tracker.customer(JOE).id))
    found = Value.from_dict(json.loads(line))
    assert isinstance(found, Case)
    assert (found.id, found.interactions, found.customers) == (case.id, (both,), (tracker.customer(JANE).id,))
    assert found.notes[0].text == "[redacted] is angry"
    assert "call both" in page
    assert "joe@" not in page
    assert "Case" in schema["$defs"]


def test_a_bundle_of_before_there_were_cases_loads(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, body="hello")
    bundle = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(tracker.subject_bundle(JANE))) as new, zipfile.ZipFile(bundle, "w") as old:
        for name in new.namelist():
            if name == "manifest.json":
                manifest = json.loads(new.read(name))
                manifest["files"] = [file for file in manifest["files"] if file["name"] != "cases.jsonl"]
                old.writestr(name, json.dumps(manifest))
            elif name != "cases.jsonl":
                old.writestr(name, new.read(name))
    with omnitrack.open("memory://") as other:
        assert other.load_bundle(bundle.getvalue()).added == 1


def test_reads_of_cases_leave_receipts(tracker: Tracker) -> None:
    call = seen(tracker, 0, JANE)
    case = tracker.open_case(call, kind="fault")
    with tracker.acting("sam"):
        tracker.case(case)
        tracker.cases(JANE)
        tracker.cases()
        tracker.export_case(case)
    receipts = [one for one in tracker.receipts(JANE) if one.by == "sam"]
    assert [one.call for one in receipts] == ["export_case", "cases", "cases", "case"]
    assert all(one.interactions == (call,) for one in receipts)
