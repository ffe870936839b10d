"""Erasure of a person, and retention by channel and age: what goes, what stays redacted, and the receipt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import attrs

from omnitrack.errors import InvalidPolicyError
from omnitrack.identity.partition import EVIDENCE, REASSIGNED, SHARED_MARK
from omnitrack.identity.statement import StatementRecord
from omnitrack.model import Assurance, Role
from omnitrack.storage.contract import (
    NO_ID,
    RETIRED,
    SHARED,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    RecordRow,
    Transaction,
)
from omnitrack.storage.contract import REASSIGNED as HAS_HOLDERS
from omnitrack.usecases.context import Context
from omnitrack.usecases.evidence import all_entries, edited_evidence, entries_of
from omnitrack.usecases.ids import new_id, new_ids, to_text
from omnitrack.usecases.neighbourhood import Cause, plan_change
from omnitrack.usecases.record import SUPPRESSED, TRAIT, suppression_key
from omnitrack.usecases.resolve import Meant, get_row, to_identifier
from omnitrack.usecases.settings import enter
from omnitrack.usecases.statements import STATEMENT

REDACTED = "[erased]"
BATCH = 500  # interactions that retention takes away in one transaction


@attrs.frozen(slots=True, kw_only=True)
class Receipt:
    """What an erasure or a retention took away, in numbers; holds nothing of the person.

    Attributes:
        interactions: deleted whole. redacted: kept for others, without this person's identifiers.
        entries: deleted, those of deleted interactions included.
        identifiers, links, statements, records: deleted.
        marks: left so that a re-run import does not bring an interaction back.
        kept_shared: identifiers of others that stay shared, as they were because of this person.
        dry_run: nothing was done.
    """

    id: str
    at: datetime
    by: str | None = None
    reason: str | None = None
    interactions: int = 0
    redacted: int = 0
    entries: int = 0
    identifiers: int = 0
    links: int = 0
    statements: int = 0
    records: int = 0
    marks: int = 0
    kept_shared: int = 0
    dry_run: bool = False

    def __str__(self) -> str:
        verb = "would be erased" if self.dry_run else "erased"
        return (
            f"{self.interactions} interactions, {self.identifiers} identifiers, {self.links} links, {self.entries} entries, "
            f"{self.statements} statements and {self.records} records {verb}; {self.redacted} interactions redacted"
        )


@attrs.define(slots=True)
class _Sweep:
    """All that has to go, gathered before anything is touched."""

    identifiers: list[IdentifierRow]
    interactions: list[bytes]
    redacted: dict[bytes, list[EntryRow]]  # interactions that stay, with the entries that stay
    entries: list[EntryRow]
    links: list[LinkRow]
    statements: list[str]
    records: list[tuple[str, str]]
    vacant: list[
        IdentifierRow
    ]  # holders that go while the identifier has others: the place stays, so that nobody else's is taken for it
    tenures: list[LinkRow]  # the reassignments that keep those places


def gather(tx: Transaction, ctx: Context, who: Meant) -> _Sweep:
    """Find everything that belongs to a person."""
    row = get_row(tx, ctx, who)
    members = [row] if row.state & SHARED else tx.find_identifiers(customers=[row.customer])
    members = [*members, *_retired(tx, members)]
    ids = {m.id for m in members}
    vacant, tenures = _vacated(tx, members)
    entries = _history(tx, sorted(ids))
    around: dict[bytes, list[EntryRow]] = {}
    for entry in _with_removed(tx, [e.interaction for e in entries]):
        around.setdefault(entry.interaction, []).append(entry)
    gone: list[bytes] = []
    redacted: dict[bytes, list[EntryRow]] = {}
    leaving: list[EntryRow] = []
    for interaction, group in around.items():
        anchors = {(e.person, e.added_at): e.identifier for e in group if e.role == Role.ANCHOR}
        # A person of the interaction goes whole: what else was said of them was seen with them, and names them.
        mine = [
            e
            for e in group
            if e.identifier in ids or (e.person >= 0 and anchors.get((e.person, e.added_at), NO_ID) in ids)
        ]
        staying = [e for e in group if e not in mine]
        leaving += mine
        if any(e.person >= 0 and e.removed_at is None for e in staying):
            redacted[interaction] = staying
        else:
            gone.append(interaction)
            leaving += staying
    links = [x for x in tx.find_links(sorted(ids)) if x not in tenures]
    statements = {to_text("st", x.ref) for x in links if x.basis not in EVIDENCE}
    statements |= _past_statements(tx, ids, set(gone))
    statements -= {to_text("st", x.ref) for x in tenures}
    records = [(TRAIT, r.key) for x in ids for r in tx.find_records(TRAIT, prefix=f"{x.hex()}/")]
    records += _index_of(tx, ctx, members)
    return _Sweep(members, gone, redacted, leaving, links, sorted(statements), records, vacant, tenures)


def _retired(tx: Transaction, members: Sequence[IdentifierRow]) -> list[IdentifierRow]:
    """Return the holders of these identifiers whose reassignment was retracted: they stand for the same person."""
    ids = {m.id for m in members}
    said = (StatementRecord.load(r.value) for r in _records(tx, STATEMENT))
    holders = {s.b for s in said if s.kind == REASSIGNED and s.retracted_at is not None and s.a in ids} - ids
    return [r for r in tx.find_identifiers(ids=sorted(holders)) if r.state & RETIRED] if holders else []


def _vacated(tx: Transaction, members: Sequence[IdentifierRow]) -> tuple[list[IdentifierRow], list[LinkRow]]:
    """Return the members that hold an identifier which others hold before or after them, and the reassignments between these.

    Their place has to stay, empty: sightings from its time would else be filed with another holder.
    """
    ids = {m.id for m in members}
    bases = sorted({m.base for m in members if m.base != m.id or m.state & HAS_HOLDERS})
    tenures = [x for x in tx.find_links(bases) if x.basis == REASSIGNED and x.a in bases] if bases else []
    holders: dict[bytes, set[bytes]] = {base: {base} for base in bases}
    for link in tenures:
        holders[link.a].add(link.b)
    held = {base for base, group in holders.items() if not group <= ids}
    vacant = [m for m in members if m.base in held and not m.state & RETIRED]
    return vacant, [x for x in tenures if x.a in held]


def _index_of(tx: Transaction, ctx: Context, rows: Sequence[IdentifierRow]) -> list[tuple[str, str]]:
    """Return what the index for matching keeps of identifiers."""
    if not ctx.known.matching:
        return []
    from omnitrack.usecases.profiles import index_of  # numpy, which only matching needs

    return index_of(tx, rows)


def _history(tx: Transaction, identifiers: Sequence[bytes]) -> list[EntryRow]:
    """Return the entries of identifiers, those that were replaced once included."""
    found = dict.fromkeys(all_entries(tx, identifiers))
    for entry in _replaced(tx, identifiers):
        found[entry] = None
    return list(found)


def _replaced(tx: Transaction, identifiers: Sequence[bytes]) -> list[EntryRow]:
    """Return entries that were filed under these identifiers before a statement moved them."""
    moved: set[bytes] = set()
    ids = set(identifiers)
    for record in _records(tx, STATEMENT):
        said = StatementRecord.load(record.value)
        if said.interaction:
            moved.add(said.interaction)
    return [e for e in _with_removed(tx, sorted(moved)) if e.identifier in ids]


def _records(tx: Transaction, kind: str) -> Iterable[RecordRow]:
    after: str | None = None
    while True:
        found = tx.find_records(kind, after=after, limit=1_000)
        yield from found
        if len(found) < 1_000:
            return
        after = found[-1].key


def _with_removed(tx: Transaction, interactions: Sequence[bytes]) -> list[EntryRow]:
    """Return every entry that these interactions have or had."""
    current = dict.fromkeys(entries_of(tx, interactions))
    times = {e.added_at for e in current}
    unique = list(dict.fromkeys(interactions))
    # Entries that were removed are found by looking back from each time at which others took their place.
    while times:
        earlier = tx.list_entries(interactions=unique, as_of=times.pop() - 1) if unique else []
        for entry in earlier:
            if entry not in current:
                current[entry] = None
                times.add(entry.added_at)
    return list(current)


def _past_statements(tx: Transaction, ids: set[bytes], interactions: set[bytes]) -> set[str]:
    """Return retracted statements and attributions that name these identifiers or interactions."""
    found = set()
    for record in _records(tx, STATEMENT):
        said = StatementRecord.load(record.value)
        if said.a in ids or said.b in ids or (said.interaction and said.interaction in interactions):
            found.add(record.key)
    return found


def erase(
    tx: Transaction,
    ctx: Context,
    who: Meant,
    *,
    by: str | None,
    reason: str | None,
    dry_run: bool,
    suppress: bool,
    now: int,
    at: datetime,
    id: bytes,
    mark_key: bytes,
) -> Receipt:
    """Take a person out of every table."""
    if not dry_run:
        enter(tx, ctx, exclusive=True)
    sweep = gather(tx, ctx, who)
    ids = {row.id for row in sweep.identifiers}
    neighbours = sorted({end for x in sweep.links for end in (x.a, x.b)} - ids)
    shared = [r for r in tx.find_identifiers(ids=neighbours) if r.state & SHARED] if neighbours else []
    rows = {row.id: row for row in tx.find_interactions(ids=sweep.interactions) if row.revision == 0}
    marks = [
        suppression_key(mark_key, row.source, row.source_id)
        for row in rows.values()
        if suppress and row.source is not None and row.source_id is not None
    ]
    receipt = Receipt(
        id=to_text("rcp", id),
        at=at,
        by=by,
        reason=reason,
        interactions=len(sweep.interactions),
        redacted=len(sweep.redacted),
        entries=len(sweep.entries),
        identifiers=len(ids),
        links=len(sweep.links),
        statements=len(sweep.statements),
        records=len(sweep.records),
        marks=len(marks),
        kept_shared=len(shared),
        dry_run=dry_run,
    )
    if dry_run:
        return receipt
    cause = Cause(name="erase", at=now, ref=id, by=by, reason=reason)
    kept = _keep_shared(tx, shared, now, reason)
    # Links of others that rested on entries which now go (a shared number in this person's interactions) go as well.
    others = sorted({e.identifier for e in sweep.entries} - ids - {NO_ID})
    more, gone = edited_evidence(tx, others, dict.fromkeys(sweep.entries)) if others else ([], [])
    removed = {x[:5]: x for x in (*sweep.links, *gone)}
    plan = plan_change(tx, ctx.policy, added=[*more, *kept], removed=list(removed.values()), touched=neighbours)
    _redact(tx, sweep)
    tx.delete(
        identifiers=sorted(ids),
        links=list(removed.values()),
        interactions=sweep.interactions,
        entries=sweep.entries,
        records=[*sweep.records, *((STATEMENT, key) for key in sweep.statements)],
    )
    homes_anew = new_ids(len(sweep.vacant))
    tx.add_identifiers(
        [r._replace(home=h, customer=h, state=r.state & ~SHARED, born_at=now) for r, h in zip(sweep.vacant, homes_anew)]
    )
    tx.add_links([*more, *kept, *sweep.tenures])
    updates = [u for u in plan.updates if u.id not in ids]
    log = [change for change in plan.log(cause) if change.identifier not in ids]
    if updates or log:
        homes = {row.home for row in sweep.identifiers}
        tx.update_identifiers(updates, [c for c in log if c.old not in homes and c.new not in homes])
    if marks:
        tx.put_records([RecordRow(SUPPRESSED, key, "{}", -1) for key in dict.fromkeys(marks)])
    return receipt


def _keep_shared(tx: Transaction, rows: Sequence[IdentifierRow], now: int, reason: str | None) -> list[LinkRow]:
    """Mark identifiers that are shared because of somebody who goes, so that an erasure never joins strangers."""
    links = []
    for row in rows:
        id = new_id()
        record = StatementRecord(
            kind=SHARED_MARK,
            a=row.id,
            b=row.id,
            at=now,
            by="omnitrack",
            reason="was shared when somebody who used it was erased",
            recorded_at=now,
        )
        tx.put_records([RecordRow(STATEMENT, to_text("st", id), record.dump(), 0)])
        links.append(LinkRow(row.id, row.id, SHARED_MARK, int(Assurance.STATED), id, now, NO_ID, 0))
    return links


def _redact(tx: Transaction, sweep: _Sweep) -> None:
    """Store interactions that stay for others again, without this person's identifiers in any text."""
    if not sweep.redacted:
        return
    raws: dict[bytes, set[str]] = {}
    for entry in sweep.entries:
        if entry.raw:
            raws.setdefault(entry.interaction, set()).add(entry.raw)
    names = set()
    for named in sweep.identifiers:
        identifier = to_identifier(named)
        names |= {identifier.key, identifier.value, identifier.display}
    rows = tx.find_interactions(ids=list(sweep.redacted))
    clean: list[InteractionRow] = []
    for row in rows:
        words = {w for w in names | raws.get(row.id, set()) if len(w) >= 3}
        # A word in JSON is escaped there; both forms are looked for.
        words |= {json.dumps(w, ensure_ascii=False)[1:-1] for w in words} | {json.dumps(w)[1:-1] for w in words}
        pattern = re.compile(
            "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) or r"(?!)", re.IGNORECASE
        )

        def scrub(text: str | None, pattern: re.Pattern[str] = pattern) -> str | None:
            return None if text is None else pattern.sub(REDACTED, text)

        clean.append(
            row._replace(
                subject=scrub(row.subject), body=scrub(row.body), thread=scrub(row.thread), extra=scrub(row.extra)
            )
        )
    tx.delete(interactions=list(sweep.redacted))
    first = [row for row in clean if row.revision == 0]
    tx.add_interactions(first, [])
    later = [row for row in clean if row.revision != 0]
    if later:
        tx.add_interactions(later, [])
    tx.replace_entries([], [entry for group in sweep.redacted.values() for entry in group], 0)


