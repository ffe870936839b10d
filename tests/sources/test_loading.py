"""Loading through the tracker: in any order, twice, the same histories at the end; the report says what was left out."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.tracker import Tracker
from sources.make_mails import write_mbox

OWN = ["x:btcare", "x-id:20001", "email:*@telecom.example", "phone:08081570123"]
OPTIONS: dict[str, Any] = {
    "zone": "Europe/London",
    "own_name": "Care Team",
    "portfolio": "bt",
    "user_scope": "bt",
    "identifier_scope": "bt",
}


@pytest.fixture
def folder(fixtures: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    shutil.copytree(fixtures, folder)
    write_mbox(folder / "care.mbox", 60, seed=3)
    return folder


def history(tracker: Tracker, who: str) -> list[tuple[Any, ...]]:
    return sorted((item.source, item.source_id, item.direction, item.body or "") for item in tracker.timeline(who))


def load(folder: Path, names: list[str]) -> tuple[Tracker, dict[str, Any]]:
    tracker = omnitrack.open("memory://", region="GB", own=OWN)
    return tracker, {name: tracker.load(folder / name, **options_for(name)) for name in names}


MAPPING = {
    "channel": "phone",
    "fields": {"occurred_at": "when", "ended_at": "end"},
    "customer": {"who": "phone:{}!observed"},
}
CALLS = """when,end,who
2026-03-01T10:00:00Z,2026-03-01T10:05:00Z,020 7946 0958
never,,020 7946 0958
2026-03-01T10:00:00Z,,zzz
2026-03-01T10:00:00Z,2026-03-01T09:00:00Z,020 7946 0959
"""


@pytest.mark.parametrize("whole_folder", [False, True])
@pytest.mark.parametrize("batch_size", [1, 1_000])
def test_whatever_is_rejected_says_in_which_line_it_stands(tmp_path: Path, whole_folder: bool, batch_size: int) -> None:
    (tmp_path / "calls.csv").write_text(CALLS)
    tracker = omnitrack.open("memory://", region="GB")
    path = tmp_path if whole_folder else tmp_path / "calls.csv"
    report = tracker.load(path, mapping=MAPPING, batch_size=batch_size)
    assert report.added == 3
    reasons = {r.where: (r.reason.partition(":")[0], r.kept) for r in report.rejected + report.left_out}
    assert reasons == {
        "calls.csv: line 3": ("when", False),
        "calls.csv: line 4": ("phone", True),
        "calls.csv: line 5": ("end", True),
    }
    assert [item.ended_at for item in tracker.timeline("020 7946 0959")] == [None]


def test_made_by_hand_a_rejected_part_has_no_place() -> None:
    tracker = omnitrack.open("memory://", region="GB")
    items = [
        omnitrack.Interaction(
            channel="phone", occurred_at=datetime(2026, 3, 1, tzinfo=timezone.utc), customers=[["zzz"]]
        )
    ]
    (rejected,) = tracker.record_many(items, on_error="collect").left_out
    assert (rejected.where, rejected.kept) == (None, True)


def options_for(name: str) -> dict[str, Any]:
    return OPTIONS | ({"identifiers": {"accountNumber": "account:{}@bt!verified"}} if name == "connect.json" else {})


def test_any_order_gives_the_same_histories_and_a_second_load_adds_nothing(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir() if path.suffix != ".toml")
    first, reports = load(folder, names)
    expected = {who: history(first, who) for who in ("020 7946 0958", "x:MikeSamuels68", "jane.doe@example.com")}
    assert len({source for source, *_ in expected["020 7946 0958"]}) > 5
    for seed in range(2):
        shuffled = random.Random(seed).sample(names, len(names))
        tracker, _ = load(folder, shuffled)
        assert {who: history(tracker, who) for who in expected} == expected
    for name in names:
        again = first.load(folder / name, **options_for(name))
        assert (again.added, again.revised) == (0, 0)
        assert again.duplicates >= reports[name].added
    assert {who: history(first, who) for who in expected} == expected


def test_folder_loads_with_one_call_and_the_report_says_what_was_left_out_and_why(folder: Path) -> None:
    tracker = omnitrack.open("memory://", region="GB", own=OWN)
    (folder / "holiday.raw").write_bytes(b"\xff\xd8\xff")
    steps = []
    report = tracker.load(folder, progress=lambda done, size: steps.append((done, size)), batch_size=10, **OPTIONS)
    assert report.detected_by == "a folder; each file is read by its own format"
    reasons = {rejected.where: rejected.reason for rejected in report.rejected}
    assert "begins like none of the formats known" in reasons["holiday.raw"]
    assert reasons["letters.csv: line 5"].startswith("received: got 'n** y**', which is none of the forms tried")
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]


def test_mail_to_two_customers_is_on_both_histories_and_who_is_in_copy_is_a_participant() -> None:
    tracker = omnitrack.open("memory://", region="GB", own=OWN)
    mail = (
        b"Message-ID: <1@telecom.example>\nDate: Mon, 6 Jan 2025 09:00:00 +0000\nFrom: support@telecom.example\n"
        b"To: jane@example.com, pat@example.com\nCc: chris@example.com\nSubject: Both\n\nHello\n"
    )
    tracker.load(omnitrack.sources.open_source(mail, "eml"))
    histories = {
        who: [item.participant for item in tracker.timeline(f"{who}@example.com", include_participant=True)]
        for who in ("jane", "pat", "chris")
    }
    assert histories == {"jane": [False], "pat": [False], "chris": [True]}
    assert tracker.customer("jane@example.com").id != tracker.customer("pat@example.com").id


def test_name_of_the_agent_who_wrote_is_not_the_customers() -> None:
    tracker = omnitrack.open("memory://", region="GB", own=OWN)
    mail = b"Message-ID: <1@t.example>\nDate: Mon, 6 Jan 2025 09:00:00 +0000\nFrom: Care <support@telecom.example>\nTo: j@example.com\n\nHi\n"
    tracker.load(omnitrack.sources.open_source(mail, "eml"))
    assert tracker.customer("j@example.com").traits == {}
