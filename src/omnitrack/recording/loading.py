"""Loading: records items of a source one by one or in batches, with their revisions, and reports the results."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from omnitrack import observing
from omnitrack.errors import (
    InteractionNotFoundError,
    InvalidIdentifierError,
    InvalidInteractionError,
    check_flag,
    masked_repr,
)
from omnitrack.foundation.arguments import check_batch_size, iterated
from omnitrack.foundation.calls import Progress, Run, check_progress
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import entries_of
from omnitrack.foundation.ids import now_us, to_text
from omnitrack.foundation.once import Once, recorded
from omnitrack.foundation.settings import goes_over
from omnitrack.foundation.times import timed
from omnitrack.model import (
    MOST_REASONS,
    MOST_REPORTED,
    OTHER_REASONS,
    Change,
    Interaction,
    LoadReport,
    PassedOver,
    Recorded,
    Rejected,
    Revision,
    Role,
)
from omnitrack.model.handover_use import counted_uses
from omnitrack.model.sighting import Person as Person
from omnitrack.reading.resolve import customer_text
from omnitrack.recording.handover_uses import HandoverUses, look_for_handovers
from omnitrack.recording.prepare import Prepared, prepare
from omnitrack.recording.record import Batch, homes_for, record_batch
from omnitrack.recording.revise import add_revision
from omnitrack.recording.tenure_changes import record_with_tenure_changes
from omnitrack.recording.updates import Update, changed_since, find_updates
from omnitrack.sources.base import Source
from omnitrack.statements.identity_log import to_changes
from omnitrack.statements.proofs import NewHolderError
from omnitrack.storage.contract import NO_ID, Transaction

MOST_DEFERRED = 10_000  # revisions that arrived before their original

Item = Interaction | Revision | Rejected | PassedOver
Items = Iterable[Item]  # what a source yields
_Waiting = tuple[Interaction, str | None]  # an interaction, and where it stands


def make_interaction(
    customer: Person | None, customers: Iterable[Person] | None, fields: Mapping[str, Any]
) -> Interaction:
    """Return the interaction made of the arguments of record().

    Raises:
        InvalidInteractionError: both ``customer`` and ``customers`` were given, or a field is wrong.
    """
    if customer is not None and customers is not None:
        raise InvalidInteractionError("customer: got both customer and customers, accepted is one of the two")
    people = customers if customers is not None else ([customer] if customer is not None else [])
    if isinstance(fields.get("traits"), Mapping):
        fields = {**fields, "traits": {name: _dates_as_text(value) for name, value in fields["traits"].items()}}
    return Interaction(customers=people, **fields)


def _dates_as_text(value: Any) -> Any:
    """Return a trait as it is stored: dates, as databases and data frames give birth dates, become ISO 8601 text."""
    if isinstance(value, date):  # or a datetime
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [one.isoformat() if isinstance(one, date) else one for one in value]
    return value


@goes_over
def record(run: Run, ctx: Context, interaction: Interaction, *, strict: bool = False) -> Recorded:
    """Record one interaction.

    Raises:
        InvalidIdentifierError: with ``strict``, an identifier would be left out.
    """
    check_flag("strict", strict, InvalidInteractionError)
    now = now_us()
    item = timed(interaction, ctx.zone)
    prepared = prepare(ctx, item, now)
    if strict and prepared.rejected:
        raise InvalidIdentifierError("; ".join(one.reason for one in prepared.rejected))
    uses = look_for_handovers(run, ctx, [item], [prepared])
    out = _batch(run, ctx, [prepared], now, uses)
    stored_under = out.duplicates[0] or prepared.row.id
    changes: tuple[Change, ...] = ()
    if out.log:
        changes = tuple(run(lambda tx: to_changes(tx, out.log), write=False))

    def customers(tx: Transaction) -> tuple[str, ...]:
        entries = entries_of(tx, [stored_under])
        anchors = [e.identifier for e in entries if e.role == Role.ANCHOR and e.identifier != NO_ID]
        rows = tx.find_identifiers(ids=anchors) if anchors else []
        return tuple(dict.fromkeys(customer_text(row.customer) for row in rows))

    later = run.later
    found = run(customers, write=False) if later is None else None
    if prepared.rejected:
        observing.tell("loads", logging.INFO, "identifiers were left out", {"identifiers": len(prepared.rejected)})
    suppressed = bool(out.suppressed)
    return Recorded(
        interaction=None if suppressed else to_text("int", stored_under),
        duplicate=out.duplicates[0] is not None,
        suppressed=suppressed,
        changes=changes,
        rejected=tuple(prepared.rejected),
        handovers=uses.found(0),
        load=lambda: later(customers) if later is not None else found or (),
    )


def _batch(run: Run, ctx: Context, prepared: Sequence[Prepared], now: int, uses: HandoverUses) -> Batch:
    """Store a batch in one transaction."""
    homes = homes_for(prepared)
    amend = uses.amend if uses else None

    def is_there(tx: Transaction, out: Batch) -> bool:
        ours = next((p.row.id for p, there in zip(prepared, out.duplicates) if there is None), None)
        return ours is not None and recorded(ours, now)(tx, out)

    def write(tx: Transaction) -> Batch:
        out = record_batch(tx, ctx, prepared, homes, now, ctx.mark_key, amend=amend)
        uses.finish(tx, ctx, out, prepared)
        return out

    def write_anew(tx: Transaction) -> Batch:
        out = record_with_tenure_changes(tx, ctx, prepared, homes, now, ctx.mark_key, amend)
        uses.finish(tx, ctx, out, prepared)
        return out

    try:
        out = run(Once(write, is_there))
    except NewHolderError:
        out = run(Once(write_anew, is_there))
        ctx.known.carry_over(out.epoch, out.changed)
    ctx.learn(out.epoch, out.tenures, out.links, out.suppresses, out.steps)
    return out


def load(
    run: Run, ctx: Context, source: Source, *, batch_size: int, on_error: str, progress: Progress | None
) -> LoadReport:
    """Record the items of a source; progress is in bytes."""
    source.use_zone(ctx.zone)
    return record_many(
        run,
        ctx,
        source,
        batch_size=batch_size,
        on_error=on_error,
        progress=progress,
        position=lambda: (source.position, source.size),
        format=source.name,
        detected_by=lambda: source.detected_by,
        at=lambda: source.at,
        place=source.place,
    )


def record_many(
    run: Run,
    ctx: Context,
    items: Items,
    *,
    batch_size: int,
    on_error: str,
    progress: Progress | None,
    strict: bool = False,
    position: Callable[[], tuple[int, int | None]] | None = None,
    format: str | None = None,
    detected_by: Callable[[], str | None] = lambda: None,
    at: Callable[[], str | None] = lambda: None,
    place: Callable[[str], str] = str,
) -> LoadReport:
    """Record many interactions, batch by batch, and report the results.

    Args:
        strict: whether an interaction with an identifier that would be left out is rejected.
        position: how far the source has been read, and its size; None counts items.
        at: where the last item stands in the source; ``place`` makes this readable, called only if something of the item is rejected.
    """
    if on_error not in ("raise", "collect"):
        raise InvalidInteractionError(f"on_error: got {masked_repr(on_error)}, accepted are 'raise' and 'collect'")
    check_flag("strict", strict, InvalidInteractionError)
    check_batch_size(batch_size)
    check_progress(progress)
    loading = _Loading(run, ctx, _Tally(on_error), place, strict)
    seen = 0

    def report() -> None:
        if progress is not None:
            progress(*(position() if position is not None else (seen, None)))

    for item in iterated("interactions", items):
        seen += 1
        loading.take(item, at)
        if len(loading.waiting) >= batch_size:
            loading.flush()
            report()
    loading.end()
    report()
    found = loading.tally.report(format, detected_by())
    _tell(found)
    return found


def _tell(report: LoadReport) -> None:
    counts = {
        "added": report.added,
        "duplicates": report.duplicates,
        "revised": report.revised,
        "suppressed": report.suppressed,
        "rejected": report.rejected_total,
        "passed_over": report.passed_over_total,
    }
    level = logging.WARNING if report.rejected_total else logging.INFO
    observing.tell("loads", level, "a load ended", {**counts, "left_out": report.left_out_total})
    for outcome, number in counts.items():
        observing.count("load units", number, outcome=outcome)


class _Loading:
    """The state of a load: the interactions of the next batch, and the revisions that arrived before their original."""

    def __init__(self, run: Run, ctx: Context, tally: _Tally, place: Callable[[str], str], strict: bool) -> None:
        self._run = run
        self._ctx = ctx
        self._place = place
        self._strict = strict
        self.tally = tally
        self.waiting: list[_Waiting] = []  # each with its place in the source
        self._deferred: list[Revision] = []

    def take(self, item: Item, at: Callable[[], str | None]) -> None:
        """Accept one item."""
        if isinstance(item, (Interaction, Revision)):
            try:
                item = timed(item, self._ctx.zone)
            except InvalidInteractionError as error:
                at_place = at()
                item = Rejected(
                    reason=str(error),
                    where=None if at_place is None else self._place(at_place),
                    source=item.source,
                    source_id=item.source_id,
                )
        if isinstance(item, Interaction):
            self.waiting.append((item, at()))
        elif isinstance(item, Rejected):
            self.tally.reject(item)
        elif isinstance(item, PassedOver):
            self.tally.passed(item)
        elif isinstance(item, Revision):
            self.flush()
            if not self._revised(item):
                if len(self._deferred) < MOST_DEFERRED:
                    self._deferred.append(item)
                else:
                    self.tally.reject(_no_original(item))
        else:
            self.tally.reject(
                Rejected(
                    reason=f"item: got {type(item).__name__}, accepted are Interaction, Revision, Rejected and PassedOver"
                )
            )

    def flush(self) -> None:
        """Store the waiting interactions."""
        if not self.waiting:
            return
        now = now_us()
        waiting, self.waiting = self.waiting, []
        stored = self._store(waiting, now)
        if stored is None:
            return
        taken, prepared, uses, out = stored
        tally = self.tally
        there = sum(duplicate is not None for duplicate in out.duplicates)
        tally.duplicates += there
        tally.suppressed += len(out.suppressed)
        tally.added += len(prepared) - there - len(out.suppressed)
        tally.last_there = out.duplicates[-1] is not None
        if updates := find_updates([item for item, _ in taken], out.duplicates):
            self._changed(updates)
        for number, one in enumerate(prepared):
            counted_uses(uses.found(number), tally.handovers)
            if out.duplicates[number] is None:
                for rejected in one.rejected:
                    self._reject(rejected, taken[number][1])

    def _store(
        self, waiting: Sequence[_Waiting], now: int
    ) -> tuple[list[_Waiting], list[Prepared], HandoverUses, Batch] | None:
        """Store interactions in one transaction, read by the settings that the store goes by then; None where all of them are refused."""
        refused: list[tuple[Rejected, str | None]] = []

        @goes_over
        def store(run: Run, ctx: Context) -> tuple[list[_Waiting], list[Prepared], HandoverUses, Batch] | None:
            refused.clear()
            taken: list[_Waiting] = []
            prepared: list[Prepared] = []
            for item, at in waiting:
                one = prepare(ctx, item, now)
                if self._strict and one.rejected:
                    refused.append((attrs.evolve(one.rejected[0], kept=False), at))
                else:
                    taken.append((item, at))
                    prepared.append(one)
            if not prepared or (refused and self.tally.stops):
                return None
            uses = look_for_handovers(run, ctx, [item for item, _ in taken], prepared)
            return taken, prepared, uses, _batch(run, ctx, prepared, now, uses)

        stored = store(self._run, self._ctx)
        for rejected, at in refused:
            self._reject(rejected, at)
        return stored

    def _reject(self, rejected: Rejected, at: str | None) -> None:
        self.tally.reject(rejected if at is None else attrs.evolve(rejected, where=self._place(at)))

    def end(self) -> None:
        """Store what remains."""
        self.flush()
        for revision in self._deferred:
            if not self._revised(revision):
                self.tally.reject(_no_original(revision))

    def _changed(self, updates: Sequence[Update]) -> None:
        """Revise stored interactions that have changed at the source since."""
        for one in self._run(lambda tx: changed_since(tx, updates), write=False):
            try:
                added = self._revise(one.item, one.item.revised_at)
            except InteractionNotFoundError:
                continue  # it was erased meanwhile
            if added:
                self.tally.duplicates -= 1
                self.tally.revised += 1

    def _revise(self, item: Interaction | Revision, at: datetime | None) -> bool | None:
        """Revise the interaction that has the source and source id of an item; return the result of ``add_revision``."""
        assert item.source is not None
        assert item.source_id is not None
        return add_revision(
            self._run,
            self._ctx,
            item.source,
            item.source_id,
            body=item.body,
            subject=item.subject,
            deleted=item.deleted,
            at=at,
        )

    def _revised(self, revision: Revision) -> bool:
        tally = self.tally
        try:
            added = self._revise(revision, revision.at)
        except InteractionNotFoundError:
            return False
        if revision.same_unit:
            tally.revised_with_original(added)
        elif added is None:
            tally.suppressed += 1
        elif added:
            tally.revised += 1
        else:
            tally.duplicates += 1
        return True


def _no_original(revision: Revision) -> Rejected:
    return Rejected(
        reason="source_id: a revision of an interaction that is not there",
        source=revision.source,
        source_id=revision.source_id,
    )


class _Tally:
    """Counts of a load."""

    def __init__(self, on_error: str) -> None:
        self.stops = on_error == "raise"  # at the first that is rejected
        self.added = self.duplicates = self.revised = self.suppressed = self._total = self._left_out_total = 0
        self.last_there = False  # whether the last interaction was stored before
        self._rejected: list[Rejected] = []
        self._left_out: list[Rejected] = []
        self.handovers: dict[str, int] = {}  # by what became of their codes
        self._passed: dict[str, int] = {}
        self._examples: list[PassedOver] = []

    def reject(self, item: Rejected) -> None:
        if self.stops:
            where = f" ({item.where})" if item.where else ""
            raise InvalidInteractionError(f"{item.reason}{where}")
        listed = self._left_out if item.kept else self._rejected
        if item.kept:
            self._left_out_total += 1
        else:
            self._total += 1
        if len(listed) < MOST_REPORTED:
            listed.append(item)

    def passed(self, item: PassedOver) -> None:
        reason = item.reason if item.reason in self._passed or len(self._passed) < MOST_REASONS else OTHER_REASONS
        if reason not in self._passed:
            self._examples.append(attrs.evolve(item, reason=reason))
        self._passed[reason] = self._passed.get(reason, 0) + 1

    def revised_with_original(self, added: bool | None) -> None:
        """Count a revision that came with its original. If the original was a duplicate, the unit counts as revised instead."""
        if added and self.last_there:
            self.duplicates -= 1
            self.revised += 1
            self.last_there = False

    def report(self, format: str | None, detected_by: str | None) -> LoadReport:
        return LoadReport(
            added=self.added,
            duplicates=self.duplicates,
            revised=self.revised,
            suppressed=self.suppressed,
            rejected=tuple(self._rejected),
            rejected_total=self._total,
            passed_over=self._passed,
            passed_over_examples=tuple(self._examples),
            left_out=tuple(self._left_out),
            left_out_total=self._left_out_total,
            handovers=self.handovers,
            format=format,
            detected_by=detected_by,
        )
