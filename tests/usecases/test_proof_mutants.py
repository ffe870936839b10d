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
from identity.mutants import Mutant, alive
from usecases import test_platform_ids, test_proofs

TENURES = "omnitrack.identity.tenures"
PROOFS = "omnitrack.usecases.proofs"
NEWCOMERS = "omnitrack.usecases.newcomers"
RECORD = "omnitrack.usecases.record"
HOLDERS = "omnitrack.usecases.holders"
SETTLING = "omnitrack.usecases.settling"
STATEMENTS = "omnitrack.usecases.statements"
ATTRIBUTION = "omnitrack.usecases.attribution"
SWEEP = "omnitrack.usecases.sweep"
LEAVING = "omnitrack.usecases.leaving"
HANDLES = "omnitrack.usecases.handles"

MUTANTS = (
    Mutant("a second id of a series begins a tenure", TENURES, "if first.series in series.get(current[1], ()):", "if False:"),
    Mutant("ids of two series say nothing of each other", TENURES, "if first.series in series.get(current[1], ()):", "if series.get(current[1], ()):"),
    Mutant("ids are taken in the order in which they were first seen", TENURES, "key=lambda person: _order(person.first)", "key=lambda person: person.first.id"),
    Mutant("statements call ids one", TENURES, "classes.get(proof.id, proof.id)", "proof.id"),
    Mutant("a denial undoes what calls ids one", TENURES, "if (a, b) not in denied and (b, a) not in denied:", "if True:"),
    Mutant("what an id proves counts more than the time", TENURES, "        if self.proven:\n", "        if False:\n"),
    Mutant("statements part the time of an identifier", TENURES, "key = (number, proof.series,", "key = (0, proof.series,"),
    Mutant("who went leaves a place of their own", TENURES, "nobody = proof.id == NO_ID", "nobody = False"),
    Mutant("of one time who went comes first", TENURES, "return (proof.seen, proof.id != NO_ID, proof.id", "return (proof.seen, proof.id == NO_ID, proof.id"),
    Mutant("claims prove nothing", PROOFS, "if x.basis == TOGETHER and x.assurance >= ctx.policy.merges_at]", "if x.basis == TOGETHER]"),
    Mutant("ids of other platforms prove nothing", PROOFS, "return row.scheme in provers_of(other.scheme)", "return bool(provers_of(other.scheme))"),
    Mutant("the ids beside an entry tell its holder", PROOFS, "    if not wanted:\n", "    if True:\n"),
    Mutant("a kept proof is read again", PROOFS, "places = read_places(tx, base.id)", "places = []"),
    Mutant("a second id is noticed", NEWCOMERS, "if not sightings.settled(now) or was.items() - now.proven.items():", "if False:"),
    Mutant("two ids in one batch are noticed", NEWCOMERS, "            if any(one.id.base != first", "            if False and any(one.id.base != first"),
    Mutant("a known holder's id is filed with them", RECORD, "if held is not None and held.tenures:", "if False:"),
    Mutant("entries go to the holder whom an id proves", HOLDERS, "        if wanted != entry.identifier:", "        if False:"),
    Mutant("a link of two ids gives their handle one holder", HOLDERS, "        if held != read_sightings(tx, ctx, row).held(ctx):", "        if False:"),
    Mutant("holders change behind no writer's back", STATEMENTS, "if not alone and changed_holders(", "if False and changed_holders("),
    Mutant("an attribution takes evidence away", ATTRIBUTION, "[*outcome.log, *settle(tx, ctx, handles, cause)]", "outcome.log"),
    Mutant("an attribution that is taken back gives it back", STATEMENTS, "[*outcome.log, *settle(tx, ctx, handles, _cause(retraction))]", "outcome.log"),
    Mutant("an erasure leaves a place", SETTLING, "        put_places(tx, base, was.places, kept)\n", "        pass\n"),
    Mutant("a person with two accounts is erased whole", SWEEP, "            found |= group - ids\n", "            pass\n"),
    Mutant("holders of one handle age away together", LEAVING, "stay = {x for group in groups if not group <= found for x in group}", "stay = set()"),
    Mutant("a rebuild finds the handles of several", HANDLES, "                        if seen[place]:\n", "                        if False:\n"),
    Mutant("two accounts linked by customer id are linked by their ids", STATEMENTS, "        _accounts(*members),\n", ""),
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
    shown = (test_tenures.said, test_tenures.proofs, test_tenures.pairs)
    for test, strategies in (
        (test_tenures.test_each_id_is_with_the_holder_whom_the_rule_says, shown),
        (test_tenures.test_two_ids_of_one_series_never_have_one_holder_unless_a_statement_calls_them_one, shown),
        (test_tenures.test_who_goes_leaves_everybody_else_where_they_were, (*shown, st.data())),
        (test_proofs.test_any_order_of_interactions_and_statements_gives_one_state, (facts, chance)),
        (test_proofs.test_a_batch_is_as_good_as_one_by_one, (facts,)),
        (test_proofs.test_a_statement_that_is_taken_back_leaves_what_would_be_without_it, (facts, test_proofs.statements(), st.integers(0, 9))),
        (test_proofs.test_an_interaction_that_is_attributed_to_another_proves_nothing_until_that_is_taken_back, (facts, st.integers(0, 9), who)),
        (test_proofs.test_an_erasure_shows_nobody_more_than_before, (facts, who, later)),
        (test_proofs.test_a_retention_shows_nobody_more_than_before, (facts, test_proofs.minutes, later)),
    ):  # fmt: skip
        try:
            bounded(given(*strategies)(test.hypothesis.inner_test))()
        except Exception:
            return False
    return True


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_an_engine_that_breaks_this_rule_is_caught(mutant: Mutant) -> None:
    with alive(mutant), contextlib.redirect_stdout(None):
        assert not survives()


def test_the_engine_as_it_is_gets_through() -> None:
    assert survives()
