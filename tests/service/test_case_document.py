"""Case documents: who said what, when and on which channel, in four forms; nothing that a person wrote is markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from contacts import at, seen
from effort import budget
from omnitrack import Attachment, Case, CaseDocument, InvalidInteractionError, Tracker, Value
from tmforum import TMF621, validator

pytestmark = pytest.mark.usefixtures("clock")

JANE = "jane.doe@example.com"


def complaint(tracker: Tracker, **fields: Any) -> Case:
    mail = seen(
        tracker,
        0,
        JANE,
        **{
            "channel": "email",
            "direction": "inbound",
            "subject": "Charged twice",
            "body": "You charged me\ntwice.",
            "attachments": [Attachment(name="bill.pdf")],
            **fields,
        },
    )
    call = seen(tracker, 60, JANE, direction="outbound", kind="call", agent="Sam", ended_at=at(65), outcome="answered")
    case = tracker.open_case(
        [mail, call],
        kind="complaint",
        title="Charged twice in May",
        seriousness="major",
        owner="sam",
        references=[("crm", "NL-1")],
        by="sam",
        at=at(5),
    )
    case = tracker.promise(case, "The money is back by Friday", due=at(600), by="sam", at=at(61))
    case = tracker.add_to_case(case, note="She was kind", by="sam", at=at(62))
    case = tracker.keep_promise(case, 1, by="priya", at=at(500))
    case = tracker.update_case(case, state="resolved", by="priya", reason="refunded", at=at(501))
    thanks = seen(tracker, 700, JANE, direction="inbound", kind="call", ended_at=at(702))
    return tracker.confirm_case(case, thanks, by="sam", reason="she has the money")


def test_a_document_says_who_said_what_when_and_on_which_channel(tracker: Tracker) -> None:
    text = tracker.export_case(complaint(tracker), format="markdown", company="Northlink")
    plain = re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", text)
    said = [line for line in plain.splitlines() if re.match(r"(\*\*)?2026-03-01", line)]
    assert said == [
        "**2026-03-01 00:00, by email: jane.doe@example.com to Northlink**",
        *(f"2026-03-01 00:05, sam: {what}" for what in (
            "opened the case", "title is Charged twice in May", "seriousness is major", "owner is sam", "is NL-1 in crm"
        )),
        "**2026-03-01 01:00 to 2026-03-01 01:05, by phone (call): Sam to jane.doe@example.com, ended answered**",
        "2026-03-01 01:01, sam: promised by 2026-03-01 10:00",
        "2026-03-01 01:02, sam: noted",
        "2026-03-01 08:20, priya: kept promise 1",
        "2026-03-01 08:21, priya: state is resolved, because refunded",
        "**2026-03-01 11:40 to 2026-03-01 11:42, by phone (call): jane.doe@example.com to Northlink**",
        "2026-03-01 11:42, sam: state is closed (confirmed), because she has the money",
    ]  # fmt: skip
    assert "> You charged me\\\n> twice." in plain.replace("\\\\", "\\")
    assert "Attached: bill.pdf" in plain


def test_json_comes_back_as_it_was(tracker: Tracker) -> None:
    case = complaint(tracker)
    document = Value.from_dict(json.loads(tracker.export_case(case, format="json")))
    assert isinstance(document, CaseDocument)
    assert document.case == case
    assert [one.channel for one in document.interactions] == ["email", "phone", "phone"]


HOSTILE = '<script>alert(1)</script> & "x" <img src=x onerror=y> [a](javascript:b) `c` *d* \x1b[2J\u202e\n# e\n\n- f\n    g\n> h|'


class Tags(HTMLParser):
    """The elements of a page, but for what is in its head."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)


def test_nothing_that_a_person_wrote_is_markup(tracker: Tracker) -> None:
    case = complaint(tracker, subject=HOSTILE.replace("\n", " "), body=HOSTILE)
    case = tracker.add_to_case(case, note=HOSTILE, by="<b>sam", references=[("<i>", "<u>")])
    page, text = tracker.export_case(case), tracker.export_case(case, format="markdown")
    parser = Tags()
    parser.feed(page)
    assert not parser.tags & {"script", "img", "b", "i", "u", "a"}
    assert "<script" not in page
    for form in (page, text):
        assert not re.search("[\x1b\u202e]", form)
    for line in text.splitlines():  # CommonMark: what is behind a backslash stands for itself
        content = line.removeprefix("> ").removeprefix("**").removesuffix("**").removesuffix("\\")
        content = re.sub(r"^(## |# |- |>$)", "", content)
        assert not re.search(r"(?<!\\)(?:\\\\)*[<>&`*_\[\]#|]", content), line
        assert not line.startswith((" ", "\t"))


@given(st.text(max_size=40), st.text(max_size=40))
@budget(20)
def test_any_text_keeps_to_its_quotation(subject: str, body: str) -> None:
    def storable(text: str) -> str:
        return text.replace("\0", "").encode("utf-8", "ignore").decode()

    with omnitrack.open("memory://") as tracker:
        case = tracker.open_case(seen(tracker, 0, JANE, body=storable(body), subject=storable(subject)), kind="order")
        plain = tracker.export_case(case, format="markdown")
    lines = plain.splitlines()
    assert all(re.match(r"$|# |## |- |> |>$|\*\*|\d|Written", line) for line in lines), lines


def test_a_deleted_text_is_not_shown(tracker: Tracker) -> None:
    case = complaint(tracker)
    tracker.revise("s", "0", deleted=True, at=at(900))
    page = tracker.export_case(case)
    assert "Deleted at its source" in page
    assert "charged me" not in page
    assert "charged me" not in tracker.export_case(case, format="tmf621")


@pytest.mark.parametrize("name", ["TroubleTicket", "TroubleTicket_FVO"])
def test_a_ticket_is_one_of_tmf621(tracker: Tracker, name: str) -> None:
    check = validator(TMF621, name)
    for case in (complaint(tracker), tracker.open_case(JANE, kind="question")):
        ticket = json.loads(tracker.export_case(case, format="tmf621"))
        assert [error.message for error in check.iter_errors(ticket)] == []
        assert (ticket["status"], ticket["ticketType"]) == (case.state, case.kind)
    first = json.loads(tracker.export_case(tracker.cases(state="closed").items[0], format="tmf621"))
    assert [one["status"] for one in first["statusChangeHistory"]] == ["acknowledged", "resolved", "closed"]
    assert first["severity"] == "Major"
    assert first["resolutionDate"] == "2026-03-01T08:21:00Z"
    assert "expectedResolutionDate" not in first
    assert list(check.iter_errors({**first, "status": "done"}))


def test_a_format_that_is_none_is_refused(tracker: Tracker) -> None:
    with pytest.raises(InvalidInteractionError, match="html, markdown, json, tmf621"):
        tracker.export_case("cas_" + "0" * 32, format="pdf")  # type: ignore[arg-type]
