"""Values as columns: what a data frame holds is what the values say."""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import polars
import pyarrow
import pytest
from hypothesis import given

import omnitrack
from effort import budget
from omnitrack import BackendError, Interaction, Tracker, claimed
from omnitrack.insights import measure
from omnitrack.model import Attachment
from omnitrack.service.acting import acting_now
from omnitrack.values.arrow import BATCH, Stream
from omnitrack.values.layout import all_classes
from values.made import values_named

T0 = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def tracker() -> Tracker:
    tracker = omnitrack.open("memory://", region="GB")
    tracker.record(
        channel="phone",
        customers=[["020 7946 0958", "jane@example.com"], [claimed("account:1@bt")]],
        participants=["bea@example.com"],
        occurred_at=T0,
        body="No broadband 𝔘",
        attachments=[Attachment(name="a.pdf", size=3)],
        attributes={"queue": ["a", 1, None]},
    )
    return tracker


def test_a_frame_has_a_row_for_each_interaction_and_a_column_for_each_field(tracker: Tracker) -> None:
    frame = polars.DataFrame(tracker.interactions())
    (row,) = frame.to_dicts()
    (item,) = tracker.interactions()
    assert set(row) == set(item.to_dict()) - {"v", "type"} | {"utc_offset", "assurances"}
    assert row["utc_offset"] == timedelta(hours=2)
    assert row["assurances"] == [["observed", "observed"], ["claimed"]]
    assert row["occurred_at"] == T0
    assert row["customers"] == [["email:jane@example.com", "phone:+442079460958"], ["account:1@bt"]]
    assert row["participants"] == ["email:bea@example.com"]
    assert row["direction"] == "inbound"
    assert row["body"] == "No broadband 𝔘"
    assert row["subject"] is None
    assert row["attachments"][0]["size"] == 3
    assert json.loads(row["attributes"]) == {"queue": ["a", 1, None]}


def test_a_timeline_and_figures_are_frames_too(tracker: Tracker) -> None:
    items = polars.DataFrame(tracker.timeline("jane@example.com"))
    assert items["id"].to_list() == [item.id for item in tracker.timeline("jane@example.com")]
    assert items["identifier"].to_list() == [str(item.identifier) for item in tracker.timeline("jane@example.com")]
    report = measure(tracker.attributions())
    frame = polars.DataFrame(report)
    assert frame["measure"].to_list() == [figure.measure for figure in report]
    assert frame["value"].to_list() == [figure.value for figure in report]


def test_an_empty_history_has_the_same_columns(tracker: Tracker) -> None:
    nothing = pyarrow.table(tracker.interactions(until=datetime(1999, 1, 1, tzinfo=timezone.utc)))
    assert len(nothing) == 0
    assert nothing.schema == pyarrow.table(tracker.interactions()).schema


def test_batches_are_read_as_they_are_asked_for() -> None:
    read = 0

    def items() -> Any:
        nonlocal read
        for n in range(3 * BATCH):
            read += 1
            yield Interaction(channel="web", occurred_at=T0 + timedelta(seconds=n))

    reader = pyarrow.RecordBatchReader.from_stream(Stream(Interaction, items))
    assert read == 0
    sizes = []
    for number, batch in enumerate(reader, 1):
        assert read <= (number + 1) * BATCH
        sizes.append(len(batch))
    assert sizes == [BATCH] * 3


@pytest.mark.parametrize("kind", all_classes(), ids=lambda kind: kind.__name__)
def test_every_class_has_columns(kind: Any) -> None:
    @budget(3)
    @given(values_named(kind.__name__))
    def check(value: Any) -> None:
        table = pyarrow.table(Stream(kind, lambda: [value, value]))
        assert table.num_rows == 2
        assert table.column_names

    check()


def test_without_the_extra_the_error_says_which(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BackendError, match="extra arrow of omnitrack-timeline"):
        tracker.interactions().__arrow_c_stream__()


def test_it_is_an_iterator_still(tracker: Tracker) -> None:
    stream = tracker.interactions()
    assert next(stream).channel == "phone"
    assert list(stream) == []
    assert isinstance(stream, Stream)
    assert len(polars.DataFrame(stream)) == len(polars.DataFrame(stream)) == 1


def test_whoever_reads_in_another_thread_reads_as_who_made_the_frame(tracker: Tracker) -> None:
    seen: list[str | None] = []

    def items() -> Any:
        for interaction in tracker.interactions():
            seen.append(acting_now())
            yield interaction

    with tracker.acting(by="sam"):
        reader = pyarrow.RecordBatchReader.from_stream(Stream(Interaction, items))
    thread = threading.Thread(target=reader.read_all)
    thread.start()
    thread.join()
    assert seen == ["sam"]


def test_a_batch_of_long_texts_is_short() -> None:
    long = [Interaction(channel="email", occurred_at=T0, body="x" * 4_000_000) for _ in range(10)]
    reader = pyarrow.RecordBatchReader.from_stream(Stream(Interaction, lambda: long))
    assert [len(batch) for batch in reader] == [5, 5]
