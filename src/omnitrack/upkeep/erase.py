"""Erasure of a person, and retention by channel and age, with receipts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from omnitrack.errors import InvalidPolicyError, masked_repr
from omnitrack.foundation.anchor_override import find_overrides
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import all_entries, edited_evidence
from omnitrack.foundation.ids import new_ids, to_text
from omnitrack.foundation.scrub import Scrub, Scrubs, personal_patterns
from omnitrack.foundation.settings import enter
from omnitrack.identity.partition import EVIDENCE, MATCH, PERSONAL, strength_between
from omnitrack.identity.policy import Policy
from omnitrack.reading.resolve import Meant, to_identifier
from omnitrack.records import RECEIPT, SUPPRESSED, TRAIT, suppression_key
from omnitrack.statements.effects import Kept, follow_index, kept_apart, kept_mark, unsaid
from omnitrack.statements.neighbourhood import Cause, LinkKey, Plan, plan_change
from omnitrack.statements.reasons import reworded
from omnitrack.statements.settling import look_after, look_before
from omnitrack.statements.statement_index import delete_statements, mention
from omnitrack.storage.contract import (
    NO_ID,
    OVERSIZED,
    SHARED,
    ChangeRow,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    Position,
    RecordRow,
    Transaction,
)
from omnitrack.upkeep.dependents import changes_by, find_dependents, remove_dependents, without_cause
from omnitrack.upkeep.erasure_scope import ErasureScope, find_scope
from omnitrack.upkeep.redact import Staying, clean, read_staying, store_clean
from omnitrack.values import Value

BATCH = 500  # interactions that retention deletes in one transaction
MOST_UNDER_GUARD = 20_000  # characters that an erasure reads while other writers wait; about ten milliseconds


class NotWorkedOut(Exception):
    """The erasure found more text to redact than it had prepared. Prepare again."""


@attrs.frozen(slots=True, kw_only=True)
class Receipt(Value):
    """What an erasure, a retention or an unload removed, in numbers. It contains no personal data.

    Attributes:
        id: the id of the receipt.
        at: the time of the operation.
        by: who requested it.
        reason: why it was requested.
        interactions: number of deleted interactions.
        redacted: number of interactions kept for others, without this person's identifiers.
        entries: number of deleted entries, including those of deleted interactions.
        identifiers: number of deleted identifiers, including identifiers of others that nothing else names.
        links: number of deleted links.
        statements: number of deleted statements.
        records: number of deleted records.
        marks: number of keyed marks that keep deleted interactions from being imported again (those for redacted texts are not counted).
        kept_shared: number of other people's identifiers that stay shared, although this person was the reason.
        kept_apart: number of pairs of other people's identifiers that stay separate, although what was removed kept them apart.
        dry_run: True if nothing was changed.
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
    kept_apart: int = 0
    dry_run: bool = False

    def __str__(self) -> str:
        verb = "would be erased" if self.dry_run else "erased"
        return (
            f"{self.interactions} interactions, {self.identifiers} identifiers, {self.links} links, {self.entries} entries, "
            f"{self.statements} statements and {self.records} records {verb}; {self.redacted} interactions redacted"
        )


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
    scrubs: Scrubs,
    patient: bool,
) -> Receipt:
    """Erase a person from every table. Long: the order of the reads and writes of the transaction is in one place.

    Args:
        tx: the transaction.
        ctx: the context.
        who: the person.
        by: who requested the erasure.
        reason: why it was requested.
        dry_run: whether to change nothing and only count.
        suppress: whether to leave marks that keep deleted interactions from being imported again.
        now: the time, in microseconds.
        at: the same time, for the receipt.
        id: the id of the receipt.
        mark_key: the key of the marks.
        scrubs: the redactions prepared for texts that are kept for others.
        patient: whether to prepare the rest here, however much it is, while other writers wait.

    Raises:
        NotWorkedOut: much text was added since the preparation. Nothing was changed.
    """
    if not dry_run:
        enter(tx, ctx, exclusive=True)
    scope = find_scope(tx, ctx, who)
    ids = {row.id for row in (*scope.identifiers, *scope.alone)}
    # Other people's links that rested on deleted entries (two shared numbers in one call of this person) are deleted too.
    more, gone = edited_evidence(tx, dict.fromkeys(scope.entries), leaving=ids)
    removed = {x[:5]: x for x in (*scope.links, *gone)}
    neighbours = sorted({end for x in removed.values() for end in (x.a, x.b)} - ids)
    held = [
        kept_mark(mention(tx, row, now), now) for row in _to_hold(tx, _losing(removed, more, ids), scope.links, ids)
    ]
    plan, apart = _plan_apart(tx, ctx, more, held, list(removed.values()), neighbours, ids, now, lock=not dry_run)
    rows = [row for row in tx.find_interactions(ids=scope.interactions) if row.revision == 0]
    marks = [
        suppression_key(mark_key, row.source, row.source_id)
        for row in rows
        if suppress and row.source is not None and row.source_id is not None
    ]
    receipt = Receipt(
        id=to_text("rcp", id),
        at=at,
        by=by,
        reason=reason,
        interactions=len(scope.interactions),
        redacted=len(scope.redacted),
        entries=len(scope.entries),
        identifiers=len(ids),
        links=len(removed),
        statements=len(scope.statements),
        records=len(scope.records),
        marks=len(marks),
        kept_shared=len(held),
        kept_apart=len(apart),
        dry_run=dry_run,
    )
    if dry_run:
        return receipt
    staying = _staying(tx, ctx, scope, scrubs)
    person = _scrub(tx, ctx, scope, scrubs)
    bases = {row.base for row in scope.identifiers}
    others = reworded(tx, ctx, bases, scope.statements, person, scope.records, scope.staying, scope.cases)
    if not patient and staying.unknown() > MOST_UNDER_GUARD:
        raise NotWorkedOut
    redacted = clean(staying, mark_key)
    store_clean(tx, ctx, redacted)
    if suppress:
        marks += redacted.marks
    past = _past_of_others(tx, scope)
    before = look_before(tx, ctx, removed.values(), ids, scope.entries)
    named_by = changes_by(tx, {entry.identifier for entry in scope.entries} - ids, set(scope.interactions))
    tx.delete(
        identifiers=sorted(ids),
        links=list(removed.values()),
        interactions=scope.interactions,
        entries=scope.entries,
        records=[*scope.records, *others.gone],
        changes=[c.id for c in (*named_by, *others.changes)],
    )
    delete_statements(tx, scope.statements, scope.interactions)
    vacant = new_ids(len(scope.vacant))
    cleared = ~(SHARED | OVERSIZED)
    tx.add_identifiers(
        [r._replace(home=h, customer=h, state=r.state & cleared, born_at=now) for r, h in zip(scope.vacant, vacant)]
    )
    follow_index(tx, ctx, {row.id for row in scope.vacant})
    kept = [*held, *apart]
    tx.add_links([*more, *(link for one in kept for link in one.links), *scope.tenures])
    tx.put_records([*scope.staying, *unsaid(tx, kept), *others.records])
    cause = Cause(name="erase", at=now, ref=id, by=by, reason=person(reason))
    updates = [u for u in plan.updates if u.id not in ids]
    homes = {row.home for row in (*scope.identifiers, *scope.alone)}
    past += without_cause(named_by, homes)
    past_ids = {c.id for c in past}
    past += [
        c for c in others.changes if c.id not in past_ids and not {c.old, c.new} & homes and c.identifier not in ids
    ]
    tx.update_identifiers(updates, [*past, *plan.log(cause, skip=ids)])
    look_after(tx, ctx, before, ids, cause)
    kept_marks = [RecordRow(SUPPRESSED, key, "{}", -1) for key in dict.fromkeys(marks)]
    tx.put_records([*kept_marks, RecordRow(RECEIPT, receipt.id, "{}", -1)])
    return receipt


