"""The example that README begins with: one history by every identifier, and a page that stands by itself."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from omnitrack import Assurance, Direction, TimelineItem

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
VOID = {"meta", "input", "path"}


@pytest.fixture(scope="module")
def examples() -> ModuleType:
    sys.path.insert(0, str(EXAMPLES))
    try:
        return importlib.import_module("quickstart")
    finally:
        sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def out(examples: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quickstart")
    assert examples.main(["--out", str(folder)]) == 0
    return folder


class Balance(HTMLParser):
    """Checks that elements are closed in the order in which they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def _item(**fields: object) -> TimelineItem:
    values: dict[str, object] = {
        "id": "int_1",
        "channel": "email",
        "direction": Direction.INBOUND,
        "kind": "message",
        "occurred_at": datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc),
        "recorded_at": datetime(2026, 3, 2, 8, 1, tzinfo=timezone.utc),
        "identifier": None,
        "assurance": Assurance.OBSERVED,
    }
    return TimelineItem(**(values | fields))  # type: ignore[arg-type]


def _page(*items: TimelineItem, person: str = "Jane") -> str:
    sys.path.insert(0, str(EXAMPLES))
    try:
        render = importlib.import_module("omnitrack.pages.timeline").render
    finally:
        sys.path.remove(str(EXAMPLES))
    page = render(person=person, company="Acme", items=items, identifiers=[("phone", "+44 20 7946 0958")])
    assert isinstance(page, str)
    return page


def test_the_history_is_the_same_by_phone_by_mail_and_by_handle(
    examples: ModuleType, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples.main(["--out", str(out)])
    shown = re.findall(r"^  by her .*?(\d+ contacts: .*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(shown) == 6
    assert set(shown[3:]) == {"15 contacts: email, letter, phone, web, x"}


def test_what_logs_show_by_themselves_leaves_the_social_account_apart(
    examples: ModuleType, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples.main(["--out", str(out)])
    shown = re.findall(r"^  by her .*?(\d+ contacts: .*)$", capsys.readouterr().out, re.MULTILINE)
    assert shown[2] == "3 contacts: x"


def test_the_page_needs_nothing_from_elsewhere(out: Path) -> None:
    page = (out / "timeline.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|<link|<script|<img|<iframe", page)


def test_the_page_tells_the_channels_apart(out: Path) -> None:
    page = (out / "timeline.html").read_text(encoding="utf-8")
    for name in ("Phone", "Email", "X", "Self-service", "Letter"):
        assert f"<span>{name}</span>" in page


def test_the_page_has_every_contact_once(out: Path) -> None:
    page = (out / "timeline.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<li class="[^"]*" id="int_', page)) == 15


def test_the_page_is_well_formed(out: Path) -> None:
    balance = Balance()
    balance.feed((out / "timeline.html").read_text(encoding="utf-8"))
    assert balance.open == []


def test_the_page_is_made_for_phones_and_for_the_dark(out: Path) -> None:
    page = (out / "timeline.html").read_text(encoding="utf-8")
    assert 'name="viewport"' in page
    assert "prefers-color-scheme:dark" in page


def test_what_people_wrote_is_never_markup() -> None:
    hostile = "<script>alert('&')</script>"
    page = _page(_item(subject=hostile, body=hostile, agent=hostile, channel=hostile, outcome=hostile), person=hostile)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_person_without_a_history_has_a_page() -> None:
    assert "No contact yet." in _page()


def test_a_text_deleted_at_its_source_is_not_shown() -> None:
    page = _page(_item(body="regretted", deleted=True))
    assert "regretted" not in page
    assert "deleted where it was written" in page


def test_the_page_has_one_clock_for_contacts_of_several_zones() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=timezone.utc)
    items = [
        _item(id="int_1", occurred_at=late.astimezone(timezone(timedelta(hours=2)))),
        _item(id="int_2", occurred_at=late + timedelta(minutes=5)),
    ]
    page = _page(*items)
    assert re.findall(r'<time datetime="[^"]*">(\d\d:\d\d)</time>', page) == ["23:30", "23:35"]
    assert page.count('<section class="day"') == 1


def test_a_terminal_without_arrows_gets_the_example(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, str(EXAMPLES / "quickstart.py"), "--out", str(tmp_path)]
    shown = subprocess.run(command, env=environment, capture_output=True)
    assert shown.returncode == 0, shown.stderr


def test_a_channel_that_is_not_known_has_a_look_of_its_own() -> None:
    assert "<b>Fax</b>" in _page(_item(channel="fax"))
