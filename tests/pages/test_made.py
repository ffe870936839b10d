"""The page of a timeline, and what notebooks show: order, zone, what is withheld, and what others wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import omnitrack
from omnitrack import Tracker, cli, verified

HOSTILE = '<script>alert(1)</script>"&\u202e'


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with omnitrack.open("memory://", region="GB", zone="Europe/London") as made:
        made.record(
            channel="phone",
            occurred_at="2026-07-01T09:30:00",
            customer=["020 7946 0958", "jane@example.com"],
            subject="first",
            traits={"name": HOSTILE},
        )
        made.record(channel="web", occurred_at="2026-07-02T09:30:00", customer=["jane@example.com"], body=HOSTILE)
        yield made


def test_the_order_is_that_of_the_timeline(tracker: Tracker) -> None:
    newest = tracker.timeline("jane@example.com").to_html()
    assert newest.index("Thursday 2 July 2026") < newest.index("Wednesday 1 July 2026")
    oldest = tracker.timeline("jane@example.com", order="oldest").to_html()
    assert oldest.index("Wednesday 1 July 2026") < oldest.index("Thursday 2 July 2026")


def test_the_clock_is_that_of_the_zone(tracker: Tracker) -> None:
    timeline = tracker.timeline("jane@example.com")
    assert ">09:30</time>" in timeline.to_html()
    assert "Times are Europe/London" in timeline.to_html()
    assert ">10:30</time>" in timeline.to_html(zone="Europe/Paris")
    assert ">08:30</time>" in timeline.to_html(zone="UTC")


def test_a_limit_leaves_the_older_out_and_says_so(tracker: Tracker) -> None:
    page = tracker.timeline("jane@example.com").to_html(limit=1)
    assert "there is more" in page
    assert "Wednesday 1 July" not in page
    with pytest.raises(omnitrack.InvalidInteractionError, match="limit"):
        tracker.timeline("jane@example.com").to_html(limit=0)


def test_what_others_wrote_is_escaped_everywhere(tracker: Tracker) -> None:
    timeline, customer = tracker.timeline("jane@example.com"), tracker.customer("jane@example.com")
    shown = [timeline.to_html(company=HOSTILE), timeline._repr_html_(), customer._repr_html_()]
    shown += [timeline.page()._repr_html_(), tracker.explain("jane@example.com", "020 7946 0958")._repr_html_()]
    for page in shown:
        assert not re.search(r"<script|\u202e", page)
        assert not re.search(r'\s(?:src|href)="(?!#)', page)
    assert shown[1].startswith("<iframe sandbox")
    assert "&lt;script&gt;" in shown[2]
    assert "+44 20 7946 0958" in shown[2]
    assert "<caption>2 items</caption>" in shown[3]


def test_the_page_holds_nothing_that_the_timeline_withholds(tracker: Tracker) -> None:
    tracker.record(channel="app", occurred_at="2026-07-03T09:30:00", customer=[verified("account:7@bt")])
    page = tracker.timeline("account:7@bt", trust="verified").to_html()
    assert "jane@example.com" not in page
    assert "7946" not in page
    assert ">Customer<" in page


async def test_an_async_timeline_has_a_page() -> None:
    async with omnitrack.open_async("memory://") as tracker:
        await tracker.record(channel="x", occurred_at="2026-07-03T09:30:00Z", customer=["x:jane"])
        assert "<!doctype html>" in await tracker.timeline("x:jane").to_html()


def test_the_command_line_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'h.db'}"
    with omnitrack.open(url) as tracker:
        tracker.record(channel="x", occurred_at="2026-07-03T09:30:00Z", customer=["x:jane"], body="Grüße")
    file = tmp_path / "page.html"
    assert cli.main(["--store", url, "page", "x:jane", "-o", str(file), "--name", "Jane Doe"]) == 0
    written = file.read_text(encoding="utf-8")
    assert "Grüße" in written
    assert "<h1>Jane Doe</h1>" in written
    assert cli.main(["--store", url, "page", "x:jane", "--name", "Jane Doe"]) == 0
    assert capsys.readouterr().out == written
