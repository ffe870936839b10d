"""A cursor is read as the query gave it, or refused: text that is none, a damaged one, one of another version or another query."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from mutants import Mutant, alive, passes
from omnitrack import Tracker
from omnitrack.errors import InvalidCursorError
from omnitrack.reading.cursor import Cursor, decode_cursor
from omnitrack.reading.query import Query

WHO, OTHER = "email:jane@example.com", "email:joe@example.com"
T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)

cursors = st.builds(Cursor, st.integers(-(2**63), 2**63 - 1), st.binary(min_size=16, max_size=16), st.booleans())


def filled(who: str = WHO) -> Tracker:
    tracker = omnitrack.open("memory://")
    for minute in range(6):
        tracker.record(
            channel="email",
            customer=[who],
            occurred_at=T0 + timedelta(minutes=minute),
            source="m",
            source_id=str(minute),
        )
        tracker.record(channel="web", direction="inbound", occurred_at=T0 + timedelta(minutes=minute))
    return tracker


def ids(page: Any) -> list[str]:
    return [item.source_id for item in page.items]


@given(cursors, st.text())
def test_a_cursor_is_read_as_its_query_gave_it(cursor: Cursor, query: str) -> None:
    assert decode_cursor(cursor.encode(query), query) == cursor


@given(cursors, st.text(), st.text())
def test_a_cursor_of_another_query_is_refused(cursor: Cursor, query: str, other: str) -> None:
    if query != other:
        with pytest.raises(InvalidCursorError, match="another query"):
            decode_cursor(cursor.encode(query), other)


def test_a_cursor_with_one_bit_turned_is_refused() -> None:
    for cursor in (Cursor(1_772_323_200_000_000, bytes(range(16))), Cursor(-1, b"\xff" * 16, backwards=True)):
        packed = base64.urlsafe_b64decode(cursor.encode("q"))
        for bit in range(len(packed) * 8):
            damaged = bytearray(packed)
            damaged[bit // 8] ^= 1 << bit % 8
            with pytest.raises(InvalidCursorError):
                decode_cursor(base64.urlsafe_b64encode(damaged).decode(), "q")


@given(cursors, st.data())
def test_a_cursor_that_is_cut_or_has_something_added_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = cursor.encode("q")
    place = data.draw(st.integers(0, len(text)))
    added = data.draw(st.text(min_size=1, max_size=4))
    for damaged in (text[:place] + added + text[place:], text[:place] * (place < len(text))):
        with pytest.raises(InvalidCursorError):
            decode_cursor(damaged, "q")


@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.text(), max_size=2)))
def test_what_is_no_cursor_is_refused(text: object) -> None:
    with pytest.raises(InvalidCursorError, match="cursor: got "):
        decode_cursor(text, "q")


def test_a_cursor_of_another_version_is_refused_and_named() -> None:
    packed = bytearray(base64.urlsafe_b64decode(Cursor(1, bytes(16)).encode("q")))
    packed[0] = 1
    with pytest.raises(InvalidCursorError, match="got one of version 1, accepted is version"):
        decode_cursor(base64.urlsafe_b64encode(packed).decode(), "q")


def test_bytes_are_no_cursor() -> None:
    for text in (Cursor(1, bytes(16)).encode("q").encode(), None, 7, ""):
        with pytest.raises(InvalidCursorError, match="got a text that is none"):
            decode_cursor(text, "q")


# -- where people page ----------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_both_ways() -> None:
    tracker = filled()
    first = tracker.timeline(WHO).page(limit=2)
    second = tracker.timeline(WHO).page(limit=2, cursor=first.next)
    assert (ids(first), ids(second)) == (["5", "4"], ["3", "2"])
    assert ids(tracker.timeline(WHO).page(limit=2, cursor=second.previous)) == ids(first)
    assert first.previous is None


QUERIES: dict[str, dict[str, Any]] = {
    "the other order": {"order": "oldest"},
    "channels": {"channels": ["email"]},
    "directions": {"directions": ["inbound"]},
    "kinds": {"kinds": ["message"]},
    "since": {"since": T0},
    "until": {"until": T0 + timedelta(days=1)},
    "a text": {"text": "a"},
    "an agent": {"agent": "a"},
    "a thread": {"thread": "t"},
    "a source": {"source": "m"},
    "a time of knowledge": {"as_of": datetime(2100, 1, 1, tzinfo=timezone.utc)},
    "trust": {"trust": "verified"},
    "shared history": {"include_shared": True},
    "claims": {"include_claimed": True},
    "people in copy": {"include_participant": True},
}


def test_a_cursor_of_another_query_of_the_same_person_is_refused() -> None:
    tracker = filled()
    plain = tracker.timeline(WHO).page(limit=2).next
    for options in QUERIES.values():
        with pytest.raises(InvalidCursorError, match="another query"):
            tracker.timeline(WHO, **options).page(limit=2, cursor=plain)
        cursor = tracker.timeline(WHO, **options).page(limit=2).next
        if cursor is not None:
            with pytest.raises(InvalidCursorError, match="another query"):
                tracker.timeline(WHO).page(limit=2, cursor=cursor)


def test_a_cursor_of_a_timeline_is_none_of_another_listing_and_the_other_way_round() -> None:
    tracker = filled()
    timeline, unattributed = tracker.timeline(WHO, include_claimed=True), tracker.unattributed
    one, two = timeline.page(limit=2).next, unattributed(limit=2).next
    assert one is not None
    assert two is not None
    for refused in (
        lambda: unattributed(limit=2, cursor=one),
        lambda: timeline.page(limit=2, cursor=two),
        lambda: tracker.conflicts(cursor=one),
        lambda: tracker.suggestions(cursor=one),
    ):
        with pytest.raises(InvalidCursorError):
            refused()


def test_a_cursor_never_expires() -> None:
    """What it stands before may be erased, moved to another person or added to: it is a place in an order."""
    tracker = filled()
    cursor = tracker.timeline(WHO).page(limit=2).next
    tracker.record(
        channel="email", customer=[WHO], occurred_at=T0 + timedelta(minutes=2, seconds=30), source="m", source_id="late"
    )
    assert ids(tracker.timeline(WHO).page(limit=2, cursor=cursor)) == ["3", "late"]
    tracker.link(WHO, OTHER)
    assert ids(tracker.timeline(OTHER).page(limit=2, cursor=cursor)) == ["3", "late"]
    tracker.erase(WHO)
    tracker.record(channel="email", customer=[WHO], occurred_at=T0, source="m", source_id="new")
    assert ids(tracker.timeline(WHO).page(limit=2, cursor=cursor)) == ["new"]


# -- that the tests above would notice ------------------------------------------------------------------------------------

MUTANTS = (
    Mutant("versions", decode_cursor, "version != _VERSION", "False"),
    Mutant("damage and other queries", decode_cursor, "found.encode(query) != text", "False"),
    Mutant("the query", Cursor._digest, "(__a, __b, __c, query.encode(__d, __e))", "(__a, __b, __c, b'')"),
    Mutant("the id", Cursor._digest, "(__a, __b, self.id, __d)", "(__a, __b, b'', __d)"),
    Mutant("the time", Cursor._digest, "(__a, self.at, __c, __d)", "(__a, 0, __c, __d)"),
    Mutant("the direction", Cursor._digest, "(self.backwards, __b, __c, __d)", "(0, __b, __c, __d)"),
    Mutant("types", decode_cursor, "not isinstance(text, str)", "False"),
    Mutant("the listing", Query.digest, "f'{subject} {_said_by(self)}'", "f'{_said_by(self)}'"),
    Mutant("the filters", Query.digest, "f'{subject} {_said_by(self)}'", "subject"),
    Mutant("which way to read", Cursor.encode, "_FORMAT.pack(__a, self.backwards, __b, __c, __d)", "_FORMAT.pack(__a, False, __b, __c, __d)"),
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_codec_that_does_not_look_at_this_is_caught(mutant: Mutant) -> None:
    with alive(mutant):
        assert not passes(
            test_a_cursor_of_another_version_is_refused_and_named,
            test_a_cursor_with_one_bit_turned_is_refused,
            test_bytes_are_no_cursor,
            test_pages_follow_each_other_both_ways,
            test_a_cursor_of_another_query_of_the_same_person_is_refused,
            test_a_cursor_of_a_timeline_is_none_of_another_listing_and_the_other_way_round,
        )
