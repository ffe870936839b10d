"""The page of a timeline in a browser: nothing overflows, nothing that axe holds against it, at both widths, in light and dark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from browsers import chromium, needed, serious, set_screen, too_wide

pytestmark = needed

LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 8
START = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with omnitrack.open("memory://", region="GB", zone="Europe/London") as tracker:
        for channel, count, hours in (("phone", 9, 20), ("web", 30, 1), ("email", 6, 31), (LONG[:200], 2, 5)):
            for number in range(count):
                tracker.record(
                    channel=channel,
                    direction="inbound" if number % 3 else "outbound",
                    occurred_at=START + timedelta(hours=hours * number),
                    customer=["020 7946 0958", f"x:{'m' * 15}"],
                    subject=(LONG, "\u05e9\u05dc\u05d5\u05dd (abc) <b>bold</b>", None)[number % 3],
                    body=("No broadband. " * 100, LONG, "Hello")[number % 3],
                    outcome=LONG[:255] if number == 1 else None,
                    agent="sam",
                    traits={"name": LONG},
                )
        path = tmp_path_factory.mktemp("page") / "page.html"
        path.write_text(tracker.timeline("020 7946 0958").to_html(company=LONG), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def shown(browser: Any, page: Path, width: int, scheme: str) -> Any:
    set_screen(browser, width, scheme)
    browser.get(page.as_uri())
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_overflows_and_axe_finds_nothing_serious(browser: Any, page: Path, width: int, scheme: str) -> None:
    shown(browser, page, width, scheme)
    assert too_wide(browser, "header *,article,article *,footer *,figure,label") == []
    assert serious(browser) == []


def test_dots_are_told_apart(browser: Any, page: Path) -> None:
    shown(browser, page, 360, "light")
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.lane p')].map(lane => [...lane.querySelectorAll('a')]"
        ".map(a => [a.classList.contains('inbound'), a.getBoundingClientRect().left, a.getBoundingClientRect().right]))"
    )
    assert sum(map(len, boxes)) > 10
    for lane in boxes:
        for way in (True, False):
            dots = sorted((left, right) for inbound, left, right in lane if inbound is way)
            assert all(later[0] >= earlier[1] - 4 for earlier, later in itertools.pairwise(dots))


def test_a_filter_hides_a_channel_without_a_script(browser: Any, page: Path) -> None:
    shown(browser, page, 1440, "light")
    assert browser.execute_script("return document.scripts.length") == 0
    count = "return [...document.querySelectorAll('li.c0')].filter(e => e.offsetParent !== null).length"
    before = browser.execute_script(count)
    browser.execute_script("document.getElementById('c0').click()")
    assert (before > 0, browser.execute_script(count)) == (True, 0)
