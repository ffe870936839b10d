"""A changed policy, own list or secret: refused with what to do; a rebuild equals a store that had it from the start."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from calling import Stepped, rebuilding
from clock import now
from effort import budget
from identity.facts import (
    WORLD,
    Fact,
    Seen,
    Step,
    check,
    differences,
    facts,
    policies,
    scripts,
    state_of,
    tell,
    timelines_of,
    told,
    when,
)
from identity.naive import play
from omnitrack import CONSENT_WORDS
from omnitrack.errors import PolicyChangedError, SecretError
from omnitrack.foundation.calls import Progress, Run
from omnitrack.identifiers.own import OwnList
from omnitrack.identity.policy import Policy, SchemeRule
from omnitrack.model import Interaction
from omnitrack.records import SETTINGS, SETTINGS_KEY
from omnitrack.storage.contract import Transaction
from omnitrack.tracker import Tracker
from omnitrack.upkeep.opening import make_context

pytestmark = pytest.mark.usefixtures("clock")

P1, P2, ANN, BEN, A1, A2 = WORLD[:6]

ranks = st.dictionaries(
    st.sampled_from(("phone", "email", "account", "x")),
    st.builds(SchemeRule, rank=st.integers(0, 200), exclusive=st.sampled_from((None, False))),
    max_size=3,
)
owns = st.sets(st.sampled_from((P1.key, ANN.key, "email:*@example.com", "account:A1@*", "x:ann")), max_size=2)


#: What a store has where nothing is given.
STANDARD: dict[str, Any] = {
    "region": "FR",
    "zone": "UTC",
    "own": [],
    "policy": Policy(),
    "placeholders": [],
    "consent_words": CONSENT_WORDS,
}


def reopened(tracker: Tracker, **options: object) -> Tracker:
    return omnitrack.Tracker(tracker._backend, **options)  # type: ignore[arg-type]


def told_with(told_: list[Fact], **options: object) -> Tracker:
    tracker = omnitrack.open("memory://", **options)  # type: ignore[arg-type]
    for fact in told_:
        if isinstance(fact, Seen):
            tell(tracker, fact)
    return tracker


@pytest.mark.parametrize("other", [{"policy": Policy(max_identifiers=9)}, {"own": ["email:*@bt.example"]}])
def test_another_policy_or_own_list_is_refused_and_told_what_to_do(other: dict[str, object]) -> None:
    tracker = told([Seen("i0", 0, (((0, 2),),))], Policy())
    with pytest.raises(PolicyChangedError, match=r"rebuild"):
        reopened(tracker, **other)


@pytest.mark.parametrize(
    ("first", "then", "parts", "told"),
    [
        (
            {},
            {"policy": Policy(max_identifiers=9, limits={"email": 4})},
            ("policy",),
            ["policy: ", "limits['email']: the store has none of its own, got 4", "max_identifiers: the store has 100, got 9"],
        ),
        (
            {"own": ["email:desk@bt.example"]},
            {"own": ["email:*@bt.test"]},
            ("own",),
            ["own: the store has email:d***@b*.ex***le; got email:*@b*.t***"],
        ),
        (
            {"own": ["email:*@bt.example"], "region": "GB", "zone": "Europe/London"},
            {"policy": Policy(merges_at="verified"), "region": "US", "own": []},
            ("region", "own", "policy"),
            ["region: the store has 'GB', got 'US'", "own: the store has email:", "merges_at: the store has 'observed', got 'verified'"],
        ),
        ({"zone": "Europe/London"}, {"zone": "Europe/Paris"}, ("zone",), ["got 'Europe/Paris'"]),
        ({"placeholders": ["account:0815"]}, {"placeholders": []}, ("placeholders",), ["the store has account:0***"]),
        ({}, {"consent_words": {"halt": False}}, ("consent_words",), ["another meaning, or none, of the words "]),
    ],
)  # fmt: skip
def test_of_what_differs_it_is_said_which(
    first: dict[str, Any], then: dict[str, Any], parts: tuple[str, ...], told: list[str]
) -> None:
    tracker = told_with([Seen("i0", 0, (((0, 2),),))], **first)
    with pytest.raises(PolicyChangedError) as caught:
        reopened(tracker, **then)
    assert caught.value.parts == parts
    assert [text for text in told if text not in str(caught.value)] == []
    assert pickle.loads(pickle.dumps(caught.value)).parts == parts
    # Who gives nothing takes what there is; from a rebuild on, that is what it was rebuilt with.
    assert reopened(tracker).settings == tracker.settings
    rebuilt = reopened(tracker, **then, rebuild=True)
    assert reopened(tracker, **then).settings == reopened(tracker).settings == rebuilt.settings != tracker.settings
    with pytest.raises(PolicyChangedError):
        reopened(tracker, **{name: first.get(name, STANDARD[name]) for name in parts})


def test_mail_that_was_loaded_without_the_own_list_stays_as_it_was_read_and_the_error_says_so() -> None:
    tracker = omnitrack.open("memory://")
    sent = Interaction(
        channel="email", occurred_at=when(0), sender=["bob@bt.example"], recipients=[["ann@example.com"]]
    )
    tracker.record_many([sent])
    own = ["email:*@bt.example"]
    with pytest.raises(PolicyChangedError, match=r"own: .* does not read again who wrote to whom"):
        reopened(tracker, own=own)
    rebuilt = reopened(tracker, own=own, rebuild=True)
    (waiting,) = rebuilt.unattributed()
    assert waiting.direction == "inbound"
    assert len(list(rebuilt.timeline("ann@example.com", include_participant=True))) == 1


def test_a_store_that_keeps_only_one_digest_of_all_is_opened_and_refused_as_before() -> None:
    tracker = told_with([Seen("i0", 0, (((0, 2),),))])

    def take_parts_away(tx: Transaction) -> None:
        found = tx.find_records(SETTINGS, keys=[SETTINGS_KEY])[0]
        values = json.loads(found.value)
        del values["parts"], values["terms"]
        tx.put_records([found._replace(value=json.dumps(values))])

    tracker._backend.run(take_parts_away)
    with pytest.raises(PolicyChangedError, match="another policy, own list or version of the normal forms"):
        reopened(tracker, policy=Policy(max_identifiers=9))
    assert reopened(tracker).verify()
    # What no digest told, such as the region, whoever is the first to say it decides.
    assert reopened(tracker).settings.region is None
    assert reopened(tracker, region="GB").settings.region == "GB"
    assert reopened(tracker).settings.region == "GB"
    with pytest.raises(PolicyChangedError, match="region"):
        reopened(tracker, region="US")


def test_a_tracker_goes_over_to_the_settings_that_another_gave_the_store() -> None:
    old = told([], Policy())
    tell(old, Seen("i0", 0, (((0, 2),),)))
    new = Policy(merges_at="verified")
    reopened(old, policy=new, rebuild=True)
    old.record(channel="phone", occurred_at=when(1), customer=[P1, ANN])
    assert old.policy == new
    assert old.customer(P1).id != old.customer(ANN).id
    reopened(old, policy=Policy(), rebuild=True)
    assert old.customer(P1).id == old.customer(ANN).id
    assert old.explain(P1, ANN).path
    old.link(BEN, ANN)
    assert old.policy == Policy()
    assert old.verify()


def test_settings_are_changed_part_by_part_while_another_tracker_goes_on() -> None:
    first = omnitrack.open("memory://", own=["email:desk@bt.example"])
    first.record(channel="phone", occurred_at=when(0), customer=[P1, ANN])
    other = reopened(first)
    first.configure(own=iter([*first.settings.own, P1.key]), region="GB")
    other.record(channel="phone", occurred_at=when(1), customer=[P1, "020 7946 0000", BEN])
    assert other.settings == first.settings
    assert other.settings.own == ("email:desk@bt.example", P1.key)
    assert {i.key for i in other.customer(BEN).identifiers} == {BEN.key, "phone:+442079460000"}
    assert first.configure(region="").identifiers == 4
    assert first.settings.region is None
    assert first.verify()


@pytest.mark.parametrize(("first", "then"), [("a", "b"), (None, "b"), ("a", None)])
def test_another_secret_is_refused(first: str | None, then: str | None) -> None:
    tracker = omnitrack.open("memory://", secret=first)
    tracker.record(channel="phone", occurred_at=when(0), customer=P1)
    with pytest.raises(SecretError):
        reopened(tracker, secret=then)


def test_the_same_settings_in_another_form_are_the_same() -> None:
    tracker = omnitrack.open("memory://", own=["email:*@BT.example", "x:@BTCare"], secret="s", policy=Policy())
    tracker.record(channel="phone", occurred_at=when(0), customer=P1)
    reopened(
        tracker, own=["x:btcare", "email:*@bt.example"], secret=b"s", policy=Policy(limits={("phone", "email"): 3})
    ).verify()


@budget(40)
@given(facts, ranks, owns)
def test_a_rebuild_with_other_ranks_and_another_own_list_equals_a_store_that_had_them_from_the_start(
    told_: list[Fact], rules: dict[str, SchemeRule], own: set[str]
) -> None:
    policy = Policy(limits={"*": 2}, schemes=rules)
    tracker = told_with(told_, policy=Policy(limits={"*": 2}))
    tracker = reopened(tracker, policy=policy, own=own, rebuild=True)
    from_the_start = told_with(told_, policy=policy, own=own)
    found, wanted = state_of(tracker), state_of(from_the_start)
    assert not differences(found, wanted)
    assert timelines_of(tracker) == timelines_of(from_the_start)
    check(tracker)


@st.composite
def settings_of(draw: st.DrawFn) -> dict[str, Any]:
    """Everything of a tracker that decides who is whom, at once."""
    rules, policy = draw(ranks), draw(policies)
    return {"policy": attrs.evolve(policy, schemes=rules), "own": draw(owns)}


@pytest.mark.parametrize(("url", "examples"), [("memory://", 40), ("sqlite://", 12)])
def test_a_rebuild_with_all_settings_changed_equals_a_store_that_had_them_from_the_start(
    url: str, examples: int
) -> None:
    @budget(examples)
    @given(facts, settings_of(), settings_of())
    def holds(told_: list[Fact], old: dict[str, Any], new: dict[str, Any]) -> None:
        new = {**new, "own": old["own"] | new["own"]}  # what was the company's own was never filed, so it stays so
        own = OwnList(new["own"])

        def tellable(fact: Fact) -> bool:
            # A statement on one of the company's own is refused, now or then.
            return isinstance(fact, Seen) or not any(own.matches(WORLD[x]) for x in (fact.a, fact.b) if x is not None)

        told_ = [fact for fact in told_ if tellable(fact)]
        with opened_with(told_, url, old) as tracker, opened_with(told_, url, new) as from_the_start:
            rebuilt = reopened(tracker, **new, rebuild=True)
            assert not differences(state_of(rebuilt), state_of(from_the_start))
            assert timelines_of(rebuilt) == timelines_of(from_the_start)
            check(rebuilt)
            for goes_over in (tracker, from_the_start):
                tell(goes_over, Seen("later", 0, (((0, 2), (1, 2)),)))
            assert not differences(state_of(tracker), state_of(from_the_start))

    holds()


@budget(40)
@given(facts, settings_of(), settings_of(), st.lists(st.integers(0, 3), max_size=20), st.integers(0, 8))
def test_what_is_told_while_a_rebuild_computes_is_in_what_it_takes_over(
    told_: list[Fact], old: dict[str, Any], new: dict[str, Any], between: list[int], first: int
) -> None:
    new = {**new, "own": old["own"] | new["own"]}
    own = OwnList(new["own"])
    told_ = [
        fact
        for fact in told_
        if isinstance(fact, Seen) or not any(own.matches(WORLD[x]) for x in (fact.a, fact.b) if x is not None)
    ]
    with (
        opened_with(told_[:first], "memory://", old) as tracker,
        opened_with(told_, "memory://", new) as from_the_start,
    ):
        later = told_[first:]
        ctx = make_context(new["own"], new["policy"], None, None)
        rebuild = Stepped(tracker._backend, rebuilding(ctx))
        for many in chain(between, repeat(0)):
            if rebuild.ended:
                break
            for _ in range(many):
                if later:
                    tell(tracker, later.pop(0))  # by the settings of before, or once it has taken over by the new ones
            rebuild.some(1)
        rebuild.rest()
        rebuilt = reopened(tracker, **new)
        for fact in later:
            tell(rebuilt, fact)
        assert not differences(state_of(rebuilt), state_of(from_the_start))
        assert timelines_of(rebuilt) == timelines_of(from_the_start)
        check(rebuilt)


@pytest.mark.parametrize("transactions", range(12))
@pytest.mark.parametrize(
    "meanwhile",
    [
        Seen("late", 9, (((1, 2), (2, 2)),)),  # by the old settings it joins somebody far away; by the new ones nobody
        Seen("late", 9, (((0, 2), (3, 2)),)),  # with an address that becomes the company's own
        Seen("late", 9, (((1, 2), (5, 3)),)),
    ],
)
def test_wherever_in_a_rebuild_something_is_told_it_is_taken_in(transactions: int, meanwhile: Fact) -> None:
    before = [Seen("i0", 0, (((2, 2),),)), Seen("i1", 1, (((4, 2),),)), Seen("i2", 2, (((4, 2), (1, 2)),))]
    new: dict[str, Any] = {"policy": Policy(merges_at="verified"), "own": [P1.key]}
    with opened_with(before, "memory://", {}) as tracker, opened_with([*before, meanwhile], "memory://", new) as wanted:
        rebuild = Stepped(tracker._backend, rebuilding(make_context(new["own"], new["policy"], None, None)))
        while not rebuild.ended:
            if rebuild.transactions == transactions:
                tell(tracker, meanwhile)
            rebuild.some(1)
        rebuild.rest()
        rebuilt = reopened(tracker, **new)
        if rebuild.transactions <= transactions:
            tell(rebuilt, meanwhile)
        assert not differences(state_of(rebuilt), state_of(wanted))
        assert timelines_of(rebuilt) == timelines_of(wanted)
        check(rebuilt)


def test_the_past_and_the_ids_of_customers_hold_through_a_rebuild() -> None:
    tracker = told([Seen("i0", 0, (((4, 2), (0, 2)),)), Seen("i1", 0, (((5, 2), (0, 2)),))], Policy())
    ids = [tracker.customer(WORLD[x]).id for x in (0, 4, 5)]
    before = now()
    who_was_whom = [{i.key for i in tracker.customer(WORLD[x], as_of=before).identifiers} for x in (0, 4, 5)]
    rebuilt = reopened(tracker, policy=Policy(limits={"account": 2}), rebuild=True)
    assert not rebuilt.customer(P1).shared
    assert [{i.key for i in rebuilt.customer(WORLD[x], as_of=before).identifiers} for x in (0, 4, 5)] == who_was_whom
    for id in ids:
        assert rebuilt.customer(id)


def changed(old: dict[str, Any], new: dict[str, Any]) -> bool:
    one, two = (s["policy"].fingerprint(OwnList(s["own"]).fingerprint()) for s in (old, new))
    return bool(one != two)


def opened_with(told_: Sequence[Fact], url: str, settings: dict[str, Any]) -> Tracker:
    tracker = omnitrack.open(url, **settings)
    for fact in told_:
        tell(tracker, fact)
    return tracker


@budget(25)
@given(scripts)
def test_a_rebuild_with_nothing_changed_changes_nothing(steps: list[Step]) -> None:
    tracker = omnitrack.open("memory://", policy=Policy(limits={"*": 2}))
    play(tracker, steps)
    before, log = state_of(tracker), tracker.identity_log(limit=1000)
    report = tracker.rebuild()
    assert (report.moved, report.updated) == (0, 0)
    assert not differences(state_of(tracker), before)
    assert tracker.identity_log(limit=1000) == log


def test_an_own_pattern_that_is_added_later_takes_its_interactions_off_the_timelines() -> None:
    tracker = omnitrack.open("memory://")
    for n, person in enumerate(([P1, ANN], [P2, ANN], [ANN])):
        tracker.record(channel="email", occurred_at=when(n), customer=person, source="m", source_id=str(n))
    assert tracker.explain(P1, P2).together
    tracker = reopened(tracker, own=["email:ann@example.com"], rebuild=True)
    assert not tracker.explain(P1, P2).together
    assert [i.source_id for i in tracker.timeline(P1)] == ["0"]
    assert [i.source_id for i in tracker.unattributed()] == ["2"]
    assert tracker.verify()


def test_an_attribution_that_is_taken_back_after_a_rebuild_goes_by_the_policy_of_today() -> None:
    tracker = omnitrack.open("memory://")
    seen = tracker.record(channel="chat", occurred_at=when(0), customer=[P1, ANN], source="m", source_id="0")
    said = tracker.attribute(seen.interaction or "", BEN)
    tracker = reopened(tracker, own=[P1.key], rebuild=True)
    tracker.retract(said)
    assert [i.identifier for i in tracker.timeline(ANN)] == [ANN]
    assert tracker.verify()


def test_what_an_interaction_says_of_a_person_goes_where_its_anchor_goes() -> None:
    tracker = omnitrack.open("memory://")
    tracker.record(channel="chat", occurred_at=when(0), customer=[P1, ANN], traits={"name": "Ann"})
    tracker = reopened(tracker, own=[P1.key], rebuild=True)
    assert tracker.customer(ANN).traits["name"] == ("Ann",)


def test_a_rebuild_that_was_broken_off_leaves_everything_as_it_was_and_is_run_again() -> None:
    tracker = told([Seen("i0", 0, (((4, 2), (0, 2)),)), Seen("i1", 0, (((5, 2), (0, 2)),))], Policy())

    class Stop(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        raise Stop

    new = Policy(limits={"account": 2})
    before = state_of(tracker)
    with pytest.raises(Stop):
        drive_rebuild(tracker, new, stop)
    assert not differences(state_of(tracker), before)
    tell(tracker, Seen("i2", 0, (((1, 2),),)))
    assert reopened(tracker, policy=Policy()).verify()
    with pytest.raises(PolicyChangedError, match=r"rebuild"):
        reopened(tracker, policy=new)
    again = reopened(tracker, policy=new, rebuild=True)
    assert again.verify()
    assert not again.customer(P1).shared


def drive_rebuild(tracker: Tracker, policy: Policy, progress: Progress) -> None:
    context = make_context((), policy, None, None)
    rebuilding(context, progress)(Run(tracker._runtime))
