"""Dates of mails in the forms in which they occur."""

from __future__ import annotations

import pytest

from omnitrack.sources import open_source
from omnitrack.sources.mail_dates import parse_date


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 3 Feb 2026 10:00:00 +0200",
        "Tue, 3 Feb 2026 10:00:00 GMT +0200",
        "Tue, 3 Feb 2026 10:00:00 GMT+0200",
        "Tue, 3 Feb 2026 10:00:00 +02:00",
        "Tue, 3 Feb 2026 10:00:00 UTC+2",
        "Tue, 3 Feb 2026 10:00:00 (GMT+02:00)",
        "Tue, 3 Feb 2026 10:00:00 EET",
        "Tue, 3 Feb 2026 10.00.00 +0200",
        "Tue, 3 Feb 2026 10 : 00 : 00 +0200 (a comment)",
        "Tue Feb  3 10:00:00 2026 +0200",
        "Tue Feb  3 10:00:00 +0200 2026",
        "2026-02-03T10:00:00.000+02:00",
        "2026/02/03 10:00:00 +0200",
        "February 3, 2026 10:00:00 AM +0200",
        "03.02.2026 10:00 +0200",
        "mar., 3 févr. 2026 10:00:00 +0200",
        "Di, 3 Februar 2026 10:00:00 +0200",
        "Вт, 3 фев 2026 10:00:00 +0200",
        "03-Feb-26 10:00:00 +0200",
        "Tue, 3 Feb 2026 10:00:00 Europe/Helsinki",
        "Tue, 3 Feb 2026 10:00:00 +0200 (Europe/Paris)",
    ],
)
def test_a_date_is_read_in_every_form_in_which_programs_write_it(text: str) -> None:
    assert parse_date(text).isoformat().replace("+02:00", "") == "2026-02-03T10:00:00"
    assert parse_date(text).utcoffset().total_seconds() == 7200


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "Tue, 31 Nov 2026 10:00:00 +0000", "Tue, 3 Feb 2026 25:00:00 +0000", "02/03/2026 10:00", "10:00"],
)
def test_what_says_no_one_time_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("date", "said"), [("Date: a long time ago\n", "which is none of the forms"), ("", "is missing")]
)
def test_a_date_that_cannot_be_read_is_reported_with_what_was_taken_for_it(date: str, said: str) -> None:
    mail, note = open_source(f"From: a@b.example\n{date}\nhi".encode(), "eml")
    assert mail.attributes["date_from"] == "reading"
    assert (note.kept, said in note.reason) == (True, True)


def test_a_mail_without_a_date_that_a_server_dated_is_whole() -> None:
    data = b"From: a@b.example\nReceived: by mx.example; Tue, 3 Feb 2026 10:00:00 +0000\n\nhi"
    [mail] = open_source(data, "eml")
    assert mail.attributes["date_from"] == "received"


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("Tue, 3 Feb 2026 24:00:00 +0000", "2026-02-04T00:00:00+00:00"),
        ("1770112800", "2026-02-03T10:00:00+00:00"),
        ("Tue, 3 Feb 2026 10:00:00 EST5EDT", "2026-02-03T10:00:00-05:00"),
    ],
)
def test_the_end_of_a_day_seconds_and_names_of_zones_are_read(text: str, timestamp: str) -> None:
    assert parse_date(text).isoformat() == timestamp


def test_a_date_that_came_as_an_encoded_word_is_read() -> None:
    mail = b"From: jane@example.org\nDate: =?utf-8?Q?Tue,_3_Feb_2026_10:00:00_+0200?=\n\nhi"
    [item] = open_source(mail, "eml")
    assert item.occurred_at.isoformat() == "2026-02-03T10:00:00+02:00"
