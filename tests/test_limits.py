"""Limits that are the same on every engine and for every source; docs/reference/limits.md is their table."""

from __future__ import annotations

import math
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
import servers
from omnitrack import InvalidInteractionError, Statement, Tracker, model
from omnitrack.errors import BackendError, InvalidPolicyError, OmnitrackError
from omnitrack.identifiers.characters import unescape_html
from omnitrack.identity.statement import MAX_BY, MAX_REASON
from omnitrack.reading.query import MAX_FILTER, MAX_LIMIT
from omnitrack.sources import open_source
from omnitrack.sources.mail_text import html_to_text
from omnitrack.storage.namespaces import MOST

T0 = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
A, B = "email:a@example.org", "email:b@example.org"


@pytest.fixture(params=("memory", *servers.ENGINES))
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Yield a store on each engine, with two people in it."""
    if request.param == "memory":
        opened = omnitrack.open("memory://")
        people(opened)
        yield opened
        return
    with servers.store(request.param, tmp_path) as store:
        options: dict[str, Any] = {"namespace": store.namespace} if store.namespace else {}
        with omnitrack.open(store.url, **options) as opened:
            people(opened)
            yield opened


def people(tracker: Tracker) -> None:
    for who in (A, B):
        tracker.record(channel="email", customer=[who], occurred_at=T0)


def test_the_reference_tells_the_limits_as_they_are() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
    for line, most in {
        "| an interaction | `body` |": model.MAX_BODY,
        "| | `subject`, and the text of an identifier as it came |": model.MAX_SUBJECT,
        "| | `channel`, `kind`, `agent`, `outcome`, `source` |": model.MAX_NAME,
        "| | `source_id`, `thread`, `reply_to`, `via` |": model.MAX_SOURCE_ID,
        "| | `attributes`, `traits`: each as JSON |": model.MAX_EXTRA,
        "| | customers |": model.MAX_PEOPLE,
        "| | participants, attachments |": model.MAX_PARTICIPANTS,
        "| | identifiers of one person that link |": model.MAX_PERSON_IDENTIFIERS,
        "| a statement, an erasure | `by` |": MAX_BY,
        "| | `reason` |": MAX_REASON,
        "| a query | `channels`, `kinds`, `directions` |": MAX_FILTER,
        "| | `limit` of a page |": MAX_LIMIT,
        "| a store | `namespace` |": MOST,
    }.items():
        assert f"{line} {most:,}" in page


# -- statements ---------------------------------------------------------------------------------------------------------
def test_a_reason_has_a_length_that_every_engine_keeps(tracker: Tracker) -> None:
    reason, by = "𝔘" * MAX_REASON, "é" * MAX_BY
    said = tracker.link(A, B, by=by, reason=reason)
    (found,) = tracker.statements(A)
    assert (found.reason, found.by) == (reason, by)
    tracker.retract(said, by=by, reason=reason)
    for field, value in (("by", by + "e"), ("reason", reason + "e")):
        given: dict[str, Any] = {field: value}
        with pytest.raises(InvalidPolicyError, match=f"{field}: got {len(value)} characters"):
            tracker.link(A, B, **given)
        with pytest.raises(InvalidPolicyError, match=field):
            tracker.retract(said, **given)
        with pytest.raises(InvalidPolicyError, match=field):
            tracker.erase(A, **given)


def test_a_longer_reason_that_a_store_has_already_is_read() -> None:
    Statement(kind="same", a=A, b=B, reason="r" * (MAX_REASON + 1), recorded_at=T0)


# -- filters ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["channels", "kinds"])
def test_a_filter_has_a_number_of_names_that_every_engine_takes(tracker: Tracker, name: str) -> None:
    names = ["email", "message", *(f"{'c' * 200}{n}" for n in range(MAX_FILTER - 2))]
    most: dict[str, Any] = {name: names}
    assert len(list(tracker.timeline(A, **most))) == 1
    more: dict[str, Any] = {name: [*names, "one more"]}
    with pytest.raises(InvalidInteractionError, match=f"{name}: got {MAX_FILTER + 1} names"):
        tracker.timeline(A, **more)


# -- numbers that are none ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused_wherever_it_is_given(tracker: Tracker, number: float) -> None:
    for field in ("attributes", "traits"):
        for value in ({"score": number}, {"deep": [{"score": number}]}):
            with pytest.raises(InvalidInteractionError, match=field):
                tracker.record(channel="web", customer=[A], occurred_at=T0, **dict[str, Any]({field: value}))
    with pytest.raises(OmnitrackError):
        tracker.suggestions(A, least=number)
    with pytest.raises(OmnitrackError):
        tracker.find_matches(least=number)
    with pytest.raises(OmnitrackError):
        omnitrack.Policy(auto_match=number)
    assert tracker.verify().interactions == 2


@pytest.mark.parametrize("option", ["pool_timeout", "busy_timeout", "pool_size", "cache_mib"])
@pytest.mark.parametrize("number", ["nan", "inf", math.nan, math.inf])
def test_an_option_that_is_no_number_is_refused(option: str, number: Any) -> None:
    with pytest.raises(BackendError):
        omnitrack.open("sqlite://", **{option: number})


# -- character references -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("&#65;", "A"),
        ("&#x41;", "A"),
        ("&#" + "0" * 10_000 + "65;", "A"),
        ("&#X" + "0" * 10_000 + "41;", "A"),
        ("&#1114112;", "\ufffd"),
        ("&#" + "9" * 10_000 + ";", "\ufffd"),
        ("&#x" + "f" * 10_000 + ";", "\ufffd"),
        ("&#" + "9" * 10_000, "\ufffd"),
        ("&#0;", "\ufffd"),
        ("&#" + "0" * 10_000 + ";", "\ufffd"),
        ("&#xd800;", "\ufffd"),
        ("&#128512;", "😀"),
        ("&#;", "&#;"),
    ],
)
def test_a_character_reference_may_have_any_number_of_digits(reference: str, text: str) -> None:
    assert unescape_html(reference) == text
    assert html_to_text(f"<p>a {reference} b</p>").strip() == f"a {text} b"


# -- symbolic links -----------------------------------------------------------------------------------------------------
MAIL = b"From: Jane <jane@example.org>\nTo: care@example.com\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <%d@x>\nSubject: s\n\nhello\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a mail, a link to a mail outside, links to folders outside and to itself, and a mailbox with a link in it."""
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "secret.eml").write_bytes(MAIL % 2)
    (outside / "deep" / "other.eml").write_bytes(MAIL % 3)
    folder = tmp_path / "in"
    for part in ("cur", "new", "tmp"):
        (folder / "box" / part).mkdir(parents=True)
    (folder / "own.eml").write_bytes(MAIL % 1)
    (folder / "box" / "cur" / "1:2,S").write_bytes(MAIL % 4)
    (folder / "box" / "cur" / "2:2,S").symlink_to(outside / "secret.eml")
    (folder / "link.eml").symlink_to(outside / "secret.eml")
    (folder / "more").symlink_to(outside)
    (folder / "again").symlink_to(folder)
    (folder / "nowhere").symlink_to(outside / "absent")
    return folder


