"""The calls that remove data over several transactions: erase, retention, unload."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import attrs

from omnitrack import observing
from omnitrack.errors import InvalidInteractionError, InvalidPolicyError, check_flag, masked_repr
from omnitrack.foundation import lease
from omnitrack.foundation.arguments import listed
from omnitrack.foundation.calls import Run, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us, new_id, now_us, to_text
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.once import Once
from omnitrack.foundation.scrub import Scrubs
from omnitrack.foundation.settings import goes_over, under
from omnitrack.identity.statement import check_said
from omnitrack.model import is_storable
from omnitrack.reading.resolve import Who, meant
from omnitrack.storage.contract import Position, Transaction
from omnitrack.upkeep.erase import NotWorkedOut, Receipt, RetentionRule, is_receipted, look_ahead, retain_step
from omnitrack.upkeep.erase import erase as erase_in
from omnitrack.upkeep.redact import clean
from omnitrack.upkeep.unload import unload_step

MOST_LOOKS = 5  # preparations of an erasure while texts keep coming

#: Deletes one batch from a position on; returns counts as in Receipt, and where to go on (None at the end).
Take = Callable[[Transaction, Position | None, bool], tuple[dict[str, int], Position | None]]


@goes_over
def erase(
    run: Run, ctx: Context, who: Who, *, by: str | None, reason: str | None, dry_run: bool, suppress: bool
) -> Receipt:
    """Erase a person."""
    check_flag("dry_run", dry_run, InvalidPolicyError)
    check_flag("suppress", suppress, InvalidPolicyError)
    check_said(by, reason)
    named, now, id = meant(ctx, who), now_us(), new_id()
    scrubs = Scrubs()

    def write(tx: Transaction, patient: bool) -> Receipt:
        return erase_in(
            tx,
            ctx,
            named,
            by=by,
            reason=reason,
            dry_run=dry_run,
            suppress=suppress,
            now=now,
            at=from_us(now),
            id=id,
            mark_key=ctx.mark_key,
            scrubs=scrubs,
            patient=patient,
        )

    if dry_run:
        return run(partial(write, patient=True), write=False)
    for look in range(MOST_LOOKS):
        # Redaction reads every text of the person, which may take long; nobody has to wait for it.
        staying = run(lambda tx: look_ahead(tx, ctx, named, scrubs), write=False)
        run.offload(partial(clean, staying, ctx.mark_key))
        try:
            receipt = run(Once(partial(write, patient=look == MOST_LOOKS - 1), is_receipted))
        except NotWorkedOut:
            continue
        break
    ctx.forget()
    _tell("an erasure ended", receipt)
    return receipt


def apply_retention(run: Run, ctx: Context, rules: Iterable[RetentionRule], *, dry_run: bool) -> Receipt:
    """Delete expired interactions, batch by batch."""
    now = now_us()
    check_flag("dry_run", dry_run, InvalidPolicyError)
    rules = listed("rules", rules, "a list of RetentionRule", InvalidPolicyError)
    if not rules:
        raise InvalidPolicyError("rules: got none, accepted are one or more RetentionRule")
    for rule in rules:
        if not isinstance(rule, RetentionRule):
            raise InvalidPolicyError(f"rules: got {type(rule).__name__}, accepted are RetentionRule")
    return _retain(run, ctx, rules, now, dry_run)


@goes_over
def _retain(run: Run, ctx: Context, rules: Sequence[RetentionRule], now: int, dry_run: bool) -> Receipt:
    cuts = [(now - int(rule.keep / timedelta(microseconds=1)), rule.channels) for rule in rules]
    return _in_batches(
        run, ctx, lease.RETENTION, lambda tx, after, dry: retain_step(tx, ctx, cuts, after, now, dry), now, dry_run
    )


@goes_over
def unload(run: Run, ctx: Context, source: str, *, dry_run: bool) -> Receipt:
    """Delete the interactions of a source, batch by batch."""
    now = now_us()
    check_flag("dry_run", dry_run, InvalidPolicyError)
    if not isinstance(source, str) or not source or not is_storable(source):
        raise InvalidInteractionError(f"source: got {masked_repr(source)}, accepted is the name of a source")
    return _in_batches(
        run, ctx, lease.UNLOAD, lambda tx, after, dry: unload_step(tx, ctx, source, after, now, dry), now, dry_run
    )


def _in_batches(run: Run, ctx: Context, what: str, take: Take, now: int, dry_run: bool) -> Receipt:
    """Delete batch by batch, each in a transaction that checks the lease of the operation; a dry run only counts, and needs no lease."""
    if dry_run:
        counts = _added_up(lambda at: run(lambda tx: take(tx, at, True), write=False))
    else:
        with lease.holding(run, ctx, what) as held:
            counts = _added_up(partial(_batch, run, ctx, held, take))
        ctx.forget()
    changes: dict[str, Any] = dict(counts)
    receipt = attrs.evolve(Receipt(id=to_text("rcp", new_id()), at=from_us(now), dry_run=dry_run), **changes)
    if not dry_run:
        _tell("a retention ended" if what == lease.RETENTION else "an unload ended", receipt)
    return receipt


def _tell(what: str, receipt: Receipt) -> None:
    names = ("interactions", "redacted", "identifiers", "links", "statements", "records")
    observing.tell("care", logging.INFO, what, {name: getattr(receipt, name) for name in names})


def _batch(
    run: Run, ctx: Context, held: Lease, take: Take, after: Position | None
) -> tuple[dict[str, int], Position | None]:
    step = under(ctx, held, lambda tx: take(tx, after, False), exclusive=True)
    return run(lease.once(held, step))


def _added_up(
    batch: Callable[[Position | None], tuple[dict[str, int], Position | None]],
) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for found in walk(batch):
        for name, number in found.items():
            counts[name] = counts.get(name, 0) + number
    return counts
