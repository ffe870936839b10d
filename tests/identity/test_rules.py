"""Each rule of the partition, one story."""

from __future__ import annotations

import pytest

from identity.rules import RULES, Rule


@pytest.mark.parametrize("story", RULES, ids=lambda story: story.__name__.replace("_", " "))
def test_the_rule(story: Rule) -> None:
    story()
