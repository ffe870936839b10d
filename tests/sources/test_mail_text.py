"""The text of mails: HTML made plain, new text told from quotes and signature."""

from __future__ import annotations

import time
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.sources.mail_parts import take_apart
from omnitrack.sources.mail_text import html_to_text, split_text
from testdata import ABSENT, DATA

REPLIES = sorted((DATA / "talon/tests/fixtures/standard_replies").glob("*.eml"))
# The two that answer with more than one line, after their fixtures.
LONGER = {"iphone": "Hello", "sparrow": "Hello"}

INTRODUCTIONS = [
    "On Mon, 6 Jan 2025 at 09:00, Care <care@telecom.example> wrote:",
    "On Mon, 6 Jan 2025 at 09:00, Care\n<care@telecom.example>\nwrote:",
    "Am 06.01.2025 um 09:00 schrieb Care Team:",
    "Le lun. 6 janv. 2025 à 09:00, Care a écrit :",
    "El lun, 6 ene 2025 a las 9:00, Care escribió:",
    "Op ma 6 jan. 2025 om 09:00 schreef Care:",
    "Pe 6.1.2025 klo 9.00 Care kirjoitti:",
    "2025年1月6日(月) 9:00 Care <care@telecom.example>:",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_quote_and_the_line_that_introduces_it_are_told_from_the_new_text(introduction: str) -> None:
    parts = split_text(f"Still dead.\n\n{introduction}\n\n> Is it plugged in?\n> Regards\n")
    assert parts.new == "Still dead."
    assert parts.quoted == f"{introduction}\n\n> Is it plugged in?\n> Regards"


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "________________________________\nFrom: Care <care@telecom.example>\nSent: Monday\nSubject: Fault",
        "From: Care <care@telecom.example>\nSent: Monday, 6 January 2025 09:00\nTo: Jane\nSubject: Fault",
        "Von: Care <care@telecom.example>\nGesendet: Montag, 6. Januar 2025 09:00\nAn: Jane\nBetreff: Störung",
    ],
)
def test_everything_below_a_separator_is_quoted(separator: str) -> None:
    parts = split_text(f"Still dead.\n\n{separator}\n\nIs it plugged in?\n")
    assert (parts.new, parts.quoted) == ("Still dead.", f"{separator}\n\nIs it plugged in?")


def test_answer_below_the_quote_is_the_new_text() -> None:
    parts = split_text("On 6 Jan 2025, Care wrote:\n> Is it plugged in?\n\nYes, it is.\n-- \nJane")
    assert (parts.new, parts.signature) == ("Yes, it is.", "-- \nJane")
    assert parts.quoted == "On 6 Jan 2025, Care wrote:\n> Is it plugged in?"


def test_answers_between_quotes_stay_with_what_they_answer() -> None:
    text = "> Is it plugged in?\nYes\n> And switched on?\nYes"
    assert split_text(text).new == text


@pytest.mark.parametrize(
    "signature", ["-- \nJane Doe\n020 7946 0958", "--\nJane", "Sent from my iPhone", "Get Outlook for iOS"]
)
def test_signature_is_told_from_the_new_text(signature: str) -> None:
    parts = split_text(f"Still dead.\n\n{signature}\n")
    assert (parts.new, parts.signature) == ("Still dead.", signature)


def test_sentence_that_begins_like_a_signature_is_none() -> None:
    assert split_text("Hi\n\nSent from my desk, much faster than my phone.").signature == ""


def test_mail_that_is_nothing_but_a_quote_is_shown_as_it_is() -> None:
    assert split_text("> Is it plugged in?").new == "> Is it plugged in?"


@given(
    st.lists(
        st.sampled_from(["", "text", "> quoted", "On 1 Jan, A wrote:", "-- ", "From: a", "Sent: b", "To: c", "___" * 9])
    )
)
def test_parts_together_are_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    parts = split_text(text)
    assert sorted("\n".join([parts.new, parts.signature, parts.quoted]).split()) == sorted(text.split())


def test_html_is_read_as_a_person_sees_it() -> None:
    html = (
        "<html><head><title>no</title><style>p{color:red}</style></head><body><p>The line&nbsp;is <b>dead</b>,<br>again &lt;3"
        "</p><!-- no --><script>no()</script><table><tr><td>a</td><td>b</td></tr></table></body></html>"
    )
    assert html_to_text(html) == "The line is dead,\nagain <3\n\na\tb"


def test_quoted_block_of_html_is_quoted_as_in_plain_mails() -> None:
    html = "Yes.<div class=gmail_quote>On 6 Jan 2025, Care wrote:<br><blockquote>Is it<blockquote>old</blockquote></blockquote></div>"
    assert split_text(html_to_text(html)).new == "Yes."


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<p ", "<blockquote>", "</", "<script>", "&", "<a href='", "<style", "<!", "> "]
)
def test_time_is_linear_in_the_length_whatever_the_markup(piece: str) -> None:
    began = time.process_time()
    split_text(html_to_text(piece * 100_000))
    assert time.process_time() - began < 5


@pytest.mark.skipif(not REPLIES, reason=ABSENT)
def test_answers_of_twelve_mail_programs_are_found() -> None:
    found = {}
    for path in REPLIES:
        body = take_apart(message_from_bytes(path.read_bytes(), policy=policy.compat32))
        found[path.stem] = " ".join(split_text(body.text()).new.split())
    assert {name: text for name, text in found.items() if not text.startswith("Hello") or len(text) > 40} == {}
