"""The stories and properties of platforms' ids catch what they are there for: an engine with any one rule of theirs broken fails them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import omnitrack
from identity import test_tenures
from identity.facts import check
from mutants import Mutant, alive
from omnitrack.identity import tenures
from omnitrack.recording import proof_sightings, record
from omnitrack.statements import attribution, proofs, say, settling, tenure
from omnitrack.upkeep import dependents, erasure_scope, handles
from statements import test_platform_ids, test_proofs

MUTANTS = (
    Mutant("a second id of a series begins a tenure", tenures.hold, "first.series in series.get(current[1], ())", "False"),
    Mutant("ids of two series say nothing of each other", tenures.hold, "first.series in series.get(current[1], ())", "series.get(current[1], ())"),
    Mutant("ids are taken in the order in which they were first seen", tenures.hold, "_order(person.first)", "person.first.id"),
    Mutant("statements call ids one", tenures._first_seen, "classes.get(proof.id, proof.id)", "proof.id"),
    Mutant("a denial undoes what calls ids one", tenures.classes_of, "(a, b) not in denied and (b, a) not in denied", "True"),
    Mutant("what an id proves counts more than the time", tenures.Held.holder, "if self.proven: ...", "if False: ..."),
    Mutant("statements part the time of an identifier", tenures._first_seen, "key = (number, __a, __b)", "key = (0, __a, __b)"),
    Mutant("who went leaves a place of their own", tenures._first_seen, "proof.id == NO_ID", "False"),
    Mutant("of one time who went comes first", tenures._order, "proof.id != NO_ID", "proof.id == NO_ID"),
    Mutant("claims prove nothing", proofs.read_sightings, "x.basis == TOGETHER and x.assurance >= ctx.policy.merges_at", "x.basis == TOGETHER"),
    Mutant("ids of other platforms prove nothing", proofs.proves, "row.scheme in provers_of(other.scheme)", "bool(provers_of(other.scheme))"),
    Mutant("the ids beside an entry tell its holder", proofs.beside_entries, "not wanted", "True"),
    Mutant("a kept proof is read again", proofs.read_sightings, "read_places(tx, base.id)", "[]"),
    Mutant("a second id is noticed", proof_sightings.check_holders, "if not sightings.settled(now) or __a: ...", "if False: ..."),
    Mutant("two ids in one batch are noticed", proof_sightings.check_holders, "any(one.id.base != first for one in group)", "False"),
    Mutant("a known holder's id is filed with them", record._file, "held is not None and held.tenures", "False"),
    Mutant("entries go to the holder whom an id proves", tenure._shift, "wanted != entry.identifier", "False"),
    Mutant("a link of two ids gives their handle one holder", tenure.changed_holders, "held != read_sightings(tx, ctx, row, steps=()).held(ctx)", "False"),
    Mutant("holders change behind no writer's back", say.add_statement, "not alone and changed_holders(__a, __b, __c, __d)", "False"),
    Mutant("an attribution takes evidence away", attribution.attribute, "[*effects.log, *settle(__a, __b, __c, __d)]", "effects.log"),
    Mutant("an attribution that is taken back gives it back", say.retract_statement, "[*effects.log, *settle(__a, __b, __c, __d)]", "effects.log"),
    Mutant("an erasure leaves a place", settling.look_after, "put_places(tx, base, places, [*kept, *__a])", "None"),
    Mutant("a person with two accounts is erased whole", erasure_scope._other_holders, "found |= group - ids", "pass"),
    Mutant("holders of one handle age away together", dependents._unnamed, "stay = __a", "stay = set()"),
    Mutant("a rebuild finds the handles of several", handles.Handles.find, "if seen[place]: ...", "if False: ..."),
    Mutant("two accounts linked by customer id are linked by their ids", say._representatives, "_accounts(*members)", "()"),
)  # fmt: skip

Test = Callable[..., None]

STORIES: list[Test] = [
    test for name, test in inspect.getmembers(test_platform_ids, inspect.isfunction) if name.startswith("test_")
]
chance = st.randoms(use_true_random=False)


def _told(test: Test) -> bool:
    """Whether an engine gets through a story."""
    wanted = list(inspect.signature(test).parameters)
    ways: list[dict[str, Any]] = [{}]
    if "gone" in wanted:
        ways = [{"gone": gone} for gone in (test_platform_ids.ONE, test_platform_ids.TWO, test_platform_ids.THREE)]
    try:
        for way in ways:
            with omnitrack.open("memory://", region="GB") as tracker, pytest.MonkeyPatch.context() as patch:
                given_ = {"tracker": tracker, "monkeypatch": patch, **way}
                test(**{name: given_[name] for name in wanted})
                check(tracker)
    except Exception:  # a broken engine may break in any way
        return False
    return True


def survives() -> bool:
    if not all(map(_told, STORIES)):
        return False
    bounded = settings(
        max_examples=40,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    facts, sightings = test_proofs.facts, test_proofs.sightings()
    later, who = st.lists(sightings, max_size=2), st.sampled_from(test_proofs.WORLD)
    proving = (test_tenures.said, test_tenures.proofs, test_tenures.pairs)
    properties: tuple[tuple[Any, tuple[Any, ...]], ...] = (
        (test_tenures.test_each_id_is_with_the_holder_whom_the_rule_says, proving),
        (test_tenures.test_two_ids_of_one_series_never_have_one_holder_unless_a_statement_calls_them_one, proving),
        (test_tenures.test_who_goes_leaves_everybody_else_where_they_were, (*proving, st.data())),
        (test_proofs.test_any_order_of_interactions_and_statements_gives_one_state, (facts, chance)),
        (test_proofs.test_a_batch_is_as_good_as_one_by_one, (facts,)),
        (test_proofs.test_a_statement_that_is_taken_back_leaves_what_would_be_without_it, (facts, test_proofs.statements(), st.integers(0, 9))),
        (test_proofs.test_an_interaction_that_is_attributed_to_another_proves_nothing_until_that_is_taken_back, (facts, st.integers(0, 9), who)),
        (test_proofs.test_an_erasure_shows_nobody_more_than_before, (facts, who, later)),
        (test_proofs.test_a_retention_shows_nobody_more_than_before, (facts, test_proofs.minutes, later)),
    )  # fmt: skip
    for test, strategies in properties:
        try:
            given_: Callable[..., Any] = given(*strategies)
            bounded(given_(test.hypothesis.inner_test))()
        except Exception:
            return False
    return True


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_an_engine_that_breaks_this_rule_is_caught(mutant: Mutant) -> None:
    with alive(mutant), contextlib.redirect_stdout(None):
        assert not survives()


def test_the_engine_as_it_is_gets_through() -> None:
    assert survives()
