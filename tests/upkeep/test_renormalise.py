"""A store of the normal forms of before: refused, and brought over by rebuild() to what it would be had it been recorded today."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from before import release_before
from clock import now
from effort import budget
from omnitrack import Policy, Tracker, account, crm, verified
from omnitrack.errors import CustomerNotFoundError, InvalidIdentifierError, OmnitrackError, PolicyChangedError
from omnitrack.identifiers import Identifier
from omnitrack.identity.statement import VERBS, Statement

pytestmark = pytest.mark.usefixtures("clock")

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
ANN = "ann lee@home"  # whose identifier is another today
PHONE, MAIL, HANDLE = "phone:+442079460958", "email:ann@example.com", "x:ann"


class Store:
    """A store that the release before has written, and what today's makes of it."""

    def __init__(self, **options: object) -> None:
        self.options = options
        with release_before():
            self.before = omnitrack.open("memory://", **options)  # type: ignore[arg-type]

    def seen(self, minute: int, *who: object, body: str | None = None, **fields: object) -> str:
        return record(self.before, minute, *who, body=body, **fields)

    def today(self) -> Tracker:
        with pytest.raises(PolicyChangedError, match=r"normal forms.*rebuild\(\)"):
            Tracker(self.before._backend, **self.options)  # type: ignore[arg-type]
        tracker = Tracker(self.before._backend, rebuild=True, **self.options)  # type: ignore[arg-type]
        assert tracker.verify().ok, str(tracker.verify())
        return tracker


def record(tracker: Tracker, minute: int, *who: object, body: str | None = None, **fields: object) -> str:
    done = tracker.record(
        channel="web",
        occurred_at=T0 + timedelta(minutes=minute),
        customer=who,  # type: ignore[arg-type]
        body=body,
        source="web",
        source_id=f"{minute}",
        **fields,  # type: ignore[arg-type]
    )
    assert done.interaction is not None
    return done.interaction


def bodies(tracker: Tracker, who: Any) -> list[str]:
    try:
        return sorted(str(item.body) for item in tracker.timeline(who))
    except CustomerNotFoundError:
        return []


def test_ids_that_were_folded_into_one_come_apart_by_the_texts_of_their_entries() -> None:
    store = Store()
    with release_before():
        assert account("vic tim", scope="p") == account("victim", scope="p")
        first = store.seen(1, verified(account("victim", scope="p")), PHONE, body="victim")
        store.seen(2, verified(account("vic tim", scope="p")), HANDLE, body="another")
        old = store.before.customer(PHONE).id
    tracker = store.today()
    assert bodies(tracker, account("victim", scope="p")) == bodies(tracker, PHONE) == ["victim"]
    assert bodies(tracker, account("vic tim", scope="p")) == bodies(tracker, HANDLE) == ["another"]
    assert tracker.customer(PHONE).id == old
    assert tracker.interaction(first).body == "victim"


@pytest.mark.parametrize("text", ["jane@home", "100%", "a%2", "jane@home %"])
def test_what_was_escaped_in_the_value_is_the_value_and_keeps_its_customer_id(text: str) -> None:
    store = Store()
    with release_before():
        store.seen(1, account(text, scope="bt"), PHONE, body="it")
        old = store.before.customer(PHONE).id
    tracker = store.today()
    assert bodies(tracker, account(text, scope="bt")) == ["it"]
    assert account(text, scope="bt") in tracker.customer(PHONE).identifiers
    assert tracker.customer(account(text, scope="bt")).id == tracker.customer(old).id == old


def test_two_spellings_that_an_issuer_calls_one_become_one_and_both_customer_ids_resolve() -> None:
    store = Store()
    short, long = crm("0015000000Gv7qJ", scope="salesforce"), crm("0015000000Gv7qJAAR", scope="salesforce")
    with release_before():
        store.seen(1, crm("0015000000Gv7qJ", scope="salesforce"), PHONE, body="short")
        store.seen(2, crm("0015000000Gv7qJAAR", scope="salesforce"), MAIL, body="long")
        ids = [store.before.customer(PHONE).id, store.before.customer(MAIL).id]
        assert ids[0] != ids[1]
    tracker = store.today()
    assert short == long
    assert bodies(tracker, long) == ["long", "short"]
    named: list[Any] = [*ids, PHONE, MAIL, long]
    assert {tracker.customer(one).id for one in named} == {min(ids)}
    tracker.erase(long)
    for one in named[:2]:
        with pytest.raises(CustomerNotFoundError):
            tracker.customer(one)
    assert tracker.verify().ok
    assert not tracker._backend.run(lambda tx: [r for r in tx.find_identifiers() if r.scheme == "crm"], write=False)


