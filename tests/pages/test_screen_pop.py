"""The screen-pop example in a browser: who is on the line is shown within a second, to whom it concerns, as text, and nothing is missed."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.support.wait import WebDriverWait

import omnitrack
from browsers import chromium, needed, serious, set_screen, too_wide
from omnitrack import claimed

pytestmark = needed
EXAMPLE = Path(__file__).parents[2] / "examples" / "screen_pop"
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 8
ATTACK = "<img src=x onerror=document.title=1><b>bold</b> \u202eEvil"


class Desk:
    """The example as it is served on a port of its own, and its store, in which others record too."""

    def __init__(self, url: str) -> None:
        self.url, self.port = url, 0
        self.tracker = omnitrack.open(url, region="GB", feed=True)
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        uvicorn, app = importlib.import_module("uvicorn"), importlib.import_module("app")
        config = uvicorn.Config(
            app.app_for(self.url, region="GB"), port=self.port, log_level="error", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            self.thread.join(0.02)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()

    def post(self, **call: Any) -> str:
        body, headers = json.dumps(call).encode(), {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.address}/calls", body, headers)) as response:
            recorded: dict[str, str] = json.load(response)
        return recorded["interaction"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    sys.path.insert(0, str(EXAMPLE))
    made = Desk(f"sqlite:///{tmp_path_factory.mktemp('pop') / 'history.db'}")
    importlib.import_module("sample").record_sample(made.tracker)
    yield made
    made.stop()
    made.tracker.close()
    sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


def until(browser: Any, script: str, *arguments: Any) -> Any:
    return WebDriverWait(browser, 20, poll_frequency=0.05).until(
        lambda _: browser.execute_script(f"return {script}", *arguments)
    )


def listen(browser: Any, desk: Desk, agent: str = "") -> None:
    browser.get(f"{desk.address}/?agent={agent}")
    until(browser, "document.getElementById('state').dataset.state === 'live'")


def see(browser: Any, interaction: str | None) -> str:
    """Wait until the page shows a contact; return its text."""
    until(browser, "document.querySelector('.card')?.dataset.interaction === arguments[0]", interaction)
    text: str = browser.execute_script("return document.querySelector('.card').innerText")
    return text


def test_a_call_made_in_one_window_shows_who_it_is_in_another(browser: Any, desk: Desk) -> None:
    listen(browser, desk)
    agent = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(f"{desk.address}/desk")
    browser.find_element("name", "text").send_keys("Where is the engineer?")
    browser.find_element("css selector", "button").click()
    until(browser, "document.getElementById('done').textContent.startsWith('Recorded')")
    browser.close()
    browser.switch_to.window(agent)
    until(browser, "document.querySelector('.card')")
    text = browser.execute_script("return document.querySelector('.card').innerText")
    for part in ("Maya Okafor", "Where is the engineer?", "Waits for an answer", "Do not contact", "Engineer booked"):
        assert part in text


def test_each_agent_sees_their_own_calls_and_those_of_nobody(browser: Any, desk: Desk) -> None:
    listen(browser, desk, "sam")
    desk.post(number="020 7946 0201", agent="priya", text="for Priya")
    mine = desk.post(number="020 7946 0958", agent="sam", text="for Sam")
    assert "for Sam" in see(browser, mine)
    see(browser, desk.post(number="020 7946 0958"))
    assert "for Priya" not in browser.execute_script("return document.body.innerText")
    assert browser.execute_script("return contacts.size") == 2


def test_candidates_are_shown_where_several_share_a_line(browser: Any, desk: Desk) -> None:
    listen(browser, desk)
    text = see(browser, desk.post(number="020 7946 0111"))
    assert "Several people use this" in text
    assert "jo.hart@example.com" in text
    assert "ravi@example.net" in text


def test_a_claim_opens_nobodys_history(browser: Any, desk: Desk) -> None:
    listen(browser, desk)
    recorded = desk.tracker.record(
        channel="chat",
        direction="inbound",
        customer=[claimed("maya.okafor@example.org")],
        occurred_at=datetime.now(timezone.utc),
        body="I am Maya",
    )
    text = see(browser, recorded.interaction)
    assert "Nobody is known" in text
    assert "Engineer" not in text


def test_what_came_while_the_connection_was_broken_is_shown_when_it_is_there_again(browser: Any, desk: Desk) -> None:
    listen(browser, desk)
    before = desk.post(number="020 7946 0301")
    see(browser, before)
    desk.stop()
    until(browser, "document.getElementById('state').dataset.state === 'waiting'")
    missed = [
        desk.tracker.record(
            channel="phone",
            direction="inbound",
            customer=[number],
            occurred_at=datetime.now(timezone.utc),
        ).interaction
        for number in ("020 7946 0302", "020 7946 0303")
    ]
    desk.start()
    see(browser, missed[1])
    assert browser.execute_script("return [...contacts.keys()]") == [before, *missed]


def test_a_statement_changes_what_is_shown_and_an_erasure_takes_it_away(browser: Any, desk: Desk) -> None:
    listen(browser, desk)
    shown = desk.post(number="020 7946 0401", name="Ada")
    see(browser, shown)
    desk.tracker.record(channel="email", customer=["ada@example.org"], occurred_at=datetime.now(timezone.utc))
    desk.tracker.link("ada@example.org", "020 7946 0401", by="sam", reason="she said so")
    until(browser, "document.querySelector('.card').innerText.includes('ada@example.org')")
    desk.tracker.erase("020 7946 0401")
    until(browser, "!document.body.innerText.includes('Ada')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_overflows_runs_or_hinders(browser: Any, desk: Desk, width: int, scheme: str) -> None:
    set_screen(browser, width, scheme)
    listen(browser, desk, "sam")
    desk.tracker.record(
        channel="phone",
        direction="inbound",
        customer=["020 7946 0500"],
        occurred_at=datetime.now(timezone.utc),
        subject=LONG,
        outcome=LONG[:255],
        agent="sam",
    )
    see(browser, desk.post(number="020 7946 0958"))
    shown = see(browser, desk.post(number="020 7946 0500", name=ATTACK, text=f"{ATTACK} {LONG}"))
    assert "<b>bold</b>" in shown
    assert browser.execute_script("return document.querySelectorAll('img, .card b').length") == 0
    assert "onerror" in browser.title
    assert too_wide(browser, "body *:not(.hidden)") == []
    assert serious(browser) == []
    browser.get(f"{desk.address}/desk")
    assert too_wide(browser, "body *") == []
    assert serious(browser) == []