# -- retention ------------------------------------------------------------------------------------------------------------


@attrs.frozen(slots=True, kw_only=True)
class RetentionRule:
    """Interactions of these channels (None: of all) are kept for ``keep`` after they happened."""

    keep: timedelta
    channels: tuple[str, ...] | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.keep, timedelta) or self.keep <= timedelta(0):
            raise InvalidPolicyError(f"keep: got {self.keep!r}, accepted is a timedelta above zero")


def retain_step(
    tx: Transaction,
    ctx: Context,
    rules: Sequence[tuple[int, tuple[str, ...] | None]],
    after: tuple[int, bytes] | None,
    now: int,
    dry_run: bool,
) -> tuple[dict[str, int], tuple[int, bytes] | None]:
    """Take away one batch of interactions that are past their time.

    Args:
        rules: (cut, channels): interactions of these channels that happened before the cut, in microseconds, go.

    Returns:
        Counts as in Receipt, and where to go on (None at the end).
    """
    if not dry_run:
        enter(tx, ctx, exclusive=True)
    latest = max(cut for cut, _ in rules)
    rows = tx.find_interactions(until=latest, after=after, limit=BATCH)
    if not rows:
        return {}, None
    position = (rows[-1].occurred_at, rows[-1].id)
    old = [
        row
        for row in rows
        if any(row.occurred_at < cut and (channels is None or row.channel in channels) for cut, channels in rules)
    ]
    entries = _with_removed(tx, [row.id for row in old]) if old else []
    ids = sorted({e.identifier for e in entries} - {NO_ID})
    counts = {"interactions": len(old), "entries": len(entries)}
    if not old:
        return counts, position
    more, gone = edited_evidence(tx, ids, dict.fromkeys(entries)) if ids else ([], [])
    traits = [(TRAIT, f"{e.identifier.hex()}/{e.interaction.hex()}") for e in entries if e.role == Role.ANCHOR]
    traits = [(TRAIT, r.key) for r in tx.find_records(TRAIT, keys=[key for _, key in traits])] if traits else []
    counts |= {"links": len(gone), "records": len(traits)}
    leaving = {row.id for row in old}
    named = {e.identifier for e in all_entries(tx, ids) if e.interaction not in leaving} if ids else set()
    stated = {end for x in tx.find_links(ids) if x.basis not in EVIDENCE for end in (x.a, x.b)} if ids else set()
    unnamed = [x for x in ids if x not in named and x not in stated]
    counts["identifiers"] = len(unnamed)
    traits += _index_of(tx, ctx, tx.find_identifiers(ids=unnamed)) if unnamed else []
    if dry_run:
        return counts, position
    ends = sorted({end for x in gone for end in (x.a, x.b)} - set(unnamed))
    shared = [r for r in tx.find_identifiers(ids=ends) if r.state & SHARED] if ends else []
    kept = _keep_shared(tx, shared, now, None)
    counts["kept_shared"] = len(kept)
    plan = plan_change(tx, ctx.policy, added=[*more, *kept], removed=gone, touched=ends)
    tx.delete(identifiers=unnamed, links=gone, interactions=sorted(leaving), records=traits)
    tx.add_links([*more, *kept])
    skip = set(unnamed)
    updates = [u for u in plan.updates if u.id not in skip]
    tx.update_identifiers(updates, [c for c in plan.log(Cause(name="retention", at=now)) if c.identifier not in skip])
    return counts, position
