"""The rebuild: computes customers while others read and write, and applies the result in one transaction.

The change becomes visible as a whole: readers see either the old customers or the new ones. Writers use the old settings until the take-over. Whatever
they write during the computation they note in the journal, and the take-over, which holds the guard exclusively, applies it. Erasures, retractions,
attributions and reassignments change the input in ways that the journal does not record; then the computation is repeated, the last time
under the guard itself, so that it always ends.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from functools import partial

import attrs

from omnitrack import observing
from omnitrack.foundation import journal, lease
from omnitrack.foundation.calls import Progress, Run, at_once, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import entries_of
from omnitrack.foundation.ids import new_ids
from omnitrack.foundation.journal import LinkKey, Touched
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.linkability import linkable
from omnitrack.foundation.settings import INDEX_FORM, change_settings, kept, read_settings, under
from omnitrack.foundation.unreadable import understood
from omnitrack.identity.bulk import Bulk, Census
from omnitrack.identity.partition import MATCH
from omnitrack.statements.neighbourhood import Cause, plan_change
from omnitrack.statements.proofs import handles_of
from omnitrack.statements.refile import filed_otherwise, filed_otherwise_among, refile
from omnitrack.statements.seen import timed
from omnitrack.statements.settling import settle, unsettled
from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    OVERSIZED,
    SHARED,
    ChangeRow,
    IdentifierChange,
    IdentifierRow,
    LinkRow,
    Transaction,
)
from omnitrack.upkeep.handles import find_handles
from omnitrack.upkeep.index_building import build_index
from omnitrack.upkeep.rebuild import RebuildReport
from omnitrack.upkeep.renormalise import is_of_today, renormalise
from omnitrack.upkeep.restate import differ, restate
from omnitrack.upkeep.silences import Silences, entries_after

CHUNK = 5_000
ROUNDS = 3  # computations alongside writers; the next one is under the guard
CATCH_UP = 5  # times that the journal is read alongside writers before it is read under the guard
LITTLE = 500  # interactions in the journal that may be left for the guard
MOST_TOUCHED = 20_000  # links in the journal; beyond that the computation is repeated

CAUSE = "rebuild"


@attrs.define(slots=True)
class Staged:
    """The customers by the new settings, computed but not written.

    Attributes:
        generation: the generation of the lease.
        epoch: the epoch of the store when the computation began; only the take-over may increase it.
        bulk: computes the partition.
        silences: finds the identifiers with a long silence.
        census: the partition, in some fifty bytes an identifier, with numpy.
        linkable: whether each identifier may identify a person, a byte each.
        reasons: why not, by place, for those that may not.
        links: the number of links read.
        differing: the ids of identifiers whose derived fields change, 16 bytes each.
        refiled: the interactions to be filed elsewhere.
        handles: the identifiers, by their first holders, whose holders change.
        touched: what writers touched meanwhile.
    """

    generation: int
    epoch: int
    bulk: Bulk
    silences: Silences
    census: Census | None = None
    linkable: bytearray = attrs.field(factory=bytearray)
    reasons: dict[int, str] = attrs.field(factory=dict)
    links: int = 0
    differing: bytearray = attrs.field(factory=bytearray)
    refiled: dict[bytes, None] = attrs.field(factory=dict)
    handles: list[bytes] = attrs.field(factory=list)
    touched: Touched = attrs.field(factory=Touched)

    def take_identifiers(self, ctx: Context, rows: Sequence[IdentifierRow]) -> None:
        """Add identifiers, sorted by id."""
        judged = []
        for row in rows:
            may, reason = linkable(ctx, row)
            if reason is not None:
                self.reasons[len(self.linkable)] = sys.intern(reason)
            self.linkable.append(may)
            judged.append(row if may == bool(row.state & LINKABLE) else row._replace(state=row.state ^ LINKABLE))
        self.bulk.add_identifiers(judged)
        self.silences.add(judged)

    def take_links(self, rows: Sequence[LinkRow]) -> None:
        """Add links, after all identifiers."""
        self.bulk.add_links(rows)
        self.links += len(rows)

    def changes(self, ctx: Context, rows: Sequence[IdentifierRow]) -> Iterator[tuple[IdentifierRow, IdentifierChange]]:
        """Yield identifiers whose derived fields change, with the changes. One created meanwhile gets a customer of its own; its links are applied
        afterwards."""
        census = self.census
        assert census is not None
        for row, place in zip(rows, census.index.find([row.id for row in rows])):
            if place < 0:
                may, reason = linkable(ctx, row)
                customer, state = row.home, LINKABLE if may else 0
            else:
                customer, reason = census.customer_at(place), self.reasons.get(place)
                state = LINKABLE if self.linkable[place] else 0
                state |= (SHARED if census.shared[place] else 0) | (OVERSIZED if census.oversized[place] else 0)
            state |= row.state & ~(LINKABLE | SHARED | OVERSIZED)
            if (customer, state, reason) != (row.customer, row.state, row.reason):
                yield row, IdentifierChange(row.id, customer, state, reason)

    def ids_of_changes(self, ctx: Context, rows: Sequence[IdentifierRow]) -> bytes:
        """Return the ids of the identifiers whose derived fields change, concatenated."""
        return b"".join(row.id for row, _ in self.changes(ctx, rows))


def rebuild(run: Run, ctx: Context, held: Lease, progress: Progress | None) -> RebuildReport:
    """Recompute the customers by this tracker's settings, and make these the store's."""
    # Conversions of the rows that customers are computed from are part of the take-over, so that nobody sees one without the other.
    reshaped = run(lambda tx: not is_of_today(tx) or differ(tx), write=False)
    report = None if reshaped else _beside_writers(run, ctx, held, progress)
    if report is None:
        report = run(lease.once(held, lambda tx: at_once(lambda inside: _under_the_guard(inside, ctx, held), tx)))
    ctx.known.forget()
    if ctx.known.matching:
        _reindex(run, ctx, held)
    facts = {"identifiers": report.identifiers, "customers": report.customers, "beside_writers": not reshaped}
    observing.tell("care", logging.INFO, "a rebuild took effect", facts)
    settings = run(read_settings, write=False)
    if settings is not None and settings.terms == ctx.terms.text:
        ctx.known.put_in_force(ctx, settings.version)
    return report


def _beside_writers(run: Run, ctx: Context, held: Lease, progress: Progress | None) -> RebuildReport | None:
    """Compute and take over while others write; None if they changed the input each time."""
    for _ in range(ROUNDS):
        staged = _stage(run, ctx, held, progress)
        if len(staged.touched.links) <= MOST_TOUCHED:
            report = run(lease.once(held, partial(_take_over, ctx=ctx, held=held, staged=staged)))
            if report is not None:
                return report
    return None


def _under_the_guard(run: Run, ctx: Context, held: Lease) -> RebuildReport:
    """Compute and take over in one transaction while every writer waits, after converting older forms."""
    run(lambda tx: _reshape(tx, ctx, held))
    staged = _stage(run, ctx, held, None)
    report = run(lambda tx: _take_over(tx, ctx, held, staged))
    assert report is not None
    return report


def _reshape(tx: Transaction, ctx: Context, held: Lease) -> None:
    tx.guard(exclusive=True)
    lease.check(tx, held, ctx.clock())
    renormalise(tx, ctx, ctx.clock())
    restate(tx)


def _stage(run: Run, ctx: Context, held: Lease, progress: Progress | None) -> Staged:
    """Compute the customers, and find what will change. Writes only the setting that makes writers keep the journal."""

    def begin(tx: Transaction) -> Staged:
        epoch = change_settings(tx, rebuilding=held.generation)
        lease.check(tx, held, ctx.clock())
        journal.empty(tx)
        return Staged(held.generation, epoch, Bulk(ctx.policy), Silences(ctx))

    staged = run(begin)
    beat = ctx.clock() + lease.TERM // 4
    for ids in walk(lambda at: run(lambda tx: filed_otherwise(tx, ctx, at), write=False)):
        staged.refiled.update(dict.fromkeys(ids))
        beat = _beat(run, ctx, held, beat)
    for rows in _identifiers(run):
        understood(staged.take_identifiers, ctx, rows)
        beat = _beat(run, ctx, held, beat)
    for links in walk(lambda at: run(lambda tx: _links_after(tx, at), write=False)):
        understood(staged.take_links, links)
        beat = _beat(run, ctx, held, beat)
    staged.census = understood(staged.bulk.solve)
    if ctx.policy.silence:
        for entries, overrides in walk(lambda at: run(lambda tx: entries_after(tx, at), write=False)):
            staged.silences.see(staged.census.index, entries, overrides)
            beat = _beat(run, ctx, held, beat)
    silent = staged.silences.found
    staged.handles = run(lambda tx: unsettled(tx, ctx, sorted(silent.union(find_handles(tx, ctx)))), write=False)
    _beat(run, ctx, held, beat)
    _compare(run, ctx, held, staged, progress)
    _catch_up(run, ctx, held, staged)
    return staged


def _identifiers(run: Run) -> Iterator[list[IdentifierRow]]:
    """Yield all identifiers sorted by id, a chunk in each transaction."""
    return walk(lambda at: run(lambda tx: _identifiers_after(tx, at), write=False))


def _identifiers_after(tx: Transaction, after: bytes | None) -> tuple[list[IdentifierRow], bytes | None]:
    rows = tx.find_identifiers(after=after, limit=CHUNK)
    return rows, rows[-1].id if len(rows) == CHUNK else None


def _links_after(tx: Transaction, after: LinkKey | None) -> tuple[list[LinkRow], LinkKey | None]:
    links = tx.find_links(after=after, limit=CHUNK)
    return links, links[-1][:5] if len(links) == CHUNK else None


def _beat(run: Run, ctx: Context, held: Lease, due: int) -> int:
    """Renew the lease if due; return when it is due next."""
    now = ctx.clock()
    if now < due:
        return due

    def renew(tx: Transaction) -> None:
        tx.guard()
        lease.check(tx, held, ctx.clock())

    run(renew)
    return now + lease.TERM // 4


def _compare(run: Run, ctx: Context, held: Lease, staged: Staged, progress: Progress | None) -> None:
    """Find the identifiers that the take-over must write."""
    beat, done, total = 0, 0, len(staged.linkable)
    for rows in _identifiers(run):
        staged.differing += understood(staged.ids_of_changes, ctx, rows)
        beat = _beat(run, ctx, held, beat)
        done = min(done + len(rows), total)
        if progress is not None and rows:
            progress(done, total)


def _catch_up(run: Run, ctx: Context, held: Lease, staged: Staged) -> None:
    """Check what writers recorded meanwhile, so that little is left to check while they wait."""
    beat = 0
    for _ in range(CATCH_UP):
        run(staged.touched.read, write=False)
        beat = _beat(run, ctx, held, beat)
        ids = staged.touched.unseen()
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            found = run(partial(filed_otherwise_among, ctx=ctx, ids=part), write=False)
            staged.refiled.update(dict.fromkeys(found))
            staged.touched.looked_at.update(part)
        if len(ids) < LITTLE:
            return


def _take_over(tx: Transaction, ctx: Context, held: Lease, staged: Staged) -> RebuildReport | None:
    """Write the changes and switch the store to the new settings, in one transaction; None if the computation must be repeated.

    It holds the guard exclusively: no earlier writer is still writing, and none begins. Only rows that change are written.
    """
    epoch = tx.guard(exclusive=True)
    lease.check(tx, held, ctx.clock())
    settings = read_settings(tx)
    assert settings is not None
    if epoch != staged.epoch + 1 or settings.rebuilding != staged.generation:
        return None  # the input has changed since the computation
    ctx.known.matching = settings.matching
    touched = staged.touched
    touched.read(tx)
    now = ctx.clock()
    filed = list(dict.fromkeys((*staged.refiled, *touched.unseen())))
    seen = _seen_in(tx, ctx, [*filed, *touched.looked_at])
    more, less = _refile(tx, ctx, filed, now)
    seen |= _seen_in(tx, ctx, filed)
    moved = updated = 0
    for part in _each(staged):
        changes = list(staged.changes(ctx, tx.find_identifiers(ids=part)))
        log = _logged([(row, row.customer, change.customer) for row, change in changes], now)
        tx.update_identifiers([change for _, change in changes], log)
        _judge_anew(tx, ctx, [(row, to.reason) for row, to in changes if row.reason != to.reason])
        updated += len(changes)
        moved += len(log)
    moved += _take_in(tx, ctx, touched, more, less, now)
    shown = seen | {row.id for row in handles_of(tx, [*touched.links.values(), *more, *less])}
    moved += len(settle(tx, ctx, shown.union(staged.handles), Cause(name=CAUSE, at=now)))
    change_settings(tx, **kept(ctx.terms, settings), rebuilding=0)
    journal.empty(tx)
    assert staged.census is not None
    return RebuildReport(
        identifiers=len(staged.linkable),
        links=staged.links,
        customers=staged.census.customers(),
        moved=moved,
        updated=updated,
    )


def _seen_in(tx: Transaction, ctx: Context, ids: Sequence[bytes]) -> set[bytes]:
    """Return the first holders of identifiers in interactions to which the silence rule applies."""
    return set(timed(tx, ctx, (entry.identifier for entry in entries_of(tx, ids)))) if ctx.policy.silence else set()


def _judge_anew(tx: Transaction, ctx: Context, changes: Sequence[tuple[IdentifierRow, str | None]]) -> None:
    """Update the matching index for identifiers whose reason not to identify changed, since a placeholder says nothing about anybody."""
    if changes and ctx.known.matching:
        from omnitrack.reading.profiles import index_of, reindex_run  # numpy, which only matching needs

        tx.delete(records=index_of(tx, [row for row, _ in changes]))
        reindex_run(tx, [row._replace(reason=reason) for row, reason in changes], ctx.region)


def _each(staged: Staged) -> Iterator[list[bytes]]:
    """Yield in pieces the identifiers that may have to be written: those that differed in the computation, and those touched since."""
    for start in range(0, len(staged.differing), CHUNK * 16):
        piece = staged.differing[start : start + CHUNK * 16]
        yield [bytes(piece[n : n + 16]) for n in range(0, len(piece), 16)]
    rest = sorted(staged.touched.identifiers)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]


def _logged(moves: Sequence[tuple[IdentifierRow, bytes, bytes]], now: int) -> list[ChangeRow]:
    moved = [(row.id, old, new) for row, old, new in moves if old != new]
    return [
        ChangeRow(id, now, x, old, new, CAUSE, NO_ID, None, None)
        for id, (x, old, new) in zip(new_ids(len(moved)), moved)
    ]


def _refile(tx: Transaction, ctx: Context, ids: Sequence[bytes], now: int) -> tuple[list[LinkRow], list[LinkRow]]:
    more: list[LinkRow] = []
    less: list[LinkRow] = []
    for start in range(0, len(ids), CHUNK):
        came, went = refile(tx, ctx, ids[start : start + CHUNK], now)
        more += came
        less += went
    return more, less


def _take_in(
    tx: Transaction, ctx: Context, touched: Touched, more: Sequence[LinkRow], less: Sequence[LinkRow], now: int
) -> int:
    """Apply the links added and removed since the computation began, as if now; return how many more identifiers moved."""
    links = touched.links
    # Writers delete only matches; the store tells whether one still exists.
    matches = sorted({end for link in links.values() if link.basis == MATCH for end in link[:2]})
    stored = {link[:5]: link for link in tx.find_links(matches)} if matches else {}
    gone = {link[:5] for link in less}
    added = [stored.get(key, link) for key, link in links.items() if key in stored or link.basis != MATCH]
    added = [link for link in added if link[:5] not in gone]
    removed = [link for key, link in links.items() if link.basis == MATCH and key not in stored]
    # An address that became the company's own joined nobody in the computation, so its links can go unnoticed.
    ends = sorted({end for link in (*more, *less) for end in link[:2]})
    usable = {row.id for row in tx.find_identifiers(ids=ends) if row.state & LINKABLE} if ends else set()
    added += [link for link in more if usable.issuperset(link[:2])]
    removed += [link for link in less if usable.issuperset(link[:2])]
    if not (added or removed):
        return 0
    plan = plan_change(tx, ctx.policy, added=added, removed=removed)
    moving = sorted(row.id for row, _ in plan.moved())
    known = {c.identifier: c for c in tx.list_changes(identifiers=moving) if c.at == now and c.cause == CAUSE}
    tx.delete(changes=[c.id for c in known.values()])
    log = _logged(
        [(row, known[row.id].old if row.id in known else row.customer, new) for row, new in plan.moved()], now
    )
    tx.update_identifiers(plan.updates, log)
    return len(log) - len(known)


def _reindex(run: Run, ctx: Context, held: Lease) -> None:
    """Rebuild the matching index piece by piece, so that nobody is missing from it meanwhile."""
    from omnitrack.reading.profiles import reindex_run  # numpy, which only matching needs

    def step(tx: Transaction, after: bytes | None) -> tuple[None, bytes | None]:
        rows, position = _identifiers_after(tx, after)
        if rows:
            reindex_run(tx, rows, ctx.region)
        return None, position

    settings = run(read_settings, write=False)
    if settings is not None and settings.index_form < INDEX_FORM:
        build_index(run, ctx, held)
        return
    for _ in walk(lambda at: run(under(ctx, held, lambda tx: step(tx, at)))):
        pass