def is_receipted(tx: Transaction, receipt: Receipt) -> bool:
    """Whether the erasure with this receipt was done."""
    return bool(tx.find_records(RECEIPT, keys=[receipt.id]))


def _scrub(tx: Transaction, ctx: Context, scope: ErasureScope, scrubs: Scrubs) -> Scrub:
    """Return the redaction of the person for the texts of others."""
    traits = _traits(tx, scope)
    personal = personal_patterns(json.loads(record.value)["traits"] for record in traits)
    return scrubs.find(frozenset(map(to_identifier, scope.identifiers)), frozenset(), ctx.region, personal)


def _traits(tx: Transaction, scope: ErasureScope) -> list[RecordRow]:
    keys = [key for kind, key in scope.records if kind == TRAIT]
    return tx.find_records(TRAIT, keys=keys) if keys else []


def look_ahead(tx: Transaction, ctx: Context, who: Meant, scrubs: Scrubs) -> Staying:
    """Read the texts that an erasure would redact, so that they can be prepared before other writers have to wait."""
    return _staying(tx, ctx, find_scope(tx, ctx, who), scrubs)


def _staying(tx: Transaction, ctx: Context, scope: ErasureScope, scrubs: Scrubs) -> Staying:
    named = map(to_identifier, scope.identifiers)
    return read_staying(tx, ctx, named, scope.redacted, scope.entries, _traits(tx, scope), scrubs)


