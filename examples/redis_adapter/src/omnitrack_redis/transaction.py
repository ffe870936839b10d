"""The contract's fifteen methods over what ``work`` reads and writes."""

from __future__ import annotations

from collections.abc import Sequence

from omnitrack.errors import BackendError, ConflictError, mask
from omnitrack.storage.contract import (
    ChangeRow,
    EntryRow,
    IdentifierChange,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Position,
    RecordRow,
    Transaction,
)
from omnitrack_redis import layout
from omnitrack_redis.layout import (
    CHANGES,
    ENTRIES,
    HOMES,
    IDENTIFIERS,
    INTERACTIONS,
    LINKS,
    LOCKS,
    META,
    RECORDS,
    SOURCES,
    Kind,
    number,
)
from omnitrack_redis.work import Work


def _after(key: bytes | None) -> bytes:
    return b"-" if key is None else b"(" + key


def _window(since: int | None, until: int | None, after: Position | None, newest: bool) -> tuple[bytes, bytes]:
    """Return the ends of a range of members that begin with a time and an interaction."""
    low = [] if since is None else [(number(since), b"[")]
    high = [] if until is None else [(number(until), b"(")]
    if after is not None and newest:
        high.append((number(after[0]) + after[1], b"("))
    elif after is not None:
        low.append((number(after[0]) + after[1] + b"\xff" * 40, b"("))  # beyond all members of that interaction
    return b"".join(max(low)[::-1]) if low else b"-", b"".join(min(high)[::-1]) if high else b"+"


def _pair(row: InteractionRow) -> bytes | None:
    """Return what a row owns of the sources: of a first revision that names both."""
    if row.revision or row.source is None or row.source_id is None:
        return None
    return layout.source_key(row.source, row.source_id)


