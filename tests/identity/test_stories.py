"""Each rule in the shortest story that turns on it, told in every order of arrival."""

from __future__ import annotations

import random
from itertools import islice, permutations

import pytest

import omnitrack
from identity.facts import Said, Seen, check, differences, state_of, told, told_at_once
from identity.naive import Naive, play
from identity.stories import STORIES


@pytest.mark.parametrize("story", STORIES)
def test_step_by_step_the_store_says_what_the_rules_say(story: str) -> None:
    policy, steps = STORIES[story]
    play(omnitrack.open("memory://", policy=policy), steps, every=True)


@pytest.mark.parametrize(
    "story", [name for name, (_, steps) in STORIES.items() if all(isinstance(s, Seen | Said) for s in steps)]
)
def test_the_order_of_arrival_makes_no_difference(story: str) -> None:
    policy, steps = STORIES[story]
    facts = [step for step in steps if isinstance(step, Seen | Said)]
    wanted = Naive(policy, facts).state()
    orders = list(islice(permutations(facts), 200))
    for order in random.Random(0).sample(orders, min(6, len(orders))):
        for tracker in (told(order, policy), told_at_once(order, policy)):
            assert not differences(state_of(tracker), wanted)
            check(tracker)
