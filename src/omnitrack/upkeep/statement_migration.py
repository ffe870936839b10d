"""The data migration of statements to the form that separates their mentions from the holders that they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.settings import adoption_mark
from omnitrack.identity.mention import LAST, Mention, Tenures, mention_holder
from omnitrack.identity.partition import REASSIGNED, SHARED_MARK
from omnitrack.identity.statement import ATTRIBUTED, StatementRecord
from omnitrack.records import ADOPTED, ANCHOR_OVERRIDE, SETTINGS, STATEMENT
from omnitrack.statements.reasons import named_in
from omnitrack.statements.statement_index import CHUNK, attributed, index_of
from omnitrack.storage.contract import RETIRED, IdentifierRow, RecordRow, Transaction

Position = tuple[str, str | None]  # kind and key of a record


def adopted(tx: Transaction) -> bool:
    """Whether all statements in the store are in the current form."""
    return bool(tx.find_records(SETTINGS, keys=[ADOPTED]))


def adopt_step(ctx: Context, tx: Transaction, position: Position | None) -> Position | None:
    """Convert a chunk of statements, or later of overrides, to the current form, and index them; return where to go on (None at the end).

    Records that another process writes meanwhile are already in the current form, and are left unchanged.
    """
    tx.guard()
    kind, after = position or (STATEMENT, None)
    rows = tx.find_records(kind, after=after, limit=CHUNK)
    if not rows:
        if kind == STATEMENT:
            return ANCHOR_OVERRIDE, None
        tx.put_records([adoption_mark()])
        return None
    if kind == STATEMENT:
        _adopt_statements(tx, ctx, rows)
    else:
        _adopt_overrides(tx, rows)
    return kind, rows[-1].key


class _Holders:
    """The rows of holders, and the later holders of their identifiers."""

    def __init__(self, tx: Transaction, ids: set[bytes]) -> None:
        self._rows: Mapping[bytes, IdentifierRow] = {row.id: row for row in tx.find_identifiers(ids=sorted(ids))}
        self._tenures: Mapping[bytes, Tenures] = tenures_of(tx, sorted({row.base for row in self._rows.values()}))

    def base(self, holder: bytes) -> bytes:
        row = self._rows.get(holder)
        return holder if row is None else row.base  # a holder erased since had no other identifier

    def mention(self, holder: bytes, at: int) -> Mention:
        """Return the mention of a holder named by customer id."""
        row = self._rows.get(holder)
        if row is None:
            return Mention(holder, holder, at)
        return mention_holder(row.base, holder, row.since, self._tenures[row.base], at)

    def pin(self, holder: bytes) -> Mention:
        """Return the mention that keeps an interaction under a holder; for a retired holder, the one where it was filed instead."""
        row = self._rows.get(holder)
        if row is not None and row.state & RETIRED and row.since is not None:
            return Mention(row.base, holder, row.since)
        return self.mention(holder, LAST)


def _adopt_statements(tx: Transaction, ctx: Context, rows: list[RecordRow]) -> None:
    found = [(row, json.loads(row.value)) for row in rows]
    old = [values for _, values in found if "named_a" not in values]
    holders = _Holders(tx, {bytes.fromhex(values[end]) for values in old for end in ("a", "b")})
    interactions = {bytes.fromhex(values["interaction"]) for values in old} - {b""}
    began = {i.id: i.occurred_at for i in tx.find_interactions(ids=sorted(interactions)) if i.revision == 0}
    put = []
    for row, values in found:
        if "named_a" not in values:
            _name(values, holders, began)
        said = StatementRecord.load(json.dumps(values))
        put += [row._replace(value=said.dump()), *index_of(said, row.key)]
        put += named_in(ctx, row.key, said.reason, said.retracted_reason)
        if said.interaction:
            tx.put_records([attributed(tx, said.interaction, row.key)])
    tx.put_records(put)


def _name(values: dict[str, Any], holders: _Holders, began: Mapping[bytes, int]) -> None:
    """Add the mentions to the values of a statement."""
    pinned = {"a": values.pop("pinned_a", False), "b": values.pop("pinned_b", False)}
    at = began.get(bytes.fromhex(values["interaction"]), values["at"])
    one = values["kind"] in (REASSIGNED, SHARED_MARK, ATTRIBUTED)
    for end in "a", "b":
        holder = bytes.fromhex(values[end])
        by_id = pinned[end] and values["kind"] != REASSIGNED
        named = holders.mention(holder, at) if by_id else Mention(holders.base(holder), None, at)
        values[f"named_{end}"] = None if end == "b" and one else named.dump()


def _adopt_overrides(tx: Transaction, rows: list[RecordRow]) -> None:
    found = [(row, json.loads(row.value)) for row in rows]
    pins = {pin for _, values in found for pin in (values.get("pin"), *(p for _, p in values.get("said", ())))}
    holders = _Holders(tx, {bytes.fromhex(pin) for pin in pins if isinstance(pin, str)})

    def adopt(pin: Any) -> Any:
        return holders.pin(bytes.fromhex(pin)).dump() if isinstance(pin, str) else pin

    for row, values in found:
        if "beside" not in values:
            values["pin"] = adopt(values.get("pin"))
            values["said"] = [[id, adopt(pin)] for id, pin in values.get("said", ())]
            tx.put_records([row._replace(value=json.dumps(values))])
