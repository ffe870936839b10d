"""What stays for others after an erasure: whole, theirs, and without a trace of the person who went, in any field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given

import omnitrack
from effort import budget
from identity.facts import TIGHT, WORLD, Fact, check, facts, numbers, told
from omnitrack import Attachment, CustomerNotFoundError, Interaction, Revision, Tracker, claimed
from omnitrack.identifiers.spellings import Spellings
from omnitrack.identity.statement import StatementRecord
from omnitrack.records import AWAY, STATEMENT
from omnitrack.storage.contract import Transaction
from omnitrack.storage.memory import MemoryBackend
from traces import ids_of, left_of

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
OTHER, GONE, NUMBER, HANDLE = "o@example.com", "vera.gone@example.com", "phone:+442079460958", "x:veragone"
TRACES = ("vera", "79460958", "7946 0958", "7946-0958", "946 0958")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tracker, Path]]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'history.db'}"
    with omnitrack.open(url, region="GB", matching=True) as tracker:
        yield tracker, tmp_path


def mail(number: int = 0, **fields: Any) -> Interaction:
    """A mail to both."""
    fields = {"channel": "email", "customers": [[OTHER], [GONE, NUMBER, HANDLE]], "source": "mail", **fields}
    return Interaction(**{"occurred_at": T0 + timedelta(minutes=number), "source_id": str(number), **fields})


def test_every_spelling_in_one_text_goes(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record_many([mail(body="0207 946 0958 or (020) 7946-0958, vera.gone (at) example.com, @VeraGone")])
    tracker.erase(GONE)
    assert [i.body for i in tracker.timeline(OTHER)] == ["[erased] or [erased], [erased], [erased]"]
    assert left_of(store, *TRACES) == []


FIELDS: dict[str, Any] = {
    "subject": f"to {GONE}",
    "body": f"to {GONE}",
    "agent": GONE,
    "thread": f"thread of {GONE}",
    "reply_to": f"<{GONE}>",
    "outcome": f"sent to {GONE}",
    "via": GONE,
    "source_id": f"{GONE}/1",
    "attachments": [Attachment(name=f"{GONE}.pdf", url=f"https://files.example/?of={GONE}", size=5)],
    "attributes": {"to": [GONE, {GONE: 1}], "number": 442079460958, "kept": [1, True, None, "yes", 2.5]},
    "traits": {"name": "Oscar", "partner": GONE, "phone": "020 7946 0958"},
}


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_keeps_the_identifier(store: tuple[Tracker, Path], name: str) -> None:
    tracker, _ = store
    tracker.record_many([mail(**{name: FIELDS[name]})])
    ids = ids_of(tracker, GONE)
    assert left_of(store, "vera")
    receipt = tracker.erase(GONE)
    assert (receipt.interactions, receipt.redacted) == (0, 1)
    assert left_of(store, *TRACES, *ids) == []
    assert len(list(tracker.timeline(OTHER))) == 1
    assert tracker.verify()


def test_what_is_not_theirs_stays_in_every_field(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record_many([mail(**{**FIELDS, "source_id": "1", "traits": {"name": "Oscar"}}, kind="newsletter")])
    tracker.erase(GONE)
    (item,) = tracker.timeline(OTHER)
    assert (item.subject, item.outcome, item.kind, item.source_id) == (
        "to [erased]",
        "sent to [erased]",
        "newsletter",
        "1",
    )
    assert item.attributes == {
        "to": ["[erased]", {"[erased]": 1}],
        "number": "[erased]",
        "kept": [1, True, None, "yes", 2.5],
    }
    assert item.attachments == (Attachment(name="[erased].pdf", url="https://files.example/?of=[erased]", size=5),)
    assert item.traits == {"name": "Oscar"}
    assert tracker.customer(OTHER).traits == {"name": ("Oscar",)}


def test_replies_and_threads_keep_together_under_an_id_that_names_nobody(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    first = mail(0, source_id=f"<1.{GONE}>", thread=f"t-{GONE}")
    second = mail(1, reply_to=f"<1.{GONE}>", thread=f"t-{GONE}")
    third = mail(2, source_id=f"<2.{GONE}>", thread=f"u-{GONE}")
    tracker.record_many([first, second, third])
    tracker.erase(GONE)
    one, two, three = tracker.timeline(OTHER, order="oldest")
    assert two.reply_to == one.source_id
    assert one.thread == two.thread != three.thread
    assert one.source_id != three.source_id


@pytest.mark.parametrize("suppress", [True, False])
def test_what_stays_comes_in_only_once(store: tuple[Tracker, Path], suppress: bool) -> None:
    tracker, _ = store
    load = [mail(0, source_id=f"<1.{GONE}>", body=GONE), mail(1, body=GONE)]
    tracker.record_many(load)
    tracker.erase(GONE, suppress=suppress)
    again = tracker.record_many(load, on_error="raise")
    assert (again.added, again.duplicates + again.suppressed) == (0, 2)
    assert left_of(store, *TRACES) == []
    assert len(list(tracker.timeline(OTHER))) == 2


def test_an_import_with_edits_that_is_run_again_stays_out(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    mine = Interaction(channel="chat", occurred_at=T0, customers=[[GONE]], source="chat", source_id="7")
    edits = [
        Revision(source="chat", source_id="7", at=T0 + timedelta(hours=1), body="vera's words"),
        Revision(source="mail", source_id="0", at=T0 + timedelta(hours=1), body=f"of {GONE}"),
        Revision(source="mail", source_id=f"{GONE}/1", at=T0 + timedelta(hours=1), body=f"of {GONE}"),
    ]
    load: list[Interaction | Revision] = [mine, mail(0), mail(1, source_id=f"{GONE}/1"), *edits]
    load.append(Revision(source="mail", source_id="0", at=T0 + timedelta(hours=1), body="of others"))
    assert tracker.record_many(load, on_error="raise").revised == 4
    tracker.erase(GONE)
    again = tracker.record_many(load, on_error="raise")
    assert (again.added, again.revised, again.duplicates, again.suppressed) == (0, 0, 2, 5)
    assert not tracker.revise("chat", "7", body="vera's words", at=T0 + timedelta(hours=2))
    assert left_of(store, *TRACES) == []


def test_notes_and_raw_texts_of_what_stays_are_redacted(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    raw = omnitrack.Sighting(OTHER, raw=f"{OTHER}, {GONE}")
    tracker.record_many([mail(customers=[[raw], [GONE, NUMBER]])])
    (item,) = tracker.timeline(OTHER)
    tracker.note(item.id, f"called {GONE} at 020 7946-0958", agent="sam")
    tracker.erase(GONE)
    notes = [i for i in tracker.timeline(OTHER) if i.kind == "note"]
    assert [i.body for i in notes] == ["called [erased] at [erased]"]
    assert left_of(store, *TRACES) == []


def test_earlier_revisions_are_redacted_too(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record_many([mail(body=f"first {GONE}")])
    tracker.revise("mail", "0", body=f"second {GONE}", at=T0 + timedelta(hours=1))
    tracker.erase(GONE)
    (item,) = tracker.timeline(OTHER)
    assert [i.body for i in tracker.revisions(item.id)] == ["first [erased]", "second [erased]"]


def test_likeness_by_what_was_said_of_the_erased_goes(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    traits = {"name": "Oscar Other", "phone": "020 7946 0958", "email": GONE}
    tracker.record_many([mail(traits=traits)])
    tracker.erase(GONE)
    assert left_of(store, *TRACES) == []
    assert tracker.customer(OTHER).traits["name"] == ("Oscar Other",)


# -- those who came in with them ------------------------------------------------------------------------------------------


def test_whoever_was_only_in_copy_goes_with_the_last_that_named_them(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(
        channel="email", occurred_at=T0, customer=[GONE, claimed("friend@example.com")], participants=["cc@example.com"]
    )
    tracker.record(channel="email", occurred_at=T0, customer=OTHER, participants=["both@example.com"])
    tracker.record(channel="email", occurred_at=T0, customer=GONE, participants=["both@example.com", OTHER])
    tracker.deny(GONE, "x:stranger")
    tracker.deny(GONE, "x:known")
    tracker.deny("x:known", OTHER)
    dry = tracker.erase(GONE, dry_run=True)
    receipt = tracker.erase(GONE)
    assert dry.identifiers == receipt.identifiers == 4
    assert left_of(store, "vera", "friend@", "cc@", "stranger") == []
    for who in (OTHER, "both@example.com", "x:known"):
        assert tracker.customer(who)
    assert tracker.verify()


def test_one_of_whom_a_statement_was_made_once_stays(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(channel="email", occurred_at=T0, customer=GONE, participants=["cc@example.com"])
    tracker.retract(tracker.deny("cc@example.com", OTHER))
    tracker.erase(GONE)
    assert tracker.customer("cc@example.com")


def test_one_whose_interaction_was_attributed_elsewhere_stays(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(channel="email", occurred_at=T0, customer=GONE, participants=["cc@example.com"])
    moved = tracker.record(channel="email", occurred_at=T0, customer="cc@example.com").interaction
    assert moved is not None
    said = tracker.attribute(moved, OTHER)
    tracker.erase(GONE)
    tracker.retract(said)
    assert [i.id for i in tracker.timeline("cc@example.com")] == [moved]
    assert tracker.verify()


@budget(60)
@given(told_=facts, who=numbers, again=numbers)
def test_no_identifier_is_left_that_nothing_names(told_: list[Fact], who: int, again: int) -> None:
    tracker = told(told_, TIGHT)

    def unnamed(tx: Transaction) -> set[str]:
        said = [StatementRecord.load(r.value) for r in tx.find_records(STATEMENT)]
        stated = {end for s in said for end in (s.a, s.b)}
        return {
            f"{row.scheme}:{row.value}"
            for row in tx.find_identifiers()
            if not tx.list_entries(identifiers=[row.id], limit=1)
            and not tx.find_links([row.id])
            and not tx.find_records(AWAY, prefix=f"{row.id.hex()}/")
            and row.id not in stated
        }

    for number in (who, again):
        try:
            foretold = tracker.erase(WORLD[number], dry_run=True)
        except CustomerNotFoundError:
            continue
        receipt = tracker.erase(WORLD[number])
        assert attrs.evolve(foretold, id=receipt.id, at=receipt.at, dry_run=False) == receipt
        assert tracker._backend.run(unnamed, write=False) == set()
        check(tracker)


def test_names_and_birth_dates_known_as_traits_go_from_what_stays(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(channel="web", customer=GONE, occurred_at=T0, traits={"given_name": "Vera", "surname": "Gone"})
    tracker.record(channel="web", customer=GONE, occurred_at=T0, traits={"birth_date": "1971-02-03"})
    tracker.record_many([mail(body="Dear Vera Gone, dear Oscar, born 3 February 1971 and 4 February 1971")])
    tracker.erase(GONE)
    assert [i.body for i in tracker.timeline(OTHER)] == ["Dear [erased], dear Oscar, born [erased] and 4 February 1971"]


def test_a_name_that_is_known_of_another_only_stays(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(channel="web", customer=OTHER, occurred_at=T0, traits={"name": "Oscar Stays"})
    tracker.record_many([mail(body="Dear Vera, dear Oscar Stays")])
    tracker.erase(GONE)
    assert "Dear Vera, dear Oscar Stays" in [i.body for i in tracker.timeline(OTHER)]


LONG = f"020 7946 0957, {GONE} " * 2_000


class Watched(MemoryBackend):
    """A store that says whether one of its writing transactions is under way, and does something before the next."""

    writing = False
    before: Callable[[], object] | None = None

    def run(self, fn: Callable[[Transaction], Any], *, write: bool = True) -> Any:
        if write and (before := self.before) is not None:
            self.before = None
            before()
        self.writing = write
        try:
            return super().run(fn, write=write)
        finally:
            self.writing = False


def test_long_texts_are_read_before_anybody_has_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Watched()
    tracker = Tracker(backend, region="GB")
    tracker.record_many([mail(body=LONG)])
    read: list[tuple[bool, int]] = []
    plain = Spellings.replace

    def replace(self: Spellings, text: str, replacement: str) -> str:
        read.append((backend.writing, len(text)))
        return plain(self, text, replacement)

    monkeypatch.setattr(Spellings, "replace", replace)
    tracker.erase(GONE)
    assert (False, len(LONG)) in read
    assert sum(size for writing, size in read if writing) < 1_000
    assert GONE not in (next(iter(tracker.timeline(OTHER))).body or "")


@pytest.mark.parametrize("body", ["short, vera.gone@example.com", LONG])
def test_what_comes_in_between_is_redacted_too(body: str) -> None:
    backend = Watched()
    tracker, other = Tracker(backend, region="GB"), Tracker(backend, region="GB")
    tracker.record_many([mail(body="hello")])
    backend.before = lambda: other.record_many([mail(1, body=body)])
    receipt = tracker.erase(GONE)
    assert receipt.redacted == 2
    assert [GONE in (i.body or "") for i in tracker.timeline(OTHER)] == [False, False]
    assert tracker.verify()


def test_an_erasure_ends_however_much_keeps_coming() -> None:
    backend = Watched()
    tracker, other = Tracker(backend, region="GB"), Tracker(backend, region="GB")
    tracker.record_many([mail(body="hello")])
    number = 0

    def more() -> None:
        nonlocal number
        number += 1
        other.record_many([mail(number, body=f"{number} {LONG}")])
        backend.before = more

    backend.before = more
    receipt = tracker.erase(GONE)
    backend.before = None
    assert receipt.redacted == number + 1 > 3
    assert all(GONE not in (i.body or "") for i in tracker.timeline(OTHER))


def test_what_others_said_of_others_does_not_name_who_was_erased(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record_many([mail()])
    tracker.record(channel="web", customer=GONE, occurred_at=T0, traits={"name": "Vera Gone"})
    tracker.record(channel="web", customer="p@example.com", occurred_at=T0)
    tracker.record(channel="web", customer="q@example.com", occurred_at=T0)
    said = tracker.link("p@example.com", "q@example.com", by="sam", reason=f"both live with Vera Gone, {GONE}")
    tracker.retract(said, by="sam", reason="020 7946 0958 says they do not")
    tracker.link("p@example.com", "q@example.com", by="kim", reason="they came together; call 020 7946 0957")
    assert left_of(store, *TRACES)
    tracker.erase(GONE, by="dpo", reason=f"{GONE} asked for it")
    assert left_of(store, *TRACES) == []
    assert {change.reason for change in tracker.identity_log("p@example.com")} >= {
        "both live with [erased], [erased]",
        "[erased] says they do not",
        "they came together; call 020 7946 0957",
    }
    assert tracker.verify()


def test_the_reason_of_an_attribution_is_redacted_too(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    tracker.record(channel="web", customer=GONE, occurred_at=T0)
    unknown = tracker.record(channel="letter", occurred_at=T0, body="a letter")
    said = tracker.attribute(unknown.interaction or "", "p@example.com", by="sam", reason=f"not {GONE}")
    tracker.erase(GONE)
    assert left_of(store, "vera") == []
    assert tracker.retract(said).reason == "not [erased]"
    assert tracker.verify()
