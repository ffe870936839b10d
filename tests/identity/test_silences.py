"""When a number that nobody saw for long begins anew: by a model in plain words, which notices each rule that is broken."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from mutants import Mutant, alive, passes
from omnitrack.identity import silences
from omnitrack.identity.silences import STEPS, begun

LENGTH = 10  # of a step, in any unit of time

MUTANTS = (
    Mutant("a silence is longer than its steps", silences.is_silence, "after - before > STEPS", "after - before >= STEPS"),
    Mutant("a silence is no longer than it must be", silences.is_silence, "after - before > STEPS", "after - before > STEPS + 1"),
    Mutant("no silence begins in another one's end", silences.begun, "is_silence(before, after) and __a", "__a"),
    Mutant("what was seen comes in any order", silences.begun, "sorted(set(steps))", "list(dict.fromkeys(steps))"),
    Mutant("what a statement says counts", silences.begun, "not any(... for at in said)", "True"),
    Mutant("a statement counts in the first step of a silence", silences.begun, "before * length <= at <= since", "before * length < at <= since"),
    Mutant("a statement counts at the end of a silence", silences.begun, "before * length <= at <= since", "before * length <= at < since"),
    Mutant("a statement of before the silence says nothing of it", silences.begun, "before * length <= at <= since", "at <= since"),
    Mutant("a statement of after the silence says nothing of it", silences.begun, "before * length <= at <= since", "before * length <= at"),
    Mutant("the new holder begins with the step of return", silences.begun, "after * length", "before * length"),
    Mutant("times are those of the step's length", silences.begun, "after * length", "after"),
)  # fmt: skip


def expected(steps: list[int], said: list[int]) -> tuple[int, ...]:
    """Return the answer by looking at every two sightings with none between, instead of at neighbours in order."""
    found = set()
    for one, other in combinations(set(steps), 2):
        first, last = min(one, other), max(one, other)
        alone = not any(first < step < last for step in steps)
        known = any(first * LENGTH <= at <= last * LENGTH for at in said)
        if alone and last - first >= STEPS + 1 and not known:
            found.add(last * LENGTH)
    return tuple(sorted(found))


def agrees() -> None:
    random = Random(7)
    for _ in range(400):
        steps, at = [], random.randint(-40, 40)
        for _ in range(random.randint(0, 5)):
            steps.append(at)
            at += random.choice((0, 1, STEPS - 1, STEPS, STEPS + 1, STEPS + 2, 40))
        random.shuffle(steps)
        edges = [step * LENGTH + off for step in steps for off in (-1, 0, 1)] or [0]
        said = random.choices(edges, k=random.choice((0, 0, 1, 2)))
        assert begun(steps, LENGTH, said) == expected(steps, said), (steps, said)


def test_a_number_begins_anew_as_the_model_says() -> None:
    agrees()


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_model_notices_a_broken_rule(mutant: Mutant) -> None:
    with alive(mutant):
        assert not passes(agrees)