class RedisTransaction(Transaction):
    """One transaction; see the contract for what each method promises."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def guard(self, exclusive: bool = False) -> int:
        if exclusive:
            self._work.close_gate()
        else:
            self._work.pass_gate()
        epoch = int(self._work.values_to_write(META, [b"epoch"]).get(b"epoch", b"0"))
        self._work.expect(META, b"epoch")
        if exclusive:
            epoch += 1
            self._work.set_value(META, b"epoch", str(epoch).encode())
        return epoch

    # -- identifiers ----------------------------------------------------------------------------------------------------
    def add_identifiers(self, rows: Sequence[IdentifierRow]) -> set[bytes]:
        there = self._work.rows_to_write(IDENTIFIERS, [row.id for row in rows])
        fresh = {row.id: row for row in reversed(rows) if row.id not in there}
        homes = self._work.values_to_write(HOMES, [row.home for row in fresh.values()])
        for row in fresh.values():
            if homes.setdefault(row.home, row.id) != row.id:
                raise BackendError(f"the home of identifier {row.id.hex()} is another identifier's already")
            self._work.set_value(HOMES, row.home, row.id)
            self._work.set_row(IDENTIFIERS, row.id, row)
        return {row.id for row in rows if row.id in there}

    def find_identifiers(
        self,
        *,
        ids: Sequence[bytes] | None = None,
        homes: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[IdentifierRow]:
        if homes is not None:
            ids = list(self._work.values(HOMES, list(dict.fromkeys(homes))).values())
        if ids is not None:
            rows = self._work.rows(IDENTIFIERS, ids)
            return [rows[one] for one in sorted(rows) if after is None or one > after][:limit]
        groups = [b"ids"] if customers is None else [b"customer:" + one for one in customers]
        return self._work.select(IDENTIFIERS, groups, low=_after(after), limit=limit)

    def lock_identifiers(self, ids: Sequence[bytes]) -> list[IdentifierRow]:
        """Two that lock the same row both count its locks up, so that only the first to commit does."""
        rows = self._work.rows_to_write(IDENTIFIERS, ids)
        locks = self._work.values_to_write(LOCKS, rows)
        for one in rows:
            self._work.expect(IDENTIFIERS.name, one)
            self._work.set_value(LOCKS, one, str(int(locks.get(one, b"0")) + 1).encode())
        return [rows[one] for one in sorted(rows)]

    def update_identifiers(self, changes: Sequence[IdentifierChange], log: Sequence[ChangeRow] = ()) -> None:
        rows = self._work.rows_to_write(IDENTIFIERS, [change.id for change in changes])
        for change in changes:
            if change.id in rows:
                row = rows[change.id]._replace(customer=change.customer, state=change.state, reason=change.reason)
                self._work.set_row(IDENTIFIERS, change.id, row)
        there = self._work.rows_to_write(CHANGES, [row.id for row in log])
        for row in log:
            if row.id not in there:
                self._work.set_row(CHANGES, row.id, row)

    def list_changes(
        self,
        *,
        identifiers: Sequence[bytes] | None = None,
        customers: Sequence[bytes] | None = None,
        until: int | None = None,
        after: bytes | None = None,
        limit: int | None = None,
    ) -> list[ChangeRow]:
        groups = [b"log"]
        if identifiers is not None:
            groups = [b"log-of:" + one for one in identifiers]
        elif customers is not None:
            groups = [b"log-by:" + one for one in customers]

        def passes(row: ChangeRow) -> bool:
            return until is None or row.at <= until

        return self._work.select(CHANGES, groups, low=_after(after), limit=limit, passes=passes)

    # -- links ----------------------------------------------------------------------------------------------------------
    def add_links(self, rows: Sequence[LinkRow]) -> None:
        there = self._work.rows_to_write(LINKS, [layout.link_key(row) for row in rows])
        for row in rows:
            key = layout.link_key(row)
            old = there.get(key)
            if old is None or (row.seen, row.evidence) < (old.seen, old.evidence):
                there[key] = row
                self._work.set_row(LINKS, key, row)

    def find_links(
        self,
        ids: Sequence[bytes] | None = None,
        *,
        after: tuple[bytes, bytes, str, int, bytes] | None = None,
        limit: int | None = None,
    ) -> list[LinkRow]:
        groups = [b"pairs"] if ids is None else [b"end:" + one for one in ids]
        low = _after(None if after is None else layout.link_position(after))
        return self._work.select(LINKS, groups, low=low, limit=limit)

    # -- interactions ---------------------------------------------------------------------------------------------------
    def add_interactions(self, rows: Sequence[InteractionRow], entries: Sequence[EntryRow]) -> set[bytes]:
        there = self._work.rows_to_write(INTERACTIONS, map(layout.interaction_key, rows))
        pairs = [
            _pair(row) for row in rows
        ]  # of each row its own: two of one id may name two sources, and the first is stored
        owners = self._work.values_to_write(SOURCES, [pair for pair in pairs if pair is not None])
        left_out = {row.id for row in rows if layout.interaction_key(row) in there}
        for row, pair in zip(rows, pairs, strict=True):
            key = layout.interaction_key(row)
            if key in there:
                continue
            if pair is not None:
                if pair in owners:
                    left_out.add(row.id)
                    continue
                owners[pair] = row.id
                self._work.set_value(SOURCES, pair, row.id)
            there[key] = row
            self._work.set_row(INTERACTIONS, key, row)
        stored = {row.id for row in rows} - left_out
        self._put_entries([entry for entry in entries if entry.interaction in stored])
        return left_out

    def _put_entries(self, entries: Sequence[EntryRow]) -> None:
        self._work.rows_to_write(ENTRIES, [layout.entry_key(entry) for entry in entries])
        for entry in entries:
            self._work.set_row(ENTRIES, layout.entry_key(entry), entry)

    def find_interactions(
        self,
        *,
        ids: Sequence[bytes] | None = None,
        sources: Sequence[tuple[str, str]] | None = None,
        since: int | None = None,
        until: int | None = None,
        after: Position | None = None,
        limit: int | None = None,
        newest: bool = False,
    ) -> list[InteractionRow]:
        if ids is not None:
            return self._work.select(INTERACTIONS, [b"revisions:" + one for one in ids])
        if sources is not None:
            pairs = dict.fromkeys(layout.source_key(*pair) for pair in sources)
            owners = self._work.values(SOURCES, list(pairs))
            rows = self._work.rows(INTERACTIONS, [owner + number(0) for owner in owners.values()])
            return [rows[key] for key in sorted(rows)]
        low, high = _window(since, until, after, newest)
        return self._work.select(INTERACTIONS, [b"moments"], low=low, high=high, skip=8, newest=newest, limit=limit)

    def list_entries(
        self,
        *,
        identifiers: Sequence[bytes] | None = None,
        interactions: Sequence[bytes] | None = None,
        roles: Sequence[int] | None = None,
        min_assurance: int = 0,
        since: int | None = None,
        until: int | None = None,
        channels: Sequence[str] | None = None,
        directions: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        after: Position | None = None,
        limit: int | None = None,
        newest: bool = True,
        as_of: int | None = None,
    ) -> list[EntryRow]:
        if (identifiers is None) == (interactions is None):
            raise ValueError("list_entries takes either identifiers or interactions")

        def passes(row: EntryRow) -> bool:
            return (
                (roles is None or row.role in roles)
                and row.assurance >= min_assurance
                and (channels is None or row.channel in channels)
                and (directions is None or row.direction in directions)
                and (kinds is None or row.kind in kinds)
                and (
                    row.removed_at is None
                    if as_of is None
                    else row.added_at <= as_of and (row.removed_at is None or row.removed_at > as_of)
                )
            )

        groups = [b"history:" + one for one in identifiers or ()] or [b"of:" + one for one in interactions or ()]
        low, high = _window(since, until, after, newest)
        return self._work.select(ENTRIES, groups, low=low, high=high, newest=newest, limit=limit, passes=passes)

    def replace_entries(self, removed: Sequence[EntryRow], added: Sequence[EntryRow], at: int) -> None:
        there = self._work.rows_to_write(ENTRIES, [layout.entry_key(entry) for entry in removed])
        for key, row in there.items():
            if row.removed_at is None:
                self._work.set_row(ENTRIES, key, row._replace(removed_at=at))
        self._put_entries(added)

    # -- records --------------------------------------------------------------------------------------------------------
    def put_records(self, rows: Sequence[RecordRow]) -> None:
        there = self._work.rows_to_write(RECORDS, [layout.record_key(row) for row in rows])
        for row in rows:
            key = layout.record_key(row)
            version = there[key].version if key in there else 0
            if row.version not in (version, -1):
                raise ConflictError(
                    f"record {mask(row.kind)} {mask(row.key)} has version {version}; version {row.version} was expected"
                )
            there[key] = row._replace(version=version + 1)
            self._work.set_row(RECORDS, key, there[key])

    def find_records(
        self,
        kind: str,
        *,
        keys: Sequence[str] | None = None,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[RecordRow]:
        if keys is not None:
            rows = self._work.rows(RECORDS, [layout.text(kind) + key.encode() for key in keys])
            chosen = [rows[key] for key in sorted(rows)]
            return [row for row in chosen if row.key.startswith(prefix) and (after is None or row.key > after)][:limit]
        first = layout.text(kind)
        low = b"[" if after is None or after < prefix else b"("
        low += first + (prefix if low == b"[" else after or "").encode()
        high = b"(" + first + prefix.encode() + b"\xff"  # above every byte of UTF-8
        return self._work.select(RECORDS, [b"records:" + kind.encode()], low=low, high=high, limit=limit)

    # -- deletion -------------------------------------------------------------------------------------------------------
    def delete(
        self,
        *,
        identifiers: Sequence[bytes] = (),
        links: Sequence[LinkRow] = (),
        interactions: Sequence[bytes] = (),
        entries: Sequence[EntryRow] = (),
        records: Sequence[tuple[str, str]] = (),
        changes: Sequence[bytes] = (),
    ) -> None:
        work = self._work
        rows = work.rows_to_write(IDENTIFIERS, identifiers)
        work.values_to_write(HOMES, [row.home for row in rows.values()])
        work.values_to_write(LOCKS, rows)
        self._remove(LINKS, [layout.link_key(row) for row in self.find_links(identifiers)])
        self._remove_all(ENTRIES, [b"history:" + one for one in identifiers])
        self._remove_all(CHANGES, [b"log-of:" + one for one in identifiers])
        self._remove_all(CHANGES, [b"log-by:" + row.home for row in rows.values()])
        for one, row in rows.items():
            work.set_value(HOMES, row.home, None)
            work.set_value(LOCKS, one, None)
        self._remove(IDENTIFIERS, list(rows))
        originals = work.rows(INTERACTIONS, [one + number(0) for one in interactions])
        pairs = [
            layout.source_key(row.source, row.source_id)
            for row in originals.values()
            if row.source is not None and row.source_id is not None
        ]
        work.values_to_write(SOURCES, pairs)
        for pair in pairs:
            work.set_value(SOURCES, pair, None)
        self._remove_all(INTERACTIONS, [b"revisions:" + one for one in interactions])
        self._remove_all(ENTRIES, [b"of:" + one for one in interactions])
        self._remove(LINKS, [layout.link_key(row) for row in links])
        self._remove(ENTRIES, [layout.entry_key(row) for row in entries])
        self._remove(RECORDS, [layout.text(kind) + key.encode() for kind, key in records])
        self._remove(CHANGES, list(changes))

    def _remove_all(self, kind: Kind, groups: Sequence[bytes]) -> None:
        self._remove(kind, [kind.key(row) for row in self._work.select(kind, groups)])

    def _remove(self, kind: Kind, keys: Sequence[bytes]) -> None:
        for key in self._work.rows_to_write(kind, keys):
            self._work.set_row(kind, key, None)