def loaded(path: Path, **options: Any) -> tuple[list[str], list[str]]:
    items = list(open_source(path, **options))
    ids = sorted(str(item.source_id) for item in items if isinstance(item, omnitrack.Interaction))
    others: list[Any] = [item for item in items if not isinstance(item, omnitrack.Interaction)]
    return ids, sorted(item.where or "" for item in others)


def test_a_symbolic_link_is_reported_and_not_followed_unless_asked(folder: Path) -> None:
    ids, passed_over = loaded(folder)
    assert [id.strip("<>") for id in ids] == ["1@x", "4@x"]
    assert [where.split(":")[0].rsplit("/", 1)[-1] for where in passed_over].count("link.eml") == 1
    assert len(passed_over) == 5
    ids, _ = loaded(folder, follow_links=True)
    assert {id.strip("<>") for id in ids} == {"1@x", "2@x", "3@x", "4@x"}


def test_a_folder_that_is_itself_named_by_a_link_is_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "by-link").symlink_to(folder)
    assert len(loaded(tmp_path / "by-link")[0]) == 2


# -- names of files -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a b.db", "a b.db"),
        ("a%20b.db", "a b.db"),
        ("what%3F.db", "what?.db"),
        ("100%25.db", "100%.db"),
        ("a#b.db", "a#b.db"),
        ("a&b=c.db", "a&b=c.db"),
        ("a+b.db", "a+b.db"),
        ("a@b.db", "a@b.db"),
        ("a:b.db", "a:b.db"),
        ("é ☎.db", "é ☎.db"),
    ],
)
def test_a_file_may_have_any_name_and_a_question_mark_is_written_as_its_code(
    tmp_path: Path, path: str, name: str
) -> None:
    url = f"sqlite:///{tmp_path}/{path}"
    with omnitrack.open(url) as tracker:
        people(tracker)
    with omnitrack.open(url) as tracker:
        assert len(list(tracker.timeline(A))) == 1
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("path", ["what?.db", "what?", "what?why.db"])
def test_a_question_mark_that_would_cut_the_name_of_a_file_is_refused(tmp_path: Path, path: str) -> None:
    if path == "what?":
        path = "what?x"
    with pytest.raises(BackendError, match="%3F"):
        omnitrack.open(f"sqlite:///{tmp_path}/{path}")
    assert os.listdir(tmp_path) == []
