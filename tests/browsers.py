"""Headless Chromium for tests of pages: a page at a width, in light and dark, and what axe holds against it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
needed = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no Chromium with its driver")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, which is closed at the end."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(300)
    try:
        yield driver
    finally:
        driver.quit()


def set_screen(browser: Any, width: int, scheme: str) -> None:
    """Make the screen so wide, in light or dark."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def too_wide(browser: Any, selector: str) -> list[str]:
    """Return which of the elements go beyond the right edge of the screen."""
    wide = (
        "return [...document.querySelectorAll(arguments[0]), document.documentElement]"
        ".filter(e => Math.max(e.getBoundingClientRect().right, e === document.documentElement ? e.scrollWidth : 0) > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    found: list[str] = browser.execute_script(wide, selector)
    return found


def serious(browser: Any) -> list[tuple[str, str]]:
    """Return what axe finds that is serious or critical: the rule, and the first element."""
    found = importlib.util.find_spec("axe_selenium_python")
    assert found is not None
    assert found.origin is not None
    axe = Path(found.origin).parent / "node_modules" / "axe-core" / "axe.min.js"
    # Evaluated by the browser's protocol, as its developer tools do: a policy of the page that lets no foreign script run does not apply.
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe.read_text(encoding="utf-8")})
    result = browser.execute_async_script("const done = arguments[0]; axe.run().then(done)")
    assert len(result["passes"]) > 10
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]
