"""Answers in many languages and layouts: what of them is new, and texts of which nothing may be cut."""

from __future__ import annotations

import pytest

from omnitrack.sources.mail_text import split_text
from sources.quoted_mails import INTRODUCTIONS, LABELS, NEW, answers

MAILS = [mail for mail in answers() if mail[0] not in NEW]


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("text", "new"), [mail[1:] for mail in MAILS], ids=[mail[0] for mail in MAILS])
def test_the_new_text_of_an_answer_is_found_exactly(text: str, new: str) -> None:
    assert split_text(text).new == new


@pytest.mark.parametrize("text", NEW.values(), ids=NEW.keys())
def test_new_text_that_looks_like_a_quote_is_never_cut(text: str) -> None:
    assert split_text(text).new == text


@pytest.mark.parametrize(("text", "new"), [mail[1:] for mail in MAILS[::7]])
def test_the_parts_of_an_answer_are_the_whole_text(text: str, new: str) -> None:
    parts = split_text(text)
    assert bare(parts.new + parts.signature + parts.quoted) == bare(text)


def test_twenty_languages_and_more_are_known() -> None:
    assert len({name.split()[0] for name in INTRODUCTIONS}) > 25
    assert len({name.split()[0] for name in LABELS}) > 25


@pytest.mark.parametrize(
    "line",
    ["Von meinem iPhone gesendet", "iPhoneから送信", "Отправлено с iPhone", "Wysłane z iPhone'a", "发自我的iPhone"],
)
def test_what_a_phone_puts_under_a_mail_is_its_signature(line: str) -> None:
    parts = split_text(f"Still dead.\n\n{line}")
    assert (parts.new, parts.signature) == ("Still dead.", line)


def test_what_a_mailing_list_puts_under_a_mail_is_no_answer() -> None:
    footer = "_______________________________________________\nusers mailing list\nhttps://lists.example/mailman/listinfo/users"
    parts = split_text(f"Thanks.\n\nOn 1 Mar 2011, Care wrote:\n> Is it?\n{footer}\n")
    assert (parts.new, parts.signature) == ("Thanks.", footer)


@pytest.mark.parametrize("line", ["On Mon, Care wrote:", "Am Montag schrieb Care:", "Le lundi, Care a écrit :"])
def test_above_lines_with_marks_less_has_to_be_said(line: str) -> None:
    assert split_text(f"Still dead.\n\n{line}\n> Is it?\n").new == "Still dead."
    assert split_text(f"Still dead.\n\n{line}\nIs it?\n").new == f"Still dead.\n\n{line}\nIs it?"


@pytest.mark.parametrize(
    "line",
    [
        "##- Bitte geben Sie Ihre Antwort über dieser Zeile ein. -##",
        "--- Please reply above this line ---",
        ">>> Care <care@shop.example> 02/02/2026 09:00 >>>",
    ],
)
def test_what_help_desks_and_other_programs_put_above_a_quote_begins_it(line: str) -> None:
    assert split_text(f"Still dead.\n\n{line}\n\nIs it plugged in?\n").new.startswith("Still dead.")
    assert split_text(f"Still dead.\n\n{line}\n").new == "Still dead."


def test_what_horde_puts_above_marks_begins_a_quote() -> None:
    assert split_text("Still dead.\n\nZitat von Care <care@shop.example>:\n\n> Is it?\n").new == "Still dead."
