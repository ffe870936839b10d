"""Mails with what of them is new: answers in many languages and layouts, and texts that only look as if they quoted."""

from __future__ import annotations

from collections.abc import Iterator

#: How a mail that is answered is introduced, by language: as Gmail, Apple Mail, Outlook and Thunderbird write it there.
INTRODUCTIONS = {
    "en gmail": "On Tue, Apr 11, 2017 at 7:07 PM, Care Team <care@shop.example> wrote:",
    "en gmail wrapped": "On Tue, Apr 11, 2017 at 7:07 PM, Care Team\n<care@shop.example> wrote:",
    "en apple": "On 11 Apr 2017, at 19:07, Care Team <care@shop.example> wrote:",
    "en yahoo": "On Tuesday, April 11, 2017, 7:07 PM, Care Team <care@shop.example> wrote:",
    "en yahoo old": "--- On Tue, 4/11/17, Care Team <care@shop.example> wrote:",
    "en thunderbird": "On 11/04/2017 19:07, Care Team wrote:",
    "en outlook mac": 'On 4/11/17, 7:07 PM, "Care Team" <care@shop.example> wrote:',
    "de gmail": "Am Di., 11. Apr. 2017 um 19:07 Uhr schrieb Care Team <care@shop.example>:",
    "de apple": "Am 11.04.2017 um 19:07 schrieb Care Team <care@shop.example>:",
    "de thunderbird": "Am 11.04.2017 um 19:07 schrieb Care Team:",
    "fr gmail": "Le mar. 11 avr. 2017 à 19:07, Care Team <care@shop.example> a écrit :",
    "fr apple": "Le 11 avr. 2017 à 19:07, Care Team <care@shop.example> a écrit :",
    "es gmail": "El mar, 11 abr 2017 a las 19:07, Care Team (<care@shop.example>) escribió:",
    "it gmail": "Il giorno mar 11 apr 2017 alle ore 19:07 Care Team <care@shop.example> ha scritto:",
    "pt gmail": "Em ter., 11 de abr. de 2017 às 19:07, Care Team <care@shop.example> escreveu:",
    "nl gmail": "Op di 11 apr. 2017 om 19:07 schreef Care Team <care@shop.example>:",
    "nl apple": "Op 11 apr. 2017 om 19:07 heeft Care Team <care@shop.example> het volgende geschreven:",
    "sv gmail": "Den tis 11 apr. 2017 kl 19:07 skrev Care Team <care@shop.example>:",
    "da gmail": "Den tir. 11. apr. 2017 kl. 19.07 skrev Care Team <care@shop.example>:",
    "no gmail": "tir. 11. apr. 2017 kl. 19:07 skrev Care Team <care@shop.example>:",
    "fi gmail": "ti 11. huhtik. 2017 klo 19.07 Care Team (care@shop.example) kirjoitti:",
    "pl gmail": "wt., 11 kwi 2017 o 19:07 Care Team <care@shop.example> napisał(a):",
    "pl thunderbird": "W dniu 11.04.2017 o 19:07, Care Team pisze:",
    "cs gmail": "út 11. 4. 2017 v 19:07 odesílatel Care Team <care@shop.example> napsal:",
    "sk gmail": "ut 11. 4. 2017 o 19:07 Care Team <care@shop.example> napísal(a):",
    "hu gmail": "Care Team <care@shop.example> ezt írta (időpont: 2017. ápr. 11., K, 19:07):",
    "ro gmail": "În mar., 11 apr. 2017 la 19:07, Care Team <care@shop.example> a scris:",
    "tr gmail": "Care Team <care@shop.example>, 11 Nis 2017 Sal, 19:07 tarihinde şunu yazdı:",
    "ru gmail": "вт, 11 апр. 2017 г. в 19:07, Care Team <care@shop.example>:",
    "ru mail.ru": "Вторник, 11 апреля 2017, 19:07 +03:00 от Care Team <care@shop.example>:",
    "ru yandex": '11.04.2017, 19:07, "Care Team" <care@shop.example>:',
    "ru android": '11.04.2017 19:07 пользователь "Care Team" <\ncare@shop.example> написал:',
    "uk gmail": "вт, 11 квіт. 2017 р. о 19:07 Care Team <care@shop.example> пише:",
    "bg gmail": "На вт, 11.04.2017 г. в 19:07 Care Team <care@shop.example> написа:",
    "el gmail": "Στις Τρί 11 Απρ 2017 στις 7:07 μ.μ., ο χρήστης Care Team <care@shop.example> έγραψε:",
    "he gmail": "\u202bבתאריך יום ג׳, 11 באפר׳ 2017 ב-19:07 מאת \u202aCare Team\u202c\u200f <\u202acare@shop.example\u202c\u200f>:\u202c",
    "ar gmail": "\u202bفي الثلاثاء، 11 أبريل 2017 في 7:07 م تمت كتابة ما يلي بواسطة \u202aCare Team\u202c\u200f <\u202acare@shop.example\u202c\u200f>:\u202c",
    "ja gmail": "2017年4月11日(火) 19:07 Care Team <care@shop.example>:",
    "ja apple": "2017/04/11 19:07、Care Team <care@shop.example>のメール:",
    "zh gmail": "Care Team <care@shop.example> 于2017年4月11日周二 19:07写道：",
    "zh apple": "在 2017年4月11日，下午7:07，Care Team <care@shop.example> 写道：",
    "zh-tw gmail": "Care Team <care@shop.example> 於 2017年4月11日 週二 下午7:07寫道：",
    "ko gmail": "2017년 4월 11일 (화) 오후 7:07, Care Team <care@shop.example>님이 작성:",
    "vi gmail": "Vào Th 3, 11 thg 4, 2017 vào lúc 19:07 Care Team <care@shop.example> đã viết:",
    "id gmail": "Pada tanggal Sel, 11 Apr 2017 pukul 19.07 Care Team <care@shop.example> menulis:",
    "hr gmail": "uto, 11. tra 2017. u 19:07 Care Team <care@shop.example> napisao je:",
    "sl gmail": "V V tor., 11. apr. 2017 ob 19:07 je oseba Care Team <care@shop.example> napisala:",
    "th gmail": "ในวันที่ อ. 11 เม.ย. 2017 19:07 Care Team <care@shop.example> เขียนว่า:",
}

