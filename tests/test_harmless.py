"""Whatever stands in a field, what leaves by str(), repr(), the command line or the page is harmless and has as many lines as it should."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from omnitrack import Assurance, Direction, Interaction, TimelineItem, identifier
from omnitrack.cli import main
from omnitrack.harmless import harmless, harmless_json, harmless_lines, one_line
from omnitrack.identity.explain import Step
from omnitrack.identity.statement import Statement
from omnitrack.model import Attachment, Change, Rejected, Revision, Sighting

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
from omnitrack.pages.timeline import render

MOMENT = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
JANE, JACK = identifier("jane@example.com"), identifier("+442079460958")
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
EVIL = "\x1b[2J\x1b]0;owned\x07\r\n\x85\u2028\u2029\u202e\u2066\u200f\u061c\x9b31mforged"

# Any text that a field takes, most of it of the characters that do harm.
texts = st.text(
    st.one_of(st.sampled_from(EVIL), st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    min_size=1,
    max_size=40,
)


def check(shown: str, lines: int = 1) -> None:
    assert not HARMFUL.search(shown), ascii(shown)
    assert len(shown.splitlines()) == lines, ascii(shown)


def item(text: str) -> TimelineItem:
    return TimelineItem(
        id="int_1", channel=text, direction=Direction.INBOUND, kind=text, occurred_at=MOMENT, recorded_at=MOMENT, identifier=JANE,
        assurance=Assurance.OBSERVED, subject=text, body=text, agent=text, thread=text, outcome=text, source=text, source_id=text,
        traits={"name": text}, attributes={text: text}, attachments=(Attachment(name=text, url=text, media_type=text),),
    )  # fmt: skip


@given(texts)
def test_a_timeline_is_a_line_for_each_contact(text: str) -> None:
    for one in (item(text), attrs.evolve(item(text), subject=None, body=None)):
        check(str(one))
        check(repr(one))


@given(texts)
def test_what_is_said_of_identity_is_one_line(text: str) -> None:
    change = Change(at=MOMENT, identifier=JANE, old=text, new=text, cause=text, by=text, reason=text)
    statement = Statement.link(JANE, JACK, by=text, reason=text)
    step = Step(
        a=JANE,
        b=JACK,
        basis="said",
        assurance=Assurance.STATED,
        seen=MOMENT,
        statement="st_1",
        by=text,
        reason=text,
        detail=text,
    )
    for one in (change, statement, step):
        check(str(one))
        check(repr(one))


@given(texts)
def test_what_comes_in_is_shown_on_one_line(text: str) -> None:
    for one in (
        Interaction(
            channel=text, occurred_at=MOMENT, subject=text, body=text, source=text, source_id=text, customers=[[text]]
        ),
        Revision(source=text, source_id=text, at=MOMENT, body=text, subject=text),
        Rejected(reason=text, where=text, source=text, source_id=text),
        Sighting(text, raw=text),
    ):
        check(repr(one))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_the_same_when_it_is_made_harmless(text: str) -> None:
    written = harmless_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(written) == {"a": text}
    check(written)


@given(st.text())
def test_a_harmless_text_stays_as_long_and_a_plain_one_as_it_is(text: str) -> None:
    assert len(harmless(text)) == len(text)
    assert harmless(harmless(text)) == harmless(text)
    if not HARMFUL.search(text):
        assert harmless_lines(text) == text


def test_str_keeps_what_people_write() -> None:
    class Said:
        @one_line
        def __str__(self) -> str:
            return "Zoë 山田 🔥 مرحبا"

    assert str(Said()) == "Zoë 山田 🔥 مرحبا"


def test_repr_masks_identifiers_and_shows_no_text_of_a_contact() -> None:
    secret = "call jane.doe@example.com or 020 7946 0958"
    one = Interaction(
        channel="email", occurred_at=MOMENT, subject=secret, body=secret, source="email", source_id="<jane.doe@example.com>", thread=secret,
        customers=[["jane.doe@example.com"]], traits={"name": "Jane Doe"}, attributes={"note": secret},
        attachments=[Attachment(name="jane.doe@example.com.pdf")],
    )  # fmt: skip
    stored = attrs.evolve(item(secret), channel="email", kind="message", source="email")
    for shown in (
        repr(one),
        repr(stored),
        repr(Revision(source="s", source_id=secret, at=MOMENT, body=secret, subject=secret)),
    ):
        assert "jane.doe" not in shown
        assert "7946" not in shown
        assert "Jane Doe" not in shown


def test_the_command_line_prints_a_line_for_each_contact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = f"sqlite:///{tmp_path}/history.db"
    with omnitrack.open(store) as tracker:
        for subject in (EVIL, "plain"):
            tracker.record(
                channel="email",
                customer="jane@example.com",
                occurred_at=MOMENT,
                subject=subject,
                agent=EVIL,
                traits={"name": EVIL},
            )
    for options, lines in ((["timeline"], 2), (["timeline", "--json"], 2), (["candidates"], 1)):
        assert main(["--store", store, options[0], "jane@example.com", *options[1:]]) == 0
        printed = capsys.readouterr()
        check(printed.out, lines)
        check(printed.err, 0)
    for name in ("customer", "export"):
        assert main(["--store", store, name, "jane@example.com"]) == 0
        printed = capsys.readouterr()
        assert not HARMFUL.search(printed.out + printed.err)
        assert not any(line.startswith("forged") for line in (printed.out + printed.err).splitlines())


def test_a_file_name_forges_no_line_of_a_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a\n\x1b[2Jforged.csv"
    file.write_text("nothing, known\n")
    assert main(["--store", f"sqlite:///{tmp_path}/history.db", "load", str(file)]) == 1
    printed = capsys.readouterr()
    check(printed.err, 2)  # that a store was begun, and what is wrong with the file


def test_the_page_has_no_markup_and_no_override_of_others() -> None:
    evil = EVIL + "<script>alert(1)</script><b onclick='x'>\u202ereversed"
    page = render(person=evil, company="Care Team", items=[item(evil)], identifiers=[("email", evil)], reasons=[evil])
    assert not HARMFUL.search(page)
    assert "<script" not in page
    assert "<b onclick" not in page
    assert "unicode-bidi:isolate" in page
