"""The journal: what writers change while a rebuild runs, so that the rebuild can apply it.

It is kept while a rebuild runs and no longer. Whatever adds interactions, brings identifiers to life, or changes links, customers or states while it
holds the guard with others calls ``touch``; what holds the guard alone need not. What erases, retracts, attributes or reassigns empties it, and the rebuild, which sees by the epoch that
there was such an operation, computes again: so nothing of somebody who was erased stays in it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import attrs

from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import new_id
from omnitrack.records import TOUCHED
from omnitrack.storage.contract import LinkRow, RecordRow, Transaction

CHUNK = 2_000  # records read at a time
SIZE = 500  # links of one record

LinkKey = tuple[bytes, bytes, str, int, bytes]


@attrs.define(slots=True)
class Touched:
    """What writers touched.

    Attributes:
        interactions: that were added. identifiers: that were born, or whose customer or state changed.
        links: that were added, taken away or dated anew, by key.
        looked_at: those of the interactions of which it is known how they are to be filed.
    """

    interactions: set[bytes] = attrs.field(factory=set)
    identifiers: set[bytes] = attrs.field(factory=set)
    links: dict[LinkKey, LinkRow] = attrs.field(factory=dict)
    looked_at: set[bytes] = attrs.field(factory=set)
    _keys: set[str] = attrs.field(factory=set)

    def read(self, tx: Transaction) -> None:
        """Take in what the journal has besides."""
        after: str | None = None
        while True:
            records = tx.find_records(TOUCHED, after=after, limit=CHUNK)
            for record in records:
                if record.key not in self._keys:
                    self._take(record)
                    self._keys.add(record.key)
            if len(records) < CHUNK:
                return
            after = records[-1].key

    def unseen(self) -> list[bytes]:
        """Return the interactions that were not looked at yet."""
        return sorted(self.interactions - self.looked_at)

    def _take(self, record: RecordRow) -> None:
        value = json.loads(record.value)
        self.identifiers.update(map(bytes.fromhex, value["identifiers"]))
        for a, b, basis, assurance, ref, seen, evidence, score in value["links"]:
            link = LinkRow(
                bytes.fromhex(a),
                bytes.fromhex(b),
                basis,
                assurance,
                bytes.fromhex(ref),
                seen,
                bytes.fromhex(evidence),
                score,
            )
            known = self.links.get(link[:5])
            if known is None or (link.seen, link.evidence) < (known.seen, known.evidence):
                self.links[link[:5]] = link
        self.interactions.update(map(bytes.fromhex, value["interactions"]))


def touch(
    tx: Transaction,
    ctx: Context,
    *,
    interactions: Collection[bytes] = (),
    identifiers: Iterable[bytes] = (),
    links: Iterable[LinkRow] = (),
) -> None:
    """Note what a transaction writes, where a rebuild runs beside it. Called after ``enter``, which knows whether one does."""
    if not ctx.known.rebuilding:
        return
    named, joined = sorted(set(identifiers)), list(links)
    if not (interactions or named or joined):
        return
    records = []
    for start in range(0, max(len(interactions), len(named), len(joined)), SIZE):
        part = slice(start, start + SIZE)
        value = {
            "interactions": [x.hex() for x in list(interactions)[part]],
            "identifiers": [x.hex() for x in named[part]],
            "links": [
                [x.a.hex(), x.b.hex(), x.basis, x.assurance, x.ref.hex(), x.seen, x.evidence.hex(), x.score]
                for x in joined[part]
            ],
        }
        records.append(RecordRow(TOUCHED, new_id().hex(), json.dumps(value), -1))
    tx.put_records(records)


def empty(tx: Transaction) -> None:
    """Delete the whole journal."""
    while records := tx.find_records(TOUCHED, limit=CHUNK):
        tx.delete(records=[(TOUCHED, record.key) for record in records])