def test_a_value_that_is_none_keeps_nobody_together_any_more() -> None:
    store = Store()
    with release_before():
        store.seen(1, account("null"), PHONE, body="one")
        store.seen(2, account("null"), MAIL, body="two")
        alone = store.seen(3, account("null"), body="nobody")
        assert store.before.customer(PHONE).id == store.before.customer(MAIL).id
    tracker = store.today()
    assert (bodies(tracker, PHONE), bodies(tracker, MAIL)) == (["one"], ["two"])
    assert [item.id for item in tracker.unattributed().items] == [alone]


def test_statements_go_along_and_can_be_taken_back() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who, body="account")
        store.seen(2, PHONE, body="phone")
        store.seen(3, MAIL, body="mail")
        store.before.link(who, PHONE)
        store.before.deny(who, MAIL)
    tracker = store.today()
    today = account(ANN, scope="bt")
    assert bodies(tracker, today) == ["account", "phone"]
    record(tracker, 4, today, MAIL, body="both")
    assert tracker.customer(MAIL).id != tracker.customer(today).id
    said = {statement.kind: statement for statement in tracker.statements(today)}
    assert said.keys() == {"same", "different"}
    assert {said["same"].a, said["same"].b} == {today, omnitrack.identifier(PHONE)}
    for statement in said.values():
        tracker.retract(statement)
    assert tracker.customer(MAIL).id == tracker.customer(today).id != tracker.customer(PHONE).id
    assert tracker.verify().ok


def test_holders_go_along_and_a_reassignment_can_be_taken_back() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who, body="old")
        store.seen(10, who, body="new")
        said = store.before.reassign(who, at=T0 + timedelta(minutes=5))
    tracker = store.today()
    today = account(ANN, scope="bt")
    assert bodies(tracker, today) == ["new"]
    record(tracker, 4, today, body="late")
    record(tracker, 11, today, body="newer")
    assert bodies(tracker, today) == ["new", "newer"]
    tracker.retract(said.id)  # type: ignore[arg-type]
    assert bodies(tracker, today) == ["late", "new", "newer", "old"]
    assert tracker.verify().ok


def test_attributions_notes_and_traits_go_along() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who, body="theirs", traits={"name": "Ann Lee"})
        moved = store.seen(2, PHONE, body="attributed")
        store.before.note(who, "a note")
        said = store.before.attribute(moved, who)
    tracker = store.today()
    today = account(ANN, scope="bt")
    assert bodies(tracker, today) == ["a note", "attributed", "theirs"]
    assert tracker.customer(today).traits == {"name": ("Ann Lee",)}
    tracker.retract(said.id)  # type: ignore[arg-type]
    assert bodies(tracker, PHONE) == ["attributed"]
    assert tracker.verify().ok


def test_every_denial_that_goes_along_can_be_taken_back() -> None:
    store = Store()
    handles = [f"x:ann{number}" for number in range(8)]
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who)
        said = [store.before.deny(who, handle) for handle in handles]
    tracker = store.today()
    for statement in said:
        tracker.retract(statement.id)  # type: ignore[arg-type]
    for minute, handle in enumerate(handles, 2):
        record(tracker, minute, account(ANN, scope="bt"), handle)
        assert tracker.customer(handle).id == tracker.customer(account(ANN, scope="bt")).id


def test_what_could_be_known_at_a_time_goes_along() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, PHONE, body="phone")  # the account comes to its customer
        store.seen(2, who, body="account")
        apart = now()
        store.before.link(who, PHONE)
        joined = now()
    tracker = store.today()
    today = account(ANN, scope="bt")
    assert {i.body for i in tracker.timeline(today, as_of=apart)} == {"account"}
    assert {i.body for i in tracker.timeline(today, as_of=joined)} == {"account", "phone"}


