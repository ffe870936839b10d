"""Rule d of the partition over integers: joins the components in which two identifiers must stay apart, link by link."""

from __future__ import annotations

from omnitrack.identity.integer_graph import IntegerGraph, Solution


def join_hazards(graph: IntegerGraph, solved: Solution) -> None:
    """Apply rule d to the components with a hazard, as ``partition`` does."""
    owner, homes, most = solved.owner, graph.homes, graph.max_identifiers
    kept_apart: dict[int, set[int]] = {}
    for a, b in graph.denied:
        kept_apart.setdefault(a, set()).add(b)
        kept_apart.setdefault(b, set()).add(a)
    holders: dict[int, list[int]] = {}
    for n, first in graph.bases.items():
        holders.setdefault(first, []).append(n)
    for several in holders.values():
        for n in several:
            kept_apart.setdefault(n, set()).update(several)
    for batch in solved.hazards:
        # Components never meet, so several are joined at the same time.
        up = dict(zip(batch.nodes, batch.nodes))
        size = dict.fromkeys(batch.nodes, 1)
        apart = {n: set(kept_apart[n]) for n in batch.nodes if n in kept_apart} if kept_apart else {}
        values = {
            n: {group: graph.leader.get(n, n)}
            for n, group in zip(batch.nodes, map(graph.group.__getitem__, batch.nodes))
            if graph.exclusive[group]
        }

        def find(n: int, up: dict[int, int] = up) -> int:
            while (further := up[n]) != n:
                up[n] = n = up[further]
            return n

        for a, b in batch.links:
            a, b = find(a), find(b)
            if a == b:
                continue
            if a in apart and b in apart:
                fewer, root = (apart[a], b) if len(apart[a]) <= len(apart[b]) else (apart[b], a)
                if any(x in up and find(x) == root for x in fewer):
                    continue
            if a in values and b in values:
                others = values[b]
                if any(others.get(group, value) != value for group, value in values[a].items()):
                    continue
            if most is not None and size[a] + size[b] > most:
                continue
            if homes[a * 16 : a * 16 + 16] > homes[b * 16 : b * 16 + 16]:
                a, b = b, a
            up[b] = a
            size[a] += size[b]
            if b in values:
                values.setdefault(a, {}).update(values[b])
            if b in apart:
                fewer, more = sorted((apart.get(a, set()), apart.pop(b)), key=len)
                more |= fewer
                apart[a] = more
        for n in batch.nodes:
            owner[n] = find(n)
