"""Builds clusters from weighed pairs: strongest first, and each join must be supported by all pairs between, not by one alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from omnitrack.matching.evidence import Indices
from omnitrack.matching.weights import Floats

#: The most bits by which one pair counts for or against a join, so that two identical records cannot outvote all others.
MOST_BITS = 10.0
#: How far below the threshold the average pair between two clusters may be. Two records of one person that share hardly any
#: fields say little for a match and nothing against it, so their weight is a little below the threshold.
TOLERATED_BITS = 2.0
#: Components above this size (chains of weak pairs, or corrupt input) are cut at a higher threshold first.
MAX_COMPONENT = 150
_STEP_BITS = 3.0


def cluster_pairs(
    size: int,
    left: Indices,
    right: Indices,
    weights: Floats,
    weigh: Callable[[Indices, Indices], Floats],
    threshold: float = 0.0,
) -> Indices:
    """Return the number of the cluster of each record, counted from 0 in the order of first members.

    Each component of pairs over the threshold is clustered anew, closest first by the average weight between all members of two
    clusters, as long as that average is not against it. So one misleading pair does not join two groups, as it would if components were
    taken as they are.

    Args:
        size: number of records.
        left: the first record of each weighed pair.
        right: the second record of each.
        weights: the weights of the pairs, in bits.
        weigh: returns the weights of further pairs, for those within a component that share no blocking key.
        threshold: the weight above which a pair is a match, in bits.
    """
    labels = np.arange(size, dtype=np.int64)
    waiting = [(np.flatnonzero(weights > threshold), threshold)]
    dense: list[npt.NDArray[np.int64]] = []
    while waiting:
        rows, least = waiting.pop()
        for members, inside in _components(left[rows], right[rows], rows):
            if len(members) > MAX_COMPONENT and len(inside) >= len(members):
                higher = inside[weights[inside] > least + _STEP_BITS]
                if len(higher):
                    waiting.append((higher, least + _STEP_BITS))
            elif len(members) > MAX_COMPONENT:
                dense.extend(np.sort(members)[i : i + MAX_COMPONENT] for i in range(0, len(members), MAX_COMPONENT))
            elif len(members) == 2:
                labels[members] = members.min()
            else:
                dense.append(np.sort(members))
    if dense:
        _join_dense(dense, weigh, threshold - TOLERATED_BITS, labels)
    return _numbered(labels)


def _components(
    left: Indices, right: Indices, rows: npt.NDArray[np.int64]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return the connected components of pairs: the sorted members and the rows of the pairs of each."""
    if not len(left):
        return []
    members, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = places[: len(left)], places[len(left) :]
    # Every member points to the smallest member known to be connected, until all of a component point to one.
    least = np.arange(len(members))
    while True:
        before = least.copy()
        np.minimum.at(least, before[a], before[b])
        np.minimum.at(least, before[b], before[a])
        while not np.array_equal(shorter := least[least], least):
            least = shorter
        if np.array_equal(least, before):
            break
    by_component, by_pair = np.argsort(least, kind="stable"), np.argsort(least[a], kind="stable")
    ends = np.flatnonzero(np.diff(least[by_component])) + 1
    pair_ends = np.searchsorted(least[a][by_pair], least[by_component][np.append(ends - 1, len(members) - 1)], "right")
    return list(zip(np.split(members[by_component], ends), np.split(rows[by_pair], pair_ends[:-1]), strict=True))


def _join_dense(
    groups: list[npt.NDArray[np.int64]],
    weigh: Callable[[Indices, Indices], Floats],
    least: float,
    labels: Indices,
) -> None:
    triangles = [np.triu_indices(len(group), 1) for group in groups]
    left = np.concatenate([group[a] for group, (a, _) in zip(groups, triangles, strict=True)])
    right = np.concatenate([group[b] for group, (_, b) in zip(groups, triangles, strict=True)])
    weights = np.clip(weigh(left, right), -MOST_BITS, MOST_BITS)
    start = 0
    for group, (a, b) in zip(groups, triangles, strict=True):
        inside = weights[start : start + len(a)]
        start += len(a)
        if inside.min() > least:
            # Then every average is above it too.
            labels[group] = group[0]
            continue
        matrix = np.full((len(group), len(group)), 0.0)
        matrix[a, b] = matrix[b, a] = inside
        labels[group] = group[_average_linkage(matrix, least)]


def _average_linkage(sums: Floats, least: float) -> npt.NDArray[np.int64]:
    """Return the first row of each row's cluster; clusters are joined while the best average between two is above ``least``."""
    count = len(sums)
    label = np.arange(count)
    sizes = np.ones(count)
    average = sums.copy()
    np.fill_diagonal(average, -np.inf)
    while True:
        a, b = sorted(divmod(int(average.argmax()), count))
        if average[a, b] <= least:
            return label
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sizes[a] += sizes[b]
        gone = np.isneginf(average[a])
        average[a] = average[:, a] = np.where(gone, -np.inf, sums[a] / (sizes[a] * sizes))
        average[b] = average[:, b] = -np.inf
        label[label == b] = a


def _numbered(labels: Indices) -> Indices:
    """Return the labels as numbers from 0 in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]