def test_the_index_of_likeness_goes_along() -> None:
    store = Store(matching=True)
    with release_before():
        store.seen(1, account(ANN, scope="bt"), MAIL, traits={"name": "Ann Lee", "postcode": "RG14 1AA"})
        store.seen(2, account("an n"), HANDLE, traits={"name": "Ann Lee", "postcode": "RG14 1AA"})
        store.seen(3, account("ann"), PHONE)
    tracker = store.today()
    assert tracker.verify().ok
    found = tracker.suggestions(account(ANN, scope="bt")).items
    assert {account("an n"), omnitrack.identifier(HANDLE)} & {end for one in found for end in (one.a, one.b)}


def test_what_was_reassigned_reads_as_it_did_at_any_time() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who, body="old")
        store.seen(10, who, body="new")
        one = now()
        store.before.reassign(who, at=T0 + timedelta(minutes=5))
        two = now()
    tracker = store.today()
    today = account(ANN, scope="bt")
    assert [sorted(str(i.body) for i in tracker.timeline(today, as_of=at)) for at in (one, two)] == [
        ["new", "old"],
        ["new"],
    ]


def test_a_note_on_a_customer_stays_with_the_holder_whom_it_named() -> None:
    store = Store()
    with release_before():
        who = account(ANN, scope="bt")
        store.seen(1, who, body="old")
        customer = store.before.customer(who).id
        store.before.note(customer, "of the old holder")
    tracker = store.today()
    tracker.reassign(account(ANN, scope="bt"), at=T0 + timedelta(minutes=5))
    assert bodies(tracker, customer) == ["of the old holder", "old"]
    assert bodies(tracker, account(ANN, scope="bt")) == []


def test_the_mark_of_an_erasure_goes_along_and_stays_one() -> None:
    store = Store()
    kiosk = "ki osk@lobby"
    with release_before():
        for number in range(1, 30):
            store.seen(number, omnitrack.device(kiosk), verified(account(f"A{number}")))
        assert store.before.customer(omnitrack.device(kiosk)).shared
        store.before.erase(account("A1"))
    tracker = store.today()
    tracker.erase(account("A2"))
    assert [statement.kind for statement in tracker.statements(omnitrack.device(kiosk))] == ["shared"]


def test_a_rebuild_that_is_run_again_changes_nothing() -> None:
    store = Store()
    with release_before():
        for minute, text in enumerate(("a b", "ab", "a@b", "a%40b", "\u0661", "1")):
            store.seen(minute, account(text), body=text)
    tracker = store.today()
    before = [bodies(tracker, account(text)) for text in ("a b", "ab", "a@b", "a%40b", "\u0661", "1")]
    assert before == [[text] for text in ("a b", "ab", "a@b", "a%40b", "\u0661", "1")]
    report = tracker.rebuild()
    assert (report.moved, report.updated) == (0, 0)
    assert [bodies(tracker, account(text)) for text in ("a b", "ab", "a@b", "a%40b", "\u0661", "1")] == before


VALUES = ("victim", "vic tim", " victim", "v@x", "v%40x", "v%2540x", "1a", "\u0661a", "100%", "100%25", "null", "nu ll")
SALESFORCE = ("0015000000Gv7qJ", "0015000000Gv7qJAAR", "0015000000GV7QJAAR")
Name = Callable[[], Identifier]
ACCOUNTS: list[Name] = [lambda text=text: account(text, scope="p") for text in VALUES]  # type: ignore[misc]
RECORDS: list[Name] = [lambda text=text: crm(text, scope="salesforce") for text in SALESFORCE]  # type: ignore[misc]
OTHERS: list[Name] = [lambda text=text: omnitrack.identifier(text) for text in (PHONE, MAIL, HANDLE)]  # type: ignore[misc]
NAMES = [*ACCOUNTS, *RECORDS, *OTHERS]
# Of two texts that were one in one interaction, the release before kept one.
people = st.tuples(*(st.lists(st.sampled_from(names), max_size=1) for names in (ACCOUNTS, RECORDS, OTHERS)))
contacts = st.lists(people.map(lambda parts: [name for part in parts for name in part]), min_size=1, max_size=8)


def told(tracker: Tracker, seen: list[list[Name]]) -> None:
    for minute, names in enumerate(seen):
        who = []
        for name in names:
            try:
                who.append(name())
            except InvalidIdentifierError:  # of today a placeholder
                continue
        record(tracker, minute, *who, body=f"{minute}")


