"""Waiting: a contact waits until somebody answers it, in its thread or by name."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import at, seen
from omnitrack import Tracker
from omnitrack.model import Attachment

JANE = "jane@example.com"


def mail(tracker: Tracker, minute: int, direction: str = "inbound", **fields: Any) -> str:
    return seen(tracker, minute, JANE, **{"channel": "email", "direction": direction, "thread": "t", **fields})


def waiting(tracker: Tracker) -> list[list[str]]:
    return [list(thread.interactions) for thread in tracker.brief(JANE).open_threads]


def test_an_inbound_contact_waits_until_an_outbound_one_of_its_thread(tracker: Tracker) -> None:
    first, second = mail(tracker, 0), mail(tracker, 1)
    [thread] = tracker.brief(JANE).open_threads
    assert (thread.channel, thread.thread, thread.since, thread.last) == ("email", "t", at(0), at(1))
    assert thread.interactions == (first, second)
    mail(tracker, 2, "outbound")
    assert waiting(tracker) == []
    third = mail(tracker, 3)
    assert waiting(tracker) == [[third]]


def test_an_answer_elsewhere_is_none_unless_it_names_the_contact(tracker: Tracker) -> None:
    first, second = mail(tracker, 0), mail(tracker, 1)
    mail(tracker, 2, "outbound", thread="other")
    mail(tracker, 3, "outbound", channel="sms", thread=None)
    mail(tracker, 4, "internal")
    assert waiting(tracker) == [[first, second]]
    mail(tracker, 5, "outbound", thread="other", reply_to="0")
    assert waiting(tracker) == [[second]]
    mail(tracker, 6, "outbound", thread="other", reply_to="1", source="another")
    assert waiting(tracker) == [[second]]
    mail(tracker, 7, "outbound", thread="other", reply_to="1")
    assert waiting(tracker) == []


def test_without_a_thread_an_answer_on_the_channel_counts(tracker: Tracker) -> None:
    first = mail(tracker, 0, thread=None)
    other = mail(tracker, 1, thread="t")
    mail(tracker, 2, "outbound", thread=None)
    assert waiting(tracker) == [[other]]
    assert first not in waiting(tracker)[0]


def test_a_call_waits_where_it_reached_nobody_until_one_does(tracker: Tracker) -> None:
    missed = seen(tracker, 0, JANE, kind="call", outcome="missed")
    assert waiting(tracker) == [[missed]]
    seen(tracker, 1, JANE, kind="call", outcome="answered")
    assert waiting(tracker) == []
    voicemail = seen(tracker, 2, JANE, kind="call", outcome="voicemail")
    assert waiting(tracker) == [[voicemail]]
    seen(tracker, 3, JANE, kind="call", direction="outbound")
    assert waiting(tracker) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "visit"},
        {"kind": "reaction"},
        {"outcome": "done"},
        {"direction": "outbound"},
        {"direction": "internal"},
        {"attributes": {"automatic": True}},
        {"attributes": {"spam": True}},
        {"channel": "sms", "body": "STOP"},
    ],
)
def test_what_asks_for_nothing_does_not_wait(tracker: Tracker, fields: dict[str, Any]) -> None:
    mail(tracker, 0, **fields)
    assert waiting(tracker) == []


def test_what_was_deleted_at_its_source_does_not_wait(tracker: Tracker) -> None:
    mail(tracker, 0, attachments=[Attachment(name="a.pdf")])
    assert len(waiting(tracker)) == 1
    tracker.revise("s", "0", deleted=True, at=at(1))
    assert waiting(tracker) == []


def test_the_thread_that_waits_longest_comes_first(tracker: Tracker) -> None:
    late, early = mail(tracker, 5, thread="a"), mail(tracker, 1, thread="b")
    assert waiting(tracker) == [[early], [late]]