def _losing(removed: Mapping[LinkKey, LinkRow], more: Iterable[LinkRow], leaving: Collection[bytes]) -> list[bytes]:
    """Return the kept identifiers that lose a link; one whose link only gets another date loses nothing."""
    lost = removed.keys() - {x[:5] for x in more}
    return sorted({end for key in lost for end in key[:2]} - set(leaving))


def _to_hold(
    tx: Transaction, neighbours: Sequence[bytes], links: Iterable[LinkRow], ids: Collection[bytes]
) -> list[IdentifierRow]:
    """Return the identifiers of others that an erased person keeps apart: shared ones, and those stated to be personal to the erased person, which
    evidence would join to others from now on."""
    personal = {x.a for x in links if x.basis == PERSONAL and x.b in ids and x.a not in ids}
    rows = tx.find_identifiers(ids=neighbours) if neighbours else []
    return [row for row in rows if row.state & SHARED or row.id in personal]


def _plan_apart(
    tx: Transaction,
    ctx: Context,
    more: Sequence[LinkRow],
    held: Sequence[Kept],
    removed: Sequence[LinkRow],
    touched: Sequence[bytes],
    leaving: Collection[bytes],
    now: int,
    *,
    lock: bool,
) -> tuple[Plan, list[Kept]]:
    """Return the plan of a deletion, and the statements that keep it from merging customers.

    Evidence between two customers that something held back (each has an account of its own, say) would merge them once the obstacle is deleted.
    Nobody has stated that, and an agent would see a stranger's history, so the two ends stay apart until somebody states that they are one.
    (A component that was split only because of its size is joined again: it no longer looks like corrupt input.)
    """
    gone = set(leaving)
    apart: dict[tuple[bytes, bytes], Kept] = {}
    while True:
        kept = [link for one in (*held, *apart.values()) for link in one.links]
        plan = plan_change(tx, ctx.policy, added=[*more, *kept], removed=removed, touched=touched, lock=lock)
        fresh = {
            (link.a, link.b): kept_apart(mention(tx, plan.rows[link.a], now), mention(tx, plan.rows[link.b], now), now)
            for link in plan.links
            if link.basis in EVIDENCE
            and not {link.a, link.b} & gone
            and (link.a, link.b) not in apart
            and _joins(plan, link, ctx.policy)
        }
        if not fresh:
            return plan, list(apart.values())
        apart |= fresh


def _joins(plan: Plan, link: LinkRow, policy: Policy) -> bool:
    """Whether the ends of a link were two customers' and will be one's, other than because a component was too large."""
    a, b = plan.rows.get(link.a), plan.rows.get(link.b)
    if a is None or b is None or a.customer == b.customer or (a.state | b.state) & OVERSIZED:
        return False
    if link.basis != MATCH and not strength_between(link, a, b, policy):
        return False
    return plan.result.customer[a.id] == plan.result.customer[b.id]


def _past_of_others(tx: Transaction, scope: ErasureScope) -> list[ChangeRow]:
    """Return other people's membership history that names deleted customers, with each identifier's own home instead: it belonged to the erased
    person then, which nobody may know any more, and to nobody else."""
    gone = (*scope.identifiers, *scope.alone)
    ids = {row.id for row in gone}
    homes = {row.home for row in gone}
    changes = [c for c in tx.list_changes(customers=sorted(homes)) if c.identifier not in ids]
    own = {row.id: row.home for row in tx.find_identifiers(ids=sorted({c.identifier for c in changes}))}
    past = []
    for c in changes:
        if c.identifier in own:
            old, new = (own[c.identifier] if home in homes else home for home in (c.old, c.new))
            if old != new:
                past.append(c._replace(old=old, new=new, ref=NO_ID, reason=None))
    return past


# -- retention ------------------------------------------------------------------------------------------------------------


