"""Clusters out of weighed pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.matching.clusters import MAX_COMPONENT, cluster_pairs


def cluster(
    size: int, weights: dict[tuple[int, int], float], other: float = -10.0, threshold: float = 0.0
) -> list[int]:
    left = np.array([a for a, _ in weights], dtype=np.int64)
    right = np.array([b for _, b in weights], dtype=np.int64)

    def weigh(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.array(
            [weights.get((min(x, y), max(x, y)), other) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
        )

    found = cluster_pairs(size, left, right, np.array(list(weights.values()), dtype=np.float64), weigh, threshold)
    return list(found.tolist())


def test_pairs_over_the_threshold_are_joined() -> None:
    assert cluster(4, {(0, 1): 5.0, (2, 3): 0.5}) == [0, 0, 1, 1]
    assert cluster(4, {(0, 1): 5.0, (2, 3): 0.5}, threshold=1.0) == [0, 0, 1, 2]


def test_a_chain_holds_where_nothing_speaks_against_its_ends() -> None:
    assert cluster(3, {(0, 1): 8.0, (1, 2): 8.0}, other=-4.0) == [0, 0, 0]


def test_one_misleading_pair_does_not_join_two_groups() -> None:
    groups = {(0, 1): 9.0, (0, 2): 9.0, (1, 2): 9.0, (3, 4): 9.0, (3, 5): 9.0, (4, 5): 9.0}
    assert cluster(6, {**groups, (2, 3): 6.0}) == [0, 0, 0, 1, 1, 1]


def test_nobody_stands_for_himself() -> None:
    assert cluster(0, {}) == []
    assert cluster(3, {}) == [0, 1, 2]


def test_a_chain_of_thousands_is_cut_and_comes_to_an_end() -> None:
    size = 20 * MAX_COMPONENT
    labels = cluster(size, {(n, n + 1): 1.0 for n in range(size - 1)})
    assert len(labels) == size
    assert max(np.bincount(labels)) <= MAX_COMPONENT


def test_one_enormous_group_of_equal_pairs_comes_to_an_end() -> None:
    size = MAX_COMPONENT + 30
    labels = cluster(size, {(a, b): 40.0 for a in range(size) for b in range(a + 1, size)})
    assert len(labels) == size


@given(st.dictionaries(st.tuples(st.integers(0, 9), st.integers(10, 14)), st.floats(-20, 20), max_size=30))
def test_clusters_are_numbered_by_their_first_member(weights: dict[tuple[int, int], float]) -> None:
    labels = cluster(15, weights)
    assert list(dict.fromkeys(labels)) == list(range(max(labels) + 1))
