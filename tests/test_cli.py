"""The command line: what it prints, what it returns, and how it says that something is wrong."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

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

    def data(self) -> list[dict[str, Any]]:
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


def test_a_load_that_went_wrong_is_taken_back_by_its_source(loaded: Shell) -> None:
    assert loaded("unload", "asterisk", "--dry-run") == 0
    assert loaded.out.startswith("6 interactions of asterisk, ")
    assert "would be taken back" in loaded.out
    assert loaded("unload", "asterisk") == 0
    assert loaded("--json", "unload", "asterisk") == 0
    assert loaded.data()[0]["interactions"] == 0
    assert loaded("verify") == 0


def test_inspect_shows_the_first_contacts_and_a_draft_and_writes_nothing(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(
        "id,when,phone,note\n1,2026-01-05 09:15,020 7946 0958,broken \x1b[31m router\n", encoding="utf-8"
    )
    assert run("inspect", "visits.csv", "--zone", "Europe/London") == 0
    assert "a table with commas between its columns; no source knows it" in run.out
    assert "2026-01-05T09:15:00+00:00 unknown inbound message [phone:+442079460958] broken  [31m router" in run.out
    assert "# visits.toml" in run.out
    assert 'occurred_at = "when"' in run.out
    assert run("--json", "inspect", str(DATA / "care.mbox"), "--limit", "2") == 0
    assert [(line["mapping"], len(line["contacts"])) for line in run.data()] == [(None, 2)]
    assert run("inspect", str(DATA / "nothing.csv")) == 1
    assert not (tmp_path / "history.db").exists()


def test_a_second_load_adds_nothing(loaded: Shell) -> None:
    assert loaded("--json", "load", str(DATA / "care.mbox")) == 0
    assert loaded.data()[0]["added"] == 0


def test_a_load_says_what_it_passed_over_and_left_out_and_fails_for_neither(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "letters.toml").write_text(
        'channel = "letter"\n[fields]\noccurred_at = "when"\n[customer]\n"who" = "email:{}"\n', encoding="utf-8"
    )
    (tmp_path / "letters.csv").write_text("when,who\n2026-01-05T10:00:00Z,nobody\n,\n", encoding="utf-8")
    assert run("load", "letters.csv") == 0
    assert "1 added, 0 there already, 0 revised, 0 rejected, 1 passed over (1 empty row); 1 parts left out" in run.out
    assert "letters.csv: line 2: kept without a part: email" in run.err
    assert "letters.csv: line 3: passed over: empty row (1 in all)" in run.err
    (tmp_path / "letters.csv").write_text("when,who\nsoon,a@b.example\n", encoding="utf-8")
    assert run("--json", "load", "letters.csv") == 1
    assert [(line["units"], line["rejected_total"]) for line in run.data()] == [(1, 1)]


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
    assert [one["key"] for one in loaded.data()[0]["identifiers"]] == ["phone:+442079460958"]


def test_a_statement_joins_and_its_retraction_parts(loaded: Shell) -> None:
    assert loaded("link", NUMBER, MAIL, "--by", "jo", "--reason", "she gave her PIN") == 0
    statement = loaded.out.partition(":")[0]
    assert loaded("explain", NUMBER, MAIL) == 0
    assert "are one person" in loaded.out
    assert "she gave her PIN" in loaded.out
    assert loaded("retract", statement, "--by", "jo", "--reason", "it was her sister") == 0
    assert loaded("explain", NUMBER, MAIL) == 0
    assert "are not one person" in loaded.out


def test_a_number_that_several_use_joins_nobody_until_that_is_taken_back(loaded: Shell) -> None:
    loaded("link", NUMBER, MAIL, "--by", "priya", "--reason", "same voice")
    assert loaded("mark-shared", NUMBER, "--by", "priya", "--reason", "front desk") == 0
    statement = loaded.out.split(":")[0]
    loaded("customer", MAIL)
    assert "phone" not in loaded.out
    assert loaded("retract", statement) == 0
    loaded("customer", MAIL)
    assert "phone" in loaded.out


def test_a_number_is_said_to_be_one_persons(loaded: Shell) -> None:
    said = ("--by", "priya", "--reason", "her own")
    assert loaded("mark-personal", "phone:07700900999", "--of", MAIL, *said) == 0
    statement = loaded.out.split(":")[0]
    assert loaded("statements", MAIL) == 0
    assert loaded.out.startswith(f"{statement}: ")


def test_a_number_that_went_to_somebody_else_shows_them_only_what_came_since(loaded: Shell) -> None:
    loaded("timeline", NUMBER, "--json")
    times = [str(one["occurred_at"]) for one in loaded.data()]
    assert loaded("reassign", NUMBER, "--at", "2026-03-04T00:00Z", "--by", "priya", "--reason", "given anew") == 0
    loaded("timeline", NUMBER, "--json")
    assert [str(one["occurred_at"]) for one in loaded.data()] == [time for time in times if time >= "2026-03-04"]
    assert 0 < len(loaded.lines()) < len(times)


def test_a_contact_with_nobody_is_given_to_a_person(loaded: Shell) -> None:
    loaded("unattributed", "--json")
    contact = str(loaded.data()[0]["id"])
    assert loaded("attribute", contact, MAIL, "--by", "priya", "--reason", "said her name") == 0
    loaded("timeline", MAIL, "--json")
    assert contact in [one["id"] for one in loaded.data()]


def test_people_are_searched_for_by_name(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(SETTINGS + "matching = true\n", encoding="utf-8")
    run("load", str(DATA / "calls.csv"), "--zone", "Europe/London")
    assert run("search", "--name", "Okafor") == 0
    assert run.lines()[0].startswith("cus_")
    assert "family name Okafor" in run.out
    assert run("search", "--name", "Okafor", "--json", "--limit", "1") == 0
    assert "Okafor" in str(run.data()[0]["sentence"])


def test_a_note_stands_on_the_timeline(loaded: Shell) -> None:
    assert loaded("note", MAIL, "Call back on Monday", "--agent", "priya") == 0
    filed = loaded.out.strip()
    loaded("timeline", MAIL, "--json")
    assert filed in [one["id"] for one in loaded.data()]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("timelin", MAIL), "timeline"),
        (("mark_shared", NUMBER), "mark-shared"),
        (("timeline", MAIL, "--chanel", "email"), "--channel"),
    ],
    ids=["a command", "an underscore", "an option"],
)
def test_a_misspelt_command_or_option_is_told_which_is_meant(
    run: Shell, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], meant: str
) -> None:
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    assert end.value.code == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


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
    with omnitrack.open("sqlite:///history.db", **tomllib.loads(SETTINGS.replace("store", "#"))) as tracker:
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store =", "no TOML"),
        ('shop = "here"', "got shop, accepted are"),
        ("store = 5", "store: got 5"),
        ('policy = "observed"', "policy: got 'observed', accepted is a table"),
        ('[policy]\nmerges_att = "observed"', "got merges_att, accepted are auto_match"),
        ('[policy]\nmerges_at = "sometimes"', "merges_at"),
        ("[policy]\nmerges_at = 5", "merges_at"),
        ("[policy]\nlimits = 5", "limits"),
        ("[policy]\nschemes = [1]", "schemes"),
        ('load = "zone"', "load: got 'zone', accepted is a table"),
    ],
)
def test_a_settings_file_that_makes_no_sense_is_named(run: Shell, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "omnitrack.toml").write_text(text, encoding="utf-8")
    assert run("load", str(DATA / "care.mbox")) == 2
    assert run.err.startswith("omnitrack: omnitrack.toml")
    assert said in run.err
    assert run.err.count("\n") == 1


def test_a_settings_file_in_another_charset_is_named(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_bytes('own = ["crm:Müller"]'.encode("cp1252"))
    assert run("verify") == 2
    assert "omnitrack.toml" in run.err


def test_an_option_goes_before_the_settings_file(run: Shell, tmp_path: Path) -> None:
    assert run("--store", "sqlite:///other.db", "load", str(DATA / "care.mbox")) == 0
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "history.db").exists()


def test_every_command_takes_the_common_options_behind_its_name(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").unlink()
    own = ("--own", "x:northlinkcare", "--own", "email:*@northlink.example")
    place = ("--store", "sqlite:///other.db", "--region", "GB")
    assert run("load", str(DATA / "care.mbox"), *place, *own, "--json") == 0
    assert run.data()[0]["added"] == 6
    assert run("timeline", MAIL, *place, *own, "--json") == 0
    assert len(run.data()) == 3
    assert run(*own[:2], "timeline", MAIL, *place, *own[2:], "--json") == 0, "before and behind are put together"


def test_what_stands_before_a_command_is_not_undone_behind_it(loaded: Shell) -> None:
    assert loaded("--json", "timeline", MAIL, "--region", "GB") == 0
    assert len(loaded.data()) == 3


@pytest.mark.parametrize(
    "command",
    [
        ("timeline", "nobody@example.org"),
        ("customer", MAIL),
        ("verify",),
        ("rebuild",),
        ("unattributed",),
        ("erase", MAIL, "--by", "jo", "--reason", "asked for it"),
    ],
)
def test_asking_makes_no_store(run: Shell, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert run(*command) == 1
    assert f"there is no history.db in {tmp_path}" in run.err
    assert "omnitrack load" in run.err
    assert not (tmp_path / "history.db").exists()


def test_a_store_that_is_only_a_file_name_is_told_as_a_url(run: Shell) -> None:
    assert run("timeline", MAIL, "--store", "history.db") == 2
    assert "sqlite:///history.db" in run.err


@pytest.mark.parametrize(
    "command", [("timeline", MAIL, "--limit", "-1"), ("conflicts", "--limit", "0"), ("log", "--limit", "many")]
)
def test_a_limit_that_is_none_is_not_understood(
    run: Shell, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as refused:
        run(*command)
    assert refused.value.code == 2
    assert "accepted is a number from" in capsys.readouterr().err


def test_a_time_without_a_zone_is_read_in_the_zone_of_the_settings_and_refused_without_one(
    run: Shell, tmp_path: Path
) -> None:
    (tmp_path / "visits.csv").write_text("when,number\n2026-07-01 09:15,020 7946 0958\n", encoding="utf-8")
    (tmp_path / "visits.toml").write_text(
        'channel = "shop"\n[fields]\noccurred_at = "when"\n[customer]\nnumber = "phone:{}"\n', encoding="utf-8"
    )
    assert run("load", "visits.csv") == 1
    assert "when: got 2026-07-01 09:15:00 without a zone" in run.err
    (tmp_path / "omnitrack.toml").write_text(f'zone = "Europe/London"\n{SETTINGS}', encoding="utf-8")
    assert run("load", "visits.csv") == 0
    assert run("--json", "timeline", NUMBER, "--since", "2026-07-01T09:15", "--include-claimed") == 0
    assert [item["occurred_at"] for item in run.data()] == ["2026-07-01T09:15:00+01:00"]
    assert run("--json", "timeline", NUMBER, "--since", "2026-07-01T09:16", "--include-claimed") == 0
    assert run.data() == []


VISITS = "when,number,reason\n2026-01-05 09:15,020 7946 0958,Returned a router\n"
VISITS_MAPPING = """channel = "shop"
zone = "Europe/London"
direction = "inbound"
[fields]
occurred_at = "when"
subject = "reason"
[customer]
number = "phone:{}"
"""


def test_a_log_of_ones_own_is_read_by_the_mapping_that_is_given(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    (tmp_path / "shop.toml").write_text(VISITS_MAPPING, encoding="utf-8")
    assert run("load", "visits.csv") == 1
    assert "visits.toml beside it" in run.err
    assert run("load", "visits.csv", "--format", "csv") == 1
    assert "accepted for csv is a TOML file" in run.err
    assert run("load", "visits.csv", "--mapping", "shop.toml") == 0
    assert "1 added" in run.out
    assert run("load", "visits.csv", "--mapping", "shop.toml", "--format", "csv") == 0
    assert run("load", str(DATA / "care.mbox"), "--mapping", "shop.toml", "--format", "mbox") == 2
    assert "--mapping: the format mbox takes none" in run.err


def test_contacts_that_rest_on_a_claim_are_told_where_nothing_else_is(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    (tmp_path / "visits.toml").write_text(VISITS_MAPPING, encoding="utf-8")
    assert run("load", "visits.csv") == 0
    assert run("timeline", NUMBER) == 0
    assert run.out == ""
    assert "a claim is all that says whose they are: 1; --include-claimed" in run.err
    assert run("timeline", NUMBER, "--include-claimed") == 0
    assert ("Returned a router" in run.out, run.err) == (True, "")
    assert run("timeline", NUMBER, "--since", "2026-02-01") == 0
    assert run.err == "omnitrack: no contacts, of those asked for\n"


def test_a_timeline_that_is_not_empty_has_nothing_to_explain(loaded: Shell) -> None:
    assert loaded("timeline", MAIL) == 0
    assert loaded.err == ""


LOAD = """
[load]
zone = "Europe/London"
user_scope = "northlink"
traits_assurance = "verified"
identifiers = { contact_number = "phone:{}!verified" }
"""


def test_what_a_log_cannot_say_of_itself_stands_in_the_settings(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(SETTINGS + LOAD, encoding="utf-8")
    assert run("load", str(DATA)) in (0, 1)
    assert run("timeline", MAIL, "--channel", "phone") == 0
    assert len(run.lines()) == 3
    assert run("load", str(DATA / "care.mbox"), "--format", "mbox") == 0, "what a format has no use for is left aside"


def test_an_option_of_a_load_that_no_format_takes_is_named(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(SETTINGS + '[load]\nuser_scop = "northlink"\n', encoding="utf-8")
    assert run("load", str(DATA / "care.mbox")) == 2
    assert "[load] got user_scop, accepted are" in run.err


@pytest.mark.parametrize(
    "text", ["columns = 4", 'quoting = "x"', 'internal_digits = "x"', "inbound_contexts = 5", "traits_assurance = 5"]
)
def test_an_option_of_a_load_with_a_value_that_it_cannot_have_is_no_traceback(
    run: Shell, tmp_path: Path, text: str
) -> None:
    (tmp_path / "omnitrack.toml").write_text(f"{SETTINGS}[load]\n{text}\n", encoding="utf-8")
    assert run("load", str(DATA)) == 2
    assert "omnitrack: [load] has a value that its option cannot have" in run.err


def test_a_zone_that_is_none_is_named(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(f"{SETTINGS}[load]\nzone = 5\n", encoding="utf-8")
    assert run("load", str(DATA)) == 1
    assert "zone: got 5, accepted is a name of the IANA database" in run.err


def test_an_option_of_the_command_goes_before_that_of_the_settings(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(SETTINGS + '[load]\nsource = "one"\n', encoding="utf-8")
    assert run("load", str(DATA / "care.mbox"), "--source", "other") == 0
    assert run("timeline", MAIL, "--json") == 0
    assert {item["source"] for item in run.data()} == {"other"}


def test_the_examples_of_the_page_find_what_they_ask_for(run: Shell, tmp_path: Path) -> None:
    page = (DATA.parent.parent / "docs" / "howto" / "use-the-command-line.md").read_text(encoding="utf-8")
    toml, console = (page.split(f"```{language}\n")[1].split("```")[0] for language in ("toml", "console"))
    (tmp_path / "omnitrack.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "examples").symlink_to(DATA.parent)
    for line in console.splitlines():
        name, *arguments = shlex.split(line)
        assert (name, run(*arguments), bool(run.out)) == ("omnitrack", 0, True), line


@pytest.mark.parametrize("charset", ["cp1252", "ascii"])
def test_a_terminal_without_arrows_gets_the_timeline(loaded: Shell, tmp_path: Path, charset: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": charset}
    shown = subprocess.run(
        [sys.executable, "-m", "omnitrack", "timeline", MAIL], cwd=tmp_path, env=environment, capture_output=True
    )
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.decode(charset).splitlines()
    assert [" -> " in line or " <- " in line for line in lines] == [True] * 3


def test_json_is_in_utf_8_whatever_the_terminal(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS.replace("router", "router ☎"), encoding="utf-8")
    (tmp_path / "visits.toml").write_text(VISITS_MAPPING.replace('{}"', '{}!observed"'), encoding="utf-8")
    assert run("load", "visits.csv") == 0
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    for command in (("timeline", NUMBER, "--json"), ("export", NUMBER)):
        shown = subprocess.run(
            [sys.executable, "-m", "omnitrack", *command], cwd=tmp_path, env=environment, capture_output=True
        )
        assert "router ☎" in json.dumps(json.loads(shown.stdout.decode("utf-8")), ensure_ascii=False)


def test_the_version_is_the_package_s(run: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--version")
    assert omnitrack.__version__ in capsys.readouterr().out


def test_consent_is_kept_listed_and_asked_for(loaded: Shell) -> None:
    asked = ("may-contact", MAIL, "--purpose", "marketing", "--channel", "email")
    assert loaded(*asked) == 1
    assert loaded.lines() == ["may not be contacted for marketing by email: nothing is known"]
    assert loaded(*asked, "--opt-out", "marketing") == 0
    said = ("consent", MAIL, "--purpose", "marketing", "--source", "form", "--by", "ann")
    assert loaded(*said, "--granted", "--at", "2026-03-02T08:00") == 0
    assert loaded(*asked) == 0
    assert loaded(*said, "--withdrawn", "--at", "2026-03-03", "--proof", "her letter") == 0
    assert loaded("--json", *asked) == 1
    [answer] = loaded.data()
    assert answer["reason"] == "consent was withdrawn or refused"
    assert loaded("consents", MAIL) == 0
    assert [line[:16] for line in loaded.lines()] == ["2026-03-03 00:00", "2026-03-02 08:00"]


def test_a_brief_says_who_is_on_the_line(loaded: Shell) -> None:
    assert loaded("brief", NUMBER, "--max-chars", "400") == 0
    assert len(loaded.out) <= 401
    assert "one customer" in loaded.lines()[0]
    assert loaded("--json", "brief", MAIL, "--trust", "verified", "--timeout", "60") == 0
    [found] = loaded.data()
    assert (found["sure"], found["suggestions"], found["missing"]) == ("one", [], [])


def test_reads_leave_receipts_in_the_name_of_whoever_acts(loaded: Shell) -> None:
    with open("omnitrack.toml", "a", encoding="utf-8") as file:
        file.write('reads = "audit"\n[consent_words]\nbasta = false\n')
    assert loaded("rebuild") == 0  # the words are the store's
    assert loaded("--acting", "sam", "timeline", MAIL) == 0
    assert loaded("receipts", MAIL) == 0
    [line] = loaded.lines()
    assert "sam (timeline, observed)" in line
    assert loaded("exposed", MAIL) == 0
    assert loaded.out == ""
    with open("omnitrack.toml", "a", encoding="utf-8") as file:
        file.write('alto = "no"\n')
    assert loaded("receipts", MAIL) == 1
    assert "consent_words" in loaded.err


def test_a_persons_data_is_written_once_and_loaded_again(loaded: Shell) -> None:
    assert loaded("subject-bundle", MAIL, "maya.zip") == 0
    assert loaded("subject-bundle", MAIL, "maya.zip") == 1
    assert loaded("timeline", MAIL) == 0
    before = loaded.out
    assert loaded("--store", "sqlite:///again.db", "load-bundle", "maya.zip") == 0
    assert loaded("--store", "sqlite:///again.db", "timeline", MAIL) == 0
    assert loaded.out == before
    assert loaded("load-bundle", "omnitrack.toml") == 1


# -- the feed -----------------------------------------------------------------------------------------------------------
def test_changes_are_printed_from_a_cursor_on_and_for_a_consumer(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "omnitrack.toml").write_text(f"feed = true\n{SETTINGS}", encoding="utf-8")
    assert run("load", str(DATA / "calls.csv"), "--zone", "Europe/London") == 0
    assert run("changes") == 0
    entries = run.data()
    assert entries
    assert {entry["type"] for entry in entries} == {"FeedEntry"}
    assert run("changes", "--after", str(entries[0]["cursor"]), "--limit", "2") == 0
    assert run.data() == entries[1:3]
    assert run("changes", "--consumer", "crm", "--limit", "2") == 0
    assert run.data() == entries[:2]
    assert run("changes", "--consumer", "crm") == 0
    assert run.data() == entries[2:]
    assert run("changes", "--after", "nonsense") == 1
    assert "after:" in run.err


def test_a_store_without_a_feed_says_how_to_have_one(loaded: Shell) -> None:
    assert loaded("changes") == 1
    assert "feed=True" in loaded.err


def test_cases_are_listed_queued_shown_exported_and_closed(loaded: Shell, tmp_path: Path) -> None:
    settings = tomllib.loads(SETTINGS)
    url = settings.pop("store")
    with omnitrack.open(url, **settings) as tracker:
        item = tracker.timeline(MAIL, order="oldest")[0]
        fault = tracker.open_case(item, kind="fault", title="On fire\x1b", owner="sam", at=item.occurred_at)
        order = tracker.open_case(item, kind="order", at=item.occurred_at)
        tracker.promise(order, "deliver", due="2026-03-05T08:00+00:00", at=item.occurred_at)
    assert loaded("cases", "--who", MAIL) == 0
    assert [line.split(" ")[0] for line in loaded.lines()] == [fault.id, order.id]
    assert "\x1b" not in loaded.out
    assert loaded("--json", "cases", "--overdue", "--limit", "1") == 0
    assert [one["id"] for one in loaded.data()] == [order.id]
    assert loaded("cases", "--owner", "sam", "--kind", "order", "--state", "closed", "--state", "held") == 0
    assert loaded.out == ""
    (tmp_path / "words.toml").write_text('[danger]\nen = ["on fire"]\n', encoding="utf-8")
    assert loaded("queue", "--words", "words.toml") == 0
    first, second = loaded.lines()
    assert first.startswith("1. immediate")
    assert f"{order.id}: 1 promise was broken" in second
    assert loaded("queue", "--words", "none.toml") == 1
    assert loaded("case", fault.id, "--as-of", "2100-01-01") == 0
    assert [line.split(" ")[2] for line in loaded.lines()[1:]] == ["opened", "title", "owner", "added"]
    assert loaded("export-case", fault.id, "--format", "tmf621") == 0
    assert json.loads(loaded.out)["id"] == fault.id
    assert loaded("export-case", fault.id, "--company", "Northlink") == 0
    assert loaded.out.startswith("<!DOCTYPE html>")
    with omnitrack.open(url, **settings) as tracker:
        tracker.update_case(order.id, state="resolved", at=item.occurred_at)
    assert loaded("close-unanswered", "--by", "cron") == 0
    assert [line.split(" ")[:3] for line in loaded.lines()] == [[order.id, "order", "closed,"]]
    assert loaded("cases", "--state", "all") == 0
    assert len(loaded.lines()) == 2
    assert loaded("case", "cas_1") == 1
    assert "cas_" in loaded.err


def test_a_code_ties_two_channels(loaded: Shell) -> None:
    assert loaded("--json", "conversations", MAIL, "--limit", "1") == 0
    (conversation,) = loaded.data()
    assert conversation["type"] == "Conversation"
    assert (
        loaded("--json", "hand-over", conversation["items"][-1]["id"], "--to", "phone", "--private", "--by", "sam") == 0
    )
    (given,) = loaded.data()
    assert (given["type"], given["private"], given["to"]) == ("Handover", True, "phone")
    assert loaded("hand-over", given["interaction"], "--to", "email", "--public") == 0
    assert len(loaded.lines()) == 2
    assert "Please continue by email with code" in loaded.lines()[1]
    assert loaded("hand-over", "int_" + "0" * 32, "--to", "email") != 0
