"""The source of exported WhatsApp chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Direction, Interaction
from omnitrack.sources import detect
from sources.asserting import in_utc, interactions, keys, passed_over, people, rejected

NAME = "WhatsApp Chat with +44 7700 900123.txt"


def read(text: str, **options: Any) -> list[Any]:
    return list(in_utc(text.encode(), "whatsapp-chat", **options))


@pytest.fixture
def chat(fixtures: Path) -> list[Interaction]:
    return interactions(in_utc(fixtures / NAME, own_name="Care Team", zone="Europe/London"))


def test_format_is_found(fixtures: Path) -> None:
    assert detect(fixtures / NAME)[0].name == "whatsapp-chat"


def test_own_name_tells_outbound_from_inbound_and_both_are_of_the_other(chat: list[Interaction]) -> None:
    assert [m.direction for m in chat[2:5]] == [Direction.INBOUND, Direction.OUTBOUND, Direction.INBOUND]
    assert {str(people(m.customers)) for m in chat} == {"[['phone:+44 7700 900123']]"}


def test_message_of_several_lines_is_one(chat: list[Interaction]) -> None:
    assert chat[3].body == "Sorry to hear that.\nWhat is your account number?"


def test_two_messages_alike_in_one_minute_are_two(chat: list[Interaction]) -> None:
    assert chat[1].body == chat[2].body
    assert chat[1].source_id != chat[2].source_id


def test_second_reading_gives_the_same_ids(fixtures: Path, chat: list[Interaction]) -> None:
    again = interactions(in_utc(fixtures / NAME, own_name="Care Team", zone="Europe/London"))
    assert [m.source_id for m in chat] == [m.source_id for m in again]


def test_files_deleted_and_edited_messages_are_told(chat: list[Interaction]) -> None:
    assert (chat[4].attachments[0].name, chat[4].body) == ("IMG-20260105-WA0001.jpg", "the router")
    assert (chat[5].deleted, chat[5].body) == (True, None)
    assert (chat[6].attributes["edited"], chat[6].body) == (True, "All fixed: the line is up again")


def test_lines_of_the_app_itself_are_no_messages(chat: list[Interaction]) -> None:
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
        ("[13.01.26, 9:05:06\u202fPM] Jane: hi", "2026-01-13T21:05:06"),
        ("1/13/26, 9:05:06 PM: Jane: hi", "2026-01-13T21:05:06"),
        ("13.01.26 21:05:06: Jane: hi", "2026-01-13T21:05:06"),
        ("13.01.26 г., 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13. 1. 2026. 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("2026. 01. 13. 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("2026. 01. 13. du. 9:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13.01.2026 ÖS 9:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13/1/2026 9:05 CH - Jane: hi", "2026-01-13T21:05:00"),
        ("13/1/2026 lúc 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("21:05 13/1/2026 - Jane: hi", "2026-01-13T21:05:00"),
        ("[21:05, 13/1/2026] Jane: hi", "2026-01-13T21:05:00"),
        ("13-1-2026 9:05 nm. - Jane: hi", "2026-01-13T21:05:00"),
        ("13/01/2026 9:05 μ.μ. - Jane: hi", "2026-01-13T21:05:00"),
        ("2026/1/13 凌晨12:05 - Jane: hi", "2026-01-13T00:05:00"),
        ("2026/1/13 中午12:05 - Jane: hi", "2026-01-13T12:05:00"),
        ("2026/1/13 晚上9:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("१३/१/२०२६, ९:०५ अपराह्न - Jane: hi", "2026-01-13T21:05:00"),
        ("[1/13/2569 BE, 21:05:06] Jane: hi", "2026-01-13T21:05:06"),
        ("13/1/2569 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("13/1/69 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("115/1/13 下午9:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("民國115/1/13 下午9:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("R8/1/13 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("[1/13/R8, 21:05:00] Jane: hi", "2026-01-13T21:05:00"),
        ("2026년 1월 13일 오후 9:05, Jane : hi", "2026-01-13T21:05:00"),
        ("令和8年1月13日 21:05 - Jane: hi", "2026-01-13T21:05:00"),
        ("۱۴۰۴/۱۰/۲۳،‏ ۲۱:۰۵ - Jane: hi", "2026-01-13T21:05:00"),
        ("[1404/10/23 AP, 9:05:06 PM] Jane: hi", "2026-01-13T21:05:06"),
        ("[1403/12/30 AP, 9:05:06 PM] Jane: hi", "2025-03-20T21:05:06"),
    ],
)
def test_dates_of_the_usual_locales_are_read(line: str, expected: str) -> None:
    [message] = interactions(read(line))
    assert message.occurred_at.replace(tzinfo=None).isoformat() == expected
    assert message.body == "hi"


def test_order_of_day_and_month_is_told_by_the_whole_chat() -> None:
    messages = interactions(
        read("01/02/2026, 09:00 - Jane: a\n03/02/2026, 09:00 - Jane: b\n13/02/2026, 09:00 - Jane: c\n")
    )
    assert [m.occurred_at.month for m in messages] == [2, 2, 2]


def test_order_that_only_time_tells_is_told_by_time() -> None:
    messages = interactions(
        read("12/01/2026, 09:00 - Jane: a\n01/02/2026, 09:00 - Jane: b\n02/02/2026, 09:00 - Jane: c\n")
    )
    assert [(m.occurred_at.day, m.occurred_at.month) for m in messages] == [(12, 1), (1, 2), (2, 2)]


def test_order_that_nothing_tells_is_said_and_can_be_given() -> None:
    note, message = read("01/02/2026, 09:00 - Jane: a")
    assert "dates" in note.reason
    assert message.occurred_at.month == 2
    [message] = read("01/02/2026, 09:00 - Jane: a", dates="mdy")
    assert message.occurred_at.month == 1


def test_name_in_the_address_book_identifies_only_who_people_says() -> None:
    [unknown] = interactions(read("13/01/2026, 21:05 - Jane: hi"))
    assert (unknown.sender, unknown.traits) == ((), {"name": "Jane"})
    [known] = interactions(read("13/01/2026, 21:05 - Jane: hi", people={"Jane": "phone:+447700900123"}))
    assert keys(known.sender) == ["phone:+447700900123"]


def test_in_a_group_nobody_is_taken_for_the_other() -> None:
    text = (
        "13/01/2026, 21:05 - +44 7700 900123: a\n13/01/2026, 21:06 - +44 7700 900124: b\n13/01/2026, 21:07 - Care: c\n"
    )
    messages = read(text, own_name="Care")
    assert [people(m.customers) for m in messages] == [[["phone:+44 7700 900123"]], [["phone:+44 7700 900124"]], []]


def test_text_before_the_first_message_is_rejected_and_the_rest_read() -> None:
    items = read("torn off\n13/01/2026, 21:05 - Jane: hi")
    assert (len(rejected(items)), len(interactions(items))) == (1, 1)


def test_media_left_out_of_the_export_are_an_attachment_in_any_language() -> None:
    for text in ("<Media omitted>", "<Medien ausgeschlossen>", "image omitted", "\u200eimage omitted"):
        [message] = read(f"13/01/2026, 21:05 - Jane: {text}")
        assert (len(message.attachments), message.body) == (1, None)


def test_dates_with_dots_never_put_the_month_first_whatever_the_clock() -> None:
    [message] = read("[05.08.23, 5:52:02 PM] Jane: hi")
    assert (message.occurred_at.day, message.occurred_at.month) == (5, 8)


@pytest.mark.parametrize("line", ["[13/7/1447 AH, 21:05:06] Jane: hi", "١٣/٧/١٤٤٧ هـ، ٩:٠٥ م - Jane: hi"])
def test_date_of_a_calendar_that_cannot_be_told_exactly_is_refused_by_name(line: str) -> None:
    assert "Islamic calendar" in rejected(read(line))[0].reason


@pytest.mark.parametrize(
    "line", ["13/01/2005, 21:05 - Jane: hi", "13/01/2199, 21:05 - Jane: hi", "31/02/2026, 21:05 - Jane: hi"]
)
def test_date_that_cannot_be_one_of_a_chat_is_reported_and_not_stored(line: str) -> None:
    items = read(line, dates="dmy")
    assert (interactions(items), len(rejected(items))) == ([], 1)


def test_word_at_the_time_that_is_not_known_costs_its_message_and_is_said() -> None:
    items = read("[13/01/2026, 9:05:06 xyzzy] Jane: a\n[13/01/2026, 9:06:06] Jane: b")
    assert [item.body for item in interactions(items)] == ["b"]
    assert "'xyzzy'" in rejected(items)[0].reason


@pytest.mark.parametrize(
    "text", ["1/2/2026 from 5:30 - that was it", "1/2/2026, 10:00, as agreed", "14/01/2026 09:00: the engineer came"]
)
def test_text_that_begins_with_a_date_begins_no_message(text: str) -> None:
    [message] = interactions(read(f"13/01/2026, 21:05 - Jane: hi\n{text}"))
    assert message.body == f"hi\n{text}"


@pytest.mark.parametrize(
    "notice",
    [
        'Jane created group "Trip: 2026"',
        "Jane changed the subject from “Trip: 2025” to “Trip: 2026”",
        "Jane hat die Gruppe „Reise: 2026“ erstellt",
        "Jane a créé le groupe « Voyage : 2026 »",
    ],
)
def test_colon_inside_of_quotes_ends_no_name(notice: str) -> None:
    told, message = read(f"13/01/2026, 21:05 - {notice}\n13/01/2026, 21:06 - Jane: ok")
    assert (told.reason, message.body) == ("notice of the app", "ok")


def test_colon_behind_a_name_with_quotes_ends_it() -> None:
    [message] = interactions(read('13/01/2026, 21:05 - Jane "JJ" Doe: she said "yes"'))
    assert (message.traits, message.body) == ({"name": 'Jane "JJ" Doe'}, 'she said "yes"')


@pytest.mark.parametrize(
    "notice",
    [
        "Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.",
        "Los mensajes y las llamadas están cifrados de extremo a extremo.",
        "Mesajlar ve aramalar uçtan uca şifrelidir.",
        "消息和通话已进行端到端加密。",
        "Jane is a contact.",
    ],
)
def test_notice_that_the_iphone_writes_under_a_name_is_no_message(notice: str) -> None:
    items = read(f"[13/01/2026, 21:05:06] Jane: hi\n[13/01/2026, 21:06:06] Jane: \u200e{notice}")
    assert [item.body for item in interactions(items)] == ["hi"]
    assert [item.reason for item in passed_over(items)] == ["notice of the app"]


def test_customer_who_writes_the_words_of_a_notice_is_heard() -> None:
    text = "Is this end-to-end encrypted? I was added to a business account"
    [message] = read(f"[13/01/2026, 21:05:06] Jane: {text}")
    assert message.body == text


def test_name_of_a_group_is_nobody_who_takes_part() -> None:
    text = "".join(
        f"[13/01/2026, 21:05:0{second}] {line}\n"
        for second, line in enumerate(
            [
                "Trip: \u200eMessages are end-to-end encrypted.",
                "Trip: \u200eJane created this group",
                "Jane: hi",
                "Bob: hi",
            ]
        )
    )
    items = read(text, own_name="Bob")
    assert [item.reason for item in passed_over(items)] == ["notice of the app"] * 2
    assert [item.body for item in interactions(items)] == ["hi", "hi"]


def test_call_that_the_app_tells_of_is_a_contact_of_the_other() -> None:
    text = "13/01/2026, 21:05 - Missed voice call\n13/01/2026, 21:06 - +44 7700 900123: hi\n13/01/2026, 21:07 - Care: hello"
    call, *_ = interactions(read(text, own_name="Care"))
    assert (call.kind, call.outcome, call.body, call.direction) == ("call", "missed", None, Direction.INBOUND)
    assert people(call.customers) == [["phone:+44 7700 900123"]]
    [call] = interactions(read("[13/01/2026, 21:05:06] Jane: \u200eVoice call, \u200e2 min"))
    assert (call.kind, call.outcome) == ("call", None)


@pytest.mark.parametrize(
    "text",
    [
        "<Media omitted>",
        "<Médias omis>",
        "<Multimedia omitido>",
        "<Mídia oculta>",
        "<Medya dahil edilmedi>",
        "<Без медиафайлов>",
        "image omitted",
        "Bild weggelassen",
        "imagem ocultada",
    ],
)
def test_media_that_were_left_out_are_attachments_in_every_language(text: str) -> None:
    [message] = interactions(read(f"13/01/2026, 21:05 - Jane: {text}"))
    assert (message.attachments[0].media_type, message.body) == ("omitted", None)


def test_document_that_was_left_out_keeps_its_name() -> None:
    [message] = interactions(read("[13/01/2026, 21:05:06] Jane: \u200eBill May.pdf • 2 pages \u200edocument omitted"))
    assert (message.attachments[0].name, message.body) == ("Bill May.pdf", None)


@pytest.mark.parametrize(
    "text",
    [
        "This message was deleted",
        "Se eliminó este mensaje.",
        "Bu mesaj silindi",
        "Данное сообщение удалено",
        "此消息已删除",
        "このメッセージは削除されました",
        "Wiadomość została usunięta",
    ],
)
def test_deleted_messages_are_told_in_every_language(text: str) -> None:
    [message] = interactions(read(f"13/01/2026, 21:05 - Jane: {text}"))
    assert (message.deleted, message.body) == (True, None)


def test_edited_messages_are_told_in_every_language() -> None:
    [message] = interactions(read("13/01/2026, 21:05 - Jane: hola <Se editó este mensaje.>"))
    assert (message.body, message.attributes["edited"]) == ("hola", True)


def test_what_the_phone_did_not_have_is_a_contact_without_text() -> None:
    texts = ["null", "<View once voice message omitted>", "Waiting for this message. This may take a while."]
    found = interactions(read("".join(f"13/01/2026, 21:05 - Jane: {text}\n" for text in texts)))
    assert [message.body for message in found] == [None, None, None]
    assert found[2].attributes["told"] == texts[2]


def test_group_that_begins_with_many_notices_is_known(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    notices = "".join(
        f"13/01/2026, 21:05 - +44 7700 9001{n} joined using this group's invite link\n" for n in range(10, 90)
    )
    path.write_text(notices + "13/01/2026, 21:06 - Jane: hi\n", encoding="utf-8")
    found = list(in_utc(path))
    assert ([message.body for message in interactions(found)], len(passed_over(found))) == (["hi"], 80)


@pytest.mark.parametrize("line", ["13/01/2026, 21:05 - Jane: see", "[13/01/2026, 21:05:00] Jane: see"])
def test_messages_that_were_copied_in_the_browser_are_a_part_of_the_text(line: str) -> None:
    copied = "[9:05 PM, 1/12/2026] Sam: we come on Monday"
    [message] = interactions(read(f"{line}\n{copied}\n"))
    assert message.body == f"see\n{copied}"
