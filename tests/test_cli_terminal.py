"""The command line on a terminal: its colours, its progress, and how a store is begun."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest

import omnitrack
from omnitrack import cli
from omnitrack.cli.progress import ProgressLine, progress_text

MAIL = "maya.okafor@example.org"
CALL = "2026-03-01T09:30:00Z"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal, and what its reader types."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Terminal]:
    """Have the rest of a test run on a terminal, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("OMNITRACK_SECRET", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    made = {name: Terminal() for name in ("stdout", "stderr")}
    for name, stream in made.items():
        monkeypatch.setattr(f"sys.{name}", stream)
    return made


def record(body: str) -> None:
    with omnitrack.open("sqlite:///history.db", region="GB") as tracker:
        tracker.record(channel="phone", customer=MAIL, occurred_at=CALL, body=body)


def test_colours_are_shown_on_a_terminal_and_hold_nothing_of_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = on_terminal(monkeypatch, tmp_path)
    record("\x1b[31mred\x07 text")
    assert cli.main(["timeline", MAIL]) == 0
    shown = terminal["stdout"].getvalue()
    assert "\x1b[32mphone\x1b[0m" in shown
    assert "\ufffd[31mred\ufffd text" in shown
    assert cli.main(["timeline", "nobody@example.org"]) == 1
    assert terminal["stderr"].getvalue().startswith("\x1b[1;31momnitrack: ")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_declined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    terminal = on_terminal(monkeypatch, tmp_path)
    monkeypatch.setenv(name, value)
    record("hello")
    assert cli.main(["timeline", MAIL]) == 0
    assert cli.main(["timeline", "nobody@example.org"]) == 1
    assert "\x1b" not in terminal["stdout"].getvalue() + terminal["stderr"].getvalue()


@pytest.mark.parametrize(
    ("done", "total", "seconds", "expected"),
    [
        (500_000, 1_000_000, 0.5, "████████████············  50%"),
        (500_000, 1_000_000, 10, "████████████············  50%  50 kB/s  0:10 left"),
        (1_000_000, 400_000_000, 2, f"{'·' * 24}   0%  500 kB/s  13:18 left"),
        (1_000_000, 8_000_000_000, 1, f"{'·' * 24}   0%  1.0 MB/s  2:13:19 left"),
        (2_500, None, 1, "2.5 kB  2.5 kB/s"),
        (7, 7, 1, f"{'█' * 24} 100%  7 B/s"),
    ],
)
def test_progress_says_how_fast_and_how_long(done: int, total: int | None, seconds: float, expected: str) -> None:
    assert progress_text(done, total, seconds) == expected


def test_progress_is_drawn_ten_times_a_second_on_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = on_terminal(monkeypatch, tmp_path)
    seconds = iter((0.0, 0.05, 2.0, 2.05, 2.1))
    line = ProgressLine("a\x1b.csv", lambda: next(seconds))
    for done in (10, 20, 30, 40):
        line(done, 40)
    drawn = terminal["stderr"].getvalue().split("\r")[1:]
    assert [part.split()[0] for part in drawn] == ["a\ufffd.csv"] * 2
    assert "left" in drawn[0]
    assert drawn[1].endswith("\n")
    assert len(drawn[1].rstrip("\n")) >= len(drawn[0])  # nothing of what was drawn before stays


def test_init_asks_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, tmp_path)
    monkeypatch.setattr("sys.stdin", Terminal("\nGB\nEurope/London\nx:northlinkcare email:*@northlink.example\n"))
    assert cli.main(["init"]) == 0
    assert tomllib.loads((tmp_path / "omnitrack.toml").read_text(encoding="utf-8")) == {
        "store": "sqlite:///history.db",
        "region": "GB",
        "zone": "Europe/London",
        "own": ["x:northlinkcare", "email:*@northlink.example"],
    }
    assert cli.main(["verify"]) == 0


def test_init_takes_options_and_asks_nothing_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["init", "--store", "sqlite:///one.db", "--region", "GB", "--own", "x:quoted"]) == 0
    found = tomllib.loads((tmp_path / "omnitrack.toml").read_text(encoding="utf-8"))
    assert found == {"store": "sqlite:///one.db", "region": "GB", "own": ["x:quoted"]}
    assert (tmp_path / "one.db").exists()


@pytest.mark.parametrize("there", ["omnitrack.toml", "history.db"])
def test_init_leaves_what_is_there_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (tmp_path / there).touch()
    assert cli.main(["init"]) == 1
    assert f"{there} already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_init_with_a_wrong_region_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["init", "--region", "Narnia"]) == 1
    assert "region" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["link", "deny"])
def test_a_statement_in_a_wrong_folder_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main([command, MAIL, "x:maya", "--by", "jo", "--reason", "she said so"]) == 1
    assert "omnitrack init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_load_that_begins_a_store_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mails = Path(__file__).resolve().parent.parent / "examples" / "data" / "care.mbox"
    assert cli.main(["load", str(mails)]) == 0
    assert f"begun a new store, history.db, in {tmp_path}" in capsys.readouterr().err
    assert cli.main(["load", str(mails)]) == 0
    assert "begun" not in capsys.readouterr().err