def _channels(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = (value,) if isinstance(value, str) else value
    if not isinstance(found, (tuple, list, set, frozenset)) or not found or not all(isinstance(c, str) for c in found):
        raise InvalidPolicyError(
            f"channels: got {masked_repr(value)}, accepted are names of channels, and None for all"
        )
    return tuple(found)


@attrs.frozen(slots=True, kw_only=True)
class RetentionRule(Value):
    """A rule that interactions are kept for a time after they occurred.

    Attributes:
        keep: how long they are kept, above zero.
        channels: the channels that the rule applies to; None for all.
    """

    keep: timedelta
    channels: tuple[str, ...] | None = attrs.field(default=None, converter=_channels)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.keep, timedelta) or self.keep <= timedelta(0):
            raise InvalidPolicyError(f"keep: got {masked_repr(self.keep)}, accepted is a timedelta above zero")


def retain_step(
    tx: Transaction,
    ctx: Context,
    rules: Sequence[tuple[int, tuple[str, ...] | None]],
    after: tuple[int, bytes] | None,
    now: int,
    dry_run: bool,
) -> tuple[dict[str, int], tuple[int, bytes] | None]:
    """Delete one batch of expired interactions. The caller holds the guard exclusively, except for a ``dry_run``.

    Args:
        tx: the transaction.
        ctx: the context.
        rules: pairs of (cut, channels): interactions of these channels from before the cut, in microseconds, are deleted.
        after: the position to go on from; None for the start.
        now: the time, in microseconds.
        dry_run: whether to count only.

    Returns:
        Counts as in Receipt, and where to go on (None at the end).
    """

    def stays(row: InteractionRow | EntryRow) -> bool:
        return not any(
            row.occurred_at < cut and (channels is None or row.channel in channels) for cut, channels in rules
        )

    rows = tx.find_interactions(until=max(cut for cut, _ in rules), after=after, limit=BATCH)
    if not rows:
        return {}, None
    position = (rows[-1].occurred_at, rows[-1].id)
    turns = _turns(tx, {row.id: row for row in rows}, stays)
    old = [row.id for row in rows if turns[row.id] == (row.occurred_at, row.id)]
    if not old:
        return {}, position

    def is_gone(id: bytes, leaving: Collection[bytes], _: Mapping[bytes, int]) -> bool:
        """Whether the last entry of an identifier is deleted with these. Entries that later batches delete still count."""
        newest = tx.list_entries(identifiers=[id], limit=1)
        if newest and newest[0].kind != "note" and newest[0].interaction not in leaving:
            return False
        others = {e.interaction: e for e in all_entries(tx, [id]) if e.interaction not in leaving}
        turns = _turns(tx, others, stays)
        return all(turn is not None and turn <= position for turn in turns.values())

    going = find_dependents(tx, ctx, old, is_gone)
    unnamed, removed, more = going.unnamed, going.removed, going.added
    counts = going.counts()
    if dry_run:
        return counts, position
    ends = sorted({end for x in removed.values() for end in (x.a, x.b)} - set(unnamed))
    held = [kept_mark(mention(tx, row, now), now) for row in _to_hold(tx, _losing(removed, more, unnamed), (), ())]
    plan, apart = _plan_apart(tx, ctx, more, held, list(removed.values()), ends, unnamed, now, lock=True)
    counts |= {"kept_shared": len(held), "kept_apart": len(apart)}
    before = look_before(tx, ctx, removed.values(), unnamed, going.entries)
    cause = Cause(name="retention", at=now)
    remove_dependents(tx, ctx, going, plan, cause, [*held, *apart])
    look_after(tx, ctx, before, set(unnamed), cause)
    return counts, position


def _turns(
    tx: Transaction,
    rows: Mapping[bytes, InteractionRow | EntryRow],
    stays: Callable[[InteractionRow | EntryRow], bool],
) -> dict[bytes, Position | None]:
    """Return the position at which each interaction is deleted, None for those that are kept. A note is deleted with its interaction; if that is kept,
    by its own time."""
    overrides = find_overrides(tx, [id for id, row in rows.items() if row.kind == "note"])
    beside = {id: override.beside for id, override in overrides.items() if override.beside is not None}
    first = {row.id: row for row in tx.find_interactions(ids=sorted(set(beside.values())))} if beside else {}
    turns: dict[bytes, Position | None] = {}
    for id, row in rows.items():
        leader = first.get(beside.get(id, id))
        if leader is not None and not stays(leader):
            turns[id] = (leader.occurred_at, leader.id)
        else:
            turns[id] = None if stays(row) else (row.occurred_at, id)
    return turns
