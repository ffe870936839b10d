"""The page of a timeline in a browser: nothing overflows, nothing that axe holds against it, at both widths, in light and dark."""

from __future__ import annotations

import importlib.util
import itertools
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

import omnitrack

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no Chromium with its driver")

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
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(300)
    yield driver
    driver.quit()


def shown(browser: Any, page: Path, width: int, scheme: str) -> Any:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_overflows_and_axe_finds_nothing_serious(browser: Any, page: Path, width: int, scheme: str) -> None:
    shown(browser, page, width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    wide = (
        "return [...document.querySelectorAll('header *,article,article *,footer *,figure,label')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert browser.execute_script(wide) == []
    found = importlib.util.find_spec("axe_selenium_python")
    assert found is not None
    assert found.origin is not None
    axe = Path(found.origin).parent / "node_modules" / "axe-core" / "axe.min.js"
    browser.execute_script(axe.read_text(encoding="utf-8"))
    result = browser.execute_async_script("const done = arguments[0]; axe.run().then(done)")
    assert len(result["passes"]) > 10
    serious = [v for v in result["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == []


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
