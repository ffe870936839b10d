"""The source of exported WhatsApp chats."""

from __future__ import annotations

import pytest

from omnitrack.model import Direction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, keys, people, rejected

NAME = "WhatsApp Chat with +44 7700 900123.txt"


def read(text, **options):
    return list(in_utc(text.encode(), "whatsapp-chat", **options))


@pytest.fixture
def chat(fixtures):
    return interactions(in_utc(fixtures / NAME, own_name="Care Team", zone="Europe/London"))


def test_format_is_found(fixtures):
    assert detect(fixtures / NAME)[0].name == "whatsapp-chat"


def test_own_name_tells_outbound_from_inbound_and_both_are_of_the_other(chat):
    assert [m.direction for m in chat[2:5]] == [Direction.INBOUND, Direction.OUTBOUND, Direction.INBOUND]
    assert {str(people(m.customers)) for m in chat} == {"[['phone:+44 7700 900123']]"}


def test_message_of_several_lines_is_one(chat):
    assert chat[3].body == "Sorry to hear that.\nWhat is your account number?"


def test_two_messages_alike_in_one_minute_are_two(chat):
    assert chat[1].body == chat[2].body
    assert chat[1].source_id != chat[2].source_id


def test_second_reading_gives_the_same_ids(fixtures, chat):
    again = interactions(in_utc(fixtures / NAME, own_name="Care Team", zone="Europe/London"))
    assert [m.source_id for m in chat] == [m.source_id for m in again]


def test_files_deleted_and_edited_messages_are_told(chat):
    assert (chat[4].attachments[0].name, chat[4].body) == ("IMG-20260105-WA0001.jpg", "the router")
    assert (chat[5].deleted, chat[5].body) == (True, None)
    assert (chat[6].attributes["edited"], chat[6].body) == (True, "All fixed: the line is up again")


def test_lines_of_the_app_itself_are_no_messages(chat):
    assert not [m for m in chat if "encrypted" in (m.body or "")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("13/01/2026, 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("1/13/26, 9:05 PM - Jane: hi", "2026-01-13T21:05:00"),
        ("1/13/26, 9:05\u202fPM - Jane: hi", "2026-01-13T21:05:00"),
        ("[13/01/2026, 21:05:06] Jane: hi", "2026-01-13T21:05:06"),
        ("\u200e[13.01.26, 21:05:06] Jane: hi", "2026-01-13T21:05:06"),
        ("[1/13/26, 9:05:06\u202fPM] Jane: hi", "2026-01-13T21:05:06"),
        ("[13.1.2026 klo 21.05.06] Jane: hi", "2026-01-13T21:05:06"),
        ("13.01.26, 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13/01/2026 à 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13/1/26 9:05 p. m. - Jane: hi", "2026-01-13T21:05:00"),
        ("13-01-2026 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("2026-01-13 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("2026/01/13 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("2026. 1. 13. 오후 9:05, Jane : hi", "2026-01-13T21:05:00"),
        ("[2026/1/13 下午9:05:06] Jane: hi", "2026-01-13T21:05:06"),
        ("١٣/١/٢٠٢٦، ٩:٠٥ م - Jane: hi", "2026-01-13T21:05:00"),
        ("1/13/26, 12:05 AM - Jane: hi", "2026-01-13T00:05:00"),
    ],
)
def test_dates_of_the_usual_locales_are_read(line, expected):
    [message] = interactions(read(line))
    assert message.occurred_at.replace(tzinfo=None).isoformat() == expected
    assert message.body == "hi"


def test_order_of_day_and_month_is_told_by_the_whole_chat():
    messages = interactions(
        read("01/02/2026, 09:00 - Jane: a\n03/02/2026, 09:00 - Jane: b\n13/02/2026, 09:00 - Jane: c\n")
    )
    assert [m.occurred_at.month for m in messages] == [2, 2, 2]


def test_order_that_only_time_tells_is_told_by_time():
    messages = interactions(
        read("12/01/2026, 09:00 - Jane: a\n01/02/2026, 09:00 - Jane: b\n02/02/2026, 09:00 - Jane: c\n")
    )
    assert [(m.occurred_at.day, m.occurred_at.month) for m in messages] == [(12, 1), (1, 2), (2, 2)]


def test_order_that_nothing_tells_is_said_and_can_be_given():
    note, message = read("01/02/2026, 09:00 - Jane: a")
    assert "dates" in note.reason
    assert message.occurred_at.month == 2
    [message] = read("01/02/2026, 09:00 - Jane: a", dates="mdy")
    assert message.occurred_at.month == 1


def test_name_in_the_address_book_identifies_only_who_people_says():
    [unknown] = interactions(read("13/01/2026, 21:05 - Jane: hi"))
    assert (unknown.sender, unknown.traits) == ((), {"name": "Jane"})
    [known] = interactions(read("13/01/2026, 21:05 - Jane: hi", people={"Jane": "phone:+447700900123"}))
    assert keys(known.sender) == ["phone:+447700900123"]


def test_in_a_group_nobody_is_taken_for_the_other():
    text = (
        "13/01/2026, 21:05 - +44 7700 900123: a\n13/01/2026, 21:06 - +44 7700 900124: b\n13/01/2026, 21:07 - Care: c\n"
    )
    messages = read(text, own_name="Care")
    assert [people(m.customers) for m in messages] == [[["phone:+44 7700 900123"]], [["phone:+44 7700 900124"]], []]


def test_text_before_the_first_message_is_rejected_and_the_rest_read():
    items = read("torn off\n13/01/2026, 21:05 - Jane: hi")
    assert (len(rejected(items)), len(interactions(items))) == (1, 1)


def test_media_left_out_of_the_export_are_an_attachment_in_any_language():
    for text in ("<Media omitted>", "<Medien ausgeschlossen>", "image omitted", "\u200eimage omitted"):
        [message] = read(f"13/01/2026, 21:05 - Jane: {text}")
        assert (len(message.attachments), message.body) == (1, None)