def partition(tracker: Tracker) -> set[tuple[frozenset[str], tuple[str, ...]]]:
    """Return who is whom with their timelines, and what is with nobody."""
    found = set()
    for name in NAMES:
        try:
            one = name()
            customer = tracker.customer(one)
        except (CustomerNotFoundError, InvalidIdentifierError):
            continue
        found.add((frozenset(i.key for i in customer.identifiers), tuple(bodies(tracker, one))))
    found.add((frozenset(), tuple(sorted(str(item.body) for item in tracker.unattributed().items))))
    return found


@budget(60)
@given(contacts)
def test_a_store_that_is_brought_over_is_as_if_it_had_been_recorded_today(
    seen: list[list[Name]],
) -> None:
    store = Store()
    with release_before():
        told(store.before, seen)
    afresh = omnitrack.open("memory://", policy=Policy())
    told(afresh, seen)
    assert partition(store.today()) == partition(afresh)


@pytest.mark.parametrize("size", [1, 2])
def test_pieces_of_any_size_bring_the_whole_store_over(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnitrack.upkeep.renormalise.CHUNK", size)
    store = Store()
    seen = [[name] for name in NAMES]
    with release_before():
        told(store.before, seen)
    afresh = omnitrack.open("memory://")
    told(afresh, seen)
    assert partition(store.today()) == partition(afresh)


@budget(60)
@given(
    contacts,
    st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4),
    st.integers(0, 3),
)
def test_whatever_was_said_the_store_is_sound_and_every_customer_id_resolves(
    seen: list[list[Name]], said: list[tuple[str, Name, Name]], taken_back: int
) -> None:
    store = Store()
    ids = set()
    with release_before():
        told(store.before, seen)
        statements = []
        for minute, (kind, a, b) in enumerate(said):
            with suppress(OmnitrackError):
                if kind == "attributed":
                    first = next(iter(store.before.interactions())).id
                    statements.append(store.before.attribute(first, a()))  # type: ignore[arg-type]
                else:
                    two: dict[str, Any] = {"b": b()} if kind in ("same", "different", "personal") else {}
                    at = T0 + timedelta(minutes=minute)
                    statements.append(store.before._say(Statement(kind=kind, a=a(), at=at, **two)))
        for statement in statements[:taken_back]:
            store.before.retract(statement)
        for name in NAMES:
            with suppress(OmnitrackError):
                ids.add(store.before.customer(name()).id)
    tracker = store.today()
    assert all(tracker.customer(id) for id in ids)
    for statement in statements[taken_back:]:
        tracker.retract(statement.id)  # type: ignore[arg-type]
    assert tracker.verify().ok, str(tracker.verify())
    kept = {item.body for item in tracker.interactions()}
    assert kept == {f"{minute}" for minute in range(len(seen))}


def test_a_store_in_a_file_is_brought_over_too(tmp_path: Path) -> None:
    seen = [[name] for name in NAMES]
    url = f"sqlite:///{tmp_path / 'history.db'}"
    with release_before(), omnitrack.open(url) as before:
        told(before, seen)
    with pytest.raises(PolicyChangedError, match=r"normal forms.*rebuild\(\)"):
        omnitrack.open(url)
    afresh = omnitrack.open("memory://")
    told(afresh, seen)
    with omnitrack.open(url, rebuild=True) as tracker:
        assert partition(tracker) == partition(afresh)
        assert tracker.verify().ok
    with omnitrack.open(url) as tracker:
        assert partition(tracker) == partition(afresh)


def test_what_was_said_of_contacting_somebody_goes_along() -> None:
    store = Store()
    with release_before():
        store.seen(1, crm("0015000000Gv7qJ", scope="salesforce"))
        store.seen(2, crm("0015000000Gv7qJAAR", scope="salesforce"))
        store.before.consent(crm("0015000000Gv7qJ", scope="salesforce"), granted=True, purpose="news", at=T0)
        later = T0 + timedelta(minutes=1)
        store.before.consent(crm("0015000000Gv7qJAAR", scope="salesforce"), granted=False, purpose="news", at=later)
        store.before.consent(crm("0015000000Gv7qJAAR", scope="salesforce"), granted=True, purpose="survey", at=later)
    tracker = store.today()
    one = crm("0015000000Gv7qJAAR", scope="salesforce")
    assert [(c.granted, c.purpose) for c in tracker.consents(one)] == [
        (False, "news"),
        (True, "survey"),
        (True, "news"),
    ]
    assert not tracker.may_contact(one, purpose="news", channel="email")
    assert tracker.may_contact(one, purpose="survey", channel="email")
    tracker.erase(one)