#: The headers that Outlook and others put above a quote, by language: from, when, to, subject.
LABELS = {
    "ru mail.ru": ("От кого", "Дата", "Кому", "Тема"),
    "ca": ("De", "Enviat", "Per a", "Assumpte"),
    "hi": ("प्रेषक", "भेजा गया", "प्रति", "विषय"),
    "en": ("From", "Sent", "To", "Subject"),
    "en hotmail": ("From", "Date", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "es": ("De", "Enviado el", "Para", "Asunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "sv": ("Från", "Skickat", "Till", "Ämne"),
    "da": ("Fra", "Sendt", "Til", "Emne"),
    "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "pl": ("Od", "Wysłano", "Do", "Temat"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"),
    "sk": ("Od", "Odoslané", "Komu", "Predmet"),
    "hu": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "ro": ("De la", "Trimis", "Către", "Subiect"),
    "tr": ("Kimden", "Gönderildi", "Kime", "Konu"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "uk": ("Від", "Надіслано", "Кому", "Тема"),
    "bg": ("От", "Изпратено", "До", "Относно"),
    "el": ("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "he": ("מאת", "נשלח", "אל", "נושא"),
    "ar": ("من", "تاريخ الإرسال", "إلى", "الموضوع"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "zh-tw": ("寄件者", "寄件日期", "收件者", "主旨"),
    "ko": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "vi": ("Từ", "Đã gửi", "Đến", "Chủ đề"),
    "id": ("Dari", "Tanggal", "Kepada", "Subjek"),
    "hr": ("Šalje", "Poslano", "Prima", "Predmet"),
}

#: Titles above the headers.
TITLES = [
    "-----Original Message-----",
    "-------- Original message --------",
    "----- Forwarded Message -----",
    "---------- Forwarded message ---------",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Ursprungligt meddelande-----",
    "-----Oprindelig meddelelse-----",
    "-----Alkuperäinen viesti-----",
    "-----Wiadomość oryginalna-----",
    "-----Původní zpráva-----",
    "-----Eredeti üzenet-----",
    "-----Özgün İleti-----",
    "-----Исходное сообщение-----",
    "-----Αρχικό μήνυμα-----",
    "-----הודעה מקורית-----",
    "-----الرسالة الأصلية-----",
    "-----元のメッセージ-----",
    "-----原始邮件-----",
    "-----원본 메시지-----",
    "________________________________",
]

#: Texts of which every line is new.
NEW = {
    "a patch": (
        "Please apply:\n\nFrom 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: Jane <jane@example.org>\n"
        "Date: Mon, 2 Feb 2026 09:00:00 +0000\nSubject: [PATCH] fix it\n\n---\n a | 2 +-"
    ),
    "asks for answers above": "##- Please type your reply above this line -##\n\nYour request has been updated.",
    "rows of underscores": "Order A\n________________________________\n\nOrder B\n________________________________\n\nPlease ring me.",
    "a journey": "Please book:\nFrom: London\nTo: Paris\nDate: 5 May 2026\n\nThanks, Jane",
    "a story": "On Monday my neighbour wrote:\n\nYour engineer never came.\n\nIs that so?",
    "a list": "I need:\n\n- a router\n- a cable:\n  five metres\n\nFrom: you, to: me, thanks.",
    "a time": "The engineer was to come on 5.5.2026 at 10:00:\nhe did not.\n\nWhat now?",
    "a letter": "To: whom it may concern\nSubject: my line\n\nIt is dead.",
    "dashes": "First part\n\n-----\n\nSecond part\n\n--- and a third ---\n\nBye",
    "an address": "My new address:\n\njane@example.org:\nplease use it from 2026 on.",
    "answers between": "> Is it plugged in?\nYes\n> And switched on?\nYes",
    "a form": "Name: Jane\nDate: 5 May 2026\nTo: Care\nFrom: Jane\n\nHello",
    "a sentence of phones": "Hi\n\nSent from my desk, much faster than my phone.",
    "a title in a sentence": "See the original message\nand the forwarded message: both are wrong.",
    "code": "It says\n\nFrom: {sender}\nTo: {recipient}\n\nand hangs.",
}

OLD = "Is it plugged in?\nAnd is the light on?\n\nCare Team"


def answers() -> Iterator[tuple[str, str, str]]:
    """Yield (what it is, text, what of it is new) of every mail of the set."""
    new = "It is still dead.\n\nPlease ring me."
    marked = "\n".join(f"> {line}".rstrip() for line in OLD.split("\n"))
    for name, introduction in INTRODUCTIONS.items():
        yield f"{name}, marked", f"{new}\n\n{introduction}\n\n{marked}\n", new
        yield f"{name}, not marked", f"{new}\n\n{introduction}\n\n{OLD}\n", new
        yield f"{name}, phone", f"{new}\n\nSent from my iPhone\n\n{introduction}\n{OLD}\n", new
    for name, (sender, sent, to, subject) in LABELS.items():
        headers = [
            f"{sender}: Care Team <care@shop.example>",
            f"{sent}: 2017-04-11 19:07",
            f"{to}: Jane <jane@example.org>",
            f"{subject}: Fault",
        ]
        yield f"{name} headers", f"{new}\n\n" + "\n".join(headers) + f"\n\n{OLD}\n", new
        yield (
            f"{name} headers of a phone",
            f"{new}\n\n" + "\n".join([headers[3], headers[0], headers[2], headers[1]]) + f"\n\n{OLD}\n",
            new,
        )
        bold = [f"*{line.replace(':', ':*', 1)}" for line in headers]
        yield f"{name} headers in bold", f"{new}\n\n" + "\n".join(bold) + f"\n\n{OLD}\n", new
    for title in TITLES:
        block = "From: Care Team <care@shop.example>\nDate: 11/04/2017 19:07 (GMT+00:00)\nTo: jane@example.org\nSubject: Fault"
        yield title, f"{new}\n\n{title}\n{block}\n\n{OLD}\n", new
    for name, text in NEW.items():
        yield name, text, text
