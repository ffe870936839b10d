"""The command line: what it prints, what it returns, and how it says that something is wrong."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

import omnitrack
from omnitrack import cli

DATA = Path(__file__).resolve().parent.parent / "examples" / "data"
SETTINGS = """
store = "sqlite:///history.db"
region = "GB"
own = ["x:northlinkcare", "email:*@northlink.example", "phone:08081570100"]
"""
NUMBER, MAIL = "020 7946 0958", "maya.okafor@example.org"


class Shell:
    """Runs commands in one folder and keeps what the last one said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = cli.main(arguments)
        self.out, self.err = self.capsys.readouterr()
        return code

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def data(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMNITRACK_SECRET", raising=False)
    (tmp_path / "omnitrack.toml").write_text(SETTINGS, encoding="utf-8")
    return Shell(capsys)


@pytest.fixture
def loaded(run: Shell) -> Shell:
    assert run("load", str(DATA / "care.mbox"), str(DATA / "calls.csv"), "--zone", "Europe/London") == 0
    return run


def test_load_says_what_came_of_each_file(loaded: Shell) -> None:
    assert [line.split(": ")[1].split(",")[0] for line in loaded.lines()] == ["6 added", "6 added"]


def test_a_second_load_adds_nothing(loaded: Shell) -> None:
    assert loaded("--json", "load", str(DATA / "care.mbox")) == 0
    assert loaded.data()[0]["added"] == 0


def test_a_file_that_nothing_reads_does_not_keep_the_others_out(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(b"\x00\x01\x02")
    assert run("load", "noise.bin", str(DATA / "care.mbox")) == 1
    assert "noise.bin" in run.err
    assert "6 added" in run.out


def test_timeline_is_newest_first_unless_asked(loaded: Shell) -> None:
    assert loaded("timeline", MAIL) == 0
    newest = loaded.lines()
    assert loaded("timeline", MAIL, "--oldest") == 0
    assert loaded.lines() == newest[::-1]


def test_timeline_ends_at_the_limit(loaded: Shell) -> None:
    assert loaded("timeline", MAIL, "--limit", "1") == 0
    assert len(loaded.lines()) == 1


def test_timeline_keeps_to_the_time_that_is_asked(loaded: Shell) -> None:
    assert loaded("--json", "timeline", NUMBER, "--since", "2026-03-04", "--until", "2026-03-05T00:00:00+00:00") == 0
    assert [item["direction"] for item in loaded.data()] == ["outbound"]


def test_json_names_identifiers_by_their_key(loaded: Shell) -> None:
    assert loaded("--json", "customer", NUMBER) == 0
    assert loaded.data()[0]["identifiers"] == ["phone:+442079460958"]


def test_a_statement_joins_and_its_retraction_parts(loaded: Shell) -> None:
    assert loaded("link", NUMBER, MAIL, "--by", "jo", "--reason", "she gave her PIN") == 0
    statement = loaded.out.partition(":")[0]
    assert loaded("explain", NUMBER, MAIL) == 0
    assert "are one person" in loaded.out
    assert "she gave her PIN" in loaded.out
    assert loaded("retract", statement, "--by", "jo", "--reason", "it was her sister") == 0
    assert loaded("explain", NUMBER, MAIL) == 0
    assert "are not one person" in loaded.out


def test_the_log_tells_what_merged_and_why(loaded: Shell) -> None:
    assert loaded("link", NUMBER, MAIL, "--by", "jo", "--reason", "she gave her PIN") == 0
    assert loaded("log", NUMBER) == 0
    assert "jo: she gave her PIN" in loaded.out


def test_erase_only_counts_until_it_is_told_yes(loaded: Shell) -> None:
    erase = ("erase", NUMBER, "--by", "jo", "--reason", "asked for it")
    assert loaded(*erase) == 0
    assert loaded("timeline", NUMBER) == 0
    assert loaded(*erase, "--yes") == 0
    assert loaded("timeline", NUMBER) == 1


def test_contacts_with_nobody_identifiable_are_listed(loaded: Shell) -> None:
    assert loaded("--json", "unattributed") == 0
    assert [item["channel"] for item in loaded.data()] == ["phone"]


def test_export_prints_lines_that_load_again_with_nothing_new(loaded: Shell, tmp_path: Path) -> None:
    assert loaded("export", MAIL) == 0
    (tmp_path / "maya.jsonl").write_text(loaded.out, encoding="utf-8")
    assert len(loaded.data()) == 3
    assert "lost" not in loaded.err
    assert loaded("--json", "load", "maya.jsonl") == 0
    assert [loaded.data()[0][name] for name in ("added", "duplicates")] == [0, 3]


def test_what_somebody_claimed_is_suggested(loaded: Shell) -> None:
    with omnitrack.open("sqlite:///history.db", **cli.tomllib.loads(SETTINGS.replace("store", "#"))) as tracker:
        tracker.record(
            channel="web",
            customer=[omnitrack.claimed(NUMBER), omnitrack.claimed(MAIL)],
            occurred_at=datetime(2026, 3, 3, tzinfo=timezone.utc),
        )
    assert loaded("suggestions", MAIL) == 0
    assert "+44 20 7946 0958" in loaded.out


def test_verify_is_content_with_a_sound_store(loaded: Shell) -> None:
    assert loaded("verify") == 0
    assert "nothing differs" in loaded.out


def test_another_own_list_is_refused_and_rebuild_takes_it(loaded: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(SETTINGS.replace("]", ', "x:northlink"]'), encoding="utf-8")
    assert loaded("timeline", MAIL) == 1
    assert "rebuild" in loaded.err
    assert loaded("rebuild") == 0
    assert loaded("timeline", MAIL) == 0


def test_somebody_unknown_is_said_in_one_line(run: Shell) -> None:
    assert run("timeline", "07700 900999") == 1
    assert run.err.count("\n") == 1
    assert "900999" not in run.err


def test_a_time_that_is_none_is_not_understood(run: Shell) -> None:
    with pytest.raises(SystemExit) as refused:
        run("timeline", MAIL, "--since", "yesterday")
    assert refused.value.code == 2


@pytest.mark.parametrize("text", ["store =", 'shop = "here"'])
def test_a_settings_file_that_makes_no_sense_is_named(run: Shell, tmp_path: Path, text: str) -> None:
    (tmp_path / "omnitrack.toml").write_text(text, encoding="utf-8")
    assert run("verify") == 1
    assert "omnitrack.toml" in run.err


def test_an_option_goes_before_the_settings_file(run: Shell, tmp_path: Path) -> None:
    assert run("--store", "sqlite:///other.db", "verify") == 0
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "history.db").exists()


def test_the_version_is_the_package_s(run: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--version")
    assert omnitrack.__version__ in capsys.readouterr().out
