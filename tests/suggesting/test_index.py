"""The index for matching follows what is stored: whatever happens, it is what one built afresh would be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import methodcaller
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from clock import START
from effort import budget
from omnitrack import CustomerNotFoundError, RetentionRule, StatementNotFoundError, Tracker, claimed, verified
from omnitrack.foundation.settings import INDEX_FORM
from omnitrack.reading import profiles
from omnitrack.records import BLOCK, SETTINGS, SETTINGS_KEY
from omnitrack.storage.contract import RecordRow, Transaction
from omnitrack.suggesting import matches
from omnitrack.suggesting.matches import index_step

pytestmark = pytest.mark.usefixtures("clock")

NOW = START
ANN, BEA, NUMBER, LETTER = (
    omnitrack.email("ann@example.com"),
    omnitrack.email("bea@example.com"),
    omnitrack.phone("+442079460001"),
    omnitrack.postal(name="A Quux", postcode="RG14 1AA"),
)
WORLD = (ANN, BEA, NUMBER, LETTER, omnitrack.account("1", scope="bt"))
ENTRIES = ("block", "profile")


@pytest.fixture
def options() -> dict[str, Any]:
    return {"region": "GB", "matching": True}


def day(number: int) -> datetime:
    return NOW - timedelta(days=number)


def entries(tx: Transaction) -> set[tuple[str, str, str]]:
    return {(row.kind, row.key, row.value) for kind in ENTRIES for row in tx.find_records(kind)}


class _Undo(Exception):
    pass


def afresh(tracker: Tracker) -> set[tuple[str, str, str]]:
    """Return the index that would be built of what is stored, without keeping it."""
    built: set[tuple[str, str, str]] = set()

    def build(tx: Transaction) -> None:
        tx.delete(records=[(kind, key) for kind, key, _ in entries(tx)])
        after = index_step(tx, None, "GB")
        while after is not None:
            after = index_step(tx, after, "GB")
        built.update(entries(tx))
        raise _Undo

    with pytest.raises(_Undo):
        tracker._backend.run(build)
    return built


def check(tracker: Tracker) -> None:
    assert tracker._backend.run(entries, write=False) == afresh(tracker)
    assert tracker.verify(), str(tracker.verify())


def left(tracker: Tracker, text: str) -> list[tuple[str, str, str]]:
    return [row for row in tracker._backend.run(entries, write=False) if text in "".join(row).lower()]


def seen(tracker: Tracker, days: int, *customer: Any, **traits: str) -> str:
    found = tracker.record(channel="web", customer=customer, occurred_at=day(days), traits=traits).interaction
    assert found is not None
    return found


def test_a_name_goes_where_its_interaction_is_attributed_and_goes_with_whom_it_is_then(tracker: Tracker) -> None:
    wrong = seen(tracker, 9, ANN, name="Zanzibar Quux")
    seen(tracker, 8, ANN)
    assert left(tracker, "quux")
    tracker.attribute(wrong, BEA)
    check(tracker)
    tracker.erase(BEA)
    assert not left(tracker, "quux")
    check(tracker)


def test_a_name_goes_with_the_interaction_that_is_past_its_time(tracker: Tracker) -> None:
    seen(tracker, 9, ANN, name="Zanzibar Quux")
    seen(tracker, 0, ANN)
    tracker.apply_retention([RetentionRule(keep=timedelta(days=5))])
    assert tracker.customer(ANN).traits == {}
    assert not left(tracker, "quux")
    check(tracker)


def test_each_holder_of_a_number_has_the_names_of_their_own_time(tracker: Tracker) -> None:
    seen(tracker, 9, NUMBER, name="Old Man")
    seen(tracker, 1, NUMBER, name="Zanzibar Quux")
    said = tracker.reassign(NUMBER, at=day(5))
    check(tracker)
    names = [value for kind, _, value in left(tracker, "") if kind == "profile"]
    assert len(names) == 2
    assert not any("quux" in value and "old" in value for value in names)
    tracker.retract(said)
    check(tracker)
    tracker.reassign(NUMBER, at=day(5))
    tracker.erase(NUMBER)
    assert not left(tracker, "quux")
    check(tracker)


def test_of_many_names_the_latest_stay_and_nothing_is_left_of_the_others(tracker: Tracker) -> None:
    for n in range(40):
        seen(tracker, n * 7 % 40, ANN, name=f"Quux {chr(97 + n % 26)}{chr(97 + n // 26)}bert")
    check(tracker)
    tracker.erase(ANN)
    assert left(tracker, "") == []


def test_a_rebuild_with_another_own_list_takes_the_index_along(tracker: Tracker) -> None:
    seen(tracker, 3, verified(WORLD[-1]), ANN, name="Zanzibar Quux")
    again = Tracker(tracker._backend, own=[WORLD[-1].key], region="GB", matching=True, rebuild=True)
    assert again.customer(ANN).traits
    check(again)


people = st.lists(
    st.tuples(st.sampled_from(WORLD), st.sampled_from((claimed, verified, lambda who: who))), min_size=1, max_size=2
)
traits = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"name": st.sampled_from([f"{a} {b}" for a in ("Ann", "Bo", "Cy") for b in ("Quux", "Zed")])}
    ),
)
steps = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 9), people, traits),
    st.tuples(st.just("attribute"), st.integers(0, 9), st.sampled_from(WORLD)),
    st.tuples(st.just("reassign"), st.sampled_from((NUMBER, ANN)), st.integers(0, 9)),
    st.tuples(st.just("retract"), st.integers(0, 9)),
    st.tuples(st.just("link"), st.sampled_from(WORLD), st.sampled_from(WORLD)),
    st.tuples(st.just("retain"), st.integers(1, 9)),
    st.tuples(st.just("erase"), st.sampled_from(WORLD)),
)


@given(told=st.lists(steps, max_size=14), most=st.sampled_from((2, 16)))
@budget(150)
def test_whatever_happens_the_index_is_what_one_built_afresh_is(told: list[Any], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch, omnitrack.open("memory://", region="GB", matching=True) as tracker:
        patch.setattr(profiles, "MAX_VALUES", most)
        interactions: list[str] = []
        said: list[str] = []
        acts: dict[str, Callable[..., object]] = {
            "record": lambda days, who, what: interactions.append(
                seen(tracker, days, *(how(one) for one, how in who), **(what or {}))
            ),
            "attribute": lambda n, who: said.append(
                str(tracker.attribute(interactions[n % len(interactions)], who).id)
            ),
            "reassign": lambda who, days: said.append(str(tracker.reassign(who, at=day(days)).id)),
            "retract": lambda n: tracker.retract(said[n % len(said)]),
            "link": lambda a, b: said.append(str(tracker.link(a, b).id)),
            "retain": lambda days: tracker.apply_retention([RetentionRule(keep=timedelta(days=days, hours=-1))]),
            "erase": lambda who: tracker.erase(who),
        }
        for name, *given_ in told:
            try:
                acts[name](*given_)
            except (CustomerNotFoundError, StatementNotFoundError, ZeroDivisionError, omnitrack.OmnitrackError):
                continue
            check(tracker)


def test_a_match_goes_with_what_it_rested_on(tracker: Tracker) -> None:
    given_ = {"name": "Zanzibar Quux", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
    wrong = seen(tracker, 9, ANN, **given_)
    seen(tracker, 8, ANN)
    seen(tracker, 7, NUMBER, **given_)
    assert tracker.find_matches() == 1
    assert tracker.find_matches() == 0
    (kept,) = tracker.suggestions()
    tracker.attribute(wrong, BEA)
    assert tracker.find_matches() == 1
    (now,) = tracker.suggestions()
    assert {now.a, now.b} == {BEA, NUMBER}
    assert {kept.a, kept.b} == {ANN, NUMBER}


def test_who_was_merged_by_a_match_parts_when_it_goes_and_nobody_else_does() -> None:
    policy = omnitrack.Policy(auto_match=0.9)
    given_ = {"name": "Zanzibar Quux", "postcode": "RG14 1AA", "birth_date": "1980-02-03"}
    with omnitrack.open("memory://", region="GB", matching=True, policy=policy) as tracker:
        wrong = seen(tracker, 9, ANN, **given_)
        seen(tracker, 8, ANN)
        seen(tracker, 7, NUMBER, **given_)
        tracker.find_matches()
        for _ in range(2):
            assert tracker.customer(ANN).id == tracker.customer(NUMBER).id
            tracker.find_matches(least=0.99999)
        tracker.attribute(wrong, BEA)
        tracker.find_matches()
        assert tracker.customer(ANN).id != tracker.customer(NUMBER).id
        assert tracker.customer(BEA).id == tracker.customer(NUMBER).id
        assert tracker.verify()


def test_verify_finds_an_index_that_says_what_is_not_stored(tracker: Tracker) -> None:
    seen(tracker, 9, ANN, name="Zanzibar Quux", phone="020 7946 0001", birth_date="3.2.1980")
    seen(tracker, 8, BEA, NUMBER, name="Bo Zed")
    assert tracker.verify()
    elsewhere = Tracker(tracker._backend, region="US", rebuild=True)
    assert elsewhere.verify()  # whatever it takes a number without a country for
    for kind, key, value in left(tracker, "quux"):
        tracker._backend.run(lambda tx, record=(kind, key): tx.delete(records=[record]))  # type: ignore[misc]
        assert [p for p in tracker.verify().problems if "index for matching says of email:" in p]
        tracker._backend.run(methodcaller("put_records", [RecordRow(kind, key, value, -1)]))
        assert tracker.verify()
    tracker._backend.run(lambda tx: tx.put_records([RecordRow("block", f"name:quux/{'0' * 32}", "", -1)]))
    assert "an identifier that is not there" in str(tracker.verify())


def test_a_rebuild_mends_an_index_that_says_what_is_not_stored(tracker: Tracker) -> None:
    seen(tracker, 9, ANN, name="Zanzibar Quux")
    seen(tracker, 8, BEA, NUMBER, name="Bo Zed")
    whole = tracker._backend.run(entries, write=False)
    for kind, key, _ in left(tracker, "quux")[:2]:
        tracker._backend.run(lambda tx, record=(kind, key): tx.delete(records=[record]))  # type: ignore[misc]
    assert not tracker.verify()
    tracker.rebuild()
    assert tracker.verify()
    assert tracker._backend.run(entries, write=False) == whole


def make_outdated(tracker: Tracker) -> None:
    """Have the index as an earlier version left it: without the form of its keys, which were others."""

    def write(tx: Transaction) -> None:
        blocks = tx.find_records(BLOCK)
        tx.delete(records=[(BLOCK, row.key) for row in blocks])
        tx.put_records([RecordRow(BLOCK, f"name:as before {row.key[-40:]}", "", -1) for row in blocks])
        found = tx.find_records(SETTINGS, keys=[SETTINGS_KEY])[0]
        values = json.loads(found.value)
        del values["index_form"]
        tx.put_records([found._replace(value=json.dumps(values))])

    tracker._backend.run(write)


def names(tracker: Tracker) -> None:
    for number, name in enumerate(("Анна Каренина", "Zanzibar Quux", "王 伟")):
        seen(tracker, number, omnitrack.email(f"{number}@example.com"), name=name)


@pytest.mark.parametrize("matching", [False, True])
def test_an_index_with_keys_of_an_earlier_form_is_made_anew_at_opening(tracker: Tracker, matching: bool) -> None:
    names(tracker)
    make_outdated(tracker)
    assert left(tracker, "as before")
    again = Tracker(tracker._backend, region="GB", matching=matching)
    assert not left(again, "as before")
    assert again.search(name="Zanzibar Quux")[0].customer.id == again.customer("1@example.com").id
    check(again)


def test_an_index_that_was_broken_off_while_made_anew_is_finished_by_the_next_that_opens(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(tracker)
    make_outdated(tracker)

    def fail(*arguments: Any) -> None:
        raise _Undo

    with monkeypatch.context() as patch:
        patch.setattr(matches, "reindex_step", fail)
        with pytest.raises(_Undo):
            Tracker(tracker._backend, region="GB")
    check(Tracker(tracker._backend, region="GB"))


def test_an_index_of_today_is_not_made_again(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    names(tracker)

    def fail(*arguments: Any) -> None:
        raise AssertionError

    for step in ("reindex_step", "index_step", "clear_step"):
        monkeypatch.setattr(matches, step, fail)
    Tracker(tracker._backend, region="GB")
    Tracker(tracker._backend, region="GB", matching=True)


def test_the_form_of_the_index_is_raised_with_its_keys() -> None:
    # Other keys than these are another form: raise INDEX_FORM, then put the new digest here.
    people = [
        {"name": name, "dob": "1980-02-03", "postcode": "RG14 1AA", "address": "12 High Street", "city": "Newbury"}
        | {"email": "jane.zaleski@x.example", "phone": "+44 20 7946 0958", "company": "Quux Ltd", "birth_place": "Bath"}
        for name in (
            "Jane van der Zaleski",
            "Bob O\u2019Brien-M\u00fcller",
            "Анна Каренина",
            "Γιώργος Παπαδόπουλος",
            "王 伟",
            "Quux",
        )
    ]
    people.append(
        {"company": "Quux Garage Ltd", "postcode": "RG14 1AA", "address": "12 High Street", "id_number": "BT-1"}
    )
    keys = [profiles.block_keys(omnitrack.matching.normalise_traits(one, region="GB")) for one in people]
    digest = hashlib.blake2b(json.dumps([sorted(one) for one in keys]).encode(), digest_size=8).hexdigest()
    assert (INDEX_FORM, digest) == (2, "c30f6a6262da32f4")
