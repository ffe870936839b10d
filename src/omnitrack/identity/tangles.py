"""Rule d on numbers: joins, link by link, the components in which something keeps two identifiers apart."""

from __future__ import annotations

from omnitrack.identity.numbered import Numbered, Solved


def untangle(numbered: Numbered, solved: Solved) -> None:
    """Apply rule d to the components with a hazard: as ``partition`` does, on numbers."""
    owner, homes, most = solved.owner, numbered.homes, numbered.max_identifiers
    kept_apart: dict[int, set[int]] = {}
    for a, b in numbered.denied:
        kept_apart.setdefault(a, set()).add(b)
        kept_apart.setdefault(b, set()).add(a)
    holders: dict[int, list[int]] = {}
    for n, first in numbered.bases.items():
        holders.setdefault(first, []).append(n)
    for several in holders.values():
        for n in several:
            kept_apart.setdefault(n, set()).update(several)
    for tangle in solved.tangles:
        # Components cannot meet, so that several are joined side by side.
        up = dict(zip(tangle.nodes, tangle.nodes))
        size = dict.fromkeys(tangle.nodes, 1)
        apart = {n: set(kept_apart[n]) for n in tangle.nodes if n in kept_apart} if kept_apart else {}
        values = {
            n: {group: numbered.leader.get(n, n)}
            for n, group in zip(tangle.nodes, map(numbered.group.__getitem__, tangle.nodes))
            if numbered.exclusive[group]
        }

        def find(n: int, up: dict[int, int] = up) -> int:
            while (further := up[n]) != n:
                up[n] = n = up[further]
            return n

        for a, b in tangle.links:
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
        for n in tangle.nodes:
            owner[n] = find(n)
