"""Subject bundles: all that is there of a person, nothing of others, and the same history where it is loaded again."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from contacts import at, seen
from effort import budget
from omnitrack import CustomerNotFoundError, Tracker, claimed, verified
from omnitrack.errors import InvalidIdentifierError, OmnitrackError, SourceFormatError
from omnitrack.model import Attachment
from omnitrack.values import Value

JANE, JOE, KIM, NUMBER, HANDLE = (
    "jane@example.com",
    "joe.bloggs@example.com",
    "kim@example.com",
    "phone:+442079460958",
    "x:janehandle",
)
OFFICE, ONE = "phone:+442079460000", "account:BT111@bt"


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "reads": "audit"}


def files(bundle: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def lines(bundle: bytes, name: str) -> list[Any]:
    return [json.loads(line) for line in files(bundle)[f"{name}.jsonl"].splitlines()]


def told(tracker: Tracker, who: Any, **options: Any) -> list[tuple[Any, ...]]:
    return [
        (
            i.channel,
            i.direction,
            i.kind,
            i.occurred_at,
            i.subject,
            i.body,
            i.thread,
            i.outcome,
            i.agent,
            i.deleted,
            i.claimed,
        )
        for i in tracker.timeline(who, **options)
    ]


def full(tracker: Tracker) -> None:
    seen(
        tracker, 0, verified(ONE), JANE, NUMBER, body="hello", subject="about", traits={"name": "Jane Doe"}, agent="sam"
    )
    seen(tracker, 1, HANDLE, channel="x", body="no broadband\n<script>alert(1)</script>", thread="t1")
    tracker.link(HANDLE, JANE, by="sam", reason="she said so")
    tracker.record(channel="web", occurred_at=at(2), customer=JANE, kind="visit", outcome="abandoned")  # of no source
    seen(tracker, 3, claimed(JANE), channel="web", body="a form", outcome="done")
    tracker.revise("s", "1", body="no broadband for 3 days", at=at(4))
    seen(tracker, 5, NUMBER, channel="sms", body="STOP")
    tracker.consent(JANE, granted=True, purpose="news", channel="email", at=at(6), source="form", proof="box ticked")
    tracker.note(JANE, "called back", agent="sam")


def test_it_has_all_that_is_there_of_a_person(tracker: Tracker) -> None:
    full(tracker)
    with tracker.acting("sam"):
        tracker.brief(JANE)
    bundle = tracker.subject_bundle(JANE)
    found = files(bundle)
    manifest = json.loads(found["manifest.json"])
    assert (manifest["format"], manifest["version"], manifest["customer"]) == (
        "omnitrack subject bundle",
        1,
        tracker.customer(JANE).id,
    )
    assert {file["name"]: file["lines"] for file in manifest["files"]} == {
        "identifiers.jsonl": 4,
        "interactions.jsonl": 6,
        "statements.jsonl": 1,
        "consents.jsonl": 2,
        "cases.jsonl": 0,
        "receipts.jsonl": 1,
    }
    assert {line["key"] for line in lines(bundle, "identifiers")} == {ONE, f"email:{JANE}", NUMBER, HANDLE}
    assert [one["by"] for one in lines(bundle, "receipts")] == [None]  # employees are no data of the person's
    assert "Jane Doe" in found["interactions.jsonl"]
    assert "she said so" in found["statements.jsonl"]
    assert manifest["redacted_interactions"] == 0
    assert [r.call for r in tracker.receipts(JANE)] == ["customer", "subject_bundle", "brief"]


def test_each_line_is_a_value_and_as_the_schema_says(tracker: Tracker) -> None:
    full(tracker)
    bundle = tracker.subject_bundle(JANE)
    schema = json.loads(files(bundle)["schema.json"])
    for name in ("interactions", "statements", "consents", "receipts"):
        for line in lines(bundle, name):
            value = Value.from_dict(line)
            assert value.to_dict() == line
            layout = schema["$defs"][line["type"]]
            assert line.keys() - {"v", "type"} <= layout["properties"].keys()
            assert set(layout["required"]) <= line.keys()
    referred = set(json.dumps(schema).split('"#/$defs/')[1:])
    assert {one.partition('"')[0] for one in referred} <= schema["$defs"].keys()


def test_its_page_is_for_reading_and_nothing_in_it_runs(tracker: Tracker) -> None:
    seen(
        tracker,
        0,
        JANE,
        subject="<b>bold</b>",
        body="<script>alert(1)</script>\u202e &amp;",
        attachments=[Attachment(name="<i>.pdf")],
    )
    page = files(tracker.subject_bundle(JANE))["index.html"]
    assert "<script" not in page
    assert "<b>bold" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "http" not in page  # nothing is fetched from elsewhere
    assert page.count("<article>") == page.count("</article>") == 1


def test_addresses_of_others_are_left_out(tracker: Tracker) -> None:
    tracker.record(
        channel="email",
        occurred_at=at(0),
        customers=[[JOE], [JANE]],
        participants=[KIM],
        subject="To Jane and joe.bloggs@example.com",
        body="Ask Joe.Bloggs@Example.com or kim (at) example dot com",
        traits={"name": "Joe Bloggs"},
        attributes={"cc": ["kim@example.com"], "to": {"joe.bloggs@example.com": 1}},
        attachments=[Attachment(name="for joe.bloggs@example.com.pdf")],
        thread="joe.bloggs@example.com/1",
        reply_to="joe.bloggs@example.com/1",
        source="mail",
        source_id="1",
    )
    seen(tracker, 1, KIM)
    seen(tracker, 2, JANE, claimed(KIM), body="my friend kim@example.com")
    seen(tracker, 3, OFFICE, JANE)
    tracker.mark_shared(OFFICE)
    tracker.deny(JANE, JOE, by="sam", reason="joe.bloggs@example.com is her brother")
    bundle = tracker.subject_bundle(JANE)
    found = files(bundle)
    for text in found.values():
        for trace in ("joe.bloggs", "bloggs@", "kim@", "kim (at)", "Joe Bloggs"):
            assert trace.casefold() not in text.casefold()
    first, second, third = lines(bundle, "interactions")
    assert first["body"] == "Ask [redacted] or [redacted]"
    assert first["thread"] == first["reply_to"]
    assert first["thread"].startswith("redacted-")
    assert first["source_id"] == "1"
    assert json.loads(found["manifest.json"])["redacted_interactions"] == 2
    assert "Addresses of other people were left out of 2" in found["index.html"]
    assert OFFICE in json.dumps(third)  # a line that several share is nobody's address
    [said] = lines(bundle, "statements")
    assert "[redacted]" in (said["a"], said["b"])
    assert json.loads(files(tracker.subject_bundle(JOE))["manifest.json"])["redacted_interactions"] == 1
    with pytest.raises(InvalidIdentifierError, match="several people"):
        tracker.subject_bundle(OFFICE)
    assert second["customers"] == [second["customers"][0][:1]]


def test_loaded_again_it_gives_the_same_history(tracker: Tracker, tmp_path: Path) -> None:
    full(tracker)
    seen(tracker, 9, JOE, body="somebody else")
    path = tmp_path / "jane.zip"
    path.write_bytes(tracker.subject_bundle(JANE))
    with omnitrack.open(f"sqlite:///{tmp_path / 'again.db'}", region="GB") as again:
        report = again.load_bundle(path)
        assert (report.added, report.rejected_total, report.format) == (6, 0, "omnitrack subject bundle")
        for who in (JANE, NUMBER, HANDLE, ONE):
            for options in ({}, {"include_claimed": True}, {"order": "oldest"}, {"channels": "sms"}):
                assert told(again, who, **options) == told(tracker, who, **options)
        assert {i.key for i in again.customer(JANE).identifiers} == {i.key for i in tracker.customer(JANE).identifiers}
        assert again.customer(JANE).traits == tracker.customer(JANE).traits
        mine = [(c.identifier.key, c.granted, c.purpose, c.channel, c.at, c.proof) for c in tracker.consents(JANE)]
        assert [
            (c.identifier.key, c.granted, c.purpose, c.channel, c.at, c.proof) for c in again.consents(JANE)
        ] == mine
        with pytest.raises(CustomerNotFoundError):
            again.customer(JOE)
        assert again.load_bundle(path.read_bytes()).duplicates == 6
        assert told(again, JANE) == told(tracker, JANE)
        assert again.verify()


NAMES = [JANE, NUMBER, HANDLE, ONE, KIM]
people = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([claimed, omnitrack.observed, verified])),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one[0],
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("seen"), st.integers(0, 20), people),
        st.tuples(st.sampled_from(["link", "deny"]), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("reassign"), st.sampled_from(NAMES), st.integers(0, 20)),
        st.tuples(st.just("mark_shared"), st.sampled_from(NAMES), st.none()),
    ),
    max_size=12,
)


@budget(150)
@given(steps, st.sampled_from(NAMES))
def test_whatever_was_told_the_history_of_a_person_is_the_same_again(told_steps: list[Any], who: str) -> None:
    with omnitrack.open("memory://", region="GB") as tracker, omnitrack.open("memory://", region="GB") as again:
        for number, (what, one, two) in enumerate(told_steps):
            try:
                if what == "seen":
                    tracker.record(
                        channel="chat",
                        occurred_at=at(one),
                        customer=[sure(name) for name, sure in two],
                        subject=f"words {number}",
                        source="s",
                        source_id=str(number),
                    )
                elif what == "reassign":
                    tracker.reassign(one, at=at(two))
                elif what == "mark_shared":
                    tracker.mark_shared(one)
                else:
                    getattr(tracker, what)(one, two)
            except OmnitrackError:
                continue
        try:
            bundle = tracker.subject_bundle(who)
        except (CustomerNotFoundError, InvalidIdentifierError):
            return
        report = again.load_bundle(bundle)
        assert report.rejected_total == 0
        if report.added:
            first = tracker.customer(who).identifiers
            mine = [(i.subject, i.occurred_at, i.claimed) for i in tracker.timeline(who, include_claimed=True)]
            shown: set[Any] = set()
            for identifier in first:
                try:
                    shown |= {
                        (i.subject, i.occurred_at, i.claimed) for i in again.timeline(identifier, include_claimed=True)
                    }
                except CustomerNotFoundError:
                    continue
            assert shown == set(mine)
            came = {s.identifier for one in again.interactions() for some in one.customers for s in some}
            assert all(tracker.customer(one).shared for one in came - set(first))


@pytest.mark.parametrize(
    "harm",
    [
        lambda texts: {},
        lambda texts: {**texts, "manifest.json": "{}"},
        lambda texts: {**texts, "manifest.json": texts["manifest.json"].replace('"version": 1', '"version": 2')},
        lambda texts: {**texts, "consents.jsonl": texts["consents.jsonl"] + "{}\n"},
        lambda texts: {name: text for name, text in texts.items() if name != "receipts.jsonl"},
    ],
)
def test_what_is_no_bundle_or_was_changed_is_refused_and_nothing_is_recorded(tracker: Tracker, harm: Any) -> None:
    seen(tracker, 0, JANE)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in harm(files(tracker.subject_bundle(JANE))).items():
            archive.writestr(name, text)
    with omnitrack.open("memory://") as again:
        with pytest.raises(SourceFormatError):
            again.load_bundle(file.getvalue())
        with pytest.raises(SourceFormatError):
            again.load_bundle(b"no archive")
        with pytest.raises(OSError):
            again.load_bundle("nowhere.zip")
        assert list(again.interactions()) == []


def test_a_bundle_damaged_anywhere_is_loaded_or_refused_by_an_error_of_ours(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    whole = tracker.subject_bundle(JANE)
    outcomes = set()
    for place in range(0, len(whole), 61):
        with omnitrack.open("memory://") as again:
            try:
                again.load_bundle(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
                outcomes.add(True)
            except OmnitrackError:
                outcomes.add(False)
                assert list(again.interactions()) == []
    assert False in outcomes


async def _async() -> int:
    async with omnitrack.open_async("memory://", region="GB") as tracker:
        await tracker.record(channel="chat", occurred_at=at(0), customer=JANE)
        bundle = await tracker.subject_bundle(JANE)
    async with omnitrack.open_async("memory://", region="GB") as again:
        return (await again.load_bundle(bundle)).added


def test_async_callers_have_it_too() -> None:
    assert asyncio.run(_async()) == 1
