"""verify() finds each way in which a store can differ from its evidence; rebuild() mends what is derived."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

import omnitrack
from omnitrack import Policy, Tracker
from omnitrack.identity.partition import TOGETHER
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    OVERSIZED,
    REASSIGNED,
    RETIRED,
    SHARED,
    IdentifierChange,
    IdentifierRow,
    LinkRow,
    Transaction,
)
from omnitrack.upkeep import rebuild

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
PHONE, EMAIL, OTHER = "phone:+442079460001", "email:ann@example.com", "x:ann"


@pytest.fixture
def tracker() -> Tracker:
    tracker = omnitrack.open("memory://")
    for n, customer in enumerate(([PHONE, EMAIL], [EMAIL, OTHER], [PHONE, EMAIL])):
        tracker.record(
            channel="chat", customer=customer, occurred_at=START + timedelta(hours=n), source="s", source_id=str(n)
        )
    tracker.reassign(PHONE, at=START + timedelta(hours=1, minutes=30))
    return tracker


def _rows(tx: Transaction) -> dict[str, IdentifierRow]:
    return {f"{row.scheme}{'' if row.since is None else ' again'}": row for row in tx.find_identifiers()}


def _change(tx: Transaction, row: IdentifierRow, state: int | None = None, customer: bytes | None = None) -> None:
    change = IdentifierChange(row.id, customer or row.customer, row.state if state is None else state, row.reason)
    tx.update_identifiers([change])


def _link(tx: Transaction, one: str, two: str) -> LinkRow:
    rows = _rows(tx)
    ends = sorted((rows[one].id, rows[two].id))
    return next(link for link in tx.find_links(ends) if [link.a, link.b] == ends and link.basis == TOGETHER)


def _flip(name: str, flag: int) -> Callable[[Transaction], None]:
    return lambda tx: _change(tx, _rows(tx)[name], _rows(tx)[name].state ^ flag)


def _strange_link(tx: Transaction) -> None:
    a, b = sorted((_rows(tx)["x"].id, b"\x00" * 15 + b"\x01"))
    tx.add_links([LinkRow(a, b, "match", 2, NO_ID, 0, NO_ID, 900_000)])


def _unseen_link(tx: Transaction) -> None:
    a, b = sorted((_rows(tx)["phone"].id, _rows(tx)["x"].id))
    tx.add_links([LinkRow(a, b, TOGETHER, 1, NO_ID, 0, NO_ID, 0)])


def _entry_elsewhere(tx: Transaction, holder: bytes) -> None:
    rows = _rows(tx)
    entry = tx.list_entries(identifiers=[rows["phone"].id])[0]
    tx.replace_entries([entry], [entry._replace(identifier=holder, added_at=entry.added_at + 1)], entry.added_at + 1)


SPOILT: dict[str, tuple[Callable[[Transaction], None], str]] = {
    "customer": (lambda tx: _change(tx, _rows(tx)["x"], customer=_rows(tx)["x"].home), "filed under another customer"),
    "shared": (_flip("x", SHARED), "not marked as shared|marked as shared, against"),
    "oversized": (_flip("x", OVERSIZED), "wrongly marked as in an oversized component"),
    "not linkable": (_flip("x", LINKABLE), "filed under another customer"),
    "no holder": (_flip("phone", REASSIGNED), "phone:.* is wrongly marked as not reassigned"),
    "a holder": (_flip("x", REASSIGNED), "x:.* is wrongly marked as reassigned"),
    "retired": (_flip("phone again", RETIRED), "a holder that is wrongly retired"),
    "missing": (lambda tx: tx.delete(links=[_link(tx, "phone", "email")]), "is missing"),
    "unseen": (_unseen_link, "has no evidence any more"),
    "no end": (_strange_link, "an end that is no identifier"),
    "date": (lambda tx: tx.add_links([_link(tx, "email", "x")._replace(seen=0)]), "not dated by its earliest evidence"),
    "other holder": (lambda tx: _entry_elsewhere(tx, _rows(tx)["phone again"].id), "with another holder"),
    "filed nowhere": (
        lambda tx: tx.delete(entries=tx.list_entries(interactions=[tx.find_interactions(limit=1)[0].id])),
        "filed under nobody",
    ),
    "nobody": (lambda tx: _entry_elsewhere(tx, b"\x00" * 15 + b"\x01"), "an identifier that is not there"),
}


def test_a_sound_store_has_no_problem(tracker: Tracker) -> None:
    report = tracker.verify()
    assert report.ok, str(report)
    assert (report.identifiers, report.interactions) == (4, 3)


@pytest.mark.parametrize("way", SPOILT)
def test_a_store_that_is_spoilt_is_found_out(tracker: Tracker, way: str) -> None:
    spoil, words = SPOILT[way]
    tracker._backend.run(spoil)
    report = tracker.verify()
    assert not report.ok
    assert any(re.search(words, problem) for problem in report.problems), str(report)


@pytest.mark.parametrize("way", SPOILT)
@pytest.mark.parametrize("piece", [1, 2])
def test_what_is_found_does_not_depend_on_the_size_of_the_pieces(
    tracker: Tracker, way: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker._backend.run(SPOILT[way][0])
    whole = tracker.verify()
    monkeypatch.setattr(rebuild, "CHUNK", piece)
    assert tracker.verify() == whole


@pytest.mark.parametrize("way", ["customer", "shared", "oversized", "not linkable"])
def test_a_rebuild_mends_what_is_derived(tracker: Tracker, way: str) -> None:
    before = tracker._backend.run(lambda tx: tx.find_identifiers())
    tracker._backend.run(SPOILT[way][0])
    report = tracker.rebuild()
    assert report.updated == 1
    assert report.moved == (way == "customer")
    assert tracker._backend.run(lambda tx: tx.find_identifiers()) == before
    assert tracker.verify().ok


def test_a_rebuild_in_pieces_says_how_far_it_is(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.upkeep.takeover.CHUNK", 3)
    said: list[tuple[int, int | None]] = []
    report = tracker.rebuild(progress=lambda done, whole: said.append((done, whole)))
    assert said == [(3, 4), (4, 4)]
    assert (report.identifiers, report.links, report.customers, report.moved) == (4, 4, 2, 0)


def test_a_rebuild_by_a_stricter_policy_parts_customers_and_logs_it(tracker: Tracker) -> None:
    joined = tracker.customer(OTHER).id
    strict = Tracker(tracker._backend, policy=Policy(merges_at="verified"), rebuild=True)
    assert {strict.customer(EMAIL).id, strict.customer(OTHER).id} - {joined}
    assert {change.cause for change in strict.identity_log(limit=10)} >= {"rebuild"}
    assert strict.verify().ok


def test_a_rebuild_with_another_own_list_says_why_an_identifier_joins_no_more(tracker: Tracker) -> None:
    mine = Tracker(tracker._backend, own=[EMAIL], rebuild=True)
    row = mine._backend.run(_rows)["email"]
    assert not row.state & LINKABLE
    assert row.reason == "an address of the company"
    assert mine.verify().ok
