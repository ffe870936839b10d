"""Matching of the whole store in batches: builds the index, estimates weights, compares candidates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import attrs
import numpy as np

from omnitrack.foundation.context import Context
from omnitrack.identity.partition import DIFFERENT, MATCH
from omnitrack.matching import Model, Profile
from omnitrack.matching.blocking import RULES
from omnitrack.matching.evidence import columns_of, evidence_of
from omnitrack.matching.weights import probability_of
from omnitrack.model import Assurance
from omnitrack.reading.everything import read_identifiers
from omnitrack.reading.profiles import index_stored, profiles_of, reindex_run
from omnitrack.records import BLOCK
from omnitrack.storage.contract import NO_ID, RETIRED, SHARED, IdentifierRow, LinkRow, Transaction
from omnitrack.suggesting.suggest import Found, best_of, put_matches

CHUNK = 2_000
SAMPLE = 5_000  # customers from whose profiles weights are estimated

_BOUNDS = {rule.name: rule.bound for rule in RULES}


def index_step(tx: Transaction, after: bytes | None, region: str | None) -> bytes | None:
    """Index a chunk of identifiers and their traits under their blocking keys; return where to go on (None at the end)."""
    rows = tx.find_identifiers(after=after, limit=CHUNK)
    if not rows:
        return None
    tx.put_records(index_stored(tx, rows, region))
    return rows[-1].id


def reindex_step(tx: Transaction, after: bytes | None, region: str | None) -> bytes | None:
    """Index a chunk of identifiers and their traits anew, replacing their old records; return where to go on (None at the end)."""
    rows = tx.find_identifiers(after=after, limit=CHUNK)
    if not rows:
        return None
    reindex_run(tx, rows, region)
    return rows[-1].id


def clear_step(tx: Transaction, after: str | None) -> str | None:
    """Delete a chunk of index records; return where to go on (None at the end)."""
    records = tx.find_records(BLOCK, after=after, limit=CHUNK)
    if not records:
        return None
    tx.delete(records=[(BLOCK, record.key) for record in records])
    return records[-1].key


@attrs.frozen(slots=True)
class Block:
    """Identifiers with a blocking key in common."""

    ids: tuple[bytes, ...]


def blocks_after(tx: Transaction, after: str | None, limit: int) -> tuple[list[Block], str | None]:
    """Return blocks of two or more identifiers, each cut at the bound of its rule, and where to go on (None at the end)."""
    records = tx.find_records(BLOCK, after=after, limit=limit)
    if not records:
        return [], None
    groups = [(key, list(rows)) for key, rows in groupby(records, key=lambda r: r.key.rpartition("/")[0])]
    last_key, last = groups[-1]
    if len(records) == limit:
        bound = _BOUNDS.get(last_key.partition(":")[0], 50)
        # The last block may extend beyond the limit: read it on its own, and go on after it.
        last[:] = tx.find_records(BLOCK, prefix=f"{last_key}/", limit=bound)
        position: str | None = f"{last_key}/\U0010ffff"
    else:
        position = None
    blocks = []
    for key, rows in groups:
        bound = _BOUNDS.get(key.partition(":")[0], 50)
        if len(rows) > 1:
            blocks.append(Block(tuple(bytes.fromhex(r.key.rpartition("/")[2]) for r in rows[:bound])))
    return blocks, position


def compare_blocks(tx: Transaction, ctx: Context, blocks: Sequence[Block], model: Model, least: float) -> list[Found]:
    """Compare all pairs of customers within each block at once; return the pairs that are likely enough."""
    ids = sorted({x for block in blocks for x in block.ids})
    rows = {r.id: r for r in tx.find_identifiers(ids=ids) if not r.state & (SHARED | RETIRED)}
    homes = sorted({r.customer for r in rows.values()})
    number = {home: n for n, home in enumerate(homes)}
    pairs: set[tuple[int, int]] = set()
    for block in blocks:
        inside = sorted({number[rows[x].customer] for x in block.ids if x in rows})
        pairs.update((a, b) for i, a in enumerate(inside) for b in inside[i + 1 :])
    if not pairs:
        return []
    members: dict[bytes, list[IdentifierRow]] = {home: [] for home in homes}
    for r in tx.find_identifiers(customers=homes):
        members[r.customer].append(r)
    profiles = profiles_of(tx, homes, [r for group in members.values() for r in group])
    chosen = np.array(sorted(pairs), dtype=np.int64)
    columns = columns_of([profiles[home] for home in homes])
    left, right = np.ascontiguousarray(chosen[:, 0]), np.ascontiguousarray(chosen[:, 1])
    probability = probability_of(model.weigh(columns, evidence_of(columns, left, right)))
    likely = np.flatnonzero(probability >= least)
    denied = _denied_pairs(tx, members) if len(likely) else set()
    out = []
    for n in likely.tolist():
        a, b = homes[left[n]], homes[right[n]]
        if (a, b) not in denied:
            out.append(Found(best_of(ctx, members[a]).id, best_of(ctx, members[b]).id, float(probability[n])))
    return out


def store_matches(tx: Transaction, ctx: Context, found: Sequence[Found], model: Model, least: float, now: int) -> int:
    """Compare found pairs again as they are now, and store those that are still likely as suggesting links. Those that the policy allows to merge
    do so. The caller holds the guard. Return how many were new or got another score."""
    tx.lock_identifiers(sorted({end for f in found for end in (f.a, f.b)}))
    found = compare_blocks(tx, ctx, [Block((f.a, f.b)) for f in found], model, least)
    ends = sorted({x for f in found for x in (f.a, f.b)})
    there = {(x.a, x.b): x for x in tx.find_links(ends) if x.basis == MATCH} if ends else {}
    added: list[LinkRow] = []
    removed: list[LinkRow] = []
    for f in found:
        a, b = sorted((f.a, f.b))
        score = round(f.probability * 1_000_000)
        old = there.get((a, b))
        if old is not None and old.score == score:
            continue
        if old is not None:
            removed.append(old)
        seen = now if old is None else old.seen
        added.append(LinkRow(a, b, MATCH, int(Assurance.SIMILAR), NO_ID, seen, NO_ID, score))
    if added:
        put_matches(tx, ctx, added, removed, now)
    return len(added)


def _denied_pairs(tx: Transaction, members: dict[bytes, list[IdentifierRow]]) -> set[tuple[bytes, bytes]]:
    of = {r.id: home for home, rows in members.items() for r in rows}
    pairs = set()
    for link in tx.find_links(list(of)):
        if link.basis == DIFFERENT and link.a in of and link.b in of:
            a, b = sorted((of[link.a], of[link.b]))
            pairs.add((a, b))
    return pairs


def sample_profiles(tx: Transaction) -> tuple[list[Profile], int]:
    """Return profiles of customers to estimate weights from, and the number of customers.

    Whole blocks are sampled, since weights are learnt from duplicates, and customers chosen at random contain hardly any.
    """
    population = sum(row.home == row.customer for row in read_identifiers(tx))
    homes: dict[bytes, None] = {}
    after: str | None = None
    while len(homes) < SAMPLE:
        blocks, after = blocks_after(tx, after, CHUNK)
        ids = sorted({x for block in blocks for x in block.ids})
        rows = tx.find_identifiers(ids=ids) if ids else []
        homes.update((r.customer, None) for r in rows if not r.state & SHARED)
        if after is None:
            break
    chosen = list(homes)[:SAMPLE]
    members = tx.find_identifiers(customers=chosen) if chosen else []
    return [p for p in profiles_of(tx, chosen, members).values() if p], population
